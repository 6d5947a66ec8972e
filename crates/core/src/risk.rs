//! How unusual a case is: a sum of named signals, so that anybody can see why (C19: explained, never learned). Risk only raises what is asked for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A signal that raised the risk.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Another case for the account within a day (M111, T-H03).
    RecentCase,
    /// Proofs that did not hold, in this case or others within a day.
    RecentFailures,
    /// A way back in was added or changed within the quarantine (M103).
    RecentChange,
    /// "Not me" was said within thirty days.
    RecentContest,
    /// A network that this person has not been seen on before.
    NewNetwork,
}

impl Signal {
    /// What it adds, of 100.
    const fn weight(self) -> u8 {
        match self {
            Self::RecentCase => 15,
            Self::RecentFailures => 20,
            Self::RecentChange => 25,
            Self::RecentContest => 40,
            Self::NewNetwork => 10,
        }
    }
}

/// The sum, with its reasons.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Risk {
    /// 0 to 100.
    score: u8,
    /// What raised it.
    signals: BTreeSet<Signal>,
}

impl Risk {
    /// Adds up the signals; each counts once.
    pub fn of(signals: impl IntoIterator<Item = Signal>) -> Self {
        let signals: BTreeSet<Signal> = signals.into_iter().collect();
        let score = signals.iter().fold(0u8, |sum, signal| sum.saturating_add(signal.weight())).min(100);
        Self { score, signals }
    }
    /// 0 to 100.
    pub const fn score(&self) -> u8 {
        self.score
    }
    /// What raised it.
    pub const fn signals(&self) -> &BTreeSet<Signal> {
        &self.signals
    }
    /// Whether the score is the sum of its signals, as one read from a log must be.
    pub fn adds_up(&self) -> bool {
        *self == Self::of(self.signals.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c19_risk_is_the_sum_of_its_reasons_and_never_falls_when_one_is_added() {
        let all = [
            Signal::RecentCase,
            Signal::RecentFailures,
            Signal::RecentChange,
            Signal::RecentContest,
            Signal::NewNetwork,
        ];
        for bits in 0u32..32 {
            let chosen =
                |bits: u32| all.into_iter().enumerate().filter(move |(i, _)| bits & (1 << i) != 0).map(|(_, s)| s);
            let risk = Risk::of(chosen(bits));
            assert!(risk.adds_up());
            assert_eq!(Risk::of(chosen(bits).chain(chosen(bits))), risk, "each counts once");
            for extra in 0..5 {
                assert!(Risk::of(chosen(bits | 1 << extra)).score() >= risk.score());
            }
        }
    }
}
