//! A request that is sent twice happens once.

use axum::http::StatusCode;
use serde_json::json;

use crate::{
    client::{Client, Got},
    people::{NEW, wrong},
    world::{START, World},
};

const KEY: &str = "5f0c3c1e-6f0f-4f5e-9a55-3a1f0f6b7d11";

fn body() -> serde_json::Value {
    json!({ "name": "mike", "door": "forgot" })
}

async fn open(client: &Client, key: &str) -> Got {
    client.post("/api/v1/cases").header("idempotency-key", key).json(body()).send().await
}

#[tokio::test]
async fn eco_18_the_same_request_gets_the_same_answer_and_happens_once() {
    let world = World::new().await;
    let client = Client::new(&world);
    let first = open(&client, KEY).await;
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(first.header("idempotency-replayed"), "");
    for quoted in [KEY.to_owned(), format!("\"{KEY}\"")] {
        let again = open(&client, &quoted).await;
        assert_eq!((again.status, &again.text), (first.status, &first.text));
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.header("idempotency-replayed"), "true");
    }
    assert_eq!(world.cases().await, 1);
    // Somebody else with the same key is somebody else: the answer holds a key of a case.
    let other = open(&Client::from(&world, [198, 51, 100, 1]), KEY).await;
    assert_eq!(other.status, StatusCode::CREATED);
    assert_ne!(other.str("/key"), first.str("/key"));
    // It is not kept for ever, and shortest where it holds a key.
    world.hand.pass_ms(10 * 60_000);
    assert_ne!(open(&client, KEY).await.text, first.text);
    world.end().await;
}

#[tokio::test]
async fn another_body_under_the_same_key_is_refused() {
    let world = World::new().await;
    let client = Client::new(&world);
    open(&client, KEY).await;
    let got =
        client.post("/api/v1/cases").header("idempotency-key", KEY).json(json!({ "name": "ann", "door": "forgot" }));
    assert_eq!(got.send().await.short(), (422, "idempotency-key-reused".to_owned()));
    assert_eq!(world.cases().await, 1);
    world.end().await;
}

#[tokio::test]
async fn a_key_of_a_request_has_a_form() {
    let world = World::new().await;
    let client = Client::new(&world);
    let long = "k".repeat(129);
    for key in ["", "1", "short", "fifteen-letters", "with a space in it", "käyttäjänavain-0001", long.as_str()] {
        let got = open(&client, key).await;
        assert_eq!(got.short(), (400, "idempotency-key-form".to_owned()), "{key}");
    }
    let twice = client.post("/api/v1/cases").header("idempotency-key", KEY).header("idempotency-key", KEY).json(body());
    assert_eq!(twice.send().await.short(), (400, "idempotency-key-form".to_owned()));
    assert_eq!(world.cases().await, 0);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t_e01_of_many_at_once_one_opens_a_case_and_all_hear_of_that_one() {
    let world = World::new().await;
    let client = std::sync::Arc::new(Client::new(&world));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let client = client.clone();
        tasks.spawn(async move { open(&client, KEY).await });
    }
    let answers = tasks.join_all().await;
    let opened: Vec<&Got> = answers.iter().filter(|got| got.status == StatusCode::CREATED).collect();
    assert!(!opened.is_empty());
    assert!(opened.iter().all(|got| got.text == opened[0].text), "two cases for one key");
    for other in answers.iter().filter(|got| got.status != StatusCode::CREATED) {
        assert_eq!(other.short(), (409, "under-way".to_owned()));
        assert_eq!(other.header("retry-after"), "1");
    }
    assert_eq!(world.cases().await, 1);
    assert_eq!(open(&client, KEY).await.text, opened[0].text);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t_e02_a_code_that_is_sent_many_times_at_once_counts_once() {
    for key in [None, Some(KEY)] {
        let world = World::new().await;
        let mike = world.somebody("mike").await;
        let app = world.give_app(&mike).await;
        let client = std::sync::Arc::new(Client::new(&world));
        let held = client.open("mike", "forgot").await;
        world.work().await;
        let code = app.code(START);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let (client, held, code) = (client.clone(), held.clone(), code.clone());
            tasks.spawn(async move {
                let mut asked = client.post(&held.path("/proofs/totp")).key(&held.key);
                if let Some(key) = key {
                    asked = asked.header("idempotency-key", key);
                }
                asked.json(json!({ "code": code })).send().await
            });
        }
        let answers = tasks.join_all().await;
        let held_good = answers.iter().filter(|got| got.status == StatusCode::OK).count();
        let view = client.look(&held).await;
        assert_eq!(view.at("/shown"), json!(["totp"]));
        let happened = view.at("/happened");
        let shown = happened.as_array().unwrap().iter().filter(|entry| entry["what"] == "shown").count();
        assert_eq!(shown, 1);
        match key {
            None => assert_eq!(held_good, 1, "{:?}", answers.iter().map(Got::short).collect::<Vec<_>>()),
            // All that are answered hear of the one that was tried; no other try was made.
            Some(_) => assert_eq!(happened.as_array().unwrap().len(), 2, "{happened}"),
        }
        world.end().await;
    }
}

#[tokio::test]
async fn a_no_is_kept_and_a_not_now_is_not() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    let app = world.give_app(&mike).await;
    let client = Client::new(&world);
    let held = client.open("mike", "forgot").await;
    world.work().await;
    let slip = json!({ "code": wrong(&app, START) });
    let send = |body: serde_json::Value| {
        client.post(&held.path("/proofs/totp")).key(&held.key).header("idempotency-key", KEY).json(body).send()
    };
    let no = send(slip.clone()).await;
    assert_eq!(no.short(), (422, "not-confirmed".to_owned()));
    assert_eq!(no.at("/tries_left"), json!(4));
    // The same request costs no other try.
    assert_eq!(send(slip).await.text, no.text);
    assert_eq!(
        client.act(&held, "/proofs/totp", json!({ "code": wrong(&app, START) })).await.at("/tries_left"),
        json!(3)
    );
    // The key of another case is another key.
    let other = client.open("mike", "forgot").await;
    let got = client.post(&other.path("/withdraw")).key(&other.key).header("idempotency-key", KEY).json(json!({}));
    assert_eq!(got.send().await.status, StatusCode::OK);
    // What is refused before it is looked at takes no key.
    let second = "0123456789abcdef-second";
    let refused =
        client.post(&held.path("/withdraw")).key(&held.key).header("idempotency-key", second).raw("text/plain", b"{}");
    assert_eq!(refused.send().await.short().0, 415);
    let done = client.post(&held.path("/withdraw")).key(&held.key).header("idempotency-key", second).json(json!({}));
    assert_eq!(done.send().await.status, StatusCode::OK);
    world.end().await;
}

#[tokio::test]
async fn t_a11_neither_key_nor_password_lies_in_the_database() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    let app = world.give_app(&mike).await;
    let codes = world.give_codes(&mike).await;
    let client = Client::new(&world);
    let got = open(&client, KEY).await;
    let held = crate::client::Held { reference: got.str("/reference"), key: got.str("/key") };
    world.work().await;
    client.act(&held, "/proofs/totp", json!({ "code": app.code(START) })).await;
    client.act(&held, "/proofs/recovery_code", json!({ "code": codes[0] })).await;
    let password = json!({ "password": NEW });
    let sent = client.post(&held.path("/submission")).key(&held.key).header("idempotency-key", KEY).json(password);
    assert_eq!(sent.send().await.status, StatusCode::ACCEPTED);
    let at_rest = world.bytes();
    let holds = |text: &str| at_rest.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&mike.account), "the files are not those of the database");
    for secret in [held.key.as_str(), &held.key[3..20], NEW, codes[0].as_str(), KEY] {
        assert!(!holds(secret), "{secret} lies in the database");
    }
    world.end().await;
}

#[tokio::test]
async fn a_caller_that_hangs_up_finds_its_answer() {
    let world = World::new().await;
    let client = Client::new(&world);
    {
        // The request is begun, and its caller goes away before there is an answer.
        let asked = open(&client, KEY);
        tokio::pin!(asked);
        let mut polls = 0;
        std::future::poll_fn(|cx| {
            polls += 1;
            if polls > 3 || asked.as_mut().poll(cx).is_ready() {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }
    let mut got = open(&client, KEY).await;
    for _ in 0..1000 {
        if got.short() != (409, "under-way".to_owned()) {
            break;
        }
        got = open(&client, KEY).await;
    }
    assert_eq!(got.status, StatusCode::CREATED);
    assert_eq!(world.cases().await, 1);
    world.end().await;
}
