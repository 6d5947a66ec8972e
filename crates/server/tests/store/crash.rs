//! Whoever is told "done" finds it afterwards; whatever is cut off is there as a whole or not at all (T-E09, T-I11, R1, R2).

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use keyward::{
    ctx::Ctx,
    store::{CommitError, Engine, Store},
};
use keyward_core::{ids::CaseId, time::Timestamp};

use super::{
    World,
    cases::{Draft, START},
    on_both, tables,
};

on_both! {
    t_e09_a_caller_that_goes_away_leaves_a_whole_change_or_none
    t_e09_a_lost_connection_loses_nothing_that_was_confirmed
}

/// Every case that is in the database is whole, and so is the log. How many there are.
async fn whole_cases(store: &Store) -> usize {
    let filter = keyward::store::cases::Filter::default();
    let rows = store.cases(&filter, None, 100_000).await.unwrap();
    for row in &rows {
        let loaded = store.load(row.id).await.unwrap().unwrap();
        assert_eq!(loaded.case.seq(), row.seq);
        let values = store.values_of_case(row.id).await.unwrap();
        assert_eq!(values.len(), 4, "three of the claim, one of the notice");
    }
    let size = store.log_head().await.unwrap().tree.size();
    assert_eq!(size, 2 * u64::try_from(rows.len()).unwrap());
    let tree = store.check_entries(0, size).await.unwrap();
    assert_eq!(tree, store.log_head().await.unwrap().tree);
    let jobs = store.jobs(100_000).await.unwrap();
    assert_eq!(jobs.len(), rows.len(), "one job for each case");
    rows.len()
}

async fn t_e09_a_caller_that_goes_away_leaves_a_whole_change_or_none(world: World) {
    let mut tasks = Vec::new();
    for _ in 0..60 {
        let draft = Draft::open(&world.ctx, "ada").noticed("a@example.org");
        let change = draft.change().job(tables::job(&world, "notify"));
        let store = world.store.clone();
        tasks.push(tokio::spawn(async move { store.commit(change).await.is_ok() }));
    }
    for (number, task) in tasks.iter().enumerate() {
        if number % 2 == 0 {
            task.abort();
        }
        tokio::task::yield_now().await;
    }
    let mut confirmed = 0;
    for task in tasks {
        confirmed += usize::from(task.await.is_ok_and(|done| done));
    }
    // One more behind all that were sent: when it is done, so are they.
    let draft = Draft::open(&world.ctx, "last").noticed("a@example.org");
    let last = draft.change().job(tables::job(&world, "notify"));
    drop(world.store.commit(last).await.unwrap());
    let found = whole_cases(&world.store).await;
    assert!(found > confirmed && found <= 61, "{found} for {confirmed}");
}

async fn t_e09_a_lost_connection_loses_nothing_that_was_confirmed(world: World) {
    let is_over = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for number in 0..4 {
        let (store, over) = (world.other().await, Arc::clone(&is_over));
        let (ctx, _) = Ctx::by_hand(START, 100 + number);
        writers.push(tokio::spawn(async move {
            let (mut yes, mut no, mut unknown) = (Vec::new(), Vec::new(), 0);
            while !over.load(Ordering::SeqCst) {
                let draft = Draft::open(&ctx, "ada").noticed("a@example.org");
                let mut job = keyward::store::jobs::NewJob {
                    id: ctx.id(START),
                    kind: "notify",
                    case: None,
                    only_one: None,
                    payload: vec![],
                    due: START,
                    max_tries: 1,
                    created: START,
                };
                job.case = Some(draft.case.id());
                match store.commit(draft.change().job(job)).await {
                    Ok(done) => yes.push(done.get().case),
                    Err(CommitError::Unknown(_)) => unknown += 1,
                    Err(_) => no.push(draft.case.id()),
                }
            }
            (yes, no, unknown)
        }));
    }
    for _ in 0..25 {
        match world.store.engine() {
            // There is no connection that somebody else could cut: a writer of another process stands in the way instead.
            Engine::Sqlite => world.sql("BEGIN IMMEDIATE; UPDATE log_head SET at_ms = at_ms; COMMIT").await,
            Engine::Postgres => {
                world
                    .sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'keyward' AND datname = current_database() AND pid <> pg_backend_pid()")
                    .await;
            }
        }
        tokio::task::yield_now().await;
    }
    is_over.store(true, Ordering::SeqCst);
    let store = world.other().await;
    let mut confirmed = 0;
    for writer in writers {
        let (yes, no, _unknown): (Vec<CaseId>, Vec<CaseId>, u32) = writer.await.unwrap();
        confirmed += yes.len();
        for id in yes {
            assert!(store.load(id).await.unwrap().is_some(), "{id} was confirmed");
        }
        for id in no {
            assert!(store.load(id).await.unwrap().is_none(), "{id} was refused");
        }
    }
    assert!(confirmed > 0);
    assert!(whole_cases(&store).await >= confirmed);
}

/// Names the database of the child that [`child`] starts.
const CHILD: &str = "KEYWARD_TEST_CHILD_DATABASE";

/// This program once more, as a process that commits cases until something stops it and prints each that was confirmed.
fn child(test: &str, url: &str, limits: &str) -> Command {
    let this = std::env::current_exe().unwrap();
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{limits} exec \"$0\" \"$@\"")).arg(this);
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.env(CHILD, url).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// In the child: commits until the first failure. Prints `yes case_…` behind each commit and `no` at the end.
async fn commit_for_ever() -> bool {
    use std::io::Write as _;
    let Some(url) = std::env::var_os(CHILD) else {
        return false;
    };
    let ctx = Ctx::real();
    let store = Store::open(url.to_str().unwrap(), &ctx).await.unwrap();
    let say = |line: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{line}").unwrap();
        out.flush().unwrap();
    };
    loop {
        let draft = Draft::open(&ctx, "ada").noticed("a@example.org");
        let job = keyward::store::jobs::NewJob {
            id: ctx.id(START),
            kind: "notify",
            case: None,
            only_one: None,
            payload: vec![],
            due: START,
            max_tries: 1,
            created: START,
        };
        match store.commit(draft.change().job(job)).await {
            Ok(done) => say(format!("yes {}", done.get().case)),
            Err(_) => break say("no".to_owned()),
        }
    }
    true
}

async fn all_are_there(url: &str, confirmed: &[String]) {
    let (ctx, _) = Ctx::by_hand(Timestamp::from_millis(START.millis()), 9);
    let store = Store::open(url, &ctx).await.unwrap();
    for line in confirmed {
        let id = line.strip_prefix("yes ").unwrap().parse().unwrap();
        assert!(store.load(id).await.unwrap().is_some(), "{line} was confirmed");
    }
    assert!(whole_cases(&store).await >= confirmed.len());
}

async fn kill(test: &str, world: World) {
    for after in [1, 7, 40] {
        let mut child = child(test, &world.url, "").spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok).filter(|line| line.starts_with("yes "));
        let mut confirmed: Vec<String> = lines.by_ref().take(after).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        // What it printed before it was killed was confirmed too.
        confirmed.extend(lines);
        assert!(confirmed.len() >= after);
        all_are_there(&world.url, &confirmed).await;
    }
}

#[tokio::test]
async fn r1_sqlite_keeps_what_it_confirmed_when_the_process_is_killed() {
    if !commit_for_ever().await {
        let world = World::on_sqlite().await.unwrap();
        kill("crash::r1_sqlite_keeps_what_it_confirmed_when_the_process_is_killed", world).await;
    }
}

#[tokio::test]
async fn r1_postgres_keeps_what_it_confirmed_when_the_process_is_killed() {
    if !commit_for_ever().await
        && let Some(world) = World::on_postgres().await
    {
        kill("crash::r1_postgres_keeps_what_it_confirmed_when_the_process_is_killed", world).await;
    }
}

/// No file of the child may grow beyond this many blocks of 512 bytes: for it, the disk is full.
#[tokio::test]
async fn r2_t_i11_nothing_is_confirmed_when_the_disk_is_full() {
    if commit_for_ever().await {
        return;
    }
    let test = "crash::r2_t_i11_nothing_is_confirmed_when_the_disk_is_full";
    let world = World::on_sqlite().await.unwrap();
    for blocks in [900, 1400, 2300] {
        let limits = format!("trap '' XFSZ; ulimit -f {blocks};");
        let out = child(test, &world.url, &limits).output().unwrap();
        let out = String::from_utf8(out.stdout).unwrap();
        let confirmed = out.lines().filter(|line| line.starts_with("yes "));
        let confirmed: Vec<String> = confirmed.map(str::to_owned).collect();
        assert!(out.lines().any(|line| line == "no"), "the disk was never full: {out}");
        all_are_there(&world.url, &confirmed).await;
    }
    // With space again, it goes on without repair.
    drop(world.case("after").await);
}
