//! Whether a name is an account shows nowhere: one table of what can be asked about a name, one of names, and every answer has the same status,
//! headers, cookies and bytes (T-C01, T-C03, T-C04, UX-03, UX-04). Not here: how long answers take; `make bench` measures that.

use std::{
    sync::{Arc, LazyLock, atomic::Ordering},
    time::Duration,
};

use axum::http::{HeaderMap, Method};
use futures_util::{StreamExt as _, future::join_all};
use keyward::store::jobs::{JobRow, JobState};
use keyward_core::account::Class;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    client::{Client, Got, Held},
    shaped::{Asked, Mood, NoMail, shaped},
    support::is_campaign,
    world::{Browser, Ground, Page, World},
};

/// A name and what its account is, if it is one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Is {
    /// Standard class, with an app, codes and an address.
    Known,
    Nobody,
    Disabled,
    Locked,
    /// Of the class that its group makes.
    InGroup(&'static str),
    WithoutContacts,
    WithoutWays,
}

const NAMES: [(&str, Is); 17] = [
    ("mike", Is::Known),
    ("nobody", Is::Nobody),
    ("gone", Is::Disabled),
    ("late", Is::Locked),
    ("pat", Is::InGroup("pay")),
    ("hana", Is::InGroup("people")),
    ("exec", Is::InGroup("board")),
    ("root", Is::InGroup("admins")),
    ("stray", Is::InGroup("nothing-special")),
    ("svc-build", Is::InGroup("staff")),
    ("lone", Is::WithoutContacts),
    ("bare", Is::WithoutWays),
    ("MIKE@home.test", Is::Known),
    ("' OR 1=1 --", Is::Nobody),
    ("*)(uid=*", Is::Nobody),
    ("mike\u{202e}@home.test", Is::Nobody),
    ("x@x@x@@\\/\"<b>", Is::Nobody),
];

/// Around what the answers are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Weather {
    /// The worker does its work between any two requests.
    Fair,
    /// It does it only after the first proofs were tried.
    Late,
    MailDown,
    MailSilent,
    DirectoryDown,
    DirectorySilent,
}

const FORGED: &str = "kw_0000000000000000000000000000000000000000000000000000";
/// Stands where an answer is of no case.
const NOT_OF_A_CASE: &str = "KW-0000-0000";
const PRINTED: &str = "ABCDE-FGHJK-MNPQR-STVWX-YZ012-3";
const CREDENTIAL: &str = r#"{"id":"AAAA","rawId":"AAAA","type":"public-key","extensions":{},
    "response":{"clientDataJSON":"e30","authenticatorData":"AAAA","signature":"AAAA","userHandle":null}}"#;

/// A key of the right form that opens nothing.
static NO_KEY: LazyLock<String> = LazyLock::new(|| {
    ('0'..='z').map(|c| format!("{FORGED}{c}")).find(|text| keyward::token::Token::parse(text).is_ok()).unwrap()
});

/// What is asked on pages: method, address below the case, form. `*`: a proof, which waits for the look-up of the name.
const PAGES: &[(&str, &str, &str)] = &[
    ("GET", "", ""),
    ("GET", "/how", ""),
    ("POST", "/how", "way=app"),
    ("POST", "/how", "way=passkey"),
    ("POST", "/how", "way=recovery-code"),
    ("POST", "/how", "way=known-device"),
    ("POST", "/how", "way=desk"),
    ("POST", "/how", "way=none"),
    ("POST", "/how", "way=email"),
    ("POST", "/how", ""),
    ("GET", "/desk", ""),
    ("GET", "/passkey", ""),
    ("*POST", "/passkey", "credential=CREDENTIAL"),
    ("*POST", "/passkey", "credential=nonsense"),
    ("GET", "/app", ""),
    ("POST", "/app", "code=12345"),
    ("*POST", "/app", "code=123456"),
    ("GET", "/recovery-code", ""),
    ("*POST", "/recovery-code", "code=PRINTED"),
    ("GET", "/email", ""),
    ("*POST", "/email", "code=123456"),
    ("POST", "/email/again", ""),
    ("POST", "/email/again", ""),
    ("POST", "/email/again", ""),
    ("GET", "/device", ""),
    ("*POST", "/device", ""),
    ("GET", "/wait", ""),
    ("GET", "/working", ""),
    ("GET", "/events?at=how", ""),
    ("GET", "/new", ""),
    ("POST", "/new", ""),
    ("GET", "/new/password", ""),
    ("POST", "/new/password", "new-password=nine+quiet+herons+marching"),
    ("POST", "/new/password/check", "new-password=nine+quiet+herons+marching"),
    ("GET", "/begin", ""),
    ("GET", "/begin/events", ""),
    ("GET", "/bind", ""),
    ("POST", "/bind", "code=123456"),
    ("POST", "/bind/again", ""),
    ("GET", "/codes", ""),
    ("POST", "/codes", ""),
    ("POST", "/codes/replace", ""),
    ("GET", "/done", ""),
    ("GET", "/stop", ""),
    ("GET", "/stopped", ""),
    // The way is spent at the same try.
    ("*POST", "/app", "code=123456"),
    ("*POST", "/app", "code=123456"),
    ("*POST", "/app", "code=123456"),
    ("*POST", "/app", "code=123456"),
    ("*POST", "/app", "code=123456"),
    ("GET", "/how", ""),
    ("POST", "/stop", ""),
    ("GET", "/stopped", ""),
    ("GET", "/how", ""),
    ("GET", "/done", ""),
];

/// What is asked of the API, likewise.
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("GET", "", ""),
    ("POST", "/proofs/email", "{}"),
    ("*POST", "/proofs/totp", r#"{"code":"000000"}"#),
    ("*POST", "/proofs/recovery_code", r#"{"code":"PRINTED"}"#),
    ("*POST", "/proofs/email_code", r#"{"code":"000000"}"#),
    ("*POST", "/proofs/email_link", r#"{"token":"KEY"}"#),
    ("*POST", "/proofs/known_device", r#"{"key":"KEY"}"#),
    ("POST", "/proofs/passkey/options", "{}"),
    ("*POST", "/proofs/passkey", r#"{"dialog":"KEY","credential":CREDENTIAL}"#),
    ("POST", "/proofs/email", "{}"),
    ("POST", "/proofs/email", "{}"),
    ("POST", "/proofs/email", "{}"),
    ("POST", "/password/check", r#"{"password":"x"}"#),
    ("POST", "/submission", r#"{"password":"nine quiet herons marching"}"#),
    ("POST", "/submission", "{}"),
    ("POST", "/contest", "{}"),
    ("POST", "/enrollment/totp/seed", "{}"),
    ("POST", "/enrollment/recovery_code/replacement", "{}"),
    ("*POST", "/proofs/totp", r#"{"code":"000000"}"#),
    ("*POST", "/proofs/totp", r#"{"code":"000000"}"#),
    ("*POST", "/proofs/totp", r#"{"code":"000000"}"#),
    ("*POST", "/proofs/totp", r#"{"code":"000000"}"#),
    ("*POST", "/proofs/totp", r#"{"code":"000000"}"#),
    ("GET", "", ""),
    ("POST", "/withdraw", "{}"),
    ("GET", "", ""),
    ("POST", "/proofs/totp", r#"{"code":"000000"}"#),
];

/// Keys and challenges differ from case to case of the same name too; how long they are does not.
fn masked(text: &str) -> String {
    let is_drawn = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut all = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_drawn) {
        let (before, word) = rest.split_at(start);
        let length = word.find(|c| !is_drawn(c)).unwrap_or(word.len());
        all.push_str(before);
        if length < 40 {
            all.push_str(&word[..length]);
        } else {
            all.push_str(&format!("#{length}"));
        }
        rest = &word[length..];
    }
    all + rest
}

/// A cookie that ends says when, by the clock of the machine.
fn undated(header: String) -> String {
    match header.split_once("; Expires=") {
        Some((cookie, date)) => format!("{cookie}; Expires=DATE{}", date.split_once(';').map_or("", |(_, rest)| rest)),
        None => header,
    }
}

/// Status, headers in their order with all their values, and bytes. The name itself, where a form has it again, is whoever typed it's.
fn answer(reference: &str, name: &str, status: u16, headers: &HeaderMap, body: &str) -> String {
    let escape = |c: char| if "<>&\"'".contains(c) { format!("&#{};", u32::from(c)) } else { c.to_string() };
    let escaped: String = name.chars().map(escape).collect();
    let unnamed = body.replace(&format!("value=\"{escaped}\""), "value=\"\"");
    let said = |name: &str, value: &str| match name {
        "content-length" => {
            assert_eq!(value, body.len().to_string());
            format!("{name}: {}", unnamed.len())
        }
        _ => undated(format!("{name}: {value}")),
    };
    let headers: Vec<String> =
        headers.iter().map(|(name, value)| said(name.as_str(), value.to_str().unwrap())).collect();
    masked(&format!("{status}\n{}\n\n{unnamed}", headers.join("\n")).replace(reference, "KW-REFERENCE"))
}

/// Everything that was answered to whoever asked about a name.
struct Transcript {
    world: World,
    name: &'static str,
    weather: Weather,
    all: Vec<(String, String)>,
}

impl Transcript {
    fn note(&mut self, what: &str, of: &str, page: &Page) {
        self.all.push((what.to_owned(), answer(of, self.name, page.status.as_u16(), &page.headers, &page.html)));
    }
    fn note_got(&mut self, what: &str, held: &Held, got: &Got) {
        let mut headers = got.headers.clone();
        // A tag is a digest over the bytes, so the reference is in it.
        if let Some(tag) = headers.get_mut("etag") {
            *tag = "\"TAG\"".parse().unwrap();
        }
        let status = got.status.as_u16();
        self.all.push((what.to_owned(), answer(&held.reference, self.name, status, &headers, &got.text)));
    }
    /// What the worker would do meanwhile; one that waits for an outside thing is left waiting.
    async fn meanwhile(&self) {
        match self.weather {
            Weather::Late => {}
            Weather::Fair | Weather::MailDown | Weather::DirectoryDown => self.world.work().await,
            Weather::MailSilent => self.until_stuck(["send", "mail_code"]).await,
            Weather::DirectorySilent => self.until_stuck(["classify", "sign_in"]).await,
        }
    }
    /// Until nothing is left to do but jobs of the kinds that wait for somebody who says nothing.
    async fn until_stuck(&self, kinds: [&str; 2]) {
        let now = self.world.ctx.now();
        let is_left = |job: &JobRow| match job.state {
            JobState::Waiting => job.due <= now,
            JobState::Running => !kinds.contains(&job.kind.as_str()),
            JobState::Dead => false,
        };
        for _ in 0..6000 {
            if !self.world.store().jobs(100).await.unwrap().iter().any(is_left) {
                return;
            }
            // Another one each time: those of before may be stuck with work of others behind them.
            let worker = self.world.worker.clone();
            tokio::spawn(async move { worker.run_due().await });
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("waited in vain for the worker to be stuck");
    }
    /// Whether a proof is tried: without a look-up it waits five seconds before it says so, so one of each kind is enough.
    const fn is_tried(&self, proofs: usize) -> bool {
        match self.weather {
            Weather::Fair | Weather::Late | Weather::MailDown | Weather::MailSilent => true,
            Weather::DirectoryDown | Weather::DirectorySilent => proofs < 1,
        }
    }

    async fn pages(&mut self) {
        let mut browser = self.world.browser();
        let find = browser.get("/recover?for=forgot").await;
        self.note("the first page", NOT_OF_A_CASE, &find);
        let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("name", self.name).finish();
        let opened = browser.ask(Method::POST, "/recover", form + "&for=forgot").await;
        let reference = opened.headers["location"].to_str().unwrap().split('/').nth(2).unwrap().to_owned();
        self.note("POST /recover", &reference, &opened);
        let mut proofs = 0;
        for (method, rest, form) in PAGES {
            if method.starts_with('*') {
                if !self.is_tried(proofs) {
                    continue;
                }
                proofs += 1;
                if self.weather == Weather::Late && proofs == 1 {
                    self.world.work().await;
                }
            }
            self.meanwhile().await;
            let method: Method = method.trim_start_matches('*').parse().unwrap();
            let encoded: String = url::form_urlencoded::byte_serialize(CREDENTIAL.as_bytes()).collect();
            let form = form.replace("CREDENTIAL", &encoded).replace("PRINTED", PRINTED);
            let page = browser.ask(method.clone(), &format!("/recover/{reference}{rest}"), form).await;
            self.note(&format!("{method} {rest}"), &reference, &page);
        }
        let mut opened = Vec::new();
        for path in [format!("/status/{reference}"), format!("/l/{}", *NO_KEY), format!("/not-me/{}", *NO_KEY)] {
            let page = browser.ask(Method::GET, &path, String::new()).await;
            self.note(&path.replace(&reference, ""), &reference, &page);
            opened.extend(page.headers.get("location").map(|to| to.to_str().unwrap().to_owned()));
        }
        assert_eq!(opened.len(), 2, "each link leads to its page: {opened:?}");
        for path in &opened {
            let page = browser.ask(Method::GET, path, String::new()).await;
            self.note(path, &reference, &page);
            let page = browser.ask(Method::POST, path, String::new()).await;
            self.note(path, &reference, &page);
        }
        let page = browser.ask(Method::POST, "/status", format!("reference={reference}")).await;
        self.note("/status", &reference, &page);
    }

    async fn operations(&mut self) {
        let client = Client::new(&self.world);
        let opened = client.post("/api/v1/cases").json(json!({ "name": self.name, "door": "forgot" })).send().await;
        let held = Held { reference: opened.str("/reference"), key: opened.str("/key") };
        self.note_got("POST /api/v1/cases", &held, &opened);
        let mut proofs = 0;
        for (method, rest, body) in OPERATIONS {
            if method.starts_with('*') {
                if !self.is_tried(proofs) {
                    continue;
                }
                proofs += 1;
                if self.weather == Weather::Late && proofs == 1 {
                    self.world.work().await;
                }
            }
            self.meanwhile().await;
            let method: Method = method.trim_start_matches('*').parse().unwrap();
            let body = body.replace("CREDENTIAL", CREDENTIAL).replace("PRINTED", PRINTED).replace("KEY", &NO_KEY);
            let mut asked = client.ask(method.clone(), &held.path(rest)).key(&held.key);
            if method == Method::POST {
                asked = asked.raw("application/json", body.as_bytes());
            }
            let got = asked.send().await;
            self.note_got(&format!("{method} {rest}"), &held, &got);
        }
        let mut stream = client.get(&held.path("/events")).key(&held.key).stream().await;
        let first = stream.next().await.map(|bytes| String::from_utf8(bytes.unwrap().to_vec()).unwrap());
        self.all.push(("the stream".to_owned(), first.unwrap_or_default()));
    }

    async fn sign_in(&mut self) {
        let mut browser = self.world.browser();
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("name", self.name)
            .append_pair("password", "wrong")
            .finish();
        let typed = browser.ask(Method::POST, "/sign-in", form).await;
        self.note("POST /sign-in", NOT_OF_A_CASE, &typed);
        for path in ["/sign-in/wait", "/sign-in/events", "/me"] {
            let page = browser.ask(Method::GET, path, String::new()).await;
            self.note(path, NOT_OF_A_CASE, &page);
            self.meanwhile().await;
        }
        let page = browser.ask(Method::GET, "/sign-in/wait", String::new()).await;
        self.note("/sign-in/wait later", NOT_OF_A_CASE, &page);
        let client = Client::new(&self.world);
        let begun = client.post("/api/v1/sign-in").json(json!({ "name": self.name, "password": "wrong" })).send().await;
        let none = Held { reference: NOT_OF_A_CASE.to_owned(), key: begun.str("/key") };
        self.note_got("POST /api/v1/sign-in", &none, &begun);
        self.meanwhile().await;
        let stands = client.get("/api/v1/session").key(&none.key).send().await;
        self.note_got("GET /api/v1/session", &none, &stands);
    }
}

/// A world in which only this name is an account, if it is one; clock and counters are the same in each.
async fn world(name: &str, is: Is, weather: Weather) -> World {
    let mood = match weather {
        Weather::DirectoryDown => Mood::Down,
        Weather::DirectorySilent => Mood::Silent,
        Weather::Fair | Weather::Late | Weather::MailDown | Weather::MailSilent => Mood::Well,
    };
    let mut ground = Ground { directory: shaped(mood, Arc::default()), ..Ground::default() };
    let classes = [("people", Class::Hr), ("board", Class::Executive)];
    ground.terms.classes.rules.extend(classes.map(|(group, class)| (group.to_owned(), class)));
    match weather {
        Weather::MailDown => ground.channel = Some(Arc::new(NoMail(Mood::Down))),
        Weather::MailSilent => ground.channel = Some(Arc::new(NoMail(Mood::Silent))),
        Weather::Fair | Weather::Late | Weather::DirectoryDown | Weather::DirectorySilent => {}
    }
    let world = World::on(ground).await;
    be(&world, name, is).await;
    world
}

/// Makes a name what it is said to be.
async fn be(world: &World, name: &str, is: Is) {
    let account = name.split('@').next().unwrap().to_lowercase();
    let person = match is {
        Is::Nobody => return,
        Is::InGroup(group) => world.person(&account, group).await,
        Is::WithoutContacts => world.person_with(&account, "staff", None).await,
        Is::Known | Is::Disabled | Is::Locked | Is::WithoutWays => world.somebody(&account).await,
    };
    if is != Is::WithoutWays {
        world.give_app(&person).await;
        world.give_codes(&person).await;
    }
    if !matches!(is, Is::WithoutWays | Is::WithoutContacts) {
        world.give_address(&person, "private@elsewhere.test").await;
    }
    if is == Is::Disabled {
        assert!(world.store().set_account_disabled(&person.account, true).await.unwrap());
    }
    if is == Is::Locked {
        for _ in 0..10 {
            assert!(!world.signs_in(&person, "wrong").await);
        }
    }
}

async fn transcript(name: &'static str, is: Is, weather: Weather) -> Transcript {
    let world = world(name, is, weather).await;
    let mut transcript = Transcript { world, name, weather, all: Vec::new() };
    transcript.pages().await;
    transcript.operations().await;
    transcript.sign_in().await;
    transcript
}

/// Every name against the first one. How many answers were compared.
async fn all_alike(weather: Weather, names: &[(&'static str, Is)]) -> usize {
    let mut asking = JoinSet::new();
    for (place, (name, is)) in names.iter().copied().enumerate() {
        asking.spawn(async move { (place, transcript(name, is, weather).await) });
    }
    let mut transcripts = asking.join_all().await;
    transcripts.sort_by_key(|(place, _)| *place);
    let (_, first) = &transcripts[0];
    let mut told = Vec::new();
    for (_, other) in &transcripts[1..] {
        assert_eq!(first.all.len(), other.all.len());
        let differ = first.all.iter().zip(&other.all).filter(|(one, two)| one != two);
        told.extend(differ.map(|((what, one), (_, two))| {
            format!("{what} tells {} from {}:\n{one}\n--\n{two}", other.name, first.name)
        }));
    }
    assert!(told.is_empty(), "{weather:?}, {} differ: {}", told.len(), told.join("\n====\n"));
    if weather == Weather::Fair {
        for (_, transcript) in &transcripts {
            let sent = transcript.world.mailbox.unread();
            let told = !matches!(
                names.iter().find(|(name, _)| *name == transcript.name).unwrap().1,
                Is::Nobody | Is::Disabled | Is::WithoutContacts
            );
            let machine = transcript.name.starts_with("svc");
            assert_eq!(
                sent > 0,
                told && !machine,
                "{}: the names are what they are said to be, {sent}",
                transcript.name
            );
        }
    }
    first.all.len() * transcripts.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_c01_c03_c04_ux_03_every_name_gets_the_same_answer_on_every_route() {
    let mut compared = 0;
    for weather in [Weather::Fair, Weather::Late] {
        compared += all_alike(weather, &NAMES).await;
    }
    println!("FIGURE r11: {compared} answers for {} names alike in status, headers, cookies and bytes", NAMES.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_c01_r17_r19_the_same_with_a_slow_and_a_dead_mail_server_and_directory() {
    // A directory that can not be asked does not know either who is locked.
    let few = |name: &str| is_campaign() || ["mike", "nobody", "gone", "root"].contains(&name);
    let names: Vec<_> = NAMES.into_iter().filter(|(name, is)| *is != Is::Locked && few(name)).collect();
    let each = [Weather::MailDown, Weather::MailSilent, Weather::DirectoryDown, Weather::DirectorySilent];
    let compared: usize = join_all(each.map(|weather| all_alike(weather, &names))).await.into_iter().sum();
    println!("FIGURE r11: {compared} answers alike with mail server or directory dead or silent");
}

#[tokio::test]
async fn t_c01_what_is_wrong_with_the_form_of_a_name_is_said_without_looking_it_up() {
    let (with, without) = (World::new().await, World::new().await);
    let mike = with.somebody("mike").await;
    with.give_app(&mike).await;
    let long = format!("mike{}", " ".repeat(300) + "x");
    for name in ["", "   ", &long, &"m".repeat(257)] {
        let mut answers = Vec::new();
        for world in [&with, &without] {
            let mut browser: Browser = world.browser();
            let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("name", name).finish();
            let page = browser.ask(Method::POST, "/recover", form).await;
            let got =
                Client::new(world).post("/api/v1/cases").json(json!({ "name": name, "door": "forgot" })).send().await;
            answers.push((page.status, format!("{:?}", page.headers), page.html, got.status, got.text));
            assert_eq!(world.cases().await, 0, "{name:?}");
        }
        assert_eq!(answers[0], answers[1], "{name:?}");
        assert!(answers[0].0 == 422 && answers[0].3.is_client_error(), "{name:?}");
    }
}

#[tokio::test]
async fn r17_r25_no_page_asks_a_directory_and_the_worker_asks_as_much_for_nobody_as_for_somebody() {
    let mut seen = Vec::new();
    for (name, is) in [("mike", Is::Known), ("nobody", Is::Nobody), ("gone", Is::Disabled), ("late", Is::Locked)] {
        let asked = Arc::new(Asked::default());
        let world = World::on(Ground { directory: shaped(Mood::Well, asked.clone()), ..Ground::default() }).await;
        be(&world, name, is).await;
        let count = || [&asked.names, &asked.passwords].map(|n| n.swap(0, Ordering::SeqCst));
        count();
        let client = Client::new(&world);
        client.open(name, "forgot").await;
        client.post("/api/v1/sign-in").json(json!({ "name": name, "password": "wrong" })).send().await;
        assert_eq!(count(), [0, 0], "{name}: a request asks nobody");
        world.work().await;
        seen.push(count());
    }
    assert_eq!(seen, [[2, 1]; 4], "one look-up each for the case and the sign-in, one password");
}
