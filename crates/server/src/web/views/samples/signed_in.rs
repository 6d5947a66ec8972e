//! A person who signs in, and everything under "my ways back in".

use keyward_core::time::{DAY_MS, MINUTE_MS};

use super::{NOW, REFERENCE, Samples, passkey};
use crate::i18n::k;
use crate::web::shell::{NavLink, Shell};
use crate::web::views::me::{
    AppCard, Asks, CodesCard, ContactCard, ContactState, DeviceCard, History, HistoryLine, Me, Notice, PasskeyCard,
    SignIn, SignInProblem,
};
use crate::web::views::me_change::{Begin, BindDevice, ChooseWay, OneWay, SignInWait, Wish};
use crate::web::views::me_edit::{
    AddApp, AddContact, AddPasskey, ConfirmContact, ContactProblem, NewCodes, QrCode, RecoveryCodes, Remove,
};
use crate::web::views::prove::{CodeProblem, PasskeyProblem, Resend};
use crate::web::views::{CaseHead, Goal, WayKind};

/// All of it.
pub fn all(shell: &Shell, out: &mut Samples) {
    sign_in(shell, out);
    let mut shell = shell.clone();
    shell.signed_in = Some("June Okafor".to_owned());
    shell.idle_ms = Some(900_000);
    shell.nav = vec![
        NavLink { label: k("me-title"), href: "/me".to_owned(), here: true },
        NavLink { label: k("foot-help"), href: "/help".to_owned(), here: false },
    ];
    me(&shell, out);
    add(&shell, out);
    codes_and_contacts(&shell, out);
    remove_and_password(&shell, out);
    begin(&shell, out);
}

fn sign_in(shell: &Shell, out: &mut Samples) {
    let mut page =
        SignIn { shell: shell.clone(), name: String::new(), wish: Wish::Look, asks: Asks::First, problem: None };
    out.add("17-sign-in", &page);
    page.name = "j.okafor".to_owned();
    for (name, problem) in [
        ("17-sign-in-empty", SignInProblem::Empty),
        ("17-sign-in-wrong", SignInProblem::DoesNotMatch),
        ("17-sign-in-too-many", SignInProblem::TooMany(NOW.plus_ms(15 * MINUTE_MS))),
    ] {
        page.problem = Some(problem);
        out.add(name, &page);
    }
    let mut again =
        SignIn { shell: shell.clone(), name: "j.okafor".to_owned(), wish: Wish::App, asks: Asks::Again, problem: None };
    out.add("17-sign-in-again", &again);
    again = SignIn { name: String::new(), wish: Wish::Look, asks: Asks::Over, ..again };
    out.add("17-sign-in-over", &again);
    out.add("17-sign-in-wait", &SignInWait { shell: shell.clone(), live: super::recovery::live() });
}

fn me(shell: &Shell, out: &mut Samples) {
    let mut page = my_ways(shell);
    out.add("18-me", &page);
    page.notice = Some(Notice::Added(WayKind::Passkey));
    (page.ways, page.spare) = (1, true);
    out.add("18-me-spare", &page);
    page.spare = false;
    page.app = None;
    page.codes = None;
    page.contacts.clear();
    page.devices.clear();
    page.history.truncate(1);
    out.add("18-me-one", &page);
    page.passkeys.clear();
    page.ways = 0;
    for (name, notice) in [
        ("18-me-none", Notice::Removed(WayKind::Passkey)),
        ("18-me-contact", Notice::ContactWaits(NOW.plus_ms(3 * DAY_MS))),
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
        remove: (state != ContactState::Counts).then(|| "/me/remove/1".to_owned()),
    };
    Me {
        shell: shell.clone(),
        notice: None,
        ways: 3,
        spare: false,
        passkeys: vec![
            PasskeyCard {
                name: "Pixel 8".to_owned(),
                made: ago(120),
                used: Some(ago(1)),
                remove: "/me/passkeys/1/remove".to_owned(),
            },
            PasskeyCard {
                name: "Blue USB key".to_owned(),
                made: ago(40),
                used: None,
                remove: "/me/passkeys/2/remove".to_owned(),
            },
        ],
        app: Some(AppCard { made: ago(300), used: Some(ago(3)), remove: "/me/app/remove".to_owned() }),
        codes: Some(CodesCard { left: 7, made: ago(300) }),
        contacts: vec![
            contact("june@example.com", ContactState::Counts),
            contact("june.okafor@example.org", ContactState::CountsFrom(NOW.plus_ms(3 * DAY_MS))),
        ],
        devices: vec![DeviceCard {
            name: "Firefox on Linux".to_owned(),
            made: ago(90),
            used: NOW,
            this: true,
            remove: "/me/devices/1/remove".to_owned(),
        }],
        history: history(),
        password_changed: Some(ago(3)),
        kept: Some(r#"{"rpId":"localhost","userId":"AQ","allAcceptedCredentialIds":[]}"#.to_owned()),
    }
}

fn history() -> Vec<HistoryLine> {
    let ago = |days: i64| NOW.plus_ms(-days * DAY_MS);
    let line =
        |days, what| HistoryLine { at: ago(days), what, place: (days > 0).then(|| "Leeds, United Kingdom".to_owned()) };
    vec![
        line(0, History::Added(WayKind::Email)),
        line(2, History::Removed(WayKind::KnownDevice)),
        line(3, History::PasswordChanged),
        line(40, History::RecoveryDone(REFERENCE.to_owned())),
        line(40, History::RecoveryStarted(REFERENCE.to_owned())),
        line(60, History::RecoveryStopped(REFERENCE.to_owned())),
    ]
}

fn add(shell: &Shell, out: &mut Samples) {
    let mut page =
        AddPasskey { shell: shell.clone(), passkey: passkey(), name: "Firefox on Linux".to_owned(), problem: None };
    out.add("19-add-passkey", &page);
    page.problem = Some(PasskeyProblem::Expired);
    out.add("19-add-passkey-error", &page);
    let app = |problem| AddApp {
        shell: shell.clone(),
        qr: QrCode::new("otpauth://totp/Northwind:j.okafor?secret=JBSWY3DPEHPK3PXP&issuer=Northwind"),
        key: "JBSW Y3DP EHPK 3PXP".to_owned(),
        account: "j.okafor".to_owned(),
        problem,
    };
    out.add("19-add-app", &app(None));
    let wrong = Some(CodeProblem::DoesNotMatch(None));
    out.add("19-add-app-error", &app(wrong));
}

fn codes_and_contacts(shell: &Shell, out: &mut Samples) {
    out.add("20-new-codes", &NewCodes { shell: shell.clone(), left: 7 });
    for (name, count) in [("20-recovery-codes", 10), ("20-recovery-code-new", 1)] {
        let page = RecoveryCodes {
            shell: shell.clone(),
            codes: (0..count).map(|n| format!("7Q4M-82XJ-0K3{n}")).collect(),
            account: "j.okafor".to_owned(),
            made: NOW,
            kept: "/recover/KW-7Q4M-82XJ/codes".to_owned(),
        };
        out.add(name, &page);
    }
    let mut contact = AddContact { shell: shell.clone(), address: String::new(), waits_ms: 3 * DAY_MS, problem: None };
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
        action: "/recover/KW-7Q4M-82XJ/bind".to_owned(),
        again: "/recover/KW-7Q4M-82XJ/bind/again".to_owned(),
        other: "/recover/KW-7Q4M-82XJ/bind?address=other".to_owned(),
        problem: None,
    };
    out.add("21-confirm-contact", &confirm);
    confirm.problem = Some(CodeProblem::Short);
    out.add("21-confirm-contact-error", &confirm);
}

fn begin(shell: &Shell, out: &mut Samples) {
    for wish in Wish::ALL.into_iter().filter(|wish| *wish != Wish::Look) {
        let waits_ms = (wish == Wish::Contact).then_some(7 * DAY_MS);
        out.add(&format!("24-begin-{}", wish.value()), &Begin { shell: shell.clone(), wish, waits_ms });
    }
    let case = || CaseHead::new(REFERENCE, "/recover/KW-7Q4M-82XJ", Goal::Ways, 3);
    let name = "Firefox on Linux".to_owned();
    out.add("24-bind-device", &BindDevice { shell: shell.clone(), case: case(), name });
    let way = |value: &str, kind, name: &str| OneWay {
        value: value.to_owned(),
        kind,
        name: name.to_owned(),
        made: NOW.plus_ms(-30 * DAY_MS),
        checked: value == "1",
    };
    let mut page = ChooseWay {
        shell: shell.clone(),
        case: case(),
        ways: vec![way("1", WayKind::Passkey, "Pixel 8"), way("2", WayKind::Email, "june@example.com")],
        used: vec![way("3", WayKind::AppCode, "Phone app")],
        nothing_chosen: false,
    };
    out.add("24-choose-way", &page);
    page.nothing_chosen = true;
    out.add("24-choose-way-error", &page);
    (page.nothing_chosen, page.ways) = (false, Vec::new());
    out.add("24-choose-way-none", &page);
}

fn remove_and_password(shell: &Shell, out: &mut Samples) {
    for (name, kind, thing, left) in
        [("22-remove", WayKind::Passkey, "Pixel 8", 2), ("22-remove-last", WayKind::Email, "june@example.com", 0)]
    {
        let page = Remove {
            shell: shell.clone(),
            kind,
            name: thing.to_owned(),
            left,
            action: "/me/passkeys/1/remove".to_owned(),
        };
        out.add(name, &page);
    }
}
