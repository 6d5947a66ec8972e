//! The second verifier (`scripts/second_verifier.py`, R19): one process for a whole test program, asked line by line.
//!
//! What it is asked about, and what the first verifier says to it, is the business of the tests.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Mutex,
};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/second_verifier.py");

struct Running {
    process: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

static RUNNING: Mutex<Option<Running>> = Mutex::new(None);

/// What it said.
#[derive(Debug)]
pub struct Verdict {
    /// Whether it believes it.
    pub holds: bool,
    /// The first entry that it calls wrong.
    pub first: Option<u64>,
    /// Its words.
    pub words: String,
}

/// Asks about a `log`, a `bundle` or a `note`: the kind, its path, the key. None, said as a skip: there is no Python.
pub fn second(words: &[&str]) -> Option<Verdict> {
    let mut running = RUNNING.lock().unwrap();
    if running.is_none() {
        let started =
            Command::new("python3").args([SCRIPT, "many"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut process) = started else {
            super::skip("the second verifier", "python3 is not installed");
            return None;
        };
        let (asks, answers) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        *running = Some(Running { process, asks, answers });
    }
    let Running { process, asks, answers } = running.as_mut().unwrap();
    writeln!(asks, "{}", words.join("\t")).unwrap();
    let mut words = String::new();
    answers.read_line(&mut words).unwrap();
    assert!(words.ends_with('\n'), "the second verifier has ended: {:?}", process.try_wait());
    let first = words.trim_end().strip_suffix(']').and_then(|text| text.rsplit_once('[')).map(|(_, at)| at.parse());
    Some(Verdict { holds: words.starts_with("holds: "), first: first.and_then(Result::ok), words })
}
