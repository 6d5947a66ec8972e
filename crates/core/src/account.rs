//! Accounts and what may be done to them. An account lives in a directory; Keyward knows its owner by a [`PersonId`](crate::ids::PersonId).

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an account can do decides what must be proved before it is recovered (M19). In order of strictness.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Most people.
    Standard,
    /// Moves money (M113).
    Finance,
    /// Holds records about people (C8).
    Hr,
    /// Can do harm by name alone.
    Executive,
    /// Credentials of software; never recovered by the road for people (R31).
    Machine,
    /// Can change or recover other accounts (M21). Whoever can not be classified is treated as this.
    Admin,
}

impl Class {
    /// All classes, mildest first.
    pub const ALL: [Self; 6] = [Self::Standard, Self::Finance, Self::Hr, Self::Executive, Self::Machine, Self::Admin];
    /// The word used in policies, events and pages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Finance => "finance",
            Self::Hr => "hr",
            Self::Executive => "executive",
            Self::Machine => "machine",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Where an account is: the configured name of its directory, and the directory's own immutable id of it
/// (`entryUUID`, `objectGUID`), never a name or an address that can be given to somebody else (R40).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct AccountRef {
    /// The directory's name in the configuration.
    pub directory: String,
    /// The immutable id within that directory.
    pub id: String,
}

impl fmt::Display for AccountRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.directory, self.id)
    }
}

/// What a case is for: the change that is made when its gate opens. One case makes one change.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// Give the account a new password.
    SetPassword,
    /// Lift a lock after too many wrong passwords; the password stays.
    Unlock,
    /// Bind a new factor that can prove who the person is.
    EnrollFactor {
        /// What is bound.
        method: Method,
    },
    /// End a factor, for example of a lost phone; which one is said when the gate is open. Removal comes first, enrollment after.
    RemoveFactor,
}

impl Action {
    /// The word used in policies, events and pages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SetPassword => "set_password",
            Self::Unlock => "unlock",
            Self::EnrollFactor { .. } => "enroll_factor",
            Self::RemoveFactor => "remove_factor",
        }
    }
    /// Whether the change is made in the directory (and not in Keyward's own table of factors).
    pub const fn changes_directory(self) -> bool {
        matches!(self, Self::SetPassword | Self::Unlock)
    }
}

/// A way to prove who one is. What is not listed here can not be evidence: no question, no number known by heart,
/// no caller id, no voice (M98, M99, C1, C22).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A WebAuthn credential with user verification.
    Passkey,
    /// A time-based code of an authenticator app (RFC 6238).
    Totp,
    /// One of ten single-use codes that were printed.
    RecoveryCode,
    /// A link or code sent to a stored address.
    Email,
    /// A key registered in this browser at an earlier success.
    KnownDevice,
    /// The password of the directory itself, for changes by somebody who is not locked out.
    DirectoryPassword,
    /// Badge and face, seen by staff on site.
    InPerson,
}

impl Method {
    /// All methods, best first.
    pub const ALL: [Self; 7] = [
        Self::Passkey,
        Self::InPerson,
        Self::Totp,
        Self::RecoveryCode,
        Self::KnownDevice,
        Self::Email,
        Self::DirectoryPassword,
    ];
    /// The word used in policies, events and pages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::Email => "email",
            Self::KnownDevice => "known_device",
            Self::DirectoryPassword => "directory_password",
            Self::InPerson => "in_person",
        }
    }
    /// How much one proof of this kind is worth by itself.
    pub const fn strength(self) -> Strength {
        match self {
            Self::Passkey | Self::InPerson => Strength::PhishingResistant,
            // C11: an app code can be typed into a fake page, so it is strong and no more.
            Self::Totp | Self::RecoveryCode => Strength::Strong,
            Self::KnownDevice | Self::Email | Self::DirectoryPassword => Strength::Weak,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How much a proof is worth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Helps another proof; never enough alone above what the policy allows.
    Weak,
    /// Can not be guessed, but could be given away to a fake page.
    Strong,
    /// Can not be given away to a fake page (N-39).
    PhishingResistant,
}
