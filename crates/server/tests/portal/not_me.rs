//! "This was not me" after the change, on the last page itself.

use keyward_core::{
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
    // Said once: asked again, it stays what it is.
    let again = browser.post(&format!("/recover/{case}/stop"), &[]).await;
    assert_eq!(again.path, format!("/recover/{case}/stopped"));
    world.end().await;
}
