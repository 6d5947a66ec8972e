//! Keyward's own small directory. It passes the same suite as the others and has the same rules: a permit for each change, proof after it.
//!
//! It names no database and no hash function: [`AccountTable`] and [`PasswordHasher`] are handed in. Sign-in failures lock an account;
//! failures of a recovery never do (the store's limits are for those). A new password is a new `cred_id`, and sessions that name another are over (R43).

use std::sync::Arc;

use async_trait::async_trait;
use keyward_core::{
    account::{AccountRef, Action},
    digest::Digest,
    secret::SecretText,
    steps::reissue::{CheckKind, CheckResult, Permit},
    time::{MINUTE_MS, Timestamp},
};

use super::{
    Abilities, Account, AccountName, Applied, AttemptFacts, Capabilities, ConnectorError, Directory, Fact, Found, Kind,
    Lock, NewPassword, NotDone, Protection, SignIn, Unknown, check, permits, shown, surely_wrong,
};

/// How it is listed.
pub const KIND: Kind = Kind { word: "embedded", about: "Keyward's own small directory, in its own database." };

/// The rules of the embedded directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Wrong passwords in a row until the account is locked. 0 never locks.
    pub failures: u32,
    /// How long a lock lasts.
    pub lock_ms: i64,
    /// How many passwords are remembered, the present one among them. Each costs a hash.
    pub history: usize,
}

impl Default for Rules {
    /// Ten tries, fifteen minutes, four passwords (PCI DSS 8.3.4 and 8.3.7).
    fn default() -> Self {
        Self { failures: 10, lock_ms: 15 * MINUTE_MS, history: 4 }
    }
}

/// An account as the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// The account without what is below. Its lock is as stored.
    pub account: Account,
    /// Names the present password; every new one has another (R43). A table that has no name of its own for it uses [`cred_id`].
    pub cred_id: String,
    /// PHC string of the present password. None: no password opens it.
    pub hash: Option<StoredHash>,
    /// PHC strings of earlier passwords, newest first.
    pub history: Vec<StoredHash>,
    /// Wrong passwords since the last right one.
    pub failures: u32,
}

/// A password hash. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredHash(pub String);

impl std::fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hash]")
    }
}

/// A new password for a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCredential {
    /// The `cred_id` it replaces. Another one in the row means that somebody was faster.
    pub replaces: String,
    /// Its own.
    pub cred_id: String,
    /// PHC string.
    pub hash: StoredHash,
    /// How many earlier hashes the row keeps.
    pub keep: usize,
    /// Another password must be chosen at the next sign-in.
    pub must_change: bool,
    /// When.
    pub at: Timestamp,
}

/// One try of a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// The password that is tried.
    pub cred_id: String,
    /// How many wrong ones in a row lock.
    pub limit: u32,
    /// When.
    pub at: Timestamp,
    /// The lock that is set at the limit.
    pub lock: Lock,
}

/// What came of a compare-and-set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swap {
    /// It is set; failures and lock are cleared.
    Done,
    /// The row has another `cred_id`.
    Stale,
    /// The account is disabled, and nothing was changed.
    Disabled,
    /// There is no such account.
    NoAccount,
}

/// The table did not answer. Whether a write took effect is not known.
#[derive(Debug, thiserror::Error)]
#[error("the table of accounts did not answer")]
pub struct TableError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// The accounts, as the store keeps them. Each method is one transaction; those that write are one conditional statement each.
#[async_trait]
pub trait AccountTable: std::fmt::Debug + Send + Sync {
    /// Every account that has this name or mail address, in canonical form ([`AccountName`]).
    async fn by_name(&self, name: &AccountName) -> Result<Vec<AccountRow>, TableError>;
    /// The account with this id.
    async fn by_id(&self, id: &str) -> Result<Option<AccountRow>, TableError>;
    /// Sets the password if the row still has `replaces` and is not disabled: pushes the present hash onto the history and cuts that to `keep`,
    /// sets `must_change` and the time of the change, clears failures and lock.
    async fn set_password(&self, id: &str, new: &NewCredential) -> Result<Swap, TableError>;
    /// Counts a try, before it is compared, so that a thousand at once are still counted one by one. False, and nothing counted, if the row is locked
    /// at that time or has another `cred_id`. A lock that has ended starts the count anew; the try that reaches the limit sets the lock.
    async fn count_try(&self, id: &str, counted: &Try) -> Result<bool, TableError>;
    /// Clears count and lock after a right password, if the row still has `cred_id`.
    async fn clear_failures(&self, id: &str, cred_id: &str) -> Result<(), TableError>;
    /// Lifts the lock and clears the count. False if there is no such account, or it is disabled.
    async fn unlock(&self, id: &str) -> Result<bool, TableError>;
}

/// The hasher did not answer.
#[derive(Debug, thiserror::Error)]
#[error("hashing a password")]
pub struct HasherError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Slow hashes of passwords.
#[async_trait]
pub trait PasswordHasher: std::fmt::Debug + Send + Sync {
    /// The PHC string to store, with a fresh salt.
    async fn hash(&self, password: &SecretText) -> Result<String, HasherError>;
    /// Whether it is the password. For `None` the same work is done and the answer is no.
    async fn verify(&self, password: &SecretText, stored: Option<&str>) -> Result<bool, HasherError>;
}

/// The directory.
#[derive(Debug)]
pub struct Embedded {
    name: String,
    table: Arc<dyn AccountTable>,
    hasher: Arc<dyn PasswordHasher>,
    rules: Rules,
}

impl Embedded {
    /// Under its name in the configuration.
    pub fn new(name: String, table: Arc<dyn AccountTable>, hasher: Arc<dyn PasswordHasher>, rules: Rules) -> Self {
        Self { name, table, hasher, rules }
    }

    fn unavailable(&self, what: &dyn std::fmt::Display) -> ConnectorError {
        ConnectorError::Unavailable { directory: self.name.clone(), what: what.to_string() }
    }

    async fn opens(&self, password: &SecretText, row: &AccountRow) -> Result<bool, HasherError> {
        let stored = row.hash.as_ref().map(|hash| hash.0.as_str());
        self.hasher.verify(password, stored).await
    }

    /// Whether the password is the present one or one that is remembered. Compares with all, so that time does not tell which.
    async fn was_used(&self, new: &SecretText, row: &AccountRow) -> Result<bool, HasherError> {
        let mut used = false;
        for hash in row.hash.iter().chain(&row.history).take(self.rules.history) {
            used |= self.hasher.verify(new, Some(&hash.0)).await?;
        }
        Ok(used)
    }

    /// Everything up to and including the write. `Err` is an answer too.
    async fn write(&self, permit: &Permit, password: &NewPassword<'_>) -> Result<NewCredential, Applied> {
        let no = |reason| Err(Applied::not_done(reason));
        let unavailable = || Applied::not_done(NotDone::Unavailable);
        if let Err(reason) = permits(permit, &self.name, Action::SetPassword) {
            return no(reason);
        }
        let id = permit.account().id.as_str();
        let row = self.table.by_id(id).await.map_err(|_| unavailable())?;
        let Some(row) = row else {
            return no(NotDone::NoSuchAccount);
        };
        if row.account.disabled {
            return no(NotDone::Disabled);
        }
        if let Some(old) = password.old
            && !self.opens(old, &row).await.map_err(|_| unavailable())?
        {
            return no(NotDone::MustSupplyOld);
        }
        if password.new.expose().is_empty() {
            return no(NotDone::TooShort);
        }
        let used = self.was_used(password.new, &row).await;
        if used.map_err(|_| unavailable())? {
            return no(NotDone::InHistory);
        }
        let hash = self.hasher.hash(password.new).await;
        let hash = hash.map_err(|_| unavailable())?;
        let new = NewCredential {
            replaces: row.cred_id,
            cred_id: cred_id(Some(&hash)),
            hash: StoredHash(hash),
            keep: self.rules.history.saturating_sub(1),
            must_change: password.must_change,
            at: password.at,
        };
        match self.table.set_password(id, &new).await {
            Ok(Swap::Done) => Ok(new),
            Ok(Swap::Stale) => no(NotDone::Changed),
            Ok(Swap::Disabled) => no(NotDone::Disabled),
            Ok(Swap::NoAccount) => no(NotDone::NoSuchAccount),
            Err(_) => Err(Applied::unknown(Unknown::ConnectionLost)),
        }
    }

    /// What can be seen after the write.
    async fn prove(
        &self,
        id: &str,
        written: &NewCredential,
        password: &NewPassword<'_>,
    ) -> Vec<keyward_core::steps::reissue::Check> {
        let mut checks = vec![check(CheckKind::Write, CheckResult::Done)];
        let Ok(Some(row)) = self.table.by_id(id).await else {
            checks.push(check(CheckKind::ReadBack, CheckResult::Unverified));
            return checks;
        };
        let same = row.cred_id == written.cred_id && row.account.changed_at == Some(written.at);
        checks.push(check(CheckKind::ReadBack, shown(same)));
        let result = |answer: Result<bool, HasherError>, wanted: bool| match answer {
            Ok(opens) => shown(opens == wanted),
            Err(_) => CheckResult::Unverified,
        };
        let old = match password.old {
            Some(old) => result(self.opens(old, &row).await, false),
            // The new password was compared with the present one before the write: they differ, and the row holds the hash of the new one alone.
            None if self.rules.history > 0 => shown(same),
            None => result(self.opens(&surely_wrong(&written.cred_id), &row).await, false),
        };
        checks.push(check(CheckKind::OldRefused, old));
        let new = result(self.opens(password.new, &row).await, true);
        checks.push(check(CheckKind::NewOpens, new));
        if password.must_change {
            checks.push(check(CheckKind::MustChange, shown(row.account.must_change)));
        }
        checks.push(check(CheckKind::Unlocked, shown(row.account.lock.is_none())));
        checks.push(check(CheckKind::StateKept, shown(!row.account.disabled)));
        checks
    }
}

#[async_trait]
impl Directory for Embedded {
    fn name(&self) -> &str {
        &self.name
    }

    async fn probe(&self) -> Result<Capabilities, ConnectorError> {
        // Shows that the table answers at all.
        let nobody = self.table.by_id("").await;
        nobody.map_err(|error| self.unavailable(&error))?;
        let fact = |name: &str, value: &dyn std::fmt::Display| Fact { name: name.to_owned(), value: value.to_string() };
        Ok(Capabilities {
            directory: self.name.clone(),
            kind: KIND.word.to_owned(),
            protection: Protection::InProcess,
            bound_as: "keyward".to_owned(),
            abilities: Abilities {
                set_password: Some(true),
                must_change: Some(true),
                unlock: Some(true),
                reset_unlocks: Some(true),
                keeps_history: Some(self.rules.history > 0),
                ends_sessions: Some(true),
            },
            facts: vec![
                fact("max_failure", &self.rules.failures),
                fact("lock_ms", &self.rules.lock_ms),
                fact("in_history", &self.rules.history),
            ],
            findings: Vec::new(),
        })
    }

    async fn find(&self, name: &AccountName, _at: Timestamp) -> Result<Found, ConnectorError> {
        let rows = self.table.by_name(name).await;
        let mut rows: Vec<AccountRow> = rows.map_err(|error| self.unavailable(&error))?;
        rows.retain(|row| has_name(&row.account, name));
        let mut rows = rows.into_iter();
        Ok(match (rows.next(), rows.next()) {
            (None, _) => Found::None,
            (Some(one), None) => Found::One(Box::new(one.account)),
            (Some(_), Some(_)) => Found::Several,
        })
    }

    async fn read(&self, id: &str, _at: Timestamp) -> Result<Option<Account>, ConnectorError> {
        let row = self.table.by_id(id).await;
        let row = row.map_err(|error| self.unavailable(&error))?;
        Ok(row.map(|row| row.account))
    }

    async fn authenticate(&self, id: &str, password: &SecretText, at: Timestamp) -> Result<SignIn, ConnectorError> {
        let row = self.table.by_id(id).await;
        let row = row.map_err(|error| self.unavailable(&error))?;
        let mut counted = true;
        if let Some(row) = &row
            && self.rules.failures > 0
        {
            let this = Try {
                cred_id: row.cred_id.clone(),
                limit: self.rules.failures,
                at,
                lock: Lock::Until(at.plus_ms(self.rules.lock_ms)),
            };
            let answer = self.table.count_try(id, &this).await;
            counted = answer.map_err(|error| self.unavailable(&error))?;
        }
        let stored = row.as_ref().and_then(|row| row.hash.as_ref());
        // The same work for everybody, also for accounts that do not exist, are locked or disabled.
        let opens = self.hasher.verify(password, stored.map(|hash| hash.0.as_str()));
        let opens = opens.await.map_err(|error| self.unavailable(&error))?;
        let Some(row) = row else {
            return Ok(SignIn::Wrong);
        };
        if row.account.disabled {
            return Ok(SignIn::Disabled);
        }
        if !counted {
            return Ok(SignIn::Locked);
        }
        if !opens {
            return Ok(SignIn::Wrong);
        }
        let cleared = self.table.clear_failures(id, &row.cred_id).await;
        cleared.map_err(|error| self.unavailable(&error))?;
        Ok(if row.account.must_change { SignIn::MustChange } else { SignIn::Ok })
    }

    async fn set_password(&self, permit: Permit, password: NewPassword<'_>) -> Applied {
        match self.write(&permit, &password).await {
            Ok(written) => {
                let checks = self.prove(&permit.account().id, &written, &password).await;
                Applied::proven_by(CheckKind::NewOpens, checks)
            }
            Err(answer) => answer,
        }
    }

    async fn unlock(&self, permit: Permit, _at: Timestamp) -> Applied {
        if let Err(reason) = permits(&permit, &self.name, Action::Unlock) {
            return Applied::not_done(reason);
        }
        let id = permit.account().id.as_str();
        let before = match self.table.by_id(id).await {
            Err(_) => return Applied::not_done(NotDone::Unavailable),
            Ok(None) => return Applied::not_done(NotDone::NoSuchAccount),
            Ok(Some(row)) => row,
        };
        if before.account.disabled {
            return Applied::not_done(NotDone::Disabled);
        }
        match self.table.unlock(id).await {
            Err(_) => return Applied::unknown(Unknown::ConnectionLost),
            Ok(false) => return Applied::not_done(NotDone::Changed),
            Ok(true) => {}
        }
        let mut checks = vec![check(CheckKind::Write, CheckResult::Done)];
        match self.table.by_id(id).await {
            Ok(Some(row)) => {
                let account = &row.account;
                let lifted = account.lock.is_none() && row.failures == 0;
                checks.push(check(CheckKind::Unlocked, shown(lifted)));
                let kept = !account.disabled && row.cred_id == before.cred_id;
                checks.push(check(CheckKind::StateKept, shown(kept)));
            }
            Ok(None) | Err(_) => {
                checks.push(check(CheckKind::Unlocked, CheckResult::Unverified));
            }
        }
        Applied::proven_by(CheckKind::Unlocked, checks)
    }

    async fn look(&self, account: &AccountRef, attempt: AttemptFacts<'_>) -> Applied {
        let row = match self.table.by_id(&account.id).await {
            Ok(Some(row)) => row,
            Ok(None) => return Applied::not_done(NotDone::NoSuchAccount),
            Err(_) => return Applied::unknown(Unknown::ConnectionLost),
        };
        let (proof, holds) = match (attempt.action, attempt.new) {
            (Action::Unlock, _) => (CheckKind::Unlocked, row.account.lock.is_none()),
            (_, Some(new)) => match self.opens(new, &row).await {
                Ok(opens) => (CheckKind::NewOpens, opens),
                Err(_) => return Applied::unknown(Unknown::Timeout),
            },
            (_, None) => (CheckKind::NewOpens, false),
        };
        let moved = attempt.has_moved(row.account.changed_at, 0);
        super::judge(proof, holds, moved, &attempt)
    }
}

/// Names a password by its stored hash. The hash is salted, so the name is another one even for the same password, and tells nothing about it.
pub fn cred_id(hash: Option<&str>) -> String {
    hash.map_or_else(|| "none".to_owned(), |hash| Digest::of(hash.as_bytes()).to_string())
}

/// Whether the name is that of the account or one of its addresses.
fn has_name(account: &Account, name: &AccountName) -> bool {
    name.is(&account.name) || account.mails.iter().any(|mail| name.is(mail))
}
