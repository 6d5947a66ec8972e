//! The password policy control (draft-behera-ldap-password-policy): an empty request, and an answer of a warning and an error.
//!
//! ```text
//! PasswordPolicyResponseValue ::= SEQUENCE {
//!   warning [0] CHOICE { timeBeforeExpiration [0] INTEGER, graceAuthNsRemaining [1] INTEGER } OPTIONAL,
//!   error   [1] ENUMERATED OPTIONAL }
//! ```
//! The answer comes from outside: the decoder takes any bytes and says "nothing" to what it does not know.

use ldap3::{LdapResult, controls::RawControl};

/// The object identifier of request and response.
pub(super) const OID: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// The errors of the control, by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PolicyError {
    Expired,
    Locked,
    ChangeAfterReset,
    ModificationNotAllowed,
    MustSupplyOld,
    InsufficientQuality,
    TooShort,
    TooYoung,
    InHistory,
    TooLong,
}

impl PolicyError {
    const fn of(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Expired,
            1 => Self::Locked,
            2 => Self::ChangeAfterReset,
            3 => Self::ModificationNotAllowed,
            4 => Self::MustSupplyOld,
            5 => Self::InsufficientQuality,
            6 => Self::TooShort,
            7 => Self::TooYoung,
            8 => Self::InHistory,
            9 => Self::TooLong,
            _ => return None,
        })
    }
}

/// The request. Not critical: a server that does not know it answers all the same (R36).
pub(super) fn request() -> RawControl {
    RawControl { ctype: OID.to_owned(), crit: false, val: None }
}

/// The error that came with an answer.
pub(super) fn error_of(answer: &LdapResult) -> Option<PolicyError> {
    let controls = answer.ctrls.iter();
    let mut values = controls.filter(|control| control.1.ctype == OID).filter_map(|control| control.1.val.as_deref());
    values.find_map(decode)
}

/// The error in the value of a response control.
fn decode(value: &[u8]) -> Option<PolicyError> {
    let (tag, mut body, _) = element(value)?;
    if tag != 0x30 {
        return None;
    }
    while !body.is_empty() {
        let (tag, content, rest) = element(body)?;
        if let (0x81, [number]) = (tag, content) {
            return PolicyError::of(*number);
        }
        body = rest;
    }
    None
}

/// The first element of some bytes: its tag, its content and what follows. Lengths of one to four bytes, definite form only (RFC 4511 section 5.1).
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 || count > rest.len() {
            return None;
        }
        let (digits, rest) = rest.split_at(count);
        (digits.iter().fold(0usize, |sum, digit| (sum << 8) | usize::from(*digit)), rest)
    };
    (length <= rest.len()).then(|| {
        let (content, rest) = rest.split_at(length);
        (*tag, content, rest)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r38_the_error_of_a_policy_answer_is_read() {
        for (bytes, error) in [
            // As a server sent them: nothing, too short, and with a warning in front.
            (&[0x30, 0x00][..], None),
            (&[0x30, 0x03, 0x81, 0x01, 0x06], Some(PolicyError::TooShort)),
            (&[0x30, 0x08, 0xa0, 0x03, 0x80, 0x01, 0x05, 0x81, 0x01, 0x02], Some(PolicyError::ChangeAfterReset)),
            (&[0x30, 0x05, 0xa0, 0x03, 0x81, 0x01, 0x02], None),
            (&[0x30, 0x81, 0x03, 0x81, 0x01, 0x08], Some(PolicyError::InHistory)),
            (&[0x30, 0x03, 0x81, 0x01, 0x63], None),
            (&[0x30, 0x04, 0x81, 0x02, 0x00, 0x01], None),
            (&[0x30, 0x7f, 0x81, 0x01, 0x06], None),
            (&[0x30, 0x80, 0x81, 0x01, 0x06, 0x00, 0x00], None),
            (&[0x30, 0x85, 0, 0, 0, 0, 3, 0x81, 0x01, 0x06], None),
            (&[0x04, 0x03, 0x81, 0x01, 0x06], None),
            (&[], None),
        ] {
            assert_eq!(decode(bytes), error, "{bytes:02x?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = decode(&bytes);
        }
        #[test]
        fn a_known_error_is_found_behind_any_warning(warning in proptest::collection::vec(any::<u8>(), 0..20), number in 0u8..10) {
            let mut body = vec![0xa0, u8::try_from(warning.len()).unwrap()];
            body.extend(&warning);
            body.extend([0x81, 1, number]);
            let mut bytes = vec![0x30, u8::try_from(body.len()).unwrap()];
            bytes.extend(body);
            prop_assert_eq!(decode(&bytes), PolicyError::of(number));
        }
    }
}
