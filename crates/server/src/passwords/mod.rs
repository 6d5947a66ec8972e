//! Passwords: is a new one good enough, is it known to attackers, and how it is stored.
//!
//! Reading order: [`password`] (the text as it is counted and hashed), [`rules`] (the one decision), its sources [`words`], [`blocklist`]
//! and [`breach`] with [`breach_build`], then storage: [`verifier`] (what is written down) and [`hash`] on the bounded [`pool`].
//! Deliberately knows no page, no sentence for a person, no clock, no randomness and no directory.

pub mod blocklist;
pub mod breach;
pub mod breach_build;
pub mod hash;
pub mod judge;
pub mod password;
pub mod pool;
pub mod rules;
mod spill;
pub mod verifier;
pub mod words;

pub use judge::{Judged, Live, NewPasswords};

#[cfg(test)]
mod breach_tests;
#[cfg(test)]
mod hash_tests;
#[cfg(test)]
mod rules_tests;
