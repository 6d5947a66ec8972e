//! What tests of several parts share. Each test file is a crate of its own and uses a part of it.
#![allow(dead_code, missing_docs)]
// Lints for tests know `#[test]` functions and not what these call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

pub mod conformance;
pub mod embedded;
pub mod fake;
pub mod inside;
pub mod openldap;
pub mod permits;
pub mod postgres;
pub mod proxy;
pub mod second;
pub mod slapd;
pub mod table;
pub mod world;

/// Whether this is the long form.
pub fn is_campaign() -> bool {
    std::env::var_os("KEYWARD_CAMPAIGN").is_some_and(|value| value == "1")
}

/// How often something is tried, in the short form and in the long one.
pub fn rounds(short: usize, long: usize) -> usize {
    if is_campaign() { long } else { short }
}

/// Says that a real outside system is missing, in the one way that is looked for.
pub fn skip(what: &str, why: &str) {
    let required = std::env::var_os("KEYWARD_REQUIRE_REAL").is_some_and(|v| v == "1");
    assert!(!required, "{what} is required: {why}");
    println!("SKIP {what}: {why}");
}
