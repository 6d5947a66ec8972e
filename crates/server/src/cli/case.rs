//! `keyward case list`, `show`, `export` and `erase`: what is in the store, for who runs the server (M12, M150).
//!
//! No entry is written here. `export` writes its file, and a checkpoint where the last one does not reach the case yet; `erase` deletes values.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use keyward_core::{
    account::Class,
    bundle::policies_of,
    digest::Field,
    event::Entry,
    ids::{CaseId, Reference},
    log::{checkpoint::Checkpoint, merkle::verify_inclusion, tile::entry_hash},
    policy::Policy,
};
use serde_json::json;

use super::args::{CaseEraseArgs, CaseExportArgs, CaseListArgs, CaseShowArgs};
use super::init;
use super::prompt::{self, Ask, Terminal};
use super::timeline::{self, Known, Line};
use super::verify::ending;
use super::words;
use super::{CliContext, CliError, Exit, Report};
use crate::app::open;
use crate::causes::in_one_line;
use crate::config::Config;
use crate::evidence::{self, EvidenceError, Signing};
use crate::store::{
    Store,
    cases::{CaseRow, Filter, LoadError, Loaded, State},
};

async fn opened(ctx: &CliContext) -> Result<(Config, Store), CliError> {
    let config = ctx.load(&[])?.config;
    let store = open::open_current_store(&config, &ctx.ctx).await?;
    Ok((config, store))
}

/// The id behind what was typed: an id, or a reference as people read it out.
async fn named(store: &Store, text: &str) -> Result<CaseId, CliError> {
    if let Ok(id) = CaseId::from_str(text) {
        return Ok(id);
    }
    let reference = Reference::from_str(text).map_err(|error| CliError::Usage(error.to_string()))?;
    let found = store.case_by_reference(reference).await?;
    found.ok_or_else(|| {
        CliError::Failed(format!("there is no case {reference}"), "no entry in the log has that reference".into())
    })
}

/// A page of the list.
pub async fn list(args: CaseListArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let state = args.state.as_deref().map(|word| words::one_of("--state", word, &State::ALL, words::word));
    let class = args.class.as_deref().map(|word| words::one_of("--class", word, &Class::ALL, words::word));
    let filter = Filter {
        state: state.transpose()?,
        class: class.transpose()?,
        subject: args.person.as_deref().map(|word| word.parse()).transpose().map_err(usage("--person"))?,
        only_open: args.open,
    };
    let (_, store) = opened(ctx).await?;
    let behind = match &args.behind {
        None => None,
        Some(text) => {
            let id = named(&store, text).await?;
            let row = store.case_row(id).await?;
            Some(row.ok_or_else(|| CliError::Usage(format!("--behind: there is no case {id}")))?.behind())
        }
    };
    // One more than is shown tells whether there is another page.
    let mut rows = store.cases(&filter, behind, args.limit.saturating_add(1)).await?;
    store.close().await;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let data: Vec<_> = rows.iter().map(row_json).collect();
    let columns = ["case", "opened", "class", "for", "state", "last"];
    let report = Report::new("case list").field("cases", json!(data)).field("more", json!(more));
    let report = match rows.last() {
        None => report.text("There is no such case."),
        Some(_) => report.table("cases", &columns, rows.iter().map(cells).collect()),
    };
    ctx.print(&match rows.last().filter(|_| more) {
        Some(last) => {
            let next = format!("keyward case list --behind {}", last.reference);
            report.next(&[(&next, "the page behind this one, with the same filters")])
        }
        None => report,
    })
}

fn usage<E: std::fmt::Display>(flag: &'static str) -> impl Fn(E) -> CliError {
    move |error| CliError::Usage(format!("{flag}: {error}"))
}

fn cells(row: &CaseRow) -> Vec<String> {
    let state = match &row.reason {
        Some(reason) => format!("{} ({reason})", words::word(&row.state)),
        None => words::word(&row.state),
    };
    vec![
        row.reference.to_string(),
        words::utc(row.opened),
        row.class.map_or_else(|| "-".to_owned(), |class| class.to_string()),
        row.action.word().to_owned(),
        state,
        words::utc(row.last),
    ]
}

fn row_json(row: &CaseRow) -> serde_json::Value {
    json!({
        "reference": row.reference, "id": row.id, "entries": row.seq, "state": row.state, "reason": row.reason,
        "over": row.state.is_over(), "door": row.door, "action": row.action.word(), "subject": row.subject, "class": row.class,
        "rejections": row.rejections, "opened": row.opened.to_string(), "last": row.last.to_string(),
        "held_until": row.held_until.map(|at| at.to_string()), "deadline": row.deadline.map(|at| at.to_string()),
    })
}

async fn loaded(store: &Store, id: CaseId) -> Result<Loaded, CliError> {
    let failed = |error: LoadError| {
        let what = format!("case {id} can not be read");
        match error {
            LoadError::Store(error) => CliError::stopped(what, error.is_passing(), error),
            broken => CliError::Unverified(format!("{what}: {}", in_one_line(&broken))),
        }
    };
    let found = store.load(id).await.map_err(failed)?;
    found.ok_or_else(|| CliError::Failed(format!("there is no case {id}"), "no entry in the log belongs to it".into()))
}

/// One case in plain words.
pub async fn show(args: CaseShowArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let (config, store) = opened(ctx).await?;
    let id = named(&store, &args.case).await?;
    let loaded = loaded(&store, id).await?;
    let own: Vec<Entry> = loaded.entries.iter().map(|placed| placed.entry.clone()).collect();
    let mut policies = Vec::new();
    for digest in policies_of(&own) {
        policies.extend(store.policy(digest).await?.and_then(|text| Policy::load(&text).ok()));
    }
    let known = Known::new(&store.values_of_case(id).await?, policies);
    let places = loaded.entries.iter().map(|placed| (placed.leaf, &placed.entry));
    let told = timeline::tell(places, &known);
    let lines = told.map_err(|error| CliError::Failed(format!("case {id} can not be read"), error.into()))?;
    let (holds, proof) = proof(&config, &store, &loaded).await?;
    store.close().await;
    let report = shown(&loaded, &lines, &proof).field("proof", json!(proof));
    ctx.print(&report.ending(if holds { Exit::Ok } else { Exit::Unverified }))
}

fn shown(loaded: &Loaded, lines: &[Line], proof: &str) -> Report {
    let case = &loaded.case;
    let mut facts = vec![
        ("Case", format!("{} ({})", case.reference(), case.id())),
        ("Account", case.class().map_or_else(|| "not known".to_owned(), |class| format!("of class {class}"))),
        ("Stands", ending(case.stage()).to_owned()),
        ("Opened", format!("{} UTC", words::utc(case.opened_at()))),
        ("Last entry", format!("{} UTC", words::utc(case.last_at()))),
    ];
    if let Some(hold) = case.hold().filter(|_| !case.is_over()) {
        facts.push(("Waits until", format!("{} UTC", words::utc(hold.until))));
    }
    if let Some(deadline) = case.deadline() {
        facts.push(("Ends by itself", format!("{} UTC", words::utc(deadline))));
    }
    facts.push(("Proof", proof.to_owned()));
    Report::new("case show")
        .field("reference", json!(case.reference()))
        .field("id", json!(case.id()))
        .field("over", json!(case.is_over()))
        .field("class", json!(case.class()))
        .field("entries", lines.iter().map(Line::json).collect())
        .facts(&facts)
        .steps(lines, case.reached())
}

/// Whether the last signed checkpoint proves the entries that it covers; false only if it shows that they are others. And one sentence.
async fn proof(config: &Config, store: &Store, loaded: &Loaded) -> Result<(bool, String), CliError> {
    let Some(signed) = store.last_checkpoint().await? else {
        return Ok((true, "nothing was signed yet".to_owned()));
    };
    let verifier = match open::signer(config) {
        Ok(signer) => signer.verifier().clone(),
        Err(error) => return Ok((true, format!("not looked at here: {error}"))),
    };
    let Ok(checkpoint) = Checkpoint::open(signed.note.as_bytes(), &[verifier]) else {
        return Ok((false, "DOES NOT HOLD: the last checkpoint is not signed with the log's key".to_owned()));
    };
    let size = checkpoint.size();
    let covered = loaded.entries.iter().filter(|placed| placed.leaf < size);
    let mut proved = 0;
    for placed in covered {
        let path = store.inclusion(placed.leaf, size).await;
        let leaf = placed.entry.bytes().ok().and_then(|bytes| entry_hash(&bytes).ok());
        let holds = match (path, leaf) {
            (Ok(path), Some(leaf)) => verify_inclusion(leaf, placed.leaf, size, &path, checkpoint.root()).is_ok(),
            _ => false,
        };
        if !holds {
            return Ok((false, format!("DOES NOT HOLD: entry #{} is not the one that was signed", placed.leaf)));
        }
        proved += 1;
    }
    let all = words::things(loaded.entries.len(), "entry", "entries");
    let when = format!("the log of {} entries, signed {} UTC", words::count(size), words::utc(signed.at));
    let text = match loaded.entries.len() - proved {
        0 => format!("{all} proved in {when}"),
        waiting => format!("{proved} of {all} proved in {when}; {waiting} wait for the next checkpoint"),
    };
    Ok((true, text))
}

/// The evidence of a case in one file.
pub async fn export(args: CaseExportArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let withhold = withheld(&args.withhold)?;
    let (config, store) = opened(ctx).await?;
    let id = named(&store, &args.case).await?;
    let reference = loaded(&store, id).await?.case.reference();
    let target = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{reference}.evidence.json")));
    if target.exists() && !args.force {
        return Err(CliError::Usage(format!("`{}` exists; --force replaces it", target.display())));
    }
    let (signer, memory) = (open::signer(&config)?, open::memory(&config));
    let signing = Signing { signer: &signer, memory: &memory, at: ctx.ctx.now() };
    let failed = |error: EvidenceError| CliError::unproved(format!("there is no evidence of {reference}"), error);
    let bundle = evidence::contents(&store, signing, id, &withhold).await.map_err(failed)?;
    store.close().await;
    let bytes = bundle.bytes().map_err(EvidenceError::from).map_err(failed)?;
    // For its owner alone: the file holds personal values.
    init::replace(&target, &bytes, args.force)?;
    let key = signer.verifier().to_string();
    let place = target.display().to_string();
    let check = format!("keyward verify {place} --log-key '{key}'");
    let values = match withhold.iter().map(|field| field.word()).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "all that are not erased are in the file".to_owned(),
        some => format!("without {some}"),
    };
    let report = Report::new("case export")
        .field("reference", json!(reference))
        .field("id", json!(id))
        .facts(&[("File", place), ("Log key", key), ("Personal values", values)])
        .text("Give the log key to whoever will check the file, on another way than the file.")
        .next(&[(&check, "what its reader will do")]);
    ctx.print(&report)
}

/// Deletes the personal values of a case that is over, once somebody has said so (X13, T-I12).
pub async fn erase(args: CaseEraseArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let ask: Option<&mut dyn Ask> = if ctx.can_ask { Some(&mut Terminal) } else { None };
    erase_with(args, ctx, ask).await
}

/// The same with somebody to ask, or nobody.
pub(super) async fn erase_with(
    args: CaseEraseArgs,
    ctx: &CliContext,
    ask: Option<&mut dyn Ask>,
) -> Result<Exit, CliError> {
    let (_, store) = opened(ctx).await?;
    let id = named(&store, &args.case).await?;
    let case = loaded(&store, id).await?.case;
    let reference = case.reference();
    if !case.is_over() {
        let why = "its values are needed until it is over; `keyward case show` says when that is";
        return Err(CliError::Failed(format!("nothing of {reference} was erased"), why.into()));
    }
    let question = format!("Erase names, addresses and networks of {reference} for good?");
    let sure = prompt::sure(ask, args.yes, &question, ["No, keep them", "Yes, erase them"])?;
    let erased = if sure { store.erase_case(id).await? } else { 0 };
    store.close().await;
    let said = match (sure, erased) {
        (false, _) => format!("Nothing of {reference} was erased."),
        (true, 0) => format!("There was nothing left to erase in {reference}."),
        (true, _) => format!("{} values of {reference} are erased. Its proofs stay valid.", words::count(erased)),
    };
    ctx.print(&Report::new("case erase").field("reference", json!(reference)).field("erased", json!(erased)).text(said))
}

const FIELDS: [Field; 6] = [Field::Name, Field::Network, Field::Browser, Field::Account, Field::Address, Field::Note];

fn withheld(names: &[String]) -> Result<BTreeSet<Field>, CliError> {
    let mut fields = BTreeSet::new();
    for name in names {
        if name == "all" {
            fields.extend(FIELDS);
        } else {
            fields.insert(words::one_of("--withhold", name, &FIELDS, words::word)?);
        }
    }
    Ok(fields)
}
