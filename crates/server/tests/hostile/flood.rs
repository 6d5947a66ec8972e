//! T-K: what costs the sender little and must not cost the server more. Each flood is counted and stays on this machine; how long something takes is
//! asserted nowhere. How much memory the process has is asked of the system, and that is a bound.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::{
    house::{House, prove, sign_in},
    process::until,
    support::rounds,
    wire::{Answer, Request, connect, raw, rest},
};

/// What argon2 takes for one password, in KiB (`passwords/hash.rs`).
const ARGON2_KIB: u64 = 19 * 1024;

fn is_well(house: &House) {
    for path in ["/healthz", "/", "/recover?for=forgot"] {
        assert_eq!(Request::new(&format!("GET {path}")).ask(house.at).status, 200, "{path}");
    }
}

/// A request that is too much of something.
fn oversized() -> Vec<(&'static str, Vec<u8>)> {
    let get = |more: &str| {
        format!("GET / HTTP/1.1\r\nhost: reset.northwind.test\r\nconnection: close\r\n{more}\r\n").into_bytes()
    };
    let many = |count: usize| (0..count).map(|number| format!("x-{number}: a\r\n")).collect::<String>();
    let page = |length: &str, body: &[u8]| {
        let form = Request::page("/recover").with("content-type", "application/x-www-form-urlencoded");
        let (name, value) = length.split_once(": ").unwrap();
        [&form.with(name, value).wire()[..], body].concat()
    };
    let fields: String = (0..10_000).map(|number| format!("f{number}=1&")).collect();
    let chunk = [&b"10000\r\n"[..], &[b'a'; 0x10000], b"\r\n"].concat();
    vec![
        ("a hundred megabytes", page("content-length: 104857600", &vec![b'a'; 1 << 20])),
        ("a hundred megabytes for a page that takes none", get("content-length: 104857600\r\n")),
        (
            "a hundred megabytes of JSON",
            Request::new("POST /api/v1/cases")
                .with("content-type", "application/json")
                .with("content-length", "104857600")
                .wire(),
        ),
        ("a length that no number has", page("content-length: 99999999999999999999999", b"")),
        ("two lengths", page("content-length: 3\r\ncontent-length: 4", b"a=b")),
        ("ten thousand headers", get(&many(10_000))),
        ("a header of a megabyte", get(&format!("x-long: {}\r\n", "a".repeat(1 << 20)))),
        (
            "a line of a megabyte",
            format!("GET /{} HTTP/1.1\r\nhost: reset.northwind.test\r\n\r\n", "a".repeat(1 << 20)).into_bytes(),
        ),
        ("a cookie of a megabyte", get(&format!("cookie: a={}\r\n", "a".repeat(1 << 20)))),
        ("ten thousand fields", Request::bytes("/recover", fields.as_bytes()).wire()),
        ("ten thousand fields more than fit", Request::bytes("/recover", fields.repeat(4).as_bytes()).wire()),
        ("chunks without an end", page("transfer-encoding: chunked", &chunk.repeat(64))),
        ("a chunk of all there is", page("transfer-encoding: chunked", b"fffffffffffffffff\r\na")),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_k04_what_is_too_much_is_refused_early_and_nothing_of_it_is_kept() {
    let house = House::new().await;
    is_well(&house);
    let before = house.memory();
    for round in 0..rounds(2, 20) {
        for (what, bytes) in oversized() {
            let answer = raw(house.at, &bytes);
            let refused = answer.as_ref().is_none_or(|answer| matches!(answer.status, 400 | 413 | 414 | 431));
            assert!(refused, "{round}: {what}: {answer:?}");
        }
    }
    is_well(&house);
    let grown = house.memory().saturating_sub(before);
    assert!(grown < 24 * 1024, "{grown} KiB more");
    println!("FIGURE K04: {grown} KiB more memory after the oversized requests");
}

/// Connections on which as little as possible is sent, and what it is.
fn trickling(house: &House, count: usize) -> Vec<(TcpStream, &'static [u8], usize)> {
    let post = Request::page("/recover")
        .with("content-type", "application/x-www-form-urlencoded")
        .with("content-length", "1000");
    let open = |number: usize| {
        let (first, then): (Vec<u8>, &'static [u8]) = match number % 3 {
            0 => (b"GET / HTTP/1.1\r\nhost: reset.northwind.test\r\nx-slow: ".to_vec(), b"a"),
            1 => (post.wire(), b"a"),
            _ => (Vec::new(), b""),
        };
        let mut wire = connect(house.at);
        wire.write_all(&first).unwrap();
        wire.set_nonblocking(true).unwrap();
        (wire, then, number % 3)
    };
    (0..count).map(open).collect()
}

/// Whether the other side has closed, or has answered and will.
fn is_over(wire: &TcpStream) -> bool {
    let mut byte = [0];
    match wire.peek(&mut byte) {
        Ok(_) => true,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_k03_slow_clients_lose_their_places_and_keep_nobody_else_from_one() {
    let mut house = House::empty(&[], &[]).await;
    // With fewer files at first than there are slow clients.
    house.start(|call| call.few_files(200));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", house.id())).unwrap();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let files: Vec<&str> = files.split_whitespace().collect();
    assert_eq!(files[0], files[1], "it takes all that it may have");
    let count = rounds(360, 900);
    let mut slow = trickling(&house, count);
    is_well(&house);
    let mut ended: BTreeMap<usize, usize> = BTreeMap::new();
    until("every slow client has lost its place", || {
        slow.retain_mut(|(wire, then, kind)| {
            let over = is_over(wire) || (!then.is_empty() && wire.write_all(then).is_err());
            if over && *kind == 1 {
                wire.set_nonblocking(false).unwrap();
                let answer = Answer::read(&rest(wire)).expect("who sends a form slowly is told so");
                assert!(answer.status == 503 && answer.header("retry-after").is_some(), "{answer:?}");
            }
            if over {
                *ended.entry(*kind).or_default() += 1;
            }
            !over
        });
        // Somebody else is answered all the while, on a connection of their own.
        assert_eq!(Request::new("GET /healthz").ask(house.at).status, 200);
        slow.is_empty().then_some(())
    });
    is_well(&house);
    println!("FIGURE K03: {count} slow connections at once, {ended:?} ended by the server (heads, bodies, idle)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_k01_a_long_password_is_refused_before_anything_is_hashed() {
    let house = House::new().await;
    let kai = house.somebody("kai").await;
    let mut browser = house.browser();
    let page = prove(&mut browser, &kai).await;
    let before = house.memory();
    let long = |count: usize| "x".repeat(count);
    // The page for a new one: 1,024 bytes may be, one more may not.
    for (count, status) in [(1_025, 422), (100_000, 422)] {
        let answer = browser.ask(axum::http::Method::POST, &page.path, format!("new-password={}", long(count))).await;
        assert_eq!(answer.status.as_u16(), status, "{count}: {}", answer.html);
        assert!(answer.says("Password must be"), "{count}: {}", answer.html);
    }
    // The sign-in: nothing is tried, counted or queued.
    for (number, count) in [4_097, 100_000, 1 << 20].into_iter().enumerate() {
        let request = Request::form("/sign-in", &[("name", "kai"), ("password", &long(count))]);
        let answer = request.from(&format!("10.1.{number}.1")).ask(house.at);
        assert!(matches!(answer.status, 413 | 422), "{count}: {answer:?}");
        assert!(answer.status == 422 || answer.body.contains("That was too long"), "{count}: {answer:?}");
        let body = format!(r#"{{"name":"kai","password":"{}"}}"#, long(count));
        let request = Request::json("POST /api/v1/sign-in", body.as_bytes()).from(&format!("10.2.{number}.1"));
        let answer = raw(house.at, &request.wire()).unwrap();
        assert!(matches!(answer.status, 413 | 422), "{count}: {answer:?}");
    }
    let to = house.at;
    let many: Vec<_> = (0..rounds(100, 200))
        .map(|number| {
            let request = Request::form("/sign-in", &[("name", "kai"), ("password", &long(1 << 20))]);
            let request = request.from(&format!("10.3.{number}.1"));
            thread::spawn(move || raw(to, &request.wire()).is_none_or(|answer| answer.status == 413))
        })
        .collect();
    assert!(many.into_iter().all(|one| one.join().unwrap()), "each is refused");
    let inside = house.inside().await;
    assert_eq!(inside.flow.store.backlog("sign_in").await.unwrap(), 0);
    inside.flow.store.close().await;
    let grown = house.memory().saturating_sub(before);
    assert!(grown < ARGON2_KIB, "{grown} KiB more");
    println!("FIGURE K01: {grown} KiB more memory after passwords of up to a megabyte, 100 of them at once");
}

/// What the storm was answered, by status; whoever is asked to come back is told when.
fn counted(answers: Vec<Option<Answer>>) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        let answer = answer.expect("an answer");
        assert!(answer.status != 503 || answer.header("retry-after").is_some(), "{answer:?}");
        *counts.entry(answer.status).or_default() += 1;
    }
    counts
}

/// So many connections that have passwords judged, and 64 people who sign in, each of which costs the worker a slow hash. Gives the most memory
/// there was, and how it was answered.
async fn storm(
    house: &House,
    (path, cookie): (&str, &str),
    connections: usize,
    round: usize,
) -> (u64, usize, BTreeMap<u16, usize>) {
    let checks = (0..connections).map(|number| {
        let typed = format!("correct horse battery staple {number} mushroom velvet");
        Request::form(path, &[("new-password", &typed)]).with("cookie", cookie)
    });
    let tries = (0..64).map(|number| {
        let name = format!("nobody-{round}-{number}");
        let request = Request::form("/sign-in", &[("name", &name), ("password", "three blue kettles sing")]);
        request.from(&format!("10.{}.{number}.1", 100 + round))
    });
    let over = Arc::new(AtomicBool::new(false));
    let watching = watch(house, &over);
    let sent: Vec<_> = checks
        .chain(tries)
        .map(|request| {
            let to = house.at;
            tokio::spawn(async move { [crate::wire::ask(to, &request).await, crate::wire::ask(to, &request).await] })
        })
        .collect();
    let mut answers = Vec::new();
    for one in sent {
        answers.extend(one.await.unwrap());
    }
    // The sign-ins wait in the worker's queue; they are part of the storm.
    let inside = house.inside().await;
    crate::process::eventually("every sign-in is tried", async || {
        (inside.flow.store.backlog("sign_in").await.unwrap() == 0).then_some(())
    })
    .await;
    inside.flow.store.close().await;
    over.store(true, Ordering::SeqCst);
    let counts = counted(answers);
    assert!(counts.keys().all(|status| matches!(status, 200 | 303 | 503)), "{counts:?}");
    assert!(counts[&200] > 0 && counts[&303] > 0, "{counts:?}");
    let (peak, opened) = watching.join().unwrap();
    (peak, opened, counts)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p10_t_k02_a_storm_of_passwords_takes_a_bounded_amount_of_memory_and_stops_nobody() {
    let house = House::new().await;
    let kai = house.somebody("kai").await;
    let mut browser = house.browser();
    let page = prove(&mut browser, &kai).await;
    is_well(&house);
    let (path, cookie) = (format!("{}/check", page.path), browser.cookie());
    let idle = house.memory();
    let threads = u64::try_from(thread::available_parallelism().unwrap().get()).unwrap();
    for (round, connections) in [64, 500].into_iter().cycle().take(rounds(2, 8)).enumerate() {
        let (peak, opened, counts) = storm(&house, (&path, &cookie), connections, round).await;
        // Beyond the 64 of P10, each connection may have what `app/serve.rs` reads ahead for it.
        let more = u64::try_from(connections - 64).unwrap() * 64;
        let bound = (idle + threads * ARGON2_KIB) * 13 / 10 + more;
        assert!(peak <= bound, "{peak} KiB, {idle} KiB idle, {bound} KiB allowed for {connections} connections");
        println!(
            "FIGURE P10: {connections} connections: {idle} KiB idle, {peak} KiB at the peak, {bound} KiB allowed; answers {counts:?}; {opened} cases opened meanwhile"
        );
    }
    // After it everything works.
    let working = browser.fill(&page, &[("new-password", "velvet anchor prairie 29")]).await;
    crate::process::eventually("the worker is done", async || {
        browser.get(&working.path).await.path.ends_with("/done").then_some(())
    })
    .await;
    assert_eq!(sign_in(&mut house.browser(), "kai", "velvet anchor prairie 29").await.path, "/me");
}

/// Asks for the two pages that must go on, and how much memory there is, until told to stop. Gives the most there was, and how many
/// cases were opened.
fn watch(house: &House, over: &Arc<AtomicBool>) -> thread::JoinHandle<(u64, usize)> {
    let (to, over, id) = (house.at, Arc::clone(over), house.id());
    thread::spawn(move || {
        let (mut peak, mut asked, mut opened) = (0, 0, 0);
        while !over.load(Ordering::SeqCst) {
            assert_eq!(Request::new("GET /healthz").ask(to).status, 200);
            let start = Request::form("/recover", &[("name", &format!("absent-{asked}")), ("for", "forgot")]);
            let start = start.from(&format!("10.5.{}.1", asked % 250)).ask(to);
            // Where the machine has nothing left for it, whoever asks is told when to come back.
            assert!(matches!(start.status, 303 | 429) || start.header("retry-after").is_some(), "{start:?}");
            asked += 1;
            opened += usize::from(start.status == 303);
            peak = peak.max(crate::house::memory_of(id));
            thread::sleep(Duration::from_millis(20));
        }
        assert!(opened > 0, "none of {asked} cases was opened meanwhile");
        (peak, opened)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_k02_a_password_is_judged_for_whoever_has_shown_who_they_are_and_for_nobody_else() {
    let house = House::new().await;
    let mut browser = house.browser();
    let how = crate::house::ask(&mut browser, "nobody").await;
    let path = format!("/recover/{}/new/password/check", how.reference());
    let judged = browser.post(&path, &[("new-password", "three blue kettles sing")]).await;
    assert!(!judged.html.contains("\"rules\""), "{}", judged.html);
    assert_eq!(judged.status.as_u16(), 409, "{}", judged.html);
}

/// A connection that reads nothing keeps its own place and no other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_k03_who_reads_nothing_keeps_nobody_waiting() {
    let house = House::new().await;
    let before = house.memory();
    let asset = Request::new("GET /").ask(house.at).body;
    let asset = asset.split("\"/assets/").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let mut held = Vec::new();
    for _ in 0..rounds(100, 400) {
        let mut wire = connect(house.at);
        let ask = format!("GET /assets/{asset} HTTP/1.1\r\nhost: reset.northwind.test\r\n\r\n").repeat(50);
        wire.set_nonblocking(true).unwrap();
        let _ = wire.write(ask.as_bytes());
        held.push(wire);
    }
    is_well(&house);
    let grown = house.memory().saturating_sub(before);
    assert!(grown < 48 * 1024, "{grown} KiB more for {} connections", held.len());
    // And one that reads at last gets something.
    let mut first = held.remove(0);
    first.set_nonblocking(false).unwrap();
    assert!(matches!(first.read(&mut [0; 1000]), Ok(1..)));
}
