//! Directories: the conformance suite against each, and what only one of them has.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::{collections::HashSet, sync::Arc, time::Duration};

use keyward::connectors::{
    AccountName, Capabilities, ConnectorError, Directory, Found, NotDone, Protection, Severity, SignIn, all,
    openldap::{OpenLdap, Settings},
};
use keyward_core::{
    secret::SecretText,
    steps::reissue::{CheckKind, CheckResult, Outcome},
    time::{DAY_MS, MINUTE_MS},
};
use ldap3::Mod;
use support::{
    conformance::{Change, conformance, set},
    embedded::EmbeddedWorld,
    fake::{Fault, Faulty},
    openldap::{OpenLdapWorld, account, dn, ends, settings},
    proxy::Wire,
    slapd::{self, MANAGER, READER, ROOT, SERVICE, SUFFIX, Slapd},
    world::{DirectoryWorld, Like},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

#[tokio::test]
async fn the_embedded_directory_conforms() {
    conformance(&EmbeddedWorld::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openldap_conforms() {
    let Some(world) = OpenLdapWorld::shared() else {
        return;
    };
    conformance(&world).await;
}

#[test]
fn every_kind_of_directory_is_listed_once() {
    let mut words: Vec<&str> = all().iter().map(|kind| kind.word).collect();
    words.sort_unstable();
    assert_eq!(words, ["embedded", "openldap"]);
}

#[tokio::test]
async fn r43_every_reset_names_another_credential() {
    let world = EmbeddedWorld::new();
    let person = world.person(Like::Anybody).await;
    let found = account(world.directory(), &person, world.now()).await;
    let mut seen = vec![world.table.row(&person.name).cred_id];
    for new in ["First new secret 26", "Second new secret 26"] {
        let applied = set(world.directory(), &found, Change::to(new), world.now()).await;
        assert_eq!(applied.outcome, Outcome::Done);
        seen.push(world.table.row(&person.name).cred_id);
    }
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), 3, "{seen:?}");
}

#[tokio::test]
async fn the_embedded_history_forgets_only_what_is_older() {
    let world = EmbeddedWorld::new();
    let person = world.person(Like::Anybody).await;
    let found = account(world.directory(), &person, world.now()).await;
    // Four are remembered, the present one among them.
    for (new, done) in [
        ("Secret one 26", true),
        ("Secret two 26", true),
        ("Secret three 26", true),
        (&person.password, false),
        ("Secret four 26", true),
        (&person.password, true),
    ] {
        let applied = set(world.directory(), &found, Change::to(new), world.now()).await;
        assert_eq!(applied.outcome == Outcome::Done, done, "{new} {applied:?}");
    }
}

#[tokio::test]
async fn an_embedded_lock_ends_by_itself_and_counts_anew() {
    let world = EmbeddedWorld::new();
    let person = world.person(Like::Anybody).await;
    let id = account(world.directory(), &person, world.now()).await.id;
    let tries = async |password: &str, at| world.directory().authenticate(&id, &secret(password), at).await.unwrap();
    let at = world.now();
    for _ in 0..5 {
        assert_eq!(tries("wrong", at).await, SignIn::Wrong);
    }
    let end = at.plus_ms(15 * MINUTE_MS);
    assert_eq!(tries(&person.password, end.plus_ms(-1)).await, SignIn::Locked);
    for _ in 0..4 {
        assert_eq!(tries("wrong", end).await, SignIn::Wrong);
    }
    assert_eq!(tries(&person.password, end).await, SignIn::Ok);
    assert_eq!(world.table.row(&person.name).failures, 0);
}

#[tokio::test]
async fn t_e10_a_lost_answer_is_never_answered_by_another_write() {
    let world = EmbeddedWorld::new();
    let person = world.person(Like::Anybody).await;
    let found = account(world.directory(), &person, world.now()).await;
    for (fault, outcome) in [
        (Fault::Refused(NotDone::Busy), Outcome::NotDone { reason: "busy".into() }),
        (Fault::Down, Outcome::NotDone { reason: "unavailable".into() }),
        (Fault::Slow, Outcome::Unknown { reason: "timeout".into() }),
        (Fault::FailedButApplied, Outcome::Unknown { reason: "connection_lost".into() }),
        (Fault::Ok, Outcome::NotDone { reason: "in_history".into() }),
    ] {
        let faulty = Faulty::new(world.again());
        faulty.set(fault);
        let applied = set(&faulty, &found, Change::to("First new secret 26"), world.now()).await;
        assert_eq!((applied.outcome, faulty.writes()), (outcome, 1), "{fault:?}");
    }
}

async fn probe(slapd: &Slapd, bind: (&str, &str), change: impl FnOnce(&mut Settings)) -> Capabilities {
    let mut settings = settings(slapd, bind);
    change(&mut settings);
    OpenLdap::new(settings).unwrap().probe().await.unwrap()
}

fn codes(probed: &Capabilities, severity: Severity) -> Vec<&str> {
    let findings = probed.findings.iter().filter(|finding| finding.severity == severity);
    findings.map(|finding| finding.code.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r39_the_probe_tells_what_a_bind_account_may_do_too_much_and_too_little() {
    let Some(slapd) = slapd::shared() else { return };
    let too_much = [
        "bypasses_policy",
        "reads_hashes",
        "writes_mail",
        "writes_names",
        "writes_policy",
        "writes_groups",
        "writes_entries",
    ];
    let manager = probe(&slapd, MANAGER, |_| {}).await;
    let warned: Vec<&str> = codes(&manager, Severity::Warn);
    assert_eq!(warned, too_much);
    assert!(manager.is_usable(), "too much is a warning");
    assert_eq!(manager.abilities.keeps_history, Some(false), "history does not hold for a manager");
    let root = probe(&slapd, ROOT, |_| {}).await;
    assert_eq!(codes(&root, Severity::Warn), too_much);
    let reader = probe(&slapd, READER, |_| {}).await;
    assert_eq!(codes(&reader, Severity::Refuse), ["can_not_set_password"]);
    assert_eq!(codes(&reader, Severity::Note), ["can_not_require_change", "can_not_unlock"]);
    assert!(!reader.is_usable());
    let service = probe(&slapd, SERVICE, |_| {}).await;
    assert_eq!(service.findings, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r38_a_server_that_wants_the_old_password_is_refused() {
    let Some(slapd) = slapd::shared() else { return };
    let safe = probe(&slapd, SERVICE, |settings| {
        settings.default_policy_dn = Some("cn=safe,ou=policies,dc=keyward,dc=test".to_owned())
    })
    .await;
    assert_eq!(codes(&safe, Severity::Refuse), ["safe_modify"]);
    let unread = probe(&slapd, SERVICE, |settings| settings.default_policy_dn = None).await;
    assert_eq!(codes(&unread, Severity::Note), ["policy_not_read"]);
    let clear = probe(&slapd, SERVICE, |settings| settings.hashes_clear_text = false).await;
    assert_eq!((codes(&clear, Severity::Note), clear.abilities.must_change), (vec!["does_not_hash"], Some(false)));
    let nobody =
        probe(&slapd, SERVICE, |settings| settings.base_dn = "ou=machines,dc=keyward,dc=test".to_owned()).await;
    assert_eq!(codes(&nobody, Severity::Refuse), ["no_accounts"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_probe_changes_nothing() {
    let Some(world) = OpenLdapWorld::shared() else {
        return;
    };
    let everything = async || {
        let found = world
            .root()
            .await
            .search("dc=keyward,dc=test", ldap3::Scope::Subtree, "(uid=*.abel)", vec!["*", "+"])
            .await;
        let entries = found.unwrap().success().unwrap().0;
        let mut entries: Vec<_> = entries
            .into_iter()
            .map(ldap3::SearchEntry::construct)
            .map(|entry| {
                let mut attributes: Vec<_> = entry.attrs.into_iter().collect();
                attributes.sort();
                (entry.dn, attributes)
            })
            .collect();
        entries.sort();
        entries
    };
    let before = everything().await;
    for bind in [SERVICE, MANAGER, ROOT] {
        probe(&world.slapd, bind, |_| {}).await;
    }
    assert_eq!(everything().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_go_only_over_tls_that_holds() {
    let Some(slapd) = slapd::shared() else { return };
    let refused = |change: &dyn Fn(&mut Settings)| {
        let mut settings = settings(&slapd, SERVICE);
        change(&mut settings);
        matches!(OpenLdap::new(settings), Err(ConnectorError::Settings { .. }))
    };
    assert!(refused(&|s| s.url = "ldap://ldap.example.org".to_owned()), "clear text to another machine");
    assert!(
        refused(&|s| {
            s.url = "ldap://ldap.example.org".to_owned();
            s.clear_on_loopback = true;
        }),
        "also when it is asked for"
    );
    assert!(refused(&|s| s.url = "ldap://127.0.0.1:389".to_owned()), "clear text that was not asked for");
    assert!(refused(&|s| s.url = "http://127.0.0.1".to_owned()));
    assert!(refused(&|s| s.start_tls = true), "StartTLS within TLS");
    assert!(refused(&|s| s.ca_file = Some("/nonexistent".into())));
    assert!(refused(&|s| s.name_attributes = vec!["uid)(x".to_owned()]));
    assert!(refused(&|s| s.account_filter = "(".to_owned()));

    let start_tls = probe(&slapd, SERVICE, |s| {
        s.url = format!("ldap://localhost:{}", slapd.port);
        s.start_tls = true;
    })
    .await;
    assert_eq!((start_tls.protection, start_tls.findings.len()), (Protection::StartTls, 0));
    let clear = probe(&slapd, SERVICE, |s| {
        s.url = format!("ldap://localhost:{}", slapd.port);
        s.clear_on_loopback = true;
    })
    .await;
    assert_eq!(codes(&clear, Severity::Warn), ["no_tls"]);

    for start in [false, true] {
        let mut untrusted = settings(&slapd, SERVICE);
        untrusted.ca_file = Some(slapd.ca_file().with_file_name("other.crt"));
        if start {
            untrusted.url = format!("ldap://localhost:{}", slapd.port);
            untrusted.start_tls = true;
        }
        let probed = OpenLdap::new(untrusted).unwrap().probe().await;
        assert!(
            matches!(&probed, Err(ConnectorError::Unavailable { what, .. }) if what.contains("certificate")),
            "{probed:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bind_account_that_is_refused_is_told_apart_from_a_server_that_is_down() {
    let Some(slapd) = slapd::shared() else { return };
    let wrong = OpenLdap::new(settings(&slapd, (SERVICE.0, "CANARY-wrong"))).unwrap();
    let error = wrong.probe().await.unwrap_err();
    assert!(matches!(error, ConnectorError::Bind { .. }), "{error:?}");
    let mut down = settings(&slapd, (SERVICE.0, "CANARY-down"));
    down.url = "ldaps://127.0.0.1:1".to_owned();
    let down = OpenLdap::new(down).unwrap();
    let unavailable = down.probe().await.unwrap_err();
    assert!(matches!(unavailable, ConnectorError::Unavailable { .. }), "{unavailable:?}");
    for shown in [format!("{error} {error:?} {wrong:?}"), format!("{unavailable} {unavailable:?} {down:?}")] {
        assert!(!shown.contains("CANARY"), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_j01_a_name_is_one_search_with_its_value_escaped() {
    let Some(world) = OpenLdapWorld::on_its_own() else {
        return;
    };
    let searches = || {
        let log = world.slapd.log();
        let lines = log.lines().filter(|line| line.contains("SRCH base=") && line.contains("filter="));
        lines.map(|line| line.split_once("filter=").unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    let _ = world.directory().find(&AccountName::parse("nobody").unwrap(), world.now()).await;
    for (typed, escaped) in [
        ("mike)(uid=*", "(uid=mike\\29\\28uid=\\2A)"),
        ("*", "(uid=\\2A)"),
        ("a\\2a", "(uid=a\\5C2a)"),
        ("(|(uid=*))", "(uid=\\28|\\28uid=\\2A\\29\\29)"),
    ] {
        let before = searches().len();
        let found = world.directory().find(&AccountName::parse(typed).unwrap(), world.now()).await.unwrap();
        assert_eq!(found, Found::None);
        // A sign-in of our own comes after it in the log.
        world.root().await;
        let made = searches().split_off(before);
        assert_eq!(made.len(), 1, "{typed}: {made:?}");
        assert!(made[0].to_lowercase().contains(&escaped.to_lowercase()), "{typed}: {made:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_b05_a_matching_rule_that_is_generous_resolves_to_nobody() {
    let Some(world) = OpenLdapWorld::shared() else {
        return;
    };
    let person = world.person(Like::Anybody).await;
    world.set(&person, "telephoneNumber", "+49 151 555-0815").await;
    // telephoneNumberMatch passes over spaces and hyphens; names do not.
    let mut loose = settings(&world.slapd, SERVICE);
    loose.name_attributes.push("telephoneNumber".to_owned());
    let directory = OpenLdap::new(loose).unwrap();
    let typed = AccountName::parse("+491515550815").unwrap();
    let found = directory.find(&typed, world.now()).await.unwrap();
    assert_eq!(found, Found::None);
    world.set(&person, "telephoneNumber", "+491515550815").await;
    let found = directory.find(&typed, world.now()).await.unwrap();
    assert!(matches!(found, Found::One(account) if account.name == person.name));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_restarted_is_found_again() {
    let Some(world) = OpenLdapWorld::on_its_own() else {
        return;
    };
    let person = world.person(Like::Anybody).await;
    let before = account(world.directory(), &person, world.now()).await;
    world.slapd.restart();
    assert_eq!(account(world.directory(), &person, world.now()).await, before);
    world.slapd.restart();
    let applied = set(world.directory(), &before, Change::to("First new secret 26"), world.now()).await;
    assert_eq!(applied.outcome, Outcome::Done, "{applied:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_b17_an_account_that_is_switched_off_during_a_reset_stays_so() {
    let Some(world) = OpenLdapWorld::shared() else {
        return;
    };
    let mut slow = settings(&world.slapd, SERVICE);
    slow.url = format!("ldap://127.0.0.1:{}", world.proxy.port);
    slow.clear_on_loopback = true;
    slow.timeout = Duration::from_secs(60);
    let directory = Arc::new(OpenLdap::new(slow).unwrap());
    let person = world.person(Like::Anybody).await;
    let found = account(directory.as_ref(), &person, world.now()).await;
    world.proxy.arm(Wire::Holds, "TRUE");
    let at = world.now();
    let running = Arc::clone(&directory);
    let reset = tokio::spawn(async move {
        let change = Change { new: "First new secret 26", old: None, must_change: true };
        set(&*running, &found, change, at).await
    });
    tokio::task::block_in_place(|| world.proxy.wait_for_request());
    world.disable(&person).await;
    world.proxy.let_go();
    let applied = reset.await.unwrap();
    assert_eq!(applied.outcome, Outcome::NotDone { reason: "disabled".to_owned() });
    assert!(world.is_disabled(&person).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_b17_expired_and_not_yet_begun_accounts_are_disabled() {
    let Some(world) = OpenLdapWorld::shared() else {
        return;
    };
    for (attribute, value, disabled) in [
        ("pwdEndTime", "20200101000000Z", true),
        ("pwdEndTime", "20990101000000Z", false),
        ("pwdStartTime", "20990101000000Z", true),
    ] {
        let person = world.person(Like::Anybody).await;
        world.set(&person, attribute, value).await;
        let found = account(world.directory(), &person, world.now()).await;
        assert_eq!(found.disabled, disabled, "{attribute} {value}");
        let applied = set(world.directory(), &found, Change::to("First new secret 26"), world.now()).await;
        assert_eq!(applied.outcome == Outcome::Done, !disabled, "{applied:?}");
        assert_eq!(world.get(&person, attribute).await, [value]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_ends_when_its_policy_says() {
    let Some(world) = OpenLdapWorld::shared() else {
        return;
    };
    let person = world.person(Like::Anybody).await;
    let id = account(world.directory(), &person, world.now()).await.id;
    for _ in 0..5 {
        world.directory().authenticate(&id, &secret("wrong"), world.now()).await.unwrap();
    }
    let at = world.now();
    let locked = world.directory().read(&id, at).await.unwrap().unwrap();
    assert!(ends(locked.lock) && locked.is_locked(at) && !locked.is_locked(at.plus_ms(DAY_MS)));
    let later = world.directory().read(&id, at.plus_ms(16 * MINUTE_MS)).await.unwrap().unwrap();
    assert_eq!(later.lock, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_hashed_by_the_server_on_both_roads() {
    let Some(world) = OpenLdapWorld::shared() else {
        return;
    };
    for must_change in [false, true] {
        let person = world.person(Like::Anybody).await;
        let found = account(world.directory(), &person, world.now()).await;
        let change = Change { new: "First new secret 26", old: None, must_change };
        let applied = set(world.directory(), &found, change, world.now()).await;
        assert_eq!(applied.outcome, Outcome::Done, "{applied:?}");
        let stored = world.get(&person, "userPassword").await;
        assert!(stored.len() == 1 && stored[0].starts_with("{ARGON2}"), "{stored:?}");
    }
    // A temporary password that looks like a hash would be stored as one.
    let person = world.person(Like::AnyPassword).await;
    let found = account(world.directory(), &person, world.now()).await;
    let change = Change { new: "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", old: None, must_change: true };
    let applied = set(world.directory(), &found, change, world.now()).await;
    assert_eq!(applied.outcome, Outcome::NotDone { reason: "quality".to_owned() });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r44_a_connection_that_was_signed_in_goes_on_and_the_checks_say_so() {
    let Some(world) = OpenLdapWorld::shared() else {
        return;
    };
    let person = world.person(Like::Anybody).await;
    let found = account(world.directory(), &person, world.now()).await;
    let mut open = world.sign_in(&person).await;
    let applied = set(world.directory(), &found, Change::to("First new secret 26"), world.now()).await;
    assert_eq!(applied.outcome, Outcome::Done, "{applied:?}");
    assert_eq!(applied.check(CheckKind::SessionsEnded), Some(CheckResult::Unsupported));
    let who = open.extended(ldap3::exop::WhoAmI).await.unwrap().success().unwrap();
    let who = who.0.parse::<ldap3::exop::WhoAmIResp>().authzid;
    assert!(who.contains(&person.name), "{who}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_k07_many_who_ask_a_directory_that_says_nothing_wait_for_one_deadline_and_not_one_after_another() {
    let Some(slapd) = slapd::shared() else { return };
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut clear = settings(&slapd, SERVICE);
    clear.url = format!("ldap://{}", silent.local_addr().unwrap());
    clear.clear_on_loopback = true;
    clear.timeout = Duration::from_millis(300);
    let directory = OpenLdap::new(clear).unwrap();
    let (name, at) = (AccountName::parse("ada.abel").unwrap(), EmbeddedWorld::new().now());
    let mut connections = Vec::new();
    for sooner in 0..2 {
        let asking = futures_util::future::join_all((0..10).map(|_| directory.find(&name, at)));
        let taking = async {
            loop {
                connections.push(silent.accept().await.unwrap());
            }
        };
        let answers = tokio::select! {
            answers = asking => answers,
            () = taking => unreachable!(),
        };
        assert!(answers.iter().all(|answer| matches!(answer, Err(ConnectorError::Unavailable { .. }))), "{answers:?}");
        assert_eq!(connections.len(), sooner + 1, "whoever comes later asks anew, and one for all");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r30_a_unix_account_is_in_the_groups_of_all_its_names_and_in_its_primary_one() {
    let Some(world) = OpenLdapWorld::shared() else { return };
    let person = world.person(Like::Anybody).await;
    let uids = [person.name.clone(), format!("other-{}", person.name)];
    let mods = vec![
        Mod::Add("objectClass", HashSet::from(["posixAccount"])),
        Mod::Add("uid", HashSet::from([uids[1].as_str()])),
        Mod::Add("uidNumber", HashSet::from(["4711"])),
        Mod::Add("gidNumber", HashSet::from(["4711"])),
        Mod::Add("homeDirectory", HashSet::from(["/nowhere"])),
    ];
    world.root().await.modify(&dn(&person.name), mods).await.unwrap().success().unwrap();
    let mut expected = Vec::new();
    for (kind, gid, member) in
        [("main", "4712", uids[0].as_str()), ("other", "4713", &uids[1]), ("primary", "4711", "")]
    {
        let group = format!("cn={kind}-{},ou=groups,{SUFFIX}", person.name);
        let mut attributes = vec![("objectClass", HashSet::from(["posixGroup"])), ("gidNumber", HashSet::from([gid]))];
        if !member.is_empty() {
            attributes.push(("memberUid", HashSet::from([member])));
        }
        world.root().await.add(&group, attributes).await.unwrap().success().unwrap();
        expected.push(group);
    }
    expected.sort_unstable();
    // By whatever attribute people sign in.
    for first in ["uid", "mail"] {
        let mut settings = settings(&world.slapd, SERVICE);
        settings.name_attributes = vec![first.to_owned(), "uid".to_owned()];
        let directory = OpenLdap::new(settings).unwrap();
        assert_eq!(account(&directory, &person, world.now()).await.groups, expected, "{first}");
    }
}

/// Takes any sign-in, and answers every search with one entry after the other.
async fn without_end(listener: tokio::net::TcpListener, pause: Duration) {
    const SIGNED_IN: &[u8] = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00";
    const ENTRY: &[u8] = b"\x30\x0d\x02\x01\x02\x64\x08\x04\x04cn=x\x30\x00";
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            stream.write_all(SIGNED_IN).await.unwrap();
            assert!(stream.read(&mut request).await.unwrap() > 0);
            while stream.write_all(ENTRY).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_k07_an_answer_without_an_end_holds_nobody_and_is_not_kept() {
    let Some(slapd) = slapd::shared() else { return };
    let (name, at) = (AccountName::parse("ada.abel").unwrap(), EmbeddedWorld::new().now());
    // More hits than were asked for, or one now and then.
    for (pause, is_several) in [(Duration::ZERO, true), (Duration::from_millis(100), false)] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut clear = settings(&slapd, SERVICE);
        clear.url = format!("ldap://{}", listener.local_addr().unwrap());
        clear.clear_on_loopback = true;
        clear.timeout = Duration::from_millis(300);
        let directory = OpenLdap::new(clear).unwrap();
        tokio::spawn(without_end(listener, pause));
        let answer = tokio::time::timeout(Duration::from_secs(30), directory.find(&name, at)).await.unwrap();
        match answer {
            Ok(Found::Several) => assert!(is_several),
            Err(ConnectorError::NoAnswer { .. }) => assert!(!is_several),
            other => panic!("{other:?}"),
        }
    }
}
