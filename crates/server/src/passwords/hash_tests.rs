//! Stored passwords: what is written, what is taken back, and what a hostile database may not do.

use keyward_core::secret::{Secret, SecretText};
use proptest::prelude::*;

use super::hash::{HashError, Hasher, MAX_HISTORY};
use super::password::Password;
use super::verifier::{Pepper, PepperError, Peppers, VerifierError};

const SALT: [u8; 16] = *b"sixteen bytes 01";
const OTHER_SALT: [u8; 16] = *b"sixteen bytes 02";

fn password(text: &str) -> Password {
    Password::new(SecretText::new(text.to_owned())).unwrap()
}

fn pepper(id: &str, byte: u8) -> Pepper {
    Pepper::new(id, Secret::new(vec![byte; 32])).unwrap()
}

fn hasher(peppers: Peppers) -> Hasher {
    Hasher::new(1, 8, peppers).unwrap()
}

fn keyed(id: &str, byte: u8) -> Hasher {
    hasher(Peppers::new(pepper(id, byte), Vec::new()).unwrap())
}

#[tokio::test]
async fn n_48_the_stored_string_is_argon2id_at_the_documented_cost() {
    let stored = hasher(Peppers::none()).hash(&password("plum ladder quiet"), SALT).await.unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAwMQ$"), "{stored}");
    let stored = keyed("k1", 1).hash(&password("plum ladder quiet"), SALT).await.unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid=azE$c2l4dGVlbiBieXRlcyAwMQ$"), "{stored}");
}

#[tokio::test]
async fn n_48_two_people_with_one_password_have_different_verifiers() {
    let hasher = hasher(Peppers::none());
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
async fn n_48_a_verifier_is_useless_without_the_key_file() {
    let right = keyed("k1", 1);
    let stored = right.hash(&password("plum"), SALT).await.unwrap();
    assert_eq!(right.verify(&password("plum"), Some(&stored)).await, Ok(true));
    let no_key = hasher(Peppers::none()).verify(&password("plum"), Some(&stored)).await;
    assert_eq!(no_key, Err(HashError::Stored(VerifierError::KeyMissing("k1".into()))));
    assert_eq!(keyed("k1", 2).verify(&password("plum"), Some(&stored)).await, Ok(false), "another key of that name");
    // Striking the key's name out of the string does not help whoever stole the database.
    let stripped = stored.replace(",keyid=azE", "");
    assert_eq!(hasher(Peppers::none()).verify(&password("plum"), Some(&stripped)).await, Ok(false));
}

#[tokio::test]
async fn n_48_keys_rotate_and_old_strings_are_told_apart() {
    let old = keyed("k1", 1).hash(&password("plum"), SALT).await.unwrap();
    let rotated = hasher(Peppers::new(pepper("k2", 2), vec![pepper("k1", 1)]).unwrap());
    assert_eq!(rotated.verify(&password("plum"), Some(&old)).await, Ok(true));
    assert_eq!(rotated.is_outdated(&old), Ok(true));
    let new = rotated.hash(&password("plum"), SALT).await.unwrap();
    assert!(new.contains("keyid=azI"), "{new}");
    assert_eq!(rotated.is_outdated(&new), Ok(false));
    assert_eq!(Peppers::new(pepper("k1", 1), vec![pepper("k1", 2)]).unwrap_err(), PepperError::Twice("k1".into()));
}

#[tokio::test]
async fn n_48_an_unkeyed_verifier_can_not_be_planted_beside_a_key() {
    let planted = hasher(Peppers::none()).hash(&password("attacker"), SALT).await.unwrap();
    let refused = keyed("k1", 1).verify(&password("attacker"), Some(&planted)).await;
    assert_eq!(refused, Err(HashError::Stored(VerifierError::Unkeyed)));
    let moving = hasher(Peppers::new(pepper("k1", 1), Vec::new()).unwrap().taking_unkeyed());
    assert_eq!(moving.verify(&password("attacker"), Some(&planted)).await, Ok(true));
    assert_eq!(moving.is_outdated(&planted), Ok(true));
}

#[test]
fn n_48_a_key_has_a_short_plain_id_and_enough_bytes() {
    for (id, bytes, taken) in [
        ("k1", 32, true),
        ("k1", 64, true),
        ("k1", 31, false),
        ("k1", 65, false),
        ("", 32, false),
        ("ninechars", 32, false),
        ("k,1", 32, false),
        ("ké", 32, false),
    ] {
        assert_eq!(Pepper::new(id, Secret::new(vec![7; bytes])).is_ok(), taken, "{id} {bytes}");
    }
    assert!(!format!("{:?}", pepper("k1", 0x42)).contains("66"));
}

#[tokio::test]
async fn n_46_nothing_is_cut_when_hashed() {
    let hasher = hasher(Peppers::none());
    let long: String = (0..100).map(|n| char::from(b'!' + (n % 90))).collect();
    let stored = hasher.hash(&password(&long), SALT).await.unwrap();
    for (length, right) in [(100, true), (99, false), (72, false), (64, false)] {
        assert_eq!(hasher.verify(&password(&long[..length]), Some(&stored)).await, Ok(right), "{length}");
    }
}

#[tokio::test]
async fn n_42_a_password_set_in_one_normal_form_works_in_the_other() {
    let hasher = hasher(Peppers::none());
    let stored = hasher.hash(&password(&"e\u{301}".repeat(15)), SALT).await.unwrap();
    assert_eq!(hasher.verify(&password(&"\u{e9}".repeat(15)), Some(&stored)).await, Ok(true));
}

#[tokio::test]
async fn t_j02_strings_that_look_like_something_else_are_hashed_as_they_are() {
    let hasher = hasher(Peppers::none());
    for text in ["{SSHA}x", "{CLEARTEXT}", "\"quoted\"", "back\\slash", " leading", "🔑"] {
        let stored = hasher.hash(&password(text), SALT).await.unwrap();
        assert_eq!(hasher.verify(&password(text), Some(&stored)).await, Ok(true), "{text}");
        assert_eq!(hasher.verify(&password(text.trim()), Some(&stored)).await, Ok(text.trim() == text), "{text}");
    }
}

#[tokio::test]
async fn v6_3_8_an_unknown_account_is_a_no_for_every_password() {
    for hasher in [hasher(Peppers::none()), keyed("k1", 1)] {
        assert_eq!(hasher.verify(&password("anything"), None).await, Ok(false));
        assert_eq!(hasher.verify(&password(""), None).await, Ok(false));
    }
}

#[tokio::test]
async fn t_k02_a_hostile_database_can_not_ask_for_costly_work() {
    let hasher = hasher(Peppers::none());
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
    assert_eq!(hasher.is_outdated(&cheaper), Ok(true));
}

#[tokio::test]
async fn what_is_no_argon2id_string_is_refused() {
    let hasher = hasher(Peppers::none());
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
        stored.replace("m=19456", "m=7"),
        format!("{stored}$"),
        format!("{stored}{}", "A".repeat(300)),
    ] {
        let refused = hasher.verify(&password("plum"), Some(&bad)).await;
        assert_eq!(refused, Err(HashError::Stored(VerifierError::Malformed)), "{bad}");
    }
}

#[tokio::test]
async fn pci_8_3_7_the_last_passwords_are_recognized() {
    let hasher = keyed("k1", 1);
    let mut history = Vec::new();
    for (text, salt) in [("plum one", SALT), ("plum two", OTHER_SALT), ("plum three", SALT)] {
        history.push(hasher.hash(&password(text), salt).await.unwrap());
    }
    for (text, reused) in
        [("plum one", true), ("plum two", true), ("plum three", true), ("plum four", false), ("Plum one", false)]
    {
        assert_eq!(hasher.is_reused(&password(text), &history).await, Ok(reused), "{text}");
    }
    assert_eq!(hasher.is_reused(&password("plum one"), &history[1..]).await, Ok(false));
    assert_eq!(hasher.is_reused::<&str>(&password("plum"), &[]).await, Ok(false));
    history.push("$argon2id$broken".into());
    assert_eq!(hasher.is_reused(&password("plum"), &history).await, Err(HashError::Stored(VerifierError::Malformed)));
    assert_eq!(
        hasher.is_reused(&password("plum"), &[""; MAX_HISTORY + 1]).await,
        Err(HashError::History(MAX_HISTORY + 1))
    );
}

#[tokio::test]
async fn t_k02_more_than_the_queue_is_busy_and_never_wrong() {
    let hasher = Hasher::new(1, 2, Peppers::none()).unwrap();
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
            let _ = super::verifier::is_outdated(&stored, &Peppers::none());
        }
    }
}
