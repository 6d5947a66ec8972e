//! ECO-12: what is counted, that nobody can be found in it, and that what is shipped asks for nothing else.

use std::{collections::BTreeSet, fs, net::SocketAddr, path::Path, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode},
    routing::get,
};
use keyward::{
    app::serve,
    jobs,
    metrics::Metrics,
    web::{numbers, portal::Portal},
};
use tower::ServiceExt as _;

use crate::{
    ask,
    world::{Page, World},
};

const NEW: &str = "copper violin harvest 71";

async fn text(world: &World) -> String {
    ask(&numbers::router(world.flow.clone()), "10.0.0.7:9440", "/metrics").await.1
}

/// The value of a series.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find(|line| line.rsplit_once(' ').is_some_and(|(name, _)| name == series));
    line.unwrap_or_else(|| panic!("no {series} in {text}")).rsplit_once(' ').unwrap().1.parse().unwrap()
}

/// Somebody gets a new password.
async fn recovered(world: &World) -> (Page, Vec<String>) {
    let ada = world.somebody("ada").await;
    let (app, codes) = (world.give_app(&ada).await, world.give_codes(&ada).await);
    let mut browser = world.browser();
    let how = world.forgot(&mut browser, "ada").await;
    let type_app = browser.fill(&how, &[("way", "app")]).await;
    let code = app.code(world.ctx.now());
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let again = browser.fill(&type_app, &[("code", wrong)]).await;
    let how = browser.fill(&again, &[("code", &code)]).await;
    let password = browser.show(&how, "recovery-code", &codes[0]).await;
    let working = browser.fill(&password, &[("new-password", NEW)]).await;
    world.work().await;
    jobs::publish::run(&world.worker).await;
    jobs::beat::once(&world.worker, "one").await;
    (browser.get(&working.path).await, vec![ada.mail, codes[0].clone(), code, how.reference()])
}

#[tokio::test]
async fn t_c03_the_log_is_not_for_whoever_typed_a_name() {
    let world = World::new().await;
    recovered(&world).await;
    let shown = &world.portal;
    let portal = Portal {
        flow: shown.flow.clone(),
        site: shown.site.clone(),
        language: shown.language,
        passwords: shown.passwords.clone(),
        host: shown.host.clone(),
        secure: shown.secure,
        trusted: Vec::new(),
        log_is_public: false,
    };
    let (pages, numbers) = (serve::router(&Arc::new(portal), Router::new()), numbers::router(world.flow.clone()));
    for path in ["/log/checkpoint", "/log/tile/entries/000.p/1", "/log/tile/0/000.p/1"] {
        assert_eq!(ask(&pages, "reset.northwind.test", path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let (status, note) = ask(&numbers, "10.0.0.7:9440", "/log/checkpoint").await;
    assert_eq!(status, StatusCode::OK);
    let size: u64 = note.lines().nth(1).unwrap().parse().unwrap();
    let entries = format!("/log/tile/entries/000.p/{size}");
    assert!(
        ask(&numbers, "10.0.0.7:9440", &entries).await.1.contains("\"classified\""),
        "it is what nobody else may read"
    );
    world.end().await;
}

#[tokio::test]
async fn eco_12_a_recovery_is_counted_once_at_each_step_and_nobody_is_named() {
    let world = World::new().await;
    let (done, secrets) = recovered(&world).await;
    assert_eq!(done.heading(), "Reset your password You are back in");
    ask(&world.router, "reset.northwind.test", "/nothing/ada@home.test?name=ada").await;
    let text = text(&world).await;
    for (series, expected) in [
        ("keyward_cases_opened_total{door=\"forgot\",action=\"set_password\"}", 1.0),
        ("keyward_cases_ended_total{outcome=\"reviewed\",step=\"review\",class=\"standard\"}", 1.0),
        ("keyward_gate_verdicts_total{gate=\"verify\",verdict=\"allowed\",class=\"standard\"}", 1.0),
        ("keyward_gate_verdicts_total{gate=\"authorize\",verdict=\"allowed\",class=\"standard\"}", 1.0),
        ("keyward_proofs_total{method=\"totp\",result=\"accepted\"}", 1.0),
        ("keyward_proofs_total{method=\"totp\",result=\"mismatch\"}", 1.0),
        ("keyward_proofs_total{method=\"recovery_code\",result=\"accepted\"}", 1.0),
        ("keyward_reissues_total{action=\"set_password\",outcome=\"done\"}", 1.0),
        ("keyward_job_duration_seconds_count{kind=\"classify\",result=\"done\"}", 1.0),
        ("keyward_job_duration_seconds_count{kind=\"reissue\",result=\"done\"}", 1.0),
        ("keyward_jobs{state=\"dead\"}", 0.0),
        ("keyward_jobs_oldest_due_seconds", 0.0),
        ("keyward_cases{state=\"reviewed\"}", 1.0),
        ("keyward_cases{state=\"ended\"}", 0.0),
        ("keyward_ready{part=\"database\"}", 1.0),
        ("keyward_ready{part=\"directory\"}", 1.0),
        ("keyward_http_request_duration_seconds_count{method=\"GET\",route=\"/recover\",status=\"2xx\"}", 1.0),
        ("keyward_http_request_duration_seconds_count{method=\"GET\",route=\"none\",status=\"4xx\"}", 1.0),
        ("keyward_log_checkpoint_age_seconds", 0.0),
    ] {
        assert_eq!(value(&text, series), expected, "{series}");
    }
    assert!(value(&text, "keyward_log_entries") > 8.0);
    assert_eq!(value(&text, "keyward_log_entries"), value(&text, "keyward_log_signed_entries"));
    assert!(text.ends_with("# EOF\n"));
    for secret in secrets.iter().map(String::as_str).chain(["ada", "home.test", NEW]) {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    // Every name that is declared is given out, and no other.
    let given: BTreeSet<&str> = text.lines().filter(|line| !line.starts_with('#')).map(name).collect();
    let declared: BTreeSet<&str> = world.flow.metrics.names().iter().map(String::as_str).collect();
    assert_eq!(given, declared);
    world.end().await;
}

fn name(line: &str) -> &str {
    line.split(['{', ' ']).next().unwrap()
}

#[tokio::test]
async fn eco_12_what_is_not_known_is_not_an_old_number() {
    let world = World::new().await;
    assert_eq!(value(&text(&world).await, "keyward_log_entries"), 0.0);
    assert!(value(&text(&world).await, "keyward_log_checkpoint_age_seconds").is_nan());
    world.store().close().await;
    let text = text(&world).await;
    assert!(value(&text, "keyward_log_entries").is_nan() && value(&text, "keyward_jobs_oldest_due_seconds").is_nan());
    assert_eq!(value(&text, "keyward_ready{part=\"database\"}"), 0.0);
    assert!(!text.contains("keyward_jobs{") && !text.contains("keyward_cases{"), "{text}");
}

#[tokio::test]
async fn eco_12_a_stream_counts_while_it_is_open_and_labels_do_not_grow_with_what_is_sent() {
    let world = World::new().await;
    let stream = async || ([("content-type", "text/event-stream")], Body::from_stream(silence()));
    let router = serve::router(&world.portal, Router::new().route("/demo/stream", get(stream)));
    let send = async |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path).header("host", "reset.northwind.test");
        let mut request = request.header("sec-fetch-site", "same-origin").body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 9], 40_000))));
        router.clone().oneshot(request).await.unwrap()
    };
    let open = [send("GET", "/demo/stream").await, send("GET", "/demo/stream").await];
    assert_eq!(value(&text(&world).await, "keyward_http_event_streams"), 2.0);
    drop(open);
    assert_eq!(value(&text(&world).await, "keyward_http_event_streams"), 0.0);
    for number in 0..5 {
        send(&format!("X{number}"), "/").await;
        send("GET", &format!("/made-up/{number}")).await;
    }
    let text = text(&world).await;
    assert_eq!(
        value(&text, "keyward_http_request_duration_seconds_count{method=\"GET\",route=\"none\",status=\"4xx\"}"),
        5.0
    );
    assert!(!text.contains("X1") && !text.contains("made-up"), "{text}");
    assert!(text.contains("method=\"other\""), "{text}");
}

fn silence() -> impl futures_util::Stream<Item = Result<String, std::io::Error>> {
    futures_util::stream::pending()
}

/// Every name that begins with `keyward_` in a text.
fn asked_for(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("keyward_")).collect()
}

#[test]
fn eco_12_the_shipped_dashboard_and_alerts_and_the_page_name_only_what_there_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    let metrics = Metrics::default();
    let there: BTreeSet<&str> = metrics.names().iter().map(String::as_str).collect();
    for file in ["packaging/grafana.json", "packaging/alerts.yml"] {
        let text = read(file);
        let asked = asked_for(&text);
        assert!(asked.len() > 8, "{file}");
        assert!(asked.is_subset(&there), "{file} asks for {:?}", asked.difference(&there));
    }
    let dashboard: serde_json::Value = serde_json::from_str(&read("packaging/grafana.json")).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 20);
    // The page has each number by the name that it is registered with, without what OpenMetrics adds.
    let page = read("docs/operations.md");
    let described = asked_for(&page);
    for name in &there {
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(described.contains(base), "docs/operations.md does not tell what {base} is");
    }
}
