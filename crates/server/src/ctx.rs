//! The one place where time and randomness come in. A request or a job reads the clock once and hands the moment on.
//!
//! Not here: what the time means (core), timers of the runtime, and anything that survives a restart.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use keyward_core::{
    digest::{Digest, Salt},
    ids::{Id, Kind, Reference},
    time::Timestamp,
};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The moment. Never before one that was told earlier.
    fn now(&self) -> Timestamp;
    /// Never tells a moment before this one from now on.
    fn not_before(&self, at: Timestamp);
}

/// Gives bytes that nobody can foretell.
pub trait Random: Send + Sync {
    /// Overwrites all of `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// A clock and randomness, to be handed to whatever needs them. Cheap to clone.
#[derive(Clone)]
pub struct Ctx {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    apart: Arc<AtomicBool>,
}

impl Ctx {
    fn of(clock: impl Clock + 'static, random: impl Random + 'static) -> Self {
        Self { clock: Arc::new(clock), random: Arc::new(random), apart: Arc::default() }
    }
    /// The clock and the randomness of the operating system.
    pub fn real() -> Self {
        Self::of(SystemClock::new(), SystemRandom)
    }

    /// Time that stands still until the [`Hand`] moves it, and the same bytes for the same seed. For tests and simulations:
    /// whatever is made with it can be guessed.
    pub fn by_hand(start: Timestamp, seed: u64) -> (Self, Hand) {
        let hand = Hand(Arc::new(AtomicI64::new(start.millis())));
        (hand.ctx(seed), hand)
    }

    /// The moment. Read once in a request or job, then handed on.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
    /// The clock goes on from this moment, if it is behind it: somebody has seen it already.
    pub fn not_before(&self, at: Timestamp) {
        self.clock.not_before(at);
    }
    /// Whether this clock was found too far from the one that others go by: nothing is begun by it until they agree (R20).
    pub fn is_apart(&self) -> bool {
        self.apart.load(Ordering::SeqCst)
    }
    /// Notes it. Whether that is news.
    pub fn found_apart(&self, apart: bool) -> bool {
        self.apart.swap(apart, Ordering::SeqCst) != apart
    }
    /// That many random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }
    /// Overwrites a buffer with random bytes.
    pub fn fill(&self, bytes: &mut [u8]) {
        self.random.fill(bytes);
    }
    /// A new id for something that begins at `at`.
    pub fn id<K: Kind>(&self, at: Timestamp) -> Id<K> {
        Id::new(at, self.bytes())
    }
    /// A new case reference.
    pub fn reference(&self) -> Reference {
        Reference::new(self.bytes())
    }
    /// A new salt for a commitment.
    pub fn salt(&self) -> Salt {
        Salt::new(self.bytes())
    }
}

impl std::fmt::Debug for Ctx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ctx")
    }
}

/// The system's clock, which can be set; this one is never told to go back (T-I06). When the system's is, this one goes on from where it was, by
/// the timer that nobody sets, so that what has a life still ends. If it jumps ahead by mistake, everything that has a life ends early, and
/// nothing lives longer.
struct SystemClock {
    begun: Instant,
    told: Mutex<Told>,
}

/// What was told last.
#[derive(Clone, Copy, Default)]
struct Told {
    at_ms: i64,
    /// How long this clock had existed then.
    age_ms: i64,
    /// Whether it is known, and said, that the system's clock is behind.
    is_behind: bool,
}

/// How far a step of the system's clock may be before it is said.
const STEP_MS: i64 = 60_000;

impl Told {
    /// What is told next. The system's clock says `wall_ms`.
    fn next(self, wall_ms: i64, age_ms: i64) -> Self {
        let due_ms = self.at_ms.saturating_add(age_ms.saturating_sub(self.age_ms).max(0));
        let is_behind = due_ms.saturating_sub(wall_ms) > STEP_MS;
        if is_behind && !self.is_behind {
            tracing::error!(
                by_ms = due_ms - wall_ms,
                "the clock of this machine was set back; this process goes on by its own"
            );
        }
        if self.at_ms > 0 && wall_ms.saturating_sub(due_ms) > STEP_MS {
            tracing::error!(by_ms = wall_ms - due_ms, "the clock of this machine was set ahead, or it slept");
        }
        Self { at_ms: wall_ms.max(due_ms), age_ms: age_ms.max(self.age_ms), is_behind }
    }
}

impl SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    fn new() -> Self {
        Self { begun: Instant::now(), told: Mutex::default() }
    }
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    fn now(&self) -> Timestamp {
        let mut told = self.told();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        let age_ms = i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        *told = told.next(wall_ms, age_ms);
        Timestamp::from_millis(told.at_ms)
    }
    fn not_before(&self, at: Timestamp) {
        let mut told = self.told();
        told.at_ms = told.at_ms.max(at.millis());
    }
}

struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the one randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        if aws_lc_rs::rand::fill(bytes).is_err() {
            // Whatever would be made now could be guessed. There is nobody to answer to and nothing to fall back on.
            std::process::abort();
        }
    }
}

/// Moves the time of [`Ctx::by_hand`].
#[derive(Clone, Debug)]
pub struct Hand(Arc<AtomicI64>);

impl Hand {
    /// Lets that many milliseconds pass.
    pub fn pass_ms(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
    /// The same time with other bytes: another process.
    pub fn ctx(&self, seed: u64) -> Ctx {
        Ctx::of(self.clone(), Seeded { seed, block: AtomicU64::new(0) })
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
    fn not_before(&self, at: Timestamp) {
        self.0.fetch_max(at.millis(), Ordering::SeqCst);
    }
}

/// SHA-256 over seed and counter: the same on every machine.
struct Seeded {
    seed: u64,
    block: AtomicU64,
}

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = self.block.fetch_add(1, Ordering::SeqCst);
            let mut input = self.seed.to_be_bytes().to_vec();
            input.extend(block.to_be_bytes());
            let digest = Digest::of(&input);
            for (byte, random) in chunk.iter_mut().zip(digest.bytes()) {
                *byte = *random;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyward_core::ids::{CaseId, CaseKind};

    #[test]
    fn time_moves_only_by_hand_and_bytes_repeat_only_with_the_seed() {
        let start = Timestamp::from_millis(1_795_000_000_000);
        let (ctx, hand) = Ctx::by_hand(start, 7);
        assert_eq!(ctx.now(), start);
        hand.pass_ms(1_500);
        assert_eq!(ctx.now(), start.plus_ms(1_500));
        let (again, _) = Ctx::by_hand(start, 7);
        let (other, _) = Ctx::by_hand(start, 8);
        let first: [u8; 40] = ctx.bytes();
        assert_eq!(first, again.bytes::<40>());
        assert_ne!(first, other.bytes::<40>());
        assert_ne!(first, ctx.bytes::<40>());
        let id: CaseId = ctx.id::<CaseKind>(start);
        assert!(id.to_string().starts_with("case_"));
    }

    #[test]
    fn r20_t_i06_time_goes_on_from_where_it_was_whatever_the_system_clock_does() {
        const HOUR: i64 = 3_600_000;
        const YEARS: i64 = 10 * 365 * 24 * HOUR;
        let begun = 1_795_000_000_000;
        // What the system's clock says, how old this one is, and what it tells.
        for steps in [
            &[(begun, 0, begun), (begun + 5, 5, begun + 5)][..],
            &[(begun, 0, begun), (begun - HOUR, 0, begun), (begun - HOUR + 700, 700, begun + 700)],
            &[(begun, 0, begun), (begun - YEARS, 600_000, begun + 600_000), (0, 600_001, begun + 600_001)],
            &[(begun, 0, begun), (begun + HOUR, 3, begun + HOUR), (begun + 4, 4, begun + HOUR + 1)],
            &[(begun, 0, begun), (begun + YEARS, 1, begun + YEARS), (begun + 2, 2, begun + YEARS + 1)],
            &[(begun, 9, begun), (begun + 1, 7, begun + 1), (begun - 3, 9, begun + 1)],
        ] {
            let mut told = Told::default();
            for (wall_ms, age_ms, expected) in steps {
                let next = told.next(*wall_ms, *age_ms);
                assert!(next.at_ms >= told.at_ms, "{steps:?}");
                assert_eq!(next.at_ms, *expected, "{steps:?}");
                told = next;
            }
        }
    }

    #[test]
    fn t_i06_the_real_clock_is_never_behind_what_was_seen_and_real_bytes_differ() {
        let ctx = Ctx::real();
        let ahead = ctx.now().plus_ms(60_000);
        ctx.not_before(ahead);
        assert!(ctx.now() >= ahead && ctx.now().since_ms(ahead) < 60_000);
        assert_ne!(ctx.bytes::<16>(), ctx.bytes::<16>());
        assert!(ctx.now().millis() > 1_700_000_000_000);
    }
}
