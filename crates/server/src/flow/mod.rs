//! The only road by which a case changes: load, decide, commit. Pages, the API, the command line and jobs all come through here.
//!
//! Core says what may happen, the store makes it durable, and [`follow`] says what has to happen next. No page text and no directory is here.

mod account;
mod around;
mod bind;
mod change;
mod follow;
mod mail;
mod newcomer;
mod not_me;
mod once;
mod open;
mod passkey;
mod prove;
mod readiness;
mod record;
mod replace_code;
mod same_time;
mod session;
mod setup;
mod starts;
mod submit;
mod ways;

use std::sync::Arc;

use keyward_core::{
    actor::Actor,
    case::{Case, Command, Corrupt, Refusal},
    digest::{Commitment, Disclosure, Field},
    event::{Entry, Event},
    ids::CaseId,
    ledger::Durable,
    policy::Policy,
    steps::reissue::Outcome,
    time::Timestamp,
    told::told,
};
use tokio::sync::Notify;

/// The longest name that is looked at; anything longer is no name anywhere.
pub use crate::account_name::MAX_CHARS as LONGEST_NAME;
pub use account::{ADDED, AppSetup, BoundCodes, DRAFT_MS, Draft, NotThisAddress, is_address, new_address_door};
pub use account::{FROM_DIRECTORY, is_from_directory};
pub use bind::{label, may_bind};
pub use change::Wanted;
pub use follow::BLOCK_MS;
pub use mail::LAPSED_MS;
pub use newcomer::{Newcomer, NotANewcomer, TakenBy};
pub use not_me::Contested;
pub use once::{Once, TAKEN_MS, Taken};
pub use open::{Asked, BROWSER_MS, OpenedCase, SignedIn, browser_digest};
pub use passkey::Begun;
pub use prove::{Proof, Proved};
pub use record::{NewRecord, unlock};
pub use session::{FRESH_MS, Present, Standing, TRY_MS, Tried, Trying, Typed};
pub use setup::{FIRST_GROUP, SETUP_MS, SetUp, Setup, SetupCode};
pub use starts::network;
pub use submit::Handed;
pub use ways::{Mark, OwnWay, Past, PastLine, Removable};

pub use crate::{
    jobs::expire::UNKNOWN_DAYS,
    methods::{
        passkey::{DIALOG_MS, Enrollment},
        recovery_code::CODE_CHARS,
    },
    store::With,
};

use crate::{
    ctx::Ctx,
    methods::passkey::RelyingParty,
    metrics::Metrics,
    seal::{DigestKey, SealKey, Vault},
    store::{Change, CommitError, Committed, GuardKind, Store, StoreError, cases::LoadError, limits::Limit},
    terms::Terms,
};

/// How often a change is decided again when somebody else was faster.
const RETRIES: usize = 8;

/// Everything that cases need to go on. Cheap to share.
pub struct Flow {
    /// Clock and randomness.
    pub ctx: Ctx,
    /// The database.
    pub store: Store,
    /// The gate.
    pub policy: Arc<Policy>,
    /// Lives, ages, hours and classes, from the configuration.
    pub terms: Terms,
    /// Seals what lies in the database.
    pub vault: Vault,
    /// Makes digests that nobody can make without the key.
    pub digests: DigestKey,
    /// This site, as passkeys know it.
    pub party: RelyingParty,
    /// Seals what only the worker may open.
    pub seal: SealKey,
    /// Rung when there is new work.
    pub bell: Arc<Notify>,
    /// Counts what happens.
    pub metrics: Metrics,
}

impl std::fmt::Debug for Flow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Flow")
    }
}

/// Why nothing happened.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// An expected no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A one-time thing was used up, or a condition no longer held.
    #[error("a condition no longer holds: {0:?}")]
    Lost(GuardKind),
    /// There is no such case, or it is not this browser's.
    #[error("no such case")]
    NoCase,
    /// Too many tries; when to come back.
    #[error("too many tries")]
    TooMany(Timestamp),
    /// Not yet: the directory is still being asked. Nothing was counted.
    #[error("the name is still being looked up")]
    NotYet,
    /// Not now: as much waits for the worker as may. Nothing was counted.
    #[error("as much waits for the worker as may")]
    Full,
    /// The password was shown too long ago for a change, or its session has ended.
    #[error("the password has to be shown again")]
    Stale,
    /// Not now: the database is busy or away. Nothing was lost.
    #[error("the database did not answer")]
    Unavailable(#[source] Arc<StoreError>),
    /// The log contradicts itself. Stop.
    #[error("the log contradicts itself")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for FlowError {
    fn from(error: StoreError) -> Self {
        Self::from(Arc::new(error))
    }
}
impl From<Arc<StoreError>> for FlowError {
    fn from(error: Arc<StoreError>) -> Self {
        if error.is_broken() { Self::Broken(Box::new(error)) } else { Self::Unavailable(error) }
    }
}
impl From<LoadError> for FlowError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Store(error) => error.into(),
            other => Self::Broken(Box::new(other)),
        }
    }
}
impl From<Corrupt> for FlowError {
    fn from(error: Corrupt) -> Self {
        Self::Broken(Box::new(error))
    }
}

/// What was committed, with the case as it is now.
#[derive(Debug)]
pub struct Acted {
    /// The case after the new entries.
    pub case: Case,
    /// The new entries.
    pub committed: Committed,
}

impl Flow {
    /// Does what a command asks for, if it may happen. Decides again when somebody else was faster; what `with` brings is done once or not at all.
    pub async fn act(&self, id: CaseId, by: Actor, command: Command, with: With) -> Result<Durable<Acted>, FlowError> {
        for _ in 0..RETRIES {
            let before = self.load(id).await?;
            let at = self.ctx.now();
            let events = before.decide(command.clone(), &self.policy, at)?;
            let expected = before.seq();
            let (after, entries) = fold(before, events, by, at)?;
            match self.commit(expected, entries, &after, with.clone()).await {
                Err(CommitError::Conflict) => {}
                Err(error) => return Err(self.failed(error)),
                Ok(committed) => return Ok(committed.map(|committed| Acted { case: after, committed })),
            }
        }
        Err(FlowError::Refused(Refusal::Changed))
    }

    /// The case as its entries make it.
    pub async fn load(&self, id: CaseId) -> Result<Case, FlowError> {
        Ok(self.store.load(id).await?.ok_or(FlowError::NoCase)?.case)
    }

    /// What its requester is told of a case.
    pub async fn told(&self, id: CaseId) -> Result<Vec<(Timestamp, Event)>, FlowError> {
        Ok(told(&self.entries(id).await?))
    }

    /// When somebody said "this was not me" about a case.
    pub async fn contested_at(&self, id: CaseId) -> Result<Option<Timestamp>, FlowError> {
        let entries = self.entries(id).await?;
        Ok(entries.iter().find(|entry| matches!(entry.event, Event::Contested { .. })).map(|entry| entry.at))
    }

    /// The entries of a case.
    pub async fn entries(&self, id: CaseId) -> Result<Vec<Entry>, FlowError> {
        let loaded = self.store.load(id).await?.ok_or(FlowError::NoCase)?;
        Ok(loaded.entries.into_iter().map(|placed| placed.entry).collect())
    }

    /// What came of the last attempt.
    pub async fn last_outcome(&self, id: CaseId) -> Result<Option<Outcome>, FlowError> {
        let entries = self.entries(id).await?;
        Ok(entries.into_iter().rev().find_map(|entry| match entry.event {
            Event::Recorded(recorded) => Some(recorded.outcome),
            _ => None,
        }))
    }

    /// The name that was typed for a case. Empty once it is erased; what can not be read is an error, or a rule about names would not be asked.
    pub async fn typed_name(&self, case: &Case) -> Result<String, FlowError> {
        let value = self.store.value(case.id(), case.claim().name).await?;
        Ok(value.map(|value| value.value).unwrap_or_default())
    }

    /// From which network address and with what browser a case was opened. None of it once it is erased.
    pub async fn opened_from(&self, case: &Case) -> (Option<String>, Option<String>) {
        let value = async |of| self.store.value(case.id(), of).await.ok().flatten().map(|value| value.value);
        (value(case.claim().network).await, value(case.claim().browser).await)
    }

    async fn commit(
        &self,
        expected: u32,
        entries: Vec<Entry>,
        after: &Case,
        with: With,
    ) -> Result<Durable<Committed>, CommitError> {
        let follows = follow::up(self, after, &entries);
        let change = Change::new(expected, entries, after, with.and(follows));
        let committed = self.store.commit(change).await?;
        self.metrics.committed(after, &committed.get().entries);
        self.bell.notify_waiters();
        Ok(committed)
    }

    /// Spends one of each limit, or says when to come back.
    async fn spend(&self, all: &[(Limit, &[u8])], at: Timestamp) -> Result<(), FlowError> {
        let Some(name) = self.store.spend_each(all, at).await? else { return Ok(()) };
        let window_ms = all.iter().find(|(limit, _)| limit.name == name).map_or(0, |(limit, _)| limit.window_ms);
        Err(FlowError::TooMany(at.plus_ms(window_ms)))
    }

    fn failed(&self, error: CommitError) -> FlowError {
        match error {
            CommitError::Guard(kind) => FlowError::Lost(kind),
            CommitError::Conflict => FlowError::Refused(Refusal::Changed),
            // What nobody can tell yet shows when the case is looked at again.
            CommitError::Store(error) | CommitError::Unknown(error) => error.into(),
            CommitError::Closed => StoreError::Closed.into(),
            misfit @ CommitError::Misfit(_) => FlowError::Broken(Box::new(misfit)),
        }
    }

    /// Commits to a personal value, to go into an entry and its table.
    pub fn disclose(&self, field: Field, value: impl Into<String>) -> (Commitment, Disclosure) {
        let disclosure = Disclosure { field, salt: self.ctx.salt(), value: value.into() };
        (disclosure.commitment(), disclosure)
    }
}

/// The case after its next events, with their entries.
fn fold(mut case: Case, events: Vec<Event>, by: Actor, at: Timestamp) -> Result<(Case, Vec<Entry>), Corrupt> {
    let mut entries = Vec::with_capacity(events.len());
    for event in events {
        let entry = case.entry(event, by, at);
        case = case.apply(&entry)?;
        entries.push(entry);
    }
    Ok((case, entries))
}

/// What was kept and can not be read. The parser's reason may repeat a piece of it, and it was sealed because nobody should see it.
fn unreadable(error: &serde_json::Error) -> FlowError {
    FlowError::Broken(format!("not as it was kept: {:?} at its byte {}", error.classify(), error.column()).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes;

    #[test]
    fn what_was_sealed_is_in_no_error() {
        let kept = r#"{"draft":"codes","random":"","at":"a secret"}"#;
        let error = serde_json::from_str::<Draft>(kept).map(drop).unwrap_err();
        assert!(error.to_string().contains("a secret"), "the parser repeats it: {error}");
        let told = causes::in_one_line(&unreadable(&error));
        assert!(told.contains("not as it was kept") && !told.contains("secret"), "{told}");
    }
}
