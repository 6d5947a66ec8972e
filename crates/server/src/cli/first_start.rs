//! The first start (ECO-01): `keyward serve` where nobody has written a configuration. It begins one in the folder that the system gives a
//! program for what it keeps, answers on this machine alone, and prints where to go and the code for the first account.
//!
//! It is for looking at Keyward. A real installation begins with `keyward config init`.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::ServeArgs;
use super::{CliContext, CliError, Report, init, words};
use crate::config::environment::COMMAND_LINE;
use crate::config::{Config, DEFAULT_FILE, Environment, FlagValue};
use crate::flow::{FIRST_GROUP, SetupCode};

/// Where a first start listens; the page is known by the name that browsers trust without a certificate.
const LISTEN: &str = "127.0.0.1:8440";
const PUBLIC_URL: &str = "http://localhost:8440";
const NAME: &str = "keyward.toml";

/// The configuration of a first start.
#[derive(Debug, PartialEq, Eq)]
pub struct FirstStart {
    /// The file.
    pub file: PathBuf,
}

/// The configuration of a first start, made if it is not there. None where somebody has said anything about the configuration, or where there
/// is no folder for it.
pub fn find(args: &ServeArgs, ctx: &CliContext, usual: &Path) -> Result<Option<FirstStart>, CliError> {
    // What can not be looked at is there: whoever may not read a configuration does not begin another one.
    if ctx.config.is_some() || usual.try_exists().unwrap_or(true) || has_settings(&ctx.environment) {
        return Ok(None);
    }
    let Some(folder) = folder(&ctx.environment) else { return Ok(None) };
    if let Some(listen) = args.listen.filter(|listen| !listen.ip().is_loopback()) {
        return Err(lets_others_in(&listen.to_string()));
    }
    let file = folder.join(NAME);
    let is_new = !file.try_exists().unwrap_or(true);
    if is_new {
        make(&folder, &file, ctx)?;
    }
    let begun = if is_new { "was made" } else { "is" };
    ctx.note(&format!(
        "There is no {DEFAULT_FILE}, so this is a first look: Keyward answers on this machine alone.\n\
         Its configuration {begun} in {}, with its keys and its data beside it.\n\
         It sends no mail until [mail] is filled in there, and a first way back in needs an answer from a mailbox.\n\
         Other commands take it by name: keyward --config {} account list\n\
         A real installation begins with: keyward config init\n",
        file.display(),
        file.display(),
    ));
    Ok(Some(FirstStart { file }))
}

/// Whether the environment says anything that belongs in a configuration.
fn has_settings(environment: &Environment) -> bool {
    let credentials = environment.get("CREDENTIALS_DIRECTORY").is_some();
    let set = |name: &str| name.starts_with("KEYWARD_") && !COMMAND_LINE.contains(&name);
    credentials || environment.iter().any(|(name, _)| set(name))
}

/// `$STATE_DIRECTORY` of a service manager, else `$XDG_STATE_HOME/keyward`, else `~/.local/state/keyward`. Relative paths are passed over, as the
/// XDG base directory specification says.
fn folder(environment: &Environment) -> Option<PathBuf> {
    let absolute = |name: &str| environment.get(name).map(Path::new).filter(|path| path.is_absolute());
    // A service manager gives several with colons between them.
    let given = environment.get("STATE_DIRECTORY").and_then(|all| all.split(':').next()).map(Path::new);
    given
        .filter(|path| path.is_absolute())
        .map(Path::to_owned)
        .or_else(|| absolute("XDG_STATE_HOME").map(|state| state.join("keyward")))
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state/keyward")))
}

fn make(folder: &Path, file: &Path, ctx: &CliContext) -> Result<(), CliError> {
    let own = || {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        // One that was there may be open to others.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
    };
    own().map_err(|error| CliError::Failed(format!("cannot make `{}`", folder.display()), error.into()))?;
    let values: [(&str, Value); 7] = [
        ("server.public_url", json!(PUBLIC_URL)),
        ("server.listen", json!(LISTEN)),
        ("database.url", json!(format!("sqlite:{}", folder.join("keyward.db").display()))),
        ("log.last_checkpoint_file", json!(folder.join("last-checkpoint"))),
        ("directory.name", json!("main")),
        ("directory.kind", json!("embedded")),
        // Without a class, the first account would be treated as an administrator's, which can set up nothing alone.
        ("classes.standard", json!([FIRST_GROUP])),
    ];
    let values: BTreeMap<String, Value> = values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    init::without_asking(file, values, ctx)
}

/// The settings of the flags of `serve`. Another port is another address.
pub fn settings(args: &ServeArgs) -> Vec<FlagValue> {
    let mut flags = args.settings();
    if let Some(listen) = args.listen {
        let value = format!("http://localhost:{}", listen.port());
        flags.push(FlagValue { key: "server.public_url", value, flag: "--listen" });
    }
    flags
}

/// Never for other machines: whoever came first would make the first account.
pub fn only_here(config: &Config) -> Result<(), CliError> {
    let listen = config.server.listen;
    if listen.ip().is_loopback() && config.server.public_url.is_loopback() {
        return Ok(());
    }
    Err(lets_others_in(&format!("{listen} as {}", config.server.public_url.origin())))
}

fn lets_others_in(place: &str) -> CliError {
    CliError::Usage(format!(
        "`{place}` lets other machines in, and a first start is for this machine alone; `keyward config init` begins an installation"
    ))
}

/// Where to go, and the code as long as it is of use.
pub fn report(config: &Config, first: &FirstStart, code: Option<&SetupCode>) -> Report {
    let origin = config.server.public_url.origin();
    let report = Report::new("serve").field("configuration", json!(first.file));
    match code {
        None => report.facts(&[("URL", format!("{origin}/"))]),
        Some(code) => report
            .field("setup_until", json!(code.until.to_string()))
            .facts(&[("URL", format!("{origin}/setup")), ("Setup code", code.text.expose().clone())])
            .text(format!("The code makes the first account. It works once, until {} UTC.", words::utc(code.until))),
    }
}
