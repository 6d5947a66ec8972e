//! What shares a transaction with whatever else is to be written at that moment: counters, jobs, sign-ins, accounts.
//!
//! On SQLite one transaction writes at a time, and each is a sync of the disk: so all who wait go into one, through the writer of [`commit`](super::commit).
//! On PostgreSQL transactions run beside each other, and each has its own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::{
    CommitError, Engine, Store, StoreError, Tx,
    change::Prepared,
    commit::Answer,
    db::{EngineError, Row, Statement},
    value::Val,
};

/// How often something that passes is tried again on PostgreSQL, and how long is waited in between.
pub(super) const MAX_TRIES: u32 = 5;
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// On its way to the writer.
pub(super) struct Waiting {
    pub(super) turn: Turn,
    pub(super) what: What,
}

pub(super) enum What {
    /// A change of a case, with entries of the log.
    Change(Box<Prepared>, oneshot::Sender<Answer>),
    /// Something of no case.
    Piece(Box<dyn Piece>),
}

impl What {
    /// Whether its failure can leave something to be taken back.
    pub(super) fn needs_savepoint(&self) -> bool {
        match self {
            Self::Change(change, _) => change.needs_savepoint(),
            Self::Piece(piece) => piece.needs_savepoint(),
        }
    }

    /// Does all of it that can be refused.
    pub(super) async fn apply(&mut self, tx: &mut Tx) -> Result<(), CommitError> {
        match self {
            Self::Change(change, _) => change.apply(tx).await,
            Self::Piece(piece) => piece.apply(tx).await,
        }
    }
}

/// Who has it: the writer, who begins, or the caller, who gives up waiting. Whoever comes first, and never both.
#[derive(Clone, Default)]
pub(super) struct Turn(Arc<AtomicBool>);

impl Turn {
    /// True for the first who asks.
    pub(super) fn take(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
    }
}

/// A part of a shared transaction. It may be applied again, if the transaction did not come to its end.
pub(super) trait Piece: Send {
    /// Whether its failure can leave something to be taken back: a single statement can not.
    fn needs_savepoint(&self) -> bool;
    fn apply<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, Result<(), CommitError>>;
    fn answer(self: Box<Self>, outcome: Result<(), CommitError>);
}

/// What is to be done with `D` in a transaction, for a `T`.
type Doing<D, T> = for<'a> fn(&'a D, &'a mut Tx) -> BoxFuture<'a, Result<T, CommitError>>;

/// A piece that gives a `T`.
struct Work<D, T> {
    data: D,
    doing: Doing<D, T>,
    is_one_statement: bool,
    done: Option<T>,
    answer: oneshot::Sender<Result<T, CommitError>>,
}

impl<D: Send + Sync, T: Send> Piece for Work<D, T> {
    fn needs_savepoint(&self) -> bool {
        !self.is_one_statement
    }

    fn apply<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, Result<(), CommitError>> {
        Box::pin(async move {
            self.done = Some((self.doing)(&self.data, tx).await?);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, outcome: Result<(), CommitError>) {
        let Self { done, answer, .. } = *self;
        // Whoever asked may have gone away.
        drop(answer.send(outcome.and_then(|()| done.ok_or(CommitError::Closed))));
    }
}

impl Store {
    /// Does something in a transaction: all of it is on the disk, or nothing was done. An error takes back what was done before it.
    pub(super) async fn together<D, T>(&self, data: D, doing: Doing<D, T>) -> Result<T, CommitError>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
    {
        match self.engine() {
            Engine::Sqlite => self.share(data, doing, false).await,
            Engine::Postgres => self.alone(&data, doing).await,
        }
    }

    async fn alone<D, T>(&self, data: &D, doing: Doing<D, T>) -> Result<T, CommitError> {
        for tries in 1.. {
            let error = match self.alone_once(data, doing).await {
                Err(CommitError::Store(error)) => error,
                other => return other,
            };
            if matches!(*error, StoreError::Commit(_)) {
                return Err(CommitError::Unknown(error));
            }
            if tries >= MAX_TRIES || !error.is_passing() {
                return Err(CommitError::Store(error));
            }
            tokio::time::sleep(PAUSE * tries).await;
        }
        Err(CommitError::Closed)
    }

    async fn alone_once<D, T>(&self, data: &D, doing: Doing<D, T>) -> Result<T, CommitError> {
        let mut tx = self.db.begin().await?;
        match doing(data, &mut tx).await {
            Ok(done) => {
                tx.commit().await?;
                Ok(done)
            }
            Err(error) => {
                tx.rollback().await;
                Err(error)
            }
        }
    }

    async fn share<D, T>(&self, data: D, doing: Doing<D, T>, is_one_statement: bool) -> Result<T, CommitError>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let piece = Work { data, doing, is_one_statement, done: None, answer };
        self.wait_for(What::Piece(Box::new(piece)), answered).await
    }

    /// Hands it to the writer and waits for the answer; for its turn to begin only so long.
    pub(super) async fn wait_for<T>(
        &self,
        what: What,
        mut answered: oneshot::Receiver<Result<T, CommitError>>,
    ) -> Result<T, CommitError> {
        let turn = Turn::default();
        let waiting = Waiting { turn: turn.clone(), what };
        let begun = async {
            self.writer.send(waiting).await.map_err(|_| CommitError::Closed)?;
            (&mut answered).await.map_err(|_| CommitError::Closed)?
        };
        match tokio::time::timeout(self.db.turn(), begun).await {
            Ok(answer) => answer,
            Err(_) if turn.take() => Err(StoreError::Busy.into()),
            Err(_) => answered.await.map_err(|_| CommitError::Closed)?,
        }
    }

    /// One writing statement as a whole; how many rows it touched.
    pub(super) async fn write(&self, statement: &'static Statement, vals: &[Val<'_>]) -> Result<u64, StoreError> {
        if self.engine() == Engine::Postgres {
            return self.db.execute(statement, vals).await;
        }
        let run = self.share(
            (statement, owned(vals)),
            |(statement, vals), tx| Box::pin(async move { Ok(tx.write(statement, vals).await?) }),
            true,
        );
        Ok(run.await?)
    }

    /// One writing statement with `RETURNING`.
    pub(super) async fn write_returning<T, M>(
        &self,
        statement: &'static Statement,
        vals: &[Val<'_>],
        map: M,
    ) -> Result<Vec<T>, StoreError>
    where
        T: Send + 'static,
        M: Fn(&Row<'_>) -> Result<T, EngineError> + Send + Sync + 'static,
    {
        if self.engine() == Engine::Postgres {
            return self.db.read(statement, vals, map).await;
        }
        let run = self.share(
            (statement, owned(vals), map),
            |(statement, vals, map), tx| Box::pin(async move { Ok(tx.read(statement, vals, map).await?) }),
            true,
        );
        Ok(run.await?)
    }
}

fn owned(vals: &[Val<'_>]) -> Vec<Val<'static>> {
    vals.iter().cloned().map(Val::into_owned).collect()
}
