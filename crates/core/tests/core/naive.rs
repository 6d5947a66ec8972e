//! A second, naive evaluator of policies: trees instead of text, facts instead of entities, each rule of Cedar once and straight. It knows the
//! part of the language that policies here use, and nothing of how the gate works.

use std::fmt;

use keyward_core::{
    account::{Class, Method},
    policy::{Facts, Gate},
};

/// An expression.
#[derive(Clone, Debug)]
pub enum Tree {
    Bool(bool),
    Long(i64),
    Text(&'static str),
    /// A path from `resource` or `context`.
    At(&'static str),
    Has(&'static str, &'static str),
    /// `resource in` one of these classes.
    Within(Vec<&'static str>),
    Not(Box<Tree>),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    If(Box<Tree>, Box<Tree>, Box<Tree>),
    Compare(&'static str, Box<Tree>, Box<Tree>),
    Add(Box<Tree>, Box<Tree>),
    Times(Box<Tree>, Box<Tree>),
    OneOf(Vec<&'static str>, Box<Tree>),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    Bool(bool),
    Long(i64),
    Text(String),
}

/// What goes wrong while evaluating.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrong {
    /// A number that is too large.
    Overflow,
    /// A value of another kind, or an attribute that there is not.
    Kind,
}

type Valued = Result<Value, Wrong>;

fn class(word: &str) -> String {
    format!("Keyward::Class::\"{word}\"")
}

fn list(words: &[&str], show: impl Fn(&str) -> String) -> String {
    format!("[{}]", words.iter().map(|word| show(word)).collect::<Vec<_>>().join(", "))
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Long(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::At(path) => write!(f, "{path}"),
            Self::Has(base, name) => write!(f, "({base} has {name})"),
            Self::Within(classes) => match classes.as_slice() {
                [one] => write!(f, "(resource in {})", class(one)),
                several => write!(f, "(resource in {})", list(several, class)),
            },
            Self::Not(a) => write!(f, "!({a})"),
            Self::And(a, b) => write!(f, "({a} && {b})"),
            Self::Or(a, b) => write!(f, "({a} || {b})"),
            Self::If(a, b, c) => write!(f, "(if {a} then {b} else {c})"),
            Self::Compare(by, a, b) => write!(f, "({a} {by} {b})"),
            Self::Add(a, b) => write!(f, "({a} + {b})"),
            Self::Times(a, b) => write!(f, "({a} * {b})"),
            Self::OneOf(words, a) => write!(f, "{}.contains({a})", list(words, |word| format!("{word:?}"))),
        }
    }
}

/// The classes that a case of a class is in.
fn classes(of: Class) -> &'static [&'static str] {
    match of {
        Class::Standard => &["standard"],
        Class::Finance => &["finance", "elevated"],
        Class::Hr => &["hr", "elevated"],
        Class::Executive => &["executive", "elevated"],
        Class::Machine => &["machine"],
        Class::Admin => &["admin"],
    }
}

const KINDS: [(&str, Method); 7] = [
    ("passkey", Method::Passkey),
    ("inPerson", Method::InPerson),
    ("totp", Method::Totp),
    ("recoveryCode", Method::RecoveryCode),
    ("knownDevice", Method::KnownDevice),
    ("email", Method::Email),
    ("directoryPassword", Method::DirectoryPassword),
];

const CASE: [&str; 5] = ["action", "door", "enrolledStrong", "proofs", "approvals"];
const CONTEXT: [&str; 3] = ["risk", "businessHours", "waitedMinutes"];

fn look(path: &str, facts: &Facts) -> Valued {
    if let Some(kind) = path.strip_prefix("resource.").and_then(|rest| rest.strip_suffix(".given")) {
        let found = KINDS.iter().find(|(name, _)| *name == kind).ok_or(Wrong::Kind)?;
        return Ok(Value::Bool(facts.proofs.methods.contains(&found.1)));
    }
    Ok(match path {
        "resource.action" => Value::Text(facts.action.word().to_owned()),
        "resource.door" => Value::Text(facts.door.word().to_owned()),
        "resource.enrolledStrong" => Value::Bool(facts.enrolled_strong),
        "resource.proofs.independent" => Value::Long(facts.proofs.independent.into()),
        "resource.proofs.strong" => Value::Long(facts.proofs.strong.into()),
        "resource.approvals.people" => Value::Long(facts.approvals.people.into()),
        "resource.approvals.groups" => Value::Long(facts.approvals.groups.into()),
        "context.risk" => Value::Long(facts.risk.score().into()),
        "context.businessHours" => Value::Bool(facts.business_hours),
        "context.waitedMinutes" => Value::Long(facts.waited_min.into()),
        _ => return Err(Wrong::Kind),
    })
}

impl Tree {
    fn truth(&self, facts: &Facts) -> Result<bool, Wrong> {
        if let Value::Bool(value) = self.value(facts)? { Ok(value) } else { Err(Wrong::Kind) }
    }

    fn number(&self, facts: &Facts) -> Result<i64, Wrong> {
        if let Value::Long(value) = self.value(facts)? { Ok(value) } else { Err(Wrong::Kind) }
    }

    /// What it comes to. The second half of `&&` and `||`, and the other branch of `if`, are not looked at when the first decides.
    pub fn value(&self, facts: &Facts) -> Valued {
        Ok(match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Long(value) => Value::Long(*value),
            Self::Text(value) => Value::Text((*value).to_owned()),
            Self::At(path) => return look(path, facts),
            Self::Has("context", name) => Value::Bool(CONTEXT.contains(name)),
            Self::Has(_, name) => Value::Bool(CASE.contains(name) || KINDS.iter().any(|(kind, _)| kind == name)),
            Self::Within(wanted) => Value::Bool(wanted.iter().any(|one| classes(facts.class).contains(one))),
            Self::Not(a) => Value::Bool(!a.truth(facts)?),
            Self::And(a, b) => Value::Bool(a.truth(facts)? && b.truth(facts)?),
            Self::Or(a, b) => Value::Bool(a.truth(facts)? || b.truth(facts)?),
            Self::If(a, b, c) => return if a.truth(facts)? { b.value(facts) } else { c.value(facts) },
            Self::Compare("==", a, b) => Value::Bool(a.value(facts)? == b.value(facts)?),
            Self::Compare("!=", a, b) => Value::Bool(a.value(facts)? != b.value(facts)?),
            Self::Compare(by, a, b) => {
                let (a, b) = (a.number(facts)?, b.number(facts)?);
                Value::Bool(match *by {
                    "<" => a < b,
                    "<=" => a <= b,
                    ">" => a > b,
                    _ => a >= b,
                })
            }
            Self::Add(a, b) => Value::Long(a.number(facts)?.checked_add(b.number(facts)?).ok_or(Wrong::Overflow)?),
            Self::Times(a, b) => Value::Long(a.number(facts)?.checked_mul(b.number(facts)?).ok_or(Wrong::Overflow)?),
            Self::OneOf(words, a) => {
                let value = a.value(facts)?;
                Value::Bool(words.iter().any(|word| value == Value::Text((*word).to_owned())))
            }
        })
    }
}

/// Which questions a policy is about, as it is written.
#[derive(Clone, Debug)]
pub enum About {
    Any,
    One(Gate),
    Some(Vec<Gate>),
}

/// Which cases a policy is about, as it is written.
#[derive(Clone, Debug)]
pub enum On {
    Any,
    Within(&'static str),
    TheCase,
    WithinTheCase,
    AnotherCase,
    ACase,
    ACaseWithin(&'static str),
}

/// A policy.
#[derive(Clone, Debug)]
pub struct Rule {
    pub id: String,
    pub permits: bool,
    pub about: About,
    pub on: On,
    /// `when` if true, `unless` if not.
    pub conditions: Vec<(bool, Tree)>,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gate = |gate: &Gate| format!("Keyward::Action::\"{}\"", gate.word());
        let about = match &self.about {
            About::Any => "action".to_owned(),
            About::One(one) => format!("action == {}", gate(one)),
            About::Some(several) => {
                format!("action in [{}]", several.iter().map(gate).collect::<Vec<_>>().join(", "))
            }
        };
        let on = match &self.on {
            On::Any => "resource".to_owned(),
            On::Within(word) => format!("resource in {}", class(word)),
            On::TheCase => "resource == Keyward::Case::\"case\"".to_owned(),
            On::WithinTheCase => "resource in Keyward::Case::\"case\"".to_owned(),
            On::AnotherCase => "resource == Keyward::Case::\"another\"".to_owned(),
            On::ACase => "resource is Keyward::Case".to_owned(),
            On::ACaseWithin(word) => format!("resource is Keyward::Case in {}", class(word)),
        };
        let effect = if self.permits { "permit" } else { "forbid" };
        write!(f, "@id(\"{}\") @because(\"x\") {effect} (principal, {about}, {on})", self.id)?;
        for (when, tree) in &self.conditions {
            write!(f, "\n{} {{ {tree} }}", if *when { "when" } else { "unless" })?;
        }
        writeln!(f, ";")
    }
}

impl Rule {
    /// Whether it holds. Nothing in it is evaluated when it is about something else.
    fn holds(&self, gate: Gate, facts: &Facts) -> Result<bool, Wrong> {
        let about = match &self.about {
            About::Any => true,
            About::One(one) => *one == gate,
            About::Some(several) => several.contains(&gate),
        };
        let on = match &self.on {
            On::Any | On::TheCase | On::WithinTheCase | On::ACase => true,
            On::AnotherCase => false,
            On::Within(word) | On::ACaseWithin(word) => classes(facts.class).contains(word),
        };
        if !about || !on {
            return Ok(false);
        }
        for (when, tree) in &self.conditions {
            if tree.truth(facts)? != *when {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Yes or no, with the policies that decided; or what went wrong, which Keyward takes for a no.
pub fn decide(rules: &[Rule], gate: Gate, facts: &Facts) -> Result<(bool, Vec<String>), Wrong> {
    let (mut permits, mut forbids, mut wrong) = (vec![], vec![], None);
    for rule in rules {
        match rule.holds(gate, facts) {
            Ok(true) if rule.permits => permits.push(rule.id.clone()),
            Ok(true) => forbids.push(rule.id.clone()),
            Ok(false) => {}
            Err(other) => wrong = Some(wrong.filter(|first| *first == Wrong::Kind).unwrap_or(other)),
        }
    }
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    let allowed = forbids.is_empty() && !permits.is_empty();
    let mut because = if forbids.is_empty() { permits } else { forbids };
    because.sort();
    Ok((allowed, because))
}
