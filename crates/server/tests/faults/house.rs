//! A small installation that can be broken: one process, SQLite, Keyward's own directory or a slapd behind a proxy, and a clock that a test moves
//! while the process runs. Its files can be put back to how they were, so that each fault begins at the same moment.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use keyward::ctx::Ctx;
use keyward_core::time::SECOND_MS;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    browser::{Browser, Page},
    entry,
    front::Front,
    people::{Inside, Letter, Person},
    process::{Call, Process, eventually, set_clock},
    smtp_sink::Sink,
    stage::SITE,
    support::{
        postgres::{self, Cluster},
        proxy::{Proxy, Wire},
        skip,
        slapd::{self, SERVICE, SUFFIX, Slapd},
    },
};

const CASES: &str =
    "SELECT body FROM entries JOIN cases ON cases.id = case_id WHERE reference = $1 ORDER BY entries.seq";

/// One process and its surroundings.
pub struct House {
    pub folder: TempDir,
    environment: BTreeMap<String, String>,
    url: String,
    /// Takes every message.
    sink: Sink,
    pub before_slapd: Option<(Arc<Slapd>, Proxy)>,
    pub front: Front,
    /// A PostgreSQL that nobody else uses.
    _server: Option<Cluster>,
}

impl House {
    /// With Keyward's own directory.
    pub async fn alone() -> Self {
        Self::with(None, None).await
    }
    /// The same with a PostgreSQL in the place of SQLite. None where that is not installed.
    pub async fn on_postgres() -> Option<Self> {
        let database = postgres::postgres().await?;
        Some(Self::with(None, Some(&database)).await)
    }
    /// The same with one that may be broken.
    pub async fn on_its_own_postgres() -> Option<Self> {
        let (server, database) = postgres::alone().await?;
        Some(Self { _server: Some(server), ..Self::with(None, Some(&database)).await })
    }
    /// With a slapd and a proxy before it. None where that is not installed.
    pub async fn before_slapd() -> Option<Self> {
        let slapd = tokio::task::spawn_blocking(slapd::shared).await.unwrap()?;
        let proxy = Proxy::before(slapd.port);
        Some(Self::with(Some((slapd, proxy)), None).await)
    }

    /// The same with somebody in it, the clock it goes by, and its files kept. None where slapd or faketime is not there, which is said.
    pub async fn kept(name: &str) -> Option<(Self, Clock, Person)> {
        let house = Self::before_slapd().await?;
        let clock = Clock::new(&house);
        let person = house.somebody(name).await;
        let Some(mut process) = house.serve_by(&clock) else {
            skip("faketime", "it is not installed");
            return None;
        };
        process.kill();
        house.keep();
        Some((house, clock, person))
    }

    async fn with(before_slapd: Option<(Arc<Slapd>, Proxy)>, database: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        for name in ["data", "output"] {
            fs::create_dir(at.join(name)).unwrap();
        }
        let sink = Sink::start(None, false).await.unwrap();
        let file = format!("sqlite:{}", at.join("data/keyward.db").display());
        let ldap = before_slapd.as_ref().map(|(_, proxy)| format!("ldap://127.0.0.1:{}", proxy.port));
        write_configuration(at, database.unwrap_or(&file), ldap.as_deref());
        let staff = before_slapd.as_ref().map_or("staff".to_owned(), |_| entry::group("staff"));
        let environment = [
            ("KEYWARD_LOG__LAST_CHECKPOINT_FILE", at.join("data/last-checkpoint").display().to_string()),
            ("KEYWARD_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
            ("KEYWARD_SERVER__TRUSTED_PROXIES", "127.0.0.1".to_owned()),
            ("KEYWARD_CLASSES__STANDARD", staff),
            ("KEYWARD_MAIL__TLS", "none".to_owned()),
            ("KEYWARD_MAIL__PORT", sink.address.port().to_string()),
            ("KEYWARD_LIMITS__STARTS_PER_NAME_HOUR", "100".to_owned()),
            ("KEYWARD_LIMITS__STARTS_PER_NETWORK_HOUR", "10000".to_owned()),
        ];
        let mut environment: BTreeMap<_, _> =
            environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if before_slapd.is_some() {
            environment.insert("KEYWARD_DIRECTORY__MAIN__OPENLDAP__TIMEOUT_SECONDS".to_owned(), "1".to_owned());
        }
        let nobody = "127.0.0.1:1".parse().unwrap();
        let url = database.map_or(file, str::to_owned);
        Self { folder, environment, url, sink, before_slapd, front: Front::before(nobody), _server: None }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    /// Where the database is.
    pub fn url(&self) -> String {
        self.url.clone()
    }
    pub fn slapd(&self) -> &Arc<Slapd> {
        &self.before_slapd.as_ref().expect("a slapd").0
    }
    pub fn wire(&self) -> &Proxy {
        &self.before_slapd.as_ref().expect("a proxy").1
    }
    /// A command with its configuration.
    pub fn keyward(&self, args: &[&str]) -> Call {
        let file = self.path("keyward.toml");
        Call::new(&[&["--config", file.to_str().unwrap()], args].concat()).env(&self.environment)
    }
    pub async fn inside(&self) -> Inside {
        Inside::of(&self.path("keyward.toml"), &self.environment).await
    }
    /// The process, by the clock as it is.
    pub fn serve(&self) -> Process {
        self.started(&self.keyward(&["serve"]))
    }
    /// The process by a clock that [`Clock`] moves, so many seconds from now. None where that can not be played.
    pub fn serve_by(&self, clock: &Clock) -> Option<Process> {
        Some(self.started(&self.keyward(&["serve"]).later_by(&clock.file)?))
    }
    pub fn started(&self, call: &Call) -> Process {
        let mut process = call.start(&self.path("output"));
        self.front.turn_to(process.address());
        process
    }
    /// Another one beside it, to which the front is not turned.
    pub fn beside(&self, call: &Call) -> Process {
        call.start(&self.path("output"))
    }
    /// The first message to an address in which that stands, as soon as it is there.
    pub async fn letter(&self, to: &str, words: &str) -> Letter {
        eventually(&format!("`{words}` to {to}"), async || {
            let received = self.sink.received();
            let mut letters = received.iter().filter(|one| one.to == [to]).map(Letter::read);
            letters.find(|letter| letter.text.contains(words))
        })
        .await
    }

    /// Somebody of slapd with an app and a sheet of codes.
    pub async fn somebody(&self, name: &str) -> Person {
        let name = format!("{name}.abel");
        entry::put_into(self.slapd(), &name, "staff").await;
        let inside = self.inside().await;
        let own = format!("{name}@home.test");
        let (seed, codes) = inside.set_up(&entry::unique(self.slapd(), &name).await, &own).await;
        inside.flow.store.close().await;
        Person { old: format!("Start-{name}-1"), addresses: [format!("{name}@keyward.test"), own], name, codes, seed }
    }
    /// How often slapd was asked to set somebody's password.
    pub fn writes(&self, person: &Person) -> usize {
        self.slapd().log().matches(&format!("PASSMOD id=\"{}\"", person.dn())).count()
    }
    /// The database, beside whoever uses it.
    pub fn database(&self) -> Connection {
        connect(&self.path("data/keyward.db"))
    }
    /// What the log says of a case: the kind of each entry, with number and answer where it has them.
    pub fn events(&self, reference: &str) -> Vec<String> {
        events(&self.database(), reference)
    }
    /// Where a case stands.
    pub fn state(&self, reference: &str) -> String {
        let state = "SELECT state FROM cases WHERE reference = $1";
        self.database().query_row(state, [reference], |row| row.get(0)).unwrap()
    }
    /// Waits until a case is in one of these states.
    pub async fn reaches(&self, reference: &str, states: &[&str]) -> String {
        eventually(&format!("{reference} {states:?}"), async || {
            let state = self.state(reference);
            states.contains(&state.as_str()).then_some(state)
        })
        .await
    }
    /// SQLite's own look at the file.
    pub fn is_sound(&self) {
        let said: String = self.database().query_row("PRAGMA quick_check", [], |row| row.get(0)).unwrap();
        assert_eq!(said, "ok");
    }

    /// Keeps the files as they are; nobody may be using them.
    pub fn keep(&self) {
        copy_all(&self.path("data"), &self.path("kept"));
    }
    /// Puts them back, and the line in order.
    pub fn put_back(&self) {
        copy_all(&self.path("kept"), &self.path("data"));
        if let Some((_, wire)) = &self.before_slapd {
            wire.arm(Wire::Whole, "");
        }
    }
}

/// How far the process is ahead of the directory before anything else: a password that the case before has changed is then an old one.
const AHEAD_S: i64 = 600;

/// A clock that can be set while a process goes by it.
pub struct Clock {
    file: PathBuf,
    ahead_s: std::cell::Cell<i64>,
}

impl Clock {
    pub fn new(house: &House) -> Self {
        let clock = Self { file: house.path("clock"), ahead_s: std::cell::Cell::new(0) };
        clock.set(0);
        clock
    }
    /// So many seconds from where it began, before it if negative.
    pub fn set(&self, later_s: i64) {
        self.ahead_s.set(AHEAD_S + later_s);
        self.turn_to(later_s);
    }
    /// The same for the machine alone: the process, and whoever has an app, go by what it was.
    pub fn turn_to(&self, later_s: i64) {
        set_clock(&self.file, AHEAD_S + later_s);
    }
    /// What an app shows by it.
    pub fn app(&self, person: &Person) -> String {
        person.seed.code(Ctx::real().now().plus_ms(self.ahead_s.get() * SECOND_MS)).expose().clone()
    }
}

/// Whether everything is there that a fault of the disk is played with; if not, that is said.
pub fn can_trace() -> bool {
    let there = std::process::Command::new("strace").arg("-V").output().is_ok_and(|output| output.status.success());
    if !there {
        skip("strace", "it is not installed");
    }
    there
}

pub fn connect(file: &Path) -> Connection {
    Connection::open(file).unwrap()
}

pub fn events(database: &Connection, reference: &str) -> Vec<String> {
    let mut entries = database.prepare(CASES).unwrap();
    let bodies = entries.query_map([reference], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    bodies.map(|body| told(&serde_json::from_slice(&body.unwrap()).unwrap())).collect()
}

fn told(entry: &Value) -> String {
    let event = &entry["event"];
    let kind = event["type"].as_str().unwrap();
    match (kind, event["outcome"]["answer"].as_str()) {
        ("started", _) => format!("started {}", event["attempt"]),
        ("recorded", Some(answer)) => format!("{answer} {}", event["attempt"]),
        _ => kind.to_owned(),
    }
}

fn write_configuration(at: &Path, database: &str, ldap: Option<&str>) {
    let file = at.join("keyward.toml");
    let mut args = vec!["config", "init", "--yes", "--config", file.to_str().unwrap(), "--public-url", SITE];
    args.extend(["--organization", "Northwind Hospital", "--help-phone", "555 0199", "--database", database]);
    args.extend(["--mail-host", "127.0.0.1", "--mail-from", "recovery@northwind.test"]);
    let password = at.join("directory-password");
    if let Some(url) = ldap {
        fs::write(&password, format!("{}\n", SERVICE.1)).unwrap();
        fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        args.extend(["--ldap-url", url, "--ldap-base-dn", SUFFIX, "--ldap-bind-dn", SERVICE.0]);
        args.extend(["--ldap-password-file", password.to_str().unwrap()]);
    }
    Call::new(&args).succeed();
}

fn copy_all(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// Somebody on the way through a recovery, one step after the other. A step that fails can be taken again.
pub struct Walk<'a> {
    pub house: &'a House,
    pub clock: &'a Clock,
    pub person: &'a Person,
    pub browser: Browser,
    pub page: Option<Page>,
    pub new: String,
    /// What was acknowledged: the kinds of entries that have to be in the log.
    pub acknowledged: Vec<&'static str>,
}

/// The steps of a walk, and what is in the log when each is acknowledged.
pub const STEPS: [(&str, &str); 4] =
    [("ask", "opened"), ("app", "presented"), ("code", "authorized"), ("hand in", "submitted")];

impl<'a> Walk<'a> {
    pub fn new(house: &'a House, clock: &'a Clock, person: &'a Person, new: &str) -> Self {
        let browser = house.front.browser();
        Self { house, clock, person, browser, page: None, new: new.to_owned(), acknowledged: Vec::new() }
    }
    pub fn case(&self) -> String {
        self.page.as_ref().expect("a case").reference()
    }
    /// Takes the next step; the page that says no, if it did.
    pub async fn step(&mut self) -> Result<(), Box<Page>> {
        let (name, event) = STEPS[self.acknowledged.len()];
        let page = match name {
            "ask" => self.ask().await,
            "app" => self.show("app", self.clock.app(self.person)).await,
            "code" => self.show("recovery-code", self.person.codes[0].clone()).await,
            _ => self.hand_in().await,
        };
        let page = page?;
        let wanted = match name {
            "code" => "/new/password",
            "hand in" => "/working",
            _ => "/how",
        };
        // The worker may be done before the page is there, and the directory may have said no.
        let is_answered =
            name == "hand in" && (page.path.ends_with("/done") || page.says("The directory did not take"));
        let is_next = page.status.is_success() && page.path.ends_with(wanted);
        if !(is_next || is_answered) || (name == "app" && !page.says("You have shown 1 of 2 proofs")) {
            return Err(Box::new(page));
        }
        self.page = Some(page);
        self.acknowledged.push(event);
        Ok(())
    }
    /// The page of the case, wherever it stands.
    async fn here(&mut self) -> Result<Page, Box<Page>> {
        let path = format!("/recover/{}", self.case());
        ok(self.browser.get(&path).await)
    }
    async fn ask(&mut self) -> Result<Page, Box<Page>> {
        let find = ok(self.browser.get("/recover?for=forgot").await)?;
        ok(self.browser.fill(&find, &[("name", &self.person.name)]).await)
    }
    async fn show(&mut self, way: &str, code: String) -> Result<Page, Box<Page>> {
        let how = self.here().await?;
        // A step before, of which nobody was told, may have counted.
        let counted = how.says("You have shown 1 of 2 proofs");
        if (way == "app" && counted) || !how.path.ends_with("/how") {
            return Ok(how);
        }
        let type_it = ok(self.browser.fill(&how, &[("way", way)]).await)?;
        ok(self.browser.fill(&type_it, &[("code", &code)]).await)
    }
    async fn hand_in(&mut self) -> Result<Page, Box<Page>> {
        let here = self.here().await?;
        if !here.path.ends_with("/new/password") {
            return Ok(here);
        }
        ok(self.browser.fill(&here, &[("new-password", &self.new)]).await)
    }
    /// Until the worker knows whose account it is.
    pub async fn is_known(&self) {
        self.house.reaches(&self.case(), &["verifying"]).await;
    }
    /// Takes steps until this one is acknowledged.
    pub async fn until(&mut self, name: &str) {
        let last = STEPS.iter().position(|(step, _)| *step == name).expect("a step");
        while self.acknowledged.len() <= last {
            if self.acknowledged.len() == 1 {
                self.is_known().await;
            }
            if let Err(page) = self.step().await {
                panic!("{} at {}: {}", page.status, page.path, page.html);
            }
        }
    }
    /// Whether what was acknowledged is in the log.
    pub async fn is_kept(&self) -> bool {
        let Some(_) = self.page else { return true };
        let events = self.house.events(&self.case());
        self.acknowledged.iter().all(|kind| events.iter().any(|event| event == kind))
    }
}

fn ok(page: Page) -> Result<Page, Box<Page>> {
    if page.status.is_server_error() { Err(Box::new(page)) } else { Ok(page) }
}
