//! The evidence bundle: one file with which anybody can check one case, without a server, a network or trust in the server.
//!
//! It holds the entries exactly as they are in the log, a proof for each, a signed checkpoint, the policy texts that were asked,
//! the personal values that are disclosed, and a statement signed by the log's key over all of it. [`verify`] checks signatures and proofs,
//! replays the entries through the same fold as the server, and asks the recorded policy the recorded questions again.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    case::{Case, Corrupt},
    digest::{Commitment, Digest, Disclosure},
    event::{Entry, Event, NotAnEntry},
    ids::{CaseId, Reference},
    log::{
        Hash, LogError,
        checkpoint::Checkpoint,
        note::{Note, Signer, Verifier},
        tile::entry_hash,
    },
    policy::{Gate, Gated, Policy, PolicyError},
};

/// The first word of every bundle, and the first line of its statement. No log can have it as its origin.
pub const FORMAT: &str = "keyward-evidence@v1";
/// A bundle that is larger is refused unread.
pub const MAX_BYTES: usize = 16 << 20;

/// The content of a bundle.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    format: String,
    case: CaseId,
    reference: Reference,
    /// The key that the log is signed with, as a C2SP `vkey`. Whoever checks compares it with the one they were given on another way.
    log_key: String,
    /// The signed checkpoint that all proofs lead to.
    checkpoint: String,
    entries: Vec<Proved>,
    /// Policy texts; the answers name them by digest.
    policies: Vec<String>,
    disclosed: Vec<Disclosure>,
    /// A signed note over the digest of everything above.
    statement: String,
}

/// An entry, where it is in the log, and the path from there to the root.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proved {
    /// Its place in the log, from 0.
    pub index: u64,
    /// The exact text whose bytes are the leaf.
    pub entry: String,
    /// The inclusion proof.
    pub proof: Vec<Hash>,
}

/// What a bundle is made from. The server has looked all of it up.
#[derive(Debug)]
pub struct Contents {
    /// Which case.
    pub case: CaseId,
    /// What people call it.
    pub reference: Reference,
    /// The signed checkpoint.
    pub checkpoint: Note,
    /// The entries with their proofs.
    pub entries: Vec<Proved>,
    /// The policy texts.
    pub policies: Vec<String>,
    /// The values to disclose. Those left out are withheld, and the proofs hold all the same.
    pub disclosed: Vec<Disclosure>,
}

/// Why a bundle can not be believed, or not be made.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It is not a bundle.
    #[error("the file is not an evidence bundle of Keyward: {0}")]
    NotABundle(String),
    /// It is one, in another form than it was written in.
    #[error("the file is not in the form in which it was written")]
    NotCanonical,
    /// The key in the bundle is not the one that was expected.
    #[error("the file was signed by another log than the one you named: {0}")]
    OtherKey(String),
    /// A signature or proof does not hold.
    #[error("{what} does not hold")]
    Proof {
        /// Which.
        what: String,
        /// Why.
        #[source]
        source: LogError,
    },
    /// The statement is for another content.
    #[error("the content was changed after it was signed")]
    Changed,
    /// An entry can not be read.
    #[error("entry {index} of the log can not be read")]
    Entry {
        /// Its place.
        index: u64,
        /// Why.
        #[source]
        source: NotAnEntry,
    },
    /// The entries contradict each other.
    #[error("the entries do not make a case")]
    Corrupt(#[from] Corrupt),
    /// The entries are in another order, doubled, or of another case.
    #[error("the entries are not those of one case in the order of the log")]
    Order,
    /// A policy that was asked is missing.
    #[error("the policy with digest {0} is not in the file")]
    PolicyMissing(Digest),
    /// A policy text that was asked can not be loaded any more.
    #[error("a policy in the file can not be loaded")]
    Policy(#[from] PolicyError),
    /// The policy answers otherwise than is recorded.
    #[error("entry {seq} records another answer than its policy gives")]
    Verdict {
        /// Which entry.
        seq: u32,
    },
    /// Something is in the file that no entry speaks of.
    #[error("the file holds {0} that no entry speaks of")]
    Stray(&'static str),
}

/// What was checked, and what was found.
#[derive(Debug)]
pub struct Report {
    /// The case as the entries make it.
    pub case: Case,
    /// The entries.
    pub entries: Vec<Entry>,
    /// The place of each in the log.
    pub places: Vec<u64>,
    /// The policies that were asked.
    pub policies: BTreeMap<Digest, Policy>,
    /// The checkpoint that everything was proved against.
    pub checkpoint: Checkpoint,
    /// The key that signed it.
    pub log_key: String,
    /// Whether that key is one that the reader named.
    pub key_was_named: bool,
    /// How many answers of the policy were asked again.
    pub verdicts: usize,
    /// The values that were disclosed.
    pub disclosed: Vec<Disclosure>,
    /// How many values are withheld or erased.
    pub withheld: usize,
}

impl Bundle {
    /// Puts a bundle together and signs its statement with the log's key.
    pub fn seal(contents: Contents, signer: &Signer) -> Result<Self, BundleError> {
        let mut bundle = Self {
            format: FORMAT.to_owned(),
            case: contents.case,
            reference: contents.reference,
            log_key: signer.verifier().to_string(),
            checkpoint: contents.checkpoint.to_string(),
            entries: contents.entries,
            policies: contents.policies,
            disclosed: contents.disclosed,
            statement: String::new(),
        };
        let mut note = Note::new(&bundle.stated()?).map_err(no("the statement"))?;
        note.sign(signer).map_err(no("the statement"))?;
        bundle.statement = note.to_string();
        Ok(bundle)
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> Result<Vec<u8>, BundleError> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|e| BundleError::NotABundle(e.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        if bytes.len() > MAX_BYTES {
            return Err(BundleError::NotABundle("it is too large".to_owned()));
        }
        let bundle: Self = serde_json::from_slice(bytes).map_err(|e| BundleError::NotABundle(e.to_string()))?;
        if bundle.format != FORMAT {
            return Err(BundleError::NotABundle("it has another format".to_owned()));
        }
        // One content has one form: what two readers could read differently is refused.
        if bundle.bytes()? != bytes {
            return Err(BundleError::NotCanonical);
        }
        Ok(bundle)
    }

    /// The text of the statement: what the file is, and the digest of everything in it but the statement.
    fn stated(&self) -> Result<String, BundleError> {
        let bare = Self { statement: String::new(), ..self.clone() };
        Ok(format!("{FORMAT}\n{}\n{}\n", self.reference, Digest::of(&bare.bytes()?)))
    }
}

/// Checks a bundle. `log_keys` are the keys the reader trusts; with none, the key in the file is used and the report says so.
pub fn verify(bytes: &[u8], log_keys: &[Verifier]) -> Result<Report, BundleError> {
    let bundle = Bundle::parse(bytes)?;
    let keys = [bundle.log_key.parse::<Verifier>().map_err(no("the log's key"))?];
    if !log_keys.is_empty() && !keys.iter().all(|key| log_keys.contains(key)) {
        return Err(BundleError::OtherKey(bundle.log_key));
    }
    check_statement(&bundle, &keys)?;
    let checkpoint = Checkpoint::open(bundle.checkpoint.as_bytes(), &keys).map_err(no("the checkpoint"))?;
    let entries = check_entries(&bundle, &checkpoint)?;
    let case = Case::replay(&entries)?.ok_or(BundleError::Order)?;
    if case.id() != bundle.case || case.reference() != bundle.reference {
        return Err(BundleError::Order);
    }
    let policies = load_policies(&bundle, &entries)?;
    let verdicts = check_verdicts(&policies, &entries)?;
    let withheld = check_disclosed(&bundle, &entries)?;
    Ok(Report {
        case,
        entries,
        places: bundle.entries.iter().map(|proved| proved.index).collect(),
        policies,
        checkpoint,
        log_key: bundle.log_key,
        key_was_named: !log_keys.is_empty(),
        verdicts,
        disclosed: bundle.disclosed,
        withheld,
    })
}

/// What it says of something that does not hold.
fn no(what: &str) -> impl Fn(LogError) -> BundleError {
    move |source| BundleError::Proof { what: what.to_owned(), source }
}

/// The policies that were asked, each once, and no other. That is seen by their digests: to load one is dear, and a file holds many.
fn load_policies(bundle: &Bundle, entries: &[Entry]) -> Result<BTreeMap<Digest, Policy>, BundleError> {
    let asked = policies_of(entries);
    let there: BTreeSet<Digest> = bundle.policies.iter().map(|text| Digest::of(text.as_bytes())).collect();
    if let Some(missing) = asked.difference(&there).next() {
        return Err(BundleError::PolicyMissing(*missing));
    }
    if bundle.policies.len() != asked.len() {
        return Err(BundleError::Stray("a policy"));
    }
    let loaded = bundle.policies.iter().map(|text| Policy::load(text).map(|policy| (policy.digest(), policy)));
    Ok(loaded.collect::<Result<_, _>>()?)
}

fn check_statement(bundle: &Bundle, keys: &[Verifier]) -> Result<(), BundleError> {
    let note = Note::parse(bundle.statement.as_bytes()).map_err(no("the statement"))?;
    let opened = note.open(keys).map_err(no("the statement"))?;
    // A second signature would be a part of the file that no signature covers.
    if opened.text() == bundle.stated()? && note.signatures().len() == 1 { Ok(()) } else { Err(BundleError::Changed) }
}

fn check_entries(bundle: &Bundle, checkpoint: &Checkpoint) -> Result<Vec<Entry>, BundleError> {
    let mut last = None;
    let mut entries = Vec::with_capacity(bundle.entries.len());
    for proved in &bundle.entries {
        if last.is_some_and(|index| proved.index <= index) {
            return Err(BundleError::Order);
        }
        last = Some(proved.index);
        let failed = |source| BundleError::Proof { what: format!("the proof of entry {}", proved.index), source };
        let leaf = entry_hash(proved.entry.as_bytes()).map_err(failed)?;
        checkpoint.verify_inclusion(leaf, proved.index, &proved.proof).map_err(failed)?;
        let entry = Entry::parse(proved.entry.as_bytes())
            .map_err(|source| BundleError::Entry { index: proved.index, source })?;
        entries.push(entry);
    }
    Ok(entries)
}

/// Asks every recorded question again, of the policy that was asked then.
fn check_verdicts(policies: &BTreeMap<Digest, Policy>, entries: &[Entry]) -> Result<usize, BundleError> {
    let mut verdicts = 0;
    for entry in entries {
        let Some((gate, gated)) = gated(&entry.event) else { continue };
        let digest = gated.verdict.policy;
        let policy = policies.get(&digest).ok_or(BundleError::PolicyMissing(digest))?;
        if policy.ask(gate, &gated.facts) != gated.verdict {
            return Err(BundleError::Verdict { seq: entry.seq });
        }
        verdicts += 1;
    }
    Ok(verdicts)
}

/// The answer of the policy that an event records.
const fn gated(event: &Event) -> Option<(Gate, &Gated)> {
    match event {
        Event::Verified(gated) => Some((Gate::Verify, gated)),
        Event::Authorized { gate, .. } => Some((Gate::Authorize, gate)),
        Event::Held(hold) => Some((Gate::Authorize, &hold.gate)),
        _ => None,
    }
}

/// The digests of the policies that some entries were decided by: what a bundle of them has to bring.
pub fn policies_of(entries: &[Entry]) -> BTreeSet<Digest> {
    entries.iter().filter_map(|entry| gated(&entry.event)).map(|(_, gated)| gated.verdict.policy).collect()
}

fn check_disclosed(bundle: &Bundle, entries: &[Entry]) -> Result<usize, BundleError> {
    let mut closed: BTreeSet<Commitment> = entries.iter().flat_map(|entry| entry.event.commitments()).collect();
    for disclosure in &bundle.disclosed {
        if !closed.remove(&disclosure.commitment()) {
            return Err(BundleError::Stray("a personal value"));
        }
    }
    Ok(closed.len())
}
