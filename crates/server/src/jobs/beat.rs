//! Every few seconds: says in the database that this worker is alive, whether it signs the log and how many directories answer it (ECO-11).
//!
//! From a task of its own, which waits for nothing longer than a few seconds, so that neither jobs nor signing hold it up, nor it them.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
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
    let directories = reached(&worker.directories, worker.flow.ctx.now()).await;
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

/// How many of these answer. All are asked at once.
async fn reached(directories: &[std::sync::Arc<dyn Directory>], at: Timestamp) -> usize {
    let Ok(nobody) = AccountName::parse(NOBODY) else { return 0 };
    let ask = async |directory: &std::sync::Arc<dyn Directory>| match timeout(PROBE, directory.find(&nobody, at)).await
    {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => {
            tracing::warn!(%error, "a directory does not answer");
            false
        }
        Err(_) => {
            tracing::warn!(directory = directory.name(), "a directory does not answer in time");
            false
        }
    };
    join_all(directories.iter().map(ask)).await.into_iter().filter(|answers| *answers).count()
}
