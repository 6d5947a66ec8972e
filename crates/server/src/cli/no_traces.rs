//! What stands in the place of `traces` in builds without the feature `otlp`: nothing is sent, and whoever names a collector is told so.

use std::convert::Infallible;

use tracing_subscriber::layer::Identity;

use crate::config::Environment;

/// Nothing that would have to be ended.
#[derive(Debug)]
pub struct Traces {
    named: bool,
}

impl Traces {
    /// Says that nothing is sent, if somebody expects it.
    pub fn say(&self) {
        if self.named {
            tracing::warn!(
                "OTEL_* names a collector, and this build sends no traces: it was built without the feature otlp"
            );
        }
    }
    /// There is nothing left to send.
    pub async fn end(self) {}
}

/// No layer.
pub fn layer(environment: &Environment) -> Result<(Identity, Traces), Infallible> {
    let names = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
    let named = names.iter().any(|name| environment.get(name).is_some_and(|text| !text.is_empty()));
    Ok((Identity::new(), Traces { named }))
}
