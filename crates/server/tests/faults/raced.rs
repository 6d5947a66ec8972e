//! R14: what is of use once, raced by thirty at the same moment over two processes of the real binary: over HTTP, on one PostgreSQL, with the
//! messages that a mail server took.
//!
//! What is not here: SQLite, which one process has to itself, and everything else that is of use once. `once.rs` races those between two
//! applications of one process.

use std::{net::SocketAddr, sync::Arc};

use keyward_core::{account::Method, event::Event, ids::CaseId, steps::reissue::Outcome};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, Row as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Barrier,
};

use crate::{
    front::parse,
    house::House,
    is_campaign,
    people::{Account, Inside, Letter, Person, account},
    process::{Call, Process, eventually},
    stage::SITE,
};

/// How many race.
const RACERS: usize = 30;
/// The password that somebody forgot.
const OLD: &str = "three blue kettles sing";
/// Wrong passwords that are tried one after the other. Ten lock an account, and then none tells anything.
const TRIED: usize = 5;
/// A change waits until it is opened to both workers. Else the process that took the password has its job before the other one looks.
const WAITS: &str = "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN NEW.due_ms := 9e15; RETURN NEW; END';
    CREATE TRIGGER waits BEFORE INSERT ON jobs FOR EACH ROW WHEN (NEW.kind = 'reissue') EXECUTE FUNCTION wait()";
const OPEN: &str = "BEGIN; LOCK TABLE jobs IN EXCLUSIVE MODE; UPDATE jobs SET due_ms = 0 WHERE kind = 'reissue'";
/// Who stands before the table and wants to take what is due; each worker once.
const TAKERS: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()
    AND wait_event_type = 'Lock' AND query ~ 'UPDATE jobs SET state = .(dead|running)'";
/// How many changes a process has made.
const DONE: &str = "keyward_job_duration_seconds_count{kind=\"reissue\",result=\"done\"} ";

/// So many rounds of a race.
fn rounds() -> usize {
    if is_campaign() { 100 } else { 1 }
}

async fn answer(to: TcpStream, request: &str) -> (u16, String) {
    let (mut wire, mut all) = (to, Vec::new());
    wire.write_all(request.as_bytes()).await.unwrap();
    wire.read_to_end(&mut all).await.unwrap();
    let response = parse(&all);
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

pub async fn post(to: TcpStream, (path, key): (&str, &str), body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let head = format!(
        "POST /api/v1/cases{path} HTTP/1.1\r\nhost: reset.northwind.test\r\nx-forwarded-for: 192.0.2.7\r\nconnection: close\r\n\
         authorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let (status, text) = answer(to, &(head + &body)).await;
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} {text}")))
}

/// Two processes and what is around them.
pub struct Pair {
    pub house: House,
    inside: Inside,
    pub processes: [Process; 2],
    pub to: [SocketAddr; 2],
    /// How often somebody won at each.
    won: [usize; 2],
}

/// A case and its key.
pub struct Held {
    pub id: CaseId,
    path: String,
    key: String,
}

impl Pair {
    /// None where PostgreSQL is not installed.
    async fn new() -> Option<Self> {
        let house = House::on_postgres().await?;
        let call = house.keyward(&["serve"]).set("KEYWARD_SERVER__METRICS_LISTEN", "127.0.0.1:0");
        Some(Self::of(house, [&call, &call]).await)
    }
    /// Called like this.
    pub async fn of(house: House, [one, other]: [&Call; 2]) -> Self {
        let mut processes = [house.started(one), house.beside(other)];
        let to = processes.each_mut().map(Process::address);
        Self { inside: house.inside().await, house, processes, to, won: [0; 2] }
    }

    /// Somebody new, so that no round knows of another.
    pub async fn somebody(&self, name: String) -> (Person, Account) {
        let there = account(&self.inside, &name, OLD).await;
        let own = format!("{name}@home.test");
        let (seed, codes) = self.inside.set_up(&format!("id-{name}"), &own).await;
        let addresses = [format!("{name}@northwind.test"), own];
        (Person { name, old: OLD.to_owned(), addresses, codes, seed }, there)
    }

    /// Asks the first process for something that nobody races for.
    async fn act(&self, place: (&str, &str), body: Value) -> Value {
        let (status, got) = post(TcpStream::connect(self.to[0]).await.unwrap(), place, &body).await;
        assert!((200..300).contains(&status), "{status} {got}");
        got
    }

    /// A case of somebody's, as far as the first proof.
    async fn case(&self, person: &Person) -> Held {
        let held = self.opened(person).await;
        self.is_looked_up(&held).await;
        held
    }
    /// A case of somebody's that nobody has looked at.
    pub async fn opened(&self, person: &Person) -> Held {
        let got = self.act(("", ""), json!({ "name": person.name, "door": "forgot" })).await;
        let [reference, key] = ["reference", "key"].map(|name| got[name].as_str().unwrap());
        let id = self.inside.flow.store.case_by_reference(reference.parse().unwrap()).await.unwrap().unwrap();
        Held { id, path: format!("/{reference}"), key: key.to_owned() }
    }
    /// Waits until a worker knows whose it is.
    pub async fn is_looked_up(&self, held: &Held) {
        self.comes(held.id, |event| matches!(event, Event::Classified(_))).await;
    }

    /// Thirty requests at the same moment, every other one at the other process, in each case as many. The place of the case in which one won,
    /// and the number of that one.
    async fn race(&mut self, cases: &[Held], rest: &str, body: impl Fn(usize) -> Value) -> (usize, usize) {
        let start = Arc::new(Barrier::new(RACERS));
        let place = |number: usize| number * cases.len() / RACERS;
        let mut racers = Vec::new();
        for number in 0..RACERS {
            let Held { path, key, .. } = &cases[place(number)];
            let (start, to, path, key) = (start.clone(), self.to[number % 2], format!("{path}{rest}"), key.clone());
            let body = body(number);
            racers.push(tokio::spawn(async move {
                // Connected before anybody begins: then nothing but the request is still to come.
                let wire = TcpStream::connect(to).await.unwrap();
                start.wait().await;
                post(wire, (&path, &key), &body).await
            }));
        }
        let mut got = Vec::new();
        for racer in racers {
            let (status, body) = racer.await.unwrap();
            got.push((status, body["type"].as_str().unwrap_or_default().to_owned()));
        }
        let (won, others): (Vec<_>, Vec<_>) = (0..RACERS).partition(|number| (200..300).contains(&got[*number].0));
        // No, or, on a machine with too much to do, not now.
        let refused = |number: &usize| (400..500).contains(&got[*number].0) || got[*number].0 == 503;
        assert!(won.len() == 1 && others.iter().all(refused), "{rest}: {} won: {got:?}", won.len());
        self.won[won[0] % 2] += 1;
        (place(won[0]), won[0])
    }

    /// Lets both workers take what waits at the same moment.
    async fn open_to_both(&self) {
        let connect = async || PgConnection::connect(&self.house.url()).await.unwrap();
        let (mut opens, mut looks) = (connect().await, connect().await);
        sqlx::raw_sql(OPEN).execute(&mut opens).await.unwrap();
        eventually("both want the job", async || {
            let takers: i64 = sqlx::query(TAKERS).fetch_one(&mut looks).await.unwrap().get(0);
            (takers == 2).then_some(())
        })
        .await;
        sqlx::raw_sql("COMMIT").execute(&mut opens).await.unwrap();
    }

    /// How many entries of a case fit.
    pub async fn logged(&self, case: CaseId, fits: impl Fn(&Event) -> bool) -> usize {
        self.inside.flow.entries(case).await.unwrap().iter().filter(|entry| fits(&entry.event)).count()
    }
    /// Waits for an entry of a case.
    async fn comes(&self, case: CaseId, fits: impl Fn(&Event) -> bool) {
        eventually("an entry", async || (self.logged(case, &fits).await > 0).then_some(())).await;
    }

    /// How many changes each process has done, as it says itself.
    async fn done(&mut self) -> [usize; 2] {
        let mut done = [0; 2];
        for (done, process) in done.iter_mut().zip(&mut self.processes) {
            let wire = TcpStream::connect(process.numbers()).await.unwrap();
            let (_, text) = answer(wire, "GET /metrics HTTP/1.1\r\nhost: numbers\r\nconnection: close\r\n\r\n").await;
            *done = text.lines().find_map(|line| line.strip_prefix(DONE)).map_or(0, |count| count.parse().unwrap());
        }
        done
    }

    /// The figure.
    fn tell(&mut self, what: &str) {
        let [one, two] = std::mem::take(&mut self.won);
        let (rounds, all) = (rounds(), one + two);
        print!("FIGURE r14 processes: {what}, PostgreSQL: {rounds} rounds of {RACERS} over 2 processes, {all} winners");
        println!(" ({one} and {two} at each)");
    }

    /// A log that adds up, and nothing that was given up.
    async fn end(mut self) {
        let store = &self.inside.flow.store;
        let head = store.log_head().await.unwrap().tree;
        assert_eq!(store.check_entries(0, head.size()).await.unwrap(), head, "the log adds up");
        let dead = store.dead_jobs(10).await.unwrap();
        assert!(dead.is_empty(), "{dead:#?}");
        store.close().await;
        for process in &mut self.processes {
            assert!(process.terminate().success(), "{}", process.said());
        }
    }
}

/// Something that proves who one is, once: its name, where it is shown, its kind, and in how many cases of the same person. What came in a message
/// counts in its own alone. The others are shown in as many as it takes for all that are not turned away before to be compared: a case has five
/// tries, and an app ten in a day.
type Proof = (&'static str, &'static str, Method, usize, fn(&Person, Option<&Letter>) -> Value);

const PROOFS: [Proof; 4] = [
    ("link in a message", "/proofs/email_link", Method::Email, 1, |_, mail| {
        let (_, rest) = mail.unwrap().text.split_once(&format!("{SITE}/l/")).unwrap();
        json!({ "token": rest.split_whitespace().next() })
    }),
    ("code in a message", "/proofs/email_code", Method::Email, 1, |_, mail| json!({ "code": mail.unwrap().code() })),
    ("time step of an app", "/proofs/totp", Method::Totp, 2, |person, _| json!({ "code": person.app() })),
    ("printed code", "/proofs/recovery_code", Method::RecoveryCode, 6, |person, _| json!({ "code": person.codes[3] })),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r14_t_e01_t_e02_of_thirty_who_show_two_processes_the_same_proof_one_is_believed() {
    let Some(mut pair) = Pair::new().await else { return };
    for (nth, (what, rest, method, count, body)) in PROOFS.into_iter().enumerate() {
        for round in 0..rounds() {
            let (person, _) = pair.somebody(format!("mike-{nth}-{round}")).await;
            let mut cases = Vec::new();
            for _ in 0..count {
                cases.push(pair.case(&person).await);
            }
            let letter = if method == Method::Email {
                pair.act((&format!("{}/proofs/email", cases[0].path), &cases[0].key), json!({})).await;
                Some(pair.house.letter(&person.addresses[1], "/l/").await)
            } else {
                None
            };
            let body = body(&person, letter.as_ref());
            let (won, _) = pair.race(&cases, rest, |_| body.clone()).await;
            for (number, held) in cases.iter().enumerate() {
                let shown = |event: &Event| matches!(event, Event::Presented(proof) if proof.method == method);
                let wanted = usize::from(number == won);
                assert_eq!(pair.logged(held.id, shown).await, wanted, "{what}: the log names the case of the winner");
            }
        }
        pair.tell(what);
    }
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r14_r53_t_e01_of_thirty_passwords_for_two_processes_one_is_taken_and_the_directory_opens_for_that_one() {
    let Some(mut pair) = Pair::new().await else { return };
    sqlx::raw_sql(WAITS).execute(&mut PgConnection::connect(&pair.house.url()).await.unwrap()).await.unwrap();
    for round in 0..rounds() {
        let password = |number: usize| format!("nine quiet herons {round} marching {number}");
        let (person, there) = pair.somebody(format!("nora-{round}")).await;
        let cases = [pair.case(&person).await];
        let [Held { id, path, key }] = &cases;
        for (rest, code) in [("/proofs/totp", person.app()), ("/proofs/recovery_code", person.codes[0].clone())] {
            pair.act((&format!("{path}{rest}"), key), json!({ "code": code })).await;
        }
        let (_, won) = pair.race(&cases, "/submission", |number| json!({ "password": password(number) })).await;
        pair.open_to_both().await;
        // Then nothing is left that could still change it.
        pair.comes(*id, |event| matches!(event, Event::Reviewed(_))).await;
        for (what, fits) in [
            ("submitted", (|event| matches!(event, Event::Submitted(_))) as fn(&Event) -> bool),
            ("started", |event| matches!(event, Event::Started(_))),
            ("recorded", |event| matches!(event, Event::Recorded(_))),
            ("done", |event| matches!(event, Event::Recorded(one) if one.outcome == Outcome::Done)),
        ] {
            assert_eq!(pair.logged(*id, fits).await, 1, "{what}");
        }
        for number in 0..RACERS {
            if number % TRIED == 0 {
                assert!(there.opens(&password(won)).await, "the one that was taken");
            }
            assert_eq!(there.opens(&password(number)).await, number == won, "number {number}, {won} was taken");
        }
        assert!(!there.opens(OLD).await);
        let account = pair.inside.flow.store.account(&format!("id-{}", person.name)).await.unwrap().unwrap();
        assert_eq!(account.credential, 2, "set once");
    }
    // The entry that says so is written before the job is over.
    let done = async || Some(pair.done().await).filter(|done| done.iter().sum::<usize>() >= rounds());
    let [one, two] = eventually("the jobs are over", done).await;
    assert_eq!(one + two, rounds(), "each job was done once, by one of the two");
    pair.tell("new password, permit and job");
    println!("FIGURE r14 processes: its jobs, {one} and {two} done by each");
    pair.end().await;
}
