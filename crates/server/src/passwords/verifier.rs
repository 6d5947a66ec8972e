//! What is stored instead of a password: an argon2id PHC string (RFC 9106; STANDARDS X9), salted (N-48).
//!
//! `$argon2id$v=19$m=19456,t=2,p=1$SALT$DIGEST`. Strings from the database are not trusted: parameters that would cost too much are refused before any
//! work. Deliberately has no key beside the salt, holds no threads ([`super::pool`]) and draws no salt: the caller brings it from its random source.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
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
    /// Not an argon2id PHC string of version 19 with salt and digest, or keyed.
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
            (Some(salt), Some(digest))
                if digest.len() >= MIN_DIGEST_BYTES && params.keyid().is_empty() && params.data().is_empty() =>
            {
                Ok(Self { params, salt, digest })
            }
            _ => Err(VerifierError::Malformed),
        }
    }

    /// Whether the password is the one that was stored. `None` where argon2 itself refuses, which the limits rule out.
    pub(super) fn matches(&self, password: &Password, memory: &mut Memory) -> Option<bool> {
        let mut out = Zeroizing::new(vec![0; self.digest.len()]);
        derive(password, &self.salt, &self.params, memory, &mut out)?;
        Some(verify_slices_are_equal(&out, self.digest.as_bytes()).is_ok())
    }
}

/// Makes the string to store. `None` where argon2 refuses, which constant parameters rule out.
pub(super) fn store(password: &Password, salt: [u8; SALT_BYTES], memory: &mut Memory) -> Option<String> {
    let params = params()?;
    let mut out = Zeroizing::new(vec![0; DIGEST_BYTES]);
    derive(password, &salt, &params, memory, &mut out)?;
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
pub(super) fn decoy(password: &Password, memory: &mut Memory) -> Option<bool> {
    let mut out = Zeroizing::new(vec![0; DIGEST_BYTES]);
    derive(password, &[0; SALT_BYTES], &params()?, memory, &mut out)?;
    Some(false)
}

fn params() -> Option<Params> {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(DIGEST_BYTES)).ok()
}

fn derive(password: &Password, salt: &[u8], params: &Params, memory: &mut Memory, out: &mut [u8]) -> Option<()> {
    let blocks = memory.blocks(params.block_count());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    argon2.hash_password_into_with_memory(password.as_str().as_bytes(), salt, out, blocks).ok()
}
