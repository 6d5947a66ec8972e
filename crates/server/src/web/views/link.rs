//! Where links from messages land, and the pages of "this was not me". Opening a link changes nothing: mail scanners open
//! them too. A button uses it (UX-12).

use askama::Template;
use keyward_core::time::Timestamp;

use super::CaseHead;
use crate::i18n::{Key, Text, k};
use crate::web::shell::Shell;

/// `/l`: a link that works, as one proof in a case. `POST` uses it.
#[derive(Template, Debug)]
#[template(path = "link.html")]
pub struct LinkLanding {
    /// What is around the page.
    pub shell: Shell,
    /// The case's reference.
    pub reference: String,
    /// When it ends.
    pub until: Timestamp,
    /// Where the button posts to.
    pub action: String,
    /// Where "this was not me" leads.
    pub not_me: String,
}

/// Why a link does not work: a page for each reason (UX-13). A newer link replaces none: each is good for its own time (UX-16).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeadLink {
    /// It was used.
    Used,
    /// It works nowhere any more, and nobody knows why.
    Past,
    /// Its life, in milliseconds, is over.
    Expired(i64),
    /// This browser does not hold the case that it is of, if there is one.
    Elsewhere,
    /// The request it belonged to was stopped.
    Stopped,
    /// "This was not me" of a message too old.
    Notice,
}

impl DeadLink {
    fn title(&self, shell: &Shell) -> Text {
        shell.t(match self {
            Self::Used => k("dead-used-title"),
            Self::Past => k("dead-past-title"),
            Self::Expired(_) => k("dead-expired-title"),
            Self::Elsewhere => k("dead-elsewhere-title"),
            Self::Stopped => k("dead-stopped-title"),
            Self::Notice => k("dead-notice-title"),
        })
    }
    fn text(&self, shell: &Shell) -> Text {
        match self {
            Self::Used => shell.t(k("dead-used-text")),
            Self::Past => shell.t(k("dead-past-text")),
            Self::Expired(life_ms) => shell.t(k("dead-expired-text")).with("life", shell.duration(life_ms)),
            Self::Elsewhere => shell.t(k("dead-elsewhere-text")),
            Self::Stopped => shell.t(k("dead-stopped-text")),
            Self::Notice => shell.t(k("dead-notice-text")),
        }
    }
}

/// A link that does not work.
#[derive(Template, Debug)]
#[template(path = "dead_link.html")]
pub struct LinkDead {
    /// What is around the page.
    pub shell: Shell,
    /// Why.
    pub why: DeadLink,
    /// Where a new one is asked for by `POST`; `None` if there can be none.
    pub again: Option<String>,
    /// Where "this was not me" leads, if it still means something.
    pub not_me: Option<String>,
}

/// Where a request came from, as far as anybody knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// When.
    pub at: Timestamp,
    /// City and country, if known.
    pub place: Option<String>,
    /// Browser and system, if known.
    pub device: Option<String>,
}

/// `/not-me/…`: asks once, changes nothing yet. `POST` to `action` stops the case (UX-71).
#[derive(Template, Debug)]
#[template(path = "not_me.html")]
pub struct NotMe {
    /// What is around the page.
    pub shell: Shell,
    /// The case's reference.
    pub reference: String,
    /// Where the request came from.
    pub origin: Origin,
    /// Where the button posts to.
    pub action: String,
}

/// What is known of the account when somebody has said that it was not them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Known {
    /// Nothing was changed, and nothing will be.
    Unchanged,
    /// A new way in was set before; then they are not told that all is well.
    Changed,
    /// The directory may have been written to; the answer is still to come.
    Nothing,
}

/// After it: the case is stopped and the account is closed to resets for a while.
#[derive(Template, Debug)]
#[template(path = "not_me_done.html")]
pub struct NotMeDone {
    /// What is around the page.
    pub shell: Shell,
    /// The case's reference.
    pub reference: String,
    /// Until when nobody can reset this account.
    pub until: Timestamp,
    /// What is known of the account.
    pub known: Known,
}

impl NotMeDone {
    fn title(&self) -> Key {
        match self.known {
            Known::Unchanged => k("not-me-done-title"),
            Known::Changed | Known::Nothing => k("not-me-late-title"),
        }
    }
    fn next(&self) -> Key {
        match self.known {
            Known::Unchanged => k("not-me-done-nothing"),
            Known::Changed => k("not-me-done-changed"),
            Known::Nothing => k("not-me-done-unknown"),
        }
    }
    fn is_calm(&self) -> bool {
        self.known == Known::Unchanged
    }
}

/// `…/stop`: asks once. `POST` ends the case.
#[derive(Template, Debug)]
#[template(path = "stop.html")]
pub struct StopRequest {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
}
