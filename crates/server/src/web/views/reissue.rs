//! The new way in: a passkey first, a password second, and the page that says what changed. Nobody is signed in by it (R7).

use askama::Template;
use keyward_core::time::Timestamp;

use super::{CaseHead, Passkey, WayKind};
use crate::i18n::{Key, Text, k};
use crate::web::shell::Shell;

/// `…/new`: save a passkey, or go on to a password (UX-33). Posts `credential`.
#[derive(Template, Debug)]
#[template(path = "new.html")]
pub struct NewCredential {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
    /// The question to the authenticator.
    pub passkey: Passkey,
    /// Where a password is created instead; `None` if this class takes passkeys only.
    pub password: Option<String>,
    /// The last try did not make a passkey.
    pub not_made: bool,
}

/// One rule a password is held to, in the words shown before typing (UX-25).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PasswordRule {
    /// At least so many characters.
    Length(u32),
    /// Not in a known breach.
    NotKnown,
    /// Not the name, the organization or the like.
    NotYou,
    /// Not easy to guess.
    HardToGuess,
    /// Not one used before.
    NotBefore,
}

impl PasswordRule {
    /// The name in the feedback JSON: `{"rules":{"length":true,…},"say":"…"}`.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Length(_) => "length",
            Self::NotKnown => "known",
            Self::NotYou => "you",
            Self::HardToGuess => "guess",
            Self::NotBefore => "before",
        }
    }
    /// The rule in words.
    pub fn text(&self, shell: &Shell) -> Text {
        match self {
            Self::Length(min) => shell.t(k("rule-length")).with("min", *min),
            Self::NotKnown => shell.t(k("rule-known")),
            Self::NotYou => shell.t(k("rule-you")),
            Self::HardToGuess => shell.t(k("rule-guess")),
            Self::NotBefore => shell.t(k("rule-before")),
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

/// What saving will do beside the password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Effects {
    /// Everything is signed out.
    pub signs_out: bool,
    /// So many app passwords stop.
    pub app_passwords: u32,
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
    /// What saving does beside.
    pub effects: Effects,
    /// What was wrong with the last one.
    pub problem: Option<PasswordProblem>,
    /// Where a passkey is saved instead; `None` if one was just saved or the class has none.
    pub passkey: Option<String>,
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
    /// Signed out everywhere; on so many devices, if the directory can say.
    SignedOut(Option<u32>),
    /// So many app passwords stopped.
    AppPasswordsStopped(u32),
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
            Self::SignedOut(None) => shell.t(k("done-signed-out")),
            Self::SignedOut(Some(n)) => shell.t(k("done-signed-out-of")).with("n", *n),
            Self::AppPasswordsStopped(n) => shell.t(k("done-app-passwords")).with("n", *n),
            Self::Removed(name) => shell.t(k("done-removed")).with("name", name.as_str()),
            Self::Added(way) => shell.t(k("done-added")).with("way", shell.t(way.label())),
            Self::Told(n) => shell.t(k("done-told")).with("n", *n),
        }
    }
}

/// Something that this server cannot end at once and says so (R44).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StillOpen {
    /// What, in the words of the directory's owner, for example `Work laptops`.
    pub what: String,
    /// When it ends by itself.
    pub until: Timestamp,
}

/// Something left for the person to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NextStep {
    /// Make new recovery codes: so many are left.
    RecoveryCodes(u32),
    /// Save a passkey, so that this is not needed again.
    SavePasskey,
    /// Type the new password into the mail app of the phone.
    MailApp,
    /// Lock and unlock the work laptop once on the office network.
    Laptop,
    /// Let this browser count as a proof.
    KnowDevice,
    /// Look at the ways back in.
    LookAtWays,
}

impl NextStep {
    /// One line.
    pub fn text(&self, shell: &Shell) -> Text {
        match self {
            Self::RecoveryCodes(left) => shell.t(k("next-recovery-codes")).with("left", *left),
            Self::SavePasskey => shell.t(k("next-passkey")),
            Self::MailApp => shell.t(k("next-mail-app")),
            Self::Laptop => shell.t(k("next-laptop")),
            Self::KnowDevice => shell.t(k("next-device")),
            Self::LookAtWays => shell.t(k("next-ways")),
        }
    }
    /// Where it is done, if that is a page of ours.
    pub fn href(&self) -> Option<&'static str> {
        match self {
            Self::RecoveryCodes(_) => Some("/me/recovery-codes"),
            Self::SavePasskey => Some("/me/passkeys/add"),
            Self::KnowDevice => Some("/me/devices/add"),
            Self::LookAtWays => Some("/me"),
            Self::MailApp | Self::Laptop => None,
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

/// `…/done`. Everything on it was read back from the directory.
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
    /// What ends only later.
    pub still_open: Vec<StillOpen>,
    /// What is left to do.
    pub next: Vec<NextStep>,
    /// Where the person signs in now; nobody is signed in by a recovery.
    pub sign_in: Option<String>,
    /// The page that stops everything if it was somebody else.
    pub not_me: String,
    /// Where a new recovery code is had for the one that was used.
    pub new_code: Option<String>,
}
