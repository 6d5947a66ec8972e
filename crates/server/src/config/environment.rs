//! The environment as a layer: `KEYWARD_SECTION__KEY`, and `KEYWARD_DIRECTORY__NAME__KEY` for the directory called `name`.
//!
//! A name with two underscores that no key has is an error, as in the file. A name without them is only warned of, because
//! orchestrators set such names by themselves (`KEYWARD_PORT`, `KEYWARD_SERVICE_HOST` for a service called `keyward`).

use super::keys::{SECTIONS, key, secret_behind, section};
use super::layers::{Environment, Found, Layers, Written, with_instance};
use super::nearest::nearest;
use super::problem::{Origin, Problem};
use super::setting::{Key, Raw, SectionInfo, Setting as _};
use super::types::Name;

const PREFIX: &str = "KEYWARD_";

/// Variables that the command line reads itself.
pub const COMMAND_LINE: [&str; 3] = ["KEYWARD_CONFIG", "KEYWARD_OUTPUT", "KEYWARD_COLOR"];

/// The variable of a key: `KEYWARD_MAIL__PORT`. For a directory, `<NAME>` stands where its name goes.
pub fn variable(key: &Key) -> String {
    let path = match section(first(key.section)) {
        Some(info) if info.repeated => with_instance(&key.path(), "<name>"),
        _ => key.path(),
    };
    format!("{PREFIX}{}", path.to_uppercase().replace('.', "__"))
}

fn first(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}

/// One variable, understood.
struct Variable {
    /// Path with the name of the directory in it.
    path: String,
    /// The name of the directory, if the key belongs to one.
    instance: Option<String>,
    /// It names a file with the value.
    pointer: bool,
}

/// Puts what the environment says over what is there.
pub(super) fn add(environment: &Environment, layers: &mut Layers) {
    for (name, value) in environment.iter() {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            continue;
        };
        if COMMAND_LINE.contains(&name) {
            continue;
        }
        let origin = Origin::Environment(name.to_owned());
        match understand(rest) {
            Some(variable) => take(variable, value, origin, environment, layers),
            None => unknown(name, rest, origin, layers),
        }
    }
}

fn understand(rest: &str) -> Option<Variable> {
    if rest != rest.to_uppercase() {
        return None;
    }
    let lower = rest.to_lowercase();
    let mut parts: Vec<&str> = lower.split("__").collect();
    let name = parts.pop()?;
    let head = *parts.first()?;
    let instance = match section(head) {
        Some(info) if info.repeated => {
            if parts.len() < 2 {
                return None;
            }
            let instance = parts.remove(1);
            Name::read(&Raw::Word(instance.into())).ok()?;
            Some(instance.to_owned())
        }
        _ => None,
    };
    let section_path = parts.join(".");
    // The name of a directory is in the variable itself.
    if instance.is_some() && name == "name" {
        return None;
    }
    let (name, pointer) = match secret_behind(&section_path, name) {
        Some(base) => (base, true),
        None => (name, false),
    };
    let path = key(&section_path, name)?.path();
    let path = instance.as_ref().map_or(path.clone(), |instance| with_instance(&path, instance));
    Some(Variable { path, instance, pointer })
}

fn take(variable: Variable, value: &str, origin: Origin, environment: &Environment, layers: &mut Layers) {
    let Variable { path, instance, pointer } = variable;
    if let Origin::Environment(name) = &origin
        && pointer
        && name.strip_suffix("_FILE").is_some_and(|bare| environment.get(bare).is_some())
    {
        let what = format!("`{path}` is given twice, as a value and as a file");
        let problem = Problem::new(origin, path, what).hint(Some("keep the one with `_FILE`".into()));
        layers.problems.push(problem);
        return;
    }
    if let Some(instance) = instance
        && !layers.instances.contains(&instance)
    {
        let written = Written::Value(Raw::Word(instance.clone()));
        layers.put(format!("directory.{instance}.name"), Found { written, origin: origin.clone() });
        layers.instances.push(instance);
    }
    let written = if pointer { Written::Pointer(value.into()) } else { Written::Value(Raw::Word(value.into())) };
    layers.put(path, Found { written, origin });
}

fn unknown(name: &str, rest: &str, origin: Origin, layers: &mut Layers) {
    let known: Vec<String> = SECTIONS.iter().flat_map(names).collect();
    let near = nearest(name, known.iter().map(String::as_str));
    let hint = near.map(|near| format!("did you mean {near}?"));
    let squeezed = |name: &str| name.to_uppercase().replace("__", "_");
    let meant = known.iter().find(|known| squeezed(known) == squeezed(name));
    if let Some(meant) = meant {
        let hint = Some(format!("write {meant}: section and key have two underscores between them"));
        layers.problems.push(Problem::new(origin, "", format!("unknown variable {name}")).hint(hint));
    } else if rest.contains("__") {
        layers.problems.push(Problem::new(origin, "", format!("unknown variable {name}")).hint(hint));
    } else if !of_orchestrator(rest) {
        layers.warnings.push(Problem::new(origin, "", format!("unknown variable {name} is not used")).hint(hint));
    }
}

fn names(info: &SectionInfo) -> Vec<String> {
    let pointers = info.keys.iter().filter(|key| key.secret).map(|key| format!("{}_FILE", variable(key)));
    info.keys.iter().map(variable).chain(pointers).collect()
}

/// Kubernetes sets these in every container beside a service called `keyward`.
fn of_orchestrator(rest: &str) -> bool {
    ["SERVICE_HOST", "SERVICE_PORT", "PORT"]
        .iter()
        .any(|known| rest == *known || rest.starts_with(&format!("{known}_")))
}
