//! A directory with a fault switch, for tests of what stands before it.

use std::sync::Mutex;

use async_trait::async_trait;
use keyward::connectors::{
    Account, AccountName, Applied, AttemptFacts, Capabilities, ConnectorError, Directory, Found, NewPassword, NotDone,
    SignIn, Unknown,
};
use keyward_core::{account::AccountRef, secret::SecretText, steps::reissue::Permit, time::Timestamp};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    Ok,
    /// Every change is refused, with this reason.
    Refused(NotDone),
    /// Nothing answers, and nothing was sent.
    Down,
    /// Changes are not made, and there is no answer in time.
    Slow,
    /// Changes are made, and the answer is lost.
    FailedButApplied,
}

/// Any directory, with a fault in front of it.
#[derive(Debug)]
pub struct Faulty<D> {
    pub inside: D,
    fault: Mutex<Fault>,
    writes: Mutex<u32>,
}

impl<D: Directory> Faulty<D> {
    pub fn new(inside: D) -> Self {
        Self { inside, fault: Mutex::new(Fault::Ok), writes: Mutex::new(0) }
    }
    pub fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }
    /// How many changes were asked for: "unknown" is never answered by another write.
    pub fn writes(&self) -> u32 {
        *self.writes.lock().unwrap()
    }
    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap()
    }
    fn reads(&self) -> Result<(), ConnectorError> {
        match self.fault() {
            Fault::Down => {
                Err(ConnectorError::Unavailable { directory: self.inside.name().to_owned(), what: "down".to_owned() })
            }
            _ => Ok(()),
        }
    }
    async fn writes_with(&self, write: impl Future<Output = Applied>) -> Applied {
        *self.writes.lock().unwrap() += 1;
        match self.fault() {
            Fault::Ok => write.await,
            Fault::Refused(reason) => Applied::not_done(reason),
            Fault::Down => Applied::not_done(NotDone::Unavailable),
            Fault::Slow => Applied::unknown(Unknown::Timeout),
            Fault::FailedButApplied => {
                let _ = write.await;
                Applied::unknown(Unknown::ConnectionLost)
            }
        }
    }
}

#[async_trait]
impl<D: Directory> Directory for Faulty<D> {
    fn name(&self) -> &str {
        self.inside.name()
    }
    async fn probe(&self) -> Result<Capabilities, ConnectorError> {
        self.reads()?;
        self.inside.probe().await
    }
    async fn find(&self, name: &AccountName, at: Timestamp) -> Result<Found, ConnectorError> {
        self.reads()?;
        self.inside.find(name, at).await
    }
    async fn read(&self, id: &str, at: Timestamp) -> Result<Option<Account>, ConnectorError> {
        self.reads()?;
        self.inside.read(id, at).await
    }
    async fn authenticate(&self, id: &str, password: &SecretText, at: Timestamp) -> Result<SignIn, ConnectorError> {
        self.reads()?;
        self.inside.authenticate(id, password, at).await
    }
    async fn set_password(&self, permit: Permit, password: NewPassword<'_>) -> Applied {
        self.writes_with(self.inside.set_password(permit, password)).await
    }
    async fn unlock(&self, permit: Permit, at: Timestamp) -> Applied {
        self.writes_with(self.inside.unlock(permit, at)).await
    }
    async fn look(&self, account: &AccountRef, attempt: AttemptFacts<'_>) -> Applied {
        match self.fault() {
            Fault::Down => Applied::unknown(Unknown::ConnectionLost),
            Fault::Slow => Applied::unknown(Unknown::Timeout),
            _ => self.inside.look(account, attempt).await,
        }
    }
}
