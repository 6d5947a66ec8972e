//! The check of a whole log as it is published: every entry, every tile, and that they lead to the signed checkpoint (R17).
//!
//! It goes from left to right and holds one tile of each level at most, so a log of any size fits. Not here: where the tiles come from,
//! who signed the checkpoint ([`Checkpoint::open`] asks that), and what an entry means.

use std::collections::BTreeMap;

use super::{
    HASH_BYTES, Hash, LogError,
    checkpoint::Checkpoint,
    merkle::{Frontier, leaf_hash},
    tile::{Content, FULL_WIDTH, HEIGHT, Tile},
};

/// Why a published log is not the one that was signed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Fault {
    /// A tile that the checkpoint covers is not there.
    #[error("`{0}` is missing")]
    Missing(Tile),
    /// The first entry that does not fit its hash in the tile over it: one of the two was changed, put in, taken out or moved.
    #[error("entry {0} does not fit its hash in the tile")]
    Entry(u64),
    /// A hash of a higher tile is not the one over the tile below.
    #[error("`{tile}` does not fit the tile below it, from entry {first} on")]
    Node {
        /// Which tile.
        tile: Tile,
        /// The first entry below the first hash that differs.
        first: u64,
    },
    /// Entries and tiles fit each other, and are another log than the checkpoint's.
    #[error("entries and tiles fit each other and are not the log of {0} entries that was signed")]
    Root(u64),
    /// A checkpoint from before has more entries than this one.
    #[error("the log has {found} entries and was signed with {signed} before: it was set back")]
    SetBack {
        /// Entries now.
        found: u64,
        /// Entries then.
        signed: u64,
    },
    /// A checkpoint from before is of another history.
    #[error("the first {0} entries are not those that were signed before: this is another history of the log")]
    Forked(u64),
    /// Two checkpoints do not belong together at all.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Fault {
    /// The index of the first entry that is wrong, where one can be named.
    pub const fn first(&self) -> Option<u64> {
        match self {
            Self::Entry(first) | Self::Node { first, .. } => Some(*first),
            _ => None,
        }
    }
}

/// Checks a log against its signed checkpoint, and against those that somebody kept from before. `read` gives the bytes of a tile, or
/// `None` where there is none; its errors are handed on.
pub fn audit<E: From<Fault>>(
    signed: &Checkpoint,
    kept: &[Checkpoint],
    mut read: impl FnMut(Tile) -> Result<Option<Vec<u8>>, E>,
) -> Result<(), E> {
    let mut walk = Walk { size: signed.size(), tree: Frontier::empty(), levels: BTreeMap::new() };
    let mut marks = BTreeMap::new();
    for earlier in kept {
        walk.marks_of(signed, earlier)?;
        marks.entry(earlier.size()).or_insert_with(Vec::new).push(earlier.root());
    }
    let mut there = |tile: Tile| -> Result<Vec<u8>, E> { read(tile)?.ok_or_else(|| Fault::Missing(tile).into()) };
    for index in 0.. {
        let Some(bundle) = Tile::widest(Content::Entries, index, walk.size) else { break };
        let hashes = Tile::new(Content::Hashes { level: 0 }, index, bundle.width()).map_err(Fault::Log)?;
        let first = bundle.range().start;
        let leaves = fitting(&there(bundle)?, &there(hashes)?, bundle.width());
        for leaf in leaves.map_err(|at| Fault::Entry(first.saturating_add(at)))? {
            walk.take(leaf, &mut there)?;
            let roots = marks.remove(&walk.tree.size()).unwrap_or_default();
            if roots.iter().any(|root| *root != walk.tree.root()) {
                return Err(Fault::Forked(walk.tree.size()).into());
            }
        }
    }
    walk.end(signed.root(), &mut there)
}

/// The hashes of `width` entries, if bundle and tile hold just these; else the place of the first at which they part.
/// Both may be looked at from the same place on: what is in front does not matter for what is behind.
pub fn fitting(bundle: &[u8], tile: &[u8], width: u16) -> Result<Vec<Hash>, u64> {
    let (mut entries, mut hashes) = (bundle, tile);
    let mut leaves = Vec::new();
    for at in 0..u64::from(width) {
        let (leaf, behind) = first_entry(entries).ok_or(at)?;
        let (hash, left) = hashes.split_first_chunk::<HASH_BYTES>().ok_or(at)?;
        if leaf.as_bytes() != hash {
            return Err(at);
        }
        leaves.push(leaf);
        (entries, hashes) = (behind, left);
    }
    if entries.is_empty() && hashes.is_empty() { Ok(leaves) } else { Err(width.into()) }
}

/// The hash of the entry that a bundle begins with, and what is behind it.
fn first_entry(bundle: &[u8]) -> Option<(Hash, &[u8])> {
    let (length, behind) = bundle.split_first_chunk::<2>()?;
    let (entry, behind) = behind.split_at_checked(u16::from_be_bytes(*length).into())?;
    Some((leaf_hash(entry), behind))
}

/// The place of the first hash at which a tile is not what it has to be.
pub fn first_other(tile: &[u8], expected: &[Hash]) -> Option<u64> {
    let mut rest = tile;
    for (at, hash) in (0..).zip(expected) {
        match rest.split_first_chunk::<HASH_BYTES>() {
            Some((found, behind)) if found == hash.as_bytes() => rest = behind,
            _ => return Some(at),
        }
    }
    (!rest.is_empty()).then(|| u64::try_from(expected.len()).unwrap_or(u64::MAX))
}

struct Walk {
    size: u64,
    tree: Frontier,
    /// For each level of tiles above the lowest: how many tiles are done, and the hashes of the one that is not.
    levels: BTreeMap<u8, (u64, Vec<Hash>)>,
}

impl Walk {
    /// Whether a checkpoint from before can be one of this log.
    fn marks_of(&self, signed: &Checkpoint, earlier: &Checkpoint) -> Result<(), Fault> {
        if earlier.origin() != signed.origin() {
            let (expected, found) = (signed.origin().to_owned(), earlier.origin().to_owned());
            return Err(LogError::OtherLog { expected, found }.into());
        }
        if earlier.size() > self.size {
            return Err(Fault::SetBack { found: self.size, signed: earlier.size() });
        }
        Ok(())
    }

    fn take<E: From<Fault>>(
        &mut self,
        leaf: Hash,
        there: &mut impl FnMut(Tile) -> Result<Vec<u8>, E>,
    ) -> Result<(), E> {
        for node in self.tree.push(leaf) {
            let level = node.id.level / HEIGHT;
            if level == 0 || !node.id.level.is_multiple_of(HEIGHT) {
                continue;
            }
            let (_, hashes) = self.levels.entry(level).or_default();
            hashes.push(node.hash);
            if hashes.len() == usize::from(FULL_WIDTH) {
                self.close(level, there)?;
            }
        }
        Ok(())
    }

    /// Compares the tile of a level that has just been filled, or that the log ends in.
    fn close<E: From<Fault>>(
        &mut self,
        level: u8,
        there: &mut impl FnMut(Tile) -> Result<Vec<u8>, E>,
    ) -> Result<(), E> {
        let (done, hashes) = self.levels.entry(level).or_default();
        let Some(tile) = Tile::widest(Content::Hashes { level }, *done, self.size) else { return Ok(()) };
        if let Some(at) = first_other(&there(tile)?, hashes) {
            let first = tile.range().start.saturating_add(at) << (u32::from(level) * u32::from(HEIGHT));
            return Err(Fault::Node { tile, first }.into());
        }
        *done += 1;
        hashes.clear();
        Ok(())
    }

    fn end<E: From<Fault>>(mut self, root: Hash, there: &mut impl FnMut(Tile) -> Result<Vec<u8>, E>) -> Result<(), E> {
        let open: Vec<u8> = self.levels.iter().filter(|(_, (_, h))| !h.is_empty()).map(|(level, _)| *level).collect();
        for level in open {
            self.close(level, there)?;
        }
        if self.tree.root() == root { Ok(()) } else { Err(Fault::Root(self.size).into()) }
    }
}
