//! What people see: pages, mails and the files they load. No rule is here.
//!
//! Reading order: [`shell`] (what is around every page), [`views`] (pages as data, one file a part of the way), [`mail`], [`assets`];
//! then what fills them: [`portal`] (what is shared), [`visit`] (a request), [`filled`] (what is sent with one), [`answer`], [`guard`] (before and after every handler),
//! [`streams`] (how many may wait), [`applicant`] (anyone), [`account`] (somebody who is signed in), [`setup`] (the first account of all),
//! [`tlog`] (the log for everybody), [`health`], [`numbers`] and [`observe`] (for whoever looks after it).

pub mod account;
pub mod answer;
pub mod applicant;
pub mod assets;
pub mod files;
pub mod filled;
pub mod guard;
pub mod health;
pub mod mail;
pub mod numbers;
pub mod observe;
pub mod portal;
pub mod setup;
pub mod shell;
pub mod streams;
pub mod tlog;
pub mod views;
pub mod visit;
