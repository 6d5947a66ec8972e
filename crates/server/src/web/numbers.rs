//! `GET /metrics` on a listener of its own (ECO-12), the health addresses there too, for a process that serves no pages, and the log.
//!
//! No guard and no sign-in: there is nothing personal in it, and who may reach the listener is decided where it listens.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::{health, tlog};
use crate::flow::Flow;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The routes of that listener.
pub fn router(flow: Arc<Flow>) -> Router {
    Router::new()
        .route("/metrics", get(numbers))
        .route(health::ALIVE, get(health::alive))
        .route(health::READY, get(async |State(flow): State<Arc<Flow>>| health::ready(&flow).await))
        .with_state(Arc::clone(&flow))
        .merge(tlog::routes(flow))
}

async fn numbers(State(flow): State<Arc<Flow>>) -> Response {
    let readiness = flow.store.readiness(&flow.ctx).await;
    match flow.metrics.text(&flow.store, flow.ctx.now(), readiness).await {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the numbers could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
