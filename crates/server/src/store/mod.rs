//! The only user of the database. What is written goes through [`Store::commit`] (a case), [`Store::aside`] (what belongs to no case)
//! or one guarded statement; what is read comes back as core's types.
//!
//! Reading order: [`change`] (what a commit is made of), [`commit`] (how many become one transaction), [`log`], [`check`] and [`sign`]
//! (the tree over all entries), [`cases`], then one file for each table. No rule of a case is here: `decide` has been asked before.

use keyward_core::time::{SECOND_MS, Timestamp};
use tokio::sync::mpsc;

use crate::ctx::Ctx;

pub mod accounts;
pub mod cases;
pub mod change;
pub mod check;
pub mod commit;
pub mod db;
pub mod guard;
pub mod idempotency;
pub mod jobs;
pub mod limits;
pub mod log;
pub mod migrate;
pub mod people;
pub mod policies;
pub mod private;
pub mod rebuild;
pub mod sign;
mod sqlite;
mod together;
pub mod tokens;
mod value;
pub mod workers;

pub use change::{Aside, Change, With, Write};
pub use commit::{CommitError, Committed};
pub use db::{Engine, Statement};
pub use guard::{Guard, GuardKind};

pub use db::EngineError;
use db::{Db, Tx, statements};

/// How far the clock of a process may be from the database's (R20). Two processes are then twice that apart at most, which is less than what is left of any
/// time that one wrote and another reads: who is at a job holds it for forty seconds, and again every ten.
pub const APART_MS: i64 = 10 * SECOND_MS;

statements! {
    BEGIN = "engine/begin.sqlite", postgres = "engine/begin.postgres";
    COMMIT = "engine/commit";
    ROLLBACK = "engine/rollback";
    NOW = "engine/now.sqlite", postgres = "engine/now.postgres";
    TRAITS = "engine/traits.sqlite", postgres = "engine/traits.postgres";
}

/// Why the database did not do what was asked. Says what was attempted; nothing in it is personal.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address of the database is of no known form. It may hold a password and is not shown.
    #[error("the database address is neither `sqlite:PATH` nor `postgres://…`")]
    Address,
    /// The file could not be made or read.
    #[error("cannot open the file `{place}`")]
    File {
        /// Its path.
        place: String,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// No connection.
    #[error("cannot open the database at `{place}`")]
    Open {
        /// Path, or host and port.
        place: String,
        /// The engine's reason.
        #[source]
        source: EngineError,
    },
    /// The engine would lose or damage what it has confirmed.
    #[error("{0}")]
    Engine(String),
    /// There is no thread for the writer.
    #[error("cannot start the writer")]
    Writer(#[source] std::io::Error),
    /// A transaction did not begin.
    #[error("cannot begin a transaction")]
    Begin(#[source] EngineError),
    /// A statement failed, or its answer could not be read.
    #[error("cannot run `{statement}`")]
    Query {
        /// Its name under `sql/`.
        statement: &'static str,
        /// The engine's reason.
        #[source]
        source: EngineError,
    },
    /// The commit gave an error: it may have happened or not.
    #[error("cannot tell whether the transaction was committed")]
    Commit(#[source] EngineError),
    /// The commit gave an error, and looking showed that nothing was written.
    #[error("the transaction was not committed")]
    NotCommitted(#[source] EngineError),
    /// The connection of everybody's transaction was lost.
    #[error("the transaction was lost")]
    Lost,
    /// It waited for its turn to write for too long, and nothing of it was begun.
    #[error("the database is busy")]
    Busy,
    /// The server is going down.
    #[error("the store is closed")]
    Closed,
    /// What went wrong in a transaction that several shared.
    #[error(transparent)]
    Shared(std::sync::Arc<StoreError>),
    /// The head of the log moved although it was locked, or the log does not add up.
    #[error("the log in the database contradicts itself: {0}")]
    Broken(String),
}

impl StoreError {
    /// Whether the same thing may work a moment later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Lost | Self::Busy => true,
            Self::Open { source, .. }
            | Self::Begin(source)
            | Self::Commit(source)
            | Self::NotCommitted(source)
            | Self::Query { source, .. } => source.is_passing(),
            Self::Shared(error) => error.is_passing(),
            _ => false,
        }
    }

    /// Whether the stored data is at fault: stop and alarm, do not try again.
    pub fn is_broken(&self) -> bool {
        match self {
            Self::Broken(_) => true,
            Self::Query { source, .. } => source.is_unreadable(),
            Self::Shared(error) => error.is_broken(),
            _ => false,
        }
    }
}

impl From<CommitError> for StoreError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Store(error) | CommitError::Unknown(error) => {
                std::sync::Arc::try_unwrap(error).unwrap_or_else(Self::Shared)
            }
            CommitError::Closed => Self::Closed,
            CommitError::Conflict | CommitError::Guard(_) | CommitError::Misfit(_) => Self::Lost,
        }
    }
}

/// The database with its one writer. Cheap to clone; the writer ends when the last clone is dropped.
#[derive(Clone)]
pub struct Store {
    db: Db,
    writer: mpsc::Sender<together::Waiting>,
}

impl Store {
    /// Opens `sqlite:PATH` or `postgres://…` as it is. [`Store::migrate`] comes first on a new one.
    pub async fn open(url: &str, ctx: &Ctx) -> Result<Self, StoreError> {
        let db = Db::open(url).await?;
        let (writer, inbox) = mpsc::channel(commit::MAX_WAITING);
        commit::start(db.clone(), ctx.clone(), inbox)?;
        Ok(Self { db, writer })
    }

    /// From now on people wait in front of pages: whatever can not be written within a second is refused. Before, a command waits longer.
    pub fn people_wait(&self) {
        self.db.people_wait();
    }

    /// Which engine it is.
    pub const fn engine(&self) -> Engine {
        self.db.engine()
    }

    /// How far the clocks of two processes on this database may be from each other. A file has one process.
    pub const fn apart_ms(&self) -> i64 {
        match self.engine() {
            Engine::Sqlite => 0,
            Engine::Postgres => 2 * APART_MS,
        }
    }

    /// What the clock of the database server says. None where there is no server.
    pub async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        match self.engine() {
            Engine::Sqlite => Ok(None),
            Engine::Postgres => self.db.first(&NOW, &[], |row| row.get(0)).await,
        }
    }

    /// Closes all connections. What waits is answered with an error; what was answered is durable.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// Every statement that this build can run, in the order of their modules.
    pub fn statements() -> Vec<Statement> {
        [
            STATEMENTS,
            migrate::STATEMENTS,
            change::STATEMENTS,
            guard::STATEMENTS,
            commit::STATEMENTS,
            log::STATEMENTS,
            check::STATEMENTS,
            sign::STATEMENTS,
            cases::STATEMENTS,
            people::STATEMENTS,
            private::STATEMENTS,
            tokens::STATEMENTS,
            jobs::STATEMENTS,
            limits::STATEMENTS,
            policies::STATEMENTS,
            idempotency::STATEMENTS,
            accounts::STATEMENTS,
            rebuild::STATEMENTS,
            workers::STATEMENTS,
        ]
        .concat()
    }

    /// Asks the engine to check the text of a statement without running it.
    pub async fn prepare(&self, statement: &Statement) -> Result<(), StoreError> {
        self.db.prepare(statement).await
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({:?})", self.engine())
    }
}
