//! Step 5: what was left open? The case does not end when the password is set (M143).
//!
//! Mild classes are reviewed by Keyward itself when every check is clean and every notice went out (C14); the others wait for a human.

use serde::{Deserialize, Serialize};

use crate::{
    account::Class,
    digest::Commitment,
    steps::reissue::{CheckKind, CheckResult, Reissued},
};

/// A notice that went out, or could not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Notice {
    /// On what occasion.
    pub about: NoticeAbout,
    /// To which address.
    pub address: Commitment,
    /// Whether it was handed over.
    pub delivered: bool,
}

/// The occasion of a notice (UX-69).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeAbout {
    /// Somebody asked.
    Started,
    /// The case waits.
    Held,
    /// The case ended without a change.
    Stopped,
    /// The change is made.
    Done,
    /// A way back in was added, changed or removed.
    RecoveryDataChanged,
    /// "Not me" was said.
    Contested,
}

impl NoticeAbout {
    /// Whether it tells that something was changed, which everybody who should know has to be told before a case closes.
    pub const fn is_of_change(self) -> bool {
        matches!(self, Self::Done | Self::RecoveryDataChanged)
    }
}

/// Something that was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// What.
    pub item: Item,
    /// With which result.
    pub status: Status,
}

/// What a review looks at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// The change and its read-back.
    Change,
    /// The old secret is dead.
    OldSecret,
    /// Sessions of the account.
    Sessions,
    /// Links, codes and cases that were still open.
    Siblings,
    /// Everybody who should know was told.
    Notices,
}

/// The four statuses of a line (UX-98), of which the first, "not started", is the absence of a finding.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Looked at, nothing wrong.
    Clear,
    /// Looked at, something is wrong.
    Problem,
    /// This directory can not show it; stated, not hidden (R44).
    CannotCheck,
}

/// The result of a review.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Review {
    /// One finding for each item.
    pub findings: Vec<Finding>,
}

impl Review {
    /// What can be said without a human: the checks of the change, and whether all notices went out. None while there is none; whether
    /// one is still under way is known to whoever sends them.
    pub fn automatic(reissued: &Reissued, notices: &[Notice]) -> Option<Self> {
        let done: Vec<&Notice> = notices.iter().filter(|notice| notice.about.is_of_change()).collect();
        if done.is_empty() {
            return None;
        }
        let notices = if done.iter().all(|notice| notice.delivered) { Status::Clear } else { Status::Problem };
        let look = |item, kinds: &[CheckKind]| Finding { item, status: status(reissued, kinds) };
        Some(Self {
            findings: vec![
                look(Item::Change, &[CheckKind::Write, CheckKind::ReadBack, CheckKind::NewOpens, CheckKind::Unlocked]),
                look(Item::OldSecret, &[CheckKind::OldRefused]),
                look(Item::Sessions, &[CheckKind::SessionsEnded]),
                look(Item::Siblings, &[CheckKind::SiblingsEnded]),
                Finding { item: Item::Notices, status: notices },
            ],
        })
    }
    /// Whether nothing is wrong.
    pub fn is_clear(&self) -> bool {
        self.findings.iter().all(|f| f.status != Status::Problem)
    }
    /// Whether it may close a case of that class. Without a human: of the mildest class alone, and only when nothing is wrong.
    pub fn closes(&self, class: Class, by_human: bool) -> bool {
        self.is_complete() && (by_human || (!needs_human(class) && self.is_clear()))
    }
    /// Whether every item has a finding, once, in order (UX-100).
    pub fn is_complete(&self) -> bool {
        let items: Vec<Item> = self.findings.iter().map(|f| f.item).collect();
        items == [Item::Change, Item::OldSecret, Item::Sessions, Item::Siblings, Item::Notices]
    }
}

/// What the checks of these kinds show. None of them can have failed: then there would be no change to review.
fn status(reissued: &Reissued, kinds: &[CheckKind]) -> Status {
    let mut checks = reissued.recorded().checks.iter();
    let clear = checks.any(|check| kinds.contains(&check.what) && check.result == CheckResult::Done);
    if clear { Status::Clear } else { Status::CannotCheck }
}

/// Whether a human has to look. INVARIANT: only the standard class may be closed by Keyward itself.
pub const fn needs_human(class: Class) -> bool {
    !matches!(class, Class::Standard)
}

/// A reviewed case. Made by [`Reviewed::new`] alone, within the core.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reviewed {
    reissued: Reissued,
    review: Review,
}

impl Reviewed {
    /// None unless the review may close the case.
    pub(crate) fn new(reissued: Reissued, review: Review, by_human: bool) -> Option<Self> {
        let class = reissued.authorized().verified().classified().class();
        review.closes(class, by_human).then_some(Self { reissued, review })
    }
    /// Step 4's product.
    pub const fn reissued(&self) -> &Reissued {
        &self.reissued
    }
    /// The result.
    pub const fn review(&self) -> &Review {
        &self.review
    }
}
