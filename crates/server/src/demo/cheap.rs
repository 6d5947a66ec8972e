//! A hash that costs nothing, for the days that are made up before the demonstration begins. Never in a directory that somebody signs in to:
//! when the past has been made, every account gets the real hash of the one password.

use async_trait::async_trait;
use keyward_core::{digest::Digest, secret::SecretText};

use crate::connectors::embedded::{HasherError, PasswordHasher};

/// Hashes with one digest.
#[derive(Debug)]
pub struct Cheap;

fn hashed(password: &SecretText) -> String {
    format!("$demo${}", Digest::of(password.expose().as_bytes()))
}

#[async_trait]
impl PasswordHasher for Cheap {
    async fn hash(&self, password: &SecretText) -> Result<String, HasherError> {
        Ok(hashed(password))
    }
    async fn verify(&self, password: &SecretText, stored: Option<&str>) -> Result<bool, HasherError> {
        Ok(stored.is_some_and(|stored| stored == hashed(password)))
    }
}
