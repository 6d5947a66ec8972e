//! Directories: where accounts are, and where a new password goes. One file each, one line each in [`all`].
//!
//! A connector changes nothing without a [`Permit`], and it never guesses: what it could not see is [`Outcome::Unknown`] until it is looked at.
//! Deliberately not here: which account belongs to which class, what is shown to anybody, and when something is tried again.

use std::fmt;

use async_trait::async_trait;
use keyward_core::{
    account::{AccountRef, Action},
    digest::Digest,
    secret::SecretText,
    steps::reissue::{Check, CheckKind, CheckResult, Outcome, Permit},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

pub mod capabilities;
pub mod embedded;
pub mod openldap;

pub use crate::account_name::{AccountName, NotAName};
pub use capabilities::{Abilities, Capabilities, Fact, Finding, Protection, Severity};

/// A kind of directory that this build can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The word in the configuration.
    pub word: &'static str,
    /// One sentence for `keyward doctor` and the documentation.
    pub about: &'static str,
}

/// Every kind of directory, one line each.
pub const fn all() -> &'static [Kind] {
    &[embedded::KIND, openldap::KIND]
}

/// A directory. Every implementation passes the conformance suite in `tests/connectors.rs`.
#[async_trait]
pub trait Directory: fmt::Debug + Send + Sync {
    /// The directory's name in the configuration, as in [`AccountRef::directory`].
    fn name(&self) -> &str;

    /// What this directory can do, and what its bind account can do too much or too little (R36, R39). Changes nothing.
    async fn probe(&self) -> Result<Capabilities, ConnectorError>;

    /// The one account that has this name. One search, and every hit is compared again in canonical form, so that a directory's
    /// generous idea of equality never resolves to somebody else (T-B04, T-B05).
    async fn find(&self, name: &AccountName, at: Timestamp) -> Result<Found, ConnectorError>;

    /// An account by its immutable id. None if there is none (any more).
    async fn read(&self, id: &str, at: Timestamp) -> Result<Option<Account>, ConnectorError>;

    /// Tries a password. The answer is for Keyward alone and is never shown to the public.
    async fn authenticate(&self, id: &str, password: &SecretText, at: Timestamp) -> Result<SignIn, ConnectorError>;

    /// Gives the account of the permit a new password, then looks at what came of it.
    async fn set_password(&self, permit: Permit, password: NewPassword<'_>) -> Applied;

    /// Lifts a lock after too many wrong passwords, and only that; a disabled account stays disabled.
    async fn unlock(&self, permit: Permit, at: Timestamp) -> Applied;

    /// Finds out what came of an attempt without an answer. Looks and never writes.
    async fn look(&self, account: &AccountRef, attempt: AttemptFacts<'_>) -> Applied;
}

/// Why a directory gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorError {
    /// It was not reached: what was asked never arrived.
    #[error("reaching the directory `{directory}`: {what}")]
    Unavailable {
        /// Its name in the configuration.
        directory: String,
        /// What was seen, in words without personal data.
        what: String,
    },
    /// It was asked, and nothing came back, or not in time.
    #[error("asking the directory `{directory}`: {what}")]
    NoAnswer {
        /// Its name in the configuration.
        directory: String,
        /// What was seen, in words without personal data.
        what: String,
    },
    /// The directory does not accept the account that Keyward signs in with.
    #[error("signing in to the directory `{directory}` as `{bind}`: {what}")]
    Bind {
        /// Its name in the configuration.
        directory: String,
        /// The account of Keyward.
        bind: String,
        /// What was seen.
        what: String,
    },
    /// The directory refused to answer, or answered only in part. A part of the groups is as good as none.
    #[error("reading from the directory `{directory}`: {what}")]
    Refused {
        /// Its name in the configuration.
        directory: String,
        /// What was seen.
        what: String,
    },
    /// The configuration can not work.
    #[error("setting up the directory `{directory}`: {what}")]
    Settings {
        /// Its name in the configuration.
        directory: String,
        /// What is wrong with it.
        what: String,
    },
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Exactly one account.
    One(Box<Account>),
    /// No account.
    None,
    /// More than one; which one is meant can not be told (R40).
    Several,
}

/// An account as its directory has it at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The immutable id within the directory.
    pub id: String,
    /// The name that signs in, as stored.
    pub name: String,
    /// What people call its owner.
    pub display_name: String,
    /// Mail addresses, byte for byte as stored: mail goes there and nowhere else (T-B04).
    pub mails: Vec<String>,
    /// Every group it is in, also through other groups (R30), as the directory writes them.
    pub groups: Vec<String>,
    /// Switched off by somebody, or past its end. Recovery never switches it on again (T-B17).
    pub disabled: bool,
    /// Locked after too many wrong passwords.
    pub lock: Option<Lock>,
    /// Another password must be chosen at the next sign-in.
    pub must_change: bool,
    /// When the password was set, if the directory says. Its resolution may be a whole second.
    pub changed_at: Option<Timestamp>,
    /// The preferred language as a BCP 47 tag.
    pub language: Option<String>,
    /// Whether it belongs to a human.
    pub owner: Owner,
}

impl Account {
    /// Whether it is locked at this moment.
    pub fn is_locked(&self, at: Timestamp) -> bool {
        match self.lock {
            None => false,
            Some(Lock::UntilLifted) => true,
            Some(Lock::Until(end)) => at < end,
        }
    }
}

/// A lock after too many wrong passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// Ends by itself.
    Until(Timestamp),
    /// Stays until somebody lifts it, or nobody can tell when it ends.
    UntilLifted,
}

/// Who owns an account (R31).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A human.
    Person,
    /// Software.
    Machine,
}

/// What came of trying a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    /// It is the password.
    Ok,
    /// It is not the password, or there is no such account.
    Wrong,
    /// Locked after too many wrong passwords; whether this one was right is not told.
    Locked,
    /// It is the password, and another one has to be chosen now.
    MustChange,
    /// The account is switched off; whether the password was right is not told.
    Disabled,
}

/// A new password on its way.
#[derive(Debug, Clone, Copy)]
pub struct NewPassword<'a> {
    /// The password.
    pub new: &'a SecretText,
    /// The one it replaces, where its owner gave it. The directory then compares it, and afterwards it must open nothing.
    pub old: Option<&'a SecretText>,
    /// Another one must be chosen at the next sign-in.
    pub must_change: bool,
    /// Now.
    pub at: Timestamp,
}

/// What is known about an attempt that got no answer.
#[derive(Debug, Clone, Copy)]
pub struct AttemptFacts<'a> {
    /// What was to be done.
    pub action: Action,
    /// The sealed password, opened again, if it is still there. Without it nothing can be proved done.
    pub new: Option<&'a SecretText>,
    /// [`Account::changed_at`] as read just before the attempt. None also where that is not known any more.
    pub changed_before: Option<Timestamp>,
    /// When the attempt was started.
    pub started_at: Timestamp,
    /// Now.
    pub at: Timestamp,
}

/// How long after its start an attempt without an answer may still take effect, for example on the wire. Before that "not done" is not known.
pub const SETTLE_MS: i64 = 2 * keyward_core::time::MINUTE_MS;

impl AttemptFacts<'_> {
    /// Whether a write of this attempt can no longer arrive.
    pub const fn is_settled(&self) -> bool {
        self.at.since_ms(self.started_at) >= SETTLE_MS
    }
    /// Whether the password was changed since before the attempt. If what was before is not known, because whoever knew it was killed, only a
    /// change counts that is about as young as the attempt: nearly everybody's password was changed at some time (T-E09).
    fn has_moved(&self, changed_at: Option<Timestamp>, coarse_ms: i64) -> bool {
        match self.changed_before {
            Some(_) => changed_at != self.changed_before,
            None => changed_at.is_some_and(|changed| changed.plus_ms(coarse_ms) >= self.started_at),
        }
    }
}

/// What came of a change, in the words of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an attempt without a recorded answer stays open"]
pub struct Applied {
    /// Done, not done or unknown.
    pub outcome: Outcome,
    /// What was done and looked at, in order.
    pub checks: Vec<Check>,
}

impl Applied {
    /// Refused, and nothing was changed.
    pub fn not_done(reason: NotDone) -> Self {
        Self {
            outcome: Outcome::NotDone { reason: reason.word().to_owned() },
            checks: vec![Check { what: CheckKind::Write, result: CheckResult::Failed }],
        }
    }
    /// Nobody knows yet.
    pub fn unknown(reason: Unknown) -> Self {
        Self {
            outcome: Outcome::Unknown { reason: reason.word().to_owned() },
            checks: vec![Check { what: CheckKind::Write, result: CheckResult::Unverified }],
        }
    }
    /// The write was accepted. It is done if the checks that prove it are done and none failed; else nobody knows.
    pub fn proven_by(proof: CheckKind, checks: Vec<Check>) -> Self {
        let proved = checks.iter().any(|check| check.what == proof && check.result == CheckResult::Done);
        let failed = checks.iter().any(|check| check.result == CheckResult::Failed);
        let outcome = if proved && !failed {
            Outcome::Done
        } else {
            Outcome::Unknown { reason: Unknown::Unproven.word().to_owned() }
        };
        Self { outcome, checks }
    }
    /// The result of one check, if it was made.
    pub fn check(&self, what: CheckKind) -> Option<CheckResult> {
        self.checks.iter().find(|check| check.what == what).map(|check| check.result)
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$each])* $variant,)* }
        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// The stable word that the log keeps.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

words! {
    /// Why a change was not made. In every case the account is as it was.
    NotDone {
        /// Fewer characters than the directory asks for.
        TooShort = "too_short",
        /// Used before.
        InHistory = "in_history",
        /// The last change is too recent.
        TooYoung = "too_young",
        /// Not good enough, by the directory's own rules.
        Quality = "quality",
        /// The bind account may not do it, or the permit is for something else.
        NotPermitted = "not_permitted",
        /// The directory wants the old password too, or the one it got is not it.
        MustSupplyOld = "must_supply_old",
        /// The account is switched off and stays so.
        Disabled = "disabled",
        /// There is no such account (any more).
        NoSuchAccount = "no_such_account",
        /// Another rule of the directory.
        Policy = "policy",
        /// This server only has a copy; writes go to another one.
        ReadOnly = "read_only",
        /// The directory said that it has no time.
        Busy = "busy",
        /// The directory could not be reached, so nothing was sent.
        Unavailable = "unavailable",
        /// The password was changed by somebody else in the meantime.
        Changed = "changed",
        /// Looked at later: it never took effect.
        NotApplied = "not_applied",
    }
}

words! {
    /// Why nobody knows what came of a change.
    Unknown {
        /// No answer in time.
        Timeout = "timeout",
        /// The connection ended before the answer.
        ConnectionLost = "connection_lost",
        /// The directory reported a fault of its own, which does not tell what it had done by then.
        ServerFault = "server_fault",
        /// The directory said yes, and looking did not show it; or there is nothing left to look with.
        Unproven = "unproven",
        /// Looked at too early: the write may still arrive.
        Unsettled = "unsettled",
    }
}

/// Whether a permit is for this directory and this action. A permit for something else is used up all the same.
fn permits(permit: &Permit, directory: &str, action: Action) -> Result<(), NotDone> {
    if permit.account().directory != directory {
        return Err(NotDone::NoSuchAccount);
    }
    if permit.action() != action {
        return Err(NotDone::NotPermitted);
    }
    Ok(())
}

/// A text that is nobody's password: 64 digits that nobody has seen.
fn surely_wrong(of: &str) -> SecretText {
    SecretText::new(Digest::of(format!("surely wrong {of}").as_bytes()).to_string())
}

/// A line of [`Applied::checks`].
const fn check(what: CheckKind, result: CheckResult) -> Check {
    Check { what, result }
}

/// Done or failed.
const fn shown(holds: bool) -> CheckResult {
    if holds { CheckResult::Done } else { CheckResult::Failed }
}

/// What looking at an attempt without an answer says. `holds`: what was to be proved is so. `moved`: the password was changed since before the attempt.
fn judge(proof: CheckKind, holds: bool, moved: bool, attempt: &AttemptFacts<'_>) -> Applied {
    if holds {
        let checks = vec![check(CheckKind::Write, CheckResult::Unverified), check(proof, CheckResult::Done)];
        return Applied::proven_by(proof, checks);
    }
    if !attempt.is_settled() {
        return Applied::unknown(Unknown::Unsettled);
    }
    // Changed, and not to what we know: by this attempt, or by somebody else. A human has to find out.
    if attempt.action == Action::SetPassword && moved {
        return Applied::unknown(Unknown::Unproven);
    }
    Applied::not_done(NotDone::NotApplied)
}
