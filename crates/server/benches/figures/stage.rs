//! The installation that is measured: the real binary, SQLite, Keyward's own directory, a mail server in this process, and people with an app and
//! printed codes who were put there beforehand through the product's modules.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use keyward::{
    ctx::Ctx,
    flow::Flow,
    methods::totp::Seed,
    passwords::{hash::Hasher, password::Password},
};
use keyward_core::secret::SecretText;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    inside::{self, Inside},
    process::Proc,
    slapd::{SERVICE, SUFFIX},
    smtp_sink::Sink,
    wire::Visitor,
};

const BINARY: &str = env!("CARGO_BIN_EXE_keyward");
/// The password that everybody begins with, and the one they choose.
const OLD: &str = "three blue kettles sing";
const NEW: &str = "velvet anchor prairie 29";

/// Somebody who can recover by themselves, once.
pub struct Person {
    pub number: usize,
    pub name: String,
    seed: Seed,
    code: String,
}

/// A folder with a configuration, keys and a database.
pub struct Installation {
    pub folder: TempDir,
    pub environment: BTreeMap<String, String>,
    pub sink: Sink,
    runtime: Runtime,
    people: Vec<Person>,
    next: AtomicUsize,
}

/// The running binary. It ends with this value.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub proc: Proc,
    /// From the start of the process until it said that it serves, in seconds.
    pub ready_s: f64,
}

impl Server {
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        // It ends what it has begun, and its memory of the log is right for the next start.
        drop(Command::new("kill").args(["-TERM", &id]).status());
        drop(self.child.wait());
    }
}

impl Installation {
    /// With so many people.
    pub fn new(people: usize) -> Self {
        let mut made = Self::empty(&[]);
        made.people = made.with_flow(async |flow| {
            let hash = hashed(flow).await;
            let mut all = Vec::new();
            for number in 0..people {
                all.push(somebody(flow, number, &hash).await);
            }
            all
        });
        made
    }
    /// For the people of the slapd at this address.
    pub fn before_slapd(url: &str) -> Self {
        Self::empty(&["--ldap-url", url, "--ldap-base-dn", SUFFIX, "--ldap-bind-dn", SERVICE.0])
    }

    /// With a directory as `config init` is told, and nobody.
    fn empty(directory: &[&str]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sink = runtime.block_on(Sink::start(None, false)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        fs::create_dir(at.join("data")).unwrap();
        let database = format!("sqlite:{}", at.join("data/keyward.db").display());
        let environment = [
            ("KEYWARD_LOG__LAST_CHECKPOINT_FILE", at.join("last-checkpoint").display().to_string()),
            ("KEYWARD_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
            ("KEYWARD_LOG__PUBLIC", "true".to_owned()),
            ("KEYWARD_SERVER__TRUSTED_PROXIES", "127.0.0.1".to_owned()),
            ("KEYWARD_LIMITS__STARTS_PER_NETWORK_HOUR", "10000".to_owned()),
            ("KEYWARD_LIMITS__STARTS_PER_NAME_HOUR", "100".to_owned()),
            ("KEYWARD_CLASSES__STANDARD", "staff".to_owned()),
            ("KEYWARD_CLASSES__ADMIN", "admins".to_owned()),
            ("KEYWARD_MAIL__TLS", "none".to_owned()),
            ("KEYWARD_MAIL__PORT", sink.address.port().to_string()),
            ("RUST_LOG", "info".to_owned()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).into();
        let made = Self { folder, environment, sink, runtime, people: Vec::new(), next: AtomicUsize::new(0) };
        let mut init = vec![
            "config",
            "init",
            "--yes",
            "--public-url",
            "https://reset.northwind.test",
            "--organization",
            "Northwind Hospital",
            "--help-phone",
            "555 0199",
            "--database",
            &database,
            "--mail-host",
            "127.0.0.1",
            "--mail-from",
            "recovery@northwind.test",
        ];
        let password = made.path("directory-password");
        if !directory.is_empty() {
            fs::write(&password, SERVICE.1).unwrap();
            fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
            init.extend(directory);
            init.extend(["--ldap-password-file", password.to_str().unwrap()]);
        }
        made.keyward(&init);
        made
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.arg("--config").arg(self.path("keyward.toml")).args(args).env_clear().envs(&self.environment);
        command.stdin(Stdio::null());
        command
    }
    /// A command of the operator, to its good end; what it printed.
    pub fn keyward(&self, args: &[&str]) -> String {
        let output = self.command(args).output().expect("the binary runs");
        let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{args:?}: {said} {wrong}");
        said.into_owned()
    }
    /// Starts the server and waits until it serves.
    pub fn serve(&self) -> Server {
        let began = keyward::bare::clock::wall();
        let mut child = self.command(&["serve"]).stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let address = loop {
            let line = lines.next().expect("it serves before it ends").expect("text");
            let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
            if line["fields"]["message"] == "serving" {
                break line["fields"]["address"].as_str().expect("an address").parse().expect("an address");
            }
        };
        let ready_s = began.elapsed().as_secs_f64();
        // Whatever else it says is read, or it would wait for somebody to do so.
        thread::spawn(move || lines.for_each(drop));
        let proc = Proc::of(child.id());
        Server { child, address, proc, ready_s }
    }
    /// The product's modules on this installation, for as long as the future runs.
    pub fn with_flow<T>(&self, work: impl AsyncFnOnce(&Arc<Flow>) -> T) -> T {
        let file = self.path("keyward.toml");
        self.runtime.block_on(async {
            let Inside { flow, .. } = Inside::of(&file, &self.environment).await;
            let done = work(&flow).await;
            flow.store.close().await;
            done
        })
    }
    /// How many entries the log has.
    pub fn entries(&self) -> u64 {
        self.with_flow(async |flow| flow.store.log_head().await.unwrap().tree.size())
    }
    /// Runs a future of a measurement.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
    /// How many people have recovered, or are about to.
    pub fn recovered(&self) -> usize {
        self.next.load(Ordering::SeqCst)
    }
    /// Somebody who has not recovered yet.
    pub fn one(&self) -> &Person {
        &self.people[self.next.fetch_add(1, Ordering::SeqCst)]
    }
    /// So many complete resets, by so many people at a time. How long all of it took, in seconds.
    pub fn resets(&self, server: &Server, count: usize, at_a_time: usize) -> f64 {
        let from = self.next.fetch_add(count, Ordering::SeqCst);
        let people = &self.people[from..from + count];
        let (began, turn) = (keyward::bare::clock::wall(), AtomicUsize::new(0));
        thread::scope(|scope| {
            for number in 0..at_a_time {
                let turn = &turn;
                scope.spawn(move || {
                    let mut visitor = Visitor::new(server.address, number);
                    while let Some(person) = people.get(turn.fetch_add(1, Ordering::SeqCst)) {
                        visitor.forget(person.number);
                        person.recovers(&mut visitor);
                    }
                });
            }
        });
        began.elapsed().as_secs_f64()
    }
}

impl Person {
    /// From the first page to "you are back in". The reference of the case.
    pub fn recovers(&self, visitor: &mut Visitor) -> String {
        visitor.go("GET", "/recover?for=forgot", &[]);
        let how = visitor.go("POST", "/recover", &[("for", "forgot"), ("name", &self.name)]);
        let base = how.base();
        let code = self.seed.code(Ctx::real().now()).expose().clone();
        for (way, code) in [("app", &code), ("recovery-code", &self.code)] {
            let page = visitor.go("POST", &format!("{base}/how"), &[("way", way)]);
            assert_eq!(page.path, format!("{base}/{way}"), "{}", page.body);
            let next = visitor.go("POST", &page.path, &[("code", code)]);
            assert_eq!(next.status, 200, "{}", next.body);
        }
        let working = visitor.go("POST", &format!("{base}/new/password"), &[("new-password", NEW)]);
        let events = working.attribute("data-live-url").unwrap_or_else(|| panic!("{} {}", working.path, working.body));
        visitor.news(&events.replace("&#38;", "&"));
        let done = visitor.go("GET", &base, &[]);
        assert!(done.body.contains("You are back in"), "{} {}", done.path, done.body);
        base.trim_start_matches("/recover/").to_owned()
    }
}

/// One hash for everybody: it is not the making of people that is measured.
pub async fn hashed(flow: &Flow) -> String {
    let hasher = Hasher::new(1, 1).unwrap();
    let old = Password::new(SecretText::new(OLD.to_owned())).unwrap();
    hasher.hash(&old, flow.ctx.bytes()).await.unwrap()
}

async fn somebody(flow: &Flow, number: usize, hash: &str) -> Person {
    let at = inside::long_ago(flow);
    let name = format!("person-{number:04}");
    let id = inside::account(flow, (&name, "staff"), hash, at).await;
    let owner = inside::owner(flow, &id, at).await;
    let (seed, codes) = inside::set_up(flow, &owner, None, at).await;
    Person { number, name, seed, code: codes[0].clone() }
}
