//! A channel that keeps what it is given: every mail that was sent in a test.

use std::sync::Mutex;

use keyward::channels::{Channel, ChannelError, Message};

/// A mail that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
}

impl Mail {
    /// The six digits in it.
    pub fn code(&self) -> String {
        let grouped = |line: &str| {
            let digits: String = line.chars().filter(char::is_ascii_digit).collect();
            let spaced = line.trim().len() == 7 && line.trim().as_bytes()[3] == b' ';
            (spaced && digits.len() == 6).then_some(digits)
        };
        // The code stands on a line of its own, or behind its label.
        let tails = self.text.lines().flat_map(|line| [line, line.rsplit(": ").next().unwrap_or(line)]);
        tails.filter_map(grouped).next().unwrap_or_else(|| panic!("no code in {}", self.text))
    }

    /// The path of a link in it that begins with this.
    pub fn link(&self, start: &str) -> String {
        let start = format!("{}{start}", super::SITE);
        let found = self.text.split_whitespace().find(|word| word.starts_with(&start));
        let found = found.unwrap_or_else(|| panic!("no link {start} in {}", self.text));
        found.trim_start_matches(super::SITE).to_owned()
    }
}

/// All mails, oldest first.
#[derive(Default)]
pub struct Mailbox(Mutex<Vec<Mail>>);

impl Mailbox {
    /// Everything that was sent to an address since the last look at it.
    pub fn take(&self, to: &str) -> Vec<Mail> {
        let mut all = self.0.lock().unwrap();
        let (taken, kept) = all.drain(..).partition(|mail| mail.to == to);
        *all = kept;
        taken
    }
    /// The subjects of [`Mailbox::take`].
    pub fn subjects(&self, to: &str) -> Vec<String> {
        self.take(to).into_iter().map(|mail| mail.subject).collect()
    }
    /// The newest mail to an address, which has to be there; older ones are forgotten.
    pub fn newest(&self, to: &str) -> Mail {
        self.take(to).pop().unwrap_or_else(|| panic!("no mail to {to}"))
    }
    /// How many mails nobody has looked at.
    pub fn unread(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[async_trait::async_trait]
impl Channel for Mailbox {
    async fn send(&self, message: &Message) -> Result<(), ChannelError> {
        let mail =
            Mail { to: message.to.clone(), subject: message.subject.clone(), text: message.text.expose().clone() };
        self.0.lock().unwrap().push(mail);
        Ok(())
    }
}
