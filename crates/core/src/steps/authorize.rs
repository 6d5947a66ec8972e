//! Step 3: may it happen? Approvals of other people, waiting times, and the policy's second answer.
//!
//! Four eyes, distinct people and "one no is enough" are structure, here in Rust: no policy can take them away.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    ids::PersonId,
    policy::Gated,
    steps::verify::{Verified, count},
    time::{MINUTE_MS, Timestamp},
};

/// How long a permission lasts: from the open gate to the end of the change (MISSION 1.Y, "access after approval").
pub const WINDOW_MS: i64 = 30 * MINUTE_MS;

/// The most approvals that one case takes. No policy can sensibly ask for more.
pub const MAX_APPROVALS: usize = 9;

/// A second person's yes, bound to the case exactly as it was shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: PersonId,
    /// The groups that entitle them, by immutable id (M73).
    pub groups: Vec<String>,
    /// When.
    pub at: Timestamp,
    /// [`Case::digest`](crate::case::Case::digest) of what they saw. Another digest is another case.
    pub seen: Digest,
}

/// What the approvals of a case add up to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Approvals {
    /// How many people.
    pub people: u32,
    /// How many different groups they can stand for at once, each person for one.
    pub groups: u32,
}

impl Approvals {
    /// Adds up. Every approver stands for one group; the largest number of different groups is found by matching (Kuhn's algorithm).
    pub fn of(approvals: &[Approval]) -> Self {
        let mut stands = BTreeMap::new();
        let groups = count(approvals.iter().filter(|one| stands_for(one, &mut stands, &mut BTreeSet::new())));
        Self { people: count(approvals.iter()), groups }
    }
}

/// Finds a group for an approver. Whoever stands for it already moves to another, if there is one.
fn stands_for<'a>(
    one: &'a Approval,
    stands: &mut BTreeMap<&'a str, &'a Approval>,
    asked: &mut BTreeSet<&'a str>,
) -> bool {
    for group in &one.groups {
        if !asked.insert(group) {
            continue;
        }
        let before = stands.get(group.as_str()).copied();
        if before.is_none_or(|before| stands_for(before, stands, asked)) {
            stands.insert(group, one);
            return true;
        }
    }
    false
}

/// Who asked, who vouched for a proof and who has said yes already can not approve (M72, T-H05); and no more than a handful do.
pub fn may_approve(verified: &Verified, had: &[Approval], approver: PersonId) -> bool {
    had.len() < MAX_APPROVALS
        && verified.classified().subject() != approver
        && verified.evidence().iter().all(|evidence| evidence.witness != Some(approver))
        && had.iter().all(|approval| approval.by != approver)
}

/// The policy says: not yet, but with nothing more at that time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hold {
    /// From when on the gate can be asked again.
    pub until: Timestamp,
    /// What the policy said now.
    pub gate: Gated,
}

/// A verified case that may happen. Made by [`Authorized::new`] alone, within the core.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authorized {
    verified: Verified,
    approvals: Vec<Approval>,
    gate: Gated,
    until: Timestamp,
}

impl Authorized {
    /// The structural half of the gate, true of every policy and checked again on replay.
    pub(crate) fn new(verified: Verified, approvals: Vec<Approval>, gate: Gated, until: Timestamp) -> Option<Self> {
        let mut had = approvals.as_slice();
        while let Some((last, before)) = had.split_last() {
            if !may_approve(&verified, before, last.by) {
                return None;
            }
            had = before;
        }
        gate.verdict.allowed.then_some(Self { verified, approvals, gate, until })
    }
    /// Step 2's product.
    pub const fn verified(&self) -> &Verified {
        &self.verified
    }
    /// The approvals.
    pub fn approvals(&self) -> &[Approval] {
        &self.approvals
    }
    /// The policy's answer.
    pub const fn gate(&self) -> &Gated {
        &self.gate
    }
    /// When the permission ends by itself.
    pub const fn until(&self) -> Timestamp {
        self.until
    }
    /// Gives the permission back, for another class.
    pub(crate) fn reopen(self) -> Verified {
        self.verified
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        account::{Action, Class, Method},
        digest::Commitment,
        event::{Claim, Door},
        ids::{EvidenceId, Reference},
        policy::{Facts, Verdict},
        risk::Risk,
        steps::{
            classify::{Classification, Classified},
            verify::{Evidence, Proofs},
        },
    };

    fn approval(n: u8, groups: &[&str]) -> Approval {
        Approval {
            by: PersonId::new(Timestamp::from_millis(0), [n; 10]),
            groups: groups.iter().map(|g| (*g).to_owned()).collect(),
            at: Timestamp::from_millis(0),
            seen: Digest::of(b""),
        }
    }

    #[test]
    fn m114_each_approver_stands_for_one_group() {
        for (approvals, people, groups) in [
            (vec![], 0, 0),
            (vec![approval(1, &["a", "b"])], 1, 1),
            (vec![approval(1, &["a"]), approval(2, &["a"])], 2, 1),
            (vec![approval(1, &["a", "b"]), approval(2, &["a"])], 2, 2),
            (vec![approval(1, &["a"]), approval(2, &["a", "b"]), approval(3, &["b", "c"])], 3, 3),
            (vec![approval(1, &[]), approval(2, &["a"])], 2, 1),
        ] {
            assert_eq!(Approvals::of(&approvals), Approvals { people, groups });
        }
    }

    /// A verified case of person 9, for whom person 7 vouched.
    pub(in crate::steps) fn verified() -> Verified {
        let (at, nothing) = (Timestamp::from_millis(0), Commitment::from_digest(Digest::of(b"")));
        let who = |n: u8| approval(n, &[]).by;
        let claim = Claim {
            reference: Reference::new([0; 7]),
            door: Door::Forgot,
            action: Action::SetPassword,
            name: nothing,
            network: nothing,
            browser: nothing,
            language: "en".into(),
        };
        let account = Classification {
            subject: who(9),
            account: nothing,
            class: Class::Admin,
            rule: String::new(),
            opens: vec![],
        };
        let proof = Evidence {
            id: EvidenceId::new(at, [1; 10]),
            method: Method::InPerson,
            subject: who(9),
            sources: vec![],
            witness: Some(who(7)),
            at,
            until: at.plus_ms(1),
            usable_from: at,
        };
        Verified::new(Classified::new(claim, account), vec![proof], &gated(true), at).unwrap()
    }

    pub(in crate::steps) fn gated(allowed: bool) -> Gated {
        let facts = Facts {
            class: Class::Admin,
            action: Action::SetPassword,
            door: Door::Forgot,
            enrolled_strong: false,
            proofs: Proofs::default(),
            approvals: Approvals::default(),
            risk: Risk::default(),
            business_hours: true,
            waited_min: 0,
        };
        Gated { facts, verdict: Verdict { allowed, because: vec![], policy: Digest::of(b"") } }
    }

    #[test]
    fn m72_a_permission_is_not_made_of_a_yes_that_is_not_independent() {
        for (who, allowed, holds) in [
            (&[][..], true, true),
            (&[1, 2], true, true),
            (&[1, 2], false, false),
            (&[9], true, false),
            (&[1, 7], true, false),
            (&[1, 2, 1], true, false),
        ] {
            let approvals = who.iter().map(|n| approval(*n, &["a"])).collect();
            let made = Authorized::new(verified(), approvals, gated(allowed), Timestamp::from_millis(1));
            assert_eq!(made.is_some(), holds, "{who:?}");
        }
    }
}
