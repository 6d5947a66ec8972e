//! P16: evidence of one case, checked offline by a process of its own.

use std::{fs, process::Command};

use keyward::bare::clock::{thread_ns, wall};
use keyward_core::log::{
    merkle::{Frontier, NodeId, inclusion_proof, verify_inclusion},
    tile::entry_hash,
};

use crate::{
    Bench,
    judge::{Estimate, Goal, Row},
    resets::settle,
    wire::Visitor,
};

pub fn bundle(bench: &mut Bench) {
    let runs = bench.of(100, 1);
    let (made, _) = bench.main();
    let server = made.serve();
    let mut visitor = Visitor::new(server.address, 0);
    let case = made.one().recovers(&mut visitor);
    settle(&server.proc);
    drop((visitor, server));
    let file = made.path("evidence.json");
    let file = file.to_str().unwrap();
    made.keyward(&["case", "export", &case, "-o", file]);
    let bytes = fs::metadata(file).unwrap().len() as f64;
    let mut times = Vec::new();
    for _ in 0..runs {
        let began = wall();
        let output = Command::new(env!("CARGO_BIN_EXE_keyward")).args(["verify", file]).env_clear().output().unwrap();
        assert!(output.status.success(), "{output:?}");
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    bench.found(Row::new(
        "P16",
        "`keyward verify` of one case, start to end, ms",
        Estimate::of(&times),
        Goal::AtMost(30.0),
    ));
    bench.found(Row::new("P16", "size of the evidence, KiB", Estimate::exact(bytes / 1024.0), Goal::AtMost(64.0)));
    one_proof(bench);
}

/// A proof in a tree of a million leaves.
fn one_proof(bench: &mut Bench) {
    let (rounds, times, size) = (bench.of(51, 1), bench.of(2000, 2), bench.of(1 << 20, 1 << 8) as u64);
    let mut tree = Frontier::empty();
    let mut nodes: std::collections::BTreeMap<NodeId, _> = std::collections::BTreeMap::new();
    for number in 0..size {
        nodes
            .extend(tree.push(entry_hash(&number.to_be_bytes()).unwrap()).into_iter().map(|node| (node.id, node.hash)));
    }
    let index = size / 3;
    let (leaf, root) = (entry_hash(&index.to_be_bytes()).unwrap(), tree.root());
    let proof = inclusion_proof(size, index, &nodes).unwrap();
    let took: Vec<f64> = (0..rounds)
        .map(|_| {
            let began = thread_ns();
            (0..times).for_each(|_| verify_inclusion(leaf, index, size, &proof, root).unwrap());
            (thread_ns() - began) as f64 / 1000.0 / times as f64
        })
        .collect();
    let what = format!("one proof of inclusion in {size} entries, µs");
    bench.found(Row::new("P16", what, Estimate::of(&took), Goal::AtMost(10.0)));
}
