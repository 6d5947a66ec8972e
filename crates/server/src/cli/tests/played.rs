//! Cases for tests: played by the core's own rules, with their personal values.

use keyward_core::{
    account::{Action, Class, Method},
    actor::Actor,
    case::{Case, Command, Surroundings},
    digest::{Commitment, Digest, Disclosure, Field},
    event::{Claim, Door, EndReason, Entry, Event, Unmatched, VERSION},
    ids::{EvidenceId, PersonId},
    policy::{BASELINE, Policy},
    risk::Risk,
    steps::{
        authorize::Approval,
        classify::Classification,
        reissue::{Check, CheckKind, CheckResult, Outcome, Recorded},
        review::{Finding, Item, Notice, NoticeAbout, Review, Status},
        verify::{Evidence, RejectionReason, Source},
    },
    time::{DAY_MS, MINUTE_MS, SECOND_MS, Timestamp},
};

use crate::ctx::Ctx;

/// A case, its entries, its values, and the moment at which the next thing happens.
pub struct Played {
    pub ctx: Ctx,
    pub case: Case,
    pub entries: Vec<Entry>,
    pub values: Vec<Disclosure>,
    pub at: Timestamp,
    subject: PersonId,
    policy: Policy,
}

fn committed(ctx: &Ctx, values: &mut Vec<Disclosure>, field: Field, value: &str) -> Commitment {
    let disclosure = Disclosure { field, salt: ctx.salt(), value: value.to_owned() };
    values.push(disclosure.clone());
    disclosure.commitment()
}

pub fn calm() -> Surroundings {
    Surroundings { risk: Risk::default(), business_hours: true, next_business: None, enrolled_strong: true }
}

impl Played {
    /// Somebody asked for a new password for `name`.
    pub fn open(ctx: &Ctx, name: &str) -> Self {
        let at = ctx.now();
        let mut values = Vec::new();
        let claim = Claim {
            reference: ctx.reference(),
            door: Door::Forgot,
            action: Action::SetPassword,
            name: committed(ctx, &mut values, Field::Name, name),
            network: committed(ctx, &mut values, Field::Network, "192.0.2.7"),
            browser: committed(ctx, &mut values, Field::Browser, "Firefox"),
            language: "en".to_owned(),
        };
        let event = Event::Opened(claim);
        let entry = Entry { v: VERSION, case: ctx.id(at), seq: 1, at, by: Actor::Requester, event };
        Self {
            ctx: ctx.clone(),
            case: Case::opened(&entry).unwrap(),
            entries: vec![entry],
            values,
            at,
            subject: ctx.id(at),
            policy: Policy::load(BASELINE).unwrap(),
        }
    }

    /// What a command comes to, seven seconds after the one before.
    pub fn act(mut self, command: Command) -> Self {
        self.at = self.at.plus_ms(7 * SECOND_MS);
        for event in self.case.decide(command, &self.policy, self.at).unwrap() {
            let by = match &event {
                Event::Presented(_) => Actor::Requester,
                Event::Approved(approval) => Actor::Staff { id: approval.by },
                _ => Actor::Keyward,
            };
            let entry = self.case.entry(event, by, self.at);
            self.case = self.case.apply(&entry).unwrap();
            self.entries.push(entry);
        }
        self
    }

    fn classification(&mut self, class: Class) -> Classification {
        let account = match self.case.classified() {
            Some(known) => known.classification().account,
            None => committed(&self.ctx, &mut self.values, Field::Account, "embedded/0190"),
        };
        let opens = vec![Source::Password { directory: "embedded".into() }];
        Classification { subject: self.subject, account, class, rule: "cn=staff".into(), opens }
    }

    pub fn classified(mut self, class: Class) -> Self {
        let classification = self.classification(class);
        self.act(Command::Classify(classification))
    }

    pub fn unmatched(self) -> Self {
        self.act(Command::Unmatch(Unmatched::Unknown))
    }

    pub fn proved(self, method: Method) -> Self {
        let at = self.at.plus_ms(7 * SECOND_MS);
        let evidence = Evidence {
            id: EvidenceId::new(at, self.ctx.bytes()),
            method,
            subject: self.subject,
            sources: vec![Source::Device { tag: Digest::of(method.word().as_bytes()) }],
            witness: None,
            at,
            until: at.plus_ms(15 * MINUTE_MS),
            usable_from: at.plus_ms(-DAY_MS),
        };
        self.act(Command::Present(evidence, calm()))
    }

    pub fn rejected(self, method: Method) -> Self {
        self.act(Command::Reject(method, RejectionReason::Mismatch))
    }

    pub fn approved(self, group: &str) -> Self {
        let (by, seen) = (self.ctx.id(self.at), self.case.digest());
        let approval = Approval { by, groups: vec![group.to_owned()], at: self.at, seen };
        self.act(Command::Approve(approval, calm()))
    }

    pub fn changed(mut self) -> Self {
        let class = self.case.class().unwrap();
        let classification = self.classification(class);
        let check = |what, result| Check { what, result };
        let checks = vec![
            check(CheckKind::Write, CheckResult::Done),
            check(CheckKind::NewOpens, CheckResult::Done),
            check(CheckKind::SessionsEnded, CheckResult::Unsupported),
        ];
        let address = committed(&self.ctx, &mut self.values, Field::Address, "ada@example.org");
        let notice = Notice { about: NoticeAbout::Done, address, delivered: true };
        self.act(Command::Submit { sealed: Some(Digest::of(b"sealed")), factor: None })
            .act(Command::Start(classification))
            .act(Command::Record(Recorded { attempt: 1, outcome: Outcome::Done, checks }))
            .act(Command::Notice(notice))
    }

    pub fn reviewed(self) -> Self {
        let items = [Item::Change, Item::OldSecret, Item::Sessions, Item::Siblings, Item::Notices];
        let findings = items.map(|item| Finding { item, status: Status::Clear }).into();
        self.act(Command::Review { review: Review { findings }, by_human: true })
    }

    pub fn withdrawn(self) -> Self {
        self.act(Command::End(EndReason::Withdrawn))
    }

    /// A standard account, recovered with a passkey after a wrong code, and reviewed.
    pub fn done(ctx: &Ctx, name: &str) -> Self {
        let open = Self::open(ctx, name).classified(Class::Standard);
        open.rejected(Method::Totp).proved(Method::Passkey).changed().reviewed()
    }
}
