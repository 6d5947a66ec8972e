//! strace beside a running process: counts its calls, makes them fail, or ends the process at one. Nothing of the program knows that it is there.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::process::until;

/// The calls by which SQLite writes and syncs.
pub const CALLS: [&str; 3] = ["pwrite64", "fsync", "fdatasync"];

/// strace, for as long as it is wanted.
pub struct Tracer {
    child: Child,
    output: PathBuf,
}

impl Drop for Tracer {
    fn drop(&mut self) {
        self.let_go();
    }
}

impl Tracer {
    /// Attaches to a process; `args` say which calls and what becomes of them. Returns when every thread is held.
    pub fn attach(process: u32, output: &Path, args: &[&str]) -> Self {
        let mut command = Command::new("strace");
        command.args(["-f", "-q", "-p", &process.to_string(), "-o"]).arg(output).args(args);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until("strace is attached", || is_traced(process).then_some(()));
        Self { child, output: output.to_owned() }
    }
    /// Beside the files of a database.
    pub fn on_files(process: u32, output: &Path, data: &Path, inject: &str) -> Self {
        let files = ["keyward.db", "keyward.db-wal"].map(|name| data.join(name).display().to_string());
        let calls = format!("trace={}", CALLS.join(","));
        let mut args = vec!["-P", &files[0], "-P", &files[1], "-e", &calls];
        if !inject.is_empty() {
            args.extend(["-e", inject]);
        }
        Self::attach(process, output, &args)
    }
    /// What it has seen so far.
    pub fn seen(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.output).unwrap_or_default()).into_owned()
    }
    /// Whether something was made to fail.
    pub fn has_struck(&self) -> bool {
        self.seen().contains("INJECTED")
    }
    /// Lets the process go on without it.
    pub fn let_go(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
            return;
        }
        // Asked to end, it lets go of every thread first.
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// Whether every thread is held; one that was ended by the very fault is no longer waited for.
fn is_traced(process: u32) -> bool {
    let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else { return true };
    tasks.flatten().all(|task| {
        let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
        status.contains("State:\tZ") || !status.contains("TracerPid:\t0")
    })
}
