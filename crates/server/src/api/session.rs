//! Signing in with the password of the directory, and out. The worker tries it, so the first answer is that it is being tried; wrong, unknown,
//! locked and disabled are one answer in the end.

use axum::{http::StatusCode, response::IntoResponse};
use keyward_core::secret::SecretText;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    call::{Anyone, Call, KEEP_KEY_MS},
    json::{Input, present as there},
    problem::{Kind, Problem},
    reply::{Answer, Reply},
    signed_in::{self, Bearer},
};
use crate::flow::{Present, Standing, TRY_MS, Typed};

/// A name and its password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The name that the account signs in with, or its address.
    #[schema(min_length = 1, max_length = 256, example = "mike")]
    name: String,
    /// The password of the directory.
    #[schema(format = Password, write_only, min_length = 1, max_length = 4096)]
    password: String,
}
impl Input for SignIn {}

/// Where a sign-in stands.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// The worker has not asked the directory yet.
    Waiting,
    /// Name and password do not open an account, for whatever reason.
    Refused,
    /// Somebody is signed in.
    SignedIn,
}

/// A sign-in that has begun.
#[derive(Serialize, ToSchema)]
pub struct SigningIn {
    /// The key of the session, if there will be one: what `Authorization: Bearer` takes. It is handed out once.
    #[schema(pattern = "^kw_[0-9a-hjkmnp-tv-z]{53}$")]
    key: String,
    /// Where it stands.
    state: SessionState,
    /// Until when an answer is waited for.
    #[schema(format = DateTime)]
    expires: String,
}

/// A sign-in. Fields that do not apply are absent.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    /// Where it stands.
    state: SessionState,
    /// The name that the account signs in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "mike")]
    name: Option<String>,
    /// When the session ends, however much it is used. One that is not used ends earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    expires: Option<String>,
    /// Until when a change can begin without signing in again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    fresh_until: Option<String>,
}

impl SessionView {
    const fn only(state: SessionState) -> Self {
        Self { state, name: None, expires: None, fresh_until: None }
    }
    fn of(present: Present) -> Self {
        Self {
            state: SessionState::SignedIn,
            expires: Some(present.until.to_string()),
            fresh_until: Some(present.fresh_until().to_string()),
            name: Some(present.name),
        }
    }
}

/// Sign in
///
/// Takes the password and answers that it is being tried, the same for every name; look at the session for what comes of it. A session
/// whose key is in the `Authorization` header ends when this one begins.
#[utoipa::path(post, path = "/api/v1/sign-in", tag = "session", operation_id = "sign_in", request_body = SignIn, security((), ("session_key" = [])),
    responses((status = 202, description = "It is being tried.", body = SigningIn,
        headers(("Location" = String, description = "Where to look.")))))]
pub async fn sign_in(call: Call<Anyone, SignIn>) -> Answer {
    call.once_for(KEEP_KEY_MS, |call| async move {
        let Call { caller: Anyone { visit, key }, input, .. } = call;
        let (name, password) = (input.name.trim().to_owned(), SecretText::new(input.password));
        let typed = Typed { name: &name, password: &password, network: &visit.network, wish: "" };
        if !typed.is_sane() {
            return Err(Kind::DoesNotFit.into());
        }
        let begun = visit.portal.flow.try_password(typed, key.as_ref()).await;
        let begun = begun.map_err(|error| Problem::of(&error, visit.at))?;
        let body = SigningIn {
            key: begun.reveal().expose().clone(),
            state: SessionState::Waiting,
            expires: visit.at.plus_ms(TRY_MS).to_string(),
        };
        Ok(Reply::json(StatusCode::ACCEPTED, &body).at("/api/v1/session".to_owned()))
    })
    .await
}

/// Ask how a sign-in stands
///
/// A refusal is told for a minute; after that the key is of no session.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", operation_id = "look_at_session", security(("session_key" = [])),
    responses((status = 200, description = "How it stands.", body = SessionView)))]
pub async fn look(asked: Bearer) -> Answer {
    let view = match asked.visit.portal.flow.standing(&asked.key).await {
        Ok(Standing::Nothing) => return Problem::from(Kind::NotSignedIn).into_response(),
        Ok(Standing::Waiting) => SessionView::only(SessionState::Waiting),
        Ok(Standing::Refused) => SessionView::only(SessionState::Refused),
        Ok(Standing::SignedIn(present)) => SessionView::of(present),
        Err(error) => return Problem::of(&error, asked.visit.at).into_response(),
    };
    Reply::json(StatusCode::OK, &view).answer()
}

/// Which sessions to end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOut {
    /// Whether to end every session of the person, in browsers too. This one alone if it is absent.
    #[serde(default, deserialize_with = "there")]
    #[schema(nullable = false)]
    everywhere: Option<bool>,
}
impl Input for SignOut {
    const MAY_BE_EMPTY: bool = true;
}

/// What was ended.
#[derive(Serialize, ToSchema)]
pub struct SignedOut {
    /// Whether it was every session of the person.
    everywhere: bool,
}

/// Sign out
///
/// The key is of no use from then on, and neither are the keys of cases that were begun with it, until something was changed in them.
#[utoipa::path(post, path = "/api/v1/sign-out", tag = "session", operation_id = "sign_out", request_body = Option<SignOut>, security(("session_key" = [])),
    responses((status = 200, description = "It is ended.", body = SignedOut)))]
pub async fn sign_out(call: Call<Anyone, SignOut>) -> Answer {
    // Not `Me`: whoever sends this twice has no session the second time, and gets the same answer all the same.
    call.once(|call| async move {
        let Call { caller: Anyone { visit, key }, input, .. } = call;
        let (flow, everywhere) = (&visit.portal.flow, input.everywhere.unwrap_or(false));
        let failed = |error| Problem::of(&error, visit.at);
        let present = signed_in::present(flow, key.as_ref()).await.map_err(failed)?;
        let (Some(present), Some(key)) = (present, key) else { return Err(Kind::NotSignedIn.into()) };
        let ended = if everywhere { flow.sign_out_everywhere(&present).await } else { flow.sign_out(&key).await };
        ended.map_err(failed)?;
        Ok(Reply::json(StatusCode::OK, &SignedOut { everywhere }))
    })
    .await
}
