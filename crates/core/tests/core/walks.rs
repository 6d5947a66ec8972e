//! Random walks: any commands in any order, by anybody, at any time. Whatever is accepted must keep the named invariants.

use keyward_core::{
    account::{Action, Class, Method},
    case::{Case, Command, Ending, REPLACE_MS, Refusal, Stage, Surroundings},
    digest::{Digest, Field},
    event::{ContestedFrom, EndReason, Entry, Event, Unmatched},
    ids::{FactorId, PersonId},
    policy::{Gate, Policy},
    risk::{Risk, Signal},
    steps::{
        reissue::{CheckResult, Outcome, Recorded},
        review::{Finding, Item, Notice, NoticeAbout, Review, Status, needs_human},
        verify::RejectionReason,
    },
    time::{HOUR_MS, MINUTE_MS, Timestamp},
};
use proptest::prelude::*;

use crate::fixture::{
    Played, START, approval, calm, classification, commitment, evidence, person, policy, recorded, sheet, tag,
};

fn policy_once() -> &'static Policy {
    static POLICY: std::sync::LazyLock<Policy> = std::sync::LazyLock::new(policy);
    &POLICY
}

fn around(n: u8) -> Surroundings {
    match n % 4 {
        0 => Surroundings { business_hours: false, next_business: Some(START.plus_ms(10 * HOUR_MS)), ..calm() },
        1 => Surroundings { risk: Risk::of([Signal::RecentContest, Signal::RecentFailures]), ..calm() },
        _ => calm(),
    }
}

fn review(problem: bool) -> Review {
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

/// What must be true of every history, whoever tried what.
fn invariants(played: &Played) -> Result<(), TestCaseError> {
    let events: Vec<&Event> = played.entries.iter().map(|e| &e.event).collect();
    no_start_without_both_gates(&played.entries)?;
    approvers_are_distinct_and_independent(&events)?;
    one_success_per_permission(&events)?;
    time_never_goes_back(&played.entries)?;
    unknown_is_never_repeated(&events)?;
    a_code_is_replaced_once_after_the_change(&events)?;
    nothing_closes_as_done_without_review(&played.case, &events)?;
    replay_equals_state(played)
}

fn no_start_without_both_gates(entries: &[Entry]) -> Result<(), TestCaseError> {
    let (mut verified, mut authorized, mut permission) = (false, false, None);
    for entry in entries {
        match &entry.event {
            Event::Verified(gate) => {
                prop_assert!(policy_once().ask(Gate::Verify, &gate.facts) == gate.verdict && gate.verdict.allowed);
                verified = true;
            }
            Event::Authorized { gate, until } => {
                prop_assert!(verified, "authorized before verified");
                prop_assert!(policy_once().ask(Gate::Authorize, &gate.facts) == gate.verdict && gate.verdict.allowed);
                authorized = true;
                permission = Some((*until, gate.facts.class));
            }
            Event::Reclassified(_) => (verified, authorized) = (false, false),
            Event::Started(started) => {
                prop_assert!(verified && authorized, "started without both gates");
                let (until, class) = permission.unwrap();
                prop_assert!(
                    entry.at < until && started.class == class,
                    "started after the permission or as another class"
                );
            }
            _ => {}
        }
    }
    Ok(())
}

fn approvers_are_distinct_and_independent(events: &[&Event]) -> Result<(), TestCaseError> {
    let mut current: Vec<PersonId> = Vec::new();
    let mut witnesses: Vec<PersonId> = Vec::new();
    for event in events {
        match event {
            Event::Presented(proof) => {
                witnesses.extend(proof.witness);
                current.clear();
            }
            Event::Approved(yes) => {
                prop_assert!(yes.by != person(1) && !witnesses.contains(&yes.by) && !current.contains(&yes.by));
                current.push(yes.by);
            }
            Event::Authorized { gate, .. } => {
                prop_assert_eq!(usize::try_from(gate.facts.approvals.people).unwrap(), current.len());
            }
            Event::Reclassified(_) => current.clear(),
            _ => {}
        }
    }
    Ok(())
}

fn one_success_per_permission(events: &[&Event]) -> Result<(), TestCaseError> {
    let done = events.iter().filter(|e| matches!(e, Event::Recorded(Recorded { outcome: Outcome::Done, .. })));
    prop_assert!(done.count() <= 1);
    let starts = events.iter().filter(|e| matches!(e, Event::Started(_))).count();
    let submissions = events.iter().filter(|e| matches!(e, Event::Submitted(_))).count();
    prop_assert!(starts <= submissions);
    Ok(())
}

fn time_never_goes_back(entries: &[Entry]) -> Result<(), TestCaseError> {
    prop_assert!(entries.windows(2).all(|pair| pair[0].at <= pair[1].at && pair[0].seq + 1 == pair[1].seq));
    Ok(())
}

fn unknown_is_never_repeated(events: &[&Event]) -> Result<(), TestCaseError> {
    let mut unknown = false;
    for event in events {
        match event {
            Event::Recorded(r) => unknown = matches!(r.outcome, Outcome::Unknown { .. }),
            Event::Started(_) | Event::Submitted(_) => {
                prop_assert!(!unknown, "tried again without an answer")
            }
            _ => {}
        }
    }
    Ok(())
}

fn a_code_is_replaced_once_after_the_change(events: &[&Event]) -> Result<(), TestCaseError> {
    let at = |wanted: fn(&Event) -> bool| events.iter().position(|event| wanted(event));
    let Some(replaced) = at(|e| matches!(e, Event::CodeReplaced { .. })) else { return Ok(()) };
    let made = at(|e| matches!(e, Event::Recorded(Recorded { outcome: Outcome::Done, .. })));
    prop_assert!(made.is_some_and(|made| made < replaced), "replaced before the change");
    prop_assert!(
        at(|e| matches!(e, Event::Contested { .. })).is_none_or(|said| replaced < said),
        "replaced after not me"
    );
    prop_assert!(at(|e| matches!(e, Event::Presented(p) if p.method == Method::RecoveryCode)).is_some());
    prop_assert_eq!(events.iter().filter(|e| matches!(e, Event::CodeReplaced { .. })).count(), 1);
    Ok(())
}

fn nothing_closes_as_done_without_review(case: &Case, events: &[&Event]) -> Result<(), TestCaseError> {
    if let Stage::Closed(Ending::Reviewed(reviewed)) = case.stage() {
        prop_assert!(events.iter().any(|e| matches!(e, Event::Reviewed(_))));
        prop_assert!(reviewed.review().is_complete());
        let recorded = reviewed.reissued().recorded();
        prop_assert!(recorded.checks.iter().all(|c| c.result != CheckResult::Failed));
    }
    Ok(())
}

fn replay_equals_state(played: &Played) -> Result<(), TestCaseError> {
    let replayed = Case::replay(&played.entries).unwrap().unwrap();
    prop_assert_eq!(&replayed, &played.case);
    Ok(())
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
            let human = b % 3 == 0;
            let before = played.case.clone();
            let wanted = command(kind, a, b, &played.case, at);
            if played.act(wanted.clone(), policy_once(), at).is_ok() {
                if let Command::Review { .. } = wanted {
                    prop_assert!(human || !needs_human(before.class().unwrap()), "closed by Keyward alone");
                }
                invariants(&played)?;
            }
        }
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
