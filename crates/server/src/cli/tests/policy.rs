//! What `keyward policy` promises: a weak policy is found by what it does, a wrong example ends with 1, and the plan is the gate's.

use keyward_core::policy::BASELINE;

use super::*;

fn written(name: &str, text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap().to_owned();
    (folder, file)
}

#[test]
fn ux_117_the_baseline_has_a_way_for_each_class_of_people_and_none_for_software() {
    let answer = typed(&["policy", "check"]);
    assert_eq!((answer.exit, answer.err.as_str()), (Exit::Ok, ""), "{}", answer.out);
    assert!(
        answer.out.contains("verify-standard-passkey") && answer.out.contains("it can not be given to a fake page")
    );
    for class in ["standard", "finance", "hr", "executive", "admin"] {
        assert!(answer.out.contains(&format!("ok    class {class}")), "{class}: {}", answer.out);
    }
    assert!(answer.out.contains("class machine    no way for people"));
    assert!(!answer.out.contains("warn") && !answer.out.contains("FAIL"), "{}", answer.out);
    let json = typed(&["--output", "json", "policy", "check"]).json();
    assert_eq!(json["policies"].as_array().unwrap().len(), BASELINE.matches("@id(").count());
}

#[test]
fn ux_60_ux_117_a_policy_that_locks_out_or_lets_in_is_found_by_what_it_does() {
    let no_finance = BASELINE.replace("resource.approvals.people >= 1", "resource.approvals.people >= 99");
    let only_codes = BASELINE
        .replace("{ resource.passkey.given };", "{ resource.totp.given };")
        .replace("{ resource.inPerson.given };", "{ resource.recoveryCode.given };")
        .replace("resource.knownDevice.given && resource.email.given", "resource.totp.given")
        .replace("resource.proofs.independent >= 2 && resource.proofs.strong >= 1", "resource.totp.given");
    let one_admin = BASELINE
        .replace("resource.approvals.people >= 2 && resource.approvals.groups >= 2", "resource.approvals.people >= 1");
    let mail = BASELINE.replace("resource.knownDevice.given && resource.email.given", "resource.email.given");
    let machine = BASELINE.replace("Keyward::Class::\"elevated\"", "Keyward::Class::\"machine\"");
    for (text, exit, told) in [
        (no_finance, Exit::Failed, "FAIL  class finance    no way: whatever people prove"),
        (only_codes, Exit::Failed, "FAIL  class standard   every way asks people to remember or to copy something"),
        (one_admin, Exit::Ok, "warn  class admin      only one other person has to agree"),
        (mail, Exit::Ok, "warn  class standard   email alone is enough to be taken for somebody"),
        (machine, Exit::Failed, "FAIL  class machine    software can be recovered like a person"),
        (BASELINE.replace("resource.passkey.given", "resource.passkey.gone"), Exit::Failed, "does not fit the schema"),
        (BASELINE.replace("@because", "@why"), Exit::Failed, "needs an @because annotation"),
        ("permit(".to_owned(), Exit::Failed, "does not parse"),
    ] {
        assert_ne!(text, BASELINE, "{told}");
        let (_folder, file) = written("own.cedar", &text);
        let answer = typed(&["policy", "check", &file]);
        assert_eq!(answer.exit, exit, "{told}: {}{}", answer.out, answer.err);
        assert!(format!("{}{}", answer.out, answer.err).contains(told), "{told}:\n{}{}", answer.out, answer.err);
    }
    assert_eq!(typed(&["policy", "check", "/nowhere.cedar"]).exit, Exit::Failed);
}

#[test]
fn the_policy_of_the_configuration_is_the_default() {
    let (folder, config) = installed();
    let own = folder.path().join("own.cedar");
    fs::write(&own, format!("{BASELINE}\n")).unwrap();
    let own = own.to_str().unwrap();
    let told = typed_with(&["--config", &config, "policy", "check"], &[("KEYWARD_POLICY__FILE", own)]);
    assert!(told.out.contains(own), "{}", told.out);
    assert!(typed(&["--config", &config, "policy", "check"]).out.contains("the baseline that comes with Keyward"));
    assert_eq!(typed(&["--config", "/nowhere.toml", "policy", "check"]).exit, Exit::Usage);
}

#[test]
fn the_examples_of_the_baseline_are_right_and_a_wrong_one_ends_with_1() {
    let answer = typed(&["policy", "test"]);
    assert_eq!(answer.exit, Exit::Ok, "{}", answer.out);
    assert!(answer.out.contains("examples have the answer that is expected.") && !answer.out.contains("WRONG"));

    let looser = BASELINE.replace("resource.proofs.independent >= 2", "resource.proofs.independent >= 1");
    let (_folder, file) = written("looser.cedar", &looser);
    let json = typed(&["--output", "json", "policy", "test", &file]).json();
    let wrong = json["wrong"].as_u64().unwrap();
    assert_eq!((json["exit"].as_u64(), wrong > 0), (Some(1), true));
    let named = json["examples"].as_array().unwrap().iter().filter(|example| example["result"] == "WRONG");
    let named: Vec<&str> = named.map(|example| example["example"].as_str().unwrap()).collect();
    assert_eq!(named.len() as u64, wrong);
    assert!(named.contains(&"totp alone is not enough for a standard account"), "{named:?}");
}

#[test]
fn own_examples_can_be_run_and_a_file_without_any_is_refused() {
    let example = "[[example]]\nname = \"a stranger\"\ngate = \"verify\"\nclass = \"admin\"\nproofs = [\"email\"]\nexpect = \"deny\"\n";
    for (text, exit) in [
        (example.to_owned(), Exit::Ok),
        (example.replace("deny", "allow"), Exit::Failed),
        (example.replace("class = \"admin\"", "class = \"admin\"\naction = \"dance\""), Exit::Failed),
        (example.replace("proofs", "prooofs"), Exit::Failed),
        ("example = []".to_owned(), Exit::Usage),
    ] {
        let (_folder, file) = written("own.toml", &text);
        let answer = typed(&["policy", "test", "--tests", &file]);
        assert_eq!(answer.exit, exit, "{text}\n{}{}", answer.out, answer.err);
    }
    assert_eq!(typed(&["policy", "test", "--tests", "/nowhere.toml"]).exit, Exit::Usage);
}

fn explained(flags: &[&str]) -> Value {
    let answer = typed(&[&["--output", "json", "policy", "explain"], flags].concat());
    assert_eq!(answer.exit, Exit::Ok, "{}", answer.out);
    answer.json()
}

#[test]
fn ux_113_explain_says_the_decision_the_policies_and_what_would_open_the_gate() {
    for (flags, verify, authorize, decided, first) in [
        (&[][..], false, true, None, "passkey"),
        (&["--proofs", "passkey"], true, true, Some("verify-standard-passkey"), ""),
        (&["--proofs", "totp,email"], true, true, Some("verify-standard-two-proofs"), ""),
        (&["--class", "finance", "--proofs", "passkey"], true, false, Some("verify-elevated"), "+1"),
        (
            &["--class", "finance", "--proofs", "passkey", "--approvals", "1"],
            true,
            true,
            Some("authorize-elevated"),
            "",
        ),
        (
            &["--class", "admin", "--proofs", "in_person", "--groups", "desk,desk"],
            true,
            false,
            Some("verify-admin"),
            "+1",
        ),
        (&["--class", "admin", "--proofs", "in_person", "--groups", "a,b"], true, true, Some("authorize-admin"), ""),
        (
            &["--class", "admin", "--proofs", "in_person", "--groups", "a,b", "--hours", "off"],
            true,
            false,
            Some("hold-admin-outside-hours"),
            "wait",
        ),
        (&["--class", "machine", "--proofs", "passkey"], false, false, None, "none"),
        (
            &["--proofs", "email,totp", "--risk", "recent_contest,recent_failures"],
            true,
            false,
            Some("hold-unusual"),
            "passkey",
        ),
        (
            &["--proofs", "email,totp", "--risk", "recent_contest,recent_failures", "--waited", "1440"],
            true,
            true,
            Some("authorize-standard"),
            "",
        ),
        (
            &["--door", "account", "--proofs", "directory_password", "--nothing-strong"],
            true,
            true,
            Some("verify-change-password"),
            "",
        ),
        (&["--can", "email"], false, true, None, "none"),
    ] {
        let json = explained(flags);
        let gates = &json["gates"];
        assert_eq!(
            (gates[0]["allowed"].as_bool(), gates[1]["allowed"].as_bool()),
            (Some(verify), Some(authorize)),
            "{flags:?}"
        );
        let ids = gates.as_array().unwrap().iter().flat_map(|gate| gate["because"].as_array().unwrap());
        let ids: Vec<&str> = ids.map(|reason| reason["id"].as_str().unwrap()).collect();
        assert!(decided.is_none_or(|id| ids.contains(&id)), "{flags:?}: {ids:?}");
        let way = &json["ways"][0];
        let shape = match (way["proofs"].as_array(), way["approvals"].as_u64(), way["wait_until"].is_null()) {
            (None, ..) => "none".to_owned(),
            (Some(proofs), Some(0), true) => proofs.iter().map(|p| p.as_str().unwrap()).collect::<Vec<_>>().join(","),
            (Some(_), Some(0), false) => "wait".to_owned(),
            (Some(_), people, _) => format!("+{}", people.unwrap()),
        };
        assert_eq!(shape, first, "{flags:?} {json:#}");
    }
}

#[test]
fn explain_reads_as_sentences_and_refuses_words_it_does_not_know() {
    let told = typed(&["policy", "explain", "--class", "admin", "--proofs", "passkey", "--hours", "off"]).out;
    for part in [
        "verify: is it this person? yes\n  verify-admin  ",
        "authorize: may it happen now? no\n  hold-admin-outside-hours  Accounts that can change other accounts wait",
        "What would open both\n  2 more people who agree, from 2 groups in all, and the start of business hours\n",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert!(typed(&["policy", "explain", "--proofs", "passkey"]).out.contains("  nothing more: both gates are open\n"));
    assert!(typed(&["policy", "explain", "--class", "machine"]).out.contains("  nothing: there is no way"));
    for flags in [
        ["--class", "boss"],
        ["--action", "dance"],
        ["--door", "window"],
        ["--proofs", "sms"],
        ["--proofs", "totp,totp"],
        ["--risk", "99"],
        ["--approvals", "10"],
        ["--hours", "lunch"],
    ] {
        let answer = typed(&[&["policy", "explain"][..], &flags].concat());
        assert_eq!(answer.exit, Exit::Usage, "{flags:?} {}", answer.out);
    }
    let can = typed(&["policy", "explain", "--can", "sms"]);
    assert!(can.exit == Exit::Usage && can.err.contains("--can: `sms` is not one of passkey, "), "{}", can.err);
    let few = typed(&["policy", "explain", "--approvals", "1", "--groups", "a,b"]);
    assert_eq!(few.exit, Exit::Usage);
}
