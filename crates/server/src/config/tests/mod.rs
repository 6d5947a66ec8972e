//! What the configuration promises: every mistake at once, the order of the layers, no secret in sight, hard limits refused.

mod rules;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::keys::SECTIONS;
use super::setting::Key;
use super::*;

const FILE: &str = "keyward.toml";
const MINIMAL: &str = "[server]\npublic_url = \"https://reset.example.org\"\n";

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares with a file in the repository; `UPDATE=1` writes it instead.
fn golden(path: &Path, actual: &str) {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, actual).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert!(expected == actual, "{} differs; UPDATE=1 writes it anew\n{actual}", path.display());
}

fn read(text: &str, environment: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    read_with(text, environment, &[])
}

fn read_with(text: &str, environment: &[(&str, &str)], flags: &[FlagValue]) -> Result<Loaded, ConfigError> {
    let environment = environment.iter().copied().collect();
    load(&Sources { file: FileSource::Text(Path::new(FILE), text), environment: &environment, flags, demo: false })
}

fn refused(text: &str) -> String {
    read(text, &[]).expect_err("must be refused").to_string()
}

fn minimal_and(text: &str) -> String {
    format!("{MINIMAL}{text}")
}

fn shown<'a>(loaded: &'a Loaded, key: &str) -> &'a Shown {
    loaded.values.iter().find(|shown| shown.key == key).unwrap_or_else(|| panic!("no {key}"))
}

fn all_keys() -> impl Iterator<Item = &'static Key> {
    SECTIONS.iter().flat_map(|info| info.keys)
}

const LDAP: &str = "[[directory]]\nname = \"main\"\nkind = \"openldap\"\n[directory.openldap]\nurl = \"ldaps://ldap.example.org\"\n\
    base_dn = \"dc=example,dc=org\"\nbind_dn = \"cn=keyward,dc=example,dc=org\"\n";

#[test]
fn eco_04_every_mistake_is_told_at_once_with_its_place_and_a_way_out() {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder("tests/golden/config")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    assert!(files.len() >= 6, "the bad configurations are gone");
    for path in files {
        let message = format!("{}\n", refused(&fs::read_to_string(&path).unwrap()));
        assert!(!message.contains("canary"), "{} shows a secret:\n{message}", path.display());
        golden(&path.with_extension("txt"), &message);
    }
}

#[test]
fn eco_04_a_wrong_variable_is_told_like_a_wrong_line() {
    for (name, value, expected) in [
        (
            "KEYWARD_MAIL__PROT",
            "25",
            "KEYWARD_MAIL__PROT: unknown variable KEYWARD_MAIL__PROT\n    did you mean KEYWARD_MAIL__PORT?",
        ),
        (
            "KEYWARD_SERVER_LISTEN",
            "x",
            "KEYWARD_SERVER_LISTEN: unknown variable KEYWARD_SERVER_LISTEN\n    write KEYWARD_SERVER__LISTEN: section and key have two underscores between them",
        ),
        (
            "KEYWARD_SERVER__listen",
            "x",
            "KEYWARD_SERVER__listen: unknown variable KEYWARD_SERVER__listen\n    write KEYWARD_SERVER__LISTEN: section and key have two underscores between them",
        ),
        (
            "KEYWARD_LIMITS__LINK_MINUTES",
            "1500",
            "KEYWARD_LIMITS__LINK_MINUTES: `limits.link_minutes` is 1500 minutes; the most is 1440 (NIST SP 800-63B-4, 4.2.1.2)\n    the default is 10",
        ),
        (
            "KEYWARD_LIMITS__LINK_MINUTES",
            "ten",
            "KEYWARD_LIMITS__LINK_MINUTES: `limits.link_minutes` must be a whole number, not `ten`",
        ),
        (
            "KEYWARD_SERVER__ROLE",
            "al",
            "KEYWARD_SERVER__ROLE: `server.role`: `al` is not one of all, web, worker\n    did you mean `all`?",
        ),
        (
            "KEYWARD_DIRECTORY__OPENLDAP__URL",
            "x",
            "KEYWARD_DIRECTORY__OPENLDAP__URL: unknown variable KEYWARD_DIRECTORY__OPENLDAP__URL\n    did you mean KEYWARD_DIRECTORY__<NAME>__OPENLDAP__URL?",
        ),
        (
            "KEYWARD_CLASSES__ADMIN",
            "[\"a\"",
            "KEYWARD_CLASSES__ADMIN: `classes.admin` is not a list: unclosed array, expected `]`",
        ),
    ] {
        let error = read(MINIMAL, &[(name, value)]).expect_err(name);
        assert_eq!(error.to_string(), format!("1 problem in the configuration\n  {expected}"));
    }
}

#[test]
fn eco_04_what_an_orchestrator_sets_by_itself_stops_nothing() {
    let set = [
        ("KEYWARD_PORT", "tcp://10.0.0.1:8440"),
        ("KEYWARD_SERVICE_HOST", "10.0.0.1"),
        ("KEYWARD_PORT_8440_TCP", "x"),
        ("KEYWARD_CONFIG", "x"),
    ];
    assert!(read(MINIMAL, &set).unwrap().warnings.iter().all(|warning| !warning.what.contains("KEYWARD_")));
    let odd = read(MINIMAL, &[("KEYWARD_COLOUR", "never")]).unwrap();
    assert!(odd.warnings.iter().any(|warning| warning.what == "unknown variable KEYWARD_COLOUR is not used"));
}

#[test]
fn eco_03_a_flag_wins_over_the_environment_that_over_a_credential_that_over_the_file_that_over_the_default() {
    let credentials = tempfile::tempdir().unwrap();
    let directory = credentials.path().to_str().unwrap().to_owned();
    let file = minimal_and("[database]\nurl = \"sqlite:file\"\n");
    let flag = [FlagValue { key: "database.url", value: "sqlite:flag".into(), flag: "--database" }];
    let variable = ("KEYWARD_DATABASE__URL", "sqlite:variable");
    let credential = ("CREDENTIALS_DIRECTORY", directory.as_str());

    let check = |text: &str, environment: &[(&str, &str)], flags: &[FlagValue], value: &str, origin: &str| {
        let loaded = read_with(text, environment, flags).unwrap();
        let found = shown(&loaded, "database.url");
        assert_eq!((found.value.as_str().unwrap(), found.origin.to_string().as_str()), (value, origin));
        assert_eq!(loaded.config.database.url.expose(), value);
    };
    check(MINIMAL, &[], &[], "sqlite:/var/lib/keyward/keyward.db", "default");
    check(&file, &[], &[], "sqlite:file", "keyward.toml:4:7");
    // The directory is there and has no such credential.
    check(&file, &[credential], &[], "sqlite:file", "keyward.toml:4:7");
    fs::write(credentials.path().join("database.url"), "sqlite:credential\n").unwrap();
    check(&file, &[credential], &[], "sqlite:credential", "credential database.url");
    check(&file, &[credential, variable], &[], "sqlite:variable", "KEYWARD_DATABASE__URL");
    check(&file, &[credential, variable], &flag, "sqlite:flag", "--database");
}

#[test]
fn eco_03_a_secret_may_be_in_a_file_that_the_file_or_a_variable_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    fs::write(&path, "correct horse battery\n").unwrap();
    let path = path.to_str().unwrap();
    let in_file = minimal_and(&format!("{LDAP}bind_password_file = \"{path}\"\n"));
    let without = minimal_and(LDAP);
    let variable = ("KEYWARD_DIRECTORY__MAIN__OPENLDAP__BIND_PASSWORD_FILE", path);
    let plain = ("KEYWARD_DIRECTORY__MAIN__OPENLDAP__BIND_PASSWORD", "correct horse battery");
    fs::write(folder.path().join("directory.main.openldap.bind_password"), "correct horse battery").unwrap();
    let credential = ("CREDENTIALS_DIRECTORY", folder.path().to_str().unwrap());
    for (text, environment, origin) in [
        (&in_file, vec![], format!("keyward.toml:10:22 -> {path}")),
        (&without, vec![variable], format!("KEYWARD_DIRECTORY__MAIN__OPENLDAP__BIND_PASSWORD_FILE -> {path}")),
        (&without, vec![plain], "KEYWARD_DIRECTORY__MAIN__OPENLDAP__BIND_PASSWORD".into()),
        (&without, vec![credential], "credential directory.main.openldap.bind_password".into()),
    ] {
        let loaded = read(text, &environment).unwrap();
        let DirectorySource::OpenLdap(ldap) = &loaded.config.directories[0].source else { panic!("not OpenLDAP") };
        assert!(ldap.bind_password.matches(b"correct horse battery"), "{origin}");
        assert_eq!(shown(&loaded, "directory.main.openldap.bind_password").origin.to_string(), origin);
    }
    let twice = read(&without, &[variable, plain]).expect_err("given twice").to_string();
    assert!(
        twice.contains("`directory.main.openldap.bind_password` is given twice, as a value and as a file"),
        "{twice}"
    );
}

#[test]
fn eco_03_a_key_file_may_be_a_credential() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("log.signing_key"), [7_u8; 32]).unwrap();
    let loaded = read(MINIMAL, &[("CREDENTIALS_DIRECTORY", folder.path().to_str().unwrap())]).unwrap();
    assert_eq!(loaded.config.log.signing_key_file, folder.path().join("log.signing_key"));
    assert_eq!(loaded.config.worker.seal_key_file, Path::new("/etc/keyward/keys/seal.key"));
}

#[test]
fn eco_03_each_key_has_a_variable_of_its_own_that_sets_it() {
    let mut seen = BTreeMap::new();
    for key in all_keys() {
        let name = environment::variable(key);
        assert!(seen.insert(name.clone(), key.path()).is_none(), "{name} is used twice");
        // What does not fit the key is refused with the name of the variable, so the variable reaches the key.
        let instance = name.replace("<NAME>", "MAIN");
        if key.name == "name" {
            continue;
        }
        let wrong = if key.kind.json == "array" { "[" } else { "" };
        let kind = ("KEYWARD_DIRECTORY__MAIN__KIND", "openldap");
        let environment = if key.section == "directory.openldap" {
            vec![kind, (&instance, wrong)]
        } else {
            vec![(instance.as_str(), wrong)]
        };
        match read(MINIMAL, &environment) {
            Err(error) => assert!(
                error.problems().iter().any(|problem| problem.origin == Origin::Environment(instance.clone())),
                "{name}: {error}"
            ),
            Ok(loaded) => assert!(
                loaded.values.iter().any(|shown| shown.origin == Origin::Environment(instance.clone())),
                "{name} is not read"
            ),
        }
    }
}

#[test]
fn eco_05_no_secret_is_ever_shown() {
    let text = minimal_and(&format!(
        "[database]\nurl = \"postgres://keyward:canary-1@db.example.org:5433/keyward?sslkey=canary-2\"\n\
         [mail]\nhost = \"mail.example.org\"\nfrom = \"reset@example.org\"\nuser = \"keyward\"\npassword = \"canary-3\"\n{LDAP}"
    ));
    let loaded = read(&text, &[("KEYWARD_DIRECTORY__MAIN__OPENLDAP__BIND_PASSWORD", "canary-4")]).unwrap();
    assert!(loaded.config.database.url.expose().contains("canary-1"), "the canaries are not where they should be");
    let mail = loaded.config.mail.as_ref().unwrap();
    assert!(mail.password.as_ref().unwrap().matches(b"canary-3"));
    let (problems, warnings) = loaded.check_files();
    let seen = format!(
        "{loaded:?} {problems:?} {warnings:?} {:?}",
        loaded.values.iter().map(|shown| &shown.value).collect::<Vec<_>>()
    );
    assert!(!seen.contains("canary"), "{seen}");
    assert_eq!(shown(&loaded, "database.url").value, "postgres://[secret]@db.example.org:5433/keyward");
    assert_eq!(loaded.values.iter().filter(|shown| shown.secret).count(), 3);
}

#[test]
fn several_directories_keep_their_order_and_one_is_there_by_default() {
    let names = |loaded: &Loaded| {
        loaded.config.directories.iter().map(|directory| directory.name.as_str().to_owned()).collect::<Vec<_>>()
    };
    let none = read(MINIMAL, &[]).unwrap();
    assert_eq!(names(&none), ["main"]);
    assert!(matches!(none.config.directories[0].source, DirectorySource::Embedded));
    let text = minimal_and(&format!("[[directory]]\nname = \"small\"\n{LDAP}bind_password = \"correct horse\"\n"));
    let loaded = read(
        &text,
        &[
            ("KEYWARD_DIRECTORY__FROM_ENV__KIND", "embedded"),
            ("KEYWARD_DIRECTORY__MAIN__OPENLDAP__TIMEOUT_SECONDS", "9"),
        ],
    )
    .unwrap();
    assert_eq!(names(&loaded), ["small", "main", "from_env"]);
    let DirectorySource::OpenLdap(ldap) = &loaded.config.directories[1].source else { panic!("not OpenLDAP") };
    assert_eq!((ldap.timeout_seconds.millis(), ldap.name_attributes.join(" ")), (9000, "uid mail".into()));
}

#[test]
fn eco_02_a_demonstration_needs_no_file_and_everything_else_needs_an_address() {
    let environment = Environment::default();
    let source =
        |demo| Sources { file: FileSource::Text(Path::new(FILE), ""), environment: &environment, flags: &[], demo };
    let demo = load(&source(true)).unwrap();
    assert_eq!(demo.config.server.public_url.origin(), "http://localhost:8440");
    assert!(load(&source(false)).unwrap_err().to_string().contains("`server.public_url` is missing"));
}

#[test]
fn a_list_in_a_variable_is_toml_or_has_semicolons() {
    for (text, expected) in [
        ("cn=a,dc=x; cn=b,dc=x", vec!["cn=a,dc=x", "cn=b,dc=x"]),
        ("[\"cn=a;b,dc=x\", 'c']", vec!["cn=a;b,dc=x", "c"]),
        ("one", vec!["one"]),
        ("", vec![]),
        ("[]", vec![]),
    ] {
        let loaded = read(MINIMAL, &[("KEYWARD_CLASSES__ADMIN", text)]).unwrap();
        assert_eq!(loaded.config.classes.admin, expected, "{text}");
    }
}

#[test]
fn a_key_file_is_32_bytes_that_nobody_else_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let text = minimal_and(&format!(
        "data_key_file = \"{0}\"\n[log]\nsigning_key_file = \"{0}\"\n[worker]\nseal_key_file = \"{0}\"\n",
        path.display()
    ));
    let loaded = read(&text, &[]).unwrap();
    let told = |bytes: usize, mode: u32| {
        fs::write(&path, vec![0; bytes]).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        loaded
            .check_files()
            .0
            .iter()
            .map(|problem| problem.what.replace(path.to_str().unwrap(), "FILE"))
            .collect::<Vec<_>>()
    };
    assert!(loaded.check_files().0[0].what.contains("cannot read"));
    for size in [32, 44, 45, 46] {
        assert_eq!(told(size, 0o600), Vec::<String>::new(), "{size}");
    }
    assert_eq!(told(32, 0o640)[1], "`log.signing_key_file`: others can read `FILE` (mode 640)");
    let wrong = "`FILE` has 31 bytes; a key has 32, or 44 as a line of base64";
    let keys = ["server.data_key_file", "log.signing_key_file", "worker.seal_key_file"];
    assert_eq!(told(31, 0o600), keys.map(|key| format!("`{key}`: {wrong}")));
}

#[test]
fn a_web_process_needs_the_public_half_of_the_seal_key_and_not_the_key() {
    const PUBLIC: &str = "ZHVtbXkga2V5IGZvciB0aGUgZG9jdW1lbnRhdGlvbiE=";
    let text = minimal_and("role = \"web\"\n[database]\nurl = \"postgres://keyward@db.example.org/keyward\"\n");
    let without = refused(&text);
    assert!(without.contains("`worker.seal_public_key` is not set"), "{without}");
    let text = format!("{text}[worker]\nseal_public_key = \"{PUBLIC}\"\n");
    assert!(refused(&text.replace(PUBLIC, "c2hvcnQ=")).contains("`c2hvcnQ=` is not a public key"));
    let (problems, _) = read(&text, &[]).unwrap().check_files();
    assert!(problems.iter().all(|problem| problem.key != "worker.seal_key_file"), "{problems:?}");
    assert!(
        problems.iter().all(|problem| problem.key != "log.signing_key_file"),
        "who only serves pages signs nothing"
    );
    assert!(problems.iter().any(|problem| problem.key == "server.data_key_file"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(96))]

    /// Whatever is in a file, reading it ends in a configuration or in problems that each have a place, and never shows the secret in it.
    #[test]
    fn eco_04_any_damage_to_a_file_is_told_and_never_a_panic(cut in 0_usize..900, length in 0_usize..40, put in "[\\PC\n\"=\\[\\].#é]{0,12}") {
        let whole = minimal_and(&format!("[limits]\nlink_minutes = 10\n[mail]\nhost = \"m.example.org\"\nfrom = \"a@example.org\"\nuser = \"u\"\npassword = \"canary-74\"\n{LDAP}bind_password = \"canary-75\"\n"));
        let start = cut % whole.len();
        let end = (start + length).min(whole.len());
        let damaged = format!("{}{put}{}", &whole[..start], &whole[end..]);
        if let Err(error) = read(&damaged, &[]) {
            proptest::prop_assert!(!error.problems().is_empty());
            // A secret that lost its quotes or its key is no secret any more; whole, it is not shown.
            let whole_secret = damaged.contains("password = \"canary-74\"\n") && damaged.contains("password = \"canary-75\"\n");
            proptest::prop_assert!(!whole_secret || !error.to_string().contains("canary"), "{}", error);
        }
    }
}
