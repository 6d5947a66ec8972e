//! P1, P2, P3: complete resets over HTTP, with Keyward's own directory, mail and a review, beside argon2id alone.

use std::{thread, time::Duration};

use keyward::bare::{clock, hashing};

use crate::{
    Bench,
    judge::{Estimate, Goal, Pairs, Row, number},
    process::{Proc, Spent},
    stage::{Installation, Server},
};

/// Processor seconds of one bare hash, on average of so many.
fn bare(slow: &mut hashing::Slow, times: usize) -> f64 {
    let began = clock::thread_ns();
    (0..times).for_each(|_| slow.once().unwrap());
    (clock::thread_ns() - began) as f64 / 1e9 / times as f64
}

/// Waits until the server does nothing: messages, the review and the signature belong to the resets before.
pub fn settle(proc: &Proc) {
    loop {
        let before = proc.spent().all_s();
        thread::sleep(Duration::from_millis(200));
        if proc.spent().all_s() - before <= 0.008 {
            return;
        }
    }
}

/// Processor time for each of so many resets.
pub fn spent(made: &Installation, server: &Server, count: usize, at_a_time: usize) -> Spent {
    let before = server.proc.spent();
    made.resets(server, count, at_a_time);
    settle(&server.proc);
    let after = server.proc.spent();
    let each = |after: f64, before: f64| (after - before) / count as f64;
    Spent { hashing_s: each(after.hashing_s, before.hashing_s), others_s: each(after.others_s, before.others_s) }
}

pub fn resets(bench: &mut Bench) {
    let (rounds, window) = (bench.of(25, 1), bench.of(8, 2));
    let (windows, people) = (bench.of(15, 1), bench.of(48, 4));
    let (made, _) = bench.main();
    let server = made.serve();
    made.resets(&server, window, 2);
    settle(&server.proc);
    let mut slow = hashing::Slow::new();
    let (mut hashes, mut others) = (Vec::new(), Vec::new());
    let pairs = Pairs::of(
        rounds,
        || bare(&mut slow, window),
        || {
            // Two at a time: most of the time a hash has the memory of the machine for itself, as the bare one has.
            let spent = spent(made, &server, window, 2);
            hashes.push(spent.hashing_s);
            others.push(spent.others_s * 1000.0);
            spent.all_s()
        },
    );
    let (cores, wall) = (thread::available_parallelism().map_or(1, usize::from), 300);
    let rates = Pairs::of(
        windows,
        || hashing::on_all_cores(cores, wall).unwrap(),
        || {
            let rate = people as f64 / made.resets(&server, people, 24.min(people));
            settle(&server.proc);
            rate
        },
    );
    drop(server);
    let one_ms = Estimate::of(&pairs.limit).times(1000.0);
    let runs: Vec<f64> = hashes.iter().zip(&pairs.limit).map(|(hashing, limit)| hashing / limit).collect();
    let runs = Estimate::of(&runs);
    let whole = runs.median.round().max(1.0);
    let control = pairs.control();
    let limit = format!("argon2id {} ms", number(one_ms.median));
    let all_ms = Estimate::of(&pairs.product).times(1000.0);
    let row = |id, what: &str, figure, goal| Row::new(id, what, figure, goal).beside(limit.clone()).control(control);
    bench.found(
        row("P1", "CPU of a complete reset", pairs.ratio(), Goal::AtMost(1.25))
            .seen(format!("{} ms", number(all_ms.median))),
    );
    bench.found(
        row("P1", "the same for each argon2id run that it has", pairs.ratio().times(1.0 / whole), Goal::None)
            .seen(format!("{whole} runs; the hashing threads took {}", number(runs.median))),
    );
    bench.found(row(
        "P3",
        "CPU of a reset outside of the hashing threads, ms",
        Estimate::of(&others),
        Goal::AtMost(3.5),
    ));
    let rate = Estimate::of(&rates.product);
    let row = |what, figure, goal| Row::new("P2", what, figure, goal).control(rates.control());
    let limit = format!("argon2id {}/s", number(Estimate::of(&rates.limit).median));
    bench.found(
        row("complete resets on all cores, 24 at a time", rates.ratio(), Goal::AtLeast(0.75))
            .seen(format!("{}/s, no error", number(rate.median)))
            .beside(limit.clone()),
    );
    bench.found(row("argon2id runs of those resets", rates.ratio().times(whole), Goal::None).beside(limit));
}
