//! The new way in: a password that the rules take, an unlock, the end of a lost factor, or something new. Handed to the worker sealed.

use keyward_core::{
    account::Action,
    case::{Refusal, Stage},
    secret::SecretText,
    steps::reissue::{Attempt, Outcome},
};
use serde::Deserialize;

use super::{Here, Place};
use crate::{
    flow::{FlowError, Handed},
    i18n::{Key, k},
    passwords::{Judged, NewPasswords},
    web::{
        answer::{Answer, Answered, ask, go, json, stop},
        filled::Filled,
        views::{
            outcome::StopReason,
            reissue::{NewPassword, PasswordField, PasswordProblem, PasswordRule, UnlockNow},
        },
        visit::Visit,
    },
};

/// `GET …/new`: to the page of what the case is for.
pub async fn new(here: Here) -> Answered {
    here.stands_at(Place::New)?;
    Ok(match here.case.claim().action {
        Action::SetPassword => go(&format!("{}/new/password", here.base())),
        // Looking is not acting (R12): whoever looks is asked first.
        Action::Unlock => {
            let refused = refused_before(&here).await;
            let has_problem = refused.is_some();
            ask(&UnlockNow { shell: here.shell(), case: here.head(), refused }, has_problem)
        }
        // What is bound or ended is chosen on a page of its own (`account/bind.rs`).
        Action::EnrollFactor { .. } | Action::RemoveFactor => go(&format!("{}/bind", here.base())),
    })
}

/// `POST …/new`: what needs nothing but to be asked for.
pub async fn unlock(here: Here) -> Answered {
    here.stands_at(Place::New)?;
    Ok(match here.case.claim().action {
        Action::Unlock => hand(&here, Handed::Nothing).await,
        Action::SetPassword | Action::EnrollFactor { .. } | Action::RemoveFactor => here.onward(&here.case),
    })
}

/// Hands something in and goes to the page that waits for the worker.
pub async fn hand(here: &Here, handed: Handed) -> Answer {
    match here.visit.portal.flow.submit(&here.case, handed).await {
        Ok(acted) => here.onward(&acted.into_inner().case),
        // Its time is over, or the directory has said no often enough: that is said here, for the case still stands where this came from.
        Err(error @ FlowError::Refused(Refusal::Expired | Refusal::NoAttemptLeft)) => here.failed(error),
        // Somebody with this browser was a moment faster: the page that waits shows what became of it.
        Err(FlowError::Refused(_)) => go(&here.base()),
        Err(error) => here.failed(error),
    }
}

/// `GET …/new/password`.
pub async fn password(here: Here) -> Answered {
    here.stands_at(Place::New)?;
    let min = here.visit.portal.passwords.min_chars();
    let problem = refused_before(&here).await.map(|reason| match reason.as_str() {
        "too_short" => PasswordProblem::Short(min),
        "in_history" => PasswordProblem::Before,
        "quality" => PasswordProblem::Guess,
        _ => PasswordProblem::Directory(reason),
    });
    password_page(&here, problem).await
}

/// Why the directory refused the last attempt: its code.
async fn refused_before(here: &Here) -> Option<String> {
    let Stage::Reissuing(_, Attempt::Failed(_)) = here.case.stage() else { return None };
    match here.visit.portal.flow.last_outcome(here.case.id()).await.ok().flatten()? {
        Outcome::NotDone { reason } => Some(reason),
        _ => None,
    }
}

async fn password_page(here: &Here, problem: Option<PasswordProblem>) -> Answered {
    let account = here.or_page(here.visit.portal.flow.typed_name(&here.case).await)?;
    let has_problem = problem.is_some();
    let view = NewPassword {
        shell: here.shell(),
        case: here.head(),
        field: field(&here.visit.portal.passwords, account, format!("{}/new/password/check", here.base())),
        problem,
    };
    Ok(ask(&view, has_problem))
}

/// The field with its rules, from the very code that judges.
pub fn field(passwords: &NewPasswords, account: String, check: String) -> PasswordField {
    let rules = vec![PasswordRule::Length(passwords.min_chars()), PasswordRule::NotKnown, PasswordRule::NotYou];
    PasswordField { account, rules, passwordrules: passwords.passwordrules(), check }
}

/// A typed password.
#[derive(Deserialize)]
pub struct Typed {
    #[serde(rename = "new-password", default)]
    new: String,
}

/// `POST …/new/password`.
pub async fn password_typed(here: Here, Filled(form): Filled<Typed>) -> Answered {
    let new = SecretText::new(form.new);
    here.stands_at(Place::New)?;
    if new.expose().is_empty() {
        return password_page(&here, Some(PasswordProblem::Empty)).await;
    }
    let name = here.or_page(here.visit.portal.flow.typed_name(&here.case).await)?;
    Ok(match here.visit.portal.passwords.judge(new, &name).await {
        Judged::Busy => here.stopped(StopReason::Outage),
        Judged::Refused(cause) => password_page(&here, Some(problem_of(&here.visit.portal.passwords, cause))).await?,
        Judged::Accepted(password) => hand(&here, Handed::Password(password)).await,
    })
}

/// A cause, in a person's words.
pub fn problem_of(passwords: &NewPasswords, cause: crate::passwords::rules::Rule) -> PasswordProblem {
    use crate::passwords::rules::Rule;
    match cause {
        Rule::Length => PasswordProblem::Short(passwords.min_chars()),
        Rule::TooLong => PasswordProblem::Long(passwords.max_chars()),
        Rule::ControlCharacters => PasswordProblem::Characters,
        Rule::Repeats => PasswordProblem::Guess,
        Rule::Blocklisted | Rule::Breached => PasswordProblem::Known,
        Rule::ContextWord => PasswordProblem::You,
    }
}

/// `POST …/new/password/check`: what is typed so far, judged by the code that decides.
pub async fn password_check(here: Here, Filled(form): Filled<Typed>) -> Answered {
    // Judging takes a while, and anybody can open a case: only who has shown who they are has a password judged (T-K02).
    if here.stands_at(Place::New).is_err() {
        return Ok(here.stopped(StopReason::Busy));
    }
    let name = here.or_page(here.visit.portal.flow.typed_name(&here.case).await)?;
    Ok(judged_live(&here.visit, SecretText::new(form.new), &name).await)
}

/// What is typed so far, judged for the page on which it is typed.
pub async fn judged_live(visit: &Visit, typed: SecretText, name: &str) -> Answer {
    let Some(live) = visit.portal.passwords.live(typed, name).await else {
        return stop(visit, StopReason::Outage);
    };
    let shell = visit.shell();
    json(&serde_json::json!({
        "rules": { "length": live.length, "known": live.known && live.plain, "you": live.you },
        "say": shell.t(strength(live.strength.score())).to_string(),
    }))
}

/// The words for an estimated strength. They refuse nothing (N-43).
fn strength(score: u8) -> Key {
    match score {
        0 => k("strength-very-weak"),
        1 => k("strength-weak"),
        2 => k("strength-fair"),
        3 => k("strength-good"),
        _ => k("strength-strong"),
    }
}
