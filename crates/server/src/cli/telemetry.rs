//! Where the log of operation goes: JSON lines on standard output for servers (ECO-14), words on standard error for people at a terminal.
//! It is not the log of cases, and nothing personal goes into it. In builds with the feature `otlp`, spans go to a collector too (`traces`).

use std::io;

use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use super::{
    CliError,
    traces::{self, Traces},
};
use crate::config::Environment;

fn filter(environment: &Environment, usual: &str) -> EnvFilter {
    let wanted = environment.get("RUST_LOG").filter(|text| !text.is_empty()).unwrap_or(usual);
    EnvFilter::try_new(wanted).unwrap_or_else(|_| EnvFilter::new(usual))
}

/// JSON lines on standard output, and spans to a collector if one is named. What is returned has to be ended.
pub fn to_stdout(environment: &Environment) -> Result<Traces, CliError> {
    let (sent, traces) = traces::layer(environment)
        .map_err(|error| CliError::Failed("cannot send traces as OTEL_* says".to_owned(), error.into()))?;
    let lines = tracing_subscriber::fmt::layer().json().with_writer(io::stdout);
    let lines = lines.with_filter(filter(environment, "info"));
    // A second call finds the first subscriber in place, which is what it wants.
    drop(tracing_subscriber::registry().with(sent).with(lines).try_init());
    traces.say();
    Ok(traces)
}

/// Words on standard error.
pub fn to_stderr(environment: &Environment) {
    let filter = filter(environment, "warn");
    drop(tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).try_init());
}
