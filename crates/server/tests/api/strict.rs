//! Bodies, headers and keys in all forms but the right one.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    client::{Client, Held},
    world::World,
};

/// Every operation of a case that takes a field, with a field and what else it takes.
const FIELDS: &[(&str, &str, &str)] = &[
    ("/proofs/totp", "code", r#"{"code":"000000"}"#),
    ("/proofs/recovery_code", "code", r#"{"code":"ABCDE-FGHJK-MNPQR-STVWX-YZ012-3"}"#),
    ("/proofs/email_code", "code", r#"{"code":"000000"}"#),
    ("/proofs/email_link", "token", r#"{"token":"kw_"}"#),
    ("/proofs/passkey", "dialog", r#"{"dialog":"kw_","credential":{}}"#),
    ("/proofs/passkey", "credential", r#"{"dialog":"kw_","credential":{}}"#),
    ("/proofs/known_device", "key", r#"{"key":"kw_"}"#),
    ("/password/check", "password", r#"{"password":"x"}"#),
    ("/submission", "password", r#"{"password":"x"}"#),
    ("/submission", "factor", r#"{"factor":"factor_"}"#),
];

async fn opened(world: &World) -> (Client, Held) {
    world.somebody("mike").await;
    let client = Client::new(world);
    let held = client.open("mike", "forgot").await;
    world.work().await;
    (client, held)
}

/// Values that a code, a key or a password never is.
fn hostile() -> Vec<Value> {
    let long = "A".repeat(1 << 20);
    vec![
        json!(null),
        json!(""),
        json!([]),
        json!([""]),
        json!(["000000"]),
        json!({}),
        json!({ "$ne": null }),
        json!(true),
        json!(0),
        json!(-1),
        json!(1e300),
        json!("\u{0}"),
        json!("null"),
        json!("undefined"),
        json!("0".repeat(55)),
        json!("٠٠٠٠٠٠"),
        json!("00000"),
        json!("0000000"),
        json!(" 00000"),
        json!(long),
    ]
}

#[tokio::test]
async fn t_a20_empty_null_and_typed_values_are_refused_and_cost_nothing() {
    let world = World::new().await;
    let (client, held) = opened(&world).await;
    let before = client.look(&held).await.text;
    let values = hostile();
    for (rest, field, whole) in FIELDS {
        let mut bodies: Vec<Value> = Vec::new();
        let whole: Value = serde_json::from_str(whole).unwrap();
        let mut absent = whole.clone();
        absent.as_object_mut().unwrap().remove(*field);
        bodies.push(absent);
        for value in &values {
            let mut body = whole.clone();
            body[*field] = value.clone();
            bodies.push(body);
        }
        for body in bodies {
            let shown: String = body.to_string().chars().take(90).collect();
            let got = client.act(&held, rest, body).await;
            let refused = matches!(got.status.as_u16(), 409 | 413 | 422);
            assert!(refused, "{rest} {shown}: {} {}", got.status, got.text);
            assert_ne!(got.problem(), "not-confirmed", "{rest} {shown} was tried");
        }
    }
    for body in
        ["", "null", "true", "0", "\"x\"", "[]", "[\"000000\"]", "{", "{}{}", "{\"code\":}", "\u{feff}{}", "{'code':1}"]
    {
        let got = client.post(&held.path("/proofs/totp")).key(&held.key).raw("application/json", body.as_bytes());
        assert_eq!(got.send().await.short(), (400, "malformed".to_owned()), "{body}");
    }
    let deep = format!("{{\"dialog\":\"x\",\"credential\":{}{}}}", "{\"a\":".repeat(9000), "}".repeat(9000));
    assert_eq!(
        client
            .post(&held.path("/proofs/passkey"))
            .key(&held.key)
            .raw("application/json", deep.as_bytes())
            .send()
            .await
            .short()
            .0,
        400
    );
    let bytes =
        client.post(&held.path("/proofs/totp")).key(&held.key).raw("application/json", b"{\"code\":\"\xff\xff\"}");
    assert_eq!(bytes.send().await.short(), (400, "malformed".to_owned()));
    assert_eq!(client.look(&held).await.text, before);
    // A key of zeros has the form of a key and opens nothing.
    let zeros = format!("kw_{}", "0".repeat(53));
    for (rest, body) in [
        ("/proofs/email_link", json!({ "token": zeros })),
        ("/proofs/known_device", json!({ "key": zeros })),
        ("/proofs/passkey", json!({ "dialog": zeros, "credential": {} })),
    ] {
        assert_eq!(client.act(&held, rest, body).await.short(), (422, "not-confirmed".to_owned()), "{rest}");
    }
    assert_eq!(client.get(&held.path("")).key(&zeros).send().await.short(), (404, "no-such-case".to_owned()));
    let not_me = client.post("/api/v1/not-me").json(json!({ "token": zeros })).send().await;
    assert_eq!(not_me.short(), (404, "link-not-alive".to_owned()));
    world.end().await;
}

#[tokio::test]
async fn t_a20_b01_a_name_is_one_text() {
    let world = World::new().await;
    world.somebody("mike").await;
    let client = Client::new(&world);
    let long = "a".repeat(257);
    let names: Vec<Value> = vec![
        json!(null),
        json!(""),
        json!("   "),
        json!(["mike", "evil"]),
        json!([]),
        json!({ "0": "mike" }),
        json!({ "$ne": null }),
        json!(true),
        json!(7),
        json!(long),
    ];
    for name in names {
        let got = client.post("/api/v1/cases").json(json!({ "name": name, "door": "forgot" })).send().await;
        assert_eq!(got.short(), (422, "does-not-fit".to_owned()), "{name}");
    }
    for (body, what) in [
        (json!({ "name": "mike" }), "no door"),
        (json!({ "door": "forgot" }), "no name"),
        (json!({ "name": "mike", "door": "account" }), "a door for those who are signed in"),
        (json!({ "name": "mike", "door": { "forgot": null } }), "an object for a word"),
        (json!({ "name": "mike", "door": ["forgot"] }), "a list for a word"),
        (json!({ "name": "mike", "door": "Forgot" }), "another spelling"),
        (json!({ "name": "mike", "door": "forgot", "action": "unlock" }), "what is behind another door"),
        (json!({ "name": "mike", "door": "forgot", "action": "disable" }), "an action that is not offered"),
        (json!({ "name": "mike", "door": "forgot", "action": null }), "null"),
        (json!({ "name": "mike", "door": "forgot", "language": 7 }), "a number for a language"),
    ] {
        let got = client.post("/api/v1/cases").json(body).send().await;
        assert_eq!(got.short(), (422, "does-not-fit".to_owned()), "{what}");
    }
    assert_eq!((world.cases().await, world.mailbox.unread()), (0, 0));
    world.end().await;
}

#[tokio::test]
async fn t_b02_a_field_that_is_there_twice_is_refused_at_any_depth() {
    let world = World::new().await;
    let (client, held) = opened(&world).await;
    let cases = world.cases().await;
    for body in [
        r#"{"name":"mike","name":"evil","door":"forgot"}"#,
        r#"{"name":"evil","name":"mike","door":"forgot"}"#,
        r#"{"name":"mike","door":"forgot","na\u006de":"evil"}"#,
        r#"{"name":"mike","door":"forgot","name":null}"#,
        r#"{"name":"mike","door":"forgot","x":{"a":[{"b":1,"b":2}]}}"#,
    ] {
        let got = client.post("/api/v1/cases").raw("application/json", body.as_bytes()).send().await;
        assert_eq!(got.short(), (400, "duplicate-field".to_owned()), "{body}");
    }
    let nested = br#"{"dialog":"kw_","credential":{"response":{"signature":"AA","signature":"BB"}}}"#;
    let got = client.post(&held.path("/proofs/passkey")).key(&held.key).raw("application/json", nested).send().await;
    assert_eq!(got.short(), (400, "duplicate-field".to_owned()));
    // A query is not read, whatever it says.
    let got = client.post("/api/v1/cases?name=evil&door=lost").json(json!({ "name": "mike", "door": "forgot" }));
    assert_eq!(got.send().await.status.as_u16(), 201);
    assert_eq!(world.cases().await, cases + 1);
    world.end().await;
}

#[tokio::test]
async fn t_b10_fields_of_our_own_can_not_be_sent() {
    let world = World::new().await;
    let (client, held) = opened(&world).await;
    let before = client.look(&held).await.text;
    let cases = world.cases().await;
    let extra = [
        ("class", json!("standard")),
        ("risk", json!(0)),
        ("state", json!("new")),
        ("approved_by", json!("me")),
        ("evidence", json!([])),
        ("aal", json!(3)),
        ("skip_notify", json!(true)),
        ("ttl", json!(1)),
        ("tenant", json!("other")),
        ("policy_version", json!(1)),
        ("subject", json!("person_1")),
        ("network", json!("127.0.0.1")),
        ("signed_in", json!({})),
        ("__proto__", json!({ "state": "new" })),
    ];
    for (name, value) in &extra {
        let mut body = json!({ "name": "mike", "door": "forgot" });
        body[*name] = value.clone();
        let got = client.post("/api/v1/cases").json(body).send().await;
        assert_eq!(got.short(), (422, "does-not-fit".to_owned()), "{name}");
        for (rest, _, whole) in
            FIELDS.iter().copied().chain([("/withdraw", "", "{}"), ("/contest", "", "{}"), ("/proofs/email", "", "{}")])
        {
            let mut body: Value = serde_json::from_str(whole).unwrap();
            body[*name] = value.clone();
            let got = client.act(&held, rest, body).await;
            assert_eq!(got.short(), (422, "does-not-fit".to_owned()), "{rest} {name}");
        }
    }
    assert_eq!((client.look(&held).await.text, world.cases().await), (before, cases));
    world.end().await;
}

#[tokio::test]
async fn v4_1_1_only_json_is_read() {
    let world = World::new().await;
    let client = Client::new(&world);
    let body = json!({ "name": "mike", "door": "forgot" }).to_string();
    for (kind, status) in [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("Application/JSON;charset=UTF-8", 201),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/json; charset=utf-16", 415),
        ("application/jsonp", 415),
        ("application/json, text/plain", 415),
        ("", 415),
    ] {
        let got = client.post("/api/v1/cases").raw(kind, body.as_bytes()).send().await;
        assert_eq!(got.status.as_u16(), status, "{kind}");
    }
    let twice =
        client.post("/api/v1/cases").header("content-type", "text/plain").raw("application/json", body.as_bytes());
    assert_eq!(twice.send().await.short(), (415, "not-json".to_owned()));
    world.end().await;
}

#[tokio::test]
async fn t_k01_a_long_body_is_a_problem_whoever_refuses_it() {
    let world = World::new().await;
    let client = Client::new(&world);
    for length in [65 * 1024, 129 * 1024, 1 << 20] {
        let body = json!({ "name": "a".repeat(length), "door": "forgot" }).to_string();
        for say in [true, false] {
            let mut asked = client.post("/api/v1/cases").raw("application/json", body.as_bytes());
            if say {
                asked = asked.header("content-length", &body.len().to_string());
            }
            let got = asked.send().await;
            assert_eq!(got.short(), (413, "too-large".to_owned()), "{length}");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn what_layers_refuse_is_a_problem_too() {
    let world = World::new().await;
    let client = Client::new(&world);
    let body = json!({ "name": "mike", "door": "forgot" });
    // T-A01: the host of a request makes no link and opens no case.
    let got = client.post("/api/v1/cases").header("host", "evil.test").json(body.clone()).undescribed().send().await;
    assert_eq!(got.short(), (421, "other-host".to_owned()));
    // T-B14: a page of another site can not use a browser.
    let got = client.post("/api/v1/cases").header("origin", "https://evil.test").header("sec-fetch-site", "cross-site");
    let got = got.json(body).undescribed().send().await;
    assert_eq!(got.short(), (403, "other-site".to_owned()));
    assert_eq!(got.header("content-type"), "application/problem+json");
    assert!(got.headers.contains_key("content-security-policy"), "the headers of the guard stay");
    assert_eq!(world.cases().await, 0);
    // Pages stay pages.
    let got = client.get("/nothing").undescribed().send().await;
    assert!(got.header("content-type").starts_with("text/html"));
    world.end().await;
}

#[tokio::test]
async fn t_b13_looking_is_never_acting() {
    let world = World::new().await;
    let (client, held) = opened(&world).await;
    let before = client.look(&held).await.text;
    for rest in ["/withdraw", "/contest", "/proofs/email", "/submission"] {
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::PATCH, Method::DELETE] {
            let asked = client.ask(method.clone(), &held.path(rest)).key(&held.key);
            let got = asked.header("x-http-method-override", "POST").undescribed().send().await;
            assert_eq!(got.status.as_u16(), 405, "{method} {rest}");
        }
    }
    assert_eq!(client.look(&held).await.text, before);
    world.end().await;
}

#[tokio::test]
async fn a_database_that_is_away_is_said_so_and_when_to_come_back() {
    let world = World::new().await;
    let (client, held) = opened(&world).await;
    world.store().close().await;
    for got in [
        client.look(&held).await,
        client.post("/api/v1/cases").json(json!({ "name": "mike", "door": "forgot" })).send().await,
        client.act(&held, "/proofs/totp", json!({ "code": "000000" })).await,
    ] {
        assert_eq!(got.short(), (503, "away".to_owned()));
        assert!(got.header("retry-after").parse::<u32>().unwrap() > 0);
        assert!(!got.text.to_lowercase().contains("sql"), "{}", got.text);
    }
}
