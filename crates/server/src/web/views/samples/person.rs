//! Links, following a case, the signed-in person, the pages that explain and the demonstration.

use keyward_core::time::{DAY_MS, HOUR_MS, MINUTE_MS};

use super::recovery::{case, live};
use super::{NOW, REFERENCE, Samples, passkey, password_field};
use crate::i18n::k;
use crate::web::shell::{NavLink, Shell};
use crate::web::views::WayKind;
use crate::web::views::demo::{
    DemoApp, DemoCode, DemoGroup, DemoHome, DemoInbox, DemoMail, DemoMessage, DemoPerson,
};
use crate::web::views::follow::{CaseState, FollowCase, FollowFind, FollowProblem, Happened, Step};
use crate::web::views::info::{Accessibility, Help, HowWeCheck, Privacy, Tested};
use crate::web::views::link::{
    DeadLink, LinkDead, LinkLanding, LinkPurpose, NotMe, NotMeDone, Origin, StopRequest,
};
use crate::web::views::me::{
    AppCard, CodesCard, ConfirmAddress, ContactCard, ContactState, DeviceCard, History,
    HistoryLine, Me, Notice, PasskeyCard, SignIn, SignInProblem,
};
use crate::web::views::me_edit::{
    AddApp, AddContact, AddPasskey, ChangePassword, ConfirmContact, ContactProblem, NewCodes,
    QrCode, RecoveryCodes, Remove,
};
use crate::web::views::prove::{CodeProblem, PasskeyProblem, Resend};
use crate::web::views::reissue::PasswordProblem;

/// All of it.
pub fn all(shell: &Shell, out: &mut Samples) {
    links(shell, out);
    not_me(shell, out);
    follow(shell, out);
    info(shell, out);
    demo(shell, out);
    sign_in(shell, out);
    let mut shell = shell.clone();
    shell.signed_in = Some("June Okafor".to_owned());
    shell.nav = vec![
        NavLink {
            label: k("me-title"),
            href: "/me".to_owned(),
            here: true,
        },
        NavLink {
            label: k("foot-help"),
            href: "/help".to_owned(),
            here: false,
        },
    ];
    me(&shell, out);
    add(&shell, out);
    codes_and_contacts(&shell, out);
    remove_and_password(&shell, out);
}

fn links(shell: &Shell, out: &mut Samples) {
    for (name, purpose) in [
        ("12-link-prove", LinkPurpose::Prove),
        ("12-link-new", LinkPurpose::NewWayIn),
        ("12-link-contact", LinkPurpose::ConfirmContact),
    ] {
        let in_case = purpose != LinkPurpose::ConfirmContact;
        let page = LinkLanding {
            shell: shell.clone(),
            reference: in_case.then(|| REFERENCE.to_owned()),
            purpose,
            until: NOW.plus_ms(8 * MINUTE_MS),
            action: "/l/use".to_owned(),
            not_me: "/not-me/sample".to_owned(),
        };
        out.add(name, &page);
    }
    for (name, why, again) in [
        ("12-link-used", DeadLink::Used, false),
        ("12-link-expired", DeadLink::Expired(10 * MINUTE_MS), true),
        ("12-link-replaced", DeadLink::Replaced, false),
        ("12-link-stopped", DeadLink::Stopped, false),
    ] {
        let page = LinkDead {
            shell: shell.clone(),
            why,
            again: again.then(|| "/l/again".to_owned()),
            not_me: (why != DeadLink::Stopped).then(|| "/not-me/sample".to_owned()),
        };
        out.add(name, &page);
    }
}

/// From Leeds, with a telephone.
pub fn origin() -> Origin {
    Origin {
        at: NOW,
        place: Some("Leeds, United Kingdom".to_owned()),
        device: Some("Firefox on Android".to_owned()),
    }
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
    out.add(
        "13-not-me-done",
        &NotMeDone {
            shell: shell.clone(),
            reference: REFERENCE.to_owned(),
            until: NOW.plus_ms(DAY_MS),
        },
    );
    out.add(
        "13-stop",
        &StopRequest {
            shell: shell.clone(),
            case: case(1),
        },
    );
}

fn follow(shell: &Shell, out: &mut Samples) {
    let mut find = FollowFind {
        shell: shell.clone(),
        reference: String::new(),
        problem: None,
    };
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
        Step::MessageSent,
        Step::NotShown,
        Step::Shown(WayKind::AppCode),
        Step::Held,
        Step::Agreed,
        Step::NewWayIn,
        Step::SignedOut,
        Step::Reviewed,
        Step::Withdrawn,
        Step::Contested,
        Step::Refused,
        Step::Expired,
    ];
    let happened = steps.into_iter().zip(-40..).map(|(step, minute)| Happened {
        at: NOW.plus_ms(minute * MINUTE_MS),
        step,
    });
    let happened: Vec<Happened> = happened.collect();
    let later = NOW.plus_ms(19 * HOUR_MS);
    for (name, state, step) in [
        ("14-follow-yours", CaseState::Yours, 1),
        ("14-follow-held", CaseState::Held(later), 2),
        ("14-follow-others", CaseState::Others(later), 2),
        ("14-follow-working", CaseState::Working, 3),
        ("14-follow-done", CaseState::Done, 4),
        ("14-follow-ended", CaseState::Ended, 1),
    ] {
        let yours = state == CaseState::Yours;
        let page = FollowCase {
            shell: shell.clone(),
            case: case(step),
            state,
            happened: happened.clone(),
            go_on: yours.then(|| "/recover/KW-7Q4M-82XJ/how".to_owned()),
            can_stop: step < 4,
            live: live(),
        };
        out.add(name, &page);
    }
}

fn info(shell: &Shell, out: &mut Samples) {
    out.add(
        "15-help",
        &Help {
            shell: shell.clone(),
        },
    );
    out.add(
        "15-how-we-check",
        &HowWeCheck {
            shell: shell.clone(),
            ways: vec![WayKind::Passkey, WayKind::AppCode, WayKind::RecoveryCode],
        },
    );
    let mut access = Accessibility {
        shell: shell.clone(),
        tested: Some(Tested {
            at: NOW,
            pages: 96,
            gaps: Vec::new(),
        }),
        contact: "access@northwind.example".to_owned(),
    };
    out.add("15-accessibility", &access);
    access.tested = None;
    out.add("15-accessibility-untested", &access);
    out.add(
        "15-privacy",
        &Privacy {
            shell: shell.clone(),
            keep_days: 90,
            contact: "privacy@northwind.example".to_owned(),
        },
    );
}

fn demo(shell: &Shell, out: &mut Samples) {
    let june = DemoPerson {
        name: "June Okafor".to_owned(),
        account: "j.okafor".to_owned(),
        title: "Ward nurse".to_owned(),
        ways: vec![WayKind::AppCode, WayKind::RecoveryCode, WayKind::Email],
        sign_in: None,
    };
    let priya = DemoPerson {
        name: "Priya Shah".to_owned(),
        account: "p.shah".to_owned(),
        title: "Service desk".to_owned(),
        ways: Vec::new(),
        sign_in: Some("/demo/sign-in/p.shah".to_owned()),
    };
    let group = |title, text, person: &DemoPerson| DemoGroup {
        title,
        text,
        people: vec![person.clone(), person.clone()],
    };
    out.add(
        "16-demo",
        &DemoHome {
            shell: shell.clone(),
            groups: vec![
                group(k("demo-people"), k("demo-people-text"), &june),
                group(k("demo-staff"), k("demo-staff-text"), &priya),
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
    let mut inbox = DemoInbox {
        shell: shell.clone(),
        messages: vec![mail.clone(), mail.clone()],
    };
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

fn sign_in(shell: &Shell, out: &mut Samples) {
    let mut page = SignIn {
        shell: shell.clone(),
        name: String::new(),
        problem: None,
        autofill: Some(passkey()),
    };
    out.add("17-sign-in", &page);
    page.name = "j.okafor".to_owned();
    for (name, problem) in [
        ("17-sign-in-empty", SignInProblem::Empty),
        ("17-sign-in-wrong", SignInProblem::DoesNotMatch),
        (
            "17-sign-in-too-many",
            SignInProblem::TooMany(NOW.plus_ms(15 * MINUTE_MS)),
        ),
    ] {
        page.problem = Some(problem);
        out.add(name, &page);
    }
    let mut confirm = ConfirmAddress {
        shell: shell.clone(),
        until: NOW.plus_ms(10 * MINUTE_MS),
        life_ms: 10 * MINUTE_MS,
        resend: Resend::Now,
        problem: None,
    };
    out.add("17-confirm", &confirm);
    confirm.problem = Some(CodeProblem::Empty);
    out.add("17-confirm-error", &confirm);
}

fn me(shell: &Shell, out: &mut Samples) {
    let mut page = my_ways(shell);
    out.add("18-me", &page);
    page.notice = Some(Notice::Added(WayKind::Passkey));
    page.ways = 1;
    page.app = None;
    page.codes = None;
    page.contacts.clear();
    page.devices.clear();
    page.history.truncate(2);
    out.add("18-me-one", &page);
    page.passkeys.clear();
    page.ways = 0;
    for (name, notice) in [
        ("18-me-none", Notice::Removed(WayKind::Passkey)),
        ("18-me-password", Notice::PasswordChanged),
        (
            "18-me-contact",
            Notice::ContactWaits(NOW.plus_ms(3 * DAY_MS)),
        ),
    ] {
        page.notice = Some(notice);
        out.add(name, &page);
    }
}

fn my_ways(shell: &Shell) -> Me {
    let ago = |days: i64| NOW.plus_ms(-days * DAY_MS);
    let contact = |address: &str, state| ContactCard {
        address: address.to_owned(),
        made: ago(211),
        state,
        confirm: "/me/contacts/1/confirm".to_owned(),
        remove: "/me/contacts/1/remove".to_owned(),
    };
    let line = |days, what| HistoryLine {
        at: ago(days),
        what,
        place: (days > 0).then(|| "Leeds, United Kingdom".to_owned()),
    };
    Me {
        shell: shell.clone(),
        notice: None,
        ways: 3,
        passkeys: vec![
            PasskeyCard {
                name: "Pixel 8".to_owned(),
                place: Some("Google Password Manager".to_owned()),
                made: ago(120),
                used: Some(ago(1)),
                remove: "/me/passkeys/1/remove".to_owned(),
            },
            PasskeyCard {
                name: "Blue USB key".to_owned(),
                place: None,
                made: ago(40),
                used: None,
                remove: "/me/passkeys/2/remove".to_owned(),
            },
        ],
        app: Some(AppCard {
            made: ago(300),
            used: Some(ago(3)),
            remove: "/me/app/remove".to_owned(),
        }),
        codes: Some(CodesCard {
            left: 7,
            made: ago(300),
        }),
        contacts: vec![
            contact("june@example.com", ContactState::Counts),
            contact(
                "june.okafor@example.org",
                ContactState::CountsFrom(NOW.plus_ms(3 * DAY_MS)),
            ),
            contact("j@example.net", ContactState::Unconfirmed),
        ],
        devices: vec![DeviceCard {
            name: "Firefox on Linux".to_owned(),
            made: ago(90),
            used: NOW,
            this: true,
            remove: "/me/devices/1/remove".to_owned(),
        }],
        history: vec![
            line(0, History::SignedIn),
            line(1, History::Added(WayKind::Email)),
            line(2, History::Removed(WayKind::KnownDevice)),
            line(3, History::PasswordChanged),
            line(40, History::RecoveryDone(REFERENCE.to_owned())),
            line(40, History::RecoveryStarted(REFERENCE.to_owned())),
            line(60, History::RecoveryStopped(REFERENCE.to_owned())),
        ],
        password_changed: Some(ago(3)),
        kept: Some(
            r#"{"rpId":"localhost","userId":"AQ","allAcceptedCredentialIds":[]}"#.to_owned(),
        ),
    }
}

fn add(shell: &Shell, out: &mut Samples) {
    let mut page = AddPasskey {
        shell: shell.clone(),
        passkey: passkey(),
        name: "Firefox on Linux".to_owned(),
        problem: None,
    };
    out.add("19-add-passkey", &page);
    page.problem = Some(PasskeyProblem::Expired);
    out.add("19-add-passkey-error", &page);
    let app = |problem| AddApp {
        shell: shell.clone(),
        qr: QrCode::new(
            "otpauth://totp/Northwind:j.okafor?secret=JBSWY3DPEHPK3PXP&issuer=Northwind",
        ),
        key: "JBSW Y3DP EHPK 3PXP".to_owned(),
        account: "j.okafor".to_owned(),
        problem,
    };
    out.add("19-add-app", &app(None));
    let wrong = Some(CodeProblem::DoesNotMatch(None));
    out.add("19-add-app-error", &app(wrong));
}

fn codes_and_contacts(shell: &Shell, out: &mut Samples) {
    out.add(
        "20-new-codes",
        &NewCodes {
            shell: shell.clone(),
            left: 7,
        },
    );
    out.add(
        "20-recovery-codes",
        &RecoveryCodes {
            shell: shell.clone(),
            codes: (0..10).map(|n| format!("7Q4M-82XJ-0K3{n}")).collect(),
            account: "j.okafor".to_owned(),
            made: NOW,
        },
    );
    let mut contact = AddContact {
        shell: shell.clone(),
        address: String::new(),
        waits_ms: 3 * DAY_MS,
        problem: None,
    };
    out.add("21-add-contact", &contact);
    contact.address = "june@work.example".to_owned();
    for (name, problem) in [
        ("21-add-contact-own", ContactProblem::OwnMailbox),
        ("21-add-contact-empty", ContactProblem::Empty),
        ("21-add-contact-shape", ContactProblem::Shape),
        ("21-add-contact-already", ContactProblem::Already),
    ] {
        contact.problem = Some(problem);
        out.add(name, &contact);
    }
    let mut confirm = ConfirmContact {
        shell: shell.clone(),
        address: "june@example.com".to_owned(),
        until: NOW.plus_ms(10 * MINUTE_MS),
        life_ms: 10 * MINUTE_MS,
        resend: Resend::NoMore,
        problem: None,
    };
    out.add("21-confirm-contact", &confirm);
    confirm.problem = Some(CodeProblem::Short);
    out.add("21-confirm-contact-error", &confirm);
}

fn remove_and_password(shell: &Shell, out: &mut Samples) {
    for (name, kind, thing, left) in [
        ("22-remove", WayKind::Passkey, "Pixel 8", 2),
        ("22-remove-last", WayKind::Email, "june@example.com", 0),
    ] {
        let page = Remove {
            shell: shell.clone(),
            kind,
            name: thing.to_owned(),
            left,
            action: "/me/passkeys/1/remove".to_owned(),
        };
        out.add(name, &page);
    }
    let mut page = ChangePassword {
        shell: shell.clone(),
        field: password_field(),
        problem: None,
    };
    out.add("23-change-password", &page);
    page.problem = Some(PasswordProblem::CurrentDoesNotMatch);
    out.add("23-change-password-current", &page);
    page.problem = Some(PasswordProblem::Short(15));
    out.add("23-change-password-error", &page);
}
