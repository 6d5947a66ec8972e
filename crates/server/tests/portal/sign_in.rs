//! Signing in to "my ways back in", and what a session is and is not.

use axum::http::{Method, header};
use keyward::{store::accounts::NewPassword, token::Token};
use keyward_core::time::{MINUTE_MS, SECOND_MS};

use crate::world::{FIRST, Person, World};

/// Somebody who has no account.
fn nobody() -> Person {
    let id = keyward_core::ids::PersonId::new(crate::world::START, [0; 10]);
    Person { id, account: String::new(), name: "nobody".to_owned(), mail: String::new() }
}

#[tokio::test]
async fn ux_03_wrong_unknown_locked_and_disabled_are_one_answer() {
    let world = World::new().await;
    let (ada, bob, cleo) = (world.somebody("ada").await, world.somebody("bob").await, world.somebody("cleo").await);
    assert!(world.store().set_account_disabled(&bob.account, true).await.unwrap());
    for _ in 0..10 {
        assert!(!world.signs_in(&cleo, "wrong").await);
    }
    assert!(!world.signs_in(&cleo, FIRST).await, "locked");
    let mut seen = Vec::new();
    for (person, password) in [(&ada, "wrong"), (&nobody(), FIRST), (&bob, FIRST), (&cleo, FIRST)] {
        let mut browser = world.browser();
        let form = browser.get("/sign-in").await;
        let wait = browser.fill(&form, &[("name", &person.name), ("password", password)]).await;
        world.work().await;
        let after = browser.get(&wait.path).await;
        assert_eq!(after.status, 422);
        assert!(after.says("The name and the password do not go together") && after.says(&person.name));
        assert!(!browser.cookies.contains_key("__Host-kw-session"));
        seen.push((wait.html, after.html.replace(&person.name, "NAME")));
        assert_eq!(browser.get("/me").await.path, "/sign-in");
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
    world.end().await;
}

#[tokio::test]
async fn m01_the_page_waits_for_the_worker_and_says_when_nobody_answers() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.browser();
    let form = browser.get("/sign-in").await;
    let wait = browser.fill(&form, &[("name", &ada.name), ("password", FIRST)]).await;
    assert_eq!(wait.heading(), "My ways back in Checking your password");
    assert_eq!(browser.get("/me").await.path, "/sign-in", "not yet");
    let bytes = world.bytes();
    assert!(!bytes.windows(FIRST.len()).any(|window| window == FIRST.as_bytes()), "the password lies sealed");
    world.hand.pass_ms(46 * SECOND_MS);
    assert_eq!(browser.get(&wait.path).await.status, 503);
    world.work().await;
    assert_eq!(browser.get(&wait.path).await.path, "/me");
    world.end().await;
}

#[tokio::test]
async fn r20_tries_are_counted_by_name_and_by_network_before_anything_else() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let tries = async |name: &str, address: [u8; 4]| {
        let mut browser = world.browser();
        browser.address = address.into();
        let form = browser.get("/sign-in").await;
        let page = browser.fill(&form, &[("name", name), ("password", "wrong")]).await;
        world.work().await;
        page
    };
    for (number, name) in ["ada", "ADA", " ada ", "ａｄａ", "a\u{200b}da"].into_iter().enumerate() {
        let page = tries(name, [10, 0, u8::try_from(number).unwrap(), 1]).await;
        assert_eq!(page.status, 200, "{name}");
    }
    let page = tries("ada", [10, 1, 1, 1]).await;
    assert_eq!((page.status.as_u16(), page.headers[header::RETRY_AFTER].to_str().unwrap()), (429, "901"));
    assert!(page.says("Too many tries."));
    // Her other name is another limit here, and the same account behind the worker.
    assert_eq!(tries(&ada.mail, [10, 1, 1, 2]).await.status, 200);
    let account = world.store().account(&ada.account).await.unwrap().unwrap();
    assert_eq!((account.failures, account.locked_until), (4, None), "nobody locks somebody else out from here");
    // Names that are no account are counted alike.
    for _ in 0..5 {
        assert_eq!(tries("nobody", [10, 2, 2, 2]).await.status, 200);
    }
    assert_eq!(tries("nobody", [10, 3, 3, 3]).await.status, 429);
    for number in 0..30 {
        assert_eq!(tries(&format!("name{number}"), [10, 9, 9, number]).await.status, 200, "{number}");
    }
    assert_eq!(tries("name99", [10, 9, 9, 200]).await.status, 429);
    world.hand.pass_ms(31 * MINUTE_MS);
    assert_eq!(tries("ada", [10, 1, 1, 1]).await.status, 200);
    world.end().await;
}

#[tokio::test]
async fn v7_3_a_session_ends_when_it_is_not_used_and_ends_in_any_case() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut idle = world.signed_in(&ada, FIRST).await;
    let mut busy = world.signed_in(&ada, FIRST).await;
    for _ in 0..4 {
        world.hand.pass_ms(14 * MINUTE_MS);
        assert_eq!(busy.get("/me").await.path, "/me");
    }
    assert_eq!(idle.get("/me").await.path, "/sign-in", "15 minutes without a request");
    world.hand.pass_ms(4 * MINUTE_MS);
    assert_eq!(busy.get("/me").await.path, "/sign-in", "an hour in any case");
    world.end().await;
}

#[tokio::test]
async fn v7_4_1_what_signed_out_is_of_no_use_to_whoever_kept_the_cookie() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let mut kept = browser.clone();
    assert_eq!(kept.get("/me").await.path, "/me");
    let out = browser.post("/sign-out", &[]).await;
    assert_eq!(out.path, "/");
    assert!(!browser.cookies.contains_key("__Host-kw-session"));
    assert_eq!(kept.get("/me").await.path, "/sign-in");
    assert_eq!(world.browser().ask(Method::GET, "/sign-out", String::new()).await.status, 405);
    world.end().await;
}

#[tokio::test]
async fn t_f04_signing_in_again_makes_another_session_and_ends_the_one_before() {
    let world = World::new().await;
    let (ada, eve) = (world.somebody("ada").await, world.somebody("eve").await);
    // A cookie that somebody else planted is not what the session becomes.
    let planted = world.signed_in(&eve, FIRST).await;
    let mut browser = planted.clone();
    world.hand.pass_ms(6 * MINUTE_MS);
    let form = browser.get("/sign-in?for=app").await;
    let wait = browser.fill(&form, &[("name", &ada.name), ("password", FIRST)]).await;
    world.work().await;
    assert_eq!(browser.get(&wait.path).await.path, "/me/app/add", "and leads to what was wished for");
    assert_ne!(browser.cookies["__Host-kw-session"], planted.cookies["__Host-kw-session"]);
    let mut planted = planted;
    assert_eq!(planted.get("/me").await.path, "/sign-in");
    assert!(browser.get("/me").await.says("ada of staff"));
    world.end().await;
}

#[tokio::test]
async fn r49_a_sign_in_leads_to_a_page_of_the_list_and_nowhere_else() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    for wish in ["https://evil.test/", "//evil.test", "/admin", "look", "%00"] {
        let mut browser = world.browser();
        let form = browser.get(&format!("/sign-in?for={wish}")).await;
        assert!(form.html.contains("name=\"for\" value=\"look\""), "{}", form.html);
        let fields = [("name", ada.name.as_str()), ("password", FIRST), ("for", wish)];
        let wait = browser.post("/sign-in", &fields).await;
        assert_eq!(form.status, 200);
        world.work().await;
        assert_eq!(browser.get(&wait.path).await.path, "/me", "{wish}");
        world.hand.pass_ms(20 * MINUTE_MS);
    }
    world.end().await;
}

#[tokio::test]
async fn x8_a_recovery_ends_every_session() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut thief = world.signed_in(&ada, FIRST).await;
    let mut browser = world.browser();
    let password = world.proved(&mut browser, &ada).await;
    let working = browser.fill(&password, &[("new-password", "copper violin harvest 71")]).await;
    assert_eq!(thief.get("/me").await.path, "/me");
    world.done(&mut browser, &working).await;
    assert_eq!(thief.get("/me").await.path, "/sign-in");
    assert!(!browser.cookies.contains_key("__Host-kw-session"), "T-F06: nobody is signed in by a recovery");
    world.end().await;
}

#[tokio::test]
async fn every_page_of_a_signed_in_person_asks_who_is_there() {
    let world = World::new().await;
    world.somebody("ada").await;
    let mut browser = world.browser();
    for (path, wish) in [
        ("/me", ""),
        ("/me/passkeys/add", "?for=passkey"),
        ("/me/app/add", "?for=app"),
        ("/me/recovery-codes", "?for=codes"),
        ("/me/contacts/add", "?for=contact"),
        ("/me/devices/add", "?for=device"),
        ("/me/password", "?for=password"),
        ("/me/remove/factor_00000000000000000000000000", ""),
    ] {
        assert_eq!(browser.get(path).await.path, format!("/sign-in{wish}"), "{path}");
        if path != "/me" {
            assert_eq!(browser.post(path, &[]).await.path, format!("/sign-in{wish}"), "{path}");
        }
    }
    assert!(world.store().cases(&Default::default(), None, 9).await.unwrap().is_empty());
    world.end().await;
}

#[tokio::test]
async fn ux_31_and_ux_32_browsers_find_where_passwords_and_passkeys_are_changed() {
    let world = World::new().await;
    let mut browser = world.browser();
    let change = browser.ask(Method::GET, "/.well-known/change-password", String::new()).await;
    assert_eq!((change.status.as_u16(), change.headers[header::LOCATION].to_str().unwrap()), (303, "/me/password"));
    let passkeys = browser.get("/.well-known/passkey-endpoints").await;
    let endpoints: serde_json::Value = serde_json::from_str(&passkeys.html).unwrap();
    let expected = serde_json::json!({
        "enroll": "https://reset.northwind.test/me/passkeys/add",
        "manage": "https://reset.northwind.test/me",
    });
    assert_eq!((passkeys.headers[header::CONTENT_TYPE].to_str().unwrap(), endpoints), ("application/json", expected));
    for other in ["/.well-known/", "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200"] {
        assert_eq!(browser.get(other).await.status, 404);
    }
    world.end().await;
}

#[tokio::test]
async fn ux_66_a_session_that_is_about_to_end_can_be_kept_without_leaving_the_page() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.signed_in(&ada, FIRST).await;
    let idle_ms = world.flow.terms.idle_ms;
    let me = browser.get("/me").await;
    assert_eq!(me.attribute("data-idle"), idle_ms.to_string());
    world.hand.pass_ms(idle_ms - 1_000);
    let stay = browser.post("/me/stay", &[]).await;
    assert_eq!((stay.status.as_u16(), stay.html.as_str()), (200, format!("{{\"idle\":{idle_ms}}}").as_str()));
    world.hand.pass_ms(idle_ms - 1_000);
    assert_eq!(browser.get("/me").await.path, "/me");
    world.hand.pass_ms(idle_ms + 1_000);
    assert_eq!(browser.post("/me/stay", &[]).await.path, "/sign-in", "too late");
}

#[tokio::test]
async fn ux_63_a_page_that_waits_loads_again_without_script_until_that_is_turned_off() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.browser();
    let form = browser.get("/sign-in").await;
    let wait = browser.fill(&form, &[("name", &ada.name), ("password", FIRST)]).await;
    let mut pages = vec![wait.path];
    world.work().await;
    browser.get(&pages[0]).await;
    let begin = browser.get("/me/app/add").await;
    let looking = browser.fill(&begin, &[]).await;
    // Looking again looks at the same: the next page is for who has been looked up.
    assert!(looking.html.contains("<a class=\"alone\" href=\"?\">"), "{}", looking.html);
    pages.push(looking.path);
    let mut waits = world.browser();
    waits.fill(&form, &[("name", &ada.name), ("password", FIRST)]).await;
    for (browser, path) in [(&mut waits, &pages[0]), (&mut browser, &pages[1])] {
        for (query, refreshes) in [("", true), ("?refresh=off", false)] {
            let page = browser.get(&format!("{path}{query}")).await;
            assert!(page.path.starts_with(path.as_str()), "{}", page.path);
            assert_eq!(page.html.contains("http-equiv=\"refresh\""), refreshes, "{path}{query}");
        }
    }
}

#[tokio::test]
async fn t_c02_a_refusal_is_told_at_the_same_time_for_every_name_whoever_was_asked() {
    let world = World::with(|terms| terms.refusal_ms = 1_500).await;
    let ada = world.somebody("ada").await;
    for name in ["ada", "nobody-here"] {
        let mut browser = world.browser();
        let form = browser.get("/sign-in").await;
        let wait = browser.fill(&form, &[("name", name), ("password", "not the password of ada")]).await;
        world.work().await;
        world.hand.pass_ms(1_499);
        assert_eq!(
            browser.get(&wait.path).await.path,
            "/sign-in/wait",
            "{name}: the worker has answered, and nothing shows"
        );
        world.hand.pass_ms(1);
        assert!(browser.get(&wait.path).await.says("The name and the password do not go together"), "{name}");
    }
    let mut browser = world.browser();
    assert_eq!(world.sign_in(&mut browser, &ada, FIRST).await.path, "/me", "who is right does not wait");
}

#[tokio::test]
async fn r12_an_answer_that_was_lost_on_the_way_is_told_again() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let mut browser = world.browser();
    let form = browser.get("/sign-in").await;
    let wait = browser.fill(&form, &[("name", &ada.name), ("password", FIRST)]).await;
    world.work().await;
    let before = browser.cookies.clone();
    assert_eq!(browser.get(&wait.path).await.path, "/me");
    // The cookies of that answer never came.
    browser.cookies = before;
    assert_eq!(browser.get(&wait.path).await.path, "/me");
    assert_eq!(browser.get("/me").await.path, "/me");
    world.end().await;
}

#[tokio::test]
async fn v6_4_1_a_first_password_is_good_for_choosing_another_and_for_nothing_else() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let account = world.store().account(&ada.account).await.unwrap().unwrap();
    let (hash, at) = (account.password.unwrap(), world.ctx.now());
    let first = NewPassword { hash, expected: account.credential, must_change: true, keep: 1, at };
    assert!(world.store().set_account_password(&ada.account, &first).await.unwrap().is_some());
    let mut browser = world.browser();
    let page = world.sign_in(&mut browser, &ada, FIRST).await;
    assert_eq!(page.path, "/me/password");
    for path in ["/me", "/me/app/add", "/me/contacts/add", "/me/recovery-codes"] {
        assert_eq!(browser.get(path).await.path, "/me/password", "{path}");
    }
    assert_eq!(browser.post("/me/app/add", &[]).await.path, "/me/password");
    assert_eq!(browser.post("/me/stay", &[]).await.status, 200, "who chooses it may take their time (UX-66)");
    let key = keyward::token::Token::parse(&browser.cookies["__Host-kw-session"]).unwrap();
    assert!(world.flow.signed_in(&key).await.unwrap().is_none(), "nobody for whoever does not ask for it by name");
    assert!(world.flow.half_signed_in(&key).await.unwrap().is_some_and(|present| present.must_change));
    let password = world.begin(&mut browser, "/me/password").await;
    assert!(password.path.ends_with("/new/password"), "{}", password.path);
    let same = browser.fill(&password, &[("new-password", FIRST)]).await;
    world.done(&mut browser, &same).await;
    assert!(!world.signs_in(&ada, FIRST).await, "the same one is no other one");
    let again = browser.get(&password.path).await;
    let working = browser.fill(&again, &[("new-password", "copper violin harvest 71")]).await;
    world.done(&mut browser, &working).await;
    assert!(world.signs_in(&ada, "copper violin harvest 71").await);
    let mut browser = world.browser();
    assert_eq!(world.sign_in(&mut browser, &ada, "copper violin harvest 71").await.path, "/me");
}

#[tokio::test]
async fn r45_a_key_that_nobody_was_given_waits_for_no_answer() {
    let world = World::new().await;
    let made_up = Token::new(world.ctx.bytes());
    assert!(!world.flow.is_waiting(&made_up).await.unwrap());
    world.end().await;
}
