//! The tables beside the log: what is bound to what, when it ends, and who is told no.

use keyward::ctx::Ctx;
use keyward::store::{
    Aside, CommitError, Guard, GuardKind, With, Write,
    accounts::{Begun, NewAccount, NewPassword, Tried},
    jobs::{JobState, NewJob},
    limits::Limit,
    people::{NewFactor, Person},
    tokens::{NewToken, Purpose, Seen},
    workers,
};
use keyward_core::{
    account::{AccountRef, Method},
    digest::Digest,
    ids::CaseId,
    time::{HOUR_MS, MINUTE_MS, SECOND_MS},
};

use super::{World, cases::START, on_both};

on_both! {
    r08_r52_a_token_is_bound_to_purpose_case_and_browser
    t_d07_a_token_ends_when_its_time_is_up_and_a_session_when_it_rests
    r11_what_was_handed_out_ends_with_its_case_and_person
    t_e07_a_session_that_was_ended_changes_nothing
    a_job_comes_back_when_its_worker_does_not
    a_job_that_keeps_failing_is_dead_and_says_why
    a_job_in_the_same_commit_is_there_or_not_with_it
    r12_a_limit_slides_and_refusals_do_not_count
    m103_a_factor_keeps_what_was_bound_and_what_became_of_it
    a_right_try_takes_back_its_count_and_a_wrong_one_stays
    r45_a_blocked_person_stays_blocked_for_the_longer_time
    a_policy_is_found_by_its_digest_and_nothing_else_is_returned
    r43_the_embedded_directory_counts_passwords_and_remembers_them
    eco_11_a_worker_is_seen_on_both_engines
    v6_1_1_wrong_passwords_lock_an_account_until_it_is_unlocked
    eco_01_the_first_account_is_whole_and_the_only_one_and_its_invitation_is_used_up
}

pub fn job(world: &World, kind: &'static str) -> NewJob {
    NewJob {
        id: world.ctx.id(START),
        kind,
        case: None,
        only_one: None,
        payload: b"{}".to_vec(),
        due: START,
        max_tries: 3,
        created: START,
    }
}

pub fn token(world: &World, case: Option<CaseId>) -> NewToken {
    NewToken {
        purpose: Purpose::Link,
        hash: Digest::of(&world.ctx.bytes::<16>()),
        case,
        person: None,
        browser: None,
        data: Vec::new(),
        created: START,
        idle: START.plus_ms(10 * MINUTE_MS),
        expires: START.plus_ms(10 * MINUTE_MS),
        max_tries: 1,
    }
}

pub fn seen(world: &World, token: &NewToken) -> Seen {
    Seen { purpose: token.purpose, hash: token.hash, browser: token.browser, at: world.ctx.now() }
}

pub fn person(world: &World, directory: &str, id: &str) -> Person {
    Person {
        id: world.ctx.id(START),
        account: AccountRef { directory: directory.to_owned(), id: id.to_owned() },
        salt: world.ctx.salt(),
        language: None,
        blocked_until: None,
        created: START,
    }
}

fn guard(answer: Result<(), CommitError>) -> Option<GuardKind> {
    match answer {
        Ok(()) => None,
        Err(CommitError::Guard(kind)) => Some(kind),
        Err(error) => panic!("{error:?}"),
    }
}

async fn r08_r52_a_token_is_bound_to_purpose_case_and_browser(world: World) {
    let (mine, other) = (world.case("ada").await, world.case("eve").await);
    let mut link = token(&world, Some(mine.case.id()));
    link.browser = Some(Digest::of(b"her browser"));
    world.store.put_token(&link).await.unwrap();
    let right = seen(&world, &link);
    let wrong = |change: fn(&mut Seen)| {
        let mut seen = right;
        change(&mut seen);
        seen
    };
    for seen in [
        wrong(|seen| seen.purpose = Purpose::Case),
        wrong(|seen| seen.hash = Digest::of(b"a guess")),
        wrong(|seen| seen.browser = Some(Digest::of(b"his browser"))),
        wrong(|seen| seen.browser = None),
    ] {
        assert_eq!(world.store.find_token(&seen).await.unwrap(), None, "{seen:?}");
        let draft = mine.clone().kept().noticed("a@example.org");
        let change = draft.with(With::nothing().guard(Guard::ConsumeToken(seen)));
        let refused = world.store.commit(change).await.map(drop);
        assert_eq!(guard(refused), Some(GuardKind::Token), "{seen:?}");
    }
    let draft = other.kept().noticed("a@example.org");
    let change = draft.with(With::nothing().guard(Guard::ConsumeToken(right)));
    let refused = world.store.commit(change).await.map(drop);
    assert_eq!(guard(refused), Some(GuardKind::Token), "another case");
    let aside = Aside::default().guard(Guard::ConsumeToken(right));
    let refused = world.store.aside(aside).await;
    assert_eq!(guard(refused), Some(GuardKind::Token), "no case");
    // Looking does not use it up (R12); the right one, in the right case, does.
    let found = world.store.find_token(&right).await.unwrap().unwrap();
    assert_eq!(found.case, Some(mine.case.id()));
    let draft = mine.kept().noticed("a@example.org");
    let change = draft.with(With::nothing().guard(Guard::ConsumeToken(right)));
    assert!(world.store.commit(change).await.is_ok());
    assert_eq!(world.store.find_token(&right).await.unwrap(), None);
}

async fn t_d07_a_token_ends_when_its_time_is_up_and_a_session_when_it_rests(world: World) {
    let mut session = token(&world, None);
    session.purpose = Purpose::StaffSignIn;
    session.idle = START.plus_ms(15 * MINUTE_MS);
    session.expires = START.plus_ms(HOUR_MS);
    world.store.put_token(&session).await.unwrap();
    let alive_at = async |minutes: i64| {
        let mut seen = seen(&world, &session);
        seen.at = START.plus_ms(minutes * MINUTE_MS);
        world.store.find_token(&seen).await.unwrap().is_some()
    };
    assert!(alive_at(14).await && !alive_at(15).await);
    let mut busy = seen(&world, &session);
    busy.at = START.plus_ms(14 * MINUTE_MS);
    let idle = START.plus_ms(90 * MINUTE_MS);
    assert!(world.store.touch_token(&busy, idle).await.unwrap());
    assert!(alive_at(59).await && !alive_at(60).await, "never past its end");
    busy.at = session.expires;
    assert!(!world.store.touch_token(&busy, idle).await.unwrap());
    assert_eq!(world.store.expire_tokens(session.expires.plus_ms(-1)).await.unwrap(), 0);
    assert_eq!(world.store.expire_tokens(session.expires).await.unwrap(), 1);
    assert!(!alive_at(20).await);
}

/// Which of them still open something, by number.
async fn alive(world: &World, made: &[NewToken]) -> Vec<usize> {
    let mut alive = Vec::new();
    for (index, token) in made.iter().enumerate() {
        let found = world.store.find_token(&seen(world, token)).await;
        alive.extend(found.unwrap().map(|_| index));
    }
    alive
}

async fn r11_what_was_handed_out_ends_with_its_case_and_person(world: World) {
    let (mine, other) = (world.case("ada").await.case.id(), world.case("bob").await.case.id());
    let (ada, bob) = (world.person(), world.person());
    let mut made = Vec::new();
    for (case, person, purpose) in [
        (Some(mine), Some(ada), Purpose::Link),
        (Some(mine), Some(ada), Purpose::Code),
        (Some(other), Some(ada), Purpose::Link),
        (None, Some(ada), Purpose::SignIn),
        (Some(other), Some(bob), Purpose::Link),
    ] {
        let token = NewToken { purpose, person, ..token(&world, case) };
        world.store.put_token(&token).await.unwrap();
        made.push(token);
    }
    let alive = async || alive(&world, &made).await;
    let end = async |write| world.store.aside(Aside::default().write(write)).await.unwrap();
    let case = |case, purpose| Write::EndTokensOfCase { case, purpose };
    let person = |person, purpose| Write::EndTokensOfPerson { person, purpose };
    for (write, left) in [
        (case(mine, Some(Purpose::Code)), &[0, 2, 3, 4][..]),
        (person(ada, Some(Purpose::Link)), &[3, 4]),
        (person(ada, None), &[4]),
        (case(other, None), &[]),
    ] {
        end(write).await;
        assert_eq!(alive().await, left);
    }
}

async fn t_e07_a_session_that_was_ended_changes_nothing(world: World) {
    let mut session = token(&world, None);
    session.purpose = Purpose::SignIn;
    world.store.put_token(&session).await.unwrap();
    let held = Guard::HoldToken(seen(&world, &session));
    let act = async || world.store.aside(Aside::default().guard(held.clone())).await;
    assert_eq!(guard(act().await), None);
    assert_eq!(guard(act().await), None, "it is not used up");
    world.store.end_token(Purpose::SignIn, session.hash).await.unwrap();
    assert_eq!(guard(act().await), Some(GuardKind::Token));
}

async fn a_job_comes_back_when_its_worker_does_not(world: World) {
    let store = &world.store;
    let lease = |at: i64| (START.plus_ms(at), START.plus_ms(at + 30 * SECOND_MS));
    let mut later = job(&world, "notify");
    later.due = START.plus_ms(MINUTE_MS);
    assert!(store.put_job(&later).await.unwrap());
    let (at, until) = lease(0);
    assert_eq!(store.take_job(at, until).await.unwrap(), None, "it is not due");
    assert_eq!(store.next_job_due().await.unwrap(), Some(later.due));
    let (at, until) = lease(MINUTE_MS);
    let first = store.take_job(at, until).await.unwrap().unwrap();
    assert_eq!((first.id, first.tries), (later.id, 1));
    assert_eq!(store.take_job(at, until).await.unwrap(), None, "it is taken");
    let (at, until) = lease(MINUTE_MS + 30 * SECOND_MS);
    let second = store.take_job(at, until).await.unwrap().unwrap();
    assert_eq!((second.id, second.tries), (later.id, 2));
    // The first worker wakes up: the job is no longer its own.
    assert!(!store.finish_job(&first).await.unwrap());
    assert_eq!(store.fail_job(&first, at, "late").await.unwrap(), None);
    let hold = |tries| Guard::HoldJob { job: later.id, tries, until };
    assert_eq!(guard(store.aside(Aside::default().guard(hold(1))).await), Some(GuardKind::Job));
    assert_eq!(guard(store.aside(Aside::default().guard(hold(2))).await), None);
    assert!(store.finish_job(&second).await.unwrap());
    assert!(store.jobs(9).await.unwrap().is_empty());
}

async fn a_job_that_keeps_failing_is_dead_and_says_why(world: World) {
    let store = &world.store;
    let mut only = job(&world, "publish");
    only.only_one = Some("publish".to_owned());
    assert!(store.put_job(&only).await.unwrap());
    let until = START.plus_ms(MINUTE_MS);
    for tries in 1..=3 {
        let taken = store.take_job(START, until).await.unwrap().unwrap();
        assert_eq!(taken.tries, tries);
        let state = store.fail_job(&taken, START, "no route to host").await.unwrap();
        let expected = if tries < 3 { JobState::Waiting } else { JobState::Dead };
        assert_eq!(state, Some(expected));
    }
    assert_eq!(store.take_job(START, until).await.unwrap(), None);
    let dead = store.dead_jobs(9).await.unwrap();
    assert_eq!(dead[0].error.as_deref(), Some("no route to host"));
    assert_eq!(store.job_counts().await.unwrap(), [(JobState::Dead, 1)]);
    // A dead one does not stand in the way of the next, and is not revived beside it.
    let next = NewJob { id: world.ctx.id(START), ..only.clone() };
    assert!(store.put_job(&next).await.unwrap());
    assert!(!store.put_job(&NewJob { id: world.ctx.id(START), ..only.clone() }).await.unwrap());
    assert!(!store.revive_job(only.id, START).await.unwrap());
    let taken = store.take_job(START, until).await.unwrap().unwrap();
    assert!(store.finish_job(&taken).await.unwrap());
    assert!(store.revive_job(only.id, START).await.unwrap());
    assert!(!store.forget_job(only.id).await.unwrap(), "it is not dead");
    // Workers that die each time bury it too.
    for _ in 1..=3 {
        assert!(store.take_job(START, START).await.unwrap().is_some());
    }
    assert_eq!(store.take_job(START, START).await.unwrap(), None);
    assert_eq!(store.dead_jobs(9).await.unwrap().len(), 1);
    assert!(store.forget_job(only.id).await.unwrap());
}

async fn a_job_in_the_same_commit_is_there_or_not_with_it(world: World) {
    let draft = world.case("ada").await.kept();
    let change = |address: &str| {
        let draft = draft.clone().noticed(address);
        draft.with(With::nothing().job(NewJob { case: Some(draft.case.id()), ..job(&world, "notify") }))
    };
    assert!(world.store.commit(change("a@example.org")).await.is_ok());
    assert!(world.store.commit(change("b@example.org")).await.is_err());
    let jobs = world.store.jobs(9).await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].case, Some(draft.case.id()));
}

async fn r12_a_limit_slides_and_refusals_do_not_count(world: World) {
    let limit = Limit { name: "mail", max: 4, window_ms: HOUR_MS };
    // The first full hour of the windows after the start.
    let hour = START.plus_ms(HOUR_MS - START.millis().rem_euclid(HOUR_MS));
    let spend = async |key: &str, minutes: i64| {
        let at = hour.plus_ms(minutes * MINUTE_MS);
        world.store.spend(limit, key.as_bytes(), at).await.unwrap()
    };
    for _ in 0..4 {
        assert!(spend("ada", 50).await);
    }
    for _ in 0..20 {
        assert!(!spend("ada", 55).await, "five in an hour");
    }
    assert!(spend("bob", 55).await, "keys do not mix");
    let other = Limit { name: "code", ..limit };
    assert!(world.store.spend(other, b"ada", hour).await.unwrap(), "names do not mix");
    // The window before counts by how far it still reaches back.
    assert!(!spend("ada", 60).await);
    assert!(spend("ada", 76).await, "three quarters of four, and this one");
    assert!(!spend("ada", 76).await);
    assert!(spend("ada", 91).await);
    for _ in 0..4 {
        assert!(spend("ada", 60 * 9).await, "long ago is forgotten");
    }
    assert!(!spend("ada", 60 * 9).await);
    // At the turn of a window those who come late, by a slow look-up or another clock, get no second round.
    for _ in 0..3 {
        assert!(spend("joe", 59).await);
    }
    assert!(spend("joe", 60).await);
    assert!(!spend("joe", 59).await, "three and one are four");
    let none = Limit { max: 0, ..limit };
    assert!(!world.store.spend(none, b"eve", hour).await.unwrap());
    let long_after = hour.plus_ms(48 * HOUR_MS);
    assert_eq!(world.store.expire_limits(long_after).await.unwrap(), 4);
}

async fn m103_a_factor_keeps_what_was_bound_and_what_became_of_it(world: World) {
    let ada = world.store.ensure_person(&person(&world, "embedded", "ada")).await.unwrap();
    assert_eq!(world.store.person_of(&ada.account).await.unwrap().as_ref(), Some(&ada));
    let new = NewFactor {
        id: world.ctx.id(START),
        person: ada.id,
        method: Method::Passkey,
        label: "blue key".to_owned(),
        data: vec![0, 255],
        handle: Some(Digest::of(b"credential")),
        created: START,
        usable_from: START.plus_ms(72 * HOUR_MS),
    };
    let bind = Aside::default().guard(Guard::NewFactor(new.clone()));
    world.store.aside(bind).await.unwrap();
    let bound = world.store.factors(ada.id).await.unwrap();
    assert_eq!(bound.len(), 1);
    assert_eq!((bound[0].usable_from, &bound[0].data), (new.usable_from, &new.data));
    assert!(bound[0].is_alive());
    let aside = Aside::default()
        .guard(Guard::RenewFactorData { factor: new.id, before: new.data.clone(), data: vec![9] })
        .write(Write::EndFactors { person: ada.id, method: Method::Totp, but: new.id, at: START });
    world.store.aside(aside).await.unwrap();
    let stored = world.store.factor(new.id).await.unwrap().unwrap();
    assert_eq!((stored.data.as_slice(), stored.ended), ([9].as_slice(), None));
    let newer = NewFactor { id: world.ctx.id(START), handle: None, ..new.clone() };
    let end = Write::EndFactors { person: ada.id, method: Method::Passkey, but: newer.id, at: START };
    world.store.aside(Aside::default().guard(Guard::NewFactor(newer.clone())).write(end)).await.unwrap();
    let stored = world.store.factor(new.id).await.unwrap().unwrap();
    assert_eq!((stored.ended, stored.handle), (Some(START), None), "what has ended gives its handle back");
    assert_eq!(world.store.factor(newer.id).await.unwrap().unwrap().ended, None, "the one that takes its place stays");
    world.store.set_language(ada.id, "de").await.unwrap();
    let stored = world.store.person(ada.id).await.unwrap().unwrap();
    assert_eq!(stored.language.as_deref(), Some("de"));
    assert_eq!(stored.salt, ada.salt);
}

async fn a_right_try_takes_back_its_count_and_a_wrong_one_stays(world: World) {
    let ada = world.store.ensure_person(&person(&world, "embedded", "ada")).await.unwrap();
    let new = NewFactor {
        id: world.ctx.id(START),
        person: ada.id,
        method: Method::Totp,
        label: String::new(),
        data: vec![],
        handle: None,
        created: START,
        usable_from: START,
    };
    let bind = Aside::default().guard(Guard::NewFactor(new.clone()));
    world.store.aside(bind).await.unwrap();
    for expected in 1..=3 {
        assert_eq!(world.store.count_factor_try(new.id).await.unwrap(), Some(expected));
    }
    let right = Guard::UseTotpStep { factor: new.id, step: 1, at: START };
    world.store.aside(Aside::default().guard(right)).await.unwrap();
    assert_eq!(world.store.factor(new.id).await.unwrap().unwrap().failures, 2);
}

async fn r45_a_blocked_person_stays_blocked_for_the_longer_time(world: World) {
    let ada = world.store.ensure_person(&person(&world, "embedded", "ada")).await.unwrap();
    let block = async |hours: i64| {
        let until = START.plus_ms(hours * HOUR_MS);
        let write = Write::BlockPerson { person: ada.id, until };
        world.store.aside(Aside::default().write(write)).await.unwrap();
    };
    let free_at = async |hours: i64| {
        let at = START.plus_ms(hours * HOUR_MS);
        let free = Guard::PersonNotBlocked { person: ada.id, at };
        guard(world.store.aside(Aside::default().guard(free)).await)
    };
    assert_eq!(free_at(0).await, None);
    block(24).await;
    block(1).await;
    assert_eq!(free_at(23).await, Some(GuardKind::Person));
    assert_eq!(free_at(24).await, None);
}

async fn a_policy_is_found_by_its_digest_and_nothing_else_is_returned(world: World) {
    let digest = world.store.put_policy("permit nothing", START).await.unwrap();
    assert_eq!(world.store.put_policy("permit nothing", START).await.unwrap(), digest);
    assert_eq!(world.store.policy(digest).await.unwrap().as_deref(), Some("permit nothing"));
    assert_eq!(world.store.policy(Digest::of(b"x")).await.unwrap(), None);
    world.sql("UPDATE policies SET text = 'permit everything'").await;
    assert!(world.store.policy(digest).await.unwrap_err().is_broken());
    world.store.put_policy("permit nothing", START).await.unwrap();
    assert_eq!(world.store.policy(digest).await.unwrap().as_deref(), Some("permit nothing"));
}

async fn r43_the_embedded_directory_counts_passwords_and_remembers_them(world: World) {
    let store = &world.store;
    for (id, name) in [("1", "ada"), ("2", "bob"), ("3", "eve")] {
        let account = NewAccount {
            id: id.to_owned(),
            name: name.to_owned(),
            mail: Some(if name == "eve" { "ada@example.org".to_owned() } else { format!("{name}@example.org") }),
            display: name.to_owned(),
            created: START,
        };
        assert!(store.insert_account(&account).await.unwrap());
    }
    assert_eq!(store.account_by_name("ada").await.unwrap().unwrap().id, "1");
    assert_eq!(store.accounts_by_mail("bob@example.org").await.unwrap().len(), 1);
    assert_eq!(store.accounts_by_mail("ada@example.org").await.unwrap().len(), 2);
    let page = store.accounts("ada", 9).await.unwrap();
    assert_eq!(page.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["bob", "eve"]);
    let set = async |expected, hash: &str| {
        let new = NewPassword { hash: hash.to_owned(), expected, must_change: true, keep: 2, at: START };
        store.set_account_password("1", &new).await.unwrap()
    };
    for (expected, hash) in [(0, "h1"), (1, "h2"), (2, "h3")] {
        assert_eq!(set(expected, hash).await, Some(expected + 1));
    }
    assert_eq!(set(1, "h4").await, None, "somebody else was faster");
    assert_eq!(store.account_history("1").await.unwrap(), ["h3", "h2"]);
    let account = store.account("1").await.unwrap().unwrap();
    assert_eq!((account.password.as_deref(), account.credential, account.must_change), (Some("h3"), 3, true));
    assert!(!format!("{account:?}").contains("h3"));
}

async fn v6_1_1_wrong_passwords_lock_an_account_until_it_is_unlocked(world: World) {
    let store = &world.store;
    let account = NewAccount {
        id: "1".to_owned(),
        name: "ada".to_owned(),
        mail: None,
        display: "Ada".to_owned(),
        created: START,
    };
    assert!(store.insert_account(&account).await.unwrap());
    let set = async |expected, hash: &str| {
        let new = NewPassword { hash: hash.to_owned(), expected, must_change: true, keep: 2, at: START };
        store.set_account_password("1", &new).await.unwrap()
    };
    assert_eq!(set(0, "h1").await, Some(1));
    let until = START.plus_ms(HOUR_MS);
    let tries = async |credential, at| {
        let tried = Tried { credential, max: 2, at, lock_until: until };
        let counted = store.count_account_try("1", &tried).await.unwrap();
        let account = store.account("1").await.unwrap().unwrap();
        (counted, account.failures, account.locked_until)
    };
    assert_eq!(tries(0, START).await, (false, 0, None), "another password");
    assert_eq!(tries(1, START).await, (true, 1, None));
    assert_eq!(tries(1, START).await, (true, 2, Some(until)));
    assert_eq!(tries(1, until.plus_ms(-1)).await, (false, 2, Some(until)), "locked");
    assert_eq!(tries(1, until).await, (true, 1, None), "a lock that has ended starts the count anew");
    assert!(!store.clear_account_tries("1", 0).await.unwrap());
    assert!(store.clear_account_tries("1", 1).await.unwrap());
    assert_eq!(tries(1, until).await, (true, 1, None));
    assert_eq!(tries(1, until).await.1, 2);
    assert!(store.unlock_account("1").await.unwrap());
    assert_eq!(tries(1, START).await, (true, 1, None));
    assert_eq!(tries(1, START).await.2, Some(until));
    assert_eq!(set(1, "h5").await, Some(2));
    let account = store.account("1").await.unwrap().unwrap();
    assert_eq!((account.failures, account.locked_until), (0, None), "a new password ends the lock");
    assert!(store.set_account_disabled("1", true).await.unwrap());
    let account = store.account("1").await.unwrap().unwrap();
    assert!(account.must_change && account.disabled);
    assert_eq!(set(2, "h6").await, None, "a disabled account gets no password");
    assert!(!store.unlock_account("1").await.unwrap());
    store.set_account_group("1", "staff", true).await.unwrap();
    store.set_account_group("1", "admins", true).await.unwrap();
    store.set_account_group("1", "staff", false).await.unwrap();
    assert_eq!(store.account_groups("1").await.unwrap(), ["admins"]);
}

async fn eco_11_a_worker_is_seen_on_both_engines(world: World) {
    let ready = async |later_ms| world.store.readiness(&Ctx::by_hand(START.plus_ms(later_ms), 1).0).await;
    for (signs, directories) in [(false, 0), (true, 2)] {
        let seen = workers::Seen { id: "one".to_owned(), at: START, signs, directories };
        world.store.worker_seen(&seen).await.unwrap();
        assert_eq!(ready(30 * SECOND_MS).await.is_ready(), signs);
    }
    assert!(!ready(30 * SECOND_MS + 1).await.worker);
    world.store.worker_ended("one").await.unwrap();
    assert!(!ready(0).await.worker);
}

async fn eco_01_the_first_account_is_whole_and_the_only_one_and_its_invitation_is_used_up(world: World) {
    let store = &world.store;
    let begun = |id: &str| Begun {
        account: NewAccount {
            id: id.to_owned(),
            name: id.to_owned(),
            mail: None,
            display: id.to_owned(),
            created: START,
        },
        groups: vec!["staff".to_owned(), "night".to_owned()],
        hash: "h1".to_owned(),
        must_change: true,
    };
    let invitation = NewToken { purpose: Purpose::Invite, ..token(&world, None) };
    store.put_token(&invitation).await.unwrap();
    let seen = Seen { purpose: Purpose::Invite, hash: invitation.hash, browser: None, at: START };
    let other = Seen { hash: Digest::of(b"another"), ..seen };
    assert!(!store.begin_first_account(&begun("ada"), &other).await.unwrap(), "not invited");
    assert!(store.accounts("", 9).await.unwrap().is_empty());
    let two = [begun("ada"), begun("ben")];
    let made = tokio::join!(store.begin_first_account(&two[0], &seen), store.begin_first_account(&two[1], &seen));
    assert_ne!(made.0.unwrap(), made.1.unwrap(), "one of two");
    let first = store.accounts("", 9).await.unwrap();
    assert_eq!(first.len(), 1);
    let id = &first[0].id;
    assert_eq!((first[0].credential, first[0].must_change, first[0].changed), (1, true, Some(START)));
    assert_eq!(store.account_groups(id).await.unwrap(), ["night", "staff"]);
    assert_eq!(store.account_history(id).await.unwrap(), ["h1"]);
    let again = NewToken { hash: Digest::of(b"again"), ..invitation };
    store.put_token(&again).await.unwrap();
    let seen = Seen { hash: again.hash, ..seen };
    assert!(!store.begin_first_account(&begun("eve"), &seen).await.unwrap(), "there is one");
    assert!(store.find_token(&seen).await.unwrap().is_some(), "and nothing was used up");
    assert_eq!(store.end_tokens_of_nobody(Purpose::Invite).await.unwrap(), 1);
    assert!(!store.begin_account(&begun(id)).await.unwrap(), "the name is taken");
    assert!(store.begin_account(&begun("eve")).await.unwrap());
    assert!(store.remove_account(id).await.unwrap() && !store.remove_account(id).await.unwrap());
    assert!(store.account_groups(id).await.unwrap().is_empty() && store.account_history(id).await.unwrap().is_empty());
}
