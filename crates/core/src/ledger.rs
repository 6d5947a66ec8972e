//! A value that is already in the log. Only the store makes one, after the transaction that wrote it has been committed.

/// Marks the one type that may call a value durable. INVARIANT: the store has the only implementation (`tests/tidy.rs` looks for a second one).
pub trait Ledger {}

/// Proof by type that `T` is committed: the only road to an answer that says "done" (DESIGN 4), and to a [`Permit`](crate::steps::reissue::Permit).
#[derive(Debug)]
#[must_use = "a durable value is the reason for an answer or a permit"]
pub struct Durable<T> {
    value: T,
    /// Index in the log of the first entry that was written with it.
    leaf: u64,
}

impl<T> Durable<T> {
    /// Called by the store after its commit.
    pub fn seal(value: T, leaf: u64, _by: &impl Ledger) -> Self {
        Self { value, leaf }
    }
    /// Index in the log of the first entry that was written with it.
    pub const fn leaf(&self) -> u64 {
        self.leaf
    }
    /// Reads the value.
    pub const fn get(&self) -> &T {
        &self.value
    }
    /// Takes the value and gives up the proof.
    pub fn into_inner(self) -> T {
        self.value
    }
    /// A part of the value is as durable as the whole.
    pub fn map<U>(self, part: impl FnOnce(T) -> U) -> Durable<U> {
        Durable { value: part(self.value), leaf: self.leaf }
    }
}
