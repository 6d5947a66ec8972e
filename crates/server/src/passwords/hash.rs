//! Hashing and comparing passwords without letting anybody exhaust the machine: [`super::verifier`] on the threads of [`super::pool`].
//!
//! Deliberately has no limit per account or address (that is the store's), and draws no randomness: salts come in.

use std::io;
use std::sync::Arc;

use super::password::Password;
use super::pool::{Pool, PoolError};
use super::verifier::{self, SALT_BYTES, Verifier, VerifierError};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Too many wait: a 503 with `Retry-After`.
    #[error("the password workers are all busy; try again in {retry_after_s} s")]
    Busy {
        /// Seconds, for the header.
        retry_after_s: u64,
    },
    /// The work did not end. Nothing is known about the password.
    #[error("hashing the password failed")]
    Failed,
    /// What is stored can not be compared with.
    #[error("reading the stored password hash")]
    Stored(#[source] VerifierError),
}

/// Hashes and verifies.
#[derive(Debug)]
pub struct Hasher {
    pool: Arc<Pool>,
}

impl Hasher {
    /// With its own threads, one per core, before a queue of so many jobs.
    pub fn new(threads: usize, queue: usize) -> io::Result<Self> {
        Ok(Self { pool: Arc::new(Pool::new(threads, queue)?) })
    }

    /// The threads, for other slow work such as [`super::rules::Rules::check`].
    pub fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// The PHC string to store. `salt` is fresh from the caller's random source.
    pub async fn hash(&self, password: &Password, salt: [u8; SALT_BYTES]) -> Result<String, HashError> {
        let password = password.share();
        let stored = self.pool.run_with_memory(move |memory| verifier::store(&password, salt, memory)).await;
        stored.map_err(from_pool)?.ok_or(HashError::Failed)
    }

    /// Whether the password is the stored one. `None` is an account that does not exist: the same work is done and the answer is no.
    pub async fn verify(&self, password: &Password, stored: Option<&str>) -> Result<bool, HashError> {
        // A hostile string is refused before it takes a place in the queue.
        let verifier = stored.map(Verifier::parse).transpose().map_err(HashError::Stored)?;
        let password = password.share();
        let answer = self
            .pool
            .run_with_memory(move |memory| match verifier {
                Some(verifier) => verifier.matches(&password, memory),
                None => verifier::decoy(&password, memory),
            })
            .await;
        answer.map_err(from_pool)?.ok_or(HashError::Failed)
    }
}

fn from_pool(error: PoolError) -> HashError {
    match error {
        PoolError::Busy { retry_after_s, .. } => HashError::Busy { retry_after_s },
        PoolError::Failed => HashError::Failed,
    }
}
