//! Codes of an authenticator app (RFC 6238), in the one form that every app reads: SHA-1, six digits, thirty seconds.
//!
//! Not here: that a step counts once (the store compares [`UsesUp::Step`] with the last one), and where the seed is kept (the vault).

use keyward_core::{
    account::Method,
    ids::FactorId,
    secret::{Secret, SecretText},
    steps::verify::{RejectionReason, Source},
    time::{SECOND_MS, Timestamp},
};
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroize;

use super::{Answer, Proved, UsesUp, plain};

/// Which method this is.
pub const METHOD: Method = Method::Totp;

/// Bytes of a seed: 160 bits, as RFC 4226 recommends and N-36 asks 112 of.
pub const SEED_BYTES: usize = 20;
const DIGITS: u8 = 6;
const STEP_S: u64 = 30;
/// Steps before and after the present one that are taken (T-D13: no more than one).
const WINDOW_STEPS: u16 = 1;

/// An app could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TotpError {
    /// What was stored as a seed is not one.
    #[error("a stored app seed has {0} bytes instead of {SEED_BYTES}")]
    NotASeed(usize),
    /// The address for the app could not be made.
    #[error("the setup address for an app could not be made")]
    Address(#[source] totp_rs::TotpError),
}

/// What the app and we both know.
pub struct Seed(Secret<[u8; SEED_BYTES]>);

/// What is shown once, while an app is set up. Both say the same.
pub struct Setup {
    /// `otpauth://totp/…`, for an app on the same device, and for the picture that one on another device scans.
    pub address: SecretText,
    /// The seed for typing, in base 32, in groups of four.
    pub manual_key: SecretText,
}

impl Seed {
    /// From 160 bits that nobody can foretell.
    pub fn new(random: [u8; SEED_BYTES]) -> Self {
        Self(Secret::new(random))
    }

    /// From what the vault gave back.
    pub fn from_stored(bytes: &Secret<Vec<u8>>) -> Result<Self, TotpError> {
        let bytes = bytes.expose();
        <[u8; SEED_BYTES]>::try_from(bytes.as_slice()).map(Self::new).map_err(|_| TotpError::NotASeed(bytes.len()))
    }

    /// For the vault.
    pub fn to_stored(&self) -> Secret<Vec<u8>> {
        Secret::new(self.0.expose().to_vec())
    }

    /// What the person needs to set up an app. `issuer` is the organization and `account` the person's name as they know it.
    pub fn setup(&self, issuer: &str, account: &str) -> Result<Setup, TotpError> {
        let totp = self.builder().with_issuer(Some(label(issuer))).with_account_name(label(account));
        let totp = totp.build().map_err(TotpError::Address)?;
        let mut address = totp.to_url().map_err(TotpError::Address)?;
        // Said although they are the defaults: some apps guess otherwise.
        address.push_str("&algorithm=SHA1&digits=6&period=30");
        let mut base32 = totp.secret().to_base32();
        let manual_key = super::grouped(&base32, 4, ' ');
        base32.zeroize();
        Ok(Setup { address: Secret::new(address), manual_key: Secret::new(manual_key) })
    }

    /// The step that a code is of, if it is of the present step or a neighbor of it. V6.5.7: our time counts, no other.
    pub fn matching_step(&self, typed: &str, at: Timestamp) -> Option<u64> {
        let code = plain(typed);
        let seconds = u64::try_from(at.millis().div_euclid(SECOND_MS)).ok()?;
        self.totp().check(&code, seconds)
    }

    /// What an app with this seed shows at that moment: the other side, for the demonstration and for tests.
    pub fn code(&self, at: Timestamp) -> SecretText {
        let seconds = u64::try_from(at.millis().div_euclid(SECOND_MS)).unwrap_or_default();
        Secret::new(self.totp().generate(seconds).to_string())
    }

    fn builder(&self) -> Builder {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_skew(WINDOW_STEPS)
            .with_step_duration(STEP_S)
            .with_secret(totp_rs::Secret::new_stack(*self.0.expose()))
    }

    fn totp(&self) -> Totp {
        // Only the names in the address could be refused, and there are none here.
        self.builder().build_noncompliant()
    }
}

/// A name without what an address of this kind reserves. Never empty, as an app shows it.
fn label(name: &str) -> String {
    let kept: String =
        name.chars().filter(|c| !c.is_control()).map(|c| if c == ':' { ' ' } else { c }).take(64).collect();
    if kept.trim().is_empty() { "-".to_owned() } else { kept }
}

/// Checks a typed code. `last_step` is the newest step that this app has opened: a code of it, or of one before it, was seen already.
pub fn check(factor: FactorId, seed: &Seed, last_step: u64, typed: &str, at: Timestamp) -> Answer {
    let step = seed.matching_step(typed, at).ok_or(RejectionReason::Mismatch)?;
    if step <= last_step {
        return Err(RejectionReason::Replayed);
    }
    Ok(Proved { sources: vec![Source::Factor { id: factor }], uses_up: UsesUp::Step { factor, step } })
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE32_NOPAD;
    use proptest::prelude::*;

    use super::*;

    /// The seed of the test values in RFC 6238, appendix B.
    fn rfc() -> Seed {
        Seed::new(*b"12345678901234567890")
    }
    fn factor() -> FactorId {
        FactorId::new(Timestamp::from_millis(1), [1; 10])
    }
    fn seconds(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * SECOND_MS)
    }
    fn code_at(s: i64) -> String {
        rfc().totp().generate(u64::try_from(s).unwrap()).to_string()
    }
    fn answer(typed: &str, last_step: u64, at_s: i64) -> Answer {
        check(factor(), &rfc(), last_step, typed, seconds(at_s))
    }

    #[test]
    fn n_36_the_test_values_of_rfc_6238_hold() {
        // Appendix B gives eight digits; six-digit codes are their last six (RFC 4226 5.3).
        for (at_s, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            let proved = answer(&code[2..], 0, at_s).unwrap();
            assert_eq!(proved.uses_up, UsesUp::Step { factor: factor(), step: u64::try_from(at_s / 30).unwrap() });
            assert_eq!(proved.sources, [Source::Factor { id: factor() }]);
        }
    }

    #[test]
    fn n_36_the_same_code_is_taken_once() {
        let now = 1_795_000_000;
        let UsesUp::Step { step, .. } = answer(&code_at(now), 0, now).unwrap().uses_up else {
            panic!("a code uses up its step");
        };
        assert_eq!(answer(&code_at(now), step, now), Err(RejectionReason::Replayed));
        // Nor is the one before it, which was never given.
        assert_eq!(answer(&code_at(now - 30), step, now), Err(RejectionReason::Replayed));
        assert!(answer(&code_at(now + 30), step, now).is_ok());
    }

    #[test]
    fn t_d13_only_the_neighbors_of_a_step_are_taken() {
        let now = 1_795_000_005;
        for (steps, taken) in [(-3, false), (-2, false), (-1, true), (0, true), (1, true), (2, false), (3, false)] {
            assert_eq!(answer(&code_at(now + 30 * steps), 0, now).is_ok(), taken, "{steps} steps away");
        }
    }

    #[test]
    fn t_d13_leading_zeros_belong_to_a_code() {
        let zeroed = (2..4_000).map(|n| n * 30).find(|s| code_at(*s).starts_with("00")).unwrap();
        let code = code_at(zeroed);
        assert!(answer(&code, 0, zeroed).is_ok());
        for short in [&code[1..], &code[2..], code.trim_start_matches('0')] {
            assert_eq!(answer(short, 0, zeroed), Err(RejectionReason::Mismatch), "{short}");
        }
    }

    #[test]
    fn t_d13_only_digits_make_a_code() {
        let now = 1_111_111_111;
        for typed in ["050471", "050 471", "０５０４７１", "050-471"] {
            assert!(answer(typed, 0, now).is_ok(), "{typed}");
        }
        for typed in ["", "+50471", "-50471", "0x50471", "050471.0", "٠٥٠٤٧١", "0504710", "5.0471", "null", "050471\0"]
        {
            assert_eq!(answer(typed, 0, now), Err(RejectionReason::Mismatch), "{typed:?}");
        }
        assert_eq!(answer("050471", 0, -30), Err(RejectionReason::Mismatch));
    }

    #[test]
    fn an_app_can_be_set_up_by_link_or_typing() {
        let setup = rfc().setup("Northwind: reset & co", "ada:lovelace@example.org").unwrap();
        let address = url::Url::parse(setup.address.expose()).unwrap();
        assert_eq!((address.scheme(), address.host_str()), ("otpauth", Some("totp")));
        let query: Vec<(String, String)> = address.query_pairs().into_owned().collect();
        let value = |name: &str| {
            let mut values = query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
            (values.next().unwrap_or_default(), values.count())
        };
        let seed = BASE32_NOPAD.encode(b"12345678901234567890");
        assert_eq!(value("secret"), (seed.as_str(), 0));
        assert_eq!(value("issuer"), ("Northwind  reset & co", 0));
        assert_eq!((value("algorithm"), value("digits"), value("period")), (("SHA1", 0), ("6", 0), ("30", 0)));
        assert_eq!(setup.manual_key.expose().replace(' ', ""), seed);
        assert!(setup.manual_key.expose().split(' ').all(|group| group.len() == 4));
    }

    #[test]
    fn another_implementation_reads_the_address_as_the_same_app() {
        let setup = rfc().setup("Northwind", "ada").unwrap();
        let read = Totp::from_url(setup.address.expose()).unwrap();
        assert_eq!(read.generate(59).to_string(), "287082");
    }

    #[test]
    fn a_name_can_not_break_the_address() {
        for name in ["", " ", ":", "a\r\nb", "?secret=AAAA", "&issuer=evil", "ä/é#%00", &"x".repeat(10_000)] {
            let setup = rfc().setup(name, name).unwrap();
            let address = url::Url::parse(setup.address.expose()).unwrap();
            assert_eq!(address.query_pairs().filter(|(key, _)| key == "secret").count(), 1, "{name}");
            assert!(address.fragment().is_none());
        }
    }

    #[test]
    fn a_seed_is_kept_as_it_is() {
        let stored = rfc().to_stored();
        assert_eq!(Seed::from_stored(&stored).unwrap().matching_step("287082", seconds(59)), Some(1));
        assert!(Seed::from_stored(&Secret::new(vec![1; 19])).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_check_fall(typed in any::<String>(), at in any::<i64>(), last in any::<u64>()) {
            let _ = check(factor(), &rfc(), last, &typed, Timestamp::from_millis(at));
        }

        #[test]
        fn each_seed_proves_itself_in_its_own_time(random in any::<[u8; 20]>(), at_s in 30i64..4_000_000_000) {
            let seed = Seed::new(random);
            let code = seed.totp().generate(u64::try_from(at_s).unwrap()).to_string();
            // Two neighbors can have the same code; then the earlier one is meant.
            let step = seed.matching_step(&code, seconds(at_s)).unwrap();
            let now = u64::try_from(at_s / 30).unwrap();
            prop_assert!((now - 1..=now).contains(&step));
        }
    }
}
