//! Asks the gate again where an account turned out to be of another class.

use keyward_core::ids::CaseId;

use super::{Ran, Worker, settled};

/// Asks the gate of a case again.
pub async fn run(worker: &Worker, id: CaseId) -> Ran {
    settled(worker.flow.ask(id).await.map(drop))
}
