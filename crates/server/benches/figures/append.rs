//! P4, P5, P6: a durable append over HTTP. A start is one entry, and another one says that the name is no account; beside it commits of SQLite alone
//! in a file on the same disk.

use std::{
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use keyward::bare::{clock::wall, disk};

use crate::{
    Bench,
    judge::{Estimate, Goal, Pairs, Row, median, number, percentile},
    resets::settle,
    stage::{Installation, Server},
    wire::Visitor,
};

/// Names and networks that nobody had before.
static NEXT: AtomicUsize = AtomicUsize::new(0);

fn start(visitor: &mut Visitor) -> f64 {
    let number = NEXT.fetch_add(1, Ordering::SeqCst);
    visitor.forget(number);
    let name = format!("nobody-{number:06}");
    let began = wall();
    let answer = visitor.ask("POST", "/recover", &[("for", "forgot"), ("name", &name)]);
    let took = began.elapsed().as_secs_f64();
    assert_eq!(answer.status, 303, "{}", answer.body);
    took
}

/// Microseconds of a start, one after the other with a pause in which the worker looks the name up.
pub fn one_writer(visitor: &mut Visitor, count: usize) -> f64 {
    let mut times = Vec::new();
    for _ in 0..count {
        times.push(start(visitor) * 1e6);
        thread::sleep(Duration::from_millis(15));
    }
    median(&times)
}

/// Starts by 64 writers at once, for so long.
fn many_writers(server: &Server, for_ms: u64) {
    let began = wall();
    thread::scope(|scope| {
        for number in 0..64 {
            scope.spawn(move || {
                let mut visitor = Visitor::new(server.address, number);
                while began.elapsed() < Duration::from_millis(for_ms) {
                    start(&mut visitor);
                }
            });
        }
    });
}

pub fn appends(bench: &mut Bench) {
    let made = Installation::new(0);
    let server = made.serve();
    let mut rows = disk::Rows::open(made.folder.path()).unwrap();
    one_writer(&mut Visitor::new(server.address, 0), 3);
    one(bench, &server, &mut rows);
    many(bench, &made, &server, &mut rows);
    rows.close();
    covered(bench, &server);
}

fn one(bench: &mut Bench, server: &Server, rows: &mut disk::Rows) {
    let (rounds, count, wall_ms) = (bench.of(25, 1), bench.of(30, 2), bench.of(400, 5) as u64);
    let mut visitor = Visitor::new(server.address, 0);
    let limit = || rows.for_ms(1, wall_ms).unwrap();
    let pairs = Pairs::of(rounds, limit, || one_writer(&mut visitor, count));
    let bare = Estimate::of(&pairs.limit);
    let goal = if bare.median >= 2000.0 { 0.90 } else { 0.40 };
    let speed: Vec<f64> = pairs.product.iter().zip(&pairs.limit).map(|(product, limit)| limit / product).collect();
    let added: Vec<f64> = pairs.product.iter().zip(&pairs.limit).map(|(product, limit)| product - limit).collect();
    let row = |what, samples: &[f64], goal| {
        Row::new("P4", what, Estimate::of(samples), goal)
            .seen(format!("{} µs", number(median(&pairs.product))))
            .beside(format!("SQLite commit {} µs", number(bare.median)))
            .control(pairs.control())
    };
    bench.found(row("a start over HTTP, one at a time: speed", &speed, Goal::AtLeast(goal)));
    bench.found(row("the same: µs added", &added, Goal::AtMost(200.0)));
}

fn many(bench: &mut Bench, made: &Installation, server: &Server, rows: &mut disk::Rows) {
    let (rounds, for_ms, wall_ms) = (bench.of(15, 1), bench.of(1500, 50) as u64, bench.of(400, 5) as u64);
    let (mut singles, mut written) = (Vec::new(), Vec::new());
    let batches = |rows: &mut disk::Rows| {
        let took = rows.for_ms(disk::BATCH, wall_ms).unwrap();
        disk::BATCH as f64 * 1e6 / took
    };
    let mut pairs = Pairs::default();
    for _ in 0..rounds {
        let before = batches(rows);
        let (entries, bytes, began) = (made.entries(), server.proc.written(), wall());
        many_writers(server, for_ms);
        let rate = (made.entries() - entries) as f64 / began.elapsed().as_secs_f64();
        // The worker is behind; what it still writes is no part of the rate, and a part of the bytes.
        settle(&server.proc);
        pairs.product.push(rate);
        written.push((server.proc.written() - bytes) / (made.entries() - entries) as f64);
        singles.push(rate * rows.for_ms(1, wall_ms).unwrap() / 1e6);
        pairs.push_limits(before, batches(rows));
    }
    let rate = format!("{} entries/s", number(median(&pairs.product)));
    let limit = format!("{} rows/s in commits of 256", number(median(&pairs.limit)));
    let row = |what: &str, figure, goal| Row::new("P5", what, figure, goal).control(pairs.control());
    bench.found(
        row("entries of 64 writers at once", pairs.ratio(), Goal::AtLeast(0.30)).seen(rate.clone()).beside(limit),
    );
    bench.found(row("the same beside single commits", Estimate::of(&singles), Goal::AtLeast(8.0)).seen(rate));
    bench.found(Row::new("P5", "bytes written to the disk for each entry", Estimate::of(&written), Goal::None));
    // Only in earnest: among the tests nothing is traced, and nobody has to have strace for them.
    if bench.full {
        let what = "fdatasync for each entry, as strace counts";
        match syncs(made, server, for_ms) {
            Some(each) => bench.found(Row::new("P5", what, Estimate::exact(each), Goal::AtMost(0.25))),
            None => println!("  P5 {what}: not counted, because strace is not there or may not trace"),
        }
    }
}

/// Syncs of the server for each entry. None where nobody can count them.
fn syncs(made: &Installation, server: &Server, for_ms: u64) -> Option<f64> {
    let counts = made.path("syncs");
    let id = server.id().to_string();
    let mut strace = Command::new("strace");
    strace.args(["-f", "-c", "-e", "trace=fdatasync,fsync", "-p", &id, "-o"]).arg(&counts);
    let mut strace = strace.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    thread::sleep(Duration::from_millis(300));
    let before = made.entries();
    many_writers(server, for_ms);
    settle(&server.proc);
    let entries = (made.entries() - before) as f64;
    drop(Command::new("kill").args(["-INT", &strace.id().to_string()]).status());
    strace.wait().ok()?;
    let text = std::fs::read_to_string(&counts).ok()?;
    let lines = text.lines().filter(|line| line.contains("sync"));
    let calls: f64 = lines.filter_map(|line| line.split_whitespace().nth(3)?.parse::<f64>().ok()).sum();
    (calls > 0.0).then_some(calls / entries)
}

/// How long it takes until a signed checkpoint covers a start.
fn covered(bench: &mut Bench, server: &Server) {
    let mut visitor = Visitor::new(server.address, 0);
    let size = |visitor: &mut Visitor| -> u64 {
        let note = visitor.go("GET", "/log/checkpoint", &[]).body;
        note.lines().nth(1).and_then(|line| line.parse().ok()).unwrap_or(0)
    };
    settle(&server.proc);
    let mut times = Vec::new();
    for _ in 0..bench.of(60, 1) {
        // Whatever was before is signed within two seconds; then nothing is new but this start.
        thread::sleep(Duration::from_millis(1100));
        let before = size(&mut visitor);
        start(&mut visitor);
        let began = wall();
        while size(&mut visitor) <= before {
            thread::sleep(Duration::from_millis(5));
        }
        times.push(began.elapsed().as_secs_f64());
    }
    let p99 = Estimate::exact(percentile(&times, 0.99));
    let seen = format!("median {} s", number(median(&times)));
    bench.found(
        Row::new("P6", "commit to signed checkpoint without other load, p99 in s", p99, Goal::AtMost(1.0)).seen(seen),
    );
}
