//! Before and after every handler: the host, cross-site posts, sizes, and the headers of UX 3.4. Nothing passes without them.

use std::time::Duration;

use axum::{
    Router,
    body::{Body, HttpBody as _},
    extract::{Request, State},
    http::{Extensions, HeaderName, HeaderValue, Method, Response, StatusCode, header},
    middleware::{self, Next},
    response::IntoResponse as _,
};
use futures_util::StreamExt as _;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate as _},
    },
    csrf::CsrfLayer,
    limit::RequestBodyLimitLayer,
    timeout::TimeoutLayer,
};

use super::{
    answer::{Answer, HasSecret, stop},
    health,
    portal::Shared,
    streams::{self, Streams},
    views::outcome::StopReason,
    visit::Visit,
};

/// The largest form: a passkey answer is the longest thing a page sends.
const BODY_BYTES: usize = 128 * 1024;
/// What is taken of a larger one and thrown away: a browser shows no answer to a form that it could not send to its end.
const DROPPED_BYTES: u64 = 1024 * 1024;
/// How long a handler may take. Streams are told apart by having answered already.
const HANDLER: Duration = Duration::from_secs(20);

/// Seconds after which whoever was told "not now" may come back, where nobody knew better (P23).
const COME_BACK: HeaderValue = HeaderValue::from_static("30");

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// Puts the guard around routes.
pub fn around(routes: Router<Shared>, portal: &Shared) -> Router {
    let origin = portal.site.public_url.clone();
    let csrf = CsrfLayer::new();
    // The public address is one origin by construction of the configuration; were it not, no origin is trusted beyond the request's own.
    let csrf = csrf.add_trusted_origin(&origin).unwrap_or_else(|_| CsrfLayer::new());
    // Fonts are compressed by what they are; doing it again costs time and makes them no smaller.
    let tells_nothing = |_, _, _: &_, extensions: &Extensions| extensions.get::<HasSecret>().is_none();
    let compressed = DefaultPredicate::new().and(NotForContentType::const_new("font/")).and(tells_nothing);
    routes
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state((portal.clone(), Streams::default()), streams::limit))
        .layer(middleware::from_fn_with_state(portal.clone(), by_the_clock))
        .layer(middleware::from_fn_with_state(portal.clone(), host))
        .layer(middleware::map_response(has_its_words))
        .layer(csrf)
        .layer(RequestBodyLimitLayer::new(BODY_BYTES))
        .layer(middleware::from_fn(sent_to_its_end))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, HANDLER))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(portal.clone(), in_words))
        .layer(middleware::from_fn_with_state(portal.clone(), headers))
        .layer(CompressionLayer::new().compress_when(compressed))
        .with_state(portal.clone())
}

async fn not_found(visit: Visit) -> Answer {
    stop(&visit, StopReason::NotFound)
}

async fn wrong_method(visit: Visit) -> Answer {
    stop(&visit, StopReason::WrongMethod)
}

/// Nothing is begun by a clock that others do not go by (R20).
async fn by_the_clock(visit: Visit, request: Request, next: Next) -> Response<Body> {
    if visit.portal.flow.ctx.is_apart() && !request.method().is_safe() {
        return stop(&visit, StopReason::Outage);
    }
    next.run(request).await
}

/// A form that is too large, by what it says of itself, is sent to its end before it is refused.
async fn sent_to_its_end(request: Request, next: Next) -> Response<Body> {
    let length = request.body().size_hint().exact();
    if !length.is_some_and(|length| length > BODY_BYTES as u64 && length <= DROPPED_BYTES) {
        return next.run(request).await;
    }
    // Whoever goes away meanwhile gets no answer anyway.
    request.into_body().into_data_stream().for_each(async |_| ()).await;
    StatusCode::PAYLOAD_TOO_LARGE.into_response()
}

/// Stands in an answer that a handler made, and not a layer around it.
#[derive(Clone)]
struct Worded;

async fn has_its_words(mut response: Response<Body>) -> Response<Body> {
    response.extensions_mut().insert(Worded);
    response
}

/// What a layer refuses is said by a page like any other: it is a person who pressed a button.
async fn in_words(visit: Visit, request: Request, next: Next) -> Response<Body> {
    let response = next.run(request).await;
    if response.extensions().get::<Worded>().is_some() {
        return response;
    }
    let why = match response.status() {
        StatusCode::FORBIDDEN => StopReason::StaleForm,
        StatusCode::PAYLOAD_TOO_LARGE => StopReason::TooLarge,
        _ => StopReason::Broken,
    };
    let mut page = stop(&visit, why);
    *page.status_mut() = response.status();
    page
}

/// A request for another host is not for us: whoever sends it wants a link or a cache entry with a name that is not ours (T-A01).
/// Probes are for everybody: load balancers ask by address, and the two answers have no link, no cookie and no name in them.
async fn host(State(portal): State<Shared>, request: Request, next: Next) -> Response<Body> {
    if is_for(&portal.host, &request) || health::is_probe(request.uri().path()) {
        return next.run(request).await;
    }
    let mut response = Response::new(Body::from("This server is not for that host.\n"));
    *response.status_mut() = StatusCode::MISDIRECTED_REQUEST;
    response
}

/// In HTTP/2 the address names the host, in HTTP/1.1 one header does. Where both do, both have to be ours.
fn is_for(host: &str, request: &Request) -> bool {
    let headers = request.headers().get_all(header::HOST);
    let authority = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    let mut named = headers.iter().map(HeaderValue::as_bytes).chain(authority).peekable();
    let named_once = headers.iter().count() <= 1 && named.peek().is_some();
    named_once && named.all(|named| named.eq_ignore_ascii_case(host.as_bytes()))
}

/// The headers of every answer, whatever made it.
async fn headers(State(portal): State<Shared>, request: Request, next: Next) -> Response<Body> {
    let head = request.method() == Method::HEAD;
    let mut response = next.run(request).await;
    // Of a link the next page hears nothing (UX-21). On pages the policy lets other sites hear as little, and our own forms say where they are from: under
    // `no-referrer` they are from nowhere, and a browser that does not send `Sec-Fetch-Site` could send none (Fetch, "append a request Origin header").
    let referrer = if response.status().is_redirection() { "no-referrer" } else { "same-origin" };
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &'static str| {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    };
    set("content-security-policy", CSP);
    set("referrer-policy", referrer);
    set("x-content-type-options", "nosniff");
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    set(
        "permissions-policy",
        "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=()",
    );
    if portal.secure {
        set("strict-transport-security", "max-age=63072000; includeSubDomains");
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().entry(header::RETRY_AFTER).or_insert(COME_BACK);
    }
    if head {
        *response.body_mut() = Body::empty();
    }
    response
}
