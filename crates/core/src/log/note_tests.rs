//! Notes, checkpoints and proofs: the answers of the specification, and every way not to be believed. Tests only.

use proptest::prelude::*;

use super::{Hash, LogError, What, checkpoint::Checkpoint, merkle::*, note::*, proof::TlogProof};
use crate::secret::Secret;

const LOG: &str = "recovery.example/log";

/// The example of C2SP `signed-note`.
const KNOWN_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const KNOWN_NOTE: &str = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn signer(name: &str, seed: u8) -> Signer {
    Signer::from_seed(name, &Secret::new([seed; 32])).unwrap()
}
fn verifiers(signers: &[&Signer]) -> Vec<Verifier> {
    signers.iter().map(|s| s.verifier().clone()).collect()
}
fn signed(text: &str, signers: &[&Signer]) -> String {
    let mut note = Note::new(text).unwrap();
    signers.iter().for_each(|s| note.sign(s).unwrap());
    note.to_string()
}
fn why(result: Result<impl std::fmt::Debug, LogError>) -> &'static str {
    match result {
        Err(LogError::Unreadable { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn tl_1_the_example_of_the_specification_is_believed_and_two_mutations_are_not() {
    let known = [KNOWN_KEY.parse().unwrap()];
    let opened = open(KNOWN_NOTE.as_bytes(), &known).unwrap();
    assert_eq!(opened.text(), "This is an example message.\n");
    assert_eq!(opened.signed_by()[0].name(), "example.com/foo");
    assert_eq!(
        Note::parse(KNOWN_NOTE.as_bytes()).unwrap().to_string(),
        KNOWN_NOTE
    );

    let bad = Err(LogError::BadSignature("example.com/foo".into()));
    let other_text = KNOWN_NOTE.replace("an example", "the example");
    assert_eq!(open(other_text.as_bytes(), &known), bad);
    let other_signature = KNOWN_NOTE.replace("IneyaQM=", "IneyaQI=");
    assert_eq!(open(other_signature.as_bytes(), &known), bad);
}

#[test]
fn rfc_8032_a_seed_grows_into_the_known_key() {
    // Test 2 of RFC 8032, 7.1.
    let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
    let seed = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    let public = hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    let grown = Signer::from_seed(LOG, &Secret::new(seed.try_into().unwrap())).unwrap();
    assert_eq!(
        *grown.verifier(),
        Verifier::new(LOG, public.try_into().unwrap()).unwrap()
    );
    assert_eq!(
        format!("{grown:?}"),
        format!("signer of {}", grown.verifier())
    );
}

#[test]
fn tl_2_a_verifier_key_has_one_spelling() {
    let key: Verifier = KNOWN_KEY.parse().unwrap();
    assert_eq!(
        (key.name(), key.to_string().as_str()),
        ("example.com/foo", KNOWN_KEY)
    );
    assert_eq!(key.key_id().to_string(), "530d903a");
    let with_plus = (0..=255).map(|seed| signer(LOG, seed).verifier().to_string());
    let with_plus = with_plus.filter(|key| key.matches('+').count() > 2);
    for text in with_plus.take(3) {
        assert_eq!(text.parse::<Verifier>().unwrap().to_string(), text);
    }
    for other in [
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+0530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2l",
        "example.com/foo+530d903a+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3Q==",
        "example.com/foo+530d903a+",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
        "example com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ] {
        assert!(other.parse::<Verifier>().is_err(), "{other:?}");
    }
}

#[test]
fn tl_1_a_key_name_has_no_space_no_plus_and_is_not_empty() {
    for name in [
        "",
        " ",
        "a b",
        "a+b",
        "a\n",
        "a\u{a0}b",
        "a\u{2003}",
        "\u{3000}",
        "a\0",
    ] {
        let refused = Signer::from_seed(name, &Secret::new([1; 32]));
        let Err(error @ LogError::KeyName(_)) = refused else {
            panic!("{name:?}: {refused:?}");
        };
        assert!(!error.to_string().contains(['\n', '\0']), "{error}");
        assert!(
            Checkpoint::new(name, &Frontier::empty()).is_err(),
            "{name:?}"
        );
    }
}

#[test]
fn tl_1_signatures_of_unknown_keys_change_nothing() {
    let (log, namesake, other) = (signer(LOG, 1), signer(LOG, 2), signer("other.example", 1));
    let note = signed("text\n", &[&namesake, &other, &log]);
    let known = verifiers(&[&log]);
    let opened = open(note.as_bytes(), &known).unwrap();
    assert_eq!(opened.signed_by(), [&known[0]]);

    // A broken one neither, and one of a kind that nobody here knows.
    let broken = KNOWN_NOTE.lines().last().unwrap();
    let strange = "— post.quantum.example AAAAAAA=";
    let note = format!("{note}{broken}\n{strange}\n");
    assert!(open(note.as_bytes(), &known).is_ok());

    let stranger = verifiers(&[&signer(LOG, 3)]);
    assert_eq!(open(note.as_bytes(), &stranger), Err(LogError::Unsigned));
    assert_eq!(open(note.as_bytes(), &[]), Err(LogError::Unsigned));
}

#[test]
fn tl_1_one_wrong_signature_by_a_known_key_spoils_the_note() {
    let (log, witness) = (signer(LOG, 1), signer("witness.example", 2));
    let wrong = Note::parse(signed("other\n", &[&witness]).as_bytes()).unwrap();
    let right = signed("text\n", &[&log]);
    let note = format!("{right}{}\n", wrong.signatures()[0]);
    assert!(open(note.as_bytes(), &verifiers(&[&log])).is_ok());
    let both = verifiers(&[&log, &witness]);
    let bad = Err(LogError::BadSignature("witness.example".into()));
    assert_eq!(open(note.as_bytes(), &both), bad);

    // Also if the same key signed rightly before: no second line goes unchecked.
    let twice = format!(
        "{}{}\n",
        signed("text\n", &[&log, &witness]),
        wrong.signatures()[0]
    );
    assert_eq!(open(twice.as_bytes(), &both), bad);
}

#[test]
fn tl_1_a_key_that_signs_again_replaces_its_signature_and_counts_once() {
    let (log, witness) = (signer(LOG, 1), signer("witness.example", 2));
    let mut note = Note::new("text\n").unwrap();
    for by in [&log, &witness, &log] {
        note.sign(by).unwrap();
    }
    let names: Vec<&str> = note.signatures().iter().map(Signature::name).collect();
    assert_eq!(names, ["witness.example", LOG]);

    let line = format!("{}\n", note.signatures()[1]);
    let repeated = format!("{note}{line}{line}");
    let known = verifiers(&[&log]);
    assert_eq!(
        open(repeated.as_bytes(), &known).unwrap().signed_by().len(),
        1
    );
}

#[test]
fn tl_1_a_hundred_signatures_are_read_and_one_more_is_not() {
    let log = signer(LOG, 1);
    let note = |others: usize| {
        let lines = (0..others).map(|i| format!("— witness{i}.example AAAAAAAA\n"));
        signed("text\n", &[&log]) + &lines.collect::<String>()
    };
    let known = verifiers(&[&log]);
    for others in [15, 16, MAX_SIGNATURES - 1] {
        assert!(open(note(others).as_bytes(), &known).is_ok(), "{others}");
    }
    let refused = open(note(MAX_SIGNATURES).as_bytes(), &known);
    assert_eq!(why(refused), "it has more than 100 signatures");

    let refused = Note::parse(&vec![b'a'; MAX_NOTE_BYTES + 1]);
    assert_eq!(why(refused), "it is longer than a million bytes");
}

#[test]
fn two_keys_that_go_by_one_name_and_id_are_not_guessed_between() {
    // Two of a row of numbers whose 32-bit ids happen to be the same.
    let key = |number: u32| {
        let mut public = [0; 32];
        public[..4].copy_from_slice(&number.to_be_bytes());
        Verifier::new(LOG, public).unwrap()
    };
    let (one, two) = (key(35867), key(47352));
    assert!(one.key_id() == two.key_id() && one != two);
    let id = one.key_id();
    let bytes = data_encoding::HEXLOWER.decode(format!("{id}00").as_bytes());
    let line = data_encoding::BASE64.encode(&bytes.unwrap());
    let note = format!("text\n\n— {LOG} {line}\n");
    let found = |known: &[Verifier]| open(note.as_bytes(), known).unwrap_err();
    assert_eq!(
        found(&[one.clone(), two]),
        LogError::AmbiguousKey(LOG.into())
    );
    // The same key twice is no doubt.
    assert_eq!(
        found(&[one.clone(), one]),
        LogError::BadSignature(LOG.into())
    );
}

#[test]
fn tl_1_a_note_of_another_form_is_not_read() {
    let note = signed("text\n", &[&signer(LOG, 1)]);
    let line = note.lines().last().unwrap();
    for (bytes, reason) in [
        (String::new(), "it has no empty line"),
        ("text\n".into(), "it has no empty line"),
        (format!("\n{line}\n"), "it has no empty line"),
        (format!("text\n{line}\n"), "it has no empty line"),
        ("text\n\n".into(), "it does not end with a signature line"),
        (
            format!("text\n\n{line}"),
            "it does not end with a signature line",
        ),
        (format!("{note}\n"), "it does not end with a signature line"),
        (format!("text\t\n\n{line}\n"), "it has a control character"),
        (format!("text\r\n\n{line}\n"), "it has a control character"),
        (format!("te\0xt\n\n{line}\n"), "it has a control character"),
        (
            format!("text\n\n{line}\r\n"),
            "a signature is not in standard base64",
        ),
        (
            format!("text\n\n{line} \n"),
            "a signature is not in standard base64",
        ),
        (
            format!("text\n\n{}\n", line.replace("— ", "- ")),
            "a signature line is not a dash, a name and base64",
        ),
        (
            format!("text\n\n{}\n", line.replace("— ", "—")),
            "a signature line is not a dash, a name and base64",
        ),
        (
            "text\n\n— name\n".into(),
            "a signature line is not a dash, a name and base64",
        ),
        ("text\n\n— name \n".into(), "a signature is too short"),
        (
            "text\n\n— name AAAAAA==\n".into(),
            "a signature is too short",
        ),
        (
            "text\n\n— name AAAAAAB=\n".into(),
            "a signature is not in standard base64",
        ),
    ] {
        assert_eq!(why(Note::parse(bytes.as_bytes())), reason, "{bytes:?}");
    }
    assert_eq!(why(Note::parse(b"te\xffxt\n\n")), "it is not in UTF-8");
    assert!(Note::parse(b"text\n\n\xe2\x80\x94 a+b AAAAAAAA\n").is_err());
    for text in ["", "no line feed", "a\tb\n", "a\r\n"] {
        assert!(Note::new(text).is_err(), "{text:?}");
    }
}

/// A log of `size` entries: its edge and its nodes.
fn log_of(size: u64) -> (Frontier, std::collections::BTreeMap<NodeId, Hash>) {
    let mut tree = Frontier::empty();
    let nodes = tree.extend((0..size).map(|index| leaf_hash(&index.to_be_bytes())));
    (
        tree,
        nodes.into_iter().map(|node| (node.id, node.hash)).collect(),
    )
}
fn checkpoint_of(size: u64) -> Checkpoint {
    Checkpoint::new(LOG, &log_of(size).0).unwrap()
}

#[test]
fn tl_3_a_checkpoint_is_origin_size_and_root() {
    let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    assert_eq!(checkpoint_of(0).to_string(), format!("{LOG}\n0\n{root}\n"));
}

#[test]
fn tl_3_a_log_never_signs_what_does_not_continue_its_last_checkpoint() {
    let key = signer(LOG, 1);
    let (earlier, later) = (checkpoint_of(6), checkpoint_of(10));
    let proof = consistency_proof(6, 10, &log_of(10).1).unwrap();
    let note = later
        .sign_after(&earlier, &proof, &key)
        .unwrap()
        .to_string();
    assert_eq!(
        Checkpoint::open(note.as_bytes(), &verifiers(&[&key])),
        Ok(later.clone())
    );

    // T-I05: the state of an old backup.
    let refused = earlier.sign_after(&later, &proof, &key);
    assert_eq!(refused, Err(LogError::Shrunk { old: 10, new: 6 }));
    // The same size and another content, with and without the old proof.
    let mut tree = Frontier::empty();
    tree.extend((0..10u64).map(|index| leaf_hash(&index.to_le_bytes())));
    let forked = Checkpoint::new(LOG, &tree).unwrap();
    for (earlier, proof) in [(&later, &[][..]), (&earlier, &proof)] {
        let refused = forked.sign_after(earlier, proof, &key);
        assert!(
            matches!(refused, Err(LogError::RootDiffers { .. })),
            "{refused:?}"
        );
    }
    // Another log, by its checkpoint or by its key.
    let other = Checkpoint::new("other.example/log", &log_of(6).0).unwrap();
    assert!(matches!(
        later.sign_after(&other, &proof, &key),
        Err(LogError::OtherLog { .. })
    ));
    let other = signer("other.example/log", 1);
    assert!(matches!(
        later.sign_first(&other),
        Err(LogError::OtherLog { .. })
    ));
}

#[test]
fn tl_3_only_the_logs_own_key_speaks_for_the_log() {
    let (log, witness) = (signer(LOG, 1), signer("witness.example", 2));
    let text = checkpoint_of(3).to_string();
    let both = verifiers(&[&log, &witness]);
    assert!(Checkpoint::open(signed(&text, &[&witness, &log]).as_bytes(), &both).is_ok());
    let refused = Checkpoint::open(signed(&text, &[&witness]).as_bytes(), &both);
    assert_eq!(refused, Err(LogError::NotByTheLog { origin: LOG.into() }));
    // Nor does the key of one log speak for another one.
    let other = text.replace(LOG, "other.example/log");
    let refused = Checkpoint::open(signed(&other, &[&log]).as_bytes(), &both);
    assert!(
        matches!(refused, Err(LogError::NotByTheLog { .. })),
        "{refused:?}"
    );
}

#[test]
fn tl_3_a_checkpoint_of_another_form_is_not_read_even_if_signed() {
    let log = signer(LOG, 1);
    let root = log_of(3).0.root();
    for text in [
        "\n".to_owned(),
        format!("{LOG}\n"),
        format!("{LOG}\n3\n"),
        format!("\n3\n{root}\n"),
        format!("{LOG}\n03\n{root}\n"),
        format!("{LOG}\n+3\n{root}\n"),
        format!("{LOG}\n-3\n{root}\n"),
        format!("{LOG}\n3 \n{root}\n"),
        format!("{LOG}\n\n{root}\n"),
        format!("{LOG}\n18446744073709551616\n{root}\n"),
        format!("{LOG}\n3\n{}\n", root.to_string().replace('=', "")),
        format!("{LOG}\n3\n {root}\n"),
        format!("{LOG}\n3\n{root}\n\n"),
        format!("{LOG}\n3\n{root}\n\nx\n"),
        format!("{LOG}\n0\n{root}\n"),
    ] {
        let refused = Checkpoint::open(signed(&text, &[&log]).as_bytes(), &verifiers(&[&log]));
        let Err(LogError::Unreadable {
            what: What::Checkpoint,
            ..
        }) = refused
        else {
            panic!("{text:?}: {refused:?}");
        };
    }
}

fn proof_of(index: u64, size: u64) -> TlogProof {
    let hashes = inclusion_proof(size, index, &log_of(size).1).unwrap();
    let note = checkpoint_of(size).sign_first(&signer(LOG, 1)).unwrap();
    TlogProof::new(index, hashes, note)
}
fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

#[test]
fn tl_10_a_proof_is_checked_without_the_server() {
    let known = verifiers(&[&signer(LOG, 1)]);
    for (index, size) in [(0, 1), (0, 2), (4, 7), (6, 7)] {
        let text = proof_of(index, size).to_string();
        let proof = TlogProof::parse(text.as_bytes()).unwrap();
        assert_eq!((proof.index(), proof.to_string()), (index, text));
        assert_eq!(proof.verify(leaf(index), &known), Ok(checkpoint_of(size)));
        assert!(proof.verify(leaf(index + 1), &known).is_err());
        let unsigned = proof.verify(leaf(index), &verifiers(&[&signer(LOG, 2)]));
        assert_eq!(unsigned, Err(LogError::Unsigned));
    }
}

#[test]
fn tl_10_the_extra_data_changes_no_verdict() {
    let known = verifiers(&[&signer(LOG, 1)]);
    let proof = proof_of(4, 7).with_untrusted_extra(b"for the reader".to_vec());
    let text = proof.to_string();
    assert!(
        text.starts_with("c2sp.org/tlog-proof@v1\nextra Zm9yIHRoZSByZWFkZXI=\nindex 4\n"),
        "{text}"
    );
    for extra in ["extra Zm9yIHRoZSByZWFkZXI=\n", "extra AAAA\n", ""] {
        let text = text.replace("extra Zm9yIHRoZSByZWFkZXI=\n", extra);
        let proof = TlogProof::parse(text.as_bytes()).unwrap();
        assert_eq!(proof.verify(leaf(4), &known), Ok(checkpoint_of(7)));
        assert_eq!(proof.to_string(), text);
    }
    assert_eq!(
        TlogProof::parse(text.as_bytes()).unwrap().untrusted_extra(),
        b"for the reader"
    );
}

#[test]
fn tl_10_any_other_changed_bit_is_noticed() {
    let known = verifiers(&[&signer(LOG, 1)]);
    let text = proof_of(4, 7).to_string().into_bytes();
    let believed = |bytes: &[u8]| TlogProof::parse(bytes)?.verify(leaf(4), &known);
    assert!(believed(&text).is_ok());
    for place in 0..text.len() {
        for bit in 0..8 {
            let mut changed = text.clone();
            changed[place] ^= 1 << bit;
            let found = believed(&changed);
            assert!(found.is_err(), "{}", String::from_utf8_lossy(&changed));
        }
        assert!(believed(&text[..place]).is_err(), "cut at {place}");
    }
}

#[test]
fn tl_10_a_proof_of_another_form_is_not_read() {
    let text = proof_of(4, 7).to_string();
    let hash = leaf(0).to_string() + "\n";
    for (from, to) in [
        ("@v1", "@v2"),
        ("c2sp.org", "\nc2sp.org"),
        ("index 4", "index 04"),
        ("index 4", "index +4"),
        ("index 4", "index"),
        ("index 4\n", ""),
        ("index 4\n", "index 4\nindex 4\n"),
        ("index 4\n", "extra \nindex 4\n"),
        ("index 4\n", "extra AAA\nindex 4\n"),
        ("index 4\n", "extra AAAA\nextra AAAA\nindex 4\n"),
        ("index 4\n", "index 4\nextra AAAA\n"),
        ("index 4\n", "index 4\r\n"),
        ("index 4\n", "index 4\n\n"),
        ("\n\n", "\n"),
        ("\n\n", "\n\n\n"),
        ("index 4\n", &format!("index 4\n{}", hash.repeat(65))),
    ] {
        assert!(text.contains(from));
        let other = text.replacen(from, to, 1);
        let proof = TlogProof::parse(other.as_bytes());
        // A shifted empty line only moves the border: what is left is no checkpoint.
        let known = verifiers(&[&signer(LOG, 1)]);
        assert!(
            proof.and_then(|p| p.verify(leaf(4), &known)).is_err(),
            "{other}"
        );
    }
    let long = |more| text.replacen("index 4\n", &format!("index 4\n{}", hash.repeat(more)), 1);
    let refused = TlogProof::parse(long(62).as_bytes());
    assert_eq!(why(refused), "it has more than 64 hashes");
    let proof = TlogProof::parse(long(61).as_bytes()).unwrap();
    let refused = proof.verify(leaf(4), &verifiers(&[&signer(LOG, 1)]));
    let (expected, found) = (3, 64);
    assert_eq!(refused, Err(LogError::ProofLength { expected, found }));
    let refused = TlogProof::parse(&vec![b'a'; 2 * MAX_NOTE_BYTES + 1]);
    assert_eq!(why(refused), "it is longer than two million bytes");
}

/// Text that is nearly right: pieces of the formats in any order.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("c2sp.org/tlog-proof@v1\n".to_owned()),
        Just("index 0\n".to_owned()),
        Just("extra AAAA\n".to_owned()),
        Just("\n".to_owned()),
        Just(format!("{LOG}\n")),
        Just("0\n".to_owned()),
        Just("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n".to_owned()),
        Just("— name AAAAAAAA\n".to_owned()),
        "\\PC{0,6}",
    ];
    let bytes = prop::collection::vec(any::<u8>(), 0..60);
    let pieces = prop::collection::vec(piece, 0..9).prop_map(|p| p.concat().into_bytes());
    prop_oneof![4 => pieces, 1 => bytes]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_read_is_written_again_in_just_the_same_way(bytes in nearly()) {
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.to_string().into_bytes(), bytes.clone());
        }
        if let Ok(proof) = TlogProof::parse(&bytes) {
            prop_assert_eq!(proof.to_string().into_bytes(), bytes.clone());
        }
        if let Ok(text) = std::str::from_utf8(&bytes) {
            if let Ok(key) = text.parse::<Verifier>() {
                prop_assert_eq!(key.to_string(), text);
            }
            if let Ok(signature) = text.parse::<Signature>() {
                prop_assert_eq!(signature.to_string(), text);
            }
        }
        prop_assert!(Checkpoint::open(&bytes, &[]).is_err());
    }

    #[test]
    fn any_text_of_whole_lines_can_be_signed_and_opened(lines in prop::collection::vec("[ -~ä—]{0,12}", 1..5)) {
        let text = lines.join("\n") + "\n";
        let log = signer(LOG, 1);
        let note = signed(&text, &[&log]);
        let known = verifiers(&[&log]);
        let opened = open(note.as_bytes(), &known).unwrap();
        prop_assert_eq!(opened.text(), text);
    }

    #[test]
    fn a_changed_bit_anywhere_in_a_note_is_noticed(place in any::<prop::sample::Index>(), bit in 0u32..8) {
        let known: [Verifier; 1] = [KNOWN_KEY.parse().unwrap()];
        let mut note = KNOWN_NOTE.as_bytes().to_vec();
        let place = place.index(note.len());
        note[place] ^= 1u8 << bit;
        prop_assert!(open(&note, &known).is_err());
    }
}
