//! After "this was not me": ends every other open case of the account.

use keyward_core::{event::EndReason, ids::CaseId, time::DAY_MS};

use super::{Ran, Worker, give_up};

/// No case stays open longer than this.
const OPEN_MS: i64 = 7 * DAY_MS;

/// Ends the other cases.
pub async fn run(worker: &Worker, said_in: CaseId) -> Ran {
    let case = worker.flow.load(said_in).await?;
    let Some(person) = case.subject() else { return Ok(()) };
    let since = worker.flow.ctx.now().plus_ms(-OPEN_MS);
    for row in worker.flow.store.cases_of_person(person, since).await? {
        if row.id != said_in && !row.state.is_over() {
            give_up::run(worker, row.id, EndReason::Blocked).await?;
        }
    }
    Ok(())
}
