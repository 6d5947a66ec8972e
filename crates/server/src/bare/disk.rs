//! What the disk gives: a synced append, and commits of SQLite as the store makes them, without the store.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::{BareError, clock};

/// Rows of a commit of many.
pub const BATCH: usize = 256;
/// About as long as an entry of the log.
const ROW: [u8; 300] = [0x5A; 300];

/// A file that grows by 4 KiB at a time, each synced. It goes away with this value.
pub struct Appended {
    path: PathBuf,
    file: File,
}

impl Appended {
    /// In this folder.
    pub fn new(folder: &Path) -> Result<Self, BareError> {
        let path = folder.join("bare-append");
        let file = File::options().append(true).create_new(true).open(&path)?;
        Ok(Self { path, file })
    }
    /// One append that is on the disk.
    pub fn once(&mut self) -> Result<(), BareError> {
        self.file.write_all(&[0x5A; 4096])?;
        Ok(self.file.sync_data()?)
    }
}

impl Drop for Appended {
    fn drop(&mut self) {
        // What is left behind is a file of a folder that was named for it.
        let _ = fs::remove_file(&self.path);
    }
}

/// A table in a database with a write-ahead log and full syncing, through the same library as the store.
pub struct Rows {
    connection: Connection,
    path: PathBuf,
}

impl Rows {
    /// A new one in this folder.
    pub fn open(folder: &Path) -> Result<Self, BareError> {
        let path = folder.join("bare.db");
        let connection = Connection::open(&path)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute_batch("CREATE TABLE rows (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)")?;
        Ok(Self { connection, path })
    }

    /// One commit of so many rows.
    pub fn commit(&mut self, rows: usize) -> Result<(), BareError> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for _ in 0..rows {
            tx.prepare_cached("INSERT INTO rows (bytes) VALUES ($1)")?.execute([ROW])?;
        }
        Ok(tx.commit()?)
    }

    /// Microseconds that one commit of so many rows takes, on average.
    pub fn for_ms(&mut self, rows: usize, for_ms: u64) -> Result<f64, BareError> {
        let (began, mut done) = (clock::wall(), 0_u32);
        while done == 0 || began.elapsed() < Duration::from_millis(for_ms) {
            self.commit(rows)?;
            done += 1;
        }
        Ok(began.elapsed().as_secs_f64() * 1e6 / f64::from(done))
    }

    /// Closes it and takes its files away.
    pub fn close(self) {
        drop(self.connection);
        for ending in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{ending}", self.path.display()));
        }
    }
}
