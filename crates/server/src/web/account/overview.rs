//! `/me`: how many ways back in there are, each with its age, and what happened.

use keyward_core::{
    account::{Action, Method},
    event::Door,
    time::{DAY_MS, MINUTE_MS, Timestamp},
};

use super::Me;
use crate::{
    flow::{Flow, FlowError},
    jobs::classify::FROM_DIRECTORY,
    store::{
        cases::{CaseRow, State},
        people::Factor,
    },
    web::{
        answer::{Answer, failed, show},
        applicant::{DEVICE, way_of},
        views::me::{
            AppCard, CodesCard, ContactCard, ContactState, DeviceCard, History, HistoryLine, Notice, PasskeyCard,
        },
    },
};

/// How far the history goes back.
const HISTORY_MS: i64 = 365 * DAY_MS;
/// How many lines it has at most.
const LINES: usize = 30;
/// How long "what was just done" is said.
const JUST_MS: i64 = 10 * MINUTE_MS;
/// How long devices are told which passkeys still count, after one was removed.
const SIGNAL_MS: i64 = DAY_MS;

/// `GET /me`.
pub async fn me(me: Me) -> Answer {
    match page(&me).await {
        Ok(page) => show(&page),
        Err(error) => failed(&me.visit, error),
    }
}

async fn page(me: &Me) -> Result<crate::web::views::me::Me, FlowError> {
    let (flow, at) = (&me.visit.portal.flow, me.visit.at);
    let person = me.present.person;
    let factors = flow.store.factors(person).await?;
    let removed = |f: &Factor| f.method == Method::Passkey && f.ended.is_some_and(|end| at.since_ms(end) < SIGNAL_MS);
    let kept = match factors.iter().any(removed) {
        true => Some(flow.accepted_passkeys(person).await?),
        false => None,
    };
    let cases = flow.store.cases_of_person(person, at.plus_ms(-HISTORY_MS)).await?;
    let alive: Vec<&Factor> = factors.iter().filter(|factor| factor.is_alive()).collect();
    Ok(crate::web::views::me::Me {
        shell: me.shell(),
        notice: notice(&factors, at),
        ways: flow.readiness(person, me.present.class, None).await?,
        passkeys: of(&alive, Method::Passkey).map(passkey).collect(),
        app: of(&alive, Method::Totp).next_back().map(app),
        codes: codes(flow, &alive).await?,
        contacts: contacts(flow, &alive, at)?,
        devices: devices(me, &alive)?,
        history: history(flow, &factors, &cases, at).await?,
        password_changed: me.present.password_changed,
        kept,
    })
}

fn of<'a>(alive: &'a [&Factor], method: Method) -> impl DoubleEndedIterator<Item = &'a Factor> {
    alive.iter().copied().filter(move |factor| factor.method == method)
}

fn remove(factor: &Factor) -> String {
    format!("/me/remove/{}", factor.id)
}

fn passkey(factor: &Factor) -> PasskeyCard {
    PasskeyCard {
        name: factor.label.clone(),
        place: None,
        made: factor.created,
        used: factor.last_used,
        remove: remove(factor),
    }
}

fn app(factor: &Factor) -> AppCard {
    // The code that showed that it was set up is no use of it.
    let used = factor.last_used.filter(|used| *used > factor.created);
    AppCard { made: factor.created, used, remove: remove(factor) }
}

async fn codes(flow: &Flow, alive: &[&Factor]) -> Result<Option<CodesCard>, FlowError> {
    let Some(sheet) = of(alive, Method::RecoveryCode).next_back() else { return Ok(None) };
    let left = flow.store.recovery_codes(sheet.id).await?.iter().filter(|(_, used)| used.is_none()).count();
    Ok(Some(CodesCard { left: u32::try_from(left).unwrap_or(0), made: sheet.created }))
}

fn contacts(flow: &Flow, alive: &[&Factor], at: Timestamp) -> Result<Vec<ContactCard>, FlowError> {
    let card = |factor: &Factor| {
        let state = match factor.usable_from {
            from if from > at => ContactState::CountsFrom(from),
            _ => ContactState::Counts,
        };
        Ok(ContactCard {
            address: flow.address(factor)?,
            made: factor.created,
            state,
            confirm: String::new(),
            remove: (factor.label != FROM_DIRECTORY).then(|| remove(factor)),
        })
    };
    of(alive, Method::Email).map(card).collect()
}

fn devices(me: &Me, alive: &[&Factor]) -> Result<Vec<DeviceCard>, FlowError> {
    let here = me.visit.token(DEVICE);
    let card = |factor: &Factor| {
        let this = match &here {
            Some(key) => me.visit.portal.flow.is_device(factor, key)?,
            None => false,
        };
        Ok(DeviceCard {
            name: factor.label.clone(),
            made: factor.created,
            used: factor.last_used.unwrap_or(factor.created),
            this,
            remove: remove(factor),
        })
    };
    of(alive, Method::KnownDevice).map(card).collect()
}

/// What was just done. The change has ended the session it was made in, so that this is seen after the next sign-in.
fn notice(factors: &[Factor], at: Timestamp) -> Option<Notice> {
    let just = |moment: Timestamp| at.since_ms(moment) < JUST_MS;
    let ended = factors.iter().filter_map(|factor| Some((factor.ended?, factor, true)));
    let made = factors.iter().map(|factor| (factor.created, factor, false));
    let theirs = ended.chain(made).filter(|(moment, factor, _)| just(*moment) && factor.label != FROM_DIRECTORY);
    let (_, factor, removed) = theirs.max_by_key(|(moment, ..)| *moment)?;
    let kind = way_of(factor.method)?;
    Some(match (removed, factor.method) {
        (true, _) => Notice::Removed(kind),
        (false, Method::Email) if factor.usable_from > at => Notice::ContactWaits(factor.usable_from),
        (false, _) => Notice::Added(kind),
    })
}

async fn history(
    flow: &Flow,
    factors: &[Factor],
    cases: &[CaseRow],
    at: Timestamp,
) -> Result<Vec<HistoryLine>, FlowError> {
    let mut lines = Vec::new();
    let theirs = |factor: &&Factor| factor.label != FROM_DIRECTORY && at.since_ms(factor.created) < HISTORY_MS;
    for factor in factors.iter().filter(theirs) {
        let Some(kind) = way_of(factor.method) else { continue };
        lines.push(HistoryLine { at: factor.created, what: History::Added(kind), place: None });
        if let Some(ended) = factor.ended {
            lines.push(HistoryLine { at: ended, what: History::Removed(kind), place: None });
        }
    }
    for row in cases.iter().take(LINES) {
        let lines_of = of_case(row);
        if lines_of.is_empty() {
            continue;
        }
        let claim = flow.load(row.id).await?.claim().clone();
        let place = flow.store.value(claim.network).await?.map(|value| value.value);
        lines.extend(lines_of.into_iter().map(|(at, what)| HistoryLine { at, what, place: place.clone() }));
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.at));
    lines.truncate(LINES);
    Ok(lines)
}

/// What a case is in the history. One about a way back in shows as what it changed.
fn of_case(row: &CaseRow) -> Vec<(Timestamp, History)> {
    let changed = matches!(row.state, State::Reviewing | State::Reviewed);
    match (row.action, row.door) {
        (Action::SetPassword, Door::Account) if changed => vec![(row.last, History::PasswordChanged)],
        (Action::EnrollFactor { .. }, _) | (_, Door::Account) if changed => Vec::new(),
        _ => {
            let reference = row.reference.to_string();
            let mut lines = vec![(row.opened, History::RecoveryStarted(reference.clone()))];
            match row.state {
                State::Reviewing | State::Reviewed => lines.push((row.last, History::RecoveryDone(reference))),
                State::Ended | State::Contested => lines.push((row.last, History::RecoveryStopped(reference))),
                _ => {}
            }
            lines
        }
    }
}
