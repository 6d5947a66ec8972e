//! Reads typed values out of the layers and keeps, for each, where it came from and how it may be shown.
//!
//! It collects every problem instead of stopping at the first.

use std::collections::BTreeMap;

use serde_json::Value;

use super::environment::variable;
use super::keys;
use super::layers::{Found, Layers, Written, with_instance};
use super::problem::{Origin, Problem};
use super::setting::{Bound, Complaint, Fallback, Key, Raw, Section, Setting};

/// What `config show` prints for one key. It is made from the typed value, so that a secret has nothing to show.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The key with dots: `mail.port`.
    pub key: String,
    /// The value, `null` if unset.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
    /// The value is a secret; what is shown is not.
    pub secret: bool,
}

/// Reads keys one after the other.
pub struct Reader<'a> {
    pub(super) layers: &'a mut Layers,
    demo: bool,
    /// The directory whose table is being read.
    pub(super) instance: Option<String>,
    derived: BTreeMap<&'static str, String>,
    pub(super) shown: Vec<Shown>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(layers: &'a mut Layers, demo: bool) -> Self {
        let problems = std::mem::take(&mut layers.problems);
        let warnings = std::mem::take(&mut layers.warnings);
        Self { layers, demo, instance: None, derived: BTreeMap::new(), shown: Vec::new(), problems, warnings }
    }

    /// A whole section.
    pub(super) fn section<S: Section>(&mut self) -> Option<S> {
        S::read(self)
    }

    /// A section that may be left out. The outer `None` is a problem, the inner one is its absence.
    pub(super) fn optional<S: Section>(&mut self) -> Option<Option<S>> {
        if self.layers.has_table(&self.place(S::INFO.path)) { S::read(self).map(Some) } else { Some(None) }
    }

    /// The path with the name of the directory in it.
    pub(super) fn place(&self, path: &str) -> String {
        self.instance.as_ref().map_or_else(|| path.to_owned(), |instance| with_instance(path, instance))
    }

    /// The value of a key that was read without a problem, as it is shown; `null` if it is unset.
    pub(super) fn value(&self, path: &str) -> Option<&Value> {
        self.shown.iter().rfind(|shown| shown.key == path).map(|shown| &shown.value)
    }

    /// Where a key that was read came from.
    pub(super) fn origin(&self, path: &str) -> Origin {
        self.shown.iter().rfind(|shown| shown.key == path).map_or(Origin::Default, |shown| shown.origin.clone())
    }

    /// A problem with a key that was read.
    pub(super) fn complain(&mut self, path: &str, what: impl Into<String>, hint: &str) {
        let problem = Problem::new(self.origin(path), path, what).hint(Some(hint.into()));
        self.problems.push(problem);
    }

    /// A problem with a table as a whole.
    pub(super) fn complain_of_table(&mut self, path: &str, what: impl Into<String>, hint: &str) {
        let origin = self.layers.table(path).cloned().unwrap_or(Origin::Default);
        self.problems.push(Problem::new(origin, path, what).hint(Some(hint.into())));
    }

    /// Something that works and had better be different.
    pub(super) fn warn(&mut self, path: &str, what: impl Into<String>, hint: &str) {
        let problem = Problem::new(self.origin(path), path, what).hint(Some(hint.into()));
        self.warnings.push(problem);
    }

    /// One key. `None` means that a problem was noted.
    pub(super) fn read<T: Setting>(&mut self, section: &'static str, name: &'static str) -> Option<T> {
        let key = keys::key(section, name)?;
        let path = self.place(&key.path());
        let (value, origin) = match self.layers.take(&path) {
            Some(found) => self.written::<T>(&path, found)?,
            None => self.fallback::<T>(key, &path)?,
        };
        if let Some(number) = value.number() {
            self.bounds(key, &path, number, &origin)?;
        }
        let shown = value.shown();
        self.derived.extend(keys::followers(&path, &shown));
        self.shown.push(Shown { key: path, value: shown, origin, secret: key.secret });
        Some(value)
    }

    fn written<T: Setting>(&mut self, path: &str, found: Found) -> Option<(T, Origin)> {
        let (raw, origin) = match found.written {
            Written::Value(raw) => (raw, found.origin),
            Written::Pointer(file) => {
                let origin = match found.origin {
                    Origin::Credential(name) => Origin::Credential(name),
                    by => Origin::Pointed { by: Box::new(by), path: file.clone() },
                };
                match std::fs::read_to_string(&file) {
                    Ok(text) => (Raw::Word(text.strip_suffix('\n').unwrap_or(&text).to_owned()), origin),
                    Err(error) => {
                        let what = format!("`{path}` cannot be read from `{}`: {error}", file.display());
                        self.problems.push(Problem::new(origin, path, what));
                        return None;
                    }
                }
            }
        };
        match T::read(&raw) {
            Ok(value) => Some((value, origin)),
            Err(Complaint { what, hint }) => {
                let space = if what.starts_with('`') { ": " } else { " " };
                self.problems.push(Problem::new(origin, path, format!("`{path}`{space}{what}")).hint(hint));
                None
            }
        }
    }

    fn fallback<T: Setting>(&mut self, key: &Key, path: &str) -> Option<(T, Origin)> {
        let (word, origin) = match key.spec.fallback {
            Fallback::Unset(_) => return T::absent().map(|value| (value, Origin::Default)),
            Fallback::Is(word) => (word.to_owned(), Origin::Default),
            Fallback::Required { demo: Some(word) } if self.demo => (word.to_owned(), Origin::Default),
            // What it follows has a problem of its own.
            Fallback::Derived { how, .. } => (self.derived.get(path).cloned()?, Origin::Derived(how)),
            Fallback::Required { .. } => {
                self.missing(key, path);
                return None;
            }
        };
        // That each default reads as its own type is a test.
        T::read(&Raw::Word(word)).ok().map(|value| (value, origin))
    }

    fn missing(&mut self, key: &Key, path: &str) {
        // A table that only the environment made has no place in the file.
        let top = keys::section(key.section).is_some_and(|info| !info.optional && !info.repeated);
        let start = |path| Origin::File { path, line: 1, column: 1 };
        let origin = self.layers.table(&self.place(key.section)).cloned();
        let origin = origin.or_else(|| self.layers.file.clone().filter(|_| top).map(start));
        let table = match keys::section(key.section) {
            Some(info) if info.repeated => format!("[[{}]]", key.section),
            _ => format!("[{}]", key.section),
        };
        let variable = self
            .instance
            .as_ref()
            .map_or_else(|| variable(key), |name| variable(key).replace("<NAME>", &name.to_uppercase()));
        let hint = match key.sample().filter(|_| !key.secret) {
            // The name of a directory is in the names of its variables.
            Some(sample) if table.starts_with("[[") => {
                format!("write {} = {sample} in {table}", key.name)
            }
            Some(sample) => format!("write {} = {sample} in {table}, or set {variable}", key.name),
            None => format!("write {}_file in {table}, or set {variable}_FILE", key.name),
        };
        let problem = Problem::new(origin.unwrap_or(Origin::Default), path, format!("`{path}` is missing"));
        self.problems.push(problem.hint(Some(hint)));
    }

    fn bounds(&mut self, key: &Key, path: &str, number: i64, origin: &Origin) -> Option<()> {
        let unit = match key.kind.words {
            "number" | "port" => String::new(),
            words => format!(" {words}"),
        };
        let outside = |bound: &Bound, word: &str| {
            format!("`{path}` is {number}{unit}; the {word} is {} ({})", bound.value, bound.rule)
        };
        let spec = &key.spec;
        let refused = match (&spec.at_least, &spec.at_most) {
            (Some(bound), _) if number < bound.value => Some(outside(bound, "least")),
            (_, Some(bound)) if number > bound.value => Some(outside(bound, "most")),
            _ => None,
        };
        let hint = match spec.fallback {
            Fallback::Is(word) => Some(format!("the default is {word}")),
            _ => None,
        };
        if let Some(what) = refused {
            self.problems.push(Problem::new(origin.clone(), path, what).hint(hint));
            return None;
        }
        if let Some(bound) = spec.better_at_most.as_ref().filter(|bound| number > bound.value) {
            let what = outside(bound, "recommended most");
            self.warnings.push(Problem::new(origin.clone(), path, what).hint(hint));
        }
        Some(())
    }
}
