//! Persons (pseudonyms of accounts) and their factors. The data of a factor is sealed by whoever puts it here; this file cannot open it.

use keyward_core::{
    account::{AccountRef, Method},
    digest::{Digest, Salt},
    ids::{FactorId, PersonId},
    time::Timestamp,
};

use super::{
    Store, StoreError, Tx,
    db::{EngineError, Row, statements, vals},
    value::Word,
};

statements! {
    PUT = "persons/put";
    GET = "persons/get";
    BY_ACCOUNT = "persons/by_account";
    SET_LANGUAGE = "persons/set_language";
    PUT_FACTOR = "factors/put";
    GET_FACTOR = "factors/get";
    ANY_FACTOR = "factors/any";
    FACTORS = "factors/of_person";
    COUNT_TRY = "factors/count_try";
    CODES = "factors/codes";
}

/// How often a factor may be tried wrongly over its life; then it is of no use and another has to be bound (N-30, T-D08).
pub const MAX_FAILURES: u32 = 100;

/// The owner of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// The pseudonym that is in the log.
    pub id: PersonId,
    /// The account, by its immutable id.
    pub account: AccountRef,
    /// Hides the sources of this person's proofs in the log: the same mailbox of two persons does not look the same.
    pub salt: Salt,
    /// The language that notices are written in, as a BCP 47 tag.
    pub language: Option<String>,
    /// No recovery by oneself until then.
    pub blocked_until: Option<Timestamp>,
    /// Since when Keyward knows the account.
    pub created: Timestamp,
}

/// Something to be bound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewFactor {
    /// Names it.
    pub id: FactorId,
    /// Whose.
    pub person: PersonId,
    /// Which kind.
    pub method: Method,
    /// What the person calls it.
    pub label: String,
    /// Sealed.
    pub data: Vec<u8>,
    /// Digest of what the factor itself says it is (a credential id): unique, for finding it again.
    pub handle: Option<Digest>,
    /// When it is bound.
    pub created: Timestamp,
    /// From when on it may be used as proof (M103).
    pub usable_from: Timestamp,
}

/// Something bound, alive or ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Factor {
    /// Names it.
    pub id: FactorId,
    /// Whose.
    pub person: PersonId,
    /// Which kind.
    pub method: Method,
    /// What the person calls it.
    pub label: String,
    /// Sealed.
    pub data: Vec<u8>,
    /// Digest of what the factor itself says it is.
    pub handle: Option<Digest>,
    /// When it was bound.
    pub created: Timestamp,
    /// From when on it may be used as proof (M103).
    pub usable_from: Timestamp,
    /// When it last proved something.
    pub last_used: Option<Timestamp>,
    /// The last time step that was used (authenticator apps).
    pub last_step: u64,
    /// How often it was tried wrongly, over its life.
    pub failures: u32,
    /// When it was ended.
    pub ended: Option<Timestamp>,
}

impl Factor {
    /// Neither ended nor guessed at too often.
    pub const fn is_alive(&self) -> bool {
        self.ended.is_none() && self.failures < MAX_FAILURES
    }
    /// Not ended. What was guessed at too often proves nothing any more, but it is still set up: guessing makes no account easier to get into.
    pub const fn is_bound(&self) -> bool {
        self.ended.is_none()
    }
}

async fn put_person(tx: &mut Tx, person: &Person) -> Result<u64, StoreError> {
    let vals = vals![
        person.id,
        &person.account.directory,
        &person.account.id,
        person.salt.bytes().as_slice(),
        person.language.as_ref(),
        person.created,
    ];
    tx.write(&PUT, vals).await
}

pub(super) async fn put_factor(tx: &mut Tx, factor: &NewFactor) -> Result<u64, StoreError> {
    let vals = vals![
        factor.id,
        factor.person,
        Word(factor.method),
        &factor.label,
        &factor.data,
        factor.handle,
        factor.created,
        factor.usable_from,
    ];
    tx.write(&PUT_FACTOR, vals).await
}

impl Store {
    /// A person.
    pub async fn person(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        self.db.first(&GET, vals![id], read_person).await
    }

    /// The person behind an account.
    pub async fn person_of(&self, account: &AccountRef) -> Result<Option<Person>, StoreError> {
        let vals = vals![&account.directory, &account.id];
        self.db.first(&BY_ACCOUNT, vals, read_person).await
    }

    /// The person behind `new.account`: the one that is known, or `new`. Of many who call at once, all get the same.
    pub async fn ensure_person(&self, new: &Person) -> Result<Person, StoreError> {
        if let Some(known) = self.person_of(&new.account).await? {
            return Ok(known);
        }
        let put = self.together(new.clone(), |new, tx| Box::pin(async move { Ok(put_person(tx, new).await?) }));
        put.await?;
        let known = self.person_of(&new.account).await?;
        known.ok_or(StoreError::Lost)
    }

    /// The language that the person is written to in.
    pub async fn set_language(&self, person: PersonId, tag: &str) -> Result<(), StoreError> {
        let vals = vals![person, tag];
        self.write(&SET_LANGUAGE, vals).await.map(drop)
    }

    /// A factor.
    pub async fn factor(&self, id: FactorId) -> Result<Option<Factor>, StoreError> {
        self.db.first(&GET_FACTOR, vals![id], read_factor).await
    }

    /// The newest factor of anybody, to see whether the key fits with which it is closed.
    pub async fn any_factor(&self) -> Result<Option<Factor>, StoreError> {
        self.db.first(&ANY_FACTOR, &[], read_factor).await
    }

    /// All factors of a person, ended ones too, oldest first.
    pub async fn factors(&self, person: PersonId) -> Result<Vec<Factor>, StoreError> {
        self.db.read(&FACTORS, vals![person], read_factor).await
    }

    /// Counts a try, before anything is compared. `None`: the factor is ended or was guessed at too often, and is not looked at.
    /// A try that was right is taken back by the guard that uses the factor.
    pub async fn count_factor_try(&self, factor: FactorId) -> Result<Option<u32>, StoreError> {
        let vals = vals![factor];
        let counted = self.write_returning(&COUNT_TRY, vals, |row| row.get(0));
        Ok(counted.await?.into_iter().next())
    }

    /// Digests of the codes of a sheet, with when each was used.
    pub async fn recovery_codes(&self, factor: FactorId) -> Result<Vec<(Digest, Option<Timestamp>)>, StoreError> {
        self.db.read(&CODES, vals![factor], |row| Ok((row.get(0)?, row.get(1)?))).await
    }
}

fn read_person(row: &Row) -> Result<Person, EngineError> {
    Ok(Person {
        id: row.get(0)?,
        account: AccountRef { directory: row.get(1)?, id: row.get(2)? },
        salt: Salt::new(row.get(3)?),
        language: row.get(4)?,
        blocked_until: row.get(5)?,
        created: row.get(6)?,
    })
}

fn read_factor(row: &Row) -> Result<Factor, EngineError> {
    Ok(Factor {
        id: row.get(0)?,
        person: row.get(1)?,
        method: row.get::<Word<_>>(2)?.0,
        label: row.get(3)?,
        data: row.get(4)?,
        handle: row.get(5)?,
        created: row.get(6)?,
        usable_from: row.get(7)?,
        last_used: row.get(8)?,
        last_step: row.get(9)?,
        failures: row.get(10)?,
        ended: row.get(11)?,
    })
}
