//! The one place where time and randomness come in. A request or a job reads the clock once and hands the moment on.
//!
//! Not here: what the time means (core), timers of the runtime, and anything that survives a restart.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
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
}

impl Ctx {
    /// The clock and the randomness of the operating system.
    pub fn real() -> Self {
        Self { clock: Arc::new(SystemClock::default()), random: Arc::new(SystemRandom) }
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

/// The system's clock, which can be set back; this one is not told twice (T-I06). If it jumps ahead by mistake, everything
/// that has a life ends early and nothing lives longer.
#[derive(Default)]
struct SystemClock {
    latest_ms: AtomicI64,
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let now_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        let before_ms = self.latest_ms.fetch_max(now_ms, Ordering::SeqCst);
        Timestamp::from_millis(now_ms.max(before_ms))
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
        Ctx { clock: Arc::new(self.clone()), random: Arc::new(Seeded { seed, block: AtomicU64::new(0) }) }
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
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
    fn t_i06_the_real_clock_never_goes_back_and_real_bytes_differ() {
        let clock = SystemClock::default();
        let ahead = clock.now().plus_ms(60_000);
        clock.latest_ms.store(ahead.millis(), Ordering::SeqCst);
        assert_eq!(clock.now(), ahead);
        let ctx = Ctx::real();
        assert_ne!(ctx.bytes::<16>(), ctx.bytes::<16>());
        assert!(ctx.now().millis() > 1_700_000_000_000);
    }
}
