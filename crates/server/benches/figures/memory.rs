//! P9, P10: memory in use when nothing happens, and when sixty-four people recover at once.

use std::{thread, time::Duration};

use keyward::passwords::verifier::MEMORY_KIB;

use crate::{
    Bench,
    judge::{Estimate, Goal, Row, number},
    resets::settle,
};

const MIB: f64 = 1024.0 * 1024.0;

pub fn idle_and_storm(bench: &mut Bench) {
    let (quiet_s, storm) = (bench.of(60, 0) as u64, bench.of(128, 8));
    let (made, _) = bench.main();
    let server = made.serve();
    let (fresh, of_files) = (server.proc.rss(), server.proc.of_files());
    made.resets(&server, 8, 8);
    settle(&server.proc);
    thread::sleep(Duration::from_secs(quiet_s));
    let idle = server.proc.rss();
    server.proc.forget_peak();
    made.resets(&server, storm, 64.min(storm));
    let peak = server.proc.peak();
    settle(&server.proc);
    thread::sleep(Duration::from_secs(quiet_s));
    let after = server.proc.rss();
    drop(server);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let arenas = cores as f64 * f64::from(MEMORY_KIB) * 1024.0;
    let mib = |bytes: f64| format!("{} MiB", number(bytes / MIB));
    let row = |id, what: &str, figure: f64, goal| Row::new(id, what, Estimate::exact(figure), goal);
    bench.found(
        row("P9", "memory at rest with 1200 accounts, MiB", idle / MIB, Goal::AtMost(64.0))
            .beside(format!("memory of argon2id {}", mib(arenas)))
            .seen(format!("{} before the first hash, {} of that the program's file", mib(fresh), mib(of_files))),
    );
    bench.found(row("P10", "most memory while 64 recover at once, MiB", peak / MIB, Goal::AtMost(128.0)));
    let beside = "the same beside memory at rest and that of argon2id";
    bench.found(row("P10", beside, peak / (idle + arenas), Goal::AtMost(1.3)));
    bench.found(row("P10", "memory a minute later beside before", after / idle, Goal::AtMost(1.1)).seen(mib(after)));
}
