//! Tests of seals and keyed digests.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use keyward_core::time::Timestamp;
use proptest::prelude::*;

use super::*;

fn key(byte: u8) -> Secret<[u8; 32]> {
    Secret::new(*Digest::of(&[byte]).bytes())
}
fn worker(byte: u8) -> OpenKey {
    OpenKey::new(&key(byte)).unwrap()
}
fn case(byte: u8) -> CaseId {
    CaseId::new(Timestamp::from_millis(1_795_000_000_000), [byte; 10])
}
fn attempt(of: u8, number: u32) -> Attempt {
    Attempt { case: case(of), number }
}
fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

#[test]
fn only_the_worker_opens_what_the_web_tier_sealed() {
    let worker_key = worker(1);
    let web: SealKey = worker_key.seal_key().to_string().parse().unwrap();
    let sealed = web.seal(&secret("correct horse"), attempt(1, 1)).unwrap();
    assert_eq!(worker_key.open(&sealed, attempt(1, 1)).unwrap().expose(), "correct horse");
    assert_eq!(worker(2).open(&sealed, attempt(1, 1)).unwrap_err(), SealError::UnknownKey);
}

#[test]
fn a_sealed_secret_moved_to_another_case_or_attempt_does_not_open() {
    let worker = worker(1);
    let sealed = worker.seal_key().seal(&secret("correct horse"), attempt(1, 1)).unwrap();
    for other in [attempt(2, 1), attempt(1, 2), attempt(1, 11)] {
        assert_eq!(worker.open(&sealed, other).unwrap_err(), SealError::Broken);
    }
}

#[test]
fn any_changed_byte_of_a_seal_is_noticed() {
    let worker = worker(1);
    let sealed = worker.seal_key().seal(&secret("correct horse"), attempt(1, 1)).unwrap();
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(worker.open(&changed, attempt(1, 1)).is_err(), "byte {at}");
    }
    for length in 0..sealed.len() {
        assert!(worker.open(&sealed[..length], attempt(1, 1)).is_err(), "{length} bytes");
    }
}

#[test]
fn the_length_of_a_seal_tells_nothing_about_a_password() {
    let web = worker(1).seal_key();
    let length = |text: &str| web.seal(&secret(text), attempt(1, 1)).unwrap().len();
    assert_eq!(length(""), length(&"x".repeat(127)));
    assert_ne!(length(""), length(&"x".repeat(128)));
}

#[test]
fn the_same_secret_sealed_twice_looks_different() {
    let web = worker(1).seal_key();
    assert_ne!(web.seal(&secret("a"), attempt(1, 1)), web.seal(&secret("a"), attempt(1, 1)));
}

#[test]
fn an_x25519_key_has_the_public_part_that_rfc_7748_says() {
    // Section 6.1, Alice.
    let private = HEXLOWER.decode(b"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a").unwrap();
    let public = HEXLOWER.decode(b"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a").unwrap();
    let worker = OpenKey::new(&Secret::new(private.try_into().unwrap())).unwrap();
    assert_eq!(worker.seal_key().0.as_slice(), public);
}

#[test]
fn t_a11_a_value_of_the_vault_is_unreadable_and_opens_in_its_own_place_only() {
    let vault = Vault::new(&key(1), &[]).unwrap();
    let place = Place { table: "factors.data", id: "factor_1" };
    let sealed = vault.seal(&Secret::new(b"twenty bytes of seed".to_vec()), place, [7; 12]).unwrap();
    assert!(!sealed.windows(6).any(|window| window == b"twenty"));
    assert_eq!(vault.open(&sealed, place).unwrap().expose(), b"twenty bytes of seed");
    for elsewhere in [
        Place { table: "factors.data", id: "factor_2" },
        Place { table: "factors.handle", id: "factor_1" },
        Place { table: "factors.datafactor", id: "_1" },
    ] {
        assert_eq!(vault.open(&sealed, elsewhere).unwrap_err(), SealError::Broken);
    }
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(vault.open(&changed, place).is_err(), "byte {at}");
    }
}

#[test]
fn a_new_key_opens_what_an_older_one_sealed() {
    let place = Place { table: "factors.data", id: "factor_1" };
    let sealed = Vault::new(&key(1), &[]).unwrap().seal(&Secret::new(b"seed".to_vec()), place, [7; 12]).unwrap();
    let renewed = Vault::new(&key(2), &[key(1)]).unwrap();
    assert_eq!(renewed.open(&sealed, place).unwrap().expose(), b"seed");
    let newer = renewed.seal(&Secret::new(b"seed".to_vec()), place, [7; 12]).unwrap();
    assert_eq!(Vault::new(&key(2), &[]).unwrap().open(&newer, place).unwrap().expose(), b"seed");
    assert_eq!(Vault::new(&key(2), &[]).unwrap().open(&sealed, place).unwrap_err(), SealError::UnknownKey);
}

#[test]
fn digests_of_different_things_never_meet() {
    let keys = [DigestKey::new(&key(1)).unwrap(), DigestKey::new(&key(2)).unwrap()];
    let mut seen = BTreeSet::new();
    for digests in &keys {
        for of in Keyed::ALL {
            for parts in [&[b"ab".as_slice(), b"c"][..], &[b"a", b"bc"], &[b"abc"], &[b"abc", b""]] {
                assert!(seen.insert(digests.digest(of, parts)));
            }
        }
    }
    assert_eq!(keys[0].digest(Keyed::Name, &[b"ada"]), DigestKey::new(&key(1)).unwrap().digest(Keyed::Name, &[b"ada"]));
}

#[test]
fn a_key_file_is_32_bytes_raw_or_one_line_of_base64_and_was_filled() {
    let good = key(3);
    let line = write_key(&good);
    for file in [good.expose().to_vec(), line.expose().clone().into_bytes(), line.expose().trim().into()] {
        assert_eq!(read_key(&file).unwrap().expose(), good.expose());
    }
    let long = "A".repeat(1_000_000);
    for file in ["", "\n", "AAAA", "zzz", &long, &format!("{}{}", line.expose(), line.expose())] {
        assert_eq!(read_key(file.as_bytes()).unwrap_err(), NotAKey);
    }
    for byte in [0, 0xff] {
        assert_eq!(read_key(&[byte; 32]).unwrap_err(), NotAKey);
    }
}

#[test]
fn r15_no_key_prints() {
    let text =
        format!("{:?} {:?} {:?}", worker(1), Vault::new(&key(1), &[]).unwrap(), DigestKey::new(&key(1)).unwrap());
    assert_eq!(text, "[open key] [vault] [digest key]");
}

proptest! {
    #[test]
    fn what_is_sealed_opens_as_it_was(text in any::<String>(), number in any::<u32>()) {
        let worker = worker(1);
        let sealed = worker.seal_key().seal(&secret(&text), attempt(1, number)).unwrap();
        let opened = worker.open(&sealed, attempt(1, number)).unwrap();
        prop_assert_eq!(opened.expose(), &text);
    }

    #[test]
    fn no_bytes_make_the_openers_fall(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let place = Place { table: "t", id: "i" };
        prop_assert!(worker(1).open(&bytes, attempt(1, 1)).is_err());
        prop_assert!(Vault::new(&key(1), &[]).unwrap().open(&bytes, place).is_err());
    }
}
