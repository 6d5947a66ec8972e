//! Ends a case for which nothing more can be done.

use keyward_core::{actor::Actor, case::Command, event::EndReason, ids::CaseId};

use super::{Ran, Worker, settled};
use crate::flow::With;

/// Ends it, with that reason.
pub async fn run(worker: &Worker, id: CaseId, reason: EndReason) -> Ran {
    settled(worker.flow.act(id, Actor::Keyward, Command::End(reason), With::nothing()).await.map(drop))
}
