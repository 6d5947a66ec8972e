//! What happens in cases, counted from the entries as they are committed, and from nothing else.

use keyward_core::{
    account::{Action, Class, Method},
    case::Case,
    event::{Entry, Event},
    policy::{Gate, Gated},
    steps::reissue::Outcome,
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};
use serde::Serialize;

use super::names::Names;

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OpenedLabels {
    door: &'static str,
    action: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct EndedLabels {
    outcome: String,
    step: String,
    class: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct VerdictLabels {
    gate: &'static str,
    verdict: &'static str,
    class: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct ProofLabels {
    method: &'static str,
    result: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct ReissueLabels {
    action: &'static str,
    outcome: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct NoticeLabels {
    result: &'static str,
}

pub(super) struct Cases {
    opened: Family<OpenedLabels, Counter>,
    ended: Family<EndedLabels, Counter>,
    verdicts: Family<VerdictLabels, Counter>,
    proofs: Family<ProofLabels, Counter>,
    reissues: Family<ReissueLabels, Counter>,
    notices: Family<NoticeLabels, Counter>,
}

impl Cases {
    pub(super) fn new(names: &mut Names) -> Self {
        let cases = Self::named(names);
        // What an alert asks about begins at zero: of a number that is there from its first event on nobody sees that one rise.
        for result in ["delivered", "failed"] {
            drop(cases.notices.get_or_create(&NoticeLabels { result }));
        }
        for method in Method::ALL {
            let accepted = ProofLabels { method: method.word(), result: "accepted".to_owned() };
            drop(cases.proofs.get_or_create(&accepted));
        }
        let enrolled = Action::EnrollFactor { method: Method::Passkey };
        for action in [Action::SetPassword, Action::Unlock, enrolled, Action::RemoveFactor] {
            drop(cases.reissues.get_or_create(&ReissueLabels { action: action.word(), outcome: "unknown" }));
        }
        cases
    }

    fn named(names: &mut Names) -> Self {
        Self {
            opened: names.counter("cases_opened", "Cases that were opened, by door and what for"),
            ended: names.counter(
                "cases_ended",
                "Cases that ended, by how, the furthest step and class; contested after its end, a case counts again",
            ),
            verdicts: names.counter("gate_verdicts", "Answers of the policy that were written into the log"),
            proofs: names.counter("proofs", "Proofs that were tried, by method and result"),
            reissues: names.counter("reissues", "Changes that were tried, by what for and what came of it"),
            notices: names.counter("notices", "Messages about a case, by whether they were handed over"),
        }
    }

    pub(super) fn count(&self, case: &Case, entries: &[Entry]) {
        for entry in entries {
            self.one(case, &entry.event);
        }
    }

    /// Every kind of entry is thought about here.
    fn one(&self, case: &Case, event: &Event) {
        match event {
            Event::Opened(claim) => {
                let labels = OpenedLabels { door: claim.door.word(), action: claim.action.word() };
                self.opened.get_or_create(&labels).inc();
            }
            Event::Presented(evidence) => self.proof(evidence.method.word(), "accepted".to_owned()),
            Event::Rejected(rejection) => self.proof(rejection.method.word(), word(rejection.reason)),
            Event::Verified(gate) => self.verdict(Gate::Verify, gate),
            Event::Held(hold) => self.verdict(Gate::Authorize, &hold.gate),
            Event::Authorized { gate, .. } => self.verdict(Gate::Authorize, gate),
            Event::Recorded(recorded) => {
                let outcome = match recorded.outcome {
                    Outcome::Done => "done",
                    Outcome::NotDone { .. } => "not_done",
                    Outcome::Unknown { .. } => "unknown",
                };
                let labels = ReissueLabels { action: case.claim().action.word(), outcome };
                self.reissues.get_or_create(&labels).inc();
            }
            Event::Noticed(notice) => {
                let result = if notice.delivered { "delivered" } else { "failed" };
                self.notices.get_or_create(&NoticeLabels { result }).inc();
            }
            Event::Reviewed(_) if case.is_over() => self.ended(case, "reviewed".to_owned()),
            Event::Ended { reason } => self.ended(case, word(reason)),
            Event::Contested { .. } => self.ended(case, "contested".to_owned()),
            Event::Classified(_)
            | Event::Unmatched { .. }
            | Event::Approved(_)
            | Event::Submitted(_)
            | Event::Reclassified(_)
            | Event::Started(_)
            | Event::CodeReplaced { .. }
            | Event::Reviewed(_) => {}
        }
    }

    fn proof(&self, method: &'static str, result: String) {
        self.proofs.get_or_create(&ProofLabels { method, result }).inc();
    }

    fn verdict(&self, gate: Gate, gated: &Gated) {
        let verdict = if gated.verdict.allowed { "allowed" } else { "held" };
        let labels = VerdictLabels { gate: gate.word(), verdict, class: gated.facts.class.word() };
        self.verdicts.get_or_create(&labels).inc();
    }

    fn ended(&self, case: &Case, outcome: String) {
        let class = case.class().map_or("none", Class::word);
        let labels = EndedLabels { outcome, step: word(case.reached()), class };
        self.ended.get_or_create(&labels).inc();
    }
}

/// The word that an entry has for it.
pub(super) fn word(value: impl Serialize) -> String {
    let word = serde_json::to_value(value).ok();
    word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_else(|| "other".to_owned())
}
