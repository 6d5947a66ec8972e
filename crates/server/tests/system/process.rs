//! The real binary in a process of its own, with nothing in its environment but what a test puts there, and its two outputs in files.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use serde_json::Value;

/// Where faketime is below `/usr/lib` and the name of the machine, on Debian.
const FAKETIME: &str = "faketime/libfaketimeMT.so.1";

static STARTED: AtomicU32 = AtomicU32::new(0);

/// Looks again and again until there is something to be seen; processes tell nobody when they are ready. A minute is longer than any wait here.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..1200 {
        if let Some(seen) = look() {
            return seen;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("waited in vain: {what}");
}

/// The same for something that is asked over the network.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..1200 {
        if let Some(seen) = look().await {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited in vain: {what}");
}

/// The environment of a program that goes by a clock that a file sets. None where that can not be played.
pub fn by_clock(file: &Path) -> Option<[(&'static str, String); 4]> {
    let (library, file, yes) = (faketime()?, file.to_str()?.to_owned(), "1".to_owned());
    Some([
        ("LD_PRELOAD", library),
        ("FAKETIME_TIMESTAMP_FILE", file),
        ("FAKETIME_NO_CACHE", yes.clone()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", yes),
    ])
}

/// Sets such a clock: so many seconds from now. It is read at every look, so there is never a half of it.
pub fn set_clock(file: &Path, seconds: i64) {
    let beside = file.with_extension("new");
    fs::write(&beside, format!("{seconds:+}\n")).unwrap();
    fs::rename(beside, file).unwrap();
}

/// How the binary is called.
#[derive(Clone, Debug)]
pub struct Call {
    args: Vec<String>,
    environment: BTreeMap<String, String>,
    offline: bool,
    files: Option<u32>,
}

impl Call {
    pub fn new(args: &[&str]) -> Self {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self { args, environment: BTreeMap::new(), offline: false, files: None }
    }
    pub fn env(mut self, all: &BTreeMap<String, String>) -> Self {
        self.environment.extend(all.clone());
        self
    }
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }
    /// With so many files that it may have open at first; it may ask for more.
    pub fn few_files(mut self, soft: u32) -> Self {
        self.files = Some(soft);
        self
    }
    /// In a network namespace of its own, in which there is not even loopback. Only where this may be done.
    pub fn offline(mut self) -> Self {
        self.offline = can_unshare();
        self
    }
    /// As if so many seconds had passed since now. None where that can not be played.
    pub fn later(self, seconds: u32) -> Option<Self> {
        Some(self.set("LD_PRELOAD", &faketime()?).set("FAKETIME", &format!("+{seconds}s")))
    }
    /// By a clock that a file sets, while it runs: how many seconds from now. Timers go on as they are. None where that can not be played.
    pub fn later_by(mut self, file: &Path) -> Option<Self> {
        self.environment.extend(by_clock(file)?.map(|(name, value)| (name.to_owned(), value)));
        Some(self)
    }

    fn command(&self) -> Command {
        let binary = binary();
        let mut command = if self.offline {
            let mut command = Command::new("unshare");
            command.arg("-n").arg(binary);
            command
        } else if let Some(soft) = self.files {
            let mut command = Command::new("sh");
            command.arg("-c").arg(format!("ulimit -Sn {soft} && exec \"$0\" \"$@\"")).arg(binary);
            command
        } else {
            Command::new(binary)
        };
        command.args(&self.args).env_clear().envs(&self.environment).stdin(Stdio::null());
        command
    }
    /// Runs it to its end.
    pub fn run(&self) -> Output {
        self.command().output().expect("the binary runs")
    }
    /// Runs it to its end, which has to be a good one, and gives what it printed.
    pub fn succeed(&self) -> String {
        let output = self.run();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{:?}: {text} {}", self.args, String::from_utf8_lossy(&output.stderr));
        text
    }
    /// Lets it run.
    pub fn start(&self, folder: &Path) -> Process {
        let number = STARTED.fetch_add(1, Ordering::SeqCst);
        let (out, err) = (folder.join(format!("{number}.out")), folder.join(format!("{number}.err")));
        let file = |path: &Path| fs::File::create(path).expect("a file for output");
        let child = self.command().stdout(file(&out)).stderr(file(&err)).spawn().expect("the binary starts");
        Process { child, out, err }
    }
}

/// The binary of this build, or the one that is to be tried.
fn binary() -> OsString {
    #[allow(clippy::disallowed_methods, reason = "a switch of the test run, not of the product")]
    let named = std::env::var_os("KEYWARD_TRIED_BINARY");
    named.unwrap_or_else(|| env!("CARGO_BIN_EXE_keyward").into())
}

/// The library that plays with clocks.
fn faketime() -> Option<String> {
    let mut folders = fs::read_dir("/usr/lib").ok()?.flatten().map(|folder| folder.path().join(FAKETIME));
    folders.find(|library| library.exists()).map(|library| library.display().to_string())
}

fn can_unshare() -> bool {
    Command::new("unshare").args(["-n", "true"]).output().is_ok_and(|output| output.status.success())
}

/// A running process. It ends with this value at the latest.
#[derive(Debug)]
pub struct Process {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// How the system calls it.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("the state of the process").is_some()
    }
    /// Everything it has written so far.
    pub fn said(&self) -> String {
        let read = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        read(&self.out) + &read(&self.err)
    }
    /// Waits for a line of its log, and gives its fields.
    fn line(&mut self, message: &str) -> Value {
        let (child, out) = (&mut self.child, self.out.clone());
        let found = until(message, || {
            let text = fs::read_to_string(&out).unwrap_or_default();
            let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let line = lines.map(|line| line["fields"].clone()).find(|fields| fields["message"] == message);
            let ended = child.try_wait().expect("the state of the process").is_some();
            if line.is_none() && ended { Some(Value::Null) } else { line }
        });
        assert!(!found.is_null(), "it ended before it said `{message}`: {}", self.said());
        found
    }
    /// Waits until it serves pages; where it does.
    pub fn address(&mut self) -> SocketAddr {
        self.listens("serving")
    }
    /// The same for its numbers.
    pub fn numbers(&mut self) -> SocketAddr {
        self.listens("giving out numbers")
    }
    fn listens(&mut self, message: &str) -> SocketAddr {
        self.line(message)["address"].as_str().expect("an address").parse().expect("an address")
    }
    /// Waits until it does jobs.
    pub fn is_at_work(&mut self) {
        self.line("doing jobs");
    }
    /// Waits until it ends by itself.
    pub fn ends(&mut self) -> Option<i32> {
        let child = &mut self.child;
        until("it ends", || child.try_wait().expect("the state of the process")).code()
    }
    /// What it has written to standard error.
    pub fn complaint(&self) -> String {
        fs::read_to_string(&self.err).expect("a file for output")
    }
    /// `kill -9`: no time for anything.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }
    /// `kill -TERM`, as a service manager does it: it ends what it has begun.
    pub fn terminate(&mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
        self.child.wait().expect("it ends")
    }
}
