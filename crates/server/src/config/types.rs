//! The types of values: addresses, spans of time, choices. Each one that exists is right; there is no second check later.
//!
//! Not here: rules about two values together, which are in [`super::check`].

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use keyward_core::secret::{Secret, SecretText};
use keyward_core::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};
use lettre::message::Mailbox;
use serde_json::{Value, json};
use unic_langid::LanguageIdentifier;
use url::{Host, Url};

use super::setting::{Complaint, Kind, Raw, Setting, whole_number};

/// Is this host the machine itself?
pub fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// The same for a host as it is written in a setting: a name, or an address with or without brackets.
pub fn is_loopback_name(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
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
            other => return Err(Complaint::new(format!("has the scheme `{other}`; it must be https"))),
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
    /// The password, if the address has one.
    pub fn password(&self) -> Option<SecretText> {
        let url = Url::parse(self.0.expose()).ok()?;
        url.password().map(|password| Secret::new(password.to_owned()))
    }
    /// Does the connection stay on this machine?
    pub fn is_local(&self) -> bool {
        match Url::parse(self.0.expose()) {
            Ok(url) => url.host_str().is_none_or(|host| host.is_empty() || is_loopback_name(host)),
            Err(_) => self.engine() == Engine::Sqlite,
        }
    }
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
            "postgres" | "postgresql" => Ok(Self(Secret::new(text.to_owned()))),
            _ => Err(Complaint::new("names neither SQLite nor PostgreSQL").hint(HINT)),
        }
    }
    /// Only parts that cannot be secret: the engine, the host, the port, the name of the database.
    fn shown(&self) -> Value {
        if self.engine() == Engine::Sqlite {
            let file = self.0.expose().split('?').next().unwrap_or_default();
            return json!(file);
        }
        let Ok(url) = Url::parse(self.0.expose()) else {
            return json!("postgres://[secret]");
        };
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        json!(format!("postgres://[secret]@{}{port}{}", url.host_str().unwrap_or_default(), url.path()))
    }
}

impl Setting for SecretText {
    const KIND: Kind = Kind::new("string", "secret");
    const SECRET: bool = true;
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        match raw.text()? {
            "" => Err(Complaint::new("is empty")),
            text => Ok(Secret::new(text.to_owned())),
        }
    }
    fn shown(&self) -> Value {
        json!("[secret]")
    }
}

impl Setting for PathBuf {
    const KIND: Kind = Kind::new("string", "path");
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        String::read(raw).map(Self::from)
    }
    fn shown(&self) -> Value {
        json!(self.display().to_string())
    }
}

impl Setting for SocketAddr {
    const KIND: Kind = Kind::new("string", "address and port");
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        let text = raw.text()?;
        text.parse().map_err(|_| {
            Complaint::new(format!("`{text}` is not an address and a port"))
                .hint("write it like 127.0.0.1:8440 or [::]:8440")
        })
    }
    fn shown(&self) -> Value {
        json!(self.to_string())
    }
}

impl Setting for LanguageIdentifier {
    const KIND: Kind = Kind::new("string", "language");
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        let text = raw.text()?;
        text.parse().map_err(|_| {
            Complaint::new(format!("`{text}` is not a language")).hint("write it like en, de or pt-BR")
        })
    }
    fn shown(&self) -> Value {
        json!(self.to_string())
    }
}

impl Setting for Mailbox {
    const KIND: Kind = Kind::new("string", "mail address");
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        let text = String::read(raw)?;
        text.parse().map_err(|_| {
            Complaint::new(format!("`{text}` is not a mail address"))
                .hint("write it like reset@example.org or Account help <reset@example.org>")
        })
    }
    fn shown(&self) -> Value {
        json!(self.to_string())
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

/// The name of the log: the text on the first line of every checkpoint (C2SP tlog-checkpoint).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOrigin(String);

impl LogOrigin {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for LogOrigin {
    const KIND: Kind = Kind::new("string", "log name");
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        let text = String::read(raw)?;
        if text.contains("://") {
            return Err(Complaint::new(format!("`{text}` has a scheme")).hint("write it like reset.example.org"));
        }
        // A key name of a signed note has neither white space nor a plus sign (C2SP signed-note).
        if text.chars().any(char::is_whitespace) || text.contains('+') {
            return Err(Complaint::new(format!("`{text}` has a space or a plus sign"))
                .hint("write it like reset.example.org"));
        }
        Ok(Self(text))
    }
    fn shown(&self) -> Value {
        json!(self.0)
    }
}

/// A short name: small letters, digits and `_`, so that it can stand in the name of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for Name {
    const KIND: Kind = Kind::new("string", "short name");
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        let text = String::read(raw)?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let good = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(plain)
            && !text.contains("__")
            && !text.ends_with('_')
            && text.len() <= 32;
        if good {
            return Ok(Self(text));
        }
        Err(Complaint::new(format!("`{text}` is not a short name"))
            .hint("at most 32 small letters, digits and single `_`, a letter first: main, branch_2"))
    }
    fn shown(&self) -> Value {
        json!(self.0)
    }
}

/// A time zone of the IANA database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(jiff::tz::TimeZone);

impl Zone {
    /// The zone.
    pub fn zone(&self) -> &jiff::tz::TimeZone {
        &self.0
    }
}

impl Setting for Zone {
    const KIND: Kind = Kind::new("string", "time zone");
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        let text = raw.text()?;
        if text == "UTC" {
            return Ok(Self(jiff::tz::TimeZone::UTC));
        }
        jiff::tz::TimeZone::get(text).map(Self).map_err(|_| {
            Complaint::new(format!("`{text}` is not a time zone this machine knows"))
                .hint("write it like Europe/London; the zones are in /usr/share/zoneinfo")
        })
    }
    fn shown(&self) -> Value {
        json!(self.0.iana_name().unwrap_or("UTC"))
    }
}

macro_rules! span_of_time {
    ($($(#[doc = $doc:literal])+ $name:ident $words:literal $ms:expr;)*) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(i64);

        impl $name {
            /// The number as it is written.
            pub fn count(self) -> i64 {
                self.0
            }
            /// The same in milliseconds.
            pub fn millis(self) -> i64 {
                self.0.saturating_mul($ms)
            }
        }

        impl Setting for $name {
            const KIND: Kind = Kind::new("integer", $words);
            fn read(raw: &Raw) -> Result<Self, Complaint> {
                whole_number(raw).map(Self)
            }
            fn shown(&self) -> Value {
                json!(self.0)
            }
            fn number(&self) -> Option<i64> {
                Some(self.0)
            }
        }
    )* };
}

span_of_time! {
    /// A whole number of seconds.
    Seconds "seconds" SECOND_MS;
    /// A whole number of minutes.
    Minutes "minutes" MINUTE_MS;
    /// A whole number of hours.
    Hours "hours" HOUR_MS;
    /// A whole number of days of 24 hours.
    Days "days" DAY_MS;
}

/// How many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(u32);

impl Count {
    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
    /// The number for sizes.
    pub fn size(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Setting for Count {
    const KIND: Kind = Kind::new("integer", "number");
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        let number = whole_number(raw)?;
        u32::try_from(number)
            .map(Self)
            .map_err(|_| Complaint::new(format!("is {number}; it must be between 0 and {}", u32::MAX)))
    }
    fn shown(&self) -> Value {
        json!(self.0)
    }
    fn number(&self) -> Option<i64> {
        Some(i64::from(self.0))
    }
}

/// A TCP port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port(u16);

impl Port {
    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl Setting for Port {
    const KIND: Kind = Kind::new("integer", "port");
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        match u16::try_from(whole_number(raw)?) {
            Ok(port) if port > 0 => Ok(Self(port)),
            _ => Err(Complaint::new("must be a port between 1 and 65535")),
        }
    }
    fn shown(&self) -> Value {
        json!(self.0)
    }
}

macro_rules! choice {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $word_doc:literal])+ $variant:ident = $word:literal,)+ })*) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[doc = $word_doc])+ $variant,)+ }

        impl $name {
            /// The word that stands for it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl Setting for $name {
            const KIND: Kind = Kind::choice(&[$($word),+]);
            fn read(raw: &Raw) -> Result<Self, Complaint> {
                match raw.text()? {
                    $($word => Ok(Self::$variant),)+
                    other => Err(not_a_choice(other, &[$($word),+])),
                }
            }
            fn shown(&self) -> Value {
                json!(self.as_str())
            }
        }
    )* };
}

fn not_a_choice(text: &str, choices: &[&str]) -> Complaint {
    let complaint = Complaint::new(format!("`{text}` is not one of {}", choices.join(", ")));
    match super::nearest::nearest(text, choices.iter().copied()) {
        Some(near) => complaint.hint(format!("did you mean `{near}`?")),
        None => complaint,
    }
}

choice! {
    /// What a process does.
    Role {
        /// Pages and jobs in one process.
        All = "all",
        /// Pages only. It cannot open a sealed password.
        Web = "web",
        /// Jobs only.
        Worker = "worker",
    }
    /// Which system a directory is.
    DirectoryKind {
        /// Keyward's own.
        Embedded = "embedded",
        /// OpenLDAP with ppolicy.
        OpenLdap = "openldap",
    }
    /// How the connection to the mail relay is protected.
    MailTls {
        /// Plain, then TLS before anything is said; refused if the relay does not offer it.
        Starttls = "starttls",
        /// TLS from the first byte.
        Implicit = "implicit",
        /// Plain. Only on loopback.
        Plain = "none",
    }
}

pub use super::hours::BusinessHours;
