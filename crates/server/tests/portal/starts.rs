//! How often a case may be started.

use crate::world::World;

#[tokio::test]
async fn t_d10_a_name_has_so_many_starts_in_an_hour_whether_or_not_it_is_an_account() {
    let world = World::with(|terms| terms.starts.per_name_hour = 2).await;
    let ada = world.somebody("ada").await;
    let mut answers = Vec::new();
    for name in ["ada", "nobody-here"] {
        for typed in [name.to_owned(), name.to_uppercase(), format!(" {name} ")] {
            let mut browser = world.browser();
            let find = browser.get("/recover?for=forgot").await;
            answers.push(browser.fill(&find, &[("name", &typed)]).await);
        }
    }
    let headings: Vec<_> = answers.iter().map(|page| (page.status.as_u16(), page.heading())).collect();
    assert_eq!(headings[..3], headings[3..], "the same for every name");
    assert_eq!(headings.iter().map(|h| h.0).collect::<Vec<_>>(), [200, 200, 429, 200, 200, 429]);
    world.work().await;
    assert_eq!(world.mailbox.take(&ada.mail).len(), 2, "what was refused causes no message");
}

#[tokio::test]
async fn t_d10_a_network_has_so_many_starts_in_an_hour_and_then_uses_up_nobodys_own() {
    let world = World::with(|terms| (terms.starts.per_name_hour, terms.starts.per_network_hour) = (1, 2)).await;
    let mut statuses = Vec::new();
    for name in ["ada", "ben", "cleo"] {
        let mut browser = world.browser();
        let find = browser.get("/recover?for=forgot").await;
        statuses.push(browser.fill(&find, &[("name", name)]).await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 429]);
}
