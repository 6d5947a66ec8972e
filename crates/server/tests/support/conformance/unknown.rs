//! What is said when there is no answer.

use super::*;

pub(super) async fn t_e10_without_an_answer_nobody_knows_until_it_is_looked_at(world: World<'_>) -> Checked {
    use WireFault::{AppliedThenLost, AppliedThenSilent, LostBefore, SilentBefore};
    for must_change in [false, true] {
        for fault in [AppliedThenLost, AppliedThenSilent, LostBefore, SilentBefore] {
            let person = world.person(Like::Anybody).await;
            let account = one(world, &person).await?;
            let Some(broken) = world.through(fault, must_change) else {
                continue;
            };
            let at = world.now();
            let change = Change { must_change, ..Change::to("First new secret 26") };
            let applied = set(broken, &account, change, at).await;
            world.through(WireFault::Whole, must_change);
            let reason = match fault {
                AppliedThenSilent | SilentBefore => Unknown::Timeout,
                _ => Unknown::ConnectionLost,
            };
            let wanted = Outcome::Unknown { reason: reason.word().to_owned() };
            ensure!(applied.outcome == wanted, "{fault:?}: {applied:?}");
            ensure!(applied.check(CheckKind::Write) == Some(CheckResult::Unverified), "{applied:?}");
            let new = secret("First new secret 26");
            let facts = AttemptFacts {
                action: Action::SetPassword,
                new: Some(&new),
                changed_before: account.changed_at,
                started_at: at,
                at: at.plus_ms(SETTLE_MS),
            };
            let looked = world.directory().look(&reference(world.directory().name(), &account), facts).await;
            let was_applied = matches!(fault, AppliedThenLost | AppliedThenSilent);
            if was_applied {
                ensure!(looked.outcome == Outcome::Done, "{fault:?}: {looked:?}");
                ensure!(looked.check(CheckKind::NewOpens) == Some(CheckResult::Done), "{looked:?}");
            } else {
                refused(&looked, NotDone::NotApplied).map_err(|why| format!("{fault:?}: {why}"))?;
            }
            let opens = if was_applied { "First new secret 26" } else { person.password.as_str() };
            let answer = tries(world, &account.id, opens).await?;
            ensure!(
                matches!(answer, SignIn::Ok | SignIn::MustChange),
                "{fault:?}: looking has changed something: {answer:?}"
            );
        }
    }
    Ok(())
}

pub(super) async fn r41_a_yes_that_looking_does_not_show_is_not_done(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    let Some(liar) = world.through(WireFault::Lies, false) else {
        return Ok(());
    };
    let applied = set(liar, &account, Change::to("First new secret 26"), world.now()).await;
    world.through(WireFault::Whole, false);
    let wanted = Outcome::Unknown { reason: Unknown::Unproven.word().to_owned() };
    ensure!(applied.outcome == wanted, "{applied:?} instead of {wanted:?}");
    ensure!(applied.check(CheckKind::NewOpens) == Some(CheckResult::Failed), "{applied:?}");
    ensure!(tries(world, &account.id, &person.password).await? == SignIn::Ok, "the password was changed");
    Ok(())
}

pub(super) async fn t_e10_what_could_not_be_sent_was_not_done(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    let Some(broken) = world.through(WireFault::Down, false) else {
        return Ok(());
    };
    let applied = set(broken, &account, Change::to("First new secret 26"), world.now()).await;
    let read = broken.read(&account.id, world.now()).await;
    world.through(WireFault::Whole, false);
    refused(&applied, NotDone::Unavailable)?;
    ensure!(read.is_err(), "a directory that is down answers {read:?}");
    ensure!(tries(world, &account.id, &person.password).await? == SignIn::Ok, "the password was changed");
    Ok(())
}

pub(super) async fn t_e10_looking_too_early_or_without_the_password_proves_nothing(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    let (directory, at) = (world.directory(), world.now());
    let own = reference(directory.name(), &account);
    let (new, other) = (secret("First new secret 26"), secret("Some other secret 26"));
    let facts = |new, waited_ms| AttemptFacts {
        action: Action::SetPassword,
        new,
        changed_before: account.changed_at,
        started_at: at,
        at: at.plus_ms(waited_ms),
    };
    let unknown = |applied: &Applied, reason: Unknown| {
        let wanted = Outcome::Unknown { reason: reason.word().to_owned() };
        if applied.outcome == wanted { Ok(()) } else { Err(format!("{applied:?} instead of {wanted:?}")) }
    };
    unknown(&directory.look(&own, facts(Some(&new), SETTLE_MS - 1)).await, Unknown::Unsettled)?;
    refused(&directory.look(&own, facts(Some(&new), SETTLE_MS)).await, NotDone::NotApplied)?;
    refused(&directory.look(&own, facts(None, SETTLE_MS)).await, NotDone::NotApplied)?;
    let applied = set(directory, &account, Change::to("First new secret 26"), at).await;
    ensure!(applied.outcome == Outcome::Done, "{applied:?}");
    // It was changed, but by whom? Without the password, or with another one, nobody can tell.
    unknown(&directory.look(&own, facts(None, SETTLE_MS)).await, Unknown::Unproven)?;
    unknown(&directory.look(&own, facts(Some(&other), SETTLE_MS)).await, Unknown::Unproven)?;
    let looked = directory.look(&own, facts(Some(&new), 0)).await;
    ensure!(looked.outcome == Outcome::Done, "{looked:?}");
    let gone = AccountRef { id: "00000000-0000-0000-0000-000000000000".to_owned(), ..own.clone() };
    refused(&directory.look(&gone, facts(Some(&new), SETTLE_MS)).await, NotDone::NoSuchAccount)?;
    lock(world, &account).await?;
    let unlock = AttemptFacts { action: Action::Unlock, ..facts(None, SETTLE_MS) };
    refused(&directory.look(&own, unlock).await, NotDone::NotApplied)?;
    let _ = directory.unlock(permit(&own, Action::Unlock, at), at).await;
    let looked = directory.look(&own, unlock).await;
    ensure!(looked.outcome == Outcome::Done, "{looked:?}");
    Ok(())
}

/// Whoever knew when the password had been changed before was killed with the attempt.
pub(super) async fn t_e09_looking_without_knowing_what_was_before_tells_an_old_change_from_this_one(
    world: World<'_>,
) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    let (directory, earlier) = (world.directory(), world.now());
    let own = reference(directory.name(), &account);
    let (new, old) = (secret("First new secret 26"), secret("Some other secret 26"));
    let applied = set(directory, &account, Change::to(old.expose()), earlier).await;
    ensure!(applied.outcome == Outcome::Done, "{applied:?}");
    let started_at = earlier.plus_ms(keyward_core::time::HOUR_MS);
    let at = started_at.plus_ms(SETTLE_MS);
    let facts = AttemptFacts { action: Action::SetPassword, new: Some(&new), changed_before: None, started_at, at };
    // Looked at again and again until then: a password that was never set is not tried each time, or its owner would be locked out.
    for look in 1..=20 {
        let early = AttemptFacts { at: started_at.plus_ms(look * 5_000), ..facts };
        let looked = directory.look(&own, early).await;
        ensure!(looked.outcome == Outcome::Unknown { reason: Unknown::Unsettled.word().to_owned() }, "{looked:?}");
    }
    refused(&directory.look(&own, facts).await, NotDone::NotApplied)?;
    ensure!(one(world, &person).await?.lock.is_none(), "nobody was locked out");
    let applied = set(directory, &account, Change::to(new.expose()), started_at).await;
    ensure!(applied.outcome == Outcome::Done, "{applied:?}");
    let looked = directory.look(&own, facts).await;
    ensure!(looked.outcome == Outcome::Done, "{looked:?}");
    // Changed at about the same time, and to something else: a human has to find out.
    let facts = AttemptFacts { new: Some(&old), started_at: earlier, ..facts };
    let looked = directory.look(&own, facts).await;
    let wanted = Outcome::Unknown { reason: Unknown::Unproven.word().to_owned() };
    ensure!(looked.outcome == wanted, "{looked:?}");
    Ok(())
}
