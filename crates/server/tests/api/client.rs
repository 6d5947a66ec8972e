//! A program that uses the API. It remembers every byte it got, and checks each answer against the description.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, LazyLock, Mutex},
};

use axum::{
    Router,
    body::{Body, BodyDataStream},
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, Response, StatusCode, header},
};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    people::HOST,
    world::{Key, SITE, World},
};

/// What came back.
#[derive(Clone, Debug)]
pub struct Got {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} {}", self.status, self.text))
    }
    pub fn at(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).cloned().unwrap_or_default()
    }
    pub fn str(&self, pointer: &str) -> String {
        self.at(pointer).as_str().unwrap_or_else(|| panic!("no {pointer} in {}", self.text)).to_owned()
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
    /// The last part of the problem's type; empty if it is none.
    pub fn problem(&self) -> String {
        let kind = self.at("/type");
        kind.as_str().and_then(|kind| kind.strip_prefix(keyward::api::PREFIX)).unwrap_or_default().to_owned()
    }
    /// Status and problem, for tables.
    pub fn short(&self) -> (u16, String) {
        (self.status.as_u16(), if self.status.is_success() { String::new() } else { self.problem() })
    }
}

/// A caller.
pub struct Client {
    router: Router,
    pub address: IpAddr,
    seen: Mutex<String>,
}

/// A case and its key.
#[derive(Clone, Debug)]
pub struct Held {
    pub reference: String,
    pub key: String,
}

impl Held {
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/cases/{}{rest}", self.reference)
    }
}

/// One request, before it is sent.
pub struct Sent<'a> {
    client: &'a Client,
    request: axum::http::request::Builder,
    method: Method,
    path: String,
    body: Vec<u8>,
    described: bool,
}

impl Client {
    pub fn new(world: &World) -> Self {
        Self { router: world.router.clone(), address: IpAddr::from([192, 0, 2, 7]), seen: Mutex::default() }
    }
    pub fn from(world: &World, address: [u8; 4]) -> Self {
        Self { address: IpAddr::from(address), ..Self::new(world) }
    }

    pub fn ask(&self, method: Method, path: &str) -> Sent<'_> {
        let request = Request::builder().method(&method).uri(path).header(header::HOST, HOST);
        Sent { client: self, request, method, path: path.to_owned(), body: Vec::new(), described: true }
    }
    pub fn get(&self, path: &str) -> Sent<'_> {
        self.ask(Method::GET, path)
    }
    pub fn post(&self, path: &str) -> Sent<'_> {
        self.ask(Method::POST, path)
    }

    /// Opens a case by a door.
    pub async fn open(&self, name: &str, door: &str) -> Held {
        let got = self.post("/api/v1/cases").json(json!({ "name": name, "door": door })).send().await;
        assert_eq!(got.status, StatusCode::CREATED, "{}", got.text);
        Held { reference: got.str("/reference"), key: got.str("/key") }
    }
    /// Looks at a case.
    pub async fn look(&self, held: &Held) -> Got {
        self.get(&held.path("")).key(&held.key).send().await
    }
    /// Does something in a case.
    pub async fn act(&self, held: &Held, rest: &str, body: Value) -> Got {
        self.post(&held.path(rest)).key(&held.key).json(body).send().await
    }

    /// What a key answers to the dialog of a case, which it begins.
    pub async fn answered(&self, held: &Held, key: &Key) -> Value {
        let begun = self.act(held, "/proofs/passkey/options", json!({})).await;
        let options = json!({ "publicKey": begun.at("/options") });
        let credential = key.get_at(SITE, &options).await.unwrap();
        json!({ "dialog": begun.str("/dialog"), "credential": credential })
    }

    /// Everything that any answer had in it.
    pub fn seen(&self) -> String {
        self.seen.lock().unwrap().clone()
    }
}

impl Sent<'_> {
    pub fn key(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }
    pub fn json(self, body: Value) -> Self {
        self.raw("application/json", body.to_string().as_bytes())
    }
    pub fn raw(mut self, kind: &str, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self.header("content-type", kind)
    }
    /// For requests that the description does not have, such as a wrong method.
    pub fn undescribed(mut self) -> Self {
        self.described = false;
        self
    }

    async fn response(client: &Client, request: axum::http::request::Builder, body: Vec<u8>) -> Response<Body> {
        let mut request = request.body(Body::from(body)).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client.address, 40_000)));
        client.router.clone().oneshot(request).await.unwrap()
    }

    /// For an answer that does not end.
    pub async fn stream(self) -> BodyDataStream {
        let response = Self::response(self.client, self.request, self.body).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        response.into_body().into_data_stream()
    }

    pub async fn send(self) -> Got {
        let response = Self::response(self.client, self.request, self.body).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let got = Got { status, headers, text: String::from_utf8_lossy(&body).into_owned() };
        self.client.seen.lock().unwrap().push_str(&format!("{:?}\n{}\n", got.headers, got.text));
        assert_eq!(got.header("cache-control"), "no-store", "{} {}", self.method, self.path);
        assert!(!got.headers.contains_key(header::SET_COOKIE), "{} sets a cookie", self.path);
        if self.described {
            as_described(&self.method, &self.path, &got);
        }
        got
    }
}

static DESCRIPTION: LazyLock<Value> = LazyLock::new(keyward::api::description);

type Known = Mutex<HashMap<String, Arc<jsonschema::Validator>>>;
static VALIDATORS: LazyLock<Known> = LazyLock::new(Known::default);

/// Each answer has a status that the description names, in the form that it names.
fn as_described(method: &Method, path: &str, got: &Got) {
    let path = path.split('?').next().unwrap();
    let template = template(path).unwrap_or_else(|| panic!("{path} is not described"));
    let what = format!("{method} {template} {}", got.status);
    let operation = &DESCRIPTION["paths"][&template][method.as_str().to_lowercase()];
    let mut response = &operation["responses"][got.status.as_str()];
    if let Some(reference) = response["$ref"].as_str() {
        response = DESCRIPTION.pointer(reference.trim_start_matches('#')).unwrap();
    }
    assert!(response.is_object(), "{what} is not described: {}", got.text);
    let Some(content) = response["content"].as_object() else {
        assert!(got.text.is_empty(), "{what}: a body that is not described");
        return;
    };
    let kind = got.header("content-type");
    let schema = &content.get(kind).unwrap_or_else(|| panic!("{what}: {kind}"))["schema"];
    let validator = VALIDATORS.lock().unwrap().entry(what.clone()).or_insert_with(|| validator(schema)).clone();
    let errors: Vec<String> = validator.iter_errors(&got.json()).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{what}: {errors:?} {}", got.text);
}

fn validator(schema: &Value) -> Arc<jsonschema::Validator> {
    let mut whole = schema.as_object().unwrap().clone();
    whole.insert("components".to_owned(), DESCRIPTION["components"].clone());
    Arc::new(jsonschema::validator_for(&Value::Object(whole)).unwrap())
}

/// The described path that a path is an instance of.
fn template(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |template: &&String| {
        let named: Vec<&str> = template.split('/').collect();
        named.len() == parts.len() && named.iter().zip(&parts).all(|(name, part)| name.starts_with('{') || name == part)
    };
    DESCRIPTION["paths"].as_object().unwrap().keys().find(fits).cloned()
}
