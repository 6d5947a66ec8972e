//! A new authenticator app: a seed to scan, and the first code back before anything is handed in. The seed lies sealed between the two.

use super::{Sent, draft, submit, with_draft};
use crate::{
    flow::{Draft, FlowError, NewRecord},
    i18n::k,
    methods::totp::Seed,
    web::{
        answer::{Answer, again, show},
        applicant::Here,
        views::{
            me_edit::{AddApp, QrCode},
            prove::CodeProblem,
        },
    },
};

/// The digits of a code.
const DIGITS: usize = 6;

pub(super) async fn page(here: &Here, problem: Option<CodeProblem>) -> Answer {
    let seed = match draft(here).await {
        Ok(draft) => draft.and_then(|draft| draft.seed()),
        Err(error) => return here.failed(error),
    };
    match seed {
        Some(seed) => view(here, &seed, problem).await.unwrap_or_else(|error| here.failed(error)),
        None => new(here, problem).await.unwrap_or_else(|error| here.failed(error)),
    }
}

async fn new(here: &Here, problem: Option<CodeProblem>) -> Result<Answer, FlowError> {
    let flow = &here.visit.portal.flow;
    let seed = Seed::new(flow.ctx.bytes());
    let key = flow.keep_draft(here.case.id(), here.browser, &Draft::app(&seed)).await?;
    Ok(with_draft(here, view(here, &seed, problem).await?, &key))
}

async fn view(here: &Here, seed: &Seed, problem: Option<CodeProblem>) -> Result<Answer, FlowError> {
    let portal = &here.visit.portal;
    let account = portal.flow.typed_name(&here.case).await.unwrap_or_default();
    let setup = seed.setup(&portal.site.organization, &account);
    let setup = setup.map_err(|error| FlowError::Broken(Box::new(error)))?;
    let view = AddApp {
        shell: here.visit.shell(),
        qr: QrCode::new(setup.address.expose()),
        key: setup.manual_key.expose().clone(),
        account,
        problem,
    };
    Ok(if problem.is_some() { again(&view) } else { show(&view) })
}

pub(super) async fn handed(here: &Here, sent: Sent) -> Answer {
    let flow = &here.visit.portal.flow;
    let code = sent.code.unwrap_or_default();
    let problem = match code.chars().filter(|c| c.is_numeric()).count() {
        0 => Some(CodeProblem::Empty),
        n if n < DIGITS => Some(CodeProblem::Short),
        _ => None,
    };
    if problem.is_some() {
        return page(here, problem).await;
    }
    let seed = match draft(here).await {
        Ok(draft) => draft.and_then(|draft| draft.seed()),
        Err(error) => return here.failed(error),
    };
    // Shown a moment ago on this very page: how often it is tried protects nothing.
    let step = seed.as_ref().and_then(|seed| seed.matching_step(&code, here.visit.at));
    let (Some(seed), Some(step)) = (seed, step) else {
        return page(here, Some(CodeProblem::DoesNotMatch(None))).await;
    };
    let label = here.visit.shell().t(k("me-app")).to_string();
    let mut record = NewRecord::new(flow.ctx.id(here.visit.at), &label, seed.to_stored().expose());
    record.step = Some(step);
    let (answer, _) = submit(here, &record).await;
    answer
}
