//! Changes that are made once: thirty at a time hand in another password, take the same job, bind the same factor, begin the same server (R10, R14).

use std::sync::Arc;

use axum::Router;
use keyward::{
    app::serve,
    flow::{SETUP_MS, Setup},
    web::setup,
};
use keyward_core::{account::Method, event::Event, time::HOUR_MS};
use serde_json::{Value, json};

use crate::{
    client::{Got, Held},
    pair::{Pair, RACERS, Racer, on_both, rounds},
    people::linked,
    world::{App, Browser, FIRST, START, World, hasher},
};

on_both! {
    r53_t_e01_of_thirty_passwords_one_is_taken_and_the_directory_knows_that_one
    t_e02_a_used_code_is_replaced_once
    t_e02_an_app_is_bound_once
    t_e02_a_sheet_is_made_once_and_shown_once
    t_e02_not_me_is_said_once
    t_e02_the_set_up_code_makes_one_account
    t_e07_whoever_begins_a_change_was_signed_in
    r10_a_request_with_a_key_happens_once
}

/// A password for each racer.
fn password(round: usize, number: usize) -> String {
    format!("nine quiet herons {round} marching {number}")
}

/// Who was answered with this; all others with no, or, on a machine with too much to do, with not now.
fn won(got: &[Got], status: u16) -> Vec<usize> {
    let winners: Vec<usize> = (0..got.len()).filter(|number| got[*number].status == status).collect();
    let others = got.iter().filter(|got| got.status != status);
    let is_no = |got: &Got| got.status.is_client_error() || got.status == 503;
    assert!(others.clone().all(is_no), "{:?}", others.map(Got::short).collect::<Vec<_>>());
    winners
}

/// A case of somebody new, with its gate open by an app and a printed code.
async fn open(pair: &Pair, round: usize) -> (Racer, Held) {
    let mike = pair.somebody(round).await;
    let held = pair.cases(&mike, 1).await.remove(0);
    let client = pair.client();
    client.act(&held, "/proofs/totp", json!({ "code": mike.app.code(START) })).await;
    let got = client.act(&held, "/proofs/recovery_code", json!({ "code": mike.codes[0] })).await;
    assert_eq!(got.str("/state"), "new", "{}", got.text);
    (mike, held)
}

/// Thirty workers at once, half of them in each process.
async fn thirty_workers(pair: &Pair) {
    let workers = (0..RACERS).map(|number| {
        let worker = pair.process(number).worker.clone();
        tokio::spawn(async move { worker.run_due().await })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
}

async fn r53_t_e01_of_thirty_passwords_one_is_taken_and_the_directory_knows_that_one(pair: Pair) {
    for round in 0..rounds() {
        let (mike, held) = open(&pair, round).await;
        let got = pair.race(|client, number| {
            let held = held.clone();
            async move { client.act(&held, "/submission", json!({ "password": password(round, number) })).await }
        });
        let won = won(&got.await, 202);
        assert_eq!(won.len(), 1);
        thirty_workers(&pair).await;
        let case = std::slice::from_ref(&held);
        for (what, fits) in [
            ("submitted", (|event| matches!(event, Event::Submitted(_))) as fn(&Event) -> bool),
            ("started", |event| matches!(event, Event::Started(_))),
            ("recorded", |event| matches!(event, Event::Recorded(_))),
        ] {
            assert_eq!(pair.logged(case, fits).await, 1, "{what}");
        }
        let loser = (won[0] + 1) % RACERS;
        assert!(pair.other.signs_in(&mike.person, &password(round, won[0])).await, "the one that was taken");
        assert!(
            !pair.one.signs_in(&mike.person, &password(round, loser)).await
                && !pair.one.signs_in(&mike.person, FIRST).await
        );
        let account = pair.one.store().account(&mike.person.account).await.unwrap().unwrap();
        assert_eq!(account.credential, 2, "set once");
    }
    pair.end("new password, permit and job", rounds()).await;
}

async fn t_e02_a_used_code_is_replaced_once(pair: Pair) {
    for round in 0..rounds() {
        let (_, held) = open(&pair, round).await;
        pair.client().act(&held, "/submission", json!({ "password": password(round, 0) })).await;
        pair.work().await;
        let cases = [held];
        let got = pair.race_in(&cases, "/enrollment/recovery_code/replacement", &[json!({})]).await;
        let won = won(&got, 200);
        assert_eq!((won.len(), got[won[0]].at("/codes").as_array().unwrap().len()), (1, 1));
        assert_eq!(pair.logged(&cases, |event| matches!(event, Event::CodeReplaced { .. })).await, 1);
    }
    pair.end("code in the place of a used one", rounds()).await;
}

/// A case that adds something, with its gate open.
async fn adding(pair: &Pair, round: usize, way: &str) -> (Racer, Held) {
    let mike = pair.somebody(round).await;
    let client = pair.client();
    let session = pair.one.api_session(&client, &mike.person.name).await;
    let body = json!({ "action": "enroll_factor", "way": way });
    let got = client.post("/api/v1/me/changes").key(&session).json(body).send().await;
    let held = Held { reference: got.str("/reference"), key: got.str("/key") };
    pair.work().await;
    let got = client.act(&held, "/proofs/recovery_code", json!({ "code": mike.codes[0] })).await;
    assert_eq!(got.str("/state"), "new", "{}", got.text);
    (mike, held)
}

async fn t_e02_an_app_is_bound_once(pair: Pair) {
    for round in 0..rounds() {
        let (mike, held) = adding(&pair, round, "totp").await;
        let setup = pair.client().act(&held, "/enrollment/totp/seed", json!({})).await;
        let code = App::typed(&setup.str("/seed")).code(pair.one.ctx.now());
        let cases = [held];
        let got =
            pair.race_in(&cases, "/enrollment/totp", &[json!({ "dialog": setup.str("/dialog"), "code": code })]).await;
        assert_eq!(won(&got, 202).len(), 1);
        thirty_workers(&pair).await;
        assert_eq!(pair.logged(&cases, |event| matches!(event, Event::Recorded(_))).await, 1);
        // The one of before, and this one.
        assert_eq!(pair.one.living(&mike.person, Method::Totp).await.len(), 2);
        pair.one.hand.pass_ms(HOUR_MS);
    }
    pair.end("dialog that binds an app", rounds()).await;
}

async fn t_e02_a_sheet_is_made_once_and_shown_once(pair: Pair) {
    for round in 0..rounds() {
        let (mike, held) = adding(&pair, round, "recovery_code").await;
        let cases = [held];
        let got = pair.race_in(&cases, "/enrollment/recovery_code", &[json!({})]).await;
        let made = won(&got, 202);
        assert_eq!(made.len(), 1);
        thirty_workers(&pair).await;
        let dialog: Value = json!({ "dialog": got[made[0]].str("/dialog") });
        let got = pair.race_in(&cases, "/enrollment/recovery_code/sheet", &[dialog]).await;
        assert_eq!(won(&got, 200).len(), 1);
        assert_eq!(pair.one.living(&mike.person, Method::RecoveryCode).await.len(), 1, "the sheet of before has ended");
        pair.one.hand.pass_ms(HOUR_MS);
    }
    pair.end("sheet of codes", rounds()).await;
}

async fn t_e02_not_me_is_said_once(pair: Pair) {
    for round in 0..rounds() {
        let mike = pair.somebody(round).await;
        let cases = pair.cases(&mike, 1).await;
        let (link, _) = linked(&pair.one.mailbox.take(&mike.home), "/not-me/");
        let got = pair.race(|client, _| {
            let body = json!({ "token": link });
            async move { client.post("/api/v1/not-me").json(body).send().await }
        });
        let got = got.await;
        // All hear of the one time it was said.
        assert!(got.iter().all(|one| one.status == 200 && one.text == got[0].text), "{:?}", got[0].short());
        assert_eq!(pair.logged(&cases, |event| matches!(event, Event::Contested { .. })).await, 1);
    }
    pair.end("link `this was not me`", rounds()).await;
}

/// The pages of a process on which a first account can be made.
fn first_start(world: &World) -> (Arc<Setup>, Router) {
    let setup = Arc::new(Setup::new(world.flow.clone(), hasher()));
    let router = serve::router(&world.portal, setup::routes(setup.clone()));
    (setup, router)
}

async fn t_e02_the_set_up_code_makes_one_account(pair: Pair) {
    let (setups, routers): (Vec<_>, Vec<_>) = [&pair.one, &pair.other].into_iter().map(first_start).unzip();
    for _ in 0..rounds() {
        let code = setups[0].hand_out().await.unwrap().expect("a code").text.expose().clone();
        let got = pair.race(|_, number| {
            let (mut browser, code) = (Browser::new(routers[number % 2].clone()), code.clone());
            async move {
                let (name, mail) = (format!("first{number}"), format!("first{number}@home.test"));
                let fields = [
                    ("code", &*code),
                    ("name", &name),
                    ("display", "First"),
                    ("email", &mail),
                    ("new-password", FIRST),
                ];
                browser.post("/setup", &fields).await.status.as_u16()
            }
        });
        let won: Vec<usize> =
            got.await.iter().enumerate().filter(|(_, status)| **status == 200).map(|(n, _)| n).collect();
        let accounts = pair.one.store().accounts("", 99).await.unwrap();
        assert_eq!((won.len(), accounts.len()), (1, 1));
        assert_eq!(accounts[0].name, format!("first{}", won[0]), "the winner's");
        assert!(pair.one.store().remove_account(&accounts[0].id).await.unwrap());
        pair.one.hand.pass_ms(SETUP_MS * 2);
    }
    pair.end("set-up code", rounds()).await;
}

async fn t_e07_whoever_begins_a_change_was_signed_in(pair: Pair) {
    for round in 0..rounds() {
        let mike = pair.somebody(round).await;
        let client = pair.client();
        let session = pair.one.api_session(&client, &mike.person.name).await;
        let got = pair.race(|client, number| {
            let session = session.clone();
            async move {
                // One of them ends the session while the others use it.
                if number == RACERS / 2 {
                    return client.post("/api/v1/sign-out").key(&session).json(json!({})).send().await;
                }
                let body = json!({ "action": "enroll_factor", "way": "totp" });
                client.post("/api/v1/me/changes").key(&session).json(body).send().await
            }
        });
        let begun = got.await.iter().filter(|got| got.status == 201).count();
        for process in [&pair.one, &pair.other] {
            let late = crate::client::Client::new(process);
            let body = json!({ "action": "enroll_factor", "way": "totp" });
            let late = late.post("/api/v1/me/changes").key(&session).json(body).send().await;
            assert_eq!(late.status, 401, "it has ended, at each process");
        }
        pair.work().await;
        let cases = pair.one.store().cases_of_person(mike.person.id, START).await.unwrap();
        assert_eq!(cases.len(), begun, "who was refused left nothing behind");
        pair.one.hand.pass_ms(HOUR_MS);
    }
    pair.end("end of a session", rounds()).await;
}

async fn r10_a_request_with_a_key_happens_once(pair: Pair) {
    for round in 0..rounds() {
        let before = pair.one.store().log_head().await.unwrap().tree.size();
        let got = pair.race(|client, _| async move {
            let asked =
                client.post("/api/v1/cases").header("idempotency-key", &format!("5f0c3c1e-6f0f-4f5e-{round:08}"));
            asked.json(json!({ "name": "mike", "door": "forgot" })).send().await
        });
        let got = got.await;
        let won = won(&got, 201);
        assert!(
            !won.is_empty() && won.iter().all(|number| got[*number].text == got[won[0]].text),
            "two answers to one request"
        );
        assert_eq!(pair.one.store().log_head().await.unwrap().tree.size() - before, 1, "one case was opened");
        pair.work().await;
    }
    pair.end("key of a request", rounds()).await;
}
