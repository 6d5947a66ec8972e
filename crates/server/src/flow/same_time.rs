//! Answers that take the same time for every name (T-C02): none of them is given before a moment that is fixed when the question comes.

use std::{thread, time::Duration};

use tokio::time::{Instant, sleep_until};

/// How long before its moment an answer goes from the runtime's timer to a thread that sleeps. The timer counts whole milliseconds, from when there is
/// nothing else to do: what was spent before would be added again, which is what nobody is to see. A thread ends within microseconds of the moment.
const BY_THREAD: Duration = Duration::from_millis(3);

/// The moment before which an answer is not given.
pub(super) struct SameTime {
    began: Instant,
    wait: Duration,
}

impl SameTime {
    pub(super) fn after(wait: Duration) -> Self {
        Self { began: Instant::now(), wait }
    }

    /// Ends at the moment. Where the work took longer, on a slow disk or with much to do, at the next of the moments that are as far apart: it is not to
    /// show either (R18).
    pub(super) async fn reached(self) {
        let mut moment = self.began + self.wait;
        while moment < Instant::now() {
            moment += self.wait;
        }
        sleep_until(moment - BY_THREAD).await;
        let slept =
            tokio::task::spawn_blocking(move || thread::sleep(moment.saturating_duration_since(Instant::now()))).await;
        if slept.is_err() {
            // A runtime that ends has no threads any more; its timer is all there is.
            sleep_until(moment).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lower bounds: what it takes beyond that is the machine's business.
    #[tokio::test]
    async fn r18_an_answer_that_is_late_waits_for_the_next_moment() {
        let wait = Duration::from_millis(40);
        for (work_ms, at_least_ms) in [(0, 40), (45, 80)] {
            let (began, told) = (Instant::now(), SameTime::after(wait));
            thread::sleep(Duration::from_millis(work_ms));
            told.reached().await;
            assert!(began.elapsed() >= Duration::from_millis(at_least_ms), "{work_ms}: {:?}", began.elapsed());
        }
    }
}
