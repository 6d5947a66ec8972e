//! The tree of RFC 6962: appending with nothing but the right edge in hand, and the two proofs with their verifiers.
//!
//! A tree of `size` leaves is made of *complete* nodes, which never change once they are there, and of a ragged right
//! side that is computed when needed. Complete nodes are what the store keeps; [`NodeId`] names them.
//! Each proof is first *listed* (which nodes), then *made* (from fetched nodes), then *verified* (from sizes and roots alone);
//! prover and verifier walk the same path, and the tests compare both with an implementation that is not ours.

use std::collections::BTreeMap;

use super::{HASH_BYTES, Hash, LogError, What, unreadable};

/// The largest tree a stored edge may speak of: what a BIGINT column holds.
pub const MAX_SIZE: u64 = i64::MAX.unsigned_abs();

/// The hash of an entry as a leaf (RFC 6962, 2.1). For entries of the log, [`super::tile::entry_hash`] also minds the length.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash::of(&[&[0], entry])
}

/// The hash of an inner node (RFC 6962, 2.1).
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash::of(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// The root of a log without entries: the digest of nothing (RFC 6962, 2.1).
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

/// Where a complete node sits: it covers the leaves from `index << level` to just before `(index + 1) << level`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId {
    /// 0 for leaves, at most 63.
    pub level: u8,
    /// Counted from 0 at the left.
    pub index: u64,
}

/// A complete node: once it exists it never changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Node {
    /// Its place in the tree.
    pub id: NodeId,
    /// The root of the leaves below it.
    pub hash: Hash,
}

/// Where hashes of complete nodes come from: rows that were fetched, or a whole tree in memory.
pub trait Nodes {
    /// The hash of that node, if it is there.
    fn node(&self, id: NodeId) -> Option<Hash>;
}

impl Nodes for BTreeMap<NodeId, Hash> {
    fn node(&self, id: NodeId) -> Option<Hash> {
        self.get(&id).copied()
    }
}

/// The right edge of a tree: all that is needed to append and to know the root. At most 63 hashes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Frontier {
    size: u64,
    /// The roots of the complete subtrees that make up the tree, left to right, each smaller than the one before.
    // INVARIANT: one hash for each 1 in the binary form of `size`.
    edge: Vec<Hash>,
}

impl Frontier {
    /// The tree without leaves.
    pub const fn empty() -> Self {
        Self { size: 0, edge: Vec::new() }
    }

    /// The tree of that size from its stored edge, in the order of [`edge_nodes`].
    fn from_edge(size: u64, edge: Vec<Hash>) -> Result<Self, LogError> {
        if size > MAX_SIZE {
            return Err(unreadable(What::Edge, "the tree is larger than any log"));
        }
        if usize::try_from(size.count_ones()) != Ok(edge.len()) {
            return Err(unreadable(What::Edge, "its length does not fit the size"));
        }
        Ok(Self { size, edge })
    }

    /// The tree of that size from its edge as [`Frontier::to_bytes`] wrote it.
    pub fn from_bytes(size: u64, edge: &[u8]) -> Result<Self, LogError> {
        let (hashes, rest) = edge.as_chunks::<HASH_BYTES>();
        if !rest.is_empty() {
            return Err(unreadable(What::Edge, "it ends within a hash"));
        }
        Self::from_edge(size, hashes.iter().copied().map(Hash::from).collect())
    }

    /// The tree of that size from stored nodes: those that [`edge_nodes`] lists.
    pub fn from_nodes(size: u64, nodes: &impl Nodes) -> Result<Self, LogError> {
        let edge = edge_nodes(size).into_iter().map(|id| fetch(nodes, id));
        Self::from_edge(size, edge.collect::<Result<_, _>>()?)
    }

    /// How many leaves the tree has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The edge for one column: its hashes in a row, 32 bytes each.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.edge.iter().flat_map(Hash::as_bytes).copied().collect()
    }

    /// Appends one leaf and returns the nodes that are now complete: the leaf itself, then upwards.
    pub fn push(&mut self, leaf: Hash) -> Vec<Node> {
        let index = self.size;
        let mut node = Node { id: NodeId { level: 0, index }, hash: leaf };
        let mut completed = vec![node];
        // Every trailing 1 of the size is a full left neighbor that waits for its right one.
        for level in (1u8..).take_while(|level| index.trailing_ones() >= u32::from(*level)) {
            let Some(left) = self.edge.pop() else { break };
            node = Node { id: NodeId { level, index: index >> level }, hash: node_hash(left, node.hash) };
            completed.push(node);
        }
        self.edge.push(node.hash);
        self.size += 1;
        completed
    }

    /// Appends many leaves and returns all the nodes to be stored with them, in one list.
    pub fn extend(&mut self, leaves: impl IntoIterator<Item = Hash>) -> Vec<Node> {
        leaves.into_iter().flat_map(|leaf| self.push(leaf)).collect()
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        fold(self.edge.iter().copied()).unwrap_or_else(empty_root)
    }
}

/// The nodes whose hashes are the right edge of a tree of that size, left to right.
pub fn edge_nodes(size: u64) -> Vec<NodeId> {
    Span::new(0, size).nodes().collect()
}

/// The nodes that [`inclusion_proof`] will ask for.
pub fn inclusion_nodes(size: u64, index: u64) -> Result<Vec<NodeId>, LogError> {
    Ok(nodes_of(&inclusion_path(size, index)?))
}

/// The proof that the leaf `index` is in the tree of `size` leaves (RFC 6962, 2.1.1): from the leaf's sibling upwards.
pub fn inclusion_proof(size: u64, index: u64, nodes: &impl Nodes) -> Result<Vec<Hash>, LogError> {
    hashes_of(&inclusion_path(size, index)?, nodes)
}

/// Checks that the tree of `size` leaves with this `root` has this `leaf` at `index`.
///
/// Nothing is skipped and nothing is left over: a proof with a hash too few or too many is refused.
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: Hash) -> Result<(), LogError> {
    let path = inclusion_path(size, index)?;
    check_length(path.len(), proof)?;
    let found = path.iter().zip(proof).fold(leaf, |hash, (span, sibling)| {
        if span.start > index { node_hash(hash, *sibling) } else { node_hash(*sibling, hash) }
    });
    check_root(size, root, found)
}

/// The nodes that [`consistency_proof`] will ask for.
pub fn consistency_nodes(old: u64, new: u64) -> Result<Vec<NodeId>, LogError> {
    Ok(nodes_of(&consistency_path(old, new)?))
}

/// The proof that the first `old` leaves of the tree of `new` leaves are the earlier tree (RFC 6962, 2.1.2).
///
/// It is empty if the sizes are the same, or if the earlier tree had no leaves.
pub fn consistency_proof(old: u64, new: u64, nodes: &impl Nodes) -> Result<Vec<Hash>, LogError> {
    hashes_of(&consistency_path(old, new)?, nodes)
}

/// Checks that the tree of `new_size` leaves begins with the tree of `old_size` leaves: nothing was changed or taken away.
///
/// A tree without leaves has one root, and every tree begins with it.
pub fn verify_consistency(
    old_size: u64,
    old_root: Hash,
    new_size: u64,
    new_root: Hash,
    proof: &[Hash],
) -> Result<(), LogError> {
    let path = consistency_path(old_size, new_size)?;
    check_length(path.len(), proof)?;
    for (size, root) in [(old_size, old_root), (new_size, new_root)] {
        if size == 0 {
            check_root(0, root, empty_root())?;
        }
    }
    if old_size == 0 {
        return Ok(());
    }
    let mut steps = path.iter().zip(proof.iter().copied());
    // Where the earlier tree is one complete node of the later one, or all of it, its root is not repeated in the proof.
    let shared = if old_size.is_power_of_two() { old_root } else { steps.next().map_or(old_root, |(_, hash)| hash) };
    let (mut old, mut new) = (shared, shared);
    for (span, sibling) in steps {
        if span.start >= old_size {
            new = node_hash(new, sibling);
        } else {
            old = node_hash(sibling, old);
            new = node_hash(sibling, new);
        }
    }
    check_root(old_size, old_root, old)?;
    check_root(new_size, new_root, new)
}

/// The leaves from `start` to just before `end`. One hash of a proof stands for one span.
// INVARIANT: `start` is a multiple of the smallest power of two that is not below the length.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u64,
    end: u64,
}

impl Span {
    const fn new(start: u64, end: u64) -> Self {
        Self { start, end }
    }

    const fn len(self) -> u64 {
        self.end - self.start
    }

    /// Left and right below this node: the left one is the largest power of two short of the length (RFC 6962's `k`).
    /// Only for two leaves and more.
    const fn halves(self) -> (Self, Self) {
        let middle = self.start + (1 << (self.len() - 1).ilog2());
        (Self::new(self.start, middle), Self::new(middle, self.end))
    }

    /// The complete nodes it is made of, left to right; a single one unless it reaches the ragged end of the tree.
    fn nodes(self) -> impl Iterator<Item = NodeId> {
        let mut rest = self;
        std::iter::from_fn(move || {
            let level = rest.len().checked_ilog2()?;
            let index = rest.start >> level;
            rest.start += 1 << level;
            let level = u8::try_from(level).ok()?;
            Some(NodeId { level, index })
        })
    }

    fn hash(self, nodes: &impl Nodes) -> Result<Hash, LogError> {
        let hashes: Vec<Hash> = self.nodes().map(|id| fetch(nodes, id)).collect::<Result<_, _>>()?;
        Ok(fold(hashes.into_iter()).unwrap_or_else(empty_root))
    }
}

/// The siblings on the way from a leaf up to the root.
fn inclusion_path(size: u64, index: u64) -> Result<Vec<Span>, LogError> {
    if index >= size {
        return Err(LogError::NoSuchEntry { index, size });
    }
    let mut path = Vec::new();
    let mut here = Span::new(0, size);
    while here.len() > 1 {
        let (left, right) = here.halves();
        let (towards, sibling) = if index < left.end { (left, right) } else { (right, left) };
        path.push(sibling);
        here = towards;
    }
    path.reverse();
    Ok(path)
}

/// The siblings on the way from the last node of the earlier tree up to the later root, led by that node itself
/// unless it *is* the earlier tree.
fn consistency_path(old: u64, new: u64) -> Result<Vec<Span>, LogError> {
    if old > new {
        return Err(LogError::Shrunk { old, new });
    }
    let mut path = Vec::new();
    if old == 0 {
        return Ok(path);
    }
    let mut here = Span::new(0, new);
    while here.end != old {
        let (left, right) = here.halves();
        let (towards, sibling) = if old <= left.end { (left, right) } else { (right, left) };
        path.push(sibling);
        here = towards;
    }
    if here.start != 0 {
        path.push(here);
    }
    path.reverse();
    Ok(path)
}

fn nodes_of(path: &[Span]) -> Vec<NodeId> {
    path.iter().flat_map(|span| span.nodes()).collect()
}

fn hashes_of(path: &[Span], nodes: &impl Nodes) -> Result<Vec<Hash>, LogError> {
    path.iter().map(|span| span.hash(nodes)).collect()
}

fn fetch(nodes: &impl Nodes, id: NodeId) -> Result<Hash, LogError> {
    let NodeId { level, index } = id;
    nodes.node(id).ok_or(LogError::MissingNode { level, index })
}

/// Hashes the roots of ever smaller neighbors together, from the right.
fn fold(hashes: impl DoubleEndedIterator<Item = Hash>) -> Option<Hash> {
    hashes.rev().reduce(|right, left| node_hash(left, right))
}

fn check_length(expected: usize, proof: &[Hash]) -> Result<(), LogError> {
    let found = proof.len();
    if found == expected { Ok(()) } else { Err(LogError::ProofLength { expected, found }) }
}

fn check_root(size: u64, expected: Hash, found: Hash) -> Result<(), LogError> {
    if found == expected { Ok(()) } else { Err(LogError::RootDiffers { size, expected, found }) }
}
