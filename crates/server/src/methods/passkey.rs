//! Passkeys (WebAuthn Level 3): enrollment, proof, and signatures of people over what they were shown.
//!
//! Every dialog is the same for every name: no list of credentials, the passkey says by itself whose it is (UX-04, R17).
//! User verification is always required. Challenges come from the WebAuthn library's own random source.
//! Not here: that a dialog is answered once (its state lies in the store under a token and is taken out by the answer).

mod dialog;
mod refusal;

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256, digest};
use data_encoding::BASE64URL_NOPAD;
use keyward_core::{
    account::Method,
    digest::Digest,
    ids::{FactorId, PersonId},
    steps::verify::Source,
    time::Timestamp,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    Credential, CredentialID, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

use self::dialog::{Begun, begun, resume};
pub use self::{
    dialog::{Aim, Bound, DIALOG_MS, Dialog, Open},
    refusal::PasskeyRefusal,
};
use super::{Proved, UsesUp};
use crate::token::BASE32;

/// Which method this is.
pub const METHOD: Method = Method::Passkey;

/// The longest answer of a browser that is read, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;
/// The longest id a credential may have (WebAuthn 7.1, step 25).
const LONGEST_ID: usize = 1023;
const VERSION: u8 = 1;

/// Passkeys can not be offered.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// The public address has no name that passkeys could be bound to.
    #[error("passkeys need a public address with a host name and not `{0}`")]
    NoDomain(String),
    /// The library refused.
    #[error("a passkey dialog could not be begun")]
    Library(#[source] WebauthnError),
    /// What was stored is not what was written.
    #[error("a stored passkey or dialog could not be read")]
    Stored(#[source] serde_json::Error),
    /// The library keeps its state in another form than this code knows.
    #[error("the state of a passkey dialog has no challenge")]
    NoChallenge,
}

/// What is to be enrolled, and for whom, as the person's own device shows it.
#[derive(Clone, Copy, Debug)]
pub struct Enrollment<'a> {
    /// The person.
    pub person: PersonId,
    /// The name they sign in with.
    pub name: &'a str,
    /// The name they are called by.
    pub display_name: &'a str,
    /// The digest of the cookie of the browser that asks.
    pub browser: Digest,
    /// Whether it has to be a key that is held in the hand (UX-39). A wish, as browsers take it.
    pub security_key: bool,
}

/// A passkey as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    version: u8,
    key: Passkey,
    aaguid: Option<Uuid>,
}

impl Record {
    /// The credential's id: the handle that a table finds it by, no two alike.
    pub fn credential_id(&self) -> &[u8] {
        self.key.cred_id().as_ref()
    }
    /// Which product says that it holds the key (UX-40). Nobody vouches for it, as no attestation is asked for.
    pub fn aaguid(&self) -> Option<String> {
        self.aaguid.map(|id| id.to_string())
    }
    /// For the table.
    pub fn to_stored(&self) -> Result<Vec<u8>, PasskeyError> {
        serde_json::to_vec(self).map_err(PasskeyError::Stored)
    }
    /// From the table.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, PasskeyError> {
        serde_json::from_slice(bytes).map_err(PasskeyError::Stored)
    }
}

/// The answer of a browser to a dialog that asked for a proof. Nothing in it is believed until [`RelyingParty::finish`] says so.
pub struct Answered {
    credential: PublicKeyCredential,
    person: PersonId,
}

impl Answered {
    /// Reads the browser's JSON. A passkey that does not say whose it is can not have come from our dialog.
    pub fn read(json: &[u8]) -> Result<Self, PasskeyRefusal> {
        let credential: PublicKeyCredential = read_answer(json)?;
        let handle = credential.get_user_unique_id().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
        let person = handle.and_then(|handle| person_of(Uuid::from_bytes(handle))).ok_or(PasskeyRefusal::Malformed)?;
        Ok(Self { credential, person })
    }
    /// Whom the passkey names. A claim.
    pub const fn person(&self) -> PersonId {
        self.person
    }
    /// Which credential it names. A claim.
    pub fn credential_id(&self) -> &[u8] {
        self.credential.get_credential_id()
    }
}

impl fmt::Debug for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answered({})", self.person)
    }
}

/// What a person signed, so that it can be checked later by anybody who has the public key.
/// The challenge in `client_data` is SHA-256 over `keyward signature`, a line break, `digest` and `nonce`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Signed {
    /// The digest of exactly what was shown.
    pub digest: Digest,
    /// What made this dialog differ from every other.
    pub nonce: Digest,
    /// The public key, as JSON of its COSE form.
    pub public_key: Value,
    /// Base64url.
    pub authenticator_data: String,
    /// Base64url.
    pub client_data: String,
    /// Base64url.
    pub signature: String,
}

/// The challenge of a signature: commits to what was shown, and comes never twice.
fn signing_challenge(shown: Digest, nonce: Digest) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(b"keyward signature\n");
    context.update(shown.bytes());
    context.update(nonce.bytes());
    let mut challenge = [0; 32];
    challenge.copy_from_slice(context.finish().as_ref());
    challenge
}

/// This server, as passkeys know it.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    webauthn: Webauthn,
    id: String,
}

impl RelyingParty {
    /// Passkeys of the host of `public_url` and of no other, used on that very origin and on no other.
    pub fn new(public_url: &Url, organization: &str) -> Result<Self, PasskeyError> {
        let id = public_url.domain().ok_or_else(|| PasskeyError::NoDomain(public_url.to_string()))?.to_owned();
        let webauthn = WebauthnBuilder::new(&id, public_url)
            .and_then(|builder| builder.rp_name(organization).build())
            .map_err(PasskeyError::Library)?;
        Ok(Self { webauthn, id })
    }

    /// Begins the enrollment of a passkey that can be found without a name. Those the person has are left out.
    pub fn begin_enrollment(
        &self,
        wanted: Enrollment<'_>,
        existing: &[Record],
        at: Timestamp,
    ) -> Result<Dialog, PasskeyError> {
        let exclude: Vec<CredentialID> = existing.iter().map(|record| record.key.cred_id().clone()).collect();
        let (options, dialog) = self
            .webauthn
            .start_passkey_registration(handle_of(wanted.person), wanted.name, wanted.display_name, Some(exclude))
            .map_err(PasskeyError::Library)?;
        let mut options = serde_json::to_value(options).map_err(PasskeyError::Stored)?;
        if let Some(Value::Object(public_key)) = options.get_mut("publicKey") {
            public_key.insert(
                "authenticatorSelection".to_owned(),
                json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" }),
            );
            if wanted.security_key {
                public_key.insert("hints".to_owned(), json!(["security-key"]));
            }
        }
        let bound = Bound { aim: Aim::Enroll { person: wanted.person }, browser: wanted.browser };
        begun(bound, at, None, dialog).map(|state| Dialog { options, state })
    }

    /// What a device is told of the passkeys that still count, so that it can forget the others (UX-38).
    pub fn accepted(&self, person: PersonId, records: &[Record]) -> Value {
        let ids: Vec<String> = records.iter().map(|record| BASE64URL_NOPAD.encode(record.credential_id())).collect();
        json!({
            "rpId": self.id,
            "userId": BASE64URL_NOPAD.encode(handle_of(person).as_bytes()),
            "allAcceptedCredentialIds": ids,
        })
    }

    /// Ends an enrollment: the passkey to store.
    pub fn finish_enrollment(
        &self,
        open: Open<'_>,
        answer: &[u8],
        existing: &[Record],
    ) -> Result<Record, PasskeyRefusal> {
        let begun: Begun<PasskeyRegistration> = resume(open)?;
        let answer: RegisterPublicKeyCredential = read_answer(answer)?;
        let key = self.webauthn.finish_passkey_registration(&answer, &begun.dialog)?;
        let id: &[u8] = key.cred_id().as_ref();
        if id.len() > LONGEST_ID {
            return Err(PasskeyRefusal::Unsound);
        }
        if existing.iter().any(|record| record.credential_id() == id) {
            return Err(PasskeyRefusal::AlreadyEnrolled);
        }
        if answer.extensions.cred_props.as_ref().and_then(|props| props.rk) == Some(false) {
            return Err(PasskeyRefusal::NotDiscoverable);
        }
        let aaguid = self.aaguid(&answer.response.attestation_object, id);
        Ok(Record { version: VERSION, key, aaguid })
    }

    /// Begins a dialog that asks for a proof. It is the same whoever is asked, and whether or not they exist.
    pub fn begin(&self, bound: Bound, at: Timestamp) -> Result<Dialog, PasskeyError> {
        let (mut options, dialog) = self.webauthn.start_discoverable_authentication().map_err(PasskeyError::Library)?;
        // It is asked in a window of its own, after a button.
        options.mediation = None;
        let mut options = serde_json::to_value(options).map_err(PasskeyError::Stored)?;
        let mut dialog = serde_json::to_value(dialog).map_err(PasskeyError::Stored)?;
        let nonce = match bound.aim {
            Aim::Sign { digest, .. } => Some(sign_over(digest, &mut options, &mut dialog)?),
            Aim::Enroll { .. } | Aim::Prove { .. } => None,
        };
        begun(bound, at, nonce, dialog).map(|state| Dialog { options, state })
    }

    /// Ends a dialog: whether it proves `subject`, of whom `passkeys` are all that are enrolled.
    pub fn finish(&self, open: Open<'_>, answer: &Answered, subject: Subject<'_>) -> Result<Proved, PasskeyRefusal> {
        let begun: Begun<DiscoverableAuthentication> = resume(open)?;
        self.check(begun, answer, subject).map(|(proved, _)| proved)
    }

    /// Ends a dialog of [`Aim::Sign`]: the proof, and the signature to keep.
    pub fn finish_signature(
        &self,
        open: Open<'_>,
        answer: &Answered,
        subject: Subject<'_>,
    ) -> Result<(Proved, Signed), PasskeyRefusal> {
        let begun: Begun<DiscoverableAuthentication> = resume(open)?;
        let (Aim::Sign { person, digest }, Some(nonce)) = (open.bound.aim, begun.nonce) else {
            return Err(PasskeyRefusal::OtherDialog);
        };
        if person != subject.person {
            return Err(PasskeyRefusal::OtherPerson);
        }
        let (proved, record) = self.check(begun, answer, subject)?;
        let response = &answer.credential.response;
        let signed = Signed {
            digest,
            nonce,
            public_key: serde_json::to_value(record.key.get_public_key()).map_err(|_| PasskeyRefusal::Unsound)?,
            authenticator_data: BASE64URL_NOPAD.encode(&response.authenticator_data),
            client_data: BASE64URL_NOPAD.encode(&response.client_data_json),
            signature: BASE64URL_NOPAD.encode(&response.signature),
        };
        Ok((proved, signed))
    }

    fn check(
        &self,
        begun: Begun<DiscoverableAuthentication>,
        answer: &Answered,
        subject: Subject<'_>,
    ) -> Result<(Proved, Record), PasskeyRefusal> {
        if answer.person != subject.person {
            return Err(PasskeyRefusal::OtherPerson);
        }
        let known = subject.passkeys.iter().find(|(_, record)| record.credential_id() == answer.credential_id());
        let (factor, record) = known.ok_or(PasskeyRefusal::NotEnrolled)?;
        if is_cross_origin(&answer.credential.response.client_data_json)? {
            return Err(PasskeyRefusal::CrossOrigin);
        }
        let credential = Credential::from(record.key.clone());
        let result =
            self.webauthn.finish_discoverable_authentication_v2(&answer.credential, begun.dialog, &credential)?;
        // The library has required both; what rests on them here is worth a second look.
        if !result.user_verified() {
            return Err(PasskeyRefusal::NotVerified);
        }
        let mut record = record.clone();
        let uses_up = if record.key.update_credential(&result) == Some(true) {
            let data = record.to_stored().map_err(|_| PasskeyRefusal::Unsound)?;
            UsesUp::Record { factor: *factor, data }
        } else {
            UsesUp::Nothing
        };
        Ok((Proved { sources: vec![Source::Factor { id: *factor }], uses_up }, record))
    }

    /// The product's id. It stands right before the length and bytes of the credential's id, 37 bytes after the digest of our name.
    fn aaguid(&self, attestation: &[u8], credential: &[u8]) -> Option<Uuid> {
        let party = digest(&SHA256, self.id.as_bytes());
        let tail = [&u16::try_from(credential.len()).ok()?.to_be_bytes(), credential].concat();
        attestation.windows(32).enumerate().filter(|(_, window)| *window == party.as_ref()).find_map(|(at, _)| {
            let after = attestation.get(at + 37..)?;
            let (aaguid, rest) = after.split_first_chunk::<16>()?;
            (rest.starts_with(&tail) && *aaguid != [0; 16]).then(|| Uuid::from_bytes(*aaguid))
        })
    }
}

/// Who has to be proved, and all passkeys that are enrolled for them.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Who.
    pub person: PersonId,
    /// Their passkeys.
    pub passkeys: &'a [(FactorId, Record)],
}

/// Makes the dialog sign over a digest: its own random challenge becomes the nonce, and the new one commits to both.
fn sign_over(shown: Digest, options: &mut Value, dialog: &mut Value) -> Result<Digest, PasskeyError> {
    let for_browser = options.pointer_mut("/publicKey/challenge").ok_or(PasskeyError::NoChallenge)?;
    let kept = dialog.pointer_mut("/ast/challenge").ok_or(PasskeyError::NoChallenge)?;
    let random = kept.as_str().and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok());
    let random = random.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).ok_or(PasskeyError::NoChallenge)?;
    let nonce = Digest::from_bytes(random);
    let challenge = Value::String(BASE64URL_NOPAD.encode(&signing_challenge(shown, nonce)));
    *for_browser = challenge.clone();
    *kept = challenge;
    Ok(nonce)
}

fn read_answer<T: DeserializeOwned>(json: &[u8]) -> Result<T, PasskeyRefusal> {
    if json.len() > LONGEST_ANSWER {
        return Err(PasskeyRefusal::Malformed);
    }
    serde_json::from_slice(json).map_err(|_| PasskeyRefusal::Malformed)
}

/// The library looks at this when a passkey is made, and not when it is used.
fn is_cross_origin(client_data: &[u8]) -> Result<bool, PasskeyRefusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Frame {
        #[serde(default)]
        cross_origin: bool,
    }
    serde_json::from_slice::<Frame>(client_data).map(|frame| frame.cross_origin).map_err(|_| PasskeyRefusal::Malformed)
}

/// The bytes that a passkey keeps as its holder: the person's id, which tells nothing about them.
fn handle_of(person: PersonId) -> Uuid {
    let text = person.to_string();
    let bytes = text.split_once('_').and_then(|(_, tail)| BASE32.decode(tail.as_bytes()).ok());
    // An id is always a prefix and 16 bytes in this base 32.
    Uuid::from_bytes(bytes.and_then(|bytes| bytes.try_into().ok()).unwrap_or_default())
}

fn person_of(handle: Uuid) -> Option<PersonId> {
    format!("person_{}", BASE32.encode(handle.as_bytes())).parse().ok()
}

#[cfg(test)]
mod tests;
