//! The demonstration: a company of forty people, thirty days of cases made by the real engine, a mailbox and an authenticator app to look into.
//!
//! Everything is real but the people: the same flow, worker, directory, log and pages. It lies in a directory of its own that is removed at the end.

pub mod cheap;
pub mod mailbox;
pub mod opening;
pub mod pages;
pub mod people;
pub mod seed;

/// The password of everybody in the company.
pub const PASSWORD: &str = "northwind demo 2026";
/// The organization.
pub const ORGANIZATION: &str = "Northwind Hospital";
/// The domain of its addresses.
pub const DOMAIN: &str = "northwind.example";
