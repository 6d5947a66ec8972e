//! Pages that wait: for a time, for a person, for the worker. Each says until when, can be left and can be stopped
//! (UX-63, UX-64), and none of them claims that anything was done.

use askama::Template;
use keyward_core::time::Timestamp;

use super::{CaseHead, Live};
use crate::i18n::{Key, k};
use crate::web::shell::Shell;

/// Why a case is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HoldReason {
    /// Something about the request is new: place, device, hour.
    New,
    /// A way back in was changed a short time ago.
    Changed,
    /// This kind of account is only opened at certain hours.
    Hours,
}

impl HoldReason {
    /// One sentence.
    pub fn text(&self) -> Key {
        match self {
            Self::New => k("hold-why-new"),
            Self::Changed => k("hold-why-changed"),
            Self::Hours => k("hold-why-hours"),
        }
    }
    /// When to come back.
    pub fn come_back(&self) -> Key {
        match self {
            Self::New | Self::Changed => k("hold-come-back"),
            Self::Hours => k("hold-come-back-hours"),
        }
    }
}

/// Where a hold stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HoldEnd {
    /// It goes on from then.
    From(Timestamp),
    /// It is over, and there is time until then to go on.
    Until(Timestamp),
    /// It is over, and so are the hours in which it can go on; they begin again then. The case lasts that long only if it is kept.
    Again(Timestamp),
}

impl HoldEnd {
    /// What the page is called.
    pub fn title(&self) -> Key {
        match self {
            Self::From(_) | Self::Again(_) => k("hold-title"),
            Self::Until(_) => k("hold-over-title"),
        }
    }
    /// What there is to press.
    pub fn button(&self) -> Option<Key> {
        match self {
            Self::From(_) => None,
            Self::Again(_) => Some(k("hold-keep")),
            Self::Until(_) => Some(k("hold-go-on")),
        }
    }
}

/// `…/wait`: the case is on hold. `POST …/stop` ends it, `POST …/wait` goes on behind it.
#[derive(Template, Debug)]
#[template(path = "hold.html")]
pub struct Hold {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
    /// When it ends, or until when to go on.
    pub end: HoldEnd,
    /// Why.
    pub reason: HoldReason,
    /// Whether another proof would shorten it (UX-65).
    pub better_proof: bool,
    /// How the page hears of changes.
    pub live: Live,
}

/// `…/wait` while people decide. `POST …/stop` ends it.
#[derive(Template, Debug)]
#[template(path = "needs_person.html")]
pub struct NeedsPerson {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
    /// How many people have agreed.
    pub agreed: u32,
    /// How many must agree.
    pub needed: u32,
    /// When it ends by itself without a reset (UX-94).
    pub until: Timestamp,
    /// How the page hears of changes.
    pub live: Live,
}

/// What the worker is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Work {
    /// Looking at the request.
    Checking,
    /// Setting the new password.
    Password,
    /// Saving the passkey.
    Passkey,
    /// Unlocking.
    Unlocking,
    /// Saving another way back in.
    Adding,
    /// Taking the lost phone or key off.
    Removing,
    /// Taking a way back in off that was not lost.
    TakingOff,
    /// The directory did not answer; the worker looks whether it has changed (never a second write).
    Looking,
}

impl Work {
    /// What the heading says.
    pub fn title(&self) -> Key {
        match self {
            Self::Checking => k("working-checking"),
            Self::Password => k("working-password"),
            Self::Passkey => k("working-passkey"),
            Self::Unlocking => k("working-unlocking"),
            Self::Adding => k("working-adding"),
            Self::Removing => k("working-removing"),
            Self::TakingOff => k("working-taking-off"),
            Self::Looking => k("working-looking"),
        }
    }
    /// The sentence under it.
    pub fn text(&self) -> Key {
        match self {
            Self::Looking => k("working-looking-text"),
            Self::Checking
            | Self::Password
            | Self::Passkey
            | Self::Unlocking
            | Self::Adding
            | Self::Removing
            | Self::TakingOff => k("working-text"),
        }
    }
}

/// `…/working`: the worker is at it.
#[derive(Template, Debug)]
#[template(path = "working.html")]
pub struct Working {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
    /// At what.
    pub work: Work,
    /// How the page hears that it is over.
    pub live: Live,
}
