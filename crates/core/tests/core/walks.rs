//! Random walks: any commands in any order, by anybody, at any time. Whatever is accepted must keep the named invariants.

use keyward_core::{
    account::{Action, Class, Method},
    case::{Case, Command, Ending, REPLACE_MS, Refusal, Stage, Surroundings},
    digest::{Digest, Field},
    event::{ContestedFrom, EndReason, Event, Unmatched},
    ids::FactorId,
    risk::{Risk, Signal},
    steps::{
        reissue::{CheckKind, Outcome},
        review::{Finding, Item, Notice, NoticeAbout, Review, Status},
        verify::RejectionReason,
    },
    time::{HOUR_MS, MINUTE_MS, Timestamp},
};
use proptest::prelude::*;

use crate::fixture::{
    Played, START, approval, calm, classification, commitment, evidence, person, policy_once, recorded, sheet, tag,
};

fn around(n: u8) -> Surroundings {
    match n % 4 {
        0 => Surroundings { business_hours: false, next_business: Some(START.plus_ms(10 * HOUR_MS)), ..calm() },
        1 => Surroundings { risk: Risk::of([Signal::RecentContest, Signal::RecentFailures]), ..calm() },
        _ => calm(),
    }
}

pub fn review(problem: bool) -> Review {
    let items = [Item::Change, Item::OldSecret, Item::Sessions, Item::Siblings, Item::Notices];
    let status = if problem { Status::Problem } else { Status::Clear };
    Review { findings: items.map(|item| Finding { item, status }).into() }
}

/// One of many things that somebody may try. `a` and `b` are free choices.
fn command(kind: u8, a: u8, b: u8, case: &Case, at: Timestamp) -> Command {
    let class = Class::ALL[usize::from(a) % 6];
    let method = Method::ALL[usize::from(a) % 7];
    let attempt = u32::from(a % 3) + 1;
    match kind % 20 {
        0 | 1 => Command::Classify(classification(class)),
        2 => Command::Unmatch(Unmatched::Unknown),
        3..=6 => {
            let mut proof = evidence(method, b, at);
            if b.is_multiple_of(11) {
                proof.subject = person(3);
            }
            if b.is_multiple_of(7) {
                proof.usable_from = at.plus_ms(1);
            }
            Command::Present(proof, around(b))
        }
        7 => Command::Reject(method, RejectionReason::Mismatch),
        8..=10 => {
            let mut yes = approval(a % 9, &[["desk", "security", "it"][usize::from(b) % 3]], case, at);
            if b.is_multiple_of(13) {
                yes.seen = Digest::of(b"another state");
            }
            Command::Approve(yes, around(b))
        }
        11 => Command::Ask(around(b)),
        12 | 13 => Command::Submit { sealed: Some(Digest::of(&[a])), factor: None },
        14 => Command::Start(classification(if b.is_multiple_of(5) { class } else { case.class().unwrap_or(class) })),
        15 => Command::Record(recorded(
            attempt,
            match b % 4 {
                0 => Outcome::NotDone { reason: "quality".into() },
                1 => Outcome::Unknown { reason: "timeout".into() },
                _ => Outcome::Done,
            },
        )),
        16 => Command::Notice(Notice {
            about: NoticeAbout::Done,
            address: commitment(Field::Address, "a"),
            delivered: b.is_multiple_of(2),
        }),
        17 => Command::Review { review: review(b.is_multiple_of(4)), by_human: b.is_multiple_of(3) },
        18 => Command::End([EndReason::Withdrawn, EndReason::Expired, EndReason::Denied][usize::from(b) % 3]),
        _ if b.is_multiple_of(5) => Command::ReplaceCode { factor: sheet() },
        _ if b.is_multiple_of(6) => Command::Contest(ContestedFrom::Notice),
        _ => Command::Start(classification(case.class().unwrap_or(class))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn r1_any_walk_keeps_every_invariant(steps in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), 0i64..20), 1..60)) {
        let mut played = Played::open(Action::SetPassword);
        let mut at = START;
        for (kind, a, b, minutes) in steps {
            // The clock may also go back; the case does not.
            at = at.plus_ms((minutes - 4) * MINUTE_MS);
            let before = played.case.clone();
            let wanted = command(kind, a, b, &played.case, at);
            if played.act(wanted, policy_once(), at).is_err() {
                prop_assert_eq!(&before, &played.case, "a refusal changed something");
            }
        }
        prop_assert_eq!(Case::replay(&played.entries).unwrap().unwrap(), played.case, "replay gives another case");
    }

    #[test]
    fn t_h14_a_history_with_one_entry_left_out_doubled_or_swapped_does_not_replay(cut in 0usize..7, kind in 0u8..3) {
        let played = done();
        let mut entries = played.entries.clone();
        let cut = cut % (entries.len() - 1);
        match kind {
            0 => { entries.remove(cut); }
            1 => { let again = entries[cut].clone(); entries.insert(cut, again); }
            _ => entries.swap(cut, cut + 1),
        }
        prop_assert!(Case::replay(&entries).is_err());
    }
}

/// A whole recovery of a standard account by passkey.
pub fn done() -> Played {
    let policy = policy_once();
    let mut played = Played::open(Action::SetPassword);
    for command in [
        Command::Classify(classification(Class::Standard)),
        Command::Present(evidence(Method::Passkey, 1, START), calm()),
        Command::Submit { sealed: Some(Digest::of(b"x")), factor: None },
        Command::Start(classification(Class::Standard)),
        Command::Record(recorded(1, Outcome::Done)),
        Command::Notice(Notice { about: NoticeAbout::Done, address: commitment(Field::Address, "a"), delivered: true }),
        Command::Review { review: review(false), by_human: false },
    ] {
        played.act(command, policy, START).unwrap();
    }
    played
}

#[test]
fn a_standard_account_is_recovered_by_a_passkey_in_five_logged_steps() {
    let played = done();
    let kinds: Vec<&str> = played
        .entries
        .iter()
        .map(|e| match e.event {
            Event::Opened(_) | Event::Classified(_) => "classify",
            Event::Presented(_) | Event::Verified(_) => "verify",
            Event::Authorized { .. } => "authorize",
            Event::Submitted(_) | Event::Started(_) | Event::Recorded(_) => "reissue",
            _ => "review",
        })
        .collect();
    let mut steps = kinds.clone();
    steps.dedup();
    assert_eq!(steps, ["classify", "verify", "authorize", "reissue", "review"]);
    assert!(matches!(played.case.stage(), Stage::Closed(Ending::Reviewed(_))));
}

#[test]
fn n_05_a_used_code_is_replaced_once_within_an_hour_of_the_change_and_no_other() {
    let policy = policy_once();
    let replace = || Command::ReplaceCode { factor: sheet() };
    let mut played = Played::open(Action::SetPassword);
    played.act(Command::Classify(classification(Class::Standard)), policy, START).unwrap();
    played.act(Command::Present(evidence(Method::Totp, 1, START), calm()), policy, START).unwrap();
    played.act(Command::Present(evidence(Method::RecoveryCode, 2, START), calm()), policy, START).unwrap();
    assert_eq!(played.act(replace(), policy, START), Err(Refusal::WrongStep), "before the change");
    played.act(Command::Submit { sealed: Some(tag(1)), factor: None }, policy, START).unwrap();
    played.act(Command::Start(classification(Class::Standard)), policy, START).unwrap();
    played.act(Command::Record(recorded(1, Outcome::Done)), policy, START).unwrap();
    let late = START.plus_ms(REPLACE_MS + 1);
    assert_eq!(played.act(replace(), policy, late), Err(Refusal::Expired));
    let other = Command::ReplaceCode { factor: FactorId::new(START, [1; 10]) };
    assert_eq!(played.act(other, policy, START), Err(Refusal::NothingNew), "another sheet");
    played.act(replace(), policy, START).unwrap();
    assert_eq!(played.act(replace(), policy, START), Err(Refusal::NothingNew), "twice");
    let mut without = done();
    assert_eq!(without.act(replace(), policy, START), Err(Refusal::NothingNew), "no code was used");
}

#[test]
fn m114_an_admin_needs_two_people_from_two_groups_and_a_change_voids_their_yes() {
    let policy = policy_once();
    let mut played = Played::open(Action::SetPassword);
    played.act(Command::Classify(classification(Class::Admin)), policy, START).unwrap();
    played.act(Command::Present(evidence(Method::Passkey, 1, START), calm()), policy, START).unwrap();
    let yes = |by, group: &'static str, case: &Case| Command::Approve(approval(by, &[group], case, START), calm());
    assert!(played.act(yes(1, "desk", &played.case), policy, START).is_err(), "the subject");
    played.act(yes(2, "desk", &played.case), policy, START).unwrap();
    assert!(played.act(yes(2, "security", &played.case), policy, START).is_err(), "twice the same person");
    let seen_before = played.case.clone();
    played.act(Command::Present(evidence(Method::Totp, 2, START), calm()), policy, START).unwrap();
    assert!(played.act(yes(4, "security", &seen_before), policy, START).is_err(), "saw another case");
    played.act(yes(4, "security", &played.case), policy, START).unwrap();
    assert!(
        matches!(played.case.stage(), Stage::Authorizing(..)),
        "the first yes was for the case before the second proof"
    );
    played.act(yes(2, "desk", &played.case), policy, START).unwrap();
    assert!(matches!(played.case.stage(), Stage::Reissuing(..)));
}

#[test]
fn ux_65_a_better_proof_ends_a_hold() {
    let policy = policy_once();
    let unusual = Surroundings { risk: Risk::of([Signal::RecentContest, Signal::RecentFailures]), ..calm() };
    let mut played = Played::open(Action::SetPassword);
    played.act(Command::Classify(classification(Class::Standard)), policy, START).unwrap();
    played.act(Command::Present(evidence(Method::Totp, 1, START), unusual.clone()), policy, START).unwrap();
    played.act(Command::Present(evidence(Method::RecoveryCode, 2, START), unusual.clone()), policy, START).unwrap();
    assert_eq!(played.case.hold().map(|hold| hold.until), Some(START.plus_ms(24 * HOUR_MS)));
    played.act(Command::Present(evidence(Method::Passkey, 3, START), unusual), policy, START).unwrap();
    assert!(matches!(played.case.stage(), Stage::Reissuing(..)));
}

#[test]
fn a_hold_ends_by_itself_although_the_proofs_are_a_day_old() {
    let policy = policy_once();
    let unusual = Surroundings { risk: Risk::of([Signal::RecentContest, Signal::RecentFailures]), ..calm() };
    let mut played = Played::open(Action::SetPassword);
    played.act(Command::Classify(classification(Class::Standard)), policy, START).unwrap();
    played.act(Command::Present(evidence(Method::Totp, 1, START), unusual.clone()), policy, START).unwrap();
    played.act(Command::Present(evidence(Method::RecoveryCode, 2, START), unusual.clone()), policy, START).unwrap();
    let early = START.plus_ms(23 * HOUR_MS);
    assert!(played.act(Command::Ask(unusual.clone()), policy, early).is_err());
    played.act(Command::Ask(unusual), policy, START.plus_ms(24 * HOUR_MS)).unwrap();
    assert!(matches!(played.case.stage(), Stage::Reissuing(..)));
}

#[test]
fn m143_a_review_says_what_the_checks_and_the_notices_show() {
    use CheckKind::{OldRefused, ReadBack, SessionsEnded, SiblingsEnded, Write};
    use Status::{CannotCheck, Clear, Problem};
    let played = done();
    let notice = |about, delivered| Notice { about, address: commitment(Field::Address, "a"), delivered };
    let of = |notices: &[Notice]| {
        let review = Review::automatic(played.case.reissued().unwrap(), notices)?;
        Some(review.findings.into_iter().map(|finding| finding.status).collect::<Vec<_>>())
    };
    let seen: Vec<CheckKind> = played.case.reissued().unwrap().recorded().checks.iter().map(|c| c.what).collect();
    assert_eq!(seen, [Write, ReadBack, OldRefused], "neither {SessionsEnded:?} nor {SiblingsEnded:?}");
    for (notices, expected) in [
        (vec![], None),
        (vec![notice(NoticeAbout::Started, true), notice(NoticeAbout::Held, true)], None),
        (vec![notice(NoticeAbout::Done, true)], Some(Clear)),
        (vec![notice(NoticeAbout::RecoveryDataChanged, true)], Some(Clear)),
        (vec![notice(NoticeAbout::Done, true), notice(NoticeAbout::Started, false)], Some(Clear)),
        (vec![notice(NoticeAbout::Done, true), notice(NoticeAbout::Done, false)], Some(Problem)),
    ] {
        let expected = expected.map(|told| vec![Clear, CannotCheck, CannotCheck, CannotCheck, told]);
        assert_eq!(of(&notices), expected, "{notices:?}");
    }
}

#[test]
fn m110_a_start_of_business_that_has_passed_holds_nothing() {
    let policy = policy_once();
    let night = Surroundings { business_hours: false, next_business: Some(START.plus_ms(-HOUR_MS)), ..calm() };
    let mut played = Played::open(Action::SetPassword);
    played.act(Command::Classify(classification(Class::Admin)), policy, START).unwrap();
    played.act(Command::Present(evidence(Method::InPerson, 1, START), night.clone()), policy, START).unwrap();
    for (by, group) in [(2, "desk"), (4, "security")] {
        let yes = approval(by, &[group], &played.case, START);
        played.act(Command::Approve(yes, night.clone()), policy, START).unwrap();
    }
    assert_eq!(played.case.hold(), None);
    assert!(matches!(played.case.stage(), Stage::Authorizing(..)));
}

#[test]
fn r20_a_clock_that_goes_back_gives_a_proof_no_more_time() {
    let policy = policy_once();
    let mut played = Played::open(Action::SetPassword);
    let later = START.plus_ms(20 * MINUTE_MS);
    played.act(Command::Classify(classification(Class::Standard)), policy, later).unwrap();
    // Over for five minutes by the time of the case, and good for ten more by the clock.
    let old = Command::Present(evidence(Method::Passkey, 1, START), calm());
    played.act(old, policy, START.plus_ms(5 * MINUTE_MS)).unwrap();
    assert!(matches!(played.case.stage(), Stage::Verifying(..)), "{:?}", played.case.stage());
}

#[test]
fn n_05_a_new_sheet_takes_the_place_of_the_code_that_was_used_for_it() {
    let policy = policy_once();
    let mut played = Played::open(Action::EnrollFactor { method: Method::RecoveryCode });
    for command in [
        Command::Classify(classification(Class::Standard)),
        Command::Present(evidence(Method::Totp, 1, START), calm()),
        Command::Present(evidence(Method::RecoveryCode, 2, START), calm()),
        Command::Submit { sealed: Some(tag(1)), factor: Some(FactorId::new(START, [1; 10])) },
        Command::Start(classification(Class::Standard)),
        Command::Record(recorded(1, Outcome::Done)),
    ] {
        played.act(command, policy, START).unwrap();
    }
    assert_eq!(played.act(Command::ReplaceCode { factor: sheet() }, policy, START), Err(Refusal::NothingNew));
}

#[test]
fn r30_an_account_of_another_class_goes_on_with_the_proofs_that_were_given() {
    let policy = policy_once();
    let mut played = Played::open(Action::SetPassword);
    for command in [
        Command::Classify(classification(Class::Standard)),
        Command::Present(evidence(Method::Passkey, 1, START), calm()),
        Command::Submit { sealed: Some(tag(1)), factor: None },
        Command::Start(classification(Class::Finance)),
    ] {
        played.act(command, policy, START).unwrap();
    }
    assert!(matches!(played.case.stage(), Stage::Verifying(..)));
    let again = Command::Present(evidence(Method::Passkey, 2, START), calm());
    assert_eq!(played.act(again, policy, START), Err(Refusal::Again));
    played.act(Command::Ask(calm()), policy, START).unwrap();
    assert!(matches!(played.case.stage(), Stage::Authorizing(..)), "waits for a second person");
}
