//! Links that no longer do anything, and codes whose time is over: each page says which it is and what next, and tells nobody else anything.

use keyward::{flow::FlowError, token::Token};
use keyward_core::{case::Refusal, digest::Digest, time::MINUTE_MS};

use crate::world::{Browser, FIRST, Mail, Page, Person, World};

/// A browser on the page of a mailed code, and the message.
async fn mailed(world: &World, person: &Person) -> (Browser, Page, Mail) {
    let mut browser = world.signed_in(person, FIRST).await;
    let how = world.begin(&mut browser, "/me/app/add").await;
    let page = browser.fill(&how, &[("way", "email")]).await;
    world.work().await;
    let mail = with_link(world, person);
    (browser, page, mail)
}

fn with_link(world: &World, person: &Person) -> Mail {
    let all = world.mailbox.take(&person.mail);
    all.into_iter().rev().find(|mail| mail.text.contains("/l/")).expect("a message with a link")
}

#[tokio::test]
async fn ux_13_an_expired_a_used_and_a_stopped_link_say_which_they_are_and_what_next() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (mut browser, page, mail) = mailed(&world, &ada).await;
    let case = page.reference();

    world.hand.pass_ms(11 * MINUTE_MS);
    world.work().await;
    let expired = browser.get(&mail.link("/l/")).await;
    assert_eq!((expired.status.as_u16(), expired.heading().as_str()), (410, "This link has expired"));
    assert!(expired.says("Links last 10 minutes. We can send a new one."), "{}", expired.html);
    let again = browser.fill(&expired, &[]).await;
    assert!(again.says("a new message is on its way"), "{}", again.html);
    world.work().await;

    let link = with_link(&world, &ada).link("/l/");
    let landing = browser.get(&link).await;
    assert!(landing.heading().ends_with("Go on with your request"), "{}", landing.heading());
    let bind = browser.fill(&landing, &[]).await;
    assert!(bind.path.ends_with("/bind"), "{}", bind.path);
    let used = browser.get(&link).await;
    assert_eq!((used.status.as_u16(), used.heading().as_str()), (410, "This link has already been used"));
    assert!(used.says("carry on in the other window") && used.html.contains(&format!("/recover/{case}/stop")));

    let (mut browser, page, mail) = mailed(&world, &ada).await;
    browser.post(&format!("/recover/{}/stop", page.reference()), &[]).await;
    let stopped = browser.get(&mail.link("/l/")).await;
    assert_eq!((stopped.status.as_u16(), stopped.heading().as_str()), (410, "This link was turned off"));
    assert!(stopped.says("It has changed nothing on the account."));
    world.end().await;
}

/// Asks for a message in one more case of a browser that is signed in; the case, and its message.
async fn mailed_again(world: &World, browser: &mut Browser, person: &Person) -> (Page, Mail) {
    let how = world.begin(browser, "/me/app/add").await;
    let page = browser.fill(&how, &[("way", "email")]).await;
    world.work().await;
    (page, with_link(world, person))
}

#[tokio::test]
async fn ux_44_the_button_of_a_link_says_when_the_tries_by_mail_are_used_up() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (mut browser, page, mail) = mailed(&world, &ada).await;
    for wrong in 0..5 {
        browser.post(&page.path, &[("code", &format!("00000{wrong}"))]).await;
    }
    let landing = browser.get(&mail.link("/l/")).await;
    let said = browser.fill(&landing, &[]).await;
    assert_eq!(said.status, 403, "{} {}", said.path, said.html);
    world.end().await;
}

#[tokio::test]
async fn ux_13_a_dead_link_speaks_of_its_own_case_and_of_no_other() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (mut browser, first, mail) = mailed(&world, &ada).await;
    let (second, lapsing) = mailed_again(&world, &mut browser, &ada).await;
    let used = mail.link("/l/");
    let landing = browser.get(&used).await;
    browser.fill(&landing, &[]).await;

    // A link that nobody knows is not one that was used, whatever else this browser did.
    let nothing = Token::new([7; 32]);
    let unknown = browser.get(&format!("/l/{}", nothing.reveal().expose())).await;
    assert_eq!((unknown.status.as_u16(), unknown.heading().as_str()), (410, "This link does not work any more"));
    assert!(!unknown.html.contains("/stop\""), "{}", unknown.html);

    world.hand.pass_ms(11 * MINUTE_MS);
    world.work().await;
    for (link, heading, case) in [
        (lapsing.link("/l/"), "This link has expired", second.reference()),
        (used, "This link has already been used", first.reference()),
    ] {
        let page = browser.get(&link).await;
        assert_eq!(page.heading(), heading);
        assert!(page.html.contains(&format!("/recover/{case}/stop")), "{heading}: {}", page.html);
    }
    world.end().await;
}

#[tokio::test]
async fn ux_16_a_message_beyond_the_last_is_not_promised_whoever_was_named() {
    let world = World::new().await;
    world.somebody("ada").await;
    let mut said = Vec::new();
    for name in ["ada", "nobody-here"] {
        let mut browser = world.browser();
        let how = world.forgot(&mut browser, name).await;
        let mut page = browser.fill(&how, &[("way", "email")]).await;
        for _ in 0..3 {
            assert!(page.says("a message is on its way"), "{}", page.html);
            page = browser.post(&how.path, &[("way", "email")]).await;
        }
        page = browser.fill(&page, &[("code", "12")]).await;
        assert!(page.says("We have not sent another message."), "{}", page.html);
        assert!(!page.says("on its way") && !page.says("Both work until"), "{}", page.html);
        said.push(page.html.replace(&page.reference(), "REFERENCE"));
    }
    assert_eq!(said[0], said[1]);
    world.end().await;
}

#[tokio::test]
async fn ux_13_another_browser_is_told_where_a_link_works_and_not_whether_there_is_one() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (mut browser, _, mail) = mailed(&world, &ada).await;
    let nothing = "/l/kw_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let mut said = Vec::new();
    // Alive, expired, no such link, no link at all: one page.
    said.push(world.browser().get(&mail.link("/l/")).await);
    said.push(world.browser().get(nothing).await);
    said.push(world.browser().get("/l/x").await);
    said.push(world.browser().get("/l").await);
    said.push(browser.get(nothing).await);
    world.hand.pass_ms(11 * MINUTE_MS);
    said.push(world.browser().get(&mail.link("/l/")).await);
    for page in &said {
        assert_eq!((page.status.as_u16(), page.heading().as_str()), (410, "Open this link where you started"));
        assert!(page.says("type the code from the same message"));
        // The chooser of languages comes back to the address, without a key that stands in it.
        let body = |page: &Page| page.html.replace(&format!("value=\"{}\"", page.path), "").replace("value=\"/l\"", "");
        assert_eq!(body(page), body(&said[0]), "{}", page.path);
    }
    let old = world.browser().get("/not-me/x").await;
    assert_eq!((old.status.as_u16(), old.heading().as_str()), (410, "This link is too old"));
    assert!(!old.says("changed nothing"), "nobody knows that");
    world.end().await;
}

#[tokio::test]
async fn ux_17_a_code_whose_time_is_over_is_called_that_and_a_new_one_asked_for_whoever_was_named() {
    let world = World::new().await;
    world.somebody("ada").await;
    let mut said: Vec<Vec<String>> = Vec::new();
    for name in ["ada", "nobody-here"] {
        let mut browser = world.browser();
        let how = world.forgot(&mut browser, name).await;
        let mut page = browser.fill(&how, &[("way", "email")]).await;
        let until = |page: &Page| page.html.split("Both work until ").nth(1).unwrap()[..9].to_owned();
        let first = until(&page);
        world.hand.pass_ms(3 * MINUTE_MS);
        page = browser.fill(&page, &[("code", "000000")]).await;
        assert!(page.says("That code does not match. Check the newest one. You have 4 tries left"), "{}", page.html);
        assert_eq!(until(&page), first, "a wrong code makes nothing last longer (UX-11)");
        let mut pages = Vec::new();
        for _ in 0..3 {
            world.hand.pass_ms(11 * MINUTE_MS);
            page = browser.fill(&page, &[("code", "000000")]).await;
            assert_eq!(page.status, 422);
            pages.push(page.html.replace(&page.reference(), "REFERENCE"));
        }
        for page in &pages[..2] {
            let words = "That code has expired. If there is an address we can use, a new one is on its way";
            assert!(page.contains(words), "{page}");
        }
        assert!(pages[2].contains("That code has expired. Choose another way"), "three messages are all there are");
        assert!(pages[2].contains("We can’t send it again for this case."));
        said.push(
            pages.iter().map(|page| page.split("<main").nth(1).unwrap().replace(char::is_numeric, "0")).collect(),
        );
    }
    assert_eq!(said[0], said[1]);

    // Two hours after its end a code is just a wrong one, whatever the address of the page says.
    let mut browser = world.browser();
    let how = world.forgot(&mut browser, "ada").await;
    let long_ago = world.ctx.now().plus_ms(-131 * MINUTE_MS).millis();
    let path = format!("/recover/{}/email?asked={long_ago}", how.reference());
    let page = browser.post(&path, &[("code", "000000")]).await;
    assert!(page.says("That code does not match"), "{}", page.html);
    world.end().await;
}

#[tokio::test]
async fn ux_11_the_page_of_a_link_promises_the_time_that_the_link_has() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (mut browser, _, mail) = mailed(&world, &ada).await;
    let until = world.ctx.now().plus_ms(world.flow.terms.mail_ms).to_string();
    assert_eq!(browser.get(&mail.link("/l/")).await.attribute("datetime"), until);
    world.hand.pass_ms(9 * MINUTE_MS);
    assert_eq!(browser.get(&mail.link("/l/")).await.attribute("datetime"), until, "however late it is opened");
    world.end().await;
}

#[tokio::test]
async fn t_d10_no_link_and_no_code_goes_out_for_a_case_that_is_over() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.browser();
    let how = world.forgot(&mut browser, "ada").await;
    world.mailbox.take(&ada.mail);
    // Asked for a moment before the end, and after it.
    browser.fill(&how, &[("way", "email")]).await;
    browser.post(&format!("/recover/{}/stop", how.reference()), &[]).await;
    let late = browser.post(&how.path, &[("way", "email")]).await;
    assert!(late.path.ends_with("/stopped"), "{} {}", late.path, late.html);
    let case = world.case(&how.reference()).await;
    let asked = world.flow.ask_for_mail(&case, Digest::of(b"a browser")).await;
    assert!(matches!(asked, Err(FlowError::Refused(Refusal::Over))), "{asked:?}");
    world.work().await;
    let mails = world.mailbox.take(&ada.mail);
    assert!(!mails.is_empty(), "the end is told");
    assert!(mails.iter().all(|mail| !mail.text.contains("/l/")), "{mails:?}");
    world.end().await;
}

#[tokio::test]
async fn r19_a_message_that_is_asked_for_before_the_name_was_looked_up_comes_afterwards() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.browser();
    let find = browser.get("/recover?for=lost").await;
    let how = browser.fill(&find, &[("name", "ada")]).await;
    // As when the directory does not answer for a while.
    let file = rusqlite::Connection::open(world.dir.path().join("keyward.db")).unwrap();
    file.execute("UPDATE jobs SET due_ms = due_ms + 1200000 WHERE kind = 'classify'", []).unwrap();
    browser.fill(&how, &[("way", "email")]).await;
    world.work().await;
    assert!(world.mailbox.take(&ada.mail).is_empty(), "nobody has been looked up");
    for _ in 0..50 {
        world.hand.pass_ms(MINUTE_MS / 2);
        world.work().await;
    }
    with_link(&world, &ada);
    world.end().await;
}
