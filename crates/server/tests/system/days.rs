//! What somebody sets up at the pages is what brings them back days later. The days pass by faketime, in the process alone.

use keyward::{ctx::Ctx, methods::totp::Seed};
use keyward_core::{secret::Secret, time::SECOND_MS};

use crate::{
    browser::{Browser, Page},
    people::{Letter, account},
    process::{Process, eventually},
    recovery::{ask, back_in, hand_in},
    small::Small,
    support::skip,
};

const OLD: &str = "three blue kettles sing";
const NEW: &str = "cedar falcon harbor 90";
const DAY_S: u32 = 24 * 60 * 60;

/// Somebody at a process that is so many seconds ahead.
struct Later<'a> {
    small: &'a Small,
    process: Process,
    browser: Browser,
    ahead_s: u32,
}

impl<'a> Later<'a> {
    async fn by(small: &'a Small, ahead_s: u32) -> Option<Self> {
        let (process, browser) = small.serve_later(ahead_s).await?;
        Some(Self { small, process, browser, ahead_s })
    }

    /// What the app shows then.
    fn app(&self, seed: &Seed) -> String {
        seed.code(Ctx::real().now().plus_ms(i64::from(self.ahead_s) * SECOND_MS)).expose().clone()
    }
    /// Until a page leads elsewhere.
    async fn beyond(&mut self, page: &Page, what: &str) -> Page {
        eventually(what, async || {
            let next = self.browser.get(&page.path).await;
            (next.path != page.path).then_some(next)
        })
        .await
    }
    async fn signs_in(&mut self) {
        let form = self.browser.get("/sign-in").await;
        let wait = self.browser.fill(&form, &[("name", "rosa"), ("password", OLD)]).await;
        let me = if wait.path == "/me" { wait } else { self.beyond(&wait, "the password is tried").await };
        assert_eq!(me.path, "/me", "{}", me.html);
    }
    /// From a page of one's own to the choice of proofs.
    async fn begins(&mut self, path: &str) -> Page {
        let page = self.browser.get(path).await;
        let looking = self.browser.fill(&page, &[]).await;
        self.beyond(&looking, "the account is looked up").await
    }
    /// The worker does what was handed in.
    async fn done(&mut self, working: &Page) -> Page {
        assert!(working.path.ends_with("/working"), "{} {}", working.path, working.html);
        self.beyond(working, "the worker is done").await
    }
    async fn shows_app(&mut self, how: &Page, seed: &Seed) -> Page {
        let code = self.app(seed);
        self.browser.show(how, "app", &code).await
    }
    async fn shows_mailbox(&mut self, how: &Page) -> Page {
        let page = self.browser.fill(how, &[("way", "email")]).await;
        let code = eventually("a code by mail", async || self.small.letters().iter().find_map(Letter::code)).await;
        self.browser.fill(&page, &[("code", &code)]).await
    }
    fn ends(mut self) {
        assert!(self.process.terminate().success(), "{}", self.process.said());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m103_an_app_and_a_sheet_that_are_set_up_at_the_pages_bring_somebody_back_four_days_later() {
    let small = Small::new().await;
    let inside = small.inside().await;
    let rosa = account(&inside, "rosa", OLD).await;

    let Some(mut today) = Later::by(&small, 0).await else { return skip("faketime", "it is not installed") };
    today.signs_in().await;
    let how = today.begins("/me/app/add").await;
    let bind = today.shows_mailbox(&how).await;
    let key = bind.element("app-key").replace(' ', "");
    let seed = data_encoding::BASE32_NOPAD.decode(key.as_bytes()).unwrap();
    let seed = Seed::from_stored(&Secret::new(seed)).unwrap();
    let code = today.app(&seed);
    let working = today.browser.fill(&bind, &[("code", &code)]).await;
    today.done(&working).await;
    today.ends();

    // A code of the app counts once, also for setting it up.
    let mut soon = Later::by(&small, 90).await.unwrap();
    soon.signs_in().await;
    let how = soon.begins("/me/recovery-codes").await;
    let bind = soon.shows_app(&how, &seed).await;
    let working = soon.browser.fill(&bind, &[]).await;
    let sheet = soon.done(&working).await;
    let codes = sheet.items("sheet");
    assert_eq!(codes.len(), 10);
    soon.browser.fill(&sheet, &[]).await;
    soon.ends();

    let mut later = Later::by(&small, 4 * DAY_S).await.unwrap();
    let how = ask(&mut later.browser, "rosa").await;
    eventually("rosa is told", async || {
        let asked = |letter: &Letter| letter.subject.starts_with("Reset requested");
        small.letters().iter().any(asked).then_some(())
    })
    .await;
    let how = later.shows_app(&how, &seed).await;
    let password = later.browser.show(&how, "recovery-code", &codes[3]).await;
    assert!(password.path.ends_with("/new/password"), "{} {}", password.path, password.html);
    let working = hand_in(&mut later.browser, &password, NEW).await;
    back_in(&mut later.browser, &working).await;
    assert!(rosa.opens(NEW).await && !rosa.opens(OLD).await);
    later.ends();

    let added = "A way back into your Northwind Hospital account was added";
    assert_eq!(small.letters().iter().filter(|letter| letter.subject == added).count(), 2, "each was told");
}
