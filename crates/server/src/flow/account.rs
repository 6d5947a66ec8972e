//! "My ways back in": what a case about one keeps between its pages, the code that a new address has to send back, and what was changed.
//!
//! Changing one is a case like any other (decision 5); nothing in here writes to the table of factors.

use data_encoding::BASE64;
use keyward_core::{
    account::Method,
    case::Case,
    digest::Digest,
    event::Event,
    ids::{CaseId, FactorId, PersonId},
    secret::Secret,
    steps::verify::Source,
    time::{DAY_MS, MINUTE_MS, Timestamp},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::{Flow, FlowError, NewRecord};
use crate::{
    jobs::{Work, classify::FROM_DIRECTORY},
    methods::{
        email, known_device,
        recovery_code::{CODE_BYTES, CODES, Sheet},
        totp::Seed,
    },
    seal::Keyed,
    store::{
        limits::Limit,
        people::{Factor, Person},
        tokens::{NewToken, Purpose, Seen},
    },
    token::{self, Token},
};

/// How long a draft is kept: also how long a new sheet can be shown.
pub const DRAFT_MS: i64 = 30 * MINUTE_MS;
/// The label of an address that the person added, in contrast to one of the directory.
pub const ADDED: &str = "added";
/// New addresses that a person may name in a day, resends among them: nobody floods a stranger's mailbox from here.
const BY_PERSON: Limit = Limit { name: "new_address", max: 6, window_ms: DAY_MS };
/// Codes that one mailbox gets in a day, whoever asks.
const BY_MAILBOX: Limit = Limit { name: "new_mailbox", max: 4, window_ms: DAY_MS };

/// What is to be bound, while its pages are filled in. Lies sealed in the database, under a key in a cookie of the browser that works on the case.
#[derive(Serialize, Deserialize)]
#[serde(tag = "draft", rename_all = "snake_case")]
pub enum Draft {
    /// An app that was shown its seed, in base64.
    App {
        /// The seed.
        seed: String,
    },
    /// A sheet of codes that was handed in and has to be shown when it is bound, in base64.
    Codes {
        /// The sheet.
        factor: FactorId,
        /// The random bytes of all codes.
        random: String,
        /// When it was made.
        at: Timestamp,
    },
    /// An address that a code was sent to.
    Address {
        /// The address, byte for byte.
        address: String,
    },
    /// The way back in that the person wants to remove.
    Chosen {
        /// Which.
        factor: FactorId,
    },
}

impl Drop for Draft {
    fn drop(&mut self) {
        match self {
            Self::App { seed: secret } | Self::Codes { random: secret, .. } => secret.zeroize(),
            Self::Address { .. } | Self::Chosen { .. } => {}
        }
    }
}

impl Draft {
    /// Of a new app.
    pub fn app(seed: &Seed) -> Self {
        Self::App { seed: BASE64.encode(seed.to_stored().expose()) }
    }

    /// The seed of an app.
    pub fn seed(&self) -> Option<Seed> {
        let Self::App { seed } = self else { return None };
        let bytes = Secret::new(BASE64.decode(seed.as_bytes()).ok()?);
        Seed::from_stored(&bytes).ok()
    }

    /// The sheet of codes.
    pub fn sheet(&self) -> Option<Sheet> {
        let Self::Codes { random, .. } = self else { return None };
        let bytes = Secret::new(BASE64.decode(random.as_bytes()).ok()?);
        let mut codes = [[0; CODE_BYTES]; CODES];
        if bytes.expose().len() != CODES * CODE_BYTES {
            return None;
        }
        for (code, from) in codes.iter_mut().zip(bytes.expose().chunks(CODE_BYTES)) {
            code.copy_from_slice(from);
        }
        let sheet = Sheet::new(codes);
        codes.zeroize();
        Some(sheet)
    }
}

/// Why an address can not be added.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotThisAddress {
    /// The directory holds it: the account itself opens that mailbox.
    Own,
    /// It is there already.
    Already,
}

impl Flow {
    /// Keeps a draft for this case and browser. The key goes into a cookie.
    pub async fn keep_draft(&self, case: CaseId, browser: Digest, draft: &Draft) -> Result<Token, FlowError> {
        let at = self.ctx.now();
        let key = Token::new(self.ctx.bytes());
        let hash = key.hash(token::Purpose::Ceremony).digest();
        let plain = serde_json::to_vec(draft).map_err(|error| FlowError::Broken(Box::new(error)))?;
        let end = at.plus_ms(DRAFT_MS);
        let token = NewToken {
            purpose: Purpose::Ceremony,
            hash,
            case: Some(case),
            person: None,
            browser: Some(browser),
            data: self.seal_for_token(hash, &Secret::new(plain))?,
            created: at,
            idle: end,
            expires: end,
            max_tries: 0,
        };
        self.store.put_token(&token).await?;
        Ok(key)
    }

    /// The draft of this case and browser. None: there is none, or its time is over.
    pub async fn draft(&self, case: CaseId, browser: Digest, key: &Token) -> Result<Option<Draft>, FlowError> {
        self.draft_of(case, browser, key.hash(token::Purpose::Ceremony).digest()).await
    }

    /// The same by the digest of its key, for the worker.
    pub async fn draft_of(&self, case: CaseId, browser: Digest, hash: Digest) -> Result<Option<Draft>, FlowError> {
        let seen = Seen { purpose: Purpose::Ceremony, hash, browser: Some(browser), at: self.ctx.now() };
        let found = self.store.find_token(&seen).await?;
        let Some(kept) = found.filter(|kept| kept.case == Some(case)) else { return Ok(None) };
        let plain = self.open_of_token(hash, &kept.data)?;
        serde_json::from_slice(plain.expose()).map(Some).map_err(|error| FlowError::Broken(Box::new(error)))
    }

    /// Ends a draft.
    pub async fn end_draft(&self, key: &Token) -> Result<(), FlowError> {
        let hash = key.hash(token::Purpose::Ceremony).digest();
        Ok(self.store.end_token(Purpose::Ceremony, hash).await?)
    }

    /// A new sheet: its draft, and what is handed in of it. The log and the table of factors get digests and no code.
    pub fn new_sheet(&self, label: &str) -> (Draft, NewRecord) {
        let at = self.ctx.now();
        let factor: FactorId = self.ctx.id(at);
        let mut random = [0; CODES * CODE_BYTES];
        self.ctx.fill(&mut random);
        let draft = Draft::Codes { factor, random: BASE64.encode(&random), at };
        random.zeroize();
        let mut record = NewRecord::new(factor, label, &[]);
        record.codes = draft.sheet().map(|sheet| sheet.digests(&self.digests, factor)).unwrap_or_default();
        (draft, record)
    }

    /// Takes an address down and has a code sent there. It is bound only when the code has come back (N-10). The key goes into a cookie.
    pub async fn offer_address(
        &self,
        case: &Case,
        browser: Digest,
        address: &str,
    ) -> Result<Result<Token, NotThisAddress>, FlowError> {
        let Some(person) = self.person_of_case(case).await? else { return Err(FlowError::NoCase) };
        for factor in self.living(&person, Method::Email).await? {
            if self.mailbox(&person, &self.address(&factor)?) == self.mailbox(&person, address) {
                let own = factor.label == FROM_DIRECTORY;
                return Ok(Err(if own { NotThisAddress::Own } else { NotThisAddress::Already }));
            }
        }
        self.count_new_address(person.id, address).await?;
        let key = self.keep_draft(case.id(), browser, &Draft::Address { address: address.to_owned() }).await?;
        self.send_to_draft(case.id(), browser, &key).await?;
        Ok(Ok(key))
    }

    /// Sends another code to the address of a draft; the earlier one stays good for its own time.
    pub async fn offer_again(&self, case: &Case, browser: Digest, key: &Token) -> Result<bool, FlowError> {
        let draft = self.draft(case.id(), browser, key).await?;
        let (Some(Draft::Address { address }), Some(person)) = (draft.as_ref(), case.subject()) else {
            return Ok(false);
        };
        match self.count_new_address(person, address).await {
            Ok(()) => self.send_to_draft(case.id(), browser, key).await.map(|()| true),
            Err(FlowError::TooMany(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn count_new_address(&self, person: PersonId, address: &str) -> Result<(), FlowError> {
        let at = self.ctx.now();
        let mailbox = self.digests.digest(Keyed::Mailbox, &[b"new", address.trim().to_lowercase().as_bytes()]);
        let keys = [(BY_PERSON, person.to_string().into_bytes()), (BY_MAILBOX, mailbox.bytes().to_vec())];
        for (limit, key) in keys {
            if !self.store.spend(limit, &key, at).await? {
                return Err(FlowError::TooMany(at.plus_ms(limit.window_ms)));
            }
        }
        Ok(())
    }

    async fn send_to_draft(&self, case: CaseId, browser: Digest, key: &Token) -> Result<(), FlowError> {
        let at = self.ctx.now();
        let draft = key.hash(token::Purpose::Ceremony).digest();
        let work = Work::NewAddress { case, browser, draft };
        self.store.put_job(&work.job(&self.ctx, at, at)).await?;
        self.bell.notify_waiters();
        Ok(())
    }

    /// Reads the code that came back from a new address. None: it is not the one, or its time or its tries are over.
    pub async fn confirm_address(
        &self,
        case: &Case,
        browser: Digest,
        key: &Token,
        code: &str,
    ) -> Result<Option<NewRecord>, FlowError> {
        let at = self.ctx.now();
        let draft_hash = key.hash(token::Purpose::Ceremony).digest();
        let draft = self.draft_of(case.id(), browser, draft_hash).await?;
        let (Some(Draft::Address { address }), Some(person)) = (draft.as_ref(), self.person_of_case(case).await?)
        else {
            return Ok(None);
        };
        // Counted before compared; all codes that are alive count the try (R9).
        let tried = self.store.count_code_try(Purpose::Enroll, case.id(), browser, at).await?;
        let door = new_address_door(case.id(), draft_hash);
        let (mailbox, until) = (self.mailbox_tag(&person, address), at.plus_ms(self.terms.mail_ms));
        let sent: Vec<email::Sent> =
            tried.iter().map(|one| email::Sent { digest: one.hash, door, mailbox, until }).collect();
        if email::check_code(&self.digests, door, &sent, code, at).is_err() {
            return Ok(None);
        }
        let mut record = NewRecord::new(self.ctx.id(at), ADDED, address.as_bytes());
        record.handle = Some(self.address_handle(&person, address));
        Ok(Some(record))
    }

    async fn person_of_case(&self, case: &Case) -> Result<Option<Person>, FlowError> {
        match case.subject() {
            Some(person) => Ok(self.store.person(person).await?),
            None => Ok(None),
        }
    }

    /// Whether the next way back in is the first one, which counts at once. The rule itself is the worker's (`jobs/reissue.rs`).
    pub async fn has_none(&self, person: PersonId) -> Result<bool, FlowError> {
        let factors = self.store.factors(person).await?;
        Ok(!factors.iter().any(|factor| factor.is_alive() && factor.method != Method::Email))
    }

    /// Whether a key is the present one of a known browser. Proves nothing and uses nothing up.
    pub fn is_device(&self, factor: &Factor, key: &Token) -> Result<bool, FlowError> {
        let stored = self.unlock(factor)?;
        let record = known_device::Record::from_stored(stored.expose());
        let record = record.map_err(|error| FlowError::Broken(Box::new(error)))?;
        Ok(record.handle() == key.hash(token::Purpose::Device))
    }

    /// The ways back in that the subject of a case may end. What proves something in this case is no choice (core would refuse it), and what the
    /// directory holds is changed there.
    pub async fn removable(&self, case: &Case) -> Result<Removable, FlowError> {
        let Some(person) = case.subject() else { return Ok(Removable::default()) };
        let used = |factor: &Factor| {
            let source = Source::Factor { id: factor.id };
            case.evidence().iter().any(|evidence| evidence.sources.contains(&source))
        };
        let mut found = Removable::default();
        for factor in self.store.factors(person).await? {
            if factor.ended.is_some() || factor.label == FROM_DIRECTORY {
                continue;
            }
            if used(&factor) { found.used.push(factor) } else { found.free.push(factor) }
        }
        Ok(found)
    }

    /// The way back in that a case has added or removed. None: it has not, or it is about something else.
    pub async fn changed_way(&self, case: &Case) -> Result<Option<Factor>, FlowError> {
        let Some(person) = case.subject() else { return Ok(None) };
        if case.claim().action.changes_directory() {
            return Ok(None);
        }
        let entries = self.entries(case.id()).await?;
        let submitted = entries.iter().rev().find_map(|entry| match &entry.event {
            Event::Submitted(submission) => submission.factor,
            _ => None,
        });
        let Some(id) = submitted else { return Ok(None) };
        Ok(self.store.factor(id).await?.filter(|factor| factor.person == person))
    }
}

/// Where a code to a new address opens: in its case, and for this very draft, so that it confirms no other address. The draft is the browser's.
pub const fn new_address_door(case: CaseId, draft: Digest) -> email::Door {
    email::Door { case, browser: draft }
}

/// What may be ended in a case, and what may not because it proved something there.
#[derive(Clone, Debug, Default)]
pub struct Removable {
    /// May be ended.
    pub free: Vec<Factor>,
    /// Was used as a proof.
    pub used: Vec<Factor>,
}
