//! Everything that may happen once, raced for by thirty at a time over two processes' worth of connections (T-E01, T-E02).

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use keyward::store::{
    Aside, CommitError, Guard, Store, With, Write,
    accounts::{NewAccount, NewPassword},
    limits::Limit,
    people::{MAX_FAILURES, NewFactor},
    tokens::{NewToken, Purpose},
};
use keyward_core::{
    account::Method,
    digest::Digest,
    time::{HOUR_MS, MINUTE_MS},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::{
    World,
    cases::{Draft, START},
    on_both,
    tables::{job, person, seen, token},
};

on_both! {
    r10_t_e01_a_link_opens_once
    r10_t_e02_a_time_step_opens_once
    r10_t_e02_a_recovery_code_opens_once
    r10_a_factor_is_ended_once_and_bound_once
    m103_of_ways_back_in_that_come_in_the_same_moment_one_is_the_first
    r10_an_idempotency_key_is_first_once
    r10_a_job_is_taken_once_and_finished_once
    r10_of_jobs_that_are_taken_many_at_a_time_nobody_gets_more_than_asked_or_one_of_another
    r09_tries_at_a_code_are_counted_before_they_are_compared
    r12_a_limit_holds_for_all_processes
    n_30_a_factor_is_of_no_use_after_a_hundred_failures
    one_account_has_one_person
    an_account_password_is_set_once
    of_many_who_continue_a_case_one_does
}

const RACERS: usize = 30;

/// Lets all start at the same moment, half of them in another process. How many won.
async fn race<F, W>(world: &World, run: F) -> usize
where
    F: Fn(Store, usize) -> W,
    W: Future<Output = bool> + Send + 'static,
{
    let other = world.other().await;
    let start = Arc::new(tokio::sync::Barrier::new(RACERS));
    let racers: Vec<_> = (0..RACERS)
        .map(|number| {
            let store = if number % 2 == 0 { &world.store } else { &other };
            let (start, running) = (Arc::clone(&start), run(store.clone(), number));
            tokio::spawn(async move {
                start.wait().await;
                running.await
            })
        })
        .collect();
    let mut won = 0;
    for racer in racers {
        won += usize::from(racer.await.unwrap());
    }
    won
}

/// Thirty cases of their own, each committed with the guard: only the guard decides.
async fn race_for(world: &World, guard: impl Fn(usize) -> Guard) -> usize {
    race(world, |store, number| {
        let change = Draft::open(&world.ctx, "ada").with(With::nothing().guard(guard(number)));
        async move { is_won(store.commit(change).await.map(drop)) }
    })
    .await
}

/// Losing must be a clean no, never "not now".
fn is_won(answer: Result<(), CommitError>) -> bool {
    match answer {
        Ok(()) => true,
        Err(CommitError::Guard(_) | CommitError::Conflict) => false,
        Err(error) => panic!("{error:?}"),
    }
}

async fn r10_t_e01_a_link_opens_once(world: World) {
    for _ in 0..3 {
        let link = token(&world, None);
        world.store.put_token(&link).await.unwrap();
        let seen = seen(&world, &link);
        assert_eq!(race_for(&world, |_| Guard::ConsumeToken(seen)).await, 1);
        assert_eq!(world.store.find_token(&seen).await.unwrap(), None);
    }
    // One case each: the losers left no trace.
    assert_eq!(world.store.log_head().await.unwrap().tree.size(), 3);
    let link = token(&world, None);
    world.store.put_token(&link).await.unwrap();
    let seen = seen(&world, &link);
    let asides = race(&world, |store, _| {
        let aside = Aside::default().guard(Guard::ConsumeToken(seen));
        async move { is_won(store.aside(aside).await) }
    });
    assert_eq!(asides.await, 1);
}

async fn factor(world: &World, method: Method, handle: Option<Digest>) -> NewFactor {
    let person = person(world, "embedded", &format!("{:?}", world.ctx.bytes::<8>()));
    let person = world.store.ensure_person(&person).await.unwrap();
    NewFactor {
        id: world.ctx.id(START),
        person: person.id,
        method,
        label: "mine".to_owned(),
        data: vec![1, 2, 3],
        handle,
        created: START,
        usable_from: START,
    }
}

async fn bind(world: &World, factor: &NewFactor) {
    let aside = Aside::default().guard(Guard::NewFactor(factor.clone()));
    world.store.aside(aside).await.unwrap();
}

async fn r10_t_e02_a_time_step_opens_once(world: World) {
    let app = factor(&world, Method::Totp, None).await;
    bind(&world, &app).await;
    let step = |step| Guard::UseTotpStep { factor: app.id, step, at: START };
    assert_eq!(race_for(&world, |_| step(57_000_000)).await, 1);
    assert_eq!(race_for(&world, |_| step(56_999_999)).await, 0);
    assert_eq!(race_for(&world, |_| step(57_000_001)).await, 1);
    let stored = world.store.factor(app.id).await.unwrap().unwrap();
    assert_eq!((stored.last_step, stored.last_used), (57_000_001, Some(START)));
}

async fn r10_t_e02_a_recovery_code_opens_once(world: World) {
    let sheet = factor(&world, Method::RecoveryCode, None).await;
    bind(&world, &sheet).await;
    let codes: Vec<_> = (0..3u8).map(|n| Digest::of(&[n])).collect();
    let put = keyward::store::Write::PutRecoveryCodes { factor: sheet.id, codes: codes.clone() };
    world.store.aside(Aside::default().write(put)).await.unwrap();
    let used = |code| Guard::UseRecoveryCode { factor: sheet.id, code, at: START };
    assert_eq!(race_for(&world, |_| used(codes[0])).await, 1);
    assert_eq!(race_for(&world, |_| used(Digest::of(b"guess"))).await, 0);
    let left = world.store.recovery_codes(sheet.id).await.unwrap();
    assert_eq!(left.iter().filter(|(_, used)| used.is_none()).count(), 2);
    // An ended sheet opens nothing, although its codes are unused.
    let end = Guard::EndFactor { factor: sheet.id, person: sheet.person, at: START };
    world.store.aside(Aside::default().guard(end)).await.unwrap();
    assert_eq!(race_for(&world, |_| used(codes[1])).await, 0);
}

async fn r10_a_factor_is_ended_once_and_bound_once(world: World) {
    let handle = Digest::of(b"credential id");
    let passkey = factor(&world, Method::Passkey, Some(handle)).await;
    let bound = race_for(&world, |_| {
        let id = world.ctx.id(START);
        Guard::NewFactor(NewFactor { id, ..passkey.clone() })
    });
    assert_eq!(bound.await, 1);
    let stored = world.store.any_factor().await.unwrap().unwrap();
    assert_eq!(stored.handle, Some(handle));
    let end = |person| Guard::EndFactor { factor: stored.id, person, at: START };
    let stranger = world.person();
    assert_eq!(race_for(&world, |_| end(stranger)).await, 0);
    assert_eq!(race_for(&world, |_| end(stored.person)).await, 1);
    let active = Guard::FactorActive { factor: stored.id, at: START };
    assert_eq!(race_for(&world, |_| active.clone()).await, 0);
}

async fn r10_an_idempotency_key_is_first_once(world: World) {
    use keyward::store::idempotency::Earlier;
    let (key, request) = (Digest::of(b"key"), Digest::of(b"request"));
    let first = |number: usize, at| Guard::FirstUse {
        key,
        request,
        response: vec![u8::try_from(number).unwrap()],
        expires: START.plus_ms(HOUR_MS),
        at,
    };
    assert_eq!(race_for(&world, |number| first(number, START)).await, 1);
    let earlier = world.store.earlier_answer(key, request, START).await.unwrap();
    assert!(matches!(&earlier, Earlier::Answered(r) if r.len() == 1), "{earlier:?}");
    let other = world.store.earlier_answer(key, Digest::of(b"other"), START).await;
    assert_eq!(other.unwrap(), Earlier::OtherRequest);
    let later = START.plus_ms(HOUR_MS);
    let gone = world.store.earlier_answer(key, request, later).await;
    assert_eq!(gone.unwrap(), Earlier::Nothing);
    let again = Aside::default().guard(first(7, later));
    world.store.aside(again).await.unwrap();
}

async fn r10_of_jobs_that_are_taken_many_at_a_time_nobody_gets_more_than_asked_or_one_of_another(world: World) {
    let until = START.plus_ms(MINUTE_MS);
    for _ in 0..RACERS * 2 {
        assert!(world.store.put_job(&job(&world, "notify")).await.unwrap());
        assert!(world.store.put_job(&job(&world, "send")).await.unwrap());
    }
    let all = Arc::new(Mutex::new(BTreeSet::new()));
    let most = race(&world, |store, _| {
        let all = Arc::clone(&all);
        async move {
            let taken = store.take_jobs(START, until, (3, ["send", "", "", "", "", ""])).await.unwrap();
            assert!(taken.len() <= 3 && taken.iter().all(|job| job.kind == "notify" && job.tries == 1), "{taken:?}");
            let mut all = all.lock().unwrap();
            assert!(taken.iter().all(|job| all.insert(job.id)), "taken twice");
            taken.len() == 3
        }
    });
    assert!(most.await >= 1, "somebody got as many as were asked for");
    // Who had to pass over what another was about to take finds the rest now.
    let rest = world.store.take_jobs(START, until, (RACERS * 2, ["send", "", "", "", "", ""])).await.unwrap();
    let mut all = all.lock().unwrap().clone();
    assert!(rest.iter().all(|job| all.insert(job.id)), "taken twice");
    assert_eq!((all.len(), world.store.backlog("notify").await.unwrap()), (RACERS * 2, 0));
    assert!(world.store.take_job(START, until).await.unwrap().is_some_and(|job| job.kind == "send"));
}

async fn m103_of_ways_back_in_that_come_in_the_same_moment_one_is_the_first(world: World) {
    let mail = factor(&world, Method::Email, None).await;
    bind(&world, &mail).await;
    // How somebody is told is no way back in.
    let ada = mail.person;
    let first = race(&world, |store, _| {
        let app = NewFactor { id: world.ctx.id(START), method: Method::Totp, ..mail.clone() };
        let aside = Aside::default().guard(Guard::NoFactorYet(ada)).guard(Guard::NewFactor(app));
        async move { is_won(store.aside(aside).await) }
    });
    assert_eq!(first.await, 1);
    assert_eq!(world.store.factors(ada).await.unwrap().len(), 2);
}

async fn r10_a_job_is_taken_once_and_finished_once(world: World) {
    let until = START.plus_ms(MINUTE_MS);
    assert!(world.store.put_job(&job(&world, "reissue")).await.unwrap());
    let taken = race(&world, |store, _| async move { store.take_job(START, until).await.unwrap().is_some() });
    assert_eq!(taken.await, 1);
    let id = world.store.jobs(9).await.unwrap()[0].id;
    let finish = |tries| Guard::FinishJob { job: id, tries };
    assert_eq!(race_for(&world, |_| finish(2)).await, 0);
    assert_eq!(race_for(&world, |_| finish(1)).await, 1);
    assert!(world.store.jobs(9).await.unwrap().is_empty());
    let put = race(&world, |store, _| {
        let mut periodic = job(&world, "publish");
        periodic.only_one = Some("publish".to_owned());
        async move { store.put_job(&periodic).await.unwrap() }
    });
    assert_eq!(put.await, 1);
}

async fn r09_tries_at_a_code_are_counted_before_they_are_compared(world: World) {
    let case = world.case("ada").await.case.id();
    let mut code = token(&world, Some(case));
    (code.purpose, code.max_tries) = (Purpose::Code, 5);
    let browser = Digest::of(b"browser");
    code.browser = Some(browser);
    world.store.put_token(&code).await.unwrap();
    let guesses = race(&world, |store, _| async move {
        let alive = store.count_code_try(Purpose::Code, case, browser, START);
        !alive.await.unwrap().is_empty()
    });
    assert_eq!(guesses.await, 5);
    let elsewhere = world.store.count_code_try(Purpose::Code, case, Digest::of(b"other"), START);
    assert!(elsewhere.await.unwrap().is_empty());
}

async fn r12_a_limit_holds_for_all_processes(world: World) {
    let limit = Limit { name: "mail", max: 10, window_ms: HOUR_MS };
    let spent = race(&world, |store, _| async move { store.spend(limit, b"ada@example.org", START).await.unwrap() });
    assert_eq!(spent.await, 10);
}

async fn n_30_a_factor_is_of_no_use_after_a_hundred_failures(world: World) {
    let app = factor(&world, Method::Totp, None).await;
    bind(&world, &app).await;
    let mut counted = 0;
    for _ in 0..4 {
        counted +=
            race(&world, |store, _| async move { store.count_factor_try(app.id).await.unwrap().is_some() }).await;
    }
    assert_eq!(counted, usize::try_from(MAX_FAILURES).unwrap());
    let stored = world.store.factor(app.id).await.unwrap().unwrap();
    assert!(!stored.is_alive());
}

async fn one_account_has_one_person(world: World) {
    let other = world.other().await;
    let tries: Vec<_> = (0..RACERS)
        .map(|number| {
            let store = if number % 2 == 0 { &world.store } else { &other }.clone();
            let new = person(&world, "embedded", "ada");
            tokio::spawn(async move { store.ensure_person(&new).await.unwrap().id })
        })
        .collect();
    let mut ids = std::collections::BTreeSet::new();
    for tried in tries {
        ids.insert(tried.await.unwrap());
    }
    assert_eq!(ids.len(), 1);
}

async fn an_account_password_is_set_once(world: World) {
    let account = NewAccount {
        id: "0001".to_owned(),
        name: "ada".to_owned(),
        mail: None,
        display: "Ada".to_owned(),
        created: START,
    };
    let made = race(&world, |store, _| {
        let account = account.clone();
        async move { store.insert_account(&account).await.unwrap() }
    });
    assert_eq!(made.await, 1);
    let set = race(&world, |store, number| async move {
        let hash = format!("hash {number}");
        let new = NewPassword { hash, expected: 0, must_change: false, keep: 3, at: START };
        store.set_account_password("0001", &new).await.unwrap().is_some()
    });
    assert_eq!(set.await, 1);
    assert_eq!(world.store.account_history("0001").await.unwrap().len(), 1);
}

async fn of_many_who_continue_a_case_one_does(world: World) {
    let draft = world.case("ada").await.kept();
    let won = race(&world, |store, number| {
        let change = draft.clone().noticed(&format!("{number}@example.org")).change();
        async move { is_won(store.commit(change).await.map(drop)) }
    });
    assert_eq!(won.await, 1);
    let loaded = world.store.load(draft.case.id()).await.unwrap().unwrap();
    assert_eq!(loaded.case.seq(), 3);
}

/// Who ends all sessions waits for the seat of a sign-in that is just being exchanged, and has begun before the session was there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_e07_a_session_that_is_being_made_ends_with_all_others() {
    let Some(world) = World::on_postgres().await else { return };
    let person = world.person();
    for purpose in [Some(Purpose::SignIn), None] {
        let seat = NewToken { purpose: Purpose::SignIn, person: Some(person), ..token(&world, None) };
        world.store.put_token(&seat).await.unwrap();
        let session = NewToken { hash: Digest::of(&world.ctx.bytes::<16>()), ..seat.clone() };
        let exchange = format!(
            "BEGIN; INSERT INTO tokens SELECT purpose, decode('{}', 'hex'), case_id, person_id, browser, data, created_ms, idle_ms, \
             expires_ms, tries, max_tries FROM tokens; DELETE FROM tokens WHERE hash = decode('{}', 'hex')",
            session.hash, seat.hash
        );
        let mut sign_in = PgConnection::connect(&world.url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(exchange)).execute(&mut sign_in).await.unwrap();

        let store = world.store.clone();
        let end = Aside::default().write(Write::EndTokensOfPerson { person, purpose });
        let ending = tokio::spawn(async move { store.aside(end).await });
        let mut look = PgConnection::connect(&world.url).await.unwrap();
        let waits = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')";
        while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut look).await.unwrap() {
            tokio::task::yield_now().await;
        }
        sqlx::raw_sql("COMMIT").execute(&mut sign_in).await.unwrap();
        ending.await.unwrap().unwrap();
        assert_eq!(world.store.find_token(&seen(&world, &session)).await.unwrap(), None, "{purpose:?}");
    }
}
