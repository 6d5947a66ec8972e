//! Traces over OTLP (ECO-13), in builds with the feature `otlp` and only where the standard `OTEL_*` variables name a collector.
//!
//! What is sent are the spans of requests and jobs, with the template of the route, the kind of the job and the reference or id of the case. Spans
//! and lines of libraries are not sent, nor are lines of ours: a filter lets nothing else through, whatever `RUST_LOG` says.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::Subscriber;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use crate::config::Environment;

/// The spans that are sent.
const SENT: [&str; 2] = ["request", "job"];

/// Keeps sending, and sends the rest when it is ended.
#[derive(Debug, Default)]
pub struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Says whether anything is sent.
    pub fn say(&self) {
        if self.0.is_some() {
            tracing::info!("sending traces");
        }
    }
    /// Sends what is left. Waits for the collector, as long as it is configured to.
    pub async fn end(self) {
        let Some(provider) = self.0 else { return };
        let ended = tokio::task::spawn_blocking(move || provider.shutdown()).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::warn!("the last traces could not be sent");
        }
    }
}

/// Whether a collector is named, and nothing says that it is not wanted.
fn wanted(environment: &Environment) -> bool {
    let get = |name: &str| environment.get(name).filter(|text| !text.is_empty());
    let off = get("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true"))
        || get("OTEL_TRACES_EXPORTER").is_some_and(|text| text != "otlp");
    !off && (get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").is_some() || get("OTEL_EXPORTER_OTLP_ENDPOINT").is_some())
}

/// The layer that sends, if a collector is named. The library reads the other variables by itself: headers, time-outs, sampling, attributes.
pub fn layer<S>(environment: &Environment) -> Result<(Option<impl Layer<S> + use<S>>, Traces), ExporterBuildError>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    if !wanted(environment) {
        return Ok((None, Traces::default()));
    }
    let exporter = SpanExporter::builder().with_http().build()?;
    let mut resource = Resource::builder();
    if environment.get("OTEL_SERVICE_NAME").is_none_or(str::is_empty) {
        resource = resource.with_service_name("keyward");
    }
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("keyward"));
    let layer = layer.with_location(false).with_threads(false).with_target(false).with_level(false);
    let ours = filter_fn(|meta| meta.is_span() && meta.target().starts_with("keyward") && SENT.contains(&meta.name()));
    Ok((Some(layer.with_filter(ours)), Traces(Some(provider))))
}
