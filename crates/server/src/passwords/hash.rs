//! Hashing and comparing passwords without letting anybody exhaust the machine: [`super::verifier`] on the threads of [`super::pool`].
//!
//! Deliberately has no limit per account or address (that is the store's), and draws no randomness: salts come in.

use std::io;
use std::sync::Arc;

use super::password::Password;
use super::pool::{Pool, PoolError};
use super::verifier::{self, Peppers, SALT_BYTES, Verifier, VerifierError};

/// Most old passwords a candidate is compared with; each costs a hash (PCI DSS 8.3.7 wants 4).
pub const MAX_HISTORY: usize = 10;

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
    /// More old passwords than are ever kept.
    #[error("the history has {0} passwords, more than the {MAX_HISTORY} that may be compared")]
    History(usize),
}

/// Hashes and verifies.
#[derive(Debug)]
pub struct Hasher {
    pool: Arc<Pool>,
    peppers: Arc<Peppers>,
}

impl Hasher {
    /// With its own threads, one per core, before a queue of so many jobs.
    pub fn new(threads: usize, queue: usize, peppers: Peppers) -> io::Result<Self> {
        Ok(Self { pool: Arc::new(Pool::new(threads, queue)?), peppers: Arc::new(peppers) })
    }

    /// The threads, for other slow work such as [`super::rules::Rules::check`].
    pub fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// The PHC string to store. `salt` is fresh from the caller's random source.
    pub async fn hash(&self, password: &Password, salt: [u8; SALT_BYTES]) -> Result<String, HashError> {
        let (password, peppers) = (password.share(), Arc::clone(&self.peppers));
        let stored = self.pool.run_with_memory(move |memory| verifier::store(&password, salt, &peppers, memory)).await;
        stored.map_err(from_pool)?.ok_or(HashError::Failed)
    }

    /// Whether the password is the stored one. `None` is an account that does not exist: the same work is done and the answer is no.
    pub async fn verify(&self, password: &Password, stored: Option<&str>) -> Result<bool, HashError> {
        let verifier = stored.map(|stored| self.read(stored)).transpose()?;
        let (password, peppers) = (password.share(), Arc::clone(&self.peppers));
        let answer = self
            .pool
            .run_with_memory(move |memory| match verifier {
                Some(verifier) => verifier.matches(&password, &peppers, memory),
                None => Ok(verifier::decoy(&password, &peppers, memory)),
            })
            .await;
        answer.map_err(from_pool)?.map_err(HashError::Stored)?.ok_or(HashError::Failed)
    }

    /// Whether the password is one of the last of this account. Compares with all of them, so that the time does not tell which it was.
    pub async fn is_reused<S: AsRef<str>>(&self, password: &Password, history: &[S]) -> Result<bool, HashError> {
        if history.len() > MAX_HISTORY {
            return Err(HashError::History(history.len()));
        }
        let verifiers = history.iter().map(|stored| self.read(stored.as_ref())).collect::<Result<Vec<_>, _>>()?;
        let mut reused = false;
        // One job for each, so that others get their turn between them.
        for verifier in verifiers {
            let (password, peppers) = (password.share(), Arc::clone(&self.peppers));
            let answer = self.pool.run_with_memory(move |memory| verifier.matches(&password, &peppers, memory)).await;
            reused |= answer.map_err(from_pool)?.map_err(HashError::Stored)?.ok_or(HashError::Failed)?;
        }
        Ok(reused)
    }

    /// Whether a stored string should be made anew the next time its password is at hand.
    pub fn is_outdated(&self, stored: &str) -> Result<bool, HashError> {
        verifier::is_outdated(stored, &self.peppers).map_err(HashError::Stored)
    }

    /// Refuses a hostile or orphaned string before it takes a place in the queue.
    fn read(&self, stored: &str) -> Result<Verifier, HashError> {
        let verifier = Verifier::parse(stored).map_err(HashError::Stored)?;
        verifier.check_key(&self.peppers).map_err(HashError::Stored)?;
        Ok(verifier)
    }
}

fn from_pool(error: PoolError) -> HashError {
    match error {
        PoolError::Busy { retry_after_s, .. } => HashError::Busy { retry_after_s },
        PoolError::Failed => HashError::Failed,
    }
}
