//! Checkpoints: the log says under its signature how many entries it has and what their root is (C2SP `tlog-checkpoint`).
//!
//! A log's key is named like the log: the origin, which is the log's address without `https://`. Whether a log may
//! sign again is not known here, only whether the next checkpoint continues the last one (TL-3); the store keeps the last one.

use std::fmt;

use super::{
    Hash, LogError, What, decimal,
    merkle::{Frontier, empty_root, verify_consistency, verify_inclusion},
    note::{self, Note, Signer, Verifier},
    unreadable,
};

/// The state of a log at one size. Printed as the text of the note that is signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    /// Lines that other logs may add. Kept so that the text stays the same; nothing is ever read from them.
    extensions: Vec<String>,
}

impl Checkpoint {
    /// What the log of that origin has to say about its tree.
    pub fn new(origin: &str, tree: &Frontier) -> Result<Self, LogError> {
        // Also keeps line feeds out, with which an origin could bring a size and a root of its own.
        note::check_name(origin)?;
        Ok(Self {
            origin: origin.to_owned(),
            size: tree.size(),
            root: tree.root(),
            extensions: Vec::new(),
        })
    }

    /// Which log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many entries the log has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree over these entries.
    pub const fn root(&self) -> Hash {
        self.root
    }

    /// Signs the first checkpoint that a log ever publishes. The key has to be named like the log.
    // INVARIANT: for a log that has signed before, this is called by `sign_after` alone (TL-3).
    pub fn sign_first(&self, signer: &Signer) -> Result<Note, LogError> {
        if signer.name() != self.origin {
            return Err(self.other_log(signer.name()));
        }
        let mut note = Note::new(&self.to_string())?;
        note.sign(signer)?;
        Ok(note)
    }

    /// Signs if this checkpoint continues the one that was signed before: same log, not smaller, nothing changed (TL-3).
    /// The proof is [`super::merkle::consistency_proof`] from its size to this one.
    pub fn sign_after(
        &self,
        earlier: &Self,
        proof: &[Hash],
        signer: &Signer,
    ) -> Result<Note, LogError> {
        self.verify_continues(earlier, proof)?;
        self.sign_first(signer)
    }

    /// Reads a signed checkpoint and believes it if a known key of the log itself signed it, and no known key signed falsely.
    ///
    /// Keys with other names may be given too; their signatures are checked, but they do not speak for the log.
    /// Whoever gives the keys of several logs compares [`Checkpoint::origin`].
    pub fn open(note: &[u8], verifiers: &[Verifier]) -> Result<Self, LogError> {
        Self::from_note(&Note::parse(note)?, verifiers)
    }

    /// As [`Checkpoint::open`], for a note that has been read already.
    pub fn from_note(note: &Note, verifiers: &[Verifier]) -> Result<Self, LogError> {
        let opened = note.open(verifiers)?;
        let checkpoint = Self::parse(opened.text())?;
        let origin = checkpoint.origin.clone();
        if opened.signed_by().iter().any(|key| key.name() == origin) {
            Ok(checkpoint)
        } else {
            Err(LogError::NotByTheLog { origin })
        }
    }

    /// Checks that the log at this size has this leaf at that index.
    pub fn verify_inclusion(&self, leaf: Hash, index: u64, proof: &[Hash]) -> Result<(), LogError> {
        verify_inclusion(leaf, index, self.size, proof, self.root)
    }

    /// Checks that the log only grew since the earlier checkpoint.
    pub fn verify_continues(&self, earlier: &Self, proof: &[Hash]) -> Result<(), LogError> {
        if earlier.origin != self.origin {
            return Err(self.other_log(&earlier.origin));
        }
        verify_consistency(earlier.size, earlier.root, self.size, self.root, proof)
    }

    fn other_log(&self, found: &str) -> LogError {
        LogError::OtherLog {
            expected: self.origin.clone(),
            found: found.to_owned(),
        }
    }

    /// Reads the text of a checkpoint. Believing it takes [`Checkpoint::open`].
    fn parse(text: &str) -> Result<Self, LogError> {
        let refuse = |why| unreadable(What::Checkpoint, why);
        let mut lines = text
            .strip_suffix('\n')
            .ok_or_else(|| refuse("it does not end with a line"))?
            .split('\n');
        let origin = lines.next().unwrap_or_default().to_owned();
        let size = lines
            .next()
            .and_then(decimal)
            .ok_or_else(|| refuse("the second line is not a size"))?;
        let root: Hash = lines
            .next()
            .and_then(|line| line.parse().ok())
            .ok_or_else(|| refuse("the third line is not a hash"))?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if origin.is_empty() || extensions.iter().any(String::is_empty) {
            return Err(refuse("a line is empty"));
        }
        if size == 0 && root != empty_root() {
            return Err(refuse("a log without entries has another root"));
        }
        Ok(Self {
            origin,
            size,
            root,
            extensions,
        })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        self.extensions
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}
