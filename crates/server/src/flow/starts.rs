//! How often cases may be opened, by the network they come from and by the name that is typed there (R17, R52, T-D10). It is counted in the
//! commit that opens the case, and the same for every name, whether or not there is such an account.
//!
//! No count is of a name alone: whoever typed somebody else's name often enough would keep them from starting (T-D09). What strangers in many
//! networks can do to one account is bounded where it would hurt: tries at codes (`prove.rs`) and messages (`jobs/send.rs`).

use std::net::IpAddr;

use keyward_core::{
    event::Door,
    time::{HOUR_MS, Timestamp},
};

use super::{Asked, Flow};
use crate::{
    account_name::AccountName,
    store::{Guard, limits::Limit},
    terms::Starts,
};

/// The widest range of addresses that one home or small office has: a change within it is no other network.
const PREFIX_V4: u32 = 24;
const PREFIX_V6: u32 = 56;

impl Starts {
    fn by_name(self) -> Limit {
        Limit { name: "start-name", max: self.per_name_hour, window_ms: WINDOW_MS }
    }

    fn by_network(self) -> Limit {
        Limit { name: "start-network", max: self.per_network_hour, window_ms: WINDOW_MS }
    }
}

/// What a start counts in.
const WINDOW_MS: i64 = HOUR_MS;

impl Flow {
    /// What a start spends: conditions of the commit that opens the case, so that there is no case that was not counted and no count without a case.
    pub(super) fn start_limits(&self, asked: &Asked, at: Timestamp) -> Vec<Guard> {
        let starts = self.terms.starts;
        let network = network(&asked.network);
        let mut limits = vec![Guard::within(starts.by_network(), network.as_bytes(), at)];
        // Who is signed in has shown the password already; nobody else can use up their starts.
        if asked.door != Door::Account {
            let key = format!("{network}\n{}", name(&asked.name));
            limits.push(Guard::within(starts.by_name(), key.as_bytes(), at));
        }
        limits
    }
}

/// When to come back.
pub(super) const fn next_start(at: Timestamp) -> Timestamp {
    at.plus_ms(WINDOW_MS)
}

/// The name in the form in which names are compared: another case or an invisible character is no other name (T-B04).
fn name(typed: &str) -> String {
    AccountName::parse(typed).map_or_else(|_| typed.to_lowercase(), |name| name.as_str().to_owned())
}

/// The network of an address: what one subscriber holds (R20). What is no address stands for itself.
pub fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => (u32::from(address) >> (32 - PREFIX_V4)).to_string(),
        Ok(IpAddr::V6(address)) => format!("{:x}", u128::from(address) >> (128 - PREFIX_V6)),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_d10_a_neighboring_address_and_another_spelling_are_the_same() {
        let same = [
            ("192.0.2.1", "192.0.2.254", true),
            ("192.0.2.1", "192.0.3.1", false),
            ("2001:db8:0:aa00::1", "2001:db8:0:aaff:ffff::2", true),
            ("2001:db8:0:aa00::1", "2001:db8:0:ab00::1", false),
            ("::ffff:192.0.2.1", "192.0.2.9", true),
            ("unknown", "unknown", true),
            ("unknown", "192.0.2.1", false),
        ];
        for (one, other, expected) in same {
            assert_eq!(network(one) == network(other), expected, "{one} {other}");
        }
        assert_eq!(name("Mike\u{200b}"), name(" mike "));
        assert_ne!(name("mike"), name("mika"));
    }
}
