//! Messages in the words of the pages: what a job wants said, as a view of [`crate::web::mail`], in the language of the person it goes to.

use std::sync::Arc;

use keyward_core::{
    account::Action,
    secret::Secret,
    steps::review::NoticeAbout,
    time::{DAY_MS, MINUTE_MS},
};

use crate::{
    channels::Message,
    i18n::Lang,
    jobs::letters::{Content, Letter, Letters},
    web::{
        mail::{CaseLine, Letterhead, Mail, Notice, StoppedBy, WayOn},
        shell::Site,
        views::{Goal, link::Origin},
    },
};

/// Writes messages.
pub struct Written {
    site: Arc<Site>,
    /// For people of whom no language is known.
    language: Lang,
}

impl Written {
    /// With the site's letterhead.
    pub const fn new(site: Arc<Site>, language: Lang) -> Self {
        Self { site, language }
    }
}

impl Letters for Written {
    fn write(&self, letter: &Letter<'_>, seed: [u8; 16]) -> Message {
        let lang = letter.language.and_then(Lang::from_tag).unwrap_or(self.language);
        let head = Letterhead { site: Arc::clone(&self.site), lang, account: letter.account.to_owned(), at: letter.at };
        // Only a broken formatter can fail here; the subject is said at least.
        let mail = notice(&self.site, letter).write(&head).unwrap_or_else(|cause| {
            tracing::error!(%cause, "a message could not be rendered");
            Mail { subject: self.site.organization.clone(), text: String::new(), html: String::new() }
        });
        Message {
            to: letter.to.to_owned(),
            subject: mail.subject,
            text: Secret::new(mail.text),
            html: Secret::new(mail.html),
            seed,
            language: lang.tag().to_owned(),
            at: letter.at,
        }
    }
}

fn goal(action: Action) -> Goal {
    match action {
        Action::SetPassword => Goal::Password,
        Action::Unlock => Goal::Unlock,
        Action::EnrollFactor { .. } | Action::RemoveFactor => Goal::Replace,
    }
}

fn notice(site: &Site, letter: &Letter<'_>) -> Notice {
    let origin = Origin {
        at: letter.at,
        place: letter.network.map(str::to_owned),
        device: letter.browser.map(str::to_owned).filter(|browser| !browser.is_empty()),
    };
    let case = CaseLine {
        reference: letter.reference.to_string(),
        origin,
        not_me: format!("{}/not-me/{}", site.public_url, letter.not_me.expose()),
    };
    let goal = goal(letter.action);
    match &letter.content {
        Content::Code { code, link, until } => {
            let way_on = WayOn {
                link: format!("{}/l/{}", site.public_url, link.expose()),
                code: Some(grouped(code.expose())),
                until: *until,
                life_ms: until.since_ms(letter.at).max(MINUTE_MS),
            };
            Notice::Started { goal, case, way_on: Some(way_on) }
        }
        Content::Notice { about, until } => match about {
            NoticeAbout::Started => Notice::Started { goal, case, way_on: None },
            NoticeAbout::Held => Notice::Held {
                until: until.unwrap_or(letter.at),
                follow: format!("{}/status/{}", site.public_url, letter.reference),
                case,
            },
            NoticeAbout::Stopped => Notice::Stopped { by: StoppedBy::Refused, case },
            NoticeAbout::Done | NoticeAbout::RecoveryDataChanged => Notice::Done { goal, case, signed_out: false },
            NoticeAbout::Contested => Notice::NotMe {
                reference: letter.reference.to_string(),
                until: letter.at.plus_ms(DAY_MS),
                changed: false,
            },
        },
    }
}

/// Three and three, as it is typed (UX-15).
fn grouped(code: &str) -> String {
    match code.split_at_checked(3) {
        Some((first, second)) => format!("{first} {second}"),
        None => code.to_owned(),
    }
}
