//! What a directory can do, as found by asking it: shown by `keyward doctor` and kept as evidence (R36). It holds no name of a person and no secret.

use serde::{Deserialize, Serialize};

/// The report of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// The directory's name in the configuration.
    pub directory: String,
    /// Which kind of directory, as in [`Kind::word`](super::Kind::word).
    pub kind: String,
    /// How the connection is kept from listeners.
    pub protection: Protection,
    /// Whom the directory takes Keyward for.
    pub bound_as: String,
    /// What can be done.
    pub abilities: Abilities,
    /// What the directory says about itself, in a fixed order.
    pub facts: Vec<Fact>,
    /// What should be different, worst first.
    pub findings: Vec<Finding>,
}

impl Capabilities {
    /// Whether Keyward may recover accounts here at all.
    pub fn is_usable(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Refuse)
    }
    /// The finding with this code.
    pub fn finding(&self, code: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.code == code)
    }
    /// The value of a fact.
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.as_str())
    }
}

/// How a connection is kept from listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// There is no connection; the accounts are in Keyward's own database.
    InProcess,
    /// TLS from the first byte.
    Tls,
    /// TLS after a request in clear.
    StartTls,
    /// None. Only over the loopback interface, and only when it is asked for.
    ClearOnLoopback,
}

/// What can be done. `None` where asking did not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abilities {
    /// Give an account a new password.
    pub set_password: Option<bool>,
    /// Ask for another password at the next sign-in.
    pub must_change: Option<bool>,
    /// Lift a lock after too many wrong passwords.
    pub unlock: Option<bool>,
    /// A new password lifts the lock as well.
    pub reset_unlocks: Option<bool>,
    /// The directory refuses passwords that were used before, also on a reset.
    pub keeps_history: Option<bool>,
    /// Sessions end with the old password. False: they are a line of the review (R44).
    pub ends_sessions: Option<bool>,
}

/// One thing a directory says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What, as a stable word.
    pub name: String,
    /// The value as the directory gave it.
    pub value: String,
}

/// One thing that should be different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What, as a stable word.
    pub code: String,
    /// What it means and what to do, as sentences.
    pub because: String,
}

/// How bad a finding is, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing can be recovered here until it is different.
    Refuse,
    /// It works, and something does not protect as it should.
    Warn,
    /// Good to know.
    Note,
}
