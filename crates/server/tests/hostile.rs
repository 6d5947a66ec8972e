//! The program as somebody meets it who wants to break it, or to break in: the real binary behind raw sockets, and beside it the application in one
//! process where a moment has to be met exactly. A test carries the row of the attack that it tries.
//!
//! What is not here: tokens, parameters, enumeration and guessing (`attacks.rs`), races (`once.rs`), crashes and faults (`faults.rs`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::duplicate_mod,
    reason = "a test fails by panicking and prints what it measured; the browser is before the process and in the application of one process"
)]

#[path = "support/browser.rs"]
#[allow(dead_code)]
mod browser;
#[path = "system/entry.rs"]
#[allow(dead_code)]
mod entry;
#[path = "hostile/flood.rs"]
mod flood;
#[path = "system/front.rs"]
#[allow(dead_code)]
mod front;
#[path = "hostile/house.rs"]
mod house;
#[path = "hostile/input.rs"]
mod input;
#[path = "hostile/ldap.rs"]
mod ldap;
#[path = "system/people.rs"]
#[allow(dead_code)]
mod people;
#[path = "system/process.rs"]
#[allow(dead_code)]
mod process;
#[path = "hostile/session.rs"]
mod session;
#[path = "support/smtp_sink.rs"]
#[allow(dead_code)]
mod smtp_sink;
#[path = "system/stage.rs"]
#[allow(dead_code)]
mod stage;
mod support;
#[path = "hostile/surface.rs"]
mod surface;
#[path = "hostile/wire.rs"]
mod wire;
#[path = "support/portal.rs"]
mod world;
