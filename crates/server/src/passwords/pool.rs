//! A fixed number of threads for work that is slow on purpose, with a bounded queue before them (T-K02).
//!
//! Each thread has one block buffer for argon2 and uses it again, so memory is threads × 19 MiB whatever comes in, and none when nobody came for a while;
//! when the queue is full the answer is [`PoolError::Busy`] at once. Deliberately has no priorities: what waits is served in order, and what nobody waits
//! for any more is dropped.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use argon2::Block;
use tokio::sync::oneshot;
use zeroize::Zeroize;

/// Most threads that may be asked for.
pub const MAX_THREADS: usize = 64;
/// Longest queue that may be asked for.
pub const MAX_QUEUE: usize = 4096;
/// Roughly what one job takes, for the advice when to come back (CRATES 5: one argon2id is 14 ms, and wiping after it 2).
const JOB_MS: usize = 18;
/// Room for so many blocks is asked for, and only what is used of it is memory. What is larger than 32 MiB is given back to the system when it is no longer
/// needed; of what is smaller, glibc learns that it comes again, and keeps it.
const ROOM: usize = 33 * 1024;
/// How long a thread without a job keeps its buffer. To make it again takes a few milliseconds.
const REST: Duration = Duration::from_secs(20);

/// Why a job was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// As many jobs wait as may wait: a 503 with `Retry-After`.
    #[error("{waiting} jobs wait for the password workers, which is the most that may")]
    Busy {
        /// The length of the queue.
        waiting: usize,
        /// Seconds after which a full queue will have been worked off.
        retry_after_s: u64,
    },
    /// The job panicked, or the pool is gone. The thread lives on.
    #[error("a password worker did not finish its job")]
    Failed,
}

type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// The threads. They end when the pool is dropped and the queue is empty.
pub struct Pool {
    queue: Arc<Queue>,
    most: usize,
    busy: PoolError,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("most", &self.most).finish_non_exhaustive()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.lock().is_over = true;
        self.queue.changed.notify_all();
    }
}

/// What waits for a thread.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// Nobody brings any more.
    is_over: bool,
}

/// What there is for a thread.
enum Next {
    Job(Job),
    Rest,
    End,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job, or that there was none for so long.
    fn next(&self, rest: Duration) -> Next {
        let nothing = |waiting: &mut Waiting| waiting.jobs.is_empty() && !waiting.is_over;
        let waited = self.changed.wait_timeout_while(self.lock(), rest, nothing);
        let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match waiting.jobs.pop_front() {
            Some(job) => Next::Job(job),
            None if waiting.is_over => Next::End,
            None => Next::Rest,
        }
    }
}

/// One thread's block buffer: made when it is needed, kept until the thread rests, and never with what was in it.
#[derive(Default)]
pub(super) struct Memory(Vec<Block>);

/// The buffer in use, wiped when done, also after a panic. Whoever has all blocks of a finished argon2 can compute the passes backwards to the
/// first block, which is a fast hash of the password and would undo the whole cost of guessing.
pub(super) struct Blocks<'a>(&'a mut [Block]);

impl Memory {
    /// The first `blocks` blocks of one KiB.
    pub(super) fn blocks(&mut self, blocks: usize) -> Blocks<'_> {
        if self.0.len() < blocks {
            self.0.reserve_exact(blocks.max(ROOM) - self.0.len());
            self.0.resize(blocks, Block::new());
        }
        Blocks(self.0.get_mut(..blocks).unwrap_or_default())
    }
}

impl AsMut<[Block]> for Blocks<'_> {
    fn as_mut(&mut self) -> &mut [Block] {
        self.0
    }
}

impl Drop for Blocks<'_> {
    fn drop(&mut self) {
        for block in &mut *self.0 {
            block.zeroize();
        }
    }
}

impl Pool {
    /// Starts `threads` threads (one per core is right) before a queue of `queue` jobs. Both are brought between one and their maximum.
    pub fn new(threads: usize, queue: usize) -> io::Result<Self> {
        Self::resting(threads, queue, REST)
    }

    fn resting(threads: usize, queue: usize, rest: Duration) -> io::Result<Self> {
        let (threads, most) = (threads.clamp(1, MAX_THREADS), queue.clamp(1, MAX_QUEUE));
        let full_ms = most * JOB_MS / threads;
        let busy = PoolError::Busy { waiting: most, retry_after_s: full_ms as u64 / 1000 + 1 };
        let pool = Self { queue: Arc::default(), most, busy };
        for number in 0..threads {
            let queue = Arc::clone(&pool.queue);
            thread::Builder::new().name(format!("password-{number}")).spawn(move || work(&queue, rest))?;
        }
        Ok(pool)
    }

    /// Runs blocking work on a thread of the pool: a strength estimate, a look into the breach file.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PoolError> {
        self.run_with_memory(|_| work()).await
    }

    pub(super) async fn run_with_memory<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |memory| {
            // Who asked may have gone away while this waited; then the work would be for nobody.
            if !reply.is_closed() {
                let _ = reply.send(work(memory));
            }
        });
        self.bring(job)?;
        answer.await.map_err(|_| PoolError::Failed)
    }

    fn bring(&self, job: Job) -> Result<(), PoolError> {
        let mut waiting = self.queue.lock();
        if waiting.jobs.len() >= self.most {
            return Err(self.busy);
        }
        waiting.jobs.push_back(job);
        drop(waiting);
        self.queue.changed.notify_one();
        Ok(())
    }
}

fn work(queue: &Queue, rest: Duration) {
    let mut memory = Memory::default();
    loop {
        match queue.next(rest) {
            // A panic drops the reply, which is the answer; the buffer holds no state that it could leave half done.
            // This needs unwinding: the release profile must not set `panic = "abort"`.
            Next::Job(job) => drop(catch_unwind(AssertUnwindSafe(|| job(&mut memory)))),
            Next::Rest => memory = Memory::default(),
            Next::End => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::task::Poll;

    use super::*;

    /// Occupies one thread until the returned sender is used or dropped; returns once the thread is taken.
    fn occupy(pool: &Arc<Pool>) -> (tokio::task::JoinHandle<Result<(), PoolError>>, Receiver<()>, Sender<()>) {
        let (started, has_started) = channel();
        let (release, released) = channel::<()>();
        let pool = Arc::clone(pool);
        let task = tokio::spawn(async move {
            pool.run(move || {
                let _ = started.send(());
                let _ = released.recv();
            })
            .await
        });
        (task, has_started, release)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn t_k02_a_full_queue_is_busy_at_once_and_recovers() {
        let pool = Arc::new(Pool::new(1, 2).unwrap());
        let (running, has_started, release) = occupy(&pool);
        has_started.recv().unwrap();
        let mut waiting = Vec::new();
        for number in 0..2 {
            let mut job = Box::pin(pool.run(move || number));
            // The first poll puts it into the queue.
            assert!(matches!(futures_util::poll!(&mut job), Poll::Pending));
            waiting.push(job);
        }
        assert_eq!(pool.run(|| ()).await, Err(PoolError::Busy { waiting: 2, retry_after_s: 1 }));
        release.send(()).unwrap();
        assert_eq!(running.await.unwrap(), Ok(()));
        for (number, job) in waiting.into_iter().enumerate() {
            assert_eq!(job.await, Ok(number));
        }
        assert_eq!(pool.run(|| 7).await, Ok(7));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn t_k02_work_nobody_waits_for_is_not_done() {
        let pool = Arc::new(Pool::new(1, 4).unwrap());
        let (running, has_started, release) = occupy(&pool);
        has_started.recv().unwrap();
        let (done, was_done) = channel::<()>();
        let mut abandoned = Box::pin(pool.run(move || done.send(()).is_ok()));
        assert!(futures_util::poll!(&mut abandoned).is_pending());
        drop(abandoned);
        release.send(()).unwrap();
        running.await.unwrap().unwrap();
        pool.run(|| ()).await.unwrap();
        assert!(was_done.recv().is_err(), "the work was dropped undone");
    }

    #[tokio::test]
    async fn a_panic_is_a_failed_job_and_not_a_lost_thread() {
        let pool = Pool::new(1, 1).unwrap();
        for _ in 0..3 {
            let answer: Result<(), _> = pool.run(|| panic!("on purpose")).await;
            assert_eq!(answer, Err(PoolError::Failed));
        }
        assert_eq!(pool.run(|| 1).await, Ok(1));
    }

    #[test]
    fn the_buffer_is_wiped_after_use_and_after_a_panic() {
        let mut memory = Memory::default();
        let mut dirty = |fails: bool| {
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                let mut blocks = memory.blocks(8);
                blocks.as_mut()[7].as_mut()[127] = 1;
                assert!(!fails, "on purpose");
            }));
            let clean = memory.0.iter().all(|block| block.as_ref().iter().all(|word| *word == 0));
            (outcome.is_ok(), clean, memory.0.len())
        };
        assert_eq!(dirty(false), (true, true, 8));
        assert_eq!(dirty(true), (false, true, 8));
    }

    #[tokio::test]
    async fn t_k02_a_thread_uses_its_buffer_again() {
        let pool = Pool::new(1, 1).unwrap();
        let mut places = Vec::new();
        for _ in 0..3 {
            places.push(pool.run_with_memory(|memory| memory.blocks(64).as_mut().as_ptr().addr()).await.unwrap());
        }
        assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
    }

    #[tokio::test]
    async fn p9_a_thread_that_rests_gives_its_buffer_back() {
        let pool = Pool::resting(1, 1, Duration::from_millis(5)).unwrap();
        pool.run_with_memory(|memory| drop(memory.blocks(64))).await.unwrap();
        for _ in 0..1000 {
            if pool.run_with_memory(|memory| memory.0.capacity()).await.unwrap() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it is kept");
    }
}
