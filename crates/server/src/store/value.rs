//! What goes into a column and what comes out: ids as their text, times as milliseconds, digests as bytes, enums as their words.
//!
//! A stored word or id that does not parse is an error of the row, never a default.

use std::borrow::Cow;

use keyward_core::{
    digest::Digest,
    ids::{Id, Kind, Reference},
    log::Hash,
    time::Timestamp,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::db::{EngineError, Row};

/// A parameter of a statement.
#[derive(Clone, Debug)]
pub(super) enum Val<'a> {
    /// BIGINT.
    I(Option<i64>),
    /// TEXT.
    T(Option<Cow<'a, str>>),
    /// BLOB.
    B(Option<Cow<'a, [u8]>>),
}

impl Val<'_> {
    /// The same, for somebody who outlives what it was read from.
    pub(super) fn into_owned(self) -> Val<'static> {
        match self {
            Self::I(number) => Val::I(number),
            Self::T(text) => Val::T(text.map(|text| Cow::Owned(text.into_owned()))),
            Self::B(bytes) => Val::B(bytes.map(|bytes| Cow::Owned(bytes.into_owned()))),
        }
    }
}

/// Each type of ours by how it is stored; `Option` of it is the column that may be null.
macro_rules! stored {
    ($($ty:ty => $kind:ident, |$v:ident| $to:expr;)*) => {$(
        impl<'a> From<$ty> for Val<'a> {
            fn from($v: $ty) -> Self { Self::$kind(Some($to)) }
        }
        impl<'a> From<Option<$ty>> for Val<'a> {
            fn from(value: Option<$ty>) -> Self { Self::$kind(value.map(|$v| $to)) }
        }
    )*};
}
stored! {
    i64 => I, |v| v;
    u32 => I, |v| i64::from(v);
    // Sizes and indexes of the log, which end at what a BIGINT holds.
    u64 => I, |v| i64::try_from(v).unwrap_or(i64::MAX);
    usize => I, |v| i64::try_from(v).unwrap_or(i64::MAX);
    bool => I, |v| i64::from(v);
    Timestamp => I, |v| v.millis();
    &'a str => T, |v| Cow::Borrowed(v);
    &'a String => T, |v| Cow::Borrowed(v.as_str());
    String => T, |v| Cow::Owned(v);
    Reference => T, |v| Cow::Owned(v.to_string());
    &'a [u8] => B, |v| Cow::Borrowed(v);
    &'a Vec<u8> => B, |v| Cow::Borrowed(v.as_slice());
    Vec<u8> => B, |v| Cow::Owned(v);
    Digest => B, |v| Cow::Owned(v.bytes().to_vec());
    Hash => B, |v| Cow::Owned(v.as_bytes().to_vec());
}
impl<K: Kind> From<Id<K>> for Val<'_> {
    fn from(id: Id<K>) -> Self {
        Self::T(Some(Cow::Owned(id.to_string())))
    }
}
impl<K: Kind> From<Option<Id<K>>> for Val<'_> {
    fn from(id: Option<Id<K>>) -> Self {
        Self::T(id.map(|id| Cow::Owned(id.to_string())))
    }
}

/// What can be read from a column.
pub(super) trait Get: Sized {
    fn get(row: &Row, column: usize) -> Result<Self, EngineError>;
}

macro_rules! plain {
    ($($ty:ty),*) => {$(
        impl Get for $ty {
            fn get(row: &Row, column: usize) -> Result<Self, EngineError> { row.raw(column) }
        }
    )*};
}
plain!(i64, String, Option<i64>, Option<String>);

impl Get for Option<Vec<u8>> {
    fn get(row: &Row, column: usize) -> Result<Self, EngineError> {
        row.bytes(column)
    }
}
impl Get for Vec<u8> {
    fn get(row: &Row, column: usize) -> Result<Self, EngineError> {
        row.bytes(column)?.ok_or_else(|| unreadable(NotABlob))
    }
}

/// Types that are read through a plain one.
macro_rules! through {
    ($($ty:ty: $plain:ty, |$v:ident| $from:expr;)*) => {$(
        impl Get for $ty {
            fn get(row: &Row, column: usize) -> Result<Self, EngineError> {
                let $v: $plain = row.get(column)?;
                $from
            }
        }
        impl Get for Option<$ty> {
            fn get(row: &Row, column: usize) -> Result<Self, EngineError> {
                let value: Option<$plain> = row.get(column)?;
                value.map(|$v| $from).transpose()
            }
        }
    )*};
}
through! {
    Timestamp: i64, |v| Ok(Timestamp::from_millis(v));
    u64: i64, |v| u64::try_from(v).map_err(unreadable);
    u32: i64, |v| u32::try_from(v).map_err(unreadable);
    bool: i64, |v| Ok(v != 0);
    Reference: String, |v| v.parse().map_err(unreadable);
    Digest: Vec<u8>, |v| <[u8; 32]>::try_from(v).map(Digest::from_bytes).map_err(|_| unreadable(NotABlob));
    Hash: Vec<u8>, |v| Hash::try_from(v.as_slice()).map_err(unreadable);
    [u8; 16]: Vec<u8>, |v| v.try_into().map_err(|_| unreadable(NotABlob));
}
impl<K: Kind> Get for Id<K> {
    fn get(row: &Row, column: usize) -> Result<Self, EngineError> {
        row.raw::<String>(column)?.parse().map_err(unreadable)
    }
}
impl<K: Kind> Get for Option<Id<K>> {
    fn get(row: &Row, column: usize) -> Result<Self, EngineError> {
        let text: Option<String> = row.raw(column)?;
        text.map(|text| text.parse().map_err(unreadable)).transpose()
    }
}

/// An enum that is stored as its word: the one that it has in entries, or for those with content its JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Word<T>(pub(super) T);

impl<T: Serialize> From<Word<T>> for Val<'_> {
    fn from(word: Word<T>) -> Self {
        Self::T(text_of(&word.0).map(Cow::Owned))
    }
}
impl<T: Serialize> From<Option<Word<T>>> for Val<'_> {
    fn from(word: Option<Word<T>>) -> Self {
        Self::T(word.and_then(|word| text_of(&word.0)).map(Cow::Owned))
    }
}
impl<T: DeserializeOwned> Get for Word<T> {
    fn get(row: &Row, column: usize) -> Result<Self, EngineError> {
        parse_word(row.raw(column)?).map(Self)
    }
}
impl<T: DeserializeOwned> Get for Option<Word<T>> {
    fn get(row: &Row, column: usize) -> Result<Self, EngineError> {
        let text: Option<String> = row.raw(column)?;
        text.map(|text| parse_word(text).map(Word)).transpose()
    }
}

/// None only for a type that is no enum; the column is then null, which the tables refuse.
pub(super) fn text_of<T: Serialize>(value: &T) -> Option<String> {
    match serde_json::to_value(value).ok()? {
        Value::String(word) => Some(word),
        other => Some(other.to_string()),
    }
}

fn parse_word<T: DeserializeOwned>(text: String) -> Result<T, EngineError> {
    if text.starts_with('{') {
        serde_json::from_str(&text).map_err(unreadable)
    } else {
        serde_json::from_value(Value::String(text)).map_err(unreadable)
    }
}

/// A stored value that is not what its column holds.
pub(super) fn unreadable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> EngineError {
    EngineError::Unreadable(cause.into())
}

#[derive(Debug, thiserror::Error)]
#[error("the stored bytes are missing or have another length")]
struct NotABlob;
