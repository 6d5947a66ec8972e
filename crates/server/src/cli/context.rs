//! What every command is given: how to answer, the environment, where the configuration is, clock and randomness.
//!
//! [`Edge::of_process`] is the only place that takes these from the operating system; tests bring their own.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::exit::{CliError, Exit};
use super::report::{Look, Output, Report};
use crate::config::{self, Environment, FileSource, FlagValue, Loaded, Sources};
use crate::ctx::Ctx;

/// A writer that commands may share.
pub type Sink = Box<dyn Write + Send>;

/// What the operating system gives to a program.
pub struct Edge {
    /// The words typed, the program's own name first.
    pub args: Vec<OsString>,
    /// The environment.
    pub environment: Environment,
    /// Standard output.
    pub out: Sink,
    /// Standard error.
    pub err: Sink,
    /// Is standard output a terminal?
    pub out_is_terminal: bool,
    /// Is standard error a terminal?
    pub err_is_terminal: bool,
    /// The width of the terminal in columns.
    pub width: Option<u16>,
    /// Can a person be asked? True when standard input and standard error are terminals.
    pub can_ask: bool,
    /// Clock and randomness.
    pub ctx: Ctx,
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edge").field("args", &self.args).field("environment", &self.environment).finish_non_exhaustive()
    }
}

impl Edge {
    /// What this process was given.
    pub fn of_process() -> Self {
        let text = |value: OsString| value.to_string_lossy().into_owned();
        Self {
            args: std::env::args_os().collect(),
            environment: std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect(),
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            out_is_terminal: io::stdout().is_terminal(),
            err_is_terminal: io::stderr().is_terminal(),
            width: dialoguer::console::Term::stdout().size_checked().map(|(_, columns)| columns),
            can_ask: io::stdin().is_terminal() && io::stderr().is_terminal(),
            ctx: Ctx::real(),
        }
    }
}

/// What every command is given.
pub struct CliContext {
    /// How to answer.
    pub output: Output,
    /// How text looks.
    pub look: Look,
    /// The file that `--config` names.
    pub config: Option<PathBuf>,
    /// The environment.
    pub environment: Environment,
    /// Is somebody watching standard error?
    pub err_is_terminal: bool,
    /// Can a person be asked?
    pub can_ask: bool,
    /// Clock and randomness.
    pub ctx: Ctx,
    pub(super) out: Mutex<Sink>,
    pub(super) err: Mutex<Sink>,
}

impl fmt::Debug for CliContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CliContext").field("output", &self.output).field("config", &self.config).finish_non_exhaustive()
    }
}

impl CliContext {
    /// Prints the answer on standard output and says how the command ends.
    pub fn print(&self, report: &Report) -> Result<Exit, CliError> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let written = match self.output {
            Output::Text => report.write_text(&mut **out, self.look),
            Output::Json => report.write_json(&mut **out),
        };
        match written.and_then(|()| out.flush()) {
            // Who reads our output through `head` has seen enough. How it ends is said by the exit code all the same.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            written => written.map_err(CliError::Output)?,
        }
        Ok(report.exit())
    }

    /// Says on standard error what is going on, to people alone.
    pub fn note(&self, text: &str) {
        if matches!(self.output, Output::Text) {
            let mut err = self.err.lock().unwrap_or_else(PoisonError::into_inner);
            // There is nobody left to tell.
            drop(writeln!(err, "{text}"));
        }
    }

    /// Prints an error: in text on standard error, in JSON as the one object on standard output.
    pub fn print_error(&self, command: &str, error: &CliError) -> Exit {
        let report = Report::of_error(command, error);
        // Where it can not be written there is nobody left to tell.
        match (error.exit(), self.output) {
            (Exit::Ok, _) => {}
            (_, Output::Json) => drop(self.print(&report)),
            (_, Output::Text) => {
                let mut err = self.err.lock().unwrap_or_else(PoisonError::into_inner);
                let red = clap::builder::styling::AnsiColor::Red.on_default().bold();
                let label = if self.look.color { format!("{red}error:{red:#} ") } else { "error: ".to_owned() };
                drop(err.write_all(label.as_bytes()).and_then(|()| report.write_text(&mut **err, self.look)));
            }
        }
        error.exit()
    }

    /// Reads the configuration of a demonstration: what its flags say and otherwise the defaults. The file and the environment of a real
    /// installation on the same machine have no part in it.
    pub fn load_demo(&self, flags: &[FlagValue]) -> Result<Loaded, CliError> {
        let environment = Environment::default();
        Ok(config::load(&Sources { file: FileSource::Default, environment: &environment, flags, demo: true })?)
    }

    /// Reads the configuration that this command runs with; `flags` are its own settings.
    pub fn load(&self, flags: &[FlagValue]) -> Result<Loaded, CliError> {
        self.load_from(self.config.as_deref(), flags)
    }

    /// The same from this file, if there is one.
    pub fn load_from(&self, file: Option<&Path>, flags: &[FlagValue]) -> Result<Loaded, CliError> {
        let file = file.map_or(FileSource::Default, FileSource::At);
        Ok(config::load(&Sources { file, environment: &self.environment, flags, demo: false })?)
    }
}
