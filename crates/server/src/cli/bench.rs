//! `keyward bench limits`: runs the programs of [`crate::bare`] and prints what each came to. Touches no installation.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::BenchLimitsArgs;
use super::{CliContext, CliError, Exit, Report};
use crate::bare::{self, BareError, Limit};

/// A folder that goes away with everything in it.
struct Folder(PathBuf);

impl Folder {
    /// A new one: what is there already is not taken.
    fn new(inside: &Path) -> Result<Self, CliError> {
        let path = inside.join(format!("keyward-bench-{}", std::process::id()));
        let failed =
            |error: std::io::Error| CliError::Failed(format!("cannot make `{}`", path.display()), error.into());
        fs::create_dir(&path).map_err(failed)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is named like what it is.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs them all.
pub async fn limits(args: BenchLimitsArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let inside = args.folder.unwrap_or_else(env::temp_dir);
    let folder = Folder::new(&inside)?;
    let mut limits: Vec<Limit> = Vec::new();
    let ran = bare::all(&folder.0, args.seconds * 1000, |limit| limits.push(limit));
    ran.map_err(|error: BareError| CliError::Failed("a measurement did not come to its end".to_owned(), error.into()))?;
    let data = limits.iter().map(|limit| json!({"program": limit.what, "figure": limit.value, "unit": limit.unit}));
    let data = data.collect::<Vec<_>>();
    let rows = limits.iter().map(|limit| vec![limit.what.to_owned(), figure(limit.value), limit.unit.to_owned()]);
    let report = Report::new("bench limits")
        .field("folder", json!(inside.display().to_string()))
        .field("limits", json!(data))
        .table("limits", &["program", "figure", "unit"], rows.collect())
        .text(format!("Files were made and synced in {}.", inside.display()));
    ctx.print(&report)
}

/// Three digits that count.
fn figure(value: f64) -> String {
    let digits = match value {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 4,
    };
    format!("{value:.digits$}")
}
