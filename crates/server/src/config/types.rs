//! The types of values: secrets, names, spans of time, choices. Addresses are in [`super::addresses`].
//! Each one that exists is right; there is no second check later.
//!
//! Not here: rules about two values together, which are in [`super::check`].

use std::net::SocketAddr;
use std::path::PathBuf;

use keyward_core::secret::{Secret, SecretText};
use keyward_core::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};
use lettre::message::Mailbox;
use serde_json::{Value, json};
use unic_langid::LanguageIdentifier;

use super::setting::{Complaint, HIDDEN, Kind, Raw, Setting, whole_number};

/// Passwords that systems and instructions come with (OWASP ASVS 5.0, 13.2.3).
const SHIPPED_PASSWORDS: [&str; 14] = [
    "admin",
    "adminpassword",
    "administrator",
    "changeit",
    "changeme",
    "change-me",
    "default",
    "keyward",
    "ldap",
    "password",
    "postgres",
    "root",
    "secret",
    "test",
];

pub(super) fn is_shipped(password: &str) -> bool {
    SHIPPED_PASSWORDS.iter().any(|known| known.eq_ignore_ascii_case(password))
}

pub(super) fn shipped(verb: &str) -> Complaint {
    Complaint::new(format!("{verb} a password that everybody knows (OWASP ASVS 5.0, 13.2.3)"))
        .hint("give this account a long random password of its own")
}

impl Setting for SecretText {
    const KIND: Kind = Kind::new("string", "secret");
    const SECRET: bool = true;
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        match raw.text()? {
            "" => Err(Complaint::new("is empty")),
            text if is_shipped(text) => Err(shipped("is")),
            text => Ok(Secret::new(text.to_owned())),
        }
    }
    fn shown(&self) -> Value {
        json!(HIDDEN)
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
        text.parse()
            .map_err(|_| Complaint::new(format!("`{text}` is not a language")).hint("write it like en, de or pt-BR"))
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
            return Err(
                Complaint::new(format!("`{text}` has a space or a plus sign")).hint("write it like reset.example.org")
            );
        }
        Ok(Self(text))
    }
    fn shown(&self) -> Value {
        json!(self.0)
    }
}

/// The public half of the worker's seal key: 32 bytes in base64. Whoever has it can seal and can not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealPublicKey(String);

impl SealPublicKey {
    /// The base64.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for SealPublicKey {
    const KIND: Kind = Kind::new("string", "public key");
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        let text = String::read(raw)?;
        match data_encoding::BASE64.decode(text.as_bytes()) {
            Ok(bytes) if bytes.len() == 32 => Ok(Self(text)),
            _ => Err(Complaint::new(format!("`{text}` is not a public key"))
                .hint("it is 32 bytes in base64; `keyward config init` writes it beside worker.seal_key_file")),
        }
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
