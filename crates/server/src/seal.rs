//! Seals. What the web tier may write and only the worker may read ([`SealKey`], [`OpenKey`]); what lies in the database and must
//! not be readable there ([`Vault`]); and digests that nobody can make without our key ([`DigestKey`]).
//!
//! Not here: where keys are configured, password hashing, and tokens, whose 256 bits need no key.

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement, hkdf, hmac,
};
use data_encoding::BASE64;
use keyward_core::{
    digest::Digest,
    ids::CaseId,
    secret::{Secret, SecretText},
};
use rustls::crypto::{
    aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_256,
    hpke::{EncapsulatedSecret, Hpke, HpkePrivateKey, HpkePublicKey},
};
use zeroize::Zeroize;

/// X25519, HKDF-SHA256, AES-256-GCM (RFC 9180).
static HPKE: &dyn Hpke = DH_KEM_X25519_HKDF_SHA256_AES_256;
/// First byte of everything sealed here.
const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 8;
const TAG_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
/// A sealed secret is filled up to a multiple of this, so that its length tells nothing about a password.
const BLOCK_BYTES: usize = 128;

/// Something could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The bytes are not what these seals look like.
    #[error("these bytes are not a seal of this version")]
    NotASeal,
    /// The key it was sealed with is not here.
    #[error("the key of this seal is not among the configured keys")]
    UnknownKey,
    /// It was changed, or belongs to another case, attempt, table or row.
    #[error("the seal is broken: changed, or moved from where it belongs")]
    Broken,
    /// The library refused the key or the plain text.
    #[error("the secret could not be sealed")]
    NotSealed,
}

/// A text or file that is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key file holds 32 random bytes, raw or as one line of base64")]
pub struct NotAKey;

/// Reads the contents of a key file: 32 raw bytes, or their base64 in one line. A file of one byte repeated is refused as never filled.
pub fn read_key(file: &[u8]) -> Result<Secret<[u8; 32]>, NotAKey> {
    let line = file.strip_suffix(b"\n").unwrap_or(file);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut bytes = if file.len() == 32 { file.to_vec() } else { BASE64.decode(line).map_err(|_| NotAKey)? };
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| NotAKey);
    bytes.zeroize();
    let key = Secret::new(key?);
    let first = key.expose().first().copied();
    if key.expose().iter().all(|byte| Some(*byte) == first) { Err(NotAKey) } else { Ok(key) }
}

/// The contents of a new key file, made of given randomness.
pub fn write_key(key: &Secret<[u8; 32]>) -> SecretText {
    let mut line = BASE64.encode(key.expose());
    line.push('\n');
    Secret::new(line)
}

/// Names a key without telling anything about it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct KeyId([u8; KEY_ID_BYTES]);

impl KeyId {
    fn of(bytes: &[u8]) -> Self {
        Self(bytes.first_chunk().copied().unwrap_or_default())
    }
}

/// Where a sealed secret belongs. It opens there and nowhere else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// The case.
    pub case: CaseId,
    /// Which try to carry it out, counted from 1.
    pub number: u32,
}

impl Attempt {
    fn info(self) -> Vec<u8> {
        format!("keyward seal\n{}\n{}", self.case, self.number).into_bytes()
    }
}

/// The worker's public key: whoever has it can seal, and can not open (idea 6 of the design). Prints as base64.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SealKey([u8; 32]);

impl SealKey {
    fn id(&self) -> KeyId {
        KeyId::of(Digest::of(&self.0).bytes())
    }

    /// Seals a secret to the worker, for one attempt of one case.
    pub fn seal(&self, secret: &SecretText, attempt: Attempt) -> Result<Vec<u8>, SealError> {
        let header = header(self.id());
        let padded = pad(secret.expose().as_bytes());
        let (enc, sealed) = HPKE
            .seal(&attempt.info(), &header, padded.expose(), &HpkePublicKey(self.0.to_vec()))
            .map_err(|_| SealError::NotSealed)?;
        Ok([header, enc.0, sealed].concat())
    }
}

impl fmt::Display for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(&self.0))
    }
}

impl FromStr for SealKey {
    type Err = NotAKey;
    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let bytes = BASE64.decode(text.as_bytes()).map_err(|_| NotAKey)?;
        bytes.try_into().map(Self).map_err(|_| NotAKey)
    }
}

/// The worker's private key. Only a process that changes accounts has it.
pub struct OpenKey {
    private: HpkePrivateKey,
    public: SealKey,
}

impl OpenKey {
    /// From the 32 bytes of a key file. Any 32 bytes are an X25519 key (RFC 7748).
    pub fn new(key: &Secret<[u8; 32]>) -> Result<Self, NotAKey> {
        let pair = agreement::PrivateKey::from_private_key(&agreement::X25519, key.expose()).map_err(|_| NotAKey)?;
        let public = pair.compute_public_key().map_err(|_| NotAKey)?;
        let public = public.as_ref().try_into().map(SealKey).map_err(|_| NotAKey)?;
        Ok(Self { private: HpkePrivateKey::from(key.expose().to_vec()), public })
    }

    /// The part for the web tier.
    pub const fn seal_key(&self) -> SealKey {
        self.public
    }

    /// Opens what was sealed for this attempt of this case.
    pub fn open(&self, sealed: &[u8], attempt: Attempt) -> Result<SecretText, SealError> {
        let (header, key, rest) = split_header(sealed)?;
        if key != self.public.id() {
            return Err(SealError::UnknownKey);
        }
        let (enc, sealed) = rest.split_first_chunk::<32>().ok_or(SealError::NotASeal)?;
        let padded = HPKE
            .open(&EncapsulatedSecret(enc.to_vec()), &attempt.info(), header, sealed, &self.private)
            .map_err(|_| SealError::Broken)?;
        let text = String::from_utf8(unpad(padded)?).map_err(|error| {
            error.into_bytes().zeroize();
            SealError::Broken
        })?;
        Ok(Secret::new(text))
    }
}

impl fmt::Debug for OpenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[open key]")
    }
}

fn header(key: KeyId) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    bytes.extend(key.0);
    bytes
}

fn split_header(sealed: &[u8]) -> Result<(&[u8], KeyId, &[u8]), SealError> {
    let (header, rest) = sealed.split_at_checked(1 + KEY_ID_BYTES).ok_or(SealError::NotASeal)?;
    match header.split_first() {
        Some((&VERSION, key)) => Ok((header, KeyId::of(key), rest)),
        _ => Err(SealError::NotASeal),
    }
}

/// Adds one byte `0x80` and zeros up to a whole number of blocks (ISO/IEC 7816-4).
fn pad(plain: &[u8]) -> Secret<Vec<u8>> {
    let whole = (plain.len() / BLOCK_BYTES + 1) * BLOCK_BYTES;
    // Made at its whole size at once: growing would leave copies behind.
    let mut padded = vec![0; whole];
    for (to, from) in padded.iter_mut().zip(plain.iter().chain([&0x80])) {
        *to = *from;
    }
    Secret::new(padded)
}

fn unpad(mut padded: Vec<u8>) -> Result<Vec<u8>, SealError> {
    let end = padded.iter().rposition(|byte| *byte != 0);
    match end.filter(|at| padded.get(*at) == Some(&0x80)) {
        Some(at) => {
            padded.truncate(at);
            Ok(padded)
        }
        None => {
            padded.zeroize();
            Err(SealError::Broken)
        }
    }
}

/// Where a value of the [`Vault`] lies. It opens there and nowhere else, so that a row can not be given another row's value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place<'a> {
    /// The table and column, for example `factors.data`.
    pub table: &'a str,
    /// The row's id.
    pub id: &'a str,
}

/// Keeps values that have to be read again but not by whoever reads the database, such as the seed of an app (AES-256-GCM-SIV, RFC 8452).
pub struct Vault {
    keys: Vec<(KeyId, LessSafeKey)>,
}

impl Vault {
    /// Seals with `key`; opens with it or with one of `older`, so that keys can be changed one after the other. No setting names an older one yet.
    pub fn new(key: &Secret<[u8; 32]>, older: &[Secret<[u8; 32]>]) -> Result<Self, NotAKey> {
        let keys = std::iter::once(key)
            .chain(older)
            .map(|key| {
                let mut vault_key = derive(key, b"keyward vault")?;
                let mut name = derive(key, b"keyward vault name")?;
                let id = KeyId::of(&name);
                let unbound = UnboundKey::new(&AES_256_GCM_SIV, &vault_key).map_err(|_| NotAKey);
                vault_key.zeroize();
                name.zeroize();
                Ok((id, LessSafeKey::new(unbound?)))
            })
            .collect::<Result<_, NotAKey>>()?;
        Ok(Self { keys })
    }

    /// Seals a value for one place. `nonce` is from `Ctx`; should one ever come twice, GCM-SIV tells no more than that two values are equal.
    pub fn seal(
        &self,
        plain: &Secret<Vec<u8>>,
        place: Place<'_>,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Vec<u8>, SealError> {
        let (id, key) = self.keys.first().ok_or(SealError::UnknownKey)?;
        let header = header(*id);
        let aad = associated(&header, place);
        let mut sealed = plain.expose().clone();
        let tag = key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&aad), &mut sealed)
            .map_err(|_| SealError::NotSealed);
        match tag {
            Ok(tag) => Ok([&header, nonce.as_slice(), &sealed, tag.as_ref()].concat()),
            Err(error) => {
                sealed.zeroize();
                Err(error)
            }
        }
    }

    /// Opens a value of this place.
    pub fn open(&self, sealed: &[u8], place: Place<'_>) -> Result<Secret<Vec<u8>>, SealError> {
        let (header, id, rest) = split_header(sealed)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::NotASeal)?;
        let (_, key) = self.keys.iter().find(|(known, _)| *known == id).ok_or(SealError::UnknownKey)?;
        let mut plain = sealed.to_vec();
        let aad = associated(header, place);
        key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(&aad), &mut plain)
            .map_err(|_| SealError::Broken)?;
        plain.truncate(plain.len().saturating_sub(TAG_BYTES));
        Ok(Secret::new(plain))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[vault]")
    }
}

fn associated(header: &[u8], place: Place<'_>) -> Vec<u8> {
    let mut bytes = header.to_vec();
    for part in [place.table.as_bytes(), place.id.as_bytes()] {
        bytes.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend(part);
    }
    bytes
}

/// HKDF-SHA256 (RFC 5869) of a key file for one use, so that one file serves several uses which tell nothing about each other.
fn derive(key: &Secret<[u8; 32]>, label: &[u8]) -> Result<[u8; 32], NotAKey> {
    let mut bytes = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
        .extract(key.expose())
        .expand(&[label], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut bytes))
        .map_err(|_| NotAKey)?;
    Ok(bytes)
}

/// What a keyed digest is of. The word is under the digest, so that digests of different things never meet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Keyed {
    /// A mail address, as a source of proofs.
    Mailbox,
    /// A browser or other device, as a source of proofs.
    Device,
    /// One of the printed codes.
    RecoveryCode,
    /// A typed code of a mail.
    MailCode,
    /// A name somebody typed, as the key of a limit.
    Name,
    /// A network address, as the key of a limit.
    Network,
    /// The key under which a request is answered once.
    RequestKey,
    /// A request that is answered once; it may hold a password.
    Request,
    /// A message about a case, as its name on the wire.
    Notice,
}

impl Keyed {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Mailbox,
        Self::Device,
        Self::RecoveryCode,
        Self::MailCode,
        Self::Name,
        Self::Network,
        Self::RequestKey,
        Self::Request,
        Self::Notice,
    ];
    /// The word under the digest. It can never change.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mailbox => "mailbox",
            Self::Device => "device",
            Self::RecoveryCode => "recovery_code",
            Self::MailCode => "mail_code",
            Self::Name => "name",
            Self::Network => "network",
            Self::RequestKey => "request_key",
            Self::Request => "request",
            Self::Notice => "notice",
        }
    }
}

/// Makes digests that nobody can make, or try out, without the key (HMAC-SHA-256, RFC 2104). The key is not in the database.
pub struct DigestKey(hmac::Key);

impl DigestKey {
    /// From the 32 bytes of a key file, which may be the file of the [`Vault`] too.
    pub fn new(key: &Secret<[u8; 32]>) -> Result<Self, NotAKey> {
        let mut bytes = derive(key, b"keyward digests")?;
        let made = Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes));
        bytes.zeroize();
        Ok(made)
    }

    /// The digest of some parts. Each is preceded by its length, so that no two lists of parts meet.
    pub fn digest(&self, of: Keyed, parts: &[&[u8]]) -> Digest {
        let mut context = hmac::Context::with_key(&self.0);
        for part in std::iter::once(of.word().as_bytes()).chain(parts.iter().copied()) {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.sign().as_ref());
        Digest::from_bytes(bytes)
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[digest key]")
    }
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
