//! The way back in: from the five doors to the end of a case.

use keyward_core::time::{HOUR_MS, MINUTE_MS, SECOND_MS};

use super::{NOW, REFERENCE, Samples, passkey, password_field};
use crate::web::shell::{Cut, Shell};
use crate::web::views::outcome::{StopReason, Stopped, Told};
use crate::web::views::prove::{
    ChooseProof, CodeProblem, GetHelp, PasskeyProblem, ProveAppCode, ProveDevice, ProveEmail, ProvePasskey,
    ProveRecoveryCode, Resend,
};
use crate::web::views::reissue::{Change, Done, DoneKind, NewPassword, NextStep, PasswordProblem, UnlockNow};
use crate::web::views::start::{FindAccount, FindProblem, Start};
use crate::web::views::wait::{Hold, HoldEnd, HoldReason, NeedsPerson, Work, Working};
use crate::web::views::{CaseHead, Goal, Live, WayKind};

/// All of it.
pub fn all(shell: &Shell, out: &mut Samples) {
    start(shell, out);
    prove(shell, out);
    codes(shell, out);
    wait(shell, out);
    reissue(shell, out);
    done(shell, out);
    stopped(shell, out);
}

/// A case in that step.
pub fn case(step: usize) -> CaseHead {
    CaseHead::new(REFERENCE, "/recover/KW-7Q4M-82XJ", Goal::Password, step)
}

/// How a sample page hears of changes.
pub fn live() -> Live {
    Live { events: "/recover/KW-7Q4M-82XJ/events".to_owned(), refresh_s: Some(60) }
}

fn start(shell: &Shell, out: &mut Samples) {
    out.add("01-start", &Start { shell: shell.clone() });
    let mut find = FindAccount { shell: shell.clone(), goal: Goal::Password, name: String::new(), problem: None };
    out.add("02-find", &find);
    find.problem = Some(FindProblem::Empty);
    out.add("02-find-error", &find);
    find.name = "j.okafor".repeat(40);
    find.problem = Some(FindProblem::TooLong);
    out.add("02-find-too-long", &find);
    find.name.clear();
    find.problem = None;
    for (name, goal) in
        [("02-find-unlock", Goal::Unlock), ("02-find-replace", Goal::Replace), ("02-find-secure", Goal::Secure)]
    {
        find.goal = goal;
        out.add(name, &find);
    }
}

fn prove(shell: &Shell, out: &mut Samples) {
    let mut how = ChooseProof {
        shell: shell.clone(),
        case: case(1),
        ways: vec![WayKind::Passkey, WayKind::AppCode, WayKind::RecoveryCode, WayKind::Email, WayKind::KnownDevice],
        shown: Vec::new(),
        lapsed: Vec::new(),
        too_new: Vec::new(),
        needed: 2,
        nothing_chosen: false,
    };
    out.add("03-how", &how);
    how.nothing_chosen = true;
    out.add("03-how-error", &how);
    how.nothing_chosen = false;
    how.shown = vec![WayKind::AppCode];
    how.ways.retain(|way| *way != WayKind::AppCode);
    out.add("03-how-one-of-two", &how);
    (how.shown, how.lapsed, how.too_new) = (Vec::new(), vec![WayKind::AppCode], vec![WayKind::RecoveryCode]);
    out.add("03-how-none-counts", &how);
    (how.shown, how.lapsed, how.too_new) = (vec![WayKind::AppCode], Vec::new(), Vec::new());
    how.ways.clear();
    out.add("03-how-not-enough", &how);
    how.nothing_chosen = true;
    out.add("03-how-not-enough-error", &how);
    let mut page = ProvePasskey { shell: shell.clone(), case: case(1), passkey: passkey(), problem: None };
    out.add("04-passkey", &page);
    page.problem = Some(PasskeyProblem::NotShown);
    out.add("04-passkey-error", &page);
    let mut device = ProveDevice { shell: shell.clone(), case: case(1), does_not_count: false };
    out.add("04-device", &device);
    device.does_not_count = true;
    out.add("04-device-error", &device);
    out.add("04-get-help", &GetHelp { shell: shell.clone(), case: case(1) });
}

fn codes(shell: &Shell, out: &mut Samples) {
    let mut app = ProveAppCode { shell: shell.clone(), case: case(1), problem: None };
    out.add("05-app", &app);
    app.problem = Some(CodeProblem::DoesNotMatch(Some(3)));
    out.add("05-app-error", &app);
    app.problem = Some(CodeProblem::Short);
    out.add("05-app-short", &app);
    let mut sheet = ProveRecoveryCode { shell: shell.clone(), case: case(1), problem: None };
    out.add("05-recovery-code", &sheet);
    sheet.problem = Some(CodeProblem::RecoveryShape);
    out.add("05-recovery-code-error", &sheet);
    let mut email = ProveEmail {
        shell: shell.clone(),
        case: case(1),
        mailed: format!("asked={}", NOW.millis()),
        until: Some(NOW.plus_ms(10 * MINUTE_MS)),
        life_ms: 10 * MINUTE_MS,
        resend: Resend::From(NOW.plus_ms(30 * SECOND_MS)),
        sent_again: false,
        problem: None,
    };
    out.add("05-email", &email);
    email.resend = Resend::NoMore;
    email.problem = Some(CodeProblem::Expired(false));
    out.add("05-email-error", &email);
    email.resend = Resend::Now;
    email.problem = Some(CodeProblem::Expired(true));
    out.add("05-email-lapsed", &email);
    email.sent_again = true;
    email.problem = None;
    out.add("05-email-again", &email);
    email.sent_again = false;
    email.mailed = "again=no".to_owned();
    email.until = None;
    email.resend = Resend::NoMore;
    out.add("05-email-none", &email);
}

fn wait(shell: &Shell, out: &mut Samples) {
    let held = case(2);
    let from = HoldEnd::From(NOW.plus_ms(19 * HOUR_MS + 10 * MINUTE_MS));
    for (name, reason, end, live) in [
        ("06-hold", HoldReason::New, from, live()),
        ("06-hold-changed", HoldReason::Changed, from, Live { refresh_s: None, ..live() }),
        ("06-hold-hours", HoldReason::Hours, from, live()),
        ("06-hold-over", HoldReason::New, HoldEnd::Until(NOW.plus_ms(20 * HOUR_MS)), live()),
        ("06-hold-again", HoldReason::Hours, HoldEnd::Again(NOW.plus_ms(14 * HOUR_MS)), live()),
    ] {
        let hold = Hold {
            shell: shell.clone(),
            case: held.clone(),
            end,
            reason,
            better_proof: matches!(end, HoldEnd::From(_)),
            live,
        };
        out.add(name, &hold);
    }
    out.add(
        "06-needs-person",
        &NeedsPerson {
            shell: shell.clone(),
            case: held.clone(),
            agreed: 1,
            needed: 2,
            until: NOW.plus_ms(90 * MINUTE_MS),
            live: live(),
        },
    );
    for (name, work) in [
        ("06-working", Work::Password),
        ("06-working-checking", Work::Checking),
        ("06-working-passkey", Work::Passkey),
        ("06-working-unlocking", Work::Unlocking),
        ("06-working-adding", Work::Adding),
        ("06-working-removing", Work::Removing),
        ("06-working-taking-off", Work::TakingOff),
        ("06-working-looking", Work::Looking),
    ] {
        let working =
            Working { shell: shell.clone(), case: CaseHead { in_doubt: true, ..case(3) }, work, live: live() };
        out.add(name, &working);
    }
}

fn reissue(shell: &Shell, out: &mut Samples) {
    let locked = CaseHead::new(REFERENCE, "/recover/KW-7Q4M-82XJ", Goal::Unlock, 3);
    let mut unlock = UnlockNow { shell: shell.clone(), case: locked, refused: None };
    out.add("07-unlock", &unlock);
    unlock.refused = Some("policy".to_owned());
    out.add("07-unlock-refused", &unlock);
    let mut page = NewPassword { shell: shell.clone(), case: case(3), field: password_field(), problem: None };
    out.add("08-password", &page);
    for (name, problem) in [
        ("08-password-known", PasswordProblem::Known),
        ("08-password-empty", PasswordProblem::Empty),
        ("08-password-short", PasswordProblem::Short(15)),
        ("08-password-long", PasswordProblem::Long(256)),
        ("08-password-you", PasswordProblem::You),
        ("08-password-guess", PasswordProblem::Guess),
        ("08-password-before", PasswordProblem::Before),
        ("08-password-characters", PasswordProblem::Characters),
        ("08-password-directory", PasswordProblem::Directory("E-DIR-19".to_owned())),
    ] {
        page.problem = Some(problem);
        out.add(name, &page);
    }
}

fn done(shell: &Shell, out: &mut Samples) {
    let mut page = Done {
        shell: shell.clone(),
        case: case(4),
        kind: DoneKind::BackIn,
        at: NOW,
        changes: vec![Change::PasswordSet, Change::SignedOut, Change::Told(2)],
        next: vec![NextStep::SavePasskey, NextStep::KnowDevice, NextStep::LookAtWays],
        not_me: "/recover/KW-7Q4M-82XJ/not-me".to_owned(),
        new_code: Some("/recover/KW-7Q4M-82XJ/codes/replace".to_owned()),
    };
    out.add("09-done", &page);
    page.kind = DoneKind::Unlocked;
    page.changes = vec![Change::Unlocked];
    page.next = vec![NextStep::LookAtWays];
    out.add("09-done-unlocked", &page);
    page.kind = DoneKind::Replaced;
    page.changes = vec![Change::Removed("Pixel 8".to_owned()), Change::PasskeySaved];
    out.add("09-done-replaced", &page);
    page.case = CaseHead::new(REFERENCE, "/recover/KW-7Q4M-82XJ", Goal::Ways, 4);
    page.kind = DoneKind::Ways;
    page.changes = vec![Change::Added(WayKind::AppCode)];
    page.next = vec![NextStep::KnowDevice, NextStep::LookAtWays];
    out.add("09-done-ways", &page);
}

fn stopped(shell: &Shell, out: &mut Samples) {
    let mut head = case(1);
    head.bitting.cuts = [Cut::Done, Cut::Stopped, Cut::Todo, Cut::Todo, Cut::Todo];
    let later = NOW.plus_ms(HOUR_MS);
    for (name, why, told) in [
        ("10-not-confirmed", StopReason::NotConfirmed, Told::Contacts),
        ("10-directory", StopReason::DirectoryRefused, Told::Contacts),
        ("10-superseded", StopReason::Superseded, Told::Contacts),
        ("10-contested", StopReason::Contested, Told::Contacts),
        ("10-expired", StopReason::Expired, Told::Nobody),
        ("10-withdrawn", StopReason::Withdrawn, Told::Contacts),
        ("10-declined", StopReason::Declined, Told::Contacts),
        ("10-busy", StopReason::Busy, Told::Nobody),
        ("10-tries", StopReason::TooManyTries(later), Told::Contacts),
        ("10-outage", StopReason::Outage, Told::Nobody),
        ("10-already", StopReason::AlreadyDone, Told::Nobody),
    ] {
        let refusal = why == StopReason::NotConfirmed;
        let goes_on = matches!(why, StopReason::Busy | StopReason::TooManyTries(_) | StopReason::Outage);
        let page = Stopped {
            shell: shell.clone(),
            case: Some(if goes_on { case(1) } else { head.clone() }),
            why,
            ways: if refusal { vec![WayKind::Passkey, WayKind::Desk, WayKind::InPerson] } else { Vec::new() },
            told,
        };
        out.add(name, &page);
    }
    let late = Stopped {
        shell: shell.clone(),
        case: Some(case(4)),
        why: StopReason::Contested,
        ways: Vec::new(),
        told: Told::Contacts,
    };
    out.add("10-contested-late", &late);
    for (name, why) in [
        ("11-not-found", StopReason::NotFound),
        ("11-method", StopReason::WrongMethod),
        ("11-stale", StopReason::StaleForm),
        ("11-too-large", StopReason::TooLarge),
        ("11-broken", StopReason::Broken),
    ] {
        out.add(name, &Stopped::plain(shell.clone(), why));
    }
}
