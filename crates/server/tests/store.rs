//! The store on real SQLite and real PostgreSQL: one text of each statement, one winner of each race, and a log that adds up.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints its figures"
)]

#[path = "store/bundles.rs"]
mod bundles;
#[path = "support/cases.rs"]
mod cases;
#[path = "store/crash.rs"]
mod crash;
#[path = "store/log.rs"]
mod log;
#[path = "store/race.rs"]
mod race;
#[path = "store/rot.rs"]
mod rot;
mod support;
#[path = "store/tables.rs"]
mod tables;
#[path = "store/whole.rs"]
mod whole;

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
};

use cases::{Draft, START};
use keyward::{
    ctx::{Ctx, Hand},
    store::{
        CommitError, Engine, GuardKind, Store, With,
        cases::{Around, Filter, State},
        guard::Guard,
        migrate::MigrateError,
        rebuild::RebuildError,
    },
};
use keyward_core::{account::Class, ids::PersonId};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// A store of its own for one test.
struct World {
    store: Store,
    url: String,
    ctx: Ctx,
    hand: Hand,
    dir: tempfile::TempDir,
}

impl World {
    async fn on_sqlite() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("keyward.db").display());
        Some(Self::open(url, dir).await)
    }

    async fn on_postgres() -> Option<Self> {
        let url = support::postgres::postgres().await?;
        Some(Self::open(url, tempfile::tempdir().unwrap()).await)
    }

    async fn open(url: String, dir: tempfile::TempDir) -> Self {
        let (ctx, hand) = Ctx::by_hand(START, 1);
        let store = Store::open(&url, &ctx).await.unwrap();
        store.migrate(START).await.unwrap();
        Self { store, url, ctx, hand, dir }
    }

    /// Another process on the same database.
    async fn other(&self) -> Store {
        // Each draws bytes of its own, as processes do: a commit is known again by what its process drew for it.
        static SEED: AtomicU64 = AtomicU64::new(1_000);
        let (ctx, _) = Ctx::by_hand(START, SEED.fetch_add(1, Ordering::Relaxed));
        Store::open(&self.url, &ctx).await.unwrap()
    }

    /// What somebody with the rights of the database does behind Keyward's back.
    async fn sql(&self, sql: impl Into<String>) {
        let sql = sql.into();
        match self.store.engine() {
            Engine::Sqlite => self.file().execute_batch(&sql).unwrap(),
            Engine::Postgres => {
                let mut raw = PgConnection::connect(&self.url).await.unwrap();
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut raw).await.unwrap();
                raw.close().await.unwrap();
            }
        }
    }

    /// The file of the database, beside the store.
    fn file(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.url.strip_prefix("sqlite:").unwrap()).unwrap()
    }

    /// Commits a case with some entries and returns it.
    async fn case(&self, name: &str) -> Draft {
        let draft = Draft::open(&self.ctx, name).noticed("a@example.org");
        drop(self.store.commit(draft.change()).await.unwrap());
        draft
    }

    fn person(&self) -> PersonId {
        self.ctx.id(self.ctx.now())
    }
}

/// Each test runs on both engines.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod sqlite { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(world) = crate::World::on_sqlite().await { super::$name(world).await }
            }
        )* }
        mod postgres { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(world) = crate::World::on_postgres().await { super::$name(world).await }
            }
        )* }
    };
}
pub(crate) use on_both;

on_both! {
    every_statement_is_understood_by_the_engine
    migrations_run_once_and_say_before_what_they_will_do
    what_runs_again_and_again_finds_its_rows_by_an_index
    a_database_of_a_newer_build_is_refused
    a_migration_with_another_text_is_refused
    m150_what_is_committed_is_loaded_as_it_was
    who_is_slower_is_told_and_changes_nothing
    a_reference_belongs_to_one_case
    r45_a_flood_of_cases_hides_neither_an_open_one_nor_what_happened
    r10_a_failed_guard_leaves_nothing_behind
    r10_a_failed_guard_hurts_nobody_in_the_same_transaction
    what_could_not_be_replayed_is_not_committed
    what_the_engine_refuses_fails_alone
    the_list_pages_without_gaps_and_filters
    what_a_case_was_about_stays_in_the_list_when_it_is_over
    rebuilding_gives_what_was_there
    rebuilding_refuses_a_row_that_is_found_by_something_else_than_its_entry_says
    rebuilding_refuses_entries_that_do_not_lead_to_the_head
}

async fn every_statement_is_understood_by_the_engine(world: World) {
    let statements = Store::statements();
    assert!(statements.len() > 100);
    for statement in statements {
        if let Err(error) = world.store.prepare(&statement).await {
            panic!("{}: {error:?}", statement.name);
        }
    }
}

#[test]
fn every_file_of_sql_is_a_statement() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
    let mut files = BTreeSet::new();
    for folder in std::fs::read_dir(&root).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            files.insert(std::fs::read_to_string(file.unwrap().path()).unwrap());
        }
    }
    let known = Store::statements();
    let known = known.iter().flat_map(|s| [Some(s.text), s.postgres]);
    let known: BTreeSet<String> = known.flatten().map(str::to_owned).collect();
    let unused: Vec<_> = files.difference(&known).collect();
    assert!(unused.is_empty(), "{unused:#?}");
}

async fn migrations_run_once_and_say_before_what_they_will_do(world: World) {
    assert!(world.store.migrate(START).await.unwrap().is_empty());
    assert!(world.store.pending_migrations().await.unwrap().is_empty());
    let (schema, empty) = match world.store.engine() {
        Engine::Sqlite => (None, format!("{}.empty", world.url)),
        Engine::Postgres => {
            (Some("CREATE SCHEMA empty"), { format!("{}&options=-c%20search_path%3Dempty", world.url) })
        }
    };
    if let Some(schema) = schema {
        world.sql(schema).await;
    }
    let store = Store::open(&empty, &world.ctx).await.unwrap();
    let pending = store.pending_migrations().await.unwrap();
    assert_eq!(pending.first().map(String::as_str), Some("0001 first"));
    assert!(store.log_head().await.is_err(), "listing created tables");
    // Several processes that start at once agree on who does it.
    let (a, b, c) = tokio::join!(store.migrate(START), store.migrate(START), store.migrate(START));
    let ran = [a.unwrap(), b.unwrap(), c.unwrap()].concat();
    assert_eq!(ran, pending);
    assert_eq!(store.log_head().await.unwrap().tree.size(), 0);
}

/// The function that is found first says what is in force when a migration begins to wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_is_ended_neither_for_how_long_it_runs_nor_for_how_long_it_waits() {
    let Some(world) = World::on_postgres().await else { return };
    world
        .sql(
            "CREATE SCHEMA empty; CREATE TABLE empty.seen (runs TEXT, waits TEXT);
             CREATE FUNCTION empty.pg_advisory_xact_lock(BIGINT) RETURNS VOID LANGUAGE sql AS $$
               INSERT INTO empty.seen SELECT current_setting('statement_timeout'), current_setting('lock_timeout') $$",
        )
        .await;
    let empty = format!("{}&options=-c%20search_path%3Dempty,pg_catalog", world.url);
    let store = Store::open(&empty, &world.ctx).await.unwrap();
    assert!(!store.migrate(START).await.unwrap().is_empty());
    let mut raw = PgConnection::connect(&world.url).await.unwrap();
    let seen: Vec<(String, String)> =
        sqlx::query_as("SELECT runs, waits FROM empty.seen").fetch_all(&mut raw).await.unwrap();
    assert_eq!(seen, [("0".to_owned(), "0".to_owned())]);
}

/// What an older process writes while rows are copied would stay in the table that is dropped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r23_a_migration_waits_for_who_writes() {
    let Some(world) = World::on_postgres().await else { return };
    let back = "DROP INDEX answers_by_expiry; ALTER TABLE persons DROP COLUMN changed_ms;
        DELETE FROM migrations WHERE name IN ('answers', 'changed')";
    world.sql(back).await;
    let mut writer = PgConnection::connect(&world.url).await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT size FROM log_head FOR UPDATE").execute(&mut writer).await.unwrap();
    let store = world.store.clone();
    let migrating = tokio::spawn(async move { store.migrate(START).await.unwrap() });
    let mut look = PgConnection::connect(&world.url).await.unwrap();
    let waits = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut look).await.unwrap() {
        assert!(!migrating.is_finished(), "it went on beside a change");
        tokio::task::yield_now().await;
    }
    sqlx::raw_sql("COMMIT").execute(&mut writer).await.unwrap();
    assert_eq!(migrating.await.unwrap(), ["0004 answers", "0005 changed"]);
}

/// What runs every minute, with each start or page by page. The table of an empty database is read as a whole by PostgreSQL whatever is said.
async fn what_runs_again_and_again_finds_its_rows_by_an_index(world: World) {
    if world.store.engine() == Engine::Postgres {
        let rebuild =
            include_str!("../sql/cases/next_entries.sql").replace("$1", "'a'").replace("$2", "1").replace("$3", "9");
        let mut raw = PgConnection::connect(&world.url).await.unwrap();
        sqlx::raw_sql("SET enable_seqscan = off; SET enable_bitmapscan = off").execute(&mut raw).await.unwrap();
        let explain = AssertSqlSafe(format!("EXPLAIN {rebuild}"));
        let plan: Vec<String> = sqlx::query_scalar(explain).fetch_all(&mut raw).await.unwrap();
        assert!(plan.iter().any(|line| line.contains("Index Cond: (ROW(case_id, seq) > ROW(")), "{plan:#?}");
        return;
    }
    let often = [
        "answers/expire",
        "cases/around",
        "cases/due",
        "cases/list",
        "cases/next_entries",
        "cases/open_of_person",
        "jobs/backlog",
        "jobs/bury",
        "jobs/claim.sqlite",
        "limits/expire",
        "private/expire_nobody",
        "tokens/expire",
    ];
    let file = world.file();
    for statement in Store::statements().iter().filter(|statement| often.contains(&statement.name)) {
        let mut explain = file.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.text)).unwrap();
        let plan: Vec<String> = explain.raw_query().mapped(|row| row.get(3)).map(Result::unwrap).collect();
        // The index of the jobs that are not dead is as long as what waits.
        let is_short = |step: &String| !step.starts_with("SCAN") || step.ends_with("USING INDEX jobs_by_due");
        assert!(plan.iter().all(is_short), "{}: {plan:#?}", statement.name);
    }
}

async fn a_database_of_a_newer_build_is_refused(world: World) {
    world.sql("INSERT INTO migrations (version, name, digest, at_ms) VALUES (9999, 'later', 'x', 0)").await;
    let newer = world.store.migrate(START).await;
    assert!(matches!(newer, Err(MigrateError::Newer { found: 9999, .. })));
    let newer = world.store.pending_migrations().await;
    assert!(matches!(newer, Err(MigrateError::Newer { .. })));
}

async fn a_migration_with_another_text_is_refused(world: World) {
    world.sql("UPDATE migrations SET digest = 'x'").await;
    let changed = world.store.migrate(START).await;
    assert!(matches!(changed, Err(MigrateError::Changed { version: 1, .. })));
}

async fn m150_what_is_committed_is_loaded_as_it_was(world: World) {
    let draft = Draft::open(&world.ctx, "ada").noticed("ada@example.org");
    let committed = world.store.commit(draft.change()).await.unwrap();
    assert_eq!(committed.leaf(), 0);
    assert_eq!(committed.get().entries, draft.new);
    let loaded = world.store.load(draft.case.id()).await.unwrap().unwrap();
    assert_eq!(loaded.case, draft.case);
    assert_eq!(loaded.entries.len(), 2);
    let by_reference = world.store.case_by_reference(draft.case.reference()).await;
    assert_eq!(by_reference.unwrap(), Some(draft.case.id()));
    for (value, _) in &draft.values {
        let stored = world.store.value(draft.case.id(), value.commitment()).await.unwrap();
        assert_eq!(stored.as_ref(), Some(value));
    }
    let missing = Draft::open(&world.ctx, "bob").case.id();
    assert!(world.store.load(missing).await.unwrap().is_none());
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
    assert_eq!(world.store.value(second.case.id(), lost).await.unwrap(), None);
}

async fn a_reference_belongs_to_one_case(world: World) {
    let first = Draft::open(&world.ctx, "ada");
    drop(world.store.commit(first.change()).await.unwrap());
    let mut second = Draft::open(&world.ctx, "bob");
    if let keyward_core::event::Event::Opened(claim) = &mut second.new[0].event {
        claim.reference = first.case.reference();
    }
    second.case = keyward_core::case::Case::opened(&second.new[0]).unwrap();
    let taken = world.store.commit(second.change()).await;
    assert!(matches!(taken, Err(CommitError::Conflict)), "{taken:?}");
    assert_eq!(world.store.log_head().await.unwrap().tree.size(), 1);
}

async fn r10_a_failed_guard_leaves_nothing_behind(world: World) {
    let before = world.case("ada").await.kept();
    let after = before.clone().noticed("b@example.org");
    let job = tables::job(&world, "notify");
    let link = tables::token(&world, None);
    let with = With::nothing()
        .job(job)
        .guard(Guard::ConsumeToken(tables::seen(&world, &link)))
        .write(keyward::store::Write::PutToken(link.clone()));
    let change = after.with(with);
    let head = world.store.log_head().await.unwrap();
    // Others in the same transaction are not hurt by the one that fails.
    let fine = Draft::open(&world.ctx, "bob");
    let (failed, fine) = tokio::join!(world.store.commit(change), world.store.commit(fine.change()));
    assert!(matches!(failed, Err(CommitError::Guard(GuardKind::Token))));
    assert!(fine.is_ok());
    let now = world.store.log_head().await.unwrap();
    assert_eq!(now.tree.size(), head.tree.size() + 1);
    let loaded = world.store.load(before.case.id()).await.unwrap().unwrap();
    assert_eq!(loaded.case, before.case);
    assert!(world.store.jobs(10).await.unwrap().is_empty());
    assert_eq!(world.store.find_token(&tables::seen(&world, &link)).await.unwrap(), None);
    let value = after.values[0].0.commitment();
    assert_eq!(world.store.value(after.case.id(), value).await.unwrap(), None);
}

async fn r10_a_failed_guard_hurts_nobody_in_the_same_transaction(world: World) {
    let mut tasks = Vec::new();
    for number in 0..60 {
        let draft = Draft::open(&world.ctx, "ada");
        let is_fine = number % 3 != 1;
        let mut with = With::nothing().job(tables::job(&world, "notify"));
        if !is_fine {
            let link = tables::token(&world, None);
            with = with.guard(Guard::ConsumeToken(tables::seen(&world, &link)));
        }
        let (change, store) = (draft.with(with), world.store.clone());
        tasks.push(tokio::spawn(async move { (draft.case.id(), is_fine, store.commit(change).await.is_ok()) }));
    }
    for task in tasks {
        let (id, is_fine, is_done) = task.await.unwrap();
        assert_eq!(is_done, is_fine);
        assert_eq!(world.store.case_row(id).await.unwrap().is_some(), is_fine);
    }
    assert_eq!(world.store.jobs(100).await.unwrap().len(), 40);
    assert_eq!(world.store.log_head().await.unwrap().tree.size(), 40);
}

async fn what_could_not_be_replayed_is_not_committed(world: World) {
    let draft = Draft::open(&world.ctx, "ada").noticed("a@example.org");
    let case = &draft.case;
    let change = |expected, entries: &[keyward_core::event::Entry]| {
        keyward::store::Change::new(expected, entries.to_vec(), case, With::nothing())
    };
    let mut long = draft.new.clone();
    if let keyward_core::event::Event::Opened(claim) = &mut long[0].event {
        claim.language = "x".repeat(70_000);
    }
    for (name, change) in [
        ("no entries", change(2, &[])),
        ("a gap", change(0, &draft.new[1..])),
        ("one too many", change(1, &draft.new)),
        ("one missing", change(0, &draft.new[..1])),
        ("too long for a bundle", change(0, &long)),
    ] {
        let refused = world.store.commit(change).await;
        assert!(matches!(refused, Err(CommitError::Misfit(_))), "{name}");
    }
    assert_eq!(world.store.log_head().await.unwrap().tree.size(), 0);
}

async fn what_the_engine_refuses_fails_alone(world: World) {
    // PostgreSQL keeps no zero byte in a text; SQLite is told not to.
    if world.store.engine() == Engine::Sqlite {
        let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON disclosures \
            WHEN NEW.value LIKE 'a' || char(0) || '%' BEGIN SELECT RAISE(ABORT, 'no'); END";
        world.sql(refuse).await;
    }
    let mut tasks = Vec::new();
    for number in 0..30 {
        let name = if number % 10 == 3 { "a\0b" } else { "ada" };
        let draft = Draft::open(&world.ctx, name);
        let (store, change) = (world.store.clone(), draft.change());
        tasks.push(tokio::spawn(async move { (name, store.commit(change).await) }));
    }
    for task in tasks {
        match task.await.unwrap() {
            ("ada", answer) => assert!(answer.is_ok(), "{answer:?}"),
            (_, answer) => assert!(matches!(answer, Err(CommitError::Store(_))), "{answer:?}"),
        }
    }
    assert_eq!(world.store.log_head().await.unwrap().tree.size(), 27);
}

async fn the_list_pages_without_gaps_and_filters(world: World) {
    let person = world.person();
    let mut drafts = Vec::new();
    for number in 0..23 {
        if number % 3 == 0 {
            world.hand.pass_ms(1_000);
        }
        let draft = Draft::open(&world.ctx, "somebody");
        let draft = match number {
            4 => draft.classified(person, Class::Admin),
            5 => draft.unmatched(),
            6 => draft.withdrawn(),
            _ => draft,
        };
        drop(world.store.commit(draft.change()).await.unwrap());
        drafts.push(draft.case);
    }
    let all = Filter::default();
    let (mut seen, mut behind) = (Vec::new(), None);
    loop {
        let page = world.store.cases(&all, behind, 5).await.unwrap();
        let Some(last) = page.last() else { break };
        behind = Some(last.behind());
        seen.extend(page.into_iter().map(|row| row.id));
    }
    let mut expected: Vec<_> = drafts.iter().map(|c| (c.opened_at(), c.id())).collect();
    expected.sort_unstable_by(|a, b| b.cmp(a));
    let expected: Vec<_> = expected.into_iter().map(|(_, id)| id).collect();
    assert_eq!(seen, expected);
    let state = |state| Filter { state: Some(state), ..all };
    let of = |subject, class| Filter { subject, class, ..all };
    let only_open = Filter { only_open: true, ..all };
    for (filter, count) in [
        (state(State::Verifying), 1),
        (state(State::Unmatched), 1),
        (state(State::Ended), 1),
        (of(Some(person), None), 1),
        (of(None, Some(Class::Admin)), 1),
        (of(None, Some(Class::Hr)), 0),
        (only_open, 22),
    ] {
        let found = world.store.cases(&filter, None, 100).await.unwrap();
        assert_eq!(found.len(), count, "{filter:?}");
    }
    let due = drafts[0].deadline().unwrap();
    assert!(world.store.cases_due(due.plus_ms(-1), None, 9).await.unwrap().is_empty());
    let first = world.store.cases_due(due, None, 2).await.unwrap();
    let rest = world.store.cases_due(due, first.last().copied(), 9).await.unwrap();
    let mut due: Vec<_> = drafts[..3].iter().map(|case| case.id()).collect();
    due.sort_unstable();
    assert_eq!(first.iter().chain(&rest).map(|due| due.id).collect::<Vec<_>>(), due);
    assert_eq!((first.len(), rest.len()), (2, 1));
    let counts = world.store.case_counts().await.unwrap();
    assert!(counts.contains(&(State::Classifying, 20)), "{counts:?}");
}

async fn what_a_case_was_about_stays_in_the_list_when_it_is_over(world: World) {
    let person = world.person();
    let draft = Draft::open(&world.ctx, "ada").classified(person, Class::Hr);
    drop(world.store.commit(draft.change()).await.unwrap());
    let draft = draft.kept().withdrawn();
    drop(world.store.commit(draft.change()).await.unwrap());
    let row = world.store.case_row(draft.case.id()).await.unwrap().unwrap();
    assert_eq!((row.subject, row.class), (Some(person), Some(Class::Hr)));
    assert_eq!((row.state, row.reason.as_deref()), (State::Ended, Some("withdrawn")));
    assert_eq!(row.deadline, None);
    let of_person = world.store.cases_of_person(person, START).await.unwrap();
    assert_eq!(of_person, [row]);
}

async fn r45_a_flood_of_cases_hides_neither_an_open_one_nor_what_happened(world: World) {
    let person = world.person();
    let mut made = Vec::new();
    for _ in 0..3 {
        let draft = Draft::open(&world.ctx, "ada").classified(person, Class::Standard);
        drop(world.store.commit(draft.change()).await.unwrap());
        made.push(draft.case.id());
        world.hand.pass_ms(1);
    }
    let [contested, open, mine] = made[..] else { panic!("{made:?}") };
    world.sql(format!("UPDATE cases SET state = 'contested', rejections = 4 WHERE id = '{contested}'")).await;
    world
        .sql(format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001) \
             INSERT INTO cases SELECT 'flood' || i, 'flood' || i, seq, 'ended', reason, step, door, action, subject, class, rejections, \
             opened_ms + i, last_ms, held_until_ms, deadline_ms FROM cases, n WHERE id = '{mine}'"
        ))
        .await;
    assert_eq!(world.store.open_cases_of_person(person).await.unwrap(), [open, mine]);
    let around = async |day: i64| world.store.around_case((person, mine), (START, START.plus_ms(day))).await.unwrap();
    assert_eq!(around(-1).await, Around { others: 1_003, rejections: 4, contested: 1 });
    assert_eq!(around(0).await, Around { others: 1_002, rejections: 0, contested: 1 });
    let own = world.store.around_case((person, contested), (START, START.plus_ms(-1))).await.unwrap();
    assert_eq!((own.rejections, own.contested), (4, 0), "what came of the case itself is no sign of another");
}

async fn rebuilding_gives_what_was_there(world: World) {
    let person = world.person();
    for number in 0..9 {
        let draft = Draft::open(&world.ctx, "somebody");
        let draft = match number % 3 {
            0 => draft.classified(person, Class::Admin).withdrawn(),
            1 => draft.unmatched(),
            _ => draft.noticed("a@example.org"),
        };
        drop(world.store.commit(draft.change()).await.unwrap());
    }
    let all = Filter::default();
    let before = world.store.cases(&all, None, 100).await.unwrap();
    let nodes = log::all_nodes(&world).await;
    // Whatever was done to the projections is undone.
    world.sql("UPDATE cases SET state = 'reviewed', subject = NULL").await;
    world.sql("DELETE FROM log_nodes WHERE level = 2").await;
    let rebuilt = world.store.rebuild().await.unwrap();
    assert_eq!((rebuilt.entries, rebuilt.cases), (21, 9));
    assert_eq!(world.store.cases(&all, None, 100).await.unwrap(), before);
    assert_eq!(log::all_nodes(&world).await, nodes);
    assert_eq!(world.store.rebuild().await.unwrap(), rebuilt);
    // And life goes on.
    let draft = world.case("after").await;
    assert!(world.store.load(draft.case.id()).await.unwrap().is_some());
}

async fn rebuilding_refuses_entries_that_do_not_lead_to_the_head(world: World) {
    for _ in 0..3 {
        world.case("ada").await;
    }
    let all = Filter::default();
    let before = world.store.cases(&all, None, 100).await.unwrap();
    let nodes = log::all_nodes(&world).await;
    // An entry that replays as well as the true one.
    let forged = match world.store.engine() {
        Engine::Sqlite => "CAST(replace(CAST(body AS TEXT), '\"en\"', '\"de\"') AS BLOB)",
        Engine::Postgres => "convert_to(replace(convert_from(body, 'UTF8'), '\"en\"', '\"de\"'), 'UTF8')",
    };
    world.sql(format!("UPDATE entries SET body = {forged} WHERE leaf = 0")).await;
    let loaded = world.store.log_entries(0..1).await.unwrap();
    assert!(format!("{loaded:?}").contains("\"de\""), "nothing was forged");
    let refused = world.store.rebuild().await;
    assert!(matches!(refused, Err(RebuildError::Head)), "{refused:?}");
    assert_eq!(world.store.cases(&all, None, 100).await.unwrap(), before);
    assert_eq!(log::all_nodes(&world).await, nodes);
    // What was begun for it is over: others can write again.
    world.case("after").await;
}

async fn rebuilding_refuses_a_row_that_is_found_by_something_else_than_its_entry_says(world: World) {
    for _ in 0..3 {
        world.case("ada").await;
    }
    // Read on from what the entry says, the last row would be read again and again.
    world.sql("UPDATE entries SET seq = seq + 100 WHERE leaf = (SELECT MAX(leaf) FROM entries)").await;
    let refused = world.store.rebuild().await;
    assert!(matches!(refused, Err(RebuildError::Head)), "{refused:?}");
}
