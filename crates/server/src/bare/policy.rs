//! Cedar alone: a question of the policy that ships, built beforehand, and nothing but the answer.

use std::collections::BTreeSet;

use keyward_core::{
    account::{Action, Class, Method},
    event::Door,
    policy::{BASELINE, Bare, Facts, Gate, Policy},
    risk::Risk,
    steps::{authorize::Approvals, verify::Proofs},
};

use super::BareError;

/// A question that waits for its answer.
pub struct Asked(Bare);

impl Asked {
    /// Somebody of the standard class with two proofs.
    pub fn baseline() -> Result<Self, BareError> {
        Ok(Self(Policy::load(BASELINE)?.bare(Gate::Verify, &usual())?))
    }
    /// Asks it.
    pub fn once(&self) -> bool {
        self.0.ask()
    }
}

/// The facts of the most usual question.
pub fn usual() -> Facts {
    Facts {
        class: Class::Standard,
        action: Action::SetPassword,
        door: Door::Forgot,
        enrolled_strong: false,
        proofs: Proofs::apart(BTreeSet::from([Method::Totp, Method::RecoveryCode])),
        approvals: Approvals::default(),
        risk: Risk::default(),
        business_hours: true,
        waited_min: 0,
    }
}
