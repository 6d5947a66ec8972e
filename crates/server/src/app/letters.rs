//! Messages in the words of the pages: what a job wants said, as one of the letters of [`crate::web::mail`].
//!
//! Not here: whom it goes to, and sending. A link is made of the configured address and of nothing that came with a request (R49).

use std::sync::Arc;

use keyward_core::{
    account::{Action, Method},
    event::{Door, EndReason},
    secret::SecretText,
    steps::review::NoticeAbout,
    time::DAY_MS,
};

use crate::{
    channels::Message,
    i18n::Lang,
    jobs::letters::{ChangedWay, Content, Letter, Letters, Occasion},
    web::{
        mail::{CaseLine, ChangeLine, Letterhead, Mail, Notice, StoppedBy, WayOn},
        shell::Site,
        views::{Goal, link::Origin},
        visit::browser_name,
    },
};

/// Writes in the language of the person, or else of the site.
pub struct Written {
    site: Arc<Site>,
    language: Lang,
}

impl Written {
    /// For this site.
    pub const fn new(site: Arc<Site>, language: Lang) -> Self {
        Self { site, language }
    }

    fn notice(&self, letter: &Letter<'_>) -> Notice {
        match &letter.content {
            Content::Notice(occasion) => self.happened(letter, occasion),
            Content::Code { code, link, until, life_ms } => {
                let way_on = WayOn {
                    link: format!("{}/l/{}", self.site.public_url, link.expose()),
                    code: code.expose().clone(),
                    until: *until,
                    life_ms: *life_ms,
                };
                let goal = Goal::of(letter.action, letter.door);
                Notice::Started { goal, case: self.case(letter), way_on: Some(way_on) }
            }
            Content::NewAddress { code, until, life_ms } => {
                Notice::Code { code: code.expose().clone(), until: *until, life_ms: *life_ms }
            }
        }
    }

    fn happened(&self, letter: &Letter<'_>, occasion: &Occasion) -> Notice {
        let (goal, case) = (Goal::of(letter.action, letter.door), self.case(letter));
        match occasion.about {
            NoticeAbout::Started => Notice::Started { goal, case, way_on: None },
            NoticeAbout::Held => Notice::Held {
                case,
                until: occasion.until.unwrap_or(letter.at),
                follow: format!("{}/status", self.site.public_url),
            },
            NoticeAbout::Stopped => Notice::Stopped { by: stopped_by(occasion.ended), case },
            NoticeAbout::Done if letter.door == Door::Account && letter.action == Action::SetPassword => {
                Notice::PasswordChanged(self.change(letter))
            }
            NoticeAbout::Done => Notice::Done { goal, case, signed_out: matches!(letter.action, Action::SetPassword) },
            NoticeAbout::RecoveryDataChanged => match &occasion.way {
                Some(way) => self.way_changed(letter, way),
                None => Notice::Done { goal, case, signed_out: false },
            },
            NoticeAbout::Contested => Notice::NotMe {
                reference: letter.reference.to_string(),
                until: occasion.until.unwrap_or(letter.at.plus_ms(DAY_MS)),
                changed: occasion.changed,
            },
        }
    }

    fn way_changed(&self, letter: &Letter<'_>, way: &ChangedWay) -> Notice {
        let (change, name) = (self.change(letter), way.name.clone());
        match (way.method, way.counts_from) {
            (Method::Email, Some(counts_from)) => Notice::ContactAdded { address: name, counts_from, change },
            (Method::Email, None) => Notice::ContactRemoved { address: name, change },
            (method, Some(_)) => Notice::Added { kind: method.into(), name, change },
            (method, None) => Notice::Removed { kind: method.into(), name, change },
        }
    }

    fn not_me(&self, letter: &Letter<'_>) -> String {
        format!("{}/not-me/{}", self.site.public_url, letter.not_me.expose())
    }

    fn case(&self, letter: &Letter<'_>) -> CaseLine {
        CaseLine { reference: letter.reference.to_string(), origin: origin(letter), not_me: self.not_me(letter) }
    }

    fn change(&self, letter: &Letter<'_>) -> ChangeLine {
        ChangeLine { origin: origin(letter), not_me: self.not_me(letter) }
    }
}

impl Letters for Written {
    fn write(&self, letter: &Letter<'_>, seed: [u8; 16]) -> Message {
        let lang = letter.language.and_then(Lang::from_tag).unwrap_or(self.language);
        let account = letter.account.to_owned();
        let head = Letterhead { site: self.site.clone(), lang, account, at: letter.at };
        let written = self.notice(letter).write(&head);
        let mail = written.unwrap_or_else(|cause| {
            // Only a broken formatter does this. The bare facts are better than silence.
            tracing::error!(%cause, "a message could not be written");
            let text = format!("{}\n{}\n", letter.reference, self.not_me(letter));
            Mail { subject: self.site.organization.clone(), html: String::new(), text }
        });
        Message {
            to: letter.to.to_owned(),
            subject: mail.subject,
            text: SecretText::new(mail.text),
            html: SecretText::new(mail.html),
            seed,
            language: lang.tag().to_owned(),
            at: letter.at,
        }
    }
}

fn origin(letter: &Letter<'_>) -> Origin {
    let owned = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    Origin { at: letter.at, place: owned(letter.network), device: letter.browser.and_then(browser_name) }
}

const fn stopped_by(reason: Option<EndReason>) -> StoppedBy {
    match reason {
        Some(EndReason::Denied) => StoppedBy::Declined,
        Some(EndReason::Expired) => StoppedBy::Expired,
        Some(EndReason::Withdrawn) => StoppedBy::Withdrawn,
        Some(EndReason::Superseded) => StoppedBy::Superseded,
        Some(EndReason::DirectoryRefused) => StoppedBy::Directory,
        Some(EndReason::Blocked) => StoppedBy::Contested,
        None => StoppedBy::Refused,
    }
}
