//! What would open the gate? Never written down a second time: the policy is asked about every small set of things the person could still do,
//! and the smallest sets that it says yes to are the plan. The page, the API and the command line all show this one answer.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    account::Method,
    case::{Case, MAX_REJECTIONS, Seen, Surroundings},
    ids::EvidenceId,
    policy::{Facts, Gate, Policy},
    steps::{
        authorize::Approvals,
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
    /// From how many different groups they have to come, together with those who have agreed.
    pub groups: u32,
    /// From when on the gate opens if nothing else happens; none when no wait is needed.
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
    had: Seen<'a>,
    around: &'a Surroundings,
    at: Timestamp,
    /// When the identity was proved; now, if the proofs of a plan are what proves it.
    from: Timestamp,
}

impl Case {
    /// What would open the gate from here, given what the person could still prove.
    pub fn plan(&self, policy: &Policy, attainable: &[Attainable], around: &Surroundings, at: Timestamp) -> Plan {
        let Some(had) = self.seen() else { return Plan::default() };
        Ask { policy, case: self, had, around, at, from: had.verified_at.unwrap_or(at) }.smallest(attainable)
    }
}

impl Ask<'_> {
    fn smallest(&self, attainable: &[Attainable]) -> Plan {
        let had = self.had;
        let mut offers: Vec<&Attainable> = attainable
            .iter()
            .filter(|offer| had.evidence.iter().all(|had| had.method != offer.method || had.until <= self.at))
            .filter(|offer| self.case.rejections(offer.method) < MAX_REJECTIONS)
            .collect();
        offers.sort_by_key(|offer| rank(offer.method));
        let moments = self.around.moments(self.policy, self.from, self.at);
        let mut ways: Vec<Way> = Vec::new();
        for chosen in subsets(&offers) {
            // Smaller sets come first. What is open already at no further cost can not get smaller, and a third proof is asked for
            // only where two are never enough.
            let free = |way: &Way| way.approvals == 0 && way.wait_until.is_none();
            let held = |way: &Way| way.proofs.iter().all(|p| chosen.iter().any(|offer| offer.method == *p));
            if ways.iter().any(|way| free(way) && held(way)) || (chosen.len() == MAX_PROOFS && !ways.is_empty()) {
                continue;
            }
            let mut evidence = had.evidence.to_vec();
            evidence.extend(chosen.iter().zip(0u8..).map(|(offer, n)| self.suppose(offer, n)));
            // After another proof the case is another than the one that was approved.
            let approvals = if chosen.is_empty() { had.approvals } else { &[] };
            let seen = Seen { evidence: &evidence, approvals, ..had };
            let facts = |seen| self.case.facts(seen, self.around, self.at);
            if seen.verified_at.is_none() && !self.policy.ask(Gate::Verify, &facts(seen)).allowed {
                continue;
            }
            let facts = facts(Seen { verified_at: Some(self.from), ..seen });
            let proofs: Vec<Method> = chosen.iter().map(|offer| offer.method).collect();
            if let Some(way) = self.cheapest(&facts, &moments, proofs)
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
    fn cheapest(&self, facts: &Facts, moments: &[Timestamp], proofs: Vec<Method>) -> Option<Way> {
        let Approvals { people, groups } = facts.approvals;
        let (more, groups, wait_until) = (0..=MAX_APPROVALS).find_map(|more| {
            let approvals = Approvals { people: people.saturating_add(more), groups: groups.saturating_add(more) };
            let now = Facts { approvals, ..facts.clone() };
            let opens = |facts: &Facts| self.policy.ask(Gate::Authorize, facts).allowed;
            if opens(&now) {
                return Some((more, approvals.groups, None));
            }
            let later = moments.iter().find(|moment| opens(&self.around.after(&now, self.from, **moment)))?;
            Some((more, approvals.groups, Some(*later)))
        })?;
        Some(Way { approvals: more, groups: if more == 0 { 0 } else { groups }, wait_until, proofs })
    }

    /// The evidence that there would be if the person gave this proof now.
    fn suppose(&self, offer: &Attainable, n: u8) -> Evidence {
        Evidence {
            id: EvidenceId::new(self.at, [n; 10]),
            method: offer.method,
            subject: self.had.classified.subject(),
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

/// The place of a method among all, best first.
fn rank(method: Method) -> Option<usize> {
    Method::ALL.iter().position(|one| *one == method)
}

/// Every choice of at most [`MAX_PROOFS`] offers with different methods, smallest first. The offers are in the order of their methods.
fn subsets<'a>(offers: &[&'a Attainable]) -> Vec<Vec<&'a Attainable>> {
    let mut last: Vec<Vec<&Attainable>> = vec![vec![]];
    let mut all = last.clone();
    for _ in 0..MAX_PROOFS {
        let mut longer = Vec::new();
        for chosen in &last {
            let behind =
                |offer: &&&Attainable| chosen.last().is_none_or(|before| rank(before.method) < rank(offer.method));
            longer.extend(offers.iter().filter(behind).map(|offer| [chosen.as_slice(), &[*offer]].concat()));
        }
        all.extend_from_slice(&longer);
        last = longer;
    }
    all
}
