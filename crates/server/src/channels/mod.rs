//! Ways to send a message, one file each.

use async_trait::async_trait;

/// A message, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The stored address, byte for byte.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The whole message as text.
    pub text: String,
    /// The whole message as HTML.
    pub html: String,
    /// Makes the message's id.
    pub id_seed: [u8; 16],
    /// BCP 47 tag.
    pub language: String,
}

/// It was handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delivered;

/// It was not.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct ChannelError {
    /// What was attempted, without address and text.
    pub what: String,
    /// Whether the same may work later.
    pub retry: bool,
}

/// A way to send a message.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Sends it, or says whether the same may work later.
    async fn send(&self, message: &Message) -> Result<Delivered, ChannelError>;
}
