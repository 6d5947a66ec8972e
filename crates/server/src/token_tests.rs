//! Tests of tokens. Not here: that one is used once and dies in time, which the store's tests show.

use std::collections::{BTreeSet, HashSet};

use proptest::prelude::*;

use super::*;

/// As random as what `Ctx` gives, and the same in every run: the SHA-256 of a counter.
fn random(counter: u32) -> [u8; 32] {
    *Digest::of(&counter.to_be_bytes()).bytes()
}

fn text_of(token: &Token) -> String {
    token.reveal().expose().clone()
}

#[test]
fn t_a10_ten_thousand_tokens_have_256_bits_no_twins_and_no_favorite_symbol() {
    let texts: Vec<String> = (0..10_000).map(|n| text_of(&Token::new(random(n)))).collect();
    assert!(texts.iter().all(|text| text.len() == 56 && text.starts_with("kw_")));
    assert_eq!(texts.iter().collect::<HashSet<_>>().len(), 10_000);
    // 31 degrees of freedom: above 61.1 happens once in a thousand times for one position. The last character of the body has
    // one random bit and is left out. The highest of 51 positions stays below 80 but for one run in 70 000; these runs are fixed.
    for position in 3..54 {
        let mut counts = [0u32; 32];
        for text in &texts {
            counts[SYMBOLS.find(char::from(text.as_bytes()[position])).unwrap()] += 1;
        }
        let expected = 10_000.0 / 32.0;
        let chi2: f64 = counts.iter().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum();
        assert!(chi2 < 80.0, "position {position}: {chi2}");
    }
}

#[test]
fn r52_a_token_for_one_thing_is_nothing_at_another_door() {
    let token = Token::new([7; 32]);
    let digests: BTreeSet<Digest> = Purpose::ALL.into_iter().map(|purpose| token.digest(purpose)).collect();
    assert_eq!(digests.len(), Purpose::ALL.len());
    let words: BTreeSet<&str> = Purpose::ALL.into_iter().map(Purpose::word).collect();
    assert_eq!(words.len(), Purpose::ALL.len());
}

#[test]
fn t_a11_what_is_stored_is_not_the_token_nor_its_plain_digest() {
    let token = Token::new([9; 32]);
    let stored = token.digest(Purpose::Link);
    let text = text_of(&token);
    assert!(![Digest::of(&[9; 32]), Digest::of(text.as_bytes())].contains(&stored));
    // The stored value given back as a token is another token.
    let replayed = Token::new(*stored.bytes());
    assert_ne!(replayed.digest(Purpose::Link), stored);
}

#[test]
fn r15_a_token_does_not_print() {
    let token = Token::new([9; 32]);
    assert_eq!(format!("{token:?} {:?}", token.reveal()), "[token] [secret]");
    assert!(!NotAToken.to_string().contains("kw_9"));
}

#[test]
fn a_stored_digest_is_the_same_for_ever() {
    let digest = Token::new([0x42; 32]).digest(Purpose::Link);
    let by_hand = Digest::of(&[b"keyward token\nlink\n".as_slice(), &[0x42; 32]].concat());
    assert_eq!(digest, by_hand);
}

#[test]
fn t_a20_hostile_texts_are_not_tokens() {
    let good = text_of(&Token::new(random(1)));
    assert!(Token::parse(&good).is_ok());
    let body = &good[3..];
    let million = "0".repeat(1_000_000);
    let mut hostile: Vec<String> =
        ["", "null", "[]", "[\"\"]", "{}", "true", "0", "{\"$ne\":null}", "%00", "\0", "kw_", "kw", "KW_", &million]
            .map(str::to_owned)
            .to_vec();
    hostile.extend([
        good.to_uppercase(),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("{good}\0"),
        format!("{good}{good}"),
        body.to_owned(),
        format!("kw-{body}"),
        format!("kw_{}", &body[1..]),
        format!("kw_{}", "é".repeat(26) + "0"),
        format!("kw_{}é", &body[..51]),
        format!("kw_{}é", &body[..52]),
        format!("kw_{}", "\u{ff10}".repeat(53)),
        format!("kw_{}", "o".repeat(53)),
    ]);
    for text in hostile {
        assert!(Token::parse(&text).is_err(), "{}", text.chars().take(80).collect::<String>());
    }
}

#[test]
fn each_token_has_one_text_only() {
    // The last character of the body carries one bit of the value; the other four are zero or it is refused.
    let token = Token::new([0; 32]);
    let text = text_of(&token);
    let mut read = 0;
    for last in SYMBOLS.chars() {
        let body = format!("{}{last}", &text[3..54]);
        let check = check_char(&body).unwrap();
        read += u32::from(Token::parse(&format!("kw_{body}{check}")).is_ok());
    }
    assert_eq!(read, 2);
}

proptest! {
    #[test]
    fn a_token_reads_as_itself(random in any::<[u8; 32]>()) {
        let token = Token::new(random);
        let text = text_of(&token);
        let read = Token::parse(&text).unwrap();
        prop_assert_eq!(read.digest(Purpose::Case), token.digest(Purpose::Case));
        prop_assert_eq!(text_of(&read), text);
    }

    #[test]
    fn each_slip_and_each_swap_is_noticed(random in any::<[u8; 32]>(), at in 3usize..56, to in 0usize..32) {
        let text = text_of(&Token::new(random));
        let mut slip = text.clone().into_bytes();
        slip[at] = SYMBOLS.as_bytes()[to];
        prop_assert_eq!(Token::parse(std::str::from_utf8(&slip).unwrap()).is_ok(), slip == text.as_bytes());
        let mut swap = text.clone().into_bytes();
        swap.swap(at, if at == 55 { 54 } else { at + 1 });
        prop_assert_eq!(Token::parse(std::str::from_utf8(&swap).unwrap()).is_ok(), swap == text.as_bytes());
    }

    #[test]
    fn no_text_makes_the_reader_fall(text in any::<String>(), tail in "kw_[0-9a-z]{0,60}") {
        for text in [text.as_str(), tail.as_str()] {
            if let Ok(token) = Token::parse(text) {
                prop_assert_eq!(text_of(&token), text);
            }
        }
    }
}
