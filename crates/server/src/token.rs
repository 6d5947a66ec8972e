//! Tokens: what opens something for whoever holds it, such as the link in a mail or the cookie of a browser (R8).
//!
//! A token is `kw_`, 52 base-32 characters (256 random bits) and a check character. It is handed out once and kept as a
//! digest ([`Token::digest`]), which differs by [`Purpose`]: a cookie can not be used as a link. Not here: how long one lives, whose it is,
//! and that it is used once; the store holds those.

use std::{fmt, sync::LazyLock};

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::{Encoding, Specification};
use keyward_core::{
    digest::Digest,
    secret::{Secret, SecretText},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// Crockford's symbols, lower case: no `i`, `l`, `o` or `u`, so that nothing looks like something else.
const SYMBOLS: &str = "0123456789abcdefghjkmnpqrstvwxyz";
const PREFIX: &str = "kw_";
const BODY_CHARS: usize = 52;

/// Base 32 with [`SYMBOLS`]. Refuses bits left over at the end, so that each value has one text only.
pub(crate) static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str(SYMBOLS);
    // The alphabet is a constant with 32 distinct symbols, so the specification always holds.
    spec.encoding().unwrap_or(data_encoding::BASE32HEX_NOPAD)
});

/// The check character of a base-32 text, or none if a character is not of the alphabet.
///
/// Each symbol is taken as an element of GF(32) and weighted by a power of a generator, so that every single slip and every
/// swap of neighbors changes the sum.
pub(crate) fn check_char(body: &str) -> Option<char> {
    let sum = body.chars().try_fold(0u8, |sum, c| {
        let symbol = SYMBOLS.find(c).and_then(|at| u8::try_from(at).ok())?;
        Some(twice(sum ^ symbol))
    })?;
    SYMBOLS.as_bytes().get(usize::from(sum)).copied().map(char::from)
}

/// Times x in GF(32) modulo x⁵ + x² + 1, whose powers of x run through all 31 elements but zero.
const fn twice(element: u8) -> u8 {
    let shifted = element << 1;
    if shifted & 32 == 0 { shifted } else { (shifted ^ 0b10_0101) & 31 }
}

/// What a token is for. The word is under the hash, so that a token for one thing is nothing at any other door (R52).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The browser that works on a case.
    Case,
    /// The link in a mail of a case.
    Link,
    /// The code that was sent with the link; kept by a keyed digest, as it is short.
    Code,
    /// A passkey dialog that was begun.
    Ceremony,
    /// The right to enroll a factor.
    Enroll,
    /// Somebody who is signed in to look after their own factors.
    SignIn,
    /// Somebody of the staff who is signed in.
    StaffSignIn,
    /// An approver on the way to a signature.
    Approve,
    /// "This was not me".
    Contest,
    /// The invitation to enroll for the first time.
    Invite,
    /// A browser that is known from an earlier success. Kept as a factor, and in no row of the table of tokens.
    Device,
}

impl Purpose {
    /// All purposes.
    pub const ALL: [Self; 11] = [
        Self::Case,
        Self::Link,
        Self::Code,
        Self::Ceremony,
        Self::Enroll,
        Self::SignIn,
        Self::StaffSignIn,
        Self::Approve,
        Self::Contest,
        Self::Invite,
        Self::Device,
    ];
    /// The word under the hash and in tables. It can never change.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Link => "link",
            Self::Code => "code",
            Self::Ceremony => "ceremony",
            Self::Enroll => "enroll",
            Self::SignIn => "sign_in",
            Self::StaffSignIn => "staff_sign_in",
            Self::Approve => "approve",
            Self::Contest => "contest",
            Self::Invite => "invite",
            Self::Device => "device",
        }
    }
}

/// A token in clear. It does not print; [`Token::reveal`] gives the text for the one link or cookie that carries it.
pub struct Token(Secret<[u8; 32]>);

/// A text that is not a token. It does not repeat the text, which may be one with a slip in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a token: `kw_`, 52 characters and a check character")]
pub struct NotAToken;

impl Token {
    /// From 256 bits that nobody can foretell.
    pub fn new(random: [u8; 32]) -> Self {
        Self(Secret::new(random))
    }

    /// Reads a token as it was handed out and in no other form: no spaces, no capitals, no look-alikes (T-A20).
    pub fn parse(text: &str) -> Result<Self, NotAToken> {
        let rest = text.strip_prefix(PREFIX).ok_or(NotAToken)?;
        let (body, check) = rest.split_at_checked(BODY_CHARS).ok_or(NotAToken)?;
        if !check_char(body).is_some_and(|right| check.chars().eq([right])) {
            return Err(NotAToken);
        }
        let mut bytes = BASE32.decode(body.as_bytes()).map_err(|_| NotAToken)?;
        let token = <[u8; 32]>::try_from(bytes.as_slice()).map(Self::new).map_err(|_| NotAToken);
        bytes.zeroize();
        token
    }

    /// The text that opens something. Goes into a link or a cookie and nowhere else (R15).
    pub fn reveal(&self) -> SecretText {
        let mut text = String::with_capacity(PREFIX.len() + BODY_CHARS + 1);
        text.push_str(PREFIX);
        BASE32.encode_append(self.0.expose(), &mut text);
        // The body has just been made of the alphabet, so there is always a check character.
        text.extend(text.strip_prefix(PREFIX).and_then(check_char));
        Secret::new(text)
    }

    /// What is kept of it for one purpose, and looked up by. It opens nothing; tables hold it and nothing else of a token (T-A11).
    pub fn digest(&self, purpose: Purpose) -> Digest {
        let mut context = Context::new(&SHA256);
        context.update(b"keyward token\n");
        context.update(purpose.word().as_bytes());
        context.update(b"\n");
        context.update(self.0.expose());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.finish().as_ref());
        Digest::from_bytes(bytes)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[token]")
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
