//! The two addresses that load balancers and supervisors ask (ECO-11): does the process answer, and can a recovery come to its end?
//!
//! They answer under any name, because a load balancer asks by address ([`super::guard`]). Nothing secret and no name of a machine is in the answer.

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::portal::Shared;
use crate::flow::Flow;

/// The process answers.
pub const ALIVE: &str = "/healthz";
/// Everything that a recovery needs is there.
pub const READY: &str = "/readyz";

/// Whether this is one of the two.
pub fn is_probe(path: &str) -> bool {
    matches!(path, ALIVE | READY)
}

/// The routes for machines that look after this one.
pub fn routes() -> Router<Shared> {
    let of_portal = async |State(portal): State<Shared>| ready(&portal.flow).await;
    Router::new().route(ALIVE, get(alive)).route(READY, get(of_portal))
}

fn text(status: StatusCode, body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, body).into_response()
}

/// `GET /healthz`. Nothing outside is asked: to start a process again does not bring a database back.
pub async fn alive() -> Response {
    text(StatusCode::OK, "ok\n".to_owned())
}

/// `GET /readyz`: one part a line.
pub async fn ready(flow: &Flow) -> Response {
    let readiness = flow.store.readiness(&flow.ctx).await;
    let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let line = |(part, ready)| format!("{part} {}\n", if ready { "ready" } else { "not ready" });
    let body = readiness.parts().map(line).concat();
    text(status, body)
}
