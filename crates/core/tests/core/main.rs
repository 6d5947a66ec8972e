//! The rules of the core, in one test binary.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can not go on fails"
)]

mod bundle;
mod fixture;
mod forged;
mod gate;
mod generated;
mod golden;
mod invariants;
mod naive;
mod planning;
mod proofs;
mod states;
mod told;
mod walks;
