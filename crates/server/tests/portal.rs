//! The pages with everything behind them, in one process: what people do in forms, and what the directory, the mailboxes and the log say then.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "portal/contacts.rs"]
mod contacts;
#[path = "portal/dead_links.rs"]
mod dead_links;
#[path = "portal/enroll.rs"]
mod enroll;
#[path = "portal/newer.rs"]
mod newer;
#[path = "portal/not_me.rs"]
mod not_me;
#[path = "portal/pages.rs"]
mod pages;
#[path = "portal/recovery.rs"]
mod recovery;
#[path = "portal/remove.rs"]
mod remove;
#[path = "portal/replace_code.rs"]
mod replace_code;
#[path = "portal/review.rs"]
mod review;
#[path = "portal/same.rs"]
mod same;
#[path = "portal/setup.rs"]
mod setup;
#[path = "portal/sign_in.rs"]
mod sign_in;
#[path = "portal/starts.rs"]
mod starts;
#[path = "support/portal.rs"]
mod world;
