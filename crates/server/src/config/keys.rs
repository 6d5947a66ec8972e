//! The table of all keys. It is the single source: from it come the types the program reads, the checks, the messages,
//! `config show`, `config schema`, the template of `config init` and `docs/config.md`.
//!
//! To add a key, add a line here. Rules that involve two keys are in [`super::check`].

use std::net::SocketAddr;
use std::path::PathBuf;

use keyward_core::secret::SecretText;
use lettre::message::Mailbox;
use serde_json::Value;
use unic_langid::LanguageIdentifier;
use url::Url;

use super::addresses::{AddressRange, DatabaseUrl, LdapUrl, PublicUrl};
use super::setting::{Key, Section, SectionInfo, Setting, Spec};
use super::types::{
    BusinessHours, Count, Days, DirectoryKind, Hours, LogOrigin, MailTls, Minutes, Name, Port, Role, SealPublicKey,
    Seconds, Zone,
};

/// A bound that no standard sets.
const OURS: &str = "Keyward's own limit";

/// Declares a section: its struct, and the rows of its keys.
macro_rules! section {
    (
        $(#[doc = $doc:literal])+
        $name:ident at $path:literal $([$flag:ident])?
        { $( $(#[doc = $key_doc:literal])+ $field:ident : $type:ty = $spec:expr; )* }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub struct $name { $( $(#[doc = $key_doc])+ pub $field: $type, )* }

        impl Section for $name {
            const INFO: SectionInfo = SectionInfo {
                path: $path,
                doc: concat!($($doc),+),
                repeated: section!(@is repeated $($flag)?),
                optional: section!(@is optional $($flag)?),
                keys: &[ $( Key {
                    section: $path,
                    name: stringify!($field),
                    doc: concat!($($key_doc),+),
                    kind: <$type as Setting>::KIND,
                    secret: <$type as Setting>::SECRET,
                    spec: $spec,
                    probe: |raw| <$type as Setting>::read(raw).map(|value| value.shown()),
                }, )* ],
            };
            fn read(reader: &mut super::reader::Reader<'_>) -> Option<Self> {
                // All of them first: one mistake must not hide the next.
                $( let $field = reader.read::<$type>($path, stringify!($field)); )*
                Some(Self { $( $field: $field?, )* })
            }
        }
    };
    (@is repeated repeated) => { true };
    (@is optional optional) => { true };
    (@is $any:ident $($other:ident)?) => { false };
}

section! {
    /// How people and machines reach Keyward, and what the pages say about you.
    Server at "server" {
        /// The address people type. Every link is made from it and from nothing else. https, except on loopback. With https, browsers are told for two years to use nothing else for this host and all names below it.
        public_url: PublicUrl = Spec::required_except_demo("https://reset.example.org", "http://localhost:8440");
        /// The address and port to listen on.
        listen: SocketAddr = Spec::default("127.0.0.1:8440");
        /// The address and port of the numbers for Prometheus (`/metrics`), with the two health addresses and the log (`/log/`). Without sign-in and without TLS: loopback, or a network of machines.
        metrics_listen: Option<SocketAddr> = Spec::unset("neither numbers nor the log are given out", "127.0.0.1:9440");
        /// What this process does. `web` has no directory password and cannot change an account; `worker` serves no page.
        role: Role = Spec::default("all");
        /// Address ranges of the proxies in front. Only their `X-Forwarded-For` is believed. They have to pass on `Host` as the browser sent it.
        trusted_proxies: Vec<AddressRange> = Spec::default("").example("10.0.0.0/8; 192.168.0.0/16");
        /// The certificate chain, PEM. Together with `tls_key_file`; without both, a proxy in front has to do TLS. Read when Keyward starts, and not again.
        tls_cert_file: Option<PathBuf> = Spec::unset("no TLS of its own", "/etc/keyward/tls/cert.pem");
        /// The private key of the certificate, PEM.
        tls_key_file: Option<PathBuf> = Spec::unset("no TLS of its own", "/etc/keyward/tls/key.pem").credential("server.tls_key");
        /// 32 random bytes that close what lies in the database and key the digests in it. `keyward config init` writes it; all processes share it.
        data_key_file: PathBuf = Spec::default("/etc/keyward/keys/data.key").credential("server.data_key");
        /// Your organization as people know it. It stands on every page and in every message.
        organization: String = Spec::derived("the host of server.public_url", "Northwind");
        /// The number of your service desk, as it stands on every page.
        help_phone: Option<String> = Spec::unset("the pages show no number", "555 0100");
        /// When the service desk answers.
        help_hours: Option<String> = Spec::unset("the pages show no hours", "Monday to Friday, 7:00 to 19:00");
        /// Where a person can go with a badge or an identity card.
        help_place: Option<String> = Spec::unset("the pages show no place", "Security office, main entrance");
        /// The language when a browser and a person's own entry say nothing, as a BCP 47 tag.
        default_language: LanguageIdentifier = Spec::default("en");
    }
}

section! {
    /// Where cases and the log are kept.
    Database at "database" {
        /// `sqlite:` and a path, or a `postgres://` address. Several processes need PostgreSQL.
        url: DatabaseUrl = Spec::default("sqlite:/var/lib/keyward/keyward.db");
    }
}

section! {
    /// The tamper-evident log.
    Log at "log" {
        /// The name of the log in every checkpoint. It can never change once a checkpoint has been given out.
        origin: LogOrigin = Spec::derived("the host of server.public_url", "reset.example.org");
        /// 32 random bytes from which the signing key is made. `keyward config init` writes it. Keep a copy offline.
        signing_key_file: PathBuf = Spec::default("/etc/keyward/keys/log-signing.key").credential("log.signing_key");
        /// Where the last signed checkpoint is remembered, outside of the database, so that a database that was set back is noticed.
        last_checkpoint_file: PathBuf = Spec::default("/var/lib/keyward/last-checkpoint");
        /// Whether the log is at `/log/` of the pages, for everybody. Its entries say of each case whether its name was an account, and whoever began a case knows which is theirs. Otherwise it is at `/log/` of `server.metrics_listen` alone.
        public: bool = Spec::default("false");
    }
}

section! {
    /// The part that opens sealed passwords and changes accounts.
    Worker at "worker" {
        /// 32 random bytes that open what the pages seal. Only a process with role `worker` or `all` needs it.
        seal_key_file: PathBuf = Spec::default("/etc/keyward/keys/seal.key").credential("worker.seal_key");
        /// The public half of that key, with which the pages seal. `keyward config init` writes it; a process with role `web` needs it.
        seal_public_key: Option<SealPublicKey> = Spec::unset("taken from worker.seal_key_file", "ZHVtbXkga2V5IGZvciB0aGUgZG9jdW1lbnRhdGlvbiE=");
        /// How many jobs run at once. Messages take at most half of them.
        threads: Count = Spec::default("8").at_least(2, OURS).at_most(64, OURS);
    }
}

section! {
    /// A directory whose accounts are recovered. Write one table for each. With none, the embedded directory is used.
    DirectoryTable at "directory" [repeated] {
        /// A short name of your own; it stands in cases and in the names of environment variables.
        name: Name = Spec::required("main");
        /// Which system it is. `embedded` is Keyward's own small directory.
        kind: DirectoryKind = Spec::default("embedded");
    }
}

section! {
    /// How to reach an OpenLDAP server. Belongs to the `[[directory]]` above it.
    OpenLdap at "directory.openldap" [optional] {
        /// `ldaps://host`, or `ldap://host` together with `start_tls`.
        url: LdapUrl = Spec::required("ldaps://ldap.example.org");
        /// Change a plain connection to TLS before anything else is said.
        start_tls: bool = Spec::default("false");
        /// The certificates to trust, PEM.
        ca_file: Option<PathBuf> = Spec::unset("the system's own list", "/etc/keyward/tls/directory-ca.pem");
        /// The account Keyward signs in with. Give it the right to set passwords and nothing more.
        bind_dn: String = Spec::required("cn=keyward,ou=services,dc=example,dc=org");
        /// The password of that account.
        bind_password: SecretText = Spec::required("");
        /// Where the accounts are.
        base_dn: String = Spec::required("dc=example,dc=org");
        /// The attributes a person may type as a name.
        name_attributes: Vec<String> = Spec::default("uid; mail");
        /// The attribute with the mail address that messages go to.
        mail_attribute: String = Spec::default("mail");
        /// Where the groups are.
        group_base_dn: Option<String> = Spec::unset("below base_dn", "ou=groups,dc=example,dc=org");
        /// What is an account, as an LDAP filter.
        account_filter: String = Spec::default("(|(objectClass=person)(objectClass=account)(objectClass=applicationProcess))").example("(&(objectClass=inetOrgPerson)(employeeType=staff))");
        /// Names of this directory that people type in front of `\\` or behind `@`.
        domains: Vec<String> = Spec::default("").example("NORTHWIND; northwind.example");
        /// The password policy of accounts that name none (`ppolicy_default` of the overlay). Locks and rules are read from it.
        default_policy_dn: Option<String> = Spec::unset("accounts that name no policy have none", "cn=default,ou=policies,dc=example,dc=org");
        /// Whether the server hashes a password that a plain change brings (`ppolicy_hash_cleartext`), which can not be asked. Without it no temporary
        /// password is given, as it would be stored as it is.
        hashes_clear_text: bool = Spec::default("true");
        /// How long one request may take.
        timeout_seconds: Seconds = Spec::default("5").at_least(1, OURS).at_most(60, OURS);
    }
}

section! {
    /// The mail relay. Without this table no mail is sent, and mail can prove nothing.
    Mail at "mail" [optional] {
        /// The name of the relay.
        host: String = Spec::required("mail.example.org");
        /// How the connection is protected. `none` is only for a relay on this machine.
        tls: MailTls = Spec::default("starttls");
        /// The certificate to trust, PEM.
        ca_file: Option<PathBuf> = Spec::unset("the system's own list", "/etc/keyward/tls/mail-ca.pem");
        /// The port of the relay.
        port: Port = Spec::derived("587 with starttls, 465 with implicit, 25 with none", "587");
        /// The name to sign in with.
        user: Option<String> = Spec::unset("no sign-in", "keyward");
        /// The password to sign in with.
        password: Option<SecretText> = Spec::unset("no sign-in", "");
        /// The sender of every message.
        from: Mailbox = Spec::required("Northwind account help <reset@example.org>");
        /// Where answers go.
        reply_to: Option<Mailbox> = Spec::unset("answers go to the sender", "help@example.org");
    }
}

section! {
    /// The gate.
    Policy at "policy" {
        /// Your own policy, Cedar text.
        file: Option<PathBuf> = Spec::unset("the baseline that comes with Keyward", "/etc/keyward/policy.cedar");
        /// The time zone of business hours, and of the clock times that people read.
        timezone: Zone = Spec::default("UTC").example("Europe/London");
        /// Days and hours in which administrators' cases may go ahead.
        business_hours: BusinessHours = Spec::default("mon-fri 08:00-18:00");
    }
}

section! {
    /// Which groups make an account which class. Names of groups as the directory writes them. The strictest class wins;
    /// an account in none of these groups is treated as `admin`, which nobody recovers alone with the baseline policy.
    Classes at "classes" {
        /// Groups of ordinary staff.
        standard: Vec<String> = Spec::default("").example("cn=staff,ou=groups,dc=example,dc=org");
        /// Groups of people who move money.
        finance: Vec<String> = Spec::default("").example("cn=finance,ou=groups,dc=example,dc=org");
        /// Groups of people who see personnel files.
        hr: Vec<String> = Spec::default("").example("cn=hr,ou=groups,dc=example,dc=org");
        /// Groups of people whose name opens doors.
        executive: Vec<String> = Spec::default("").example("cn=board,ou=groups,dc=example,dc=org");
        /// Groups with power over systems or over other people's accounts.
        admin: Vec<String> = Spec::default("").example("cn=admins,ou=groups,dc=example,dc=org");
        /// Groups of accounts that no person signs in with.
        machine: Vec<String> = Spec::default("").example("cn=services,ou=groups,dc=example,dc=org");
    }
}

section! {
    /// How long things live and how often they may be tried.
    Limits at "limits" {
        /// The life of a link in a message. A message has a link and a code, and the shorter of the two lives is that of both.
        link_minutes: Minutes = Spec::default("10").at_least(1, OURS)
            .at_most(1440, "NIST SP 800-63B-4, 4.2.1.2").better_at_most(10, "OWASP ASVS 5.0, 6.5.5");
        /// The life of a code that is typed.
        code_minutes: Minutes = Spec::default("10").at_least(1, OURS).at_most(10, "NIST SP 800-63B-4, 3.1.3.2");
        /// How long a proof counts, until enough of them are there. Once the gate is open, the change has thirty minutes.
        working_minutes: Minutes = Spec::default("15").at_least(5, OURS).at_most(60, OURS);
        /// Wrong tries of one method in one case; then that method is over for the case. A case itself takes no more than five.
        tries_per_case: Count = Spec::default("5").at_least(1, OURS).at_most(5, OURS);
        /// Cases that may be started for one name from one network in an hour, whether or not there is such an account.
        starts_per_name_hour: Count = Spec::default("5").at_least(1, OURS).at_most(100, OURS);
        /// Cases that may be started from one network (IPv4 /24, IPv6 /56) in an hour.
        starts_per_network_hour: Count = Spec::default("30").at_least(1, OURS).at_most(10_000, OURS);
        /// Messages of a kind that somebody who has proved nothing may cause to one address in an hour (T-D10).
        messages_per_address_hour: Count = Spec::default("3").at_least(1, OURS).at_most(100, OURS);
        /// The same in a day.
        messages_per_address_day: Count = Spec::default("10").at_least(1, OURS).at_most(1000, OURS);
    }
}

section! {
    /// What a new password has to be.
    Passwords at "passwords" {
        /// The fewest characters.
        min_chars: Count = Spec::default("15").at_least(15, "NIST SP 800-63B-4, 3.1.1.2 (1)").at_most(64, "NIST SP 800-63B-4, 3.1.1.2 (2)");
        /// The most bytes. 256 hold the 64 characters that must be taken in any script.
        max_bytes: Count = Spec::default("1024").at_least(256, "NIST SP 800-63B-4, 3.1.1.2 (2)").at_most(1024, OURS);
        /// The filter of known breached passwords, as `keyward breach build` writes it.
        breach_file: Option<PathBuf> = Spec::unset("only the short list that comes with Keyward", "/var/lib/keyward/breached.filter");
        /// Words that cannot be the password: your names, products, places.
        context_words: Vec<String> = Spec::default("").example("northwind; keyward");
        /// How many former passwords are remembered and refused.
        history: Count = Spec::default("5").at_least(0, OURS).at_most(24, OURS);
    }
}

section! {
    /// How long people stay signed in.
    Sessions at "sessions" {
        /// How long a person stays signed in to "my ways back in" without a click.
        idle_minutes: Minutes = Spec::default("15").at_least(1, OURS).at_most(60, "NIST SP 800-63B-4, 2.2.3");
        /// And in all.
        absolute_minutes: Minutes = Spec::default("60").at_least(5, OURS).at_most(1440, "NIST SP 800-63B-4, 2.2.3");
    }
}

section! {
    /// Ways back in that are new.
    Contacts at "contacts" {
        /// How long a new way back in of a standard account waits before it counts as a proof. An address waits as long as `contacts.age_days` says.
        quarantine_hours: Hours = Spec::default("72").at_least(24, OURS).at_most(8760, OURS);
    }
}

section! {
    /// How old an address must be before it counts as a proof, for each class; above the standard class, every way back in.
    ContactAge at "contacts.age_days" {
        /// For standard accounts.
        standard: Days = Spec::default("7").at_least(1, OURS).at_most(365, OURS);
        /// For finance.
        finance: Days = Spec::default("30").at_least(1, OURS).at_most(365, OURS);
        /// For hr.
        hr: Days = Spec::default("30").at_least(1, OURS).at_most(365, OURS);
        /// For executives.
        executive: Days = Spec::default("30").at_least(1, OURS).at_most(365, OURS);
        /// For administrators.
        admin: Days = Spec::default("30").at_least(1, OURS).at_most(365, OURS);
        /// For the owners of machine accounts.
        machine: Days = Spec::default("30").at_least(1, OURS).at_most(365, OURS);
    }
}

/// All sections in the order of the template and the documentation. A section inside another comes right after it.
pub const SECTIONS: &[SectionInfo] = &[
    Server::INFO,
    Database::INFO,
    Log::INFO,
    Worker::INFO,
    DirectoryTable::INFO,
    OpenLdap::INFO,
    Mail::INFO,
    Policy::INFO,
    Classes::INFO,
    Limits::INFO,
    Passwords::INFO,
    Sessions::INFO,
    Contacts::INFO,
    ContactAge::INFO,
];

/// The section of that name.
pub fn section(path: &str) -> Option<&'static SectionInfo> {
    SECTIONS.iter().find(|section| section.path == path)
}

/// The key of that name in that section.
pub fn key(section_path: &str, name: &str) -> Option<&'static Key> {
    section(section_path)?.keys.iter().find(|key| key.name == name)
}

/// The secret whose file this name names: `password` for `password_file`.
pub fn secret_behind<'a>(section_path: &str, name: &'a str) -> Option<&'a str> {
    let base = name.strip_suffix("_file")?;
    key(section_path, base).filter(|key| key.secret).map(|_| base)
}

/// The keys that follow this one unless they are written, with the value it gives them.
pub fn followers(path: &str, shown: &Value) -> Vec<(&'static str, String)> {
    let text = shown.as_str().unwrap_or_default();
    match path {
        "server.public_url" => {
            let host = Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
            vec![("server.organization", host.clone()), ("log.origin", host)]
        }
        "mail.tls" => {
            let port = match text {
                "implicit" => "465",
                "none" => "25",
                _ => "587",
            };
            vec![("mail.port", port.to_owned())]
        }
        _ => Vec::new(),
    }
}
