//! OpenLDAP: an LDAP server with the `ppolicy` overlay. What it can and can not do: `docs/connectors/openldap.md`.
//!
//! One service connection, rebuilt when it breaks; every password is tried on a connection of its own. Referrals are not followed: they would
//! carry a password to a server that nobody has configured. Deliberately not here: writing to replicas, and any change but a password and a lock.

use std::{path::PathBuf, time::Duration};

use async_trait::async_trait;
use keyward_core::{account::AccountRef, secret::SecretText, steps::reissue::Permit, time::Timestamp};

use super::{
    Account, AccountName, Applied, AttemptFacts, Capabilities, ConnectorError, Directory, Found, Kind, NewPassword,
    SignIn,
};

mod answer;
mod connection;
mod entry;
mod modify;
mod ppolicy;
mod probe;
mod rights;
mod search;

use connection::Server;

/// How it is listed.
pub const KIND: Kind = Kind { word: "openldap", about: "An OpenLDAP server (slapd) with the password policy overlay." };

/// How to reach an OpenLDAP server, and what is where in it.
#[derive(Debug)]
pub struct Settings {
    /// The directory's name in the configuration.
    pub name: String,
    /// `ldaps://host[:port]`, or `ldap://host[:port]` with `start_tls`.
    pub url: String,
    /// Change a plain connection to TLS before anything else is said.
    pub start_tls: bool,
    /// Go on without TLS. Only if the host is this machine; else it is refused.
    pub clear_on_loopback: bool,
    /// The certificates to trust, PEM. None: those of the system.
    pub ca_file: Option<PathBuf>,
    /// The account that Keyward signs in with.
    pub bind_dn: String,
    /// Its password.
    pub bind_password: SecretText,
    /// Where the accounts are.
    pub base_dn: String,
    /// Where the groups are. None: below `base_dn`.
    pub group_base_dn: Option<String>,
    /// The attributes that a person may type as a name. The first is the account's name.
    pub name_attributes: Vec<String>,
    /// The attribute with mail addresses.
    pub mail_attribute: String,
    /// What is an account, as an LDAP filter.
    pub account_filter: String,
    /// The policy of accounts that name none, for the probe and for the end of locks.
    pub default_policy_dn: Option<String>,
    /// The server hashes a password that comes by Modify (`olcPPolicyHashCleartext: TRUE`). It can not be asked. Without it a temporary password
    /// would be stored as it is, so none is given (R38).
    pub hashes_clear_text: bool,
    /// Names of this directory in front of `\` and behind `@`.
    pub domains: Vec<String>,
    /// How long it may take to connect.
    pub connect_timeout: Duration,
    /// How long one request may take.
    pub timeout: Duration,
}

impl Settings {
    /// The usual settings: `uid` and `mail`, everybody who is a person or a machine, 5 and 10 seconds, a server that hashes.
    pub fn new(name: &str, url: &str, bind: (&str, SecretText), base_dn: &str, ca_file: Option<PathBuf>) -> Self {
        Self {
            name: name.to_owned(),
            url: url.to_owned(),
            start_tls: false,
            clear_on_loopback: false,
            ca_file,
            bind_dn: bind.0.to_owned(),
            bind_password: bind.1,
            base_dn: base_dn.to_owned(),
            group_base_dn: None,
            name_attributes: vec!["uid".to_owned(), "mail".to_owned()],
            mail_attribute: "mail".to_owned(),
            account_filter: "(|(objectClass=person)(objectClass=account)(objectClass=applicationProcess))".to_owned(),
            default_policy_dn: None,
            hashes_clear_text: true,
            domains: Vec::new(),
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
        }
    }
}

/// The directory.
#[derive(Debug)]
pub struct OpenLdap {
    settings: Settings,
    domains: Vec<AccountName>,
    server: Server,
}

impl OpenLdap {
    /// Checks the settings and reads the certificates. Does not connect.
    pub fn new(settings: Settings) -> Result<Self, ConnectorError> {
        let wrong = |what: String| ConnectorError::Settings { directory: settings.name.clone(), what };
        if settings.name_attributes.is_empty() {
            return Err(wrong("there is no attribute to find a name by".to_owned()));
        }
        for attribute in settings.name_attributes.iter().chain([&settings.mail_attribute]) {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
            if attribute.is_empty() || !attribute.chars().all(plain) {
                return Err(wrong(format!("`{attribute}` is not the name of an attribute")));
            }
        }
        if ldap3::parse_filter(&settings.account_filter).is_err() {
            return Err(wrong(format!("`{}` is not an LDAP filter", settings.account_filter)));
        }
        let domains = settings.domains.iter().map(|domain| {
            AccountName::parse(domain).map_err(|_| wrong(format!("`{domain}` is not the name of a domain")))
        });
        let domains = domains.collect::<Result<_, _>>()?;
        let server = Server::new(&settings).map_err(wrong)?;
        Ok(Self { settings, domains, server })
    }
}

#[async_trait]
impl Directory for OpenLdap {
    fn name(&self) -> &str {
        &self.settings.name
    }
    async fn probe(&self) -> Result<Capabilities, ConnectorError> {
        self.probe_all().await
    }
    async fn find(&self, name: &AccountName, at: Timestamp) -> Result<Found, ConnectorError> {
        self.find_one(name, at).await
    }
    async fn read(&self, id: &str, at: Timestamp) -> Result<Option<Account>, ConnectorError> {
        let entry = self.entry(id, at).await;
        let entry = entry.map_err(|fault| self.error(fault))?;
        let Some(mut entry) = entry else {
            return Ok(None);
        };
        let groups = self.groups(&entry).await;
        entry.account.groups = groups.map_err(|fault| self.error(fault))?;
        Ok(Some(entry.account))
    }
    async fn authenticate(&self, id: &str, password: &SecretText, at: Timestamp) -> Result<SignIn, ConnectorError> {
        self.sign_in(id, password, at).await
    }
    async fn set_password(&self, permit: Permit, password: NewPassword<'_>) -> Applied {
        self.change(permit, password).await
    }
    async fn unlock(&self, permit: Permit, at: Timestamp) -> Applied {
        self.lift(permit, at).await
    }
    async fn look(&self, account: &AccountRef, attempt: AttemptFacts<'_>) -> Applied {
        self.look_at(account, attempt).await
    }
}
