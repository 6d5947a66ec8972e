//! A new authenticator app: a seed to scan, and the first code back before anything is handed in. The seed lies sealed between the two.

use super::{Sent, draft_key, submit, with_draft};
use crate::{
    i18n::k,
    web::{
        answer::{Answered, ask, with_secret},
        applicant::{Here, digits_problem},
        views::{
            me_edit::{AddApp, QrCode},
            prove::CodeProblem,
        },
    },
};

pub(super) async fn page(here: &Here, problem: Option<CodeProblem>) -> Answered {
    let portal = &here.visit.portal;
    let key = draft_key(here);
    let issuer = &portal.site.organization;
    let (setup, begun) = here.or_page(portal.flow.app_setup(&here.case, here.browser, key.as_ref(), issuer).await)?;
    let view = AddApp {
        shell: here.shell(),
        qr: QrCode::new(setup.address.expose()),
        key: setup.manual_key.expose().clone(),
        account: setup.account,
        problem,
    };
    let answer = with_secret(ask(&view, problem.is_some()));
    Ok(match begun {
        Some(key) => with_draft(here, answer, &key),
        None => answer,
    })
}

pub(super) async fn handed(here: &Here, sent: Sent) -> Answered {
    let code = sent.code.unwrap_or_default();
    if let Some(problem) = digits_problem(&code) {
        return page(here, Some(problem)).await;
    }
    let Some(key) = draft_key(here) else { return page(here, None).await };
    let label = here.shell().t(k("me-app")).to_string();
    let confirmed = here.visit.portal.flow.confirm_app(&here.case, here.browser, (&key, &code), &label).await;
    match here.or_page(confirmed)? {
        None => page(here, Some(CodeProblem::DoesNotMatch(None))).await,
        Some(record) => submit(here, &record).await,
    }
}
