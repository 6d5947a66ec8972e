//! Tells everybody who should know: one message for each address of the person (UX-69), each with its own job, so that one dead mailbox stops no other.

use keyward_core::{account::Method, case::Case, event::Door, ids::CaseId, steps::review::NoticeAbout};

use super::{
    Ran, Work, Worker,
    send::{Caused, is_bearable},
};
use crate::store::change::Aside;

/// Queues the messages of one occasion.
pub async fn run(worker: &Worker, id: CaseId, about: NoticeAbout) -> Ran {
    let flow = &worker.flow;
    let case = flow.load(id).await?;
    let Some(person) = case.subject() else { return Ok(()) };
    let at = flow.ctx.now();
    let mut aside = Aside::default();
    // An address that was just taken off hears of it too: it may have been somebody else who did that.
    let taken_off = flow.changed_way(&case).await?.map(|factor| factor.id);
    for factor in flow.store.factors(person).await? {
        if factor.method != Method::Email || !(factor.is_alive() || taken_off == Some(factor.id)) {
            continue;
        }
        if of_a_stranger(&case, about) && !is_bearable(worker, Caused::Notice, factor.id).await? {
            continue;
        }
        let mut job = Work::Send { case: id, about, to: factor.id }.job(&flow.ctx, at, at);
        // If this job runs twice, the second message of a pair is not queued while the first waits.
        job.only_one = Some(format!("{id}/{about:?}/{}", factor.id));
        aside = aside.job(job);
    }
    Ok(flow.store.aside(aside).await?)
}

/// Whether somebody caused it who has proved nothing: that a case began, or ended without a proof. Everything else is told however often.
fn of_a_stranger(case: &Case, about: NoticeAbout) -> bool {
    let nothing_shown = case.evidence().is_empty() && case.claim().door != Door::Account;
    nothing_shown && matches!(about, NoticeAbout::Started | NoticeAbout::Stopped)
}
