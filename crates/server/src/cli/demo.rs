//! `keyward demo`: the whole product on this machine, with made-up people, until it is stopped.

use std::{os::unix::fs::DirBuilderExt as _, path::PathBuf, sync::Arc};

use axum::middleware;
use keyward_core::{
    log::note::Signer,
    policy::{BASELINE, Policy},
    secret::Secret,
};
use tokio::sync::watch;

use super::serve::bound;
use super::{CliContext, CliError, Exit, Report, args::DemoArgs, telemetry};
use crate::{
    app::{
        self,
        directory::{SlowHashes, StoredAccounts},
        letters, serve,
    },
    config::Loaded,
    connectors::embedded::{self, Embedded, PasswordHasher},
    ctx::{Ctx, Hand},
    demo::{self, cheap::Cheap, mailbox::Mailbox, opening, pages::Shown, people, seed},
    flow::Flow,
    i18n::Lang,
    jobs::Worker,
    methods::passkey::RelyingParty,
    passwords::{NewPasswords, hash::Hasher, password::Password, rules::Rules, words::ContextWords},
    seal::{DigestKey, OpenKey, Vault},
    store::{Store, sign::Memory},
    terms::{Classes, Guesses, Mails, Starts, Terms},
    web::{portal::Portal, shell::Site},
};

/// The name of the embedded directory in the demonstration.
const DIRECTORY: &str = "northwind";
/// The same people and cases every time.
const SEED: u64 = 20_261_120;
/// Threads that hash and judge passwords.
const THREADS: usize = 2;
/// Passwords that may wait for them.
const QUEUE: usize = 64;

/// Runs the demonstration until it is stopped.
pub async fn run(args: DemoArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let loaded = ctx.load_demo(&args.settings()?)?;
    telemetry::to_stderr(&ctx.environment);
    let (listener, _) = bound(args.listen).await?;
    let place = Place::new(&ctx.ctx)?;
    let demo = Demo::open(&loaded, &ctx.ctx, &place).await.map_err(|error| failed("the demo", error))?;
    let (made, when_made) = watch::channel(false);
    let router = serve::router(&demo.portal, demo::pages::routes(Arc::clone(&demo.shown)));
    let router = router.layer(middleware::from_fn_with_state(when_made, opening::wait));
    let stop = serve::stop_on_signal();
    let serving = tokio::spawn(serve::pages(listener, router, stop.clone()));
    ctx.note(&format!(
        "{}/ is open; thirty days of cases are being made ...",
        loaded.config.server.public_url.origin()
    ));
    let Some(cases) = stop.run_until_cancelled(demo.live()).await else { return Ok(Exit::Ok) };
    let cases = cases.map_err(|error| failed("the days before today", error))?;
    demo.portal.flow.store.people_wait();
    made.send_replace(true);
    say(ctx, &loaded, &demo, cases, &place)?;
    let working = tokio::spawn(serve::jobs(Arc::clone(&demo.worker), stop));
    let served = serving.await;
    drop(working.await);
    served
        .map_err(std::io::Error::other)
        .and_then(|served| served)
        .map_err(|error| CliError::Failed("the server ended".to_owned(), error.into()))?;
    Ok(Exit::Ok)
}

fn failed(what: &str, error: anyhow::Error) -> CliError {
    CliError::Failed(format!("cannot make {what}"), error.into())
}

/// A directory of its own that is removed at the end. In memory where the system has such a place: nothing in it has to outlive the machine.
struct Place(PathBuf);

impl Place {
    fn new(ctx: &Ctx) -> Result<Self, CliError> {
        let memory = PathBuf::from("/dev/shm");
        let base = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let name = data_encoding::HEXLOWER.encode(&ctx.bytes::<8>());
        let place = base.join(format!("keyward-demo-{name}"));
        let failed =
            |error: std::io::Error| CliError::Failed("cannot make a place for the demo".to_owned(), error.into());
        std::fs::DirBuilder::new().mode(0o700).create(&place).map_err(failed)?;
        Ok(Self(place))
    }
    fn database(&self) -> PathBuf {
        self.0.join("keyward.db")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Should it not work, the system clears its temporary places.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// The keys of this one demonstration.
struct Keys {
    log: Secret<[u8; 32]>,
    seal: Secret<[u8; 32]>,
    data: Secret<[u8; 32]>,
}

/// The demonstration: the present, which is served, and the past, which is made while the first page is looked at.
struct Demo {
    portal: Arc<Portal>,
    worker: Arc<Worker>,
    shown: Arc<Shown>,
    hasher: Arc<Hasher>,
    past: (Arc<Flow>, Arc<Worker>, Hand),
}

impl Demo {
    async fn open(loaded: &Loaded, ctx: &Ctx, place: &Place) -> anyhow::Result<Self> {
        let keys =
            Keys { log: Secret::new(ctx.bytes()), seal: Secret::new(ctx.bytes()), data: Secret::new(ctx.bytes()) };
        let mailbox = Arc::new(Mailbox::default());
        let hasher = Arc::new(Hasher::new(THREADS, QUEUE)?);
        let site = Arc::new(app::site(&loaded.config, demo::ORGANIZATION, true));
        let shared = Shared { keys: &keys, mailbox: &mailbox, hasher: &hasher, site: &site };
        // The past, with a clock that is moved by hand, and the present over the same database.
        let (past_ctx, hand) = seed::clock(ctx, SEED);
        let (past_flow, past_worker) = open(loaded, &past_ctx, place, &shared, true).await?;
        let (flow, worker) = open(loaded, ctx, place, &shared, false).await?;
        let portal = Arc::new(portal(loaded, flow, &site, &hasher)?);
        let shown = Arc::new(Shown::new(mailbox));
        Ok(Self { portal, worker, shown, hasher, past: (past_flow, past_worker, hand) })
    }

    /// Lives through the days before today; how many cases there were.
    async fn live(&self) -> anyhow::Result<u32> {
        let (flow, worker, hand) = &self.past;
        let (mut people, cases) = past(flow, worker, hand, &self.hasher).await?;
        self.shown.mailbox.clear();
        people.sort_by_key(|ready| ready.somebody.account);
        drop(self.shown.people.set(people));
        Ok(cases)
    }
}

fn portal(loaded: &Loaded, flow: Arc<Flow>, site: &Arc<Site>, hasher: &Hasher) -> anyhow::Result<Portal> {
    let rules = Rules::new(15)?;
    let rules = rules.with_words(&ContextWords::new([demo::ORGANIZATION, "keyward", "northwind"]));
    let passwords = NewPasswords::new(rules, None, Arc::clone(hasher.pool()));
    let public = &loaded.config.server.public_url;
    Ok(Portal {
        flow,
        site: Arc::clone(site),
        language: Lang::En,
        passwords: Arc::new(passwords),
        host: app::host(public.url()),
        secure: public.url().scheme() == "https",
        trusted: Vec::new(),
        // Nobody in it is real.
        log_is_public: true,
    })
}

/// What the past and the present share.
struct Shared<'a> {
    keys: &'a Keys,
    mailbox: &'a Arc<Mailbox>,
    hasher: &'a Arc<Hasher>,
    site: &'a Arc<Site>,
}

async fn open(
    loaded: &Loaded,
    ctx: &Ctx,
    place: &Place,
    shared: &Shared<'_>,
    past: bool,
) -> anyhow::Result<(Arc<Flow>, Arc<Worker>)> {
    let Shared { keys, mailbox, hasher, site } = *shared;
    let store = Store::open(&format!("sqlite:{}", place.database().display()), ctx).await?;
    if past {
        store.migrate(ctx.now()).await?;
    }
    let open_key = OpenKey::new(&keys.seal)?;
    let config = &loaded.config;
    let flow = app::flow(app::FlowParts {
        ctx: ctx.clone(),
        store: store.clone(),
        policy: Arc::new(Policy::load(BASELINE)?),
        terms: terms(loaded),
        vault: Vault::new(&keys.data, &[])?,
        digests: DigestKey::new(&keys.data)?,
        seal: open_key.seal_key(),
        party: RelyingParty::new(config.server.public_url.url(), demo::ORGANIZATION)?,
    })
    .await?;
    let table = Arc::new(StoredAccounts::new(store));
    let hashing: Arc<dyn PasswordHasher> =
        if past { Arc::new(Cheap) } else { Arc::new(SlowHashes::new(Arc::clone(hasher), ctx.clone())) };
    let embedded = Embedded::new(DIRECTORY.to_owned(), table, hashing, embedded::Rules::default());
    let worker = app::worker(
        &flow,
        app::WorkerParts {
            directories: vec![Arc::new(embedded)],
            open: open_key,
            channel: Some(Arc::clone(mailbox) as _),
            letters: Arc::new(letters::Written::new(Arc::clone(site), Lang::En)),
            signer: Signer::from_seed(config.log.origin.as_str(), &keys.log)?,
            memory: Memory::new(place.0.join("last-checkpoint")),
        },
    );
    Ok((flow, worker))
}

/// Forty people share one computer here, and one person plays them all: what is counted is limited far up.
fn terms(loaded: &Loaded) -> Terms {
    let classes = keyward_core::account::Class::ALL.map(|class| (people::group(class).to_owned(), class));
    Terms {
        classes: Classes { rules: classes.into(), otherwise: None },
        starts: Starts { per_name_hour: 100, per_network_hour: 10_000 },
        guesses: Guesses { per_day: 1_000, per_year: 10_000 },
        mails: Mails { per_hour: 100, per_day: 1_000 },
        // In a past that is played the clock stands still, and nobody here is hidden from anybody.
        look_up_ms: 0,
        ..app::terms(&loaded.config)
    }
}

async fn past(
    flow: &Arc<Flow>,
    worker: &Arc<Worker>,
    hand: &crate::ctx::Hand,
    hasher: &Arc<Hasher>,
) -> anyhow::Result<(Vec<seed::Ready>, u32)> {
    let password = Password::new(Secret::new(demo::PASSWORD.to_owned()))?;
    let hash = hasher.hash(&password, flow.ctx.bytes()).await?;
    let accounts = seed::accounts(flow, DIRECTORY, &hash).await?;
    let mut people = seed::factors(flow, &accounts).await?;
    let cases = seed::Past { flow, worker, hand }.live(&mut people).await?;
    seed::one_password(flow, &hash).await?;
    Ok((people, cases))
}

/// Where to click, for a person or for a script.
fn say(ctx: &CliContext, loaded: &Loaded, demo: &Demo, cases: u32, place: &Place) -> Result<(), CliError> {
    let origin = loaded.config.server.public_url.origin();
    let log_key = demo.worker.signer.verifier().to_string();
    let accounts: Vec<serde_json::Value> = demo
        .shown
        .people()
        .iter()
        .map(|ready| {
            serde_json::json!({
                "account": ready.somebody.account,
                "name": ready.somebody.name,
                "class": ready.somebody.class.word(),
                "language": ready.somebody.language,
                "password": demo::PASSWORD,
                "private_mail": ready.somebody.private_mail(),
                "has_app": ready.app.is_some(),
                "recovery_codes": ready.codes,
            })
        })
        .collect();
    let report = Report::new("demo")
        .facts(&[
            ("Start here", format!("{origin}/")),
            ("Who you can be", format!("{origin}/demo")),
            ("Their mail", format!("{origin}/demo/mail")),
            ("Their authenticator apps", format!("{origin}/demo/app")),
            ("The log", format!("{origin}/log/checkpoint")),
            ("Key of the log", log_key.clone()),
            ("Cases so far", cases.to_string()),
            ("Database", place.database().display().to_string()),
        ])
        .field("url", serde_json::json!(origin))
        .field("database", serde_json::json!(place.database()))
        .field("log_key", serde_json::json!(log_key))
        .field("accounts", serde_json::json!(accounts))
        .text("Press Ctrl+C to end it; everything it made is removed.");
    ctx.print(&report).map(drop)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::config::{self, Environment, FileSource, Sources};

    #[tokio::test]
    async fn eco_02_a_demonstration_whose_password_can_not_be_hashed_says_so_and_does_not_begin() {
        let flags = DemoArgs { listen: "127.0.0.1:8440".parse().unwrap(), expose: false }.settings().unwrap();
        let environment = Environment::default();
        let sources = Sources { file: FileSource::Default, environment: &environment, flags: &flags, demo: true };
        let (loaded, ctx) = (config::load(&sources).unwrap(), Ctx::real());
        let place = Place::new(&ctx).unwrap();
        let hasher = Arc::new(Hasher::new(1, 1).unwrap());
        let demo = Demo { hasher: Arc::clone(&hasher), ..Demo::open(&loaded, &ctx, &place).await.unwrap() };
        // One job is being done and one waits: there is no room for another.
        let (begun, has_begun) = channel();
        let (release, released) = channel::<()>();
        let mut one = Box::pin(hasher.pool().run(move || (begun.send(()), released.recv())));
        assert!(futures_util::poll!(&mut one).is_pending());
        has_begun.recv().unwrap();
        let mut next = Box::pin(hasher.pool().run(|| ()));
        assert!(futures_util::poll!(&mut next).is_pending());
        let told = demo.live().await.unwrap_err().to_string();
        assert!(told.contains("the password workers are all busy"), "{told}");
        drop(release);
    }
}
