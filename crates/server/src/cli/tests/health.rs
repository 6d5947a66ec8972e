//! What `keyward health` promises: 0, 1 or 3, over plain HTTP and over the server's own certificate, and never over another one.

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use rustls::{ServerConfig, ServerConnection, Stream};

use super::*;

/// Answers two requests, each with one of these texts, by path.
fn server(answers: [&'static str; 2], tls: Option<Arc<ServerConfig>>) -> String {
    server_for(None, answers, tls)
}

/// The same for one host alone, as Keyward is.
fn server_for(host: Option<&'static str>, answers: [&'static str; 2], tls: Option<Arc<ServerConfig>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming().take(2) {
            let mut stream = stream.unwrap();
            let serve = |stream: &mut dyn ReadWrite| {
                let mut request = [0; 1024];
                let read = stream.read(&mut request).unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let ours = host.is_none_or(|host| request.contains(&format!("\r\nHost: {host}\r\n")));
                let answer = answers[usize::from(request.starts_with("GET /readyz "))];
                let answer = if ours { answer } else { "HTTP/1.1 421 Misdirected Request\r\n\r\n" };
                let _ = stream.write_all(answer.as_bytes());
            };
            match &tls {
                None => serve(&mut stream),
                Some(config) => {
                    let mut connection = ServerConnection::new(Arc::clone(config)).unwrap();
                    serve(&mut Stream::new(&mut connection, &mut stream));
                    connection.send_close_notify();
                    let _ = connection.complete_io(&mut stream);
                }
            }
        }
    });
    address
}

trait ReadWrite: Read + io::Write {}
impl<T: Read + io::Write> ReadWrite for T {}

const OK: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok\n";
const NOT_READY: &str =
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\ndatabase ready\nworker not ready\nlog not ready\n";

#[test]
fn eco_11_health_ends_with_0_when_ready_with_1_when_not_and_with_3_without_an_answer() {
    for (answers, exit, told) in [
        ([OK, OK], 0, "ok    readiness  it can work"),
        ([OK, NOT_READY], 1, "FAIL  readiness  it can not work now (503) worker, log\n"),
        ([NOT_READY, OK], 1, "FAIL  process    it does not say that it lives (503)"),
        (["SSH-2.0\r\n", OK], 3, "does not answer"),
        (["", OK], 3, "does not answer"),
    ] {
        let url = format!("http://{}", server(answers, None));
        let answer = typed(&["health", "--url", &url]);
        assert_eq!(answer.exit.code(), exit, "{answers:?}: {}{}", answer.out, answer.err);
        assert!(format!("{}{}", answer.out, answer.err).contains(told), "{}{}", answer.out, answer.err);
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(typed(&["health", "--url", &format!("http://{closed}")]).exit, Exit::Unreachable);
    for wrong in ["ftp://127.0.0.1", "127.0.0.1:80", "x"] {
        assert_eq!(typed(&["health", "--url", wrong]).exit, Exit::Usage, "{wrong}");
    }
    let json = typed(&["--output", "json", "health", "--url", &format!("http://{}", server([OK, OK], None))]).json();
    assert_eq!((json["ok"].as_bool(), json["checks"][1]["what"].as_str()), (Some(true), Some("readiness")));
}

#[test]
fn eco_16_without_an_address_it_asks_the_listener_of_the_configuration() {
    let (_folder, file) = installed();
    let address = server_for(Some("reset.example.org"), [OK, OK], None);
    let answer = typed_with(&["--config", &file, "health"], &[("KEYWARD_SERVER__LISTEN", &address)]);
    assert_eq!(answer.exit, Exit::Ok, "{}", answer.err);
    let everywhere = server([OK, OK], None).replace("127.0.0.1", "0.0.0.0");
    let answer = typed_with(&["--config", &file, "health"], &[("KEYWARD_SERVER__LISTEN", &everywhere)]);
    assert_eq!(answer.exit, Exit::Ok, "{}", answer.err);
}

#[test]
fn eco_11_a_worker_without_pages_is_asked_where_its_numbers_are() {
    let (_folder, file) = installed();
    let role = [("KEYWARD_SERVER__ROLE", "worker"), ("KEYWARD_DATABASE__URL", "postgres://127.0.0.1/keyward")];
    let answer = typed_with(&["--config", &file, "health"], &role);
    assert!(answer.exit == Exit::Usage && answer.err.contains("server.metrics_listen"), "{}", answer.err);
    let address = server([OK, OK], None);
    let set = [&role[..], &[("KEYWARD_SERVER__METRICS_LISTEN", address.as_str())]].concat();
    let answer = typed_with(&["--config", &file, "health"], &set);
    assert_eq!(answer.exit, Exit::Ok, "{}", answer.err);
}

#[test]
fn eco_16_over_tls_only_the_certificate_of_the_configuration_is_believed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/tls");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (own, key, other) = (path("localhost.pem"), path("localhost.key"), path("ca.pem"));
    let chain = CertificateDer::pem_file_iter(&own).unwrap().map(Result::unwrap).collect();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key_der = PrivateKeyDer::from_pem_file(&key).unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key_der).unwrap());
    let (_folder, file) = installed();
    for (certificate, exit) in [(&own, Exit::Ok), (&other, Exit::Unreachable)] {
        let address = server([OK, OK], Some(Arc::clone(&config)));
        let environment = [
            ("KEYWARD_SERVER__LISTEN", address.as_str()),
            ("KEYWARD_SERVER__TLS_CERT_FILE", certificate),
            ("KEYWARD_SERVER__TLS_KEY_FILE", &key),
        ];
        let answer = typed_with(&["--config", &file, "health"], &environment);
        assert_eq!(answer.exit, exit, "{certificate}: {}{}", answer.out, answer.err);
    }
    let address = server([OK, OK], Some(config));
    let answer = typed(&["health", "--url", &format!("https://{address}")]);
    assert_eq!(answer.exit, Exit::Unreachable, "a certificate that nobody vouches for was believed");
}
