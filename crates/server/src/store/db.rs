//! One SQL text, one call site, two engines: a thin layer over sqlx. Statements are files under `sql/`, with `$n` parameters and
//! TEXT, BIGINT and BLOB columns only. Nothing here knows a table.

use std::{os::unix::fs::OpenOptionsExt, path::Path, time::Duration};

use sqlx::{
    AssertSqlSafe, Row as _,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};

use super::{StoreError, value::Val};

/// Connections for reading on SQLite, for everything on PostgreSQL.
const CONNECTIONS: u32 = 8;
/// How long somebody waits for a lock or for a free connection before being told "not now".
const PATIENCE: Duration = Duration::from_secs(10);
/// The same for whoever writes to SQLite, where nobody but this process has business: longer is no use, and a person is waiting (R4).
const BRIEF: Duration = Duration::from_secs(1);
/// The first SQLite without the WAL-reset bug.
const SQLITE_MIN: (u32, u32, u32) = (3, 51, 3);

/// A statement of `sql/`, by its file name without `.sql`.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// For example `tokens/consume`. Errors name it.
    pub name: &'static str,
    /// The text for SQLite, and for PostgreSQL too if `postgres` is empty.
    pub text: &'static str,
    /// Only where the engines must differ.
    pub postgres: Option<&'static str>,
}

/// Declares the statements of a module, and `STATEMENTS`, by which a test prepares each on both engines.
macro_rules! statements {
    ($($name:ident = $file:literal $(, postgres = $other:literal)?;)*) => {
        $(const $name: $crate::store::db::Statement = $crate::store::db::Statement {
            name: $file,
            text: include_str!(concat!("../../sql/", $file, ".sql")),
            postgres: $crate::store::db::statements!(@other $($other)?),
        };)*
        /// Every statement of this module.
        pub(super) const STATEMENTS: &[$crate::store::db::Statement] = &[$($name),*];
    };
    (@other) => { None };
    (@other $other:literal) => { Some(include_str!(concat!("../../sql/", $other, ".sql"))) };
}
pub(super) use statements;

/// A list of parameters, converted.
macro_rules! vals {
    ($($v:expr),* $(,)?) => { &[$($crate::store::value::Val::from($v)),*] };
}
pub(super) use vals;

macro_rules! bound {
    ($sql:expr, $vals:expr) => {{
        let mut query = sqlx::query($sql);
        for val in $vals {
            query = match val {
                Val::I(v) => query.bind(*v),
                Val::T(v) => query.bind(v.as_deref()),
                Val::B(v) => query.bind(v.as_deref()),
            };
        }
        query
    }};
}

/// Which engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    /// One file, one process.
    Sqlite,
    /// A server, many processes.
    Postgres,
}

/// The database.
#[derive(Clone)]
pub(super) enum Db {
    /// One connection that writes, several that read.
    Lite { w: SqlitePool, r: SqlitePool },
    /// One pool for both.
    Pg(PgPool),
}

/// A transaction. Not sqlx's own: that one keeps a connection in use whose commit failed, on which no transaction begins any more.
/// Here a connection is given back only behind a commit or rollback that worked; in any other case it is closed, which rolls back.
pub(super) struct Tx {
    conn: Conn,
    is_open: bool,
}

enum Conn {
    Lite(PoolConnection<sqlx::Sqlite>),
    Pg(PoolConnection<sqlx::Postgres>),
}

/// A row of an answer; columns are read by position.
pub(super) enum Row {
    Lite(SqliteRow),
    Pg(PgRow),
}

impl Row {
    /// Reads a column.
    pub(super) fn get<T: super::value::Get>(&self, column: usize) -> Result<T, sqlx::Error> {
        T::get(self, column)
    }
    pub(super) fn raw<'r, T>(&'r self, column: usize) -> Result<T, sqlx::Error>
    where
        T: sqlx::Type<sqlx::Sqlite>
            + sqlx::Decode<'r, sqlx::Sqlite>
            + sqlx::Type<sqlx::Postgres>
            + sqlx::Decode<'r, sqlx::Postgres>,
    {
        match self {
            Self::Lite(row) => row.try_get(column),
            Self::Pg(row) => row.try_get(column),
        }
    }
}

impl Statement {
    fn on(&self, engine: Engine) -> &'static str {
        match (engine, self.postgres) {
            (Engine::Postgres, Some(text)) => text,
            _ => self.text,
        }
    }
    fn failed(&self) -> impl FnOnce(sqlx::Error) -> StoreError {
        let statement = self.name;
        move |source| StoreError::Query { statement, source }
    }
}

impl Db {
    /// Opens `sqlite:PATH` or `postgres://…`.
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let db = if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Self::open_postgres(url).await?
        } else if let Some(path) = url.strip_prefix("sqlite:") {
            Self::open_sqlite(Path::new(path.trim_start_matches("//"))).await?
        } else {
            // The text may hold a password: it is not repeated.
            return Err(StoreError::Address);
        };
        db.check_engine().await?;
        Ok(db)
    }

    async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        let place = path.display().to_string();
        // Made by us first, so that nobody else can read it: it holds names and sealed secrets.
        std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .map_err(|source| StoreError::File { place: place.clone(), source })?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("secure_delete", "on")
            .busy_timeout(BRIEF);
        let failed = |source| StoreError::Open { place, source };
        let pool = SqlitePoolOptions::new();
        let writer = pool.clone().max_connections(1).acquire_timeout(BRIEF);
        let open = async {
            let w = writer.connect_with(options.clone()).await?;
            let readers = pool.max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
            let r = readers.connect_with(options.read_only(true)).await?;
            Ok(Self::Lite { w, r })
        };
        open.await.map_err(failed)
    }

    async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse().map_err(|_| StoreError::Address)?;
        let place = format!("{}:{}", options.get_host(), options.get_port());
        let options = options.application_name("keyward").options([
            ("default_transaction_isolation", "read committed"),
            // A replica that is frozen in the middle of a commit holds the head of the log no longer than this.
            ("idle_in_transaction_session_timeout", "10s"),
            ("lock_timeout", "10s"),
            ("statement_timeout", "60s"),
        ]);
        PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect_with(options)
            .await
            .map(Self::Pg)
            .map_err(|source| StoreError::Open { place, source })
    }

    /// Refuses an engine that would lose what it has confirmed.
    async fn check_engine(&self) -> Result<(), StoreError> {
        let traits = self.read(&super::TRAITS, &[], |row| Ok((row.get(0)?, row.get(1)?)));
        let traits: Vec<(String, String)> = traits.await?;
        for (name, found) in traits {
            match name.as_str() {
                "version" if !is_sound_sqlite(&found) => {
                    return Err(StoreError::Engine(format!(
                        "SQLite {found} can damage its file; at least 3.51.3 is needed"
                    )));
                }
                "version" => {}
                _ if found == "off" => {
                    return Err(StoreError::Engine(format!(
                        "PostgreSQL runs with {name} = off and can lose what it has confirmed"
                    )));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Which engine it is.
    pub(super) const fn engine(&self) -> Engine {
        match self {
            Self::Lite { .. } => Engine::Sqlite,
            Self::Pg(_) => Engine::Postgres,
        }
    }

    /// How often something that passes is tried. On SQLite the engine itself has waited long enough.
    pub(super) const fn tries(&self, most: u32) -> u32 {
        match self.engine() {
            Engine::Sqlite => 1,
            Engine::Postgres => most,
        }
    }

    /// Begins a transaction that will write.
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        let conn = match self {
            Self::Lite { w, .. } => w.acquire().await.map(Conn::Lite),
            Self::Pg(pool) => pool.acquire().await.map(Conn::Pg),
        };
        // Open from here on: whoever gives up waiting for the answer has perhaps begun.
        let mut tx = Tx { conn: conn.map_err(StoreError::Begin)?, is_open: true };
        tx.run(&super::BEGIN).await.map_err(StoreError::Begin)?;
        Ok(tx)
    }

    /// Reads rows, beside whoever writes.
    pub(super) async fn read<T>(
        &self,
        statement: &Statement,
        vals: &[Val<'_>],
        map: impl Fn(&Row) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, StoreError> {
        let sql = statement.on(self.engine());
        let rows = match self {
            Self::Lite { r, .. } => collect(bound!(sql, vals).fetch_all(r).await, Row::Lite, map),
            Self::Pg(pool) => collect(bound!(sql, vals).fetch_all(pool).await, Row::Pg, map),
        };
        rows.map_err(statement.failed())
    }

    /// Reads the first row.
    pub(super) async fn first<T>(
        &self,
        statement: &Statement,
        vals: &[Val<'_>],
        map: impl Fn(&Row) -> Result<T, sqlx::Error>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.read(statement, vals, map).await?.into_iter().next())
    }

    /// One writing statement as a transaction of its own; how many rows it touched.
    pub(super) async fn write(&self, statement: &Statement, vals: &[Val<'_>]) -> Result<u64, StoreError> {
        let sql = statement.on(self.engine());
        let touched = match self {
            Self::Lite { w, .. } => bound!(sql, vals).execute(w).await.map(|d| d.rows_affected()),
            Self::Pg(pool) => bound!(sql, vals).execute(pool).await.map(|d| d.rows_affected()),
        };
        touched.map_err(statement.failed())
    }

    /// One writing statement with `RETURNING` as a transaction of its own. All rows are fetched, because SQLite commits behind the last.
    pub(super) async fn write_returning<T>(
        &self,
        statement: &Statement,
        vals: &[Val<'_>],
        map: impl Fn(&Row) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, StoreError> {
        let sql = statement.on(self.engine());
        let rows = match self {
            Self::Lite { w, .. } => collect(bound!(sql, vals).fetch_all(w).await, Row::Lite, map),
            Self::Pg(pool) => collect(bound!(sql, vals).fetch_all(pool).await, Row::Pg, map),
        };
        rows.map_err(statement.failed())
    }

    /// Asks the engine to parse a statement and to check its names and types, without running it.
    pub(super) async fn prepare(&self, statement: &Statement) -> Result<(), StoreError> {
        use sqlx::{Executor as _, SqlSafeStr as _};
        let sql = statement.on(self.engine()).into_sql_str();
        let prepared = match self {
            Self::Lite { w, .. } => w.prepare(sql).await.map(drop),
            Self::Pg(pool) => pool.prepare(sql).await.map(drop),
        };
        prepared.map_err(statement.failed())
    }

    /// Closes all connections; what was begun and not committed is rolled back.
    pub(super) async fn close(&self) {
        match self {
            Self::Lite { w, r } => {
                r.close().await;
                w.close().await;
            }
            Self::Pg(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Which engine it runs on.
    pub(super) const fn engine(&self) -> Engine {
        match self.conn {
            Conn::Lite(_) => Engine::Sqlite,
            Conn::Pg(_) => Engine::Postgres,
        }
    }

    /// Runs a statement; how many rows it touched.
    pub(super) async fn write(&mut self, statement: &Statement, vals: &[Val<'_>]) -> Result<u64, StoreError> {
        let sql = statement.on(self.engine());
        let touched = match &mut self.conn {
            Conn::Lite(conn) => bound!(sql, vals).execute(&mut **conn).await.map(|d| d.rows_affected()),
            Conn::Pg(conn) => bound!(sql, vals).execute(&mut **conn).await.map(|d| d.rows_affected()),
        };
        touched.map_err(statement.failed())
    }

    /// Writes many rows: eight with each statement as long as there are eight, the rest one by one.
    pub(super) async fn write_rows<const N: usize>(
        &mut self,
        (one, eight): (&Statement, &Statement),
        rows: &[[Val<'_>; N]],
    ) -> Result<(), StoreError> {
        let (eights, rest) = rows.as_chunks::<8>();
        for rows in eights {
            self.write(eight, rows.as_flattened()).await?;
        }
        for row in rest {
            self.write(one, row).await?;
        }
        Ok(())
    }

    /// Reads rows as this transaction sees them.
    pub(super) async fn read<T>(
        &mut self,
        statement: &Statement,
        vals: &[Val<'_>],
        map: impl Fn(&Row) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, StoreError> {
        let sql = statement.on(self.engine());
        let rows = match &mut self.conn {
            Conn::Lite(conn) => {
                let rows = bound!(sql, vals).fetch_all(&mut **conn).await;
                collect(rows, Row::Lite, map)
            }
            Conn::Pg(conn) => {
                let rows = bound!(sql, vals).fetch_all(&mut **conn).await;
                collect(rows, Row::Pg, map)
            }
        };
        rows.map_err(statement.failed())
    }

    /// Runs the text of a migration, which is several statements.
    pub(super) async fn run_script(&mut self, text: String) -> Result<(), sqlx::Error> {
        let script = sqlx::raw_sql(AssertSqlSafe(text));
        match &mut self.conn {
            Conn::Lite(conn) => script.execute(&mut **conn).await.map(drop),
            Conn::Pg(conn) => script.execute(&mut **conn).await.map(drop),
        }
    }

    /// Makes it durable. After an error nobody knows whether it is: look before answering.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.run(&super::COMMIT).await.map_err(StoreError::Commit)?;
        self.is_open = false;
        Ok(())
    }

    /// Takes everything back.
    pub(super) async fn rollback(mut self) -> Result<(), StoreError> {
        let done = self.run(&super::ROLLBACK).await;
        done.map_err(StoreError::Rollback)?;
        self.is_open = false;
        Ok(())
    }

    async fn run(&mut self, statement: &Statement) -> Result<(), sqlx::Error> {
        let sql = statement.on(self.engine());
        match &mut self.conn {
            Conn::Lite(conn) => sqlx::query(sql).execute(&mut **conn).await.map(drop),
            Conn::Pg(conn) => sqlx::query(sql).execute(&mut **conn).await.map(drop),
        }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if self.is_open {
            match &mut self.conn {
                Conn::Lite(conn) => conn.close_on_drop(),
                Conn::Pg(conn) => conn.close_on_drop(),
            }
        }
    }
}

fn is_sound_sqlite(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next()) >= SQLITE_MIN
}

fn collect<R, T>(
    rows: Result<Vec<R>, sqlx::Error>,
    wrap: impl Fn(R) -> Row,
    map: impl Fn(&Row) -> Result<T, sqlx::Error>,
) -> Result<Vec<T>, sqlx::Error> {
    rows?.into_iter().map(|row| map(&wrap(row))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_that_can_damage_its_file_is_refused() {
        for (version, sound) in
            [("3.51.3", true), ("3.52.0", true), ("4.0.0", true), ("3.51.2", false), ("3.9.9", false), ("", false)]
        {
            assert_eq!(is_sound_sqlite(version), sound, "{version}");
        }
    }
}
