//! Ways to send a message to somebody who is not looking at a page: one file each.
//!
//! A channel sends to stored bytes and says whether trying again can help. Not here: what a message says, whom it goes to, and when
//! it is tried again (`jobs/notify.rs`).

pub mod smtp;

use std::fmt;

use keyward_core::{secret::SecretText, time::Timestamp};

/// One message to one address. It may hold a link or a code, so it does not print.
pub struct Message {
    /// The address, byte for byte as it is on file (R23).
    pub to: String,
    /// One line.
    pub subject: String,
    /// The text, lines ended by `\n`.
    pub text: SecretText,
    /// The same as HTML.
    pub html: SecretText,
    /// Names this message. The same when it is tried again, so that a reader's mail program sees one message and not two.
    pub seed: [u8; 16],
    /// The language of the text, as a BCP 47 tag.
    pub language: String,
    /// When it was written.
    pub at: Timestamp,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[message]")
    }
}

/// A message was not taken. It says nothing about whom it was for: answers of machines often repeat the address, so they are left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// The stored address is none that mail can be sent to.
    #[error("a stored address is not one that mail can be sent to")]
    Address,
    /// The message could not be put into the form of the wire.
    #[error("a message could not be written for `{channel}`")]
    Unwritable {
        /// The channel.
        channel: &'static str,
    },
    /// The other side was not reached, was silent, or broke off. The message may have been taken all the same.
    #[error("`{peer}` was not reached, was silent or broke off")]
    Unreachable {
        /// The other side, as it is configured.
        peer: String,
    },
    /// The secure connection could not be made.
    #[error("no secure connection to `{peer}` could be made")]
    Insecure {
        /// The other side, as it is configured.
        peer: String,
    },
    /// The other side does not offer what is configured: a secure connection, or a way to sign in.
    #[error("`{peer}` does not offer the secure connection or the sign-in that is configured")]
    Unfit {
        /// The other side, as it is configured.
        peer: String,
    },
    /// The other side does not take it now, or does not take anything from us.
    #[error("`{peer}` does not take messages now (code {code})")]
    NotNow {
        /// The other side, as it is configured.
        peer: String,
        /// What it answered.
        code: u16,
    },
    /// The other side will never take this message.
    #[error("`{peer}` refused the message (code {code})")]
    Refused {
        /// The other side, as it is configured.
        peer: String,
        /// What it answered.
        code: u16,
    },
}

impl ChannelError {
    /// Whether trying the same message again can help.
    pub const fn retry(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Insecure { .. } | Self::Unfit { .. } | Self::NotNow { .. } => true,
            Self::Address | Self::Unwritable { .. } | Self::Refused { .. } => false,
        }
    }
}

/// A way to send messages.
#[async_trait::async_trait]
pub trait Channel: Send + Sync {
    /// Sends one message: the next machine has taken it. Whether a person gets it is not known.
    async fn send(&self, message: &Message) -> Result<(), ChannelError>;
}

/// All channels.
pub fn all() -> &'static [&'static str] {
    &[smtp::NAME]
}
