//! The table of keys as `docs/config.md` and as the template of `keyward config init`.
//!
//! Both are printed from the table and written by nobody.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::environment::variable;
use super::keys::SECTIONS;
use super::setting::{Bound, Fallback, Key, SectionInfo};

const TOP: &str = "\
# Configuration

<!-- Made from the table in crates/server/src/config/keys.rs by `UPDATE=1 cargo test -p keyward eco_06`. Change the table, not this page. -->

Keyward reads one TOML file, `/etc/keyward/keyward.toml` unless `--config` names another. `keyward config init` writes a first one,
`keyward config check` reads it and says every value that is wrong at once, then every file that is missing, `keyward config show --origin` says
where each value comes from, and `keyward config schema` prints a JSON Schema for editors.

**Order.** A command-line flag wins over an environment variable, that over a systemd credential, that over the file, that over the default.

**Environment.** Each key has a variable, named below. A list is written as in TOML, or with `;` between its items. For a directory called `main`,
`<NAME>` is `MAIN`; naming it in a variable is enough to make it exist.

**Secrets** never have to stand in the file. Beside `password` there is `password_file`, beside `KEYWARD_MAIL__PASSWORD` there is
`KEYWARD_MAIL__PASSWORD_FILE`, and a systemd credential with the key's name (`LoadCredential=mail.password:/…`) works too. One line break at the end of such a file is not part of the secret.
Keys marked *credential* name a file that may be handed over in the same way.

**Limits.** A number outside its range is refused at start, and the message names the rule it would break.
";

/// `docs/config.md`.
pub fn markdown() -> String {
    let mut page = TOP.to_owned();
    for info in SECTIONS {
        let _ = write!(page, "\n## `{}`\n\n{}\n", heading(info), info.doc.trim());
        if info.optional {
            page.push_str("\nThe whole table may be left out. If it is there, what it requires has to be there too.\n");
        }
        for key in info.keys {
            describe(&mut page, key);
        }
    }
    page
}

fn heading(info: &SectionInfo) -> String {
    if info.repeated { format!("[[{}]]", info.path) } else { format!("[{}]", info.path) }
}

fn describe(page: &mut String, key: &Key) {
    let _ = write!(page, "\n### `{}`\n\n{}\n\n", key.path(), key.doc.trim());
    let _ = writeln!(page, "* type: {}", type_words(key));
    let _ = writeln!(page, "* default: {}", default_words(key));
    if let Some(range) = range_words(key) {
        let _ = writeln!(page, "* range: {range}");
    }
    let secret = if key.secret { format!(", or `{}_FILE`", variable(key)) } else { String::new() };
    let _ = writeln!(page, "* environment: `{}`{secret}", variable(key));
    if let Some(name) = key.spec.credential {
        let _ = writeln!(page, "* credential: `{name}`");
    }
    let _ = writeln!(page, "* since: {}", key.spec.since);
}

fn type_words(key: &Key) -> String {
    let words = match (key.kind.item, key.kind.choices) {
        (Some(item), _) => format!("list ({})", item.words),
        (None, []) => key.kind.words.to_owned(),
        (None, choices) => choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(", "),
    };
    if key.secret && words != "secret" { format!("{words} (secret)") } else { words }
}

fn default_words(key: &Key) -> String {
    match key.spec.fallback {
        Fallback::Required { .. } => "none, it is required".into(),
        Fallback::Unset(meaning) => format!("unset: {meaning}"),
        Fallback::Derived { how, .. } => how.into(),
        Fallback::Is("") => "`[]`".into(),
        Fallback::Is(word) if key.secret => format!("`{word}`"),
        Fallback::Is(word) => (key.probe)(&super::setting::Raw::Word(word.into()))
            .map_or_else(|_| word.into(), |value| format!("`{}`", toml(&value))),
    }
}

fn range_words(key: &Key) -> Option<String> {
    let bound = |bound: &Bound| format!("{} ({})", bound.value, bound.rule);
    let range = match (&key.spec.at_least, &key.spec.at_most) {
        (Some(least), Some(most)) => format!("{} to {}", bound(least), bound(most)),
        (Some(least), None) => format!("at least {}", bound(least)),
        (None, Some(most)) => format!("at most {}", bound(most)),
        (None, None) => return None,
    };
    Some(match &key.spec.better_at_most {
        Some(better) => format!("{range}; above {} there is a warning", bound(better)),
        None => range,
    })
}

/// A JSON value as TOML: strings, numbers, booleans and lists of them are written alike.
pub fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// A first configuration. `answers` holds the keys to set, by path, as JSON values; everything else stands there as a comment.
pub fn template(answers: &BTreeMap<String, Value>) -> String {
    let mut text = String::from(
        "# Keyward's configuration. Every key is here; what is commented out shows its default or an example.\n# Check it with: keyward config check\n",
    );
    for info in SECTIONS {
        let written = info
            .keys
            .iter()
            .any(|key| answers.contains_key(&key.path()) || answers.contains_key(&format!("{}_file", key.path())));
        // A table with required keys must not appear by itself; the others may.
        let live = written || !(info.optional || info.repeated);
        let mark = if live { "" } else { "#" };
        let _ = write!(text, "\n\n# {}\n{mark}{}\n", wrapped(info.doc), heading(info));
        for key in info.keys {
            entry(&mut text, key, answers);
        }
    }
    text
}

fn entry(text: &mut String, key: &Key, answers: &BTreeMap<String, Value>) {
    let _ = writeln!(text, "\n# {}", wrapped(key.doc));
    let pointer = format!("{}_file", key.path());
    match (answers.get(&key.path()), answers.get(&pointer)) {
        (Some(value), _) => {
            let _ = writeln!(text, "{} = {}", key.name, toml(value));
        }
        (None, Some(file)) => {
            let _ = writeln!(text, "{}_file = {}", key.name, toml(file));
        }
        (None, None) => match key.sample() {
            Some(sample) if !key.secret || matches!(key.spec.fallback, Fallback::Is(_)) => {
                let _ = writeln!(text, "#{} = {}", key.name, toml(&sample));
            }
            _ => {
                let _ = writeln!(text, "#{}_file = \"/etc/keyward/secrets/{}\"", key.name, key.name);
            }
        },
    }
}

/// A comment in lines of at most 110 characters.
fn wrapped(doc: &str) -> String {
    let mut lines = vec![String::new()];
    for word in doc.split_whitespace() {
        let full = lines.last().is_some_and(|line| line.chars().count() + word.chars().count() > 110);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n# ")
}
