//! What is shown before the days before today are made: the first page. Whoever clicks on waits for the rest, as a page of a slow network would.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{Response, StatusCode},
    middleware::Next,
    response::IntoResponse,
};
use tokio::sync::watch;

/// Whether everything is made.
pub type Made = watch::Receiver<bool>;

/// Lets the first page and what it is drawn with pass at once, and all others when everything is made.
pub async fn wait(State(mut made): State<Made>, request: Request, next: Next) -> Response<Body> {
    let path = request.uri().path();
    let early = path == "/" || path == "/favicon.ico" || path.starts_with("/assets/");
    if !early && made.wait_for(|made| *made).await.is_err() {
        // It could not be made, and the program is about to say why.
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    next.run(request).await
}
