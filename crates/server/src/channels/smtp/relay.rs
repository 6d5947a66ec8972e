//! One connection to the relay for one message, from the first byte to the answer that counts.
//!
//! A connection that another message has used may have an answer left in it, and then each answer is taken for the next one: a refusal would be read as
//! a yes. So none is used twice.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use lettre::{
    Address, Message as Mail,
    transport::smtp::{
        Error as SmtpError,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, AsyncTokioStream, TlsParameters},
        commands::{Data, Mail as From, Rcpt},
        extension::{ClientId, Extension, MailParameter},
        response::Severity,
    },
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, lookup_host},
    sync::Semaphore,
};

use crate::causes;

/// The first byte of a TLS record with a handshake in it (RFC 8446 5.1).
const HANDSHAKE: u8 = 22;
/// How long the relay may take for its farewell.
const FAREWELL: Duration = Duration::from_secs(1);

/// How the connection is protected.
pub enum Shield {
    /// Plain, then TLS before anything is said.
    StartTls(TlsParameters),
    /// TLS from the first byte.
    Implicit(TlsParameters),
    /// Not at all.
    None,
}

/// The road to a relay.
pub struct Relay {
    /// Its name or address, and its port.
    pub place: (String, u16),
    /// How connections are protected.
    pub shield: Shield,
    /// How we greet.
    pub hello: ClientId,
    /// What we sign in with.
    pub sign_in: Option<Credentials>,
    /// One for each connection that may be there at a time.
    pub places: Semaphore,
    /// How long one of its addresses may take to be connected.
    pub timeout: Duration,
    /// How long it may take until the message is handed over.
    pub whole: Duration,
}

/// Why a message was not taken.
pub enum NotTaken {
    /// There was no answer in time, or no connection.
    Silent,
    /// The relay can not take an address like this one (RFC 6531).
    Address,
    /// The relay can not take a sender like ours.
    Unfit,
    /// There is no connection on which anything of ours is taken.
    Connection(SmtpError),
    /// This message was not taken.
    Message(SmtpError),
}

impl Relay {
    /// Hands a message over. It is the relay's once this returns.
    pub async fn hand_over(&self, mail: &Mail) -> Result<(), NotTaken> {
        let handing = async {
            let _place = self.places.acquire().await.map_err(|_| NotTaken::Silent)?;
            let mut wire = self.connected().await?;
            self.send(&mut wire, mail).await?;
            Ok(wire)
        };
        // A relay that is always about to answer is held by this limit. Whatever is cut off here ends with its connection.
        let mut wire = tokio::time::timeout(self.whole, handing).await.map_err(|_| NotTaken::Silent)??;
        // It has been taken, whatever comes of the farewell.
        drop(tokio::time::timeout(FAREWELL, wire.quit()).await);
        Ok(())
    }

    async fn connected(&self) -> Result<AsyncSmtpConnection, NotTaken> {
        let (place, hello) = ((self.place.0.as_str(), self.place.1), &self.hello);
        let tls = match &self.shield {
            Shield::StartTls(parameters) => return self.upgraded(parameters).await,
            Shield::Implicit(parameters) => Some(parameters.clone()),
            Shield::None => None,
        };
        let connection = AsyncSmtpConnection::connect_tokio1(place, Some(self.timeout), hello, tls, None).await;
        connection.map_err(NotTaken::Connection)
    }

    async fn upgraded(&self, parameters: &TlsParameters) -> Result<AsyncSmtpConnection, NotTaken> {
        let clear = Box::new(Clear { stream: self.reached().await.ok_or(NotTaken::Silent)?, secured: false });
        let connection = AsyncSmtpConnection::connect_with_transport(clear, &self.hello).await;
        let mut connection = connection.map_err(NotTaken::Connection)?;
        connection.starttls(parameters.clone(), &self.hello).await.map_err(NotTaken::Connection)?;
        Ok(connection)
    }

    /// The first of its addresses that answers.
    async fn reached(&self) -> Option<TcpStream> {
        for address in lookup_host((self.place.0.as_str(), self.place.1)).await.ok()? {
            if let Ok(Ok(stream)) = tokio::time::timeout(self.timeout, TcpStream::connect(address)).await {
                return Some(stream);
            }
        }
        None
    }

    async fn send(&self, wire: &mut AsyncSmtpConnection, mail: &Mail) -> Result<(), NotTaken> {
        if let Some(sign_in) = &self.sign_in {
            wire.auth(DEFAULT_MECHANISMS, sign_in).await.map_err(NotTaken::Connection)?;
        }
        let envelope = mail.envelope();
        let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        let mut parameters = Vec::new();
        if !envelope.to().iter().chain(envelope.from()).all(is_ascii) {
            if !wire.server_info().supports_feature(Extension::SmtpUtfEight) {
                // A sender like that is a sender for every message.
                return Err(if envelope.to().iter().all(is_ascii) { NotTaken::Unfit } else { NotTaken::Address });
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        // The sender is the same for every message.
        wire.command(From::new(envelope.from().cloned(), parameters)).await.map_err(NotTaken::Connection)?;
        for to in envelope.to() {
            wire.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(of_recipient)?;
        }
        wire.command(Data).await.map_err(NotTaken::Message)?;
        let answer = wire.message(&mail.formatted()).await.map_err(NotTaken::Message)?;
        // The library takes "go on" for a yes as well.
        if answer.code().severity == Severity::PositiveCompletion { Ok(()) } else { Err(NotTaken::Silent) }
    }
}

/// A refusal of a recipient, or of us: many a relay says only then that it takes nothing from this machine or sender. The enhanced status tells (RFC 3463).
fn of_recipient(error: SmtpError) -> NotTaken {
    let said = causes::of(&error).nth(1).map(ToString::to_string).unwrap_or_default();
    let status = said.split_whitespace().next().unwrap_or_default();
    let is_us = status.starts_with("5.7.") || ["5.1.7", "5.1.8"].contains(&status);
    if is_us { NotTaken::Connection(error) } else { NotTaken::Message(error) }
}

/// A connection that is in clear at first. Until we begin TLS it is read byte by byte, so that nothing which came in clear waits in a buffer and is taken
/// for an answer that came inside (RFC 3207 6): what somebody on the way has put behind the last answer meets TLS, and that is the end of it.
#[derive(Debug)]
struct Clear {
    stream: TcpStream,
    secured: bool,
}

impl AsyncTokioStream for Clear {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl AsyncRead for Clear {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.secured || buffer.remaining() == 0 {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut one))?;
        buffer.put_slice(one.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Clear {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // No command begins with it.
        self.secured |= bytes.first() == Some(&HANDSHAKE);
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
