//! One of every page with sample data, so that tests can read them and people can look at them. Never in a release build.

use std::sync::Arc;

use askama::Template;
use jiff::tz::TimeZone;
use keyward_core::time::Timestamp;

use super::Passkey;
use super::reissue::{PasswordField, PasswordRule};
use crate::i18n::Lang;
use crate::web::shell::{Days, DeskHours, HelpPoint, Shell, Site, Theme};

mod letters;
mod person;
mod recovery;
mod setup;
mod signed_in;

pub use letters::{letters, letters_of};

/// Friday 20 November 2026, 14:02 in London.
pub const NOW: Timestamp = Timestamp::from_millis(1_795_183_320_000);

/// The sample case's reference.
pub const REFERENCE: &str = "KW-7Q4M-82XJ";

/// A page by name.
pub struct Sample {
    /// A file name without ending.
    pub name: String,
    /// The page.
    pub html: String,
}

/// Collects rendered pages.
#[derive(Default)]
pub struct Samples(pub Vec<Sample>);

impl Samples {
    /// Renders a page under a name. A page that does not render has an empty text, which a test notices.
    pub fn add(&mut self, name: &str, page: &impl Template) {
        self.0.push(Sample { name: name.to_owned(), html: page.render().unwrap_or_default() });
    }
}

/// The sample organization.
pub fn site() -> Arc<Site> {
    Arc::new(Site {
        organization: "Northwind Hospital".to_owned(),
        public_url: "https://keyward.northwind.example".to_owned(),
        help: HelpPoint {
            phone: Some("555 0100".to_owned()),
            hours: Some(DeskHours::From(Days::Every, "07:00", "22:00")),
            place: Some("any security office".to_owned()),
        },
        zone: TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC),
        demo: true,
        version: "0.1.0",
    })
}

/// The same where nothing is configured about a service desk.
pub fn without_help(site: &Site) -> Arc<Site> {
    Arc::new(Site { help: HelpPoint { phone: None, hours: None, place: None }, ..site.clone() })
}

/// A shell in that language and those colors.
pub fn shell(lang: Lang, theme: Theme) -> Shell {
    let mut shell = Shell::public(site(), lang, NOW, "/recover");
    shell.theme = theme;
    shell
}

/// Every page.
pub fn all(lang: Lang, theme: Theme) -> Vec<Sample> {
    let shell = shell(lang, theme);
    let mut out = Samples::default();
    recovery::all(&shell, &mut out);
    person::all(&shell, &mut out);
    signed_in::all(&shell, &mut out);
    setup::all(&shell, &mut out);
    out.0
}

/// A question to an authenticator, as the browser gets it.
pub fn passkey() -> Passkey {
    Passkey {
        options: r#"{"challenge":"AAECAwQFBgcICQoLDA0ODw","rpId":"localhost","userVerification":"required"}"#
            .to_owned(),
        action: "/recover/KW-7Q4M-82XJ/passkey".to_owned(),
    }
}

/// The password field with the default rules.
pub fn password_field() -> PasswordField {
    PasswordField {
        account: "j.okafor".to_owned(),
        rules: vec![PasswordRule::Length(15), PasswordRule::NotKnown, PasswordRule::NotYou],
        passwordrules: "minlength: 15; maxlength: 256; allowed: unicode;".to_owned(),
        check: "/recover/KW-7Q4M-82XJ/new/password/check".to_owned(),
    }
}
