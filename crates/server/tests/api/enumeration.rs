//! Neither a case nor a count tells whose it is. That no answer tells whether a name is an account is `once/same.rs`.

use axum::http::Method;
use keyward::jobs::expire;
use keyward_core::case::PROVE_MS;
use serde_json::json;

use crate::{
    client::{Client, Held},
    people::linked,
    world::World,
};

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

#[tokio::test]
async fn t_c03_to_who_has_proved_nothing_a_case_that_its_owner_ended_ends_as_that_of_nobody() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    let client = Client::new(&world);
    let (theirs, nobodys) = (client.open("mike", "forgot").await, client.open("nobody", "forgot").await);
    world.work().await;
    let (token, _) = linked(&world.mailbox.take(&mike.mail), "/not-me/");
    let said = client.post("/api/v1/not-me").json(json!({ "token": token })).send().await;
    assert!(said.status.is_success(), "{}", said.text);
    world.hand.pass_ms(PROVE_MS);
    expire::run(&world.worker).await.unwrap();
    world.work().await;
    let end_of = async |held: &Held| {
        let mut case = client.look(held).await.json();
        case["reference"].take();
        for one in case["happened"].as_array_mut().unwrap() {
            one["at"].take();
        }
        case
    };
    let end = end_of(&theirs).await;
    assert_eq!(end, end_of(&nobodys).await);
    assert_eq!(end["stopped"], "expired");
    world.end().await;
}
