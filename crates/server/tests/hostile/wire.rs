//! HTTP by hand: what a client library would put in order, or not send at all. Bytes go out as they are.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Longer than anything here takes; a server that says nothing for so long has failed.
const LONGEST: Duration = Duration::from_secs(60);

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// The head in small letters, without its first line.
    pub head: String,
    pub body: String,
}

impl Answer {
    /// None: the connection ended without an answer.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let (first, head) = head.split_once("\r\n").unwrap_or((head, ""));
        let status = first.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head: head.to_lowercase(), body: body.to_owned() })
    }
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// A request for a host, with what every page of ours sends along.
#[derive(Clone, Debug)]
pub struct Request {
    head: String,
    body: Vec<u8>,
}

impl Request {
    pub fn new(line: &str) -> Self {
        let head = format!("{line} HTTP/1.1\r\nhost: reset.northwind.test\r\nconnection: close\r\n");
        Self { head, body: Vec::new() }
    }
    /// Sends fields as a page of ours does.
    pub fn form(path: &str, fields: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self::bytes(path, body.as_bytes())
    }
    /// Sends the bytes of a form.
    pub fn bytes(path: &str, body: &[u8]) -> Self {
        Self::page(path).with("content-type", "application/x-www-form-urlencoded").body(body)
    }
    /// The head of a form of ours, without its length.
    pub fn page(path: &str) -> Self {
        Self::new(&format!("POST {path}"))
            .with("origin", "https://reset.northwind.test")
            .with("sec-fetch-site", "same-origin")
    }
    pub fn json(line: &str, body: &[u8]) -> Self {
        Self::new(line).with("content-type", "application/json").body(body)
    }
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }
    /// As if the proxy in front had got it from there.
    pub fn from(self, address: &str) -> Self {
        self.with("x-forwarded-for", address)
    }
    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        let length = body.len().to_string();
        self.with("content-length", &length)
    }
    pub fn wire(&self) -> Vec<u8> {
        [self.head.as_bytes(), b"\r\n", &self.body].concat()
    }
    /// Sends it on a connection of its own.
    pub fn ask(&self, to: SocketAddr) -> Answer {
        raw(to, &self.wire()).unwrap_or_else(|| panic!("no answer to {}", self.head))
    }
}

/// A connection.
pub fn connect(to: SocketAddr) -> TcpStream {
    let wire = TcpStream::connect(to).expect("somebody listens");
    wire.set_read_timeout(Some(LONGEST)).unwrap();
    wire.set_write_timeout(Some(LONGEST)).unwrap();
    wire
}

/// Sends bytes and reads to the end. A server may answer and close before it has read all.
pub fn raw(to: SocketAddr, bytes: &[u8]) -> Option<Answer> {
    let mut wire = connect(to);
    let _ = wire.write_all(bytes);
    Answer::read(&rest(&mut wire))
}

/// Everything until the other side closes.
pub fn rest(wire: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    // What came before an error stays.
    let _ = wire.read_to_end(&mut all);
    all
}

/// The same on the runtime, for many at a time.
pub async fn ask(to: SocketAddr, request: &Request) -> Option<Answer> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut wire = tokio::net::TcpStream::connect(to).await.ok()?;
    let _ = wire.write_all(&request.wire()).await;
    let mut all = Vec::new();
    let _ = wire.read_to_end(&mut all).await;
    Answer::read(&all)
}
