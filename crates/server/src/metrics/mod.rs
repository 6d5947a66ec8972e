//! Numbers about this process for whoever looks after it (ECO-12), in the words of OpenMetrics. A value that is passed along; nothing is global.
//!
//! Labels are words of the program, never of a person: no name, no address, no case. Every label has few values, whatever anybody sends.
//! Reading order: [`names`] (how a number is declared), [`cases`] (from entries), [`requests`], [`present`] (what is read when somebody asks).

mod cases;
mod names;
mod present;
mod requests;

use keyward_core::{case::Case, event::Entry, time::Timestamp};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{family::Family, histogram::Histogram},
    registry::Registry,
};

use crate::store::{Store, workers::Readiness};
use names::{Names, Timed};

pub use requests::{OpenStream, Request};

/// Milliseconds as seconds, the unit that Prometheus expects.
#[expect(clippy::cast_precision_loss, reason = "exact up to 285 000 years")]
fn seconds(ms: i64) -> f64 {
    ms.max(0) as f64 / 1000.0
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct JobLabels {
    kind: String,
    result: &'static str,
}

/// All numbers of one process.
pub struct Metrics {
    registry: Registry,
    names: Vec<String>,
    cases: cases::Cases,
    jobs: Family<JobLabels, Histogram, Timed>,
    requests: requests::Requests,
    present: present::Present,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut names = Names::new();
        let cases = cases::Cases::new(&mut names);
        let jobs = names.seconds("job_duration", "How long jobs took, by kind and whether they came to their end");
        let requests = requests::Requests::new(&mut names);
        let present = present::Present::new(&mut names);
        let (registry, names) = names.done();
        Self { registry, names, cases, jobs, requests, present }
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Counts what was committed in a case.
    pub fn committed(&self, case: &Case, entries: &[Entry]) {
        self.cases.count(case, entries);
    }

    /// Counts a try of a job, and how long it took.
    pub fn job(&self, kind: &str, done: bool, ms: i64) {
        let labels = JobLabels { kind: kind.to_owned(), result: if done { "done" } else { "failed" } };
        self.jobs.get_or_create(&labels).observe(seconds(ms));
    }

    /// Counts an answer, and how long it took to begin.
    pub fn request(&self, request: Request<'_>, ms: i64) {
        self.requests.answered(request, seconds(ms));
    }

    /// A stream of events was opened; it counts until what is returned is dropped.
    pub fn stream(&self) -> OpenStream {
        self.requests.stream()
    }

    /// Everything as text, with what the database says at this moment.
    pub async fn text(&self, store: &Store, at: Timestamp, ready: Readiness) -> Result<String, std::fmt::Error> {
        self.present.look(store, at, ready).await;
        let mut out = String::new();
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }

    /// The name of every series, as queries write them.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}
