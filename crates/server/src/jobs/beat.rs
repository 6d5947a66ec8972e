//! Every few seconds: says in the database that this worker is alive, whether it signs the log and how many directories answer it (ECO-11).
//!
//! From a task of its own, which waits for nothing longer than a few seconds, so that neither jobs nor signing hold it up, nor it them.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use data_encoding::HEXLOWER;
use futures_util::future::join_all;
use keyward_core::time::Timestamp;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Worker;
use crate::{
    connectors::{AccountName, Directory},
    store::workers::{ALIVE_MS, Seen},
};

/// How often, while all is well.
const EVERY: Duration = Duration::from_secs(5);
/// How often while something is missing: its return should be seen soon.
const SOON: Duration = Duration::from_secs(1);
/// How long a directory may take to find nobody.
const PROBE: Duration = Duration::from_secs(5);
/// How long the database may take for one row.
const WRITE: Duration = Duration::from_secs(5);
/// A name that nobody has. To look for it takes the whole way: a connection, signing in, a search.
const NOBODY: &str = "keyward-looks-whether-you-answer";

/// What a worker knows of itself.
#[derive(Debug, Default)]
pub struct Beat {
    signed_ms: AtomicI64,
    rounds: AtomicU64,
    /// Directories that did not answer last time: what goes on is not said every second.
    silent: Mutex<BTreeSet<String>>,
}

impl Beat {
    /// The log is signed as far as it goes.
    pub fn signed(&self, at: Timestamp) {
        self.signed_ms.store(at.millis(), Ordering::Relaxed);
    }
    /// The log could not be signed.
    pub fn not_signed(&self) {
        self.signed_ms.store(0, Ordering::Relaxed);
    }
    /// Whether the log was signed a moment ago. Signing that hangs does not count for long.
    fn signs(&self, at: Timestamp) -> bool {
        at.since_ms(Timestamp::from_millis(self.signed_ms.load(Ordering::Relaxed))) <= ALIVE_MS
    }
    /// How many of these answer within `limit`. All are asked at once.
    async fn reached(&self, directories: &[Arc<dyn Directory>], at: Timestamp, limit: Duration) -> usize {
        let Ok(nobody) = AccountName::parse(NOBODY) else { return 0 };
        let ask = async |directory: &Arc<dyn Directory>| {
            let why = match timeout(limit, directory.find(&nobody, at)).await {
                Ok(Ok(_)) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some("there was no answer in time".to_owned()),
            };
            self.noted(directory.name(), why.as_deref());
            why.is_none()
        };
        join_all(directories.iter().map(ask)).await.into_iter().filter(|answers| *answers).count()
    }
    /// Says it when a directory stops answering, and when it answers again. Whether there was something to say.
    fn noted(&self, directory: &str, why: Option<&str>) -> bool {
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        match why {
            Some(why) if silent.insert(directory.to_owned()) => {
                tracing::warn!(directory, why, "a directory does not answer")
            }
            None if silent.remove(directory) => tracing::info!(directory, "a directory answers again"),
            _ => return false,
        }
        true
    }
    /// How often this worker has said that it is alive, or tried to. It goes on growing for as long as the process can do anything.
    pub fn rounds(&self) -> u64 {
        self.rounds.load(Ordering::Relaxed)
    }
}

/// Until told to stop; then it says that this worker is gone.
pub async fn run(worker: &Worker, stop: CancellationToken) {
    let id = HEXLOWER.encode(&worker.flow.ctx.bytes::<16>());
    loop {
        let well = once(worker, &id).await;
        tokio::select! {
            () = tokio::time::sleep(if well { EVERY } else { SOON }) => {}
            () = stop.cancelled() => break,
        }
    }
    if !matches!(timeout(WRITE, worker.flow.store.worker_ended(&id)).await, Ok(Ok(()))) {
        tracing::warn!("this worker could not say that it ends; it counts as alive for a moment longer");
    }
}

/// Says it once. Whether all is well.
pub async fn once(worker: &Worker, id: &str) -> bool {
    // One that does nothing counts as none.
    if worker.flow.ctx.is_apart() {
        worker.beat.rounds.fetch_add(1, Ordering::Relaxed);
        return false;
    }
    let directories = worker.beat.reached(&worker.directories, worker.flow.ctx.now(), PROBE).await;
    let at = worker.flow.ctx.now();
    let seen = Seen { id: id.to_owned(), at, signs: worker.beat.signs(at), directories };
    let written = match timeout(WRITE, worker.flow.store.worker_seen(&seen)).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(%error, "this worker could not say that it is alive");
            false
        }
        Err(_) => {
            tracing::warn!("this worker could not say in time that it is alive");
            false
        }
    };
    worker.beat.rounds.fetch_add(1, Ordering::Relaxed);
    written && seen.signs && directories == worker.directories.len()
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use async_trait::async_trait;
    use keyward_core::{account::AccountRef, secret::SecretText, steps::reissue::Permit};

    use super::*;
    use crate::connectors::{Account, Applied, AttemptFacts, Capabilities, ConnectorError, Found, NewPassword, SignIn};

    /// Answers at once, with an error, or never.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Answers {
        Well,
        Badly,
        Never,
    }

    #[async_trait]
    impl Directory for Answers {
        fn name(&self) -> &str {
            match self {
                Self::Well => "well",
                Self::Badly => "badly",
                Self::Never => "never",
            }
        }
        async fn find(&self, _: &AccountName, _: Timestamp) -> Result<Found, ConnectorError> {
            match self {
                Self::Well => Ok(Found::None),
                Self::Badly => Err(ConnectorError::Refused { directory: "badly".to_owned(), what: "no".to_owned() }),
                Self::Never => pending().await,
            }
        }
        async fn probe(&self) -> Result<Capabilities, ConnectorError> {
            pending().await
        }
        async fn read(&self, _: &str, _: Timestamp) -> Result<Option<Account>, ConnectorError> {
            pending().await
        }
        async fn authenticate(&self, _: &str, _: &SecretText, _: Timestamp) -> Result<SignIn, ConnectorError> {
            pending().await
        }
        async fn set_password(&self, _: Permit, _: NewPassword<'_>) -> Applied {
            pending().await
        }
        async fn unlock(&self, _: Permit, _: Timestamp) -> Applied {
            pending().await
        }
        async fn look(&self, _: &AccountRef, _: AttemptFacts<'_>) -> Applied {
            pending().await
        }
    }

    #[tokio::test]
    async fn eco_11_a_directory_that_never_answers_holds_nobody_up_and_is_named_once() {
        let directories: Vec<Arc<dyn Directory>> =
            [Answers::Never, Answers::Badly, Answers::Well].map(|one| Arc::new(one) as _).into();
        let beat = Beat::default();
        for _ in 0..2 {
            assert_eq!(beat.reached(&directories, Timestamp::from_millis(0), Duration::ZERO).await, 1);
        }
        assert!(!beat.noted("never", Some("again")) && !beat.noted("well", None), "nothing new");
        assert!(beat.noted("never", None) && beat.noted("never", Some("again")), "news");
    }
}
