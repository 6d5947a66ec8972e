//! Bodies, read strictly: one JSON object, no field twice at any depth, no field that is not taken, no null where a value belongs.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, MapAccess, SeqAccess, Visitor},
};

use super::problem::Kind;

/// What a request may bring.
pub trait Input: DeserializeOwned + Send + 'static {
    /// Whether no body at all stands for `{}`.
    const MAY_BE_EMPTY: bool = false;
}

/// Reads a body as what an operation takes.
pub fn read<T: Input>(bytes: &[u8]) -> Result<T, Kind> {
    let bytes = if T::MAY_BE_EMPTY && bytes.is_empty() { b"{}" } else { bytes };
    let Object = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => Kind::DuplicateField,
            _ => Kind::Malformed,
        },
        _ => Kind::Malformed,
    })?;
    // What the library would say names the value that it found; that may be a password.
    serde_json::from_slice(bytes).map_err(|_| Kind::DoesNotFit)
}

/// A field that is there or not there, and never null.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// An object in which nothing is there twice.
struct Object;

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Unique).map(|()| Self)
    }
}

/// Any value in which nothing is there twice.
struct Anything;

impl<'de> Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Unique).map(|()| Self)
    }
}

/// Walks through a value and keeps nothing of it but the names of the objects it is in.
struct Unique;

impl<'de> Visitor<'de> for Unique {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = std::collections::HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name) {
                return Err(de::Error::custom("a field is there twice"));
            }
            map.next_value::<Anything>()?;
        }
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<Anything>()?.is_some() {}
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
