//! `keyward serve` and `keyward worker`: everything is opened and checked before anything listens; nothing starts half.

use std::{net::SocketAddr, path::Path, sync::Arc};

use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use keyward_core::time::MINUTE_MS;
use tokio::net::TcpListener;

use super::args::{MigrateChoice, ServeArgs, WorkerArgs};
use super::first_start::{self, FirstStart};
use super::{CliContext, CliError, Exit, Report, telemetry, words};
use crate::{
    app::{
        self, clock, letters,
        open::{self, Ground, OpenError},
        serve,
        supervisor::{self, Watched},
    },
    config::{Config, ConfigError, DEFAULT_FILE, Loaded, types::Role},
    flow::{Flow, Setup},
    i18n::Lang,
    jobs::Worker,
    methods::passkey::RelyingParty,
    passwords::{NewPasswords, hash::Hasher, pool::Pool, rules::Rules, words::ContextWords},
    store::Store,
    web::{
        numbers,
        portal::{Portal, Shared},
        setup,
        shell::Site,
    },
};

/// How far this machine may be behind what was written last, perhaps by another: as long as a link lives.
const BEHIND_MS: i64 = 10 * MINUTE_MS;
/// Passwords that may wait for a thread; more are asked to come back.
const QUEUE: usize = 64;

/// Serves pages, does jobs, or both.
pub async fn run(args: ServeArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let first = first_start::find(&args, ctx, Path::new(DEFAULT_FILE))?;
    let Some(first) = first else {
        let loaded = ctx.load(&args.settings())?;
        return with_log(loaded, args.migrate, ctx).await;
    };
    let loaded = ctx.load_from(Some(&first.file), &first_start::settings(&args))?;
    first_start::only_here(&loaded.config)?;
    // Somebody is watching: what they are told is not to be looked for among lines of a log.
    telemetry::to_stderr(&ctx.environment);
    start(loaded, args.migrate, Some(first), ctx).await
}

/// Does jobs.
pub async fn worker(args: WorkerArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let loaded = ctx.load(&args.settings())?;
    with_log(loaded, MigrateChoice::Auto, ctx).await
}

/// The same with the log of operation on standard output.
async fn with_log(loaded: Loaded, migrate: MigrateChoice, ctx: &CliContext) -> Result<Exit, CliError> {
    let traces = telemetry::to_stdout(&ctx.environment)?;
    let done = start(loaded, migrate, None, ctx).await;
    traces.end().await;
    done
}

async fn start(
    loaded: Loaded,
    migrate: MigrateChoice,
    first: Option<FirstStart>,
    ctx: &CliContext,
) -> Result<Exit, CliError> {
    warn(&loaded)?;
    let store = database(&loaded.config, migrate, ctx).await?;
    if migrate == MigrateChoice::Only {
        store.close().await;
        return ctx.print(&Report::new("serve").text("The database is up to date. Nothing was started."));
    }
    go_on_from(&store, ctx).await?;
    store.people_wait();
    let config = &loaded.config;
    let hasher = hasher()?;
    let site = Arc::new(app::site(config, &config.server.organization, false));
    let flow = flow(config, store.clone(), ctx).await?;
    let worker = match config.server.role {
        Role::All | Role::Worker => Some(make_worker(config, &flow, &site, &hasher).await?),
        Role::Web => None,
    };
    let portal = match config.server.role {
        Role::All | Role::Web => Some(make_portal(config, &flow, &site)?),
        Role::Worker => None,
    };
    let front = match portal {
        None => None,
        Some(portal) => Some(Front::open(config, portal).await?),
    };
    let front = match (front, &first) {
        (Some(front), Some(first)) => Some(front.set_up(config, &hasher, first, ctx).await?),
        (front, _) => front,
    };
    listen(config, &flow, front, worker).await?;
    store.close().await;
    Ok(Exit::Ok)
}

/// What works and had better be different is said; what can not work ends it here, all at once.
fn warn(loaded: &Loaded) -> Result<(), CliError> {
    let (problems, warnings) = loaded.check_files();
    for warning in loaded.warnings.iter().chain(&warnings) {
        tracing::warn!(key = warning.key, "{}", warning.what);
    }
    if problems.is_empty() { Ok(()) } else { Err(ConfigError::Wrong(problems).into()) }
}

async fn database(config: &Config, migrate: MigrateChoice, ctx: &CliContext) -> Result<Store, CliError> {
    if migrate == MigrateChoice::Off {
        return Ok(open::open_current_store(config, &ctx.ctx).await?);
    }
    let store = open::open_store(config, &ctx.ctx).await?;
    store.migrate(ctx.ctx.now()).await.map_err(OpenError::from)?;
    Ok(store)
}

/// A clock that was set back while nothing ran would bring back what has run out since (T-I06). Far behind, it is refused; a little, which is how
/// far replicas are apart, time goes on from what the database has seen.
async fn go_on_from(store: &Store, ctx: &CliContext) -> Result<(), CliError> {
    if let Some(by_ms) = clock::apart_ms(store, &ctx.ctx).await.map_err(OpenError::from)? {
        let apart = ClockApart(words::apart(by_ms));
        return Err(failed("the clock of this machine is wrong, or that of the database", apart));
    }
    let Some(seen) = store.latest().await.map_err(OpenError::from)? else { return Ok(()) };
    let behind_ms = seen.since_ms(ctx.ctx.now());
    if behind_ms > BEHIND_MS {
        let behind = ClockBehind(words::span(behind_ms));
        return Err(failed("the clock of this machine is wrong, or was when the database was last used", behind));
    }
    ctx.ctx.not_before(seen);
    Ok(())
}

/// Why nothing was started.
#[derive(Debug, thiserror::Error)]
#[error("it is {0} behind what is in the database; set it by NTP, and see `keyward doctor --only clock`")]
struct ClockBehind(String);

/// Why nothing was started beside others.
#[derive(Debug, thiserror::Error)]
#[error("it is {0} that of the database; set both by NTP")]
struct ClockApart(String);

/// Makes and compares password hashes, with a thread for each core.
pub(super) fn hasher() -> Result<Arc<Hasher>, CliError> {
    let hasher = Hasher::new(threads(), QUEUE);
    hasher.map(Arc::new).map_err(no_threads)
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn no_threads(error: std::io::Error) -> CliError {
    failed("cannot start the threads for passwords", error)
}

fn failed(what: &str, error: impl std::error::Error + Send + Sync + 'static) -> CliError {
    CliError::Failed(what.to_owned(), Box::new(error))
}

async fn flow(config: &Config, store: Store, ctx: &CliContext) -> Result<Arc<Flow>, CliError> {
    let keys = open::data_keys(config)?;
    let (policy, _) = open::policy(config)?;
    let party = RelyingParty::new(config.server.public_url.url(), &config.server.organization);
    let parts = app::FlowParts {
        ctx: ctx.ctx.clone(),
        store,
        policy: Arc::new(policy),
        terms: app::terms(config),
        vault: keys.vault,
        digests: keys.digests,
        seal: open::seal_key(config)?,
        party: party.map_err(|error| failed("cannot offer passkeys", error))?,
    };
    let flow = app::flow(parts).await?;
    open::check_data_key(config, &flow.store, &flow.vault).await?;
    Ok(flow)
}

async fn make_worker(
    config: &Config,
    flow: &Arc<Flow>,
    site: &Arc<Site>,
    hasher: &Arc<Hasher>,
) -> Result<Arc<Worker>, CliError> {
    let ground = Ground {
        store: flow.store.clone(),
        hasher: Arc::clone(hasher),
        ctx: flow.ctx.clone(),
        history: config.passwords.history.size(),
    };
    let signer = open::signer(config)?;
    let memory = open::memory(config);
    // A log that does not continue what was signed is found out before the first request, not at the next signature.
    let checked = flow.store.check_log(signer.verifier(), &memory).await;
    checked.map_err(|error| CliError::unproved("the log can not be continued", error.into()))?;
    let parts = app::WorkerParts {
        directories: open::directories(config, &ground)?,
        open: open::open_key(config)?,
        channel: open::mail(config)?.map(|smtp| Arc::new(smtp) as _),
        letters: Arc::new(letters::Written::new(Arc::clone(site), language(config))),
        signer,
        memory,
    };
    Ok(app::worker(flow, parts))
}

fn language(config: &Config) -> Lang {
    Lang::from_tag(&config.server.default_language.to_string()).unwrap_or(Lang::En)
}

/// The rules for new passwords, with what they compare against, and the threads on which that is done.
pub(super) fn passwords(config: &Config, pool: Arc<Pool>) -> Result<Arc<NewPasswords>, CliError> {
    let min = config.passwords.min_chars.size();
    let rules = Rules::new(min).map_err(|error| failed("the rules for passwords", error))?;
    let max = config.passwords.max_bytes.size();
    let rules = rules.with_max_bytes(max).map_err(|error| failed("the rules for passwords", error))?;
    let words = config.passwords.context_words.iter().map(String::as_str);
    let words = words.chain([config.server.organization.as_str(), "keyward"]);
    let rules = rules.with_words(&ContextWords::new(words));
    let breached = open::breach_list(config)?;
    let passwords = NewPasswords::new(rules, breached, pool);
    Ok(Arc::new(passwords))
}

fn make_portal(config: &Config, flow: &Arc<Flow>, site: &Arc<Site>) -> Result<Arc<Portal>, CliError> {
    // Threads of its own: whoever has a page can have passwords judged, and must not keep the worker from hashing one (T-K02).
    let judging = Pool::new(threads(), QUEUE).map_err(no_threads)?;
    let judging = Arc::new(judging);
    Ok(Arc::new(Portal {
        flow: Arc::clone(flow),
        site: Arc::clone(site),
        language: language(config),
        passwords: passwords(config, judging)?,
        host: app::host(config.server.public_url.url()),
        secure: config.server.public_url.url().scheme() == "https",
        trusted: config.server.trusted_proxies.clone(),
        log_is_public: config.log.public,
    }))
}

/// A listener, and its address: with port 0 the system has chosen one.
pub(super) async fn bound(address: SocketAddr) -> Result<(TcpListener, SocketAddr), CliError> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|error| failed(&format!("cannot listen on {address}"), error))?;
    let address = listener.local_addr().unwrap_or(address);
    Ok((listener, address))
}

/// What answers requests, once it has its place.
struct Front {
    portal: Arc<Portal>,
    place: (TcpListener, SocketAddr),
    /// TLS of its own. A certificate that does not fit its key is found out before anything listens.
    tls: Option<RustlsConfig>,
    /// Routes beside the usual ones.
    more: Router<Shared>,
}

impl Front {
    async fn open(config: &Config, portal: Arc<Portal>) -> Result<Self, CliError> {
        let tls = match (&config.server.tls_cert_file, &config.server.tls_key_file) {
            (Some(chain), Some(key)) => Some(
                serve::tls(chain, key)
                    .await
                    .map_err(|error| failed("the certificate and its key can not be used", error))?,
            ),
            _ => None,
        };
        Ok(Self { portal, place: bound(config.server.listen).await?, tls, more: Router::new() })
    }

    /// With the page of a first start; says where that is, now that nobody else can have the place.
    async fn set_up(
        self,
        config: &Config,
        hasher: &Arc<Hasher>,
        first: &FirstStart,
        ctx: &CliContext,
    ) -> Result<Self, CliError> {
        let setup = Arc::new(Setup::new(Arc::clone(&self.portal.flow), Arc::clone(hasher)));
        let code = setup.hand_out().await.map_err(|error| failed("there is no set-up code", error))?;
        ctx.print(&first_start::report(config, first, code.as_ref()))?;
        Ok(Self { more: setup::routes(setup), ..self })
    }
}

async fn listen(
    config: &Config,
    flow: &Arc<Flow>,
    front: Option<Front>,
    worker: Option<Arc<Worker>>,
) -> Result<(), CliError> {
    let numbers = match config.server.metrics_listen {
        Some(address) => Some(bound(address).await?),
        None => None,
    };
    serve::take_all_files();
    // Everything listens; from here on the others may come.
    let stop = serve::stop_on_signal();
    let timing = tokio::spawn(clock::watch(flow.store.clone(), flow.ctx.clone(), stop.clone()));
    let counting = numbers.map(|(listener, address)| {
        tracing::info!(%address, "giving out numbers");
        tokio::spawn(serve::pages(listener, numbers::router(Arc::clone(flow)), stop.clone()))
    });
    let working = worker.clone().map(|worker| tokio::spawn(serve::jobs(worker, stop.clone())));
    let pages = front.map(|front| (serve::router(&front.portal, front.more), front.place, front.portal, front.tls));
    let watched = Watched { pages: pages.as_ref().map(|(router, ..)| router.clone()), worker };
    let watching = tokio::spawn(supervisor::watch(watched, stop.clone()));
    let served = match pages {
        None => {
            tracing::info!("doing jobs");
            stop.cancelled().await;
            Ok(())
        }
        Some((router, (listener, address), portal, tls)) => {
            tracing::info!(%address, url = portal.site.public_url, "serving");
            match tls {
                Some(tls) => serve::pages_over_tls(listener, router, tls, stop.clone()).await,
                None => serve::pages(listener, router, stop.clone()).await,
            }
        }
    };
    stop.cancel();
    drop((watching.await, timing.await));
    if let Some(counting) = counting {
        drop(counting.await);
    }
    if let Some(working) = working {
        drop(working.await);
    }
    served.map_err(|error| failed("the server ended", error))
}
