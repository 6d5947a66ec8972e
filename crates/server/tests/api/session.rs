//! Signing in with the password of the directory as a program does it, and what the key of a session is and is not.

use axum::http::{Method, StatusCode};
use keyward_core::time::{MINUTE_MS, SECOND_MS};
use serde_json::{Value, json};

use crate::{
    client::{Client, Got},
    world::{FIRST, START, World},
};

const ONCE: &str = "0f2a4f6e-6f0f-4f5e-9a55-3a1f0f6b7d22";

/// Sends a name and a password; the key that came back.
async fn sent(client: &Client, name: &str, password: &str) -> String {
    let got = client.post("/api/v1/sign-in").json(json!({ "name": name, "password": password })).send().await;
    assert_eq!((got.status, got.str("/state")), (StatusCode::ACCEPTED, "waiting".to_owned()), "{}", got.text);
    assert_eq!(got.header("location"), "/api/v1/session");
    got.str("/key")
}

async fn stands(client: &Client, key: &str) -> Got {
    client.get("/api/v1/session").key(key).send().await
}

async fn sign_out(client: &Client, key: &str, body: Value) -> Got {
    client.post("/api/v1/sign-out").key(key).json(body).send().await
}

#[tokio::test]
async fn m01_a_sign_in_waits_for_the_worker_and_its_key_is_nothing_before() {
    let world = World::new().await;
    world.somebody("mike").await;
    let client = Client::new(&world);
    let key = sent(&client, " mike ", FIRST).await;
    for _ in 0..2 {
        assert_eq!(stands(&client, &key).await.json(), json!({ "state": "waiting" }));
    }
    assert_eq!(client.get("/api/v1/me").key(&key).send().await.short(), (401, "not-signed-in".to_owned()));
    let at_rest = world.bytes();
    for secret in [FIRST, &key, &key[3..20]] {
        assert!(!at_rest.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} lies in clear");
    }
    world.work().await;
    for _ in 0..2 {
        let view = stands(&client, &key).await;
        assert_eq!((view.str("/state"), view.str("/name")), ("signed_in".to_owned(), "mike".to_owned()));
        assert_eq!(view.str("/fresh_until"), START.plus_ms(5 * MINUTE_MS).to_string());
        assert_eq!(view.str("/expires"), START.plus_ms(60 * MINUTE_MS).to_string());
    }
    assert_eq!(client.get("/api/v1/me").key(&key).send().await.status, StatusCode::OK);
    world.end().await;
}

#[tokio::test]
async fn ux_03_wrong_unknown_locked_and_disabled_are_one_answer() {
    let mut transcripts = Vec::new();
    for (name, password) in
        [("mike", "wrong"), ("nobody", FIRST), ("gone", FIRST), ("shut", FIRST), ("' OR 1=1 --", FIRST)]
    {
        // A world for each name, so that clock and counters are the same.
        let world = World::new().await;
        world.somebody("mike").await;
        let (gone, shut) = (world.somebody("gone").await, world.somebody("shut").await);
        assert!(world.store().set_account_disabled(&gone.account, true).await.unwrap());
        for _ in 0..10 {
            assert!(!world.signs_in(&shut, "wrong").await);
        }
        let client = Client::new(&world);
        let mut all = Vec::new();
        for _ in 0..6 {
            let got = client.post("/api/v1/sign-in").json(json!({ "name": name, "password": password })).send().await;
            let key = got.at("/key").as_str().unwrap_or("none").to_owned();
            all.push(format!("{:?} {}", got.headers, got.text.replace(&key, "KEY")));
            all.push(stands(&client, &key).await.text);
            world.work().await;
            all.push(stands(&client, &key).await.text);
            all.push(stands(&client, &key).await.text);
            all.push(client.get("/api/v1/me").key(&key).send().await.text);
        }
        assert!(all.iter().any(|text| text.contains("refused")) && all.iter().any(|text| text.contains("too-many")));
        assert!(!all.iter().any(|text| text.contains("signed_in")));
        transcripts.push(all);
        world.end().await;
    }
    assert!(transcripts.windows(2).all(|pair| pair[0] == pair[1]), "{transcripts:#?}");
}

#[tokio::test]
async fn a_refusal_is_told_for_a_minute_and_then_the_key_is_of_nothing() {
    let world = World::new().await;
    world.somebody("mike").await;
    let client = Client::new(&world);
    let key = sent(&client, "mike", "wrong").await;
    world.work().await;
    for _ in 0..3 {
        assert_eq!(stands(&client, &key).await.json(), json!({ "state": "refused" }));
    }
    assert_eq!(sign_out(&client, &key, json!({})).await.short(), (401, "not-signed-in".to_owned()));
    world.hand.pass_ms(MINUTE_MS + SECOND_MS);
    assert_eq!(stands(&client, &key).await.short(), (401, "not-signed-in".to_owned()));
    world.end().await;
}

#[tokio::test]
async fn r20_tries_are_counted_by_name_and_by_network_with_those_of_the_pages() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    for number in 0..5 {
        sent(&Client::from(&world, [10, 0, number, 1]), "mike", "wrong").await;
    }
    let page = world.browser().post("/sign-in", &[("name", "mike"), ("password", FIRST)]).await;
    assert_eq!(page.status, 429);
    let client = Client::from(&world, [10, 9, 9, 9]);
    let got = client.post("/api/v1/sign-in").json(json!({ "name": "MIKE", "password": FIRST })).send().await;
    assert_eq!((got.short(), got.header("retry-after")), ((429, "too-many".to_owned()), "901"));
    world.work().await;
    let account = world.store().account(&mike.account).await.unwrap().unwrap();
    assert_eq!(account.locked_until, None, "nobody locks somebody else out from here");
    // What was refused by the name did nothing, and was not counted.
    for number in 0..30 {
        sent(&client, &format!("name{number}"), "wrong").await;
    }
    let got = client.post("/api/v1/sign-in").json(json!({ "name": "name99", "password": FIRST })).send().await;
    assert_eq!(got.short(), (429, "too-many".to_owned()));
    world.end().await;
}

#[tokio::test]
async fn v7_4_1_a_key_that_signed_out_opens_nothing_and_the_same_request_gets_the_same_answer() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    let client = Client::new(&world);
    let (one, other) = (world.api_session(&client, "mike").await, world.api_session(&client, "mike").await);
    let out = |body: Value| client.post("/api/v1/sign-out").key(&one).header("idempotency-key", ONCE).json(body).send();
    let first = out(json!({})).await;
    assert_eq!((first.status, first.json()), (StatusCode::OK, json!({ "everywhere": false })));
    let again = out(json!({})).await;
    assert_eq!((again.text, again.headers["idempotency-replayed"].to_str().unwrap()), (first.text, "true"));
    assert_eq!(out(json!({ "everywhere": true })).await.short(), (422, "idempotency-key-reused".to_owned()));
    assert_eq!(sign_out(&client, &one, json!({})).await.short(), (401, "not-signed-in".to_owned()));
    assert_eq!(stands(&client, &one).await.short(), (401, "not-signed-in".to_owned()));
    assert_eq!(stands(&client, &other).await.str("/state"), "signed_in");
    // The same name of a request is another one's with another key: it ends that one's session.
    let others =
        client.post("/api/v1/sign-out").key(&other).header("idempotency-key", ONCE).json(json!({})).send().await;
    assert_eq!((others.status, others.header("idempotency-replayed")), (StatusCode::OK, ""));
    assert_eq!(stands(&client, &other).await.short(), (401, "not-signed-in".to_owned()));

    // Everywhere: in browsers too, and nobody else's.
    world.somebody("ann").await;
    let (mine, anns) = (world.api_session(&client, "mike").await, world.api_session(&client, "ann").await);
    let mut browser = world.signed_in(&mike, FIRST).await;
    let got = sign_out(&client, &mine, json!({ "everywhere": true })).await;
    assert_eq!(got.json(), json!({ "everywhere": true }));
    assert_eq!(stands(&client, &mine).await.short().0, 401);
    assert_eq!(browser.get("/me").await.path, "/sign-in");
    assert_eq!(stands(&client, &anns).await.str("/state"), "signed_in");
    world.end().await;
}

#[tokio::test]
async fn v7_2_4_signing_in_again_ends_the_session_before_and_a_slip_does_not() {
    let world = World::new().await;
    world.somebody("mike").await;
    let client = Client::new(&world);
    let before = world.api_session(&client, "mike").await;
    let again = async |password: &str| {
        let body = json!({ "name": "mike", "password": password });
        let key = client.post("/api/v1/sign-in").key(&before).json(body).send().await.str("/key");
        world.work().await;
        key
    };
    let slip = again("wrong").await;
    assert_eq!(stands(&client, &slip).await.str("/state"), "refused");
    assert_eq!(stands(&client, &before).await.str("/state"), "signed_in");
    let next = again(FIRST).await;
    // Whatever is asked first with the new key, the old one is over by then.
    assert_eq!(client.get("/api/v1/me").key(&next).send().await.status, StatusCode::OK);
    assert_eq!(stands(&client, &before).await.short(), (401, "not-signed-in".to_owned()));
    world.end().await;
}

#[tokio::test]
async fn v7_3_a_session_ends_when_it_is_not_used_and_ends_in_any_case() {
    let world = World::new().await;
    world.somebody("mike").await;
    let client = Client::new(&world);
    let (idle, busy) = (world.api_session(&client, "mike").await, world.api_session(&client, "mike").await);
    for _ in 0..4 {
        world.hand.pass_ms(14 * MINUTE_MS);
        assert_eq!(client.get("/api/v1/me").key(&busy).send().await.status, StatusCode::OK);
    }
    assert_eq!(stands(&client, &idle).await.short(), (401, "not-signed-in".to_owned()), "15 minutes without a request");
    world.hand.pass_ms(4 * MINUTE_MS);
    assert_eq!(stands(&client, &busy).await.short(), (401, "not-signed-in".to_owned()), "an hour in any case");
    world.end().await;
}

#[tokio::test]
async fn r52_a_key_of_one_thing_is_no_key_of_another_and_no_cookie_is_a_key() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    world.somebody("ann").await;
    let client = Client::new(&world);
    let session = world.api_session(&client, "mike").await;
    let case = client.open("mike", "forgot").await;
    let device = world.give_device(&mike).await;
    let asks = [
        (Method::GET, "/api/v1/session"),
        (Method::GET, "/api/v1/me"),
        (Method::GET, "/api/v1/me/ways"),
        (Method::GET, "/api/v1/me/ways/factor_01m3k8f0v7e9q2r5t8w1x4y7za"),
        (Method::GET, "/api/v1/me/history"),
        (Method::POST, "/api/v1/me/changes"),
        (Method::POST, "/api/v1/sign-out"),
    ];
    let mut answers = std::collections::BTreeSet::new();
    let cookie = format!("__Host-kw-session={session}");
    let zeros = format!("kw_{}", "0".repeat(53));
    for (method, path) in asks {
        for header in [
            None,
            Some(("authorization", format!("Bearer {}", case.key))),
            Some(("authorization", format!("Bearer {device}"))),
            Some(("authorization", format!("Bearer {zeros}"))),
            Some(("authorization", format!("Basic {session}"))),
            Some(("authorization", session.clone())),
            Some(("cookie", cookie.clone())),
        ] {
            let mut asked = client.ask(method.clone(), path);
            if let Some((name, value)) = &header {
                asked = asked.header(name, value);
            }
            let body = if path.ends_with("/changes") { json!({ "action": "set_password" }) } else { json!({}) };
            let asked = if method == Method::POST { asked.json(body) } else { asked };
            let got = asked.send().await;
            assert_eq!(got.header("www-authenticate"), "Bearer");
            answers.insert(format!("{} {}", got.status, got.text));
        }
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    let got = client.get(&case.path("")).key(&session).send().await;
    assert_eq!(got.short(), (404, "no-such-case".to_owned()), "and a session is no case's key");
    assert_eq!(world.cases().await, 1);
    world.end().await;
}

#[tokio::test]
async fn t_a20_a_name_and_a_password_are_one_text_each_and_what_is_not_costs_no_try() {
    let world = World::new().await;
    world.somebody("mike").await;
    let client = Client::new(&world);
    let long = "a".repeat(5000);
    let hostile: Vec<Value> =
        vec![json!(null), json!(""), json!([]), json!({ "$ne": null }), json!(true), json!(7), json!(long)];
    for value in hostile {
        for field in ["name", "password"] {
            let mut body = json!({ "name": "mike", "password": FIRST });
            body[field] = value.clone();
            let got = client.post("/api/v1/sign-in").json(body).send().await;
            assert_eq!(got.short(), (422, "does-not-fit".to_owned()), "{field}");
        }
    }
    for name in ["wish", "for", "session", "person", "class"] {
        let mut body = json!({ "name": "mike", "password": FIRST });
        body[name] = json!("x");
        assert_eq!(client.post("/api/v1/sign-in").json(body).send().await.short().0, 422, "{name}");
    }
    let twice =
        client.post("/api/v1/sign-in").raw("application/json", br#"{"name":"mike","name":"ann","password":"x"}"#);
    assert_eq!(twice.send().await.short(), (400, "duplicate-field".to_owned()));
    world.api_session(&client, "mike").await;
    world.end().await;
}

#[tokio::test]
async fn eco_18_a_sign_in_that_is_sent_twice_is_tried_once() {
    let world = World::new().await;
    world.somebody("mike").await;
    let client = Client::new(&world);
    let send = |password: &str| {
        let body = json!({ "name": "mike", "password": password });
        client.post("/api/v1/sign-in").header("idempotency-key", ONCE).json(body).send()
    };
    let first = send(FIRST).await;
    let again = send(FIRST).await;
    assert_eq!((&again.text, again.header("idempotency-replayed")), (&first.text, "true"));
    // The answer holds a key: whoever has the name of the request and not the password gets another one.
    assert_eq!(send("wrong").await.short(), (422, "idempotency-key-reused".to_owned()));
    let at_rest = world.bytes();
    for secret in [first.str("/key").as_str(), FIRST, ONCE] {
        assert!(!at_rest.windows(secret.len()).any(|window| window == secret.as_bytes()), "T-A11: {secret}");
    }
    world.work().await;
    assert_eq!(stands(&client, &first.str("/key")).await.str("/state"), "signed_in");
    world.hand.pass_ms(10 * MINUTE_MS);
    assert_ne!(send(FIRST).await.text, first.text, "kept no longer than a retry may need");
    world.end().await;
}

#[tokio::test]
async fn t_k10_a_no_to_somebody_whom_nobody_knows_is_not_kept() {
    let world = World::new().await;
    let client = Client::new(&world);
    for token in ["x", "y"] {
        let ask = client.post("/api/v1/not-me").header("idempotency-key", ONCE).json(json!({ "token": token }));
        assert_eq!(
            ask.send().await.short(),
            (404, "link-not-alive".to_owned()),
            "another request with a key that is free"
        );
    }
    world.end().await;
}

#[tokio::test]
async fn t_k10_a_case_begins_so_many_dialogs_and_no_more() {
    let world = World::new().await;
    let client = Client::new(&world);
    let held = client.open("nobody", "forgot").await;
    world.work().await;
    for _ in 0..60 {
        assert!(client.act(&held, "/proofs/passkey/options", json!({})).await.status.is_success());
    }
    let more = client.act(&held, "/proofs/passkey/options", json!({})).await;
    assert_eq!(more.short(), (429, "too-many".to_owned()));
    world.end().await;
}
