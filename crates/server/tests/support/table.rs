//! A table of accounts in memory, and a hasher that is fast and safe for nothing but tests.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use keyward::connectors::{
    Account, AccountName, Lock,
    embedded::{
        AccountRow, AccountTable, HasherError, NewCredential, PasswordHasher, StoredHash, Swap, TableError, Try,
    },
};
use keyward_core::{digest::Digest, secret::SecretText, time::Timestamp};

/// What the table does when it is asked to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFault {
    Ok,
    /// Nothing works.
    Down,
    /// The write is made, and the answer is an error.
    WritesThenFails,
    /// A password is not set, and the answer is yes.
    Lies,
    /// The write is not made, and the answer is an error.
    FailsToWrite,
}

#[derive(Debug)]
pub struct MemoryTable {
    rows: Mutex<Vec<AccountRow>>,
    fault: Mutex<TableFault>,
}

impl MemoryTable {
    pub fn new(rows: Vec<AccountRow>) -> Self {
        Self { rows: Mutex::new(rows), fault: Mutex::new(TableFault::Ok) }
    }
    pub fn add(&self, row: AccountRow) {
        self.rows().push(row);
    }
    pub fn set_fault(&self, fault: TableFault) {
        *self.fault.lock().unwrap() = fault;
    }
    pub fn change(&self, name: &str, change: impl FnOnce(&mut AccountRow)) {
        let mut rows = self.rows();
        change(rows.iter_mut().find(|row| row.account.name == name).expect("the account"));
    }
    pub fn row(&self, name: &str) -> AccountRow {
        self.rows().iter().find(|row| row.account.name == name).expect("the account").clone()
    }
    fn rows(&self) -> MutexGuard<'_, Vec<AccountRow>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn answer<T>(&self, writes: bool, work: impl FnOnce(&mut Vec<AccountRow>) -> T) -> Result<T, TableError> {
        let fault = *self.fault.lock().unwrap();
        if fault == TableFault::Down || (writes && fault == TableFault::FailsToWrite) {
            return Err(TableError("down".into()));
        }
        let answer = work(&mut self.rows());
        if writes && fault == TableFault::WritesThenFails {
            return Err(TableError("the answer was lost".into()));
        }
        Ok(answer)
    }
}

/// A row with a password.
pub fn row(account: Account, password: &str) -> AccountRow {
    AccountRow {
        cred_id: format!("first-{}", account.id),
        hash: Some(StoredHash(hash_of(password, 0))),
        history: Vec::new(),
        failures: 0,
        account,
    }
}

#[async_trait]
impl AccountTable for MemoryTable {
    async fn by_name(&self, name: &AccountName) -> Result<Vec<AccountRow>, TableError> {
        self.answer(false, |rows| {
            let has = |account: &Account| name.is(&account.name) || account.mails.iter().any(|mail| name.is(mail));
            rows.iter().filter(|row| has(&row.account)).cloned().collect()
        })
    }
    async fn by_id(&self, id: &str) -> Result<Option<AccountRow>, TableError> {
        self.answer(false, |rows| rows.iter().find(|row| row.account.id == id).cloned())
    }
    async fn set_password(&self, id: &str, new: &NewCredential) -> Result<Swap, TableError> {
        self.answer(true, |rows| {
            let Some(row) = rows.iter_mut().find(|row| row.account.id == id) else {
                return Swap::NoAccount;
            };
            if row.cred_id != new.replaces {
                return Swap::Stale;
            }
            if row.account.disabled {
                return Swap::Disabled;
            }
            if *self.fault.lock().unwrap() == TableFault::Lies {
                return Swap::Done;
            }
            row.history.splice(0..0, row.hash.take());
            row.history.truncate(new.keep);
            row.hash = Some(new.hash.clone());
            row.cred_id = new.cred_id.clone();
            row.failures = 0;
            row.account.lock = None;
            row.account.must_change = new.must_change;
            row.account.changed_at = Some(new.at);
            Swap::Done
        })
    }
    async fn count_try(&self, id: &str, counted: &Try) -> Result<bool, TableError> {
        self.answer(false, |rows| {
            let Some(row) = rows.iter_mut().find(|row| row.account.id == id) else {
                return false;
            };
            if row.cred_id != counted.cred_id || row.account.is_locked(counted.at) {
                return false;
            }
            row.failures = if row.account.lock.take().is_some() { 1 } else { row.failures + 1 };
            if row.failures >= counted.limit {
                row.account.lock = Some(counted.lock);
            }
            true
        })
    }
    async fn clear_failures(&self, id: &str, cred_id: &str) -> Result<(), TableError> {
        self.answer(false, |rows| {
            let here = |row: &&mut AccountRow| row.account.id == id && row.cred_id == cred_id;
            if let Some(row) = rows.iter_mut().find(here) {
                row.failures = 0;
                row.account.lock = None;
            }
        })
    }
    async fn unlock(&self, id: &str) -> Result<bool, TableError> {
        self.answer(true, |rows| {
            let here = |row: &&mut AccountRow| row.account.id == id && !row.account.disabled;
            let Some(row) = rows.iter_mut().find(here) else {
                return false;
            };
            row.failures = 0;
            row.account.lock = None;
            true
        })
    }
}

/// A digest with a salt that counts.
#[derive(Debug, Default)]
pub struct FastHasher(AtomicU32);

fn hash_of(password: &str, salt: u32) -> String {
    format!("$test${salt}${}", Digest::of(format!("{salt} {password}").as_bytes()))
}

#[async_trait]
impl PasswordHasher for FastHasher {
    async fn hash(&self, password: &SecretText) -> Result<String, HasherError> {
        let salt = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(hash_of(password.expose(), salt))
    }
    async fn verify(&self, password: &SecretText, stored: Option<&str>) -> Result<bool, HasherError> {
        let Some(stored) = stored else {
            return Ok(false);
        };
        let salt = stored.split('$').nth(2).and_then(|salt| salt.parse().ok());
        let salt: u32 = salt.ok_or_else(|| HasherError("not a hash of this hasher".into()))?;
        Ok(stored == hash_of(password.expose(), salt))
    }
}

/// A lock for a test.
pub const fn until(at: Timestamp) -> Option<Lock> {
    Some(Lock::Until(at))
}
