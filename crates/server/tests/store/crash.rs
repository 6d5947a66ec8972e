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
    store::{CommitError, Store, With, jobs::NewJob},
};
use keyward_core::ids::CaseId;

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, UnixStream},
};

use super::{
    World,
    cases::{Draft, START},
    on_both, support, tables,
};

on_both! {
    t_e09_a_caller_that_goes_away_leaves_a_whole_change_or_none
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
        let change = draft.with(With::nothing().job(tables::job(&world, "notify")));
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
    let last = draft.with(With::nothing().job(tables::job(&world, "notify")));
    drop(world.store.commit(last).await.unwrap());
    let found = whole_cases(&world.store).await;
    assert!(found > confirmed && found <= 61, "{found} for {confirmed}");
}

fn job(ctx: &Ctx) -> NewJob {
    NewJob {
        id: ctx.id(START),
        kind: "notify",
        case: None,
        only_one: None,
        payload: vec![],
        due: START,
        max_tries: 1,
        created: START,
    }
}

/// Four processes commit while `disturb` is done again and again; then everybody's word is checked.
async fn hammer(world: &World, disturb: &str) {
    let is_over = Arc::new(AtomicBool::new(false));
    let any = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for number in 0..4 {
        let (store, over, any) = (world.other().await, Arc::clone(&is_over), Arc::clone(&any));
        let (ctx, _) = Ctx::by_hand(START, 100 + number);
        writers.push(tokio::spawn(async move {
            let (mut yes, mut no) = (Vec::new(), Vec::new());
            while !over.load(Ordering::SeqCst) {
                let draft = Draft::open(&ctx, "ada").noticed("a@example.org");
                match store.commit(draft.with(With::nothing().job(job(&ctx)))).await {
                    Ok(done) => {
                        any.store(true, Ordering::SeqCst);
                        yes.push(done.get().case);
                    }
                    Err(CommitError::Unknown(_)) => {}
                    Err(_) => no.push(draft.case.id()),
                }
            }
            (yes, no)
        }));
    }
    for rounds in 0.. {
        world.sql(disturb).await;
        tokio::task::yield_now().await;
        // On a busy machine the writers may not have had a turn by then.
        if rounds >= 25 && any.load(Ordering::SeqCst) {
            break;
        }
    }
    is_over.store(true, Ordering::SeqCst);
    let store = world.other().await;
    let mut confirmed = 0;
    for writer in writers {
        let (yes, no): (Vec<CaseId>, Vec<CaseId>) = writer.await.unwrap();
        confirmed += yes.len();
        for id in yes {
            let found = store.load(id).await.unwrap();
            assert!(found.is_some(), "{id} was confirmed");
        }
        for id in no {
            let found = store.load(id).await.unwrap();
            assert!(found.is_none(), "{id} was refused");
        }
    }
    assert!(confirmed > 0);
    assert!(whole_cases(&store).await >= confirmed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_e09_lost_connections_lose_nothing_that_was_confirmed() {
    if let Some(world) = World::on_postgres().await {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
            WHERE application_name = 'keyward' AND datname = current_database()";
        hammer(&world, cut).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_share_one_file_without_losing_anything() {
    let world = World::on_sqlite().await.unwrap();
    let write = "BEGIN IMMEDIATE; UPDATE log_head SET at_ms = at_ms; COMMIT";
    hammer(&world, write).await;
}

/// Where a connection is cut.
#[derive(Clone, Copy)]
enum Cut {
    /// The server never hears of the commit.
    BeforeTheServer,
    /// The server commits, and its answer is lost.
    BehindTheServer,
}

/// Stands between Keyward and the server, and cuts the first connection that commits.
async fn proxy(url: &str, cut: Cut) -> (String, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (socket, database) = support::postgres::socket_and_database(url);
    let is_cut = Arc::new(AtomicBool::new(false));
    let done = Arc::clone(&is_cut);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = UnixStream::connect(&socket).await.unwrap();
            let done = Arc::clone(&done);
            tokio::spawn(async move {
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let (up, down) = match cut {
                    Cut::BeforeTheServer => (Some(Arc::clone(&done)), None),
                    Cut::BehindTheServer => (None, Some(done)),
                };
                // When one direction ends, both do.
                tokio::select! {
                    () = forward(from_client, to_server, up) => {}
                    () = forward(from_server, to_client, down) => {}
                }
            });
        }
    });
    let url = format!("postgres://keyward@127.0.0.1:{port}/{database}?sslmode=disable");
    (url, is_cut)
}

async fn forward(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, cut: Option<Arc<AtomicBool>>) {
    let mut buffer = vec![0; 65_536];
    while let Ok(read) = from.read(&mut buffer).await {
        let bytes = &buffer[..read];
        let commits = bytes.windows(6).any(|window| window == b"COMMIT");
        if let (true, Some(cut)) = (commits, &cut)
            && !cut.swap(true, Ordering::SeqCst)
        {
            return;
        }
        if read == 0 || to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_e09_a_commit_whose_answer_was_lost_is_looked_up_and_not_done_twice() {
    for cut in [Cut::BeforeTheServer, Cut::BehindTheServer] {
        let Some(world) = World::on_postgres().await else {
            return;
        };
        let (url, is_cut) = proxy(&world.url, cut).await;
        let (ctx, _) = Ctx::by_hand(START, 5);
        let store = Store::open(&url, &ctx).await.unwrap();
        let draft = Draft::open(&ctx, "ada").noticed("a@example.org");
        let done = store.commit(draft.with(With::nothing().job(job(&ctx)))).await.unwrap();
        assert!(is_cut.load(Ordering::SeqCst), "nothing was cut");
        assert_eq!(done.leaf(), 0);
        assert_eq!(whole_cases(&world.store).await, 1);
        let draft = draft.kept().noticed("b@example.org");
        assert_eq!(store.commit(draft.change()).await.unwrap().leaf(), 2);
    }
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

/// In the child: commits until it is killed. Prints `yes case_…` behind each commit and `no` behind each failure.
async fn commit_for_ever(url: std::ffi::OsString) -> ! {
    use std::io::Write as _;
    let ctx = Ctx::real();
    let store = Store::open(url.to_str().unwrap(), &ctx).await.unwrap();
    let say = |line: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{line}").unwrap();
        out.flush().unwrap();
    };
    loop {
        let draft = Draft::open(&ctx, "ada").noticed("a@example.org");
        match store.commit(draft.with(With::nothing().job(job(&ctx)))).await {
            Ok(done) => say(format!("yes {}", done.get().case)),
            Err(_) => say("no".to_owned()),
        }
    }
}

async fn all_are_there(url: &str, confirmed: &[String]) {
    let (ctx, _) = Ctx::by_hand(START, 9);
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
    if let Some(url) = std::env::var_os(CHILD) {
        commit_for_ever(url).await;
    }
    let world = World::on_sqlite().await.unwrap();
    let test = "crash::r1_sqlite_keeps_what_it_confirmed_when_the_process_is_killed";
    kill(test, world).await;
}

#[tokio::test]
async fn r1_postgres_keeps_what_it_confirmed_when_the_process_is_killed() {
    if let Some(url) = std::env::var_os(CHILD) {
        commit_for_ever(url).await;
    }
    if let Some(world) = World::on_postgres().await {
        let test = "crash::r1_postgres_keeps_what_it_confirmed_when_the_process_is_killed";
        kill(test, world).await;
    }
}

/// No file of the child may grow beyond so many blocks of 512 bytes: for it, the disk is full. Then there is space again.
#[tokio::test]
async fn r2_t_i11_a_full_disk_confirms_nothing_and_it_goes_on_by_itself_when_there_is_space() {
    if let Some(url) = std::env::var_os(CHILD) {
        commit_for_ever(url).await;
    }
    let test = "crash::r2_t_i11_a_full_disk_confirms_nothing_and_it_goes_on_by_itself_when_there_is_space";
    let world = World::on_sqlite().await.unwrap();
    for blocks in [1200, 1700, 2600] {
        let limits = format!("trap '' XFSZ; ulimit -S -f {blocks};");
        let mut child = child(test, &world.url, &limits).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok);
        let until = |lines: &mut dyn Iterator<Item = String>, wanted: &str| -> Vec<String> {
            let mut yes = Vec::new();
            for line in lines {
                yes.extend(line.starts_with("yes ").then(|| line.clone()));
                if line.starts_with(wanted) {
                    return yes;
                }
            }
            panic!("the child ended before it said `{wanted}`")
        };
        let mut confirmed = until(&mut lines, "no");
        let pid = child.id().to_string();
        let raised = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status();
        assert!(raised.unwrap().success());
        confirmed.extend(until(&mut lines, "yes "));
        child.kill().unwrap();
        child.wait().unwrap();
        confirmed.extend(lines.filter(|line| line.starts_with("yes ")));
        all_are_there(&world.url, &confirmed).await;
    }
}
