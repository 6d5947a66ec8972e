//! People of the directory with what they set up long ago, put there through the product's own modules, and their mail.

use std::sync::Arc;

use data_encoding::BASE64;
use keyward::{
    app::open::{self, Ground},
    connectors::{Directory, SignIn},
    ctx::Ctx,
    methods::totp::Seed,
    passwords::{hash::Hasher, password::Password},
};
use keyward_core::secret::SecretText;

pub use crate::support::inside::Inside;
use crate::{entry, smtp_sink::Received, stage::Installation, support::inside};

/// Somebody of slapd with an app, a sheet of codes and a mailbox of their own.
pub struct Person {
    pub name: String,
    /// The password that they forgot.
    pub old: String,
    /// Where messages go: the directory's address and their own.
    pub addresses: [String; 2],
    pub codes: Vec<String>,
    pub seed: Seed,
}

impl Person {
    pub fn dn(&self) -> String {
        entry::dn(&self.name)
    }
    /// What their app shows now.
    pub fn app(&self) -> String {
        self.seed.code(Ctx::real().now()).expose().clone()
    }
}

/// Puts somebody of slapd into the group of ordinary staff and gives them what they need.
pub async fn somebody(installation: &Installation, first_name: &str) -> Person {
    let inside = Inside::of(&installation.worker_file(), installation.environment()).await;
    let name = format!("{first_name}.abel");
    entry::put_into(&installation.slapd, &name, "staff").await;
    let own = format!("{first_name}@home.test");
    let (seed, codes) = inside.set_up(&entry::unique(&installation.slapd, &name).await, &own).await;
    inside.flow.store.close().await;
    Person { old: format!("Start-{name}-1"), addresses: [format!("{name}@keyward.test"), own], name, codes, seed }
}

/// Somebody in Keyward's own directory.
pub struct Account {
    directory: Arc<dyn Directory>,
    id: String,
}

impl Account {
    pub async fn opens(&self, password: &str) -> bool {
        let password = SecretText::new(password.to_owned());
        self.directory.authenticate(&self.id, &password, Ctx::real().now()).await.unwrap() == SignIn::Ok
    }
}

/// Makes an account of the standard class there.
pub async fn account(inside: &Inside, name: &str, password: &str) -> Account {
    let (flow, hasher) = (&inside.flow, Arc::new(Hasher::new(1, 4).unwrap()));
    let password = Password::new(SecretText::new(password.to_owned())).unwrap();
    let hash = hasher.hash(&password, flow.ctx.bytes()).await.unwrap();
    let id = inside::account(flow, (name, "staff"), &hash, flow.ctx.now()).await;
    let ground = Ground { store: flow.store.clone(), hasher, ctx: flow.ctx.clone(), history: 5 };
    Account { directory: open::directory(&inside.config.directories[0], &ground).unwrap(), id }
}

/// A message as somebody reads it.
#[derive(Clone, Debug)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// The value of a header.
fn value(head: &str, name: &str) -> String {
    let line = head.split("\r\n").find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned));
    line.unwrap_or_else(|| panic!("no {name} in {head}"))
}

/// The text of one part of a message.
fn decoded(part: &str) -> String {
    let (head, text) = part.trim_start().split_once("\r\n\r\n").unwrap();
    let text = match value(head, "Content-Transfer-Encoding").as_str() {
        "7bit" => text.as_bytes().to_vec(),
        "quoted-printable" => quoted_printable::decode(text, quoted_printable::ParseMode::Strict).unwrap(),
        "base64" => BASE64.decode(text.replace("\r\n", "").as_bytes()).unwrap(),
        other => panic!("{other}"),
    };
    String::from_utf8(text).unwrap()
}

impl Letter {
    pub fn read(received: &Received) -> Self {
        let data = String::from_utf8(received.data.clone()).unwrap();
        let (head, body) = data.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n ", " ");
        let kind = value(&head, "Content-Type");
        let boundary = format!("--{}", kind.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap());
        let mut parts = body.split(&boundary).skip(1).take(2).map(decoded);
        let [to] = received.to.as_slice() else { panic!("one address and not {:?}", received.to) };
        let (text, html) = (parts.next().unwrap(), parts.next().unwrap());
        Self { to: to.clone(), subject: value(&head, "Subject"), text, html }
    }

    /// The six digits in it.
    pub fn code(&self) -> Option<String> {
        let digits = |line: &str| line.chars().filter(char::is_ascii_digit).collect::<String>();
        // The code stands on a line of its own, or behind its label.
        let mut tails = self.text.lines().map(|line| line.rsplit(": ").next().unwrap_or(line).trim());
        let found = tails.find(|line| line.len() == 7 && line.as_bytes()[3] == b' ' && digits(line).len() == 6);
        found.map(digits)
    }
}
