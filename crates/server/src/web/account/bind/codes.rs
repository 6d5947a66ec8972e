//! Ten new codes. They are shown when they work, and not before.
//!
//! A sheet that is shown first and bound after can be printed and never bound: a torn connection, a closed page, and somebody keeps for years a
//! sheet that opens nothing. So it is bound first. Between the two it lies sealed by the vault, under a key that only this browser has, until the
//! person says that they kept it or half an hour has passed; whoever loses it in that time makes another, and was told of this one at every address.
//! INVARIANT: no code is shown whose sheet is not alive in the table of factors.

use keyward_core::case::Refusal;

use super::{draft_cookie, draft_key, with_draft};
use crate::{
    flow::{BoundCodes, FlowError},
    i18n::k,
    web::{
        answer::{Answer, go, show, with_cookie},
        applicant::{Here, Place},
        views::me_edit::{NewCodes, RecoveryCodes},
    },
};

pub(super) async fn page(here: &Here) -> Answer {
    match here.visit.portal.flow.codes_left(&here.case).await {
        Ok(left) => show(&NewCodes { shell: here.visit.shell(), left }),
        Err(error) => here.failed(error),
    }
}

pub(super) async fn handed(here: &Here) -> Answer {
    hand_in(here).await.unwrap_or_else(|error| here.failed(error))
}

async fn hand_in(here: &Here) -> Result<Answer, FlowError> {
    let label = here.visit.shell().t(k("me-codes")).to_string();
    match here.visit.portal.flow.bind_sheet(&here.case, here.browser, &label).await {
        Ok((key, acted)) => Ok(with_draft(here, here.onward(&acted.into_inner().case), &key)),
        Err(error @ FlowError::Refused(Refusal::Expired | Refusal::NoAttemptLeft)) => Err(error),
        // Another sheet was handed in a moment earlier, and its key is in the cookie that stays.
        Err(FlowError::Refused(_)) => Ok(go(&here.base())),
        Err(error) => Err(error),
    }
}

/// The sheet that this browser has not kept yet, if it is bound.
async fn unseen(here: &Here) -> Result<Option<BoundCodes>, FlowError> {
    match draft_key(here) {
        Some(key) => here.visit.portal.flow.bound_codes(&here.case, here.browser, &key).await,
        None => Ok(None),
    }
}

/// To the sheet, before the page that says that all is done.
pub async fn before_done(here: &Here) -> Option<Answer> {
    match unseen(here).await {
        Ok(unseen) => unseen.map(|_| go(&format!("{}/codes", here.base()))),
        Err(error) => Some(here.failed(error)),
    }
}

/// `GET …/codes`: the sheet, as often as it is loaded, until it is kept.
pub async fn sheet(here: Here) -> Answer {
    if Place::of(&here.case) != Place::Done {
        return here.onward(&here.case);
    }
    let codes = match unseen(&here).await {
        Ok(Some(codes)) => codes,
        Ok(None) => return here.onward(&here.case),
        Err(error) => return here.failed(error),
    };
    let account = match here.visit.portal.flow.typed_name(&here.case).await {
        Ok(account) => account,
        Err(error) => return here.failed(error),
    };
    show(&RecoveryCodes {
        shell: here.visit.shell(),
        codes: codes.printed.iter().map(|code| code.expose().clone()).collect(),
        account,
        made: codes.made,
        kept: format!("{}/codes", here.base()),
    })
}

/// `POST …/codes/replace`: a new code for the one that was used.
pub async fn replaced(here: Here) -> Answer {
    match here.visit.portal.flow.replace_code(&here.case, here.browser).await {
        Ok(key) => with_draft(&here, go(&format!("{}/codes", here.base())), &key),
        // It is replaced already, or too late: the page of the case says what is so.
        Err(FlowError::Refused(_) | FlowError::Lost(_)) => here.onward(&here.case),
        Err(error) => here.failed(error),
    }
}

/// `POST …/codes`: they were kept, and are not shown again.
pub async fn kept(here: Here) -> Answer {
    if let Some(key) = draft_key(&here)
        && let Err(error) = here.visit.portal.flow.end_draft(&key).await
    {
        return here.failed(error);
    }
    with_cookie(here.onward(&here.case), &here.visit.no_cookie(&draft_cookie(here.case.reference())))
}
