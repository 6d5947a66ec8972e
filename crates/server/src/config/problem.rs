//! What is wrong with a configuration, where, and what to do: one line each, all of them at once (ECO-04).
//!
//! A problem never repeats the value of a secret.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A place in the file; line and column count from 1, columns in characters.
    File {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// A file that the value was read from, and what named that file.
    Pointed {
        /// What named it.
        by: Box<Origin>,
        /// The file with the value.
        path: PathBuf,
    },
    /// A systemd credential.
    Credential(String),
    /// An environment variable.
    Environment(String),
    /// A command-line flag.
    Flag(String),
    /// The default, computed from another key.
    Derived(&'static str),
    /// The default.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Pointed { by, path } => write!(f, "{by} -> {}", path.display()),
            Self::Credential(name) => write!(f, "credential {name}"),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
            Self::Derived(how) => write!(f, "default: {how}"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Origin {
    /// The place in the file whose text starts at this byte.
    pub(super) fn in_file(path: &Path, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self::File {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
    fn named_at(&self) -> &Self {
        match self {
            Self::Pointed { by, .. } => by.named_at(),
            origin => origin,
        }
    }
    /// One word for programs: `file`, `environment`, `credential`, `flag`, `default`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Pointed { by, .. } => by.kind(),
            Self::Credential(_) => "credential",
            Self::Environment(_) => "environment",
            Self::Flag(_) => "flag",
            Self::Derived(_) | Self::Default => "default",
        }
    }
    /// For `--output json`.
    pub fn json(&self) -> Value {
        match self {
            Self::File { path, line, column } => json!({
                "kind": "file", "text": self.to_string(), "file": path.display().to_string(), "line": line, "column": column,
            }),
            other => json!({"kind": other.kind(), "text": other.to_string()}),
        }
    }
}

/// One thing that is wrong, or that had better be different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where. `Default` means that nobody wrote it.
    pub origin: Origin,
    /// The key or section, with dots.
    pub key: String,
    /// What is wrong, a sentence without a full stop.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    pub(super) fn new(origin: Origin, key: impl Into<String>, what: impl Into<String>) -> Self {
        Self { origin, key: key.into(), what: what.into(), hint: None }
    }
    /// The order of a list: by place, a value in a file of its own where that file is named.
    pub(super) fn by_place(&self, other: &Self) -> std::cmp::Ordering {
        (self.origin.named_at(), &self.key, &self.what).cmp(&(other.origin.named_at(), &other.key, &other.what))
    }
    pub(super) fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Default | Origin::Derived(_) => write!(f, "{}", self.what)?,
            origin => write!(f, "{origin}: {}", self.what)?,
        }
        match &self.hint {
            Some(hint) => write!(f, "\n    {hint}"),
            None => Ok(()),
        }
    }
}

impl Serialize for Problem {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({"key": self.key, "what": self.what, "hint": self.hint, "origin": self.origin.json()})
            .serialize(serializer)
    }
}

/// A configuration that cannot be used, with everything that is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the configuration `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It was read, and these are the problems, in the order of the file.
    #[error("{}", listed(.0))]
    Wrong(Vec<Problem>),
}

impl ConfigError {
    /// The problems, for programs.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Unreadable { .. } => &[],
            Self::Wrong(problems) => problems,
        }
    }
}

fn listed(problems: &[Problem]) -> String {
    let mut text = match problems.len() {
        1 => "1 problem in the configuration".to_owned(),
        count => format!("{count} problems in the configuration"),
    };
    for problem in problems {
        text.push_str("\n  ");
        text.push_str(&problem.to_string());
    }
    text
}
