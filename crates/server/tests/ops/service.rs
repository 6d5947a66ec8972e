//! ECO-14 and ECO-15 with the real program: what it tells the service manager, what it writes about requests, and how closed its unit is.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    os::unix::net::UnixDatagram,
    path::Path,
    process::Command,
};

use serde_json::Value;

use crate::process::{Call, Process, until};

/// An installation in a folder, of one process.
pub fn installed(at: &Path) -> Call {
    let file = at.join("keyward.toml");
    let database = format!("sqlite:{}", at.join("keyward.db").display());
    let init =
        ["config", "init", "--yes", "--public-url", "https://reset.northwind.test", "--organization", "Northwind"];
    let rest = ["--config", file.to_str().unwrap(), "--help-phone", "555 0199", "--database", &database];
    Call::new(&[&init[..], &rest].concat()).succeed();
    let environment = [
        ("KEYWARD_LOG__LAST_CHECKPOINT_FILE", at.join("last-checkpoint").display().to_string()),
        ("KEYWARD_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("KEYWARD_SERVER__METRICS_LISTEN", "127.0.0.1:0".to_owned()),
    ];
    let environment: BTreeMap<String, String> =
        environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Call::new(&["--config", file.to_str().unwrap(), "serve"]).env(&environment)
}

/// The fields of the lines that it has written so far.
fn lines(process: &Process) -> Vec<Value> {
    let said = process.said();
    said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).collect()
}

pub fn fetch(address: SocketAddr, host: &str, path: &str) -> String {
    let mut wire = TcpStream::connect(address).unwrap();
    write!(wire, "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: canary-agent\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    wire.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn eco_15_systemd_is_told_that_it_is_ready_alive_and_ending() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    let told = || {
        let mut bytes = [0; 256];
        let length = manager.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).trim().to_owned()
    };
    let call = installed(folder.path()).set("NOTIFY_SOCKET", path.to_str().unwrap()).set("WATCHDOG_USEC", "400000");
    let mut process = call.start(folder.path());
    assert_eq!(told(), "READY=1");
    let pages = process.address();
    assert!(fetch(pages, "10.0.0.7", "/healthz").starts_with("HTTP/1.1 200 "), "ready means that it listens");
    assert_eq!([told(), told()], ["WATCHDOG=1", "WATCHDOG=1"]);
    // It has a listener for numbers, and becomes ready: the worker signs, and reaches the directory.
    let numbers = process.numbers();
    until("it is ready", || fetch(pages, "10.0.0.7", "/readyz").starts_with("HTTP/1.1 200 ").then_some(()));
    assert!(fetch(numbers, "x", "/readyz").contains("directory ready"));
    assert!(fetch(numbers, "x", "/metrics").contains("keyward_ready{part=\"worker\"} 1"));
    assert!(fetch(pages, "reset.northwind.test", "/metrics").starts_with("HTTP/1.1 404 "));
    assert!(process.terminate().success());
    until("it says that it ends", || (told() == "STOPPING=1").then_some(()));
}

#[test]
fn eco_14_a_request_is_one_line_with_its_route_and_without_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = installed(folder.path()).start(folder.path());
    let pages = process.address();
    for path in
        ["/", "/recover?for=canary-query", "/status/KW-1234-567D", "/canary-path", "/l/canary-secret", "/healthz"]
    {
        fetch(pages, "reset.northwind.test", path);
    }
    fetch(pages, "canary-host", "/");
    assert!(process.terminate().success());
    let all = lines(&process);
    let answered: Vec<&Value> =
        all.iter().map(|line| &line["fields"]).filter(|fields| fields["message"] == "answered").collect();
    let short = |fields: &&Value| {
        assert!(fields["ms"].is_u64() && fields["method"] == "GET", "{fields}");
        let case = fields["case"].as_str().unwrap_or("-");
        format!("{} {} {case}", fields["route"].as_str().unwrap(), fields["status"])
    };
    let short: Vec<String> = answered.iter().map(short).collect();
    assert_eq!(
        short,
        ["/ 200 -", "/recover 200 -", "/status/{case} 404 KW-1234-567D", "none 404 -", "/l/{token} 410 -", "/ 421 -"]
    );
    assert!(!process.said().contains("canary"), "{}", process.said());
}

#[test]
fn eco_15_the_unit_gives_away_next_to_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let unit = root.join("packaging/keyward.service");
    let text = fs::read_to_string(&unit).unwrap();
    for line in ["Type=notify", "NotifyAccess=main", "WatchdogSec=60", "ExecStart=/usr/bin/keyward serve"] {
        assert!(text.lines().any(|found| found == line), "{line}");
    }
    let analyzed =
        Command::new("systemd-analyze").args(["security", "--offline=true", "--no-pager"]).arg(&unit).output();
    let Ok(analyzed) = analyzed else { return crate::skip("systemd", "there is no systemd-analyze") };
    let said = String::from_utf8_lossy(&analyzed.stdout).into_owned();
    let score = said.rsplit_once("keyward.service: ").and_then(|(_, rest)| rest.split(' ').next()?.parse::<f64>().ok());
    let why = || format!("{said} {}", String::from_utf8_lossy(&analyzed.stderr));
    assert!(score.unwrap_or_else(|| panic!("{}", why())) <= 1.5, "{}", why());
}
