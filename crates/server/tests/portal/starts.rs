//! How often a case may be started.

use crate::world::{FIRST, World};

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

/// Right behind its start, the look-up of somebody held up the next request longer than that of nobody.
#[tokio::test]
async fn t_c02_a_name_is_looked_up_at_a_moment_that_chance_chooses_and_what_is_begun_signed_in_at_once() {
    let world = World::with(|terms| {
        terms.look_up_ms = 400;
        (terms.starts.per_name_hour, terms.starts.per_network_hour) = (99, 99);
    })
    .await;
    let ada = world.somebody("ada").await;
    for name in ["ada", "nobody-here"].into_iter().cycle().take(20) {
        let find = world.browser().get("/recover?for=forgot").await;
        world.browser().fill(&find, &[("name", name)]).await;
    }
    let waits = |kind: &str| -> Vec<i64> {
        let file = rusqlite::Connection::open(world.dir.path().join("keyward.db")).unwrap();
        let mut jobs = file.prepare("SELECT due_ms - created_ms FROM jobs WHERE kind = ?1").unwrap();
        let waits = jobs.query_map([kind], |row| row.get(0)).unwrap();
        waits.map(Result::unwrap).collect()
    };
    let all = waits("classify");
    assert_eq!(all.len(), 20);
    assert!(all.iter().all(|wait| (0..400).contains(wait)), "{all:?}");
    let (soon, late) =
        (all.iter().filter(|wait| **wait < 200).count(), all.iter().filter(|wait| **wait >= 200).count());
    assert!(soon >= 3 && late >= 3, "{all:?}");

    world.hand.pass_ms(400);
    world.work().await;
    assert_eq!(waits("classify"), [0; 0]);
    let mut browser = world.signed_in(&ada, FIRST).await;
    let page = browser.get("/me/app/add").await;
    browser.fill(&page, &[]).await;
    assert_eq!(waits("classify"), [0]);
    world.end().await;
}

/// Strangers who use up what they may cause hide no end of a case in which something was shown.
#[tokio::test]
async fn t_d09_the_end_of_a_case_in_which_something_was_shown_is_told_however_often_strangers_ask() {
    let world = World::with(|terms| {
        terms.starts.per_name_hour = 99;
        (terms.mails.per_hour, terms.mails.per_day) = (1, 1);
    })
    .await;
    let ada = world.somebody("ada").await;
    let app = world.give_app(&ada).await;
    world.forgot(&mut world.browser(), "ada").await;
    assert_eq!(world.mailbox.take(&ada.mail).len(), 1);
    for shows in [false, true] {
        let mut thief = world.browser();
        let how = world.forgot(&mut thief, "ada").await;
        if shows {
            thief.show(&how, "app", &app.code(world.ctx.now())).await;
        }
        thief.post(&format!("/recover/{}/stop", how.reference()), &[]).await;
        world.work().await;
        assert_eq!(world.mailbox.take(&ada.mail).len(), usize::from(shows), "{shows}");
    }
    world.end().await;
}
