//! P14: the root of a log computed from its entries, beside SHA-256 of the same bytes.

use keyward::{
    bare::{clock::thread_ns, hashing::sha256},
    ctx::Ctx,
};
use keyward_core::log::{merkle::Frontier, tile::entry_hash};

use crate::{
    Bench,
    cases::{Draft, START},
    judge::{Goal, Pairs, Row, median, number},
};

pub fn root(bench: &mut Bench) {
    let (rounds, count) = (bench.of(25, 1), bench.of(100_000, 100));
    let (ctx, _) = Ctx::by_hand(START, 14);
    let mut entries = Vec::new();
    while entries.len() < count {
        let case = Draft::open(&ctx, "ada").unmatched().noticed("ada@example.org").withdrawn();
        entries.extend(case.new.iter().map(|entry| entry.bytes().unwrap()));
    }
    let together = entries.concat();
    let ms = |began: u64| (thread_ns() - began) as f64 / 1e6;
    let bare = || {
        let began = thread_ns();
        std::hint::black_box(sha256(&together));
        ms(began)
    };
    let pairs = Pairs::of(rounds, bare, || {
        let began = thread_ns();
        let mut tree = Frontier::empty();
        for entry in &entries {
            tree.push(entry_hash(entry).unwrap());
        }
        std::hint::black_box(tree.root());
        ms(began)
    });
    let what = format!("the root of {count} entries ({} MB), from memory", number(together.len() as f64 / 1e6));
    bench.found(
        Row::new("P14", what, pairs.ratio(), Goal::AtMost(3.0))
            .seen(format!("{} ms", number(median(&pairs.product))))
            .beside(format!("SHA-256 {} ms", number(median(&pairs.limit))))
            .control(pairs.control()),
    );
}
