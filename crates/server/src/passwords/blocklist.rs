//! Common passwords, compared with the *whole* candidate (N-47, ASVS V6.2.4).
//!
//! Keyward carries no leaked passwords. The list is produced here, the same on every machine, from two hand-written lists in `data/` and
//! a few patterns: what people make when a long password is asked for. It is **not** a ranking measured on a breach corpus; for that an
//! installation builds a breach file (`breach_build`). `docs/passwords.md` says this to operators.

use std::sync::LazyLock;

use zeroize::Zeroizing;

use super::breach::key_of;
use super::words::fold;

const WORDS: &str = include_str!("../../data/common-words.txt");
const PHRASES: &str = include_str!("../../data/common-phrases.txt");

/// Shortest entry. One below the shortest password (N-40) is refused for its length, but whoever is still typing sees that it is known as well.
const MIN_CHARS: usize = 8;
/// Longest entry: nobody types a longer pattern, and the list stays small.
const MAX_CHARS: usize = 40;
/// So many of the first words are also combined with each other, with years and with look-alikes.
const TOP_WORDS: usize = 45;

/// Ends people put behind a word to make it long enough.
const ENDINGS: &[&str] = &[
    "1",
    "12",
    "123",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "12345678910",
    "123456789012",
    "0",
    "00",
    "000",
    "007",
    "01",
    "10",
    "11",
    "21",
    "22",
    "69",
    "77",
    "88",
    "99",
    "100",
    "101",
    "111",
    "321",
    "420",
    "666",
    "777",
    "999",
    "0000",
    "1111",
    "1212",
    "2222",
    "4321",
    "7777",
    "9999",
    "54321",
    "654321",
    "87654321",
    "987654321",
    "0987654321",
    "11111111",
    "123123",
    "123123123",
    "123321",
    "1q2w3e4r",
    "1qaz2wsx",
    "abc",
    "abc123",
    "abcd1234",
    "qwerty",
    "qwerty123",
    "asdf",
    "xyz",
    "xxx",
    "!",
    "!!",
    "!!!",
    "!!!!",
    "!!!!!!",
    "!!!!!!!!",
    "!@#",
    "!@#$",
    "!@#$%",
    "!@#$%^",
    "!@#$%^&*",
    "!@#$%^&*()",
    "1!",
    "12!",
    "123!",
    "123!@#",
    "1234!",
    "12345!",
    "123456!",
    "1234567!",
    "12345678!",
    "123456789!",
    "1234567890!",
    "?",
    ".",
    "..",
    "...",
    "....",
    "@123",
    "@1234",
    "@12345",
    "#1",
    "#123",
    "$$$",
    "***",
    "********",
    "@home",
    "@work",
];

/// Rows and columns of keyboards, and alphabets: every stretch of one, forwards and backwards, repeated if it is too short.
const WALKS: &[&str] = &[
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1234567890",
    "0123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "`1234567890-=",
    "!@#$%^&*()_+",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmikolp",
    "zaqxswcdevfrbgtnhymjukilop",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "a1s2d3f4g5h6j7k8l9",
    "1a2s3d4f5g6h7j8k9l",
    "abcdefghijklmnopqrstuvwxyz",
    "a1b2c3d4e5f6g7h8i9j0",
    "1a2b3c4d5e6f7g8h9i0j",
    "aabbccddeeffgghhiijjkkll",
    "112233445566778899",
    "147258369",
    "159357258456",
    "741852963",
    "789456123",
    "13579246810",
    "246810121416182022",
    "31415926535897932384626433",
    "27182818284590452353602874",
    "14142135623730950488",
    "11235813213455891442333",
    "102030405060708090100",
    "123qweasdzxc",
    "qweasdzxc123",
    "qwe123asd456zxc789",
    "1qazxsw23edcvfr45tgbnhy67ujm",
    "!qaz@wsx#edc$rfv%tgb^yhn",
    "1234qwerasdfzxcv",
    "qwer1234asdf5678zxcv",
    "abc123def456ghi789",
    "123abc456def789ghi",
    "abcd1234efgh5678ijkl",
];

/// The keys of the entries, sorted: eight bytes an entry instead of a string. The first look-up makes them (some tens of milliseconds).
static COMMON: LazyLock<Box<[u64]>> = LazyLock::new(|| {
    let mut keys = Vec::new();
    generate(&mut |entry| keys.push(key_of(entry.as_bytes())));
    keys.sort_unstable();
    keys.dedup();
    keys.into_boxed_slice()
});

/// Whether the whole password is on the list, whatever its case, accents or compatibility forms. Never part of it (N-47).
pub fn is_common(password: &str) -> bool {
    COMMON.binary_search(&folded_key(password)).is_ok()
}

fn folded_key(password: &str) -> u64 {
    let chars = Zeroizing::new(fold(password));
    let mut text = Zeroizing::new(String::with_capacity(chars.iter().map(|c| c.len_utf8()).sum()));
    text.extend(chars.iter());
    key_of(text.as_bytes())
}

fn entries(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Passes on the entries of a length worth a look. The same entry may come more than once.
struct Collector<'a>(&'a mut dyn FnMut(&str));

impl Collector<'_> {
    fn add(&mut self, entry: impl AsRef<str>) {
        let entry = entry.as_ref();
        if (MIN_CHARS..=MAX_CHARS).contains(&entry.len()) {
            (self.0)(entry);
        }
    }
}

fn generate(keep: &mut dyn FnMut(&str)) {
    let out = &mut Collector(keep);
    let words: Vec<&str> = entries(WORDS).collect();
    let top = words.get(..TOP_WORDS).unwrap_or(&words);
    for word in &words {
        add_word(out, word);
    }
    for word in top {
        add_top_word(out, word);
        add_years(out, word);
        for other in top {
            add_pair(out, word, other);
        }
    }
    add_phrases(out);
    for walk in WALKS {
        add_walk(out, walk);
        add_walk(out, &walk.chars().rev().collect::<String>());
    }
}

/// `password1234567`, `passwordpassword`, `password-password`.
fn add_word(out: &mut Collector, word: &str) {
    out.add(word);
    for times in 2..=5 {
        for joint in ["", " ", "-", "_", ".", "1", "123"] {
            out.add(vec![word; times].join(joint));
            out.add(vec![word; times].join(joint) + joint);
        }
    }
    for ending in ENDINGS {
        out.add(format!("{word}{ending}"));
    }
}

/// `p@$$w0rd12345678`, `123456password`, `password123password`, `password123password123`.
fn add_top_word(out: &mut Collector, word: &str) {
    for spelling in spellings(word) {
        out.add(spelling.repeat(2));
        for ending in ENDINGS {
            out.add(format!("{spelling}{ending}"));
            out.add(format!("{ending}{spelling}"));
            out.add(format!("{spelling}{ending}{spelling}"));
            out.add(format!("{spelling}{ending}{spelling}{ending}"));
        }
    }
}

/// A word as it is and with the usual look-alikes.
fn spellings(word: &str) -> Vec<String> {
    let swap = |pairs: &[(char, char)]| -> String {
        word.chars().map(|c| pairs.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to)).collect()
    };
    let mut all = vec![
        word.to_owned(),
        swap(&[('a', '@'), ('o', '0')]),
        swap(&[('a', '4'), ('e', '3'), ('i', '1'), ('o', '0'), ('s', '5')]),
        swap(&[('a', '@'), ('e', '3'), ('i', '1'), ('o', '0'), ('s', '$')]),
    ];
    all.sort_unstable();
    all.dedup();
    all
}

/// `summer2026`, `summer2026!!!`, `summer2026!summer`, `summer2026summer2026`.
fn add_years(out: &mut Collector, word: &str) {
    for year in 1980..=2035 {
        for ending in ["", "!", "!!", "!!!", "123"] {
            out.add(format!("{word}{year}{ending}"));
        }
        for joint in ["", "-", "!", " "] {
            out.add(format!("{word}{joint}{year}{joint}{word}"));
            out.add(format!("{word}{year}{joint}{word}{year}"));
            out.add(format!("{word}{joint}{year}{joint}{year}"));
        }
    }
}

/// `summerwinter123`, `welcome password`.
fn add_pair(out: &mut Collector, word: &str, other: &str) {
    for ending in ["", "1", "123", "1234", "!"] {
        out.add(format!("{word}{other}{ending}"));
        out.add(format!("{word} {other}{ending}"));
    }
}

/// `ihavenoidea`, `to be or not to be`, `to-be-or-not-to-be!`, `maytheforcebewithyou2026`.
fn add_phrases(out: &mut Collector) {
    for phrase in entries(PHRASES) {
        for joint in ["", " ", "-", "_", "."] {
            let joined = phrase.replace(' ', joint);
            for ending in [
                "", "!", "!!", "!!!", ".", "?", "1", "12", "123", "1234", "12345", "1!", "123!", "2024", "2025",
                "2026", "2027",
            ] {
                out.add(format!("{joined}{ending}"));
            }
            out.add(format!("{joined}{joint}{joined}"));
        }
    }
}

/// Every stretch of a walk that goes on from its end at its start, from each key: `sdfghjklasdfghj`.
fn add_walk(out: &mut Collector, walk: &str) {
    for start in 0..walk.len() {
        let turned: String = walk.chars().cycle().skip(start).take(MAX_CHARS).collect();
        // Most people stop soon or at a round number; longer stretches are kept for starts at the edge.
        let longest = if start == 0 { MAX_CHARS } else { 24 };
        for length in MIN_CHARS..=longest {
            out.add(turned.chars().take(length).collect::<String>());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn listed() -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        generate(&mut |entry| {
            all.insert(entry.to_owned());
        });
        all
    }

    #[test]
    fn v6_2_4_more_than_three_thousand_entries_match_the_length_policy() {
        let entries = listed();
        let long = entries.iter().filter(|entry| entry.len() >= 15).count();
        assert!(long >= 3_000, "{long} long");
        assert!(entries.len() < 250_000, "the list got out of hand: {} in all, {long} long", entries.len());
    }

    #[test]
    fn every_entry_is_found_in_the_form_it_is_listed() {
        let entries = listed();
        assert_eq!(entries.len(), COMMON.len());
        assert!(entries.iter().step_by(7).all(|entry| is_common(entry)));
    }

    #[test]
    fn n_47_common_long_passwords_are_on_it() {
        for password in [
            "password1234567",
            "Password12345678",
            "PASSWORDPASSWORD",
            "passwordpassword1",
            "qwertyuiopasdfgh",
            "123456789012345",
            "1234567890123456",
            "correct horse battery staple",
            "CorrectHorseBatteryStaple",
            "summer2026summer2026",
            "letmeinletmein123",
            "iloveyouiloveyou",
            "maytheforcebewithyou",
            "P@ssw0rd12345678",
            "1qaz2wsx3edc4rfv",
            "zyxwvutsrqponmlk",
            "ｐassword1234567",
            "administrator123",
            "welcome123welcome123",
            "pässwörd1234567",
        ] {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn n_47_only_the_whole_password_counts() {
        for password in [
            "xPassword123456x",
            "correct horse battery",
            "83920174650391827465",
            "my password1234567 is long",
            "password12345678 and a duck",
            "ééééééééééééééé",
            "",
        ] {
            assert!(!is_common(password), "{password}");
        }
    }
}
