//! Cases: the entries of one, folded by the core, and the list of all, which is a projection of the entries and no more.
//!
//! Not here: writing (a case changes by [`Store::commit`](super::Store::commit) alone) and any rule.

use keyward_core::{
    account::{Action, Class, Method},
    case::{Case, Corrupt, Ending, Stage, Step},
    event::{Door, Entry, Event, NotAnEntry},
    ids::{CaseId, PersonId, Reference},
    steps::reissue::Attempt,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{
    Store, StoreError, Tx,
    db::{EngineError, Row, statements, vals},
    value::{Val, Word, text_of},
};

statements! {
    ENTRIES = "cases/entries";
    BY_REFERENCE = "cases/by_reference";
    GET = "cases/get";
    LIST = "cases/list";
    OF_PERSON = "cases/of_person";
    OPEN_OF_PERSON = "cases/open_of_person";
    AROUND = "cases/around";
    DUE = "cases/due";
    COUNTS = "cases/counts";
    INSERT = "cases/insert";
    UPDATE = "cases/update";
}

/// Where a case stands, in one word for lists.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The name is being looked up.
    Classifying,
    /// The name is no account; the pages go on, nothing else does.
    Unmatched,
    /// Proofs are missing.
    Verifying,
    /// Approvals or time are missing.
    Authorizing,
    /// It may be changed now.
    Reissuing,
    /// The directory is being touched.
    Running,
    /// The directory may have been touched; nobody knows yet.
    Unknown,
    /// Changed, and not yet looked at.
    Reviewing,
    /// Over: changed and looked at.
    Reviewed,
    /// Over without a change.
    Ended,
    /// Over: "this was not me".
    Contested,
}

impl State {
    /// All states in the order in which a case can pass them.
    pub const ALL: [Self; 11] = [
        Self::Classifying,
        Self::Unmatched,
        Self::Verifying,
        Self::Authorizing,
        Self::Reissuing,
        Self::Running,
        Self::Unknown,
        Self::Reviewing,
        Self::Reviewed,
        Self::Ended,
        Self::Contested,
    ];
    /// Whether nothing more happens in the case.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Reviewed | Self::Ended | Self::Contested)
    }
}

/// One line of the list of cases.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseRow {
    /// Names it.
    pub id: CaseId,
    /// What people call it.
    pub reference: Reference,
    /// How many entries it has.
    pub seq: u32,
    /// Where it stands.
    pub state: State,
    /// Why the name was no account, or why it ended: the word of the entry.
    pub reason: Option<String>,
    /// The furthest step it has come to.
    pub step: Step,
    /// By which door.
    pub door: Door,
    /// What for.
    pub action: Action,
    /// Whose account; stays when the case is over.
    pub subject: Option<PersonId>,
    /// What the account can do; stays when the case is over.
    pub class: Option<Class>,
    /// How many proofs did not hold.
    pub rejections: u32,
    /// When it was opened.
    pub opened: Timestamp,
    /// When its last entry was written.
    pub last: Timestamp,
    /// Until when it waits.
    pub held_until: Option<Timestamp>,
    /// When it ends by itself if nothing happens.
    pub deadline: Option<Timestamp>,
}

impl CaseRow {
    /// The line for a case after `new` entries. Subject and class are those of the last classification among them, if there is one.
    pub fn after(case: &Case, new: &[Entry]) -> Self {
        let claim = case.claim();
        let classification = new.iter().rev().find_map(|entry| match &entry.event {
            Event::Classified(c) | Event::Reclassified(c) => Some(c),
            _ => None,
        });
        let (state, reason) = state(case);
        let rejections: usize = Method::ALL.iter().map(|m| case.rejections(*m)).sum();
        Self {
            id: case.id(),
            reference: claim.reference,
            seq: case.seq(),
            state,
            reason,
            step: case.reached(),
            door: claim.door,
            action: claim.action,
            subject: classification.map(|c| c.subject),
            class: classification.map(|c| c.class),
            rejections: u32::try_from(rejections).unwrap_or(u32::MAX),
            opened: case.opened_at(),
            last: case.last_at(),
            held_until: case.hold().map(|hold| hold.until),
            deadline: case.deadline(),
        }
    }

    /// Writes the line if the case still has `expected` entries; false if somebody was faster.
    pub(super) async fn put(&self, tx: &mut Tx, expected: u32) -> Result<bool, StoreError> {
        let (state, step) = (Word(self.state), Word(self.step));
        let class = self.class.map(Word);
        let touched = if expected == 0 {
            let vals = vals![
                self.id,
                self.reference,
                self.seq,
                state,
                self.reason.as_ref(),
                step,
                Word(self.door),
                Word(self.action),
                self.subject,
                class,
                self.rejections,
                self.opened,
                self.last,
                self.held_until,
                self.deadline,
            ];
            tx.write(&INSERT, vals).await?
        } else {
            let vals = vals![
                self.id,
                self.seq,
                state,
                self.reason.as_ref(),
                step,
                self.subject,
                class,
                self.rejections,
                self.last,
                self.held_until,
                self.deadline,
                expected,
            ];
            tx.write(&UPDATE, vals).await?
        };
        Ok(touched == 1)
    }
}

fn state(case: &Case) -> (State, Option<String>) {
    match case.stage() {
        Stage::Classifying(_, None) => (State::Classifying, None),
        Stage::Classifying(_, Some(reason)) => (State::Unmatched, text_of(reason)),
        Stage::Verifying(..) => (State::Verifying, None),
        Stage::Authorizing(..) => (State::Authorizing, None),
        Stage::Reissuing(_, Attempt::Running(_)) => (State::Running, None),
        Stage::Reissuing(_, Attempt::Unknown(_)) => (State::Unknown, None),
        Stage::Reissuing(_, Attempt::None | Attempt::Submitted(_) | Attempt::Failed(_)) => (State::Reissuing, None),
        Stage::Reviewing(_) => (State::Reviewing, None),
        Stage::Closed(Ending::Reviewed(_)) => (State::Reviewed, None),
        Stage::Closed(Ending::Ended(reason)) => (State::Ended, text_of(reason)),
        Stage::Closed(Ending::Contested { changed }) => {
            let changed = if *changed { "changed" } else { "unchanged" };
            (State::Contested, Some(changed.to_owned()))
        }
    }
}

/// An entry with its place in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placed {
    /// Its index among all leaves of the log.
    pub leaf: u64,
    /// What happened.
    pub entry: Entry,
}

/// A case with the entries that it is the fold of.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The case now.
    pub case: Case,
    /// All its entries, in order.
    pub entries: Vec<Placed>,
}

/// Why a case could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database could not be asked. Not now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored entry is not an entry. Broken.
    #[error("the entry at leaf {leaf} of the log is damaged")]
    Damaged {
        /// Its index among all leaves.
        leaf: u64,
        /// What is wrong with it.
        #[source]
        source: NotAnEntry,
    },
    /// The entries contradict each other. Broken.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

impl Store {
    /// Loads a case. None if there is none with that id.
    pub async fn load(&self, id: CaseId) -> Result<Option<Loaded>, LoadError> {
        let rows = self.db.read(&ENTRIES, vals![id], read_leaf).await?;
        let entries: Vec<Placed> = rows.into_iter().map(parse_leaf).collect::<Result<_, _>>()?;
        let case = Case::replay(entries.iter().map(|placed| &placed.entry))?;
        Ok(case.map(|case| Loaded { case, entries }))
    }

    /// The id behind a reference that somebody read out.
    pub async fn case_by_reference(&self, reference: Reference) -> Result<Option<CaseId>, StoreError> {
        let vals = vals![reference];
        self.db.first(&BY_REFERENCE, vals, |row| row.get(0)).await
    }
}

/// Which cases a list is about. The default is all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those of accounts that can do this.
    pub class: Option<Class>,
    /// Only those about this person's account.
    pub subject: Option<PersonId>,
    /// Only those that are not over.
    pub only_open: bool,
}

/// Where a page of the list begins: behind this line of the page before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Behind {
    /// When that case was opened.
    pub opened: Timestamp,
    /// Its id.
    pub id: CaseId,
}

/// A case whose time has run out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Due {
    /// Names it.
    pub id: CaseId,
    /// When it ran out.
    pub deadline: Timestamp,
}

/// How much happened about a person's account around one case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Around {
    /// Other cases within the day.
    pub others: u64,
    /// Proofs that did not hold within the day, in this case too.
    pub rejections: u64,
    /// Other cases within the month in which "not me" was said.
    pub contested: u64,
}

impl CaseRow {
    /// The next page begins behind this line.
    pub const fn behind(&self) -> Behind {
        Behind { opened: self.opened, id: self.id }
    }
}

impl Store {
    /// The line of one case.
    pub async fn case_row(&self, id: CaseId) -> Result<Option<CaseRow>, StoreError> {
        self.db.first(&GET, vals![id], read_row).await
    }

    /// A page of the list, newest first; `None` for the first page.
    pub async fn cases(&self, filter: &Filter, behind: Option<Behind>, limit: u32) -> Result<Vec<CaseRow>, StoreError> {
        // Nothing is opened at the end of time, so the first page begins behind it.
        let end = Timestamp::from_millis(i64::MAX);
        let (opened, id) = behind.map_or((end, String::new()), |b| (b.opened, b.id.to_string()));
        let vals = vals![
            opened,
            id,
            word_or_all(filter.state),
            word_or_all(filter.class),
            filter.subject.map_or_else(String::new, |id| id.to_string()),
            filter.only_open,
            limit,
        ];
        self.db.read(&LIST, vals, read_row).await
    }

    /// The cases about a person's account that were opened at `since` or later, newest first, at most a thousand. For showing: anybody can open
    /// more than that for a name.
    pub async fn cases_of_person(&self, subject: PersonId, since: Timestamp) -> Result<Vec<CaseRow>, StoreError> {
        self.db.read(&OF_PERSON, vals![subject, since], read_row).await
    }

    /// Every case about a person's account that is not over, oldest first.
    pub async fn open_cases_of_person(&self, subject: PersonId) -> Result<Vec<CaseId>, StoreError> {
        self.db.read(&OPEN_OF_PERSON, vals![subject], |row| row.get(0)).await
    }

    /// What happened about a person's account around one case: in all that were opened after `day`, and what was contested of those since `month`.
    pub async fn around_case(
        &self,
        (subject, case): (PersonId, CaseId),
        (month, day): (Timestamp, Timestamp),
    ) -> Result<Around, StoreError> {
        let vals = vals![subject, case, month, day];
        let around = self.db.first(&AROUND, vals, |row| {
            Ok(Around { others: row.get(0)?, rejections: row.get(1)?, contested: row.get(2)? })
        });
        Ok(around.await?.unwrap_or_default())
    }

    /// A page of the cases whose time has run out, longest ago first; `None` for the first page.
    pub async fn cases_due(&self, at: Timestamp, behind: Option<Due>, limit: u32) -> Result<Vec<Due>, StoreError> {
        // Nothing ends at the beginning of time, so the first page begins before it.
        let begin = Timestamp::from_millis(i64::MIN);
        let (deadline, id) = behind.map_or((begin, String::new()), |due| (due.deadline, due.id.to_string()));
        let vals = vals![at, deadline, id, limit];
        self.db.read(&DUE, vals, |row| Ok(Due { id: row.get(0)?, deadline: row.get(1)? })).await
    }

    /// How many cases are in each state.
    pub async fn case_counts(&self) -> Result<Vec<(State, u64)>, StoreError> {
        self.db.read(&COUNTS, &[], |row| Ok((row.get::<Word<_>>(0)?.0, row.get(1)?))).await
    }
}

fn word_or_all<T: Serialize>(value: Option<T>) -> Val<'static> {
    value.map_or_else(|| Val::from(""), |value| Val::from(Word(value)))
}

fn read_row(row: &Row) -> Result<CaseRow, EngineError> {
    let class: Option<Word<Class>> = row.get(9)?;
    Ok(CaseRow {
        id: row.get(0)?,
        reference: row.get(1)?,
        seq: row.get(2)?,
        state: row.get::<Word<_>>(3)?.0,
        reason: row.get(4)?,
        step: row.get::<Word<_>>(5)?.0,
        door: row.get::<Word<_>>(6)?.0,
        action: row.get::<Word<_>>(7)?.0,
        subject: row.get(8)?,
        class: class.map(|Word(class)| class),
        rejections: row.get(10)?,
        opened: row.get(11)?,
        last: row.get(12)?,
        held_until: row.get(13)?,
        deadline: row.get(14)?,
    })
}

/// Reads `leaf, body`.
pub(super) fn read_leaf(row: &Row) -> Result<(u64, Vec<u8>), EngineError> {
    Ok((row.get(0)?, row.get(1)?))
}

pub(super) fn parse_leaf((leaf, body): (u64, Vec<u8>)) -> Result<Placed, LoadError> {
    match Entry::parse(&body) {
        Ok(entry) => Ok(Placed { leaf, entry }),
        Err(source) => Err(LoadError::Damaged { leaf, source }),
    }
}
