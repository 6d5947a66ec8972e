//! What is wrong with an evidence file, in a sentence that names the part (T-I01): what the core found, and for a changed file a closer look at its parts.
//!
//! The file is not believed by then. What is read from it here serves to point at something, never to tell what happened.

use keyward_core::{
    bundle::{BundleError, Proved},
    case::Case,
    digest::{Digest, Disclosure},
    event::Entry,
    log::{checkpoint::Checkpoint, note::Verifier, tile::entry_hash},
};
use serde::Deserialize;

/// What can be read of a changed file.
#[derive(Deserialize)]
struct Pieces {
    log_key: String,
    checkpoint: String,
    entries: Vec<Proved>,
    policies: Vec<String>,
    disclosed: Vec<Disclosure>,
}

/// One sentence, the part first.
pub fn sentence(error: &BundleError, bytes: &[u8]) -> String {
    match error {
        BundleError::NotABundle(why) => format!("It is not an evidence file of Keyward, or a damaged one: {why}."),
        BundleError::NotCanonical => {
            "It is not written in the way Keyward writes evidence, so it was changed after it was made.".to_owned()
        }
        BundleError::OtherKey(key) => format!("It was signed by another log than the one you named: {key}."),
        BundleError::Proof { what, .. } => format!("{} does not hold.", capital(what)),
        BundleError::Changed => changed(bytes).unwrap_or_else(|| {
            "It was changed after it was signed: its statement is about another content.".to_owned()
        }),
        BundleError::Entry { index, .. } => format!("Entry #{index} can not be read."),
        BundleError::Corrupt(corrupt) => {
            format!("Its entries do not make a case: entry {} can not have happened, {}.", corrupt.seq, corrupt.why)
        }
        BundleError::Order => "Its entries are not those of one case in the order of the log.".to_owned(),
        BundleError::PolicyMissing(digest) => format!("The policy {digest}, which was asked, is not in it."),
        BundleError::Policy(_) => "A policy in it can not be loaded.".to_owned(),
        BundleError::Verdict { seq } => {
            format!("Entry {seq} records another answer than its policy gives when it is asked again.")
        }
        BundleError::Stray(what) => format!("It holds {what} that no entry speaks of."),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The first part that no longer fits the signed checkpoint or the entries. None if the change is elsewhere.
fn changed(bytes: &[u8]) -> Option<String> {
    let pieces: Pieces = serde_json::from_slice(bytes).ok()?;
    let key: Verifier = pieces.log_key.parse().ok()?;
    let checkpoint = match Checkpoint::open(pieces.checkpoint.as_bytes(), &[key]) {
        Ok(checkpoint) => checkpoint,
        Err(error) => return Some(format!("Its checkpoint was changed after it was signed: {error}.")),
    };
    let mut entries = Vec::new();
    for (proved, number) in pieces.entries.iter().zip(1..) {
        let leaf = entry_hash(proved.entry.as_bytes()).ok()?;
        if checkpoint.verify_inclusion(leaf, proved.index, &proved.proof).is_err() {
            return Some(format!(
                "Entry {number} (#{}) or its proof was changed after it was logged: its hash {leaf} does not lead to the root of the log.",
                proved.index
            ));
        }
        entries.push(Entry::parse(proved.entry.as_bytes()).ok()?);
    }
    if let Err(corrupt) = Case::replay(&entries) {
        return Some(format!(
            "Entries were taken out or put in after it was signed: entry {} can not have happened, {}.",
            corrupt.seq, corrupt.why
        ));
    }
    let committed: Vec<_> = entries.iter().flat_map(|entry| entry.event.commitments()).collect();
    if let Some(value) = pieces.disclosed.iter().find(|value| !committed.contains(&value.commitment())) {
        return Some(format!("The personal value `{}` was changed after it was logged.", value.field.word()));
    }
    let asked = keyward_core::bundle::policies_of(&entries);
    let present: Vec<Digest> = pieces.policies.iter().map(|text| Digest::of(text.as_bytes())).collect();
    if present.iter().any(|digest| !asked.contains(digest)) || asked.len() != present.len() {
        return Some(
            "A policy text in it was changed, added or taken out: its digest is not the one that was asked.".to_owned(),
        );
    }
    None
}
