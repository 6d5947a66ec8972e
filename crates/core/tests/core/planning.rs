//! The plan is derived from the gate: what it names opens the gate, and nothing smaller does.

use keyward_core::{
    account::{Action, Class, Method},
    case::{Case, Command, Stage, Surroundings},
    plan::{Attainable, Way},
    policy::Policy,
    risk::{Risk, Signal},
    steps::verify::{RejectionReason, Source},
    time::{DAY_MS, HOUR_MS, Timestamp},
};

use crate::fixture::{Played, START, approval, calm, classification, evidence, policy, policy_once, tag};

fn offers(methods: &[Method]) -> Vec<Attainable> {
    methods
        .iter()
        .map(|method| Attainable {
            method: *method,
            sources: evidence(*method, 0, START).sources,
            usable_from: START.plus_ms(-DAY_MS),
        })
        .collect()
}

fn classified(class: Class) -> Played {
    let mut played = Played::open(Action::SetPassword);
    played.act(Command::Classify(classification(class)), policy_once(), START).unwrap();
    played
}

#[test]
fn what_the_plan_names_opens_the_gate_and_nothing_smaller_does() {
    use Method::{Email, InPerson, KnownDevice, Passkey, RecoveryCode, Totp};
    let policy = policy_once();
    let holdings: [&[Method]; 4] = [
        &[Passkey, InPerson, Totp, RecoveryCode, KnownDevice, Email],
        &[Totp, RecoveryCode, Email],
        &[KnownDevice, Email],
        &[Passkey, Totp],
    ];
    let night = Surroundings { business_hours: false, next_business: Some(START.plus_ms(9 * HOUR_MS)), ..calm() };
    let unusual = Surroundings { risk: Risk::of([Signal::RecentContest, Signal::RecentChange]), ..calm() };
    for class in Class::ALL {
        for around in [calm(), night.clone(), unusual.clone()] {
            for held in holdings {
                let plan = classified(class).case.plan(policy, &offers(held), &around, START);
                for way in &plan.ways {
                    assert!(carry_out(class, way, None, &around), "{class} {held:?}: {way:?} does not open the gate");
                    for left_out in 0..way.proofs.len() {
                        assert!(
                            !carry_out(class, way, Some(left_out), &around),
                            "{class} {held:?}: {way:?} is not smallest"
                        );
                    }
                }
            }
        }
    }
}

/// Does everything that a way asks for, but for one proof, and tells whether the gate opened.
fn carry_out(class: Class, way: &Way, without: Option<usize>, around: &Surroundings) -> bool {
    let policy = policy_once();
    let mut played = classified(class);
    for (n, method) in way.proofs.iter().enumerate().filter(|(n, _)| Some(*n) != without) {
        let proof = evidence(*method, u8::try_from(n).unwrap(), START);
        played.act(Command::Present(proof, around.clone()), policy, START).unwrap();
    }
    // A wait outlives the proofs here, so it is given to the gate as a late question with fresh proofs.
    for n in 0..way.approvals {
        let group = format!("group-{n}");
        let approval = approval(20 + u8::try_from(n).unwrap(), &[&group], &played.case, START);
        let _refused = played.act(Command::Approve(approval, around.clone()), policy, START);
    }
    match (played.case.stage(), way.wait_until) {
        (Stage::Reissuing(..), None) => true,
        (Stage::Authorizing(..), Some(until)) => played.case.hold().is_some_and(|hold| hold.until == until),
        _ => false,
    }
}

#[test]
fn r26_two_proofs_on_one_phone_count_once() {
    let policy = policy();
    let phone = Source::Device { tag: tag(1) };
    let mut offered = offers(&[Method::Totp, Method::Email, Method::RecoveryCode]);
    offered[0].sources.push(phone.clone());
    offered[1].sources.push(phone);
    let plan = classified(Class::Standard).case.plan(&policy, &offered, &calm(), START);
    let ways: Vec<Vec<Method>> = plan.ways.into_iter().map(|way| way.proofs).collect();
    assert!(!ways.contains(&vec![Method::Totp, Method::Email]), "{ways:?}");
    assert!(ways.contains(&vec![Method::Totp, Method::RecoveryCode]), "{ways:?}");
}

#[test]
fn m103_what_is_in_quarantine_is_not_planned_with() {
    let mut offered = offers(&[Method::Passkey]);
    offered[0].usable_from = START.plus_ms(1);
    let plan = classified(Class::Standard).case.plan(&policy(), &offered, &calm(), START);
    assert_eq!(plan.ways, []);
}

#[test]
fn c18_the_mailbox_that_this_password_opens_is_not_planned_with() {
    let policy = policy();
    let mut played = Played::open(Action::SetPassword);
    let mailbox = Source::Mailbox { tag: tag(42) };
    let mut subject = classification(Class::Standard);
    subject.opens.push(mailbox.clone());
    played.act(Command::Classify(subject), &policy, START).unwrap();
    let mut offered = offers(&[Method::Totp, Method::Email]);
    offered[1].sources = vec![mailbox];
    assert_eq!(played.case.plan(&policy, &offered, &calm(), START).ways, []);
    let mut proof = evidence(Method::Totp, 1, START);
    played.act(Command::Present(proof.clone(), calm()), &policy, START).unwrap();
    proof = evidence(Method::Email, 2, START);
    proof.sources = offered[1].sources.clone();
    played.act(Command::Present(proof, calm()), &policy, START).unwrap();
    assert!(matches!(played.case.stage(), Stage::Verifying(..)), "counted although the password opens it");
}

#[test]
fn a_plan_ends_where_the_case_does() {
    let mut played = classified(Class::Standard);
    played.act(Command::End(keyward_core::event::EndReason::Withdrawn), &policy(), START).unwrap();
    let at: Timestamp = START;
    assert_eq!(played.case.plan(&policy(), &offers(&[Method::Passkey]), &calm(), at).ways, []);
}

fn ways(case: &Case, policy: &Policy, held: &[Method], at: Timestamp) -> Vec<Way> {
    case.plan(policy, &offers(held), &calm(), at).ways
}

fn proofs(ways: Vec<Way>) -> Vec<Vec<Method>> {
    ways.into_iter().map(|way| way.proofs).collect()
}

#[test]
fn ux_58_a_plan_goes_on_from_what_was_given_for_as_long_as_it_counts() {
    use Method::{Email, RecoveryCode, Totp};
    let mut played = classified(Class::Standard);
    played.act(Command::Present(evidence(Totp, 1, START), calm()), policy_once(), START).unwrap();
    let ways = |at| proofs(ways(&played.case, policy_once(), &[Totp, RecoveryCode, Email], at));
    assert_eq!(ways(START), [vec![RecoveryCode], vec![Email]]);
    let stale = START.plus_ms(HOUR_MS / 4);
    assert_eq!(ways(stale), [vec![Totp, RecoveryCode], vec![Totp, Email], vec![RecoveryCode, Email]]);
}

#[test]
fn a_plan_of_a_case_that_waits_has_the_proofs_that_showed_who_it_is() {
    let gate = "@id(\"v\") @because(\"x\") permit(principal, action == Keyward::Action::\"verify\", resource)
        when { resource.totp.given };
        @id(\"a\") @because(\"x\") permit(principal, action == Keyward::Action::\"authorize\", resource)
        when { resource.proofs.strong >= 1 && resource.approvals.people >= 1 };";
    let gate = Policy::load(gate).unwrap();
    let mut played = Played::open(Action::SetPassword);
    played.act(Command::Classify(classification(Class::Standard)), &gate, START).unwrap();
    played.act(Command::Present(evidence(Method::Totp, 1, START), calm()), &gate, START).unwrap();
    let later = START.plus_ms(HOUR_MS);
    let ways = ways(&played.case, &gate, &[Method::Totp], later);
    assert_eq!(ways, [Way { approvals: 1, groups: 1, wait_until: None, proofs: vec![] }]);
    let yes = approval(2, &["desk"], &played.case, later);
    played.act(Command::Approve(yes, calm()), &gate, later).unwrap();
    assert!(matches!(played.case.stage(), Stage::Reissuing(..)));
}

#[test]
fn a_third_proof_is_planned_with_only_where_two_are_never_enough() {
    use Method::{Email, InPerson, Passkey, RecoveryCode, Totp};
    let gate = "@id(\"two\") @because(\"x\") permit(principal, action, resource)
        when { resource.totp.given && resource.email.given };
        @id(\"three\") @because(\"x\") permit(principal, action, resource)
        when { resource.passkey.given && resource.inPerson.given && resource.recoveryCode.given };";
    let gate = Policy::load(gate).unwrap();
    let case = classified(Class::Standard).case;
    let ways = |held: &[Method]| proofs(ways(&case, &gate, held, START));
    assert_eq!(ways(&[Passkey, InPerson, RecoveryCode]), [vec![Passkey, InPerson, RecoveryCode]]);
    assert_eq!(ways(&[Passkey, InPerson, RecoveryCode, Totp, Email]), [vec![Totp, Email]]);
}

#[test]
fn a_plan_does_not_wait_for_what_has_passed() {
    let night = Surroundings { business_hours: false, next_business: Some(START.plus_ms(-HOUR_MS)), ..calm() };
    let plan = classified(Class::Admin).case.plan(policy_once(), &offers(&[Method::Passkey]), &night, START);
    assert_eq!(plan.ways, []);
}

#[test]
fn ux_58_a_kind_of_proof_is_not_planned_with_while_one_of_it_is_there_that_does_not_count() {
    let mut played = classified(Class::Standard);
    let mut new = evidence(Method::Passkey, 1, START);
    new.usable_from = START.plus_ms(1);
    played.act(Command::Present(new, calm()), policy_once(), START).unwrap();
    let ways = |at| proofs(ways(&played.case, policy_once(), &[Method::Passkey], at));
    assert_eq!(ways(START), Vec::<Vec<Method>>::new(), "it would be refused as another of the same kind");
    assert_eq!(ways(START.plus_ms(HOUR_MS / 4)), [vec![Method::Passkey]]);
}

#[test]
fn ux_58_a_kind_of_proof_that_failed_too_often_is_not_planned_with() {
    let mut played = classified(Class::Standard);
    for _ in 0..5 {
        let failed = Command::Reject(Method::Passkey, RejectionReason::Mismatch);
        played.act(failed, policy_once(), START).unwrap();
    }
    let ways = proofs(ways(&played.case, policy_once(), &[Method::Passkey, Method::InPerson], START));
    assert_eq!(ways, [vec![Method::InPerson]], "it would be refused");
}

#[test]
fn m114_a_plan_with_another_proof_counts_no_yes_that_was_for_the_case_before_it() {
    let gate = "@id(\"v\") @because(\"x\") permit(principal, action == Keyward::Action::\"verify\", resource);
        @id(\"a\") @because(\"x\") permit(principal, action == Keyward::Action::\"authorize\", resource)
        when { resource.passkey.given && resource.approvals.people >= 1 };";
    let gate = Policy::load(gate).unwrap();
    let mut played = Played::open(Action::SetPassword);
    played.act(Command::Classify(classification(Class::Standard)), &gate, START).unwrap();
    played.act(Command::Present(evidence(Method::Totp, 1, START), calm()), &gate, START).unwrap();
    let yes = approval(2, &["desk"], &played.case, START);
    played.act(Command::Approve(yes, calm()), &gate, START).unwrap();
    let ways = ways(&played.case, &gate, &[Method::Passkey], START);
    assert_eq!(ways, [Way { approvals: 1, groups: 1, wait_until: None, proofs: vec![Method::Passkey] }]);
}
