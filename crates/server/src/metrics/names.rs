//! How a number is declared: once, with its help, so that the list of all names can not differ from what is given out.

use std::{
    fmt::Debug,
    hash::Hash,
    sync::atomic::{AtomicI64, AtomicU64},
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

/// A number that may be unknown, which is NaN.
pub(super) type Measure = Gauge<f64, AtomicU64>;
/// A whole number that goes up and down.
pub(super) type Level = Gauge<i64, AtomicI64>;
/// Makes the histogram of a new label.
pub(super) type Timed = fn() -> Histogram;

/// From what nobody notices to what nobody waits for, in seconds.
const BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// What labels have to be.
pub(super) trait Labels: Clone + Hash + Eq + Debug + EncodeLabelSet + Send + Sync + 'static {}
impl<T: Clone + Hash + Eq + Debug + EncodeLabelSet + Send + Sync + 'static> Labels for T {}

/// The registry while it is filled.
pub(super) struct Names {
    registry: Registry,
    names: Vec<String>,
}

impl Names {
    pub(super) fn new() -> Self {
        Self { registry: Registry::with_prefix("keyward"), names: Vec::new() }
    }

    fn add(&mut self, name: &str, ends: &[&str]) {
        self.names.extend(ends.iter().map(|end| format!("keyward_{name}{end}")));
    }

    /// Counts what happened; `_total` is added.
    pub(super) fn counter<L: Labels>(&mut self, name: &str, help: &str) -> Family<L, Counter> {
        let family = Family::<L, Counter>::default();
        self.registry.register(name, help, family.clone());
        self.add(name, &["_total"]);
        family
    }

    /// A level for each label.
    pub(super) fn levels<L: Labels>(&mut self, name: &str, help: &str) -> Family<L, Level> {
        let family = Family::<L, Level>::default();
        self.registry.register(name, help, family.clone());
        self.add(name, &[""]);
        family
    }

    /// One level.
    pub(super) fn level(&mut self, name: &str, help: &str) -> Level {
        let level = Level::default();
        self.registry.register(name, help, level.clone());
        self.add(name, &[""]);
        level
    }

    /// One number that may be unknown.
    pub(super) fn measure(&mut self, name: &str, help: &str) -> Measure {
        let measure = Measure::default();
        measure.set(f64::NAN);
        self.registry.register(name, help, measure.clone());
        self.add(name, &[""]);
        measure
    }

    /// How long something took; `_seconds` is added.
    pub(super) fn seconds<L: Labels>(&mut self, name: &str, help: &str) -> Family<L, Histogram, Timed> {
        let family = Family::<L, Histogram, Timed>::new_with_constructor(|| Histogram::new(BUCKETS));
        self.registry.register_with_unit(name, help, Unit::Seconds, family.clone());
        self.add(name, &["_seconds_bucket", "_seconds_sum", "_seconds_count"]);
        family
    }

    pub(super) fn done(self) -> (Registry, Vec<String>) {
        (self.registry, self.names)
    }
}
