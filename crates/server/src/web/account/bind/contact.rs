//! A new address: typed, sent a code, and bound only when the code has come back (N-10). Until then nothing but a sealed draft knows it.

use keyward_core::account::{Class, Method};

use super::{Sent, draft, draft_key, submit, with_draft};
use crate::{
    flow::{Draft, FlowError, NotThisAddress},
    web::{
        answer::{Answer, again as form_again, go, show, stop},
        applicant::Here,
        views::{
            me_edit::{AddContact, ConfirmContact, ContactProblem},
            outcome::StopReason,
            prove::{CodeProblem, Resend},
        },
    },
};

/// So much of what was typed is shown again.
const SHOWN: usize = 254;
/// The digits of a code.
const DIGITS: usize = 6;

/// `other`: the person wants to type another one.
pub(super) async fn page(here: &Here, other: bool) -> Answer {
    match draft(here).await {
        Err(error) => here.failed(error),
        Ok(Some(draft)) if !other => match &draft {
            Draft::Address { address } => confirm(here, address, None, false),
            Draft::App { .. } | Draft::Codes { .. } | Draft::Chosen { .. } => ask(here, String::new(), None),
        },
        Ok(_) => ask(here, String::new(), None),
    }
}

fn ask(here: &Here, address: String, problem: Option<ContactProblem>) -> Answer {
    let class = here.case.class().unwrap_or(Class::Admin);
    let waits_ms = here.visit.portal.flow.terms.quarantine.of(class, true);
    let view = AddContact { shell: here.visit.shell(), address, waits_ms, problem };
    if problem.is_some() { form_again(&view) } else { show(&view) }
}

fn confirm(here: &Here, address: &str, problem: Option<CodeProblem>, no_more: bool) -> Answer {
    let terms = &here.visit.portal.flow.terms;
    let view = ConfirmContact {
        shell: here.visit.shell(),
        address: address.to_owned(),
        until: here.visit.at.plus_ms(terms.mail_ms),
        life_ms: terms.mail_ms,
        resend: if no_more { Resend::NoMore } else { Resend::From(here.visit.at.plus_ms(terms.resend_ms)) },
        action: format!("{}/bind", here.base()),
        again: format!("{}/bind/again", here.base()),
        other: format!("{}/bind?address=other", here.base()),
        problem,
    };
    if problem.is_some() { form_again(&view) } else { show(&view) }
}

pub(super) async fn handed(here: &Here, sent: Sent) -> Answer {
    match (sent.address, sent.code) {
        (Some(address), _) => offered(here, address.trim()).await,
        (None, Some(code)) => typed(here, &code).await,
        (None, None) => stop(&here.visit, StopReason::StaleForm),
    }
}

async fn offered(here: &Here, address: &str) -> Answer {
    let shown: String = address.chars().take(SHOWN).collect();
    if address.is_empty() {
        return ask(here, shown, Some(ContactProblem::Empty));
    }
    match here.visit.portal.flow.offer_address(&here.case, here.browser, address).await {
        Ok(Ok(key)) => with_draft(here, go(&format!("{}/bind", here.base())), &key),
        Ok(Err(NotThisAddress::Shape)) => ask(here, shown, Some(ContactProblem::Shape)),
        Ok(Err(NotThisAddress::Own)) => ask(here, shown, Some(ContactProblem::OwnMailbox)),
        Ok(Err(NotThisAddress::Already)) => ask(here, shown, Some(ContactProblem::Already)),
        Err(error) => here.failed(error),
    }
}

/// The address that this browser waits for.
async fn waiting(here: &Here) -> Result<Option<String>, FlowError> {
    Ok(draft(here).await?.and_then(|draft| match &draft {
        Draft::Address { address } => Some(address.clone()),
        Draft::App { .. } | Draft::Codes { .. } | Draft::Chosen { .. } => None,
    }))
}

async fn typed(here: &Here, code: &str) -> Answer {
    let (key, address) = match (draft_key(here), waiting(here).await) {
        (_, Err(error)) => return here.failed(error),
        (Some(key), Ok(Some(address))) => (key, address),
        _ => return ask(here, String::new(), None),
    };
    match code.chars().filter(|c| c.is_numeric()).count() {
        0 => return confirm(here, &address, Some(CodeProblem::Empty), false),
        n if n < DIGITS => return confirm(here, &address, Some(CodeProblem::Short), false),
        _ => {}
    }
    match here.visit.portal.flow.confirm_address(&here.case, here.browser, &key, code).await {
        Err(error) => here.failed(error),
        Ok(None) => confirm(here, &address, Some(CodeProblem::DoesNotMatch(None)), false),
        Ok(Some(record)) => submit(here, &record).await.0,
    }
}

/// `POST …/bind/again`: another code to the same address.
pub async fn again(here: Here) -> Answer {
    let enrolls =
        matches!(here.case.claim().action, keyward_core::account::Action::EnrollFactor { method: Method::Email });
    if let Some(elsewhere) = here.elsewhere("bind").or_else(|| (!enrolls).then(|| here.onward(&here.case))) {
        return elsewhere;
    }
    let (key, address) = match (draft_key(&here), waiting(&here).await) {
        (_, Err(error)) => return here.failed(error),
        (Some(key), Ok(Some(address))) => (key, address),
        _ => return ask(&here, String::new(), None),
    };
    match here.visit.portal.flow.offer_again(&here.case, here.browser, &key).await {
        Ok(sent) => confirm(&here, &address, None, !sent),
        Err(error) => here.failed(error),
    }
}
