//! What happened in a case: the entries whose bytes are the leaves of the log, for ever.
//!
//! INVARIANT: the bytes of an entry never change. A new meaning is a new variant or a new `v`; `tests/golden/events` holds one of each.
//! No name, address or text of a person is in here, only ids, words of this file, times, digests and commitments.

use serde::{Deserialize, Serialize};

use crate::{
    account::Action,
    actor::Actor,
    digest::Commitment,
    ids::{CaseId, FactorId, Reference},
    policy::Gated,
    steps::{
        authorize::{Approval, Hold},
        classify::Classification,
        reissue::{Recorded, Started, Submission},
        review::{Notice, Review},
        verify::{Evidence, Rejection},
    },
    time::Timestamp,
};

/// The version of the entries that this build writes.
pub const VERSION: u8 = 1;

/// One leaf of the log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Version of this format.
    pub v: u8,
    /// The case it belongs to.
    pub case: CaseId,
    /// Its number within the case, from 1 without a gap.
    pub seq: u32,
    /// When it was written; never before the entry in front of it.
    pub at: Timestamp,
    /// Who did it.
    pub by: Actor,
    /// What was done.
    pub event: Event,
}

/// Bytes that are not an entry.
#[derive(Debug, thiserror::Error)]
pub enum NotAnEntry {
    /// They do not parse.
    #[error("the entry does not parse")]
    Json(#[from] serde_json::Error),
    /// They parse, but are not what this entry is written as.
    #[error("the entry is not in canonical form")]
    NotCanonical,
    /// They are of a version that this build does not know.
    #[error("the entry has version {0}; this build reads version {VERSION}")]
    Version(u8),
}

impl Entry {
    /// The bytes that are hashed for ever: JSON in the order of declaration, without spaces.
    pub fn bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
    /// Reads stored bytes. Accepts only what [`Entry::bytes`] would write, so that one entry has one form.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotAnEntry> {
        let entry: Self = serde_json::from_slice(bytes)?;
        if entry.v != VERSION {
            return Err(NotAnEntry::Version(entry.v));
        }
        if entry.bytes()? != bytes {
            return Err(NotAnEntry::NotCanonical);
        }
        Ok(entry)
    }
}

/// By which door somebody came in (UX-02).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// "I forgot my password".
    Forgot,
    /// "I am locked out".
    Locked,
    /// "I lost my phone or key".
    Lost,
    /// From "my ways back in", signed in.
    Account,
}

impl Door {
    /// The word used in policies, events and pages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Forgot => "forgot",
            Self::Locked => "locked",
            Self::Lost => "lost",
            Self::Account => "account",
        }
    }
}

/// What somebody says they want, for whom, from where. Nothing in it is proved (R3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Claim {
    /// What people read and speak.
    pub reference: Reference,
    /// By which door.
    pub door: Door,
    /// What for.
    pub action: Action,
    /// The name that was typed.
    pub name: Commitment,
    /// The network address it came from.
    pub network: Commitment,
    /// What the browser says it is.
    pub browser: Commitment,
    /// The language of the page, as a BCP 47 tag.
    pub language: String,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// Step 1. Somebody asked.
    Opened(Claim),
    /// Step 1. The name is one account, and this is what it can do.
    Classified(Classification),
    /// Step 1. The name is no account that can be recovered here. The page goes on as if it were (UX-03).
    Unmatched {
        /// The true reason, for the log only (R46).
        reason: Unmatched,
    },
    /// Step 2. A proof was given.
    Presented(Evidence),
    /// Step 2. A proof was tried and did not hold.
    Rejected(Rejection),
    /// Step 2. The policy says: it is this person.
    Verified(Gated),
    /// Step 3. A second person said yes.
    Approved(Approval),
    /// Step 3. The policy says: wait.
    Held(Hold),
    /// Step 3. The policy says: it may happen, until then.
    Authorized {
        /// The answer and the facts it was given for.
        gate: Gated,
        /// When the permission ends by itself.
        until: Timestamp,
    },
    /// Step 4. What to do was handed in, sealed.
    Submitted(Submission),
    /// Step 4. The account is of another class than when the case began; proof and permission are asked for again.
    Reclassified(Classification),
    /// Step 4. The directory is about to be touched.
    Started(Started),
    /// Step 4. What the directory answered, and what looking at it showed.
    Recorded(Recorded),
    /// A notice went out, or could not.
    Noticed(Notice),
    /// Step 5. Somebody, or Keyward for the mild classes, looked at what was left open.
    Reviewed(Review),
    /// After the change. The recovery code that was a proof has a new one in its place (NIST SP 800-63B-4, 4.2.1.1).
    CodeReplaced {
        /// On this sheet.
        factor: FactorId,
    },
    /// The case ended without a change.
    Ended {
        /// Why.
        reason: EndReason,
    },
    /// "This was not me."
    Contested {
        /// Which notice or page it came from.
        from: ContestedFrom,
    },
}

impl Event {
    /// The commitments to personal values in it.
    pub fn commitments(&self) -> Vec<Commitment> {
        match self {
            Self::Opened(claim) => vec![claim.name, claim.network, claim.browser],
            Self::Classified(classification) | Self::Reclassified(classification) => vec![classification.account],
            Self::Noticed(notice) => vec![notice.address],
            Self::Unmatched { .. }
            | Self::Presented(_)
            | Self::Rejected(_)
            | Self::Verified(_)
            | Self::Approved(_)
            | Self::Held(_)
            | Self::Authorized { .. }
            | Self::Submitted(_)
            | Self::Started(_)
            | Self::Recorded(_)
            | Self::Reviewed(_)
            | Self::CodeReplaced { .. }
            | Self::Ended { .. }
            | Self::Contested { .. } => vec![],
        }
    }
}

/// Why a name is not an account that can be recovered here.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unmatched {
    /// No account has that name.
    Unknown,
    /// More than one account has it; which one is meant can not be told (R40).
    Ambiguous,
    /// The account is disabled or expired and stays so (T-B17).
    Disabled,
    /// The account belongs to software (R31).
    Machine,
    /// "Not me" was said for this account a short time ago.
    Blocked,
    /// There is nothing that could open the gate for it.
    NoRoute,
}

/// Why a case ended without a change.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// An approver said no; one no is enough (R29).
    Denied,
    /// The one who asked took it back.
    Withdrawn,
    /// Time ran out.
    Expired,
    /// The directory refused three times.
    DirectoryRefused,
    /// A newer case for the same account and action took its place.
    Superseded,
    /// "Not me" was said in another case of the same account.
    Blocked,
}

/// Where "this was not me" was said.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContestedFrom {
    /// By the link in a notice, without sign-in (UX-71).
    Notice,
    /// On the pages of the case itself.
    Page,
    /// Signed in, from the list of cases.
    Account,
}
