//! What the conformance suite needs beside a directory: people in it, and the hands of its administrator.

use async_trait::async_trait;
use keyward::connectors::Directory;
use keyward_core::time::Timestamp;

/// A directory under test.
#[async_trait]
pub trait DirectoryWorld: Sync {
    /// The connector.
    fn directory(&self) -> &dyn Directory;
    /// What is true of it and not of every directory.
    fn expected(&self) -> Expected;
    /// The time that its directory has.
    fn now(&self) -> Timestamp;
    /// A person whom no other check uses.
    async fn person(&self, like: Like<'_>) -> Person;
    /// Puts a person into a group that is in a group; both come back.
    async fn put_in_nested_groups(&self, person: &Person) -> Vec<String>;
    /// Switches an account off.
    async fn disable(&self, person: &Person);
    /// Whether it is switched off, as its administrator sees it.
    async fn is_disabled(&self, person: &Person) -> bool;
    /// The connector with something wrong on its way from the write on. None: there is no such way.
    fn through(&self, fault: WireFault, must_change: bool) -> Option<&dyn Directory>;
}

/// What is true of one directory and not of every one.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The shortest password it takes, if it counts.
    pub min_length: Option<usize>,
    /// Refuses passwords that were used before.
    pub keeps_history: bool,
    /// Can ask for another password at the next sign-in.
    pub must_change: bool,
    /// Wrong passwords until an account is locked.
    pub lock_after: u32,
    /// Sessions end with the old password.
    pub ends_sessions: bool,
    /// Takes `CORP\name` and `name@corp.example`.
    pub has_domains: bool,
    /// Whom it takes Keyward for.
    pub bound_as: &'static str,
    /// The findings of a good set-up.
    pub findings: &'static [&'static str],
}

/// What a person is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Like<'a> {
    Anybody,
    /// With this name.
    Named(&'a str),
    /// With this address.
    WithMail(&'a str),
    Disabled,
    /// Not a person at all.
    Machine,
    /// Under a rule that passwords have a least age.
    MustWait,
    /// Under a rule that the old password has to be given.
    MustGiveOld,
    /// Under a rule that takes nearly every password.
    AnyPassword,
}

/// A person with an account.
#[derive(Debug, Clone)]
pub struct Person {
    pub name: String,
    /// As stored.
    pub mail: String,
    pub password: String,
}

/// What goes wrong on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireFault {
    Whole,
    /// The change is made, the connection ends before the answer.
    AppliedThenLost,
    /// The change is made, no answer in time.
    AppliedThenSilent,
    /// The change is not made, the connection ends.
    LostBefore,
    /// The change is not made, no answer in time.
    SilentBefore,
    /// The change is not made, and the answer is yes.
    Lies,
    /// Nobody listens.
    Down,
}
