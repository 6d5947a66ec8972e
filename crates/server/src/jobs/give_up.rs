//! Ends a case for which nothing more can be done.

use keyward_core::{actor::Actor, case::Command, event::EndReason, ids::CaseId};

use super::{JobError, Ran, Worker, settled};
use crate::flow::With;

/// Ends it, with that reason.
pub async fn run(worker: &Worker, id: CaseId, reason: EndReason) -> Ran {
    settled(worker.flow.act(id, Actor::Keyward, Command::End(reason), With::nothing()).await.map(drop))
}

/// Ends several. One that is damaged keeps no other open; that it is there is told when they are done.
pub async fn all(worker: &Worker, ids: Vec<CaseId>, reason: EndReason) -> Ran {
    let mut damaged = Ok(());
    for id in ids {
        match run(worker, id, reason).await {
            Err(error @ JobError::Never(_)) => damaged = Err(error),
            ran => ran?,
        }
    }
    damaged
}
