//! P29: the size of the program, and what it needs of the system.

use std::{fs, process::Command};

use crate::{
    Bench,
    judge::{Estimate, Goal, Row},
};

pub fn size(bench: &mut Bench) {
    let binary = env!("CARGO_BIN_EXE_keyward");
    let bytes = fs::metadata(binary).unwrap().len() as f64;
    let needs = Command::new("ldd").arg(binary).output();
    let needs = needs.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let names = needs.lines().filter_map(|line| line.split_whitespace().next());
    let names: Vec<&str> = names.map(|name| name.rsplit('/').next().unwrap_or(name)).collect();
    let row = Row::new("P29", "size of the program, MB", Estimate::exact(bytes / 1e6), Goal::AtMost(30.0));
    bench.found(row.seen(format!("needs {}", names.join(", "))));
}
