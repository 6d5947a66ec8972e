//! The rules about source files.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    code::{block, is_or_in, names, without_tests},
    tables::*,
    tree::{File, Tree, Violation, joined, lines_with},
};

/// Modules of the server name only what the table lets them.
pub(crate) fn imports(tree: &Tree) -> Vec<Violation> {
    let modules = tree.modules();
    let knows: BTreeMap<&str, &[&str]> = KNOWS.iter().copied().collect();
    let mut found = Vec::new();
    for file in tree.shipped().filter(|file| file.path.starts_with("crates/server/src/")) {
        let Some(own) = file.module().first().copied() else { continue };
        let Some(may) = knows.get(own) else {
            found.push(file.at(1, format!("`{own}` has no row in KNOWS: say what it may name")));
            continue;
        };
        for (line, path) in names(file) {
            let mut parts = path.split("::");
            let ("keyward", Some(other)) = (parts.next().unwrap_or_default(), parts.next()) else { continue };
            if modules.contains(other) && other != own && *may != ANY && !may.contains(&other) {
                found.push(file.at(line, format!("`{own}` may not name `{other}`; put them together in `app`")));
            }
        }
    }
    found
}

/// A connector, a method or a channel does not know its neighbors.
pub(crate) fn strangers(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for folder in STRANGERS {
        let parts = parts_of(tree, folder);
        for file in tree.shipped().filter(|file| file.module().first() == Some(folder)) {
            let Some(own) = file.module().get(1).copied() else { continue };
            for (line, path) in names(file) {
                let other = parts.iter().find(|part| is_or_in(&path, &format!("keyward::{folder}::{part}")));
                if let Some(other) = other.filter(|other| **other != own) {
                    found.push(
                        file.at(line, format!("`{own}` may not name `{other}`; what both need goes to `mod.rs`")),
                    );
                }
            }
        }
    }
    found
}

/// Each library of the outside world is named in one place.
pub(crate) fn libraries(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.shipped() {
        for (library, places) in LIBRARIES {
            if places.iter().any(|place| file.path.starts_with(place)) {
                continue;
            }
            for (line, _) in names(file).iter().filter(|(_, path)| is_or_in(path, library)) {
                found.push(file.at(*line, format!("`{library}` is named only under {}", places.join(", "))));
            }
        }
    }
    found
}

/// The core touches nothing.
pub(crate) fn pure_core(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.shipped().filter(|file| file.path.starts_with("crates/core/src/")) {
        for (line, path) in names(file) {
            if NOT_IN_CORE.iter().any(|never| is_or_in(&path, never)) {
                found.push(file.at(line, format!("the core may not name `{path}`; take the value as a parameter")));
            }
        }
    }
    found
}

/// Only the reissue job turns a committed start into a permit, and only connectors take one.
pub(crate) fn permit(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.shipped().filter(|file| !PERMIT.iter().any(|place| file.path.starts_with(place))) {
        for (line, path) in names(file) {
            if path.split("::").any(|part| part == "Permit") {
                found.push(file.at(line, "`Permit` is named only by connectors and `jobs/reissue`"));
            }
        }
    }
    found
}

/// One type may call a value durable, and it is the store's.
pub(crate) fn one_ledger(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut seen = 0;
    for file in tree.shipped() {
        for line in lines_with(&without_tests(&file.code), "Ledger for ") {
            seen += 1;
            if seen > 1 || !file.path.starts_with("crates/server/src/store/") {
                found.push(file.at(line, "only the store implements `Ledger`, once"));
            }
        }
    }
    found
}

/// A page that shows a secret says so, and is not compressed (BREACH). A cookie is no page.
pub(crate) fn secret_pages(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.shipped().filter(|file| file.path.starts_with("crates/server/src/web/")) {
        let code = without_tests(&file.code);
        if code.contains("with_secret(") {
            continue;
        }
        let shown = |line: &&usize| !code.lines().nth(**line - 1).is_some_and(|code| code.contains("Cookie::new("));
        let lines = lines_with(&code, ".expose().clone()");
        found.extend(
            lines.iter().filter(shown).map(|line| file.at(*line, "a page with a secret is answered `with_secret`")),
        );
    }
    found
}

/// The features in a folder of the server: its modules without `mod.rs`, tests and shared words.
pub(crate) fn parts_of<'a>(tree: &'a Tree, folder: &str) -> BTreeSet<&'a str> {
    let shared: &[&str] = PARTS.iter().find(|(name, _)| *name == folder).map_or(&[], |(_, shared)| shared);
    let modules = tree.shipped().map(File::module).filter(|module| module.first() == Some(&folder));
    modules.filter_map(|module| module.get(1).copied()).filter(|part| !shared.contains(part)).collect()
}

/// Every feature stands in the list of its folder, and what is called shared exists.
pub(crate) fn registered(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (folder, shared) in PARTS {
        let Some(list) = tree.get(&format!("crates/server/src/{folder}/mod.rs")) else { continue };
        let line = list.lines_with("fn all(").first().copied().unwrap_or(1);
        // The text and not the code: a list may be one of names in quotes.
        let all = list.text.split_once("fn all(").map_or("", |(_, after)| block(after));
        let words: BTreeSet<&str> = all.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        for part in parts_of(tree, folder) {
            if !words.contains(part) {
                found.push(list.at(line, format!("`{part}` is not in `all()`; add it, or to PARTS if it is shared")));
            }
        }
        for file in shared.iter().filter(|file| !tree.has(&format!("crates/server/src/{folder}/{file}.rs"))) {
            found.push(list.at(1, format!("PARTS calls `{file}` shared, and it does not exist")));
        }
    }
    found
}

/// A file is short enough to be read at once.
pub(crate) fn sizes(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.rust() {
        let most = if file.is_test() { LINES_OF_TESTS } else { LINES };
        let lines = file.text.lines().count();
        if lines > most {
            found.push(file.at(lines, format!("{lines} lines, and the limit is {most}; split by subject")));
        }
    }
    found
}

/// A file opens with what it is for.
pub(crate) fn purpose(tree: &Tree) -> Vec<Violation> {
    let silent = tree.rust().filter(|file| !file.text.starts_with("//! "));
    silent.map(|file| file.at(1, "open with `//!`: what it is for and what it does not do")).collect()
}

/// Every Rust file is reached by `mod` from a root.
pub(crate) fn dead_files(tree: &Tree) -> Vec<Violation> {
    let is_root = |path: &str| {
        let inner = path.splitn(3, '/').nth(2).unwrap_or_default();
        let parts: Vec<&str> = inner.split('/').collect();
        matches!(*parts, ["build.rs"] | ["src", "lib.rs" | "main.rs"] | ["tests" | "examples" | "benches", _])
            || matches!(*parts, ["tests" | "benches", _, "main.rs"] | ["src", "bin", _])
    };
    let mut todo: Vec<&File> = tree.rust().filter(|file| is_root(&file.path)).collect();
    let mut alive: BTreeSet<&str> = todo.iter().map(|file| file.path.as_str()).collect();
    while let Some(file) = todo.pop() {
        let (folder, name) = file.path.rsplit_once('/').unwrap();
        let at_home = name == "mod.rs" || is_root(&file.path);
        let home = if at_home { folder.to_owned() } else { file.path.trim_end_matches(".rs").to_owned() };
        for candidate in declared(file, folder, &home) {
            if let Some(next) = tree.get(&candidate).filter(|next| alive.insert(&next.path)) {
                todo.push(next);
            }
        }
    }
    let dead = tree.rust().filter(|file| !alive.contains(file.path.as_str()));
    dead.map(|file| file.at(1, "no `mod` reaches this file; declare or delete it")).collect()
}

/// Where the modules can be that a file declares and does not hold.
pub(crate) fn declared(file: &File, folder: &str, home: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut given = None;
    for (text, code) in file.text.lines().zip(file.code.lines().map(str::trim)) {
        let words: Vec<&str> = code.strip_suffix(';').unwrap_or_default().split_whitespace().collect();
        match *words {
            [.., "mod", name] => match given.take() {
                Some(path) => found.push(joined(folder, path)),
                None => found.extend([format!("{home}/{name}.rs"), format!("{home}/{name}/mod.rs")]),
            },
            _ if code.starts_with("#[path") => given = text.split('"').nth(1),
            _ => {}
        }
    }
    found
}

/// What lies beside the code is used by it.
pub(crate) fn named_files(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (folder, ending, bare) in NAMED {
        for file in tree.under(folder).filter(|file| file.path.ends_with(ending)) {
            let name = file.path.trim_start_matches(folder);
            let name = if *bare { name.trim_end_matches(ending) } else { name };
            let wanted = [format!("\"{name}\""), format!("/{name}\"")];
            let users = tree.under("crates/server/").filter(|user| user.is_rust() || user.path.ends_with(".html"));
            if !users.into_iter().any(|user| wanted.iter().any(|wanted| user.text.contains(wanted))) {
                found.push(file.at(1, format!("nothing names `{name}`; use or delete it")));
            }
        }
    }
    found
}

/// A name says what is in it.
pub(crate) fn vague_names(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.rust() {
        let parts = file.path.trim_end_matches(".rs").split(['/', '_', '-']);
        for part in parts.filter(|part| VAGUE.contains(part)) {
            found.push(file.at(1, format!("`{part}` says nothing; name the file by its subject")));
        }
        for (line, number) in file.code.lines().zip(1..) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let item = words.windows(2).find(|two| matches!(two[0], "struct" | "enum" | "trait" | "mod"));
            let name = item.map_or("", |two| two[1].trim_matches(|c: char| !c.is_alphanumeric() && c != '_'));
            let last = name.rsplit('_').next().unwrap_or_default();
            let camel = last.rfind(char::is_uppercase).map_or(last, |at| &last[at..]).to_lowercase();
            if VAGUE.contains(&camel.as_str()) {
                found.push(file.at(number, format!("`{name}` says nothing; name it by its subject")));
            }
        }
    }
    found
}

/// A test that does not run is no test.
pub(crate) fn no_ignored_test(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.rust() {
        for line in lines_with(&file.code, "#[ignore").into_iter().chain(lines_with(&file.code, ", ignore)")) {
            found.push(
                file.at(line, "run it, delete it, or print `SKIP <what>: <why>` where the machine lacks something"),
            );
        }
    }
    found
}
