//! The evidence of one case as one file: looks up what the file has to hold, and seals it. Only the operator's command line calls this.
//!
//! What is given out has been checked by the same verifier that its readers will use. Not here: who may have it, and where it is written.

use std::collections::BTreeSet;

use keyward_core::{
    bundle::{self, Bundle, BundleError, Contents, Proved, policies_of},
    digest::{Commitment, Digest, Field},
    event::Entry,
    ids::CaseId,
    log::{LogError, checkpoint::Checkpoint, note::Note, note::Signer},
    time::Timestamp,
};

use crate::store::{
    Store, StoreError,
    cases::{LoadError, Placed},
    log::ReadLogError,
    sign::{Memory, SignError},
};

/// What signs: the log's key, what remembers how far it signed, and the moment.
#[derive(Clone, Copy)]
pub struct Signing<'a> {
    /// The key of the log.
    pub signer: &'a Signer,
    /// What was signed last, outside of the database.
    pub memory: &'a Memory,
    /// Now.
    pub at: Timestamp,
}

/// Why there is no evidence.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// There is no such case.
    #[error("there is no case {0}")]
    NoCase(CaseId),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An entry of the case is damaged, or they contradict each other.
    #[error("the entries of the case can not be read")]
    Load(#[from] LoadError),
    /// The log is not what was signed before.
    #[error("the log can not be signed")]
    Sign(#[from] SignError),
    /// A proof could not be made.
    #[error("the proof of entry {leaf} can not be made")]
    Proof {
        /// Its index in the log.
        leaf: u64,
        /// Why.
        #[source]
        source: ReadLogError,
    },
    /// No checkpoint that covers the entries came of signing.
    #[error("no signed checkpoint covers entry {0} of the log")]
    NotCovered(u64),
    /// The stored checkpoint is not by this key.
    #[error("the stored checkpoint is not one of this log")]
    Checkpoint(#[source] LogError),
    /// A policy that was asked is not there.
    #[error("the policy {0}, which was asked, is not in the database")]
    NoPolicy(Digest),
    /// The file would not be believed by its readers.
    #[error("the evidence does not hold")]
    Bundle(#[from] BundleError),
}

impl EvidenceError {
    /// What the database said, if that is the reason.
    const fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error)
            | Self::Load(LoadError::Store(error))
            | Self::Sign(SignError::Store(error))
            | Self::Proof { source: ReadLogError::Store(error), .. } => Some(error),
            _ => None,
        }
    }

    /// Whether the log itself is at fault: what is stored is not what was signed, or would not be believed.
    pub fn is_disproof(&self) -> bool {
        if let Some(error) = self.store() {
            return error.is_broken();
        }
        match self {
            Self::Sign(error) => error.is_disproof(),
            Self::NoCase(_) | Self::NotCovered(_) | Self::NoPolicy(_) => false,
            Self::Store(_) | Self::Load(_) | Self::Proof { .. } => true,
            Self::Checkpoint(_) | Self::Bundle(_) => true,
        }
    }

    /// Whether the database did not answer, and the same may work a moment later.
    pub fn is_outage(&self) -> bool {
        self.store().is_some_and(StoreError::is_passing)
    }
}

/// The evidence of a case up to now, without the values of these fields. It has been verified.
pub async fn contents(
    store: &Store,
    signing: Signing<'_>,
    case: CaseId,
    withhold: &BTreeSet<Field>,
) -> Result<Bundle, EvidenceError> {
    let loaded = store.load(case).await?.ok_or(EvidenceError::NoCase(case))?;
    let last = loaded.entries.last().map_or(0, |placed| placed.leaf);
    store.check_whole_log(signing.signer.verifier(), signing.memory).await?;
    let (checkpoint, size) = covering(store, signing, last).await?;
    let mut entries = Vec::with_capacity(loaded.entries.len());
    for placed in &loaded.entries {
        entries.push(proved(store, placed, size).await?);
    }
    let own: Vec<Entry> = loaded.entries.into_iter().map(|placed| placed.entry).collect();
    let mut policies = Vec::new();
    for digest in policies_of(&own) {
        policies.push(store.policy(digest).await?.ok_or(EvidenceError::NoPolicy(digest))?);
    }
    let spoken: BTreeSet<Commitment> = own.iter().flat_map(|entry| entry.event.commitments()).collect();
    let mut disclosed = store.values_of_case(case).await?;
    disclosed.retain(|value| !withhold.contains(&value.field) && spoken.contains(&value.commitment()));
    let contents = Contents { case, reference: loaded.case.reference(), checkpoint, entries, policies, disclosed };
    let bundle = Bundle::seal(contents, signing.signer)?;
    bundle::verify(&bundle.bytes()?, std::slice::from_ref(signing.signer.verifier()))?;
    Ok(bundle)
}

/// The last signed checkpoint if it covers the entry, else a new one. The log has been compared with what was signed before.
async fn covering(store: &Store, signing: Signing<'_>, leaf: u64) -> Result<(Note, u64), EvidenceError> {
    let covers = |size: u64| size > leaf;
    match store.last_checkpoint().await? {
        Some(last) if covers(last.size) => {}
        _ => drop(store.sign_checkpoint(signing.signer, signing.memory, signing.at).await?),
    }
    let last = store.last_checkpoint().await?.ok_or(EvidenceError::NotCovered(leaf))?;
    let note = Note::parse(last.note.as_bytes()).map_err(EvidenceError::Checkpoint)?;
    let verifier = std::slice::from_ref(signing.signer.verifier());
    let checkpoint = Checkpoint::from_note(&note, verifier).map_err(EvidenceError::Checkpoint)?;
    if covers(checkpoint.size()) { Ok((note, checkpoint.size())) } else { Err(EvidenceError::NotCovered(leaf)) }
}

async fn proved(store: &Store, placed: &Placed, size: u64) -> Result<Proved, EvidenceError> {
    let leaf = placed.leaf;
    let proof = store.inclusion(leaf, size).await.map_err(|source| EvidenceError::Proof { leaf, source })?;
    let damaged = |source| LoadError::Damaged { leaf, source };
    let bytes = placed.entry.bytes().map_err(|error| damaged(error.into()))?;
    let entry = String::from_utf8(bytes).map_err(|_| damaged(keyward_core::event::NotAnEntry::NotCanonical))?;
    Ok(Proved { index: leaf, entry, proof })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::db::EngineError;

    #[test]
    fn eco_10_whoever_has_no_evidence_is_told_whether_to_try_again_or_that_the_log_is_at_fault() {
        let proof = |source| EvidenceError::Proof { leaf: 7, source };
        let missing = LogError::MissingNode { level: 0, index: 7 };
        let away = || StoreError::Begin(EngineError::NoneFree);
        let broken = || StoreError::Broken("it has no head".to_owned());
        for (error, is_disproof, is_outage) in [
            (proof(ReadLogError::Store(away())), false, true),
            (EvidenceError::Load(LoadError::Store(away())), false, true),
            (proof(ReadLogError::Store(broken())), true, false),
            (EvidenceError::Load(LoadError::Store(broken())), true, false),
            (proof(ReadLogError::Log(missing)), true, false),
            (EvidenceError::NotCovered(7), false, false),
        ] {
            assert_eq!((error.is_disproof(), error.is_outage()), (is_disproof, is_outage), "{error:?}");
        }
    }
}
