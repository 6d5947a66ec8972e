//! The queue. A job is put there by the commit that makes it necessary, taken by one worker for a while, and finished by the commit
//! that records its result. What a kind of job does is in `jobs/`.
//!
//! A worker that dies loses its job when its time is up; the number of tries tells a late worker that it is no longer its own.

use keyward_core::{
    ids::{CaseId, JobId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{
    Store, StoreError, Tx,
    db::{EngineError, Row, statements, vals},
    value::Word,
};

statements! {
    PUT = "jobs/put";
    CLAIM = "jobs/claim.sqlite", postgres = "jobs/claim.postgres";
    HOLD = "jobs/hold";
    FINISH = "jobs/finish";
    FAIL = "jobs/fail";
    BURY = "jobs/bury";
    REVIVE = "jobs/revive";
    FORGET = "jobs/forget";
    LIST = "jobs/list";
    DEAD = "jobs/dead";
    NEXT_DUE = "jobs/next_due";
    DEPTH = "jobs/depth";
    BACKLOG = "jobs/backlog";
}

/// Work to be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewJob {
    /// Names it.
    pub id: JobId,
    /// Which file of `jobs/` does it.
    pub kind: &'static str,
    /// For which case.
    pub case: Option<CaseId>,
    /// While a job with this key waits or runs, another one with it is not put.
    pub only_one: Option<String>,
    /// What to do, as the kind reads it. Secrets only sealed.
    pub payload: Vec<u8>,
    /// Not before then.
    pub due: Timestamp,
    /// How often it is tried before it is dead, and somebody has to look.
    pub max_tries: u32,
    /// When it was put.
    pub created: Timestamp,
}

/// Work that was taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Names it.
    pub id: JobId,
    /// Which file of `jobs/` does it.
    pub kind: String,
    /// For which case.
    pub case: Option<CaseId>,
    /// What to do.
    pub payload: Vec<u8>,
    /// Which try this is, from 1: also the proof that it is still ours.
    pub tries: u32,
    /// How many there are.
    pub max_tries: u32,
}

/// Where a job stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// For its time, or for a worker.
    Waiting,
    /// A worker has it.
    Running,
    /// It failed too often.
    Dead,
}

/// A line of the list of jobs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobRow {
    /// Names it.
    pub id: JobId,
    /// Which file of `jobs/` does it.
    pub kind: String,
    /// For which case.
    pub case: Option<CaseId>,
    /// Where it stands.
    pub state: JobState,
    /// When it is due; while it runs, when another worker may take it.
    pub due: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// How often it may be.
    pub max_tries: u32,
    /// Why it failed last.
    pub error: Option<String>,
    /// When it was put.
    pub created: Timestamp,
}

pub(super) async fn put(tx: &mut Tx, job: &NewJob) -> Result<bool, StoreError> {
    let vals =
        vals![job.id, job.kind, job.case, job.only_one.as_ref(), &job.payload, job.due, job.max_tries, job.created,];
    Ok(tx.write(&PUT, vals).await? == 1)
}

pub(super) async fn hold(tx: &mut Tx, job: JobId, tries: u32, until: Timestamp) -> Result<u64, StoreError> {
    tx.write(&HOLD, vals![job, tries, until]).await
}

pub(super) async fn finish(tx: &mut Tx, job: JobId, tries: u32) -> Result<u64, StoreError> {
    tx.write(&FINISH, vals![job, tries]).await
}

impl Store {
    /// Puts a periodic job outside of any change. False if one with its key is there already.
    pub async fn put_job(&self, job: &NewJob) -> Result<bool, StoreError> {
        let put = self.together(job.clone(), |job, tx| Box::pin(async move { Ok(put(tx, job).await?) }));
        Ok(put.await?)
    }

    /// Takes the job that is due longest, until `until`.
    pub async fn take_job(&self, at: Timestamp, until: Timestamp) -> Result<Option<Taken>, StoreError> {
        Ok(self.take_jobs(at, until, (1, [""; 6])).await?.pop())
    }

    /// Takes so many jobs at most, those that are due longest, and none of these kinds. Jobs that were taken for the last time and not brought back
    /// become dead.
    pub async fn take_jobs(
        &self,
        at: Timestamp,
        until: Timestamp,
        (most, but): (usize, [&'static str; 6]),
    ) -> Result<Vec<Taken>, StoreError> {
        let take = self.together((at, until, most, but), |(at, until, most, [a, b, c, d, e, f]), tx| {
            Box::pin(async move {
                tx.write(&BURY, vals![*at]).await?;
                Ok(tx.read(&CLAIM, vals![*at, *until, *a, *b, *c, *d, *e, *f, *most], read_taken).await?)
            })
        });
        Ok(take.await?)
    }

    /// The job is not done yet: until `until` nobody else may take it. False if it was no longer ours.
    pub async fn hold_job(&self, job: &Taken, until: Timestamp) -> Result<bool, StoreError> {
        Ok(self.write(&HOLD, vals![job.id, job.tries, until]).await? == 1)
    }

    /// The job is done, and no change of a case goes with it. False if it was no longer ours.
    pub async fn finish_job(&self, job: &Taken) -> Result<bool, StoreError> {
        let vals = vals![job.id, job.tries];
        Ok(self.write(&FINISH, vals).await? == 1)
    }

    /// The job failed: again at `due`, or dead if it was the last try. None if it was no longer ours. `error` is shown to operators.
    pub async fn fail_job(&self, job: &Taken, due: Timestamp, error: &str) -> Result<Option<JobState>, StoreError> {
        let vals = vals![job.id, job.tries, due, error];
        let state = self.write_returning(&FAIL, vals, |row| row.get(0));
        Ok(state.await?.into_iter().next().map(|Word(state)| state))
    }

    /// A dead job gets all its tries again. False if there is none, or its work is waiting under another id.
    pub async fn revive_job(&self, job: JobId, due: Timestamp) -> Result<bool, StoreError> {
        Ok(self.write(&REVIVE, vals![job, due]).await? == 1)
    }

    /// Removes a dead job after somebody has looked.
    pub async fn forget_job(&self, job: JobId) -> Result<bool, StoreError> {
        Ok(self.write(&FORGET, vals![job]).await? == 1)
    }

    /// The next `limit` jobs, dead ones too.
    pub async fn jobs(&self, limit: u32) -> Result<Vec<JobRow>, StoreError> {
        self.db.read(&LIST, vals![limit], read_row).await
    }

    /// The dead jobs.
    pub async fn dead_jobs(&self, limit: u32) -> Result<Vec<JobRow>, StoreError> {
        self.db.read(&DEAD, vals![limit], read_row).await
    }

    /// When the next job is due. None: nothing waits.
    pub async fn next_job_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.db.first(&NEXT_DUE, &[], |row| row.get(0)).await
    }

    /// How many jobs of a kind wait.
    pub async fn backlog(&self, kind: &str) -> Result<u64, StoreError> {
        Ok(self.db.first(&BACKLOG, vals![kind], |row| row.get(0)).await?.unwrap_or(0))
    }

    /// How many jobs are in each state.
    pub async fn job_counts(&self) -> Result<Vec<(JobState, u64)>, StoreError> {
        self.db.read(&DEPTH, &[], |row| Ok((row.get::<Word<_>>(0)?.0, row.get(1)?))).await
    }
}

fn read_taken(row: &Row) -> Result<Taken, EngineError> {
    Ok(Taken {
        id: row.get(0)?,
        kind: row.get(1)?,
        case: row.get(2)?,
        payload: row.get(3)?,
        tries: row.get(4)?,
        max_tries: row.get(5)?,
    })
}

fn read_row(row: &Row) -> Result<JobRow, EngineError> {
    Ok(JobRow {
        id: row.get(0)?,
        kind: row.get(1)?,
        case: row.get(2)?,
        state: row.get::<Word<_>>(3)?.0,
        due: row.get(4)?,
        tries: row.get(5)?,
        max_tries: row.get(6)?,
        error: row.get(7)?,
        created: row.get(8)?,
    })
}
