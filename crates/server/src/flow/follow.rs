//! What has to happen after an event: the one table from events to jobs and to what is ended or blocked. Committed together with the event,
//! so that no crash lies between them.

use keyward_core::{
    account::Action,
    case::Case,
    event::{Entry, Event},
    steps::{
        reissue::{MAX_ATTEMPTS, Outcome},
        review::NoticeAbout,
    },
    time::{DAY_MS, SECOND_MS},
};

use super::{Flow, With};
use crate::{
    jobs::Work,
    store::{Write, jobs::NewJob, tokens::Purpose},
};

/// How long after "not me" nobody can recover the account by themselves (UX-71).
pub const BLOCK_MS: i64 = DAY_MS;

/// Everything that follows from the new entries of a case.
pub fn up(flow: &Flow, after: &Case, entries: &[Entry]) -> With {
    entries.iter().fold(With::nothing(), |with, entry| one(flow, after, entry, with))
}

fn one(flow: &Flow, after: &Case, entry: &Entry, with: With) -> With {
    let case = entry.case;
    let job = |work: Work, delay_ms: i64| -> NewJob { work.job(&flow.ctx, entry.at, entry.at.plus_ms(delay_ms)) };
    let notify = |about| job(Work::Notify { case, about }, 0);
    match &entry.event {
        Event::Classified(_) => with.job(notify(NoticeAbout::Started)),
        // The gate is asked again by whoever comes back: it stays open for half an hour, and a hold ends while they are asleep.
        Event::Held(_) => with.job(notify(NoticeAbout::Held)),
        Event::Recorded(recorded) => match &recorded.outcome {
            // Success ends every code and link of this person, in other cases too (T-A15, T-A16), and every session (R11, X8).
            Outcome::Done => ended_for(after, with, |with, person| {
                let with = match after.claim().action {
                    Action::SetPassword => with.write(Write::PersonChanged { person, at: entry.at }),
                    Action::Unlock | Action::EnrollFactor { .. } | Action::RemoveFactor => with,
                };
                [Purpose::Code, Purpose::Link, Purpose::SignIn]
                    .into_iter()
                    .fold(with, |with, purpose| with.write(Write::EndTokensOfPerson { person, purpose: Some(purpose) }))
            })
            .job(notify(told_of(after)))
            .job(job(Work::Review { case }, SECOND_MS))
            .job(job(Work::StopOthers { case }, 0)),
            Outcome::NotDone { .. } if recorded.attempt >= MAX_ATTEMPTS => with.job(job(Work::GiveUp { case }, 0)),
            Outcome::NotDone { .. } => with,
            // Looking is queued by the job that made the attempt: it has the sealed password to look with.
            Outcome::Unknown { .. } => with,
        },
        Event::Ended { .. } => {
            let with = with.write(Write::EndTokensOfCase { case, purpose: Some(Purpose::Code) });
            // Who never heard of the case is not told of its end.
            if after.subject().is_some() { with.job(notify(NoticeAbout::Stopped)) } else { with }
        }
        Event::Contested { .. } => {
            // What could still open something ends. The browser of the case may read why it stopped, and the links say so too.
            let with = [Purpose::Code, Purpose::Ceremony, Purpose::Enroll]
                .into_iter()
                .fold(with, |with, purpose| with.write(Write::EndTokensOfCase { case, purpose: Some(purpose) }))
                .job(notify(NoticeAbout::Contested))
                .job(job(Work::StopOthers { case }, 0));
            ended_for(after, with, |with, person| {
                with.write(Write::BlockPerson { person, until: entry.at.plus_ms(BLOCK_MS) })
                    .write(Write::EndTokensOfPerson { person, purpose: Some(Purpose::SignIn) })
            })
        }
        // What was proved is asked about again, and counts for the new class without being shown once more.
        Event::Reclassified(_) => with.job(job(Work::Ask { case }, 0)),
        Event::Noticed(notice) if notice.about.is_of_change() => with.job(job(Work::Review { case }, 0)),
        Event::Opened(_)
        | Event::Unmatched { .. }
        | Event::Presented(_)
        | Event::Rejected(_)
        | Event::Verified(_)
        | Event::Authorized { .. }
        | Event::Approved(_)
        | Event::Submitted(_)
        | Event::Started(_)
        | Event::Noticed(_)
        | Event::Reviewed(_)
        | Event::CodeReplaced { .. } => with,
    }
}

/// What everybody is told when a change is made: a way back in is worth a message of its own (N-06, UX-69).
const fn told_of(case: &Case) -> NoticeAbout {
    match case.claim().action {
        Action::EnrollFactor { .. } | Action::RemoveFactor => NoticeAbout::RecoveryDataChanged,
        Action::SetPassword | Action::Unlock => NoticeAbout::Done,
    }
}

fn ended_for(after: &Case, with: With, then: impl Fn(With, keyward_core::ids::PersonId) -> With) -> With {
    match after.subject() {
        Some(person) => then(with, person),
        None => with,
    }
}
