//! `keyward health` (ECO-11, ECO-16): asks a running server whether it lives and whether it is ready. For a container's health check.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use serde_json::json;
use url::Url;

use super::args::HealthArgs;
use super::http::{self, Trust};
use super::{CheckLine, CliContext, CliError, Exit, Mark, Report};
use crate::{
    app,
    config::types::Role,
    web::health::{ALIVE, READY},
};

/// As much of an answer as is shown.
const SHOWN: usize = 200;

/// Who is asked.
struct Server {
    base: Url,
    /// The name that is asked for: a server answers for its public name alone, and is asked by its address here.
    host: Option<String>,
    trust: Trust,
}

/// Asks both.
pub async fn run(args: HealthArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let Server { base, host, trust } = match &args.url {
        Some(text) => Server { base: given(text)?, host: None, trust: Trust::System },
        None => here(ctx)?,
    };
    let within = Duration::from_secs(args.timeout);
    let mut lines = Vec::new();
    for (what, path, well, ill) in [
        ("process", ALIVE, "it lives", "it does not say that it lives"),
        ("readiness", READY, "it can work", "it can not work now"),
    ] {
        let url = base.join(path).map_err(|error| CliError::Usage(format!("--url: {error}")))?;
        let reply = http::get(&url, host.as_deref(), &trust, within).await.map_err(|error| {
            CliError::Unreachable(
                format!("the server at {} does not answer", base.as_str().trim_end_matches('/')),
                error.into(),
            )
        })?;
        lines.push(match reply.status {
            200 => CheckLine::new(what, Mark::Pass, well),
            status => CheckLine::new(what, Mark::Fail, format!("{ill} ({status}) {}", missing(&reply.body))),
        });
    }
    ctx.print(&Report::new("health").field("url", json!(base)).checks(lines))
}

/// An address as it was typed.
fn given(text: &str) -> Result<Url, CliError> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => Ok(url),
        _ => Err(CliError::Usage(format!("--url: `{text}` is not like http://127.0.0.1:8440"))),
    }
}

/// The server of this machine's configuration.
fn here(ctx: &CliContext) -> Result<Server, CliError> {
    let server = ctx.load(&[])?.config.server;
    if server.role == Role::Worker {
        return worker(server.metrics_listen);
    }
    let address = reachable(server.listen);
    let (scheme, trust) = match &server.tls_cert_file {
        None => ("http", Trust::System),
        Some(path) => {
            let own = CertificateDer::from_pem_file(path).map_err(|error| {
                CliError::Failed(format!("cannot read the certificate `{}`", path.display()), error.into())
            })?;
            ("https", Trust::Only(own))
        }
    };
    let base = Url::parse(&format!("{scheme}://{address}/"))
        .map_err(|error| CliError::Failed(format!("cannot ask {address}"), error.into()))?;
    Ok(Server { base, host: Some(app::host(server.public_url.url())), trust })
}

/// A process without pages answers on the listener of its numbers, if it has one.
fn worker(listen: Option<SocketAddr>) -> Result<Server, CliError> {
    let address = listen.map(reachable).ok_or_else(|| {
        CliError::Usage("a process with the role worker answers only with server.metrics_listen set".to_owned())
    })?;
    let base = given(&format!("http://{address}/"))?;
    Ok(Server { base, host: None, trust: Trust::System })
}

/// Who listens on every address is asked on this machine's own.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The parts that are not ready; for an answer that names none, its first line.
fn missing(body: &str) -> String {
    let parts: Vec<&str> = body.lines().filter_map(|line| line.strip_suffix(" not ready")).collect();
    let text = if parts.is_empty() { body.lines().next().unwrap_or_default() } else { &parts.join(", ") };
    text.chars().take(SHOWN).collect()
}
