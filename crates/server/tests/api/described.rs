//! The description is what there is, and what there is is described.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{client::Client, world::World};

fn methods(item: &Value) -> Vec<String> {
    item.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect()
}

#[test]
fn eco_18_the_description_in_the_repository_is_the_one_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let made = keyward::api::document();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, made).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == made, "docs/openapi.json differs; UPDATE=1 writes it anew");
    assert_eq!(keyward::api::description()["openapi"], "3.1.0");
}

#[tokio::test]
async fn the_description_is_served_as_it_is() {
    let world = World::new().await;
    let got = Client::new(&world).get("/api/openapi.json").send().await;
    assert_eq!((got.status, got.text.as_str()), (StatusCode::OK, keyward::api::document()));
    world.end().await;
}

#[tokio::test]
async fn every_described_operation_exists_and_no_other_method_does() {
    let world = World::new().await;
    let client = Client::new(&world);
    for (path, item) in keyward::api::description()["paths"].as_object().unwrap() {
        let described = methods(item);
        let path =
            path.replace("{reference}", "KW-7Q4M-82XJ").replace("{rest}", "0/000").replace("{factor}", "factor_1");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let got = client.ask(Method::from_bytes(method.as_bytes()).unwrap(), &path).undescribed();
            // The log has an address for ever; only what it says is held against the cache rule.
            if path.starts_with("/log/tile") && method == "GET" {
                continue;
            }
            let got = got.send().await;
            let exists = got.status != StatusCode::METHOD_NOT_ALLOWED
                && !(path.starts_with("/api") && got.problem() == "no-such-address");
            assert_eq!(exists, described.iter().any(|m| m == method), "{method} {path}: {} {}", got.status, got.text);
            if !exists && path.starts_with("/api") {
                assert_eq!(got.problem(), "wrong-method", "t_b13 {method} {path}");
                let allow = got.header("allow");
                assert!(described.iter().all(|m| allow.contains(m.as_str())), "{path} allows {allow}");
            }
        }
    }
    world.end().await;
}

#[test]
fn every_route_of_the_api_comes_from_the_list_that_is_described() {
    let source = include_str!("../../src/api/mod.rs");
    let by_hand: Vec<&str> =
        source.lines().map(str::trim).filter(|line| line.starts_with(".route(") || line.contains("nest(")).collect();
    // These two are where there is nothing.
    assert_eq!(by_hand, [r#".route("/api", any(nothing_here))"#, r#".route("/api/{*rest}", any(nothing_here))"#]);
}

#[tokio::test]
async fn where_there_is_nothing_is_a_problem_and_not_a_page() {
    let world = World::new().await;
    let client = Client::new(&world);
    for path in ["/api", "/api/", "/api/v1", "/api/v2/cases", "/api/v1/cases/KW-7Q4M-82XJ/approve", "/api/v1/admin"] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let got = client.ask(method, path).undescribed().send().await;
            assert_eq!(got.short(), (404, "no-such-address".to_owned()), "{path}");
            assert_eq!(got.header("content-type"), "application/problem+json");
        }
    }
    world.end().await;
}

/// All schemas that a value names, with everything that these name.
fn reached(all: &Value, from: &Value, into: &mut std::collections::BTreeMap<String, Value>) {
    match from {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                let target = all.pointer(reference.trim_start_matches('#')).expect("the target of a reference");
                if into.insert(reference.clone(), target.clone()).is_none() {
                    reached(all, target, into);
                }
            }
            map.values().for_each(|value| reached(all, value, into));
        }
        Value::Array(list) => list.iter().for_each(|value| reached(all, value, into)),
        _ => {}
    }
}

/// Fields that hold something that opens something.
fn secrets(all: &Value, from: &Value) -> Vec<String> {
    let mut schemas = std::collections::BTreeMap::new();
    reached(all, from, &mut schemas);
    let fields =
        schemas.values().filter_map(|schema| schema["properties"].as_object()).flat_map(|fields| fields.keys());
    let secret = |field: &&String| {
        ["password", "secret", "code", "key", "token", "seed", "dialog", "credential", "pin"]
            .iter()
            .any(|word| field.contains(word))
    };
    // When a password was changed is a time, and opens nothing.
    fields.filter(secret).filter(|field| *field != "password_changed").cloned().collect()
}

#[test]
fn r16_only_the_holder_of_a_case_meets_a_secret_and_staff_have_no_operation() {
    let all = keyward::api::description();
    for (path, item) in all["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let (sent, got) = (secrets(&all, &operation["requestBody"]), secrets(&all, &operation["responses"]));
            // What is handed out: the key of the case to whoever opens it, the key of a dialog to whoever begins it.
            let out: &[&str] = match (method.as_str(), path.as_str()) {
                ("post", "/api/v1/cases") => &["key"],
                // And the next key of a known browser, to whoever has shown the last one.
                ("post", "/api/v1/cases/{reference}/proofs/known_device") => &["key"],
                ("post", "/api/v1/cases/{reference}/proofs/passkey/options") => &["dialog"],
                // The key of the session to whoever signs in, and the key of the case to whoever begins a change.
                ("post", "/api/v1/sign-in" | "/api/v1/me/changes") => &["key"],
                // What is made anew, to whoever holds the case that binds it.
                ("post", "/api/v1/cases/{reference}/enrollment/passkey/options") => &["dialog"],
                ("post", "/api/v1/cases/{reference}/enrollment/totp/seed") => &["dialog", "seed"],
                ("post", "/api/v1/cases/{reference}/enrollment/recovery_code") => &["dialog"],
                (
                    "post",
                    "/api/v1/cases/{reference}/enrollment/recovery_code/sheet"
                    | "/api/v1/cases/{reference}/enrollment/recovery_code/replacement",
                ) => &["codes"],
                ("post", "/api/v1/cases/{reference}/enrollment/known_device") => &["key"],
                ("post", "/api/v1/cases/{reference}/enrollment/email") => &["dialog"],
                _ => &[],
            };
            assert_eq!(got, out, "{method} {path}");
            let of_a_case = path.starts_with("/api/v1/cases/{reference}/")
                || matches!(path.as_str(), "/api/v1/not-me" | "/api/v1/sign-in");
            assert!(of_a_case || sent.is_empty(), "{method} {path} takes {sent:?}");
            if path.contains("{reference}") {
                assert!(operation["security"][0]["case_key"].is_array(), "{method} {path} needs no key");
            }
        }
    }
    let text = keyward::api::document();
    for word in ["admin", "agent", "approver", "reviewer", "auditor", "staff_"] {
        assert!(!text.contains(&format!("/{word}")), "an operation for {word}");
    }
}

#[test]
fn every_operation_says_whose_key_it_takes_and_what_it_is_for() {
    let all = keyward::api::description();
    for (path, item) in all["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let what = format!("{method} {path}");
            let text = |field: &str| operation[field].as_str().unwrap_or_default().to_owned();
            assert!(!text("summary").is_empty() && operation["tags"].as_array().unwrap().len() == 1, "{what}");
            let key = match path.as_str() {
                path if path.contains("{reference}") => "case_key",
                path if path.starts_with("/api/v1/me") => "session_key",
                "/api/v1/session" | "/api/v1/sign-out" => "session_key",
                _ => continue,
            };
            let needed: Vec<&String> = operation["security"][0].as_object().unwrap().keys().collect();
            assert_eq!(needed, [key], "{what}");
            let unknown = if key == "case_key" { "404" } else { "401" };
            assert!(operation["responses"][unknown].is_object(), "{what}");
            if method == "post" && !path.ends_with("/password/check") {
                let repeats = json!({ "$ref": "#/components/parameters/IdempotencyKey" });
                assert!(operation["parameters"].as_array().unwrap().contains(&repeats), "{what}");
            }
        }
    }
}

#[test]
fn t_b10_every_body_that_is_taken_is_closed() {
    let all = keyward::api::description();
    for (path, item) in all["paths"].as_object().unwrap() {
        let Some(body) = item["post"]["requestBody"].as_object() else { continue };
        let mut schemas = std::collections::BTreeMap::new();
        reached(&all, &Value::Object(body.clone()), &mut schemas);
        assert!(!schemas.is_empty(), "{path} has no schema");
        for (name, schema) in schemas.iter().filter(|(_, schema)| schema["type"] == "object") {
            assert_eq!(schema["additionalProperties"], false, "{path}: {name}");
        }
    }
}

#[test]
fn eco_19_every_operation_has_a_name_of_its_own() {
    let all = keyward::api::description();
    let operations: Vec<&Value> =
        all["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values()).collect();
    let names: std::collections::BTreeSet<&str> =
        operations.iter().map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(names.len(), operations.len());
}

#[test]
fn every_problem_has_a_stable_name_and_one_sentence_in_plain_words() {
    let all = keyward::api::description();
    let urns = all.pointer("/components/schemas/Problem/properties/type/enum").unwrap().as_array().unwrap();
    let names: std::collections::BTreeSet<&str> = urns.iter().map(|urn| urn.as_str().unwrap()).collect();
    assert_eq!(names.len(), urns.len());
    let guide = include_str!("../../../../docs/api.md");
    for urn in names {
        let code = urn.strip_prefix(keyward::api::PREFIX).unwrap();
        assert!(code.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{code}");
        assert!(guide.contains(&format!("`{code}`")), "docs/api.md does not explain `{code}`");
    }
    let text = serde_json::to_string(&all["components"]["responses"]).unwrap().to_lowercase();
    for word in ["invalid", "illegal", "forbidden", "please", "oops", "error", "sql", "panic", "stack"] {
        assert!(!text.contains(word), "a problem says {word}");
    }
}
