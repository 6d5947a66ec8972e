//! Configuration: one typed value, read once at start, with the origin of each part.
//!
//! Reading order: [`keys`] is the table of everything that can be set. [`layers`] finds what was written (flag, environment, credential,
//! file), [`reader`] makes typed values of it, [`check`] holds rules about several at once. [`schema`] and [`docs`] print the table.
//!
//! Not here: opening a connection or a key. A configuration that loads is complete and consistent; whether the world answers is `doctor`'s.

pub mod addresses;
mod check;
pub mod docs;
pub mod environment;
mod file;
mod hours;
pub mod keys;
pub mod layers;
mod nearest;
pub mod problem;
pub mod reader;
pub mod schema;
pub mod setting;
pub mod types;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use layers::{DEFAULT_FILE, Environment, FileSource, FlagValue, Sources};
pub use problem::{ConfigError, Origin, Problem};
pub use reader::Shown;

use keys::{
    Classes, ContactAge, Contacts, Database, DirectoryTable, Limits, Log, Mail, OpenLdap, Passwords, Policy, Server,
    Sessions, Worker,
};
use layers::{Found, Written};
use reader::Reader;
use setting::{Raw, Section as _};
use types::{DirectoryKind, Name};

/// Everything that can be set, complete and consistent.
#[derive(Debug)]
pub struct Config {
    /// How people and machines reach Keyward.
    pub server: Server,
    /// Where cases and the log are kept.
    pub database: Database,
    /// The tamper-evident log.
    pub log: Log,
    /// The part that changes accounts.
    pub worker: Worker,
    /// The directories, at least one, with different names.
    pub directories: Vec<Directory>,
    /// The mail relay, if there is one.
    pub mail: Option<Mail>,
    /// The gate.
    pub policy: Policy,
    /// Which groups make which class.
    pub classes: Classes,
    /// Lives and tries.
    pub limits: Limits,
    /// What a new password has to be.
    pub passwords: Passwords,
    /// How long staff stay signed in.
    pub sessions: Sessions,
    /// Recently changed contacts.
    pub contacts: Contacts,
    /// How old a contact must be to count.
    pub contact_age: ContactAge,
}

/// A directory whose accounts are recovered.
#[derive(Debug)]
pub struct Directory {
    /// Its name in cases.
    pub name: Name,
    /// What it is and how to reach it.
    pub source: DirectorySource,
}

/// What a directory is.
#[derive(Debug)]
pub enum DirectorySource {
    /// Keyward's own, in its database.
    Embedded,
    /// An OpenLDAP server.
    OpenLdap(Box<OpenLdap>),
}

/// A configuration and what there is to say about it.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Every key with its origin, in the order of the table. Secrets show nothing.
    pub values: Vec<Shown>,
    /// What works and had better be different.
    pub warnings: Vec<Problem>,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
}

/// Reads the configuration. All that is wrong comes back in one error.
pub fn load(sources: &Sources<'_>) -> Result<Loaded, ConfigError> {
    let mut layers = layers::collect(sources)?;
    // Mistakes in the grammar of the file make everything else unsure.
    if layers.problems.iter().any(|problem| problem.key.is_empty() && matches!(problem.origin, Origin::File { .. })) {
        return Err(ConfigError::Wrong(layers.problems));
    }
    let mut reader = Reader::new(&mut layers, sources.demo);
    let config = read(&mut reader);
    let Reader { shown, mut problems, mut warnings, .. } = reader;
    problems.sort_by(Problem::by_place);
    warnings.sort_by(Problem::by_place);
    match config {
        Some(config) if problems.is_empty() => Ok(Loaded { config, values: shown, warnings, file: layers.file }),
        _ => Err(ConfigError::Wrong(problems)),
    }
}

/// Reads every section before it gives up, so that every mistake is in the list.
fn read(reader: &mut Reader<'_>) -> Option<Config> {
    let (server, database, log, worker) = (reader.section(), reader.section(), reader.section(), reader.section());
    let directories = directories(reader);
    let mail = reader.optional();
    let (policy, classes, limits) = (reader.section(), reader.section(), reader.section());
    let (passwords, sessions) = (reader.section(), reader.section());
    let (contacts, contact_age) = (reader.section(), reader.section());
    check::together(reader);
    Some(Config {
        server: server?,
        database: database?,
        log: log?,
        worker: worker?,
        directories: directories?,
        mail: mail?,
        policy: policy?,
        classes: classes?,
        limits: limits?,
        passwords: passwords?,
        sessions: sessions?,
        contacts: contacts?,
        contact_age: contact_age?,
    })
}

fn directories(reader: &mut Reader<'_>) -> Option<Vec<Directory>> {
    let mut names = reader.layers.instances.clone();
    if names.is_empty() {
        let written = Written::Value(Raw::Word("main".into()));
        reader.layers.put("directory.main.name".into(), Found { written, origin: Origin::Default });
        names.push("main".into());
    }
    let mut directories = Vec::new();
    let mut complete = true;
    for name in names {
        reader.instance = Some(name);
        match directory(reader) {
            Some(directory) => directories.push(directory),
            None => complete = false,
        }
    }
    reader.instance = None;
    complete.then_some(directories)
}

fn directory(reader: &mut Reader<'_>) -> Option<Directory> {
    let table: Option<DirectoryTable> = reader.section();
    let details = reader.place(OpenLdap::INFO.path);
    let source = match table.as_ref().map(|table| table.kind) {
        Some(DirectoryKind::Embedded) if reader.layers.has_table(&details) => {
            let kind = reader.place("directory.kind");
            reader.complain_of_table(
                &details,
                format!("`{kind}` is embedded and there is a table [directory.openldap]"),
                "write kind = \"openldap\", or remove the table",
            );
            None
        }
        Some(DirectoryKind::Embedded) => Some(DirectorySource::Embedded),
        // With a wrong kind, what is there is looked at all the same.
        None if !reader.layers.has_table(&details) => None,
        Some(DirectoryKind::OpenLdap) | None => {
            let ldap = reader.section().map(Box::new).map(DirectorySource::OpenLdap);
            check::openldap(reader);
            ldap
        }
    };
    Some(Directory { name: table?.name, source: source? })
}
