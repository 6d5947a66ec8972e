//! Sends a link and a code to each stored address that may be used. For a name without one, nothing happens, and the page is the same.
//!
//! The code is made here and lies in the database as a digest under a key, bound to the case and the browser that asked.

use keyward_core::{
    account::Method,
    case::Case,
    digest::Digest,
    ids::{CaseId, FactorId},
};

use super::{
    JobError, Ran, Work, Worker,
    letters::Content,
    send::{Caused, deliver, is_bearable},
};
use crate::{
    methods::email::{Challenge, Door},
    store::{
        change::{Aside, Write},
        people::Factor,
        tokens::{NewToken, Purpose},
    },
};

/// Tries for one code, all resends counted apart.
const CODE_TRIES: u32 = 5;

/// Sends them to one address, or gives each that may be used a job of its own: none is sent to twice for the sake of another. What is queued is
/// counted once, so that a mail server that is down uses nothing up.
pub async fn run(worker: &Worker, id: CaseId, browser: Digest, to: Option<FactorId>) -> Ran {
    let flow = &worker.flow;
    let case = flow.load(id).await?;
    // Asked for a moment before the end: nobody is sent a way into what is over.
    if case.is_over() {
        return Ok(());
    }
    if case.is_classifying() {
        return Err(JobError::Later("the name has not been looked up yet".to_owned()));
    }
    let Some(subject) = case.subject() else { return Ok(()) };
    let Some(person) = flow.store.person(subject).await? else { return Ok(()) };
    let opens = case.classified().map(|classified| classified.classification().opens.clone()).unwrap_or_default();
    let at = flow.ctx.now();
    let mut aside = Aside::default();
    for factor in flow.living(person.id, Method::Email).await? {
        // Never to the mailbox that this very password opens (C18), never to one that is too new (M103).
        let own = flow.sources(&person, &factor)?.iter().any(|source| opens.contains(source));
        if own || factor.usable_from > at || to.is_some_and(|to| to != factor.id) {
            continue;
        }
        if to.is_some() {
            return one(worker, &case, browser, &factor).await;
        }
        // Strangers use up what strangers may; whoever has shown something gets the message, a few in each case.
        if !case.evidence().is_empty() || is_bearable(worker, Caused::Code, factor.id).await? {
            aside = aside.job(Work::MailCode { case: id, browser, to: Some(factor.id) }.job(&flow.ctx, at, at));
        }
    }
    Ok(flow.store.aside(aside).await?)
}

async fn one(worker: &Worker, case: &Case, browser: Digest, factor: &Factor) -> Result<(), JobError> {
    let flow = &worker.flow;
    let at = flow.ctx.now();
    let mail_ms = flow.terms.mail_ms;
    let until = at.plus_ms(mail_ms);
    let challenge = Challenge::new(flow.ctx.bytes());
    let token = |purpose, hash, max_tries| {
        let token = NewToken::new(purpose, hash, at, mail_ms);
        let (case, person, data) = (Some(case.id()), case.subject(), factor.id.to_string().into_bytes());
        Write::PutToken(NewToken { case, person, browser: Some(browser), data, max_tries, ..token })
    };
    let code_hash = challenge.code_digest(&flow.digests, Door { case: case.id(), browser });
    let link_hash = challenge.link_digest();
    let aside =
        Aside::default().write(token(Purpose::Code, code_hash, CODE_TRIES)).write(token(Purpose::Link, link_hash, 0));
    flow.store.aside(aside).await?;
    let address = flow.address(factor)?;
    let (code, link) = (challenge.printed_code(), challenge.link.reveal());
    let content = Content::Code { code: &code, link: &link, until, life_ms: mail_ms };
    let sent = deliver(worker, case, (&address, flow.ctx.bytes()), content).await.map(drop);
    if sent.is_err() {
        // Each try makes new ones, and all that are alive can be guessed at.
        let end = |purpose, hash| Write::EndToken { purpose, hash };
        let aside = Aside::default().write(end(Purpose::Code, code_hash)).write(end(Purpose::Link, link_hash));
        flow.store.aside(aside).await?;
    }
    sent
}
