//! What would open the gate? Never written down a second time: the policy is asked about every small set of things the person could still do,
//! and the smallest sets that it says yes to are the plan. The page, the API and the command line all show this one answer.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    account::Method,
    case::{Case, Seen, Stage, Surroundings, When},
    ids::EvidenceId,
    policy::{Facts, Gate, Policy},
    steps::{
        authorize::{Approval, Approvals},
        classify::Classified,
        verify::{Evidence, Source},
    },
    time::{MINUTE_MS, Timestamp},
};

/// A proof that the person could still give.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attainable {
    /// How.
    pub method: Method,
    /// Everything it would come from.
    pub sources: Vec<Source>,
    /// From when on it may be used.
    pub usable_from: Timestamp,
}

/// One smallest set of things that would open the gate.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Way {
    /// How many different people have to agree.
    pub approvals: u32,
    /// From how many different groups they have to come.
    pub groups: u32,
    /// When the gate is open if nothing else happens; none when no wait is needed.
    pub wait_until: Option<Timestamp>,
    /// The proofs still to give, best first.
    pub proofs: Vec<Method>,
}

/// What would open the gate, smallest first. Empty: nothing that this person could do.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Plan {
    /// The smallest ways. Each is enough.
    pub ways: Vec<Way>,
}

/// More proofs than these are never asked for at once.
const MAX_PROOFS: usize = 3;
/// More approvals than these are never asked for.
const MAX_APPROVALS: u32 = 3;

impl Plan {
    /// The methods that are part of some way: what is worth offering now.
    pub fn methods(&self) -> BTreeSet<Method> {
        self.ways.iter().flat_map(|way| way.proofs.iter().copied()).collect()
    }
    /// The fewest proofs that are still needed.
    pub fn proofs_needed(&self) -> Option<usize> {
        self.ways.iter().map(|way| way.proofs.len()).min()
    }
    /// Whether every way needs somebody else to agree.
    pub fn needs_people(&self) -> bool {
        !self.ways.is_empty() && self.ways.iter().all(|way| way.approvals > 0)
    }
}

/// A case with what could still be done about it.
#[derive(Clone, Copy)]
struct Ask<'a> {
    policy: &'a Policy,
    case: &'a Case,
    classified: &'a Classified,
    around: &'a Surroundings,
    at: Timestamp,
}

impl Case {
    /// What would open the gate from here, given what the person could still prove.
    pub fn plan(&self, policy: &Policy, attainable: &[Attainable], around: &Surroundings, at: Timestamp) -> Plan {
        let (classified, evidence, approvals) = match self.stage() {
            Stage::Verifying(classified, evidence) => (classified, evidence.as_slice(), &[][..]),
            Stage::Authorizing(verified, approvals) => {
                (verified.classified(), verified.evidence(), approvals.as_slice())
            }
            Stage::Classifying(..) | Stage::Reissuing(..) | Stage::Reviewing(_) | Stage::Closed(_) => {
                return Plan::default();
            }
        };
        let ask = Ask { policy, case: self, classified, around, at };
        ask.smallest(evidence, approvals, attainable)
    }
}

impl Ask<'_> {
    fn smallest(&self, evidence: &[Evidence], approvals: &[Approval], attainable: &[Attainable]) -> Plan {
        let mut offers: Vec<&Attainable> = attainable
            .iter()
            .filter(|offer| evidence.iter().all(|had| had.method != offer.method || had.until <= self.at))
            .collect();
        offers.sort_by_key(|offer| Method::ALL.iter().position(|method| *method == offer.method));
        let moments = self.moments();
        let had = Approvals::of(approvals);
        let mut ways: Vec<Way> = Vec::new();
        for chosen in subsets(&offers) {
            // Smaller sets come first. What is open already at no further cost can not get smaller, and a third proof is asked for
            // only where two are never enough.
            let free = |way: &Way| way.approvals == 0 && way.wait_until.is_none();
            let held = |way: &Way| way.proofs.iter().all(|p| chosen.iter().any(|offer| offer.method == *p));
            if ways.iter().any(|way| free(way) && held(way)) || (chosen.len() == MAX_PROOFS && !ways.is_empty()) {
                continue;
            }
            let mut with = evidence.to_vec();
            with.extend(chosen.iter().zip(0u8..).map(|(offer, n)| self.suppose(offer, n)));
            let seen = Seen { classified: self.classified, evidence: &with, approvals: &[] };
            let facts = |verified_at| self.case.facts(seen, When { around: self.around, verified_at, at: self.at });
            let proved = matches!(self.case.stage(), Stage::Authorizing(..));
            if !proved && !self.policy.ask(Gate::Verify, &facts(None)).allowed {
                continue;
            }
            let facts = facts(Some(self.verified_at()));
            let proofs: Vec<Method> = chosen.iter().map(|offer| offer.method).collect();
            if let Some(way) = self.cheapest(&facts, had, &moments, proofs)
                && !ways.iter().any(|smaller| within(smaller, &way))
            {
                ways.retain(|larger| !within(&way, larger));
                ways.push(way);
            }
        }
        ways.sort_by_key(|way| (way.approvals, way.wait_until, way.proofs.len(), way.proofs.clone()));
        Plan { ways }
    }

    /// With these proofs: first the fewest people, then the shortest wait.
    fn cheapest(
        &self,
        facts: &Facts,
        had: Approvals,
        moments: &[Option<Timestamp>],
        proofs: Vec<Method>,
    ) -> Option<Way> {
        (0..=MAX_APPROVALS).find_map(|more| {
            moments.iter().find_map(|moment| {
                let approvals =
                    Approvals { people: had.people.saturating_add(more), groups: had.groups.saturating_add(more) };
                let then = self.later(facts, approvals, *moment);
                self.policy.ask(Gate::Authorize, &then).allowed.then(|| Way {
                    approvals: more,
                    groups: if more == 0 { 0 } else { approvals.groups },
                    wait_until: *moment,
                    proofs: proofs.clone(),
                })
            })
        })
    }

    fn later(&self, facts: &Facts, approvals: Approvals, moment: Option<Timestamp>) -> Facts {
        let waited_ms = moment.unwrap_or(self.at).since_ms(self.verified_at()).max(0);
        Facts {
            approvals,
            waited_min: u32::try_from(waited_ms / MINUTE_MS).unwrap_or(u32::MAX),
            business_hours: self.around.business_hours || (moment.is_some() && moment == self.around.next_business),
            ..facts.clone()
        }
    }

    /// When the identity was proved; now, if the proofs of a plan are what proves it.
    fn verified_at(&self) -> Timestamp {
        match self.case.stage() {
            Stage::Authorizing(verified, _) => verified.at(),
            _ => self.at,
        }
    }

    /// Now, and each moment at which waiting could change an answer.
    fn moments(&self) -> Vec<Option<Timestamp>> {
        let from = self.verified_at();
        let named = self.policy.holds().iter().map(|minutes| from.plus_ms(i64::from(*minutes) * MINUTE_MS));
        let mut later: Vec<Timestamp> = named.chain(self.around.next_business).filter(|m| *m > self.at).collect();
        later.sort_unstable();
        std::iter::once(None).chain(later.into_iter().map(Some)).collect()
    }

    /// The evidence that there would be if the person gave this proof now.
    fn suppose(&self, offer: &Attainable, n: u8) -> Evidence {
        Evidence {
            id: EvidenceId::new(self.at, [n; 10]),
            method: offer.method,
            subject: self.classified.subject(),
            sources: offer.sources.clone(),
            witness: None,
            at: self.at,
            until: self.at.plus_ms(MINUTE_MS),
            usable_from: offer.usable_from,
        }
    }
}

/// Whether everything that `smaller` asks for is asked for by `larger` too.
fn within(smaller: &Way, larger: &Way) -> bool {
    smaller.approvals <= larger.approvals
        && smaller.wait_until <= larger.wait_until
        && smaller.proofs.iter().all(|proof| larger.proofs.contains(proof))
}

/// Every choice of at most [`MAX_PROOFS`] offers with different methods, smallest first.
fn subsets<'a>(offers: &[&'a Attainable]) -> Vec<Vec<&'a Attainable>> {
    let mut all = vec![vec![]];
    let mut last = vec![(0, vec![])];
    for _ in 0..MAX_PROOFS {
        let mut longer = Vec::new();
        for (from, chosen) in &last {
            for (index, offer) in offers.iter().enumerate().skip(*from) {
                let taken = |c: &&Attainable| c.method == offer.method;
                if chosen.iter().any(taken) {
                    continue;
                }
                let mut more: Vec<&Attainable> = chosen.clone();
                more.push(offer);
                longer.push((index + 1, more));
            }
        }
        all.extend(longer.iter().map(|(_, chosen)| chosen.clone()));
        last = longer;
    }
    all
}
