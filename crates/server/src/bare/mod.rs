//! The bare programs: what this machine can do with what Keyward stands on and without Keyward. Each figure of `docs/performance.md` stands beside one
//! of them, measured in the same run by the very same code; `keyward bench limits` runs them alone.
//!
//! Deliberately knows nothing of an installation: no configuration is read, and files are made in a folder that was named and taken away again.

pub mod clock;
pub mod disk;
pub mod hashing;
pub mod memory;
pub mod policy;

use std::path::Path;

/// What a bare program came to: one unit of its work.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// What was done.
    pub what: &'static str,
    /// How much of `unit` one takes, or how many there are.
    pub value: f64,
    /// `µs CPU`, `µs`, `1/s`.
    pub unit: &'static str,
}

/// A bare program could not run.
#[derive(Debug, thiserror::Error)]
pub enum BareError {
    /// A file.
    #[error("the disk")]
    Disk(#[from] std::io::Error),
    /// SQLite.
    #[error("the database")]
    Database(#[from] rusqlite::Error),
    /// Argon2.
    #[error("argon2: {0}")]
    Argon2(String),
    /// A key that could not be made.
    #[error("the signing key")]
    Key,
    /// Cedar.
    #[error("the policy")]
    Policy(#[from] keyward_core::policy::PolicyError),
    /// A thread ended early.
    #[error("a thread of the measurement ended early")]
    Thread,
}

/// Runs all of them, each for so many milliseconds, and hands each figure out as soon as it is there. Files are made in `folder`.
pub fn all(folder: &Path, each_ms: u64, mut found: impl FnMut(Limit)) -> Result<(), BareError> {
    let mut slow = hashing::Slow::new();
    let one = clock::cpu_each(each_ms, || slow.once())?;
    found(Limit { what: "argon2id of the parameters in use, one core", value: one, unit: "µs CPU" });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    found(Limit { what: "argon2id on all cores", value: hashing::on_all_cores(cores, each_ms)?, unit: "1/s" });
    let mut file = disk::Appended::new(folder)?;
    found(Limit {
        what: "append of 4 KiB with fdatasync",
        value: clock::wall_each(each_ms, || file.once())?,
        unit: "µs",
    });
    let mut rows = disk::Rows::open(folder)?;
    found(Limit { what: "SQLite commit of one row, WAL and FULL", value: rows.for_ms(1, each_ms)?, unit: "µs" });
    let batch = rows.for_ms(disk::BATCH, each_ms)?;
    found(Limit { what: "rows in SQLite commits of 256", value: 1e6 * disk::BATCH as f64 / batch, unit: "1/s" });
    rows.close();
    let bytes = vec![0x5A; 1 << 20];
    let sum = clock::cpu_of(each_ms, || hashing::sha256(&bytes));
    found(Limit { what: "SHA-256 of 1 MiB", value: sum, unit: "µs CPU" });
    let signer = hashing::Signing::new()?;
    let sign = clock::cpu_of(each_ms, || signer.once(b"a checkpoint"));
    found(Limit { what: "Ed25519 signature", value: sign, unit: "µs CPU" });
    let asked = policy::Asked::baseline()?;
    let cedar = clock::cpu_of(each_ms, || asked.once());
    found(Limit { what: "Cedar alone on the slice of a class", value: cedar, unit: "µs CPU" });
    let mut touched = memory::Touched::new(24 << 20);
    let touch = clock::cpu_of(each_ms, || touched.many(1000));
    found(Limit { what: "random touch in 24 MiB of memory", value: touch / 1000.0, unit: "µs CPU" });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_limits_every_bare_program_runs_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let mut all_found = Vec::new();
        all(folder.path(), 1, |limit| all_found.push(limit)).unwrap();
        assert_eq!(all_found.len(), 9);
        assert!(all_found.iter().all(|limit| limit.value > 0.0 && limit.value.is_finite()), "{all_found:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
