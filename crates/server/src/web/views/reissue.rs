//! The new way in: a password, an unlock, and the page that says what changed. Nobody is signed in by it (R7).

use askama::Template;
use keyward_core::time::Timestamp;

use super::{CaseHead, WayKind};
use crate::i18n::{Key, Text, k};
use crate::web::shell::Shell;

/// One rule a password is held to, in the words shown before typing (UX-25).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PasswordRule {
    /// At least so many characters.
    Length(u32),
    /// Not in a known breach.
    NotKnown,
    /// Not the name, the organization or the like.
    NotYou,
}

impl PasswordRule {
    /// The name in the feedback JSON: `{"rules":{"length":true,…},"say":"…"}`.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Length(_) => "length",
            Self::NotKnown => "known",
            Self::NotYou => "you",
        }
    }
    /// The rule in words.
    pub fn text(&self, shell: &Shell) -> Text {
        match self {
            Self::Length(min) => shell.t(k("rule-length")).with("min", *min),
            Self::NotKnown => shell.t(k("rule-known")),
            Self::NotYou => shell.t(k("rule-you")),
        }
    }
}

/// Why a password was not taken: one cause, one sentence (UX-28).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PasswordProblem {
    /// Nothing typed.
    Empty,
    /// Fewer characters than this.
    Short(u32),
    /// More characters than this; never cut (UX-26).
    Long(u32),
    /// In a known breach.
    Known,
    /// Contains the name or the like.
    You,
    /// Easy to guess.
    Guess,
    /// Used before.
    Before,
    /// Has characters the directory cannot take.
    Characters,
    /// The directory said no without a reason; its code for the service desk.
    Directory(String),
}

impl PasswordProblem {
    /// One sentence.
    pub fn text(&self, shell: &Shell) -> Text {
        match self {
            Self::Empty => shell.t(k("password-empty")),
            Self::Short(min) => shell.t(k("password-short")).with("min", *min),
            Self::Long(max) => shell.t(k("password-long")).with("max", *max),
            Self::Known => shell.t(k("password-known")),
            Self::You => shell.t(k("password-you")),
            Self::Guess => shell.t(k("password-guess")),
            Self::Before => shell.t(k("password-before")),
            Self::Characters => shell.t(k("password-characters")),
            Self::Directory(code) => shell.t(k("password-directory")).with("code", code.as_str()),
        }
    }
}

/// The password field with its rules, the same on every page that asks for a new one (UX-22 to UX-30).
#[derive(Clone, Debug)]
pub struct PasswordField {
    /// The name the account signs in with; a real field in the form, for password managers.
    pub account: String,
    /// The rules in the order shown.
    pub rules: Vec<PasswordRule>,
    /// The same rules as the browser's generator reads them, `minlength: 15; allowed: unicode;`.
    pub passwordrules: String,
    /// Where typed text is judged while typing: `POST new-password=…`, answered as JSON.
    pub check: String,
}

/// `…/new/password`. Posts `username` (ignored) and `new-password`.
#[derive(Template, Debug)]
#[template(path = "new_password.html")]
pub struct NewPassword {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
    /// The field and its rules.
    pub field: PasswordField,
    /// What was wrong with the last one.
    pub problem: Option<PasswordProblem>,
}

impl NewPassword {
    fn new_wrong(&self) -> Option<&PasswordProblem> {
        self.problem.as_ref()
    }
}

/// `…/new` of an account that is to be opened again: one button. Posts nothing.
#[derive(Template, Debug)]
#[template(path = "unlock.html")]
pub struct UnlockNow {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
    /// Why the directory said no the last time; its code for the service desk.
    pub refused: Option<String>,
}

/// Something that was changed and read back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// A new password is set.
    PasswordSet,
    /// A passkey is saved.
    PasskeySaved,
    /// The account is open again.
    Unlocked,
    /// Signed out everywhere.
    SignedOut,
    /// The lost passkey, app or phone no longer works; its name.
    Removed(String),
    /// A way back in was added.
    Added(WayKind),
    /// So many contacts were told.
    Told(u32),
}

impl Change {
    /// One line.
    pub fn text(&self, shell: &Shell) -> Text {
        match self {
            Self::PasswordSet => shell.t(k("done-password")),
            Self::PasskeySaved => shell.t(k("done-passkey")),
            Self::Unlocked => shell.t(k("done-unlocked")),
            Self::SignedOut => shell.t(k("done-signed-out")),
            Self::Removed(name) => shell.t(k("done-removed")).with("name", name.as_str()),
            Self::Added(way) => shell.t(k("done-added")).with("way", shell.t(way.label())),
            Self::Told(n) => shell.t(k("done-told")).with("n", *n),
        }
    }
}

/// Something left for the person to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NextStep {
    /// Save a passkey, so that this is not needed again.
    SavePasskey,
    /// Let this browser count as a proof.
    KnowDevice,
    /// Look at the ways back in.
    LookAtWays,
}

impl NextStep {
    /// One line.
    pub fn text(&self, shell: &Shell) -> Text {
        shell.t(match self {
            Self::SavePasskey => k("next-passkey"),
            Self::KnowDevice => k("next-device"),
            Self::LookAtWays => k("next-ways"),
        })
    }
    /// The page where it is done.
    pub fn href(&self) -> &'static str {
        match self {
            Self::SavePasskey => "/me/passkeys/add",
            Self::KnowDevice => "/me/devices/add",
            Self::LookAtWays => "/me",
        }
    }
}

/// What kind of an end it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DoneKind {
    /// Back in with a new password or passkey.
    BackIn,
    /// Unlocked, same password.
    Unlocked,
    /// The lost thing was taken off.
    Replaced,
    /// A way back in was added or removed by somebody who is not locked out.
    Ways,
}

impl DoneKind {
    /// The heading.
    pub fn title(&self) -> Key {
        match self {
            Self::BackIn => k("done-title"),
            Self::Unlocked => k("done-title-unlocked"),
            Self::Replaced => k("done-title-replaced"),
            Self::Ways => k("done-title-ways"),
        }
    }
}

/// `…/done`. Everything on it was read back from the directory. The sign-in is another page: nobody is signed in by a recovery.
#[derive(Template, Debug)]
#[template(path = "done.html")]
pub struct Done {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
    /// What kind of an end.
    pub kind: DoneKind,
    /// When it was done.
    pub at: Timestamp,
    /// What changed.
    pub changes: Vec<Change>,
    /// What is left to do.
    pub next: Vec<NextStep>,
    /// The page that stops everything if it was somebody else.
    pub not_me: String,
    /// Where a new recovery code is had for the one that was used.
    pub new_code: Option<String>,
}
