//! Builds a breached-password file from public lists, offline and with bounded memory: what `keyward breach build` runs.
//!
//! Keys are first spread over 256 spill files by their first byte, then each is sorted, freed of doubles and cut into shards. So the input may come in any
//! order and from many sources, and memory holds a 256th of it. Deliberately downloads nothing and asks nobody.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256, digest};
use data_encoding::HEXUPPER_PERMISSIVE;
use unicode_normalization::UnicodeNormalization;
use xorf::BinaryFuse16;

use super::breach::{
    DIGEST_LEN, HEADER_LEN, KEY_KIND_SHA1_64, MAGIC, MAX_NOTE_BYTES, MAX_SHARD_BITS, MAX_SHARD_KEYS, ROW_LEN, Row,
    VERSION, key_of, key_of_sha1, shard_of,
};
use super::password::MAX_BYTES;
use super::spill::{SPILLS, Spill};

/// Keys a shard should hold: a look-up then reads about 150 KB.
const SHARD_KEYS: u64 = 1 << 16;
/// Progress is told after so many lines.
const PROGRESS_LINES: u64 = 1 << 16;
const SHA1_HEX: usize = 40;
const RANGE_PREFIX_HEX: usize = 5;

/// What the lines of a source are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lines {
    /// `HASH` or `HASH:COUNT`, SHA-1 in 40 hexadecimal digits: the form in which the public lists are published.
    Sha1,
    /// The rest of a hash, 35 digits, as in a range file that is named by the first 5 digits, given here.
    Sha1Range(String),
    /// One password a line, as it is. Text in UTF-8 is brought to NFC, other bytes are taken as they are.
    Plain,
}

/// How far a build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many lines were read.
    Read(u64),
    /// So many shards of all are written.
    Written(usize, usize),
}

/// What was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Passwords on the list.
    pub keys: u64,
    /// Lines that were doubles of others, seen too seldom, empty, or longer than a password may be.
    pub left_out: u64,
    /// SHA-256 that stands for the whole file.
    pub digest: [u8; DIGEST_LEN],
}

/// Why a list could not be built. The target is untouched then.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A line is not what its source should hold.
    #[error("line {0} is not a SHA-1 in hexadecimal digits, alone or before a colon and a count")]
    Line(u64),
    /// The name of a range file.
    #[error("`{0}` is not the first 5 digits of a SHA-1")]
    Prefix(String),
    /// The note is stored in the file and must be short.
    #[error("the source note is longer than {MAX_NOTE_BYTES} bytes")]
    Note,
    /// The hashes are not spread as SHA-1 spreads them.
    #[error("too many hashes begin alike: this is not a list of SHA-1 hashes")]
    Skewed,
    /// No filter could be made of these keys.
    #[error("no filter could be made for shard {0}: this is not a list of SHA-1 hashes")]
    Filter(usize),
    /// The source could not be read.
    #[error("reading the source")]
    Read(#[source] io::Error),
    /// What a build writes beside its target is there already.
    #[error("`{}` is there: another build is running, or one was broken off; delete it if none is", .0.display())]
    Beside(PathBuf),
    /// The file or its spill files could not be written.
    #[error("writing `{}`", path.display())]
    Write {
        /// Which file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

/// Collects keys beside the target and writes the target at the end, whole or not at all.
pub struct Builder {
    out: PathBuf,
    note: String,
    at_least: u64,
    spill: Spill,
    lines: u64,
    added: u64,
}

impl Builder {
    /// Begins. `note` says where the list comes from and is shown to operators. Spill files lie in `OUT.spill` until the end.
    pub fn new(out: &Path, note: &str) -> Result<Self, BuildError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(BuildError::Note);
        }
        let spill = Spill::new(beside(out, ".spill"))?;
        Ok(Self { out: out.to_owned(), note: note.to_owned(), at_least: 1, spill, lines: 0, added: 0 })
    }

    /// Leaves out hashes that were counted less often, to make a small list of the most common. A line without a count is kept.
    #[must_use]
    pub fn seen_at_least(mut self, count: u64) -> Self {
        self.at_least = count;
        self
    }

    /// Adds all lines of a source. Can be called again for the next.
    pub fn add(
        &mut self,
        source: impl Read,
        lines: &Lines,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), BuildError> {
        let prefix = match lines {
            Lines::Sha1Range(prefix)
                if prefix.len() != RANGE_PREFIX_HEX || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) =>
            {
                return Err(BuildError::Prefix(prefix.clone()));
            }
            Lines::Sha1Range(prefix) => Some(prefix.as_bytes()),
            Lines::Sha1 => Some(&b""[..]),
            Lines::Plain => None,
        };
        let mut source = BufReader::new(source);
        let mut line = Vec::with_capacity(MAX_BYTES);
        while let Some(whole) = next_line(&mut source, &mut line).map_err(BuildError::Read)? {
            self.lines += 1;
            let key = match prefix {
                Some(prefix) => self.hashed(prefix, &line, whole)?,
                None => (whole && !line.is_empty()).then(|| key_of_plain(&line)),
            };
            if let Some(key) = key {
                self.spill.push(key)?;
                self.added += 1;
            }
            if self.lines.is_multiple_of(PROGRESS_LINES) {
                progress(Progress::Read(self.lines));
            }
        }
        progress(Progress::Read(self.lines));
        Ok(())
    }

    fn hashed(&self, prefix: &[u8], line: &[u8], whole: bool) -> Result<Option<u64>, BuildError> {
        if line.is_empty() && whole {
            return Ok(None);
        }
        let wrong = || BuildError::Line(self.lines);
        let (digits, count) = line.split_at_checked(SHA1_HEX - prefix.len()).ok_or_else(wrong)?;
        let sha1 = HEXUPPER_PERMISSIVE.decode(&[prefix, digits].concat()).map_err(|_| wrong())?;
        let count = match count.split_first() {
            None => None,
            Some((b':', number)) => {
                Some(std::str::from_utf8(number).ok().and_then(|n| n.parse::<u64>().ok()).ok_or_else(wrong)?)
            }
            Some(_) => return Err(wrong()),
        };
        if !whole {
            return Err(wrong());
        }
        Ok(count.is_none_or(|count| count >= self.at_least).then(|| key_of_sha1(&sha1)))
    }

    /// Sorts, builds the filters and puts the file in its place. Until then the target is untouched, and where it fails nothing stays.
    pub fn finish(self, progress: &mut dyn FnMut(Progress)) -> Result<Summary, BuildError> {
        let partial = beside(&self.out, ".partial");
        let finished = self.finish_over(&partial, progress);
        if finished.is_err() {
            drop(fs::remove_file(&partial));
        }
        finished
    }

    fn finish_over(mut self, partial: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Summary, BuildError> {
        let failed = |source| BuildError::Write { path: partial.to_owned(), source };
        let shard_bits = shard_bits_for(self.added);
        let file = File::create(partial).map_err(failed)?;
        let mut writer = BufWriter::new(file);
        let body = HEADER_LEN + self.note.len() + (ROW_LEN << shard_bits) + DIGEST_LEN;
        writer.seek(SeekFrom::Start(body as u64)).map_err(failed)?;
        let mut shards =
            Shards { rows: Vec::with_capacity(1 << shard_bits), writer, path: partial, all: 1 << shard_bits };
        let keys = self.cut(shard_bits, &mut shards, progress)?;
        let Shards { rows, writer, .. } = shards;
        let head = head(shard_bits, keys, &self.note, &rows);
        let sum = digest(&SHA256, &head);
        let mut file = writer.into_inner().map_err(|error| failed(error.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        file.write_all(&head).and_then(|()| file.write_all(sum.as_ref())).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(partial, &self.out).map_err(|source| BuildError::Write { path: self.out.clone(), source })?;
        let mut summary = Summary { keys, left_out: self.lines.saturating_sub(keys), digest: [0; DIGEST_LEN] };
        summary.digest.copy_from_slice(sum.as_ref());
        Ok(summary)
    }

    /// Takes the spill files in order, which is the order of the keys, and closes a shard whenever the next key lies in a later one.
    fn cut(
        &mut self,
        shard_bits: u16,
        shards: &mut Shards<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<u64, BuildError> {
        let (mut open, mut shard, mut total) = (Vec::new(), 0, 0_u64);
        for spill in 0..SPILLS {
            for key in self.spill.take_sorted(spill)? {
                let home = shard_of(key, shard_bits);
                while shard < home {
                    shards.close(&mut open, progress)?;
                    shard += 1;
                }
                open.push(key);
                total += 1;
                if open.len() > MAX_SHARD_KEYS as usize {
                    return Err(BuildError::Skewed);
                }
            }
        }
        while shard < shards.all {
            shards.close(&mut open, progress)?;
            shard += 1;
        }
        Ok(total)
    }
}

/// The smallest number of shards that keeps each near [`SHARD_KEYS`].
fn shard_bits_for(keys: u64) -> u16 {
    (0..MAX_SHARD_BITS).find(|bits| keys <= SHARD_KEYS << bits).unwrap_or(MAX_SHARD_BITS)
}

fn head(shard_bits: u16, keys: u64, note: &str, rows: &[Row]) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEADER_LEN + note.len() + rows.len() * ROW_LEN);
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&VERSION.to_le_bytes());
    head.extend_from_slice(&KEY_KIND_SHA1_64.to_le_bytes());
    head.extend_from_slice(&shard_bits.to_le_bytes());
    head.extend_from_slice(&u16::try_from(note.len()).unwrap_or(0).to_le_bytes());
    head.extend_from_slice(&keys.to_le_bytes());
    head.extend_from_slice(note.as_bytes());
    for row in rows {
        head.extend_from_slice(&row.to_bytes());
    }
    head
}

/// Where the shards are written, one after the other.
struct Shards<'a> {
    rows: Vec<Row>,
    writer: BufWriter<File>,
    path: &'a Path,
    all: usize,
}

impl Shards<'_> {
    /// Writes the keys collected so far as the next shard.
    fn close(&mut self, keys: &mut Vec<u64>, progress: &mut dyn FnMut(Progress)) -> Result<(), BuildError> {
        let number = self.rows.len();
        let row = if keys.is_empty() {
            Row { seed: 0, keys: 0, segment_length: 0, segment_count_length: 0, digest: empty_digest() }
        } else {
            let filter = filter_of(keys).ok_or(BuildError::Filter(number))?;
            let mut sum = Context::new(&SHA256);
            for fingerprint in &filter.fingerprints {
                let bytes = fingerprint.to_le_bytes();
                sum.update(&bytes);
                self.writer
                    .write_all(&bytes)
                    .map_err(|source| BuildError::Write { path: self.path.to_owned(), source })?;
            }
            row_of(keys.len(), &filter, sum)
        };
        keys.clear();
        self.rows.push(row);
        progress(Progress::Written(number + 1, self.all));
        Ok(())
    }
}

/// Made-up hashes can make the filter's arithmetic overflow, which panics; here that is an answer like any other failure.
fn filter_of(keys: &[u64]) -> Option<BinaryFuse16> {
    std::panic::catch_unwind(|| BinaryFuse16::try_from(keys).ok()).ok().flatten()
}

fn row_of(keys: usize, filter: &BinaryFuse16, sum: Context) -> Row {
    let mut row = Row {
        seed: filter.descriptor.seed,
        keys: u32::try_from(keys).unwrap_or(u32::MAX),
        segment_length: filter.descriptor.segment_length,
        segment_count_length: filter.descriptor.segment_count_length,
        digest: [0; DIGEST_LEN],
    };
    row.digest.copy_from_slice(sum.finish().as_ref());
    row
}

fn empty_digest() -> [u8; DIGEST_LEN] {
    let mut bytes = [0; DIGEST_LEN];
    bytes.copy_from_slice(digest(&SHA256, b"").as_ref());
    bytes
}

fn key_of_plain(line: &[u8]) -> u64 {
    match std::str::from_utf8(line) {
        Ok(text) => key_of(text.nfc().collect::<String>().as_bytes()),
        Err(_) => key_of(line),
    }
}

/// Reads a line without its end into `line`. `Some(false)`: it was longer than a password may be and its rest was skipped. `None`: no line is left.
fn next_line(source: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    let mut whole = true;
    let mut any = false;
    loop {
        let available = match source.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            break;
        }
        any = true;
        let end = available.iter().position(|byte| *byte == b'\n');
        let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
        // One more than a password may have, for the carriage return.
        let room = (MAX_BYTES + 1).saturating_sub(line.len());
        whole &= part.len() <= room;
        line.extend(part.iter().take(room));
        let used = part.len() + usize::from(end.is_some());
        source.consume(used);
        if end.is_some() {
            break;
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(any.then_some(whole && line.len() <= MAX_BYTES))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
