//! "My ways back in": pages for somebody who is signed in with the password of the directory. Signing in lets one look; every change is a case,
//! opened here and carried through the pages that every case has, up to `…/bind`, where the new way back in is made.
//!
//! Reading order: [`sign_in`], [`overview`] (`/me`), [`change`] (what opens a case), [`bind`] (what is handed in when its gate is open), [`well_known`].

pub mod bind;
mod change;
mod overview;
mod sign_in;
mod well_known;

use axum::{
    Json, Router,
    extract::FromRequestParts,
    http::request::Parts,
    response::IntoResponse,
    routing::{get, post},
};

use super::{
    answer::{Answer, go},
    portal::Shared,
    shell::{NavLink, Shell},
    views::me_change::Wish,
    visit::Visit,
};
use crate::{
    flow::{FlowError, Present},
    i18n::k,
};

/// The cookie of a session.
pub const SESSION: &str = "session";
/// Where a page asks for the session to last.
const STAY: &str = "/me/stay";
/// How often a waiting page without script loads again.
const REFRESH_S: u32 = 1;

/// The routes of signing in, of the ways back in, and of what browsers look for there.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/sign-in", get(sign_in::ask).post(sign_in::typed))
        .route("/sign-in/wait", get(sign_in::wait))
        .route("/sign-in/events", get(sign_in::events))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/me", get(overview::me))
        .route(STAY, post(stay))
        .route("/me/passkeys/add", get(change::begin).post(change::begins))
        .route("/me/app/add", get(change::begin).post(change::begins))
        .route("/me/recovery-codes", get(change::begin).post(change::begins))
        .route("/me/contacts/add", get(change::begin).post(change::begins))
        .route("/me/devices/add", get(change::begin).post(change::begins))
        .route("/me/password", get(change::begin).post(change::begins))
        .route("/me/remove/{factor}", get(change::remove).post(change::remove_begins))
        .route("/recover/{case}/begin", get(change::looked_up))
        .route("/recover/{case}/begin/events", get(change::looked_up_events))
        .route("/recover/{case}/bind", get(bind::page).post(bind::handed))
        .route("/recover/{case}/bind/again", post(bind::contact::again))
        .route("/recover/{case}/codes", get(bind::codes::sheet).post(bind::codes::kept))
        .route("/recover/{case}/codes/replace", post(bind::codes::replaced))
        .route("/.well-known/change-password", get(well_known::change_password))
        .route("/.well-known/passkey-endpoints", get(well_known::passkey_endpoints))
}

/// A request by somebody who is signed in. Whoever is not is asked to.
pub struct Me {
    /// The request.
    pub visit: Visit,
    /// Who.
    pub present: Present,
    /// What the page is for.
    pub wish: Wish,
}

impl FromRequestParts<Shared> for Me {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, portal: &Shared) -> Result<Self, Answer> {
        let Ok(visit) = Visit::from_request_parts(parts, portal).await;
        let wish = Wish::ALL.into_iter().find(|wish| wish.path() == parts.uri.path()).unwrap_or(Wish::Look);
        match visit.or_page(self::present(&visit).await)? {
            // A first password that somebody else knows is good for choosing another (V6.4.1).
            // Staying is for the page where they do.
            Some(present) if present.must_change && wish != Wish::Password && parts.uri.path() != STAY => {
                Err(go(Wish::Password.path()))
            }
            Some(present) => Ok(Self { visit, present, wish }),
            None => Err(to_sign_in(wish)),
        }
    }
}

impl Me {
    /// What is around a page of somebody who is signed in.
    pub fn shell(&self) -> Shell {
        shell(&self.visit, &self.present)
    }

    /// Goes on if the password was shown a short while ago, as a change asks, and else back to it (V7.5.3).
    pub fn is_fresh(&self) -> Result<(), Answer> {
        match self.present.is_fresh(self.visit.at) {
            true => Ok(()),
            // For whatever it is: who only looks would not be asked again.
            false => Err(go(&format!("/sign-in?for={}", self.wish.value()))),
        }
    }
}

/// Who is signed in at this browser, if anybody is.
pub async fn present(visit: &Visit) -> Result<Option<Present>, FlowError> {
    match visit.token(SESSION) {
        Some(cookie) => visit.portal.flow.half_signed_in(&cookie).await,
        None => Ok(None),
    }
}

/// What is around a page of somebody who is signed in, a page of a change too (UX-66).
pub fn shell(visit: &Visit, present: &Present) -> Shell {
    let mut shell = visit.shell();
    shell.signed_in = Some(present.display_name.clone());
    shell.idle_ms = Some(idle_ms(visit, present));
    let here = visit.path == Wish::Look.path();
    shell.nav = vec![
        NavLink { label: k("me-title"), href: Wish::Look.path().to_owned(), here },
        NavLink { label: k("foot-help"), href: "/help".to_owned(), here: false },
    ];
    shell
}

/// How long the session lasts without another request: never past its end.
fn idle_ms(visit: &Visit, present: &Present) -> i64 {
    visit.portal.flow.terms.idle_ms.min(present.until.since_ms(visit.at)).max(0)
}

/// `POST /me/stay`: "stay signed in". Any request keeps the session; this one leaves the page as it is (UX-66).
async fn stay(me: Me) -> Answer {
    Json(serde_json::json!({ "idle": idle_ms(&me.visit, &me.present) })).into_response()
}

fn to_sign_in(wish: Wish) -> Answer {
    match wish {
        Wish::Look => go("/sign-in"),
        other => go(&format!("/sign-in?for={}", other.value())),
    }
}
