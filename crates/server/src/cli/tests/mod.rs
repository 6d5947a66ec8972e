//! What the command line promises: exit codes, one JSON object, help with examples that work, files nobody else reads, no secret in sight.

mod accounts;
mod breach;
mod doctor;
mod first_start;
mod health;
mod init;
mod jobs;
mod played;
mod policy;
mod records;
mod verify;

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use clap::CommandFactory as _;
use keyward_core::time::Timestamp;
use serde_json::Value;

use super::*;
use crate::config::ConfigError;
use crate::ctx::Ctx;

/// A writer that can be read afterwards.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

struct Answer {
    exit: Exit,
    out: String,
    err: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("not one JSON object: {error}\n{}", self.out))
    }
}

fn seeded() -> Ctx {
    Ctx::by_hand(Timestamp::from_millis(1_795_000_000_000), 7).0
}

fn edge(words: &[&str], environment: &[(&str, &str)]) -> (Edge, Paper, Paper) {
    let (out, err) = (Paper::default(), Paper::default());
    let edge = Edge {
        args: std::iter::once("keyward").chain(words.iter().copied()).map(OsString::from).collect(),
        environment: environment.iter().copied().collect(),
        out: Box::new(out.clone()),
        err: Box::new(err.clone()),
        out_is_terminal: false,
        err_is_terminal: false,
        width: None,
        can_ask: false,
        ctx: seeded(),
    };
    (edge, out, err)
}

fn typed_with(words: &[&str], environment: &[(&str, &str)]) -> Answer {
    let (edge, out, err) = edge(words, environment);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let exit = runtime.block_on(run(edge));
    Answer { exit, out: out.text(), err: err.text() }
}

fn typed(words: &[&str]) -> Answer {
    typed_with(words, &[])
}

/// A folder with a configuration that `config init` wrote.
fn installed() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyward.toml").to_str().unwrap().to_owned();
    let answer = typed(&[
        "--config",
        &file,
        "config",
        "init",
        "--yes",
        "--public-url",
        "https://reset.example.org",
        "--help-phone",
        "555 0100",
    ]);
    assert_eq!(answer.exit, Exit::Ok, "{}", answer.err);
    (folder, file)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Every command.
fn commands() -> Vec<clap::Command> {
    fn leaves(command: &clap::Command, found: &mut Vec<clap::Command>) {
        if command.has_subcommands() {
            command.get_subcommands().filter(|inner| inner.get_name() != "help").for_each(|inner| leaves(inner, found));
        } else {
            found.push(command.clone());
        }
    }
    let mut all = Vec::new();
    leaves(&Cli::command(), &mut all);
    all
}

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_says_what_it_does_and_every_argument_what_it_means() {
    for command in commands() {
        let name = command.get_name().to_owned();
        assert!(command.get_about().is_some(), "{name} has no help");
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{name} {} has no help", argument.get_id());
        }
        if name != "version" {
            assert!(
                command.get_after_help().is_some_and(|help| help.to_string().starts_with("Example")),
                "{name} has no example"
            );
        }
    }
}

#[test]
fn every_example_in_the_help_is_a_command_that_is_understood() {
    let mut seen = 0;
    let helps = commands()
        .into_iter()
        .chain([Cli::command()])
        .filter_map(|command| command.get_after_help().map(ToString::to_string));
    for help in helps {
        for line in help.replace("\\\n", " ").lines().filter(|line| line.starts_with("  keyward ")) {
            let line = line
                .trim()
                .split("  ")
                .next()
                .unwrap()
                .split([">", "|"].map(|c| c.chars().next().unwrap()))
                .next()
                .unwrap()
                .trim();
            if line == "keyward help COMMAND" || line == "keyward config init" {
                continue;
            }
            let parsed = Cli::command().try_get_matches_from(line.split_whitespace());
            assert!(parsed.is_ok(), "`{line}`: {}", parsed.unwrap_err());
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} examples");
}

#[test]
fn eco_10_each_end_has_its_exit_code_and_the_help_lists_them_all() {
    let broken = |kind| CliError::Output(io::Error::from(kind));
    for (error, code) in [
        (CliError::Failed("a".into(), "b".into()), 1),
        (broken(io::ErrorKind::StorageFull), 1),
        (CliError::Usage("a".into()), 2),
        (ConfigError::Wrong(Vec::new()).into(), 2),
        (CliError::Unreachable("a".into(), "b".into()), 3),
        (CliError::Unverified("a".into()), 4),
    ] {
        assert_eq!(error.exit().code(), code, "{error:?}");
    }
    let help = typed(&["--help"]).out;
    for exit in Exit::ALL {
        assert!(help.contains(&format!("  {}  {}", exit.code(), exit.meaning())), "{exit:?} is not in the help");
    }
}

/// A reader that has gone away.
struct Gone;

impl io::Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn eco_10_who_stops_reading_changes_nothing_of_how_a_command_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("forged.json");
    fs::write(&file, "{}").unwrap();
    let file = file.to_str().unwrap();
    for (words, exit) in [
        (vec!["version"], 0),
        (vec!["verify", file], 4),
        (vec!["--output", "json", "verify", file], 4),
        (vec!["--help"], 0),
        (vec!["--output", "json", "nonsense"], 2),
    ] {
        let (mut edge, _, _) = edge(&words, &[]);
        edge.out = Box::new(Gone);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(runtime.block_on(run(edge)).code(), exit, "{words:?}");
    }
}

#[test]
fn eco_10_a_path_that_is_no_text_is_no_reason_to_break_off() {
    use std::os::unix::ffi::OsStringExt as _;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join(OsString::from_vec(b"k\xff".to_vec()));
    fs::create_dir(&place).unwrap();
    let (_kept, file) = installed();
    fs::copy(&file, place.join("keyward.toml")).unwrap();
    for (words, exit) in
        [(&["config", "check"][..], 0), (&["config", "show"], 0), (&["config", "init", "--yes", "--force"], 2)]
    {
        let (mut edge, out, err) = edge(&["--output", "json"], &[]);
        edge.args.extend([OsString::from("--config"), place.join("keyward.toml").into_os_string()]);
        edge.args.extend(words.iter().map(OsString::from));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ended = runtime.block_on(run(edge));
        assert_eq!(ended.code(), exit, "{words:?} {} {}", out.text(), err.text());
        assert!(serde_json::from_str::<serde_json::Value>(&out.text()).is_ok(), "{words:?} {}", out.text());
    }
}

#[test]
fn eco_10_every_command_answers_with_one_json_object_whatever_happens() {
    let (_folder, file) = installed();
    let pages = tempfile::tempdir().unwrap();
    for (words, exit, command) in [
        (vec!["version"], 0, "version"),
        (vec!["completions", "zsh"], 0, "completions"),
        (vec!["man"], 0, "man"),
        (vec!["man", pages.path().to_str().unwrap()], 0, "man"),
        (vec!["config", "check"], 0, "config check"),
        (vec!["config", "show"], 0, "config show"),
        (vec!["config", "show", "--origin", "mail"], 2, "config show"),
        (vec!["config", "schema"], 0, "config schema"),
        (vec!["config", "init"], 2, "config init"),
        (vec!["--help"], 0, ""),
        (vec!["confg"], 2, ""),
        (vec!["version", "--colour"], 2, ""),
        (vec![], 2, ""),
    ] {
        for spelled in [&["--output", "json"][..], &["--output=json"]] {
            let answer = typed(&[&["--config", &file], spelled, &words].concat());
            let json = answer.json();
            assert_eq!(
                (answer.exit.code(), json["exit"].as_u64(), json["ok"].as_bool()),
                (exit, Some(u64::from(exit)), Some(exit == 0)),
                "{words:?} {json}"
            );
            assert_eq!(json["command"], command, "{words:?}");
            assert!(answer.err.is_empty() && (exit == 0 || json["error"]["what"].is_string()), "{words:?} {json}");
        }
    }
    let by_variable = typed_with(&["version"], &[("KEYWARD_OUTPUT", "json")]);
    assert_eq!(by_variable.json()["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn eco_05_config_check_ends_with_0_or_with_2_and_all_problems() {
    let (folder, file) = installed();
    let good = typed(&["--config", &file, "config", "check"]);
    assert_eq!((good.exit, good.err.as_str()), (Exit::Ok, ""));
    assert!(good.out.starts_with("ok    configuration  "), "{}", good.out);

    let bad = folder.path().join("bad.toml");
    fs::write(&bad, "[server]\npublic_ulr = 1\n[limits]\nlink_minutes = 9999\n").unwrap();
    let bad = bad.to_str().unwrap();
    let text = typed(&["--config", bad, "config", "check"]);
    assert_eq!((text.exit, text.out.as_str()), (Exit::Usage, ""));
    assert!(text.err.starts_with("error: 3 problems in the configuration\n"), "{}", text.err);
    let json = typed(&["--config", bad, "--output", "json", "config", "check"]).json();
    let problems = json["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 3);
    assert_eq!(
        (&problems[1]["origin"]["line"], &problems[1]["hint"]),
        (&2.into(), &"did you mean `public_url`?".into())
    );

    let missing = typed(&["--config", "/nowhere/keyward.toml", "config", "check"]);
    assert_eq!(missing.exit, Exit::Usage);
    assert!(
        missing.err.starts_with("error: cannot read the configuration `/nowhere/keyward.toml`: "),
        "{}",
        missing.err
    );
    let by_variable = typed_with(&["config", "check"], &[("KEYWARD_CONFIG", &file)]);
    assert_eq!(by_variable.exit, Exit::Ok);
}

#[test]
fn eco_05_config_check_looks_at_the_key_files() {
    let (folder, file) = installed();
    fs::set_permissions(folder.path().join("keys/seal.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let answer = typed(&["--config", &file, "config", "check"]);
    assert_eq!(answer.exit, Exit::Usage);
    assert!(answer.err.contains("others can read") && answer.err.contains("chmod 600"), "{}", answer.err);
}

#[test]
fn eco_05_config_check_warns_of_a_secret_in_a_file_that_others_can_read() {
    let (folder, file) = installed();
    let text = fs::read_to_string(&file).unwrap();
    let text = text.replace("#[mail]", "[mail]\nhost = \"m.example.org\"\nfrom = \"a@example.org\"\nuser = \"k\"\npassword = \"correct canary battery\"");
    fs::write(&file, text).unwrap();
    let told = |mode: u32| {
        fs::set_permissions(folder.path().join("keyward.toml"), fs::Permissions::from_mode(mode)).unwrap();
        let answer = typed(&["--config", &file, "config", "check"]);
        assert_eq!(answer.exit, Exit::Ok, "{}", answer.err);
        answer.out
    };
    assert!(!told(0o600).contains("`mail.password`"));
    let warned = told(0o644);
    assert!(warned.contains("`mail.password` is written in") && !warned.contains("canary"), "{warned}");
}

#[test]
fn eco_05_config_check_warns_where_nobody_is_of_the_class_standard() {
    let (_folder, file) = installed();
    let check = |environment: &[(&str, &str)]| {
        let answer = typed_with(&["--config", &file, "config", "check"], environment);
        assert_eq!(answer.exit, Exit::Ok, "{}", answer.err);
        answer.out
    };
    assert!(check(&[]).contains("`classes.standard` names no group"));
    let named = check(&[("KEYWARD_CLASSES__STANDARD", "staff")]);
    assert!(!named.contains("classes.standard"), "{named}");
}

#[test]
fn eco_05_config_show_says_where_each_value_comes_from_and_no_secret() {
    let (_folder, file) = installed();
    let environment = [
        ("KEYWARD_MAIL__HOST", "mail.example.org"),
        ("KEYWARD_MAIL__FROM", "reset@example.org"),
        ("KEYWARD_MAIL__USER", "keyward"),
        ("KEYWARD_MAIL__PASSWORD", "canary-1"),
        ("KEYWARD_DATABASE__URL", "postgres://keyward:canary-2@db.example.org/keyward?password=canary-3"),
    ];
    for output in ["text", "json"] {
        let answer = typed_with(&["--config", &file, "--output", output, "config", "show", "--origin"], &environment);
        assert_eq!(answer.exit, Exit::Ok, "{}", answer.err);
        assert!(!answer.out.contains("canary"), "{}", answer.out);
        assert!(answer.out.contains("[secret]") && answer.out.contains("KEYWARD_MAIL__PASSWORD"), "{}", answer.out);
    }
    let one = typed_with(&["--config", &file, "config", "show", "server.public_url", "--origin"], &environment).out;
    let lines: Vec<Vec<&str>> = one.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["KEY", "VALUE", "ORIGIN"]);
    assert_eq!(lines[1][..2], ["server.public_url", "https://reset.example.org"]);
    assert!(lines[1][2].starts_with(&format!("{file}:")), "{one}");
    let plain = typed(&["--config", &file, "config", "show", "limits"]).out;
    assert!(
        plain.contains("limits.link_minutes") && !plain.contains("sessions.") && !plain.contains("default"),
        "{plain}"
    );
}

#[test]
fn eco_05_config_schema_prints_the_schema_itself() {
    let schema: Value = serde_json::from_str(&typed(&["config", "schema"]).out).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(typed(&["--output", "json", "config", "schema"]).json()["schema"], schema);
}

#[test]
fn eco_25_there_are_completions_for_each_shell_and_a_page_for_each_command() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = typed(&["completions", shell]).out;
        assert!(script.contains("keyward") && script.contains("schema"), "{shell}");
    }
    assert!(typed(&["man"]).out.contains(".SH NAME"));
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    assert_eq!(typed(&["man", pages.to_str().unwrap()]).exit, Exit::Ok);
    for page in ["keyward.1", "keyward-config.1", "keyward-config-init.1", "keyward-version.1"] {
        assert!(fs::read_to_string(pages.join(page)).unwrap().contains(".TH"), "{page}");
    }
    let blocked = folder.path().join("file");
    fs::write(&blocked, "").unwrap();
    let failed = typed(&["man", blocked.to_str().unwrap()]);
    assert_eq!(failed.exit, Exit::Failed);
    assert!(failed.err.starts_with("error: cannot write manual pages to `"), "{}", failed.err);
}

#[test]
fn colors_are_there_when_asked_for_and_never_in_a_pipe() {
    let colored = |words: &[&str], environment: &[(&str, &str)]| {
        let answer = typed_with(words, environment);
        format!("{}{}", answer.out, answer.err).contains('\u{1b}')
    };
    assert!(!colored(&["version"], &[]));
    assert!(colored(&["--color", "always", "version"], &[]));
    assert!(colored(&["--color=always", "--help"], &[]));
    assert!(colored(&["version"], &[("KEYWARD_COLOR", "always")]));
    assert!(!colored(&["--color", "never", "version"], &[("KEYWARD_COLOR", "always")]));
    let on_terminal = |environment: &[(&str, &str)]| {
        let (mut edge, _, _) = edge(&["version"], environment);
        edge.out_is_terminal = true;
        context(None, Output::Text, ColorChoice::Auto, edge).look.color
    };
    assert!(on_terminal(&[]) && !on_terminal(&[("NO_COLOR", "1")]) && !on_terminal(&[("TERM", "dumb")]));
}

#[test]
fn eco_07_a_line_of_a_check_up_says_what_result_fix_and_where_to_read() {
    let mut spf =
        CheckLine::new("mail", Mark::Warn, "SPF missing for northwind.example").fix(Some("Add: v=spf1 mx -all".into()));
    spf.docs = Some("docs/runbooks/mail.md".into());
    let lines = vec![
        CheckLine::new("database", Mark::Pass, "SQLite 3.51.3"),
        spf,
        CheckLine::new("clock", Mark::Fail, "40 s ahead"),
    ];
    let report = Report::new("doctor").checks(lines).next(&[("keyward doctor --only clock", "look again")]);
    assert_eq!(report.exit(), Exit::Failed);
    let mut text = Vec::new();
    report.write_text(&mut text, Look { color: false, width: None }).unwrap();
    assert_eq!(
        String::from_utf8(text).unwrap(),
        "ok    database  SQLite 3.51.3\n\
         warn  mail      SPF missing for northwind.example\n\
         \x20               Add: v=spf1 mx -all\n\
         \x20               docs/runbooks/mail.md\n\
         FAIL  clock     40 s ahead\n\
         \n\
         Next\n\
         \x20 keyward doctor --only clock  look again\n"
    );
    let json = report.json();
    assert_eq!(
        (&json["checks"][1]["result"], &json["checks"][1]["fix"]),
        (&"warn".into(), &"Add: v=spf1 mx -all".into())
    );
}

#[test]
fn a_table_is_the_same_in_text_and_in_json() {
    let rows =
        vec![vec!["KW-7Q4M-82XJ".to_owned(), "verifying".to_owned()], vec!["KW-9D3T-55RC".to_owned(), "-".to_owned()]];
    let report = Report::new("case list").table("cases", &["Case", "In step"], rows);
    let mut text = Vec::new();
    report.write_text(&mut text, Look { color: false, width: Some(80) }).unwrap();
    assert_eq!(String::from_utf8(text).unwrap(), "CASE          IN STEP\nKW-7Q4M-82XJ  verifying\nKW-9D3T-55RC  -\n");
    assert_eq!(report.json()["cases"][0]["in_step"], "verifying");
}

#[test]
fn eco_02_a_demonstration_lets_nobody_else_in_unless_told_and_touches_nothing_real() {
    let demo = |listen: &str, expose| args::DemoArgs { listen: listen.parse().unwrap(), expose };
    for (listen, expose, taken) in [
        ("127.0.0.1:8440", false, true),
        ("[::1]:8440", false, true),
        ("0.0.0.0:8440", false, false),
        ("192.0.2.1:8440", false, false),
        ("[::]:8440", false, false),
        ("0.0.0.0:8440", true, true),
    ] {
        assert_eq!(demo(listen, expose).settings().is_ok(), taken, "{listen} {expose}");
    }
    let (edge, _, _) = edge(&[], &[("KEYWARD_DATABASE__URL", "postgres://keyward@real.example.org/keyward")]);
    let ctx = context(Some("/etc/keyward/keyward.toml".into()), Output::Text, ColorChoice::Never, edge);
    let loaded = ctx.load_demo(&demo("127.0.0.1:9000", false).settings().unwrap()).unwrap();
    assert_eq!(loaded.config.database.url.expose(), "sqlite::memory:");
    assert_eq!(loaded.config.server.public_url.origin(), "http://localhost:9000");
    assert_eq!(loaded.config.server.listen.to_string(), "127.0.0.1:9000");
}

#[test]
fn flags_of_serve_and_worker_win_over_the_configuration() {
    let (_folder, file) = installed();
    let text = fs::read_to_string(&file)
        .unwrap()
        .replace("url = \"sqlite:/var/lib/keyward/keyward.db\"", "url = \"postgres://keyward@db.example.org/keyward\"");
    fs::write(&file, text).unwrap();
    let (edge, _, _) = edge(&[], &[("KEYWARD_SERVER__ROLE", "all"), ("KEYWARD_WORKER__THREADS", "3")]);
    let ctx = context(Some(file.into()), Output::Text, ColorChoice::Never, edge);
    let serve = args::ServeArgs {
        role: Some(args::RoleChoice::Web),
        listen: Some("127.0.0.1:1".parse().unwrap()),
        migrate: args::MigrateChoice::Off,
    };
    let server = ctx.load(&serve.settings()).unwrap().config.server;
    assert_eq!((server.role.as_str(), server.listen.to_string()), ("web", "127.0.0.1:1".into()));
    let config = ctx.load(&args::WorkerArgs { threads: Some(8) }.settings()).unwrap().config;
    assert_eq!((config.server.role.as_str(), config.worker.threads.get()), ("worker", 8));
    let too_many = ctx.load(&args::WorkerArgs { threads: Some(65) }.settings()).unwrap_err().to_string();
    assert!(too_many.contains("--threads: `worker.threads` is 65; the most is 64"), "{too_many}");
}
