//! What is weak about a policy that loads: a class without a way (UX-117), without a way that asks nothing of memory (UX-60),
//! an administrator whom one person can let in, a weak proof that is enough alone.
//!
//! It asks the gate about made-up cases and reads no policy text: what it finds is what would happen.

use keyward_core::{
    account::{Class, Method},
    case::Corrupt,
    policy::Policy,
};

use super::policy::in_words;
use super::situation::{Answer, Situation};
use super::{CheckLine, Mark};

/// Proofs that need no memory, no puzzle and no copying of signs (WCAG 2.2, 3.3.8). Mail counts by its link.
const EASY: [Method; 4] = [Method::Passkey, Method::InPerson, Method::KnownDevice, Method::Email];
/// Proofs that must never be enough alone for somebody who is locked out.
const WEAK: [Method; 3] = [Method::Email, Method::KnownDevice, Method::DirectoryPassword];

type Found = Result<Option<CheckLine>, Corrupt>;

/// One line for each class, and one for each weakness.
pub fn lines(policy: &Policy) -> Result<Vec<CheckLine>, Corrupt> {
    let mut lines = Vec::new();
    for class in Class::ALL {
        let answer = Situation::plain(class).ask(policy, &Method::ALL)?;
        lines.push(route(class, &answer));
        if class != Class::Machine && !answer.plan.ways.is_empty() {
            lines.extend(easy(policy, class)?);
        }
        for method in WEAK {
            lines.extend(alone(policy, class, method)?);
        }
        if class == Class::Admin {
            lines.extend(two(&answer));
        }
    }
    Ok(lines)
}

fn line(class: Class, mark: Mark, found: impl Into<String>) -> CheckLine {
    CheckLine::new(format!("class {class}"), mark, found)
}

/// Whether somebody of the class can get in at all, having every way back in.
fn route(class: Class, answer: &Answer) -> CheckLine {
    match (in_words(answer), class) {
        (Some(way), Class::Machine) => {
            line(class, Mark::Fail, format!("software can be recovered like a person: {way}"))
                .fix(Some("remove what permits it; machine credentials are rotated, not recovered".to_owned()))
        }
        (None, Class::Machine) => line(class, Mark::Pass, "no way for people, as it should be"),
        (Some(way), _) => line(class, Mark::Pass, format!("shortest way: {way}")),
        (None, _) => line(class, Mark::Fail, "no way: whatever people prove and whoever agrees, they stay locked out")
            .fix(Some(format!("permit both \"verify\" and \"authorize\" for Keyward::Class::\"{class}\""))),
    }
}

/// Whether there is a way without remembering or copying anything.
fn easy(policy: &Policy, class: Class) -> Found {
    let hard = Situation::plain(class).ask(policy, &EASY)?.plan.ways.is_empty();
    Ok(hard.then(|| {
        line(class, Mark::Fail, "every way asks people to remember or to copy something (UX-60; WCAG 2.2, 3.3.8)").fix(
            Some("permit a passkey, being seen in person, or a link by mail in a browser that is known".to_owned()),
        )
    }))
}

/// Whether one weak proof is enough to be taken for somebody.
fn alone(policy: &Policy, class: Class, method: Method) -> Found {
    let situation = Situation { proofs: vec![method], ..Situation::plain(class) };
    let [(_, _, first), _] = situation.ask(policy, &[])?.gates;
    Ok(first.allowed.then(|| {
        line(class, Mark::Warn, format!("{method} alone is enough to be taken for somebody"))
            .fix(Some("ask for a second, independent proof".to_owned()))
    }))
}

/// Whether fewer than two people can let an administrator in.
fn two(answer: &Answer) -> Option<CheckLine> {
    let fewest = answer.plan.ways.iter().map(|way| way.approvals).min();
    fewest.filter(|fewest| *fewest < 2).map(|fewest| {
        let whose = if fewest == 0 { "nobody else has" } else { "only one other person has" };
        let found = format!("{whose} to agree: one person who is fooled gives away everything");
        line(Class::Admin, Mark::Warn, found)
            .fix(Some("ask for approvals.people >= 2 and approvals.groups >= 2".to_owned()))
    })
}
