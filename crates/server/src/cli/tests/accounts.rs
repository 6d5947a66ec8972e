//! What `keyward account` promises: a first password by the rules of the pages and never in an argument, no hash in sight, nothing half made,
//! and a plain refusal where the accounts are somewhere else.

use std::io::Read;

use clap::FromArgMatches as _;
use keyward_core::{
    account::AccountRef,
    digest::Digest,
    secret::{Secret, SecretText},
};

use super::super::account::add_with;
use super::super::prompt::{Ask, Check};
use super::records::{Installed, later};
use super::*;
use crate::app::open;
use crate::connectors::SignIn;
use crate::passwords::hash::Hasher;
use crate::store::{people::Person, tokens};

const GOOD: &str = "three blue kettles sing";

/// Somebody at a terminal who types these secrets.
struct Typist(Vec<&'static str>);

impl Ask for Typist {
    fn line(&mut self, _: &str, _: Option<&str>, _: Check<'_>) -> Result<Option<String>, CliError> {
        panic!("no such question")
    }
    fn choice(&mut self, question: &str, choices: &[&str]) -> Result<usize, CliError> {
        assert!(question.starts_with("Remove ") && choices[0].starts_with("No"), "{question}");
        Ok(usize::from(self.0.remove(0) == "yes"))
    }
    fn secret(&mut self, _: &str) -> Result<SecretText, CliError> {
        Ok(Secret::new(self.0.remove(0).to_owned()))
    }
}

/// A standard input that stays open: whoever waits for more than was typed waits for ever.
struct Open<'a>(&'a [u8]);

impl Read for Open<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(bytes)?;
        assert!(read > 0, "it waits for more than the line");
        Ok(read)
    }
}

/// Runs a command with somebody at the terminal and something on standard input. Each number stands for another time and other randomness.
fn run_at(site: &Installed, number: i64, words: &[&str], (typist, input): (Option<&mut dyn Ask>, &str)) -> Answer {
    let (mut edge, out, err) = edge(&[], &[("KEYWARD_DATABASE__URL", &site.url)]);
    edge.ctx = later(number);
    let json = words.first() == Some(&"json");
    let output = if json { Output::Json } else { Output::Text };
    let ctx = context(Some((&site.file).into()), output, ColorChoice::Never, edge);
    let line = ["keyward", "account"].iter().chain(&words[usize::from(json)..]);
    let cli = Cli::from_arg_matches(&Cli::command().try_get_matches_from(line).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(async {
        match cli.command {
            Command::Account(args::AccountCommand::Add(args)) => {
                add_with(args, &ctx, typist, &mut Open(input.as_bytes())).await
            }
            Command::Account(args::AccountCommand::Remove(args)) => {
                crate::cli::account::remove_with(args, &ctx, typist).await
            }
            other => dispatch(other, &ctx).await,
        }
    });
    let exit = ended.unwrap_or_else(|error| ctx.print_error("account", &error));
    Answer { exit, out: out.text(), err: err.text() }
}

fn site() -> Installed {
    Installed::new().with(&[])
}

fn add(site: &Installed, number: i64, words: &[&str], password: &str) -> Answer {
    let words: Vec<&str> = ["add"].iter().chain(words).copied().chain(["--password-stdin"]).collect();
    run_at(site, number, &words, (None, &format!("{password}\n")))
}

/// What the directory says to a password.
fn opens(site: &Installed, name: &str, password: &str) -> SignIn {
    let mut answer = None;
    site.blocking(async |store| {
        let id = store.account_by_name(name).await.unwrap().unwrap().id;
        let environment = crate::config::Environment::default();
        let sources = crate::config::Sources {
            file: crate::config::FileSource::At(Path::new(&site.file)),
            environment: &environment,
            flags: &[],
            demo: false,
        };
        let config = crate::config::load(&sources).unwrap().config;
        let hasher = Arc::new(Hasher::new(1, 4).unwrap());
        let ground = open::Ground { store: store.clone(), hasher, ctx: seeded(), history: 4 };
        let directory = open::directory(&config.directories[0], &ground).unwrap();
        let password = SecretText::new(password.to_owned());
        answer = Some(directory.authenticate(&id, &password, seeded().now()).await.unwrap());
    });
    answer.unwrap()
}

#[test]
fn an_account_is_made_with_a_first_password_that_is_good_for_choosing_another() {
    let site = site();
    let words = ["j.okafor", "--display", "Joy Okafor", "--mail", "Joy@Home.example", "--group", "staff"];
    let made = add(&site, 1, &words, GOOD);
    assert_eq!((made.exit, made.err.as_str()), (Exit::Ok, ""));
    assert!(made.out.contains("must change") && made.out.contains("Joy Okafor"), "{}", made.out);
    assert_eq!(opens(&site, "j.okafor", GOOD), SignIn::MustChange);
    assert_eq!(opens(&site, "j.okafor", "another blue kettle"), SignIn::Wrong);

    let kept = add(&site, 2, &["kai", "--keep-password"], GOOD);
    assert!(kept.out.contains("can change nothing, not even that password"), "of no class that can: {}", kept.out);
    assert_eq!(kept.exit, Exit::Ok, "{}", kept.err);
    assert_eq!(opens(&site, "kai", GOOD), SignIn::Ok);

    let list = run_at(&site, 3, &["list"], (None, ""));
    let rows: Vec<&str> = list.out.lines().collect();
    assert!(rows[0].starts_with("NAME") && rows[1].starts_with("j.okafor") && rows[2].starts_with("kai"), "{rows:?}");
    assert!(rows[1].contains("staff") && rows[1].contains("must change") && rows[2].contains("open"), "{rows:?}");
    let json = run_at(&site, 3, &["json", "list", "--limit", "1"], (None, "")).json();
    assert_eq!((&json["more"], &json["accounts"][0]["mail"]), (&true.into(), &"joy@home.example".into()));
    let rest = run_at(&site, 3, &["json", "list", "--behind", "j.okafor"], (None, "")).json();
    assert_eq!((&rest["more"], &rest["accounts"][0]["name"]), (&false.into(), &"kai".into()));
    assert_eq!(rest["accounts"][0]["class"], "admin", "in no group that has a class");
    for output in ["text", "json"] {
        for words in [&["list"][..], &["show", "j.okafor"]] {
            let words: Vec<&str> = if output == "json" { [&["json"], words].concat() } else { words.to_vec() };
            let answer = run_at(&site, 4, &words, (None, ""));
            assert_eq!(answer.exit, Exit::Ok);
            assert!(!answer.out.contains("argon2") && !answer.out.contains("kettles"), "{}", answer.out);
        }
    }
}

#[test]
fn the_first_password_is_asked_for_twice_and_held_to_the_rules_of_the_pages() {
    let site = site();
    let mut same = Typist(vec![GOOD, GOOD]);
    assert_eq!(run_at(&site, 1, &["add", "ada"], (Some(&mut same), "")).exit, Exit::Ok);
    let mut other = Typist(vec![GOOD, "three blue kettles sign"]);
    let slip = run_at(&site, 2, &["add", "ben"], (Some(&mut other), ""));
    assert!(slip.exit == Exit::Usage && slip.err.contains("are not the same"), "{}", slip.err);
    let nobody = run_at(&site, 3, &["add", "ben"], (None, ""));
    assert!(nobody.exit == Exit::Usage && nobody.err.contains("--password-stdin"), "{}", nobody.err);
    for (password, why) in [
        ("", "fewer than 15 characters"),
        ("too short", "fewer than 15 characters"),
        ("aaaaaaaaaaaaaaaaaaaa", "again and again"),
        ("keyward keyward", "made of names"),
    ] {
        let refused = add(&site, 4, &["ben"], password);
        assert!(refused.exit == Exit::Failed && refused.err.contains(why), "{password}: {}", refused.err);
        assert!(password.is_empty() || !refused.err.contains(password), "{}", refused.err);
    }
    let windows = run_at(
        &site,
        5,
        &["add", "cleo", "--password-stdin", "--keep-password"],
        (None, "three blue kettles sing\r\nmore"),
    );
    assert_eq!(windows.exit, Exit::Ok, "{}", windows.err);
    assert_eq!(opens(&site, "cleo", GOOD), SignIn::Ok);
    let json = run_at(&site, 6, &["json", "list"], (None, "")).json();
    assert_eq!(json["accounts"].as_array().unwrap().len(), 2, "{json}");
    let typed = Cli::command().try_get_matches_from(["keyward", "account", "add", "ada", "--password", GOOD]);
    assert!(typed.is_err(), "a password in an argument can be read by every program of the machine");
}

#[test]
fn r40_a_name_or_an_address_that_somebody_has_is_refused_and_nothing_is_half_made() {
    let site = site();
    assert_eq!(add(&site, 1, &["ada", "--mail", "ada@home.example", "--group", "staff"], GOOD).exit, Exit::Ok);
    for (words, exit, why) in [
        (&["ada"][..], Exit::Failed, "there is an account `ada` already"),
        (&["ADA\u{200b}"], Exit::Failed, "there is an account `ada` already"),
        (&["ada@home.example"], Exit::Failed, "already"),
        (&["ben", "--mail", "ada@home.example"], Exit::Failed, "nobody could say which is meant"),
        (&["b\u{430}n"], Exit::Usage, "mixes scripts"),
        (&["ben", "--mail", "nothing"], Exit::Usage, "the mail address has not the shape of one"),
        (&["ben", "--group", " "], Exit::Usage, "the name of a group is empty"),
        (&["ben", "--display", "\u{7}"], Exit::Usage, "the display name is empty"),
    ] {
        let refused = add(&site, 2, words, GOOD);
        assert!(refused.exit == exit && refused.err.contains(why), "{words:?}: {}", refused.err);
    }
    let json = run_at(&site, 3, &["json", "list"], (None, "")).json();
    assert_eq!(json["accounts"].as_array().unwrap().len(), 1, "{json}");
}

/// A session of somebody.
fn sign_in(site: &Installed, name: &str, session: Digest) {
    site.blocking(async |store| {
        let ctx = later(1);
        let account = store.account_by_name(name).await.unwrap().unwrap();
        let person = Person {
            id: ctx.id(ctx.now()),
            account: AccountRef { directory: "main".to_owned(), id: account.id },
            salt: ctx.salt(),
            language: None,
            blocked_until: None,
            created: ctx.now(),
        };
        let end = ctx.now().plus_ms(60_000);
        let token = tokens::NewToken {
            purpose: tokens::Purpose::SignIn,
            hash: session,
            case: None,
            person: Some(store.ensure_person(&person).await.unwrap().id),
            browser: None,
            data: Vec::new(),
            created: ctx.now(),
            idle: end,
            expires: end,
            max_tries: 0,
        };
        store.put_token(&token).await.unwrap();
    });
}

fn is_signed_in(site: &Installed, session: Digest) -> bool {
    let seen = tokens::Seen { purpose: tokens::Purpose::SignIn, hash: session, browser: None, at: later(1).now() };
    let mut found = false;
    site.blocking(async |store| found = store.find_token(&seen).await.unwrap().is_some());
    found
}

#[test]
fn v7_4_2_a_disabled_account_opens_nothing_and_nobody_stays_signed_in() {
    let site = site();
    assert_eq!(add(&site, 1, &["ada", "--keep-password"], GOOD).exit, Exit::Ok);
    let session = Digest::from_bytes(later(9).bytes());
    sign_in(&site, "ada", session);
    assert!(is_signed_in(&site, session));
    let disabled = run_at(&site, 2, &["disable", "ada"], (None, ""));
    assert!(disabled.exit == Exit::Ok && disabled.out.contains("disabled"), "{}{}", disabled.out, disabled.err);
    assert_eq!(opens(&site, "ada", GOOD), SignIn::Disabled);
    assert!(!is_signed_in(&site, session));
    assert_eq!(run_at(&site, 3, &["enable", "ada"], (None, "")).exit, Exit::Ok);
    assert_eq!(opens(&site, "ada", GOOD), SignIn::Ok);
}

#[test]
fn an_account_is_removed_only_when_somebody_says_so() {
    let site = site();
    assert_eq!(add(&site, 1, &["ada", "--group", "staff"], GOOD).exit, Exit::Ok);
    let nobody = run_at(&site, 2, &["remove", "ada"], (None, ""));
    assert!(nobody.exit == Exit::Usage && nobody.err.contains("--yes"), "{}", nobody.err);
    let no = run_at(&site, 3, &["json", "remove", "ada"], (Some(&mut Typist(vec!["no"])), "")).json();
    assert_eq!((&no["ok"], &no["removed"]), (&true.into(), &false.into()));
    assert_eq!(run_at(&site, 4, &["show", "ada"], (None, "")).exit, Exit::Ok);
    let yes = run_at(&site, 5, &["remove", "ada"], (Some(&mut Typist(vec!["yes"])), ""));
    assert!(yes.exit == Exit::Ok && yes.out.contains("is removed"), "{}", yes.out);
    for words in [&["show", "ada"][..], &["remove", "ada", "--yes"], &["disable", "ada"]] {
        let gone = run_at(&site, 6, words, (None, ""));
        assert!(gone.exit == Exit::Failed && gone.err.contains("there is no account `ada`"), "{}", gone.err);
    }
    let again = add(&site, 7, &["ada"], GOOD);
    assert_eq!(again.exit, Exit::Ok, "the name is free again: {}", again.err);
}

#[test]
fn t_e07_who_signs_in_while_their_account_is_being_removed_does_not_stay_signed_in() {
    let site = site();
    assert_eq!(add(&site, 1, &["ada"], GOOD).exit, Exit::Ok);
    let session = Digest::from_bytes(later(9).bytes());
    sign_in(&site, "ada", session);
    // The last sign-in that the account allowed is written down in the moment in which it goes.
    site.tampered(
        "CREATE TABLE kept AS SELECT * FROM tokens; DELETE FROM tokens;
         CREATE TRIGGER meanwhile AFTER DELETE ON accounts BEGIN INSERT INTO tokens SELECT * FROM kept; END",
    );
    assert!(!is_signed_in(&site, session));
    assert_eq!(run_at(&site, 2, &["remove", "ada", "--yes"], (None, "")).exit, Exit::Ok);
    site.tampered("DROP TRIGGER meanwhile; DROP TABLE kept");
    assert!(!is_signed_in(&site, session));
}

#[test]
fn accounts_of_another_directory_are_not_made_here() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyward.toml").to_str().unwrap().to_owned();
    let password = folder.path().join("password");
    fs::write(&password, "correct canary battery").unwrap();
    let ldap = ["--ldap-url", "ldaps://l.example.org", "--ldap-base-dn", "dc=x", "--ldap-bind-dn", "cn=k,dc=x"];
    let init = ["--config", &file, "config", "init", "--yes", "--public-url", "https://r.example.org"];
    let rest = ["--ldap-password-file", password.to_str().unwrap()];
    assert_eq!(typed(&[&init[..], &ldap, &rest].concat()).exit, Exit::Ok);
    for words in [&["list"][..], &["show", "ada"], &["add", "ada", "--password-stdin"], &["remove", "ada", "--yes"]] {
        let refused = typed(&[&["--config", &file, "account"], words].concat());
        assert_eq!(refused.exit, Exit::Usage, "{words:?}");
        assert!(refused.err.contains("the accounts are in `main` (openldap)"), "{}", refused.err);
    }
}
