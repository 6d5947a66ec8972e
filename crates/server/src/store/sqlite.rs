//! SQLite: connections to one file, and statements run where they are asked for.
//!
//! A statement takes microseconds: to hand it to a thread that holds the connection, and its rows back, costs more than it does. What waits for the
//! disk is the commit, and [`commit`](super::commit) has a thread for that. Nothing here knows a table.

use std::{
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rusqlite::{
    Connection, OpenFlags,
    config::DbConfig,
    types::{Null, ToSqlOutput, Value, ValueRef},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    StoreError,
    db::{EngineError, Row},
    value::Val,
};

/// How long somebody waits for a free connection before being told "not now".
const PATIENCE: Duration = Duration::from_secs(10);
/// The same for the turn to write, and for another process that writes once it is one's turn, while people wait in front of pages: a yes or a no
/// within a second (R4).
const TURN: Duration = Duration::from_millis(800);
const LOCK: Duration = Duration::from_millis(450);
/// How many read at the same time.
const READERS: usize = 8;
/// As many statements stay prepared on each connection; there are fewer.
const PREPARED: usize = 256;
/// The first SQLite without the WAL-reset bug.
const SOUND: (u32, u32, u32) = (3, 51, 3);

/// How long is waited for another process that writes to the file of SQLite. Whoever started a command beside a server that is at work rather waits
/// than is refused; people in front of pages do not.
#[derive(Default)]
pub(super) struct Patience {
    people_wait: AtomicBool,
}

impl Patience {
    pub(super) fn people_wait(&self) {
        self.people_wait.store(true, Ordering::Relaxed);
    }
    /// For the turn to write.
    pub(super) fn turn(&self) -> Duration {
        if self.people_wait.load(Ordering::Relaxed) { TURN } else { PATIENCE + TURN }
    }
    /// For another process, once it is one's turn.
    pub(super) fn lock(&self) -> Duration {
        if self.people_wait.load(Ordering::Relaxed) { LOCK } else { PATIENCE }
    }
}

/// The connections of one kind to a file. They are opened when they are needed, and kept.
pub(super) struct Connections {
    path: PathBuf,
    reads_only: bool,
    free: Mutex<Vec<Connection>>,
    places: Arc<Semaphore>,
    /// How many there are at most.
    most: u32,
    patience: Arc<Patience>,
}

/// A connection in somebody's hands. Without [`Lent::give_back`] it is closed, which takes back what was begun on it.
pub(super) struct Lent {
    conn: Connection,
    home: Arc<Connections>,
    _place: OwnedSemaphorePermit,
}

/// Opens the file, which is made if it is not there: the one connection that writes, and those that read.
pub(super) fn open(path: &Path, patience: &Arc<Patience>) -> Result<(Arc<Connections>, Arc<Connections>), StoreError> {
    let place = path.display().to_string();
    // Made by us first, so that nobody else can read it: it holds names and sealed secrets.
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(|source| StoreError::File { place: place.clone(), source })?;
    let of = |reads_only, most: usize| {
        let connections = Connections {
            path: path.to_owned(),
            reads_only,
            free: Mutex::new(Vec::new()),
            places: Arc::new(Semaphore::new(most)),
            most: u32::try_from(most).unwrap_or(u32::MAX),
            patience: Arc::clone(patience),
        };
        let first = connections.connect().map_err(|source| StoreError::Open { place: place.clone(), source })?;
        connections.keep(first);
        Ok::<_, StoreError>(Arc::new(connections))
    };
    Ok((of(false, 1)?, of(true, READERS)?))
}

impl Connections {
    fn connect(&self) -> Result<Connection, EngineError> {
        let access = if self.reads_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
        let conn = Connection::open_with_flags(&self.path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        conn.busy_timeout(self.patience.lock())?;
        conn.set_prepared_statement_cache_capacity(PREPARED);
        // Without it a statement is parsed again for each new value that its plan could depend on; that was an eighth of the work beside hashing.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        if !self.reads_only {
            conn.pragma_update(None, "journal_mode", "wal")?;
            conn.pragma_update(None, "synchronous", "full")?;
            conn.pragma_update(None, "foreign_keys", true)?;
            conn.pragma_update(None, "secure_delete", true)?;
        }
        Ok(conn)
    }

    fn keep(&self, conn: Connection) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
    }

    /// A connection, as soon as one is free.
    pub(super) async fn lend(self: &Arc<Self>) -> Result<Lent, EngineError> {
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&self.places).acquire_owned()).await;
        let place = place.map_err(|_| EngineError::NoneFree)?.map_err(|_| EngineError::Closed)?;
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = free.map_or_else(|| self.connect(), Ok)?;
        conn.busy_timeout(self.patience.lock())?;
        Ok(Lent { conn, home: Arc::clone(self), _place: place })
    }

    /// Does something with a connection that is fit for the next whatever comes of it.
    pub(super) async fn with<T>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Lent) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let mut conn = self.lend().await?;
        let done = work(&mut conn);
        conn.give_back();
        done
    }

    /// Waits for those that are lent, and closes all.
    pub(super) async fn close(&self) {
        drop(tokio::time::timeout(PATIENCE, self.places.acquire_many(self.most)).await);
        self.places.close();
        self.free.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Lent {
    /// For the next who needs one.
    pub(super) fn give_back(self) {
        self.home.keep(self.conn);
    }

    /// Runs a statement; how many rows it touched.
    pub(super) fn write(&mut self, sql: &str, vals: &[Val<'_>]) -> Result<u64, EngineError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        bind(&mut statement, vals)?;
        Ok(u64::try_from(statement.raw_execute()?).unwrap_or(u64::MAX))
    }

    /// Runs a statement and reads all its rows.
    pub(super) fn read<T>(
        &mut self,
        sql: &str,
        vals: &[Val<'_>],
        map: impl Fn(&Row<'_>) -> Result<T, EngineError>,
    ) -> Result<Vec<T>, EngineError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        bind(&mut statement, vals)?;
        let (mut rows, mut all) = (statement.raw_query(), Vec::new());
        while let Some(row) = rows.next()? {
            all.push(map(&Row::Lite(row))?);
        }
        Ok(all)
    }

    /// Runs several statements.
    pub(super) fn run_script(&mut self, text: &str) -> Result<(), EngineError> {
        Ok(self.conn.execute_batch(text)?)
    }

    /// Parses a statement and checks its names.
    pub(super) fn prepare(&mut self, sql: &str) -> Result<(), EngineError> {
        Ok(self.conn.prepare(sql).map(drop)?)
    }
}

/// `$3` is the third value, wherever in the text it is first read.
fn bind(statement: &mut rusqlite::Statement<'_>, vals: &[Val<'_>]) -> Result<(), EngineError> {
    for index in 1..=statement.parameter_count() {
        let number = statement.parameter_name(index).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let val = number.and_then(|number| vals.get(number.checked_sub(1)?));
        let val = val.ok_or(rusqlite::Error::InvalidParameterCount(vals.len(), index))?;
        statement.raw_bind_parameter(index, val)?;
    }
    Ok(())
}

impl rusqlite::ToSql for Val<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::I(Some(number)) => return Ok(ToSqlOutput::Owned(Value::Integer(*number))),
            Self::T(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::B(Some(bytes)) => ValueRef::Blob(bytes),
            Self::I(None) | Self::T(None) | Self::B(None) => return Null.to_sql(),
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

/// Whether a version of SQLite keeps what it has confirmed.
pub(super) fn is_sound(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next()) >= SOUND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_that_can_damage_its_file_is_refused() {
        for (version, sound) in
            [("3.51.3", true), ("3.52.0", true), ("4.0.0", true), ("3.51.2", false), ("3.9.9", false), ("", false)]
        {
            assert_eq!(is_sound(version), sound, "{version}");
        }
    }
}
