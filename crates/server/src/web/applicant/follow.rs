//! Following a case: what happened and what is next, for the browser that works on it. Another browser learns nothing, not even that it exists.

use keyward_core::{
    case::{Ending, Stage},
    event::{EndReason, Event},
    ids::Reference,
    steps::reissue::Outcome,
};
use serde::Deserialize;

use super::{
    Here, Place, standing,
    wait::{hold_end, stream_of},
};
use crate::flow::FlowError;
use crate::web::{
    answer::{Answer, Answered, again, go, show},
    filled::Filled,
    views::{
        Live,
        follow::{CaseState, FollowCase, FollowFind, FollowProblem, Happened, Step},
        wait::HoldEnd,
    },
    visit::Visit,
};

/// `GET /status`.
pub async fn ask(visit: Visit) -> Answer {
    show(&FollowFind { shell: visit.shell(), reference: String::new(), problem: None })
}

/// The form of `/status`.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    reference: String,
}

/// `POST /status`.
pub async fn find(visit: Visit, Filled(form): Filled<Asked>) -> Answer {
    let typed: String = form.reference.trim().chars().take(40).collect();
    let problem = match typed.parse::<Reference>() {
        _ if typed.is_empty() => FollowProblem::Empty,
        Err(_) => FollowProblem::Shape,
        Ok(reference) if visit.case_token(reference).is_some() => return go(&format!("/status/{reference}")),
        Ok(_) => FollowProblem::NotHere,
    };
    again(&FollowFind { shell: visit.shell(), reference: typed, problem: Some(problem) })
}

/// `GET /status/{case}`.
pub async fn case(here: Here) -> Answered {
    let told = here.or_page(here.visit.portal.flow.told(here.case.id()).await)?;
    let happened = told.iter().filter_map(|(at, event)| step(event).map(|step| Happened { at: *at, step })).collect();
    let over = here.case.is_over();
    Ok(show(&FollowCase {
        shell: here.shell(),
        case: here.head(),
        state: here.or_page(state(&here).await)?,
        happened,
        go_on: (!over).then(|| standing(&here.case)),
        can_stop: !over && !here.case.is_in_doubt() && !matches!(here.case.stage(), Stage::Reviewing(_)),
        live: Live { events: stream_of(&here), refresh_s: None },
    }))
}

/// While the gate of authorization is shut: who or what it waits for.
async fn waits(here: &Here) -> Result<CaseState, FlowError> {
    let plan = here.visit.portal.flow.plan(&here.case, here.visit.at).await?;
    Ok(match here.case.hold().filter(|_| !plan.needs_people()) {
        Some(hold) => match hold_end(&plan, hold.until, here.case.deadline(), here.visit.at) {
            HoldEnd::From(at) => CaseState::Held(at),
            // Not kept until then by itself: there is something to press before the case ends.
            HoldEnd::Again(at) => CaseState::HeldOver(here.case.deadline().unwrap_or(at)),
            HoldEnd::Until(at) => CaseState::HeldOver(at),
        },
        None => CaseState::Others(here.case.deadline().unwrap_or(here.visit.at)),
    })
}

async fn state(here: &Here) -> Result<CaseState, FlowError> {
    Ok(match here.case.stage() {
        Stage::Classifying(..) | Stage::Verifying(..) => CaseState::Yours,
        Stage::Authorizing(..) => waits(here).await?,
        Stage::Reissuing(..) if Place::of(&here.case) == Place::New => CaseState::Yours,
        Stage::Reissuing(..) => CaseState::Working,
        Stage::Reviewing(_) => CaseState::Done,
        Stage::Closed(Ending::Reviewed(_)) => CaseState::Reviewed,
        Stage::Closed(Ending::Contested { changed: true }) => CaseState::Contested,
        Stage::Closed(Ending::Ended(_) | Ending::Contested { changed: false }) => CaseState::Ended,
    })
}

/// What an entry means for the person. What only the log needs to know is not shown.
fn step(event: &Event) -> Option<Step> {
    Some(match event {
        Event::Opened(_) => Step::Started,
        Event::Presented(evidence) => Step::Shown(evidence.method.into()),
        Event::Rejected(_) => Step::NotShown,
        Event::Held(_) => Step::Held,
        Event::Approved(_) => Step::Agreed,
        Event::Recorded(recorded) if recorded.outcome == Outcome::Done => Step::NewWayIn,
        Event::Reviewed(_) => Step::Reviewed,
        Event::Contested { .. } => Step::Contested,
        Event::Ended { reason } => match reason {
            EndReason::Withdrawn => Step::Withdrawn,
            EndReason::Expired => Step::Expired,
            EndReason::Blocked => Step::Contested,
            EndReason::DirectoryRefused => Step::NotMade,
            EndReason::Superseded => Step::Superseded,
            EndReason::Denied => Step::Refused,
        },
        _ => return None,
    })
}
