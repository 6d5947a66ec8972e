//! A request that is sent twice happens once: the first one takes its key, and whoever brings the same key again gets the same answer.
//!
//! Answers lie sealed, because the answer to an opened case holds the browser's key; requests lie as digests that nobody can try passwords
//! against without ours. A process that dies in between leaves a key that is free again after [`TAKEN_MS`]; what it committed stays, and
//! the case itself refuses to do it twice.

use keyward_core::{
    digest::Digest,
    secret::Secret,
    time::{MINUTE_MS, Timestamp},
};

use super::{Flow, FlowError};
use crate::{
    seal::{Keyed, Place},
    store::{
        CommitError,
        change::Aside,
        guard::{Guard, GuardKind},
        idempotency::Earlier,
    },
};

/// How long a key is taken by a request without an answer: longer than any request lasts.
pub const TAKEN_MS: i64 = 2 * MINUTE_MS;
/// The column in which answers lie sealed.
const COLUMN: &str = "answers.response";

/// A key that was taken. To be given back with [`Flow::end_once`].
pub struct Taken {
    key: Digest,
    request: Digest,
    until: Timestamp,
}

/// What became of a key.
pub enum Once {
    /// It is the first time: do it.
    First(Taken),
    /// The same request was answered so.
    Answered(Secret<Vec<u8>>),
    /// The same request is being worked on.
    UnderWay,
    /// Another request had the key.
    OtherRequest,
}

impl Flow {
    /// Takes a key. `key` says whose it is and for what; `request` is the whole request.
    pub async fn begin_once(&self, key: &[&[u8]], request: &[&[u8]]) -> Result<Once, FlowError> {
        let at = self.ctx.now();
        let key = self.digests.digest(Keyed::RequestKey, key);
        let request = self.digests.digest(Keyed::Request, request);
        if let Some(known) = self.known(key, request, at).await? {
            return Ok(known);
        }
        let until = at.plus_ms(TAKEN_MS);
        let taken = Guard::FirstUse { key, request, response: Vec::new(), expires: until, at };
        match self.store.aside(Aside::default().guard(taken)).await {
            Ok(()) => Ok(Once::First(Taken { key, request, until })),
            // Somebody with the same key was a moment faster.
            Err(CommitError::Guard(GuardKind::Key)) => {
                Ok(self.known(key, request, at).await?.unwrap_or(Once::UnderWay))
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    async fn known(&self, key: Digest, request: Digest, at: Timestamp) -> Result<Option<Once>, FlowError> {
        Ok(match self.store.earlier_answer(key, request, at).await? {
            Earlier::Nothing => None,
            Earlier::OtherRequest => Some(Once::OtherRequest),
            Earlier::Answered(sealed) if sealed.is_empty() => Some(Once::UnderWay),
            Earlier::Answered(sealed) => {
                let opened = self.vault.open(&sealed, Place { table: COLUMN, id: &key.to_string() });
                Some(Once::Answered(opened.map_err(|error| FlowError::Broken(Box::new(error)))?))
            }
        })
    }

    /// Keeps an answer for `life_ms`; without one the key is free again, for a request that was not served.
    pub async fn end_once(&self, taken: Taken, answer: Option<(Secret<Vec<u8>>, i64)>) -> Result<(), FlowError> {
        let Taken { key, request, until } = taken;
        let now = self.ctx.now();
        let (response, expires) = match answer {
            None => (Vec::new(), now),
            Some((answer, life_ms)) => {
                let place = Place { table: COLUMN, id: &key.to_string() };
                let sealed = self.vault.seal(&answer, place, self.ctx.bytes());
                (sealed.map_err(|error| FlowError::Broken(Box::new(error)))?, now.plus_ms(life_ms))
            }
        };
        // Takes the place of the row that ends at `until`, which is ours, and of no later one.
        let kept = Guard::FirstUse { key, request, response, expires, at: until };
        self.store.aside(Aside::default().guard(kept)).await.map_err(|error| self.failed(error))
    }
}
