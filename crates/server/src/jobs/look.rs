//! An attempt got no answer: finds out what came of it, by looking and never by writing again.

use keyward_core::{
    case::Stage,
    ids::CaseId,
    steps::reissue::{Attempt, Outcome},
    time::Timestamp,
};

use super::{JobError, Ran, Worker, reissue};
use crate::{
    connectors::{Applied, AttemptFacts, Unknown},
    flow::With,
};

/// Looks once. As long as nobody can tell, the job comes again.
pub async fn run(worker: &Worker, id: CaseId, attempt: u32, sealed: &[u8], changed_before: Option<Timestamp>) -> Ran {
    let flow = &worker.flow;
    let Some(loaded) = flow.store.load(id).await.map_err(crate::flow::FlowError::from)? else { return Ok(()) };
    let Stage::Reissuing(_, Attempt::Unknown(submission)) = loaded.case.stage() else { return Ok(()) };
    if !submission.is(attempt, sealed) {
        return Ok(());
    }
    let subject = loaded.case.subject().ok_or_else(|| JobError::Never("the case has no subject".to_owned()))?;
    let person = flow.store.person(subject).await?;
    let person = person.ok_or_else(|| JobError::Never("the account of the case has been erased".to_owned()))?;
    let directory = worker.directory(&person.account.directory);
    let directory = directory.ok_or_else(|| JobError::Later("its directory is not configured".to_owned()))?;
    let at = flow.ctx.now();
    let new = reissue::open(worker, id, attempt, sealed)?;
    let facts = AttemptFacts {
        action: loaded.case.claim().action,
        new: new.as_ref(),
        changed_before,
        started_at: reissue::started_at(&loaded.entries, attempt).unwrap_or(at),
        at,
    };
    let applied = directory.look(&person.account, facts).await;
    if applied.outcome == Applied::unknown(Unknown::Unproven).outcome {
        // Each look tries a password, which counts against its owner, and no look would find out more: it is on the list of what is in doubt.
        tracing::error!(case = %id, "the password was changed, and not to this one: somebody has to find out");
        return Ok(());
    }
    if matches!(applied.outcome, Outcome::Unknown { .. }) {
        return Err(JobError::Later("nobody can tell yet what the directory did".to_owned()));
    }
    reissue::record(worker, id, attempt, applied, With::nothing()).await
}
