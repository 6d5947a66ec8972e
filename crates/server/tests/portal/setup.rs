//! The first account of a server that was started without a configuration (ECO-01).

use std::sync::Arc;

use axum::{
    Router,
    http::{Method, StatusCode},
};
use keyward::{
    app::serve,
    flow::{SETUP_MS, Setup},
    web::setup,
};
use keyward_core::time::MINUTE_MS;

use crate::world::{Browser, FIRST, Page, Person, World, hasher};

/// A server with a set-up.
struct Begun {
    world: World,
    setup: Arc<Setup>,
    router: Router,
}

impl Begun {
    async fn new() -> Self {
        let world = World::new().await;
        let setup = Arc::new(Setup::new(world.flow.clone(), hasher()));
        let router = serve::router(&world.portal, setup::routes(setup.clone()));
        Self { world, setup, router }
    }
    fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }
    async fn code(&self) -> String {
        self.setup.hand_out().await.unwrap().expect("a code").text.expose().clone()
    }
    async fn typed(&self, code: &str, name: &str) -> Page {
        let mut browser = self.browser();
        let form = browser.get("/setup").await;
        browser.fill(&form, &fields(code, name, FIRST)).await
    }
    async fn accounts(&self) -> usize {
        self.world.store().accounts("", 9).await.unwrap().len()
    }
}

fn fields<'a>(code: &'a str, name: &'a str, password: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("code", code),
        ("name", name),
        ("display", "Ada Lovelace"),
        ("email", "Ada@Home.test"),
        ("new-password", password),
    ]
}

#[tokio::test]
async fn eco_01_the_code_makes_the_first_account_and_its_owner_signs_in() {
    let begun = Begun::new().await;
    let code = begun.code().await;
    let plain = code.replace('-', "");
    assert!(code.split('-').count() == 6 && plain.len() == 26, "128 bits: {code}");
    let bytes = begun.world.bytes();
    for text in [code.as_bytes(), plain.as_bytes()] {
        assert!(!bytes.windows(text.len()).any(|window| window == text), "only a digest is kept");
    }

    let mut browser = begun.browser();
    let form = browser.get("/setup").await;
    assert_eq!(form.heading(), "Set up this server");
    for (sent, problem) in [
        (fields(&code, "a b", FIRST), "Enter a name without spaces"),
        (fields(&code, "ada", ""), "Enter a new password"),
        (fields(&code, "ada", "too short"), "Password must be 15 characters or more"),
        (fields("", "ada", FIRST), "This code does not work"),
    ] {
        let again = browser.fill(&form, &sent).await;
        assert!(again.status == 422 && again.says(problem), "{problem}: {}", again.html);
        assert!(again.says("Ada Lovelace") && !again.html.contains(&code) && !again.html.contains(FIRST));
    }
    assert_eq!(begun.accounts().await, 0);

    // As a person may type it.
    let typed = plain.to_lowercase().replace('0', "o");
    let done = browser.fill(&form, &fields(&typed, " Ada ", FIRST)).await;
    assert_eq!((done.status, done.heading().as_str()), (StatusCode::OK, "Your account is there"));
    assert!(done.says("You sign in as ada.") && done.html.contains("href=\"/sign-in\""));

    let account = begun.world.store().account_by_name("ada").await.unwrap().unwrap();
    assert_eq!((account.mail.as_deref(), account.must_change), (Some("ada@home.test"), false));
    assert_eq!(begun.world.store().account_groups(&account.id).await.unwrap(), ["staff"]);
    let person = keyward_core::ids::PersonId::new(crate::world::START, [0; 10]);
    let ada = Person { id: person, account: account.id, name: "ada".to_owned(), mail: "ada@home.test".to_owned() };
    let mut own = begun.world.signed_in(&ada, FIRST).await;
    assert!(own.get("/me").await.says("You have no way back in"));
    assert!(begun.setup.hand_out().await.unwrap().is_none(), "no code as soon as there is an account");
    begun.world.end().await;
}

#[tokio::test]
async fn eco_01_without_a_set_up_the_page_is_none() {
    let begun = Begun::new().await;
    let code = begun.code().await;
    assert_eq!(begun.typed(&code, "ada").await.status, StatusCode::OK);
    for (router, what) in [(begun.router.clone(), "it is over"), (begun.world.router.clone(), "there was none")] {
        let mut browser = Browser::new(router);
        for method in [Method::GET, Method::POST, Method::PUT] {
            for (path, none) in [("/setup", "/none"), ("/setup/check", "/none/check")] {
                let page = browser.ask(method.clone(), path, String::new()).await;
                let other = browser.ask(method.clone(), none, String::new()).await;
                assert_eq!(page.status, other.status, "{what} {method} {path}");
                assert_eq!(page.html.replace("/setup", "/none"), other.html, "{what} {method} {path}");
                assert_eq!(page.status, StatusCode::NOT_FOUND);
            }
        }
    }
}

#[tokio::test]
async fn eco_01_a_wrong_a_used_and_an_old_code_are_one_answer() {
    let begun = Begun::new().await;
    let replaced = begun.code().await;
    let used = begun.code().await;
    let mut answers = vec![begun.typed("4QZ8M-00000-00000-00000-00000-0", "ada").await];
    answers.push(begun.typed("nonsense", "ada").await);
    answers.push(begun.typed(&replaced, "ada").await);
    assert_eq!(begun.typed(&used, "ada").await.status, StatusCode::OK);
    let id = begun.world.store().account_by_name("ada").await.unwrap().unwrap().id;
    assert!(begun.world.store().remove_account(&id).await.unwrap());
    answers.push(begun.typed(&used, "ada").await);
    let old = begun.code().await;
    begun.world.hand.pass_ms(SETUP_MS);
    answers.push(begun.typed(&old, "ada").await);
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.html), (422, &answers[0].html));
    }
    assert_eq!(begun.accounts().await, 0);
    let late = begun.code().await;
    begun.world.hand.pass_ms(SETUP_MS - 1);
    assert_eq!(begun.typed(&late, "ada").await.status, StatusCode::OK, "until the last moment");
}

#[tokio::test]
async fn eco_01_of_two_with_one_code_one_wins() {
    let begun = Begun::new().await;
    let code = begun.code().await;
    let mut forms = Vec::new();
    for _ in 0..4 {
        let mut browser = begun.browser();
        let form = browser.get("/setup").await;
        forms.push((browser, form));
    }
    let names = ["ada", "ben", "cleo", "dan"];
    let sent = forms.into_iter().zip(names).map(|((mut browser, form), name)| {
        let code = code.clone();
        async move { browser.fill(&form, &fields(&code, name, FIRST)).await.status }
    });
    // Each goes on while the others' passwords are hashed, which is between the look at the code and its use.
    let statuses = futures_util::future::join_all(sent).await;
    let made = statuses.iter().filter(|status| **status == StatusCode::OK).count();
    assert_eq!((made, begun.accounts().await), (1, 1));
}

#[tokio::test]
async fn r12_tries_of_the_set_up_code_are_counted_before_it_is_looked_at() {
    let begun = Begun::new().await;
    let code = begun.code().await;
    let mut statuses = Vec::new();
    for _ in 0..11 {
        statuses.push(begun.typed("nonsense", "ada").await.status.as_u16());
    }
    assert_eq!(statuses, [[422; 10].as_slice(), &[429]].concat());
    assert_eq!(begun.typed(&code, "ada").await.status, StatusCode::TOO_MANY_REQUESTS, "the right one neither");
    begun.world.hand.pass_ms(29 * MINUTE_MS);
    assert_eq!(begun.typed(&code, "ada").await.status, StatusCode::OK);
}
