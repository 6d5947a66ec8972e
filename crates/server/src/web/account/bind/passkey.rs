//! A new passkey: the browser's dialog, and a name to know it by later.

use super::{Sent, submit};
use crate::{
    flow::{DIALOG_MS, label},
    web::{
        answer::{Answered, ask, with_cookie},
        applicant::Here,
        views::{Passkey, me_edit::AddPasskey, prove::PasskeyProblem},
    },
};

/// The cookie of the dialog.
const DIALOG: &str = "new-passkey";

pub(super) async fn page(here: &Here, name: Option<&str>, problem: Option<PasskeyProblem>) -> Answered {
    let begun = here.or_page(here.visit.portal.flow.begin_new_passkey(&here.case, here.browser).await)?;
    let view = AddPasskey {
        shell: here.shell(),
        passkey: Passkey { options: begun.options, action: format!("{}/bind", here.base()) },
        name: label(name, &here.visit.browser_label()),
        problem,
    };
    Ok(with_cookie(ask(&view, problem.is_some()), &here.visit.cookie(DIALOG, &begun.key, DIALOG_MS)))
}

pub(super) async fn handed(here: &Here, sent: Sent) -> Answered {
    let (Some(key), Some(credential)) = (here.visit.token(DIALOG), sent.credential) else {
        return page(here, sent.name.as_deref(), Some(PasskeyProblem::Expired)).await;
    };
    let label = label(sent.name.as_deref(), &here.visit.browser_label());
    let finished = here.visit.portal.flow.finish_enrollment(&here.case, here.browser, (&key, &credential), &label);
    let Some(record) = here.or_page(finished.await)? else {
        return page(here, Some(&label), Some(PasskeyProblem::Expired)).await;
    };
    // The dialog is over, whatever became of the record.
    let (Ok(answer) | Err(answer)) = submit(here, &record).await;
    Ok(with_cookie(answer, &here.visit.no_cookie(DIALOG)))
}
