//! Short histories of cases, made with the core's own functions.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "not every program uses everything, and whatever fails here fails the test"
)]

use keyward::{
    ctx::Ctx,
    store::{Change, With},
};
use keyward_core::{
    account::{Action, Class},
    actor::Actor,
    case::Case,
    digest::{Disclosure, Field},
    event::{Claim, Door, EndReason, Entry, Event, Unmatched},
    ids::PersonId,
    steps::{
        classify::Classification,
        review::{Notice, NoticeAbout},
    },
    time::Timestamp,
};

/// A case on its way, with the entries that are not committed yet.
#[derive(Clone)]
pub struct Draft {
    pub ctx: Ctx,
    pub case: Case,
    pub committed: u32,
    pub new: Vec<Entry>,
    pub values: Vec<(Disclosure, Option<PersonId>)>,
}

impl Draft {
    /// Somebody asked for a new password for `name`.
    pub fn open(ctx: &Ctx, name: &str) -> Self {
        let at = ctx.now();
        let value = |field, value: &str| Disclosure { field, salt: ctx.salt(), value: value.to_owned() };
        let values = [value(Field::Name, name), value(Field::Network, "192.0.2.7"), value(Field::Browser, "a browser")];
        let [name, network, browser] = values.each_ref().map(Disclosure::commitment);
        let entry = Entry {
            v: keyward_core::event::VERSION,
            case: ctx.id(at),
            seq: 1,
            at,
            by: Actor::Requester,
            event: Event::Opened(Claim {
                reference: ctx.reference(),
                door: Door::Forgot,
                action: Action::SetPassword,
                name,
                network,
                browser,
                language: "en".to_owned(),
            }),
        };
        Self {
            ctx: ctx.clone(),
            case: Case::opened(&entry).unwrap(),
            committed: 0,
            new: vec![entry],
            values: values.map(|value| (value, None)).to_vec(),
        }
    }

    /// One more entry.
    pub fn then(mut self, event: Event) -> Self {
        let entry = self.case.entry(event, Actor::Keyward, self.ctx.now());
        self.case = self.case.apply(&entry).unwrap();
        self.new.push(entry);
        self
    }

    pub fn classified(mut self, subject: PersonId, class: Class) -> Self {
        let account = Disclosure { field: Field::Account, salt: self.ctx.salt(), value: format!("embedded/{subject}") };
        let event = Event::Classified(Classification {
            subject,
            account: account.commitment(),
            class,
            rule: "everybody".to_owned(),
            opens: vec![],
        });
        self.values.push((account, Some(subject)));
        self.then(event)
    }

    pub fn unmatched(self) -> Self {
        self.then(Event::Unmatched { reason: Unmatched::Unknown })
    }

    /// A notice, which a case takes at any time.
    pub fn noticed(mut self, address: &str) -> Self {
        let value = Disclosure { field: Field::Address, salt: self.ctx.salt(), value: address.to_owned() };
        let event =
            Event::Noticed(Notice { about: NoticeAbout::Started, address: value.commitment(), delivered: true });
        self.values.push((value, None));
        self.then(event)
    }

    pub fn withdrawn(self) -> Self {
        self.then(Event::Ended { reason: EndReason::Withdrawn })
    }

    /// The change that commits what is new.
    pub fn change(&self) -> Change {
        self.with(With::nothing())
    }
    /// The same, together with more.
    pub fn with(&self, with: With) -> Change {
        let values = self.values.iter().cloned();
        let with = values.fold(with, |with, (value, person)| with.value(value, person));
        Change::new(self.committed, self.new.clone(), &self.case, with)
    }

    /// After its commit.
    pub fn kept(mut self) -> Self {
        self.committed = self.case.seq();
        self.new.clear();
        self.values.clear();
        self
    }
}

/// The moment at which the tests' clocks start.
pub const START: Timestamp = Timestamp::from_millis(1_795_000_000_000);
