//! One of every message.

use keyward_core::time::{DAY_MS, HOUR_MS, MINUTE_MS};

use std::sync::Arc;

use super::person::origin;
use super::{NOW, REFERENCE, site};
use crate::i18n::Lang;
use crate::web::mail::{CaseLine, ChangeLine, Letterhead, Mail, Notice, StoppedBy, WayOn};
use crate::web::shell::Site;
use crate::web::views::{Goal, WayKind};

const NOT_ME: &str = "https://keyward.northwind.example/not-me/sample-link-0123456789abcdefghjkmnpqrs";

/// Every message in that language, by name. One that cannot be written is left out, which a test notices.
pub fn letters(lang: Lang) -> Vec<(String, Mail)> {
    letters_of(site(), lang)
}

/// The same of another site.
pub fn letters_of(site: Arc<Site>, lang: Lang) -> Vec<(String, Mail)> {
    let head = Letterhead { site, lang, account: "j.okafor".to_owned(), at: NOW };
    let write = |(name, notice): (&str, Notice)| {
        let mail = notice.write(&head).ok()?;
        Some((name.to_owned(), mail))
    };
    let all = started().into_iter().chain(ended()).chain(changed());
    all.filter_map(write).collect()
}

fn case() -> CaseLine {
    CaseLine { reference: REFERENCE.to_owned(), origin: origin(), not_me: NOT_ME.to_owned() }
}

fn change() -> ChangeLine {
    ChangeLine { origin: origin(), not_me: NOT_ME.to_owned() }
}

fn started() -> Vec<(&'static str, Notice)> {
    let (until, life_ms) = (NOW.plus_ms(10 * MINUTE_MS), 10 * MINUTE_MS);
    let way_on = WayOn {
        link: "https://keyward.northwind.example/l/sample-link-0123456789abcdefghjkmnpqrs".to_owned(),
        code: "492 817".to_owned(),
        until,
        life_ms,
    };
    let started = |goal, way_on| Notice::Started { goal, case: case(), way_on };
    let code = Notice::Code { code: "492 817".to_owned(), until, life_ms };
    let held = Notice::Held {
        case: case(),
        until: NOW.plus_ms(19 * HOUR_MS),
        follow: "https://keyward.northwind.example/status/sample".to_owned(),
    };
    vec![
        ("started-password", started(Goal::Password, Some(way_on))),
        ("started-unlock", started(Goal::Unlock, None)),
        ("started-replace", started(Goal::Replace, None)),
        ("started-ways", started(Goal::Ways, None)),
        ("code-contact", code),
        ("held", held),
    ]
}

fn ended() -> Vec<(&'static str, Notice)> {
    let stopped = |by| Notice::Stopped { by, case: case() };
    let done = |goal, signed_out| Notice::Done { goal, case: case(), signed_out };
    vec![
        ("stopped-refused", stopped(StoppedBy::Refused)),
        ("stopped-expired", stopped(StoppedBy::Expired)),
        ("stopped-withdrawn", stopped(StoppedBy::Withdrawn)),
        ("stopped-declined", stopped(StoppedBy::Declined)),
        ("stopped-directory", stopped(StoppedBy::Directory)),
        ("stopped-superseded", stopped(StoppedBy::Superseded)),
        ("stopped-contested", stopped(StoppedBy::Contested)),
        ("done-password", done(Goal::Password, true)),
        ("done-unlock", done(Goal::Unlock, false)),
        ("done-replace", done(Goal::Replace, true)),
        ("done-ways", done(Goal::Ways, false)),
    ]
}

fn changed() -> Vec<(&'static str, Notice)> {
    let address = || "j•••@example.com".to_owned();
    let contact_added =
        Notice::ContactAdded { address: address(), counts_from: NOW.plus_ms(3 * DAY_MS), change: change() };
    let contact_removed = Notice::ContactRemoved { address: address(), change: change() };
    let added = Notice::Added { kind: WayKind::Passkey, name: "Pixel 8".to_owned(), change: change() };
    let removed = Notice::Removed { kind: WayKind::AppCode, name: "Work phone".to_owned(), change: change() };
    let not_me = |changed| Notice::NotMe { reference: REFERENCE.to_owned(), until: NOW.plus_ms(DAY_MS), changed };
    vec![
        ("contact-added", contact_added),
        ("contact-removed", contact_removed),
        ("added", added),
        ("removed", removed),
        ("password", Notice::PasswordChanged(change())),
        ("not-me", not_me(false)),
        ("not-me-late", not_me(true)),
    ]
}
