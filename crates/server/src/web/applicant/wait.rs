//! Pages that wait, and the pages at the end: held, working, done, stopped. Each hears of news by a stream, and without script by a refresh.

use std::sync::Arc;

use axum::{body::Body, http::Response};
use keyward_core::{
    account::{Action, Method},
    actor::Actor,
    case::{Case, Command, Stage},
    event::{Door, EndReason},
    plan::{Plan, Way},
    risk::Signal,
    steps::reissue::{Attempt, CheckKind, CheckResult, Reissued},
    time::Timestamp,
};
use serde::Deserialize;

use super::{Here, Place, addresses_told, link, prove::DEVICE, standing, why_ended};
use crate::{
    flow::{FlowError, With},
    web::{
        account::bind::codes,
        answer::{Answer, Answered, go, show},
        filled::InAddress,
        shell::page,
        streams::news,
        views::{
            Live, WayKind,
            link::StopRequest,
            me_change::Wish,
            outcome::{Stopped, Told},
            reissue::{Change, Done, DoneKind, NextStep},
            wait::{Hold, HoldEnd, HoldReason, NeedsPerson, Work, Working},
        },
    },
};

/// How often a page without script looks again.
const REFRESH_S: u32 = 60;
/// How often while the worker is at it.
const REFRESH_SOON_S: u32 = 2;

/// `GET /recover/{case}`: to where it stands.
pub async fn onward(here: Here) -> Answer {
    here.onward(&here.case)
}

/// `?refresh=off`.
#[derive(Default, Deserialize)]
pub struct Refresh {
    refresh: Option<String>,
}

impl Refresh {
    /// How a page hears of news, with the refresh only for who has not turned it off.
    pub fn live(&self, events: String, seconds: u32) -> Live {
        let off = self.refresh.as_deref() == Some("off");
        Live { events, refresh_s: (!off).then_some(seconds) }
    }
}

/// The stream for a page that was made now. It names where the case stood: by the time the browser listens, it may stand elsewhere.
pub fn stream_of(here: &Here) -> String {
    format!("{}/events?at={}", here.base(), stands(&here.case, here.visit.at))
}

/// The word for where a case stands. While it is held it stands elsewhere than behind the hold, though the place is the same.
fn stands(case: &Case, at: Timestamp) -> &'static str {
    match Place::of(case) {
        Place::Wait if case.hold().is_some_and(|hold| at < hold.until) => "held",
        place => place.path(),
    }
}

/// Where a hold stands. Behind it the gate may want another: the hours of an account are over again in the evening.
pub fn hold_end(plan: &Plan, until: Timestamp, deadline: Option<Timestamp>, at: Timestamp) -> HoldEnd {
    if at < until {
        return HoldEnd::From(until);
    }
    let alone = plan.ways.iter().find(|way| way.approvals == 0 && way.proofs.is_empty());
    match alone.and_then(|way| way.wait_until) {
        Some(again) => HoldEnd::Again(again),
        None => HoldEnd::Until(deadline.unwrap_or(at)),
    }
}

/// `GET …/wait`.
pub async fn wait(here: Here, InAddress(said): InAddress<Refresh>) -> Answered {
    here.stands_at(Place::Wait)?;
    let live = said.live(stream_of(&here), REFRESH_S);
    let plan = here.or_page(here.visit.portal.flow.plan(&here.case, here.visit.at).await)?;
    let (shell, case) = (here.shell(), here.head());
    if let Some(hold) = here.case.hold().filter(|_| !plan.needs_people()) {
        let end = hold_end(&plan, hold.until, here.case.deadline(), here.visit.at);
        let better = |way: &Way| way.wait_until.is_none() && !way.proofs.is_empty();
        let better_proof = matches!(end, HoldEnd::From(_)) && plan.ways.iter().any(better);
        return Ok(show(&Hold { shell, case, end, reason: hold_reason(&here.case), better_proof, live }));
    }
    let agreed = match here.case.stage() {
        Stage::Authorizing(_, approvals) => u32::try_from(approvals.len()).unwrap_or(0),
        _ => 0,
    };
    let more = plan.ways.iter().map(|way| way.approvals).min().unwrap_or(1);
    let until = here.case.deadline().unwrap_or(here.visit.at);
    Ok(show(&NeedsPerson { shell, case, agreed, needed: agreed.saturating_add(more), until, live }))
}

/// `POST …/wait`: the hold is over, and whoever waited is there. Too early, or once it went on, this is a look at where it stands.
pub async fn go_on(here: Here) -> Answered {
    here.stands_at(Place::Wait)?;
    // A change is for who has shown the password a moment ago, behind a hold as before it (V7.5.3).
    if here.present.as_ref().is_some_and(|present| !present.is_fresh(here.visit.at)) {
        return Ok(go(&format!("/sign-in?for={}", Wish::Look.value())));
    }
    Ok(match here.visit.portal.flow.ask(here.case.id()).await {
        Ok(acted) => here.onward(&acted.into_inner().case),
        Err(FlowError::Refused(_)) => go(&here.base()),
        Err(error) => here.failed(error),
    })
}

/// Why a case is held, as far as the person is told.
pub fn hold_reason(case: &Case) -> HoldReason {
    let Some(hold) = case.hold() else { return HoldReason::New };
    let facts = &hold.gate.facts;
    if facts.risk.signals().contains(&Signal::RecentChange) {
        HoldReason::Changed
    } else if facts.risk.signals().is_empty() && !facts.business_hours {
        HoldReason::Hours
    } else {
        HoldReason::New
    }
}

/// `GET …/working`.
pub async fn working(here: Here, InAddress(said): InAddress<Refresh>) -> Answered {
    here.stands_at(Place::Working)?;
    let work = match (here.case.stage(), here.case.claim().action) {
        (Stage::Reissuing(_, Attempt::Unknown(_)), _) => Work::Looking,
        (_, Action::SetPassword) => Work::Password,
        (_, Action::Unlock) => Work::Unlocking,
        (_, Action::EnrollFactor { method: Method::Passkey }) => Work::Passkey,
        (_, Action::EnrollFactor { .. }) => Work::Adding,
        (_, Action::RemoveFactor) if here.case.claim().door == Door::Account => Work::TakingOff,
        (_, Action::RemoveFactor) => Work::Removing,
    };
    let live = said.live(stream_of(&here), REFRESH_SOON_S);
    Ok(show(&Working { shell: here.shell(), case: here.head(), work, live }))
}

/// `?at=`: where the case stood when the page was made.
#[derive(Default, Deserialize)]
pub struct Since {
    at: Option<String>,
}

/// `GET …/events`: tells the page when the case stands elsewhere.
pub async fn events(here: Here, InAddress(since): InAddress<Since>) -> Response<Body> {
    let from = since.at.unwrap_or_else(|| stands(&here.case, here.visit.at).to_owned());
    let (portal, id, from) = (here.visit.portal.clone(), here.case.id(), Arc::new(from));
    news(move || {
        let (portal, from) = (portal.clone(), from.clone());
        async move {
            let case = portal.flow.load(id).await.ok()?;
            (stands(&case, portal.flow.ctx.now()) != *from).then(|| standing(&case))
        }
    })
}

/// `GET …/done`.
pub async fn done(here: Here) -> Answered {
    here.stands_at(Place::Done)?;
    let action = here.case.claim().action;
    let Some(reissued) = here.case.reissued() else { return Ok(here.onward(&here.case)) };
    codes::before_done(&here).await?;
    let mut changes = vec![here.or_page(change(&here).await)?];
    let ended = |kind| reissued.recorded().checks.iter().any(|c| c.what == kind && c.result == CheckResult::Done);
    if ended(CheckKind::SessionsEnded) {
        changes.push(Change::SignedOut);
    }
    let told = addresses_told(&here.case);
    if told > 0 {
        changes.push(Change::Told(u32::try_from(told).unwrap_or(u32::MAX)));
    }
    let kind = match (action, here.case.claim().door) {
        (Action::EnrollFactor { .. }, _) | (Action::RemoveFactor, Door::Account) => DoneKind::Ways,
        (Action::SetPassword, _) => DoneKind::BackIn,
        (Action::Unlock, _) => DoneKind::Unlocked,
        (Action::RemoveFactor, _) => DoneKind::Replaced,
    };
    let next = next_steps(&here, reissued);
    Ok(show(&Done {
        shell: here.shell(),
        case: here.head(),
        kind,
        at: reissued.at(),
        changes,
        next,
        new_code: here.case.replaceable_code(here.visit.at).map(|_| format!("{}/codes/replace", here.base())),
        not_me: format!("{}/stop", here.base()),
    }))
}

/// What was changed, in a line.
async fn change(here: &Here) -> Result<Change, FlowError> {
    Ok(match here.case.claim().action {
        Action::SetPassword => Change::PasswordSet,
        Action::Unlock => Change::Unlocked,
        Action::EnrollFactor { method: Method::Passkey } => Change::PasskeySaved,
        Action::EnrollFactor { method } => Change::Added(method.into()),
        Action::RemoveFactor => {
            let flow = &here.visit.portal.flow;
            let removed = flow.changed_own_way(&here.case).await?;
            Change::Removed(removed.map(|way| way.name).unwrap_or_default())
        }
    })
}

/// What would make the next time easier. Both lead through the sign-in: a recovery signs nobody in (R7).
fn next_steps(here: &Here, reissued: &Reissued) -> Vec<NextStep> {
    let used = |method| reissued.authorized().verified().evidence().iter().any(|proof| proof.method == method);
    let added = |method| here.case.claim().action == Action::EnrollFactor { method };
    let mut next = Vec::new();
    if !used(Method::Passkey) && !added(Method::Passkey) {
        next.push(NextStep::SavePasskey);
    }
    if here.visit.token(DEVICE).is_none() && !added(Method::KnownDevice) {
        next.push(NextStep::KnowDevice);
    }
    next.push(NextStep::LookAtWays);
    next
}

/// `GET …/stop`. After the change it asks what the link of a notice asks.
pub async fn ask_stop(here: Here) -> Answer {
    if here.case.reissued().is_some() {
        let action = format!("{}/stop", here.base());
        return show(&link::asked(&here.visit, &here.case, action).await);
    }
    // What may have been done already is not stopped; its page says when it is known.
    if here.case.is_over() || here.case.is_in_doubt() {
        return here.onward(&here.case);
    }
    show(&StopRequest { shell: here.shell(), case: here.head() })
}

/// `POST …/stop`: withdraws it; once something was changed, it is "this was not me".
pub async fn stop_it(here: Here) -> Answer {
    let command = if here.case.reissued().is_some() {
        Command::Contest(keyward_core::event::ContestedFrom::Page)
    } else {
        Command::End(EndReason::Withdrawn)
    };
    match here.visit.portal.flow.act(here.case.id(), Actor::Requester, command, With::nothing()).await {
        Ok(acted) => here.onward(&acted.into_inner().case),
        Err(FlowError::Refused(_)) => go(&here.base()),
        Err(error) => here.failed(error),
    }
}

/// `GET …/stopped`.
pub async fn stopped(here: Here) -> Answered {
    here.stands_at(Place::Stopped)?;
    let reason = why_ended(&here.or_page(here.visit.portal.flow.told(here.case.id()).await)?);
    let status = reason.status();
    let view = Stopped {
        shell: here.shell(),
        case: Some(here.head()),
        why: reason,
        ways: vec![WayKind::Desk],
        told: Told::Contacts,
    };
    Ok(page(status, &view))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ux_64_behind_a_hold_there_is_a_button_and_in_the_evening_one_that_keeps_the_request() {
        let minute = |number: i64| Timestamp::from_millis(number * 60_000);
        let plan = |wait_until: Option<Timestamp>| Plan {
            ways: vec![Way { approvals: 0, groups: 0, wait_until, proofs: Vec::new() }],
        };
        for (plan, at, end) in [
            (plan(Some(minute(10))), 9, HoldEnd::From(minute(10))),
            (plan(None), 10, HoldEnd::Until(minute(90))),
            (plan(Some(minute(50))), 30, HoldEnd::Again(minute(50))),
            (Plan::default(), 30, HoldEnd::Until(minute(90))),
        ] {
            let got = hold_end(&plan, minute(10), Some(minute(90)), minute(at));
            assert_eq!(got, end);
            assert_eq!(got.button().is_some(), at >= 10);
        }
    }
}
