//! After "this was not me": ends every other open case of the account, and the way back in that this one had added.

use keyward_core::{
    account::Action,
    case::Case,
    event::{EndReason, Event},
    ids::{CaseId, FactorId},
    time::DAY_MS,
};

use super::{JobError, Ran, Worker, give_up};
use crate::store::{Aside, Guard};

/// No case stays open longer than this.
const OPEN_MS: i64 = 7 * DAY_MS;

/// Ends the other cases.
pub async fn run(worker: &Worker, said_in: CaseId) -> Ran {
    let case = worker.flow.load(said_in).await?;
    let Some(person) = case.subject() else { return Ok(()) };
    take_back(worker, &case).await?;
    let since = worker.flow.ctx.now().plus_ms(-OPEN_MS);
    let rows = worker.flow.store.cases_of_person(person, since).await?;
    let open = rows.into_iter().filter(|row| row.id != said_in && !row.state.is_over()).map(|row| row.id);
    give_up::all(worker, open.collect(), EndReason::Blocked).await
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
