//! `/me`: how many ways back in there are, each with its age, and what happened.

use keyward_core::{
    account::Method,
    time::{DAY_MS, MINUTE_MS, Timestamp},
};

use super::Me;
use crate::{
    flow::{FlowError, OwnWay, Past, PastLine},
    web::{
        answer::{Answered, show},
        applicant::DEVICE,
        views::me::{
            self as view, AppCard, CodesCard, ContactCard, ContactState, DeviceCard, History, HistoryLine, Notice,
            PasskeyCard,
        },
    },
};

/// How long "what was just done" is said.
const JUST_MS: i64 = 10 * MINUTE_MS;
/// How long devices are told which passkeys still count, after one was removed.
const SIGNAL_MS: i64 = DAY_MS;

/// `GET /me`.
pub async fn me(me: Me) -> Answered {
    Ok(show(&me.visit.or_page(page(&me).await)?))
}

async fn page(me: &Me) -> Result<view::Me, FlowError> {
    let (flow, at, person) = (&me.visit.portal.flow, me.visit.at, me.present.person);
    let all = flow.own_ways(person, me.visit.token(DEVICE).as_ref()).await?;
    let removed =
        |way: &OwnWay| way.method == Method::Passkey && way.ended.is_some_and(|end| at.since_ms(end) < SIGNAL_MS);
    let kept = match all.iter().any(removed) {
        true => Some(flow.accepted_passkeys(person).await?),
        false => None,
    };
    let alive = |method| all.iter().filter(move |way: &&OwnWay| way.alive && way.method == method);
    let app = |way: &OwnWay| AppCard { made: way.made, used: way.used, remove: remove(way) };
    let codes = |way: &OwnWay| CodesCard { left: way.left.unwrap_or(0), made: way.made };
    let ways = flow.readiness(person, me.present.class, None).await?;
    Ok(view::Me {
        shell: me.shell(),
        notice: notice(&all, at),
        ways,
        // Each loss is worked out anew; with two ways or none there is nothing to say about it.
        spare: ways == 1 && flow.has_spare(person, me.present.class).await?,
        passkeys: alive(Method::Passkey).map(passkey).collect(),
        app: alive(Method::Totp).next_back().map(app),
        codes: alive(Method::RecoveryCode).next_back().map(codes),
        contacts: alive(Method::Email).map(|way| contact(way, at)).collect(),
        devices: alive(Method::KnownDevice).map(device).collect(),
        history: flow.own_history(person).await?.into_iter().map(line).collect(),
        password_changed: me.present.password_changed,
        kept,
    })
}

fn remove(way: &OwnWay) -> String {
    format!("/me/remove/{}", way.id)
}

fn passkey(way: &OwnWay) -> PasskeyCard {
    PasskeyCard { name: way.name.clone(), made: way.made, used: way.used, remove: remove(way) }
}

fn contact(way: &OwnWay, at: Timestamp) -> ContactCard {
    let waits = way.counts_from > at;
    ContactCard {
        address: way.name.clone(),
        made: way.made,
        state: if waits { ContactState::CountsFrom(way.counts_from) } else { ContactState::Counts },
        remove: (!way.from_directory).then(|| remove(way)),
    }
}

fn device(way: &OwnWay) -> DeviceCard {
    DeviceCard {
        name: way.name.clone(),
        made: way.made,
        used: way.used.unwrap_or(way.made),
        this: way.this_browser,
        remove: remove(way),
    }
}

/// What was just done. The change has ended the session it was made in, so that this is seen after the next sign-in.
fn notice(all: &[OwnWay], at: Timestamp) -> Option<Notice> {
    let just = |moment: Timestamp| at.since_ms(moment) < JUST_MS;
    let theirs = || all.iter().filter(|way| !way.from_directory);
    let ended = theirs().filter_map(|way| Some((way.ended?, way, true)));
    let made = theirs().map(|way| (way.made, way, false));
    let newest = ended.chain(made).filter(|(moment, ..)| just(*moment)).max_by_key(|(moment, ..)| *moment);
    let (_, way, removed) = newest?;
    let kind = way.method.into();
    Some(match (removed, way.method) {
        (true, _) => Notice::Removed(kind),
        (false, Method::Email) if way.counts_from > at => Notice::ContactWaits(way.counts_from),
        (false, _) => Notice::Added(kind),
    })
}

fn line(past: PastLine) -> HistoryLine {
    let what = match past.what {
        Past::Added(method) => History::Added(method.into()),
        Past::Removed(method) => History::Removed(method.into()),
        Past::PasswordChanged => History::PasswordChanged,
        Past::Started(reference) => History::RecoveryStarted(reference.to_string()),
        Past::Done(reference) => History::RecoveryDone(reference.to_string()),
        Past::Stopped(reference) => History::RecoveryStopped(reference.to_string()),
    };
    HistoryLine { at: past.at, what, place: past.network }
}
