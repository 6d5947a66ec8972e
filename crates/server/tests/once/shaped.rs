//! A directory as its administrator shaped it: some accounts are machines, and it may be down or say nothing. And a mail server likewise.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use keyward::{
    channels::{Channel, ChannelError, Message},
    connectors::{
        Account, AccountName, Applied, AttemptFacts, Capabilities, ConnectorError, Directory, Found, NewPassword,
        Owner, SignIn,
    },
};
use keyward_core::{account::AccountRef, secret::SecretText, steps::reissue::Permit, time::Timestamp};

use crate::world::Shaping;

/// How it answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    Well,
    Down,
    Silent,
    /// Silent to who sets a password, and well otherwise.
    Stuck,
    /// Not reached for the first so many passwords that are tried, and well otherwise.
    NoSignIns(usize),
}

/// How often it was asked.
#[derive(Debug, Default)]
pub struct Asked {
    pub names: AtomicUsize,
    pub passwords: AtomicUsize,
}

/// A directory behind which another one stands.
#[derive(Debug)]
struct Shaped(Arc<dyn Directory>, Mood, Arc<Asked>);

/// It answers like this, and what it is asked is counted.
pub fn shaped(mood: Mood, asked: Arc<Asked>) -> Shaping {
    Box::new(move |inside| Arc::new(Shaped(inside, mood, asked)))
}

impl Shaped {
    fn down(&self) -> Result<(), ConnectorError> {
        let directory = self.0.name().to_owned();
        Err(ConnectorError::Unavailable { directory, what: "down".to_owned() })
    }
    async fn mood(&self) -> Result<(), ConnectorError> {
        match self.1 {
            Mood::Well | Mood::Stuck | Mood::NoSignIns(_) => Ok(()),
            Mood::Down => self.down(),
            Mood::Silent => std::future::pending().await,
        }
    }
}

/// What begins like this is no person, or has its address in two spellings.
fn as_it_is(mut account: Account) -> Account {
    if account.name.starts_with("svc") {
        account.owner = Owner::Machine;
    }
    if account.name.starts_with("twice") {
        account.mails = account.mails.iter().flat_map(|mail| [mail.clone(), mail.to_uppercase()]).collect();
    }
    account
}

#[async_trait]
impl Directory for Shaped {
    fn name(&self) -> &str {
        self.0.name()
    }
    async fn probe(&self) -> Result<Capabilities, ConnectorError> {
        self.0.probe().await
    }
    async fn find(&self, name: &AccountName, at: Timestamp) -> Result<Found, ConnectorError> {
        self.2.names.fetch_add(1, Ordering::SeqCst);
        self.mood().await?;
        Ok(match self.0.find(name, at).await? {
            Found::One(account) => Found::One(Box::new(as_it_is(*account))),
            other => other,
        })
    }
    async fn read(&self, id: &str, at: Timestamp) -> Result<Option<Account>, ConnectorError> {
        self.mood().await?;
        Ok(self.0.read(id, at).await?.map(as_it_is))
    }
    async fn authenticate(&self, id: &str, password: &SecretText, at: Timestamp) -> Result<SignIn, ConnectorError> {
        let sooner = self.2.passwords.fetch_add(1, Ordering::SeqCst);
        self.mood().await?;
        if matches!(self.1, Mood::NoSignIns(first) if sooner < first) {
            self.down()?;
        }
        self.0.authenticate(id, password, at).await
    }
    async fn set_password(&self, permit: Permit, password: NewPassword<'_>) -> Applied {
        if self.1 == Mood::Stuck {
            std::future::pending::<()>().await;
        }
        self.0.set_password(permit, password).await
    }
    async fn unlock(&self, permit: Permit, at: Timestamp) -> Applied {
        self.0.unlock(permit, at).await
    }
    async fn look(&self, account: &AccountRef, attempt: AttemptFacts<'_>) -> Applied {
        self.0.look(account, attempt).await
    }
}

/// A mail server that takes nothing, or never answers.
pub struct NoMail(pub Mood);

#[async_trait]
impl Channel for NoMail {
    async fn send(&self, _: &Message) -> Result<(), ChannelError> {
        match self.0 {
            Mood::Silent => std::future::pending().await,
            Mood::Well | Mood::Down | Mood::Stuck | Mood::NoSignIns(_) => {
                Err(ChannelError::Unreachable { peer: "nowhere".to_owned() })
            }
        }
    }
}
