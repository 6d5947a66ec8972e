//! The baseline policy against its own table, and what the loader refuses.

use keyward_core::{
    account::Class,
    policy::{BASELINE, Gate, Policy, PolicyError, example::Examples},
};

use crate::fixture::policy;

#[test]
fn the_baseline_policy_answers_its_table() {
    let table: Examples = toml::from_str(include_str!("../../../../policy/baseline.tests.toml")).unwrap();
    let policy = policy();
    let wrong: Vec<String> = table
        .example
        .iter()
        .filter_map(|e| e.check(&policy).err().map(|verdict| format!("{}: {verdict:?}", e.name)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_policy_of_the_baseline_decides_in_some_example() {
    let table: Examples = toml::from_str(include_str!("../../../../policy/baseline.tests.toml")).unwrap();
    let policy = policy();
    let mut silent: Vec<&str> = policy.reasons().map(|(id, _)| id).collect();
    for example in &table.example {
        let verdict = policy.ask(example.gate, &example.facts().unwrap());
        silent.retain(|id| !verdict.because.iter().any(|b| b == id));
    }
    assert!(silent.is_empty(), "no example shows {silent:?}");
}

fn example_facts() -> keyward_core::policy::Facts {
    let table: Examples = toml::from_str(
        "[[example]]\nname='x'\ngate='authorize'\nclass='standard'\nexpect='allow'\nrisk=['recent_contest']",
    )
    .unwrap();
    table.example[0].facts().unwrap()
}

#[test]
fn an_evaluation_error_refuses_even_in_a_forbid_that_cedar_would_skip() {
    let open = r#"@id("open") @because("x") permit(principal, action, resource);"#;
    let erring = r#"@id("err") @because("x") forbid(principal, action == Keyward::Action::"authorize", resource)
        when { context.risk * 9223372036854775807 > 0 };"#;
    assert!(Policy::load(open).unwrap().ask(Gate::Authorize, &example_facts()).allowed);
    let verdict = Policy::load(&format!("{open}\n{erring}")).unwrap().ask(Gate::Authorize, &example_facts());
    assert!(!verdict.allowed && verdict.because[0].starts_with("error: "), "{verdict:?}");
}

#[test]
fn what_does_not_fit_the_schema_is_not_loaded() {
    let word = |text: &str| match Policy::load(text).unwrap_err() {
        PolicyError::Parse(_) => "parse",
        PolicyError::Validation(_) => "validation",
        PolicyError::Annotation(..) => "annotation",
        PolicyError::Twice(_) => "twice",
        PolicyError::Hold(_) => "hold",
        PolicyError::LongHold(_) => "long hold",
        PolicyError::Idle(_) => "idle",
        PolicyError::Templates => "templates",
        PolicyError::Words(_) => "words",
    };
    let scope = "(principal, action, resource)";
    for (text, expected) in [
        ("permit(".to_owned(), "parse"),
        (
            "@id(\"a\") @because(\"b\") forbid(principal, action, resource in Keyward::Class::\"admins\");".to_owned(),
            "idle",
        ),
        (format!("permit{scope};"), "annotation"),
        (format!("@id(\"a\") permit{scope};"), "annotation"),
        (format!("@id(\"\") @because(\"b\") permit{scope};"), "annotation"),
        (format!("@id(\"a\") @because(\"\") permit{scope};"), "annotation"),
        (format!("@id(\"a\") @because(\"b\") permit{scope} when {{ resource.sms.given }};"), "validation"),
        (format!("@id(\"a\") @because(\"b\") permit{scope} when {{ context.risk == \"low\" }};"), "validation"),
        (format!("@id(\"a\") @because(\"b\") permit{scope}; @id(\"a\") @because(\"c\") permit{scope};"), "twice"),
        (format!("@id(\"a\") @because(\"b\") @hold_minutes(\"soon\") forbid{scope};"), "hold"),
        ("@id(\"a\") @because(\"b\") permit(principal == ?principal, action, resource);".into(), "templates"),
    ] {
        assert_eq!(word(&text), expected, "{text}");
    }
    // Not to be asked any more, and still read where it was asked once.
    let long = format!("@id(\"a\") @because(\"b\") @hold_minutes(\"10081\") forbid{scope};");
    assert!(Policy::load(&long).is_ok());
    assert!(matches!(Policy::load_for_use(&long), Err(PolicyError::LongHold(10_081))));
    assert!(Policy::load_for_use(&long.replace("10081", "10080")).is_ok());
}

#[test]
fn slicing_by_step_and_class_changes_no_answer() {
    // A policy set in which nothing can be sliced away by scope must answer as the baseline does.
    let unsliced = BASELINE
        .replace(
            "resource in Keyward::Class::\"standard\")",
            "resource)\nwhen { resource in Keyward::Class::\"standard\" }",
        )
        .replace(
            "resource in Keyward::Class::\"elevated\")",
            "resource)\nwhen { resource in Keyward::Class::\"elevated\" }",
        )
        .replace("resource in Keyward::Class::\"admin\")", "resource)\nwhen { resource in Keyward::Class::\"admin\" }");
    let (sliced, unsliced) = (policy(), Policy::load(&unsliced).unwrap());
    let table: Examples = toml::from_str(include_str!("../../../../policy/baseline.tests.toml")).unwrap();
    for example in &table.example {
        let mut facts = example.facts().unwrap();
        for class in Class::ALL {
            facts.class = class;
            for gate in Gate::ALL {
                let (a, b) = (sliced.ask(gate, &facts), unsliced.ask(gate, &facts));
                assert_eq!((a.allowed, a.because), (b.allowed, b.because));
            }
        }
    }
}
