//! What whoever runs a server sees of it: health, numbers, notices to the service manager, and the files that are shipped for all that.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "ops/health.rs"]
mod health;
#[path = "ops/numbers.rs"]
mod numbers;
#[allow(dead_code, reason = "shared with the tests of the whole system")]
#[path = "system/process.rs"]
mod process;
#[path = "ops/service.rs"]
mod service;
#[path = "ops/traces.rs"]
mod traces;
#[path = "support/portal.rs"]
mod world;

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use std::net::SocketAddr;
use tower::ServiceExt as _;

/// Asks under a name, as a load balancer or a stranger does.
async fn ask(router: &Router, host: &str, path: &str) -> (StatusCode, String) {
    let mut request = Request::builder().uri(path).header(header::HOST, host).body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 9], 40_000))));
    let response = router.clone().oneshot(request).await.unwrap();
    assert!(!response.headers().contains_key(header::SET_COOKIE), "{path}");
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8_lossy(&body).into_owned())
}

/// Says that something of the machine is missing, in the one way that is looked for.
#[allow(clippy::print_stdout, reason = "it is read by scripts/test.sh")]
fn skip(what: &str, why: &str) {
    let required = std::env::var_os("KEYWARD_REQUIRE_REAL").is_some_and(|v| v == "1");
    assert!(!required, "{what} is required: {why}");
    println!("SKIP {what}: {why}");
}
