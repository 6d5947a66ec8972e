//! The log's words in sentences of the command line: what an action, a proof, a reason is called when it is read out.
//!
//! No rule and no layout; the words that programs read are the core's own.

use keyward_core::{
    account::{Action, Method},
    actor::Actor,
    case::Step,
    digest::Field,
    event::{ContestedFrom, Door, EndReason, Unmatched},
    policy::{Facts, Gate},
    risk::Signal,
    steps::{
        reissue::{CheckKind, CheckResult},
        review::{Item, NoticeAbout, Status},
        verify::RejectionReason,
    },
    time::Timestamp,
};
use serde::Serialize;

use super::CliError;

/// The five steps in order, with what each is about.
pub const STEPS: [(Step, &str, &str); 5] = [
    (Step::Classify, "classify", "whose account is it?"),
    (Step::Verify, "verify", "is it this person?"),
    (Step::Authorize, "authorize", "may it happen?"),
    (Step::Reissue, "reissue", "the change itself"),
    (Step::Review, "review", "was anything left open?"),
];

/// `2026-11-20 14:02:13`, in UTC. Programs read the exact moment in JSON.
pub fn utc(at: Timestamp) -> String {
    let text = at.to_string();
    match text.split_once('.') {
        Some((seconds, _)) if seconds.contains('T') => seconds.replacen('T', " ", 1),
        _ => text,
    }
}

/// A span in its two largest units: `28 min 34 s`.
pub fn span(millis: i64) -> String {
    let seconds = millis.max(0) / 1000;
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds;
    let mut parts = Vec::new();
    for (size, unit) in units {
        if left >= size {
            parts.push(format!("{} {unit}", left / size));
            left %= size;
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

/// How a clock that differs by so much stands to the other: `5 min ahead of`.
pub fn apart(by_ms: i64) -> String {
    format!("{} {}", span(by_ms.saturating_abs()), if by_ms > 0 { "ahead of" } else { "behind" })
}

/// A count with groups of three digits: `48,219`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 entry`, `3 entries`.
pub fn things(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(u64::try_from(number).unwrap_or(u64::MAX)), if number == 1 { one } else { many })
}

/// What a flag names with one of these words; else an answer with all of them.
pub fn one_of<T: Copy>(flag: &str, word: &str, all: &[T], spelled: impl Fn(&T) -> String) -> Result<T, CliError> {
    let known: Vec<String> = all.iter().map(spelled).collect();
    let found = all.iter().zip(&known).find(|(_, known)| *known == word).map(|(one, _)| *one);
    found.ok_or_else(|| CliError::Usage(format!("{flag}: `{word}` is not one of {}", known.join(", "))))
}

/// The word that entries, policies and JSON use for a value.
pub fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// What is asked for.
pub fn action(action: Action) -> String {
    match action {
        Action::SetPassword => "a new password".to_owned(),
        Action::Unlock => "lifting the lock".to_owned(),
        Action::EnrollFactor { method: Method::Passkey } => "adding a passkey".to_owned(),
        Action::EnrollFactor { method } => format!("adding a way back in ({method})"),
        Action::RemoveFactor => "removing a way back in".to_owned(),
    }
}

/// By which door.
pub const fn door(door: Door) -> &'static str {
    match door {
        Door::Forgot => "\"I forgot my password\"",
        Door::Locked => "\"I am locked out\"",
        Door::Lost => "\"I lost my phone or key\"",
        Door::Account => "\"my ways back in\", signed in",
    }
}

/// A kind of proof.
pub const fn method(method: Method) -> &'static str {
    match method {
        Method::Passkey => "a passkey",
        Method::InPerson => "being seen in person",
        Method::Totp => "a code of an app",
        Method::RecoveryCode => "a printed code",
        Method::KnownDevice => "a browser that is known",
        Method::Email => "an answer from a stored address",
        Method::DirectoryPassword => "the present password",
    }
}

/// Who did it.
pub fn actor(actor: Actor) -> String {
    match actor {
        Actor::Requester => "whoever asked".to_owned(),
        Actor::Person { id } => format!("the owner, {id}"),
        Actor::Staff { id } => format!("staff, {id}"),
        Actor::Keyward => "Keyward".to_owned(),
        Actor::Operator => "the operator".to_owned(),
    }
}

/// What a personal value is.
pub const fn field(field: Field) -> &'static str {
    match field {
        Field::Name => "name that was typed",
        Field::Network => "network address",
        Field::Browser => "browser",
        Field::Account => "account",
        Field::Address => "address",
        Field::Note => "note",
    }
}

/// Why a name is no account.
pub const fn unmatched(reason: Unmatched) -> &'static str {
    match reason {
        Unmatched::Unknown => "there is no such account",
        Unmatched::Ambiguous => "more than one account has that name",
        Unmatched::Disabled => "the account is switched off",
        Unmatched::Machine => "the account belongs to software",
        Unmatched::Blocked => "\"this was not me\" was said for it a short time before",
        Unmatched::NoRoute => "nothing its owner has could open the gate",
    }
}

/// Why a proof was not taken.
pub const fn rejection(reason: RejectionReason) -> &'static str {
    match reason {
        RejectionReason::Mismatch => "it was not the right one",
        RejectionReason::Replayed => "it had been used before",
        RejectionReason::Expired => "it came too late",
        RejectionReason::OtherPerson => "it belongs to somebody else",
        RejectionReason::OtherCase => "it was made for another browser or case",
        RejectionReason::TooManyTries => "there had been too many tries; it was not looked at",
        RejectionReason::NotEnrolled => "nothing of that kind is set up",
        RejectionReason::Unsound => "its own checks did not hold",
    }
}

/// Why a case ended without a change.
pub const fn ended(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Denied => "an approver said no",
        EndReason::Withdrawn => "whoever asked took it back",
        EndReason::Expired => "its time ran out",
        EndReason::DirectoryRefused => "the directory refused the change too often",
        EndReason::Superseded => "a newer case took its place",
        EndReason::Blocked => "\"this was not me\" was said in another case of the account",
    }
}

/// Where "this was not me" was said.
pub const fn contested(from: ContestedFrom) -> &'static str {
    match from {
        ContestedFrom::Notice => "by the link in a notice",
        ContestedFrom::Page => "on a page of the case",
        ContestedFrom::Account => "in the list of cases, signed in",
    }
}

/// What was done or looked at around a change.
pub const fn check(what: CheckKind) -> &'static str {
    match what {
        CheckKind::Write => "the directory took the change",
        CheckKind::ReadBack => "the account was read again and shows it",
        CheckKind::NewOpens => "the new secret opens the account",
        CheckKind::OldRefused => "the old secret, or one that is surely wrong, does not open it",
        CheckKind::Unlocked => "the lock is gone",
        CheckKind::MustChange => "another password must be chosen at the next sign-in",
        CheckKind::StateKept => "the account is otherwise as it was",
        CheckKind::SessionsEnded => "sessions of the account were ended",
        CheckKind::SiblingsEnded => "everything else that could open a recovery was ended",
    }
}

/// How a check turned out.
pub const fn check_result(result: CheckResult) -> &'static str {
    match result {
        CheckResult::Done => "shown",
        CheckResult::Unsupported => "this directory can not do or show it",
        CheckResult::Failed => "NOT SO",
        CheckResult::Unverified => "could not be looked at",
    }
}

/// The occasion of a notice.
pub const fn notice(about: NoticeAbout) -> &'static str {
    match about {
        NoticeAbout::Started => "somebody asked",
        NoticeAbout::Held => "the case waits",
        NoticeAbout::Stopped => "the case ended without a change",
        NoticeAbout::Done => "the change is made",
        NoticeAbout::RecoveryDataChanged => "a way back in was added, changed or removed",
        NoticeAbout::Contested => "\"this was not me\" was said",
    }
}

/// A line of the review.
pub const fn item(item: Item) -> &'static str {
    match item {
        Item::Change => "the change and its read-back",
        Item::OldSecret => "the old secret, or one that is surely wrong, is refused",
        Item::Sessions => "sessions of the account",
        Item::Siblings => "links, codes and cases that were still open",
        Item::Notices => "everybody who should know was told",
    }
}

/// The status of a line of the review.
pub const fn status(status: Status) -> &'static str {
    match status {
        Status::Clear => "clear",
        Status::Problem => "PROBLEM",
        Status::CannotCheck => "can not be checked here",
    }
}

/// What raised the risk.
pub const fn signal(signal: Signal) -> &'static str {
    match signal {
        Signal::RecentCase => "another case within a day",
        Signal::RecentFailures => "proofs that did not hold within a day",
        Signal::RecentChange => "a way back in was changed a short time ago",
        Signal::RecentContest => "\"this was not me\" was said within thirty days",
        Signal::NewNetwork => "a network this person has not been seen on",
    }
}

/// The question of a gate.
pub const fn gate(gate: Gate) -> &'static str {
    match gate {
        Gate::Verify => "is it this person?",
        Gate::Authorize => "may it happen now?",
    }
}

/// What a gate was told, in one line.
pub fn facts(gate: Gate, facts: &Facts) -> String {
    let proofs: Vec<&str> = facts.proofs.methods.iter().map(|m| method(*m)).collect();
    let proofs = if proofs.is_empty() { "none".to_owned() } else { proofs.join(", ") };
    let mut text = format!(
        "class {}; {} by the door {}; proofs that count: {proofs} ({} independent, {} strong)",
        facts.class,
        action(facts.action),
        facts.door.word(),
        facts.proofs.independent,
        facts.proofs.strong,
    );
    if gate == Gate::Authorize {
        let people = usize::try_from(facts.approvals.people).unwrap_or(usize::MAX);
        text.push_str(&format!(
            "; {} from {}; {} min since the identity was proved; {}",
            things(people, "approval", "approvals"),
            things(usize::try_from(facts.approvals.groups).unwrap_or(usize::MAX), "group", "groups"),
            facts.waited_min,
            if facts.business_hours { "at work" } else { "outside business hours" }
        ));
    }
    let signals: Vec<&str> = facts.risk.signals().iter().map(|s| signal(*s)).collect();
    text.push_str(&format!("; risk {} of 100", facts.risk.score()));
    if !signals.is_empty() {
        text.push_str(&format!(" ({})", signals.join(", ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_spans_and_counts_read_as_people_write_them() {
        assert_eq!(utc(Timestamp::from_millis(1_795_183_333_005)), "2026-11-20 14:02:13");
        assert_eq!(utc(Timestamp::from_millis(i64::MAX)), "9223372036854775807 ms");
        let spans = [(0, "0 s"), (-5, "0 s"), (1_714_000, "28 min 34 s"), (90_061_000, "1 d 1 h"), (3_600_000, "1 h")];
        for (millis, text) in spans {
            assert_eq!(span(millis), text);
        }
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (48_219, "48,219"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
        assert_eq!(
            (things(1, "entry", "entries"), things(2, "entry", "entries")),
            ("1 entry".into(), "2 entries".into())
        );
    }
}
