//! Rules about two values together, and about the files that values name.
//!
//! Rules about one value alone are in its type ([`super::types`]) or its row ([`super::keys`]).

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use keyward_core::secret::SecretText;

use super::keys::{Limits, Mail, OpenLdap, Server, Sessions};
use super::layers::DEFAULT_FILE;
use super::problem::{Origin, Problem};
use super::reader::Reader;
use super::types::{DatabaseUrl, Engine, MailTls, Role, is_loopback_name};
use super::{Config, DirectorySource, Loaded};

/// Passwords that systems and instructions come with (OWASP ASVS 5.0, 13.2.3).
const SHIPPED_PASSWORDS: [&str; 14] = [
    "admin", "adminpassword", "administrator", "changeit", "changeme", "change-me", "default", "keyward", "ldap", "password",
    "postgres", "root", "secret", "test",
];

/// Is this a password that systems and instructions come with?
pub fn is_shipped_password(password: &SecretText) -> bool {
    let lower = zeroize::Zeroizing::new(password.expose().to_lowercase());
    SHIPPED_PASSWORDS.contains(&lower.as_str())
}

const SHIPPED: &str = "is a password that everybody knows (OWASP ASVS 5.0, 13.2.3)";
const OWN_PASSWORD: &str = "give this account a long random password of its own";

pub(super) fn server(server: &Server, reader: &mut Reader<'_>) {
    match (&server.tls_cert_file, &server.tls_key_file) {
        (Some(_), None) => reader.complain("server.tls_cert_file", "`server.tls_cert_file` needs `server.tls_key_file`", "write both or neither"),
        (None, Some(_)) => reader.complain("server.tls_key_file", "`server.tls_key_file` needs `server.tls_cert_file`", "write both or neither"),
        (None, None) if !server.listen.ip().is_loopback() && server.trusted_proxies.is_empty() => reader.warn(
            "server.listen",
            format!("`server.listen` is {}: other machines can connect without TLS", server.listen),
            "set tls_cert_file and tls_key_file, or name the proxy in front in trusted_proxies",
        ),
        _ => {}
    }
    if server.help_phone.is_none() && server.help_place.is_none() {
        reader.warn("server.help_phone", "neither `server.help_phone` nor `server.help_place` is set: people who get stuck have nowhere to go", "set one of them");
    }
}

pub(super) fn database(url: &DatabaseUrl, server: Option<&Server>, reader: &mut Reader<'_>) {
    if url.password().is_some_and(|password| is_shipped_password(&password)) && !url.is_local() {
        reader.complain("database.url", format!("the password in `database.url` {SHIPPED}"), OWN_PASSWORD);
    }
    if url.engine() == Engine::Sqlite && server.is_some_and(|server| server.role != Role::All) {
        reader.complain(
            "server.role",
            "`server.role` is web or worker and `database.url` is SQLite, which one process cannot share with another",
            "use PostgreSQL, or the role all",
        );
    }
}

pub(super) fn openldap(ldap: &OpenLdap, reader: &mut Reader<'_>) {
    let path = |name: &str| reader.place(&format!("directory.openldap.{name}"));
    let (url, start_tls, password) = (path("url"), path("start_tls"), path("bind_password"));
    if ldap.url.is_tls() && ldap.start_tls {
        reader.complain(&start_tls, format!("`{start_tls}` is true and `{url}` is ldaps, which is TLS already"), "remove start_tls");
    }
    if !ldap.url.is_tls() && !ldap.start_tls && !ldap.url.is_loopback() {
        reader.complain(&url, format!("`{url}` would send passwords without TLS"), "use ldaps://, or set start_tls = true");
    }
    if is_shipped_password(&ldap.bind_password) {
        reader.complain(&password, format!("`{password}` {SHIPPED}"), OWN_PASSWORD);
    }
    for (name, dn) in [("bind_dn", &ldap.bind_dn), ("base_dn", &ldap.base_dn)] {
        let path = reader.place(&format!("directory.openldap.{name}"));
        if !dn.contains('=') {
            reader.complain(&path, format!("`{path}` is `{dn}`, which is not a distinguished name"), "write it like dc=example,dc=org");
        }
    }
    if ldap.name_attributes.is_empty() {
        let path = reader.place("directory.openldap.name_attributes");
        reader.complain(&path, format!("`{path}` is empty: nobody could be found"), "the default is [\"uid\", \"mail\"]");
    }
}

pub(super) fn mail(mail: &Mail, reader: &mut Reader<'_>) {
    if mail.tls == MailTls::Plain && !is_loopback_name(&mail.host) {
        reader.complain(
            "mail.tls",
            format!("`mail.tls` is none and `mail.host` is `{}`: links would cross the network in clear", mail.host),
            "use starttls or implicit; none is only for a relay on this machine",
        );
    }
    match (&mail.user, &mail.password) {
        (Some(_), None) => reader.complain("mail.user", "`mail.user` needs `mail.password`", "write password_file in [mail], or set KEYWARD_MAIL__PASSWORD_FILE"),
        (None, Some(_)) => reader.complain("mail.password", "`mail.password` needs `mail.user`", "write user in [mail]"),
        (_, Some(password)) if is_shipped_password(password) => reader.complain("mail.password", format!("`mail.password` {SHIPPED}"), OWN_PASSWORD),
        _ => {}
    }
}

pub(super) fn limits(limits: &Limits, reader: &mut Reader<'_>) {
    if limits.tries_before_wait.get() > limits.tries_per_case.get() {
        reader.complain(
            "limits.tries_before_wait",
            format!("`limits.tries_before_wait` is {} and `limits.tries_per_case` is {}: nobody would ever wait", limits.tries_before_wait.get(), limits.tries_per_case.get()),
            "the defaults are 3 and 5",
        );
    }
}

pub(super) fn sessions(sessions: &Sessions, reader: &mut Reader<'_>) {
    if sessions.idle_minutes > sessions.absolute_minutes {
        reader.complain(
            "sessions.idle_minutes",
            format!("`sessions.idle_minutes` is {} and `sessions.absolute_minutes` is {}: the first could never happen", sessions.idle_minutes.count(), sessions.absolute_minutes.count()),
            "the defaults are 15 and 480",
        );
    }
}

/// What a file has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// 32 bytes that nobody else may read.
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
            let origin = self.values.iter().find(|shown| shown.key == key).map_or(Origin::Default, |shown| shown.origin.clone());
            // A credential's file is the service manager's affair, and so are its rights.
            let ours = !matches!(origin, Origin::Credential(_));
            match std::fs::metadata(&path).and_then(|meta| std::fs::File::open(&path).map(|_| meta)) {
                Err(error) => problems.push(Problem::new(origin, &key, format!("`{key}`: cannot read `{}`: {error}", path.display())).hint(advice(nature))),
                Ok(meta) if nature == Nature::Seed && meta.len() != 32 => {
                    problems.push(Problem::new(origin, &key, format!("`{key}`: `{}` has {} bytes; it must have 32", path.display(), meta.len())).hint(advice(nature)));
                }
                Ok(meta) if nature != Nature::Readable && ours && meta.mode() & 0o077 != 0 => {
                    let problem = Problem::new(origin, &key, format!("`{key}`: others can read `{}` (mode {:03o})", path.display(), meta.mode() & 0o777))
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
        let secret = self.values.iter().find(|shown| shown.secret && matches!(shown.origin, Origin::File { .. }))?;
        (mode & 0o077 != 0).then(|| {
            Problem::new(secret.origin.clone(), &secret.key, format!("`{}` is written in `{}`, which others can read (mode {mode:03o})", secret.key, path.display()))
                .hint(Some(format!("chmod 600 {}, or move the secret to a file of its own and name it with {}_file", path.display(), secret.key.rsplit('.').next().unwrap_or_default())))
        })
    }
}

fn advice(nature: Nature) -> Option<String> {
    (nature == Nature::Seed).then(|| format!("`keyward config init` writes it beside {DEFAULT_FILE}"))
}

fn named_files(config: &Config) -> Vec<(String, std::path::PathBuf, Nature)> {
    let mut files = vec![("log.signing_key_file".to_owned(), config.log.signing_key_file.clone(), Nature::Seed)];
    if config.server.role != Role::Web {
        files.push(("worker.seal_key_file".into(), config.worker.seal_key_file.clone(), Nature::Seed));
    }
    let mut add = |key: &str, path: Option<&Path>, nature| files.extend(path.map(|path| (key.to_owned(), path.to_owned(), nature)));
    add("server.tls_cert_file", config.server.tls_cert_file.as_deref(), Nature::Readable);
    add("server.tls_key_file", config.server.tls_key_file.as_deref(), Nature::Private);
    add("policy.file", config.policy.file.as_deref(), Nature::Readable);
    add("passwords.breach_file", config.passwords.breach_file.as_deref(), Nature::Readable);
    for directory in &config.directories {
        if let DirectorySource::OpenLdap(ldap) = &directory.source {
            add(&format!("directory.{}.openldap.ca_file", directory.name.as_str()), ldap.ca_file.as_deref(), Nature::Readable);
        }
    }
    files
}
