//! The configuration file: TOML text to found values, each with its place.
//!
//! It knows which keys exist, not whether their values are right; that is the reader's.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{SECTIONS, key, secret_behind, section};
use super::layers::{Found, Origins, Written};
use super::nearest::nearest;
use super::problem::{Origin, Problem};
use super::setting::{Raw, SectionInfo, Setting};
use super::types::Name;

/// A value of TOML without its place.
pub(super) fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.clone().into_owned()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Raw::Other("a number this long"), Raw::Integer)
        }
        DeValue::Boolean(value) => Raw::Boolean(*value),
        DeValue::Array(items) => Raw::List(items.iter().map(|item| raw(item.get_ref())).collect()),
        DeValue::Float(_) => Raw::Other("a number with a point"),
        DeValue::Datetime(_) => Raw::Other("a date"),
        DeValue::Table(_) => Raw::Other("a table"),
    }
}

/// What a file says.
#[derive(Default)]
pub(super) struct FileLayer {
    pub(super) found: BTreeMap<String, Found>,
    /// Where each table starts, by its path.
    pub(super) tables: Origins,
    /// Names of the tables `[[directory]]`, in order.
    pub(super) instances: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

struct Walk<'a> {
    path: &'a Path,
    text: &'a str,
    layer: FileLayer,
}

/// Reads the text of a file. Mistakes in the grammar end the matter, since what follows one cannot be trusted.
pub(super) fn read(path: &Path, text: &str) -> FileLayer {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut walk = Walk { path, text, layer: FileLayer::default() };
    for error in errors {
        let offset = error.span().map_or(text.len(), |span| span.start);
        let what = format!("is not TOML: {}", error.message().replace('\n', ", "));
        walk.layer.problems.push(Problem::new(walk.origin(offset), "", what));
    }
    if walk.layer.problems.is_empty() {
        walk.root(document.get_ref());
    }
    walk.layer
}

impl Walk<'_> {
    fn origin(&self, offset: usize) -> Origin {
        Origin::in_file(self.path, self.text, offset)
    }

    fn problem(&mut self, offset: usize, key: &str, what: String, hint: Option<String>) {
        let problem = Problem::new(self.origin(offset), key, what).hint(hint);
        self.layer.problems.push(problem);
    }

    fn root(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let (offset, name) = (name.span().start, name.get_ref().as_ref());
            match section(name) {
                Some(info) if info.repeated => self.repeated(info, value, offset),
                Some(info) => self.section(info, info.path, value, offset),
                None => self.unknown_at_top(name, value, offset),
            }
        }
    }

    fn unknown_at_top(&mut self, name: &str, value: &Spanned<DeValue<'_>>, offset: usize) {
        if let Some(home) = SECTIONS.iter().find(|info| info.keys.iter().any(|key| key.name == name)) {
            return self.problem(
                offset,
                name,
                format!("unknown key `{name}` before the first table"),
                Some(format!("`{name}` belongs in [{}]", home.path)),
            );
        }
        let what = match value.get_ref() {
            DeValue::Table(_) | DeValue::Array(_) => format!("unknown table `{name}`"),
            _ => format!("unknown key `{name}`"),
        };
        let top = SECTIONS.iter().map(|info| info.path).filter(|path| !path.contains('.'));
        let hint = nearest(name, top).map(|near| format!("did you mean `{near}`?"));
        self.problem(offset, name, what, hint);
    }

    fn repeated(&mut self, info: &'static SectionInfo, value: &Spanned<DeValue<'_>>, offset: usize) {
        let DeValue::Array(items) = value.get_ref() else {
            let hint = format!("write it in double brackets: [[{}]]", info.path);
            return self.problem(offset, info.path, format!("`{}` must be a list of tables", info.path), Some(hint));
        };
        for (index, item) in items.iter().enumerate() {
            let start = item.span().start;
            let DeValue::Table(table) = item.get_ref() else {
                self.problem(start, info.path, format!("`{}` must be a list of tables", info.path), None);
                continue;
            };
            let name = table.get("name").and_then(|name| Name::read(&raw(name.get_ref())).ok());
            // A table without a good name is still looked at, under a name nobody can type.
            let name = name.map_or_else(|| format!("({})", index + 1), |name| name.as_str().to_owned());
            if self.layer.instances.contains(&name) {
                self.problem(
                    start,
                    info.path,
                    format!("there are two tables [[{}]] with the name `{name}`", info.path),
                    Some("give one of them another name".into()),
                );
                continue;
            }
            let path = format!("{}.{name}", info.path);
            self.layer.instances.push(name);
            self.section(info, &path, item, start);
        }
    }

    /// `path` is the section's own path, for a repeated one with the name of this table in it.
    fn section(&mut self, info: &'static SectionInfo, path: &str, value: &Spanned<DeValue<'_>>, offset: usize) {
        let DeValue::Table(table) = value.get_ref() else {
            let what = format!("`{}` must be a table, not {}", info.path, raw(value.get_ref()).described());
            return self.problem(offset, path, what, Some(format!("write [{}] on a line of its own", info.path)));
        };
        let origin = self.origin(value.span().start);
        self.layer.tables.insert(path.to_owned(), origin);
        for (name, value) in table {
            let (offset, name) = (name.span().start, name.get_ref().as_ref());
            let inner = section(&format!("{}.{name}", info.path));
            if let Some(inner) = inner {
                self.section(inner, &format!("{path}.{name}"), value, offset);
            } else if let Some(base) = secret_behind(info.path, name) {
                self.pointer(&format!("{path}.{base}"), name, value);
            } else if key(info.path, name).is_some() {
                let origin = self.origin(value.span().start);
                let found = Found { written: Written::Value(raw(value.get_ref())), origin };
                self.put(format!("{path}.{name}"), found);
            } else {
                self.unknown(info, path, name, offset);
            }
        }
    }

    /// `password_file = "…"`: the value is in that file.
    fn pointer(&mut self, path: &str, name: &str, value: &Spanned<DeValue<'_>>) {
        let offset = value.span().start;
        match PathBuf::read(&raw(value.get_ref())) {
            Ok(file) => {
                let found = Found { written: Written::Pointer(file), origin: self.origin(offset) };
                self.put(path.to_owned(), found);
            }
            Err(complaint) => self.problem(offset, path, format!("`{name}` {}", complaint.what), complaint.hint),
        }
    }

    /// The grammar refuses the same key twice; this refuses a secret together with its `_file`.
    fn put(&mut self, path: String, found: Found) {
        match self.layer.found.entry(path) {
            Entry::Vacant(place) => {
                place.insert(found);
            }
            Entry::Occupied(place) => {
                let path = place.key().clone();
                let what = format!("`{path}` is written twice, as a value and as a file");
                let hint = Some("keep the one with `_file`".into());
                self.layer.problems.push(Problem::new(found.origin, path, what).hint(hint));
            }
        }
    }

    fn unknown(&mut self, info: &SectionInfo, path: &str, name: &str, offset: usize) {
        let hint = match nearest(name, info.names().iter().map(String::as_str)) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None => SECTIONS
                .iter()
                .find(|other| key(other.path, name).is_some())
                .map(|home| format!("`{name}` belongs in [{}]", home.path)),
        };
        self.problem(offset, &format!("{path}.{name}"), format!("unknown key `{name}` in [{}]", info.path), hint);
    }
}
