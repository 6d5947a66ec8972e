//! After "this was not me": ends every other open case of the account, and the way back in that this one had added. After a new password: ends those
//! in which something is proved, because it was proved before.

use keyward_core::{
    account::Action,
    case::Case,
    event::{EndReason, Event},
    ids::{CaseId, FactorId},
};

use super::{JobError, Ran, Worker, give_up};
use crate::store::{Aside, Guard};

/// Ends the other cases.
pub async fn run(worker: &Worker, because_of: CaseId) -> Ran {
    let flow = &worker.flow;
    let case = flow.load(because_of).await?;
    let Some(person) = case.subject() else { return Ok(()) };
    let mut open = flow.store.open_cases_of_person(person).await?;
    open.retain(|id| *id != because_of);
    if case.is_contested() {
        take_back(worker, &case).await?;
        return give_up::all(worker, open, EndReason::Blocked).await;
    }
    if case.claim().action != Action::SetPassword {
        return Ok(());
    }
    let mut older = Vec::new();
    for id in open {
        // Where nothing is proved yet, nothing was proved before. That somebody else's case ends would tell them that there is an account, too.
        if flow.load(id).await.map_or(true, |other| has_proof_from_before(&other, &case, flow.store.apart_ms())) {
            older.push(id);
        }
    }
    give_up::all(worker, older, EndReason::Superseded).await
}

/// Whether something was proved in a case before another one made its change: this may be looked at long after it. Clocks that are apart let nothing
/// pass for newer than it is.
fn has_proof_from_before(other: &Case, changed: &Case, apart_ms: i64) -> bool {
    let at = changed.reissued().map(|reissued| reissued.at().plus_ms(apart_ms));
    other.evidence().iter().any(|proof| at.is_none_or(|at| proof.at <= at))
}

/// What somebody else bound must not outlive the wait that was made so that its owner can say so (decision 5, M103), and a sheet from which
/// they have been given a code is theirs as well.
async fn take_back(worker: &Worker, case: &Case) -> Ran {
    let flow = &worker.flow;
    let Some(factor) = given(worker, case).await? else { return Ok(()) };
    match flow.store.factor(factor).await? {
        Some(added) if added.ended.is_none() => {
            let end = Guard::EndFactor { factor: added.id, person: added.person, at: flow.ctx.now() };
            Ok(flow.store.aside(Aside::default().guard(end)).await?)
        }
        _ => Ok(()),
    }
}

/// The way back in that a case has given to whoever went through it.
async fn given(worker: &Worker, case: &Case) -> Result<Option<FactorId>, JobError> {
    let flow = &worker.flow;
    if matches!(case.claim().action, Action::EnrollFactor { .. }) {
        return Ok(flow.changed_way(case).await?.map(|added| added.id));
    }
    let entries = flow.entries(case.id()).await?;
    Ok(entries.into_iter().find_map(|entry| match entry.event {
        Event::CodeReplaced { factor } => Some(factor),
        _ => None,
    }))
}
