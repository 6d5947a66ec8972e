//! Mail: a six-digit code and a link, sent to an address that is on file. Weak by itself (N-33), and one source however often it is used.
//!
//! Not here: sending (`channels/`), the text of the message, counting tries, and which addresses a person has.

use keyward_core::{
    account::Method,
    digest::Digest,
    ids::CaseId,
    secret::{Secret, SecretText},
    steps::verify::{RejectionReason, Source},
};
use unicode_normalization::UnicodeNormalization as _;
use url::Host;
use zeroize::Zeroize;

use super::{Answer, Proved, UsesUp, grouped, plain};
use crate::{
    seal::{DigestKey, Keyed},
    token::{Purpose, Token},
};

/// Which method this is.
pub const METHOD: Method = Method::Email;

const CODE_DIGITS: usize = 6;

/// The case and the browser that a code or link was made for. It opens there and nowhere else (R13).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Door {
    /// The case.
    pub case: CaseId,
    /// The digest of the browser's cookie.
    pub browser: Digest,
}

/// A mailbox in one form. For comparing alone: mail goes to the stored bytes (R23, T-B04). Narrow letters, small, without what is after a plus sign; the
/// domain as it is looked up. Too much is folded rather than too little: two spellings of one mailbox that counted twice would be a hole, two mailboxes
/// that count once are a second try.
pub fn canonical(address: &str) -> String {
    let folded: String = address.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect();
    let (user, domain) = folded.rsplit_once('@').unwrap_or((&folded, ""));
    let user = user.split_once('+').map_or(user, |(user, _)| user);
    let domain = domain.trim_end_matches('.');
    let host = Host::parse(domain).map_or_else(|_| domain.to_owned(), |host| host.to_string());
    format!("{user}@{host}")
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
    pub fn link_digest(&self) -> Digest {
        self.link.digest(Purpose::Link)
    }
}

/// R9: a short code is kept by a keyed digest, bound to case and browser.
fn digest(keys: &DigestKey, door: Door, code: &str) -> Digest {
    keys.digest(Keyed::MailCode, &[door.case.to_string().as_bytes(), door.browser.bytes(), code.as_bytes()])
}

/// A code that was sent and is alive, as it was stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sent {
    /// [`Challenge::code_digest`].
    pub digest: Digest,
    /// The tag of the mailbox it went to.
    pub mailbox: Digest,
}

/// Checks a typed code against those that are alive for this door: an earlier one stays good for its own time (UX-16). Looks at all.
pub fn check_code(keys: &DigestKey, door: Door, sent: &[Sent], typed: &str) -> Answer {
    let mut code = plain(typed);
    let given = Secret::new(*digest(keys, door, &code).bytes());
    let sound = code.len() == CODE_DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
    code.zeroize();
    let found = sent.iter().fold(None, |found, one| if given.matches(one.digest.bytes()) { Some(one) } else { found });
    let sent = found.filter(|_| sound).ok_or(RejectionReason::Mismatch)?;
    Ok(Proved {
        sources: vec![Source::Mailbox { tag: sent.mailbox }],
        uses_up: UsesUp::Token { purpose: Purpose::Code, hash: sent.digest },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use keyward_core::time::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn keys() -> DigestKey {
        DigestKey::new(&Secret::new([5; 32])).unwrap()
    }
    fn door(case: u8, browser: u8) -> Door {
        Door {
            case: CaseId::new(Timestamp::from_millis(1_795_000_000_000), [case; 10]),
            browser: Digest::of(&[browser]),
        }
    }
    fn challenge(number: u32) -> Challenge {
        let mut random = [0; 48];
        for (index, chunk) in random.chunks_mut(24).enumerate() {
            let digest = Digest::of(&[number.to_be_bytes().as_slice(), &[u8::try_from(index).unwrap()]].concat());
            chunk.copy_from_slice(&digest.bytes()[..24]);
        }
        Challenge::new(random)
    }
    fn mailbox() -> Digest {
        Digest::of(b"ada@example.org")
    }
    fn sent(challenge: &Challenge, door: Door) -> Sent {
        Sent { digest: challenge.code_digest(&keys(), door), mailbox: mailbox() }
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
        let proved = check_code(&keys(), door(1, 1), &[row], &code(&sent_code)).unwrap();
        assert_eq!(proved.sources, [Source::Mailbox { tag: mailbox() }]);
        assert_eq!(proved.uses_up, UsesUp::Token { purpose: Purpose::Code, hash: row.digest });
    }

    #[test]
    fn n_33_mail_is_weak() {
        assert_eq!(METHOD.strength(), keyward_core::account::Strength::Weak);
    }

    #[test]
    fn r9_a_code_opens_in_its_own_case_and_browser_only() {
        let challenge = challenge(1);
        let row = sent(&challenge, door(1, 1));
        for other in [door(2, 1), door(1, 2)] {
            assert_eq!(check_code(&keys(), other, &[row], &code(&challenge)), Err(RejectionReason::Mismatch));
        }
    }

    #[test]
    fn ux_16_an_earlier_code_stays_good_for_its_own_time() {
        let (first, second) = (challenge(1), challenge(2));
        let rows = [sent(&first, door(1, 1)), sent(&second, door(1, 1))];
        for challenge in [&first, &second] {
            let proved = check_code(&keys(), door(1, 1), &rows, &code(challenge)).unwrap();
            let hash = challenge.code_digest(&keys(), door(1, 1));
            assert_eq!(proved.uses_up, UsesUp::Token { purpose: Purpose::Code, hash });
        }
    }

    #[test]
    fn ux_14_a_code_may_be_typed_as_people_type() {
        let challenge = challenge(1);
        let row = sent(&challenge, door(1, 1));
        let digits = code(&challenge).replace(' ', "");
        let wide: String = digits.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
        for typed in [digits.clone(), format!(" {digits}\n"), format!("{}-{}", &digits[..3], &digits[3..]), wide] {
            assert!(check_code(&keys(), door(1, 1), &[row], &typed).is_ok(), "{typed}");
        }
        for typed in ["", "null", "0", &digits[..5], &format!("{digits}0"), &"1".repeat(1_000_000)] {
            assert_eq!(check_code(&keys(), door(1, 1), &[row], typed), Err(RejectionReason::Mismatch));
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
        for same in [
            "Ada@Example.ORG",
            " ada@example.org ",
            "ada@example.org.",
            "ada+reset@example.org",
            "ａｄａ@example.org",
            "ada@ｅｘａｍｐｌｅ.org",
        ] {
            assert_eq!(canonical(same), "ada@example.org");
        }
        assert_eq!(canonical("ada@bücher.example"), "ada@xn--bcher-kva.example");
        // A look-alike letter is another letter (U+0430).
        let others = [
            "ada@example.com",
            "adb@example.org",
            "ada@sub.example.org",
            "ada",
            "@",
            "ada@example.org@x",
            "аda@example.org",
        ];
        let forms: BTreeSet<String> = others.into_iter().chain(["ada@example.org"]).map(canonical).collect();
        assert_eq!(forms.len(), others.len() + 1);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_checks_fall(typed in any::<String>(), stored in any::<String>()) {
            let challenge = challenge(1);
            let answer = check_code(&keys(), door(1, 1), &[sent(&challenge, door(1, 1))], &typed);
            prop_assert_eq!(answer.is_ok(), plain(&typed) == code(&challenge).replace(' ', ""));
            let _ = canonical(&stored);
        }
    }
}
