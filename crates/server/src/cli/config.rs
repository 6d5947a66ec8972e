//! `keyward config check`, `show` and `schema`. What they say is the configuration's own; here it is only laid out.

use serde_json::{Value, json};

use super::args::ShowArgs;
use super::{CheckLine, CliContext, CliError, Exit, Mark, Report};
use crate::config::{ConfigError, Loaded, Problem, Shown, docs, schema as config_schema};

/// Reads the configuration and looks at the files it names. 0 if it can be used, 2 if not (ECO-05).
pub async fn check(ctx: &CliContext) -> Result<Exit, CliError> {
    let loaded = ctx.load(&[])?;
    let (problems, more) = loaded.check_files();
    let warnings: Vec<Problem> = loaded.warnings.iter().cloned().chain(more).collect();
    if !problems.is_empty() {
        return Err(ConfigError::Wrong(problems).into());
    }
    let source = file_of(&loaded).unwrap_or_else(|| "environment and defaults".to_owned());
    let written = loaded.values.iter().filter(|shown| shown.origin.kind() != "default").count();
    let found = format!("{source}: {written} keys set, {} by default", loaded.values.len() - written);
    let lines = std::iter::once(CheckLine::new("configuration", Mark::Pass, found))
        .chain(warnings.iter().map(warning))
        .collect();
    let report = Report::new("config check")
        .field("file", json!(file_of(&loaded)))
        .field("warnings", json!(warnings))
        .checks(lines);
    ctx.print(&report)
}

/// The file that was read, in letters: a path need not be a text.
fn file_of(loaded: &Loaded) -> Option<String> {
    loaded.file.as_ref().map(|path| path.display().to_string())
}

fn warning(problem: &Problem) -> CheckLine {
    let found = match problem.origin.kind() {
        "default" => problem.what.clone(),
        _ => format!("{}: {}", problem.origin, problem.what),
    };
    let what = problem.key.split('.').next().filter(|section| !section.is_empty()).unwrap_or("environment");
    CheckLine::new(what, Mark::Warn, found).fix(problem.hint.clone())
}

/// Prints every key with its value, and on request where it comes from. A secret shows nothing of itself.
pub async fn show(args: ShowArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let loaded = ctx.load(&[])?;
    let wanted = |shown: &&Shown| {
        args.key.as_ref().is_none_or(|key| shown.key == *key || shown.key.starts_with(&format!("{key}.")))
    };
    let values: Vec<&Shown> = loaded.values.iter().filter(wanted).collect();
    if let (Some(key), true) = (&args.key, values.is_empty()) {
        return Err(CliError::Usage(format!("there is no key or section `{key}`")));
    }
    let data = values.iter().map(
        |shown| json!({"key": shown.key, "value": shown.value, "secret": shown.secret, "origin": shown.origin.json()}),
    );
    let report = Report::new("config show").field("file", json!(file_of(&loaded))).field("values", data.collect());
    let row = |shown: &&Shown| {
        let mut row = vec![shown.key.clone(), text(&shown.value)];
        row.extend(args.origin.then(|| shown.origin.to_string()));
        row
    };
    let columns: &[&str] = if args.origin { &["key", "value", "origin"] } else { &["key", "value"] };
    ctx.print(&report.table("values", columns, values.iter().map(row).collect()))
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(text) => text.clone(),
        other => docs::toml(other),
    }
}

/// Prints the JSON Schema of the file. In JSON it is under `schema`, as everything is one object with `ok` and `exit`.
pub async fn schema(ctx: &CliContext) -> Result<Exit, CliError> {
    let schema = config_schema::schema();
    let text = format!("{schema:#}\n");
    ctx.print(&Report::new("config schema").verbatim("schema", text).field("schema", schema))
}
