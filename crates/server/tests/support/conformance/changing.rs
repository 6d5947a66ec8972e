//! New passwords and lifted locks.

use super::*;

pub(super) async fn r34_a_new_password_is_set_and_proved(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    // Twice at once: a directory may count its times of change in whole seconds.
    for (old, new) in
        [(person.password.as_str(), "First new secret 26"), ("First new secret 26", "Second new secret 26")]
    {
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
            ensure!(applied.check(kind) == Some(CheckResult::Done), "{kind:?} in {applied:?}");
        }
        ensure!(applied.check(CheckKind::MustChange).is_none(), "{applied:?}");
        let (with_old, with_new) = (tries(world, &account.id, old).await?, tries(world, &account.id, new).await?);
        ensure!(with_old == SignIn::Wrong && with_new == SignIn::Ok, "old {with_old:?}, new {with_new:?}");
    }
    let after = read(world, &account.id).await?;
    ensure!(after.changed_at.is_some() && after.changed_at >= account.changed_at, "{after:?}");
    let same = Account { changed_at: account.changed_at, ..after };
    ensure!(same == account, "{same:?} instead of {account:?}");
    Ok(())
}

pub(super) async fn an_old_password_that_was_given_is_compared(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    let change = |old| Change { old: Some(old), ..Change::to("Chosen by myself 26") };
    let applied = set(world.directory(), &account, change("not the old one"), world.now()).await;
    refused(&applied, NotDone::MustSupplyOld)?;
    ensure!(tries(world, &account.id, &person.password).await? == SignIn::Ok, "the password was changed");
    let applied = set(world.directory(), &account, change(&person.password), world.now()).await;
    ensure!(applied.outcome == Outcome::Done, "{applied:?}");
    ensure!(applied.check(CheckKind::OldRefused) == Some(CheckResult::Done), "{applied:?}");
    Ok(())
}

pub(super) async fn r37_refusals_have_their_reason_and_change_nothing(world: World<'_>) -> Checked {
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
        ensure!(tries(world, &account.id, &person.password).await? == SignIn::Ok, "{new:?} changed something");
    }
    if expected.min_length.is_none() {
        return Ok(());
    }
    // Rules that only a directory with policies of its own has.
    let person = world.person(Like::MustWait).await;
    let account = one(world, &person).await?;
    let applied = set(world.directory(), &account, Change::to("First new secret 26"), world.now()).await;
    ensure!(applied.outcome == Outcome::Done, "{applied:?}");
    let applied = set(world.directory(), &account, Change::to("Second new secret 26"), world.now()).await;
    refused(&applied, NotDone::TooYoung)?;
    ensure!(tries(world, &account.id, "First new secret 26").await? == SignIn::Ok, "the password was changed");
    let person = world.person(Like::MustGiveOld).await;
    let account = one(world, &person).await?;
    let applied = set(world.directory(), &account, Change::to("First new secret 26"), world.now()).await;
    refused(&applied, NotDone::MustSupplyOld)
}

pub(super) async fn r38_must_change_comes_with_the_password_or_not_at_all(world: World<'_>) -> Checked {
    let expected = world.expected();
    if !expected.must_change {
        return Ok(());
    }
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    let temporary = |new| Change { must_change: true, ..Change::to(new) };
    if expected.min_length.is_some() {
        let applied = set(world.directory(), &account, temporary("Shorty-1"), world.now()).await;
        refused(&applied, NotDone::TooShort)?;
        ensure!(!read(world, &account.id).await?.must_change, "the second half was applied alone");
    }
    let applied = set(world.directory(), &account, temporary("Temporary secret 26"), world.now()).await;
    ensure!(applied.outcome == Outcome::Done, "{applied:?}");
    ensure!(applied.check(CheckKind::MustChange) == Some(CheckResult::Done), "{applied:?}");
    ensure!(read(world, &account.id).await?.must_change, "the entry does not show it");
    let answer = tries(world, &account.id, "Temporary secret 26").await?;
    ensure!(answer == SignIn::MustChange, "{answer:?}");
    let applied = set(world.directory(), &account, Change::to("Chosen by myself 26"), world.now()).await;
    ensure!(applied.outcome == Outcome::Done, "{applied:?}");
    ensure!(!read(world, &account.id).await?.must_change, "a chosen password must be changed");
    ensure!(tries(world, &account.id, "Chosen by myself 26").await? == SignIn::Ok, "it does not open");
    Ok(())
}

pub(super) async fn t_j02_a_password_is_taken_as_it_is(world: World<'_>) -> Checked {
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
        ensure!(tries(world, &account.id, new).await? == SignIn::Ok, "{new:?} does not open");
        ensure!(tries(world, &account.id, &before).await? == SignIn::Wrong, "{before:?} opens after {new:?}");
        // The part behind a scheme is not the password either.
        if let Some((_, rest)) = new.split_once('}') {
            ensure!(tries(world, &account.id, rest).await? == SignIn::Wrong, "{rest:?} opens");
        }
        before = new.to_owned();
    }
    Ok(())
}

pub(super) async fn t_b17_a_disabled_account_stays_disabled(world: World<'_>) -> Checked {
    let person = world.person(Like::Disabled).await;
    let later = world.person(Like::Anybody).await;
    world.disable(&later).await;
    for person in [person, later] {
        let account = one(world, &person).await?;
        ensure!(account.disabled && account.lock.is_none(), "{account:?}");
        let at = world.now();
        for must_change in [false, true] {
            let change = Change { must_change, ..Change::to("First new secret 26") };
            refused(&set(world.directory(), &account, change, at).await, NotDone::Disabled)?;
        }
        let unlock = permit(&reference(world.directory().name(), &account), Action::Unlock, at);
        refused(&world.directory().unlock(unlock, at).await, NotDone::Disabled)?;
        ensure!(world.is_disabled(&person).await, "it was switched on");
        for password in [person.password.as_str(), "First new secret 26", "wrong"] {
            let answer = tries(world, &account.id, password).await?;
            ensure!(answer == SignIn::Disabled, "{answer:?}");
        }
    }
    Ok(())
}

pub(super) async fn a_lock_is_lifted_and_the_password_stays(world: World<'_>) -> Checked {
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
            .unlock(permit(&reference(world.directory().name(), &account), Action::Unlock, at), at)
            .await;
        ensure!(applied.outcome == Outcome::Done, "{applied:?}");
        ensure!(applied.check(CheckKind::Unlocked) == Some(CheckResult::Done), "{applied:?}");
        ensure!(applied.check(CheckKind::StateKept) == Some(CheckResult::Done), "{applied:?}");
    }
    // The count is gone with the lock: one slip does not lock again.
    ensure!(tries(world, &account.id, "surely wrong").await? == SignIn::Wrong, "one slip locks again");
    ensure!(tries(world, &account.id, &person.password).await? == SignIn::Ok, "the password does not open");
    Ok(())
}

pub(super) async fn a_new_password_lifts_the_lock(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    lock(world, &account).await?;
    let applied = set(world.directory(), &account, Change::to("First new secret 26"), world.now()).await;
    ensure!(applied.outcome == Outcome::Done, "{applied:?}");
    ensure!(applied.check(CheckKind::Unlocked) == Some(CheckResult::Done), "{applied:?}");
    ensure!(tries(world, &account.id, "First new secret 26").await? == SignIn::Ok, "it does not open");
    Ok(())
}

pub(super) async fn a_permit_opens_one_account_for_one_action(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    let (directory, at, new) = (world.directory(), world.now(), secret("First new secret 26"));
    let own = reference(directory.name(), &account);
    let password = NewPassword { new: &new, old: None, must_change: false, at };
    let applied = directory.set_password(permit(&own, Action::Unlock, at), password).await;
    refused(&applied, NotDone::NotPermitted)?;
    let applied = directory.unlock(permit(&own, Action::SetPassword, at), at).await;
    refused(&applied, NotDone::NotPermitted)?;
    let elsewhere = AccountRef { directory: "elsewhere".to_owned(), ..own.clone() };
    let applied = directory.set_password(permit(&elsewhere, Action::SetPassword, at), password).await;
    refused(&applied, NotDone::NoSuchAccount)?;
    let nobody = AccountRef { id: "00000000-0000-0000-0000-000000000000".to_owned(), ..own };
    let applied = directory.set_password(permit(&nobody, Action::SetPassword, at), password).await;
    refused(&applied, NotDone::NoSuchAccount)?;
    ensure!(tries(world, &account.id, &person.password).await? == SignIn::Ok, "the password was changed");
    Ok(())
}
