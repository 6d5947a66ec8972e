//! The rules of the core, in one test binary.

mod fixture;
mod gate;
mod golden;
mod planning;
mod walks;
