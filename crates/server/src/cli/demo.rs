//! `keyward demo`: the whole product on this machine, with made-up people, until it is stopped.

use std::{path::PathBuf, sync::Arc};

use keyward_core::{
    log::note::Signer,
    policy::{BASELINE, Policy},
    secret::Secret,
};
use tokio::net::TcpListener;

use super::{CliContext, CliError, Exit, Report, args::DemoArgs, telemetry};
use crate::{
    app::{
        self,
        directory::{SlowHashes, StoredAccounts},
        letters, serve,
    },
    config::Loaded,
    connectors::embedded::{self, Embedded, PasswordHasher},
    ctx::Ctx,
    demo::{self, cheap::Cheap, mailbox::Mailbox, pages::Shown, people, seed},
    flow::Flow,
    i18n::Lang,
    jobs::Worker,
    methods::passkey::RelyingParty,
    passwords::{
        NewPasswords,
        blocklist::Blocklist,
        hash::Hasher,
        password::Password,
        rules::{Factors, Rules},
        verifier::Peppers,
        words::ContextWords,
    },
    seal::{DigestKey, OpenKey, Vault},
    store::{Store, sign::Memory},
    terms::{Classes, Starts, Terms},
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
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| CliError::Failed(format!("cannot listen on {}", args.listen), error.into()))?;
    let place = Place::new(&ctx.ctx)?;
    let made = make(&loaded, &ctx.ctx, &place).await?;
    say(ctx, &loaded, &made, &place)?;
    let stop = serve::stop_on_signal();
    let working = tokio::spawn(serve::jobs(Arc::clone(&made.worker), stop.clone()));
    let router = serve::router(&made.portal, demo::pages::routes(Arc::clone(&made.shown)));
    let served = serve::pages(listener, router, stop).await;
    drop(working.await);
    served.map_err(|error| CliError::Failed("the server ended".to_owned(), error.into()))?;
    Ok(Exit::Ok)
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
        std::fs::DirBuilder::new().create(&place).map_err(failed)?;
        std::fs::set_permissions(&place, std::os::unix::fs::PermissionsExt::from_mode(0o700)).map_err(failed)?;
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

/// Everything that was made.
struct Made {
    portal: Arc<Portal>,
    worker: Arc<Worker>,
    shown: Arc<Shown>,
    log_key: String,
    cases: u32,
}

/// The keys of this one demonstration.
struct Keys {
    log: Secret<[u8; 32]>,
    seal: Secret<[u8; 32]>,
    data: Secret<[u8; 32]>,
}

async fn make(loaded: &Loaded, ctx: &Ctx, place: &Place) -> Result<Made, CliError> {
    let failed = |what: &str, error: anyhow::Error| CliError::Failed(format!("cannot make {what}"), error.into());
    let keys = Keys { log: Secret::new(ctx.bytes()), seal: Secret::new(ctx.bytes()), data: Secret::new(ctx.bytes()) };
    let mailbox = Arc::new(Mailbox::default());
    let hasher = Hasher::new(THREADS, QUEUE, Peppers::none()).map_err(|e| failed("the password threads", e.into()))?;
    let hasher = Arc::new(hasher);
    let site = Arc::new(site(loaded));
    // First the past, with a clock that is moved by hand, then the present over the same database.
    let shared = Shared { keys: &keys, mailbox: &mailbox, hasher: &hasher, site: &site };
    let (past_ctx, hand) = seed::clock(ctx, SEED);
    let (mut people, cases) = {
        let (flow, worker) = open(loaded, &past_ctx, place, &shared, true).await.map_err(|e| failed("the demo", e))?;
        past(&flow, &worker, &hand, &hasher).await.map_err(|e| failed("the days before today", e.into()))?
    };
    mailbox.clear();
    people.sort_by_key(|ready| ready.somebody.account);
    let (flow, worker) = open(loaded, ctx, place, &shared, false).await.map_err(|e| failed("the demo", e))?;
    let rules = Rules::new(Factors::PasswordOnly, 15).map_err(|e| failed("the rules", e.into()))?;
    let rules = rules.with_words(&ContextWords::new([demo::ORGANIZATION, "keyward", "northwind"]));
    let passwords = NewPasswords::new(rules, Blocklist::built_in(), None, Arc::clone(hasher.pool()));
    let public = &loaded.config.server.public_url;
    let portal = Arc::new(Portal {
        flow,
        site,
        language: Lang::En,
        passwords: Arc::new(passwords),
        host: app::host(public.url()),
        secure: public.url().scheme() == "https",
        trusted: Vec::new(),
    });
    let log_key = worker.signer.verifier().to_string();
    Ok(Made { portal, worker, shown: Arc::new(Shown { people, mailbox }), log_key, cases })
}

fn site(loaded: &Loaded) -> Site {
    app::site(&loaded.config, demo::ORGANIZATION, true)
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

/// Forty people share one computer here, and one person plays them all: starts are limited as far up as the configuration allows.
fn terms(loaded: &Loaded) -> Terms {
    let classes = keyward_core::account::Class::ALL.map(|class| (people::group(class).to_owned(), class));
    Terms {
        classes: Classes { rules: classes.into(), otherwise: None },
        starts: Starts { per_name_hour: 100, per_network_hour: 10_000 },
        ..app::terms(&loaded.config)
    }
}

async fn past(
    flow: &Arc<Flow>,
    worker: &Arc<Worker>,
    hand: &crate::ctx::Hand,
    hasher: &Arc<Hasher>,
) -> Result<(Vec<seed::Ready>, u32), seed::SeedError> {
    let hash = match Password::new(Secret::new(demo::PASSWORD.to_owned())) {
        Ok(password) => hasher.hash(&password, flow.ctx.bytes()).await.unwrap_or_default(),
        Err(_) => String::new(),
    };
    let accounts = seed::accounts(flow, DIRECTORY, &hash).await?;
    let mut people = seed::factors(flow, &accounts).await?;
    let cases = seed::Past { flow, worker, hand }.live(&mut people).await?;
    seed::one_password(flow, &hash).await?;
    Ok((people, cases))
}

/// Where to click, for a person or for a script.
fn say(ctx: &CliContext, loaded: &Loaded, made: &Made, place: &Place) -> Result<(), CliError> {
    let origin = loaded.config.server.public_url.origin();
    let accounts: Vec<serde_json::Value> = made
        .shown
        .people
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
            ("Key of the log", made.log_key.clone()),
            ("Cases so far", made.cases.to_string()),
            ("Database", place.database().display().to_string()),
        ])
        .field("url", serde_json::json!(origin))
        .field("database", serde_json::json!(place.database()))
        .field("log_key", serde_json::json!(made.log_key))
        .field("accounts", serde_json::json!(accounts))
        .text("Press Ctrl+C to end it; everything it made is removed.");
    ctx.print(&report).map(drop)
}
