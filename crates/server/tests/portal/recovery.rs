//! Recoveries by oneself, from the first page to the file that proves them.

use keyward_core::{
    account::Method,
    case::{Ending, Stage},
    digest::Field,
    event::Event,
    secret::SecretText,
};

use keyward::{jobs::Work, seal::Attempt};

use crate::world::{FIRST, World};

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

    let type_app = browser.fill(&how, &[("way", "app")]).await;
    let how = browser.fill(&type_app, &[("code", &app.code(world.ctx.now()))]).await;
    assert!(how.says("You have shown 1 of 2 proofs"), "{}", how.html);
    let type_code = browser.fill(&how, &[("way", "recovery-code")]).await;
    let password = browser.fill(&type_code, &[("code", &codes[0])]).await;
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
