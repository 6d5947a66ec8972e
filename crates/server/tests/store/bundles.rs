//! Evidence before two verifiers that share no line (R19): what one believes the other believes, and nothing else.
//!
//! The second one does not fold a case and asks no policy, so what is changed here and signed again breaks a form or a proof.

use std::{collections::BTreeSet, fs};

use keyward::{
    evidence::{EvidenceError, Signing, contents},
    store::sign::{Memory, SignError},
};
use keyward_core::{
    bundle::{Bundle, Contents, Proved, verify},
    digest::Disclosure,
    log::{Hash, note::Note, note::Signer},
    secret::Secret,
};
use serde_json::Value;

use super::{
    World,
    cases::{Draft, START},
    log::signer,
    on_both,
    support::{is_campaign, second::second},
    whole::grow,
};

on_both! {
    t_i01_no_evidence_is_given_out_of_a_case_whose_last_row_was_taken_out
}

/// The evidence of a case among others, as a server gives it out.
async fn genuine(world: &World) -> Vec<u8> {
    let memory = Memory::new(world.dir.path().join("memory"));
    grow(world, 70).await;
    let draft = Draft::open(&world.ctx, "ada \"the\" \\ \u{1}\u{7f} \u{2028} é")
        .noticed("a@example.org")
        .noticed("b@example.org");
    let draft = draft.withdrawn();
    drop(world.store.commit(draft.change()).await.unwrap());
    grow(world, 260).await;
    let signing = Signing { signer: &signer(), memory: &memory, at: START };
    contents(&world.store, signing, draft.case.id(), &BTreeSet::new()).await.unwrap().bytes().unwrap()
}

/// What a bundle was made from, read from its file.
fn taken_apart(bytes: &[u8]) -> Contents {
    let value: Value = serde_json::from_slice(bytes).unwrap();
    let part = |name: &str| value[name].clone();
    Contents {
        case: serde_json::from_value(part("case")).unwrap(),
        reference: serde_json::from_value(part("reference")).unwrap(),
        checkpoint: Note::parse(value["checkpoint"].as_str().unwrap().as_bytes()).unwrap(),
        entries: serde_json::from_value::<Vec<Proved>>(part("entries")).unwrap(),
        policies: serde_json::from_value(part("policies")).unwrap(),
        disclosed: serde_json::from_value::<Vec<Disclosure>>(part("disclosed")).unwrap(),
    }
}

/// Random numbers that are the same in each run.
struct Dice<'w>(&'w World);

impl Dice<'_> {
    fn below(&self, end: usize) -> usize {
        u32::from_be_bytes(self.0.ctx.bytes()) as usize % end.max(1)
    }
}

/// Somebody with the key of the log changes a part and signs the whole again.
fn signed_again(bytes: &[u8], dice: &Dice<'_>) -> Vec<u8> {
    let mut parts = taken_apart(bytes);
    let (entry, value) = (dice.below(parts.entries.len()), dice.below(parts.disclosed.len()));
    let mut key = signer();
    match dice.below(16) {
        0 => {}
        1 => drop(parts.disclosed.remove(value)),
        2 => parts.entries[entry].index += 1,
        3 => parts.entries[entry].index = u64::MAX,
        4 => drop(parts.entries[entry].proof.pop()),
        5 => parts.entries[entry].proof.push(Hash::from([7; 32])),
        6 => parts.entries[entry].proof.swap(0, 1),
        7 => parts.entries.swap(entry, 0),
        8 => drop(parts.entries.remove(entry)),
        9 => parts.entries.insert(entry, parts.entries[entry].clone()),
        10 => parts.disclosed[value].value.push('x'),
        11 => parts.disclosed.push(parts.disclosed[value].clone()),
        12 => parts.policies.push("permit (principal, action, resource);".to_owned()),
        13 => parts.entries[entry].entry = parts.entries[entry].entry.replacen(":1", ":2", 1),
        14 => key = Signer::from_seed("example.org/log", &Secret::new([8; 32])).unwrap(),
        _ => {
            let note = parts.checkpoint.to_string();
            let note = note.replacen(note.lines().nth(1).unwrap(), "299", 1);
            parts.checkpoint = Note::parse(note.as_bytes()).unwrap();
        }
    }
    Bundle::seal(parts, &key).unwrap().bytes().unwrap()
}

/// Somebody without the key changes bytes.
fn damaged(bytes: &[u8], dice: &Dice<'_>) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let (from, len) = (dice.below(bytes.len()), 1 + dice.below(300));
    let to = (from + len).min(bytes.len());
    match dice.below(9) {
        0 | 1 => bytes[from] ^= 1 << dice.below(8),
        2 => drop(bytes.drain(from..to)),
        3 => bytes.truncate(from),
        4 => bytes.insert(from, b" \n0a\"\\{]\x80"[dice.below(9)]),
        5 => drop(bytes.splice(from..from, bytes[from..to].to_vec()).collect::<Vec<_>>()),
        6 => bytes.extend(b"\n"),
        7 => {
            // The same text in another spelling.
            let at = bytes.iter().position(|byte| *byte == b'a').unwrap();
            drop(bytes.splice(at..=at, *b"\\u0061").collect::<Vec<_>>());
        }
        _ => {
            let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
            let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
            lines.swap(one, other);
            return lines.join(&b'\n');
        }
    }
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r19_t_i07_two_verifiers_agree_on_genuine_and_on_changed_evidence() {
    let world = World::on_sqlite().await.unwrap();
    let genuine = genuine(&world).await;
    let (file, key, dice) = (world.dir.path().join("bundle"), signer().verifier().clone(), Dice(&world));
    let rounds = if is_campaign() { 100_000 } else { 300 };
    let mut believed = 0;
    for round in 0..rounds {
        let bytes = match round {
            0 => genuine.clone(),
            _ if dice.below(2) == 0 => signed_again(&genuine, &dice),
            _ => damaged(&genuine, &dice),
        };
        let first = verify(&bytes, std::slice::from_ref(&key));
        believed += u32::from(first.is_ok());
        assert!(round > 0 || first.is_ok(), "{first:?}");
        fs::write(&file, &bytes).unwrap();
        let Some(verdict) = second(&["bundle", file.to_str().unwrap(), &key.to_string()]) else { return };
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(verdict.holds, first.is_ok(), "round {round}: {first:?} and {}\n{text}", verdict.words);
    }
    println!(
        "FIGURE r19: {rounds} bundles, genuine and changed, {believed} believed by both verifiers, 0 disagreements"
    );
    assert!(believed > rounds / 50, "some of them have to hold");
}

/// The example of C2SP `signed-note`, and one of Go's `sumdb/note`.
#[test]
fn r19_both_verifiers_know_the_notes_of_the_specifications() {
    let c2sp = (
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n",
    );
    let go = (
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
    );
    let folder = tempfile::tempdir().unwrap();
    for (key, note) in [c2sp, go] {
        let signature = note.rsplit_once(' ').unwrap().1;
        let other = signature.replacen('U', "V", 1);
        for (note, holds) in [
            (note.to_owned(), true),
            (note.replacen("is", "as", 1), false),
            (note.replacen(signature, &other, 1), false),
            (note.replacen('\n', "\n\n", 1), false),
            (format!("{note}\n"), false),
        ] {
            let file = folder.path().join("note");
            fs::write(&file, &note).unwrap();
            let keys = [key.parse().unwrap()];
            let first = keyward_core::log::note::open(note.as_bytes(), &keys);
            assert_eq!(first.is_ok(), holds, "{note}: {first:?}");
            if let Some(verdict) = second(&["note", file.to_str().unwrap(), key]) {
                assert_eq!(verdict.holds, holds, "{note}: {}", verdict.words);
            }
        }
    }
}

/// What is left of it folds, is proved entry by entry, and lies under an old checkpoint; its line in the list can be made to fit.
async fn t_i01_no_evidence_is_given_out_of_a_case_whose_last_row_was_taken_out(world: World) {
    let (signer, memory) = (signer(), Memory::new(world.dir.path().join("memory")));
    grow(&world, 10).await;
    let draft = Draft::open(&world.ctx, "ada").noticed("a@example.org").withdrawn();
    let last = world.store.commit(draft.change()).await.unwrap().leaf() + 2;
    grow(&world, last + 50).await;
    world.store.sign_checkpoint(&signer, &memory, START).await.unwrap();
    let (case, none) = (draft.case.id(), BTreeSet::new());
    let signing = Signing { signer: &signer, memory: &memory, at: START };
    assert!(contents(&world.store, signing, case, &none).await.is_ok());

    world.sql(format!("DELETE FROM entries WHERE leaf = {last}")).await;
    world.sql(format!("UPDATE cases SET seq = 2, state = 'verifying' WHERE id = '{case}'")).await;
    assert_eq!(world.store.load(case).await.unwrap().unwrap().case.seq(), 2, "it still folds");
    let refused = contents(&world.store, signing, case, &none).await.map(drop).unwrap_err();
    assert!(matches!(refused, EvidenceError::Sign(SignError::Changed { leaf }) if leaf == last), "{refused:?}");
    assert!(refused.is_disproof() && !refused.is_outage());
}
