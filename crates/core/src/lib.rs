//! The rules of Keyward: what a recovery case is, when its gate opens, and how anybody can check it afterwards.
//!
//! No I/O, no clock, no randomness: the server and the offline verifier run the same functions.
//! Reading order: [`ids`], [`time`], [`account`], [`actor`] (the words), [`event`] (what happened), [`case`] (the machine),
//! [`steps`] (one file a step), [`policy`] and [`plan`] (the gate, and what would open it), [`log`] and [`bundle`] (the proof).

pub mod ids;
pub mod log;
pub mod secret;
pub mod time;
