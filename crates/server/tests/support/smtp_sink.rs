//! A mail server that keeps what it gets, for tests and for the demo's mail catcher. It can be told to fail as servers do.
//! Not here: reading messages, limits, and anything one would want of a real server.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// A message as it came over the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Who says to send it.
    pub from: String,
    /// Whom it is for.
    pub to: Vec<String>,
    /// Headers and body, dots unstuffed, line ends as they came.
    pub data: Vec<u8>,
    /// The line that signed in, if one did.
    pub sign_in: Option<String>,
    /// Whether it came encrypted.
    pub encrypted: bool,
}

/// How the server fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Not at all.
    #[default]
    None,
    /// Answers 451 to the recipient: try later.
    Busy,
    /// Answers 550 to the recipient: never.
    Refuse,
    /// Answers 535 to the sign-in.
    NotYou,
    /// Greets with 554: it takes nothing from this machine.
    Closed,
    /// Answers 550 5.7.1 to the sender: it may not send here.
    NotFromYou,
    /// Says so only when it hears the recipient.
    NotFromYouLate,
    /// Takes a message, and says so only when it is told to fail in another way.
    Late,
    /// Answers 451 to a whole message: it has no room for it now.
    NotKept,
    /// Says nothing to a farewell.
    NoFarewell,
    /// Says something more behind the last answer in clear.
    Injected,
    /// Takes the whole message and breaks off before it says so.
    Drop,
    /// Says nothing at all for as long as it fails.
    Slow,
}

/// Both halves of a connection.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}
type Securing = Pin<Box<dyn Future<Output = io::Result<Box<dyn Stream>>> + Send>>;
/// Makes a plain connection a secure one.
pub type Secure = Arc<dyn Fn(Box<dyn Stream>) -> Securing + Send + Sync>;

/// The server. It listens until the runtime ends.
#[derive(Clone)]
pub struct Sink {
    /// Where it listens.
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    fault: Arc<Mutex<Fault>>,
    /// Addresses with which every message is refused for now.
    busy: Arc<Mutex<Vec<String>>>,
}

impl Sink {
    /// Listens on a free port of this machine. With `secure`, from the first byte or after STARTTLS.
    pub async fn start(secure: Option<Secure>, from_first_byte: bool) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let sink = Self {
            address: listener.local_addr()?,
            received: Arc::default(),
            fault: Arc::default(),
            busy: Arc::default(),
        };
        let server = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (server, secure) = (server.clone(), secure.clone());
                // A client that breaks off ends its own connection only.
                tokio::spawn(async move { server.serve(stream, secure, from_first_byte).await });
            }
        });
        Ok(sink)
    }
    /// All messages until now.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().map(|all| all.clone()).unwrap_or_default()
    }
    /// Fails like this from now on.
    pub fn fail(&self, fault: Fault) {
        if let Ok(mut now) = self.fault.lock() {
            *now = fault;
        }
    }
    /// Answers 451 to these recipients from now on, and to no other.
    pub fn busy_for(&self, addresses: &[&str]) {
        if let Ok(mut busy) = self.busy.lock() {
            *busy = addresses.iter().map(|address| (*address).to_owned()).collect();
        }
    }
    fn is_busy_for(&self, address: &str) -> bool {
        self.busy.lock().is_ok_and(|busy| busy.iter().any(|one| one == address))
    }
    fn is(&self, fault: Fault) -> bool {
        self.fault.lock().is_ok_and(|now| *now == fault)
    }

    /// Keeps a message, and gives the answer to it. None: there is none.
    async fn keep(&self, mail: Received) -> Option<&'static str> {
        self.received.lock().map(|mut all| all.push(mail)).unwrap_or_default();
        let answer = if self.is(Fault::NotKept) { "451 no room" } else { "250 taken" };
        while self.is(Fault::Late) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        (!self.is(Fault::Drop)).then_some(answer)
    }

    async fn serve(&self, stream: TcpStream, secure: Option<Secure>, from_first_byte: bool) -> io::Result<()> {
        let mut stream: Box<dyn Stream> = Box::new(stream);
        let mut encrypted = false;
        if let (true, Some(secure)) = (from_first_byte, &secure) {
            (stream, encrypted) = (secure(stream).await?, true);
        }
        let mut wire = BufReader::new(stream);
        while self.is(Fault::Slow) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        if self.is(Fault::Closed) {
            return say(&mut wire, "554 not from there").await;
        }
        say(&mut wire, "220 sink").await?;
        let mut mail = Received { encrypted, ..Received::default() };
        let mut line = String::new();
        while {
            line.clear();
            wire.read_line(&mut line).await?
        } > 0
        {
            let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            let answer = match verb.as_str() {
                "EHLO" if encrypted || secure.is_none() => "250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN",
                "EHLO" => "250-sink\r\n250-8BITMIME\r\n250 STARTTLS",
                "STAR" => {
                    let Some(secure) = secure.as_ref().filter(|_| !encrypted) else { return Ok(()) };
                    let injected = "220 go\r\n250-sink\r\n250 AUTH PLAIN";
                    say(&mut wire, if self.is(Fault::Injected) { injected } else { "220 go" }).await?;
                    wire = BufReader::new(secure(wire.into_inner()).await?);
                    encrypted = true;
                    mail = Received { encrypted, ..Received::default() };
                    continue;
                }
                "AUTH" if self.is(Fault::NotYou) => "535 no",
                "AUTH" => {
                    mail.sign_in = Some(line.trim_end().to_owned());
                    "235 yes"
                }
                "MAIL" if self.is(Fault::NotFromYou) => "550 5.7.1 not allowed",
                "MAIL" => {
                    (mail.from, mail.to) = (path(&line), Vec::new());
                    "250 ok"
                }
                "RCPT" if self.is(Fault::Busy) || self.is_busy_for(&path(&line)) => "451 later",
                "RCPT" if self.is(Fault::NotFromYouLate) => "554 5.7.1 client rejected",
                "RCPT" if self.is(Fault::Refuse) => "550 never <ada@example.org>",
                "RCPT" => {
                    mail.to.push(path(&line));
                    "250 ok"
                }
                "DATA" => {
                    say(&mut wire, "354 go").await?;
                    mail.data = data(&mut wire).await?;
                    let Some(answer) = self.keep(mail.clone()).await else { return Ok(()) };
                    answer
                }
                "QUIT" if self.is(Fault::NoFarewell) => std::future::pending().await,
                "QUIT" => return say(&mut wire, "221 bye").await,
                "RSET" | "NOOP" => "250 ok",
                _ => "500 what",
            };
            say(&mut wire, answer).await?;
        }
        Ok(())
    }
}

async fn say(wire: &mut BufReader<Box<dyn Stream>>, answer: &str) -> io::Result<()> {
    wire.write_all(format!("{answer}\r\n").as_bytes()).await?;
    wire.flush().await
}

/// Up to the line with a single dot, and only CR LF ends a line (RFC 5321 2.3.8).
async fn data(wire: &mut BufReader<Box<dyn Stream>>) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut fresh = true;
    loop {
        let mut line = Vec::new();
        if wire.read_until(b'\n', &mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if fresh && line == b".\r\n" {
            return Ok(all);
        }
        all.extend(if fresh { line.strip_prefix(b".").unwrap_or(&line) } else { &line });
        fresh = line.ends_with(b"\r\n");
    }
}

fn path(line: &str) -> String {
    line.split_once('<')
        .and_then(|(_, rest)| rest.rsplit_once('>'))
        .map_or_else(String::new, |(path, _)| path.to_owned())
}
