//! What is not counted but looked up when somebody asks: the queue, the log, open cases, readiness. What can not be looked up is NaN or absent,
//! never an old value.

use std::{future::Future, time::Duration};

use keyward_core::time::Timestamp;
use prometheus_client::{encoding::EncodeLabelSet, metrics::family::Family};

use super::{
    cases::word,
    names::{Level, Measure, Names},
    seconds,
};
use crate::store::{Store, StoreError, cases::State, jobs::JobState, workers::Readiness};

/// How long each question may take.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct PartLabels {
    part: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct StateLabels {
    state: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct VersionLabels {
    version: &'static str,
}

pub(super) struct Present {
    ready: Family<PartLabels, Level>,
    jobs: Family<StateLabels, Level>,
    overdue: Measure,
    cases: Family<StateLabels, Level>,
    entries: Measure,
    signed: Measure,
    age: Measure,
}

impl Present {
    pub(super) fn new(names: &mut Names) -> Self {
        let build = names.levels("build_info", "The version that runs; always 1");
        build.get_or_create(&VersionLabels { version: env!("CARGO_PKG_VERSION") }).set(1);
        Self {
            ready: names.levels("ready", "Whether each part that a recovery needs is there, as /readyz says"),
            jobs: names.levels("jobs", "Jobs in the queue, by state; dead ones wait for somebody to look"),
            overdue: names.measure("jobs_oldest_due_seconds", "For how long the job has been due that is due longest"),
            cases: names.levels("cases", "Cases in the database, by state"),
            entries: names.measure("log_entries", "Entries of the log"),
            signed: names.measure("log_signed_entries", "Entries of the log that the last checkpoint covers"),
            age: names.measure("log_checkpoint_age_seconds", "For how long there was no new checkpoint"),
        }
    }

    pub(super) async fn look(&self, store: &Store, at: Timestamp, readiness: Readiness) {
        for (part, ready) in readiness.parts() {
            self.ready.get_or_create(&PartLabels { part }).set(i64::from(ready));
        }
        self.look_at_jobs(store, at, readiness.migrations).await;
        self.look_at_log(store, at, readiness.migrations).await;
        self.cases.clear();
        // Counting all cases is the longest question, and the first to be given up.
        if let Some(counts) = asked(readiness.migrations, store.case_counts()).await {
            for state in State::ALL {
                let count = counts.iter().find(|(of, _)| *of == state).map_or(0, |(_, count)| *count);
                self.cases.get_or_create(&StateLabels { state: word(state) }).set(level(count));
            }
        }
    }

    async fn look_at_jobs(&self, store: &Store, at: Timestamp, askable: bool) {
        self.jobs.clear();
        self.overdue.set(f64::NAN);
        if let Some(counts) = asked(askable, store.job_counts()).await {
            for state in [JobState::Waiting, JobState::Running, JobState::Dead] {
                let count = counts.iter().find(|(of, _)| *of == state).map_or(0, |(_, count)| *count);
                self.jobs.get_or_create(&StateLabels { state: word(state) }).set(level(count));
            }
        }
        if let Some(due) = asked(askable, store.next_job_due()).await {
            self.overdue.set(due.map_or(0.0, |due| seconds(at.since_ms(due))));
        }
    }

    async fn look_at_log(&self, store: &Store, at: Timestamp, askable: bool) {
        for measure in [&self.entries, &self.signed, &self.age] {
            measure.set(f64::NAN);
        }
        if let Some(head) = asked(askable, store.log_head()).await {
            self.entries.set(measured(head.tree.size()));
        }
        if let Some(signed) = asked(askable, store.last_checkpoint()).await {
            self.signed.set(measured(signed.as_ref().map_or(0, |signed| signed.size)));
            if let Some(signed) = signed {
                self.age.set(seconds(at.since_ms(signed.at)));
            }
        }
    }
}

/// The answer, if there is one in time. A database that does not answer has been spoken of by readiness already.
async fn asked<T>(askable: bool, question: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    if !askable {
        return None;
    }
    tokio::time::timeout(PATIENCE, question).await.ok()?.ok()
}

fn level(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 9 000 000 000 000 000 entries")]
fn measured(count: u64) -> f64 {
    count as f64
}
