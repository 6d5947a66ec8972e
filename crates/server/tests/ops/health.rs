//! ECO-11: probes by address, and a yes only when a recovery would come to its end.

use axum::http::StatusCode;
use keyward::{
    ctx::Ctx,
    jobs::{beat, publish},
    store::{Store, workers::Seen},
};

use crate::{
    ask,
    world::{START, World},
};

/// What `/readyz` says is missing.
async fn missing(world: &World) -> Vec<String> {
    let (status, text) = ask(&world.router, "10.0.0.7:8440", "/readyz").await;
    let lines: Vec<(&str, &str)> = text.lines().map(|line| line.split_once(' ').unwrap()).collect();
    let parts: Vec<&str> = lines.iter().map(|(part, _)| *part).collect();
    assert_eq!(parts, ["clock", "database", "migrations", "worker", "log", "directory"], "{text}");
    assert!(lines.iter().all(|(_, is)| matches!(*is, "ready" | "not ready")), "{text}");
    let missing: Vec<String> =
        lines.iter().filter(|(_, is)| *is != "ready").map(|(part, _)| (*part).to_owned()).collect();
    assert_eq!(status == StatusCode::OK, missing.is_empty(), "{status}: {text}");
    missing
}

fn seen(id: &str, world: &World, signs: bool, directories: usize) -> Seen {
    Seen { id: id.to_owned(), at: world.ctx.now(), signs, directories }
}

#[tokio::test]
async fn eco_11_probes_answer_under_any_name_and_nothing_else_does() {
    let world = World::new().await;
    for host in ["reset.northwind.test", "10.0.0.7:8440", "elsewhere.example"] {
        assert_eq!(ask(&world.router, host, "/healthz").await, (StatusCode::OK, "ok\n".to_owned()));
        assert_eq!(ask(&world.router, host, "/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
    }
    for path in ["/", "/healthz/", "/healthz/x", "//healthz", "/log/checkpoint", "/api/v1/cases"] {
        assert_eq!(ask(&world.router, "10.0.0.7:8440", path).await.0, StatusCode::MISDIRECTED_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn eco_11_ready_is_a_living_worker_that_signs_and_reaches_a_directory() {
    let world = World::new().await;
    assert_eq!(missing(&world).await, ["worker", "log", "directory"]);
    assert!(!beat::once(&world.worker, "one").await, "it has not signed yet");
    assert_eq!(missing(&world).await, ["log"]);
    publish::run(&world.worker).await;
    assert!(beat::once(&world.worker, "one").await);
    assert_eq!(missing(&world).await, [""; 0]);
    world.hand.pass_ms(30_001);
    assert_eq!(missing(&world).await, ["worker", "log", "directory"]);
    assert!(!beat::once(&world.worker, "one").await, "it signed too long ago");
    assert_eq!(missing(&world).await, ["log"]);
}

#[tokio::test]
async fn eco_11_two_halves_of_a_worker_are_none_and_rows_of_the_dead_go_away() {
    let world = World::new().await;
    let store = world.store();
    store.worker_seen(&seen("signs", &world, true, 0)).await.unwrap();
    assert_eq!(missing(&world).await, ["directory"]);
    store.worker_seen(&seen("reaches", &world, false, 2)).await.unwrap();
    assert_eq!(missing(&world).await.len(), 1);
    store.worker_seen(&seen("both", &world, true, 1)).await.unwrap();
    assert_eq!(missing(&world).await, [""; 0]);
    store.worker_ended("both").await.unwrap();
    assert_eq!(missing(&world).await.len(), 1);
    assert!(store.readiness(&Ctx::by_hand(START, 1).0).await.worker);
    world.hand.pass_ms(11 * 60_000);
    store.worker_seen(&seen("both", &world, true, 1)).await.unwrap();
    assert!(!store.readiness(&Ctx::by_hand(START, 1).0).await.worker, "the others are still there");
}

#[tokio::test]
async fn eco_11_without_tables_or_without_a_database_nothing_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new.db").display());
    let (ctx, _) = Ctx::by_hand(START, 1);
    let empty = Store::open(&url, &ctx).await.unwrap().readiness(&ctx).await;
    assert!(empty.database && !empty.migrations && !empty.worker && !empty.is_ready());
    let world = World::new().await;
    world.store().close().await;
    assert_eq!(missing(&world).await, ["database", "migrations", "worker", "log", "directory"]);
}
