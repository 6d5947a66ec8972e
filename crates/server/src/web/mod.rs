//! What people see: pages, mails and the files they load. No rule is here.
//!
//! Reading order: [`shell`] (what is around every page), [`views`] (pages as data, one file a part of the way), [`mail`], [`assets`];
//! then what fills them: [`portal`] (what is shared), [`visit`] (a request), [`answer`], [`guard`] (before and after every handler),
//! [`applicant`] (anyone), [`account`] (somebody who is signed in), [`setup`] (the first account of all), [`tlog`] (the log for everybody).

pub mod account;
pub mod answer;
pub mod applicant;
pub mod assets;
pub mod files;
pub mod guard;
pub mod mail;
pub mod portal;
pub mod setup;
pub mod shell;
pub mod tlog;
pub mod views;
pub mod visit;
