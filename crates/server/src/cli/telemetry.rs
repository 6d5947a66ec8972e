//! Where the log of operation goes: JSON lines on standard output for servers (ECO-14), words on standard error for people at a terminal.
//! It is not the log of cases, and nothing personal goes into it.

use std::io;

use tracing_subscriber::EnvFilter;

use crate::config::Environment;

fn filter(environment: &Environment, usual: &str) -> EnvFilter {
    let wanted = environment.get("RUST_LOG").filter(|text| !text.is_empty()).unwrap_or(usual);
    EnvFilter::try_new(wanted).unwrap_or_else(|_| EnvFilter::new(usual))
}

/// JSON lines on standard output.
pub fn to_stdout(environment: &Environment) {
    let filter = filter(environment, "info");
    // A second call finds the first subscriber in place, which is what it wants.
    drop(tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(io::stdout).try_init());
}

/// Words on standard error.
pub fn to_stderr(environment: &Environment) {
    let filter = filter(environment, "warn");
    drop(tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).try_init());
}
