//! What opens a case: one page that says what comes, and one button. Opening such a page changes nothing (R12); the proof that a change needs
//! beside the password is asked for by the pages of the case (V7.5.1).

use axum::{
    body::Body,
    extract::{Path, rejection::PathRejection},
    http::Response,
};
use keyward_core::{
    account::{Action, Method},
    case::Stage,
    event::Door,
    ids::FactorId,
    time::SECOND_MS,
};

use super::{Me, REFRESH_S, bind::draft_cookie};
use crate::{
    flow::{BROWSER_MS, DRAFT_MS, Draft, FlowError, OwnWay, Wanted, browser_digest},
    web::{
        answer::{Answer, Answered, go, show, stop, with_cookie},
        applicant::{Here, Refresh},
        filled::InAddress,
        streams::news,
        views::{
            me_change::{Begin, Wish},
            me_edit::Remove,
            outcome::StopReason,
            wait::{Work, Working},
        },
        visit::case_cookie,
    },
};

/// How long the page waits for the look-up before it goes on without.
const PATIENCE_MS: i64 = 20 * SECOND_MS;

const fn action(wish: Wish) -> Option<Action> {
    Some(match wish {
        Wish::Look => return None,
        Wish::Passkey => Action::EnrollFactor { method: Method::Passkey },
        Wish::App => Action::EnrollFactor { method: Method::Totp },
        Wish::Codes => Action::EnrollFactor { method: Method::RecoveryCode },
        Wish::Contact => Action::EnrollFactor { method: Method::Email },
        Wish::Device => Action::EnrollFactor { method: Method::KnownDevice },
        Wish::Password => Action::SetPassword,
    })
}

/// `GET /me/…/add` and the like: says what comes.
pub async fn begin(me: Me) -> Answered {
    me.is_fresh()?;
    let waits_ms = me.visit.or_page(waits_ms(&me).await)?;
    Ok(show(&Begin { shell: me.shell(), wish: me.wish, waits_ms }))
}

async fn waits_ms(me: &Me) -> Result<Option<i64>, FlowError> {
    let Some(Action::EnrollFactor { method }) = action(me.wish) else { return Ok(None) };
    me.visit.portal.flow.wait_of_new(&me.present, method).await
}

/// `POST` to the same: opens the case.
pub async fn begins(me: Me) -> Answered {
    me.is_fresh()?;
    match action(me.wish) {
        None => Ok(go(Wish::Look.path())),
        Some(action) => open(&me, action, None).await,
    }
}

/// Opens the case, in this browser, and goes to it.
async fn open(me: &Me, action: Action, chosen: Option<FactorId>) -> Answered {
    let (visit, flow) = (&me.visit, &me.visit.portal.flow);
    let wanted = Wanted {
        action,
        network: visit.network.clone(),
        browser: visit.agent.clone(),
        language: visit.lang.tag().to_owned(),
    };
    let opened = visit.or_page(flow.begin_change(&me.present, wanted).await)?.into_inner();
    let cookie = visit.cookie(&case_cookie(opened.reference), &opened.browser, BROWSER_MS);
    let answer = with_cookie(go(&format!("/recover/{}/begin", opened.reference)), &cookie);
    let Some(factor) = chosen else { return Ok(answer) };
    let kept = flow.keep_draft(opened.id, browser_digest(&opened.browser), &Draft::Chosen { factor }).await;
    Ok(with_cookie(answer, &visit.cookie(&draft_cookie(opened.reference), &visit.or_page(kept)?, DRAFT_MS)))
}

type Named = Result<Path<String>, PathRejection>;

/// The way back in of that id, if it is theirs and can be removed here.
async fn named(me: &Me, path: Named) -> Result<OwnWay, Answer> {
    let nothing = || stop(&me.visit, StopReason::NotFound);
    let id = path.ok().and_then(|Path(text)| text.parse::<FactorId>().ok()).ok_or_else(nothing)?;
    me.visit.or_page(me.visit.portal.flow.own_removable(me.present.person, id).await)?.ok_or_else(nothing)
}

/// `GET /me/remove/{factor}`: asks first.
pub async fn remove(me: Me, path: Named) -> Answered {
    me.is_fresh()?;
    let way = named(&me, path).await?;
    let left = me.visit.portal.flow.readiness(me.present.person, me.present.class, Some(way.id)).await;
    Ok(show(&Remove {
        shell: me.shell(),
        kind: way.method.into(),
        name: way.name,
        left: me.visit.or_page(left)?,
        action: format!("/me/remove/{}", way.id),
    }))
}

/// `POST /me/remove/{factor}`.
pub async fn remove_begins(me: Me, path: Named) -> Answered {
    me.is_fresh()?;
    let way = named(&me, path).await?;
    open(&me, Action::RemoveFactor, Some(way.id)).await
}

/// Whether the page of the case can already say what is still to prove: the look-up is done and the password is among the proofs. A case that
/// anybody may open by a name does not wait here: whether its name was found must not show (T-C04).
fn is_looked_up(here: &Here) -> bool {
    if here.case.claim().door != Door::Account {
        return true;
    }
    let looking = here.case.is_classifying() || matches!(here.case.stage(), Stage::Verifying(..));
    let waiting = looking && here.case.evidence().is_empty();
    !waiting || here.visit.at.since_ms(here.case.opened_at()) > PATIENCE_MS
}

/// `GET /recover/{case}/begin`: until the account has been looked up.
pub async fn looked_up(here: Here, InAddress(said): InAddress<Refresh>) -> Answer {
    if is_looked_up(&here) {
        return here.onward(&here.case);
    }
    let live = said.live(format!("{}/begin/events", here.base()), REFRESH_S);
    show(&Working { shell: here.shell(), case: here.head(), work: Work::Checking, live })
}

/// `GET /recover/{case}/begin/events`.
pub async fn looked_up_events(here: Here) -> Response<Body> {
    let (portal, id, to) = (here.visit.portal.clone(), here.case.id(), format!("{}/begin", here.base()));
    news(move || {
        let (portal, to) = (portal.clone(), to.clone());
        async move {
            let case = portal.flow.load(id).await.ok()?;
            (!case.evidence().is_empty() || case.is_over()).then_some(to)
        }
    })
}
