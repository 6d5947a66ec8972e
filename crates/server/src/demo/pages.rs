//! The pages that only the demonstration has: who is who, the mailbox, and everybody's authenticator app.

use std::sync::{Arc, OnceLock};

use axum::{
    Extension, Router,
    extract::Path,
    http::{HeaderValue, header},
    routing::get,
};
use keyward_core::{account::Class, time::SECOND_MS};

use super::{
    PASSWORD,
    mailbox::{Caught, Mailbox},
    people::{MACHINES, Setup},
    seed::Ready,
};
use crate::{
    i18n::{Key, k},
    web::{
        answer::{Answer, show, stop},
        portal::Shared,
        views::{
            WayKind,
            demo::{DemoApp, DemoCode, DemoGroup, DemoHome, DemoInbox, DemoMail, DemoMessage, DemoPerson},
            outcome::StopReason,
        },
        visit::Visit,
    },
};

/// How long a code of an app lives (RFC 6238).
const STEP_MS: i64 = 30 * SECOND_MS;

/// What the pages show.
pub struct Shown {
    /// Everybody, with what they have set up, once it is made.
    pub people: OnceLock<Vec<Ready>>,
    /// Every message.
    pub mailbox: Arc<Mailbox>,
}

impl Shown {
    /// A mailbox, and nobody yet.
    pub const fn new(mailbox: Arc<Mailbox>) -> Self {
        Self { people: OnceLock::new(), mailbox }
    }
    /// Everybody.
    pub fn people(&self) -> &[Ready] {
        self.people.get().map_or(&[], Vec::as_slice)
    }
}

/// The routes.
pub fn routes(shown: Arc<Shown>) -> Router<Shared> {
    Router::new()
        .route("/demo", get(home))
        .route("/demo/mail", get(inbox))
        .route("/demo/mail/{id}", get(message))
        .route("/demo/mail/{id}/html", get(html))
        .route("/demo/app", get(app))
        .layer(Extension(shown))
}

fn ways(setup: Setup) -> Vec<WayKind> {
    match setup {
        Setup::Full => vec![WayKind::AppCode, WayKind::RecoveryCode, WayKind::Email],
        Setup::App => vec![WayKind::AppCode, WayKind::Email],
        Setup::Codes => vec![WayKind::RecoveryCode, WayKind::Email],
        Setup::Nothing => vec![],
    }
}

/// A group of the page: its heading, a sentence, and whose accounts are in it.
type Group = (Key, Key, &'static [Class]);

fn groups() -> [Group; 3] {
    [
        (k("demo-people"), k("demo-people-text"), &[Class::Standard]),
        (k("demo-elevated"), k("demo-elevated-text"), &[Class::Finance, Class::Hr, Class::Executive]),
        (k("demo-admins"), k("demo-admins-text"), &[Class::Admin]),
    ]
}

async fn home(visit: Visit, Extension(shown): Extension<Arc<Shown>>) -> Answer {
    let groups = groups().into_iter().map(|(title, text, classes)| {
        let people = shown.people().iter().filter(|ready| classes.contains(&ready.somebody.class));
        let people = people.map(|ready| DemoPerson {
            name: ready.somebody.name.to_owned(),
            account: ready.somebody.account.to_owned(),
            title: ready.somebody.post.to_owned(),
            ways: ways(ready.somebody.setup),
            code: ready.codes.first().cloned(),
        });
        DemoGroup { title, text, people: people.collect() }
    });
    let groups = groups.chain([machines()]);
    show(&DemoHome { shell: visit.shell(), groups: groups.collect(), password: PASSWORD.to_owned() })
}

fn machines() -> DemoGroup {
    let machine = |(account, what): &(&str, &str)| DemoPerson {
        name: (*what).to_owned(),
        account: (*account).to_owned(),
        title: String::new(),
        ways: vec![],
        code: None,
    };
    let people = MACHINES.iter().map(machine).collect();
    DemoGroup { title: k("demo-machines"), text: k("demo-machines-text"), people }
}

fn mail(caught: &Caught) -> DemoMail {
    DemoMail {
        href: format!("/demo/mail/{}", caught.id),
        at: caught.at,
        to: caught.to.clone(),
        subject: caught.subject.clone(),
    }
}

async fn inbox(visit: Visit, Extension(shown): Extension<Arc<Shown>>) -> Answer {
    let messages = shown.mailbox.all().iter().map(mail).collect();
    show(&DemoInbox { shell: visit.shell(), messages })
}

async fn message(visit: Visit, Extension(shown): Extension<Arc<Shown>>, Path(id): Path<String>) -> Answer {
    let Some(caught) = shown.mailbox.one(&id) else { return stop(&visit, StopReason::NotFound) };
    show(&DemoMessage {
        shell: visit.shell(),
        mail: mail(&caught),
        text: caught.text.clone(),
        html: format!("/demo/mail/{id}/html"),
    })
}

/// The HTML part, to be read. It has inline style, which no page of ours may have, so it stands here without.
async fn html(visit: Visit, Extension(shown): Extension<Arc<Shown>>, Path(id): Path<String>) -> Answer {
    let Some(caught) = shown.mailbox.one(&id) else { return stop(&visit, StopReason::NotFound) };
    let mut answer = Answer::new(caught.html.into());
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    answer
}

async fn app(visit: Visit, Extension(shown): Extension<Arc<Shown>>) -> Answer {
    let step = visit.at.millis().div_euclid(STEP_MS) + 1;
    let until = keyward_core::time::Timestamp::from_millis(step * STEP_MS);
    let codes = shown.people().iter().filter_map(|ready| {
        let code = ready.app.as_ref()?.code(visit.at);
        let (first, second) = code.expose().split_at_checked(3)?;
        Some(DemoCode {
            name: ready.somebody.name.to_owned(),
            account: ready.somebody.account.to_owned(),
            code: format!("{first} {second}"),
            until,
        })
    });
    show(&DemoApp { shell: visit.shell(), codes: codes.collect() })
}
