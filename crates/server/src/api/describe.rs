//! The description of the API (OpenAPI 3.1), made of the operations themselves. What they have in common is added here once: problems,
//! `Idempotency-Key`, `If-Match`. The log and the health addresses are described too; their code is elsewhere.

use std::sync::LazyLock;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::problem::{Kind, Written};

/// Where problems, keys and tags are explained.
const ABOUT: &str = "Account recovery for programs. A case is opened for a name, proofs are brought, and when the gate is open the new \
    credential is handed in. Whoever signs in sees their ways back in, and opens a case to change them. Everything a page of the portal can \
    do can be done here, by the same rules. The only authority is the key of a case, which its opening hands out, or that of a session; \
    cookies are not looked at. Every answer that is not a success is a problem (RFC 9457).";

#[derive(OpenApi)]
#[openapi(
    info(title = "Keyward", version = "1", license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")),
    components(schemas(Written)),
    tags(
        (name = "cases", description = "Recoveries, from opening to end."),
        (name = "proofs", description = "Showing who one is."),
        (name = "reissue", description = "The new way in."),
        (name = "session", description = "Signing in with the password of the directory, and out."),
        (name = "me", description = "One's own ways back in, and what changes them."),
        (name = "enrollment", description = "A new way back in, bound in the case that is for it."),
        (name = "log", description = "The tamper-evident log, for everybody (C2SP tlog-tiles)."),
        (name = "health", description = "For load balancers and this description."),
    )
)]
struct Frame;

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let mut text = serde_json::to_string_pretty(&description()).unwrap_or_default();
    text.push('\n');
    text
});

/// The text of `docs/openapi.json`.
pub fn document() -> &'static str {
    &DOCUMENT
}

/// This description
#[utoipa::path(get, path = "/api/openapi.json", tag = "health",
    responses((status = 200, description = "This document.", content_type = "application/json", body = Object)))]
pub async fn openapi() -> Response {
    let mut answer = document().into_response();
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// The description as a value.
pub fn description() -> Value {
    let mut api = Frame::openapi();
    api.merge(super::operations().into_openapi());
    let mut all = serde_json::to_value(&api).unwrap_or_default();
    if let Some(info) = object(&mut all, "info") {
        info.insert("description".into(), ABOUT.into());
    }
    if let Some(paths) = object(&mut all, "paths") {
        for (path, methods) in paths.iter_mut() {
            for (method, operation) in methods.as_object_mut().into_iter().flatten() {
                complete(path, method, operation);
            }
        }
        paths.extend(elsewhere());
    }
    if let Some(components) = object(&mut all, "components") {
        components.insert("securitySchemes".into(), security());
        components.insert("responses".into(), problems());
        components.insert("parameters".into(), parameters());
        if let Some(kind) = components.get_mut("schemas").and_then(|s| s.pointer_mut("/Problem/properties/type")) {
            let urns: Vec<String> = Kind::ALL.iter().map(|kind| kind.urn()).collect();
            kind["enum"] = json!(urns);
        }
    }
    all
}

fn object<'a>(value: &'a mut Value, name: &str) -> Option<&'a mut Map<String, Value>> {
    value.get_mut(name)?.as_object_mut()
}

/// Whether an operation is for somebody who is signed in.
fn is_of_session(path: &str) -> bool {
    path.starts_with("/api/v1/me") || matches!(path, "/api/v1/session" | "/api/v1/sign-out")
}

/// Adds what all operations of a kind have in common.
fn complete(path: &str, method: &str, operation: &mut Value) {
    let (of_case, of_session) = (path.contains("{reference}"), is_of_session(path));
    let posts = method == "post";
    let mut statuses = vec![500, 503];
    let mut parameters = Vec::new();
    if of_session {
        statuses.push(401);
    }
    if matches!(path, "/api/v1/me/ways" | "/api/v1/me/history") {
        parameters.extend(["Cursor", "Limit"]);
        statuses.push(422);
    }
    if path.ends_with("/{factor}") {
        parameters.push("Factor");
        statuses.push(404);
    }
    if path.ends_with("/me/changes") {
        statuses.extend([403, 404]);
    }
    if of_case {
        parameters.push("Reference");
        statuses.push(404);
    }
    if posts {
        statuses.extend([400, 409, 413, 415, 422]);
        if !path.ends_with("/password/check") {
            parameters.push("IdempotencyKey");
        }
        if path.ends_with("/not-me") {
            statuses.push(404);
        }
        if of_case {
            // A new address is counted by person and by mailbox, a dialog by its case.
            if path.ends_with("/enrollment/email") || path.ends_with("/proofs/passkey/options") {
                statuses.push(429);
            }
            statuses.extend([403, 410]);
            if !path.ends_with("/password/check") {
                parameters.push("IfMatch");
                statuses.push(412);
            }
        } else if path != "/api/v1/sign-out" {
            statuses.push(429);
        }
    } else if of_case && !path.ends_with("/events") {
        parameters.push("IfNoneMatch");
    }
    if let Some(responses) = object(operation, "responses") {
        for status in statuses {
            responses.insert(status.to_string(), json!({ "$ref": format!("#/components/responses/{status}") }));
        }
    }
    if let (false, Some(operation)) = (parameters.is_empty(), operation.as_object_mut()) {
        let refs: Vec<Value> =
            parameters.iter().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })).collect();
        operation.insert("parameters".into(), refs.into());
    }
}

fn security() -> Value {
    let key = |about: &str| json!({ "type": "http", "scheme": "bearer", "bearerFormat": "kw_", "description": about });
    json!({
        "case_key": key(
            "The key of the case, as its opening handed it out. Without it, or with another one, there is no such case.",
        ),
        "session_key": key("The key of a session, as the sign-in handed it out. It opens no case, and no case's key opens a session."),
    })
}

fn parameters() -> Value {
    let header = |name: &str, about: &str, schema: Value| json!({ "name": name, "in": "header", "required": false, "description": about, "schema": schema });
    let query = |name: &str, about: &str, schema: Value| json!({ "name": name, "in": "query", "required": false, "description": about, "schema": schema });
    json!({
        "Reference": {
            "name": "reference",
            "in": "path",
            "required": true,
            "description": "What people call the case.",
            "schema": { "type": "string", "examples": ["KW-7Q4M-82XJ"] },
        },
        "Factor": {
            "name": "factor",
            "in": "path",
            "required": true,
            "description": "Names the way back in.",
            "schema": { "type": "string", "examples": ["factor_01m3k8f0v7e9q2r5t8w1x4y7za"] },
        },
        "Cursor": query("cursor", "What came as `next` with the part before. The first part if it is absent.", json!({ "type": "string" })),
        "Limit": query(
            "limit",
            "How many items at most.",
            json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 30 }),
        ),
        "IdempotencyKey": header(
            "Idempotency-Key",
            "Names this request. The same request with the same key is done once and gets the same answer, with `Idempotency-Replayed: true`; \
                another request with the key is refused. Choose it at random, as a UUID: whoever knows it could get the same answer.",
            json!({ "type": "string", "minLength": 16, "maxLength": 128 }),
        ),
        "IfMatch": header(
            "If-Match",
            "The entity tag of the case as the caller saw it. If it is another by now, nothing is done.",
            json!({ "type": "string" }),
        ),
        "IfNoneMatch": header("If-None-Match", "The entity tag that the caller has.", json!({ "type": "string" })),
    })
}

/// One response for each status, with all problems that have it.
fn problems() -> Value {
    let mut all = Map::new();
    for kind in Kind::ALL {
        let status = kind.status().as_u16();
        let entry = all.entry(status.to_string()).or_insert_with(|| {
            json!({
                "description": "",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            })
        });
        let line = format!("`{}`: {}", kind.code(), kind.detail());
        let about =
            entry["description"].as_str().filter(|about| !about.is_empty()).map(|about| format!("{about}\n{line}"));
        entry["description"] = about.unwrap_or(line).into();
        if status == 401 {
            entry["headers"] = json!({ "WWW-Authenticate": {
                "description": "`Bearer`: the key of a session would do.",
                "schema": { "type": "string" },
            }});
        }
        if matches!(status, 429 | 503) {
            entry["headers"] = json!({ "Retry-After": {
                "description": "When to come back, in seconds.",
                "schema": { "type": "integer" },
            }});
        }
    }
    // A description has a response for what its operations answer; what never comes of an operation is left out.
    all.retain(|status, _| !matches!(status.as_str(), "405" | "421"));
    all.into()
}

/// The log and the health addresses (`web/tlog.rs`, `web/health.rs`).
fn elsewhere() -> Map<String, Value> {
    let text =
        |about: &str| json!({ "description": about, "content": { "text/plain": { "schema": { "type": "string" } } } });
    let get = |id: &str, tag: &str, summary: &str, ok: Value, other: (&str, &str)| {
        json!({ "get": {
            "operationId": id,
            "tags": [tag],
            "summary": summary,
            "responses": { "200": ok, other.0: text(other.1) },
        }})
    };
    let tile = json!({ "description": "The tile. It never changes.", "content": { "application/octet-stream": {} } });
    let rest = json!([{
        "name": "rest",
        "in": "path",
        "required": true,
        "description": "Level and number of a tile, or `entries/` and its number, as C2SP tlog-tiles writes them. It has slashes in it.",
        "schema": { "type": "string", "examples": ["0/000", "entries/000.p/5"] },
    }]);
    let mut tiles =
        get("log_tile", "log", "A tile of the log, where it is public", tile, ("404", "There is no such tile."));
    if let Some(operation) = object(&mut tiles, "get") {
        operation.insert("parameters".into(), rest);
    }
    [
        (
            "/log/checkpoint",
            get(
                "log_checkpoint",
                "log",
                "The newest signed head of the log, where the log is public",
                text("A signed note (C2SP tlog-checkpoint)."),
                ("404", "Nothing has been signed yet."),
            ),
        ),
        ("/log/tile/{rest}", tiles),
        ("/healthz", get("healthy", "health", "The process answers", text("It does."), ("503", "It does not."))),
        (
            "/readyz",
            get(
                "ready",
                "health",
                "Everything that a recovery needs is there",
                text("Each part in a line: `clock ready`, and so `database`, `migrations`, `worker`, `log` and `directory`."),
                ("503", "The same lines; what is missing is `not ready`."),
            ),
        ),
    ]
    .into_iter()
    .map(|(path, item)| (path.to_owned(), item))
    .collect()
}
