//! `keyward breach build`: the list of breached passwords, from files that are there. Downloads nothing.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use data_encoding::HEXLOWER;
use serde_json::json;

use super::args::BreachBuildArgs;
use super::words;
use super::{CliContext, CliError, Exit, Report};
use crate::passwords::breach_build::{BuildError, Builder, Lines, Progress};

/// One file and what its lines are.
struct Source {
    path: PathBuf,
    lines: Lines,
}

/// Builds the file.
pub async fn build(args: BreachBuildArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    if args.plain && args.seen_at_least > 1 {
        return Err(CliError::Usage(
            "--plain has one password a line, and says of none how often it was seen".to_owned(),
        ));
    }
    let mut sources = Vec::new();
    for list in &args.lists {
        sources.extend(sources_of(list, args.plain)?);
    }
    let names: Vec<String> = args.lists.iter().map(|list| list.display().to_string()).collect();
    let note = args.note.clone().unwrap_or_else(|| names.join(", "));
    let failed = |what: String| move |error: BuildError| CliError::Failed(what, error.into());
    let beginning = failed(format!("cannot begin `{}`", args.to.display()));
    let mut builder = Builder::new(&args.to, &note).map_err(beginning)?.seen_at_least(args.seen_at_least);
    let mut told = false;
    let mut progress = |progress| told |= tell(ctx, progress);
    for source in &sources {
        let place = source.path.display().to_string();
        let file = File::open(&source.path)
            .map_err(|error| CliError::Failed(format!("cannot read `{place}`"), error.into()))?;
        builder.add(file, &source.lines, &mut progress).map_err(failed(format!("cannot use `{place}`")))?;
    }
    let summary = builder.finish(&mut progress).map_err(failed(format!("cannot write `{}`", args.to.display())))?;
    if told {
        let mut err = ctx.err.lock().unwrap_or_else(PoisonError::into_inner);
        // What cannot be shown is not worth failing for.
        let _ = writeln!(err);
    }
    let bytes = fs::metadata(&args.to).map(|meta| meta.len()).unwrap_or_default();
    let report = Report::new("breach build")
        .field("passwords", json!(summary.keys))
        .field("left_out", json!(summary.left_out))
        .field("bytes", json!(bytes))
        .facts(&[
            ("File", args.to.display().to_string()),
            ("Passwords", words::count(summary.keys)),
            (
                "Left out",
                format!("{} lines: doubles, seen too seldom, empty or too long", words::count(summary.left_out)),
            ),
            ("Size", format!("{} bytes", words::count(bytes))),
            ("Digest", HEXLOWER.encode(&summary.digest)),
            ("Note", note),
        ])
        .next(&[(
            "keyward config show passwords.breach_file",
            "the setting that names the file; restart the server to use it",
        )]);
    ctx.print(&report)
}

/// A file is a list. A folder holds range files, each named by the first five digits of its hashes, with or without an ending.
fn sources_of(list: &Path, plain: bool) -> Result<Vec<Source>, CliError> {
    if !list.is_dir() {
        let lines = if plain { Lines::Plain } else { Lines::Sha1 };
        return Ok(vec![Source { path: list.to_owned(), lines }]);
    }
    if plain {
        return Err(CliError::Usage(format!("`{}` is a folder, and --plain takes files", list.display())));
    }
    let failed = |error: std::io::Error| CliError::Failed(format!("cannot read `{}`", list.display()), error.into());
    let mut sources = Vec::new();
    for entry in fs::read_dir(list).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file() {
            let prefix = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            sources.push(Source { path, lines: Lines::Sha1Range(prefix) });
        }
    }
    if sources.is_empty() {
        return Err(CliError::Usage(format!("there is no file in `{}`", list.display())));
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

/// Says how far it is, on one line that is written over again, if a person is watching. Whether it did.
fn tell(ctx: &CliContext, progress: Progress) -> bool {
    if !ctx.err_is_terminal {
        return false;
    }
    let text = match progress {
        Progress::Read(lines) => format!("{} lines read", words::count(lines)),
        Progress::Written(done, all) => format!("{done} of {all} parts written"),
    };
    let mut err = ctx.err.lock().unwrap_or_else(PoisonError::into_inner);
    write!(err, "\r{text:<40}").and_then(|()| err.flush()).is_ok()
}
