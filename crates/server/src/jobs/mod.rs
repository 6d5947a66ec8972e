//! The worker: takes jobs and does them, one file a kind. It alone holds what opens directories and sealed secrets.
//!
//! A job may be done twice (a worker dies after the work and before it says so), so each looks at its case first and does what is left to do.

use std::{sync::Arc, time::Duration};

use keyward_core::{
    case::Refusal,
    event::EndReason,
    ids::{CaseId, FactorId},
    log::note::Signer,
    steps::review::NoticeAbout,
    time::{MINUTE_MS, SECOND_MS, Timestamp},
};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::{
    channels::Channel,
    connectors::{ConnectorError, Directory},
    ctx::Ctx,
    flow::{Flow, FlowError, SignedIn},
    seal::OpenKey,
    store::{
        CommitError, StoreError,
        check::Round,
        jobs::{NewJob, Taken},
        sign::Memory,
    },
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

use letters::Letters;

/// How long a worker may take for one job before another may take it.
const LEASE_MS: i64 = 2 * MINUTE_MS;
/// What waits for the mail server: at most half of the places, so that a relay that says nothing holds up nobody's recovery (R19, R45).
const MAIL: [&str; 2] = ["send", "mail_code"];
/// What waits for a directory, and a person for it.
const DIRECTORY: [&str; 3] = ["classify", "reissue", "look"];
/// How often a worker looks for work that another process left.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often the log is signed, if it has grown.
const SIGN_EVERY: Duration = Duration::from_secs(1);

/// A piece of work, as it lies in the queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub enum Work {
    /// Find the account behind a name.
    Classify {
        /// For this case.
        case: CaseId,
        /// Who opened it, if they were signed in.
        signed_in: Option<SignedIn>,
    },
    /// Send a link and a code to the stored addresses.
    MailCode {
        /// For this case.
        case: CaseId,
        /// The browser that the code counts in.
        browser: keyward_core::digest::Digest,
    },
    /// Send a code to an address that is to be added.
    NewAddress {
        /// In this case.
        case: CaseId,
        /// The browser that the code counts in.
        browser: keyward_core::digest::Digest,
        /// Digest of the key under which the address lies sealed.
        draft: keyward_core::digest::Digest,
    },
    /// Make the change.
    Reissue {
        /// Of this case.
        case: CaseId,
        /// Which attempt.
        attempt: u32,
        /// What was handed in, sealed. Empty where nothing was.
        sealed: Vec<u8>,
    },
    /// Find out what came of an attempt without an answer.
    Look {
        /// Of this case.
        case: CaseId,
        /// Which attempt.
        attempt: u32,
        /// What was handed in, sealed; with it a password can be proved set.
        sealed: Vec<u8>,
        /// When the password had been changed before the attempt, if that is known.
        changed_before: Option<Timestamp>,
    },
    /// Tell everybody who should know.
    Notify {
        /// About this case.
        case: CaseId,
        /// What.
        about: NoticeAbout,
    },
    /// Send one notice to one address.
    Send {
        /// About this case.
        case: CaseId,
        /// What.
        about: NoticeAbout,
        /// The address.
        to: FactorId,
    },
    /// Look at what was left open.
    Review {
        /// In this case.
        case: CaseId,
    },
    /// Ask the gate again, after a wait.
    Ask {
        /// In this case.
        case: CaseId,
    },
    /// End a case that the directory refused too often.
    GiveUp {
        /// This one.
        case: CaseId,
    },
    /// End all other open cases of the account, after "not me".
    StopOthers {
        /// Said in this case.
        case: CaseId,
    },
    /// Try a password for "my ways back in".
    SignIn(sign_in::Request),
    /// End what has run out of time.
    Expire,
}

impl Work {
    /// The name of its file.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Classify { .. } => "classify",
            Self::MailCode { .. } => "mail_code",
            Self::NewAddress { .. } => "new_address",
            Self::Reissue { .. } => "reissue",
            Self::Look { .. } => "look",
            Self::Notify { .. } => "notify",
            Self::Send { .. } => "send",
            Self::Review { .. } => "review",
            Self::Ask { .. } => "ask",
            Self::GiveUp { .. } => "give_up",
            Self::StopOthers { .. } => "stop_others",
            Self::SignIn(_) => "sign_in",
            Self::Expire => "expire",
        }
    }

    const fn case(&self) -> Option<CaseId> {
        match self {
            Self::Classify { case, .. }
            | Self::MailCode { case, .. }
            | Self::NewAddress { case, .. }
            | Self::Reissue { case, .. }
            | Self::Look { case, .. }
            | Self::Notify { case, .. }
            | Self::Send { case, .. }
            | Self::Review { case }
            | Self::Ask { case }
            | Self::GiveUp { case }
            | Self::StopOthers { case } => Some(*case),
            Self::SignIn(_) | Self::Expire => None,
        }
    }

    /// How often it is tried. What waits for a directory outlives three days without one, and a notice two days without a relay.
    const fn max_tries(&self) -> u32 {
        match self {
            Self::Send { .. } => 40,
            Self::Classify { .. } | Self::Reissue { .. } | Self::Look { .. } => 10_000,
            Self::MailCode { .. } | Self::NewAddress { .. } | Self::SignIn(_) => 5,
            _ => 20,
        }
    }

    /// Puts it into the queue's form.
    pub fn job(&self, ctx: &Ctx, created: Timestamp, due: Timestamp) -> NewJob {
        NewJob {
            id: ctx.id(created),
            kind: self.kind(),
            case: self.case(),
            only_one: self.only_one(),
            // A value of this enum always has a JSON form; were it empty, the job would fail and be shown.
            payload: serde_json::to_vec(self).unwrap_or_default(),
            due,
            max_tries: self.max_tries(),
            created,
        }
    }

    /// Work that is enough once.
    fn only_one(&self) -> Option<String> {
        match self {
            Self::Expire => Some("expire".to_owned()),
            _ => None,
        }
    }
}

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
        match error {
            FlowError::Broken(_) | FlowError::NoCase => Self::Never(error.to_string()),
            other => Self::Later(other.to_string()),
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
        Self::Later(error.to_string())
    }
}
impl From<ConnectorError> for JobError {
    fn from(error: ConnectorError) -> Self {
        Self::Later(error.to_string())
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
            publish::run(&self).await;
            let now = self.flow.ctx.now();
            if expired.is_none_or(|at: Timestamp| now.since_ms(at) >= MINUTE_MS) {
                expired = Some(now);
                if let Err(error) = self.flow.store.put_job(&Work::Expire.job(&self.flow.ctx, now, now)).await {
                    tracing::warn!(%error, "what ran out of time is not ended yet");
                }
                self.flow.bell.notify_waiters();
            }
            tokio::select! {
                () = tokio::time::sleep(SIGN_EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Does jobs until told to stop, and ends what it has begun.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let ticking = tokio::spawn(Arc::clone(&self).tick(stop.clone()));
        let (worker, told) = (Arc::clone(&self), stop.clone());
        let beating = tokio::spawn(async move { beat::run(&worker, told).await });
        let at_a_time = self.flow.terms.places.max(1);
        let places = Arc::new(Semaphore::new(at_a_time));
        let mail_places = Arc::new(Semaphore::new(at_a_time.div_ceil(2)));
        loop {
            // Registered before looking, so that a bell in between is heard.
            let bell = self.flow.bell.notified();
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            // Only this loop takes places, so one that is free now is free in a moment.
            let no_mail = mail_places.available_permits() == 0;
            match self.take(if no_mail { MAIL } else { ["", ""] }).await {
                Some(job) => {
                    let is_mail = MAIL.contains(&job.kind.as_str());
                    let mail_place = is_mail.then(|| Arc::clone(&mail_places).try_acquire_owned());
                    let worker = Arc::clone(&self);
                    tokio::spawn(async move {
                        worker.finish(job).await;
                        drop((place, mail_place));
                    });
                }
                None => {
                    drop(place);
                    tokio::select! {
                        () = bell => {}
                        () = tokio::time::sleep(LOOK_EVERY) => {}
                        () = stop.cancelled() => break,
                    }
                }
            }
            if stop.is_cancelled() {
                break;
            }
        }
        // All places free again: nothing is under way.
        let all = u32::try_from(at_a_time).unwrap_or(1);
        drop(places.acquire_many(all).await);
        drop((ticking.await, beating.await));
    }

    /// Does what is due now and what follows from it, until nothing is due. For tests and simulations, where time stands still.
    pub async fn run_due(&self) {
        while let Some(job) = self.take(["", ""]).await {
            self.finish(job).await;
        }
    }

    async fn take(&self, but: [&str; 2]) -> Option<Taken> {
        let now = self.flow.ctx.now();
        match self.flow.store.take_job_but(now, now.plus_ms(LEASE_MS), but).await {
            Ok(job) => job,
            Err(error) => {
                tracing::warn!(%error, "jobs can not be read");
                None
            }
        }
    }

    async fn finish(&self, job: Taken) {
        let begun = self.flow.ctx.now();
        let case = job.case.map(tracing::field::display);
        let span = tracing::info_span!("job", otel.name = %job.kind, kind = %job.kind, keyward.case_id = case);
        let ran = self.perform(&job).instrument(span).await;
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
            Work::MailCode { case, browser } => mail_code::run(self, case, browser, job.tries == 1).await,
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

/// Doubles from half a second to an hour; for what waits for a directory, to half a minute, so that it goes on soon after that is back (R5).
fn backoff_ms(kind: &str, tries: u32) -> i64 {
    let most_ms = if DIRECTORY.contains(&kind) { 30 * SECOND_MS } else { 60 * MINUTE_MS };
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
    }
}
