//! The breached-password file: built, read back, and damaged in every way that comes to mind.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use proptest::prelude::*;
use tempfile::TempDir;

use super::breach::{BreachError, BreachList, Damage, HEADER_LEN, ROW_LEN, key_of};
use super::breach_build::{BuildError, Builder, Lines, Progress, Summary};

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }
    fn path(&self) -> PathBuf {
        self.0.path().join("breached.kw")
    }
    fn build(&self, source: &str, lines: &Lines) -> Result<Summary, BuildError> {
        self.build_of_bytes(source.as_bytes(), lines)
    }
    fn build_of_bytes(&self, source: &[u8], lines: &Lines) -> Result<Summary, BuildError> {
        let mut builder = Builder::new(&self.path(), "a test")?;
        builder.add(source, lines, &mut |_| {})?;
        builder.finish(&mut |_| {})
    }
    fn open(&self) -> Result<BreachList, BreachError> {
        BreachList::open(&self.path())
    }
    fn files(&self) -> Vec<String> {
        fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn sha1_hex(password: &str) -> String {
    data_encoding::HEXUPPER.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes()).as_ref())
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("password number {n}")).collect()
}

#[test]
fn the_key_is_the_first_64_bits_of_sha1() {
    // SHA-1 of "password" is 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8.
    assert_eq!(key_of(b"password"), 0x5BAA_61E4_C9B9_3F3F);
}

#[test]
fn n_47_every_listed_password_is_found_and_others_almost_never() {
    let place = Place::new();
    // More than one shard's worth, so that the split is used.
    let passwords = numbered(70_000);
    let summary = place.build(&passwords.join("\n"), &Lines::Plain).unwrap();
    assert_eq!((summary.keys, summary.left_out), (70_000, 0));
    let list = place.open().unwrap();
    assert_eq!((list.keys(), list.note(), list.digest()), (70_000, "a test", &summary.digest));
    assert!(passwords.iter().step_by(61).all(|password| list.contains(password).unwrap()));
    let wrong = (0..2_000).filter(|n| list.contains(&format!("other number {n}")).unwrap()).count();
    assert!(wrong <= 2, "{wrong} of 2 000 false");
}

#[test]
fn small_lists_of_every_size_hold_what_they_were_given() {
    for count in 0..40 {
        let place = Place::new();
        let passwords = numbered(count);
        assert_eq!(place.build(&passwords.join("\n"), &Lines::Plain).unwrap().keys, count as u64);
        let list = place.open().unwrap();
        assert!(passwords.iter().all(|password| list.contains(password).unwrap()), "{count}");
        assert!(!list.contains("not on it").unwrap(), "{count}");
    }
}

#[test]
fn v6_2_12_hash_lists_with_counts_and_range_files_are_taken() {
    let place = Place::new();
    let hashes = format!("{}:52\n{}\r\n\n{}:3\n", sha1_hex("one"), sha1_hex("two").to_lowercase(), sha1_hex("three"));
    assert_eq!(place.build(&hashes, &Lines::Sha1).unwrap().keys, 3);
    let list = place.open().unwrap();
    for password in ["one", "two", "three"] {
        assert!(list.contains(password).unwrap(), "{password}");
    }
    let four = sha1_hex("four");
    let range = Lines::Sha1Range(four[..5].to_owned());
    place.build(&format!("{}:9\n", &four[5..]), &range).unwrap();
    let list = place.open().unwrap();
    assert!(list.contains("four").unwrap() && !list.contains("one").unwrap());
}

#[test]
fn several_sources_make_one_list_and_rare_hashes_can_be_left_out() {
    let place = Place::new();
    let mut builder = Builder::new(&place.path(), "two sources").unwrap().seen_at_least(10);
    let hashes = format!("{}:9\n{}:10\n{}\n", sha1_hex("rare"), sha1_hex("common"), sha1_hex("uncounted"));
    let mut told = Vec::new();
    builder.add(hashes.as_bytes(), &Lines::Sha1, &mut |progress| told.push(progress)).unwrap();
    builder.add(&b"common\nplain\n\n"[..], &Lines::Plain, &mut |progress| told.push(progress)).unwrap();
    let summary = builder.finish(&mut |progress| told.push(progress)).unwrap();
    assert_eq!((summary.keys, summary.left_out), (3, 3));
    assert_eq!(told, [Progress::Read(3), Progress::Read(6), Progress::Written(1, 1)]);
    let list = place.open().unwrap();
    let found: Vec<bool> = ["rare", "common", "uncounted", "plain"].iter().map(|p| list.contains(p).unwrap()).collect();
    assert_eq!(found, [false, true, true, true]);
}

#[test]
fn the_order_of_the_lines_and_doubles_make_no_difference_to_the_file() {
    let (one, other) = (Place::new(), Place::new());
    let mut passwords = numbered(500);
    one.build(&passwords.join("\n"), &Lines::Plain).unwrap();
    passwords.reverse();
    passwords.extend(numbered(20));
    other.build(&passwords.join("\r\n"), &Lines::Plain).unwrap();
    assert_eq!(fs::read(one.path()).unwrap(), fs::read(other.path()).unwrap());
}

#[test]
fn a_line_that_is_no_hash_stops_the_build_and_leaves_the_old_list_alone() {
    let place = Place::new();
    place.build("kept\n", &Lines::Plain).unwrap();
    let good = sha1_hex("x");
    for (line, what) in [
        ("password".to_owned(), "a password"),
        (good[..39].to_owned(), "39 digits"),
        (format!("{good}0"), "41 digits"),
        (format!("{good}:"), "no count"),
        (format!("{good}:many"), "no number"),
        (format!("{good} 5"), "another separator"),
        (good.replace(|c: char| c.is_ascii_digit(), "g"), "no hexadecimal digit"),
        ("x".repeat(100_000), "a very long line"),
    ] {
        let refused = place.build(&format!("{good}:1\n{line}\n"), &Lines::Sha1);
        assert!(matches!(refused, Err(BuildError::Line(2))), "{what}: {refused:?}");
        assert!(place.open().unwrap().contains("kept").unwrap(), "{what}");
    }
    for prefix in ["", "5BAA", "5BAA61", "5BAAX", "é123"] {
        assert!(matches!(place.build("", &Lines::Sha1Range(prefix.into())), Err(BuildError::Prefix(_))), "{prefix}");
    }
    assert_eq!(place.files(), ["breached.kw"], "no spill is left");
}

#[test]
fn a_line_longer_than_a_password_is_left_out_and_the_next_one_read() {
    let place = Place::new();
    let source = format!("{}\n{}\nshort\n", "x".repeat(1_024), "y".repeat(1_025));
    let summary = place.build(&source, &Lines::Plain).unwrap();
    assert_eq!((summary.keys, summary.left_out), (2, 1));
    let list = place.open().unwrap();
    assert!(list.contains("short").unwrap() && list.contains(&"x".repeat(1_024)).unwrap());
}

#[test]
fn a_second_build_of_the_same_file_does_not_disturb_the_first() {
    let place = Place::new();
    let first = Builder::new(&place.path(), "").unwrap();
    assert!(matches!(Builder::new(&place.path(), ""), Err(BuildError::Beside(_))));
    drop(first);
    assert!(Builder::new(&place.path(), "").is_ok());
    assert!(matches!(Builder::new(&place.path(), &"x".repeat(1_025)), Err(BuildError::Note)));
}

#[test]
fn made_up_hashes_can_not_crash_a_build() {
    // Keys that differ only where the filter's first seed puts them into the same slots overflow its counters.
    let unmixed = |mut hash: u64| {
        let unshift = |x: u64| x ^ (x >> 33);
        hash = unshift(hash).wrapping_mul(0x9cb4_b2f8_1293_37db);
        hash = unshift(hash).wrapping_mul(0x4f74_430c_22a5_4005);
        unshift(hash)
    };
    let seed = xorf::splitmix64(&mut 1);
    let lines: String = (0..400_u64)
        .map(|n| unmixed(0x7000_0000_0000_0000 | (n << 44) | 1).wrapping_sub(seed))
        .map(|key| format!("{key:016X}{}\n", "0".repeat(24)))
        .collect();
    let place = Place::new();
    match place.build(&lines, &Lines::Sha1) {
        Ok(_) => assert!(place.open().is_ok()),
        Err(error) => assert!(matches!(error, BuildError::Filter(0)), "{error}"),
    }
}

/// Writes a header whose checksum is right, whatever it says.
fn forged(change: impl FnOnce(&mut Vec<u8>)) -> Result<BreachList, BreachError> {
    let place = Place::new();
    place.build(&numbered(100).join("\n"), &Lines::Plain).unwrap();
    let bytes = fs::read(place.path()).unwrap();
    let head_len = HEADER_LEN + "a test".len() + ROW_LEN;
    let (mut head, body) = (bytes[..head_len].to_vec(), &bytes[head_len + 32..]);
    change(&mut head);
    let sum = digest(&SHA256, &head);
    fs::write(place.path(), [&head, sum.as_ref(), body].concat()).unwrap();
    place.open()
}

fn damage(opened: Result<BreachList, BreachError>) -> Damage {
    match opened {
        Err(BreachError::Damaged { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn t_f12_a_hostile_header_is_refused_before_it_costs_anything() {
    let row = HEADER_LEN + "a test".len();
    let set =
        |at: usize, bytes: &'static [u8]| move |head: &mut Vec<u8>| head[at..at + bytes.len()].copy_from_slice(bytes);
    assert_eq!(damage(forged(set(0, b"KWBREACX"))), Damage::Magic);
    assert_eq!(damage(forged(set(8, &[2]))), Damage::Version(2, 1));
    assert_eq!(damage(forged(set(10, &[7]))), Damage::Version(1, 7));
    assert_eq!(damage(forged(set(12, &[17]))), Damage::Header, "too many shards");
    assert!(matches!(damage(forged(set(12, &[16]))), Damage::Length { .. }), "a table longer than the file");
    assert_eq!(damage(forged(set(14, &[0xff, 0xff]))), Damage::Header, "a note of 64 KiB");
    assert_eq!(damage(forged(set(16, &[101]))), Damage::Header, "another count");
    assert_eq!(damage(forged(set(24, &[0xff]))), Damage::Header, "a note that is not UTF-8");
    for (at, bytes, what) in [
        (row + 8, &[0xff, 0xff, 0xff, 0xff][..], "four billion keys"),
        (row + 8, &[0, 0, 0, 0], "no keys but a filter"),
        (row + 12, &[3, 0, 0, 0], "segments that are no power of two"),
        (row + 12, &[0, 0, 0, 0], "segments of nothing"),
        (row + 12, &[0, 0, 0, 0x80], "segments of two billion"),
        (row + 16, &[0, 0, 0, 0], "no segments"),
        (row + 16, &[1, 0, 0, 0], "part of a segment"),
        (row + 16, &[0, 0, 0, 0xf0], "four billion fingerprints"),
    ] {
        assert_eq!(damage(forged(set(at, bytes))), Damage::Row(0), "{what}");
    }
    assert_eq!(damage(forged(set(row + 20, &[0; 32]))), Damage::ShardDigest(0));
    assert!(forged(|_| ()).is_ok(), "the forger changes nothing but what he means to");
}

#[test]
fn what_is_no_list_at_all_is_a_clear_error() {
    let place = Place::new();
    assert!(matches!(place.open(), Err(BreachError::Io { .. })), "no file");
    fs::write(place.path(), "").unwrap();
    assert_eq!(damage(place.open()), Damage::Length { expected: 24, found: 0 });
    fs::write(place.path(), "password\n123456\nqwerty and so on\n").unwrap();
    assert_eq!(damage(place.open()), Damage::Magic);
    let text = place.open().unwrap_err().to_string();
    assert!(text.contains("breached.kw") && text.contains("does not begin like one"), "{text}");
}

#[test]
fn damage_after_the_start_is_an_error_and_not_a_silent_no() {
    let place = Place::new();
    place.build("one\ntwo\n", &Lines::Plain).unwrap();
    let list = place.open().unwrap();
    assert!(list.contains("one").unwrap());
    let mut bytes = fs::read(place.path()).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(place.path(), &bytes).unwrap();
    assert!(matches!(list.contains("one"), Err(BreachError::Damaged { why: Damage::ShardDigest(0), .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_changed_byte_and_any_cut_is_noticed(at in any::<prop::sample::Index>(), flip in 1_u8.., cut in any::<bool>()) {
        let place = Place::new();
        place.build("one\ntwo\nthree\n", &Lines::Plain).unwrap();
        let mut bytes = fs::read(place.path()).unwrap();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= flip }
        fs::write(place.path(), &bytes).unwrap();
        prop_assert!(place.open().is_err());
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let place = Place::new();
        fs::write(place.path(), [&b"KWBREACH\x01\0\x01\0"[..], &bytes].concat()).unwrap();
        prop_assert!(place.open().is_err());
    }

    #[test]
    fn any_lines_are_read_or_refused(source in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let place = Place::new();
        for lines in [Lines::Sha1, Lines::Sha1Range("0AF35".into())] {
            let _ = place.build_of_bytes(&source, &lines);
        }
        let summary = place.build_of_bytes(&source, &Lines::Plain).unwrap();
        let distinct: BTreeSet<&[u8]> = source.split(|b| *b == b'\n').filter(|line| !line.is_empty()).collect();
        prop_assert!(summary.keys <= distinct.len() as u64);
        prop_assert!(place.open().is_ok());
    }
}
