//! Reading the tree over all entries: tiles, bundles, proofs, checkpoints. Nodes and entries never change, so that reading needs no lock.
//!
//! Not here: appending (`commit`) and signing (`sign`).

use std::{collections::BTreeMap, ops::Range};

use keyward_core::{
    log::{
        Hash, LogError,
        merkle::{Frontier, NodeId, consistency_nodes, consistency_proof, inclusion_nodes, inclusion_proof},
        note::Note,
        proof::TlogProof,
        tile::Tile,
    },
    time::Timestamp,
};

use super::{
    Store, StoreError,
    cases::{LoadError, Placed, parse_leaf, read_leaf},
    db::{EngineError, Row, statements, vals},
};

statements! {
    HEAD = "log/head";
    NODE = "log/node";
    NODES = "log/nodes";
    ENTRIES = "log/entries";
    LAST_CHECKPOINT = "log/last_checkpoint";
    LATEST = "log/latest";
}

/// The state of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogHead {
    /// Its right edge: size and root.
    pub tree: Frontier,
    /// When its last entry was written.
    pub at: Timestamp,
}

/// A signed checkpoint as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signed {
    /// How many entries it speaks of.
    pub size: u64,
    /// The text with its signatures.
    pub note: String,
    /// When it was signed.
    pub at: Timestamp,
}

/// Why something of the log cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadLogError {
    /// Not now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such place in the log, or what is stored there does not fit.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Size, edge and moment of the head.
pub(super) type HeadRow = (u64, Vec<u8>, Timestamp);

pub(super) fn read_head(row: &Row) -> Result<HeadRow, EngineError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

pub(super) fn head_of(row: Option<HeadRow>) -> Result<LogHead, StoreError> {
    let (size, edge, at) = row.ok_or_else(|| StoreError::Broken("it has no head".to_owned()))?;
    let tree = Frontier::from_bytes(size, &edge).map_err(|error| StoreError::Broken(error.to_string()))?;
    Ok(LogHead { tree, at })
}

impl Store {
    /// The head of the log, which may be ahead of the last signed checkpoint.
    pub async fn log_head(&self) -> Result<LogHead, StoreError> {
        head_of(self.db.first(&HEAD, &[], read_head).await?)
    }

    /// The latest moment that anything in the database was made at: whoever goes on from here is not before it.
    pub async fn latest(&self) -> Result<Option<Timestamp>, StoreError> {
        let latest: Option<Option<Timestamp>> = self.db.first(&LATEST, &[], |row| row.get(0)).await?;
        Ok(latest.flatten())
    }

    /// The newest signed checkpoint.
    pub async fn last_checkpoint(&self) -> Result<Option<Signed>, StoreError> {
        self.db.first(&LAST_CHECKPOINT, &[], read_signed).await
    }

    /// The bytes of a tile or an entry bundle. None unless the newest signed checkpoint covers it: what is served is final.
    pub async fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, ReadLogError> {
        let signed = self.last_checkpoint().await?.map_or(0, |last| last.size);
        if !tile.is_within(signed) {
            return Ok(None);
        }
        if let Some(range) = tile.entries() {
            let bodies = self.log_bodies(range).await?;
            let bodies: Vec<Vec<u8>> = bodies.into_iter().map(|(_, body)| body).collect();
            return Ok(Some(tile.encode_entries(&bodies)?));
        }
        let Some(level) = tile.node_level() else {
            return Ok(None);
        };
        let nodes = self.log_nodes(level, tile.range()).await?;
        let hashes: Vec<Hash> = nodes.into_values().collect();
        Ok(Some(tile.encode_hashes(&hashes)?))
    }

    /// The proof that entry `index` is in the tree of `size` entries.
    pub async fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>, ReadLogError> {
        let nodes = self.fetch_nodes(inclusion_nodes(size, index)?).await?;
        Ok(inclusion_proof(size, index, &nodes)?)
    }

    /// The proof that the tree of `new` entries begins with the tree of `old` entries.
    pub async fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, ReadLogError> {
        let nodes = self.fetch_nodes(consistency_nodes(old, new)?).await?;
        Ok(consistency_proof(old, new, &nodes)?)
    }

    /// The proof for one entry under the newest signed checkpoint, in the form that needs no server. None while no checkpoint covers it.
    pub async fn proof_of(&self, index: u64) -> Result<Option<TlogProof>, ReadLogError> {
        let Some(signed) = self.last_checkpoint().await? else {
            return Ok(None);
        };
        if index >= signed.size {
            return Ok(None);
        }
        let hashes = self.inclusion(index, signed.size).await?;
        let note = Note::parse(signed.note.as_bytes())?;
        Ok(Some(TlogProof::new(index, hashes, note)))
    }

    /// Entries in the order of the log, for reports and exports: those with an index in the range that exist.
    pub async fn log_entries(&self, range: Range<u64>) -> Result<Vec<Placed>, LoadError> {
        let bodies = self.log_bodies(range).await?;
        bodies.into_iter().map(parse_leaf).collect()
    }

    /// The stored bytes of entries, with their indexes.
    pub(super) async fn log_bodies(&self, range: Range<u64>) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let vals = vals![range.start, range.end];
        self.db.read(&ENTRIES, vals, read_leaf).await
    }

    /// Neighboring nodes of one level.
    pub(super) async fn log_nodes(&self, level: u8, range: Range<u64>) -> Result<BTreeMap<u64, Hash>, StoreError> {
        let vals = vals![i64::from(level), range.start, range.end];
        let read = |row: &Row| Ok((row.get(0)?, row.get(1)?));
        let nodes = self.db.read(&NODES, vals, read).await?;
        Ok(nodes.into_iter().collect())
    }

    /// Scattered nodes; missing ones are left out, which whoever computes with them reports.
    pub(super) async fn fetch_nodes(&self, ids: Vec<NodeId>) -> Result<BTreeMap<NodeId, Hash>, StoreError> {
        let mut nodes = BTreeMap::new();
        for id in ids {
            let vals = vals![i64::from(id.level), id.index];
            if let Some(hash) = self.db.first(&NODE, vals, |row| row.get(0)).await? {
                nodes.insert(id, hash);
            }
        }
        Ok(nodes)
    }
}

pub(super) fn read_signed(row: &Row) -> Result<Signed, EngineError> {
    Ok(Signed { size: row.get(0)?, note: row.get(1)?, at: row.get(2)? })
}
