//! REST for programs, under `/api/v1`: parse, act, render. What may happen is decided by the flow, as for the pages; no rule is here.
//!
//! Reading order: [`call`] (who asks, about which case, and whether it was asked before), [`json`] (bodies, strictly), [`problem`] (why
//! not), [`reply`], [`view`] (a case as its key holder may see it); then the operations: [`cases`], [`proofs`], [`reissue`]; for somebody who is
//! signed in ([`signed_in`]) there are [`session`] and [`me`], and for the case that a change opens [`enrollment`] and [`addresses`]; and
//! [`describe`], which makes `docs/openapi.json` of them all. Staff, reviewers and administrators have no operation here.

mod addresses;
mod call;
mod cases;
mod describe;
mod enrollment;
mod json;
mod me;
mod problem;
mod proofs;
mod reissue;
mod reply;
mod session;
mod signed_in;
mod view;
mod words;

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::IntoResponse,
    routing::any,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::web::portal::Shared;
use problem::{Kind, Problem};
use reply::Answer;

pub use describe::{description, document};
pub use problem::PREFIX;

/// The operations with their descriptions, from one list.
fn operations() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(cases::open))
        .routes(routes!(cases::look))
        .routes(routes!(proofs::totp))
        .routes(routes!(proofs::recovery_code))
        .routes(routes!(proofs::email))
        .routes(routes!(proofs::email_code))
        .routes(routes!(proofs::email_link))
        .routes(routes!(proofs::passkey_options))
        .routes(routes!(proofs::passkey))
        .routes(routes!(proofs::known_device))
        .routes(routes!(reissue::check))
        .routes(routes!(reissue::submit))
        .routes(routes!(cases::withdraw))
        .routes(routes!(cases::go_on))
        .routes(routes!(cases::contest))
        .routes(routes!(cases::events))
        .routes(routes!(cases::not_me))
        .routes(routes!(session::sign_in))
        .routes(routes!(session::look))
        .routes(routes!(session::sign_out))
        .routes(routes!(me::overview))
        .routes(routes!(me::ways))
        .routes(routes!(me::way))
        .routes(routes!(me::history))
        .routes(routes!(me::begin))
        .routes(routes!(enrollment::passkey_options))
        .routes(routes!(enrollment::passkey))
        .routes(routes!(enrollment::totp_seed))
        .routes(routes!(enrollment::totp))
        .routes(routes!(enrollment::recovery_code))
        .routes(routes!(enrollment::sheet))
        .routes(routes!(enrollment::replacement))
        .routes(routes!(enrollment::known_device))
        .routes(routes!(addresses::offer))
        .routes(routes!(addresses::again))
        .routes(routes!(addresses::code))
        .routes(routes!(describe::openapi))
}

/// The routes of the API. [`problems`] goes around everything, once all layers are on.
pub fn routes() -> Router<Shared> {
    let (router, _) = operations().split_for_parts();
    router
        .route("/api", any(nothing_here))
        .route("/api/{*rest}", any(nothing_here))
        .method_not_allowed_fallback(wrong_method)
}

async fn nothing_here() -> Problem {
    Kind::NoSuchAddress.into()
}

async fn wrong_method() -> Problem {
    Kind::WrongMethod.into()
}

/// The outermost layer: what layers around the API refuse in a few words of text (a host, a size, another site, a panic) is a problem too.
pub async fn problems(request: Request, next: Next) -> Answer {
    let path = request.uri().path();
    let ours = path == "/api" || path.starts_with("/api/");
    let answer = next.run(request).await;
    let kind = match answer.status() {
        StatusCode::NOT_FOUND => Kind::NoSuchAddress,
        StatusCode::METHOD_NOT_ALLOWED => Kind::WrongMethod,
        StatusCode::FORBIDDEN => Kind::OtherSite,
        StatusCode::PAYLOAD_TOO_LARGE => Kind::TooLarge,
        StatusCode::MISDIRECTED_REQUEST => Kind::OtherHost,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT => Kind::Away,
        status if status.is_server_error() => Kind::Broken,
        status if status.is_client_error() => Kind::Malformed,
        _ => return answer,
    };
    if !ours || is_problem(answer.headers()) {
        return answer;
    }
    let mut problem = Problem::from(kind).into_response();
    for (name, value) in answer.headers() {
        let of_the_body = [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING];
        // Whoever refused knows better than we when to come back.
        let is_better = name == header::RETRY_AFTER || !problem.headers().contains_key(name);
        if !of_the_body.contains(name) && is_better {
            problem.headers_mut().insert(name, value.clone());
        }
    }
    problem
}

fn is_problem(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json")
}
