//! What the requester of a case is told of it.

use keyward_core::{
    account::{Action, Method},
    event::{ContestedFrom, EndReason, Event, Unmatched},
    told::told,
};

use crate::fixture::{START, evidence, first, opened};

/// What is told of a case with these events behind its beginning.
fn behind(events: &[Event]) -> Vec<Event> {
    let entries: Vec<_> = [opened(Action::SetPassword)].into_iter().chain(events.iter().cloned().map(first)).collect();
    let all = told(&entries);
    all.into_iter().skip(1).map(|(_, event)| event).collect()
}

#[test]
fn t_c03_who_has_proved_nothing_is_told_no_end_that_an_account_alone_has_and_nothing_behind_the_end() {
    let contested = Event::Contested { from: ContestedFrom::Notice };
    let ended = |reason| Event::Ended { reason };
    let over = ended(EndReason::Expired);
    for (happened, expected) in [
        (vec![contested.clone()], vec![over.clone()]),
        (vec![ended(EndReason::Blocked)], vec![over.clone()]),
        (vec![over.clone()], vec![over.clone()]),
        (vec![over.clone(), contested.clone()], vec![over.clone()]),
        (vec![ended(EndReason::Withdrawn), contested.clone()], vec![ended(EndReason::Withdrawn)]),
        (vec![Event::Unmatched { reason: Unmatched::Unknown }], vec![Event::Unmatched { reason: Unmatched::Unknown }]),
    ] {
        assert_eq!(behind(&happened), expected, "{happened:?}");
        let mut shown = vec![Event::Presented(evidence(Method::Totp, 1, START))];
        shown.extend(happened);
        assert_eq!(behind(&shown), shown, "whoever has shown something is told all of it");
    }
}
