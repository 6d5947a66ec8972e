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

use serde::{Deserialize, Serialize};

use crate::{
    account::{Action, Class, Method},
    actor::Actor,
    digest::Digest,
    event::{Claim, ContestedFrom, Door, EndReason, Entry, Event, Unmatched},
    ids::{CaseId, PersonId, Reference},
    policy::{Facts, Gated, Policy},
    risk::Risk,
    steps::{
        authorize::{Approval, Approvals, Authorized, Hold},
        classify::{Classification, Classified},
        reissue::{Attempt, Recorded, Reissued},
        review::{Notice, Review, Reviewed},
        verify::{Evidence, MAX_EVIDENCE, Proofs, RejectionReason, Verified},
    },
    time::{HOUR_MS, MINUTE_MS, Timestamp},
};

pub use decide::Command;

/// How long the first two steps may take.
pub const PROVE_MS: i64 = HOUR_MS;
/// How long a request for approval stands (MISSION 1.Y).
pub const APPROVE_MS: i64 = 4 * HOUR_MS;
/// How long after a hold there is time to go on. It ends at any hour, and whoever waited for it comes back when they are awake.
pub const RETURN_MS: i64 = 24 * HOUR_MS;
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

impl Stage {
    /// The step that a case is at; none when it is over.
    const fn step(&self) -> Option<Step> {
        match self {
            Self::Classifying(..) => Some(Step::Classify),
            Self::Verifying(..) => Some(Step::Verify),
            Self::Authorizing(..) => Some(Step::Authorize),
            Self::Reissuing(..) => Some(Step::Reissue),
            Self::Reviewing(_) => Some(Step::Review),
            Self::Closed(_) => None,
        }
    }
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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// Whether the person has a strong factor, whether or not it counts already.
    pub enrolled_strong: bool,
}

impl Surroundings {
    /// The moments after `at` at which waiting alone could change an answer, soonest first: each wait that the policy names, counted from when the
    /// identity was proved, and the start of business.
    pub(crate) fn moments(&self, policy: &Policy, from: Timestamp, at: Timestamp) -> Vec<Timestamp> {
        let named = policy.holds().iter().map(|minutes| from.plus_ms(i64::from(*minutes) * MINUTE_MS));
        let mut moments: Vec<Timestamp> = named.chain(self.next_business).filter(|moment| *moment > at).collect();
        moments.sort_unstable();
        moments
    }
    /// The facts at such a moment, if nothing happens until then.
    pub(crate) fn after(&self, facts: &Facts, from: Timestamp, moment: Timestamp) -> Facts {
        Facts {
            waited_min: waited_min(from, moment),
            business_hours: self.business_hours || self.next_business == Some(moment),
            ..facts.clone()
        }
    }
}

fn waited_min(from: Timestamp, at: Timestamp) -> u32 {
    u32::try_from(at.since_ms(from).max(0) / MINUTE_MS).unwrap_or(u32::MAX)
}

/// The part of a case that the gates look at: its own, or what it would be after one more proof or approval.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) classified: &'a Classified,
    pub(crate) evidence: &'a [Evidence],
    pub(crate) approvals: &'a [Approval],
    /// When the identity was proved, if it was.
    pub(crate) verified_at: Option<Timestamp>,
}

impl<'a> Seen<'a> {
    fn verified(verified: &'a Verified, approvals: &'a [Approval]) -> Self {
        let (classified, evidence) = (verified.classified(), verified.evidence());
        Self { classified, evidence, approvals, verified_at: Some(verified.at()) }
    }

    /// As of when proofs count. What has shown who it is stands until the case ends: a wait that the policy wants must not undo it, and the deadlines of
    /// the case bound how long that can be. What was stale by then stays so.
    fn counts_from(&self, at: Timestamp) -> Timestamp {
        self.verified_at.unwrap_or(at)
    }
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
    /// The step it is at, or was at when it ended. An account that is of another class by now is back at the second.
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

    /// Whether nobody knows yet whose it is: its name has not been looked up.
    pub const fn is_classifying(&self) -> bool {
        matches!(self.stage, Stage::Classifying(_, None))
    }

    /// Whether the directory may have been written to: until that is found out, nobody can say if the account has changed.
    pub const fn is_in_doubt(&self) -> bool {
        matches!(self.stage, Stage::Reissuing(_, Attempt::Running(_) | Attempt::Unknown(_)))
    }

    /// The proofs that count, as the gates see them; once those are open, all.
    pub fn counting(&self, at: Timestamp) -> impl Iterator<Item = &Evidence> {
        let from = self.seen().map(|seen| seen.counts_from(at));
        self.evidence().iter().filter(move |proof| from.is_none_or(|from| proof.counts(from)))
    }

    /// Whether it goes on only in the session in which it was begun, for the next one at that browser may be somebody else. Who made a change can
    /// look at what came of it, although the change has ended the session (R11).
    pub fn needs_session(&self) -> bool {
        self.claim.door == Door::Account && !self.is_over() && self.reissued().is_none()
    }

    /// Whether "not me" was said of it.
    pub const fn is_contested(&self) -> bool {
        self.contested || matches!(self.stage, Stage::Closed(Ending::Contested { .. }))
    }

    /// When it ends by itself if nothing happens. None when nothing ends it but work.
    pub fn deadline(&self) -> Option<Timestamp> {
        match &self.stage {
            Stage::Classifying(..) | Stage::Verifying(..) => Some(self.opened.plus_ms(PROVE_MS)),
            Stage::Authorizing(verified, _) => Some(match &self.hold {
                Some(hold) => hold.until.plus_ms(RETURN_MS),
                None => verified.at().plus_ms(APPROVE_MS),
            }),
            // Once the directory may have been touched, the answer has to be found, however late.
            Stage::Reissuing(_, Attempt::Running(_) | Attempt::Unknown(_)) => None,
            Stage::Reissuing(authorized, Attempt::None | Attempt::Failed(_) | Attempt::Submitted(_)) => {
                Some(authorized.until())
            }
            Stage::Reviewing(_) | Stage::Closed(_) => None,
        }
    }

    /// What the gates look at; none before the account is known, and once they are open.
    pub(crate) fn seen(&self) -> Option<Seen<'_>> {
        match &self.stage {
            Stage::Verifying(classified, evidence) => {
                Some(Seen { classified, evidence, approvals: &[], verified_at: None })
            }
            Stage::Authorizing(verified, approvals) => Some(Seen::verified(verified, approvals)),
            _ => None,
        }
    }

    /// What the gate is told of this case.
    pub(crate) fn facts(&self, seen: Seen<'_>, around: &Surroundings, at: Timestamp) -> Facts {
        let from = seen.counts_from(at);
        Facts {
            class: seen.classified.class(),
            action: self.claim.action,
            door: self.claim.door,
            enrolled_strong: around.enrolled_strong,
            proofs: Proofs::of(seen.classified, seen.evidence, from),
            approvals: Approvals::of(seen.approvals),
            risk: around.risk.clone(),
            business_hours: around.business_hours,
            waited_min: waited_min(from, at),
        }
    }

    /// Whether a proof can be given now. If not: why, to whoever gives it and to whoever reads it in a log.
    fn takes(&self, new: &Evidence, at: Timestamp) -> Result<(), (Refusal, &'static str)> {
        let Some(Seen { classified, evidence, .. }) = self.seen() else {
            return Err((Refusal::WrongStep, "no proof was asked for"));
        };
        if new.subject != classified.subject() {
            return Err((Refusal::OtherPerson, "the proof shows somebody else"));
        }
        if evidence.len() >= MAX_EVIDENCE || self.rejections(new.method) >= MAX_REJECTIONS {
            return Err((Refusal::TooMany, "the proof came after too many tries"));
        }
        if !new.ever_counts(at) {
            return Err((Refusal::NothingNew, "the proof never counted"));
        }
        if evidence.iter().any(|old| new.repeats(old, at)) {
            return Err((Refusal::Again, "the proof was used already"));
        }
        Ok(())
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
