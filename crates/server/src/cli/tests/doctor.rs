//! What `keyward doctor` promises: each part is looked at, what is wrong is a failure with a way out, and nothing is changed by looking.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::thread;

use keyward_core::{
    policy::BASELINE,
    time::{DAY_MS, MINUTE_MS, Timestamp},
};

use super::records::{Installed, done};
use super::*;
use crate::cli::doctor::Part;

/// 2026-11-18 11:06:40 UTC, when the cases of the tests begin.
const START: Timestamp = Timestamp::from_millis(1_795_000_000_000);

/// The lines of some parts at a moment.
fn examined(here: &Installed, parts: &str, at: Timestamp, more: &[(&str, &str)]) -> Answer {
    let remembered = here.out("last-checkpoint");
    let own = [("KEYWARD_DATABASE__URL", here.url.as_str()), ("KEYWARD_LOG__LAST_CHECKPOINT_FILE", &remembered)];
    let environment: Vec<(&str, &str)> = own.into_iter().chain(more.iter().copied()).collect();
    let (mut edge, out, err) = edge(&["--config", &here.file, "doctor", "--only", parts], &environment);
    edge.ctx = Ctx::by_hand(at, 3).0;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let exit = runtime.block_on(run(edge));
    Answer { exit, out: out.text(), err: err.text() }
}

fn told(here: &Installed, parts: &str, more: &[(&str, &str)], exit: Exit, expected: &str) {
    let answer = examined(here, parts, START, more);
    assert_eq!(answer.exit, exit, "{parts} {more:?}: {}{}", answer.out, answer.err);
    assert!(answer.out.contains(expected), "{parts} {more:?}: `{expected}` is not in\n{}", answer.out);
}

#[test]
fn eco_07_every_part_is_looked_at_and_whatever_is_not_good_has_a_way_out_and_a_page() {
    let here = Installed::new().with(&[&done(0)]);
    let all = Part::ALL.map(Part::word).join(",");
    let json = examined(&here, &all, START.plus_ms(MINUTE_MS), &[("KEYWARD_OUTPUT", "json")]).json();
    let lines = json["checks"].as_array().unwrap();
    let seen: BTreeSet<&str> = lines.iter().map(|line| line["what"].as_str().unwrap()).collect();
    let parts: BTreeSet<&str> = all.split(',').collect();
    assert_eq!(seen, parts);
    let without_only = here.json(&["doctor"]);
    assert_eq!(without_only["checks"].as_array().unwrap().len(), lines.len());
    for line in lines.iter().filter(|line| ["warn", "fail"].contains(&line["result"].as_str().unwrap())) {
        assert!(line["fix"].is_string(), "{line}");
        assert_eq!(line["docs"], format!("docs/doctor.md#{}", line["what"].as_str().unwrap()));
    }
    assert_eq!((json["failed"].as_u64(), json["exit"].as_u64()), (Some(0), Some(0)), "{json:#}");
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/doctor.md")).unwrap();
    let headings: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(headings, parts, "the page explains other parts than there are");
    let help = typed(&["doctor", "--help"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains(&all.replace(',', ", ")), "{help}");
    assert!(!Path::new(&here.out("last-checkpoint")).exists(), "looking signed something");
}

#[test]
fn a_part_that_there_is_not_and_a_configuration_that_can_not_be_read_end_with_2() {
    let here = Installed::new();
    assert_eq!(here.typed(&["doctor", "--only", "printer"]).exit, Exit::Usage);
    assert_eq!(typed(&["--config", "/nowhere.toml", "doctor"]).exit, Exit::Usage);
}

#[test]
fn a_database_that_is_missing_or_old_is_a_failure_and_is_not_made() {
    let here = Installed::new();
    told(&here, "database", &[], Exit::Failed, "there is no database at");
    assert!(!Path::new(&here.out("keyward.db")).exists());
    told(&here, "directory", &[], Exit::Ok, "skip  directory  main: the database could not be opened");
    let here = here.with(&[]);
    told(&here, "database", &[], Exit::Ok, "ok    database  a transaction could write; it was taken back");
    told(&here, "directory", &[], Exit::Ok, "ok    directory  main: embedded in Keyward's own database");
    here.tampered("DELETE FROM migrations");
    told(
        &here,
        "database",
        &[],
        Exit::Failed,
        "5 migrations are missing: 0001 first, 0002 workers, 0003 narrow, 0004 answers, 0005 changed",
    );
}

#[test]
fn t_i05_a_log_that_was_set_back_changed_or_lost_its_key_is_a_failure() {
    let signed = |change: &dyn Fn(&Installed)| {
        let played = done(0);
        let here = Installed::new().with(&[&played]);
        let id = played.case.id().to_string();
        assert_eq!(here.typed(&["case", "export", &id, "-o", &here.out("e")]).exit, Exit::Ok);
        change(&here);
        here
    };
    told(&signed(&|_| {}), "log", &[], Exit::Ok, "11 entries, all signed");
    for (change, expected) in [
        (
            &(|here: &Installed| {
                here.tampered(
                    "DELETE FROM checkpoints; DELETE FROM entries WHERE leaf >= 5; UPDATE log_head SET size = 5",
                )
            }) as &dyn Fn(&Installed),
            "FAIL  log",
        ),
        (
            &|here: &Installed| fs::remove_file(here.out("last-checkpoint")).unwrap(),
            "the remembered checkpoint is gone",
        ),
        (
            &|here: &Installed| fs::remove_file(here.out("keys/log-signing.key")).unwrap(),
            "which `log.signing_key_file` names",
        ),
        (
            &|here: &Installed| fs::write(here.out("keys/log-signing.key"), [7; 31]).unwrap(),
            "a key file holds 32 random bytes",
        ),
        (
            &|here: &Installed| {
                let other: Vec<u8> = (0..32).collect();
                fs::write(here.out("keys/log-signing.key"), other).unwrap();
            },
            "the stored log is not the one that was signed",
        ),
    ] {
        told(&signed(change), "log", &[], Exit::Failed, expected);
    }
    let here = Installed::new().with(&[&done(0)]);
    let answer = examined(&here, "log", START.plus_ms(60 * MINUTE_MS), &[]);
    assert!(answer.out.contains("warn  log  11 entries, and the newest wait for a signature since"), "{}", answer.out);
    let nowhere = [("KEYWARD_LOG__LAST_CHECKPOINT_FILE", "/nowhere/last")];
    told(&here, "log", &nowhere, Exit::Failed, "the last checkpoint can not be remembered: `/nowhere` takes no file");
}

#[test]
fn t_i06_a_clock_behind_the_log_is_a_failure() {
    let here = Installed::new().with(&[&done(60)]);
    told(&here, "clock", &[], Exit::Failed, "behind the last entry of the log");
    assert_eq!(examined(&here, "clock", START.plus_ms(62 * MINUTE_MS), &[]).exit, Exit::Ok);
    assert_eq!(examined(&here, "clock", Timestamp::from_millis(0), &[]).exit, Exit::Failed);
}

#[test]
fn the_certificate_must_be_for_the_name_belong_to_the_key_and_last() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/tls");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (own, key, other) = (path("localhost.pem"), path("localhost.key"), path("ca.pem"));
    let here = Installed::new();
    // The certificate is of 20 November 2026, for a hundred years less some days.
    let far = |days: i64| Timestamp::from_millis(4_948_774_415_000).plus_ms(days * DAY_MS);
    for (url, certificate, at, exit, expected) in [
        ("https://localhost", &own, START, Exit::Failed, "the certificate holds only from 2026-11-20"),
        (
            "https://localhost",
            &own,
            START.plus_ms(30 * DAY_MS),
            Exit::Ok,
            "ok    tls  the certificate lasts until 2126-",
        ),
        ("https://localhost", &own, far(-10), Exit::Ok, "warn  tls  the certificate ends in "),
        ("https://localhost", &own, far(10), Exit::Failed, "the certificate ended at 2126-"),
        (
            "https://other.example.org",
            &own,
            START.plus_ms(30 * DAY_MS),
            Exit::Failed,
            "is for localhost, and not for other.example.org",
        ),
        ("https://localhost", &other, START.plus_ms(30 * DAY_MS), Exit::Failed, "do not go together"),
        ("https://localhost", &key, START.plus_ms(30 * DAY_MS), Exit::Failed, "FAIL  tls"),
    ] {
        let environment = [
            ("KEYWARD_SERVER__PUBLIC_URL", url),
            ("KEYWARD_SERVER__TLS_CERT_FILE", certificate.as_str()),
            ("KEYWARD_SERVER__TLS_KEY_FILE", &key),
        ];
        let answer = examined(&here, "tls", at, &environment);
        assert_eq!(answer.exit, exit, "{expected}: {}", answer.out);
        assert!(answer.out.contains(expected), "`{expected}` is not in\n{}", answer.out);
    }
    told(&here, "tls", &[], Exit::Ok, "skip  tls  Keyward does none itself");
    told(
        &here,
        "tls",
        &[("KEYWARD_SERVER__LISTEN", "0.0.0.0:80")],
        Exit::Ok,
        "warn  tls  none: whoever reaches 0.0.0.0:80",
    );
}

#[test]
fn who_is_believed_about_addresses_is_told() {
    let here = Installed::new();
    for (proxies, url, exit, expected) in [
        ("0.0.0.0/0", "https://reset.example.org", Exit::Failed, "has everybody in it"),
        ("", "https://reset.example.org", Exit::Ok, "warn  proxy  server.public_url is https"),
        ("10.0.0.0/8", "https://reset.example.org", Exit::Ok, "ok    proxy  1 range is believed"),
        ("", "http://localhost:8440", Exit::Ok, "ok    proxy  none"),
    ] {
        let environment = [("KEYWARD_SERVER__TRUSTED_PROXIES", proxies), ("KEYWARD_SERVER__PUBLIC_URL", url)];
        told(&here, "proxy", &environment, exit, expected);
    }
}

/// A relay that says these lines: the first at once, each other after a line of its client.
fn relay(says: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        for (index, text) in says.iter().enumerate() {
            if index > 0 && lines.next().is_none() {
                return;
            }
            if stream.write_all(text.as_bytes()).is_err() {
                return;
            }
        }
        // Until the client is gone.
        while lines.next().is_some_and(|line| line.is_ok()) {}
    });
    port
}

#[test]
fn the_relay_is_greeted_and_must_offer_what_is_configured() {
    let here = Installed::new();
    told(&here, "mail", &[], Exit::Ok, "warn  mail  no relay: nobody is told anything");
    const HELLO: &str = "250-mail.example.org\r\n250-STARTTLS\r\n250 8BITMIME\r\n";
    const PLAIN: &str = "250 mail.example.org\r\n";
    const AUTH: &str = "250-mail.example.org\r\n250 AUTH PLAIN LOGIN\r\n";
    for (tls, user, says, exit, expected) in [
        ("none", false, &["220 hello\r\n", PLAIN][..], Exit::Ok, "in clear, on this machine"),
        ("none", true, &["220 hello\r\n", PLAIN], Exit::Failed, "offers no sign-in, and mail.user is set"),
        ("none", true, &["220 hello\r\n", AUTH], Exit::Ok, "in clear, on this machine"),
        ("none", false, &["554 go away\r\n"], Exit::Failed, "it answered `554 go away`"),
        ("none", false, &["220-a\r\n220 b\r\n", "502 no\r\n"], Exit::Failed, "it answered `502 no`"),
        ("none", false, &["220 a\r\n", "250-never\r\n"], Exit::Failed, "FAIL  mail"),
        ("none", false, &[""], Exit::Failed, "FAIL  mail"),
        ("starttls", false, &["220 hello\r\n", PLAIN], Exit::Failed, "it does not offer STARTTLS"),
        ("starttls", false, &["220 hello\r\n", HELLO, "454 not now\r\n"], Exit::Failed, "it answered `454 not now`"),
        (
            "starttls",
            false,
            &["220 hello\r\n", HELLO, "220 go\r\n250 injected\r\n"],
            Exit::Failed,
            "before the secure connection",
        ),
        ("starttls", false, &["220 hello\r\n", HELLO, "220 go\r\n", "not TLS"], Exit::Failed, "FAIL  mail"),
        ("implicit", false, &["220 hello\r\n"], Exit::Failed, "FAIL  mail"),
    ] {
        // A client of a relay that never ends its answer would wait; this one hangs up instead.
        let hangs_up =
            says.len() < 3 && says.last().is_some_and(|last| last.is_empty() || last.starts_with("250-never"));
        let port = if hangs_up { hanging_up(says) } else { relay(says) };
        let mut environment = vec![
            ("KEYWARD_MAIL__HOST", "127.0.0.1"),
            ("KEYWARD_MAIL__PORT", port.as_str()),
            ("KEYWARD_MAIL__TLS", tls),
            ("KEYWARD_MAIL__FROM", "reset@example.org"),
        ];
        if user {
            environment.extend([("KEYWARD_MAIL__USER", "keyward"), ("KEYWARD_MAIL__PASSWORD", "canary-of-mail")]);
        }
        let answer = examined(&here, "mail", START, &environment);
        assert_eq!(answer.exit, exit, "{tls} {says:?}: {}", answer.out);
        assert!(answer.out.contains(expected) && !answer.out.contains("canary"), "{tls} {says:?}: {}", answer.out);
        assert!(answer.out.contains("skip  mail  SPF, DKIM and DMARC of example.org are not looked at here"));
    }
}

/// The same, and the connection ends with the last line.
fn hanging_up(says: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        for (index, text) in says.iter().enumerate() {
            if index == 0 || lines.next().is_some() {
                let _ = stream.write_all(text.as_bytes());
            }
        }
    });
    port
}

#[test]
fn a_directory_that_does_not_answer_is_a_failure() {
    let here = Installed::new().with(&[]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("ldap://{closed}");
    let environment = [
        ("KEYWARD_DIRECTORY__MAIN__KIND", "openldap"),
        ("KEYWARD_DIRECTORY__MAIN__OPENLDAP__URL", url.as_str()),
        ("KEYWARD_DIRECTORY__MAIN__OPENLDAP__BASE_DN", "dc=example,dc=org"),
        ("KEYWARD_DIRECTORY__MAIN__OPENLDAP__BIND_DN", "cn=keyward,dc=example,dc=org"),
        ("KEYWARD_DIRECTORY__MAIN__OPENLDAP__BIND_PASSWORD", "canary-of-ldap"),
    ];
    let answer = examined(&here, "directory", START, &environment);
    assert_eq!(answer.exit, Exit::Failed, "{}", answer.out);
    assert!(answer.out.contains("FAIL  directory  main: ") && !answer.out.contains("canary"), "{}", answer.out);
}

#[test]
fn keys_and_files_that_can_not_be_used_are_failures() {
    let here = Installed::new();
    told(&here, "keys", &[], Exit::Ok, "the seal key can be used; worker.seal_public_key is its public half");
    let other = "ZHVtbXkga2V5IGZvciB0aGUgZG9jdW1lbnRhdGlvbiE=";
    told(
        &here,
        "keys",
        &[("KEYWARD_WORKER__SEAL_PUBLIC_KEY", other)],
        Exit::Failed,
        "is not the public half of the key",
    );
    fs::write(here.out("keys/data.key"), [0; 32]).unwrap();
    told(&here, "keys", &[], Exit::Failed, "which `server.data_key_file` names");
    fs::remove_file(here.out("keys/data.key")).unwrap();
    told(&here, "keys,configuration", &[], Exit::Failed, "FAIL  configuration  `server.data_key_file`: cannot read");

    let weak = here.out("weak.cedar");
    fs::write(&weak, BASELINE.replace("resource.approvals.people >= 1", "resource.approvals.people >= 99")).unwrap();
    told(&here, "policy", &[("KEYWARD_POLICY__FILE", &weak)], Exit::Failed, "FAIL  policy  class finance: no way");
    fs::write(&weak, "permit(").unwrap();
    told(&here, "policy", &[("KEYWARD_POLICY__FILE", &weak)], Exit::Failed, "does not parse");
    told(&here, "policy", &[], Exit::Ok, "ok    policy  the policy that comes with Keyward has 13 rules");

    told(&here, "passwords", &[], Exit::Ok, "warn  passwords  there is no list of breached passwords");
    told(
        &here,
        "passwords",
        &[("KEYWARD_PASSWORDS__BREACH_FILE", &weak)],
        Exit::Failed,
        "every new password is refused",
    );
    told(
        &here,
        "languages",
        &[("KEYWARD_SERVER__DEFAULT_LANGUAGE", "tlh")],
        Exit::Ok,
        "warn  languages  server.default_language is tlh",
    );
    told(&here, "languages", &[], Exit::Ok, "ok    languages  pages are in en, de");
    told(
        &here,
        "disk",
        &[("KEYWARD_LOG__LAST_CHECKPOINT_FILE", "/nowhere/x")],
        Exit::Failed,
        "cannot look at `/nowhere`",
    );
    told(
        &here,
        "passkeys",
        &[("KEYWARD_SERVER__PUBLIC_URL", "https://192.0.2.1")],
        Exit::Failed,
        "no passkey can be used at",
    );
    told(
        &here,
        "dns",
        &[("KEYWARD_SERVER__PUBLIC_URL", "http://localhost:8440")],
        Exit::Ok,
        "ok    dns  localhost is this machine",
    );
}
