//! A value that can not be printed, written, compared by accident or copied, and that is wiped from memory when dropped.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use zeroize::Zeroize;

/// A secret. It has no `Display`, no `Serialize` and no `Clone` (R15); [`Secret::expose`] is the only way in, and easy to search for.
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps a secret. The caller gives up the only copy.
    pub fn new(value: T) -> Self {
        Self(value)
    }
    /// The secret itself, for the one call that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl<T: Zeroize + AsRef<[u8]>> Secret<T> {
    /// Compares without telling by time how much was right.
    pub fn matches(&self, other: &[u8]) -> bool {
        verify_slices_are_equal(self.0.as_ref(), other).is_ok()
    }
}

/// A password or other secret text.
pub type SecretText = Secret<String>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r15_a_secret_does_not_print() {
        let secret = SecretText::new("correct horse".into());
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert!(secret.matches(b"correct horse") && !secret.matches(b"correct hors"));
    }
}
