//! What one commit is made of: the new entries of a case and everything that has to become true together with them, or not at all.
//!
//! A [`Guard`] is a condition that is checked and used up by one statement that must touch one row. A [`Write`] is a consequence.

use keyward_core::{
    account::Method,
    case::Case,
    digest::{Digest, Disclosure},
    event::Entry,
    ids::{CaseId, FactorId, JobId, PersonId},
    log::{Hash, tile::entry_hash},
    time::Timestamp,
};

use super::{
    CommitError, StoreError, Tx,
    cases::CaseRow,
    db::{statements, vals},
    jobs::{self, NewJob},
    people::{self, NewFactor, Person},
    private,
    tokens::{self, NewToken, Purpose, Seen},
    value::{Val, Word},
};

statements! {
    PUT_ENTRY = "log/put_entry";
    PUT_ENTRIES = "log/put_entries";
    NOT_BLOCKED = "persons/not_blocked";
    BLOCK = "persons/block";
    USE_FACTOR = "factors/use";
    USE_STEP = "factors/use_step";
    USE_CODE = "factors/use_code";
    REPLACE_CODE = "factors/replace_code";
    END_FACTOR = "factors/end";
    END_METHOD = "factors/end_method";
    SET_DATA = "factors/set_data";
    RENEW_DATA = "factors/renew_data";
    PUT_CODE = "factors/put_code";
    PUT_POLICY = "policies/put";
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
    /// The data of the factor is what was read, and is this from now on: a key in it is of use once (R10).
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
    /// The person has no row yet under this account.
    NewPerson(Person),
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
    /// Another worker has the job.
    Job,
    /// The idempotency key was used.
    Key,
    /// The person or factor exists already.
    Exists,
}

/// What becomes true together with the entries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Write {
    /// Ends all factors of a kind but the one that takes their place. Writes come after guards, so that one is there already.
    EndFactors {
        /// Whose.
        person: PersonId,
        /// Which kind.
        method: Method,
        /// The one that stays.
        but: FactorId,
        /// When.
        at: Timestamp,
    },
    /// The sealed data of a factor after use (the counter of a passkey).
    SetFactorData {
        /// Which.
        factor: FactorId,
        /// Sealed.
        data: Vec<u8>,
    },
    /// The codes of a sheet.
    PutRecoveryCodes {
        /// The sheet.
        factor: FactorId,
        /// Digests of the codes.
        codes: Vec<Digest>,
    },
    /// Something to be handed out.
    PutToken(NewToken),
    /// Ends one.
    EndToken {
        /// What for.
        purpose: Purpose,
        /// Its digest.
        hash: Digest,
    },
    /// Ends what was handed out in a case: one purpose, or all (R11).
    EndTokensOfCase {
        /// Which case.
        case: CaseId,
        /// None: all.
        purpose: Option<Purpose>,
    },
    /// Ends what was handed out to a person: one purpose, or all, sessions too (X8).
    EndTokensOfPerson {
        /// Whose.
        person: PersonId,
        /// None: all.
        purpose: Option<Purpose>,
    },
    /// No recovery by oneself until then.
    BlockPerson {
        /// Whose account.
        person: PersonId,
        /// Until when; never made shorter.
        until: Timestamp,
    },
    /// The text of a policy that was asked.
    PutPolicy {
        /// The text; its digest is its name.
        text: String,
        /// When.
        at: Timestamp,
    },
}

/// One change of one case.
#[derive(Clone, Debug)]
pub struct Change {
    pub(super) case: CaseId,
    pub(super) expected: u32,
    pub(super) entries: Vec<Entry>,
    pub(super) row: CaseRow,
    pub(super) values: Vec<(Disclosure, Option<PersonId>)>,
    pub(super) aside: Aside,
}

/// The part of a change that belongs to no case: a sign-in, an invitation, a periodic job.
#[derive(Clone, Debug, Default)]
pub struct Aside {
    pub(super) guards: Vec<Guard>,
    pub(super) writes: Vec<Write>,
    pub(super) jobs: Vec<NewJob>,
}

impl Change {
    /// `entries` take the case from `expected` entries (0: it is new) to `after`.
    pub fn new(expected: u32, entries: Vec<Entry>, after: &Case) -> Self {
        Self {
            case: after.id(),
            expected,
            row: CaseRow::after(after, &entries),
            entries,
            values: Vec::new(),
            aside: Aside::default(),
        }
    }
    /// A personal value that an entry commits to, and whose it is. None: nobody's yet; the subject's as soon as there is one.
    #[must_use]
    pub fn value(mut self, value: Disclosure, person: Option<PersonId>) -> Self {
        self.values.push((value, person));
        self
    }
    /// A condition.
    #[must_use]
    pub fn guard(mut self, guard: Guard) -> Self {
        self.aside = self.aside.guard(guard);
        self
    }
    /// A consequence.
    #[must_use]
    pub fn write(mut self, write: Write) -> Self {
        self.aside = self.aside.write(write);
        self
    }
    /// Work that follows.
    #[must_use]
    pub fn job(mut self, job: NewJob) -> Self {
        self.aside = self.aside.job(job);
        self
    }
}

impl Aside {
    /// A condition.
    #[must_use]
    pub fn guard(mut self, guard: Guard) -> Self {
        self.guards.push(guard);
        self
    }
    /// A consequence.
    #[must_use]
    pub fn write(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }
    /// Work that follows.
    #[must_use]
    pub fn job(mut self, job: NewJob) -> Self {
        self.jobs.push(job);
        self
    }

    /// Guards first: what does not hold costs nothing else.
    pub(super) async fn apply(&self, tx: &mut Tx, case: Option<CaseId>) -> Result<(), CommitError> {
        for guard in &self.guards {
            guard.hold(tx, case).await?;
        }
        for write in &self.writes {
            write.apply(tx).await?;
        }
        for job in &self.jobs {
            jobs::put(tx, job).await?;
        }
        Ok(())
    }
}

/// A change whose bytes have been made and hashed, outside of any transaction.
pub(super) struct Prepared {
    pub(super) change: Change,
    leaves: Vec<(Vec<u8>, Hash)>,
}

impl Prepared {
    /// Refuses what could not be replayed or published afterwards.
    pub(super) fn new(change: Change) -> Result<Self, CommitError> {
        if change.entries.is_empty() {
            return Err(CommitError::Misfit("a change without entries"));
        }
        let mut seq = change.expected;
        let mut leaves = Vec::with_capacity(change.entries.len());
        for entry in &change.entries {
            seq = seq.saturating_add(1);
            if entry.case != change.case || entry.seq != seq {
                return Err(CommitError::Misfit("an entry that does not follow"));
            }
            let body = entry.bytes().map_err(|_| CommitError::Misfit("an entry that has no bytes"))?;
            let hash = entry_hash(&body).map_err(|_| CommitError::Misfit("an entry that is too long"))?;
            leaves.push((body, hash));
        }
        if change.row.seq != seq {
            return Err(CommitError::Misfit("a case that is not its entries"));
        }
        Ok(Self { change, leaves })
    }

    /// Whether its failure can leave something to be taken back: the line of the case alone cannot.
    pub(super) const fn needs_savepoint(&self) -> bool {
        let Aside { guards, writes, jobs } = &self.change.aside;
        !(guards.is_empty() && writes.is_empty() && jobs.is_empty())
    }

    /// Writes the line of the case, guards, writes and jobs: whatever can be refused. The rest is [`put_all`].
    pub(super) async fn apply(&self, tx: &mut Tx) -> Result<(), CommitError> {
        let change = &self.change;
        if !change.row.put(tx, change.expected).await? {
            return Err(CommitError::Conflict);
        }
        change.aside.apply(tx, Some(change.case)).await
    }

    /// The hashes of its entries as leaves.
    pub(super) fn leaves(&self) -> impl Iterator<Item = Hash> {
        self.leaves.iter().map(|(_, hash)| *hash)
    }
}

/// Writes the entries and values of all changes that were not refused, each with the leaf of its first entry. Their case was theirs to
/// continue, so that nothing of this can be refused any more.
pub(super) async fn put_all(tx: &mut Tx, placed: &[(u64, &Prepared)], batch: &[u8]) -> Result<(), StoreError> {
    let (mut entries, mut values) = (Vec::new(), Vec::new());
    for (first, Prepared { change, leaves }) in placed {
        let bodies = leaves.iter().map(|(body, _)| body);
        for (leaf, (entry, body)) in (*first..).zip(change.entries.iter().zip(bodies)) {
            entries.push([
                Val::from(leaf),
                Val::from(entry.case),
                Val::from(entry.seq),
                Val::from(entry.at),
                Val::from(body),
                Val::from(batch),
            ]);
        }
        let at = change.row.last;
        let rows = change.values.iter();
        values.extend(rows.map(|value| private::row(change.case, value, at)));
    }
    tx.write_rows((&PUT_ENTRY, &PUT_ENTRIES), &entries).await?;
    private::put(tx, &values).await?;
    for (_, Prepared { change, .. }) in placed {
        if let Some(subject) = change.row.subject {
            private::adopt(tx, change.case, subject).await?;
        }
    }
    Ok(())
}

impl Guard {
    const fn kind(&self) -> GuardKind {
        match self {
            Self::ConsumeToken(_) | Self::HoldToken(_) => GuardKind::Token,
            Self::UseTotpStep { .. } => GuardKind::TotpStep,
            Self::UseRecoveryCode { .. } | Self::ReplaceRecoveryCode { .. } => GuardKind::RecoveryCode,
            Self::FactorActive { .. } | Self::RenewFactorData { .. } | Self::EndFactor { .. } => GuardKind::Factor,
            Self::PersonNotBlocked { .. } => GuardKind::Person,
            Self::HoldJob { .. } | Self::FinishJob { .. } => GuardKind::Job,
            Self::FirstUse { .. } => GuardKind::Key,
            Self::NewPerson(_) | Self::NewFactor(_) => GuardKind::Exists,
        }
    }

    async fn hold(&self, tx: &mut Tx, case: Option<CaseId>) -> Result<(), CommitError> {
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
            Self::RenewFactorData { factor, before, data } => tx.write(&RENEW_DATA, vals![*factor, before, data]).await,
            Self::PersonNotBlocked { person, at } => tx.write(&NOT_BLOCKED, vals![*person, *at]).await,
            Self::HoldJob { job, tries, until } => jobs::hold(tx, *job, *tries, *until).await,
            Self::FinishJob { job, tries } => jobs::finish(tx, *job, *tries).await,
            Self::FirstUse { key, request, response, expires, at } => {
                let vals = vals![*key, *request, response, *expires, *at];
                tx.write(&PUT_ANSWER, vals).await
            }
            Self::NewPerson(person) => people::put_person(tx, person).await,
            Self::NewFactor(factor) => people::put_factor(tx, factor).await,
            Self::EndFactor { factor, person, at } => tx.write(&END_FACTOR, vals![*factor, *person, *at]).await,
        }
    }
}

impl Write {
    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        match self {
            Self::EndFactors { person, method, but, at } => {
                let vals = vals![*person, Word(*method), *at, *but];
                tx.write(&END_METHOD, vals).await?;
            }
            Self::SetFactorData { factor, data } => {
                tx.write(&SET_DATA, vals![*factor, data]).await?;
            }
            Self::PutRecoveryCodes { factor, codes } => {
                for code in codes {
                    tx.write(&PUT_CODE, vals![*factor, *code]).await?;
                }
            }
            Self::PutToken(token) => tokens::put(tx, token).await?,
            Self::EndToken { purpose, hash } => tokens::end(tx, *purpose, *hash).await?,
            Self::EndTokensOfCase { case, purpose } => {
                tokens::end_of_case(tx, *case, *purpose).await?;
            }
            Self::EndTokensOfPerson { person, purpose } => {
                tokens::end_of_person(tx, *person, *purpose).await?;
            }
            Self::BlockPerson { person, until } => {
                tx.write(&BLOCK, vals![*person, *until]).await?;
            }
            Self::PutPolicy { text, at } => {
                let digest = Digest::of(text.as_bytes());
                tx.write(&PUT_POLICY, vals![digest, text, *at]).await?;
            }
        }
        Ok(())
    }
}
