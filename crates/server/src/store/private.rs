//! The personal values behind the commitments in the log. Erasing one deletes its row, value and salt together; the log does not
//! change and every proof stays valid (X13, T-I12).
//!
//! Not here: which values an entry commits to (core), and who may read them (the pages).

use keyward_core::{
    digest::{Commitment, Disclosure, Salt},
    ids::{CaseId, PersonId},
    time::{DAY_MS, Timestamp},
};

use super::{
    Store, StoreError, Tx,
    db::{EngineError, Row, statements, vals},
    tokens,
    value::{Val, Word},
};

statements! {
    PUT = "private/put";
    PUT_MANY = "private/put_many";
    ADOPT = "private/adopt";
    OF_CASE = "private/of_case";
    BY_COMMITMENT = "private/by_commitment";
    ERASE_CASE = "private/erase_case";
    ERASE_PERSON = "private/erase_person";
    EXPIRE_NOBODY = "private/expire_nobody";
    FORGET_PERSON = "persons/erase";
}

/// How long what somebody typed for a name that is no account is kept at least, for finding abuse (R47).
pub const MIN_UNKNOWN_DAYS: i64 = 7;

/// A value as the statements take it.
pub(super) fn row<'v>(
    case: CaseId,
    (value, person): &'v (Disclosure, Option<PersonId>),
    at: Timestamp,
) -> [Val<'v>; 7] {
    [
        Val::from(case),
        Val::from(*value.commitment().digest()),
        Val::from(*person),
        Val::from(Word(value.field)),
        Val::from(value.salt.bytes().as_slice()),
        Val::from(&value.value),
        Val::from(at),
    ]
}

pub(super) async fn put(tx: &mut Tx, rows: &[[Val<'_>; 7]]) -> Result<(), StoreError> {
    tx.write_rows((&PUT, &PUT_MANY), rows).await
}

pub(super) async fn adopt(tx: &mut Tx, case: CaseId, subject: PersonId) -> Result<(), StoreError> {
    tx.write(&ADOPT, vals![case, subject]).await.map(drop)
}

impl Store {
    /// The value behind a commitment of a case. None once it is erased.
    pub async fn value(&self, case: CaseId, commitment: Commitment) -> Result<Option<Disclosure>, StoreError> {
        let vals = vals![case, *commitment.digest()];
        self.db.first(&BY_COMMITMENT, vals, |row| read(row, 0)).await
    }

    /// All values of a case that are not erased.
    pub async fn values_of_case(&self, case: CaseId) -> Result<Vec<Disclosure>, StoreError> {
        self.db.read(&OF_CASE, vals![case], |row| read(row, 0)).await
    }

    /// Erases the values of one case. How many there were.
    pub async fn erase_case(&self, case: CaseId) -> Result<u64, StoreError> {
        self.write(&ERASE_CASE, vals![case]).await
    }

    /// Erases all that is known of a person outside of the log: values, account, factors, whatever was handed out. How many values there were.
    pub async fn erase_person(&self, person: PersonId) -> Result<u64, StoreError> {
        let erase = self.together(person, |person, tx| Box::pin(async move { Ok(erase_person(tx, *person).await?) }));
        Ok(erase.await?)
    }

    /// Erases what was typed for names that are no account, once it is older than `days` (at least [`MIN_UNKNOWN_DAYS`]).
    pub async fn erase_unknown(&self, at: Timestamp, days: i64) -> Result<u64, StoreError> {
        let days = days.max(MIN_UNKNOWN_DAYS);
        let before = at.plus_ms(days.saturating_mul(-DAY_MS));
        self.write(&EXPIRE_NOBODY, vals![before]).await
    }
}

async fn erase_person(tx: &mut Tx, person: PersonId) -> Result<u64, StoreError> {
    let erased = tx.write(&ERASE_PERSON, vals![person]).await?;
    tokens::end_of_person(tx, person, None).await?;
    tx.write(&FORGET_PERSON, vals![person]).await?;
    Ok(erased)
}

fn read(row: &Row, first: usize) -> Result<Disclosure, EngineError> {
    Ok(Disclosure {
        field: row.get::<Word<_>>(first)?.0,
        salt: Salt::new(row.get(first + 1)?),
        value: row.get(first + 2)?,
    })
}
