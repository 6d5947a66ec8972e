//! Ids that do not mix: a [`CaseId`] is not a [`PersonId`]. An id names a thing and opens nothing.
//!
//! 48 bits of time and 80 bits of the caller's randomness, printed as `case_` and 26 Crockford base-32 characters.
//! What people read and speak is a [`Reference`], which hides volume and order (UX-127).

use std::{fmt, hash::Hash, marker::PhantomData, str::FromStr};

use data_encoding::{Encoding, Specification};
use std::sync::LazyLock;

use crate::time::Timestamp;

/// Crockford's symbols, lower case, without check characters.
const SYMBOLS: &str = "0123456789abcdefghjkmnpqrstvwxyz";

static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str(SYMBOLS);
    // The alphabet is a constant with 32 distinct symbols, so the specification always holds.
    spec.encoding().unwrap_or(data_encoding::BASE32HEX_NOPAD)
});

/// What a kind of id is called in front of the underscore. A kind is a mark and has no value; that it is `Copy` and so on is for its ids.
pub trait Kind: Copy + Ord + Hash {
    /// The printed prefix, for example `case`.
    const PREFIX: &'static str;
}

/// An id of one kind of thing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id<K>(u128, PhantomData<K>);

impl<K: Kind> Id<K> {
    /// Makes an id from the time it was made at and the caller's randomness.
    pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
        let time = u128::from(at.millis().unsigned_abs() & 0xffff_ffff_ffff) << 80;
        let tail = random.iter().fold(0u128, |sum, byte| (sum << 8) | u128::from(*byte));
        Self(time | tail, PhantomData)
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", K::PREFIX, BASE32.encode(&self.0.to_be_bytes()))
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not an id of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id that starts with `{1}_`")]
pub struct NotAnId(String, &'static str);

impl<K: Kind> FromStr for Id<K> {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let refuse = || NotAnId(text.to_owned(), K::PREFIX);
        let tail = text.strip_prefix(K::PREFIX).and_then(|rest| rest.strip_prefix('_')).ok_or_else(refuse)?;
        let bytes = BASE32.decode(tail.as_bytes()).map_err(|_| refuse())?;
        let bytes: [u8; 16] = bytes.try_into().map_err(|_| refuse())?;
        Ok(Self(u128::from_be_bytes(bytes), PhantomData))
    }
}

as_text!(Id<K: Kind>);

macro_rules! kinds {
    ($($(#[$doc:meta])* $alias:ident, $kind:ident = $prefix:literal;)*) => {$(
        #[doc = concat!("Marks ids printed as `", $prefix, "_…`.")]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $kind {}
        impl Kind for $kind { const PREFIX: &'static str = $prefix; }
        $(#[$doc])*
        pub type $alias = Id<$kind>;
    )*};
}
kinds! {
    /// One recovery.
    CaseId, CaseKind = "case";
    /// A human or machine that owns an account, as Keyward knows it: a pseudonym that stays in the log after erasure.
    PersonId, PersonKind = "person";
    /// One proof given in one case.
    EvidenceId, EvidenceKind = "proof";
    /// Something enrolled that can prove who a person is: a passkey, an app, a sheet of codes, an address, a device.
    FactorId, FactorKind = "factor";
    /// A piece of work for the worker.
    JobId, JobKind = "job";
}

/// The case reference that people read and speak: `KW-7Q4M-82XJ`, seven random symbols and a check symbol.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference([u8; 8]);

/// A text that is not a case reference, or one with a slip in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a case reference such as KW-7Q4M-82XJ")]
pub struct NotAReference(String);

impl Reference {
    /// 35 random bits: the low five bits of each of seven bytes.
    pub fn new(random: [u8; 7]) -> Self {
        let body = random.map(|byte| byte & 31);
        let [a, b, c, d, e, f, g] = body;
        Self([a, b, c, d, e, f, g, check(body)])
    }
}

/// A weighted sum modulo 31 (a prime, and every weight is invertible): finds each single slip between symbols 0..=30
/// and each swap of neighbors. Symbol 31 (`z`) is folded onto 0, the price of a check symbol within the same alphabet.
fn check(body: [u8; 7]) -> u8 {
    let sum: u32 = body.iter().zip(1u32..).map(|(symbol, weight)| u32::from(*symbol) * (weight + 1)).sum();
    u8::try_from(sum % 31).unwrap_or(0)
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KW")?;
        for (index, symbol) in self.0.iter().enumerate() {
            if index % 4 == 0 {
                f.write_str("-")?;
            }
            let letter = SYMBOLS.as_bytes().get(usize::from(*symbol)).unwrap_or(&b'0');
            write!(f, "{}", char::from(letter.to_ascii_uppercase()))?;
        }
        Ok(())
    }
}
impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Reference {
    type Err = NotAReference;
    /// Takes lower case, missing or extra dashes and spaces, and Crockford's look-alikes (`o` for 0, `i` and `l` for 1).
    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let refuse = || NotAReference(text.chars().take(40).collect());
        let plain: String = text
            .chars()
            .filter(|c| !matches!(c, '-' | ' '))
            .map(|c| match c.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            })
            .collect();
        let body = plain.strip_prefix("kw").ok_or_else(refuse)?;
        let symbols: Vec<u8> = body
            .chars()
            .map(|c| SYMBOLS.find(c).and_then(|i| u8::try_from(i).ok()))
            .collect::<Option<_>>()
            .ok_or_else(refuse)?;
        let symbols: [u8; 8] = symbols.try_into().map_err(|_| refuse())?;
        let (body, last) = symbols.split_first_chunk::<7>().ok_or_else(refuse)?;
        if last.first() == Some(&check(*body)) { Ok(Self(symbols)) } else { Err(refuse()) }
    }
}
as_text!(Reference);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_and_parses_as_itself_and_as_nothing_else() {
        let id = CaseId::new(Timestamp::from_millis(1_795_000_000_000), [7; 10]);
        let text = id.to_string();
        assert!(text.starts_with("case_") && text.len() == 5 + 26, "{text}");
        assert_eq!(text.parse::<CaseId>(), Ok(id));
        assert!(text.parse::<PersonId>().is_err());
        assert!(text.to_uppercase().parse::<CaseId>().is_err());
    }

    #[test]
    fn ux_127_a_reference_survives_a_phone_call_and_a_slip_is_noticed() {
        let reference = Reference::new([9, 22, 4, 19, 8, 2, 28]);
        let text = reference.to_string();
        assert_eq!(text.len(), "KW-7Q4M-82XJ".len());
        let spoken = text.to_lowercase().replace('-', " ");
        assert_eq!(spoken.parse::<Reference>(), Ok(reference));
        for position in (3..12).filter(|p| *p != 7) {
            for replacement in "0123456789ABCDEFGHJKMNPQRSTVWXY".chars() {
                let mut slip: Vec<char> = text.chars().collect();
                if slip[position] == replacement || slip[position] == 'Z' {
                    continue;
                }
                slip[position] = replacement;
                let slip: String = slip.into_iter().collect();
                assert!(slip.parse::<Reference>().is_err(), "{slip} for {text}");
            }
        }
    }

    #[test]
    fn the_newest_id_sorts_last() {
        let early = CaseId::new(Timestamp::from_millis(1), [255; 10]);
        let late = CaseId::new(Timestamp::from_millis(2), [0; 10]);
        assert!(early < late);
    }
}
