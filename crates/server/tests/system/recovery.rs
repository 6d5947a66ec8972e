//! Somebody who forgot a password gets back in, and anybody can check that it went as it should have.

use std::fs;

use serde_json::Value;

use crate::{
    browser::{Browser, Page},
    entry::{changed, entry, signs_in},
    people::{Person, somebody},
    process::{Call, eventually},
    stage::Installation,
};

/// From the first page to the field for the new password.
pub async fn prove(installation: &Installation, browser: &mut Browser, person: &Person, code: usize) -> Page {
    let find = browser.get("/recover?for=forgot").await;
    let how = browser.fill(&find, &[("name", &person.name)]).await;
    assert!(how.path.ends_with("/how"), "{how:?}");
    installation.letter(&person.addresses[1], "Reset requested for your Northwind Hospital account").await;
    let type_app = browser.fill(&how, &[("way", "app")]).await;
    let how = browser.fill(&type_app, &[("code", &person.app())]).await;
    assert!(how.says("You have shown 1 of 2 proofs"), "{}", how.html);
    let type_code = browser.fill(&how, &[("way", "recovery-code")]).await;
    let password = browser.fill(&type_code, &[("code", &person.codes[code])]).await;
    assert!(password.path.ends_with("/new/password"), "{password:?}");
    password
}

/// Until the page stands elsewhere than where it waits for the worker.
pub async fn after_working(browser: &mut Browser, working: &Page) -> Page {
    eventually("the worker is done", async || {
        let page = browser.get(&working.path).await;
        (!page.path.ends_with("/working")).then_some(page)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m01_a_forgotten_password_of_a_real_directory_is_replaced_by_proofs_that_the_policy_demands() {
    let Some(installation) = Installation::new().await else { return };
    let ada = somebody(&installation, "ada").await;
    let new = "copper violin harvest 71";
    let (_web, front) = installation.web().await;
    let _worker = installation.worker();
    let before = entry(&installation.slapd, &ada.dn()).await;
    assert!(signs_in(&installation.slapd, &ada.name, &ada.old).await);

    let mut browser = front.browser();
    let password = prove(&installation, &mut browser, &ada, 0).await;
    let case = password.reference();
    let working = browser.fill(&password, &[("new-password", new)]).await;
    let done = after_working(&mut browser, &working).await;
    assert_eq!(done.heading(), "Reset your password You are back in");

    assert!(signs_in(&installation.slapd, &ada.name, new).await);
    assert!(!signs_in(&installation.slapd, &ada.name, &ada.old).await, "the old password is dead");
    println!("CHANGED {:?}", changed(&before, &entry(&installation.slapd, &ada.dn()).await));
    for address in &ada.addresses {
        let told = installation.letter(address, "Your Northwind Hospital password was changed").await;
        assert!(!told.text.contains(new), "{}", told.text);
    }
    let list: Value = serde_json::from_str(&installation.keyward(&["--output", "json", "case", "list"]).succeed()).unwrap();
    println!("{list:#}");
    let file = installation.path("evidence.json");
    let file = file.to_str().unwrap();
    println!("{}", installation.keyward(&["case", "export", &case, "-o", file]).succeed());
    println!("{}", Call::new(&["verify", file]).offline().succeed());
    println!("{}", fs::read_to_string(file).unwrap().len());
}
