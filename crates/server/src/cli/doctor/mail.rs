//! The mail relay: does it answer, does it offer what is configured, is its certificate good? Nothing is sent and nobody signs in, unless a test
//! message is asked for.
//!
//! Sending is `channels/smtp`'s. What only the name servers of the world can say (SPF, DKIM, DMARC) is named, and not looked at.

use std::io;
use std::sync::Arc;

use keyward_core::secret::SecretText;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{Lines, PATIENCE, Patient};
use crate::app::open;
use crate::causes::in_one_line;
use crate::channels::{Channel as _, Message};
use crate::cli::http::{Trust, client};
use crate::config::{addresses::bare, keys::Mail, types::MailTls};

/// No line of an answer is longer (RFC 5321, 4.5.3.1.5 allows 512).
const MAX_LINE: usize = 4096;
/// No answer has more lines.
const MAX_LINES: usize = 100;

/// Asks the relay.
pub async fn look(patient: &Patient, lines: &mut Lines) {
    let config = patient.config();
    let Some(mail) = &config.mail else {
        let found = "no relay: nobody is told anything, and no link or code can be sent";
        let fix = "write a table [mail] with host and from";
        // Who wants a message sent is told that none was.
        return if patient.test_mail.is_some() { lines.fail(found, fix) } else { lines.warn(found, fix) };
    };
    // What a worker would refuse at its start.
    let channel = match open::mail(config) {
        Ok(channel) => channel,
        Err(error) => return lines.fail(in_one_line(&error), "look at the table [mail]"),
    };
    let place = format!("{}:{}", mail.host, mail.port.get());
    let greeting = config.server.public_url.host();
    match tokio::time::timeout(PATIENCE, ask(mail, greeting)).await {
        Err(_) => lines.fail(format!("{place} did not answer in time"), "look at mail.host and mail.port"),
        Ok(Err(error)) => lines.fail(format!("{place}: {error}"), "look at mail.host, mail.port and mail.tls"),
        Ok(Ok(offer)) => told(mail, &place, &offer, lines),
    }
    if let (Some(channel), Some(to)) = (channel, &patient.test_mail) {
        match channel.send(&test_message(patient, to)).await {
            Ok(_) => lines.ok(format!(
                "the relay has taken a test message to {to}: look whether it came, and not among the junk"
            )),
            Err(error) => lines.fail(format!("no test message: {}", in_one_line(&error)), "look at the table [mail]"),
        }
    }
    let domain = mail.from.email.domain();
    lines.skip(format!(
        "SPF, DKIM and DMARC of {domain} are not looked at here: ask for the TXT records of {domain}, _dmarc.{domain} and your DKIM selector"
    ));
}

/// It holds nothing that opens anything.
fn test_message(patient: &Patient, to: &str) -> Message {
    let site = patient.config().server.public_url.origin();
    let text = format!("This is a test message of Keyward at {site}. Its mail relay works. Nothing has to be done.\n");
    let html = format!("<p>{}</p>", text.trim());
    Message {
        to: to.to_owned(),
        subject: "Test message of Keyward".to_owned(),
        text: SecretText::new(text),
        html: SecretText::new(html),
        seed: patient.ctx.bytes(),
        language: "en".to_owned(),
        at: patient.ctx.now(),
    }
}

/// Whose certificates are believed: the same as when a message is sent.
fn trust(mail: &Mail) -> io::Result<Trust> {
    let Some(path) = &mail.ca_file else { return Ok(Trust::System) };
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    read.map(Trust::Signed).map_err(io::Error::other)
}

fn told(mail: &Mail, place: &str, offer: &Offer, lines: &mut Lines) {
    let way = match mail.tls {
        MailTls::Starttls => "TLS after STARTTLS, with a certificate that is believed",
        MailTls::Implicit => "TLS, with a certificate that is believed",
        MailTls::Plain => "in clear, on this machine",
    };
    lines.ok(format!("{place} answers: {way}"));
    if mail.user.is_some() && !offer.sign_in {
        lines.fail(
            format!("{place} offers no sign-in, and mail.user is set"),
            "remove mail.user and mail.password, or use the port for submission",
        );
    }
}

/// What a relay says it can do.
#[derive(Debug, Default, PartialEq, Eq)]
struct Offer {
    start_tls: bool,
    sign_in: bool,
}

async fn ask(mail: &Mail, greeting: &str) -> io::Result<Offer> {
    let host = bare(&mail.host);
    let stream = TcpStream::connect((host, mail.port.get())).await?;
    let secure = async |stream: TcpStream| {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let connector = TlsConnector::from(Arc::new(client(&trust(mail)?).map_err(io::Error::other)?));
        connector.connect(name, stream).await
    };
    match mail.tls {
        MailTls::Plain => Talk::new(stream).greeted(greeting).await.map(|(_, offer)| offer),
        MailTls::Implicit => Talk::new(secure(stream).await?).greeted(greeting).await.map(|(_, offer)| offer),
        MailTls::Starttls => {
            let (mut talk, offer) = Talk::new(stream).greeted(greeting).await?;
            if !offer.start_tls {
                return Err(io::Error::other("it does not offer STARTTLS, so nothing would be sent to it"));
            }
            talk.say("STARTTLS").await?;
            talk.answer(220).await?;
            if !talk.stream.buffer().is_empty() {
                return Err(io::Error::other("it said something before the secure connection was made"));
            }
            let mut talk = Talk::new(secure(talk.stream.into_inner()).await?);
            talk.hello(greeting).await
        }
    }
}

/// A conversation of RFC 5321.
struct Talk<S> {
    stream: BufReader<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    fn new(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    async fn greeted(mut self, name: &str) -> io::Result<(Self, Offer)> {
        self.answer(220).await?;
        let offer = self.hello(name).await?;
        Ok((self, offer))
    }

    async fn hello(&mut self, name: &str) -> io::Result<Offer> {
        self.say(&format!("EHLO {name}")).await?;
        let lines = self.answer(250).await?;
        let offers = |word: &str| {
            lines.iter().any(|line| line.split(' ').next().is_some_and(|first| first.eq_ignore_ascii_case(word)))
        };
        Ok(Offer { start_tls: offers("STARTTLS"), sign_in: offers("AUTH") })
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream.get_mut().flush().await
    }

    /// The lines of an answer without their codes, if it is the one that is hoped for.
    async fn answer(&mut self, hoped: u16) -> io::Result<Vec<String>> {
        let mut lines = Vec::new();
        while lines.len() < MAX_LINES {
            let mut line = Vec::new();
            let mut short = tokio::io::AsyncReadExt::take(&mut self.stream, MAX_LINE as u64);
            short.read_until(b'\n', &mut line).await?;
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\r', '\n']);
            let (code, rest) = text.split_at_checked(3).unwrap_or(("", ""));
            if code.parse() != Ok(hoped) || !line.ends_with(b"\n") {
                return Err(io::Error::other(format!("it answered `{}`", text.chars().take(100).collect::<String>())));
            }
            lines.push(rest.get(1..).unwrap_or_default().to_owned());
            if !rest.starts_with('-') {
                return Ok(lines);
            }
        }
        Err(io::Error::other("its answer does not end"))
    }
}
