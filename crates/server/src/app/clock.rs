//! Whether this process may go by its clock (R20). Whoever shares a database goes by times that others wrote: whether somebody is still at a job, what
//! has run out, from when on an answer in doubt may be looked at. So all of them have to agree with the one clock that all of them see, the database's.
//!
//! A file has no clock but that of its one process, and nothing is compared.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{
    ctx::Ctx,
    store::{APART_MS, Store, StoreError},
};

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(5);

/// By how many milliseconds this clock is ahead of the database's, or behind it if negative. None: as near as it has to be.
pub async fn apart_ms(store: &Store, ctx: &Ctx) -> Result<Option<i64>, StoreError> {
    let before = ctx.now();
    let Some(there) = store.clock().await? else { return Ok(None) };
    // The database read it somewhere between the two: only what is sure is counted.
    let by_ms = before.since_ms(there).max(0) + ctx.now().since_ms(there).min(0);
    Ok(Some(by_ms).filter(|by_ms| by_ms.abs() > APART_MS))
}

/// Looks again and again until told to stop, and says what is new.
pub async fn watch(store: Store, ctx: Ctx, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        // A database that does not answer is told of by whoever needs it, and nothing is begun without it.
        let Ok(Ok(apart)) = tokio::time::timeout(EVERY, apart_ms(&store, &ctx)).await else { continue };
        match (ctx.found_apart(apart.is_some()), apart) {
            (true, Some(by_ms)) => tracing::error!(
                by_ms,
                "the clocks of this machine and of the database are apart; nothing is begun here until they agree, and if this one was ahead, until this process is started again"
            ),
            (true, None) => tracing::info!("the clocks of this machine and of the database agree again"),
            (false, _) => {}
        }
    }
}
