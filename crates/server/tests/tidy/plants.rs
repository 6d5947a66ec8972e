//! For each rule a small repository that breaks it, and where.

/// A rule, a small repository that breaks it, and where.
pub(crate) type Plant = (&'static str, &'static [(&'static str, &'static str)], &'static str);

pub(crate) const PLANTS: &[Plant] = &[
    (
        "imports",
        &[
            ("crates/server/src/store/mod.rs", ""),
            ("crates/server/src/methods/totp.rs", "use crate::{\n  ctx::Ctx,\n  store::Store,\n};"),
        ],
        "crates/server/src/methods/totp.rs:3",
    ),
    ("imports", &[("crates/server/src/nobody_knows.rs", "")], "crates/server/src/nobody_knows.rs:1"),
    (
        "imports",
        &[("crates/server/src/app.rs", ""), ("crates/server/src/flow.rs", "\nfn f() { super::app::g() }")],
        "crates/server/src/flow.rs:2",
    ),
    (
        "strangers",
        &[
            ("crates/server/src/connectors/embedded.rs", ""),
            ("crates/server/src/connectors/openldap.rs", "use super::embedded::Rules;"),
        ],
        "crates/server/src/connectors/openldap.rs:1",
    ),
    ("libraries", &[("crates/server/src/web/a.rs", "use sqlx::query;")], "crates/server/src/web/a.rs:1"),
    ("pure_core", &[("crates/core/src/a.rs", "\nuse std::{fmt, fs};")], "crates/core/src/a.rs:2"),
    ("pure_core", &[("crates/core/src/a.rs", "fn f() { std::time::Instant::now() }")], "crates/core/src/a.rs:1"),
    (
        "permit",
        &[("crates/server/src/web/a.rs", "use keyward_core::steps::reissue::{Check, Permit};")],
        "crates/server/src/web/a.rs:1",
    ),
    (
        "one_ledger",
        &[
            ("crates/server/src/store/a.rs", "impl Ledger for A {}"),
            ("crates/server/src/store/b.rs", "impl keyward_core::ledger::Ledger for B {}"),
        ],
        "crates/server/src/store/b.rs:1",
    ),
    ("one_ledger", &[("crates/server/src/flow.rs", "impl Ledger for A {}")], "crates/server/src/flow.rs:1"),
    (
        "secret_pages",
        &[
            (
                "crates/server/src/web/a.rs",
                "fn a() { Cookie::new(1, b.expose().clone()) }\nfn c() { show(&View { key: d.expose().clone() }) }",
            ),
            ("crates/server/src/web/b.rs", "fn a() { with_secret(show(&View { key: d.expose().clone() })) }"),
        ],
        "crates/server/src/web/a.rs:2",
    ),
    (
        "registered",
        &[
            ("crates/server/src/channels/mod.rs", "mod probe;\nmod sweep;\nfn all() -> &[Kind] { &[probe::KIND] }"),
            ("crates/server/src/channels/probe.rs", ""),
            ("crates/server/src/channels/sweep.rs", ""),
        ],
        "crates/server/src/channels/mod.rs:3",
    ),
    ("purpose", &[("crates/core/src/a.rs", "// no\n")], "crates/core/src/a.rs:1"),
    (
        "dead_files",
        &[
            ("crates/core/src/lib.rs", "pub mod a;\n// mod b;"),
            ("crates/core/src/a.rs", "#[cfg(test)]\n#[path = \"a_tests.rs\"]\nmod tests;\nmod c;"),
            ("crates/core/src/a_tests.rs", ""),
            ("crates/core/src/a/c.rs", ""),
            ("crates/core/src/b.rs", ""),
        ],
        "crates/core/src/b.rs:1",
    ),
    (
        "named_files",
        &[
            ("crates/server/sql/a/get.sql", ""),
            ("crates/server/sql/a/put.sql", ""),
            ("crates/server/src/store/a.rs", "GET = \"a/get\";"),
        ],
        "crates/server/sql/a/put.sql:1",
    ),
    ("vague_names", &[("crates/server/src/web/form_helpers.rs", "")], "crates/server/src/web/form_helpers.rs:1"),
    ("vague_names", &[("crates/server/src/a.rs", "\npub struct CaseManager {}")], "crates/server/src/a.rs:2"),
    ("no_ignored_test", &[("crates/core/src/a.rs", "#[test]\n#[ignore]\nfn f() {}")], "crates/core/src/a.rs:2"),
    (
        "code_map",
        &[
            ("ARCHITECTURE.md", "## Code map\n- `crates/core/src/gone.rs`: no\n- `crates/core/src/a.rs`: yes"),
            ("crates/core/src/a.rs", ""),
        ],
        "ARCHITECTURE.md:2",
    ),
    ("code_map", &[("ARCHITECTURE.md", "# A\n## Code map\n"), ("crates/server/src/flow.rs", "")], "ARCHITECTURE.md:1"),
    ("links", &[("docs/a.md", "[b](../b.md#c)"), ("docs/b.md", "")], "docs/a.md:1"),
    ("links", &[("README.md", "\nSee `crates/core/src/gone.rs`.")], "README.md:2"),
    ("make_targets", &[("Makefile", "test:\n"), ("README.md", "`make test`\n    make tset\nmake tset")], "README.md:3"),
    (
        "events_documented",
        &[
            ("docs/events.md", "### `opened`\n{\"v\":2}"),
            ("crates/core/tests/core/golden/events.jsonl", "{\"v\":1,\"event\":{\"type\":\"opened\"}}"),
        ],
        "docs/events.md:2",
    ),
    (
        "events_documented",
        &[
            ("docs/events.md", "# Entries"),
            ("crates/core/tests/core/golden/events.jsonl", "{\"v\":1,\"event\":{\"type\":\"opened\"}}"),
        ],
        "docs/events.md:1",
    ),
    (
        "dependencies_explained",
        &[
            ("docs/decisions/dependencies.md", "- `serde`: to write"),
            ("crates/core/Cargo.toml", "[dependencies]\nserde = \"1\"\nrand = \"0.9\""),
        ],
        "crates/core/Cargo.toml:3",
    ),
    ("spelling", &[("docs/a.md", "How to authorise")], "docs/a.md:1"),
    ("spelling", &[("crates/core/src/a.rs", "fn cancelled() {}\n// cancelled")], "crates/core/src/a.rs:2"),
    ("places", &[("scripts/a.sh", concat!("cd /wo", "rk/keyward"))], "scripts/a.sh:1"),
    (
        "mutants",
        &[
            ("mutants/a.toml", "[[mutant]]\nwhat = \"no guard\"\nfile = \"a.rs\"\ntake = \"guard\"\ntest = \"r1_\""),
            ("a.rs", "guard(); guard(); fn r1_it_holds() {}"),
        ],
        "mutants/a.toml:2",
    ),
    (
        "mutants",
        &[
            ("mutants/a.toml", "[[mutant]]\nwhat = \"no guard\"\nfile = \"a.rs\"\ntake = \"guard\"\ntest = \"r2_\""),
            ("a.rs", "guard(); fn r1_it_holds() {}"),
        ],
        "mutants/a.toml:2",
    ),
    (
        "tests_named",
        &[("docs/attacks.md", "`t_a01_is_not_there`"), ("crates/server/tests/a.rs", "fn t_a01_is_there() {}")],
        "docs/attacks.md:1",
    ),
    (
        "tests_named",
        &[("docs/pages.md", "`ux_49 axe finds nothing`"), ("e2e/tests/a.spec.js", "test('ux_48 axe finds nothing', …")],
        "docs/pages.md:1",
    ),
];
