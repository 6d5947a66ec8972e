//! What a process has used, as the kernel counts it: processor time, bytes written, memory. Linux only, as the targets are.

use std::{fs, path::PathBuf};

/// The kernel's ticks in a second; the same on every Linux that runs this.
const TICKS: f64 = 100.0;
/// Threads that hash passwords are named so by the pool.
const POOL: &str = "password-";

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
    /// Seconds of processor time of all its threads, also of those that ended.
    pub fn cpu_s(&self) -> f64 {
        let stat = self.read("stat");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks = |place: usize| fields[place].parse::<f64>().unwrap();
        (ticks(11) + ticks(12)) / TICKS
    }
    /// Seconds of processor time of the threads that hash passwords. They live as long as the process.
    pub fn hashing_s(&self) -> f64 {
        let mut sum = 0.0;
        for task in fs::read_dir(self.0.join("task")).expect("threads").flatten() {
            let read = |name: &str| fs::read_to_string(task.path().join(name)).unwrap_or_default();
            if read("comm").starts_with(POOL) {
                let ns = read("schedstat").split(' ').next().and_then(|ns| ns.parse::<f64>().ok());
                sum += ns.unwrap_or(0.0) / 1e9;
            }
        }
        sum
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
