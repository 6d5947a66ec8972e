//! A policy's own tests: a table of situations with the answer that is expected. `keyward policy test` and CI run the same table.

use serde::Deserialize;

use super::{Facts, Gate, Policy, Verdict};
use crate::{
    account::{Action, Class, Method},
    event::Door,
    risk::{Risk, Signal},
    steps::{authorize::Approvals, verify::Proofs},
};

/// A file of examples.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Examples {
    /// The examples, in order.
    pub example: Vec<Example>,
}

/// One situation and the expected answer. What is left out is the harmless value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// A sentence.
    pub name: String,
    /// Which question.
    pub gate: Gate,
    /// The class of the account.
    pub class: Class,
    /// What is asked for; a new password unless said otherwise.
    #[serde(default = "set_password")]
    pub action: String,
    /// By which door.
    #[serde(default = "forgot")]
    pub door: Door,
    /// The proofs that count, taken as independent of each other.
    #[serde(default)]
    pub proofs: Vec<Method>,
    /// Whether the person has a strong factor.
    #[serde(default)]
    pub enrolled_strong: bool,
    /// How many people agreed.
    #[serde(default)]
    pub approvals: u32,
    /// For how many groups they stand; as many as people unless said otherwise.
    pub groups: Option<u32>,
    /// The signals of risk.
    #[serde(default)]
    pub risk: Vec<Signal>,
    /// Whether the organization is at work.
    #[serde(default = "at_work")]
    pub business_hours: bool,
    /// Minutes since the identity was proved.
    #[serde(default)]
    pub waited_min: u32,
    /// Yes or no.
    pub expect: Expected,
    /// The policy that has to be among those that decided.
    pub because: Option<String>,
}

/// The expected answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// Yes.
    Allow,
    /// No.
    Deny,
}

fn set_password() -> String {
    "set_password".to_owned()
}
const fn forgot() -> Door {
    Door::Forgot
}
const fn at_work() -> bool {
    true
}

impl Example {
    /// The facts of the situation. None if it names an action that there is not.
    pub fn facts(&self) -> Option<Facts> {
        let enroll = Action::EnrollFactor { method: Method::Passkey };
        let actions = [Action::SetPassword, Action::Unlock, enroll, Action::RemoveFactor];
        let action = actions.into_iter().find(|action| action.word() == self.action)?;
        Some(Facts {
            class: self.class,
            action,
            door: self.door,
            enrolled_strong: self.enrolled_strong,
            proofs: Proofs::apart(self.proofs.iter().copied().collect()),
            approvals: Approvals { people: self.approvals, groups: self.groups.unwrap_or(self.approvals) },
            risk: Risk::of(self.risk.iter().copied()),
            business_hours: self.business_hours,
            waited_min: self.waited_min,
        })
    }

    /// Asks the policy. `Err` holds the answer that was not expected (none if the example itself can not be asked).
    pub fn check(&self, policy: &Policy) -> Result<Verdict, Option<Verdict>> {
        let verdict = policy.ask(self.gate, &self.facts().ok_or(None)?);
        let named = self.because.as_ref().is_none_or(|id| verdict.because.contains(id));
        if verdict.allowed == (self.expect == Expected::Allow) && named { Ok(verdict) } else { Err(Some(verdict)) }
    }
}
