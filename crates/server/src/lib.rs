//! Keyward: a self-hosted account recovery server. No reset without a case.

pub mod cli;
pub mod config;
