//! Handing in what is to be done: a new password or credential is sealed to the worker before it is stored anywhere, and the log gets the digest of the sealed bytes.

use keyward_core::{
    account::Action,
    actor::Actor,
    case::{Case, Command, Refusal, Stage},
    digest::Digest,
    ids::{CaseId, FactorId},
    ledger::Durable,
    secret::SecretText,
};

use super::{Acted, Flow, FlowError, NewRecord, With};
use crate::{jobs::Work, seal};

/// What a person hands in when the gate is open.
pub enum Handed {
    /// A new password that passed the rules.
    Password(SecretText),
    /// A new factor: what is stored of it, as its method wrote it.
    Factor(SecretText),
    /// Nothing: the action says it all.
    Nothing,
    /// The factor to end.
    End(FactorId),
}

impl Flow {
    /// Hands it in. Of many at the same time exactly one is taken (T-E01).
    pub async fn submit(&self, case: &Case, handed: Handed) -> Result<Durable<Acted>, FlowError> {
        let id = case.id();
        let attempt = next_attempt(case)?;
        let fits = matches!(
            (&handed, case.claim().action),
            (Handed::Password(_), Action::SetPassword)
                | (Handed::Factor(_), Action::EnrollFactor { .. })
                | (Handed::Nothing, Action::Unlock)
                | (Handed::End(_), Action::RemoveFactor)
        );
        if !fits {
            return Err(FlowError::Refused(Refusal::WrongStep));
        }
        let (sealed, factor) = match handed {
            Handed::Password(secret) => (Some(self.seal_for(id, attempt, &secret)?), None),
            Handed::Factor(secret) => {
                // The log names what is to be bound; the worker binds nothing else.
                let record = NewRecord::parse(secret.expose()).map_err(|error| FlowError::Broken(Box::new(error)))?;
                (Some(self.seal_for(id, attempt, &secret)?), Some(record.id))
            }
            Handed::Nothing => (None, None),
            Handed::End(factor) => (None, Some(factor)),
        };
        let command = Command::Submit { sealed: sealed.as_deref().map(Digest::of), factor };
        let at = self.ctx.now();
        let work = Work::Reissue { case: id, attempt, sealed: sealed.unwrap_or_default() };
        let by = case.subject().map_or(Actor::Requester, |person| Actor::Person { id: person });
        self.act(id, by, command, With::nothing().job(work.job(&self.ctx, at, at))).await
    }

    fn seal_for(&self, case: CaseId, attempt: u32, secret: &SecretText) -> Result<Vec<u8>, FlowError> {
        self.seal
            .seal(secret, seal::Attempt { case, number: attempt })
            .map_err(|error| FlowError::Broken(Box::new(error)))
    }
}

/// The number of the attempt that would be next. A case that moved on meanwhile refuses it in `decide`.
fn next_attempt(case: &Case) -> Result<u32, FlowError> {
    use keyward_core::steps::reissue::Attempt;
    match case.stage() {
        Stage::Reissuing(_, Attempt::None) => Ok(1),
        Stage::Reissuing(_, Attempt::Failed(n)) => Ok(n.saturating_add(1)),
        _ => Err(FlowError::Refused(Refusal::WrongStep)),
    }
}
