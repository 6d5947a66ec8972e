//! What people see: pages, mails and the files they load. Views only: no handler, no rule, no I/O.
//!
//! Reading order: [`shell`] (what is around every page), [`views`] (one file a part of the way), [`mail`], [`assets`].

pub mod assets;
pub mod mail;
pub mod shell;
pub mod views;
