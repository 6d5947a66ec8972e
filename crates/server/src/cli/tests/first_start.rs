//! What a start without a configuration promises (ECO-01): one place of its own for this machine alone, made once and found again, and nothing
//! of it as soon as anybody has said anything about the configuration.

use std::collections::BTreeMap;

use super::super::first_start::{self, FirstStart};
use super::*;
use crate::config;

fn serve(listen: Option<&str>) -> args::ServeArgs {
    let listen = listen.map(|listen| listen.parse().unwrap());
    args::ServeArgs { role: None, listen, migrate: args::MigrateChoice::Auto }
}

fn at(config: Option<&Path>, environment: &[(&str, &str)], output: Output) -> (CliContext, Paper) {
    let (edge, _, err) = edge(&[], environment);
    (context(config.map(Path::to_owned), output, ColorChoice::Never, edge), err)
}

/// A place where nothing is.
fn nowhere() -> &'static Path {
    Path::new("/nowhere/keyward.toml")
}

fn found(environment: &[(&str, &str)]) -> (Option<FirstStart>, String) {
    let (ctx, err) = at(None, environment, Output::Text);
    (first_start::find(&serve(None), &ctx, nowhere()).unwrap(), err.text())
}

fn bytes(folder: &Path) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let names =
        ["keyward.toml", "keys/log-signing.key", "keys/seal.key", "keys/data.key"].map(|name| folder.join(name));
    names.into_iter().map(|name| (name.clone(), fs::read(&name).unwrap())).collect()
}

#[test]
fn eco_01_a_start_without_a_configuration_begins_one_that_only_its_owner_reads_and_finds_it_again() {
    let home = tempfile::tempdir().unwrap();
    let environment = [("HOME", home.path().to_str().unwrap())];
    let (first, said) = found(&environment);
    let folder = home.path().join(".local/state/keyward");
    let file = folder.join("keyward.toml");
    assert_eq!(first, Some(FirstStart { file: file.clone() }));
    for part in ["was made", file.to_str().unwrap(), "this machine alone", "keyward config init"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!((mode(&folder), mode(&folder.join("keys"))), (0o700, 0o700));
    let made = bytes(&folder);
    assert!(made.keys().all(|name| mode(name) == 0o600));

    let (again, said) = found(&environment);
    assert_eq!((again, said.contains("was made")), (first, false));
    assert_eq!(bytes(&folder), made, "nothing is made twice");

    let (ctx, _) = at(None, &environment, Output::Text);
    let config = ctx.load_from(Some(&file), &[]).unwrap().config;
    assert_eq!(config.server.public_url.origin(), "http://localhost:8440");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8440");
    assert_eq!(config.database.url.expose(), &format!("sqlite:{}", folder.join("keyward.db").display()));
    assert!(config.log.last_checkpoint_file.starts_with(&folder));
    assert!(matches!(config.directories[..], [config::Directory { source: config::DirectorySource::Embedded, .. }]));
    assert!(first_start::only_here(&config).is_ok());
    let other = first_start::settings(&serve(Some("127.0.0.1:9000")));
    let config = ctx.load_from(Some(&file), &other).unwrap().config;
    assert_eq!(config.server.public_url.origin(), "http://localhost:9000");
}

#[test]
fn eco_01_the_place_is_the_service_managers_then_the_desktops_then_the_homes() {
    let all = tempfile::tempdir().unwrap();
    let path = |name: &str| all.path().join(name).to_str().unwrap().to_owned();
    let (state, xdg, home) = (path("state"), path("xdg"), path("home"));
    let two = format!("{state}:{}", path("second"));
    let variables = [("STATE_DIRECTORY", two.as_str()), ("XDG_STATE_HOME", &xdg), ("HOME", &home)];
    for (from, folder) in [(0, path("state")), (1, path("xdg/keyward")), (2, path("home/.local/state/keyward"))] {
        let (first, _) = found(&variables[from..]);
        assert_eq!(first.unwrap().file, Path::new(&folder).join("keyward.toml"));
    }
    let relative = [("STATE_DIRECTORY", "state"), ("XDG_STATE_HOME", "xdg"), ("HOME", "")];
    assert_eq!(found(&relative).0, None);
    assert_eq!(found(&[]).0, None, "without any folder the old message tells what is missing");
}

#[test]
fn eco_01_whoever_has_said_anything_about_the_configuration_gets_no_first_start() {
    let home = tempfile::tempdir().unwrap();
    let own = ("HOME", home.path().to_str().unwrap());
    for variable in [
        ("KEYWARD_SERVER__PUBLIC_URL", "https://reset.example.org"),
        ("KEYWARD_ANYTHING", ""),
        ("KEYWARD_CONFIG", "/nowhere/keyward.toml"),
        ("CREDENTIALS_DIRECTORY", "/run/credentials/keyward.service"),
    ] {
        assert_eq!(found(&[own, variable]).0, None, "{variable:?}");
    }
    let (ctx, _) = at(Some(nowhere()), &[own], Output::Text);
    assert_eq!(first_start::find(&serve(None), &ctx, nowhere()).unwrap(), None, "--config");
    let usual = home.path().join("usual.toml");
    fs::write(&usual, "").unwrap();
    let (ctx, _) = at(None, &[own], Output::Text);
    assert_eq!(first_start::find(&serve(None), &ctx, &usual).unwrap(), None, "a file in the usual place");
    let unreadable = usual.join("within-a-file.toml");
    assert_eq!(first_start::find(&serve(None), &ctx, &unreadable).unwrap(), None, "one that can not be looked for");
    assert!(!home.path().join(".local").exists(), "and nothing is left behind");
    let (first, _) = found(&[own, ("KEYWARD_OUTPUT", "text"), ("KEYWARD_COLOR", "never")]);
    assert!(first.is_some(), "how it is printed is no setting");
}

#[test]
fn eco_01_a_first_start_lets_no_other_machine_in() {
    let home = tempfile::tempdir().unwrap();
    let own = [("HOME", home.path().to_str().unwrap())];
    let (ctx, err) = at(None, &own, Output::Json);
    for listen in ["0.0.0.0:8440", "192.0.2.1:8440", "[::]:8440"] {
        let refused = first_start::find(&serve(Some(listen)), &ctx, nowhere()).unwrap_err();
        assert!(refused.exit() == Exit::Usage && refused.to_string().contains("for this machine alone"), "{refused}");
    }
    assert!(!home.path().join(".local").exists());
    let first = first_start::find(&serve(Some("[::1]:8440")), &ctx, nowhere()).unwrap().unwrap();
    assert_eq!(err.text(), "", "programs read the one object");
    let text = fs::read_to_string(&first.file).unwrap();
    for (from, to) in
        [("\"127.0.0.1:8440\"", "\"0.0.0.0:8440\""), ("\"http://localhost:8440\"", "\"https://reset.example.org\"")]
    {
        fs::write(&first.file, text.replace(from, to)).unwrap();
        let config = ctx.load_from(Some(&first.file), &[]).unwrap().config;
        assert!(first_start::only_here(&config).is_err(), "changed by hand: {to}");
    }
}
