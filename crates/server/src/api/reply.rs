//! What an operation answers, before it is put on the wire: small enough to be kept for whoever asks again with the same key.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
};
use data_encoding::HEXLOWER;
use keyward_core::digest::Digest;
use serde::{Deserialize, Serialize};

/// An answer on the wire.
pub type Answer = Response<Body>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// How much of a digest makes an entity tag.
const TAG_BYTES: usize = 16;

/// An answer.
#[derive(Serialize, Deserialize)]
pub struct Reply {
    status: u16,
    problem: bool,
    location: Option<String>,
    retry_s: Option<i64>,
    tagged: bool,
    body: String,
}

impl Reply {
    /// With a body.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        Self {
            status: status.as_u16(),
            problem: false,
            location: None,
            retry_s: None,
            tagged: false,
            // Our own values always have a JSON form.
            body: serde_json::to_string(body).unwrap_or_default(),
        }
    }

    /// A problem.
    pub fn problem(status: StatusCode, body: &impl Serialize, retry_s: Option<i64>) -> Self {
        Self { problem: true, retry_s, ..Self::json(status, body) }
    }

    /// With the address of what was made.
    #[must_use]
    pub fn at(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }

    /// With another status.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status: status.as_u16(), ..self }
    }

    /// With an entity tag: the body is the state of something that has an address.
    #[must_use]
    pub fn tagged(self) -> Self {
        Self { tagged: true, ..self }
    }

    /// The entity tag: a digest of the body, so that it tells no more than the body does. The digest of the case itself would tell:
    /// entries that only a known name gets move it.
    pub fn tag(&self) -> String {
        let digest = Digest::of(self.body.as_bytes());
        format!("\"{}\"", HEXLOWER.encode(digest.bytes().get(..TAG_BYTES).unwrap_or_default()))
    }

    /// Whether the same request would get the same answer later: what was not served is not kept.
    pub const fn is_final(&self) -> bool {
        self.retry_s.is_none() && self.status < 500
    }

    /// Whether it refuses.
    pub const fn is_no(&self) -> bool {
        self.status >= 400
    }

    /// On the wire.
    pub fn answer(self) -> Answer {
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, if self.problem { PROBLEM } else { JSON });
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.tagged
            && let Ok(tag) = HeaderValue::from_str(&self.tag())
        {
            headers.insert(header::ETAG, tag);
        }
        if let Some(location) = self.location.and_then(|location| HeaderValue::from_str(&location).ok()) {
            headers.insert(header::LOCATION, location);
        }
        if self.status == StatusCode::UNAUTHORIZED.as_u16() {
            // RFC 9110 15.5.2: such an answer says what would do.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        *answer.body_mut() = Body::from(self.body);
        answer
    }

    /// On the wire, for the second time.
    pub fn replayed(self) -> Answer {
        let mut answer = self.answer();
        answer.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        answer
    }

    /// Nothing has changed since the caller saw it.
    pub fn not_modified(self) -> Answer {
        let mut answer = self.answer();
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        answer.headers_mut().remove(header::CONTENT_TYPE);
        *answer.body_mut() = Body::empty();
        answer
    }
}
