//! Answers that were given under an idempotency key, so that the same request gets the same answer and happens once.
//!
//! The answer is kept by [`Guard::FirstUse`](super::Guard::FirstUse) in the commit that it speaks of: there is no moment in which one is
//! there without the other. Whoever loses that race looks here.

use keyward_core::{digest::Digest, time::Timestamp};

use super::{
    Store, StoreError,
    db::{statements, vals},
};

statements! {
    GET = "answers/get";
    EXPIRE = "answers/expire";
}

/// What is known under an idempotency key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Earlier {
    /// Nothing: it is the first time.
    Nothing,
    /// The same request was answered so.
    Answered(Vec<u8>),
    /// Another request used the key.
    OtherRequest,
}

impl Store {
    /// Looks for an earlier answer. `key` is the digest of the key with whom it belongs to; `request` the digest of the request.
    pub async fn earlier_answer(&self, key: Digest, request: Digest, at: Timestamp) -> Result<Earlier, StoreError> {
        let read = |row: &super::db::Row| Ok((row.get(0)?, row.get(1)?));
        let found: Option<(Digest, Vec<u8>)> = self.db.first(&GET, vals![key, at], read).await?;
        Ok(match found {
            None => Earlier::Nothing,
            Some((same, response)) if same == request => Earlier::Answered(response),
            Some(_) => Earlier::OtherRequest,
        })
    }

    /// Removes what has ended.
    pub async fn expire_answers(&self, at: Timestamp) -> Result<u64, StoreError> {
        self.write(&EXPIRE, vals![at]).await
    }
}
