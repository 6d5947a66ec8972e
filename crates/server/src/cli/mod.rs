//! The command line: what was typed, to which command it goes, how it ends.
//!
//! One file for each command. A command reads its arguments ([`args`]), does its work through the modules that own it, and answers with a
//! [`Report`]; there is no rule here. To add one: a variant of [`Command`], an arm in [`dispatch`], a file.

mod account;
pub mod args;
mod bench;
mod breach;
mod case;
mod completions;
mod config;
mod context;
mod demo;
mod diagnosis;
mod doctor;
mod escape;
mod exit;
mod first_start;
mod health;
mod http;
mod init;
mod job;
mod lint;
mod man;
mod migrate;
mod policy;
mod prompt;
mod rebuild;
mod report;
mod serve;
mod settings;
mod situation;
mod telemetry;
mod timeline;
#[cfg(feature = "otlp")]
mod traces;
#[cfg(not(feature = "otlp"))]
#[path = "no_traces.rs"]
mod traces;
mod verify;
mod verify_log;
mod version;
mod words;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{ArgMatches, ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use serde_json::json;

pub use context::{CliContext, Edge, Sink};
pub use exit::{Cause, CliError, Exit};
pub use report::{CheckLine, Look, Mark, Output, Report};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const AFTER_HELP: &str = "\
Exit codes:
  0  done
  1  a check failed, or it could not be done
  2  the command or the configuration is wrong
  3  something could not be reached
  4  a proof does not hold

Where to go next:
  keyward config init     write a first configuration, in six questions
  keyward config check    read it and say everything that is wrong with it
  keyward help COMMAND    what a command does, with examples";

/// Account recovery with a case for every reset.
///
/// Nobody gets back into an account without a case: it is classified, the person proves who they are, others agree where
/// they must, the credential is set, and the outcome is reviewed. Anybody can check afterwards that it was so.
#[derive(Debug, Parser)]
#[command(name = "keyward", version, styles = STYLES, after_help = AFTER_HELP, max_term_width = 110)]
pub struct Cli {
    /// What applies to every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// What applies to every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The configuration file [default: /etc/keyward/keyward.toml] [env: KEYWARD_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Text for people, or one JSON object for programs [default: text] [env: KEYWARD_OUTPUT]
    #[arg(long, global = true, value_enum, value_name = "text|json", hide_possible_values = true)]
    pub output: Option<Output>,
    /// When to use colors; `auto` looks at the terminal and at NO_COLOR [default: auto] [env: KEYWARD_COLOR]
    #[arg(long, global = true, value_enum, value_name = "auto|always|never", hide_possible_values = true)]
    pub color: Option<ColorChoice>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try the whole product on this machine, with made-up people
    Demo(args::DemoArgs),
    /// Serve the pages and do the jobs
    Serve(args::ServeArgs),
    /// Do the jobs and serve no page
    Worker(args::WorkerArgs),
    /// Write, check and explain the configuration
    #[command(subcommand)]
    Config(args::ConfigCommand),
    /// Make, list, close and remove the accounts of Keyward's own directory
    #[command(subcommand)]
    Account(args::AccountCommand),
    /// List cases, show one, export its evidence, erase the names in it
    #[command(subcommand)]
    Case(args::CaseCommand),
    /// List what is still to be done; try again or forget what failed too often
    #[command(subcommand)]
    Job(args::JobCommand),
    /// Check evidence files, or a copy of the whole log, offline
    Verify(args::VerifyArgs),
    /// Check, try and explain a policy
    #[command(subcommand)]
    Policy(args::PolicyCommand),
    /// Build the list of breached passwords
    #[command(subcommand)]
    Breach(args::BreachCommand),
    /// Measure what this machine can do without Keyward
    #[command(subcommand)]
    Bench(args::BenchCommand),
    /// Bring the database up to date
    Migrate(args::MigrateArgs),
    /// Look at everything the configuration speaks of
    Doctor(args::DoctorArgs),
    /// Ask a running server whether it lives and is ready
    Health(args::HealthArgs),
    /// Make everything that can be computed from the log anew, and compare
    Rebuild(args::RebuildArgs),
    /// Print a script that completes commands in your shell
    Completions(args::CompletionsArgs),
    /// Print the manual page, or write all of them
    Man(args::ManArgs),
    /// Print the version
    Version,
}

async fn dispatch(command: Command, ctx: &CliContext) -> Result<Exit, CliError> {
    match command {
        Command::Demo(args) => demo::run(args, ctx).await,
        Command::Serve(args) => serve::run(args, ctx).await,
        Command::Worker(args) => serve::worker(args, ctx).await,
        Command::Config(args::ConfigCommand::Init(args)) => init::run(args, ctx).await,
        Command::Config(args::ConfigCommand::Check) => config::check(ctx).await,
        Command::Config(args::ConfigCommand::Show(args)) => config::show(args, ctx).await,
        Command::Config(args::ConfigCommand::Schema) => config::schema(ctx).await,
        Command::Account(args::AccountCommand::Add(args)) => account::add(args, ctx).await,
        Command::Account(args::AccountCommand::List(args)) => account::list(args, ctx).await,
        Command::Account(args::AccountCommand::Show(args)) => account::show(args, ctx).await,
        Command::Account(args::AccountCommand::Disable(args)) => account::disable(args, ctx).await,
        Command::Account(args::AccountCommand::Enable(args)) => account::enable(args, ctx).await,
        Command::Account(args::AccountCommand::Remove(args)) => account::remove(args, ctx).await,
        Command::Case(args::CaseCommand::List(args)) => case::list(args, ctx).await,
        Command::Case(args::CaseCommand::Show(args)) => case::show(args, ctx).await,
        Command::Case(args::CaseCommand::Export(args)) => case::export(args, ctx).await,
        Command::Case(args::CaseCommand::Erase(args)) => case::erase(args, ctx).await,
        Command::Job(args::JobCommand::List(args)) => job::list(args, ctx).await,
        Command::Job(args::JobCommand::Retry(args)) => job::retry(args, ctx).await,
        Command::Job(args::JobCommand::Forget(args)) => job::forget(args, ctx).await,
        Command::Breach(args::BreachCommand::Build(args)) => breach::build(args, ctx).await,
        Command::Bench(args::BenchCommand::Limits(args)) => bench::limits(args, ctx).await,
        Command::Migrate(args) => migrate::run(args, ctx).await,
        Command::Doctor(args) => doctor::run(args, ctx).await,
        Command::Health(args) => health::run(args, ctx).await,
        Command::Rebuild(args) => rebuild::run(args, ctx).await,
        Command::Verify(args) => verify::run(args, ctx).await,
        Command::Policy(args::PolicyCommand::Check(args)) => policy::check(args, ctx).await,
        Command::Policy(args::PolicyCommand::Test(args)) => policy::test(args, ctx).await,
        Command::Policy(args::PolicyCommand::Explain(args)) => policy::explain(args, ctx).await,
        Command::Completions(args) => completions::run(args, ctx).await,
        Command::Man(args) => man::run(args, ctx).await,
        Command::Version => version::run(ctx).await,
    }
}

/// Runs what was typed.
pub async fn run(edge: Edge) -> Exit {
    let mut early = Early::of(&edge);
    let parsed = Cli::command()
        .color(early.color)
        .try_get_matches_from(edge.args.clone())
        .and_then(|matches| Ok((called(&matches), Cli::from_arg_matches(&matches)?)));
    let (name, cli) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return not_understood(&error, &early, edge),
    };
    early.output = cli.global.output.unwrap_or(early.output);
    let color = cli.global.color.unwrap_or(early.color);
    let ctx = context(cli.global.config, early.output, color, edge);
    match dispatch(cli.command, &ctx).await {
        Ok(exit) => exit,
        Err(error) => ctx.print_error(&name, &error),
    }
}

/// The words that call a command, for answers.
fn called(matches: &ArgMatches) -> String {
    let words = std::iter::successors(matches.subcommand(), |(_, inner)| inner.subcommand());
    words.map(|(word, _)| word).collect::<Vec<_>>().join(" ")
}

/// What has to be known before the words are understood, since not understanding them is an answer too.
struct Early {
    output: Output,
    color: ColorChoice,
}

impl Early {
    fn of(edge: &Edge) -> Self {
        let typed = |flag: &str| value_of(&edge.args, flag);
        let output = typed("--output").or_else(|| edge.environment.get("KEYWARD_OUTPUT").map(str::to_owned));
        let color = typed("--color").or_else(|| edge.environment.get("KEYWARD_COLOR").map(str::to_owned));
        Self {
            output: if output.as_deref() == Some("json") { Output::Json } else { Output::Text },
            color: match color.as_deref() {
                Some("always") => ColorChoice::Always,
                Some("never") => ColorChoice::Never,
                _ => ColorChoice::Auto,
            },
        }
    }
}

/// The value of `--flag value` or `--flag=value` among words that may not be understood otherwise.
fn value_of(args: &[OsString], flag: &str) -> Option<String> {
    let mut words = args.iter().map(|word| word.to_string_lossy());
    let joined = format!("{flag}=");
    words
        .find_map(|word| match word.strip_prefix(&joined) {
            Some(value) => Some(Some(value.to_owned())),
            None if word == flag => Some(None),
            None => None,
        })
        .and_then(|value| value.or_else(|| words.next().map(|word| word.into_owned())))
}

fn context(config: Option<PathBuf>, output: Output, color: ColorChoice, edge: Edge) -> CliContext {
    let config =
        config.or_else(|| edge.environment.get("KEYWARD_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from));
    CliContext {
        output,
        look: Look { color: colored(color, &edge), width: edge.width.filter(|_| edge.out_is_terminal) },
        config,
        environment: edge.environment,
        err_is_terminal: edge.err_is_terminal,
        can_ask: edge.can_ask,
        ctx: edge.ctx,
        out: Mutex::new(edge.out),
        err: Mutex::new(edge.err),
    }
}

fn colored(color: ColorChoice, edge: &Edge) -> bool {
    let no_color = edge.environment.get("NO_COLOR").is_some_and(|value| !value.is_empty());
    match color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => edge.out_is_terminal && !no_color && edge.environment.get("TERM") != Some("dumb"),
    }
}

/// Help that was asked for, or words that are not a command.
fn not_understood(error: &clap::Error, early: &Early, mut edge: Edge) -> Exit {
    let asked = !error.use_stderr();
    let exit = if asked { Exit::Ok } else { Exit::Usage };
    let rendered = error.render();
    let written = if early.output == Output::Json {
        let name = if asked { "help" } else { "error" };
        let text = rendered.to_string();
        let value = if asked {
            json!(text)
        } else {
            json!({"what": text.trim_start_matches("error: ").trim_end(), "causes": []})
        };
        Report::new("").field(name, value).ending(exit).write_json(&mut edge.out)
    } else {
        let colored = colored(early.color, &edge);
        let sink = if asked { &mut edge.out } else { &mut edge.err };
        if colored { write!(sink, "{}", rendered.ansi()) } else { write!(sink, "{rendered}") }
    };
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => CliError::Output(error).exit(),
        _ => exit,
    }
}
