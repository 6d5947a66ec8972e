//! The new way in: what is handed in when the gate is open, and the look at a password while it is being typed.

use axum::http::StatusCode;
use keyward_core::{account::Action, ids::FactorId, secret::SecretText};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    call::{Call, Held},
    json::{Input, present},
    problem::{Kind, Problem},
    reply::{Answer, Reply},
    view::{CaseView, State},
};
use crate::{flow::Handed, passwords::Judged};

/// A password that is being typed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Typed {
    /// What is typed so far.
    #[schema(format = Password, write_only)]
    password: String,
}
impl Input for Typed {}

/// What the rules say to a password so far.
#[derive(Serialize, ToSchema)]
pub struct Checked {
    /// Long enough, and not too long.
    length: bool,
    /// Not one that attackers know.
    known: bool,
    /// Not made of the name.
    you: bool,
    /// Of characters that a directory can take, and not the same few again and again.
    plain: bool,
    /// An estimate, 0 to 4. It refuses nothing.
    #[schema(minimum = 0, maximum = 4)]
    strength: u8,
}

/// What is handed in. Which field belongs there follows from what the case is for; never more than one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// The new password, for `set_password`.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, format = Password, write_only)]
    password: Option<String>,
    /// What to end, for `remove_factor`: one of the ids in `factors`.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    factor: Option<String>,
}
impl Input for Submission {
    const MAY_BE_EMPTY: bool = true;
}

/// Only where the gate is open.
fn open_gate(held: &Held) -> Result<(), Problem> {
    match State::of(&held.case) {
        State::New => Ok(()),
        State::Stopped => Err(Kind::Over.into()),
        State::Prove | State::Wait | State::Working | State::Done => Err(Kind::WrongStep.into()),
    }
}

async fn name(held: &Held) -> Result<String, Problem> {
    held.flow().typed_name(&held.case).await.map_err(|error| held.failed(&error))
}

/// Look at a password while it is typed
///
/// By the code that decides. Nothing is kept, so there is nothing to repeat: this operation takes no `Idempotency-Key`.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/password/check", tag = "reissue", operation_id = "check_password", request_body = Typed, security(("case_key" = [])),
    responses((status = 200, description = "What the rules say.", body = Checked)))]
pub async fn check(call: Call<Held, Typed>) -> Result<Reply, Problem> {
    let (held, typed) = (call.caller, SecretText::new(call.input.password));
    open_gate(&held)?;
    let name = name(&held).await?;
    let live = held.visit.portal.passwords.live(typed, &name).await.ok_or(Problem::from(Kind::Away))?;
    let body = Checked {
        length: live.length,
        known: live.known,
        you: live.you,
        plain: live.plain,
        strength: live.strength.score(),
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

/// Hand in what is to be done
///
/// It is sealed before it is stored, and only the worker can open it. Of many at the same time exactly one is taken. The answer is that it
/// was taken; look at the case, or listen to its events, for what comes of it.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/submission", tag = "reissue", operation_id = "submit", request_body = Submission, security(("case_key" = [])),
    responses((status = 202, description = "It is taken.", body = CaseView)))]
pub async fn submit(call: Call<Held, Submission>) -> Answer {
    call.once(|call| async move {
        let held = call.caller;
        let password = call.input.password.map(SecretText::new);
        let factor = call.input.factor.map(|id| id.parse::<FactorId>()).transpose();
        let factor = factor.map_err(|_| Problem::from(Kind::DoesNotFit))?;
        open_gate(&held)?;
        let handed = match (held.case.claim().action, password, factor) {
            (Action::SetPassword, Some(password), None) => Handed::Password(judged(&held, password).await?),
            (Action::RemoveFactor, None, Some(factor)) => Handed::End(removable(&held, factor).await?),
            (Action::Unlock, None, None) => Handed::Nothing,
            _ => return Err(Kind::DoesNotFit.into()),
        };
        let acted = held.flow().submit(&held.case, handed).await.map_err(|error| held.failed(&error))?;
        Ok(held.shown(&acted.into_inner().case).await?.with_status(StatusCode::ACCEPTED))
    })
    .await
}

/// Only what the case may end: not what proved something in it, and nothing that the directory holds.
async fn removable(held: &Held, id: FactorId) -> Result<FactorId, Problem> {
    let removable = held.flow().removable(&held.case).await.map_err(|error| held.failed(&error))?;
    if removable.free.iter().any(|factor| factor.id == id) {
        Ok(id)
    } else if removable.used.iter().any(|factor| factor.id == id) {
        Err(Kind::ProvesItself.into())
    } else {
        Err(Kind::DoesNotFit.into())
    }
}

async fn judged(held: &Held, password: SecretText) -> Result<SecretText, Problem> {
    match held.visit.portal.passwords.judge(password, &name(held).await?).await {
        Judged::Accepted(password) => Ok(password),
        Judged::Refused(rule) => Err(Problem::password_refused(rule.code())),
        Judged::Busy => Err(Kind::Away.into()),
    }
}
