//! Attacks on the program as it runs: the ways of stealing a recovery that have worked elsewhere, tried here, most of them as rows of tables.
//! What only time can show is tried in one process with a clock that is moved by hand.
//!
//! What is not here: guessing and flooding, races, crashes, and what a proof by itself refuses (each where it is built).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

/// One browser for the running program and for the one in this process.
mod browser {
    pub use crate::world::{Browser, Page};
}
#[path = "attacks/doors.rs"]
mod doors;
#[path = "system/entry.rs"]
#[allow(dead_code)]
mod entry;
#[path = "system/front.rs"]
#[allow(dead_code)]
mod front;
#[path = "attacks/house.rs"]
mod house;
#[path = "attacks/links.rs"]
mod links;
#[path = "attacks/mail.rs"]
mod mail;
#[path = "attacks/names.rs"]
mod names;
#[path = "system/people.rs"]
#[allow(dead_code)]
mod people;
#[path = "system/process.rs"]
#[allow(dead_code)]
mod process;
#[path = "support/smtp_sink.rs"]
#[allow(dead_code)]
mod smtp_sink;
#[path = "system/stage.rs"]
#[allow(dead_code)]
mod stage;
#[path = "attacks/steps.rs"]
mod steps;
mod support;
#[path = "attacks/tokens.rs"]
mod tokens;
#[path = "support/portal.rs"]
mod world;
