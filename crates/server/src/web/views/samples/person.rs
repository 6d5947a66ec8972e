//! Links, following a case, the pages that explain and the demonstration.

use keyward_core::time::{DAY_MS, HOUR_MS, MINUTE_MS};

use super::recovery::{case, live};
use super::{NOW, REFERENCE, Samples};
use crate::i18n::k;
use crate::web::shell::Shell;
use crate::web::views::demo::{DemoApp, DemoCode, DemoGroup, DemoHome, DemoInbox, DemoMail, DemoMessage, DemoPerson};
use crate::web::views::follow::{CaseState, FollowCase, FollowFind, FollowProblem, Happened, Step};
use crate::web::views::info::{Accessibility, Help, HowWeCheck, Privacy, Tested};
use crate::web::views::link::{DeadLink, Known, LinkDead, LinkLanding, NotMe, NotMeDone, Origin, StopRequest};
use crate::web::views::{CaseHead, WayKind};

/// All of it.
pub fn all(shell: &Shell, out: &mut Samples) {
    links(shell, out);
    not_me(shell, out);
    follow(shell, out);
    info(shell, out);
    demo(shell, out);
}

fn links(shell: &Shell, out: &mut Samples) {
    let page = LinkLanding {
        shell: shell.clone(),
        reference: REFERENCE.to_owned(),
        until: NOW.plus_ms(8 * MINUTE_MS),
        action: "/l?of=sample".to_owned(),
        not_me: "/not-me/sample".to_owned(),
    };
    out.add("12-link", &page);
    for (name, why, again) in [
        ("12-link-used", DeadLink::Used, false),
        ("12-link-past", DeadLink::Past, false),
        ("12-link-expired", DeadLink::Expired(10 * MINUTE_MS), true),
        ("12-link-elsewhere", DeadLink::Elsewhere, false),
        ("12-link-stopped", DeadLink::Stopped, false),
        ("12-link-notice", DeadLink::Notice, false),
    ] {
        let page = LinkDead {
            shell: shell.clone(),
            why,
            again: again.then(|| "/l/again".to_owned()),
            not_me: matches!(why, DeadLink::Used | DeadLink::Expired(_)).then(|| "/not-me/sample".to_owned()),
        };
        out.add(name, &page);
    }
}

/// From Leeds, with a telephone.
pub fn origin() -> Origin {
    Origin { at: NOW, place: Some("Leeds, United Kingdom".to_owned()), device: Some("Firefox on Android".to_owned()) }
}

fn not_me(shell: &Shell, out: &mut Samples) {
    let mut page = NotMe {
        shell: shell.clone(),
        reference: REFERENCE.to_owned(),
        origin: origin(),
        action: "/not-me/sample".to_owned(),
    };
    out.add("13-not-me", &page);
    page.origin.place = None;
    page.origin.device = None;
    out.add("13-not-me-unknown", &page);
    for (name, known) in
        [("13-not-me-done", Known::Unchanged), ("13-not-me-late", Known::Changed), ("13-not-me-open", Known::Nothing)]
    {
        let page =
            NotMeDone { shell: shell.clone(), reference: REFERENCE.to_owned(), until: NOW.plus_ms(DAY_MS), known };
        out.add(name, &page);
    }
    out.add("13-stop", &StopRequest { shell: shell.clone(), case: case(1) });
}

fn follow(shell: &Shell, out: &mut Samples) {
    let mut find = FollowFind { shell: shell.clone(), reference: String::new(), problem: None };
    out.add("14-follow-find", &find);
    for (name, problem) in [
        ("14-follow-find-empty", FollowProblem::Empty),
        ("14-follow-find-shape", FollowProblem::Shape),
        ("14-follow-find-not-here", FollowProblem::NotHere),
    ] {
        find.problem = Some(problem);
        out.add(name, &find);
    }
    let steps = [
        Step::Started,
        Step::NotShown,
        Step::Shown(WayKind::AppCode),
        Step::Held,
        Step::Agreed,
        Step::NewWayIn,
        Step::Reviewed,
        Step::Withdrawn,
        Step::Contested,
        Step::Refused,
        Step::NotMade,
        Step::Superseded,
        Step::Expired,
    ];
    let happened =
        steps.into_iter().zip(-40..).map(|(step, minute)| Happened { at: NOW.plus_ms(minute * MINUTE_MS), step });
    let happened: Vec<Happened> = happened.collect();
    let later = NOW.plus_ms(19 * HOUR_MS);
    for (name, state, step) in [
        ("14-follow-yours", CaseState::Yours, 1),
        ("14-follow-held", CaseState::Held(later), 2),
        ("14-follow-held-over", CaseState::HeldOver(later), 2),
        ("14-follow-others", CaseState::Others(later), 2),
        ("14-follow-working", CaseState::Working, 3),
        ("14-follow-done", CaseState::Done, 4),
        ("14-follow-reviewed", CaseState::Reviewed, 4),
        ("14-follow-ended", CaseState::Ended, 1),
        ("14-follow-contested", CaseState::Contested, 4),
    ] {
        let yours = state == CaseState::Yours;
        let page = FollowCase {
            shell: shell.clone(),
            case: CaseHead { in_doubt: state == CaseState::Working, ..case(step) },
            state,
            happened: happened.clone(),
            go_on: yours.then(|| "/recover/KW-7Q4M-82XJ/how".to_owned()),
            can_stop: step < 3,
            live: live(),
        };
        out.add(name, &page);
    }
}

fn info(shell: &Shell, out: &mut Samples) {
    out.add("15-help", &Help { shell: shell.clone() });
    let mut nowhere = shell.clone();
    nowhere.site = super::without_help(&shell.site);
    out.add("15-help-none", &Help { shell: nowhere });
    out.add(
        "15-how-we-check",
        &HowWeCheck { shell: shell.clone(), ways: vec![WayKind::Passkey, WayKind::AppCode, WayKind::RecoveryCode] },
    );
    let mut access = Accessibility {
        shell: shell.clone(),
        tested: Some(Tested { at: NOW, pages: 96, gaps: vec![shell.t("access-gap-by-hand").to_string()] }),
        contact: "access@northwind.example".to_owned(),
    };
    out.add("15-accessibility", &access);
    access.tested = None;
    out.add("15-accessibility-untested", &access);
    out.add(
        "15-privacy",
        &Privacy { shell: shell.clone(), unknown_days: 90, contact: "privacy@northwind.example".to_owned() },
    );
}

fn demo(shell: &Shell, out: &mut Samples) {
    let june = DemoPerson {
        name: "June Okafor".to_owned(),
        account: "j.okafor".to_owned(),
        title: "Ward nurse".to_owned(),
        ways: vec![WayKind::AppCode, WayKind::RecoveryCode, WayKind::Email],
        code: Some("7Q4M 82XJ 0BTC 5VNE 9HKW 3RZA 16".to_owned()),
    };
    let priya = DemoPerson {
        name: "Priya Shah".to_owned(),
        account: "p.shah".to_owned(),
        title: "Service desk".to_owned(),
        ways: Vec::new(),
        code: None,
    };
    let group =
        |title, text, person: &DemoPerson| DemoGroup { title, text, people: vec![person.clone(), person.clone()] };
    out.add(
        "16-demo",
        &DemoHome {
            shell: shell.clone(),
            groups: vec![
                group(k("demo-people"), k("demo-people-text"), &june),
                group(k("demo-elevated"), k("demo-elevated-text"), &priya),
                group(k("demo-admins"), k("demo-admins-text"), &priya),
                group(k("demo-machines"), k("demo-machines-text"), &priya),
            ],
            password: "correct horse battery staple".to_owned(),
        },
    );
    let mail = DemoMail {
        href: "/demo/mail/1".to_owned(),
        at: NOW,
        to: "june@example.com".to_owned(),
        subject: "Reset requested for your Northwind Hospital account".to_owned(),
    };
    let mut inbox = DemoInbox { shell: shell.clone(), messages: vec![mail.clone(), mail.clone()] };
    out.add("16-demo-mail", &inbox);
    inbox.messages.clear();
    out.add("16-demo-mail-none", &inbox);
    out.add(
        "16-demo-message",
        &DemoMessage {
            shell: shell.clone(),
            mail,
            text: "Someone asked.\nhttps://keyward.northwind.example/l/sample\n".to_owned(),
            html: "/demo/mail/1/html".to_owned(),
        },
    );
    let mut app = DemoApp {
        shell: shell.clone(),
        codes: vec![DemoCode {
            name: "June Okafor".to_owned(),
            account: "j.okafor".to_owned(),
            code: "492 817".to_owned(),
            until: NOW.plus_ms(21_000),
        }],
    };
    out.add("16-demo-app", &app);
    app.codes.clear();
    out.add("16-demo-app-none", &app);
}
