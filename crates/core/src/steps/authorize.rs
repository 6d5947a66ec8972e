//! Step 3: may it happen? Approvals of other people, waiting times, and the policy's second answer.
//!
//! Four eyes, distinct people and "one no is enough" are structure, here in Rust: no policy can take them away.

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    ids::PersonId,
    policy::Gated,
    steps::verify::Verified,
    time::{MINUTE_MS, Timestamp},
};

/// How long a permission lasts: from the open gate to the end of the change (MISSION 1.Y, "access after approval").
pub const WINDOW_MS: i64 = 30 * MINUTE_MS;

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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Approvals {
    /// How many people.
    pub people: u32,
    /// How many different groups they can stand for at once, each person for one.
    pub groups: u32,
}

impl Approvals {
    /// Adds up. Every approver stands for one group; the largest number of different groups is found by matching.
    pub fn of(approvals: &[Approval]) -> Self {
        let mut names: Vec<&str> = approvals.iter().flat_map(|a| a.groups.iter().map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        Self {
            people: u32::try_from(approvals.len()).unwrap_or(u32::MAX),
            groups: matching(approvals, &names, 0, &mut Vec::new()),
        }
    }
}

/// The size of the largest matching of approvers (from `from` on) to groups that are not taken. A case has a handful of approvals.
fn matching<'a>(approvals: &'a [Approval], names: &[&'a str], from: usize, taken: &mut Vec<&'a str>) -> u32 {
    let Some(approval) = approvals.get(from) else {
        return 0;
    };
    let mut best = matching(approvals, names, from + 1, taken);
    for group in approval.groups.iter().map(String::as_str) {
        if names.contains(&group) && !taken.contains(&group) {
            taken.push(group);
            best = best.max(1 + matching(approvals, names, from + 1, taken));
            taken.pop();
        }
    }
    best
}

/// Who asked and who vouched for a proof can not approve (M72, T-H05).
pub fn may_approve(verified: &Verified, approver: PersonId) -> bool {
    verified.classified().subject() != approver
        && verified.evidence().iter().all(|evidence| evidence.witness != Some(approver))
}

/// The policy says: not yet, but by itself at that time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hold {
    /// When the gate is asked again.
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
        let distinct = approvals.iter().enumerate().all(|(index, one)| {
            may_approve(&verified, one.by) && approvals.iter().skip(index + 1).all(|other| one.by != other.by)
        });
        (gate.verdict.allowed && distinct).then_some(Self { verified, approvals, gate, until })
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
mod tests {
    use super::*;

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
}
