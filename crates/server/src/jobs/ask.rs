//! After a wait: asks the gate again.

use keyward_core::{actor::Actor, case::Command, ids::CaseId};

use super::{Ran, Worker, settled};
use crate::flow::With;

/// Asks the gate of a case again.
pub async fn run(worker: &Worker, id: CaseId) -> Ran {
    let case = worker.flow.load(id).await?;
    let around = worker.flow.around(&case, worker.flow.ctx.now()).await?;
    settled(worker.flow.act(id, Actor::Keyward, Command::Ask(around), With::nothing()).await.map(drop))
}
