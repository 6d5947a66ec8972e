//! The embedded directory over our own database and our own password hashes: two adapters, and no rule.
//!
//! Passwords are named by their stored hash ([`cred_id`]); the table's own counter makes each write conditional, so that of two at once one wins.

use std::sync::Arc;

use async_trait::async_trait;
use keyward_core::{secret::SecretText, time::Timestamp};

use crate::{
    connectors::{
        Account, AccountName, Lock, Owner,
        embedded::{
            AccountRow, AccountTable, HasherError, NewCredential, PasswordHasher, StoredHash, Swap, TableError, Try,
            cred_id,
        },
    },
    ctx::Ctx,
    passwords::{hash::Hasher, password::Password},
    store::{
        Store, StoreError,
        accounts::{self, NewPassword, Tried},
    },
};

/// The end of a lock that does not end by itself.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// The accounts in the database.
#[derive(Clone, Debug)]
pub struct StoredAccounts {
    store: Store,
}

impl StoredAccounts {
    /// Those of this database.
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    async fn row(&self, account: accounts::Account) -> Result<AccountRow, TableError> {
        let groups = self.store.account_groups(&account.id).await.map_err(failed)?;
        let mut history = self.store.account_history(&account.id).await.map_err(failed)?;
        // The table keeps the present password among the earlier ones.
        history.retain(|hash| Some(hash) != account.password.as_ref());
        let lock = account.locked_until.map(|end| if end == NEVER { Lock::UntilLifted } else { Lock::Until(end) });
        Ok(AccountRow {
            cred_id: cred_id(account.password.as_deref()),
            account: Account {
                id: account.id,
                name: account.name,
                display_name: account.display,
                mails: account.mail.into_iter().collect(),
                groups,
                disabled: account.disabled,
                lock,
                must_change: account.must_change,
                changed_at: account.changed,
                language: None,
                owner: Owner::Person,
            },
            hash: account.password.map(StoredHash),
            history: history.into_iter().map(StoredHash).collect(),
            failures: account.failures,
        })
    }

    /// The account, if its password is the one that was named.
    async fn with(&self, id: &str, named: &str) -> Result<Option<accounts::Account>, TableError> {
        let account = self.store.account(id).await.map_err(failed)?;
        Ok(account.filter(|account| cred_id(account.password.as_deref()) == named))
    }
}

fn failed(error: StoreError) -> TableError {
    TableError(Box::new(error))
}

#[async_trait]
impl AccountTable for StoredAccounts {
    async fn by_name(&self, name: &AccountName) -> Result<Vec<AccountRow>, TableError> {
        let named = self.store.account_by_name(name.as_str()).await.map_err(failed)?;
        let mut found: Vec<accounts::Account> = named.into_iter().collect();
        for account in self.store.accounts_by_mail(name.as_str()).await.map_err(failed)? {
            if found.iter().all(|known| known.id != account.id) {
                found.push(account);
            }
        }
        let mut rows = Vec::with_capacity(found.len());
        for account in found {
            rows.push(self.row(account).await?);
        }
        Ok(rows)
    }

    async fn by_id(&self, id: &str) -> Result<Option<AccountRow>, TableError> {
        match self.store.account(id).await.map_err(failed)? {
            Some(account) => self.row(account).await.map(Some),
            None => Ok(None),
        }
    }

    async fn set_password(&self, id: &str, new: &NewCredential) -> Result<Swap, TableError> {
        let Some(account) = self.store.account(id).await.map_err(failed)? else { return Ok(Swap::NoAccount) };
        if account.disabled {
            return Ok(Swap::Disabled);
        }
        if cred_id(account.password.as_deref()) != new.replaces {
            return Ok(Swap::Stale);
        }
        let kept = u64::try_from(new.keep).unwrap_or(u64::MAX).saturating_add(1);
        let password = NewPassword {
            hash: new.hash.0.clone(),
            // Who writes between the look above and this statement makes it touch nothing.
            expected: account.credential,
            must_change: new.must_change,
            keep: kept,
            at: new.at,
        };
        let set = self.store.set_account_password(id, &password).await.map_err(failed)?;
        Ok(if set.is_some() { Swap::Done } else { Swap::Stale })
    }

    async fn count_try(&self, id: &str, counted: &Try) -> Result<bool, TableError> {
        let Some(account) = self.with(id, &counted.cred_id).await? else { return Ok(false) };
        let lock_until = match counted.lock {
            Lock::Until(end) => end,
            Lock::UntilLifted => NEVER,
        };
        let tried = Tried { credential: account.credential, max: counted.limit, at: counted.at, lock_until };
        self.store.count_account_try(id, &tried).await.map_err(failed)
    }

    async fn clear_failures(&self, id: &str, cred_id: &str) -> Result<(), TableError> {
        let Some(account) = self.with(id, cred_id).await? else { return Ok(()) };
        self.store.clear_account_tries(id, account.credential).await.map(drop).map_err(failed)
    }

    async fn unlock(&self, id: &str) -> Result<bool, TableError> {
        self.store.unlock_account(id).await.map_err(failed)
    }
}

/// Slow hashes on the bounded pool, with salts from [`Ctx`].
#[derive(Clone, Debug)]
pub struct SlowHashes {
    hasher: Arc<Hasher>,
    ctx: Ctx,
}

impl SlowHashes {
    /// By this hasher.
    pub const fn new(hasher: Arc<Hasher>, ctx: Ctx) -> Self {
        Self { hasher, ctx }
    }
}

fn not_hashed(error: impl std::error::Error + Send + Sync + 'static) -> HasherError {
    HasherError(Box::new(error))
}

#[async_trait]
impl PasswordHasher for SlowHashes {
    async fn hash(&self, password: &SecretText) -> Result<String, HasherError> {
        let password = Password::new(SecretText::new(password.expose().clone())).map_err(not_hashed)?;
        self.hasher.hash(&password, self.ctx.bytes()).await.map_err(not_hashed)
    }

    async fn verify(&self, password: &SecretText, stored: Option<&str>) -> Result<bool, HasherError> {
        // Longer than any password that was ever set: the work is done on nothing, and the answer is no.
        let (password, stored) = match Password::new(SecretText::new(password.expose().clone())) {
            Ok(password) => (password, stored),
            Err(_) => (Password::new(SecretText::new(String::new())).map_err(not_hashed)?, None),
        };
        self.hasher.verify(&password, stored).await.map_err(not_hashed)
    }
}
