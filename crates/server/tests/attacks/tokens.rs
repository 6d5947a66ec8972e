//! Links, codes and cookies that are tried a second time, in another's case, before there is a case, by a scanner, or as something that they are not.

use keyward_core::case::{Ending, Stage};

use crate::{
    browser::{Browser, Page},
    house::{FIRST, House, NEW, PROXY, STRANGER, house, request},
    mail::link,
    process::eventually,
};

/// The app and a mailed link, as far as the field for the new password. The key of the link, too.
async fn proved(house: &House, browser: &mut Browser, name: &str) -> (Page, String) {
    let how = house.start(browser, name).await;
    let letter = house.mailed(browser, &how, name).await;
    let how = browser.show(&how, "app", &house.person(name).app()).await;
    assert!(how.says("You have shown 1 of 2 proofs"), "{}", how.html);
    let path = link(&letter.text, "/l/").unwrap();
    let landing = browser.get(&path).await;
    let password = browser.fill(&landing, &[]).await;
    assert!(password.path.ends_with("/new/password"), "{} {}", password.path, password.html);
    (password, path)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_a13_a23_what_was_used_is_used_after_a_restart_too_and_back_leads_to_no_form() {
    const OTHER: &str = "quiet lantern orchard 58";
    let house = House::new().await;
    let mut browser = house.browser();
    let (password, path) = proved(&house, &mut browser, "rita").await;
    let case = password.reference();
    let before = browser.cookies.clone();
    let working = browser.fill(&password, &[("new-password", NEW)]).await;
    let done = eventually("the change", async || {
        let page = browser.get(&working.path).await;
        page.path.ends_with("/done").then_some(page)
    })
    .await;
    assert_eq!(done.heading(), "Reset your password You are back in");
    house.settled(&case).await;
    let closed = house.case(&case).await;
    assert!(matches!(closed.stage(), Stage::Closed(Ending::Reviewed(_))), "{:?}", closed.stage());

    for round in ["at once", "after a restart"] {
        // As it was before the change, with the link that waits for its button.
        browser.cookies = before.clone();
        browser.cookies.insert("__Host-kw-link".to_owned(), path.trim_start_matches("/l/").to_owned());
        for (page, fields) in [
            ("/new/password", ("new-password", OTHER)),
            ("/new/password", ("new-password", NEW)),
            ("/how", ("way", "email")),
            ("/app", ("code", &*house.person("rita").app())),
            ("/recovery-code", ("code", &*house.person("rita").codes[0])),
            ("/email", ("code", "123456")),
        ] {
            let refused = browser.post(&format!("/recover/{case}{page}"), &[fields]).await;
            assert_eq!(refused.path, format!("/recover/{case}/done"), "{round} {page}");
        }
        let landing = browser.get(&path).await;
        let dead = browser.post(&landing.path, &[]).await;
        assert!(dead.status == 410 && dead.path.starts_with("/l?of="), "{round}: {} {}", dead.path, dead.html);
        assert_eq!(house.browser().get(&path).await.status, 410, "{round}");
        for page in ["/new", "/new/password", "/how", "/app", "/email", "/working"] {
            let back = browser.get(&format!("/recover/{case}{page}")).await;
            assert_eq!(back.path, format!("/recover/{case}/done"), "{round} {page}");
            assert!(!back.html.contains("name=\"new-password\"") && !back.html.contains("name=\"code\""));
            assert_eq!(back.headers["cache-control"], "no-store");
            assert!(!back.headers.contains_key("etag") && !back.headers.contains_key("expires"));
        }
        assert_eq!(house.case(&case).await.seq(), closed.seq(), "{round}: nothing was written");
        assert!(
            house.opens("rita", NEW).await && !house.opens("rita", OTHER).await && !house.opens("rita", FIRST).await
        );
        house.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_a18_a_link_or_code_of_ones_own_case_is_nothing_in_the_case_of_somebody_else() {
    let house = house().await;
    let (mut evil, mut browser) = (house.browser(), house.browser());
    let own = house.start(&mut evil, "evil").await;
    let letter = house.mailed(&mut evil, &own, "evil").await;
    let (code, key) = (letter.code().unwrap(), link(&letter.text, "/l/").unwrap().replace("/l/", ""));
    // The attacker's browser works on a case of mike's, and has only that one.
    let theirs = house.start(&mut browser, "mike").await;
    let (case, mine) = (theirs.reference(), own.reference());
    let seq = house.case(&case).await.seq();
    let link = format!("__Host-kw-link={key}");
    let cookie = format!("{}; {link}", browser.cookie());
    // The name of one case with the key of the other, both ways.
    let swapped = format!(
        "__Host-kw-case-{mine}={0}; __Host-kw-case-{case}={1}; {link}",
        browser.cookies[&format!("__Host-kw-case-{case}")],
        evil.cookies[&format!("__Host-kw-case-{mine}")]
    );
    let body = format!("case={case}&login=mike&name=mike&reference={case}&user_id=id-mike");
    for (line, cookie, body, status) in [
        ("POST /l".to_owned(), &cookie, String::new(), 410),
        (format!("POST /l?case={case}&login=mike"), &cookie, body.clone(), 410),
        ("POST /l".to_owned(), &swapped, body.clone(), 410),
        (format!("POST /recover/{case}/email"), &cookie, format!("code={code}&case={mine}&login=evil"), 422),
        (format!("POST /recover/{case}/email?case={mine}"), &cookie, format!("code={code}"), 422),
        (format!("POST /recover/{case}/email"), &swapped, format!("code={code}"), 404),
        (format!("POST /recover/{mine}/email"), &swapped, format!("code={code}&case={case}"), 404),
        (format!("POST /recover/{case}/device"), &format!("{cookie}; __Host-kw-device={key}"), "x=".to_owned(), 422),
        (format!("GET /recover/{case}/new/password"), &cookie, String::new(), 303),
        (format!("POST /recover/{case}/new/password"), &cookie, format!("new-password={NEW}&link={key}"), 303),
    ] {
        let answer = house.send(PROXY, &request(&line, &[("Cookie", cookie)], &body)).await;
        assert_eq!(answer.status, status, "{line} {body} {answer:?}");
        assert!(!answer.head.contains("/new"), "{answer:?}");
    }
    let after = house.case(&case).await;
    assert!(after.evidence().is_empty() && matches!(after.stage(), Stage::Verifying(..)), "{:?}", after.stage());
    assert_eq!(after.seq() - seq, 3, "three proofs were tried, and each is in the log");
    assert!(house.opens("mike", FIRST).await && !house.opens("mike", NEW).await);
    // Where it belongs it counts, once.
    let landing = evil.get(&format!("/l/{key}")).await;
    assert!(evil.fill(&landing, &[]).await.says("You have shown 1 of 2 proofs"));
}

/// What is no key, as it stands in a path, a cookie or a form.
fn no_keys() -> Vec<String> {
    let mut all: Vec<String> = [
        "",
        "null",
        "[]",
        "[%22%22]",
        "{}",
        "true",
        "0",
        "-1",
        "undefined",
        "%00",
        "%00%00",
        "*",
        "%25",
        "..%2f..",
        "kw_",
    ]
    .map(str::to_owned)
    .into();
    all.extend([r"%7B%22$ne%22:null%7D", "%27%20OR%201=1--", "kw_%00", "%FF%FE", "%F0%9F%94%91"].map(str::to_owned));
    all.push(format!("kw_{}", "A".repeat(53)));
    all.push(format!("kw_{}", "0".repeat(53)));
    all.push(format!("kw_{}", "A".repeat(4_000)));
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_a20_what_is_no_key_opens_nothing_wherever_it_is_put() {
    let house = house().await;
    let mut browser = house.browser();
    let how = house.start(&mut browser, "ann").await;
    let case = how.reference();
    let own = browser.cookie();
    let mut sent = 0;
    for value in no_keys() {
        for (line, cookie, body) in [
            (format!("GET /l/{value}"), own.clone(), String::new()),
            (format!("GET /not-me/{value}"), own.clone(), String::new()),
            (format!("GET /recover/{value}/how"), own.clone(), String::new()),
            ("POST /l".to_owned(), format!("{own}; __Host-kw-link={value}"), String::new()),
            ("POST /not-me".to_owned(), format!("__Host-kw-not-me={value}"), String::new()),
            ("GET /me".to_owned(), format!("__Host-kw-session={value}"), String::new()),
            (format!("POST /recover/{case}/stop"), format!("__Host-kw-case-{case}={value}"), String::new()),
            (
                format!("POST /recover/{case}/new/password"),
                format!("__Host-kw-case-{case}={value}"),
                format!("new-password={NEW}"),
            ),
            (format!("POST /recover/{case}/app"), own.clone(), format!("code[]={value}")),
            (format!("POST /recover/{case}/app"), own.clone(), format!("code={value}&code={value}")),
            (format!("POST /recover/{case}/email"), own.clone(), format!("code={value}")),
            (format!("POST /recover/{case}/recovery-code"), own.clone(), format!("code={value}")),
            (
                format!("POST /recover/{case}/passkey"),
                format!("{own}; __Host-kw-dialog={value}"),
                format!("credential={value}"),
            ),
            (format!("POST /recover/{case}/device"), format!("{own}; __Host-kw-device={value}"), "x=".to_owned()),
        ] {
            let answer = house.send(STRANGER, &request(&line, &[("Cookie", &cookie)], &body)).await;
            let away = answer.header("location").first().is_some_and(|to| {
                // An empty key is no path of a link, and whoever is not signed in is asked to.
                *to == "/sign-in?for=look"
                    || to.starts_with("/sign-in")
                    || (value.starts_with("kw_A") || value.starts_with("kw_0"))
                        && (to.starts_with("/l?of=") || to.starts_with("/not-me?of="))
            });
            assert!(
                (400..500).contains(&answer.status) || (answer.status == 303 && away),
                "{line} {cookie} {body}: {answer:?}"
            );
            sent += 1;
        }
    }
    assert!(sent > 300);
    let after = house.case(&case).await;
    assert!(after.evidence().is_empty() && matches!(after.stage(), Stage::Verifying(..)), "{:?}", after.stage());
    assert!(house.opens("ann", FIRST).await && !house.opens("ann", NEW).await);
    for long in [format!("GET /l/{}", "A".repeat(1 << 20)), format!("POST /l?x={}", "A".repeat(1 << 20))] {
        let answer = house.send(STRANGER, &request(&long, &[], "")).await;
        assert!([0, 400, 414, 431].contains(&answer.status), "{}", answer.status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_a21_a_scanner_that_opens_a_link_burns_and_says_nothing() {
    let house = house().await;
    let mut browser = house.browser();
    let how = house.start(&mut browser, "ann").await;
    let letter = house.mailed(&mut browser, &how, "ann").await;
    let case = how.reference();
    let (before, letters) = (house.case(&case).await.seq(), house.letters(&case).len());
    for start in ["/l/", "/not-me/"] {
        let path = house.letters(&case).iter().find_map(|letter| link(&letter.text, start)).unwrap();
        for method in ["GET", "HEAD", "OPTIONS"].repeat(5) {
            let opened = house.send(STRANGER, &request(&format!("{method} {path}"), &[], "")).await;
            assert!([303, 405].contains(&opened.status), "{method} {opened:?}");
            // A scanner with a jar follows.
            let to = start.trim_end_matches('/');
            let page =
                house.send(STRANGER, &request(&format!("{method} {to}"), &[("Cookie", &opened.cookies())], "")).await;
            assert!([200, 405, 410].contains(&page.status), "{method} {page:?}");
        }
    }
    house.settled(&case).await;
    assert_eq!(house.case(&case).await.seq(), before, "nothing happened");
    assert_eq!(house.letters(&case).len(), letters, "and nobody was told anything");
    let landing = browser.get(&link(&letter.text, "/l/").unwrap()).await;
    let how = browser.fill(&landing, &[]).await;
    assert!(how.says("You have shown 1 of 2 proofs"), "{}", how.html);
    assert_eq!(house.case(&case).await.evidence().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r15_what_is_refused_is_not_said_back() {
    const CANARY: &str = "canary-7Jq2-secret";
    let house = house().await;
    let mut browser = house.browser();
    let how = house.start(&mut browser, "ann").await;
    let (case, cookie) = (how.reference(), browser.cookie());
    let (page, api) = (format!("/recover/{case}"), format!("/api/v1/cases/{case}"));
    for (path, json, body) in [
        (format!("{page}/new/password"), false, format!("new-password={CANARY}")),
        (format!("{page}/new/password/check"), false, format!("new-password={CANARY}&new-password={CANARY}")),
        (format!("{page}/app"), false, format!("code={CANARY}")),
        (format!("{page}/email"), false, format!("code={CANARY}&x[]=1")),
        (format!("{page}/recovery-code"), false, format!("code={CANARY}")),
        (format!("{page}/passkey"), false, format!("credential={CANARY}")),
        ("/sign-in".to_owned(), false, format!("name[]=ann&password={CANARY}")),
        ("/sign-in".to_owned(), false, format!("name=&password={CANARY}")),
        (format!("/l/{CANARY}"), false, String::new()),
        (format!("{api}/submission"), true, format!("{{\"password\":\"{CANARY}\"}}")),
        (format!("{api}/submission"), true, format!("{{\"password\":[\"{CANARY}\"]}}")),
        (format!("{api}/submission"), true, format!("{{\"passwort\":\"{CANARY}\"}}")),
        (format!("{api}/submission"), true, format!("{{\"password\":\"{CANARY}")),
        (format!("{api}/proofs/totp"), true, format!("{{\"code\":\"{CANARY}\"}}")),
        (format!("{api}/proofs/totp"), true, format!("{{\"{CANARY}\":1}}")),
        (format!("{api}/proofs/email_link"), true, format!("{{\"token\":\"{CANARY}\"}}")),
        ("/api/v1/sign-in".to_owned(), true, format!("{{\"name\":1,\"password\":\"{CANARY}\"}}")),
        ("/api/v1/not-me".to_owned(), true, format!("{{\"token\":{{\"x\":\"{CANARY}\"}}}}")),
    ] {
        let key = browser.cookies[&format!("__Host-kw-case-{case}")].clone();
        let bearer = format!("Bearer {key}");
        let mut headers = vec![("Cookie", cookie.as_str()), ("Authorization", bearer.as_str())];
        headers.extend(json.then_some(("Content-Type", "application/json")));
        let answer = house.send(PROXY, &request(&format!("POST {path}"), &headers, &body)).await;
        assert!((300..500).contains(&answer.status), "{path} {body}: {answer:?}");
        assert!(!answer.whole().contains("canary"), "{path} {body}: {answer:?}");
        assert!(!answer.whole().contains(&key), "{path} {body}: {answer:?}");
    }
    assert!(!house.said().await.contains("canary"), "nor is it in the log");
}
