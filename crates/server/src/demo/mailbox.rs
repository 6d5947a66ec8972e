//! The mailbox of the demonstration: takes every message and keeps it in memory, to be looked at on a page.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use keyward_core::time::Timestamp;

use crate::channels::{Channel, ChannelError, Message};

/// How many messages are kept.
const KEPT: usize = 500;

/// A message that was taken.
#[derive(Clone)]
pub struct Caught {
    /// Names it on the page.
    pub id: String,
    /// When it came.
    pub at: Timestamp,
    /// To whom.
    pub to: String,
    /// What about.
    pub subject: String,
    /// As text.
    pub text: String,
    /// As HTML.
    pub html: String,
}

/// Takes every message.
#[derive(Default)]
pub struct Mailbox {
    caught: Mutex<Vec<Caught>>,
}

impl Mailbox {
    /// All messages, newest first.
    pub fn all(&self) -> Vec<Caught> {
        let caught = self.caught.lock().unwrap_or_else(PoisonError::into_inner);
        caught.iter().rev().cloned().collect()
    }
    /// One message.
    pub fn one(&self, id: &str) -> Option<Caught> {
        let caught = self.caught.lock().unwrap_or_else(PoisonError::into_inner);
        caught.iter().find(|message| message.id == id).cloned()
    }
    /// Forgets everything, after the days before today were made up.
    pub fn clear(&self) {
        self.caught.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[async_trait]
impl Channel for Mailbox {
    async fn send(&self, message: &Message) -> Result<(), ChannelError> {
        let mut caught = self.caught.lock().unwrap_or_else(PoisonError::into_inner);
        caught.push(Caught {
            id: HEXLOWER.encode(&message.seed),
            at: message.at,
            to: message.to.clone(),
            subject: message.subject.clone(),
            text: message.text.expose().clone(),
            html: message.html.expose().clone(),
        });
        let more = caught.len().saturating_sub(KEPT);
        caught.drain(..more);
        Ok(())
    }
}
