//! `keyward account …`: the accounts of Keyward's own directory, for who runs the server. [`add`] makes one.
//!
//! A password is set here once, the first; every later one is a case. Hashes are never printed.

mod add;

use keyward_core::{
    account::{AccountRef, Class},
    time::Timestamp,
};
use serde_json::json;

pub use add::add;
#[cfg(test)]
pub(super) use add::add_with;

use super::args::{AccountListArgs, AccountNameArgs, AccountRemoveArgs};
use super::prompt::{self, Ask, Terminal};
use super::words;
use super::{CliContext, CliError, Exit, Report};
use crate::account_name::AccountName;
use crate::app::{self, open};
use crate::config::{Config, DirectorySource};
use crate::store::{Aside, Store, Write, accounts::Account};

/// So many are read at once.
const PAGE: u32 = 500;

/// The configuration, and its database as it has to be. A refusal where Keyward has no accounts of its own.
async fn opened(ctx: &CliContext) -> Result<(Config, Store), CliError> {
    let config = ctx.load(&[])?.config;
    if embedded(&config).next().is_none() {
        let others: Vec<String> =
            config.directories.iter().map(|directory| format!("`{}`", directory.name.as_str())).collect();
        return Err(CliError::Usage(format!(
            "the accounts are in {} (openldap), and are made and removed there; this command is for a directory of kind embedded",
            others.join(", ")
        )));
    }
    let store = open::open_current_store(&config, &ctx.ctx).await?;
    Ok((config, store))
}

fn embedded(config: &Config) -> impl Iterator<Item = &str> {
    let own = config.directories.iter().filter(|directory| matches!(directory.source, DirectorySource::Embedded));
    own.map(|directory| directory.name.as_str())
}

async fn named(store: &Store, typed: &str) -> Result<Account, CliError> {
    let name = AccountName::parse(typed).map_err(|error| CliError::Usage(error.to_string()))?;
    let found = store.account_by_name(name.as_str()).await?;
    found.ok_or_else(|| {
        let why = "`keyward account list` prints all names";
        CliError::Failed(format!("there is no account `{}`", name.as_str()), why.into())
    })
}

/// An account as it is shown.
struct Line {
    account: Account,
    groups: Vec<String>,
    class: Class,
    at: Timestamp,
}

impl Line {
    async fn of(config: &Config, store: &Store, account: Account, at: Timestamp) -> Result<Self, CliError> {
        let groups = store.account_groups(&account.id).await?;
        let (class, _) = app::terms(config).classes.of(&groups);
        Ok(Self { account, groups, class, at })
    }

    /// What stands between the account and its owner.
    fn states(&self) -> Vec<&'static str> {
        let account = &self.account;
        let locked = account.locked_until.is_some_and(|until| self.at < until);
        [
            (account.disabled, "disabled"),
            (locked, "locked"),
            (account.password.is_none(), "no password"),
            (account.must_change, "must change"),
        ]
        .into_iter()
        .filter_map(|(is, word)| is.then_some(word))
        .collect()
    }

    fn state(&self) -> String {
        let states = self.states();
        if states.is_empty() { "open".to_owned() } else { states.join(", ") }
    }

    fn cells(&self) -> Vec<String> {
        let account = &self.account;
        let created = words::utc(account.created);
        vec![account.name.clone(), account.display.clone(), self.groups.join(", "), self.state(), created]
    }

    fn json(&self) -> serde_json::Value {
        let account = &self.account;
        json!({
            "name": account.name, "display": account.display, "mail": account.mail, "groups": self.groups, "class": self.class,
            "state": self.states(), "locked_until": account.locked_until.map(|at| at.to_string()),
            "password_changed": account.changed.map(|at| at.to_string()), "created": account.created.to_string(),
        })
    }

    fn report(&self, command: &str) -> Report {
        let account = &self.account;
        let time = |at: Timestamp| format!("{} UTC", words::utc(at));
        let mut facts = vec![
            ("Name", account.name.clone()),
            ("Called", account.display.clone()),
            ("Mail", account.mail.clone().unwrap_or_else(|| "-".to_owned())),
            ("Groups", if self.groups.is_empty() { "-".to_owned() } else { self.groups.join(", ") }),
            ("Class", self.class.to_string()),
            ("Stands", self.state()),
            ("Password set", account.changed.map_or_else(|| "never".to_owned(), time)),
            ("Created", time(account.created)),
        ];
        if let Some(until) = account.locked_until.filter(|until| self.at < *until) {
            facts.push(("Locked until", time(until)));
        }
        Report::new(command).field("account", self.json()).facts(&facts)
    }
}

/// All accounts, or a page of them.
pub async fn list(args: AccountListArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let (config, store) = opened(ctx).await?;
    let limit = args.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let mut behind = args.behind.unwrap_or_default();
    let mut lines: Vec<Line> = Vec::new();
    // One more than is shown tells whether there is another page.
    while lines.len() <= limit {
        let page = store.accounts(&behind, PAGE).await?;
        let Some(last) = page.last() else { break };
        behind = last.name.clone();
        for account in page {
            lines.push(Line::of(&config, &store, account, ctx.ctx.now()).await?);
        }
    }
    store.close().await;
    let more = lines.len() > limit;
    lines.truncate(limit);
    let report = Report::new("account list")
        .field("accounts", lines.iter().map(Line::json).collect())
        .field("more", json!(more));
    let Some(last) = lines.last() else { return ctx.print(&report.text("There is no such account.")) };
    let columns = ["name", "display", "groups", "state", "created"];
    let report = report.table("accounts", &columns, lines.iter().map(Line::cells).collect());
    let next = format!("keyward account list --behind {}", last.account.name);
    ctx.print(&if more { report.next(&[(&next, "the page behind this one")]) } else { report })
}

/// One account.
pub async fn show(args: AccountNameArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let (config, store) = opened(ctx).await?;
    let account = named(&store, &args.name).await?;
    let line = Line::of(&config, &store, account, ctx.ctx.now()).await?;
    store.close().await;
    ctx.print(&line.report("account show"))
}

/// Closes an account, and ends what its owner holds.
pub async fn disable(args: AccountNameArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    set_disabled("account disable", &args.name, true, ctx).await
}

/// Opens it again.
pub async fn enable(args: AccountNameArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    set_disabled("account enable", &args.name, false, ctx).await
}

async fn set_disabled(command: &str, name: &str, disabled: bool, ctx: &CliContext) -> Result<Exit, CliError> {
    let (config, store) = opened(ctx).await?;
    let id = named(&store, name).await?.id;
    store.set_account_disabled(&id, disabled).await?;
    if disabled {
        sign_out(&config, &store, &id).await?;
    }
    let account = named(&store, name).await?;
    let line = Line::of(&config, &store, account, ctx.ctx.now()).await?;
    store.close().await;
    ctx.print(&line.report(command))
}

/// Ends every sign-in and everything else that was handed out to the owner of an account.
async fn sign_out(config: &Config, store: &Store, id: &str) -> Result<(), CliError> {
    for directory in embedded(config) {
        let account = AccountRef { directory: directory.to_owned(), id: id.to_owned() };
        if let Some(person) = store.person_of(&account).await? {
            let end = Write::EndTokensOfPerson { person: person.id, purpose: None };
            let ended = store.aside(Aside::default().write(end)).await;
            ended
                .map_err(|error| CliError::Failed("what was handed out could not be ended".to_owned(), error.into()))?;
        }
    }
    Ok(())
}

/// Removes an account, once somebody has said so.
pub async fn remove(args: AccountRemoveArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let ask: Option<&mut dyn Ask> = if ctx.can_ask { Some(&mut Terminal) } else { None };
    remove_with(args, ctx, ask).await
}

/// The same with somebody to ask, or nobody.
pub(super) async fn remove_with(
    args: AccountRemoveArgs,
    ctx: &CliContext,
    ask: Option<&mut dyn Ask>,
) -> Result<Exit, CliError> {
    let (config, store) = opened(ctx).await?;
    let account = named(&store, &args.name).await?;
    let question = format!("Remove {} ({})?", account.name, account.display);
    let sure = prompt::sure(ask, args.yes, &question, ["No, keep it", "Yes, remove it"])?;
    if sure {
        // In this order: a sign-in in between is one of nobody, and ended.
        store.remove_account(&account.id).await?;
        sign_out(&config, &store, &account.id).await?;
    }
    store.close().await;
    let said = if sure { "is removed. Its cases stay in the log." } else { "is still there." };
    let report = Report::new("account remove").field("name", json!(account.name)).field("removed", json!(sure));
    ctx.print(&report.text(format!("The account `{}` {said}", account.name)))
}
