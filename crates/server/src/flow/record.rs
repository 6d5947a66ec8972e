//! What is stored of a factor: how it travels sealed to the worker, and how it lies in the database.

use data_encoding::BASE64;
use keyward_core::{
    digest::Digest,
    ids::FactorId,
    plan::Attainable,
    secret::{Secret, SecretText},
    steps::verify::Source,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::{Flow, FlowError};
use crate::{
    methods::email,
    seal::{Keyed, Place, Vault},
    store::people::{Factor, Person},
};

/// A factor that a person hands in to be bound.
#[derive(Serialize, Deserialize)]
pub struct NewRecord {
    /// Names it. Chosen before, because printed codes are digested with it.
    pub id: FactorId,
    /// What the person calls it.
    pub label: String,
    /// What its method stores, in base64.
    data: String,
    /// What the factor says of itself, to find it again by.
    pub handle: Option<Digest>,
    /// Digests of printed codes.
    pub codes: Vec<Digest>,
    /// The time step whose code showed that an app was set up: it proves nothing afterwards (T-D13).
    #[serde(default)]
    pub step: Option<u64>,
}

impl Drop for NewRecord {
    fn drop(&mut self) {
        self.data.zeroize();
    }
}

impl NewRecord {
    /// A record with the bytes that its method stores.
    pub fn new(id: FactorId, label: &str, data: &[u8]) -> Self {
        Self { id, label: label.to_owned(), data: BASE64.encode(data), handle: None, codes: Vec::new(), step: None }
    }
    /// As it travels.
    pub fn to_text(&self) -> Result<SecretText, serde_json::Error> {
        serde_json::to_string(self).map(Secret::new)
    }
    /// As it arrives.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
    /// What its method stores.
    pub fn data(&self) -> Secret<Vec<u8>> {
        Secret::new(BASE64.decode(self.data.as_bytes()).unwrap_or_default())
    }
}

/// The column of the database in which factors lie sealed.
const COLUMN: &str = "factors.data";

/// Opens what a method stored, for who has the key of the data and nothing else.
pub fn unlock(vault: &Vault, factor: &Factor) -> Result<Secret<Vec<u8>>, FlowError> {
    let place = Place { table: COLUMN, id: &factor.id.to_string() };
    vault.open(&factor.data, place).map_err(|error| FlowError::Broken(Box::new(error)))
}

impl Flow {
    /// Seals what a method stores for its row.
    pub fn lock_away(&self, factor: FactorId, data: &Secret<Vec<u8>>) -> Result<Vec<u8>, FlowError> {
        let place = Place { table: COLUMN, id: &factor.to_string() };
        self.vault.seal(data, place, self.ctx.bytes()).map_err(|error| FlowError::Broken(Box::new(error)))
    }

    /// Opens what a method stored.
    pub fn unlock(&self, factor: &Factor) -> Result<Secret<Vec<u8>>, FlowError> {
        unlock(&self.vault, factor)
    }

    /// The address of a factor that is one, byte for byte as it was stored.
    pub fn address(&self, factor: &Factor) -> Result<String, FlowError> {
        let bytes = self.unlock(factor)?;
        String::from_utf8(bytes.expose().clone()).map_err(|error| FlowError::Broken(Box::new(error)))
    }

    /// By what an address of a person is found again. As it is spelled, but for capitals: each address of a directory is told.
    pub fn address_handle(&self, person: &Person, address: &str) -> Digest {
        self.digests.digest(
            Keyed::Mailbox,
            &[b"handle", person.id.to_string().as_bytes(), address.trim().to_lowercase().as_bytes()],
        )
    }

    /// A mailbox as a source of proofs: equal for equal addresses of one person, and nobody can try addresses against it without the key.
    pub fn mailbox(&self, person: &Person, address: &str) -> Source {
        Source::Mailbox { tag: self.mailbox_tag(person, address) }
    }

    /// The tag of that source.
    pub(super) fn mailbox_tag(&self, person: &Person, address: &str) -> Digest {
        self.digests.digest(Keyed::Mailbox, &[person.salt.bytes(), email::canonical(address).as_bytes()])
    }

    /// Everything that a proof by this factor comes from.
    pub fn sources(&self, person: &Person, factor: &Factor) -> Result<Vec<Source>, FlowError> {
        let mut sources = vec![Source::Factor { id: factor.id }];
        if factor.method == keyward_core::account::Method::Email {
            sources.push(self.mailbox(person, &self.address(factor)?));
        }
        Ok(sources)
    }

    /// A proof that the person could still give with a factor.
    pub(super) fn offer(&self, person: &Person, factor: &Factor) -> Result<Attainable, FlowError> {
        Ok(Attainable {
            method: factor.method,
            sources: self.sources(person, factor)?,
            usable_from: factor.usable_from,
        })
    }
}
