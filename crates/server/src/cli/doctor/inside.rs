//! What Keyward brings along or is given in files: configuration, keys, the list of breached passwords, the gate, the texts.

use super::{Lines, Patient};
use crate::app::open::{self, OpenError};
use crate::causes::in_one_line;
use crate::cli::{Mark, lint, words};
use crate::config::types::Role;
use crate::i18n::{Lang, k};

/// What the configuration says, and the files it names.
pub fn configuration(patient: &Patient, lines: &mut Lines) {
    let loaded = &patient.loaded;
    let (problems, warnings) = loaded.check_files();
    for problem in &problems {
        lines.add(Mark::Fail, problem.what.clone(), problem.hint.as_deref());
    }
    for warning in loaded.warnings.iter().chain(&warnings) {
        lines.add(Mark::Warn, warning.what.clone(), warning.hint.as_deref());
    }
    if problems.is_empty() {
        let written = loaded.values.iter().filter(|shown| shown.origin.kind() != "default").count();
        let source =
            loaded.file.as_ref().map_or_else(|| "the environment".to_owned(), |path| path.display().to_string());
        lines.ok(format!(
            "{} set in {source}, and every file it names is there",
            words::things(written, "key is", "keys are")
        ));
    }
}

const FIX: &str = "`keyward config init` writes keys; a key that was in use has to come from your copy of it";

/// Whether the data key is one, and the one with which the database was closed.
async fn data_key(patient: &Patient, lines: &mut Lines) {
    let config = patient.config();
    let keys = match open::data_keys(config) {
        Ok(keys) => keys,
        Err(error) => return lines.fail(in_one_line(&error), FIX),
    };
    let Ok(store) = &patient.store else {
        return lines.skip("the data key can be used; whether it is that of the database could not be looked at");
    };
    match open::check_data_key(config, store, &keys.vault).await {
        Ok(true) => lines.ok("the data key can be used, and opens what is in the database"),
        Ok(false) => lines.ok("the data key can be used; nothing was closed with it yet"),
        Err(error @ OpenError::OtherDataKey { .. }) => lines.fail(in_one_line(&error), FIX),
        // The check of the database says what is wrong with it.
        Err(error) => {
            lines.skip(format!("the data key can be used; nothing could be opened with it: {}", in_one_line(&error)))
        }
    }
}

/// The keys of data and seals. That of the log is looked at with the log.
pub async fn keys(patient: &Patient, lines: &mut Lines) {
    let config = patient.config();
    data_key(patient, lines).await;
    if config.server.role == Role::Web {
        match open::seal_key(config) {
            Ok(_) => lines.ok("pages can seal for the worker; this process can not open what they seal"),
            Err(error) => lines.fail(in_one_line(&error), FIX),
        }
        return;
    }
    match open::open_key(config) {
        Ok(key) => {
            let written = config.worker.seal_public_key.is_some();
            let agrees = if written { "; worker.seal_public_key is its public half" } else { "" };
            lines.ok(format!("the seal key can be used{agrees}"));
            if !written {
                lines.ok(format!("a process with role web needs worker.seal_public_key = \"{}\"", key.seal_key()));
            }
        }
        Err(error) => lines.fail(in_one_line(&error), FIX),
    }
}

/// The list of breached passwords.
pub fn passwords(patient: &Patient, lines: &mut Lines) {
    match open::breach_list(patient.config()) {
        Ok(None) => lines.warn(
            "there is no list of breached passwords; only common ones are refused",
            "build one with `keyward breach build` and name it in passwords.breach_file",
        ),
        Ok(Some(list)) => {
            lines.ok(format!("{} breached passwords are known: {}", words::count(list.keys()), list.note()))
        }
        Err(error) => lines.fail(
            format!("{}; until this is repaired every new password is refused", in_one_line(&error)),
            "build the file anew with `keyward breach build`",
        ),
    }
}

/// The gate, and what is weak about it.
pub fn policy(patient: &Patient, lines: &mut Lines) {
    let (policy, from) = match open::policy(patient.config()) {
        Ok(found) => found,
        Err(error) => return lines.fail(in_one_line(&error), "`keyward policy check` says more"),
    };
    match lint::lines(&policy) {
        Err(error) => lines.fail(in_one_line(&error), "`keyward policy check` says more"),
        Ok(found) => {
            let weak: Vec<_> = found.into_iter().filter(|line| matches!(line.mark, Mark::Fail | Mark::Warn)).collect();
            if weak.is_empty() {
                let number = policy.reasons().count();
                lines.ok(format!(
                    "the policy {from} has {} and a way for each class",
                    words::things(number, "rule", "rules")
                ));
            }
            for line in weak {
                lines.add(line.mark, format!("{}: {}", line.what, line.found), line.fix.as_deref());
            }
        }
    }
}

/// The texts, and whether the language of the site is among them.
pub fn languages(patient: &Patient, lines: &mut Lines) {
    let tag = patient.config().server.default_language.to_string();
    let known: Vec<&str> = Lang::CHOICE.iter().filter(|lang| lang.dir() == "ltr").map(|lang| lang.tag()).collect();
    // A text that is missing shows its key.
    let mute: Vec<&str> = known.iter().copied().filter(|tag| is_mute(tag)).collect();
    if !mute.is_empty() {
        lines.fail(
            format!("the texts can not be read: {}", mute.join(", ")),
            "install the program again; it is damaged",
        );
    }
    match Lang::from_tag(&tag) {
        Some(_) => lines.ok(format!("pages are in {}, and in {tag} where nothing else is asked for", known.join(", "))),
        None => lines.warn(
            format!("server.default_language is {tag}, which this build does not speak"),
            &format!("choose one of {}", known.join(", ")),
        ),
    }
}

fn is_mute(tag: &str) -> bool {
    const KEY: &str = "time-clock";
    Lang::from_tag(tag).is_none_or(|lang| {
        let text = lang.t(k(KEY)).to_string();
        text.is_empty() || text.contains(KEY)
    })
}
