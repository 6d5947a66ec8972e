//! A new passkey: the browser's dialog, and a name to know it by later.

use super::{Sent, submit};
use crate::{
    flow::{DIALOG_MS, label},
    web::{
        answer::{Answer, again, show, with_cookie},
        applicant::Here,
        views::{Passkey, me_edit::AddPasskey, prove::PasskeyProblem},
    },
};

/// The cookie of the dialog.
const DIALOG: &str = "new-passkey";

pub(super) async fn page(here: &Here, problem: Option<PasskeyProblem>) -> Answer {
    match here.visit.portal.flow.begin_new_passkey(&here.case, here.browser).await {
        Err(error) => here.failed(error),
        Ok(begun) => {
            let view = AddPasskey {
                shell: here.visit.shell(),
                passkey: Passkey { options: begun.options, action: format!("{}/bind", here.base()) },
                name: here.visit.browser_label(),
                problem,
            };
            let answer = if problem.is_some() { again(&view) } else { show(&view) };
            with_cookie(answer, &here.visit.cookie(DIALOG, &begun.key, DIALOG_MS))
        }
    }
}

pub(super) async fn handed(here: &Here, sent: Sent) -> Answer {
    let (Some(key), Some(credential)) = (here.visit.token(DIALOG), sent.credential) else {
        return page(here, Some(PasskeyProblem::Expired)).await;
    };
    let label = label(sent.name.as_deref(), &here.visit.browser_label());
    match here.visit.portal.flow.finish_enrollment(&here.case, here.browser, (&key, &credential), &label).await {
        Err(error) => here.failed(error),
        Ok(None) => page(here, Some(PasskeyProblem::Expired)).await,
        Ok(Some(record)) => {
            let (answer, _) = submit(here, &record).await;
            with_cookie(answer, &here.visit.no_cookie(DIALOG))
        }
    }
}
