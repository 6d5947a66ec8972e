//! Tells everybody who should know: one message for each address of the person (UX-69), each with its own job, so that one dead mailbox stops no other.

use keyward_core::{
    account::{Class, Method},
    case::Case,
    event::{Door, Event},
    ids::CaseId,
    steps::review::NoticeAbout,
    time::Timestamp,
};

use super::{
    JobError, Ran, Work, Worker,
    send::{Caused, is_bearable},
};
use crate::{
    flow::is_from_directory,
    store::{change::Aside, people::Factor},
};

/// Queues the messages of one occasion.
pub async fn run(worker: &Worker, id: CaseId, about: NoticeAbout) -> Ran {
    let flow = &worker.flow;
    let case = flow.load(id).await?;
    let Some(person) = case.subject() else { return Ok(()) };
    let at = flow.ctx.now();
    let mut aside = Aside::default();
    // An address that was just taken off hears of it too: it may have been somebody else who did that.
    let taken_off = flow.changed_way(&case).await?.map(|factor| factor.id);
    let of_a_stranger = of_a_stranger(worker, &case, about).await?;
    let factors = flow.store.factors(person).await?;
    let mut told = Vec::new();
    // Those that are alive first: one that was off the list for a while is told once.
    for factor in factors.iter().filter(|factor| factor.is_alive()).chain(factors.iter().filter(|f| !f.is_alive())) {
        let hears = factor.is_alive() || taken_off == Some(factor.id) || was_listed(worker, &case, factor, at);
        if factor.method != Method::Email || !hears {
            continue;
        }
        // One that can not be read fails in its own job, and keeps no other from being told.
        if let Ok(address) = flow.address(factor) {
            if told.contains(&address) {
                continue;
            }
            told.push(address);
        }
        if of_a_stranger && !is_bearable(worker, Caused::Notice, factor.id).await? {
            continue;
        }
        let mut job = Work::Send { case: id, about, to: factor.id }.job(&flow.ctx, at, at);
        // If this job runs twice, the second message of a pair is not queued while the first waits.
        job.only_one = Some(format!("{id}/{about:?}/{}", factor.id));
        aside = aside.job(job);
    }
    Ok(flow.store.aside(aside).await?)
}

/// Whether the directory listed the address not long ago. Whoever may write there can put their own in its place, and for as long as that one proves
/// nothing (M103), the one before hears of everything (R45).
fn was_listed(worker: &Worker, case: &Case, factor: &Factor, at: Timestamp) -> bool {
    let class = case.class().unwrap_or(Class::Admin);
    let wait_ms = worker.flow.terms.quarantine.of(class, true);
    is_from_directory(factor) && factor.ended.is_some_and(|ended| at < ended.plus_ms(wait_ms))
}

/// Whether somebody caused it who has proved nothing: that a case began, or ended without a proof. Everything else is told however often.
async fn of_a_stranger(worker: &Worker, case: &Case, about: NoticeAbout) -> Result<bool, JobError> {
    if case.claim().door == Door::Account || !matches!(about, NoticeAbout::Started | NoticeAbout::Stopped) {
        return Ok(false);
    }
    // A case that is over has no proofs any more; its entries have.
    let entries = worker.flow.entries(case.id()).await?;
    Ok(!entries.iter().any(|entry| matches!(entry.event, Event::Presented(_))))
}
