//! Every minute: ends the cases that ran out of time, and removes what has ended by itself.

use keyward_core::event::EndReason;

use super::{JobError, Ran, Worker, give_up};
use crate::flow::LAPSED_MS;

/// How many cases are read at once.
const PAGE: u32 = 200;
/// How many pages are gone through in one run; the next is a minute away.
const PAGES: u32 = 50;
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
    let mut behind = None;
    for _ in 0..PAGES {
        let due = store.cases_due(at, behind, PAGE).await?;
        let ids = due.iter().map(|case| case.id).collect();
        match give_up::all(worker, ids, EndReason::Expired).await {
            Err(JobError::Never(error)) => told(worker, &error),
            ran => ran?,
        }
        behind = due.last().copied();
        if behind.is_none() {
            break;
        }
    }
    Ok(())
}

/// A damaged case is told, and counted as a job that failed. It is no reason to end this one, which would only be tried again after an hour: until
/// then nothing at all would be ended or removed.
fn told(worker: &Worker, error: &str) {
    worker.flow.metrics.job("expire", false, 0);
    tracing::error!(error, "a case that ran out of time is damaged and can not be ended");
}
