//! Brings the tables to what this build knows. Each migration runs once, in one transaction, and never changes afterwards.
//!
//! Forward only: a database that a newer build has migrated is refused, not guessed at.

use keyward_core::{digest::Digest, time::Timestamp};

use super::{
    Store, StoreError, Tx,
    db::{Engine, EngineError, statements, vals},
};

statements! {
    EXIST = "migrations/exist.sqlite", postgres = "migrations/exist.postgres";
    PATIENCE = "migrations/patience.sqlite", postgres = "migrations/patience.postgres";
    LOCK = "migrations/lock.sqlite", postgres = "migrations/lock.postgres";
    QUIET = "migrations/quiet.sqlite", postgres = "migrations/quiet.postgres";
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
    Migration { version: 3, name: "narrow", text: include_str!("../../migrations/0003_narrow.sql") },
    Migration { version: 4, name: "answers", text: include_str!("../../migrations/0004_answers.sql") },
    Migration { version: 5, name: "changed", text: include_str!("../../migrations/0005_changed.sql") },
];

/// Where the engines differ in what tables are made of: a word of the migrations, on SQLite, on PostgreSQL.
const DIALECT: [(&str, &str, &str); 3] = [
    ("{BLOB}", "BLOB", "BYTEA"),
    // A key that is the number of the row.
    ("{ROW}", "INTEGER", "BIGINT"),
    // A row is kept in the order of its key, and only there.
    ("{ONCE}", "WITHOUT ROWID", ""),
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
        tx.read(&PATIENCE, &[], |_| Ok(())).await?;
        tx.read(&LOCK, &[], |_| Ok(())).await?;
        tx.write(&OWN, &[]).await?;
        let ran = check(&tx.read(&LIST, &[], read_ran).await?)?;
        if missing(ran).next().is_some() {
            tx.write(&QUIET, &[]).await?;
        }
        let mut done = Vec::new();
        for migration in missing(ran) {
            run(&mut tx, migration, at).await?;
            done.push(label(migration));
        }
        tx.commit().await?;
        Ok(done)
    }
}

async fn run(tx: &mut Tx, migration: &Migration, at: Timestamp) -> Result<(), MigrateError> {
    let Migration { version, name, text } = *migration;
    let text = DIALECT.iter().fold(text.to_owned(), |text, (word, sqlite, postgres)| {
        text.replace(word, if tx.engine() == Engine::Sqlite { sqlite } else { postgres })
    });
    tx.run_script(text).await.map_err(|source| MigrateError::Failed { version, name, source })?;
    tx.write(&PUT, vals![version, name, digest(migration), at]).await?;
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctx::Ctx;

    /// A row of each table as versions 1 and 2 had them.
    const ROWS: &str = "
        INSERT INTO entries VALUES (0, 'case_1', 1, 5, x'01', x'02');
        INSERT INTO log_nodes VALUES (0, 0, x'03');
        INSERT INTO disclosures VALUES ('case_1', x'04', NULL, 'name', x'05', 'ada', 5);
        INSERT INTO tokens VALUES ('case', x'06', 'case_1', NULL, NULL, x'', 5, 6, 7, 0, 0);
        INSERT INTO limits VALUES ('start-name', x'07', 5, 1, 0, 9);
        INSERT INTO jobs VALUES ('job_1', 'expire', NULL, 'expire', x'08', 'waiting', 5, 0, 20, NULL, 5);";
    const TABLES: [&str; 6] = ["entries", "log_nodes", "disclosures", "tokens", "limits", "jobs"];

    /// What is in a table, value by value.
    fn all(file: &rusqlite::Connection, table: &str) -> Vec<String> {
        let mut statement = file.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        let row = rows.next().unwrap().unwrap();
        (0..columns).map(|column| format!("{:?}", row.get_ref(column).unwrap())).collect()
    }

    #[test]
    fn m150_a_table_that_a_migration_copies_is_held_while_it_does() {
        let quiet = include_str!("../../sql/migrations/quiet.postgres.sql");
        let (_, held) = quiet.split_once("LOCK TABLE ").unwrap();
        let (held, _) = held.split_once(" IN ACCESS EXCLUSIVE MODE").unwrap();
        let held: Vec<&str> = held.split(", ").collect();
        for migration in ALL {
            let dropped = migration.text.lines().filter_map(|line| line.strip_prefix("DROP TABLE "));
            for table in dropped.map(|rest| rest.trim_end_matches(';')) {
                assert!(held.contains(&table), "{}: {table}", migration.name);
            }
        }
    }

    #[tokio::test]
    async fn m150_what_was_there_before_a_migration_is_there_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyward.db");
        let at = Timestamp::from_millis(1);
        let store = Store::open(&format!("sqlite:{}", path.display()), &Ctx::by_hand(at, 1).0).await.unwrap();
        let mut tx = store.db.begin().await.unwrap();
        tx.write(&OWN, &[]).await.unwrap();
        for migration in &ALL[..2] {
            run(&mut tx, migration, at).await.unwrap();
        }
        tx.run_script(ROWS.to_owned()).await.unwrap();
        tx.commit().await.unwrap();

        let file = rusqlite::Connection::open(&path).unwrap();
        let before = TABLES.map(|table| all(&file, table));
        assert_eq!(store.migrate(at).await.unwrap(), ["0003 narrow", "0004 answers", "0005 changed"]);
        assert_eq!(TABLES.map(|table| all(&file, table)), before);
    }
}
