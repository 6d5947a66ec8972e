//! What somebody types to say who they are, in the one form in which names are compared (T-B04 to T-B08).
//!
//! NFKC, lower case, no white space around it, no invisible characters. Letters of scripts that are not written together, and marks that
//! turn the direction of reading, are refused. Lower case and not full case folding: `ß` is not `ss` and `ı` is not `i`, they are other people.

use unicode_normalization::UnicodeNormalization;
use unicode_security::{GeneralSecurityProfile, RestrictionLevel, RestrictionLevelDetection};

/// Longest name in characters, before anything is done with it.
pub const MAX_CHARS: usize = 256;

/// A name in canonical form. Two names are the same if and only if their canonical forms are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountName(String);

/// Why a text is not a name. What was typed is not repeated: it may be somebody's name, or not fit to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAName {
    /// Nothing is left once white space and invisible characters are gone.
    #[error("the name is empty")]
    Empty,
    /// Longer than [`MAX_CHARS`].
    #[error("the name is longer than {MAX_CHARS} characters")]
    TooLong,
    /// White space within, a control character, or a mark that turns the direction of reading.
    #[error("the name has a character that can not be part of one")]
    Character,
    /// Letters of scripts that are not written together, such as a Cyrillic a among Latin letters.
    #[error("the name mixes scripts")]
    Mixed,
}

impl AccountName {
    /// Brings what was typed, or what a directory has stored, into canonical form.
    pub fn parse(typed: &str) -> Result<Self, NotAName> {
        if typed.chars().count() > MAX_CHARS {
            return Err(NotAName::TooLong);
        }
        if typed.chars().any(turns_direction) {
            return Err(NotAName::Character);
        }
        let visible: String = typed.chars().filter(|c| !is_invisible(*c)).collect();
        // Lower-casing may leave what NFKC would join, so it is done in between.
        let folded: String = visible.nfkc().flat_map(lower).collect();
        let folded: String = folded.nfkc().filter(|c| !is_invisible(*c)).collect();
        let mut name = folded.trim();
        if name.contains('@') {
            // A host name with and without its final dot is the same (T-B08).
            name = name.strip_suffix('.').unwrap_or(name);
        }
        if name.is_empty() {
            return Err(NotAName::Empty);
        }
        if !name.chars().all(is_allowed) {
            return Err(NotAName::Character);
        }
        // Punctuation belongs to no script and is not looked at.
        let letters: String = name.chars().filter(|c| !c.is_ascii_punctuation()).collect();
        let level = letters.as_str().detect_restriction_level();
        if level > RestrictionLevel::HighlyRestrictive {
            return Err(NotAName::Mixed);
        }
        Ok(Self(name.to_owned()))
    }

    /// The canonical form, for comparing and for looking up.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a stored value has the same canonical form. What can not be a name equals none.
    pub fn is(&self, stored: &str) -> bool {
        Self::parse(stored).is_ok_and(|other| other == *self)
    }

    /// The name without its domain, for directories that know themselves by one of `domains`: `ada` of `CORP\ada` or `ada@corp.example`.
    /// A name of another domain has none.
    pub fn within(&self, domains: &[Self]) -> Option<Self> {
        let (domain, local) = match self.0.split_once('\\') {
            Some((domain, local)) => (domain, local),
            None => self.0.rsplit_once('@').map(|(local, domain)| (domain, local))?,
        };
        let known = domains.iter().any(|own| own.0 == domain);
        (known && !local.is_empty()).then(|| Self(local.to_owned()))
    }
}

/// Lower case of one character, without regard to where it stands: a final sigma is a sigma.
fn lower(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().map(|c| if c == 'ς' { 'σ' } else { c })
}

/// Printable ASCII (what a name must not do in a filter is the filter's business), and letters, marks and digits that identifiers may have (UTS 39).
fn is_allowed(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_graphic() } else { c.identifier_allowed() }
}

/// Marks that turn the direction of reading: they make one name look like another (T-B06).
const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters that show nothing and that copying from a mail or a page leaves behind.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(typed: &str) -> Result<String, NotAName> {
        AccountName::parse(typed).map(|name| name.0)
    }

    #[test]
    fn t_b08_white_space_case_and_invisible_characters_do_not_make_another_name() {
        for typed in [
            "mike",
            " mike",
            "mike ",
            "\tmike\n",
            "MIKE",
            "Mike\u{200b}",
            "m\u{ad}ike",
            "\u{feff}mike",
            "ｍｉｋｅ",
            "ⓜike",
            "mi\u{212a}e",
        ] {
            assert_eq!(canonical(typed).as_deref(), Ok("mike"), "{typed:?}");
        }
        assert_eq!(canonical("Mike@Example.TEST.").as_deref(), Ok("mike@example.test"));
        assert_eq!(canonical("jose\u{301}").as_deref(), canonical("josé").as_deref());
        assert_eq!(canonical("ΝΙΚΟΣ"), canonical("νικος"));
        assert_eq!(canonical("ﬁnn").as_deref(), Ok("finn"));
        assert_eq!(canonical("ſven").as_deref(), Ok("sven"));
    }

    #[test]
    fn t_b05_letters_that_only_look_alike_stay_apart() {
        for (one, other) in [("mıke", "mike"), ("straße", "strasse"), ("josé", "jose"), ("müller", "mueller")] {
            assert_ne!(canonical(one), canonical(other), "{one} {other}");
        }
    }

    #[test]
    fn t_b06_mixed_scripts_direction_marks_and_inner_space_are_refused() {
        for (typed, why) in [
            ("m\u{456}ke", NotAName::Mixed),
            ("p\u{430}ypal", NotAName::Mixed),
            ("ada\u{202e}nimda", NotAName::Character),
            ("ada\u{200f}", NotAName::Character),
            ("ada\u{a0}abel", NotAName::Character),
            ("ada abel", NotAName::Character),
            ("ada\0", NotAName::Character),
            ("mike@exampl℮.test", NotAName::Character),
            ("\u{200b} ", NotAName::Empty),
            ("", NotAName::Empty),
        ] {
            assert_eq!(canonical(typed), Err(why), "{typed:?}");
        }
        assert_eq!(canonical(&"a".repeat(MAX_CHARS + 1)), Err(NotAName::TooLong));
    }

    #[test]
    fn names_of_one_script_are_names() {
        for typed in [
            "ольга",
            "δημήτρης",
            "田中さくら",
            "محمد",
            "o'hara",
            "j.-p.sartre+kw@example.test",
            "corp\\ada",
            "*",
            "mike)(uid=*",
        ] {
            assert!(canonical(typed).is_ok(), "{typed} {:?}", canonical(typed));
        }
    }

    #[test]
    fn a_canonical_form_is_its_own_canonical_form() {
        for typed in ["İpek", "Straße", "ǅ", "ﷺ", "K\u{323}\u{307}", "ᾳ", "ŉ"] {
            if let Ok(once) = canonical(typed) {
                assert_eq!(canonical(&once).as_deref(), Ok(once.as_str()), "{typed}");
            }
        }
    }

    #[test]
    fn a_domain_is_taken_off_only_where_it_is_ones_own() {
        let domains = [AccountName("corp".into()), AccountName("corp.example".into())];
        for (typed, local) in [
            ("CORP\\Ada", Some("ada")),
            ("ada@corp.example", Some("ada")),
            ("ada@other.example", None),
            ("other\\ada", None),
            ("ada", None),
            ("corp\\", None),
        ] {
            let name = AccountName::parse(typed).unwrap();
            assert_eq!(name.within(&domains).map(|n| n.0).as_deref(), local, "{typed}");
        }
    }
}
