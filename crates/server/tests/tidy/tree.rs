//! The repository as values: files, and what a rule finds in them.

use std::{collections::BTreeSet, fmt, fs, path::Path};

use crate::code::code_of;

pub(crate) struct File {
    /// From the root of the repository, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// For Rust: the text without comments and strings, line for line.
    pub(crate) code: String,
}

impl File {
    pub(crate) fn new(path: &str, text: String) -> Self {
        let code = if path.ends_with(".rs") { code_of(&text) } else { String::new() };
        Self { path: path.to_owned(), text, code }
    }
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
    pub(crate) fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("_tests.rs") || self.path.ends_with("/tests.rs")
    }
    pub(crate) fn at(&self, line: usize, what: impl Into<String>) -> Violation {
        Violation { place: format!("{}:{line}", self.path), what: what.into() }
    }
    /// The lines of the text that contain `what`, from 1.
    pub(crate) fn lines_with(&self, what: &str) -> Vec<usize> {
        lines_with(&self.text, what)
    }
    /// `crates/server/src/store/db.rs` is `["store", "db"]`; a `mod.rs` is its folder, `lib.rs` and `main.rs` are nothing.
    pub(crate) fn module(&self) -> Vec<&str> {
        let inner = self.path.split_once("/src/").map_or(self.path.as_str(), |(_, inner)| inner);
        let parts = inner.trim_end_matches(".rs").split('/');
        parts.filter(|part| !matches!(*part, "mod" | "lib" | "main")).collect()
    }
}

pub(crate) fn lines_with(text: &str, what: &str) -> Vec<usize> {
    text.lines().zip(1..).filter(|(line, _)| line.contains(what)).map(|(_, number)| number).collect()
}

pub(crate) struct Tree(pub(crate) Vec<File>);

impl Tree {
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| File::new(path, (*text).to_owned())).collect())
    }
    pub(crate) fn get(&self, path: &str) -> Option<&File> {
        self.0.iter().find(|file| file.path == path)
    }
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.0.iter().filter(|file| file.is_rust())
    }
    /// Rust of `src/` folders that ships: no tests.
    pub(crate) fn shipped(&self) -> impl Iterator<Item = &File> {
        self.rust().filter(|file| file.path.contains("/src/") && !file.is_test())
    }
    pub(crate) fn under<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a File> {
        self.0.iter().filter(move |file| file.path.starts_with(folder))
    }
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.0.iter().any(|file| file.path == path || file.path.starts_with(&folder))
    }
    /// The modules of the server, first level.
    pub(crate) fn modules(&self) -> BTreeSet<&str> {
        self.under("crates/server/src/").filter(|f| f.is_rust()).filter_map(|f| f.module().first().copied()).collect()
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Violation {
    pub(crate) place: String,
    pub(crate) what: String,
}
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// All files of the repository, without what `.gitignore` names from the root.
pub(crate) fn repository() -> Tree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let ignored = fs::read_to_string(root.join(".gitignore")).unwrap();
    let ignored: BTreeSet<&str> = ignored.lines().filter_map(|line| line.strip_prefix('/')).collect();
    let mut files = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}{}", entry.file_name().to_string_lossy());
            if path == ".git" || ignored.contains(path.as_str()) {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                folders.push(path + "/");
            } else {
                // What is no text is there all the same: pages link to pictures.
                let text = String::from_utf8(fs::read(entry.path()).unwrap()).unwrap_or_default();
                files.push(File::new(&path, text));
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Tree(files)
}

/// A path relative to a folder, from the root of the repository.
pub(crate) fn joined(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            _ => parts.push(part),
        }
    }
    parts.join("/")
}
