//! The rules of Keyward: what a recovery case is, when its gate opens, and how anybody can check it afterwards.
//!
//! No I/O, no clock, no randomness: the server and the offline verifier run the same functions.
//! Reading order: [`ids`], [`time`], [`account`], [`actor`], [`digest`] (the words), [`event`] (what happened), [`case`] (the machine),
//! [`steps`] (one file a step), [`risk`], [`policy`] and [`plan`] (the gate, and what would open it), [`told`] (what of it the person may know),
//! [`ledger`], [`log`] and [`bundle`] (the proof).

/// Types that stand in JSON as they are printed.
macro_rules! as_text {
    ($($name:ident $(<$k:ident: $bound:ident>)?),*) => {$(
        impl $(<$k: $bound>)? serde::Serialize for $name $(<$k>)? {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de $(, $k: $bound)?> serde::Deserialize<'de> for $name $(<$k>)? {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

pub mod account;
pub mod actor;
pub mod bundle;
pub mod case;
pub mod digest;
pub mod event;
pub mod ids;
pub mod ledger;
pub mod log;
pub mod plan;
pub mod policy;
pub mod risk;
pub mod secret;
pub mod steps;
pub mod time;
pub mod told;
