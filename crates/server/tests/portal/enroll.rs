//! New ways back in: each is a case, needs what the policy wants, and is told at every address.

use keyward_core::{
    account::{Action, Method},
    steps::review::NoticeAbout,
    time::{HOUR_MS, MINUTE_MS, SECOND_MS},
};

use crate::world::{App, Browser, FIRST, Key, Page, Person, World};

const NEW: &str = "copper violin harvest 71";

/// Chooses a way to prove it on the page of a case, and types what the mailbox got.
async fn by_mail(world: &World, browser: &mut Browser, how: &Page, person: &Person) -> Page {
    world.mailbox.take(&person.mail);
    let page = browser.fill(how, &[("way", "email")]).await;
    world.work().await;
    let code = world.mailbox.newest(&person.mail).code();
    browser.fill(&page, &[("code", &code)]).await
}

#[tokio::test]
async fn v7_5_1_a_first_way_back_in_needs_the_password_and_an_answer_from_the_stored_address() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let me = browser.get("/me").await;
    assert!(me.says("You have no way back in") && me.says("No app is set up."));

    let how = world.begin(&mut browser, "/me/app/add").await;
    let case = how.reference();
    assert!(how.says("You have shown 1 of 2 proofs") && how.says("Your password"), "{}", how.html);
    // The gate is shut: the page of what is bound leads back.
    assert_eq!(browser.get(&format!("/recover/{case}/bind")).await.path, how.path);
    assert_eq!(browser.post(&format!("/recover/{case}/bind"), &[("code", "123456")]).await.path, how.path);

    let bind = by_mail(&world, &mut browser, &how, &ada).await;
    assert_eq!(
        (bind.path.as_str(), bind.heading().as_str()),
        (&*format!("/recover/{case}/bind"), "Set up an authenticator app")
    );
    let app = App::typed(&bind.element("app-key"));
    assert_eq!(
        browser.get(&bind.path).await.element("app-key"),
        bind.element("app-key"),
        "a reload shows the same key"
    );
    let other = app.code(world.ctx.now().plus_ms(-HOUR_MS));
    let again = browser.fill(&bind, &[("code", &other)]).await;
    assert!(again.says("That code does not match"), "{}", again.html);
    assert!(world.living(&ada, Method::Totp).await.is_empty());

    let working = browser.fill(&again, &[("code", &app.code(world.ctx.now()))]).await;
    assert_eq!(working.heading(), "Change your ways back in Saving your new way back in");
    assert!(world.living(&ada, Method::Totp).await.is_empty(), "the worker binds it, nobody else");
    let done = world.done(&mut browser, &working).await;
    assert_eq!(done.heading(), "Change your ways back in Your ways back in have changed");
    let bound = world.living(&ada, Method::Totp).await;
    assert_eq!((bound.len(), bound[0].usable_from), (1, bound[0].created), "the first one counts at once");

    let told = world.mailbox.newest(&ada.mail);
    assert_eq!(told.subject, "A way back into your Northwind Hospital account was added");
    let closed = world.case(&case).await;
    assert!(closed.notices().iter().any(|n| n.about == NoticeAbout::RecoveryDataChanged && n.delivered));
    assert_eq!(closed.claim().action, Action::EnrollFactor { method: Method::Totp });
    let file = world.evidence(&case).await;
    assert_eq!(world.verified(&file).case, closed);
    // X8: every session ended with the change, this one too.
    assert_eq!(browser.get("/me").await.path, "/sign-in");
    world.end().await;
}

#[tokio::test]
async fn a_second_way_back_in_needs_a_strong_proof_and_waits_before_it_counts() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let app = world.give_app(&ada).await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let begin = browser.get("/me/recovery-codes").await;
    assert!(begin.says("A new one counts after 3 days"), "{}", begin.html);
    let how = world.begin(&mut browser, "/me/recovery-codes").await;
    assert!(how.says("Code from your authenticator app") && !how.says("Link and code by email"), "{}", how.html);
    // The mailbox is no answer, even if somebody asks for it.
    let bind = browser.show(&how, "app", &app.code(world.ctx.now())).await;
    let working = browser.fill(&bind, &[]).await;
    let sheet = world.done(&mut browser, &working).await;
    assert_eq!(sheet.items("sheet").len(), 10);
    let bound = world.living(&ada, Method::RecoveryCode).await;
    assert_eq!(bound[0].usable_from.since_ms(bound[0].created), 72 * HOUR_MS);

    // M103: until then it is not offered, and opens nothing for whoever asks all the same.
    let code = &sheet.items("sheet")[0];
    world.hand.pass_ms(MINUTE_MS);
    let mut other = world.browser();
    let how = world.forgot(&mut other, "ada").await;
    let how = other.show(&how, "app", &app.code(world.ctx.now())).await;
    assert!(!how.says("One of your saved recovery codes"), "{}", how.html);
    let after = other.post(&format!("/recover/{}/recovery-code", how.reference()), &[("code", code)]).await;
    assert!(!after.path.ends_with("/new/password"), "{}", after.path);
    world.end().await;
}

#[tokio::test]
async fn t_d13_the_code_that_set_an_app_up_proves_nothing_afterwards() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (mut browser, bind) = world.begun(&ada, "/me/app/add").await;
    let app = App::typed(&bind.element("app-key"));
    let used = app.code(world.ctx.now());
    let working = browser.fill(&bind, &[("code", &used)]).await;
    world.done(&mut browser, &working).await;
    let bound = &world.living(&ada, Method::Totp).await[0];
    assert_eq!(bound.last_step, u64::try_from(world.ctx.now().millis() / (30 * SECOND_MS)).unwrap());
    world.end().await;
}

#[tokio::test]
async fn n_05_new_codes_are_shown_once_they_work_and_the_old_ones_do_not() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (app, old) = (world.give_app(&ada).await, world.give_codes(&ada).await);
    let mut browser = world.signed_in(&ada, FIRST).await;
    assert!(browser.get("/me").await.says("10 codes left"));
    let how = world.begin(&mut browser, "/me/recovery-codes").await;
    let case = how.reference();
    let bind = browser.show(&how, "app", &app.code(world.ctx.now())).await;
    assert!(bind.says("Your 10 old codes stop working."));
    let codes_page = format!("/recover/{case}/codes");
    assert_eq!(browser.get(&codes_page).await.path, bind.path, "nothing is shown before it is bound");

    let working = browser.fill(&bind, &[]).await;
    assert_eq!(browser.get(&codes_page).await.path, working.path);
    // Pressed twice: the second sheet is never bound, so it is never shown.
    let twice = browser.post(&bind.path, &[]).await;
    assert_eq!(twice.path, working.path);
    let sheet = world.done(&mut browser, &working).await;
    assert_eq!(sheet.path, codes_page);
    let shown = sheet.items("sheet");
    assert_eq!(browser.get(&codes_page).await.items("sheet"), shown, "a reload shows them again");
    let alive = world.living(&ada, Method::RecoveryCode).await;
    assert_eq!(alive.len(), 1);
    let stored: Vec<_> = world.store().recovery_codes(alive[0].id).await.unwrap();
    for code in &shown {
        let rows: Vec<_> = stored.iter().map(|(digest, used)| (*digest, used.is_some())).collect();
        assert!(keyward::methods::recovery_code::check(&world.flow.digests, alive[0].id, &rows, code).is_ok());
    }
    for code in shown.iter().chain(&old) {
        for form in [code.clone(), code.replace('-', ""), code.to_lowercase(), code.replace('-', "").to_lowercase()] {
            let bytes = form.as_bytes();
            assert!(!world.bytes().windows(bytes.len()).any(|window| window == bytes), "a code lies in clear");
        }
    }
    // Another browser, and this one after the person has kept them, sees no code.
    assert_eq!(world.browser().get(&codes_page).await.status, 404);
    let done = browser.fill(&sheet, &[]).await;
    assert_eq!(done.heading(), "Change your ways back in Your ways back in have changed");
    assert_eq!(browser.get(&codes_page).await.path, done.path);

    let told = world.mailbox.newest(&ada.mail);
    assert_eq!(told.subject, "A way back into your Northwind Hospital account was added", "N-06");
    world.end().await;
}

#[tokio::test]
async fn t_g09_an_old_sheet_is_dead_in_the_moment_a_new_one_is_bound() {
    let world = World::with(|terms| terms.quarantine.standard_ms = 0).await;
    let ada = world.somebody("ada").await;
    let (app, old) = (world.give_app(&ada).await, world.give_codes(&ada).await);
    let mut browser = world.signed_in(&ada, FIRST).await;
    let how = world.begin(&mut browser, "/me/recovery-codes").await;
    let bind = browser.show(&how, "app", &app.code(world.ctx.now())).await;
    let working = browser.fill(&bind, &[]).await;
    let new = world.done(&mut browser, &working).await.items("sheet");
    world.hand.pass_ms(MINUTE_MS);
    for (code, opens) in [(&old[1], false), (&new[0], true), (&new[0], false)] {
        let mut browser = world.browser();
        let how = world.forgot(&mut browser, "ada").await;
        let after = browser.show(&how, "recovery-code", code).await;
        assert_eq!(after.path == how.path, opens, "{} {}", after.path, after.heading());
    }
    world.end().await;
}

#[tokio::test]
async fn ux_33_a_passkey_is_made_and_brings_its_owner_back_alone() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let how = world.begin(&mut browser, "/me/passkeys/add").await;
    let bind = by_mail(&world, &mut browser, &how, &ada).await;
    assert_eq!(bind.heading(), "Add a passkey");
    let key = Key::default();
    let credential = key.create(&bind.attribute("data-options")).await;
    let working = browser.fill(&bind, &[("credential", &credential), ("name", "Blue key")]).await;
    let done = world.done(&mut browser, &working).await;
    assert!(done.says("You have a new passkey."));
    assert_eq!(world.living(&ada, Method::Passkey).await[0].label, "Blue key");
    world.mailbox.take(&ada.mail);
    let mut browser = world.signed_in(&ada, FIRST).await;
    let me = browser.get("/me").await;
    assert!(me.says("You have 1 way back in") && me.says("Blue key") && me.says("Added: Passkey or security key"));

    let mut browser = world.browser();
    let how = world.forgot(&mut browser, "ada").await;
    let prove = browser.fill(&how, &[("way", "passkey")]).await;
    let shown = key.get(&prove.attribute("data-options")).await;
    let password = browser.fill(&prove, &[("credential", &shown)]).await;
    let working = browser.fill(&password, &[("new-password", NEW)]).await;
    let done = world.done(&mut browser, &working).await;
    assert!(done.says("You are back in") && !done.says("Save a passkey, so you do not need this again."));
    assert!(done.says("Let this browser count as a proof."));
    assert!(world.signs_in(&ada, NEW).await && !world.signs_in(&ada, FIRST).await);
    world.end().await;
}

#[tokio::test]
async fn a_passkey_of_another_browser_or_dialog_is_not_bound() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let how = world.begin(&mut browser, "/me/passkeys/add").await;
    let bind = by_mail(&world, &mut browser, &how, &ada).await;
    let key = Key::default();
    let credential = key.create(&bind.attribute("data-options")).await;
    // The page was loaded again meanwhile: its dialog is another one.
    let newer = browser.get(&bind.path).await;
    let again = browser.fill(&newer, &[("credential", &credential), ("name", "x")]).await;
    assert_eq!(again.status, 422);
    for nonsense in ["", "{}", "null", "\u{0}", &credential[..40]] {
        let again = browser.post(&bind.path, &[("credential", nonsense), ("name", "x")]).await;
        assert_eq!(again.status, 422, "{nonsense}");
    }
    assert!(world.living(&ada, Method::Passkey).await.is_empty());
    world.end().await;
}

#[tokio::test]
async fn a_browser_becomes_known_and_counts_with_its_own_cookie_alone() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let codes = world.give_codes(&ada).await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let how = world.begin(&mut browser, "/me/devices/add").await;
    let bind = browser.show(&how, "recovery-code", &codes[0]).await;
    assert!(!browser.cookies.contains_key("__Host-kw-device"));
    let working = browser.fill(&bind, &[("name", "")]).await;
    world.done(&mut browser, &working).await;
    let device = world.living(&ada, Method::KnownDevice).await[0].clone();
    assert_eq!((device.label.as_str(), device.usable_from.since_ms(device.created)), ("Firefox · Linux", 72 * HOUR_MS));
    world.hand.pass_ms(73 * HOUR_MS);

    let mut stranger = world.browser();
    for (browser, holds) in [(&mut stranger, false), (&mut browser, true)] {
        let how = world.forgot(browser, "ada").await;
        let page = browser.fill(&how, &[("way", "device")]).await;
        let after = browser.fill(&page, &[]).await;
        assert_eq!(after.says("You have shown 1 of 2 proofs"), holds, "{}", after.html);
        if holds {
            let after = browser.show(&after, "recovery-code", &codes[1]).await;
            assert!(after.path.ends_with("/new/password"), "{}", after.path);
        }
    }
    let bytes = world.bytes();
    let cookie = browser.cookies["__Host-kw-device"].as_bytes();
    assert!(!bytes.windows(cookie.len()).any(|window| window == cookie), "T-A11");
    world.end().await;
}

#[tokio::test]
async fn v6_2_3_a_known_password_is_changed_after_it_was_shown_a_moment_ago() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    world.hand.pass_ms(5 * MINUTE_MS);
    let again = browser.get("/me/password").await;
    assert_eq!(again.path, "/sign-in?for=password");
    assert!(again.says("Enter your password once more."));
    let posted = browser.post("/me/password", &[]).await;
    assert_eq!(posted.path, "/sign-in?for=password", "V7.5.3: the button of an old page neither");
    let wrong = browser.fill(&again, &[("name", "ada"), ("password", "not that one")]).await;
    world.work().await;
    assert_eq!(browser.get(&wrong.path).await.status, 422);
    assert_eq!(browser.get("/me").await.path, "/me", "a slip does not sign out");
    let wait = browser.fill(&again, &[("name", "ada"), ("password", FIRST)]).await;
    world.work().await;
    assert_eq!(browser.get(&wait.path).await.path, "/me/password");

    let password = world.begin(&mut browser, "/me/password").await;
    assert!(password.path.ends_with("/new/password"), "{}", password.path);
    let working = browser.fill(&password, &[("new-password", NEW)]).await;
    world.done(&mut browser, &working).await;
    assert!(world.signs_in(&ada, NEW).await && !world.signs_in(&ada, FIRST).await);
    let told = world.mailbox.newest(&ada.mail);
    assert!(told.text.contains("changed by someone who knew the old one"), "{}", told.text);
    assert_eq!(browser.get("/me").await.path, "/sign-in");
    world.end().await;
}

#[tokio::test]
async fn t_g04_a_password_alone_changes_no_password_where_something_stronger_is_set_up() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let app = world.give_app(&ada).await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let how = world.begin(&mut browser, "/me/password").await;
    assert!(how.path.ends_with("/how"), "{}", how.path);
    let case = how.reference();
    let refused = browser.post(&format!("/recover/{case}/new/password"), &[("new-password", NEW)]).await;
    assert_eq!(refused.path, how.path);
    let password = browser.show(&how, "app", &app.code(world.ctx.now())).await;
    assert!(password.path.ends_with("/new/password"), "{}", password.path);
    world.end().await;
}

#[tokio::test]
async fn t_g04_nor_while_what_is_stronger_does_not_count_yet() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    world.give_app_from(&ada, world.ctx.now().plus_ms(72 * HOUR_MS)).await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let how = world.begin(&mut browser, "/me/password").await;
    assert!(how.path.ends_with("/how"), "{}", how.path);
    let how = world.begin(&mut browser, "/me/passkeys/add").await;
    assert!(
        how.path.ends_with("/how") && !how.says("Link and code by email"),
        "with the mailbox neither: {}",
        how.html
    );
    world.end().await;
}

#[tokio::test]
async fn n_25_the_password_and_the_mailbox_of_somebody_in_finance_bind_nothing() {
    let world = World::new().await;
    let mona = world.person("mona", "pay").await;
    let mut browser = world.signed_in(&mona, FIRST).await;
    for path in ["/me/app/add", "/me/passkeys/add", "/me/recovery-codes", "/me/contacts/add", "/me/devices/add"] {
        let how = world.begin(&mut browser, path).await;
        assert!(how.path.ends_with("/how") && !how.says("Link and code by email"), "{path} {}", how.html);
        let bind = format!("/recover/{}/bind", how.reference());
        assert_eq!(browser.get(&bind).await.path, how.path);
    }
    world.end().await;
}

#[tokio::test]
async fn two_proofs_of_three_are_one_way_with_one_to_spare() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    world.give_app(&ada).await;
    world.give_codes(&ada).await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let me = browser.get("/me").await;
    assert!(me.says("You have 1 way back in") && me.says("If you lose it"), "{}", me.html);
    let second = world.ctx.id(world.ctx.now());
    world.give_as(second, &ada, (Method::Email, b"ada@elsewhere.test"), Vec::new()).await;
    let me = browser.get("/me").await;
    assert!(me.says("You have 1 way back in") && me.says("you have one to spare"), "{}", me.html);
}

/// A change goes on only in its session, so its pages warn before that ends and lead back to where it was begun.
#[tokio::test]
async fn ux_66_the_pages_of_a_change_warn_before_the_session_ends_and_lead_back_to_it() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let codes = world.give_codes(&ada).await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let how = world.begin(&mut browser, "/me/passkeys/add").await;
    assert!(how.html.contains("class=\"back\" href=\"/me\""), "{}", how.html);
    let bind = browser.show(&how, "recovery-code", &codes[0]).await;
    for page in [&how, &bind] {
        assert!(page.html.contains("data-idle"), "{} {}", page.path, page.html);
    }
    let again = browser.post(&bind.path, &[("name", "Blue key"), ("credential", "{}")]).await;
    assert!(again.html.contains("value=\"Blue key\""), "what was typed stays: {}", again.html);
    // A recovery has no session that could end.
    let mut stranger = world.browser();
    let how = world.forgot(&mut stranger, "ada").await;
    assert!(!how.html.contains("data-idle") && how.html.contains("href=\"/recover?for="), "{}", how.html);
    world.end().await;
}

/// Of two processes the one that signed somebody in may be ahead of the one that looks the name up.
#[tokio::test]
async fn r20_a_password_that_was_shown_by_a_clock_ahead_of_this_one_is_a_proof() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let file = rusqlite::Connection::open(world.dir.path().join("keyward.db")).unwrap();
    let ahead = "UPDATE tokens SET created_ms = created_ms + 5000 WHERE purpose = 'sign_in'";
    assert_eq!(file.execute(ahead, []).unwrap(), 1);
    let how = world.begin(&mut browser, "/me/app/add").await;
    assert!(how.says("You have shown 1 of 2 proofs"), "{}", how.html);
    world.end().await;
}
