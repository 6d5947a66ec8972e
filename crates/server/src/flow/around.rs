//! What the world around a case is like: signals of risk from the history of the account, business hours, what is enrolled.

use keyward_core::{
    account::Strength,
    actor::Actor,
    case::{Case, Command, Surroundings},
    ids::{CaseId, PersonId},
    ledger::Durable,
    plan::{Attainable, Plan},
    risk::{Risk, Signal},
    time::{DAY_MS, Timestamp},
};

use super::{Acted, Flow, FlowError, With};
use crate::store::people::Factor;

/// How many cases within a day are one too many.
const MANY_CASES: u64 = 2;
/// How many proofs that did not hold within a day are too many.
const MANY_FAILURES: u64 = 3;
/// How long "not me" is remembered as a signal.
const CONTEST_MEMORY_MS: i64 = 30 * DAY_MS;

impl Flow {
    /// What the gate has to know beside the case itself.
    pub async fn around(&self, case: &Case, at: Timestamp) -> Result<Surroundings, FlowError> {
        let (risk, enrolled_strong) = match case.subject() {
            Some(person) => (self.risk(case, person, at).await?, self.has_strong(person).await?),
            None => (Risk::default(), false),
        };
        Ok(Surroundings {
            risk,
            enrolled_strong,
            business_hours: self.terms.hours.at_work(at),
            next_business: self.terms.hours.next(at),
        })
    }

    /// Asks the gate of a case again, in the world as it is now. After a hold whoever waited does.
    pub async fn ask(&self, id: CaseId) -> Result<Durable<Acted>, FlowError> {
        let case = self.load(id).await?;
        let around = self.around(&case, self.ctx.now()).await?;
        self.act(id, Actor::Keyward, Command::Ask(around), With::nothing()).await
    }

    async fn risk(&self, case: &Case, person: PersonId, at: Timestamp) -> Result<Risk, FlowError> {
        let mut signals = Vec::new();
        let since = (at.plus_ms(-CONTEST_MEMORY_MS), at.plus_ms(-DAY_MS));
        let recent = self.store.around_case((person, case.id()), since).await?;
        if recent.others >= MANY_CASES {
            signals.push(Signal::RecentCase);
        }
        if recent.rejections >= MANY_FAILURES {
            signals.push(Signal::RecentFailures);
        }
        if recent.contested > 0 {
            signals.push(Signal::RecentContest);
        }
        let waiting = |factor: &Factor| factor.is_alive() && factor.usable_from > at;
        if self.store.factors(person).await?.iter().any(waiting) {
            signals.push(Signal::RecentChange);
        }
        Ok(Risk::of(signals))
    }

    /// Also while it waits until it counts: else whoever prints a new sheet, or takes a new phone, would be guarded by the password alone until then.
    async fn has_strong(&self, person: PersonId) -> Result<bool, FlowError> {
        let strong = |factor: &Factor| factor.is_bound() && factor.method.strength() >= Strength::Strong;
        Ok(self.store.factors(person).await?.iter().any(strong))
    }

    /// What the person could still prove, and what of it would open the gate.
    pub async fn plan(&self, case: &Case, at: Timestamp) -> Result<Plan, FlowError> {
        let Some(person) = case.subject() else { return Ok(Plan::default()) };
        let attainable = self.attainable(person).await?;
        let around = self.around(case, at).await?;
        Ok(case.plan(&self.policy, &attainable, &around, at))
    }

    async fn attainable(&self, person: PersonId) -> Result<Vec<Attainable>, FlowError> {
        let Some(known) = self.store.person(person).await? else { return Ok(Vec::new()) };
        let factors = self.store.factors(person).await?;
        factors.iter().filter(|factor| factor.is_alive()).map(|factor| self.offer(&known, factor)).collect()
    }
}
