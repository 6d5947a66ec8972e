//! Where values come from, one layer over the other: command-line flag, environment, systemd credential, file. The default is below them all.
//!
//! Each value keeps its origin. Secrets may also be named by file: `password_file` in the file, `…_FILE` in the environment.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::environment;
use super::file::{self, FileLayer};
use super::keys::{SECTIONS, section};
use super::problem::{ConfigError, Origin, Problem};
use super::setting::{Key, Raw};

/// Origins by path.
pub(super) type Origins = BTreeMap<String, Origin>;

/// Where the file is when nobody says otherwise.
pub const DEFAULT_FILE: &str = "/etc/keyward/keyward.toml";

/// The environment of the process, taken once at the edge.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
    /// All variables in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for Environment {
    /// How many, and nothing of them: the environment holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} variables", self.0.len())
    }
}

/// A setting made by a command-line flag, such as `serve --role worker`.
#[derive(Clone, Debug)]
pub struct FlagValue {
    /// The key: `server.role`.
    pub key: &'static str,
    /// What was typed.
    pub value: String,
    /// The flag: `--role`.
    pub flag: &'static str,
}

/// Which file.
#[derive(Clone, Copy, Debug, Default)]
pub enum FileSource<'a> {
    /// [`DEFAULT_FILE`] if it exists; a demonstration reads none.
    #[default]
    Default,
    /// This one, which has to exist.
    At(&'a Path),
    /// This text, which is not yet in the file of that name.
    Text(&'a Path, &'a str),
}

/// Everything that a configuration is read from.
#[derive(Clone, Debug)]
pub struct Sources<'a> {
    /// The file.
    pub file: FileSource<'a>,
    /// The environment.
    pub environment: &'a Environment,
    /// What flags say; they win over everything.
    pub flags: &'a [FlagValue],
    /// For `keyward demo`: required keys take their demo value and no file is read unless one is named.
    pub demo: bool,
}

/// How a value was written.
#[derive(Clone, Debug)]
pub(super) enum Written {
    /// The value itself.
    Value(Raw),
    /// The file that it is in.
    Pointer(PathBuf),
}

/// A value and where it was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) written: Written,
    pub(super) origin: Origin,
}

/// All layers, merged.
#[derive(Default)]
pub(super) struct Layers {
    found: BTreeMap<String, Found>,
    tables: Origins,
    /// Names of the tables `[[directory]]`: those of the file in their order, then those of the environment.
    pub(super) instances: Vec<String>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
    /// The file that was read, if any.
    pub(super) file: Option<PathBuf>,
}

/// Finds and merges everything that was written.
pub(super) fn collect(sources: &Sources<'_>) -> Result<Layers, ConfigError> {
    let (path, text) = read_file(sources)?;
    let FileLayer { found, tables, instances, problems } = match (&path, &text) {
        (Some(path), Some(text)) => file::read(path, text),
        _ => FileLayer::default(),
    };
    let mut layers = Layers { tables, instances, problems, file: path, ..Layers::default() };
    // From the strongest to the weakest: what is there stays.
    for FlagValue { key, value, flag } in sources.flags {
        let origin = Origin::Flag((*flag).into());
        layers.put((*key).into(), Found { written: Written::Value(Raw::Word(value.clone())), origin });
    }
    environment::add(sources.environment, &mut layers);
    if let Some(directory) = sources.environment.get("CREDENTIALS_DIRECTORY") {
        layers.add_credentials(Path::new(directory));
    }
    for (path, found) in found {
        layers.put(path, found);
    }
    Ok(layers)
}

fn read_file(sources: &Sources<'_>) -> Result<(Option<PathBuf>, Option<String>), ConfigError> {
    let path = match sources.file {
        FileSource::At(path) => path.to_owned(),
        FileSource::Text(path, text) => return Ok((Some(path.to_owned()), Some(text.to_owned()))),
        FileSource::Default if sources.demo => return Ok((None, None)),
        FileSource::Default => PathBuf::from(DEFAULT_FILE),
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok((Some(path), Some(text))),
        // Everything may come from the environment, so only a file that was asked for has to be there.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && matches!(sources.file, FileSource::Default) => {
            Ok((None, None))
        }
        Err(source) => Err(ConfigError::Unreadable { path, source }),
    }
}

impl Layers {
    /// Puts a value under what is there.
    pub(super) fn put(&mut self, path: String, found: Found) {
        self.found.entry(path).or_insert(found);
    }

    /// Takes the value out; what is left at the end was never asked for.
    pub(super) fn take(&mut self, path: &str) -> Option<Found> {
        self.found.remove(path)
    }

    /// Was anything written in this table, be it only its name?
    pub(super) fn has_table(&self, path: &str) -> bool {
        let inside = format!("{path}.");
        self.tables.contains_key(path) || self.found.keys().any(|key| key.starts_with(&inside))
    }

    /// Where the table starts, if it is in the file.
    pub(super) fn table(&self, path: &str) -> Option<&Origin> {
        self.tables.get(path)
    }

    /// Secrets, and files that may be credentials. The name of a credential is the key's, without `_file`.
    fn add_credentials(&mut self, directory: &Path) {
        let mut rows: Vec<(String, &'static Key)> = Vec::new();
        for info in SECTIONS {
            let parent = info.path.split('.').next().and_then(section).is_some_and(|info| info.repeated);
            for key in info.keys.iter().filter(|key| key.secret || key.spec.credential.is_some()) {
                if !parent {
                    rows.push((key.path(), key));
                }
                for instance in self.instances.iter().filter(|_| parent) {
                    rows.push((with_instance(&key.path(), instance), key));
                }
            }
        }
        for (path, key) in rows {
            let name = key.spec.credential.map_or_else(|| path.clone(), str::to_owned);
            let file = directory.join(&name);
            if !file.exists() {
                continue;
            }
            let origin = Origin::Credential(name);
            let written =
                if key.secret { Written::Pointer(file) } else { Written::Value(Raw::Word(file.display().to_string())) };
            self.put(path, Found { written, origin });
        }
    }
}

/// `directory.openldap.url` and `main` make `directory.main.openldap.url`.
pub(super) fn with_instance(path: &str, instance: &str) -> String {
    match path.split_once('.') {
        Some((first, rest)) => format!("{first}.{instance}.{rest}"),
        None => format!("{path}.{instance}"),
    }
}
