//! Opens what the configuration names, for the server, the worker and the command line alike: database, keys, gate, directories, relay.
//!
//! Each function opens one thing and says what it could not open. Nothing is connected that need not be, and nothing is decided.

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

use super::directory::{SlowHashes, StoredAccounts};
use crate::channels::smtp::{self, Smtp};
use crate::config::{self, Config, DirectorySource, addresses::bare, keys::OpenLdap as OpenLdapKeys, types::MailTls};
use crate::connectors::openldap::{self, OpenLdap};
use crate::connectors::{
    ConnectorError, Directory,
    embedded::{self, Embedded},
};
use crate::ctx::Ctx;
use crate::flow::{FlowError, unlock};
use crate::passwords::{
    breach::{BreachError, BreachList},
    hash::Hasher,
};
use crate::seal::{DigestKey, NotAKey, OpenKey, SealKey, Vault, read_key};
use crate::store::{Store, StoreError, migrate::MigrateError, sign::Memory};

/// How long an address of the relay may take to be connected, in milliseconds. A whole message may take six times that, and whoever ends waits for it.
const MAIL_TIMEOUT_MS: u64 = 15_000;
/// How many connections to the relay there are at most.
const MAIL_CONNECTIONS: usize = 4;

/// What could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
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
    /// Another key than the one with which the database was closed: what people set up could not be opened, and would be lost silently.
    #[error("`{}`, which `server.data_key_file` names, is not the key with which this database was closed", path.display())]
    OtherDataKey {
        /// The file.
        path: PathBuf,
        /// The attempt to open something.
        #[source]
        source: Box<FlowError>,
    },
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

impl From<MigrateError> for OpenError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Store(error) => Self::Store(error),
            other => Self::Migrate(other),
        }
    }
}

impl OpenError {
    /// Whether something outside did not answer, and the same may work a moment later.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Store(error) => error.is_passing(),
            Self::Directory(ConnectorError::Unavailable { .. } | ConnectorError::NoAnswer { .. }) => true,
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
pub async fn open_store(config: &Config, ctx: &Ctx) -> Result<Store, OpenError> {
    Ok(Store::open(config.database.url.expose(), ctx).await?)
}

/// Opens a database that is there, and makes nothing. It may be older than this build.
pub async fn open_existing_store(config: &Config, ctx: &Ctx) -> Result<Store, OpenError> {
    if let Some(file) = database_file(config)
        && !file.exists()
    {
        return Err(OpenError::NoDatabase(file.display().to_string()));
    }
    open_store(config, ctx).await
}

/// Opens a database that has everything this build needs, and makes nothing.
pub async fn open_current_store(config: &Config, ctx: &Ctx) -> Result<Store, OpenError> {
    let store = open_existing_store(config, ctx).await?;
    let pending = store.pending_migrations().await?;
    if pending.is_empty() { Ok(store) } else { Err(OpenError::Behind(pending.join(", "))) }
}

fn key_file(setting: &'static str, path: &Path) -> Result<Secret<[u8; 32]>, OpenError> {
    let named = |source| OpenError::File { setting, path: path.to_owned(), source };
    let bytes = Zeroizing::new(std::fs::read(path).map_err(named)?);
    read_key(&bytes).map_err(|source| OpenError::Key { setting, path: path.to_owned(), source })
}

/// What signs the log.
pub fn signer(config: &Config) -> Result<Signer, OpenError> {
    let seed = key_file("log.signing_key_file", &config.log.signing_key_file)?;
    let origin = config.log.origin.as_str();
    Signer::from_seed(origin, &seed).map_err(|source| OpenError::Signer { origin: origin.to_owned(), source })
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
pub fn data_keys(config: &Config) -> Result<DataKeys, OpenError> {
    let (setting, path) = ("server.data_key_file", &config.server.data_key_file);
    let key = key_file(setting, path)?;
    let named = |source| OpenError::Key { setting, path: path.clone(), source };
    Ok(DataKeys { vault: Vault::new(&key, &[]).map_err(named)?, digests: DigestKey::new(&key).map_err(named)? })
}

/// Opens something of the database, to see whether the data key is its own. False: there is nothing yet.
pub async fn check_data_key(config: &Config, store: &Store, vault: &Vault) -> Result<bool, OpenError> {
    let Some(factor) = store.any_factor().await? else { return Ok(false) };
    let path = || config.server.data_key_file.clone();
    let opened = unlock(vault, &factor);
    opened.map(|_| true).map_err(|source| OpenError::OtherDataKey { path: path(), source: Box::new(source) })
}

/// What opens sealed secrets: for a worker alone.
pub fn open_key(config: &Config) -> Result<OpenKey, OpenError> {
    let (setting, path) = ("worker.seal_key_file", &config.worker.seal_key_file);
    let key = OpenKey::new(&key_file(setting, path)?);
    let key = key.map_err(|source| OpenError::Key { setting, path: path.clone(), source })?;
    match written_seal_key(config)? {
        Some(written) if written != key.seal_key() => Err(OpenError::OtherSealKey),
        _ => Ok(key),
    }
}

/// What seals secrets to the worker: the public half, as it is written, or else taken from the worker's own key file.
pub fn seal_key(config: &Config) -> Result<SealKey, OpenError> {
    match written_seal_key(config)? {
        Some(key) => Ok(key),
        None => open_key(config).map(|key| key.seal_key()),
    }
}

fn written_seal_key(config: &Config) -> Result<Option<SealKey>, OpenError> {
    let written = config.worker.seal_public_key.as_ref();
    written.map(|key| key.as_str().parse().map_err(OpenError::SealKey)).transpose()
}

/// The gate, and where its text is from.
pub fn policy(config: &Config) -> Result<(Policy, String), OpenError> {
    let (text, from) = match &config.policy.file {
        Some(path) => {
            let named = |source| OpenError::File { setting: "policy.file", path: path.clone(), source };
            (std::fs::read_to_string(path).map_err(named)?, format!("`{}`", path.display()))
        }
        None => (BASELINE.to_owned(), "that comes with Keyward".to_owned()),
    };
    match Policy::load_for_use(&text) {
        Ok(policy) => Ok((policy, from)),
        Err(error) => Err(OpenError::Policy { from, source: Box::new(error) }),
    }
}

/// The list of breached passwords, if one is configured. Reads all of it.
pub fn breach_list(config: &Config) -> Result<Option<BreachList>, OpenError> {
    let file = config.passwords.breach_file.as_deref();
    file.map(|path| BreachList::open(path).map_err(OpenError::Breach)).transpose()
}

/// What the embedded directory stands on.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Its accounts are in this database.
    pub store: Store,
    /// Makes and compares its password hashes.
    pub hasher: Arc<Hasher>,
    /// Salts.
    pub ctx: Ctx,
    /// How many former passwords it refuses: `passwords.history`.
    pub history: usize,
}

/// Every directory of the configuration, in its order. Connects to none.
pub fn directories(config: &Config, ground: &Ground) -> Result<Vec<Arc<dyn Directory>>, OpenError> {
    config.directories.iter().map(|directory| self::directory(directory, ground)).collect()
}

/// One directory. Does not connect.
pub fn directory(directory: &config::Directory, ground: &Ground) -> Result<Arc<dyn Directory>, OpenError> {
    let name = directory.name.as_str();
    Ok(match &directory.source {
        DirectorySource::Embedded => {
            let table = Arc::new(StoredAccounts::new(ground.store.clone()));
            let hashes = Arc::new(SlowHashes::new(Arc::clone(&ground.hasher), ground.ctx.clone()));
            // The present password is remembered beside the former ones.
            let history = ground.history.saturating_add(1);
            let rules = embedded::Rules { history, ..embedded::Rules::default() };
            Arc::new(Embedded::new(name.to_owned(), table, hashes, rules))
        }
        DirectorySource::OpenLdap(keys) => Arc::new(openldap(name, keys)?),
    })
}

/// An OpenLDAP server. Does not connect.
fn openldap(name: &str, keys: &OpenLdapKeys) -> Result<OpenLdap, OpenError> {
    let bind = (keys.bind_dn.as_str(), copy(&keys.bind_password));
    let usual = openldap::Settings::new(name, keys.url.as_str(), bind, &keys.base_dn, keys.ca_file.clone());
    let timeout = Duration::from_millis(u64::try_from(keys.timeout_seconds.millis()).unwrap_or(u64::MAX));
    let settings = openldap::Settings {
        start_tls: keys.start_tls,
        // The configuration has refused this for any other machine.
        clear_on_loopback: !keys.start_tls && !keys.url.is_tls() && keys.url.is_loopback(),
        name_attributes: keys.name_attributes.clone(),
        mail_attribute: keys.mail_attribute.clone(),
        group_base_dn: keys.group_base_dn.clone(),
        account_filter: keys.account_filter.clone(),
        domains: keys.domains.clone(),
        default_policy_dn: keys.default_policy_dn.clone(),
        hashes_clear_text: keys.hashes_clear_text,
        connect_timeout: timeout,
        timeout,
        ..usual
    };
    Ok(OpenLdap::new(settings)?)
}

/// The mail relay, if one is configured. Does not connect.
pub fn mail(config: &Config) -> Result<Option<Smtp>, OpenError> {
    let Some(mail) = &config.mail else { return Ok(None) };
    let sign_in = match (&mail.user, &mail.password) {
        (Some(user), Some(password)) => Some((user.clone(), copy(password))),
        _ => None,
    };
    let settings = smtp::Settings {
        host: bare(&mail.host).to_owned(),
        port: mail.port.get(),
        security: match mail.tls {
            MailTls::Starttls => smtp::Security::StartTls,
            MailTls::Implicit => smtp::Security::Implicit,
            MailTls::Plain => smtp::Security::None,
        },
        ca_pem: mail_ca(mail.ca_file.as_deref())?,
        sign_in,
        from: mail.from.to_string(),
        reply_to: mail.reply_to.as_ref().map(ToString::to_string),
        public_host: config.server.public_url.host().to_owned(),
        timeout_ms: MAIL_TIMEOUT_MS,
        connections: MAIL_CONNECTIONS,
    };
    Smtp::new(settings).map(Some).map_err(OpenError::Mail)
}

fn mail_ca(path: Option<&Path>) -> Result<Option<Vec<u8>>, OpenError> {
    let read = |path: &Path| {
        std::fs::read(path).map_err(|source| OpenError::File { setting: "mail.ca_file", path: path.to_owned(), source })
    };
    path.map(read).transpose()
}

/// A secret has no copies by itself; this one goes to whoever signs in with it.
fn copy(secret: &SecretText) -> SecretText {
    Secret::new(secret.expose().clone())
}
