//! Every route, read from the source so that none is forgotten: with the wrong method, from another site, for another one's case. And an account
//! that is switched off.

use std::collections::BTreeSet;

use keyward::ctx::Ctx;
use keyward_core::case::Stage;

use crate::house::{FIRST, House, NEW, PROXY, house, request};

/// What the routes of the pages are, from where they are written.
const SOURCES: [&str; 3] = [
    include_str!("../../src/web/applicant/mod.rs"),
    include_str!("../../src/web/account/mod.rs"),
    include_str!("../../src/web/tlog.rs"),
];

/// A route and whether it is read, and acted on.
pub struct Route {
    pub path: &'static str,
    pub get: bool,
    pub post: bool,
}

/// Every route of the pages.
pub fn routes() -> Vec<Route> {
    let lines = SOURCES.iter().flat_map(|source| source.split(".route(\"").skip(1));
    let route = |rest: &'static str| {
        let (path, handlers) = rest.split_once('"').unwrap();
        let handlers = handlers.split(".route(").next().unwrap().lines().next().unwrap();
        let post = handlers.contains(".post(") || handlers.contains(" post(");
        Route { path, get: handlers.contains(" get("), post }
    };
    let all: Vec<Route> = lines.map(route).collect();
    assert!(all.len() > 50 && all.iter().all(|route| route.get || route.post), "{} routes", all.len());
    all
}

impl Route {
    /// With a case in it.
    pub fn of(&self, case: &str) -> String {
        let path = self.path.replace("{case}", case).replace("{token}", "kw_none").replace("{*rest}", "0/000");
        path.replace("{factor}", "factor_none")
    }
    /// Whether it is about a case.
    pub fn is_of_case(&self) -> bool {
        self.path.starts_with("/recover/{case}")
    }
}

/// A case of mike's in a browser: its reference and its cookies.
async fn begun(house: &House) -> (String, String) {
    let mut browser = house.browser();
    let how = house.start(&mut browser, "mike").await;
    (how.reference(), browser.cookie())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_b13_no_other_method_and_no_override_does_what_a_post_does() {
    let house = house().await;
    let (case, cookie) = begun(&house).await;
    let before = house.case(&case).await.seq();
    for route in routes() {
        let path = route.of(&case);
        let mut methods = vec!["PUT", "DELETE", "TRACE", "post"];
        methods.extend((!route.get).then_some("GET").into_iter().chain((!route.post).then_some("POST")));
        for method in methods {
            let answer = house.send(PROXY, &request(&format!("{method} {path}"), &[("Cookie", &cookie)], "")).await;
            assert_eq!(answer.status, 405, "{method} {path} {answer:?}");
        }
        // The streams do not end by themselves.
        if !route.get || path.ends_with("/events") {
            continue;
        }
        let headers = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"].map(|name| (name, "POST"));
        let headers: Vec<_> = headers.into_iter().chain([("Cookie", cookie.as_str())]).collect();
        let line = format!("GET {path}?_method=POST&new-password={}", NEW.replace(' ', "+"));
        let answer = house.send(PROXY, &request(&line, &headers, "_method=POST&way=email&code=1")).await;
        assert!(answer.status < 500 && answer.status != 201, "{line} {answer:?}");
    }
    assert_eq!(house.case(&case).await.seq(), before, "nothing happened");
    assert!(house.opens("mike", FIRST).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_b14_what_another_site_sends_changes_nothing() {
    const FROM: [&[(&str, &str)]; 8] = [
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", "https://attacker.test")],
        &[("Sec-Fetch-Site", "same-site"), ("Origin", "https://other.northwind.test")],
        &[("Sec-Fetch-Site", "cross-site")],
        // Browsers that do not say from which site, and pages that hide where they are.
        &[("Origin", "https://attacker.test")],
        &[("Origin", "null")],
        &[("Origin", "https://reset.northwind.test.attacker.test")],
        &[("Origin", "https://reset.northwind.test:444")],
        &[("Origin", "null"), ("Sec-Fetch-Site", "cross-site"), ("Content-Type", "text/plain")],
    ];
    let house = house().await;
    let (case, cookie) = begun(&house).await;
    let before = house.case(&case).await.seq();
    let mut tried = 0;
    let api = ["/api/v1/cases", "/api/v1/sign-in", "/api/v1/not-me"].map(str::to_owned);
    let pages = routes().into_iter().filter(|route| route.post).map(|route| route.of(&case));
    for path in pages.chain(api).chain([format!("/api/v1/cases/{case}/withdraw")]) {
        for from in FROM {
            let headers: Vec<_> = from.iter().copied().chain([("Cookie", cookie.as_str())]).collect();
            let answer =
                house.send(PROXY, &request(&format!("POST {path}"), &headers, "name=mike&for=forgot&way=app")).await;
            assert_eq!(answer.status, 403, "{path} {from:?} {answer:?}");
            let words = if path.starts_with("/api/") { "other-site" } else { "That page was too old" };
            assert!(answer.body.contains(words), "{path} {from:?} {answer:?}");
            assert!(answer.header("set-cookie").is_empty(), "{answer:?}");
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
    assert_eq!(house.case(&case).await.seq(), before, "nothing happened");
    // The same from here is taken.
    let headers =
        [("Cookie", cookie.as_str()), ("Origin", "https://reset.northwind.test"), ("Sec-Fetch-Site", "same-origin")];
    let stopped = house.send(PROXY, &request(&format!("POST /recover/{case}/stop"), &headers, "")).await;
    assert_eq!(stopped.status, 303, "{stopped:?}");
    assert!(house.case(&case).await.is_over());
    // A browser that does not say from which site says from where, as long as no page tells it not to.
    let headers = [("Cookie", cookie.as_str()), ("Origin", "https://reset.northwind.test")];
    let page = house.send(PROXY, &request(&format!("GET /recover/{case}/stopped"), &headers, "")).await;
    assert_eq!(page.header("referrer-policy"), ["same-origin"], "{page:?}");
    let again = house.send(PROXY, &request(&format!("POST /recover/{case}/stop"), &headers, "")).await;
    assert_eq!(again.status, 303, "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_b16_another_ones_case_is_a_page_that_does_not_exist() {
    let house = house().await;
    let (theirs, _) = begun(&house).await;
    let before = house.case(&theirs).await.seq();
    let mut evil = house.browser();
    let own = house.start(&mut evil, "evil").await.reference();
    let key = evil.cookies[&format!("__Host-kw-case-{own}")].clone();
    let mut cookie = evil.cookie();
    // One's own key under the name of the other case, and under that of one that never was.
    for case in [theirs.as_str(), "KW-7Q4M-82XJ"] {
        cookie += &format!("; __Host-kw-case-{case}={key}; __Host-kw-session={key}");
    }
    for route in routes().into_iter().filter(Route::is_of_case) {
        for method in ["GET", "POST"] {
            if (method == "GET" && !route.get) || (method == "POST" && !route.post) {
                continue;
            }
            let mut said = BTreeSet::new();
            for case in [theirs.as_str(), "KW-7Q4M-82XJ"] {
                let line = format!("{method} {}", route.of(case));
                let body =
                    if method == "POST" { "way=app&code=123456&new-password=velvet+anchor+prairie+29" } else { "" };
                let answer = house.send(PROXY, &request(&line, &[("Cookie", &cookie)], body)).await;
                assert!(
                    answer.status == 404 || answer.header("location") == ["/sign-in?for=look"],
                    "{line} {answer:?}"
                );
                let date = answer.header("date").join("");
                said.insert(answer.whole().replace(case, "CASE").replace(&date, "DATE"));
            }
            assert_eq!(said.len(), 1, "{method} {}: {said:#?}", route.path);
        }
    }
    assert_eq!(house.case(&theirs).await.seq(), before, "nothing happened");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_b17_an_account_that_is_switched_off_comes_back_by_no_recovery() {
    let house = house().await;
    let store = &house.inside.flow.store;
    let disabled = async |name: &str| {
        let account = house.directory().read(&format!("id-{name}"), Ctx::real().now()).await.unwrap();
        account.expect("the account").disabled
    };
    // Switched off before: asked and answered like everybody, and nothing else.
    assert!(store.set_account_disabled("id-gone", true).await.unwrap());
    let gone = house.person("gone");
    let mut browser = house.browser();
    let how = house.start(&mut browser, "gone").await;
    let not = browser.show(&how, "app", &gone.app()).await;
    assert_eq!(not.status, 422, "{}", not.html);
    let not = browser.post(&format!("/recover/{}/recovery-code", how.reference()), &[("code", &gone.codes[0])]).await;
    assert_eq!(not.status, 422, "{}", not.html);
    browser.post(&format!("/recover/{}/how", how.reference()), &[("way", "email")]).await;
    browser.post(&format!("/recover/{}/new/password", how.reference()), &[("new-password", NEW)]).await;
    house.settled(&how.reference()).await;
    let case = house.case(&how.reference()).await;
    assert!(matches!(case.stage(), Stage::Classifying(_, Some(_))), "{:?}", case.stage());
    assert!(house.letters(&how.reference()).is_empty(), "nobody is written to");
    assert!(disabled("gone").await);

    // Switched off while the new password is on its way: no start, and it stays off.
    let tina = house.person("tina");
    let mut browser = house.browser();
    let how = house.start(&mut browser, "tina").await;
    let how = browser.show(&how, "app", &tina.app()).await;
    let password = browser.show(&how, "recovery-code", &tina.codes[0]).await;
    assert!(password.path.ends_with("/new/password"), "{}", password.path);
    assert!(store.set_account_disabled("id-tina", true).await.unwrap());
    let handed = browser.fill(&password, &[("new-password", NEW)]).await;
    house.settled(&handed.reference()).await;
    let case = house.case(&handed.reference()).await;
    assert!(case.reissued().is_none(), "{:?}", case.stage());
    assert!(disabled("tina").await, "the flag is as it was");
    assert!(store.set_account_disabled("id-tina", false).await.unwrap());
    assert!(house.opens("tina", FIRST).await && !house.opens("tina", NEW).await);
}
