//! Passkeys against an authenticator and a browser's checks by other authors. Not here: dialogs in a real browser (`e2e/`).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use keyward_core::{ids::CaseId, steps::verify::RejectionReason, time::MINUTE_MS};

use super::*;

#[path = "../../../tests/support/authenticator.rs"]
#[allow(dead_code)]
mod authenticator;

use authenticator::{AAGUID, Key};

const SITE: &str = "https://reset.example.org";

/// An answer to a dialog, on our own site.
async fn answered(key: &Key, dialog: &Dialog) -> Answered {
    read(&key.get_at(SITE, &dialog.options).await.unwrap())
}

fn read(answer: &Value) -> Answered {
    Answered::read(answer.to_string().as_bytes()).unwrap()
}
fn site() -> RelyingParty {
    RelyingParty::new(&Url::parse(SITE).unwrap(), "Northwind").unwrap()
}
fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000).plus_ms(minutes * MINUTE_MS)
}
fn person(byte: u8) -> PersonId {
    PersonId::new(at(0), [byte; 10])
}
fn factor(byte: u8) -> FactorId {
    FactorId::new(at(0), [byte; 10])
}
fn browser(byte: u8) -> Digest {
    Digest::of(&[byte])
}
fn prove(case: u8) -> Bound {
    Bound { aim: Aim::Prove { case: CaseId::new(at(0), [case; 10]) }, browser: browser(1) }
}
fn enroll(byte: u8) -> Bound {
    Bound { aim: Aim::Enroll { person: person(byte) }, browser: browser(1) }
}
fn wanted(byte: u8) -> Enrollment<'static> {
    let (name, display_name) = ("ada", "Ada Lovelace");
    Enrollment { person: person(byte), name, display_name, browser: browser(1), security_key: false }
}
/// A dialog whose answer comes after some minutes.
fn open(dialog: &Dialog, bound: Bound, minutes: i64) -> Open<'_> {
    Open { state: &dialog.state, bound, at: at(minutes) }
}
fn begin_enrollment(byte: u8, existing: &[Record]) -> Dialog {
    site().begin_enrollment(wanted(byte), existing, at(0)).unwrap()
}

/// A person with one passkey on their own device.
struct Owner {
    device: Key,
    byte: u8,
    passkeys: Vec<(FactorId, Record)>,
}

impl Owner {
    async fn new(byte: u8) -> Self {
        let device = Key::default();
        let dialog = begin_enrollment(byte, &[]);
        let answer = device.create_at(SITE, &dialog.options).await.unwrap();
        let record = site().finish_enrollment(open(&dialog, enroll(byte), 1), &text(&answer), &[]).unwrap();
        Self { device, byte, passkeys: vec![(factor(byte), stored_and_read(&record))] }
    }
    fn subject(&self) -> Subject<'_> {
        Subject { person: person(self.byte), passkeys: &self.passkeys }
    }
    async fn proof(&self) -> Result<Proved, PasskeyRefusal> {
        let dialog = site().begin(prove(1), at(0)).unwrap();
        site().finish(open(&dialog, prove(1), 1), &answered(&self.device, &dialog).await, self.subject())
    }
}

fn text(answer: &Value) -> Vec<u8> {
    answer.to_string().into_bytes()
}
fn stored_and_read(record: &Record) -> Record {
    Record::from_stored(&record.to_stored().unwrap()).unwrap()
}
fn change(answer: &mut Value, pointer: &str, by: impl FnOnce(&mut Vec<u8>)) {
    let field = answer.pointer_mut(pointer).unwrap();
    let mut bytes = BASE64URL_NOPAD.decode(field.as_str().unwrap().as_bytes()).unwrap();
    by(&mut bytes);
    *field = Value::String(BASE64URL_NOPAD.encode(&bytes));
}

#[tokio::test]
async fn an_enrolled_passkey_proves_its_person_and_names_its_factor() {
    let ada = Owner::new(1).await;
    let proved = ada.proof().await.unwrap();
    assert_eq!(proved.sources, [Source::Factor { id: factor(1) }]);
    let UsesUp::Record { factor: changed, data } = proved.uses_up else {
        panic!("a counter that went up is stored");
    };
    assert_eq!(changed, factor(1));
    assert!(Record::from_stored(&data).is_ok());
}

#[tokio::test]
async fn ux_40_a_passkey_keeps_which_product_holds_it() {
    let ada = Owner::new(1).await;
    let record = &ada.passkeys[0].1;
    assert_eq!(record.aaguid(), Some(Uuid::from_bytes(AAGUID).to_string()));
    assert_eq!(record.credential_id(), ada.device.drawer.0.lock().unwrap()[0].credential_id.as_slice());
}

#[test]
fn ux_04_the_dialog_is_the_same_whoever_is_asked() {
    let shape = |bound: Bound| {
        let mut options = site().begin(bound, at(0)).unwrap().options;
        let challenge = options["publicKey"]["challenge"].take();
        (challenge, options)
    };
    let (one, two) = (shape(prove(1)), shape(prove(2)));
    assert_eq!(one.1, two.1);
    assert_ne!(one.0, two.0);
    assert_eq!(one.1["publicKey"]["allowCredentials"], json!([]));
    assert_eq!(one.1["publicKey"]["userVerification"], "required");
    assert!(one.1.get("mediation").is_none_or(Value::is_null));
}

#[test]
fn v6_7_2_challenges_have_256_bits_and_never_come_twice() {
    let challenges: std::collections::HashSet<String> = (0..1_000)
        .map(|_| {
            let dialog = site().begin(prove(1), at(0)).unwrap();
            dialog.options["publicKey"]["challenge"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(challenges.len(), 1_000);
    assert!(challenges.iter().all(|text| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap().len() == 32));
}

#[test]
fn ux_39_enrollment_asks_for_a_key_that_can_be_found_and_verifies_its_holder() {
    for security_key in [false, true] {
        let options = site().begin_enrollment(Enrollment { security_key, ..wanted(1) }, &[], at(0)).unwrap().options;
        let selection = &options["publicKey"]["authenticatorSelection"];
        assert_eq!(selection["residentKey"], "required");
        assert_eq!(selection["requireResidentKey"], true);
        assert_eq!(selection["userVerification"], "required");
        assert_eq!(options["publicKey"]["hints"], if security_key { json!(["security-key"]) } else { Value::Null });
        assert_eq!(options["publicKey"]["rp"], json!({ "id": "reset.example.org", "name": "Northwind" }));
    }
}

#[tokio::test]
async fn the_holder_of_a_passkey_is_a_pseudonym_that_reads_back() {
    let ada = Owner::new(1).await;
    let handle = ada.device.drawer.0.lock().unwrap()[0].user_handle.clone().unwrap();
    assert_eq!(handle.len(), 16);
    assert_eq!(person_of(Uuid::from_slice(&handle).unwrap()), Some(person(1)));
}

#[tokio::test]
async fn t_g08_an_answer_from_another_origin_is_refused() {
    let ada = Owner::new(1).await;
    for origin in ["https://sub.reset.example.org", "https://reset.example.org:8443"] {
        let dialog = site().begin(prove(1), at(0)).unwrap();
        let answer = read(&ada.device.get_at(origin, &dialog.options).await.unwrap());
        let refused = site().finish(open(&dialog, prove(1), 1), &answer, ada.subject());
        assert_eq!(refused, Err(PasskeyRefusal::WrongOrigin), "{origin}");
    }
    // A page elsewhere does not get as far: the browser does not let it ask for our passkeys.
    let dialog = site().begin(prove(1), at(0)).unwrap();
    assert!(ada.device.get_at("https://reset.example.com", &dialog.options).await.is_err());
    assert!(ada.device.get_at("http://reset.example.org", &dialog.options).await.is_err());
}

#[tokio::test]
async fn t_g08_an_answer_for_another_relying_party_is_refused() {
    let ada = Owner::new(1).await;
    for held in ada.device.drawer.0.lock().unwrap().iter_mut() {
        held.rp_id = "example.org".to_owned();
    }
    let mut dialog = site().begin(prove(1), at(0)).unwrap();
    dialog.options["publicKey"]["rpId"] = json!("example.org");
    let answer = answered(&ada.device, &dialog).await;
    let refused = site().finish(open(&dialog, prove(1), 1), &answer, ada.subject());
    assert_eq!(refused, Err(PasskeyRefusal::WrongRelyingParty));
}

#[tokio::test]
async fn t_g08_an_answer_to_another_challenge_is_refused() {
    let ada = Owner::new(1).await;
    let (first, second) = (site().begin(prove(1), at(0)).unwrap(), site().begin(prove(1), at(0)).unwrap());
    let answer = answered(&ada.device, &first).await;
    let refused = site().finish(open(&second, prove(1), 1), &answer, ada.subject());
    assert_eq!(refused, Err(PasskeyRefusal::WrongChallenge));
    assert!(site().finish(open(&first, prove(1), 1), &answer, ada.subject()).is_ok());
}

#[tokio::test]
async fn t_g08_a_dialog_dies_after_five_minutes() {
    let ada = Owner::new(1).await;
    let dialog = site().begin(prove(1), at(0)).unwrap();
    let answer = answered(&ada.device, &dialog).await;
    let finish =
        |at: Timestamp| site().finish(Open { state: &dialog.state, bound: prove(1), at }, &answer, ada.subject());
    assert_eq!(finish(at(5)), Err(PasskeyRefusal::Expired));
    assert!(finish(at(5).plus_ms(-1)).is_ok());
}

#[tokio::test]
async fn t_g08_a_dialog_of_another_case_browser_or_kind_is_refused() {
    let ada = Owner::new(1).await;
    let dialog = site().begin(prove(1), at(0)).unwrap();
    let answer = answered(&ada.device, &dialog).await;
    for other in [
        prove(2),
        Bound { browser: browser(2), ..prove(1) },
        Bound { aim: Aim::Sign { person: person(1), digest: Digest::of(b"case") }, ..prove(1) },
        enroll(1),
    ] {
        let refused = site().finish(open(&dialog, other, 1), &answer, ada.subject());
        assert_eq!(refused, Err(PasskeyRefusal::OtherDialog), "{other:?}");
    }
    let creation = begin_enrollment(1, &[]);
    let refused = site().finish(open(&creation, enroll(1), 1), &answer, ada.subject());
    assert_eq!(refused, Err(PasskeyRefusal::OtherDialog));
}

#[tokio::test]
async fn t_g08_an_unverified_holder_is_refused() {
    let mut ada = Owner::new(1).await;
    ada.device.unverified = true;
    let mut dialog = site().begin(prove(1), at(0)).unwrap();
    // What a page under an attacker's hand asks the browser for.
    dialog.options["publicKey"]["userVerification"] = json!("discouraged");
    let answer = answered(&ada.device, &dialog).await;
    let refused = site().finish(open(&dialog, prove(1), 1), &answer, ada.subject());
    assert_eq!(refused, Err(PasskeyRefusal::NotVerified));
}

#[tokio::test]
async fn t_g08_an_unverified_enrollment_is_refused() {
    let device = Key { unverified: true, ..Key::default() };
    let mut dialog = begin_enrollment(1, &[]);
    dialog.options["publicKey"]["authenticatorSelection"]["userVerification"] = json!("discouraged");
    let answer = device.create_at(SITE, &dialog.options).await.unwrap();
    let refused = site().finish_enrollment(open(&dialog, enroll(1), 1), &text(&answer), &[]);
    assert_eq!(refused.unwrap_err(), PasskeyRefusal::NotVerified);
}

#[tokio::test]
async fn t_g08_a_copied_key_is_noticed_by_its_counter() {
    let mut ada = Owner::new(1).await;
    let copy = ada.device.drawer.0.lock().unwrap().clone();
    let UsesUp::Record { data, .. } = ada.proof().await.unwrap().uses_up else {
        panic!("the counter went up");
    };
    ada.passkeys[0].1 = Record::from_stored(&data).unwrap();
    *ada.device.drawer.0.lock().unwrap() = copy;
    assert_eq!(ada.proof().await, Err(PasskeyRefusal::CounterWentBack));
}

#[tokio::test]
async fn t_g03_another_persons_passkey_is_refused() {
    let (mike, evil) = (Owner::new(1).await, Owner::new(2).await);
    let dialog = site().begin(prove(1), at(0)).unwrap();
    let answer = answered(&evil.device, &dialog).await;
    let refused = site().finish(open(&dialog, prove(1), 1), &answer, mike.subject());
    assert_eq!(refused, Err(PasskeyRefusal::OtherPerson));
    assert_eq!(PasskeyRefusal::OtherPerson.reason(), RejectionReason::OtherPerson);
    // Nor does it help to claim to be mike: the passkey is not one of his.
    let mut answer = evil.device.get_at(SITE, &dialog.options).await.unwrap();
    change(&mut answer, "/response/userHandle", |bytes| *bytes = handle_of(person(1)).as_bytes().to_vec());
    let refused = site().finish(open(&dialog, prove(1), 1), &read(&answer), mike.subject());
    assert_eq!(refused, Err(PasskeyRefusal::NotEnrolled));
    // Or to name his passkey and sign with one's own.
    change(&mut answer, "/rawId", |bytes| *bytes = mike.passkeys[0].1.credential_id().to_vec());
    let refused = site().finish(open(&dialog, prove(1), 1), &read(&answer), mike.subject());
    assert_eq!(refused, Err(PasskeyRefusal::BadSignature));
}

#[tokio::test]
async fn t_g08_a_changed_answer_is_refused() {
    let ada = Owner::new(1).await;
    let dialog = site().begin(prove(1), at(0)).unwrap();
    let good = ada.device.get_at(SITE, &dialog.options).await.unwrap();
    let refused = |pointer: &str, by: fn(&mut Vec<u8>)| {
        let mut answer = good.clone();
        change(&mut answer, pointer, by);
        site().finish(open(&dialog, prove(1), 1), &read(&answer), ada.subject()).unwrap_err()
    };
    assert_eq!(refused("/response/signature", |bytes| bytes[10] ^= 1), PasskeyRefusal::BadSignature);
    // The counter is signed too.
    assert_eq!(refused("/response/authenticatorData", |bytes| bytes[36] ^= 2), PasskeyRefusal::BadSignature);
    assert_eq!(refused("/response/authenticatorData", |bytes| bytes[32] &= !1), PasskeyRefusal::NotPresent);
    assert_eq!(refused("/response/authenticatorData", |bytes| bytes.truncate(20)), PasskeyRefusal::Malformed);
    assert_eq!(refused("/response/clientDataJSON", |bytes| bytes.truncate(20)), PasskeyRefusal::Malformed);
    for (from, to, reason) in [
        ("webauthn.get", "webauthn.create", PasskeyRefusal::WrongType),
        ("\"crossOrigin\":false", "\"crossOrigin\":true", PasskeyRefusal::CrossOrigin),
        ("https://reset.example.org", "https://reset.example.com", PasskeyRefusal::WrongOrigin),
        ("https://reset.example.org", "http://reset.example.org", PasskeyRefusal::WrongOrigin),
    ] {
        let mut answer = good.clone();
        change(&mut answer, "/response/clientDataJSON", |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(text.contains(from), "{text}");
            *bytes = text.replace(from, to).into_bytes();
        });
        let result = site().finish(open(&dialog, prove(1), 1), &read(&answer), ada.subject());
        assert_eq!(result, Err(reason), "{to}");
    }
    assert!(site().finish(open(&dialog, prove(1), 1), &read(&good), ada.subject()).is_ok());
}

#[tokio::test]
async fn a_passkey_that_is_enrolled_is_not_enrolled_again() {
    let ada = Owner::new(1).await;
    let existing = [ada.passkeys[0].1.clone()];
    let dialog = begin_enrollment(1, &existing);
    assert_eq!(dialog.options["publicKey"]["excludeCredentials"].as_array().map(Vec::len), Some(1));
    // The device keeps to it.
    assert!(ada.device.create_at(SITE, &dialog.options).await.is_err());
    // A page that leaves the list out gets the same answer from us.
    let dialog = begin_enrollment(1, &[]);
    let answer = Key::default().create_at(SITE, &dialog.options).await.unwrap();
    let made = site().finish_enrollment(open(&dialog, enroll(1), 1), &text(&answer), &[]).unwrap();
    let refused = site().finish_enrollment(open(&dialog, enroll(1), 1), &text(&answer), &[made]);
    assert_eq!(refused.unwrap_err(), PasskeyRefusal::AlreadyEnrolled);
}

#[tokio::test]
async fn a_passkey_that_needs_a_name_to_be_found_is_not_enrolled() {
    let dialog = begin_enrollment(1, &[]);
    let mut answer = Key::default().create_at(SITE, &dialog.options).await.unwrap();
    answer["clientExtensionResults"] = json!({ "credProps": { "rk": false } });
    let refused = site().finish_enrollment(open(&dialog, enroll(1), 1), &text(&answer), &[]);
    assert_eq!(refused.unwrap_err(), PasskeyRefusal::NotDiscoverable);
}

#[tokio::test]
async fn t_g08_enrollment_keeps_to_its_person_browser_origin_and_time() {
    let dialog = begin_enrollment(1, &[]);
    let answer = Key::default().create_at(SITE, &dialog.options).await.unwrap();
    let finish = |bound: Bound, at: Timestamp| {
        site().finish_enrollment(Open { state: &dialog.state, bound, at }, &text(&answer), &[]).map(|_| ()).unwrap_err()
    };
    assert_eq!(finish(enroll(2), at(1)), PasskeyRefusal::OtherDialog);
    assert_eq!(finish(Bound { browser: browser(2), ..enroll(1) }, at(1)), PasskeyRefusal::OtherDialog);
    assert_eq!(finish(enroll(1), at(5)), PasskeyRefusal::Expired);
    let elsewhere = Key::default().create_at("https://sub.reset.example.org", &dialog.options).await.unwrap();
    let refused = site().finish_enrollment(open(&dialog, enroll(1), 1), &text(&elsewhere), &[]);
    assert_eq!(refused.unwrap_err(), PasskeyRefusal::WrongOrigin);
    let other = begin_enrollment(1, &[]);
    let refused = site().finish_enrollment(open(&other, enroll(1), 1), &text(&answer), &[]);
    assert_eq!(refused.unwrap_err(), PasskeyRefusal::WrongChallenge);
}

#[tokio::test]
async fn ux_91_a_signature_commits_to_exactly_what_was_shown() {
    let ada = Owner::new(1).await;
    let shown = Digest::of(b"the case as it was shown");
    let sign = |digest: Digest| Bound { aim: Aim::Sign { person: person(1), digest }, browser: browser(1) };
    let dialog = site().begin(sign(shown), at(0)).unwrap();
    let answer = answered(&ada.device, &dialog).await;
    let (proved, signed) = site().finish_signature(open(&dialog, sign(shown), 1), &answer, ada.subject()).unwrap();
    assert_eq!(proved.sources, [Source::Factor { id: factor(1) }]);
    assert_eq!(signed.digest, shown);
    // Anybody can see that the signed challenge is of this digest and of no other.
    let client_data = BASE64URL_NOPAD.decode(signed.client_data.as_bytes()).unwrap();
    let client_data: Value = serde_json::from_slice(&client_data).unwrap();
    let by_hand = Digest::of(&[b"keyward signature\n".as_slice(), shown.bytes(), signed.nonce.bytes()].concat());
    assert_eq!(client_data["challenge"], BASE64URL_NOPAD.encode(by_hand.bytes()));
    // And with the public key alone, that it is signed.
    let part = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    let authenticator_data = part(&signed.authenticator_data);
    let over = [authenticator_data.as_slice(), Digest::of(&part(&signed.client_data)).bytes()].concat();
    let key = &signed.public_key["key"]["EC_EC2"];
    let point = [vec![4], part(key["x"].as_str().unwrap()), part(key["y"].as_str().unwrap())].concat();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
    assert!(key.verify(&over, &part(&signed.signature)).is_ok());
    // The case changed while the dialog was open.
    let changed = Digest::of(b"the case as it is now");
    let refused = site().finish_signature(open(&dialog, sign(changed), 1), &answer, ada.subject());
    assert_eq!(refused.unwrap_err(), PasskeyRefusal::OtherDialog);
    // A proof is no signature.
    let dialog = site().begin(prove(1), at(0)).unwrap();
    let answer = answered(&ada.device, &dialog).await;
    let refused = site().finish_signature(open(&dialog, prove(1), 1), &answer, ada.subject());
    assert_eq!(refused.unwrap_err(), PasskeyRefusal::OtherDialog);
}

#[tokio::test]
async fn a_signature_is_the_named_persons_own() {
    let (ada, eve) = (Owner::new(1).await, Owner::new(2).await);
    let bound = Bound { aim: Aim::Sign { person: person(1), digest: Digest::of(b"case") }, browser: browser(1) };
    let dialog = site().begin(bound, at(0)).unwrap();
    let answer = answered(&eve.device, &dialog).await;
    for subject in [ada.subject(), eve.subject()] {
        let refused = site().finish_signature(open(&dialog, bound, 1), &answer, subject);
        assert_eq!(refused.unwrap_err(), PasskeyRefusal::OtherPerson);
    }
}

#[test]
fn t_a20_hostile_answers_are_refused_without_falling() {
    let dialog = begin_enrollment(1, &[]);
    let large = format!("\"{}\"", "a".repeat(1_000_000));
    let deep = "[".repeat(60_000);
    for text in ["", "null", "[]", "{}", "true", "0", "\"\"", "{\"id\":null}", "\0", &large, &deep] {
        assert_eq!(Answered::read(text.as_bytes()).unwrap_err(), PasskeyRefusal::Malformed);
        let refused = site().finish_enrollment(open(&dialog, enroll(1), 1), text.as_bytes(), &[]);
        assert_eq!(refused.unwrap_err(), PasskeyRefusal::Malformed);
    }
}

#[test]
fn an_address_without_a_name_can_not_have_passkeys() {
    for url in ["https://192.0.2.1/", "https://[2001:db8::1]/"] {
        assert!(matches!(RelyingParty::new(&Url::parse(url).unwrap(), "x"), Err(PasskeyError::NoDomain(_))));
    }
    assert!(RelyingParty::new(&Url::parse("http://localhost:8440").unwrap(), "x").is_ok());
}
