//! P11, P12, P13: what a hundred thousand cases cost those who come after, and what one case takes on the disk.

use std::fs;

use futures_util::future::join_all;
use keyward::bare::{clock::thread_ns, hashing::sha256};
use keyward_core::event::Entry;

use crate::{
    Bench,
    append::one_writer,
    cases::Draft,
    judge::{Estimate, Goal, Pairs, Row, median, number},
    resets::{settle, spent},
    stage::Installation,
    wire::Visitor,
};

/// Bytes of the database on the disk.
pub fn bytes(made: &Installation) -> f64 {
    let files = fs::read_dir(made.path("data")).unwrap().flatten();
    files.map(|file| file.metadata().unwrap().len() as f64).sum()
}

/// The bytes of every entry, as they are leaves.
fn entries(made: &Installation) -> Vec<Vec<u8>> {
    made.with_flow(async |flow| {
        let size = flow.store.log_head().await.unwrap().tree.size();
        let mut all = Vec::new();
        let mut from = 0;
        while from < size {
            let to = size.min(from + 4096);
            let placed = flow.store.log_entries(from..to).await.unwrap();
            all.extend(placed.iter().map(|placed| Entry::bytes(&placed.entry).unwrap()));
            from = to;
        }
        all
    })
}

pub fn bytes_of_a_case(bench: &mut Bench) {
    let little = bench.of(60, 2);
    let (made, before) = bench.main();
    if made.recovered() < little {
        let server = made.serve();
        made.resets(&server, little, little.min(8));
        settle(&server.proc);
    }
    let entries = entries(made);
    let cases = made.recovered() as f64;
    let canonical: usize = entries.iter().map(Vec::len).sum();
    // Closing the last connection has brought everything from the write-ahead log into the database.
    let grown = bytes(made) - before;
    let each = format!("{cases} cases of {} entries", number(entries.len() as f64 / cases));
    bench.found(
        Row::new(
            "P13",
            "database for each closed case, KiB",
            Estimate::exact(grown / cases / 1024.0),
            Goal::AtMost(12.0),
        )
        .seen(each),
    );
    let ratio = Estimate::exact(grown / canonical as f64);
    bench.found(
        Row::new("P13", "the same beside the bytes of its entries", ratio, Goal::AtMost(2.2))
            .beside(format!("{} KiB of entries", number(canonical as f64 / cases / 1024.0))),
    );
}

/// So many cases that somebody withdrew, four entries each.
fn fill(made: &Installation, cases: usize) {
    made.with_flow(async |flow| {
        let mut left = cases;
        while left > 0 {
            let now = left.min(64);
            left -= now;
            let one = |_| {
                let case = Draft::open(&flow.ctx, "nobody").unmatched().noticed("nobody@example.org").withdrawn();
                flow.store.commit(case.change())
            };
            join_all((0..now).map(one)).await.into_iter().for_each(|done| drop(done.unwrap()));
        }
    });
}

pub fn many_cases(bench: &mut Bench) {
    let (few, many) = (bench.of(1_000, 10), bench.of(100_000, 64));
    let (rounds, starts, window) = (bench.of(15, 1), bench.of(15, 1), bench.of(6, 2));
    let (small, large) = (Installation::new(2 * rounds * window), Installation::new(rounds * window));
    fill(&small, few);
    fill(&large, many);
    let empty = Installation::new(0);
    let ready: Vec<f64> = (0..starts).map(|_| empty.serve().ready_s * 1000.0).collect();
    bench.found(Row::new("P11", "start on an empty database, ms", Estimate::of(&ready), Goal::AtMost(300.0)));
    let pairs = Pairs::of(starts, || small.serve().ready_s, || large.serve().ready_s);
    bench.found(
        Row::new("P11", format!("start at {many} cases beside {few}"), pairs.ratio(), Goal::AtMost(2.0))
            .seen(format!("{} ms", number(median(&pairs.product) * 1000.0)))
            .beside(format!("{} ms", number(median(&pairs.limit) * 1000.0)))
            .control(pairs.control()),
    );
    one_more(bench, (&small, &large), (rounds, window), &format!("at {many} cases beside {few}"));
    read_back(bench, &large);
}

/// What one more case costs.
fn one_more(
    bench: &mut Bench,
    (small, large): (&Installation, &Installation),
    (rounds, window): (usize, usize),
    what: &str,
) {
    let starts = bench.of(20, 1);
    let (at_small, at_large) = (small.serve(), large.serve());
    let cpu = |made: &Installation, server| spent(made, server, window, 2).others_s * 1000.0;
    let pairs = Pairs::of(rounds, || cpu(small, &at_small), || cpu(large, &at_large));
    bench.found(
        Row::new("P12", format!("CPU of a reset outside of hashing {what}"), pairs.ratio(), Goal::AtMost(1.25))
            .seen(format!("{} ms", number(median(&pairs.product))))
            .beside(format!("{} ms", number(median(&pairs.limit))))
            .control(pairs.control()),
    );
    let (mut here, mut there) = (Visitor::new(at_small.address, 0), Visitor::new(at_large.address, 0));
    let pairs = Pairs::of(rounds, || one_writer(&mut here, starts), || one_writer(&mut there, starts));
    bench.found(
        Row::new("P12", format!("a start on the wall {what}"), pairs.ratio(), Goal::AtMost(1.5))
            .seen(format!("{} µs", number(median(&pairs.product))))
            .beside(format!("{} µs", number(median(&pairs.limit))))
            .control(pairs.control()),
    );
}

/// The root of a whole log, read from the database as before each signature.
fn read_back(bench: &mut Bench, large: &Installation) {
    let together = entries(large).concat();
    let began = thread_ns();
    std::hint::black_box(sha256(&together));
    let bare = (thread_ns() - began) as f64 / 1e9;
    let took = large.with_flow(async |flow| {
        let size = flow.store.log_head().await.unwrap().tree.size();
        let began = keyward::bare::clock::wall();
        flow.store.check_entries(0, size).await.unwrap();
        began.elapsed().as_secs_f64()
    });
    let what = format!("the root of {} MB of entries, read from the database", number(together.len() as f64 / 1e6));
    bench.found(
        Row::new("P14", what, Estimate::exact(took / bare), Goal::None)
            .seen(format!("{} s on the wall", number(took)))
            .beside(format!("SHA-256 {} s", number(bare))),
    );
}
