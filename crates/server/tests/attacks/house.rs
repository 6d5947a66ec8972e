//! A small installation that is attacked: one process, SQLite, Keyward's own directory, a mail server. It is started once for all tests that run
//! at the same time. Requests go to it byte for byte, from any address of this machine, so that nothing tidies them up on the way.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Weak},
};

use axum::body::Body;
use keyward::{
    app::open::{self, Ground},
    connectors::{Directory, SignIn},
    ctx::Ctx,
    passwords::{hash::Hasher, password::Password},
    store::accounts::{NewAccount, NewPassword},
};
use keyward_core::{
    case::Case,
    ids::{CaseId, Reference},
    secret::SecretText,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
    runtime::Runtime,
    sync::Mutex,
};

use crate::{
    browser::{Browser, Page},
    front::{self, Front},
    people::{Inside, Letter, Person},
    process::{Call, Process, eventually},
    smtp_sink::{Received, Sink},
    stage::SITE,
};

/// The host of the site.
pub const HOST: &str = "reset.northwind.test";
/// Everybody's password in the directory.
pub const FIRST: &str = "three blue kettles sing";
/// A password that the rules take.
pub const NEW: &str = "velvet anchor prairie 29";
/// Where the proxy in front is.
pub const PROXY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
/// Somebody who is no proxy.
pub const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 9, 9, 9);
/// Who has an account, and the name that is shown of them.
const PEOPLE: [(&str, &str); 7] = [
    ("mike", "Mike Abel"),
    ("evil", "Eve Ill"),
    ("ann", "Ann Abel"),
    ("dora", r#"<a href="//attacker.test">Dora</a> https://attacker.test"#),
    ("gone", "Gone Abel"),
    ("rita", "Rita Abel"),
    ("tina", "Tina Abel"),
];

/// The installation.
pub struct House {
    pub folder: TempDir,
    pub inside: Inside,
    people: BTreeMap<&'static str, Person>,
    directory: Arc<dyn Directory>,
    environment: BTreeMap<String, String>,
    sink: Sink,
    process: Mutex<Option<Process>>,
    front: Front,
    address: std::sync::Mutex<SocketAddr>,
    /// In which the mail server lives; no test's own runtime does for all of them.
    runtime: Option<Runtime>,
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// 0 where the connection was closed without a word.
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// A request, byte for byte. `Host`, length and end of the connection are added where they are not given.
pub fn request(line: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{line} HTTP/1.1\r\n");
    let given = |name: &str| headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
    if !given("host") {
        text += &format!("Host: {HOST}\r\n");
    }
    if !body.is_empty() && !given("content-type") {
        text += "Content-Type: application/x-www-form-urlencoded\r\n";
    }
    for (name, value) in headers.iter().filter(|(_, value)| *value != NOT_AT_ALL) {
        text += &format!("{name}: {value}\r\n");
    }
    text += &format!("Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    text.into_bytes()
}

/// In place of a header's value: it is not sent.
pub const NOT_AT_ALL: &str = "\u{0}";

/// The house in which the tests of this binary meet.
pub async fn house() -> Arc<House> {
    static STANDING: Mutex<Weak<House>> = Mutex::const_new(Weak::new());
    let mut standing = STANDING.lock().await;
    if let Some(house) = standing.upgrade() {
        return house;
    }
    let house = Arc::new(House::new().await);
    *standing = Arc::downgrade(&house);
    house
}

impl House {
    /// One of one's own, for whoever ends its process.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        for name in ["data", "output"] {
            fs::create_dir(at.join(name)).unwrap();
        }
        let (file, database) = (at.join("keyward.toml"), format!("sqlite:{}", at.join("data/keyward.db").display()));
        let site = ["--public-url", SITE, "--organization", "Northwind Hospital", "--help-phone", "555 0199"];
        let rest = ["--database", &database, "--mail-host", "127.0.0.1", "--mail-from", "recovery@northwind.test"];
        let init = ["--config", file.to_str().unwrap(), "config", "init", "--yes"];
        Call::new(&[&init[..], &site, &rest].concat()).succeed();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sink = runtime.spawn(Sink::start(None, false)).await.unwrap().unwrap();
        let environment: BTreeMap<String, String> = [
            ("KEYWARD_LOG__LAST_CHECKPOINT_FILE", at.join("last-checkpoint").display().to_string()),
            ("KEYWARD_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
            ("KEYWARD_LOG__PUBLIC", "true".to_owned()),
            ("KEYWARD_SERVER__TRUSTED_PROXIES", PROXY.to_string()),
            ("KEYWARD_SERVER__METRICS_LISTEN", "127.0.0.1:0".to_owned()),
            ("KEYWARD_CLASSES__STANDARD", "staff".to_owned()),
            ("KEYWARD_LIMITS__STARTS_PER_NAME_HOUR", "100".to_owned()),
            ("KEYWARD_LIMITS__STARTS_PER_NETWORK_HOUR", "10000".to_owned()),
            ("KEYWARD_LIMITS__MESSAGES_PER_ADDRESS_HOUR", "100".to_owned()),
            ("KEYWARD_LIMITS__MESSAGES_PER_ADDRESS_DAY", "1000".to_owned()),
            ("KEYWARD_MAIL__TLS", "none".to_owned()),
            ("KEYWARD_MAIL__PORT", sink.address.port().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let inside = Inside::of(&file, &environment).await;
        let directory = settle(&inside).await;
        let mut people = BTreeMap::new();
        for (name, _) in PEOPLE {
            let own = format!("{name}@home.test");
            let (seed, codes) = inside.set_up(&format!("id-{name}"), &own).await;
            let addresses = [format!("{name}@northwind.test"), own];
            people.insert(name, Person { name: name.to_owned(), old: FIRST.to_owned(), addresses, codes, seed });
        }
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
        let house = Self {
            folder,
            inside,
            people,
            directory,
            environment,
            sink,
            process: Mutex::new(None),
            front: Front::before(nowhere),
            address: std::sync::Mutex::new(nowhere),
            runtime: Some(runtime),
        };
        house.restart().await;
        house
    }

    /// Ends the process, if there is one, and starts another.
    pub async fn restart(&self) {
        let mut process = self.process.lock().await;
        if let Some(mut before) = process.take() {
            assert!(before.terminate().success(), "{}", before.said());
        }
        let mut next = self.keyward(&["serve"]).start(&self.path("output"));
        let address = next.address();
        *self.address.lock().unwrap() = address;
        self.front.turn_to(address);
        *process = Some(next);
    }
    /// A command of the operator.
    pub fn keyward(&self, args: &[&str]) -> Call {
        let file = self.path("keyward.toml");
        Call::new(&[&["--config", file.to_str().unwrap()], args].concat()).env(&self.environment)
    }
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    /// What the process has written.
    pub async fn said(&self) -> String {
        self.process.lock().await.as_ref().map(Process::said).unwrap_or_default()
    }
    pub fn browser(&self) -> Browser {
        self.front.browser()
    }
    pub fn person(&self, name: &str) -> &Person {
        &self.people[name]
    }

    /// Sends bytes from an address of this machine, and waits for the end of the answer.
    pub async fn send(&self, from: Ipv4Addr, bytes: &[u8]) -> Answer {
        let to = *self.address.lock().unwrap();
        exchange(from, to, bytes).await
    }
    /// What whoever looks after it reads.
    pub async fn numbers(&self) -> String {
        let to = self.process.lock().await.as_mut().expect("it runs").numbers();
        exchange(PROXY, to, &request("GET /metrics", &[], "")).await.body
    }

    /// Types a name, as anybody can. The page that asks for proofs, with the account found or not.
    pub async fn start(&self, browser: &mut Browser, name: &str) -> Page {
        let find = browser.get("/recover?for=forgot").await;
        let how = browser.fill(&find, &[("name", name)]).await;
        assert!(how.path.ends_with("/how"), "{how:?}");
        self.settled(&how.reference()).await;
        how
    }
    /// The case that an answer leads to, once the worker has done everything for it.
    pub async fn started(&self, answer: &Answer) -> String {
        assert_eq!(answer.status, 303, "{answer:?}");
        let reference = answer.reference().unwrap_or_else(|| panic!("no case in {}", answer.head));
        self.settled(&reference).await;
        reference
    }
    /// Waits until the worker has nothing more to do for a case.
    pub async fn settled(&self, reference: &str) {
        let id = self.id(reference).await;
        eventually(&format!("the jobs of {reference}"), async || {
            let jobs = self.inside.flow.store.jobs(10_000).await.unwrap();
            (!jobs.iter().any(|job| job.case == Some(id))).then_some(())
        })
        .await;
    }
    async fn id(&self, reference: &str) -> CaseId {
        let reference: Reference = reference.parse().unwrap();
        self.inside.flow.store.case_by_reference(reference).await.unwrap().expect("the case")
    }
    pub async fn case(&self, reference: &str) -> Case {
        self.inside.flow.load(self.id(reference).await).await.unwrap()
    }

    /// Every message so far that has these words in it, as it came over the wire.
    pub fn received(&self, words: &str) -> Vec<Received> {
        let has = |received: &&Received| Letter::read(received).text.contains(words);
        self.sink.received().iter().filter(has).cloned().collect()
    }
    /// Every message about a case so far.
    pub fn letters(&self, words: &str) -> Vec<Letter> {
        self.received(words).iter().map(Letter::read).collect()
    }
    /// Asks for a link in a case; the message with it.
    pub async fn mailed(&self, browser: &mut Browser, how: &Page, name: &str) -> Letter {
        browser.post(&format!("/recover/{}/how", how.reference()), &[("way", "email")]).await;
        let own = format!("{name}@home.test");
        eventually("a message with a link", async || {
            let mut letters = self.letters(&how.reference()).into_iter().rev();
            letters.find(|letter| letter.to == own && letter.text.contains("/l/kw_"))
        })
        .await
    }

    pub fn directory(&self) -> &dyn Directory {
        self.directory.as_ref()
    }
    /// Whether a password opens an account.
    pub async fn opens(&self, name: &str, password: &str) -> bool {
        let password = SecretText::new(password.to_owned());
        self.directory.authenticate(&format!("id-{name}"), &password, Ctx::real().now()).await.unwrap() == SignIn::Ok
    }
}

/// Puts everybody into the directory.
async fn settle(inside: &Inside) -> Arc<dyn Directory> {
    let (flow, hasher) = (&inside.flow, Arc::new(Hasher::new(1, 4).unwrap()));
    let at = flow.ctx.now();
    let password = Password::new(SecretText::new(FIRST.to_owned())).unwrap();
    let hash = hasher.hash(&password, flow.ctx.bytes()).await.unwrap();
    for (name, display) in PEOPLE {
        let (id, mail) = (format!("id-{name}"), Some(format!("{name}@northwind.test")));
        let new = NewAccount { id, name: name.to_owned(), mail, display: display.to_owned(), created: at };
        assert!(flow.store.insert_account(&new).await.unwrap());
        flow.store.set_account_group(&new.id, "staff", true).await.unwrap();
        let first = NewPassword { hash: hash.clone(), expected: 0, must_change: false, keep: 1, at };
        flow.store.set_account_password(&new.id, &first).await.unwrap();
    }
    let ground = Ground { store: flow.store.clone(), hasher, ctx: flow.ctx.clone(), history: 5 };
    open::directory(&inside.config.directories[0], &ground).unwrap()
}

async fn exchange(from: Ipv4Addr, to: SocketAddr, bytes: &[u8]) -> Answer {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let mut wire = socket.connect(to).await.unwrap();
    // The other side may close while it is still being talked to; what it said by then is its answer.
    let _ = wire.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = wire.read_to_end(&mut answer).await;
    if answer.is_empty() {
        return Answer { status: 0, head: String::new(), body: String::new() };
    }
    let response: axum::http::Response<Body> = front::parse(&answer);
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 1 << 22).await.unwrap();
    let head = parts.headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap())).collect();
    Answer { status: parts.status.as_u16(), head, body: String::from_utf8_lossy(&body).into_owned() }
}

impl Answer {
    /// The values of a header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.head.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).collect()
    }
    /// The case that it leads to.
    pub fn reference(&self) -> Option<String> {
        let to = self.header("location").into_iter().next()?;
        to.split('/').find(|part| part.starts_with("KW-")).map(str::to_owned)
    }
    /// The cookies that it sets, as a browser sends them back.
    pub fn cookies(&self) -> String {
        let pairs = self.header("set-cookie").into_iter().map(|cookie| cookie.split(';').next().unwrap_or_default());
        pairs.collect::<Vec<_>>().join("; ")
    }
    /// Head and body in one, to look for what must not be there.
    pub fn whole(&self) -> String {
        format!("{}\n{}", self.head, self.body)
    }
}
