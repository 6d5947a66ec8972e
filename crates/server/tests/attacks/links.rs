//! Links and codes of messages when time has passed, when there is a newer one, when the address or the password is another one by now, and as
//! they lie in the database. In one process, with a clock that is moved by hand.

use keyward::{
    store::{Aside, Guard},
    terms::Terms,
    token::{Purpose, Token},
};
use keyward_core::{
    account::Method,
    case::Stage,
    event::Event,
    steps::{reissue::Attempt, verify::RejectionReason},
    time::{MINUTE_MS, SECOND_MS},
};

use crate::world::{App, Browser, FIRST, Mail, Page, Person, World};

const NEW: &str = "copper violin harvest 71";
const OTHER: &str = "quiet lantern orchard 58";
/// An address that another password opens.
const HOME: &str = "ada.private@elsewhere.test";

struct Scene {
    world: World,
    ada: Person,
    app: App,
    codes: Vec<String>,
}

/// Somebody with an app, a sheet and a mailbox of their own.
async fn scene() -> Scene {
    let many = |terms: &mut Terms| {
        (terms.starts.per_name_hour, terms.starts.per_network_hour) = (99, 99);
        (terms.mails.per_hour, terms.mails.per_day) = (99, 99);
    };
    let world = World::with(many).await;
    let ada = world.somebody("ada").await;
    let (app, codes) = (world.give_app(&ada).await, world.give_codes(&ada).await);
    world.give_as(world.ctx.id(world.ctx.now()), &ada, (Method::Email, HOME.as_bytes()), Vec::new()).await;
    Scene { world, ada, app, codes }
}

impl Scene {
    /// A case in a browser of its own.
    async fn begun(&self) -> (Browser, Page) {
        let mut browser = self.world.browser();
        let how = self.world.forgot(&mut browser, "ada").await;
        self.world.mailbox.take(HOME);
        (browser, how)
    }
    /// Asks for a message; what it is.
    async fn mailed(&self, browser: &mut Browser, case: &str) -> Mail {
        let asked = browser.post(&format!("/recover/{case}/email/again"), &[]).await;
        assert!(asked.path.contains("/email"), "{} {}", asked.path, asked.html);
        self.world.work().await;
        self.world.mailbox.newest(HOME)
    }
    async fn with_link(&self) -> (Browser, String, Mail) {
        let (mut browser, how) = self.begun().await;
        let mail = self.mailed(&mut browser, &how.reference()).await;
        (browser, how.reference(), mail)
    }
    /// The reasons for which proofs of a case were refused.
    async fn refused(&self, case: &str) -> Vec<RejectionReason> {
        let entries = self.world.flow.entries(self.world.case(case).await.id()).await.unwrap();
        let reason = |event: &Event| match event {
            Event::Rejected(rejection) => Some(rejection.reason),
            _ => None,
        };
        entries.iter().filter_map(|entry| reason(&entry.event)).collect()
    }
    /// The link, its button and the code of a message prove nothing in this browser.
    async fn is_dead(&self, browser: &mut Browser, case: &str, mail: &Mail, why: &str) {
        let before = self.world.case(case).await.evidence().len();
        let landing = browser.get(&mail.link("/l/")).await;
        assert!(landing.path.starts_with("/l?of="), "{}", landing.path);
        let button = browser.post(&landing.path, &[]).await;
        assert_eq!((landing.status.as_u16(), button.status.as_u16()), (410, 410), "{why}: {}", landing.html);
        let typed = browser.post(&format!("/recover/{case}/email"), &[("code", &mail.code())]).await;
        assert_eq!(typed.status, 422, "{why}: {}", typed.html);
        let after = self.world.case(case).await;
        assert!(after.evidence().len() == before && matches!(after.stage(), Stage::Verifying(..)), "{why}");
        assert!(!self.refused(case).await.is_empty(), "{why}: the log says that it was tried");
    }
}

#[tokio::test]
async fn t_a11_neither_links_nor_codes_lie_in_the_database_and_what_does_is_no_key() {
    let scene = scene().await;
    let mut sent = Vec::new();
    for _ in 0..12 {
        sent.push(scene.with_link().await);
    }
    let bytes = scene.world.bytes();
    let text = String::from_utf8_lossy(&bytes);
    for (browser, case, mail) in &mut sent {
        let key = mail.link("/l/").replace("/l/", "");
        let token = Token::parse(&key).unwrap();
        let stored = token.digest(Purpose::Link);
        assert!(!text.contains(&key[3..]) && !text.contains(&key[3..20]), "the link of {case}");
        let kept = bytes.windows(32).any(|window| window == stored.bytes()) || text.contains(&stored.to_string());
        assert!(kept, "what is kept is its digest");
        // What is in the database, handed in as if it were the key.
        let replayed = Token::new(*stored.bytes()).reveal().expose().clone();
        let landing = browser.get(&format!("/l/{replayed}")).await;
        assert_eq!(browser.post(&landing.path, &[]).await.status, 410);
    }
    scene.world.end().await;
}

#[tokio::test]
async fn t_a12_a_page_that_was_loaded_in_time_does_not_save_what_ran_out() {
    let scene = scene().await;
    let Scene { world, ada, app, codes } = &scene;
    let life_ms = world.flow.terms.mail_ms;
    // A link whose page is open.
    let (mut browser, case, mail) = scene.with_link().await;
    let landing = browser.get(&mail.link("/l/")).await;
    assert_eq!(landing.status, 200, "{}", landing.html);
    world.hand.pass_ms(life_ms + SECOND_MS);
    let late = browser.fill(&landing, &[]).await;
    assert_eq!(late.status, 410, "{}", late.html);
    scene.is_dead(&mut browser, &case, &mail, "too late").await;

    // The field for the new password is open, and the time to use it runs out. No worker is there to end the case.
    let (mut browser, how) = scene.begun().await;
    let how = browser.show(&how, "app", &app.code(world.ctx.now())).await;
    let password = browser.show(&how, "recovery-code", &codes[0]).await;
    let until = world.case(&password.reference()).await.deadline().expect("the gate does not stay open");
    world.hand.pass_ms(until.since_ms(world.ctx.now()) + SECOND_MS);
    let late = browser.fill(&password, &[("new-password", NEW)]).await;
    assert!(!late.path.ends_with("/working"), "{} {}", late.path, late.html);
    world.work().await;
    let over = world.case(&password.reference()).await;
    assert!(matches!(over.stage(), Stage::Reissuing(_, Attempt::None) | Stage::Closed(_)), "{:?}", over.stage());
    assert!(over.reissued().is_none());
    assert!(world.signs_in(ada, FIRST).await && !world.signs_in(ada, NEW).await);

    // Handed in in time, and the worker comes too late.
    let (mut browser, how) = scene.begun().await;
    let how = browser.show(&how, "app", &app.code(world.ctx.now())).await;
    let password = browser.show(&how, "recovery-code", &codes[1]).await;
    let working = browser.fill(&password, &[("new-password", NEW)]).await;
    assert!(working.path.ends_with("/working"), "{}", working.path);
    world.hand.pass_ms(30 * MINUTE_MS);
    world.work().await;
    assert!(world.case(&working.reference()).await.reissued().is_none());
    assert!(world.signs_in(ada, FIRST).await && !world.signs_in(ada, NEW).await);
    scene.world.end().await;
}

#[tokio::test]
async fn t_a14_of_two_messages_one_proves_and_the_other_adds_nothing() {
    let scene = scene().await;
    let (mut browser, case, first) = scene.with_link().await;
    let second = scene.mailed(&mut browser, &case).await;
    assert_ne!(first.link("/l/"), second.link("/l/"));
    let landing = browser.get(&second.link("/l/")).await;
    let how = browser.fill(&landing, &[]).await;
    assert!(how.says("You have shown 1 of 2 proofs"), "{}", how.html);
    // The older one is the same mailbox once more.
    for link in [&first, &second] {
        let landing = browser.get(&link.link("/l/")).await;
        browser.post(&landing.path, &[]).await;
        let now = scene.world.case(&case).await;
        assert!(matches!(now.stage(), Stage::Verifying(..)), "{:?}", now.stage());
        let how = browser.get(&format!("/recover/{case}/how")).await;
        assert!(how.says("You have shown 1 of 2 proofs"), "{}", how.html);
    }
    // The link of a case counts in its own browser alone, whichever is newer.
    let (mut other, newer, third) = scene.with_link().await;
    let landing = browser.get(&third.link("/l/")).await;
    assert_eq!(browser.post(&landing.path, &[]).await.status, 410);
    assert!(scene.world.case(&newer).await.evidence().is_empty());
    let landing = other.get(&third.link("/l/")).await;
    assert!(other.fill(&landing, &[]).await.says("You have shown 1 of 2 proofs"));
    scene.world.end().await;
}

#[tokio::test]
async fn t_a15_a_link_is_dead_when_its_address_is_the_persons_no_more() {
    let scene = scene().await;
    let (mut browser, case, mail) = scene.with_link().await;
    let factors = scene.world.living(&scene.ada, Method::Email).await;
    let factor = factors.iter().find(|factor| factor.label != "directory").expect("the private address").id;
    let (person, at) = (scene.ada.id, scene.world.ctx.now());
    scene.world.store().aside(Aside::default().guard(Guard::EndFactor { factor, person, at })).await.unwrap();
    let landing = browser.get(&mail.link("/l/")).await;
    let button = browser.fill(&landing, &[]).await;
    assert_eq!(button.status, 410, "{}", button.html);
    assert_eq!(scene.refused(&case).await, [RejectionReason::Expired]);
    let typed = browser.post(&format!("/recover/{case}/email"), &[("code", &mail.code())]).await;
    assert_eq!(typed.status, 422);
    assert!(scene.world.case(&case).await.evidence().is_empty());
    scene.world.end().await;
}

/// Changes the password by a case of its own, or the ways back in by somebody who is signed in.
async fn change(scene: &Scene, how: &str) {
    let Scene { world, app, codes, ada } = scene;
    let mut browser = world.browser();
    let page = match how {
        "recovered" => {
            let (own, page) = scene.begun().await;
            browser = own;
            page
        }
        path => {
            world.sign_in(&mut browser, ada, FIRST).await;
            world.begin(&mut browser, path).await
        }
    };
    let mut page = browser.show(&page, "app", &app.code(world.ctx.now())).await;
    if how == "recovered" {
        page = browser.show(&page, "recovery-code", &codes[0]).await;
    }
    let page = if page.path.ends_with("/new/password") {
        let working = browser.fill(&page, &[("new-password", OTHER)]).await;
        world.done(&mut browser, &working).await
    } else {
        let private = world.living(ada, Method::Email).await;
        let private = private.iter().find(|factor| factor.label != "directory").unwrap().id.to_string();
        let working = browser.fill(&page, &[("factor", &private)]).await;
        world.done(&mut browser, &working).await
    };
    assert!(page.path.ends_with("/done"), "{} {}", page.path, page.html);
}

#[tokio::test]
async fn t_a16_r11_a_link_is_dead_when_the_password_or_a_way_back_in_was_changed_meanwhile() {
    for how in ["recovered", "/me/password", "/me/remove/{private}"] {
        let scene = scene().await;
        let private = scene.world.living(&scene.ada, Method::Email).await;
        let private = private.iter().find(|factor| factor.label != "directory").unwrap().id.to_string();
        let (mut browser, case, mail) = scene.with_link().await;
        change(&scene, &how.replace("{private}", &private)).await;
        scene.is_dead(&mut browser, &case, &mail, how).await;
        scene.world.end().await;
    }
}

#[tokio::test]
async fn r50_a_link_works_whoever_is_signed_in_in_that_browser() {
    let scene = scene().await;
    let bob = scene.world.somebody("bob").await;
    for who in [&scene.ada, &bob] {
        let mut browser = scene.world.signed_in(who, FIRST).await;
        // Signed in, and without the case: told what to do.
        let (_, _, mail) = scene.with_link().await;
        assert_eq!(browser.get(&mail.link("/l/")).await.status, 410);
        let how = browser.post("/recover", &[("name", "ada"), ("for", "forgot")]).await;
        scene.world.work().await;
        let mail = scene.mailed(&mut browser, &how.reference()).await;
        let landing = browser.get(&mail.link("/l/")).await;
        let how = browser.fill(&landing, &[]).await;
        assert!(how.says("You have shown 1 of 2 proofs"), "{}: {}", who.name, how.html);
        assert_eq!(browser.get("/me").await.path, "/me", "and nobody was signed out");
    }
    scene.world.end().await;
}

#[tokio::test]
async fn n_36_a_code_in_another_spelling_is_neither_another_code_nor_another_try() {
    let scene = scene().await;
    let code = scene.app.code(scene.world.ctx.now());
    let (mut browser, how) = scene.begun().await;
    let app = |how: &Page| format!("/recover/{}/app", how.reference());
    assert!(browser.post(&app(&how), &[("code", &code)]).await.says("You have shown 1 of 2 proofs"));
    let wide: String = code.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect();
    let halves = code.split_at(3);
    let spelled = [
        format!("{} {}", halves.0, halves.1),
        format!("{}-{}", halves.0, halves.1),
        format!("\u{a0}{code}\t"),
        wide,
        code.clone(),
    ];
    let (mut browser, how) = scene.begun().await;
    for code in &spelled {
        assert_eq!(browser.post(&app(&how), &[("code", code)]).await.status, 422, "{code:?}");
    }
    // Five tries are five, however they were written: the right one comes too late.
    scene.world.hand.pass_ms(MINUTE_MS);
    let right = scene.app.code(scene.world.ctx.now());
    let late = browser.post(&app(&how), &[("code", &right)]).await;
    assert_eq!(late.status, 403, "{}", late.html);
    assert!(scene.world.case(&how.reference()).await.evidence().is_empty());
    scene.world.end().await;
}
