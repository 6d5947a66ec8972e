//! People, proofs and surroundings for the tests of the core.

use keyward_core::{
    account::{Action, Class, Method},
    actor::Actor,
    case::{Case, Command, Surroundings},
    digest::{Commitment, Digest, Disclosure, Field, Salt},
    event::{Claim, Door, Entry, Event, VERSION},
    ids::{CaseId, EvidenceId, FactorId, PersonId, Reference},
    policy::{BASELINE, Policy},
    risk::Risk,
    steps::{
        authorize::Approval,
        classify::Classification,
        reissue::{Check, CheckKind, CheckResult, Outcome, Recorded},
        verify::{Evidence, Source},
    },
    time::{DAY_MS, MINUTE_MS, Timestamp},
};

use crate::invariants::Watch;

pub const START: Timestamp = Timestamp::from_millis(1_795_183_333_005);

pub fn policy() -> Policy {
    Policy::load(BASELINE).unwrap()
}

pub fn person(n: u8) -> PersonId {
    PersonId::new(START, [n; 10])
}

pub fn case_id() -> CaseId {
    CaseId::new(START, [1; 10])
}

pub fn disclosed(field: Field, value: &str) -> Disclosure {
    Disclosure { field, salt: Salt::new([9; 16]), value: value.to_owned() }
}

pub fn commitment(field: Field, value: &str) -> Commitment {
    disclosed(field, value).commitment()
}

pub fn claim(action: Action, door: Door) -> Claim {
    Claim {
        reference: Reference::new([1, 2, 3, 4, 5, 6, 7]),
        door,
        action,
        name: commitment(Field::Name, "ada"),
        network: commitment(Field::Network, "192.0.2.7"),
        browser: commitment(Field::Browser, "Firefox"),
        language: "en".into(),
    }
}

pub fn first(event: Event) -> Entry {
    Entry { v: VERSION, case: case_id(), seq: 1, at: START, by: Actor::Requester, event }
}

pub fn opened(action: Action) -> Entry {
    first(Event::Opened(claim(action, Door::Forgot)))
}

pub fn classification(class: Class) -> Classification {
    Classification {
        subject: person(1),
        account: commitment(Field::Account, "embedded/0190"),
        class,
        rule: "group:staff".into(),
        opens: vec![Source::Password { directory: "embedded".into() }],
    }
}

pub fn tag(n: u8) -> Digest {
    Digest::of(&[n])
}

/// The sheet of the recovery codes.
pub fn sheet() -> FactorId {
    FactorId::new(START, [55; 10])
}

/// A sound proof of a kind by person 1, with a source of its own.
pub fn evidence(method: Method, n: u8, at: Timestamp) -> Evidence {
    let index = u8::try_from(Method::ALL.iter().position(|m| *m == method).unwrap()).unwrap();
    Evidence {
        id: EvidenceId::new(at, [n; 10]),
        method,
        subject: person(1),
        sources: match method {
            Method::RecoveryCode => vec![Source::Factor { id: sheet() }],
            _ => vec![Source::Device { tag: tag(100 + index) }],
        },
        witness: (method == Method::InPerson).then(|| person(7)),
        at,
        until: at.plus_ms(15 * MINUTE_MS),
        usable_from: at.plus_ms(-DAY_MS),
    }
}

pub fn calm() -> Surroundings {
    Surroundings { risk: Risk::default(), business_hours: true, next_business: None, enrolled_strong: true }
}

pub fn approval(by: u8, groups: &[&str], seen: &Case, at: Timestamp) -> Approval {
    Approval { by: person(by), groups: groups.iter().map(|g| (*g).to_owned()).collect(), at, seen: seen.digest() }
}

pub fn recorded(attempt: u32, outcome: Outcome) -> Recorded {
    Recorded {
        attempt,
        outcome,
        checks: vec![
            Check { what: CheckKind::Write, result: CheckResult::Done },
            Check { what: CheckKind::ReadBack, result: CheckResult::Done },
            Check { what: CheckKind::OldRefused, result: CheckResult::Unsupported },
        ],
    }
}

pub fn policy_once() -> &'static Policy {
    static POLICY: std::sync::LazyLock<Policy> = std::sync::LazyLock::new(policy);
    &POLICY
}

/// Whose act a command is, as far as an entry tells.
pub const fn actor(command: &Command, staff: PersonId) -> Actor {
    match command {
        Command::Review { by_human: true, .. } => Actor::Staff { id: staff },
        _ => Actor::Keyward,
    }
}

/// A case and its entries so far; `act` decides and applies, as the server does, and every entry has to keep the named invariants.
pub struct Played {
    pub case: Case,
    pub entries: Vec<Entry>,
    watch: Watch,
}

impl Played {
    pub fn open(action: Action) -> Self {
        let entry = opened(action);
        Self { case: Case::opened(&entry).unwrap(), watch: Watch::new(&entry), entries: vec![entry] }
    }

    pub fn act(
        &mut self,
        command: Command,
        policy: &Policy,
        at: Timestamp,
    ) -> Result<usize, keyward_core::case::Refusal> {
        let by = actor(&command, person(8));
        let events = self.case.decide(command, policy, at)?;
        let count = events.len();
        for event in events {
            let entry = self.case.entry(event, by, at);
            let stored = Entry::parse(&entry.bytes().unwrap()).unwrap();
            self.watch.see(&stored, self.case.digest(), policy).unwrap();
            self.case = self.case.clone().apply(&stored).expect("decide proposes only what apply accepts");
            self.entries.push(stored);
        }
        self.watch.agrees(&self.case).unwrap();
        Ok(count)
    }
}

/// Whether the long form was asked for.
#[expect(clippy::disallowed_methods, reason = "which form of a test runs is said by the environment")]
pub fn campaign() -> bool {
    std::env::var("KEYWARD_CAMPAIGN").is_ok_and(|value| value == "1")
}
