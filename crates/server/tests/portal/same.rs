//! What a proof page answers, for a name that is an account with every way set up and for one that is none.

use crate::world::{Page, World};

/// What a page says, without what is drawn anew each time: tags with their challenges, and the reference.
fn words(page: &Page) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in page.html.replace(&page.reference(), "REFERENCE").chars() {
        match c {
            '<' => inside = true,
            '>' => (inside, _) = (false, text.push(' ')),
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An answer of an authenticator that nobody asked for.
const CREDENTIAL: &str = r#"{"id":"AAAA","rawId":"AAAA","type":"public-key","extensions":{},
    "response":{"clientDataJSON":"e30","authenticatorData":"AAAA","signature":"AAAA","userHandle":null}}"#;

type Cookie = Option<(&'static str, &'static str)>;

/// What is tried: the page, the field, what is sent, and a cookie that is set before.
const TRIED: [(&str, &str, &str, Cookie); 11] = [
    ("passkey", "credential", CREDENTIAL, None),
    ("passkey", "credential", "not an answer", None),
    ("passkey", "credential", CREDENTIAL, Some(("dialog", "kw_forged"))),
    ("passkey", "credential", CREDENTIAL, Some(("dialog", FORGED))),
    ("passkey", "credential", "", Some(("dialog", ""))),
    ("app", "code", "123456", None),
    ("app", "code", "1", None),
    ("recovery-code", "code", "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA-A", None),
    ("email", "code", "123456", None),
    ("device", "", "", None),
    ("device", "", "", Some(("device", FORGED))),
];
const FORGED: &str = "kw_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[tokio::test]
async fn t_c01_what_does_not_hold_is_answered_alike_for_every_name() {
    let world = World::with(|terms| (terms.starts.per_name_hour, terms.starts.per_network_hour) = (99, 99)).await;
    let ada = world.somebody("ada").await;
    world.give_app(&ada).await;
    world.give_codes(&ada).await;
    for (page, field, sent, cookie) in TRIED {
        let mut said = Vec::new();
        for name in ["ada", "nobody-here"] {
            let mut browser = world.browser();
            let how = world.forgot(&mut browser, name).await;
            browser.get(&format!("/recover/{}/{page}", how.reference())).await;
            if let Some((cookie, value)) = cookie {
                browser.cookies.insert(format!("__Host-kw-{cookie}"), value.to_owned());
            }
            let answer = browser.post(&format!("/recover/{}/{page}", how.reference()), &[(field, sent)]).await;
            said.push((answer.status, words(&answer)));
        }
        assert_eq!(said[0], said[1], "{page} {sent} {cookie:?}");
        assert_eq!(said[0].0, 422, "{page} {sent}");
    }
    world.end().await;
}

/// A lower bound. What it takes beyond that is the machine's business, and `make bench ONLY=p24` compares it.
#[tokio::test]
async fn t_c02_r18_a_page_and_a_proof_that_does_not_hold_are_told_no_sooner_for_any_name() {
    let world = World::with(|terms| (terms.starts.per_name_hour, terms.starts.per_network_hour) = (99, 99)).await;
    let ada = world.somebody("ada").await;
    world.give_app(&ada).await;
    world.give_codes(&ada).await;
    for name in ["ada", "nobody-here"] {
        let mut browser = world.browser();
        let how = world.forgot(&mut browser, name).await;
        let began = keyward::bare::clock::wall();
        assert_eq!(browser.get(&how.path).await.status, 200);
        assert!(began.elapsed().as_millis() >= 5, "the page for {name}: {:?}", began.elapsed());
        for (page, field, sent) in [
            ("passkey", "credential", CREDENTIAL),
            ("app", "code", "123456"),
            ("recovery-code", "code", "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA-A"),
            ("email", "code", "123456"),
            ("device", "", ""),
        ] {
            let began = keyward::bare::clock::wall();
            let answer = browser.post(&format!("/recover/{}/{page}", how.reference()), &[(field, sent)]).await;
            assert_eq!(answer.status, 422, "{page} {}", answer.html);
            assert!(began.elapsed().as_millis() >= 50, "{page} for {name}: {:?}", began.elapsed());
        }
    }
    world.end().await;
}
