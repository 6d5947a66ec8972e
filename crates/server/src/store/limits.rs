//! How often something may happen: one counter for each name and key, shared by all processes and kept over a restart (R12, R20, R52).
//!
//! A sliding window of two halves: what was spent in the window before counts as far as it still reaches back. What is refused is not
//! counted. Which limits there are, and what they count by, is the business of whoever asks.

use keyward_core::{digest::Digest, time::Timestamp};

use super::{
    CommitError, GuardKind, Store, StoreError, Tx,
    change::Aside,
    db::{statements, vals},
    guard::Guard,
};

statements! {
    SPEND = "limits/spend";
    EXPIRE = "limits/expire";
}

/// So often in so long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// A word for what is counted; keys of different names do not mix.
    pub name: &'static str,
    /// How often.
    pub max: u32,
    /// In how many milliseconds.
    pub window_ms: i64,
}

/// Spends one if it may happen once more; how many were spent. One statement, so that parallel requests do not share a count.
pub(super) async fn spend(tx: &mut Tx, limit: Limit, key: Digest, at: Timestamp) -> Result<u64, StoreError> {
    let window_ms = limit.window_ms.max(1);
    let gone_ms = at.millis().rem_euclid(window_ms);
    let start = at.plus_ms(-gone_ms);
    if limit.max == 0 {
        return Ok(0);
    }
    let vals = vals![
        limit.name,
        key,
        start,
        start.plus_ms(window_ms.saturating_mul(2)),
        start.plus_ms(-window_ms),
        window_ms - gone_ms,
        window_ms,
        limit.max,
    ];
    tx.write(&SPEND, vals).await
}

impl Guard {
    /// It may happen once more by this limit, and is counted if the whole change happens. The key (a canonical name, a network, whether or not it
    /// is known here) is stored as its digest.
    pub fn within(limit: Limit, key: &[u8], at: Timestamp) -> Self {
        Self::Within { limit, key: Digest::of(key), at }
    }
}

impl Store {
    /// Spends one of a limit; false if it was spent up, and nothing is counted.
    pub async fn spend(&self, limit: Limit, key: &[u8], at: Timestamp) -> Result<bool, StoreError> {
        Ok(self.spend_each(&[(limit, key)], at).await?.is_none())
    }

    /// Spends one of each limit, or of none: then the name of the first that was spent up.
    pub async fn spend_each(&self, all: &[(Limit, &[u8])], at: Timestamp) -> Result<Option<&'static str>, StoreError> {
        let each = all.iter().map(|(limit, key)| Guard::within(*limit, key, at));
        match self.aside(each.fold(Aside::default(), Aside::guard)).await {
            Ok(()) => Ok(None),
            Err(CommitError::Guard(GuardKind::Limit(name))) => Ok(Some(name)),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes counters that no longer reach into the present.
    pub async fn expire_limits(&self, at: Timestamp) -> Result<u64, StoreError> {
        self.write(&EXPIRE, vals![at]).await
    }
}
