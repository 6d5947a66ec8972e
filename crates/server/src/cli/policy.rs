//! `keyward policy check`, `test` and `explain`: read a policy, try it on examples, ask it about one situation (UX-60, UX-113, UX-117).
//!
//! The gate is the core's; here it is asked and its answer laid out. None of it needs a server or a database.

use std::path::{Path, PathBuf};

use keyward_core::{
    account::{Action, Class, Method},
    plan::Way,
    policy::{
        BASELINE, Policy, PolicyError, Verdict,
        example::{Example, Examples, Expected},
    },
    risk::Signal,
    time::Timestamp,
};
use serde_json::{Value, json};

use super::args::{DoorChoice, HoursChoice, PolicyExplainArgs, PolicyFileArgs, PolicyTestArgs};
use super::lint;
use super::situation::{Answer, Situation};
use super::words;
use super::{CliContext, CliError, Exit, Report};
use crate::config::DEFAULT_FILE;

/// The examples that go with the baseline.
const BASELINE_TESTS: &str = include_str!("../../../../policy/baseline.tests.toml");

/// A policy, and where it is from.
struct Source {
    policy: Policy,
    from: String,
}

/// The policy that is named; else the configuration's; else the baseline.
fn load(file: Option<&Path>, ctx: &CliContext) -> Result<Source, CliError> {
    let configured = || -> Result<Option<PathBuf>, CliError> {
        let set = ctx.environment.iter().any(|(name, _)| name == "KEYWARD_POLICY__FILE");
        if ctx.config.is_none() && !set && !Path::new(DEFAULT_FILE).exists() {
            return Ok(None);
        }
        Ok(ctx.load(&[])?.config.policy.file)
    };
    let file = match file {
        Some(file) => Some(file.to_owned()),
        None => configured()?,
    };
    let (text, from) = match &file {
        Some(file) => {
            let place = file.display().to_string();
            let text = std::fs::read_to_string(file)
                .map_err(|error| CliError::Failed(format!("cannot read `{place}`"), error.into()))?;
            (text, place)
        }
        None => (BASELINE.to_owned(), "the baseline that comes with Keyward".to_owned()),
    };
    let failed = |error: PolicyError| CliError::Failed(format!("the policy {from} can not be used"), error.into());
    Ok(Source { policy: Policy::load_for_use(&text).map_err(failed)?, from })
}

fn head(command: &str, source: &Source) -> Report {
    Report::new(command).facts(&[("Policy", source.from.clone()), ("Digest", source.policy.digest().to_string())])
}

/// Loads a policy, lists what it says, and looks for weaknesses. 1 if it can not be used or a class would be left without a way.
pub async fn check(args: PolicyFileArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let source = load(args.file.as_deref(), ctx)?;
    let rows = source.policy.reasons().map(|(id, why)| vec![id.to_owned(), why.to_owned()]).collect();
    let lines =
        lint::lines(&source.policy).map_err(|error| CliError::Failed("cannot ask the policy".into(), error.into()))?;
    ctx.print(&head("policy check", &source).table("policies", &["id", "because"], rows).checks(lines))
}

/// Runs the examples that go with a policy. 1 if one has another answer than is expected.
pub async fn test(args: PolicyTestArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let source = load(args.file.as_deref(), ctx)?;
    let (text, from) = match &args.tests {
        Some(file) => {
            let place = file.display().to_string();
            let text = std::fs::read_to_string(file)
                .map_err(|error| CliError::Usage(format!("--tests: cannot read `{place}`: {error}")))?;
            (text, place)
        }
        None => (BASELINE_TESTS.to_owned(), "those of the baseline".to_owned()),
    };
    let examples: Examples = toml::from_str(&text)
        .map_err(|error| CliError::Failed(format!("the examples ({from}) can not be read"), error.into()))?;
    if examples.example.is_empty() {
        return Err(CliError::Usage(format!("--tests: there is no example in {from}")));
    }
    let tried: Vec<(&Example, Tried)> = examples.example.iter().map(|e| (e, Tried::of(e, &source.policy))).collect();
    let wrong = tried.iter().filter(|(_, tried)| !tried.right).count();
    let rows = tried.iter().map(|(example, tried)| tried.row(example)).collect();
    let summary = match wrong {
        0 => format!("All {} examples have the answer that is expected.", tried.len()),
        n => format!("{n} of {} examples have another answer than is expected.", tried.len()),
    };
    let report = head("policy test", &source)
        .facts(&[("Tests", from)])
        .table("examples", &["result", "example", "expected", "answer", "because"], rows)
        .text(summary)
        .field("wrong", json!(wrong));
    ctx.print(&report.ending(if wrong == 0 { Exit::Ok } else { Exit::Failed }))
}

/// What came of one example.
struct Tried {
    right: bool,
    verdict: Option<Verdict>,
}

impl Tried {
    fn of(example: &Example, policy: &Policy) -> Self {
        match example.check(policy) {
            Ok(verdict) => Self { right: true, verdict: Some(verdict) },
            Err(verdict) => Self { right: false, verdict },
        }
    }

    fn row(&self, example: &Example) -> Vec<String> {
        let mut expected = yes(example.expect == Expected::Allow).to_owned();
        if let Some(id) = &example.because {
            expected.push_str(&format!(", {id}"));
        }
        let answer = self.verdict.as_ref().map_or("there is no such action", |verdict| yes(verdict.allowed));
        let because = self.verdict.as_ref().map_or_else(String::new, |verdict| verdict.because.join(", "));
        let result = if self.right { "ok" } else { "WRONG" };
        vec![result.into(), example.name.clone(), expected, answer.to_owned(), because]
    }
}

const fn yes(allowed: bool) -> &'static str {
    if allowed { "yes" } else { "no" }
}

/// Says what the policy answers in one situation, why, and what would open the gate.
pub async fn explain(args: PolicyExplainArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let source = load(args.file.as_deref(), ctx)?;
    let situation = situation(&args)?;
    let can = args.can.iter().map(|word| words::one_of("--can", word, &Method::ALL, words::word));
    let can = can.collect::<Result<Vec<_>, _>>()?;
    let attainable = if can.is_empty() { Method::ALL.to_vec() } else { can };
    let answer = situation
        .ask(&source.policy, &attainable)
        .map_err(|error| CliError::Failed("the situation can not be".into(), error.into()))?;
    let mut report = head("policy explain", &source);
    for (gate, facts, verdict) in &answer.gates {
        report = report
            .heading(format!("{}: {} {}", gate.word(), words::gate(*gate), yes(verdict.allowed)))
            .rows(reasons(&source.policy, verdict))
            .joined(format!("  it was told: {}", words::facts(*gate, facts)));
    }
    let gates = answer.gates.iter().map(|(gate, facts, verdict)| {
        json!({"gate": gate, "allowed": verdict.allowed, "because": because(&source.policy, verdict), "facts": facts})
    });
    report = report.field("gates", gates.collect()).field("ways", json!(answer.plan.ways));
    let ways = ways(&answer).into_iter().map(|way| vec![format!("  {way}")]).collect();
    ctx.print(&report.heading("What would open both").rows(ways))
}

/// The policies that decided, with their sentences.
fn because(policy: &Policy, verdict: &Verdict) -> Value {
    verdict.because.iter().map(|id| json!({"id": id, "because": policy.because(id)})).collect()
}

fn reasons(policy: &Policy, verdict: &Verdict) -> Vec<Vec<String>> {
    if verdict.because.is_empty() {
        return vec![vec!["  no policy permits it, and what is not permitted is refused".to_owned()]];
    }
    let sentence = |id: &String| policy.because(id).unwrap_or_default().to_owned();
    verdict.because.iter().map(|id| vec![format!("  {id}"), sentence(id)]).collect()
}

/// Each way in one line, smallest first.
fn ways(answer: &Answer) -> Vec<String> {
    if answer.plan.ways.is_empty() {
        return vec!["nothing: there is no way for this person, by this door, for this".to_owned()];
    }
    answer.plan.ways.iter().map(|way| self::way(way, answer.at, answer.next_business)).collect()
}

fn way(way: &Way, at: Timestamp, next_business: Option<Timestamp>) -> String {
    let mut parts: Vec<String> = way.proofs.iter().map(|proof| words::method(*proof).to_owned()).collect();
    if way.approvals > 0 {
        let people = usize::try_from(way.approvals).unwrap_or(usize::MAX);
        let people = words::things(people, "more person who agrees", "more people who agree");
        parts.push(if way.groups > 1 { format!("{people}, from {} groups in all", way.groups) } else { people });
    }
    if let Some(until) = way.wait_until {
        let span = words::span(until.since_ms(at));
        let wait = if Some(until) == next_business {
            "the start of business hours".to_owned()
        } else {
            format!("a wait of {span}")
        };
        parts.push(wait);
    }
    if parts.is_empty() { "nothing more: both gates are open".to_owned() } else { parts.join(", and ") }
}

fn situation(args: &PolicyExplainArgs) -> Result<Situation, CliError> {
    let mut approvals = args.groups.clone();
    let named = u32::try_from(approvals.len()).unwrap_or(u32::MAX);
    let people = args.approvals.unwrap_or(named);
    if named > people || people > 9 {
        return Err(CliError::Usage("--groups names one group for each approval, and there are at most 9".to_owned()));
    }
    // Whoever is not named stands for a group of their own.
    approvals.extend((named..people).map(|number| format!("group {number}")));
    let mut proofs: Vec<Method> = Vec::new();
    for word in &args.proofs {
        let method = words::one_of("--proofs", word, &Method::ALL, words::word)?;
        if proofs.contains(&method) {
            return Err(CliError::Usage(format!("--proofs names {method} twice; the second would not count")));
        }
        proofs.push(method);
    }
    let risk = args.risk.iter().map(|word| words::one_of("--risk", word, &SIGNALS, words::word));
    Ok(Situation {
        class: words::one_of("--class", &args.class, &Class::ALL, words::word)?,
        action: words::one_of("--action", &args.action, &ACTIONS, |action| action.word().to_owned())?,
        door: DoorChoice::door(args.door),
        proofs,
        enrolled_strong: !args.nothing_strong,
        approvals,
        risk: risk.collect::<Result<_, _>>()?,
        at_work: args.hours == HoursChoice::Work,
        waited_min: args.waited,
    })
}

const ACTIONS: [Action; 4] =
    [Action::SetPassword, Action::Unlock, Action::EnrollFactor { method: Method::Passkey }, Action::RemoveFactor];
const SIGNALS: [Signal; 5] =
    [Signal::RecentCase, Signal::RecentFailures, Signal::RecentChange, Signal::RecentContest, Signal::NewNetwork];

/// For the lint: the way in words.
pub(super) fn in_words(answer: &Answer) -> Option<String> {
    answer.plan.ways.first().map(|first| way(first, answer.at, answer.next_business))
}

impl DoorChoice {
    fn door(self) -> keyward_core::event::Door {
        use keyward_core::event::Door;
        match self {
            Self::Forgot => Door::Forgot,
            Self::Locked => Door::Locked,
            Self::Lost => Door::Lost,
            Self::Account => Door::Account,
        }
    }
}
