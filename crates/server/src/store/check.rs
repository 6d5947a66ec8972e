//! Reading the stored log again: every row against the bytes it stands for, every node against what is below it (T-I01, R18).
//!
//! Whoever signs asks for what came since the last checkpoint; the worker goes round all of it, a piece at a time ([`Round`]). Nothing is
//! repaired here: `rebuild` makes nodes anew, and an entry that was changed comes back from a backup or not at all.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
};

use keyward_core::{
    event::Entry,
    log::{
        Hash,
        checkpoint::Checkpoint,
        merkle::{Frontier, Node, edge_nodes},
        note::Verifier,
        tile::entry_hash,
    },
    time::Timestamp,
};

use super::{
    Store, StoreError,
    db::{EngineError, Row, statements, vals},
    log::Signed,
    sign::SignError,
};

statements! {
    ROWS = "log/rows";
    BEYOND = "log/beyond";
    CHECKPOINTS = "log/checkpoints";
}

/// How many entries are read at once.
const CHUNK: u64 = 512;
/// In how many pieces the worker goes round the log. With one a second it has been everywhere within five minutes.
const PIECES: u64 = 240;
/// A short log is not cut into shorter pieces.
const PIECE: u64 = 64;

/// A row of `entries`: the bytes of an entry, and the columns by which it is found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntryRow {
    /// Its index among all leaves.
    pub leaf: u64,
    /// The case by which it is loaded.
    pub case: String,
    /// Its number in the case.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The bytes that are hashed.
    pub body: Vec<u8>,
}

impl EntryRow {
    /// Whether the row is that of leaf `leaf`, whose hash in the tree is `hash`, and is found by what its entry says.
    // The hash first: what does not have it is not read.
    pub fn is(&self, leaf: u64, hash: Option<Hash>) -> bool {
        let fits = self.leaf == leaf && entry_hash(&self.body).ok() == hash && hash.is_some();
        fits && Entry::parse(&self.body).is_ok_and(|entry| {
            entry.case.to_string() == self.case && u64::from(entry.seq) == self.seq && entry.at == self.at
        })
    }
}

pub(super) fn read_row(row: &Row<'_>) -> Result<EntryRow, EngineError> {
    Ok(EntryRow { leaf: row.get(0)?, case: row.get(1)?, seq: row.get(2)?, at: row.get(3)?, body: row.get(4)? })
}

/// How far the worker has gone round the log. It begins at the front with each process.
#[derive(Debug, Default)]
pub struct Round(AtomicU64);

impl Store {
    /// Reads entries `from` to just before `to` again and compares them and the nodes over them with the tree. The tree at `to`.
    /// Going round the log in pieces finds what changed under an old checkpoint (T-I01).
    pub async fn check_entries(&self, from: u64, to: u64) -> Result<Frontier, SignError> {
        let edge = self.fetch_nodes(edge_nodes(from)).await?;
        let mut tree = Frontier::from_nodes(from, &edge).map_err(SignError::Other)?;
        while tree.size() < to {
            let range = tree.size()..to.min(tree.size().saturating_add(CHUNK));
            let rows = self.entry_rows(range.clone()).await?;
            let leaves = self.log_nodes(0, range.clone()).await?;
            let mut nodes = Vec::new();
            for leaf in range.clone() {
                let hash = leaves.get(&leaf).copied();
                // The rows come in order, so that the place of each is known as long as all before it were there.
                let place = usize::try_from(leaf - range.start).unwrap_or(usize::MAX);
                match (rows.get(place), hash) {
                    (Some(row), Some(known)) if row.is(leaf, hash) => nodes.extend(tree.push(known)),
                    _ => return Err(SignError::Changed { leaf }),
                }
            }
            self.compare_nodes(&nodes).await?;
        }
        Ok(tree)
    }

    /// The next piece of the log, and after the last the first again. How long it is says its head, which each signature looks at: whoever takes the
    /// stored checkpoints away does not keep anybody from reading on.
    pub async fn check_next(&self, round: &Round) -> Result<(), SignError> {
        let size = self.log_head().await?.tree.size();
        let from = round.0.load(Ordering::Relaxed);
        let to = size.min(from.saturating_add(PIECE.max(size / PIECES)));
        if from < to {
            self.check_entries(from, to).await?;
        }
        round.0.store(if to >= size { 0 } else { to }, Ordering::Relaxed);
        Ok(())
    }

    /// Every checkpoint that was ever published, against the tree as it is stored. For who has time; signing looks at the last.
    pub async fn check_checkpoints(&self, verifier: &Verifier) -> Result<u64, SignError> {
        let all = self.db.read(&CHECKPOINTS, &[], super::log::read_signed).await?;
        for signed in &all {
            let checkpoint = open(signed, verifier)?;
            let edge = self.fetch_nodes(edge_nodes(checkpoint.size())).await?;
            let tree = Frontier::from_nodes(checkpoint.size(), &edge).map_err(SignError::Other)?;
            if tree.root() != checkpoint.root() {
                return Err(SignError::Forked { signed: checkpoint.size() });
            }
        }
        Ok(u64::try_from(all.len()).unwrap_or(u64::MAX))
    }

    /// The rows of these entries, as far as they are there.
    pub async fn entry_rows(&self, range: Range<u64>) -> Result<Vec<EntryRow>, StoreError> {
        self.db.read(&ROWS, vals![range.start, range.end], read_row).await
    }

    /// An entry behind the head: one that no commit has put into the tree. A case would be loaded with it.
    pub(super) async fn beyond_head(&self) -> Result<Option<u64>, StoreError> {
        self.db.first(&BEYOND, &[], |row| row.get(0)).await
    }

    async fn compare_nodes(&self, expected: &[Node]) -> Result<(), SignError> {
        let mut levels: BTreeMap<u8, Vec<&Node>> = BTreeMap::new();
        for node in expected {
            levels.entry(node.id.level).or_default().push(node);
        }
        for (level, nodes) in levels {
            let first = nodes.first().map_or(0, |node| node.id.index);
            let behind = nodes.last().map_or(0, |node| node.id.index + 1);
            let stored = self.log_nodes(level, first..behind).await?;
            for node in nodes {
                if stored.get(&node.id.index) != Some(&node.hash) {
                    let behind = node.id.index.saturating_add(1) << level;
                    return Err(SignError::Changed { leaf: behind.saturating_sub(1) });
                }
            }
        }
        Ok(())
    }
}

/// Reads a stored checkpoint; its row has to be that of its text.
pub(super) fn open(signed: &Signed, verifier: &Verifier) -> Result<Checkpoint, SignError> {
    let keys = std::slice::from_ref(verifier);
    let checkpoint = Checkpoint::open(signed.note.as_bytes(), keys).map_err(SignError::Other)?;
    if checkpoint.size() == signed.size { Ok(checkpoint) } else { Err(SignError::Misplaced { row: signed.size }) }
}
