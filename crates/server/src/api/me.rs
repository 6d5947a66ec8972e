//! "My ways back in" for programs: what somebody who is signed in has, what happened, and what opens a case about it. Looking needs the
//! password that was shown; changing needs whatever the case asks for.

use axum::{http::StatusCode, response::IntoResponse};
use keyward_core::{
    account::{Action, Method},
    ids::FactorId,
    time::{SECOND_MS, Timestamp},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    call::{Call, KEEP_KEY_MS},
    cases::OpenedCase,
    json::{Input, present},
    problem::{Kind, Problem},
    reply::{Answer, Reply},
    signed_in::{Me, NamedWay, Part},
    view::Way,
    words::{NewWay, OwnAction},
};
use crate::{
    flow::{FlowError, Mark, OwnWay, Past, PastLine, Wanted},
    i18n::Lang,
};

/// How long a new way back in waits.
#[derive(Serialize, ToSchema)]
pub struct NewWayWait {
    /// What would be added.
    way: NewWay,
    /// How long it would wait before it counts, in seconds. The first one counts at once.
    #[schema(example = 259_200)]
    wait_s: i64,
}

/// Somebody who is signed in, as they see themselves.
#[derive(Serialize, ToSchema)]
pub struct Overview {
    /// The name that the account signs in with.
    #[schema(example = "mike")]
    name: String,
    /// What people call its owner.
    display_name: String,
    /// How many ways without a common part would get the person back in today.
    #[schema(example = 2)]
    ready: u32,
    /// When the password was last changed, if the directory says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    password_changed: Option<String>,
    /// What can be added, and how long each would wait before it counts.
    waits: Vec<NewWayWait>,
    /// Which passkeys still count, as `PublicKeyCredential.signalAllAcceptedCredentials` takes it (WebAuthn level 3, 5.1.10).
    #[schema(value_type = Object)]
    signal: Value,
}

/// Look at oneself
#[utoipa::path(get, path = "/api/v1/me", tag = "me", operation_id = "look_at_me", security(("session_key" = [])),
    responses((status = 200, description = "Who is signed in, and how ready they are.", body = Overview)))]
pub async fn overview(me: Me) -> Answer {
    match overview_of(&me).await {
        Ok(view) => Reply::json(StatusCode::OK, &view).answer(),
        Err(error) => me.failed(&error).into_response(),
    }
}

async fn overview_of(me: &Me) -> Result<Overview, FlowError> {
    let (flow, present) = (me.flow(), &me.present);
    let mut waits = Vec::new();
    for way in NewWay::ALL {
        let wait_ms = flow.wait_of_new(present, way.into()).await?.unwrap_or(0);
        waits.push(NewWayWait { way, wait_s: wait_ms / SECOND_MS });
    }
    let signal = flow.accepted_passkeys(present.person).await?;
    Ok(Overview {
        name: present.name.clone(),
        display_name: present.display_name.clone(),
        ready: flow.readiness(present.person, present.class, None).await?,
        password_changed: present.password_changed.map(|at| at.to_string()),
        waits,
        signal: serde_json::from_str(&signal).map_err(|error| FlowError::Broken(Box::new(error)))?,
    })
}

/// A way back in of one's own.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnWay)]
pub struct OwnWayView {
    /// Names it.
    #[schema(example = "factor_01m3k8f0v7e9q2r5t8w1x4y7za")]
    id: String,
    /// What it is.
    way: Way,
    /// What its owner calls it; an address by itself.
    name: String,
    /// When it was added.
    #[schema(format = DateTime)]
    made: String,
    /// From when on it counts.
    #[schema(format = DateTime)]
    counts_from: String,
    /// When it last proved something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    used: Option<String>,
    /// How much of it is left: for a sheet of codes, how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    left: Option<u32>,
    /// Whether it can be ended here. What the directory holds is changed there.
    removable: bool,
}

impl From<OwnWay> for OwnWayView {
    fn from(way: OwnWay) -> Self {
        Self {
            id: way.id.to_string(),
            way: way.method.into(),
            name: way.name,
            made: way.made.to_string(),
            counts_from: way.counts_from.to_string(),
            used: way.used.map(|at| at.to_string()),
            left: way.left,
            removable: !way.from_directory,
        }
    }
}

/// A part of the list of one's ways back in.
#[derive(Serialize, ToSchema)]
pub struct OwnWays {
    /// Oldest first.
    ways: Vec<OwnWayView>,
    /// What to send as `cursor` for the next part. Absent when this is the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

/// List one's ways back in
///
/// Those that live, oldest first.
#[utoipa::path(get, path = "/api/v1/me/ways", tag = "me", operation_id = "list_ways", security(("session_key" = [])),
    responses((status = 200, description = "A part of the list.", body = OwnWays)))]
pub async fn ways(me: Me, part: Result<Part, Problem>) -> Answer {
    match ways_of(&me, part).await {
        Ok(view) => Reply::json(StatusCode::OK, &view).answer(),
        Err(problem) => problem.into_response(),
    }
}

async fn ways_of(me: &Me, part: Result<Part, Problem>) -> Result<OwnWays, Problem> {
    let Part { cursor, limit } = part?;
    let after = cursor.map(|text| text.parse::<FactorId>()).transpose().map_err(|_| Problem::from(Kind::DoesNotFit))?;
    let mut ways = me.ways().await?;
    ways.sort_by_key(|way| way.id);
    ways.retain(|way| after.is_none_or(|after| way.id > after));
    let more = ways.len() > limit;
    ways.truncate(limit);
    let next = ways.last().filter(|_| more).map(|way| way.id.to_string());
    Ok(OwnWays { ways: ways.into_iter().map(OwnWayView::from).collect(), next })
}

/// A way back in, and what it is worth.
#[derive(Serialize, ToSchema)]
pub struct OneWay {
    /// It.
    way: OwnWayView,
    /// How many ways without a common part would be left without it.
    ready_without: u32,
}

/// Look at one way back in
///
/// Somebody else's is none.
#[utoipa::path(get, path = "/api/v1/me/ways/{factor}", tag = "me", operation_id = "look_at_way", security(("session_key" = [])),
    responses((status = 200, description = "The way back in.", body = OneWay)))]
pub async fn way(me: Me, named: Result<NamedWay, Problem>) -> Answer {
    match way_of(&me, named).await {
        Ok(view) => Reply::json(StatusCode::OK, &view).answer(),
        Err(problem) => problem.into_response(),
    }
}

async fn way_of(me: &Me, named: Result<NamedWay, Problem>) -> Result<OneWay, Problem> {
    let NamedWay(id) = named?;
    let way = me.ways().await?.into_iter().find(|way| way.id == id).ok_or(Problem::from(Kind::NoSuchWay))?;
    let left = me.flow().readiness(me.present.person, me.present.class, Some(id)).await;
    Ok(OneWay { way: way.into(), ready_without: left.map_err(|error| me.failed(&error))? })
}

/// What can have happened.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PastKind {
    /// A way back in was added.
    WayAdded,
    /// One was ended.
    WayRemoved,
    /// The password was changed by somebody who knew it.
    PasswordChanged,
    /// A recovery began.
    RecoveryStarted,
    /// One ended well.
    RecoveryDone,
    /// One ended without a change.
    RecoveryStopped,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
pub struct HistoryLine {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// What.
    what: PastKind,
    /// To which kind of way back in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    way: Option<Way>,
    /// In which case.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "KW-7Q4M-82XJ")]
    reference: Option<String>,
    /// From which network address, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "192.0.2.7")]
    network: Option<String>,
}

impl From<PastLine> for HistoryLine {
    fn from(line: PastLine) -> Self {
        let (what, way, reference) = match line.what {
            Past::Added(method) => (PastKind::WayAdded, Some(method), None),
            Past::Removed(method) => (PastKind::WayRemoved, Some(method), None),
            Past::PasswordChanged => (PastKind::PasswordChanged, None, None),
            Past::Started(reference) => (PastKind::RecoveryStarted, None, Some(reference)),
            Past::Done(reference) => (PastKind::RecoveryDone, None, Some(reference)),
            Past::Stopped(reference) => (PastKind::RecoveryStopped, None, Some(reference)),
        };
        Self {
            at: line.at.to_string(),
            what,
            way: way.map(Way::from),
            reference: reference.map(|reference| reference.to_string()),
            network: line.network,
        }
    }
}

/// A part of what happened.
#[derive(Serialize, ToSchema)]
pub struct OwnHistory {
    /// Newest first.
    lines: Vec<HistoryLine>,
    /// What to send as `cursor` for the next part. Absent when this is the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

/// List what happened
///
/// To one's own account here within a year, newest first.
#[utoipa::path(get, path = "/api/v1/me/history", tag = "me", operation_id = "list_history", security(("session_key" = [])),
    responses((status = 200, description = "A part of the list.", body = OwnHistory)))]
pub async fn history(me: Me, part: Result<Part, Problem>) -> Answer {
    match history_of(&me, part).await {
        Ok(view) => Reply::json(StatusCode::OK, &view).answer(),
        Err(problem) => problem.into_response(),
    }
}

async fn history_of(me: &Me, part: Result<Part, Problem>) -> Result<OwnHistory, Problem> {
    let Part { cursor, limit } = part?;
    let after = match cursor {
        Some(text) => Some(mark(&text).ok_or(Problem::from(Kind::DoesNotFit))?),
        None => None,
    };
    // One more than is wanted says whether there is another part.
    let lines = me.flow().own_history_after(me.present.person, after, limit.saturating_add(1)).await;
    let mut lines = lines.map_err(|error| me.failed(&error))?;
    let more = lines.len() > limit;
    lines.truncate(limit);
    let next = lines.last().filter(|_| more).map(|last| {
        let same = lines.iter().filter(|line| line.at == last.at).count();
        let before = after.filter(|mark| mark.at == last.at).map_or(0, |mark| mark.seen);
        format!("{}-{}", last.at.millis(), same.saturating_add(before))
    });
    Ok(OwnHistory { lines: lines.into_iter().map(HistoryLine::from).collect(), next })
}

/// How far somebody has read, as a cursor says it.
fn mark(text: &str) -> Option<Mark> {
    let (at, seen) = text.split_once('-')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(at) || !digits(seen) {
        return None;
    }
    Some(Mark { at: Timestamp::from_millis(at.parse().ok()?), seen: seen.parse().ok()? })
}

/// A change that somebody wants to begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginChange {
    /// What for.
    action: OwnAction,
    /// What to add, for `enroll_factor` and for nothing else.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    way: Option<NewWay>,
    /// What to end, for `remove_factor` and for nothing else. It is looked at here, and ended by the submission of the case.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, example = "factor_01m3k8f0v7e9q2r5t8w1x4y7za")]
    factor: Option<String>,
    /// The language for messages about the case (BCP 47), if this server speaks it. Else what `Accept-Language` says.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_length = 35, example = "en")]
    language: Option<String>,
}
impl Input for BeginChange {}

/// Begin a change
///
/// It opens a case, in which the password that was shown is the first proof; what else it takes stands in its `plan`. Needs a sign-in that is
/// less than five minutes old. The answer has the key of the case: from there on it is a case like any other.
#[utoipa::path(post, path = "/api/v1/me/changes", tag = "me", operation_id = "begin_change", request_body = BeginChange, security(("session_key" = [])),
    responses((status = 201, description = "Its case is open.", body = OpenedCase,
        headers(("Location" = String, description = "The address of the case.")))))]
pub async fn begin(call: Call<Me, BeginChange>) -> Answer {
    call.once_for(KEEP_KEY_MS, |call| async move {
        let Call { caller: me, input, .. } = call;
        let language = input.language.as_deref();
        if language.is_some_and(|tag| tag.len() > 35) {
            return Err(Kind::DoesNotFit.into());
        }
        let action = match (input.action, input.way, input.factor) {
            (OwnAction::EnrollFactor, Some(way), None) => Action::EnrollFactor { method: Method::from(way) },
            (OwnAction::SetPassword, None, None) => Action::SetPassword,
            (OwnAction::RemoveFactor, None, Some(factor)) => removal(&me, &factor).await?,
            _ => return Err(Kind::DoesNotFit.into()),
        };
        let wanted = Wanted {
            action,
            network: me.visit.network.clone(),
            browser: me.visit.agent.clone(),
            language: language.and_then(Lang::from_tag).unwrap_or(me.visit.lang).tag().to_owned(),
        };
        let opened = me.flow().begin_change(&me.present, wanted).await.map_err(|error| me.failed(&error))?;
        Ok(OpenedCase::reply(opened.get(), me.visit.at))
    })
    .await
}

/// Only what is theirs and lives and is held here.
async fn removal(me: &Me, factor: &str) -> Result<Action, Problem> {
    let id: FactorId = factor.parse().map_err(|_| Problem::from(Kind::DoesNotFit))?;
    let way = me.flow().own_removable(me.present.person, id).await.map_err(|error| me.failed(&error))?;
    way.map(|_| Action::RemoveFactor).ok_or(Kind::NoSuchWay.into())
}
