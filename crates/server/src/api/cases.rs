//! Cases: opened for any name, looked at with their key, taken back, and contested.

use std::{convert::Infallible, time::Duration};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use keyward_core::{
    actor::Actor,
    case::Command,
    event::{ContestedFrom, EndReason},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    call::{Anyone, Call, Held, KEEP_KEY_MS},
    json::{Input, present},
    problem::{Kind, Problem},
    reply::{Answer, Reply},
    view::{CaseView, State},
    words::{Action, Door},
};
use crate::{
    flow::{Asked, BLOCK_MS, BROWSER_MS, With},
    i18n::Lang,
    token::Token,
};

/// How often a stream looks at the case, and how often before the caller has to open another.
const LOOK_EVERY: Duration = Duration::from_millis(400);
const LOOKS: u32 = 750;

/// What somebody asks for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenCase {
    /// The name that the account signs in with, or its address. Whether there is such an account is not told.
    #[schema(min_length = 1, max_length = 256, example = "mike")]
    name: String,
    /// By which door.
    door: Door,
    /// What for. What is behind the door if it is absent; another one does not fit.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    action: Option<Action>,
    /// The language for messages about the case (BCP 47), if this server speaks it. Else what `Accept-Language` says.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_length = 35, example = "en")]
    language: Option<String>,
}
impl Input for OpenCase {}

/// A case that was opened.
#[derive(Serialize, ToSchema)]
pub struct OpenedCase {
    /// What people call it.
    #[schema(example = "KW-7Q4M-82XJ")]
    reference: String,
    /// The key of the case: what `Authorization: Bearer` takes. It is handed out once and opens this case alone.
    #[schema(pattern = "^kw_[0-9a-hjkmnp-tv-z]{53}$")]
    key: String,
    /// Where it stands.
    state: State,
    /// When the key ends.
    #[schema(format = DateTime)]
    expires: String,
}

impl OpenedCase {
    /// What is answered when a case was opened, with its address.
    pub fn reply(opened: &crate::flow::OpenedCase, at: Timestamp) -> Reply {
        let body = Self {
            reference: opened.reference.to_string(),
            key: opened.browser.reveal().expose().clone(),
            state: State::Prove,
            expires: at.plus_ms(BROWSER_MS).to_string(),
        };
        Reply::json(StatusCode::CREATED, &body).at(format!("/api/v1/cases/{}", opened.reference))
    }
}

/// Open a case
///
/// The same is done and answered for every name. What comes of the look-up shows nowhere before a first proof holds.
#[utoipa::path(post, path = "/api/v1/cases", tag = "cases", operation_id = "open_case", request_body = OpenCase,
    responses((status = 201, description = "It is open.", body = OpenedCase,
        headers(("Location" = String, description = "The address of the case.")))))]
pub async fn open(call: Call<Anyone, OpenCase>) -> Answer {
    call.once_for(KEEP_KEY_MS, |call| async move {
        let Call { caller: Anyone { visit, .. }, input, .. } = call;
        let name = input.name.trim().to_owned();
        let action = input.action.unwrap_or(input.door.action());
        let language = input.language.as_deref();
        let fits = (1..=crate::flow::LONGEST_NAME).contains(&name.chars().count())
            && action == input.door.action()
            && language.is_none_or(|tag| tag.len() <= 35);
        if !fits {
            return Err(Kind::DoesNotFit.into());
        }
        let asked = Asked {
            name,
            door: input.door.into(),
            action: action.into(),
            network: visit.network.clone(),
            browser: visit.agent.clone(),
            language: language.and_then(Lang::from_tag).unwrap_or(visit.lang).tag().to_owned(),
            signed_in: None,
        };
        let opened = visit.portal.flow.open(asked).await.map_err(|error| Problem::of(&error, visit.at))?;
        Ok(OpenedCase::reply(opened.get(), visit.at))
    })
    .await
}

/// Look at a case
///
/// The entity tag is of this answer. It can be sent back in `If-None-Match` here, and in `If-Match` with what is done next.
#[utoipa::path(get, path = "/api/v1/cases/{reference}", tag = "cases", operation_id = "look_at_case", security(("case_key" = [])),
    responses((status = 200, description = "The case.", body = CaseView,
        headers(("ETag" = String, description = "Names this state."))),
        (status = 304, description = "It is what `If-None-Match` says.")))]
pub async fn look(held: Held) -> Answer {
    match held.shown(&held.case).await {
        Ok(reply) if held.has(&reply) => reply.not_modified(),
        Ok(reply) => reply.answer(),
        Err(problem) => problem.into_response(),
    }
}

/// An operation that takes nothing but its address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}
impl Input for Nothing {
    const MAY_BE_EMPTY: bool = true;
}

/// Take a case back
///
/// Nothing is changed any more. Not possible once the change is under way.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/withdraw", tag = "cases", operation_id = "withdraw_case", request_body = Option<Nothing>, security(("case_key" = [])),
    responses((status = 200, description = "It is over.", body = CaseView)))]
pub async fn withdraw(call: Call<Held, Nothing>) -> Answer {
    call.once(|call| async move { end(call.caller, Command::End(EndReason::Withdrawn)).await }).await
}

/// Go on after a hold
///
/// When the time of a `hold` has come, this asks the gate again: it is open for half an hour from then, or, where its hours are over, held until they
/// begin again. Not before somebody asks: a hold ends while people are asleep. There is time for it until the `deadline` of the case.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/continue", tag = "cases", operation_id = "continue_case", request_body = Option<Nothing>, security(("case_key" = [])),
    responses((status = 200, description = "The gate has answered.", body = CaseView)))]
pub async fn go_on(call: Call<Held, Nothing>) -> Answer {
    call.once(|call| async move {
        let held = call.caller;
        if State::of(&held.case) != State::Wait {
            return Err(Kind::WrongStep.into());
        }
        let acted = held.flow().ask(held.case.id()).await;
        let case = acted.map_err(|error| held.failed(&error))?.into_inner().case;
        held.shown(&case).await
    })
    .await
}

/// Say "this was not me"
///
/// For whoever holds the key of a case whose change is made. It stops all recovery of the account for a day. Before the
/// change, a case is taken back instead, and the owner of the account has the link in the notice.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/contest", tag = "cases", operation_id = "contest_case", request_body = Option<Nothing>, security(("case_key" = [])),
    responses((status = 200, description = "It is said.", body = CaseView)))]
pub async fn contest(call: Call<Held, Nothing>) -> Answer {
    call.once(|call| async move {
        // Whoever merely opened a case for a name could otherwise lock its owner out of recovery (T-D09).
        if State::of(&call.caller.case) != State::Done {
            return Err(Kind::WrongStep.into());
        }
        end(call.caller, Command::Contest(ContestedFrom::Page)).await
    })
    .await
}

async fn end(held: Held, command: Command) -> Result<Reply, Problem> {
    let acted = held.flow().act(held.case.id(), Actor::Requester, command, With::nothing()).await;
    let case = acted.map_err(|error| held.failed(&error))?.into_inner().case;
    held.shown(&case).await
}

/// The link of a notice.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotMe {
    /// What stands at the end of the link "this was not me".
    #[schema(format = Password, write_only)]
    token: String,
}
impl Input for NotMe {}

/// What "this was not me" led to.
#[derive(Serialize, ToSchema)]
pub struct NotMeSaid {
    /// The case.
    reference: String,
    /// Whether the change had been made by then. Absent while nobody can tell: the directory has not answered yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    changed: Option<bool>,
    /// Until when nobody can recover the account alone. Absent if the time to say it was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    blocked_until: Option<String>,
}

/// Say "this was not me" with the link of a notice
///
/// Needs no key: the link is the authority. It stops the case, and all recovery of the account for a day.
#[utoipa::path(post, path = "/api/v1/not-me", tag = "cases", operation_id = "say_not_me", request_body = NotMe,
    responses((status = 200, description = "It is said.", body = NotMeSaid)))]
pub async fn not_me(call: Call<Anyone, NotMe>) -> Answer {
    call.once(|call| async move {
        let Call { caller: Anyone { visit, .. }, input, .. } = call;
        let link = Token::parse(&input.token).map_err(|_| Problem::from(Kind::LinkNotAlive))?;
        let said = visit.portal.flow.not_me(&link).await.map_err(|error| Problem::of(&error, visit.at))?;
        let said = said.ok_or(Problem::from(Kind::LinkNotAlive))?;
        let contested = visit.portal.flow.contested_at(said.case.id()).await;
        let contested = contested.map_err(|error| Problem::of(&error, visit.at))?;
        let body = NotMeSaid {
            reference: said.case.reference().to_string(),
            changed: (!said.case.is_in_doubt()).then(|| crate::web::applicant::head(&said.case).changed),
            blocked_until: contested.map(|at| at.plus_ms(BLOCK_MS).to_string()),
        };
        Ok(Reply::json(StatusCode::OK, &body))
    })
    .await
}

/// Hear where a case stands
///
/// Server-sent events named `state`, each with `{"state": …}`: one at once, and one whenever it changes. The stream ends after five minutes
/// or when the case is over; then open another, or look at the case.
#[utoipa::path(get, path = "/api/v1/cases/{reference}/events", tag = "cases", operation_id = "case_events", security(("case_key" = [])),
    responses((status = 200, description = "A stream of events.", content_type = "text/event-stream", body = String)))]
pub async fn events(held: Held) -> Answer {
    let first = State::of(&held.case);
    let looks = stream::unfold((held, Some(first), None, LOOKS), |(held, news, told, left)| async move {
        if let Some(state) = news {
            let data = serde_json::json!({ "state": state }).to_string();
            let event = Event::default().event("state").data(data);
            return Some((Ok::<_, Infallible>(event), (held, None, Some(state), left)));
        }
        if left == 0 || matches!(told, Some(State::Stopped)) {
            return None;
        }
        tokio::time::sleep(LOOK_EVERY).await;
        let now = held.flow().load(held.case.id()).await.ok().map(|case| State::of(&case));
        let news = now.filter(|state| Some(*state) != told);
        Some((Ok(Event::default().comment("")), (held, news, told, left - 1)))
    });
    let mut answer = Sse::new(looks).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))).into_response();
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
