//! The gate: a [`Question`] made of facts, and the policy's [`Verdict`]. Cedar is behind it and nowhere else.
//!
//! Cedar skips a policy that errs, a `forbid` included; here any error is a refusal. Policies are sliced by step and class when they are loaded,
//! by the scope that Cedar itself checks, so that slicing can not change an answer.

use std::{
    collections::{BTreeMap, HashMap},
    str::FromStr,
    sync::Arc,
};

use cedar_policy::{
    ActionConstraint, Authorizer, Decision, Entities, PolicyId, PolicySet, Request, ResourceConstraint, Schema,
    ValidationMode, Validator,
};
use serde::{Deserialize, Serialize};

use crate::{
    account::{Action, Class},
    digest::Digest,
    event::Door,
    risk::Risk,
    steps::{authorize::Approvals, verify::Proofs},
    time::{DAY_MS, MINUTE_MS},
};

mod bare;
pub mod example;
mod memo;
mod words;

use memo::Memo;
use words::{Standing, Words, context};

pub use bare::Bare;

/// The schema that every policy is checked against.
pub const SCHEMA: &str = include_str!("../../../policy/schema.cedarschema");
/// The policy that ships.
pub const BASELINE: &str = include_str!("../../../policy/baseline.cedar");

/// The two questions that are asked of the policy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Is it this person?
    Verify,
    /// May it happen now?
    Authorize,
}

impl Gate {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::Verify, Self::Authorize];
    /// The name of the action in Cedar.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Authorize => "authorize",
        }
    }
}

/// Everything the gate may look at. Recorded with every answer, so that anybody can ask again.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// What the account can do.
    pub class: Class,
    /// What is asked for.
    pub action: Action,
    /// By which door.
    pub door: Door,
    /// Whether the person has a strong factor, whether or not it counts already.
    pub enrolled_strong: bool,
    /// What the proofs add up to.
    pub proofs: Proofs,
    /// What the approvals add up to.
    pub approvals: Approvals,
    /// How unusual it is.
    pub risk: Risk,
    /// Whether the organization is at work.
    pub business_hours: bool,
    /// Whole minutes since the identity was proved; 0 before.
    pub waited_min: u32,
}

/// The policy's answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// Yes or no.
    pub allowed: bool,
    /// The ids of the policies that decided, sorted. Empty when nothing permits it.
    pub because: Vec<String>,
    /// Digest of the policy text that was asked.
    pub policy: Digest,
}

/// An answer with the facts it was given for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Gated {
    /// What the gate saw.
    pub facts: Facts,
    /// What it said.
    pub verdict: Verdict,
}

/// The longest wait that a policy may want: a week. Whoever waits has to find the way back with the same browser.
pub const MAX_HOLD_MS: i64 = 7 * DAY_MS;

/// A policy text that can not be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// It does not parse.
    #[error("the policy does not parse: {0}")]
    Parse(String),
    /// It does not fit the schema.
    #[error("the policy does not fit the schema: {0}")]
    Validation(String),
    /// A policy without a name or a reason.
    #[error("policy `{0}` needs an @{1} annotation")]
    Annotation(String, &'static str),
    /// Two policies with one name.
    #[error("two policies have the id `{0}`")]
    Twice(String),
    /// A hold that is not a number of minutes.
    #[error("@hold_minutes of policy `{0}` is not a whole number of minutes")]
    Hold(String),
    /// A wait that nobody would come back from.
    #[error("@hold_minutes has {0} minutes, and a week has 10080: nobody finds the way back after more")]
    LongHold(u32),
    /// A policy that is about no question there is: its class is misspelled, and a `forbid` would never be heard.
    #[error("policy `{0}` is about no class of accounts that there is")]
    Idle(String),
    /// Templates are not linked here and would never decide.
    #[error("the policy has templates, which are not used here")]
    Templates,
    /// A mistake of this program.
    #[error("the gate's own words do not fit its schema: {0}")]
    Words(String),
}

/// A loaded policy.
pub struct Policy {
    source: String,
    digest: Digest,
    schema: Schema,
    slices: HashMap<(Gate, Class), PolicySet>,
    reasons: BTreeMap<String, String>,
    holds: Vec<u32>,
    words: Words,
    /// The same question has the same answer, and a plan asks the same few over and over.
    answered: Memo<(Gate, Facts), (bool, Vec<String>)>,
    /// The entities of a question, by what of its facts is in them.
    entities: Memo<Standing, Arc<Entities>>,
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy").field("digest", &self.digest).finish_non_exhaustive()
    }
}

impl Policy {
    /// The same for a policy that is to be asked from now on. What was asked once stays readable, whatever is refused today.
    pub fn load_for_use(source: &str) -> Result<Self, PolicyError> {
        let policy = Self::load(source)?;
        let is_long = |minutes: &&u32| i64::from(**minutes) * MINUTE_MS > MAX_HOLD_MS;
        policy.holds.iter().find(is_long).map_or(Ok(()), |minutes| Err(PolicyError::LongHold(*minutes)))?;
        Ok(policy)
    }

    /// Parses and checks a policy text. Strict: what does not fit the schema is not loaded at all.
    pub fn load(source: &str) -> Result<Self, PolicyError> {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|e| PolicyError::Words(e.to_string()))?;
        let words = Words::new()?;
        let parsed = PolicySet::from_str(source).map_err(|e| PolicyError::Parse(e.to_string()))?;
        if parsed.templates().next().is_some() {
            return Err(PolicyError::Templates);
        }
        let named = named(&parsed)?;
        let result = Validator::new(schema.clone()).validate(&named.policies, ValidationMode::Strict);
        if !result.validation_passed() {
            let errors: Vec<String> = result.validation_errors().map(ToString::to_string).collect();
            return Err(PolicyError::Validation(errors.join("; ")));
        }
        let mut slices = HashMap::new();
        for gate in Gate::ALL {
            for class in Class::ALL {
                slices.insert((gate, class), slice(&named.policies, &words, gate, class)?);
            }
        }
        let heard = |policy: &cedar_policy::Policy| slices.values().any(|slice| slice.policy(policy.id()).is_some());
        if let Some(idle) = named.policies.policies().find(|policy| !heard(policy)) {
            return Err(PolicyError::Idle(idle.id().to_string()));
        }
        Ok(Self {
            digest: Digest::of(source.as_bytes()),
            source: source.to_owned(),
            schema,
            slices,
            reasons: named.reasons,
            holds: named.holds,
            words,
            answered: Memo::new(),
            entities: Memo::new(),
        })
    }

    /// The text it was loaded from.
    pub fn source(&self) -> &str {
        &self.source
    }
    /// Digest of the text.
    pub const fn digest(&self) -> Digest {
        self.digest
    }
    /// The sentence of a policy.
    pub fn because(&self, id: &str) -> Option<&str> {
        self.reasons.get(id).map(String::as_str)
    }
    /// Every policy with its sentence, by id.
    pub fn reasons(&self) -> impl Iterator<Item = (&str, &str)> {
        self.reasons.iter().map(|(id, why)| (id.as_str(), why.as_str()))
    }
    /// Waiting times in minutes that some policy names, ascending.
    pub fn holds(&self) -> &[u32] {
        &self.holds
    }

    /// Asks. Whatever goes wrong on the way is a no (an evaluation error refuses).
    pub fn ask(&self, gate: Gate, facts: &Facts) -> Verdict {
        let answer = self.answered.get((gate, facts.clone()), |(gate, facts)| self.decide(*gate, facts));
        let (allowed, because) = answer.unwrap_or_else(|error| (false, vec![format!("error: {error}")]));
        Verdict { allowed, because, policy: self.digest }
    }

    /// Asks and keeps the facts.
    pub fn gate(&self, gate: Gate, facts: Facts) -> Gated {
        let verdict = self.ask(gate, &facts);
        Gated { facts, verdict }
    }

    fn decide(&self, gate: Gate, facts: &Facts) -> Result<(bool, Vec<String>), PolicyError> {
        let (entities, request, slice) = self.question(gate, facts)?;
        let response = Authorizer::new().is_authorized(&request, slice, &entities);
        let mut errors = response.diagnostics().errors().map(ToString::to_string).peekable();
        if errors.peek().is_some() {
            return Ok((false, errors.map(|e| format!("error: {e}")).collect()));
        }
        let mut because: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
        because.sort_unstable();
        Ok((response.decision() == Decision::Allow, because))
    }

    /// The question in Cedar's words, and the policies that may have a say in it.
    fn question(&self, gate: Gate, facts: &Facts) -> Result<(Arc<Entities>, Request, &PolicySet), PolicyError> {
        let wrong = |e: &dyn std::fmt::Display| PolicyError::Words(e.to_string());
        let make = |standing: &Standing| self.words.entities(standing, &self.schema).map(Arc::new);
        let entities = self.entities.get(Standing::of(facts), make)?;
        let request = Request::new(
            self.words.uid("Requester", "anyone")?,
            self.words.action(gate)?,
            self.words.case()?,
            context(facts)?,
            Some(&self.schema),
        )
        .map_err(|e| wrong(&e))?;
        let slice = self.slices.get(&(gate, facts.class)).ok_or_else(|| wrong(&"no slice"))?;
        Ok((entities, request, slice))
    }
}

struct Named {
    policies: PolicySet,
    reasons: BTreeMap<String, String>,
    holds: Vec<u32>,
}

/// Gives each policy its `@id` as the name that answers and logs use, and collects the other annotations.
fn named(parsed: &PolicySet) -> Result<Named, PolicyError> {
    let mut reasons = BTreeMap::new();
    let mut holds = Vec::new();
    let mut policies = PolicySet::new();
    for policy in parsed.policies() {
        let place = policy.id().to_string();
        let need = |name: &'static str| {
            policy
                .annotation(name)
                .filter(|text| !text.is_empty())
                .ok_or_else(|| PolicyError::Annotation(place.clone(), name))
        };
        let id = need("id")?.to_owned();
        let because = need("because")?.to_owned();
        if let Some(minutes) = policy.annotation("hold_minutes") {
            holds.push(minutes.parse().map_err(|_| PolicyError::Hold(id.clone()))?);
        }
        if reasons.insert(id.clone(), because).is_some() {
            return Err(PolicyError::Twice(id));
        }
        policies.add(policy.new_id(PolicyId::new(&id))).map_err(|e| PolicyError::Parse(e.to_string()))?;
    }
    holds.sort_unstable();
    holds.dedup();
    Ok(Named { policies, reasons, holds })
}

/// The policies whose scope can hold for a question of that step and class. Judged by the scope alone, which Cedar checks before any condition.
fn slice(all: &PolicySet, words: &Words, gate: Gate, class: Class) -> Result<PolicySet, PolicyError> {
    let action = words.action(gate)?;
    let (own, wider) = words.class(class)?;
    // `in` holds of a thing and itself too.
    let within = [Some(own), wider, Some(words.case()?)];
    let applies = |policy: &&cedar_policy::Policy| {
        let by_action = match policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(one) => one == action,
            ActionConstraint::In(several) => several.contains(&action),
        };
        let by_class = match policy.resource_constraint() {
            ResourceConstraint::In(parent) | ResourceConstraint::IsIn(_, parent) => within.contains(&Some(parent)),
            ResourceConstraint::Any | ResourceConstraint::Eq(_) | ResourceConstraint::Is(_) => true,
        };
        by_action && by_class
    };
    PolicySet::from_policies(all.policies().filter(applies).cloned()).map_err(|e| PolicyError::Parse(e.to_string()))
}
