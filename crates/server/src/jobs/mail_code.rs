//! Sends a link and a code to each stored address that may be used. For a name without one, nothing happens, and the page is the same.
//!
//! The code is made here and lies in the database as a digest under a key, bound to the case and the browser that asked.

use keyward_core::{account::Method, case::Case, digest::Digest, ids::CaseId};

use super::{
    JobError, Ran, Worker,
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

/// Sends them. What could not be sent is counted when it is `first` tried and not again: a mail server that is down uses nothing up.
pub async fn run(worker: &Worker, id: CaseId, browser: Digest, first: bool) -> Ran {
    let flow = &worker.flow;
    let case = flow.load(id).await?;
    let Some(subject) = case.subject() else { return Ok(()) };
    let Some(person) = flow.store.person(subject).await? else { return Ok(()) };
    let opens = case.classified().map(|classified| classified.classification().opens.clone()).unwrap_or_default();
    let mut failed = None;
    for factor in flow.living(&person, Method::Email).await? {
        // Never to the mailbox that this very password opens (C18), never to one that is too new (M103).
        let own = flow.sources(&person, &factor)?.iter().any(|source| opens.contains(source));
        if own || factor.usable_from > flow.ctx.now() {
            continue;
        }
        if first && !is_bearable(worker, Caused::Code, factor.id).await? {
            continue;
        }
        if let Err(error) = one(worker, &case, browser, &factor).await {
            failed = Some(error);
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn one(worker: &Worker, case: &Case, browser: Digest, factor: &Factor) -> Result<(), JobError> {
    let flow = &worker.flow;
    let at = flow.ctx.now();
    let until = at.plus_ms(flow.terms.mail_ms);
    let challenge = Challenge::new(flow.ctx.bytes());
    let token = |purpose, hash, max_tries| {
        Write::PutToken(NewToken {
            purpose,
            hash,
            case: Some(case.id()),
            person: case.subject(),
            browser: Some(browser),
            data: factor.id.to_string().into_bytes(),
            created: at,
            idle: until,
            expires: until,
            max_tries,
        })
    };
    let code_hash = challenge.code_digest(&flow.digests, Door { case: case.id(), browser });
    let link_hash = challenge.link_hash().digest();
    let aside =
        Aside::default().write(token(Purpose::Code, code_hash, CODE_TRIES)).write(token(Purpose::Link, link_hash, 0));
    flow.store.aside(aside).await?;
    let address = flow.address(factor)?;
    let (code, link) = (challenge.printed_code(), challenge.link.reveal());
    let content = Content::Code { code: &code, link: &link, until, life_ms: flow.terms.mail_ms };
    deliver(worker, case, &address, content).await.map(drop)
}
