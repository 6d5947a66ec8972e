//! The API with everything behind it, in one process: real SQLite, the embedded directory, the real worker, all layers. Each answer that any
//! test gets is held against `docs/openapi.json` on its way.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "api/client.rs"]
mod client;
#[path = "api/described.rs"]
mod described;
#[path = "api/enrollment.rs"]
mod enrollment;
#[path = "api/enumeration.rs"]
mod enumeration;
#[path = "api/me.rs"]
mod me;
#[path = "api/once.rs"]
mod once;
#[path = "api/people.rs"]
mod people;
#[path = "api/recovery.rs"]
mod recovery;
#[path = "api/session.rs"]
mod session;
#[path = "api/strict.rs"]
mod strict;
#[path = "support/portal.rs"]
mod world;
