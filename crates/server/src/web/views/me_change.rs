//! Before and around a change of a way back in: signing in, the page that says what comes, and the choice of what to remove.

use askama::Template;
use keyward_core::time::Timestamp;

use super::{CaseHead, Live, WayKind};
use crate::i18n::{Key, k};
use crate::web::shell::Shell;

/// What somebody who is signed in wants to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    /// Look.
    Look,
    /// Add a passkey.
    Passkey,
    /// Set up an app.
    App,
    /// Make new codes.
    Codes,
    /// Add an address.
    Contact,
    /// Let this browser count.
    Device,
    /// Change the password.
    Password,
}

impl Wish {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Look, Self::Passkey, Self::App, Self::Codes, Self::Contact, Self::Device, Self::Password];

    /// The value in a form or a query.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Passkey => "passkey",
            Self::App => "app",
            Self::Codes => "codes",
            Self::Contact => "contact",
            Self::Device => "device",
            Self::Password => "password",
        }
    }
    /// The wish that a form or query names. There is no other place that a sign-in leads to (R49).
    pub fn from_value(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|wish| wish.value() == value)
    }
    /// Its page.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Look => "/me",
            Self::Passkey => "/me/passkeys/add",
            Self::App => "/me/app/add",
            Self::Codes => "/me/recovery-codes",
            Self::Contact => "/me/contacts/add",
            Self::Device => "/me/devices/add",
            Self::Password => "/me/password",
        }
    }
    fn title(self) -> Key {
        match self {
            Self::Look => k("me-title"),
            Self::Passkey => k("add-passkey-title"),
            Self::App => k("add-app-title"),
            Self::Codes => k("new-codes-title"),
            Self::Contact => k("begin-contact-title"),
            Self::Device => k("begin-device-title"),
            Self::Password => k("change-password-title"),
        }
    }
    fn text(self) -> Key {
        match self {
            Self::Passkey | Self::Look => k("new-text"),
            Self::App => k("begin-app-text"),
            Self::Codes => k("new-codes-text"),
            Self::Contact => k("begin-contact-text"),
            Self::Device => k("begin-device-text"),
            Self::Password => k("begin-password-text"),
        }
    }
}

/// `/sign-in/wait`: the worker asks the directory.
#[derive(Template, Debug)]
#[template(path = "sign_in_wait.html")]
pub struct SignInWait {
    /// What is around the page.
    pub shell: Shell,
    /// How the page hears that it is over.
    pub live: Live,
}

/// `/me/…/add` and the like: says what comes. `POST` opens the case.
#[derive(Template, Debug)]
#[template(path = "begin.html")]
pub struct Begin {
    /// What is around the page.
    pub shell: Shell,
    /// What is to be done.
    pub wish: Wish,
    /// How long the new one waits before it counts, in milliseconds; `None` if it counts at once or is nothing of that kind.
    pub waits_ms: Option<i64>,
}

/// `…/bind` for a browser: one button.
#[derive(Template, Debug)]
#[template(path = "bind_device.html")]
pub struct BindDevice {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
    /// What this browser will be called, for example `Firefox on Linux`.
    pub name: String,
}

/// One thing that can be removed.
#[derive(Clone, Debug)]
pub struct OneWay {
    /// The value in the form.
    pub value: String,
    /// Which kind.
    pub kind: WayKind,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub made: Timestamp,
    /// Whether it was chosen before.
    pub checked: bool,
}

/// `…/bind` for a removal: which one. Posts `factor`.
#[derive(Template, Debug)]
#[template(path = "choose_way.html")]
pub struct ChooseWay {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
    /// What can be removed.
    pub ways: Vec<OneWay>,
    /// What can not, because it proved something in this case.
    pub used: Vec<OneWay>,
    /// The form was sent without a choice.
    pub nothing_chosen: bool,
}
