//! Clocks of a measurement: the processor time of this thread, and the clock on the wall. No moment from here decides anything.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::BareError;

/// Processor time of this thread in nanoseconds.
pub fn thread_ns() -> u64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0)
}

/// A moment to measure from.
#[expect(clippy::disallowed_methods, reason = "a measurement is about real time, and nothing is decided by it")]
pub fn wall() -> Instant {
    Instant::now()
}

/// Microseconds of this thread that one takes, on average of as many as fit into so many milliseconds; one at least.
pub fn cpu_each(for_ms: u64, mut one: impl FnMut() -> Result<(), BareError>) -> Result<f64, BareError> {
    let (began, cpu, mut done) = (wall(), thread_ns(), 0_u32);
    while done == 0 || began.elapsed() < Duration::from_millis(for_ms) {
        one()?;
        done += 1;
    }
    Ok((thread_ns() - cpu) as f64 / 1000.0 / f64::from(done))
}

/// The same for something that can not fail.
pub fn cpu_of<T>(for_ms: u64, mut one: impl FnMut() -> T) -> f64 {
    let each = cpu_each(for_ms, || {
        std::hint::black_box(one());
        Ok(())
    });
    each.unwrap_or(f64::NAN)
}

/// Microseconds on the wall, in the same way.
pub fn wall_each(for_ms: u64, mut one: impl FnMut() -> Result<(), BareError>) -> Result<f64, BareError> {
    let (began, mut done) = (wall(), 0_u32);
    while done == 0 || began.elapsed() < Duration::from_millis(for_ms) {
        one()?;
        done += 1;
    }
    Ok(began.elapsed().as_secs_f64() * 1e6 / f64::from(done))
}
