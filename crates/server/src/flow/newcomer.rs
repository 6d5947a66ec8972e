//! An account for the embedded directory, as somebody typed it and in the form in which it is kept. For the command line and for the first start.
//!
//! Not here: the password and its rules, and who may make an account.

use keyward_core::time::Timestamp;

use super::is_address;
use crate::{
    account_name::{AccountName, NotAName},
    store::{
        Store, StoreError,
        accounts::{Begun, NewAccount},
    },
    token::BASE32,
};

/// The longest name that people are called by, and the longest name of a group, in characters.
const LONGEST: usize = 100;

/// Somebody who is to have an account.
#[derive(Debug)]
pub struct Newcomer {
    name: AccountName,
    display: String,
    mail: Option<AccountName>,
    groups: Vec<String>,
}

/// What was typed is not an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotANewcomer {
    /// The name to sign in with.
    #[error("the name can not be one to sign in with")]
    Name(#[source] NotAName),
    /// The name that people are called by.
    #[error("the display name is empty, longer than {LONGEST} characters or has characters that do not show")]
    Display,
    /// The mail address.
    #[error("the mail address has not the shape of one, like name@example.org")]
    Mail,
    /// A group.
    #[error("the name of a group is empty, longer than {LONGEST} characters or has characters that do not show")]
    Group,
}

/// What another account has already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TakenBy {
    /// The name.
    Name,
    /// The mail address. With it, nobody could say which of the two is meant (R40).
    Mail,
}

impl Newcomer {
    /// Brings what was typed into the form in which it is kept.
    pub fn read(name: &str, display: &str, mail: Option<&str>) -> Result<Self, NotANewcomer> {
        let name = AccountName::parse(name).map_err(NotANewcomer::Name)?;
        let display = shown(display).ok_or(NotANewcomer::Display)?;
        let address = |mail: &str| {
            let mail = AccountName::parse(mail).ok().filter(|mail| is_address(mail.as_str()));
            mail.ok_or(NotANewcomer::Mail)
        };
        Ok(Self { name, display, mail: mail.map(address).transpose()?, groups: Vec::new() })
    }

    /// With groups.
    pub fn within<S: AsRef<str>>(mut self, groups: &[S]) -> Result<Self, NotANewcomer> {
        for group in groups {
            self.groups.push(shown(group.as_ref()).ok_or(NotANewcomer::Group)?);
        }
        Ok(self)
    }

    /// The canonical name.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The groups.
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Whether somebody else goes by this name or address.
    pub async fn taken(&self, store: &Store) -> Result<Option<TakenBy>, StoreError> {
        if is_taken(store, self.name.as_str()).await? {
            return Ok(Some(TakenBy::Name));
        }
        match &self.mail {
            Some(mail) if is_taken(store, mail.as_str()).await? => Ok(Some(TakenBy::Mail)),
            _ => Ok(None),
        }
    }

    /// The account, with an id that nobody ever had.
    pub fn begun(self, random: [u8; 15], at: Timestamp, (hash, must_change): (String, bool)) -> Begun {
        let account = NewAccount {
            id: format!("account_{}", BASE32.encode(&random)),
            name: self.name.as_str().to_owned(),
            mail: self.mail.map(|mail| mail.as_str().to_owned()),
            display: self.display,
            created: at,
        };
        Begun { account, groups: self.groups, hash, must_change }
    }
}

/// Names and addresses are looked up alike, so one must not be the other of somebody else.
async fn is_taken(store: &Store, name: &str) -> Result<bool, StoreError> {
    Ok(store.account_by_name(name).await?.is_some() || !store.accounts_by_mail(name).await?.is_empty())
}

fn shown(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = (1..=LONGEST).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}
