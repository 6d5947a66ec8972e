//! What is to be done, as it lies in the queue. The fields of a kind are read by the file of its name.

use keyward_core::{
    ids::{CaseId, FactorId},
    steps::review::NoticeAbout,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::sign_in;
use crate::{ctx::Ctx, flow::SignedIn, store::jobs::NewJob};

/// A piece of work, as it lies in the queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub enum Work {
    /// Find the account behind a name.
    Classify {
        /// For this case.
        case: CaseId,
        /// Who opened it, if they were signed in.
        signed_in: Option<SignedIn>,
    },
    /// Send a link and a code to the stored addresses.
    MailCode {
        /// For this case.
        case: CaseId,
        /// The browser that the code counts in.
        browser: keyward_core::digest::Digest,
        /// To this one. None: to all that may be used, each by a job of its own.
        to: Option<FactorId>,
    },
    /// Send a code to an address that is to be added.
    NewAddress {
        /// In this case.
        case: CaseId,
        /// The browser that the code counts in.
        browser: keyward_core::digest::Digest,
        /// Digest of the key under which the address lies sealed.
        draft: keyward_core::digest::Digest,
    },
    /// Make the change.
    Reissue {
        /// Of this case.
        case: CaseId,
        /// Which attempt.
        attempt: u32,
        /// What was handed in, sealed. Empty where nothing was.
        sealed: Vec<u8>,
    },
    /// Find out what came of an attempt without an answer.
    Look {
        /// Of this case.
        case: CaseId,
        /// Which attempt.
        attempt: u32,
        /// What was handed in, sealed; with it a password can be proved set.
        sealed: Vec<u8>,
        /// When the password had been changed before the attempt, if that is known.
        changed_before: Option<Timestamp>,
    },
    /// Tell everybody who should know.
    Notify {
        /// About this case.
        case: CaseId,
        /// What.
        about: NoticeAbout,
    },
    /// Send one notice to one address.
    Send {
        /// About this case.
        case: CaseId,
        /// What.
        about: NoticeAbout,
        /// The address.
        to: FactorId,
    },
    /// Look at what was left open.
    Review {
        /// In this case.
        case: CaseId,
    },
    /// Ask the gate again, of an account that turned out to be of another class.
    Ask {
        /// In this case.
        case: CaseId,
    },
    /// End a case that the directory refused too often.
    GiveUp {
        /// This one.
        case: CaseId,
    },
    /// End other open cases of the account, after a change or "not me".
    StopOthers {
        /// Made or said in this case.
        case: CaseId,
    },
    /// Try a password for "my ways back in".
    SignIn(sign_in::Request),
    /// End what has run out of time.
    Expire,
}

impl Work {
    /// The name of its file.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Classify { .. } => "classify",
            Self::MailCode { .. } => "mail_code",
            Self::NewAddress { .. } => "new_address",
            Self::Reissue { .. } => "reissue",
            Self::Look { .. } => "look",
            Self::Notify { .. } => "notify",
            Self::Send { .. } => "send",
            Self::Review { .. } => "review",
            Self::Ask { .. } => "ask",
            Self::GiveUp { .. } => "give_up",
            Self::StopOthers { .. } => "stop_others",
            Self::SignIn(_) => "sign_in",
            Self::Expire => "expire",
        }
    }

    const fn case(&self) -> Option<CaseId> {
        match self {
            Self::Classify { case, .. }
            | Self::MailCode { case, .. }
            | Self::NewAddress { case, .. }
            | Self::Reissue { case, .. }
            | Self::Look { case, .. }
            | Self::Notify { case, .. }
            | Self::Send { case, .. }
            | Self::Review { case }
            | Self::Ask { case }
            | Self::GiveUp { case }
            | Self::StopOthers { case } => Some(*case),
            Self::SignIn(_) | Self::Expire => None,
        }
    }

    /// How often it is tried. What waits for a directory, or for what that says, outlives three days without one, and a notice three without a relay. A sign-in is over before its
    /// last try, so that no dead job keeps its password.
    pub(super) const fn max_tries(&self) -> u32 {
        match self {
            Self::Send { .. } => 90,
            Self::Classify { .. } | Self::MailCode { to: None, .. } | Self::Reissue { .. } | Self::Look { .. } => {
                10_000
            }
            // Ten minutes, which is as long as a code lives.
            Self::MailCode { .. } | Self::NewAddress { .. } => 25,
            _ => 20,
        }
    }

    /// Puts it into the queue's form.
    pub fn job(&self, ctx: &Ctx, created: Timestamp, due: Timestamp) -> NewJob {
        NewJob {
            id: ctx.id(created),
            kind: self.kind(),
            case: self.case(),
            only_one: self.only_one(),
            // A value of this enum always has a JSON form; were it empty, the job would fail and be shown.
            payload: serde_json::to_vec(self).unwrap_or_default(),
            due,
            max_tries: self.max_tries(),
            created,
        }
    }

    /// Work that is enough once.
    fn only_one(&self) -> Option<String> {
        match self {
            Self::Expire => Some("expire".to_owned()),
            _ => None,
        }
    }
}
