//! "This was not me" after the change, on the last page itself.

use keyward_core::{
    account::Method,
    case::{Ending, Stage},
    event::{ContestedFrom, Event},
};

use crate::world::World;

#[tokio::test]
async fn ux_71_the_last_page_leads_to_not_me_and_that_closes_the_account_for_recovery() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.browser();
    let password = world.proved(&mut browser, &ada).await;
    let working = browser.fill(&password, &[("new-password", "copper violin harvest 71")]).await;
    let done = world.done(&mut browser, &working).await;
    let case = done.reference();
    assert!(matches!(world.case(&case).await.stage(), Stage::Closed(Ending::Reviewed(_))));

    let ask = browser.get(&format!("/recover/{case}/stop")).await;
    assert_eq!(ask.path, format!("/recover/{case}/stop"), "asked, not sent elsewhere");
    let said = browser.fill(&ask, &[]).await;
    assert_eq!(said.path, format!("/recover/{case}/stopped"));
    let contested = world.case(&case).await;
    assert!(matches!(contested.stage(), Stage::Closed(Ending::Contested { changed: true })));
    let entries = world.flow.entries(contested.id()).await.unwrap();
    let last = entries.iter().rev().find_map(|entry| match entry.event {
        Event::Contested { from } => Some(from),
        _ => None,
    });
    assert_eq!(last, Some(ContestedFrom::Page));
    // Whoever follows the case is not told that nothing changed.
    let followed = browser.get(&format!("/status/{case}")).await;
    assert!(
        followed.says("the account was changed before that") && !followed.says("Nothing has changed"),
        "{}",
        followed.html
    );
    // Said once: asked again, it stays what it is.
    let again = browser.post(&format!("/recover/{case}/stop"), &[]).await;
    assert_eq!(again.path, format!("/recover/{case}/stopped"));
    world.end().await;
}

#[tokio::test]
async fn n_05_not_me_takes_back_the_sheet_from_which_a_code_was_given() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut thief = world.browser();
    let password = world.proved(&mut thief, &ada).await;
    let working = thief.fill(&password, &[("new-password", "copper violin harvest 71")]).await;
    let done = world.done(&mut thief, &working).await;
    let case = done.reference();
    let printed = thief.post(&format!("/recover/{case}/codes/replace"), &[]).await.items("sheet");

    let letter = world.mailbox.newest(&ada.mail);
    let mut owner = world.browser();
    let ask = owner.get(&letter.link("/not-me/")).await;
    owner.fill(&ask, &[]).await;
    world.work().await;

    assert!(world.living(&ada, Method::RecoveryCode).await.is_empty(), "the sheet is ended");
    world.hand.pass_ms(keyward::flow::BLOCK_MS + 1);
    let how = world.forgot(&mut thief, "ada").await;
    assert!(!thief.show(&how, "recovery-code", &printed[0]).await.says("You have shown 1 of"));
    world.end().await;
}
