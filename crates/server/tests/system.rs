//! The program as it is installed: the real binary in processes of its own, before a real slapd, a real PostgreSQL and a mail server.
//! Nothing of it is reached but what anybody can reach: its files, its command line, its pages, its mail.
//!
//! What is not here: every rule of the pages (`portal.rs`), of the database (`store.rs`) and of the directory (`connectors.rs`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/browser.rs"]
#[allow(dead_code)]
mod browser;
#[path = "system/canary.rs"]
mod canary;
#[path = "system/days.rs"]
mod days;
#[path = "system/entry.rs"]
mod entry;
#[path = "system/first_start.rs"]
mod first_start;
#[path = "system/front.rs"]
mod front;
#[path = "system/outages.rs"]
mod outages;
#[path = "system/people.rs"]
mod people;
#[path = "system/process.rs"]
#[allow(dead_code)]
mod process;
#[path = "system/recovery.rs"]
mod recovery;
#[path = "system/small.rs"]
mod small;
#[path = "support/smtp_sink.rs"]
#[allow(dead_code)]
mod smtp_sink;
#[path = "system/stage.rs"]
mod stage;
mod support;
#[path = "system/worker.rs"]
mod worker;
