//! `keyward serve` where nobody has written a configuration (ECO-01): the real binary, its one URL and its one code.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
};

use serde_json::Value;

use crate::process::{Call, Process, until};

/// A port that was free a moment ago.
fn port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn asked(port: u16, request: &str, body: &str) -> String {
    let mut wire = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: localhost:{port}\r\norigin: http://localhost:{port}\r\nconnection: close\r\n"
    );
    let form =
        format!("content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    wire.write_all((head + &form).as_bytes()).unwrap();
    let mut answer = Vec::new();
    wire.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn started(home: &Path, port: u16) -> (Process, Value) {
    let call = Call::new(&["--output", "json", "serve", "--listen", &format!("127.0.0.1:{port}")]);
    let process = call.set("HOME", home.to_str().unwrap()).set("RUST_LOG", "off").start(home);
    let said = until("the one object", || serde_json::from_str(&process.said()).ok());
    (process, said)
}

#[test]
fn eco_01_serve_without_a_file_prints_one_url_and_one_code_that_makes_the_first_account() {
    if fs::exists("/etc/keyward/keyward.toml").unwrap_or(true) {
        return crate::support::skip("first start", "there is a configuration on this machine");
    }
    let home = tempfile::tempdir().unwrap();
    let port = port();
    let (mut process, said) = started(home.path(), port);
    assert_eq!(said["url"], format!("http://localhost:{port}/setup"), "{said}");
    assert!(said["setup_until"].is_string() && said["setup_code"].is_string(), "{said}");
    assert!(asked(port, "GET /setup", "").starts_with("HTTP/1.1 200"));
    assert!(process.terminate().success());

    // Another start, another code; the one before opens nothing.
    let (mut process, next) = started(home.path(), port);
    assert_eq!((&next["url"], &next["configuration"]), (&said["url"], &said["configuration"]));
    let rest = "name=ada&display=Ada&email=ada%40home.example&new-password=three+blue+kettles+sing";
    let typed = |said: &Value| {
        let body = format!("code={}&{rest}", said["setup_code"].as_str().unwrap());
        asked(port, "POST /setup", &body)
    };
    assert!(typed(&said).starts_with("HTTP/1.1 422"));
    let done = typed(&next);
    assert!(done.starts_with("HTTP/1.1 200") && done.contains("Your account is there"), "{done}");
    assert!(asked(port, "GET /setup", "").starts_with("HTTP/1.1 404"));
    assert!(process.terminate().success());

    let (mut process, last) = started(home.path(), port);
    assert_eq!((&last["url"], &last["setup_code"]), (&format!("http://localhost:{port}/").into(), &Value::Null));
    assert!(asked(port, "GET /setup", "").starts_with("HTTP/1.1 404"));
    assert!(process.terminate().success());
    let file = last["configuration"].as_str().unwrap();
    let list = Call::new(&["--config", file, "account", "list"]).succeed();
    assert!(list.contains("ada") && list.contains("staff"), "{list}");
}
