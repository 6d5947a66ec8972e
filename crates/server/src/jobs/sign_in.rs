//! Tries the password of the directory for "my ways back in". Only the worker can ask a directory, so the page hands the password in sealed and waits for the result.

use keyward_core::{
    account::Class,
    digest::Digest,
    ids::{CaseId, PersonId},
    secret::SecretText,
    time::{MINUTE_MS, Timestamp},
};
use serde::{Deserialize, Serialize};

use super::{JobError, Ran, Worker, classify};
use crate::{
    connectors::{Account, ConnectorError, Owner, SignIn},
    flow::TRY_MS,
    seal,
    store::{
        CommitError,
        change::{Aside, Write},
        guard::{Guard, GuardKind},
        limits::Limit,
        tokens::{NewToken, Purpose, Seen},
    },
};

/// A password to be tried.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Stands in for a case: what the seal is bound to.
    pub id: CaseId,
    /// The digest of the cookie that the browser holds and that becomes its session.
    pub session: Digest,
    /// Name and password, sealed: `name`, a line feed, `password`.
    pub sealed: Vec<u8>,
    /// When they were typed.
    pub began: Timestamp,
}

/// What a session is, or that there is none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Session {
    /// Who is signed in. None: the password did not open the account, for whatever reason.
    pub person: Option<PersonId>,
    /// The name that the account signs in with.
    pub name: String,
    /// What people call its owner.
    pub display_name: String,
    /// What the account can do.
    pub class: Option<Class>,
    /// When the password was last changed, if the directory says.
    pub password_changed: Option<Timestamp>,
    /// The password is good for choosing another, and for nothing else.
    #[serde(default)]
    pub must_change: bool,
}

/// Tries for one account: below the five wrong ones that many a directory locks after. Where a directory forgets none of them, they add up all the same.
const BY_ACCOUNT: Limit = Limit { name: "sign_in_account", max: 4, window_ms: 15 * MINUTE_MS };
/// An id in the form of every directory that no account has.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";
/// How long a refusal is kept for the page that asks.
const REFUSAL_MS: i64 = 60_000;
/// How long a password may take to be looked at.
const SEAT_MS: i64 = 2 * MINUTE_MS;
/// In a seat: the directory was not reached, so nothing was tried there.
const NOT_ASKED: &[u8] = b"not asked";

/// Tries it.
pub async fn run(worker: &Worker, request: Request) -> Ran {
    let (store, at) = (&worker.flow.store, worker.flow.ctx.now());
    // Nobody waits for it any more, and the password is kept no longer than for that.
    if at.since_ms(request.began) > TRY_MS {
        return Ok(());
    }
    let answered = Seen::session(request.session, at);
    // A worker that died behind its answer: another try of the password would be counted, and its answer find the place taken.
    if store.find_token(&answered).await?.is_some() {
        return Ok(());
    }
    let attempt = seal::Attempt { case: request.id, number: 1 };
    let session = match worker.open.open(&request.sealed, attempt) {
        Ok(opened) => match opened.expose().split_once('\n') {
            Some((name, password)) => signed_in(worker, request.session, (name, password)).await?,
            None => None,
        },
        // It opens at no later time, and a place in the queue is somebody else's.
        Err(error) => {
            tracing::error!(%error, "a password that was handed in can not be opened");
            None
        }
    };
    answer(worker, request.session, session).await
}

async fn signed_in(worker: &Worker, hash: Digest, typed: (&str, &str)) -> Result<Option<Session>, JobError> {
    let (name, password) = typed;
    let at = worker.flow.ctx.now();
    let password = SecretText::new(password.to_owned());
    let Some((directory, account)) = to_try(worker, hash, name, at).await? else {
        // The same work for a name that is nobody's, so that an answer does not come sooner for it (T-C02).
        if let Some(any) = worker.directories.first() {
            any.authenticate(NOBODY, &password, at).await?;
        }
        return Ok(None);
    };
    let Some(found) = worker.directory(&directory) else { return Ok(None) };
    let person = classify::person(worker, &directory, &account, at).await?;
    take_seat(worker, hash, person.id, &[]).await?;
    let answer = match found.authenticate(&account.id, &password, at).await {
        Err(error @ ConnectorError::Unavailable { .. }) => {
            take_seat(worker, hash, person.id, NOT_ASKED).await?;
            return Err(error.into());
        }
        answer => answer?,
    };
    let opens = matches!(answer, SignIn::Ok | SignIn::MustChange);
    if !opens || account.disabled || account.owner == Owner::Machine {
        return Ok(None);
    }
    // Asked behind the seat: "not me" that is said from now on ends it.
    if worker.flow.store.person(person.id).await?.is_none_or(|now| now.blocked_until.is_some_and(|until| at < until)) {
        return Ok(None);
    }
    classify::keep_addresses(worker, &person, &account, at).await?;
    let (class, _) = worker.flow.terms.classes.of(&account.groups);
    Ok(Some(Session {
        person: Some(person.id),
        name: account.name,
        display_name: account.display_name,
        class: Some(class),
        password_changed: account.changed_at,
        must_change: answer == SignIn::MustChange,
    }))
}

/// The account of a name, if a password may be tried there now.
async fn to_try(
    worker: &Worker,
    session: Digest,
    name: &str,
    at: Timestamp,
) -> Result<Option<(String, Account)>, JobError> {
    let store = &worker.flow.store;
    let Ok((directory, account)) = classify::look_up(worker, name).await? else { return Ok(None) };
    let earlier = store.find_token(&Seen::session(seat(session), at)).await?;
    // Counted already, and not tried.
    if earlier.as_ref().is_some_and(|seat| seat.data == NOT_ASKED) {
        return Ok(Some((directory, account)));
    }
    // By whatever name: nobody locks somebody else out of the directory from here, or guesses faster by another spelling.
    let key = format!("{directory}/{}", account.id);
    match (store.spend(BY_ACCOUNT, key.as_bytes(), at).await?, earlier) {
        (true, _) => Ok(Some((directory, account))),
        (false, None) => Ok(None),
        // Nobody knows what the directory said to it before; that is no reason to call it wrong.
        (false, Some(_)) => {
            Err(JobError::Later("the directory did not answer, as often as it may be asked".to_owned()))
        }
    }
}

/// What ends every session of a person ends the seat too, and without its seat a sign-in makes no session: a password that was right a moment
/// before it was changed opens nothing afterwards (T-E07).
async fn take_seat(worker: &Worker, session: Digest, person: PersonId, data: &[u8]) -> Ran {
    let store = &worker.flow.store;
    let seat = token(worker, seat(session), Some(person), (data.to_vec(), SEAT_MS, SEAT_MS));
    // One of an earlier try of this job.
    store.end_token(seat.purpose, seat.hash).await?;
    Ok(store.put_token(&seat).await?)
}

/// Nobody holds a key with this digest.
fn seat(session: Digest) -> Digest {
    Digest::of(format!("seat {session}").as_bytes())
}

async fn answer(worker: &Worker, hash: Digest, session: Option<Session>) -> Ran {
    let flow = &worker.flow;
    if let Some(session) = session {
        let data = serde_json::to_vec(&session).unwrap_or_default();
        let token = token(worker, hash, session.person, (data, flow.terms.idle_ms, flow.terms.session_ms));
        let seat = Seen::session(seat(hash), token.created);
        // "Not me" that is being written holds the person until it is, and has ended the seat then (T-E07).
        let free = session.person.map(|person| Guard::PersonNotBlocked { person, at: token.created });
        let aside = free.into_iter().fold(Aside::default(), Aside::guard);
        let aside = aside.guard(Guard::ConsumeToken(seat)).write(Write::PutToken(token));
        match flow.store.aside(aside).await {
            Err(CommitError::Guard(GuardKind::Token | GuardKind::Person)) => {}
            done => return Ok(done?),
        }
    }
    let data = serde_json::to_vec(&Session::default()).unwrap_or_default();
    Ok(flow.store.put_token(&token(worker, hash, None, (data, REFUSAL_MS, REFUSAL_MS))).await?)
}

/// A token of a sign-in with what belongs to it, how long it lives unused, and how long at most.
fn token(worker: &Worker, hash: Digest, person: Option<PersonId>, holds: (Vec<u8>, i64, i64)) -> NewToken {
    let (at, (data, idle_ms, life_ms)) = (worker.flow.ctx.now(), holds);
    NewToken { person, data, idle: at.plus_ms(idle_ms), ..NewToken::new(Purpose::SignIn, hash, at, life_ms) }
}
