//! The same questions to implementations that are not ours: `tlog_tiles` and `signed_note` must give the same answers,
//! believe what we write, and write what we believe. Tests only.

use std::{collections::BTreeMap, sync::LazyLock};

use proptest::prelude::*;
use signed_note::{StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::{HashReader, TileHashReader, TileReader};

use super::{
    Hash,
    checkpoint::Checkpoint,
    merkle::*,
    note::{self, Note, Signer},
    proof::TlogProof,
    tile::*,
};
use crate::secret::Secret;

const SIZE: u64 = 620;

fn theirs(hash: Hash) -> tlog_tiles::Hash {
    tlog_tiles::Hash(*hash.as_bytes())
}
fn all_theirs(hashes: &[Hash]) -> Vec<tlog_tiles::Hash> {
    hashes.iter().copied().map(theirs).collect()
}
fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}
fn leaf(index: u64) -> Hash {
    leaf_hash(&entry(index))
}

/// Our nodes in the oracle's order of storage.
struct Tree {
    nodes: BTreeMap<NodeId, Hash>,
    roots: Vec<Hash>,
}
impl HashReader for Tree {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let node = |index: &u64| {
            let (level, index) = tlog_tiles::split_stored_hash_index(*index);
            let hash = self.nodes.node(NodeId { level, index });
            hash.map(theirs).ok_or(tlog_tiles::Error::IndexesNotInTree)
        };
        indexes.iter().map(node).collect()
    }
}
impl Nodes for Tree {
    fn node(&self, id: NodeId) -> Option<Hash> {
        self.nodes.node(id)
    }
}
impl Tree {
    fn root(&self, size: u64) -> Hash {
        self.roots[usize::try_from(size).unwrap()]
    }
}

static TREE: LazyLock<Tree> = LazyLock::new(|| {
    let mut frontier = Frontier::empty();
    let mut tree = Tree {
        nodes: BTreeMap::new(),
        roots: vec![frontier.root()],
    };
    for index in 0..SIZE {
        let nodes = frontier.push(leaf(index));
        tree.nodes
            .extend(nodes.iter().map(|node| (node.id, node.hash)));
        tree.roots.push(frontier.root());
    }
    tree
});

/// A tree in which all leaves are the same: its nodes are known without being stored, so it can be as large as numbers go.
struct Uniform(Vec<Hash>);
impl Uniform {
    fn new() -> Self {
        let levels = std::iter::successors(Some(leaf(0)), |below| Some(node_hash(*below, *below)));
        Self(levels.take(64).collect())
    }
}
impl Nodes for Uniform {
    fn node(&self, id: NodeId) -> Option<Hash> {
        self.0.get(usize::from(id.level)).copied()
    }
}
impl HashReader for Uniform {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let level = |index: &u64| usize::from(tlog_tiles::split_stored_hash_index(*index).0);
        Ok(indexes.iter().map(|i| theirs(self.0[level(i)])).collect())
    }
}

#[test]
fn an_appended_leaf_completes_the_nodes_and_makes_the_root_that_others_compute() {
    let mut frontier = Frontier::empty();
    assert_eq!(theirs(frontier.root()), tlog_tiles::EMPTY_HASH);
    for index in 0..SIZE {
        assert_eq!(tlog_tiles::record_hash(&entry(index)), theirs(leaf(index)));
        let nodes: Vec<_> = frontier.push(leaf(index)).iter().map(|n| n.hash).collect();
        let stored = tlog_tiles::stored_hashes(index, &entry(index), &*TREE).unwrap();
        assert_eq!(all_theirs(&nodes), stored, "leaf {index}");
        let root = tlog_tiles::tree_hash(index + 1, &*TREE).unwrap();
        assert_eq!(theirs(frontier.root()), root, "root of {}", index + 1);
    }
    assert_eq!(
        u64::try_from(TREE.nodes.len()).unwrap(),
        tlog_tiles::stored_hash_count(SIZE)
    );
}

fn check_inclusion(size: u64, index: u64) {
    let (root, leaf) = (TREE.root(size), leaf(index));
    let ours = inclusion_proof(size, index, &*TREE).unwrap();
    let oracle = tlog_tiles::prove_record(size, index, &*TREE).unwrap();
    assert_eq!(all_theirs(&ours), oracle, "{index} in {size}");
    verify_inclusion(leaf, index, size, &ours, root).unwrap();
    tlog_tiles::check_record(&oracle, size, theirs(root), index, theirs(leaf)).unwrap();
}

fn check_consistency(old: u64, new: u64) {
    let (old_root, new_root) = (TREE.root(old), TREE.root(new));
    let ours = consistency_proof(old, new, &*TREE).unwrap();
    verify_consistency(old, old_root, new, new_root, &ours).unwrap();
    if old == 0 {
        assert!(ours.is_empty());
        return; // the oracle takes no empty tree
    }
    let oracle = tlog_tiles::prove_tree(new, old, &*TREE).unwrap();
    assert_eq!(all_theirs(&ours), oracle, "{old} to {new}");
    tlog_tiles::check_tree(&oracle, new, theirs(new_root), old, theirs(old_root)).unwrap();
}

#[test]
fn all_proofs_of_small_logs_are_the_ones_that_others_make_and_believe() {
    for size in 0..=35 {
        (0..size).for_each(|index| check_inclusion(size, index));
        (0..=size).for_each(|old| check_consistency(old, size));
    }
}

/// A number below `size`, another one for each `salt`.
fn somewhere(size: u64, salt: u64) -> u64 {
    (size * 16 + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15) % size
}

#[test]
fn proofs_around_every_size_are_the_ones_that_others_make_and_believe() {
    for size in 36..=SIZE {
        check_inclusion(size, size - 1);
        check_inclusion(size, somewhere(size, 1));
        check_consistency(size - 1, size);
        check_consistency(somewhere(size, 3), size);
    }
}

/// Only the nodes that were listed, as the store will have them.
fn listed(ids: Vec<NodeId>, nodes: &impl Nodes) -> BTreeMap<NodeId, Hash> {
    ids.into_iter()
        .map(|id| (id, nodes.node(id).unwrap()))
        .collect()
}

fn check_huge(size: u64, index: u64, old: u64) {
    let tree = Uniform::new();
    let root = |size| {
        // Sorted by level: the edge from right to left.
        let edge = listed(edge_nodes(size), &tree);
        edge.into_values()
            .reduce(|right, left| node_hash(left, right))
            .unwrap()
    };
    let nodes = listed(inclusion_nodes(size, index).unwrap(), &tree);
    let proof = inclusion_proof(size, index, &nodes).unwrap();
    verify_inclusion(leaf(0), index, size, &proof, root(size)).unwrap();
    assert!(proof.len() <= 64);

    let nodes = listed(consistency_nodes(old, size).unwrap(), &tree);
    let proof = consistency_proof(old, size, &nodes).unwrap();
    verify_consistency(old, root(old), size, root(size), &proof).unwrap();
    assert!(proof.len() <= 65);

    // The oracle's storage index has no room for more.
    if size < 1 << 62 {
        let proof = tlog_tiles::prove_record(size, index, &tree).unwrap();
        assert_eq!(
            proof,
            all_theirs(&inclusion_proof(size, index, &tree).unwrap())
        );
        let proof = tlog_tiles::prove_tree(size, old, &tree).unwrap();
        assert_eq!(
            proof,
            all_theirs(&consistency_proof(old, size, &tree).unwrap())
        );
    }
}

#[test]
fn proofs_hold_up_to_the_largest_log_that_64_bits_can_count() {
    for size in [u64::MAX, u64::MAX - 1, (1 << 63) + 1, 1 << 63, MAX_SIZE] {
        check_huge(size, size - 1, size - 1);
        check_huge(size, 0, 1);
        check_huge(size, size / 3, size / 2);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn proofs_of_large_logs_need_only_the_listed_nodes_and_others_make_the_same(
        (size, index, old) in (0u32..62, any::<[u64; 3]>()).prop_map(|(bits, [size, index, old])| {
            let size = (size >> (63 - bits)).max(1);
            (size, index % size, old % size + 1)
        })
    ) {
        check_huge(size, index, old);
    }

    #[test]
    fn a_changed_bit_anywhere_in_an_inclusion_proof_is_noticed(
        size in 2..=SIZE, at in any::<prop::sample::Index>(), which in any::<prop::sample::Index>(), bit in 0usize..256
    ) {
        let index = u64::try_from(at.index(usize::try_from(size).unwrap())).unwrap();
        let (root, leaf) = (TREE.root(size), leaf(index));
        let proof = inclusion_proof(size, index, &*TREE).unwrap();
        let mut changed = proof.clone();
        let place = which.index(proof.len());
        changed[place] = flip(changed[place], bit);
        prop_assert!(verify_inclusion(leaf, index, size, &changed, root).is_err());
        prop_assert!(verify_inclusion(flip(leaf, bit), index, size, &proof, root).is_err());
        prop_assert!(verify_inclusion(leaf, index, size, &proof, flip(root, bit)).is_err());
        prop_assert!(verify_inclusion(leaf, (index + 1) % size, size, &proof, root).is_err());
    }

    #[test]
    fn a_changed_bit_anywhere_in_a_consistency_proof_is_noticed(
        (old, new) in (1..SIZE).prop_flat_map(|old| (Just(old), old + 1..=SIZE)),
        which in any::<prop::sample::Index>(), bit in 0usize..256
    ) {
        let (old_root, new_root) = (TREE.root(old), TREE.root(new));
        let proof = consistency_proof(old, new, &*TREE).unwrap();
        let mut changed = proof.clone();
        let place = which.index(proof.len());
        changed[place] = flip(changed[place], bit);
        prop_assert!(verify_consistency(old, old_root, new, new_root, &changed).is_err());
        prop_assert!(verify_consistency(old, flip(old_root, bit), new, new_root, &proof).is_err());
        prop_assert!(verify_consistency(old, old_root, new, flip(new_root, bit), &proof).is_err());
    }

    #[test]
    fn tiles_to_publish_are_the_ones_that_others_publish(old in 0u64..200_000, more in 0u64..70_000) {
        check_new_tiles(old, old + more);
    }

    #[test]
    fn tile_paths_are_the_ones_that_others_write(level in 0u8..64, index in 0u64..1 << 56, shift in 0u32..56, width in 1u16..=256) {
        let index = index >> shift;
        for content in [Content::Hashes { level }, Content::Entries] {
            let tile = Tile::new(content, index, width).unwrap();
            prop_assert_eq!(tile.to_string(), their_path(&their_tile(&tile)));
            prop_assert_eq!(tile.to_string().parse(), Ok(tile));
        }
    }
}

fn flip(hash: Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Hash::from(bytes)
}

fn their_tile(tile: &Tile) -> tlog_tiles::Tile {
    let (level, is_data) = match tile.content() {
        Content::Hashes { level } => (level, false),
        Content::Entries => (0, true),
    };
    tlog_tiles::Tile::new(8, level, tile.index(), tile.width().into(), is_data)
}

/// The oracle names the height, which C2SP fixes at 8, and says `data` for `entries`.
fn their_path(tile: &tlog_tiles::Tile) -> String {
    tile.path()
        .replacen("tile/8/data/", "tile/entries/", 1)
        .replacen("tile/8/", "tile/", 1)
}

fn check_new_tiles(old: u64, new: u64) {
    let ours: Vec<String> = new_tiles(old, new).map(|tile| tile.to_string()).collect();
    let oracle = tlog_tiles::Tile::new_tiles(8, old, new);
    let oracle: Vec<String> = oracle.iter().map(their_path).collect();
    assert_eq!(ours, oracle, "{old} to {new}");
}

#[test]
fn tiles_around_full_ones_are_the_ones_that_others_publish() {
    for edge in [0, 256, 512, 65_536, 131_072] {
        for old in edge..edge + 2 {
            for more in [0, 1, 254, 255, 256, 257, 65_536] {
                check_new_tiles(old, old + more);
            }
        }
    }
}

/// A log served as tiles.
struct Served(u64);
impl TileReader for Served {
    fn height(&self) -> u8 {
        8
    }
    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let serve = |tile: &tlog_tiles::Tile| {
            let tile: Tile = their_path(tile).parse().unwrap();
            assert!(tile.is_within(self.0), "{tile} of {}", self.0);
            let hashes: Vec<Hash> = tile.nodes().map(|id| TREE.node(id).unwrap()).collect();
            let bytes = tile.encode_hashes(&hashes).unwrap();
            assert_eq!(tile.decode_hashes(&bytes), Ok(hashes));
            bytes
        };
        Ok(tiles.iter().map(serve).collect())
    }
    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

#[test]
fn tl_4_a_reader_that_is_not_ours_makes_its_proofs_from_our_tiles() {
    for size in [1, 2, 255, 256, 257, 511, 512, 513, SIZE] {
        let served = Served(size);
        let reader = TileHashReader::new(size, theirs(TREE.root(size)), &served);
        for index in [0, size / 2, size - 1] {
            let proof = tlog_tiles::prove_record(size, index, &reader).unwrap();
            let root = theirs(TREE.root(size));
            tlog_tiles::check_record(&proof, size, root, index, theirs(leaf(index))).unwrap();
        }
    }
}

const ORIGIN: &str = "recovery.example/log";

fn signer(name: &str, seed: u8) -> Signer {
    Signer::from_seed(name, &Secret::new([seed; 32])).unwrap()
}

/// The same key in the oracle's hands.
fn their_signer(name: &str, seed: u8) -> StandardSigner {
    let key = data_encoding::BASE64.encode(&[vec![1], vec![seed; 32]].concat());
    let id = signer(name, seed).verifier().key_id();
    StandardSigner::new(&format!("PRIVATE+KEY+{name}+{id}+{key}")).unwrap()
}

fn their_verifiers(signers: &[&Signer]) -> VerifierList {
    let verifier = |signer: &&Signer| {
        let key = StandardVerifier::new(&signer.verifier().to_string()).unwrap();
        Box::new(key) as Box<dyn signed_note::Verifier>
    };
    VerifierList::new(signers.iter().map(verifier).collect())
}

#[test]
fn tl_1_notes_pass_both_ways_and_are_the_same_to_the_byte() {
    for text in [
        "one line\n",
        "a\n\nb\n\n",
        "\n",
        "— looks like a signature\n\n",
    ] {
        let (one, two) = (signer(ORIGIN, 1), signer("witness.example/ü", 2));
        let mut ours = Note::new(text).unwrap();
        ours.sign(&one).unwrap();
        ours.sign(&two).unwrap();

        let mut oracle = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
        let (first, second) = (
            their_signer(ORIGIN, 1),
            their_signer("witness.example/ü", 2),
        );
        oracle.add_sigs(&[&first, &second]).unwrap();
        assert_eq!(ours.to_string().into_bytes(), oracle.to_bytes());

        let read = signed_note::Note::from_bytes(ours.to_string().as_bytes()).unwrap();
        let (verified, unknown) = read.verify(&their_verifiers(&[&two])).unwrap();
        assert_eq!((verified.len(), unknown.len()), (1, 1));

        let known = [two.verifier().clone()];
        let opened = note::open(&oracle.to_bytes(), &known).unwrap();
        assert_eq!(
            (opened.text(), opened.signed_by()),
            (text, &[&known[0]][..])
        );
    }
}

#[test]
fn tl_3_checkpoints_pass_both_ways() {
    let key = signer(ORIGIN, 1);
    let known = [key.verifier().clone()];
    for size in [0, 1, 9, 10, SIZE] {
        let tree = Frontier::from_nodes(size, &*TREE).unwrap();
        let checkpoint = Checkpoint::new(ORIGIN, &tree).unwrap();
        let note = checkpoint.sign_first(&key).unwrap().to_string();

        let read = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
        read.verify(&their_verifiers(&[&key])).unwrap();
        let oracle = tlog_tiles::Checkpoint::from_bytes(read.text()).unwrap();
        assert_eq!((oracle.origin(), oracle.size()), (ORIGIN, size));
        assert_eq!(*oracle.hash(), theirs(TREE.root(size)));

        for extension in ["", "an extension\nand another\n"] {
            let hash = theirs(TREE.root(size));
            let oracle = tlog_tiles::Checkpoint::new(ORIGIN, size, hash, extension).unwrap();
            let mut note = signed_note::Note::new(&oracle.to_bytes(), &[]).unwrap();
            note.add_sigs(&[&their_signer(ORIGIN, 1)]).unwrap();
            let opened = Checkpoint::open(&note.to_bytes(), &known).unwrap();
            assert_eq!((opened.size(), opened.root()), (size, TREE.root(size)));
            assert_eq!(opened.to_string().into_bytes(), oracle.to_bytes());
        }
    }
}

#[test]
fn tl_10_a_proof_in_one_text_is_the_parts_that_others_believe() {
    let key = signer(ORIGIN, 1);
    let tree = Frontier::from_nodes(SIZE, &*TREE).unwrap();
    let note = Checkpoint::new(ORIGIN, &tree)
        .unwrap()
        .sign_first(&key)
        .unwrap();
    let hashes = inclusion_proof(SIZE, 400, &*TREE).unwrap();
    let text = TlogProof::new(400, hashes, note).to_string();

    let (head, checkpoint) = text.split_once("\n\n").unwrap();
    let lines: Vec<&str> = head.lines().collect();
    assert_eq!(lines[..2], ["c2sp.org/tlog-proof@v1", "index 400"]);
    let path = lines[2..]
        .iter()
        .map(|line| tlog_tiles::Hash::parse_hash(line).unwrap());
    let note = signed_note::Note::from_bytes(checkpoint.as_bytes()).unwrap();
    note.verify(&their_verifiers(&[&key])).unwrap();
    let head = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    tlog_tiles::check_record(
        &path.collect(),
        head.size(),
        *head.hash(),
        400,
        theirs(leaf(400)),
    )
    .unwrap();
}
