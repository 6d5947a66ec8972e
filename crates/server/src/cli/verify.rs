//! `keyward verify` (M12, T-I08): is this evidence genuine? Needs no server, no network and no configuration. A folder is a whole log, which
//! `verify_log` looks at.
//!
//! The core decides; here its answer is put into words, the result first. What could not be believed is never told as if it had happened.

use std::{io::Read as _, path::Path};

use keyward_core::{
    bundle::{self, policies_of},
    case::{Ending, Stage},
    digest::Digest,
    log::{checkpoint::Checkpoint, note::Verifier},
};
use serde_json::{Value, json};

use super::args::VerifyArgs;
use super::diagnosis;
use super::escape;
use super::timeline::{self, Known, Line};
use super::verify_log::{self, Whole};
use super::words::{self, things};
use super::{CheckLine, CliContext, CliError, Exit, Mark, Report};
use crate::causes;

/// What the reader brings along.
struct Trusted {
    keys: Vec<Verifier>,
    policy: Option<Digest>,
    /// Checkpoints from before.
    kept: Vec<Checkpoint>,
}

/// What was believed: the evidence of a case, or a whole log.
enum Believed {
    Case(Box<Told>),
    Log(Whole),
}

/// Evidence that was believed, and how it is told.
struct Told {
    report: bundle::Report,
    lines: Vec<Line>,
}

impl Told {
    /// What came behind the checkpoint is not in the file, and nothing in the file could say so: "not me" may have been said since.
    fn verdict(&self) -> String {
        if self.report.case.is_over() {
            let size = words::count(self.report.checkpoint.size());
            format!("This evidence is genuine and complete, as of a log of {size} entries.")
        } else {
            "This evidence is genuine. The case was not over when the file was made.".to_owned()
        }
    }
}

/// Why a file is not believed: one sentence, and the causes behind it.
pub(super) struct Doubt {
    pub(super) what: String,
    pub(super) causes: Vec<String>,
    /// In a whole log: the first entry that is wrong, where one can be named.
    pub(super) first: Option<u64>,
}

impl Doubt {
    pub(super) fn new(what: &str, causes: Vec<String>) -> Self {
        Self { what: what.to_owned(), causes, first: None }
    }
}

/// Checks every file, and says of each what came of it.
pub async fn run(args: VerifyArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let keys = args.log_key.as_deref().map(keys).transpose()?.unwrap_or_default();
    let trusted = Trusted {
        policy: args.policy.as_deref().map(named_policy).transpose()?,
        kept: verify_log::kept(&args.since, &keys)?,
        keys,
    };
    let usage = |what: &str| Err(CliError::Usage(what.to_owned()));
    match args.files.iter().any(|file| file.is_dir()) {
        true if trusted.keys.is_empty() => return usage("a log is checked with its key: name it with --log-key"),
        false if !trusted.kept.is_empty() => return usage("--since is for a folder with a whole log"),
        _ => {}
    }
    let results: Vec<(String, Result<Believed, Doubt>)> =
        args.files.iter().map(|file| (file.display().to_string(), examine(file, &trusted))).collect();
    let mut report = Report::new("verify");
    let data: Vec<Value> = results.iter().map(|(name, result)| file_json(name, result)).collect();
    report = report.field("files", Value::Array(data));
    if let [(name, result)] = results.as_slice() {
        report = one(report, name, result);
    } else {
        let lines = results.iter().map(|(name, result)| summary(name, result)).collect();
        report = report.checks(lines);
        for (name, result) in &results {
            report = one(report.heading(name.clone()), name, result);
        }
    }
    let good = results.iter().all(|(_, result)| result.is_ok());
    ctx.print(&report.ending(if good { Exit::Ok } else { Exit::Unverified }))
}

/// One `vkey`, or a file with one a line. Lines that begin with `#` and the word `log` in front (C2SP tlog-policy) are taken too.
fn keys(text: &str) -> Result<Vec<Verifier>, CliError> {
    if let Ok(key) = text.parse() {
        return Ok(vec![key]);
    }
    let wrong = |what: String| CliError::Usage(format!("--log-key: {what}"));
    let file = std::fs::read_to_string(text)
        .map_err(|error| wrong(format!("`{}` is neither a log's key nor a file: {error}", escape::line(text))))?;
    let mut keys = Vec::new();
    for line in file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default();
        let key = if first == "log" { words.next().unwrap_or_default() } else { first };
        keys.push(key.parse().map_err(|_| wrong(format!("`{}` is not a log's key", escape::line(line))))?);
    }
    if keys.is_empty() {
        return Err(wrong(format!("`{}` holds no key", escape::line(text))));
    }
    Ok(keys)
}

fn named_policy(file: &Path) -> Result<Digest, CliError> {
    let text = std::fs::read(file)
        .map_err(|error| CliError::Usage(format!("--policy: cannot read `{}`: {error}", file.display())))?;
    Ok(Digest::of(&text))
}

/// No more than is needed to see that it is too much, whatever the file says of its size.
fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(bundle::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn examine(file: &Path, trusted: &Trusted) -> Result<Believed, Doubt> {
    if file.is_dir() {
        return verify_log::examine(file, &trusted.keys, &trusted.kept).map(Believed::Log);
    }
    let bytes = read(file)
        .map_err(|error| Doubt::new("It could not be read, so nothing is known about it.", vec![error.to_string()]))?;
    if bytes.len() > bundle::MAX_BYTES {
        return Err(Doubt::new("It is too large for an evidence file.", Vec::new()));
    }
    let mut report = bundle::verify(&bytes, &trusted.keys).map_err(|error| {
        let behind = causes::of(&error).skip(1).map(ToString::to_string).collect();
        Doubt::new(&diagnosis::sentence(&error, &bytes), behind)
    })?;
    if let Some(named) = trusted.policy {
        asked_only(&report, named)?;
    }
    let known = Known::new(&report.disclosed, std::mem::take(&mut report.policies).into_values());
    let lines = timeline::tell(report.places.iter().copied().zip(&report.entries), &known)
        .map_err(|error| Doubt::new("It can not be told.", vec![error.to_string()]))?;
    Ok(Believed::Case(Box::new(Told { report, lines })))
}

/// Whether every answer was given by the policy that the reader named.
fn asked_only(report: &bundle::Report, named: Digest) -> Result<(), Doubt> {
    let asked = policies_of(&report.entries);
    let other = asked.iter().find(|digest| **digest != named);
    match other {
        Some(other) => Err(Doubt::new(
            "It is genuine, but it was decided by another policy than the one you named.",
            vec![format!("the policy in the file is {other}, yours is {named}")],
        )),
        None if asked.is_empty() => Err(Doubt::new(
            "It is genuine, but no policy was asked in this case, so it does not show yours.",
            vec![format!("your policy is {named}")],
        )),
        None => Ok(()),
    }
}

fn summary(name: &str, result: &Result<Believed, Doubt>) -> CheckLine {
    match result {
        Ok(believed) => CheckLine::new(name, Mark::Pass, verdict(believed)),
        Err(doubt) => CheckLine::new(name, Mark::Fail, format!("Do not rely on this file. {}", doubt.what)),
    }
}

/// The first line about a file that holds.
fn verdict(believed: &Believed) -> String {
    match believed {
        Believed::Case(told) => told.verdict(),
        Believed::Log(_) => Whole::VERDICT.to_owned(),
    }
}

fn one(report: Report, name: &str, result: &Result<Believed, Doubt>) -> Report {
    match result {
        Err(doubt) => {
            let report = report.text(format!("Do not rely on this file. {}", escape::line(&doubt.what)));
            let causes = doubt.causes.iter().map(|cause| vec![format!("  {cause}")]).collect();
            report.rows(causes).facts(&[("File", name.to_owned())])
        }
        Ok(believed) => {
            let report = report.text(verdict(believed));
            match believed {
                Believed::Case(case) => told(report, name, case),
                Believed::Log(log) => log.told(report, name),
            }
        }
    }
}

fn told(report: Report, name: &str, believed: &Told) -> Report {
    let (lines, checked) = (&believed.lines, &believed.report);
    let case = &checked.case;
    let spent = case.last_at().since_ms(case.opened_at());
    let report = report.facts(&[
        ("File", name.to_owned()),
        ("Case", format!("{} ({})", case.reference(), case.id())),
        ("Result", ending(case.stage()).to_owned()),
        ("Opened", format!("{} UTC", words::utc(case.opened_at()))),
        ("Last entry", format!("{} UTC, {} later", words::utc(case.last_at()), words::span(spent))),
        ("Log", format!("{}, {} entries", checked.checkpoint.origin(), words::count(checked.checkpoint.size()))),
        ("Proofs", proofs(checked)),
        ("Personal values", disclosed(checked)),
    ]);
    key(report.steps(lines, case.reached()), checked)
}

fn proofs(checked: &bundle::Report) -> String {
    let entries = things(checked.entries.len(), "entry is", "entries are");
    let answers = match checked.verdicts {
        0 => "no policy was asked".to_owned(),
        n => format!(
            "{} asked again and given the same",
            things(n, "answer of the policy was", "answers of the policy were")
        ),
    };
    format!("{entries} in the log; the entries make this case and no other; {answers}")
}

fn disclosed(checked: &bundle::Report) -> String {
    match (checked.disclosed.len(), checked.withheld) {
        (shown, 0) => format!("{shown} shown, none withheld"),
        (shown, withheld) => format!("{shown} shown, {withheld} withheld or erased; every proof holds without them"),
    }
}

/// Which key signed, and what that is worth.
fn key(report: Report, checked: &bundle::Report) -> Report {
    let report = report.heading("Signed by").joined(escape::line(&checked.log_key).into_owned());
    if checked.key_was_named {
        return report.joined("This is the key that you named.");
    }
    report
        .joined("You named no key, so this only shows that the file fits this key, not whose key it is. Compare it with the key")
        .joined("that the organization gave you on another way than this file: on paper, by phone, from an earlier check. Then:")
        .joined("  keyward verify FILE --log-key KEY")
}

/// How the case ended, in one sentence.
pub(super) fn ending(stage: &Stage) -> &'static str {
    match stage {
        Stage::Classifying(_, None) => "The name is being looked up.",
        Stage::Classifying(_, Some(_)) => "The name is no account that can be recovered. Nothing was changed.",
        Stage::Verifying(..) => "The identity was not proved yet. Nothing was changed.",
        Stage::Authorizing(..) => "The identity was proved; it was not allowed yet. Nothing was changed.",
        Stage::Reissuing(..) => "It was allowed; the change was not confirmed yet.",
        Stage::Reviewing(_) => "The change was made; the review was still open.",
        Stage::Closed(Ending::Reviewed(_)) => "The change was made and reviewed.",
        Stage::Closed(Ending::Ended(_)) => "The case ended without a change.",
        Stage::Closed(Ending::Contested { changed: true }) => {
            "\"This was not me\" was said, after the change was made."
        }
        Stage::Closed(Ending::Contested { changed: false }) => "\"This was not me\" was said. Nothing was changed.",
    }
}

fn file_json(name: &str, result: &Result<Believed, Doubt>) -> Value {
    match result {
        Err(doubt) => json!({
            "file": name, "genuine": false, "verdict": format!("Do not rely on this file. {}", doubt.what), "causes": doubt.causes,
            "first_wrong": doubt.first,
        }),
        Ok(Believed::Log(log)) => log.json(name),
        Ok(Believed::Case(told)) => {
            let checked = &told.report;
            let case = &checked.case;
            json!({
                "file": name, "genuine": true, "verdict": told.verdict(), "over": case.is_over(),
                "reference": case.reference(), "case": case.id(), "result": ending(case.stage()),
                "opened": case.opened_at().to_string(), "last": case.last_at().to_string(),
                "log": {"origin": checked.checkpoint.origin(), "size": checked.checkpoint.size(), "root": checked.checkpoint.root()},
                "key": checked.log_key, "key_was_named": checked.key_was_named,
                "answers_checked": checked.verdicts, "policies": policies_of(&checked.entries),
                "disclosed": checked.disclosed, "withheld": checked.withheld,
                "entries": told.lines.iter().map(Line::json).collect::<Vec<_>>(),
            })
        }
    }
}
