//! What may happen next: a command and the case give the events that would follow, or a refusal. Nothing is changed here.

use super::*;
use crate::{
    policy::{Gate, Policy},
    steps::{
        authorize::{WINDOW_MS, may_approve},
        reissue::{MAX_ATTEMPTS, Outcome, Started, Submission},
        verify::{MAX_EVIDENCE, Rejection},
    },
};

/// What somebody wants to happen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Step 1: the name is this account.
    Classify(Classification),
    /// Step 1: the name is no account that can be recovered here.
    Unmatch(Unmatched),
    /// Step 2 and 3: here is a proof.
    Present(Evidence, Surroundings),
    /// Step 2: a proof did not hold.
    Reject(Method, RejectionReason),
    /// Step 3: a second person agrees.
    Approve(Approval, Surroundings),
    /// Step 3: ask again, time has passed.
    Ask(Surroundings),
    /// Step 4: do this.
    Submit {
        /// Digest of the sealed secret or credential.
        sealed: Option<Digest>,
        /// The factor to end or to bind.
        factor: Option<crate::ids::FactorId>,
    },
    /// Step 4: the worker is about to do it; the account looks like this now.
    Start(Classification),
    /// Step 4: this is what came of it.
    Record(Recorded),
    /// A notice went out, or could not.
    Notice(Notice),
    /// Step 5: looked at. `by_human` is false when Keyward did it.
    Review {
        /// The findings.
        review: Review,
        /// A human looked.
        by_human: bool,
    },
    /// After the change: the recovery code that was a proof has a new one in its place.
    ReplaceCode {
        /// On this sheet.
        factor: crate::ids::FactorId,
    },
    /// It ends without a change.
    End(EndReason),
    /// "This was not me."
    Contest(ContestedFrom),
}

type Decided = Result<Vec<Event>, Refusal>;

impl Case {
    /// May this happen at this moment? Pure: the answer is the events that would follow.
    pub fn decide(&self, command: Command, policy: &Policy, at: Timestamp) -> Decided {
        let at = at.max(self.last);
        let expired = self.deadline().is_some_and(|deadline| at >= deadline);
        match command {
            Command::End(EndReason::Expired) if !expired => Err(Refusal::NothingNew),
            Command::End(reason) => self.decide_end(reason),
            Command::Contest(from) => self.decide_contest(from, at),
            Command::Notice(notice) => Ok(vec![Event::Noticed(notice)]),
            Command::ReplaceCode { factor } => self.decide_replace_code(factor, at),
            _ if self.is_over() => Err(Refusal::Over),
            _ if expired => Err(Refusal::Expired),
            Command::Classify(classification) => self.decide_classify(classification),
            Command::Unmatch(reason) => match &self.stage {
                Stage::Classifying(_, None) => Ok(vec![Event::Unmatched { reason }]),
                _ => Err(Refusal::WrongStep),
            },
            Command::Present(evidence, around) => self.decide_present(evidence, &around, policy, at),
            Command::Reject(method, reason) => self.decide_reject(method, reason),
            Command::Approve(approval, around) => self.decide_approve(approval, &around, policy, at),
            Command::Ask(around) => self.decide_ask(&around, policy, at),
            Command::Submit { sealed, factor } => self.decide_submit(sealed, factor),
            Command::Start(now) => self.decide_start(now),
            Command::Record(recorded) => self.decide_record(recorded),
            Command::Review { review, by_human } => self.decide_review(review, by_human),
        }
    }

    fn decide_end(&self, reason: EndReason) -> Decided {
        match &self.stage {
            Stage::Closed(_) => Err(Refusal::Over),
            // The directory may have been touched: find out first.
            Stage::Reissuing(_, Attempt::Running(_) | Attempt::Unknown(_)) => Err(Refusal::OutcomeUnknown),
            // The change is made; what is left is the review, and nobody ends that.
            Stage::Reviewing(_) => Err(Refusal::WrongStep),
            _ => Ok(vec![Event::Ended { reason }]),
        }
    }

    fn decide_contest(&self, from: ContestedFrom, at: Timestamp) -> Decided {
        match &self.stage {
            _ if self.contested => Err(Refusal::NothingNew),
            Stage::Closed(Ending::Contested { .. }) => Err(Refusal::NothingNew),
            Stage::Closed(_) if at.since_ms(self.last) > CONTEST_MS => Err(Refusal::Over),
            _ => Ok(vec![Event::Contested { from }]),
        }
    }

    fn decide_replace_code(&self, factor: crate::ids::FactorId, at: Timestamp) -> Decided {
        let Some(reissued) = self.reissued() else {
            return Err(if self.is_over() { Refusal::Over } else { Refusal::WrongStep });
        };
        if at.since_ms(reissued.at()) > REPLACE_MS {
            return Err(Refusal::Expired);
        }
        match self.unreplaced_code() {
            Some(proof) if proof.is_from(factor) => Ok(vec![Event::CodeReplaced { factor }]),
            _ => Err(Refusal::NothingNew),
        }
    }

    fn decide_classify(&self, classification: Classification) -> Decided {
        match &self.stage {
            Stage::Classifying(_, None) => Ok(vec![Event::Classified(classification)]),
            _ => Err(Refusal::WrongStep),
        }
    }

    fn decide_reject(&self, method: Method, reason: RejectionReason) -> Decided {
        match &self.stage {
            Stage::Classifying(..) | Stage::Verifying(..) | Stage::Authorizing(..) => {
                if self.rejections(method) >= MAX_REJECTIONS {
                    return Err(Refusal::TooMany);
                }
                Ok(vec![Event::Rejected(Rejection { method, reason })])
            }
            _ => Err(Refusal::WrongStep),
        }
    }

    fn decide_present(&self, new: Evidence, around: &Surroundings, policy: &Policy, at: Timestamp) -> Decided {
        let (classified, had) = match &self.stage {
            Stage::Verifying(classified, had) => (classified, had.as_slice()),
            Stage::Authorizing(verified, _) => (verified.classified(), verified.evidence()),
            _ => return Err(Refusal::WrongStep),
        };
        if new.subject != classified.subject() {
            return Err(Refusal::OtherPerson);
        }
        if had.len() >= MAX_EVIDENCE || self.rejections(new.method) >= MAX_REJECTIONS {
            return Err(Refusal::TooMany);
        }
        if !new.ever_counts() {
            return Err(Refusal::NothingNew);
        }
        if had.iter().any(|old| new.repeats(old, at)) {
            return Err(Refusal::Again);
        }
        let mut evidence = had.to_vec();
        evidence.push(new.clone());
        let mut events = vec![Event::Presented(new)];
        // The case is another than the one that was approved: approvals are not carried over.
        let seen = Seen { classified, evidence: &evidence, approvals: &[] };
        let verified_at = if let Stage::Authorizing(verified, _) = &self.stage {
            verified.at()
        } else {
            let gate = policy.gate(Gate::Verify, self.facts(seen, When { around, verified_at: None, at }));
            if !gate.verdict.allowed {
                return Ok(events);
            }
            events.push(Event::Verified(gate));
            at
        };
        events.extend(self.next_gate(seen, When { around, verified_at: Some(verified_at), at }, policy));
        Ok(events)
    }

    fn decide_approve(&self, approval: Approval, around: &Surroundings, policy: &Policy, at: Timestamp) -> Decided {
        let Stage::Authorizing(verified, had) = &self.stage else {
            return Err(Refusal::WrongStep);
        };
        if !may_approve(verified, had, approval.by) {
            return Err(Refusal::NotIndependent);
        }
        if approval.seen != self.digest {
            return Err(Refusal::Changed);
        }
        let mut approvals = had.clone();
        approvals.push(approval.clone());
        let mut events = vec![Event::Approved(approval)];
        events.extend(self.next_gate(
            Seen { classified: verified.classified(), evidence: verified.evidence(), approvals: &approvals },
            When { around, verified_at: Some(verified.at()), at },
            policy,
        ));
        Ok(events)
    }

    fn decide_ask(&self, around: &Surroundings, policy: &Policy, at: Timestamp) -> Decided {
        let Stage::Authorizing(verified, approvals) = &self.stage else {
            return Err(Refusal::WrongStep);
        };
        let seen = Seen { classified: verified.classified(), evidence: verified.evidence(), approvals };
        let when = When { around, verified_at: Some(verified.at()), at };
        self.next_gate(seen, when, policy).map_or(Err(Refusal::NothingNew), |event| Ok(vec![event]))
    }

    /// Asks the second gate. Open: authorized. Shut, but open by itself later: held, unless it is held already until then.
    fn next_gate(&self, seen: Seen<'_>, when: When<'_>, policy: &Policy) -> Option<Event> {
        let gate = policy.gate(Gate::Authorize, self.facts(seen, when));
        if gate.verdict.allowed {
            return Some(Event::Authorized { gate, until: when.at.plus_ms(WINDOW_MS) });
        }
        let until = opens_by_itself(policy, &gate.facts, when)?;
        let known = self.hold.as_ref().is_some_and(|hold| hold.until == until);
        (!known).then_some(Event::Held(Hold { until, gate }))
    }

    fn decide_submit(&self, sealed: Option<Digest>, factor: Option<crate::ids::FactorId>) -> Decided {
        let Stage::Reissuing(authorized, attempt) = &self.stage else {
            return Err(Refusal::WrongStep);
        };
        let attempt = match attempt {
            Attempt::None => 1,
            Attempt::Failed(n) if *n >= MAX_ATTEMPTS => return Err(Refusal::NoAttemptLeft),
            Attempt::Failed(n) => n + 1,
            Attempt::Submitted(_) | Attempt::Running(_) => return Err(Refusal::Again),
            Attempt::Unknown(_) => return Err(Refusal::OutcomeUnknown),
        };
        let submission = Submission { attempt, sealed, factor };
        if submission.proves_itself(authorized) {
            return Err(Refusal::ProvesItself);
        }
        Ok(vec![Event::Submitted(submission)])
    }

    fn decide_start(&self, now: Classification) -> Decided {
        let Stage::Reissuing(authorized, Attempt::Submitted(submission)) = &self.stage else {
            return Err(match &self.stage {
                Stage::Reissuing(_, Attempt::Unknown(_)) => Refusal::OutcomeUnknown,
                _ => Refusal::WrongStep,
            });
        };
        let before = authorized.verified().classified();
        if now.subject != before.subject() {
            return Err(Refusal::OtherPerson);
        }
        if now.class != before.class() {
            return Ok(vec![Event::Reclassified(now)]);
        }
        Ok(vec![Event::Started(Started { attempt: submission.attempt, class: now.class })])
    }

    fn decide_record(&self, recorded: Recorded) -> Decided {
        let Stage::Reissuing(_, Attempt::Running(submission) | Attempt::Unknown(submission)) = &self.stage else {
            return Err(Refusal::WrongStep);
        };
        if submission.attempt != recorded.attempt {
            return Err(Refusal::WrongStep);
        }
        if matches!(
            (&self.stage, &recorded.outcome),
            (Stage::Reissuing(_, Attempt::Unknown(_)), Outcome::Unknown { .. })
        ) {
            return Err(Refusal::NothingNew);
        }
        if recorded.contradicts_itself() {
            return Err(Refusal::OutcomeUnknown);
        }
        Ok(vec![Event::Recorded(recorded)])
    }

    fn decide_review(&self, review: Review, by_human: bool) -> Decided {
        let Stage::Reviewing(reissued) = &self.stage else {
            return Err(Refusal::WrongStep);
        };
        let class = reissued.authorized().verified().classified().class();
        if review.closes(class, by_human) { Ok(vec![Event::Reviewed(review)]) } else { Err(Refusal::NotReviewed) }
    }
}

/// The first moment at which waiting alone opens the second gate: each wait that a policy names, and the start of business.
fn opens_by_itself(policy: &Policy, facts: &Facts, when: When<'_>) -> Option<Timestamp> {
    let from = when.verified_at?;
    let named = policy.holds().iter().map(|minutes| from.plus_ms(i64::from(*minutes) * MINUTE_MS));
    let mut moments: Vec<Timestamp> =
        named.chain(when.around.next_business).filter(|moment| *moment > when.at).collect();
    moments.sort_unstable();
    moments.into_iter().find(|moment| {
        let waited = moment.since_ms(from) / MINUTE_MS;
        let then = Facts {
            waited_min: u32::try_from(waited).unwrap_or(u32::MAX),
            business_hours: when.around.business_hours || when.around.next_business == Some(*moment),
            ..facts.clone()
        };
        policy.ask(Gate::Authorize, &then).allowed
    })
}
