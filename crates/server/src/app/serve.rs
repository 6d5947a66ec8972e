//! Listens, until told to stop; then what is under way is ended and nothing new begun.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::{Router, middleware};
use axum_server::tls_rustls::RustlsConfig;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    api,
    jobs::Worker,
    web::{account, applicant, files, guard, health, observe, portal::Shared, tlog},
};

/// How long open requests may take after the server was told to stop. Streams end by themselves when their browser goes.
const GRACE: Duration = Duration::from_secs(5);

/// Every route that this process serves, behind the guard. `more` are those of the demonstration.
pub fn router(portal: &Shared, more: Router<Shared>) -> Router {
    let pages = applicant::routes().merge(account::routes()).merge(files::routes()).merge(tlog::routes());
    let pages = pages.merge(health::routes()).merge(more);
    guard::around(pages.merge(api::routes()), portal)
        .layer(middleware::from_fn(api::problems))
        .layer(middleware::from_fn_with_state(Arc::clone(portal), observe::around))
}

/// Serves pages until told to stop.
pub async fn pages(listener: TcpListener, router: Router, stop: CancellationToken) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let told = stop.clone();
    let serving = axum::serve(listener, service).with_graceful_shutdown(async move { told.cancelled().await });
    tokio::select! {
        result = serving => result,
        () = async { stop.cancelled().await; tokio::time::sleep(GRACE).await; } => Ok(()),
    }
}

/// Serves pages over TLS of its own until told to stop.
pub async fn pages_over_tls(
    listener: TcpListener,
    router: Router,
    pair: (&Path, &Path),
    stop: CancellationToken,
) -> std::io::Result<()> {
    let config = RustlsConfig::from_pem_file(pair.0, pair.1).await?;
    let handle = axum_server::Handle::new();
    let told = handle.clone();
    tokio::spawn(async move {
        stop.cancelled().await;
        told.graceful_shutdown(Some(GRACE));
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum_server::from_tcp_rustls(listener.into_std()?, config)?.handle(handle).serve(service).await
}

/// Does jobs until told to stop.
pub async fn jobs(worker: Arc<Worker>, stop: CancellationToken) {
    worker.run(stop).await;
}

/// Cancels when the system asks the process to end.
pub fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        let interrupted = tokio::signal::ctrl_c();
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminated) => {
                tokio::select! {
                    _ = interrupted => {}
                    _ = terminated.recv() => {}
                }
            }
            Err(_) => drop(interrupted.await),
        }
        told.cancel();
    });
    stop
}
