//! The Keyward server as a library, so that its parts can be tested without starting it; `main.rs` only starts it.

pub mod cli;
pub mod config;
pub mod connectors;
pub mod ctx;
pub mod i18n;
pub mod passwords;
pub mod store;
pub mod terms;
pub mod web;
