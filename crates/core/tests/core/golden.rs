//! The bytes of each kind of entry, as they are hashed for ever. A line of `golden/events.jsonl` never changes; new kinds are added at the end.

use keyward_core::{
    account::{Action, Class, Method},
    actor::Actor,
    digest::{Digest, Field},
    event::{ContestedFrom, Door, EndReason, Entry, Event, NotAnEntry, Unmatched, VERSION},
    ids::FactorId,
    policy::{Facts, Gated, Verdict},
    risk::{Risk, Signal},
    steps::{
        authorize::{Approval, Approvals, Hold},
        reissue::{Outcome, Started, Submission},
        review::{Finding, Item, Notice, NoticeAbout, Review, Status},
        verify::{Proofs, Rejection, RejectionReason, Source},
    },
};

use crate::fixture::{START, case_id, claim, classification, commitment, evidence, person, recorded, tag};

const GOLDEN: &str = include_str!("golden/events.jsonl");

fn gate() -> Gated {
    Gated {
        facts: Facts {
            class: Class::Standard,
            action: Action::SetPassword,
            door: Door::Forgot,
            enrolled_strong: true,
            proofs: Proofs { methods: [Method::Totp, Method::Email].into(), independent: 2, strong: 1 },
            approvals: Approvals { people: 1, groups: 1 },
            risk: Risk::of([Signal::NewNetwork, Signal::RecentCase]),
            business_hours: false,
            waited_min: 7,
        },
        verdict: Verdict {
            allowed: true,
            because: vec!["verify-standard-two-proofs".into()],
            policy: Digest::of(b"policy"),
        },
    }
}

fn events() -> Vec<(Actor, Event)> {
    let mut proof = evidence(Method::Totp, 3, START);
    proof.sources.extend([
        Source::Mailbox { tag: tag(5) },
        Source::Factor { id: FactorId::new(START, [6; 10]) },
        Source::Person { id: person(7) },
    ]);
    proof.witness = Some(person(7));
    let submission =
        Submission { attempt: 1, sealed: Some(Digest::of(b"sealed")), factor: Some(FactorId::new(START, [6; 10])) };
    let owner = Actor::Person { id: person(1) };
    let staff = Actor::Staff { id: person(2) };
    vec![
        (Actor::Requester, Event::Opened(claim(Action::EnrollFactor { method: Method::Passkey }, Door::Account))),
        (Actor::Keyward, Event::Classified(classification(Class::Finance))),
        (Actor::Keyward, Event::Unmatched { reason: Unmatched::Ambiguous }),
        (Actor::Requester, Event::Presented(proof)),
        (
            Actor::Requester,
            Event::Rejected(Rejection { method: Method::RecoveryCode, reason: RejectionReason::Replayed }),
        ),
        (Actor::Keyward, Event::Verified(gate())),
        (staff, Event::Approved(Approval { by: person(2), groups: vec!["desk".into()], at: START, seen: tag(8) })),
        (Actor::Keyward, Event::Held(Hold { until: START.plus_ms(1), gate: gate() })),
        (Actor::Keyward, Event::Authorized { gate: gate(), until: START.plus_ms(2) }),
        (owner, Event::Submitted(submission)),
        (Actor::Keyward, Event::Reclassified(classification(Class::Admin))),
        (Actor::Keyward, Event::Started(Started { attempt: 1, class: Class::Standard })),
        (Actor::Keyward, Event::Recorded(recorded(1, Outcome::Done))),
        (Actor::Keyward, Event::Recorded(recorded(1, Outcome::NotDone { reason: "in_history".into() }))),
        (Actor::Keyward, Event::Recorded(recorded(1, Outcome::Unknown { reason: "timeout".into() }))),
        (
            Actor::Keyward,
            Event::Noticed(Notice {
                about: NoticeAbout::Done,
                address: commitment(Field::Address, "a@b.example"),
                delivered: true,
            }),
        ),
        (
            Actor::Keyward,
            Event::Reviewed(Review { findings: vec![Finding { item: Item::Change, status: Status::CannotCheck }] }),
        ),
        (Actor::Operator, Event::Ended { reason: EndReason::Withdrawn }),
        (Actor::Requester, Event::Contested { from: ContestedFrom::Notice }),
        (owner, Event::CodeReplaced { factor: FactorId::new(START, [9; 10]) }),
    ]
}

fn entries() -> Vec<Entry> {
    events()
        .into_iter()
        .zip(1..)
        .map(|((by, event), seq)| Entry { v: VERSION, case: case_id(), seq, at: START, by, event })
        .collect()
}

#[test]
fn m150_the_bytes_of_every_kind_of_entry_stay_as_they_are() {
    let written: Vec<String> = entries().iter().map(|e| String::from_utf8(e.bytes().unwrap()).unwrap()).collect();
    if std::env::var_os("KEYWARD_WRITE_GOLDEN").is_some() {
        std::fs::write("tests/core/golden/events.jsonl", written.join("\n") + "\n").unwrap();
    }
    let golden: Vec<&str> = GOLDEN.lines().collect();
    assert_eq!(written, golden);
}

#[test]
fn an_entry_is_read_in_exactly_one_form() {
    for line in GOLDEN.lines() {
        let entry = Entry::parse(line.as_bytes()).unwrap();
        assert_eq!(entry.bytes().unwrap(), line.as_bytes());
        let spaced = line.replacen(',', ", ", 1);
        assert!(matches!(Entry::parse(spaced.as_bytes()), Err(NotAnEntry::NotCanonical)), "{spaced}");
        let extra = line.replacen('{', "{\"extra\":1,", 1);
        assert!(Entry::parse(extra.as_bytes()).is_err(), "{extra}");
        let doubled = line.replacen("\"v\":1", "\"v\":1,\"v\":1", 1);
        assert!(Entry::parse(doubled.as_bytes()).is_err(), "{doubled}");
    }
    assert!(matches!(
        Entry::parse(GOLDEN.lines().next().unwrap().replacen("\"v\":1", "\"v\":2", 1).as_bytes()),
        Err(NotAnEntry::Version(2))
    ));
}

#[test]
fn no_entry_comes_near_the_limit_of_the_log() {
    // TL-5: an entry of a tile is at most 65,535 bytes; the house limit is 16 KiB.
    assert!(entries().iter().all(|e| e.bytes().unwrap().len() < 4096));
}
