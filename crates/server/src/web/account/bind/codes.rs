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
        answer::{Answer, Answered, go, show, with_cookie, with_secret},
        applicant::{Here, Place},
        views::me_edit::{NewCodes, RecoveryCodes},
    },
};

pub(super) async fn page(here: &Here) -> Answered {
    let left = here.or_page(here.visit.portal.flow.codes_left(&here.case).await)?;
    Ok(show(&NewCodes { shell: here.shell(), left }))
}

pub(super) async fn handed(here: &Here) -> Answered {
    let label = here.shell().t(k("me-codes")).to_string();
    Ok(match here.visit.portal.flow.bind_sheet(&here.case, here.browser, &label).await {
        Ok((key, acted)) => with_draft(here, here.onward(&acted.into_inner().case), &key),
        Err(error @ FlowError::Refused(Refusal::Expired | Refusal::NoAttemptLeft)) => here.failed(error),
        // Another sheet was handed in a moment earlier, and its key is in the cookie that stays.
        Err(FlowError::Refused(_)) => go(&here.base()),
        Err(error) => here.failed(error),
    })
}

/// The sheet that this browser has not kept yet, if it is bound.
async fn unseen(here: &Here) -> Result<Option<BoundCodes>, Answer> {
    match draft_key(here) {
        Some(key) => here.or_page(here.visit.portal.flow.bound_codes(&here.case, here.browser, &key).await),
        None => Ok(None),
    }
}

/// To the sheet, before the page that says that all is done.
pub async fn before_done(here: &Here) -> Result<(), Answer> {
    match unseen(here).await? {
        Some(_) => Err(go(&format!("{}/codes", here.base()))),
        None => Ok(()),
    }
}

/// `GET …/codes`: the sheet, as often as it is loaded, until it is kept.
pub async fn sheet(here: Here) -> Answered {
    if Place::of(&here.case) != Place::Done {
        return Ok(here.onward(&here.case));
    }
    let Some(codes) = unseen(&here).await? else { return Ok(here.onward(&here.case)) };
    let account = here.or_page(here.visit.portal.flow.typed_name(&here.case).await)?;
    Ok(with_secret(show(&RecoveryCodes {
        shell: here.shell(),
        codes: codes.printed.iter().map(|code| code.expose().clone()).collect(),
        account,
        made: codes.made,
        kept: format!("{}/codes", here.base()),
    })))
}

/// `POST …/codes/replace`: a new code for the one that was used.
pub async fn replaced(here: Here) -> Answer {
    match here.visit.portal.flow.replace_code(&here.case, here.browser).await {
        Ok((key, _)) => with_draft(&here, go(&format!("{}/codes", here.base())), &key),
        // It is replaced already, or too late: the page of the case says what is so.
        Err(FlowError::Refused(_) | FlowError::Lost(_)) => here.onward(&here.case),
        Err(error) => here.failed(error),
    }
}

/// `POST …/codes`: they were kept, and are not shown again.
pub async fn kept(here: Here) -> Answered {
    if let Some(key) = draft_key(&here) {
        here.or_page(here.visit.portal.flow.end_draft(&key).await)?;
    }
    Ok(with_cookie(here.onward(&here.case), &here.visit.no_cookie(&draft_cookie(here.case.reference()))))
}
