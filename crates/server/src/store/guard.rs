//! The conditions of a commit. Whatever may happen once is decided here, and by nothing else.

use keyward_core::{
    digest::Digest,
    ids::{CaseId, FactorId, JobId, PersonId},
    time::Timestamp,
};

use super::{
    CommitError, StoreError, Tx,
    db::{statements, vals},
    jobs,
    limits::{self, Limit},
    people::{self, NewFactor},
    tokens::{self, Seen},
};

statements! {
    NOT_BLOCKED = "persons/not_blocked";
    NOT_CHANGED_SINCE = "persons/not_changed_since";
    USE_FACTOR = "factors/use";
    FACTOR_ALIVE = "factors/alive";
    HOLD_PERSON = "persons/hold";
    NONE_YET = "factors/none_yet";
    USE_STEP = "factors/use_step";
    USE_CODE = "factors/use_code";
    REPLACE_CODE = "factors/replace_code";
    END_FACTOR = "factors/end";
    RENEW_DATA = "factors/renew_data";
    PUT_ANSWER = "answers/put";
}

/// A condition that holds at the moment of the commit, or the whole change does not happen. Each is one statement that must touch
/// one row, so that of many who race for the same thing exactly one wins (R10, T-E01).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Guard {
    /// The token is alive and bound to this case and browser; it is used up.
    ConsumeToken(Seen),
    /// The same, and it stays alive: a session that acts must not have been ended meanwhile (T-E07).
    HoldToken(Seen),
    /// The time step is later than every step of this app that was used before (T-D13).
    UseTotpStep {
        /// The app.
        factor: FactorId,
        /// Number of the time step that the code was right for.
        step: u64,
        /// When.
        at: Timestamp,
    },
    /// The code of the sheet has not been used.
    UseRecoveryCode {
        /// The sheet.
        factor: FactorId,
        /// Digest of the code.
        code: Digest,
        /// When.
        at: Timestamp,
    },
    /// The code that was used at that moment has a new one in its place, on a sheet that is alive.
    ReplaceRecoveryCode {
        /// The sheet.
        factor: FactorId,
        /// When the old one was used.
        used: Timestamp,
        /// Digest of the new one.
        new: Digest,
    },
    /// The factor has not been ended. Takes back the try that [`Store::count_factor_try`](super::Store::count_factor_try) counted.
    FactorActive {
        /// Which.
        factor: FactorId,
        /// When.
        at: Timestamp,
    },
    /// The factor has not been ended, and nothing else is said of it.
    FactorNotEnded(FactorId),
    /// The person has nothing set up but addresses.
    NoFactorYet(PersonId),
    /// The data of the factor is what was read, and is this from now on: a key or a count in it is of use once (R10).
    RenewFactorData {
        /// Which.
        factor: FactorId,
        /// Sealed, as it was read.
        before: Vec<u8>,
        /// Sealed.
        data: Vec<u8>,
    },
    /// Nobody said "not me" for the person a short time ago.
    PersonNotBlocked {
        /// Whose account.
        person: PersonId,
        /// When.
        at: Timestamp,
    },
    /// No case has set a new password for the person at that moment or behind it.
    PersonNotChangedSince {
        /// Whose account.
        person: PersonId,
        /// When.
        since: Timestamp,
    },
    /// The job is still ours; it is kept until `until`.
    HoldJob {
        /// Which.
        job: JobId,
        /// The number of the try that this worker was given.
        tries: u32,
        /// When another worker may take it.
        until: Timestamp,
    },
    /// The job is still ours, and done with this change.
    FinishJob {
        /// Which.
        job: JobId,
        /// The number of the try that this worker was given.
        tries: u32,
    },
    /// Nobody used this idempotency key before; the answer is kept for whoever asks again.
    FirstUse {
        /// Digest of key and caller.
        key: Digest,
        /// Digest of the request.
        request: Digest,
        /// The answer.
        response: Vec<u8>,
        /// Until when it is kept.
        expires: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// It may happen once more, and is counted.
    Within {
        /// How often it may.
        limit: Limit,
        /// Digest of whose it is.
        key: Digest,
        /// When.
        at: Timestamp,
    },
    /// No other factor has that id or handle (a passkey is bound once).
    NewFactor(NewFactor),
    /// The factor is this person's and alive; it is ended.
    EndFactor {
        /// Which.
        factor: FactorId,
        /// Whose.
        person: PersonId,
        /// When.
        at: Timestamp,
    },
}

/// Which condition did not hold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GuardKind {
    /// The token is used, ended, expired or of another case or browser.
    Token,
    /// The time step was used.
    TotpStep,
    /// The code was used, or is of another sheet.
    RecoveryCode,
    /// The factor has been ended or belongs to somebody else.
    Factor,
    /// "Not me" was said.
    Person,
    /// There is a newer password.
    Changed,
    /// Another worker has the job.
    Job,
    /// The idempotency key was used.
    Key,
    /// The limit of this name is spent up.
    Limit(&'static str),
    /// The person or factor exists already.
    Exists,
}

impl Guard {
    const fn kind(&self) -> GuardKind {
        match self {
            Self::ConsumeToken(_) | Self::HoldToken(_) => GuardKind::Token,
            Self::UseTotpStep { .. } => GuardKind::TotpStep,
            Self::UseRecoveryCode { .. } | Self::ReplaceRecoveryCode { .. } => GuardKind::RecoveryCode,
            Self::FactorActive { .. }
            | Self::FactorNotEnded(_)
            | Self::NoFactorYet(_)
            | Self::RenewFactorData { .. }
            | Self::EndFactor { .. } => GuardKind::Factor,
            Self::PersonNotBlocked { .. } => GuardKind::Person,
            Self::PersonNotChangedSince { .. } => GuardKind::Changed,
            Self::HoldJob { .. } | Self::FinishJob { .. } => GuardKind::Job,
            Self::FirstUse { .. } => GuardKind::Key,
            Self::Within { limit, .. } => GuardKind::Limit(limit.name),
            Self::NewFactor(_) => GuardKind::Exists,
        }
    }

    pub(super) async fn hold(&self, tx: &mut Tx, case: Option<CaseId>) -> Result<(), CommitError> {
        if self.touch(tx, case).await? == 1 { Ok(()) } else { Err(CommitError::Guard(self.kind())) }
    }

    async fn touch(&self, tx: &mut Tx, case: Option<CaseId>) -> Result<u64, StoreError> {
        match self {
            Self::ConsumeToken(seen) => tokens::consume(tx, seen, case).await,
            Self::HoldToken(seen) => tokens::hold(tx, seen, case).await,
            Self::UseTotpStep { factor, step, at } => tx.write(&USE_STEP, vals![*factor, *step, *at]).await,
            Self::UseRecoveryCode { factor, code, at } => {
                // The sheet first, so that a code of an ended sheet opens nothing.
                if tx.write(&USE_FACTOR, vals![*factor, *at]).await? != 1 {
                    return Ok(0);
                }
                tx.write(&USE_CODE, vals![*factor, *code, *at]).await
            }
            Self::ReplaceRecoveryCode { factor, used, new } => {
                tx.write(&REPLACE_CODE, vals![*factor, *used, *new]).await
            }
            Self::FactorActive { factor, at } => tx.write(&USE_FACTOR, vals![*factor, *at]).await,
            Self::FactorNotEnded(factor) => tx.write(&FACTOR_ALIVE, vals![*factor]).await,
            Self::NoFactorYet(person) => {
                // The person first: PostgreSQL sees other tables as they were when a statement began, also if it had to wait.
                if tx.write(&HOLD_PERSON, vals![*person]).await? != 1 {
                    return Ok(0);
                }
                tx.write(&NONE_YET, vals![*person]).await
            }
            Self::RenewFactorData { factor, before, data } => tx.write(&RENEW_DATA, vals![*factor, before, data]).await,
            Self::PersonNotBlocked { person, at } => tx.write(&NOT_BLOCKED, vals![*person, *at]).await,
            Self::PersonNotChangedSince { person, since } => tx.write(&NOT_CHANGED_SINCE, vals![*person, *since]).await,
            Self::Within { limit, key, at } => limits::spend(tx, *limit, *key, *at).await,
            Self::HoldJob { job, tries, until } => jobs::hold(tx, *job, *tries, *until).await,
            Self::FinishJob { job, tries } => jobs::finish(tx, *job, *tries).await,
            Self::FirstUse { key, request, response, expires, at } => {
                let vals = vals![*key, *request, response, *expires, *at];
                tx.write(&PUT_ANSWER, vals).await
            }
            Self::NewFactor(factor) => people::put_factor(tx, factor).await,
            Self::EndFactor { factor, person, at } => tx.write(&END_FACTOR, vals![*factor, *person, *at]).await,
        }
    }
}
