//! What did happen: an entry and the case give the next case, or the log is corrupt. The server and the offline verifier run this same fold.
//!
//! Whatever `decide` refuses is checked again here as far as a log can show it, so that a forged log does not replay: order of steps, deadlines, what
//! the gate said it saw, who approved, one answer per attempt, who reviewed.

use super::*;
use crate::steps::{
    authorize::{WINDOW_MS, may_approve},
    reissue::{MAX_ATTEMPTS, Outcome},
    verify::MAX_EVIDENCE,
};

impl Case {
    /// The case after its first entry.
    pub fn opened(entry: &Entry) -> Result<Self, Corrupt> {
        let corrupt = |why| Corrupt { case: entry.case, seq: entry.seq, why };
        let Event::Opened(claim) = &entry.event else {
            return Err(corrupt("the first entry of a case opens it"));
        };
        if entry.seq != 1 {
            return Err(corrupt("the first entry of a case has number 1"));
        }
        Ok(Self {
            id: entry.case,
            seq: 1,
            opened: entry.at,
            last: entry.at,
            digest: chain(None, entry)?,
            claim: claim.clone(),
            stage: Stage::Classifying(claim.clone(), None),
            known: None,
            reached: Step::Classify,
            hold: None,
            notices: Vec::new(),
            rejections: Vec::new(),
            contested: false,
            code_replaced: false,
        })
    }

    /// The case after one more entry.
    pub fn apply(self, entry: &Entry) -> Result<Self, Corrupt> {
        let corrupt = |why| Corrupt { case: self.id, seq: entry.seq, why };
        if entry.case != self.id {
            return Err(corrupt("the entry belongs to another case"));
        }
        if entry.seq != self.seq.saturating_add(1) {
            return Err(corrupt("an entry is missing or doubled"));
        }
        if entry.at < self.last {
            return Err(corrupt("time goes back"));
        }
        let late = self.deadline().is_some_and(|deadline| entry.at >= deadline);
        match &entry.event {
            Event::Noticed(_) | Event::Contested { .. } => {}
            Event::Ended { reason: EndReason::Expired } if !late => return Err(corrupt("time had not run out")),
            Event::Ended { .. } => {}
            _ if late => return Err(corrupt("time had run out")),
            _ => {}
        }
        let digest = chain(Some(self.digest), entry)?;
        let mut next = self.step(entry)?;
        next.seq = entry.seq;
        next.last = entry.at;
        next.digest = digest;
        Ok(next)
    }

    /// Routes an event to its stage.
    fn step(mut self, entry: &Entry) -> Result<Self, Corrupt> {
        let corrupt = |why| Corrupt { case: entry.case, seq: entry.seq, why };
        match &entry.event {
            Event::Noticed(notice) => {
                self.notices.push(*notice);
                return Ok(self);
            }
            Event::CodeReplaced { factor } => {
                if !self.replaceable_code(entry.at).is_some_and(|proof| proof.is_from(*factor)) {
                    return Err(corrupt("no code of that sheet is to be replaced"));
                }
                self.code_replaced = true;
                return Ok(self);
            }
            Event::Rejected(rejection) => {
                let open = matches!(self.stage, Stage::Classifying(..) | Stage::Verifying(..) | Stage::Authorizing(..));
                if !open || self.rejections(rejection.method) >= MAX_REJECTIONS {
                    return Err(corrupt("nothing was to be tried"));
                }
                self.rejections.push(rejection.method);
                return Ok(self);
            }
            Event::Held(hold) => {
                let Stage::Authorizing(verified, approvals) = &self.stage else {
                    return Err(corrupt("only a verified case can wait"));
                };
                let seen = Seen { classified: verified.classified(), evidence: verified.evidence(), approvals };
                self.saw(&hold.gate, seen, Some(verified.at()), entry.at).map_err(corrupt)?;
                if hold.gate.verdict.allowed || hold.until <= entry.at {
                    return Err(corrupt("a wait needs a shut gate and an end"));
                }
                self.hold = Some(hold.clone());
                return Ok(self);
            }
            _ => {}
        }
        let in_the_air = matches!(self.stage, Stage::Reissuing(_, Attempt::Running(_) | Attempt::Unknown(_)));
        if in_the_air && matches!(entry.event, Event::Contested { .. }) {
            // The directory may have been touched and nobody knows yet: the answer is still recorded, and then the case is over.
            if self.contested {
                return Err(corrupt("it was contested already"));
            }
            self.contested = true;
            return Ok(self);
        }
        let (mut stage, reached) = self.clone().transition(entry)?;
        if self.contested {
            stage = match stage {
                Stage::Reviewing(_) => Stage::Closed(Ending::Contested { changed: true }),
                Stage::Reissuing(_, Attempt::Failed(_)) => Stage::Closed(Ending::Contested { changed: false }),
                other => other,
            };
        }
        if let Stage::Verifying(classified, _) = &stage {
            self.known = Some(classified.clone());
        }
        if reached < Step::Authorize {
            self.hold = None;
        }
        self.reached = reached;
        self.stage = stage;
        Ok(self)
    }

    fn transition(self, entry: &Entry) -> Next {
        let corrupt = |why| Corrupt { case: entry.case, seq: entry.seq, why };
        match self.stage.clone() {
            Stage::Classifying(claim, matched) => classifying(claim, matched, entry),
            Stage::Verifying(classified, had) => self.verifying(classified, had, entry),
            Stage::Authorizing(verified, approvals) => self.authorizing(verified, approvals, entry),
            Stage::Reissuing(authorized, attempt) => reissuing(authorized, attempt, entry),
            Stage::Reviewing(reissued) => reviewing(reissued, entry),
            Stage::Closed(ending) => match (ending, &entry.event) {
                (_, Event::Contested { .. }) if entry.at.since_ms(self.last) > CONTEST_MS => {
                    Err(corrupt("the case had been over for too long"))
                }
                (Ending::Reviewed(_), Event::Contested { .. }) => Ok((contested(true), self.reached)),
                (Ending::Ended(_), Event::Contested { .. }) => Ok((contested(false), self.reached)),
                _ => Err(corrupt("the case was over")),
            },
        }
    }

    fn verifying(&self, classified: Classified, mut had: Vec<Evidence>, entry: &Entry) -> Next {
        let corrupt = |why| Corrupt { case: entry.case, seq: entry.seq, why };
        match &entry.event {
            Event::Presented(new) => {
                self.accepts(&classified, &had, new, entry.at).map_err(corrupt)?;
                had.push(new.clone());
                Ok((Stage::Verifying(classified, had), Step::Verify))
            }
            Event::Verified(gate) => {
                let seen = Seen { classified: &classified, evidence: &had, approvals: &[] };
                self.saw(gate, seen, None, entry.at).map_err(corrupt)?;
                let verified = Verified::new(classified, had, gate.clone(), entry.at)
                    .ok_or_else(|| corrupt("the identity was not proved"))?;
                Ok((Stage::Authorizing(verified, vec![]), Step::Authorize))
            }
            event => ended(event, Step::Verify).ok_or_else(|| corrupt("this can not follow")),
        }
    }

    fn authorizing(&self, verified: Verified, mut approvals: Vec<Approval>, entry: &Entry) -> Next {
        let corrupt = |why| Corrupt { case: entry.case, seq: entry.seq, why };
        match &entry.event {
            Event::Presented(new) => {
                self.accepts(verified.classified(), verified.evidence(), new, entry.at).map_err(corrupt)?;
                // The case is another than the one that was approved: every approval is void.
                Ok((Stage::Authorizing(verified.with(new.clone()), vec![]), Step::Authorize))
            }
            Event::Approved(approval) => {
                if !may_approve(&verified, &approvals, approval.by) || approval.seen != self.digest {
                    return Err(corrupt("the approver is not independent, or saw another case"));
                }
                approvals.push(approval.clone());
                Ok((Stage::Authorizing(verified, approvals), Step::Authorize))
            }
            Event::Authorized { gate, until } => {
                let seen =
                    Seen { classified: verified.classified(), evidence: verified.evidence(), approvals: &approvals };
                self.saw(gate, seen, Some(verified.at()), entry.at).map_err(corrupt)?;
                if *until != entry.at.plus_ms(WINDOW_MS) {
                    return Err(corrupt("the permission lasts longer than permissions do"));
                }
                let authorized = Authorized::new(verified, approvals, gate.clone(), *until)
                    .ok_or_else(|| corrupt("the permission does not hold"))?;
                Ok((Stage::Reissuing(authorized, Attempt::None), Step::Reissue))
            }
            event => ended(event, Step::Authorize).ok_or_else(|| corrupt("this can not follow")),
        }
    }

    /// What `decide` checks of a proof, as far as it can be told from the log.
    fn accepts(
        &self,
        classified: &Classified,
        had: &[Evidence],
        new: &Evidence,
        at: Timestamp,
    ) -> Result<(), &'static str> {
        if new.subject != classified.subject() {
            return Err("the proof shows somebody else");
        }
        if had.iter().any(|old| new.repeats(old, at)) {
            return Err("the proof was used already");
        }
        if had.len() >= MAX_EVIDENCE || self.rejections(new.method) >= MAX_REJECTIONS {
            return Err("the proof came after too many tries");
        }
        if !new.ever_counts() {
            return Err("the proof never counted");
        }
        Ok(())
    }

    /// Whether what the gate says it saw is what the log shows: proofs, approvals, class, action, door and waiting time.
    fn saw(
        &self,
        gate: &Gated,
        seen: Seen<'_>,
        verified_at: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<(), &'static str> {
        // What the log can not show (risk, hours, enrollment) is taken as recorded; everything else is worked out again.
        let around = Surroundings {
            risk: gate.facts.risk.clone(),
            business_hours: gate.facts.business_hours,
            next_business: None,
            enrolled_strong: gate.facts.enrolled_strong,
        };
        if !gate.facts.risk.adds_up() {
            return Err("the risk is not the sum of its signals");
        }
        let expected = self.facts(seen, When { around: &around, verified_at, at });
        if expected == gate.facts { Ok(()) } else { Err("the gate was asked about other facts than the log shows") }
    }
}

type Next = Result<(Stage, Step), Corrupt>;

const fn contested(changed: bool) -> Stage {
    Stage::Closed(Ending::Contested { changed })
}

/// The two ways in which a case ends from any step before the change.
fn ended(event: &Event, reached: Step) -> Option<(Stage, Step)> {
    match event {
        Event::Ended { reason } => Some((Stage::Closed(Ending::Ended(*reason)), reached)),
        Event::Contested { .. } => Some((contested(false), reached)),
        _ => None,
    }
}

fn classifying(claim: Claim, matched: Option<Unmatched>, entry: &Entry) -> Next {
    let corrupt = |why| Corrupt { case: entry.case, seq: entry.seq, why };
    match (matched, &entry.event) {
        (None, Event::Classified(classification)) => {
            let classified = Classified::new(claim, classification.clone());
            Ok((Stage::Verifying(classified, vec![]), Step::Verify))
        }
        (None, Event::Unmatched { reason }) => Ok((Stage::Classifying(claim, Some(*reason)), Step::Classify)),
        (_, event) => ended(event, Step::Classify).ok_or_else(|| corrupt("this can not follow")),
    }
}

fn reviewing(reissued: Reissued, entry: &Entry) -> Next {
    let corrupt = |why| Corrupt { case: entry.case, seq: entry.seq, why };
    match &entry.event {
        Event::Reviewed(review) => {
            let by_human = matches!(entry.by, Actor::Staff { .. } | Actor::Operator);
            let reviewed = Reviewed::new(reissued, review.clone(), by_human)
                .ok_or_else(|| corrupt("the review has open lines, or a human had to do it"))?;
            Ok((Stage::Closed(Ending::Reviewed(Box::new(reviewed))), Step::Review))
        }
        Event::Contested { .. } => Ok((contested(true), Step::Review)),
        _ => Err(corrupt("this can not follow")),
    }
}

fn reissuing(authorized: Authorized, attempt: Attempt, entry: &Entry) -> Next {
    let corrupt = |why| Corrupt { case: entry.case, seq: entry.seq, why };
    let next = match (attempt, &entry.event) {
        (Attempt::None | Attempt::Failed(_), Event::Submitted(submission)) => {
            let last = if let Attempt::Failed(n) = attempt { n } else { 0 };
            if submission.attempt != last.saturating_add(1) || submission.attempt > MAX_ATTEMPTS {
                return Err(corrupt("the attempt is out of turn"));
            }
            if submission.proves_itself(&authorized) {
                return Err(corrupt("what is to be ended was a proof"));
            }
            Attempt::Submitted(*submission)
        }
        (Attempt::Submitted(submission), Event::Started(started)) => {
            let class = authorized.verified().classified().class();
            if started.attempt != submission.attempt || started.class != class {
                return Err(corrupt("the start does not fit what was permitted"));
            }
            Attempt::Running(submission)
        }
        (Attempt::Submitted(_), Event::Reclassified(now)) => {
            let (before, evidence) = authorized.reopen().reopen();
            if now.subject != before.subject() || now.class == before.class() {
                return Err(corrupt("the account is of the same class, or of somebody else"));
            }
            return Ok((Stage::Verifying(before.again(now.clone()), evidence), Step::Verify));
        }
        (Attempt::Running(submission) | Attempt::Unknown(submission), Event::Recorded(recorded)) => {
            if recorded.attempt != submission.attempt {
                return Err(corrupt("the answer belongs to another attempt"));
            }
            match &recorded.outcome {
                Outcome::Unknown { .. } if matches!(attempt, Attempt::Unknown(_)) => {
                    return Err(corrupt("nobody knew already"));
                }
                Outcome::Done => {
                    let reissued = Reissued::new(authorized, recorded.clone(), entry.at)
                        .ok_or_else(|| corrupt("a success with a failed check"))?;
                    return Ok((Stage::Reviewing(reissued), Step::Review));
                }
                Outcome::NotDone { .. } => Attempt::Failed(submission.attempt),
                Outcome::Unknown { .. } => Attempt::Unknown(submission),
            }
        }
        (Attempt::None | Attempt::Failed(_) | Attempt::Submitted(_), event) => {
            return ended(event, Step::Reissue).ok_or_else(|| corrupt("this can not follow"));
        }
        _ => return Err(corrupt("this can not follow")),
    };
    Ok((Stage::Reissuing(authorized, next), Step::Reissue))
}

/// Every entry is bound to all entries before it.
fn chain(before: Option<Digest>, entry: &Entry) -> Result<Digest, Corrupt> {
    let corrupt = |_| Corrupt { case: entry.case, seq: entry.seq, why: "the entry can not be written" };
    let mut bytes = before.map(|digest| digest.bytes().to_vec()).unwrap_or_default();
    bytes.extend(entry.bytes().map_err(corrupt)?);
    Ok(Digest::of(&bytes))
}
