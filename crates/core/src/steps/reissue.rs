//! Step 4: the change itself. A start is in the log before anything outside is touched, and only a committed start gives a [`Permit`].
//!
//! An outside write has three answers: done, not done, unknown. Unknown is resolved by looking, never by trying again.

use serde::{Deserialize, Serialize};

use crate::{
    account::{AccountRef, Action, Class},
    case::{Case, Stage},
    digest::{Digest, Disclosure, Field},
    ids::{CaseId, FactorId, PersonId},
    ledger::Durable,
    steps::authorize::Authorized,
    time::Timestamp,
};

/// How often a refused change is tried again, each time with a new submission by the person.
pub const MAX_ATTEMPTS: u32 = 3;

/// What to do was handed in. The secret is sealed to the worker's key; the entry holds the digest of the sealed bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Submission {
    /// Counts from 1.
    pub attempt: u32,
    /// Digest of the sealed secret or credential. None where the action needs none.
    pub sealed: Option<Digest>,
    /// The factor that is ended, for [`Action::RemoveFactor`], or bound, for [`Action::EnrollFactor`].
    pub factor: Option<FactorId>,
}

/// The directory is about to be touched.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Started {
    /// Counts from 1.
    pub attempt: u32,
    /// The class the account has at this moment (R30).
    pub class: Class,
}

/// What the outside world answered to one attempt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Recorded {
    /// Which attempt.
    pub attempt: u32,
    /// Done, not done or unknown.
    pub outcome: Outcome,
    /// What was done and looked at, in order.
    pub checks: Vec<Check>,
}

impl Recorded {
    /// Whether it says done although a check says otherwise. Half a success is no success (R41).
    pub fn contradicts_itself(&self) -> bool {
        self.outcome == Outcome::Done && self.checks.iter().any(|check| check.result == CheckResult::Failed)
    }
}

/// The three answers of an outside write.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Outcome {
    /// It is done, and looking at it showed so.
    Done,
    /// It was refused and nothing changed.
    NotDone {
        /// Why, as a stable word: `quality`, `history`, `too_young`, `not_permitted`, `disabled`, …
        reason: String,
    },
    /// Nobody knows yet: the answer did not come.
    Unknown {
        /// What was seen, as a stable word: `timeout`, `connection_lost`, …
        reason: String,
    },
}

/// One thing that was done or looked at around a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Check {
    /// What.
    pub what: CheckKind,
    /// With which result. Half a success is never called a whole one (R41).
    pub result: CheckResult,
}

/// What is done and looked at around a change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// The write itself.
    Write,
    /// The account was read again and shows the change.
    ReadBack,
    /// The new secret opens the account.
    NewOpens,
    /// The old secret, where it is known, or one that is surely wrong, no longer opens it.
    OldRefused,
    /// The lock is gone.
    Unlocked,
    /// The person must choose another at the next sign-in.
    MustChange,
    /// The state of the account (disabled, expired) is what it was before.
    StateKept,
    /// Sessions of the account have been ended.
    SessionsEnded,
    /// Everything else that could still open a recovery of this account has been ended.
    SiblingsEnded,
}

/// The result of one check.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// It was so.
    Done,
    /// This directory can not do or show it.
    Unsupported,
    /// It was not so.
    Failed,
    /// It could not be looked at.
    Unverified,
}

impl Submission {
    /// Whether that attempt, with those sealed bytes, is this one. The number alone does not tell: after another look at the account's class, the
    /// attempts of the next permission count from 1 again.
    pub fn is(&self, attempt: u32, sealed: &[u8]) -> bool {
        let sealed = (!sealed.is_empty()).then(|| Digest::of(sealed));
        self.attempt == attempt && self.sealed == sealed
    }
    /// Whether what is to be ended was a proof in this case: what one removes can not be what shows who one is (R26).
    pub fn proves_itself(&self, authorized: &Authorized) -> bool {
        let proofs = authorized.verified().evidence();
        self.factor.is_some_and(|factor| proofs.iter().any(|proof| proof.is_from(factor)))
    }
}

/// Where the attempts of a case stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attempt {
    /// Nothing handed in.
    None,
    /// Handed in, not started.
    Submitted(Submission),
    /// Started; the directory may have been touched.
    Running(Submission),
    /// The last one was refused.
    Failed(u32),
    /// The last one has no answer yet.
    Unknown(Submission),
}

/// The only key that opens a connector: made from a start that is in the log, bound to one account, used up by use.
/// It can not be cloned, forged or kept.
#[derive(Debug)]
#[must_use = "a permit that is not used leaves a started attempt without an answer"]
pub struct Permit {
    case: CaseId,
    subject: PersonId,
    account: AccountRef,
    action: Action,
    submission: Submission,
}

/// Why a committed start gives no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPermit {
    /// The case is at another point.
    #[error("the case has no started attempt")]
    NotRunning,
    /// Time ran out between the gate and the start.
    #[error("the permission has ended")]
    Ended,
    /// The account is not the one that was classified.
    #[error("the account is not the one that the case is about")]
    OtherAccount,
}

impl Permit {
    /// Turns a committed start of a case into a permit. `account` must open the commitment that was made when the case was classified.
    pub fn new(
        started: Durable<(CaseId, Started)>,
        case: &Case,
        account: &Disclosure,
        at: Timestamp,
    ) -> Result<Self, NoPermit> {
        let (id, started) = started.into_inner();
        let Stage::Reissuing(authorized, Attempt::Running(submission)) = case.stage() else {
            return Err(NoPermit::NotRunning);
        };
        if id != case.id() || submission.attempt != started.attempt {
            return Err(NoPermit::NotRunning);
        }
        if at >= authorized.until() {
            return Err(NoPermit::Ended);
        }
        let classified = authorized.verified().classified();
        if account.field != Field::Account || account.commitment() != classified.classification().account {
            return Err(NoPermit::OtherAccount);
        }
        let (directory, id) = account.value.split_once('/').ok_or(NoPermit::OtherAccount)?;
        Ok(Self {
            case: case.id(),
            subject: classified.subject(),
            account: AccountRef { directory: directory.to_owned(), id: id.to_owned() },
            action: classified.claim().action,
            submission: *submission,
        })
    }
    /// The case it belongs to.
    pub const fn case(&self) -> CaseId {
        self.case
    }
    /// Whose account.
    pub const fn subject(&self) -> PersonId {
        self.subject
    }
    /// The one account that may be changed.
    pub const fn account(&self) -> &AccountRef {
        &self.account
    }
    /// The one change that may be made.
    pub const fn action(&self) -> Action {
        self.action
    }
    /// What was handed in.
    pub const fn submission(&self) -> Submission {
        self.submission
    }
}

/// A case whose change is made. Made by [`Reissued::new`] alone, within the core.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reissued {
    authorized: Authorized,
    recorded: Recorded,
    at: Timestamp,
}

impl Reissued {
    /// None unless the outcome is a proven success.
    pub(crate) fn new(authorized: Authorized, recorded: Recorded, at: Timestamp) -> Option<Self> {
        (recorded.outcome == Outcome::Done && !recorded.contradicts_itself()).then_some(Self {
            authorized,
            recorded,
            at,
        })
    }
    /// Step 3's product.
    pub const fn authorized(&self) -> &Authorized {
        &self.authorized
    }
    /// What was done and seen.
    pub const fn recorded(&self) -> &Recorded {
        &self.recorded
    }
    /// When the change was made.
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::authorize::tests::{gated, verified};

    #[test]
    fn r34_an_attempt_is_told_by_its_number_and_by_what_was_handed_in() {
        let sealed = Submission { attempt: 1, sealed: Some(Digest::of(b"sealed")), factor: None };
        let bare = Submission { attempt: 1, sealed: None, factor: None };
        for (submission, attempt, bytes, same) in [
            (sealed, 1, &b"sealed"[..], true),
            (sealed, 2, b"sealed", false),
            (sealed, 1, b"of the permission before", false),
            (sealed, 1, b"", false),
            (bare, 1, b"", true),
            (bare, 1, b"sealed", false),
        ] {
            assert_eq!(submission.is(attempt, bytes), same, "{attempt} {bytes:?}");
        }
    }

    #[test]
    fn r41_only_a_whole_success_is_a_change_that_is_made() {
        let check = |result| Check { what: CheckKind::OldRefused, result };
        let reason = || "timeout".to_owned();
        for (outcome, result, holds) in [
            (Outcome::Done, CheckResult::Done, true),
            (Outcome::Done, CheckResult::Unsupported, true),
            (Outcome::Done, CheckResult::Failed, false),
            (Outcome::NotDone { reason: reason() }, CheckResult::Done, false),
            (Outcome::Unknown { reason: reason() }, CheckResult::Done, false),
        ] {
            let at = Timestamp::from_millis(1);
            let authorized = Authorized::new(verified(), vec![], gated(true), at).unwrap();
            let recorded = Recorded { attempt: 1, outcome, checks: vec![check(result)] };
            assert_eq!(Reissued::new(authorized, recorded.clone(), at).is_some(), holds, "{recorded:?}");
        }
    }
}
