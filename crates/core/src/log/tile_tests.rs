//! Paths, tiles and bundles: the numbers of the specification, the one spelling, and what is refused. Tests only.

use proptest::prelude::*;

use super::{
    Hash, LogError,
    merkle::{NodeId, leaf_hash},
    tile::*,
};

const LEVEL_0: Content = Content::Hashes { level: 0 };

fn tile(path: &str) -> Tile {
    path.parse().unwrap()
}

#[test]
fn tl_4_a_log_of_70_000_is_published_in_277_tiles() {
    let counts = |level| {
        let tiles = new_tiles(0, 70_000).filter(|t| t.content() == Content::Hashes { level });
        let (full, partial): (Vec<Tile>, Vec<Tile>) = tiles.partition(Tile::is_full);
        let widths: Vec<u16> = partial.iter().map(Tile::width).collect();
        (full.len(), widths)
    };
    assert_eq!(counts(0), (273, vec![112]));
    assert_eq!(counts(1), (1, vec![17]));
    assert_eq!(counts(2), (0, vec![1]));
    assert_eq!(new_tiles(0, 70_000).count(), 277);
}

#[test]
fn tl_4_a_log_of_256_has_a_full_tile_and_a_partial_one_above_it() {
    let paths = |size| {
        new_tiles(0, size)
            .map(|t| t.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(paths(0), [""; 0]);
    assert_eq!(paths(255), ["tile/0/000.p/255"]);
    assert_eq!(paths(256), ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(
        paths(257),
        ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]
    );
}

#[test]
fn tl_4_a_path_says_what_the_tile_holds() {
    let found = tile("tile/1/x001/x234/067.p/5");
    assert_eq!(found.content(), Content::Hashes { level: 1 });
    assert_eq!((found.index(), found.width()), (1_234_067, 5));
    let nodes: Vec<NodeId> = found.nodes().collect();
    let first = NodeId {
        level: 8,
        index: 1_234_067 * 256,
    };
    assert_eq!((nodes.len(), nodes[0]), (5, first));
    assert_eq!((found.entries(), found.node_level()), (None, Some(8)));

    let found = tile("tile/entries/001");
    assert_eq!(found.entries(), Some(256..512));
    assert_eq!((found.nodes().count(), found.node_level()), (0, None));

    let top = tile("tile/7/000.p/255").nodes().last();
    assert_eq!(
        top,
        Some(NodeId {
            level: 56,
            index: 254
        })
    );
    // Levels that may be named, though no log is large enough to have them.
    for path in ["tile/8/000.p/1", "tile/63/000"] {
        assert_eq!(
            (tile(path).nodes().count(), tile(path).node_level()),
            (0, None),
            "{path}"
        );
    }
}

#[test]
fn tl_4_a_path_has_one_spelling() {
    for path in [
        "tile/0/000",
        "tile/63/999.p/255",
        "tile/0/x001/000.p/1",
        "tile/entries/x010/x000/001",
        "tile/0/x072/x057/x594/x037/x927/935",
    ] {
        assert_eq!(tile(path).to_string(), path);
    }
    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile//000",
        "/tile/0/000",
        "tile/0/000/",
        "tile/00/000",
        "tile/+0/000",
        "tile/-1/000",
        "tile/64/000",
        "tile/256/000",
        "tile/x0/000",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/1000",
        "tile/0/+01",
        "tile/0/x000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001/x002",
        "tile/0/xx01/002",
        "tile/0/x1/002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/+1",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "tile/0/000.P/1",
        "tile/0/x072/x057/x594/x037/x927/936",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/data/000",
        "tile/Entries/000",
        "tile/entries",
        "tile/entries/000.p/256",
        "tile/8/0/000",
        "tile/0/../000",
        "tile/0/%30%30%30",
        "tile/0/٠٠٠",
        "tile/0/000\n",
        " tile/0/000",
    ] {
        assert!(path.parse::<Tile>().is_err(), "{path:?}");
    }
}

#[test]
fn a_tile_that_the_log_does_not_fill_is_not_served() {
    for (path, size, served) in [
        ("tile/0/000.p/1", 0, false),
        ("tile/0/000.p/1", 1, true),
        ("tile/0/000.p/2", 1, false),
        ("tile/0/000", 255, false),
        ("tile/0/000", 256, true),
        ("tile/0/000.p/17", 70_000, true),
        ("tile/1/001.p/17", 70_000, true),
        ("tile/1/001.p/18", 70_000, false),
        ("tile/2/000.p/1", 65_535, false),
        ("tile/2/000.p/1", 65_536, true),
        ("tile/7/000.p/255", u64::MAX, true),
        ("tile/8/000.p/1", u64::MAX, false),
        ("tile/63/000.p/1", u64::MAX, false),
        ("tile/entries/273.p/112", 70_000, true),
        ("tile/entries/273.p/113", 70_000, false),
        ("tile/0/x072/x057/x594/x037/x927/935.p/255", u64::MAX, true),
        ("tile/0/x072/x057/x594/x037/x927/935", u64::MAX, false),
    ] {
        assert_eq!(tile(path).is_within(size), served, "{path} of {size}");
    }
    assert_eq!(Tile::widest(LEVEL_0, 1, 256), None);
    assert_eq!(Tile::widest(LEVEL_0, u64::MAX, u64::MAX), None);
    assert_eq!(
        Tile::widest(Content::Entries, 0, 3),
        Some(tile("tile/entries/000.p/3"))
    );
}

#[test]
fn tl_5_a_bundle_has_each_entry_behind_its_length() {
    let bundle = tile("tile/entries/000.p/3");
    let entries: [&[u8]; 3] = [b"one", b"", b"three"];
    let bytes = bundle.encode_entries(&entries).unwrap();
    assert_eq!(bytes, b"\0\x03one\0\0\0\x05three");
    assert_eq!(bundle.decode_entries(&bytes), Ok(entries.to_vec()));
    for cut in 0..bytes.len() {
        assert!(bundle.decode_entries(&bytes[..cut]).is_err(), "{cut}");
    }
    assert!(
        bundle
            .decode_entries(&[&bytes[..], b"\0\0"].concat())
            .is_err()
    );
    assert!(bundle.encode_entries(&entries[1..]).is_err());
    assert!(tile("tile/0/000.p/3").encode_entries(&entries).is_err());
    assert!(tile("tile/0/000.p/3").decode_entries(&bytes).is_err());
    assert!(bundle.encode_hashes(&[leaf_hash(b""); 3]).is_err());
    assert!(bundle.decode_hashes(&[0; 96]).is_err());
}

#[test]
fn tl_5_the_longest_entry_is_65_535_bytes_long() {
    let bundle = tile("tile/entries/000.p/1");
    let longest = vec![7; MAX_ENTRY_BYTES];
    let bytes = bundle.encode_entries(&[&longest]).unwrap();
    assert_eq!(bundle.decode_entries(&bytes), Ok(vec![longest.as_slice()]));
    assert_eq!(entry_hash(&longest), Ok(leaf_hash(&longest)));

    let longer = vec![7; MAX_ENTRY_BYTES + 1];
    let refused = LogError::EntryTooLong { bytes: 65_536 };
    assert_eq!(bundle.encode_entries(&[&longer]), Err(refused.clone()));
    assert_eq!(entry_hash(&longer), Err(refused));
}

#[test]
fn tl_4_a_full_tile_is_8_192_bytes_long() {
    let full = tile("tile/0/000");
    let hashes: Vec<Hash> = (0..=255u8).map(|byte| leaf_hash(&[byte])).collect();
    let bytes = full.encode_hashes(&hashes).unwrap();
    assert_eq!(bytes.len(), 8_192);
    assert_eq!(full.decode_hashes(&bytes), Ok(hashes.clone()));
    assert!(full.encode_hashes(&hashes[1..]).is_err());
    for length in [0, 32, 8_160, 8_191] {
        assert!(full.decode_hashes(&bytes[..length]).is_err(), "{length}");
    }
    assert!(full.decode_hashes(&[bytes, vec![0; 32]].concat()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_path_in_its_one_spelling_or_refused(
        path in r"(tile/)?([0-9]{1,3}|entries)(/x?[0-9]{1,4}){1,8}(\.p/?[0-9]{1,4})?|\PC{0,70}"
    ) {
        if let Ok(tile) = path.parse::<Tile>() {
            prop_assert_eq!(tile.to_string(), path);
            prop_assert!(tile.nodes().count() <= 256);
            tile.is_within(u64::MAX);
        }
    }

    #[test]
    fn any_bytes_are_the_bundle_of_their_entries_or_refused(
        bytes in prop::collection::vec(prop_oneof![3 => 0u8..3, 1 => any::<u8>()], 0..40), width in 1u16..9
    ) {
        let bundle = Tile::new(Content::Entries, 0, width).unwrap();
        if let Ok(entries) = bundle.decode_entries(&bytes) {
            prop_assert_eq!(bundle.encode_entries(&entries), Ok(bytes));
        }
    }
}
