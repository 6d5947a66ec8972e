//! The conformance suite: what every directory does, whatever it is made of. A new connector brings a world and runs all of it.
//!
//! Each line of the table is one fact of a directory with the result that Keyward relies on. A line fails with a sentence, and all lines are run.

use std::{future::Future, pin::Pin};

use keyward::connectors::{
    Account, AccountName, Applied, AttemptFacts, Capabilities, Directory, Found, NewPassword, NotDone, Owner,
    SETTLE_MS, SignIn, Unknown,
};
use keyward_core::{
    account::{AccountRef, Action},
    secret::SecretText,
    steps::reissue::{CheckKind, CheckResult, Outcome},
    time::Timestamp,
};

use super::{
    permits::{permit, reference},
    world::{DirectoryWorld, Like, Person, WireFault},
};

type World<'a> = &'a dyn DirectoryWorld;
type Checked = Result<(), String>;
type Line = (&'static str, fn(World<'_>) -> Pin<Box<dyn Future<Output = Checked> + '_>>);

macro_rules! lines {
    ($($name:path),* $(,)?) => { &[$((stringify!($name), |world| Box::pin($name(world)))),*] };
}
macro_rules! ensure {
    ($holds:expr, $($why:tt)*) => { if !$holds { return Err(format!($($why)*)); } };
}

mod changing;
mod finding;
mod unknown;

/// Every fact.
const LINES: &[Line] = lines![
    finding::a_name_and_an_address_find_their_account_in_any_spelling,
    finding::t_j01_what_is_typed_is_never_a_filter,
    finding::t_b05_look_alikes_are_other_accounts,
    finding::r40_one_name_of_two_accounts_is_nobody,
    finding::r40_an_id_is_an_id_and_nothing_else,
    finding::r30_groups_within_groups_are_groups,
    finding::r31_an_account_of_software_is_told,
    finding::a_password_opens_only_its_account,
    changing::r34_a_new_password_is_set_and_proved,
    changing::an_old_password_that_was_given_is_compared,
    changing::r37_refusals_have_their_reason_and_change_nothing,
    changing::r38_must_change_comes_with_the_password_or_not_at_all,
    changing::t_j02_a_password_is_taken_as_it_is,
    changing::t_b17_a_disabled_account_stays_disabled,
    changing::a_lock_is_lifted_and_the_password_stays,
    changing::a_new_password_lifts_the_lock,
    changing::a_permit_opens_one_account_for_one_action,
    unknown::t_e10_without_an_answer_nobody_knows_until_it_is_looked_at,
    unknown::r41_a_yes_that_looking_does_not_show_is_not_done,
    unknown::t_e10_what_could_not_be_sent_was_not_done,
    unknown::t_e10_looking_too_early_or_without_the_password_proves_nothing,
    unknown::t_e09_looking_without_knowing_what_was_before_tells_an_old_change_from_this_one,
    finding::r36_a_probe_says_what_can_be_done,
];

/// Runs every line and fails with all that did not hold.
pub async fn conformance(world: &dyn DirectoryWorld) {
    let mut failed = Vec::new();
    for (name, line) in LINES {
        if let Err(why) = line(world).await {
            failed.push(format!("{name}: {why}"));
        }
    }
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), LINES.len(), failed.join("\n"));
}

fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

async fn find(world: World<'_>, typed: &str) -> Result<Found, String> {
    let name = AccountName::parse(typed).map_err(|error| format!("{typed:?}: {error}"))?;
    let found = world.directory().find(&name, world.now()).await;
    found.map_err(|error| format!("{typed:?}: {error}"))
}

async fn one(world: World<'_>, person: &Person) -> Result<Account, String> {
    match find(world, &person.name).await? {
        Found::One(account) => Ok(*account),
        other => Err(format!("{} is {other:?}", person.name)),
    }
}

async fn read(world: World<'_>, id: &str) -> Result<Account, String> {
    let account = world.directory().read(id, world.now()).await;
    account.map_err(|error| error.to_string())?.ok_or_else(|| format!("{id} is gone"))
}

async fn tries(world: World<'_>, id: &str, password: &str) -> Result<SignIn, String> {
    let answer = world.directory().authenticate(id, &secret(password), world.now()).await;
    answer.map_err(|error| error.to_string())
}

/// A new password, and how it is set.
pub struct Change<'a> {
    pub new: &'a str,
    pub old: Option<&'a str>,
    pub must_change: bool,
}

impl<'a> Change<'a> {
    pub const fn to(new: &'a str) -> Self {
        Self { new, old: None, must_change: false }
    }
}

/// Sets it, with a permit of a case of its own.
pub async fn set(directory: &dyn Directory, account: &Account, change: Change<'_>, at: Timestamp) -> Applied {
    let permit = permit(&reference(directory.name(), account), Action::SetPassword, at);
    let (new, old) = (secret(change.new), change.old.map(secret));
    let password = NewPassword { new: &new, old: old.as_ref(), must_change: change.must_change, at };
    directory.set_password(permit, password).await
}

fn refused(applied: &Applied, reason: NotDone) -> Checked {
    let wanted = Outcome::NotDone { reason: reason.word().to_owned() };
    ensure!(applied.outcome == wanted, "{applied:?} instead of {wanted:?}");
    Ok(())
}

/// Locks a person by wrong passwords.
async fn lock(world: World<'_>, account: &Account) -> Checked {
    for _ in 0..world.expected().lock_after {
        tries(world, &account.id, "surely wrong").await?;
    }
    let locked = read(world, &account.id).await?;
    ensure!(locked.is_locked(world.now()) && !locked.disabled, "{locked:?}");
    Ok(())
}
