//! What has to be reached: the database, the log in it, the directories.

use std::sync::Arc;

use keyward_core::time::Timestamp;

use super::host::{folder_of, is_long};
use super::{Lines, PATIENCE, Patient};
use crate::app::open::{self, Ground};
use crate::causes::in_one_line;
use crate::cli::{Mark, words};
use crate::connectors::{Capabilities, Protection, Severity};
use crate::passwords::hash::Hasher;
use crate::store::{Aside, CommitError, Engine, Guard, GuardKind, Store, sign::SignError};

/// Can it be opened, is it up to date, does it take a write?
pub async fn database(patient: &Patient, lines: &mut Lines) {
    let store = match &patient.store {
        Ok(store) => store,
        Err(error) if error.is_outage() => {
            return lines.fail(in_one_line(error), "look at database.url, and whether that server runs");
        }
        Err(error) => {
            let fix =
                "look at database.url and what it says of account and file; what is damaged has to come from a backup";
            return lines.fail(in_one_line(error), fix);
        }
    };
    let engine = match store.engine() {
        Engine::Sqlite => "SQLite, of a version that keeps its files whole",
        Engine::Postgres => "PostgreSQL, which keeps what it confirms",
    };
    lines.ok(engine);
    match store.pending_migrations().await {
        Ok(pending) if pending.is_empty() => lines.ok("its tables are those of this build"),
        Ok(pending) => {
            let number = words::things(pending.len(), "migration is", "migrations are");
            return lines.fail(format!("{number} missing: {}", pending.join(", ")), "keyward migrate");
        }
        Err(error) => return lines.fail(in_one_line(&error), "use the build that last migrated it, or a newer one"),
    }
    writable(patient, store, lines).await;
}

/// A transaction that takes the lock for writing, touches nothing and is taken back.
async fn writable(patient: &Patient, store: &Store, lines: &mut Lines) {
    let now = patient.ctx.now();
    let guard = Guard::HoldJob { job: patient.ctx.id(now), tries: 0, until: now };
    match store.aside(Aside::default().guard(guard)).await {
        Err(CommitError::Guard(GuardKind::Job)) => lines.ok("a transaction could write; it was taken back"),
        Ok(()) => {
            lines.fail("a job that can not be there was found", "stop, and look for another program that writes there")
        }
        Err(error) => lines
            .fail(in_one_line(&error), "let the account of Keyward write there, and look for whoever holds it locked"),
    }
}

/// The key, and whether the log is still what was signed.
pub async fn log(patient: &Patient, lines: &mut Lines) {
    let config = patient.config();
    let signer = match open::signer(config) {
        Ok(signer) => signer,
        Err(error) => return lines.fail(in_one_line(&error), "restore the key from your copy; a new key is a new log"),
    };
    lines.ok(format!("key {}", signer.verifier()));
    let memory = folder_of(&config.log.last_checkpoint_file);
    if rustix::fs::access(&memory, rustix::fs::Access::WRITE_OK).is_err() {
        lines.fail(
            format!("the last checkpoint can not be remembered: `{}` takes no file", memory.display()),
            "make the folder, or set log.last_checkpoint_file to another place outside of the database",
        );
    }
    let Ok(store) = &patient.store else {
        return lines.skip("the database could not be opened");
    };
    match store.check_log(signer.verifier(), &open::memory(config)).await {
        Ok(()) => signed(store, patient.ctx.now(), lines).await,
        Err(SignError::Store(error)) if error.is_passing() => {
            lines.fail(format!("the log could not be read: {}", in_one_line(&error)), "look at the database");
        }
        Err(error @ SignError::File { .. }) => {
            lines.fail(in_one_line(&error), "let the account of Keyward read it");
        }
        Err(error) => lines.fail(
            in_one_line(&error),
            "do not start the server; restore a newer backup, or find out who changed the database",
        ),
    }
}

async fn signed(store: &Store, now: Timestamp, lines: &mut Lines) {
    let (head, last) = match (store.log_head().await, store.last_checkpoint().await) {
        (Ok(head), Ok(last)) => (head, last),
        (Err(error), _) | (_, Err(error)) => return lines.skip(in_one_line(&error)),
    };
    let size = head.tree.size();
    match last {
        None if size == 0 => lines.ok("the log is empty; nothing was signed yet"),
        Some(last) if last.size == size => {
            lines.ok(format!("{} entries, all signed; continues every checkpoint that is known", words::count(size)));
        }
        _ if is_long(now.since_ms(head.at)) => lines.warn(
            format!(
                "{} entries, and the newest wait for a signature since {} UTC",
                words::count(size),
                words::utc(head.at)
            ),
            "start a process that does jobs: keyward serve, or keyward worker",
        ),
        _ => lines.ok(format!("{} entries, the newest are about to be signed", words::count(size))),
    }
}

/// Each directory is asked what it is and what Keyward may do there.
pub async fn directories(patient: &Patient, lines: &mut Lines) {
    let config = patient.config();
    let hasher = match Hasher::new(1, 4) {
        Ok(hasher) => Arc::new(hasher),
        Err(error) => return lines.skip(format!("no thread could be started: {error}")),
    };
    for entry in &config.directories {
        let name = entry.name.as_str();
        let Ok(store) = &patient.store else {
            lines.skip(format!("{name}: the database could not be opened"));
            continue;
        };
        let ground = Ground {
            store: store.clone(),
            hasher: Arc::clone(&hasher),
            ctx: patient.ctx.clone(),
            history: config.passwords.history.size(),
        };
        let directory = match open::directory(entry, &ground) {
            Ok(directory) => directory,
            Err(error) => {
                lines.fail(
                    format!("{name}: {}", in_one_line(&error)),
                    "look at the table of this directory in the configuration",
                );
                continue;
            }
        };
        match tokio::time::timeout(PATIENCE, directory.probe()).await {
            Ok(Ok(found)) => told(&found, lines),
            Ok(Err(error)) => lines.fail(
                format!("{name}: {}", in_one_line(&error)),
                "look at its address, its certificate, and the account that Keyward signs in with",
            ),
            Err(_) => {
                lines.fail(format!("{name}: no answer in time"), "look at its address and at the network in between")
            }
        }
    }
}

fn told(found: &Capabilities, lines: &mut Lines) {
    let way = match found.protection {
        Protection::InProcess => "in Keyward's own database",
        Protection::Tls => "over TLS",
        Protection::StartTls => "over TLS after STARTTLS",
        Protection::ClearOnLoopback => "in clear, on this machine",
    };
    let name = &found.directory;
    let cannot: Vec<&str> = [
        ("set a password", found.abilities.set_password),
        ("lift a lock", found.abilities.unlock),
        ("end sessions", found.abilities.ends_sessions),
    ]
    .into_iter()
    .filter(|(_, able)| *able == Some(false))
    .map(|(what, _)| what)
    .collect();
    let unable = if cannot.is_empty() { String::new() } else { format!("; it can not {}", cannot.join(", ")) };
    lines.ok(format!("{name}: {} {way}, as {}{unable}", found.kind, found.bound_as));
    for finding in &found.findings {
        let mark = match finding.severity {
            Severity::Refuse => Mark::Fail,
            Severity::Warn => Mark::Warn,
            Severity::Note => Mark::Pass,
        };
        lines.add(mark, format!("{name}: {} ({})", finding.because, finding.code), None);
    }
}
