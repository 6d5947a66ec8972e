//! Opening a case. The same work for every name: normalize, commit a claim, queue the look-up, hand out a cookie (R17). Nothing here asks a directory.

use std::{sync::Arc, time::Duration};

use keyward_core::{
    account::Action,
    actor::Actor,
    case::{APPROVE_MS, Case, PROVE_MS, RETURN_MS},
    digest::{Digest, Field},
    event::{Claim, Door, Entry, Event, VERSION},
    ids::{CaseId, PersonId, Reference},
    ledger::Durable,
    policy::MAX_HOLD_MS,
    time::{DAY_MS, Timestamp},
};
use serde::{Deserialize, Serialize};

use super::{Flow, FlowError, With, same_time::SameTime, starts::next_start};
use crate::{
    jobs::Work,
    store::{
        CommitError, Guard, GuardKind, Write,
        tokens::{NewToken, Purpose, Seen},
    },
    token::Token,
};

/// How long a browser can come back to its case: longer than any wait that a policy may want ([`MAX_HOLD_MS`]; business hours begin again within a week)
/// and the day behind it.
pub const BROWSER_MS: i64 = 9 * DAY_MS;
const _: () = assert!(MAX_HOLD_MS + RETURN_MS + PROVE_MS + APPROVE_MS < BROWSER_MS);

/// When a case in which nothing has been proved is handed out, at the earliest. What becomes of an account is in its log too, such as messages to its
/// owner, and takes longer to read than the case of a name that is none (T-C02).
const READ_AFTER: Duration = Duration::from_millis(5);

/// What somebody asks for, as it came from outside.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The name as typed, trimmed and cut to a sane length.
    pub name: String,
    /// By which door.
    pub door: Door,
    /// What for.
    pub action: Action,
    /// The network address it came from.
    pub network: String,
    /// What the browser says it is.
    pub browser: String,
    /// The language of the page, as a BCP 47 tag.
    pub language: String,
    /// Who is signed in, for [`Door::Account`] alone.
    pub signed_in: Option<SignedIn>,
}

/// Somebody who signed in with the password of the directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SignedIn {
    /// Who.
    pub person: PersonId,
    /// When the password was shown.
    pub at: Timestamp,
    /// The digest of the session's key. What is begun in it counts for nothing once it is over.
    pub session: Digest,
}

/// A case that was opened, and the key of the browser that may work on it.
pub struct OpenedCase {
    /// Names it.
    pub id: CaseId,
    /// What people call it.
    pub reference: Reference,
    /// Goes into a cookie, once.
    pub browser: Token,
}

impl Flow {
    /// Opens a case, unless there were too many for that name or from that network. Whoever is signed in has to be so when it is written down (T-E07).
    pub async fn open(&self, asked: Asked) -> Result<Durable<OpenedCase>, FlowError> {
        let at = self.ctx.now();
        let looked_up = at.plus_ms(self.look_up_wait_ms(&asked));
        let held = asked.signed_in.map(|signed_in| Guard::HoldToken(Seen::session(signed_in.session, at)));
        // A reference or id that is taken is not the person's problem: choose another.
        for _ in 0..3 {
            let id: CaseId = self.ctx.id(at);
            let browser = Token::new(self.ctx.bytes());
            let (entry, with) = self.claim(&asked, id, &browser, (at, looked_up));
            let limits = self.start_limits(&asked, at);
            let with = limits.into_iter().chain(held.clone()).fold(with, With::guard);
            let case = Case::opened(&entry)?;
            let reference = case.reference();
            match self.commit(0, vec![entry], &case, with).await {
                Ok(committed) => {
                    self.ring_at(looked_up);
                    return Ok(committed.map(|_| OpenedCase { id, reference, browser }));
                }
                Err(CommitError::Conflict) => {}
                Err(CommitError::Guard(GuardKind::Limit(_))) => return Err(FlowError::TooMany(next_start(at))),
                Err(error) => return Err(self.failed(error)),
            }
        }
        Err(FlowError::Refused(keyward_core::case::Refusal::Changed))
    }

    /// How long the look-up of a name waits, so that nobody can tell from what comes next what it found (T-C02). Who is signed in has shown whose it is.
    fn look_up_wait_ms(&self, asked: &Asked) -> i64 {
        if asked.signed_in.is_some() {
            return 0;
        }
        let chance = i64::from(u32::from_le_bytes(self.ctx.bytes()));
        self.terms.look_up_ms.saturating_mul(chance) >> u32::BITS
    }

    /// Tells the worker when what was put off is due. It would find it by itself, at the next of its looks.
    fn ring_at(&self, due: Timestamp) {
        let wait_ms = due.since_ms(self.ctx.now()).max(0).unsigned_abs();
        let bell = Arc::clone(&self.bell);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            bell.notify_waiters();
        });
    }

    fn claim(
        &self,
        asked: &Asked,
        id: CaseId,
        browser: &Token,
        (at, looked_up): (Timestamp, Timestamp),
    ) -> (Entry, With) {
        let (name, name_value) = self.disclose(Field::Name, asked.name.clone());
        let (network, network_value) = self.disclose(Field::Network, asked.network.clone());
        let (agent, agent_value) = self.disclose(Field::Browser, asked.browser.clone());
        let claim = Claim {
            reference: self.ctx.reference(),
            door: asked.door,
            action: asked.action,
            name,
            network,
            browser: agent,
            language: asked.language.clone(),
        };
        let whose = asked.signed_in.map(|signed_in| signed_in.person);
        let by = whose.map_or(Actor::Requester, |id| Actor::Person { id });
        let entry = Entry { v: VERSION, case: id, seq: 1, at, by, event: Event::Opened(claim) };
        let session = asked.signed_in.map_or_else(Vec::new, |signed_in| signed_in.session.bytes().to_vec());
        let key = NewToken::new(Purpose::Case, browser.digest(Purpose::Case), at, BROWSER_MS);
        let look_up = Work::Classify { case: id, signed_in: asked.signed_in };
        let with = With::nothing()
            .value(name_value, whose)
            .value(network_value, whose)
            .value(agent_value, whose)
            .write(Write::PutToken(NewToken { case: Some(id), data: session, ..key }))
            .job(look_up.job(&self.ctx, at, looked_up));
        (entry, with)
    }

    /// The case that this browser works on, if its cookie says so. Another browser's case is as good as none (T-B16). What was begun while signed in
    /// goes on only in that session, whatever ended it (R11); or, behind a hold, in this one.
    pub async fn of_browser(
        &self,
        reference: Reference,
        cookie: &Token,
        session: Option<&Token>,
    ) -> Result<Case, FlowError> {
        let told = SameTime::after(READ_AFTER);
        let hash = cookie.digest(Purpose::Case);
        let seen = Seen { purpose: Purpose::Case, hash, browser: None, at: self.ctx.now() };
        let token = self.store.find_token(&seen).await?.ok_or(FlowError::NoCase)?;
        // Before the case: a change ends the session by the commit that says it is made, and a case from before that would be nobody's.
        let in_session = self.is_session(&token.data).await?;
        let case = self.load(token.case.ok_or(FlowError::NoCase)?).await?;
        if case.evidence().is_empty() {
            told.reached().await;
        }
        if case.reference() != reference {
            return Err(FlowError::NoCase);
        }
        if case.needs_session() && !in_session && !self.is_theirs_again(&case, session).await? {
            return Err(FlowError::Stale);
        }
        Ok(case)
    }

    /// Few sessions live as long as a hold, so whoever waited for it goes on in another one of their own. Somebody else at that browser does not.
    async fn is_theirs_again(&self, case: &Case, session: Option<&Token>) -> Result<bool, FlowError> {
        let Some(session) = session.filter(|_| case.hold().is_some()) else { return Ok(false) };
        Ok(self.signed_in(session).await?.is_some_and(|present| Some(present.person) == case.subject()))
    }

    /// Whether these bytes are the digest of a session that is alive. Keeps it alive, as any page does.
    async fn is_session(&self, digest: &[u8]) -> Result<bool, FlowError> {
        match <[u8; 32]>::try_from(digest) {
            Ok(digest) => Ok(self.in_session(Digest::from_bytes(digest)).await?.is_some()),
            Err(_) => Ok(false),
        }
    }
}

/// What other tokens of a case are bound to: the browser that works on it.
pub fn browser_digest(cookie: &Token) -> Digest {
    cookie.digest(Purpose::Case)
}
