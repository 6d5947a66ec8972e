//! The world of the embedded directory: its table in memory.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use keyward::connectors::{
    Account, Directory, Owner,
    embedded::{Embedded, Rules},
};
use keyward_core::time::Timestamp;

use super::{
    table::{FastHasher, MemoryTable, TableFault, row},
    world::{DirectoryWorld, Expected, Like, Person, WireFault},
};

#[derive(Debug)]
pub struct EmbeddedWorld {
    pub table: Arc<MemoryTable>,
    directory: Embedded,
    made: AtomicU32,
}

impl EmbeddedWorld {
    pub fn new() -> Self {
        let table = Arc::new(MemoryTable::new(Vec::new()));
        Self { directory: over(&table), table, made: AtomicU32::new(0) }
    }
    /// Another connector on the same table.
    pub fn again(&self) -> Embedded {
        over(&self.table)
    }
}

fn over(table: &Arc<MemoryTable>) -> Embedded {
    let rules = Rules { failures: 5, ..Rules::default() };
    let table = Arc::clone(table);
    Embedded::new("corp".to_owned(), table, Arc::new(FastHasher::default()), rules)
}

#[async_trait]
impl DirectoryWorld for EmbeddedWorld {
    fn directory(&self) -> &dyn Directory {
        &self.directory
    }
    fn expected(&self) -> Expected {
        Expected {
            min_length: None,
            keeps_history: true,
            must_change: true,
            lock_after: 5,
            ends_sessions: true,
            has_domains: false,
            bound_as: "keyward",
            findings: &[],
        }
    }
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_171_324_000)
    }
    async fn person(&self, like: Like<'_>) -> Person {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let person = Person {
            name: if let Like::Named(name) = like { name.to_owned() } else { format!("p{number}.test") },
            mail: if let Like::WithMail(mail) = like {
                mail.to_owned()
            } else {
                format!("P{number}.Test@Keyward.test")
            },
            password: format!("Start-{number}-secret"),
        };
        let account = Account {
            id: format!("account-{number}"),
            name: person.name.clone(),
            display_name: "Test Person".to_owned(),
            mails: vec![person.mail.clone()],
            groups: Vec::new(),
            disabled: like == Like::Disabled,
            lock: None,
            must_change: false,
            changed_at: None,
            language: Some("de".to_owned()),
            owner: if like == Like::Machine { Owner::Machine } else { Owner::Person },
        };
        self.table.add(row(account, &person.password));
        person
    }
    async fn put_in_nested_groups(&self, person: &Person) -> Vec<String> {
        let groups = vec!["inner".to_owned(), "outer".to_owned()];
        self.table.change(&person.name, |row| row.account.groups = groups.clone());
        groups
    }
    async fn disable(&self, person: &Person) {
        self.table.change(&person.name, |row| row.account.disabled = true);
    }
    async fn is_disabled(&self, person: &Person) -> bool {
        self.table.row(&person.name).account.disabled
    }
    fn through(&self, fault: WireFault, _must_change: bool) -> Option<&dyn Directory> {
        self.table.set_fault(match fault {
            WireFault::Whole => TableFault::Ok,
            WireFault::AppliedThenLost => TableFault::WritesThenFails,
            WireFault::LostBefore => TableFault::FailsToWrite,
            WireFault::Lies => TableFault::Lies,
            WireFault::Down => TableFault::Down,
            // A table in the same process answers or fails.
            WireFault::AppliedThenSilent | WireFault::SilentBefore => return None,
        });
        Some(&self.directory)
    }
}
