//! Adding, removing and changing a way back in. What is shown once is shown here: the key of an app and the recovery
//! codes. Those structs have no `Debug`.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use fast_qr::convert::{Builder, Shape, svg::SvgBuilder};
use fast_qr::qr::QRBuilder;
use keyward_core::time::Timestamp;

use super::prove::{CodeProblem, PasskeyProblem, Resend};
use super::{Passkey, WayKind};
use crate::i18n::{Text, k};
use crate::web::shell::Shell;

/// `/me/passkeys/add`. Posts `credential` and `name`.
#[derive(Template, Debug)]
#[template(path = "add_passkey.html")]
pub struct AddPasskey {
    /// What is around the page.
    pub shell: Shell,
    /// The question to the authenticator.
    pub passkey: Passkey,
    /// A name to start with, for example `Firefox on Linux`.
    pub name: String,
    /// What was wrong.
    pub problem: Option<PasskeyProblem>,
}

/// A QR code as an SVG that this file made itself, and so safe to write into a page.
pub struct QrCode(String);

impl QrCode {
    /// The code for a text; `None` if the text is too long for one.
    pub fn new(text: &str) -> Option<Self> {
        let code = QRBuilder::new(text).build().ok()?;
        let svg = SvgBuilder::default().shape(Shape::Square).margin(2).to_str(&code);
        Some(Self(svg))
    }
}

impl fmt::Display for QrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl HtmlSafe for QrCode {}

/// `/me/app/add`: scan, then type the first code. Posts `code`.
#[derive(Template)]
#[template(path = "add_app.html")]
pub struct AddApp {
    /// What is around the page.
    pub shell: Shell,
    /// The `otpauth://` text as a picture; `None` if it could not be drawn.
    pub qr: Option<QrCode>,
    /// The key in groups of four, to type in.
    pub key: String,
    /// The name the app will show.
    pub account: String,
    /// What was wrong.
    pub problem: Option<CodeProblem>,
}

/// `/me/recovery-codes`: asks before new codes replace the old. `POST` makes them.
#[derive(Template, Debug)]
#[template(path = "new_codes.html")]
pub struct NewCodes {
    /// What is around the page.
    pub shell: Shell,
    /// How many of the old ones would stop working.
    pub left: u32,
}

/// The sheet: shown once, made to be printed (UX-133).
#[derive(Template)]
#[template(path = "recovery_codes.html")]
pub struct RecoveryCodes {
    /// What is around the page.
    pub shell: Shell,
    /// The codes, grouped.
    pub codes: Vec<String>,
    /// Whose they are.
    pub account: String,
    /// When they were made.
    pub made: Timestamp,
    /// Where "I have kept them" is posted: from then on they are not shown again.
    pub kept: String,
}

/// Why an address was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContactProblem {
    /// Nothing typed.
    Empty,
    /// Not the shape of an address.
    Shape,
    /// A mailbox that this very account opens; it would be locked too.
    OwnMailbox,
    /// It is there already.
    Already,
}

impl ContactProblem {
    /// One sentence.
    pub fn text(&self, shell: &Shell) -> Text {
        shell.t(match self {
            Self::Empty => k("contact-empty"),
            Self::Shape => k("contact-shape"),
            Self::OwnMailbox => k("contact-own"),
            Self::Already => k("contact-already"),
        })
    }
}

/// `/me/contacts/add`. Posts `address`.
#[derive(Template, Debug)]
#[template(path = "add_contact.html")]
pub struct AddContact {
    /// What is around the page.
    pub shell: Shell,
    /// What was typed before.
    pub address: String,
    /// How long a new address waits before it counts, in milliseconds.
    pub waits_ms: i64,
    /// What was wrong.
    pub problem: Option<ContactProblem>,
}

/// `/me/contacts/…/confirm`. Posts `code`.
#[derive(Template, Debug)]
#[template(path = "confirm_contact.html")]
pub struct ConfirmContact {
    /// What is around the page.
    pub shell: Shell,
    /// The address.
    pub address: String,
    /// When the code ends.
    pub until: Timestamp,
    /// How long it lives in all, in milliseconds.
    pub life_ms: i64,
    /// Whether and when it can be sent again.
    pub resend: Resend,
    /// Where the code is posted.
    pub action: String,
    /// Where another message is asked for.
    pub again: String,
    /// Where another address is typed.
    pub other: String,
    /// What was wrong.
    pub problem: Option<CodeProblem>,
}

/// Asks before a way back in is removed. `POST` to `action` removes it.
#[derive(Template, Debug)]
#[template(path = "remove.html")]
pub struct Remove {
    /// What is around the page.
    pub shell: Shell,
    /// What kind it is.
    pub kind: WayKind,
    /// Its name.
    pub name: String,
    /// How many ways back in are left after it.
    pub left: u32,
    /// Where the button posts to.
    pub action: String,
}
