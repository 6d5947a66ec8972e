//! One SQL text, one call site, two engines. Statements are files under `sql/`, with `$n` parameters and TEXT, BIGINT and BLOB columns only.
//! Nothing here knows a table.

use std::{path::Path, sync::Arc, time::Duration};

use sqlx::{
    AssertSqlSafe, Row as _,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow},
};

use super::{
    StoreError,
    sqlite::{self, Connections, Lent, Patience},
    value::{Val, unreadable},
};

/// Connections to PostgreSQL.
const CONNECTIONS: u32 = 8;
/// How long somebody waits for a lock or for a free connection before being told "not now".
const PATIENCE: Duration = Duration::from_secs(10);

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

/// What an engine, or the way to it, said.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// SQLite.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL.
    #[error(transparent)]
    Postgres(#[from] sqlx::Error),
    /// A stored value is not what its column holds.
    #[error("a stored value can not be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Every connection was in use for too long.
    #[error("no connection was free in time")]
    NoneFree,
    /// The database is being closed.
    #[error("the database is closed")]
    Closed,
}

impl EngineError {
    /// Whether the same thing may work a moment later: a lost connection, a lock that was held, a replica that was in the way.
    pub fn is_passing(&self) -> bool {
        use sqlx::Error::{Database, Io, PoolTimedOut, Protocol, WorkerCrashed};
        match self {
            Self::NoneFree | Self::Postgres(Io(_) | PoolTimedOut | WorkerCrashed | Protocol(_)) => true,
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
            ),
            // Connection, rollback, lock, shutdown, start.
            Self::Postgres(Database(error)) => {
                let code = error.code();
                let class = code.as_deref().and_then(|code| code.get(..2));
                class.is_some_and(|class| matches!(class, "08" | "40" | "55" | "57"))
            }
            Self::Postgres(_) | Self::Unreadable(_) | Self::Closed => false,
        }
    }

    /// Whether the stored data is at fault.
    pub const fn is_unreadable(&self) -> bool {
        use rusqlite::Error::{
            FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnIndex, InvalidColumnType, Utf8Error,
        };
        use sqlx::Error::{ColumnDecode, ColumnIndexOutOfBounds, ColumnNotFound, Decode};
        matches!(
            self,
            Self::Unreadable(_)
                | Self::Postgres(Decode(_) | ColumnDecode { .. } | ColumnNotFound(_) | ColumnIndexOutOfBounds { .. })
                | Self::Sqlite(
                    FromSqlConversionFailure(..)
                        | IntegralValueOutOfRange(..)
                        | InvalidColumnIndex(_)
                        | InvalidColumnType(..)
                        | Utf8Error(..)
                )
        )
    }
}

/// The database.
#[derive(Clone)]
pub(super) enum Db {
    /// One connection that writes, several that read.
    Lite { w: Arc<Connections>, r: Arc<Connections>, patience: Arc<Patience> },
    /// One pool for both.
    Pg(PgPool),
}

/// A transaction. A connection is given back only behind a commit or rollback that worked; in any other case it is closed, which rolls back:
/// on one whose commit failed no transaction begins any more.
pub(super) struct Tx {
    /// None once it is given back.
    conn: Option<Conn>,
}

enum Conn {
    Lite(Lent),
    Pg(PoolConnection<sqlx::Postgres>),
}

/// A row of an answer; columns are read by position.
pub(super) enum Row<'r> {
    Lite(&'r rusqlite::Row<'r>),
    Pg(PgRow),
}

impl Row<'_> {
    /// Reads a column.
    pub(super) fn get<T: super::value::Get>(&self, column: usize) -> Result<T, EngineError> {
        T::get(self, column)
    }
    pub(super) fn raw<'r, T>(&'r self, column: usize) -> Result<T, EngineError>
    where
        T: rusqlite::types::FromSql + sqlx::Type<sqlx::Postgres> + sqlx::Decode<'r, sqlx::Postgres>,
    {
        match self {
            Self::Lite(row) => Ok(row.get(column)?),
            Self::Pg(row) => Ok(row.try_get(column)?),
        }
    }
    /// The bytes of a column. SQLite lets somebody put a text where bytes belong: then they are those of the text, and whoever hashes them sees it.
    pub(super) fn bytes(&self, column: usize) -> Result<Option<Vec<u8>>, EngineError> {
        match self {
            Self::Lite(row) => {
                let bytes = row.get_ref(column)?.as_bytes_or_null().map_err(unreadable)?;
                Ok(bytes.map(<[u8]>::to_vec))
            }
            Self::Pg(row) => Ok(row.try_get(column)?),
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
    fn failed(&self) -> impl FnOnce(EngineError) -> StoreError {
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
            let patience = Arc::new(Patience::default());
            let (w, r) = sqlite::open(Path::new(path.trim_start_matches("//")), &patience)?;
            Self::Lite { w, r, patience }
        } else {
            // The text may hold a password: it is not repeated.
            return Err(StoreError::Address);
        };
        db.check_engine().await?;
        Ok(db)
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
            .map_err(|source| StoreError::Open { place, source: source.into() })
    }

    /// Refuses an engine that would lose what it has confirmed.
    async fn check_engine(&self) -> Result<(), StoreError> {
        let traits = self.read(&super::TRAITS, &[], |row| Ok((row.get(0)?, row.get(1)?)));
        let traits: Vec<(String, String)> = traits.await?;
        for (name, found) in traits {
            match name.as_str() {
                "version" if !sqlite::is_sound(&found) => {
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

    /// How long somebody waits for the turn to write before being told "not now". On PostgreSQL another process may hold the head of the log, and
    /// lets it go after that long.
    pub(super) fn turn(&self) -> Duration {
        match self {
            Self::Lite { patience, .. } => patience.turn(),
            Self::Pg(_) => PATIENCE,
        }
    }

    /// From now on people wait.
    pub(super) fn people_wait(&self) {
        if let Self::Lite { patience, .. } = self {
            patience.people_wait();
        }
    }

    /// Begins a transaction that will write.
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        let conn = match self {
            Self::Lite { w, .. } => w.lend().await.map(Conn::Lite),
            Self::Pg(pool) => pool.acquire().await.map(Conn::Pg).map_err(EngineError::from),
        };
        // Whoever gives up waiting for the answer has perhaps begun: its connection is closed then.
        let mut tx = Tx { conn: Some(conn.map_err(StoreError::Begin)?) };
        tx.run(&super::BEGIN, &[]).await.map_err(StoreError::Begin)?;
        Ok(tx)
    }

    /// Reads rows, beside whoever writes.
    pub(super) async fn read<T>(
        &self,
        statement: &Statement,
        vals: &[Val<'_>],
        map: impl Fn(&Row<'_>) -> Result<T, EngineError>,
    ) -> Result<Vec<T>, StoreError> {
        let sql = statement.on(self.engine());
        let rows = match self {
            Self::Lite { r, .. } => r.with(|conn| conn.read(sql, vals, map)).await,
            Self::Pg(pool) => collect(bound!(sql, vals).fetch_all(pool).await, map),
        };
        rows.map_err(statement.failed())
    }

    /// Reads the first row.
    pub(super) async fn first<T>(
        &self,
        statement: &Statement,
        vals: &[Val<'_>],
        map: impl Fn(&Row<'_>) -> Result<T, EngineError>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.read(statement, vals, map).await?.into_iter().next())
    }

    /// One writing statement as a transaction of its own, on PostgreSQL; how many rows it touched. On SQLite writing is the writer's alone.
    pub(super) async fn execute(&self, statement: &Statement, vals: &[Val<'_>]) -> Result<u64, StoreError> {
        let touched = match self {
            Self::Lite { .. } => Err(EngineError::Closed),
            Self::Pg(pool) => {
                let done = bound!(statement.on(Engine::Postgres), vals).execute(pool).await;
                done.map(|done| done.rows_affected()).map_err(EngineError::from)
            }
        };
        touched.map_err(statement.failed())
    }

    /// Asks the engine to parse a statement and to check its names and types, without running it.
    pub(super) async fn prepare(&self, statement: &Statement) -> Result<(), StoreError> {
        use sqlx::{Executor as _, SqlSafeStr as _};
        let sql = statement.on(self.engine());
        let prepared = match self {
            Self::Lite { w, .. } => w.with(|conn| conn.prepare(sql)).await,
            Self::Pg(pool) => pool.prepare(sql.into_sql_str()).await.map(drop).map_err(EngineError::from),
        };
        prepared.map_err(statement.failed())
    }

    /// Closes all connections; what was begun and not committed is rolled back.
    pub(super) async fn close(&self) {
        match self {
            Self::Lite { w, r, .. } => {
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
            Some(Conn::Pg(_)) => Engine::Postgres,
            _ => Engine::Sqlite,
        }
    }

    /// Runs a statement; how many rows it touched.
    pub(super) async fn write(&mut self, statement: &Statement, vals: &[Val<'_>]) -> Result<u64, StoreError> {
        self.run(statement, vals).await.map_err(statement.failed())
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
        map: impl Fn(&Row<'_>) -> Result<T, EngineError>,
    ) -> Result<Vec<T>, StoreError> {
        let sql = statement.on(self.engine());
        let rows = match &mut self.conn {
            Some(Conn::Lite(conn)) => conn.read(sql, vals, map),
            Some(Conn::Pg(conn)) => collect(bound!(sql, vals).fetch_all(&mut **conn).await, map),
            None => Err(EngineError::Closed),
        };
        rows.map_err(statement.failed())
    }

    /// Runs the text of a migration, which is several statements.
    pub(super) async fn run_script(&mut self, text: String) -> Result<(), EngineError> {
        match &mut self.conn {
            Some(Conn::Lite(conn)) => conn.run_script(&text),
            Some(Conn::Pg(conn)) => Ok(sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut **conn).await.map(drop)?),
            None => Err(EngineError::Closed),
        }
    }

    /// Makes it durable. After an error nobody knows whether it is: look before answering.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.run(&super::COMMIT, &[]).await.map_err(StoreError::Commit)?;
        self.give_back();
        Ok(())
    }

    /// Takes everything back. Where that fails the connection ends, which takes it back as well.
    pub(super) async fn rollback(mut self) {
        if self.run(&super::ROLLBACK, &[]).await.is_ok() {
            self.give_back();
        }
    }

    fn give_back(&mut self) {
        if let Some(Conn::Lite(conn)) = self.conn.take() {
            conn.give_back();
        }
    }

    async fn run(&mut self, statement: &Statement, vals: &[Val<'_>]) -> Result<u64, EngineError> {
        let sql = statement.on(self.engine());
        match &mut self.conn {
            Some(Conn::Lite(conn)) => conn.write(sql, vals),
            Some(Conn::Pg(conn)) => Ok(bound!(sql, vals).execute(&mut **conn).await?.rows_affected()),
            None => Err(EngineError::Closed),
        }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let Some(Conn::Pg(conn)) = &mut self.conn {
            conn.close_on_drop();
        }
    }
}

fn collect<T>(
    rows: Result<Vec<PgRow>, sqlx::Error>,
    map: impl Fn(&Row<'_>) -> Result<T, EngineError>,
) -> Result<Vec<T>, EngineError> {
    rows?.into_iter().map(|row| map(&Row::Pg(row))).collect()
}
