//! Argon2id of the parameters in use, SHA-256 and Ed25519, each straight from its library.

use std::thread;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::digest::{Digest, SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, Signature};

use super::{BareError, clock};
use crate::passwords::verifier::{LANES, MEMORY_KIB, PASSES};

/// Argon2id with memory that was made before and is not wiped after.
pub struct Slow {
    memory: Vec<Block>,
    out: [u8; 32],
}

impl Slow {
    /// Takes the memory.
    pub fn new() -> Self {
        Self { memory: vec![Block::new(); MEMORY_KIB as usize], out: [0; 32] }
    }

    /// One hash.
    pub fn once(&mut self) -> Result<(), BareError> {
        let wrong = |error: argon2::Error| BareError::Argon2(error.to_string());
        let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(self.out.len())).map_err(wrong)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let (password, salt) = (b"three blue kettles sing", b"0123456789abcdef");
        argon2.hash_password_into_with_memory(password, salt, &mut self.out, &mut self.memory).map_err(wrong)?;
        std::hint::black_box(&self.out);
        Ok(())
    }
}

impl Default for Slow {
    fn default() -> Self {
        Self::new()
    }
}

/// How many hashes a second so many threads make together, each with memory of its own.
pub fn on_all_cores(threads: usize, for_ms: u64) -> Result<f64, BareError> {
    let each = move || -> Result<f64, BareError> {
        let mut slow = Slow::new();
        // Once before, so that the memory is there.
        slow.once()?;
        let (began, mut done) = (clock::wall(), 0_u32);
        while done == 0 || began.elapsed() < Duration::from_millis(for_ms) {
            slow.once()?;
            done += 1;
        }
        Ok(f64::from(done) / began.elapsed().as_secs_f64())
    };
    let threads: Vec<_> = (0..threads.max(1)).map(|_| thread::spawn(each)).collect();
    let rates = threads.into_iter().map(|thread| thread.join().map_err(|_| BareError::Thread)?);
    rates.sum()
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Digest {
    digest(&SHA256, bytes)
}

/// Ed25519.
pub struct Signing(Ed25519KeyPair);

impl Signing {
    /// With a key that everybody knows.
    pub fn new() -> Result<Self, BareError> {
        Ed25519KeyPair::from_seed_unchecked(&[7; 32]).map(Self).map_err(|_| BareError::Key)
    }
    /// One signature.
    pub fn once(&self, text: &[u8]) -> Signature {
        self.0.sign(text)
    }
}
