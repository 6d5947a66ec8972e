//! What tests of several parts share. Each test file is a crate of its own and uses a part of it.
#![allow(dead_code, missing_docs)]

pub mod conformance;
pub mod embedded;
pub mod fake;
pub mod openldap;
pub mod permits;
pub mod proxy;
pub mod slapd;
pub mod table;
pub mod world;
