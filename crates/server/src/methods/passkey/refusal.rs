//! Why a passkey proved nothing, told apart for the log. Not here: what the page says, which is one sentence for all of them.

use keyward_core::steps::verify::RejectionReason;
use webauthn_rs::prelude::WebauthnError;

/// Why a passkey proved nothing. The log tells these apart, the page does not (T-G08).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PasskeyRefusal {
    /// The answer is not of the form that browsers give.
    #[error("the answer is not a passkey answer")]
    Malformed,
    /// The dialog was for something else, or began in another browser.
    #[error("the dialog was begun for something else or in another browser")]
    OtherDialog,
    /// The dialog was open too long.
    #[error("the dialog was open too long")]
    Expired,
    /// A creation was answered where a proof was asked for, or the other way round.
    #[error("the answer is of the wrong type")]
    WrongType,
    /// The answer was made for another challenge.
    #[error("the answer is to another challenge")]
    WrongChallenge,
    /// The answer was made on another site.
    #[error("the answer was made on another origin")]
    WrongOrigin,
    /// The answer was made in a frame of another site.
    #[error("the answer was made in a frame of another origin")]
    CrossOrigin,
    /// The key is of another relying party.
    #[error("the answer is for another relying party")]
    WrongRelyingParty,
    /// Nobody touched the key.
    #[error("nobody was present")]
    NotPresent,
    /// The key did not check who holds it.
    #[error("the holder was not verified")]
    NotVerified,
    /// The passkey names somebody else.
    #[error("the passkey belongs to somebody else")]
    OtherPerson,
    /// No such passkey is enrolled.
    #[error("the passkey is not enrolled")]
    NotEnrolled,
    /// The counter of the key did not go up: there may be two of it.
    #[error("the counter did not go up, the key may have been copied")]
    CounterWentBack,
    /// The key says otherwise than before whether it can be copied.
    #[error("the key changed whether it can be copied")]
    BackupChanged,
    /// The signature does not hold.
    #[error("the signature does not hold")]
    BadSignature,
    /// The new passkey is one that the person has.
    #[error("the passkey is enrolled already")]
    AlreadyEnrolled,
    /// The new passkey would not be found without a name.
    #[error("the passkey can not be found without a name")]
    NotDiscoverable,
    /// Any other check that the standard demands.
    #[error("a check of the standard failed")]
    Unsound,
}

impl PasskeyRefusal {
    /// What stands in the case.
    pub const fn reason(self) -> RejectionReason {
        match self {
            Self::OtherDialog | Self::WrongChallenge => RejectionReason::OtherCase,
            Self::Expired => RejectionReason::Expired,
            Self::OtherPerson => RejectionReason::OtherPerson,
            Self::NotEnrolled => RejectionReason::NotEnrolled,
            Self::Malformed
            | Self::WrongType
            | Self::WrongOrigin
            | Self::CrossOrigin
            | Self::WrongRelyingParty
            | Self::NotPresent
            | Self::NotVerified
            | Self::CounterWentBack
            | Self::BackupChanged
            | Self::BadSignature
            | Self::AlreadyEnrolled
            | Self::NotDiscoverable
            | Self::Unsound => RejectionReason::Unsound,
        }
    }
}

impl From<WebauthnError> for PasskeyRefusal {
    fn from(error: WebauthnError) -> Self {
        match error {
            WebauthnError::InvalidClientDataType => Self::WrongType,
            WebauthnError::MismatchedChallenge => Self::WrongChallenge,
            WebauthnError::InvalidRPOrigin => Self::WrongOrigin,
            WebauthnError::CredentialCrossOrigin => Self::CrossOrigin,
            WebauthnError::InvalidRPIDHash => Self::WrongRelyingParty,
            WebauthnError::UserNotPresent => Self::NotPresent,
            WebauthnError::UserNotVerified => Self::NotVerified,
            WebauthnError::CredentialNotFound => Self::NotEnrolled,
            WebauthnError::CredentialPossibleCompromise => Self::CounterWentBack,
            WebauthnError::CredentialBackupEligibilityInconsistent => Self::BackupChanged,
            WebauthnError::AuthenticationFailure | WebauthnError::SignatureInvalid => Self::BadSignature,
            WebauthnError::ParseJSONFailure(_)
            | WebauthnError::ParseBase64Failure(_)
            | WebauthnError::ParseCBORFailure(_)
            | WebauthnError::ParseNOMFailure
            | WebauthnError::ParseInsufficientBytesAvailable => Self::Malformed,
            _ => Self::Unsound,
        }
    }
}
