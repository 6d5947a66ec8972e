//! Taking a way back in off: never the one that proves it, never on a password alone, and nobody sees the list before the gate is open.

use keyward_core::{account::Method, time::MINUTE_MS};

use crate::world::{FIRST, World};

#[tokio::test]
async fn r26_what_proves_it_can_not_be_what_goes() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (app, codes) = (world.give_app(&ada).await, world.give_codes(&ada).await);
    let factor = world.living(&ada, Method::Totp).await[0].id;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let me = browser.get("/me").await;
    assert!(me.says(&format!("/me/remove/{factor}")));
    let ask = browser.get(&format!("/me/remove/{factor}")).await;
    assert!(ask.says("Then you have no way back in."), "{}", ask.html);

    let how = world.begin(&mut browser, &ask.path).await;
    let bind = format!("/recover/{}/bind", how.reference());
    assert_eq!(browser.get(&bind).await.path, how.path, "the gate is shut");
    // With the app itself: the gate opens, and the app is no choice.
    let choose = browser.show(&how, "app", &app.code(world.ctx.now())).await;
    assert!(choose.says("totp has just been your proof"), "{}", choose.html);
    let refused = browser.post(&bind, &[("factor", &factor.to_string())]).await;
    assert_eq!(refused.status, 422);
    assert_eq!(world.living(&ada, Method::Totp).await.len(), 1);

    // With a printed code: it goes.
    world.hand.pass_ms(MINUTE_MS);
    let how = world.begin(&mut browser, &ask.path).await;
    let choose = browser.show(&how, "recovery-code", &codes[0]).await;
    assert_eq!(choose.heading(), "Change your ways back in What do you want to remove?");
    assert!(choose.html.contains(&format!("value=\"{factor}\"")) && choose.html.contains(" checked"));
    let nothing = browser.post(&choose.path, &[]).await;
    assert!(nothing.says("Choose what to remove"));
    let working = browser.fill(&choose, &[("factor", &factor.to_string())]).await;
    let done = world.done(&mut browser, &working).await;
    assert!(done.says("totp no longer works."), "{}", done.html);
    assert!(world.living(&ada, Method::Totp).await.is_empty());
    let told = world.mailbox.newest(&ada.mail);
    assert_eq!(told.subject, "A way back into your Northwind Hospital account was removed");
    world.end().await;
}

#[tokio::test]
async fn t_g01_the_password_and_the_mailbox_together_remove_nothing() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    world.give_app(&ada).await;
    let factor = world.living(&ada, Method::Totp).await[0].id;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let how = world.begin(&mut browser, &format!("/me/remove/{factor}")).await;
    assert!(how.path.ends_with("/how"), "{}", how.path);
    // Asked for all the same, as a program would.
    let page = browser.post(&how.path, &[("way", "email")]).await;
    world.work().await;
    let code = world.mailbox.newest(&ada.mail).code();
    let after = browser.fill(&page, &[("code", &code)]).await;
    assert!(after.path.ends_with("/how"), "{}", after.path);
    let bind = format!("/recover/{}/bind", how.reference());
    assert_eq!(browser.post(&bind, &[("factor", &factor.to_string())]).await.path, how.path);
    assert_eq!(world.living(&ada, Method::Totp).await.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn t_g03_nobody_removes_what_is_somebody_elses() {
    let world = World::new().await;
    let (ada, eve) = (world.somebody("ada").await, world.somebody("eve").await);
    let codes = world.give_codes(&eve).await;
    world.give_app(&ada).await;
    let theirs = world.living(&ada, Method::Totp).await[0].id;
    let mut browser = world.signed_in(&eve, FIRST).await;
    let path = format!("/me/remove/{theirs}");
    assert_eq!(browser.get(&path).await.status, 404);
    assert_eq!(browser.post(&path, &[]).await.status, 404);
    let own = world.living(&eve, Method::RecoveryCode).await[0].id;
    let how = world.begin(&mut browser, &format!("/me/remove/{own}")).await;
    let choose = browser.show(&how, "recovery-code", &codes[0]).await;
    let refused = browser.post(&choose.path, &[("factor", &theirs.to_string())]).await;
    assert_eq!(refused.status, 422);
    assert_eq!(world.living(&ada, Method::Totp).await.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_lost_phone_is_taken_off_without_signing_in_and_seen_only_behind_the_gate() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let codes = world.give_codes(&ada).await;
    world.give_app(&ada).await;
    let lost = world.living(&ada, Method::Totp).await[0].id;
    let mut browser = world.browser();
    let find = browser.get("/recover?for=lost").await;
    let how = browser.fill(&find, &[("name", "ada")]).await;
    world.work().await;
    let bind = format!("/recover/{}/bind", how.reference());
    assert_eq!(browser.get(&bind).await.path, how.path);
    let how = browser.show(&how, "recovery-code", &codes[0]).await;
    assert!(how.says("You have shown 1 of 2 proofs"));
    let seen = browser.get(&bind).await;
    assert!(seen.path.ends_with("/how") && !seen.says(&lost.to_string()), "one proof is not enough");
    let page = browser.fill(&how, &[("way", "email")]).await;
    world.work().await;
    let code = world.mailbox.newest(&ada.mail).code();
    let choose = browser.fill(&page, &[("code", &code)]).await;
    assert_eq!(choose.heading(), "Replace a lost phone or key What do you want to remove?");
    let working = browser.fill(&choose, &[("factor", &lost.to_string())]).await;
    let done = world.done(&mut browser, &working).await;
    assert!(done.says("The lost one is turned off") && done.says("totp no longer works."));
    assert!(world.living(&ada, Method::Totp).await.is_empty());
    assert!(!browser.cookies.contains_key("__Host-kw-session"), "R7: nobody is signed in by it");
    world.end().await;
}

#[tokio::test]
async fn m103_a_way_back_in_that_is_called_like_an_address_of_the_directory_is_its_owners_to_remove() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (mut browser, bind) = world.begun(&ada, "/me/devices/add").await;
    let working = browser.fill(&bind, &[("name", "directory")]).await;
    world.done(&mut browser, &working).await;
    let device = world.living(&ada, Method::KnownDevice).await[0].id;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let me = browser.get("/me").await;
    assert!(me.says(&format!("/me/remove/{device}")), "{}", me.html);
    assert_eq!(me.html.matches("Added: This device").count(), 2, "as news and in the history");
    let ask = browser.get(&format!("/me/remove/{device}")).await;
    assert_eq!(ask.status, 200, "{}", ask.html);
    world.end().await;
}

#[tokio::test]
async fn v7_5_3_removing_asks_once_more_for_a_password_that_was_shown_too_long_ago() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    world.give_app(&ada).await;
    let path = format!("/me/remove/{}", world.living(&ada, Method::Totp).await[0].id);
    let mut browser = world.signed_in(&ada, FIRST).await;
    world.hand.pass_ms(5 * MINUTE_MS);
    let again = browser.get(&path).await;
    assert_eq!(again.path, "/sign-in?for=look");
    assert!(again.says("Enter your password once more."), "{}", again.html);
    assert_eq!(browser.post(&path, &[]).await.path, "/sign-in?for=look", "the button of an old page neither");
    assert_eq!(browser.get("/sign-in").await.path, "/me", "whoever only looks is there already");
    let wait = browser.fill(&again, &[("name", "ada"), ("password", FIRST)]).await;
    world.work().await;
    assert_eq!(browser.get(&wait.path).await.path, "/me");
    assert_eq!(browser.get(&path).await.path, path);
    world.end().await;
}
