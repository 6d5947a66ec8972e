//! The words that requests are made of, each read from a JSON text and from nothing else (an object with the word as its name is no word).

use keyward_core::{account, event};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A text that is not one of the words.
#[derive(Debug, thiserror::Error)]
#[error("not one of the words of this field")]
pub struct NotAWord;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case", try_from = "String")]
        pub enum $name { $($(#[$each])* $variant,)* }
        impl TryFrom<String> for $name {
            type Error = NotAWord;
            fn try_from(text: String) -> Result<Self, NotAWord> {
                match text.as_str() { $($word => Ok(Self::$variant),)* _ => Err(NotAWord) }
            }
        }
    };
}

words! {
    /// By which door somebody comes in.
    Door {
        /// "I forgot my password."
        Forgot = "forgot",
        /// "I am locked out."
        Locked = "locked",
        /// "I lost my phone or key."
        Lost = "lost",
    }
}

words! {
    /// What a case is for. Each door leads to one.
    Action {
        /// Behind the door `forgot`.
        SetPassword = "set_password",
        /// Behind the door `locked`.
        Unlock = "unlock",
        /// Behind the door `lost`.
        RemoveFactor = "remove_factor",
    }
}

words! {
    /// What somebody who is signed in can begin.
    OwnAction {
        /// Add a way back in.
        EnrollFactor = "enroll_factor",
        /// End one.
        RemoveFactor = "remove_factor",
        /// Change the password that was shown.
        SetPassword = "set_password",
    }
}

words! {
    /// A kind of way back in that can be added.
    NewWay {
        /// A WebAuthn credential.
        Passkey = "passkey",
        /// An authenticator app.
        Totp = "totp",
        /// A sheet of ten codes. It takes the place of the one before.
        RecoveryCode = "recovery_code",
        /// A program or browser that keeps a key. Weak by itself; it helps another proof.
        KnownDevice = "known_device",
        /// An address.
        Email = "email",
    }
}

impl NewWay {
    /// All of them, in the order of the pages.
    pub const ALL: [Self; 5] = [Self::Passkey, Self::Totp, Self::RecoveryCode, Self::Email, Self::KnownDevice];
}

impl From<NewWay> for account::Method {
    fn from(way: NewWay) -> Self {
        match way {
            NewWay::Passkey => Self::Passkey,
            NewWay::Totp => Self::Totp,
            NewWay::RecoveryCode => Self::RecoveryCode,
            NewWay::KnownDevice => Self::KnownDevice,
            NewWay::Email => Self::Email,
        }
    }
}

impl Door {
    /// The one action behind it, as on the pages.
    pub const fn action(self) -> Action {
        match self {
            Self::Forgot => Action::SetPassword,
            Self::Locked => Action::Unlock,
            Self::Lost => Action::RemoveFactor,
        }
    }
}

impl From<Door> for event::Door {
    fn from(door: Door) -> Self {
        match door {
            Door::Forgot => Self::Forgot,
            Door::Locked => Self::Locked,
            Door::Lost => Self::Lost,
        }
    }
}

impl From<Action> for account::Action {
    fn from(action: Action) -> Self {
        match action {
            Action::SetPassword => Self::SetPassword,
            Action::Unlock => Self::Unlock,
            Action::RemoveFactor => Self::RemoveFactor,
        }
    }
}
