//! The style sheet, the scripts, the fonts and the icon, compiled in and named by their content.
//!
//! A name changes when its bytes change, so every answer may be kept for ever. Nothing here is built by a tool and
//! nothing is fetched from another host (UX-131).

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use data_encoding::HEXLOWER;

/// For bytes that never change under their name (RFC 8246).
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// Where the hashed names live.
pub const PREFIX: &str = "/assets/";

/// One embedded file.
#[derive(Debug)]
pub struct Asset {
    /// The name the source gives it, for example `keyward.css`.
    pub name: &'static str,
    /// The path it is served under, for example `/assets/keyward.1f0c….css`.
    pub path: String,
    /// Its media type.
    pub content_type: &'static str,
    /// What is sent.
    pub bytes: Vec<u8>,
}

impl Asset {
    /// The whole answer, to be kept for ever by the browser.
    pub fn response(&self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.bytes.clone()));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_CONTROL));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// Every asset. The style sheet comes last because it names the fonts by their hashed paths.
pub fn all() -> &'static [Asset] {
    &ASSETS
}

/// The path of an asset by its source name; the plain name under [`PREFIX`] if there is none (a test holds that there is).
pub fn path(name: &str) -> String {
    all().iter().find(|asset| asset.name == name).map_or_else(|| format!("{PREFIX}{name}"), |asset| asset.path.clone())
}

/// The asset under a request path.
pub fn find(path: &str) -> Option<&'static Asset> {
    all().iter().find(|asset| asset.path == path)
}

const WOFF2: &str = "font/woff2";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

macro_rules! embedded {
    ($($name:literal: $kind:expr),* $(,)?) => {
        const EMBEDDED: &[(&str, &str, &[u8])] =
            &[$(($name, $kind, include_bytes!(concat!("../../assets/", $name)))),*];
    };
}
embedded! {
    "fonts/atkinson-hyperlegible-next-latin-wght-normal.woff2": WOFF2,
    "fonts/atkinson-hyperlegible-mono-latin-wght-normal.woff2": WOFF2,
    "fonts/OFL.txt": "text/plain; charset=utf-8",
    "favicon.svg": "image/svg+xml",
    "js/keyward.js": SCRIPT,
    "js/passkey.js": SCRIPT,
    "js/live.js": SCRIPT,
    "js/password.js": SCRIPT,
    "js/countdown.js": SCRIPT,
    "js/idle.js": SCRIPT,
    "keyward.css": STYLE,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let mut assets: Vec<Asset> = Vec::new();
    for (name, content_type, bytes) in EMBEDDED {
        let bytes = if *content_type == STYLE { with_hashed_names(bytes, &assets) } else { bytes.to_vec() };
        assets.push(Asset { name, path: hashed(name, &bytes), content_type, bytes });
    }
    assets
});

/// `js/keyward.js` becomes `/assets/keyward.0123456789abcdef.js`.
fn hashed(name: &str, bytes: &[u8]) -> String {
    let full = HEXLOWER.encode(digest(&SHA256, bytes).as_ref());
    let hash = full.get(..16).unwrap_or(&full);
    let file = name.rsplit('/').next().unwrap_or(name);
    let (stem, ending) = file.rsplit_once('.').unwrap_or((file, "bin"));
    format!("{PREFIX}{stem}.{hash}.{ending}")
}

fn with_hashed_names(style: &[u8], known: &[Asset]) -> Vec<u8> {
    let mut text = String::from_utf8_lossy(style).into_owned();
    for asset in known {
        text = text.replace(&format!("url({})", asset.name), &format!("url({})", asset.path));
    }
    text.into_bytes()
}

#[cfg(test)]
#[path = "assets_tests.rs"]
mod tests;
