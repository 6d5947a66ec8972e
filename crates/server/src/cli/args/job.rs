//! The words of `keyward job`.

use clap::{Args, Subcommand};
use keyward_core::ids::JobId;

/// `keyward job …`
#[derive(Debug, Subcommand)]
pub enum JobCommand {
    /// List what is still to be done, and what failed too often
    #[command(after_help = "\
Examples:
  keyward job list --dead
  keyward --output json job list --limit 1000

A job that is dead failed as often as it is tried. Nothing takes it up again until `keyward job retry` says so.")]
    List(JobListArgs),
    /// Let a dead job be tried again
    #[command(after_help = "\
Example:
  keyward job retry job_06gywnjy020hvwbhtxkwz065a8

A job that was done meanwhile, or is no longer wanted, ends without doing anything.")]
    Retry(JobArgs),
    /// Take a dead job off the list; what it was for is not done
    #[command(after_help = "\
Example:
  keyward job forget job_06gywnjy020hvwbhtxkwz065a8")]
    Forget(JobArgs),
}

/// `keyward job list`
#[derive(Debug, Args)]
pub struct JobListArgs {
    /// Only those that failed too often
    #[arg(long)]
    pub dead: bool,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
}

/// The commands about one job.
#[derive(Debug, Args)]
pub struct JobArgs {
    /// The job, as the list names it
    #[arg(value_name = "JOB")]
    pub job: JobId,
}
