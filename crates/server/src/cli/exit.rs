//! How a command ends: its exit code, and the errors that lead to each. One place maps one to the other (ECO-10).

use std::process::ExitCode;

use crate::app::open::OpenError;
use crate::causes::{self, in_one_line};
use crate::config::ConfigError;
use crate::evidence::EvidenceError;
use crate::store::StoreError;

/// The exit code of a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, and everything asked about is as it should be.
    #[default]
    Ok,
    /// 1: it ran, and something it looked at is not as it should be; or it could not be done.
    Failed,
    /// 2: the command or the configuration is wrong; nothing was done.
    Usage,
    /// 3: something it needs could not be reached.
    Unreachable,
    /// 4: a proof does not hold.
    Unverified,
}

impl Exit {
    /// All of them in the order of their codes.
    pub const ALL: [Self; 5] = [Self::Ok, Self::Failed, Self::Usage, Self::Unreachable, Self::Unverified];

    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Unverified => 4,
        }
    }
    /// What it means, as `--help` says it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "done",
            Self::Failed => "a check failed, or it could not be done",
            Self::Usage => "the command or the configuration is wrong",
            Self::Unreachable => "something could not be reached",
            Self::Unverified => "a proof does not hold",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Any reason: the cause behind a command's own sentence.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        if error.is_outage() {
            Self::Unreachable("something that the configuration names does not answer".to_owned(), error.into())
        } else {
            Self::Failed("something that the configuration names can not be used".to_owned(), error.into())
        }
    }
}
impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::stopped("the database did not do what was asked", error.is_passing(), error)
    }
}

/// Why a command did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// What was typed does not go together.
    #[error("{0}")]
    Usage(String),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What was attempted, and why it did not work.
    #[error("{0}")]
    Failed(String, #[source] Cause),
    /// What could not be reached.
    #[error("{0}")]
    Unreachable(String, #[source] Cause),
    /// The proof that does not hold.
    #[error("{0}")]
    Unverified(String),
    /// The answer could not be written.
    #[error("cannot write the answer")]
    Output(#[source] std::io::Error),
}

impl CliError {
    /// What was attempted; whether the reason may pass decides between "could not be reached" and "could not be done".
    pub fn stopped(what: impl Into<String>, is_outage: bool, cause: impl Into<Cause>) -> Self {
        if is_outage { Self::Unreachable(what.into(), cause.into()) } else { Self::Failed(what.into(), cause.into()) }
    }
    /// What could not be done with the log, and whether that says that the log does not hold.
    pub fn unproved(what: impl Into<String>, error: EvidenceError) -> Self {
        if error.is_disproof() {
            return Self::Unverified(format!("{}: {}", what.into(), in_one_line(&error)));
        }
        Self::stopped(what, error.is_outage(), error)
    }
    /// The exit code for this error.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Config(_) => Exit::Usage,
            Self::Failed(..) => Exit::Failed,
            Self::Unreachable(..) => Exit::Unreachable,
            Self::Unverified(_) => Exit::Unverified,
            Self::Output(_) => Exit::Failed,
        }
    }
    /// The sentence and its causes, outermost first.
    pub fn chain(&self) -> Vec<String> {
        causes::of(self).map(ToString::to_string).collect()
    }
}
