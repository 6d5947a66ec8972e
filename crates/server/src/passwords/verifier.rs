//! What is stored instead of a password: an argon2id PHC string (RFC 9106; STANDARDS X9), salted, and keyed where a key file is configured (N-48).
//!
//! `$argon2id$v=19$m=19456,t=2,p=1,keyid=azE$SALT$DIGEST`. Strings from the database are not trusted: parameters that would cost too much are refused
//! before any work. Deliberately holds no threads ([`super::pool`]) and draws no salt: the caller brings it from its random source.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, KeyId, Params, ParamsBuilder, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use keyward_core::secret::Secret;
use zeroize::Zeroizing;

use super::password::Password;
use super::pool::Memory;

/// Memory of one hash in KiB (OWASP, ASVS Appendix C).
pub const MEMORY_KIB: u32 = 19_456;
/// Passes over it.
pub const PASSES: u32 = 2;
/// Lanes.
pub const LANES: u32 = 1;
/// Salt of a new verifier, in bytes (N-48 wants 4).
pub const SALT_BYTES: usize = 16;
/// Digest of a new verifier, in bytes.
const DIGEST_BYTES: usize = 32;

/// A stored string may not ask for more memory than a worker's buffer has.
const MAX_MEMORY_KIB: u32 = MEMORY_KIB;
/// Nor for more passes, about 60 ms of work.
const MAX_PASSES: u32 = 8;
const MAX_LANES: u32 = 4;
/// Digests that are compared are this long at least: a short one would match by chance.
const MIN_DIGEST_BYTES: usize = 16;
/// Longest stored string that is parsed.
const MAX_STORED_BYTES: usize = 256;

/// Why a stored string can not be compared with. None of these is the person's doing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifierError {
    /// Not an argon2id PHC string of version 19 with salt and digest.
    #[error("the stored password hash is no argon2id string")]
    Malformed,
    /// Costs that Keyward never writes.
    #[error("the stored password hash asks for m={memory_kib}, t={passes}, p={lanes}, which is beyond the limits")]
    TooCostly {
        /// `m`.
        memory_kib: u32,
        /// `t`.
        passes: u32,
        /// `p`.
        lanes: u32,
    },
    /// Keyed with a key that is not configured.
    #[error("the key `{0}` of the stored password hash is not configured")]
    KeyMissing(String),
    /// Not keyed though a key is configured: somebody with the database alone could have written it.
    #[error("the stored password hash is not keyed, though a key is configured")]
    Unkeyed,
}

/// A key that is not a usable pepper.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PepperError {
    /// The id is written into each stored string.
    #[error("the id `{0}` of the password key is not 1 to 8 letters and digits")]
    Id(String),
    /// Keys are random bytes from a file.
    #[error("the password key `{id}` has {bytes} bytes instead of 32 to 64")]
    Length {
        /// Its id.
        id: String,
        /// How long it is.
        bytes: usize,
    },
    /// Two keys with one id.
    #[error("two password keys have the id `{0}`")]
    Twice(String),
}

/// A secret key for hashing, kept in a file apart from the database.
#[derive(Debug)]
pub struct Pepper {
    id: String,
    key: Secret<Vec<u8>>,
}

impl Pepper {
    /// A key of 32 to 64 random bytes under an id of 1 to 8 letters and digits.
    pub fn new(id: &str, key: Secret<Vec<u8>>) -> Result<Self, PepperError> {
        if !(1..=KeyId::MAX_LEN).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(PepperError::Id(id.to_owned()));
        }
        let bytes = key.expose().len();
        if !(32..=64).contains(&bytes) {
            return Err(PepperError::Length { id: id.to_owned(), bytes });
        }
        Ok(Self { id: id.to_owned(), key })
    }
}

/// The keys of an installation: the first hashes, all verify.
#[derive(Debug, Default)]
pub struct Peppers {
    keys: Vec<Pepper>,
    takes_unkeyed: bool,
}

impl Peppers {
    /// No key: stored strings are salted only.
    pub fn none() -> Self {
        Self::default()
    }

    /// The key for new strings, then older ones that only verify until the last string under them is gone.
    pub fn new(current: Pepper, retired: Vec<Pepper>) -> Result<Self, PepperError> {
        let mut keys = vec![current];
        for key in retired {
            if keys.iter().any(|other| other.id == key.id) {
                return Err(PepperError::Twice(key.id));
            }
            keys.push(key);
        }
        Ok(Self { keys, takes_unkeyed: false })
    }

    /// Also takes strings without a key, while an installation moves to its first one. Until that ends, whoever can write to the database can
    /// plant a verifier.
    #[must_use]
    pub fn taking_unkeyed(self) -> Self {
        Self { takes_unkeyed: true, ..self }
    }

    fn current(&self) -> Option<&Pepper> {
        self.keys.first()
    }

    fn find(&self, id: &str) -> Result<Option<&Pepper>, VerifierError> {
        if id.is_empty() {
            let refused = !self.keys.is_empty() && !self.takes_unkeyed;
            return if refused { Err(VerifierError::Unkeyed) } else { Ok(None) };
        }
        let found = self.keys.iter().find(|key| key.id == id);
        found.map(Some).ok_or_else(|| VerifierError::KeyMissing(id.to_owned()))
    }
}

/// A stored string, parsed and within the limits.
#[derive(Debug)]
pub(super) struct Verifier {
    params: Params,
    salt: Salt,
    digest: Output,
}

impl Verifier {
    /// Parses and checks. Cheap whatever the string says.
    pub(super) fn parse(stored: &str) -> Result<Self, VerifierError> {
        if stored.len() > MAX_STORED_BYTES {
            return Err(VerifierError::Malformed);
        }
        let phc = PasswordHash::new(stored).map_err(|_| VerifierError::Malformed)?;
        if phc.algorithm != ARGON2ID_IDENT || phc.version != Some(Version::V0x13.into()) {
            return Err(VerifierError::Malformed);
        }
        let params = Params::try_from(&phc).map_err(|_| VerifierError::Malformed)?;
        let (memory_kib, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
        if memory_kib > MAX_MEMORY_KIB || passes > MAX_PASSES || lanes > MAX_LANES {
            return Err(VerifierError::TooCostly { memory_kib, passes, lanes });
        }
        match (phc.salt, phc.hash) {
            (Some(salt), Some(digest)) if digest.len() >= MIN_DIGEST_BYTES && params.data().is_empty() => {
                Ok(Self { params, salt, digest })
            }
            _ => Err(VerifierError::Malformed),
        }
    }

    fn key_id(&self) -> String {
        String::from_utf8_lossy(self.params.keyid()).into_owned()
    }

    /// Whether the password is the one that was stored. `None` where argon2 itself refuses, which the limits rule out.
    pub(super) fn matches(
        &self,
        password: &Password,
        peppers: &Peppers,
        memory: &mut Memory,
    ) -> Result<Option<bool>, VerifierError> {
        let key = peppers.find(&self.key_id())?;
        let mut out = Zeroizing::new(vec![0; self.digest.len()]);
        let computed = derive(password, &self.salt, &Recipe { params: &self.params, key }, memory, &mut out);
        Ok(computed.map(|()| verify_slices_are_equal(&out, self.digest.as_bytes()).is_ok()))
    }

    /// Whether the key it needs is there, without doing the work.
    pub(super) fn check_key(&self, peppers: &Peppers) -> Result<(), VerifierError> {
        peppers.find(&self.key_id()).map(drop)
    }
}

/// Whether a stored string should be made anew at the next chance: other costs, a retired key, or none although there is one.
pub fn is_outdated(stored: &str, peppers: &Peppers) -> Result<bool, VerifierError> {
    let verifier = Verifier::parse(stored)?;
    let params = &verifier.params;
    let current = peppers.current().map_or("", |key| key.id.as_str());
    Ok((params.m_cost(), params.t_cost(), params.p_cost()) != (MEMORY_KIB, PASSES, LANES)
        || verifier.digest.len() != DIGEST_BYTES
        || verifier.key_id() != current)
}

/// Makes the string to store. `None` where argon2 refuses, which constant parameters rule out.
pub(super) fn store(
    password: &Password,
    salt: [u8; SALT_BYTES],
    peppers: &Peppers,
    memory: &mut Memory,
) -> Option<String> {
    let key = peppers.current();
    let params = params(key)?;
    let mut out = Zeroizing::new(vec![0; DIGEST_BYTES]);
    derive(password, &salt, &Recipe { params: &params, key }, memory, &mut out)?;
    let phc = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).ok()?,
        salt: Some(Salt::new(&salt).ok()?),
        hash: Some(Output::new(&out).ok()?),
    };
    Some(phc.to_string())
}

/// Does the work of a comparison for an account that does not exist (V6.3.8), and always ends in no.
pub(super) fn decoy(password: &Password, peppers: &Peppers, memory: &mut Memory) -> Option<bool> {
    let key = peppers.current();
    let mut out = Zeroizing::new(vec![0; DIGEST_BYTES]);
    derive(password, &[0; SALT_BYTES], &Recipe { params: &params(key)?, key }, memory, &mut out)?;
    Some(false)
}

fn params(key: Option<&Pepper>) -> Option<Params> {
    let mut builder = ParamsBuilder::new();
    builder.m_cost(MEMORY_KIB).t_cost(PASSES).p_cost(LANES).output_len(DIGEST_BYTES);
    if let Some(key) = key {
        builder.keyid(KeyId::new(key.id.as_bytes()).ok()?);
    }
    builder.build().ok()
}

struct Recipe<'a> {
    params: &'a Params,
    key: Option<&'a Pepper>,
}

fn derive(password: &Password, salt: &[u8], recipe: &Recipe<'_>, memory: &mut Memory, out: &mut [u8]) -> Option<()> {
    let params = recipe.params.clone();
    let blocks = memory.blocks(params.block_count());
    let argon2 = match recipe.key {
        Some(key) => Argon2::new_with_secret(key.key.expose(), Algorithm::Argon2id, Version::V0x13, params).ok()?,
        None => Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
    };
    argon2.hash_password_into_with_memory(password.as_str().as_bytes(), salt, out, blocks).ok()
}
