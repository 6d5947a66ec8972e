//! "My ways back in" for programs: what is shown, to whom, and what begins a change.

use axum::http::StatusCode;
use keyward::{
    flow::{FlowError, Wanted},
    token::Token,
};
use keyward_core::{
    account::{Action, Method},
    time::MINUTE_MS,
};
use serde_json::{Value, json};

use crate::{
    client::{Client, Got, Held},
    people::NEW,
    world::{FIRST, START, World},
};

const ONCE: &str = "1f2a4f6e-6f0f-4f5e-9a55-3a1f0f6b7d33";

async fn get(client: &Client, session: &str, path: &str) -> Got {
    client.get(&format!("/api/v1/me{path}")).key(session).send().await
}

async fn begin(client: &Client, session: &str, body: Value) -> Got {
    client.post("/api/v1/me/changes").key(session).json(body).send().await
}

#[tokio::test]
async fn ux_37_what_the_page_shows_is_shown_here_too() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    world.give_app(&mike).await;
    world.give_codes(&mike).await;
    world.give_passkey(&mike).await;
    world.give_address(&mike, "mike@elsewhere.test").await;
    world.give_device(&mike).await;
    let client = Client::new(&world);
    let session = world.api_session(&client, "mike").await;
    let me = get(&client, &session, "").await.json();
    assert_eq!((&me["name"], &me["display_name"]), (&json!("mike"), &json!("mike of staff")));
    let page = world.signed_in(&mike, FIRST).await.get("/me").await;
    assert!(page.says(&format!("You have {} ways back in", me["ready"])), "{me} {}", page.html);
    assert!(me["waits"].as_array().unwrap().contains(&json!({ "way": "email", "wait_s": 7 * 86_400 })), "{me}");
    assert_eq!(me["signal"]["allAcceptedCredentialIds"].as_array().unwrap().len(), 1);

    let got = get(&client, &session, "/ways").await;
    let ways = got.at("/ways");
    let kinds: std::collections::BTreeSet<&str> =
        ways.as_array().unwrap().iter().map(|way| way["way"].as_str().unwrap()).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["email", "known_device", "passkey", "recovery_code", "totp"]);
    assert_eq!(got.at("/next"), Value::Null);
    for way in ways.as_array().unwrap() {
        assert_eq!(way["left"], if way["way"] == "recovery_code" { json!(10) } else { Value::Null });
        let own = way["name"] == json!(mike.mail);
        assert_eq!(way["removable"], json!(!own), "{way}");
        let one = get(&client, &session, &format!("/ways/{}", way["id"].as_str().unwrap())).await;
        assert_eq!(one.at("/way"), *way);
        assert!(one.at("/ready_without").as_u64().unwrap() <= me["ready"].as_u64().unwrap());
    }
    world.end().await;
}

#[tokio::test]
async fn t_b16_another_ones_way_is_no_way() {
    let world = World::new().await;
    let (mike, ann) = (world.somebody("mike").await, world.somebody("ann").await);
    world.give_app(&mike).await;
    world.give_app(&ann).await;
    let theirs = world.living(&ann, Method::Totp).await[0].id.to_string();
    let client = Client::new(&world);
    let session = world.api_session(&client, "mike").await;
    let mut answers = std::collections::BTreeSet::new();
    for id in [theirs.as_str(), "factor_01m3k8f0v7e9q2r5t8w1x4y7za", "factor_1", "%00", "mike"] {
        answers.insert(format!("{:?}", get(&client, &session, &format!("/ways/{id}")).await.text));
    }
    for id in [theirs.as_str(), "factor_00000000000000000000000000"] {
        let got = begin(&client, &session, json!({ "action": "remove_factor", "factor": id })).await;
        answers.insert(format!("{:?}", got.text));
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert!(answers.first().unwrap().contains("no-such-way"));
    let list = get(&client, &session, "/ways").await.text;
    assert!(!list.contains(&theirs) && !list.contains(&ann.mail), "{list}");
    assert_eq!(world.cases().await, 0);
    world.end().await;
}

/// All items of a list, a few at a time.
async fn all_of(client: &Client, session: &str, path: &str, list: &str, limit: usize) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    for _ in 0..100 {
        let got = get(client, session, &format!("{path}?limit={limit}{cursor}")).await;
        let part = got.at(list).as_array().cloned().unwrap();
        assert!(part.len() <= limit);
        all.extend(part);
        match got.at("/next").as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
    panic!("{path} does not end");
}

#[tokio::test]
async fn a_list_comes_in_parts_and_each_item_comes_once() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    let client = Client::new(&world);
    for number in 0..4 {
        world.give_address(&mike, &format!("mike{number}@elsewhere.test")).await;
        // Two in one moment, and then some time.
        if number % 2 == 1 {
            world.hand.pass_ms(MINUTE_MS);
        }
    }
    for number in 0..3 {
        let held = Client::from(&world, [10, 0, number, 1]).open("mike", "forgot").await;
        world.work().await;
        client.act(&held, "/withdraw", json!({})).await;
        world.work().await;
    }
    let session = world.api_session(&client, "mike").await;
    for (path, list) in [("/ways", "/ways"), ("/history", "/lines")] {
        let whole = all_of(&client, &session, path, list, 100).await;
        assert!(whole.len() >= 5, "{path} {whole:#?}");
        for limit in 1..=5 {
            assert_eq!(all_of(&client, &session, path, list, limit).await, whole, "{path} by {limit}");
        }
    }
    // What is new moves nothing of what comes next.
    let first = get(&client, &session, "/history?limit=2").await;
    let rest = format!("/history?limit=100&cursor={}", first.str("/next"));
    let before = get(&client, &session, &rest).await.text;
    world.hand.pass_ms(MINUTE_MS);
    world.give_address(&mike, "mike9@elsewhere.test").await;
    assert_eq!(get(&client, &session, &rest).await.text, before);
    for query in [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=x",
        "limit=",
        "cursor=x",
        "cursor=",
        "cursor=1-1-1",
        "cursor=%00",
        "person=ann",
        "limit=1&limit=2",
        "cursor=99999999999999999999-1",
    ] {
        for path in ["/ways", "/history"] {
            let got = get(&client, &session, &format!("{path}?{query}")).await;
            assert_eq!(got.short(), (422, "does-not-fit".to_owned()), "{path} {query}");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn history_says_what_happened_newest_first_and_nothing_of_others() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    world.somebody("ann").await;
    world.give_app(&mike).await;
    let client = Client::from(&world, [198, 51, 100, 7]);
    world.hand.pass_ms(MINUTE_MS);
    let held = client.open("mike", "forgot").await;
    let other = client.open("ann", "forgot").await;
    world.work().await;
    world.hand.pass_ms(MINUTE_MS);
    client.act(&held, "/withdraw", json!({})).await;
    world.work().await;
    let session = world.api_session(&client, "mike").await;
    let lines = get(&client, &session, "/history").await.at("/lines");
    let what: Vec<&str> = lines.as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["recovery_stopped", "recovery_started", "way_added"], "{lines}");
    assert_eq!((&lines[0]["reference"], &lines[0]["network"]), (&json!(held.reference), &json!("198.51.100.7")));
    assert_eq!((&lines[2]["way"], &lines[2]["at"]), (&json!("totp"), &json!(START.to_string())));
    assert!(!lines.to_string().contains(&other.reference));
    world.end().await;
}

#[tokio::test]
async fn v7_5_3_a_change_begins_a_short_time_after_the_password_was_shown_and_not_later() {
    let world = World::new().await;
    world.somebody("mike").await;
    let client = Client::new(&world);
    let session = world.api_session(&client, "mike").await;
    world.hand.pass_ms(5 * MINUTE_MS);
    assert_eq!(get(&client, &session, "").await.status, StatusCode::OK, "looking needs nothing more");
    let stale = begin(&client, &session, json!({ "action": "set_password" })).await;
    assert_eq!(stale.short(), (403, "sign-in-again".to_owned()));
    assert_eq!(world.cases().await, 0);
    let session = world.api_session(&client, "mike").await;
    let got = begin(&client, &session, json!({ "action": "set_password" })).await;
    assert_eq!(got.status, StatusCode::CREATED, "{}", got.text);
    assert_eq!(got.header("location"), format!("/api/v1/cases/{}", got.str("/reference")));
    world.end().await;
}

#[tokio::test]
async fn t_e07_a_change_is_not_written_down_for_a_session_that_ended_meanwhile() {
    let world = World::new().await;
    world.somebody("mike").await;
    let client = Client::new(&world);
    let session = world.api_session(&client, "mike").await;
    let key = Token::parse(&session).unwrap();
    // Looked at, and ended before anything came of it.
    let present = world.flow.signed_in(&key).await.unwrap().expect("somebody");
    client.post("/api/v1/sign-out").key(&session).json(json!({})).send().await;
    let wanted = Wanted {
        action: Action::SetPassword,
        network: "192.0.2.7".to_owned(),
        browser: String::new(),
        language: "en".to_owned(),
    };
    assert!(matches!(world.flow.begin_change(&present, wanted).await, Err(FlowError::Stale)));
    assert_eq!(world.cases().await, 0);
    world.end().await;
}

#[tokio::test]
async fn t_a20_only_what_the_pages_offer_can_be_begun() {
    let world = World::new().await;
    world.somebody("mike").await;
    let client = Client::new(&world);
    let session = world.api_session(&client, "mike").await;
    for body in [
        json!({}),
        json!({ "action": "unlock" }),
        json!({ "action": "enroll_factor" }),
        json!({ "action": "enroll_factor", "way": "in_person" }),
        json!({ "action": "enroll_factor", "way": "directory_password" }),
        json!({ "action": "enroll_factor", "way": null }),
        json!({ "action": "enroll_factor", "way": ["totp"] }),
        json!({ "action": { "enroll_factor": null }, "way": "totp" }),
        json!({ "action": "enroll_factor", "way": "totp", "factor": "factor_00000000000000000000000000" }),
        json!({ "action": "set_password", "way": "totp" }),
        json!({ "action": "remove_factor" }),
        json!({ "action": "remove_factor", "factor": "factor_1" }),
        json!({ "action": "set_password", "person": "person_1" }),
        json!({ "action": "set_password", "name": "ann" }),
        json!({ "action": "set_password", "signed_in": {} }),
        json!({ "action": "set_password", "language": "x".repeat(36) }),
    ] {
        let got = begin(&client, &session, body.clone()).await;
        assert_eq!(got.short(), (422, "does-not-fit".to_owned()), "{body}");
    }
    assert_eq!(world.cases().await, 0);
    world.end().await;
}

#[tokio::test]
async fn eco_18_a_change_that_is_sent_twice_opens_one_case() {
    let world = World::new().await;
    world.somebody("mike").await;
    world.somebody("ann").await;
    let client = Client::new(&world);
    let (mikes, anns) = (world.api_session(&client, "mike").await, world.api_session(&client, "ann").await);
    let send = |session: &str| {
        let asked = client.post("/api/v1/me/changes").key(session).header("idempotency-key", ONCE);
        asked.json(json!({ "action": "enroll_factor", "way": "totp" })).send()
    };
    let first = send(&mikes).await;
    assert_eq!(send(&mikes).await.text, first.text);
    assert_eq!(world.cases().await, 1);
    assert_ne!(send(&anns).await.str("/key"), first.str("/key"), "another session's request is another one");
    world.end().await;
}

#[tokio::test]
async fn v6_2_3_a_known_password_is_changed_and_every_session_ends() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    let client = Client::new(&world);
    let session = world.api_session(&client, "mike").await;
    let got = begin(&client, &session, json!({ "action": "set_password" })).await;
    let held = Held { reference: got.str("/reference"), key: got.str("/key") };
    world.work().await;
    let view = client.look(&held).await;
    assert_eq!((view.str("/state"), view.at("/shown")), ("new".to_owned(), json!(["directory_password"])));
    let taken = client.act(&held, "/submission", json!({ "password": NEW })).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.text);
    world.work().await;
    assert_eq!(client.look(&held).await.at("/done/changes/0"), json!("password_set"));
    assert!(world.signs_in(&mike, NEW).await && !world.signs_in(&mike, FIRST).await);
    assert_eq!(get(&client, &session, "").await.short(), (401, "not-signed-in".to_owned()), "X8");
    world.end().await;
}

#[tokio::test]
async fn t_g04_a_password_alone_changes_no_password_where_something_stronger_is_set_up() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    let app = world.give_app(&mike).await;
    let client = Client::new(&world);
    let session = world.api_session(&client, "mike").await;
    let got = begin(&client, &session, json!({ "action": "set_password" })).await;
    let held = Held { reference: got.str("/reference"), key: got.str("/key") };
    world.work().await;
    assert_eq!(client.look(&held).await.str("/state"), "prove");
    let refused = client.act(&held, "/submission", json!({ "password": NEW })).await;
    assert_eq!(refused.short(), (409, "wrong-step".to_owned()));
    let got = client.act(&held, "/proofs/totp", json!({ "code": app.code(START) })).await;
    assert_eq!(got.str("/state"), "new", "{}", got.text);
    world.end().await;
}

#[tokio::test]
async fn a_way_back_in_is_ended_by_its_owner_and_not_the_one_that_proved_it() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    let app = world.give_app(&mike).await;
    world.give_address(&mike, "mike@elsewhere.test").await;
    let client = Client::new(&world);
    let session = world.api_session(&client, "mike").await;
    let ways = get(&client, &session, "/ways").await.at("/ways");
    let id = |name: &str| {
        let found = ways.as_array().unwrap().iter().find(|way| way["name"] == name || way["way"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {ways}"))["id"].as_str().unwrap().to_owned()
    };
    let (address, own) = (id("mike@elsewhere.test"), id(&mike.mail));
    let got = begin(&client, &session, json!({ "action": "remove_factor", "factor": own })).await;
    assert_eq!(got.short(), (404, "no-such-way".to_owned()), "the directory's is changed there");
    let got = begin(&client, &session, json!({ "action": "remove_factor", "factor": address })).await;
    let held = Held { reference: got.str("/reference"), key: got.str("/key") };
    world.work().await;
    let got = client.act(&held, "/proofs/totp", json!({ "code": app.code(START) })).await;
    assert_eq!(got.str("/state"), "new", "{}", got.text);
    assert_eq!(got.at("/factors/0/id"), json!(address));
    let itself = client.act(&held, "/submission", json!({ "factor": id("totp") })).await;
    assert_eq!(itself.short(), (409, "proves-itself".to_owned()));
    assert_eq!(client.act(&held, "/submission", json!({ "factor": address })).await.status, StatusCode::ACCEPTED);
    world.work().await;
    let done = client.look(&held).await;
    assert_eq!(done.at("/done/factor/id"), json!(address), "{}", done.text);
    assert!(world.living(&mike, Method::Email).await.iter().all(|factor| factor.id.to_string() == own));
    world.end().await;
}
