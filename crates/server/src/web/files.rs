//! Style sheet, scripts, fonts and icon: from the program itself, under names that change with their content, so that a browser may keep them for ever.

use axum::{
    Router,
    http::{StatusCode, Uri},
    response::IntoResponse,
    routing::get,
};

use super::{
    answer::{Answer, go},
    assets,
    portal::Shared,
};

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new().route("/assets/{*file}", get(file)).route("/favicon.ico", get(icon))
}

async fn file(uri: Uri) -> Answer {
    match assets::find(uri.path()) {
        Some(asset) => asset.response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Where browsers look for an icon by themselves. This name stays the same when the icon does not, so nobody may keep what it leads to.
async fn icon() -> Answer {
    go(&assets::path("favicon.svg"))
}
