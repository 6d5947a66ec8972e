//! Answers that take the same time for every name (T-C02): none of them is given before a moment that is fixed when the question comes.

use std::{thread, time::Duration};

use tokio::time::{Instant, sleep_until};

/// How long before its moment an answer goes from the runtime's timer to a thread that sleeps. The timer counts whole milliseconds, from when there is
/// nothing else to do: what was spent before would be added again, which is what nobody is to see. A thread ends within microseconds of the moment.
const BY_THREAD: Duration = Duration::from_millis(3);

/// The moment before which an answer is not given.
pub(super) struct SameTime(Instant);

impl SameTime {
    pub(super) fn after(wait: Duration) -> Self {
        Self(Instant::now() + wait)
    }

    /// Ends at the moment, or at once behind it.
    pub(super) async fn reached(self) {
        let Self(moment) = self;
        sleep_until(moment - BY_THREAD).await;
        let slept =
            tokio::task::spawn_blocking(move || thread::sleep(moment.saturating_duration_since(Instant::now()))).await;
        if slept.is_err() {
            // A runtime that ends has no threads any more; its timer is all there is.
            sleep_until(moment).await;
        }
    }
}
