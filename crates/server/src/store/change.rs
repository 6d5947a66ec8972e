//! What one commit is made of: the new entries of a case and everything that has to become true together with them, or not at all.
//!
//! A [`Guard`] is a condition that is checked and used up by one statement that must touch one row. A [`Write`] is a consequence.

use keyward_core::{
    account::Method,
    case::Case,
    digest::{Digest, Disclosure},
    event::Entry,
    ids::{CaseId, FactorId, PersonId},
    log::{Hash, tile::entry_hash},
    time::Timestamp,
};

use super::{
    CommitError, StoreError, Tx,
    cases::CaseRow,
    db::{statements, vals},
    guard::Guard,
    jobs::{self, NewJob},
    private,
    tokens::{self, NewToken, Purpose},
    value::{Val, Word},
};

statements! {
    PUT_ENTRY = "log/put_entry";
    PUT_ENTRIES = "log/put_entries";
    BLOCK = "persons/block";
    CHANGED = "persons/changed";
    END_METHOD = "factors/end_method";
    TAKE_TRY_BACK = "factors/take_try_back";
    PUT_CODE = "factors/put_code";
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
    /// The codes of a sheet.
    PutRecoveryCodes {
        /// The sheet.
        factor: FactorId,
        /// Digests of the codes.
        codes: Vec<Digest>,
    },
    /// Takes back the try that [`Store::count_factor_try`](super::Store::count_factor_try) counted at a factor that was not meant.
    TakeTryBack(FactorId),
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
    /// A new password was set. What was proved before it changes nothing any more (T-A16).
    PersonChanged {
        /// Whose account.
        person: PersonId,
        /// When.
        at: Timestamp,
    },
    /// No recovery by oneself until then.
    BlockPerson {
        /// Whose account.
        person: PersonId,
        /// Until when; never made shorter.
        until: Timestamp,
    },
}

/// One change of one case.
#[derive(Clone, Debug)]
pub struct Change {
    pub(super) case: CaseId,
    pub(super) expected: u32,
    pub(super) entries: Vec<Entry>,
    pub(super) row: CaseRow,
    with: With,
}

/// The personal values that entries commit to, each with whose it is. None: nobody's yet; the subject's as soon as there is one.
type Values = Vec<(Disclosure, Option<PersonId>)>;

/// What becomes true together with the entries of a case, or not at all.
#[derive(Clone, Debug, Default)]
pub struct With<V = Values> {
    values: V,
    guards: Vec<Guard>,
    writes: Vec<Write>,
    jobs: Vec<NewJob>,
}

/// The same for what belongs to no case, and so has no values: a sign-in, an invitation, a periodic job.
pub type Aside = With<()>;

impl Change {
    /// `entries` take the case from `expected` entries (0: it is new) to `after`.
    pub fn new(expected: u32, entries: Vec<Entry>, after: &Case, with: With) -> Self {
        Self { case: after.id(), expected, row: CaseRow::after(after, &entries), entries, with }
    }
}

impl With {
    /// Nothing more.
    pub fn nothing() -> Self {
        Self::default()
    }
    /// A personal value that an entry commits to, and whose it is. None: nobody's yet; the subject's as soon as there is one.
    #[must_use]
    pub fn value(mut self, value: Disclosure, person: Option<PersonId>) -> Self {
        self.values.push((value, person));
        self
    }
    /// All of both.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.values.extend(more.values);
        self.guards.extend(more.guards);
        self.writes.extend(more.writes);
        self.jobs.extend(more.jobs);
        self
    }
}

impl<V> With<V> {
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

    pub(super) const fn is_empty(&self) -> bool {
        self.guards.is_empty() && self.writes.is_empty() && self.jobs.is_empty()
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
        !self.change.with.is_empty()
    }

    /// Writes the line of the case, guards, writes and jobs: whatever can be refused. The rest is [`put_all`].
    pub(super) async fn apply(&self, tx: &mut Tx) -> Result<(), CommitError> {
        let change = &self.change;
        if !change.row.put(tx, change.expected).await? {
            return Err(CommitError::Conflict);
        }
        change.with.apply(tx, Some(change.case)).await
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
        let rows = change.with.values.iter();
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

impl Write {
    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        match self {
            Self::EndFactors { person, method, but, at } => {
                let vals = vals![*person, Word(*method), *at, *but];
                tx.write(&END_METHOD, vals).await?;
            }
            Self::TakeTryBack(factor) => {
                tx.write(&TAKE_TRY_BACK, vals![*factor]).await?;
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
            Self::PersonChanged { person, at } => {
                tx.write(&CHANGED, vals![*person, *at]).await?;
            }
            Self::BlockPerson { person, until } => {
                tx.write(&BLOCK, vals![*person, *until]).await?;
            }
        }
        Ok(())
    }
}
