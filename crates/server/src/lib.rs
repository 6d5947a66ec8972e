//! The server of Keyward as a library, so that the binary, the examples and the tests share one house.
//!
//! It holds no rule of its own: the rules are in `keyward-core`.

pub mod i18n;
pub mod web;
