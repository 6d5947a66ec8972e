//! The table of the embedded directory. Names and mail addresses come in canonical form; passwords come as finished hashes.
//!
//! An account is made whole, with its groups and its first password, or not at all.
//!
//! Not here: hashing, what a good password is, how long a lock lasts. The connector decides these and calls.

use keyward_core::time::Timestamp;

use super::{
    CommitError, Store, StoreError, Tx,
    db::{EngineError, Row, Statement, statements, vals},
    tokens::{self, Seen},
};

statements! {
    INSERT = "accounts/insert";
    INSERT_FIRST = "accounts/insert_first";
    REMOVE = "accounts/remove";
    GET = "accounts/get";
    BY_NAME = "accounts/by_name";
    BY_MAIL = "accounts/by_mail";
    LIST = "accounts/list";
    SET_PASSWORD = "accounts/set_password";
    KEEP_PASSWORD = "accounts/keep_password";
    DROP_PASSWORDS = "accounts/drop_passwords";
    HISTORY = "accounts/history";
    COUNT_TRY = "accounts/count_try";
    CLEAR_TRIES = "accounts/clear_tries";
    UNLOCK = "accounts/unlock";
    SET_DISABLED = "accounts/set_disabled";
    GROUPS = "accounts/groups";
    PUT_GROUP = "accounts/put_group";
    END_GROUP = "accounts/end_group";
}

/// An account to be made. It has no password until one is set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAccount {
    /// Immutable; never given to another account.
    pub id: String,
    /// Canonical sign-in name.
    pub name: String,
    /// Canonical mail address.
    pub mail: Option<String>,
    /// What people are called.
    pub display: String,
    /// When.
    pub created: Timestamp,
}

/// An account to be made with all it begins with. It does not print: it has a hash.
#[derive(Clone)]
pub struct Begun {
    /// The account.
    pub account: NewAccount,
    /// The groups it is in.
    pub groups: Vec<String>,
    /// The hash of its first password, with its parameters and salt.
    pub hash: String,
    /// The person must choose another at the next sign-in.
    pub must_change: bool,
}

/// An account of the embedded directory.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Immutable.
    pub id: String,
    /// Canonical sign-in name.
    pub name: String,
    /// Canonical mail address.
    pub mail: Option<String>,
    /// What people are called.
    pub display: String,
    /// The hash, with its parameters and salt.
    pub password: Option<String>,
    /// Counts the passwords. A session carries the number it was made with; another number means that it is over (R43).
    pub credential: u64,
    /// The person must choose another password at the next sign-in.
    pub must_change: bool,
    /// Cannot sign in, whatever the password.
    pub disabled: bool,
    /// Wrong passwords since the last right one.
    pub failures: u32,
    /// Locked until then, after too many.
    pub locked_until: Option<Timestamp>,
    /// When the password was set.
    pub changed: Option<Timestamp>,
    /// When the account was made.
    pub created: Timestamp,
}

impl std::fmt::Debug for Account {
    /// Without the hash.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({})", self.id)
    }
}

/// A password to be set. It does not print: it has a hash.
#[derive(Clone)]
pub struct NewPassword {
    /// The hash, with its parameters and salt.
    pub hash: String,
    /// The credential number that was read before deciding.
    pub expected: u64,
    /// The person must choose another at the next sign-in.
    pub must_change: bool,
    /// How many hashes are kept for comparing later ones with, this one included.
    pub keep: u64,
    /// When.
    pub at: Timestamp,
}

/// A try of a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tried {
    /// The credential number that was read.
    pub credential: u64,
    /// How many wrong ones in a row lock.
    pub max: u32,
    /// When.
    pub at: Timestamp,
    /// When the lock that this try may set ends.
    pub lock_until: Timestamp,
}

impl Store {
    /// Makes an account. False if the id or the name is taken.
    pub async fn insert_account(&self, new: &NewAccount) -> Result<bool, StoreError> {
        let vals = vals![&new.id, &new.name, new.mail.as_ref(), &new.display, new.created];
        Ok(self.write(&INSERT, vals).await? == 1)
    }

    /// Makes an account with its groups and its first password, or nothing of it. False if the id or the name is taken.
    pub async fn begin_account(&self, new: &Begun) -> Result<bool, StoreError> {
        let made = self.together(new.clone(), |new, tx| Box::pin(begin(tx, &INSERT, new)));
        Ok(unless_refused(made.await)?.is_some())
    }

    /// Makes the first account and uses the invitation up, or neither. False if the invitation is not alive or there is an account: of two at
    /// the same time one wins.
    pub async fn begin_first_account(&self, new: &Begun, invitation: &Seen) -> Result<bool, StoreError> {
        let made = self.together((new.clone(), *invitation), |(new, invitation), tx| {
            Box::pin(async move {
                touched_one(tokens::consume(tx, invitation, None).await?)?;
                begin(tx, &INSERT_FIRST, new).await
            })
        });
        Ok(unless_refused(made.await)?.is_some())
    }

    /// Removes an account with its groups and its former passwords. Its id is never given to another. False if there is none.
    pub async fn remove_account(&self, id: &str) -> Result<bool, StoreError> {
        Ok(self.write(&REMOVE, vals![id]).await? == 1)
    }

    /// The account with this id.
    pub async fn account(&self, id: &str) -> Result<Option<Account>, StoreError> {
        self.db.first(&GET, vals![id], read).await
    }

    /// The account with this canonical name.
    pub async fn account_by_name(&self, name: &str) -> Result<Option<Account>, StoreError> {
        self.db.first(&BY_NAME, vals![name], read).await
    }

    /// The accounts with this canonical mail address; two mean that it is ambiguous (R40), and there are never more.
    pub async fn accounts_by_mail(&self, mail: &str) -> Result<Vec<Account>, StoreError> {
        self.db.read(&BY_MAIL, vals![mail], read).await
    }

    /// The next `limit` accounts behind a name, in order of their names. Empty name: from the first.
    pub async fn accounts(&self, behind: &str, limit: u32) -> Result<Vec<Account>, StoreError> {
        self.db.read(&LIST, vals![behind, limit], read).await
    }

    /// Sets a password if the account's credential is still the one that was read and the account is not disabled; the new credential
    /// number, or `None` if it is not so. A lock and what was counted towards one end with the old password.
    pub async fn set_account_password(&self, id: &str, new: &NewPassword) -> Result<Option<u64>, StoreError> {
        let set = self.together((id.to_owned(), new.clone()), |(id, new), tx| {
            Box::pin(async move {
                let credential = set_password(tx, id, new).await?;
                let old = credential.saturating_sub(new.keep);
                tx.write(&DROP_PASSWORDS, vals![id, old]).await?;
                Ok(credential)
            })
        });
        unless_refused(set.await)
    }

    /// The hashes that are kept, newest first.
    pub async fn account_history(&self, id: &str) -> Result<Vec<String>, StoreError> {
        self.db.read(&HISTORY, vals![id], |row| row.get(0)).await
    }

    /// Counts a try of the password with this credential number, before it is compared: the `max`th in a row locks the account until
    /// `lock_until`, and a lock that has ended starts the count anew. False, and nothing counted, if it is locked or has another password.
    pub async fn count_account_try(&self, id: &str, tried: &Tried) -> Result<bool, StoreError> {
        let vals = vals![id, tried.credential, tried.at, tried.max, tried.lock_until];
        Ok(self.write(&COUNT_TRY, vals).await? == 1)
    }

    /// Forgets what was counted, after a right password, if it is still the one with this credential number.
    pub async fn clear_account_tries(&self, id: &str, credential: u64) -> Result<bool, StoreError> {
        Ok(self.write(&CLEAR_TRIES, vals![id, credential]).await? == 1)
    }

    /// Lifts the lock and forgets the failures. False if there is no such account, or it is disabled.
    pub async fn unlock_account(&self, id: &str) -> Result<bool, StoreError> {
        Ok(self.write(&UNLOCK, vals![id]).await? == 1)
    }

    /// Whether the account can sign in at all.
    pub async fn set_account_disabled(&self, id: &str, disabled: bool) -> Result<bool, StoreError> {
        Ok(self.write(&SET_DISABLED, vals![id, disabled]).await? == 1)
    }

    /// The groups that an account is a direct member of.
    pub async fn account_groups(&self, id: &str) -> Result<Vec<String>, StoreError> {
        self.db.read(&GROUPS, vals![id], |row| row.get(0)).await
    }

    /// Makes an account a member of a group, or ends that.
    pub async fn set_account_group(&self, id: &str, group: &str, member: bool) -> Result<(), StoreError> {
        let statement = if member { &PUT_GROUP } else { &END_GROUP };
        self.write(statement, vals![id, group]).await.map(drop)
    }
}

async fn begin(tx: &mut Tx, insert: &Statement, new: &Begun) -> Result<(), CommitError> {
    let NewAccount { id, name, mail, display, created } = &new.account;
    touched_one(tx.write(insert, vals![id, name, mail.as_ref(), display, *created]).await?)?;
    for group in &new.groups {
        tx.write(&PUT_GROUP, vals![id, group]).await?;
    }
    let first =
        NewPassword { hash: new.hash.clone(), expected: 0, must_change: new.must_change, keep: 1, at: *created };
    set_password(tx, id, &first).await.map(drop)
}

/// Sets a password and keeps its hash; the new credential number.
async fn set_password(tx: &mut Tx, id: &str, new: &NewPassword) -> Result<u64, CommitError> {
    let vals = vals![id, new.expected, &new.hash, new.must_change, new.at];
    let set: Vec<u64> = tx.read(&SET_PASSWORD, vals, |row| row.get(0)).await?;
    let credential = set.into_iter().next().ok_or(CommitError::Conflict)?;
    tx.write(&KEEP_PASSWORD, vals![id, credential, &new.hash, new.at]).await?;
    Ok(credential)
}

/// Refuses, if the statement found nothing to change.
fn touched_one(rows: u64) -> Result<(), CommitError> {
    if rows == 1 { Ok(()) } else { Err(CommitError::Conflict) }
}

/// None for what was refused.
fn unless_refused<T>(done: Result<T, CommitError>) -> Result<Option<T>, StoreError> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(CommitError::Conflict) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn read(row: &Row) -> Result<Account, EngineError> {
    Ok(Account {
        id: row.get(0)?,
        name: row.get(1)?,
        mail: row.get(2)?,
        display: row.get(3)?,
        password: row.get(4)?,
        credential: row.get(5)?,
        must_change: row.get(6)?,
        disabled: row.get(7)?,
        failures: row.get(8)?,
        locked_until: row.get(9)?,
        changed: row.get(10)?,
        created: row.get(11)?,
    })
}
