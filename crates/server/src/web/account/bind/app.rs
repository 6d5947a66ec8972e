//! A new authenticator app: a seed to scan, and the first code back before anything is handed in. The seed lies sealed between the two.

use super::{Sent, draft_key, submit, with_draft};
use crate::{
    i18n::k,
    web::{
        answer::{Answer, again, show},
        applicant::{Here, digits_problem},
        views::{
            me_edit::{AddApp, QrCode},
            prove::CodeProblem,
        },
    },
};

pub(super) async fn page(here: &Here, problem: Option<CodeProblem>) -> Answer {
    let portal = &here.visit.portal;
    let key = draft_key(here);
    let issuer = &portal.site.organization;
    match portal.flow.app_setup(&here.case, here.browser, key.as_ref(), issuer).await {
        Err(error) => here.failed(error),
        Ok((setup, begun)) => {
            let view = AddApp {
                shell: here.visit.shell(),
                qr: QrCode::new(setup.address.expose()),
                key: setup.manual_key.expose().clone(),
                account: setup.account,
                problem,
            };
            let answer = if problem.is_some() { again(&view) } else { show(&view) };
            match begun {
                Some(key) => with_draft(here, answer, &key),
                None => answer,
            }
        }
    }
}

pub(super) async fn handed(here: &Here, sent: Sent) -> Answer {
    let code = sent.code.unwrap_or_default();
    if let Some(problem) = digits_problem(&code) {
        return page(here, Some(problem)).await;
    }
    let Some(key) = draft_key(here) else { return page(here, None).await };
    let label = here.visit.shell().t(k("me-app")).to_string();
    match here.visit.portal.flow.confirm_app(&here.case, here.browser, (&key, &code), &label).await {
        Err(error) => here.failed(error),
        Ok(None) => page(here, Some(CodeProblem::DoesNotMatch(None))).await,
        Ok(Some(record)) => submit(here, &record).await.0,
    }
}
