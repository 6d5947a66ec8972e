//! `keyward man` (ECO-25).

use clap::CommandFactory as _;
use serde_json::json;

use super::args::ManArgs;
use super::{Cli, CliContext, CliError, Exit, Report};

/// Prints the page of the program, or writes one page for each command into a folder.
pub async fn run(args: ManArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    match args.folder {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(CliError::Output)?;
            ctx.print(&Report::new("man").verbatim("page", String::from_utf8_lossy(&page).into_owned()))
        }
        Some(folder) => {
            let attempted = || format!("cannot write manual pages to `{}`", folder.display());
            std::fs::create_dir_all(&folder).map_err(|error| CliError::Failed(attempted(), error.into()))?;
            clap_mangen::generate_to(Cli::command(), &folder)
                .map_err(|error| CliError::Failed(attempted(), error.into()))?;
            let folder = folder.display().to_string();
            ctx.print(
                &Report::new("man").field("folder", json!(folder)).text(format!("The manual pages are in {folder}")),
            )
        }
    }
}
