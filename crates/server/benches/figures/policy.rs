//! P7, P8: an answer of the gate, with all that is built for the question, beside Cedar alone on the same slice.

use std::cell::Cell;

use keyward::bare::{clock::thread_ns, policy::usual};
use keyward_core::{
    account::Class,
    policy::{Facts, Gate, Policy},
};

use crate::{
    Bench,
    judge::{Estimate, Goal, Pairs, Row, median, number},
};

/// Policies for one step and class: a permit of its own proofs, and forbids that look at risk and time.
fn slice(text: &mut String, (gate, class): (Gate, Class), count: usize) {
    for number in 0..count {
        let (gate, class) = (gate.word(), class.word());
        let (effect, when) = match number % 3 {
            0 => ("permit", format!("resource.proofs.independent >= {}", number % 4 + 1)),
            1 => ("forbid", format!("context.risk > {}", 90 + number % 10)),
            _ => ("permit", format!("resource.totp.given && context.waitedMinutes >= {}", number % 60)),
        };
        text.push_str(&format!(
            "@id(\"{gate}-{class}-{number}\")\n@because(\"measured\")\n{effect} (principal, action == \
             Keyward::Action::\"{gate}\", resource in Keyward::Class::\"{class}\") when {{ {when} }};\n"
        ));
    }
}

/// So many policies, of which so many have a say about a usual question.
fn policies(all: usize, own: usize) -> Policy {
    let mut text = String::new();
    slice(&mut text, (Gate::Verify, Class::Standard), own);
    let places = [Class::Finance, Class::Hr, Class::Executive, Class::Admin, Class::Machine];
    let places: Vec<_> = places.into_iter().flat_map(|class| Gate::ALL.map(|gate| (gate, class))).collect();
    for (number, place) in places.iter().enumerate() {
        let share = (all - own) / places.len() + usize::from(number < (all - own) % places.len());
        slice(&mut text, *place, share);
    }
    Policy::load(&text).unwrap()
}

/// Microseconds of processor time that one takes, of so many.
fn each(count: usize, mut one: impl FnMut() -> bool) -> f64 {
    let began = thread_ns();
    for _ in 0..count {
        assert!(std::hint::black_box(one()));
    }
    (thread_ns() - began) as f64 / 1000.0 / count as f64
}

pub fn decisions(bench: &mut Bench) {
    let (rounds, count) = (bench.of(51, 1), bench.of(300, 2));
    let facts = usual();
    // Answers are remembered, so no question comes twice here.
    let minutes = Cell::new(0);
    let asked = |policy: &Policy| {
        each(count, || {
            minutes.set(minutes.get() + 1);
            policy.ask(Gate::Verify, &Facts { waited_min: minutes.get(), ..facts.clone() }).allowed
        })
    };
    for (all, own) in [(200, 17), (1000, 17)] {
        let policy = policies(all, own);
        let bare = policy.bare(Gate::Verify, &facts).unwrap();
        assert_eq!(bare.policies(), own);
        let pairs = Pairs::of(rounds, || each(count, || bare.ask()), || asked(&policy));
        let row = |what, figure, goal| {
            Row::new("P7", format!("{what} at {all} policies"), figure, goal)
                .seen(format!("{} µs", number(median(&pairs.product))))
                .beside(format!("Cedar alone on {own} policies {} µs", number(median(&pairs.limit))))
                .control(pairs.control())
        };
        bench.found(row("an answer of the gate", pairs.ratio(), Goal::AtMost(2.0)));
        bench.found(row("the same, µs", Estimate::of(&pairs.product), Goal::AtMost(60.0)));
    }
    let (few, many) = (policies(50, 17), policies(1000, 17));
    let pairs = Pairs::of(rounds, || asked(&few), || asked(&many));
    bench.found(
        Row::new("P8", "an answer at 1000 policies beside 50", pairs.ratio(), Goal::AtMost(1.5))
            .control(pairs.control()),
    );
}
