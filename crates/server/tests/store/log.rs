//! The log adds up: every entry provable, every size consistent with every other, nothing signed that was changed or set back.

use keyward::store::{
    log::Signed,
    sign::{Memory, SignError},
};
use keyward_core::{
    log::{
        Hash,
        checkpoint::Checkpoint,
        merkle::{NodeId, leaf_hash, node_hash, verify_consistency, verify_inclusion},
        note::Signer,
        tile::{Content, Tile, new_tiles},
    },
    secret::Secret,
};

use super::{
    World,
    cases::{Draft, START},
    on_both,
    whole::both_believe,
};

on_both! {
    m150_many_commits_at_once_make_one_log_in_which_every_entry_is_provable
    tl_4_tiles_are_served_once_they_are_signed_and_hold_the_tree
    tl_3_the_log_is_signed_when_it_grew_and_each_time_consistently
    tl_3_t_i05_a_database_that_was_set_back_is_not_signed
    t_i01_r18_a_changed_entry_or_node_is_not_signed
    t_i01_what_changed_under_an_old_checkpoint_is_found_by_going_round
    t_i02_a_log_without_its_memory_is_not_signed
    t_i12_erasing_a_person_leaves_every_proof_valid
    r47_what_nobody_owns_is_kept_seven_days_and_then_erased
}

/// RFC 6962, 2.1, word by word: not how the log computes it.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [one] => *one,
        many => {
            let half = many.len().next_power_of_two() / 2;
            let (left, right) = many.split_at(half);
            node_hash(naive_root(left), naive_root(right))
        }
    }
}

/// All stored nodes, by walking the levels.
pub async fn all_nodes(world: &World) -> Vec<(NodeId, Hash)> {
    let size = world.store.log_head().await.unwrap().tree.size();
    let signer = signer();
    let memory = Memory::new(world.dir.path().join("all-nodes"));
    drop(world.store.sign_checkpoint(&signer, &memory, START).await);
    let mut nodes = Vec::new();
    for tile in new_tiles(0, size) {
        if let Some(bytes) = world.store.tile(tile).await.unwrap() {
            nodes.extend(tile.nodes().zip(tile.decode_hashes(&bytes).unwrap()));
        }
    }
    nodes
}

pub fn signer() -> Signer {
    Signer::from_seed("example.org/log", &Secret::new([7; 32])).unwrap()
}

async fn leaves(world: &World) -> Vec<Hash> {
    let entries = world.store.log_entries(0..10_000).await.unwrap();
    for (index, placed) in (0..).zip(&entries) {
        assert_eq!(placed.leaf, index);
    }
    let bytes = entries.iter().map(|placed| placed.entry.bytes().unwrap());
    bytes.map(|bytes| leaf_hash(&bytes)).collect()
}

async fn prove_everything(world: &World) {
    let leaves = leaves(world).await;
    let head = world.store.log_head().await.unwrap();
    let size = head.tree.size();
    assert_eq!(usize::try_from(size).unwrap(), leaves.len());
    let root = naive_root(&leaves);
    assert_eq!(head.tree.root(), root);
    for (index, leaf) in (0..).zip(&leaves) {
        let proof = world.store.inclusion(index, size).await.unwrap();
        verify_inclusion(*leaf, index, size, &proof, root).unwrap();
        let old = index + 1;
        let old_root = naive_root(&leaves[..usize::try_from(old).unwrap()]);
        let proof = world.store.consistency(old, size).await.unwrap();
        verify_consistency(old, old_root, size, root, &proof).unwrap();
    }
    assert_eq!(world.store.check_entries(0, size).await.unwrap(), head.tree);
    both_believe(world).await;
}

async fn m150_many_commits_at_once_make_one_log_in_which_every_entry_is_provable(world: World) {
    let other = world.other().await;
    let mut tasks = Vec::new();
    for number in 0..40 {
        let store = if number % 2 == 0 { &world.store } else { &other }.clone();
        let ctx = world.ctx.clone();
        tasks.push(tokio::spawn(async move {
            let mut draft = Draft::open(&ctx, "somebody");
            for _ in 0..3 {
                drop(store.commit(draft.change()).await.unwrap());
                draft = draft.kept().noticed("a@example.org");
            }
            draft.case.id()
        }));
    }
    for task in tasks {
        let id = task.await.unwrap();
        let loaded = world.store.load(id).await.unwrap().unwrap();
        assert_eq!(loaded.case.seq(), 3);
    }
    assert_eq!(world.store.log_head().await.unwrap().tree.size(), 120);
    prove_everything(&world).await;
}

async fn tl_4_tiles_are_served_once_they_are_signed_and_hold_the_tree(world: World) {
    for _ in 0..65 {
        let draft = Draft::open(&world.ctx, "x").noticed("a").noticed("b").noticed("c");
        drop(world.store.commit(draft.change()).await.unwrap());
    }
    let tile = |path: &str| path.parse::<Tile>().unwrap();
    assert_eq!(world.store.tile(tile("tile/0/000")).await.unwrap(), None);
    let memory = Memory::new(world.dir.path().join("memory"));
    let signed = world.store.sign_checkpoint(&signer(), &memory, START).await;
    assert!(signed.unwrap().is_some());
    let leaves = leaves(&world).await;
    let bytes = world.store.tile(tile("tile/0/000")).await.unwrap().unwrap();
    let hashes = tile("tile/0/000").decode_hashes(&bytes).unwrap();
    assert_eq!(hashes, leaves[..256]);
    let bytes = world.store.tile(tile("tile/0/001.p/4")).await.unwrap().unwrap();
    assert_eq!(tile("tile/0/001.p/4").decode_hashes(&bytes).unwrap(), leaves[256..]);
    let bytes = world.store.tile(tile("tile/1/000.p/1")).await.unwrap().unwrap();
    let top = tile("tile/1/000.p/1").decode_hashes(&bytes).unwrap();
    assert_eq!(top, [naive_root(&leaves[..256])]);
    let bundle = tile("tile/entries/001.p/4");
    let bytes = world.store.tile(bundle).await.unwrap().unwrap();
    let entries = bundle.decode_entries(&bytes).unwrap();
    let hashed: Vec<_> = entries.iter().map(|body| leaf_hash(body)).collect();
    assert_eq!(hashed, leaves[256..]);
    for beyond in ["tile/0/001.p/5", "tile/1/000", "tile/0/002.p/1", "tile/entries/001.p/5"] {
        assert_eq!(world.store.tile(tile(beyond)).await.unwrap(), None, "{beyond}");
    }
    let widest = Tile::widest(Content::Entries, 1, 260).unwrap();
    assert_eq!(widest, bundle);
}

async fn tl_3_the_log_is_signed_when_it_grew_and_each_time_consistently(world: World) {
    let (signer, memory) = (signer(), Memory::new(world.dir.path().join("memory")));
    let keys = [signer.verifier().clone()];
    let mut earlier: Option<Checkpoint> = None;
    for round in 0..4 {
        for _ in 0..round {
            world.case("ada").await;
        }
        let note = world.store.sign_checkpoint(&signer, &memory, START).await.unwrap();
        let note = note.expect("the log grew, or was never signed");
        let new = Checkpoint::open(note.as_bytes(), &keys).unwrap();
        assert_eq!(new.root(), world.store.log_head().await.unwrap().tree.root());
        if let Some(earlier) = earlier {
            let proof = world.store.consistency(earlier.size(), new.size()).await;
            new.verify_continues(&earlier, &proof.unwrap()).unwrap();
        }
        let stored: Signed = world.store.last_checkpoint().await.unwrap().unwrap();
        assert_eq!((stored.size, stored.note), (new.size(), note));
        let again = world.store.sign_checkpoint(&signer, &memory, START).await;
        assert_eq!(again.unwrap(), None);
        earlier = Some(new);
    }
    let proof = world.store.proof_of(3).await.unwrap().unwrap();
    let leaf = leaves(&world).await[3];
    assert_eq!(proof.verify(leaf, &keys).unwrap().size(), 12);
    assert_eq!(world.store.proof_of(12).await.unwrap(), None);
    // The process ended between remembering and publishing: the next one publishes.
    world.sql("DELETE FROM checkpoints WHERE size = 12").await;
    drop(world.store.sign_checkpoint(&signer, &memory, START).await.unwrap());
    assert_eq!(world.store.last_checkpoint().await.unwrap().unwrap().size, 12);
}

/// Takes the database back to where it had that many entries, as a backup would.
async fn set_back(world: &World, head: &keyward::store::log::LogHead) {
    let (size, edge) = (head.tree.size(), head.tree.to_bytes());
    let edge = data_encoding::HEXLOWER.encode(&edge);
    let edge = match world.store.engine() {
        keyward::store::Engine::Sqlite => format!("x'{edge}'"),
        keyward::store::Engine::Postgres => format!("decode('{edge}', 'hex')"),
    };
    for statement in [
        format!("DELETE FROM entries WHERE leaf >= {size}"),
        "DELETE FROM cases WHERE id NOT IN (SELECT case_id FROM entries)".to_owned(),
        // `1 << level` in words that both engines have for these few levels.
        (0..8).fold(String::new(), |all, level| {
            let end = size >> level;
            format!("{all}DELETE FROM log_nodes WHERE level = {level} AND position >= {end};")
        }),
        format!("DELETE FROM checkpoints WHERE size > {size}"),
        format!("UPDATE log_head SET size = {size}, edge = {edge}"),
    ] {
        world.sql(statement).await;
    }
}

async fn tl_3_t_i05_a_database_that_was_set_back_is_not_signed(world: World) {
    let (signer, memory) = (signer(), Memory::new(world.dir.path().join("memory")));
    for _ in 0..3 {
        world.case("before").await;
    }
    drop(world.store.sign_checkpoint(&signer, &memory, START).await.unwrap());
    let backup = world.store.log_head().await.unwrap();
    for _ in 0..3 {
        world.case("lost").await;
    }
    drop(world.store.sign_checkpoint(&signer, &memory, START).await.unwrap());
    set_back(&world, &backup).await;
    let refused = world.store.sign_checkpoint(&signer, &memory, START).await;
    assert!(matches!(refused, Err(SignError::SetBack { found: 6, signed: 12 })), "{refused:?}");
    assert!(world.store.check_log(signer.verifier(), &memory).await.is_err());
    // Growing past the lost entries does not help: they were others.
    for _ in 0..4 {
        world.case("after").await;
    }
    prove_everything(&world).await;
    let refused = world.store.sign_checkpoint(&signer, &memory, START).await;
    assert!(matches!(refused, Err(SignError::Forked { signed: 12 })), "{refused:?}");
    let refused = world.store.check_log(signer.verifier(), &memory).await;
    assert!(matches!(refused, Err(SignError::Forked { signed: 12 })), "{refused:?}");
    let published = world.store.last_checkpoint().await.unwrap();
    assert_eq!(published.unwrap().size, 6);
}

async fn t_i01_r18_a_changed_entry_or_node_is_not_signed(world: World) {
    let (signer, memory) = (signer(), Memory::new(world.dir.path().join("memory")));
    for _ in 0..3 {
        world.case("before").await;
    }
    drop(world.store.sign_checkpoint(&signer, &memory, START).await.unwrap());
    for _ in 0..3 {
        world.case("new").await;
    }
    world.sql("CREATE TABLE kept AS SELECT * FROM entries").await;
    world.sql("CREATE TABLE kept_nodes AS SELECT * FROM log_nodes").await;
    let body = "UPDATE entries SET body = (SELECT body FROM kept WHERE kept.leaf = entries.leaf)";
    let hash = "UPDATE log_nodes SET hash = (SELECT hash FROM kept_nodes AS k WHERE k.level = log_nodes.level AND k.position = log_nodes.position)";
    let swap_body =
        |leaf: u64| format!("UPDATE entries SET body = (SELECT body FROM kept WHERE leaf = 1) WHERE leaf = {leaf}");
    let swap_node = |level: u64, position: u64| {
        format!(
            "UPDATE log_nodes SET hash = (SELECT hash FROM kept_nodes WHERE level = 0 AND position = 1) WHERE level = {level} AND position = {position}"
        )
    };
    for (attack, repair, leaf) in
        [(swap_body(9), body, 9), (swap_node(0, 8), hash, 8), (swap_node(1, 3), hash, 7), (swap_node(2, 2), hash, 11)]
    {
        world.sql(&*attack).await;
        let refused = world.store.sign_checkpoint(&signer, &memory, START).await;
        assert!(matches!(refused, Err(SignError::Changed { leaf: found }) if found == leaf), "{attack}: {refused:?}");
        world.sql(repair).await;
    }
}

async fn t_i01_what_changed_under_an_old_checkpoint_is_found_by_going_round(world: World) {
    let (signer, memory) = (signer(), Memory::new(world.dir.path().join("memory")));
    for _ in 0..6 {
        world.case("ada").await;
    }
    world.sql("CREATE TABLE kept AS SELECT * FROM entries").await;
    world.sql("UPDATE entries SET body = (SELECT body FROM kept WHERE leaf = 1) WHERE leaf = 2").await;
    for from in [0, 2] {
        let found = world.store.check_entries(from, 6).await;
        assert!(matches!(found, Err(SignError::Changed { leaf: 2 })), "{found:?}");
    }
    world.sql("UPDATE entries SET body = (SELECT body FROM kept WHERE leaf = 2) WHERE leaf = 2").await;
    world.sql("DELETE FROM entries WHERE leaf = 7").await;
    let refused = world.store.sign_checkpoint(&signer, &memory, START).await;
    assert!(matches!(refused, Err(SignError::Changed { leaf: 7 })), "{refused:?}");
    world.sql("INSERT INTO entries SELECT * FROM kept WHERE leaf = 7").await;
    let signed = world.store.sign_checkpoint(&signer, &memory, START).await;
    assert!(signed.unwrap().is_some(), "repaired, and signed again");
}

async fn t_i02_a_log_without_its_memory_is_not_signed(world: World) {
    let (signer, path) = (signer(), world.dir.path().join("memory"));
    let memory = Memory::new(path.clone());
    world.case("ada").await;
    drop(world.store.sign_checkpoint(&signer, &memory, START).await.unwrap());
    let note = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    world.case("bob").await;
    let refused = world.store.sign_checkpoint(&signer, &memory, START).await;
    assert!(matches!(refused, Err(SignError::Forgotten { signed: 2 })), "{refused:?}");
    // A memory that somebody edited is no memory, and another key's is not ours.
    std::fs::write(&path, note.replace("\n2\n", "\n1\n")).unwrap();
    let refused = world.store.sign_checkpoint(&signer, &memory, START).await;
    assert!(matches!(refused, Err(SignError::Other(_))), "{refused:?}");
    std::fs::write(&path, &note).unwrap();
    let other = Signer::from_seed("example.org/log", &Secret::new([8; 32])).unwrap();
    let refused = world.store.sign_checkpoint(&other, &memory, START).await;
    assert!(matches!(refused, Err(SignError::Other(_))), "{refused:?}");
    let signed = world.store.sign_checkpoint(&signer, &memory, START).await;
    assert!(signed.unwrap().is_some());
}

async fn t_i12_erasing_a_person_leaves_every_proof_valid(world: World) {
    let person = super::tables::person(&world, "embedded", "ada");
    let person = world.store.ensure_person(&person).await.unwrap();
    let mut draft = Draft::open(&world.ctx, "ada");
    // One value is somebody else's from the start, as an agent's note is.
    let agent = world.person();
    draft.values[2].1 = Some(agent);
    drop(world.store.commit(draft.change()).await.unwrap());
    let typed = draft.values[..2].to_vec();
    let draft = draft.kept().classified(person.id, keyward_core::account::Class::Standard);
    drop(world.store.commit(draft.change()).await.unwrap());
    let other = world.case("bob").await;
    // What was typed before anybody knew whose it is has become the person's.
    assert_eq!(world.store.erase_person(person.id).await.unwrap(), 3);
    for (value, _) in typed {
        assert_eq!(world.store.value(draft.case.id(), value.commitment()).await.unwrap(), None);
    }
    assert_eq!(world.store.person(person.id).await.unwrap(), None);
    for (case, left) in [(draft.case.id(), 1), (other.case.id(), 4)] {
        let values = world.store.values_of_case(case).await.unwrap();
        assert_eq!(values.len(), left);
    }
    prove_everything(&world).await;
    let loaded = world.store.load(draft.case.id()).await.unwrap().unwrap();
    assert_eq!(loaded.case, draft.case);
}

async fn r47_what_nobody_owns_is_kept_seven_days_and_then_erased(world: World) {
    use keyward_core::time::DAY_MS;
    let unknown = Draft::open(&world.ctx, "nobody").unmatched();
    drop(world.store.commit(unknown.change()).await.unwrap());
    let known = Draft::open(&world.ctx, "ada");
    let known = known.classified(world.person(), keyward_core::account::Class::Standard);
    drop(world.store.commit(known.change()).await.unwrap());
    let week = START.plus_ms(7 * DAY_MS);
    assert_eq!(world.store.erase_unknown(week, 0).await.unwrap(), 0);
    assert_eq!(world.store.erase_unknown(week.plus_ms(1), 0).await.unwrap(), 3);
    let left = world.store.values_of_case(known.case.id()).await.unwrap();
    assert_eq!(left.len(), 4);
    prove_everything(&world).await;
}
