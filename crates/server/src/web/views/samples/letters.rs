//! One of every message.

use keyward_core::time::{DAY_MS, HOUR_MS, MINUTE_MS};

use super::person::origin;
use super::{NOW, REFERENCE, site};
use crate::i18n::Lang;
use crate::web::mail::{CaseLine, CodeFor, Letterhead, Mail, Notice, StoppedBy, WayOn};
use crate::web::views::{Goal, WayKind};

const NOT_ME: &str =
    "https://keyward.northwind.example/not-me/sample-link-0123456789abcdefghjkmnpqrs";

/// Every message in that language, by name. One that cannot be written is left out, which a test notices.
pub fn letters(lang: Lang) -> Vec<(String, Mail)> {
    let head = Letterhead {
        site: site(),
        lang,
        account: "j.okafor".to_owned(),
        at: NOW,
    };
    let write = |(name, notice): (&str, Notice)| {
        let mail = notice.write(&head).ok()?;
        Some((name.to_owned(), mail))
    };
    let all = started().into_iter().chain(ended()).chain(changed());
    all.filter_map(write).collect()
}

fn case() -> CaseLine {
    CaseLine {
        reference: REFERENCE.to_owned(),
        origin: origin(),
        not_me: NOT_ME.to_owned(),
    }
}

fn started() -> Vec<(&'static str, Notice)> {
    let way_on = WayOn {
        link: "https://keyward.northwind.example/l/sample-link-0123456789abcdefghjkmnpqrs"
            .to_owned(),
        code: Some("492 817".to_owned()),
        until: NOW.plus_ms(10 * MINUTE_MS),
        life_ms: 10 * MINUTE_MS,
    };
    let follow = "https://keyward.northwind.example/status/sample".to_owned();
    let ten = (NOW.plus_ms(10 * MINUTE_MS), 10 * MINUTE_MS);
    let code = |what| Notice::Code(what, "492 817".to_owned(), ten.0, ten.1);
    vec![
        (
            "started-password",
            Notice::Started(Goal::Password, case(), Some(way_on)),
        ),
        (
            "started-unlock",
            Notice::Started(Goal::Unlock, case(), None),
        ),
        (
            "started-replace",
            Notice::Started(Goal::Replace, case(), None),
        ),
        (
            "started-secure",
            Notice::Started(Goal::Secure, case(), None),
        ),
        ("code-sign-in", code(CodeFor::SignIn)),
        ("code-contact", code(CodeFor::Contact)),
        (
            "held",
            Notice::Held(case(), NOW.plus_ms(19 * HOUR_MS), follow),
        ),
    ]
}

fn ended() -> Vec<(&'static str, Notice)> {
    vec![
        (
            "stopped-refused",
            Notice::Stopped(StoppedBy::Refused, case()),
        ),
        ("stopped-desk", Notice::Stopped(StoppedBy::DeskCall, case())),
        (
            "stopped-expired",
            Notice::Stopped(StoppedBy::Expired, case()),
        ),
        (
            "stopped-withdrawn",
            Notice::Stopped(StoppedBy::Withdrawn, case()),
        ),
        (
            "stopped-declined",
            Notice::Stopped(StoppedBy::Declined, case()),
        ),
        ("done-password", Notice::Done(Goal::Password, case(), true)),
        ("done-unlock", Notice::Done(Goal::Unlock, case(), false)),
        ("done-replace", Notice::Done(Goal::Replace, case(), true)),
        ("done-secure", Notice::Done(Goal::Secure, case(), true)),
    ]
}

fn changed() -> Vec<(&'static str, Notice)> {
    let address = || "j•••@example.com".to_owned();
    let not_me = || NOT_ME.to_owned();
    let from = NOW.plus_ms(3 * DAY_MS);
    vec![
        (
            "contact-added",
            Notice::ContactChanged(origin(), address(), Some(from), not_me()),
        ),
        (
            "contact-removed",
            Notice::ContactChanged(origin(), address(), None, not_me()),
        ),
        (
            "added",
            Notice::Added(WayKind::Passkey, "Pixel 8".to_owned(), origin(), not_me()),
        ),
        (
            "removed",
            Notice::Removed(WayKind::AppCode, "App".to_owned(), origin(), not_me()),
        ),
        ("password", Notice::PasswordChanged(origin(), not_me())),
        (
            "not-me",
            Notice::NotMe(REFERENCE.to_owned(), NOW.plus_ms(DAY_MS)),
        ),
    ]
}
