//! A browser without script: keeps cookies, follows redirects, and sends forms as they are written in the HTML.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use tower::ServiceExt as _;

const HOST: &str = "reset.northwind.test";
const LONGEST: usize = 1 << 20;

/// A browser.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    /// Name and value of each cookie.
    pub cookies: BTreeMap<String, String>,
    /// Where its requests come from.
    pub address: IpAddr,
}

/// What an address showed in the end.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The path after all redirects.
    pub path: String,
    pub html: String,
}

impl Browser {
    pub fn new(router: Router) -> Self {
        Self { router, cookies: BTreeMap::new(), address: IpAddr::from([192, 0, 2, 7]) }
    }

    /// One request, no redirect followed.
    pub async fn ask(&mut self, method: Method, path: &str, body: String) -> Page {
        let mut request = Request::builder().method(&method).uri(path).header(header::HOST, HOST);
        request = request
            .header(header::USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0");
        if method == Method::POST {
            request = request
                .header(header::ORIGIN, format!("https://{HOST}"))
                .header("sec-fetch-site", "same-origin")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if !self.cookies.is_empty() {
            request = request.header(header::COOKIE, self.cookie());
        }
        let mut request = request.body(Body::from(body)).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(self.address, 40_000)));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all(header::SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        let html = if headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream") {
            String::new()
        } else {
            let body = axum::body::to_bytes(response.into_body(), LONGEST).await.unwrap();
            String::from_utf8_lossy(&body).into_owned()
        };
        Page { status, headers, path: path.to_owned(), html }
    }

    /// The cookies, as they are sent.
    pub fn cookie(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').unwrap();
        // The prefix is a promise (RFC 6265bis 4.1.3.2).
        assert!(!name.starts_with("__Host-") || (attributes.contains("Secure") && attributes.contains("Path=/")));
        if value.is_empty() || attributes.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..8 {
            if page.status != StatusCode::SEE_OTHER {
                return page;
            }
            let to = page.headers[header::LOCATION].to_str().unwrap().to_owned();
            assert!(to.starts_with('/') && !to.starts_with("//"), "{to} is not a path of ours");
            page = self.ask(Method::GET, &to, String::new()).await;
        }
        panic!("too many redirects from {}", page.path);
    }

    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Page {
        let page = self.ask(Method::GET, path, String::new()).await;
        self.follow(page).await
    }

    /// Sends fields, whether or not there is a form for them.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let page = self.ask(Method::POST, path, body).await;
        self.follow(page).await
    }

    /// Fills in the form of a page that has all these fields, and sends it. What the form brings along hidden goes with it.
    pub async fn fill(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let form = page.form(fields);
        let mut all = form.hidden.clone();
        all.retain(|(name, _)| fields.iter().all(|(field, _)| field != name));
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let pairs: Vec<(&str, &str)> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(&form.action, &pairs).await
    }

    /// Chooses a way on the page of proofs, and types its code.
    pub async fn show(&mut self, how: &Page, way: &str, code: &str) -> Page {
        let page = self.fill(how, &[("way", way)]).await;
        self.fill(&page, &[("code", code)]).await
    }
}

struct Form {
    action: String,
    hidden: Vec<(String, String)>,
}

impl Page {
    /// The heading, without tags.
    pub fn heading(&self) -> String {
        let start = self.html.find("<h1").map(|at| at + self.html[at..].find('>').unwrap() + 1);
        let start = start.unwrap_or_else(|| panic!("no heading at {}: {} {}", self.path, self.status, self.html));
        let inner = &self.html[start..start + self.html[start..].find("</h1>").unwrap()];
        let mut text = String::new();
        let mut inside = false;
        for c in inner.chars() {
            match c {
                '<' => inside = true,
                '>' => (inside, _) = (false, text.push(' ')),
                c if !inside => text.push(c),
                _ => {}
            }
        }
        unescaped(text.split_whitespace().collect::<Vec<_>>().join(" ").as_str())
    }

    /// Whether the text is on the page.
    pub fn says(&self, text: &str) -> bool {
        unescaped(&self.html).contains(text)
    }

    /// The reference of the case in the path.
    pub fn reference(&self) -> String {
        let found = self.path.split('/').find(|part| part.starts_with("KW-"));
        found.unwrap_or_else(|| panic!("no case in {}", self.path)).to_owned()
    }

    /// The text of the first element with this id.
    pub fn element(&self, id: &str) -> String {
        let at = self.html.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id} at {}", self.path));
        let rest = &self.html[at..];
        let start = rest.find('>').unwrap() + 1;
        unescaped(&rest[start..start + rest[start..].find('<').unwrap()])
    }

    /// The value of an attribute, wherever it is first.
    pub fn attribute(&self, name: &str) -> String {
        let start = format!("{name}=\"");
        let at = self.html.find(&start).unwrap_or_else(|| panic!("no {name} at {}", self.path)) + start.len();
        unescaped(&self.html[at..at + self.html[at..].find('"').unwrap()])
    }

    /// The items of the first list with this class.
    pub fn items(&self, class: &str) -> Vec<String> {
        let at = self.html.find(&format!("class=\"{class}\"")).unwrap_or_else(|| panic!("no {class} at {}", self.path));
        let list = &self.html[at..at + self.html[at..].find("</ol>").or(self.html[at..].find("</ul>")).unwrap()];
        list.split("<li>").skip(1).map(|item| unescaped(&item[..item.find("</li>").unwrap()])).collect()
    }

    fn form(&self, fields: &[(&str, &str)]) -> Form {
        let fits = |form: &&str| {
            fields.iter().all(|(name, value)| {
                let tags: Vec<&str> = tags(form).filter(|tag| value_of(tag, "name").as_deref() == Some(name)).collect();
                let choice =
                    |tag: &&str| value_of(tag, "type").is_some_and(|kind| kind == "radio" || kind == "checkbox");
                // What is not offered can not be chosen.
                let offered = |tag: &&str| !choice(tag) || value_of(tag, "value").as_deref() == Some(value);
                tags.iter().any(offered)
            })
        };
        let main =
            self.html.find("<main").map_or(self.html.as_str(), |at| &self.html[at..self.html.find("</main>").unwrap()]);
        let mut forms = main.split("<form ").skip(1).map(|rest| &rest[..rest.find("</form>").unwrap()]);
        let form = forms.find(fits);
        let form = form.unwrap_or_else(|| panic!("no form for {fields:?} at {}: {}", self.path, self.html));
        let open = &form[..form.find('>').unwrap()];
        assert_eq!(value_of(open, "method").as_deref(), Some("post"), "{open}");
        let path = self.path.split(['?', '#']).next().unwrap().to_owned();
        let action = value_of(open, "action").map_or(path.clone(), |action| match action.strip_prefix('/') {
            Some(_) => action,
            None => format!("{}/{action}", path.rsplit_once('/').unwrap().0),
        });
        let hidden = tags(form).filter(|tag| value_of(tag, "type").as_deref() == Some("hidden"));
        let pair = |tag: &str| Some((value_of(tag, "name")?, value_of(tag, "value").unwrap_or_default()));
        Form { action, hidden: hidden.filter_map(pair).collect() }
    }
}

fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').map(|rest| rest.split('>').next().unwrap_or(rest))
}

fn value_of(tag: &str, name: &str) -> Option<String> {
    let start = if tag.starts_with(&format!("{name}=\"")) {
        name.len() + 2
    } else {
        tag.find(&format!(" {name}=\""))? + name.len() + 3
    };
    let rest = &tag[start..];
    Some(unescaped(&rest[..rest.find('"')?]))
}

fn unescaped(text: &str) -> String {
    text.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")
}
