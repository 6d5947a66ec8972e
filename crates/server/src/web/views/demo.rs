//! Pages that exist only in the demonstration: who one can be, the mail catcher and an authenticator app to borrow.

use askama::Template;
use keyward_core::time::Timestamp;

use super::WayKind;
use crate::i18n::Key;
use crate::web::shell::Shell;

/// A person of the fake directory.
#[derive(Clone, Debug)]
pub struct DemoPerson {
    /// Their name.
    pub name: String,
    /// What they sign in with.
    pub account: String,
    /// Their work, as the fake directory has it.
    pub title: String,
    /// What they have to prove it with.
    pub ways: Vec<WayKind>,
    /// One of their printed codes, if they have a sheet.
    pub code: Option<String>,
}

/// A group of people on the page.
#[derive(Clone, Debug)]
pub struct DemoGroup {
    /// Its heading.
    pub title: Key,
    /// A sentence under it.
    pub text: Key,
    /// The people.
    pub people: Vec<DemoPerson>,
}

/// `/demo`.
#[derive(Template, Debug)]
#[template(path = "demo.html")]
pub struct DemoHome {
    /// What is around the page.
    pub shell: Shell,
    /// Who one can be.
    pub groups: Vec<DemoGroup>,
    /// The password of everybody in the fake directory.
    pub password: String,
}

/// A caught message.
#[derive(Clone, Debug)]
pub struct DemoMail {
    /// Its page.
    pub href: String,
    /// When it was sent.
    pub at: Timestamp,
    /// To whom.
    pub to: String,
    /// Its subject.
    pub subject: String,
}

/// `/demo/mail`.
#[derive(Template, Debug)]
#[template(path = "demo_mail.html")]
pub struct DemoInbox {
    /// What is around the page.
    pub shell: Shell,
    /// The messages, newest first.
    pub messages: Vec<DemoMail>,
}

/// `/demo/mail/…`.
#[derive(Template, Debug)]
#[template(path = "demo_message.html")]
pub struct DemoMessage {
    /// What is around the page.
    pub shell: Shell,
    /// The message.
    pub mail: DemoMail,
    /// Its text part.
    pub text: String,
    /// Where its other part opens by itself.
    pub html: String,
}

impl DemoMessage {
    /// The lines of the text part, and whether a line is an address to click.
    fn lines(&self) -> Vec<(&str, bool)> {
        let is_link = |line: &str| line.starts_with("https://") || line.starts_with("http://");
        self.text.lines().map(|line| (line, is_link(line.trim()))).collect()
    }
}

/// A code of the borrowed app.
#[derive(Clone, Debug)]
pub struct DemoCode {
    /// Whose.
    pub name: String,
    /// What they sign in with.
    pub account: String,
    /// The code, grouped three and three.
    pub code: String,
    /// When it ends.
    pub until: Timestamp,
}

/// `/demo/app`.
#[derive(Template, Debug)]
#[template(path = "demo_app.html")]
pub struct DemoApp {
    /// What is around the page.
    pub shell: Shell,
    /// The codes of everybody who has an app.
    pub codes: Vec<DemoCode>,
}
