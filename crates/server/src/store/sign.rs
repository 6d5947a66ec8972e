//! Signing the head of the log, and refusing to. What is signed was read again from the database and hashed again; and the last
//! checkpoint is remembered in a file outside of the database, so that a database that was set back is noticed (TL-3, T-I05, R18).
//!
//! There is no way around a refusal here: a log that was set back goes on from a newer backup, or ends and begins again under another name.

use std::{io, path::PathBuf};

use keyward_core::{
    log::{
        LogError,
        checkpoint::Checkpoint,
        note::{Signer, Verifier},
    },
    time::Timestamp,
};
use tokio::io::AsyncWriteExt;

use super::{
    Store, StoreError,
    db::{statements, vals},
    log::{LogHead, ReadLogError},
};

statements! {
    PUT_CHECKPOINT = "log/put_checkpoint";
}

/// Why the log was not signed. All but [`SignError::Store`] and [`SignError::File`] mean that somebody has to look at once.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// Not now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The remembered checkpoint could not be read or written.
    #[error("cannot use the file `{place}`")]
    File {
        /// Its path.
        place: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The database is older than what was signed: a backup was restored, or entries were cut off.
    #[error(
        "the log has {found} entries and was signed with {signed}: the database was set back; stop Keyward and restore a newer backup \
         (docs/operations.md, \"When the log is not signed\")"
    )]
    SetBack {
        /// Entries in the database.
        found: u64,
        /// Entries in the last checkpoint.
        signed: u64,
    },
    /// The log was signed before, and the file that remembers it is gone.
    #[error(
        "the log was signed with {signed} entries and the remembered checkpoint is gone; put `log.last_checkpoint_file` back from a copy \
         (docs/operations.md, \"When the log is not signed\")"
    )]
    Forgotten {
        /// Entries in the last stored checkpoint.
        signed: u64,
    },
    /// A stored entry, or a node over it, is missing or not what was committed.
    #[error("entry {leaf} of the log, or a node over it, was changed")]
    Changed {
        /// Its index; for a changed node, that of the last entry below it.
        leaf: u64,
    },
    /// The stored tree is not the one that was signed, or a checkpoint is not by this key.
    #[error("the stored log is not the one that was signed")]
    Other(#[source] LogError),
    /// The stored tree is another history than a checkpoint that was signed.
    #[error(
        "the log is not the one that was signed with {signed} entries: this is another history; stop Keyward and restore the database that \
         was signed (docs/operations.md, \"When the log is not signed\")"
    )]
    Forked {
        /// Entries in that checkpoint.
        signed: u64,
    },
    /// There is an entry that no commit has put into the tree.
    #[error("entry {leaf} lies behind the head of the log: no commit has written it")]
    Beyond {
        /// Its index.
        leaf: u64,
    },
    /// A stored checkpoint lies under another size than its own.
    #[error("the checkpoint that is stored for {row} entries is of another size")]
    Misplaced {
        /// The size of its row.
        row: u64,
    },
    /// The entries do not lead to the stored head.
    #[error("the entries do not lead to the stored head of the log")]
    Head,
}

impl From<ReadLogError> for SignError {
    fn from(error: ReadLogError) -> Self {
        match error {
            ReadLogError::Store(error) => Self::Store(error),
            ReadLogError::Log(error) => Self::Other(error),
        }
    }
}

/// The file beside the signing key that remembers the last checkpoint.
#[derive(Clone, Debug)]
pub struct Memory {
    path: PathBuf,
}

impl Memory {
    /// It is made with the first checkpoint.
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Held by one process of this machine at a time, from the last checkpoint to the next: of two at once, the older could be remembered
    /// last. Ends with the value, and with the process.
    async fn lock(&self) -> Result<std::fs::File, SignError> {
        let path = self.path.with_extension("lock");
        let lock = move || {
            let file = std::fs::File::create(path)?;
            file.lock()?;
            Ok(file)
        };
        let locked = tokio::task::spawn_blocking(lock).await.unwrap_or_else(|error| Err(io::Error::other(error)));
        locked.map_err(|error| self.failed(error))
    }

    async fn recall(&self) -> Result<Option<String>, SignError> {
        match tokio::fs::read_to_string(&self.path).await {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Written beside, synced and renamed: the file holds the old note or the new one, never a half.
    async fn remember(&self, note: &str) -> Result<(), SignError> {
        let beside = self.path.with_extension("new");
        let written = async {
            let mut file = tokio::fs::File::create(&beside).await?;
            file.write_all(note.as_bytes()).await?;
            file.sync_all().await?;
            tokio::fs::rename(&beside, &self.path).await?;
            let dir = self.path.parent().filter(|dir| !dir.as_os_str().is_empty());
            let dir = dir.unwrap_or(std::path::Path::new("."));
            tokio::fs::File::open(dir).await?.sync_all().await
        };
        written.await.map_err(|error| self.failed(error))
    }

    fn failed(&self, source: io::Error) -> SignError {
        SignError::File { place: self.path.clone(), source }
    }
}

/// What the log looks like beside what was signed of it.
struct Examined {
    head: LogHead,
    /// The newest checkpoint that is remembered, with its text.
    last: Option<(Checkpoint, String)>,
}

impl SignError {
    /// Whether the log itself is at fault: what is stored is not what was signed, or nobody can tell any more.
    pub fn is_disproof(&self) -> bool {
        match self {
            Self::Store(error) => error.is_broken(),
            Self::File { .. } => false,
            _ => true,
        }
    }
}

impl Store {
    /// Checks the database against what was signed before, and everything that came since. To be asked at start, before anything is
    /// appended; [`Store::sign_checkpoint`] asks again each time.
    pub async fn check_log(&self, verifier: &Verifier, memory: &Memory) -> Result<(), SignError> {
        self.examine(verifier, memory).await.map(drop)
    }

    /// The same, and all that was signed before: every entry is read and hashed again, so that it takes as long as the log is. For evidence: a case
    /// whose last row was taken out long behind the last checkpoint looks whole by itself, and what its line in the list says is no truth.
    pub async fn check_whole_log(&self, verifier: &Verifier, memory: &Memory) -> Result<(), SignError> {
        let head = self.examine(verifier, memory).await?.head;
        if self.check_entries(0, head.tree.size()).await? == head.tree { Ok(()) } else { Err(SignError::Head) }
    }

    /// Signs the head of the log if it continues what was signed before and holds what was committed. The signed text, or `None` if
    /// there was nothing new. Remembered outside of the database first, published after.
    pub async fn sign_checkpoint(
        &self,
        signer: &Signer,
        memory: &Memory,
        at: Timestamp,
    ) -> Result<Option<String>, SignError> {
        let _lock = memory.lock().await?;
        let Examined { head, last } = self.examine(signer.verifier(), memory).await?;
        if let Some((last, note)) = &last
            && last.size() == head.tree.size()
        {
            // Remembered, and perhaps not published: the process ended in between.
            self.put_checkpoint(last.size(), note, at).await?;
            return Ok(None);
        }
        let new = Checkpoint::new(signer.name(), &head.tree).map_err(SignError::Other)?;
        let note = match &last {
            Some((last, _)) => {
                let proof = self.consistency(last.size(), new.size()).await?;
                new.sign_after(last, &proof, signer)
            }
            None => new.sign_first(signer),
        };
        let note = note.map_err(SignError::Other)?.to_string();
        memory.remember(&note).await?;
        self.put_checkpoint(new.size(), &note, at).await?;
        Ok(Some(note))
    }

    async fn examine(&self, verifier: &Verifier, memory: &Memory) -> Result<Examined, SignError> {
        let open = |note: &str| {
            let keys = std::slice::from_ref(verifier);
            Checkpoint::open(note.as_bytes(), keys).map_err(SignError::Other)
        };
        // Read in the opposite order of writing, as another process may append, remember and publish in between: whatever is seen here,
        // what has to be there before it is seen too.
        let stored = match self.last_checkpoint().await? {
            Some(signed) => Some((super::check::open(&signed, verifier)?, signed.note)),
            None => None,
        };
        let remembered = match memory.recall().await? {
            Some(note) => Some((open(&note)?, note)),
            None => None,
        };
        let head = self.log_head().await?;
        if let Some(leaf) = self.beyond_head().await? {
            return Err(SignError::Beyond { leaf });
        }
        if let (None, Some((stored, _))) = (&remembered, &stored) {
            let signed = stored.size();
            return Err(SignError::Forgotten { signed });
        }
        let newest = Checkpoint::new(verifier.name(), &head.tree).map_err(SignError::Other)?;
        for (earlier, _) in remembered.iter().chain(&stored) {
            let (found, signed) = (newest.size(), earlier.size());
            if found < signed {
                return Err(SignError::SetBack { found, signed });
            }
            let proof = self.consistency(signed, found).await?;
            match newest.verify_continues(earlier, &proof) {
                Err(LogError::RootDiffers { .. }) => {
                    // A node that rots looks the same from here; then the place is known, and it can be mended.
                    self.check_entries(0, found).await?;
                    return Err(SignError::Forked { signed });
                }
                other => other.map_err(SignError::Other)?,
            }
        }
        let from = remembered.as_ref().map_or(0, |(last, _)| last.size());
        if self.check_entries(from, head.tree.size()).await? != head.tree {
            return Err(SignError::Head);
        }
        // Another replica may have signed later than this one remembers.
        let last = remembered.into_iter().chain(stored).max_by_key(|(last, _)| last.size());
        Ok(Examined { head, last })
    }

    async fn put_checkpoint(&self, size: u64, note: &str, at: Timestamp) -> Result<(), SignError> {
        let vals = vals![size, note, at];
        self.write(&PUT_CHECKPOINT, vals).await?;
        Ok(())
    }
}
