//! From samples to a verdict: medians, bootstrap intervals, the sign test, and the table in which every figure stands beside its limit and its control.

use std::fmt::Write as _;

/// Resamplings of one interval.
const RESAMPLES: usize = 2000;
/// A control outside of these says that the machine was too restless for the figure to mean anything.
const CONTROL: (f64, f64) = (0.95, 1.05);

/// Pseudo-random numbers that are the same in every run: xorshift.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    pub fn below(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize
    }
}

pub fn percentile(samples: &[f64], part: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = part * (sorted.len() - 1) as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * place.fract()
}

pub fn median(samples: &[f64]) -> f64 {
    percentile(samples, 0.5)
}

/// A median with its bootstrap 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

impl Estimate {
    pub fn of(samples: &[f64]) -> Self {
        let mut dice = Dice::new(7);
        let mut medians = Vec::with_capacity(RESAMPLES);
        let mut drawn = vec![0.0; samples.len()];
        for _ in 0..RESAMPLES {
            drawn.iter_mut().for_each(|one| *one = samples[dice.below(samples.len())]);
            medians.push(median(&drawn));
        }
        Self { median: median(samples), low: percentile(&medians, 0.025), high: percentile(&medians, 0.975) }
    }
    /// Of something that does not vary: a size, a count.
    pub fn exact(value: f64) -> Self {
        Self { median: value, low: value, high: value }
    }
    /// In another unit.
    pub fn times(self, factor: f64) -> Self {
        Self { median: self.median * factor, low: self.low * factor, high: self.high * factor }
    }
}

/// What is asked of a figure. The bound of the interval has to hold, not only the median.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// Between minus and plus this.
    Within(f64),
    /// Is printed and not judged.
    None,
}

impl Goal {
    fn is_met(self, seen: Estimate) -> Option<bool> {
        match self {
            Self::AtMost(most) => Some(seen.high <= most),
            Self::AtLeast(least) => Some(seen.low >= least),
            Self::Within(most) => Some(seen.low >= -most && seen.high <= most),
            Self::None => None,
        }
    }
    fn words(self) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {}", number(most)),
            Self::AtLeast(least) => format!("≥ {}", number(least)),
            Self::Within(most) => format!("within ± {}", number(most)),
            Self::None => String::new(),
        }
    }
}

/// Three digits that count.
pub fn number(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 0.1 || v == 0.0 => 2,
        v if v >= 0.001 => 4,
        _ => return format!("{value:.1e}"),
    };
    format!("{value:.digits$}")
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Row {
    /// The row of the targets.
    pub id: &'static str,
    /// What was measured.
    pub what: String,
    /// What Keyward took, and what the bare program did, with units.
    pub seen: String,
    pub limit: String,
    pub figure: Estimate,
    pub goal: Goal,
    /// A/A: the same thing against itself, interleaved with the rest. None where nothing varies.
    pub control: Option<f64>,
}

impl Row {
    pub fn new(id: &'static str, what: impl Into<String>, figure: Estimate, goal: Goal) -> Self {
        Self { id, what: what.into(), seen: String::new(), limit: String::new(), figure, goal, control: None }
    }
    pub fn seen(mut self, seen: impl Into<String>) -> Self {
        self.seen = seen.into();
        self
    }
    pub fn beside(mut self, limit: impl Into<String>) -> Self {
        self.limit = limit.into();
        self
    }
    pub fn control(mut self, control: f64) -> Self {
        self.control = Some(control);
        self
    }

    fn verdict(&self) -> &'static str {
        if self.control.is_some_and(|control| !(CONTROL.0..=CONTROL.1).contains(&control)) {
            return "void";
        }
        match self.goal.is_met(self.figure) {
            Some(true) => "met",
            Some(false) => "missed",
            None => "",
        }
    }
    fn cells(&self) -> [String; 8] {
        let Estimate { median, low, high } = self.figure;
        let figure = if low == high {
            number(median)
        } else {
            format!("{} ({} to {})", number(median), number(low), number(high))
        };
        let control = self.control.map_or_else(String::new, number);
        let (goal, verdict) = (self.goal.words(), self.verdict().to_owned());
        [self.id.to_owned(), self.what.clone(), self.seen.clone(), self.limit.clone(), figure, goal, control, verdict]
    }
}

const HEAD: [&str; 8] = ["", "what", "Keyward", "limit", "figure (95 %)", "goal", "A/A", "verdict"];

/// The rows as a table of Markdown.
pub fn table(rows: &[Row]) -> String {
    let mut text = format!("| {} |\n|{}\n", HEAD.join(" | "), "---|".repeat(HEAD.len()));
    for row in rows {
        _ = writeln!(text, "| {} |", row.cells().join(" | "));
    }
    text
}

/// Interleaved measurements of the product and of its limit. The limit is measured twice in each round, which is the control.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    pub product: Vec<f64>,
    pub limit: Vec<f64>,
    again: Vec<f64>,
}

impl Pairs {
    /// So many rounds of limit, product, limit.
    pub fn of(rounds: usize, mut limit: impl FnMut() -> f64, mut product: impl FnMut() -> f64) -> Self {
        let mut pairs = Self::default();
        for _ in 0..rounds {
            let before = limit();
            pairs.product.push(product());
            let after = limit();
            pairs.push_limits(before, after);
        }
        pairs
    }
    pub fn push_limits(&mut self, before: f64, after: f64) {
        self.limit.push((before + after) / 2.0);
        self.again.push(after / before);
    }
    /// Product over limit.
    pub fn ratio(&self) -> Estimate {
        Estimate::of(&self.product.iter().zip(&self.limit).map(|(product, limit)| product / limit).collect::<Vec<_>>())
    }
    pub fn control(&self) -> f64 {
        median(&self.again)
    }
}

/// Two-sided p of a sign test by the normal approximation, for many pairs.
pub fn sign_test(differences: &[f64]) -> f64 {
    let more = differences.iter().filter(|difference| **difference > 0.0).count() as f64;
    let less = differences.iter().filter(|difference| **difference < 0.0).count() as f64;
    let all = more + less;
    if all == 0.0 {
        return 1.0;
    }
    let z = ((more - less).abs() - 1.0).max(0.0) / all.sqrt();
    2.0 * upper_tail(z)
}

/// How probable it is that a normal deviate is larger (Abramowitz and Stegun 26.2.17).
fn upper_tail(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let poly =
        t * (0.319_381_530 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    poly * (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// One row on a screen.
pub fn line(row: &Row) -> String {
    let [id, what, seen, limit, figure, goal, control, verdict] = row.cells();
    let mut line = format!("  {id} {what}: {figure}");
    for (word, cell) in [("", seen), ("beside ", limit), ("goal ", goal), ("A/A ", control), ("", verdict)] {
        if !cell.is_empty() {
            line.push_str(&format!("; {word}{cell}"));
        }
    }
    line
}
