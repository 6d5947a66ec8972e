//! The application with its surroundings: a database in a folder of its own, people in the embedded directory, a mailbox, a clock moved by hand.

use std::sync::{
    Arc, LazyLock, Mutex,
    atomic::{AtomicBool, Ordering},
};

use axum::Router;
use keyward::{
    app::{
        self, FlowParts, WorkerParts,
        directory::{SlowHashes, StoredAccounts},
        letters::Written,
        serve,
    },
    channels::{Channel, ChannelError, Delivered, Message},
    connectors::{
        Directory, SignIn,
        embedded::{Embedded, Rules as DirectoryRules},
    },
    ctx::{Ctx, Hand},
    flow::Flow,
    i18n::Lang,
    jobs::Worker,
    methods::{
        passkey::{Aim, Bound, Enrollment, Open, RelyingParty},
        recovery_code::Sheet,
        totp::Seed,
    },
    passwords::{
        NewPasswords,
        blocklist::Blocklist,
        hash::Hasher,
        password::Password,
        rules::{Factors, Rules},
        verifier::Peppers,
    },
    seal::{DigestKey, OpenKey, Vault},
    store::{
        Store, Write,
        accounts::{NewAccount, NewPassword},
        change::{Aside, Guard},
        people::{NewFactor, Person as Known},
        sign::Memory,
    },
    terms::{Classes, Terms},
    web::{
        portal::Portal,
        shell::{Days, HelpPoint, Site},
    },
};
use keyward_core::{
    account::{AccountRef, Class, Method},
    digest::Digest,
    ids::{FactorId, PersonId},
    log::note::Signer,
    policy::{BASELINE, Policy},
    secret::{Secret, SecretText},
    time::Timestamp,
};

use crate::device::Device;

/// Friday 20 November 2026, 14:02 in London: at work.
pub const START: Timestamp = Timestamp::from_millis(1_795_183_320_000);
pub const HOST: &str = "reset.northwind.test";
/// The password that people begin with, and one that the rules take.
pub const FIRST: &str = "three blue kettles sing";
pub const NEW: &str = "nine quiet herons marching";
const DIRECTORY: &str = "main";

static HASHER: LazyLock<Arc<Hasher>> = LazyLock::new(|| Arc::new(Hasher::new(2, 64, Peppers::none()).unwrap()));
static PASSWORDS: LazyLock<Arc<NewPasswords>> = LazyLock::new(|| {
    let rules = Rules::new(Factors::PasswordOnly, 15).unwrap();
    Arc::new(NewPasswords::new(rules, Blocklist::built_in(), None, Arc::clone(HASHER.pool())))
});

pub struct World {
    pub ctx: Ctx,
    pub hand: Hand,
    pub flow: Arc<Flow>,
    pub worker: Arc<Worker>,
    pub mailbox: Arc<Mailbox>,
    pub router: Router,
    directory: Arc<dyn Directory>,
    dir: tempfile::TempDir,
}

#[derive(Clone, Debug)]
pub struct Person {
    pub id: PersonId,
    pub account: String,
}

impl World {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (ctx, hand) = Ctx::by_hand(START, 1);
        let store = Store::open(&format!("sqlite:{}", dir.path().join("keyward.db").display()), &ctx).await.unwrap();
        store.migrate(START).await.unwrap();
        let open = OpenKey::new(&Secret::new([1; 32])).unwrap();
        let flow = app::flow(FlowParts {
            ctx: ctx.clone(),
            store: store.clone(),
            policy: Arc::new(Policy::load(BASELINE).unwrap()),
            terms: Terms { classes: classes(), ..Terms::default() },
            vault: Vault::new(&Secret::new([2; 32]), &[]).unwrap(),
            digests: DigestKey::new(&Secret::new([2; 32])).unwrap(),
            seal: open.seal_key(),
            party: RelyingParty::new(&format!("https://{HOST}").parse().unwrap(), "Northwind").unwrap(),
        });
        let flow = flow.await.unwrap();
        let (site, mailbox) = (Arc::new(site()), Arc::new(Mailbox::default()));
        let table = Arc::new(StoredAccounts::new(store.clone()));
        let hashes = Arc::new(SlowHashes::new(HASHER.clone(), ctx.clone()));
        let directory: Arc<dyn Directory> =
            Arc::new(Embedded::new(DIRECTORY.to_owned(), table, hashes, DirectoryRules::default()));
        let worker = app::worker(
            &flow,
            WorkerParts {
                directories: vec![Arc::clone(&directory)],
                open,
                channel: Some(mailbox.clone()),
                letters: Arc::new(Written::new(site.clone(), Lang::En)),
                signer: Signer::from_seed(HOST, &Secret::new([3; 32])).unwrap(),
                memory: Memory::new(dir.path().join("checkpoint")),
            },
        );
        let portal = Arc::new(Portal {
            flow: flow.clone(),
            site,
            language: Lang::En,
            passwords: PASSWORDS.clone(),
            host: HOST.to_owned(),
            secure: true,
            trusted: Vec::new(),
        });
        let router = serve::router(&portal, Router::new());
        Self { ctx, hand, flow, worker, mailbox, router, directory, dir }
    }

    pub fn store(&self) -> &Store {
        &self.flow.store
    }

    /// The worker does everything that is due.
    pub async fn work(&self) {
        self.worker.run_due().await;
    }

    pub async fn person(&self, name: &str, group: &str) -> Person {
        let at = self.ctx.now();
        let account = NewAccount {
            id: format!("account-{name}"),
            name: name.to_owned(),
            mail: Some(format!("{name}@northwind.test")),
            display: format!("{name} of {group}"),
            created: at,
        };
        assert!(self.store().insert_account(&account).await.unwrap());
        self.store().set_account_group(&account.id, group, true).await.unwrap();
        let password = Password::new(SecretText::new(FIRST.to_owned())).unwrap();
        let hash = HASHER.hash(&password, self.ctx.bytes()).await.unwrap();
        let new = NewPassword { hash: &hash, expected: 0, must_change: false, keep: 4, at };
        assert_eq!(self.store().set_account_password(&account.id, &new).await.unwrap(), Some(1));
        let known = Known {
            id: self.ctx.id(at),
            account: AccountRef { directory: DIRECTORY.to_owned(), id: account.id.clone() },
            salt: self.ctx.salt(),
            language: None,
            blocked_until: None,
            created: at,
        };
        let known = self.store().ensure_person(&known).await.unwrap();
        Person { id: known.id, account: account.id }
    }

    /// Somebody of the standard class.
    pub async fn somebody(&self, name: &str) -> Person {
        self.person(name, "staff").await
    }

    /// An app, as if it had been set up long ago.
    pub async fn give_app(&self, person: &Person) -> App {
        let seed = Seed::new(self.ctx.bytes::<20>());
        self.give(self.ctx.id(START), person, Method::Totp, seed.to_stored().expose(), Vec::new()).await;
        App(totp_rs::Totp::from_url(seed.setup("Northwind", "somebody").unwrap().address.expose()).unwrap())
    }

    /// A sheet of printed codes.
    pub async fn give_codes(&self, person: &Person) -> Vec<String> {
        let mut random = [[0; 16]; 10];
        random.iter_mut().for_each(|code| self.ctx.fill(code));
        let sheet = Sheet::new(random);
        let id = self.ctx.id(START);
        self.give(id, person, Method::RecoveryCode, b"", sheet.digests(&self.flow.digests, id)).await;
        sheet.printed().iter().map(|code| code.expose().clone()).collect()
    }

    /// An address that another password opens.
    pub async fn give_address(&self, person: &Person, address: &str) -> FactorId {
        let id = self.ctx.id(START);
        self.give(id, person, Method::Email, address.as_bytes(), Vec::new()).await;
        id
    }

    /// A passkey on a device.
    pub async fn give_passkey(&self, person: &Person) -> Device {
        let device = Device::default();
        let browser = Digest::of(b"a browser");
        let wanted = Enrollment { person: person.id, name: "pat", display_name: "Pat", browser, security_key: false };
        let dialog = self.flow.party.begin_enrollment(wanted, &[], START).unwrap();
        let answer = device.create(&dialog.options).await.to_string();
        let bound = Bound { aim: Aim::Enroll { person: person.id }, browser };
        let open = Open { state: &dialog.state, bound, at: START };
        let record = self.flow.party.finish_enrollment(open, answer.as_bytes(), &[]).unwrap();
        let data = record.to_stored().unwrap();
        self.give(self.ctx.id(START), person, Method::Passkey, &data, Vec::new()).await;
        device
    }

    /// An app that may be used only from then on.
    pub async fn give_app_from(&self, person: &Person, from: Timestamp) {
        let seed = Seed::new(self.ctx.bytes::<20>());
        let id = self.ctx.id(START);
        let mut factor = self.factor(id, person, Method::Totp, seed.to_stored().expose());
        factor.usable_from = from;
        self.store().aside(Aside::default().guard(Guard::NewFactor(factor))).await.unwrap();
    }

    async fn give(&self, id: FactorId, person: &Person, method: Method, data: &[u8], codes: Vec<Digest>) {
        let aside = Aside::default().guard(Guard::NewFactor(self.factor(id, person, method, data)));
        self.store().aside(aside.write(Write::PutRecoveryCodes { factor: id, codes })).await.unwrap();
    }

    fn factor(&self, id: FactorId, person: &Person, method: Method, data: &[u8]) -> NewFactor {
        let at = self.ctx.now();
        NewFactor {
            id,
            person: person.id,
            method,
            label: format!("my {}", method.word()),
            data: self.flow.lock_away(id, &Secret::new(data.to_vec())).unwrap(),
            handle: None,
            created: at,
            usable_from: at,
        }
    }

    /// Whether the directory takes this password.
    pub async fn signs_in(&self, person: &Person, password: &str) -> bool {
        let password = SecretText::new(password.to_owned());
        self.directory.authenticate(&person.account, &password, self.ctx.now()).await.unwrap() == SignIn::Ok
    }

    /// How many cases there are.
    pub async fn cases(&self) -> usize {
        self.store().cases(&Default::default(), None, 1000).await.unwrap().len()
    }

    /// Everything that lies in the database's files.
    pub fn at_rest(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.is_file()).flat_map(|path| std::fs::read(path).unwrap()).collect()
    }

    /// The end of a test: nothing is left undone or broken.
    pub async fn end(self) {
        self.work().await;
        let dead = self.store().dead_jobs(10).await.unwrap();
        assert!(dead.is_empty(), "dead jobs: {dead:#?}");
        for row in self.store().cases(&Default::default(), None, 1000).await.unwrap() {
            let loaded = self.store().load(row.id).await.unwrap().expect("the case of a row");
            assert_eq!((loaded.case.seq(), loaded.case.last_at()), (row.seq, row.last), "{}", row.reference);
        }
        self.store().close().await;
    }
}

/// An authenticator app in somebody's pocket.
pub struct App(totp_rs::Totp);

impl App {
    pub fn code(&self, at: Timestamp) -> String {
        self.0.generate(u64::try_from(at.millis() / 1000).unwrap()).to_string()
    }
    /// Six digits that the app does not show around this time.
    pub fn wrong(&self, at: Timestamp) -> String {
        let right: Vec<String> = (-2..=2).map(|step| self.code(at.plus_ms(step * 30_000))).collect();
        (0..).map(|n| format!("{n:06}")).find(|code| !right.contains(code)).unwrap()
    }
}

/// All mails that were sent: address and text.
#[derive(Default)]
pub struct Mailbox {
    mails: Mutex<Vec<(String, String)>>,
    down: AtomicBool,
}

impl Mailbox {
    /// The newest mail to an address that has this in it.
    pub fn newest(&self, to: &str, with: &str) -> String {
        let all = self.mails.lock().unwrap();
        let found = all.iter().rev().find(|(address, text)| address == to && text.contains(with));
        found.unwrap_or_else(|| panic!("no mail to {to} with {with}")).1.clone()
    }
    /// Takes nothing from now on, or everything again.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }
    pub fn count(&self) -> usize {
        self.mails.lock().unwrap().len()
    }
    /// The key at the end of the newest link of that kind.
    pub fn link(&self, to: &str, path: &str) -> String {
        let start = format!("https://{HOST}{path}");
        let text = self.newest(to, &start);
        let link = text.split_whitespace().find(|word| word.starts_with(&start)).unwrap();
        link.rsplit('/').next().unwrap().to_owned()
    }
    /// The six digits of the newest mail with a link to prove.
    pub fn code(&self, to: &str) -> String {
        let text = self.newest(to, &format!("https://{HOST}/l/"));
        let tails = text.lines().flat_map(|line| [line, line.rsplit(": ").next().unwrap_or(line)]);
        let digits = tails.filter(|tail| tail.trim().len() == 7 && tail.trim().as_bytes()[3] == b' ');
        let digits = digits.map(|tail| tail.chars().filter(char::is_ascii_digit).collect::<String>());
        digits.filter(|digits| digits.len() == 6).next().unwrap_or_else(|| panic!("no code in {text}"))
    }
}

#[async_trait::async_trait]
impl Channel for Mailbox {
    fn name(&self) -> &'static str {
        "mailbox"
    }
    async fn send(&self, message: &Message) -> Result<Delivered, ChannelError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(ChannelError::Unreachable { peer: "mailbox".to_owned() });
        }
        let mut all = self.mails.lock().unwrap();
        all.push((message.to.clone(), message.text.expose().clone()));
        Ok(Delivered { message_id: all.len().to_string() })
    }
}

fn classes() -> Classes {
    let rules = [("staff", Class::Standard), ("pay", Class::Finance), ("admins", Class::Admin)];
    Classes { rules: rules.map(|(group, class)| (group.to_owned(), class)).to_vec(), otherwise: None }
}

fn site() -> Site {
    Site {
        organization: "Northwind".to_owned(),
        public_url: format!("https://{HOST}"),
        help: HelpPoint {
            phone: "555 0100".to_owned(),
            days: Days::Every,
            opens: "07:00".to_owned(),
            closes: "22:00".to_owned(),
            place: None,
        },
        zone: jiff::tz::TimeZone::get("Europe/London").unwrap(),
        demo: false,
        version: "0",
    }
}
