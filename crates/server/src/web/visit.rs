//! A request as the pages see it: who asks from where, in which language, with which cookies. Read once, believed as little as possible.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use keyward_core::{ids::Reference, time::Timestamp};

use super::{
    answer::{Answer, failed},
    portal::Shared,
    shell::Shell,
};
use crate::{flow::FlowError, i18n::Lang, token::Token};

/// The longest description of a browser that is kept.
const LONGEST_AGENT: usize = 300;
/// How many cases of one browser are looked at in one request.
const MOST_CASES: usize = 8;

/// The cookie of a browser that works on a case. One for each case, so that two cases in one browser never mix (T-E05).
pub fn case_cookie(reference: Reference) -> String {
    format!("case-{reference}")
}

/// A request.
pub struct Visit {
    /// What all pages share.
    pub portal: Shared,
    /// When it came: read once.
    pub at: Timestamp,
    /// In which language to answer.
    pub lang: Lang,
    /// The network address it came from.
    pub network: String,
    /// What the browser says it is.
    pub agent: String,
    /// Path and query, without the key of a link.
    pub path: String,
    jar: CookieJar,
}

impl FromRequestParts<Shared> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, portal: &Shared) -> Result<Self, Self::Rejection> {
        let jar = CookieJar::from_headers(&parts.headers);
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let path = to_look_at(without_key(path));
        let lang = Lang::choose(
            jar.get("lang").map(Cookie::value),
            text(&parts.headers, header::ACCEPT_LANGUAGE),
            portal.language,
        );
        let agent = text(&parts.headers, header::USER_AGENT).unwrap_or_default();
        Ok(Self {
            at: portal.flow.ctx.now(),
            lang,
            network: network(|address| portal.trusts(address), peer, &parts.headers),
            agent: agent.chars().filter(|c| !c.is_control()).take(LONGEST_AGENT).collect(),
            path,
            jar,
            portal: portal.clone(),
        })
    }
}

/// A page says where it is, and no page says the key of a link back (R15).
fn without_key(path: &str) -> &str {
    ["/l", "/not-me"]
        .into_iter()
        .find(|link| path.strip_prefix(link).is_some_and(|rest| rest.starts_with('/')))
        .unwrap_or(path)
}

/// The last parts of the addresses that only take a form.
const ONLY_POST: [&str; 6] = ["again", "check", "language", "replace", "sign-out", "stay"];

/// A page says where it is for whoever comes back to it: from an address that only takes a form, that is the page before it.
fn to_look_at(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    match path.rsplit_once('/') {
        Some(("", last)) if ONLY_POST.contains(&last) => "/".to_owned(),
        Some((before, last)) if ONLY_POST.contains(&last) => format!("{before}{query}"),
        _ => format!("{path}{query}"),
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The peer, or whom a trusted peer says it forwards for: the last address in the list that is not itself trusted (T-D02).
fn network(trusts: impl Fn(IpAddr) -> bool, peer: Option<IpAddr>, headers: &HeaderMap) -> String {
    let Some(peer) = peer else { return "unknown".to_owned() };
    if !trusts(peer) {
        return peer.to_canonical().to_string();
    }
    // What a client sent in it may be anything; what the proxy has put behind that is read all the same.
    let forwarded = headers.get_all("x-forwarded-for").iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
    let forwarded: Vec<_> = forwarded.collect();
    let named = forwarded.iter().flat_map(|line| line.split(',')).rev().map(|item| item.trim().parse::<IpAddr>());
    for address in named {
        match address {
            Ok(address) if trusts(address) => {}
            Ok(address) => return address.to_canonical().to_string(),
            Err(_) => break,
        }
    }
    peer.to_canonical().to_string()
}

impl Visit {
    /// What is around a public page.
    pub fn shell(&self) -> Shell {
        Shell::public(self.portal.site.clone(), self.lang, self.at, self.path.clone())
    }

    /// What the flow gave, or the page that says what went wrong.
    pub fn or_page<T>(&self, given: Result<T, FlowError>) -> Result<T, Answer> {
        given.map_err(|error| failed(self, error))
    }

    /// The token in a cookie of ours.
    pub fn token(&self, what: &str) -> Option<Token> {
        let cookie = self.jar.get(&self.portal.cookie(what))?;
        Token::parse(cookie.value()).ok()
    }

    /// The key of the browser that works on this case.
    pub fn case_token(&self, reference: Reference) -> Option<Token> {
        self.token(&case_cookie(reference))
    }

    /// The cases that this browser says it works on, with its keys. A browser has few; somebody who brings many is not listened to for long.
    pub fn cases(&self) -> Vec<(Reference, Token)> {
        let held = |name: String| {
            let reference = name.strip_prefix("case-")?.parse().ok()?;
            Some((reference, self.case_token(reference)?))
        };
        self.cookies("case-").into_iter().filter_map(held).take(MOST_CASES).collect()
    }

    /// The names of the cookies of ours that begin like this, as [`token`](Self::token) takes them.
    pub fn cookies(&self, start: &str) -> Vec<String> {
        let (ours, start) = (self.portal.cookie(""), self.portal.cookie(start));
        let named = |cookie: &Cookie<'static>| {
            cookie.name().starts_with(&start).then(|| cookie.name().strip_prefix(&ours).unwrap_or_default().to_owned())
        };
        self.jar.iter().filter_map(named).collect()
    }

    /// A cookie that no script can read, for this host, for so long.
    pub fn cookie(&self, what: &str, token: &Token, life_ms: i64) -> Cookie<'static> {
        let mut cookie = Cookie::new(self.portal.cookie(what), token.reveal().expose().clone());
        cookie.set_http_only(true);
        // A link in a mail leads here from another site and must find its case.
        cookie.set_same_site(SameSite::Lax);
        cookie.set_secure(self.portal.secure);
        cookie.set_path("/");
        cookie.set_max_age(time::Duration::milliseconds(life_ms));
        cookie
    }

    /// What this browser is called until its owner calls it something else.
    pub fn browser_label(&self) -> String {
        browser_name(&self.agent).unwrap_or_else(|| "Browser".to_owned())
    }

    /// The end of a cookie.
    pub fn no_cookie(&self, what: &str) -> Cookie<'static> {
        let mut cookie = Cookie::new(self.portal.cookie(what), "");
        cookie.set_path("/");
        cookie.set_secure(self.portal.secure);
        cookie.make_removal();
        cookie
    }
}

/// What a browser says it is, in words of ours: `Firefox · Linux`. Nothing is decided by it, and no word of what was sent is passed on: it stands
/// in messages to the owner, and whoever asks chooses what their browser says.
pub fn browser_name(agent: &str) -> Option<String> {
    let first =
        |names: &[(&str, &'static str)]| names.iter().find(|(part, _)| agent.contains(part)).map(|(_, name)| *name);
    // Each calls itself by its forerunners' names too, so the order matters.
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox", "Firefox"),
        ("FxiOS", "Firefox"),
        ("Chrome", "Chrome"),
        ("CriOS", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => Some(format!("{browser} · {system}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn ux_70_a_notice_names_the_browser_in_our_words_and_passes_on_none_of_theirs() {
        for (sent, said) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Some("Firefox · Linux")),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0",
                Some("Edge · Windows"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Mobile/15E148 Safari/604.1",
                Some("Safari · iPhone"),
            ),
            ("Firefox on Windows", Some("Firefox · Windows")),
            ("curl/8.14.1", None),
            ("", None),
            ("Call 555 6666 now, your account is in danger. Chrome", Some("Chrome")),
            ("https://elsewhere.example/help", None),
        ] {
            assert_eq!(browser_name(sent).as_deref(), said, "{sent}");
        }
    }

    #[test]
    fn t_d02_whom_the_trusted_proxy_saw_counts_whatever_the_client_sent_before_it() {
        let sent = |lines: &[&[u8]]| -> HeaderMap {
            let line = |line: &&[u8]| HeaderValue::from_bytes(line).unwrap();
            lines.iter().map(|text| (header::HeaderName::from_static("x-forwarded-for"), line(text))).collect()
        };
        let proxy: IpAddr = [192, 0, 2, 1].into();
        let stranger: IpAddr = [198, 51, 100, 9].into();
        let rows: [(&[&[u8]], &str); 8] = [
            (&[], "192.0.2.1"),
            (&[b"203.0.113.5"], "203.0.113.5"),
            (&[b"203.0.113.5, 203.0.113.6"], "203.0.113.6"),
            (&[b"203.0.113.5", b"203.0.113.6"], "203.0.113.6"),
            (&[b"203.0.113.5, 192.0.2.1"], "203.0.113.5"),
            // Bytes that are no text, and text that is no address: the proxy's own word stands behind them.
            (&[b"\xff\xfe, 203.0.113.5"], "203.0.113.5"),
            (&[b"\xff", b"203.0.113.5"], "203.0.113.5"),
            (&[b"203.0.113.5, somewhere"], "192.0.2.1"),
        ];
        for (lines, expected) in rows {
            assert_eq!(network(|address| address == proxy, Some(proxy), &sent(lines)), expected, "{lines:?}");
            assert_eq!(network(|address| address == proxy, Some(stranger), &sent(lines)), "198.51.100.9", "{lines:?}");
        }
    }
}
