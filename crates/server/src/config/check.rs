//! Rules about two values together, and about the files that values name.
//!
//! Rules about one value alone are in its type ([`super::types`]) or its row ([`super::keys`]).

use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use serde_json::Value;

use super::addresses::{LdapUrl, is_loopback_name};
use super::problem::{Origin, Problem};
use super::reader::Reader;
use super::setting::{HIDDEN, Raw, Setting as _};
use super::types::Role;
use super::{Config, DirectorySource, Loaded, Shown};

/// All rules about two values. Each runs as soon as its values are right, whatever else is wrong, so that one reading finds everything.
pub(super) fn together(reader: &mut Reader<'_>) {
    tls(reader);
    exposed(reader);
    numbers(reader);
    help(reader);
    classes(reader);
    shared_sqlite(reader);
    sealing(reader);
    mail(reader);
    order(reader, "sessions.idle_minutes", "sessions.absolute_minutes", "the first could never happen");
}

fn is_set(reader: &Reader<'_>, path: &str) -> Option<bool> {
    reader.value(path).map(|value| !value.is_null())
}

fn text(reader: &Reader<'_>, path: &str) -> Option<String> {
    reader.value(path)?.as_str().map(str::to_owned)
}

/// Two optional keys that need each other.
fn both(reader: &mut Reader<'_>, one: &str, other: &str, hint: &str) {
    if let (Some(has_one), Some(has_other)) = (is_set(reader, one), is_set(reader, other))
        && has_one != has_other
    {
        let (given, lacking) = if has_one { (one, other) } else { (other, one) };
        reader.complain(given, format!("`{given}` needs `{lacking}`"), hint);
    }
}

/// Two numbers of which the first must not be greater.
fn order(reader: &mut Reader<'_>, less: &str, more: &str, why: &str) {
    let number = |path: &str| reader.value(path).and_then(Value::as_i64);
    if let (Some(a), Some(b)) = (number(less), number(more))
        && a > b
    {
        reader.complain(
            less,
            format!("`{less}` is {a} and `{more}` is {b}: {why}"),
            "make the first smaller or the second greater",
        );
    }
}

fn tls(reader: &mut Reader<'_>) {
    both(reader, "server.tls_cert_file", "server.tls_key_file", "write both or neither");
}

fn exposed(reader: &mut Reader<'_>) {
    let Some(listen) = text(reader, "server.listen").and_then(|listen| listen.parse::<SocketAddr>().ok()) else {
        return;
    };
    let plain = is_set(reader, "server.tls_cert_file") == Some(false);
    let alone = reader.value("server.trusted_proxies").and_then(Value::as_array).is_some_and(Vec::is_empty);
    if plain && alone && !listen.ip().is_loopback() {
        reader.warn(
            "server.listen",
            format!("`server.listen` is {listen}: other machines can connect without TLS"),
            "set tls_cert_file and tls_key_file, or name the proxy in front in trusted_proxies",
        );
    }
}

/// The numbers are nobody's secret, and they tell a stranger when to come: somebody should have meant it.
fn numbers(reader: &mut Reader<'_>) {
    let address = |reader: &Reader<'_>, path| text(reader, path).and_then(|text| text.parse::<SocketAddr>().ok());
    let Some(listen) = address(reader, "server.metrics_listen") else { return };
    if listen.port() != 0 && address(reader, "server.listen") == Some(listen) {
        let what = format!("`server.metrics_listen` and `server.listen` are both {listen}");
        reader.complain("server.metrics_listen", what, "give the numbers a port of their own");
    }
    if !listen.ip().is_loopback() {
        reader.warn(
            "server.metrics_listen",
            format!("`server.metrics_listen` is {listen}: other machines can read the numbers without sign-in"),
            "use a loopback address, or let only Prometheus reach that port",
        );
    }
}

fn help(reader: &mut Reader<'_>) {
    if is_set(reader, "server.help_phone") == Some(false) && is_set(reader, "server.help_place") == Some(false) {
        let what =
            "neither `server.help_phone` nor `server.help_place` is set: people who get stuck have nowhere to go";
        reader.warn("server.help_phone", what, "set one of them");
    }
}

/// What no class is said of counts as the strictest, and that one waits for people who agree.
fn classes(reader: &mut Reader<'_>) {
    if reader.value("classes.standard").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        let what = "`classes.standard` names no group: every account that no other class names counts as an administrator's, which nobody recovers alone";
        reader.warn("classes.standard", what, "name the groups of ordinary people: standard = [\"staff\"]");
    }
}

fn shared_sqlite(reader: &mut Reader<'_>) {
    let alone = text(reader, "server.role").is_none_or(|role| role == "all");
    if !alone && text(reader, "database.url").is_some_and(|url| url.starts_with("sqlite:")) {
        let what = "`server.role` is not all and `database.url` is SQLite, which one process cannot share with another";
        reader.complain("server.role", what, "use PostgreSQL, or the role all");
    }
}

/// Pages seal for the worker, and a process that only serves pages does not have the worker's key.
fn sealing(reader: &mut Reader<'_>) {
    let web = text(reader, "server.role").is_some_and(|role| role == Role::Web.as_str());
    if web && is_set(reader, "worker.seal_public_key") == Some(false) {
        let what =
            "`server.role` is web and `worker.seal_public_key` is not set: nothing could be handed to the worker";
        reader.complain("server.role", what, "copy worker.seal_public_key from the configuration of the worker");
    }
}

fn mail(reader: &mut Reader<'_>) {
    if let (Some("none"), Some(host)) = (text(reader, "mail.tls").as_deref(), text(reader, "mail.host"))
        && !is_loopback_name(&host)
    {
        let what = format!("`mail.tls` is none and `mail.host` is `{host}`: links would cross the network in clear");
        reader.complain("mail.tls", what, "use starttls or implicit; none is only for a relay on this machine");
    }
    both(
        reader,
        "mail.user",
        "mail.password",
        "write both or neither; the password may be in a file that password_file names",
    );
}

/// Whether a filter begins and ends as filters do (RFC 4515), which is what people forget. The connector reads all of it.
fn has_its_parentheses(filter: &str) -> bool {
    let count = |c| filter.matches(c).count();
    filter.starts_with('(') && filter.ends_with(')') && count('(') == count(')')
}

/// The rules of one OpenLDAP table, read for the reader's current directory.
pub(super) fn openldap(reader: &mut Reader<'_>) {
    let path = |name: &str| reader.place(&format!("directory.openldap.{name}"));
    let (url, start_tls, names) = (path("url"), path("start_tls"), path("name_attributes"));
    let distinguished = ["bind_dn", "base_dn", "group_base_dn", "default_policy_dn"].map(path);
    let filter = path("account_filter");
    let address = text(reader, &url).and_then(|url| LdapUrl::read(&Raw::Word(url)).ok());
    let upgraded = reader.value(&start_tls).and_then(Value::as_bool);
    match (address, upgraded) {
        (Some(address), Some(true)) if address.is_tls() => {
            reader.complain(
                &start_tls,
                format!("`{start_tls}` is true and `{url}` is ldaps, which is TLS already"),
                "remove start_tls",
            );
        }
        (Some(address), Some(false)) if !address.is_tls() && !address.is_loopback() => {
            reader.complain(
                &url,
                format!("`{url}` would send passwords without TLS"),
                "use ldaps://, or set start_tls = true",
            );
        }
        _ => {}
    }
    for path in distinguished {
        if let Some(dn) = text(reader, &path).filter(|dn| !dn.contains('=')) {
            reader.complain(
                &path,
                format!("`{path}` is `{dn}`, which is not a distinguished name"),
                "write it like dc=example,dc=org",
            );
        }
    }
    if let Some(text) = text(reader, &filter).filter(|text| !has_its_parentheses(text)) {
        reader.complain(
            &filter,
            format!("`{filter}` is `{text}`, which is not an LDAP filter"),
            "write it like (objectClass=inetOrgPerson), with its parentheses",
        );
    }
    if reader.value(&names).and_then(Value::as_array).is_some_and(Vec::is_empty) {
        reader.complain(
            &names,
            format!("`{names}` is empty: nobody could be found"),
            "the default is [\"uid\", \"mail\"]",
        );
    }
}

/// What a file has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// A key, which nobody else may read.
    Seed,
    /// Anything that nobody else may read.
    Private,
    /// Anything.
    Readable,
}

impl Loaded {
    /// Looks at the files that the configuration names: are they there, may we read them, may others?
    /// Gives problems and warnings. It does not open a connection; that is `keyward doctor`'s.
    pub fn check_files(&self) -> (Vec<Problem>, Vec<Problem>) {
        let (mut problems, mut warnings) = (Vec::new(), Vec::new());
        for (key, path, nature) in named_files(&self.config) {
            let origin =
                self.values.iter().find(|shown| shown.key == key).map_or(Origin::Default, |shown| shown.origin.clone());
            // A credential's file is the service manager's affair, and so are its rights.
            let ours = !matches!(origin, Origin::Credential(_));
            match std::fs::metadata(&path).and_then(|meta| std::fs::File::open(&path).map(|_| meta)) {
                Err(error) => problems.push(
                    Problem::new(origin, &key, format!("`{key}`: cannot read `{}`: {error}", path.display()))
                        .hint(advice(nature)),
                ),
                Ok(meta) if nature == Nature::Seed && !has_size_of_key(meta.len()) => {
                    let (path, bytes) = (path.display(), meta.len());
                    let what = format!("`{key}`: `{path}` has {bytes} bytes; a key has 32, or 44 as a line of base64");
                    problems.push(Problem::new(origin, &key, what).hint(advice(nature)));
                }
                Ok(meta) if nature != Nature::Readable && ours && meta.mode() & 0o077 != 0 => {
                    let problem = Problem::new(
                        origin,
                        &key,
                        format!("`{key}`: others can read `{}` (mode {:03o})", path.display(), meta.mode() & 0o777),
                    )
                    .hint(Some(format!("chmod 600 {}", path.display())));
                    if nature == Nature::Seed { problems.push(problem) } else { warnings.push(problem) }
                }
                Ok(_) => {}
            }
        }
        warnings.extend(self.open_file_with_secret());
        (problems, warnings)
    }

    /// A secret written into a file that others can read.
    fn open_file_with_secret(&self) -> Option<Problem> {
        let path = self.file.as_deref()?;
        let mode = std::fs::metadata(path).ok()?.mode() & 0o777;
        let secret = self.values.iter().find(|shown| hides(shown) && matches!(shown.origin, Origin::File { .. }))?;
        (mode & 0o077 != 0).then(|| {
            Problem::new(
                secret.origin.clone(),
                &secret.key,
                format!("`{}` is written in `{}`, which others can read (mode {mode:03o})", secret.key, path.display()),
            )
            .hint(Some(format!(
                "chmod 600 {}, or move the secret to a file of its own and name it with {}_file",
                path.display(),
                secret.key.rsplit('.').next().unwrap_or_default()
            )))
        })
    }
}

/// Is there something in this value that may not be shown? The path of a SQLite file may.
fn hides(shown: &Shown) -> bool {
    shown.secret && shown.value.as_str().is_some_and(|value| value.contains(HIDDEN))
}

/// 32 bytes, or their base64 and one line break: what `seal::read_key` takes.
const fn has_size_of_key(bytes: u64) -> bool {
    matches!(bytes, 32 | 44..=46)
}

fn advice(nature: Nature) -> Option<String> {
    (nature == Nature::Seed).then(|| "`keyward config init` writes one".to_owned())
}

fn named_files(config: &Config) -> Vec<(String, std::path::PathBuf, Nature)> {
    let mut files = vec![("server.data_key_file".to_owned(), config.server.data_key_file.clone(), Nature::Seed)];
    // Who only serves pages signs nothing and opens nothing, and so has neither key.
    if config.server.role != Role::Web {
        files.push(("log.signing_key_file".into(), config.log.signing_key_file.clone(), Nature::Seed));
        files.push(("worker.seal_key_file".into(), config.worker.seal_key_file.clone(), Nature::Seed));
    }
    let mut add = |key: &str, path: Option<&Path>, nature| {
        files.extend(path.map(|path| (key.to_owned(), path.to_owned(), nature)))
    };
    add("server.tls_cert_file", config.server.tls_cert_file.as_deref(), Nature::Readable);
    add("server.tls_key_file", config.server.tls_key_file.as_deref(), Nature::Private);
    add("policy.file", config.policy.file.as_deref(), Nature::Readable);
    add("passwords.breach_file", config.passwords.breach_file.as_deref(), Nature::Readable);
    add("mail.ca_file", config.mail.as_ref().and_then(|mail| mail.ca_file.as_deref()), Nature::Readable);
    for directory in &config.directories {
        if let DirectorySource::OpenLdap(ldap) = &directory.source {
            add(
                &format!("directory.{}.openldap.ca_file", directory.name.as_str()),
                ldap.ca_file.as_deref(),
                Nature::Readable,
            );
        }
    }
    files
}
