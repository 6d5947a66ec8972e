//! A browser that is known from an earlier success: a key in a cookie, another one after each use.
//!
//! Weak by itself: it shows a device, not who sits at it. Not here: setting the cookie, and when a device becomes known.

use keyward_core::{
    account::Method,
    digest::Digest,
    ids::FactorId,
    secret::Secret,
    steps::verify::{RejectionReason, Source},
};
use serde::{Deserialize, Serialize};

use super::{Answer, Proved, UsesUp};
use crate::{
    seal::{DigestKey, Keyed},
    token::{Purpose, Token},
};

/// Which method this is.
pub const METHOD: Method = Method::KnownDevice;

/// A known browser as it is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Record {
    version: u8,
    key: Digest,
    before: Option<Digest>,
}

/// A stored browser could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("a stored browser could not be read or written")]
pub struct NotARecord(#[source] serde_json::Error);

impl Record {
    /// A browser that becomes known with this key.
    pub fn new(key: &Token) -> Self {
        Self { version: 1, key: key.digest(Purpose::Device), before: None }
    }
    /// The key's digest, by which a browser can be found.
    pub const fn handle(&self) -> Digest {
        self.key
    }
    /// For the table.
    pub fn to_stored(&self) -> Result<Vec<u8>, NotARecord> {
        serde_json::to_vec(self).map_err(NotARecord)
    }
    /// From the table.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, NotARecord> {
        serde_json::from_slice(bytes).map_err(NotARecord)
    }
}

/// Checks the key of a browser against all browsers that are known of the person. `next` is the key that it gets instead;
/// the caller sets the cookie when the proof is written. A key that was used before is in two hands: [`RejectionReason::Replayed`].
pub fn check(keys: &DigestKey, known: &[(FactorId, Record)], given: &Token, next: &Token) -> Answer {
    let given = Secret::new(*given.digest(Purpose::Device).bytes());
    let is = |digest: &Digest| given.matches(digest.bytes());
    let Some((factor, record)) = known.iter().find(|(_, record)| is(&record.key)) else {
        let used = known.iter().any(|(_, record)| record.before.as_ref().is_some_and(is));
        return Err(if used { RejectionReason::Replayed } else { RejectionReason::NotEnrolled });
    };
    let renewed = Record { before: Some(record.key), ..Record::new(next) };
    let data = renewed.to_stored().map_err(|_| RejectionReason::Unsound)?;
    Ok(Proved {
        sources: vec![Source::Factor { id: *factor }, Source::Device { tag: tag(keys, *factor) }],
        uses_up: UsesUp::Record { factor: *factor, data },
    })
}

/// Which device this is, the same whatever key it has.
pub fn tag(keys: &DigestKey, factor: FactorId) -> Digest {
    keys.digest(Keyed::Device, &[factor.to_string().as_bytes()])
}

#[cfg(test)]
mod tests {
    use keyward_core::time::Timestamp;

    use super::*;

    fn keys() -> DigestKey {
        DigestKey::new(&Secret::new([5; 32])).unwrap()
    }
    fn factor(byte: u8) -> FactorId {
        FactorId::new(Timestamp::from_millis(1), [byte; 10])
    }
    fn key(byte: u8) -> Token {
        Token::new([byte; 32])
    }
    /// Two browsers: factor 1 with key 1, factor 2 with key 2.
    fn known() -> Vec<(FactorId, Record)> {
        [1, 2].map(|byte| (factor(byte), Record::new(&key(byte)))).to_vec()
    }

    #[test]
    fn a_known_browser_proves_itself_and_gets_another_key() {
        let proved = check(&keys(), &known(), &key(1), &key(9)).unwrap();
        assert_eq!(proved.sources, [Source::Factor { id: factor(1) }, Source::Device { tag: tag(&keys(), factor(1)) }]);
        let UsesUp::Record { factor: changed, data } = proved.uses_up else {
            panic!("the key is changed");
        };
        assert_eq!(changed, factor(1));
        let renewed = Record::from_stored(&data).unwrap();
        assert_eq!(renewed.handle(), key(9).digest(Purpose::Device));
        assert!(check(&keys(), &[(changed, renewed)], &key(9), &key(10)).is_ok());
        // The old key is in two hands, or in an old copy.
        assert_eq!(check(&keys(), &[(changed, renewed)], &key(1), &key(10)), Err(RejectionReason::Replayed));
    }

    #[test]
    fn t_g03_a_browser_that_is_not_known_of_the_person_proves_nothing() {
        for known in [known(), Vec::new()] {
            assert_eq!(check(&keys(), &known, &key(3), &key(9)), Err(RejectionReason::NotEnrolled));
        }
    }

    #[test]
    fn t_a11_what_is_stored_is_not_the_key() {
        let stored = Record::new(&key(1)).to_stored().unwrap();
        let text = String::from_utf8(stored).unwrap();
        assert!(!text.contains(key(1).reveal().expose()) && !text.contains(&"01".repeat(32)));
    }

    #[test]
    fn r26_a_device_is_the_same_source_whatever_key_it_has() {
        assert_eq!(tag(&keys(), factor(1)), tag(&keys(), factor(1)));
        assert_ne!(tag(&keys(), factor(1)), tag(&keys(), factor(2)));
    }
}
