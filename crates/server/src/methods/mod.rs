//! Ways to prove who one is, one file each. A method is functions over data: it says whether a proof holds and what it comes from.
//!
//! Not here: loading and writing records, counting tries, lives, and what the proofs add up to. The caller counts a try *before* it
//! asks (R9), and writes [`Proved::uses_up`] in the transaction that writes the proof (R10). `docs/adding.md` shows how to add one.

pub mod directory_password;
pub mod email;
pub mod known_device;
pub mod passkey;
pub mod recovery_code;
pub mod totp;

use keyward_core::{
    account::Method,
    digest::Digest,
    ids::FactorId,
    steps::verify::{RejectionReason, Source},
};

use crate::token::Purpose;

/// All methods that this server can check by itself. What a human vouches for is not among them.
pub fn all() -> &'static [Method] {
    &[
        passkey::METHOD,
        totp::METHOD,
        recovery_code::METHOD,
        known_device::METHOD,
        email::METHOD,
        directory_password::METHOD,
    ]
}

/// A proof that holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proved {
    /// Everything it comes from (R26).
    pub sources: Vec<Source>,
    /// What may not be used again.
    pub uses_up: UsesUp,
}

/// What a proof uses up. The caller does it in the transaction that writes the proof, and drops the proof if it can not be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UsesUp {
    /// Nothing beyond the token that the answer came with.
    Nothing,
    /// A time step: the stored last step has to be below it, and becomes it (RFC 6238 5.2, N-36).
    Step {
        /// Of which factor.
        factor: FactorId,
        /// The step, counted from 1970.
        step: u64,
    },
    /// A printed code: it has to be unused, and becomes used (N-05).
    Code {
        /// Of which factor.
        factor: FactorId,
        /// What is stored of it.
        digest: Digest,
    },
    /// What was handed out: it has to be alive, and ends (R10).
    Token {
        /// What for.
        purpose: Purpose,
        /// What is stored of it.
        hash: Digest,
    },
    /// The record of a factor changes: the caller writes the new one.
    Record {
        /// Of which factor.
        factor: FactorId,
        /// What is stored from now on.
        data: Vec<u8>,
    },
}

/// What a method answers: a proof, or why it did not hold. The page says less than the reason does.
pub type Answer = Result<Proved, RejectionReason>;

/// What a person typed as a code, as plain ASCII: full-width digits and letters become narrow ones, and spaces and dashes of any
/// kind go (UX-14). Whatever else is not ASCII stays and matches nothing. Longer than any code is answered with nothing.
fn plain(typed: &str) -> String {
    const LONGEST: usize = 128;
    if typed.len() > 4 * LONGEST {
        return String::new();
    }
    typed
        .chars()
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            other => other,
        })
        .filter(|c| !(c.is_whitespace() || matches!(c, '-' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2010}'..='\u{2015}' | '\u{2060}' | '\u{2212}' | '\u{feff}')))
        .collect()
}

/// A text in groups, so that a person keeps their place in it.
fn grouped(text: &str, size: usize, between: char) -> String {
    // Room for all of it at once: growing would leave copies of a secret behind.
    let mut out = String::with_capacity(2 * text.len());
    for (index, c) in text.chars().enumerate() {
        if index > 0 && index % size == 0 {
            out.push(between);
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_method_is_registered_once() {
        let methods: BTreeSet<&Method> = all().iter().collect();
        assert_eq!(methods.len(), all().len());
    }

    #[test]
    fn ux_14_a_code_may_be_typed_with_spaces_dashes_and_wide_digits() {
        for typed in
            ["123456", " 123 456\n", "123-456", "123\u{2013}456", "１２３　４５６", "123\u{a0}456", "\u{200b}123456"]
        {
            assert_eq!(plain(typed), "123456", "{typed:?}");
        }
        for other in ["١٢٣٤٥٦", "१२३४५६", "12345６\u{301}", "𝟏23456", "+123456"] {
            assert_ne!(plain(other), "123456", "{other:?}");
        }
        assert_eq!(plain(&"1".repeat(1_000_000)), "");
    }
}
