//! Signing in to "my ways back in" with the password of the directory. Only the worker may ask a directory, so a password goes there sealed,
//! and the browser waits for the row that says what came of it (`jobs/sign_in.rs`).
//!
//! Wrong, unknown, locked and disabled are one answer. A try is counted by name and by network before anything else is done with it.

use keyward_core::{
    account::Class,
    digest::Digest,
    ids::PersonId,
    secret::{Secret, SecretText},
    time::{MINUTE_MS, Timestamp},
};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::{Flow, FlowError, SignedIn, unreadable};
use crate::{
    jobs::{
        Work,
        sign_in::{Request, Session},
    },
    seal::{Attempt, Keyed, Place},
    store::{
        change::{Aside, Write},
        limits::Limit,
        tokens::{NewToken, Purpose, Seen},
    },
    token::Token,
};

/// Tries for one name, known here or not. What an account may be asked has a limit of its own (`jobs/sign_in.rs`).
const BY_NAME: Limit = Limit { name: "sign_in_name", max: 5, window_ms: 15 * MINUTE_MS };
/// Tries from one network: an office may share one address.
const BY_NETWORK: Limit = Limit { name: "sign_in_network", max: 30, window_ms: 15 * MINUTE_MS };
/// How long a browser may wait for an answer, and be told of a refusal.
pub const TRY_MS: i64 = 5 * MINUTE_MS;
/// How old a sign-in may be when something is to be changed (V7.5.3).
pub const FRESH_MS: i64 = 5 * MINUTE_MS;
/// A session is kept alive at most this often, so that looking around does not write all the time.
const TOUCH_MS: i64 = MINUTE_MS;

const COLUMN: &str = "tokens.data";

/// So many passwords may wait to be tried: a worker is done with them in a few seconds. Whoever comes then is asked to come back (P23).
const BACKLOG: u64 = 256;
/// As what they wait.
const SIGN_IN: &str = "sign_in";

/// The longest password that is looked at, in bytes.
const LONGEST_PASSWORD: usize = 4096;

/// A try whose answer is waited for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Trying {
    /// The name as typed, to be shown again after a refusal.
    pub name: String,
    /// What the person wants to do then, as a word of the pages.
    pub wish: String,
    /// When it began.
    pub began: Timestamp,
    /// The session that the browser had; it ends with the next one (V7.2.4).
    before: Option<Digest>,
}

/// What came of a try so far.
#[derive(Debug)]
pub enum Tried {
    /// Nothing was tried in this browser, or too long ago.
    Nothing,
    /// The worker has not answered.
    Waiting(Trying),
    /// The password does not open that account, for whatever reason.
    Refused(Trying),
    /// It does.
    SignedIn(Trying),
}

/// Where a key of a sign-in stands, for whoever asks again and again.
#[derive(Debug)]
pub enum Standing {
    /// It is of no sign-in, or that is over.
    Nothing,
    /// The worker has not answered.
    Waiting,
    /// The password does not open that account, for whatever reason.
    Refused,
    /// Somebody is signed in.
    SignedIn(Present),
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Present {
    /// Who.
    pub person: PersonId,
    /// The digest of the session's key.
    pub session: Digest,
    /// When the password was shown.
    pub since: Timestamp,
    /// When the session ends, however much it is used.
    pub until: Timestamp,
    /// The name that the account signs in with.
    pub name: String,
    /// What people call its owner.
    pub display_name: String,
    /// What the account could do at the sign-in.
    pub class: Class,
    /// When the password was last changed, if the directory says.
    pub password_changed: Option<Timestamp>,
    /// Another password has to be chosen before anything else.
    pub must_change: bool,
}

impl Present {
    /// As a case takes it.
    pub const fn signed_in(&self) -> SignedIn {
        SignedIn { person: self.person, at: self.since, session: self.session }
    }
    /// Whether the password was shown a short time ago.
    pub const fn is_fresh(&self, at: Timestamp) -> bool {
        at.since_ms(self.since) < FRESH_MS
    }
    /// Until when a change may begin.
    pub const fn fresh_until(&self) -> Timestamp {
        self.since.plus_ms(FRESH_MS)
    }
}

/// A name and a password as they were typed.
pub struct Typed<'a> {
    /// The name, trimmed and of a sane length.
    pub name: &'a str,
    /// The password.
    pub password: &'a SecretText,
    /// The network address it came from.
    pub network: &'a str,
    /// What the person wants to do then.
    pub wish: &'a str,
}

impl Typed<'_> {
    /// Whether name and password can be those of an account at all. What can not is not tried, for whatever name.
    pub fn is_sane(&self) -> bool {
        (1..=super::LONGEST_NAME).contains(&self.name.chars().count())
            && !self.name.contains(char::is_control)
            && (1..=LONGEST_PASSWORD).contains(&self.password.expose().len())
    }
}

impl Flow {
    /// Hands a name and a password to the worker. The token goes into a cookie: [`Flow::tried`] tells what came of it, and then it is the session.
    pub async fn try_password(&self, typed: Typed<'_>, session: Option<&Token>) -> Result<Token, FlowError> {
        let at = self.ctx.now();
        // First of all, so that it costs nobody a try.
        if self.store.backlog(SIGN_IN).await? >= BACKLOG {
            return Err(FlowError::Full);
        }
        self.count_sign_in(typed.name, typed.network, at).await?;
        let cookie = Token::new(self.ctx.bytes());
        let id = self.ctx.id(at);
        // A line feed parts the two, and no sane name has one.
        let name: String = typed.name.chars().filter(|c| !c.is_control()).collect();
        let both = SecretText::new(format!("{name}\n{}", typed.password.expose()));
        let sealed = self.seal.seal(&both, Attempt { case: id, number: 1 });
        let sealed = sealed.map_err(|error| FlowError::Broken(Box::new(error)))?;
        let before = session.map(|token| token.digest(Purpose::SignIn));
        self.keep_try(&cookie, &Trying { name, wish: typed.wish.to_owned(), began: at, before }).await?;
        let session = cookie.digest(Purpose::SignIn);
        let work = Work::SignIn(Request { id, session, sealed, began: at });
        self.store.put_job(&work.job(&self.ctx, at, at)).await?;
        self.bell.notify_waiters();
        Ok(cookie)
    }

    async fn count_sign_in(&self, name: &str, network: &str, at: Timestamp) -> Result<(), FlowError> {
        let network = self.digests.digest(Keyed::Network, &[super::starts::network(network).as_bytes()]);
        let name = self.digests.digest(Keyed::Name, &[counted_as(name).as_bytes()]);
        self.spend(&[(BY_NETWORK, network.bytes()), (BY_NAME, name.bytes())], at).await
    }

    async fn keep_try(&self, cookie: &Token, trying: &Trying) -> Result<(), FlowError> {
        let hash = cookie.digest(Purpose::Ceremony);
        let plain = serde_json::to_vec(trying).map_err(|error| FlowError::Broken(Box::new(error)))?;
        let data = self.seal_for_token(hash, &Secret::new(plain))?;
        let token = NewToken::new(Purpose::Ceremony, hash, trying.began, TRY_MS);
        Ok(self.store.put_token(&NewToken { data, ..token }).await?)
    }

    /// What came of a try. A refusal and a success are told once; [`Flow::standing`] tells them again.
    pub async fn tried(&self, cookie: &Token) -> Result<Tried, FlowError> {
        let at = self.ctx.now();
        let hash = cookie.digest(Purpose::Ceremony);
        let kept = self.store.find_token(&Seen { purpose: Purpose::Ceremony, hash, browser: None, at }).await?;
        let Some(kept) = kept else { return Ok(Tried::Nothing) };
        let opened = self.open_of_token(hash, &kept.data)?;
        let trying: Trying = serde_json::from_slice(opened.expose()).map_err(|error| unreadable(&error))?;
        let session = cookie.digest(Purpose::SignIn);
        let answer = self.store.find_token(&Seen::session(session, at)).await?;
        let Some(answer) = answer else { return Ok(Tried::Waiting(trying)) };
        if answer.person.is_none() && self.is_too_soon(trying.began) {
            return Ok(Tried::Waiting(trying));
        }
        // Together: what is ended here alone knows which session has to end with it (V7.2.4).
        let mut end = Aside::default().write(Write::EndToken { purpose: Purpose::Ceremony, hash });
        if let (Some(_), Some(before)) = (answer.person, trying.before) {
            end = end.write(Write::EndToken { purpose: Purpose::SignIn, hash: before });
        }
        self.store.aside(end).await.map_err(|error| self.failed(error))?;
        Ok(if answer.person.is_some() { Tried::SignedIn(trying) } else { Tried::Refused(trying) })
    }

    /// Where a key stands: the same answer however often it is asked for, until the refusal or the session is over.
    pub async fn standing(&self, key: &Token) -> Result<Standing, FlowError> {
        match self.tried(key).await? {
            Tried::Waiting(_) => return Ok(Standing::Waiting),
            Tried::Refused(_) => return Ok(Standing::Refused),
            Tried::Nothing | Tried::SignedIn(_) => {}
        }
        if let Some(present) = self.signed_in(key).await? {
            return Ok(Standing::SignedIn(present));
        }
        Ok(if self.is_answered(key).await? { Standing::Refused } else { Standing::Nothing })
    }

    /// Whether the answer to a try is still to come. Changes nothing.
    pub async fn is_waiting(&self, cookie: &Token) -> Result<bool, FlowError> {
        let hash = cookie.digest(Purpose::Ceremony);
        let trying = Seen { purpose: Purpose::Ceremony, hash, browser: None, at: self.ctx.now() };
        Ok(self.store.find_token(&trying).await?.is_some() && !self.is_answered(cookie).await?)
    }

    /// Whether the worker has answered a try. Changes nothing.
    async fn is_answered(&self, cookie: &Token) -> Result<bool, FlowError> {
        let hash = cookie.digest(Purpose::SignIn);
        let seen = Seen::session(hash, self.ctx.now());
        let Some(answer) = self.store.find_token(&seen).await? else { return Ok(false) };
        if answer.person.is_some() {
            return Ok(true);
        }
        let began = Seen { purpose: Purpose::Ceremony, hash: cookie.digest(Purpose::Ceremony), ..seen };
        let began = self.store.find_token(&began).await?.map(|trying| trying.created);
        Ok(began.is_none_or(|began| !self.is_too_soon(began)))
    }

    /// A refusal is told a fixed time after the password was typed. How long a directory takes to refuse tells whether it knows the name: it
    /// tries a password for one that it knows, and looks at groups (T-C02).
    fn is_too_soon(&self, began: Timestamp) -> bool {
        self.ctx.now().since_ms(began) < self.terms.refusal_ms
    }

    /// Who is signed in with this cookie. Keeps the session alive, never past its end. Somebody who has to choose another password first is not.
    pub async fn signed_in(&self, cookie: &Token) -> Result<Option<Present>, FlowError> {
        Ok(self.half_signed_in(cookie).await?.filter(|present| !present.must_change))
    }

    /// The same, with somebody who has to choose another password first. Whoever asks lets them do that and nothing else.
    pub async fn half_signed_in(&self, cookie: &Token) -> Result<Option<Present>, FlowError> {
        self.in_session(cookie.digest(Purpose::SignIn)).await
    }

    /// Who is in the session of that digest.
    pub(super) async fn in_session(&self, hash: Digest) -> Result<Option<Present>, FlowError> {
        let at = self.ctx.now();
        let seen = Seen::session(hash, at);
        let Some(found) = self.store.find_token(&seen).await? else { return Ok(None) };
        let Some(person) = found.person else { return Ok(None) };
        let idle = at.plus_ms(self.terms.idle_ms);
        if idle.since_ms(found.idle) >= TOUCH_MS && !self.store.touch_token(&seen, idle).await? {
            return Ok(None);
        }
        let session: Session = serde_json::from_slice(&found.data).map_err(|error| unreadable(&error))?;
        Ok(Some(Present {
            person,
            session: hash,
            since: found.created,
            until: found.expires,
            name: session.name,
            display_name: session.display_name,
            // Whoever can not be classified is treated as the strictest.
            class: session.class.unwrap_or(Class::Admin),
            password_changed: session.password_changed,
            must_change: session.must_change,
        }))
    }

    /// Ends the session of a cookie.
    pub async fn sign_out(&self, cookie: &Token) -> Result<(), FlowError> {
        let hash = cookie.digest(Purpose::SignIn);
        Ok(self.store.end_token(Purpose::SignIn, hash).await?)
    }

    /// Ends every session of somebody who is signed in.
    pub async fn sign_out_everywhere(&self, present: &Present) -> Result<(), FlowError> {
        let every = Write::EndTokensOfPerson { person: present.person, purpose: Some(Purpose::SignIn) };
        self.store.aside(Aside::default().write(every)).await.map_err(|error| self.failed(error))
    }

    /// Seals what a browser's token stands for.
    pub(super) fn seal_for_token(&self, token: Digest, plain: &Secret<Vec<u8>>) -> Result<Vec<u8>, FlowError> {
        let place = Place { table: COLUMN, id: &token.to_string() };
        self.vault.seal(plain, place, self.ctx.bytes()).map_err(|error| FlowError::Broken(Box::new(error)))
    }

    /// Opens it.
    pub(super) fn open_of_token(&self, token: Digest, sealed: &[u8]) -> Result<Secret<Vec<u8>>, FlowError> {
        let place = Place { table: COLUMN, id: &token.to_string() };
        self.vault.open(sealed, place).map_err(|error| FlowError::Broken(Box::new(error)))
    }
}

/// What a name is counted as: its letters and digits in one form. Too much is folded rather than too little, for it only makes one limit of two;
/// whose account it is, and that one account has one limit by all its names, is the worker's to say (`jobs/sign_in.rs`).
fn counted_as(name: &str) -> String {
    name.nfkc().flat_map(char::to_lowercase).nfkc().filter(|c| c.is_alphanumeric()).collect()
}
