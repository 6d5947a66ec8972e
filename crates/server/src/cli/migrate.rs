//! `keyward migrate` (ECO-08): brings the tables of the database to what this build knows, apart from serving.

use serde_json::json;

use super::args::MigrateArgs;
use super::words;
use super::{CliContext, CliError, Exit, Report};
use crate::app::open::{self, OpenError};

/// Runs what is missing, or says what it would run.
pub async fn run(args: MigrateArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let config = ctx.load(&[])?.config;
    if args.dry_run
        && let Some(file) = open::database_file(&config).filter(|file| !file.exists())
    {
        let place = file.display().to_string();
        let report = Report::new("migrate").field("database", json!(place)).field("exists", json!(false));
        return ctx.print(
            &report.text(format!("There is no database at {place} yet. It would be made, with all its tables.")),
        );
    }
    let store = open::open_store(&config, &ctx.ctx).await?;
    let found = if args.dry_run { store.pending_migrations().await } else { store.migrate(ctx.ctx.now()).await };
    store.close().await;
    let names = found.map_err(OpenError::from)?;
    let text = match (names.len(), args.dry_run) {
        (0, _) => "The database is up to date.".to_owned(),
        (n, true) => format!("{} would run. Nothing was changed.", words::things(n, "migration", "migrations")),
        (n, false) => format!("{} ran. The database is up to date.", words::things(n, "migration", "migrations")),
    };
    let report =
        Report::new("migrate").field("migrations", json!(names)).field("dry_run", json!(args.dry_run)).text(text);
    ctx.print(&report.rows(names.iter().map(|name| vec![format!("  {name}")]).collect()))
}
