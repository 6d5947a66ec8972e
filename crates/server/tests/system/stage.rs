//! An installation as `docs/config.md` describes it: a folder for the worker with all keys, one for the web processes with the one key they need,
//! and the real servers around them.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use tempfile::TempDir;

use crate::{
    entry,
    front::Front,
    people::Letter,
    process::{Call, Process, by_clock, eventually, set_clock},
    smtp_sink::Sink,
    support::{
        postgres::{self, Cluster, postgres},
        proxy::{Proxy, Wire},
        skip,
        slapd::{self, SERVICE, SUFFIX, Slapd},
    },
};

/// What people type.
pub const SITE: &str = "https://reset.northwind.test";
/// What its mail says of it.
pub const ORGANIZATION: &str = "Northwind Hospital";

/// Everything that is installed.
pub struct Installation {
    pub slapd: Arc<Slapd>,
    pub sink: Sink,
    /// In front of the mail server.
    pub relay: Proxy,
    /// In front of slapd, where the worker does not use TLS.
    pub wire: Proxy,
    pub database: String,
    pub folder: TempDir,
    environment: BTreeMap<String, String>,
    /// `RUST_LOG` of every process.
    pub verbosity: &'static str,
    /// What the processes and their database go by, if not by the clock of the machine.
    clock: Option<Clock>,
    /// A PostgreSQL that nobody else uses.
    _server: Option<Cluster>,
}

/// A clock that a test moves on. In a folder of its own, because PostgreSQL runs as somebody else.
struct Clock(TempDir);

impl Clock {
    fn new() -> Self {
        let clock = Self(tempfile::tempdir().unwrap());
        fs::set_permissions(clock.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
        set_clock(&clock.file(), 0);
        clock
    }
    fn file(&self) -> PathBuf {
        self.0.path().join("clock")
    }
}

impl Installation {
    /// With TLS to slapd. None where a server is not installed; that is said, or a failure.
    pub async fn new() -> Option<Self> {
        Self::with(None, (None, postgres().await?)).await
    }
    /// With a proxy that sees which request it breaks, and so without TLS, and with a clock that a test moves on.
    pub async fn with_faults() -> Option<Self> {
        let clock = Clock::new();
        let Some(environment) = by_clock(&clock.file()) else {
            skip("faketime", "it is not installed");
            return None;
        };
        let (server, database) = postgres::alone_in(environment.to_vec()).await?;
        Self::with(Some(clock), (Some(server), database)).await
    }

    async fn with(clock: Option<Clock>, (server, database): (Option<Cluster>, String)) -> Option<Self> {
        let faults = clock.is_some();
        let slapd = tokio::task::spawn_blocking(slapd::shared).await.unwrap()?;
        let sink = Sink::start(None, false).await.unwrap();
        let (relay, wire) = (Proxy::before(sink.address.port()), Proxy::before(slapd.port));
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().to_owned();
        fs::create_dir(at.join("output")).unwrap();
        let url = if faults {
            format!("ldap://127.0.0.1:{}", wire.port)
        } else {
            format!("ldaps://localhost:{}", slapd.tls_port)
        };
        write_worker(&at, &database, &url);
        write_web(&at, &database);
        let mut environment = BTreeMap::new();
        for (name, value) in [
            ("KEYWARD_LOG__LAST_CHECKPOINT_FILE", at.join("last-checkpoint").display().to_string()),
            ("KEYWARD_MAIL__TLS", "none".to_owned()),
            ("KEYWARD_MAIL__PORT", relay.port.to_string()),
            ("KEYWARD_CLASSES__STANDARD", entry::group("staff")),
        ] {
            environment.insert(name.to_owned(), value);
        }
        if !faults {
            let file = slapd.ca_file().display().to_string();
            environment.insert("KEYWARD_DIRECTORY__MAIN__OPENLDAP__CA_FILE".to_owned(), file);
        }
        let verbosity = "info";
        Some(Self { slapd, sink, relay, wire, database, folder, environment, verbosity, clock, _server: server })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    /// Where the processes write what they say.
    pub fn output(&self) -> PathBuf {
        self.path("output")
    }
    /// What the worker's configuration is read from, beside its file.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }
    pub fn worker_file(&self) -> PathBuf {
        self.path("worker/keyward.toml")
    }

    /// A command of the operator, with the worker's configuration.
    pub fn keyward(&self, args: &[&str]) -> Call {
        let file = self.worker_file();
        let mut all = vec!["--config", file.to_str().unwrap()];
        all.extend(args);
        self.timed(Call::new(&all).env(&self.environment).set("RUST_LOG", self.verbosity))
    }
    fn timed(&self, call: Call) -> Call {
        match &self.clock {
            Some(clock) => call.later_by(&clock.file()).expect("faketime"),
            None => call,
        }
    }
    /// So many seconds have passed, for every process and for PostgreSQL.
    pub fn passes(&self, seconds: i64) {
        set_clock(&self.clock.as_ref().expect("a clock").file(), seconds);
    }
    /// A process that serves pages and holds nothing but what it needs for that.
    pub async fn web(&self) -> (Process, Front) {
        let file = self.path("web/keyward.toml");
        let call =
            Call::new(&["--config", file.to_str().unwrap(), "serve", "--role", "web", "--listen", "127.0.0.1:0"]);
        let mut process = self.timed(call.set("RUST_LOG", self.verbosity)).start(&self.output());
        let front = Front::before(process.address());
        let mut browser = front.browser();
        eventually("the pages are there", async || {
            (browser.get("/healthz").await.status.as_u16() == 200).then_some(())
        })
        .await;
        (process, front)
    }
    /// A process that does jobs.
    pub fn worker(&self) -> Process {
        let mut process = self.keyward(&["worker"]).start(&self.output());
        process.is_at_work();
        process
    }

    /// What the operator's list says of a case.
    pub fn row(&self, reference: &str) -> Value {
        let list = self.keyward(&["--output", "json", "case", "list"]).succeed();
        let list: Value = serde_json::from_str(&list).unwrap();
        let row = list["cases"].as_array().unwrap().iter().find(|row| row["reference"] == reference);
        row.unwrap_or_else(|| panic!("no case {reference} in {list:#}")).clone()
    }
    /// Waits until a case is in one of these states. Looks into the database, which is faster than the list.
    pub async fn reaches(&self, reference: &str, states: &str) -> String {
        let mut database = PgConnection::connect(&self.database).await.unwrap();
        let what = format!("case {reference} {states}");
        let seen = eventually(&what, async || {
            let row = sqlx::query("SELECT state FROM cases WHERE reference = $1").bind(reference);
            let state: String = row.fetch_one(&mut database).await.unwrap().get(0);
            states.split(' ').any(|wanted| wanted == state).then_some(state)
        });
        let seen = seen.await;
        database.close().await.unwrap();
        seen
    }
    /// Waits until no job of these kinds is left for a case.
    pub async fn has_done(&self, reference: &str, kinds: &str) {
        const LEFT: &str =
            "SELECT COUNT(*) FROM jobs JOIN cases ON cases.id = jobs.case_id WHERE reference = $1 AND kind = ANY($2)";
        let kinds: Vec<&str> = kinds.split(' ').collect();
        let mut database = PgConnection::connect(&self.database).await.unwrap();
        eventually(&format!("no {kinds:?} for {reference}"), async || {
            let left = sqlx::query(LEFT).bind(reference).bind(&kinds).fetch_one(&mut database).await.unwrap();
            (left.get::<i64, _>(0) == 0).then_some(())
        })
        .await;
    }
    /// Waits until a job of this kind was tried for a case, and failed.
    pub async fn has_failed(&self, reference: &str, kind: &str) {
        const FAILED: &str = "SELECT COUNT(*) FROM jobs JOIN cases ON cases.id = jobs.case_id
            WHERE reference = $1 AND kind = $2 AND tries > 0 AND error IS NOT NULL";
        let mut database = PgConnection::connect(&self.database).await.unwrap();
        eventually(&format!("{kind} fails for {reference}"), async || {
            let failed = sqlx::query(FAILED).bind(reference).bind(kind).fetch_one(&mut database).await.unwrap();
            (failed.get::<i64, _>(0) > 0).then_some(())
        })
        .await;
    }
    /// Every row of every table, as text.
    pub async fn rows(&self) -> String {
        let mut database = PgConnection::connect(&self.database).await.unwrap();
        let tables = sqlx::query("SELECT tablename::TEXT FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
        let mut all = String::new();
        for table in tables.fetch_all(&mut database).await.unwrap() {
            let table: String = table.get(0);
            let rows = AssertSqlSafe(format!("SELECT t::TEXT FROM {table} AS t"));
            for row in sqlx::raw_sql(rows).fetch_all(&mut database).await.unwrap() {
                all.push_str(&format!("{table}: {}\n", row.get::<String, _>(0)));
            }
        }
        all
    }

    /// Every message so far.
    pub fn letters(&self) -> Vec<Letter> {
        self.sink.received().iter().map(Letter::read).collect()
    }
    /// The first message to an address with that subject, as soon as it is there.
    pub async fn letter(&self, to: &str, subject: &str) -> Letter {
        let find = async || self.letters().into_iter().find(|letter| letter.to == to && letter.subject == subject);
        eventually(&format!("`{subject}` to {to}"), find).await
    }
    /// The mail server is dead, or alive again.
    pub fn mail_is_up(&self, up: bool) {
        self.relay.arm(if up { Wire::Whole } else { Wire::Refuses }, "");
    }
}

/// The worker's folder, as `config init` writes it.
fn write_worker(at: &Path, database: &str, url: &str) {
    let password = at.join("directory-password");
    fs::write(&password, format!("{}\n", SERVICE.1)).unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    let file = at.join("worker/keyward.toml");
    let args = [
        ["--config", file.to_str().unwrap()],
        ["--public-url", SITE],
        ["--organization", ORGANIZATION],
        ["--help-phone", "555 0199"],
        ["--database", database],
        ["--ldap-url", url],
        ["--ldap-base-dn", SUFFIX],
        ["--ldap-bind-dn", SERVICE.0],
        ["--ldap-password-file", password.to_str().unwrap()],
        ["--mail-host", "127.0.0.1"],
        ["--mail-from", "recovery@northwind.test"],
    ];
    let args: Vec<&str> = ["config", "init", "--yes"].into_iter().chain(args.into_iter().flatten()).collect();
    Call::new(&args).succeed();
}

/// The folder of the web processes: no credential of the directory, no private key of worker or log.
fn write_web(at: &Path, database: &str) {
    let folder = at.join("web");
    fs::create_dir(&folder).unwrap();
    fs::copy(at.join("worker/keys/data.key"), folder.join("data.key")).unwrap();
    let worker: toml::Table = fs::read_to_string(at.join("worker/keyward.toml")).unwrap().parse().unwrap();
    let public = worker["worker"]["seal_public_key"].as_str().unwrap();
    let text = format!(
        "[server]\npublic_url = \"{SITE}\"\norganization = \"{ORGANIZATION}\"\nhelp_phone = \"555 0199\"\nrole = \"web\"\n\
         trusted_proxies = [\"127.0.0.1\"]\ndata_key_file = \"{}\"\n\n[log]\npublic = true\n\n[database]\nurl = \"{database}\"\n\n\
         [worker]\nseal_public_key = \"{public}\"\n",
        folder.join("data.key").display()
    );
    fs::write(folder.join("keyward.toml"), text).unwrap();
}
