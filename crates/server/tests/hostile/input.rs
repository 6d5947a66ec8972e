//! T-J: what is typed is never a statement, a header, a template, an address of another site, or more JSON than one object.

use serde_json::{Value, json};

use crate::{
    house::{House, ask, sign_in},
    process::eventually,
    support::rounds,
    wire::{Answer, Request, raw},
};

/// Statements in the mouths of three engines, and what breaks out of quotes.
const SQL: [&str; 6] = [
    "' OR 1=1 --",
    "\"; DROP TABLE accounts; --",
    "1); DELETE FROM tokens; --",
    "' UNION SELECT hash, NULL FROM tokens --",
    "$1 $2 \\'; SELECT pg_sleep(60); --",
    "%27%20OR%20%271%27=%271",
];

/// Words of a dozen template languages. None is ours, and ours is none of them either.
const TEMPLATES: &str = "{{7*7}} ${7*7} #{7*7} <%= 7*7 %> {% include \"/etc/passwd\" %} {0} %s%n { $x } <b>7</b>";

fn one(path: &str, value: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    // In a path a plus is a plus.
    path.replace("{}", &encoded.replace('+', "%20"))
}

/// No answer is a failure of ours, and none shows a statement or an engine.
fn refuses_well(what: &str, answer: &Answer) {
    assert!(answer.status < 500, "{what}: {answer:?}");
    for word in ["sqlite", "postgres", "syntax error", "SELECT hash", "panicked"] {
        assert!(!answer.body.contains(word), "{what}: {word} in {answer:?}");
    }
}

/// Every text of a schema, each in turn with that value, the others as they should be.
fn bodies(schema: &Value, value: &str) -> Vec<Value> {
    let Some(properties) = schema["properties"].as_object() else { return vec![json!({ "x": value })] };
    let usual = |schema: &Value| match schema["type"].as_str() {
        Some("boolean") => json!(true),
        Some("integer") => json!(1),
        _ => schema.get("example").or(schema["enum"].get(0)).cloned().unwrap_or_else(|| json!("x")),
    };
    let all: serde_json::Map<String, Value> = properties.iter().map(|(name, of)| (name.clone(), usual(of))).collect();
    let names = properties.keys();
    let with = |name: &String| {
        let mut body = all.clone();
        body.insert(name.clone(), json!(value));
        Value::Object(body)
    };
    names.map(with).collect()
}

/// A key of a case and one of a session, so that a request gets as far as it can.
async fn keys(house: &House) -> (String, String, String) {
    let body = json!({ "name": "kai", "door": "forgot" }).to_string();
    let opened = Request::json("POST /api/v1/cases", body.as_bytes()).ask(house.at);
    let opened: Value = serde_json::from_str(&opened.body).unwrap();
    let body = json!({ "name": "kai", "password": crate::house::OLD }).to_string();
    let signing = Request::json("POST /api/v1/sign-in", body.as_bytes()).ask(house.at);
    let session = serde_json::from_str::<Value>(&signing.body).unwrap()["key"].as_str().unwrap().to_owned();
    eventually("somebody is signed in", async || {
        let look =
            Request::new("GET /api/v1/session").with("authorization", &format!("Bearer {session}")).ask(house.at);
        look.body.contains("signed_in").then_some(())
    })
    .await;
    let text = |name: &str| opened[name].as_str().unwrap().to_owned();
    (text("reference"), text("key"), session)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_j03_no_parameter_of_the_description_and_no_field_of_a_page_is_a_statement() {
    let house = House::new().await;
    let kai = house.somebody("kai").await;
    let description = keyward::api::description();
    let (reference, case, session) = keys(&house).await;
    let mut tried = 0;
    for (template, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let secured = operation["security"].to_string();
            let key = if secured.contains("session_key") { &session } else { &case };
            let schema = operation["requestBody"]["content"]["application/json"]["schema"].to_string();
            let named = schema.split("schemas/").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            let schema = &description["components"]["schemas"][named];
            for sql in &SQL[..rounds(3, SQL.len())] {
                let value = one("{}", sql);
                let line = |path: &str| format!("{} {path}", method.to_uppercase());
                let filled = template.replace("{reference}", &reference).replace(['{', '}'], "");
                let mut requests = Vec::new();
                // In the place of each part of the path, in a query, and in a header.
                if let Some((before, after)) = template.split_once('{') {
                    let after = after.split_once('}').unwrap().1.replace(['{', '}'], "");
                    requests.push(Request::json(&line(&format!("{before}{value}{after}")), b"{}"));
                }
                // A stream of events has no end to wait for.
                for name in ["limit", "after"].iter().filter(|_| !template.ends_with("/events")) {
                    requests.push(Request::json(&line(&format!("{filled}?{name}={value}")), b"{}"));
                }
                if method != "get" && !filled.ends_with("/sign-out") && !filled.ends_with("/withdrawal") {
                    for body in bodies(schema, sql) {
                        requests.push(Request::json(&line(&filled), body.to_string().as_bytes()));
                    }
                }
                for request in requests {
                    // The key of an idempotent request is looked for in a table, too; each address is one of its own network.
                    let request = request.with("authorization", &format!("Bearer {key}")).with("if-match", sql);
                    let request = request.with("idempotency-key", &format!("{sql:-<20}").replace(' ', "_"));
                    tried += 1;
                    let from = format!("10.{}.{}.9", tried / 250, tried % 250);
                    refuses_well(&format!("{method} {template} {sql}"), &request.from(&from).ask(house.at));
                }
            }
        }
    }
    tried += fields_of_pages(&house, &reference);
    assert!(tried > 300, "{tried}");
    let mut browser = house.browser();
    assert_eq!(sign_in(&mut browser, "kai", &kai.old).await.path, "/me", "the account is there");
    println!("FIGURE J03: {tried} requests with statements in them, none answered with 5xx");
}

/// Each field of each page that anybody can send.
fn fields_of_pages(house: &House, reference: &str) -> usize {
    let pages = [
        ("/recover", &["name", "for"][..]),
        ("/sign-in", &["name", "password", "for"]),
        ("/status", &["reference", "case"]),
        ("/language", &["lang", "back"]),
        ("/l?of=x", &["token"]),
        ("/not-me?of=x", &["token"]),
        ("/recover/{}/app", &["code"]),
        ("/recover/{}/stop", &["reason"]),
        ("/me/remove/{}", &["factor"]),
    ];
    let mut tried = 0;
    for (path, fields) in pages {
        for sql in &SQL[..rounds(3, SQL.len())] {
            for field in fields {
                let others = fields.iter().filter(|other| *other != field).map(|other| (*other, "x"));
                let all: Vec<(&str, &str)> = others.chain([(*field, *sql)]).collect();
                tried += 1;
                let from = format!("10.200.{tried}.9");
                let request = Request::form(&path.replace("{}", reference), &all).from(&from);
                let request =
                    request.with("cookie", &format!("__Host-kw-case-{reference}={}; lang={sql}", one("{}", sql)));
                refuses_well(&format!("{path} {field} {sql}"), &request.ask(house.at));
            }
            refuses_well(path, &Request::new(&format!("GET {}", one(path, sql))).ask(house.at));
            tried += 1;
        }
    }
    tried
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_j04_nothing_that_a_requester_sends_changes_a_message() {
    let house = House::with(&[], &[("KEYWARD_LIMITS__MESSAGES_PER_ADDRESS_HOUR", "4")]).await;
    let kai = house.somebody("kai").await;
    let evil = "x\r\nBcc: thief@evil.test\r\n\r\n.\r\nMAIL FROM:<thief@evil.test>\r\nRCPT TO:<thief@evil.test>";
    // As part of the name it is no name, as an address it is none; and the header of a request has no line ends in it, whoever sends it.
    for (number, name) in
        [format!("kai{evil}"), format!("{evil}kai"), "kai\0".to_owned(), "-oQ/tmp kai".to_owned()].iter().enumerate()
    {
        let request = Request::form("/recover", &[("name", name), ("for", "forgot")]);
        assert!(request.from(&format!("10.1.{number}.1")).ask(house.at).status < 500, "{name}");
    }
    let long = "a".repeat(5_000);
    let agents =
        [".\t.\tMAIL FROM:<thief@evil.test>", "thief@evil.test Firefox", &long, "=?utf-8?q?Bcc:_thief@evil.test?="];
    for (number, agent) in agents.iter().enumerate() {
        let request = Request::form("/recover", &[("name", "kai"), ("for", "forgot")]);
        let request = request.with("user-agent", agent).with("accept-language", "de\t, thief@evil.test");
        let request = request.from(&format!("10.2.{number}.1, thief@evil.test")).ask(house.at);
        assert_eq!(request.status, 303, "{request:?}");
    }
    // Two addresses are told of each of the four.
    eventually("eight notices", async || (house.sink.received().len() >= 8).then_some(())).await;
    for message in house.sink.received() {
        assert_eq!(message.to.len(), 1, "{message:?}");
        assert!(kai.addresses.contains(&message.to[0]) && message.from == "recovery@northwind.test", "{message:?}");
        let data = String::from_utf8(message.data).unwrap();
        assert!(!data.to_lowercase().contains("thief") && !data.contains("evil.test"), "{data}");
        assert!(!data.replace("\r\n", "").contains(['\r', '\n', '\0']), "every line ends as it should");
        assert!(data.lines().all(|line| line.len() <= 998), "RFC 5322 2.1.1");
        let (head, _) = data.split_once("\r\n\r\n").unwrap();
        for name in ["From", "To", "Subject", "Message-ID", "Date"] {
            let count = head.lines().filter(|line| line.starts_with(&format!("{name}: "))).count();
            assert_eq!(count, 1, "{name} in {head}");
        }
        assert!(!head.lines().any(|line| line.to_lowercase().starts_with("bcc")), "{head}");
    }
    assert_eq!(house.sink.received().len(), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_j05_what_looks_like_a_template_stays_what_it_is() {
    let house = House::with(&[], &[("KEYWARD_SERVER__ORGANIZATION", TEMPLATES)]).await;
    house.somebody("kai").await;
    let mut browser = house.browser();
    // The five signs are written as numbers or by name; either is the same text.
    let is_literal = |html: &str| {
        assert!(!html.contains("<b>7</b>"), "it is escaped: {html}");
        let text = html.replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"").replace("&#38;", "&");
        text.contains(TEMPLATES)
    };
    let first = browser.get("/").await;
    assert!(is_literal(&first.html), "{}", first.html);
    let refused = sign_in(&mut browser, TEMPLATES, "wrong").await;
    assert!(refused.html.matches("{{7*7}}").count() > 1, "the name is shown again: {}", refused.html);
    assert!(is_literal(&refused.html), "{}", refused.html);
    ask(&mut browser, "kai").await;
    let letters = eventually("two notices", async || Some(house.letters()).filter(|all| all.len() == 2)).await;
    for letter in letters {
        assert!(letter.text.contains(TEMPLATES), "{}", letter.text);
        assert!(letter.subject.contains(TEMPLATES), "{letter:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_j11_every_redirect_leads_to_a_page_of_ours() {
    let house = House::new().await;
    let mut tried = 0;
    for evil in [
        "//attacker.test",
        "/\\attacker.test",
        "\\\\attacker.test",
        "https:attacker.test",
        "https://attacker.test/",
        "/\t/attacker.test",
        "/\r\n/attacker.test",
        "/%0d%0aLocation: https://attacker.test",
        "javascript:alert(1)",
        "/x\r\nLocation: https://attacker.test",
        "\u{2028}//attacker.test",
    ] {
        let encoded = one("{}", evil);
        for request in [
            Request::form("/language", &[("lang", "de"), ("back", evil)]),
            Request::form("/sign-in", &[("name", "x"), ("password", "y"), ("for", evil)]),
            Request::form("/recover", &[("name", "x"), ("for", evil)]),
            Request::form("/status", &[("reference", evil)]),
            Request::new(&format!("GET /sign-in?for={encoded}&next={encoded}")),
            Request::new(&format!("GET /recover?for={encoded}&next={encoded}")),
            Request::new(&format!("GET /.well-known/change-password?next={encoded}")),
            Request::new(&format!("GET /me?next={encoded}")),
            Request::new(&format!("GET /recover/{encoded}")),
            Request::new(&format!("GET /l/{encoded}")),
            Request::new(&format!("GET /{encoded}")),
            Request::new("GET //attacker.test/%2f.."),
        ] {
            tried += 1;
            let answer = request.from(&format!("10.3.{tried}.1")).ask(house.at);
            assert_eq!(
                answer.head.lines().filter(|line| line.starts_with("location: ")).count(),
                usize::from((300..400).contains(&answer.status)),
                "{evil}: {answer:?}"
            );
            if let Some(to) = answer.header("location") {
                let page = url::Url::parse("https://reset.northwind.test/").unwrap().join(to).unwrap();
                assert_eq!(page.host_str(), Some("reset.northwind.test"), "{evil}: {to}");
                assert!(to.starts_with('/') && page.scheme() == "https", "{evil}: {to}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_j12_json_that_is_not_one_plain_object_is_refused_early() {
    let house = House::new().await;
    let before = house.memory();
    let good = r#"{"name":"kai","door":"forgot"}"#;
    let deep = |open: &str| open.repeat(10_000).into_bytes();
    let long = format!(r#"{{"name":"{}","door":"forgot"}}"#, "a".repeat(10_000_000));
    let cases: [(&str, Vec<u8>, &[u16]); 15] = [
        ("lists in lists", deep("["), &[400]),
        ("objects in objects", deep("{\"a\":"), &[400]),
        ("depth in a field", format!(r#"{{"name":{}"#, "[".repeat(10_000)).into_bytes(), &[400]),
        ("ten megabytes", long.into_bytes(), &[413]),
        ("a name twice", br#"{"name":"kai","name":"eve","door":"forgot"}"#.to_vec(), &[400]),
        ("a name twice, once escaped", br#"{"name":"kai","n\u0061me":"eve","door":"forgot"}"#.to_vec(), &[400]),
        ("half a pair", br#"{"name":"\ud800","door":"forgot"}"#.to_vec(), &[400]),
        ("bytes that are no text", b"{\"name\":\"\xff\xfe\",\"door\":\"forgot\"}".to_vec(), &[400]),
        ("a mark of order", [b"\xef\xbb\xbf", good.as_bytes()].concat(), &[400]),
        ("something after it", format!("{good} {good}").into_bytes(), &[400]),
        ("a number without an end", br#"{"name":1e400,"door":"forgot"}"#.to_vec(), &[400, 422]),
        ("a prototype", br#"{"__proto__":{},"name":"kai","door":"forgot"}"#.to_vec(), &[422]),
        ("no object", b"[]".to_vec(), &[400, 422]),
        ("a comment", br#"{"name":"kai"/**/,"door":"forgot"}"#.to_vec(), &[400]),
        ("UTF-16", good.encode_utf16().flat_map(u16::to_le_bytes).collect(), &[400]),
    ];
    for (what, body, allowed) in cases {
        let answer = raw(house.at, &Request::json("POST /api/v1/cases", &body).wire());
        let answer = answer.unwrap_or_else(|| panic!("no answer to {what}"));
        assert!(allowed.contains(&answer.status), "{what}: {answer:?}");
        assert!(answer.body.contains("urn:keyward:problem:"), "{what}: {answer:?}");
    }
    let opened = Request::json("POST /api/v1/cases", good.as_bytes()).ask(house.at);
    assert_eq!(opened.status, 201, "and one plain object is taken: {opened:?}");
    let after = house.memory();
    assert!(after < before + 16 * 1024, "{before} KiB before, {after} KiB after");
}
