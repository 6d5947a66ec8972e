//! What of a case its requester is told. The log has all of it.

use crate::{
    event::{EndReason, Entry, Event},
    time::Timestamp,
};

/// What happened and when: everything, once something was proved. Until then only what would have happened to a name that is no account, up to the
/// first end: that somebody said "not me" tells that there is somebody (T-C03).
pub fn told(entries: &[Entry]) -> Vec<(Timestamp, Event)> {
    let all = || entries.iter().map(|entry| (entry.at, entry.event.clone()));
    if entries.iter().any(|entry| matches!(entry.event, Event::Presented(_))) {
        return all().collect();
    }
    let mut told = Vec::new();
    for (at, event) in all() {
        let end = end_of_nobody(&event);
        told.push((at, end.map_or(event, |reason| Event::Ended { reason })));
        if end.is_some() {
            break;
        }
    }
    told
}

/// What ends a case, for a name that is no account: the time, where only an account has such an end.
const fn end_of_nobody(event: &Event) -> Option<EndReason> {
    match event {
        Event::Contested { .. } | Event::Ended { reason: EndReason::Blocked } => Some(EndReason::Expired),
        Event::Ended { reason } => Some(*reason),
        _ => None,
    }
}
