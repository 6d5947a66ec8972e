//! The rules of the tree by known answers, and what it refuses. Tests only.

use std::collections::BTreeMap;

use super::{Hash, LogError, What, merkle::*};

/// The eight leaves and the roots over the first 1 to 8 of them that implementations of RFC 6962 test with.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn hex(hash: Hash) -> String {
    data_encoding::HEXLOWER.encode(hash.as_bytes())
}
fn leaf(index: usize) -> Hash {
    leaf_hash(
        &data_encoding::HEXLOWER
            .decode(LEAVES[index].as_bytes())
            .unwrap(),
    )
}
fn tree(leaves: usize) -> (Frontier, BTreeMap<NodeId, Hash>) {
    let mut frontier = Frontier::empty();
    let nodes = frontier.extend((0..leaves).map(leaf));
    (
        frontier,
        nodes.into_iter().map(|n| (n.id, n.hash)).collect(),
    )
}

#[test]
fn rfc_6962_roots_are_the_known_ones() {
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(hex(Frontier::empty().root()), nothing);
    for (size, root) in (1..).zip(ROOTS) {
        assert_eq!(hex(tree(size).0.root()), root, "{size} leaves");
    }
}

#[test]
fn an_edge_comes_back_from_its_bytes_and_from_stored_nodes_and_goes_on_growing() {
    for (size, leaves) in (0..=7).zip(0..=7) {
        let (frontier, nodes) = tree(leaves);
        let stored = Frontier::from_bytes(size, &frontier.to_bytes()).unwrap();
        assert_eq!(stored, frontier);
        let mut rebuilt = Frontier::from_nodes(size, &nodes).unwrap();
        assert_eq!(rebuilt, frontier);
        rebuilt.push(leaf(leaves));
        assert_eq!(rebuilt, tree(leaves + 1).0);
    }
}

#[test]
fn an_edge_that_does_not_fit_its_size_is_refused() {
    let edge = tree(5).0.to_bytes();
    for (size, bytes) in [
        (7, edge.as_slice()),
        (4, &edge),
        (0, &edge),
        (5, &edge[..63]),
        (5, &edge[..32]),
        (5, &[]),
        (MAX_SIZE + 1, &edge[..32]),
    ] {
        let refused = Frontier::from_bytes(size, bytes);
        let Err(LogError::Unreadable {
            what: What::Edge, ..
        }) = refused
        else {
            panic!("{size}: {refused:?}");
        };
    }
}

#[test]
fn a_group_of_leaves_completes_what_they_complete_one_by_one() {
    let (mut one_by_one, _) = tree(3);
    let mut group = one_by_one.clone();
    let single: Vec<Node> = (3..8).flat_map(|i| one_by_one.push(leaf(i))).collect();
    assert_eq!(group.extend((3..8).map(leaf)), single);
    assert_eq!(group, one_by_one);
    let last: Vec<(u8, u64)> = single[single.len() - 4..]
        .iter()
        .map(|node| (node.id.level, node.id.index))
        .collect();
    assert_eq!(last, [(0, 7), (1, 3), (2, 1), (3, 0)]);
}

#[test]
fn what_is_not_in_the_log_has_no_proof() {
    let (frontier, nodes) = tree(5);
    let root = frontier.root();
    for (index, size) in [(5, 5), (u64::MAX, 5), (0, 0)] {
        let no = LogError::NoSuchEntry { index, size };
        assert_eq!(inclusion_nodes(size, index), Err(no.clone()));
        assert_eq!(inclusion_proof(size, index, &nodes), Err(no.clone()));
        assert_eq!(verify_inclusion(root, index, size, &[], root), Err(no));
    }
    let shrunk = LogError::Shrunk { old: 5, new: 4 };
    assert_eq!(consistency_nodes(5, 4), Err(shrunk.clone()));
    assert_eq!(consistency_proof(5, 4, &nodes), Err(shrunk.clone()));
    assert_eq!(verify_consistency(5, root, 4, root, &[]), Err(shrunk));
}

#[test]
fn a_node_that_was_not_fetched_is_named() {
    let (_, mut nodes) = tree(5);
    nodes.remove(&NodeId { level: 2, index: 0 });
    let missing = Err(LogError::MissingNode { level: 2, index: 0 });
    assert_eq!(inclusion_proof(5, 4, &nodes), missing);
    assert!(inclusion_proof(5, 0, &nodes).is_ok());
}

#[test]
fn a_proof_with_a_hash_too_many_or_too_few_is_refused() {
    let (frontier, nodes) = tree(7);
    let (root, old_root) = (frontier.root(), tree(3).0.root());
    let inclusion = inclusion_proof(7, 2, &nodes).unwrap();
    let consistency = consistency_proof(3, 7, &nodes).unwrap();
    let wrong = |proof: &[Hash]| {
        let front = [&[root], proof].concat();
        let back = [proof, &[root]].concat();
        [
            front,
            back,
            proof[1..].to_vec(),
            proof[..proof.len() - 1].to_vec(),
            vec![],
        ]
    };
    for proof in wrong(&inclusion) {
        let (expected, found) = (inclusion.len(), proof.len());
        let refused = Err(LogError::ProofLength { expected, found });
        assert_eq!(verify_inclusion(leaf(2), 2, 7, &proof, root), refused);
    }
    for proof in wrong(&consistency) {
        let (expected, found) = (consistency.len(), proof.len());
        let refused = Err(LogError::ProofLength { expected, found });
        assert_eq!(verify_consistency(3, old_root, 7, root, &proof), refused);
    }
}

#[test]
fn a_log_of_the_same_size_must_have_the_same_root_and_needs_no_proof() {
    let (root, other) = (tree(5).0.root(), tree(6).0.root());
    assert_eq!(verify_consistency(5, root, 5, root, &[]), Ok(()));
    assert!(verify_consistency(5, other, 5, root, &[]).is_err());
    assert!(verify_consistency(5, root, 5, other, &[]).is_err());
    assert!(verify_consistency(5, root, 5, root, &[root]).is_err());
}

#[test]
fn the_empty_log_has_one_root_and_every_log_begins_with_it() {
    let root = tree(5).0.root();
    assert_eq!(verify_consistency(0, empty_root(), 5, root, &[]), Ok(()));
    assert_eq!(
        verify_consistency(0, empty_root(), 0, empty_root(), &[]),
        Ok(())
    );
    assert!(verify_consistency(0, root, 5, root, &[]).is_err());
    assert!(verify_consistency(0, root, 0, root, &[]).is_err());
    assert!(verify_consistency(0, empty_root(), 0, root, &[]).is_err());
    assert!(verify_consistency(0, empty_root(), 5, root, &[root]).is_err());
}

#[test]
fn the_order_of_siblings_counts() {
    let (frontier, nodes) = tree(4);
    let proof = inclusion_proof(4, 0, &nodes).unwrap();
    assert_eq!(
        verify_inclusion(leaf(0), 0, 4, &proof, frontier.root()),
        Ok(())
    );
    let swapped: Vec<Hash> = proof.into_iter().rev().collect();
    assert!(verify_inclusion(leaf(0), 0, 4, &swapped, frontier.root()).is_err());
    // A leaf cannot be taken for an inner node: they are hashed apart.
    assert_ne!(
        leaf_hash(&[leaf(0).as_bytes().as_slice(), leaf(1).as_bytes()].concat()),
        node_hash(leaf(0), leaf(1))
    );
}
