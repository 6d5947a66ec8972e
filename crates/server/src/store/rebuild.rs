//! Drops everything that is not truth and makes it again from the entries: the list of cases and the nodes of the tree.
//!
//! First the entries must lead to the stored head of the log. If they do not, nothing is touched: that is no case for repair.

use keyward_core::{
    case::{Case, Corrupt},
    event::Entry,
    ids::CaseId,
    log::{merkle::Frontier, tile::entry_hash},
};

use super::{
    Store, StoreError, Tx,
    cases::{CaseRow, LoadError, parse_leaf, read_leaf},
    check::read_row,
    commit::{lock_head, put_nodes},
    db::{statements, vals},
};

statements! {
    ROWS = "log/rows";
    NEXT_ENTRIES = "cases/next_entries";
    CLEAR_CASES = "cases/clear";
    CLEAR_NODES = "log/clear_nodes";
}

/// How many entries are read at once.
const CHUNK: u64 = 512;

/// Why nothing was rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The database, an entry or a case.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The entries are not those that the head of the log speaks of, or a row is found by something else than its entry says.
    #[error("the entries, or what their rows say of them, do not lead to the stored head of the log")]
    Head,
    /// Two cases have one reference.
    #[error("{0} has the reference of another case")]
    Twice(CaseId),
}

impl From<StoreError> for RebuildError {
    fn from(error: StoreError) -> Self {
        Self::Load(LoadError::Store(error))
    }
}
impl From<Corrupt> for RebuildError {
    fn from(error: Corrupt) -> Self {
        Self::Load(LoadError::Corrupt(error))
    }
}

/// What was rebuilt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rebuilt {
    /// Entries that were read.
    pub entries: u64,
    /// Cases in the list.
    pub cases: u64,
}

impl Store {
    /// Rebuilds the list of cases and the nodes of the tree, in one transaction. Commits wait meanwhile.
    pub async fn rebuild(&self) -> Result<Rebuilt, RebuildError> {
        let mut tx = self.db.begin().await?;
        let head = lock_head(&mut tx).await?;
        tx.write(&CLEAR_NODES, &[]).await?;
        let mut tree = Frontier::empty();
        loop {
            let vals = vals![tree.size(), tree.size().saturating_add(CHUNK)];
            let rows = tx.read(&ROWS, vals, read_row).await?;
            if rows.is_empty() {
                break;
            }
            let mut nodes = Vec::new();
            for row in rows {
                let hash = entry_hash(&row.body).map_err(|_| RebuildError::Head)?;
                // Cases are put together by what the rows say beside their entries.
                if !row.is(tree.size(), Some(hash)) {
                    return Err(RebuildError::Head);
                }
                nodes.extend(tree.push(hash));
            }
            put_nodes(&mut tx, &nodes).await?;
        }
        if tree != head.tree {
            // Dropping the transaction takes everything back.
            return Err(RebuildError::Head);
        }
        let cases = rebuild_cases(&mut tx).await?;
        tx.commit().await?;
        Ok(Rebuilt { entries: tree.size(), cases })
    }
}

async fn rebuild_cases(tx: &mut Tx) -> Result<u64, RebuildError> {
    tx.write(&CLEAR_CASES, &[]).await?;
    let mut cases = 0;
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let (case, seq) = entries.last().map_or((String::new(), 0), |e| (e.case.to_string(), e.seq));
        let vals = vals![case, seq, CHUNK];
        let read = tx.read(&NEXT_ENTRIES, vals, read_leaf).await?;
        let is_end = read.is_empty();
        for leaf in read {
            let entry = parse_leaf(leaf)?.entry;
            if entries.last().is_some_and(|last| last.case != entry.case) {
                cases += put_case(tx, &entries).await?;
                entries.clear();
            }
            entries.push(entry);
        }
        if is_end {
            return Ok(cases + put_case(tx, &entries).await?);
        }
    }
}

/// The line of a case from all its entries.
async fn put_case(tx: &mut Tx, entries: &[Entry]) -> Result<u64, RebuildError> {
    let Some(case) = Case::replay(entries)? else {
        return Ok(0);
    };
    if CaseRow::after(&case, entries).put(tx, 0).await? { Ok(1) } else { Err(RebuildError::Twice(case.id())) }
}
