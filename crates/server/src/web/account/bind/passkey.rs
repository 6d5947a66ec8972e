//! A new passkey: the browser's dialog, and a name to know it by later.

use keyward_core::{account::Class, time::MINUTE_MS};

use super::{Sent, browser_name, named, submit};
use crate::{
    flow::Enrollment,
    web::{
        answer::{Answer, again, go, show, with_cookie},
        applicant::Here,
        views::{Passkey, me_edit::AddPasskey, prove::PasskeyProblem},
    },
};

/// The cookie of the dialog.
const DIALOG: &str = "new-passkey";
/// How long it may stay open.
const DIALOG_MS: i64 = 5 * MINUTE_MS;

pub(super) async fn page(here: &Here, problem: Option<PasskeyProblem>) -> Answer {
    let flow = &here.visit.portal.flow;
    let Some(person) = here.case.subject() else { return go(&here.base()) };
    let name = flow.typed_name(&here.case).await.unwrap_or_default();
    let wanted = Enrollment {
        person,
        name: &name,
        display_name: &name,
        browser: here.browser,
        security_key: here.case.class() == Some(Class::Admin),
    };
    match flow.begin_enrollment(here.case.id(), wanted).await {
        Err(error) => here.failed(error),
        Ok(begun) => {
            let view = AddPasskey {
                shell: here.visit.shell(),
                passkey: Passkey { options: begun.options, action: format!("{}/bind", here.base()) },
                name: browser_name(&here.visit),
                problem,
            };
            let answer = if problem.is_some() { again(&view) } else { show(&view) };
            let cookie = here.visit.cookie(here.visit.portal.cookie(DIALOG), &begun.key, DIALOG_MS);
            with_cookie(answer, &cookie)
        }
    }
}

pub(super) async fn handed(here: &Here, sent: Sent) -> Answer {
    let Some(person) = here.case.subject() else { return go(&here.base()) };
    let (Some(key), Some(credential)) = (here.visit.token(DIALOG), sent.credential) else {
        return page(here, Some(PasskeyProblem::Expired)).await;
    };
    let label = named(sent.name, browser_name(&here.visit));
    match here.visit.portal.flow.finish_enrollment(person, here.browser, (&key, &credential), &label).await {
        Err(error) => here.failed(error),
        Ok(None) => page(here, Some(PasskeyProblem::Expired)).await,
        Ok(Some(record)) => {
            let (answer, _) = submit(here, &record).await;
            with_cookie(answer, &here.visit.no_cookie(here.visit.portal.cookie(DIALOG)))
        }
    }
}
