//! How the tree and its entries are published: tiles of 256 hashes and bundles of 256 entries (C2SP `tlog-tiles`).
//!
//! A [`Tile`] is an address; what is behind it is fetched by [`Tile::nodes`] or [`Tile::entries`]. Every address has one spelling.
//! No pruning: there is no retention policy, so nothing ever disappears (TL-6).

use std::{fmt, ops::Range, str::FromStr};

use super::{
    HASH_BYTES, Hash, LogError, What,
    merkle::{NodeId, leaf_hash},
    unreadable,
};

/// Hashes in a full tile, entries in a full bundle.
pub const FULL_WIDTH: u16 = 256;
/// Levels of the tree that one level of tiles spans.
pub(super) const HEIGHT: u8 = 8;
/// The highest level that a path may name. No tree of less than 2^64 leaves has tiles above level 7.
const MAX_LEVEL: u8 = 63;
const TOP_LEVEL: u8 = 7;
/// The highest tile index that leaves of a 64-bit count can need.
const MAX_INDEX: u64 = u64::MAX >> HEIGHT;
/// No canonical path is longer.
const MAX_PATH_BYTES: usize = 64;
/// The longest entry: its length is written in 16 bits (TL-5).
pub const MAX_ENTRY_BYTES: usize = 65_535;

/// What a tile holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Content {
    /// The entries themselves, which belong to the leaves of level 0.
    Entries,
    /// Hashes of nodes, one level of tiles for each eight levels of the tree.
    Hashes {
        /// 0 to 63.
        level: u8,
    },
}

/// The address of a tile or an entry bundle, such as `tile/0/x001/234.p/5`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tile {
    content: Content,
    index: u64,
    // INVARIANT: 1 to 256.
    width: u16,
}

impl Tile {
    /// The address of a tile that is `width` wide: 256 if full, 1 to 255 if partial.
    pub fn new(content: Content, index: u64, width: u16) -> Result<Self, LogError> {
        let why = match content {
            Content::Hashes { level } if level > MAX_LEVEL => "there is no level above 63",
            _ if index > MAX_INDEX => "no log is large enough for that index",
            _ if width == 0 || width > FULL_WIDTH => "the width is not within 1 to 256",
            _ => {
                return Ok(Self { content, index, width });
            }
        };
        Err(unreadable(What::TilePath, why))
    }

    /// The widest tile at that place in a log of `size` entries; `None` where there is none, for no tile is empty.
    pub fn widest(content: Content, index: u64, size: u64) -> Option<Self> {
        let first = index.checked_mul(u64::from(FULL_WIDTH))?;
        let behind = available(content, size).checked_sub(first)?;
        let width = u16::try_from(behind.min(u64::from(FULL_WIDTH))).ok()?;
        Self::new(content, index, width).ok()
    }

    /// What the tile holds.
    pub const fn content(&self) -> Content {
        self.content
    }

    /// Counted from 0 within the level.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries the tile holds: 1 to 256.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// A full tile never changes and makes its partial ones superfluous.
    pub const fn is_full(&self) -> bool {
        self.width == FULL_WIDTH
    }

    /// Whether a log of `size` entries fills this tile. If so its bytes are final; if not, it must not be served.
    pub fn is_within(&self, size: u64) -> bool {
        Self::widest(self.content, self.index, size).is_some_and(|tile| tile.width >= self.width)
    }

    /// The node indexes at the tile's level (or the entries) that it spans.
    // The range cannot overflow for a tile within a log; at the very last index it stops at the end of numbers.
    pub fn range(&self) -> Range<u64> {
        let first = self.index.saturating_mul(u64::from(FULL_WIDTH));
        first..first.saturating_add(u64::from(self.width))
    }

    /// The entries in a bundle, as a range of log indexes; `None` for a tile of hashes.
    pub fn entries(&self) -> Option<Range<u64>> {
        matches!(self.content, Content::Entries).then(|| self.range())
    }

    /// The level of the tree whose nodes the tile holds; `None` for entries, and for levels that no log has.
    pub fn node_level(&self) -> Option<u8> {
        match self.content {
            Content::Hashes { level } if level <= TOP_LEVEL => Some(level * HEIGHT),
            Content::Hashes { .. } | Content::Entries => None,
        }
    }

    /// The nodes whose hashes are the tile, left to right. None for entries, and none for levels that no log has.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        let range = self.range();
        self.node_level().into_iter().flat_map(move |level| range.clone().map(move |index| NodeId { level, index }))
    }

    /// The bytes of a tile of hashes; refused unless there are as many as the tile is wide.
    pub fn encode_hashes(&self, hashes: &[Hash]) -> Result<Vec<u8>, LogError> {
        self.check_count(What::Tile, hashes.len())?;
        Ok(hashes.iter().flat_map(Hash::as_bytes).copied().collect())
    }

    /// The hashes in the bytes of this tile, left to right.
    pub fn decode_hashes(&self, bytes: &[u8]) -> Result<Vec<Hash>, LogError> {
        let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
        if !rest.is_empty() {
            return Err(unreadable(What::Tile, "it ends within a hash"));
        }
        self.check_count(What::Tile, hashes.len())?;
        Ok(hashes.iter().copied().map(Hash::from).collect())
    }

    /// The bytes of an entry bundle; refused unless there are as many entries as the bundle is wide.
    pub fn encode_entries<E: AsRef<[u8]>>(&self, entries: &[E]) -> Result<Vec<u8>, LogError> {
        self.check_count(What::EntryBundle, entries.len())?;
        let mut bundle = Vec::new();
        for entry in entries {
            let entry = entry.as_ref();
            bundle.extend(entry_length(entry)?.to_be_bytes());
            bundle.extend(entry);
        }
        Ok(bundle)
    }

    /// The entries in the bytes of this bundle, in the order of the log.
    pub fn decode_entries<'b>(&self, bundle: &'b [u8]) -> Result<Vec<&'b [u8]>, LogError> {
        let mut entries = Vec::new();
        let mut rest = bundle;
        while !rest.is_empty() {
            let cut = || unreadable(What::EntryBundle, "it ends within an entry");
            let (length, behind) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
            let length = usize::from(u16::from_be_bytes(*length));
            let (entry, behind) = behind.split_at_checked(length).ok_or_else(cut)?;
            entries.push(entry);
            rest = behind;
        }
        self.check_count(What::EntryBundle, entries.len())?;
        Ok(entries)
    }

    /// Also refuses to read entries as hashes and hashes as entries.
    fn check_count(&self, what: What, count: usize) -> Result<(), LogError> {
        let is_bundle = matches!(self.content, Content::Entries);
        if is_bundle != (what == What::EntryBundle) {
            return Err(unreadable(what, "the address is of the other kind"));
        }
        if count == usize::from(self.width) {
            Ok(())
        } else {
            Err(unreadable(what, "its length does not fit the width"))
        }
    }
}

/// The hash of an entry of the log as a leaf; refused if the entry is too long to be published (TL-5).
///
/// To be asked before anything is committed: a leaf whose entry fits no bundle would break the log for ever.
pub fn entry_hash(entry: &[u8]) -> Result<Hash, LogError> {
    entry_length(entry).map(|_| leaf_hash(entry))
}

/// The tiles of hashes that a log which grew from `old` to `new` entries has to publish: level by level, left to right.
///
/// From 0, these are all the tiles of the log. Entry bundles are the same as the tiles of level 0.
pub fn new_tiles(old: u64, new: u64) -> impl Iterator<Item = Tile> {
    (0..=TOP_LEVEL)
        .map(|level| Content::Hashes { level })
        .filter(move |content| available(*content, old) < available(*content, new))
        .flat_map(move |content| {
            let first = available(content, old) >> HEIGHT;
            (first..).map_while(move |index| Tile::widest(content, index, new))
        })
}

/// How many hashes of one tile level (or entries) a log of that size has.
fn available(content: Content, size: u64) -> u64 {
    match content {
        Content::Entries => size,
        Content::Hashes { level } => size.checked_shr(u32::from(level) * u32::from(HEIGHT)).unwrap_or(0),
    }
}

fn entry_length(entry: &[u8]) -> Result<u16, LogError> {
    let bytes = entry.len();
    u16::try_from(bytes).map_err(|_| LogError::EntryTooLong { bytes })
}

impl fmt::Display for Tile {
    /// `tile/<level>/<index>[.p/<width>]`, or `entries` for the level; the index in groups of three digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content {
            Content::Entries => f.write_str("tile/entries/")?,
            Content::Hashes { level } => write!(f, "tile/{level}/")?,
        }
        let groups = self.index.checked_ilog10().unwrap_or(0) / 3;
        for group in (1..=groups).rev() {
            write!(f, "x{:03}/", self.index / 1000u64.pow(group) % 1000)?;
        }
        write!(f, "{:03}", self.index % 1000)?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

impl FromStr for Tile {
    type Err = LogError;
    /// Reads generously and then accepts only what would be written again in just the same way.
    fn from_str(path: &str) -> Result<Self, LogError> {
        let refuse = || unreadable(What::TilePath, "it is not of the form tile/0/x001/234.p/5");
        if path.len() > MAX_PATH_BYTES {
            return Err(refuse());
        }
        let rest = path.strip_prefix("tile/").ok_or_else(refuse)?;
        let (level, rest) = rest.split_once('/').ok_or_else(refuse)?;
        let content = match level {
            "entries" => Content::Entries,
            digits => Content::Hashes { level: digits.parse().map_err(|_| refuse())? },
        };
        let (groups, width) = match rest.split_once(".p/") {
            // A partial tile is never as wide as a full one; 0 is refused below.
            Some((groups, digits)) => (groups, digits.parse::<u8>().map_err(|_| refuse())?.into()),
            None => (rest, FULL_WIDTH),
        };
        let mut index = 0u64;
        for group in groups.split('/') {
            let group = group.strip_prefix('x').unwrap_or(group);
            let digits: u16 = group.parse().map_err(|_| refuse())?;
            index =
                index.checked_mul(1000).and_then(|index| index.checked_add(u64::from(digits))).ok_or_else(refuse)?;
        }
        let tile = Self::new(content, index, width)?;
        if tile.to_string() == path { Ok(tile) } else { Err(refuse()) }
    }
}
