//! The log in the form of C2SP `tlog-tiles` under `/log/`: on the listener of the numbers, and on that of the pages if it is public.
//!
//! An entry says whether the name of a case was an account, and its reference is in it. So it is not for whoever typed that name (T-C03, R17).

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderValue, Response, StatusCode, header},
    routing::get,
};
use keyward_core::log::tile::Tile;

use crate::flow::Flow;

/// The routes of the log, beside any others.
pub fn routes<S: Clone + Send + Sync + 'static>(flow: Arc<Flow>) -> Router<S> {
    Router::new().route("/log/checkpoint", get(checkpoint)).route("/log/tile/{*rest}", get(tile)).with_state(flow)
}

fn bytes(status: StatusCode, kind: &'static str, cache: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

fn text(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    bytes(status, "text/plain; charset=utf-8", "no-store", body)
}

/// `GET /log/checkpoint`.
async fn checkpoint(State(flow): State<Arc<Flow>>) -> Response<Body> {
    match flow.store.last_checkpoint().await {
        Ok(Some(signed)) => text(StatusCode::OK, signed.note),
        Ok(None) => text(StatusCode::NOT_FOUND, "nothing has been signed yet\n"),
        Err(error) => {
            tracing::warn!(%error, "the checkpoint can not be read");
            text(StatusCode::SERVICE_UNAVAILABLE, "not now\n")
        }
    }
}

/// `GET /log/tile/…`. What is signed is final, so a tile may be kept for ever.
async fn tile(State(flow): State<Arc<Flow>>, Path(rest): Path<String>) -> Response<Body> {
    const FOREVER: &str = "public, max-age=31536000, immutable";
    let Ok(tile) = format!("tile/{rest}").parse::<Tile>() else {
        return text(StatusCode::NOT_FOUND, "no such tile\n");
    };
    match flow.store.tile(tile).await {
        Ok(Some(body)) => bytes(StatusCode::OK, "application/octet-stream", FOREVER, body),
        Ok(None) => text(StatusCode::NOT_FOUND, "no such tile\n"),
        Err(error) => {
            tracing::warn!(%error, "a tile can not be read");
            text(StatusCode::SERVICE_UNAVAILABLE, "not now\n")
        }
    }
}
