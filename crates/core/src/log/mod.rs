//! The formats of the tamper-evident log, as public tools read them: RFC 6962 trees in C2SP tiles, signed notes and checkpoints.
//!
//! Reading order: [`merkle`] (the tree, and what it proves), [`tile`] (how the tree is published), [`note`] (text that
//! somebody signed), [`checkpoint`] (a note that says how large the log is and what its root is), [`proof`] (one entry,
//! its path and a checkpoint in one text), [`audit`] (all of a published log at once).
//!
//! Nothing here stores, fetches or decides: functions that need hashes of the tree first *list* them, so that the store
//! can fetch them in one query. What an entry means is the business of the events; to this module it is bytes.

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    digest::{SHA256, digest},
    error::{KeyRejected, Unspecified},
};
use data_encoding::{BASE64, HEXLOWER};

pub mod audit;
pub mod checkpoint;
pub mod merkle;
pub mod note;
pub mod proof;
pub mod tile;

#[cfg(test)]
mod merkle_tests;
#[cfg(test)]
mod note_tests;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tile_tests;

/// Bytes of a [`struct@Hash`].
pub const HASH_BYTES: usize = 32;

/// A SHA-256 digest: of a leaf, of an inner node, or of a whole tree. Printed as 44 characters of standard base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; HASH_BYTES]);

impl Hash {
    /// The digest of the parts, one after the other. At once: what the library needs to go on from part to part costs more than a copy of them.
    fn of(parts: &[&[u8]]) -> Self {
        let mut bytes = [0; HASH_BYTES];
        bytes.copy_from_slice(digest(&SHA256, &parts.concat()).as_ref());
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }
}

impl From<[u8; HASH_BYTES]> for Hash {
    fn from(bytes: [u8; HASH_BYTES]) -> Self {
        Self(bytes)
    }
}
impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
impl TryFrom<&[u8]> for Hash {
    type Error = LogError;
    /// For columns and tiles: exactly 32 bytes.
    fn try_from(bytes: &[u8]) -> Result<Self, LogError> {
        bytes.try_into().map(Self).map_err(|_| unreadable(What::Hash, "it is not 32 bytes long"))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(&self.0))
    }
}
impl fmt::Debug for Hash {
    /// The first four bytes in hexadecimal, enough to tell hashes apart in a failing test.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (short, _) = self.0.split_at(4);
        write!(f, "{}…", HEXLOWER.encode(short))
    }
}
impl FromStr for Hash {
    type Err = LogError;
    /// One spelling only: padded, no loose bits at the end, no white space.
    fn from_str(text: &str) -> Result<Self, LogError> {
        BASE64
            .decode(text.as_bytes())
            .map_err(|_| unreadable(What::Hash, "it is not in standard base64"))
            .and_then(|bytes| Self::try_from(bytes.as_slice()))
    }
}
as_text!(Hash);

/// Which text or bytes could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// 32 bytes, or their base64.
    Hash,
    /// The stored right edge of a tree.
    Edge,
    /// A path such as `tile/0/x001/234.p/5`.
    TilePath,
    /// The hashes of a tile.
    Tile,
    /// The entries below a tile.
    EntryBundle,
    /// Text and signatures.
    Note,
    /// A verifier key `name+id+key`.
    VerifierKey,
    /// The text of a checkpoint.
    Checkpoint,
    /// The text of a `tlog-proof`.
    Proof,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hash => "hash",
            Self::Edge => "edge of the tree",
            Self::TilePath => "tile path",
            Self::Tile => "tile",
            Self::EntryBundle => "entry bundle",
            Self::Note => "signed note",
            Self::VerifierKey => "verifier key",
            Self::Checkpoint => "checkpoint",
            Self::Proof => "log proof",
        })
    }
}

/// Why a log, a proof or a note was not believed, or could not be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LogError {
    /// The form is wrong, before any question of truth.
    #[error("cannot read the {what}: {why}")]
    Unreadable {
        /// What was to be read.
        what: What,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There is no such entry in a log of that size.
    #[error("no entry {index} in a log of {size}")]
    NoSuchEntry {
        /// Counted from 0.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// The later tree is the smaller one.
    #[error("no way from a log of {old} to a log of {new}: a log only grows")]
    Shrunk {
        /// Leaves in the earlier tree.
        old: u64,
        /// Leaves in the later tree.
        new: u64,
    },
    /// A hash that should have been fetched is not there.
    #[error("node {index} at level {level} of the tree is missing")]
    MissingNode {
        /// 0 for leaves.
        level: u8,
        /// Counted from 0 within the level.
        index: u64,
    },
    /// Hashes are missing from a proof, or left over.
    #[error("the proof has {found} hashes where {expected} belong")]
    ProofLength {
        /// What the sizes ask for.
        expected: usize,
        /// What the proof has.
        found: usize,
    },
    /// A path was walked to its end and is not the tree's.
    #[error("the proof leads to root {found} where the log of {size} has {expected}")]
    RootDiffers {
        /// Leaves in the tree.
        size: u64,
        /// The root that was claimed.
        expected: Hash,
        /// The root that was computed.
        found: Hash,
    },
    /// An entry is too long to be published (C2SP `tlog-tiles`).
    #[error("an entry of {bytes} bytes does not fit the log: at most 65535 do")]
    EntryTooLong {
        /// Length of the entry.
        bytes: usize,
    },
    /// Neither a log's origin nor a key's name may look like this.
    #[error("`{0}` is not a key name: no spaces, no plus, no control characters, not empty")]
    KeyName(String),
    /// The seed was refused.
    #[error("cannot make the signing key `{name}`")]
    SigningKey {
        /// Name of the key.
        name: String,
        /// The library's reason.
        #[source]
        source: KeyRejected,
    },
    /// The library did not sign.
    #[error("cannot sign as `{name}`")]
    Signing {
        /// Name of the key.
        name: String,
        /// The library gives no reason.
        #[source]
        source: Unspecified,
    },
    /// Two different keys go by one name and one id.
    #[error("two different keys are both known as `{0}`")]
    AmbiguousKey(String),
    /// A known key's signature does not fit the text.
    #[error("the signature by `{0}` does not fit the text")]
    BadSignature(String),
    /// Nobody that is known signed.
    #[error("no known key signed the note")]
    Unsigned,
    /// A checkpoint was signed, but not by the log that it speaks for.
    #[error("the checkpoint of `{origin}` is not signed by a key of that name")]
    NotByTheLog {
        /// First line of the checkpoint.
        origin: String,
    },
    /// Two checkpoints that were compared belong to different logs.
    #[error("a checkpoint of `{found}` is not one of `{expected}`")]
    OtherLog {
        /// Origin that was asked for.
        expected: String,
        /// Origin that was found.
        found: String,
    },
}

/// Short for [`LogError::Unreadable`].
const fn unreadable(what: What, why: &'static str) -> LogError {
    LogError::Unreadable { what, why }
}

/// A decimal number with one spelling: digits, no sign, no leading zeros.
fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_prints_as_base64_and_reads_only_its_own_spelling() {
        let hash = Hash::of(&[b"a", b"bc"]);
        let text = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        assert_eq!(hash.to_string(), text);
        assert_eq!(format!("{hash:?}"), "ba7816bf…");
        assert_eq!(text.parse(), Ok(hash));
        assert_eq!(serde_json::to_string(&hash).unwrap(), format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<Hash>(&format!("\"{text}\"")).unwrap(), hash);
        for other in [
            "",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa1=", // loose bits
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0",  // no padding
            "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0=", // the URL alphabet
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\n",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIA",
        ] {
            assert!(other.parse::<Hash>().is_err(), "{other:?}");
        }
    }

    #[test]
    fn a_number_has_one_spelling() {
        assert_eq!(decimal("0"), Some(0));
        assert_eq!(decimal("18446744073709551615"), Some(u64::MAX));
        for text in ["", "00", "01", "+1", "-1", " 1", "1 ", "0x1", "18446744073709551616", "١"] {
            assert_eq!(decimal(text), None, "{text:?}");
        }
    }
}
