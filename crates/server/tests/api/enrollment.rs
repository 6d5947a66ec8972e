//! New ways back in, as a program binds them: each is a case, needs what the policy wants, and takes its part once.

use axum::http::StatusCode;
use keyward_core::{
    account::Method,
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};
use serde_json::{Value, json};

use crate::{
    client::{Client, Got, Held},
    people::wrong,
    world::{App, Key, Person, SITE, START, World},
};

const HOME: &str = "mike.private@elsewhere.test";
const ONCE: &str = "2f2a4f6e-6f0f-4f5e-9a55-3a1f0f6b7d44";
/// All kinds, and every operation that binds something, with a body that has the right form.
const WAYS: [&str; 5] = ["passkey", "totp", "recovery_code", "known_device", "email"];
const OPERATIONS: [(&str, &str, &str); 9] = [
    ("passkey", "/enrollment/passkey/options", "{}"),
    ("passkey", "/enrollment/passkey", r#"{"dialog":"KEY","credential":{}}"#),
    ("totp", "/enrollment/totp/seed", "{}"),
    ("totp", "/enrollment/totp", r#"{"dialog":"KEY","code":"000000"}"#),
    ("recovery_code", "/enrollment/recovery_code", "{}"),
    ("known_device", "/enrollment/known_device", "{}"),
    ("email", "/enrollment/email", r#"{"address":"x@elsewhere.test"}"#),
    ("email", "/enrollment/email/again", r#"{"dialog":"KEY"}"#),
    ("email", "/enrollment/email_code", r#"{"dialog":"KEY","code":"000000"}"#),
];

fn zeros() -> String {
    format!("kw_{}", "0".repeat(53))
}

fn body(text: &str) -> Value {
    serde_json::from_str(&text.replace("KEY", &zeros())).unwrap()
}

/// Begins to add something; the case before anything but the password is shown.
async fn begun(world: &World, client: &Client, name: &str, way: &str) -> Held {
    let session = world.api_session(client, name).await;
    let body = json!({ "action": "enroll_factor", "way": way });
    let got = client.post("/api/v1/me/changes").key(&session).json(body).send().await;
    assert_eq!(got.status, StatusCode::CREATED, "{}", got.text);
    let held = Held { reference: got.str("/reference"), key: got.str("/key") };
    world.work().await;
    let view = client.look(&held).await;
    assert_eq!((view.at("/shown"), view.str("/state")), (json!(["directory_password"]), "prove".to_owned()));
    assert_eq!((view.str("/action"), view.str("/way")), ("enroll_factor".to_owned(), way.to_owned()));
    held
}

struct Scene {
    world: World,
    mike: Person,
    client: Client,
    held: Held,
}

/// Somebody with a sheet of codes, and a case of theirs with its gate open.
async fn scene(way: &str) -> Scene {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    let codes = world.give_codes(&mike).await;
    let client = Client::new(&world);
    let held = begun(&world, &client, "mike", way).await;
    let got = client.act(&held, "/proofs/recovery_code", json!({ "code": codes[0] })).await;
    assert_eq!(got.str("/state"), "new", "{}", got.text);
    world.mailbox.take(&mike.mail);
    Scene { world, mike, client, held }
}

impl Scene {
    async fn act(&self, rest: &str, body: Value) -> Got {
        self.client.act(&self.held, &format!("/enrollment{rest}"), body).await
    }
    /// With a key of the request.
    async fn once(&self, rest: &str, body: Value) -> Got {
        let asked = self.client.post(&self.held.path(&format!("/enrollment{rest}"))).key(&self.held.key);
        asked.header("idempotency-key", ONCE).json(body).send().await
    }
    /// The worker binds what was taken.
    async fn done(&self, taken: &Got) -> Got {
        assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.text);
        assert_eq!(self.client.look(&self.held).await.str("/state"), "working");
        self.world.work().await;
        let view = self.client.look(&self.held).await;
        assert_eq!((view.str("/state"), view.at("/done/changes/0")), ("done".to_owned(), json!("factor_enrolled")));
        view
    }
    fn lies_in_clear(&self, secret: &str) -> bool {
        let at_rest = self.world.bytes();
        assert!(at_rest.windows(self.mike.account.len()).any(|window| window == self.mike.account.as_bytes()));
        at_rest.windows(secret.len()).any(|window| window == secret.as_bytes())
    }
}

#[tokio::test]
async fn v7_5_1_a_first_app_needs_the_password_and_an_answer_from_the_stored_address() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    let client = Client::new(&world);
    let held = begun(&world, &client, "mike", "totp").await;
    let shut = client.act(&held, "/enrollment/totp/seed", json!({})).await;
    assert_eq!(shut.short(), (409, "wrong-step".to_owned()), "the gate is shut");
    world.mailbox.take(&mike.mail);
    client.act(&held, "/proofs/email", json!({})).await;
    world.work().await;
    let code = world.mailbox.newest(&mike.mail).code();
    let got = client.act(&held, "/proofs/email_code", json!({ "code": code })).await;
    assert_eq!(got.str("/state"), "new", "{}", got.text);

    let scene = Scene { world, mike, client, held };
    let setup = scene.act("/totp/seed", json!({})).await;
    assert_eq!(setup.status, StatusCode::CREATED, "{}", setup.text);
    assert!(setup.str("/address").starts_with("otpauth://totp/") && setup.str("/account") == "mike");
    let (app, dialog) = (App::typed(&setup.str("/seed")), setup.str("/dialog"));
    let slip = scene.act("/totp", json!({ "dialog": dialog, "code": wrong(&app, START) })).await;
    assert_eq!(slip.short(), (422, "not-confirmed".to_owned()));
    assert!(scene.world.living(&scene.mike, Method::Totp).await.is_empty());
    // A dialog is that of its own seed.
    let other = scene.act("/totp/seed", json!({})).await;
    let crossed = scene.act("/totp", json!({ "dialog": other.str("/dialog"), "code": app.code(START) })).await;
    assert_eq!(crossed.short(), (422, "not-confirmed".to_owned()));

    let code = json!({ "dialog": dialog, "code": app.code(START) });
    let taken = scene.act("/totp", code.clone()).await;
    assert!(scene.world.living(&scene.mike, Method::Totp).await.is_empty(), "the worker binds it, nobody else");
    let replayed = scene.act("/totp", code).await;
    assert_eq!(replayed.short(), (409, "wrong-step".to_owned()), "T-D13: a code that was taken is not taken again");
    let done = scene.done(&taken).await;
    assert_eq!(done.at("/done/factor/way"), json!("totp"));
    let bound = scene.world.living(&scene.mike, Method::Totp).await;
    assert_eq!((bound.len(), bound[0].usable_from), (1, bound[0].created), "the first one counts at once");
    assert_eq!(bound[0].last_step, u64::try_from(START.millis() / 30_000).unwrap());
    let told = scene.world.mailbox.newest(&scene.mike.mail);
    assert_eq!(told.subject, "A way back into your Northwind Hospital account was added");
    scene.world.end().await;
}

#[tokio::test]
async fn n_05_codes_are_shown_once_and_only_when_they_work() {
    let scene = scene("recovery_code").await;
    let taken = scene.act("/recovery_code", json!({})).await;
    let dialog = json!({ "dialog": taken.str("/dialog") });
    assert_eq!(taken.str("/case/state"), "working");
    let early = scene.act("/recovery_code/sheet", dialog.clone()).await;
    assert_eq!(early.short(), (409, "wrong-step".to_owned()), "nothing is shown before it is bound");
    let twice = scene.act("/recovery_code", json!({})).await;
    assert_eq!(twice.short(), (409, "wrong-step".to_owned()), "of two sheets one is taken");
    scene.done(&taken).await;
    // Another case's key, or another dialog's, shows nothing.
    let other = scene.client.open("mike", "forgot").await;
    let got = scene.client.act(&other, "/enrollment/recovery_code/sheet", dialog.clone()).await;
    assert_eq!(got.short(), (409, "wrong-step".to_owned()));
    let got = scene.act("/recovery_code/sheet", json!({ "dialog": zeros() })).await;
    assert_eq!(got.short(), (410, "shown-once".to_owned()));

    let sheet = scene.act("/recovery_code/sheet", dialog.clone()).await;
    let codes = sheet.at("/codes");
    assert_eq!((sheet.status, codes.as_array().unwrap().len()), (StatusCode::OK, 10));
    assert_eq!(scene.act("/recovery_code/sheet", dialog.clone()).await.short(), (410, "shown-once".to_owned()));
    let alive = scene.world.living(&scene.mike, Method::RecoveryCode).await;
    assert_eq!(alive.len(), 1, "the old sheet is dead");
    let stored = scene.world.store().recovery_codes(alive[0].id).await.unwrap();
    let rows: Vec<_> = stored.iter().map(|(digest, used)| (*digest, used.is_some())).collect();
    for code in codes.as_array().unwrap() {
        let code = code.as_str().unwrap();
        assert!(keyward::methods::recovery_code::check(&scene.world.flow.digests, alive[0].id, &rows, code).is_ok());
        assert!(!scene.lies_in_clear(code) && !scene.lies_in_clear(&code.replace('-', "")), "T-A11");
    }
    scene.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t_e02_a_sheet_that_many_ask_for_at_once_is_shown_to_one() {
    let scene = scene("recovery_code").await;
    let taken = scene.act("/recovery_code", json!({})).await;
    let dialog = json!({ "dialog": taken.str("/dialog") });
    scene.done(&taken).await;
    let scene = std::sync::Arc::new(scene);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (scene, dialog) = (scene.clone(), dialog.clone());
        tasks.spawn(async move { scene.act("/recovery_code/sheet", dialog).await.short() });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 200).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|(status, kind)| *status == 200 || kind == "shown-once"), "{answers:?}");
    std::sync::Arc::into_inner(scene).unwrap().world.end().await;
}

#[tokio::test]
async fn t_a11_an_answer_that_shows_a_secret_is_kept_sealed_and_for_ten_minutes() {
    let scene = scene("totp").await;
    let setup = scene.once("/totp/seed", json!({})).await;
    let again = scene.once("/totp/seed", json!({})).await;
    assert_eq!((&again.text, again.header("idempotency-replayed")), (&setup.text, "true"));
    let seed = setup.str("/seed");
    for secret in [&seed, &seed.replace(' ', ""), &setup.str("/address"), &setup.str("/dialog")] {
        assert!(!scene.lies_in_clear(secret), "{secret}");
    }
    scene.world.hand.pass_ms(10 * MINUTE_MS);
    assert_ne!(scene.once("/totp/seed", json!({})).await.text, setup.text);
    scene.world.end().await;

    let scene = self::scene("recovery_code").await;
    let taken = scene.act("/recovery_code", json!({})).await;
    scene.done(&taken).await;
    let dialog = json!({ "dialog": taken.str("/dialog") });
    let sheet = scene.once("/recovery_code/sheet", dialog.clone()).await;
    let again = scene.once("/recovery_code/sheet", dialog.clone()).await;
    assert_eq!((again.status, &again.text), (StatusCode::OK, &sheet.text), "an answer that was lost can be had again");
    for code in sheet.at("/codes").as_array().unwrap() {
        assert!(!scene.lies_in_clear(code.as_str().unwrap()));
    }
    scene.world.hand.pass_ms(10 * MINUTE_MS);
    assert_eq!(scene.once("/recovery_code/sheet", dialog).await.short(), (410, "shown-once".to_owned()));
    scene.world.end().await;
}

#[tokio::test]
async fn ux_33_a_passkey_is_bound_by_the_dialog_that_began_it_and_once() {
    let scene = scene("passkey").await;
    let begun = scene.act("/passkey/options", json!({})).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text);
    let options = json!({ "publicKey": begun.at("/options") });
    let credential = Key::default().create_at(SITE, &options).await.unwrap();
    let newer = scene.act("/passkey/options", json!({})).await;
    for (dialog, credential, what) in [
        (newer.str("/dialog"), credential.clone(), "another dialog's"),
        (zeros(), credential.clone(), "no dialog's"),
        (newer.str("/dialog"), json!({}), "a dialog that was answered"),
    ] {
        let got = scene.act("/passkey", json!({ "dialog": dialog, "credential": credential })).await;
        assert_eq!(got.short(), (422, "not-confirmed".to_owned()), "{what}");
    }
    assert!(scene.world.living(&scene.mike, Method::Passkey).await.is_empty());
    let answer = json!({ "dialog": begun.str("/dialog"), "credential": credential, "name": " Blue\u{7} key " });
    let taken = scene.act("/passkey", answer.clone()).await;
    let replayed = scene.act("/passkey", answer).await;
    assert_eq!(replayed.short(), (409, "wrong-step".to_owned()));
    scene.done(&taken).await;
    assert_eq!(scene.world.living(&scene.mike, Method::Passkey).await[0].label, "Blue key");
    scene.world.end().await;
}

#[tokio::test]
async fn a_program_becomes_known_and_its_key_is_told_once() {
    let scene = scene("known_device").await;
    let taken = scene.once("/known_device", json!({ "name": "Build machine" })).await;
    let key = taken.str("/key");
    assert_eq!(scene.once("/known_device", json!({ "name": "Build machine" })).await.str("/key"), key);
    assert_eq!(scene.act("/known_device", json!({})).await.short(), (409, "wrong-step".to_owned()));
    scene.done(&taken).await;
    let bound = scene.world.living(&scene.mike, Method::KnownDevice).await[0].clone();
    assert_eq!((bound.label.as_str(), bound.usable_from.since_ms(bound.created)), ("Build machine", 72 * HOUR_MS));
    assert!(!scene.lies_in_clear(&key), "T-A11");
    // It counts when its time has come.
    let (codes, mut key) = (scene.world.give_codes(&scene.mike).await, key);
    for (number, (wait_ms, counts)) in [(HOUR_MS, false), (72 * HOUR_MS, true)].into_iter().enumerate() {
        scene.world.hand.pass_ms(wait_ms);
        let held = scene.client.open("mike", "forgot").await;
        scene.world.work().await;
        key = scene.client.act(&held, "/proofs/known_device", json!({ "key": key })).await.str("/key");
        let got = scene.client.act(&held, "/proofs/recovery_code", json!({ "code": codes[number] })).await;
        assert_eq!(got.str("/state") == "new", counts, "{}", got.text);
    }
    scene.world.end().await;
}

#[tokio::test]
async fn n_10_an_address_is_bound_when_its_code_has_come_back() {
    let scene = scene("email").await;
    for (address, rule) in
        [("mike", "shape"), ("", "shape"), ("a@b.test\r\nBcc: x@y.test", "shape"), (" MIKE@home.test ", "own")]
    {
        let got = scene.act("/email", json!({ "address": address })).await;
        assert_eq!(
            (got.short(), got.str("/rule")),
            ((422, "address-refused".to_owned()), rule.to_owned()),
            "{address}"
        );
    }
    scene.world.work().await;
    assert_eq!(scene.world.mailbox.unread(), 0, "nothing goes to what is no address of theirs");

    let offered = scene.act("/email", json!({ "address": HOME })).await;
    assert_eq!(offered.status, StatusCode::ACCEPTED, "{}", offered.text);
    let dialog = offered.str("/dialog");
    scene.world.work().await;
    let code = scene.world.mailbox.newest(HOME).code();
    assert!(!scene.lies_in_clear(HOME), "an unconfirmed address lies sealed");
    let again = scene.act("/email/again", json!({ "dialog": dialog })).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{}", again.text);
    scene.world.work().await;
    assert_eq!(scene.world.mailbox.take(HOME).len(), 1);
    // A code confirms the address it went to and no other.
    let other = scene.act("/email", json!({ "address": "eve@elsewhere.test" })).await;
    scene.world.work().await;
    let theirs = scene.world.mailbox.newest("eve@elsewhere.test").code();
    for (dialog, code) in [(other.str("/dialog"), &code), (dialog.clone(), &theirs), (zeros(), &code)] {
        let got = scene.act("/email_code", json!({ "dialog": dialog, "code": code })).await;
        assert_eq!(got.short(), (422, "not-confirmed".to_owned()));
    }
    let right = json!({ "dialog": dialog, "code": code });
    let taken = scene.act("/email_code", right.clone()).await;
    assert_eq!(scene.act("/email_code", right).await.short(), (409, "wrong-step".to_owned()));
    scene.done(&taken).await;
    let bound = scene.world.living(&scene.mike, Method::Email).await;
    let bound = bound.iter().find(|factor| factor.label == "added").expect("the address");
    assert_eq!(bound.usable_from.since_ms(bound.created), 7 * DAY_MS);
    for to in [scene.mike.mail.as_str(), HOME] {
        let told = scene.world.mailbox.newest(to);
        assert_eq!(told.subject, "A contact of your Northwind Hospital account changed", "{to}");
    }
    scene.world.end().await;
}

#[tokio::test]
async fn nobody_floods_a_mailbox_or_guesses_its_code_from_here() {
    let scene = scene("email").await;
    let offered = scene.act("/email", json!({ "address": HOME })).await;
    let dialog = offered.str("/dialog");
    scene.world.work().await;
    let code = scene.world.mailbox.newest(HOME).code();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        let got = scene.act("/email_code", json!({ "dialog": dialog, "code": wrong })).await;
        assert_eq!(got.short(), (422, "not-confirmed".to_owned()));
    }
    let spent = scene.act("/email_code", json!({ "dialog": dialog, "code": code })).await;
    assert_eq!(spent.short(), (422, "not-confirmed".to_owned()), "five tries are spent");
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.push(scene.act("/email/again", json!({ "dialog": dialog })).await.short().0);
    }
    assert_eq!(answers, [202, 202, 202, 403, 403]);
    let mut last = (0, String::new());
    for number in 0..6 {
        last = scene.act("/email", json!({ "address": format!("victim{number}@elsewhere.test") })).await.short();
    }
    assert_eq!(last, (429, "too-many".to_owned()));
    scene.world.work().await;
    assert_eq!(scene.world.mailbox.take(HOME).len(), 3);
    scene.world.end().await;
}

#[tokio::test]
async fn t_b16_another_ones_case_binds_nothing_and_needs_its_own_key() {
    let scene = scene("totp").await;
    scene.world.somebody("ann").await;
    let theirs = scene.client.open("ann", "forgot").await;
    let session = scene.world.api_session(&scene.client, "mike").await;
    let mut answers = std::collections::BTreeSet::new();
    for (_, rest, text) in
        OPERATIONS.into_iter().chain([("", "/enrollment/recovery_code/sheet", r#"{"dialog":"KEY"}"#)])
    {
        for key in [None, Some(theirs.key.clone()), Some(session.clone()), Some(zeros())] {
            let mut asked = scene.client.post(&scene.held.path(rest));
            if let Some(key) = &key {
                asked = asked.key(key);
            }
            answers.insert(asked.json(body(text)).send().await.text);
        }
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert!(answers.first().unwrap().contains("no-such-case"));
    scene.world.end().await;
}

#[tokio::test]
async fn a_dialog_of_one_case_is_nothing_in_another_of_the_same_person() {
    let scene = scene("totp").await;
    let setup = scene.act("/totp/seed", json!({})).await;
    let app = App::typed(&setup.str("/seed"));
    let codes = scene.world.give_codes(&scene.mike).await;
    let other = begun(&scene.world, &scene.client, "mike", "totp").await;
    let got = scene.client.act(&other, "/proofs/recovery_code", json!({ "code": codes[0] })).await;
    assert_eq!(got.str("/state"), "new", "{}", got.text);
    let code = json!({ "dialog": setup.str("/dialog"), "code": app.code(START) });
    let got = scene.client.act(&other, "/enrollment/totp", code).await;
    assert_eq!(got.short(), (422, "not-confirmed".to_owned()));
    scene.world.end().await;
}

#[tokio::test]
async fn nothing_is_bound_at_another_step_or_in_a_case_for_something_else() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    let codes = world.give_codes(&mike).await;
    let client = Client::new(&world);
    let wrong_step = (409, "wrong-step".to_owned());
    // A recovery, and a change whose gate is shut.
    let recovery = client.open("mike", "forgot").await;
    world.work().await;
    let shut = begun(&world, &client, "mike", "passkey").await;
    for held in [&recovery, &shut] {
        for (_, rest, text) in OPERATIONS {
            assert_eq!(client.act(held, rest, body(text)).await.short(), wrong_step, "{rest}");
        }
    }
    // A change with its gate open binds what it is for, and nothing else.
    client.act(&shut, "/proofs/recovery_code", json!({ "code": codes[0] })).await;
    for (way, rest, text) in OPERATIONS {
        let got = client.act(&shut, rest, body(text)).await;
        assert_eq!(got.short() == wrong_step, way != "passkey", "{rest} {}", got.text);
    }
    for handed in
        [json!({ "password": crate::people::NEW }), json!({}), json!({ "factor": "factor_00000000000000000000000000" })]
    {
        assert_eq!(client.act(&shut, "/submission", handed).await.short(), (422, "does-not-fit".to_owned()));
    }
    // One that is over binds nothing either.
    client.act(&shut, "/withdraw", json!({})).await;
    for (_, rest, text) in OPERATIONS {
        assert_eq!(client.act(&shut, rest, body(text)).await.short(), (409, "over".to_owned()), "{rest}");
    }
    for method in Method::ALL {
        let expected = match method {
            Method::RecoveryCode | Method::Email => 1,
            _ => 0,
        };
        assert_eq!(world.living(&mike, method).await.len(), expected, "{method:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn n_25_the_password_and_the_mailbox_of_somebody_in_finance_bind_nothing() {
    let world = World::new().await;
    let mona = world.person("mona", "pay").await;
    let client = Client::new(&world);
    for way in WAYS {
        let held = begun(&world, &client, "mona", way).await;
        let plan = client.look(&held).await.at("/plan");
        assert!(!plan.to_string().contains("email"), "{way} {plan}");
        world.mailbox.take(&mona.mail);
        let (_, rest, text) = OPERATIONS.into_iter().find(|(kind, ..)| *kind == way).unwrap();
        assert_eq!(client.act(&held, rest, body(text)).await.short(), (409, "wrong-step".to_owned()), "{way}");
        client.act(&held, "/withdraw", json!({})).await;
        world.work().await;
        world.hand.pass_ms(16 * MINUTE_MS);
    }
    world.end().await;
}

#[tokio::test]
async fn t_a20_values_that_a_code_or_a_dialog_never_is_cost_nothing() {
    let fields = [
        ("passkey", "/passkey", "dialog", json!({ "dialog": zeros(), "credential": {} })),
        ("passkey", "/passkey", "credential", json!({ "dialog": zeros(), "credential": {} })),
        ("totp", "/totp", "dialog", json!({ "dialog": zeros(), "code": "000000" })),
        ("totp", "/totp", "code", json!({ "dialog": zeros(), "code": "000000" })),
        ("email", "/email", "address", json!({ "address": "x@y.test" })),
        ("email", "/email/again", "dialog", json!({ "dialog": zeros() })),
        ("email", "/email_code", "dialog", json!({ "dialog": zeros(), "code": "000000" })),
        ("email", "/email_code", "code", json!({ "dialog": zeros(), "code": "000000" })),
        ("known_device", "/known_device", "name", json!({ "name": "x" })),
    ];
    for way in ["passkey", "totp", "email", "known_device"] {
        let scene = scene(way).await;
        let before = scene.client.look(&scene.held).await.text;
        for (_, rest, field, whole) in fields.iter().filter(|(kind, ..)| *kind == way) {
            let mut bodies = vec![whole.clone()];
            if *field != "name" {
                bodies[0].as_object_mut().unwrap().remove(*field);
            } else {
                bodies.clear();
            }
            for value in [json!(null), json!([]), json!(["x"]), json!(true), json!(7), json!("٠٠٠٠٠٠")] {
                let mut body = whole.clone();
                body[*field] = value.clone();
                // Any text is a name.
                if *field != "name" || !value.is_string() {
                    bodies.push(body);
                }
            }
            let mut more = whole.clone();
            more["subject"] = json!("person_1");
            bodies.push(more);
            for body in bodies {
                let got = scene.act(rest, body.clone()).await;
                let address = got.problem() == "address-refused";
                assert!(
                    got.status == 422 && (address || got.problem() == "does-not-fit"),
                    "{rest} {body} {}",
                    got.text
                );
            }
        }
        assert_eq!(scene.client.look(&scene.held).await.text, before);
        scene.world.end().await;
    }
}
