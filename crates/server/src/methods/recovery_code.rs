//! Ten codes for the drawer: 128 bits each, printed once, kept as keyed digests, each used once.
//!
//! Not here: that a code is used once and replaced once (the store), and when it is replaced and told about (N-05, N-06: the flow).

use keyward_core::{
    account::Method,
    digest::Digest,
    ids::FactorId,
    secret::{Secret, SecretText},
    steps::verify::{RejectionReason, Source},
};
use zeroize::Zeroize;

use super::{Answer, Proved, UsesUp, grouped, plain};
use crate::{
    seal::{DigestKey, Keyed},
    token::BASE32,
};

/// Which method this is.
pub const METHOD: Method = Method::RecoveryCode;

/// How many codes are on a sheet.
pub const CODES: usize = 10;
/// Bytes of a code (X3: 128 bits, so that one guess in all time is no more than a guess).
pub const CODE_BYTES: usize = 16;
/// Characters of a code, without what stands between its groups.
pub const CODE_CHARS: usize = 26;
const GROUP_CHARS: usize = 5;

/// A sheet of codes in clear, to be shown and printed once.
pub struct Sheet(Vec<Secret<[u8; CODE_BYTES]>>);

impl Sheet {
    /// From 1280 bits that nobody can foretell.
    pub fn new(mut random: [[u8; CODE_BYTES]; CODES]) -> Self {
        let codes = random.iter().map(|bytes| Secret::new(*bytes)).collect();
        random.zeroize();
        Self(codes)
    }

    /// One code, in the place of one that was used.
    pub fn one(random: &[u8; CODE_BYTES]) -> Self {
        Self(vec![Secret::new(*random)])
    }

    /// The codes as they are printed: `4QZ8M-…`, six groups.
    pub fn printed(&self) -> Vec<SecretText> {
        self.0
            .iter()
            .map(|code| {
                let mut plain = BASE32.encode(code.expose()).to_ascii_uppercase();
                let text = grouped(&plain, GROUP_CHARS, '-');
                plain.zeroize();
                Secret::new(text)
            })
            .collect()
    }

    /// What is kept of them.
    pub fn digests(&self, keys: &DigestKey, factor: FactorId) -> Vec<Digest> {
        self.0.iter().map(|code| digest(keys, factor, code)).collect()
    }
}

fn digest(keys: &DigestKey, factor: FactorId, code: &Secret<[u8; CODE_BYTES]>) -> Digest {
    keys.digest(Keyed::RecoveryCode, &[factor.to_string().as_bytes(), code.expose()])
}

/// Reads a code as people type it: small or capital, with or without dashes, `o` for 0, `i` and `l` for 1.
pub fn parse(typed: &str) -> Option<Secret<[u8; CODE_BYTES]>> {
    let mut text: String = plain(typed)
        .chars()
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect();
    let bytes = (text.len() == CODE_CHARS).then(|| BASE32.decode(text.as_bytes()).ok()).flatten();
    text.zeroize();
    let mut bytes = bytes?;
    let code = <[u8; CODE_BYTES]>::try_from(bytes.as_slice()).ok().map(Secret::new);
    bytes.zeroize();
    code
}

/// Checks a typed code against one sheet: the digests of its codes, and whether each was used. Looks at every one of them (R25).
pub fn check(keys: &DigestKey, factor: FactorId, sheet: &[(Digest, bool)], typed: &str) -> Answer {
    let code = parse(typed).ok_or(RejectionReason::Mismatch)?;
    let given = Secret::new(*digest(keys, factor, &code).bytes());
    let found = sheet.iter().fold(
        None,
        |found, (stored, used)| {
            if given.matches(stored.bytes()) { Some((*stored, *used)) } else { found }
        },
    );
    match found {
        None => Err(RejectionReason::Mismatch),
        Some((_, true)) => Err(RejectionReason::Replayed),
        Some((digest, false)) => {
            Ok(Proved { sources: vec![Source::Factor { id: factor }], uses_up: UsesUp::Code { factor, digest } })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use keyward_core::time::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn keys() -> DigestKey {
        DigestKey::new(&Secret::new([5; 32])).unwrap()
    }
    fn factor(byte: u8) -> FactorId {
        FactorId::new(Timestamp::from_millis(1), [byte; 10])
    }
    /// Codes of a sheet number: halves of the SHA-256 of a counter.
    fn sheet(number: u32) -> Sheet {
        let mut random = [[0; CODE_BYTES]; CODES];
        for (code, n) in random.iter_mut().zip(0u32..) {
            let digest = Digest::of(&(number * 10 + n).to_be_bytes());
            code.copy_from_slice(&digest.bytes()[..CODE_BYTES]);
        }
        Sheet::new(random)
    }
    fn texts(sheet: &Sheet) -> Vec<String> {
        sheet.printed().iter().map(|code| code.expose().clone()).collect()
    }
    fn stored(sheet: &Sheet) -> Vec<(Digest, bool)> {
        sheet.digests(&keys(), factor(1)).into_iter().map(|digest| (digest, false)).collect()
    }

    #[test]
    fn n_03_ten_thousand_codes_have_128_bits_no_twins_and_no_favorite_symbol() {
        let codes: Vec<String> = (0..1_000).flat_map(|n| texts(&sheet(n))).map(|code| code.replace('-', "")).collect();
        assert_eq!(codes.iter().collect::<HashSet<_>>().len(), 10_000);
        assert!(codes.iter().all(|code| code.len() == 26));
        // The last character has three random bits and is left out: 25 times 5 bits and 3 make 128.
        let mut counts = std::collections::BTreeMap::new();
        for symbol in codes.iter().flat_map(|code| code[..25].chars()) {
            *counts.entry(symbol).or_insert(0u32) += 1;
        }
        assert_eq!(counts.len(), 32);
        let expected = 250_000.0 / 32.0;
        let chi2: f64 = counts.values().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum();
        assert!(chi2 < 61.1, "p is below 0.001: {chi2}");
    }

    #[test]
    fn ux_133_a_code_is_printed_in_groups_without_look_alikes() {
        for code in texts(&sheet(1)) {
            assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [5, 5, 5, 5, 5, 1], "{code}");
            assert!(!code.contains(['I', 'L', 'O', 'U']));
        }
    }

    #[test]
    fn each_code_of_the_sheet_proves_and_uses_itself_up() {
        let sheet = sheet(1);
        let rows = stored(&sheet);
        for (text, (digest, _)) in texts(&sheet).iter().zip(&rows) {
            let proved = check(&keys(), factor(1), &rows, text).unwrap();
            assert_eq!(proved.uses_up, UsesUp::Code { factor: factor(1), digest: *digest });
            assert_eq!(proved.sources, [Source::Factor { id: factor(1) }]);
        }
    }

    #[test]
    fn n_05_a_used_code_is_known_as_used() {
        let sheet = sheet(1);
        let mut rows = stored(&sheet);
        rows[3].1 = true;
        let texts = texts(&sheet);
        assert_eq!(check(&keys(), factor(1), &rows, &texts[3]), Err(RejectionReason::Replayed));
        assert!(check(&keys(), factor(1), &rows, &texts[4]).is_ok());
    }

    #[test]
    fn t_g03_another_persons_code_is_refused() {
        let (mine, theirs) = (sheet(1), sheet(2));
        assert_eq!(check(&keys(), factor(1), &stored(&mine), &texts(&theirs)[0]), Err(RejectionReason::Mismatch));
        // Not even when its stored row is moved under my factor.
        let moved: Vec<(Digest, bool)> =
            theirs.digests(&keys(), factor(2)).into_iter().map(|digest| (digest, false)).collect();
        assert_eq!(check(&keys(), factor(1), &moved, &texts(&theirs)[0]), Err(RejectionReason::Mismatch));
    }

    #[test]
    fn n_04_what_is_stored_can_not_be_made_without_the_key() {
        let sheet = sheet(1);
        let other = DigestKey::new(&Secret::new([6; 32])).unwrap();
        let rows = stored(&sheet);
        for (text, code) in texts(&sheet).iter().zip(&sheet.0) {
            for guess in [Digest::of(text.as_bytes()), Digest::of(code.expose())] {
                assert!(!rows.contains(&(guess, false)));
            }
        }
        assert!(other.digest(Keyed::RecoveryCode, &[]) != keys().digest(Keyed::RecoveryCode, &[]));
        assert!(sheet.digests(&other, factor(1)).iter().all(|digest| !rows.contains(&(*digest, false))));
    }

    #[test]
    fn ux_14_a_code_may_be_typed_as_people_type() {
        let sheet = sheet(4);
        let rows = stored(&sheet);
        let text = &texts(&sheet)[0];
        let wide: String = text.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
        for typed in [
            text.to_lowercase(),
            text.replace('-', ""),
            text.replace('-', " "),
            text.replace('-', "\u{2013}"),
            format!("  {text}\n"),
            text.replace('0', "o").replace('1', "l"),
            text.replace('0', "O").replace('1', "I"),
            wide,
        ] {
            assert!(check(&keys(), factor(1), &rows, &typed).is_ok(), "{typed}");
        }
    }

    #[test]
    fn t_a20_hostile_texts_are_no_codes() {
        let rows = stored(&sheet(1));
        let zeros = "0".repeat(26);
        let longer = format!("{}0", texts(&sheet(1))[0]);
        for typed in ["", "-", "null", "0", &zeros, &longer, &"1".repeat(1_000_000), "\0", "é", &"é".repeat(13)] {
            let answer = check(&keys(), factor(1), &rows, typed);
            assert_eq!(answer, Err(RejectionReason::Mismatch), "{}", typed.chars().take(40).collect::<String>());
        }
        assert_eq!(check(&keys(), factor(1), &[], &texts(&sheet(1))[0]), Err(RejectionReason::Mismatch));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_check_fall(typed in any::<String>()) {
            prop_assert!(check(&keys(), factor(1), &stored(&sheet(1)), &typed).is_err());
        }

        #[test]
        fn a_slip_proves_nothing(at in 0usize..26, to in "[0-9A-HJKMNP-TV-Z]") {
            let sheet = sheet(1);
            let mut text = texts(&sheet)[0].replace('-', "");
            let before = text.clone();
            text.replace_range(at..=at, &to);
            prop_assert_eq!(check(&keys(), factor(1), &stored(&sheet), &text).is_ok(), text == before);
        }
    }
}
