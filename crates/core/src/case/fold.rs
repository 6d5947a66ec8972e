//! What did happen: an entry and the case give the next case, or the log is corrupt. The server and the offline verifier run this same fold.
//!
//! Whatever `decide` refuses is checked again here as far as a log can show it, so that a forged log does not replay: order of steps, deadlines, what
//! the gate said it saw, who approved, one answer per attempt, who reviewed.

use super::*;
use crate::steps::{
    authorize::{WINDOW_MS, may_approve},
    reissue::{MAX_ATTEMPTS, Outcome},
};

/// What follows, or why it can not have happened.
type Next<T> = Result<T, &'static str>;

impl Case {
    /// The case after its first entry.
    pub fn opened(entry: &Entry) -> Result<Self, Corrupt> {
        Self::first(entry).map_err(|why| Corrupt { case: entry.case, seq: entry.seq, why })
    }

    /// The case after one more entry.
    pub fn apply(self, entry: &Entry) -> Result<Self, Corrupt> {
        let case = self.id;
        self.followed_by(entry).map_err(|why| Corrupt { case, seq: entry.seq, why })
    }

    fn first(entry: &Entry) -> Next<Self> {
        let Event::Opened(claim) = &entry.event else {
            return Err("the first entry of a case opens it");
        };
        if entry.seq != 1 {
            return Err("the first entry of a case has number 1");
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

    fn followed_by(self, entry: &Entry) -> Next<Self> {
        if entry.case != self.id {
            return Err("the entry belongs to another case");
        }
        if entry.seq != self.seq.saturating_add(1) {
            return Err("an entry is missing or doubled");
        }
        if entry.at < self.last {
            return Err("time goes back");
        }
        let late = self.deadline().is_some_and(|deadline| entry.at >= deadline);
        match &entry.event {
            Event::Noticed(_) | Event::Contested { .. } => {}
            Event::Ended { reason: EndReason::Expired } if !late => return Err("time had not run out"),
            Event::Ended { .. } => {}
            _ if late => return Err("time had run out"),
            _ => {}
        }
        let digest = chain(Some(self.digest), entry)?;
        Ok(Self { seq: entry.seq, last: entry.at, digest, ..self.step(entry)? })
    }

    /// Routes an event to its stage.
    fn step(mut self, entry: &Entry) -> Next<Self> {
        match &entry.event {
            Event::Noticed(notice) => {
                self.notices.push(*notice);
                return Ok(self);
            }
            Event::CodeReplaced { factor } => {
                if !self.replaceable_code(entry.at).is_some_and(|proof| proof.is_from(*factor)) {
                    return Err("no code of that sheet is to be replaced");
                }
                self.code_replaced = true;
                return Ok(self);
            }
            Event::Rejected(rejection) => {
                let open = matches!(self.stage, Stage::Classifying(..) | Stage::Verifying(..) | Stage::Authorizing(..));
                if !open || self.rejections(rejection.method) >= MAX_REJECTIONS {
                    return Err("nothing was to be tried");
                }
                self.rejections.push(rejection.method);
                return Ok(self);
            }
            Event::Held(hold) => {
                if !matches!(self.stage, Stage::Authorizing(..)) {
                    return Err("only a verified case can wait");
                }
                self.saw(&hold.gate, entry.at)?;
                if hold.gate.verdict.allowed || hold.until <= entry.at {
                    return Err("a wait needs a shut gate and an end");
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
                return Err("it was contested already");
            }
            self.contested = true;
            return Ok(self);
        }
        self.stage = self.transition(entry)?;
        if let Stage::Verifying(classified, _) = &self.stage {
            self.known = Some(classified.clone());
        }
        self.reached = self.stage.step().unwrap_or(self.reached);
        if self.reached < Step::Authorize {
            self.hold = None;
        }
        if self.contested {
            self.stage = match self.stage {
                Stage::Reviewing(_) => contested(true),
                Stage::Reissuing(_, Attempt::Failed(_)) => contested(false),
                other => other,
            };
        }
        Ok(self)
    }

    fn transition(&self, entry: &Entry) -> Next<Stage> {
        match self.stage.clone() {
            Stage::Classifying(claim, matched) => classifying(claim, matched, entry),
            Stage::Verifying(classified, had) => self.verifying(classified, had, entry),
            Stage::Authorizing(verified, approvals) => self.authorizing(verified, approvals, entry),
            Stage::Reissuing(authorized, attempt) => reissuing(authorized, attempt, entry),
            Stage::Reviewing(reissued) => reviewing(reissued, entry),
            Stage::Closed(ending) => match (ending, &entry.event) {
                (_, Event::Contested { .. }) if entry.at.since_ms(self.last) > CONTEST_MS => {
                    Err("the case had been over for too long")
                }
                (Ending::Reviewed(_), Event::Contested { .. }) => Ok(contested(true)),
                (Ending::Ended(_), Event::Contested { .. }) => Ok(contested(false)),
                _ => Err("the case was over"),
            },
        }
    }

    fn verifying(&self, classified: Classified, mut had: Vec<Evidence>, entry: &Entry) -> Next<Stage> {
        match &entry.event {
            Event::Presented(new) => {
                self.takes(new, entry.at).map_err(|(_, why)| why)?;
                had.push(new.clone());
                Ok(Stage::Verifying(classified, had))
            }
            Event::Verified(gate) => {
                self.saw(gate, entry.at)?;
                let verified = Verified::new(classified, had, gate, entry.at);
                Ok(Stage::Authorizing(verified.ok_or("the identity was not proved")?, vec![]))
            }
            event => ended(event),
        }
    }

    fn authorizing(&self, verified: Verified, mut approvals: Vec<Approval>, entry: &Entry) -> Next<Stage> {
        match &entry.event {
            Event::Presented(new) => {
                self.takes(new, entry.at).map_err(|(_, why)| why)?;
                // The case is another than the one that was approved: every approval is void.
                Ok(Stage::Authorizing(verified.with(new.clone()), vec![]))
            }
            Event::Approved(approval) => {
                if !may_approve(&verified, &approvals, approval.by) || approval.seen != self.digest {
                    return Err("the approver is not independent, or saw another case");
                }
                approvals.push(approval.clone());
                Ok(Stage::Authorizing(verified, approvals))
            }
            Event::Authorized { gate, until } => {
                self.saw(gate, entry.at)?;
                if *until != entry.at.plus_ms(WINDOW_MS) {
                    return Err("the permission lasts longer than permissions do");
                }
                let authorized = Authorized::new(verified, approvals, gate.clone(), *until);
                Ok(Stage::Reissuing(authorized.ok_or("the permission does not hold")?, Attempt::None))
            }
            event => ended(event),
        }
    }

    /// Whether what the gate says it saw is what the log shows: proofs, approvals, class, action, door and waiting time.
    fn saw(&self, gate: &Gated, at: Timestamp) -> Next<()> {
        let seen = self.seen().ok_or("no gate was to be asked")?;
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
        let same = self.facts(seen, &around, at) == gate.facts;
        if same { Ok(()) } else { Err("the gate was asked about other facts than the log shows") }
    }
}

const fn contested(changed: bool) -> Stage {
    Stage::Closed(Ending::Contested { changed })
}

/// The two ways in which a case ends from any step before the change.
fn ended(event: &Event) -> Next<Stage> {
    match event {
        Event::Ended { reason } => Ok(Stage::Closed(Ending::Ended(*reason))),
        Event::Contested { .. } => Ok(contested(false)),
        _ => Err("this can not follow"),
    }
}

fn classifying(claim: Claim, matched: Option<Unmatched>, entry: &Entry) -> Next<Stage> {
    match (matched, &entry.event) {
        (None, Event::Classified(classification)) => {
            Ok(Stage::Verifying(Classified::new(claim, classification.clone()), vec![]))
        }
        (None, Event::Unmatched { reason }) => Ok(Stage::Classifying(claim, Some(*reason))),
        (_, event) => ended(event),
    }
}

fn reviewing(reissued: Reissued, entry: &Entry) -> Next<Stage> {
    match &entry.event {
        Event::Reviewed(review) => {
            let by_human = matches!(entry.by, Actor::Staff { .. } | Actor::Operator);
            let reviewed = Reviewed::new(reissued, review.clone(), by_human)
                .ok_or("the review has open lines, or a human had to do it")?;
            Ok(Stage::Closed(Ending::Reviewed(Box::new(reviewed))))
        }
        Event::Contested { .. } => Ok(contested(true)),
        _ => Err("this can not follow"),
    }
}

fn reissuing(authorized: Authorized, attempt: Attempt, entry: &Entry) -> Next<Stage> {
    let next = match (attempt, &entry.event) {
        (Attempt::None | Attempt::Failed(_), Event::Submitted(submission)) => {
            let last = if let Attempt::Failed(n) = attempt { n } else { 0 };
            if submission.attempt != last.saturating_add(1) || submission.attempt > MAX_ATTEMPTS {
                return Err("the attempt is out of turn");
            }
            if submission.proves_itself(&authorized) {
                return Err("what is to be ended was a proof");
            }
            Attempt::Submitted(*submission)
        }
        (Attempt::Submitted(submission), Event::Started(started)) => {
            let class = authorized.verified().classified().class();
            if started.attempt != submission.attempt || started.class != class {
                return Err("the start does not fit what was permitted");
            }
            Attempt::Running(submission)
        }
        (Attempt::Submitted(_), Event::Reclassified(now)) => {
            let (before, evidence) = authorized.reopen().reopen();
            if now.subject != before.subject() || now.class == before.class() {
                return Err("the account is of the same class, or of somebody else");
            }
            return Ok(Stage::Verifying(before.again(now.clone()), evidence));
        }
        (Attempt::Running(submission) | Attempt::Unknown(submission), Event::Recorded(recorded)) => {
            if recorded.attempt != submission.attempt {
                return Err("the answer belongs to another attempt");
            }
            match &recorded.outcome {
                Outcome::Unknown { .. } if matches!(attempt, Attempt::Unknown(_)) => {
                    return Err("nobody knew already");
                }
                Outcome::Done => {
                    let reissued = Reissued::new(authorized, recorded.clone(), entry.at);
                    return Ok(Stage::Reviewing(reissued.ok_or("a success with a failed check")?));
                }
                Outcome::NotDone { .. } => Attempt::Failed(submission.attempt),
                Outcome::Unknown { .. } => Attempt::Unknown(submission),
            }
        }
        (Attempt::None | Attempt::Failed(_) | Attempt::Submitted(_), event) => return ended(event),
        _ => return Err("this can not follow"),
    };
    Ok(Stage::Reissuing(authorized, next))
}

/// Every entry is bound to all entries before it.
fn chain(before: Option<Digest>, entry: &Entry) -> Next<Digest> {
    let mut bytes = before.map(|digest| digest.bytes().to_vec()).unwrap_or_default();
    bytes.extend(entry.bytes().map_err(|_| "the entry can not be written")?);
    Ok(Digest::of(&bytes))
}
