//! What may happen next: a command and the case give the events that would follow, or a refusal. Nothing is changed here.

use super::*;
use crate::{
    policy::Gate,
    steps::{
        authorize::{WINDOW_MS, may_approve},
        reissue::{MAX_ATTEMPTS, Outcome, Started, Submission},
        verify::Rejection,
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
    /// Step 2 and 3: ask again. Time has passed, or the account is of another class.
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
        let had = self.seen().ok_or(Refusal::WrongStep)?;
        self.takes(&new, at).map_err(|(refusal, _)| refusal)?;
        let mut evidence = had.evidence.to_vec();
        evidence.push(new.clone());
        // The case is another than the one that was approved: approvals are not carried over.
        let gates = self.ask(Seen { evidence: &evidence, approvals: &[], ..had }, around, policy, at);
        Ok(std::iter::once(Event::Presented(new)).chain(gates).collect())
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
        let gates = self.ask(Seen::verified(verified, &approvals), around, policy, at);
        Ok(std::iter::once(Event::Approved(approval)).chain(gates).collect())
    }

    fn decide_ask(&self, around: &Surroundings, policy: &Policy, at: Timestamp) -> Decided {
        let seen = self.seen().ok_or(Refusal::WrongStep)?;
        // Without a proof nobody is verified, whatever a policy says.
        let gates = if seen.evidence.is_empty() { vec![] } else { self.ask(seen, around, policy, at) };
        if gates.is_empty() { Err(Refusal::NothingNew) } else { Ok(gates) }
    }

    /// Asks the gates that are still shut, in order. The second may open later with nothing more: held, unless it is held already until then.
    fn ask(&self, mut seen: Seen<'_>, around: &Surroundings, policy: &Policy, at: Timestamp) -> Vec<Event> {
        let mut events = Vec::new();
        if seen.verified_at.is_none() {
            let gate = policy.gate(Gate::Verify, self.facts(seen, around, at));
            if !gate.verdict.allowed {
                return events;
            }
            events.push(Event::Verified(gate));
        }
        let from = *seen.verified_at.get_or_insert(at);
        let gate = policy.gate(Gate::Authorize, self.facts(seen, around, at));
        if gate.verdict.allowed {
            events.push(Event::Authorized { gate, until: at.plus_ms(WINDOW_MS) });
            return events;
        }
        let opens = |moment: &Timestamp| policy.ask(Gate::Authorize, &around.after(&gate.facts, from, *moment)).allowed;
        let until = around.moments(policy, from, at).into_iter().find(opens);
        let known = self.hold.as_ref().map(|hold| hold.until);
        if let Some(until) = until.filter(|until| Some(*until) != known) {
            events.push(Event::Held(Hold { until, gate }));
        }
        events
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
        let Stage::Reissuing(_, now @ (Attempt::Running(handed) | Attempt::Unknown(handed))) = &self.stage else {
            return Err(Refusal::WrongStep);
        };
        if handed.attempt != recorded.attempt {
            return Err(Refusal::WrongStep);
        }
        if matches!((now, &recorded.outcome), (Attempt::Unknown(_), Outcome::Unknown { .. })) {
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
