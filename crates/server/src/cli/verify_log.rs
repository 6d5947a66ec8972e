//! `keyward verify FOLDER` (R17): is this copy of a whole log the log that was signed? Every entry and every tile is read.
//!
//! The core decides; here files are read and its answer is put into words. What the entries mean is not told: that is in evidence files.

use std::{fs, io, path::Path};

use keyward_core::log::{
    audit::{Fault, audit},
    checkpoint::Checkpoint,
    note::Verifier,
    tile::Tile,
};
use serde_json::{Value, json};

use super::verify::Doubt;
use super::{CliError, Report, escape, words};

/// A log that was believed.
pub(super) struct Whole {
    checkpoint: Checkpoint,
    kept: usize,
}

/// Why it was not.
enum Stop {
    Fault(Fault),
    File(String, io::Error),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Checkpoints that the reader kept from before, each in its file.
pub(super) fn kept(files: &[std::path::PathBuf], keys: &[Verifier]) -> Result<Vec<Checkpoint>, CliError> {
    let wrong = |file: &Path, why: String| CliError::Usage(format!("--since: `{}`: {why}", file.display()));
    let read = |file: &std::path::PathBuf| {
        let bytes = fs::read(file).map_err(|error| wrong(file, error.to_string()))?;
        Checkpoint::open(&bytes, keys).map_err(|error| wrong(file, error.to_string()))
    };
    files.iter().map(read).collect()
}

/// Reads `checkpoint` and every tile that it covers.
pub(super) fn examine(folder: &Path, keys: &[Verifier], kept: &[Checkpoint]) -> Result<Whole, Doubt> {
    let doubt = |what: &str, cause: String| Doubt::new(what, vec![cause]);
    let note = fs::read(folder.join("checkpoint"))
        .map_err(|error| doubt("Its checkpoint could not be read, so nothing is known about it.", error.to_string()))?;
    let checkpoint = Checkpoint::open(&note, keys)
        .map_err(|error| doubt("Its checkpoint is not signed by the key that you named.", error.to_string()))?;
    let read = |tile: Tile| match fs::read(folder.join(tile.to_string())) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Stop::File(tile.to_string(), error)),
    };
    match audit(&checkpoint, kept, read) {
        Ok(()) => Ok(Whole { checkpoint, kept: kept.len() }),
        Err(Stop::File(name, error)) => Err(doubt("It could not be read to its end.", format!("`{name}`: {error}"))),
        Err(Stop::Fault(fault)) => {
            let what = match &fault {
                Fault::Missing(_) => "A part of it is missing.".to_owned(),
                Fault::Entry(first) => format!("Entry #{first} is the first that is not as it was logged."),
                Fault::Node { first, .. } => format!("From entry #{first} on it is not as it was logged."),
                Fault::Root(_) => "It is another log than the one that was signed.".to_owned(),
                Fault::SetBack { .. } => "It was set back: entries that were signed are gone.".to_owned(),
                Fault::Forked(_) | Fault::Log(_) => {
                    "It is another history than the checkpoint that you kept.".to_owned()
                }
            };
            Err(Doubt { first: fault.first(), ..Doubt::new(&what, vec![fault.to_string()]) })
        }
    }
}

impl Whole {
    /// The first line about it.
    pub(super) const VERDICT: &str = "This log is whole, and the one that was signed.";

    pub(super) fn told(&self, report: Report, name: &str) -> Report {
        let kept = match self.kept {
            0 => "none was named; compare with one that you kept elsewhere: --since FILE".to_owned(),
            n => format!("goes on from {}", words::things(n, "checkpoint that you kept", "checkpoints that you kept")),
        };
        report.facts(&[
            ("Folder", name.to_owned()),
            ("Log", escape::line(self.checkpoint.origin()).into_owned()),
            ("Entries", words::count(self.checkpoint.size())),
            ("Root", self.checkpoint.root().to_string()),
            ("Earlier", kept),
        ])
    }

    pub(super) fn json(&self, name: &str) -> Value {
        let at = &self.checkpoint;
        json!({
            "file": name, "genuine": true, "verdict": Self::VERDICT, "kept": self.kept,
            "log": {"origin": at.origin(), "size": at.size(), "root": at.root()},
        })
    }
}
