//! Step 2: is it this person? Proofs are collected, and counted by where they really come from.
//!
//! Independence is arithmetic: every proof names its sources (device, mailbox, person, factor), and two that share one count once.
//! What is being recovered proves nothing, and what was enrolled a moment ago does not count yet.

use std::{cmp::Reverse, collections::BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    account::{Method, Strength},
    digest::Digest,
    ids::{EvidenceId, FactorId, PersonId},
    policy::Gated,
    steps::classify::Classified,
    time::Timestamp,
};

/// The most proofs that one case takes. More would only be noise, and the arithmetic looks at every subset.
pub const MAX_EVIDENCE: usize = 8;

/// Where a proof really comes from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// A thing one holds: a phone, a key, a browser. The tag is a keyed digest, equal for equal things of one person.
    Device {
        /// Keyed digest of the device.
        tag: Digest,
    },
    /// A mailbox, by keyed digest of its address.
    Mailbox {
        /// Keyed digest of the address.
        tag: Digest,
    },
    /// Something enrolled.
    Factor {
        /// Which.
        id: FactorId,
    },
    /// The word of another human.
    Person {
        /// Who.
        id: PersonId,
    },
    /// The password of a directory.
    Password {
        /// The directory's name.
        directory: String,
    },
}

impl Source {
    /// The enrolled thing, if it is one.
    pub const fn factor(&self) -> Option<FactorId> {
        match self {
            Self::Factor { id } => Some(*id),
            _ => None,
        }
    }
}

/// One proof.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// Names it.
    pub id: EvidenceId,
    /// How it was given.
    pub method: Method,
    /// Whom it shows.
    pub subject: PersonId,
    /// Everything it comes from.
    pub sources: Vec<Source>,
    /// Who vouches for it, if a human does.
    pub witness: Option<PersonId>,
    /// When it was given.
    pub at: Timestamp,
    /// Until when it counts.
    pub until: Timestamp,
    /// From when on its factor may be used as proof; later than `at` while it is in quarantine (M103).
    pub usable_from: Timestamp,
}

impl Evidence {
    /// Whether it can count for anything if it is handed in at that moment: it was given by then, there is a moment at which it counts, it comes from
    /// somewhere (what names no source would be independent of everything), and nobody vouches for themselves.
    pub fn ever_counts(&self, at: Timestamp) -> bool {
        self.at <= at && self.at < self.until && !self.sources.is_empty() && self.witness != Some(self.subject)
    }
    /// Whether at that moment it is no other proof than one that is there: the same, or of the same kind while that one still counts.
    pub fn repeats(&self, old: &Self, at: Timestamp) -> bool {
        self.id == old.id || (self.method == old.method && !old.has_lapsed(at))
    }
    /// Whether its factor could be used when it was given (M103).
    fn was_usable(&self) -> bool {
        self.usable_from <= self.at
    }
    /// Whether its time was over at that moment.
    pub fn has_lapsed(&self, at: Timestamp) -> bool {
        self.until <= at
    }
    /// Whether it counts at that moment: it has not lapsed, and its factor could be used when it was given.
    pub fn counts(&self, at: Timestamp) -> bool {
        self.was_usable() && !self.has_lapsed(at)
    }
    /// Whether it came from that factor.
    pub fn is_from(&self, factor: FactorId) -> bool {
        self.sources.contains(&Source::Factor { id: factor })
    }
}

/// A proof that was tried and did not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rejection {
    /// How it was tried.
    pub method: Method,
    /// What was wrong with it. The page says less.
    pub reason: RejectionReason,
}

/// Why a proof did not hold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionReason {
    /// It is not the right one.
    Mismatch,
    /// It was right once, and has been used.
    Replayed,
    /// It was right, too late.
    Expired,
    /// It belongs to somebody else (T-G03).
    OtherPerson,
    /// It was used in another browser or case than the one it was made for.
    OtherCase,
    /// Too many tries; it was not looked at.
    TooManyTries,
    /// Nothing of that kind is enrolled, or the name is no account.
    NotEnrolled,
    /// It is of the right form but its own checks failed: origin, signature, counter, user verification.
    Unsound,
}

/// What the proofs of a case add up to.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Proofs {
    /// The methods that count, each once.
    pub methods: BTreeSet<Method>,
    /// How many count once shared sources are folded.
    pub independent: u32,
    /// How many of those are strong or better.
    pub strong: u32,
}

impl Proofs {
    /// These kinds of proof, none of which shares a source with another.
    pub fn apart(methods: BTreeSet<Method>) -> Self {
        let strong = count(methods.iter().filter(|method| method.strength() >= Strength::Strong));
        Self { independent: count(methods.iter()), strong, methods }
    }
    /// Adds up what of `evidence` counts at a moment for the person and credential of `classified`.
    pub fn of(classified: &Classified, evidence: &[Evidence], at: Timestamp) -> Self {
        let opens = &classified.classification().opens;
        let counting: Vec<&Evidence> = evidence
            .iter()
            .filter(|e| e.subject == classified.subject() && e.counts(at))
            .filter(|e| !shares(&e.sources, opens))
            .take(MAX_EVIDENCE)
            .collect();
        best_subset(&counting)
    }
}

fn shares(some: &[Source], others: &[Source]) -> bool {
    some.iter().any(|source| others.contains(source))
}

/// Looks at every subset without shared sources, and takes the one with the most strong proofs, then the most proofs.
/// The methods named are those of that subset alone: a proof that was folded away can not also count by its name.
fn best_subset(counting: &[&Evidence]) -> Proofs {
    let chosen = |bits: u32| -> Vec<&Evidence> {
        counting.iter().zip(0u32..).filter(|(_, place)| bits & (1 << place) != 0).map(|(one, _)| *one).collect()
    };
    // Two of one kind need no rule here: kinds are counted, each once.
    let apart = |chosen: &Vec<&Evidence>| {
        chosen
            .iter()
            .zip(1..)
            .all(|(one, behind)| chosen.iter().skip(behind).all(|other| !shares(&one.sources, &other.sources)))
    };
    (0u32..1 << counting.len())
        .map(chosen)
        .filter(apart)
        .map(|chosen| Proofs::apart(chosen.iter().map(|one| one.method).collect()))
        .max_by_key(|proofs| {
            let resistant = proofs.methods.iter().any(|method| method.strength() == Strength::PhishingResistant);
            // Between equals the methods decide, so that the order in which proofs were given can not.
            (resistant, proofs.strong, proofs.independent, Reverse(proofs.methods.clone()))
        })
        .unwrap_or_default()
}

pub(super) fn count(of: impl Iterator) -> u32 {
    u32::try_from(of.count()).unwrap_or(u32::MAX)
}

/// A person whose identity the policy holds for proved. Made by [`Verified::new`] alone, within the core.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    classified: Classified,
    evidence: Vec<Evidence>,
    at: Timestamp,
}

impl Verified {
    /// None unless the policy said yes and there is a proof.
    pub(crate) fn new(classified: Classified, evidence: Vec<Evidence>, gate: &Gated, at: Timestamp) -> Option<Self> {
        (gate.verdict.allowed && !evidence.is_empty()).then_some(Self { classified, evidence, at })
    }
    /// Step 1's product.
    pub const fn classified(&self) -> &Classified {
        &self.classified
    }
    /// The proofs.
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }
    /// When the identity was proved. Waiting is counted from here.
    pub const fn at(&self) -> Timestamp {
        self.at
    }
    /// A further proof, given while the case waits (UX-65).
    pub(crate) fn with(mut self, evidence: Evidence) -> Self {
        self.evidence.push(evidence);
        self
    }
    /// Back to before the proof was accepted, for another class.
    pub(crate) fn reopen(self) -> (Classified, Vec<Evidence>) {
        (self.classified, self.evidence)
    }
}
