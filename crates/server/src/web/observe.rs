//! Around every request: it is counted (ECO-12), it has one line in the log of operation (ECO-14), and a span for whoever follows requests (ECO-13).
//!
//! What is written is the template of the route and the reference of the case. Never the path or its query, a name, an address or a header.

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{Response, header},
    middleware::Next,
};
use futures_util::StreamExt as _;
use keyward_core::ids::Reference;
use tracing::Instrument as _;

use super::{health, portal::Shared};
use crate::metrics;

/// Where there is no route.
const NONE: &str = "none";

/// The layer.
pub async fn around(State(portal): State<Shared>, request: Request, next: Next) -> Response<Body> {
    let flow = &portal.flow;
    let begun = flow.ctx.now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or(NONE, MatchedPath::as_str);
    let case = reference(route, request.uri().path());
    let case = case.map(tracing::field::display);
    // In the words of OpenTelemetry, because this is what a collector gets.
    let span = tracing::info_span!(
        "request",
        otel.name = %format_args!("{method} {route}"),
        otel.kind = "server",
        http.request.method = method.as_str(),
        http.route = route,
        http.response.status_code = tracing::field::Empty,
        keyward.case = case,
    );
    let response = next.run(request).instrument(span.clone()).await;
    let (ms, status) = (flow.ctx.now().since_ms(begun).max(0), response.status().as_u16());
    span.record("http.response.status_code", status);
    flow.metrics.request(metrics::Request { method: method.as_str(), route, status }, ms);
    let method = method.as_str();
    if health::is_probe(route) {
        // Load balancers ask every second; nobody wants to read that.
        tracing::debug!(target: "keyward::request", method, route, status, ms, "answered");
    } else {
        tracing::info!(target: "keyward::request", method, route, status, ms, case, "answered");
    }
    if response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream") {
        let open = flow.metrics.stream();
        // What counts it lives in the closure, and that as long as the stream.
        let keep = move |_: &Result<_, _>| _ = &open;
        return response.map(|body| Body::from_stream(body.into_data_stream().inspect(keep)));
    }
    response
}

/// The reference in a path, where its route has one. What does not parse may be anything, and is not written down.
fn reference(route: &str, path: &str) -> Option<Reference> {
    let mut parts = route.split('/').zip(path.split('/'));
    let (_, written) = parts.find(|(name, _)| matches!(*name, "{case}" | "{reference}"))?;
    written.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::reference;

    #[test]
    fn eco_14_only_a_reference_is_taken_from_a_path() {
        let good = "KW-1234-567D";
        let cases = [
            ("/r/{case}/prove", format!("/r/{good}/prove"), true),
            ("/api/v1/cases/{reference}", format!("/api/v1/cases/{good}"), true),
            ("/r/{case}/prove", "/r/alice@example.org/prove".to_owned(), false),
            ("/link/{secret}", format!("/link/{good}"), false),
            ("none", format!("/{good}"), false),
        ];
        for (route, path, found) in cases {
            assert_eq!(
                reference(route, &path).map(|found| found.to_string()),
                found.then(|| good.to_owned()),
                "{path}"
            );
        }
    }
}
