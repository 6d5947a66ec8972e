//! `keyward rebuild`: makes everything that can be computed from the entries anew, and says whether the log is still the one that was signed.
//!
//! `--dry-run` compares instead. The entries and the head of the log are only read, whatever happens.

use std::ops::Range;

use keyward_core::{event::Event, ids::CaseId};
use serde_json::json;

use super::args::RebuildArgs;
use super::words;
use super::{CheckLine, CliContext, CliError, Exit, Mark, Report};
use crate::app::open;
use crate::config::Config;
use crate::store::{
    Store,
    cases::{CaseRow, LoadError},
    rebuild::RebuildError,
    sign::SignError,
};

/// How many entries are read at once.
const CHUNK: u64 = 512;
/// How many cases that differ are named.
const NAMED: usize = 20;

/// Rebuilds, or compares.
pub async fn run(args: RebuildArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let config = ctx.load(&[])?.config;
    let store = open::open_current_store(&config, &ctx.ctx).await?;
    let report = if args.dry_run { compare(&store).await? } else { rebuild(&store).await? };
    let signed = signed(&config, &store).await?;
    store.close().await;
    let (mut lines, report) = report;
    lines.push(signed);
    ctx.print(&report.checks(lines))
}

type Looked = (Vec<CheckLine>, Report);

async fn rebuild(store: &Store) -> Result<Looked, CliError> {
    let failed = |error: RebuildError| {
        let outage = matches!(&error, RebuildError::Load(LoadError::Store(error)) if error.is_passing());
        CliError::stopped("nothing was rebuilt", outage, error)
    };
    let rebuilt = store.rebuild().await.map_err(failed)?;
    let (cases, entries) = (words::count(rebuilt.cases), words::count(rebuilt.entries));
    let report = Report::new("rebuild")
        .field("cases", json!(rebuilt.cases))
        .field("entries", json!(rebuilt.entries))
        .field("dry_run", json!(false));
    let lines = vec![
        CheckLine::new("cases", Mark::Pass, format!("{cases} made anew from {entries} entries")),
        CheckLine::new("tree", Mark::Pass, "made anew; the entries lead to the head of the log"),
    ];
    Ok((lines, report))
}

async fn compare(store: &Store) -> Result<Looked, CliError> {
    // Counted before the log is: a case that opens meanwhile is in the log alone.
    let listed: u64 = store.case_counts().await?.into_iter().map(|(_, count)| count).sum();
    let head = store.log_head().await?;
    let size = head.tree.size();
    let tree = match store.check_entries(0, size).await {
        Ok(tree) if tree == head.tree => CheckLine::new("tree", Mark::Pass, "the entries lead to the head of the log"),
        Ok(_) => CheckLine::new("tree", Mark::Fail, "the entries do not lead to the head of the log")
            .fix(Some("restore a newer backup; this can not be repaired from what is there".to_owned())),
        Err(SignError::Store(error)) => return Err(error.into()),
        Err(error) => CheckLine::new("tree", Mark::Fail, error.to_string()).fix(Some(
            "if only a node was changed, `keyward rebuild` makes it anew; if an entry was, restore a backup".to_owned(),
        )),
    };
    let mut differ = Vec::new();
    let mut cases = 0_u64;
    let mut from = 0;
    while from < size {
        let range = from..size.min(from + CHUNK);
        from = range.end;
        for id in opened_in(store, range).await? {
            cases += 1;
            if !is_as_listed(store, id).await? {
                differ.push(id);
            }
        }
    }
    let anew = Some("`keyward rebuild` makes the list anew".to_owned());
    let list = match differ.len() {
        0 if listed > cases => {
            let found = format!("{} in the list, and {} in the log", words::count(listed), words::count(cases));
            CheckLine::new("cases", Mark::Fail, found).fix(anew)
        }
        0 => CheckLine::new(
            "cases",
            Mark::Pass,
            format!("{} in the list, as their entries make them", words::count(cases)),
        ),
        n => {
            let named: Vec<String> = differ.iter().take(NAMED).map(ToString::to_string).collect();
            let found = format!("{n} of {} differ from their entries: {}", words::count(cases), named.join(", "));
            CheckLine::new("cases", Mark::Fail, found).fix(anew)
        }
    };
    let report = Report::new("rebuild")
        .field("cases", json!(cases))
        .field("entries", json!(size))
        .field("differ", json!(differ))
        .field("dry_run", json!(true));
    Ok((vec![list, tree], report))
}

/// The cases that were opened by the entries in this range.
async fn opened_in(store: &Store, range: Range<u64>) -> Result<Vec<CaseId>, CliError> {
    let entries = store.log_entries(range).await.map_err(unreadable)?;
    let opened = entries.iter().filter(|placed| matches!(placed.entry.event, Event::Opened(_)));
    Ok(opened.map(|placed| placed.entry.case).collect())
}

async fn is_as_listed(store: &Store, id: CaseId) -> Result<bool, CliError> {
    let loaded = store.load(id).await.map_err(unreadable)?;
    let entries: Vec<_> = loaded.iter().flat_map(|l| l.entries.iter().map(|placed| placed.entry.clone())).collect();
    let made = loaded.map(|loaded| CaseRow::after(&loaded.case, &entries));
    Ok(store.case_row(id).await? == made)
}

fn unreadable(error: LoadError) -> CliError {
    let outage = matches!(&error, LoadError::Store(error) if error.is_passing());
    CliError::stopped("the entries can not be read", outage, error)
}

/// Whether the log continues what was signed before.
async fn signed(config: &Config, store: &Store) -> Result<CheckLine, CliError> {
    let signer = match open::signer(config) {
        Ok(signer) => signer,
        Err(error) => return Ok(CheckLine::new("signed log", Mark::Skip, error.to_string())),
    };
    let checked = async {
        store.check_log(signer.verifier(), &open::memory(config)).await?;
        store.check_checkpoints(signer.verifier()).await
    };
    Ok(match checked.await {
        Ok(_) => CheckLine::new("signed log", Mark::Pass, "continues every checkpoint that is known"),
        Err(SignError::Store(error)) => return Err(error.into()),
        Err(error) => CheckLine::new("signed log", Mark::Fail, error.to_string())
            .fix(Some("do not start the server; find out what happened to the database first".to_owned())),
    })
}
