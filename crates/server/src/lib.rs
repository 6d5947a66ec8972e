//! The Keyward server as a library, so that its parts can be tested without starting it; `main.rs` only starts it.

pub mod connectors;
