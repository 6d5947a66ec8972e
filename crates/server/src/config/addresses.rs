//! Addresses: the public one, the directory's, the database's, ranges of proxies. What makes each safe to use is checked as it is read.
//!
//! Nothing is resolved or connected to here.

use std::net::IpAddr;
use std::str::FromStr;

use keyward_core::secret::{Secret, SecretText};
use serde_json::{Value, json};
use url::{Host, Url};

use super::setting::{Complaint, HIDDEN, Kind, Raw, Setting};
use super::types::{is_shipped, shipped};

/// Is this host the machine itself?
pub fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// A host as it is looked up: an address of IPv6 may stand in brackets.
pub fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// The same for a host as it is written in a setting: a name, or an address with or without brackets.
pub fn is_loopback_name(host: &str) -> bool {
    let bare = bare(host);
    match bare.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => is_loopback(&Host::Domain(&bare.to_ascii_lowercase())),
    }
}

/// The one address from which links are made (FP-6, R49): https, or http on loopback; no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(Url);

impl PublicUrl {
    /// The address, always with `/` at its end.
    pub fn url(&self) -> &Url {
        &self.0
    }
    /// The host, which is also the relying party's id for passkeys.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
    /// Scheme, host and port without a slash at the end, as browsers write it.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
    /// Is it reached only from this machine?
    pub fn is_loopback(&self) -> bool {
        self.0.host().is_some_and(|host| is_loopback(&host))
    }
}

impl Setting for PublicUrl {
    const KIND: Kind = Kind::new("string", "address").format("uri");
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        let text = raw.text()?;
        let url = Url::parse(text).map_err(|error| {
            Complaint::new(format!("`{}` is not an address: {error}", without_userinfo(text)))
                .hint("write it like https://reset.example.org")
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Complaint::new("has a name or password in it").hint("write it like https://reset.example.org"));
        }
        let Some(host) = url.host() else {
            return Err(Complaint::new(format!("`{text}` has no host")).hint("write it like https://reset.example.org"));
        };
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&host) => {}
            "http" => {
                return Err(Complaint::new(format!(
                    "`{text}` is http: links in messages must be https unless the host is this machine (OWASP Forgot Password, FP-6)"
                ))
                .hint(format!("use https://{}", url.host_str().unwrap_or_default())));
            }
            other => {
                return Err(Complaint::new(format!("has the scheme `{other}`; it must be https")));
            }
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(Complaint::new(format!("`{text}` has more than a host and a port"))
                .hint(format!("use {}", url.origin().ascii_serialization())));
        }
        Ok(Self(url))
    }
    fn shown(&self) -> Value {
        json!(self.origin())
    }
}

/// The text up to a possible name and password, so that a message can repeat it.
fn without_userinfo(text: &str) -> &str {
    text.rsplit_once('@').map_or(text, |(_, host)| host)
}

/// The address of an LDAP server: `ldap://` or `ldaps://`, host, port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LdapUrl(Url);

impl LdapUrl {
    /// The address as the wire library takes it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
    /// Is the connection TLS from its first byte?
    pub fn is_tls(&self) -> bool {
        self.0.scheme() == "ldaps"
    }
    /// Does it stay on this machine?
    pub fn is_loopback(&self) -> bool {
        self.0.host_str().is_some_and(is_loopback_name)
    }
}

impl Setting for LdapUrl {
    const KIND: Kind = Kind::new("string", "address").format("uri");
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        const HINT: &str = "write it like ldaps://ldap.example.org";
        let text = raw.text()?;
        let shown = without_userinfo(text);
        let url = Url::parse(text)
            .map_err(|error| Complaint::new(format!("`{shown}` is not an address: {error}")).hint(HINT))?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        match url.scheme() {
            "ldap" | "ldaps" if url.host_str().is_none_or(str::is_empty) => {
                Err(Complaint::new(format!("`{shown}` has no host")).hint(HINT))
            }
            "ldap" | "ldaps" if !bare || !url.username().is_empty() => {
                Err(Complaint::new(format!("`{shown}` has more than a host and a port")).hint(HINT))
            }
            "ldap" | "ldaps" => Ok(Self(url)),
            other => Err(Complaint::new(format!("has the scheme `{other}`; it must be ldaps or ldap")).hint(HINT)),
        }
    }
    fn shown(&self) -> Value {
        json!(self.as_str())
    }
}

/// Where the database is. The whole address may hold a password and is treated as a secret.
#[derive(Debug)]
pub struct DatabaseUrl(SecretText);

/// Which database engine an address names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// One file on this machine.
    Sqlite,
    /// A server that several processes share.
    Postgres,
}

impl DatabaseUrl {
    /// The engine.
    pub fn engine(&self) -> Engine {
        if self.0.expose().starts_with("sqlite:") { Engine::Sqlite } else { Engine::Postgres }
    }
    /// The whole address with its password, for the store alone.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

fn is_local(url: &Url) -> bool {
    url.host_str().is_none_or(|host| host.is_empty() || is_loopback_name(host))
}

impl Setting for DatabaseUrl {
    const KIND: Kind = Kind::new("string", "database address");
    const SECRET: bool = true;
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        const HINT: &str = "write sqlite:/var/lib/keyward/keyward.db or postgres://name@host/keyward";
        let text = raw.text()?;
        let rest = text.strip_prefix("sqlite:");
        match rest {
            Some("") => return Err(Complaint::new("names no file").hint(HINT)),
            Some(_) => return Ok(Self(Secret::new(text.to_owned()))),
            None => {}
        }
        // The reason of the parser is safe to show; the text is not.
        let url = Url::parse(text).map_err(|error| Complaint::new(format!("is not an address: {error}")).hint(HINT))?;
        match url.scheme() {
            "postgres" | "postgresql" if url.password().is_some_and(is_shipped) && !is_local(&url) => {
                Err(shipped("has"))
            }
            "postgres" | "postgresql" => Ok(Self(Secret::new(text.to_owned()))),
            _ => Err(Complaint::new("names neither SQLite nor PostgreSQL").hint(HINT)),
        }
    }
    /// Only parts that cannot be secret: of an address with a password or parameters, the host, the port and the name of the database.
    fn shown(&self) -> Value {
        if self.engine() == Engine::Sqlite {
            return json!(self.0.expose().split('?').next());
        }
        match Url::parse(self.0.expose()) {
            Ok(url) if url.password().is_none() && url.query().is_none() => json!(url.as_str()),
            Ok(url) => {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                let host = url.host_str().unwrap_or_default();
                json!(format!("postgres://{HIDDEN}@{host}{port}{}", url.path()))
            }
            Err(_) => json!(HIDDEN),
        }
    }
}

/// A range of addresses: `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    network: IpAddr,
    prefix: u8,
}

impl AddressRange {
    /// Is this address in the range? An IPv4 address in IPv6 clothing counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.prefix);
                u64::from(network.to_bits()) >> shift == u64::from(address.to_bits()) >> shift
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for AddressRange {
    type Err = Complaint;
    fn from_str(text: &str) -> Result<Self, Complaint> {
        let wrong = || {
            Complaint::new(format!("`{text}` is not a range of addresses"))
                .hint("write it like 10.0.0.0/8; several in an environment variable have `;` between them")
        };
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let network: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = if network.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), |prefix| prefix.parse::<u8>().map_err(|_| wrong()))?;
        if prefix > longest {
            return Err(wrong());
        }
        Ok(Self { network, prefix })
    }
}

impl Setting for AddressRange {
    const KIND: Kind = Kind::new("string", "address range");
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        raw.text()?.trim().parse()
    }
    fn shown(&self) -> Value {
        json!(format!("{}/{}", self.network, self.prefix))
    }
}
