//! Permits for tests, by the only road there is: a case that passes its steps under the policy that ships.

use keyward::connectors::Account;
use keyward_core::{
    account::{AccountRef, Action, Class, Method},
    actor::Actor,
    case::{Case, Command, Surroundings},
    digest::{Commitment, Digest, Disclosure, Field, Salt},
    event::{Claim, Door, Entry, Event, VERSION},
    ids::{CaseId, EvidenceId, PersonId, Reference},
    ledger::{Durable, Ledger},
    policy::{BASELINE, Policy},
    risk::Risk,
    steps::{
        classify::Classification,
        reissue::Permit,
        verify::{Evidence, Source},
    },
    time::{MINUTE_MS, Timestamp},
};
use std::sync::{
    LazyLock,
    atomic::{AtomicU8, Ordering},
};

/// A log that forgets: the one implementation beside the store's, for tests alone.
struct Nowhere;
impl Ledger for Nowhere {}

static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::load(BASELINE).expect("the baseline policy loads"));
static CASES: AtomicU8 = AtomicU8::new(0);

/// A permit to do `action` to an account, from a case of the mildest class that showed a passkey.
pub fn permit(account: &AccountRef, action: Action, at: Timestamp) -> Permit {
    let number = CASES.fetch_add(1, Ordering::Relaxed);
    let id = CaseId::new(at, [number; 10]);
    let person = PersonId::new(at, [7; 10]);
    let disclosure = Disclosure { field: Field::Account, salt: Salt::new([4; 16]), value: account.to_string() };
    let opened =
        Entry { v: VERSION, case: id, seq: 1, at, by: Actor::Requester, event: Event::Opened(claim(action, number)) };
    let classification = Classification {
        subject: person,
        account: disclosure.commitment(),
        class: Class::Standard,
        rule: "test".to_owned(),
        opens: Vec::new(),
    };
    let evidence = Evidence {
        id: EvidenceId::new(at, [number; 10]),
        method: Method::Passkey,
        subject: person,
        sources: vec![Source::Device { tag: Digest::of(b"passkey") }],
        witness: None,
        at,
        until: at.plus_ms(10 * MINUTE_MS),
        usable_from: at,
    };
    let around =
        Surroundings { risk: Risk::default(), business_hours: true, next_business: None, enrolled_strong: true };
    let case = walk(
        &opened,
        [
            Command::Classify(classification.clone()),
            Command::Present(evidence, around),
            Command::Submit { sealed: Some(Digest::of(b"sealed")), factor: None },
            Command::Start(classification),
        ],
    );
    let started = keyward_core::steps::reissue::Started { attempt: 1, class: Class::Standard };
    let durable = Durable::seal((id, started), 0, &Nowhere);
    Permit::new(durable, &case, &disclosure, at).expect("a started case gives a permit")
}

/// The account of a directory as a case names it.
pub fn reference(directory: &str, account: &Account) -> AccountRef {
    AccountRef { directory: directory.to_owned(), id: account.id.clone() }
}

/// A case after some commands.
fn walk<const N: usize>(opened: &Entry, commands: [Command; N]) -> Case {
    let mut case = Case::opened(opened).expect("a case opens");
    for command in commands {
        let events = case.decide(command, &POLICY, opened.at).expect("the case goes on");
        for event in events {
            let entry = case.entry(event, Actor::Keyward, opened.at);
            case = case.apply(&entry).expect("the case goes on");
        }
    }
    case
}

fn claim(action: Action, number: u8) -> Claim {
    let salt = |n| Salt::new([n; 16]);
    Claim {
        reference: Reference::new([number; 7]),
        door: Door::Forgot,
        action,
        name: Commitment::to(Field::Name, salt(1), "ada"),
        network: Commitment::to(Field::Network, salt(2), "192.0.2.1"),
        browser: Commitment::to(Field::Browser, salt(3), "test"),
        language: "en".to_owned(),
    }
}
