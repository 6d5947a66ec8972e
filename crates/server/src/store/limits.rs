//! How often something may happen: one counter for each name and key, shared by all processes and kept over a restart (R12, R20, R52).
//!
//! A sliding window of two halves: what was spent in the window before counts as far as it still reaches back. What is refused is not
//! counted. Which limits there are, and what they count by, is the business of whoever asks.

use keyward_core::{digest::Digest, time::Timestamp};

use super::{
    Store, StoreError,
    db::{statements, vals},
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

impl Store {
    /// Spends one if it may happen once more; false if not. The key (a canonical name, a network, whether or not it is known here) is
    /// stored as its digest. One statement, so that parallel requests do not share a count.
    pub async fn spend(&self, limit: Limit, key: &[u8], at: Timestamp) -> Result<bool, StoreError> {
        let window_ms = limit.window_ms.max(1);
        let gone_ms = at.millis().rem_euclid(window_ms);
        let start = at.plus_ms(-gone_ms);
        if limit.max == 0 {
            return Ok(false);
        }
        let vals = vals![
            limit.name,
            Digest::of(key),
            start,
            start.plus_ms(window_ms.saturating_mul(2)),
            start.plus_ms(-window_ms),
            window_ms - gone_ms,
            window_ms,
            limit.max,
        ];
        let spent: Vec<u64> = self.write_returning(&SPEND, vals, |row| row.get(0)).await?;
        Ok(!spent.is_empty())
    }

    /// Removes counters that no longer reach into the present.
    pub async fn expire_limits(&self, at: Timestamp) -> Result<u64, StoreError> {
        self.write(&EXPIRE, vals![at]).await
    }
}
