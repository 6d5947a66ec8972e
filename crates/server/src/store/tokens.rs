//! Everything that opens something and is held by somebody outside: links, codes, sessions, ceremonies. Only SHA-256 digests are here,
//! each in the namespace of its purpose (R8, R52).
//!
//! A token is used up by [`Guard::ConsumeToken`](super::Guard::ConsumeToken) in the commit that it allows, or by [`Store::take_token`] where
//! nothing is committed; never by looking (R12).

use keyward_core::{
    digest::Digest,
    ids::{CaseId, PersonId},
    time::Timestamp,
};

use super::{
    Engine, Store, StoreError, Tx,
    db::{statements, vals},
    value::Word,
};
pub use crate::token::Purpose;

statements! {
    PUT = "tokens/put";
    FIND = "tokens/find";
    CONSUME = "tokens/consume";
    HOLD = "tokens/hold";
    TOUCH = "tokens/touch";
    COUNT_TRY = "tokens/count_try";
    END = "tokens/end";
    END_OF_CASE = "tokens/end_of_case";
    END_OF_PERSON = "tokens/end_of_person";
    END_ALL_OF_CASE = "tokens/end_all_of_case";
    END_ALL_OF_PERSON = "tokens/end_all_of_person";
    END_OF_NOBODY = "tokens/end_of_nobody";
    EXPIRE = "tokens/expire";
}

/// Something to be handed out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewToken {
    /// What for.
    pub purpose: Purpose,
    /// SHA-256 of what is handed out; for short codes an HMAC with case and browser under it (R9).
    pub hash: Digest,
    /// The only case in which it counts. None: not bound to one.
    pub case: Option<CaseId>,
    /// Whose it is, so that it ends with them.
    pub person: Option<PersonId>,
    /// Digest of the cookie of the only browser in which it counts. None: not bound to one.
    pub browser: Option<Digest>,
    /// What belongs to it (the state of a ceremony); empty if nothing does. Never a secret in clear.
    pub data: Vec<u8>,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends if it is not used; the same as `expires` for what is used once.
    pub idle: Timestamp,
    /// When it ends in any case.
    pub expires: Timestamp,
    /// How often it may be tried; for codes that are typed.
    pub max_tries: u32,
}

impl NewToken {
    /// Of nobody, in no case and in any browser, with nothing that belongs to it; for so long, used or not.
    pub const fn new(purpose: Purpose, hash: Digest, created: Timestamp, life_ms: i64) -> Self {
        let end = created.plus_ms(life_ms);
        Self {
            purpose,
            hash,
            case: None,
            person: None,
            browser: None,
            data: Vec::new(),
            created,
            idle: end,
            expires: end,
            max_tries: 0,
        }
    }
}

/// A token that is alive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// The only case in which it counts.
    pub case: Option<CaseId>,
    /// Whose it is.
    pub person: Option<PersonId>,
    /// The only browser in which it counts.
    pub browser: Option<Digest>,
    /// What belongs to it.
    pub data: Vec<u8>,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends if it is not used.
    pub idle: Timestamp,
    /// When it ends in any case.
    pub expires: Timestamp,
}

/// A token as a request brought it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// What it is shown for.
    pub purpose: Purpose,
    /// Its digest.
    pub hash: Digest,
    /// Digest of the browser's cookie, if it brought one.
    pub browser: Option<Digest>,
    /// When.
    pub at: Timestamp,
}

impl Seen {
    /// A session, by the digest of its key.
    pub const fn session(hash: Digest, at: Timestamp) -> Self {
        Self { purpose: Purpose::SignIn, hash, browser: None, at }
    }
}

/// A code that is alive in a case and browser, with one try more on its counter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tried {
    /// What the typed code's HMAC is compared with, in constant time.
    pub hash: Digest,
    /// Whose it is.
    pub person: Option<PersonId>,
    /// What belongs to it.
    pub data: Vec<u8>,
    /// Which try this is.
    pub tries: u32,
    /// How many there are.
    pub max_tries: u32,
}

pub(super) async fn put(tx: &mut Tx, token: &NewToken) -> Result<(), StoreError> {
    let vals = vals![
        Word(token.purpose),
        token.hash,
        token.case,
        token.person,
        token.browser,
        &token.data,
        token.created,
        token.idle,
        token.expires,
        token.max_tries,
    ];
    tx.write(&PUT, vals).await.map(drop)
}

pub(super) async fn consume(tx: &mut Tx, seen: &Seen, case: Option<CaseId>) -> Result<u64, StoreError> {
    let vals = vals![Word(seen.purpose), seen.hash, seen.at, seen.browser, case];
    tx.write(&CONSUME, vals).await
}

pub(super) async fn hold(tx: &mut Tx, seen: &Seen, case: Option<CaseId>) -> Result<u64, StoreError> {
    let vals = vals![Word(seen.purpose), seen.hash, seen.at, seen.browser, case];
    tx.write(&HOLD, vals).await
}

pub(super) async fn end(tx: &mut Tx, purpose: Purpose, hash: Digest) -> Result<(), StoreError> {
    tx.write(&END, vals![Word(purpose), hash]).await.map(drop)
}

pub(super) async fn end_of_case(tx: &mut Tx, case: CaseId, purpose: Option<Purpose>) -> Result<(), StoreError> {
    let ended = match purpose {
        Some(purpose) => tx.write(&END_OF_CASE, vals![case, Word(purpose)]).await,
        None => tx.write(&END_ALL_OF_CASE, vals![case]).await,
    };
    ended.map(drop)
}

pub(super) async fn end_of_person(tx: &mut Tx, person: PersonId, purpose: Option<Purpose>) -> Result<(), StoreError> {
    // A statement of PostgreSQL deletes what was there when it began. If a seat is being exchanged for a session at that moment, it waits for the
    // seat, finds it gone and does not see the session; a second statement does. By then no seat is left that another session could come of (T-E07).
    if tx.engine() == Engine::Postgres {
        end_seen_of_person(tx, person, purpose).await?;
    }
    end_seen_of_person(tx, person, purpose).await
}

async fn end_seen_of_person(tx: &mut Tx, person: PersonId, purpose: Option<Purpose>) -> Result<(), StoreError> {
    let ended = match purpose {
        Some(purpose) => tx.write(&END_OF_PERSON, vals![person, Word(purpose)]).await,
        None => tx.write(&END_ALL_OF_PERSON, vals![person]).await,
    };
    ended.map(drop)
}

impl Store {
    /// Hands out a token outside of any change (a browser's first cookie).
    pub async fn put_token(&self, token: &NewToken) -> Result<(), StoreError> {
        let put = self.together(token.clone(), |token, tx| Box::pin(async move { Ok(put(tx, token).await?) }));
        Ok(put.await?)
    }

    /// Looks at a token without using it. None if there is none, it has ended, or this is another browser than it was made for.
    pub async fn find_token(&self, seen: &Seen) -> Result<Option<Token>, StoreError> {
        let vals = vals![Word(seen.purpose), seen.hash, seen.at];
        let found = self.db.first(&FIND, vals, |row| {
            Ok(Token {
                case: row.get(0)?,
                person: row.get(1)?,
                browser: row.get(2)?,
                data: row.get(3)?,
                created: row.get(4)?,
                idle: row.get(5)?,
                expires: row.get(6)?,
            })
        });
        let bound = |token: &Token| token.browser.is_none() || token.browser == seen.browser;
        Ok(found.await?.filter(bound))
    }

    /// The case that a living token is bound to, whatever browser it was made for. For finding the cookie that has to be shown; it allows nothing.
    pub async fn case_of_token(
        &self,
        purpose: Purpose,
        hash: Digest,
        at: Timestamp,
    ) -> Result<Option<CaseId>, StoreError> {
        let vals = vals![Word(purpose), hash, at];
        Ok(self.db.first(&FIND, vals, |row| row.get::<Option<CaseId>>(0)).await?.flatten())
    }

    /// Keeps a session alive until `idle`, never past its end. False if it has ended.
    pub async fn touch_token(&self, seen: &Seen, idle: Timestamp) -> Result<bool, StoreError> {
        let vals = vals![Word(seen.purpose), seen.hash, seen.at, idle];
        Ok(self.write(&TOUCH, vals).await? == 1)
    }

    /// Counts a try at every code of this purpose that is alive in this case and browser, and returns them for comparing. Empty: none is
    /// alive, or all tries are spent. Counted before compared, so that parallel guesses do not share a count (R9).
    pub async fn count_code_try(
        &self,
        purpose: Purpose,
        case: CaseId,
        browser: Digest,
        at: Timestamp,
    ) -> Result<Vec<Tried>, StoreError> {
        let vals = vals![Word(purpose), case, browser, at];
        self.write_returning(&COUNT_TRY, vals, |row| {
            Ok(Tried {
                hash: row.get(0)?,
                person: row.get(1)?,
                data: row.get(2)?,
                tries: row.get(3)?,
                max_tries: row.get(4)?,
            })
        })
        .await
    }

    /// Uses a token up, outside of any change: one statement finds and ends it, so that of many at once one has it. False: there was none.
    pub async fn take_token(&self, seen: &Seen, case: Option<CaseId>) -> Result<bool, StoreError> {
        let vals = vals![Word(seen.purpose), seen.hash, seen.at, seen.browser, case];
        Ok(self.write(&CONSUME, vals).await? == 1)
    }

    /// Ends a token (sign-out).
    pub async fn end_token(&self, purpose: Purpose, hash: Digest) -> Result<(), StoreError> {
        self.write(&END, vals![Word(purpose), hash]).await.map(drop)
    }

    /// Ends what was handed out for a purpose to nobody in particular and in no case.
    pub async fn end_tokens_of_nobody(&self, purpose: Purpose) -> Result<u64, StoreError> {
        self.write(&END_OF_NOBODY, vals![Word(purpose)]).await
    }

    /// Removes what has ended by itself. What only rests too long opens nothing any more, and is removed at its end.
    pub async fn expire_tokens(&self, at: Timestamp) -> Result<u64, StoreError> {
        self.write(&EXPIRE, vals![at]).await
    }
}
