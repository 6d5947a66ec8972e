//! What a process has used, as the kernel counts it: processor time, bytes written, memory. Linux only, as the targets are.

use std::{fs, path::PathBuf};

/// Threads that hash passwords are named so by the pool.
const POOL: &str = "password-";

/// Processor time. A thread that ended takes its own with it: windows are short, and threads of the runtime stay for longer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    pub hashing_s: f64,
    pub others_s: f64,
}

impl Spent {
    pub fn all_s(self) -> f64 {
        self.hashing_s + self.others_s
    }
}

/// A process by its number.
#[derive(Clone, Debug)]
pub struct Proc(PathBuf);

impl Proc {
    pub fn of(id: u32) -> Self {
        Self(PathBuf::from(format!("/proc/{id}")))
    }
    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap_or_else(|error| panic!("{}/{name}: {error}", self.0.display()))
    }
    /// Seconds of processor time of its threads so far, to the nanosecond: of those that hash passwords, and of all others.
    pub fn spent(&self) -> Spent {
        let mut spent = Spent::default();
        for task in fs::read_dir(self.0.join("task")).expect("threads").flatten() {
            let read = |name: &str| fs::read_to_string(task.path().join(name)).unwrap_or_default();
            let ns = read("schedstat").split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0);
            if read("comm").starts_with(POOL) {
                spent.hashing_s += ns / 1e9;
            } else {
                spent.others_s += ns / 1e9;
            }
        }
        spent
    }
    /// A number of `status`, in bytes.
    fn status(&self, name: &str) -> f64 {
        let status = self.read("status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line of status");
        line.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
    }
    /// Memory in use.
    pub fn rss(&self) -> f64 {
        self.status("VmRSS")
    }
    /// How much of it is pages of files: the program itself.
    pub fn of_files(&self) -> f64 {
        self.status("RssFile")
    }
    /// The most memory in use since [`Proc::forget_peak`].
    pub fn peak(&self) -> f64 {
        self.status("VmHWM")
    }
    pub fn forget_peak(&self) {
        fs::write(self.0.join("clear_refs"), "5").expect("a process of our own");
    }
    /// Bytes handed to the disk.
    pub fn written(&self) -> f64 {
        let io = self.read("io");
        io.lines().find_map(|line| line.strip_prefix("write_bytes: ")).unwrap().parse().unwrap()
    }
}
