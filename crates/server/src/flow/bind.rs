//! Binding: what a case about a new way back in hands in when its gate is open, for pages and API alike. Nothing here writes to the table of
//! factors: what is made goes sealed to the worker, which binds it by the commit that records it.

use keyward_core::{
    account::{Action, Class, Method},
    case::{Case, Refusal, Stage},
    digest::Digest,
    ids::PersonId,
    ledger::Durable,
    steps::reissue::Attempt,
};

use super::{Acted, Begun, BoundCodes, Enrollment, Flow, FlowError, Handed, NewRecord, Present};
use crate::{
    store::tokens::{Purpose, Seen},
    token::Token,
};

/// The longest name that somebody may give to a way back in.
const LONGEST_LABEL: usize = 60;

/// The name that somebody gave to a way back in, or another if they gave none.
pub fn label(typed: Option<&str>, otherwise: &str) -> String {
    let kept: String = typed.unwrap_or_default().chars().filter(|c| !c.is_control()).take(LONGEST_LABEL).collect();
    let kept = kept.trim();
    if kept.is_empty() { otherwise.to_owned() } else { kept.to_owned() }
}

/// Whose new way back in this case may bind now: it is for one of that kind, and its gate is open.
pub fn may_bind(case: &Case, method: Method) -> Result<PersonId, FlowError> {
    if case.is_over() {
        return Err(FlowError::Refused(Refusal::Over));
    }
    let open = matches!(case.stage(), Stage::Reissuing(_, Attempt::None | Attempt::Failed(_)));
    let fits = case.claim().action == (Action::EnrollFactor { method });
    let subject = case.subject().filter(|_| open && fits);
    subject.ok_or(FlowError::Refused(Refusal::WrongStep))
}

impl Flow {
    /// Asks for the new passkey that a case is for. Whoever can do harm to others needs one that stays on its device.
    pub async fn begin_new_passkey(&self, case: &Case, browser: Digest) -> Result<Begun, FlowError> {
        let person = may_bind(case, Method::Passkey)?;
        let name = self.typed_name(case).await?;
        let security_key = case.class() == Some(Class::Admin);
        let wanted = Enrollment { person, name: &name, display_name: &name, browser, security_key };
        self.begin_enrollment(case.id(), wanted).await
    }

    /// Hands in what a case binds. Of many at the same time exactly one is taken (T-E01).
    pub async fn bind(&self, case: &Case, record: &NewRecord) -> Result<Durable<Acted>, FlowError> {
        let handed = record.to_text().map_err(|error| FlowError::Broken(Box::new(error)))?;
        self.submit(case, Handed::Factor(handed)).await
    }

    /// Makes a sheet of codes and hands it in. With the key under which it can be shown once it is bound.
    pub async fn bind_sheet(
        &self,
        case: &Case,
        browser: Digest,
        label: &str,
    ) -> Result<(Token, Durable<Acted>), FlowError> {
        may_bind(case, Method::RecoveryCode)?;
        let (draft, record) = self.new_sheet(label);
        // Kept before it is handed in, and whatever comes of that: a sheet that is bound can be shown, and one that is never bound never is.
        let key = self.keep_draft(case.id(), browser, &draft).await?;
        Ok((key, self.bind(case, &record).await?))
    }

    /// The codes of a bound sheet, for the last time: whoever takes them first ends the draft, and nobody is shown them again.
    pub async fn take_codes(&self, case: &Case, browser: Digest, key: &Token) -> Result<Option<BoundCodes>, FlowError> {
        let Some(codes) = self.bound_codes(case, browser, key).await? else { return Ok(None) };
        let hash = key.digest(Purpose::Ceremony);
        let seen = Seen { purpose: Purpose::Ceremony, hash, browser: Some(browser), at: self.ctx.now() };
        Ok(self.store.take_token(&seen, Some(case.id())).await?.then_some(codes))
    }

    /// How long a new way back in of that kind waits before it counts. None: it is the first one, and counts at once.
    pub async fn wait_of_new(&self, present: &Present, method: Method) -> Result<Option<i64>, FlowError> {
        let first = self.has_none(present.person).await?;
        Ok((!first).then(|| self.terms.quarantine.of(present.class, method == Method::Email)))
    }
}
