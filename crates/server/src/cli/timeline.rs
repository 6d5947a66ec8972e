//! What happened in a case, entry by entry in plain words and sorted by step: what `verify` and `case show` print.
//!
//! It tells what the entries say. Whether they are true is decided before: by the proofs of a bundle, or by the store.

use std::collections::BTreeMap;

use keyward_core::{
    case::{Case, Corrupt, Step},
    digest::{Commitment, Digest, Disclosure, Field},
    event::{Claim, Entry, Event},
    policy::{Gate, Gated, Policy},
    steps::{
        authorize::Approval,
        classify::Classification,
        reissue::{Outcome, Recorded, Submission},
        review::{Notice, Review},
        verify::Evidence,
    },
};
use serde_json::{Value, json};

use super::Report;
use super::words;

/// One entry in words.
#[derive(Clone, Debug)]
pub struct Line {
    /// The entry.
    pub entry: Entry,
    /// Its place in the log.
    pub index: u64,
    /// The step it belongs to.
    pub step: Step,
    /// One sentence.
    pub what: String,
    /// What belongs to it.
    pub more: Vec<String>,
}

/// What is needed to tell entries: the values that may be shown, and the policies that were asked.
#[derive(Debug, Default)]
pub struct Known {
    values: BTreeMap<Commitment, Disclosure>,
    policies: BTreeMap<Digest, Policy>,
}

impl Known {
    /// From values that open commitments, and policies.
    pub fn new(values: &[Disclosure], policies: impl IntoIterator<Item = Policy>) -> Self {
        Self {
            values: values.iter().map(|value| (value.commitment(), value.clone())).collect(),
            policies: policies.into_iter().map(|policy| (policy.digest(), policy)).collect(),
        }
    }

    fn value(&self, commitment: Commitment, field: Field) -> String {
        let text = self.values.get(&commitment).map_or("withheld or erased", |value| value.value.as_str());
        format!("{}: {text}", words::field(field))
    }

    /// The answer of the policy: which ones decided, with their sentences, and what the gate saw.
    fn answer(&self, gate: Gate, gated: &Gated) -> Vec<String> {
        let policy = self.policies.get(&gated.verdict.policy);
        let because = |id: &String| match policy.and_then(|policy| policy.because(id)) {
            Some(sentence) => format!("{id}: {sentence}"),
            None => id.clone(),
        };
        let mut more: Vec<String> = gated.verdict.because.iter().map(because).collect();
        if more.is_empty() {
            more.push("no policy permits it".to_owned());
        }
        more.push(format!("it was told: {}", words::facts(gate, &gated.facts)));
        more.push(format!("policy {}", gated.verdict.policy));
        more
    }
}

/// Tells entries with their places in the log. They have to make a case.
pub fn tell<'a>(entries: impl IntoIterator<Item = (u64, &'a Entry)>, known: &Known) -> Result<Vec<Line>, Corrupt> {
    let mut case: Option<Case> = None;
    let mut lines = Vec::new();
    for (index, entry) in entries {
        let before = case.as_ref().map_or(Step::Classify, Case::reached);
        let (what, more) = told(entry, known);
        let step = step_of(&entry.event, before);
        lines.push(Line { entry: entry.clone(), index, step, what, more });
        case = Some(match case {
            None => Case::opened(entry)?,
            Some(case) => case.apply(entry)?,
        });
    }
    Ok(lines)
}

/// The step an entry belongs to; what can happen at any time belongs to the step that the case was in.
const fn step_of(event: &Event, before: Step) -> Step {
    match event {
        Event::Opened(_) | Event::Classified(_) | Event::Unmatched { .. } => Step::Classify,
        Event::Verified(_) => Step::Verify,
        Event::Approved(_) | Event::Held(_) | Event::Authorized { .. } => Step::Authorize,
        Event::Submitted(_) | Event::Reclassified(_) | Event::Started(_) | Event::Recorded(_) => Step::Reissue,
        Event::Reviewed(_) | Event::CodeReplaced { .. } => Step::Review,
        Event::Presented(_) | Event::Rejected(_) => {
            if matches!(before, Step::Classify) {
                Step::Verify
            } else {
                before
            }
        }
        Event::Noticed(_) | Event::Ended { .. } | Event::Contested { .. } => before,
    }
}

fn told(entry: &Entry, known: &Known) -> (String, Vec<String>) {
    let plain = |what: String| (what, Vec::new());
    match &entry.event {
        Event::Opened(claim) => opened(claim, known),
        Event::Classified(c) => classified("The name is one account, of class", c, known),
        Event::Reclassified(c) => {
            classified("Before the change: the account is of another class than it was, now", c, known)
        }
        Event::Unmatched { reason } => {
            plain(format!("No account can be recovered under that name: {}.", words::unmatched(*reason)))
        }
        Event::Presented(evidence) => presented(evidence),
        Event::Rejected(rejection) => plain(format!(
            "A proof did not hold, {}: {}.",
            words::method(rejection.method),
            words::rejection(rejection.reason)
        )),
        Event::Verified(gated) => asked(Gate::Verify, gated, "It said yes.".to_owned(), known),
        Event::Approved(approval) => approved(approval),
        Event::Held(hold) => {
            let answer = format!("Not yet, and not before {}.", words::utc(hold.until));
            asked(Gate::Authorize, &hold.gate, answer, known)
        }
        Event::Authorized { gate, until } => {
            let answer = format!("It said yes, until {}.", words::utc(*until));
            asked(Gate::Authorize, gate, answer, known)
        }
        Event::Submitted(submission) => submitted(submission),
        Event::Started(started) => plain(format!(
            "Attempt {} began. From here on the directory may have been touched. The account is of class {}.",
            started.attempt, started.class
        )),
        Event::Recorded(recorded) => outcome(recorded),
        Event::Noticed(notice) => noticed(notice, known),
        Event::Reviewed(review) => reviewed(review),
        Event::CodeReplaced { .. } => plain("The recovery code that was used has a new one in its place.".to_owned()),
        Event::Ended { reason } => plain(format!("The case ended without a change: {}.", words::ended(*reason))),
        Event::Contested { from } => {
            plain(format!("\"This was not me\" was said {}. The case ended.", words::contested(*from)))
        }
    }
}

fn opened(claim: &Claim, known: &Known) -> (String, Vec<String>) {
    let what = format!(
        "Somebody asked for {} by the door {}. Nothing was proved yet.",
        words::action(claim.action),
        words::door(claim.door)
    );
    let more = vec![
        known.value(claim.name, Field::Name),
        known.value(claim.network, Field::Network),
        known.value(claim.browser, Field::Browser),
    ];
    (what, more)
}

fn classified(what: &str, c: &Classification, known: &Known) -> (String, Vec<String>) {
    let what = format!("{what} {}, by the rule `{}`.", c.class, c.rule);
    (what, vec![known.value(c.account, Field::Account), format!("its owner is {} in this log", c.subject)])
}

fn presented(evidence: &Evidence) -> (String, Vec<String>) {
    let mut more = vec![format!("counts until {}", words::utc(evidence.until))];
    if evidence.usable_from > evidence.at {
        let usable = words::utc(evidence.usable_from);
        more.push(format!("does not count: it was set up a short time before and can be used from {usable} on"));
    }
    if let Some(witness) = evidence.witness {
        more.push(format!("vouched for by {witness}"));
    }
    (format!("A proof was given: {}.", words::method(evidence.method)), more)
}

fn asked(gate: Gate, gated: &Gated, answer: String, known: &Known) -> (String, Vec<String>) {
    (format!("The policy was asked: {} {answer}", words::gate(gate)), known.answer(gate, gated))
}

fn approved(approval: &Approval) -> (String, Vec<String>) {
    let what = format!("{} agreed.", approval.by);
    let mut more = vec![format!("for the case as it was then, digest {}", approval.seen)];
    if !approval.groups.is_empty() {
        more.push(format!("may do so as a member of {}", approval.groups.join(", ")));
    }
    (what, more)
}

fn submitted(submission: &Submission) -> (String, Vec<String>) {
    let what = match submission.sealed {
        Some(_) => format!("The new secret was handed in, sealed to the worker (attempt {}).", submission.attempt),
        None => format!("The change was handed in (attempt {}).", submission.attempt),
    };
    let sealed = submission.sealed.map(|digest| format!("digest of the sealed bytes {digest}"));
    let factor = submission.factor.map(|factor| format!("what is to be removed: {factor}"));
    (what, sealed.into_iter().chain(factor).collect())
}

fn outcome(recorded: &Recorded) -> (String, Vec<String>) {
    let n = recorded.attempt;
    let what = match &recorded.outcome {
        Outcome::Done => format!("Attempt {n}: the change is made, and looking at the account showed it."),
        Outcome::NotDone { reason } => format!("Attempt {n}: the change was refused (`{reason}`). Nothing changed."),
        Outcome::Unknown { reason } => format!("Attempt {n}: no answer (`{reason}`). It is looked at, not repeated."),
    };
    let checks = recorded.checks.iter();
    (what, checks.map(|c| format!("{}: {}", words::check(c.what), words::check_result(c.result))).collect())
}

fn noticed(notice: &Notice, known: &Known) -> (String, Vec<String>) {
    let went = if notice.delivered { "A notice went out" } else { "A notice could not be delivered" };
    (format!("{went}: {}.", words::notice(notice.about)), vec![known.value(notice.address, Field::Address)])
}

fn reviewed(review: &Review) -> (String, Vec<String>) {
    let what = if review.is_clear() {
        "What was left open was looked at. Nothing is wrong."
    } else {
        "What was left open was looked at. Something is wrong."
    };
    let findings = review.findings.iter();
    let more = findings.map(|f| format!("{}: {}", words::item(f.item), words::status(f.status))).collect();
    (what.to_owned(), more)
}

impl Line {
    /// For programs: the words, and the entry itself as it is in the log.
    pub fn json(&self) -> Value {
        let step = words::STEPS.iter().find(|(step, ..)| *step == self.step).map(|(_, word, _)| *word);
        json!({
            "index": self.index, "seq": self.entry.seq, "at": self.entry.at.to_string(), "step": step,
            "what": self.what, "more": self.more, "entry": self.entry,
        })
    }
}

impl Report {
    /// The five steps, each with its entries, and those that the case has not come to.
    pub fn steps(mut self, lines: &[Line], reached: Step) -> Self {
        for ((step, name, about), number) in words::STEPS.into_iter().zip(1..) {
            let own: Vec<&Line> = lines.iter().filter(|line| line.step == step).collect();
            self = self.heading(format!("Step {number}, {name}: {about}"));
            if own.is_empty() {
                let nothing = if step > reached { "The case has not come to this step." } else { "Nothing yet." };
                self = self.joined(nothing);
                continue;
            }
            let mut rows = Vec::new();
            for line in own {
                let by = words::actor(line.entry.by);
                rows.push(vec![words::utc(line.entry.at), format!("#{}", line.index), format!("{} ({by})", line.what)]);
                rows.extend(line.more.iter().map(|more| vec![String::new(), String::new(), format!("  {more}")]));
            }
            self = self.rows(rows);
        }
        self
    }
}
