//! How the outside sees the server: its certificate, what is in front of it, what passkeys are bound to.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use keyward_core::time::{DAY_MS, Timestamp};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::{Lines, Patient};
use crate::causes::in_one_line;
use crate::cli::words;
use crate::methods::passkey::RelyingParty;

/// A certificate that ends sooner is told.
const SOON_MS: i64 = 21 * DAY_MS;

/// The certificate: does it belong to the key and to the name, and how long does it last?
pub fn tls(patient: &Patient, lines: &mut Lines) {
    let server = &patient.config().server;
    let (Some(certificate), Some(key)) = (&server.tls_cert_file, &server.tls_key_file) else {
        return match (server.listen.ip().is_loopback(), server.trusted_proxies.is_empty()) {
            (false, true) => lines.warn(
                format!("none: whoever reaches {} speaks to Keyward in clear", server.listen),
                "set server.tls_cert_file and server.tls_key_file, or name the proxy in server.trusted_proxies",
            ),
            _ => lines.skip("Keyward does none itself; the proxy in front of it has to"),
        };
    };
    if let Err(why) = belongs(certificate, key) {
        return lines.fail(why, "put the chain in server.tls_cert_file, the server's own certificate first, and its key in server.tls_key_file");
    }
    match about(certificate, server.public_url.host()) {
        Err(why) => lines.fail(why, "order a certificate for this name"),
        Ok(about) => lasts(&about, patient.ctx.now(), lines),
    }
}

/// Whether the key is that of the first certificate.
fn belongs(certificate: &Path, key: &Path) -> Result<(), String> {
    let wrong = |path: &Path, why: &dyn std::fmt::Display| format!("`{}`: {why}", path.display());
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| wrong(certificate, &error))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let made = builder.with_no_client_auth().with_single_cert(chain, private);
    made.map(drop)
        .map_err(|error| wrong(certificate, &format!("the certificate and the key do not go together: {error}")))
}

/// What the certificate says of itself.
struct About {
    from: Timestamp,
    until: Timestamp,
    is_for: bool,
    host: String,
    names: Vec<String>,
}

fn about(path: &Path, host: &str) -> Result<About, String> {
    let der = CertificateDer::from_pem_file(path).map_err(|error| error.to_string())?;
    let (_, parsed) =
        X509Certificate::from_der(&der).map_err(|error| format!("the certificate can not be read: {error}"))?;
    let moment = |seconds: i64| Timestamp::from_millis(seconds.saturating_mul(1000));
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let mut names = Vec::new();
    let mut is_for = false;
    if let Ok(Some(extension)) = parsed.subject_alternative_name() {
        for name in &extension.value.general_names {
            match name {
                GeneralName::DNSName(name) => {
                    is_for |= covers(name, bare);
                    names.push((*name).to_owned());
                }
                GeneralName::IPAddress(octets) => {
                    let ip = ip_of(octets);
                    is_for |= ip.is_some() && ip == bare.parse().ok();
                    names.extend(ip.map(|ip| ip.to_string()));
                }
                _ => {}
            }
        }
    }
    Ok(About {
        from: moment(parsed.validity().not_before.timestamp()),
        until: moment(parsed.validity().not_after.timestamp()),
        is_for,
        host: bare.to_owned(),
        names,
    })
}

/// A name, or a star for its first label (RFC 9525, 6.3).
fn covers(name: &str, host: &str) -> bool {
    let same = name.eq_ignore_ascii_case(host);
    let starred = name.strip_prefix("*.").zip(host.split_once('.'));
    same || starred.is_some_and(|(parent, (_, own))| parent.eq_ignore_ascii_case(own))
}

fn ip_of(octets: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}

fn lasts(about: &About, now: Timestamp, lines: &mut Lines) {
    if !about.is_for {
        lines.fail(
            format!("the certificate is for {}, and not for {}", about.names.join(", "), about.host),
            "order a certificate for the host of server.public_url",
        );
    }
    let left = about.until.since_ms(now);
    if now < about.from {
        lines.fail(
            format!("the certificate holds only from {} UTC on", words::utc(about.from)),
            "look at the clock first",
        );
    } else if left <= 0 {
        lines.fail(format!("the certificate ended at {} UTC", words::utc(about.until)), "renew it");
    } else if left < SOON_MS {
        lines.warn(format!("the certificate ends in {}", words::span(left)), "renew it");
    } else {
        lines.ok(format!("the certificate lasts until {} UTC and belongs to its key", words::utc(about.until)));
    }
}

/// Whose word about the address of a request is believed.
pub fn proxy(patient: &Patient, lines: &mut Lines) {
    let server = &patient.config().server;
    // An address that no proxy of anybody has (RFC 5737).
    let stranger = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));
    let own_tls = server.tls_cert_file.is_some();
    if server.trusted_proxies.iter().any(|range| range.contains(stranger)) {
        return lines.fail(
            "server.trusted_proxies has everybody in it: anybody can say where they come from, and no limit holds",
            "name the addresses of your proxies and no others",
        );
    }
    match (server.trusted_proxies.is_empty(), own_tls || server.public_url.is_loopback()) {
        (true, true) => lines.ok("none; each request comes from whom it seems to come"),
        (true, false) => lines.warn(
            "server.public_url is https, Keyward does no TLS, and no proxy is trusted: all requests seem to come from the proxy and share its limits",
            "name the proxy in server.trusted_proxies, and let it set X-Forwarded-For",
        ),
        (false, _) => {
            let ranges = words::things(server.trusted_proxies.len(), "range is", "ranges are");
            lines.ok(format!("{ranges} believed when X-Forwarded-For is set; see that the proxy replaces what a client sends"));
        }
    }
}

/// What passkeys are bound to, for ever.
pub fn passkeys(patient: &Patient, lines: &mut Lines) {
    let server = &patient.config().server;
    let url = server.public_url.url();
    match RelyingParty::new(url, &server.organization) {
        Ok(_) => lines.ok(format!(
            "bound to {} at {}; another host in server.public_url would end all of them",
            server.public_url.host(),
            server.public_url.origin()
        )),
        Err(error) => lines.fail(
            format!("no passkey can be used at {}: {}", server.public_url.origin(), in_one_line(&error)),
            "set server.public_url to an https address with a name",
        ),
    }
}
