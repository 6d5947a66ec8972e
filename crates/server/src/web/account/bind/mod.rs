//! `…/bind`: what a case about a way back in hands in when its gate is open, one file a kind. Nothing here writes to the table of factors:
//! what is made goes sealed to the worker, which binds it by the commit that records it.

mod app;
pub mod codes;
pub mod contact;
mod device;
mod passkey;
mod removal;

use keyward_core::{
    account::{Action, Method},
    case::Refusal,
    ids::Reference,
};
use serde::Deserialize;

use crate::{
    flow::{DRAFT_MS, Draft, FlowError, NewRecord},
    token::Token,
    web::{
        answer::{Answer, Answered, go, stop, with_cookie},
        applicant::{Here, Mailed, Place},
        filled::{Filled, InAddress},
        views::outcome::StopReason,
    },
};

/// The cookie of what is being made in a case. One for each case, so that two cases in one browser never mix.
pub fn draft_cookie(reference: Reference) -> String {
    format!("draft-{reference}")
}

/// `?address=other`.
#[derive(Default, Deserialize)]
pub struct Asked {
    address: Option<String>,
}

/// `GET …/bind`.
pub async fn page(here: Here, InAddress(asked): InAddress<Asked>, InAddress(mailed): InAddress<Mailed>) -> Answered {
    here.stands_at(Place::New)?;
    match here.case.claim().action {
        Action::EnrollFactor { method } => match method {
            Method::Passkey => passkey::page(&here, None, None).await,
            Method::Totp => app::page(&here, None).await,
            Method::RecoveryCode => codes::page(&here).await,
            Method::Email => contact::page(&here, asked.address.is_some(), &mailed).await,
            Method::KnownDevice => Ok(device::page(&here)),
            Method::DirectoryPassword | Method::InPerson => Ok(stop(&here.visit, StopReason::NotFound)),
        },
        Action::RemoveFactor => removal::page(&here, false).await,
        Action::SetPassword | Action::Unlock => Ok(here.onward(&here.case)),
    }
}

/// The forms of `…/bind`, of all kinds.
#[derive(Deserialize)]
pub struct Sent {
    credential: Option<String>,
    name: Option<String>,
    code: Option<String>,
    address: Option<String>,
    factor: Option<String>,
}

/// `POST …/bind`.
pub async fn handed(here: Here, InAddress(mailed): InAddress<Mailed>, Filled(sent): Filled<Sent>) -> Answered {
    here.stands_at(Place::New)?;
    match here.case.claim().action {
        Action::EnrollFactor { method } => match method {
            Method::Passkey => passkey::handed(&here, sent).await,
            Method::Totp => app::handed(&here, sent).await,
            Method::RecoveryCode => codes::handed(&here).await,
            Method::Email => contact::handed(&here, sent, &mailed).await,
            Method::KnownDevice => device::handed(&here, sent).await,
            Method::DirectoryPassword | Method::InPerson => Ok(stop(&here.visit, StopReason::NotFound)),
        },
        Action::RemoveFactor => removal::handed(&here, sent).await,
        Action::SetPassword | Action::Unlock => Ok(here.onward(&here.case)),
    }
}

/// The key of this browser's draft in this case.
fn draft_key(here: &Here) -> Option<Token> {
    here.visit.token(&draft_cookie(here.case.reference()))
}

/// This browser's draft in this case.
async fn draft(here: &Here) -> Result<Option<Draft>, FlowError> {
    match draft_key(here) {
        Some(key) => here.visit.portal.flow.draft(here.case.id(), here.browser, &key).await,
        None => Ok(None),
    }
}

fn with_draft(here: &Here, answer: Answer, key: &Token) -> Answer {
    with_cookie(answer, &here.visit.cookie(&draft_cookie(here.case.reference()), key, DRAFT_MS))
}

/// Hands a record in, and goes to the page that waits for the worker; by the error where it was not taken.
async fn submit(here: &Here, record: &NewRecord) -> Answered {
    match here.visit.portal.flow.bind(&here.case, record).await {
        Ok(acted) => Ok(here.onward(&acted.into_inner().case)),
        // Its time is over, or it was refused often enough: that is said here, for the case still stands where this came from.
        Err(error @ FlowError::Refused(Refusal::Expired | Refusal::NoAttemptLeft)) => Err(here.failed(error)),
        // Somebody with this browser was a moment faster: the page that waits shows what became of it.
        Err(FlowError::Refused(_)) => Err(go(&here.base())),
        Err(error) => Err(here.failed(error)),
    }
}
