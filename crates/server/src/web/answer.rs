//! What a handler answers: a page, a redirect, or a page that says why it does not go on. Errors are logged here, once, and nowhere else.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use axum_extra::extract::cookie::Cookie;
use keyward_core::{
    case::Refusal,
    time::{SECOND_MS, Timestamp},
};

use super::{
    shell::{Shell, page},
    views::{
        CaseHead,
        outcome::{StopReason, Stopped},
    },
    visit::Visit,
};
use crate::flow::FlowError;

/// An answer.
pub type Answer = Response<Body>;

/// What a handler gives back. Both are sent as they are: the second is the page that says why it does not go on, with which `?` ends a handler.
pub type Answered = Result<Answer, Answer>;

/// A page, with 200.
pub fn show(view: &impl askama::Template) -> Answer {
    page(StatusCode::OK, view)
}

/// A page with a problem in a form.
pub fn again(view: &impl askama::Template) -> Answer {
    page(StatusCode::UNPROCESSABLE_ENTITY, view)
}

/// A page that asks for something: the first time, or again with a problem.
pub fn ask(view: &impl askama::Template, has_problem: bool) -> Answer {
    if has_problem { again(view) } else { show(view) }
}

/// Of an answer that has a secret in it. It is not compressed: a guess in the address, which the page says again, would make it shorter where it is right
/// (BREACH).
#[derive(Clone, Copy)]
pub struct HasSecret;

/// A page with a secret in it.
pub fn with_secret(mut answer: Answer) -> Answer {
    answer.extensions_mut().insert(HasSecret);
    answer
}

/// Go there next; a reload does not send the form again.
pub fn go(to: &str) -> Answer {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    // Paths of ours are ASCII; anything else would be a mistake, and leads to the start.
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, to);
    response
}

/// With a cookie.
pub fn with_cookie(mut answer: Answer, cookie: &Cookie<'_>) -> Answer {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
    answer
}

/// Why a page does not go on, as a page.
pub fn stop(visit: &Visit, why: StopReason) -> Answer {
    stopped(visit.shell(), visit.at, why, None)
}

/// The same in a case, whose number and way back it shows (UX-47). What was begun may have been written and the case have moved on, so it says nothing
/// of what the case has changed.
pub fn stop_in(shell: Shell, at: Timestamp, why: StopReason, case: CaseHead) -> Answer {
    stopped(shell, at, why, Some(CaseHead { in_doubt: true, ..case }))
}

fn stopped(shell: Shell, at: Timestamp, why: StopReason, case: Option<CaseHead>) -> Answer {
    let again = match why {
        StopReason::TooManyTries(until) => Some(until),
        _ => None,
    };
    let answer = page(why.status(), &Stopped { case, ..Stopped::plain(shell, why) });
    match again {
        Some(until) => come_back(answer, until, at),
        None => answer,
    }
}

/// With when to come back.
pub fn come_back(mut answer: Answer, until: Timestamp, at: Timestamp) -> Answer {
    let seconds = until.since_ms(at).max(0) / SECOND_MS + 1;
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    answer
}

/// What went wrong, as a page. The reason is logged; the page says what it means for the person.
pub fn failed(visit: &Visit, error: FlowError) -> Answer {
    stop(visit, meaning(&error))
}

/// What an error means for the person. It is logged here.
pub fn meaning(error: &FlowError) -> StopReason {
    match error {
        FlowError::NoCase => StopReason::NotFound,
        FlowError::TooMany(until) => StopReason::TooManyTries(*until),
        FlowError::Lost(_) => StopReason::AlreadyDone,
        FlowError::NotYet | FlowError::Full => StopReason::Outage,
        FlowError::Stale => StopReason::StaleForm,
        FlowError::Unavailable(cause) => {
            tracing::warn!(%error, %cause, "a request could not be served");
            StopReason::Outage
        }
        FlowError::Broken(cause) => {
            tracing::error!(%error, %cause, "stopped: something contradicts itself");
            StopReason::Broken
        }
        FlowError::Refused(refusal) => match refusal {
            Refusal::Expired => StopReason::Expired,
            Refusal::TooMany => StopReason::NotConfirmed,
            Refusal::NoAttemptLeft => StopReason::DirectoryRefused,
            Refusal::Over | Refusal::Again | Refusal::WrongStep | Refusal::NothingNew => StopReason::AlreadyDone,
            Refusal::OutcomeUnknown | Refusal::Changed => StopReason::Busy,
            Refusal::OtherPerson | Refusal::ProvesItself | Refusal::NotIndependent | Refusal::NotReviewed => {
                StopReason::NotConfirmed
            }
        },
    }
}

/// JSON.
pub fn json(value: &serde_json::Value) -> Answer {
    axum::Json(value).into_response()
}
