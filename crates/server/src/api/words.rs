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
