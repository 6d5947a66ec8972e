//! Pages that do not go on: a refusal, an outage, a page that is not there. Each says what, why in one sentence, what
//! did not change, what to do next and who was told (UX-44). None says which part of a proof was weak.

use askama::Template;
use axum::http::StatusCode;
use keyward_core::time::Timestamp;

use super::{CaseHead, WayKind};
use crate::i18n::{Key, Text, k};
use crate::web::shell::{Cut, Shell};

/// Why a page does not go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StopReason {
    /// It could not be shown that it is the person.
    NotConfirmed,
    /// It is the person, and the directory refused the change as often as it may be asked.
    DirectoryRefused,
    /// The account was changed after something was proved.
    Superseded,
    /// Somebody said "not me".
    Contested,
    /// Too much time passed.
    Expired,
    /// The person stopped it.
    Withdrawn,
    /// The people asked did not agree.
    Declined,
    /// Another case for the same name is open in another browser.
    Busy,
    /// Too many tries; when it goes on.
    TooManyTries(Timestamp),
    /// Something outside does not answer, and no write has begun. After a write has begun the page is
    /// [`super::wait::Work::Looking`]: nobody may say that nothing has changed.
    Outage,
    /// It was finished before.
    AlreadyDone,
    /// No such page.
    NotFound,
    /// The page is there but not for that method.
    WrongMethod,
    /// The form was old or came from another site.
    StaleForm,
    /// More was sent than any form of ours has.
    TooLarge,
    /// Broken on our side.
    Broken,
}

struct Words {
    title: &'static str,
    why: &'static str,
    next: &'static str,
}

macro_rules! words {
    ($name:literal) => {
        Words { title: concat!($name, "-title"), why: concat!($name, "-why"), next: concat!($name, "-next") }
    };
}

impl StopReason {
    /// What the answer is to a program.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotConfirmed | Self::DirectoryRefused | Self::Contested | Self::Declined => StatusCode::FORBIDDEN,
            Self::Expired | Self::Withdrawn | Self::Superseded => StatusCode::GONE,
            Self::Busy => StatusCode::CONFLICT,
            Self::TooManyTries(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Outage => StatusCode::SERVICE_UNAVAILABLE,
            Self::AlreadyDone => StatusCode::OK,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::StaleForm => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether this is the red sign (a decision), or a quiet page (a matter of time or address).
    pub fn is_refusal(&self) -> bool {
        use StopReason::{Contested, Declined, DirectoryRefused, NotConfirmed, TooManyTries};
        matches!(self, NotConfirmed | DirectoryRefused | Contested | Declined | TooManyTries(_))
    }

    fn words(&self) -> Words {
        match self {
            Self::NotConfirmed => words!("stop-not-confirmed"),
            Self::DirectoryRefused => words!("stop-directory"),
            Self::Superseded => words!("stop-superseded"),
            Self::Contested => words!("stop-contested"),
            Self::Expired => words!("stop-expired"),
            Self::Withdrawn => words!("stop-withdrawn"),
            Self::Declined => words!("stop-declined"),
            Self::Busy => words!("stop-busy"),
            Self::TooManyTries(_) => words!("stop-tries"),
            Self::Outage => words!("stop-outage"),
            Self::AlreadyDone => words!("stop-already"),
            Self::NotFound => words!("stop-not-found"),
            Self::WrongMethod => words!("stop-method"),
            Self::StaleForm => words!("stop-stale"),
            Self::TooLarge => words!("stop-large"),
            Self::Broken => words!("stop-broken"),
        }
    }

    /// What: the heading.
    pub fn title(&self, shell: &Shell) -> Text {
        shell.t(self.words().title)
    }
    /// Why, in one sentence.
    pub fn why(&self, shell: &Shell) -> Text {
        shell.t(self.words().why)
    }
    /// What next.
    pub fn next(&self, shell: &Shell) -> Text {
        let text = shell.t(self.words().next);
        match self {
            Self::TooManyTries(at) => text.with("time", shell.when(at)),
            _ => text,
        }
    }
}

/// Who was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Told {
    /// Nobody: nothing happened that concerns an account.
    #[default]
    Nobody,
    /// Every contact of the account. Said as "if there is an account" until a first proof.
    Contacts,
}

/// `…/stopped` and every page that does not go on.
#[derive(Template, Debug)]
#[template(path = "stopped.html")]
pub struct Stopped {
    /// What is around the page.
    pub shell: Shell,
    /// The case, if there is one.
    pub case: Option<CaseHead>,
    /// Why.
    pub why: StopReason,
    /// Ways that still work.
    pub ways: Vec<WayKind>,
    /// Who was told.
    pub told: Told,
}

impl Stopped {
    /// A page outside of any case.
    pub fn plain(shell: Shell, why: StopReason) -> Self {
        Self { shell, case: None, why, ways: Vec::new(), told: Told::Nobody }
    }

    fn changed(&self) -> bool {
        self.case.as_ref().is_some_and(|case| case.changed)
    }

    /// Where a case that is not over goes on, and what that is called: by another way if one of them stopped, else where it stands.
    fn way_on(&self) -> Option<(String, Key)> {
        use StopReason::{Busy, NotConfirmed, Outage, StaleForm, TooManyTries};
        let case = self.case.as_ref().filter(|case| !case.bitting.cuts.contains(&Cut::Stopped))?;
        match self.why {
            NotConfirmed => Some((format!("{}/how", case.base), k("another-way"))),
            Outage | Busy | StaleForm | TooManyTries(_) => Some((case.base.clone(), k("stop-back-to-case"))),
            _ => None,
        }
    }

    fn told_text(&self) -> Option<Text> {
        match self.told {
            Told::Nobody => None,
            Told::Contacts => Some(self.shell.t(k("told-contacts"))),
        }
    }
}
