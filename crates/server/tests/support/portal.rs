//! The whole application in one process: real SQLite, the embedded directory, the real worker, pages behind their guard, a clock that is moved
//! by hand. A [`Browser`] keeps cookies and fills in forms as they are in the HTML; the mails end in a [`Mailbox`].
//!
//! [`World::end`] looks at what a test left behind: dead jobs, a log that does not add up, a case that is not its entries.

#![allow(dead_code, unused_imports, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "authenticator.rs"]
mod authenticator;
#[path = "browser.rs"]
mod browser;
#[path = "mailbox.rs"]
mod mailbox;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::Router;
use keyward::{
    app::{
        self, FlowParts, WorkerParts,
        directory::{SlowHashes, StoredAccounts},
        letters::Written,
        serve,
    },
    channels::Channel,
    connectors::{
        Directory, SignIn,
        embedded::{Embedded, Rules as DirectoryRules},
    },
    ctx::{Ctx, Hand},
    evidence::{Signing, contents},
    flow::Flow,
    i18n::Lang,
    jobs::Worker,
    methods::{passkey::RelyingParty, recovery_code::Sheet, totp::Seed},
    passwords::{NewPasswords, hash::Hasher, password::Password, rules::Rules},
    seal::{DigestKey, OpenKey, Vault},
    store::{
        Store, Write,
        accounts::{NewAccount, NewPassword},
        change::Aside,
        guard::Guard,
        people::{Factor, NewFactor, Person as Known},
        sign::Memory,
    },
    terms::{Classes, Terms},
    web::{
        portal::{Portal, Shared},
        shell::{Days, DeskHours, HelpPoint, Site},
    },
};
use keyward_core::{
    account::{AccountRef, Class, Method},
    bundle,
    case::Case,
    digest::Digest,
    ids::{FactorId, PersonId, Reference},
    log::note::Signer,
    policy::{BASELINE, Policy},
    secret::{Secret, SecretText},
    time::Timestamp,
};

pub use authenticator::Key;
pub use browser::{Browser, Page};
pub use mailbox::{Mail, Mailbox};

/// Friday 20 November 2026, 14:02 in London: at work.
pub const START: Timestamp = Timestamp::from_millis(1_795_183_320_000);
/// Where it is.
pub const SITE: &str = "https://reset.northwind.test";
/// The password that people begin with.
pub const FIRST: &str = "three blue kettles sing";
const DIRECTORY: &str = "main";

/// One pool of threads and one list of common passwords for all tests of a process.
static HASHER: LazyLock<Arc<Hasher>> = LazyLock::new(|| Arc::new(Hasher::new(2, 64).unwrap()));
static PASSWORDS: LazyLock<Arc<NewPasswords>> = LazyLock::new(|| {
    let rules = Rules::new(15).unwrap();
    Arc::new(NewPasswords::new(rules, None, Arc::clone(HASHER.pool())))
});

/// What makes and compares hashes in all tests of a process.
pub fn hasher() -> Arc<Hasher> {
    HASHER.clone()
}

/// The application with its surroundings.
pub struct World {
    pub url: String,
    pub ctx: Ctx,
    pub hand: Hand,
    pub flow: Arc<Flow>,
    pub worker: Arc<Worker>,
    pub directory: Arc<dyn Directory>,
    pub mailbox: Arc<Mailbox>,
    pub portal: Shared,
    pub router: Router,
    pub dir: tempfile::TempDir,
}

/// What a world is over: the database, and what its processes share.
struct Base {
    url: String,
    ctx: Ctx,
    hand: Hand,
    store: Store,
    mailbox: Arc<Mailbox>,
    dir: tempfile::TempDir,
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: PersonId,
    pub account: String,
    pub name: String,
    pub mail: String,
}

/// Puts something before a directory.
pub type Shaping = Box<dyn FnOnce(Arc<dyn Directory>) -> Arc<dyn Directory> + Send>;

/// What a world stands on.
pub struct Ground {
    /// The database; none: SQLite in a folder of its own.
    pub url: Option<String>,
    pub terms: Terms,
    /// What stands before the directory.
    pub directory: Shaping,
    /// What takes messages; none: the mailbox.
    pub channel: Option<Arc<dyn Channel>>,
}

impl Default for Ground {
    fn default() -> Self {
        // Time stands still here, and nobody waits for a refusal.
        let terms = Terms { classes: classes(), refusal_ms: 0, look_up_ms: 0, ..Terms::default() };
        Self { url: None, terms, directory: Box::new(|directory| directory), channel: None }
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With other terms than the usual.
    pub async fn with(change: impl FnOnce(&mut Terms)) -> Self {
        let mut ground = Ground::default();
        change(&mut ground.terms);
        Self::on(ground).await
    }

    /// On other ground than the usual.
    pub async fn on(ground: Ground) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (ctx, hand) = Ctx::by_hand(START, 1);
        let sqlite = || format!("sqlite:{}", dir.path().join("keyward.db").display());
        let url = ground.url.clone().unwrap_or_else(sqlite);
        let store = Store::open(&url, &ctx).await.unwrap();
        store.migrate(START).await.unwrap();
        let mailbox = Arc::new(Mailbox::default());
        Self::over(ground, Base { url, ctx, hand, store, mailbox, dir }).await
    }

    /// Another process on the same database, with the same clock and mail server.
    pub async fn replica(&self) -> Self {
        // Each draws bytes of its own, as processes do.
        static SEED: AtomicU64 = AtomicU64::new(1_000);
        let ctx = self.hand.ctx(SEED.fetch_add(1, Ordering::Relaxed));
        let store = Store::open(&self.url, &ctx).await.unwrap();
        let (hand, mailbox, url) = (self.hand.clone(), self.mailbox.clone(), self.url.clone());
        let ground = Ground { terms: self.flow.terms.clone(), ..Ground::default() };
        Self::over(ground, Base { url, ctx, hand, store, mailbox, dir: tempfile::tempdir().unwrap() }).await
    }

    async fn over(ground: Ground, base: Base) -> Self {
        let Base { url, ctx, hand, store, mailbox, dir } = base;
        let open = OpenKey::new(&Secret::new([1; 32])).unwrap();
        let flow = app::flow(FlowParts {
            ctx: ctx.clone(),
            store: store.clone(),
            policy: Arc::new(Policy::load(BASELINE).unwrap()),
            terms: ground.terms,
            vault: Vault::new(&Secret::new([2; 32]), &[]).unwrap(),
            digests: DigestKey::new(&Secret::new([2; 32])).unwrap(),
            seal: open.seal_key(),
            party: RelyingParty::new(&SITE.parse().unwrap(), "Northwind Hospital").unwrap(),
        });
        let flow = flow.await.unwrap();
        let site = Arc::new(site());
        let directory = (ground.directory)(directory(&store, &ctx));
        let worker = app::worker(
            &flow,
            WorkerParts {
                directories: vec![Arc::clone(&directory)],
                open,
                channel: Some(ground.channel.unwrap_or_else(|| mailbox.clone())),
                letters: Arc::new(Written::new(site.clone(), Lang::En)),
                signer: signer(),
                memory: Memory::new(dir.path().join("checkpoint")),
            },
        );
        let portal = Arc::new(Portal {
            flow: flow.clone(),
            site,
            language: Lang::En,
            passwords: PASSWORDS.clone(),
            host: "reset.northwind.test".to_owned(),
            secure: true,
            trusted: Vec::new(),
            log_is_public: true,
        });
        let router = serve::router(&portal, Router::new());
        Self { url, ctx, hand, flow, worker, directory, mailbox, portal, router, dir }
    }

    pub fn store(&self) -> &Store {
        &self.flow.store
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// The worker does everything that is due.
    pub async fn work(&self) {
        self.worker.run_due().await;
    }

    /// Somebody in a group, with the password [`FIRST`] and a mailbox of their own.
    pub async fn person(&self, name: &str, group: &str) -> Person {
        self.person_with(name, group, Some(format!("{name}@home.test"))).await
    }

    /// The same, with another mailbox or none.
    pub async fn person_with(&self, name: &str, group: &str, mail: Option<String>) -> Person {
        let at = self.ctx.now();
        let account = NewAccount {
            id: format!("account-{name}"),
            name: name.to_owned(),
            mail: mail.clone(),
            display: format!("{name} of {group}"),
            created: at,
        };
        assert!(self.store().insert_account(&account).await.unwrap());
        self.store().set_account_group(&account.id, group, true).await.unwrap();
        let password = Password::new(SecretText::new(FIRST.to_owned())).unwrap();
        let hash = HASHER.hash(&password, self.ctx.bytes()).await.unwrap();
        let new = NewPassword { hash, expected: 0, must_change: false, keep: 4, at };
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
        Person { id: known.id, account: account.id, name: name.to_owned(), mail: mail.unwrap_or_default() }
    }

    /// Somebody of the standard class.
    pub async fn somebody(&self, name: &str) -> Person {
        self.person(name, "staff").await
    }

    /// Gives a person an app, as if it had been set up long ago.
    pub async fn give_app(&self, person: &Person) -> App {
        let seed = Seed::new(self.ctx.bytes());
        let id = self.ctx.id(self.ctx.now());
        self.give_as(id, person, (Method::Totp, seed.to_stored().expose()), Vec::new()).await;
        App::of(&seed)
    }

    /// Gives a person an app that may be used only from then on.
    pub async fn give_app_from(&self, person: &Person, usable_from: Timestamp) {
        let (id, seed) = (self.ctx.id(self.ctx.now()), Seed::new(self.ctx.bytes()));
        let data = self.flow.lock_away(id, &seed.to_stored()).unwrap();
        let (created, label) = (self.ctx.now(), "new app".to_owned());
        let (person, method, handle) = (person.id, Method::Totp, None);
        let factor = NewFactor { id, person, method, label, data, handle, created, usable_from };
        self.store().aside(Aside::default().guard(Guard::NewFactor(factor))).await.unwrap();
    }

    /// Gives a person a sheet of codes, as if it had been printed long ago.
    pub async fn give_codes(&self, person: &Person) -> Vec<String> {
        let sheet = Sheet::new(std::array::from_fn(|_| self.ctx.bytes()));
        let id = self.ctx.id(self.ctx.now());
        let digests = sheet.digests(&self.flow.digests, id);
        self.give_as(id, person, (Method::RecoveryCode, b""), digests).await;
        sheet.printed().iter().map(|code| code.expose().clone()).collect()
    }

    /// Gives a person a way back in, as its method stores it.
    pub async fn give_as(&self, id: FactorId, person: &Person, stored: (Method, &[u8]), codes: Vec<Digest>) {
        let (at, (method, data)) = (self.ctx.now(), stored);
        let factor = NewFactor {
            id,
            person: person.id,
            method,
            label: method.word().to_owned(),
            data: self.flow.lock_away(id, &Secret::new(data.to_vec())).unwrap(),
            handle: None,
            created: at,
            usable_from: at,
        };
        let aside = Aside::default().guard(Guard::NewFactor(factor));
        let aside = aside.write(Write::PutRecoveryCodes { factor: id, codes });
        self.store().aside(aside).await.unwrap();
    }

    /// What lives of a person's ways back in.
    pub async fn living(&self, person: &Person, method: Method) -> Vec<Factor> {
        let factors = self.store().factors(person.id).await.unwrap();
        factors.into_iter().filter(|factor| factor.method == method && factor.is_alive()).collect()
    }

    /// A browser in which somebody has signed in to their ways back in.
    pub async fn signed_in(&self, person: &Person, password: &str) -> Browser {
        let mut browser = self.browser();
        let page = self.sign_in(&mut browser, person, password).await;
        assert_eq!(page.path, "/me", "{}", page.html);
        browser
    }

    /// Signs in with what is asked for on `/sign-in`; the page where that ends.
    pub async fn sign_in(&self, browser: &mut Browser, person: &Person, password: &str) -> Page {
        let form = browser.get("/sign-in").await;
        let wait = browser.fill(&form, &[("name", &person.name), ("password", password)]).await;
        self.work().await;
        browser.get(&wait.path).await
    }

    /// Opens a page of "my ways back in", presses its button, and waits until the account has been looked up.
    pub async fn begin(&self, browser: &mut Browser, path: &str) -> Page {
        let page = browser.get(path).await;
        let looking = browser.fill(&page, &[]).await;
        assert!(looking.path.ends_with("/begin"), "{} {}", looking.path, looking.html);
        self.work().await;
        browser.get(&looking.path).await
    }

    /// Somebody has signed in, begun something there and shown a printed code for it: as far as the page where it is handed in.
    pub async fn begun(&self, person: &Person, path: &str) -> (Browser, Page) {
        let codes = self.give_codes(person).await;
        let mut browser = self.signed_in(person, FIRST).await;
        let how = self.begin(&mut browser, path).await;
        let next = browser.show(&how, "recovery-code", &codes[0]).await;
        (browser, next)
    }

    /// Somebody types a name at the door of the forgotten password, and the worker looks it up.
    pub async fn forgot(&self, browser: &mut Browser, name: &str) -> Page {
        let find = browser.get("/recover?for=forgot").await;
        let how = browser.fill(&find, &[("name", name)]).await;
        self.work().await;
        how
    }

    /// A forgotten password, with an app and a printed code as proofs: as far as the page for a new one.
    pub async fn proved(&self, browser: &mut Browser, person: &Person) -> Page {
        let (app, codes) = (self.give_app(person).await, self.give_codes(person).await);
        let how = self.forgot(browser, &person.name).await;
        let how = browser.show(&how, "app", &app.code(self.ctx.now())).await;
        browser.show(&how, "recovery-code", &codes[0]).await
    }

    /// The whole way, to the page that says it is done.
    pub async fn recovered(&self, browser: &mut Browser, person: &Person, password: &str) -> Page {
        let choose = self.proved(browser, person).await;
        let working = browser.fill(&choose, &[("new-password", password)]).await;
        self.done(browser, &working).await
    }

    /// The worker does what was handed in, and the page goes on.
    pub async fn done(&self, browser: &mut Browser, page: &Page) -> Page {
        assert!(page.path.ends_with("/working"), "{} {}", page.path, page.html);
        self.work().await;
        browser.get(&page.path).await
    }

    /// The bytes of the database, with what is still in its log.
    pub fn bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.dir.path()).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }

    /// What the directory says to a password. Not counted as a try of the person: the count is cleared by the next right one.
    pub async fn signs_in(&self, person: &Person, password: &str) -> bool {
        let password = SecretText::new(password.to_owned());
        self.directory.authenticate(&person.account, &password, self.ctx.now()).await.unwrap() == SignIn::Ok
    }

    /// A case as it is.
    pub async fn case(&self, reference: &str) -> Case {
        let reference: Reference = reference.parse().unwrap();
        let id = self.store().case_by_reference(reference).await.unwrap().expect("the case");
        self.flow.load(id).await.unwrap()
    }

    /// The evidence of a case as a file, with everything disclosed. Signs the log if that was not done up to there.
    pub async fn evidence(&self, reference: &str) -> Vec<u8> {
        let id = self.case(reference).await.id();
        let signing = Signing { signer: &self.worker.signer, memory: &self.worker.memory, at: self.ctx.now() };
        contents(self.store(), signing, id, &BTreeSet::new()).await.unwrap().bytes().unwrap()
    }

    /// Checks a file as its reader does, who knows the key of the log and nothing else.
    pub fn verified(&self, file: &[u8]) -> bundle::Report {
        bundle::verify(file, &[signer().verifier().clone()]).unwrap()
    }

    /// The end of a test: nothing is left undone, and the log holds.
    pub async fn end(self) {
        self.work().await;
        let dead = self.store().dead_jobs(10).await.unwrap();
        assert!(dead.is_empty(), "dead jobs: {dead:#?}");
        let failed: Vec<_> = self.store().jobs(100).await.unwrap().into_iter().filter(|job| job.tries > 0).collect();
        assert!(failed.is_empty(), "failed jobs: {failed:#?}");
        self.store().sign_checkpoint(&self.worker.signer, &self.worker.memory, self.ctx.now()).await.unwrap();
        let head = self.store().log_head().await.unwrap().tree;
        assert_eq!(self.store().check_entries(0, head.size()).await.unwrap(), head);
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
    /// What scanning the picture gives.
    pub fn of(seed: &Seed) -> Self {
        Self(totp_rs::Totp::from_url(seed.setup("Northwind", "somebody").unwrap().address.expose()).unwrap())
    }
    /// What typing the key gives.
    pub fn typed(key: &str) -> Self {
        let bytes = data_encoding::BASE32_NOPAD.decode(key.replace(' ', "").as_bytes()).unwrap();
        Self::of(&Seed::from_stored(&Secret::new(bytes)).unwrap())
    }
    /// The code that it shows.
    pub fn code(&self, at: Timestamp) -> String {
        self.0.generate(u64::try_from(at.millis() / 1000).unwrap()).to_string()
    }
}

fn signer() -> Signer {
    Signer::from_seed("reset.northwind.test", &Secret::new([3; 32])).unwrap()
}

fn directory(store: &Store, ctx: &Ctx) -> Arc<dyn Directory> {
    let table = Arc::new(StoredAccounts::new(store.clone()));
    let hashes = Arc::new(SlowHashes::new(HASHER.clone(), ctx.clone()));
    Arc::new(Embedded::new(DIRECTORY.to_owned(), table, hashes, DirectoryRules::default()))
}

fn classes() -> Classes {
    let rules = [("staff", Class::Standard), ("pay", Class::Finance), ("admins", Class::Admin)];
    Classes { rules: rules.map(|(group, class)| (group.to_owned(), class)).to_vec(), otherwise: None }
}

fn site() -> Site {
    Site {
        organization: "Northwind Hospital".to_owned(),
        public_url: SITE.to_owned(),
        help: HelpPoint {
            phone: Some("555 0100".to_owned()),
            hours: Some(DeskHours::From(Days::Every, "07:00", "22:00")),
            place: Some("any security office".to_owned()),
        },
        zone: jiff::tz::TimeZone::get("Europe/London").unwrap(),
        demo: false,
        version: "0.1.0",
    }
}
