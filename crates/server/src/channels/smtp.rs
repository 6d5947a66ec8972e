//! Mail by SMTP to a relay (RFC 5321), encrypted unless the relay is on this machine.
//!
//! Not here: the connection (`smtp/relay.rs`), DKIM and delivery, which are the relay's, and reading bounces.

mod relay;

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use keyward_core::{secret::SecretText, time::Timestamp};
use lettre::{
    Address, Message as Mail,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error as SmtpError,
        authentication::Credentials,
        client::{Certificate, CertificateStore, TlsParameters},
        extension::ClientId,
    },
};
use tokio::sync::Semaphore;

use self::relay::{NotTaken, Relay, Shield};
use super::{Channel, ChannelError, Message};
use crate::{causes, token::BASE32};

/// This channel's word.
pub const NAME: &str = "smtp";
/// A whole message may take this many times as long as a connection.
const ANSWERS: u32 = 6;
/// The longest subject in characters.
const LONGEST_SUBJECT: usize = 200;

/// How the connection is protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Security {
    /// Plain, then TLS before anything is said. A relay that does not offer it gets nothing (RFC 3207).
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// Plain. Only to this machine.
    None,
}

/// How to reach the relay.
#[derive(Debug)]
pub struct Settings {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// The certificates to trust instead of the system's, as PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Name and password to sign in with.
    pub sign_in: Option<(String, SecretText)>,
    /// The sender: `Northwind account help <reset@example.org>`.
    pub from: String,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// The host of the public address: how we greet, and the right half of each message's name.
    pub public_host: String,
    /// How long one address of the relay may take to be connected, in milliseconds. A whole message may take six times as long.
    pub timeout_ms: u64,
    /// The most connections at a time.
    pub connections: usize,
}

/// A relay that can not be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Links would cross a network in clear.
    #[error("mail to `{0}` has to be encrypted, as it is not on this machine")]
    PlainAcrossNetwork(String),
    /// Neither name and address nor an address alone.
    #[error("`{0}` is not a mail address")]
    NotAMailbox(String, #[source] lettre::address::AddressError),
    /// The certificates could not be read, or no secure connection be prepared.
    #[error("secure connections to `{0}` could not be prepared")]
    Tls(String, #[source] SmtpError),
}

/// A relay.
pub struct Smtp {
    relay: Relay,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    public_host: String,
    peer: String,
}

impl Smtp {
    /// Prepares the road to the relay. Nothing is sent or connected yet.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let shield = shield(&settings)?;
        let mailbox = |text: String| match text.parse() {
            Ok(mailbox) => Ok(mailbox),
            Err(error) => Err(SettingsError::NotAMailbox(text, error)),
        };
        let peer = format!("{}:{}", settings.host, settings.port);
        let timeout = Duration::from_millis(settings.timeout_ms);
        let relay = Relay {
            place: (settings.host, settings.port),
            shield,
            hello: ClientId::Domain(settings.public_host.clone()),
            sign_in: settings.sign_in.map(|(name, password)| Credentials::new(name, password.expose().clone())),
            places: Semaphore::new(settings.connections),
            timeout,
            whole: timeout.saturating_mul(ANSWERS),
        };
        Ok(Self {
            relay,
            from: mailbox(settings.from)?,
            reply_to: settings.reply_to.map(mailbox).transpose()?,
            public_host: settings.public_host,
            peer,
        })
    }

    fn write(&self, message: &Message, message_id: &str) -> Result<Mail, ChannelError> {
        let to: Address = message.to.parse().map_err(|_| ChannelError::Address)?;
        let part = |text: &SecretText| body(text.expose());
        let mut builder = Mail::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(one_line(&message.subject))
            .date(system_time(message.at))
            .message_id(Some(format!("<{message_id}>")))
            // RFC 3834: no holiday replies to this.
            .raw_header(header(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated"));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        if message.language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            builder = builder.raw_header(header(HeaderName::new_from_ascii_str("Content-Language"), &message.language));
        }
        let parts = MultiPart::alternative()
            .boundary(format!("kw-{}", BASE32.encode(&message.seed)))
            .singlepart(SinglePart::plain(part(&message.text)))
            .singlepart(SinglePart::html(part(&message.html)));
        builder.multipart(parts).map_err(|_| ChannelError::Unwritable { channel: NAME })
    }

    fn refused(&self, not_taken: &NotTaken) -> ChannelError {
        let peer = self.peer.clone();
        let (error, is_about_it) = match not_taken {
            NotTaken::Silent => return ChannelError::Unreachable { peer },
            NotTaken::Address => return ChannelError::Address,
            NotTaken::Unfit => return ChannelError::Unfit { peer },
            NotTaken::Connection(error) => (error, false),
            NotTaken::Message(error) => (error, true),
        };
        match error.status().map(u16::from) {
            // The relay does not know us, or wants us to sign in in another way: that is not about this message (RFC 4954).
            Some(code @ (530 | 534 | 535 | 538)) => ChannelError::NotNow { peer, code },
            // Nor is what it says before it has heard of one: it takes nothing from this machine, or from this sender.
            Some(code) if is_about_it && error.is_permanent() => ChannelError::Refused { peer, code },
            Some(code) => ChannelError::NotNow { peer, code },
            None if is_about_tls(error) => ChannelError::Insecure { peer },
            None if error.is_client() => ChannelError::Unfit { peer },
            None => ChannelError::Unreachable { peer },
        }
    }
}

#[async_trait::async_trait]
impl Channel for Smtp {
    async fn send(&self, message: &Message) -> Result<(), ChannelError> {
        let message_id = format!("{}@{}", BASE32.encode(&message.seed), self.public_host);
        let mail = self.write(message, &message_id)?;
        self.relay.hand_over(&mail).await.map_err(|not_taken| self.refused(&not_taken))
    }
}

fn shield(settings: &Settings) -> Result<Shield, SettingsError> {
    let parameters = || {
        let prepared = |error| SettingsError::Tls(settings.host.clone(), error);
        let mut builder = TlsParameters::builder(settings.host.clone());
        if let Some(pem) = &settings.ca_pem {
            let trusted = Certificate::from_pem(pem).map_err(prepared)?;
            builder = builder.certificate_store(CertificateStore::None).add_root_certificate(trusted);
        }
        builder.build_rustls().map_err(prepared)
    };
    match settings.security {
        Security::StartTls => parameters().map(Shield::StartTls),
        Security::Implicit => parameters().map(Shield::Implicit),
        Security::None if is_this_machine(&settings.host) => Ok(Shield::None),
        Security::None => Err(SettingsError::PlainAcrossNetwork(settings.host.clone())),
    }
}

/// The library calls a certificate that does not fit a broken connection; the reason is further down.
fn is_about_tls(error: &SmtpError) -> bool {
    let mut io = causes::of(error).filter_map(|cause| cause.downcast_ref::<std::io::Error>()?.get_ref());
    error.is_tls() || io.any(|reason| reason.is::<rustls::Error>())
}

fn is_this_machine(host: &str) -> bool {
    let name = host.to_ascii_lowercase();
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

/// A subject has one line whatever is in it (T-J04): what could end it, or could not be seen, becomes a space.
fn one_line(subject: &str) -> String {
    let seen: String = subject.chars().map(|c| if c.is_control() || is_break(c) { ' ' } else { c }).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST_SUBJECT).collect()
}

const fn is_break(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Lines end with `\n` only, and nothing else that steers a terminal or an old mail program is left. The library does the rest.
fn body(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

fn header(name: HeaderName, value: &str) -> HeaderValue {
    HeaderValue::new(name, value.to_owned())
}

fn system_time(at: Timestamp) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(at.millis()).unwrap_or_default());
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
#[path = "smtp_tests.rs"]
mod tests;
