//! ECO-13 with the real program and a collector that keeps every byte. Run with `--features otlp`, as `scripts/test.sh` does; without the feature
//! it is looked at that nothing is sent and that this is said.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    thread,
};

use crate::service::{fetch, installed};

/// Takes every request, and keeps its first line and its body.
fn collector() -> (SocketAddr, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let kept: Arc<Mutex<Vec<u8>>> = Arc::default();
    let keeps = Arc::clone(&kept);
    thread::spawn(move || {
        for wire in listener.incoming() {
            let (mut wire, keeps) = (wire.unwrap(), Arc::clone(&keeps));
            thread::spawn(move || {
                let mut reader = BufReader::new(wire.try_clone().unwrap());
                let (mut first, mut line, mut length) = (String::new(), String::new(), 0);
                while reader.read_line(&mut line).unwrap_or(0) > 2 {
                    if first.is_empty() {
                        first.clone_from(&line);
                    }
                    let header = line.to_ascii_lowercase();
                    length = header.strip_prefix("content-length:").map_or(length, |rest| rest.trim().parse().unwrap());
                    line.clear();
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                keeps.lock().unwrap().extend([first.as_bytes(), &body].concat());
                let _ = wire.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            });
        }
    });
    (address, kept)
}

#[test]
fn eco_13_a_collector_gets_routes_and_references_and_nothing_that_was_typed() {
    let folder = tempfile::tempdir().unwrap();
    let (address, kept) = collector();
    let call = installed(folder.path()).set("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{address}"));
    let mut process = call.set("RUST_LOG", "trace").start(folder.path());
    let pages = process.address();
    for path in ["/recover?for=canary-query", "/status/KW-1234-567D", "/canary-path", "/l/canary-secret"] {
        fetch(pages, "reset.northwind.test", path);
    }
    assert!(process.terminate().success());
    let kept = String::from_utf8_lossy(&kept.lock().unwrap()).into_owned();
    if cfg!(feature = "otlp") {
        assert!(kept.starts_with("POST /v1/traces "), "{kept}");
        for word in
            ["service.name", "GET /status/{case}", "keyward.case", "KW-1234-567D", "http.route", "GET none", "expire"]
        {
            assert!(kept.contains(word), "{word} is not in {kept}");
        }
        for word in ["canary", "Mozilla", "sqlx", "SELECT", "127.0.0.1"] {
            assert!(!kept.contains(word), "{word} is in {kept}");
        }
    } else {
        assert!(kept.is_empty(), "{kept}");
        assert!(process.said().contains("this build sends no traces"), "{}", process.said());
    }
}
