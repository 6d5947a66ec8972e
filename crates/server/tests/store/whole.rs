//! The log as anybody can copy it: each bit of it, each way to cut and change it, and two verifiers that have to agree (R17, R19).
//!
//! The database behind it, and the moment of signing, are in `rot`.

use std::{collections::BTreeMap, fs, ops::Range, path::Path};

use keyward::store::{
    Store,
    check::EntryRow,
    sign::{Memory, SignError},
};
use keyward_core::{
    log::{
        Hash, LogError,
        audit::{Fault, audit, first_other, fitting},
        checkpoint::Checkpoint,
        merkle::{Frontier, leaf_hash},
        note::{Signer, Verifier},
        tile::{Content, Tile, new_tiles},
    },
    secret::Secret,
    time::Timestamp,
};

use super::{
    World,
    cases::{Draft, START},
    log::signer,
    support::{is_campaign, second::second},
};

/// A log with at least that many entries.
pub async fn grow(world: &World, entries: u64) {
    while world.store.log_head().await.unwrap().tree.size() < entries {
        let mut tasks = Vec::new();
        for _ in 0..50 {
            let draft = Draft::open(&world.ctx, "ada").noticed("a@example.org");
            let store = world.store.clone();
            tasks.push(tokio::spawn(async move { store.commit(draft.change()).await.is_ok() }));
        }
        for task in tasks {
            assert!(task.await.unwrap());
        }
    }
}

/// Everything that is served below `/log/`.
#[derive(Clone)]
pub struct Copied {
    pub note: String,
    pub signed: Checkpoint,
    pub tiles: BTreeMap<Tile, Vec<u8>>,
}

impl Copied {
    pub async fn from(store: &Store, key: &Verifier) -> Self {
        let note = store.last_checkpoint().await.unwrap().unwrap().note;
        let signed = Checkpoint::open(note.as_bytes(), std::slice::from_ref(key)).unwrap();
        let mut tiles = BTreeMap::new();
        for tile in new_tiles(0, signed.size()) {
            tiles.insert(tile, store.tile(tile).await.unwrap().unwrap());
            if tile.content() == (Content::Hashes { level: 0 }) {
                let bundle = Tile::new(Content::Entries, tile.index(), tile.width()).unwrap();
                tiles.insert(bundle, store.tile(bundle).await.unwrap().unwrap());
            }
        }
        Self { note, signed, tiles }
    }

    /// As if these were the entries, with every tile made anew and nothing signed again.
    fn of(&self, entries: &[Vec<u8>]) -> Self {
        let mut tree = Frontier::empty();
        let nodes: BTreeMap<_, _> =
            tree.extend(entries.iter().map(|entry| leaf_hash(entry))).into_iter().map(|n| (n.id, n.hash)).collect();
        let mut tiles = BTreeMap::new();
        for tile in new_tiles(0, tree.size()) {
            let hashes: Vec<Hash> = tile.nodes().map(|id| nodes[&id]).collect();
            tiles.insert(tile, tile.encode_hashes(&hashes).unwrap());
            if tile.content() == (Content::Hashes { level: 0 }) {
                let bundle = Tile::new(Content::Entries, tile.index(), tile.width()).unwrap();
                let range = bundle.range();
                let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
                tiles.insert(bundle, bundle.encode_entries(&entries[range]).unwrap());
            }
        }
        Self { tiles, ..self.clone() }
    }

    fn bundles(&self) -> impl Iterator<Item = (&Tile, &Vec<u8>)> {
        self.tiles.iter().filter(|(tile, _)| tile.entries().is_some())
    }

    fn entries(&self) -> Vec<Vec<u8>> {
        self.bundles().flat_map(|(tile, bytes)| tile.decode_entries(bytes).unwrap()).map(<[u8]>::to_vec).collect()
    }

    fn hashes_of(&self, bundle: &Tile) -> &Vec<u8> {
        &self.tiles[&Tile::new(Content::Hashes { level: 0 }, bundle.index(), bundle.width()).unwrap()]
    }

    pub fn audit(&self, kept: &[Checkpoint]) -> Result<(), Fault> {
        audit(&self.signed, kept, |tile| Ok::<_, Fault>(self.tiles.get(&tile).cloned()))
    }

    pub fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("checkpoint"), &self.note).unwrap();
        for (tile, bytes) in &self.tiles {
            let file = folder.join(tile.to_string());
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, bytes).unwrap();
        }
    }
}

/// Both verifiers believe the log that this store publishes (R19).
pub async fn both_believe(world: &World) {
    let key = signer().verifier().clone();
    if world.store.last_checkpoint().await.unwrap().is_none() {
        let memory = Memory::new(world.dir.path().join("believed"));
        world.store.sign_checkpoint(&signer(), &memory, START).await.unwrap();
    }
    let copied = Copied::from(&world.store, &key).await;
    copied.audit(&[]).unwrap();
    let folder = world.dir.path().join("log");
    copied.write(&folder);
    if let Some(verdict) = second(&["log", folder.to_str().unwrap(), &key.to_string()]) {
        assert!(verdict.holds, "{}", verdict.words);
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[derive(Default)]
struct Count {
    flips: u64,
    noticed: u64,
}

impl Count {
    /// Flips each bit of every `stride`th byte of a piece, one at a time.
    fn bits(
        &mut self,
        bytes: &mut [u8],
        (range, stride): (Range<usize>, usize),
        mut noticed: impl FnMut(&[u8]) -> bool,
    ) {
        for place in range.step_by(stride) {
            for bit in 0..8 {
                bytes[place] ^= 1 << bit;
                self.flips += 1;
                self.noticed += u64::from(noticed(bytes));
                bytes[place] ^= 1 << bit;
            }
        }
    }
    /// Flips each bit of a number.
    fn number(&mut self, value: u64, mut noticed: impl FnMut(u64) -> bool) {
        for bit in 0..63 {
            self.flips += 1;
            self.noticed += u64::from(noticed(value ^ (1 << bit)));
        }
    }
    fn print(self, what: &str) {
        println!("FIGURE r17: {what}: {} bits flipped, {} noticed", self.flips, self.noticed);
        assert_eq!(self.flips, self.noticed, "{what}");
    }
}

/// What is in front of an entry is as it was, so that only what begins with it is looked at: the verdict is the same, and soon there.
fn flip_tiles(copied: &Copied, stride: usize) {
    let (mut bundles, mut tiles, mut upper) = (Count::default(), Count::default(), Count::default());
    for (tile, bundle) in copied.bundles() {
        let (mut changed, mut hashes) = (bundle.clone(), copied.hashes_of(tile).clone());
        let mut from = 0;
        for (at, entry) in (0u16..).zip(tile.decode_entries(bundle).unwrap()) {
            let (width, end) = (tile.width() - at, from + 2 + entry.len());
            let hash = 32 * usize::from(at)..32 * usize::from(at + 1);
            let over = hashes[hash.start..].to_vec();
            bundles.bits(&mut changed, (from..end, stride), |b| fitting(&b[from..], &over, width) == Err(0));
            tiles.bits(&mut hashes, (hash.clone(), stride), |h| {
                fitting(&bundle[from..], &h[hash.start..], width) == Err(0)
            });
            from = end;
        }
    }
    for (tile, bytes) in copied.tiles.iter().filter(|(tile, _)| tile.node_level().is_some_and(|level| level > 0)) {
        let expected = tile.decode_hashes(bytes).unwrap();
        upper.bits(&mut bytes.clone(), (0..bytes.len(), 1), |changed| first_other(changed, &expected).is_some());
    }
    bundles.print("entries as they are served");
    tiles.print("tiles over them");
    upper.print("higher tiles");
}

fn flip_checkpoint(copied: &Copied, key: &Verifier) {
    let mut count = Count::default();
    let keys = std::slice::from_ref(key);
    count.bits(&mut copied.note.clone().into_bytes(), (0..copied.note.len(), 1), |note| {
        Checkpoint::open(note, keys).is_err()
    });
    count.print("the newest checkpoint");
}

fn flip_rows(rows: &[EntryRow], leaves: &[Hash], stride: usize) {
    let (mut bodies, mut columns) = (Count::default(), Count::default());
    for (at, row) in (0u64..).zip(rows) {
        let known = Some(leaves[usize::try_from(at).unwrap()]);
        assert!(row.is(at, known), "a false alarm");
        let is_other = |row: &EntryRow| !row.is(at, known);
        let mut body = row.body.clone();
        bodies.bits(&mut body, (0..row.body.len(), stride), |body| {
            is_other(&EntryRow { body: body.to_vec(), ..row.clone() })
        });
        if !at.is_multiple_of(u64::try_from(4 * stride - 3).unwrap()) {
            continue;
        }
        columns.number(row.leaf, |leaf| is_other(&EntryRow { leaf, ..row.clone() }));
        columns.number(row.seq, |seq| is_other(&EntryRow { seq, ..row.clone() }));
        let at_ms = u64::try_from(row.at.millis()).unwrap();
        let at_of = |ms: u64| Timestamp::from_millis(i64::try_from(ms).unwrap());
        columns.number(at_ms, |ms| is_other(&EntryRow { at: at_of(ms), ..row.clone() }));
        // What is no text any more can not even be read.
        let is_other_text = |case: &[u8]| {
            String::from_utf8(case.to_vec()).map_or(true, |case| is_other(&EntryRow { case, ..row.clone() }))
        };
        columns.bits(&mut row.case.clone().into_bytes(), (0..row.case.len(), 1), is_other_text);
    }
    bodies.print("rows of entries, their bytes");
    columns.print("rows of entries, the columns they are found by");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r17_every_flipped_bit_of_a_log_is_noticed_and_its_entry_is_named() {
    let world = World::on_sqlite().await.unwrap();
    let (entries, stride) = if is_campaign() { (1_000, 1) } else { (300, 7) };
    grow(&world, entries).await;
    let memory = Memory::new(world.dir.path().join("memory"));
    world.store.sign_checkpoint(&signer(), &memory, START).await.unwrap();
    let key = signer().verifier().clone();
    let copied = Copied::from(&world.store, &key).await;
    copied.audit(&[]).unwrap();
    flip_tiles(&copied, stride);
    flip_checkpoint(&copied, &key);
    let leaves: Vec<Hash> = copied.entries().iter().map(|entry| leaf_hash(entry)).collect();
    flip_rows(&world.store.entry_rows(0..entries).await.unwrap(), &leaves, stride);
    // And on the whole road, from files: two verifiers, the same word and the same entry.
    agree_on_flips(&world, &copied, &key, if is_campaign() { 2_000 } else { 60 });
}

/// Flips bits at random places of the copied files, and asks both verifiers.
fn agree_on_flips(world: &World, copied: &Copied, key: &Verifier, rounds: u32) {
    let folder = world.dir.path().join("copy");
    copied.write(&folder);
    let (folder, key) = (folder.to_str().unwrap(), key.to_string());
    for _ in 0..rounds {
        let [tile, bit, place @ ..]: [u8; 6] = world.ctx.bytes();
        let (tile, bytes) = copied.tiles.iter().nth(usize::from(tile) % copied.tiles.len()).unwrap();
        let place = u32::from_be_bytes(place) as usize % bytes.len();
        let mut changed = copied.clone();
        changed.tiles.get_mut(tile).unwrap()[place] ^= 1 << (bit % 8);
        let fault = changed.audit(&[]).unwrap_err();
        assert!(fault.first().is_some(), "{tile} {place}: {fault}");
        let file = Path::new(folder).join(tile.to_string());
        fs::write(&file, &changed.tiles[tile]).unwrap();
        if let Some(verdict) = second(&["log", folder, &key]) {
            assert!(!verdict.holds);
            assert_eq!(verdict.first, fault.first(), "{tile} {place}: {fault}; {}", verdict.words);
        }
        fs::write(&file, bytes).unwrap();
    }
    println!(
        "FIGURE r19: {rounds} copies of a log with a flipped bit, two verifiers, 0 disagreements, the same entry named"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r17_t_i03_t_i04_a_log_that_was_cut_mixed_rewritten_set_back_or_forked_is_noticed() {
    let world = World::on_sqlite().await.unwrap();
    let memory = Memory::new(world.dir.path().join("memory"));
    let key = signer().verifier().clone();
    grow(&world, 280).await;
    world.store.sign_checkpoint(&signer(), &memory, START).await.unwrap();
    let before = Copied::from(&world.store, &key).await;
    grow(&world, 330).await;
    world.store.sign_checkpoint(&signer(), &memory, START).await.unwrap();
    let copied = Copied::from(&world.store, &key).await;
    copied.audit(std::slice::from_ref(&before.signed)).unwrap();
    let all = copied.entries();
    let (mut deleted, mut inserted, mut swapped, mut edited) = (all.clone(), all.clone(), all.clone(), all.clone());
    deleted.remove(41);
    inserted.insert(271, all[3].clone());
    swapped.swap(17, 260);
    edited[5] = all[6].clone();
    for (what, entries, first) in
        [("deleted", &deleted, 41), ("inserted", &inserted, 271), ("swapped", &swapped, 17), ("edited", &edited, 5)]
    {
        // Only the entries, and then everything but the signature.
        let rewritten = copied.of(entries);
        let mut changed = copied.clone();
        for ((tile, _), entries) in copied.bundles().zip(entries.chunks(256)) {
            let framed = entries.iter().map(|entry| {
                let length = u16::try_from(entry.len()).unwrap().to_be_bytes();
                [&length[..], entry].concat()
            });
            changed.tiles.insert(*tile, framed.collect::<Vec<_>>().concat());
        }
        assert_eq!(changed.audit(&[]).unwrap_err().first(), Some(first), "{what}");
        let fault = rewritten.audit(&[]).unwrap_err();
        assert!(matches!(fault, Fault::Root(_) | Fault::Missing(_)), "{what}: {fault}");
    }
    let mut cut = copied.clone();
    let last = cut.tiles.pop_first().unwrap().0;
    assert_eq!(cut.audit(&[]), Err(Fault::Missing(last)), "a bundle is gone");
    // Yesterday's copy holds by itself; whoever kept today's checkpoint sees it (T-I02).
    before.audit(&[]).unwrap();
    let set_back = before.audit(std::slice::from_ref(&copied.signed));
    assert_eq!(set_back, Err(Fault::SetBack { found: before.signed.size(), signed: copied.signed.size() }));
    // Somebody with the key signs another history (T-I03), or shows it to somebody else (T-I04).
    let other = World::on_sqlite().await.unwrap();
    grow(&other, 400).await;
    let memory = Memory::new(other.dir.path().join("memory"));
    other.store.sign_checkpoint(&signer(), &memory, START).await.unwrap();
    let forked = Copied::from(&other.store, &key).await;
    forked.audit(&[]).unwrap();
    let kept = [before.signed.clone(), copied.signed.clone()];
    assert_eq!(forked.audit(&kept), Err(Fault::Forked(before.signed.size())));
    let stranger = Signer::from_seed("example.org/other", &Secret::new([7; 32])).unwrap();
    let stranger = Checkpoint::new(stranger.name(), &Frontier::empty()).unwrap();
    assert!(matches!(copied.audit(&[stranger]), Err(Fault::Log(LogError::OtherLog { .. }))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r17_a_long_log_raises_no_false_alarm() {
    let world = World::on_sqlite().await.unwrap();
    let entries = if is_campaign() { 100_000 } else { 600 };
    grow(&world, entries).await;
    let memory = Memory::new(world.dir.path().join("memory"));
    world.store.sign_checkpoint(&signer(), &memory, START).await.unwrap();
    let size = world.store.log_head().await.unwrap().tree.size();
    world.store.check_entries(0, size).await.unwrap();
    assert_eq!(world.store.check_checkpoints(signer().verifier()).await.unwrap(), 1);
    both_believe(&world).await;
    println!("FIGURE r17: a log of {size} entries that nobody changed: 0 alarms, two verifiers");
}

/// Yesterday's file of the database is put back while Keyward is down, and then goes on another way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r17_tl_3_t_i05_yesterdays_database_file_is_not_signed_and_neither_is_what_grows_from_it() {
    let world = World::on_sqlite().await.unwrap();
    let memory = Memory::new(world.dir.path().join("memory"));
    grow(&world, 10).await;
    world.store.sign_checkpoint(&signer(), &memory, START).await.unwrap();
    let (file, backup) = (world.dir.path().join("keyward.db"), world.dir.path().join("yesterday"));
    world.sql(format!("VACUUM INTO '{}'", backup.display())).await;
    grow(&world, 110).await;
    world.store.sign_checkpoint(&signer(), &memory, START).await.unwrap();
    let signed = world.store.last_checkpoint().await.unwrap().unwrap().size;
    let remembered = fs::read(world.dir.path().join("memory")).unwrap();
    world.store.close().await;
    for ending in ["-wal", "-shm"] {
        drop(fs::remove_file(format!("{}{ending}", file.display())));
    }
    fs::copy(&backup, &file).unwrap();
    let world = World { store: world.other().await, ..world };
    let refused = world.store.check_log(signer().verifier(), &memory).await.unwrap_err();
    assert!(matches!(refused, SignError::SetBack { .. }), "{refused:?}");
    assert!(refused.to_string().contains("restore a newer backup"), "{refused}");
    grow(&world, signed + 1).await;
    let refused = world.store.sign_checkpoint(&signer(), &memory, START).await.unwrap_err();
    assert!(matches!(refused, SignError::Forked { signed: found } if found == signed), "{refused:?}");
    assert!(refused.to_string().contains("restore the database that was signed"), "{refused}");
    assert_eq!(fs::read(world.dir.path().join("memory")).unwrap(), remembered, "nothing was signed");
}
