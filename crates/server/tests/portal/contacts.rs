//! Addresses: typed, answered, bound, and of use only after a while.

use keyward::store::{
    change::Aside,
    guard::Guard,
    people::{Factor, NewFactor},
};
use keyward_core::{
    account::Method,
    secret::Secret,
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};

use crate::world::{App, Browser, FIRST, Page, Person, World};

const NEW: &str = "ada.private@elsewhere.test";

struct Scene {
    world: World,
    ada: Person,
    app: App,
    browser: Browser,
}

/// A signed-in person with an app, on the page where a new address is typed.
async fn scene() -> (Scene, Page) {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let app = world.give_app(&ada).await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let how = world.begin(&mut browser, "/me/contacts/add").await;
    let bind = browser.show(&how, "app", &app.code(world.ctx.now())).await;
    assert_eq!(bind.heading(), "What is your private email address?", "{}", bind.path);
    world.mailbox.take(&ada.mail);
    (Scene { world, ada, app, browser }, bind)
}

/// The one address that is not the directory's.
async fn added(world: &World, person: &Person) -> Factor {
    let all = world.living(person, Method::Email).await;
    all.into_iter().find(|factor| factor.label == "added").expect("an added address")
}

#[tokio::test]
async fn n_10_an_address_is_bound_when_its_code_has_come_back_and_the_old_ones_are_told() {
    let (Scene { world, ada, mut browser, .. }, bind) = scene().await;
    for (address, says) in [
        ("", "Enter an email address"),
        ("ada", "Enter an email address like name@example.com"),
        ("ada@", "Enter an email address like name@example.com"),
        ("a@b.test\r\nBcc: x@y.test", "Enter an email address like name@example.com"),
        (" ADA@home.test ", "Your work account opens this mailbox"),
        // C18: another spelling of that mailbox is no second one.
        ("ada+private@home.test", "Your work account opens this mailbox"),
    ] {
        let again = browser.fill(&bind, &[("address", address)]).await;
        assert!(again.says(says), "{address}: {}", again.html);
    }
    world.work().await;
    assert_eq!(world.mailbox.unread(), 0, "nothing goes to what is no address of theirs");

    let confirm = browser.fill(&bind, &[("address", NEW)]).await;
    assert!(confirm.says("Enter the code we sent") && confirm.says(NEW));
    world.work().await;
    let mail = world.mailbox.newest(NEW);
    assert_eq!(mail.subject, "Your code to add this address");
    assert!(!mail.text.contains("/not-me/") && !mail.text.contains("/l/"), "{}", mail.text);
    let wrong = if mail.code() == "000000" { "000001" } else { "000000" };
    let again = browser.fill(&confirm, &[("code", wrong)]).await;
    assert!(again.says("That code does not match"));
    assert_eq!(world.living(&ada, Method::Email).await.len(), 1, "only the one of the directory");
    let bytes = world.bytes();
    assert!(!bytes.windows(NEW.len()).any(|window| window == NEW.as_bytes()), "an unconfirmed address lies sealed");

    let working = browser.fill(&again, &[("code", &mail.code())]).await;
    let done = world.done(&mut browser, &working).await;
    assert!(done.says("Added: Link and code by email."), "{}", done.html);
    assert_eq!(world.living(&ada, Method::Email).await.len(), 2, "N-11");
    let bound = added(&world, &ada).await;
    assert_eq!(bound.usable_from.since_ms(bound.created), 7 * DAY_MS);
    for to in [ada.mail.as_str(), NEW] {
        let told = world.mailbox.newest(to);
        assert_eq!(told.subject, "A contact of your Northwind Hospital account changed", "{to}");
        assert!(told.text.contains("a•••@elsewhere.test") && !told.text.contains(NEW), "{}", told.text);
        told.link("/not-me/");
    }
    world.end().await;
}

#[tokio::test]
async fn a_code_confirms_the_address_it_went_to_and_no_other_five_times_at_most() {
    let (Scene { world, ada, mut browser, .. }, bind) = scene().await;
    browser.fill(&bind, &[("address", NEW)]).await;
    world.work().await;
    let code = world.mailbox.newest(NEW).code();
    let other = browser.get(&format!("{}?address=other", bind.path)).await;
    let second = browser.fill(&other, &[("address", "eve@elsewhere.test")]).await;
    world.work().await;
    let newer = world.mailbox.newest("eve@elsewhere.test").code();
    assert_ne!(code, newer);
    let crossed = browser.fill(&second, &[("code", &code)]).await;
    assert!(crossed.says("That code does not match"));
    // Another browser with the same address of a page gets nowhere at all.
    assert_eq!(world.browser().post(&bind.path, &[("code", &newer)]).await.status, 404);
    let wrong = if newer == "000000" { "000001" } else { "000000" };
    for _ in 0..4 {
        browser.fill(&second, &[("code", wrong)]).await;
    }
    let spent = browser.fill(&second, &[("code", &newer)]).await;
    assert!(spent.says("That code does not match"), "five tries are spent");
    assert_eq!(world.living(&ada, Method::Email).await.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn ux_11_a_code_to_a_new_address_lives_ten_minutes_and_can_be_sent_again() {
    let (Scene { world, ada, mut browser, .. }, bind) = scene().await;
    let confirm = browser.fill(&bind, &[("address", NEW)]).await;
    world.work().await;
    let code = world.mailbox.newest(NEW).code();
    world.hand.pass_ms(10 * MINUTE_MS);
    let late = browser.fill(&confirm, &[("code", &code)]).await;
    assert!(late.says("That code does not match"));
    let sent = browser.post(&format!("{}/again", bind.path), &[]).await;
    assert!(sent.says("Enter the code we sent"));
    world.work().await;
    let newer = world.mailbox.newest(NEW).code();
    let working = browser.fill(&sent, &[("code", &newer)]).await;
    world.done(&mut browser, &working).await;
    assert_eq!(world.living(&ada, Method::Email).await.len(), 2);
    world.end().await;
}

#[tokio::test]
async fn r13_an_address_that_the_directory_lists_later_keeps_its_owner_out_of_nothing() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let known = world.store().person(ada.id).await.unwrap().unwrap();
    let id = world.ctx.id(world.ctx.now());
    let own = NewFactor {
        id,
        person: ada.id,
        method: Method::Email,
        label: "added".to_owned(),
        data: world.flow.lock_away(id, &Secret::new(ada.mail.as_bytes().to_vec())).unwrap(),
        handle: Some(world.flow.address_handle(&known, &ada.mail)),
        created: world.ctx.now(),
        usable_from: world.ctx.now(),
    };
    world.store().aside(Aside::default().guard(Guard::NewFactor(own))).await.unwrap();
    let mut browser = world.signed_in(&ada, FIRST).await;
    assert_eq!(browser.get("/me").await.path, "/me");
    let how = world.forgot(&mut world.browser(), "ada").await;
    assert_eq!(world.case(&how.reference()).await.subject(), Some(ada.id));
    assert_eq!(added(&world, &ada).await.id, id);
    assert_eq!(world.living(&ada, Method::Email).await.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn nobody_floods_a_mailbox_from_here() {
    let (Scene { world, mut browser, .. }, bind) = scene().await;
    browser.fill(&bind, &[("address", NEW)]).await;
    let again = format!("{}/again", bind.path);
    for _ in 0..9 {
        browser.post(&again, &[]).await;
    }
    world.work().await;
    assert_eq!(world.mailbox.take(NEW).len(), 4);
    let other = browser.get(&format!("{}?address=other", bind.path)).await;
    for number in 0..9 {
        browser.fill(&other, &[("address", &format!("victim{number}@elsewhere.test"))]).await;
    }
    world.work().await;
    assert!(world.mailbox.unread() <= 2, "{}", world.mailbox.unread());
    world.end().await;
}

#[tokio::test]
async fn t_f08_a_new_address_is_no_proof_before_its_time_and_is_one_after() {
    let (Scene { world, app, mut browser, .. }, bind) = scene().await;
    let confirm = browser.fill(&bind, &[("address", NEW)]).await;
    world.work().await;
    let code = world.mailbox.newest(NEW).code();
    let working = browser.fill(&confirm, &[("code", &code)]).await;
    world.done(&mut browser, &working).await;
    for (wait_ms, opens) in [(HOUR_MS, false), (7 * DAY_MS, true)] {
        world.hand.pass_ms(wait_ms);
        world.mailbox.take(NEW);
        let mut browser = world.browser();
        let how = world.forgot(&mut browser, "ada").await;
        let page = browser.fill(&how, &[("way", "email")]).await;
        world.work().await;
        let mails = world.mailbox.take(NEW);
        let way = mails.iter().find(|mail| mail.text.contains("/l/"));
        assert_eq!(way.is_some(), opens, "a way on goes to an address that counts");
        assert!(!mails.is_empty(), "but it is told");
        let Some(way) = way else { continue };
        let how = browser.fill(&page, &[("code", &way.code())]).await;
        let password = browser.show(&how, "app", &app.code(world.ctx.now())).await;
        assert!(password.path.ends_with("/new/password"), "{}", password.path);
    }
    world.end().await;
}

#[tokio::test]
async fn m103_not_me_takes_the_new_address_back_before_it_was_of_use() {
    let (Scene { world, ada, mut browser, .. }, bind) = scene().await;
    let confirm = browser.fill(&bind, &[("address", NEW)]).await;
    world.work().await;
    let code = world.mailbox.newest(NEW).code();
    let working = browser.fill(&confirm, &[("code", &code)]).await;
    world.done(&mut browser, &working).await;
    let told = world.mailbox.newest(&ada.mail);
    // The owner sees it, in whatever browser they read their mail in.
    let mut owner = world.browser();
    let ask = owner.get(&told.link("/not-me/")).await;
    assert_eq!(world.living(&ada, Method::Email).await.len(), 2, "opening the link changes nothing");
    owner.fill(&ask, &[]).await;
    world.work().await;
    let left = world.living(&ada, Method::Email).await;
    assert_eq!(left.len(), 1);
    assert_eq!(world.flow.address(&left[0]).unwrap(), ada.mail);
    let blocked = world.sign_in(&mut world.browser(), &ada, FIRST).await;
    assert_eq!(blocked.status, 422, "and nobody signs in to change anything for a day");
    world.end().await;
}

#[tokio::test]
async fn an_address_that_was_removed_can_be_added_again() {
    let (Scene { world, ada, app, mut browser }, bind) = scene().await;
    let mut bind = bind;
    for round in 0..2 {
        let confirm = browser.fill(&bind, &[("address", NEW)]).await;
        world.work().await;
        let code = world.mailbox.newest(NEW).code();
        let working = browser.fill(&confirm, &[("code", &code)]).await;
        let done = world.done(&mut browser, &working).await;
        assert!(done.path.ends_with("/done"), "round {round}: {}", done.path);
        if round == 1 {
            break;
        }
        let added = added(&world, &ada).await.id;
        world.hand.pass_ms(MINUTE_MS);
        browser = world.signed_in(&ada, FIRST).await;
        let how = world.begin(&mut browser, &format!("/me/remove/{added}")).await;
        let choose = browser.show(&how, "app", &app.code(world.ctx.now())).await;
        world.mailbox.take(NEW);
        let working = browser.fill(&choose, &[("factor", &added.to_string())]).await;
        world.done(&mut browser, &working).await;
        let told = world.mailbox.newest(NEW);
        assert_eq!(
            told.subject, "A contact of your Northwind Hospital account changed",
            "the one that went hears of it"
        );
        world.hand.pass_ms(MINUTE_MS);
        browser = world.signed_in(&ada, FIRST).await;
        let how = world.begin(&mut browser, "/me/contacts/add").await;
        bind = browser.show(&how, "app", &app.code(world.ctx.now())).await;
    }
    world.end().await;
}

#[tokio::test]
async fn ux_11_neither_a_reload_nor_a_wrong_code_makes_the_code_to_a_new_address_last_longer() {
    let (Scene { world, mut browser, .. }, bind) = scene().await;
    let confirm = browser.fill(&bind, &[("address", NEW)]).await;
    let until = |page: &Page| page.html.split("It works until ").nth(1).unwrap()[..9].to_owned();
    let first = until(&confirm);
    world.hand.pass_ms(3 * MINUTE_MS);
    let (reloaded, wrong) = (browser.get(&confirm.path).await, browser.fill(&confirm, &[("code", "000000")]).await);
    assert_eq!((until(&reloaded), until(&wrong)), (first.clone(), first.clone()));
    // Another one is asked for by a form and shown by a page, so that loading the page asks for nothing.
    let again = browser.ask(axum::http::Method::POST, &format!("{}/again", bind.path), String::new()).await;
    assert_eq!(again.status, 303);
    let page = browser.get(again.headers["location"].to_str().unwrap()).await;
    assert_ne!(until(&page), first);
    world.work().await;
    let sent = world.mailbox.take(NEW).len();
    browser.get(&page.path).await;
    world.work().await;
    assert_eq!((sent, world.mailbox.take(NEW).len()), (2, 0));
    world.end().await;
}

/// Whoever may write into the directory puts a mailbox of their own in place of the owner's, and then recovers.
#[tokio::test]
async fn r45_the_address_that_the_directory_listed_before_hears_of_what_happens_as_long_as_the_new_one_proves_nothing()
{
    let world = World::with(|terms| (terms.starts.per_name_hour, terms.mails.per_hour) = (99, 99)).await;
    let ada = world.somebody("ada").await;
    world.forgot(&mut world.browser(), "ada").await;
    assert_eq!(world.mailbox.take(&ada.mail).len(), 1);
    let file = rusqlite::Connection::open(world.dir.path().join("keyward.db")).unwrap();
    assert_eq!(file.execute("UPDATE accounts SET mail = 'thief@elsewhere.test' WHERE name = 'ada'", []).unwrap(), 1);
    world.forgot(&mut world.browser(), "ada").await;
    assert_eq!(world.mailbox.take("thief@elsewhere.test").len(), 1);
    let told = world.mailbox.take(&ada.mail);
    assert!(told.len() == 1 && told[0].text.contains("/not-me/"), "{told:?}");
    // It is on the list again, and was on it before: one mailbox, one message.
    for mail in [&*ada.mail, "thief@elsewhere.test"] {
        file.execute("UPDATE accounts SET mail = ? WHERE name = 'ada'", [mail]).unwrap();
        world.forgot(&mut world.browser(), "ada").await;
        assert_eq!(world.mailbox.take(&ada.mail).len(), 1, "while the directory lists {mail}");
        world.mailbox.take("thief@elsewhere.test");
    }
    world.hand.pass_ms(world.flow.terms.quarantine.of(keyward_core::account::Class::Standard, true) + 1);
    world.forgot(&mut world.browser(), "ada").await;
    assert_eq!(world.mailbox.take("thief@elsewhere.test").len(), 1);
    assert!(world.mailbox.take(&ada.mail).is_empty(), "it is the owner's by now, or somebody has said so");
    world.end().await;
}

#[tokio::test]
async fn r45_an_address_that_can_not_be_read_keeps_no_other_from_being_told() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    world.forgot(&mut world.browser(), "ada").await;
    let own = (Method::Email, &b"own@elsewhere.test"[..]);
    world.give_as(world.ctx.id(world.ctx.now()), &ada, own, Vec::new()).await;
    let file = rusqlite::Connection::open(world.dir.path().join("keyward.db")).unwrap();
    assert_eq!(file.execute("UPDATE factors SET data = x'00' WHERE label = 'directory'", []).unwrap(), 1);
    world.forgot(&mut world.browser(), "ada").await;
    assert_eq!(world.mailbox.take("own@elsewhere.test").len(), 1);
}
