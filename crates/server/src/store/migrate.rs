//! Brings the tables to what this build knows. Each migration runs once, in one transaction, and never changes afterwards.
//!
//! Forward only: a database that a newer build has migrated is refused, not guessed at.

use keyward_core::{digest::Digest, time::Timestamp};

use super::{
    Store, StoreError,
    db::{Engine, EngineError, statements, vals},
};

statements! {
    EXIST = "migrations/exist.sqlite", postgres = "migrations/exist.postgres";
    LOCK = "migrations/lock.sqlite", postgres = "migrations/lock.postgres";
    // The runner's own table has to be there before the first migration.
    OWN = "migrations/own";
    LIST = "migrations/list";
    PUT = "migrations/put";
}

/// One step of the tables' history.
struct Migration {
    version: u64,
    name: &'static str,
    text: &'static str,
}

const ALL: &[Migration] = &[
    Migration { version: 1, name: "first", text: include_str!("../../migrations/0001_first.sql") },
    Migration { version: 2, name: "workers", text: include_str!("../../migrations/0002_workers.sql") },
];

/// Why the tables were left as they were.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A newer build was here.
    #[error("the database is at version {found} and this build knows {known}: use the newer build")]
    Newer {
        /// What the database has.
        found: u64,
        /// What this build has.
        known: u64,
    },
    /// The text of a migration is not what ran.
    #[error("migration {version} `{name}` ran with another text than this build has")]
    Changed {
        /// Its number.
        version: u64,
        /// Its name.
        name: String,
    },
    /// A migration failed and was taken back.
    #[error("cannot run migration {version} `{name}`")]
    Failed {
        /// Its number.
        version: u64,
        /// Its name.
        name: &'static str,
        /// The engine's reason.
        #[source]
        source: EngineError,
    },
}

impl Store {
    /// What [`Store::migrate`] would run, by `number name`, without touching anything.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, MigrateError> {
        let exist = self.db.first(&EXIST, &[], |row| row.get::<String>(0)).await?;
        let ran = match exist {
            None => 0,
            Some(_) => check(&self.db.read(&LIST, &[], read_ran).await?)?,
        };
        Ok(missing(ran).map(label).collect())
    }

    /// Runs what is missing and returns it, by `number name`. Several processes may start at once: one runs, the others wait and find it done.
    pub async fn migrate(&self, at: Timestamp) -> Result<Vec<String>, MigrateError> {
        let mut tx = self.db.begin().await?;
        tx.read(&LOCK, &[], |_| Ok(())).await?;
        let failed = |migration: &Migration| {
            let (version, name) = (migration.version, migration.name);
            move |source| MigrateError::Failed { version, name, source }
        };
        tx.write(&OWN, &[]).await?;
        let ran = check(&tx.read(&LIST, &[], read_ran).await?)?;
        let mut done = Vec::new();
        for migration in missing(ran) {
            let (blob, serial) = match tx.engine() {
                Engine::Sqlite => ("BLOB", "INTEGER PRIMARY KEY AUTOINCREMENT"),
                Engine::Postgres => ("BYTEA", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
            };
            let text = migration.text.replace("{BLOB}", blob).replace("{SERIAL}", serial);
            tx.run_script(text).await.map_err(failed(migration))?;
            let digest = digest(migration);
            tx.write(&PUT, vals![migration.version, migration.name, digest, at]).await?;
            done.push(label(migration));
        }
        tx.commit().await?;
        Ok(done)
    }
}

type Ran = (u64, String, String);

fn read_ran(row: &super::db::Row) -> Result<Ran, EngineError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

/// The version that the database is at, if its history is the beginning of ours.
fn check(ran: &[Ran]) -> Result<u64, MigrateError> {
    let known = ALL.last().map_or(0, |last| last.version);
    let found = ran.last().map_or(0, |(version, ..)| *version);
    if found > known {
        return Err(MigrateError::Newer { found, known });
    }
    for ((version, name, text), migration) in ran.iter().zip(ALL) {
        if (*version, text) != (migration.version, &digest(migration)) {
            let (version, name) = (*version, name.clone());
            return Err(MigrateError::Changed { version, name });
        }
    }
    Ok(found)
}

fn missing(found: u64) -> impl Iterator<Item = &'static Migration> {
    ALL.iter().filter(move |migration| migration.version > found)
}

fn digest(migration: &Migration) -> String {
    Digest::of(migration.text.as_bytes()).to_string()
}

fn label(migration: &Migration) -> String {
    format!("{:04} {}", migration.version, migration.name)
}
