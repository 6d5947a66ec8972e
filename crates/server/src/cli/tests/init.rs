//! What `keyward config init` promises: six questions, files nobody else reads, nothing overwritten, nothing written when an answer is wrong.

use std::path::PathBuf;

use keyward_core::secret::{Secret, SecretText};

use super::super::prompt::{Ask, Check};
use super::*;
use crate::config::Environment;

#[test]
fn eco_05_init_writes_files_that_only_their_owner_reads() {
    let (folder, file) = installed();
    for name in ["keyward.toml", "keys/log-signing.key", "keys/seal.key", "keys/data.key"] {
        assert_eq!(mode(&folder.path().join(name)), 0o600, "{name}");
    }
    assert_eq!(mode(&folder.path().join("keys")), 0o700);
    let once = seeded();
    for name in ["log-signing.key", "seal.key", "data.key"] {
        let key = fs::read(folder.path().join("keys").join(name)).unwrap();
        assert_eq!(key, once.bytes::<32>(), "{name} is not made of the randomness that was handed in");
    }
    assert_eq!(typed(&["--config", &file, "config", "check"]).exit, Exit::Ok);
}

#[test]
fn eco_05_init_writes_the_public_half_of_the_seal_key_of_an_old_key_too() {
    let (folder, file) = installed();
    let public = |bytes: &[u8]| {
        let key = crate::seal::read_key(bytes).unwrap();
        crate::seal::OpenKey::new(&key).unwrap().seal_key().to_string()
    };
    let seal = folder.path().join("keys/seal.key");
    let written = public(&fs::read(&seal).unwrap());
    assert!(fs::read_to_string(&file).unwrap().contains(&written));
    let mut own = [9; 32];
    own[0] = 1;
    fs::write(&seal, own).unwrap();
    let again = ["--config", &file, "config", "init", "--yes", "--force", "--public-url", "https://reset.example.org"];
    assert_eq!(typed(&again).exit, Exit::Ok);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(&public(&own)) && !text.contains(&written));
    fs::write(&seal, [9; 32]).unwrap();
    let refused = typed(&again);
    assert_eq!(refused.exit, Exit::Failed, "a key of one byte repeated was never filled");
    assert!(refused.err.contains("cannot use the key that is in"), "{}", refused.err);
}

#[test]
fn eco_05_init_never_overwrites_unless_forced_and_a_key_never() {
    let (folder, file) = installed();
    let key = folder.path().join("keys/log-signing.key");
    let mut own = vec![9; 32];
    own[0] = 1;
    fs::write(&key, &own).unwrap();
    let again = ["--config", &file, "config", "init", "--yes", "--public-url", "https://other.example.org"];
    let refused = typed(&again);
    assert_eq!(refused.exit, Exit::Usage);
    assert!(refused.err.contains("exists; --force replaces it"), "{}", refused.err);
    assert!(!fs::read_to_string(&file).unwrap().contains("other.example.org"));

    let forced = typed(&[&again[..], &["--force"]].concat());
    assert_eq!(forced.exit, Exit::Ok, "{}", forced.err);
    assert!(fs::read_to_string(&file).unwrap().contains("other.example.org") && forced.out.contains("kept as it was"));
    assert_eq!((fs::read(&key).unwrap(), mode(Path::new(&file))), (own, 0o600));
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "something was left behind: {names:?}");
}

#[test]
fn eco_05_init_refuses_a_wrong_answer_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyward.toml").to_str().unwrap().to_owned();
    for (flags, told) in [
        (&["--public-url", "http://reset.example.org"][..], "--public-url `http://reset.example.org` is http"),
        (&[], "--public-url is missing"),
        (
            &["--public-url", "https://r.example.org", "--ldap-url", "ldaps://l.example.org"],
            "--ldap-base-dn is missing",
        ),
        (&["--public-url", "https://r.example.org", "--mail-host", "m.example.org"], "--mail-from is missing"),
        (
            &["--public-url", "https://r.example.org", "--database", "mysql://x"],
            "--database names neither SQLite nor PostgreSQL",
        ),
        (
            &[
                "--public-url",
                "https://r.example.org",
                "--ldap-url",
                "ldap://l.example.org",
                "--ldap-base-dn",
                "dc=x",
                "--ldap-bind-dn",
                "cn=k,dc=x",
                "--ldap-password-file",
                "/nowhere/p",
            ],
            "would send passwords without TLS",
        ),
    ] {
        let answer = typed(&[&["--config", &file, "config", "init", "--yes"], flags].concat());
        assert_eq!(answer.exit, Exit::Usage, "{flags:?}");
        assert!(answer.err.contains(told), "{flags:?}: {}", answer.err);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{flags:?} left something behind");
    }
}

/// Somebody who gives these answers, and who notes the questions.
struct Scripted {
    answers: Vec<&'static str>,
    asked: Vec<String>,
}

impl Scripted {
    fn next(&mut self, question: &str) -> &'static str {
        self.asked.push(question.trim().to_owned());
        self.answers.remove(0)
    }
}

impl Ask for Scripted {
    fn line(&mut self, question: &str, default: Option<&str>, check: Check<'_>) -> Result<Option<String>, CliError> {
        loop {
            match self.next(question) {
                "" => return Ok(default.map(str::to_owned)),
                answer if check(answer).is_ok() => return Ok(Some(answer.to_owned())),
                _ => {}
            }
        }
    }
    fn choice(&mut self, question: &str, choices: &[&str]) -> Result<usize, CliError> {
        let answer = self.next(question);
        Ok(choices.iter().position(|choice| *choice == answer).unwrap())
    }
    fn secret(&mut self, question: &str) -> Result<SecretText, CliError> {
        Ok(Secret::new(self.next(question).to_owned()))
    }
}

fn asked(file: &Path, answers: &[&'static str]) -> (Result<Exit, CliError>, Vec<String>) {
    let (edge, _, _) = edge(&[], &[]);
    let ctx = context(Some(file.to_owned()), Output::Text, ColorChoice::Never, edge);
    let mut person = Scripted { answers: answers.to_vec(), asked: Vec::new() };
    let matches = Cli::command().get_matches_from(["keyward", "config", "init"]);
    let Command::Config(args::ConfigCommand::Init(args)) = Cli::from_arg_matches(&matches).unwrap().command else {
        panic!("not init")
    };
    let ending = crate::cli::init::run_with(&args, &ctx, Some(&mut person));
    assert!(person.answers.is_empty() || ending.is_err(), "not asked for {:?}", person.answers);
    (ending, person.asked)
}

#[test]
fn eco_05_init_asks_six_questions_and_asks_again_when_the_answer_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyward.toml");
    let (ending, asked) = asked(
        &file,
        &["", "http://reset.example.org", "https://reset.example.org", "Northwind", "", "", "Keyward's own", ""],
    );
    assert_eq!(ending.unwrap(), Exit::Ok);
    let numbered: std::collections::BTreeSet<&str> = asked.iter().filter_map(|question| question.get(..6)).collect();
    assert_eq!(numbered.into_iter().collect::<Vec<_>>(), ["1 of 6", "2 of 6", "3 of 6", "4 of 6", "5 of 6", "6 of 6"]);
    assert_eq!(asked.len(), 8, "the address is asked for three times: {asked:?}");
    let environment = Environment::default();
    let source = crate::config::FileSource::At(&file);
    let loaded = crate::config::load(&crate::config::Sources {
        file: source,
        environment: &environment,
        flags: &[],
        demo: false,
    })
    .unwrap();
    assert_eq!(loaded.config.server.organization, "Northwind");
}

#[test]
fn eco_05_a_password_typed_at_init_is_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyward.toml");
    let answers = |password| {
        [
            "https://reset.example.org",
            "",
            "",
            "",
            "OpenLDAP",
            "ldaps://ldap.example.org",
            "dc=example,dc=org",
            "cn=keyward,dc=example,dc=org",
            password,
            "",
        ]
    };
    let (known, _) = asked(&file, &answers("Admin"));
    assert!(known.unwrap_err().to_string().contains("everybody knows"));
    assert!(!file.exists());
    let (ending, _) = asked(&file, &answers("correct canary battery"));
    assert_eq!(ending.unwrap(), Exit::Ok);
    assert!(!fs::read_to_string(&file).unwrap().contains("canary"));
    let secret: PathBuf = folder.path().join("keys/directory-password");
    assert_eq!((fs::read_to_string(&secret).unwrap().as_str(), mode(&secret)), ("correct canary battery", 0o600));
    assert_eq!(typed(&["--config", file.to_str().unwrap(), "config", "check"]).exit, Exit::Ok);
}
