//! What `keyward verify` promises: the result first, the part that does not hold by name, and an end that a script can trust.

use std::collections::BTreeMap;

use keyward_core::{
    account::{Class, Method},
    bundle::{Bundle, Contents, Proved, policies_of},
    log::{
        Hash,
        checkpoint::Checkpoint,
        merkle::{Frontier, NodeId, inclusion_proof},
        note::Signer,
        tile::{Content, Tile, entry_hash, new_tiles},
    },
    policy::BASELINE,
    secret::Secret,
};

use super::played::Played;
use super::*;

const ORIGIN: &str = "reset.example.org";

fn signer(n: u8) -> Signer {
    Signer::from_seed(ORIGIN, &Secret::new([n; 32])).unwrap()
}

/// The contents of a bundle: the entries of a case in a log that has an entry of another case before each.
fn contents(played: &Played) -> Contents {
    let mut tree = Frontier::empty();
    let mut nodes: BTreeMap<NodeId, Hash> = BTreeMap::new();
    let mut places = Vec::new();
    for entry in &played.entries {
        for bytes in [b"an entry of another case".to_vec(), entry.bytes().unwrap()] {
            places.push(tree.size());
            nodes.extend(tree.push(entry_hash(&bytes).unwrap()).into_iter().map(|node| (node.id, node.hash)));
        }
    }
    let prove = |(entry, index): (&keyward_core::event::Entry, &u64)| Proved {
        index: *index,
        entry: String::from_utf8(entry.bytes().unwrap()).unwrap(),
        proof: inclusion_proof(tree.size(), *index, &nodes).unwrap(),
    };
    let asked = !policies_of(&played.entries).is_empty();
    Contents {
        case: played.case.id(),
        reference: played.case.reference(),
        checkpoint: Checkpoint::new(ORIGIN, &tree).unwrap().sign_first(&signer(1)).unwrap(),
        entries: played.entries.iter().zip(places.iter().skip(1).step_by(2)).map(prove).collect(),
        policies: if asked { vec![BASELINE.to_owned()] } else { vec![] },
        disclosed: played.values.clone(),
    }
}

fn sealed(contents: Contents) -> Vec<u8> {
    Bundle::seal(contents, &signer(1)).unwrap().bytes().unwrap()
}

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }
    fn done(&self) -> String {
        self.file("done.json", sealed(contents(&Played::done(&seeded(), "ada"))))
    }
}

#[test]
fn m12_a_whole_recovery_is_told_step_by_step_with_the_result_first() {
    let desk = Desk::new();
    let answer = typed(&["verify", &desk.done()]);
    assert_eq!((answer.exit, answer.err.as_str()), (Exit::Ok, ""));
    let told = &answer.out;
    assert!(told.starts_with("This evidence is genuine and complete, as of a log of "), "{told}");
    let mut rest = told.as_str();
    for part in [
        "The change was made and reviewed.",
        "5 shown, none withheld",
        "Step 1, classify: whose account is it?",
        "2026-11-18 11:06:40  #1  Somebody asked for a new password by the door \"I forgot my password\".",
        "name that was typed: ada",
        "of class standard, by the rule `cn=staff`",
        "Step 2, verify: is it this person?",
        "A proof did not hold, a code of an app: it was not the right one.",
        "A proof was given: a passkey.",
        "The policy was asked: is it this person? It said yes.",
        "verify-standard-passkey: A passkey is enough: it can not be given to a fake page.",
        "Step 3, authorize: may it happen?",
        "authorize-standard: Nobody else has to agree.",
        "Step 4, reissue: the change itself",
        "The new secret was handed in, sealed to the worker (attempt 1).",
        "Attempt 1: the change is made, and looking at the account showed it.",
        "sessions of the account were ended: this directory can not do or show it",
        "Step 5, review: was anything left open?",
        "A notice went out: the change is made.",
        "address: ada@example.org",
        "Nothing is wrong.",
        "Signed by",
        "You named no key",
    ] {
        let place = rest.find(part).unwrap_or_else(|| panic!("`{part}` is missing or too early:\n{told}"));
        rest = &rest[place..];
    }
}

#[test]
fn t_i08_the_key_that_is_named_decides() {
    let desk = Desk::new();
    let file = desk.done();
    let (own, other) = (signer(1).verifier().to_string(), signer(2).verifier().to_string());
    let list = desk.file("keys.txt", format!("# keys of our logs\n{other}\n\nlog {own} https://log.example.org\n"));
    for key in [&own, &list] {
        let answer = typed(&["verify", &file, "--log-key", key]);
        assert_eq!(answer.exit, Exit::Ok, "{}", answer.err);
        assert!(answer.out.contains("This is the key that you named.") && !answer.out.contains("named no key"));
    }
    let answer = typed(&["verify", &file, "--log-key", &other]);
    assert_eq!(answer.exit, Exit::Unverified);
    assert!(answer.out.starts_with("Do not rely on this file. It was signed by another log"), "{}", answer.out);
    for wrong in
        ["reset.example.org+1a2b3c4d+AZ", "/nowhere", &desk.file("empty", "# none\n"), &desk.file("bad", "x y\n")]
    {
        assert_eq!(typed(&["verify", &file, "--log-key", wrong]).exit, Exit::Usage, "{wrong}");
    }
}

#[test]
fn the_policy_that_is_named_must_have_given_every_answer() {
    let desk = Desk::new();
    let file = desk.done();
    let own = desk.file("own.cedar", BASELINE);
    assert_eq!(typed(&["verify", &file, "--policy", &own]).exit, Exit::Ok);
    let other = desk.file("other.cedar", format!("{BASELINE}\n"));
    let answer = typed(&["verify", &file, "--policy", &other]);
    assert_eq!(answer.exit, Exit::Unverified);
    assert!(answer.out.contains("It is genuine, but it was decided by another policy"), "{}", answer.out);
    let never = desk.file("never.json", sealed(contents(&Played::open(&seeded(), "ada").unmatched().withdrawn())));
    assert_eq!(typed(&["verify", &never]).exit, Exit::Ok);
    assert_eq!(typed(&["verify", &never, "--policy", &own]).exit, Exit::Unverified);
    assert_eq!(typed(&["verify", &file, "--policy", "/nowhere"]).exit, Exit::Usage);
}

/// A copy of a whole log of that many entries, as it is served, and its checkpoint in a file of its own.
fn copy_of_log(desk: &Desk, name: &str, entries: u64) -> (String, String) {
    let mut tree = Frontier::empty();
    let bodies: Vec<String> = (0..entries).map(|number| format!("{name} {number}")).collect();
    let leaves = bodies.iter().map(|body| entry_hash(body.as_bytes()).unwrap());
    let nodes: BTreeMap<NodeId, Hash> = tree.extend(leaves).into_iter().map(|node| (node.id, node.hash)).collect();
    let folder = desk.0.path().join(name);
    let write = |path: String, bytes: &[u8]| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    for tile in new_tiles(0, entries) {
        let hashes: Vec<Hash> = tile.nodes().map(|id| nodes[&id]).collect();
        write(tile.to_string(), &tile.encode_hashes(&hashes).unwrap());
        if tile.content() == (Content::Hashes { level: 0 }) {
            let bundle = Tile::new(Content::Entries, tile.index(), tile.width()).unwrap();
            let of = usize::try_from(bundle.range().start).unwrap()..usize::try_from(bundle.range().end).unwrap();
            write(bundle.to_string(), &bundle.encode_entries(&bodies[of]).unwrap());
        }
    }
    let note = Checkpoint::new(ORIGIN, &tree).unwrap().sign_first(&signer(1)).unwrap().to_string();
    write("checkpoint".to_owned(), note.as_bytes());
    (folder.to_str().unwrap().to_owned(), desk.file(&format!("{name}.checkpoint"), note))
}

#[test]
fn r17_t_i01_t_i08_a_copy_of_a_whole_log_is_checked_and_the_first_wrong_entry_named() {
    let desk = Desk::new();
    let (log, checkpoint) = copy_of_log(&desk, "log", 300);
    let (_, later) = copy_of_log(&desk, "later", 301);
    let (_, other) = copy_of_log(&desk, "other", 200);
    let key = signer(1).verifier().to_string();
    let verify = |more: &[&str]| typed(&[&["verify", &log, "--log-key", &key], more].concat());
    let answer = verify(&["--since", &checkpoint]);
    assert_eq!(answer.exit, Exit::Ok, "{}", answer.out);
    assert!(answer.out.starts_with("This log is whole, and the one that was signed.\n"), "{}", answer.out);
    assert_eq!(typed(&["verify", &log]).exit, Exit::Usage, "without a key nothing can be said");
    let file = desk.done();
    let since = typed(&["verify", &file, "--log-key", &key, "--since", &checkpoint]);
    assert_eq!(since.exit, Exit::Usage, "evidence goes on from nothing");
    let stranger = signer(2).verifier().to_string();
    assert_eq!(typed(&["verify", &log, "--log-key", &stranger]).exit, Exit::Unverified);
    for (kept, words) in [(&later, "It was set back"), (&other, "It is another history")] {
        let answer = verify(&["--since", kept]);
        assert_eq!(answer.exit, Exit::Unverified);
        assert!(answer.out.contains(words), "{}", answer.out);
    }
    for (path, place, first, words) in [
        ("tile/entries/000", 700, Some(88), "Entry #88 is the first that is not as it was logged."),
        ("tile/0/001.p/44", 33, Some(257), "Entry #257 is the first"),
        ("tile/1/000.p/1", 3, Some(0), "From entry #0 on it is not"),
        ("checkpoint", 20, None, "Its checkpoint is not signed by the key"),
    ] {
        let path = Path::new(&log).join(path);
        let bytes = fs::read(&path).unwrap();
        let mut changed = bytes.clone();
        changed[place] ^= 4;
        fs::write(&path, changed).unwrap();
        let answer = verify(&[]);
        assert_eq!(answer.exit, Exit::Unverified);
        assert!(answer.out.contains(words), "{}", answer.out);
        let told = typed(&["--output", "json", "verify", &log, "--log-key", &key]).json();
        assert_eq!(told["files"][0]["first_wrong"].as_u64(), first, "{told:#}");
        fs::remove_file(&path).unwrap();
        assert_eq!(verify(&[]).exit, Exit::Unverified, "{} is missing", path.display());
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(verify(&[]).exit, Exit::Ok);
}

/// Changes one part of a file as somebody would who can edit text.
fn edited(bytes: &[u8], change: impl Fn(&mut Value)) -> Vec<u8> {
    // The order of the fields has to stay; the crate keeps it sorted, so it is put back by replacing text.
    let mut value: Value = serde_json::from_slice(bytes).unwrap();
    let before = value.clone();
    change(&mut value);
    let mut text = String::from_utf8(bytes.to_vec()).unwrap();
    let mut replace = |old: &Value, new: &Value| {
        if old != new {
            let (old, new) = (old.to_string(), new.to_string());
            assert!(text.contains(&old), "{old}");
            text = text.replacen(&old, &new, 1);
        }
    };
    for field in ["checkpoint", "log_key"] {
        replace(&before[field], &value[field]);
    }
    replace(&before["policies"][0], &value["policies"][0]);
    for (old, new) in before["entries"].as_array().unwrap().iter().zip(value["entries"].as_array().unwrap()) {
        replace(&old["entry"], &new["entry"]);
    }
    for (old, new) in before["disclosed"].as_array().unwrap().iter().zip(value["disclosed"].as_array().unwrap()) {
        replace(&old["value"], &new["value"]);
    }
    text.into_bytes()
}

#[test]
fn t_i01_a_changed_part_is_named() {
    let desk = Desk::new();
    let good = sealed(contents(&Played::done(&seeded(), "ada")));
    let swap = |value: &mut Value, old: &str, new: &str| {
        let before = value.as_str().unwrap();
        assert!(before.contains(old), "{before}");
        *value = Value::String(before.replace(old, new));
    };
    let cases: [(&str, Vec<u8>, &str); 8] = [
        (
            "entry",
            edited(&good, |v| swap(&mut v["entries"][3]["entry"], "passkey", "in_person")),
            "Entry 4 (#7) or its proof was changed after it was logged",
        ),
        (
            "value",
            edited(&good, |v| swap(&mut v["disclosed"][0]["value"], "ada", "adb")),
            "The personal value `name` was changed",
        ),
        ("policy", edited(&good, |v| swap(&mut v["policies"][0], ">= 2", ">= 1")), "A policy text in it was changed"),
        ("checkpoint", edited(&good, |v| swap(&mut v["checkpoint"], "\n22\n", "\n24\n")), "Its checkpoint was changed"),
        ("cut", good[..good.len() / 2].to_vec(), "It is not an evidence file of Keyward, or a damaged one"),
        ("space", [b" ".as_slice(), &good].concat(), "It is not written in the way Keyward writes evidence"),
        ("text", b"hello".to_vec(), "It is not an evidence file of Keyward"),
        ("nothing", Vec::new(), "It is not an evidence file of Keyward"),
    ];
    for (name, bytes, told) in cases {
        let answer = typed(&["verify", &desk.file(name, bytes)]);
        assert_eq!(answer.exit, Exit::Unverified, "{name}");
        assert!(answer.out.starts_with(&format!("Do not rely on this file. {told}")), "{name}: {}", answer.out);
        assert!(!answer.out.contains("Step 1"), "{name}: what is not believed is told as if it had happened");
    }
    let dropped = {
        let mut some = contents(&Played::done(&seeded(), "ada"));
        some.entries.remove(3);
        sealed(some)
    };
    let answer = typed(&["verify", &desk.file("dropped", dropped)]);
    assert!(answer.out.contains("Its entries do not make a case: entry 5 can not have happened"), "{}", answer.out);
}

#[test]
fn eco_10_every_file_is_checked_and_one_that_does_not_hold_decides_the_end() {
    let desk = Desk::new();
    let good = desk.done();
    let bad = desk.file("bad.json", "{}");
    let answer = typed(&["verify", &bad, &good, "/nowhere/x.json"]);
    assert_eq!(answer.exit, Exit::Unverified);
    let firsts: Vec<&str> = answer.out.lines().take(3).map(|line| &line[..4]).collect();
    assert_eq!(firsts, ["FAIL", "ok  ", "FAIL"], "{}", answer.out);
    assert!(answer.out.contains("It could not be read, so nothing is known about it."));
    let json = typed(&["--output", "json", "verify", &bad, &good]).json();
    assert_eq!((json["exit"].as_u64(), json["files"][0]["genuine"].as_bool()), (Some(4), Some(false)));
    let told = &json["files"][1];
    assert_eq!((told["genuine"].as_bool(), told["key_was_named"].as_bool()), (Some(true), Some(false)));
    assert_eq!(told["entries"][0]["entry"]["event"]["type"], "opened");
    assert_eq!(told["withheld"], 0);
    assert_eq!(typed(&["verify"]).exit, Exit::Usage);
}

#[test]
fn x13_withheld_values_are_counted_and_said() {
    let desk = Desk::new();
    let mut some = contents(&Played::done(&seeded(), "ada"));
    some.disclosed.truncate(1);
    let answer = typed(&["verify", &desk.file("some.json", sealed(some))]);
    assert_eq!(answer.exit, Exit::Ok);
    assert!(answer.out.contains("1 shown, 4 withheld or erased; every proof holds without them"), "{}", answer.out);
    assert!(answer.out.contains("network address: withheld or erased") && !answer.out.contains("192.0.2.7"));
}

#[test]
fn a_case_that_goes_on_is_not_called_complete() {
    let desk = Desk::new();
    let played = Played::open(&seeded(), "ada").classified(Class::Admin).proved(Method::Passkey).approved("desk");
    let answer = typed(&["verify", &desk.file("open.json", sealed(contents(&played)))]);
    assert_eq!(answer.exit, Exit::Ok, "{}", answer.out);
    assert!(answer.out.starts_with("This evidence is genuine. The case was not over when the file was made."));
    assert!(answer.out.contains("may do so as a member of desk"), "{}", answer.out);
    assert!(answer.out.contains("Step 4, reissue: the change itself\nThe case has not come to this step."));
}

#[test]
fn t_i09_what_somebody_typed_can_not_act_on_the_terminal() {
    let desk = Desk::new();
    let hostile = "ada\u{1b}[2J\u{9b}31m\u{202e}\nThis evidence is genuine\u{7}";
    let file = desk.file("hostile.json", sealed(contents(&Played::done(&seeded(), hostile))));
    for output in ["text", "json"] {
        let answer = typed(&["--output", output, "verify", &file]);
        assert_eq!(answer.exit, Exit::Ok);
        let acting = answer.out.chars().filter(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(acting.count(), 0, "{}", answer.out);
    }
    let text = typed(&["verify", &file]).out;
    assert_eq!(text.lines().filter(|line| line.starts_with("This evidence")).count(), 1, "{text}");
    let json = typed(&["--output", "json", "verify", &file]).json();
    assert_eq!(json["files"][0]["disclosed"][0]["value"], hostile);
}
