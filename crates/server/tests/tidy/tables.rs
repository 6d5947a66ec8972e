//! What is allowed: the tables that the rules read. To allow something is to change a line here, and to say why in the commit.

/// What a module of the server may name of the server's other modules. Nobody names `app` or `cli`: they put things together.
pub(crate) const KNOWS: &[(&str, &[&str])] = &[
    ("causes", &[]),
    ("ctx", &[]),
    ("i18n", &[]),
    ("config", &[]),
    ("token", &["ctx"]),
    ("seal", &["ctx"]),
    ("terms", &[]),
    ("passwords", &["ctx"]),
    ("account_name", &[]),
    ("connectors", &["account_name", "ctx"]),
    ("methods", &["ctx", "seal", "token"]),
    ("channels", &["causes", "ctx", "token"]),
    ("store", &["causes", "ctx", "token"]),
    // The evidence of one case, for the operator's command line alone.
    ("evidence", &["store"]),
    ("metrics", &["store"]),
    ("flow", &["account_name", "ctx", "terms", "store", "token", "seal", "passwords", "methods", "metrics", "jobs"]),
    ("jobs", &["causes", "ctx", "terms", "token", "seal", "store", "flow", "connectors", "channels", "methods"]),
    ("web", &["ctx", "terms", "flow", "i18n", "config", "metrics", "token", "passwords"]),
    ("api", &["flow", "i18n", "passwords", "token", "web"]),
    // The limits beside which figures stand: the parameters of argon2 are those in use.
    ("bare", &["passwords"]),
    ("app", ANY),
    ("cli", ANY),
    // The demonstration puts made-up people into everything; nothing else knows it but the command line.
    ("demo", ANY),
];
pub(crate) const ANY: &[&str] = &["*"];

/// Libraries that only some places may name, so that what is behind them can be replaced in one place.
pub(crate) const LIBRARIES: &[(&str, &[&str])] = &[
    ("sqlx", &["crates/server/src/store/"]),
    // The bare programs are libraries without what Keyward puts around them.
    ("rusqlite", &["crates/server/src/store/", "crates/server/src/bare/"]),
    ("ldap3", &["crates/server/src/connectors/"]),
    ("lettre", &["crates/server/src/channels/", "crates/server/src/config/"]),
    ("webauthn_rs", &["crates/server/src/methods/"]),
    ("totp_rs", &["crates/server/src/methods/"]),
    ("argon2", &["crates/server/src/passwords/", "crates/server/src/bare/"]),
    ("clap", &["crates/server/src/cli/"]),
    ("cedar_policy", &["crates/core/src/policy"]),
    ("opentelemetry", &["crates/server/src/cli/traces.rs"]),
    ("opentelemetry_sdk", &["crates/server/src/cli/traces.rs"]),
    ("opentelemetry_otlp", &["crates/server/src/cli/traces.rs"]),
    ("prometheus_client", &["crates/server/src/metrics/"]),
    ("sd_notify", &["crates/server/src/app/supervisor.rs"]),
];

/// What the core may not name: it has no files, no network, no clock and no randomness.
pub(crate) const NOT_IN_CORE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::time",
    "std::io",
    "tokio",
    "sqlx",
    "rusqlite",
    "aws_lc_rs::rand",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
];

/// Folders in which one file adds one feature, and the files in them that are shared words and no feature.
pub(crate) const PARTS: &[(&str, &[&str])] =
    &[("connectors", &["capabilities"]), ("methods", &[]), ("channels", &[]), ("jobs", &["letters", "work"])];
/// In these, no part may name another.
pub(crate) const STRANGERS: &[&str] = &["connectors", "methods", "channels"];
/// Who may hold the key to a directory.
pub(crate) const PERMIT: &[&str] = &["crates/core/", "crates/server/src/connectors/", "crates/server/src/jobs/reissue"];

/// Files that something has to name: folder, ending, whether they are named without it.
pub(crate) const NAMED: &[(&str, &str, bool)] = &[
    ("crates/server/sql/", ".sql", true),
    ("crates/server/migrations/", ".sql", false),
    ("crates/server/templates/", ".html", false),
    ("crates/server/assets/js/", ".js", false),
];

pub(crate) const LINES: usize = 500;
pub(crate) const LINES_OF_TESTS: usize = 800;
pub(crate) const VAGUE: &[&str] = &["util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"];
/// British beginnings of words, and what is written instead.
pub(crate) const SPELLING: &[(&str, &str)] = &[
    ("authoris", "authoriz"),
    ("organis", "organiz"),
    ("recognis", "recogniz"),
    ("normalis", "normaliz"),
    ("initialis", "initializ"),
    ("serialis", "serializ"),
    ("summaris", "summariz"),
    ("enrolment", "enrollment"),
    ("behaviour", "behavior"),
    ("colour", "color"),
    ("favour", "favor"),
    ("licence", "license"),
    ("defence", "defense"),
    ("catalogue", "catalog"),
    ("cancelled", "canceled"),
    ("judgement", "judgment"),
];
/// Places of one machine or one network. Written in halves, because this file is read too.
pub(crate) const PLACES: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("registry.npmjs", ".org"),
    concat!("proxy.golang", ".org"),
    concat!("pypi", ".org"),
];
