//! The rules about pages: what they say is there, is there.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    RULES,
    sources::parts_of,
    tables::*,
    tree::{File, Tree, Violation, joined},
};

/// The code map of ARCHITECTURE.md has a line for each module of the first level and each feature, and for nothing else.
pub(crate) fn code_map(tree: &Tree) -> Vec<Violation> {
    let Some(page) = tree.get("ARCHITECTURE.md") else { return vec![] };
    let mut wanted = BTreeSet::new();
    for file in tree.shipped() {
        let (source, inner) = file.path.split_once("/src/").unwrap();
        let first = inner.split('/').next().unwrap();
        wanted.insert(format!("{source}/src/{first}{}", if first.ends_with(".rs") { "" } else { "/" }));
    }
    for (folder, _) in PARTS {
        wanted.extend(parts_of(tree, folder).iter().map(|part| format!("crates/server/src/{folder}/{part}.rs")));
    }
    // `case.rs` with `case/` beside it is one module and has one line.
    wanted.retain(|path| !path.ends_with('/') || !tree.has(&format!("{}.rs", path.trim_end_matches('/'))));
    let mut found = Vec::new();
    let mut inside = false;
    for (line, number) in page.text.lines().zip(1..) {
        inside = if line.starts_with("## ") { line == "## Code map" } else { inside };
        let Some(path) = line.strip_prefix("- `").and_then(|rest| rest.split('`').next()).filter(|_| inside) else {
            continue;
        };
        if !wanted.remove(path) && !tree.has(path) {
            found.push(page.at(number, format!("`{path}` does not exist")));
        }
    }
    found.extend(wanted.iter().map(|path| page.at(1, format!("the code map has no line for `{path}`"))));
    found
}

/// What pages point to exists: relative links, and paths in backticks that begin with a folder of the repository.
pub(crate) fn links(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for page in tree.0.iter().filter(|file| file.path.ends_with(".md")) {
        let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (line, number) in page.text.lines().zip(1..) {
            let linked = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            for target in linked.filter(|target| !target.contains("://") && !target.starts_with('#')) {
                let path = joined(folder, target.split('#').next().unwrap());
                if !tree.has(&path) {
                    found.push(page.at(number, format!("the link to `{path}` leads nowhere")));
                }
            }
            for path in line.split('`').skip(1).step_by(2) {
                let is_path =
                    ["crates/", "docs/", "policy/", "scripts/", "e2e/"].iter().any(|top| path.starts_with(top));
                if is_path && !path.contains(['*', '<', ' ', ':', '…']) && !tree.has(path) {
                    found.push(page.at(number, format!("`{path}` does not exist")));
                }
            }
        }
    }
    found
}

/// A `make` command that a page shows is one.
pub(crate) fn make_targets(tree: &Tree) -> Vec<Violation> {
    let Some(makefile) = tree.get("Makefile") else { return vec![] };
    let targets: BTreeSet<&str> =
        makefile.text.lines().filter_map(|line| line.split_once(':')).map(|(t, _)| t).collect();
    let mut found = Vec::new();
    for page in tree.0.iter().filter(|file| file.path.ends_with(".md")) {
        for (line, number) in page.text.lines().zip(1..) {
            let shown = line.split('`').skip(1).step_by(2).chain([line]).filter_map(|code| code.strip_prefix("make "));
            for target in shown.filter_map(|rest| rest.split_whitespace().next()).filter(|t| !targets.contains(t)) {
                found.push(page.at(number, format!("the Makefile has no target `{target}`")));
            }
        }
    }
    found
}

/// `docs/events.md` has a heading for each kind of entry, and shows only lines of the golden file.
pub(crate) fn events_documented(tree: &Tree) -> Vec<Violation> {
    let golden = tree.get("crates/core/tests/core/golden/events.jsonl");
    let (Some(page), Some(golden)) = (tree.get("docs/events.md"), golden) else { return vec![] };
    let kind = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        value["event"]["type"].as_str().unwrap().to_owned()
    };
    let mut missing: BTreeSet<String> = golden.text.lines().map(kind).collect();
    let kinds = missing.clone();
    let mut found = Vec::new();
    for (line, number) in page.text.lines().zip(1..) {
        if let Some(heading) = line.strip_prefix("### `") {
            let kind = heading.trim_end_matches('`');
            missing.remove(kind);
            if !kinds.contains(kind) {
                found.push(page.at(number, format!("no entry of the golden file is `{kind}`")));
            }
        }
        if line.starts_with("{\"v\":") && !golden.text.lines().any(|golden| golden == line) {
            found.push(page.at(number, "this example is no line of the golden file"));
        }
    }
    found.extend(missing.iter().map(|kind| page.at(1, format!("the entry `{kind}` has no heading"))));
    found
}

/// Each direct dependency has its line of why, and each line its dependency.
pub(crate) fn dependencies_explained(tree: &Tree) -> Vec<Violation> {
    let Some(page) = tree.get("docs/decisions/dependencies.md") else { return vec![] };
    let mut wanted = BTreeMap::new();
    for manifest in ["crates/core/Cargo.toml", "crates/server/Cargo.toml"].iter().filter_map(|path| tree.get(path)) {
        let table: toml::Table = manifest.text.parse().unwrap();
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let names = table.get(kind).and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys);
            for name in names.filter(|name| *name != "keyward-core") {
                wanted.insert(name.clone(), manifest);
            }
        }
    }
    let explained =
        page.text.lines().zip(1..).filter_map(|(line, n)| Some((n, line.strip_prefix("- `")?.split('`').next()?)));
    let explained: BTreeMap<&str, usize> = explained.map(|(line, name)| (name, line)).collect();
    let mut found: Vec<Violation> = wanted
        .iter()
        .filter(|(name, _)| !explained.contains_key(name.as_str()))
        .map(|(name, manifest)| manifest.at(manifest.lines_with(name)[0], format!("say in {} why `{name}`", page.path)))
        .collect();
    let stale = explained.iter().filter(|(name, _)| !wanted.contains_key(**name));
    found.extend(stale.map(|(name, line)| page.at(*line, format!("`{name}` is no direct dependency"))));
    found
}

/// STYLE.md names every rule of this file, and no other.
pub(crate) fn rules_named(tree: &Tree) -> Vec<Violation> {
    let Some(page) = tree.get("STYLE.md") else { return vec![] };
    let mut missing: BTreeSet<&str> = RULES.iter().map(|(name, _)| *name).collect();
    let all = missing.clone();
    let mut found = Vec::new();
    for (line, number) in page.text.lines().zip(1..) {
        for name in line.split('`').filter_map(|code| code.strip_prefix("tidy::")) {
            missing.remove(name);
            if !name.is_empty() && !all.contains(name) {
                found.push(page.at(number, format!("`tidy::{name}` does not exist")));
            }
        }
    }
    found.extend(missing.iter().map(|name| page.at(1, format!("no rule of the page is held by `tidy::{name}`"))));
    found
}

/// One spelling, the American one, in whatever people read: pages, help texts, templates, policies. Tests may misspell.
pub(crate) fn spelling(tree: &Tree) -> Vec<Violation> {
    let read = |file: &&File| {
        let kinds = [".md", ".ftl", ".html", ".rs", ".cedar", ".sql"];
        kinds.iter().any(|kind| file.path.ends_with(kind)) && !file.is_test() && !file.path.contains("/locales/de/")
    };
    let mut found = Vec::new();
    for file in tree.0.iter().filter(read) {
        let read = if file.is_rust() { prose(file) } else { file.text.clone() };
        for (line, number) in read.lines().zip(1..) {
            let lower = line.to_lowercase();
            for (british, american) in SPELLING.iter().filter(|(british, _)| lower.contains(british)) {
                found.push(file.at(number, format!("write `{american}…`, not `{british}…`")));
            }
        }
    }
    found
}

/// The comments and texts of Rust that ships, line for line. Names in code may come from a library; these are ours.
fn prose(file: &File) -> String {
    let shipped = file.text.split("#[cfg(test)]").next().unwrap();
    let ours = |(text, code): (char, char)| if text == code && text != '\n' { ' ' } else { text };
    shipped.chars().zip(file.code.chars()).map(ours).collect()
}

/// Nothing in the repository depends on where it was made or fetched.
pub(crate) fn places(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.0.iter().filter(|file| file.path != "Cargo.lock") {
        for place in PLACES {
            let lines = file.lines_with(place).into_iter();
            found.extend(lines.map(|line| file.at(line, format!("`{place}` is a place of one machine or network"))));
        }
    }
    found
}

/// What a mutant takes out stands exactly once in its file, and the test that has to notice exists.
pub(crate) fn mutants(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for table in tree.under("mutants/") {
        let parsed: toml::Table = table.text.parse().unwrap();
        let mutants = parsed.get("mutant").and_then(|all| all.as_array()).map_or(&[][..], Vec::as_slice);
        for mutant in mutants {
            let text = |key: &str| mutant.get(key).and_then(|value| value.as_str()).unwrap_or_default();
            let line = table.lines_with(&format!("what = {:?}", text("what"))).first().copied().unwrap_or(1);
            let times = tree.get(text("file")).map_or(0, |file| file.text.matches(text("take")).count());
            if times != 1 {
                found.push(table.at(line, format!("what it takes out stands {times} times in `{}`", text("file"))));
            }
            let filter = text("test").split_whitespace().last().unwrap_or("--");
            let name = filter.rsplit("::").next().unwrap_or(filter);
            if !tree
                .rust()
                .any(|file| file.code.contains(&format!("fn {name}")) || file.code.contains(&format!("mod {name}")))
            {
                found.push(table.at(line, format!("no test is called `{filter}`")));
            }
        }
    }
    found
}

/// A test that docs/attacks.md or docs/pages.md names in backticks exists: a function, or the beginning of a title in `e2e/`.
pub(crate) fn tests_named(tree: &Tree) -> Vec<Violation> {
    let titles: Vec<&str> = tree
        .0
        .iter()
        .filter(|file| file.path.ends_with(".spec.js"))
        .flat_map(|file| file.text.lines().filter_map(|line| line.trim_start().strip_prefix("test(")?.get(1..)))
        .collect();
    let is_function = |name: &str| name.matches('_').count() > 2 && !name.contains(['/', '.', ' ', ':', '-']);
    let is_title = |name: &str| {
        let row = name.split(' ').next().unwrap_or("");
        name.contains(' ') && row.contains('_') && row.ends_with(|c: char| c.is_ascii_digit())
    };
    let mut found = Vec::new();
    for page in ["docs/attacks.md", "docs/pages.md"].iter().filter_map(|path| tree.get(path)) {
        for (line, number) in page.text.lines().zip(1..) {
            for name in line.split('`').skip(1).step_by(2) {
                let there = match (is_function(name), is_title(name)) {
                    (true, _) => {
                        tree.rust().any(|file| file.text.contains(&format!("fn {name}(")))
                            || titles.iter().any(|title| title.contains(name))
                    }
                    (_, true) => titles.iter().any(|title| title.starts_with(name)),
                    _ => true,
                };
                if !there {
                    found.push(page.at(number, format!("no test is called `{name}`")));
                }
            }
        }
    }
    found
}
