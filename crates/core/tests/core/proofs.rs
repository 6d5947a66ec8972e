//! What proofs add up to: never more for being given in another order, twice, by somebody else, too late or too early. One choice is compared with
//! another way of finding it. Which sums are enough is the policy's business and not looked at here.

use keyward_core::{
    account::{Class, Method, Strength},
    case::{Case, Command, Stage},
    event::{Door, Event},
    ids::EvidenceId,
    policy::{Policy, PolicyError},
    steps::{
        classify::Classified,
        verify::{Evidence, MAX_EVIDENCE, Proofs, Source},
    },
    time::Timestamp,
};
use proptest::prelude::*;

use crate::fixture::{Played, START, calm, claim, classification, evidence, first, person, policy_once, sheet, tag};

/// An account whose password opens a mailbox.
fn account() -> Classified {
    let opened = first(Event::Opened(claim(keyward_core::account::Action::SetPassword, Door::Forgot)));
    let case = Case::opened(&opened).unwrap();
    let mut known = classification(Class::Standard);
    known.opens.push(mailbox(9));
    let entry = case.entry(Event::Classified(known), keyward_core::actor::Actor::Keyward, START);
    case.apply(&entry).unwrap().classified().unwrap().clone()
}

fn mailbox(n: u8) -> Source {
    Source::Mailbox { tag: tag(n) }
}

fn source(n: u8) -> Source {
    match n % 6 {
        0 => Source::Device { tag: tag(1) },
        1 => Source::Device { tag: tag(2) },
        2 => Source::Factor { id: sheet() },
        3 => Source::Person { id: person(7) },
        n => mailbox(n),
    }
}

fn proof(method: u8, sources: &[u8], n: u8) -> Evidence {
    let mut proof = evidence(Method::ALL[usize::from(method) % 7], n, START);
    proof.sources = sources.iter().map(|n| source(*n)).collect();
    proof
}

prop_compose! {
    fn some_proofs()(all in prop::collection::vec((0u8..7, prop::collection::vec(0u8..6, 1..3)), 0..6)) -> Vec<Evidence> {
        all.iter().zip(0..).map(|((method, sources), n)| proof(*method, sources, n)).collect()
    }
}

fn sum(proofs: &[Evidence]) -> Proofs {
    Proofs::of(&account(), proofs, START)
}

/// How much it is worth, in the order in which it is compared.
fn worth(sum: &Proofs) -> (bool, u32, u32) {
    let resistant = sum.methods.iter().any(|method| method.strength() == Strength::PhishingResistant);
    (resistant, sum.strong, sum.independent)
}

/// The best that can be made of some proofs, by trying each with and without.
fn best(left: &[Evidence], chosen: &mut Vec<Evidence>) -> (bool, u32, u32) {
    let Some((next, rest)) = left.split_first() else {
        let strong = chosen.iter().filter(|p| p.method.strength() >= Strength::Strong).count();
        let resistant = chosen.iter().any(|p| p.method.strength() == Strength::PhishingResistant);
        return (resistant, u32::try_from(strong).unwrap(), u32::try_from(chosen.len()).unwrap());
    };
    let without = best(rest, chosen);
    let apart = |p: &Evidence| p.method != next.method && !p.sources.iter().any(|s| next.sources.contains(s));
    if !chosen.iter().all(apart) {
        return without;
    }
    chosen.push(next.clone());
    let with = best(rest, chosen);
    chosen.pop();
    with.max(without)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn r26_the_order_of_proofs_changes_nothing(proofs in some_proofs(), turns in prop::collection::vec(any::<prop::sample::Index>(), 6)) {
        let mut turned = proofs.clone();
        for (to, from) in turns.iter().enumerate().take(turned.len()) {
            let from = from.index(turned.len());
            turned.swap(to, from);
        }
        prop_assert_eq!(sum(&turned), sum(&proofs));
    }

    #[test]
    fn r26_a_proof_that_is_given_twice_counts_once(proofs in some_proofs(), which in any::<prop::sample::Index>(), renamed in any::<bool>()) {
        prop_assume!(!proofs.is_empty());
        let mut again = proofs[which.index(proofs.len())].clone();
        if renamed {
            again.id = EvidenceId::new(START, [99; 10]);
        }
        let mut twice = proofs.clone();
        twice.push(again);
        prop_assert_eq!(sum(&twice), sum(&proofs));
    }

    #[test]
    fn r26_proofs_are_worth_the_best_choice_of_independent_ones(proofs in some_proofs()) {
        prop_assert_eq!(worth(&sum(&proofs)), best(&proofs, &mut vec![]));
    }

    #[test]
    fn r26_one_source_more_never_raises_what_proofs_are_worth(proofs in some_proofs(), which in any::<prop::sample::Index>(), n in 0u8..6) {
        prop_assume!(!proofs.is_empty());
        let mut shared = proofs.clone();
        shared[which.index(proofs.len())].sources.push(source(n));
        prop_assert!(worth(&sum(&shared)) <= worth(&sum(&proofs)));
    }

    #[test]
    fn m103_what_does_not_count_changes_nothing(proofs in some_proofs(), method in 0u8..7, why in 0u8..5) {
        let mut other = proof(method, &[0], 50);
        match why {
            0 => other.subject = person(3),
            1 => other.until = START,
            2 => other.usable_from = START.plus_ms(1),
            3 => other.sources.push(mailbox(9)),
            _ => other.sources.push(Source::Password { directory: "embedded".into() }),
        }
        for place in [0, proofs.len()] {
            let mut with = proofs.clone();
            with.insert(place, other.clone());
            prop_assert_eq!(sum(&with), sum(&proofs), "{}", why);
        }
    }
}

#[test]
fn r26_no_more_proofs_are_added_up_than_a_case_takes() {
    let weak = (0u8..).take(MAX_EVIDENCE).map(|n| proof(5, &[4], n));
    let all: Vec<Evidence> = weak.chain([proof(0, &[0], 60)]).collect();
    assert_eq!(worth(&sum(&all)), (false, 0, 1));
}

#[test]
fn c11_each_kind_of_proof_is_worth_what_the_table_says() {
    use Strength::{PhishingResistant, Strong, Weak};
    let table = [PhishingResistant, PhishingResistant, Strong, Strong, Weak, Weak, Weak];
    assert_eq!(Method::ALL.map(Method::strength), table, "passkey, person, app, sheet, browser, mailbox, password");
}

/// What can be looked up or known by heart is no kind of proof: no entry can have it, and no policy can ask for it.
#[test]
fn c2_what_others_know_of_a_person_is_no_proof() {
    for word in
        ["employee_id", "hire_date", "department", "question", "sms", "voice", "caller_id", "callback", "locator"]
    {
        assert!(serde_json::from_value::<Method>(word.into()).is_err(), "{word}");
        let mut value = serde_json::to_value(evidence(Method::Totp, 1, START)).unwrap();
        value["method"] = word.into();
        assert!(serde_json::from_value::<Evidence>(value).is_err(), "{word}");
        let attribute: String = word
            .split('_')
            .enumerate()
            .map(|(n, part)| if n == 0 { part.into() } else { part[..1].to_uppercase() + &part[1..] })
            .collect();
        let text = format!(
            "@id(\"a\") @because(\"b\") permit(principal, action, resource) when {{ resource.{attribute}.given }};"
        );
        assert!(matches!(Policy::load(&text), Err(PolicyError::Validation(_))), "{attribute}");
    }
}

#[test]
fn r02_a_proof_that_was_stale_when_the_identity_was_proved_counts_at_no_gate() {
    let late: Timestamp = START.plus_ms(20 * 60_000);
    let mut played = Played::open(keyward_core::account::Action::SetPassword);
    for (command, at) in [
        (Command::Classify(classification(Class::Finance)), START),
        (Command::Present(evidence(Method::Totp, 1, START), calm()), START),
        (Command::Present(evidence(Method::InPerson, 2, late), calm()), late),
    ] {
        played.act(command, policy_once(), at).unwrap();
    }
    let Stage::Authorizing(..) = played.case.stage() else { panic!("waits for a second person") };
    let yes = crate::fixture::approval(2, &["desk"], &played.case, late);
    played.act(Command::Approve(yes, calm()), policy_once(), late).unwrap();
    let Stage::Reissuing(authorized, _) = played.case.stage() else { panic!("one person has agreed") };
    assert_eq!(authorized.gate().facts.proofs.methods, [Method::InPerson].into());
}
