//! `keyward doctor` (ECO-07): looks at everything the configuration speaks of and says, line by line, what was found and what to do.
//!
//! It changes nothing and sends nothing to a person who was not named. What it can not look at it says, and calls nothing good that it has not seen.

mod host;
mod inside;
mod mail;
mod records;
mod site;

use std::time::Duration;

use serde_json::json;

use super::args::DoctorArgs;
use super::words;
use super::{CheckLine, CliContext, CliError, Exit, Mark, Report};
use crate::app::open::{self, OpenError};
use crate::config::{Config, Loaded};
use crate::ctx::Ctx;
use crate::store::Store;

/// The page that explains each line, and a heading for each part.
const PAGE: &str = "docs/doctor.md";
/// How long one part of the outside world may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A part of the check-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What the configuration says, and the files it names.
    Configuration,
    /// The keys of data and seals.
    Keys,
    /// The time of this machine.
    Clock,
    /// The name of the public address.
    Dns,
    /// The certificate.
    Tls,
    /// Who is in front of the server.
    Proxy,
    /// Where cases are kept.
    Database,
    /// What the log signs.
    Log,
    /// Each directory.
    Directory,
    /// The relay.
    Mail,
    /// What passkeys are bound to.
    Passkeys,
    /// Room to write.
    Disk,
    /// The list of breached passwords.
    Passwords,
    /// The gate.
    Policy,
    /// The texts.
    Languages,
}

impl Part {
    /// All of them, in order.
    pub const ALL: [Self; 15] = [
        Self::Configuration,
        Self::Keys,
        Self::Clock,
        Self::Dns,
        Self::Tls,
        Self::Proxy,
        Self::Database,
        Self::Log,
        Self::Directory,
        Self::Mail,
        Self::Passkeys,
        Self::Disk,
        Self::Passwords,
        Self::Policy,
        Self::Languages,
    ];

    /// The word that `--only` takes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Keys => "keys",
            Self::Clock => "clock",
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Proxy => "proxy",
            Self::Database => "database",
            Self::Log => "log",
            Self::Directory => "directory",
            Self::Mail => "mail",
            Self::Passkeys => "passkeys",
            Self::Disk => "disk",
            Self::Passwords => "passwords",
            Self::Policy => "policy",
            Self::Languages => "languages",
        }
    }
}

/// What is looked at.
struct Patient {
    loaded: Loaded,
    ctx: Ctx,
    /// The database, or why it could not be opened.
    store: Result<Store, OpenError>,
    /// Where a test message is wanted.
    test_mail: Option<String>,
}

impl Patient {
    fn config(&self) -> &Config {
        &self.loaded.config
    }
}

/// The lines of one part.
struct Lines {
    part: Part,
    lines: Vec<CheckLine>,
}

impl Lines {
    fn add(&mut self, mark: Mark, found: impl Into<String>, fix: Option<&str>) {
        let mut line = CheckLine::new(self.part.word(), mark, found).fix(fix.map(str::to_owned));
        if matches!(mark, Mark::Warn | Mark::Fail) {
            line.docs = Some(format!("{PAGE}#{}", self.part.word()));
        }
        self.lines.push(line);
    }
    fn ok(&mut self, found: impl Into<String>) {
        self.add(Mark::Pass, found, None);
    }
    fn warn(&mut self, found: impl Into<String>, fix: &str) {
        self.add(Mark::Warn, found, Some(fix));
    }
    fn fail(&mut self, found: impl Into<String>, fix: &str) {
        self.add(Mark::Fail, found, Some(fix));
    }
    fn skip(&mut self, why: impl Into<String>) {
        self.add(Mark::Skip, why, None);
    }
}

/// Looks at each part, or at those that were named.
pub async fn run(args: DoctorArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let parts = chosen(&args.only)?;
    if args.test_mail.is_some() && !parts.contains(&Part::Mail) {
        return Err(CliError::Usage(
            "--test-mail is sent while the mail is looked at, and --only leaves that out".to_owned(),
        ));
    }
    let loaded = ctx.load(&[])?;
    let stored = |part: &Part| matches!(part, Part::Keys | Part::Clock | Part::Database | Part::Log | Part::Directory);
    let stored = parts.iter().any(stored);
    let store = match stored {
        true => open::open_existing_store(&loaded.config, &ctx.ctx).await,
        false => Err(OpenError::NoDatabase("not opened".to_owned())),
    };
    let patient = Patient { loaded, ctx: ctx.ctx.clone(), store, test_mail: args.test_mail };
    let mut lines = Vec::new();
    for part in parts {
        let mut found = Lines { part, lines: Vec::new() };
        look(part, &patient, &mut found).await;
        lines.extend(found.lines);
    }
    if let Ok(store) = &patient.store {
        store.close().await;
    }
    let count = |mark: Mark| lines.iter().filter(|line| line.mark == mark).count();
    let (failed, warned, skipped) = (count(Mark::Fail), count(Mark::Warn), count(Mark::Skip));
    let summary = match (failed, warned) {
        (0, 0) => "Nothing has to be repaired.".to_owned(),
        (0, n) => format!("Nothing has to be repaired; {n} could be better."),
        (n, m) => format!("{n} to be repaired, {m} could be better."),
    };
    let report = Report::new("doctor")
        .field("failed", json!(failed))
        .field("warned", json!(warned))
        .field("skipped", json!(skipped))
        .checks(lines)
        .text(summary);
    ctx.print(&report)
}

fn chosen(only: &[String]) -> Result<Vec<Part>, CliError> {
    let named = only.iter().map(|word| words::one_of("--only", word, &Part::ALL, |part| part.word().to_owned()));
    let named = named.collect::<Result<Vec<_>, _>>()?;
    Ok(Part::ALL.into_iter().filter(|part| named.is_empty() || named.contains(part)).collect())
}

async fn look(part: Part, patient: &Patient, lines: &mut Lines) {
    match part {
        Part::Configuration => inside::configuration(patient, lines),
        Part::Keys => inside::keys(patient, lines).await,
        Part::Clock => host::clock(patient, lines).await,
        Part::Dns => host::dns(patient, lines).await,
        Part::Tls => site::tls(patient, lines),
        Part::Proxy => site::proxy(patient, lines),
        Part::Database => records::database(patient, lines).await,
        Part::Log => records::log(patient, lines).await,
        Part::Directory => records::directories(patient, lines).await,
        Part::Mail => mail::look(patient, lines).await,
        Part::Passkeys => site::passkeys(patient, lines),
        Part::Disk => host::disk(patient, lines),
        Part::Passwords => inside::passwords(patient, lines),
        Part::Policy => inside::policy(patient, lines),
        Part::Languages => inside::languages(patient, lines),
    }
}
