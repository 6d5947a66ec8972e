//! Stored passwords: what is written, what is taken back, and what a hostile database may not do.

use keyward_core::secret::SecretText;
use proptest::prelude::*;

use super::hash::{HashError, Hasher};
use super::password::Password;
use super::verifier::{Verifier, VerifierError};

const SALT: [u8; 16] = *b"sixteen bytes 01";
const OTHER_SALT: [u8; 16] = *b"sixteen bytes 02";

fn password(text: &str) -> Password {
    Password::new(SecretText::new(text.to_owned())).unwrap()
}

fn hasher() -> Hasher {
    Hasher::new(1, 8).unwrap()
}

#[tokio::test]
async fn n_48_the_stored_string_is_argon2id_at_the_documented_cost() {
    let stored = hasher().hash(&password("plum ladder quiet"), SALT).await.unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAwMQ$"), "{stored}");
}

#[tokio::test]
async fn n_48_two_people_with_one_password_have_different_verifiers() {
    let hasher = hasher();
    let (one, other) = (
        hasher.hash(&password("same"), SALT).await.unwrap(),
        hasher.hash(&password("same"), OTHER_SALT).await.unwrap(),
    );
    assert_ne!(one.rsplit('$').next(), other.rsplit('$').next());
    for stored in [one, other] {
        assert_eq!(hasher.verify(&password("same"), Some(&stored)).await, Ok(true));
        assert_eq!(hasher.verify(&password("Same"), Some(&stored)).await, Ok(false));
    }
}

#[tokio::test]
async fn n_46_nothing_is_cut_when_hashed() {
    let hasher = hasher();
    let long: String = (0..100).map(|n| char::from(b'!' + (n % 90))).collect();
    let stored = hasher.hash(&password(&long), SALT).await.unwrap();
    for (length, right) in [(100, true), (99, false), (72, false), (64, false)] {
        assert_eq!(hasher.verify(&password(&long[..length]), Some(&stored)).await, Ok(right), "{length}");
    }
}

#[tokio::test]
async fn n_42_a_password_set_in_one_normal_form_works_in_the_other() {
    let hasher = hasher();
    let stored = hasher.hash(&password(&"e\u{301}".repeat(15)), SALT).await.unwrap();
    assert_eq!(hasher.verify(&password(&"\u{e9}".repeat(15)), Some(&stored)).await, Ok(true));
}

#[tokio::test]
async fn t_j02_strings_that_look_like_something_else_are_hashed_as_they_are() {
    let hasher = hasher();
    for text in ["{SSHA}x", "{CLEARTEXT}", "\"quoted\"", "back\\slash", " leading", "🔑"] {
        let stored = hasher.hash(&password(text), SALT).await.unwrap();
        assert_eq!(hasher.verify(&password(text), Some(&stored)).await, Ok(true), "{text}");
        assert_eq!(hasher.verify(&password(text.trim()), Some(&stored)).await, Ok(text.trim() == text), "{text}");
    }
}

#[tokio::test]
async fn v6_3_8_an_unknown_account_is_a_no_for_every_password() {
    let hasher = hasher();
    assert_eq!(hasher.verify(&password("anything"), None).await, Ok(false));
    assert_eq!(hasher.verify(&password(""), None).await, Ok(false));
}

#[tokio::test]
async fn t_k02_a_hostile_database_can_not_ask_for_costly_work() {
    let hasher = hasher();
    let stored = hasher.hash(&password("plum"), SALT).await.unwrap();
    for (from, to) in [
        ("m=19456", "m=19457"),
        ("m=19456", "m=4294967295"),
        ("t=2", "t=9"),
        ("t=2", "t=4294967295"),
        ("p=1", "p=5"),
        ("p=1", "p=2432"),
    ] {
        let refused = hasher.verify(&password("plum"), Some(&stored.replace(from, to))).await;
        assert!(matches!(refused, Err(HashError::Stored(VerifierError::TooCostly { .. }))), "{to}: {refused:?}");
    }
    let cheaper = stored.replace("m=19456,t=2", "m=64,t=1");
    assert_eq!(
        hasher.verify(&password("plum"), Some(&cheaper)).await,
        Ok(false),
        "within the limits, but another digest"
    );
}

#[tokio::test]
async fn what_is_no_argon2id_string_is_refused() {
    let hasher = hasher();
    let stored = hasher.hash(&password("plum"), SALT).await.unwrap();
    let (start, digest) = stored.rsplit_once('$').unwrap();
    for bad in [
        String::new(),
        "plum".into(),
        "{SSHA}abc".into(),
        "$2b$12$abcdefghijklmnopqrstuuXnXwU8ZQmPzgkDgFf9JwWjPjTYaVbXy".into(),
        start.into(),
        format!("{start}$"),
        format!("{start}${}", &digest[..14]),
        stored.replace("argon2id", "argon2i"),
        stored.replace("v=19", "v=16"),
        stored.replace("$v=19", ""),
        stored.replace("p=1", "p=0"),
        stored.replace("p=1", "p=1,x=1"),
        stored.replace("p=1", "p=1,data=azE"),
        // Keyed; there is no key.
        stored.replace("p=1", "p=1,keyid=azE"),
        stored.replace("m=19456", "m=7"),
        format!("{stored}$"),
        format!("{stored}{}", "A".repeat(300)),
    ] {
        let refused = hasher.verify(&password("plum"), Some(&bad)).await;
        assert_eq!(refused, Err(HashError::Stored(VerifierError::Malformed)), "{bad}");
    }
}

#[tokio::test]
async fn t_k02_more_than_the_queue_is_busy_and_never_wrong() {
    let hasher = Hasher::new(1, 2).unwrap();
    let stored = hasher.hash(&password("plum"), SALT).await.unwrap();
    let plum = password("plum");
    let answers = futures_util::future::join_all((0..20).map(|_| hasher.verify(&plum, Some(&stored)))).await;
    let right = answers.iter().filter(|answer| **answer == Ok(true)).count();
    let busy = answers.iter().filter(|answer| **answer == Err(HashError::Busy { retry_after_s: 1 })).count();
    assert_eq!(right + busy, 20, "{answers:?}");
    assert!(right >= 2 && busy >= 1, "{right} right, {busy} busy");
}

proptest! {
    #[test]
    fn any_stored_string_is_survived(stored in any::<String>(), field in "\\$argon2id\\$v=19\\$m=[0-9]{1,12},t=[0-9]{1,3}\\$[A-Za-z0-9+/]{0,70}\\$[A-Za-z0-9+/]{0,100}") {
        for stored in [stored, field] {
            let _ = Verifier::parse(&stored);
        }
    }
}
