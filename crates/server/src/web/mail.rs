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
    /// Six digits to type in the browser that asked; `None` if there is none.
    pub code: Option<String>,
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

/// Why a code is sent alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeFor {
    /// To sign in to "my ways back in".
    SignIn,
    /// To show that a new contact arrives.
    Contact,
}

/// How a case ended without a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StoppedBy {
    /// It could not be shown that it was the person.
    Refused,
    /// Somebody called the service desk and could not prove it.
    DeskCall,
    /// The time was over.
    Expired,
    /// The person stopped it.
    Withdrawn,
    /// The people asked did not agree.
    Declined,
}

/// What a message says.
#[derive(Clone)]
pub enum Notice {
    /// A recovery began. With a way on: to the address that may prove; without: to every other contact.
    Started(Goal, CaseLine, Option<WayOn>),
    /// A code alone; when it ends and its life in milliseconds.
    Code(CodeFor, String, Timestamp, i64),
    /// The case is on hold until then; where to follow it.
    Held(CaseLine, Timestamp, String),
    /// The case ended without a change.
    Stopped(StoppedBy, CaseLine),
    /// A new way in was set; `true`: everything was signed out.
    Done(Goal, CaseLine, bool),
    /// To the old and the new address: contacts changed; the masked address; when it counts (`None`: it was removed).
    ContactChanged(Origin, String, Option<Timestamp>, String),
    /// A way back in was added, with its name and the "not me" link.
    Added(WayKind, String, Origin, String),
    /// A way back in was removed.
    Removed(WayKind, String, Origin, String),
    /// The password was changed by its owner.
    PasswordChanged(Origin, String),
    /// "This was not me" was pressed: until when nobody can reset; the reference.
    NotMe(String, Timestamp),
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
            Self::Started(goal, case, way_on) => head.started(*goal, case, way_on.as_ref()),
            Self::Code(what, code, until, life_ms) => {
                let (subject, text) = match what {
                    CodeFor::SignIn => (k("mail-code-sign-in"), k("mail-code-sign-in-text")),
                    CodeFor::Contact => (k("mail-code-contact"), k("mail-code-contact-text")),
                };
                let blocks = vec![
                    head.text(text),
                    head.code(code),
                    head.life(*until, *life_ms),
                    head.text(k("mail-code-else")),
                ];
                head.letter(Tone::Calm, subject, blocks, None)
            }
            Self::Held(case, until, follow) => {
                let blocks = vec![
                    Block::Text(
                        head.say(k("mail-held-text"))
                            .with("time", head.when(*until))
                            .to_string(),
                    ),
                    head.text(k("mail-held-nothing")),
                    head.facts(&case.origin, Some(&case.reference)),
                    head.link(k("mail-follow"), follow),
                ];
                head.letter(Tone::Wait, k("mail-held"), blocks, Some(&case.not_me))
            }
            Self::Stopped(by, case) => {
                let blocks = vec![
                    head.text(by.text()),
                    head.text(k("mail-stopped-unchanged")),
                    head.facts(&case.origin, Some(&case.reference)),
                    head.text(k("mail-stopped-next")),
                ];
                head.letter(Tone::Stop, k("mail-stopped"), blocks, Some(&case.not_me))
            }
            Self::Done(goal, case, signed_out) => head.done(*goal, case, *signed_out),
            Self::ContactChanged(origin, address, counts, not_me) => {
                let changed = match counts {
                    Some(from) => head
                        .say(k("mail-contact-added"))
                        .with("time", head.when(*from)),
                    None => head.say(k("mail-contact-removed")),
                };
                let blocks = vec![
                    Block::Text(changed.with("address", address).to_string()),
                    head.facts(origin, None),
                ];
                head.letter(Tone::Wait, k("mail-contact"), blocks, Some(not_me))
            }
            Self::Added(kind, name, origin, not_me) => head.way(
                k("mail-added"),
                k("mail-added-text"),
                (*kind, name),
                (origin, not_me),
            ),
            Self::Removed(kind, name, origin, not_me) => head.way(
                k("mail-removed"),
                k("mail-removed-text"),
                (*kind, name),
                (origin, not_me),
            ),
            Self::PasswordChanged(origin, not_me) => {
                let blocks = vec![head.text(k("mail-password-text")), head.facts(origin, None)];
                head.letter(Tone::Done, k("mail-password"), blocks, Some(not_me))
            }
            Self::NotMe(reference, until) => {
                let blocks = vec![
                    Block::Text(
                        head.say(k("mail-not-me-text"))
                            .with("time", head.when(*until))
                            .to_string(),
                    ),
                    head.text(k("mail-not-me-nothing")),
                    Block::Facts(vec![(
                        head.say(k("done-reference")).to_string(),
                        reference.clone(),
                    )]),
                ];
                head.letter(Tone::Stop, k("mail-not-me"), blocks, None)
            }
        }
    }
}

impl StoppedBy {
    fn text(self) -> Key {
        match self {
            Self::Refused => k("mail-stopped-refused"),
            Self::DeskCall => k("mail-stopped-desk"),
            Self::Expired => k("mail-stopped-expired"),
            Self::Withdrawn => k("mail-stopped-withdrawn"),
            Self::Declined => k("mail-stopped-declined"),
        }
    }
}

impl Letterhead {
    fn say(&self, key: impl Into<Key>) -> Text {
        self.lang
            .t(key)
            .with("organization", &self.site.organization)
            .with("account", &self.account)
            .with("phone", &self.site.help.phone)
    }
    fn text(&self, key: Key) -> Block {
        Block::Text(self.say(key).to_string())
    }
    fn when(&self, at: Timestamp) -> String {
        self.lang.day_time(at, &self.site.zone)
    }
    fn link(&self, label: Key, url: &str) -> Block {
        Block::Link {
            label: self.say(label).to_string(),
            url: url.to_owned(),
        }
    }
    fn code(&self, code: &str) -> Block {
        Block::Code {
            label: self.say(k("mail-code")).to_string(),
            code: code.to_owned(),
        }
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
            (
                self.say(k("fact-where")).to_string(),
                origin.place.clone().unwrap_or_else(unknown),
            ),
            (
                self.say(k("fact-device")).to_string(),
                origin.device.clone().unwrap_or_else(unknown),
            ),
        ];
        if let Some(reference) = reference {
            let label = self.say(k("done-reference")).to_string();
            facts.push((label, reference.to_owned()));
        }
        Block::Facts(facts)
    }

    fn started(&self, goal: Goal, case: &CaseLine, way_on: Option<&WayOn>) -> Letter<'_> {
        let (subject, text) = match goal {
            Goal::Password => (k("mail-started-password"), k("mail-started-password-text")),
            Goal::Unlock => (k("mail-started-unlock"), k("mail-started-unlock-text")),
            Goal::Replace => (k("mail-started-replace"), k("mail-started-replace-text")),
            Goal::Secure => (k("mail-started-secure"), k("mail-started-secure-text")),
        };
        let mut blocks = vec![
            self.text(text),
            self.facts(&case.origin, Some(&case.reference)),
        ];
        match way_on {
            Some(way) => {
                blocks.push(self.text(k("mail-started-you")));
                blocks.push(self.link(k("mail-go-on"), &way.link));
                if let Some(code) = &way.code {
                    blocks.push(self.code(code));
                }
                blocks.push(self.life(way.until, way.life_ms));
            }
            None => blocks.push(self.text(k("mail-started-no-need"))),
        }
        self.letter(Tone::Calm, subject, blocks, Some(&case.not_me))
    }

    fn done(&self, goal: Goal, case: &CaseLine, signed_out: bool) -> Letter<'_> {
        let (subject, text) = match goal {
            Goal::Password => (k("mail-done-password"), k("mail-done-password-text")),
            Goal::Unlock => (k("mail-done-unlock"), k("mail-done-unlock-text")),
            Goal::Replace => (k("mail-done-replace"), k("mail-done-replace-text")),
            Goal::Secure => (k("mail-done-secure"), k("mail-done-secure-text")),
        };
        let mut blocks = vec![self.text(text)];
        if signed_out {
            blocks.push(self.text(k("done-signed-out")));
        }
        blocks.push(self.facts(&case.origin, Some(&case.reference)));
        self.letter(Tone::Done, subject, blocks, Some(&case.not_me))
    }

    fn way(
        &self,
        subject: Key,
        text: Key,
        (kind, name): (WayKind, &str),
        (origin, not_me): (&Origin, &str),
    ) -> Letter<'_> {
        let label = self.say(kind.label());
        let text = self.say(text).with("way", label).with("name", name);
        let blocks = vec![Block::Text(text.to_string()), self.facts(origin, None)];
        self.letter(Tone::Wait, subject, blocks, Some(not_me))
    }

    fn letter(
        &self,
        tone: Tone,
        subject: Key,
        blocks: Vec<Block>,
        not_me: Option<&str>,
    ) -> Letter<'_> {
        Letter {
            head: self,
            tone,
            subject: self.say(subject).to_string(),
            blocks,
            not_me: not_me.map(str::to_owned),
        }
    }
}

#[cfg(test)]
#[path = "mail_tests.rs"]
mod tests;
