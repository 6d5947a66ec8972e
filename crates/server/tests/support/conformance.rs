//! The conformance suite: what every directory does, whatever it is made of. A new connector brings a world and runs all of it.
//!
//! Each line of the table is one fact of a directory with the result that Keyward relies on. A line fails with a sentence, and all lines are run.

use std::{future::Future, pin::Pin};

use keyward::connectors::{
    Account, AccountName, Applied, AttemptFacts, Capabilities, Directory, Found, NewPassword,
    NotDone, Owner, SETTLE_MS, SignIn, Unknown,
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
type Line = (
    &'static str,
    fn(World<'_>) -> Pin<Box<dyn Future<Output = Checked> + '_>>,
);

macro_rules! lines {
    ($($name:ident),* $(,)?) => { &[$((stringify!($name), |world| Box::pin($name(world)))),*] };
}
macro_rules! ensure {
    ($holds:expr, $($why:tt)*) => { if !$holds { return Err(format!($($why)*)); } };
}

/// Every fact.
const LINES: &[Line] = lines![
    a_name_and_an_address_find_their_account_in_any_spelling,
    t_j01_what_is_typed_is_never_a_filter,
    t_b05_look_alikes_are_other_accounts,
    r40_one_name_of_two_accounts_is_nobody,
    r40_an_id_is_an_id_and_nothing_else,
    r30_groups_within_groups_are_groups,
    r31_an_account_of_software_is_told,
    a_password_opens_only_its_account,
    r34_a_new_password_is_set_and_proved,
    an_old_password_that_was_given_is_compared,
    r37_refusals_have_their_reason_and_change_nothing,
    r38_must_change_comes_with_the_password_or_not_at_all,
    t_j02_a_password_is_taken_as_it_is,
    t_b17_a_disabled_account_stays_disabled,
    a_lock_is_lifted_and_the_password_stays,
    a_new_password_lifts_the_lock,
    a_permit_opens_one_account_for_one_action,
    t_e10_without_an_answer_nobody_knows_until_it_is_looked_at,
    t_e10_what_could_not_be_sent_was_not_done,
    t_e10_looking_too_early_or_without_the_password_proves_nothing,
    r36_a_probe_says_what_can_be_done,
];

/// Runs every line and fails with all that did not hold.
pub async fn conformance(world: &dyn DirectoryWorld) {
    let mut failed = Vec::new();
    for (name, line) in LINES {
        if let Err(why) = line(world).await {
            failed.push(format!("{name}: {why}"));
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {}:\n{}",
        failed.len(),
        LINES.len(),
        failed.join("\n")
    );
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
    account
        .map_err(|error| error.to_string())?
        .ok_or_else(|| format!("{id} is gone"))
}

async fn tries(world: World<'_>, id: &str, password: &str) -> Result<SignIn, String> {
    let answer = world
        .directory()
        .authenticate(id, &secret(password), world.now())
        .await;
    answer.map_err(|error| error.to_string())
}

struct Change<'a> {
    new: &'a str,
    old: Option<&'a str>,
    must_change: bool,
}

impl<'a> Change<'a> {
    const fn to(new: &'a str) -> Self {
        Self {
            new,
            old: None,
            must_change: false,
        }
    }
}

async fn set(
    directory: &dyn Directory,
    account: &Account,
    change: Change<'_>,
    at: Timestamp,
) -> Applied {
    let permit = permit(
        &reference(directory.name(), account),
        Action::SetPassword,
        at,
    );
    let (new, old) = (secret(change.new), change.old.map(secret));
    let password = NewPassword {
        new: &new,
        old: old.as_ref(),
        must_change: change.must_change,
        at,
    };
    directory.set_password(permit, password).await
}

fn refused(applied: &Applied, reason: NotDone) -> Checked {
    let wanted = Outcome::NotDone {
        reason: reason.word().to_owned(),
    };
    ensure!(
        applied.outcome == wanted,
        "{applied:?} instead of {wanted:?}"
    );
    Ok(())
}

async fn a_name_and_an_address_find_their_account_in_any_spelling(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    ensure!(
        account.mails == [person.mail.clone()],
        "mail {:?} is not byte for byte {:?}",
        account.mails,
        person.mail
    );
    ensure!(
        account.name == person.name && account.language.as_deref() == Some("de"),
        "{account:?}"
    );
    ensure!(
        !account.disabled && account.lock.is_none() && !account.must_change,
        "{account:?}"
    );
    ensure!(account.owner == Owner::Person, "{account:?}");
    let mut spellings = vec![
        person.name.to_uppercase(),
        format!(" {}\t", person.name),
        person.mail.to_lowercase(),
        format!("{}.", person.mail),
    ];
    if world.expected().has_domains {
        spellings.extend([
            format!("CORP\\{}", person.name),
            format!("{}@Corp.Example", person.name),
        ]);
    }
    for typed in spellings {
        let found = find(world, &typed).await?;
        ensure!(
            matches!(&found, Found::One(same) if same.id == account.id),
            "{typed:?} is {found:?}"
        );
    }
    for typed in [
        format!("OTHER\\{}", person.name),
        format!("{}@other.example", person.name),
    ] {
        ensure!(
            find(world, &typed).await? == Found::None,
            "{typed:?} is somebody"
        );
    }
    ensure!(
        read(world, &account.id).await? == account,
        "reading by id gives another account"
    );
    Ok(())
}

async fn t_j01_what_is_typed_is_never_a_filter(world: World<'_>) -> Checked {
    let person = world.person(Like::Named("mike.j01")).await;
    one(world, &person).await?;
    for typed in [
        "*",
        "mike*",
        "mike.j0?",
        "mike.j01)(uid=*",
        "*)(userPassword=a*",
        "mike.j01\\00",
        "(|(uid=*))",
        "mike.j01,ou=x",
        "#mike.j01",
        "mike.j01+cn=x",
        "mike.j01)(&",
        "\\2a",
        "mike.j01%20",
        "uid=mike.j01",
        "&",
        "|",
        "!",
        ")(",
        "mike.j01;--",
    ] {
        ensure!(
            find(world, typed).await? == Found::None,
            "{typed:?} is somebody"
        );
    }
    Ok(())
}

async fn t_b05_look_alikes_are_other_accounts(world: World<'_>) -> Checked {
    for (stored, typed) in [
        ("straße.b05", "strasse.b05"),
        ("mıke.b05", "mike.b05"),
        ("josé.b05", "jose.b05"),
        ("müller.b05", "mueller.b05"),
        ("ııı.b05", "iii.b05"),
    ] {
        let person = world.person(Like::Named(stored)).await;
        let account = one(world, &person).await?;
        ensure!(
            find(world, typed).await? == Found::None,
            "{typed} is {stored}"
        );
        let other = world.person(Like::Named(typed)).await;
        let found = one(world, &other).await?;
        ensure!(found.id != account.id, "{typed} is {stored}");
        ensure!(
            one(world, &person).await?.id == account.id,
            "{stored} is {typed}"
        );
    }
    // T-B04: what only looks like the address of somebody reaches nobody.
    let person = world.person(Like::WithMail("mike.b04@example.test")).await;
    ensure!(
        find(world, "mıke.b04@example.test").await? == Found::None,
        "a dotless i reached {}",
        person.name
    );
    ensure!(
        find(world, "mike.b04@exarnple.test").await? == Found::None,
        "rn reached {}",
        person.name
    );
    Ok(())
}

async fn r40_one_name_of_two_accounts_is_nobody(world: World<'_>) -> Checked {
    for _ in 0..2 {
        world
            .person(Like::WithMail("family.r40@keyward.test"))
            .await;
    }
    ensure!(
        find(world, "family.r40@keyward.test").await? == Found::Several,
        "a shared address is one account"
    );
    // A name of one account that is the address of another.
    let first = world.person(Like::Named("both.r40@keyward.test")).await;
    world.person(Like::WithMail("BOTH.r40@keyward.test")).await;
    ensure!(
        find(world, &first.name).await? == Found::Several,
        "a name and an address are one account"
    );
    Ok(())
}

async fn r40_an_id_is_an_id_and_nothing_else(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    for id in [
        "",
        "*",
        "nobody",
        "00000000-0000-0000-0000-000000000000",
        "*)(uid=*",
        &person.name,
        &person.mail,
    ] {
        let found = world
            .directory()
            .read(id, world.now())
            .await
            .map_err(|error| error.to_string())?;
        ensure!(found.is_none(), "{id:?} is {found:?}");
        ensure!(
            tries(world, id, &person.password).await? == SignIn::Wrong,
            "{id:?} signs in"
        );
    }
    Ok(())
}

async fn r30_groups_within_groups_are_groups(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    ensure!(
        one(world, &person).await?.groups.is_empty(),
        "a new person is in a group"
    );
    let mut groups = world.put_in_nested_groups(&person).await;
    groups.sort_unstable();
    let account = one(world, &person).await?;
    ensure!(
        account.groups == groups,
        "{:?} instead of {groups:?}",
        account.groups
    );
    ensure!(
        read(world, &account.id).await?.groups == groups,
        "reading by id gives other groups"
    );
    Ok(())
}

async fn r31_an_account_of_software_is_told(world: World<'_>) -> Checked {
    let machine = world.person(Like::Machine).await;
    ensure!(
        one(world, &machine).await?.owner == Owner::Machine,
        "software is taken for a human"
    );
    Ok(())
}

async fn a_password_opens_only_its_account(world: World<'_>) -> Checked {
    let (ada, ben) = (
        world.person(Like::Anybody).await,
        world.person(Like::Anybody).await,
    );
    let account = one(world, &ada).await?;
    for (password, wanted) in [
        (ada.password.as_str(), SignIn::Ok),
        (&ben.password, SignIn::Wrong),
        ("", SignIn::Wrong),
        (&ada.password.to_uppercase(), SignIn::Wrong),
        (ada.password.as_str(), SignIn::Ok),
    ] {
        let answer = tries(world, &account.id, password).await?;
        ensure!(answer == wanted, "{answer:?} instead of {wanted:?}");
    }
    Ok(())
}

async fn r34_a_new_password_is_set_and_proved(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    // Twice at once: a directory may count its times of change in whole seconds.
    for (old, new) in [
        (person.password.as_str(), "First new secret 26"),
        ("First new secret 26", "Second new secret 26"),
    ] {
        let applied = set(world.directory(), &account, Change::to(new), world.now()).await;
        ensure!(applied.outcome == Outcome::Done, "{applied:?}");
        for kind in [
            CheckKind::Write,
            CheckKind::ReadBack,
            CheckKind::OldRefused,
            CheckKind::NewOpens,
            CheckKind::Unlocked,
            CheckKind::StateKept,
        ] {
            ensure!(
                applied.check(kind) == Some(CheckResult::Done),
                "{kind:?} in {applied:?}"
            );
        }
        ensure!(
            applied.check(CheckKind::MustChange).is_none(),
            "{applied:?}"
        );
        let (with_old, with_new) = (
            tries(world, &account.id, old).await?,
            tries(world, &account.id, new).await?,
        );
        ensure!(
            with_old == SignIn::Wrong && with_new == SignIn::Ok,
            "old {with_old:?}, new {with_new:?}"
        );
    }
    let after = read(world, &account.id).await?;
    ensure!(
        after.changed_at.is_some() && after.changed_at >= account.changed_at,
        "{after:?}"
    );
    let same = Account {
        changed_at: account.changed_at,
        ..after
    };
    ensure!(same == account, "{same:?} instead of {account:?}");
    Ok(())
}

async fn an_old_password_that_was_given_is_compared(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    let change = |old| Change {
        old: Some(old),
        ..Change::to("Chosen by myself 26")
    };
    let applied = set(
        world.directory(),
        &account,
        change("not the old one"),
        world.now(),
    )
    .await;
    refused(&applied, NotDone::MustSupplyOld)?;
    ensure!(
        tries(world, &account.id, &person.password).await? == SignIn::Ok,
        "the password was changed"
    );
    let applied = set(
        world.directory(),
        &account,
        change(&person.password),
        world.now(),
    )
    .await;
    ensure!(applied.outcome == Outcome::Done, "{applied:?}");
    ensure!(
        applied.check(CheckKind::OldRefused) == Some(CheckResult::Done),
        "{applied:?}"
    );
    Ok(())
}

async fn r37_refusals_have_their_reason_and_change_nothing(world: World<'_>) -> Checked {
    let expected = world.expected();
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    let mut wrong = vec![("", NotDone::TooShort)];
    if expected.min_length.is_some() {
        wrong.push(("Shorty-1", NotDone::TooShort));
    }
    if expected.keeps_history {
        wrong.push((&person.password, NotDone::InHistory));
    }
    for (new, reason) in wrong {
        let applied = set(world.directory(), &account, Change::to(new), world.now()).await;
        refused(&applied, reason)?;
        ensure!(
            tries(world, &account.id, &person.password).await? == SignIn::Ok,
            "{new:?} changed something"
        );
    }
    if expected.min_length.is_none() {
        return Ok(());
    }
    // Rules that only a directory with policies of its own has.
    let person = world.person(Like::MustWait).await;
    let account = one(world, &person).await?;
    let applied = set(
        world.directory(),
        &account,
        Change::to("First new secret 26"),
        world.now(),
    )
    .await;
    ensure!(applied.outcome == Outcome::Done, "{applied:?}");
    let applied = set(
        world.directory(),
        &account,
        Change::to("Second new secret 26"),
        world.now(),
    )
    .await;
    refused(&applied, NotDone::TooYoung)?;
    ensure!(
        tries(world, &account.id, "First new secret 26").await? == SignIn::Ok,
        "the password was changed"
    );
    let person = world.person(Like::MustGiveOld).await;
    let account = one(world, &person).await?;
    let applied = set(
        world.directory(),
        &account,
        Change::to("First new secret 26"),
        world.now(),
    )
    .await;
    refused(&applied, NotDone::MustSupplyOld)
}

async fn r38_must_change_comes_with_the_password_or_not_at_all(world: World<'_>) -> Checked {
    let expected = world.expected();
    if !expected.must_change {
        return Ok(());
    }
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    let temporary = |new| Change {
        must_change: true,
        ..Change::to(new)
    };
    if expected.min_length.is_some() {
        let applied = set(
            world.directory(),
            &account,
            temporary("Shorty-1"),
            world.now(),
        )
        .await;
        refused(&applied, NotDone::TooShort)?;
        ensure!(
            !read(world, &account.id).await?.must_change,
            "the second half was applied alone"
        );
    }
    let applied = set(
        world.directory(),
        &account,
        temporary("Temporary secret 26"),
        world.now(),
    )
    .await;
    ensure!(applied.outcome == Outcome::Done, "{applied:?}");
    ensure!(
        applied.check(CheckKind::MustChange) == Some(CheckResult::Done),
        "{applied:?}"
    );
    ensure!(
        read(world, &account.id).await?.must_change,
        "the entry does not show it"
    );
    let answer = tries(world, &account.id, "Temporary secret 26").await?;
    ensure!(answer == SignIn::MustChange, "{answer:?}");
    let applied = set(
        world.directory(),
        &account,
        Change::to("Chosen by myself 26"),
        world.now(),
    )
    .await;
    ensure!(applied.outcome == Outcome::Done, "{applied:?}");
    ensure!(
        !read(world, &account.id).await?.must_change,
        "a chosen password must be changed"
    );
    ensure!(
        tries(world, &account.id, "Chosen by myself 26").await? == SignIn::Ok,
        "it does not open"
    );
    Ok(())
}

async fn t_j02_a_password_is_taken_as_it_is(world: World<'_>) -> Checked {
    let long = "long secret ".repeat(20);
    let mut passwords = vec![
        "quote\" and back\\slash 26",
        " leading and trailing ",
        "pässwörd mit ümläuten",
        "密码密码密码密码密码",
        "🔑🔒 emoji secret 26",
        "tab\tand\nnewline 26",
        "*)(uid=* secret",
        "'; DROP TABLE accounts; --",
        "%s%n%x secret 26",
        &long,
    ];
    let schemes = [
        "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
        "{CLEARTEXT}secret-26",
        "{ARGON2}$argon2id$v=19$m=1$x",
        "{CRYPT}abcdefgh1234",
    ];
    let person = world.person(Like::AnyPassword).await;
    let account = one(world, &person).await?;
    passwords.extend(schemes);
    let mut before = person.password.clone();
    for new in passwords {
        let applied = set(world.directory(), &account, Change::to(new), world.now()).await;
        ensure!(applied.outcome == Outcome::Done, "{new:?}: {applied:?}");
        ensure!(
            tries(world, &account.id, new).await? == SignIn::Ok,
            "{new:?} does not open"
        );
        ensure!(
            tries(world, &account.id, &before).await? == SignIn::Wrong,
            "{before:?} opens after {new:?}"
        );
        // The part behind a scheme is not the password either.
        if let Some((_, rest)) = new.split_once('}') {
            ensure!(
                tries(world, &account.id, rest).await? == SignIn::Wrong,
                "{rest:?} opens"
            );
        }
        before = new.to_owned();
    }
    Ok(())
}

async fn t_b17_a_disabled_account_stays_disabled(world: World<'_>) -> Checked {
    let person = world.person(Like::Disabled).await;
    let later = world.person(Like::Anybody).await;
    world.disable(&later).await;
    for person in [person, later] {
        let account = one(world, &person).await?;
        ensure!(account.disabled && account.lock.is_none(), "{account:?}");
        let at = world.now();
        for must_change in [false, true] {
            let change = Change {
                must_change,
                ..Change::to("First new secret 26")
            };
            refused(
                &set(world.directory(), &account, change, at).await,
                NotDone::Disabled,
            )?;
        }
        let unlock = permit(
            &reference(world.directory().name(), &account),
            Action::Unlock,
            at,
        );
        refused(
            &world.directory().unlock(unlock, at).await,
            NotDone::Disabled,
        )?;
        ensure!(world.is_disabled(&person).await, "it was switched on");
        for password in [person.password.as_str(), "First new secret 26", "wrong"] {
            let answer = tries(world, &account.id, password).await?;
            ensure!(answer == SignIn::Disabled, "{answer:?}");
        }
    }
    Ok(())
}

/// Locks a person by wrong passwords.
async fn lock(world: World<'_>, account: &Account) -> Checked {
    for _ in 0..world.expected().lock_after {
        tries(world, &account.id, "surely wrong").await?;
    }
    let locked = read(world, &account.id).await?;
    ensure!(
        locked.is_locked(world.now()) && !locked.disabled,
        "{locked:?}"
    );
    Ok(())
}

async fn a_lock_is_lifted_and_the_password_stays(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    lock(world, &account).await?;
    for password in [person.password.as_str(), "surely wrong"] {
        let answer = tries(world, &account.id, password).await?;
        ensure!(answer == SignIn::Locked, "{answer:?}");
    }
    let at = world.now();
    // Lifting what is not locked changes nothing and is no failure.
    for _ in 0..2 {
        let applied = world
            .directory()
            .unlock(
                permit(
                    &reference(world.directory().name(), &account),
                    Action::Unlock,
                    at,
                ),
                at,
            )
            .await;
        ensure!(applied.outcome == Outcome::Done, "{applied:?}");
        ensure!(
            applied.check(CheckKind::Unlocked) == Some(CheckResult::Done),
            "{applied:?}"
        );
        ensure!(
            applied.check(CheckKind::StateKept) == Some(CheckResult::Done),
            "{applied:?}"
        );
    }
    // The count is gone with the lock: one slip does not lock again.
    ensure!(
        tries(world, &account.id, "surely wrong").await? == SignIn::Wrong,
        "one slip locks again"
    );
    ensure!(
        tries(world, &account.id, &person.password).await? == SignIn::Ok,
        "the password does not open"
    );
    Ok(())
}

async fn a_new_password_lifts_the_lock(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    lock(world, &account).await?;
    let applied = set(
        world.directory(),
        &account,
        Change::to("First new secret 26"),
        world.now(),
    )
    .await;
    ensure!(applied.outcome == Outcome::Done, "{applied:?}");
    ensure!(
        applied.check(CheckKind::Unlocked) == Some(CheckResult::Done),
        "{applied:?}"
    );
    ensure!(
        tries(world, &account.id, "First new secret 26").await? == SignIn::Ok,
        "it does not open"
    );
    Ok(())
}

async fn a_permit_opens_one_account_for_one_action(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    let (directory, at, new) = (
        world.directory(),
        world.now(),
        secret("First new secret 26"),
    );
    let own = reference(directory.name(), &account);
    let password = NewPassword {
        new: &new,
        old: None,
        must_change: false,
        at,
    };
    let applied = directory
        .set_password(permit(&own, Action::Unlock, at), password)
        .await;
    refused(&applied, NotDone::NotPermitted)?;
    let applied = directory
        .unlock(permit(&own, Action::SetPassword, at), at)
        .await;
    refused(&applied, NotDone::NotPermitted)?;
    let elsewhere = AccountRef {
        directory: "elsewhere".to_owned(),
        ..own.clone()
    };
    let applied = directory
        .set_password(permit(&elsewhere, Action::SetPassword, at), password)
        .await;
    refused(&applied, NotDone::NoSuchAccount)?;
    let nobody = AccountRef {
        id: "00000000-0000-0000-0000-000000000000".to_owned(),
        ..own
    };
    let applied = directory
        .set_password(permit(&nobody, Action::SetPassword, at), password)
        .await;
    refused(&applied, NotDone::NoSuchAccount)?;
    ensure!(
        tries(world, &account.id, &person.password).await? == SignIn::Ok,
        "the password was changed"
    );
    Ok(())
}

async fn t_e10_without_an_answer_nobody_knows_until_it_is_looked_at(world: World<'_>) -> Checked {
    use WireFault::{AppliedThenLost, AppliedThenSilent, LostBefore, SilentBefore};
    for must_change in [false, true] {
        for fault in [AppliedThenLost, AppliedThenSilent, LostBefore, SilentBefore] {
            let person = world.person(Like::Anybody).await;
            let account = one(world, &person).await?;
            let Some(broken) = world.through(fault, must_change) else {
                continue;
            };
            let at = world.now();
            let change = Change {
                must_change,
                ..Change::to("First new secret 26")
            };
            let applied = set(broken, &account, change, at).await;
            world.through(WireFault::Whole, must_change);
            let reason = match fault {
                AppliedThenSilent | SilentBefore => Unknown::Timeout,
                _ => Unknown::ConnectionLost,
            };
            let wanted = Outcome::Unknown {
                reason: reason.word().to_owned(),
            };
            ensure!(applied.outcome == wanted, "{fault:?}: {applied:?}");
            ensure!(
                applied.check(CheckKind::Write) == Some(CheckResult::Unverified),
                "{applied:?}"
            );
            let new = secret("First new secret 26");
            let facts = AttemptFacts {
                action: Action::SetPassword,
                new: Some(&new),
                changed_before: account.changed_at,
                started_at: at,
                at: at.plus_ms(SETTLE_MS),
            };
            let looked = world
                .directory()
                .look(&reference(world.directory().name(), &account), facts)
                .await;
            let was_applied = matches!(fault, AppliedThenLost | AppliedThenSilent);
            if was_applied {
                ensure!(looked.outcome == Outcome::Done, "{fault:?}: {looked:?}");
                ensure!(
                    looked.check(CheckKind::NewOpens) == Some(CheckResult::Done),
                    "{looked:?}"
                );
            } else {
                refused(&looked, NotDone::NotApplied).map_err(|why| format!("{fault:?}: {why}"))?;
            }
            let opens = if was_applied {
                "First new secret 26"
            } else {
                person.password.as_str()
            };
            let answer = tries(world, &account.id, opens).await?;
            ensure!(
                matches!(answer, SignIn::Ok | SignIn::MustChange),
                "{fault:?}: looking has changed something: {answer:?}"
            );
        }
    }
    Ok(())
}

async fn t_e10_what_could_not_be_sent_was_not_done(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    let Some(broken) = world.through(WireFault::Down, false) else {
        return Ok(());
    };
    let applied = set(
        broken,
        &account,
        Change::to("First new secret 26"),
        world.now(),
    )
    .await;
    let read = broken.read(&account.id, world.now()).await;
    world.through(WireFault::Whole, false);
    refused(&applied, NotDone::Unavailable)?;
    ensure!(read.is_err(), "a directory that is down answers {read:?}");
    ensure!(
        tries(world, &account.id, &person.password).await? == SignIn::Ok,
        "the password was changed"
    );
    Ok(())
}

async fn t_e10_looking_too_early_or_without_the_password_proves_nothing(
    world: World<'_>,
) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    let (directory, at) = (world.directory(), world.now());
    let own = reference(directory.name(), &account);
    let (new, other) = (
        secret("First new secret 26"),
        secret("Some other secret 26"),
    );
    let facts = |new, waited_ms| AttemptFacts {
        action: Action::SetPassword,
        new,
        changed_before: account.changed_at,
        started_at: at,
        at: at.plus_ms(waited_ms),
    };
    let unknown = |applied: &Applied, reason: Unknown| {
        let wanted = Outcome::Unknown {
            reason: reason.word().to_owned(),
        };
        if applied.outcome == wanted {
            Ok(())
        } else {
            Err(format!("{applied:?} instead of {wanted:?}"))
        }
    };
    unknown(
        &directory.look(&own, facts(Some(&new), SETTLE_MS - 1)).await,
        Unknown::Unsettled,
    )?;
    refused(
        &directory.look(&own, facts(Some(&new), SETTLE_MS)).await,
        NotDone::NotApplied,
    )?;
    refused(
        &directory.look(&own, facts(None, SETTLE_MS)).await,
        NotDone::NotApplied,
    )?;
    let applied = set(directory, &account, Change::to("First new secret 26"), at).await;
    ensure!(applied.outcome == Outcome::Done, "{applied:?}");
    // It was changed, but by whom? Without the password, or with another one, nobody can tell.
    unknown(
        &directory.look(&own, facts(None, SETTLE_MS)).await,
        Unknown::Unproven,
    )?;
    unknown(
        &directory.look(&own, facts(Some(&other), SETTLE_MS)).await,
        Unknown::Unproven,
    )?;
    let looked = directory.look(&own, facts(Some(&new), 0)).await;
    ensure!(looked.outcome == Outcome::Done, "{looked:?}");
    let gone = AccountRef {
        id: "00000000-0000-0000-0000-000000000000".to_owned(),
        ..own.clone()
    };
    refused(
        &directory.look(&gone, facts(Some(&new), SETTLE_MS)).await,
        NotDone::NoSuchAccount,
    )?;
    lock(world, &account).await?;
    let unlock = AttemptFacts {
        action: Action::Unlock,
        ..facts(None, SETTLE_MS)
    };
    refused(&directory.look(&own, unlock).await, NotDone::NotApplied)?;
    let _ = directory.unlock(permit(&own, Action::Unlock, at), at).await;
    let looked = directory.look(&own, unlock).await;
    ensure!(looked.outcome == Outcome::Done, "{looked:?}");
    Ok(())
}

async fn r36_a_probe_says_what_can_be_done(world: World<'_>) -> Checked {
    let expected = world.expected();
    world.person(Like::Anybody).await;
    let probed = world
        .directory()
        .probe()
        .await
        .map_err(|error| error.to_string())?;
    let abilities = probed.abilities;
    ensure!(
        abilities.set_password == Some(true) && abilities.unlock == Some(true),
        "{probed:?}"
    );
    ensure!(
        abilities.must_change == Some(expected.must_change),
        "{probed:?}"
    );
    ensure!(
        abilities.keeps_history == Some(expected.keeps_history),
        "{probed:?}"
    );
    ensure!(abilities.reset_unlocks == Some(true), "{probed:?}");
    ensure!(
        abilities.ends_sessions == Some(expected.ends_sessions),
        "{probed:?}"
    );
    ensure!(
        probed.bound_as == expected.bound_as && probed.directory == world.directory().name(),
        "{probed:?}"
    );
    let findings: Vec<&str> = probed
        .findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect();
    ensure!(
        findings == expected.findings && probed.is_usable(),
        "{probed:?}"
    );
    let text = serde_json::to_string(&probed).map_err(|error| error.to_string())?;
    let again: Capabilities = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    ensure!(again == probed, "{text}");
    Ok(())
}
