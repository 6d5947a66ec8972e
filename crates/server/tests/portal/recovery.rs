//! Recoveries by oneself, from the first page to the file that proves them.

use keyward_core::{
    account::Method,
    case::{Ending, Stage},
    digest::Field,
    event::Event,
    secret::SecretText,
    time::{HOUR_MS, MINUTE_MS},
};

use axum::http::Method as Verb;
use keyward::{
    jobs::{Work, expire},
    seal::Attempt,
    terms::Mails,
};

use crate::world::{Browser, FIRST, Page, Person, World};

const NEW: &str = "copper violin harvest 71";

#[tokio::test]
async fn m01_a_forgotten_password_is_replaced_with_an_app_and_a_printed_code_and_anybody_can_check_it() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (app, codes) = (world.give_app(&ada).await, world.give_codes(&ada).await);
    let mut browser = world.browser();

    let find = browser.get("/recover?for=forgot").await;
    let how = browser.fill(&find, &[("name", "ada")]).await;
    let case = how.reference();
    assert_eq!(how.path, format!("/recover/{case}/how"));
    world.work().await;
    let started = world.mailbox.newest(&ada.mail);
    assert_eq!(started.subject, "Reset requested for your Northwind Hospital account");

    let how = browser.show(&how, "app", &app.code(world.ctx.now())).await;
    assert!(how.says("You have shown 1 of 2 proofs"), "{}", how.html);
    let password = browser.show(&how, "recovery-code", &codes[0]).await;
    assert_eq!(password.path, format!("/recover/{case}/new/password"));

    let short = browser.fill(&password, &[("new-password", "too short")]).await;
    assert!(short.says("Password must be 15 characters or more"));
    let working = browser.fill(&short, &[("new-password", NEW)]).await;
    assert_eq!(working.heading(), "Reset your password Saving your new password");
    assert!(world.signs_in(&ada, FIRST).await, "nothing is written before the worker has it");
    world.work().await;
    let done = browser.get(&working.path).await;
    assert_eq!(done.heading(), "Reset your password You are back in");

    assert!(world.signs_in(&ada, NEW).await);
    assert!(!world.signs_in(&ada, FIRST).await, "the old password is dead");
    assert!(world.signs_in(&ada, NEW).await);
    let told = world.mailbox.newest(&ada.mail);
    assert_eq!(told.subject, "Your Northwind Hospital password was changed");
    assert!(told.link("/not-me/").starts_with("/not-me/kw_"));

    let closed = world.case(&case).await;
    assert!(matches!(closed.stage(), Stage::Closed(Ending::Reviewed(_))), "{:?}", closed.stage());
    let file = world.evidence(&case).await;
    let report = world.verified(&file);
    assert_eq!(report.case, closed);
    assert!(report.key_was_named && report.verdicts == 2 && report.withheld == 0, "{report:?}");
    let proofs = report.entries.iter().filter_map(|entry| match &entry.event {
        Event::Presented(evidence) => Some(evidence.method),
        _ => None,
    });
    assert_eq!(proofs.collect::<Vec<_>>(), [Method::Totp, Method::RecoveryCode]);
    let name = report.disclosed.iter().find(|value| value.field == Field::Name).unwrap();
    assert_eq!(name.value, "ada");
    // One changed letter of what was typed, of what was decided or of a signature, and the file no longer holds.
    let text = String::from_utf8(file).unwrap();
    for (from, to) in
        [("\"value\": \"ada\"", "\"value\": \"eve\""), ("recovery_code", "in_person"), ("— reset", "— reses")]
    {
        assert!(text.contains(from), "{from}");
        assert!(keyward_core::bundle::verify(text.replacen(from, to, 1).as_bytes(), &[]).is_err(), "{from}");
    }
    for secret in [NEW, FIRST, &codes[0]] {
        assert!(!text.contains(secret));
    }
    world.end().await;
}

#[tokio::test]
async fn ux_16_a_code_counts_on_the_page_that_asked_for_another_message() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let how = world.begin(&mut browser, "/me/app/add").await;
    let page = browser.fill(&how, &[("way", "email")]).await;
    let again = browser.post(&format!("/recover/{}/email/again", page.reference()), &[]).await;
    assert!(again.says("a new message is on its way"));
    world.work().await;
    let codes: Vec<String> =
        world.mailbox.take(&ada.mail).iter().filter(|mail| mail.text.contains("/l/")).map(|mail| mail.code()).collect();
    assert_eq!(codes.len(), 2);
    let bind = browser.fill(&again, &[("code", &codes[0])]).await;
    assert!(bind.path.ends_with("/bind"), "the earlier code stays good for its own time: {}", bind.path);
    world.end().await;
}

#[tokio::test]
async fn r34_only_what_the_log_names_is_made_the_password() {
    const EARLIER: &str = "ivory lantern meadow 38";
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.browser();
    let page = world.proved(&mut browser, &ada).await;
    let case = world.case(&page.reference()).await.id();
    let working = browser.fill(&page, &[("new-password", NEW)]).await;

    // After another look at the class of an account, attempts count from 1 again. A job of the time before, which comes again after a crash, has
    // the number of this attempt and a secret of its own.
    let sealed = world.flow.seal.seal(&SecretText::new(EARLIER.to_owned()), Attempt { case, number: 1 }).unwrap();
    let now = world.ctx.now();
    let stale = Work::Reissue { case, attempt: 1, sealed }.job(&world.ctx, now, now.plus_ms(-1));
    assert!(world.store().put_job(&stale).await.unwrap());
    world.done(&mut browser, &working).await;
    assert!(world.signs_in(&ada, NEW).await && !world.signs_in(&ada, EARLIER).await);
    world.end().await;
}

/// Somebody whose account is locked, with everything shown that it takes to open it again.
async fn locked(world: &World) -> (Person, Browser, Page) {
    let ada = world.somebody("ada").await;
    let (app, codes) = (world.give_app(&ada).await, world.give_codes(&ada).await);
    for _ in 0..10 {
        assert!(!world.signs_in(&ada, "wrong").await);
    }
    let mut browser = world.browser();
    let find = browser.get("/recover?for=locked").await;
    let how = browser.fill(&find, &[("name", "ada")]).await;
    world.work().await;
    let how = browser.show(&how, "app", &app.code(world.ctx.now())).await;
    let page = browser.show(&how, "recovery-code", &codes[0]).await;
    assert_eq!(page.heading(), "Unlock your account Open your account again", "{}", page.path);
    world.work().await;
    (ada, browser, page)
}

#[tokio::test]
async fn r12_a_locked_account_is_opened_by_a_button_and_not_by_looking() {
    let world = World::new().await;
    let (ada, mut browser, page) = locked(&world).await;
    let before = world.case(&page.reference()).await.seq();
    for verb in [Verb::GET, Verb::HEAD] {
        assert_eq!(browser.ask(verb, &page.path, String::new()).await.status, 200);
    }
    world.work().await;
    assert_eq!(world.case(&page.reference()).await.seq(), before);
    assert!(!world.signs_in(&ada, FIRST).await);
    let working = browser.fill(&page, &[]).await;
    let done = world.done(&mut browser, &working).await;
    assert_eq!(done.heading(), "Unlock your account Your account is open again");
    assert!(world.signs_in(&ada, FIRST).await);
    world.end().await;
}

#[tokio::test]
async fn ux_41_an_unlock_that_the_directory_refused_says_so_and_can_be_tried_again() {
    let world = World::new().await;
    let (ada, mut browser, page) = locked(&world).await;
    assert!(world.store().set_account_disabled(&ada.account, true).await.unwrap());
    let working = browser.fill(&page, &[]).await;
    let refused = world.done(&mut browser, &working).await;
    assert_eq!((refused.status.as_u16(), refused.path.as_str()), (422, page.path.as_str()));
    assert!(
        refused.says("The directory did not open your account. Try again, or call us and say disabled"),
        "{}",
        refused.html
    );
    assert!(world.store().set_account_disabled(&ada.account, false).await.unwrap());
    let working = browser.fill(&refused, &[]).await;
    let done = world.done(&mut browser, &working).await;
    assert_eq!(done.heading(), "Unlock your account Your account is open again");
    world.end().await;
}

/// Waits until the gate of a case has shut again. No worker is there to end the case.
async fn shut(world: &World, page: &Page) {
    let until = world.case(&page.reference()).await.deadline().expect("the gate does not stay open");
    world.hand.pass_ms(until.since_ms(world.ctx.now()) + 1);
}

#[tokio::test]
async fn r12_a_gate_that_has_shut_again_is_said_and_leads_nowhere_in_a_circle() {
    let world = World::new().await;
    let (_, mut browser, page) = locked(&world).await;
    shut(&world, &page).await;
    let late = browser.fill(&page, &[]).await;
    assert_eq!((late.status.as_u16(), late.heading().as_str()), (410, "This request has ended"));
    assert_eq!(browser.get(&page.path).await.status, 200, "looking is no circle either");

    for (name, path, fields) in [
        ("bob", "/me/devices/add", &[("name", "here")][..]),
        ("cleo", "/me/recovery-codes", &[]),
        ("dora", "/me/password", &[("new-password", NEW)]),
    ] {
        let person = world.somebody(name).await;
        let app = world.give_app(&person).await;
        let mut browser = world.signed_in(&person, FIRST).await;
        let how = world.begin(&mut browser, path).await;
        let page = browser.show(&how, "app", &app.code(world.ctx.now())).await;
        // Somebody is at it all the time, so that the session does not end first.
        for _ in 0..2 {
            world.hand.pass_ms(10 * MINUTE_MS);
            browser.get(&page.path).await;
        }
        shut(&world, &page).await;
        let late = browser.fill(&page, fields).await;
        assert_eq!((late.status.as_u16(), late.heading().as_str()), (410, "This request has ended"), "{path}");
        assert!(world.signs_in(&person, FIRST).await, "{path}");
    }
    world.end().await;
}

#[tokio::test]
async fn n_36_a_recovery_code_that_is_not_whole_costs_no_try() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let codes = world.give_codes(&ada).await;
    let mut browser = world.browser();
    let how = world.forgot(&mut browser, "ada").await;
    // A group is missing, and a letter is too many.
    for slip in [&codes[0][6..], &format!("{}0", codes[0])] {
        let again = browser.show(&how, "recovery-code", slip).await;
        assert!(again.says("Enter one whole code from your sheet"), "{slip}: {}", again.html);
    }
    assert_eq!(world.case(&how.reference()).await.rejections(Method::RecoveryCode), 0);
    let how = browser.show(&how, "recovery-code", &codes[0]).await;
    assert!(how.says("How else can you prove it is you?"), "{}", how.html);
    world.end().await;
}

#[tokio::test]
async fn n_30_who_has_two_apps_loses_neither_by_using_the_other() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    world.give_codes(&ada).await;
    let apps = [world.give_app(&ada).await, world.give_app(&ada).await];
    let counted = async || {
        let living = world.living(&ada, Method::Totp).await;
        living.iter().map(|app| app.failures).collect::<Vec<_>>()
    };
    let show = async |code: &str| {
        let mut browser = world.browser();
        let how = world.forgot(&mut browser, "ada").await;
        browser.show(&how, "app", code).await
    };
    for app in &apps {
        let how = show(&app.code(world.ctx.now())).await;
        assert!(how.says("You have shown 1 of 2 proofs"), "{}", how.html);
        assert_eq!(counted().await, [0, 0]);
    }
    show("000000").await;
    assert_eq!(counted().await, [1, 1], "what is right for none is a guess at each");
    world.end().await;
}

#[tokio::test]
async fn t_d09_what_strangers_use_up_at_a_mailbox_keeps_no_message_from_whoever_has_shown_something() {
    let world = World::with(|terms| terms.mails = Mails { per_hour: 1, per_day: 1 }).await;
    let ada = world.somebody("ada").await;
    let (app, home) = (world.give_app(&ada).await, "ada@elsewhere.test");
    let id = world.ctx.id(world.ctx.now());
    world.give_as(id, &ada, (Method::Email, home.as_bytes()), Vec::new()).await;
    let asked = async |code: Option<&str>| {
        let mut browser = world.browser();
        let mut how = world.forgot(&mut browser, "ada").await;
        if let Some(code) = code {
            how = browser.show(&how, "app", code).await;
        }
        world.mailbox.take(home);
        browser.fill(&how, &[("way", "email")]).await;
        world.work().await;
        world.mailbox.take(home).into_iter().filter(|mail| mail.text.contains("/l/")).count()
    };
    assert_eq!([asked(None).await, asked(None).await], [1, 0], "strangers have one");
    assert_eq!(asked(Some(&app.code(world.ctx.now()))).await, 1);
    world.end().await;
}

#[tokio::test]
async fn r41_a_proof_that_lapsed_is_not_counted_on_the_page_and_it_says_so() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let app = world.give_app(&ada).await;
    world.give_codes(&ada).await;
    let mut browser = world.browser();
    let how = world.forgot(&mut browser, "ada").await;
    let one = browser.show(&how, "app", &app.code(world.ctx.now())).await;
    assert!(one.says("You have shown 1 of 2 proofs"), "{}", one.html);
    world.hand.pass_ms(world.flow.terms.proof_ms + 1);
    let none = browser.get(&how.path).await;
    assert!(none.says("You have shown 0 of 2 proofs") && none.says("this was too long ago"), "{}", none.html);
    world.end().await;
}

/// The directory does not answer, and a code is typed meanwhile.
#[tokio::test]
async fn ux_47_an_outage_in_a_case_has_its_number_and_leads_back_to_it() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.browser();
    let find = browser.get("/recover?for=forgot").await;
    let how = browser.fill(&find, &[("name", &ada.name)]).await;
    let typed = browser.post(&format!("/recover/{}/app", how.reference()), &[("code", "123456")]).await;
    assert_eq!(typed.status, 503, "{}", typed.html);
    let back = format!("href=\"/recover/{}\"", how.reference());
    assert!(typed.says(&how.reference()) && typed.html.contains(&back), "{}", typed.html);
    assert!(typed.says("Go back to your case"), "{}", typed.html);
    world.end().await;
}

#[tokio::test]
async fn r41_what_has_shown_who_it_is_counts_as_long_as_the_case_waits_and_the_page_says_so() {
    let world = World::with(|terms| terms.starts.per_name_hour = 99).await;
    let ada = world.somebody("ada").await;
    suspicious(&world, &ada).await;
    let mut browser = world.browser();
    let held = world.proved(&mut browser, &ada).await;
    assert!(held.path.ends_with("/wait"), "{} {}", held.path, held.html);
    world.hand.pass_ms(world.flow.terms.proof_ms + 1);
    let how = browser.get(&format!("/recover/{}/how", held.reference())).await;
    assert!(!how.says("this was too long ago"), "{}", how.html);
    world.end().await;
}

#[tokio::test]
async fn ux_64_a_hold_ends_at_night_and_whoever_comes_back_in_the_morning_goes_on() {
    let world = World::with(|terms| terms.starts.per_name_hour = 99).await;
    let ada = world.somebody("ada").await;
    suspicious(&world, &ada).await;
    let mut browser = world.browser();
    let held = world.proved(&mut browser, &ada).await;
    let late = world.proved(&mut world.browser(), &ada).await;
    assert!(late.path.ends_with("/wait"), "{} {}", late.path, late.html);
    assert!(held.says("Come back after that and go on here."), "{}", held.html);
    let early = browser.post(&held.path, &[]).await;
    assert_eq!(early.path, held.path);
    world.hand.pass_ms(24 * HOUR_MS + 8 * HOUR_MS);
    world.work().await;
    let back = browser.get(&held.path).await;
    assert_eq!(back.heading(), "Reset your password You can go on now");
    let follow = browser.get(&format!("/status/{}", held.reference())).await;
    assert!(follow.says("The wait is over."), "{}", follow.html);
    let open = browser.fill(&back, &[]).await;
    assert!(open.path.ends_with("/new/password"), "{} {}", open.path, open.html);
    // Open for half an hour from then, and a day is the time to come back in.
    world.hand.pass_ms(16 * HOUR_MS);
    expire::run(&world.worker).await.unwrap();
    world.work().await;
    for case in [held, late] {
        assert!(world.case(&case.reference()).await.is_over());
    }
    world.end().await;
}

#[tokio::test]
async fn ux_64_who_waited_for_a_change_of_their_own_signs_in_again_and_goes_on_and_nobody_else_does() {
    let world = World::with(|terms| terms.starts.per_name_hour = 99).await;
    let (ada, eve) = (world.somebody("ada").await, world.somebody("eve").await);
    suspicious(&world, &ada).await;
    let app = world.give_app(&ada).await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let how = world.begin(&mut browser, "/me/password").await;
    let held = browser.show(&how, "app", &app.code(world.ctx.now())).await;
    assert!(held.path.ends_with("/wait"), "{} {}", held.path, held.html);
    world.hand.pass_ms(32 * HOUR_MS);
    world.work().await;
    assert_eq!(browser.get(&held.path).await.path, "/sign-in?over=1");
    world.sign_in(&mut browser, &eve, FIRST).await;
    assert_eq!(browser.get(&held.path).await.path, "/me", "somebody else at that browser, in what is theirs");
    browser.post("/sign-out", &[]).await;
    world.sign_in(&mut browser, &ada, FIRST).await;
    let back = browser.get(&held.path).await;
    assert_eq!(back.path, held.path, "{}", back.html);
    world.hand.pass_ms(6 * MINUTE_MS);
    let asked = browser.post(&held.path, &[]).await;
    assert_eq!(asked.path, "/sign-in?for=look", "V7.5.3: the password was shown too long ago");
    browser.fill(&asked, &[("name", &ada.name), ("password", FIRST)]).await;
    world.work().await;
    browser.get("/sign-in/wait").await;
    let open = browser.post(&held.path, &[]).await;
    assert!(open.path.ends_with("/new/password"), "{} {}", open.path, open.html);
    world.end().await;
}

/// Strangers ask and guess, and there is something new: the next case is held.
async fn suspicious(world: &World, ada: &Person) {
    world.give_app_from(ada, world.ctx.now().plus_ms(72 * HOUR_MS)).await;
    for _ in 0..2 {
        let mut stranger = world.browser();
        let how = world.forgot(&mut stranger, "ada").await;
        for _ in 0..2 {
            stranger.post(&format!("/recover/{}/app", how.reference()), &[("code", "000000")]).await;
        }
    }
}
