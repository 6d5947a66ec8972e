//! Step 1: whose account is it, and what can it do? A name becomes one person, one account and one class.
//!
//! How the class is found out (groups, attributes) is the server's business; here it is a fact with its reason.

use serde::{Deserialize, Serialize};

use crate::{account::Class, digest::Commitment, event::Claim, ids::PersonId, steps::verify::Source};

/// What looking the name up gave.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Classification {
    /// Whose account.
    pub subject: PersonId,
    /// Which account, as `directory/id`.
    pub account: Commitment,
    /// What it can do.
    pub class: Class,
    /// The rule that decided the class, as written in the configuration, or `unclassified`.
    pub rule: String,
    /// What the credential in question opens. Nothing that comes from these can be a proof: the mailbox that this very password opens
    /// does not show who asks for the password (R26, C18).
    pub opens: Vec<Source>,
}

/// A claim with its classification. Made by [`Classified::new`] alone, within the core.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Classified {
    claim: Claim,
    classification: Classification,
}

impl Classified {
    pub(crate) const fn new(claim: Claim, classification: Classification) -> Self {
        Self { claim, classification }
    }
    /// What was asked for.
    pub const fn claim(&self) -> &Claim {
        &self.claim
    }
    /// What looking it up gave.
    pub const fn classification(&self) -> &Classification {
        &self.classification
    }
    /// Whose account.
    pub const fn subject(&self) -> PersonId {
        self.classification.subject
    }
    /// What the account can do.
    pub const fn class(&self) -> Class {
        self.classification.class
    }
    /// The same claim after another look at the account.
    pub(crate) fn again(self, classification: Classification) -> Self {
        Self::new(self.claim, classification)
    }
}
