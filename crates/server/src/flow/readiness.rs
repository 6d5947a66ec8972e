//! How many ways back in somebody has, as the gate counts: a made-up case of a forgotten password is asked for its plan, again and again,
//! without what the way before has used. Nothing is stored, and nothing is counted a second time elsewhere.

use keyward_core::{
    account::{Action, Class, Method},
    actor::Actor,
    case::{Case, Surroundings},
    event::{Claim, Door, Entry, Event, VERSION},
    ids::{FactorId, PersonId},
    plan::Attainable,
    risk::Risk,
    steps::{classify::Classification, verify::Source},
    time::Timestamp,
};

use super::{Flow, FlowError, is_from_directory};
use crate::store::people::Person;

/// More are not counted.
const MAX_WAYS: u32 = 9;

impl Flow {
    /// How many ways without a common part would get the person back in today, with the best luck: at work, nothing unusual.
    /// `without` tells how many were left if that one were gone.
    pub async fn readiness(&self, person: PersonId, class: Class, without: Option<FactorId>) -> Result<u32, FlowError> {
        let at = self.ctx.now();
        let Some(person) = self.store.person(person).await? else { return Ok(0) };
        let mut opens = vec![Source::Password { directory: person.account.directory.clone() }];
        let mut offers = Vec::new();
        for factor in self.store.factors(person.id).await? {
            if !factor.is_alive() || without == Some(factor.id) {
                continue;
            }
            if is_from_directory(&factor) {
                opens.push(self.mailbox(&person, &self.address(&factor)?));
            }
            // A sheet without a code that is left proves nothing.
            let spent = factor.method == Method::RecoveryCode
                && self.store.recovery_codes(factor.id).await?.iter().all(|(_, used)| used.is_some());
            if !spent && factor.usable_from <= at {
                offers.push(self.offer(&person, &factor)?);
            }
        }
        let case = self.forgotten(&person, class, opens, at)?;
        let around =
            Surroundings { risk: Risk::default(), business_hours: true, next_business: None, enrolled_strong: true };
        Ok(self.count_ways(&case, offers, &around, at))
    }

    /// Whether the person still gets back in when any one of their ways is lost: two proofs of three are one way, and none of the three is
    /// the last.
    pub async fn has_spare(&self, person: PersonId, class: Class) -> Result<bool, FlowError> {
        for factor in self.store.factors(person).await? {
            if factor.is_alive() && self.readiness(person, class, Some(factor.id)).await? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn count_ways(&self, case: &Case, mut offers: Vec<Attainable>, around: &Surroundings, at: Timestamp) -> u32 {
        for ways in 0..MAX_WAYS {
            let plan = case.plan(&self.policy, &offers, around, at);
            let Some(way) = plan.ways.into_iter().find(|way| !way.proofs.is_empty()) else { return ways };
            for proof in way.proofs {
                if let Some(place) = offers.iter().position(|offer| offer.method == proof) {
                    offers.remove(place);
                }
            }
        }
        MAX_WAYS
    }

    /// A case that is never written down.
    fn forgotten(&self, person: &Person, class: Class, opens: Vec<Source>, at: Timestamp) -> Result<Case, FlowError> {
        use keyward_core::digest::Field;
        let commitment = |field| self.disclose(field, String::new()).0;
        let opened = Event::Opened(Claim {
            reference: self.ctx.reference(),
            door: Door::Forgot,
            action: Action::SetPassword,
            name: commitment(Field::Name),
            network: commitment(Field::Network),
            browser: commitment(Field::Browser),
            language: String::new(),
        });
        let first = Entry { v: VERSION, case: self.ctx.id(at), seq: 1, at, by: Actor::Requester, event: opened };
        let case = Case::opened(&first)?;
        let classified = Event::Classified(Classification {
            subject: person.id,
            account: commitment(Field::Account),
            class,
            rule: String::new(),
            opens,
        });
        let second = case.entry(classified, Actor::Keyward, at);
        Ok(case.apply(&second)?)
    }
}
