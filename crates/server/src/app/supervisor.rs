//! What systemd is told (ECO-15): ready once it listens, alive for as long as it goes on, and that it ends. Says nothing where nobody listens.
//!
//! Alive means that this process can still do its work, not that everything around it is well: to start it again does not bring a database back.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode},
};
use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{jobs::Worker, web::health};

/// How long a worker may take for one round of saying that it is alive: each part of a round has a limit, and this is more than their sum.
const ROUND: Duration = Duration::from_secs(30);
/// How long the pages may take to say that they are there.
const ANSWER: Duration = Duration::from_secs(5);

/// What is looked at.
#[derive(Default)]
pub struct Watched {
    /// The pages, if this process serves any.
    pub pages: Option<Router>,
    /// The worker, if this process does jobs.
    pub worker: Option<Arc<Worker>>,
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager could not be told");
    }
}

/// Says that it listens; then that it is alive, as often as the service manager wants to hear it; then that it ends.
pub async fn watch(watched: Watched, stop: CancellationToken) {
    tell(NotifyState::Ready);
    match sd_notify::watchdog_enabled() {
        // Twice in the time that is given, as sd_watchdog_enabled(3) says.
        Some(within) => drop(stop.run_until_cancelled(tick(&watched, within / 2)).await),
        None => stop.cancelled().await,
    }
    tell(NotifyState::Stopping);
}

async fn tick(watched: &Watched, every: Duration) {
    let mut progress = Progress::default();
    loop {
        let rounds = watched.worker.as_ref().map(|worker| worker.beat.rounds());
        if !progress.goes_on(rounds, every) {
            tracing::error!("the worker does not go on; the service manager is not told that this process is alive");
        } else if !answers(watched.pages.as_ref()).await {
            tracing::error!("the pages do not answer; the service manager is not told that this process is alive");
        } else {
            tell(NotifyState::Watchdog);
        }
        tokio::time::sleep(every).await;
    }
}

/// Whether a worker goes on: its rounds grow, or have not stood still for long.
#[derive(Default)]
struct Progress {
    rounds: Option<u64>,
    still: Duration,
}

impl Progress {
    fn goes_on(&mut self, rounds: Option<u64>, passed: Duration) -> bool {
        self.still = if rounds == self.rounds && rounds.is_some() { self.still + passed } else { Duration::ZERO };
        self.rounds = rounds;
        self.still < ROUND
    }
}

/// Asks the pages through everything that is around them.
async fn answers(pages: Option<&Router>) -> bool {
    let Some(pages) = pages else { return true };
    let Ok(mut request) = Request::builder().uri(health::ALIVE).body(Body::empty()) else { return false };
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 0))));
    let answer = tokio::time::timeout(ANSWER, pages.clone().oneshot(request)).await;
    matches!(answer, Ok(Ok(answer)) if answer.status() == StatusCode::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn eco_15_a_worker_that_stands_still_is_not_alive_and_one_that_goes_on_is() {
        let every = Duration::from_secs(10);
        let mut progress = Progress::default();
        for (rounds, alive) in [(1, true), (1, true), (1, true), (1, false), (1, false), (2, true), (2, true)] {
            assert_eq!(progress.goes_on(Some(rounds), every), alive, "{rounds}");
        }
        let mut pages_only = Progress::default();
        assert!((0..9).all(|_| pages_only.goes_on(None, every)));
        assert!(answers(None).await);
        assert!(!answers(Some(&Router::new())).await, "it has no such address");
        let well = Router::new().route(health::ALIVE, axum::routing::get(async || "ok"));
        assert!(answers(Some(&well)).await);
        let dead = well.layer(axum::middleware::from_fn(async |_: Request<Body>, _| StatusCode::SERVICE_UNAVAILABLE));
        assert!(!answers(Some(&dead)).await);
    }
}
