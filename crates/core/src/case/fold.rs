//! What did happen: an entry and the case give the next case, or the log is corrupt. The server and the offline verifier run this same fold.
//!
//! Structure is checked again here, so that a forged log does not replay: order of steps, what the gate said it saw, who approved, one answer per attempt.

use super::*;
use crate::steps::{authorize::may_approve, reissue::Outcome};

impl Case {
    /// The case after its first entry.
    pub fn opened(entry: &Entry) -> Result<Self, Corrupt> {
        let corrupt = |why| Corrupt {
            case: entry.case,
            seq: entry.seq,
            why,
        };
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
            reached: Step::Classify,
            hold: None,
            notices: Vec::new(),
            rejections: Vec::new(),
            contested: false,
        })
    }

    /// The case after one more entry.
    pub fn apply(self, entry: &Entry) -> Result<Self, Corrupt> {
        let corrupt = |why| Corrupt {
            case: self.id,
            seq: entry.seq,
            why,
        };
        if entry.case != self.id {
            return Err(corrupt("the entry belongs to another case"));
        }
        if entry.seq != self.seq.saturating_add(1) {
            return Err(corrupt("an entry is missing or doubled"));
        }
        if entry.at < self.last {
            return Err(corrupt("time goes back"));
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
        let corrupt = |why| Corrupt {
            case: entry.case,
            seq: entry.seq,
            why,
        };
        match &entry.event {
            Event::Noticed(notice) => {
                self.notices.push(*notice);
                return Ok(self);
            }
            Event::Rejected(rejection) => {
                self.rejections.push(rejection.method);
                return Ok(self);
            }
            Event::Held(hold) => {
                let Stage::Authorizing(verified, _) = &self.stage else {
                    return Err(corrupt("only a verified case can wait"));
                };
                if hold.gate.verdict.allowed || hold.until <= verified.at() {
                    return Err(corrupt("a wait needs a shut gate and an end"));
                }
                self.hold = Some(hold.clone());
                return Ok(self);
            }
            _ => {}
        }
        let in_the_air = matches!(
            self.stage,
            Stage::Reissuing(_, Attempt::Running(_) | Attempt::Unknown(_))
        );
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
                Stage::Reissuing(_, Attempt::Failed(_)) => {
                    Stage::Closed(Ending::Contested { changed: false })
                }
                other => other,
            };
        }
        if reached < Step::Authorize {
            self.hold = None;
        }
        self.reached = reached;
        self.stage = stage;
        Ok(self)
    }

    fn transition(self, entry: &Entry) -> Result<(Stage, Step), Corrupt> {
        let corrupt = |why| Corrupt {
            case: entry.case,
            seq: entry.seq,
            why,
        };
        let reached = self.reached;
        Ok(match (self.stage.clone(), &entry.event) {
            (Stage::Classifying(claim, None), Event::Classified(classification)) => (
                Stage::Verifying(Classified::new(claim, classification.clone()), vec![]),
                Step::Verify,
            ),
            (Stage::Classifying(claim, None), Event::Unmatched { reason }) => {
                (Stage::Classifying(claim, Some(*reason)), Step::Classify)
            }
            (Stage::Verifying(classified, mut had), Event::Presented(new)) => {
                self.accepts(&classified, &had, new).map_err(corrupt)?;
                had.push(new.clone());
                (Stage::Verifying(classified, had), Step::Verify)
            }
            (Stage::Authorizing(verified, _), Event::Presented(new)) => {
                self.accepts(verified.classified(), verified.evidence(), new)
                    .map_err(corrupt)?;
                // The case is another than the one that was approved: every approval is void.
                (
                    Stage::Authorizing(verified.with(new.clone()), vec![]),
                    Step::Authorize,
                )
            }
            (Stage::Verifying(classified, had), Event::Verified(gate)) => {
                self.saw(gate, &classified, &had, &[], (None, entry.at))
                    .map_err(corrupt)?;
                let verified = Verified::new(classified, had, gate.clone(), entry.at)
                    .ok_or_else(|| corrupt("the identity was not proved"))?;
                (Stage::Authorizing(verified, vec![]), Step::Authorize)
            }
            (Stage::Authorizing(verified, mut approvals), Event::Approved(approval)) => {
                if !may_approve(&verified, approval.by) || approval.seen != self.digest {
                    return Err(corrupt(
                        "the approver is not independent, or saw another case",
                    ));
                }
                approvals.push(approval.clone());
                (Stage::Authorizing(verified, approvals), Step::Authorize)
            }
            (Stage::Authorizing(verified, approvals), Event::Authorized { gate, until }) => {
                let since = (Some(verified.at()), entry.at);
                self.saw(
                    gate,
                    verified.classified(),
                    verified.evidence(),
                    &approvals,
                    since,
                )
                .map_err(corrupt)?;
                let authorized = Authorized::new(verified, approvals, gate.clone(), *until)
                    .ok_or_else(|| corrupt("the permission does not hold"))?;
                (Stage::Reissuing(authorized, Attempt::None), Step::Reissue)
            }
            (Stage::Reissuing(authorized, attempt), event) => {
                return reissuing(authorized, attempt, event, entry);
            }
            (Stage::Reviewing(reissued), Event::Reviewed(review)) => {
                let reviewed = Reviewed::new(reissued, review.clone())
                    .ok_or_else(|| corrupt("the review has open lines"))?;
                (Stage::Closed(Ending::Reviewed(reviewed)), Step::Review)
            }
            (Stage::Reviewing(_) | Stage::Closed(Ending::Reviewed(_)), Event::Contested { .. }) => {
                (Stage::Closed(Ending::Contested { changed: true }), reached)
            }
            (Stage::Closed(Ending::Contested { .. }) | Stage::Reviewing(_), _) => {
                return Err(corrupt("the case was over"));
            }
            (_, Event::Contested { .. }) => {
                (Stage::Closed(Ending::Contested { changed: false }), reached)
            }
            (Stage::Closed(_), _) => return Err(corrupt("the case was over")),
            (_, Event::Ended { reason }) => (Stage::Closed(Ending::Ended(*reason)), reached),
            _ => return Err(corrupt("this can not follow")),
        })
    }

    /// What `decide` checks of a proof, as far as it can be told from the log.
    fn accepts(
        &self,
        classified: &Classified,
        had: &[Evidence],
        new: &Evidence,
    ) -> Result<(), &'static str> {
        if new.subject != classified.subject() {
            return Err("the proof shows somebody else");
        }
        if had.iter().any(|old| old.id == new.id) {
            return Err("the proof was used already");
        }
        if new.until <= new.at {
            return Err("the proof never counted");
        }
        Ok(())
    }

    /// Whether what the gate says it saw is what the log shows: proofs, approvals, class, action, door and waiting time.
    fn saw(
        &self,
        gate: &Gated,
        classified: &Classified,
        evidence: &[Evidence],
        approvals: &[Approval],
        when: (Option<Timestamp>, Timestamp),
    ) -> Result<(), &'static str> {
        let (verified_at, at) = when;
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
        let expected = self.facts(classified, evidence, approvals, (&around, verified_at, at));
        if expected == gate.facts {
            Ok(())
        } else {
            Err("the gate was asked about other facts than the log shows")
        }
    }
}

fn reissuing(
    authorized: Authorized,
    attempt: Attempt,
    event: &Event,
    entry: &Entry,
) -> Result<(Stage, Step), Corrupt> {
    let corrupt = |why| Corrupt {
        case: entry.case,
        seq: entry.seq,
        why,
    };
    let next = match (attempt, event) {
        (Attempt::None | Attempt::Failed(_), Event::Submitted(submission)) => {
            let last = if let Attempt::Failed(n) = attempt {
                n
            } else {
                0
            };
            if submission.attempt != last.saturating_add(1) || entry.at >= authorized.until() {
                return Err(corrupt("the attempt is out of turn or out of time"));
            }
            Attempt::Submitted(*submission)
        }
        (Attempt::Submitted(submission), Event::Started(started)) => {
            let class = authorized.verified().classified().class();
            if started.attempt != submission.attempt
                || started.class != class
                || entry.at >= authorized.until()
            {
                return Err(corrupt("the start does not fit what was permitted"));
            }
            Attempt::Running(submission)
        }
        (Attempt::Submitted(_), Event::Reclassified(now)) => {
            let (before, evidence) = authorized.reopen().reopen();
            if now.subject != before.subject() {
                return Err(corrupt("the account belongs to somebody else now"));
            }
            return Ok((
                Stage::Verifying(before.again(now.clone()), evidence),
                Step::Verify,
            ));
        }
        (
            Attempt::Running(submission) | Attempt::Unknown(submission),
            Event::Recorded(recorded),
        ) => {
            if recorded.attempt != submission.attempt {
                return Err(corrupt("the answer belongs to another attempt"));
            }
            match &recorded.outcome {
                Outcome::Done => {
                    let reissued = Reissued::new(authorized, recorded.clone(), entry.at)
                        .ok_or_else(|| corrupt("a success with a failed check"))?;
                    return Ok((Stage::Reviewing(reissued), Step::Review));
                }
                Outcome::NotDone { .. } => Attempt::Failed(submission.attempt),
                Outcome::Unknown { .. } => Attempt::Unknown(submission),
            }
        }
        (_, Event::Contested { .. }) => {
            return Ok((
                Stage::Closed(Ending::Contested { changed: false }),
                Step::Reissue,
            ));
        }
        (Attempt::None | Attempt::Failed(_) | Attempt::Submitted(_), Event::Ended { reason }) => {
            return Ok((Stage::Closed(Ending::Ended(*reason)), Step::Reissue));
        }
        _ => return Err(corrupt("this can not follow")),
    };
    Ok((Stage::Reissuing(authorized, next), Step::Reissue))
}

/// Every entry is bound to all entries before it.
fn chain(before: Option<Digest>, entry: &Entry) -> Result<Digest, Corrupt> {
    let corrupt = |_| Corrupt {
        case: entry.case,
        seq: entry.seq,
        why: "the entry can not be written",
    };
    let mut bytes = before
        .map(|digest| digest.bytes().to_vec())
        .unwrap_or_default();
    bytes.extend(entry.bytes().map_err(corrupt)?);
    Ok(Digest::of(&bytes))
}
