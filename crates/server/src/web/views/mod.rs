//! Every page as plain data and a template. A handler fills the struct; the struct says nothing about how.
//!
//! Sentences come from the catalog, by the variants of the enums here: a handler picks `CodeProblem::Short`, never a text.

use keyward_core::account::{Action, Method};
use keyward_core::event::Door;

use crate::i18n::{Key, k};
use crate::web::shell::{Bitting, Cut};

pub mod demo;
pub mod follow;
pub mod info;
pub mod link;
pub mod me;
pub mod me_change;
pub mod me_edit;
pub mod outcome;
pub mod prove;
pub mod reissue;
pub mod setup;
pub mod start;
pub mod wait;

/// What somebody came for; also the door they came through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Goal {
    /// Forgot the password.
    Password,
    /// The account is locked.
    Unlock,
    /// Lost a phone or a key.
    Replace,
    /// Somebody else did something.
    Secure,
    /// Signed in, to change the ways back in.
    Ways,
}

impl Goal {
    /// What a case is for, by what it does and the door it was opened by.
    pub const fn of(action: Action, door: Door) -> Self {
        match (action, door) {
            (Action::Unlock, _) => Self::Unlock,
            (Action::EnrollFactor { .. }, _) | (Action::RemoveFactor, Door::Account) => Self::Ways,
            (Action::RemoveFactor, _) => Self::Replace,
            (Action::SetPassword, _) => Self::Password,
        }
    }
    /// The caption over the question.
    pub fn label(&self) -> Key {
        match self {
            Self::Password => k("goal-password"),
            Self::Unlock => k("goal-unlock"),
            Self::Replace => k("goal-replace"),
            Self::Secure => k("goal-secure"),
            Self::Ways => k("goal-ways"),
        }
    }
    /// The value in a form or a query.
    pub fn value(&self) -> &'static str {
        match self {
            Self::Password => "forgot",
            Self::Unlock => "locked",
            Self::Replace => "lost",
            Self::Secure => "someone-else",
            Self::Ways => "ways",
        }
    }
    /// The goal a form or query names. [`Goal::Ways`] is no door.
    pub fn from_value(value: &str) -> Option<Self> {
        [Self::Password, Self::Unlock, Self::Replace, Self::Secure].into_iter().find(|goal| goal.value() == value)
    }
}

/// The case a page belongs to.
#[derive(Clone, Debug)]
pub struct CaseHead {
    /// What people read and speak, `KW-7Q4M-82XJ`. It opens nothing.
    pub reference: String,
    /// The path before `/how`, `/wait`, `/new`, without a slash at the end.
    pub base: String,
    /// What the person came for.
    pub goal: Goal,
    /// The page from which it was begun.
    pub from: String,
    /// How far it is.
    pub bitting: Bitting,
    /// Whether something on the account has changed already.
    pub changed: bool,
    /// Whether nobody can say that yet: the worker is at it.
    pub in_doubt: bool,
}

impl CaseHead {
    /// A case in its `step`th step (0 classify to 4 review). To authorize and to review is up to time and to others.
    pub fn new(reference: &str, base: &str, goal: Goal, step: usize) -> Self {
        Self {
            reference: reference.to_owned(),
            base: base.to_owned(),
            goal,
            from: format!("/recover?for={}", goal.value()),
            bitting: Bitting::at(step, if matches!(step, 2 | 4) { Cut::Waiting } else { Cut::Current }),
            changed: step > 3,
            in_doubt: false,
        }
    }
}

/// A question to an authenticator (WebAuthn 5.4 or 5.5).
#[derive(Clone, Debug)]
pub struct Passkey {
    /// Creation or request options as JSON, as `parse…OptionsFromJSON` takes them (UX-36).
    pub options: String,
    /// Where the answer is posted, in the field `credential`.
    pub action: String,
}

/// How a page hears that something changed: a stream that says where to go on and, without script, a refresh of the page.
#[derive(Clone, Debug)]
pub struct Live {
    /// The path of the event stream.
    pub events: String,
    /// Seconds until the page loads again without script; `None` if the person turned that off.
    pub refresh_s: Option<u32>,
}

/// A way to prove who one is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WayKind {
    /// A passkey or security key.
    Passkey,
    /// A code from an authenticator app.
    AppCode,
    /// One of the saved recovery codes.
    RecoveryCode,
    /// A link and a code to a stored address.
    Email,
    /// A browser this person signed in from before.
    KnownDevice,
    /// The password of the directory; shown by signing in, never offered.
    Password,
    /// A visit with a badge.
    InPerson,
    /// A person at the service desk.
    Desk,
    /// None of these.
    None,
}

impl WayKind {
    /// The value in the form and the last part of the path.
    pub fn value(&self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::AppCode => "app",
            Self::RecoveryCode => "recovery-code",
            Self::Email => "email",
            Self::KnownDevice => "device",
            Self::Password => "password",
            Self::InPerson => "in-person",
            Self::Desk => "desk",
            Self::None => "none",
        }
    }
    /// The way a form names. [`WayKind::Password`] is none that can be chosen.
    pub fn from_value(value: &str) -> Option<Self> {
        [
            Self::Passkey,
            Self::AppCode,
            Self::RecoveryCode,
            Self::Email,
            Self::KnownDevice,
            Self::InPerson,
            Self::Desk,
            Self::None,
        ]
        .into_iter()
        .find(|way| way.value() == value)
    }
    /// Its name on the card.
    pub fn label(&self) -> Key {
        match self {
            Self::Passkey => k("way-passkey"),
            Self::AppCode => k("way-app"),
            Self::RecoveryCode => k("way-recovery-code"),
            Self::Email => k("way-email"),
            Self::KnownDevice => k("way-device"),
            Self::Password => k("way-password"),
            Self::InPerson => k("way-in-person"),
            Self::Desk => k("way-desk"),
            Self::None => k("way-none"),
        }
    }
    /// The line under it.
    pub fn hint(&self) -> Key {
        match self {
            Self::Passkey => k("way-passkey-hint"),
            Self::AppCode => k("way-app-hint"),
            Self::RecoveryCode => k("way-recovery-code-hint"),
            Self::Email => k("way-email-hint"),
            Self::KnownDevice => k("way-device-hint"),
            Self::Password => k("way-password"),
            Self::InPerson => k("way-in-person-hint"),
            Self::Desk => k("way-desk-hint"),
            Self::None => k("way-none-hint"),
        }
    }
}

impl From<Method> for WayKind {
    fn from(method: Method) -> Self {
        match method {
            Method::Passkey => Self::Passkey,
            Method::Totp => Self::AppCode,
            Method::RecoveryCode => Self::RecoveryCode,
            Method::Email => Self::Email,
            Method::KnownDevice => Self::KnownDevice,
            Method::InPerson => Self::InPerson,
            Method::DirectoryPassword => Self::Password,
        }
    }
}

/// One of everything with sample data, for tests and for looking at (debug builds only).
#[cfg(any(test, debug_assertions))]
pub mod samples;
#[cfg(test)]
mod tests;
