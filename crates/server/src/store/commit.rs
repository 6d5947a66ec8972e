//! Many changes, one transaction, one new head of the log. The only way by which an entry is written, and the only [`Ledger`].
//!
//! A task of its own takes whatever waits, writes each change inside a savepoint, moves the head by compare-and-swap and commits;
//! only then anybody gets an answer. A caller that goes away changes nothing. On PostgreSQL the head's row is locked first, so that
//! processes queue there instead of undoing each other's work.

use std::{sync::Arc, time::Duration};

use keyward_core::{
    event::{Entry, Event},
    ids::CaseId,
    ledger::{Durable, Ledger},
    log::merkle::{Frontier, Node},
    steps::reissue::Started,
    time::Timestamp,
};
use tokio::sync::{mpsc, oneshot};

use super::{
    Store, StoreError, Tx,
    change::{Aside, Change, GuardKind, Prepared, put_all},
    db::{Db, statements, vals},
    value::Val,
};
use crate::ctx::Ctx;

statements! {
    SAVEPOINT = "engine/savepoint";
    RELEASE = "engine/release";
    ROLLBACK_TO = "engine/rollback_to";
    LOCK_HEAD = "log/lock_head.sqlite", postgres = "log/lock_head.postgres";
    MOVE_HEAD = "log/move_head";
    PUT_NODE = "log/put_node";
    PUT_NODES = "log/put_nodes";
    BATCH_AT = "log/batch_at";
}

/// How many changes share a transaction at most.
const MAX_GROUP: usize = 64;
/// How many changes wait at most; more callers wait for a place.
pub(super) const MAX_WAITING: usize = 1024;
/// How often something that passes is tried again, and how long is waited in between.
const MAX_TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);
/// How often the database is asked what became of a commit, half a second apart.
const MAX_LOOKS: u32 = 20;
const LOOK_PAUSE: Duration = Duration::from_millis(500);

/// Why nothing was changed. Except for [`CommitError::Unknown`], it is certain that nothing was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// Somebody was faster: load the case and decide again. For a new case: id or reference are taken, choose others.
    #[error("the case has moved on")]
    Conflict,
    /// A condition did not hold.
    #[error("a condition of the change does not hold: {0:?}")]
    Guard(GuardKind),
    /// A mistake of the caller; the change is not one that could be replayed.
    #[error("the change has {0}")]
    Misfit(&'static str),
    /// Not now.
    #[error("the change could not be written")]
    Store(#[source] Arc<StoreError>),
    /// The database went away while it committed and did not come back in time: neither a yes nor a no may be said.
    #[error("nobody can tell yet whether the change was written")]
    Unknown(#[source] Arc<StoreError>),
    /// The server is going down.
    #[error("the store is closed")]
    Closed,
}

impl From<StoreError> for CommitError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

/// What was committed.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The case.
    pub case: CaseId,
    /// The entries, as they are in the log from [`Durable::leaf`] on.
    pub entries: Vec<Entry>,
}

impl Committed {
    /// The start of an attempt among the entries: what a permit is made from, once it is durable.
    pub fn started(&self) -> Option<Started> {
        self.entries.iter().find_map(|entry| match entry.event {
            Event::Started(started) => Some(started),
            _ => None,
        })
    }
}

/// Says that a commit has returned. INVARIANT: made nowhere but behind [`Tx::commit`] or behind having looked.
struct Returned(());

impl Ledger for Returned {}

type Answer = Result<Durable<Committed>, CommitError>;

/// A change on its way to the writer.
pub(super) struct Waiting {
    change: Prepared,
    answer: oneshot::Sender<Answer>,
}

impl Store {
    /// Commits one change of one case. When this returns `Ok`, the entries are on disk, in the tree, and everything else of the
    /// change is true; on any other answer nothing of it is, except that [`CommitError::Unknown`] does not know.
    pub async fn commit(&self, change: Change) -> Answer {
        let change = Prepared::new(change)?;
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { change, answer };
        let sent = self.writer.send(waiting).await;
        sent.map_err(|_| CommitError::Closed)?;
        answered.await.map_err(|_| CommitError::Closed)?
    }

    /// Commits what belongs to no case: guards, writes and jobs, all or nothing. It leaves no entry in the log.
    pub async fn aside(&self, aside: Aside) -> Result<(), CommitError> {
        for tries in 1.. {
            let error = match self.aside_once(&aside).await {
                Err(CommitError::Store(error)) => error,
                other => return other,
            };
            if matches!(*error, StoreError::Commit(_)) {
                return Err(CommitError::Unknown(error));
            }
            if tries >= self.db.tries(MAX_TRIES) || !error.is_passing() {
                return Err(CommitError::Store(error));
            }
            tokio::time::sleep(PAUSE * tries).await;
        }
        Err(CommitError::Closed)
    }

    async fn aside_once(&self, aside: &Aside) -> Result<(), CommitError> {
        let mut tx = self.db.begin().await?;
        match aside.apply(&mut tx, None).await {
            Ok(()) => Ok(tx.commit().await?),
            Err(error) => {
                tx.rollback().await?;
                Err(error)
            }
        }
    }
}

/// The writer: ends when nobody can send any more.
pub(super) async fn write(db: Db, ctx: Ctx, mut inbox: mpsc::Receiver<Waiting>) {
    let mut group = Vec::new();
    while inbox.recv_many(&mut group, MAX_GROUP).await > 0 {
        let outcomes = write_group(&db, &ctx, &group).await;
        for (waiting, outcome) in group.drain(..).zip(outcomes) {
            // Whoever asked may have gone away; the log does not mind.
            drop(waiting.answer.send(outcome));
        }
    }
}

/// The head of the log, locked in this transaction.
pub(super) struct Head {
    pub(super) tree: Frontier,
    at: Timestamp,
}

/// One transaction over a group, up to and without its commit.
struct Round {
    /// For each change the leaf of its first entry, or why it is not in.
    placed: Vec<Result<u64, CommitError>>,
    /// The first leaf of the round, if it has any.
    first: Option<u64>,
}

async fn write_group(db: &Db, ctx: &Ctx, group: &[Waiting]) -> Vec<Answer> {
    let mut tries = 1;
    loop {
        let batch: [u8; 16] = ctx.bytes();
        let error = match write_round(db, group, &batch).await {
            Ok(round) => return answers(group, round, &Returned(())),
            Err((StoreError::Commit(error), Some(round))) => match was_committed(db, &round, &batch).await {
                Ok(true) => return answers(group, round, &Returned(())),
                Ok(false) => StoreError::NotCommitted(error),
                Err(_) => {
                    let error = Arc::new(StoreError::Commit(error));
                    let unknown = |_| Err(CommitError::Unknown(Arc::clone(&error)));
                    return group.iter().map(unknown).collect();
                }
            },
            Err((error, _)) => error,
        };
        if group.len() > 1 && !error.is_passing() {
            // One of them is at fault; alone, it fails alone.
            let mut alone = Vec::with_capacity(group.len());
            for one in group.chunks(1) {
                alone.extend(Box::pin(write_group(db, ctx, one)).await);
            }
            return alone;
        }
        if tries >= db.tries(MAX_TRIES) || !error.is_passing() {
            tracing::error!(%error, changes = group.len(), "a commit failed");
            let error = Arc::new(error);
            let failed = |_| Err(CommitError::Store(Arc::clone(&error)));
            return group.iter().map(failed).collect();
        }
        tokio::time::sleep(PAUSE * tries).await;
        tries += 1;
    }
}

fn answers(group: &[Waiting], round: Round, returned: &Returned) -> Vec<Answer> {
    let seal = |(waiting, placed): (&Waiting, Result<u64, CommitError>)| {
        let change = &waiting.change.change;
        let committed = Committed { case: change.case, entries: change.entries.clone() };
        placed.map(|leaf| Durable::seal(committed, leaf, returned))
    };
    group.iter().zip(round.placed).map(seal).collect()
}

/// Writes and commits a group. An error without a round is from before the commit: nothing was written.
async fn write_round(db: &Db, group: &[Waiting], batch: &[u8]) -> Result<Round, (StoreError, Option<Round>)> {
    let before = |error| (error, None);
    let mut tx = db.begin().await.map_err(before)?;
    let round = fill_round(&mut tx, group, batch).await.map_err(before)?;
    if round.first.is_none() {
        // Nobody's conditions held. There is nothing to make durable.
        tx.rollback().await.map_err(before)?;
        return Ok(round);
    }
    match tx.commit().await {
        Ok(()) => Ok(round),
        Err(error) => Err((error, Some(round))),
    }
}

async fn fill_round(tx: &mut Tx, group: &[Waiting], batch: &[u8]) -> Result<Round, StoreError> {
    let head = lock_head(tx).await?;
    let (mut tree, mut at) = (head.tree.clone(), head.at);
    let (mut nodes, mut taken) = (Vec::new(), Vec::new());
    let mut placed = Vec::with_capacity(group.len());
    for Waiting { change, .. } in group {
        // One alone needs no savepoint: if it fails, nothing is left of the transaction anyway.
        let is_saved = group.len() > 1 && change.needs_savepoint();
        if is_saved {
            tx.write(&SAVEPOINT, &[]).await?;
        }
        match change.apply(tx).await {
            Ok(()) => {
                let first = tree.size();
                placed.push(Ok(first));
                taken.push((first, change));
                nodes.extend(tree.extend(change.leaves()));
                at = at.max(change.change.row.last);
            }
            // A lost connection or a deadlock ends the transaction of all, and so does what cannot be taken back.
            Err(CommitError::Store(error)) if !is_saved || error.is_passing() => {
                return Err(Arc::into_inner(error).unwrap_or(StoreError::Lost));
            }
            Err(error) => {
                if is_saved {
                    tx.write(&ROLLBACK_TO, &[]).await?;
                }
                placed.push(Err(error));
            }
        }
        if is_saved {
            tx.write(&RELEASE, &[]).await?;
        }
    }
    let first = head.tree.size();
    if tree.size() == first {
        let first = None;
        return Ok(Round { placed, first });
    }
    put_all(tx, &taken, batch).await?;
    put_nodes(tx, &nodes).await?;
    let moved = vals![tree.size(), tree.to_bytes(), at, first, head.tree.to_bytes()];
    if tx.write(&MOVE_HEAD, moved).await? != 1 {
        return Err(StoreError::Broken("its head moved while it was locked".to_owned()));
    }
    let first = Some(first);
    Ok(Round { placed, first })
}

pub(super) async fn lock_head(tx: &mut Tx) -> Result<Head, StoreError> {
    let head = tx.read(&LOCK_HEAD, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).await?;
    let (size, edge, at): (u64, Vec<u8>, Timestamp) =
        head.into_iter().next().ok_or_else(|| StoreError::Broken("it has no head".to_owned()))?;
    let tree = Frontier::from_bytes(size, &edge).map_err(|e| StoreError::Broken(e.to_string()))?;
    Ok(Head { tree, at })
}

pub(super) async fn put_nodes(tx: &mut Tx, nodes: &[Node]) -> Result<(), StoreError> {
    let row = |node: &Node| {
        let (level, index) = (i64::from(node.id.level), node.id.index);
        [Val::from(level), Val::from(index), Val::from(node.hash)]
    };
    let rows: Vec<_> = nodes.iter().map(row).collect();
    tx.write_rows((&PUT_NODE, &PUT_NODES), &rows).await
}

/// After a commit that gave an error: is it there? The lock on the head makes the answer final, because the transaction in question
/// holds that lock for as long as it could still succeed.
async fn was_committed(db: &Db, round: &Round, batch: &[u8]) -> Result<bool, StoreError> {
    let mut looks = 1;
    loop {
        match look(db, round, batch).await {
            Err(_) if looks < MAX_LOOKS => tokio::time::sleep(LOOK_PAUSE).await,
            other => return other,
        }
        looks += 1;
    }
}

async fn look(db: &Db, round: &Round, batch: &[u8]) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    lock_head(&mut tx).await?;
    let found: Vec<Vec<u8>> = tx.read(&BATCH_AT, vals![round.first], |row| row.get(0)).await?;
    tx.rollback().await?;
    Ok(found.first().is_some_and(|found| found == batch))
}
