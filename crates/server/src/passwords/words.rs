//! Context words (ASVS V6.2.11, N-47): the names an attacker tries first, and whether a whole password is made of nothing else.
//!
//! Deliberately does not look for a word *inside* a password: one that also holds anything else is not refused here.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use zeroize::Zeroizing;

/// Longest text taken from a directory or a setting, in characters; the rest of a longer one is not looked at.
const MAX_TEXT_CHARS: usize = 256;
/// Most words kept: a hostile display name must not make the check slow.
const MAX_WORDS: usize = 256;
/// Parts of a name shorter than this are no words of their own ("de", "of").
const MIN_PART_CHARS: usize = 3;

/// Names of the organization, its services and one person, folded. Empty matches nothing.
#[derive(Debug, Clone, Default)]
pub struct ContextWords {
    folded: Vec<Vec<char>>,
}

impl ContextWords {
    /// From names as they are written. A name counts as a whole and by its parts: `Jo Okafor` is `jookafor`, `okafor`.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words = Self::default();
        for name in names {
            words.add(name);
        }
        words
    }

    /// Adds one name. Of a mail address only the part before the last `@` is taken.
    pub fn add(&mut self, name: &str) {
        let local = name.rsplit_once('@').map_or(name, |(local, _)| local);
        let folded: Vec<char> = local.chars().take(MAX_TEXT_CHARS).flat_map(fold_char).collect();
        self.keep(folded.iter().copied().filter(|c| c.is_alphanumeric()).collect());
        for part in folded.split(|c| !c.is_alphanumeric()) {
            if part.len() >= MIN_PART_CHARS {
                self.keep(part.to_vec());
            }
        }
    }

    /// These and those.
    #[must_use]
    pub fn and(&self, others: &Self) -> Self {
        let mut all = self.clone();
        for word in &others.folded {
            all.keep(word.clone());
        }
        all
    }

    /// The folded words, for the strength estimate.
    pub(super) fn texts(&self) -> impl Iterator<Item = String> {
        self.folded.iter().map(|word| word.iter().collect())
    }

    fn keep(&mut self, word: Vec<char>) {
        if !word.is_empty() && self.folded.len() < MAX_WORDS && !self.folded.contains(&word) {
            self.folded.push(word);
        }
    }

    /// Whether the whole password is context words, each once or more, with only digits, spaces and punctuation around them.
    /// Case, accents and the usual look-alikes (`@` for a, `0` for o) are seen through. A word without a letter (an employee number)
    /// must be repeated to fill all of it: otherwise every long number that holds it would be refused.
    pub fn make_up(&self, password: &str) -> bool {
        let folded: Zeroizing<Vec<char>> = Zeroizing::new(fold(password));
        let (worded, numbers): (Vec<_>, Vec<_>) =
            self.folded.iter().partition(|word| word.iter().any(|c| c.is_alphabetic()));
        numbers.iter().any(|number| is_repetition(&folded, number)) || is_tiled(&folded, &worded)
    }
}

/// Lower case without accents, compatibility forms resolved (`Ｋ`, `ﬁ`). Only for comparing; never stored or hashed.
pub(super) fn fold(text: &str) -> Vec<char> {
    let mut folded = Vec::with_capacity(4 * text.len());
    folded.extend(text.nfkd().flat_map(char::to_lowercase).filter(|c| !is_combining_mark(*c)));
    folded
}

fn fold_char(c: char) -> Vec<char> {
    fold(c.encode_utf8(&mut [0; 4]))
}

fn is_repetition(password: &[char], word: &[char]) -> bool {
    let mut expected = word.iter().cycle();
    let mut seen = 0_usize;
    for c in password.iter().filter(|c| c.is_alphanumeric()) {
        if expected.next() != Some(c) {
            return false;
        }
        seen += 1;
    }
    seen > 0 && seen.is_multiple_of(word.len())
}

/// Walks all ways to cover the password by words and decoration; the state is the position and whether a word was used yet.
fn is_tiled(password: &[char], words: &[&Vec<char>]) -> bool {
    let mut reached = vec![(false, false); password.len() + 1];
    if let Some(start) = reached.first_mut() {
        start.0 = true;
    }
    for at in 0..password.len() {
        let Some(&(bare, worded)) = reached.get(at) else {
            break;
        };
        if !bare && !worded {
            continue;
        }
        let rest = password.get(at..).unwrap_or_default();
        if rest.first().is_some_and(|c| is_decoration(*c))
            && let Some(next) = reached.get_mut(at + 1)
        {
            next.0 |= bare;
            next.1 |= worded;
        }
        for length in words.iter().filter_map(|word| prefix_length(rest, word)) {
            if let Some(next) = reached.get_mut(at + length) {
                next.1 = true;
            }
        }
    }
    reached.last().is_some_and(|(_, worded)| *worded)
}

fn is_decoration(c: char) -> bool {
    !c.is_alphabetic()
}

/// How many characters of `text` spell `word`, separators inside allowed (`j.okafor` spells `jokafor`).
fn prefix_length(text: &[char], word: &[char]) -> Option<usize> {
    let mut at = 0;
    for wanted in word {
        loop {
            let found = *text.get(at)?;
            at += 1;
            if found == *wanted || looks_like(found, *wanted) {
                break;
            }
            if at == 1 || found.is_alphanumeric() {
                return None;
            }
        }
    }
    Some(at)
}

fn looks_like(written: char, meant: char) -> bool {
    match written {
        '0' => meant == 'o',
        '1' | '!' | '|' => matches!(meant, 'i' | 'l'),
        '3' => meant == 'e',
        '4' | '@' => meant == 'a',
        '5' | '$' => meant == 's',
        '7' | '+' => meant == 't',
        '8' => meant == 'b',
        '9' => meant == 'g',
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn northwind() -> ContextWords {
        ContextWords::new(["Northwind", "Keyward", "j.okafor@northwind.example", "Zoë Müller", "4711", "3M"])
    }

    #[test]
    fn n_47_a_password_made_of_context_words_alone_is_seen() {
        for password in [
            "northwind",
            "Northwind2026!!",
            "keyward20262026",
            "K3yw@rd20262026",
            "2026-northwind-2026",
            "northwindNORTHWIND",
            "northwind keyward 1",
            "j.okafor.j.okafor",
            "okafor1985okafor",
            "zoemuller199010",
            "MÜLLER zoë 1990",
            "ｎｏｒｔｈｗｉｎｄ２０２６",
            "4711471147114711",
            "4711-4711-4711-4711",
            "3m3m3m3m3m3m3m3m",
        ] {
            assert!(northwind().make_up(password), "{password}");
        }
    }

    #[test]
    fn n_47_a_password_that_only_contains_one_is_not() {
        for password in [
            "",
            "2026202620262026",
            "northwind is a cold place",
            "xkeyward2026xxx",
            "the northwind blows",
            "83920174711391827465",
            "my okafor rides",
            "northwinds",
        ] {
            assert!(!northwind().make_up(password), "{password}");
        }
    }

    #[test]
    fn no_words_match_nothing() {
        let none = ContextWords::new(["", "  ", "@", "--"]);
        assert!(!none.make_up("") && !none.make_up("anything at all") && !none.make_up("--"));
    }

    #[test]
    fn t_f12_a_hostile_display_name_is_bounded() {
        let name: String = (0..100_000).map(|n| format!("name{n} ")).collect();
        assert!(ContextWords::new([name.as_str()]).folded.len() <= MAX_WORDS);
    }

    proptest! {
        #[test]
        fn n_47_decoration_never_hides_a_word(word in "[a-z]{3,12}", before in "[0-9!#%&*. -]{0,8}", after in "[0-9!#%&*. -]{0,8}") {
            let words = ContextWords::new([word.as_str()]);
            let password = format!("{before}{}{after}", word.to_uppercase());
            prop_assert!(words.make_up(&password));
        }

        #[test]
        fn any_words_and_any_text_are_survived(names in prop::collection::vec("\\PC{0,20}", 0..6), text in any::<String>()) {
            let words = ContextWords::new(names.iter().map(String::as_str));
            words.make_up(&text);
        }
    }
}
