//! What a message has to say, for whoever writes it. The words themselves are with the pages, in the languages.

use keyward_core::{
    account::{Action, Method},
    event::{Door, EndReason},
    ids::Reference,
    secret::SecretText,
    steps::review::NoticeAbout,
    time::Timestamp,
};

use crate::channels::Message;

/// What a message is about.
pub struct Letter<'a> {
    /// The stored address.
    pub to: &'a str,
    /// The language of the person, as a BCP 47 tag, if one is known.
    pub language: Option<&'a str>,
    /// The case.
    pub reference: Reference,
    /// What was asked for.
    pub action: Action,
    /// By which door.
    pub door: Door,
    /// The name that the account signs in with.
    pub account: &'a str,
    /// When it happened.
    pub at: Timestamp,
    /// From where, as the network address.
    pub network: Option<&'a str>,
    /// With what, as the browser says.
    pub browser: Option<&'a str>,
    /// The key of the link "this was not me".
    pub not_me: &'a SecretText,
    /// What it says.
    pub content: Content<'a>,
}

/// What it says.
pub enum Content<'a> {
    /// Something happened.
    Notice(Occasion),
    /// A way to prove that the mailbox is the person's.
    Code {
        /// Six digits as they stand in the message, `123 456` (UX-15).
        code: &'a SecretText,
        /// The key of the link.
        link: &'a SecretText,
        /// When both end.
        until: Timestamp,
        /// How long they live in all.
        life_ms: i64,
    },
    /// A code to an address that is to be added, which it has to come back from (N-10).
    NewAddress {
        /// Six digits as they stand in the message, `123 456` (UX-15).
        code: &'a SecretText,
        /// When it ends.
        until: Timestamp,
        /// How long it lives in all.
        life_ms: i64,
    },
}

/// Something that happened.
pub struct Occasion {
    /// What.
    pub about: NoticeAbout,
    /// When the wait ends, if there is one; after "not me", when the account can be recovered again.
    pub until: Option<Timestamp>,
    /// Why the case ended without a change, if it did.
    pub ended: Option<EndReason>,
    /// Whether something had been changed by then.
    pub changed: bool,
    /// The way back in that was added or removed.
    pub way: Option<ChangedWay>,
}

/// A way back in that was added or removed.
pub struct ChangedWay {
    /// Which kind.
    pub method: Method,
    /// What the person calls it; of an address most is hidden.
    pub name: String,
    /// From when on it counts. None: it was removed.
    pub counts_from: Option<Timestamp>,
}

/// Writes messages.
pub trait Letters: Send + Sync {
    /// The message, ready to be sent. `seed` makes its id.
    fn write(&self, letter: &Letter<'_>, seed: [u8; 16]) -> Message;
}
