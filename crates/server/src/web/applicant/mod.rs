//! The portal: pages for anyone, in the order in which a person meets them. Parse, ask the flow, show; no rule is here.

mod follow;
mod link;
mod prove;
mod reissue;
mod start;
mod wait;

pub use wait::{Refresh, hold_reason};

use axum::{
    Router,
    extract::{FromRequestParts, Path, rejection::PathRejection},
    http::request::Parts,
    routing::{get, post},
};
use keyward_core::{
    case::{Case, Ending, Stage, Step},
    digest::Digest,
    event::{Door, EndReason, Event},
    ids::Reference,
    steps::reissue::Attempt,
    time::Timestamp,
};

pub use prove::{DEVICE, DEVICE_MS, Mailed, digits_problem};
pub use reissue::{field, hand, judged_live, problem_of};

use super::{
    account,
    answer::{Answer, go, meaning, stop, stop_in},
    portal::Shared,
    shell::{Cut, Shell},
    views::{CaseHead, Goal, outcome::StopReason},
    visit::Visit,
};
use crate::flow::{FlowError, Present, browser_digest};

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
        .route("/recover/{case}/wait", get(wait::wait).post(wait::go_on))
        .route("/recover/{case}/working", get(wait::working))
        .route("/recover/{case}/events", get(wait::events))
        .route("/recover/{case}/new", get(reissue::new).post(reissue::unlock))
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
    /// Who is signed in, where the case goes on only as long as they are.
    present: Option<Present>,
}

impl FromRequestParts<Shared> for Here {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, portal: &Shared) -> Result<Self, Answer> {
        let Ok(visit) = Visit::from_request_parts(parts, portal).await;
        let reference: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, portal).await;
        let reference = reference.ok().and_then(|Path(text)| text.parse::<Reference>().ok());
        let Some(reference) = reference else { return Err(stop(&visit, StopReason::NotFound)) };
        // Without the cookie there is no telling whether the case exists (T-B16).
        let Some(token) = visit.case_token(reference) else { return Err(stop(&visit, StopReason::NotFound)) };
        let case = match visit.portal.flow.of_browser(reference, &token, visit.token(account::SESSION).as_ref()).await {
            // It was begun in a session that has ended.
            Err(FlowError::Stale) => return Err(go("/sign-in?over=1")),
            found => visit.or_page(found)?,
        };
        let present = match case.needs_session() {
            true => visit.or_page(account::present(&visit).await)?,
            false => None,
        };
        Ok(Self { browser: browser_digest(&token), visit, case, present })
    }
}

impl Here {
    /// The path of the case, without a slash at the end.
    pub fn base(&self) -> String {
        base(&self.case)
    }

    /// What is around its pages: of a change, what is around every page of somebody who is signed in.
    pub fn shell(&self) -> Shell {
        match &self.present {
            Some(present) => account::shell(&self.visit, present),
            None => self.visit.shell(),
        }
    }

    /// What the page says about the case.
    pub fn head(&self) -> CaseHead {
        head(&self.case)
    }

    /// Goes on if the case stands here, and else to the page where it does. A page out of turn is no error: back and reload must work (UX-10).
    pub fn stands_at(&self, place: Place) -> Result<(), Answer> {
        let stands = Place::of(&self.case);
        // While the case waits, a better proof may still be given (UX-65).
        let here = place == stands || (place, stands) == (Place::How, Place::Wait);
        if here { Ok(()) } else { Err(self.onward(&self.case)) }
    }

    /// To the page where the case stands now.
    pub fn onward(&self, case: &Case) -> Answer {
        go(&standing(case))
    }

    /// What the flow gave, or the page that says what went wrong.
    pub fn or_page<T>(&self, given: Result<T, FlowError>) -> Result<T, Answer> {
        given.map_err(|error| self.failed(error))
    }

    /// A page that says what went wrong.
    pub fn failed(&self, error: FlowError) -> Answer {
        self.stopped(meaning(&error))
    }

    /// A page that says why it does not go on just now.
    pub fn stopped(&self, why: StopReason) -> Answer {
        stop_in(self.shell(), self.visit.at, why, self.head())
    }
}

/// The path of a case.
pub fn base(case: &Case) -> String {
    format!("/recover/{}", case.reference())
}

/// The path of the page where a case stands.
pub fn standing(case: &Case) -> String {
    format!("{}/{}", base(case), Place::of(case).path())
}

/// Where a case stands. Each place has a page, and some have further ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Somebody has to prove who they are.
    How,
    /// Time or other people decide.
    Wait,
    /// The gate is open, and something is handed in.
    New,
    /// The worker is at it.
    Working,
    /// It is done.
    Done,
    /// It ended without going on.
    Stopped,
}

impl Place {
    /// Of a case.
    pub const fn of(case: &Case) -> Self {
        match case.stage() {
            // Whether the name is an account can not be seen from here (UX-03).
            Stage::Classifying(..) | Stage::Verifying(..) => Self::How,
            Stage::Authorizing(..) => Self::Wait,
            Stage::Reissuing(_, Attempt::None | Attempt::Failed(_)) => Self::New,
            Stage::Reissuing(_, Attempt::Submitted(_) | Attempt::Running(_) | Attempt::Unknown(_)) => Self::Working,
            Stage::Reviewing(_) | Stage::Closed(Ending::Reviewed(_)) => Self::Done,
            Stage::Closed(Ending::Ended(_) | Ending::Contested { .. }) => Self::Stopped,
        }
    }
    /// The last part of the path of its page.
    pub const fn path(self) -> &'static str {
        match self {
            Self::How => "how",
            Self::Wait => "wait",
            Self::New => "new",
            Self::Working => "working",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
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
    let goal = Goal::of(case.claim().action, case.claim().door);
    let mut head = CaseHead::new(&case.reference().to_string(), &base(case), goal, step);
    match case.stage() {
        Stage::Closed(Ending::Reviewed(_)) => head.bitting.cuts = [Cut::Done; 5],
        Stage::Closed(_) => {
            if let Some(cut) = head.bitting.cuts.get_mut(step) {
                *cut = Cut::Stopped;
            }
        }
        _ => {}
    }
    if case.claim().door == Door::Account {
        head.from = "/me".to_owned();
    }
    head.in_doubt = case.is_in_doubt();
    head.changed =
        case.reissued().is_some() || matches!(case.stage(), Stage::Closed(Ending::Contested { changed: true }));
    head
}

/// How many addresses were told of the change: one message goes to each. What an entry has of an address is salted, and can not be compared.
pub fn addresses_told(case: &Case) -> usize {
    case.notices().iter().filter(|notice| notice.delivered && notice.about.is_of_change()).count()
}

/// Why a case that ended did, by what is told of it.
pub fn why_ended(told: &[(Timestamp, Event)]) -> StopReason {
    let end = told.iter().rev().find_map(|(_, event)| match event {
        Event::Contested { .. } => Some(StopReason::Contested),
        Event::Ended { reason } => Some(ended_by(*reason)),
        _ => None,
    });
    end.unwrap_or(StopReason::AlreadyDone)
}

const fn ended_by(reason: EndReason) -> StopReason {
    match reason {
        EndReason::Denied => StopReason::Declined,
        EndReason::Withdrawn => StopReason::Withdrawn,
        EndReason::Expired => StopReason::Expired,
        EndReason::DirectoryRefused => StopReason::DirectoryRefused,
        EndReason::Superseded => StopReason::Superseded,
        EndReason::Blocked => StopReason::Contested,
    }
}
