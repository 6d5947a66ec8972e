//! Links from messages. Opening one changes nothing (R12): its key moves from the address into a cookie (UX-21), a page is shown, and the button
//! on that page does what the link is for.

use axum::{
    extract::{Path, rejection::PathRejection},
    http::StatusCode,
};
use keyward_core::{
    account::Method,
    case::{CONTEST_MS, Case, Ending, Refusal, Stage},
    event::Event,
    ids::Reference,
    time::{MINUTE_MS, Timestamp},
};
use serde::Deserialize;

use super::{Place, base, prove::too_many, standing};
use crate::{
    flow::{BLOCK_MS, BROWSER_MS, FlowError, Proof, Proved, browser_digest},
    token::{Purpose, Token},
    web::{
        answer::{Answer, Answered, failed, go, show, with_cookie},
        filled::InAddress,
        shell::page,
        views::link::{DeadLink, Known, LinkDead, LinkLanding, NotMe, NotMeDone, Origin},
        visit::{Visit, browser_name},
    },
};

/// The cookies in which the keys of opened links wait, each in one of its own.
const LINK: &str = "link";
const NOT_ME: &str = "not-me";
/// How long they wait for the button.
const WAIT_MS: i64 = 15 * MINUTE_MS;
/// How many of a kind wait in one browser. Any site can have links opened in it, and a browser keeps only so many cookies.
const MOST: usize = 8;

/// `?of=`: which of the opened links a page and its button are about. With two of them in two windows, a button is for its own page (T-E05).
#[derive(Default, Deserialize)]
pub struct Which {
    of: Option<String>,
}

impl Which {
    /// Of the link with this key: a piece of its digest, so that the address has no key.
    fn named(key: &Token) -> String {
        let digest = key.digest(Purpose::Link).to_string();
        digest.chars().take(16).collect()
    }

    /// The key, if this browser has opened the link.
    fn key(&self, visit: &Visit, cookie: &str) -> Option<Token> {
        visit.token(&format!("{cookie}-{}", self.of.as_deref()?))
    }
}

/// The cookie with the link that this browser used in a case: the server forgets a used link, and nothing else tells it from one that never was.
fn used_cookie(case: Reference) -> String {
    format!("used-{case}")
}

type Named = Result<Path<String>, PathRejection>;

/// The key leaves the address bar at once: a page that is left, printed or shown to somebody does not carry it on.
fn put_away(visit: &Visit, path: Named, cookie: &str, to: &str) -> Answer {
    match path.ok().and_then(|Path(text)| Token::parse(&text).ok()) {
        None => dead(visit, if cookie == LINK { DeadLink::Elsewhere } else { DeadLink::Notice }),
        Some(token) => {
            let of = Which::named(&token);
            let answer =
                with_cookie(go(&format!("{to}?of={of}")), &visit.cookie(&format!("{cookie}-{of}"), &token, WAIT_MS));
            let others = visit.cookies(&format!("{cookie}-"));
            // All at once: which was first no cookie says.
            if others.len() < MOST {
                return answer;
            }
            others
                .iter()
                .filter(|name| !name.ends_with(&of))
                .fold(answer, |answer, name| with_cookie(answer, &visit.no_cookie(name)))
        }
    }
}

/// `GET /l/{token}`.
pub async fn opened(visit: Visit, path: Named) -> Answer {
    put_away(&visit, path, LINK, "/l")
}

/// `GET /not-me/{token}`.
pub async fn not_me_opened(visit: Visit, path: Named) -> Answer {
    put_away(&visit, path, NOT_ME, "/not-me")
}

fn dead(visit: &Visit, why: DeadLink) -> Answer {
    page(StatusCode::GONE, &LinkDead { shell: visit.shell(), why, again: None, not_me: None })
}

/// A link of this case that does not work any more, with what can be done instead.
fn dead_in(visit: &Visit, why: DeadLink, case: &Case) -> Answer {
    let base = base(case);
    let proving = Place::of(case) == Place::How;
    let again = (proving && matches!(why, DeadLink::Expired(_))).then(|| format!("{base}/email/again"));
    page(StatusCode::GONE, &LinkDead { shell: visit.shell(), why, again, not_me: Some(format!("{base}/stop")) })
}

/// A link that does not work, as far as this browser may know why. It is told of the cases that it holds; to any other, every link is one that
/// works elsewhere, whether there is such a link or not (T-B16).
async fn buried(visit: &Visit, link: &Token) -> Answered {
    Ok(match visit.or_page(why_dead(visit, link).await)? {
        (why, None) => dead(visit, why),
        (why, Some(case)) => dead_in(visit, why, &case),
    })
}

/// Why, and the case that the link is of: what the page offers leads to that case and to no other.
async fn why_dead(visit: &Visit, link: &Token) -> Result<(DeadLink, Option<Case>), FlowError> {
    let flow = &visit.portal.flow;
    if let Some(lapsed) = flow.case_of_lapsed_link(link).await? {
        let case = flow.load(lapsed).await?;
        let Some(cookie) = visit.case_token(case.reference()) else { return Ok((DeadLink::Elsewhere, None)) };
        return Ok(match held(visit, case.reference(), &cookie).await? {
            None => (DeadLink::Elsewhere, None),
            case => (DeadLink::Expired(flow.terms.mail_ms), case),
        });
    }
    let mut why = DeadLink::Elsewhere;
    for (reference, cookie) in visit.cases() {
        let Some(case) = held(visit, reference, &cookie).await? else { continue };
        let is_it = |used: Token| used.digest(Purpose::Link) == link.digest(Purpose::Link);
        if visit.token(&used_cookie(reference)).is_some_and(is_it) {
            return Ok((DeadLink::Used, Some(case)));
        }
        // No link that lives anywhere: what one of these cases was sent ends with it, whether it was used or the code beside it.
        let by_mail = |event: &Event| matches!(event, Event::Presented(proof) if proof.method == Method::Email);
        if flow.entries(case.id()).await?.iter().any(|entry| by_mail(&entry.event)) {
            why = DeadLink::Past;
        }
    }
    Ok((why, None))
}

/// A case, if this browser holds it.
async fn held(visit: &Visit, reference: Reference, cookie: &Token) -> Result<Option<Case>, FlowError> {
    match visit.portal.flow.of_browser(reference, cookie, None).await {
        Ok(case) => Ok(Some(case)),
        Err(FlowError::NoCase | FlowError::Stale) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A link of a case that is over. What became of the case is on its own page; that it was stopped is said here.
fn over(visit: &Visit, case: &Case) -> Answer {
    match case.stage() {
        Stage::Closed(Ending::Ended(_) | Ending::Contested { changed: false }) => dead(visit, DeadLink::Stopped),
        _ => go(&standing(case)),
    }
}

/// The case of a mailed link, if it is alive and was made for this browser, and until when.
async fn case_of(visit: &Visit, link: &Token) -> Result<Option<(Case, Token, Timestamp)>, FlowError> {
    let flow = &visit.portal.flow;
    let Some(case) = flow.case_of_link(link).await? else { return Ok(None) };
    let Some(cookie) = visit.case_token(case.reference()) else { return Ok(None) };
    let until = flow.link_until(link, browser_digest(&cookie)).await?;
    Ok(until.map(|until| (case, cookie, until)))
}

/// `GET /l`.
pub async fn landing(visit: Visit, InAddress(which): InAddress<Which>) -> Answered {
    let Some(link) = which.key(&visit, LINK) else { return Ok(dead(&visit, DeadLink::Elsewhere)) };
    Ok(match visit.or_page(case_of(&visit, &link).await)? {
        None => buried(&visit, &link).await?,
        Some((case, ..)) if case.is_over() || case.reissued().is_some() => over(&visit, &case),
        Some((case, _, until)) => show(&LinkLanding {
            shell: visit.shell(),
            reference: case.reference().to_string(),
            until,
            action: format!("/l?of={}", Which::named(&link)),
            not_me: format!("{}/stop", base(&case)),
        }),
    })
}

/// `POST /l`.
pub async fn used(visit: Visit, InAddress(which): InAddress<Which>) -> Answered {
    let Some(link) = which.key(&visit, LINK) else { return Ok(dead(&visit, DeadLink::Elsewhere)) };
    let Some((case, cookie, _)) = visit.or_page(case_of(&visit, &link).await)? else {
        return buried(&visit, &link).await;
    };
    let flow = &visit.portal.flow;
    let used = visit.cookie(&used_cookie(case.reference()), &link, BROWSER_MS);
    Ok(match flow.prove(&case, browser_digest(&cookie), Proof::MailLink(link)).await {
        Ok(Proved::Held(case, _)) => with_cookie(go(&standing(&case)), &used),
        Ok(Proved::NotHeld) => dead_in(&visit, DeadLink::Used, &case),
        Err(FlowError::Refused(Refusal::TooMany)) => too_many(visit.shell(), &case),
        Err(FlowError::Refused(_)) => go(&base(&case)),
        Err(error) => failed(&visit, error),
    })
}

/// Whether it is too late to say it. The link lives longer than that: a page that says so is better than one that does not know the link.
fn is_too_late(visit: &Visit, case: &Case) -> bool {
    case.is_over() && visit.at.since_ms(case.last_at()) > CONTEST_MS
}

/// The page for that.
fn too_late(visit: &Visit) -> Answer {
    dead(visit, DeadLink::Notice)
}

/// What is known of the account when somebody has said that it was not them.
fn known(case: &Case) -> Known {
    match super::head(case).changed {
        _ if case.is_in_doubt() => Known::Nothing,
        true => Known::Changed,
        false => Known::Unchanged,
    }
}

fn not_me_page(key: &Token) -> String {
    format!("/not-me?of={}", Which::named(key))
}

/// `GET /not-me`: asks, without sign-in. Once it was said, the page says what is so, as often as it is opened.
pub async fn not_me(visit: Visit, InAddress(which): InAddress<Which>) -> Answered {
    let Some(token) = which.key(&visit, NOT_ME) else { return Ok(dead(&visit, DeadLink::Notice)) };
    let Some(case) = visit.or_page(visit.portal.flow.case_of_notice(&token).await)? else {
        return Ok(dead(&visit, DeadLink::Notice));
    };
    let Some(said) = visit.or_page(visit.portal.flow.contested_at(case.id()).await)? else {
        if is_too_late(&visit, &case) {
            return Ok(too_late(&visit));
        }
        return Ok(show(&asked(&visit, &case, not_me_page(&token)).await));
    };
    let (until, known) = (said.plus_ms(BLOCK_MS), known(&case));
    Ok(show(&NotMeDone { shell: visit.shell(), reference: case.reference().to_string(), until, known }))
}

/// The page that asks whether it was really somebody else.
pub(super) async fn asked(visit: &Visit, case: &Case, action: String) -> NotMe {
    let (place, browser) = visit.portal.flow.opened_from(case).await;
    let origin = Origin { at: case.opened_at(), place, device: browser.as_deref().and_then(browser_name) };
    NotMe { shell: visit.shell(), reference: case.reference().to_string(), origin, action }
}

/// `POST /not-me`: stops the case, and all recovery of the account for a day (UX-71).
pub async fn not_me_said(visit: Visit, InAddress(which): InAddress<Which>) -> Answered {
    let Some(token) = which.key(&visit, NOT_ME) else { return Ok(dead(&visit, DeadLink::Notice)) };
    let Some(contested) = visit.or_page(visit.portal.flow.not_me(&token).await)? else {
        return Ok(dead(&visit, DeadLink::Notice));
    };
    Ok(match visit.or_page(visit.portal.flow.contested_at(contested.case.id()).await)? {
        // Now or before: the page says what is so.
        Some(_) => go(&not_me_page(&token)),
        None => too_late(&visit),
    })
}
