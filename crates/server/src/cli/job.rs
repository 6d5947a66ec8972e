//! `keyward job list`, `retry` and `forget`: what is still to be done, and what failed too often, for who runs the server.

use keyward_core::ids::JobId;
use serde_json::json;

use super::args::{JobArgs, JobListArgs};
use super::words;
use super::{CliContext, CliError, Exit, Report};
use crate::app::open;
use crate::store::{Store, jobs::JobRow};

async fn opened(ctx: &CliContext) -> Result<Store, CliError> {
    Ok(open::open_current_store(&ctx.load(&[])?.config, &ctx.ctx).await?)
}

/// A job with the reference of its case.
struct Line {
    job: JobRow,
    case: Option<String>,
}

impl Line {
    async fn of(store: &Store, job: JobRow) -> Result<Self, CliError> {
        let row = match job.case {
            Some(case) => store.case_row(case).await?,
            None => None,
        };
        Ok(Self { job, case: row.map(|row| row.reference.to_string()) })
    }

    fn cells(&self) -> Vec<String> {
        let job = &self.job;
        vec![
            job.id.to_string(),
            job.kind.clone(),
            self.case.clone().unwrap_or_else(|| "-".to_owned()),
            words::word(&job.state),
            words::utc(job.due),
            format!("{} of {}", job.tries, job.max_tries),
            job.error.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    }

    fn json(&self) -> serde_json::Value {
        let job = &self.job;
        json!({
            "id": job.id, "kind": job.kind, "case": self.case, "state": job.state, "due": job.due.to_string(), "tries": job.tries,
            "max_tries": job.max_tries, "error": job.error, "created": job.created.to_string(),
        })
    }
}

/// Those that are due next, or those that are dead.
pub async fn list(args: JobListArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let store = opened(ctx).await?;
    // One more than is shown tells whether there are others.
    let most = args.limit.saturating_add(1);
    let mut jobs = if args.dead { store.dead_jobs(most).await? } else { store.jobs(most).await? };
    let more = jobs.len() > usize::try_from(args.limit).unwrap_or(usize::MAX);
    if more {
        jobs.pop();
    }
    let mut lines = Vec::with_capacity(jobs.len());
    for job in jobs {
        lines.push(Line::of(&store, job).await?);
    }
    store.close().await;
    let report =
        Report::new("job list").field("jobs", lines.iter().map(Line::json).collect()).field("more", json!(more));
    if lines.is_empty() {
        return ctx.print(&report.text(if args.dead { "No job is dead." } else { "Nothing waits to be done." }));
    }
    let columns = ["job", "kind", "case", "state", "due", "tried", "error"];
    let report = report.table("jobs", &columns, lines.iter().map(Line::cells).collect());
    ctx.print(&if more { report.text("There are more; --limit shows them.") } else { report })
}

/// A dead job gets all its tries again.
pub async fn retry(JobArgs { job }: JobArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let store = opened(ctx).await?;
    let done = store.revive_job(job, ctx.ctx.now()).await?;
    store.close().await;
    let said = match done {
        true => Ok("will be tried again by the next worker that is free"),
        false => Err("no dead job has that name, or the same work waits already; `keyward job list` shows both"),
    };
    say("job retry", job, said, ctx)
}

/// A dead job is taken off the list.
pub async fn forget(JobArgs { job }: JobArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let store = opened(ctx).await?;
    let done = store.forget_job(job).await?;
    store.close().await;
    let said = match done {
        true => Ok("is off the list, and what it was for is not done"),
        false => Err("no dead job has that name; `keyward job list --dead` shows those that can be forgotten"),
    };
    say("job forget", job, said, ctx)
}

/// What became of a job, or why nothing did.
fn say(command: &str, job: JobId, said: Result<&str, &str>, ctx: &CliContext) -> Result<Exit, CliError> {
    let what = said.map_err(|why| CliError::Failed(format!("nothing was done about {job}"), why.into()))?;
    ctx.print(&Report::new(command).field("job", json!(job)).text(format!("The job {job} {what}.")))
}
