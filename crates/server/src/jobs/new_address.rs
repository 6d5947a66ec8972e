//! Sends a code to an address that somebody wants to add, and to nothing else: it has to come back before the address is bound (N-10).
//!
//! The address is in the draft, sealed; the job holds only the digest of the draft's key.

use keyward_core::{digest::Digest, ids::CaseId};

use super::{Ran, Worker, letters::Content, send::deliver};
use crate::{
    flow::{Draft, new_address_door},
    methods::email::Challenge,
    store::tokens::{NewToken, Purpose},
};

/// Tries for one code.
const CODE_TRIES: u32 = 5;

/// Sends it.
pub async fn run(worker: &Worker, id: CaseId, browser: Digest, draft: Digest) -> Ran {
    let flow = &worker.flow;
    let case = flow.load(id).await?;
    if case.is_over() {
        return Ok(());
    }
    let kept = flow.draft_of(id, browser, draft).await?;
    let Some(Draft::Address { address }) = kept.as_ref() else { return Ok(()) };
    let at = flow.ctx.now();
    let until = at.plus_ms(flow.terms.mail_ms);
    let challenge = Challenge::new(flow.ctx.bytes());
    let hash = challenge.code_digest(&flow.digests, new_address_door(id, draft));
    let token = NewToken::new(Purpose::Enroll, hash, at, flow.terms.mail_ms);
    let (case_id, person) = (Some(id), case.subject());
    let token = NewToken { case: case_id, person, browser: Some(browser), max_tries: CODE_TRIES, ..token };
    flow.store.put_token(&token).await?;
    let content = Content::NewAddress { code: &challenge.printed_code(), until, life_ms: flow.terms.mail_ms };
    let sent = deliver(worker, &case, (address, flow.ctx.bytes()), content).await.map(drop);
    if sent.is_err() {
        // Each try makes a new one, and all that are alive can be guessed at.
        flow.store.end_token(Purpose::Enroll, hash).await?;
    }
    sent
}
