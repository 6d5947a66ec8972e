//! Mail: a six-digit code and a link, sent to an address that is on file. Weak by itself (N-33), and one source however often it is used.
//!
//! Not here: sending (`channels/`), the text of the message, counting tries, and which addresses a person has.

use keyward_core::{
    account::Method,
    digest::Digest,
    ids::CaseId,
    secret::{Secret, SecretText},
    steps::verify::{Evidence, RejectionReason, Source},
    time::Timestamp,
};
use unicode_normalization::UnicodeNormalization as _;
use url::Host;
use zeroize::Zeroize;

use super::{Answer, Description, Proved, UsesUp, grouped, plain};
use crate::{
    seal::{DigestKey, Keyed},
    token::{Purpose, Token, TokenHash},
};

/// What this method is.
pub const DESCRIPTION: Description = Description { method: Method::Email, enrolled: false, typed: true };

const CODE_DIGITS: usize = 6;

/// The case and the browser that a code or link was made for. It opens there and nowhere else (R13).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Door {
    /// The case.
    pub case: CaseId,
    /// The digest of the browser's cookie.
    pub browser: Digest,
}

/// An address as it is on file. Messages go to these bytes and never to what somebody typed (R23).
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// From the directory or the table, byte for byte.
    pub const fn from_stored(address: String) -> Self {
        Self(address)
    }

    /// The very bytes, for the channel.
    pub fn stored(&self) -> &str {
        &self.0
    }

    /// Which mailbox this is, as the source of a proof. Spellings that reach the same mailbox count as one.
    pub fn tag(&self, keys: &DigestKey) -> Digest {
        keys.digest(Keyed::Mailbox, &[self.canonical().as_bytes()])
    }

    /// Whether somebody who typed this means this mailbox. For comparing; nothing is ever sent to what was typed.
    pub fn is_meant_by(&self, typed: &str) -> bool {
        self.canonical() == Self(typed.to_owned()).canonical()
    }

    /// The address with most of it hidden, for somebody who has given a proof in this case already (UX-04, R22).
    pub fn masked(&self, _after: &Evidence) -> String {
        let first = |part: &str| part.chars().find(|c| c.is_alphanumeric()).map(String::from).unwrap_or_default();
        let (user, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        let ending = domain.rsplit_once('.').map(|(_, ending)| format!(".{ending}")).unwrap_or_default();
        format!("{}•••@{}•••{ending}", first(user), first(domain))
    }

    /// Narrow letters, small, without what is after a plus sign; the domain as it is looked up. Too much is folded rather than too
    /// little: two spellings of one mailbox that counted twice would be a hole, two mailboxes that count once are a second try.
    fn canonical(&self) -> String {
        let folded: String = self.0.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect();
        let (user, domain) = folded.rsplit_once('@').unwrap_or((&folded, ""));
        let user = user.split_once('+').map_or(user, |(user, _)| user);
        let domain = domain.trim_end_matches('.');
        let host = Host::parse(domain).map_or_else(|_| domain.to_owned(), |host| host.to_string());
        format!("{user}@{host}")
    }
}

/// A code and a link in clear, to be sent once.
pub struct Challenge {
    code: Secret<String>,
    /// The link's token.
    pub link: Token,
}

impl Challenge {
    /// From 384 bits that nobody can foretell.
    pub fn new(mut random: [u8; 48]) -> Self {
        let mut link = [0; 32];
        let mut code = [0; 16];
        for (to, from) in link.iter_mut().chain(&mut code).zip(random) {
            *to = from;
        }
        random.zeroize();
        // Of 2^128 values, each code has the same number but for one in 10^32.
        let number = u128::from_be_bytes(code) % 1_000_000;
        code.zeroize();
        Self { code: Secret::new(format!("{number:0CODE_DIGITS$}")), link: Token::new(link) }
    }

    /// The code as it stands in the message: `123 456` (UX-15).
    pub fn printed_code(&self) -> SecretText {
        Secret::new(grouped(self.code.expose(), 3, ' '))
    }

    /// What is kept of the code.
    pub fn code_digest(&self, keys: &DigestKey, door: Door) -> Digest {
        digest(keys, door, self.code.expose())
    }

    /// What is kept of the link.
    pub fn link_hash(&self) -> TokenHash {
        self.link.hash(Purpose::Link)
    }
}

/// R9: a short code is kept by a keyed digest, bound to case and browser.
fn digest(keys: &DigestKey, door: Door, code: &str) -> Digest {
    keys.digest(Keyed::MailCode, &[door.case.to_string().as_bytes(), door.browser.bytes(), code.as_bytes()])
}

/// A code or link that was sent, as it was stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sent {
    /// [`Challenge::code_digest`] or the digest of [`Challenge::link_hash`].
    pub digest: Digest,
    /// Where it opens.
    pub door: Door,
    /// The tag of the mailbox it went to.
    pub mailbox: Digest,
    /// When it dies.
    pub until: Timestamp,
}

/// Checks a typed code against those that were sent for this door: an earlier one stays good for its own time (UX-16). Looks at all.
pub fn check_code(keys: &DigestKey, door: Door, sent: &[Sent], typed: &str, at: Timestamp) -> Answer {
    let mut code = plain(typed);
    let given = Secret::new(*digest(keys, door, &code).bytes());
    let sound = code.len() == CODE_DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
    code.zeroize();
    let found = sent.iter().fold(None, |found, one| if given.matches(one.digest.bytes()) { Some(one) } else { found });
    let sent = found.filter(|_| sound).ok_or(RejectionReason::Mismatch)?;
    answer(Purpose::Code, door, sent, at)
}

/// Checks a link that was opened and confirmed. `sent` is what the store has under [`Token::hash`] of it.
pub fn check_link(door: Door, sent: &Sent, at: Timestamp) -> Answer {
    answer(Purpose::Link, door, sent, at)
}

fn answer(purpose: Purpose, door: Door, sent: &Sent, at: Timestamp) -> Answer {
    if sent.door != door {
        return Err(RejectionReason::OtherCase);
    }
    if at >= sent.until {
        return Err(RejectionReason::Expired);
    }
    Ok(Proved {
        method: Method::Email,
        sources: vec![Source::Mailbox { tag: sent.mailbox }],
        uses_up: UsesUp::Token { purpose, hash: sent.digest },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use keyward_core::{
        ids::{EvidenceId, PersonId},
        time::{MINUTE_MS, SECOND_MS},
    };
    use proptest::prelude::*;

    use super::*;

    fn keys() -> DigestKey {
        DigestKey::new(&Secret::new([5; 32])).unwrap()
    }
    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(1_795_000_000_000).plus_ms(minutes * MINUTE_MS)
    }
    fn door(case: u8, browser: u8) -> Door {
        Door { case: CaseId::new(at(0), [case; 10]), browser: Digest::of(&[browser]) }
    }
    fn challenge(number: u32) -> Challenge {
        let mut random = [0; 48];
        for (index, chunk) in random.chunks_mut(24).enumerate() {
            let digest = Digest::of(&[number.to_be_bytes().as_slice(), &[u8::try_from(index).unwrap()]].concat());
            chunk.copy_from_slice(&digest.bytes()[..24]);
        }
        Challenge::new(random)
    }
    fn address(text: &str) -> Address {
        Address::from_stored(text.to_owned())
    }
    fn mailbox() -> Digest {
        address("ada@example.org").tag(&keys())
    }
    fn sent(challenge: &Challenge, door: Door) -> Sent {
        Sent { digest: challenge.code_digest(&keys(), door), door, mailbox: mailbox(), until: at(10) }
    }
    fn code(challenge: &Challenge) -> String {
        challenge.printed_code().expose().clone()
    }

    #[test]
    fn n_07_ten_thousand_codes_have_six_digits_evenly_and_a_tenth_begin_with_zero() {
        let codes: Vec<String> = (0..10_000).map(|n| code(&challenge(n)).replace(' ', "")).collect();
        assert!(codes.iter().all(|code| code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit())));
        for position in 0..6 {
            let mut counts = [0u32; 10];
            for code in &codes {
                counts[usize::from(code.as_bytes()[position] - b'0')] += 1;
            }
            let chi2: f64 = counts.iter().map(|n| (f64::from(*n) - 1_000.0).powi(2) / 1_000.0).sum();
            assert!(chi2 < 27.9, "p is below 0.001 at {position}: {chi2}");
            assert!((900..1_100).contains(&counts[0]));
        }
    }

    #[test]
    fn a_code_proves_its_mailbox_and_nothing_else() {
        let sent_code = challenge(1);
        let row = sent(&sent_code, door(1, 1));
        let proved = check_code(&keys(), door(1, 1), &[row], &code(&sent_code), at(9)).unwrap();
        assert_eq!(proved.sources, [Source::Mailbox { tag: mailbox() }]);
        assert_eq!(proved.uses_up, UsesUp::Token { purpose: Purpose::Code, hash: row.digest });
    }

    #[test]
    fn n_33_mail_is_weak() {
        assert_eq!(DESCRIPTION.method.strength(), keyward_core::account::Strength::Weak);
    }

    #[test]
    fn r9_a_code_opens_in_its_own_case_and_browser_only() {
        let challenge = challenge(1);
        let row = sent(&challenge, door(1, 1));
        for other in [door(2, 1), door(1, 2)] {
            assert_eq!(check_code(&keys(), other, &[row], &code(&challenge), at(1)), Err(RejectionReason::Mismatch));
            // Not even if the row is moved: the digest is bound to the door by itself.
            let moved = Sent { door: other, ..row };
            assert_eq!(check_code(&keys(), other, &[moved], &code(&challenge), at(1)), Err(RejectionReason::Mismatch));
        }
    }

    #[test]
    fn n_08_a_code_and_a_link_die_to_the_millisecond() {
        let challenge = challenge(1);
        let row = sent(&challenge, door(1, 1));
        let code = code(&challenge);
        assert!(check_code(&keys(), door(1, 1), &[row], &code, at(10).plus_ms(-1)).is_ok());
        assert_eq!(check_code(&keys(), door(1, 1), &[row], &code, at(10)), Err(RejectionReason::Expired));
        assert!(check_link(door(1, 1), &row, at(10).plus_ms(-1)).is_ok());
        assert_eq!(check_link(door(1, 1), &row, at(10).plus_ms(SECOND_MS)), Err(RejectionReason::Expired));
    }

    #[test]
    fn ux_16_an_earlier_code_stays_good_for_its_own_time() {
        let (first, second) = (challenge(1), challenge(2));
        let rows = [sent(&first, door(1, 1)), sent(&second, door(1, 1))];
        for challenge in [&first, &second] {
            let proved = check_code(&keys(), door(1, 1), &rows, &code(challenge), at(1)).unwrap();
            let hash = challenge.code_digest(&keys(), door(1, 1));
            assert_eq!(proved.uses_up, UsesUp::Token { purpose: Purpose::Code, hash });
        }
    }

    #[test]
    fn r13_a_link_proves_nothing_in_a_browser_that_did_not_ask_for_it() {
        let challenge = challenge(1);
        let row = Sent { digest: challenge.link_hash().digest(), ..sent(&challenge, door(1, 1)) };
        let proved = check_link(door(1, 1), &row, at(1)).unwrap();
        assert_eq!(proved.uses_up, UsesUp::Token { purpose: Purpose::Link, hash: row.digest });
        assert_eq!(proved.sources, [Source::Mailbox { tag: mailbox() }]);
        for other in [door(2, 1), door(1, 2)] {
            assert_eq!(check_link(other, &row, at(1)), Err(RejectionReason::OtherCase));
        }
    }

    #[test]
    fn ux_14_a_code_may_be_typed_as_people_type() {
        let challenge = challenge(1);
        let row = sent(&challenge, door(1, 1));
        let digits = code(&challenge).replace(' ', "");
        let wide: String = digits.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
        for typed in [digits.clone(), format!(" {digits}\n"), format!("{}-{}", &digits[..3], &digits[3..]), wide] {
            assert!(check_code(&keys(), door(1, 1), &[row], &typed, at(1)).is_ok(), "{typed}");
        }
        for typed in ["", "null", "0", &digits[..5], &format!("{digits}0"), &"1".repeat(1_000_000)] {
            assert_eq!(check_code(&keys(), door(1, 1), &[row], typed, at(1)), Err(RejectionReason::Mismatch));
        }
    }

    #[test]
    fn t_a11_what_is_stored_of_a_code_can_not_be_tried_out() {
        let challenge = challenge(1);
        let stored = challenge.code_digest(&keys(), door(1, 1));
        let other = DigestKey::new(&Secret::new([6; 32])).unwrap();
        for text in [code(&challenge), code(&challenge).replace(' ', "")] {
            assert_ne!(stored, Digest::of(text.as_bytes()));
        }
        assert_ne!(stored, challenge.code_digest(&other, door(1, 1)));
    }

    #[test]
    fn r26_spellings_of_one_mailbox_are_one_source() {
        let tag = |text: &str| address(text).tag(&keys());
        for same in [
            "Ada@Example.ORG",
            " ada@example.org ",
            "ada@example.org.",
            "ada+reset@example.org",
            "ａｄａ@example.org",
            "ada@ｅｘａｍｐｌｅ.org",
        ] {
            assert_eq!(tag(same), tag("ada@example.org"), "{same}");
        }
        assert_eq!(tag("ada@bücher.example"), tag("ada@xn--bcher-kva.example"));
        let others = ["ada@example.com", "adb@example.org", "ada@sub.example.org", "ada", "@", "ada@example.org@x"];
        let tags: BTreeSet<Digest> = others.into_iter().chain(["ada@example.org"]).map(tag).collect();
        assert_eq!(tags.len(), others.len() + 1);
    }

    #[test]
    fn r23_an_address_stays_as_it_is_on_file() {
        let stored = "Ada.Lovelace+work@Example.ORG";
        assert_eq!(address(stored).stored(), stored);
        assert!(address(stored).is_meant_by("ada.lovelace@example.org"));
        assert!(!address(stored).is_meant_by("ada.lovelace@example.org.evil.example"));
        // A look-alike letter is another letter (U+0430).
        assert!(!address("ada@example.org").is_meant_by("аda@example.org"));
    }

    #[test]
    fn r22_a_mask_shows_two_letters_and_the_ending() {
        let evidence = Evidence {
            id: EvidenceId::new(at(0), [1; 10]),
            method: Method::Passkey,
            subject: PersonId::new(at(0), [1; 10]),
            sources: Vec::new(),
            witness: None,
            at: at(0),
            until: at(10),
            usable_from: at(0),
        };
        for (text, mask) in [
            ("ada.lovelace@mail.example.org", "a•••@m•••.org"),
            ("a@b.c", "a•••@b•••.c"),
            ("nobody", "n•••@•••"),
            ("", "•••@•••"),
        ] {
            assert_eq!(address(text).masked(&evidence), mask);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_checks_fall(typed in any::<String>(), stored in any::<String>()) {
            let challenge = challenge(1);
            let answer = check_code(&keys(), door(1, 1), &[sent(&challenge, door(1, 1))], &typed, at(1));
            prop_assert_eq!(answer.is_ok(), plain(&typed) == code(&challenge).replace(' ', ""));
            let _ = address(&stored).tag(&keys());
        }
    }
}
