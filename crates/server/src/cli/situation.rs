//! A made-up case, as far along as the facts say: what `policy explain` and the lint of `policy check` ask a policy about.
//!
//! It is built by the same fold as a real one, so that the answer is the one that a real case would get.

use keyward_core::{
    account::{Action, Class, Method},
    actor::Actor,
    case::{Case, Corrupt, Surroundings},
    digest::{Commitment, Digest},
    event::{Claim, Door, Entry, Event, VERSION},
    ids::{CaseId, EvidenceId, PersonId, Reference},
    plan::{Attainable, Plan},
    policy::{Facts, Gate, Policy, Verdict},
    risk::{Risk, Signal},
    steps::{
        authorize::{Approval, Approvals},
        classify::Classification,
        verify::{Evidence, Proofs, Source},
    },
    time::{HOUR_MS, MINUTE_MS, Timestamp},
};

/// Everything a gate may look at. Proofs come from different things and their factors are old enough; approvers are different people.
#[derive(Clone, Debug)]
pub struct Situation {
    /// What the account can do.
    pub class: Class,
    /// What is asked for.
    pub action: Action,
    /// By which door.
    pub door: Door,
    /// What was given.
    pub proofs: Vec<Method>,
    /// Whether a strong way back in is set up.
    pub enrolled_strong: bool,
    /// The group of each person who agreed.
    pub approvals: Vec<String>,
    /// What is unusual.
    pub risk: Vec<Signal>,
    /// Whether the organization is at work.
    pub at_work: bool,
    /// Minutes since the identity was proved.
    pub waited_min: u32,
}

/// What a policy says about a situation.
#[derive(Debug)]
pub struct Answer {
    /// Each gate: what it was told, and what it said.
    pub gates: [(Gate, Facts, Verdict); 2],
    /// What would open both.
    pub plan: Plan,
    /// The moment of the question; waits of the plan are counted from here.
    pub at: Timestamp,
    /// When business begins, if it is not going on.
    pub next_business: Option<Timestamp>,
}

/// Any moment will do: the answer depends on spans alone.
const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

impl Situation {
    /// Nothing proved, nobody agreed, nothing unusual, at work, by the usual door.
    pub fn plain(class: Class) -> Self {
        Self {
            class,
            action: Action::SetPassword,
            door: Door::Forgot,
            proofs: Vec::new(),
            enrolled_strong: true,
            approvals: Vec::new(),
            risk: Vec::new(),
            at_work: true,
            waited_min: 0,
        }
    }

    /// Asks both gates, and what would open them with the proofs that could still be given.
    pub fn ask(&self, policy: &Policy, attainable: &[Method]) -> Result<Answer, Corrupt> {
        let at = START.plus_ms(i64::from(self.waited_min) * MINUTE_MS);
        let next_business = (!self.at_work).then(|| at.plus_ms(12 * HOUR_MS));
        let around = Surroundings {
            risk: Risk::of(self.risk.iter().copied()),
            business_hours: self.at_work,
            next_business,
            enrolled_strong: self.enrolled_strong,
        };
        let mut case = self.begun()?;
        let verify = self.facts(&case, 0);
        let verdict = policy.ask(Gate::Verify, &verify);
        let mut authorize = self.facts(&case, self.waited_min);
        let approvals = self.agreed();
        authorize.approvals = Approvals::of(&approvals);
        let second = policy.ask(Gate::Authorize, &authorize);
        if verdict.allowed && !self.proofs.is_empty() {
            case = next(case, Event::Verified(policy.gate(Gate::Verify, verify.clone())))?;
            for approval in approvals {
                let seen = case.digest();
                case = next(case, Event::Approved(Approval { seen, ..approval }))?;
            }
        }
        let offers: Vec<Attainable> = attainable.iter().map(|method| offer(*method)).collect();
        let plan = case.plan(policy, &offers, &around, at);
        let gates = [(Gate::Verify, verify, verdict), (Gate::Authorize, authorize, second)];
        Ok(Answer { gates, plan, at, next_business })
    }

    /// Opened, classified, and with its proofs.
    fn begun(&self) -> Result<Case, Corrupt> {
        let nothing = Commitment::from_digest(Digest::of(b""));
        let claim = Claim {
            reference: Reference::new([0; 7]),
            door: self.door,
            action: self.action,
            name: nothing,
            network: nothing,
            browser: nothing,
            language: "en".to_owned(),
        };
        let id = CaseId::new(START, [0; 10]);
        let event = Event::Opened(claim);
        let mut case = Case::opened(&Entry { v: VERSION, case: id, seq: 1, at: START, by: Actor::Requester, event })?;
        let classification = Classification {
            subject: person(0),
            account: nothing,
            class: self.class,
            rule: "explained".to_owned(),
            opens: Vec::new(),
        };
        case = next(case, Event::Classified(classification))?;
        for (method, number) in self.proofs.iter().zip(0..) {
            let evidence = Evidence {
                id: EvidenceId::new(START, [number; 10]),
                method: *method,
                subject: person(0),
                sources: vec![source(*method)],
                witness: None,
                at: START,
                // Longer than any wait that is asked about.
                until: Timestamp::from_millis(i64::MAX),
                usable_from: START,
            };
            case = next(case, Event::Presented(evidence))?;
        }
        Ok(case)
    }

    fn agreed(&self) -> Vec<Approval> {
        let approval = |(group, number): (&String, u8)| Approval {
            by: person(number),
            groups: vec![group.clone()],
            at: START,
            seen: Digest::of(b""),
        };
        self.approvals.iter().zip(1..).map(approval).collect()
    }

    fn facts(&self, case: &Case, waited_min: u32) -> Facts {
        let proofs = case.classified().map(|known| Proofs::of(known, case.evidence(), START)).unwrap_or_default();
        Facts {
            class: self.class,
            action: self.action,
            door: self.door,
            enrolled_strong: self.enrolled_strong,
            proofs,
            approvals: Approvals::default(),
            risk: Risk::of(self.risk.iter().copied()),
            business_hours: self.at_work,
            waited_min,
        }
    }
}

fn next(case: Case, event: Event) -> Result<Case, Corrupt> {
    let entry = case.entry(event, Actor::Keyward, START);
    case.apply(&entry)
}

fn person(number: u8) -> PersonId {
    PersonId::new(START, [number; 10])
}

/// Each kind of proof comes from a thing of its own.
fn source(method: Method) -> Source {
    Source::Device { tag: Digest::of(method.word().as_bytes()) }
}

fn offer(method: Method) -> Attainable {
    Attainable { method, sources: vec![source(method)], usable_from: START }
}
