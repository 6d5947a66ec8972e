//! Only the worker can change the directory; and whatever happens to it while it does, the change is made once or not at all.

use std::fs;

use serde_json::Value;

use crate::{
    browser::{Browser, Page},
    entry::{changed, entry, signs_in},
    front::Front,
    people::{Person, somebody},
    process::Call,
    recovery::{after_working, back_in, hand_in, prove},
    stage::{Installation, SITE},
    support::{proxy::Wire, slapd::SERVICE},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c20_without_a_worker_nothing_changes_and_with_one_again_it_goes_on() {
    let Some(installation) = Installation::new().await else { return };
    let (slapd, new) = (&installation.slapd, "amber lantern meadow 52");
    let ben = somebody(&installation, "ben").await;
    let (_web, front) = installation.web().await;
    let mut worker = installation.worker();
    let mut browser = front.browser();
    let password = prove(&installation, &mut browser, &ben).await;
    worker.kill();
    let before = entry(slapd, &ben.dn()).await;

    let working = hand_in(&mut browser, &password, new).await;
    for _ in 0..3 {
        let page = browser.get(&working.path).await;
        assert_eq!(page.heading(), "Reset your password Saving your new password");
    }
    let again = browser.get(&password.path).await;
    assert_eq!(again.path, working.path, "there is no second field for a second password");
    assert!(changed(&before, &entry(slapd, &ben.dn()).await).is_empty(), "nobody has touched the directory");
    assert_eq!(installation.row(&password.reference())["state"], "reissuing");

    let mut worker = installation.worker();
    back_in(&mut browser, &working).await;
    assert!(signs_in(slapd, &ben.name, new).await);
    assert!(!signs_in(slapd, &ben.name, &ben.old).await);
    assert_eq!(writes(&installation, &ben), 1);
    assert!(worker.terminate().success(), "asked to end, it ends well: {}", worker.said());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c20_the_folder_of_the_pages_holds_nothing_that_opens_the_directory_or_signs_the_log() {
    let Some(installation) = Installation::new().await else { return };
    let (_web, _) = installation.web().await;
    let keys: Vec<Vec<u8>> = ["seal.key", "log-signing.key"]
        .map(|name| fs::read(installation.path("worker/keys").join(name)).unwrap())
        .into_iter()
        .chain([SERVICE.1.as_bytes().to_vec(), SERVICE.0.as_bytes().to_vec()])
        .collect();
    let files: Vec<_> = fs::read_dir(installation.path("web")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    for file in files {
        let bytes = fs::read(&file).unwrap();
        for key in &keys {
            assert!(!bytes.windows(key.len()).any(|part| part == key), "{}", file.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c20_what_the_worker_can_not_open_is_never_begun() {
    let Some(installation) = Installation::new().await else { return };
    let quin = somebody(&installation, "quin").await;
    // The pages seal for another worker: somebody has copied the wrong line.
    let (file, other) = (installation.path("web/keyward.toml"), installation.path("other/keyward.toml"));
    Call::new(&["--config", other.to_str().unwrap(), "config", "init", "--yes", "--public-url", SITE]).succeed();
    let line = |text: &str| text.lines().find(|line| line.starts_with("seal_public_key")).unwrap().to_owned();
    let text = fs::read_to_string(&file).unwrap();
    let changed = text.replace(&line(&text), &line(&fs::read_to_string(other).unwrap()));
    assert_ne!(text, changed);
    fs::write(&file, changed).unwrap();

    let (_web, front) = installation.web().await;
    let _worker = installation.worker();
    let mut browser = front.browser();
    let password = prove(&installation, &mut browser, &quin).await;
    let working = hand_in(&mut browser, &password, "maple badger tundra 17").await;
    installation.has_failed(&working.reference(), "reissue").await;
    assert_eq!(installation.row(&working.reference())["state"], "reissuing", "it waits for the right key");
    assert_eq!(writes(&installation, &quin), 0);
}

/// How often slapd was asked to set somebody's password.
fn writes(installation: &Installation, person: &Person) -> usize {
    let id = format!("PASSMOD id=\"{}\"", person.dn());
    installation.slapd.log().matches(&id).count()
}

/// Somebody whose new password is on its way.
struct Underway {
    person: Person,
    browser: Browser,
    working: Page,
    new: String,
}

impl Underway {
    async fn new(installation: &Installation, front: &Front, name: &str, wire: Wire) -> Self {
        let person = somebody(installation, name).await;
        let mut browser = front.browser();
        let new = format!("slate otter canyon {name} 38");
        let password = prove(installation, &mut browser, &person).await;
        installation.wire.arm(wire, &new);
        let working = hand_in(&mut browser, &password, &new).await;
        Self { person, browser, working, new }
    }
    fn case(&self) -> String {
        self.working.reference()
    }
    async fn opens(&self, installation: &Installation) -> bool {
        signs_in(&installation.slapd, &self.person.name, &self.new).await
    }
    /// What the log says of each attempt: begun, and every answer.
    fn attempts(&self, installation: &Installation) -> Vec<String> {
        let file = installation.path("attempts.json");
        let file = file.to_str().unwrap();
        installation.keyward(&["case", "export", &self.case(), "--force", "-o", file]).succeed();
        let told = installation.keyward(&["--output", "json", "verify", file]).succeed();
        let told: Value = serde_json::from_str(&told).unwrap();
        let events = told["files"][0]["entries"].as_array().unwrap().iter().map(|line| &line["entry"]["event"]);
        let attempt = |event: &Value| {
            let number = &event["attempt"];
            match event["type"].as_str()? {
                "started" => Some(format!("{number} started")),
                "recorded" => Some(format!("{number} {}", event["outcome"]["answer"].as_str()?)),
                _ => None,
            }
        };
        events.filter_map(attempt).collect()
    }
    /// The page asks once more; this time nothing is in the way.
    async fn once_more(&mut self, installation: &Installation) {
        let password = after_working(&mut self.browser, &self.working).await;
        assert!(password.path.ends_with("/new/password"), "{password:?}");
        assert!(signs_in(&installation.slapd, &self.person.name, &self.person.old).await, "nothing was changed");
        self.working = hand_in(&mut self.browser, &password, &self.new).await;
    }
}

/// Four ends of a write, each at its worst moment; then the worker that comes two minutes later has to find out what became of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_e10_a_worker_killed_at_the_write_leaves_one_change_or_none_and_never_a_second() {
    let Some(installation) = Installation::with_faults().await else { return };
    let (_web, front) = installation.web().await;
    let mut worker = installation.worker();

    // The answer is lost, and the worker lives on.
    let mut unanswered = Underway::new(&installation, &front, "finn", Wire::LosesAnswer).await;
    installation.reaches(&unanswered.case(), "unknown").await;
    // The request is lost, and nobody can know yet that it will never arrive.
    let mut unsent = Underway::new(&installation, &front, "gus", Wire::LosesRequest).await;
    installation.reaches(&unsent.case(), "unknown").await;
    // The worker is killed with the request on its way, and it never arrives.
    let mut killed_before = Underway::new(&installation, &front, "dan", Wire::SwallowsRequest).await;
    installation.reaches(&killed_before.case(), "running").await;
    worker.kill();
    // The worker is killed when slapd has done it, before it hears so.
    let mut worker = installation.worker();
    let mut killed_after = Underway::new(&installation, &front, "eva", Wire::SwallowsAnswer).await;
    crate::process::until("slapd has done it", || (writes(&installation, &killed_after.person) == 1).then_some(()));
    worker.kill();
    // The worker is killed at any moment after it said that it begins.
    let mut worker = installation.worker();
    let mut killed_anywhere = Underway::new(&installation, &front, "hana", Wire::Whole).await;
    installation.reaches(&killed_anywhere.case(), "running unknown reviewing reviewed").await;
    worker.kill();
    installation.wire.arm(Wire::Whole, "");

    installation.passes(150);
    let _worker = installation.worker();
    for underway in [&mut unsent, &mut killed_before] {
        underway.once_more(&installation).await;
    }
    for underway in [&mut unanswered, &mut unsent, &mut killed_before, &mut killed_after] {
        back_in(&mut underway.browser, &underway.working).await;
    }
    let end = after_working(&mut killed_anywhere.browser, &killed_anywhere.working).await;
    if end.path.ends_with("/new/password") {
        killed_anywhere.once_more(&installation).await;
        back_in(&mut killed_anywhere.browser, &killed_anywhere.working).await;
    }
    for underway in [&unanswered, &unsent, &killed_before, &killed_after, &killed_anywhere] {
        let attempts = underway.attempts(&installation);
        assert_eq!(writes(&installation, &underway.person), 1, "{} {attempts:?}", underway.person.name);
        assert!(underway.opens(&installation).await, "{}", underway.person.name);
        assert_eq!(attempts.iter().filter(|attempt| attempt.ends_with(" done")).count(), 1, "{attempts:?}");
    }
    let found = ["1 started", "1 unknown", "1 done"];
    let repeated = ["1 started", "1 unknown", "1 not_done", "2 started", "2 done"];
    assert_eq!(unanswered.attempts(&installation), found);
    assert_eq!(killed_after.attempts(&installation), found);
    assert_eq!(unsent.attempts(&installation), repeated);
    assert_eq!(killed_before.attempts(&installation), repeated);
}
