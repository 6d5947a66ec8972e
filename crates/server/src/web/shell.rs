//! What is around every page: the organization, the language, the time, the help line and the case someone is in.
//!
//! Templates reach everything they share through a [`Shell`]. It knows no handler, no rule and no clock: whoever makes
//! one brings the time of the request.

use std::borrow::Borrow;
use std::fmt::Display;
use std::sync::Arc;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use jiff::tz::TimeZone;
use keyward_core::time::Timestamp;

use super::assets;
use crate::i18n::{Key, Lang, Text, k};

/// On which days the service desk answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Days {
    /// Every day of the year.
    Every,
    /// Monday to Friday.
    Working,
}

/// When the service desk answers.
#[derive(Clone, Debug)]
pub enum DeskHours {
    /// In the words of the configuration.
    Said(String),
    /// Each day from and to a local time, `07:00`.
    From(Days, &'static str, &'static str),
}

/// Where a person finds a person. What is not configured is not shown.
#[derive(Clone, Debug)]
pub struct HelpPoint {
    /// The number of the service desk, as people write it.
    pub phone: Option<String>,
    /// When it answers.
    pub hours: Option<DeskHours>,
    /// Where to go with a badge, for example `any security office`; `None` if there is no such place.
    pub place: Option<String>,
}

impl HelpPoint {
    /// Whom to ask: the number, else the place. `none`, which texts know, if there is neither.
    pub fn contact(&self) -> &str {
        self.phone.as_deref().or(self.place.as_deref()).unwrap_or("none")
    }
}

/// What does not change from request to request.
#[derive(Clone, Debug)]
pub struct Site {
    /// The organization whose accounts these are.
    pub organization: String,
    /// Scheme and host of every link, without a slash at the end. From the configuration, never from a request (R49).
    pub public_url: String,
    /// The service desk.
    pub help: HelpPoint,
    /// The time zone of the organization; every time on a page is in it and says so.
    pub zone: TimeZone,
    /// Whether this is the demonstration, which every page then says.
    pub demo: bool,
    /// The version of this server, for the accessibility statement.
    pub version: &'static str,
}

/// Which colors a page is forced to; [`Theme::System`] follows the device.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// As the device is set.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// One entry of the bar for somebody who is signed in.
#[derive(Clone, Debug)]
pub struct NavLink {
    /// Its label.
    pub label: Key,
    /// Where it leads.
    pub href: String,
    /// Whether this page is it.
    pub here: bool,
}

/// Everything a page shares with every other page.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The organization.
    pub site: Arc<Site>,
    /// The language of this page.
    pub lang: Lang,
    /// The time of the request.
    pub at: Timestamp,
    /// Path and query of this page: where the language chooser comes back to.
    pub path: String,
    /// Forced colors, only ever set by tests.
    pub theme: Theme,
    /// The name of the signed-in person, as shown in the bar.
    pub signed_in: Option<String>,
    /// How long they stay signed in without doing anything.
    pub idle_ms: Option<i64>,
    /// The bar of somebody signed in; empty on public pages.
    pub nav: Vec<NavLink>,
}

impl Shell {
    /// A public page at that time and path.
    pub fn public(site: Arc<Site>, lang: Lang, at: Timestamp, path: impl Into<String>) -> Self {
        Self {
            site,
            lang,
            at,
            path: path.into(),
            theme: Theme::System,
            signed_in: None,
            idle_ms: None,
            nav: Vec::new(),
        }
    }

    /// The text for a key.
    pub fn t(&self, key: impl Into<Key>) -> Text {
        self.lang.t(key)
    }
    /// The title of a page; with a problem it starts with `Error: ` (UX-41).
    pub fn title(&self, problem: impl Borrow<bool>, text: impl Display) -> String {
        match *problem.borrow() {
            true => self.t("title-error").with("title", text.to_string()).to_string(),
            false => text.to_string(),
        }
    }
    /// The path of an asset.
    pub fn asset(&self, name: &str) -> String {
        assets::path(name)
    }
    /// `14:02 GMT`.
    pub fn clock(&self, at: &Timestamp) -> String {
        self.lang.clock(*at, &self.site.zone)
    }
    /// Today as `14:02 GMT today`, another day with its name.
    pub fn when(&self, at: &Timestamp) -> String {
        self.lang.when(*at, self.at, &self.site.zone)
    }
    /// `Saturday 21 November, 09:12 GMT`.
    pub fn day_time(&self, at: &Timestamp) -> String {
        self.lang.day_time(*at, &self.site.zone)
    }
    /// `21 November 2026`.
    pub fn date(&self, at: &Timestamp) -> String {
        self.lang.date(*at, &self.site.zone)
    }
    /// `10 minutes`.
    pub fn duration(&self, millis: &i64) -> String {
        self.lang.duration(*millis)
    }
    /// `in 18 hours`, `3 days ago`.
    pub fn relative(&self, at: &Timestamp) -> String {
        self.lang.relative(*at, self.at)
    }
    /// When the service desk answers, in words.
    pub fn hours(&self) -> Option<String> {
        Some(match self.site.help.hours.as_ref()? {
            DeskHours::Said(words) => words.clone(),
            DeskHours::From(days, opens, closes) => {
                let key = match days {
                    Days::Every => k("help-hours-every"),
                    Days::Working => k("help-hours-working"),
                };
                self.t(key).with("opens", *opens).with("closes", *closes).to_string()
            }
        })
    }
    /// The languages to choose from.
    pub fn languages(&self) -> &'static [Lang] {
        Lang::CHOICE
    }
    /// The value of `data-theme`, if colors are forced.
    pub fn forced_theme(&self) -> Option<&'static str> {
        match self.theme {
            Theme::System => None,
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
        }
    }

    /// An exact time in words with the time left beside it, which a script keeps fresh (UX-63).
    pub fn until(&self, at: &Timestamp) -> Until<'_> {
        Until { shell: self, at: *at }
    }
    /// The box at the top that names the problem, takes the focus and leads to the field (UX-41).
    pub fn summary(&self, field: &'static str, text: impl Display) -> Summary<'_> {
        Summary { shell: self, field, text: text.to_string() }
    }
    /// The five cuts of a case.
    pub fn bitting<'a>(&'a self, bitting: &'a Bitting) -> BittingPart<'a> {
        BittingPart { shell: self, bitting }
    }
}

/// How far one of the five steps is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Cut {
    /// Behind us.
    Done,
    /// Where the case is and somebody here can act.
    Current,
    /// Where the case is while time or another person decides.
    Waiting,
    /// Where the case ended without going on.
    Stopped,
    /// Not begun.
    #[default]
    Todo,
}

impl Cut {
    /// The class in the style sheet.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Done => "is-done",
            Self::Current => "is-now",
            Self::Waiting => "is-wait",
            Self::Stopped => "is-stop",
            Self::Todo => "is-todo",
        }
    }
    /// The state in words (UX-55).
    pub fn label(&self) -> Key {
        match self {
            Self::Done => k("cut-done"),
            Self::Current => k("cut-now"),
            Self::Waiting => k("cut-waiting"),
            Self::Stopped => k("cut-stopped"),
            Self::Todo => k("cut-todo"),
        }
    }
}

/// The bitting: five cuts of a key, one a step of the case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bitting {
    /// Classify, verify, authorize, reissue, review.
    pub cuts: [Cut; 5],
}

impl Bitting {
    /// A case in its `step`th step (0 to 4): everything before is done, everything after is not begun.
    pub fn at(step: usize, state: Cut) -> Self {
        let mut cuts = [Cut::Todo; 5];
        for (place, cut) in cuts.iter_mut().enumerate() {
            *cut = match place.cmp(&step) {
                std::cmp::Ordering::Less => Cut::Done,
                std::cmp::Ordering::Equal => state,
                std::cmp::Ordering::Greater => Cut::Todo,
            };
        }
        Self { cuts }
    }

    /// The steps by name and state, in order.
    pub fn named(&self) -> Vec<(Key, Cut)> {
        const NAMES: [Key; 5] =
            [k("step-classify"), k("step-verify"), k("step-authorize"), k("step-reissue"), k("step-review")];
        NAMES.into_iter().zip(self.cuts).collect()
    }

    /// The step the case is in: its number from 1, its name and its state. The last one if all are done.
    pub fn now(&self) -> Option<(usize, Key, Cut)> {
        let named = self.named();
        let open = named.iter().position(|(_, cut)| *cut != Cut::Done);
        let place = open.unwrap_or(named.len().saturating_sub(1));
        let (name, cut) = named.get(place)?;
        Some((place + 1, *name, *cut))
    }
}

/// See [`Shell::bitting`].
#[derive(Template)]
#[template(path = "parts/bitting.html")]
pub struct BittingPart<'a> {
    shell: &'a Shell,
    bitting: &'a Bitting,
}
impl HtmlSafe for BittingPart<'_> {}

/// See [`Shell::until`].
#[derive(Template)]
#[template(path = "parts/until.html")]
pub struct Until<'a> {
    shell: &'a Shell,
    at: Timestamp,
}
impl HtmlSafe for Until<'_> {}

/// See [`Shell::summary`].
#[derive(Template)]
#[template(path = "parts/summary.html")]
pub struct Summary<'a> {
    shell: &'a Shell,
    field: &'static str,
    text: String,
}
impl HtmlSafe for Summary<'_> {}

/// A page as an answer; the guard keeps it out of every cache. A template that cannot be written is a bare 500 without details.
pub fn page(status: StatusCode, view: &impl Template) -> Response<Body> {
    let (status, body) = match view.render() {
        Ok(html) => (status, html),
        Err(cause) => {
            tracing::error!(%cause, "a page could not be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, String::new())
        }
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}
