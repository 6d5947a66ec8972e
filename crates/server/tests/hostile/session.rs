//! T-E and T-F: what a browser holds while it recovers an account, and what lives on afterwards. In one process, because moments matter.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use axum::http::{Method as Verb, StatusCode};
use keyward::{
    app::{self, WorkerParts, letters::Written, serve},
    connectors::{
        Account, AccountName, Applied, AttemptFacts, Capabilities, ConnectorError, Directory, Found, NewPassword,
        SignIn,
    },
    i18n::Lang,
    jobs::{Work, Worker},
    passwords::{NewPasswords, pool::Pool, rules::Rules},
    seal::OpenKey,
    store::{jobs::NewJob, sign::Memory},
    token::Token,
    web::portal::Portal,
};
use keyward_core::{
    account::{AccountRef, Method},
    log::note::Signer,
    secret::{Secret, SecretText},
    steps::reissue::Permit,
    time::{DAY_MS, MINUTE_MS, Timestamp},
};
use tokio::sync::Semaphore;

use crate::{
    support::rounds,
    surface::paths,
    world::{Browser, FIRST, Page, Person, World},
};

const NEW: &str = "copper violin harvest 71";
const SESSION: &str = "__Host-kw-session";

/// Chooses a new password on the page that asks for it.
async fn choose(world: &World, browser: &mut Browser, page: &Page, new: &str) -> Page {
    let working = browser.fill(page, &[("new-password", new)]).await;
    world.done(browser, &working).await
}

#[tokio::test]
async fn t_e05_two_cases_in_one_browser_never_mix() {
    let world = World::new().await;
    let (mike, evil) = (world.somebody("mike").await, world.somebody("evil").await);
    let mut browser = world.browser();
    let theirs = world.proved(&mut browser, &evil).await;
    // The case of the other account begins in the same browser, before, between and after the steps of one's own.
    let how = world.forgot(&mut browser, &mike.name).await;
    let (own, other) = (theirs.reference(), how.reference());
    for path in ["new", "new/password", "working", "done"] {
        let page = browser.get(&format!("/recover/{other}/{path}")).await;
        assert!(page.path.ends_with("/how"), "{path}: {page:?}");
    }
    let sent = browser.post(&format!("/recover/{other}/new/password"), &[("new-password", NEW)]).await;
    assert!(sent.path.ends_with("/how"), "{sent:?}");
    // The cookie of one case under the name of the other, and the other way round.
    let (own_name, other_name) = (format!("__Host-kw-case-{own}"), format!("__Host-kw-case-{other}"));
    let mut swapped = browser.clone();
    let (one, two) = (browser.cookies[&own_name].clone(), browser.cookies[&other_name].clone());
    swapped.cookies.insert(own_name, two);
    swapped.cookies.insert(other_name, one);
    for reference in [&own, &other] {
        let sent = swapped.post(&format!("/recover/{reference}/new/password"), &[("new-password", NEW)]).await;
        assert_eq!(sent.status, StatusCode::NOT_FOUND, "{sent:?}");
    }
    choose(&world, &mut browser, &theirs, NEW).await;
    assert!(world.signs_in(&evil, NEW).await, "what one proved is one's own");
    assert!(world.signs_in(&mike, FIRST).await, "and nothing else");
    world.end().await;
}

#[tokio::test]
async fn t_f01_t_f02_every_session_is_dead_in_the_moment_of_the_change_and_t_f06_nobody_is_signed_in_by_it() {
    let rounds = rounds(4, 60);
    let (mut dead, mut asked) = (0, 0);
    for round in 0..rounds {
        let world = World::new().await;
        let ada = world.somebody("ada").await;
        let mut old = Vec::new();
        for number in 0..3 {
            let mut browser = world.signed_in(&ada, FIRST).await;
            browser.address = [198, 51, 100, number].into();
            old.push(browser);
        }
        let mut browser = world.browser();
        let password = world.proved(&mut browser, &ada).await;
        let working = browser.fill(&password, &[("new-password", NEW)]).await;
        // The old browsers ask all the time while the worker makes the change. None is answered after the case says that it is made.
        let over = Arc::new(AtomicBool::new(false));
        let asking = old.iter().cloned().map(|mut browser| {
            let over = Arc::clone(&over);
            tokio::spawn(async move {
                let mut answers = 0;
                while !over.load(Ordering::SeqCst) {
                    answers += usize::from(browser.get("/me").await.path == "/me");
                    tokio::task::yield_now().await;
                }
                answers
            })
        });
        let asking: Vec<_> = asking.collect();
        world.work().await;
        assert_eq!(browser.get(&working.path).await.heading(), "Reset your password You are back in", "round {round}");
        for browser in &mut old {
            asked += 1;
            dead += usize::from(browser.ask(Verb::GET, "/me", String::new()).await.status == StatusCode::SEE_OTHER);
        }
        over.store(true, Ordering::SeqCst);
        for one in asking {
            one.await.unwrap();
        }
        assert!(!browser.cookies.contains_key(SESSION), "T-F06");
        assert_eq!(browser.get("/me").await.path, "/sign-in", "T-F06");
        let file = rusqlite::Connection::open(world.dir.path().join("keyward.db")).unwrap();
        let sessions = "SELECT EXISTS (SELECT 1 FROM tokens WHERE purpose = 'sign_in' AND person_id = $1)";
        let is_any: bool = file.query_row(sessions, [ada.id.to_string()], |row| row.get(0)).unwrap();
        assert!(!is_any, "round {round}");
    }
    assert_eq!(dead, asked, "every cookie, every time");
    println!("FIGURE F02: {asked} old cookies shown at once after {rounds} changes, {dead} of them dead");
}

/// A directory that keeps its answer to a sign-in back until it is let go.
#[derive(Debug)]
struct Slow {
    inner: Arc<dyn Directory>,
    answered: Arc<Semaphore>,
    go: Arc<Semaphore>,
}

#[async_trait]
impl Directory for Slow {
    fn name(&self) -> &str {
        self.inner.name()
    }
    async fn probe(&self) -> Result<Capabilities, ConnectorError> {
        self.inner.probe().await
    }
    async fn find(&self, name: &AccountName, at: Timestamp) -> Result<Found, ConnectorError> {
        self.inner.find(name, at).await
    }
    async fn read(&self, id: &str, at: Timestamp) -> Result<Option<Account>, ConnectorError> {
        self.inner.read(id, at).await
    }
    async fn authenticate(&self, id: &str, password: &SecretText, at: Timestamp) -> Result<SignIn, ConnectorError> {
        let answer = self.inner.authenticate(id, password, at).await;
        self.answered.add_permits(1);
        self.go.acquire().await.unwrap().forget();
        answer
    }
    async fn set_password(&self, permit: Permit, password: NewPassword<'_>) -> Applied {
        self.inner.set_password(permit, password).await
    }
    async fn unlock(&self, permit: Permit, at: Timestamp) -> Applied {
        self.inner.unlock(permit, at).await
    }
    async fn look(&self, account: &AccountRef, attempt: AttemptFacts<'_>) -> Applied {
        self.inner.look(account, attempt).await
    }
}

/// A second worker of the same installation, whose directory answers a sign-in when it is told to.
fn slow_worker(world: &World) -> (Arc<Worker>, Arc<Semaphore>, Arc<Semaphore>) {
    let (answered, go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let inner = Arc::clone(&world.directory);
    let slow = Slow { inner, answered: Arc::clone(&answered), go: Arc::clone(&go) };
    let parts = WorkerParts {
        directories: vec![Arc::new(slow)],
        open: OpenKey::new(&Secret::new([1; 32])).unwrap(),
        channel: Some(world.mailbox.clone()),
        letters: Arc::new(Written::new(world.portal.site.clone(), Lang::En)),
        signer: Signer::from_seed("reset.northwind.test", &Secret::new([3; 32])).unwrap(),
        memory: Memory::new(world.dir.path().join("checkpoint")),
    };
    (app::worker(&world.flow, parts), answered, go)
}

/// What comes between the directory's yes and the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    NewPassword,
    NotMe,
    SignOutEverywhere,
}

#[tokio::test]
async fn t_e07_a_password_that_was_right_a_moment_before_the_change_opens_nothing_after_it() {
    for meanwhile in [Meanwhile::Nothing, Meanwhile::NewPassword, Meanwhile::NotMe, Meanwhile::SignOutEverywhere] {
        let world = World::new().await;
        let ada = world.somebody("ada").await;
        let mut signed_in = world.signed_in(&ada, FIRST).await;
        let mut owner = world.browser();
        let password = world.proved(&mut owner, &ada).await;
        world.work().await;
        let link = world.mailbox.newest(&ada.mail).link("/not-me/");
        let (slow, answered, go) = slow_worker(&world);
        let mut thief = world.browser();
        let form = thief.get("/sign-in").await;
        let wait = thief.fill(&form, &[("name", &ada.name), ("password", FIRST)]).await;
        let trying = tokio::spawn(async move { slow.run_due().await });
        answered.acquire().await.unwrap().forget();
        match meanwhile {
            Meanwhile::Nothing => {}
            Meanwhile::NewPassword => {
                choose(&world, &mut owner, &password, NEW).await;
                assert!(world.signs_in(&ada, NEW).await);
            }
            Meanwhile::NotMe => {
                let page = owner.get(&link).await;
                owner.fill(&page, &[]).await;
            }
            Meanwhile::SignOutEverywhere => {
                let key = Token::parse(&signed_in.cookies[SESSION]).unwrap();
                let present = world.flow.signed_in(&key).await.unwrap().unwrap();
                world.flow.sign_out_everywhere(&present).await.unwrap();
            }
        }
        go.add_permits(9);
        trying.await.unwrap();
        let ends = thief.get(&wait.path).await.path;
        let (expected, alive) =
            if meanwhile == Meanwhile::Nothing { ("/me", "/me") } else { ("/sign-in/wait", "/sign-in") };
        assert_eq!(ends, expected, "{meanwhile:?}");
        assert_eq!(thief.get("/me").await.path, alive, "{meanwhile:?}");
        assert_eq!(signed_in.get("/me").await.path, alive, "{meanwhile:?}");
        world.end().await;
    }
}

#[tokio::test]
async fn t_f04_a_planted_cookie_is_never_what_a_session_or_a_case_becomes() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    // A key that the thief knows, under every name that a cookie of ours has before anything began.
    let known = Token::new([9; 32]).reveal().expose().clone();
    let mut victim = world.browser();
    for name in ["session", "sign-in", "link", "not-me", "device"] {
        victim.cookies.insert(format!("__Host-kw-{name}"), known.clone());
    }
    let mut thief = victim.clone();
    world.sign_in(&mut victim, &ada, FIRST).await;
    assert_eq!(victim.get("/me").await.path, "/me");
    let password = world.proved(&mut victim, &ada).await;
    choose(&world, &mut victim, &password, NEW).await;
    let reference = password.reference();
    thief.cookies.insert(format!("__Host-kw-case-{reference}"), known.clone());
    assert!(
        victim
            .cookies
            .iter()
            .all(|(name, value)| !(name.contains("session") || name.contains("case")) || *value != known)
    );
    assert_eq!(thief.get("/me").await.path, "/sign-in");
    assert_eq!(thief.get(&format!("/recover/{reference}/done")).await.status, StatusCode::NOT_FOUND);
    // A case that the thief began for somebody whose password is known: its link, opened by the owner, proves nothing to the thief.
    let eve = world.somebody("eve").await;
    let mut thief = world.signed_in(&eve, FIRST).await;
    let how = world.begin(&mut thief, "/me/app/add").await;
    thief.fill(&how, &[("way", "email")]).await;
    world.work().await;
    let letters = world.mailbox.take(&eve.mail);
    let letter = letters.iter().find(|letter| letter.text.contains("/l/")).expect("a letter with a link");
    let mut owner = world.browser();
    let landing = owner.get(&letter.link("/l/")).await;
    assert_eq!(landing.status, StatusCode::GONE, "only the browser that asked can use it: {}", landing.html);
    assert_eq!(owner.post(&landing.path, &[]).await.status, StatusCode::GONE);
    assert!(thief.get(&how.path).await.path.ends_with("/how"), "nothing was shown");
    world.end().await;
}

/// A path with a case in it, and any other name filled in.
fn filled(path: &str, reference: &str) -> String {
    let path = path.replace("{case}", reference).replace("{reference}", reference);
    path.replace("{factor}", "factor_00000000000000000000000000").replace(['{', '}', '*'], "")
}

#[tokio::test]
async fn t_f05_a_browser_that_recovers_an_account_can_do_that_and_nothing_else() {
    let world = World::new().await;
    let (ada, eve) = (world.somebody("ada").await, world.somebody("eve").await);
    let mut browser = world.browser();
    let password = world.proved(&mut browser, &ada).await;
    let mut other = world.browser();
    let theirs = world.proved(&mut other, &eve).await.reference();
    let cases = world.flow.store.cases(&Default::default(), None, 99).await.unwrap().len();
    let factors = world.flow.store.factors(ada.id).await.unwrap();
    let mut refused = BTreeSet::new();
    for path in paths() {
        let mine = path.starts_with("/me");
        let case = path.starts_with("/recover/{case}");
        if !mine && !case {
            continue;
        }
        for verb in [Verb::GET, Verb::POST] {
            let page = browser.ask(verb.clone(), &filled(&path, &theirs), "code=1&new-password=x".to_owned()).await;
            let to_sign_in =
                page.headers.get("location").is_some_and(|to| to.to_str().unwrap().starts_with("/sign-in"));
            let well = to_sign_in || matches!(page.status.as_u16(), 404 | 405);
            assert!(well && (!case || !to_sign_in), "{verb} {path}: {page:?}");
            refused.insert(path.clone());
        }
    }
    assert!(refused.len() > 30, "{refused:?}");
    // With one's own case: the pages that bind or remove something are pages of another case.
    for path in ["bind", "bind/again", "codes", "codes/replace", "begin"] {
        for verb in [Verb::GET, Verb::POST] {
            let page =
                browser.ask(verb.clone(), &format!("/recover/{}/{path}", password.reference()), String::new()).await;
            assert_ne!(page.status, StatusCode::OK, "{verb} {path}: {}", page.html);
        }
    }
    assert_eq!(world.flow.store.cases(&Default::default(), None, 99).await.unwrap().len(), cases, "no case was opened");
    assert_eq!(world.flow.store.factors(ada.id).await.unwrap(), factors, "no way back in was bound or ended");
    the_key_of_a_case_is_no_session(&world, &browser, &password, &theirs).await;
    assert!(choose(&world, &mut browser, &password, NEW).await.says("You are back in"));
    world.end().await;
}

/// The same key at the other door, where every operation is in the description.
async fn the_key_of_a_case_is_no_session(world: &World, browser: &Browser, password: &Page, theirs: &str) {
    use tower::ServiceExt as _;
    let key = &browser.cookies[&format!("__Host-kw-case-{}", password.reference())];
    let (mut sessions, mut cases) = (0, 0);
    for (path, operations) in keyward::api::description()["paths"].as_object().unwrap() {
        for (verb, operation) in operations.as_object().unwrap() {
            let security = operation["security"].to_string();
            let required = !security.contains("{}");
            if !required || !(security.contains("session_key") || security.contains("case_key")) {
                continue;
            }
            let request = axum::http::Request::builder().method(verb.to_uppercase().as_str()).uri(filled(path, theirs));
            let request = request.header("host", "reset.northwind.test").header("content-type", "application/json");
            let request = request.header("authorization", format!("Bearer {key}"));
            let request = request.header("idempotency-key", format!("{:a<20}", verb)).header("if-match", "*");
            let answer =
                world.router.clone().oneshot(request.body(axum::body::Body::from("{}")).unwrap()).await.unwrap();
            let status = answer.status().as_u16();
            if security.contains("session_key") {
                sessions += 1;
                assert!(matches!(status, 400 | 401 | 404 | 422), "{verb} {path}: {status}");
            } else {
                cases += 1;
                assert!(matches!(status, 400 | 404 | 422), "{verb} {path}: {status}");
            }
        }
    }
    assert!(sessions > 5 && cases > 10, "{sessions} {cases}");
}

#[tokio::test]
async fn t_f07_a_new_password_takes_no_other_way_back_in_away() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.browser();
    let password = world.proved(&mut browser, &ada).await;
    let living = async |person: &Person| {
        let mut all = Vec::new();
        for method in [Method::Totp, Method::RecoveryCode, Method::Email, Method::Passkey] {
            let factors = world.living(person, method).await;
            all.extend(factors.into_iter().map(|factor| (method.word(), factor.id, factor.label, factor.usable_from)));
        }
        all
    };
    let before = living(&ada).await;
    assert!(before.len() >= 3, "{before:?}");
    choose(&world, &mut browser, &password, NEW).await;
    assert_eq!(living(&ada).await, before, "nothing is un-enrolled, nothing new");
    // The password alone still proves nothing where something stronger is set up.
    world.hand.pass_ms(20 * MINUTE_MS);
    let mut again = world.signed_in(&ada, NEW).await;
    let page = world.begin(&mut again, "/me/password").await;
    assert!(page.path.ends_with("/how"), "it is asked for: {}", page.html);
    world.end().await;
}

/// How long the file of a database is after so many starts, each from a network of its own: what limits there are do not help here.
async fn flooded(rounds: usize) -> (World, u64) {
    let world = World::new().await;
    for number in 0..rounds {
        let mut browser = world.browser();
        let (high, low) = (u8::try_from(number / 250).unwrap(), u8::try_from(number % 250).unwrap());
        browser.address = [10, high, low, 1].into();
        let how = browser.post("/recover", &[("name", &format!("absent-{number}")), ("for", "forgot")]).await;
        assert!(how.path.ends_with("/how"), "{how:?}");
    }
    world.work().await;
    (world, u64::try_from(rounds).unwrap())
}

#[tokio::test]
async fn t_k10_a_flood_of_names_that_nobody_has_leaves_its_entries_and_nothing_that_waits() {
    let (world, rounds) = flooded(rounds(150, 2_000)).await;
    assert!(world.store().job_counts().await.unwrap().is_empty(), "nothing waits for a person or a worker");
    assert_eq!(world.mailbox.unread(), 0, "nobody is written to");
    // A month later the names, networks and browsers that were typed are gone, and so is everything that opened something.
    world.hand.pass_ms(31 * DAY_MS);
    for _ in 0..=rounds / 200 {
        let at = world.ctx.now();
        world.store().put_job(&Work::Expire.job(&world.ctx, at, at)).await.unwrap();
        world.work().await;
    }
    for row in world.store().cases(&Default::default(), None, 5_000).await.unwrap() {
        assert!(row.held_until.is_none() && row.deadline.is_none(), "{:?} waits for something", row.state);
        assert!(world.store().values_of_case(row.id).await.unwrap().is_empty(), "a personal value is kept");
    }
    assert!(world.store().job_counts().await.unwrap().is_empty());
    let entries = world.store().log_head().await.unwrap().tree.size();
    assert!(entries <= 3 * rounds, "{entries} entries");
    world.store().close().await;
    let file = std::fs::metadata(world.dir.path().join("keyward.db")).unwrap().len();
    let (empty, _) = flooded(0).await;
    empty.store().close().await;
    let grown = file - std::fs::metadata(empty.dir.path().join("keyward.db")).unwrap().len();
    println!(
        "FIGURE K10: {rounds} starts for absent names left {entries} entries, and a database {} bytes longer for each",
        grown / rounds
    );
}

#[tokio::test]
async fn p23_a_sign_in_that_would_wait_too_long_is_answered_503_with_the_time_to_come_back_and_costs_no_try() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let at = world.ctx.now();
    // As many as may wait, and due when the directory is back.
    for _ in 0..256 {
        let (id, due, payload) = (world.ctx.id(at), at.plus_ms(MINUTE_MS), b"none".to_vec());
        let job = NewJob { id, kind: "sign_in", case: None, only_one: None, payload, due, max_tries: 1, created: at };
        world.store().put_job(&job).await.unwrap();
    }
    let mut browser = world.browser();
    let fields = [("name", ada.name.as_str()), ("password", FIRST)];
    for _ in 0..9 {
        let full = browser.post("/sign-in", &fields).await;
        assert_eq!(full.status, StatusCode::SERVICE_UNAVAILABLE, "{}", full.html);
        assert!(full.headers.contains_key("retry-after"));
        assert!(full.headers.get("set-cookie").is_none());
    }
    // Somebody who forgot a password does not wait behind them.
    let mut other = world.browser();
    let password = world.proved(&mut other, &ada).await;
    assert!(password.path.ends_with("/new/password"), "{password:?}");
    world.hand.pass_ms(2 * MINUTE_MS);
    world.work().await;
    assert_eq!(world.sign_in(&mut browser, &ada, FIRST).await.path, "/me", "the nine were not counted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p23_a_password_that_nobody_can_judge_now_is_answered_503_with_the_time_to_come_back_and_is_not_lost() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    // One thread, and one place before it; both are taken until they are let go.
    let pool = Arc::new(Pool::new(1, 1).unwrap());
    let rules = Rules::new(15).unwrap();
    let passwords = Arc::new(NewPasswords::new(rules, None, Arc::clone(&pool)));
    let (flow, site) = (Arc::clone(&world.portal.flow), world.portal.site.clone());
    let (language, host, secure) = (Lang::En, world.portal.host.clone(), true);
    let portal =
        Arc::new(Portal { flow, site, language, passwords, host, secure, trusted: Vec::new(), log_is_public: true });
    let mut browser = Browser::new(serve::router(&portal, axum::Router::new()));
    let page = world.proved(&mut browser, &ada).await;
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (begun, has_begun) = std::sync::mpsc::channel();
    let running = Arc::clone(&pool);
    let running = tokio::spawn(async move {
        let work = move || begun.send(()).is_ok() && wait.recv().is_ok();
        running.run(work).await.unwrap();
    });
    has_begun.recv().unwrap();
    let mut waiting = Box::pin(pool.run(|| ()));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    for path in [page.path.clone(), format!("{}/check", page.path)] {
        for _ in 0..20 {
            let full = browser.post(&path, &[("new-password", NEW)]).await;
            assert_eq!(full.status, StatusCode::SERVICE_UNAVAILABLE, "{}", full.html);
            assert!(full.headers.contains_key("retry-after"));
        }
    }
    // Opening a case needs no thread of these.
    assert!(browser.get("/recover?for=forgot").await.status.is_success());
    drop(go);
    running.await.unwrap();
    waiting.await.unwrap();
    let done = choose(&world, &mut browser, &page, NEW).await;
    assert!(done.says("You are back in"), "{}", done.html);
    assert!(world.signs_in(&ada, NEW).await);
    world.end().await;
}
