//! Signing in with the password of the directory, and out. The page hands the password on sealed and waits; what is wrong with it is never told.

use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use axum_extra::extract::cookie::Cookie;
use keyward_core::{secret::SecretText, time::SECOND_MS};
use serde::Deserialize;

use super::{REFRESH_S, SESSION};
use crate::{
    flow::{FlowError, TRY_MS, Tried, Trying, Typed},
    token::Token,
    web::{
        answer::{Answer, Answered, again, come_back, failed, go, show, stop, with_cookie},
        applicant::Refresh,
        filled::{Filled, InAddress},
        shell::page,
        streams::news,
        views::{
            me::{Asks, SignIn, SignInProblem},
            me_change::{SignInWait, Wish},
            outcome::StopReason,
        },
        visit::Visit,
    },
};

/// The cookie of a try.
const TRY: &str = "sign-in";
/// How long a browser waits for an answer before it is told that there is none.
const PATIENCE_MS: i64 = 45 * SECOND_MS;
/// So much of a name that was typed is shown again.
const SHOWN: usize = 256;

/// `?for=`, and `?over=` for whoever had begun a change in a session that has ended.
#[derive(Default, Deserialize)]
pub struct For {
    #[serde(rename = "for")]
    wish: Option<String>,
    over: Option<String>,
}

fn wish_of(named: Option<&str>) -> Wish {
    named.and_then(Wish::from_value).unwrap_or(Wish::Look)
}

fn form(visit: &Visit, name: String, wish: Wish, problem: Option<SignInProblem>) -> SignIn {
    SignIn { shell: visit.shell(), name, wish, asks: Asks::First, problem }
}

/// `GET /sign-in`.
pub async fn ask(visit: Visit, InAddress(said): InAddress<For>) -> Answered {
    let wish = wish_of(said.wish.as_deref());
    let present = match visit.token(SESSION) {
        None => None,
        Some(cookie) => visit.or_page(visit.portal.flow.signed_in(&cookie).await)?,
    };
    Ok(match present {
        None => {
            let asks = if said.over.is_some() { Asks::Over } else { Asks::First };
            show(&SignIn { asks, ..form(&visit, String::new(), wish, None) })
        }
        // Whoever was sent here to show the password once more is asked for it, whatever it is for.
        Some(present) if said.wish.is_none() || present.is_fresh(visit.at) => go(wish.path()),
        Some(present) => show(&SignIn { asks: Asks::Again, ..form(&visit, present.name, wish, None) }),
    })
}

/// The form of `/sign-in`.
#[derive(Deserialize)]
pub struct Named {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(rename = "for")]
    wish: Option<String>,
}

/// `POST /sign-in`.
pub async fn typed(visit: Visit, Filled(Named { name, password, wish }): Filled<Named>) -> Answer {
    let password = SecretText::new(password);
    let (name, wish) = (name.trim().to_owned(), wish_of(wish.as_deref()));
    if name.is_empty() || password.expose().is_empty() {
        let name: String = name.chars().take(SHOWN).collect();
        return again(&self::form(&visit, name, wish, Some(SignInProblem::Empty)));
    }
    let typed = Typed { name: &name, password: &password, network: &visit.network, wish: wish.value() };
    if !typed.is_sane() {
        return again(&self::form(&visit, String::new(), wish, Some(SignInProblem::DoesNotMatch)));
    }
    match visit.portal.flow.try_password(typed, visit.token(SESSION).as_ref()).await {
        Ok(cookie) => {
            let cookie = visit.cookie(TRY, &cookie, TRY_MS);
            with_cookie(go("/sign-in/wait"), &cookie)
        }
        Err(FlowError::TooMany(until)) => {
            let view = self::form(&visit, name, wish, Some(SignInProblem::TooMany(until)));
            come_back(page(StatusCode::TOO_MANY_REQUESTS, &view), until, visit.at)
        }
        Err(error) => failed(&visit, error),
    }
}

/// `GET /sign-in/wait`: until the worker has asked the directory.
pub async fn wait(visit: Visit, InAddress(said): InAddress<Refresh>) -> Answered {
    let Some(cookie) = visit.token(TRY) else { return Ok(go("/sign-in")) };
    let over = |answer| with_cookie(answer, &visit.no_cookie(TRY));
    Ok(match visit.or_page(visit.portal.flow.tried(&cookie).await)? {
        Tried::Nothing => match visit.or_page(visit.portal.flow.half_signed_in(&cookie).await)? {
            // It was told before, and the answer was lost on the way.
            Some(_) => over(with_cookie(go("/me"), &session(&visit, &cookie))),
            None => over(go("/sign-in")),
        },
        Tried::Waiting(Trying { began, .. }) if visit.at.since_ms(began) > PATIENCE_MS => {
            stop(&visit, StopReason::Outage)
        }
        Tried::Waiting(_) => {
            let live = said.live("/sign-in/events".to_owned(), REFRESH_S);
            show(&SignInWait { shell: visit.shell(), live })
        }
        Tried::Refused(Trying { name, wish, .. }) => {
            let wish = wish_of(Some(&wish));
            over(again(&form(&visit, name, wish, Some(SignInProblem::DoesNotMatch))))
        }
        Tried::SignedIn(Trying { wish, .. }) => {
            over(with_cookie(go(wish_of(Some(&wish)).path()), &session(&visit, &cookie)))
        }
    })
}

/// The cookie of a session: the key of the try that it came of.
fn session(visit: &Visit, key: &Token) -> Cookie<'static> {
    visit.cookie(SESSION, key, visit.portal.flow.terms.session_ms)
}

/// `GET /sign-in/events`: tells the page that there is an answer.
pub async fn events(visit: Visit) -> Response<Body> {
    let Some(cookie) = visit.token(TRY) else { return go("/sign-in") };
    let (portal, cookie) = (visit.portal.clone(), std::sync::Arc::new(cookie));
    news(move || {
        let (portal, cookie) = (portal.clone(), cookie.clone());
        async move {
            // A key that nobody was given waits for nothing.
            let waiting = portal.flow.is_waiting(&cookie).await.unwrap_or(true);
            (!waiting).then(|| "/sign-in/wait".to_owned())
        }
    })
}

/// `POST /sign-out`.
pub async fn sign_out(visit: Visit) -> Answered {
    if let Some(cookie) = visit.token(SESSION) {
        visit.or_page(visit.portal.flow.sign_out(&cookie).await)?;
    }
    Ok(with_cookie(go("/"), &visit.no_cookie(SESSION)))
}
