//! Every minute: ends the cases that ran out of time, and removes what has ended by itself.

use keyward_core::event::EndReason;

use super::{Ran, Worker, give_up};
use crate::flow::LAPSED_MS;

/// How many cases are ended in one go.
const BATCH: u32 = 200;
/// How long the name that somebody typed for no account is kept (R47), as the page about privacy says.
pub const UNKNOWN_DAYS: i64 = 30;

/// Ends what has run out of time.
pub async fn run(worker: &Worker) -> Ran {
    let store = &worker.flow.store;
    let at = worker.flow.ctx.now();
    // Ended is ended; for a while a link is still known as one that has expired (UX-13).
    store.expire_tokens(at.plus_ms(-LAPSED_MS)).await?;
    store.expire_limits(at).await?;
    store.expire_answers(at).await?;
    store.erase_unknown(at, UNKNOWN_DAYS).await?;
    give_up::all(worker, store.cases_due(at, BATCH).await?, EndReason::Expired).await
}
