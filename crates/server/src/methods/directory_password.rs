//! The password of the directory, for changes by somebody who is not locked out. The directory says whether it is right, not Keyward.
//!
//! Not here: the sign-in itself (a connector's), and that this proves nothing for a change of that very password (core counts sources).

use keyward_core::{
    account::Method,
    steps::verify::{RejectionReason, Source},
};

use super::{Answer, Description, Proved, UsesUp};

/// What this method is.
pub const DESCRIPTION: Description = Description { method: Method::DirectoryPassword, enrolled: false, typed: true };

/// What a directory said to a sign-in. A directory that could not be asked has said nothing, and there is nothing to check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignIn {
    /// The password is right.
    Right,
    /// It is not.
    Wrong,
    /// The directory did not look at it: locked or disabled.
    NotLookedAt,
}

/// The proof that follows from a sign-in to the directory of that name.
pub fn check(directory: &str, said: SignIn) -> Answer {
    match said {
        SignIn::Right => Ok(Proved {
            method: Method::DirectoryPassword,
            sources: vec![Source::Password { directory: directory.to_owned() }],
            uses_up: UsesUp::Nothing,
        }),
        SignIn::Wrong => Err(RejectionReason::Mismatch),
        SignIn::NotLookedAt => Err(RejectionReason::TooManyTries),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r26_a_password_names_its_directory_as_the_source() {
        let proved = check("main", SignIn::Right).unwrap();
        assert_eq!(proved.sources, [Source::Password { directory: "main".to_owned() }]);
        assert_eq!(check("main", SignIn::Wrong), Err(RejectionReason::Mismatch));
        assert_eq!(check("main", SignIn::NotLookedAt), Err(RejectionReason::TooManyTries));
    }
}
