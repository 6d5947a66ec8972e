//! The table of keys as a JSON Schema (2020-12), for editors that check a file while it is written.
//!
//! A schema cannot know the environment, so it demands no key; `keyward config check` does.

use serde_json::{Map, Value, json};

use super::keys::{SECTIONS, section};
use super::setting::{Fallback, Key, Kind, SectionInfo};

/// The schema of the file.
pub fn schema() -> Value {
    let mut tables = Map::new();
    for info in SECTIONS.iter().filter(|info| !info.path.contains('.')) {
        tables.insert(info.path.to_owned(), table(info));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "keyward.toml",
        "description": "The configuration of Keyward",
        "type": "object",
        "additionalProperties": false,
        "properties": tables,
    })
}

fn table(info: &SectionInfo) -> Value {
    let mut properties = Map::new();
    for key in info.keys {
        properties.insert(key.name.to_owned(), property(key));
        if key.secret {
            let description = format!("The file that `{}` is read from", key.name);
            properties.insert(
                format!("{}_file", key.name),
                json!({"type": "string", "minLength": 1, "description": description}),
            );
        }
    }
    let inside = format!("{}.", info.path);
    for inner in SECTIONS.iter().filter(|other| other.path.starts_with(&inside)) {
        let name = inner.path.strip_prefix(&inside).unwrap_or(inner.path);
        properties.insert(name.to_owned(), table(inner));
    }
    let table = json!({"type": "object", "description": info.doc.trim(), "additionalProperties": false, "properties": properties});
    if section(info.path).is_some_and(|info| info.repeated) { json!({"type": "array", "items": table}) } else { table }
}

fn property(key: &Key) -> Value {
    let mut property = type_of(&key.kind);
    let mut set = |name: &str, value: Value| property.insert(name.to_owned(), value);
    set("description", json!(key.doc.trim()));
    if let Fallback::Is(_) = key.spec.fallback
        && key.spec.example.is_none()
        && let Some(default) = key.sample()
    {
        set("default", default);
    }
    if let Some(bound) = key.spec.at_least {
        set("minimum", json!(bound.value));
    }
    if let Some(bound) = key.spec.at_most {
        set("maximum", json!(bound.value));
    }
    if key.secret {
        set("writeOnly", json!(true));
    }
    Value::Object(property)
}

fn type_of(kind: &Kind) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".into(), json!(kind.json));
    if !kind.choices.is_empty() {
        schema.insert("enum".into(), json!(kind.choices));
    }
    if let Some(format) = kind.format {
        schema.insert("format".into(), json!(format));
    }
    if let Some(item) = kind.item {
        schema.insert("items".into(), Value::Object(type_of(item)));
    }
    schema
}
