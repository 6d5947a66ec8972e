//! A case: five steps as one value, `decide` (may it happen? pure) and `apply` (it happened). A router; the rules of a step are in its own file.
//!
//! INVARIANT: `decide` proposes only what `apply` accepts, and a case is the fold of its entries and of nothing else.
//!
//! What the compiler refuses:
//! ```compile_fail
//! fn forge() -> keyward_core::steps::reissue::Permit { keyward_core::steps::reissue::Permit { case: todo!(), subject: todo!(), account: todo!(), action: todo!(), submission: todo!() } }
//! ```
//! ```compile_fail
//! fn reuse(p: keyward_core::steps::reissue::Permit) -> (keyward_core::steps::reissue::Permit, keyward_core::steps::reissue::Permit) { (p.clone(), p) }
//! ```
//! ```compile_fail
//! fn skip(c: keyward_core::steps::classify::Classified) -> Option<keyward_core::steps::verify::Verified> { keyward_core::steps::verify::Verified::new(c, todo!(), todo!(), todo!()) }
//! ```
//! ```compile_fail
//! fn mix(a: keyward_core::ids::CaseId, b: keyward_core::ids::PersonId) -> bool { a == b }
//! ```
//! and, so that the four above fail for the right reason:
//! ```
//! fn take(p: keyward_core::steps::reissue::Permit) -> keyward_core::steps::reissue::Permit { p }
//! fn look(c: &keyward_core::steps::classify::Classified) -> keyward_core::account::Class { c.class() }
//! fn same(a: keyward_core::ids::CaseId, b: keyward_core::ids::CaseId) -> bool { a == b }
//! ```

mod decide;
mod fold;

use crate::{
    account::{Action, Class, Method},
    actor::Actor,
    digest::Digest,
    event::{Claim, ContestedFrom, EndReason, Entry, Event, Unmatched},
    ids::{CaseId, PersonId, Reference},
    policy::{Facts, Gated},
    risk::Risk,
    steps::{
        authorize::{Approval, Approvals, Authorized, Hold},
        classify::{Classification, Classified},
        reissue::{Attempt, Recorded, Reissued},
        review::{Notice, Review, Reviewed},
        verify::{Evidence, Proofs, RejectionReason, Verified},
    },
    time::{HOUR_MS, MINUTE_MS, Timestamp},
};

pub use decide::Command;

/// How long the first two steps may take.
pub const PROVE_MS: i64 = HOUR_MS;
/// How long a request for approval stands (MISSION 1.Y).
pub const APPROVE_MS: i64 = 4 * HOUR_MS;
/// How long after its last entry a case that is over can still be contested: a notice may come late, and whoever it reaches has this long.
pub const CONTEST_MS: i64 = 72 * HOUR_MS;
/// How long after the change a used recovery code can be replaced on the pages of the case.
pub const REPLACE_MS: i64 = HOUR_MS;
/// How many proofs of one kind may fail in one case (STANDARDS 11: at most 10).
pub const MAX_REJECTIONS: usize = 5;

/// Where a case stands. Each step's product holds the one before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Step 1. `Some` when the name is no account: the pages go on, nothing else does.
    Classifying(Claim, Option<Unmatched>),
    /// Step 2.
    Verifying(Classified, Vec<Evidence>),
    /// Step 3.
    Authorizing(Verified, Vec<Approval>),
    /// Step 4.
    Reissuing(Authorized, Attempt),
    /// Step 5.
    Reviewing(Reissued),
    /// Over.
    Closed(Ending),
}

/// How a case ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The change was made and looked at.
    Reviewed(Box<Reviewed>),
    /// Nothing was changed.
    Ended(EndReason),
    /// "This was not me." `changed` tells whether the change had been made by then.
    Contested {
        /// The change had been made.
        changed: bool,
    },
}

/// One of the five steps, for showing where a case stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Step {
    /// Step 1.
    Classify,
    /// Step 2.
    Verify,
    /// Step 3.
    Authorize,
    /// Step 4.
    Reissue,
    /// Step 5.
    Review,
}

/// What the world around the case is like at the moment of a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Surroundings {
    /// How unusual it is.
    pub risk: Risk,
    /// Whether the organization is at work.
    pub business_hours: bool,
    /// When it next is, if it is not.
    pub next_business: Option<Timestamp>,
    /// Whether the person has a strong factor that could be used.
    pub enrolled_strong: bool,
}

/// The part of a case that the gate looks at: its own, or what it would be after one more proof or approval.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) classified: &'a Classified,
    pub(crate) evidence: &'a [Evidence],
    pub(crate) approvals: &'a [Approval],
}

/// The moment of a question: the world around, when the identity was proved (if it was), and now.
#[derive(Clone, Copy)]
pub(crate) struct When<'a> {
    pub(crate) around: &'a Surroundings,
    pub(crate) verified_at: Option<Timestamp>,
    pub(crate) at: Timestamp,
}

/// A recovery, as the fold of its entries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    id: CaseId,
    seq: u32,
    opened: Timestamp,
    last: Timestamp,
    digest: Digest,
    claim: Claim,
    stage: Stage,
    known: Option<Classified>,
    reached: Step,
    hold: Option<Hold>,
    notices: Vec<Notice>,
    rejections: Vec<Method>,
    contested: bool,
    code_replaced: bool,
}

/// An expected no, with its reason. The page says it in a person's words.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// The case is at another step.
    #[error("the case is at another step")]
    WrongStep,
    /// The case is over.
    #[error("the case is over")]
    Over,
    /// The case or its permission has run out of time.
    #[error("the case has run out of time")]
    Expired,
    /// The proof shows somebody else.
    #[error("the proof shows somebody else")]
    OtherPerson,
    /// The same proof, or one from the same source by the same method, is there already.
    #[error("this proof is there already")]
    Again,
    /// Too many proofs, or too many failures of this kind.
    #[error("too many tries")]
    TooMany,
    /// What is to be ended was used as a proof in this case.
    #[error("what is to be ended can not be the proof")]
    ProvesItself,
    /// The approver asked, vouched, or has answered already.
    #[error("this person may not decide here")]
    NotIndependent,
    /// The approval is for another state of the case.
    #[error("the case has changed since it was shown")]
    Changed,
    /// The last attempt has no answer yet; it is looked at, not repeated.
    #[error("the last attempt has no answer yet")]
    OutcomeUnknown,
    /// The directory refused as often as is allowed.
    #[error("the directory has refused too often")]
    NoAttemptLeft,
    /// The policy says no, or not yet.
    #[error("the policy says not yet")]
    NotYet(Box<Gated>),
    /// Nothing has happened that would change the answer.
    #[error("nothing has changed")]
    NothingNew,
    /// The review has open lines, or a human has to do it.
    #[error("the review is not complete")]
    NotReviewed,
}

/// The log contradicts itself at this entry: stop, alarm, never repair silently.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("entry {seq} of {case} can not have happened: {why}")]
pub struct Corrupt {
    /// The case.
    pub case: CaseId,
    /// The entry.
    pub seq: u32,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Case {
    /// Folds entries from the first on.
    pub fn replay<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<Option<Self>, Corrupt> {
        let mut entries = entries.into_iter();
        let Some(first) = entries.next() else {
            return Ok(None);
        };
        let case = Self::opened(first)?;
        entries.try_fold(case, Self::apply).map(Some)
    }

    /// Names it.
    pub const fn id(&self) -> CaseId {
        self.id
    }
    /// What people call it.
    pub const fn reference(&self) -> Reference {
        self.claim.reference
    }
    /// How many entries it has.
    pub const fn seq(&self) -> u32 {
        self.seq
    }
    /// What was asked for.
    pub const fn claim(&self) -> &Claim {
        &self.claim
    }
    /// Where it stands.
    pub const fn stage(&self) -> &Stage {
        &self.stage
    }
    /// The furthest step it has come to.
    pub const fn reached(&self) -> Step {
        self.reached
    }
    /// When it was opened.
    pub const fn opened_at(&self) -> Timestamp {
        self.opened
    }
    /// When its last entry was written.
    pub const fn last_at(&self) -> Timestamp {
        self.last
    }
    /// The wait it is in.
    pub const fn hold(&self) -> Option<&Hold> {
        self.hold.as_ref()
    }
    /// The notices that went out, or could not.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }
    /// How many proofs of a kind have failed.
    pub fn rejections(&self, method: Method) -> usize {
        self.rejections.iter().filter(|m| **m == method).count()
    }
    /// A digest over all its entries: what an approver saw, and what a page showed.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The classification, once there is one. It stays when the case is over.
    pub const fn classified(&self) -> Option<&Classified> {
        self.known.as_ref()
    }
    /// Whose account, once that is known.
    pub fn subject(&self) -> Option<PersonId> {
        self.classified().map(Classified::subject)
    }
    /// What the account can do, once that is known.
    pub fn class(&self) -> Option<Class> {
        self.classified().map(Classified::class)
    }
    /// The proofs so far.
    pub fn evidence(&self) -> &[Evidence] {
        match &self.stage {
            Stage::Verifying(_, evidence) => evidence,
            Stage::Authorizing(verified, _) => verified.evidence(),
            Stage::Reissuing(authorized, _) => authorized.verified().evidence(),
            Stage::Reviewing(reissued) => reissued.authorized().verified().evidence(),
            Stage::Classifying(..) | Stage::Closed(_) => &[],
        }
    }
    /// The change, once it is made and for as long as nobody has said that it was not them.
    pub const fn reissued(&self) -> Option<&Reissued> {
        match &self.stage {
            Stage::Reviewing(reissued) => Some(reissued),
            Stage::Closed(Ending::Reviewed(reviewed)) => Some(reviewed.reissued()),
            _ => None,
        }
    }
    /// The proof by a recovery code that has no new one in its place yet, once the change is made.
    pub fn unreplaced_code(&self) -> Option<&Evidence> {
        // A new sheet has taken the place of the old one and of every code on it.
        let is_sheet = self.claim.action == Action::EnrollFactor { method: Method::RecoveryCode };
        let reissued = self.reissued().filter(|_| !self.code_replaced && !is_sheet)?;
        let proofs = reissued.authorized().verified().evidence();
        proofs.iter().find(|proof| proof.method == Method::RecoveryCode)
    }
    /// The same for as long as it can still be replaced: what a page may offer.
    pub fn replaceable_code(&self, at: Timestamp) -> Option<&Evidence> {
        let in_time = self.reissued().is_some_and(|reissued| at.since_ms(reissued.at()) <= REPLACE_MS);
        self.unreplaced_code().filter(|_| in_time)
    }
    /// Whether it is over.
    pub const fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Closed(_))
    }

    /// When it ends by itself if nothing happens. None when nothing ends it but work.
    pub fn deadline(&self) -> Option<Timestamp> {
        match &self.stage {
            Stage::Classifying(..) | Stage::Verifying(..) => Some(self.opened.plus_ms(PROVE_MS)),
            Stage::Authorizing(verified, _) => {
                let wait = self.hold.as_ref().map_or(verified.at(), |hold| hold.until);
                Some(wait.plus_ms(APPROVE_MS))
            }
            // Once the directory may have been touched, the answer has to be found, however late.
            Stage::Reissuing(_, Attempt::Running(_) | Attempt::Unknown(_)) => None,
            Stage::Reissuing(authorized, Attempt::None | Attempt::Failed(_) | Attempt::Submitted(_)) => {
                Some(authorized.until())
            }
            Stage::Reviewing(_) | Stage::Closed(_) => None,
        }
    }

    /// What the gate is told of this case.
    pub(crate) fn facts(&self, seen: Seen<'_>, when: When<'_>) -> Facts {
        let waited_ms = when.verified_at.map_or(0, |from| when.at.since_ms(from).max(0));
        Facts {
            class: seen.classified.class(),
            action: self.claim.action,
            door: self.claim.door,
            enrolled_strong: when.around.enrolled_strong,
            // What has shown who it is stands until the case ends: a wait that the policy wants must not undo it, and the deadlines of
            // the case bound how long that can be. What was stale by then stays so.
            proofs: Proofs::of(seen.classified, seen.evidence, when.verified_at.unwrap_or(when.at)),
            approvals: Approvals::of(seen.approvals),
            risk: when.around.risk.clone(),
            business_hours: when.around.business_hours,
            waited_min: u32::try_from(waited_ms / MINUTE_MS).unwrap_or(u32::MAX),
        }
    }

    /// The next entry of this case. Time in a case never goes back, whatever the clock does.
    pub fn entry(&self, event: Event, by: Actor, at: Timestamp) -> Entry {
        Entry {
            v: crate::event::VERSION,
            case: self.id,
            seq: self.seq.saturating_add(1),
            at: at.max(self.last),
            by,
            event,
        }
    }
}
