//! Many changes, one transaction, one new head of the log. The only way by which an entry is written, and the only [`Ledger`].
//!
//! A writer takes whatever waits, writes each part inside a savepoint, moves the head by compare-and-swap and commits; only then anybody gets
//! an answer. A caller that goes away changes nothing. On SQLite it is a thread, because there a commit waits for the disk where it is asked
//! for, and what belongs to no case comes along ([`together`](super::together)). On PostgreSQL the head's row is locked first, so that processes
//! queue there instead of undoing each other's work.

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
    change::{Aside, Change, Prepared, put_all},
    db::{Db, Engine, statements, vals},
    guard::GuardKind,
    log::{LogHead, head_of, read_head},
    together::{MAX_TRIES, PAUSE, Waiting, What},
    value::Val,
};
use crate::{causes, ctx::Ctx};

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

pub(super) type Answer = Result<Durable<Committed>, CommitError>;

impl Store {
    /// Commits one change of one case. When this returns `Ok`, the entries are on disk, in the tree, and everything else of the
    /// change is true; on any other answer nothing of it is, except that [`CommitError::Unknown`] does not know.
    pub async fn commit(&self, change: Change) -> Answer {
        let change = Box::new(Prepared::new(change)?);
        let (answer, answered) = oneshot::channel();
        self.wait_for(What::Change(change, answer), answered).await
    }

    /// Commits what belongs to no case: guards, writes and jobs, all or nothing. It leaves no entry in the log.
    pub async fn aside(&self, aside: Aside) -> Result<(), CommitError> {
        if aside.is_empty() {
            return Ok(());
        }
        self.together(aside, |aside, tx| Box::pin(aside.apply(tx, None))).await
    }
}

/// Starts the writer. It ends when nobody can send any more.
pub(super) fn start(db: Db, ctx: Ctx, inbox: mpsc::Receiver<Waiting>) -> Result<(), StoreError> {
    match db.engine() {
        Engine::Postgres => drop(tokio::spawn(write(db, ctx, inbox))),
        Engine::Sqlite => {
            let runtime = tokio::runtime::Handle::current();
            let thread = std::thread::Builder::new().name("writer".to_owned());
            thread.spawn(move || runtime.block_on(write(db, ctx, inbox))).map_err(StoreError::Writer)?;
        }
    }
    Ok(())
}

async fn write(db: Db, ctx: Ctx, mut inbox: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::new();
    while inbox.recv_many(&mut waiting, MAX_GROUP).await > 0 {
        // Who gave up was told that nothing was begun.
        let mine = waiting.drain(..).filter(|waiting| waiting.turn.take());
        write_group(&db, &ctx, mine.map(|waiting| waiting.what).collect()).await;
    }
}

/// One transaction over a group, up to and without its commit.
struct Round {
    /// For each part how many entries the log had before it, or why it is not in.
    placed: Vec<Result<u64, CommitError>>,
    /// The first leaf of the round, if it has any.
    first: Option<u64>,
}

/// The log as it grows in a round.
struct Growing<'g> {
    /// Locked in this transaction.
    head: LogHead,
    tree: Frontier,
    at: Timestamp,
    nodes: Vec<Node>,
    /// Each change with the leaf of its first entry.
    taken: Vec<(u64, &'g Prepared)>,
}

/// Writes a group and answers all of it.
async fn write_group(db: &Db, ctx: &Ctx, mut group: Vec<What>) {
    let mut tries = 1;
    loop {
        let batch: [u8; 16] = ctx.bytes();
        let error = match write_round(db, &mut group, &batch).await {
            Ok(round) => return answer(group, round, &Returned(())),
            Err((StoreError::Commit(error), Some(round))) => match was_committed(db, &round, &batch).await {
                Some(true) => return answer(group, round, &Returned(())),
                Some(false) => StoreError::NotCommitted(error),
                None => return refuse(group, &CommitError::Unknown(Arc::new(StoreError::Commit(error)))),
            },
            Err((error, _)) => error,
        };
        if group.len() > 1 && !error.is_passing() {
            // One of them is at fault; alone, it fails alone.
            for one in group {
                Box::pin(write_group(db, ctx, vec![one])).await;
            }
            return;
        }
        if tries >= db.tries(MAX_TRIES) || !error.is_passing() {
            tracing::error!(error = causes::in_one_line(&error), changes = group.len(), "a commit failed");
            return refuse(group, &CommitError::from(error));
        }
        tokio::time::sleep(PAUSE * tries).await;
        tries += 1;
    }
}

fn answer(group: Vec<What>, round: Round, returned: &Returned) {
    for (what, placed) in group.into_iter().zip(round.placed) {
        match what {
            What::Change(change, answer) => {
                let Change { case, entries, .. } = change.change;
                let sealed = placed.map(|leaf| Durable::seal(Committed { case, entries }, leaf, returned));
                // Whoever asked may have gone away; the log does not mind.
                drop(answer.send(sealed));
            }
            What::Piece(piece) => piece.answer(placed.map(drop)),
        }
    }
}

fn refuse(group: Vec<What>, error: &CommitError) {
    for what in group {
        match what {
            What::Change(_, answer) => drop(answer.send(Err(error.clone()))),
            What::Piece(piece) => piece.answer(Err(error.clone())),
        }
    }
}

/// Writes and commits a group. An error without a round is from before the commit: nothing was written.
async fn write_round(db: &Db, group: &mut [What], batch: &[u8]) -> Result<Round, (StoreError, Option<Round>)> {
    let before = |error| (error, None);
    let mut tx = db.begin().await.map_err(before)?;
    let round = fill_round(&mut tx, group, batch).await.map_err(before)?;
    if round.placed.iter().all(Result::is_err) {
        // Nobody's conditions held. There is nothing to make durable.
        tx.rollback().await;
        return Ok(round);
    }
    match tx.commit().await {
        Ok(()) => Ok(round),
        Err(error) => Err((error, Some(round))),
    }
}

async fn fill_round(tx: &mut Tx, group: &mut [What], batch: &[u8]) -> Result<Round, StoreError> {
    let has_changes = group.iter().any(|what| matches!(what, What::Change(..)));
    let mut log = if has_changes { Some(Growing::begin(tx).await?) } else { None };
    let mut placed = Vec::with_capacity(group.len());
    let is_alone = group.len() == 1;
    for what in group {
        // One alone needs no savepoint: if it fails, nothing is left of the transaction anyway.
        let is_saved = !is_alone && what.needs_savepoint();
        if is_saved {
            tx.write(&SAVEPOINT, &[]).await?;
        }
        match what.apply(tx).await {
            Ok(()) => placed.push(Ok(log.as_mut().map_or(0, |log| log.take(what)))),
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
    let first = match log {
        Some(log) => log.put(tx, batch).await?,
        None => None,
    };
    Ok(Round { placed, first })
}

impl<'g> Growing<'g> {
    async fn begin(tx: &mut Tx) -> Result<Self, StoreError> {
        let head = lock_head(tx).await?;
        let (tree, at) = (head.tree.clone(), head.at);
        Ok(Self { head, tree, at, nodes: Vec::new(), taken: Vec::new() })
    }

    /// Takes the entries of a part, if it has any. How many entries were before them.
    fn take(&mut self, what: &'g What) -> u64 {
        let before = self.tree.size();
        if let What::Change(change, _) = what {
            self.taken.push((before, change));
            self.nodes.extend(self.tree.extend(change.leaves()));
            self.at = self.at.max(change.change.row.last);
        }
        before
    }

    /// Writes entries and nodes and moves the head. The first leaf, if anything was taken.
    async fn put(self, tx: &mut Tx, batch: &[u8]) -> Result<Option<u64>, StoreError> {
        let Self { head, tree, at, nodes, taken } = self;
        let first = head.tree.size();
        if tree.size() == first {
            return Ok(None);
        }
        put_all(tx, &taken, batch).await?;
        put_nodes(tx, &nodes).await?;
        let moved = vals![tree.size(), tree.to_bytes(), at, first, head.tree.to_bytes()];
        if tx.write(&MOVE_HEAD, moved).await? != 1 {
            return Err(StoreError::Broken("its head moved while it was locked".to_owned()));
        }
        Ok(Some(first))
    }
}

pub(super) async fn lock_head(tx: &mut Tx) -> Result<LogHead, StoreError> {
    head_of(tx.read(&LOCK_HEAD, &[], read_head).await?.pop())
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
/// holds that lock for as long as it could still succeed. None: nobody can tell, as the database does not answer, or no entry was in it.
async fn was_committed(db: &Db, round: &Round, batch: &[u8]) -> Option<bool> {
    let first = round.first?;
    for looks in 1..=MAX_LOOKS {
        match look(db, first, batch).await {
            Ok(found) => return Some(found),
            Err(_) if looks < MAX_LOOKS => tokio::time::sleep(LOOK_PAUSE).await,
            Err(_) => {}
        }
    }
    None
}

async fn look(db: &Db, first: u64, batch: &[u8]) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    lock_head(&mut tx).await?;
    let found: Vec<Vec<u8>> = tx.read(&BATCH_AT, vals![first], |row| row.get(0)).await?;
    tx.rollback().await;
    Ok(found.first().is_some_and(|found| found == batch))
}
