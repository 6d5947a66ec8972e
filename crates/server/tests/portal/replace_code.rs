//! A new recovery code for the one that was a proof.

use keyward_core::event::Event;

use crate::world::World;

#[tokio::test]
async fn n_05_a_used_recovery_code_is_dead_and_a_new_one_takes_its_place_once() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (app, codes) = (world.give_app(&ada).await, world.give_codes(&ada).await);
    let mut browser = world.browser();

    let how = world.forgot(&mut browser, "ada").await;
    let how = browser.show(&how, "recovery-code", &codes[0]).await;
    let case = how.reference();
    let replace = format!("/recover/{case}/codes/replace");
    // One code alone is not exchanged for another.
    assert_eq!(browser.post(&replace, &[]).await.path, format!("/recover/{case}/how"));
    let page = browser.show(&how, "app", &app.code(world.ctx.now())).await;
    let working = browser.fill(&page, &[("new-password", "copper violin harvest 71")]).await;
    let done = world.done(&mut browser, &working).await;
    assert!(done.says("A new one can take its place"));

    let late = keyward_core::case::REPLACE_MS + 1;
    world.hand.pass_ms(late);
    assert!(!browser.get(&done.path).await.says("A new one can take its place"), "not offered when it is too late");
    assert_eq!(browser.post(&replace, &[]).await.path, done.path, "and not made");
    world.hand.pass_ms(-late);

    let mut twin = browser.clone();
    let (one, other) = tokio::join!(browser.post(&replace, &[]), twin.post(&replace, &[]));
    let shown = if one.path.ends_with("/codes") { &one } else { &other };
    assert_eq!(shown.path, format!("/recover/{case}/codes"));
    let printed = shown.items("sheet");
    assert_eq!(printed.len(), 1, "one code for one");
    let entries = world.flow.entries(world.case(&case).await.id()).await.unwrap();
    assert_eq!(entries.iter().filter(|entry| matches!(entry.event, Event::CodeReplaced { .. })).count(), 1);
    let sheets = world.living(&ada, keyward_core::account::Method::RecoveryCode).await;
    let stored = world.store().recovery_codes(sheets[0].id).await.unwrap();
    assert_eq!((stored.len(), stored.iter().filter(|(_, used)| used.is_some()).count()), (10, 0));

    // The new one proves, the old one does not.
    for (code, proves) in [(&codes[0], false), (&printed[0], true)] {
        let mut browser = world.browser();
        let how = world.forgot(&mut browser, "ada").await;
        let answer = browser.show(&how, "recovery-code", code).await;
        assert_eq!(answer.says("You have shown 1 of"), proves, "{code}");
    }
    world.end().await;
}
