//! `keyward version`.

use super::{CliContext, CliError, Exit, Report};

/// Prints the version of the program and the machine it was built for.
pub async fn run(ctx: &CliContext) -> Result<Exit, CliError> {
    let built_for = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    let report =
        Report::new("version").facts(&[("Version", env!("CARGO_PKG_VERSION").to_owned()), ("Built for", built_for)]);
    ctx.print(&report)
}
