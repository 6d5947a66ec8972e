//! What is printed from the table of keys: documentation, template, schema. A key that lacks something fails here.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::docs;
use super::super::setting::{Fallback, Raw};
use super::*;

#[test]
fn eco_06_each_key_has_all_that_its_documentation_needs() {
    let current: Vec<u32> = env!("CARGO_PKG_VERSION").split('.').map(|part| part.parse().unwrap()).collect();
    for key in all_keys() {
        let path = key.path();
        let doc = key.doc.trim();
        assert!(
            doc.len() > 6
                && doc.ends_with('.')
                && doc.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || c == '`'),
            "{path}: `{doc}`"
        );
        assert!(
            ["string", "integer", "boolean", "array"].contains(&key.kind.json) && !key.kind.words.is_empty(),
            "{path}"
        );
        let since: Vec<u32> = key.spec.since.split('.').map(|part| part.parse().unwrap()).collect();
        assert!(since.len() == 3 && since <= current, "{path} is since {}", key.spec.since);
        for word in [
            key.spec.example,
            match key.spec.fallback {
                Fallback::Is(word) => Some(word),
                Fallback::Derived { example, .. } => Some(example),
                Fallback::Required { demo } => demo,
                Fallback::Unset(_) => None,
            },
        ]
        .into_iter()
        .flatten()
        .filter(|word| !(key.secret && word.is_empty()))
        {
            let read = (key.probe)(&Raw::Word(word.to_owned()));
            assert!(read.is_ok(), "{path} does not take its own `{word}`: {read:?}");
        }
        assert!(key.secret || key.sample().is_some(), "{path} has nothing for the template");
        assert_eq!(
            key.kind.json == "integer",
            (key.spec.at_least.is_some() && key.spec.at_most.is_some()) || key.name == "port",
            "{path}: a number needs both ends of its range"
        );
    }
    for info in SECTIONS {
        assert!(info.doc.trim().ends_with('.'), "{}", info.path);
    }
}

#[test]
fn eco_06_the_page_of_all_keys_is_the_one_in_docs() {
    golden(&folder("../../docs/config.md"), &docs::markdown());
}

/// The template with every commented key and table alive.
fn awake(template: &str) -> String {
    let alive = |line: &str| {
        line.strip_prefix('#').filter(|rest| !rest.starts_with(' ') && !rest.is_empty()).unwrap_or(line).to_owned()
    };
    template.lines().map(alive).collect::<Vec<_>>().join("\n")
}

#[test]
fn eco_05_the_schema_takes_the_template_and_refuses_what_the_server_refuses() {
    let schema = schema::schema();
    assert!(jsonschema::draft202012::meta::is_valid(&schema), "not a schema");
    let validator = jsonschema::validator_for(&schema).unwrap();
    let parsed = |text: &str| json(&toml::de::DeValue::Table(toml::de::DeTable::parse(text).unwrap().into_inner()));

    let template = docs::template(&BTreeMap::new());
    let awake = awake(&template);
    for text in [template.as_str(), awake.as_str(), MINIMAL] {
        let errors: Vec<String> = validator.iter_errors(&parsed(text)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}\n{text}");
    }
    // Awake, it has each key there is; a secret as the file that holds it.
    let written = parsed(&awake);
    for key in all_keys() {
        let table = key.section.split('.').fold(
            &written,
            |at, name| {
                if at[name].is_array() { &at[name][0] } else { &at[name] }
            },
        );
        assert!(
            table.get(key.name).or_else(|| table.get(format!("{}_file", key.name))).is_some(),
            "{} is not in the template",
            key.path()
        );
    }
    for text in [
        "[server]\npublic_ulr = \"x\"",
        "[limits]\nlink_minutes = 1441",
        "[server]\nrole = \"both\"",
        "[sever]",
        "[passwords]\nmin_chars = 14",
        "[limits]\nlink_minutes = \"10\"",
        "[directory]\nname = \"a\"",
    ] {
        assert!(!validator.is_valid(&parsed(text)), "the schema takes {text}");
        let text = text.replace("[server]", "");
        // A second [server] would be a mistake of its own.
        let text = if text.starts_with('[') { minimal_and(&text) } else { minimal_and(text.trim()) };
        refused(&text);
    }
}

fn json(value: &toml::de::DeValue<'_>) -> Value {
    use toml::de::DeValue;
    match value {
        DeValue::Table(table) => {
            table.iter().map(|(name, value)| (name.get_ref().to_string(), json(value.get_ref()))).collect()
        }
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::String(text) => text.to_string().into(),
        DeValue::Integer(number) => number.as_str().parse::<i64>().unwrap().into(),
        DeValue::Boolean(value) => (*value).into(),
        other => panic!("{} in a configuration", other.type_str()),
    }
}

/// The source of everything but the configuration itself.
fn source(folder: &std::path::Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "config" && name != "tests") {
            source(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn eco_06_every_key_is_read_by_something() {
    let mut text = String::new();
    source(&folder("src"), &mut text);
    let read = |name: &str| {
        text.match_indices(&format!(".{name}")).any(|(at, found)| {
            let next = text[at + found.len()..].chars().next();
            next.is_none_or(|c| !c.is_alphanumeric() && c != '_')
        })
    };
    let idle: Vec<&str> = all_keys().map(|key| key.name).filter(|name| !read(name)).collect();
    assert!(idle.is_empty(), "nothing reads {idle:?}: a setting without effect is a promise that is not kept");
}
