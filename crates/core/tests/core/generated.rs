//! R8: the gate against the naive evaluator of `naive`, on the baseline policy with every small situation and on policies made by chance. Answer,
//! deciding policies and the rule that an error refuses have to be the same.

use std::collections::BTreeSet;

use keyward_core::{
    account::{Action, Class, Method, Strength},
    event::Door,
    policy::{Facts, Gate, Policy},
    risk::{Risk, Signal},
    steps::{authorize::Approvals, verify::Proofs},
};

use crate::{
    fixture::{campaign, policy_once},
    naive::{About, On, Rule, Tree, Wrong, decide},
};

/// Chance that can be repeated (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap() % n
    }
    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
    fn some<T: Clone>(&mut self, of: &[T]) -> Vec<T> {
        let first = self.one(of);
        let rest: Vec<T> = of.iter().filter(|_| self.below(2) == 0).cloned().collect();
        if rest.is_empty() { vec![first] } else { rest }
    }
}

const ACTIONS: [Action; 4] =
    [Action::SetPassword, Action::Unlock, Action::EnrollFactor { method: Method::Passkey }, Action::RemoveFactor];
const DOORS: [Door; 4] = [Door::Forgot, Door::Locked, Door::Lost, Door::Account];
const SIGNALS: [Signal; 5] =
    [Signal::RecentCase, Signal::RecentFailures, Signal::RecentChange, Signal::RecentContest, Signal::NewNetwork];
const WORDS: [&str; 8] =
    ["forgot", "locked", "lost", "account", "set_password", "unlock", "enroll_factor", "remove_factor"];
const CLASSES: [&str; 7] = ["standard", "finance", "hr", "executive", "machine", "admin", "elevated"];
const GIVEN: [&str; 7] = [
    "resource.passkey.given",
    "resource.inPerson.given",
    "resource.totp.given",
    "resource.recoveryCode.given",
    "resource.knownDevice.given",
    "resource.email.given",
    "resource.directoryPassword.given",
];
const NUMBERS: [&str; 6] = [
    "context.risk",
    "context.waitedMinutes",
    "resource.proofs.independent",
    "resource.proofs.strong",
    "resource.approvals.people",
    "resource.approvals.groups",
];
const HAVE: [(&str, &str); 6] = [
    ("resource", "passkey"),
    ("resource", "door"),
    ("resource", "sms"),
    ("context", "risk"),
    ("context", "score"),
    ("resource", "approvals"),
];

fn facts(dice: &mut Dice) -> Facts {
    let people = u32::try_from(dice.below(4)).unwrap();
    Facts {
        class: dice.one(&Class::ALL),
        action: dice.one(&ACTIONS),
        door: dice.one(&DOORS),
        enrolled_strong: dice.below(2) == 0,
        proofs: Proofs {
            methods: Method::ALL.into_iter().filter(|_| dice.below(3) == 0).collect(),
            independent: u32::try_from(dice.below(4)).unwrap(),
            strong: u32::try_from(dice.below(3)).unwrap(),
        },
        approvals: Approvals { people, groups: people.min(u32::try_from(dice.below(4)).unwrap()) },
        risk: Risk::of(SIGNALS.into_iter().filter(|_| dice.below(2) == 0)),
        business_hours: dice.below(2) == 0,
        waited_min: dice.one(&[0, 1, 59, 60, 1439, 1440, u32::MAX]),
    }
}

fn boxed(tree: Tree) -> Box<Tree> {
    Box::new(tree)
}

/// A tree that is true or false; with `wild`, now and then one that may be of no kind at all.
fn truth(dice: &mut Dice, depth: usize, wild: bool) -> Tree {
    if wild && dice.below(12) == 0 {
        return dice.one(&[
            Tree::Long(1),
            Tree::Text("lost"),
            Tree::At("resource.sms.given"),
            Tree::At("context.risk"),
        ]);
    }
    let deeper = depth.saturating_sub(1);
    match dice.below(if depth == 0 { 5 } else { 11 }) {
        0 => Tree::At(dice.one(&GIVEN)),
        1 => Tree::At(dice.one(&["resource.enrolledStrong", "context.businessHours"])),
        2 => Tree::Bool(dice.below(2) == 0),
        3 => Tree::Within(if dice.below(2) == 0 { vec![dice.one(&CLASSES)] } else { dice.some(&CLASSES) }),
        4 => {
            let (base, name) = dice.one(&HAVE);
            Tree::Has(base, name)
        }
        5 => Tree::Not(boxed(truth(dice, deeper, wild))),
        6 => Tree::And(boxed(truth(dice, deeper, wild)), boxed(truth(dice, deeper, wild))),
        7 => Tree::Or(boxed(truth(dice, deeper, wild)), boxed(truth(dice, deeper, wild))),
        8 => Tree::If(
            boxed(truth(dice, deeper, wild)),
            boxed(truth(dice, deeper, wild)),
            boxed(truth(dice, deeper, wild)),
        ),
        9 => {
            let by = dice.one(&["<", "<=", ">", ">=", "==", "!="]);
            Tree::Compare(by, boxed(number(dice, deeper)), boxed(number(dice, deeper)))
        }
        _ => {
            let path = Tree::At(dice.one(&["resource.door", "resource.action"]));
            if dice.below(2) == 0 {
                Tree::OneOf(dice.some(&WORDS), boxed(path))
            } else {
                Tree::Compare(dice.one(&["==", "!="]), boxed(path), boxed(Tree::Text(dice.one(&WORDS))))
            }
        }
    }
}

fn number(dice: &mut Dice, depth: usize) -> Tree {
    match dice.below(if depth == 0 { 3 } else { 5 }) {
        0 | 1 => Tree::At(dice.one(&NUMBERS)),
        2 => Tree::Long(dice.one(&[0, 1, 2, 60, 1440, i64::MAX, i64::MAX])),
        3 => Tree::Add(boxed(number(dice, depth - 1)), boxed(number(dice, depth - 1))),
        _ => Tree::Times(boxed(number(dice, depth - 1)), boxed(number(dice, depth - 1))),
    }
}

fn rule(dice: &mut Dice, n: usize, wild: bool) -> Rule {
    Rule {
        id: format!("p{n}"),
        permits: dice.below(5) < 3,
        about: match dice.below(4) {
            0 => About::Any,
            1 => About::Some(dice.some(&Gate::ALL)),
            _ => About::One(dice.one(&Gate::ALL)),
        },
        on: match dice.below(9) {
            0 => On::ACase,
            1 => On::TheCase,
            2 => On::AnotherCase,
            3 => On::ACaseWithin(dice.one(&CLASSES)),
            4 | 5 => On::Any,
            6 => On::WithinTheCase,
            _ => On::Within(dice.one(&CLASSES)),
        },
        conditions: (0..dice.below(3)).map(|_| (dice.below(3) > 0, truth(dice, 3, wild))).collect(),
    }
}

/// What came of it, over all comparisons.
#[derive(Default, Debug)]
struct Seen {
    compared: usize,
    allowed: usize,
    errors: usize,
    policies: usize,
    not_loaded: usize,
}

impl Seen {
    fn compare(&mut self, policy: &Policy, rules: &[Rule], gate: Gate, facts: &Facts) {
        let verdict = policy.ask(gate, facts);
        self.compared += 1;
        let told = || format!("{gate:?} {facts:?}\n{}", policy.source());
        match decide(rules, gate, facts) {
            Ok(expected) => {
                self.allowed += usize::from(expected.0);
                assert_eq!((verdict.allowed, verdict.because), expected, "{}", told());
            }
            Err(wrong) => {
                self.errors += 1;
                assert_eq!(wrong, Wrong::Overflow, "the validator took what is of no kind: {}", told());
                let errors = verdict.because.iter().all(|why| why.starts_with("error: ") && why.contains("overflow"));
                assert!(!verdict.allowed && !verdict.because.is_empty() && errors, "{:?} {}", verdict.because, told());
            }
        }
    }

    fn generated(&mut self, dice: &mut Dice, policies: usize, each: usize) {
        for n in 0..policies {
            let wild = n % 4 == 3;
            let rules: Vec<Rule> = (0..=dice.below(6)).map(|n| rule(dice, n, wild)).collect();
            let text: String = rules.iter().map(Rule::to_string).collect();
            self.policies += 1;
            let policy = match Policy::load(&text) {
                Ok(policy) => policy,
                Err(error) => {
                    assert!(wild, "{error}\n{text}");
                    self.not_loaded += 1;
                    continue;
                }
            };
            for _ in 0..each {
                let facts = facts(dice);
                for gate in Gate::ALL {
                    self.compare(&policy, &rules, gate, &facts);
                }
            }
        }
    }
}

fn at(path: &'static str) -> Tree {
    Tree::At(path)
}

fn and(a: Tree, b: Tree) -> Tree {
    Tree::And(boxed(a), boxed(b))
}

fn or(a: Tree, b: Tree) -> Tree {
    Tree::Or(boxed(a), boxed(b))
}

fn by(sign: &'static str, path: &'static str, n: i64) -> Tree {
    Tree::Compare(sign, boxed(at(path)), boxed(Tree::Long(n)))
}

fn is(path: &'static str, word: &'static str) -> Tree {
    Tree::Compare("==", boxed(at(path)), boxed(Tree::Text(word)))
}

/// The baseline policy, written down a second time.
fn baseline() -> Vec<Rule> {
    let rule = |id: &str, permits, gate, on, conditions| Rule {
        id: id.into(),
        permits,
        about: About::One(gate),
        on,
        conditions,
    };
    let verify = |id, class, tree| rule(id, true, Gate::Verify, On::Within(class), vec![(true, tree)]);
    let (passkey, person) = (|| at("resource.passkey.given"), || at("resource.inPerson.given"));
    let (email, password) = (|| at("resource.email.given"), || at("resource.directoryPassword.given"));
    let weak = || Tree::Not(boxed(at("resource.enrolledStrong")));
    let signed_in = |action| and(and(is("resource.door", "account"), is("resource.action", action)), weak());
    let go = |id, class, conditions| rule(id, true, Gate::Authorize, On::Within(class), conditions);
    let two_proofs = and(by(">=", "resource.proofs.independent", 2), by(">=", "resource.proofs.strong", 1));
    let two_people = and(by(">=", "resource.approvals.people", 2), by(">=", "resource.approvals.groups", 2));
    let unusual = and(by(">=", "context.risk", 60), by("<", "context.waitedMinutes", 1440));
    vec![
        verify("verify-standard-passkey", "standard", passkey()),
        verify("verify-standard-two-proofs", "standard", two_proofs),
        verify("verify-standard-device-and-mailbox", "standard", and(at("resource.knownDevice.given"), email())),
        verify("verify-standard-in-person", "standard", person()),
        verify("verify-elevated", "elevated", or(passkey(), person())),
        verify("verify-admin", "admin", or(passkey(), person())),
        verify("verify-first-enrollment", "standard", and(signed_in("enroll_factor"), and(password(), email()))),
        verify("verify-change-password", "standard", and(signed_in("set_password"), password())),
        go("authorize-standard", "standard", vec![]),
        go("authorize-elevated", "elevated", vec![(true, by(">=", "resource.approvals.people", 1))]),
        go("authorize-admin", "admin", vec![(true, two_people)]),
        rule(
            "hold-admin-outside-hours",
            false,
            Gate::Authorize,
            On::Within("admin"),
            vec![(false, at("context.businessHours"))],
        ),
        rule("hold-unusual", false, Gate::Authorize, On::Any, vec![(true, unusual), (false, or(passkey(), person()))]),
    ]
}

/// The digit of a number in a system in which each place has its own signs.
fn digit<T: Copy>(number: &mut usize, signs: &[T]) -> T {
    let sign = signs[*number % signs.len()];
    *number /= signs.len();
    sign
}

/// Every small situation at a gate. The short form holds still what the baseline policy does not ask about there.
fn situations(gate: Gate, all: bool) -> impl Iterator<Item = Facts> {
    const CALM: (bool, bool, u32) = (false, true, 0);
    let (proving, going) = (all || gate == Gate::Verify, all || gate == Gate::Authorize);
    let held: &[u8] = if proving { &(const { every() }) } else { &[0, 1, 2, 4] };
    let actions: &[Action] = if all {
        &ACTIONS
    } else if proving {
        &[ACTIONS[0], ACTIONS[2]]
    } else {
        &ACTIONS[..1]
    };
    let doors: &[Door] = if all {
        &DOORS
    } else if proving {
        &[DOORS[0], DOORS[3]]
    } else {
        &DOORS[..1]
    };
    let strong: &[bool] = if proving { &[true, false] } else { &[true] };
    let people: &[(u32, u32)] = if going { &[(0, 0), (1, 1), (2, 1), (2, 2), (3, 1), (3, 3)] } else { &[(0, 0)] };
    let around: &[(bool, bool, u32)] = if going {
        &[CALM, (true, true, 0), (true, true, 1439), (true, true, 1440), (false, false, 0), (true, false, 1440)]
    } else {
        &[CALM]
    };
    let count = 6 * held.len() * actions.len() * doors.len() * strong.len() * people.len() * around.len();
    (0..count).map(move |mut number| {
        let held = digit(&mut number, held);
        let methods: BTreeSet<Method> =
            Method::ALL.into_iter().zip(0..).filter(|(_, n)| held & (1 << n) != 0).map(|(m, _)| m).collect();
        let strong_ones = methods.iter().filter(|method| method.strength() > Strength::Weak).count();
        let (people, groups) = digit(&mut number, people);
        let (unusual, business_hours, waited_min) = digit(&mut number, around);
        Facts {
            class: digit(&mut number, &Class::ALL),
            action: digit(&mut number, actions),
            door: digit(&mut number, doors),
            enrolled_strong: digit(&mut number, strong),
            proofs: Proofs { independent: held.count_ones(), strong: u32::try_from(strong_ones).unwrap(), methods },
            approvals: Approvals { people, groups },
            risk: if unusual { Risk::of([Signal::RecentContest, Signal::RecentFailures]) } else { Risk::default() },
            business_hours,
            waited_min,
        }
    })
}

/// Every set of the seven kinds of proof, as bits.
const fn every() -> [u8; 128] {
    let mut all = [0; 128];
    let mut n = 0;
    while n < 128 {
        all[n as usize] = n;
        n += 1;
    }
    all
}

#[test]
fn r8_the_gate_answers_as_a_naive_reading_of_the_policy_does() {
    let mut seen = Seen::default();
    let rules = baseline();
    for gate in Gate::ALL {
        for facts in situations(gate, campaign()) {
            seen.compare(policy_once(), &rules, gate, &facts);
        }
    }
    let of_baseline = seen.compared;
    let (policies, each) = if campaign() { (100_000, 50) } else { (150, 12) };
    seen.generated(&mut Dice(0x9E37_79B9_7F4A_7C15), policies, each);
    assert!(
        seen.errors > 0 && seen.not_loaded > 0 && seen.allowed > seen.compared / 20,
        "too tame to show anything: {seen:?}"
    );
    println!(
        "FIGURE r8: {} comparisons ({of_baseline} of the baseline policy, the rest of {} policies made by chance), {} yes, {} evaluation errors, \
         all of them refused and none of kind; {} ill-formed policies not loaded; 0 differences",
        seen.compared, seen.policies, seen.allowed, seen.errors, seen.not_loaded
    );
}
