//! Keys on disk while a breached-password file is built: 256 files by first byte, so that memory holds only one of them at a time.
//!
//! Deliberately knows nothing of hashes, filters or the format that is built from them.

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::breach_build::BuildError;

/// How many files, one for each first byte.
pub(super) const SPILLS: usize = 256;
/// Most keys one spill file may hold: 512 MB of memory. SHA-1 spreads evenly, so this is reached at 17 billion passwords, or by made-up hashes.
const MAX_SPILL_KEYS: u64 = 1 << 26;

/// Keys on disk, by their first byte. Removed when dropped, also after a failure.
pub(super) struct Spill {
    folder: PathBuf,
    files: Vec<Option<(BufWriter<File>, u64)>>,
}

impl Spill {
    pub(super) fn new(folder: PathBuf) -> Result<Self, BuildError> {
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(BuildError::Beside(folder)),
            Err(source) => return Err(BuildError::Write { path: folder, source }),
            Ok(()) => {}
        }
        Ok(Self { folder, files: (0..SPILLS).map(|_| None).collect() })
    }

    pub(super) fn push(&mut self, key: u64) -> Result<(), BuildError> {
        let number = usize::from(key.to_be_bytes()[0]);
        let path = self.path(number);
        let failed = |source| BuildError::Write { path: path.clone(), source };
        let Some(slot) = self.files.get_mut(number) else {
            return Ok(());
        };
        let (writer, keys) = match slot {
            Some(open) => open,
            None => {
                let file = OpenOptions::new().create_new(true).read(true).write(true).open(&path).map_err(failed)?;
                slot.insert((BufWriter::with_capacity(16 << 10, file), 0))
            }
        };
        *keys += 1;
        if *keys > MAX_SPILL_KEYS {
            return Err(BuildError::Skewed);
        }
        writer.write_all(&key.to_le_bytes()).map_err(failed)
    }

    /// The keys of one spill file in order, each once; the file is emptied.
    pub(super) fn take_sorted(&mut self, number: usize) -> Result<Vec<u64>, BuildError> {
        let Some((writer, count)) = self.files.get_mut(number).and_then(Option::take) else {
            return Ok(Vec::new());
        };
        let path = self.path(number);
        let failed = |source| BuildError::Write { path: path.clone(), source };
        let mut file = writer.into_inner().map_err(|error| failed(error.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let mut keys = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
        let mut reader = BufReader::with_capacity(64 << 10, file);
        let mut bytes = [0; 8];
        for _ in 0..count {
            reader.read_exact(&mut bytes).map_err(failed)?;
            keys.push(u64::from_le_bytes(bytes));
        }
        keys.sort_unstable();
        keys.dedup();
        fs::remove_file(&path).map_err(failed)?;
        Ok(keys)
    }

    fn path(&self, number: usize) -> PathBuf {
        self.folder.join(format!("{number:02x}"))
    }
}

impl Drop for Spill {
    fn drop(&mut self) {
        // Nothing to do about a failure here: what is left is a folder of public hashes beside the target.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
