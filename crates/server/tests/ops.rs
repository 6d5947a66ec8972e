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
    (status, String::from_utf8(body.to_vec()).unwrap())
}
