//! The portal: pages for anyone, in the order in which a person meets them. Parse, ask the flow, show; no rule is here.

mod follow;
mod link;
mod prove;
mod reissue;
mod start;
mod wait;

pub use wait::hold_reason;

use axum::{
    Router,
    extract::{FromRef, FromRequestParts, Path, rejection::PathRejection},
    http::request::Parts,
    routing::{get, post},
};
use keyward_core::{
    account::Action,
    case::{Case, Ending, Stage, Step},
    digest::Digest,
    event::{Door, EndReason},
    ids::Reference,
    steps::reissue::Attempt,
};

pub use prove::{DEVICE, DEVICE_MS, way_of};
pub use reissue::{field, hand, judged_live, problem_of};

use super::{
    answer::{Answer, failed, go, stop},
    portal::Shared,
    shell::Cut,
    views::{CaseHead, Goal, outcome::StopReason},
    visit::Visit,
};
use crate::flow::{FlowError, browser_digest};

/// The routes of the portal.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(start::start))
        .route("/recover", get(start::find).post(start::open))
        .route("/recover/{case}", get(wait::onward))
        .route("/recover/{case}/how", get(prove::how).post(prove::choose))
        .route("/recover/{case}/passkey", get(prove::passkey).post(prove::passkey_answer))
        .route("/recover/{case}/app", get(prove::app).post(prove::app_code))
        .route("/recover/{case}/recovery-code", get(prove::recovery_code).post(prove::recovery_code_typed))
        .route("/recover/{case}/email", get(prove::email).post(prove::email_code))
        .route("/recover/{case}/email/again", post(prove::email_again))
        .route("/recover/{case}/device", get(prove::device).post(prove::device_shown))
        .route("/recover/{case}/desk", get(prove::desk))
        .route("/recover/{case}/wait", get(wait::wait))
        .route("/recover/{case}/working", get(wait::working))
        .route("/recover/{case}/events", get(wait::events))
        .route("/recover/{case}/new", get(reissue::new))
        .route("/recover/{case}/new/password", get(reissue::password).post(reissue::password_typed))
        .route("/recover/{case}/new/password/check", post(reissue::password_check))
        .route("/recover/{case}/done", get(wait::done))
        .route("/recover/{case}/stop", get(wait::ask_stop).post(wait::stop_it))
        .route("/recover/{case}/stopped", get(wait::stopped))
        .route("/l/{token}", get(link::opened))
        .route("/l", get(link::landing).post(link::used))
        .route("/not-me/{token}", get(link::not_me_opened))
        .route("/not-me", get(link::not_me).post(link::not_me_said))
        .route("/status", get(follow::ask).post(follow::find))
        .route("/status/{case}", get(follow::case))
        .route("/help", get(start::help))
        .route("/how-we-check", get(start::how_we_check))
        .route("/accessibility", get(start::accessibility))
        .route("/privacy", get(start::privacy))
        .route("/language", post(start::language))
}

/// A request about a case by the browser that works on it.
pub struct Here {
    /// The request.
    pub visit: Visit,
    /// The case.
    pub case: Case,
    /// Digest of the browser's cookie, which codes and dialogs are bound to.
    pub browser: Digest,
}

impl<S> FromRequestParts<S> for Here
where
    Shared: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Answer> {
        let Ok(visit) = Visit::from_request_parts(parts, state).await;
        let reference: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, state).await;
        let reference = reference.ok().and_then(|Path(text)| text.parse::<Reference>().ok());
        let Some(reference) = reference else { return Err(stop(&visit, StopReason::NotFound)) };
        // Without the cookie there is no telling whether the case exists (T-B16).
        let Some(token) = visit.case_token(reference) else { return Err(stop(&visit, StopReason::NotFound)) };
        match visit.portal.flow.of_browser(reference, &token).await {
            Ok(case) => Ok(Self { browser: browser_digest(&token), visit, case }),
            Err(error) => Err(failed(&visit, error)),
        }
    }
}

impl Here {
    /// The path of the case, without a slash at the end.
    pub fn base(&self) -> String {
        base(&self.case)
    }

    /// What the page says about the case.
    pub fn head(&self) -> CaseHead {
        head(&self.case)
    }

    /// To the page where the case stands, if it is not this one. A page out of turn is no error: back and reload must work (UX-10).
    pub fn elsewhere(&self, page: &str) -> Option<Answer> {
        let place = place(&self.case);
        let proving = ["how", "passkey", "app", "recovery-code", "email", "device", "desk"];
        let here = place == page
            || (place == "how" && proving.contains(&page))
            // While the case waits, a better proof may still be given (UX-65).
            || (place == "wait" && proving.contains(&page))
            || (place == "new" && matches!(page, "new/password" | "bind"));
        (!here).then(|| go(&format!("{}/{place}", self.base())))
    }

    /// To the page where the case stands now.
    pub fn onward(&self, case: &Case) -> Answer {
        go(&format!("{}/{}", base(case), place(case)))
    }

    /// A page that says what went wrong.
    pub fn failed(&self, error: FlowError) -> Answer {
        failed(&self.visit, error)
    }
}

/// The path of a case.
pub fn base(case: &Case) -> String {
    format!("/recover/{}", case.reference())
}

/// The page where a case stands.
pub fn place(case: &Case) -> &'static str {
    match case.stage() {
        // Whether the name is an account can not be seen from here (UX-03).
        Stage::Classifying(..) | Stage::Verifying(..) => "how",
        Stage::Authorizing(..) => "wait",
        Stage::Reissuing(_, Attempt::None | Attempt::Failed(_)) => "new",
        Stage::Reissuing(_, Attempt::Submitted(_) | Attempt::Running(_) | Attempt::Unknown(_)) => "working",
        Stage::Reviewing(_) | Stage::Closed(Ending::Reviewed(_)) => "done",
        Stage::Closed(Ending::Ended(_) | Ending::Contested { .. }) => "stopped",
    }
}

/// What the pages say about a case.
pub fn head(case: &Case) -> CaseHead {
    let step = match case.reached() {
        // The look-up shows nothing, so the first two steps look alike.
        Step::Classify | Step::Verify => 1,
        Step::Authorize => 2,
        Step::Reissue => 3,
        Step::Review => 4,
    };
    let mut head = CaseHead::new(&case.reference().to_string(), &base(case), goal(case), step);
    match case.stage() {
        Stage::Closed(Ending::Reviewed(_)) => head.bitting.cuts = [Cut::Done; 5],
        Stage::Closed(_) => {
            if let Some(cut) = head.bitting.cuts.get_mut(step) {
                *cut = Cut::Stopped;
            }
        }
        _ => {}
    }
    head.changed = matches!(
        case.stage(),
        Stage::Reviewing(_) | Stage::Closed(Ending::Reviewed(_) | Ending::Contested { changed: true })
    );
    head
}

fn goal(case: &Case) -> Goal {
    match (case.claim().action, case.claim().door) {
        (Action::Unlock, _) => Goal::Unlock,
        (Action::EnrollFactor { .. }, _) | (Action::RemoveFactor, Door::Account) => Goal::Ways,
        (Action::RemoveFactor, _) | (_, Door::Lost) => Goal::Replace,
        (Action::SetPassword, _) => Goal::Password,
    }
}

/// Why a case that ended did, for its page.
pub fn why(case: &Case) -> StopReason {
    match case.stage() {
        Stage::Closed(Ending::Contested { .. }) => StopReason::Contested,
        Stage::Closed(Ending::Ended(reason)) => match reason {
            EndReason::Denied => StopReason::Declined,
            EndReason::Withdrawn => StopReason::Withdrawn,
            EndReason::Expired => StopReason::Expired,
            EndReason::DirectoryRefused => StopReason::NotConfirmed,
            EndReason::Superseded => StopReason::Busy,
            EndReason::Blocked => StopReason::Contested,
        },
        _ => StopReason::AlreadyDone,
    }
}
