//! A person, signed in: readiness in words, and every way back in with its age. Passkeys come first, the password last
//! (UX-37).

use askama::Template;
use keyward_core::time::Timestamp;

use super::WayKind;
use super::me_change::Wish;
use crate::i18n::{Key, Text, k};
use crate::web::shell::Shell;

/// Why somebody was not signed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignInProblem {
    /// A field was empty.
    Empty,
    /// Name and password do not go together, or there is no such account: the same words.
    DoesNotMatch,
    /// Too many tries; when it goes on.
    TooMany(Timestamp),
}

impl SignInProblem {
    /// One sentence.
    pub fn text(&self, shell: &Shell) -> Text {
        match self {
            Self::Empty => shell.t(k("sign-in-empty")),
            Self::DoesNotMatch => shell.t(k("sign-in-wrong")),
            Self::TooMany(until) => shell.t(k("sign-in-too-many")).with("time", shell.when(until)),
        }
    }
}

/// Why the password is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asks {
    /// Nobody is signed in.
    First,
    /// They are signed in, and some time has passed.
    Again,
    /// A change was begun in a session that has ended.
    Over,
}

impl Asks {
    /// What the page says.
    pub fn text(self) -> Key {
        match self {
            Self::First => k("sign-in-text"),
            Self::Again => k("sign-in-again"),
            Self::Over => k("sign-in-over"),
        }
    }
}

/// `/sign-in`: with the password of the directory. Posts `name` and `password`.
#[derive(Template, Debug)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// What is around the page.
    pub shell: Shell,
    /// What was typed before; the password is never kept (UX-29).
    pub name: String,
    /// What the person wants to do then.
    pub wish: Wish,
    /// Why it is asked for.
    pub asks: Asks,
    /// What was wrong.
    pub problem: Option<SignInProblem>,
}

/// A saved passkey.
#[derive(Clone, Debug)]
pub struct PasskeyCard {
    /// Its name, for example `Pixel 8`.
    pub name: String,
    /// When it was made.
    pub made: Timestamp,
    /// When it was last used.
    pub used: Option<Timestamp>,
    /// The page that asks before it is removed.
    pub remove: String,
}

/// The authenticator app.
#[derive(Clone, Debug)]
pub struct AppCard {
    /// When it was set up.
    pub made: Timestamp,
    /// When it was last used.
    pub used: Option<Timestamp>,
    /// The page that asks before it is removed.
    pub remove: String,
}

/// The recovery codes.
#[derive(Clone, Copy, Debug)]
pub struct CodesCard {
    /// How many are left.
    pub left: u32,
    /// When they were made.
    pub made: Timestamp,
}

/// Whether a contact counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContactState {
    /// It counts.
    Counts,
    /// It was added a short time ago and counts from then on.
    CountsFrom(Timestamp),
}

/// An address to write to. One whose code has not come back is not bound, and so is not here.
#[derive(Clone, Debug)]
pub struct ContactCard {
    /// The address, whole: they are signed in and it is theirs.
    pub address: String,
    /// When it was added.
    pub made: Timestamp,
    /// Whether it counts.
    pub state: ContactState,
    /// The page that asks before it is removed. `None`: the directory holds it, and it is changed there.
    pub remove: Option<String>,
}

/// A browser that counts as known.
#[derive(Clone, Debug)]
pub struct DeviceCard {
    /// Browser and system.
    pub name: String,
    /// When it was first seen.
    pub made: Timestamp,
    /// When it was last seen.
    pub used: Timestamp,
    /// Whether it is this one.
    pub this: bool,
    /// The page that asks before it is removed.
    pub remove: String,
}

/// What happened to a way back in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum History {
    /// Added.
    Added(WayKind),
    /// Removed.
    Removed(WayKind),
    /// A new password.
    PasswordChanged,
    /// A recovery began; its reference.
    RecoveryStarted(String),
    /// A recovery ended well.
    RecoveryDone(String),
    /// A recovery ended without a change.
    RecoveryStopped(String),
}

/// One line of the history.
#[derive(Clone, Debug)]
pub struct HistoryLine {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: History,
    /// From where, if known.
    pub place: Option<String>,
}

impl HistoryLine {
    fn text(&self, shell: &Shell) -> Text {
        let way = |key: Key, way: &WayKind| shell.t(key).with("way", shell.t(way.label()));
        let case = |key: Key, reference: &String| shell.t(key).with("reference", reference);
        match &self.what {
            History::Added(kind) => way(k("history-added"), kind),
            History::Removed(kind) => way(k("history-removed"), kind),
            History::PasswordChanged => shell.t(k("history-password")),
            History::RecoveryStarted(reference) => case(k("history-started"), reference),
            History::RecoveryDone(reference) => case(k("history-done"), reference),
            History::RecoveryStopped(reference) => case(k("history-stopped"), reference),
        }
    }
}

/// What was just done, said once at the top.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notice {
    /// Added.
    Added(WayKind),
    /// Removed.
    Removed(WayKind),
    /// A contact was added and counts later.
    ContactWaits(Timestamp),
}

impl Notice {
    fn text(&self, shell: &Shell) -> Text {
        let way = |key: Key, way: &WayKind| shell.t(key).with("way", shell.t(way.label()));
        match self {
            Self::Added(kind) => way(k("notice-added"), kind),
            Self::Removed(kind) => way(k("notice-removed"), kind),
            Self::ContactWaits(from) => shell.t(k("notice-contact-waits")).with("time", shell.when(from)),
        }
    }
}

/// `/me`: my ways back in.
#[derive(Template, Debug)]
#[template(path = "me.html")]
pub struct Me {
    /// What is around the page.
    pub shell: Shell,
    /// What was just done.
    pub notice: Option<Notice>,
    /// How many independent ways would get them back in today, as the policy counts.
    pub ways: u32,
    /// Whether they get back in when any part of their one way is lost.
    pub spare: bool,
    /// Passkeys.
    pub passkeys: Vec<PasskeyCard>,
    /// The app, if there is one.
    pub app: Option<AppCard>,
    /// Recovery codes, if there are any.
    pub codes: Option<CodesCard>,
    /// Addresses.
    pub contacts: Vec<ContactCard>,
    /// Known browsers.
    pub devices: Vec<DeviceCard>,
    /// What happened, newest first.
    pub history: Vec<HistoryLine>,
    /// When the password was last changed, if the directory says.
    pub password_changed: Option<Timestamp>,
    /// What `signalAllAcceptedCredentials` takes, as JSON; after a removal (UX-38).
    pub kept: Option<String>,
}

impl Me {
    fn is_unknown_here(&self) -> bool {
        !self.devices.iter().any(|card| card.this)
    }
    fn ready_class(&self) -> &'static str {
        match self.ways {
            0 => "panel halted",
            1 => "panel wait",
            _ => "panel done",
        }
    }
}
