//! What a result means (RFC 4511 appendix A, and the password policy control). The server's own texts are not passed on; they may hold names.

use ldap3::LdapResult;

use super::{
    super::{NotDone, SignIn, Unknown},
    ppolicy::PolicyError,
};

pub(super) const SUCCESS: u32 = 0;
pub(super) const SIZE_LIMIT: u32 = 4;
pub(super) const NO_SUCH_ATTRIBUTE: u32 = 16;
pub(super) const CONSTRAINT_VIOLATION: u32 = 19;
pub(super) const EXISTS: u32 = 20;
pub(super) const NO_SUCH_OBJECT: u32 = 32;
pub(super) const INSUFFICIENT_ACCESS: u32 = 50;
pub(super) const BUSY: u32 = 51;
pub(super) const UNAVAILABLE: u32 = 52;
pub(super) const ASSERTION_FAILED: u32 = 122;

/// What came of a write that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// Accepted.
    Yes,
    /// Refused, and nothing was changed.
    No(NotDone),
    /// The condition that was sent along did not hold, and nothing was changed.
    ConditionFailed,
    /// A fault of the server, which does not tell what it had done by then.
    Maybe(Unknown),
}

/// Reads the answer to a write. What is not in this table is not known, never guessed.
pub(super) fn written(answer: &LdapResult, policy: Option<PolicyError>) -> Written {
    let by_policy = policy.and_then(|error| match error {
        PolicyError::TooShort => Some(NotDone::TooShort),
        PolicyError::InHistory => Some(NotDone::InHistory),
        PolicyError::TooYoung => Some(NotDone::TooYoung),
        PolicyError::InsufficientQuality | PolicyError::TooLong => Some(NotDone::Quality),
        PolicyError::MustSupplyOld => Some(NotDone::MustSupplyOld),
        PolicyError::ModificationNotAllowed | PolicyError::ChangeAfterReset => Some(NotDone::NotPermitted),
        PolicyError::Expired | PolicyError::Locked => None,
    });
    match answer.rc {
        SUCCESS => Written::Yes,
        10 => Written::No(NotDone::ReadOnly),
        // 8 and 13: TLS is asked for. 49: no longer signed in.
        8 | 13 | 48 | 49 => Written::No(NotDone::NotPermitted),
        CONSTRAINT_VIOLATION => Written::No(by_policy.unwrap_or(NotDone::Policy)),
        INSUFFICIENT_ACCESS => Written::No(by_policy.unwrap_or(NotDone::NotPermitted)),
        // A control or an attribute that the server does not know, a value that it does not take.
        12 | 16..=18 | 20 | 21 | 53 | 64..=69 => Written::No(by_policy.unwrap_or(NotDone::Policy)),
        NO_SUCH_OBJECT | 34 => Written::No(NotDone::NoSuchAccount),
        BUSY => Written::No(NotDone::Busy),
        ASSERTION_FAILED => Written::ConditionFailed,
        // Also 11 and 52: so a server in front of another one answers when it has lost the answer of that one (slapd-ldap, slapd-meta).
        _ => Written::Maybe(Unknown::ServerFault),
    }
}

/// Reads the answer to the sign-in of a person. `Err`: the server does not take sign-ins at all.
pub(super) fn sign_in(answer: &LdapResult, policy: Option<PolicyError>) -> Result<SignIn, String> {
    match (answer.rc, policy) {
        (SUCCESS, Some(PolicyError::ChangeAfterReset)) => Ok(SignIn::MustChange),
        (SUCCESS, _) => Ok(SignIn::Ok),
        (_, Some(PolicyError::Locked)) => Ok(SignIn::Locked),
        // Told only after the password was found right.
        (49, Some(PolicyError::Expired)) => Ok(SignIn::MustChange),
        // 48: there is no password. 53: this entry can not sign in.
        (NO_SUCH_OBJECT | 48 | 49 | 53, _) => Ok(SignIn::Wrong),
        (rc, _) => Err(in_words(rc).to_owned()),
    }
}

/// A result code in words.
pub(super) const fn in_words(rc: u32) -> &'static str {
    match rc {
        0 => "success",
        1 => "operations error",
        2 => "protocol error",
        3 => "time limit exceeded",
        4 => "size limit exceeded",
        7 => "authentication method not supported",
        8 => "stronger authentication required",
        10 => "the server refers to another one, which is not followed",
        11 => "administrative limit exceeded",
        12 => "a control is not known to the server",
        13 => "confidentiality required",
        16 => "no such attribute",
        17 => "undefined attribute type",
        19 => "constraint violation",
        21 => "attribute syntax not accepted",
        32 => "no such entry",
        34 => "not a distinguished name",
        48 => "inappropriate authentication",
        49 => "wrong name or password",
        50 => "insufficient access",
        51 => "busy",
        52 => "unavailable",
        53 => "unwilling to perform",
        80 => "a fault of the server",
        122 => "assertion failed",
        _ => "refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(rc: u32) -> LdapResult {
        LdapResult { rc, matched: String::new(), text: String::new(), refs: Vec::new(), ctrls: Vec::new() }
    }

    #[test]
    fn t_e10_every_refusal_has_its_word_and_what_is_not_known_is_unknown() {
        use NotDone as N;
        use PolicyError as P;
        for (rc, policy, meaning) in [
            (0, None, Written::Yes),
            (0, Some(P::Expired), Written::Yes),
            (19, Some(P::TooShort), Written::No(N::TooShort)),
            (19, Some(P::InHistory), Written::No(N::InHistory)),
            (19, Some(P::TooYoung), Written::No(N::TooYoung)),
            (19, Some(P::InsufficientQuality), Written::No(N::Quality)),
            (19, Some(P::TooLong), Written::No(N::Quality)),
            (19, None, Written::No(N::Policy)),
            (50, Some(P::MustSupplyOld), Written::No(N::MustSupplyOld)),
            (50, Some(P::ModificationNotAllowed), Written::No(N::NotPermitted)),
            (50, None, Written::No(N::NotPermitted)),
            (53, None, Written::No(N::Policy)),
            (17, None, Written::No(N::Policy)),
            (10, None, Written::No(N::ReadOnly)),
            (32, None, Written::No(N::NoSuchAccount)),
            (51, None, Written::No(N::Busy)),
            (52, None, Written::Maybe(Unknown::ServerFault)),
            (11, None, Written::Maybe(Unknown::ServerFault)),
            (122, None, Written::ConditionFailed),
            (1, None, Written::Maybe(Unknown::ServerFault)),
            (3, None, Written::Maybe(Unknown::ServerFault)),
            (80, None, Written::Maybe(Unknown::ServerFault)),
            (4711, Some(P::TooShort), Written::Maybe(Unknown::ServerFault)),
        ] {
            assert_eq!(written(&answer(rc), policy), meaning, "{rc} {policy:?}");
        }
    }

    #[test]
    fn a_sign_in_is_right_only_when_the_server_says_so() {
        use PolicyError as P;
        for (rc, policy, meaning) in [
            (0, None, Some(SignIn::Ok)),
            (0, Some(P::ChangeAfterReset), Some(SignIn::MustChange)),
            (49, None, Some(SignIn::Wrong)),
            (49, Some(P::Locked), Some(SignIn::Locked)),
            (49, Some(P::Expired), Some(SignIn::MustChange)),
            (32, None, Some(SignIn::Wrong)),
            (52, None, None),
            (10, None, None),
            (80, None, None),
        ] {
            assert_eq!(sign_in(&answer(rc), policy).ok(), meaning, "{rc} {policy:?}");
        }
    }
}
