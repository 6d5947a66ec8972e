//! What was proved before the account was changed: it counts for nothing behind the change.

use axum::http::{Method as Verb, header};
use keyward::flow::With;
use keyward::passwords::password::Password;
use keyward::store::{Write, accounts::NewPassword, change::Aside, guard::Guard, tokens::Purpose};
use keyward_core::secret::SecretText;
use keyward_core::{
    account::{Class, Method},
    actor::Actor,
    case::Command,
    digest::Field,
    steps::{
        classify::Classification,
        reissue::{Outcome, Recorded},
    },
    time::MINUTE_MS,
};

use crate::world::{Browser, FIRST, Page, Person, World, hasher};

const OWNERS: &str = "five patient otters paddle home";
const THIEFS: &str = "nine crooked magpies carry keys";

/// Somebody chooses a password on a page that was reached before, and it ends there.
async fn refused(world: &World, browser: &mut Browser, page: &Page, person: &Person) {
    let working = browser.fill(page, &[("new-password", THIEFS)]).await;
    world.work().await;
    let after = browser.get(&working.path).await;
    assert!(after.says("What you showed before that no longer counts"), "{} {}", after.path, after.html);
    assert!(!world.signs_in(person, THIEFS).await);
}

#[tokio::test]
async fn t_a16_what_was_proved_with_something_that_was_lost_opens_nothing_once_that_is_ended() {
    for lost in [Method::Totp, Method::RecoveryCode] {
        let world = World::new().await;
        let ada = world.somebody("ada").await;
        let mut thief = world.browser();
        let new = world.proved(&mut thief, &ada).await;
        let factor = world.living(&ada, lost).await[0].id;
        let end = Guard::EndFactor { factor, person: ada.id, at: world.ctx.now() };
        world.store().aside(Aside::default().guard(end)).await.unwrap();
        refused(&world, &mut thief, &new, &ada).await;
        assert!(world.signs_in(&ada, FIRST).await, "{lost}");
        world.end().await;
    }
}

#[tokio::test]
async fn t_a16_a_new_password_ends_what_was_proved_before_it_and_nothing_else() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (mut thief, mut owner, mut stranger) = (world.browser(), world.browser(), world.browser());
    let late = world.proved(&mut thief, &ada).await;
    let unproved = world.forgot(&mut stranger, "ada").await;
    world.recovered(&mut owner, &ada, OWNERS).await;
    refused(&world, &mut thief, &late, &ada).await;
    assert!(world.signs_in(&ada, OWNERS).await);
    assert!(world.case(&late.reference()).await.is_over());
    assert!(!world.case(&unproved.reference()).await.is_over(), "that it ends would tell that there is an account");
    world.end().await;
}

/// The job that ends the other cases of an account comes ten minutes behind the change.
fn ends_others_late(world: &World) -> rusqlite::Connection {
    let file = rusqlite::Connection::open(world.dir.path().join("keyward.db")).unwrap();
    let late = "CREATE TRIGGER late AFTER INSERT ON jobs WHEN NEW.kind = 'stop_others'
        BEGIN UPDATE jobs SET due_ms = due_ms + 600000 WHERE id = NEW.id; END";
    file.execute_batch(late).unwrap();
    file
}

#[tokio::test]
async fn t_a16_what_was_proved_before_a_new_password_changes_nothing_however_late_that_is_noticed() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (mut thief, mut owner) = (world.browser(), world.browser());
    let late = world.proved(&mut thief, &ada).await;
    let new = world.proved(&mut owner, &ada).await;
    ends_others_late(&world);
    let working = owner.fill(&new, &[("new-password", OWNERS)]).await;
    world.done(&mut owner, &working).await;
    refused(&world, &mut thief, &late, &ada).await;
    assert!(world.signs_in(&ada, OWNERS).await);
    world.end().await;
}

#[tokio::test]
async fn t_a16_a_case_that_was_at_work_when_the_password_changed_does_not_try_again() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (mut thief, mut owner) = (world.browser(), world.browser());
    let late = world.proved(&mut thief, &ada).await;
    let new = world.proved(&mut owner, &ada).await;
    // The worker that was at it is gone, and nobody can tell yet what it did.
    let working = thief.fill(&late, &[("new-password", THIEFS)]).await;
    let case = world.case(&working.reference()).await;
    let now = case.classified().unwrap().classification().clone();
    drop(world.flow.act(case.id(), Actor::Keyward, Command::Start(now), With::nothing()).await.unwrap().into_inner());
    let file = rusqlite::Connection::open(world.dir.path().join("keyward.db")).unwrap();
    assert_eq!(file.execute("DELETE FROM jobs WHERE kind = 'reissue'", []).unwrap(), 1);
    let working = owner.fill(&new, &[("new-password", OWNERS)]).await;
    world.done(&mut owner, &working).await;
    // It is found out that it did nothing, and the case would take another password.
    let outcome = Outcome::NotDone { reason: "not_applied".to_owned() };
    let nothing = Command::Record(Recorded { attempt: 1, outcome, checks: Vec::new() });
    drop(world.flow.act(case.id(), Actor::Keyward, nothing, With::nothing()).await.unwrap().into_inner());
    let again = thief.get(&late.path).await;
    assert!(again.html.contains("new-password"), "{} {}", again.path, again.html);
    refused(&world, &mut thief, &again, &ada).await;
    assert!(world.signs_in(&ada, OWNERS).await);
    world.end().await;
}

#[tokio::test]
async fn t_a16_what_was_proved_behind_a_new_password_goes_on_however_late_that_is_noticed() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (mut first, mut second) = (world.browser(), world.browser());
    let new = world.proved(&mut first, &ada).await;
    let file = ends_others_late(&world);
    first.fill(&new, &[("new-password", OWNERS)]).await;
    world.work().await;
    world.hand.pass_ms(MINUTE_MS);
    let newer = world.proved(&mut second, &ada).await;
    world.hand.pass_ms(10 * MINUTE_MS);
    world.work().await;
    let waiting: i64 =
        file.query_row("SELECT COUNT(*) FROM jobs WHERE kind = 'stop_others'", [], |row| row.get(0)).unwrap();
    assert_eq!(waiting, 0, "it was done");
    assert!(!world.case(&newer.reference()).await.is_over());
    world.end().await;
}

#[tokio::test]
async fn t_a16_a_password_that_was_changed_past_keyward_proves_nothing_any_more() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    world.give_app(&ada).await;
    let app = world.living(&ada, Method::Totp).await[0].id;
    let (mut thief, choose) = world.begun(&ada, &format!("/me/remove/{app}")).await;
    world.hand.pass_ms(2 * MINUTE_MS);
    let password = Password::new(SecretText::new(OWNERS.to_owned())).unwrap();
    let hash = hasher().hash(&password, world.ctx.bytes()).await.unwrap();
    let new = NewPassword { hash, expected: 1, must_change: false, keep: 4, at: world.ctx.now() };
    assert!(world.store().set_account_password(&ada.account, &new).await.unwrap().is_some());
    thief.fill(&choose, &[("factor", &app.to_string())]).await;
    world.work().await;
    assert_eq!(world.living(&ada, Method::Totp).await.len(), 1);
    assert!(world.case(&choose.reference()).await.is_over());
    world.end().await;
}

#[tokio::test]
async fn r4_an_account_that_was_switched_off_gets_no_way_back_in() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    world.give_app(&ada).await;
    let app = world.living(&ada, Method::Totp).await[0].id;
    let (mut browser, choose) = world.begun(&ada, &format!("/me/remove/{app}")).await;
    assert!(world.store().set_account_disabled(&ada.account, true).await.unwrap());
    browser.fill(&choose, &[("factor", &app.to_string())]).await;
    world.work().await;
    assert_eq!(world.living(&ada, Method::Totp).await.len(), 1);
    assert!(world.case(&choose.reference()).await.is_over());
    world.end().await;
}

#[tokio::test]
async fn r10_a_worker_that_died_behind_the_look_up_leaves_no_case_without_the_password_that_was_shown() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let page = browser.get("/me/password").await;
    let looking = browser.fill(&page, &[]).await;
    // The first half of the job, as it is when the worker dies there.
    let case = world.case(&looking.reference()).await;
    let (account, value) = world.flow.disclose(Field::Account, "whatever");
    let found = Classification {
        subject: ada.id,
        account,
        class: Class::Standard,
        rule: "unclassified".to_owned(),
        opens: Vec::new(),
    };
    let with = keyward::flow::With::nothing().value(value, Some(ada.id));
    let acted = world.flow.act(case.id(), Actor::Keyward, Command::Classify(found), with).await.unwrap();
    assert!(acted.get().case.evidence().is_empty());
    world.work().await;
    let new = browser.get(&looking.path).await;
    assert!(new.path.ends_with("/new/password"), "{} {}", new.path, new.html);
    world.end().await;
}

#[tokio::test]
async fn r11_whoever_comes_next_to_a_browser_goes_on_with_nothing_that_was_begun_while_signed_in() {
    for ended in ["signed out", "at rest", "signed out elsewhere"] {
        let world = World::new().await;
        let ada = world.somebody("ada").await;
        let (mut browser, bind) = world.begun(&ada, "/me/app/add").await;
        assert!(bind.path.ends_with("/bind"), "{}", bind.path);
        // More cases than are looked at in one request.
        let mut forgotten = world.forgot(&mut browser, "ada").await;
        for number in 0..8 {
            forgotten = world.forgot(&mut browser, &format!("nobody{number}")).await;
        }
        match ended {
            "signed out" => drop(browser.post("/sign-out", &[]).await),
            "at rest" => world.hand.pass_ms(world.flow.terms.idle_ms),
            _ => {
                let end = Write::EndTokensOfPerson { person: ada.id, purpose: Some(Purpose::SignIn) };
                world.store().aside(Aside::default().write(end)).await.unwrap();
            }
        }
        let next = browser.get(&bind.path).await;
        assert_eq!(next.path, "/sign-in?over=1", "{ended}: {}", next.html);
        assert!(next.says("the change that you began has ended with it"), "{ended}: {}", next.html);
        let on = browser.get(&forgotten.path).await;
        assert_eq!(on.path, forgotten.path, "{ended}: what was begun without a session goes on without one");
        world.end().await;
    }
}

#[tokio::test]
async fn r11_whoever_makes_a_change_sees_what_came_of_it_although_it_ends_the_session() {
    let world = World::new().await;
    for round in 0..12 {
        let ada = world.somebody(&format!("ada{round}")).await;
        let (mut browser, bind) = world.begun(&ada, "/me/recovery-codes").await;
        let working = browser.fill(&bind, &[]).await;
        // Many look all the time while the worker makes the change: each look falls before it or behind it, and none between.
        let looking = (0..8).map(|_| {
            let (mut browser, path) = (browser.clone(), working.path.clone());
            tokio::spawn(async move {
                loop {
                    let page = browser.ask(Verb::GET, &path, String::new()).await;
                    if let Some(to) = page.headers.get(header::LOCATION) {
                        return to.to_str().unwrap().to_owned();
                    }
                    tokio::task::yield_now().await;
                }
            })
        });
        let looking: Vec<_> = looking.collect();
        world.work().await;
        for one in looking {
            let to = one.await.unwrap();
            assert!(to.ends_with("/done"), "round {round}: {to}");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn r11_whoever_is_at_a_change_is_not_at_rest() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (mut browser, bind) = world.begun(&ada, "/me/app/add").await;
    for _ in 0..2 {
        world.hand.pass_ms(world.flow.terms.idle_ms - MINUTE_MS);
        assert_eq!(browser.get(&bind.path).await.path, bind.path);
    }
    world.end().await;
}

#[tokio::test]
async fn t_a16_a_password_that_was_shown_in_a_session_which_ended_meanwhile_is_no_proof() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut thief = world.signed_in(&ada, FIRST).await;
    let page = thief.get("/me/password").await;
    let looking = thief.fill(&page, &[]).await;
    // What a change does, before the worker has come to the case.
    let end = Write::EndTokensOfPerson { person: ada.id, purpose: Some(Purpose::SignIn) };
    world.store().aside(Aside::default().write(end)).await.unwrap();
    world.work().await;
    assert!(world.case(&looking.reference()).await.evidence().is_empty());
    world.end().await;
}
