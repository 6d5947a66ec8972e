//! The set-up of a server that nobody has an account on yet: one form, and where to go next.

use askama::Template;

use super::reissue::{PasswordField, PasswordProblem};
use crate::i18n::{Key, Text, k};
use crate::web::shell::Shell;

/// Why the first account was not made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SetupProblem {
    /// The code is not one, was used or is too old: one answer for all.
    Code,
    /// The name to sign in with.
    Name,
    /// The name that people are called by.
    Display,
    /// The mail address.
    Mail,
    /// The password.
    Password(PasswordProblem),
}

impl SetupProblem {
    /// One sentence.
    pub fn text(&self, shell: &Shell) -> Text {
        match self {
            Self::Code => shell.t(k("setup-code-wrong")),
            Self::Name => shell.t(k("setup-name-wrong")),
            Self::Display => shell.t(k("setup-display-wrong")),
            Self::Mail => shell.t(k("contact-shape")),
            Self::Password(problem) => problem.text(shell),
        }
    }
    /// The field it belongs to.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Name => "name",
            Self::Display => "display",
            Self::Mail => "email",
            Self::Password(_) => "new-password",
        }
    }
}

/// A field of one line.
struct Line<'a> {
    id: &'static str,
    class: &'static str,
    autocomplete: &'static str,
    label: Key,
    hint: Key,
    value: &'a str,
}

/// `/setup`. Posts `code`, `name`, `display`, `email` and `new-password`.
#[derive(Template, Debug)]
#[template(path = "setup.html")]
pub struct SetUpForm {
    /// What is around the page.
    pub shell: Shell,
    /// The name that was typed before.
    pub name: String,
    /// What they are called, as it was typed before.
    pub display: String,
    /// The address that was typed before.
    pub email: String,
    /// The password and its rules.
    pub field: PasswordField,
    /// What was wrong.
    pub problem: Option<SetupProblem>,
}

impl SetUpForm {
    fn lines(&self) -> [Line<'_>; 4] {
        let line = |id, autocomplete, (label, hint), value| Line {
            id,
            class: if id == "code" { "input code whole" } else { "input" },
            autocomplete,
            label,
            hint,
            value,
        };
        [
            // The code is typed anew each time: a page that is shown again does not hold it.
            line("code", "off", (k("setup-code"), k("setup-code-hint")), ""),
            line("name", "username", (k("setup-name"), k("setup-name-hint")), &self.name),
            line("display", "name", (k("setup-display"), k("setup-display-hint")), &self.display),
            line("email", "email", (k("setup-email"), k("setup-email-hint")), &self.email),
        ]
    }
    fn wrong(&self, line: &Line<'_>) -> Option<Text> {
        self.problem.as_ref().filter(|problem| problem.field() == line.id).map(|problem| problem.text(&self.shell))
    }
    fn new_wrong(&self) -> Option<&PasswordProblem> {
        match &self.problem {
            Some(SetupProblem::Password(problem)) => Some(problem),
            _ => None,
        }
    }
}

/// The answer to the form when the first account is there.
#[derive(Template, Debug)]
#[template(path = "setup_done.html")]
pub struct SetUpDone {
    /// What is around the page.
    pub shell: Shell,
    /// The name that signs in.
    pub name: String,
}
