//! A new address: typed, sent a code, and bound only when the code has come back (N-10). Until then nothing but a sealed draft knows it.

use keyward_core::account::{Action, Class, Method};

use super::{Sent, draft, draft_key, submit, with_draft};
use crate::{
    flow::NotThisAddress,
    web::{
        answer::{self, Answer, Answered, go, stop},
        applicant::{Here, Mailed, Place, digits_problem},
        filled::InAddress,
        views::{
            me_edit::{AddContact, ConfirmContact, ContactProblem},
            outcome::StopReason,
            prove::CodeProblem,
        },
    },
};

/// So much of what was typed is shown again.
const SHOWN: usize = 254;

/// `other`: the person wants to type another one.
pub(super) async fn page(here: &Here, other: bool, mailed: &Mailed) -> Answered {
    Ok(match waiting(here).await? {
        Some(address) if !other => confirm(here, &address, mailed, None),
        _ => ask(here, String::new(), None),
    })
}

fn ask(here: &Here, address: String, problem: Option<ContactProblem>) -> Answer {
    let class = here.case.class().unwrap_or(Class::Admin);
    let waits_ms = here.visit.portal.flow.terms.quarantine.of(class, true);
    answer::ask(&AddContact { shell: here.shell(), address, waits_ms, problem }, problem.is_some())
}

/// The path of these pages. What they say of the message stands behind it, as on the page of a mailed proof (UX-11).
fn path(here: &Here) -> String {
    format!("{}/bind", here.base())
}

fn confirm(here: &Here, address: &str, mailed: &Mailed, problem: Option<CodeProblem>) -> Answer {
    let (path, life_ms, asked) = (path(here), here.visit.portal.flow.terms.mail_ms, mailed.at(here.visit.at));
    let view = ConfirmContact {
        shell: here.shell(),
        address: address.to_owned(),
        until: asked.plus_ms(life_ms),
        life_ms,
        resend: mailed.resend(&here.visit),
        action: Mailed::page(&path, asked, None),
        again: Mailed::page(&format!("{path}/again"), asked, None),
        other: format!("{path}?address=other"),
        problem,
    };
    answer::ask(&view, problem.is_some())
}

pub(super) async fn handed(here: &Here, sent: Sent, mailed: &Mailed) -> Answered {
    match (sent.address, sent.code) {
        (Some(address), _) => Ok(offered(here, address.trim()).await),
        (None, Some(code)) => typed(here, &code, mailed).await,
        (None, None) => Ok(stop(&here.visit, StopReason::StaleForm)),
    }
}

async fn offered(here: &Here, address: &str) -> Answer {
    let shown: String = address.chars().take(SHOWN).collect();
    if address.is_empty() {
        return ask(here, shown, Some(ContactProblem::Empty));
    }
    match here.visit.portal.flow.offer_address(&here.case, here.browser, address).await {
        Ok(Ok(key)) => with_draft(here, go(&Mailed::page(&path(here), here.visit.at, None)), &key),
        Ok(Err(NotThisAddress::Shape)) => ask(here, shown, Some(ContactProblem::Shape)),
        Ok(Err(NotThisAddress::Own)) => ask(here, shown, Some(ContactProblem::OwnMailbox)),
        Ok(Err(NotThisAddress::Already)) => ask(here, shown, Some(ContactProblem::Already)),
        Err(error) => here.failed(error),
    }
}

/// The address that this browser waits for.
async fn waiting(here: &Here) -> Result<Option<String>, Answer> {
    let draft = here.or_page(draft(here).await)?;
    Ok(draft.and_then(|draft| draft.address().map(str::to_owned)))
}

async fn typed(here: &Here, code: &str, mailed: &Mailed) -> Answered {
    let (Some(key), Some(address)) = (draft_key(here), waiting(here).await?) else {
        return Ok(ask(here, String::new(), None));
    };
    if let Some(problem) = digits_problem(code) {
        return Ok(confirm(here, &address, mailed, Some(problem)));
    }
    let confirmed = here.visit.portal.flow.confirm_address(&here.case, here.browser, &key, code).await;
    match here.or_page(confirmed)? {
        None => Ok(confirm(here, &address, mailed, Some(CodeProblem::DoesNotMatch(None)))),
        Some(record) => submit(here, &record).await,
    }
}

/// `POST …/bind/again`: another code to the same address. A reload of what follows asks for nothing.
pub async fn again(here: Here, InAddress(mailed): InAddress<Mailed>) -> Answered {
    here.stands_at(Place::New)?;
    if !matches!(here.case.claim().action, Action::EnrollFactor { method: Method::Email }) {
        return Ok(here.onward(&here.case));
    }
    let (path, before) = (path(&here), mailed.at(here.visit.at));
    // Without a draft there is nothing to send again: the page asks for an address.
    let Some(key) = draft_key(&here) else { return Ok(go(&path)) };
    let is_sent = here.or_page(here.visit.portal.flow.offer_again(&here.case, here.browser, &key).await)?;
    Ok(go(&Mailed::page(&path, if is_sent { here.visit.at } else { before }, Some(is_sent))))
}
