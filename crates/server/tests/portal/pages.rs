//! What is the same whoever asks: what the page about privacy promises, and the files that pages load.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use keyward::{flow::UNKNOWN_DAYS, jobs::expire, web::assets};
use keyward_core::time::DAY_MS;
use tower::ServiceExt as _;

use crate::world::World;

#[tokio::test]
async fn r47_the_page_about_privacy_says_what_is_deleted_by_itself_and_what_is_not() {
    let world = World::new().await;
    world.somebody("ada").await;
    let mut cases = Vec::new();
    for name in ["ada", "nobody-here"] {
        let how = world.forgot(&mut world.browser(), name).await;
        cases.push(world.case(&how.reference()).await);
    }
    let privacy = world.browser().get("/privacy").await;
    for part in [
        format!("If a name has no account, we delete the name and where it came from after {UNKNOWN_DAYS} days."),
        "names and addresses stay with the case until Northwind Hospital deletes them.".to_owned(),
    ] {
        assert!(privacy.says(&part), "{part}: {}", privacy.html);
    }
    for (wait_ms, kept) in [(UNKNOWN_DAYS * DAY_MS, ["ada", "nobody-here"]), (1, ["ada", ""])] {
        world.hand.pass_ms(wait_ms);
        expire::run(&world.worker).await.unwrap();
        for (case, name) in cases.iter().zip(kept) {
            assert_eq!(world.flow.typed_name(case).await.unwrap(), name, "{wait_ms}");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn ux_10_another_language_leads_from_an_address_that_only_takes_a_form_to_a_page() {
    let world = World::new().await;
    world.somebody("ada").await;
    let mut browser = world.browser();
    let how = world.forgot(&mut browser, "ada").await;
    let case = format!("/recover/{}", how.reference());
    for (path, page) in [
        (format!("{case}/email/again?asked=1"), format!("{case}/email?asked=1")),
        (format!("{case}/new/password/check"), format!("{case}/how")),
        (format!("{case}/bind/again"), format!("{case}/how")),
        (format!("{case}/codes/replace"), format!("{case}/how")),
        ("/me/stay".to_owned(), "/sign-in".to_owned()),
        ("/language".to_owned(), "/".to_owned()),
        ("/sign-out".to_owned(), "/".to_owned()),
    ] {
        let refused = browser.ask(Method::PUT, &path, String::new()).await;
        assert_eq!(refused.status, 405, "{path}");
        let back = refused.attribute("value");
        let chosen = browser.post("/language", &[("lang", "en"), ("back", &back)]).await;
        assert_eq!((chosen.status.as_u16(), &chosen.path), (200, &page), "{path}: {back}");
    }
    world.end().await;
}

#[tokio::test]
async fn ux_131_what_may_be_kept_for_ever_has_a_name_that_changes_with_it() {
    let world = World::new().await;
    let mut browser = world.browser();
    let icon = browser.ask(Method::GET, "/favicon.ico", String::new()).await;
    assert_eq!((icon.status.as_u16(), icon.headers[header::CACHE_CONTROL].to_str().unwrap()), (303, "no-store"));
    let to = icon.headers[header::LOCATION].to_str().unwrap();
    assert_eq!(to, assets::path("favicon.svg"));
    let kept = browser.ask(Method::GET, to, String::new()).await;
    assert_eq!(kept.headers[header::CACHE_CONTROL].to_str().unwrap(), assets::CACHE_CONTROL);
    world.end().await;
}

#[tokio::test]
async fn ux_131_a_font_is_not_compressed_twice() {
    let world = World::new().await;
    let font = "fonts/atkinson-hyperlegible-next-latin-wght-normal.woff2";
    for (file, compressed) in [("keyward.css", true), (font, false)] {
        let request = Request::get(assets::path(file)).header(header::HOST, "reset.northwind.test");
        let request = request.header(header::ACCEPT_ENCODING, "gzip").body(Body::empty()).unwrap();
        let answer = world.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{file}");
        assert_eq!(answer.headers().contains_key(header::CONTENT_ENCODING), compressed, "{file}");
    }
    world.end().await;
}

#[tokio::test]
async fn r15_a_page_with_a_secret_is_not_made_shorter_by_a_guess_that_is_right() {
    let world = World::new().await;
    let ada = world.somebody("ada").await;
    let (browser, app) = world.begun(&ada, "/me/app/add").await;
    let eve = world.somebody("eve").await;
    let (mut other, bind) = world.begun(&eve, "/me/recovery-codes").await;
    let working = other.fill(&bind, &[]).await;
    let sheet = world.done(&mut other, &working).await;
    let rows = [(&browser, &app.path, false), (&other, &sheet.path, false), (&other, &"/help".to_owned(), true)];
    for (browser, path, compressed) in rows {
        let request = Request::get(path).header(header::HOST, "reset.northwind.test");
        let request = request.header(header::COOKIE, browser.cookie()).header(header::ACCEPT_ENCODING, "gzip");
        let answer = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers().contains_key(header::CONTENT_ENCODING), compressed, "{path}");
    }
    world.end().await;
}
