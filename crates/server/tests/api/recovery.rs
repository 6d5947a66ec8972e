//! Whole recoveries, as a program makes them.

use axum::http::StatusCode;
use futures_util::StreamExt as _;
use keyward_core::account::Method;
use serde_json::{Value, json};

use crate::{
    client::{Client, Held},
    people::{NEW, linked},
    world::{FIRST, Person, START, World},
};

const HOME: &str = "mike@elsewhere.test";

/// A person with an app, codes and an address, and a case of theirs at the first step.
async fn begun(world: &World, door: &str) -> (Person, Client, Held, String, Vec<String>) {
    let mike = world.somebody("mike").await;
    let app = world.give_app(&mike).await;
    let codes = world.give_codes(&mike).await;
    world.give_address(&mike, HOME).await;
    let client = Client::new(world);
    let held = client.open("mike", door).await;
    world.work().await;
    (mike, client, held, app.code(START), codes)
}

/// The same, with the gate open.
async fn proved(world: &World, door: &str) -> (Person, Client, Held) {
    let (mike, client, held, code, codes) = begun(world, door).await;
    assert_eq!(client.act(&held, "/proofs/totp", json!({ "code": code })).await.str("/state"), "prove");
    let got = client.act(&held, "/proofs/recovery_code", json!({ "code": codes[0] })).await;
    assert_eq!(got.str("/state"), "new", "{}", got.text);
    (mike, client, held)
}

#[tokio::test]
async fn t_a08_a_password_is_recovered_and_no_answer_holds_what_opens_something() {
    let world = World::new().await;
    let (mike, client, held, code, _) = begun(&world, "forgot").await;
    let view = client.look(&held).await.json();
    assert_eq!(view["plan"], Value::Null, "nothing of the person shows before a proof");
    assert_eq!(view["bitting"], json!(["done", "now", "todo", "todo", "todo"]));

    let got = client.act(&held, "/proofs/totp", json!({ "code": code })).await;
    assert_eq!((got.at("/shown"), got.str("/state")), (json!(["totp"]), "prove".to_owned()));
    assert!(got.at("/plan").as_array().unwrap().iter().any(|way| way["proofs"] == json!(["email"])), "{}", got.text);

    assert_eq!(client.act(&held, "/proofs/email", json!({})).await.status, StatusCode::ACCEPTED);
    world.work().await;
    let (link, mail) = linked(&world.mailbox.take(HOME), "/l/");
    let mailed = mail.code();
    let got = client.act(&held, "/proofs/email_code", json!({ "code": mailed })).await;
    assert_eq!((got.at("/shown"), got.str("/state")), (json!(["totp", "email"]), "new".to_owned()));
    // The link of the same message was another way to say the same.
    let again = client.act(&held, "/proofs/email_link", json!({ "token": link })).await;
    assert_eq!(again.short(), (409, "wrong-step".to_owned()));

    let checked = client.act(&held, "/password/check", json!({ "password": "mike" })).await.json();
    assert_eq!((&checked["length"], &checked["you"]), (&json!(false), &json!(false)));
    let refused = client.act(&held, "/submission", json!({ "password": "short" })).await;
    assert_eq!((refused.short(), refused.at("/rule")), ((422, "password-refused".to_owned()), json!("length")));
    let taken = client.act(&held, "/submission", json!({ "password": NEW })).await;
    assert_eq!((taken.status, taken.str("/state")), (StatusCode::ACCEPTED, "working".to_owned()));
    let twice = client.act(&held, "/submission", json!({ "password": NEW })).await;
    assert_eq!(twice.short(), (409, "wrong-step".to_owned()));
    world.work().await;

    let done = client.look(&held).await.json();
    assert_eq!(done["state"], "done", "{done}");
    assert!(done["done"]["changes"].as_array().unwrap().contains(&json!("password_set")));
    assert!(world.signs_in(&mike, NEW).await && !world.signs_in(&mike, FIRST).await);

    let seen = client.seen();
    let said: Vec<&str> = seen.matches(held.key.as_str()).collect();
    assert_eq!(said.len(), 1, "the key of the case is said once, to whoever opened it");
    let (not_me, _) = linked(&world.mailbox.take(HOME), "/not-me/");
    for token in [&link, &not_me] {
        for start in 3..token.len() - 8 {
            assert!(!seen.contains(&token[start..start + 8]), "a part of a link of a message is in an answer");
        }
    }
    for secret in [mailed.as_str(), NEW, code.as_str()] {
        assert!(!seen.contains(secret), "{secret} is in an answer");
    }
    world.end().await;
}

#[tokio::test]
async fn ux_69_an_address_that_was_written_to_twice_was_told_of_the_change_once() {
    let world = World::new().await;
    let (mike, client, held) = proved(&world, "forgot").await;
    client.act(&held, "/submission", json!({ "password": NEW })).await;
    world.work().await;
    let done = client.look(&held).await;
    for to in [HOME, mike.mail.as_str()] {
        assert!(world.mailbox.take(to).len() >= 2, "{to} heard of the start and of the change");
    }
    assert_eq!(done.at("/done/told"), json!(2), "{}", done.text);
    world.end().await;
}

#[tokio::test]
async fn n_36_a_printed_code_that_is_not_whole_costs_no_try() {
    let world = World::new().await;
    let (_, client, held, _, codes) = begun(&world, "forgot").await;
    // A group is missing, and a letter is too many.
    for slip in [codes[0][6..].to_owned(), format!("{}0", codes[0])] {
        let got = client.act(&held, "/proofs/recovery_code", json!({ "code": slip })).await;
        assert_eq!(got.short(), (422, "does-not-fit".to_owned()), "{slip}");
    }
    let got = client.act(&held, "/proofs/recovery_code", json!({ "code": codes[0] })).await;
    assert_eq!(got.at("/shown"), json!(["recovery_code"]), "{}", got.text);
    world.end().await;
}

#[tokio::test]
async fn n_05_a_recovery_code_that_was_used_is_replaced_once_when_the_case_is_done() {
    let world = World::new().await;
    let (_, client, held, code, codes) = begun(&world, "forgot").await;
    let replace = "/enrollment/recovery_code/replacement";
    client.act(&held, "/proofs/totp", json!({ "code": code })).await;
    client.act(&held, "/proofs/recovery_code", json!({ "code": codes[0] })).await;
    assert_eq!(client.act(&held, replace, json!({})).await.status, StatusCode::CONFLICT, "before the change");
    client.act(&held, "/submission", json!({ "password": NEW })).await;
    world.work().await;
    let got = client.act(&held, replace, json!({})).await;
    assert_eq!((got.status, got.at("/codes").as_array().unwrap().len()), (StatusCode::OK, 1), "{}", got.text);
    assert_eq!(client.act(&held, replace, json!({})).await.status, StatusCode::CONFLICT, "once");
    let other = client.open("mike", "forgot").await;
    world.work().await;
    let proved = client.act(&other, "/proofs/recovery_code", json!({ "code": got.at("/codes/0") })).await;
    assert_eq!(proved.at("/shown"), json!(["recovery_code"]), "{}", proved.text);
    world.end().await;
}

#[tokio::test]
async fn a_mailed_link_proves_in_the_case_that_asked_and_in_no_other() {
    let world = World::new().await;
    let (_, client, held, code, _) = begun(&world, "forgot").await;
    client.act(&held, "/proofs/email", json!({})).await;
    world.work().await;
    let link = json!({ "token": linked(&world.mailbox.take(HOME), "/l/").0 });
    // T-A18: the same person's other case, and somebody else's.
    for name in ["mike", "nobody"] {
        let other = client.open(name, "forgot").await;
        world.work().await;
        let got = client.act(&other, "/proofs/email_link", link.clone()).await;
        assert_eq!(got.short(), (422, "not-confirmed".to_owned()), "{name}");
    }
    client.act(&held, "/proofs/totp", json!({ "code": code })).await;
    let got = client.act(&held, "/proofs/email_link", link).await;
    assert_eq!(got.str("/state"), "new", "{}", got.text);
    world.end().await;
}

#[tokio::test]
async fn an_account_is_unlocked_without_a_new_password() {
    let world = World::new().await;
    let (mike, client, held) = proved(&world, "locked").await;
    assert_eq!(
        client.act(&held, "/submission", json!({ "password": NEW })).await.short(),
        (422, "does-not-fit".to_owned())
    );
    let got = client.post(&held.path("/submission")).key(&held.key).send().await;
    assert_eq!(got.status, StatusCode::ACCEPTED, "{}", got.text);
    world.work().await;
    assert_eq!(client.look(&held).await.at("/done/changes/0"), json!("unlocked"));
    assert!(world.signs_in(&mike, FIRST).await);
    world.end().await;
}

#[tokio::test]
async fn a_lost_factor_is_ended_and_not_the_one_that_proved_it() {
    let world = World::new().await;
    let (mike, client, held) = proved(&world, "lost").await;
    let factors = client.look(&held).await.at("/factors");
    let id = |way: &str| {
        let found = factors.as_array().unwrap().iter().find(|factor| factor["way"] == way);
        found.unwrap_or_else(|| panic!("no {way} in {factors}"))["id"].as_str().unwrap().to_owned()
    };
    let named: Vec<&Value> = factors.as_array().unwrap().iter().map(|factor| &factor["name"]).collect();
    assert_eq!(named, [HOME], "neither what proved something here nor what the directory holds");
    for wrong in [
        json!({}),
        json!({ "password": NEW }),
        json!({ "factor": "factor_1" }),
        json!({ "factor": id("email"), "password": NEW }),
    ] {
        assert_eq!(
            client.act(&held, "/submission", wrong.clone()).await.short(),
            (422, "does-not-fit".to_owned()),
            "{wrong}"
        );
    }
    let mut others = world.living(&mike, Method::Totp).await;
    let itself = client.act(&held, "/submission", json!({ "factor": others.remove(0).id.to_string() })).await;
    assert_eq!(itself.short(), (409, "proves-itself".to_owned()));
    // T-B16: another person's, and the directory's own address.
    let ann = world.somebody("ann").await;
    world.give_app(&ann).await;
    others.extend(world.living(&ann, Method::Totp).await);
    others.extend(world.living(&mike, Method::Email).await.into_iter().filter(|factor| factor.label == "directory"));
    assert_eq!(others.len(), 2);
    for factor in &others {
        let got = client.act(&held, "/submission", json!({ "factor": factor.id.to_string() })).await;
        assert_eq!(got.short(), (422, "does-not-fit".to_owned()), "{}", factor.label);
    }
    let taken = client.act(&held, "/submission", json!({ "factor": id("email") })).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED);
    world.work().await;
    assert_eq!(client.look(&held).await.at("/done/changes/0"), json!("factor_removed"));
    let living = world.living(&mike, Method::Email).await;
    assert!(living.iter().all(|factor| factor.label == "directory"), "{}", living.len());
    world.end().await;
}

#[tokio::test]
async fn a_case_is_taken_back_and_then_nothing_goes_on() {
    let world = World::new().await;
    let (mike, client, held) = proved(&world, "forgot").await;
    let got = client.act(&held, "/withdraw", json!({})).await;
    assert_eq!((got.str("/state"), got.str("/stopped")), ("stopped".to_owned(), "withdrawn".to_owned()));
    for (rest, body) in [
        ("/withdraw", json!({})),
        ("/submission", json!({ "password": NEW })),
        ("/proofs/totp", json!({ "code": "000000" })),
        ("/proofs/email", json!({})),
        ("/proofs/passkey/options", json!({})),
        ("/password/check", json!({ "password": NEW })),
    ] {
        assert_eq!(client.act(&held, rest, body).await.short(), (409, "over".to_owned()), "{rest}");
    }
    world.work().await;
    assert!(world.signs_in(&mike, FIRST).await);
    world.end().await;
}

#[tokio::test]
async fn t_b11_no_step_is_skipped() {
    let world = World::new().await;
    let (mike, client, held, code, codes) = begun(&world, "forgot").await;
    let early = [
        ("/submission", json!({ "password": NEW })),
        ("/password/check", json!({ "password": NEW })),
        ("/contest", json!({})),
    ];
    for (rest, body) in &early {
        assert_eq!(client.act(&held, rest, body.clone()).await.short(), (409, "wrong-step".to_owned()), "{rest}");
    }
    client.act(&held, "/proofs/totp", json!({ "code": code })).await;
    for (rest, body) in &early {
        assert_eq!(client.act(&held, rest, body.clone()).await.short(), (409, "wrong-step".to_owned()), "{rest}");
    }
    assert_eq!(client.act(&held, "/proofs/totp", json!({ "code": code })).await.short().0, 422);
    client.act(&held, "/proofs/recovery_code", json!({ "code": codes[0] })).await;
    for (rest, body) in
        [("/proofs/totp", json!({ "code": code })), ("/proofs/email", json!({})), ("/contest", json!({}))]
    {
        assert_eq!(client.act(&held, rest, body).await.short(), (409, "wrong-step".to_owned()), "{rest}");
    }
    client.act(&held, "/submission", json!({ "password": NEW })).await;
    world.work().await;
    for (rest, body) in
        [("/proofs/email", json!({})), ("/submission", json!({ "password": FIRST })), ("/withdraw", json!({}))]
    {
        let got = client.act(&held, rest, body).await;
        assert!(
            matches!(got.short(), (409, ref problem) if problem == "wrong-step" || problem == "over"),
            "{rest} {}",
            got.text
        );
    }
    assert!(world.signs_in(&mike, NEW).await);
    world.end().await;
}

#[tokio::test]
async fn ux_71_the_link_of_a_notice_stops_the_case_without_a_key() {
    let world = World::new().await;
    let (_, client, held, code, _) = begun(&world, "forgot").await;
    client.act(&held, "/proofs/totp", json!({ "code": code })).await;
    world.work().await;
    let (link, _) = linked(&world.mailbox.take(HOME), "/not-me/");
    // The key of the case is no link, and a link is no key.
    let got = client.post("/api/v1/not-me").json(json!({ "token": held.key })).send().await;
    assert_eq!(got.short(), (404, "link-not-alive".to_owned()));
    assert_eq!(client.get(&held.path("")).key(&link).send().await.short(), (404, "no-such-case".to_owned()));
    for token in ["", "null", "kw_"] {
        let got = client.post("/api/v1/not-me").json(json!({ "token": token })).send().await;
        assert_eq!(got.short(), (404, "link-not-alive".to_owned()), "{token}");
    }
    let said = client.post("/api/v1/not-me").json(json!({ "token": link })).send().await;
    assert_eq!((said.str("/reference"), said.at("/changed")), (held.reference.clone(), json!(false)));
    assert_eq!(said.str("/blocked_until"), START.plus_ms(86_400_000).to_string());
    world.work().await;
    // Whoever worked on the case may read why it stopped, and nobody recovers the account for a day.
    assert_eq!(client.look(&held).await.str("/stopped"), "contested");
    let again = client.post("/api/v1/not-me").json(json!({ "token": link })).send().await;
    assert_eq!(again.text, said.text, "said twice is said once");
    let other = client.open("mike", "forgot").await;
    world.work().await;
    world.hand.pass_ms(60_000);
    let got = client.act(&other, "/proofs/totp", json!({ "code": "123456" })).await;
    assert_eq!(got.short(), (422, "not-confirmed".to_owned()));
    world.end().await;
}

#[tokio::test]
async fn ux_71_whoever_sees_a_change_that_was_not_theirs_says_so_with_the_key() {
    let world = World::new().await;
    let (_, client, held, code, codes) = begun(&world, "forgot").await;
    client.act(&held, "/proofs/totp", json!({ "code": code })).await;
    client.act(&held, "/proofs/recovery_code", json!({ "code": codes[0] })).await;
    client.act(&held, "/submission", json!({ "password": NEW })).await;
    world.work().await;
    assert_eq!(client.look(&held).await.str("/state"), "done");
    let got = client.act(&held, "/contest", json!({})).await;
    assert_eq!((got.str("/state"), got.str("/stopped")), ("stopped".to_owned(), "contested".to_owned()));
    let other = client.open("mike", "forgot").await;
    world.work().await;
    let got = client.act(&other, "/proofs/recovery_code", json!({ "code": codes[1] })).await;
    assert_eq!(got.short(), (422, "not-confirmed".to_owned()), "nobody recovers the account for a day");
    world.end().await;
}

#[tokio::test]
async fn a_passkey_proves_and_a_dialog_counts_once_and_here() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    let key = world.give_passkey(&mike).await;
    let client = Client::new(&world);
    let (held, other) = (client.open("mike", "forgot").await, client.open("mike", "forgot").await);
    world.work().await;
    let answer = client.answered(&held, &key).await;
    // The dialog is of another case.
    assert_eq!(client.act(&other, "/proofs/passkey", answer.clone()).await.short(), (422, "not-confirmed".to_owned()));
    let got = client.act(&held, "/proofs/passkey", answer.clone()).await;
    assert_eq!((got.str("/state"), got.at("/shown")), ("new".to_owned(), json!(["passkey"])), "{}", got.text);
    assert_eq!(client.act(&held, "/proofs/passkey", answer).await.short(), (409, "wrong-step".to_owned()));
    world.end().await;
}

#[tokio::test]
async fn a_known_device_proves_and_gets_another_key() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    let key = world.give_device(&mike).await;
    let client = Client::new(&world);
    let held = client.open("mike", "forgot").await;
    world.work().await;
    let prove = |key: String| {
        let asked = client.post(&held.path("/proofs/known_device")).key(&held.key);
        asked.header("idempotency-key", "one-try-of-a-known-device").json(json!({ "key": key })).send()
    };
    let got = prove(key.clone()).await;
    assert_eq!(got.at("/case/shown"), json!(["known_device"]), "{}", got.text);
    assert_ne!(got.str("/key"), key);
    // An answer that was lost on the way can be had again.
    assert_eq!(prove(key.clone()).await.str("/key"), got.str("/key"));
    let other = client.open("mike", "forgot").await;
    world.work().await;
    let next = client.act(&other, "/proofs/known_device", json!({ "key": got.str("/key") })).await;
    assert_eq!(next.status, StatusCode::OK);
    assert_eq!(client.act(&other, "/proofs/known_device", json!({ "key": key })).await.short().0, 422);
    world.end().await;
}

#[tokio::test]
async fn m111_a_case_that_is_held_says_until_when_and_why() {
    let world = World::new().await;
    let (mike, client, held, code, codes) = begun(&world, "forgot").await;
    for _ in 0..2 {
        client.open("mike", "forgot").await;
    }
    world.give_app_from(&mike, START.plus_ms(3_600_000)).await;
    world.work().await;
    for _ in 0..3 {
        client.act(&held, "/proofs/email_code", json!({ "code": "000000" })).await;
    }
    // What failed in this very case counts as much as what failed in others.
    client.act(&held, "/proofs/totp", json!({ "code": code })).await;
    let got = client.act(&held, "/proofs/recovery_code", json!({ "code": codes[0] })).await;
    assert_eq!(got.str("/state"), "wait", "{}", got.text);
    assert_eq!(got.at("/hold"), json!({ "until": START.plus_ms(86_400_000).to_string(), "reason": "changed" }));
    assert_eq!(got.at("/bitting"), json!(["done", "done", "waiting", "todo", "todo"]));
    assert_eq!(got.at("/plan/0/wait_until"), got.at("/hold/until"));
    let early = client.act(&held, "/submission", json!({ "password": NEW })).await;
    assert_eq!(early.short(), (409, "wrong-step".to_owned()));
    let early = client.act(&held, "/continue", json!({})).await;
    assert_eq!(early.short().0, 409, "{}", early.text);
    // Whoever waited comes back when they are awake.
    world.hand.pass_ms(86_401_000 + 8 * 3_600_000);
    world.work().await;
    assert_eq!(client.look(&held).await.str("/state"), "wait");
    let open = client.act(&held, "/continue", json!({})).await;
    assert_eq!(open.str("/state"), "new", "{}", open.text);
    assert_eq!(open.str("/deadline"), world.ctx.now().plus_ms(1_800_000).to_string());
    assert_eq!(client.act(&held, "/continue", json!({})).await.short(), (409, "wrong-step".to_owned()));
    world.end().await;
}

#[tokio::test]
async fn m113_a_case_that_needs_others_says_how_many() {
    let world = World::new().await;
    let pat = world.person("pat", "pay").await;
    let key = world.give_passkey(&pat).await;
    let client = Client::new(&world);
    let held = client.open("pat", "forgot").await;
    world.work().await;
    let answer = client.answered(&held, &key).await;
    let got = client.act(&held, "/proofs/passkey", answer).await;
    assert_eq!((got.str("/state"), got.at("/approvals")), ("wait".to_owned(), json!({ "given": 0, "needed": 1 })));
    assert_eq!(got.at("/hold"), Value::Null);
    assert_eq!(
        client.act(&held, "/submission", json!({ "password": NEW })).await.short(),
        (409, "wrong-step".to_owned())
    );
    world.end().await;
}

#[tokio::test]
async fn a_proof_that_is_not_enough_for_the_account_leads_to_an_empty_plan() {
    let world = World::new().await;
    let pat = world.person("pat", "pay").await;
    let app = world.give_app(&pat).await;
    let client = Client::new(&world);
    let held = client.open("pat", "forgot").await;
    world.work().await;
    let got = client.act(&held, "/proofs/totp", json!({ "code": app.code(START) })).await;
    // An app does not do for this class; nothing that pat has would.
    assert_eq!((got.str("/state"), got.at("/plan"), got.at("/offered")), ("prove".to_owned(), json!([]), json!([])));
    world.end().await;
}

#[tokio::test]
async fn eco_18_a_tag_names_what_the_caller_saw() {
    let world = World::new().await;
    let (_, client, held, code, codes) = begun(&world, "forgot").await;
    let tag = client.look(&held).await.header("etag").to_owned();
    let same = client.get(&held.path("")).key(&held.key).header("if-none-match", &tag).send().await;
    assert_eq!((same.status, same.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    let seen = client.act(&held, "/proofs/totp", json!({ "code": code })).await;
    assert_ne!(seen.header("etag"), tag);
    assert_eq!(seen.header("etag"), client.look(&held).await.header("etag"));
    let late =
        client.post(&held.path("/withdraw")).key(&held.key).header("if-match", &tag).json(json!({})).send().await;
    assert_eq!(late.short(), (412, "not-as-seen".to_owned()));
    let body = json!({ "code": codes[0] });
    let now = client.post(&held.path("/proofs/recovery_code")).key(&held.key).header("if-match", seen.header("etag"));
    assert_eq!(now.json(body).send().await.str("/state"), "new");
    world.end().await;
}

#[tokio::test]
async fn n_30_a_way_is_spent_and_another_is_not() {
    let world = World::new().await;
    let (_, client, held, code, codes) = begun(&world, "forgot").await;
    for left in (0..5).rev() {
        let got = client
            .act(&held, "/proofs/totp", json!({ "code": if code == "000000" { "000001" } else { "000000" } }))
            .await;
        assert_eq!((got.short(), got.at("/tries_left")), ((422, "not-confirmed".to_owned()), json!(left)));
    }
    let right = client.act(&held, "/proofs/totp", json!({ "code": code })).await;
    assert_eq!(right.short(), (403, "way-spent".to_owned()));
    assert_eq!(
        client.act(&held, "/proofs/recovery_code", json!({ "code": codes[0] })).await.at("/shown"),
        json!(["recovery_code"])
    );
    world.end().await;
}

#[tokio::test]
async fn t_d10_a_case_causes_few_messages() {
    let world = World::new().await;
    let (_, client, held, _, _) = begun(&world, "forgot").await;
    world.mailbox.take(HOME);
    for _ in 0..3 {
        assert_eq!(client.act(&held, "/proofs/email", json!({})).await.status, StatusCode::ACCEPTED);
        world.work().await;
    }
    for _ in 0..5 {
        assert_eq!(client.act(&held, "/proofs/email", json!({})).await.short(), (403, "no-more-messages".to_owned()));
        world.work().await;
    }
    assert_eq!(world.mailbox.take(HOME).len(), 3);
    world.end().await;
}

#[tokio::test]
async fn a_case_that_ran_out_of_time_says_so() {
    let world = World::new().await;
    let (_, client, held, _, _) = begun(&world, "forgot").await;
    world.hand.pass_ms(3_600_000);
    let got = client.act(&held, "/proofs/totp", json!({ "code": "000000" })).await;
    assert_eq!(got.short(), (410, "expired".to_owned()));
    world.end().await;
}

#[tokio::test]
async fn events_say_the_state_at_once_and_when_it_changes() {
    let world = World::new().await;
    let (_, client, held, code, codes) = begun(&world, "forgot").await;
    let mut stream = client.get(&held.path("/events")).key(&held.key).stream().await;
    assert_eq!(next_state(&mut stream).await, "prove");
    client.act(&held, "/proofs/totp", json!({ "code": code })).await;
    client.act(&held, "/proofs/recovery_code", json!({ "code": codes[0] })).await;
    assert_eq!(next_state(&mut stream).await, "new");
    client.act(&held, "/withdraw", json!({})).await;
    assert_eq!(next_state(&mut stream).await, "stopped");
    assert!(stream.next().await.is_none(), "the stream of a case that is over ends");
    world.end().await;
}

#[tokio::test]
async fn r17_whoever_opens_a_stream_too_many_is_told_when_to_come_back() {
    let world = World::new().await;
    let (_, client, held, _, _) = begun(&world, "forgot").await;
    let events = || client.get(&held.path("/events")).key(&held.key);
    let mut open = Vec::new();
    for _ in 0..32 {
        open.push(events().stream().await);
    }
    let got = events().send().await;
    assert_eq!((got.short(), got.header("retry-after")), ((503, "away".to_owned()), "10"));
    drop(open);
    world.end().await;
}

/// The state in the next event that has one.
async fn next_state(stream: &mut axum::body::BodyDataStream) -> String {
    while let Some(Ok(bytes)) = stream.next().await {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        if let Some(data) = text.lines().find_map(|line| line.strip_prefix("data: ")) {
            let data: Value = serde_json::from_str(data).unwrap();
            return data["state"].as_str().unwrap().to_owned();
        }
    }
    panic!("the stream ended");
}
