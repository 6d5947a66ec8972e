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
    secret::{Secret, SecretText},
    time::{DAY_MS, MINUTE_MS, Timestamp},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::{Flow, FlowError, NewRecord, bind::may_bind, unreadable};
use crate::{
    jobs::Work,
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
    token::Token,
};

/// How long a draft is kept: also how long a new sheet can be shown.
pub const DRAFT_MS: i64 = 30 * MINUTE_MS;
/// The label of an address that the person added, in contrast to one of the directory.
pub const ADDED: &str = "added";
/// The label of an address that the directory holds.
pub const FROM_DIRECTORY: &str = "directory";
/// The longest address (RFC 5321 4.5.3.1.3).
const LONGEST_ADDRESS: usize = 254;
/// New addresses that a person may name in a day, resends among them: nobody floods a stranger's mailbox from here.
const BY_PERSON: Limit = Limit { name: "new_address", max: 6, window_ms: DAY_MS };
/// Codes that one mailbox gets in a day, whoever asks.
const BY_MAILBOX: Limit = Limit { name: "new_mailbox", max: 4, window_ms: DAY_MS };

/// Whether the directory holds it, so that it is changed there. What is no address is called as its owner likes, by this very word too.
pub fn is_from_directory(factor: &Factor) -> bool {
    factor.method == Method::Email && factor.label == FROM_DIRECTORY
}

/// What is to be bound, while its pages are filled in. Lies sealed in the database, under a key in a cookie of the browser that works on the case.
#[derive(Serialize, Deserialize)]
#[serde(tag = "draft", rename_all = "snake_case")]
pub enum Draft {
    /// An app that was shown its seed, in base64.
    App {
        /// The seed.
        seed: String,
    },
    /// A sheet of codes that was handed in and has to be shown when it is bound, or the one code that replaces a used one, in base64.
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

    /// Of codes that are on a sheet, or will be.
    pub fn codes(factor: FactorId, random: &[u8], at: Timestamp) -> Self {
        Self::Codes { factor, random: BASE64.encode(random), at }
    }

    /// The sheet of codes.
    pub fn sheet(&self) -> Option<Sheet> {
        let Self::Codes { random, .. } = self else { return None };
        let bytes = Secret::new(BASE64.decode(random.as_bytes()).ok()?);
        if let Ok(one) = bytes.expose().as_slice().try_into() {
            return Some(Sheet::one(one));
        }
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

    /// The address that a code was sent to.
    pub fn address(&self) -> Option<&str> {
        let Self::Address { address } = self else { return None };
        Some(address)
    }

    /// The way back in that was chosen.
    pub const fn chosen(&self) -> Option<FactorId> {
        let Self::Chosen { factor } = self else { return None };
        Some(*factor)
    }
}

/// What sets an app up, to be shown.
pub struct AppSetup {
    /// `otpauth://totp/…`.
    pub address: SecretText,
    /// The seed for typing, in groups of four.
    pub manual_key: SecretText,
    /// The name that the app will show.
    pub account: String,
}

/// A sheet of codes that work.
pub struct BoundCodes {
    /// The codes as they are printed.
    pub printed: Vec<SecretText>,
    /// When they were made.
    pub made: Timestamp,
}

/// Whether a text has the shape of an address that mail can be sent to. Whether it arrives is shown by the code that comes back.
pub fn is_address(text: &str) -> bool {
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '\'' | '=' | '#' | '~' | '%' | '&' | '/');
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    match text.split_once('@') {
        Some((local, domain)) => {
            (1..=64).contains(&local.len())
                && local.chars().all(plain)
                && !local.starts_with('.')
                && !local.ends_with('.')
                && !local.contains("..")
                && text.len() <= LONGEST_ADDRESS
                && domain.contains('.')
                && domain.split('.').all(label)
        }
        None => false,
    }
}

/// Why an address can not be added.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotThisAddress {
    /// It has not the shape of one.
    Shape,
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
        let hash = key.digest(Purpose::Ceremony);
        let plain = serde_json::to_vec(draft).map_err(|error| FlowError::Broken(Box::new(error)))?;
        let data = self.seal_for_token(hash, &Secret::new(plain))?;
        let token = NewToken::new(Purpose::Ceremony, hash, at, DRAFT_MS);
        self.store.put_token(&NewToken { case: Some(case), browser: Some(browser), data, ..token }).await?;
        Ok(key)
    }

    /// The draft of this case and browser. None: there is none, or its time is over.
    pub async fn draft(&self, case: CaseId, browser: Digest, key: &Token) -> Result<Option<Draft>, FlowError> {
        self.draft_of(case, browser, key.digest(Purpose::Ceremony)).await
    }

    /// The same by the digest of its key, for the worker.
    pub async fn draft_of(&self, case: CaseId, browser: Digest, hash: Digest) -> Result<Option<Draft>, FlowError> {
        let seen = Seen { purpose: Purpose::Ceremony, hash, browser: Some(browser), at: self.ctx.now() };
        let found = self.store.find_token(&seen).await?;
        let Some(kept) = found.filter(|kept| kept.case == Some(case)) else { return Ok(None) };
        // A dialog with a passkey has a key of the same kind, and is no draft.
        let Ok(plain) = self.open_of_token(hash, &kept.data) else { return Ok(None) };
        serde_json::from_slice(plain.expose()).map(Some).map_err(|error| unreadable(&error))
    }

    /// Ends a draft.
    pub async fn end_draft(&self, key: &Token) -> Result<(), FlowError> {
        let hash = key.digest(Purpose::Ceremony);
        Ok(self.store.end_token(Purpose::Ceremony, hash).await?)
    }

    /// The app that is being set up in this case and browser, shown again or begun. With a key for the cookie if it has just begun.
    pub async fn app_setup(
        &self,
        case: &Case,
        browser: Digest,
        key: Option<&Token>,
        issuer: &str,
    ) -> Result<(AppSetup, Option<Token>), FlowError> {
        may_bind(case, Method::Totp)?;
        let begun = match key {
            Some(key) => self.draft(case.id(), browser, key).await?.and_then(|draft| draft.seed()),
            None => None,
        };
        let (seed, key) = match begun {
            Some(seed) => (seed, None),
            None => {
                let seed = Seed::new(self.ctx.bytes());
                let key = self.keep_draft(case.id(), browser, &Draft::app(&seed)).await?;
                (seed, Some(key))
            }
        };
        let account = self.typed_name(case).await?;
        let setup = seed.setup(issuer, &account).map_err(|error| FlowError::Broken(Box::new(error)))?;
        Ok((AppSetup { address: setup.address, manual_key: setup.manual_key, account }, key))
    }

    /// Reads the first code of an app. None: it is not one of the app that was shown here. How often it is tried protects nothing, as whoever
    /// types it has seen the seed a moment ago.
    pub async fn confirm_app(
        &self,
        case: &Case,
        browser: Digest,
        brought: (&Token, &str),
        label: &str,
    ) -> Result<Option<NewRecord>, FlowError> {
        may_bind(case, Method::Totp)?;
        let ((key, code), at) = (brought, self.ctx.now());
        let seed = self.draft(case.id(), browser, key).await?.and_then(|draft| draft.seed());
        let Some(seed) = seed else { return Ok(None) };
        let Some(step) = seed.matching_step(code, at) else { return Ok(None) };
        let mut record = NewRecord::new(self.ctx.id(at), label, seed.to_stored().expose());
        record.step = Some(step);
        Ok(Some(record))
    }

    /// A browser that becomes known: the key for its cookie, and what is handed in. Without a handle, as the key changes with each use.
    pub fn new_device(&self, case: &Case, label: &str) -> Result<(Token, NewRecord), FlowError> {
        may_bind(case, Method::KnownDevice)?;
        let key = Token::new(self.ctx.bytes());
        let stored = known_device::Record::new(&key).to_stored();
        let stored = stored.map_err(|error| FlowError::Broken(Box::new(error)))?;
        Ok((key, NewRecord::new(self.ctx.id(self.ctx.now()), label, &stored)))
    }

    /// A new sheet: its draft, and what is handed in of it. The log and the table of factors get digests and no code.
    pub fn new_sheet(&self, label: &str) -> (Draft, NewRecord) {
        let at = self.ctx.now();
        let factor: FactorId = self.ctx.id(at);
        let mut random = [0; CODES * CODE_BYTES];
        self.ctx.fill(&mut random);
        let draft = Draft::codes(factor, &random, at);
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
        may_bind(case, Method::Email)?;
        let Some(person) = self.person_of_case(case).await? else { return Err(FlowError::NoCase) };
        if !is_address(address) {
            return Ok(Err(NotThisAddress::Shape));
        }
        for factor in self.living(person.id, Method::Email).await? {
            if self.mailbox(&person, &self.address(&factor)?) == self.mailbox(&person, address) {
                let own = is_from_directory(&factor);
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
        may_bind(case, Method::Email)?;
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
        let mailbox = self.digests.digest(Keyed::Mailbox, &[b"new", email::canonical(address).as_bytes()]);
        let person = person.to_string();
        self.spend(&[(BY_PERSON, person.as_bytes()), (BY_MAILBOX, mailbox.bytes())], at).await
    }

    async fn send_to_draft(&self, case: CaseId, browser: Digest, key: &Token) -> Result<(), FlowError> {
        let at = self.ctx.now();
        let draft = key.digest(Purpose::Ceremony);
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
        may_bind(case, Method::Email)?;
        let at = self.ctx.now();
        let draft_hash = key.digest(Purpose::Ceremony);
        let draft = self.draft_of(case.id(), browser, draft_hash).await?;
        let (Some(Draft::Address { address }), Some(person)) = (draft.as_ref(), self.person_of_case(case).await?)
        else {
            return Ok(None);
        };
        // Counted before compared; all codes that are alive count the try (R9).
        let tried = self.store.count_code_try(Purpose::Enroll, case.id(), browser, at).await?;
        let door = new_address_door(case.id(), draft_hash);
        let mailbox = self.mailbox_tag(&person, address);
        let sent: Vec<email::Sent> = tried.iter().map(|one| email::Sent { digest: one.hash, mailbox }).collect();
        if email::check_code(&self.digests, door, &sent, code).is_err() {
            return Ok(None);
        }
        let mut record = NewRecord::new(self.ctx.id(at), ADDED, address.as_bytes());
        record.handle = Some(self.address_handle(&person, address));
        Ok(Some(record))
    }

    /// Who a case is about, if that is known.
    pub async fn person_of_case(&self, case: &Case) -> Result<Option<Person>, FlowError> {
        match case.subject() {
            Some(person) => Ok(self.store.person(person).await?),
            None => Ok(None),
        }
    }

    /// The codes of a sheet that was made in this case and is bound; never of one that is not, for such codes open nothing.
    pub async fn bound_codes(
        &self,
        case: &Case,
        browser: Digest,
        key: &Token,
    ) -> Result<Option<BoundCodes>, FlowError> {
        let Some(draft) = self.draft(case.id(), browser, key).await? else { return Ok(None) };
        let (Draft::Codes { factor, at, .. }, Some(sheet)) = (&draft, draft.sheet()) else { return Ok(None) };
        let bound = self.store.factor(*factor).await?;
        let theirs = bound.is_some_and(|bound| bound.is_alive() && Some(bound.person) == case.subject());
        let there = self.store.recovery_codes(*factor).await?;
        let works = |code: &Digest| there.iter().any(|(stored, _)| stored == code);
        let works = sheet.digests(&self.digests, *factor).iter().all(works);
        Ok((theirs && works).then(|| BoundCodes { printed: sheet.printed(), made: *at }))
    }

    /// How many codes stop working when the person gets new ones.
    pub async fn codes_left(&self, case: &Case) -> Result<u32, FlowError> {
        let Some(person) = case.subject() else { return Ok(0) };
        let ways = self.own_ways(person, None).await?;
        Ok(ways.iter().filter(|way| way.alive).filter_map(|way| way.left).sum())
    }

    /// Whether the next way back in is the first one, which counts at once.
    pub async fn has_none(&self, person: PersonId) -> Result<bool, FlowError> {
        let factors = self.store.factors(person).await?;
        Ok(!factors.iter().any(|factor| factor.is_bound() && factor.method != Method::Email))
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

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn t_b04_an_address_is_one_mailbox_and_brings_no_header_along() {
        for address in ["a@b.test", "o'hara+keyward@mail.example.org", "é@é.test", "1@2.3"] {
            assert!(is_address(address), "{address}");
        }
        let (local, domain) = ("x".repeat(65), "x".repeat(64));
        for other in [
            "",
            "a",
            "a@",
            "@b.test",
            "a@b",
            "a@b..test",
            "a@.b.test",
            "a@-b.test",
            "a..b@c.test",
            ".a@b.test",
            "a@b.test\r\nBcc: x@y.test",
            "a b@c.test",
            "a@b.test,c@d.test",
            "<a@b.test>",
            "\"a b\"@c.test",
            "a@b@c.test",
            "a@[127.0.0.1]",
            "a\0@b.test",
            &format!("{local}@b.test"),
            &format!("a@{domain}.test"),
            &format!("a@{}test", "label.".repeat(50)),
        ] {
            assert!(!is_address(other), "{other}");
        }
    }
}
