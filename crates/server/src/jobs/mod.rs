//! The worker: takes jobs and does them, one file a kind. It alone holds what opens directories and sealed secrets.
//!
//! A job may be done twice (a worker dies after the work and before it says so), so each looks at its case first and does what is left to do.

use std::{sync::Arc, time::Duration};

use keyward_core::{
    case::Refusal,
    event::EndReason,
    log::note::Signer,
    time::{MINUTE_MS, SECOND_MS, Timestamp},
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::{
    causes,
    channels::Channel,
    connectors::{ConnectorError, Directory},
    ctx::Ctx,
    flow::{Flow, FlowError},
    seal::OpenKey,
    store::{CommitError, Store, StoreError, check::Round, jobs::Taken, sign::Memory},
};

pub mod ask;
pub mod beat;
pub mod classify;
pub mod expire;
pub mod give_up;
pub mod letters;
pub mod look;
pub mod mail_code;
pub mod new_address;
pub mod notify;
pub mod publish;
pub mod reissue;
pub mod review;
pub mod send;
pub mod sign_in;
pub mod stop_others;
pub mod work;

use letters::Letters;
pub use work::Work;

/// How long after the last word of a worker another may take its job (R5).
const LEASE_MS: i64 = 40 * SECOND_MS;
/// How often a worker that is at a job says so.
const HOLD_EVERY: Duration = Duration::from_secs(10);
/// No kind is left out.
const NOTHING: [&str; 6] = [""; 6];
/// What waits for the mail server: at most half of the places, so that a relay that says nothing holds up nobody's recovery (R19, R45).
const MAIL: [&str; 3] = ["send", "mail_code", "new_address"];
/// What tries or sets a password: at most three quarters of the places, so that a name is looked up while many do that at once (P23).
const PASSWORDS: [&str; 3] = ["reissue", "look", "sign_in"];
/// What a person waits for, and it for a directory or a mail server.
const AWAITED: [&str; 6] = ["classify", "mail_code", "new_address", "reissue", "look", "sign_in"];
/// How often a worker looks for work that another process left.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often the log is signed, if it has grown.
const SIGN_EVERY: Duration = Duration::from_secs(1);

/// Every kind of job, by the name of its file.
pub const fn all() -> &'static [&'static str] {
    &[
        "ask",
        "beat",
        "classify",
        "expire",
        "give_up",
        "look",
        "mail_code",
        "new_address",
        "notify",
        "publish",
        "reissue",
        "review",
        "send",
        "sign_in",
        "stop_others",
    ]
}

/// Why a job did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Something outside did not answer; again later.
    #[error("{0}")]
    Later(String),
    /// It can never work; somebody has to look.
    #[error("{0}")]
    Never(String),
}

impl From<FlowError> for JobError {
    fn from(error: FlowError) -> Self {
        let what = causes::in_one_line(&error);
        match error {
            FlowError::Broken(_) | FlowError::NoCase => Self::Never(what),
            _ => Self::Later(what),
        }
    }
}
impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        Self::from(FlowError::from(error))
    }
}
impl From<CommitError> for JobError {
    fn from(error: CommitError) -> Self {
        Self::Later(causes::in_one_line(&error))
    }
}
impl From<ConnectorError> for JobError {
    fn from(error: ConnectorError) -> Self {
        Self::Later(error.to_string())
    }
}

/// Kinds of jobs that never take all places.
struct Lane {
    kinds: [&'static str; 3],
    places: Arc<Semaphore>,
}

impl Lane {
    fn both(places: usize) -> [Self; 2] {
        let lane = |kinds, places| Self { kinds, places: Arc::new(Semaphore::new(places)) };
        [lane(MAIL, places.div_ceil(2)), lane(PASSWORDS, places.saturating_sub(places / 4))]
    }
}

/// What a job came to.
pub type Ran = Result<(), JobError>;

/// Whoever does the jobs, with everything that only they may hold.
pub struct Worker {
    /// The only road by which cases change.
    pub flow: Arc<Flow>,
    /// The directories, in the order in which names are looked up.
    pub directories: Vec<Arc<dyn Directory>>,
    /// Opens what was sealed to the worker.
    pub open: OpenKey,
    /// Sends messages. None: nothing can be sent, and `doctor` says so.
    pub channel: Option<Arc<dyn Channel>>,
    /// Writes messages.
    pub letters: Arc<dyn Letters>,
    /// Signs the log.
    pub signer: Signer,
    /// Remembers outside of the database what was signed last.
    pub memory: Memory,
    /// How far it has read the signed log again.
    pub round: Round,
    /// Says that this worker is alive.
    pub beat: beat::Beat,
}

impl Worker {
    /// The directory of that name.
    pub fn directory(&self, name: &str) -> Option<&Arc<dyn Directory>> {
        self.directories.iter().find(|directory| directory.name() == name)
    }

    /// Does what is due by the clock: signs the log every second, ends what ran out of time every minute.
    async fn tick(self: Arc<Self>, stop: CancellationToken) {
        let mut expired = None;
        loop {
            // By a clock that is wrong nothing is signed, and nothing ended.
            if self.flow.ctx.is_apart() {
                self.beat.not_signed();
            } else {
                publish::run(&self).await;
                self.expire(&mut expired).await;
            }
            tokio::select! {
                () = tokio::time::sleep(SIGN_EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Queues the end of what ran out of time, if that was not done for a minute.
    async fn expire(&self, done: &mut Option<Timestamp>) {
        let now = self.flow.ctx.now();
        if done.is_none_or(|at| now.since_ms(at) >= MINUTE_MS) {
            *done = Some(now);
            if let Err(error) = self.flow.store.put_job(&Work::Expire.job(&self.flow.ctx, now, now)).await {
                tracing::warn!(%error, "what ran out of time is not ended yet");
            }
            self.flow.bell.notify_waiters();
        }
    }

    /// Does jobs until told to stop, and ends what it has begun.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let ticking = tokio::spawn(Arc::clone(&self).tick(stop.clone()));
        let (worker, told) = (Arc::clone(&self), stop.clone());
        let beating = tokio::spawn(async move { beat::run(&worker, told).await });
        let at_a_time = self.flow.terms.places.max(1);
        let places = Arc::new(Semaphore::new(at_a_time));
        let lanes = Lane::both(at_a_time);
        while !stop.is_cancelled() {
            // Registered before looking, so that a bell in between is heard.
            let bell = self.flow.bell.notified();
            // Whoever is told to stop while all are taken begins nothing any more.
            let Some(Ok(place)) = stop.run_until_cancelled(places.acquire()).await else { break };
            drop(place);
            // Only this loop takes places, so those that are free now are free in a moment.
            let (mut most, mut but) = (places.available_permits(), NOTHING);
            for (lane, left_out) in lanes.iter().zip(but.as_chunks_mut().0) {
                match lane.places.available_permits() {
                    0 => *left_out = lane.kinds,
                    free => most = most.min(free),
                }
            }
            let jobs = self.take(most, but).await;
            let is_all = jobs.len() < most;
            for job in jobs {
                let lane = lanes.iter().find(|lane| lane.kinds.contains(&job.kind.as_str()));
                let in_lane = lane.map(|lane| Arc::clone(&lane.places).try_acquire_owned());
                let (place, worker) = (Arc::clone(&places).try_acquire_owned(), Arc::clone(&self));
                tokio::spawn(async move {
                    worker.finish(job).await;
                    drop((place, in_lane));
                });
            }
            if is_all {
                tokio::select! {
                    () = bell => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                    () = stop.cancelled() => {}
                }
            }
        }
        // All places free again: nothing is under way.
        let all = u32::try_from(at_a_time).unwrap_or(1);
        drop(places.acquire_many(all).await);
        drop((ticking.await, beating.await));
    }

    /// Does what is due now and what follows from it, until nothing is due. For tests and simulations, where time stands still.
    pub async fn run_due(&self) {
        while let Some(job) = self.take(1, NOTHING).await.pop() {
            self.finish(job).await;
        }
    }

    async fn take(&self, most: usize, but: [&'static str; 6]) -> Vec<Taken> {
        // What another is at would look left behind (R20).
        if self.flow.ctx.is_apart() {
            return Vec::new();
        }
        let now = self.flow.ctx.now();
        let taken = self.flow.store.take_jobs(now, now.plus_ms(LEASE_MS), (most, but)).await;
        taken.unwrap_or_else(|error| {
            tracing::warn!(%error, "jobs can not be read");
            Vec::new()
        })
    }

    async fn finish(&self, job: Taken) {
        let begun = self.flow.ctx.now();
        let case = job.case.map(tracing::field::display);
        let span = tracing::info_span!("job", otel.name = %job.kind, kind = %job.kind, keyward.case_id = case);
        let ran = tokio::select! {
            ran = self.perform(&job).instrument(span) => ran,
            never = hold(&self.flow.store, &self.flow.ctx, (&job, HOLD_EVERY)) => never,
        };
        self.flow.metrics.job(&job.kind, ran.is_ok(), self.flow.ctx.now().since_ms(begun));
        let done = match ran {
            Ok(()) => self.flow.store.finish_job(&job).await.map(drop),
            Err(error) => {
                let never = matches!(error, JobError::Never(_));
                tracing::warn!(kind = job.kind, tries = job.tries, %error, "a job did not come to its end");
                self.put_back(&job, never, &error.to_string()).await
            }
        };
        if let Err(error) = done {
            tracing::warn!(%error, "the end of a job could not be written; it is done again");
        }
        self.flow.bell.notify_waiters();
    }

    async fn put_back(&self, job: &Taken, never: bool, error: &str) -> Result<(), StoreError> {
        let wait_ms = if never { MINUTE_MS * 60 } else { backoff_ms(&job.kind, job.tries) };
        let due = self.flow.ctx.now().plus_ms(wait_ms);
        self.flow.store.fail_job(job, due, error).await.map(drop)
    }

    async fn perform(&self, job: &Taken) -> Ran {
        let work: Work = serde_json::from_slice(&job.payload)
            .map_err(|_| JobError::Never(format!("a job of kind `{}` can not be read", job.kind)))?;
        match work {
            Work::Classify { case, signed_in } => classify::run(self, case, signed_in).await,
            Work::MailCode { case, browser, to } => mail_code::run(self, case, browser, to).await,
            Work::NewAddress { case, browser, draft } => new_address::run(self, case, browser, draft).await,
            Work::Reissue { case, attempt, sealed } => reissue::run(self, case, attempt, &sealed).await,
            Work::Look { case, attempt, sealed, changed_before } => {
                look::run(self, case, attempt, &sealed, changed_before).await
            }
            Work::Notify { case, about } => notify::run(self, case, about).await,
            Work::Send { case, about, to } => send::run(self, case, about, to).await,
            Work::Review { case } => review::run(self, case).await,
            Work::Ask { case } => ask::run(self, case).await,
            Work::GiveUp { case } => give_up::run(self, case, EndReason::DirectoryRefused).await,
            Work::StopOthers { case } => stop_others::run(self, case).await,
            Work::SignIn(request) => sign_in::run(self, request).await,
            Work::Expire => expire::run(self).await,
        }
    }
}

/// Says again and again that somebody is at it.
async fn hold(store: &Store, ctx: &Ctx, (job, every): (&Taken, Duration)) -> Ran {
    loop {
        tokio::time::sleep(every).await;
        match store.hold_job(job, ctx.now().plus_ms(LEASE_MS)).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!(kind = job.kind, "another worker has taken the job meanwhile"),
            Err(error) => tracing::warn!(kind = job.kind, %error, "a job could not be held"),
        }
    }
}

/// Doubles from half a second to an hour; for what a person waits for, to half a minute, so that it goes on soon after the directory is back (R5).
fn backoff_ms(kind: &str, tries: u32) -> i64 {
    let most_ms = if AWAITED.contains(&kind) { 30 * SECOND_MS } else { 60 * MINUTE_MS };
    let doubled = 1i64.checked_shl(tries.min(20)).unwrap_or(i64::MAX);
    (SECOND_MS / 4).saturating_mul(doubled).min(most_ms)
}

/// A refusal that only says that the work is done already, or no longer wanted. That others were faster each time says neither: it is still to do.
fn settled(result: Result<(), FlowError>) -> Ran {
    match result {
        Err(error @ FlowError::Refused(Refusal::Changed)) => Err(error.into()),
        Err(FlowError::Refused(_)) => Ok(()),
        other => other.map_err(JobError::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r10_work_that_others_outran_is_still_to_do() {
        assert!(settled(Err(FlowError::Refused(Refusal::Over))).is_ok());
        assert!(matches!(settled(Err(FlowError::Refused(Refusal::Changed))), Err(JobError::Later(_))));
    }

    #[tokio::test]
    async fn r5_a_job_that_takes_long_is_nobody_elses_and_that_of_a_worker_that_died_is_soon() {
        let folder = tempfile::tempdir().unwrap();
        let (ctx, hand) = Ctx::by_hand(Timestamp::from_millis(0), 1);
        let store = Store::open(&format!("sqlite:{}", folder.path().join("keyward.db").display()), &ctx).await.unwrap();
        store.migrate(ctx.now()).await.unwrap();
        store.put_job(&Work::Expire.job(&ctx, ctx.now(), ctx.now())).await.unwrap();
        let take = async || store.take_job(ctx.now(), ctx.now().plus_ms(LEASE_MS)).await.unwrap();
        let job = take().await.unwrap();

        let (holder, clock, held) = (store.clone(), ctx.clone(), job.clone());
        let holding = tokio::spawn(async move { hold(&holder, &clock, (&held, Duration::from_millis(5))).await });
        hand.pass_ms(LEASE_MS - SECOND_MS);
        let later = Timestamp::from_millis(2 * LEASE_MS - SECOND_MS);
        while store.next_job_due().await.unwrap() != Some(later) {
            tokio::task::yield_now().await;
        }
        hand.pass_ms(LEASE_MS - SECOND_MS);
        assert_eq!(take().await, None, "it is held");
        holding.abort();
        hand.pass_ms(MINUTE_MS);
        assert!(take().await.is_some_and(|again| again.tries == job.tries + 1), "nobody holds it");
    }

    #[test]
    fn r5_what_waits_for_a_directory_is_tried_soon_after_it_is_back_and_for_days() {
        let (ctx, _) = Ctx::by_hand(Timestamp::from_millis(0), 1);
        let case = ctx.id(ctx.now());
        for work in [
            Work::Classify { case, signed_in: None },
            Work::Reissue { case, attempt: 1, sealed: Vec::new() },
            Work::Look { case, attempt: 1, sealed: Vec::new(), changed_before: None },
        ] {
            let waits = (1..work.max_tries()).map(|tries| backoff_ms(work.kind(), tries));
            let (mut longest, mut all) = (0, 0);
            for wait in waits {
                (longest, all) = (wait.max(longest), all + wait);
            }
            assert!(longest <= MINUTE_MS, "{}: {longest} ms", work.kind());
            assert!(all >= 3 * keyward_core::time::DAY_MS, "{}: {all} ms", work.kind());
        }
        // A sign-in for as long as somebody waits for it.
        assert!((1..20).all(|tries| backoff_ms("sign_in", tries) <= MINUTE_MS));
    }
}
