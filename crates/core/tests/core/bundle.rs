//! A bundle is believed whole, and not after any change.

use std::collections::BTreeMap;

use keyward_core::{
    account::{Class, Method},
    bundle::{Bundle, BundleError, Contents, Proved, Report, verify},
    case::{Command, Ending, Stage},
    digest::{Digest, Disclosure, Field, Salt},
    event::{EndReason, Entry},
    log::{
        checkpoint::Checkpoint,
        merkle::{Frontier, NodeId, inclusion_proof},
        note::Signer,
        tile::entry_hash,
    },
    policy::BASELINE,
    secret::Secret,
};
use proptest::prelude::*;

use crate::{
    fixture::{Played, START, calm, classification, evidence, policy},
    walks::done,
};

const ORIGIN: &str = "keyward.example/log";

fn signer(n: u8) -> Signer {
    Signer::from_seed(ORIGIN, &Secret::new([n; 32])).unwrap()
}

fn disclosure(field: Field, value: &str) -> Disclosure {
    Disclosure { field, salt: Salt::new([9; 16]), value: value.into() }
}

/// The entries of a case among those of others, and the contents of its bundle.
fn contents(played: &Played) -> Contents {
    let mut tree = Frontier::empty();
    let mut nodes: BTreeMap<NodeId, keyward_core::log::Hash> = BTreeMap::new();
    let mut places = Vec::new();
    for entry in &played.entries {
        for bytes in [b"an entry of another case".to_vec(), entry.bytes().unwrap()] {
            places.push(tree.size());
            nodes.extend(tree.push(entry_hash(&bytes).unwrap()).into_iter().map(|node| (node.id, node.hash)));
        }
    }
    let prove = |entry: &Entry, index: u64| Proved {
        index,
        entry: String::from_utf8(entry.bytes().unwrap()).unwrap(),
        proof: inclusion_proof(tree.size(), index, &nodes).unwrap(),
    };
    let own = places.iter().skip(1).step_by(2);
    Contents {
        case: played.case.id(),
        reference: played.case.reference(),
        checkpoint: Checkpoint::new(ORIGIN, &tree).unwrap().sign_first(&signer(1)).unwrap(),
        entries: played.entries.iter().zip(own).map(|(entry, index)| prove(entry, *index)).collect(),
        policies: vec![BASELINE.to_owned()],
        disclosed: vec![disclosure(Field::Name, "ada"), disclosure(Field::Network, "192.0.2.7")],
    }
}

fn sealed(contents: Contents) -> Vec<u8> {
    Bundle::seal(contents, &signer(1)).unwrap().bytes().unwrap()
}

fn believed() -> &'static [u8] {
    static BYTES: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| sealed(contents(&done())));
    &BYTES
}

#[test]
fn m12_a_whole_recovery_is_verified_from_one_file() {
    let report: Report = verify(believed(), &[signer(1).verifier().clone()]).unwrap();
    assert!(matches!(report.case.stage(), Stage::Closed(Ending::Reviewed(_))));
    assert_eq!((report.verdicts, report.withheld, report.disclosed.len()), (2, 3, 2));
    assert!(report.key_was_named);
    assert!(!verify(believed(), &[]).unwrap().key_was_named);
}

#[test]
fn t_i08_a_key_that_was_not_named_is_not_believed() {
    assert!(matches!(verify(believed(), &[signer(2).verifier().clone()]), Err(BundleError::OtherKey(_))));
}

#[test]
fn x13_withheld_values_leave_every_proof_valid() {
    let mut some = contents(&done());
    some.disclosed.clear();
    assert_eq!(verify(&sealed(some), &[]).unwrap().withheld, 5);
}

#[test]
fn what_the_key_holder_signs_is_still_checked() {
    let case = |change: &dyn Fn(&mut Contents)| {
        let mut changed = contents(&done());
        change(&mut changed);
        verify(&sealed(changed), &[]).unwrap_err()
    };
    assert!(matches!(case(&|c| c.policies.clear()), BundleError::PolicyMissing(_)));
    assert!(matches!(case(&|c| c.policies.push(format!("{BASELINE}\n"))), BundleError::Stray("a policy")));
    // Seen before it is loaded, which is dear: a file holds millions of them.
    assert!(matches!(case(&|c| c.policies.push("no policy at all".into())), BundleError::Stray("a policy")));
    assert!(matches!(case(&|c| c.disclosed[0].value = "adb".into()), BundleError::Stray("a personal value")));
    assert!(matches!(case(&|c| c.entries.swap(0, 1)), BundleError::Order));
    assert!(matches!(case(&|c| drop(c.entries.remove(3))), BundleError::Corrupt(_)));
    assert!(matches!(case(&|c| c.entries[2].index += 2), BundleError::Proof { .. }));
    assert!(matches!(case(&|c| c.entries.clear()), BundleError::Order));
}

#[test]
fn a_policy_that_answers_otherwise_is_noticed() {
    // The same text in which a sentence was turned around, under its own digest, was never asked.
    let looser = BASELINE.replace("resource.proofs.independent >= 2", "resource.proofs.independent >= 1");
    assert_ne!(Digest::of(looser.as_bytes()), Digest::of(BASELINE.as_bytes()));
    let mut changed = contents(&done());
    changed.policies = vec![looser];
    assert!(matches!(verify(&sealed(changed), &[]), Err(BundleError::PolicyMissing(_))));
}

#[test]
fn a_case_that_ended_without_a_change_is_evidence_too() {
    let mut played = Played::open(keyward_core::account::Action::Unlock);
    let policy = policy();
    for command in [
        Command::Classify(classification(Class::Finance)),
        Command::Present(evidence(Method::Totp, 1, START), calm()),
        Command::End(EndReason::Withdrawn),
    ] {
        played.act(command, &policy, START).unwrap();
    }
    let mut plain = contents(&played);
    plain.policies.clear();
    let report = verify(&sealed(plain), &[]).unwrap();
    assert!(matches!(report.case.stage(), Stage::Closed(Ending::Ended(EndReason::Withdrawn))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn t_i07_any_changed_byte_is_noticed(place in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut bytes = believed().to_vec();
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        prop_assert!(verify(&bytes, &[]).is_err(), "byte {} of {}", place, bytes.len());
    }

    #[test]
    fn t_i07_any_cut_or_repeated_piece_is_noticed(from in any::<prop::sample::Index>(), len in 1usize..2000, cut in any::<bool>()) {
        let bytes = believed();
        let from = from.index(bytes.len());
        let to = (from + len).min(bytes.len());
        let changed = if cut {
            [&bytes[..from], &bytes[to..]].concat()
        } else {
            [&bytes[..to], &bytes[from..]].concat()
        };
        prop_assume!(changed != bytes);
        prop_assert!(verify(&changed, &[]).is_err());
    }
}

#[test]
fn t_i07_every_field_is_under_the_signature() {
    let value: serde_json::Value = serde_json::from_slice(believed()).unwrap();
    for field in value.as_object().unwrap().keys() {
        let mut changed = value.clone();
        match &mut changed[field] {
            serde_json::Value::String(text) => text.push('x'),
            serde_json::Value::Array(list) => drop(list.pop()),
            other => panic!("{field} is {other}"),
        }
        let bytes = serde_json::to_vec_pretty(&changed).unwrap();
        assert!(verify(&bytes, &[]).is_err(), "{field}");
    }
}
