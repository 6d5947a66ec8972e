//! Digests and commitments: how an entry speaks of a value without holding it.

use std::{fmt, str::FromStr};

use aws_lc_rs::digest::{self, SHA256};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A SHA-256 digest, printed as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut digest = [0; 32];
        digest.copy_from_slice(digest::digest(&SHA256, bytes).as_ref());
        Self(digest)
    }

    /// The bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
    /// From stored bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 lower-case hexadecimal digits")]
pub struct NotADigest;

impl FromStr for Digest {
    type Err = NotADigest;
    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| NotADigest)?;
        Ok(Self(bytes.try_into().map_err(|_| NotADigest)?))
    }
}
as_text!(Digest);

/// Random bytes that hide a committed value: without them nobody can tell the value by trying all names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Salt([u8; 16]);

impl Salt {
    /// From the caller's randomness.
    pub const fn new(random: [u8; 16]) -> Self {
        Self(random)
    }
    /// The bytes, for storing beside the value.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}
impl Serialize for Salt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&HEXLOWER.encode(&self.0))
    }
}
impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| de::Error::custom("a salt is 32 lower-case hexadecimal digits"))
    }
}

/// A salted digest of a personal value. The entry in the log holds this; the value and its salt lie in a table that can be erased,
/// and every proof stays valid when they are (X13, C25).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Commitment(Digest);

impl Commitment {
    /// Commits to `value` as the `field` of an entry. Each part is preceded by its length, so that no two lists of parts collide.
    pub fn to(field: Field, salt: Salt, value: &str) -> Self {
        let mut bytes = b"keyward commitment v1\n".to_vec();
        for part in [field.word().as_bytes(), salt.bytes(), value.as_bytes()] {
            bytes.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend(part);
        }
        Self(Digest::of(&bytes))
    }
    /// The digest itself, for looking the value up.
    pub const fn digest(&self) -> &Digest {
        &self.0
    }
    /// From a stored digest.
    pub const fn from_digest(digest: Digest) -> Self {
        Self(digest)
    }
}

/// Which personal value a commitment stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The name that was typed.
    Name,
    /// The network address of the browser.
    Network,
    /// The browser's own description of itself.
    Browser,
    /// The account, as `directory/id`.
    Account,
    /// An address that a notice went to.
    Address,
    /// Free text of a person.
    Note,
}

impl Field {
    /// The word in front of the value under the commitment.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Network => "network",
            Self::Browser => "browser",
            Self::Account => "account",
            Self::Address => "address",
            Self::Note => "note",
        }
    }
}

/// A personal value with what is needed to show that an entry speaks of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Disclosure {
    /// Which kind of value.
    pub field: Field,
    /// The salt under the commitment.
    pub salt: Salt,
    /// The value.
    pub value: String,
}

impl Disclosure {
    /// The commitment that this value opens.
    pub fn commitment(&self) -> Commitment {
        Commitment::to(self.field, self.salt, &self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_binds_field_salt_and_value() {
        let salt = Salt::new([1; 16]);
        let base = Commitment::to(Field::Name, salt, "ada");
        assert_eq!(base, Commitment::to(Field::Name, salt, "ada"));
        for other in [
            Commitment::to(Field::Note, salt, "ada"),
            Commitment::to(Field::Name, Salt::new([2; 16]), "ada"),
            Commitment::to(Field::Name, salt, "adb"),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn a_digest_is_plain_sha_256() {
        assert_eq!(Digest::of(b"abc").to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
