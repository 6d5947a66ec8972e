//! What tests of several parts share. Each test file is a crate of its own and uses a part of it.
#![allow(dead_code, missing_docs)]
// Lints for tests know `#[test]` functions and not what these call.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

pub mod conformance;
pub mod embedded;
pub mod fake;
pub mod openldap;
pub mod permits;
pub mod proxy;
pub mod slapd;
pub mod table;
pub mod world;
