//! Whether a name is an account shows nowhere before a first proof holds: not in a status, a header, a byte, a counter or a next step.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    client::{Client, Got, Held},
    world::World,
};

/// What differs between two cases of the same name too, taken out.
fn masked(held: &Held, got: &Got) -> String {
    let mut headers: Vec<String> =
        got.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    headers.retain(|header| !header.starts_with("etag:"));
    headers.sort();
    let mut body: Value = if got.text.is_empty() { Value::Null } else { got.json() };
    for pointer in ["/key", "/dialog", "/options/challenge"] {
        if let Some(value) = body.pointer_mut(pointer) {
            *value = json!(value.as_str().unwrap().len());
        }
    }
    format!("{} {headers:?} {body}", got.status).replace(&held.reference, "KW").replace(&held.key, "KEY")
}

/// Everything that can be tried without being anybody.
async fn transcript(world: &World, name: &str, works_early: bool) -> Vec<String> {
    let client = Client::new(world);
    let got = client.post("/api/v1/cases").json(json!({ "name": name, "door": "forgot" })).send().await;
    let held = Held { reference: got.str("/reference"), key: got.str("/key") };
    let mut all = vec![masked(&held, &got)];
    if works_early {
        world.work().await;
    }
    let link = "kw_0000000000000000000000000000000000000000000000000000";
    let link =
        ('0'..='z').map(|c| format!("{link}{c}")).find(|text| keyward::token::Token::parse(text).is_ok()).unwrap();
    let printed = "ABCD-EFGH-JKMN-PQRS-TVWX-Y";
    let credential = json!({
        "id": "AAAA", "rawId": "AAAA", "type": "public-key",
        "response": { "clientDataJSON": "AAAA", "authenticatorData": "AAAA", "signature": "AAAA", "userHandle": "AAAA" },
    });
    let mut steps: Vec<(&str, Value)> = vec![("/proofs/email", json!({}))];
    for _ in 0..7 {
        steps.push(("/proofs/totp", json!({ "code": "000000" })));
        steps.push(("/proofs/recovery_code", json!({ "code": printed })));
        steps.push(("/proofs/email_code", json!({ "code": "000000" })));
        steps.push(("/proofs/email_link", json!({ "token": link })));
        steps.push(("/proofs/known_device", json!({ "key": link })));
        steps.push(("/proofs/passkey", json!({ "dialog": link, "credential": credential })));
        steps.push(("/proofs/email", json!({})));
    }
    steps.push(("/proofs/passkey/options", json!({})));
    steps.push(("/password/check", json!({ "password": "x" })));
    steps.push(("/submission", json!({ "password": "nine quiet herons marching" })));
    steps.push(("/submission", json!({})));
    steps.push(("/contest", json!({})));
    for (rest, body) in steps {
        all.push(masked(&held, &client.act(&held, rest, body).await));
        world.work().await;
        all.push(masked(&held, &client.look(&held).await));
    }
    all.push(masked(&held, &client.act(&held, "/withdraw", json!({})).await));
    world.work().await;
    all.push(masked(&held, &client.look(&held).await));
    all
}

#[tokio::test]
async fn t_c01_c04_every_name_gets_the_same_bytes_all_the_way() {
    for works_early in [true, false] {
        let mut transcripts = Vec::new();
        for name in ["mike", "nobody", "gone", "pat", "root", "mike@home.test", "' OR 1=1 --"] {
            // A world for each name, so that clock and counters are the same.
            let world = World::new().await;
            let mike = world.somebody("mike").await;
            world.give_app(&mike).await;
            world.give_codes(&mike).await;
            world.give_address(&mike, "mike@elsewhere.test").await;
            let gone = world.somebody("gone").await;
            assert!(world.store().set_account_disabled(&gone.account, true).await.unwrap());
            world.person("pat", "pay").await;
            world.person("root", "admins").await;
            transcripts.push((name, transcript(&world, name, works_early).await));
            let sent = world.mailbox.unread();
            assert_eq!(sent > 0, matches!(name, "mike" | "mike@home.test" | "pat" | "root"), "{name}: {sent}");
            world.end().await;
        }
        let (_, first) = &transcripts[0];
        for (name, other) in &transcripts[1..] {
            for (step, (one, two)) in first.iter().zip(other).enumerate() {
                assert_eq!(one, two, "step {step} tells {name} from mike");
            }
            assert_eq!(first.len(), other.len());
        }
    }
}

#[tokio::test]
async fn t_b16_another_ones_case_is_no_case() {
    let world = World::new().await;
    let client = Client::new(&world);
    let (mine, theirs) = (client.open("mike", "forgot").await, client.open("ann", "forgot").await);
    world.work().await;
    let cookie = format!("__Host-kw-case-{}={}", theirs.reference, theirs.key);
    let bearer = |key: &str| format!("Bearer {key}");
    let longer = format!("{} {}", bearer(&theirs.key), theirs.key);
    let asks: Vec<(String, Vec<(&str, String)>)> = vec![
        (theirs.path(""), vec![]),
        (theirs.path(""), vec![("authorization", bearer(&mine.key))]),
        (theirs.path(""), vec![("authorization", format!("Basic {}", theirs.key))]),
        (theirs.path(""), vec![("authorization", theirs.key.clone())]),
        (theirs.path(""), vec![("authorization", "Bearer ".to_owned())]),
        (theirs.path(""), vec![("authorization", bearer("null"))]),
        (theirs.path(""), vec![("authorization", bearer(&theirs.key.to_uppercase()))]),
        (theirs.path(""), vec![("authorization", longer)]),
        (theirs.path(""), vec![("authorization", bearer(&theirs.key)), ("authorization", bearer(&mine.key))]),
        (theirs.path(""), vec![("cookie", cookie.clone())]),
        (format!("{}?key={}", theirs.path(""), theirs.key), vec![]),
        ("/api/v1/cases/KW-0000-0000".to_owned(), vec![("authorization", bearer(&mine.key))]),
        ("/api/v1/cases/KW-7Q4M-82XJ".to_owned(), vec![("authorization", bearer(&mine.key))]),
        ("/api/v1/cases/1".to_owned(), vec![("authorization", bearer(&mine.key))]),
        ("/api/v1/cases/%00".to_owned(), vec![("authorization", bearer(&mine.key))]),
        ("/api/v1/cases/%FF".to_owned(), vec![("authorization", bearer(&mine.key))]),
        ("/api/v1/cases/..%2F..".to_owned(), vec![("authorization", bearer(&mine.key))]),
    ];
    let mut answers = std::collections::BTreeSet::new();
    for (path, headers) in &asks {
        let mut ask = client.get(path);
        for (name, value) in headers {
            ask = ask.header(name, value);
        }
        let got = ask.send().await;
        assert_eq!(got.short(), (404, "no-such-case".to_owned()), "{path} {headers:?}");
        answers.insert(format!("{:?} {}", got.headers, got.text));
    }
    for rest in ["/withdraw", "/contest", "/proofs/totp", "/proofs/email", "/submission", "/password/check"] {
        let asked = client.post(&theirs.path(rest)).key(&mine.key).header("cookie", &cookie);
        // Not even whether the body would do.
        let got = asked.raw("text/plain", b"{").send().await;
        answers.insert(format!("{:?} {}", got.headers, got.text));
    }
    let streamed = client.get(&theirs.path("/events")).key(&mine.key).send().await;
    answers.insert(format!("{:?} {}", streamed.headers, streamed.text));
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert_eq!(client.look(&theirs).await.str("/state"), "prove");
    world.end().await;
}

#[tokio::test]
async fn t_c03_references_neither_count_nor_tell() {
    let world = World::new().await;
    world.somebody("mike").await;
    let client = Client::new(&world);
    let mut references = Vec::new();
    for name in ["mike", "nobody"].repeat(4) {
        references.push(client.open(name, "forgot").await.reference);
    }
    let sorted = {
        let mut sorted = references.clone();
        sorted.sort();
        sorted.dedup();
        sorted
    };
    assert_eq!(sorted.len(), references.len());
    assert_ne!(sorted, references);
    // The address of a case is where its opening says it is.
    let got = client.post("/api/v1/cases").json(json!({ "name": "mike", "door": "locked" })).send().await;
    let address = got.header("location").to_owned();
    let asked = client.ask(Method::GET, &address).key(&got.str("/key")).send().await;
    assert_eq!(asked.str("/action"), "unlock");
    world.end().await;
}

#[tokio::test]
async fn t_d10_too_many_cases_for_a_name_are_refused_alike_and_with_a_time() {
    let world = World::new().await;
    world.somebody("mike").await;
    let mut answers = std::collections::BTreeSet::new();
    for (name, address) in [("mike", [192, 0, 2, 1]), ("nobody", [198, 51, 100, 1])] {
        let client = Client::from(&world, address);
        let open = || client.post("/api/v1/cases").json(json!({ "name": name, "door": "forgot" })).send();
        for _ in 0..5 {
            assert_eq!(open().await.status.as_u16(), 201);
        }
        let got = open().await;
        assert_eq!(got.short(), (429, "too-many".to_owned()));
        assert!(got.header("retry-after").parse::<u32>().unwrap() > 0);
        answers.insert(format!("{:?} {}", got.headers, got.text));
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    world.end().await;
}
