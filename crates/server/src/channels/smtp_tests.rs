//! Mail over a real socket to a server of our own. Not here: other people's servers (`make test` reaches them where they are installed).

#[path = "../../tests/support/smtp_sink.rs"]
#[allow(dead_code, reason = "other tests need more of it")]
mod smtp_sink;

use std::sync::Arc;

use data_encoding::BASE64;
use keyward_core::secret::Secret;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio_rustls::TlsAcceptor;

use self::smtp_sink::{Fault, Received, Secure, Sink, Stream};
use super::*;

const CA: &[u8] = include_bytes!("../../tests/support/tls/ca.pem");
const CERTIFICATE: &[u8] = include_bytes!("../../tests/support/tls/localhost.pem");
const KEY: &[u8] = include_bytes!("../../tests/support/tls/localhost.key");

fn settings(sink: &Sink) -> Settings {
    Settings {
        host: "127.0.0.1".to_owned(),
        port: sink.address.port(),
        security: Security::None,
        ca_pem: None,
        sign_in: None,
        from: "Northwind account help <reset@example.org>".to_owned(),
        reply_to: None,
        public_host: "reset.example.org".to_owned(),
        timeout_ms: 60_000,
        connections: 2,
    }
}
fn message() -> Message {
    Message {
        to: "ada@example.org".to_owned(),
        subject: "Your code".to_owned(),
        text: SecretText::new("Your code is 123 456\n".to_owned()),
        html: SecretText::new("<p>Your code is <b>123 456</b></p>\n".to_owned()),
        seed: [7; 16],
        language: "en".to_owned(),
        at: Timestamp::from_millis(1_795_183_333_005),
    }
}
fn secure() -> Secure {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(CERTIFICATE).collect::<Result<_, _>>().unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(KEY).unwrap())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Arc::new(move |stream| {
        let acceptor = acceptor.clone();
        Box::pin(async move { Ok(Box::new(acceptor.accept(stream).await?) as Box<dyn Stream>) })
    })
}

/// Sends one message to a plain server, and gives what it got.
async fn sent(message: Message) -> Received {
    let sink = Sink::start(None, false).await.unwrap();
    Smtp::new(settings(&sink)).unwrap().send(&message).await.unwrap();
    let mut all = sink.received();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// A message taken apart: headers with folded lines joined, and the parts decoded.
struct Read {
    headers: Vec<(String, String)>,
    text: String,
    html: String,
}

impl Read {
    fn new(received: &Received) -> Self {
        let data = std::str::from_utf8(&received.data).expect("headers and encoded parts are ASCII");
        assert!(data.is_ascii());
        assert!(!data.replace("\r\n", "").contains(['\r', '\n']), "only CR LF ends a line");
        assert!(data.split("\r\n").all(|line| line.len() <= 998), "no line is too long");
        let (headers, rest) = split(data);
        let kind = value(&headers, "Content-Type");
        assert!(kind.starts_with("multipart/alternative"), "{kind}");
        let boundary = kind.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
        let delimiter = format!("--{boundary}");
        let pieces: Vec<&str> = rest.split(delimiter.as_str()).collect();
        let [_, text, html, end] = pieces.as_slice() else {
            panic!("two parts and not {}: {rest}", pieces.len());
        };
        assert!(end.starts_with("--"));
        Self { text: part(text, "text/plain"), html: part(html, "text/html"), headers }
    }
    fn header(&self, name: &str) -> &str {
        value(&self.headers, name)
    }
    fn names(&self) -> Vec<&str> {
        self.headers.iter().map(|(name, _)| name.as_str()).collect()
    }
}

fn split(text: &str) -> (Vec<(String, String)>, &str) {
    let (head, rest) = text.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let headers = head
        .split("\r\n")
        .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("`{line}` is no header")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    (headers, rest)
}
fn value<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    let mut found = headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let first = found.next().unwrap_or_else(|| panic!("no `{name}`"));
    assert!(found.next().is_none(), "`{name}` stands once");
    first
}
fn part(piece: &str, kind: &str) -> String {
    let (headers, body) = split(piece.strip_prefix("\r\n").unwrap());
    assert_eq!(value(&headers, "Content-Type"), format!("{kind}; charset=utf-8"));
    let body = body.strip_suffix("\r\n").unwrap();
    let bytes = match value(&headers, "Content-Transfer-Encoding") {
        "7bit" => body.as_bytes().to_vec(),
        "quoted-printable" => quoted_printable::decode(body, quoted_printable::ParseMode::Strict).unwrap(),
        "base64" => BASE64.decode(body.replace("\r\n", "").as_bytes()).unwrap(),
        other => panic!("{other}"),
    };
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}

#[tokio::test]
async fn a_message_arrives_with_text_and_html_and_the_headers_of_a_notice() {
    let received = sent(message()).await;
    assert_eq!(
        (received.from.as_str(), received.to.as_slice()),
        ("reset@example.org", &["ada@example.org".to_owned()][..])
    );
    let read = Read::new(&received);
    assert_eq!(read.text, "Your code is 123 456\n");
    assert_eq!(read.html, "<p>Your code is <b>123 456</b></p>\n");
    assert_eq!(read.header("From"), "\"Northwind account help\" <reset@example.org>");
    assert_eq!(read.header("To"), "ada@example.org");
    assert_eq!(read.header("Subject"), "Your code");
    assert_eq!(read.header("Date"), "Fri, 20 Nov 2026 14:02:13 +0000");
    assert_eq!(read.header("Auto-Submitted"), "auto-generated");
    assert_eq!(read.header("Content-Language"), "en");
    assert_eq!(read.header("Message-ID"), format!("<{}@reset.example.org>", BASE32.encode(&[7; 16])));
    let mut names = read.names();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "Auto-Submitted",
            "Content-Language",
            "Content-Type",
            "Date",
            "From",
            "MIME-Version",
            "Message-ID",
            "Subject",
            "To"
        ]
    );
}

#[tokio::test]
async fn a_message_keeps_its_name_when_it_is_tried_again() {
    let sink = Sink::start(None, false).await.unwrap();
    let smtp = Smtp::new(settings(&sink)).unwrap();
    for message in [message(), message(), Message { seed: [8; 16], ..message() }] {
        smtp.send(&message).await.unwrap();
    }
    let all = sink.received();
    assert_eq!(all[0], all[1]);
    assert_ne!(Read::new(&all[0]).header("Message-ID"), Read::new(&all[2]).header("Message-ID"));
}

#[tokio::test]
async fn letters_of_every_script_arrive() {
    let text = "Grüße, Žofie 日本語 \u{1f511}\n";
    let received = sent(Message {
        subject: "Kód: žluťoučký kůň 日本語".to_owned(),
        text: SecretText::new(text.to_owned()),
        language: "cs-CZ".to_owned(),
        ..message()
    })
    .await;
    let read = Read::new(&received);
    assert_eq!(read.text, text);
    assert!(read.header("Subject").starts_with("=?utf-8?b?"));
    assert_eq!(read.header("Content-Language"), "cs-CZ");
}

#[tokio::test]
async fn t_j04_a_subject_can_not_become_a_header_or_a_command() {
    for (subject, kept) in [
        ("a\r\nBcc: evil@example.net", "a Bcc: evil@example.net"),
        ("a\nBcc: evil@example.net", "a Bcc: evil@example.net"),
        ("a\rBcc: evil@example.net", "a Bcc: evil@example.net"),
        ("a\r\n\r\n<h1>evil</h1>", "a <h1>evil</h1>"),
        ("a\r\n.\r\nMAIL FROM:<evil@example.net>", "a . MAIL FROM:<evil@example.net>"),
        ("a\0b\u{7}c\u{85}d\u{2028}e", "a b c d e"),
        ("-oQ/tmp", "-oQ/tmp"),
    ] {
        let received = sent(Message { subject: subject.to_owned(), ..message() }).await;
        assert_eq!(received.to, ["ada@example.org"]);
        let read = Read::new(&received);
        assert_eq!(read.header("Subject"), kept);
        assert_eq!(read.names().len(), 9);
    }
    let long = sent(Message { subject: "x".repeat(10_000), ..message() }).await;
    assert_eq!(Read::new(&long).header("Subject").len(), 200);
}

#[tokio::test]
async fn t_j04_a_text_can_not_become_a_command_and_arrives_as_it_is() {
    for (text, kept) in [
        ("a\r\n.\r\nMAIL FROM:<evil@example.net>\r\n", "a\n.\nMAIL FROM:<evil@example.net>\n"),
        ("\n.\nRCPT TO:<evil@example.net>\n", "\n.\nRCPT TO:<evil@example.net>\n"),
        (".\n..\n.hidden\n", ".\n..\n.hidden\n"),
        ("a\rb\r\nc\n", "a\nb\nc\n"),
        ("nul\0bell\u{7}esc\u{1b}[2J\n", "nulbellesc[2J\n"),
        ("--kw-0e1g\n\n--\n", "--kw-0e1g\n\n--\n"),
        ("From here\n>From\n", "From here\n>From\n"),
        ("Content-Type: text/html\n\n<b>\n", "Content-Type: text/html\n\n<b>\n"),
        ("trailing space \ttab\t\n= =3D =\n", "trailing space \ttab\t\n= =3D =\n"),
    ] {
        let (plain, html) = (SecretText::new(text.to_owned()), SecretText::new(text.to_owned()));
        let received = sent(Message { text: plain, html, ..message() }).await;
        assert_eq!(received.to, ["ada@example.org"]);
        let read = Read::new(&received);
        assert_eq!((read.text.as_str(), read.html.as_str()), (kept, kept), "{text:?}");
    }
}

#[tokio::test]
async fn t_j04_lines_of_any_length_arrive_whole() {
    for length in [76, 77, 998, 999, 1_000, 100_000] {
        let line = format!("{}\n", "x".repeat(length));
        let text = SecretText::new(line.clone());
        assert_eq!(Read::new(&sent(Message { text, ..message() }).await).text, line);
    }
}

#[tokio::test]
async fn t_j04_an_address_that_is_more_than_one_gets_nothing() {
    let sink = Sink::start(None, false).await.unwrap();
    let smtp = Smtp::new(settings(&sink)).unwrap();
    for to in [
        "",
        "ada",
        "@example.org",
        "ada@example.org\r\nRCPT TO:<evil@example.net>",
        "ada@example.org>\r\nRCPT TO:<evil@example.net",
        "ada@example.org, evil@example.net",
        "ada@example.org;evil@example.net",
        "ada@example.org evil@example.net",
        " ada@example.org",
        "ada@example.org\0",
        "ada@example.org\n",
        "<ada@example.org>",
        "Ada <ada@example.org>",
        "ada@exam\rple.org",
    ] {
        let error = smtp.send(&Message { to: to.to_owned(), ..message() }).await.unwrap_err();
        assert_eq!(error, ChannelError::Address, "{to:?}");
        assert!(!error.retry());
    }
    assert_eq!(sink.received(), []);
}

#[tokio::test]
async fn r23_mail_goes_to_the_stored_bytes() {
    for to in ["Ada.Lovelace+Work@Example.ORG", "-oQ/tmp@example.org", "o'neil@example.org"] {
        assert_eq!(sent(Message { to: to.to_owned(), ..message() }).await.to, [to]);
    }
}

#[tokio::test]
async fn a_tongue_that_is_no_language_is_left_out() {
    let received = sent(Message { language: "en\r\nBcc: evil@example.net".to_owned(), ..message() }).await;
    assert!(!Read::new(&received).names().contains(&"Content-Language"));
    assert_eq!(received.to, ["ada@example.org"]);
}

#[tokio::test]
async fn nothing_is_added_that_could_follow_a_reader() {
    let html = "<p><a href=\"https://reset.example.org/l/kw_1\">Go on</a></p>\n";
    let read = Read::new(&sent(Message { html: SecretText::new(html.to_owned()), ..message() }).await);
    assert_eq!(read.html, html);
    assert!(!read.names().iter().any(|name| name.starts_with("X-") || name.starts_with("List-")));
}

#[tokio::test]
async fn faults_say_whether_trying_again_can_help() {
    let sink = Sink::start(None, false).await.unwrap();
    let smtp = Smtp::new(settings(&sink)).unwrap();
    let peer = sink.address.to_string();
    for (fault, expected, retry) in [
        (Fault::Busy, ChannelError::NotNow { peer: peer.clone(), code: 451 }, true),
        (Fault::Refuse, ChannelError::Refused { peer: peer.clone(), code: 550 }, false),
        (Fault::Drop, ChannelError::Unreachable { peer: peer.clone() }, true),
    ] {
        sink.fail(fault);
        let error = smtp.send(&message()).await.unwrap_err();
        assert_eq!((&error, error.retry()), (&expected, retry), "{fault:?}");
        // The server repeated the address; we do not.
        assert!(!format!("{error} {error:?}").contains("ada@"));
    }
    sink.fail(Fault::None);
    assert!(smtp.send(&message()).await.is_ok(), "and it works again as soon as the server does");
    sink.busy_for(&[&message().to]);
    assert!(smtp.send(&message()).await.unwrap_err().retry());
    sink.busy_for(&["somebody.else@example.org"]);
    assert!(smtp.send(&message()).await.is_ok(), "one mailbox that is full stops no other");
}

#[tokio::test]
async fn r45_a_refusal_that_is_about_us_and_not_about_a_message_is_not_its_end() {
    let sink = Sink::start(None, false).await.unwrap();
    let smtp = Smtp::new(settings(&sink)).unwrap();
    for (fault, code) in
        [(Fault::Closed, 554), (Fault::NotFromYou, 550), (Fault::NotFromYouLate, 554), (Fault::NotKept, 451)]
    {
        sink.fail(fault);
        let error = smtp.send(&message()).await.unwrap_err();
        assert_eq!(error, ChannelError::NotNow { peer: sink.address.to_string(), code }, "{fault:?}");
        assert!(error.retry());
    }
}

#[tokio::test]
async fn r46_an_answer_that_comes_too_late_is_not_taken_for_that_of_the_next_message() {
    let sink = Sink::start(None, false).await.unwrap();
    sink.fail(Fault::Late);
    let smtp = Smtp::new(Settings { timeout_ms: 50, ..settings(&sink) }).unwrap();
    let error = smtp.send(&message()).await.unwrap_err();
    assert_eq!(error, ChannelError::Unreachable { peer: sink.address.to_string() });
    sink.fail(Fault::NotKept);
    let error = smtp.send(&message()).await.unwrap_err();
    assert!(matches!(error, ChannelError::NotNow { code: 451, .. }), "{error:?}");
}

#[tokio::test]
async fn r46_a_message_that_was_taken_is_taken_whatever_comes_of_the_farewell() {
    let sink = Sink::start(None, false).await.unwrap();
    sink.fail(Fault::NoFarewell);
    let smtp = Smtp::new(Settings { timeout_ms: 50, ..settings(&sink) }).unwrap();
    assert_eq!(smtp.send(&message()).await, Ok(()));
    assert_eq!(sink.received().len(), 1);
}

#[tokio::test]
async fn v_13_3_what_somebody_says_in_clear_behind_the_last_answer_is_no_answer() {
    let sink = Sink::start(Some(secure()), false).await.unwrap();
    sink.fail(Fault::Injected);
    let error = Smtp::new(encrypted(&sink, Security::StartTls)).unwrap().send(&message()).await.unwrap_err();
    assert!(matches!(error, ChannelError::Insecure { .. }) && error.retry(), "{error:?}");
    assert_eq!(sink.received(), []);
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let sink = Sink::start(None, false).await.unwrap();
    sink.fail(Fault::Slow);
    let smtp = Smtp::new(Settings { timeout_ms: 50, ..settings(&sink) }).unwrap();
    let error = smtp.send(&message()).await.unwrap_err();
    assert_eq!(error, ChannelError::Unreachable { peer: sink.address.to_string() });
    assert!(error.retry());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again() {
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let sink = Sink::start(None, false).await.unwrap();
    let error = Smtp::new(Settings { port, ..settings(&sink) }).unwrap().send(&message()).await.unwrap_err();
    assert!(matches!(error, ChannelError::Unreachable { .. }) && error.retry());
}

fn encrypted(sink: &Sink, security: Security) -> Settings {
    let password = SecretText::new("correct horse".to_owned());
    Settings {
        host: "localhost".to_owned(),
        security,
        ca_pem: Some(CA.to_vec()),
        sign_in: Some(("keyward".to_owned(), password)),
        ..settings(sink)
    }
}

#[tokio::test]
async fn v_13_3_mail_and_its_password_go_encrypted_with_starttls_and_from_the_first_byte() {
    for (security, from_first_byte) in [(Security::StartTls, false), (Security::Implicit, true)] {
        let sink = Sink::start(Some(secure()), from_first_byte).await.unwrap();
        Smtp::new(encrypted(&sink, security)).unwrap().send(&message()).await.unwrap();
        let all = sink.received();
        assert!(all.len() == 1 && all[0].encrypted, "{security:?}");
        let sign_in = format!("AUTH PLAIN {}", BASE64.encode(b"\0keyward\0correct horse"));
        assert_eq!(all[0].sign_in.as_deref(), Some(sign_in.as_str()));
    }
}

#[tokio::test]
async fn v_13_3_a_server_without_starttls_gets_neither_mail_nor_password() {
    let sink = Sink::start(None, false).await.unwrap();
    let error = Smtp::new(encrypted(&sink, Security::StartTls)).unwrap().send(&message()).await.unwrap_err();
    assert!(matches!(error, ChannelError::Unfit { .. }) && error.retry(), "{error:?}");
    assert_eq!(sink.received(), []);
}

#[tokio::test]
async fn an_address_that_the_relay_can_not_take_is_not_tried_again() {
    let sink = Sink::start(None, false).await.unwrap();
    let smtp = Smtp::new(settings(&sink)).unwrap();
    let error = smtp.send(&Message { to: "žofie@example.org".to_owned(), ..message() }).await.unwrap_err();
    assert_eq!(error, ChannelError::Address);
    assert_eq!(sink.received(), []);
    // A sender like that is no fault of whom it is for.
    let sender = Settings { from: "hilfe@münchen.example".to_owned(), ..settings(&sink) };
    let error = Smtp::new(sender).unwrap().send(&message()).await.unwrap_err();
    assert!(matches!(error, ChannelError::Unfit { .. }) && error.retry(), "{error:?}");
}

#[tokio::test]
async fn v_13_3_a_server_with_another_certificate_or_name_gets_nothing() {
    for security in [Security::StartTls, Security::Implicit] {
        let sink = Sink::start(Some(secure()), security == Security::Implicit).await.unwrap();
        let untrusted = Settings { ca_pem: None, ..encrypted(&sink, security) };
        let self_made = Settings { ca_pem: Some(CERTIFICATE.to_vec()), ..encrypted(&sink, security) };
        let renamed = Settings { host: "127.0.0.1".to_owned(), ..encrypted(&sink, security) };
        for settings in [untrusted, self_made, renamed] {
            let error = Smtp::new(settings).unwrap().send(&message()).await.unwrap_err();
            assert!(matches!(error, ChannelError::Insecure { .. }) && error.retry(), "{error:?}");
        }
        assert_eq!(sink.received(), []);
    }
}

#[tokio::test]
async fn a_relay_that_does_not_know_us_keeps_the_mail_for_later() {
    let sink = Sink::start(Some(secure()), true).await.unwrap();
    sink.fail(Fault::NotYou);
    let error = Smtp::new(encrypted(&sink, Security::Implicit)).unwrap().send(&message()).await.unwrap_err();
    assert!(matches!(error, ChannelError::NotNow { code: 535, .. }) && error.retry(), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("horse"));
}

#[tokio::test]
async fn v_13_3_plain_mail_never_leaves_this_machine() {
    let sink = Sink::start(None, false).await.unwrap();
    for (host, taken) in [
        ("localhost", true),
        ("127.0.0.1", true),
        ("::1", true),
        ("mail.example.org", false),
        ("192.0.2.1", false),
        ("127.0.0.1.example.org", false),
        ("localhost.example.org", false),
        ("0.0.0.0", false),
    ] {
        let made = Smtp::new(Settings { host: host.to_owned(), ..settings(&sink) });
        assert_eq!(made.is_ok(), taken, "{host}");
    }
}

#[tokio::test]
async fn settings_that_can_not_work_are_refused_at_once() {
    let sink = Sink::start(None, false).await.unwrap();
    let from = Settings { from: "nobody".to_owned(), ..settings(&sink) };
    assert!(matches!(Smtp::new(from), Err(SettingsError::NotAMailbox(text, _)) if text == "nobody"));
    let reply = Settings { reply_to: Some("a@b>\r\n".to_owned()), ..settings(&sink) };
    assert!(matches!(Smtp::new(reply), Err(SettingsError::NotAMailbox(..))));
    let ca = Settings {
        ca_pem: Some(b"-----BEGIN CERTIFICATE-----\nAAAA\n".to_vec()),
        ..encrypted(&sink, Security::StartTls)
    };
    assert!(matches!(Smtp::new(ca), Err(SettingsError::Tls(..))));
}

#[test]
fn r15_a_message_does_not_print() {
    assert_eq!(format!("{:?} {:?}", message(), Secret::new(String::new())), "[message] [secret]");
}
