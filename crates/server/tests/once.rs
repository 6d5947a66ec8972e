//! What may happen once, raced over the API by two processes on one database; what a guess, a flood and somebody else's name give and take; and
//! that no answer tells whether a name is an account. Not here: races of the store alone (`store/race.rs`), and how long anything takes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking and prints its figures"
)]

#[path = "once/again.rs"]
mod again;
#[path = "once/changes.rs"]
mod changes;
#[allow(dead_code, reason = "a part of it is used here")]
#[path = "api/client.rs"]
mod client;
#[path = "once/flood.rs"]
mod flood;
#[path = "once/guess.rs"]
mod guess;
#[path = "once/pair.rs"]
mod pair;
#[allow(dead_code, reason = "a part of it is used here")]
#[path = "api/people.rs"]
mod people;
#[path = "once/proofs.rs"]
mod proofs;
#[path = "once/same.rs"]
mod same;
#[path = "once/shaped.rs"]
mod shaped;
mod support;
#[path = "support/portal.rs"]
mod world;
