//! "This was not me" after the change, on the last page itself.

use keyward::{flow::With, jobs::expire, terms::Terms, token::Token};
use keyward_core::{
    account::Method,
    actor::Actor,
    case::{CONTEST_MS, Command, Ending, PROVE_MS, Stage},
    event::{ContestedFrom, EndReason, Event, Unmatched},
    steps::reissue::Attempt,
};

use crate::world::{App, Browser, FIRST, Page, Person, World};

/// Somebody says "not me" by the link of the newest message.
async fn say_not_me(world: &World, person: &Person) -> Page {
    let mut owner = world.browser();
    let ask = owner.get(&world.mailbox.newest(&person.mail).link("/not-me/")).await;
    let said = owner.fill(&ask, &[]).await;
    world.work().await;
    said
}

/// What the page of the end says, and the page that follows the case, without what differs from case to case.
async fn end_of(browser: &mut Browser, case: &str) -> (u16, String, bool) {
    let stopped = browser.get(&format!("/recover/{case}/stopped")).await;
    assert!(stopped.path.ends_with("/stopped"), "{}", stopped.path);
    let followed = browser.get(&format!("/status/{case}")).await;
    let told = followed.says("The time was over") && !followed.says("said it was not them");
    (stopped.status.as_u16(), stopped.html.replace(case, "REFERENCE"), told)
}

#[tokio::test]
async fn ux_71_the_last_page_leads_to_not_me_and_that_closes_the_account_for_recovery() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.browser();
    let done = world.recovered(&mut browser, &ada, "copper violin harvest 71").await;
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
        followed.says("the account was changed before that") && !followed.says("has changed nothing"),
        "{}",
        followed.html
    );
    // Said once: asked again, it stays what it is.
    let again = browser.post(&format!("/recover/{case}/stop"), &[]).await;
    assert_eq!(again.path, format!("/recover/{case}/stopped"));
    world.end().await;
}

#[tokio::test]
async fn t_e05_of_two_links_in_two_windows_the_button_is_for_the_one_on_its_page() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut thief = world.browser();
    let changed = world.recovered(&mut thief, &ada, "copper violin harvest 71").await.reference();
    let of_the_change = world.mailbox.newest(&ada.mail).link("/not-me/");
    let mut stranger = world.browser();
    let other = world.forgot(&mut stranger, "ada").await.reference();
    let of_the_other = world.mailbox.newest(&ada.mail).link("/not-me/");

    let mut owner = world.browser();
    let first = owner.get(&of_the_change).await;
    let second = owner.get(&of_the_other).await;
    assert!(first.says(&changed) && second.says(&other), "{} {}", first.html, second.html);
    let said = owner.fill(&first, &[]).await;
    assert!(said.says("The account was changed before you told us") && said.says(&changed), "{}", said.html);
    assert!(matches!(world.case(&changed).await.stage(), Stage::Closed(Ending::Contested { changed: true })));
    assert!(!world.case(&other).await.is_over());
    // However many are opened, by whatever site: a browser keeps few of them, and the newest works.
    for _ in 0..40 {
        owner.get(&format!("/not-me/{}", Token::new(world.ctx.bytes()).reveal().expose().as_str())).await;
    }
    let kept = owner.cookies.keys().filter(|name| name.contains("not-me-")).count();
    assert!((1..=8).contains(&kept), "{kept}");
    let again = owner.get(&of_the_other).await;
    owner.fill(&again, &[]).await;
    assert!(world.case(&other).await.is_over());
    world.end().await;
}

#[tokio::test]
async fn n_05_not_me_takes_back_the_sheet_from_which_a_code_was_given() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut thief = world.browser();
    let done = world.recovered(&mut thief, &ada, "copper violin harvest 71").await;
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

#[tokio::test]
async fn ux_71_when_it_is_too_late_the_page_says_so_and_what_to_do_instead() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.browser();
    world.recovered(&mut browser, &ada, "copper violin harvest 71").await;
    world.work().await;
    let link = world.mailbox.newest(&ada.mail).link("/not-me/");
    world.hand.pass_ms(CONTEST_MS + 1);
    let mut owner = world.browser();
    let asked = owner.get(&link).await;
    let said = owner.post(&asked.path, &[]).await;
    for page in [asked, said] {
        assert_eq!((page.status.as_u16(), page.heading().as_str()), (410, "This link is too old"));
        assert!(page.says("Change your password and tell the service desk now."), "{}", page.html);
    }
    world.end().await;
}

#[tokio::test]
async fn ux_71_nobody_is_told_that_all_is_well_while_the_directory_may_have_been_written_to() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.browser();
    let password = world.proved(&mut browser, &ada).await;
    let working = browser.fill(&password, &[("new-password", "copper violin harvest 71")]).await;
    let case = world.case(&working.reference()).await;
    let now = case.classified().unwrap().classification().clone();
    let started = world.flow.act(case.id(), Actor::Keyward, Command::Start(now), With::nothing()).await;
    drop(started.unwrap().into_inner());

    let said = say_not_me(&world, &ada).await;
    assert_eq!(said.heading(), "Call the service desk now");
    assert!(said.says("or sign in to it here until") && !said.says("change your password"), "{}", said.html);
    assert!(said.says("We do not know yet if the account was changed."), "{}", said.html);
    let mail = world.mailbox.newest(&ada.mail).text;
    assert!(mail.contains("If your password stops working") && !mail.contains("do not need"), "{mail}");
    let followed = browser.get(&format!("/status/{}", working.reference())).await;
    assert!(!followed.says("has changed nothing"), "{}", followed.html);
    assert!(!followed.says("Stop this request"), "it is too late for that: {}", followed.html);
    let stop = browser.get(&format!("/recover/{}/stop", working.reference())).await;
    assert_eq!(stop.path, working.path, "{}", stop.html);
    let again = browser.post(&format!("/recover/{}/stop", working.reference()), &[]).await;
    assert_eq!(again.path, working.path);
}

#[tokio::test]
async fn t_c03_who_has_proved_nothing_sees_the_end_that_a_name_nobody_has_gets() {
    let many = |terms: &mut Terms| {
        (terms.starts.per_name_hour, terms.mails.per_hour, terms.mails.per_day) = (99, 99, 99);
    };
    let world = World::with(many).await;
    let ada = world.somebody("ada").await;
    // One case is said not to be theirs, the other is ended for that; a third was stopped before, by who asked.
    let mut strangers = vec![world.browser(), world.browser(), world.browser()];
    let mut cases = Vec::new();
    for stranger in &mut strangers {
        cases.push(world.forgot(stranger, "ada").await.reference());
    }
    strangers[0].post(&format!("/recover/{}/stop", cases[0]), &[]).await;
    let stopped = end_of(&mut strangers[0], &cases[0]).await;
    world.mailbox.take(&ada.mail);
    let mut nobody = world.browser();
    let unknown = world.forgot(&mut nobody, "nobody-here").await.reference();
    let mut shown = world.browser();
    let app = world.give_app(&ada).await;
    let how = world.forgot(&mut shown, "ada").await;
    shown.show(&how, "app", &app.code(world.ctx.now())).await;
    say_not_me(&world, &ada).await;

    world.hand.pass_ms(PROVE_MS);
    expire::run(&world.worker).await.unwrap();
    let expected = end_of(&mut nobody, &unknown).await;
    for (stranger, case) in strangers.iter_mut().zip(&cases).skip(1) {
        assert_eq!(end_of(stranger, case).await, expected);
    }
    assert_eq!(end_of(&mut strangers[0], &cases[0]).await.0, stopped.0, "it keeps the end that it had");
    let told = shown.get(&format!("/recover/{}/stopped", how.reference())).await;
    assert!(told.says("said it was not them"), "a proof was shown: {}", told.html);
    world.end().await;
}

#[tokio::test]
async fn ux_44_what_the_directory_refused_and_what_was_stopped_elsewhere_is_told_as_that() {
    for (reason, page_says, mail_says) in [
        (EndReason::DirectoryRefused, "the directory with the accounts refused the change", "They can see why."),
        (EndReason::Blocked, "said it was not them", "someone said it was not them."),
    ] {
        let world = World::new().await;
        let ada = world.somebody("ada").await;
        let mut browser = world.browser();
        let password = world.proved(&mut browser, &ada).await;
        let case = world.case(&password.reference()).await;
        let ended = world.flow.act(case.id(), Actor::Keyward, Command::End(reason), With::nothing()).await;
        drop(ended.unwrap().into_inner());
        world.work().await;
        let stopped = browser.get(&password.path).await;
        assert!(stopped.says(page_says) && !stopped.says("was not enough"), "{}", stopped.html);
        let mail = world.mailbox.newest(&ada.mail).text;
        assert!(mail.contains(mail_says) && !mail.contains("could not prove"), "{mail}");
        world.end().await;
    }
}

/// Something happens in the database whenever a factor is written: between the look at the person and what is committed behind it.
fn when_a_factor_is_written(world: &World, what: &str) {
    let file = rusqlite::Connection::open(world.dir.path().join("keyward.db")).unwrap();
    file.execute_batch(&format!("CREATE TRIGGER meanwhile BEFORE INSERT ON factors BEGIN {what}; END")).unwrap();
}
const BLOCKS: &str = "UPDATE persons SET blocked_until_ms = 9e15 WHERE id = NEW.person_id";

#[tokio::test]
async fn ux_71_a_name_that_is_being_looked_up_while_its_owner_says_not_me_finds_nobody() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    when_a_factor_is_written(&world, BLOCKS);
    let mut browser = world.browser();
    let find = browser.get("/recover?for=forgot").await;
    let how = browser.fill(&find, &[("name", &ada.name)]).await;
    for _ in 0..3 {
        world.work().await;
        world.hand.pass_ms(1_000);
    }
    let case = world.case(&how.reference()).await;
    assert!(matches!(case.stage(), Stage::Classifying(_, Some(Unmatched::Blocked))), "{:?}", case.stage());
    world.end().await;
}

#[tokio::test]
async fn t_e07_who_is_signing_in_while_the_owner_says_not_me_is_not_signed_in() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    when_a_factor_is_written(&world, BLOCKS);
    let mut browser = world.browser();
    let refused = world.sign_in(&mut browser, &ada, FIRST).await;
    assert!(refused.path.starts_with("/sign-in") && refused.status == 422, "{} {}", refused.path, refused.html);
    assert!(refused.says("Or this sign-in is closed for now"), "their password may be the right one: {}", refused.html);
    assert_ne!(browser.get("/me").await.path, "/me");
    world.end().await;
}

#[tokio::test]
async fn m103_not_me_that_is_said_while_a_way_back_in_is_being_written_takes_it_back() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (mut browser, bind) = world.begun(&ada, "/me/app/add").await;
    let reference = bind.reference();
    let app = App::typed(&bind.element("app-key"));
    when_a_factor_is_written(&world, "SELECT RAISE(ABORT, 'not yet')");
    browser.fill(&bind, &[("code", &app.code(world.ctx.now()))]).await;
    let worker = world.worker.clone();
    let writing = tokio::spawn(async move { worker.run_due().await });
    while !matches!(world.case(&reference).await.stage(), Stage::Reissuing(_, Attempt::Running(_))) {
        tokio::task::yield_now().await;
    }
    say_not_me(&world, &ada).await;
    let file = rusqlite::Connection::open(world.dir.path().join("keyward.db")).unwrap();
    file.execute_batch("DROP TRIGGER meanwhile").unwrap();
    writing.await.unwrap();
    let case = world.case(&reference).await;
    assert!(matches!(case.stage(), Stage::Closed(Ending::Contested { changed: true })), "{:?}", case.stage());
    world.work().await;
    assert!(world.living(&ada, Method::Totp).await.is_empty(), "it was written, and is of no use");
    world.end().await;
}
