//! The store on real SQLite and real PostgreSQL: one text of each statement, one winner of each race, and a log that adds up.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/cases.rs"]
mod cases;
mod support;

use cases::{Draft, START};
use keyward::{
    ctx::{Ctx, Hand},
    store::{CommitError, Store},
};

/// A store of its own for one test.
struct World {
    store: Store,
    url: String,
    ctx: Ctx,
    hand: Hand,
    _dir: Option<tempfile::TempDir>,
}

impl World {
    async fn on_sqlite() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("keyward.db").display());
        Some(Self::open(url, Some(dir)).await)
    }

    async fn on_postgres() -> Option<Self> {
        let url = support::postgres().await?;
        Some(Self::open(url, None).await)
    }

    async fn open(url: String, dir: Option<tempfile::TempDir>) -> Self {
        let (ctx, hand) = Ctx::by_hand(START, 1);
        let store = Store::open(&url, &ctx).await.unwrap();
        store.migrate(START).await.unwrap();
        Self {
            store,
            url,
            ctx,
            hand,
            _dir: dir,
        }
    }
}

/// Each test runs on both engines.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod sqlite { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(world) = super::World::on_sqlite().await { super::$name(world).await }
            }
        )* }
        mod postgres { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(world) = super::World::on_postgres().await { super::$name(world).await }
            }
        )* }
    };
}
on_both! {
    every_statement_is_understood_by_the_engine
    m150_what_is_committed_is_loaded_as_it_was
    who_is_slower_is_told_and_changes_nothing
}

async fn every_statement_is_understood_by_the_engine(world: World) {
    for statement in Store::statements() {
        if let Err(error) = world.store.prepare(&statement).await {
            panic!("{}: {error:?}", statement.name);
        }
    }
}

async fn m150_what_is_committed_is_loaded_as_it_was(world: World) {
    let draft = Draft::open(&world.ctx, "ada").noticed("ada@example.org");
    let committed = world.store.commit(draft.change()).await.unwrap();
    assert_eq!(committed.leaf(), 0);
    let loaded = world.store.load(draft.case.id()).await.unwrap().unwrap();
    assert_eq!(loaded.case, draft.case);
    assert_eq!(loaded.entries.len(), 2);
    let by_reference = world.store.case_by_reference(draft.case.reference()).await;
    assert_eq!(by_reference.unwrap(), Some(draft.case.id()));
    for (value, _) in &draft.values {
        let stored = world.store.value(value.commitment()).await.unwrap();
        assert_eq!(stored.as_ref(), Some(value));
    }
}

async fn who_is_slower_is_told_and_changes_nothing(world: World) {
    let draft = Draft::open(&world.ctx, "ada");
    drop(world.store.commit(draft.change()).await.unwrap());
    let again = world.store.commit(draft.change()).await;
    assert!(matches!(again, Err(CommitError::Conflict)), "{again:?}");
    let draft = draft.kept();
    let first = draft.clone().noticed("a@example.org");
    let second = draft.noticed("b@example.org");
    drop(world.store.commit(first.change()).await.unwrap());
    let slower = world.store.commit(second.change()).await;
    assert!(matches!(slower, Err(CommitError::Conflict)), "{slower:?}");
    let loaded = world.store.load(first.case.id()).await.unwrap().unwrap();
    assert_eq!(loaded.case, first.case);
    let lost = second.values[0].0.commitment();
    assert_eq!(world.store.value(lost).await.unwrap(), None);
}
