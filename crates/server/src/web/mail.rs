//! Every message that is sent, as plain data and a pair of texts that say the same (UX-72). A message has times with zone,
//! place, device, what changed and a way to say "this was not me" (UX-70). It never has a password or a key (UX-19), and
//! nothing in it is loaded from anywhere. Sending is the channel's part.

use std::sync::Arc;

use askama::Template;
use keyward_core::time::Timestamp;

use super::shell::Site;
use super::views::link::Origin;
use super::views::{Goal, WayKind};
use crate::i18n::{Key, Lang, Text, k};

/// What every message shares.
#[derive(Clone, Debug)]
pub struct Letterhead {
    /// The organization.
    pub site: Arc<Site>,
    /// The language of the person it goes to (UX-130).
    pub lang: Lang,
    /// The account it is about, as its owner writes it.
    pub account: String,
    /// When it is written.
    pub at: Timestamp,
}

/// A finished message.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The subject: no code, no hurry.
    pub subject: String,
    /// The `text/plain` part.
    pub text: String,
    /// The `text/html` part.
    pub html: String,
}

/// What lets somebody go on: only ever to the stored address, never to what was typed.
#[derive(Clone)]
pub struct WayOn {
    /// The whole link.
    pub link: String,
    /// Six digits to type in the browser that asked.
    pub code: String,
    /// When both end.
    pub until: Timestamp,
    /// How long they live in all, in milliseconds.
    pub life_ms: i64,
}

/// A case as a message names it.
#[derive(Clone, Debug)]
pub struct CaseLine {
    /// `KW-7Q4M-82XJ`.
    pub reference: String,
    /// Where the request came from.
    pub origin: Origin,
    /// The whole link to "this was not me".
    pub not_me: String,
}

/// How a case ended without a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StoppedBy {
    /// It could not be shown that it was the person.
    Refused,
    /// The time was over.
    Expired,
    /// The person stopped it.
    Withdrawn,
    /// The people asked did not agree.
    Declined,
    /// The directory refused the change.
    Directory,
    /// The account was changed in another case.
    Superseded,
    /// "This was not me" was said of another request for the account.
    Contested,
}

/// A change the owner of the account made, signed in.
#[derive(Clone, Debug)]
pub struct ChangeLine {
    /// From where.
    pub origin: Origin,
    /// The whole link to "this was not me".
    pub not_me: String,
}

/// What a message says.
#[derive(Clone)]
pub enum Notice {
    /// A recovery began.
    Started {
        /// What for.
        goal: Goal,
        /// Which case.
        case: CaseLine,
        /// Only to the address that may prove; every other contact gets `None`.
        way_on: Option<WayOn>,
    },
    /// A code alone, to show that a new contact arrives.
    Code {
        /// Six digits, grouped.
        code: String,
        /// When it ends.
        until: Timestamp,
        /// How long it lives in all, in milliseconds.
        life_ms: i64,
    },
    /// The case is on hold.
    Held {
        /// Which case.
        case: CaseLine,
        /// Until when.
        until: Timestamp,
        /// The whole link to follow it.
        follow: String,
    },
    /// The case ended without a change.
    Stopped {
        /// How.
        by: StoppedBy,
        /// Which case.
        case: CaseLine,
    },
    /// The case ended well.
    Done {
        /// What for.
        goal: Goal,
        /// Which case.
        case: CaseLine,
        /// Whether everything was signed out.
        signed_out: bool,
    },
    /// "This was not me" was pressed.
    NotMe {
        /// The case's reference.
        reference: String,
        /// Until when nobody can reset the account.
        until: Timestamp,
        /// Whether a new way in was set before.
        changed: bool,
    },
    /// An address was added; goes to the old ones and the new one (UX-69).
    ContactAdded {
        /// The address, masked.
        address: String,
        /// When it starts to count.
        counts_from: Timestamp,
        /// From where.
        change: ChangeLine,
    },
    /// An address was removed; goes to it and to the others.
    ContactRemoved {
        /// The address, masked.
        address: String,
        /// From where.
        change: ChangeLine,
    },
    /// A way back in was added.
    Added {
        /// What kind.
        kind: WayKind,
        /// Its name.
        name: String,
        /// From where.
        change: ChangeLine,
    },
    /// A way back in was removed.
    Removed {
        /// What kind.
        kind: WayKind,
        /// Its name.
        name: String,
        /// From where.
        change: ChangeLine,
    },
    /// The password was changed by somebody who knew the old one.
    PasswordChanged(ChangeLine),
}

/// A part of a message, in the order it is read.
enum Block {
    Text(String),
    Link { label: String, url: String },
    Code { label: String, code: String },
    Facts(Vec<(String, String)>),
}

/// The color of the edge; the words carry the meaning.
#[derive(Clone, Copy)]
enum Tone {
    Calm,
    Wait,
    Stop,
    Done,
}

impl Tone {
    fn edge(self) -> &'static str {
        match self {
            Self::Calm => "#0A5C55",
            Self::Wait => "#A87212",
            Self::Stop => "#A3231A",
            Self::Done => "#1F5C2C",
        }
    }
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct HtmlPart<'a> {
    letter: &'a Letter<'a>,
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct TextPart<'a> {
    letter: &'a Letter<'a>,
}

struct Letter<'a> {
    head: &'a Letterhead,
    tone: Tone,
    subject: String,
    blocks: Vec<Block>,
    not_me: Option<String>,
}

impl Notice {
    /// Writes both parts in the language of the letterhead.
    ///
    /// # Errors
    /// If a template cannot be written, which only a broken formatter does.
    pub fn write(&self, head: &Letterhead) -> Result<Mail, askama::Error> {
        let letter = self.letter(head);
        Ok(Mail {
            text: TextPart { letter: &letter }.render()?,
            html: HtmlPart { letter: &letter }.render()?,
            subject: letter.subject,
        })
    }

    fn letter<'a>(&self, head: &'a Letterhead) -> Letter<'a> {
        match self {
            Self::Started { goal, case, way_on } => head.started(*goal, case, way_on.as_ref()),
            Self::Code { code, until, life_ms } => head.lone_code(code, head.life(*until, *life_ms)),
            Self::Held { case, until, follow } => head.held(case, *until, follow),
            Self::Stopped { by, case } => head.stopped(*by, case),
            Self::Done { goal, case, signed_out } => head.done(*goal, case, *signed_out),
            Self::NotMe { reference, until, changed } => head.protected(reference, *until, *changed),
            Self::ContactAdded { address, counts_from, change } => {
                let text = head.say(k("mail-contact-added")).with("address", address);
                let text = text.with("time", head.when(*counts_from));
                head.changed(Tone::Wait, k("mail-contact"), text, change)
            }
            Self::ContactRemoved { address, change } => {
                let text = head.say(k("mail-contact-removed")).with("address", address);
                head.changed(Tone::Wait, k("mail-contact"), text, change)
            }
            Self::Added { kind, name, change } => {
                let text = head.say(k("mail-added-text")).with("name", name);
                let text = text.with("way", head.say(kind.label()));
                head.changed(Tone::Wait, k("mail-added"), text, change)
            }
            Self::Removed { kind, name, change } => {
                let text = head.say(k("mail-removed-text")).with("name", name);
                let text = text.with("way", head.say(kind.label()));
                head.changed(Tone::Wait, k("mail-removed"), text, change)
            }
            Self::PasswordChanged(change) => {
                let text = head.say(k("mail-password-text"));
                head.changed(Tone::Done, k("mail-password"), text, change)
            }
        }
    }
}

impl StoppedBy {
    fn text(self) -> Key {
        match self {
            Self::Refused => k("mail-stopped-refused"),
            Self::Expired => k("mail-stopped-expired"),
            Self::Withdrawn => k("mail-stopped-withdrawn"),
            Self::Declined => k("mail-stopped-declined"),
            Self::Directory => k("mail-stopped-directory"),
            Self::Superseded => k("mail-stopped-superseded"),
            Self::Contested => k("mail-stopped-contested"),
        }
    }
    fn next(self) -> Key {
        match self {
            Self::Refused | Self::Expired | Self::Withdrawn | Self::Declined => k("mail-stopped-next"),
            Self::Directory => k("mail-stopped-ask"),
            Self::Superseded => k("mail-stopped-again"),
            Self::Contested => k("stop-contested-next"),
        }
    }
}

impl Letterhead {
    fn say(&self, key: impl Into<Key>) -> Text {
        self.lang
            .t(key)
            .with("organization", &self.site.organization)
            .with("account", &self.account)
            .with("phone", self.site.help.phone.as_deref().unwrap_or("none"))
    }
    fn text(&self, key: Key) -> Block {
        Block::Text(self.say(key).to_string())
    }
    fn when(&self, at: Timestamp) -> String {
        self.lang.day_time(at, &self.site.zone)
    }
    fn link(&self, label: Key, url: &str) -> Block {
        Block::Link { label: self.say(label).to_string(), url: url.to_owned() }
    }
    fn code(&self, code: &str) -> Block {
        Block::Code { label: self.say(k("mail-code")).to_string(), code: code.to_owned() }
    }
    fn life(&self, until: Timestamp, life_ms: i64) -> Block {
        let text = self
            .say(k("mail-life"))
            .with("time", self.lang.clock(until, &self.site.zone))
            .with("life", self.lang.duration(life_ms));
        Block::Text(text.to_string())
    }

    fn facts(&self, origin: &Origin, reference: Option<&str>) -> Block {
        let unknown = || self.say(k("fact-unknown")).to_string();
        let mut facts = vec![
            (self.say(k("fact-when")).to_string(), self.when(origin.at)),
            (self.say(k("fact-where")).to_string(), origin.place.clone().unwrap_or_else(unknown)),
            (self.say(k("fact-device")).to_string(), origin.device.clone().unwrap_or_else(unknown)),
        ];
        if let Some(reference) = reference {
            let label = self.say(k("done-reference")).to_string();
            facts.push((label, reference.to_owned()));
        }
        Block::Facts(facts)
    }

    fn started(&self, goal: Goal, case: &CaseLine, way_on: Option<&WayOn>) -> Letter<'_> {
        let (subject, text) = match goal {
            // No case is called `Secure`: whoever says that somebody else did it is shown where help is.
            Goal::Password | Goal::Secure => (k("mail-started-password"), k("mail-started-password-text")),
            Goal::Unlock => (k("mail-started-unlock"), k("mail-started-unlock-text")),
            Goal::Replace => (k("mail-started-replace"), k("mail-started-replace-text")),
            Goal::Ways => (k("mail-started-ways"), k("mail-started-ways-text")),
        };
        let mut blocks = vec![self.text(text), self.facts(&case.origin, Some(&case.reference))];
        match way_on {
            Some(way) => {
                blocks.push(self.text(k("mail-started-you")));
                blocks.push(self.link(k("mail-go-on"), &way.link));
                blocks.push(self.code(&way.code));
                blocks.push(self.life(way.until, way.life_ms));
            }
            None => blocks.push(self.text(k("mail-started-no-need"))),
        }
        self.letter(Tone::Calm, subject, blocks, Some(&case.not_me))
    }

    fn done(&self, goal: Goal, case: &CaseLine, signed_out: bool) -> Letter<'_> {
        let (subject, text) = match goal {
            Goal::Password | Goal::Secure => (k("mail-done-password"), k("mail-done-password-text")),
            Goal::Unlock => (k("mail-done-unlock"), k("mail-done-unlock-text")),
            Goal::Replace => (k("mail-done-replace"), k("mail-done-replace-text")),
            Goal::Ways => (k("mail-done-ways"), k("mail-done-ways-text")),
        };
        let mut blocks = vec![self.text(text)];
        if signed_out {
            blocks.push(self.text(k("mail-done-signed-out")));
        }
        blocks.push(self.facts(&case.origin, Some(&case.reference)));
        self.letter(Tone::Done, subject, blocks, Some(&case.not_me))
    }

    fn lone_code(&self, code: &str, life: Block) -> Letter<'_> {
        let blocks =
            vec![self.text(k("mail-code-contact-text")), self.code(code), life, self.text(k("mail-code-else"))];
        self.letter(Tone::Calm, k("mail-code-contact"), blocks, None)
    }

    fn held(&self, case: &CaseLine, until: Timestamp, follow: &str) -> Letter<'_> {
        let text = self.say(k("mail-held-text")).with("time", self.when(until));
        let blocks = vec![
            Block::Text(text.to_string()),
            self.text(k("mail-held-come-back")),
            self.facts(&case.origin, Some(&case.reference)),
            self.link(k("mail-follow"), follow),
        ];
        self.letter(Tone::Wait, k("mail-held"), blocks, Some(&case.not_me))
    }

    fn stopped(&self, by: StoppedBy, case: &CaseLine) -> Letter<'_> {
        let blocks = vec![
            self.text(by.text()),
            self.text(k("mail-stopped-unchanged")),
            self.facts(&case.origin, Some(&case.reference)),
            self.text(by.next()),
        ];
        self.letter(Tone::Stop, k("mail-stopped"), blocks, Some(&case.not_me))
    }

    fn protected(&self, reference: &str, until: Timestamp, changed: bool) -> Letter<'_> {
        let next = match changed {
            true => k("mail-not-me-changed"),
            false => k("mail-not-me-nothing"),
        };
        let text = self.say(k("mail-not-me-text")).with("time", self.when(until));
        let label = self.say(k("done-reference")).to_string();
        let blocks =
            vec![Block::Text(text.to_string()), self.text(next), Block::Facts(vec![(label, reference.to_owned())])];
        self.letter(Tone::Stop, k("mail-not-me"), blocks, None)
    }

    fn changed(&self, tone: Tone, subject: Key, text: Text, change: &ChangeLine) -> Letter<'_> {
        let blocks = vec![Block::Text(text.to_string()), self.facts(&change.origin, None)];
        self.letter(tone, subject, blocks, Some(&change.not_me))
    }

    fn letter(&self, tone: Tone, subject: Key, blocks: Vec<Block>, not_me: Option<&str>) -> Letter<'_> {
        Letter { head: self, tone, subject: self.say(subject).to_string(), blocks, not_me: not_me.map(str::to_owned) }
    }
}

#[cfg(test)]
#[path = "mail_tests.rs"]
mod tests;
