//! Step 2: a proof is tried. Tries are counted before anything is compared, and what a proof uses up is used up by the commit that writes it (R9, R10).
//!
//! For a name that is no account the same is counted and answered; there is only nothing to compare with.

use std::time::Duration;

use keyward_core::{
    account::Method,
    actor::Actor,
    case::{Case, Command, Refusal, Stage},
    digest::Digest,
    ids::{CaseId, PersonId},
    secret::Secret,
    steps::verify::{Evidence, RejectionReason, Source},
    time::{DAY_MS, Timestamp},
};

use super::{Flow, FlowError, With, same_time::SameTime};
use crate::{
    methods::{self, UsesUp, email, known_device},
    store::{
        change::Write,
        guard::{Guard, GuardKind},
        limits::Limit,
        people::{Factor, Person},
    },
    token::Token,
};

/// Proofs of one kind that one case may try.
const TRIES: Limit = Limit { name: "proof", max: 5, window_ms: DAY_MS };
/// Six digits of one kind that may be tried for one account, in all its cases together.
const GUESSES_A_DAY: Limit = Limit { name: "guess-day", max: 10, window_ms: DAY_MS };
const GUESSES_A_YEAR: Limit = Limit { name: "guess-year", max: 100, window_ms: 365 * DAY_MS };

/// How often, and how many times, a case is looked at while its name is being looked up: five seconds in all.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS: u32 = 100;
/// When it is said that a proof does not hold, at the earliest: how much there was to look at tells whether the name is an account, and what it has
/// (T-C02).
const REFUSED_AFTER: Duration = Duration::from_millis(50);

/// What somebody brings.
pub enum Proof {
    /// Six digits of an app.
    Totp(String),
    /// A printed code.
    RecoveryCode(String),
    /// Six digits of a message.
    MailCode(String),
    /// The link of a message, opened in the browser that works on the case.
    MailLink(Token),
    /// The answer of an authenticator, and the key of the ceremony it belongs to.
    Passkey(Token, String),
    /// The cookie of a browser that is known.
    Device(Token),
}

impl Proof {
    /// Its kind.
    pub const fn method(&self) -> Method {
        match self {
            Self::Totp(_) => Method::Totp,
            Self::RecoveryCode(_) => Method::RecoveryCode,
            Self::MailCode(_) | Self::MailLink(_) => Method::Email,
            Self::Passkey(..) => Method::Passkey,
            Self::Device(_) => Method::KnownDevice,
        }
    }

    /// Whether there are so few that one can be guessed.
    const fn is_short(&self) -> bool {
        match self {
            Self::Totp(_) | Self::MailCode(_) => true,
            Self::RecoveryCode(_) | Self::MailLink(_) | Self::Passkey(..) | Self::Device(_) => false,
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub enum Proved {
    /// It holds; the case as it is now, and the key that a known browser has from now on.
    Held(Box<Case>, Option<Token>),
    /// It does not. Why is in the log alone: one answer for every reason, so that none of them tells whether the name is an account.
    NotHeld,
}

/// A proof that holds, with what its commit has to do.
pub(super) struct Good {
    pub(super) factor: Factor,
    pub(super) sources: Vec<Source>,
    pub(super) with: With,
    /// The key that a known browser gets in place of the one it has shown.
    pub(super) renewed: Option<Token>,
}

/// Somebody who is known, trying to prove something for a case in a browser at a moment.
pub(super) struct Trying<'a> {
    pub(super) case: CaseId,
    pub(super) person: &'a Person,
    pub(super) browser: Digest,
    pub(super) at: Timestamp,
}

impl Trying<'_> {
    pub(super) const fn door(&self) -> email::Door {
        email::Door { case: self.case, browser: self.browser }
    }
}

/// Whether something may still be proved in this case: a dialog is begun, a message sent and a proof tried in no other.
pub(super) fn may_prove(case: &Case) -> Result<(), FlowError> {
    match case.stage() {
        // While a case waits, a better proof may still be given (UX-65).
        Stage::Classifying(..) | Stage::Verifying(..) | Stage::Authorizing(..) => Ok(()),
        Stage::Reissuing(..) | Stage::Reviewing(_) => Err(FlowError::Refused(Refusal::WrongStep)),
        Stage::Closed(_) => Err(FlowError::Refused(Refusal::Over)),
    }
}

pub(super) type Checked = Result<Result<Good, RejectionReason>, FlowError>;

impl Flow {
    /// How many tries of that kind are left after one that does not hold, which is the same for every name.
    pub fn tries_left(&self, case: &Case, method: Method) -> u32 {
        let used = u32::try_from(case.rejections(method)).unwrap_or(u32::MAX);
        self.terms.tries.saturating_sub(used.saturating_add(1))
    }

    /// Tries a proof for a case. That one does not hold is told no sooner for any name.
    pub async fn prove(&self, case: &Case, browser: Digest, proof: Proof) -> Result<Proved, FlowError> {
        let told = SameTime::after(REFUSED_AFTER);
        let proved = self.tried_proof(case, browser, proof).await;
        if !matches!(proved, Ok(Proved::Held(..))) {
            told.reached().await;
        }
        proved
    }

    async fn tried_proof(&self, case: &Case, browser: Digest, proof: Proof) -> Result<Proved, FlowError> {
        let case = &self.looked_up(case).await?;
        may_prove(case)?;
        let at = self.ctx.now();
        let method = proof.method();
        let free = self.count(case, &proof, at).await?;
        let known = self.person_of_case(case).await?;
        let checked = match &known {
            // Said to nobody but the log: that an account is being guessed at tells that there is one.
            Some(_) if !free => Err(RejectionReason::TooManyTries),
            Some(person) => self.check(&Trying { case: case.id(), person, browser, at }, proof).await?,
            None => Err(RejectionReason::NotEnrolled),
        };
        match checked {
            Ok(good) => self.present(case, method, good, at).await,
            Err(reason) => self.reject(case, method, reason).await,
        }
    }

    /// The case once its name has been looked up. A proof that comes while the worker is still asking the directory is neither wrong nor lost:
    /// it waits a moment, the same for every name, and then the person is asked to come back. Nothing is counted by then.
    async fn looked_up(&self, case: &Case) -> Result<Case, FlowError> {
        let mut case = case.clone();
        for _ in 0..LOOKS {
            if !case.is_classifying() {
                return Ok(case);
            }
            tokio::time::sleep(LOOK_EVERY).await;
            case = self.load(case.id()).await?;
        }
        Err(FlowError::NotYet)
    }

    /// Counts a try of this case, and a guess at short digits by whose they are, whatever case and process it comes through (R9, R12); for a name
    /// that is no account the same is done by the case. False: the digits were guessed at too often, and are not looked at. Other proofs are not
    /// counted by whose they are (T-D09); a sheet counts for itself what is tried at it.
    async fn count(&self, case: &Case, proof: &Proof, at: Timestamp) -> Result<bool, FlowError> {
        let word = proof.method().word();
        let tries = format!("{}/{word}", case.id());
        let a_try = (Limit { max: self.terms.tries, ..TRIES }, tries.as_bytes());
        let whose = case.subject().map_or_else(|| case.id().to_string(), |person| person.to_string());
        let (guessed, guesses) = (format!("{whose}/{word}"), self.terms.guesses);
        let in_the_year = self.guessed_in_the_year(case, proof, &guessed).await?;
        let day = (Limit { max: guesses.per_day, ..GUESSES_A_DAY }, guessed.as_bytes());
        let year = (Limit { max: guesses.per_year, ..GUESSES_A_YEAR }, in_the_year.as_bytes());
        if proof.is_short() {
            match self.store.spend_each(&[a_try, day, year], at).await? {
                None => return Ok(true),
                Some(name) if name == TRIES.name => return Err(FlowError::Refused(Refusal::TooMany)),
                // The try counts, whatever becomes of it.
                Some(_) => {}
            }
        }
        if self.store.spend_each(&[a_try], at).await?.is_some() {
            return Err(FlowError::Refused(Refusal::TooMany));
        }
        Ok(!proof.is_short())
    }

    /// What the guesses of a year are counted for: an app that was bound anew has its own (N-30). An address stays the same one.
    async fn guessed_in_the_year(&self, case: &Case, proof: &Proof, guessed: &str) -> Result<String, FlowError> {
        let newest = match (proof, case.subject()) {
            (Proof::Totp(_), Some(person)) => self.living(person, Method::Totp).await?.iter().map(|app| app.id).max(),
            _ => None,
        };
        Ok(newest.map_or_else(|| guessed.to_owned(), |app| format!("{guessed}/{app}")))
    }

    async fn check(&self, trying: &Trying<'_>, proof: Proof) -> Checked {
        match proof {
            Proof::Totp(code) => self.check_totp(trying.person, &code, trying.at).await,
            Proof::RecoveryCode(code) => self.check_recovery_code(trying.person, &code, trying.at).await,
            Proof::MailCode(code) => self.check_mail_code(trying, &code).await,
            Proof::MailLink(link) => self.check_mail_link(trying, &link).await,
            Proof::Passkey(key, answer) => self.check_passkey(trying, &key, &answer).await,
            Proof::Device(cookie) => self.check_device(trying, &cookie).await,
        }
    }

    /// The living factors of a kind.
    pub async fn living(&self, person: PersonId, method: Method) -> Result<Vec<Factor>, FlowError> {
        let factors = self.store.factors(person).await?;
        Ok(factors.into_iter().filter(|factor| factor.method == method && factor.is_alive()).collect())
    }

    async fn check_totp(&self, person: &Person, code: &str, at: Timestamp) -> Checked {
        let mut reason = RejectionReason::NotEnrolled;
        let mut not_meant = Vec::new();
        for factor in self.living(person.id, Method::Totp).await? {
            if self.store.count_factor_try(factor.id).await?.is_none() {
                continue;
            }
            let seed = methods::totp::Seed::from_stored(&self.unlock(&factor)?)
                .map_err(|error| FlowError::Broken(Box::new(error)))?;
            match methods::totp::check(factor.id, &seed, factor.last_step, code, at) {
                Ok(proved) => {
                    let mut good = good(factor, proved.sources, proved.uses_up, at);
                    // Or whoever has two would lose the first by using the second a hundred times.
                    good.with = not_meant.into_iter().map(Write::TakeTryBack).fold(good.with, With::write);
                    return Ok(Ok(good));
                }
                Err(other) => {
                    not_meant.push(factor.id);
                    reason = other;
                }
            }
        }
        Ok(Err(reason))
    }

    async fn check_recovery_code(&self, person: &Person, code: &str, at: Timestamp) -> Checked {
        let mut reason = RejectionReason::NotEnrolled;
        for factor in self.living(person.id, Method::RecoveryCode).await? {
            if self.store.count_factor_try(factor.id).await?.is_none() {
                continue;
            }
            let sheet = self.store.recovery_codes(factor.id).await?;
            let sheet: Vec<(Digest, bool)> = sheet.into_iter().map(|(digest, used)| (digest, used.is_some())).collect();
            match methods::recovery_code::check(&self.digests, factor.id, &sheet, code) {
                Ok(proved) => return Ok(Ok(good(factor, proved.sources, proved.uses_up, at))),
                Err(other) => reason = other,
            }
        }
        Ok(Err(reason))
    }

    async fn check_device(&self, trying: &Trying<'_>, cookie: &Token) -> Checked {
        let mut known = Vec::new();
        let factors = self.living(trying.person.id, Method::KnownDevice).await?;
        for factor in &factors {
            if let Ok(record) = known_device::Record::from_stored(self.unlock(factor)?.expose()) {
                known.push((factor.id, record));
            }
        }
        let next = Token::new(self.ctx.bytes());
        let proved = match known_device::check(&self.digests, &known, cookie, &next) {
            Ok(proved) => proved,
            Err(reason) => return Ok(Err(reason)),
        };
        let UsesUp::Record { factor: id, data } = proved.uses_up else { return Ok(Err(RejectionReason::Unsound)) };
        let Some(factor) = factors.into_iter().find(|factor| factor.id == id) else {
            return Ok(Err(RejectionReason::NotEnrolled));
        };
        let sealed = self.lock_away(id, &Secret::new(data))?;
        let with = With::nothing()
            .guard(Guard::FactorActive { factor: id, at: trying.at })
            .guard(Guard::RenewFactorData { factor: id, before: factor.data.clone(), data: sealed });
        Ok(Ok(Good { factor, sources: proved.sources, with, renewed: Some(next) }))
    }

    async fn present(&self, case: &Case, method: Method, good: Good, at: Timestamp) -> Result<Proved, FlowError> {
        let subject = case.subject().ok_or(FlowError::Refused(Refusal::WrongStep))?;
        let evidence = Evidence {
            id: self.ctx.id(at),
            method,
            subject,
            sources: good.sources,
            witness: None,
            at,
            until: at.plus_ms(self.terms.proof_ms),
            usable_from: good.factor.usable_from,
        };
        let around = self.around(case, at).await?;
        let by = Actor::Person { id: subject };
        match self.act(case.id(), by, Command::Present(evidence, around), good.with).await {
            Ok(acted) => Ok(Proved::Held(Box::new(acted.into_inner().case), good.renewed)),
            // Somebody used it a moment earlier: for this browser it is a proof that does not hold.
            Err(FlowError::Lost(GuardKind::Token)) => self.reject(case, method, RejectionReason::Expired).await,
            Err(FlowError::Lost(_)) => self.reject(case, method, RejectionReason::Replayed).await,
            Err(error) => Err(error),
        }
    }

    async fn reject(&self, case: &Case, method: Method, reason: RejectionReason) -> Result<Proved, FlowError> {
        let command = Command::Reject(method, reason);
        let acted = self.act(case.id(), Actor::Requester, command, With::nothing()).await?;
        drop(acted.into_inner());
        Ok(Proved::NotHeld)
    }
}

pub(super) fn good(factor: Factor, sources: Vec<Source>, uses_up: UsesUp, at: Timestamp) -> Good {
    let with = match uses_up {
        UsesUp::Nothing | UsesUp::Record { .. } | UsesUp::Token { .. } => {
            With::nothing().guard(Guard::FactorActive { factor: factor.id, at })
        }
        UsesUp::Step { factor, step } => With::nothing().guard(Guard::UseTotpStep { factor, step, at }),
        UsesUp::Code { factor, digest } => With::nothing().guard(Guard::UseRecoveryCode { factor, code: digest, at }),
    };
    Good { factor, sources, with, renewed: None }
}
