//! The proxy in front, as a router: speaks HTTP to a process of ours and says for whom. So the browser of the other tests can be used.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::{HeaderName, HeaderValue, Response, StatusCode},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::browser::Browser;

const LONGEST: usize = 1 << 20;

/// A proxy before one process, which can be changed for another.
#[derive(Clone, Debug)]
pub struct Front(Arc<Mutex<SocketAddr>>);

impl Front {
    pub fn before(process: SocketAddr) -> Self {
        Self(Arc::new(Mutex::new(process)))
    }
    /// Sends everything to another process from now on.
    pub fn turn_to(&self, process: SocketAddr) {
        *self.0.lock().unwrap() = process;
    }
    /// A browser without cookies.
    pub fn browser(&self) -> Browser {
        let front = self.clone();
        Browser::new(Router::new().fallback(move |request: Request| async move {
            let process = *front.0.lock().unwrap();
            forward(process, request).await.unwrap_or_else(|error| {
                let mut response = Response::new(Body::from(error.to_string()));
                *response.status_mut() = StatusCode::BAD_GATEWAY;
                response
            })
        }))
    }
}

async fn forward(process: SocketAddr, request: Request) -> std::io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LONGEST).await.expect("a short request");
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut head = format!("{} {path} HTTP/1.1\r\n", parts.method);
    for (name, value) in &parts.headers {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().expect("text")));
    }
    let from: IpAddr = parts.extensions.get::<ConnectInfo<SocketAddr>>().expect("an address").0.ip();
    head.push_str(&format!("x-forwarded-for: {from}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len()));
    let mut wire = TcpStream::connect(process).await?;
    wire.write_all(head.as_bytes()).await?;
    wire.write_all(&body).await?;
    let mut answer = Vec::new();
    wire.read_to_end(&mut answer).await?;
    // A process that was killed in the middle of an answer has given none.
    if !answer.windows(4).any(|four| four == b"\r\n\r\n") {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(parse(&answer))
}

pub fn parse(answer: &[u8]) -> Response<Body> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let (head, body) = (std::str::from_utf8(&answer[..end]).expect("text"), &answer[end + 4..]);
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status");
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status.parse().expect("a status");
    let mut chunked = false;
    for line in lines {
        let (name, value) = line.split_once(": ").expect("a header");
        if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = value == "chunked";
            continue;
        }
        let name: HeaderName = name.parse().expect("a name");
        response.headers_mut().append(name, HeaderValue::from_str(value).expect("a value"));
    }
    *response.body_mut() = Body::from(if chunked { whole(body) } else { body.to_vec() });
    response
}

/// Chunks as one (RFC 9112 section 7.1).
fn whole(mut chunks: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(end) = chunks.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&chunks[..end]).expect("a size");
        let size = usize::from_str_radix(size, 16).expect("a size");
        if size == 0 {
            break;
        }
        all.extend(&chunks[end + 2..end + 2 + size]);
        chunks = &chunks[end + 2 + size + 2..];
    }
    all
}
