//! The one decision whether a new password is good enough: the page's live feedback and the last check before it is set run this same code.
//!
//! NIST SP 800-63B-4 3.1.1.2, OWASP ASVS 5.0 V6.2. Deliberately has **no composition rules** (no "one digit, one capital", N-43), no expiry (N-44), no
//! history (the directory compares with it when it sets the password), and no words for people: rules and strengths are codes.

use serde::Serialize;
use zeroize::Zeroizing;

use super::blocklist::is_common;
use super::breach::{BreachError, BreachList};
use super::password::{MAX_BYTES, Password};
use super::words::ContextWords;

/// The shortest password may not be set shorter, in code points: it is taken to be the only factor (N-40).
pub const MIN_CHARS: usize = 15;
/// Nor longer than what must be taken (N-41): near the longest it would leave nothing to choose.
pub const MAX_MIN_CHARS: usize = 64;
/// The byte limit may not be set lower: 64 code points of four bytes must fit (N-41).
pub const MIN_MAX_BYTES: usize = 256;
/// Longest unit that counts as "the same few characters again and again".
const MAX_UNIT_CHARS: usize = 4;
/// The strength estimate looks at so many characters; its cost grows steeply with length.
const SCORED_CHARS: usize = 40;
/// And at so many different look-alike signs: it tries all their meanings, which took 150 ms for a crafted text of 40 characters.
const SCORED_SIGNS: usize = 2;
/// Most names given to the estimate.
const SCORED_WORDS: usize = 64;

/// A rule for new passwords. The order is the order in which a page shows them and in which a refusal names its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Long enough, in code points (N-40).
    Length,
    /// Not longer than can be hashed whole (N-46, T-K01).
    TooLong,
    /// Without `\0` and other control characters, which directories cut at or refuse (T-J02).
    ControlCharacters,
    /// More than the same few keys again and again.
    Repeats,
    /// Not a common password (N-47, V6.2.4).
    Blocklisted,
    /// More than names of the organization, its services or this person (N-47, V6.2.11).
    ContextWord,
    /// Not in a known breach (N-47, V6.2.12).
    Breached,
}

impl Rule {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::Length,
        Self::TooLong,
        Self::ControlCharacters,
        Self::Repeats,
        Self::Blocklisted,
        Self::ContextWord,
        Self::Breached,
    ];

    /// The stable code: the word of the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::TooLong => "too_long",
            Self::ControlCharacters => "control_characters",
            Self::Repeats => "repeats",
            Self::Blocklisted => "blocklisted",
            Self::ContextWord => "context_word",
            Self::Breached => "breached",
        }
    }
}

/// One rule and whether the candidate keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which rule.
    pub rule: Rule,
    /// Whether it is kept.
    pub met: bool,
}

/// Estimated strength, 0 (guessed at once) to 4. A hint for the person only: it never refuses a password (N-43).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Strength(u8);

impl Strength {
    /// 0 to 4.
    pub const fn score(self) -> u8 {
        self.0
    }
}

/// What is right and wrong with a candidate. Holds nothing of the candidate itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feedback {
    /// The rules that were looked at, in order. Of a password that is too long only the length is.
    pub checks: Vec<Check>,
    /// Estimated strength.
    pub strength: Strength,
}

impl Feedback {
    /// For a text that [`Password::new`] would not even take.
    pub fn too_long() -> Self {
        let checks = vec![Check { rule: Rule::Length, met: true }, Check { rule: Rule::TooLong, met: false }];
        Self { checks, strength: Strength(0) }
    }

    /// The first rule that is not kept: a refusal names one cause (UX-28). None: the password is good enough.
    pub fn cause(&self) -> Option<Rule> {
        self.checks.iter().find(|check| !check.met).map(|check| check.rule)
    }
}

/// A setting weaker than the hard limits of STANDARDS 11; the server refuses to start with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// Shorter passwords than N-40 allows, or so long that nobody could keep to it.
    #[error("a shortest password of {set} characters is not between {MIN_CHARS} and {MAX_MIN_CHARS}")]
    MinChars {
        /// What was set.
        set: usize,
    },
    /// Room for fewer than 64 code points, or for more than is hashed.
    #[error("a longest password of {set} bytes is not between {MIN_MAX_BYTES} and {MAX_BYTES}")]
    MaxBytes {
        /// What was set.
        set: usize,
    },
}

/// The rules for the new password of one person.
#[derive(Debug, Clone)]
pub struct Rules {
    min_chars: usize,
    max_bytes: usize,
    words: ContextWords,
}

impl Rules {
    /// Rules with the default byte limit and no context words yet.
    pub fn new(min_chars: usize) -> Result<Self, RulesError> {
        if !(MIN_CHARS..=MAX_MIN_CHARS).contains(&min_chars) {
            return Err(RulesError::MinChars { set: min_chars });
        }
        Ok(Self { min_chars, max_bytes: MAX_BYTES, words: ContextWords::default() })
    }

    /// A lower byte limit, for a directory that takes no more.
    pub fn with_max_bytes(mut self, max_bytes: usize) -> Result<Self, RulesError> {
        if !(MIN_MAX_BYTES..=MAX_BYTES).contains(&max_bytes) {
            return Err(RulesError::MaxBytes { set: max_bytes });
        }
        self.max_bytes = max_bytes;
        Ok(self)
    }

    /// With further context words: the organization and its services at the start, then the name that the person gave.
    #[must_use]
    pub fn with_words(&self, words: &ContextWords) -> Self {
        Self { words: self.words.and(words), ..self.clone() }
    }

    /// Shortest password in code points.
    pub fn min_chars(&self) -> usize {
        self.min_chars
    }

    /// Longest password in bytes.
    pub const fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Looks at a candidate, while it is typed and once it is handed in; with the list of breached passwords, if the installation has one.
    /// Blocks: reads a shard of that file and estimates the strength (about a millisecond); run it on [`super::pool::Pool::run`].
    /// An error means that the file can not be read; then nothing may be accepted.
    pub fn check(&self, password: &Password, breached: Option<&BreachList>) -> Result<Feedback, BreachError> {
        let text = password.as_str();
        let fits = text.len() <= self.max_bytes;
        let mut checks = vec![(Rule::Length, password.chars() >= self.min_chars), (Rule::TooLong, fits)];
        if fits {
            checks.push((Rule::ControlCharacters, !text.chars().any(char::is_control)));
            checks.push((Rule::Repeats, !repeats(text)));
            checks.push((Rule::Blocklisted, !is_common(text)));
            checks.push((Rule::ContextWord, !self.words.make_up(text)));
            if let Some(breached) = breached {
                checks.push((Rule::Breached, !breached.contains(text)?));
            }
        }
        let checks = checks.into_iter().map(|(rule, met)| Check { rule, met }).collect();
        Ok(Feedback { checks, strength: strength(text, &self.words) })
    }

    /// The `passwordrules` attribute, so that a password manager makes what these rules take (UX-24). Asks for no kinds of characters, because
    /// there is no such rule; the longest is in characters that always fit, whatever the script.
    pub fn passwordrules(&self) -> String {
        format!(
            "minlength: {}; maxlength: {}; allowed: ascii-printable;",
            self.min_chars,
            self.max_bytes / char::MAX_LEN_UTF8
        )
    }
}

/// Whether the whole text is up to four keys of a plain keyboard again and again: `aaaaaaa`, `123123123`, fifteen spaces. These are what guessing
/// programs try first. Other scripts are left alone: such a text is on no list of common passwords, and N-42 wants fifteen `é` to be taken.
fn repeats(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.is_ascii()
        && bytes.len() >= 2 * MAX_UNIT_CHARS
        && (1..=MAX_UNIT_CHARS).any(|unit| bytes.iter().zip(bytes.iter().skip(unit)).all(|(one, next)| one == next))
}

/// zxcvbn over what [`scored`] leaves.
fn strength(text: &str, words: &ContextWords) -> Strength {
    let names: Vec<String> = words.texts().take(SCORED_WORDS).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Strength(u8::from(zxcvbn::zxcvbn(&scored(text), &names).score()))
}

/// The first [`SCORED_CHARS`], with all but the first [`SCORED_SIGNS`] different signs made one that stands for no letter.
pub(super) fn scored(text: &str) -> Zeroizing<String> {
    let mut signs: Vec<char> = Vec::with_capacity(SCORED_SIGNS);
    let mut scored = Zeroizing::new(String::with_capacity(SCORED_CHARS * char::MAX_LEN_UTF8));
    for c in text.chars().take(SCORED_CHARS) {
        if !c.is_ascii_punctuation() || signs.contains(&c) {
            scored.push(c);
        } else if signs.len() < SCORED_SIGNS {
            signs.push(c);
            scored.push(c);
        } else {
            scored.push('~');
        }
    }
    scored
}
