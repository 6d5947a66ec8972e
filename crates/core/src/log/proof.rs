//! A proof that one entry is in a log, in one text that needs no server to be checked (C2SP `tlog-proof`).
//!
//! The entry itself is not inside: whoever checks brings it. The `extra` data is carried along and never looked at.

use std::fmt;

use data_encoding::BASE64;

use super::{Hash, LogError, What, checkpoint::Checkpoint, decimal, note, unreadable};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// The path to the root of the largest tree that 64 bits can count.
const MAX_HASHES: usize = 64;
/// More is refused unread: the note, and as much again for the rest.
const MAX_PROOF_BYTES: usize = 2 * note::MAX_NOTE_BYTES;

/// An entry's place in the log, the path from there to the root, and a signed checkpoint with that root.
/// Believed only after [`TlogProof::verify`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlogProof {
    extra: Vec<u8>,
    index: u64,
    hashes: Vec<Hash>,
    checkpoint: note::Note,
}

impl TlogProof {
    /// The proof for the entry at `index`: `hashes` is [`super::merkle::inclusion_proof`] in the tree of the checkpoint.
    pub const fn new(index: u64, hashes: Vec<Hash>, checkpoint: note::Note) -> Self {
        Self {
            extra: Vec::new(),
            index,
            hashes,
            checkpoint,
        }
    }

    /// With data for whoever reads it. Nothing protects them: anybody can change them on the way.
    #[must_use]
    pub fn with_untrusted_extra(mut self, extra: Vec<u8>) -> Self {
        self.extra = extra;
        self
    }

    /// What somebody wrote into the proof, signed by nobody (TL-10). Empty if there is nothing.
    pub fn untrusted_extra(&self) -> &[u8] {
        &self.extra
    }

    /// Where the entry is claimed to be, counted from 0.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Checks that the entry with this leaf hash is in the log: the log's own key signed the checkpoint, and the path
    /// leads from the leaf to its root. Returns the checkpoint, which says which log it is: the caller compares.
    pub fn verify(&self, leaf: Hash, verifiers: &[note::Verifier]) -> Result<Checkpoint, LogError> {
        let checkpoint = Checkpoint::from_note(&self.checkpoint, verifiers)?;
        checkpoint.verify_inclusion(leaf, self.index, &self.hashes)?;
        Ok(checkpoint)
    }

    /// Reads a proof and believes nothing of it.
    pub fn parse(proof: &[u8]) -> Result<Self, LogError> {
        let refuse = |why| unreadable(What::Proof, why);
        if proof.len() > MAX_PROOF_BYTES {
            return Err(refuse("it is longer than two million bytes"));
        }
        let text = std::str::from_utf8(proof).map_err(|_| refuse("it is not in UTF-8"))?;
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or_else(|| refuse("it has no empty line"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(refuse("the first line is not `c2sp.org/tlog-proof@v1`"));
        }
        let extra = lines
            .next_if(|line| line.starts_with("extra "))
            .and_then(|line| line.strip_prefix("extra "));
        let extra = match extra.map(|data| BASE64.decode(data.as_bytes())) {
            None => Vec::new(),
            Some(Ok(data)) if !data.is_empty() => data,
            Some(_) => return Err(refuse("the extra data is not in standard base64")),
        };
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(decimal)
            .ok_or_else(|| refuse("the line with the index is missing"))?;
        let hashes: Vec<Hash> = lines
            .by_ref()
            .take(MAX_HASHES)
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        if lines.next().is_some() {
            return Err(refuse("it has more than 64 hashes"));
        }
        let checkpoint = note::Note::parse(checkpoint.as_bytes())?;
        Ok(Self {
            extra,
            index,
            hashes,
            checkpoint,
        })
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if !self.extra.is_empty() {
            writeln!(f, "extra {}", BASE64.encode(&self.extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
