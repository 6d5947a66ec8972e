//! Step 4: makes the change. The only file that turns a committed start into a permit and hands it to a directory.

use std::time::Duration;

use keyward_core::{
    account::{Action, Method},
    actor::Actor,
    case::{Case, Command, Refusal, Stage},
    digest::Disclosure,
    event::{EndReason, Event},
    ids::CaseId,
    ledger::Durable,
    secret::SecretText,
    steps::{
        reissue::{Attempt, Check, CheckKind, CheckResult, Outcome, Permit, Recorded},
        verify::{Evidence, Source},
    },
    time::{MINUTE_MS, SECOND_MS, Timestamp},
};

use super::{JobError, Ran, Work, Worker, classify, give_up, settled};
use crate::{
    connectors::{Account, Applied, NewPassword, NotDone},
    flow::{Acted, FlowError, With},
    seal,
    store::{
        change::Write,
        guard::{Guard, GuardKind},
        people::NewFactor,
    },
};

/// When an attempt without an answer is first looked at.
const LOOK_AFTER_MS: i64 = 5 * SECOND_MS;
/// How long an answer of a directory is kept while the database can not be written: nobody else knows it. Well within the lease of a job, so that it is
/// not another worker's meanwhile, who could only say "unknown" (R4, R5).
const KEPT: Duration = Duration::from_secs(20);
/// How far the clock of a directory may be from this one, before a password is taken for a newer one than was shown.
const CLOCKS_MS: i64 = MINUTE_MS;
/// Between two tries to write it.
const PAUSE: Duration = Duration::from_millis(250);

/// Makes the change of one attempt, unless it was begun already: then looking, and not this, finds out what came of it.
pub async fn run(worker: &Worker, id: CaseId, attempt: u32, sealed: &[u8]) -> Ran {
    let case = worker.flow.load(id).await?;
    let Stage::Reissuing(_, Attempt::Submitted(submission)) = case.stage() else {
        return recover(worker, id, attempt, sealed).await;
    };
    if !submission.is(attempt, sealed) {
        return Ok(());
    }
    // Before anything is begun: what can not be opened would leave an attempt that nobody can make or look at.
    let secret = open(worker, id, attempt, sealed)?;
    let Some((started, changed_before)) = start(worker, id).await? else { return Ok(()) };
    let (case, account) = (started.get().case.clone(), account_of(worker, &started.get().case).await?);
    let at = worker.flow.ctx.now();
    let committed = started.map(|acted| acted.committed);
    let Some(begun) = committed.get().started() else { return Ok(()) };
    let durable = committed.map(|committed| (committed.case, begun));
    let permit = match Permit::new(durable, &case, &account, at) {
        Ok(permit) => permit,
        // The start is in the log, so its answer has to be too: nothing was touched.
        Err(_) => return record(worker, id, attempt, Applied::not_done(NotDone::NotPermitted), With::nothing()).await,
    };
    if case.claim().action.changes_directory() {
        let applied = in_directory(worker, permit, secret, at).await;
        let with = look_again(worker, &Attempted { case: id, attempt, sealed, changed_before }, &applied);
        record(worker, id, attempt, applied, with).await
    } else {
        let (applied, with) = in_keyward(worker, &permit, secret, at).await?;
        record(worker, id, attempt, applied, with).await
    }
}

/// Commits the start, after another look at the account: its class and state may be others than when the case began.
async fn start(worker: &Worker, id: CaseId) -> Result<Option<(Durable<Acted>, Option<Timestamp>)>, JobError> {
    let flow = &worker.flow;
    let case = flow.load(id).await?;
    let Some(subject) = case.subject() else { return Ok(None) };
    let Some(person) = flow.store.person(subject).await? else { return Ok(None) };
    let Some(directory) = worker.directory(&person.account.directory) else {
        return Err(JobError::Later(format!("there is no directory `{}`", person.account.directory)));
    };
    let Some(account) = directory.read(&person.account.id, flow.ctx.now()).await? else { return Ok(None) };
    if account.disabled && !case.claim().action.changes_directory() {
        // No directory is asked to make the change that could say so.
        give_up::run(worker, id, EndReason::DirectoryRefused).await?;
        return Ok(None);
    }
    if case.evidence().iter().any(|proof| is_older_password(proof, &account)) {
        give_up::run(worker, id, EndReason::Superseded).await?;
        return Ok(None);
    }
    let (mut now, with) = classify::classification(worker, &case, directory.name(), &account, &person);
    let with = match case.classified() {
        // The same account keeps its commitment, so that one value opens both.
        Some(before) if before.class() == now.class => {
            now.account = before.classification().account;
            With::nothing()
        }
        _ => with,
    };
    // Whoever takes a lost phone or a copied sheet out of use takes from a thief what was proved with it in a case that is still open (T-A16).
    let factors = case.evidence().iter().flat_map(|proof| &proof.sources).filter_map(Source::factor);
    let with = factors.map(Guard::FactorNotEnded).fold(with, With::guard);
    let with = with.guard(Guard::PersonNotBlocked { person: subject, at: flow.ctx.now() });
    // Whoever has set a new password meanwhile has taken from a thief what was proved before it, in every case that is open.
    let since = case.evidence().iter().map(|proof| proof.at.plus_ms(-flow.store.apart_ms())).min();
    let unchanged = since.map(|since| Guard::PersonNotChangedSince { person: subject, since });
    let with = unchanged.into_iter().fold(with, With::guard);
    match flow.act(id, Actor::Keyward, Command::Start(now), with).await {
        Ok(acted) if acted.get().committed.started().is_some() => Ok(Some((acted, account.changed_at))),
        Ok(_) => Ok(None),
        Err(FlowError::Lost(GuardKind::Factor | GuardKind::Changed)) => {
            give_up::run(worker, id, EndReason::Superseded).await?;
            Ok(None)
        }
        Err(error @ FlowError::Refused(Refusal::Changed)) => Err(error.into()),
        Err(FlowError::Refused(_) | FlowError::Lost(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether a proof is a password that its owner has replaced since (T-A16).
fn is_older_password(proof: &Evidence, account: &Account) -> bool {
    let is_password = proof.sources.iter().any(|source| matches!(source, Source::Password { .. }));
    is_password && account.changed_at.is_some_and(|changed| changed.since_ms(proof.at) > CLOCKS_MS)
}

async fn account_of(worker: &Worker, case: &Case) -> Result<Disclosure, JobError> {
    let missing = || JobError::Never("the account of the case has been erased".to_owned());
    let commitment = case.classified().ok_or_else(missing)?.classification().account;
    worker.flow.store.value(case.id(), commitment).await?.ok_or_else(missing)
}

pub(super) fn open(worker: &Worker, case: CaseId, number: u32, sealed: &[u8]) -> Result<Option<SecretText>, JobError> {
    if sealed.is_empty() {
        return Ok(None);
    }
    let opened = worker.open.open(sealed, seal::Attempt { case, number });
    opened.map(Some).map_err(|error| JobError::Never(error.to_string()))
}

async fn in_directory(worker: &Worker, permit: Permit, secret: Option<SecretText>, at: Timestamp) -> Applied {
    let Some(directory) = worker.directory(&permit.account().directory) else {
        return Applied::not_done(NotDone::NoSuchAccount);
    };
    match (permit.action(), secret) {
        (Action::Unlock, _) => directory.unlock(permit, at).await,
        (Action::SetPassword, Some(new)) => {
            directory.set_password(permit, NewPassword { new: &new, old: None, must_change: false, at }).await
        }
        (Action::SetPassword | Action::EnrollFactor { .. } | Action::RemoveFactor, _) => {
            Applied::not_done(NotDone::NotPermitted)
        }
    }
}

/// Factors lie in Keyward's own table: the change is made by the very commit that records it.
async fn in_keyward(
    worker: &Worker,
    permit: &Permit,
    secret: Option<SecretText>,
    at: Timestamp,
) -> Result<(Applied, With), JobError> {
    let done = Applied {
        outcome: Outcome::Done,
        checks: vec![
            Check { what: CheckKind::Write, result: CheckResult::Done },
            Check { what: CheckKind::ReadBack, result: CheckResult::Done },
        ],
    };
    let person = permit.subject();
    match (permit.action(), permit.submission().factor, secret) {
        (Action::RemoveFactor, Some(factor), _) => {
            Ok((done, With::nothing().guard(Guard::EndFactor { factor, person, at })))
        }
        (Action::EnrollFactor { method }, _, Some(secret)) => {
            Ok((done, enroll(worker, permit, method, &secret, at).await?))
        }
        (Action::SetPassword | Action::Unlock | Action::EnrollFactor { .. } | Action::RemoveFactor, ..) => {
            Ok((Applied::not_done(NotDone::NotPermitted), With::nothing()))
        }
    }
}

async fn enroll(
    worker: &Worker,
    permit: &Permit,
    method: Method,
    secret: &SecretText,
    at: Timestamp,
) -> Result<With, JobError> {
    let flow = &worker.flow;
    let record = crate::flow::NewRecord::parse(secret.expose())
        .map_err(|_| JobError::Never("what was handed in can not be read".to_owned()))?;
    if permit.submission().factor != Some(record.id) {
        return Err(JobError::Never("what was handed in is not what the log names".to_owned()));
    }
    let case = flow.load(permit.case()).await?;
    let class = case.class().unwrap_or(keyward_core::account::Class::Admin);
    // The first way back in is of use at once; every later one waits while the person can still say "not me".
    let first = flow.has_none(permit.subject()).await?;
    let wait_ms = if first { 0 } else { flow.terms.quarantine.of(class, method == Method::Email) };
    // Of two that are made in the same moment one is the first.
    let mut with = if first { With::nothing().guard(Guard::NoFactorYet(permit.subject())) } else { With::nothing() };
    if method == Method::RecoveryCode {
        // A new sheet takes the place of the old one (N-05).
        with = with.write(Write::EndFactors { person: permit.subject(), method, but: record.id, at });
    }
    with = with.guard(Guard::NewFactor(NewFactor {
        id: record.id,
        person: permit.subject(),
        method,
        label: record.label.clone(),
        data: flow.lock_away(record.id, &record.data())?,
        handle: record.handle,
        created: at,
        usable_from: at.plus_ms(wait_ms),
    }));
    if let Some(step) = record.step {
        with = with.guard(Guard::UseTotpStep { factor: record.id, step, at });
    }
    if !record.codes.is_empty() {
        with = with.write(Write::PutRecoveryCodes { factor: record.id, codes: record.codes.clone() });
    }
    Ok(with)
}

/// What looking at an attempt later needs.
struct Attempted<'a> {
    case: CaseId,
    attempt: u32,
    sealed: &'a [u8],
    changed_before: Option<Timestamp>,
}

/// Without an answer, looking is the next thing that happens; it is queued by the commit that says so.
fn look_again(worker: &Worker, attempted: &Attempted<'_>, applied: &Applied) -> With {
    if !matches!(applied.outcome, Outcome::Unknown { .. }) {
        return With::nothing();
    }
    let Attempted { case, attempt, sealed, changed_before } = *attempted;
    let work = Work::Look { case, attempt, sealed: sealed.to_vec(), changed_before };
    let at = worker.flow.ctx.now();
    With::nothing().job(work.job(&worker.flow.ctx, at, at.plus_ms(LOOK_AFTER_MS)))
}

/// Says what was found out about an attempt, and what has to be true together with that.
pub(super) async fn record(worker: &Worker, id: CaseId, attempt: u32, applied: Applied, with: With) -> Ran {
    let mut checks = applied.checks;
    if applied.outcome == Outcome::Done {
        // Committed together with this entry (`flow/follow.rs`).
        checks.push(Check { what: CheckKind::SiblingsEnded, result: CheckResult::Done });
    }
    let is_done = applied.outcome == Outcome::Done;
    let recorded = Command::Record(Recorded { attempt, outcome: applied.outcome, checks });
    let mut kept = std::pin::pin!(tokio::time::sleep(KEPT));
    loop {
        let acted = worker.flow.act(id, Actor::Keyward, recorded.clone(), with.clone()).await.map(drop);
        let Err(error @ (FlowError::Unavailable(_) | FlowError::Refused(Refusal::Changed))) = &acted else {
            // A worker that stood still for minutes: others have looked meanwhile, and found nothing done. One that wrote it twice has no news.
            let refused = is_done && matches!(acted, Err(FlowError::Refused(_)));
            if refused && worker.flow.load(id).await.is_ok_and(|case| case.reissued().is_none() && !case.is_contested())
            {
                tracing::error!(case = %id, "the change was made, and the log says by now that it was not");
            }
            return settled(acted);
        };
        tracing::warn!(kind = "reissue", %error, "what was found out can not be written yet");
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = &mut kept => return settled(acted),
        }
    }
}

/// The job came again and the attempt was begun: whatever happened then, it is not repeated. What was never answered is unknown, and looked at.
async fn recover(worker: &Worker, id: CaseId, attempt: u32, sealed: &[u8]) -> Ran {
    let case = worker.flow.load(id).await?;
    let begun = matches!(case.stage(), Stage::Reissuing(_, Attempt::Running(s)) if s.is(attempt, sealed));
    if !begun {
        return Ok(());
    }
    if case.claim().action.changes_directory() {
        let applied = Applied::unknown(crate::connectors::Unknown::ConnectionLost);
        let with = look_again(worker, &Attempted { case: id, attempt, sealed, changed_before: None }, &applied);
        return record(worker, id, attempt, applied, with).await;
    }
    // The commit that would have made the change would have recorded it too; it did not happen.
    record(worker, id, attempt, Applied::not_done(NotDone::NotApplied), With::nothing()).await
}

/// When an attempt was started, for whoever looks at it later.
pub(super) fn started_at(entries: &[crate::store::cases::Placed], attempt: u32) -> Option<Timestamp> {
    entries.iter().rev().find_map(|placed| match &placed.entry.event {
        Event::Started(started) if started.attempt == attempt => Some(placed.entry.at),
        _ => None,
    })
}
