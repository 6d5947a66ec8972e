//! People of the directory with what they set up long ago, put there through the product's own modules, and their mail.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use data_encoding::BASE64;
use keyward::{
    app::{
        self, FlowParts,
        open::{self, Ground},
    },
    config::{self, Config, Environment, FileSource, Sources},
    connectors::{Directory, SignIn},
    ctx::Ctx,
    flow::{Flow, NewRecord},
    methods::{passkey::RelyingParty, recovery_code::Sheet, totp::Seed},
    passwords::{hash::Hasher, password::Password, verifier::Peppers},
    store::{
        accounts::{NewAccount, NewPassword},
        change::{Aside, Write},
        guard::Guard,
        people::{NewFactor, Person as Known},
    },
};
use keyward_core::{
    account::{AccountRef, Method},
    secret::SecretText,
    time::DAY_MS,
};

use crate::{entry, smtp_sink::Received, stage::Installation};

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

/// The product's modules, put together from a configuration.
pub struct Inside {
    pub config: Config,
    pub flow: Arc<Flow>,
}

impl Inside {
    pub async fn of(file: &Path, environment: &BTreeMap<String, String>) -> Self {
        let ctx = Ctx::real();
        let environment: Environment = environment.clone().into_iter().collect();
        let sources = Sources { file: FileSource::At(file), environment: &environment, flags: &[], demo: false };
        let config = config::load(&sources).unwrap().config;
        let store = open::open_store(&config, &ctx).await.unwrap();
        store.migrate(ctx.now()).await.unwrap();
        let keys = open::data_keys(&config).unwrap();
        let parts = FlowParts {
            ctx,
            store,
            policy: Arc::new(open::policy(&config).unwrap().0),
            terms: app::terms(&config),
            vault: keys.vault,
            digests: keys.digests,
            seal: open::seal_key(&config).unwrap(),
            party: RelyingParty::new(config.server.public_url.url(), &config.server.organization).unwrap(),
        };
        Self { flow: app::flow(parts).await.unwrap(), config }
    }

    /// Gives the owner of an account what they set up long ago: a mailbox, an app and a sheet of codes.
    pub async fn set_up(&self, account: &str, own: &str) -> (Seed, Vec<String>) {
        let flow = &self.flow;
        let at = flow.ctx.now().plus_ms(-100 * DAY_MS);
        let known = Known {
            id: flow.ctx.id(at),
            account: AccountRef { directory: "main".to_owned(), id: account.to_owned() },
            salt: flow.ctx.salt(),
            language: None,
            blocked_until: None,
            created: at,
        };
        let known = flow.store.ensure_person(&known).await.unwrap();
        let (seed, sheet) = (Seed::new(flow.ctx.bytes()), Sheet::new(std::array::from_fn(|_| flow.ctx.bytes())));
        let printed = flow.ctx.id(at);
        let mut mailbox = NewRecord::new(flow.ctx.id(at), "private", own.as_bytes());
        mailbox.handle = Some(flow.address_handle(&known, own));
        let app = NewRecord::new(flow.ctx.id(at), "phone", seed.to_stored().expose());
        let codes = NewRecord::new(printed, "sheet", b"");
        let mut aside = Aside::default();
        for (method, record) in [(Method::Email, mailbox), (Method::Totp, app), (Method::RecoveryCode, codes)] {
            aside = aside.guard(Guard::NewFactor(NewFactor {
                id: record.id,
                person: known.id,
                method,
                label: record.label.clone(),
                data: flow.lock_away(record.id, &record.data()).unwrap(),
                handle: record.handle,
                created: at,
                usable_from: at,
            }));
        }
        let digests = sheet.digests(&flow.digests, printed);
        flow.store.aside(aside.write(Write::PutRecoveryCodes { factor: printed, codes: digests })).await.unwrap();
        (seed, sheet.printed().iter().map(|code| code.expose().clone()).collect())
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
    let (flow, hasher) = (&inside.flow, Arc::new(Hasher::new(1, 4, Peppers::none()).unwrap()));
    let at = flow.ctx.now();
    let mail = Some(format!("{name}@northwind.test"));
    let new =
        NewAccount { id: format!("id-{name}"), name: name.to_owned(), mail, display: name.to_owned(), created: at };
    assert!(flow.store.insert_account(&new).await.unwrap());
    flow.store.set_account_group(&new.id, "staff", true).await.unwrap();
    let hash =
        hasher.hash(&Password::new(SecretText::new(password.to_owned())).unwrap(), flow.ctx.bytes()).await.unwrap();
    let first = NewPassword { hash, expected: 0, must_change: false, keep: 1, at };
    flow.store.set_account_password(&new.id, &first).await.unwrap();
    let ground = Ground { store: flow.store.clone(), hasher, ctx: flow.ctx.clone(), history: 5 };
    let directory = open::directory(&inside.config.directories[0], &ground).unwrap();
    Account { directory, id: new.id }
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
