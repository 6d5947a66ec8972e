//! A passkey dialog between its two halves: what it is for, and what is kept until its answer comes.
//!
//! Not here: where it is kept, and that it is answered once (the store takes the state out under its token).

use keyward_core::{
    digest::Digest,
    ids::{CaseId, PersonId},
    time::{MINUTE_MS, Timestamp},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{PasskeyError, PasskeyRefusal};

/// How long a dialog may stay open.
pub const DIALOG_MS: i64 = 5 * MINUTE_MS;
const VERSION: u8 = 1;

/// What a dialog is for. Bound into its state: an answer to one is none to another (T-G08).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Aim {
    /// A new passkey for this person.
    Enroll {
        /// Who.
        person: PersonId,
    },
    /// A proof in this case.
    Prove {
        /// Which.
        case: CaseId,
    },
    /// The signature of this person over what they were shown.
    Sign {
        /// Who.
        person: PersonId,
        /// The digest of exactly what was shown.
        digest: Digest,
    },
}

/// What a dialog is bound to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bound {
    /// What it is for.
    pub aim: Aim,
    /// The digest of the cookie of the browser that began it.
    pub browser: Digest,
}

/// A dialog that begins: what the browser gets, and what is kept until its answer comes.
#[derive(Clone, Debug)]
pub struct Dialog {
    /// For `parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`, under `publicKey`.
    pub options: Value,
    /// For the store, under a token. Never for the browser.
    pub state: Vec<u8>,
}

/// A dialog whose answer has come.
#[derive(Clone, Copy, Debug)]
pub struct Open<'a> {
    /// What the store had under the token that came with the answer.
    pub state: &'a [u8],
    /// What the answer came for: from the request and the case, never from `state`.
    pub bound: Bound,
    /// When it came.
    pub at: Timestamp,
}

/// The state of a dialog as it is stored.
#[derive(Serialize, Deserialize)]
pub(super) struct Begun<S> {
    version: u8,
    bound: Bound,
    until: Timestamp,
    /// What was mixed into the challenge of a signature.
    pub(super) nonce: Option<Digest>,
    pub(super) dialog: S,
}

/// The state of a dialog that begins now.
pub(super) fn begun<S: Serialize>(
    bound: Bound,
    at: Timestamp,
    nonce: Option<Digest>,
    dialog: S,
) -> Result<Vec<u8>, PasskeyError> {
    let state = Begun { version: VERSION, bound, until: at.plus_ms(DIALOG_MS), nonce, dialog };
    serde_json::to_vec(&state).map_err(PasskeyError::Stored)
}

/// Takes a dialog up again, if it is this one and still open.
pub(super) fn resume<S: DeserializeOwned>(open: Open<'_>) -> Result<Begun<S>, PasskeyRefusal> {
    let begun: Begun<S> = serde_json::from_slice(open.state).map_err(|_| PasskeyRefusal::OtherDialog)?;
    if begun.version != VERSION || begun.bound != open.bound {
        return Err(PasskeyRefusal::OtherDialog);
    }
    if open.at >= begun.until { Err(PasskeyRefusal::Expired) } else { Ok(begun) }
}
