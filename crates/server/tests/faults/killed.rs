//! R1: killed at any moment, and what it had said yes to is there. With eight callers at a time, on SQLite and on PostgreSQL, whose server is
//! killed too.

use std::{
    net::SocketAddr,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use keyward::{ctx::Ctx, store::Store};
use sqlx::{Connection as _, PgConnection, Row as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
};

use crate::{
    house::House,
    is_campaign, p99,
    process::{Process, eventually},
};

const WRITERS: usize = 8;
/// After so many kills the next ones have a new house, so that looking at all of the log again stays short.
const KILLS_IN_A_HOUSE: usize = 20;

/// Opens a case for a name that nobody has. Its reference, if it was said to be open.
async fn open_case(to: SocketAddr, number: usize) -> Option<String> {
    let body = format!("{{\"name\":\"nobody-{number}\",\"door\":\"forgot\"}}");
    let [_, a, b, c] = u32::try_from(number).ok()?.to_be_bytes();
    let head = format!(
        "POST /api/v1/cases HTTP/1.1\r\nhost: reset.northwind.test\r\ncontent-type: application/json\r\n\
         x-forwarded-for: 10.{a}.{b}.{c}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let mut wire = TcpStream::connect(to).await.ok()?;
    wire.write_all(format!("{head}{body}").as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    wire.read_to_end(&mut answer).await.ok()?;
    let answer = String::from_utf8(answer).ok()?;
    // An answer that was cut off before its reference says nothing.
    let answer = answer.strip_prefix("HTTP/1.1 201 ")?;
    Some(answer.split("\"reference\":\"").nth(1)?.split_once('"')?.0.to_owned())
}

/// Callers who open one case after the other until they are told to stop.
struct Writers {
    over: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
    tasks: Vec<JoinHandle<Vec<String>>>,
}

impl Writers {
    fn start(to: SocketAddr, numbers: &Arc<AtomicUsize>) -> Self {
        let (over, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let one = || {
            let (over, count, numbers) = (Arc::clone(&over), Arc::clone(&count), Arc::clone(numbers));
            tokio::spawn(async move {
                let mut yes = Vec::new();
                while !over.load(Ordering::SeqCst) {
                    if let Some(reference) = open_case(to, numbers.fetch_add(1, Ordering::SeqCst)).await {
                        count.fetch_add(1, Ordering::SeqCst);
                        yes.push(reference);
                    }
                }
                yes
            })
        };
        let tasks = (0..WRITERS).map(|_| one()).collect();
        Self { over, count, tasks }
    }
    fn so_far(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
    async fn stop(self) -> Vec<String> {
        self.over.store(true, Ordering::SeqCst);
        let mut all = Vec::new();
        for task in self.tasks {
            all.extend(task.await.unwrap());
        }
        all
    }
}

/// How many of these are not in the log. And the log adds up.
async fn lost(store: &Store, said_yes: &[String]) -> usize {
    let mut lost = 0;
    for reference in said_yes {
        let id = store.case_by_reference(reference.parse().unwrap()).await.unwrap();
        let found = match id {
            Some(id) => store.load(id).await.unwrap().is_some(),
            None => false,
        };
        lost += usize::from(!found);
    }
    let head = store.log_head().await.unwrap().tree;
    assert_eq!(store.check_entries(0, head.size()).await.unwrap(), head, "the log adds up");
    lost
}

/// From its start to its first readiness, by the program's own clock.
fn started_in_ms(process: &Process, began: jiff::Timestamp) -> u128 {
    let said = process.said();
    let line = said.lines().find(|line| line.contains("\"serving\"")).expect("it serves");
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    let at: jiff::Timestamp = line["timestamp"].as_str().unwrap().parse().unwrap();
    u128::try_from(at.as_millisecond() - began.as_millisecond()).unwrap_or_default()
}

/// What came of many kills.
#[derive(Default)]
struct Killed {
    kills: usize,
    said_yes: usize,
    lost: usize,
    starts_ms: Vec<u128>,
}

impl Killed {
    /// Kills the process of a house again and again.
    async fn go_on(&mut self, house: &House, kills: usize) {
        let (ctx, numbers) = (Ctx::real(), Arc::new(AtomicUsize::new(0)));
        let mut process = house.serve();
        let inside = house.inside().await;
        for _ in 0..kills {
            let writers = Writers::start(process.address(), &numbers);
            eventually("a first yes", async || (writers.so_far() > 0).then_some(())).await;
            // The moment of the kill is what is tried here: any between 30 and 250 ms after the first yes.
            let [byte]: [u8; 1] = ctx.bytes();
            tokio::time::sleep(Duration::from_millis(30 + u64::from(byte) * 220 / 255)).await;
            process.kill();
            let said_yes = writers.stop().await;
            let began = jiff::Timestamp::now();
            process = house.serve();
            self.starts_ms.push(started_in_ms(&process, began));
            self.lost += lost(&inside.flow.store, &said_yes).await;
            self.said_yes += said_yes.len();
            self.kills += 1;
        }
        inside.flow.store.close().await;
        assert!(process.terminate().success(), "{}", process.said());
    }
    fn told(mut self, row: &str) {
        println!(
            "FIGURE {row}: {} kills, {} acknowledged, {} lost, restart p99 {} ms",
            self.kills,
            self.said_yes,
            self.lost,
            p99(&mut self.starts_ms)
        );
        assert_eq!(self.lost, 0);
        assert!(self.said_yes > 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r1_t_e09_a_process_killed_at_any_moment_has_kept_all_that_it_said_yes_to() {
    let (kills, within) = (if is_campaign() { 10_000 } else { 8 }, minutes(60));
    let (began, mut killed) = (Instant::now(), Killed::default());
    while killed.kills < kills && began.elapsed() < within {
        let house = House::alone().await;
        killed.go_on(&house, KILLS_IN_A_HOUSE.min(kills - killed.kills)).await;
        house.is_sound();
    }
    killed.told("r1 sqlite");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r1_t_e09_so_it_has_on_postgres_and_when_the_server_is_killed_too() {
    let Some(house) = House::on_its_own_postgres().await else { return };
    let (kills, server_kills) = if is_campaign() { (100, 30) } else { (2, 2) };
    let mut killed = Killed::default();
    killed.go_on(&house, kills).await;
    killed.told("r1 postgres");

    let (mut process, numbers) = (house.serve(), Arc::new(AtomicUsize::new(1 << 20)));
    let writers = Writers::start(process.address(), &numbers);
    let database = house.url();
    for _ in 0..server_kills {
        let before = writers.so_far();
        // One of its processes killed: the server throws away its memory and begins again from its own log.
        eventually("a process of the server is killed", async || {
            let mut admin = PgConnection::connect(&database).await.ok()?;
            let one = "SELECT pid FROM pg_stat_activity WHERE application_name = 'keyward' ORDER BY random() LIMIT 1";
            let pid: i32 = sqlx::query(one).fetch_one(&mut admin).await.ok()?.get(0);
            Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success().then_some(())
        })
        .await;
        eventually("it goes on by itself", async || (writers.so_far() > before + WRITERS).then_some(())).await;
    }
    let said_yes = writers.stop().await;
    let inside = house.inside().await;
    let lost = lost(&inside.flow.store, &said_yes).await;
    println!("FIGURE r1 postgres server: {server_kills} kills, {} acknowledged, {lost} lost", said_yes.len());
    assert_eq!(lost, 0);
    assert!(process.terminate().success(), "{}", process.said());
}

/// So long, or as long as `KEYWARD_CAMPAIGN_MINUTES` says.
fn minutes(usual: u64) -> Duration {
    let said = std::env::var("KEYWARD_CAMPAIGN_MINUTES").ok().and_then(|minutes| minutes.parse().ok());
    Duration::from_secs(60 * said.unwrap_or(usual))
}
