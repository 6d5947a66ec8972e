//! What a machine can do to the program: it is killed at any moment, its disk fails, the line to the directory lies, its clock jumps, another process
//! of it wants the same thing at the same moment.
//! The real binary in a process of its own; each test is a handful of cases, and many with `KEYWARD_CAMPAIGN=1` (`scripts/campaign.sh`).
//!
//! What is not here: what people do (`system.rs`), and the rules of the database without a process around it (`store.rs`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, says what it measured, and looks at the clock to say it"
)]

#[path = "faults/apart.rs"]
mod apart;
#[path = "faults/boundary.rs"]
mod boundary;
#[path = "support/browser.rs"]
#[allow(dead_code)]
mod browser;
#[path = "faults/clocks.rs"]
mod clocks;
#[path = "faults/disk.rs"]
mod disk;
#[path = "system/entry.rs"]
#[allow(dead_code)]
mod entry;
#[path = "system/front.rs"]
mod front;
#[path = "faults/full.rs"]
mod full;
#[path = "faults/house.rs"]
mod house;
#[path = "faults/killed.rs"]
mod killed;
#[path = "system/people.rs"]
#[allow(dead_code)]
mod people;
#[path = "system/process.rs"]
#[allow(dead_code)]
mod process;
#[path = "faults/raced.rs"]
mod raced;
#[path = "support/smtp_sink.rs"]
#[allow(dead_code)]
mod smtp_sink;
#[path = "system/stage.rs"]
#[allow(dead_code)]
mod stage;
mod support;
#[path = "faults/tracer.rs"]
mod tracer;

use support::is_campaign;

/// The value below which 99 of 100 are.
fn p99(values: &mut [u128]) -> u128 {
    values.sort_unstable();
    values.get(values.len().saturating_mul(99) / 100).or(values.last()).copied().unwrap_or_default()
}
