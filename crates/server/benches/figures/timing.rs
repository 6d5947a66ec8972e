//! P24, T-C02: does the time of an answer tell whether a name is an account? Pairs in random order, each with a control: two names of nobody. Judged is
//! the median of the differences beside how much one request varies by itself. That the bytes are the same is shown by `api/enumeration.rs` and `portal/same.rs`.

use std::{thread, time::Duration};

use keyward::{bare::clock::wall, store::accounts::Tried};
use keyward_core::time::DAY_MS;

use crate::{
    Bench,
    inside::{account, owner},
    judge::{Dice, Estimate, Goal, Row, median, number, sign_test},
    resets::settle,
    smtp_sink::Fault,
    stage::{Installation, Server, hashed},
    wire::{Answer, Visitor},
};

/// Before and behind each start that is timed: by then the worker is done with the one before. Its work is more for somebody than for nobody, and whoever
/// comes next is answered later while it lasts, and sooner behind it, where nothing has gone to sleep yet.
const PAUSE: Duration = Duration::from_millis(20);

/// What one pair measures, in microseconds, for the name of somebody and for two that are nobody's.
pub type Trio = [f64; 3];

/// In which order the three are asked.
fn shuffled(dice: &mut Dice) -> [usize; 3] {
    let mut order = [0, 1, 2];
    for place in (1..3).rev() {
        order.swap(place, dice.below(place + 1));
    }
    order
}

/// Rounds until there are enough, or the time is up.
fn rounds(count: usize, for_s: u64, mut one: impl FnMut(usize, [usize; 3]) -> Trio) -> Vec<Trio> {
    let (mut dice, began, mut all) = (Dice::new(24), wall(), Vec::new());
    while all.len() < count && began.elapsed() < Duration::from_secs(for_s) {
        all.push(one(all.len(), shuffled(&mut dice)));
    }
    all
}

/// The row of the table.
pub fn judged(bench: &mut Bench, what: &str, tried: &[Trio]) {
    let of = |place: usize| tried.iter().map(|one| one[place]).collect::<Vec<f64>>();
    let (known, nobody, other) = (of(0), of(1), of(2));
    let center = median(&nobody);
    let spread: Vec<f64> = nobody.iter().map(|time| (time - center).abs()).collect();
    // What a standard deviation is of a bell curve, from the median of distances: a few slow answers do not widen it.
    let sigma = (1.4826 * median(&spread)).max(f64::MIN_POSITIVE);
    let differences: Vec<f64> = known.iter().zip(&nobody).map(|(one, two)| one - two).collect();
    let controls: Vec<f64> = other.iter().zip(&nobody).map(|(one, two)| one - two).collect();
    let told = Estimate::of(&differences).times(1.0 / sigma);
    let seen = format!(
        "{} µs of {} (σ {}), p {}",
        number(median(&differences)),
        number(median(&known)),
        number(sigma),
        number(sign_test(&differences))
    );
    let beside = format!("two of nobody: {} µs, p {}", number(median(&controls)), number(sign_test(&controls)));
    let what = format!("{what}, {} pairs, difference in σ", tried.len());
    let control = median(&other) / median(&nobody);
    bench.found(Row::new("P24", what, told, Goal::Within(0.05)).seen(seen).beside(beside).control(control));
}

/// The installation: accounts of every kind, whose names are as long as those of nobody.
struct Names {
    made: Installation,
    each: usize,
    door: Door,
}

/// Where forms are handed in, each from a network that nobody came from before.
#[derive(Default)]
pub struct Door {
    next: usize,
}

impl Door {
    /// Sends a form. Microseconds, and the answer.
    fn send(&mut self, visitor: &mut Visitor, path: &str, fields: &[(&str, &str)]) -> (f64, Answer) {
        visitor.come_from(self.next);
        self.next += 1;
        let began = wall();
        let answer = visitor.ask("POST", path, fields);
        (began.elapsed().as_secs_f64() * 1e6, answer)
    }
}

impl Names {
    fn new(each: usize) -> Self {
        let made = Installation::new(each);
        made.with_flow(async |flow| {
            let at = flow.ctx.now();
            let hash = hashed(flow).await;
            for number in 0..each {
                for (kind, group) in [("disabl", "staff"), ("locked", "staff"), ("privil", "admins")] {
                    let id = account(flow, (&format!("{kind}-{number:04}"), group), &hash, at).await;
                    owner(flow, &id, at).await;
                    if kind == "disabl" {
                        assert!(flow.store.set_account_disabled(&id, true).await.unwrap());
                    } else if kind == "locked" {
                        let credential = flow.store.account(&id).await.unwrap().unwrap().credential;
                        let tried = Tried { credential, max: 1, at, lock_until: at.plus_ms(DAY_MS) };
                        assert!(flow.store.count_account_try(&id, &tried).await.unwrap());
                    }
                }
            }
        });
        Self { made, each, door: Door::default() }
    }
    /// Somebody of a kind, and two who are nobody, for this round.
    fn of(&self, kind: &str, round: usize) -> [String; 3] {
        trio(kind, round, self.each)
    }
}

/// Somebody of a kind, and two who are nobody, of so many each.
pub fn trio(kind: &str, round: usize, each: usize) -> [String; 3] {
    [kind, "nobody", "absent"].map(|kind| format!("{kind}-{:04}", round % each))
}

/// Times starts of the names of a round, each behind one of nobody; or, with `behind`, the start of a name that is always nobody's right behind each.
pub fn starts(
    door: &mut Door,
    server: &Server,
    of: impl Fn(usize) -> [String; 3],
    behind: bool,
    (count, for_s): (usize, u64),
) -> Vec<Trio> {
    let mut visitor = Visitor::new(server.address, 0);
    rounds(count, for_s, |round, order| {
        let all = of(round);
        let mut took = [0.0; 3];
        for place in order {
            let whoever = format!("whoever-{:04}", round % 400);
            let mut start = |name: &str| {
                visitor.forget(0);
                let (time, answer) = door.send(&mut visitor, "/recover", &[("for", "forgot"), ("name", name)]);
                assert_eq!(answer.status, 303, "{}", answer.body);
                time
            };
            // Whoever is asked for then, what came before was the same.
            thread::sleep(PAUSE);
            start(&whoever);
            thread::sleep(PAUSE);
            took[place] = start(&all[place]);
            if behind {
                took[place] = start(&whoever);
            }
        }
        took
    })
}

/// What is tried behind a start.
type Tries = fn(&mut Names, &Server, &Bench) -> Vec<Trio>;
const TRIES: [(&str, Tries); 4] = [
    ("the page of a case, somebody and nobody", |names, server, bench| looks(names, server, bench.of(8_000, 4))),
    ("a wrong code, somebody and nobody", |names, server, bench| codes(names, server, bench.of(4_000, 4))),
    ("a sign-in handed in, somebody and nobody", |names, server, _| sign_ins(names, server)),
    ("a sign-in until it is refused, somebody and nobody", |names, server, bench| {
        answers(names, server, bench.of(names.each, 1))
    }),
];

pub fn names(bench: &mut Bench) {
    let mut names = Names::new(bench.of(400, 2));
    let server = names.made.serve();
    let some = bench.of(20_000, 3);
    for (what, kinds, fault, behind, for_s) in [
        ("a start, somebody and nobody", &["person"][..], Fault::None, false, 900),
        (
            "a start, switched off, locked or privileged, and nobody",
            &["disabl", "locked", "privil"],
            Fault::None,
            false,
            900,
        ),
        ("a start while the mail server refuses", &["person"], Fault::Busy, false, 420),
        ("a start while the mail server says nothing", &["person"], Fault::Slow, false, 420),
        ("a start of nobody right behind one, of somebody and of nobody", &["person"], Fault::None, true, 420),
    ] {
        if !bench.wants(what) {
            continue;
        }
        names.made.sink.fail(fault);
        let Names { each, door, .. } = &mut names;
        let of = |round: usize| trio(kinds[round % kinds.len()], round / kinds.len(), *each);
        let tried = starts(door, &server, of, behind, (some, for_s));
        judged(bench, what, &tried);
    }
    names.made.sink.fail(Fault::None);
    settle(&server.proc);
    for (what, tries) in TRIES {
        if bench.wants(what) {
            let tried = tries(&mut names, &server, bench);
            judged(bench, what, &tried);
        }
    }
}

/// A case of each of the three, looked up by the worker.
fn opened(names: &mut Names, visitors: &mut [Visitor; 3], round: usize) -> [String; 3] {
    let mut bases = [const { String::new() }; 3];
    for (place, name) in names.of("person", round).iter().enumerate() {
        visitors[place].forget(0);
        let opened = names.door.send(&mut visitors[place], "/recover", &[("for", "forgot"), ("name", name)]).1;
        bases[place] = opened.headers["location"].trim_end_matches("/how").to_owned();
    }
    // A code that comes earlier waits for it. It is put off for as long as chance wants, and there are three.
    thread::sleep(Duration::from_millis(500));
    bases
}

/// The page where a way is chosen, of cases that know whose they are and of those that are nobody's.
fn looks(names: &mut Names, server: &Server, count: usize) -> Vec<Trio> {
    let mut visitors = [0, 1, 2].map(|number| Visitor::new(server.address, number));
    let mut bases = [const { String::new() }; 3];
    rounds(count, 120, |round, order| {
        if round % 40 == 0 {
            bases = opened(names, &mut visitors, round / 40);
        }
        let mut took = [0.0; 3];
        for place in order {
            let path = format!("{}/how", bases[place]);
            let began = wall();
            let page = visitors[place].ask("GET", &path, &[]);
            took[place] = began.elapsed().as_secs_f64() * 1e6;
            assert_eq!(page.status, 200, "{}", page.body);
        }
        took
    })
}

/// Wrong codes of an app. A case takes five; four are used.
fn codes(names: &mut Names, server: &Server, count: usize) -> Vec<Trio> {
    let mut visitors = [0, 1, 2].map(|number| Visitor::new(server.address, number));
    let mut bases = [const { String::new() }; 3];
    rounds(count, 420, |round, order| {
        if round % 4 == 0 {
            bases = opened(names, &mut visitors, round / 4);
        }
        let mut took = [0.0; 3];
        for place in order {
            let path = format!("{}/app", bases[place]);
            let sent = names.door.send(&mut visitors[place], &path, &[("code", "000000")]);
            assert_eq!(sent.1.status, 422, "{}", sent.1.body);
            took[place] = sent.0;
        }
        took
    })
}

/// Three of the four tries that an account has.
fn sign_ins(names: &mut Names, server: &Server) -> Vec<Trio> {
    let mut visitor = Visitor::new(server.address, 0);
    rounds(3 * names.each, 420, |round, order| {
        let all = names.of("person", round);
        let mut took = [0.0; 3];
        for place in order {
            visitor.forget(0);
            let fields = [("name", all[place].as_str()), ("password", "a wrong password it is")];
            let sent = names.door.send(&mut visitor, "/sign-in", &fields);
            assert_eq!(sent.1.status, 303, "{}", sent.1.body);
            took[place] = sent.0;
            // Until its hash is made; behind too many others a sign-in is not taken.
            thread::sleep(Duration::from_millis(90));
        }
        took
    })
}

/// The last try of each name, to its end: the page that waits is asked again and again. Many at a time, because a refusal is not told at once.
fn answers(names: &Names, server: &Server, count: usize) -> Vec<Trio> {
    const AT_A_TIME: usize = 24;
    let one = |round: usize, order: [usize; 3]| {
        let all = names.of("person", round);
        let mut took = [0.0; 3];
        for place in order {
            let mut visitor = Visitor::new(server.address, 0);
            visitor.come_from(60_000 - 3 * round - place);
            let fields = [("name", all[place].as_str()), ("password", "a wrong password it is")];
            let began = wall();
            assert_eq!(visitor.ask("POST", "/sign-in", &fields).status, 303);
            thread::sleep(Duration::from_millis(1300));
            while visitor.ask("GET", "/sign-in/wait", &[]).status == 200 {
                thread::sleep(Duration::from_millis(5));
            }
            took[place] = began.elapsed().as_secs_f64() * 1e6;
        }
        took
    };
    thread::scope(|scope| {
        let part = |part: usize| {
            let mut dice = Dice::new(part as u64 + 1);
            (part..count).step_by(AT_A_TIME).map(|round| one(round, shuffled(&mut dice))).collect::<Vec<_>>()
        };
        let parts: Vec<_> = (0..AT_A_TIME).map(|number| scope.spawn(move || part(number))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}
