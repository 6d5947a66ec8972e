//! Somebody who forgot a password gets back in, and anybody can check that it went as it should have.

use std::{fs, path::Path};

use keyward::ctx::Ctx;
use keyward_core::{log::note::Signer, secret::Secret};
use serde_json::Value;

use crate::{
    browser::{Browser, Page},
    entry::{changed, entry, signs_in},
    people::{Person, somebody},
    process::{Call, eventually},
    stage::Installation,
    support::second::second,
};

/// What slapd itself writes when a password is set, and nothing else.
const OF_A_NEW_PASSWORD: [&str; 5] = ["entryCSN", "modifyTimestamp", "pwdChangedTime", "pwdHistory", "userPassword"];
/// The events of a recovery by oneself, without the notices, which come when the mail server takes them.
const FIVE_STEPS: [(&str, &str); 10] = [
    ("classify", "opened"),
    ("classify", "classified"),
    ("verify", "presented"),
    ("verify", "presented"),
    ("verify", "verified"),
    ("authorize", "authorized"),
    ("reissue", "submitted"),
    ("reissue", "started"),
    ("reissue", "recorded"),
    ("review", "reviewed"),
];

/// Types a name.
pub async fn ask(browser: &mut Browser, name: &str) -> Page {
    let find = browser.get("/recover?for=forgot").await;
    let how = browser.fill(&find, &[("name", name)]).await;
    assert!(how.path.ends_with("/how"), "{how:?}");
    how
}

/// From the first page to the choice of proofs, as soon as the worker knows whose account it is.
pub async fn open(installation: &Installation, browser: &mut Browser, person: &Person) -> Page {
    let how = ask(browser, &person.name).await;
    installation.reaches(&how.reference(), "verifying").await;
    how
}

/// Shows what the app shows.
pub async fn show_app(browser: &mut Browser, how: &Page, person: &Person) -> Page {
    browser.show(how, "app", &person.app()).await
}

/// From the first page to the field for the new password.
pub async fn prove(installation: &Installation, browser: &mut Browser, person: &Person) -> Page {
    let how = open(installation, browser, person).await;
    show_both(browser, &how, person).await
}

/// Shows what the app shows, and a printed code.
pub async fn show_both(browser: &mut Browser, how: &Page, person: &Person) -> Page {
    let how = show_app(browser, how, person).await;
    assert!(how.says("You have shown 1 of 2 proofs"), "{}", how.html);
    let password = browser.show(&how, "recovery-code", &person.codes[0]).await;
    assert!(password.path.ends_with("/new/password"), "{password:?}");
    password
}

/// Hands the new password in.
pub async fn hand_in(browser: &mut Browser, password: &Page, new: &str) -> Page {
    let working = browser.fill(password, &[("new-password", new)]).await;
    assert_eq!(working.heading(), "Reset your password Saving your new password");
    working
}

/// Until the page stands elsewhere than where it waits for the worker.
pub async fn after_working(browser: &mut Browser, working: &Page) -> Page {
    eventually("the worker is done", async || {
        let page = browser.get(&working.path).await;
        (!page.path.ends_with("/working")).then_some(page)
    })
    .await
}

/// Until the person is back in.
pub async fn back_in(browser: &mut Browser, working: &Page) {
    let done = after_working(browser, working).await;
    assert_eq!(done.heading(), "Reset your password You are back in", "{}", done.html);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m01_a_forgotten_password_of_a_real_directory_is_replaced_and_anybody_can_check_the_five_steps_offline() {
    let Some(installation) = Installation::new().await else { return };
    let (slapd, new) = (&installation.slapd, "copper violin harvest 71");
    let ada = somebody(&installation, "ada").await;
    let (_web, front) = installation.web().await;
    let _worker = installation.worker();
    assert!(signs_in(slapd, &ada.name, &ada.old).await);
    let before = entry(slapd, &ada.dn()).await;

    let mut browser = front.browser();
    let password = prove(&installation, &mut browser, &ada).await;
    assert!(changed(&before, &entry(slapd, &ada.dn()).await).is_empty(), "proofs change nothing");
    let short = browser.fill(&password, &[("new-password", "too short")]).await;
    assert!(short.says("Password must be 15 characters or more"), "{}", short.html);
    let working = hand_in(&mut browser, &short, new).await;
    back_in(&mut browser, &working).await;

    let after = entry(slapd, &ada.dn()).await;
    let changed = changed(&before, &after);
    assert!(changed.iter().all(|name| OF_A_NEW_PASSWORD.contains(&name.as_str())), "{changed:?}");
    let hash = String::from_utf8_lossy(after["userPassword"].first().unwrap()).into_owned();
    assert!(hash.starts_with("{ARGON2}"), "{hash}");
    assert!(signs_in(slapd, &ada.name, new).await);
    assert!(!signs_in(slapd, &ada.name, &ada.old).await, "the old password is dead");

    let case = password.reference();
    installation.reaches(&case, "reviewed").await;
    everybody_was_told(&installation, &ada, new).await;
    let row = installation.row(&case);
    assert_eq!((&row["class"], &row["over"], &row["rejections"]), (&"standard".into(), &true.into(), &0.into()));
    anybody_can_check(&installation, &case);
}

/// One message to each address when it was asked for, and one when it was done.
async fn everybody_was_told(installation: &Installation, person: &Person, new: &str) {
    let letters = eventually("four messages", async || Some(installation.letters()).filter(|all| all.len() >= 4)).await;
    for address in &person.addresses {
        let mut subjects: Vec<_> = letters.iter().filter(|letter| letter.to == *address).map(|l| &*l.subject).collect();
        subjects.sort_unstable();
        let told =
            ["Reset requested for your Northwind Hospital account", "Your Northwind Hospital password was changed"];
        assert_eq!(subjects, told, "{address}");
    }
    assert_eq!(letters.len(), 4, "nobody else was told");
    for letter in letters {
        for part in [&letter.text, &letter.html] {
            assert!(!part.contains(new) && !part.contains(&person.old), "{part}");
        }
        assert!(letter.text.contains("https://reset.northwind.test/not-me/kw_"), "{}", letter.text);
    }
}

/// The file, its key and the binary are enough; a changed file, or another key, is not.
fn anybody_can_check(installation: &Installation, case: &str) {
    let file = installation.path("evidence.json");
    let (folder, file) = (installation.folder.path(), file.to_str().unwrap());
    let exported = installation.keyward(&["case", "export", case, "-o", file]).succeed();
    let key = exported.lines().find_map(|line| line.strip_prefix("Log key")).expect("the key").trim();

    let call = Call::new(&["--output", "json", "verify", file, "--log-key", key]).offline();
    let told: Value = serde_json::from_str(&call.succeed()).unwrap();
    let told = &told["files"][0];
    for name in ["genuine", "over", "key_was_named"] {
        assert_eq!(told[name], true, "{name}: {told:#}");
    }
    assert_eq!(told["result"], "The change was made and reviewed.");
    assert_eq!(told["answers_checked"], 2, "both gates were asked again");
    let entries = told["entries"].as_array().unwrap().iter();
    let text = |value: &'_ Value| value.as_str().unwrap_or_default().to_owned();
    let steps = entries.map(|entry| (text(&entry["step"]), text(&entry["entry"]["event"]["type"])));
    let (notices, acts): (Vec<_>, Vec<_>) = steps.partition(|(_, event)| event == "noticed");
    assert_eq!(notices.len(), 4);
    let acts: Vec<_> = acts.iter().map(|(step, event)| (step.as_str(), event.as_str())).collect();
    assert_eq!(acts, FIVE_STEPS);

    if let Some(verdict) = second(&["bundle", file, key]) {
        assert!(verdict.holds, "{}", verdict.words);
    }
    let other = Signer::from_seed("reset.northwind.test", &Secret::new([9; 32])).unwrap().verifier().to_string();
    let refused = Call::new(&["verify", file, "--log-key", &other]).run();
    assert_eq!(refused.status.code(), Some(4), "another key of the same name");
    every_change_is_found(folder, &fs::read(file).unwrap(), key);
}

/// 200 files, each with one byte that is another one.
fn every_change_is_found(folder: &Path, genuine: &[u8], key: &str) {
    // They differ from run to run; a failure says what was changed.
    let ctx = Ctx::real();
    let change = || {
        let [by, place @ ..]: [u8; 5] = ctx.bytes();
        (u32::from_be_bytes(place) as usize % genuine.len(), by.max(1))
    };
    let halves: [[(usize, u8); 100]; 2] = std::array::from_fn(|_| std::array::from_fn(|_| change()));
    std::thread::scope(|scope| {
        for (half, changes) in halves.iter().enumerate() {
            let file = folder.join(format!("changed-{half}.json"));
            scope.spawn(move || {
                for (place, by) in changes {
                    let mut bytes = genuine.to_vec();
                    bytes[*place] ^= by;
                    fs::write(&file, bytes).unwrap();
                    let output = Call::new(&["verify", file.to_str().unwrap(), "--log-key", key]).run();
                    assert_eq!(output.status.code(), Some(4), "byte {place} xor {by}: {output:?}");
                }
            });
        }
    });
}
