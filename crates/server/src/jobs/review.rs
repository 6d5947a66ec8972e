//! Step 5: looks at what was left open. Closes a case of the standard class when everything is clear; all others wait for a human.

use keyward_core::{
    actor::Actor,
    case::{Command, Stage},
    ids::CaseId,
    steps::review::{Review, needs_human},
};

use super::{Ran, Worker, settled};
use crate::flow::With;

/// Reviews a case, if that can be done without a human.
pub async fn run(worker: &Worker, id: CaseId) -> Ran {
    let case = worker.flow.load(id).await?;
    let Stage::Reviewing(reissued) = case.stage() else { return Ok(()) };
    if case.class().is_none_or(needs_human) {
        return Ok(());
    }
    // No notice has gone out yet: the one that does will ring again.
    let Some(review) = Review::automatic(reissued, case.notices()) else { return Ok(()) };
    let command = Command::Review { review, by_human: false };
    settled(worker.flow.act(id, Actor::Keyward, command, With::nothing()).await.map(drop))
}
