//! The offline list of breached passwords: one file, one question, "is this password known to attackers?".
//!
//! The file holds binary fuse filters over the first 64 bits of SHA-1, because the public lists of breached passwords are SHA-1. A password on
//! the list is always found; one that is not is taken for breached about once in 65 000 times, which costs somebody another try and nothing else.
//! Nothing here talks to a network. Files are made by [`super::breach_build`]. Deliberately does not store or reveal any password.
//!
//! Layout, all numbers little-endian:
//!
//! ```text
//! magic "KWBREACH" | version u16 | key kind u16 | shard bits u16 | note length u16 | keys u64 | note | shard table | SHA-256 of all this | shards
//! table row: seed u64 | keys u32 | segment length u32 | segment count length u32 | SHA-256 of the shard
//! shard: its fingerprints, u16 each; a shard without keys is empty
//! ```
//!
//! The first digest covers the table and the table covers the shards, so it stands for the whole file ([`BreachList::digest`]).
//! It guards against damage; whoever may write the file may also make a new one.
//!
//! `unsafe` is forbidden here, so the file is not mapped. A look-up reads the one shard it needs (about 150 KB, in the page cache after the first time),
//! checks its digest and drops it: the memory of the process does not grow with the list (2.3 GB for a billion passwords), and a disk that
//! goes bad after the start is an error instead of a silent "not breached".

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use xorf::{BinaryFuse16, Descriptor, Filter};

pub(super) const MAGIC: &[u8; 8] = b"KWBREACH";
pub(super) const VERSION: u16 = 1;
/// Keys are the first 8 bytes of SHA-1 of the password in UTF-8, read as a big-endian number.
pub(super) const KEY_KIND_SHA1_64: u16 = 1;
pub(super) const HEADER_LEN: usize = 24;
pub(super) const ROW_LEN: usize = 52;
pub(super) const DIGEST_LEN: usize = 32;
/// At most 65 536 shards: the table stays under 3.5 MB.
pub(super) const MAX_SHARD_BITS: u16 = 16;
/// Longest source note, in bytes.
pub const MAX_NOTE_BYTES: usize = 1024;
/// Most keys in one shard; about 60 times what the builder aims at, and a bound on the memory of a look-up (10 MB).
pub(super) const MAX_SHARD_KEYS: u32 = 4 << 20;
/// What one fuse filter of that size needs at most, in fingerprints.
const MAX_FINGERPRINTS: u64 = 8 << 20;

/// Why a list of breached passwords could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum BreachError {
    /// The operating system said no.
    #[error("reading the breached-password file `{}`", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// It is no such file, is of another version, or was damaged.
    #[error("the breached-password file `{}` is not usable: {why}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What does not fit.
        why: Damage,
    },
}

/// What does not fit in a breached-password file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The first bytes are not those of such a file.
    #[error("it does not begin like one")]
    Magic,
    /// A later layout, or keys made by another rule.
    #[error("it is of version {0}, key kind {1}, which this release does not read")]
    Version(u16, u16),
    /// It ends early, or something follows its end.
    #[error("it is {found} bytes long where its table says {expected}")]
    Length {
        /// Bytes it should have.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// A number in the header is out of its bounds.
    #[error("its header holds numbers that can not be")]
    Header,
    /// A row of the table describes a filter that can not be.
    #[error("row {0} of its table holds numbers that can not be")]
    Row(usize),
    /// The header or the table changed since it was written.
    #[error("its header does not match its checksum")]
    HeaderDigest,
    /// A shard changed since it was written.
    #[error("shard {0} does not match its checksum")]
    ShardDigest(usize),
}

/// One row of the table, checked.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) seed: u64,
    pub(super) keys: u32,
    pub(super) segment_length: u32,
    pub(super) segment_count_length: u32,
    pub(super) digest: [u8; DIGEST_LEN],
}

/// An opened and wholly checked list of breached passwords. Look-ups may run on many threads at once.
#[derive(Debug)]
pub struct BreachList {
    path: PathBuf,
    file: File,
    header: Header,
}

/// What comes before the shards.
#[derive(Debug)]
struct Header {
    shard_bits: u16,
    /// Each row with the offset of its shard in the file.
    rows: Vec<(Row, u64)>,
    keys: u64,
    note: String,
    digest: [u8; DIGEST_LEN],
}

impl BreachList {
    /// Opens a list and checks all of it: header, table, geometry of each filter, length, and the checksum of each shard. Reads the file once
    /// (a second or two for a billion passwords). Blocks; memory is bounded by the table and one shard, whatever the file claims.
    pub fn open(path: &Path) -> Result<Self, BreachError> {
        let io = |source| BreachError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut reader = Reader { path, file: &file, length, at: 0, sum: Context::new(&SHA256) };
        let header = reader.header()?;
        let list = Self { path: path.to_owned(), file, header };
        for shard in 0..list.header.rows.len() {
            list.read_shard(shard)?;
        }
        Ok(list)
    }

    /// Whether the password is on the list. The text is taken as it is; callers pass the NFC form. Reads one shard: blocks.
    pub fn contains(&self, password: &str) -> Result<bool, BreachError> {
        self.contains_key(key_of(password.as_bytes()))
    }

    /// The same for a key, the first 64 bits of a SHA-1.
    pub fn contains_key(&self, key: u64) -> Result<bool, BreachError> {
        let (row, bytes) = self.read_shard(shard_of(key, self.header.shard_bits))?;
        Ok(row.keys > 0 && row.filter(&bytes).contains(&key))
    }

    /// How many passwords are on it.
    pub fn keys(&self) -> u64 {
        self.header.keys
    }

    /// Where the list came from, in the words of whoever built it.
    pub fn note(&self) -> &str {
        &self.header.note
    }

    /// SHA-256 that stands for the whole file.
    pub fn digest(&self) -> &[u8; DIGEST_LEN] {
        &self.header.digest
    }

    /// Reads a shard and checks its digest.
    fn read_shard(&self, shard: usize) -> Result<(&Row, Vec<u8>), BreachError> {
        let damaged = |why| BreachError::Damaged { path: self.path.clone(), why };
        let (row, offset) = self.header.rows.get(shard).ok_or_else(|| damaged(Damage::Row(shard)))?;
        let length = usize::try_from(row.byte_length()).map_err(|_| damaged(Damage::Row(shard)))?;
        let mut bytes = vec![0; length];
        self.file
            .read_exact_at(&mut bytes, *offset)
            .map_err(|source| BreachError::Io { path: self.path.clone(), source })?;
        if digest(&SHA256, &bytes).as_ref() != row.digest {
            return Err(damaged(Damage::ShardDigest(shard)));
        }
        Ok((row, bytes))
    }
}

impl Row {
    /// Fingerprints in the shard. INVARIANT: every index a look-up computes is smaller, because [`Row::is_possible`] holds.
    fn fingerprints(&self) -> u64 {
        u64::from(self.segment_count_length) + 2 * u64::from(self.segment_length)
    }

    fn byte_length(&self) -> u64 {
        if self.keys == 0 { 0 } else { 2 * self.fingerprints() }
    }

    /// Whether a filter of this shape can exist. A look-up reads one fingerprint in each of three neighbouring segments, the first of which begins
    /// before `segment_count_length`; whole power-of-two segments make all three stay inside.
    fn is_possible(&self) -> bool {
        if self.keys == 0 {
            return self.segment_length == 0 && self.segment_count_length == 0 && self.seed == 0;
        }
        self.keys <= MAX_SHARD_KEYS
            && self.segment_length.is_power_of_two()
            && self.segment_count_length >= self.segment_length
            && self.segment_count_length.is_multiple_of(self.segment_length)
            && self.fingerprints() <= MAX_FINGERPRINTS
            && u64::from(self.keys) <= self.fingerprints()
    }

    fn filter(&self, bytes: &[u8]) -> BinaryFuse16 {
        let (pairs, _) = bytes.as_chunks::<2>();
        BinaryFuse16 {
            descriptor: Descriptor {
                seed: self.seed,
                segment_length: self.segment_length,
                segment_length_mask: self.segment_length - 1,
                segment_count_length: self.segment_count_length,
            },
            fingerprints: pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect(),
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(ROW_LEN);
        bytes.extend_from_slice(&self.seed.to_le_bytes());
        bytes.extend_from_slice(&self.keys.to_le_bytes());
        bytes.extend_from_slice(&self.segment_length.to_le_bytes());
        bytes.extend_from_slice(&self.segment_count_length.to_le_bytes());
        bytes.extend_from_slice(&self.digest);
        bytes
    }
}

/// The key of a password: the first 64 bits of its SHA-1.
pub(super) fn key_of(password: &[u8]) -> u64 {
    key_of_sha1(digest(&SHA1_FOR_LEGACY_USE_ONLY, password).as_ref())
}

/// The first eight bytes of a digest as a big-endian number, so that sorted hashes are sorted keys.
pub(super) fn key_of_sha1(sha1: &[u8]) -> u64 {
    sha1.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

/// Which shard a key lies in: its first `shard_bits` bits.
pub(super) fn shard_of(key: u64, shard_bits: u16) -> usize {
    let shard = key.checked_shr(64 - u32::from(shard_bits)).unwrap_or(0);
    usize::try_from(shard).unwrap_or(usize::MAX)
}

/// Reads the beginning of a file from front to back, never more than is there.
struct Reader<'a> {
    path: &'a Path,
    file: &'a File,
    length: u64,
    at: u64,
    sum: Context,
}

impl Reader<'_> {
    fn damaged(&self, why: Damage) -> BreachError {
        BreachError::Damaged { path: self.path.to_owned(), why }
    }

    /// Refuses before it allocates, if the file ends before `length` more bytes.
    fn take(&mut self, length: usize) -> Result<Vec<u8>, BreachError> {
        let expected = self.at.saturating_add(length as u64);
        if expected > self.length {
            return Err(self.damaged(Damage::Length { expected, found: self.length }));
        }
        let mut bytes = vec![0; length];
        self.file
            .read_exact_at(&mut bytes, self.at)
            .map_err(|source| BreachError::Io { path: self.path.to_owned(), source })?;
        self.at = expected;
        self.sum.update(&bytes);
        Ok(bytes)
    }

    fn header(&mut self) -> Result<Header, BreachError> {
        let fixed = self.take(HEADER_LEN)?;
        let mut fields = Fields(&fixed);
        if fields.bytes::<8>() != *MAGIC {
            return Err(self.damaged(Damage::Magic));
        }
        let (version, kind) = (fields.u16(), fields.u16());
        if (version, kind) != (VERSION, KEY_KIND_SHA1_64) {
            return Err(self.damaged(Damage::Version(version, kind)));
        }
        let (shard_bits, note_len, keys) = (fields.u16(), usize::from(fields.u16()), fields.u64());
        if shard_bits > MAX_SHARD_BITS || note_len > MAX_NOTE_BYTES {
            return Err(self.damaged(Damage::Header));
        }
        let note = String::from_utf8(self.take(note_len)?).map_err(|_| self.damaged(Damage::Header))?;
        let table = self.take(ROW_LEN << shard_bits)?;
        let sum: [u8; DIGEST_LEN] = Fields(self.sum.clone().finish().as_ref()).bytes();
        if self.take(DIGEST_LEN)? != sum {
            return Err(self.damaged(Damage::HeaderDigest));
        }
        let rows = self.rows(&table, keys)?;
        Ok(Header { shard_bits, rows, keys, note, digest: sum })
    }

    fn rows(&self, table: &[u8], keys: u64) -> Result<Vec<(Row, u64)>, BreachError> {
        let mut rows = Vec::with_capacity(table.len() / ROW_LEN);
        let (mut offset, mut sum) = (self.at, 0_u64);
        for (number, bytes) in table.chunks_exact(ROW_LEN).enumerate() {
            let row = Fields(bytes).row();
            if !row.is_possible() {
                return Err(self.damaged(Damage::Row(number)));
            }
            let here = offset;
            offset = offset.saturating_add(row.byte_length());
            sum = sum.saturating_add(u64::from(row.keys));
            rows.push((row, here));
        }
        if sum != keys {
            return Err(self.damaged(Damage::Header));
        }
        if offset != self.length {
            return Err(self.damaged(Damage::Length { expected: offset, found: self.length }));
        }
        Ok(rows)
    }
}

/// Takes fields off the front of bytes whose length was checked before; what is not there reads as zero.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => [0; N],
        }
    }
    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.bytes())
    }
    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.bytes())
    }
    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }
    fn row(&mut self) -> Row {
        Row {
            seed: self.u64(),
            keys: self.u32(),
            segment_length: self.u32(),
            segment_count_length: self.u32(),
            digest: self.bytes(),
        }
    }
}
