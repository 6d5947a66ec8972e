//! A history that can not have happened does not replay: for every check of `apply`, an entry that only a forger would write. What a forger
//! can write that contradicts nothing, the tree and its checkpoints have to notice.

use keyward_core::{
    account::{Action, Class, Method},
    actor::Actor,
    case::{Case, Command, Corrupt, Refusal},
    digest::{Digest, Disclosure, Field},
    event::{ContestedFrom, EndReason, Entry, Event, Unmatched},
    ids::{CaseId, FactorId},
    ledger::{Durable, Ledger},
    policy::{Gate, Gated},
    risk::{Risk, Signal},
    steps::{
        authorize::Hold,
        classify::Classification,
        reissue::{Check, CheckKind, CheckResult, NoPermit, Outcome, Permit, Started, Submission},
        verify::{Evidence, Rejection, RejectionReason},
    },
    time::{HOUR_MS, MINUTE_MS, Timestamp},
};

use crate::{
    fixture::{
        Played, START, approval, calm, case_id, classification, disclosed, evidence, first, opened, person,
        policy_once, recorded, sheet, tag,
    },
    walks::review,
};

const NOT_ME: Event = Event::Contested { from: ContestedFrom::Page };

fn played(action: Action, commands: impl IntoIterator<Item = Command>) -> Case {
    let mut played = Played::open(action);
    for command in commands {
        played.act(command, policy_once(), START).unwrap();
    }
    played.case
}

fn case(commands: impl IntoIterator<Item = Command>) -> Case {
    played(Action::SetPassword, commands)
}

fn classify(class: Class) -> Command {
    Command::Classify(classification(class))
}

fn present(method: Method, n: u8) -> Command {
    Command::Present(evidence(method, n, START), calm())
}

fn submit() -> Command {
    Command::Submit { sealed: Some(tag(1)), factor: None }
}

fn start(class: Class) -> Command {
    Command::Start(classification(class))
}

fn answer(attempt: u32, outcome: Outcome) -> Command {
    Command::Record(recorded(attempt, outcome))
}

fn refused() -> Outcome {
    Outcome::NotDone { reason: "quality".into() }
}

fn unknown() -> Outcome {
    Outcome::Unknown { reason: "timeout".into() }
}

/// A standard account whose gate is open.
fn open_gate() -> Case {
    case([classify(Class::Standard), present(Method::Passkey, 1)])
}

/// An account of finance whose owner is known, and which waits for people.
fn waiting() -> Case {
    case([classify(Class::Finance), present(Method::InPerson, 1)])
}

fn handed_in() -> Case {
    case([classify(Class::Standard), present(Method::Passkey, 1), submit()])
}

fn begun() -> Case {
    case([classify(Class::Standard), present(Method::Passkey, 1), submit(), start(Class::Standard)])
}

fn by_code() -> [Command; 3] {
    [classify(Class::Standard), present(Method::Totp, 1), present(Method::RecoveryCode, 2)]
}

/// The change is made, by a recovery code.
fn made() -> Case {
    case(by_code().into_iter().chain([submit(), start(Class::Standard), answer(1, Outcome::Done)]))
}

fn ended() -> Case {
    case([classify(Class::Standard), Command::End(EndReason::Withdrawn)])
}

/// What that gate would be asked of a case after its next proof, with its answer.
fn gated(case: &Case, gate: Gate) -> Gated {
    let next = case.decide(present(Method::Passkey, 9), policy_once(), START).unwrap();
    let found = next.into_iter().find_map(|event| match (gate, event) {
        (Gate::Verify, Event::Verified(gated)) => Some(gated),
        (Gate::Authorize, Event::Authorized { gate, .. }) => Some(gate),
        _ => None,
    });
    found.unwrap()
}

fn submission(attempt: u32, factor: Option<FactorId>) -> Event {
    Event::Submitted(Submission { attempt, sealed: Some(tag(1)), factor })
}

fn started(attempt: u32, class: Class) -> Event {
    Event::Started(Started { attempt, class })
}

fn rejected() -> Event {
    Event::Rejected(Rejection { method: Method::Totp, reason: RejectionReason::Mismatch })
}

fn proof(change: impl FnOnce(&mut Evidence)) -> Event {
    let mut proof = evidence(Method::Passkey, 9, START);
    change(&mut proof);
    Event::Presented(proof)
}

fn later(ms: i64) -> Timestamp {
    START.plus_ms(ms)
}

/// Why the case does not go on with that.
fn why(case: &Case, event: Event, by: Actor, at: Timestamp) -> &'static str {
    match case.clone().apply(&case.entry(event, by, at)) {
        Err(corrupt) => corrupt.why,
        Ok(next) => panic!("it went on: {:?}", next.stage()),
    }
}

fn check(rows: Vec<(&str, Case, Event)>) {
    for (expected, case, event) in rows {
        let told = format!("{event:?}");
        assert_eq!(why(&case, event, Actor::Keyward, START), expected, "{told}");
    }
}

#[test]
fn t_h14_an_entry_stands_in_its_own_place() {
    let whole = |change: &dyn Fn(&mut Entry)| {
        let case = open_gate();
        let mut entry = case.entry(submission(1, None), Actor::Keyward, START);
        change(&mut entry);
        case.apply(&entry).map(drop).map_err(|Corrupt { why, .. }| why)
    };
    assert_eq!(whole(&|_| ()), Ok(()));
    assert_eq!(whole(&|e| e.case = CaseId::new(START, [2; 10])), Err("the entry belongs to another case"));
    assert_eq!(whole(&|e| e.seq += 1), Err("an entry is missing or doubled"));
    assert_eq!(whole(&|e| e.at = later(-1)), Err("time goes back"));
    let last = |class| case([classify(class), Command::End(EndReason::Withdrawn)]).digest();
    assert_ne!(last(Class::Standard), last(Class::Finance), "the digest is of all entries");
    let opened_by = |entry: &Entry| Case::opened(entry).map(drop).map_err(|Corrupt { why, .. }| why);
    assert_eq!(opened_by(&first(NOT_ME)), Err("the first entry of a case opens it"));
    let second = Entry { seq: 2, ..opened(Action::Unlock) };
    assert_eq!(opened_by(&second), Err("the first entry of a case has number 1"));
}

#[test]
fn r01_no_step_is_skipped_in_a_log() {
    let over = "the case was over";
    let not_next = "this can not follow";
    let new = case([]);
    let nobody = case([Command::Unmatch(Unmatched::Unknown)]);
    let known = case([classify(Class::Standard)]);
    let contested = case([classify(Class::Standard), Command::Contest(ContestedFrom::Page)]);
    let reviewed = Event::Reviewed(review(false));
    check(vec![
        (not_next, new, proof(|_| ())),
        (not_next, nobody.clone(), Event::Classified(classification(Class::Standard))),
        (not_next, nobody, Event::Unmatched { reason: Unmatched::Unknown }),
        (not_next, known.clone(), submission(1, None)),
        (not_next, known, Event::Classified(classification(Class::Admin))),
        (not_next, waiting(), submission(1, None)),
        (not_next, open_gate(), started(1, Class::Standard)),
        (not_next, open_gate(), proof(|_| ())),
        (not_next, handed_in(), submission(2, None)),
        (not_next, begun(), started(1, Class::Standard)),
        (not_next, begun(), Event::Ended { reason: EndReason::Withdrawn }),
        (not_next, begun(), reviewed.clone()),
        (not_next, made(), Event::Ended { reason: EndReason::Withdrawn }),
        (not_next, made(), Event::Recorded(recorded(1, Outcome::Done))),
        (over, ended(), reviewed),
        (over, ended(), submission(1, None)),
        (over, contested, NOT_ME),
        ("nothing was to be tried", ended(), rejected()),
        ("nothing was to be tried", open_gate(), rejected()),
    ]);
}

#[test]
fn r14_a_log_in_which_something_came_late_does_not_replay() {
    let expired = Event::Ended { reason: EndReason::Expired };
    let at_work = || approval(2, &["desk"], &waiting(), START);
    for (expected, case, event, at) in [
        ("time had not run out", case([]), expired.clone(), later(HOUR_MS - 1)),
        ("time had not run out", begun(), expired, later(HOUR_MS)),
        ("time had run out", case([]), Event::Classified(classification(Class::Standard)), later(HOUR_MS)),
        ("time had run out", waiting(), Event::Approved(at_work()), later(4 * HOUR_MS)),
        ("time had run out", open_gate(), submission(1, None), later(30 * MINUTE_MS)),
        ("time had run out", handed_in(), started(1, Class::Standard), later(30 * MINUTE_MS)),
        ("the case had been over for too long", ended(), NOT_ME, later(72 * HOUR_MS + 1)),
        (
            "no code of that sheet is to be replaced",
            made(),
            Event::CodeReplaced { factor: sheet() },
            later(HOUR_MS + 1),
        ),
    ] {
        assert_eq!(why(&case, event, Actor::Keyward, at), expected);
    }
    let ends = Event::Ended { reason: EndReason::Expired };
    for (case, event, at) in [
        (case([]), ends.clone(), later(HOUR_MS)),
        (waiting(), ends, later(4 * HOUR_MS)),
        (ended(), NOT_ME, later(72 * HOUR_MS)),
        (made(), Event::CodeReplaced { factor: sheet() }, later(HOUR_MS)),
        (handed_in(), started(1, Class::Standard), later(30 * MINUTE_MS - 1)),
    ] {
        assert!(case.clone().apply(&case.entry(event, Actor::Keyward, at)).is_ok(), "at the last moment");
    }
}

#[test]
fn r02_a_proof_in_a_log_is_of_that_person_new_and_fresh() {
    let known = || case([classify(Class::Standard)]);
    let once = || case([classify(Class::Standard), present(Method::Totp, 9)]);
    let fails = || (0..5).map(|_| Command::Reject(Method::Passkey, RejectionReason::Mismatch));
    let tried = || case([classify(Class::Standard)].into_iter().chain(fails()));
    let mut many = Played::open(Action::SetPassword);
    many.act(classify(Class::Finance), policy_once(), START).unwrap();
    for n in 0..8 {
        let mut stale = evidence(Method::Totp, n, START);
        stale.until = later(1);
        many.act(Command::Present(stale, calm()), policy_once(), later(i64::from(n) * 2)).unwrap();
    }
    assert_eq!(many.act(present(Method::Passkey, 9), policy_once(), later(99)), Err(Refusal::TooMany));
    check(vec![
        ("the proof shows somebody else", known(), proof(|p| p.subject = person(3))),
        ("the proof shows somebody else", waiting(), proof(|p| p.subject = person(3))),
        ("the proof was used already", once(), proof(|_| ())),
        (
            "the proof was used already",
            once(),
            proof(|p| (p.method, p.id) = (Method::Totp, evidence(Method::Totp, 3, START).id)),
        ),
        ("the proof was used already", waiting(), proof(|p| p.method = Method::InPerson)),
        ("the proof came after too many tries", tried(), proof(|_| ())),
        ("the proof came after too many tries", many.case, proof(|_| ())),
        ("the proof never counted", known(), proof(|p| p.until = p.at)),
        ("the proof never counted", known(), proof(|p| p.at = later(1))),
        ("the proof never counted", known(), proof(|p| p.sources.clear())),
        ("the proof never counted", known(), proof(|p| p.witness = Some(p.subject))),
        (
            "nothing was to be tried",
            tried(),
            Event::Rejected(Rejection { method: Method::Passkey, reason: RejectionReason::Mismatch }),
        ),
    ]);
}

#[test]
fn r02_what_the_gates_say_they_saw_is_what_the_log_shows() {
    let known = || case([classify(Class::Standard)]);
    let shown = || known().clone().apply(&known().entry(proof(|_| ()), Actor::Keyward, START)).unwrap();
    let proved = || {
        shown()
            .clone()
            .apply(&shown().entry(Event::Verified(gated(&known(), Gate::Verify)), Actor::Keyward, START))
            .unwrap()
    };
    let verify = |change: fn(&mut Gated)| {
        let mut gate = gated(&known(), Gate::Verify);
        change(&mut gate);
        Event::Verified(gate)
    };
    let authorize = |until: i64, change: fn(&mut Gated)| {
        let mut gate = gated(&known(), Gate::Authorize);
        change(&mut gate);
        Event::Authorized { gate, until: later(until) }
    };
    let hold = |until: i64, change: fn(&mut Gated)| {
        let mut gate = gated(&known(), Gate::Authorize);
        gate.verdict.allowed = false;
        change(&mut gate);
        Event::Held(Hold { until: later(until), gate })
    };
    let window = 30 * MINUTE_MS;
    let other = "the gate was asked about other facts than the log shows";
    let mut crooked = serde_json::to_value(Risk::of([Signal::NewNetwork])).unwrap();
    crooked["score"] = 0.into();
    let crooked: Risk = serde_json::from_value(crooked).unwrap();
    let mut unusual = gated(&known(), Gate::Verify);
    unusual.facts.risk = crooked;
    check(vec![
        ("the identity was not proved", shown(), verify(|g| g.verdict.allowed = false)),
        (
            "the identity was not proved",
            known(),
            verify(|g| g.facts.proofs = keyward_core::steps::verify::Proofs::default()),
        ),
        (other, shown(), verify(|g| g.facts.class = Class::Admin)),
        (other, shown(), verify(|g| g.facts.proofs.independent = 2)),
        (other, shown(), verify(|g| g.facts.waited_min = 1)),
        (other, known(), verify(|_| ())),
        ("the risk is not the sum of its signals", shown(), Event::Verified(unusual)),
        ("the permission does not hold", proved(), authorize(window, |g| g.verdict.allowed = false)),
        (other, proved(), authorize(window, |g| g.facts.approvals.people = 1)),
        ("the permission lasts longer than permissions do", proved(), authorize(window + 1, |_| ())),
        ("only a verified case can wait", known(), hold(1, |_| ())),
        ("a wait needs a shut gate and an end", proved(), hold(1, |g| g.verdict.allowed = true)),
        ("a wait needs a shut gate and an end", proved(), hold(0, |_| ())),
        (other, proved(), hold(1, |g| g.facts.approvals.people = 1)),
    ]);
    for event in [authorize(window, |_| ()), hold(1, |_| ())] {
        assert!(proved().clone().apply(&proved().entry(event, Actor::Keyward, START)).is_ok(), "for the right reasons");
    }
}

#[test]
fn r29_a_yes_in_a_log_is_independent_and_of_what_was_seen() {
    let expected = "the approver is not independent, or saw another case";
    let admin = || case([classify(Class::Admin), present(Method::InPerson, 1)]);
    let yes = |case: &Case, by: u8| approval(by, &["desk"], case, START);
    let mut once = Played::open(Action::SetPassword);
    for command in [classify(Class::Admin), present(Method::InPerson, 1)] {
        once.act(command, policy_once(), START).unwrap();
    }
    let two = yes(&once.case, 2);
    once.act(Command::Approve(two, calm()), policy_once(), START).unwrap();
    let mut unseen = yes(&admin(), 2);
    unseen.seen = Digest::of(b"another state");
    check(vec![
        (expected, admin(), Event::Approved(yes(&admin(), 1))),
        (expected, admin(), Event::Approved(yes(&admin(), 7))),
        (expected, once.case.clone(), Event::Approved(yes(&once.case, 2))),
        (expected, admin(), Event::Approved(unseen)),
    ]);
}

#[test]
fn r34_an_attempt_in_a_log_follows_its_permission_and_has_one_answer() {
    let known = [classify(Class::Standard), present(Method::Passkey, 1)];
    let tries = |n: u32| (1..=n).flat_map(|n| [submit(), start(Class::Standard), answer(n, refused())]);
    let unanswered = || {
        let begun = [submit(), start(Class::Standard), answer(1, unknown())];
        case([classify(Class::Standard), present(Method::Passkey, 1)].into_iter().chain(begun))
    };
    let mut half = recorded(1, Outcome::Done);
    half.checks.push(Check { what: CheckKind::OldRefused, result: CheckResult::Failed });
    let mut stranger = classification(Class::Admin);
    stranger.subject = person(3);
    let removal = played(Action::RemoveFactor, by_code());
    let contested = || {
        case([
            classify(Class::Standard),
            present(Method::Passkey, 1),
            submit(),
            start(Class::Standard),
            Command::Contest(ContestedFrom::Page),
        ])
    };
    let reclassified = "the account is of the same class, or of somebody else";
    let unfit = "the start does not fit what was permitted";
    check(vec![
        ("the attempt is out of turn", open_gate(), submission(2, None)),
        ("the attempt is out of turn", case(known.clone().into_iter().chain(tries(1))), submission(1, None)),
        ("the attempt is out of turn", case(known.into_iter().chain(tries(3))), submission(4, None)),
        ("what is to be ended was a proof", removal, submission(1, Some(sheet()))),
        (unfit, handed_in(), started(2, Class::Standard)),
        (unfit, handed_in(), started(1, Class::Admin)),
        (reclassified, handed_in(), Event::Reclassified(classification(Class::Standard))),
        (reclassified, handed_in(), Event::Reclassified(stranger)),
        ("the answer belongs to another attempt", begun(), Event::Recorded(recorded(2, Outcome::Done))),
        ("a success with a failed check", begun(), Event::Recorded(half)),
        ("nobody knew already", unanswered(), Event::Recorded(recorded(1, unknown()))),
        ("it was contested already", contested(), NOT_ME),
        (
            "no code of that sheet is to be replaced",
            made(),
            Event::CodeReplaced { factor: FactorId::new(START, [1; 10]) },
        ),
    ]);
}

#[test]
fn m143_a_review_in_a_log_is_whole_and_by_whom_it_has_to_be() {
    let expected = "the review has open lines, or a human had to do it";
    let mut short = review(false);
    short.findings.pop();
    let admin = {
        let mut played = Played::open(Action::SetPassword);
        for command in [classify(Class::Finance), present(Method::Passkey, 1)] {
            played.act(command, policy_once(), START).unwrap();
        }
        let yes = approval(2, &["desk"], &played.case, START);
        let rest = [Command::Approve(yes, calm()), submit(), start(Class::Finance), answer(1, Outcome::Done)];
        for command in rest {
            played.act(command, policy_once(), START).unwrap();
        }
        played.case
    };
    let staff = Actor::Staff { id: person(8) };
    for (case, review, by) in [
        (made(), short.clone(), Actor::Keyward),
        (made(), short, staff),
        (made(), review(true), Actor::Keyward),
        (made(), review(true), Actor::Requester),
        (admin.clone(), review(false), Actor::Keyward),
        (admin.clone(), review(false), Actor::Person { id: person(1) }),
    ] {
        assert_eq!(why(&case, Event::Reviewed(review), by, START), expected);
    }
    for by in [staff, Actor::Operator] {
        assert!(admin.clone().apply(&admin.entry(Event::Reviewed(review(true)), by, START)).is_ok());
    }
}

struct Nowhere;
impl Ledger for Nowhere {}

#[test]
fn t_e03_a_permit_is_for_a_running_attempt_in_time_on_that_account() {
    let of = |case, attempt| Durable::seal((case, Started { attempt, class: Class::Standard }), 0, &Nowhere);
    let account = || disclosed(Field::Account, "embedded/0190");
    let permit = |started: (CaseId, u32), case: &Case, account: &Disclosure, at| {
        Permit::new(of(started.0, started.1), case, account, at).map(drop)
    };
    let (own, until) = (case_id(), START.plus_ms(30 * MINUTE_MS));
    assert_eq!(permit((own, 1), &begun(), &account(), until.plus_ms(-1)), Ok(()));
    assert_eq!(permit((own, 1), &handed_in(), &account(), START), Err(NoPermit::NotRunning));
    assert_eq!(permit((own, 2), &begun(), &account(), START), Err(NoPermit::NotRunning));
    let other = CaseId::new(START, [2; 10]);
    assert_eq!(permit((other, 1), &begun(), &account(), START), Err(NoPermit::NotRunning));
    assert_eq!(permit((own, 1), &begun(), &account(), until), Err(NoPermit::Ended));
    let elsewhere = disclosed(Field::Account, "embedded/0191");
    assert_eq!(permit((own, 1), &begun(), &elsewhere, START), Err(NoPermit::OtherAccount));
    for (field, value) in [(Field::Account, "0190"), (Field::Name, "embedded/0190")] {
        let no_account = disclosed(field, value);
        let known = Classification { account: no_account.commitment(), ..classification(Class::Standard) };
        let steps = [Command::Classify(known.clone()), present(Method::Passkey, 1), submit(), Command::Start(known)];
        let case = case(steps);
        let refused = permit((own, 1), &case, &no_account, START);
        assert_eq!(refused, Err(NoPermit::OtherAccount), "{value} is no account in a directory");
    }
}
