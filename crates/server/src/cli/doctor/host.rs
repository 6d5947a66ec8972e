//! The machine: its time, its names, its room.

use std::path::{Path, PathBuf};

use keyward_core::time::{MINUTE_MS, SECOND_MS, Timestamp};

use super::{Lines, PATIENCE, Patient};
use crate::app::{clock, open};
use crate::causes::in_one_line;
use crate::cli::words;

/// Before this program was written.
const TOO_EARLY: Timestamp = Timestamp::from_millis(1_767_225_600_000);
/// How far two clocks may be apart before it is told.
const APART_MS: i64 = 5 * SECOND_MS;
/// With less room nothing can be committed for long.
const FULL: u64 = 100 << 20;
/// With less room it is told.
const TIGHT: u64 = 1 << 30;

/// The clock beside what the log has seen.
pub async fn clock(patient: &Patient, lines: &mut Lines) {
    let now = patient.ctx.now();
    if now < TOO_EARLY {
        lines.fail(
            format!("this machine says it is {} UTC", words::utc(now)),
            "set the clock; every life of a link or code depends on it",
        );
        return;
    }
    let Ok(store) = &patient.store else {
        return lines.ok(format!("{} UTC; there is no log to compare it with", words::utc(now)));
    };
    match clock::apart_ms(store, &patient.ctx).await {
        Ok(Some(by_ms)) => {
            return lines.fail(
                format!("{} UTC, {} the database's clock", words::utc(now), words::apart(by_ms)),
                "set both clocks by NTP; until they agree, nothing starts here",
            );
        }
        Err(error) => {
            return lines.skip(format!(
                "{} UTC; no answer from the database: {}",
                words::utc(now),
                in_one_line(&error)
            ));
        }
        Ok(None) => {}
    }
    match store.log_head().await {
        Err(error) => {
            lines.skip(format!("{} UTC; the log could not be read: {}", words::utc(now), in_one_line(&error)))
        }
        Ok(head) if head.at.since_ms(now) > APART_MS => lines.fail(
            format!("{} UTC, {} behind the last entry of the log", words::utc(now), words::span(head.at.since_ms(now))),
            "set the clock by NTP; find out which of the two was wrong before going on",
        ),
        Ok(head) if head.tree.size() == 0 => lines.ok(format!("{} UTC; the log is empty", words::utc(now))),
        Ok(head) => {
            lines.ok(format!("{} UTC; the last entry is {} old", words::utc(now), words::span(now.since_ms(head.at))))
        }
    }
}

/// The name of the public address.
pub async fn dns(patient: &Patient, lines: &mut Lines) {
    let url = &patient.config().server.public_url;
    let host = url.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    if url.is_loopback() {
        return lines.ok(format!("{host} is this machine"));
    }
    match tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host.as_str(), 443))).await {
        Ok(Ok(found)) => {
            let mut found: Vec<String> = found.map(|address| address.ip().to_string()).collect();
            found.sort();
            found.dedup();
            lines.ok(format!("{host} is {}", found.join(", ")));
        }
        Ok(Err(error)) => lines.warn(
            format!("{host} is not found from here: {error}"),
            "if people are to reach it, their name server must know it; this machine's may differ",
        ),
        Err(_) => lines.warn(format!("no name server answered for {host}"), "look at /etc/resolv.conf"),
    }
}

/// Room where the database and the last checkpoint are.
pub fn disk(patient: &Patient, lines: &mut Lines) {
    let config = patient.config();
    let mut places: Vec<(&str, PathBuf)> = Vec::new();
    match open::database_file(config) {
        Some(file) => places.push(("database", file)),
        None => lines.skip("the database is on a server; look there"),
    }
    places.push(("last checkpoint", config.log.last_checkpoint_file.clone()));
    for (what, file) in places {
        let folder = folder_of(&file);
        match rustix::fs::statvfs(&folder) {
            Err(error) => lines.fail(
                format!("{what}: cannot look at `{}`: {error}", folder.display()),
                "make the folder, and let the account of Keyward write there",
            ),
            Ok(room) => {
                let free = room.f_bavail.saturating_mul(room.f_frsize);
                let found = format!("{what}: {} MB free in `{}`", words::count(free >> 20), folder.display());
                match free {
                    ..FULL => lines.fail(found, "make room: when nothing can be written, nothing is recovered"),
                    FULL..TIGHT => lines.warn(found, "make room before it is used up"),
                    _ => lines.ok(found),
                }
            }
        }
    }
}

/// The folder of a file that need not be there yet.
pub(super) fn folder_of(file: &Path) -> PathBuf {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// A span that was waited is told from a minute on.
pub(super) const fn is_long(millis: i64) -> bool {
    millis > MINUTE_MS
}
