//! What workers say of themselves in the database, and what follows from it for whoever serves pages: can a recovery come to its end now?
//!
//! Nothing here names a machine, a directory or a reason. Those are in the log of operation and in `keyward doctor`.

use std::time::Duration;

use keyward_core::time::{MINUTE_MS, SECOND_MS, Timestamp};

use super::{
    Store, StoreError,
    db::{statements, vals},
    migrate::MigrateError,
};
use crate::ctx::Ctx;

statements! {
    SEEN = "workers/seen";
    END = "workers/end";
    EXPIRE = "workers/expire";
    ALIVE = "workers/alive";
}

/// For how long a worker counts as alive after it was seen. Also how far its clock may be away from that of whoever asks.
pub const ALIVE_MS: i64 = 30 * SECOND_MS;
/// After that time without a word the row of a worker is removed.
const KEPT_MS: i64 = 10 * MINUTE_MS;
/// Whoever asks about readiness has a time limit of their own; a busy database is not ready.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a worker says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Chosen by each worker when it starts.
    pub id: String,
    /// Now.
    pub at: Timestamp,
    /// Whether it could sign the log a moment ago.
    pub signs: bool,
    /// How many directories answered it.
    pub directories: usize,
}

/// Whether each part that a recovery needs is there (ECO-11).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Readiness {
    /// The clock of the process that says so is that of the database.
    pub clock: bool,
    /// The database answers.
    pub database: bool,
    /// Its tables are those of this build.
    pub migrations: bool,
    /// A worker was seen a moment ago.
    pub worker: bool,
    /// It signs the log.
    pub log: bool,
    /// At least one directory answers it.
    pub directory: bool,
}

impl Readiness {
    /// Each part with its name.
    pub const fn parts(&self) -> [(&'static str, bool); 6] {
        [
            ("clock", self.clock),
            ("database", self.database),
            ("migrations", self.migrations),
            ("worker", self.worker),
            ("log", self.log),
            ("directory", self.directory),
        ]
    }
    /// Whether nothing is missing.
    pub fn is_ready(&self) -> bool {
        self.parts().iter().all(|(_, ready)| *ready)
    }
}

impl Store {
    /// A worker says that it is alive; those that have said nothing for long are removed, and so are those from another time.
    pub async fn worker_seen(&self, seen: &Seen) -> Result<(), StoreError> {
        self.write(&SEEN, vals![&seen.id, seen.at, seen.signs, seen.directories]).await?;
        self.write(&EXPIRE, vals![seen.at.plus_ms(-KEPT_MS), seen.at.plus_ms(KEPT_MS)]).await.map(drop)
    }

    /// A worker goes, and says so.
    pub async fn worker_ended(&self, id: &str) -> Result<(), StoreError> {
        self.write(&END, vals![id]).await.map(drop)
    }

    /// Whether everything that a recovery needs is there. Always an answer, within seconds; why something is not is in the log of operation.
    pub async fn readiness(&self, ctx: &Ctx) -> Readiness {
        let looked = match tokio::time::timeout(PATIENCE, self.looked_at(ctx.now())).await {
            Ok(Ok(readiness)) => readiness,
            Ok(Err(error)) => {
                tracing::warn!(%error, "not ready");
                Readiness::default()
            }
            Err(_) => {
                tracing::warn!("not ready: the database does not answer in time");
                Readiness::default()
            }
        };
        Readiness { clock: !ctx.is_apart(), ..looked }
    }

    async fn looked_at(&self, at: Timestamp) -> Result<Readiness, StoreError> {
        let lacking = Readiness { database: true, ..Readiness::default() };
        match self.pending_migrations().await {
            Ok(pending) if pending.is_empty() => {}
            Ok(_) => return Ok(lacking),
            Err(MigrateError::Store(error)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "not ready");
                return Ok(lacking);
            }
        }
        let window = vals![at.plus_ms(-ALIVE_MS), at.plus_ms(ALIVE_MS)];
        let alive = self.db.read(&ALIVE, window, |row| Ok((row.get::<bool>(0)?, row.get::<u64>(1)? > 0))).await?;
        // One worker has to have everything: two halves end no recovery.
        let best = alive.iter().max_by_key(|(signs, reaches)| u8::from(*signs) + u8::from(*reaches));
        let (log, directory) = best.copied().unwrap_or_default();
        Ok(Readiness { migrations: true, worker: best.is_some(), log, directory, ..lacking })
    }
}
