//! The named invariants: what must be true of every history, whoever tried what. A watch follows a case entry by entry and works out for itself
//! what may follow; it shares no rule with the core. Random walks and the search of all states both use it. It decides nothing.

use keyward_core::{
    account::{Action, Class, Method, Strength},
    actor::Actor,
    case::{Case, Ending, Stage},
    digest::Digest,
    event::{EndReason, Entry, Event},
    ids::{FactorId, PersonId},
    policy::{Facts, Gate, Gated, Policy},
    steps::{
        authorize::Approval,
        classify::Classification,
        reissue::{CheckResult, Outcome, Recorded, Started, Submission},
        review::{Item, Status},
        verify::{Evidence, Source},
    },
    time::{HOUR_MS, MINUTE_MS, Timestamp},
};

pub type Held = Result<(), String>;

fn must(holds: bool, what: &str) -> Held {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// Where the one change stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Write {
    Nothing,
    HandedIn,
    Begun,
    Unknown,
    Refused,
    Done(Timestamp),
}

/// What a history adds up to, as far as an invariant asks.
#[derive(Clone, Debug)]
pub struct Watch {
    action: Action,
    opened: Timestamp,
    last: Timestamp,
    seq: u32,
    account: Option<Classification>,
    unmatched: bool,
    proofs: Vec<Evidence>,
    rejected: Vec<Method>,
    verified: Option<Timestamp>,
    hold: Option<Timestamp>,
    approvals: Vec<Approval>,
    permission: Option<(Timestamp, Class)>,
    attempt: u32,
    pub write: Write,
    pub contested: bool,
    pub replaced: bool,
    over: bool,
}

impl Watch {
    pub fn new(first: &Entry) -> Self {
        let Event::Opened(claim) = &first.event else { panic!("a case begins by being opened") };
        Self {
            action: claim.action,
            opened: first.at,
            last: first.at,
            seq: 1,
            account: None,
            unmatched: false,
            proofs: vec![],
            rejected: vec![],
            verified: None,
            hold: None,
            approvals: vec![],
            permission: None,
            attempt: 0,
            write: Write::Nothing,
            contested: false,
            replaced: false,
            over: false,
        }
    }

    /// One more entry, of a case whose digest was `before` until then.
    pub fn see(&mut self, entry: &Entry, before: Digest, policy: &Policy) -> Held {
        must(entry.seq == self.seq + 1, "an entry is left out")?;
        must(entry.at >= self.last, "time goes back")?;
        self.what_is_over_stays_over(entry)?;
        self.nothing_comes_late(entry)?;
        self.event(entry, before, policy)?;
        (self.seq, self.last) = (entry.seq, entry.at);
        Ok(())
    }

    fn event(&mut self, entry: &Entry, before: Digest, policy: &Policy) -> Held {
        match &entry.event {
            Event::Opened(_) => Err("opened twice".into()),
            Event::Noticed(_) => Ok(()),
            Event::Classified(account) => {
                must(self.account.is_none() && !self.unmatched, "classified twice, or without an account")?;
                self.account = Some(account.clone());
                Ok(())
            }
            Event::Unmatched { .. } => {
                must(self.account.is_none() && !self.unmatched, "unmatched once it was looked up")?;
                self.unmatched = true;
                Ok(())
            }
            Event::Presented(proof) => self.presented(proof, entry.at),
            Event::Rejected(rejection) => {
                self.rejected.push(rejection.method);
                must(self.permission.is_none(), "a proof was tried once the gate was open")?;
                must(self.rejected.iter().filter(|m| **m == rejection.method).count() <= 5, "tried too often")
            }
            Event::Verified(gate) => self.verified(gate, entry.at, policy),
            Event::Approved(yes) => self.approved(yes, before),
            Event::Held(hold) => {
                self.asked(Gate::Authorize, &hold.gate, entry.at, policy)?;
                must(!hold.gate.verdict.allowed && hold.until > entry.at, "held although it may go on")?;
                must(self.hold != Some(hold.until), "the same wait is written down again")?;
                self.hold = Some(hold.until);
                Ok(())
            }
            Event::Authorized { gate, until } => self.authorized(gate, *until, entry.at, policy),
            Event::Submitted(submission) => self.submitted(submission),
            Event::Reclassified(now) => self.reclassified(now),
            Event::Started(started) => self.started(*started, entry.at),
            Event::Recorded(recorded) => self.recorded(recorded, entry.at),
            Event::Reviewed(_) => self.reviewed(entry),
            Event::CodeReplaced { factor } => self.code_replaced(*factor, entry.at),
            Event::Ended { reason } => {
                must(!matches!(self.write, Write::Begun | Write::Unknown), "ended without the answer")?;
                must(!matches!(self.write, Write::Done(_)), "ended as if nothing had been changed")?;
                must(
                    *reason != EndReason::Expired || self.deadline().is_some_and(|end| entry.at >= end),
                    "ended early",
                )?;
                self.over = true;
                Ok(())
            }
            Event::Contested { .. } => {
                must(!self.contested, "contested twice")?;
                self.contested = true;
                self.over = self.over || !matches!(self.write, Write::Begun | Write::Unknown);
                Ok(())
            }
        }
    }

    fn what_is_over_stays_over(&self, entry: &Entry) -> Held {
        let late = entry.at.since_ms(self.last) > 72 * HOUR_MS;
        let follows = match entry.event {
            Event::Noticed(_) => true,
            Event::Contested { .. } => !late,
            Event::CodeReplaced { .. } => matches!(self.write, Write::Done(_)),
            _ => false,
        };
        must(!self.over || follows, "something followed the end")?;
        let answers = matches!(entry.event, Event::Noticed(_) | Event::Recorded(_));
        must(!self.contested || self.over || answers, "something but the answer followed not me")
    }

    /// Two gates and a window, each with its time.
    fn deadline(&self) -> Option<Timestamp> {
        match (self.write, self.permission, self.verified) {
            (Write::Begun | Write::Unknown | Write::Done(_), ..) => None,
            (_, Some((until, _)), _) => Some(until),
            (_, None, Some(verified)) => Some(match self.hold {
                Some(until) => until.plus_ms(24 * HOUR_MS),
                None => verified.plus_ms(4 * HOUR_MS),
            }),
            (_, None, None) => Some(self.opened.plus_ms(HOUR_MS)),
        }
    }

    fn nothing_comes_late(&self, entry: &Entry) -> Held {
        let always = matches!(entry.event, Event::Noticed(_) | Event::Ended { .. } | Event::Contested { .. });
        must(always || self.over || self.deadline().is_none_or(|end| entry.at < end), "something came late")
    }

    fn subject(&self) -> Option<PersonId> {
        self.account.as_ref().map(|account| account.subject)
    }

    fn presented(&mut self, proof: &Evidence, at: Timestamp) -> Held {
        must(self.subject() == Some(proof.subject), "a proof of somebody else")?;
        must(self.permission.is_none(), "a proof once the gate was open")?;
        must(self.proofs.iter().all(|had| had.id != proof.id), "one proof twice")?;
        let alive = |had: &&Evidence| had.method == proof.method && had.until > at;
        must(!self.proofs.iter().any(|had| alive(&had)), "two live proofs of one kind")?;
        must(
            self.proofs.len() < 8 && self.rejected.iter().filter(|m| **m == proof.method).count() < 5,
            "too many tries",
        )?;
        self.proofs.push(proof.clone());
        self.approvals.clear();
        Ok(())
    }

    /// What the gate was told is no more than the history shows, and it was the policy that answered.
    fn asked(&self, gate: Gate, gated: &Gated, at: Timestamp, policy: &Policy) -> Held {
        let Facts { class, action, proofs, approvals, waited_min, .. } = &gated.facts;
        let account = self.account.as_ref().ok_or("a gate was asked about nobody")?;
        must(*class == account.class && *action == self.action, "asked about another class or action")?;
        let from = self.verified.unwrap_or(at);
        let counts = |p: &&Evidence| {
            p.subject == account.subject
                && p.usable_from <= p.at
                && from < p.until
                && p.sources.iter().all(|source| !account.opens.contains(source))
        };
        let counting: Vec<&Evidence> = self.proofs.iter().filter(counts).collect();
        let named: Vec<Method> = proofs.methods.iter().copied().collect();
        must(
            stand_apart(&named, &counting, &mut vec![]),
            "counted proofs that are stale, foreign, new or of one source",
        )?;
        let strong = named.iter().filter(|method| method.strength() >= Strength::Strong).count();
        must((proofs.independent as usize, proofs.strong as usize) == (named.len(), strong), "miscounted proofs")?;
        must(approvals.people as usize == self.approvals.len(), "counted approvals that do not stand")?;
        must(approvals.groups <= approvals.people, "more groups than people")?;
        must(i64::from(*waited_min) == at.since_ms(from) / MINUTE_MS, "miscounted the wait")?;
        must(policy.ask(gate, &gated.facts) == gated.verdict, "the policy says something else")
    }

    fn verified(&mut self, gate: &Gated, at: Timestamp, policy: &Policy) -> Held {
        must(self.verified.is_none(), "verified twice")?;
        self.asked(Gate::Verify, gate, at, policy)?;
        must(gate.verdict.allowed && !self.proofs.is_empty(), "verified without a proof or a yes")?;
        self.verified = Some(at);
        Ok(())
    }

    fn approved(&mut self, yes: &Approval, before: Digest) -> Held {
        must(self.verified.is_some() && self.permission.is_none(), "approved at another step")?;
        must(Some(yes.by) != self.subject(), "approved by whoever asked")?;
        must(self.proofs.iter().all(|proof| proof.witness != Some(yes.by)), "approved by a witness")?;
        must(self.approvals.iter().all(|had| had.by != yes.by), "approved twice by one")?;
        must(yes.seen == before, "approved another state")?;
        self.approvals.push(yes.clone());
        Ok(())
    }

    fn authorized(&mut self, gate: &Gated, until: Timestamp, at: Timestamp, policy: &Policy) -> Held {
        must(self.verified.is_some(), "authorized before verified")?;
        must(self.permission.is_none(), "authorized twice")?;
        self.asked(Gate::Authorize, gate, at, policy)?;
        must(gate.verdict.allowed, "authorized by a no")?;
        must(until == at.plus_ms(30 * MINUTE_MS), "a permission of another length")?;
        self.permission = Some((until, gate.facts.class));
        Ok(())
    }

    fn submitted(&mut self, submission: &Submission) -> Held {
        must(self.permission.is_some(), "handed in without permission")?;
        must(matches!(self.write, Write::Nothing | Write::Refused), "a second secret beside a live one")?;
        must(submission.attempt == self.attempt + 1 && submission.attempt <= 3, "out of turn")?;
        let ended = submission.factor.map(|id| Source::Factor { id });
        let proves = |proof: &Evidence| ended.as_ref().is_some_and(|factor| proof.sources.contains(factor));
        must(!self.proofs.iter().any(proves), "what is ended was the proof")?;
        (self.attempt, self.write) = (submission.attempt, Write::HandedIn);
        Ok(())
    }

    fn started(&mut self, started: Started, at: Timestamp) -> Held {
        must(self.verified.is_some(), "started without the first gate")?;
        let (until, class) = self.permission.ok_or("started without the second gate")?;
        must(at < until, "started after the permission")?;
        must(started.class == class, "started as another class")?;
        must(self.write == Write::HandedIn && started.attempt == self.attempt, "started out of turn")?;
        self.write = Write::Begun;
        Ok(())
    }

    fn code_replaced(&mut self, factor: FactorId, now: Timestamp) -> Held {
        let Write::Done(at) = self.write else { return Err("a code was replaced before the change".into()) };
        must(!self.replaced && !self.contested, "a code was replaced twice, or after not me")?;
        must(now.since_ms(at) <= HOUR_MS, "a code was replaced late")?;
        let used =
            |p: &Evidence| p.method == Method::RecoveryCode && p.sources.contains(&Source::Factor { id: factor });
        must(self.proofs.iter().any(used), "a code was replaced that was no proof")?;
        self.replaced = true;
        Ok(())
    }

    fn reclassified(&mut self, now: &Classification) -> Held {
        must(self.subject() == Some(now.subject), "an account of somebody else")?;
        must(self.write == Write::HandedIn, "looked at again out of turn")?;
        must(self.account.as_ref().is_some_and(|before| before.class != now.class), "the same class again")?;
        self.account = Some(now.clone());
        (self.verified, self.permission, self.hold) = (None, None, None);
        (self.attempt, self.write) = (0, Write::Nothing);
        self.approvals.clear();
        Ok(())
    }

    fn recorded(&mut self, recorded: &Recorded, at: Timestamp) -> Held {
        must(matches!(self.write, Write::Begun | Write::Unknown), "an answer to nothing, or a second one")?;
        must(recorded.attempt == self.attempt, "an answer to another attempt")?;
        let unknown = matches!(recorded.outcome, Outcome::Unknown { .. });
        must(!(unknown && self.write == Write::Unknown), "unknown was said twice")?;
        self.write = match recorded.outcome {
            Outcome::Done => Write::Done(at),
            Outcome::NotDone { .. } => Write::Refused,
            Outcome::Unknown { .. } => Write::Unknown,
        };
        let failed = recorded.checks.iter().any(|check| check.result == CheckResult::Failed);
        must(!(failed && recorded.outcome == Outcome::Done), "half a success was called one")?;
        self.over = self.contested && !unknown;
        Ok(())
    }

    fn reviewed(&mut self, entry: &Entry) -> Held {
        let Event::Reviewed(review) = &entry.event else { return Ok(()) };
        must(matches!(self.write, Write::Done(_)), "reviewed before the change")?;
        let items = [Item::Change, Item::OldSecret, Item::Sessions, Item::Siblings, Item::Notices];
        must(review.findings.iter().map(|finding| finding.item).eq(items), "a review with open lines")?;
        let clear = review.findings.iter().all(|finding| finding.status != Status::Problem);
        let mild = self.account.as_ref().is_some_and(|account| account.class == Class::Standard);
        must(matches!(entry.by, Actor::Staff { .. }) || (clear && mild), "closed by Keyward alone")?;
        self.over = true;
        Ok(())
    }

    /// The case says the same as its history.
    pub fn agrees(&self, case: &Case) -> Held {
        let stage = case.stage();
        must(case.is_over() == self.over, "over, or not")?;
        must(case.seq() == self.seq && case.last_at() == self.last, "another number or time")?;
        must(case.deadline() == self.deadline().filter(|_| !self.over), "another deadline")?;
        must(case.classified().map(|c| c.classification()) == self.account.as_ref(), "another account")?;
        let fits = match stage {
            Stage::Classifying(_, unmatched) => unmatched.is_some() == self.unmatched && self.account.is_none(),
            Stage::Verifying(..) => self.verified.is_none() && self.permission.is_none() && self.account.is_some(),
            Stage::Authorizing(verified, approvals) => {
                Some(verified.at()) == self.verified && *approvals == self.approvals && self.permission.is_none()
            }
            Stage::Reissuing(authorized, _) => {
                self.permission.is_some_and(|(until, _)| until == authorized.until())
                    && authorized.approvals() == self.approvals
                    && !matches!(self.write, Write::Done(_))
            }
            Stage::Reviewing(reissued) => self.write == Write::Done(reissued.at()),
            Stage::Closed(Ending::Reviewed(reviewed)) => {
                self.write == Write::Done(reviewed.reissued().at()) && !self.contested
            }
            Stage::Closed(Ending::Ended(_)) => !self.contested,
            Stage::Closed(Ending::Contested { changed }) => {
                self.contested && *changed == matches!(self.write, Write::Done(_))
            }
        };
        must(fits, "another stage")?;
        must(case.is_over() || case.evidence() == self.proofs, "other proofs")
    }
}

/// Whether each of these methods has a proof of its own, none of which shares a source with another.
fn stand_apart<'a>(named: &[Method], counting: &[&'a Evidence], chosen: &mut Vec<&'a Evidence>) -> bool {
    let Some((method, rest)) = named.split_first() else { return true };
    counting.iter().filter(|proof| proof.method == *method).any(|proof| {
        let apart = chosen.iter().all(|other| other.sources.iter().all(|source| !proof.sources.contains(source)));
        chosen.push(proof);
        let found = apart && stand_apart(rest, counting, chosen);
        chosen.pop();
        found
    })
}
