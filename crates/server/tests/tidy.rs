//! The rules of the house that neither the compiler nor clippy holds. One function a rule, and `STYLE.md` names each of them.
//!
//! A rule takes files as values, so that the last test can plant a violation of each and see it caught. Nothing here parses Rust: the rules read
//! code whose comments and strings are blanked out, which is enough for names and paths, and they do not see what a macro makes up.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can not go on fails")]

#[path = "tidy/code.rs"]
mod code;
#[path = "tidy/pages.rs"]
mod pages;
#[path = "tidy/plants.rs"]
mod plants;
#[path = "tidy/sources.rs"]
mod sources;
#[path = "tidy/tables.rs"]
mod tables;
#[path = "tidy/tree.rs"]
mod tree;

use std::collections::BTreeSet;

use tree::{Tree, Violation};

type Rule = fn(&Tree) -> Vec<Violation>;

const RULES: &[(&str, Rule)] = &[
    ("imports", sources::imports),
    ("strangers", sources::strangers),
    ("libraries", sources::libraries),
    ("pure_core", sources::pure_core),
    ("permit", sources::permit),
    ("one_ledger", sources::one_ledger),
    ("secret_pages", sources::secret_pages),
    ("registered", sources::registered),
    ("sizes", sources::sizes),
    ("purpose", sources::purpose),
    ("dead_files", sources::dead_files),
    ("named_files", sources::named_files),
    ("vague_names", sources::vague_names),
    ("no_ignored_test", sources::no_ignored_test),
    ("code_map", pages::code_map),
    ("links", pages::links),
    ("make_targets", pages::make_targets),
    ("events_documented", pages::events_documented),
    ("dependencies_explained", pages::dependencies_explained),
    ("rules_named", pages::rules_named),
    ("spelling", pages::spelling),
    ("places", pages::places),
    ("mutants", pages::mutants),
    ("tests_named", pages::tests_named),
];

#[test]
fn the_repository_keeps_the_rules_of_the_house() {
    let tree = tree::repository();
    let found: Vec<String> = RULES
        .iter()
        .flat_map(|(name, rule)| rule(&tree).into_iter().map(move |violation| format!("{violation} (tidy::{name})")))
        .collect();
    assert!(found.is_empty(), "{} violations\n{}\n", found.len(), found.join("\n"));
}

#[test]
fn every_rule_catches_what_it_is_for() {
    for (name, files, place) in plants::PLANTS {
        let (_, rule) = RULES.iter().find(|(rule, _)| rule == name).unwrap();
        let found: Vec<String> = rule(&Tree::of(files)).into_iter().map(|violation| violation.place).collect();
        assert_eq!(found, [*place], "{name}: {files:?}");
    }
    let long = "//! Long\n".repeat(tables::LINES + 1);
    let found = sources::sizes(&Tree::of(&[("crates/core/src/a.rs", &long), ("crates/core/src/a_tests.rs", &long)]));
    assert_eq!(found.len(), 1, "{found:?}");
    let style: Vec<String> = RULES.iter().skip(1).map(|(name, _)| format!("`tidy::{name}`\n")).collect();
    let found = pages::rules_named(&Tree::of(&[("STYLE.md", &(style.concat() + "`tidy::gone`"))]));
    assert_eq!(found.len(), 2, "{found:?}");
    let shown: BTreeSet<&str> = plants::PLANTS.iter().map(|(name, ..)| *name).chain(["sizes", "rules_named"]).collect();
    for (name, _) in RULES {
        assert!(shown.contains(name), "nothing shows that tidy::{name} catches anything");
    }
}
