//! A password as it is counted, compared and hashed: Unicode in normalization form C, at most [`MAX_BYTES`] long.
//!
//! Deliberately does nothing else to the text: no trim, no case change, no cut (N-46, ASVS V6.2.8 with N-42 as the one exception).

use std::sync::Arc;

use keyward_core::secret::SecretText;
use unicode_normalization::UnicodeNormalization;

/// Longest password in bytes of UTF-8 after normalization (STANDARDS 11): 256 characters of any script fit (UX-26).
pub const MAX_BYTES: usize = 1024;

/// Longest text that is looked at. No character shrinks to less than a third when it is composed, so nothing that fits after NFC is lost.
const MAX_RAW_BYTES: usize = 4 * MAX_BYTES;

/// A password in NFC, at most [`MAX_BYTES`] long. Can be made only by [`Password::new`], so hashing an unnormalized text does not compile.
/// It lies in memory once, however many hold it, and is wiped when the last lets go.
#[derive(Debug)]
pub struct Password(Arc<SecretText>);

/// The text is longer than a password may be; it was neither cut nor hashed (T-K01).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the password is longer than {MAX_BYTES} bytes")]
pub struct TooLong;

impl Password {
    /// Normalizes to NFC (N-42). Work and memory are bounded whatever the length of `raw`.
    pub fn new(raw: SecretText) -> Result<Self, TooLong> {
        if raw.expose().len() > MAX_RAW_BYTES {
            return Err(TooLong);
        }
        // The room is taken at once: a string that grows leaves copies behind that nobody wipes.
        let mut text = String::with_capacity(MAX_BYTES + char::MAX_LEN_UTF8);
        for c in raw.expose().nfc() {
            text.push(c);
            if text.len() > MAX_BYTES {
                drop(SecretText::new(text));
                return Err(TooLong);
            }
        }
        Ok(Self(Arc::new(SecretText::new(text))))
    }

    /// The normalized text, for a hash or for a directory.
    pub fn text(&self) -> &SecretText {
        &self.0
    }

    /// Another hold on the same text, for a worker thread. Nothing is copied.
    pub(super) fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// Length in code points, each of which counts as one (SP 800-63B-4 3.1.1.2).
    pub fn chars(&self) -> usize {
        self.0.expose().chars().count()
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn password(text: &str) -> Result<Password, TooLong> {
        Password::new(SecretText::new(text.to_owned()))
    }

    #[test]
    fn n_42_each_code_point_counts_one_after_composition() {
        for (text, chars) in [("", 0), ("e\u{301}e\u{301}", 2), ("🔑🔑🔑", 3), ("a b", 3), ("각", 1)] {
            assert_eq!(password(text).unwrap().chars(), chars, "{text}");
        }
    }

    #[test]
    fn n_46_nothing_is_trimmed_folded_or_cut() {
        for text in [" leading", "trailing ", "MiXed", "{SSHA}x", "\"\\", "tab\t", "\0"] {
            assert_eq!(password(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn t_k01_longer_than_1024_bytes_is_refused_not_cut() {
        assert_eq!(password(&"x".repeat(1024)).unwrap().chars(), 1024);
        assert_eq!(password(&"🔑".repeat(256)).unwrap().chars(), 256);
        for bytes in [1025, 4096, 4097, 1 << 20] {
            assert_eq!(password(&"x".repeat(bytes)).unwrap_err(), TooLong);
        }
    }

    #[test]
    fn n_42_a_decomposed_text_that_fits_once_composed_is_taken() {
        // Three bytes become one of two: the worst shrinking there is stays inside the raw limit.
        let decomposed = "\u{3b9}\u{308}\u{301}".repeat(512);
        assert_eq!(password(&decomposed).unwrap().chars(), 512);
    }

    proptest! {
        #[test]
        fn n_42_composed_and_decomposed_are_the_same_password(text in "\\PC{0,80}") {
            let (composed, decomposed): (String, String) = (text.nfc().collect(), text.nfd().collect());
            let (one, other) = (password(&composed).unwrap(), password(&decomposed).unwrap());
            prop_assert_eq!(one.as_str(), other.as_str());
        }
    }
}
