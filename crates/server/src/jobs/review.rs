//! Step 5: looks at what was left open. Closes a case of the standard class when everything is clear; all others wait for a human.

use std::collections::BTreeSet;

use keyward_core::{
    account::Method,
    actor::Actor,
    case::{Case, Command, Stage},
    ids::CaseId,
    steps::review::{Review, needs_human},
    time::Timestamp,
};

use super::{JobError, Ran, Worker, settled};
use crate::flow::With;

/// Reviews a case, if that can be done without a human.
pub async fn run(worker: &Worker, id: CaseId) -> Ran {
    let case = worker.flow.load(id).await?;
    let Stage::Reviewing(reissued) = case.stage() else { return Ok(()) };
    if case.class().is_none_or(needs_human) {
        return Ok(());
    }
    // A notice is still under way: when it has its answer, that will ring again.
    if !all_answered(worker, &case, reissued.at()).await? {
        return Ok(());
    }
    let Some(review) = Review::automatic(reissued, case.notices()) else { return Ok(()) };
    let command = Command::Review { review, by_human: false };
    settled(worker.flow.act(id, Actor::Keyward, command, With::nothing()).await.map(drop))
}

/// Whether the notice of the change has its answer from every address of that time, a yes or a final no. One that came later was told nothing.
async fn all_answered(worker: &Worker, case: &Case, changed: Timestamp) -> Result<bool, JobError> {
    let flow = &worker.flow;
    let Some(person) = case.subject() else { return Ok(true) };
    let mut unanswered = BTreeSet::new();
    for factor in flow.store.factors(person).await? {
        if factor.method == Method::Email && factor.is_alive() && factor.created <= changed {
            unanswered.insert(flow.address(&factor)?);
        }
    }
    for notice in case.notices().iter().filter(|notice| notice.about.is_of_change()) {
        if let Some(told) = flow.store.value(case.id(), notice.address).await? {
            unanswered.remove(&told.value);
        }
    }
    Ok(unanswered.is_empty())
}
