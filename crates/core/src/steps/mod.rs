//! The five steps, one file each, in order. The product of each step holds the product of the step before it and can be made
//! in its own file only, so that no step can be skipped: the compiler is the proof (`case.rs` shows what it refuses).

pub mod authorize;
pub mod classify;
pub mod reissue;
pub mod review;
pub mod verify;
