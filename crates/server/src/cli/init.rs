//! `keyward config init`: a first configuration and its keys.
//!
//! It asks six questions (three more for OpenLDAP), or takes flags. What it writes has been read once as a configuration before it is written.
//! It never replaces a key: who replaces the key of the log starts another log.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use keyward_core::secret::{Secret, SecretText};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::args::{DirectoryChoice, InitArgs};
use super::prompt::{Ask, Terminal};
use super::{CliContext, CliError, Exit, Report};
use crate::config::setting::Raw;
use crate::config::{self, DEFAULT_FILE, Environment, FileSource, Sources, docs, keys};
use crate::seal::{OpenKey, read_key};

/// Each key file, and the setting that names it.
const KEYS: [(&str, &str); 3] = [
    ("log-signing.key", "log.signing_key_file"),
    ("seal.key", "worker.seal_key_file"),
    ("data.key", "server.data_key_file"),
];

/// What is going to be written.
#[derive(Default)]
struct Answers {
    /// By path of the key.
    values: BTreeMap<String, Value>,
    /// The password that was typed for the directory.
    bind_password: Option<SecretText>,
}

/// Writes a first configuration.
pub async fn run(args: Box<InitArgs>, ctx: &CliContext) -> Result<Exit, CliError> {
    let ask: Option<&mut dyn Ask> = if ctx.can_ask && !args.yes { Some(&mut Terminal) } else { None };
    run_with(&args, ctx, ask)
}

/// The same with somebody to ask, or nobody.
pub(super) fn run_with(args: &InitArgs, ctx: &CliContext, ask: Option<&mut dyn Ask>) -> Result<Exit, CliError> {
    let target = ctx.config.clone().unwrap_or_else(|| DEFAULT_FILE.into());
    if target.exists() && !args.force {
        return Err(CliError::Usage(format!("`{}` exists; --force replaces it", target.display())));
    }
    let place = Place { target: &target, keys: args.keys.as_deref(), over: args.force };
    let files = write(&place, gather(args, ask)?, ctx)?;
    ctx.print(&report(&files))
}

/// A configuration with these values, by path of the key, and new keys beside it, without a question: what a first start begins with.
/// A configuration that is there is replaced, a key never.
pub(super) fn without_asking(target: &Path, values: BTreeMap<String, Value>, ctx: &CliContext) -> Result<(), CliError> {
    let answers = Answers { values, bind_password: None };
    write(&Place { target, keys: None, over: true }, answers, ctx).map(drop)
}

/// Where it is written.
struct Place<'a> {
    target: &'a Path,
    keys: Option<&'a Path>,
    /// Replaces a configuration that is there.
    over: bool,
}

fn write(place: &Place<'_>, mut answers: Answers, ctx: &CliContext) -> Result<Vec<(PathBuf, bool)>, CliError> {
    let target = place.target;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let keys_folder = place.keys.map_or_else(|| folder.join("keys"), Path::to_owned);
    let keys_folder = std::path::absolute(&keys_folder).map_err(|error| failed("find", &keys_folder, error))?;
    as_text(target)?;
    as_text(&keys_folder)?;
    let mut keys = Vec::new();
    for (name, setting) in KEYS {
        let key = SeedFile::plan(keys_folder.join(name), ctx)?;
        answers.values.insert(setting.into(), json!(key.path));
        if setting == "worker.seal_key_file" {
            answers.values.insert("worker.seal_public_key".into(), json!(key.seal_key()?));
        }
        keys.push(key);
    }
    let password = keys_folder.join("directory-password");
    if answers.bind_password.is_some() {
        answers.values.insert("directory.openldap.bind_password_file".into(), json!(password));
    }

    let text = docs::template(&answers.values);
    try_out(target, &text, answers.bind_password.is_some())?;

    create_folder(folder, 0o755)?;
    create_folder(&keys_folder, 0o700)?;
    let mut files = keys.into_iter().map(SeedFile::keep).collect::<Result<Vec<_>, _>>()?;
    if let Some(secret) = &answers.bind_password {
        replace(&password, secret.expose().as_bytes(), place.over)?;
        files.push((password, true));
    }
    replace(target, text.as_bytes(), place.over)?;
    files.insert(0, (target.to_owned(), true));
    Ok(files)
}

/// Reads the text as a configuration, so that a mistake in the answers is found before there is a file with it.
fn try_out(target: &Path, text: &str, password_was_typed: bool) -> Result<(), CliError> {
    // The typed password is not yet in its file; something else stands for it.
    let stand_in =
        password_was_typed.then_some(("KEYWARD_DIRECTORY__MAIN__OPENLDAP__BIND_PASSWORD", "typed at the terminal"));
    let environment: Environment = stand_in.into_iter().collect();
    config::load(&Sources {
        file: FileSource::Text(target, text),
        environment: &environment,
        flags: &[],
        demo: false,
    })?;
    Ok(())
}

fn report(files: &[(PathBuf, bool)]) -> Report {
    let state = |written: bool| if written { "written" } else { "kept as it was" };
    let rows =
        files.iter().map(|(path, written)| vec![path.display().to_string(), state(*written).to_owned()]).collect();
    Report::new("config init")
        .table("files", &["file", "state"], rows)
        .text("Keep a copy of the keys offline. Without the signing key the log cannot go on; without the seal key a case under way cannot be finished; without the data key the apps people set up are lost.")
        .next(&[
            ("keyward config check", "read the configuration as the server will"),
            ("keyward config show --origin", "see every key and where its value comes from"),
        ])
}

/// A key of the configuration, the flag that answers it, and the question if there is no flag.
struct Question<'a> {
    path: &'static str,
    flag: &'static str,
    given: Option<&'a str>,
    question: &'static str,
    default: Option<&'static str>,
    needed: bool,
}

impl Question<'_> {
    /// The answer from the flag, the person, or the default; checked as the configuration checks it.
    fn answer(&self, ask: &mut Option<&mut dyn Ask>) -> Result<Option<Value>, CliError> {
        let typed = match (self.given, ask) {
            (Some(given), _) => Some(given.to_owned()),
            (None, Some(ask)) => loop {
                let answer = ask.line(self.question, self.default, &|answer| probe(self.path, answer).map(|_| ()))?;
                if answer.is_some() || !self.needed {
                    break answer;
                }
            },
            (None, None) => self.default.map(str::to_owned),
        };
        match typed {
            Some(typed) => {
                probe(self.path, &typed).map(Some).map_err(|what| CliError::Usage(format!("{} {what}", self.flag)))
            }
            None if self.needed => Err(CliError::Usage(format!("{} is missing", self.flag))),
            None => Ok(None),
        }
    }
}

/// Reads an answer as the key would. A secret address is passed on as it is.
fn probe(path: &str, answer: &str) -> Result<Value, String> {
    let (section, name) = path.rsplit_once('.').unwrap_or_default();
    let key = keys::key(section, name).ok_or_else(|| format!("there is no key `{path}`"))?;
    let shown = (key.probe)(&Raw::Word(answer.to_owned())).map_err(|complaint| match complaint.hint {
        Some(hint) => format!("{}; {hint}", complaint.what),
        None => complaint.what,
    })?;
    Ok(if key.secret { json!(answer) } else { shown })
}

fn gather(args: &InitArgs, mut ask: Option<&mut dyn Ask>) -> Result<Answers, CliError> {
    let mut answers = Answers::default();
    let first = [
        Question {
            path: "server.public_url",
            flag: "--public-url",
            given: args.public_url.as_deref(),
            question: "1 of 6  Address that people type, like https://reset.example.org",
            default: None,
            needed: true,
        },
        Question {
            path: "server.organization",
            flag: "--organization",
            given: args.organization.as_deref(),
            question: "2 of 6  Name of your organization (empty: the host's name)",
            default: None,
            needed: false,
        },
        Question {
            path: "server.help_phone",
            flag: "--help-phone",
            given: args.help_phone.as_deref(),
            question: "3 of 6  Number of your service desk (empty: none)",
            default: None,
            needed: false,
        },
        Question {
            path: "database.url",
            flag: "--database",
            given: args.database.as_deref(),
            question: "4 of 6  Database",
            default: Some("sqlite:/var/lib/keyward/keyward.db"),
            needed: true,
        },
    ];
    answers.take(&first, &mut ask)?;
    directory(args, &mut ask, &mut answers)?;
    let host = Question {
        path: "mail.host",
        flag: "--mail-host",
        given: args.mail_host.as_deref(),
        question: "6 of 6  Mail relay (empty: no mail)",
        default: None,
        needed: false,
    };
    answers.take(&[host], &mut ask)?;
    if answers.values.contains_key("mail.host") {
        let from = Question {
            path: "mail.from",
            flag: "--mail-from",
            given: args.mail_from.as_deref(),
            question: "        Sender of messages",
            default: None,
            needed: true,
        };
        answers.take(&[from], &mut ask)?;
    }
    Ok(answers)
}

fn directory(args: &InitArgs, ask: &mut Option<&mut dyn Ask>, answers: &mut Answers) -> Result<(), CliError> {
    let choice = match (args.directory, ask.as_mut()) {
        (Some(choice), _) => choice,
        (None, _) if args.ldap_url.is_some() => DirectoryChoice::Openldap,
        (None, Some(ask)) => match ask.choice("5 of 6  Directory", &["Keyward's own", "OpenLDAP"])? {
            0 => DirectoryChoice::Embedded,
            _ => DirectoryChoice::Openldap,
        },
        (None, None) => DirectoryChoice::Embedded,
    };
    answers.values.insert("directory.name".into(), json!("main"));
    if choice == DirectoryChoice::Embedded {
        answers.values.insert("directory.kind".into(), json!("embedded"));
        return Ok(());
    }
    answers.values.insert("directory.kind".into(), json!("openldap"));
    let questions = [
        Question {
            path: "directory.openldap.url",
            flag: "--ldap-url",
            given: args.ldap_url.as_deref(),
            question: "        Its address",
            default: None,
            needed: true,
        },
        Question {
            path: "directory.openldap.base_dn",
            flag: "--ldap-base-dn",
            given: args.ldap_base_dn.as_deref(),
            question: "        Where its accounts are",
            default: None,
            needed: true,
        },
        Question {
            path: "directory.openldap.bind_dn",
            flag: "--ldap-bind-dn",
            given: args.ldap_bind_dn.as_deref(),
            question: "        Account that Keyward signs in with",
            default: None,
            needed: true,
        },
    ];
    answers.take(&questions, ask)?;
    match (&args.ldap_password_file, ask) {
        (Some(file), _) => {
            let file = std::path::absolute(file).map_err(|error| failed("find", file, error))?;
            as_text(&file)?;
            answers.values.insert("directory.openldap.bind_password_file".into(), json!(file));
        }
        (None, Some(ask)) => {
            let password = ask.secret("        Password of that account")?;
            probe("directory.openldap.bind_password", password.expose())
                .map_err(|what| CliError::Usage(format!("the password {what}")))?;
            answers.bind_password = Some(password);
        }
        (None, None) => return Err(CliError::Usage("--ldap-password-file is missing".into())),
    }
    Ok(())
}

/// A file of settings is a text, and so is every path in it.
fn as_text(path: &Path) -> Result<(), CliError> {
    match path.to_str() {
        Some(_) => Ok(()),
        None => Err(CliError::Usage(format!("`{}` is not a path that a file of settings can hold", path.display()))),
    }
}

impl Answers {
    fn take(&mut self, questions: &[Question<'_>], ask: &mut Option<&mut dyn Ask>) -> Result<(), CliError> {
        for question in questions {
            if let Some(value) = question.answer(ask)? {
                self.values.insert(question.path.to_owned(), value);
            }
        }
        Ok(())
    }
}

fn failed(verb: &str, path: &Path, error: std::io::Error) -> CliError {
    CliError::Failed(format!("cannot {verb} `{}`", path.display()), error.into())
}

fn create_folder(folder: &Path, mode: u32) -> Result<(), CliError> {
    fs::DirBuilder::new().recursive(true).mode(mode).create(folder).map_err(|error| failed("create", folder, error))
}

/// 32 bytes in a file of their own: those that are there, or new ones that are written once everything else is known to be right.
struct SeedFile {
    path: PathBuf,
    bytes: Secret<[u8; 32]>,
    is_new: bool,
}

impl SeedFile {
    fn plan(path: PathBuf, ctx: &CliContext) -> Result<Self, CliError> {
        if path.exists() {
            let file = Zeroizing::new(fs::read(&path).map_err(|error| failed("read", &path, error))?);
            let bytes = read_key(&file).map_err(|error| {
                CliError::Failed(format!("cannot use the key that is in `{}`", path.display()), error.into())
            })?;
            return Ok(Self { path, bytes, is_new: false });
        }
        Ok(Self { path, bytes: Secret::new(ctx.ctx.bytes()), is_new: true })
    }

    /// The public half, if it is the worker's.
    fn seal_key(&self) -> Result<String, CliError> {
        let key = OpenKey::new(&self.bytes)
            .map_err(|error| CliError::Failed("cannot make the public half of the seal key".into(), error.into()))?;
        Ok(key.seal_key().to_string())
    }

    /// Writes it, unless it was there. Says which.
    fn keep(self) -> Result<(PathBuf, bool), CliError> {
        if self.is_new {
            write_new(&self.path, self.bytes.expose())?;
        }
        Ok((self.path, self.is_new))
    }
}

/// A file that did not exist, for its owner alone, on disk before this returns. Where it can not be written whole, nothing of it stays: half a key would
/// be in the way of the next try.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let failed = |error| failed("write", path, error);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        drop(fs::remove_file(path));
    }
    written.map_err(failed)
}

/// A file for its owner alone. With `over`, an existing one is replaced as a whole: no moment has half of it.
pub(super) fn replace(path: &Path, bytes: &[u8], over: bool) -> Result<(), CliError> {
    if !over {
        return write_new(path, bytes);
    }
    let beside = path.with_added_extension("new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(failed("replace", &beside, error));
        }
        _ => write_new(&beside, bytes)?,
    }
    fs::rename(&beside, path).map_err(|error| failed("replace", path, error))
}
