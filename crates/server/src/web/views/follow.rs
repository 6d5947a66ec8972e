//! Following a case without being signed in: `/status`. What it shows depends on the browser holding the case, which the
//! handler decides; a case number alone opens nothing.

use askama::Template;
use keyward_core::time::Timestamp;

use super::{CaseHead, Live, WayKind};
use crate::i18n::{Key, Text, k};
use crate::web::shell::Shell;

/// Why a case number led nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FollowProblem {
    /// Nothing typed.
    Empty,
    /// Not the shape of a case number, or its check character is wrong.
    Shape,
    /// This browser does not hold that case; the same words if there is none.
    NotHere,
}

impl FollowProblem {
    /// One sentence.
    pub fn text(&self, shell: &Shell) -> Text {
        shell.t(match self {
            Self::Empty => k("follow-empty"),
            Self::Shape => k("follow-shape"),
            Self::NotHere => k("follow-not-here"),
        })
    }
}

/// `/status`: which case. Posts `reference`.
#[derive(Template, Debug)]
#[template(path = "follow_find.html")]
pub struct FollowFind {
    /// What is around the page.
    pub shell: Shell,
    /// What was typed before.
    pub reference: String,
    /// What was wrong with it.
    pub problem: Option<FollowProblem>,
}

/// Where a case is, for the person it is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CaseState {
    /// More proof is needed, from them.
    Yours,
    /// Held until a time.
    Held(Timestamp),
    /// The hold is over, and they can go on until a time.
    HeldOver(Timestamp),
    /// Others must agree until a time.
    Others(Timestamp),
    /// The worker is at it.
    Working,
    /// Done; somebody looks it over.
    Done,
    /// Done, and looked over.
    Reviewed,
    /// Ended without a change.
    Ended,
    /// Somebody said "this was not me", and the account had been changed by then.
    Contested,
}

impl CaseState {
    fn text(&self, shell: &Shell) -> Text {
        match self {
            Self::Yours => shell.t(k("state-yours")),
            Self::Held(until) => shell.t(k("state-held")).with("time", shell.when(until)),
            Self::HeldOver(until) => shell.t(k("state-held-over")).with("time", shell.when(until)),
            Self::Others(until) => shell.t(k("state-others")).with("time", shell.when(until)),
            Self::Working => shell.t(k("state-working")),
            Self::Done => shell.t(k("state-done")),
            Self::Reviewed => shell.t(k("state-reviewed")),
            Self::Ended => shell.t(k("state-ended")),
            Self::Contested => shell.t(k("state-contested")),
        }
    }
    fn tag(&self) -> (&'static str, Key) {
        match self {
            Self::Yours | Self::HeldOver(_) => ("tag info", k("tag-yours")),
            Self::Held(_) | Self::Others(_) => ("tag wait", k("tag-waiting")),
            Self::Working => ("tag info", k("tag-working")),
            Self::Done | Self::Reviewed => ("tag done", k("tag-done")),
            Self::Ended | Self::Contested => ("tag stop", k("tag-ended")),
        }
    }
}

/// One thing that happened, in the person's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// The request was made.
    Started,
    /// One proof was shown.
    Shown(WayKind),
    /// A proof was not shown.
    NotShown,
    /// The request was put on hold.
    Held,
    /// One person agreed.
    Agreed,
    /// The new way in was set.
    NewWayIn,
    /// They stopped it.
    Withdrawn,
    /// Somebody said "not me".
    Contested,
    /// The answer was no.
    Refused,
    /// The directory refused the change.
    NotMade,
    /// The account was changed in another case.
    Superseded,
    /// The time was over.
    Expired,
    /// Somebody looked it over.
    Reviewed,
}

impl Step {
    fn text(&self, shell: &Shell) -> Text {
        shell.t(match self {
            Self::Started => k("event-started"),
            Self::Shown(way) => {
                return shell.t(k("event-shown")).with("way", shell.t(way.label()));
            }
            Self::NotShown => k("event-not-shown"),
            Self::Held => k("event-held"),
            Self::Agreed => k("event-agreed"),
            Self::NewWayIn => k("event-new"),
            Self::Withdrawn => k("event-withdrawn"),
            Self::Contested => k("event-contested"),
            Self::Refused => k("event-refused"),
            Self::NotMade => k("event-not-made"),
            Self::Superseded => k("event-superseded"),
            Self::Expired => k("event-expired"),
            Self::Reviewed => k("event-reviewed"),
        })
    }
    fn class(&self) -> &'static str {
        match self {
            Self::Contested | Self::Refused | Self::NotMade | Self::Superseded => "stop",
            Self::Expired | Self::NotShown | Self::Withdrawn => "stop",
            _ => "",
        }
    }
}

/// When something happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// What.
    pub step: Step,
}

/// `/status/…`: one case.
#[derive(Template, Debug)]
#[template(path = "follow.html")]
pub struct FollowCase {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
    /// Where it is.
    pub state: CaseState,
    /// What happened, oldest first.
    pub happened: Vec<Happened>,
    /// Where it goes on, if it is their turn.
    pub go_on: Option<String>,
    /// Whether it can be stopped.
    pub can_stop: bool,
    /// How the page hears of changes.
    pub live: Live,
}

impl FollowCase {
    /// Whether anything can still happen that the person would wait for.
    fn has_news(&self) -> bool {
        use CaseState::{Contested, Done, Ended, Reviewed};
        !matches!(self.state, Done | Reviewed | Ended | Contested)
    }
}
