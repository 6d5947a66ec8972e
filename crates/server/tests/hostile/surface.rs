//! T-M and T-F11: what stands open beside the pages, what every answer carries, and TLS as this process speaks it.

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::Command,
    sync::Arc,
};

use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion, pki_types::CertificateDer, pki_types::pem::PemObject as _,
};
use serde_json::Value;

use crate::{
    house::House,
    process::{Call, Process, eventually, until},
    wire::{Answer, Request, connect, raw, rest},
};

/// The files in which routes stand.
const ROUTES: [&str; 6] = [
    include_str!("../../src/web/applicant/mod.rs"),
    include_str!("../../src/web/account/mod.rs"),
    include_str!("../../src/web/files.rs"),
    include_str!("../../src/web/tlog.rs"),
    include_str!("../../src/web/health.rs"),
    include_str!("../../src/web/setup.rs"),
];

/// Every path that is named in a route, as it stands there.
pub fn paths() -> BTreeSet<String> {
    let named = ROUTES.iter().flat_map(|text| text.split(".route(\"").skip(1));
    named.map(|rest| rest[..rest.find('"').unwrap()].to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_f11_no_answer_lets_itself_be_framed_kept_or_read_from_elsewhere() {
    let house = House::new().await;
    let mut all: Vec<String> = paths().into_iter().collect();
    assert!(all.len() > 45, "{all:?}");
    all.extend(keyward::api::description()["paths"].as_object().unwrap().keys().cloned());
    all.extend(["/nothing", "/api/v1/nothing", "/assets/nothing.js", "/log/tile/%ff", "/healthz"].map(str::to_owned));
    for path in all {
        let filled = path
            .replace("{case}", "KW-0000-0000")
            .replace("{*file}", "x")
            .replace("{*rest}", "x")
            .replace(['{', '}'], "");
        for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS"] {
            let answer = Request::new(&format!("{method} {filled}")).ask(house.at);
            let policy = answer.header("content-security-policy").unwrap_or_default();
            for part in ["frame-ancestors 'none'", "default-src 'none'", "base-uri 'none'", "form-action 'self'"] {
                assert!(policy.contains(part), "{method} {filled}: no {part} in {answer:?}");
            }
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{method} {filled}");
            let referrer = if (300..400).contains(&answer.status) { "no-referrer" } else { "same-origin" };
            assert_eq!(answer.header("referrer-policy"), Some(referrer), "{method} {filled}");
        }
    }
}

/// Nothing of our insides: no name of a server, no place in the source, no trace.
fn says_nothing_of_itself(what: &str, answer: &Answer) {
    for name in ["server", "x-powered-by", "via"] {
        assert_eq!(answer.header(name), None, "{what}: {answer:?}");
    }
    for word in ["src/", ".rs:", "panicked", "stack backtrace", "RUST_", "sourceMappingURL"] {
        assert!(!answer.body.contains(word), "{what}: {word}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_m02_nothing_stands_open_beside_the_pages() {
    let house = House::new().await;
    for path in "/metrics /debug /debug/pprof/ /debug/vars /openapi.json /swagger /swagger-ui/ /docs /graphql /.git/HEAD /.env /.htaccess \
        /server-status /actuator /actuator/env /admin /console /phpinfo.php /trace /config /backup /keyward.toml /keyward.db /data/keyward.db \
        /keys/data.key /setup /setup/check /assets/ /assets/app.js.map /assets/../Cargo.toml /assets/%2e%2e/Cargo.toml /log/ /log/entries \
        /api /api/v1 /api/v1/admin /wp-login.php /favicon.ico/x"
        .split_whitespace()
    {
        let answer = Request::new(&format!("GET {path}")).ask(house.at);
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        says_nothing_of_itself(path, &answer);
    }
    let first = Request::new("GET /").ask(house.at);
    says_nothing_of_itself("/", &first);
    for asset in first.body.split("\"/assets/").skip(1).filter_map(|rest| rest.split('"').next()) {
        let path = format!("/assets/{asset}");
        let answer = Request::new(&format!("GET {path}")).ask(house.at);
        assert_eq!(answer.status, 200, "{path}");
        says_nothing_of_itself(&path, &answer);
        assert_eq!(Request::new(&format!("GET {path}.map")).ask(house.at).status, 404, "{path}.map");
    }
    // Methods that make a server talk of itself, and requests that are none.
    for line in [
        "TRACE / HTTP/1.1",
        "CONNECT x.test:443 HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "DEBUG / HTTP/1.1",
        "GET / HTTP/9.9",
        "\u{1}",
    ] {
        let bytes = format!("{line}\r\nhost: reset.northwind.test\r\nx-secret: canary\r\nconnection: close\r\n\r\n");
        let Some(answer) = raw(house.at, bytes.as_bytes()) else { continue };
        assert!((400..500).contains(&answer.status) || answer.status == 505, "{line}: {answer:?}");
        assert!(!answer.body.contains("canary"), "{line}: {answer:?}");
        says_nothing_of_itself(line, &answer);
    }
}

/// A certificate for `localhost`, by itself.
fn certificate(at: &Path) {
    let mut openssl = Command::new("openssl");
    openssl.args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost".split(' '));
    openssl.args("-addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost -keyout tls.key -out tls.crt".split(' ')).current_dir(at);
    assert!(openssl.output().expect("openssl runs").status.success());
    let key = fs::read_to_string(at.join("tls.key")).unwrap();
    crate::house::write_secret(&at.join("tls.key"), key.trim_end());
}

async fn shake_hands(
    house: &House,
    version: &'static SupportedProtocolVersion,
    alpn: &[&str],
) -> Option<(String, String)> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(house.path("tls.crt")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let wire = tokio::net::TcpStream::connect(house.at).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let mut wire = connector.connect("localhost".try_into().unwrap(), wire).await.ok()?;
    let spoken = String::from_utf8(wire.get_ref().1.alpn_protocol().unwrap_or_default().to_vec()).unwrap();
    wire.write_all(&Request::new("GET /").wire()).await.ok()?;
    let mut all = Vec::new();
    let _ = wire.read_to_end(&mut all).await;
    Some((spoken, Answer::read(&all)?.header("strict-transport-security")?.to_owned()))
}

/// The first message of a handshake (RFC 5246 7.4.1.2) for one version, without extensions.
fn hello(version: [u8; 2]) -> Vec<u8> {
    let suites = [0xc0, 0x09, 0xc0, 0x13, 0xc0, 0x2b, 0xc0, 0x2f, 0x00, 0x2f, 0x00, 0x35];
    let mut body = version.to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend([0, u8::try_from(suites.len()).unwrap()]);
    body.extend(suites);
    body.extend([1, 0]);
    let length = u8::try_from(body.len()).unwrap();
    [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &body].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_m03_tls_is_1_2_or_1_3_with_hsts_and_http_1_1_and_nothing_older() {
    let mut house = House::empty(&[], &[]).await;
    certificate(house.folder());
    let (cert, key) = (house.path("tls.crt"), house.path("tls.key"));
    house.start(|call| {
        let call = call.set("KEYWARD_SERVER__TLS_CERT_FILE", cert.to_str().unwrap());
        call.set("KEYWARD_SERVER__TLS_KEY_FILE", key.to_str().unwrap())
    });
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for alpn in [&["h2", "http/1.1"][..], &["http/1.1"], &[]] {
            let (spoken, hsts) = shake_hands(&house, version, alpn).await.expect("an answer over TLS");
            assert_eq!(spoken, if alpn.is_empty() { "" } else { "http/1.1" }, "T-K05");
            let seconds: u64 = hsts.split(['=', ';']).nth(1).unwrap().parse().unwrap();
            assert!(seconds >= 365 * 24 * 3600, "{hsts}");
        }
        assert_eq!(shake_hands(&house, version, &["h2"]).await, None, "T-K05: no HTTP/2");
    }
    // SSL 3, TLS 1.0 and 1.1: an alert, and nothing else.
    for version in [[3, 0], [3, 1], [3, 2]] {
        let mut wire = connect(house.at);
        wire.write_all(&hello(version)).unwrap();
        let answer = rest(&mut wire);
        assert!(answer.first().is_none_or(|kind| *kind == 21), "{version:?}: {answer:?}");
    }
    // The same hello for TLS 1.2 without extensions gets further or an alert, and plain text gets no page.
    let plain = raw(house.at, &Request::new("GET /").wire());
    assert!(plain.is_none(), "{plain:?}");
}

#[test]
fn t_k05_no_http_2_without_tls_and_its_library_is_one_without_the_known_floods() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let house = runtime.block_on(House::new());
    // The preface and an empty SETTINGS frame (RFC 9113 3.4).
    let mut wire = connect(house.at);
    wire.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let answer = String::from_utf8_lossy(&rest(&mut wire)).into_owned();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 505"), "{answer}");
    let upgrade = Request::new("GET /").with("upgrade", "h2c").with("http2-settings", "AAMAAABkAAQAAP__").ask(house.at);
    assert_ne!(upgrade.status, 101);
    // It is built in all the same, under other libraries.
    let lock: toml::Table = include_str!("../../../../Cargo.lock").parse().unwrap();
    let packages = lock["package"].as_array().unwrap().iter();
    for version in packages
        .filter(|package| package["name"].as_str() == Some("h2"))
        .map(|package| package["version"].as_str().unwrap())
    {
        let parts: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
        assert!(parts >= vec![0, 4, 16], "h2 {version}");
    }
}

fn first_start(home: &Path, port: u16) -> Process {
    let call = Call::new(&["--output", "json", "serve", "--listen", &format!("127.0.0.1:{port}")]);
    call.set("HOME", home.to_str().unwrap()).set("RUST_LOG", "off").start(home)
}

fn local(port: u16, line: &str, body: &str) -> Answer {
    let head = format!(
        "{line} HTTP/1.1\r\nhost: localhost:{port}\r\norigin: http://localhost:{port}\r\nconnection: close\r\n"
    );
    let form =
        format!("content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    raw(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), (head + &form).as_bytes()).expect("an answer")
}

#[test]
fn t_m01_no_loss_of_data_brings_the_set_up_back() {
    if fs::exists("/etc/keyward/keyward.toml").unwrap_or(true) {
        return crate::support::skip("first start", "there is a configuration on this machine");
    }
    let home = tempfile::tempdir().unwrap();
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let mut process = first_start(home.path(), port);
    let said: Value = until("the one object", || serde_json::from_str(&process.said()).ok());
    let code = said["setup_code"].as_str().unwrap().to_owned();
    let fields = "name=ada&display=Ada&email=ada%40home.example&new-password=three+blue+kettles+sing";
    assert_eq!(local(port, "POST /setup", &format!("code={code}&{fields}")).status, 200);
    assert_eq!(local(port, "POST /setup", &format!("code={code}&{fields}")).status, 404, "once");
    // Somebody asks, so that something is in the log and signed.
    assert_eq!(local(port, "POST /recover", "name=ada&for=forgot").status, 303);
    let file = said["configuration"].as_str().unwrap();
    let settings: toml::Table = fs::read_to_string(file).unwrap().parse().unwrap();
    let kept = settings["log"]["last_checkpoint_file"].as_str().unwrap();
    until("a checkpoint", || {
        let note = fs::read_to_string(kept).ok()?;
        note.lines().nth(1)?.parse::<u64>().ok().filter(|size| *size >= 2)
    });
    // The last account goes while the process runs: the page stays away, and the code stays dead.
    Call::new(&["--config", file, "account", "remove", "ada", "--yes"]).succeed();
    let again = local(port, "POST /setup", &format!("code={code}&{}", fields.replace("ada", "eve")));
    assert!(matches!(again.status, 404 | 422), "{again:?}");
    assert!(process.terminate().success());

    let config: toml::Table = fs::read_to_string(file).unwrap().parse().unwrap();
    let database = config["database"]["url"].as_str().unwrap().trim_start_matches("sqlite:").to_owned();
    for damage in ["gone", "empty", "garbage"] {
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{database}{end}"));
        }
        match damage {
            "empty" => fs::write(&database, "").unwrap(),
            "garbage" => fs::write(&database, "x".repeat(10_000)).unwrap(),
            _ => {}
        }
        let mut process = first_start(home.path(), port);
        let code = process.ends();
        assert!(code.is_some_and(|code| code != 0), "{damage}: {code:?} {}", process.said());
        assert!(!process.said().contains("setup_code\":\""), "{damage}: {}", process.said());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_m01_a_configured_server_has_no_set_up_however_empty_it_is() {
    let house = House::new().await;
    eventually("it is there", async || (Request::new("GET /healthz").ask(house.at).status == 200).then_some(())).await;
    for path in ["/setup", "/setup/check"] {
        assert_eq!(Request::new(&format!("GET {path}")).ask(house.at).status, 404);
        assert_eq!(Request::form(path, &[("code", "x"), ("name", "eve")]).ask(house.at).status, 404);
    }
    assert!(!house.said().contains("setup"), "{}", house.said());
}
