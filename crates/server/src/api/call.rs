//! A request as the operations see it: by whom, about which case, with what in it, and whether it was sent before.
//!
//! The one authority is the key in the `Authorization` header. Cookies are not looked at, so no page of another site can borrow one.

use std::future::Future;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request, rejection::PathRejection},
    http::{HeaderMap, HeaderName, Method, StatusCode, header, request::Parts},
    response::IntoResponse,
};
use keyward_core::{
    case::Case,
    digest::Digest,
    ids::Reference,
    secret::Secret,
    time::{DAY_MS, MINUTE_MS, Timestamp},
};

use super::{
    json::{self, Input},
    problem::{Kind, Problem},
    reply::{Answer, Reply},
    view::{self, CaseView},
};
use crate::{
    flow::{Flow, FlowError, Once, Taken, browser_digest},
    token::Token,
    web::{portal::Shared, visit::Visit},
};

/// The longest body: the answer of an authenticator is the longest thing anybody sends.
pub const BODY_BYTES: usize = 64 * 1024;
/// How long an answer is kept for whoever asks again.
const KEEP_MS: i64 = DAY_MS;
/// How long one is kept that holds a key: as short as a retry may need.
pub const KEEP_KEY_MS: i64 = 10 * MINUTE_MS;
/// The shortest key of a request: 16 characters can hold 80 bits and more.
const KEY_CHARS: std::ops::RangeInclusive<usize> = 16..=128;
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

impl IntoResponse for Problem {
    fn into_response(self) -> Answer {
        self.reply().answer()
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Answer {
        self.answer()
    }
}

/// A case, by whoever holds its key.
pub struct Held {
    /// The request.
    pub visit: Visit,
    /// The case.
    pub case: Case,
    /// Digest of the key, which codes and dialogs are bound to.
    pub browser: Digest,
    /// What the caller saw last, if that is said.
    if_match: Option<String>,
    /// What the caller has already, if that is said.
    if_none_match: Option<String>,
}

impl FromRequestParts<Shared> for Held {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Shared) -> Result<Self, Problem> {
        let Ok(visit) = Visit::from_request_parts(parts, portal).await;
        let reference: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, portal).await;
        let reference = reference.ok().and_then(|Path(text)| text.parse::<Reference>().ok());
        let key = bearer(&parts.headers);
        let (Some(reference), Some(key)) = (reference, key) else { return Err(Kind::NoSuchCase.into()) };
        let case =
            portal.flow.of_browser(reference, &key, None).await.map_err(|error| Problem::of(&error, visit.at))?;
        Ok(Self {
            browser: browser_digest(&key),
            case,
            if_match: list(&parts.headers, &header::IF_MATCH),
            if_none_match: list(&parts.headers, &header::IF_NONE_MATCH),
            visit,
        })
    }
}

/// Who asks. It is known before the body is read: nobody else learns even whether that would do.
pub trait Caller: FromRequestParts<Shared, Rejection = Problem> + Send + 'static {
    /// The request.
    fn visit(&self) -> &Visit;
    /// Tells callers apart: the key of a request is nothing to anybody else's.
    fn name(&self) -> String;
    /// Whether a no is kept for the next request with the same key: not for whom nobody knows, or they would fill the disk with it (T-K10).
    const KEEPS_A_NO: bool = true;
    /// Refuses if what this is about is no longer what the caller saw.
    fn as_seen(&self) -> impl Future<Output = Result<(), Problem>> + Send {
        async { Ok(()) }
    }
}

impl Caller for Held {
    fn visit(&self) -> &Visit {
        &self.visit
    }
    fn name(&self) -> String {
        self.browser.to_string()
    }
    /// `If-Match`.
    async fn as_seen(&self) -> Result<(), Problem> {
        let Some(tags) = &self.if_match else { return Ok(()) };
        let now = self.shown(&self.case).await?;
        if names(tags, &now.tag()) { Ok(()) } else { Err(Kind::NotAsSeen.into()) }
    }
}

impl Held {
    /// The flow.
    pub fn flow(&self) -> &Flow {
        &self.visit.portal.flow
    }

    /// An error as a problem.
    pub fn failed(&self, error: &FlowError) -> Problem {
        Problem::of(error, self.visit.at)
    }

    /// The case as the caller may see it.
    pub async fn view(&self, case: &Case) -> Result<CaseView, Problem> {
        view::of(self.flow(), case, self.visit.at).await.map_err(|error| self.failed(&error))
    }

    /// The same as an answer.
    pub async fn shown(&self, case: &Case) -> Result<Reply, Problem> {
        Ok(Reply::json(StatusCode::OK, &self.view(case).await?).tagged())
    }

    /// Whether the caller has this already.
    pub fn has(&self, reply: &Reply) -> bool {
        self.if_none_match.as_deref().is_some_and(|tags| names(tags, &reply.tag()))
    }
}

/// Whether a list of entity tags has this one in it, or is a star.
fn names(tags: &str, tag: &str) -> bool {
    tags.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == tag || one == "*")
}

/// A header that may be there several times, as one list (RFC 9110 5.3). One that is no text is a list with nothing of ours in it.
fn list(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let all: Vec<&str> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default()).collect();
    (!all.is_empty()).then(|| all.join(","))
}

/// A header that is there once, as text.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?.to_str().ok()?.to_owned();
    all.next().is_none().then_some(first)
}

/// The key in the one `Authorization` header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<Token> {
    let value = text(headers, &header::AUTHORIZATION)?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Token::parse(key).ok()).flatten()
}

/// Whoever it is, with the key that was brought, of whatever it is. Nothing was asked about it yet.
pub struct Anyone {
    /// The request.
    pub visit: Visit,
    /// The key.
    pub key: Option<Token>,
}

impl FromRequestParts<Shared> for Anyone {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Shared) -> Result<Self, Problem> {
        let Ok(visit) = Visit::from_request_parts(parts, portal).await;
        Ok(Self { visit, key: bearer(&parts.headers) })
    }
}

impl Caller for Anyone {
    const KEEPS_A_NO: bool = false;
    fn visit(&self) -> &Visit {
        &self.visit
    }
    fn name(&self) -> String {
        let key = self.key.as_ref().map(|key| browser_digest(key).to_string()).unwrap_or_default();
        format!("{} {key}", self.visit.network)
    }
}

/// What makes a request the same as an earlier one.
struct Repeat {
    key: String,
    caller: String,
    address: String,
    body: Bytes,
    keeps_a_no: bool,
}

/// A request that does something.
pub struct Call<C, T> {
    /// Who asks, and about what.
    pub caller: C,
    /// What was sent.
    pub input: T,
    repeat: Option<Repeat>,
}

impl<C: Caller, T: Input> FromRequest<Shared> for Call<C, T> {
    type Rejection = Problem;

    async fn from_request(request: Request, portal: &Shared) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let caller = C::from_request_parts(&mut parts, portal).await?;
        let key = idempotency_key(&parts.headers)?;
        let body = axum::body::to_bytes(body, BODY_BYTES).await.map_err(|_| Problem::from(Kind::TooLarge))?;
        let nothing = T::MAY_BE_EMPTY && body.is_empty();
        if !nothing && !is_json(&parts.headers) {
            return Err(Kind::NotJson.into());
        }
        let input = json::read(&body)?;
        let address = address(&parts.method, parts.uri.path());
        let repeat = key.map(|key| Repeat { key, caller: caller.name(), address, body, keeps_a_no: C::KEEPS_A_NO });
        Ok(Self { caller, input, repeat })
    }
}

fn address(method: &Method, path: &str) -> String {
    format!("{method} {path}")
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    if !headers.contains_key(IDEMPOTENCY_KEY) {
        return Ok(None);
    }
    // The draft of the header writes it as a string in quotes; most who send it do not.
    let key = text(headers, &IDEMPOTENCY_KEY).map(|key| {
        let inner = key.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        inner.unwrap_or(&key).to_owned()
    });
    let good = |key: &String| KEY_CHARS.contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    key.filter(good).map(Some).ok_or_else(|| Kind::KeyForm.into())
}

/// `application/json`, in UTF-8 if anything is said about that.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = text(headers, &header::CONTENT_TYPE) else { return false };
    let mut parts = kind.split(';').map(str::trim);
    let json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    json && parts
        .all(|part| part.eq_ignore_ascii_case("charset=utf-8") || part.eq_ignore_ascii_case("charset=\"utf-8\""))
}

impl<C: Caller, T: Send + 'static> Call<C, T> {
    /// Does it, once for each key.
    pub async fn once<F, R>(self, run: F) -> Answer
    where
        F: FnOnce(Self) -> R + Send + 'static,
        R: Future<Output = Result<Reply, Problem>> + Send + 'static,
    {
        self.once_for(KEEP_MS, run).await
    }

    /// The same, with how long the answer is kept.
    pub async fn once_for<F, R>(mut self, keep_ms: i64, run: F) -> Answer
    where
        F: FnOnce(Self) -> R + Send + 'static,
        R: Future<Output = Result<Reply, Problem>> + Send + 'static,
    {
        let (portal, at) = (self.caller.visit().portal.clone(), self.caller.visit().at);
        let repeat = self.repeat.take();
        let run = async move {
            self.caller.as_seen().await?;
            run(self).await
        };
        once(portal, repeat, keep_ms, at, run).await
    }
}

async fn once(
    portal: Shared,
    repeat: Option<Repeat>,
    keep_ms: i64,
    at: Timestamp,
    run: impl Future<Output = Result<Reply, Problem>> + Send + 'static,
) -> Answer {
    let Some(repeat) = repeat else { return run.await.into_response() };
    // On a task of its own: a caller that hangs up leaves nothing half done, and finds the answer when it asks again.
    let task = tokio::spawn(async move { first_or_again(&portal.flow, &repeat, keep_ms, at, run).await });
    task.await.unwrap_or_else(|_| Problem::from(Kind::Broken).into_response())
}

async fn first_or_again(
    flow: &Flow,
    repeat: &Repeat,
    keep_ms: i64,
    at: Timestamp,
    run: impl Future<Output = Result<Reply, Problem>> + Send,
) -> Answer {
    let key = [repeat.address.as_bytes(), repeat.caller.as_bytes(), repeat.key.as_bytes()];
    match flow.begin_once(&key, &[repeat.address.as_bytes(), &repeat.body]).await {
        Err(error) => Problem::of(&error, at).into_response(),
        Ok(Once::OtherRequest) => Problem::from(Kind::KeyReused).into_response(),
        Ok(Once::UnderWay) => Problem::from(Kind::UnderWay).into_response(),
        Ok(Once::Answered(kept)) => match serde_json::from_slice::<Reply>(kept.expose()) {
            Ok(reply) => reply.replayed(),
            Err(_) => Problem::from(Kind::Broken).into_response(),
        },
        Ok(Once::First(taken)) => {
            let reply = run.await.unwrap_or_else(|problem| problem.reply());
            let keeps = reply.is_final() && (repeat.keeps_a_no || !reply.is_no());
            keep(flow, taken, &reply, keeps.then_some(keep_ms)).await;
            reply.answer()
        }
    }
}

/// Keeps an answer for so long, or gives its key back.
async fn keep(flow: &Flow, taken: Taken, reply: &Reply, keep_ms: Option<i64>) {
    let bytes = serde_json::to_vec(reply).ok().map(Secret::new);
    let answer = bytes.zip(keep_ms);
    if let Err(error) = flow.end_once(taken, answer).await {
        tracing::warn!(%error, "an answer is not kept; the same request would be done again");
    }
}
