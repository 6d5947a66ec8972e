//! `keyward completions` (ECO-25).

use clap::CommandFactory as _;

use super::args::CompletionsArgs;
use super::{Cli, CliContext, CliError, Exit, Report};

/// Prints the script for a shell.
pub async fn run(args: CompletionsArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "keyward", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let report = Report::new("completions").field("shell", args.shell.to_string().into()).verbatim("script", script);
    ctx.print(&report)
}
