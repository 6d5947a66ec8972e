//! Signed notes: a text, and lines with signatures by named keys (C2SP `signed-note`), signed with Ed25519.
//!
//! The text of a [`Note`] cannot be had: what nobody known has signed is not to be looked at. [`open`] hands it out as [`Opened`].
//! Keys of other kinds (cosignatures of witnesses, ECDSA) are unknown keys here, and unknown keys are ignored.

use std::{fmt, str::FromStr};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use data_encoding::{BASE64, HEXLOWER};

use super::{Hash, LogError, What, unreadable};
use crate::secret::Secret;

/// The signature type byte of Ed25519.
const ED25519_TYPE: u8 = 0x01;
/// Em dash and space, in front of every signature.
const DASH: &str = "— ";
/// More signatures than this are refused before any is verified; 16 must be accepted.
pub const MAX_SIGNATURES: usize = 100;
/// A longer note is refused unread. 100 post-quantum signatures fit.
pub const MAX_NOTE_BYTES: usize = 1_000_000;

/// The first four bytes of a hash over a key and its name: finds a key, proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

impl KeyId {
    /// The id of an Ed25519 key (TL-2).
    fn of(name: &str, public: &[u8; 32]) -> Self {
        let hash = Hash::of(&[name.as_bytes(), b"\n", &[ED25519_TYPE], public]);
        Self(hash.as_bytes().first_chunk().copied().unwrap_or_default())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}
impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The public half of a key with its name. Printed and read as a verifier key: `name+id+key`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Verifier {
    name: String,
    id: KeyId,
    public: [u8; 32],
}

impl Verifier {
    /// The key of that name. For a log, the name is its origin.
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, LogError> {
        check_name(name)?;
        Ok(Self {
            name: name.to_owned(),
            id: KeyId::of(name, &public),
            public,
        })
    }

    /// What the key is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What finds the key among others of its name.
    pub const fn key_id(&self) -> KeyId {
        self.id
    }

    fn goes_by(&self, signature: &Signature) -> bool {
        self.id == signature.id && self.name == signature.name
    }

    fn accepts(&self, text: &str, signature: &Signature) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public)
            .verify(text.as_bytes(), &signature.bytes)
            .is_ok()
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![ED25519_TYPE];
        key.extend(self.public);
        write!(f, "{}+{}+{}", self.name, self.id, BASE64.encode(&key))
    }
}
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Verifier {
    type Err = LogError;
    fn from_str(text: &str) -> Result<Self, LogError> {
        let refuse = |why| unreadable(What::VerifierKey, why);
        // From the left: the base64 may have a plus, name and id may not.
        let (name, rest) = text
            .split_once('+')
            .ok_or_else(|| refuse("it has no plus"))?;
        let (id, key) = rest
            .split_once('+')
            .ok_or_else(|| refuse("it has only one plus"))?;
        let key = BASE64
            .decode(key.as_bytes())
            .map_err(|_| refuse("the key is not in standard base64"))?;
        let public = key
            .strip_prefix(&[ED25519_TYPE])
            .ok_or_else(|| refuse("the key is not an Ed25519 key"))?
            .try_into()
            .map_err(|_| refuse("the key is not 32 bytes long"))?;
        let verifier = Self::new(name, public)?;
        if verifier.id.to_string() == id {
            Ok(verifier)
        } else {
            Err(refuse("the id does not belong to name and key"))
        }
    }
}

/// A key that signs, with its name.
pub struct Signer {
    verifier: Verifier,
    pair: Ed25519KeyPair,
}

impl Signer {
    /// The key that grows from a seed of 32 random bytes (RFC 8032, 5.1.5). For a log, the name is its origin.
    pub fn from_seed(name: &str, seed: &Secret<[u8; 32]>) -> Result<Self, LogError> {
        check_name(name)?;
        let rejected = |source| LogError::SigningKey {
            name: name.to_owned(),
            source,
        };
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose()).map_err(rejected)?;
        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key().as_ref());
        let verifier = Verifier::new(name, public)?;
        Ok(Self { verifier, pair })
    }

    /// What others need to check this key's signatures.
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// What the key is called.
    pub fn name(&self) -> &str {
        self.verifier.name()
    }

    fn sign(&self, text: &str) -> Result<Signature, LogError> {
        let failed = |source| LogError::Signing {
            name: self.name().to_owned(),
            source,
        };
        let bytes = self.pair.try_sign(text.as_bytes()).map_err(failed)?;
        Ok(Signature {
            name: self.name().to_owned(),
            id: self.verifier.id,
            bytes: bytes.as_ref().to_vec(),
        })
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signer of {}", self.verifier)
    }
}

/// One line below a note: who claims to have signed, and how. Not verified by being here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    name: String,
    id: KeyId,
    bytes: Vec<u8>,
}

impl Signature {
    /// The name of the key that is claimed to have signed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the key that is claimed to have signed.
    pub const fn key_id(&self) -> KeyId {
        self.id
    }
}

impl fmt::Display for Signature {
    /// Without the line feed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.id.0.as_slice(), &self.bytes].concat();
        write!(f, "{DASH}{} {}", self.name, BASE64.encode(&bytes))
    }
}

impl FromStr for Signature {
    type Err = LogError;
    /// One line without its line feed, as a witness answers it.
    fn from_str(line: &str) -> Result<Self, LogError> {
        let refuse = |why| unreadable(What::Note, why);
        let (name, bytes) = line
            .strip_prefix(DASH)
            .and_then(|rest| rest.split_once(' '))
            .ok_or_else(|| refuse("a signature line is not a dash, a name and base64"))?;
        check_name(name)?;
        let bytes = BASE64
            .decode(bytes.as_bytes())
            .map_err(|_| refuse("a signature is not in standard base64"))?;
        match bytes.split_first_chunk() {
            Some((id, bytes)) if !bytes.is_empty() => Ok(Self {
                name: name.to_owned(),
                id: KeyId(*id),
                bytes: bytes.to_vec(),
            }),
            _ => Err(refuse("a signature is too short")),
        }
    }
}

/// A text with signatures that nobody has checked yet. Printed as it goes over the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// A text that is about to be signed: whole lines, no control characters.
    pub fn new(text: &str) -> Result<Self, LogError> {
        if !text.ends_with('\n') {
            return Err(unreadable(What::Note, "the text does not end with a line"));
        }
        check_characters(text)?;
        Ok(Self {
            text: text.to_owned(),
            signatures: Vec::new(),
        })
    }

    /// Signs. A signature by the same key is replaced.
    pub fn sign(&mut self, signer: &Signer) -> Result<(), LogError> {
        let signature = signer.sign(&self.text)?;
        self.add(signature);
        Ok(())
    }

    /// Adds somebody else's signature, unchecked. A signature by the same key is replaced.
    pub fn add(&mut self, signature: Signature) {
        self.signatures
            .retain(|other| (&other.name, other.id) != (&signature.name, signature.id));
        self.signatures.push(signature);
    }

    /// Who claims to have signed.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Reads text and signatures, and believes neither. Takes bytes, for text that is not UTF-8 is one of the things refused.
    pub fn parse(note: &[u8]) -> Result<Self, LogError> {
        let refuse = |why| unreadable(What::Note, why);
        if note.len() > MAX_NOTE_BYTES {
            return Err(refuse("it is longer than a million bytes"));
        }
        let note = std::str::from_utf8(note).map_err(|_| refuse("it is not in UTF-8"))?;
        // The last empty line separates: there may be others in the text, but none among the signatures.
        let (text, lines) = note
            .rsplit_once("\n\n")
            .ok_or_else(|| refuse("it has no empty line"))?;
        let lines = lines
            .strip_suffix('\n')
            .ok_or_else(|| refuse("it does not end with a signature line"))?;
        if lines.split('\n').nth(MAX_SIGNATURES).is_some() {
            return Err(refuse("it has more than 100 signatures"));
        }
        check_characters(text)?;
        Ok(Self {
            text: format!("{text}\n"),
            signatures: lines
                .split('\n')
                .map(str::parse)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Believes the text if at least one of the verifiers' keys signed it and none of their signatures is wrong (TL-1).
    /// Signatures by keys that are not among the verifiers change nothing.
    pub fn open<'v>(&self, verifiers: &'v [Verifier]) -> Result<Opened<'v>, LogError> {
        let mut signed_by: Vec<&Verifier> = Vec::new();
        for signature in &self.signatures {
            let mut known = verifiers.iter().filter(|key| key.goes_by(signature));
            let Some(key) = known.next() else {
                continue;
            };
            if known.any(|other| other != key) {
                return Err(LogError::AmbiguousKey(key.name.clone()));
            }
            if !key.accepts(&self.text, signature) {
                return Err(LogError::BadSignature(key.name.clone()));
            }
            if !signed_by.contains(&key) {
                signed_by.push(key);
            }
        }
        if signed_by.is_empty() {
            return Err(LogError::Unsigned);
        }
        Ok(Opened {
            text: self.text.clone(),
            signed_by,
        })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

/// A text that known keys have signed. Only opening a note makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened<'v> {
    text: String,
    signed_by: Vec<&'v Verifier>,
}

impl<'v> Opened<'v> {
    /// The text, with its last line feed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The known keys that signed it, each once; at least one.
    pub fn signed_by(&self) -> &[&'v Verifier] {
        &self.signed_by
    }
}

/// Reads and verifies: [`Note::parse`], then [`Note::open`].
pub fn open<'v>(note: &[u8], verifiers: &'v [Verifier]) -> Result<Opened<'v>, LogError> {
    Note::parse(note)?.open(verifiers)
}

/// The rule for names of keys, and so for origins of logs.
pub(super) fn check_name(name: &str) -> Result<(), LogError> {
    let odd = |c: char| c.is_whitespace() || c < ' ' || c == '+';
    if name.is_empty() || name.contains(odd) {
        let shown = name.chars().take(80).flat_map(char::escape_debug);
        return Err(LogError::KeyName(shown.collect()));
    }
    Ok(())
}

fn check_characters(text: &str) -> Result<(), LogError> {
    if text.bytes().any(|byte| byte < b' ' && byte != b'\n') {
        return Err(unreadable(What::Note, "it has a control character"));
    }
    Ok(())
}
