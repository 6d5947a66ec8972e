//! The start: five doors, and the name somebody signs in with. Nothing here knows whether an account exists (UX-03).

use askama::Template;

use super::Goal;
use crate::i18n::{Key, Text, k};
use crate::web::shell::Shell;

/// One of the five doors of `/` (UX-02).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Door {
    /// Into a case with this goal.
    Goal(Goal),
    /// To a person.
    Talk,
}

impl Door {
    /// The five doors in order.
    pub const ALL: [Self; 5] = [
        Self::Goal(Goal::Password),
        Self::Goal(Goal::Unlock),
        Self::Goal(Goal::Replace),
        Self::Goal(Goal::Secure),
        Self::Talk,
    ];
    /// Where it leads.
    pub fn href(&self) -> String {
        match self {
            Self::Goal(goal) => format!("/recover?for={}", goal.value()),
            Self::Talk => "/help".to_owned(),
        }
    }
    /// Its name.
    pub fn label(&self) -> Key {
        match self {
            Self::Goal(Goal::Password) => k("door-forgot"),
            Self::Goal(Goal::Unlock) => k("door-locked"),
            Self::Goal(Goal::Replace) => k("door-lost"),
            // The last is no door of the start page.
            Self::Goal(Goal::Secure | Goal::Ways) => k("door-other"),
            Self::Talk => k("door-talk"),
        }
    }
    /// The line under it.
    pub fn hint(&self) -> Key {
        match self {
            Self::Goal(Goal::Password) => k("door-forgot-hint"),
            Self::Goal(Goal::Unlock) => k("door-locked-hint"),
            Self::Goal(Goal::Replace) => k("door-lost-hint"),
            Self::Goal(Goal::Secure | Goal::Ways) => k("door-other-hint"),
            Self::Talk => k("door-talk-hint"),
        }
    }
}

/// `/`.
#[derive(Template, Debug)]
#[template(path = "start.html")]
pub struct Start {
    /// What is around the page.
    pub shell: Shell,
}

impl Start {
    fn doors(&self) -> [Door; 5] {
        Door::ALL
    }
}

/// What was wrong with the name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FindProblem {
    /// The field was empty.
    Empty,
    /// Longer than any name.
    TooLong,
}

impl FindProblem {
    /// One sentence.
    pub fn text(&self, shell: &Shell) -> Text {
        shell.t(match self {
            Self::Empty => k("find-empty"),
            Self::TooLong => k("find-too-long"),
        })
    }
}

/// `/recover`: the name field. Posts `name` and `for`.
#[derive(Template, Debug)]
#[template(path = "find.html")]
pub struct FindAccount {
    /// What is around the page.
    pub shell: Shell,
    /// Why they came.
    pub goal: Goal,
    /// What was typed before, kept after an error.
    pub name: String,
    /// What was wrong with it.
    pub problem: Option<FindProblem>,
}
