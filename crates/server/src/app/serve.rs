//! Listens, until told to stop; then what is under way is ended and nothing new begun.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::{Router, middleware};
use axum_server::{Handle, Server, tls_rustls::RustlsConfig};
use hyper_util::rt::TokioTimer;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    api,
    jobs::Worker,
    web::{account, applicant, files, guard, health, observe, portal::Shared, tlog},
};

/// How long open requests may take after the server was told to stop. Streams end by themselves when their browser goes.
const GRACE: Duration = Duration::from_secs(5);
/// How long the head of a request may take to come, and a connection rest between two requests: who trickles loses the place (T-K03).
const HEAD: Duration = Duration::from_secs(10);
/// The longest head of a request, and the most that is read ahead for one connection. The cookies of some hundred cases fit.
const HEAD_BYTES: usize = 64 * 1024;

/// Every route that this process serves, behind the guard. `more` are those of the demonstration.
pub fn router(portal: &Shared, more: Router<Shared>) -> Router {
    let pages = applicant::routes().merge(account::routes()).merge(files::routes());
    let pages = if portal.log_is_public { pages.merge(tlog::routes(Arc::clone(&portal.flow))) } else { pages };
    let pages = pages.merge(health::routes()).merge(more);
    guard::around(pages.merge(api::routes()), portal)
        .layer(middleware::from_fn(api::problems))
        .layer(middleware::from_fn_with_state(Arc::clone(portal), observe::around))
}

/// Serves pages until told to stop.
pub async fn pages(listener: TcpListener, router: Router, stop: CancellationToken) -> std::io::Result<()> {
    let server = bounded(axum_server::from_tcp(listener.into_std()?)?, stop);
    server.serve(router.into_make_service_with_connect_info::<SocketAddr>()).await
}

/// TLS with a certificate chain and its key.
pub async fn tls(chain: &Path, key: &Path) -> std::io::Result<RustlsConfig> {
    let config = RustlsConfig::from_pem_file(chain, key).await?;
    let mut tls = config.get_inner().as_ref().clone();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.reload_from_config(Arc::new(tls));
    Ok(config)
}

/// Serves pages over TLS of its own until told to stop.
pub async fn pages_over_tls(
    listener: TcpListener,
    router: Router,
    config: RustlsConfig,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let server = bounded(axum_server::from_tcp_rustls(listener.into_std()?, config)?, stop);
    server.serve(router.into_make_service_with_connect_info::<SocketAddr>()).await
}

/// What one connection can take of this process has a bound in time and in memory. HTTP/1.1 alone: a page of ours is a handful of small files, and
/// what HTTP/2 brings for that is a second parser with floods of its own (T-K05).
fn bounded<A>(server: Server<SocketAddr, A>, stop: CancellationToken) -> Server<SocketAddr, A> {
    let handle = Handle::new();
    let told = handle.clone();
    tokio::spawn(async move {
        stop.cancelled().await;
        told.graceful_shutdown(Some(GRACE));
    });
    let mut server = server.http1_only().handle(handle);
    let mut http = server.http_builder().http1();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_BYTES);
    server
}

/// Lets this process have as many files and connections as it may. What a shell or a container starts with is a few hundred slow clients.
pub fn take_all_files() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, wanted) {
        tracing::warn!(%error, "the number of connections stays where it was");
    }
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
