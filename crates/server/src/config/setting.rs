//! What a key of the configuration is: its type, its fallback, its bounds, and the trait that turns written text into a typed value.
//!
//! Not here: which keys exist ([`super::keys`]) and where their values come from ([`super::layers`]).

use serde_json::{Value, json};

/// What stands where a secret would.
pub const HIDDEN: &str = "[secret]";

/// A value as it was written, before anybody knows what it should be.
#[derive(Clone, PartialEq, Eq)]
pub enum Raw {
    /// A quoted string in the file.
    Text(String),
    /// Text that carries no type: an environment variable, a credential, a secret's file, a command-line flag.
    Word(String),
    /// A whole number in the file.
    Integer(i64),
    /// `true` or `false` in the file.
    Boolean(bool),
    /// An array in the file.
    List(Vec<Raw>),
    /// Something no key takes; the name of its TOML type.
    Other(&'static str),
}

impl Raw {
    /// What was written, in the words of a message: `a string`.
    pub fn described(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Word(_) => "a string",
            Self::Integer(_) => "a whole number",
            Self::Boolean(_) => "true or false",
            Self::List(_) => "a list",
            Self::Other(name) => name,
        }
    }

    /// The text of a string, or what should have been written instead.
    pub fn text(&self) -> Result<&str, Complaint> {
        match self {
            Self::Text(text) | Self::Word(text) => Ok(text),
            other => {
                Err(Complaint::new(format!("must be a string, not {}", other.described()))
                    .hint("put it in double quotes"))
            }
        }
    }
}

impl std::fmt::Debug for Raw {
    /// Only the type: a raw value may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.described())
    }
}

/// Why a written value is not taken. The text continues a sentence that starts with the key's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// What is wrong: `must be a whole number, not a string`.
    pub what: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Complaint {
    /// A complaint without a hint.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None }
    }
    /// The same with a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The type of a key, for messages, the JSON Schema and the documentation.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The JSON type: `string`, `integer`, `boolean` or `array`.
    pub json: &'static str,
    /// The type in words, with its unit: `minutes`.
    pub words: &'static str,
    /// The words a choice takes; empty for everything else.
    pub choices: &'static [&'static str],
    /// The JSON Schema `format`, where there is one.
    pub format: Option<&'static str>,
    /// The type of each item of a list.
    pub item: Option<&'static Kind>,
}

impl Kind {
    /// A type that is written as one JSON type.
    pub const fn new(json: &'static str, words: &'static str) -> Self {
        Self { json, words, choices: &[], format: None, item: None }
    }
    /// One of a few words.
    pub const fn choice(choices: &'static [&'static str]) -> Self {
        let mut kind = Self::new("string", "choice");
        kind.choices = choices;
        kind
    }
    /// The same with a JSON Schema `format`.
    pub const fn format(mut self, format: &'static str) -> Self {
        self.format = Some(format);
        self
    }
    /// A list of items.
    pub const fn list(item: &'static Kind) -> Self {
        let mut kind = Self::new("array", "list");
        kind.item = Some(item);
        kind
    }
}

/// A typed value of the configuration.
pub trait Setting: Sized {
    /// Its type in words and in JSON.
    const KIND: Kind;
    /// A secret is never shown, and may also come from a file or a credential.
    const SECRET: bool = false;
    /// Reads what was written.
    fn read(raw: &Raw) -> Result<Self, Complaint>;
    /// What `config show` prints. A secret shows nothing of itself.
    fn shown(&self) -> Value;
    /// The number that bounds apply to.
    fn number(&self) -> Option<i64> {
        None
    }
    /// The value when nothing was written and the key has no default, if the type allows for that.
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Setting> Setting for Option<T> {
    const KIND: Kind = T::KIND;
    const SECRET: bool = T::SECRET;
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        T::read(raw).map(Some)
    }
    fn shown(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::shown)
    }
    fn number(&self) -> Option<i64> {
        self.as_ref().and_then(T::number)
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Setting> Setting for Vec<T> {
    const KIND: Kind = Kind::list(&T::KIND);
    /// A word is a TOML array (`["a", "b"]`) or items with `;` between them: items such as names in a directory have commas of their own.
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        match raw {
            Raw::List(items) => items.iter().map(T::read).collect(),
            Raw::Word(word) if word.trim_start().starts_with('[') => {
                let parsed = toml::de::DeValue::parse(word.trim())
                    .map_err(|error| Complaint::new(format!("is not a list: {}", error.message())))?;
                Self::read(&super::file::raw(parsed.get_ref()))
            }
            Raw::Word(word) => word
                .split(';')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| T::read(&Raw::Word(item.into())))
                .collect(),
            other => Err(Complaint::new(format!("must be a list, not {}", other.described()))
                .hint("put it in square brackets: [\"…\"]")),
        }
    }
    fn shown(&self) -> Value {
        Value::Array(self.iter().map(T::shown).collect())
    }
}

impl Setting for String {
    const KIND: Kind = Kind::new("string", "text");
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        let text = raw.text()?;
        if text.trim().is_empty() {
            return Err(Complaint::new("is empty").hint("remove the line to use the default"));
        }
        if text.chars().any(char::is_control) {
            return Err(Complaint::new("has a line break or another control character"));
        }
        Ok(text.to_owned())
    }
    fn shown(&self) -> Value {
        json!(self)
    }
}

impl Setting for bool {
    const KIND: Kind = Kind::new("boolean", "true or false");
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        match raw {
            Raw::Boolean(value) => Ok(*value),
            Raw::Word(word) if word == "true" => Ok(true),
            Raw::Word(word) if word == "false" => Ok(false),
            Raw::Word(word) => Err(Complaint::new(format!("must be true or false, not `{word}`"))),
            other => Err(Complaint::new(format!("must be true or false, not {}", other.described()))
                .hint("write it without quotes")),
        }
    }
    fn shown(&self) -> Value {
        json!(self)
    }
}

/// A whole number from the file, or from a word.
pub fn whole_number(raw: &Raw) -> Result<i64, Complaint> {
    match raw {
        Raw::Integer(number) => Ok(*number),
        Raw::Word(word) => {
            word.trim().parse().map_err(|_| Complaint::new(format!("must be a whole number, not `{word}`")))
        }
        other => Err(Complaint::new(format!("must be a whole number, not {}", other.described()))
            .hint("write it without quotes, unit or point")),
    }
}

/// What a key is when nobody wrote it.
#[derive(Clone, Copy, Debug)]
pub enum Fallback {
    /// There is none: a start without it is refused. `keyward demo` uses `demo`.
    Required {
        /// The value in a demonstration.
        demo: Option<&'static str>,
    },
    /// This value, written like an environment variable.
    Is(&'static str),
    /// Computed from another key.
    Derived {
        /// How, in words.
        how: &'static str,
        /// What stands in the template.
        example: &'static str,
    },
    /// Nothing; what that means, in words.
    Unset(&'static str),
}

/// An end of the range that a number may have, and whose rule it is.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// The last number that is taken.
    pub value: i64,
    /// The source of the rule.
    pub rule: &'static str,
}

/// Everything about a key that is not its name, its type and its documentation.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// What it is when nobody wrote it.
    pub fallback: Fallback,
    /// The version that brought the key.
    pub since: &'static str,
    /// A value for the template, where the fallback is not one.
    pub example: Option<&'static str>,
    /// Below this, a start is refused.
    pub at_least: Option<Bound>,
    /// Above this, a start is refused.
    pub at_most: Option<Bound>,
    /// Above this, `config check` warns.
    pub better_at_most: Option<Bound>,
    /// The key names a file that may also be a systemd credential; the credential's name.
    pub credential: Option<&'static str>,
}

impl Spec {
    const fn new(fallback: Fallback) -> Self {
        Self {
            fallback,
            since: "0.1.0",
            example: None,
            at_least: None,
            at_most: None,
            better_at_most: None,
            credential: None,
        }
    }
    /// A key with a default, written like an environment variable.
    pub const fn default(value: &'static str) -> Self {
        Self::new(Fallback::Is(value))
    }
    /// A key that must be written.
    pub const fn required(example: &'static str) -> Self {
        Self::new(Fallback::Required { demo: None }).example(example)
    }
    /// A key that a demonstration may leave out.
    pub const fn required_except_demo(example: &'static str, demo: &'static str) -> Self {
        Self::new(Fallback::Required { demo: Some(demo) }).example(example)
    }
    /// A key that may be left out; `meaning` says what happens then.
    pub const fn unset(meaning: &'static str, example: &'static str) -> Self {
        Self::new(Fallback::Unset(meaning)).example(example)
    }
    /// A key that follows another one unless it is written.
    pub const fn derived(how: &'static str, example: &'static str) -> Self {
        Self::new(Fallback::Derived { how, example })
    }
    /// The value that the template shows.
    pub const fn example(mut self, example: &'static str) -> Self {
        self.example = Some(example);
        self
    }
    /// Refuses smaller numbers.
    pub const fn at_least(mut self, value: i64, rule: &'static str) -> Self {
        self.at_least = Some(Bound { value, rule });
        self
    }
    /// Refuses greater numbers.
    pub const fn at_most(mut self, value: i64, rule: &'static str) -> Self {
        self.at_most = Some(Bound { value, rule });
        self
    }
    /// Warns of greater numbers.
    pub const fn better_at_most(mut self, value: i64, rule: &'static str) -> Self {
        self.better_at_most = Some(Bound { value, rule });
        self
    }
    /// The file may also be handed over as a systemd credential of that name.
    pub const fn credential(mut self, name: &'static str) -> Self {
        self.credential = Some(name);
        self
    }
}

/// One key of the configuration: the row that parsing, messages, schema, template and documentation all read.
#[derive(Debug)]
pub struct Key {
    /// The table it stands in: `server`.
    pub section: &'static str,
    /// Its own name: `public_url`.
    pub name: &'static str,
    /// What it is for, one line.
    pub doc: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Never shown; also `…_file`, `…_FILE` and a credential.
    pub secret: bool,
    /// Fallback, bounds, version.
    pub spec: Spec,
    /// Reads a value of the key's type and gives back how it is shown.
    pub probe: fn(&Raw) -> Result<Value, Complaint>,
}

impl Key {
    /// The whole name: `server.public_url`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }
    /// The value that the template and the documentation show, as JSON (which TOML reads the same way).
    pub fn sample(&self) -> Option<Value> {
        let word = match (self.spec.example, self.spec.fallback) {
            (Some(word), _) | (None, Fallback::Is(word)) => word,
            (None, Fallback::Derived { example, .. }) => example,
            _ => return None,
        };
        if self.secret {
            return Some(json!(word));
        }
        (self.probe)(&Raw::Word(word.into())).ok()
    }
}

/// One table of the configuration.
#[derive(Debug)]
pub struct SectionInfo {
    /// Its name with dots: `contacts.age_days`.
    pub path: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// May be written more than once, each with a `name`.
    pub repeated: bool,
    /// May be left out as a whole, its required keys included.
    pub optional: bool,
    /// Its keys in order.
    pub keys: &'static [Key],
}

impl SectionInfo {
    /// The names that may stand in this table: its keys, and `…_file` for its secrets.
    pub fn names(&self) -> Vec<String> {
        let pointers = self.keys.iter().filter(|key| key.secret).map(|key| format!("{}_file", key.name));
        self.keys.iter().map(|key| key.name.to_owned()).chain(pointers).collect()
    }
}

/// A table that can be read into a type.
pub trait Section: Sized {
    /// Its row.
    const INFO: SectionInfo;
    /// Reads every key, so that every mistake is found, then gives the whole or nothing.
    fn read(reader: &mut super::reader::Reader<'_>) -> Option<Self>;
}
