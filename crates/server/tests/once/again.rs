//! Jobs that are done twice or stand beside something damaged: each comes to its end, and nobody pays for it (R4, T-E09).

use std::{sync::Arc, time::Duration};

use keyward::{
    flow::Draft,
    jobs::{
        Work,
        sign_in::{self, Request},
    },
    store::{jobs::JobRow, workers::Readiness},
    token::{Purpose, Token},
};
use keyward_core::{
    account::Method,
    digest::Digest,
    ids::CaseId,
    time::{DAY_MS, MINUTE_MS},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    client::Client,
    shaped::{Mood, NoMail, shaped},
    world::{FIRST, Ground, Person, World},
};

async fn waiting(world: &World, kind: &str) -> Vec<JobRow> {
    world.store().jobs(100).await.unwrap().into_iter().filter(|job| job.kind == kind).collect()
}

#[tokio::test]
async fn t_e09_a_sign_in_whose_worker_died_behind_its_answer_comes_to_its_end() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    for (password, ends) in [(FIRST, "/me"), ("wrong", "/sign-in/wait")] {
        let mut browser = world.browser();
        let form = browser.get("/sign-in").await;
        let wait = browser.fill(&form, &[("name", &ada.name), ("password", password)]).await;
        let at = world.ctx.now();
        let job = world.store().take_job(at, at.plus_ms(1)).await.unwrap().unwrap();
        let Ok(Work::SignIn(request)) = serde_json::from_slice(&job.payload) else { panic!("{}", job.kind) };
        sign_in::run(&world.worker, request).await.unwrap();
        world.hand.pass_ms(2_000);
        world.work().await;
        assert!(waiting(&world, "sign_in").await.is_empty());
        assert_eq!(browser.get(&wait.path).await.path, ends);
    }
    world.end().await;
}

#[tokio::test]
async fn t_d10_an_address_that_had_its_messages_gets_none_because_another_ones_failed() {
    let world = World::on(Ground { channel: Some(Arc::new(NoMail(Mood::Down))), ..Ground::default() }).await;
    let mike = world.somebody("mike").await;
    world.give_address(&mike, "one@elsewhere.test").await;
    for number in 0..4 {
        if number == 3 {
            world.give_address(&mike, "another@elsewhere.test").await;
        }
        let client = Client::from(&world, [10, 0, number, 1]);
        let held = client.open("mike", "forgot").await;
        world.work().await;
        client.act(&held, "/proofs/email", json!({})).await;
        world.work().await;
    }
    for _ in 0..3 {
        world.hand.pass_ms(MINUTE_MS);
        world.work().await;
    }
    assert_eq!(waiting(&world, "mail_code").await.len(), 4, "three to the one in an hour, and the first to the other");
}

#[tokio::test]
async fn r47_damaged_cases_keep_no_other_open_nothing_from_being_erased_and_the_next_minute_from_nothing() {
    let world = World::new().await;
    world.somebody("mike").await;
    let client = Client::new(&world);
    let mut cases = Vec::new();
    for name in ["mike", "mike", "nobody"] {
        let held = client.open(name, "forgot").await;
        cases.push(world.case(&held.reference).await.id());
        world.work().await;
    }
    let file = rusqlite::Connection::open(world.dir.path().join("keyward.db")).unwrap();
    let damage = "UPDATE entries SET body = x'7b7d' WHERE case_id = $1";
    assert!(file.execute(damage, [cases[0].to_string()]).unwrap() > 0);
    // And as many as are read at once, which ran out of time before all others and have no entry at all.
    let line = "INSERT INTO cases SELECT $1, $1, seq, state, reason, step, door, action, subject, class, rejections, opened_ms, last_ms, \
        held_until_ms, 1 FROM cases WHERE id = $2";
    file.execute_batch("BEGIN").unwrap();
    for _ in 0..200 {
        let lost: CaseId = world.ctx.id(world.ctx.now());
        file.execute(line, [lost.to_string(), cases[0].to_string()]).unwrap();
    }
    file.execute_batch("COMMIT").unwrap();
    world.hand.pass_ms(31 * DAY_MS);
    let at = world.ctx.now();
    world.store().put_job(&Work::Expire.job(&world.ctx, at, at)).await.unwrap();
    world.work().await;
    assert!(world.flow.load(cases[1]).await.unwrap().is_over());
    let unknown = world.flow.load(cases[2]).await.unwrap();
    assert!(world.store().value(cases[2], unknown.claim().name).await.unwrap().is_none(), "what nobody typed");
    let told = world.flow.metrics.text(world.store(), at, Readiness::default()).await.unwrap();
    let failed = "keyward_job_duration_seconds_count{kind=\"expire\",result=\"failed\"} 2";
    assert!(told.contains(failed), "for each page: {told}");
    assert!(
        world.store().put_job(&Work::Expire.job(&world.ctx, at, at)).await.unwrap(),
        "nothing is put off for an hour"
    );
}

#[tokio::test]
async fn r26_two_spellings_of_one_address_in_a_directory_are_one_and_keep_nobody_out() {
    let shaped = shaped(Mood::Well, Arc::default());
    let world = World::on(Ground { directory: shaped, ..Ground::default() }).await;
    let twice = world.somebody("twice").await;
    let client = Client::new(&world);
    let held = client.open("twice", "forgot").await;
    world.work().await;
    assert_eq!(world.case(&held.reference).await.subject(), Some(twice.id));
    assert_eq!(world.living(&twice, Method::Email).await.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn p23_passwords_that_wait_for_their_directory_keep_no_name_from_being_looked_up() {
    let shaped = shaped(Mood::Stuck, Arc::default());
    let world = World::on(Ground { directory: shaped, ..Ground::default() }).await;
    let person = world.somebody("mike").await;
    let mut open = Vec::new();
    for number in 0..world.flow.terms.places {
        let nora = world.somebody(&format!("nora-{number}")).await;
        let mut browser = world.browser();
        let page = world.proved(&mut browser, &nora).await;
        open.push((browser, page));
    }
    for (browser, page) in &mut open {
        let working = browser.fill(page, &[("new-password", "nine quiet herons marching")]).await;
        assert!(working.path.ends_with("/working"), "{}", working.path);
    }
    is_looked_up(&world, &person).await;
}

/// With all of the worker's places at hand, and behind what waits already.
async fn is_looked_up(world: &World, person: &Person) {
    world.hand.pass_ms(1_000);
    let stop = CancellationToken::new();
    let working = tokio::spawn(Arc::clone(&world.worker).run(stop.clone()));
    let held = Client::new(world).open(&person.name, "forgot").await;
    let known = async {
        while world.case(&held.reference).await.subject() != Some(person.id) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), known).await.expect("it is looked up");
    stop.cancel();
    working.abort();
}

#[tokio::test]
async fn r45_codes_to_new_addresses_that_wait_for_a_silent_relay_hold_nobody_up() {
    let world = World::on(Ground { channel: Some(Arc::new(NoMail(Mood::Silent))), ..Ground::default() }).await;
    let person = world.somebody("mike").await;
    let held = Client::new(&world).open("nobody", "forgot").await;
    let (case, browser, at) = (world.case(&held.reference).await.id(), Digest::of(b"a browser"), world.ctx.now());
    for number in 0..world.flow.terms.places {
        let draft = Draft::Address { address: format!("{number}@elsewhere.test") };
        let key = world.flow.keep_draft(case, browser, &draft).await.unwrap();
        let work = Work::NewAddress { case, browser, draft: key.digest(Purpose::Ceremony) };
        world.store().put_job(&work.job(&world.ctx, at, at)).await.unwrap();
    }
    is_looked_up(&world, &person).await;
}

#[tokio::test]
async fn t_a11_a_password_that_could_not_be_tried_is_kept_no_longer_than_somebody_waits_for_it() {
    let world = World::on(Ground { directory: shaped(Mood::Down, Arc::default()), ..Ground::default() }).await;
    let mike = world.somebody("mike").await;
    let client = Client::from(&world, [10, 0, 0, 1]);
    let typed = json!({ "name": mike.name, "password": FIRST });
    assert!(client.post("/api/v1/sign-in").json(typed).send().await.status.is_success());
    for _ in 0..20 {
        world.work().await;
        world.hand.pass_ms(MINUTE_MS / 2);
    }
    assert!(waiting(&world, "sign_in").await.is_empty(), "neither waiting nor dead");
    world.end().await;
}

#[tokio::test]
async fn t_k07_a_directory_that_is_not_reached_for_a_sign_in_makes_no_password_wrong_and_shuts_nobody_out() {
    let directory = shaped(Mood::NoSignIns(5), Arc::default());
    let world = World::on(Ground { directory, ..Ground::default() }).await;
    let ada = world.somebody("ada").await;
    let mut browser = world.browser();
    let form = browser.get("/sign-in").await;
    let wait = browser.fill(&form, &[("name", &ada.name), ("password", FIRST)]).await;
    for _ in 0..40 {
        if waiting(&world, "sign_in").await.is_empty() {
            break;
        }
        assert_eq!(browser.get(&wait.path).await.path, "/sign-in/wait");
        world.work().await;
        world.hand.pass_ms(500);
    }
    assert_eq!(browser.get(&wait.path).await.path, "/me");
    // One was counted, and not six.
    for _ in 0..3 {
        assert_eq!(world.sign_in(&mut world.browser(), &ada, FIRST).await.path, "/me");
    }
    world.end().await;
}

#[tokio::test]
async fn t_a11_a_password_that_can_not_be_opened_is_refused_and_keeps_no_place() {
    let world = World::new().await;
    let at = world.ctx.now();
    let session = Token::new(world.ctx.bytes()).digest(Purpose::SignIn);
    let request = Request { id: world.ctx.id(at), session, sealed: vec![1; 100], began: at };
    world.store().put_job(&Work::SignIn(request).job(&world.ctx, at, at)).await.unwrap();
    world.work().await;
    assert!(waiting(&world, "sign_in").await.is_empty());
    world.end().await;
}

#[tokio::test]
async fn t_i12_a_message_that_waited_brings_no_address_back_that_was_erased() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.browser();
    let case = world.forgot(&mut browser, &ada.name).await.reference();
    let id = world.case(&case).await.id();
    browser.post(&format!("/recover/{case}/stop"), &[]).await;
    world.mailbox.take(&ada.mail);
    assert!(world.store().erase_case(id).await.unwrap() > 0);
    world.work().await;
    assert_eq!(world.mailbox.take(&ada.mail).len(), 1, "it goes out all the same");
    assert!(world.store().values_of_case(id).await.unwrap().is_empty());
    assert!(world.case(&case).await.notices().iter().any(|notice| notice.delivered), "and is in the log");
    world.end().await;
}

/// The process that took the proof may have been twenty seconds ahead of the one that wrote the change down.
#[tokio::test]
async fn t_a16_clocks_that_are_apart_let_no_proof_pass_for_newer_than_the_password() {
    let Some(url) = crate::support::postgres::postgres().await else { return };
    let world = World::on(Ground { url: Some(url), ..Ground::default() }).await;
    let ada = world.somebody("ada").await;
    for (passed_ms, changes) in [(0, true), (15_000, false), (30_000, true)] {
        world.hand.pass_ms(passed_ms);
        let mut browser = world.browser();
        let choose = world.proved(&mut browser, &ada).await;
        let working = browser.fill(&choose, &[("new-password", &format!("copper violin harvest {passed_ms}"))]).await;
        world.work().await;
        let after = browser.get(&working.path).await;
        assert_eq!(after.path.ends_with("/done"), changes, "{passed_ms}: {} {}", after.path, after.html);
        assert_eq!(after.says("What you showed before that no longer counts"), !changes, "{passed_ms}");
    }
    world.end().await;
}
