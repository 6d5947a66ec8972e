//! Passkeys as a proof and as something new: the server's half of a dialog lies in the database under a key that the page carries, and is used once.

use keyward_core::{
    account::Method,
    case::Case,
    digest::Digest,
    ids::{CaseId, FactorId, PersonId},
    secret::Secret,
    steps::verify::RejectionReason,
    time::{HOUR_MS, Timestamp},
};

use super::{
    Flow, FlowError, NewRecord,
    bind::may_bind,
    prove::{Checked, Trying, good, may_prove},
};
use crate::{
    methods::{
        UsesUp,
        passkey::{Aim, Answered, Bound, DIALOG_MS, Dialog, Enrollment, Open, PasskeyError, Record, Subject},
    },
    store::{
        guard::Guard,
        limits::Limit,
        people::Factor,
        tokens::{NewToken, Purpose, Seen},
    },
    token::Token,
};

/// Dialogs that one case may begin: each is kept, and nothing was proved by whoever asks for it (T-K10).
const DIALOGS: Limit = Limit { name: "dialog", max: 60, window_ms: HOUR_MS };

/// A dialog that has begun: what the authenticator is asked, and the key under which the server keeps its half.
pub struct Begun {
    /// For the form.
    pub key: Token,
    /// JSON for the browser.
    pub options: String,
}

impl Flow {
    /// Asks for a passkey as a proof. The same for every name, known or not.
    pub async fn begin_proof(&self, case: &Case, browser: Digest) -> Result<Begun, FlowError> {
        may_prove(case)?;
        let (case, at) = (case.id(), self.ctx.now());
        self.spend(&[(DIALOGS, case.to_string().as_bytes())], at).await?;
        let bound = Bound { aim: Aim::Prove { case }, browser };
        let dialog = self.party.begin(bound, at).map_err(broken)?;
        self.keep(dialog, Some(case), browser, at).await
    }

    /// Asks for a new passkey.
    pub(super) async fn begin_enrollment(&self, case: CaseId, wanted: Enrollment<'_>) -> Result<Begun, FlowError> {
        let at = self.ctx.now();
        let existing = self.passkeys_of(wanted.person).await?;
        let dialog = self.party.begin_enrollment(wanted, &existing, at).map_err(broken)?;
        self.keep(dialog, Some(case), wanted.browser, at).await
    }

    /// Reads the answer to [`Flow::begin_enrollment`]. None: it is not a passkey that can be kept; the person may try again.
    pub async fn finish_enrollment(
        &self,
        case: &Case,
        browser: Digest,
        brought: (&Token, &str),
        label: &str,
    ) -> Result<Option<NewRecord>, FlowError> {
        let (key, answer) = brought;
        let person = may_bind(case, Method::Passkey)?;
        let at = self.ctx.now();
        let seen = seen(key, browser, at);
        let Some(kept) = self.store.find_token(&seen).await? else { return Ok(None) };
        // A dialog is answered once, well or badly.
        if !self.store.take_token(&seen, Some(case.id())).await? {
            return Ok(None);
        }
        let existing = self.passkeys_of(person).await?;
        let bound = Bound { aim: Aim::Enroll { person }, browser };
        let open = Open { state: &kept.data, bound, at };
        match self.party.finish_enrollment(open, answer.as_bytes(), &existing) {
            Err(refusal) => {
                tracing::info!(%refusal, "a passkey was not taken");
                Ok(None)
            }
            Ok(record) => {
                let stored = record.to_stored().map_err(broken)?;
                let mut new = NewRecord::new(self.ctx.id(at), label, &stored);
                new.handle = Some(Digest::of(record.credential_id()));
                Ok(Some(new))
            }
        }
    }

    pub(super) async fn check_passkey(&self, trying: &Trying<'_>, key: &Token, answer: &str) -> Checked {
        let Trying { case, person, browser, at } = *trying;
        let seen = seen(key, browser, at);
        let Some(kept) = self.store.find_token(&seen).await? else { return Ok(Err(RejectionReason::Expired)) };
        if kept.case != Some(case) {
            return Ok(Err(RejectionReason::OtherCase));
        }
        let Ok(answered) = Answered::read(answer.as_bytes()) else { return Ok(Err(RejectionReason::Unsound)) };
        let mut factors = self.living(person.id, Method::Passkey).await?;
        let passkeys = self.passkeys(&factors)?;
        let bound = Bound { aim: Aim::Prove { case }, browser };
        let subject = Subject { person: person.id, passkeys: &passkeys };
        let proved = match self.party.finish(Open { state: &kept.data, bound, at }, &answered, subject) {
            Ok(proved) => proved,
            Err(refusal) => return Ok(Err(refusal.reason())),
        };
        let used = passkeys.iter().position(|(_, record)| record.credential_id() == answered.credential_id());
        let Some(used) = used else { return Ok(Err(RejectionReason::NotEnrolled)) };
        let record = match &proved.uses_up {
            UsesUp::Record { data, .. } => Some(data.clone()),
            UsesUp::Nothing | UsesUp::Step { .. } | UsesUp::Code { .. } | UsesUp::Token { .. } => None,
        };
        let factor = factors.swap_remove(used);
        let (id, before) = (factor.id, factor.data.clone());
        let mut good = good(factor, proved.sources, proved.uses_up, at);
        if let Some(data) = record {
            // Of a key and its copy that have counted equally far, one is too late.
            let data = self.lock_away(id, &Secret::new(data))?;
            good.with = good.with.guard(Guard::RenewFactorData { factor: id, before, data });
        }
        good.with = good.with.guard(Guard::ConsumeToken(seen));
        Ok(Ok(good))
    }

    /// Which passkeys still count, as `signalAllAcceptedCredentials` takes it (WebAuthn Level 3, 5.1.10.3; UX-38).
    pub async fn accepted_passkeys(&self, person: PersonId) -> Result<String, FlowError> {
        Ok(self.party.accepted(person, &self.passkeys_of(person).await?).to_string())
    }

    async fn passkeys_of(&self, person: PersonId) -> Result<Vec<Record>, FlowError> {
        let passkeys = self.passkeys(&self.living(person, Method::Passkey).await?)?;
        Ok(passkeys.into_iter().map(|(_, record)| record).collect())
    }

    /// What was stored of each, in the same order.
    fn passkeys(&self, factors: &[Factor]) -> Result<Vec<(FactorId, Record)>, FlowError> {
        let read =
            |factor: &Factor| Ok((factor.id, Record::from_stored(self.unlock(factor)?.expose()).map_err(broken)?));
        factors.iter().map(read).collect()
    }

    async fn keep(
        &self,
        dialog: Dialog,
        case: Option<CaseId>,
        browser: Digest,
        at: Timestamp,
    ) -> Result<Begun, FlowError> {
        let key = Token::new(self.ctx.bytes());
        let token = NewToken::new(Purpose::Ceremony, key.digest(Purpose::Ceremony), at, DIALOG_MS);
        let token = NewToken { case, browser: Some(browser), data: dialog.state, ..token };
        self.store.put_token(&token).await?;
        // Browsers parse what is under `publicKey`.
        let options = dialog.options.get("publicKey").unwrap_or(&dialog.options).to_string();
        Ok(Begun { key, options })
    }
}

fn seen(key: &Token, browser: Digest, at: Timestamp) -> Seen {
    let hash = key.digest(Purpose::Ceremony);
    Seen { purpose: Purpose::Ceremony, hash, browser: Some(browser), at }
}

fn broken(error: PasskeyError) -> FlowError {
    FlowError::Broken(Box::new(error))
}
