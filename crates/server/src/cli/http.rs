//! One question to a web server: what `keyward health` and `doctor` need, and no more. GET, no redirect, a short answer, in time.
//!
//! TLS is never left unchecked. A server on this machine is asked by its address, not by its name; there the certificate has to be
//! the very one that the configuration names.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

/// No answer that is read here is longer.
const MAX_ANSWER: u64 = 64 << 10;

/// Which certificates are believed.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Those that the system trusts for the name.
    System,
    /// Those that these have signed, for the name.
    Signed(Vec<CertificateDer<'static>>),
    /// This one, whatever name is in it.
    Only(CertificateDer<'static>),
}

/// What was answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The body, cut off at 64 KiB.
    pub body: String,
}

/// Asks for one page. `host` is the name that is asked for, where it is another than the address. Everything together may take `within`.
pub async fn get(url: &Url, host: Option<&str>, trust: &Trust, within: Duration) -> io::Result<Reply> {
    let late = || io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {} seconds", within.as_secs()));
    tokio::time::timeout(within, ask(url, host, trust)).await.unwrap_or_else(|_| Err(late()))
}

async fn ask(url: &Url, asked_for: Option<&str>, trust: &Trust) -> io::Result<Reply> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("`{url}` {what}"));
    let host = url.host_str().ok_or_else(|| wrong("names no host"))?;
    let port = url.port_or_known_default().ok_or_else(|| wrong("names no port"))?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((bare, port)).await?;
    if url.scheme() == "http" {
        return converse(stream, url, asked_for).await;
    }
    let name = ServerName::try_from(bare.to_owned()).map_err(|_| wrong("names no host that TLS knows"))?;
    let connector = TlsConnector::from(Arc::new(client(trust).map_err(io::Error::other)?));
    converse(connector.connect(name, stream).await?, url, asked_for).await
}

/// A TLS client with the certificates that are believed.
pub fn client(trust: &Trust) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::System => roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
        Trust::Signed(certificates) => roots.add_parsable_certificates(certificates.iter().cloned()),
        Trust::Only(certificate) => {
            let algorithms = provider.signature_verification_algorithms;
            let only = Only { certificate: certificate.clone(), algorithms };
            return Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(only)).with_no_client_auth());
        }
    };
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    url: &Url,
    asked_for: Option<&str>,
) -> io::Result<Reply> {
    let host = match (asked_for, url.host_str().unwrap_or_default(), url.port()) {
        (Some(host), ..) => host.to_owned(),
        (None, host, Some(port)) => format!("{host}:{port}"),
        (None, host, None) => host.to_owned(),
    };
    let request = format!("GET {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAccept: */*\r\n\r\n", url.path());
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut answer).await?;
    parse(&answer).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

/// Status and body. A body in pieces (RFC 9112, 7.1) is put together as far as it came.
fn parse(answer: &[u8]) -> Option<Reply> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let version = words.next()?;
    let status = words.next()?.parse().ok().filter(|status| (100..1000).contains(status))?;
    if !version.starts_with("HTTP/1.") {
        return None;
    }
    let chunked = lines.any(|line| {
        line.split_once(':').is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("transfer-encoding") && value.trim().eq_ignore_ascii_case("chunked")
        })
    });
    Some(Reply { status, body: if chunked { joined(body) } else { body.to_owned() } })
}

fn joined(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let Ok(size @ 1..) = usize::from_str_radix(size.split(';').next().unwrap_or_default(), 16) else { break };
        let Some((piece, behind)) = rest.split_at_checked(size.min(rest.len())) else { break };
        whole.push_str(piece);
        body = behind.strip_prefix("\r\n").unwrap_or(behind);
    }
    whole
}

/// Believes one certificate and no other.
#[derive(Debug)]
struct Only {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Only {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if *shown == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_status_and_a_body_or_none() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Some((200, "ok"))),
            ("HTTP/1.0 503 Busy\r\n\r\n", Some((503, ""))),
            ("HTTP/1.1 204 \r\n\r\n", Some((204, ""))),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n4\r\nread\r\n1;x=1\r\ny\r\n0\r\n\r\n",
                Some((200, "ready")),
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\ncut", Some((200, "cut"))),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nno", Some((200, ""))),
            ("HTTP/2 200\r\n\r\n", None),
            ("HTTP/1.1 99 x\r\n\r\n", None),
            ("SSH-2.0-OpenSSH\r\n", None),
            ("", None),
        ] {
            let parsed = parse(answer.as_bytes());
            let parsed = parsed.as_ref().map(|reply| (reply.status, reply.body.as_str()));
            assert_eq!(parsed, expected, "{answer:?}");
        }
    }
}
