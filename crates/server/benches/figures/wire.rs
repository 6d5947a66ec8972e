//! A person's browser, as thin as it can be: one connection that stays open, cookies, redirects, one stream of news. Reads no page but for what it needs,
//! because what it spends is missing to the server on the same machine.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

const SITE: &str = "reset.northwind.test";

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// Where it was asked, after redirects.
    pub path: String,
}

impl Answer {
    /// The value of the first attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let rest = self.body.split_once(&format!("{name}=\""))?.1;
        rest.split_once('"').map(|(value, _)| value)
    }
    /// `/recover/KW-…`.
    pub fn base(&self) -> String {
        self.path.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
    }
}

/// One person.
pub struct Visitor {
    server: SocketAddr,
    wire: BufReader<TcpStream>,
    cookies: BTreeMap<String, String>,
    /// The network address that the proxy in front would name.
    from: String,
}

impl Visitor {
    pub fn new(server: SocketAddr, number: usize) -> Self {
        let mut made = Self { server, wire: connected(server), cookies: BTreeMap::new(), from: String::new() };
        made.come_from(number);
        made
    }
    /// Another person on the same connection.
    pub fn forget(&mut self, number: usize) {
        self.cookies.clear();
        self.come_from(number);
    }
    /// From the network of this number.
    pub fn come_from(&mut self, number: usize) {
        self.from = format!("10.{}.{}.7", number / 250 % 250, number % 250);
    }

    /// The bytes of a request.
    pub fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {SITE}\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) \
             Gecko/20100101 Firefox/145.0\r\nx-forwarded-for: {}\r\n",
            self.from
        );
        if method == "POST" {
            head.push_str(&format!(
                "origin: https://{SITE}\r\nsec-fetch-site: same-origin\r\ncontent-length: {}\r\n\
                 content-type: application/x-www-form-urlencoded\r\n",
                body.len()
            ));
        }
        if !self.cookies.is_empty() {
            let all: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            head.push_str(&format!("cookie: {}\r\n", all.join("; ")));
        }
        (head + "\r\n" + body).into_bytes()
    }
    /// Sends it and reads the whole answer. No redirect is followed, no cookie kept.
    pub fn raw(&mut self, request: &[u8]) -> Answer {
        self.wire.get_mut().write_all(request).expect("the server takes a request");
        let mut answer = self.head();
        answer.body = self.body(&answer);
        answer
    }
    /// One request; cookies are kept.
    pub fn ask(&mut self, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let request = self.request(method, path, &body.finish());
        let mut answer = self.raw(&request);
        path.clone_into(&mut answer.path);
        for (name, value) in cookies(&answer) {
            if value.is_empty() {
                self.cookies.remove(&name);
            } else {
                self.cookies.insert(name, value);
            }
        }
        answer
    }
    /// One request and where it leads.
    pub fn go(&mut self, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut answer = self.ask(method, path, fields);
        while answer.status == 303 {
            let to = answer.headers["location"].clone();
            answer = self.ask("GET", &to, &[]);
        }
        answer
    }
    /// Listens until there is news, on a connection of its own as browsers do.
    pub fn news(&self, path: &str) {
        let mut wire = connected(self.server);
        wire.get_mut().write_all(&self.request("GET", path, "")).expect("the server takes a request");
        let mut line = String::new();
        loop {
            line.clear();
            assert!(wire.read_line(&mut line).expect("a stream") > 0, "the stream ended without news: {path}");
            if line.starts_with("event: go") {
                return;
            }
        }
    }

    fn head(&mut self) -> Answer {
        let mut line = String::new();
        self.wire.read_line(&mut line).expect("an answer");
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("{line:?}"));
        let mut headers = BTreeMap::new();
        loop {
            line.clear();
            self.wire.read_line(&mut line).expect("a head");
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            let all: &mut String = headers.entry(name.to_ascii_lowercase()).or_default();
            // Several of one name, of which only cookies have any, one a line.
            all.push_str(if all.is_empty() { "" } else { "\n" });
            all.push_str(value);
        }
        Answer { status, headers, body: String::new(), path: String::new() }
    }
    fn body(&mut self, answer: &Answer) -> String {
        let mut body = Vec::new();
        if let Some(length) = answer.headers.get("content-length") {
            body.resize(length.parse().expect("a length"), 0);
            self.wire.read_exact(&mut body).expect("a body");
        } else if answer.headers.contains_key("transfer-encoding") {
            let mut line = String::new();
            loop {
                line.clear();
                self.wire.read_line(&mut line).expect("a chunk");
                let size = usize::from_str_radix(line.trim_end(), 16).expect("a size");
                let at = body.len();
                body.resize(at + size + 2, 0);
                self.wire.read_exact(&mut body[at..]).expect("a chunk");
                body.truncate(at + size);
                if size == 0 {
                    break;
                }
            }
        }
        String::from_utf8(body).expect("text")
    }
}

fn connected(server: SocketAddr) -> BufReader<TcpStream> {
    let wire = TcpStream::connect(server).expect("the server listens");
    wire.set_nodelay(true).expect("a connection");
    BufReader::new(wire)
}

fn cookies(answer: &Answer) -> Vec<(String, String)> {
    let lines = answer.headers.get("set-cookie").map(String::as_str).unwrap_or_default().lines();
    lines
        .filter_map(|line| line.split(';').next()?.split_once('='))
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .collect()
}
