//! The server of Keyward as a library, so that the binary and the tests share one house; `main.rs` only starts it.
//!
//! It holds no rule of its own: the rules are in `keyward-core`.

pub mod channels;
pub mod methods;
pub mod seal;
pub mod token;
