//! Where the parts are put together: what the configuration names is opened here, for the server, the worker and the command line alike.
//!
//! Each function opens one thing and says what it could not open. No rule, no page and no command is here; nothing imports this but `cli`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keyward_core::{
    log::{LogError, note::Signer},
    policy::{BASELINE, Policy, PolicyError},
    secret::{Secret, SecretText},
};
use zeroize::Zeroizing;

use crate::channels::smtp::{self, Smtp};
use crate::config::{self, Config, DirectorySource, keys::OpenLdap as OpenLdapKeys, types::MailTls};
use crate::connectors::openldap::{self, OpenLdap};
use crate::connectors::{ConnectorError, Directory};
use crate::ctx::Ctx;
use crate::passwords::breach::{BreachError, BreachList};
use crate::seal::{DigestKey, NotAKey, OpenKey, SealKey, Vault, read_key};
use crate::store::{Store, StoreError, migrate::MigrateError, sign::Memory};

/// How long the relay may take for one answer, in milliseconds.
const MAIL_TIMEOUT_MS: u64 = 30_000;
/// How many connections to the relay there are at most.
const MAIL_CONNECTIONS: u32 = 4;

/// What could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A file that a setting names.
    #[error("cannot read `{}`, which `{setting}` names", path.display())]
    File {
        /// The setting.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// A key file that holds no key.
    #[error("cannot use `{}`, which `{setting}` names", path.display())]
    Key {
        /// The setting.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: NotAKey,
    },
    /// Two settings that speak of one key and do not agree.
    #[error("`worker.seal_public_key` is not the public half of the key in `worker.seal_key_file`")]
    OtherSealKey,
    /// The public half of the worker's key is not a key.
    #[error("`worker.seal_public_key` is not a key")]
    SealKey(#[source] NotAKey),
    /// The log's key and its name do not go together.
    #[error("cannot make the key of the log `{origin}`")]
    Signer {
        /// The name of the log.
        origin: String,
        /// Why.
        #[source]
        source: LogError,
    },
    /// The gate.
    #[error("cannot use the policy {from}")]
    Policy {
        /// Where its text is from.
        from: String,
        /// Why.
        #[source]
        source: Box<PolicyError>,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database's history is another one than this build's.
    #[error(transparent)]
    Migrate(MigrateError),
    /// The database is older than this build.
    #[error("the database lacks {0}; `keyward migrate` brings it up to date")]
    Behind(String),
    /// There is no database yet.
    #[error("there is no database at `{0}`; `keyward migrate` makes one")]
    NoDatabase(String),
    /// A directory.
    #[error(transparent)]
    Directory(#[from] ConnectorError),
    /// The relay.
    #[error("cannot use the mail relay")]
    Mail(#[source] smtp::SettingsError),
    /// The list of breached passwords.
    #[error("cannot use the list of breached passwords")]
    Breach(#[source] BreachError),
}

impl From<MigrateError> for AppError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Store(error) => Self::Store(error),
            other => Self::Migrate(other),
        }
    }
}

impl AppError {
    /// Whether something outside did not answer, and the same may work a moment later.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Store(StoreError::Open { .. }) => true,
            Self::Store(error) => error.is_passing(),
            Self::Directory(ConnectorError::Unavailable { .. }) => true,
            _ => false,
        }
    }
}

/// The file of a SQLite database; `None` for a server.
pub fn database_file(config: &Config) -> Option<PathBuf> {
    let rest = config.database.url.expose().strip_prefix("sqlite:")?;
    Some(PathBuf::from(rest.trim_start_matches("//")))
}

/// Opens the database as it is, and makes an empty one where there is none. Migrations come next.
pub async fn open_store(config: &Config, ctx: &Ctx) -> Result<Store, AppError> {
    Ok(Store::open(config.database.url.expose(), ctx).await?)
}

/// Opens a database that has everything this build needs, and makes nothing.
pub async fn open_current_store(config: &Config, ctx: &Ctx) -> Result<Store, AppError> {
    if let Some(file) = database_file(config)
        && !file.exists()
    {
        return Err(AppError::NoDatabase(file.display().to_string()));
    }
    let store = open_store(config, ctx).await?;
    let pending = store.pending_migrations().await?;
    if pending.is_empty() { Ok(store) } else { Err(AppError::Behind(pending.join(", "))) }
}

fn key_file(setting: &'static str, path: &Path) -> Result<Secret<[u8; 32]>, AppError> {
    let named = |source| AppError::File { setting, path: path.to_owned(), source };
    let bytes = Zeroizing::new(std::fs::read(path).map_err(named)?);
    read_key(&bytes).map_err(|source| AppError::Key { setting, path: path.to_owned(), source })
}

/// What signs the log.
pub fn signer(config: &Config) -> Result<Signer, AppError> {
    let seed = key_file("log.signing_key_file", &config.log.signing_key_file)?;
    let origin = config.log.origin.as_str();
    Signer::from_seed(origin, &seed).map_err(|source| AppError::Signer { origin: origin.to_owned(), source })
}

/// What remembers outside of the database how far the log was signed.
pub fn memory(config: &Config) -> Memory {
    Memory::new(config.log.last_checkpoint_file.clone())
}

/// What closes and digests the values in the database. Both are made from one key file.
pub struct DataKeys {
    /// Closes values.
    pub vault: Vault,
    /// Makes digests that nobody can make without the key.
    pub digests: DigestKey,
}

/// The keys of what lies in the database.
pub fn data_keys(config: &Config) -> Result<DataKeys, AppError> {
    let (setting, path) = ("server.data_key_file", &config.server.data_key_file);
    let key = key_file(setting, path)?;
    let named = |source| AppError::Key { setting, path: path.clone(), source };
    Ok(DataKeys { vault: Vault::new(&key, &[]).map_err(named)?, digests: DigestKey::new(&key).map_err(named)? })
}

/// What opens sealed secrets: for a worker alone.
pub fn open_key(config: &Config) -> Result<OpenKey, AppError> {
    let (setting, path) = ("worker.seal_key_file", &config.worker.seal_key_file);
    let key = OpenKey::new(&key_file(setting, path)?);
    let key = key.map_err(|source| AppError::Key { setting, path: path.clone(), source })?;
    match written_seal_key(config)? {
        Some(written) if written != key.seal_key() => Err(AppError::OtherSealKey),
        _ => Ok(key),
    }
}

/// What seals secrets to the worker: the public half, as it is written, or else taken from the worker's own key file.
pub fn seal_key(config: &Config) -> Result<SealKey, AppError> {
    match written_seal_key(config)? {
        Some(key) => Ok(key),
        None => open_key(config).map(|key| key.seal_key()),
    }
}

fn written_seal_key(config: &Config) -> Result<Option<SealKey>, AppError> {
    let written = config.worker.seal_public_key.as_ref();
    written.map(|key| key.as_str().parse().map_err(AppError::SealKey)).transpose()
}

/// The gate, and where its text is from.
pub fn policy(config: &Config) -> Result<(Policy, String), AppError> {
    let (text, from) = match &config.policy.file {
        Some(path) => {
            let named = |source| AppError::File { setting: "policy.file", path: path.clone(), source };
            (std::fs::read_to_string(path).map_err(named)?, format!("`{}`", path.display()))
        }
        None => (BASELINE.to_owned(), "that comes with Keyward".to_owned()),
    };
    match Policy::load(&text) {
        Ok(policy) => Ok((policy, from)),
        Err(error) => Err(AppError::Policy { from, source: Box::new(error) }),
    }
}

/// The list of breached passwords, if one is configured. Reads all of it.
pub fn breach_list(config: &Config) -> Result<Option<BreachList>, AppError> {
    let file = config.passwords.breach_file.as_deref();
    file.map(|path| BreachList::open(path).map_err(AppError::Breach)).transpose()
}

/// Every directory of the configuration. The embedded one is made by the caller, who knows its table and its hasher. Connects to none.
pub fn directories(
    config: &Config,
    embedded: &dyn Fn(&str) -> Result<Arc<dyn Directory>, AppError>,
) -> Result<Vec<Arc<dyn Directory>>, AppError> {
    let open = |directory: &config::Directory| match &directory.source {
        DirectorySource::Embedded => embedded(directory.name.as_str()),
        DirectorySource::OpenLdap(keys) => {
            openldap(directory.name.as_str(), keys).map(|directory| Arc::new(directory) as Arc<dyn Directory>)
        }
    };
    config.directories.iter().map(open).collect()
}

/// An OpenLDAP server. Does not connect.
pub fn openldap(name: &str, keys: &OpenLdapKeys) -> Result<OpenLdap, AppError> {
    let bind = (keys.bind_dn.as_str(), copy(&keys.bind_password));
    let usual = openldap::Settings::new(name, keys.url.as_str(), bind, &keys.base_dn, keys.ca_file.clone());
    let timeout = Duration::from_millis(u64::try_from(keys.timeout_seconds.millis()).unwrap_or(u64::MAX));
    let settings = openldap::Settings {
        start_tls: keys.start_tls,
        // The configuration has refused this for any other machine.
        clear_on_loopback: !keys.start_tls && !keys.url.is_tls() && keys.url.is_loopback(),
        name_attributes: keys.name_attributes.clone(),
        mail_attribute: keys.mail_attribute.clone(),
        connect_timeout: timeout,
        timeout,
        ..usual
    };
    Ok(OpenLdap::new(settings)?)
}

/// The mail relay, if one is configured. Does not connect. Has to be called within the runtime.
pub fn mail(config: &Config) -> Result<Option<Smtp>, AppError> {
    let Some(mail) = &config.mail else { return Ok(None) };
    let sign_in = match (&mail.user, &mail.password) {
        (Some(user), Some(password)) => Some((user.clone(), copy(password))),
        _ => None,
    };
    let settings = smtp::Settings {
        host: mail.host.clone(),
        port: mail.port.get(),
        security: match mail.tls {
            MailTls::Starttls => smtp::Security::StartTls,
            MailTls::Implicit => smtp::Security::Implicit,
            MailTls::Plain => smtp::Security::None,
        },
        ca_pem: None,
        sign_in,
        from: mail.from.to_string(),
        reply_to: mail.reply_to.as_ref().map(ToString::to_string),
        public_host: config.server.public_url.host().to_owned(),
        timeout_ms: MAIL_TIMEOUT_MS,
        connections: MAIL_CONNECTIONS,
    };
    Smtp::new(settings).map(Some).map_err(AppError::Mail)
}

/// A secret has no copies by itself; this one goes to whoever signs in with it.
fn copy(secret: &SecretText) -> SecretText {
    Secret::new(secret.expose().clone())
}
