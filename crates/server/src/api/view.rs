//! A case as its key holder may see it. Until a first proof holds, it is the same for every name: nothing in it comes from the look-up (UX-03).

use keyward_core::{
    account::{Action, Method},
    case::{Case, Stage},
    event::{EndReason, Event},
    plan::Plan,
    steps::reissue::{Attempt, CheckKind, CheckResult, Outcome},
    time::Timestamp,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    flow::{Flow, FlowError, OwnWay},
    web::{
        applicant::{Place, addresses_told, head, hold_reason, why_ended},
        shell,
        views::{outcome::StopReason, wait::HoldReason},
    },
};

/// Where a case stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The caller has to prove something.
    Prove,
    /// Time or other people decide.
    Wait,
    /// The gate is open: hand in what is to be done.
    New,
    /// It is being done.
    Working,
    /// It is done.
    Done,
    /// It ended without going on.
    Stopped,
}

impl State {
    /// The same place as on the pages.
    pub fn of(case: &Case) -> Self {
        match Place::of(case) {
            Place::How => Self::Prove,
            Place::Wait => Self::Wait,
            Place::New => Self::New,
            Place::Working => Self::Working,
            Place::Done => Self::Done,
            Place::Stopped => Self::Stopped,
        }
    }
}

/// A way to prove who one is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A WebAuthn credential.
    Passkey,
    /// Seen in person by staff.
    InPerson,
    /// Six digits of an authenticator app.
    Totp,
    /// A printed code.
    RecoveryCode,
    /// A browser that is known.
    KnownDevice,
    /// A code or link that was sent to a stored address.
    Email,
    /// The password of the directory.
    DirectoryPassword,
}

impl From<Method> for Way {
    fn from(method: Method) -> Self {
        match method {
            Method::Passkey => Self::Passkey,
            Method::InPerson => Self::InPerson,
            Method::Totp => Self::Totp,
            Method::RecoveryCode => Self::RecoveryCode,
            Method::KnownDevice => Self::KnownDevice,
            Method::Email => Self::Email,
            Method::DirectoryPassword => Self::DirectoryPassword,
        }
    }
}

/// What is offered before anything is known: the same for everyone, in the order of the pages.
const FOR_EVERYONE: [Way; 5] = [Way::Passkey, Way::Totp, Way::RecoveryCode, Way::KnownDevice, Way::Email];

/// How far one of the five steps is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// Behind us.
    Done,
    /// Here.
    Now,
    /// Here, and time or somebody else decides.
    Waiting,
    /// It ended here.
    Stopped,
    /// Not begun.
    Todo,
}

impl From<shell::Cut> for Cut {
    fn from(cut: shell::Cut) -> Self {
        match cut {
            shell::Cut::Done => Self::Done,
            shell::Cut::Current => Self::Now,
            shell::Cut::Waiting => Self::Waiting,
            shell::Cut::Stopped => Self::Stopped,
            shell::Cut::Todo => Self::Todo,
        }
    }
}

/// One smallest set of things that would open the gate.
#[derive(Serialize, ToSchema)]
#[schema(as = PlanWay)]
pub struct WayOn {
    /// The proofs still to give, best first.
    proofs: Vec<Way>,
    /// How many more people have to agree.
    approvals: u32,
    /// From how many different groups they have to come.
    groups: u32,
    /// From when on `continue` opens the gate after that; absent when no wait is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    wait_until: Option<String>,
}

/// A wait.
#[derive(Serialize, ToSchema)]
pub struct Hold {
    /// When it ends by itself.
    #[schema(format = DateTime)]
    until: String,
    /// Why, as far as it is told.
    reason: HoldWhy,
}

/// Why a case waits.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HoldWhy {
    /// Something about the request is new.
    New,
    /// A way back in was changed a short time ago.
    Changed,
    /// This kind of account is only opened at certain hours.
    Hours,
}

/// Other people who have to agree.
#[derive(Serialize, ToSchema)]
pub struct Approvals {
    /// How many have.
    given: u32,
    /// How many it takes.
    needed: u32,
}

/// A way back in.
#[derive(Serialize, ToSchema)]
pub struct Factor {
    /// Names it.
    #[schema(example = "factor_01m3k8f0v7e9q2r5t8w1x4y7za")]
    id: String,
    /// What it is.
    way: Way,
    /// What its owner calls it; an address by itself.
    name: String,
}

impl From<OwnWay> for Factor {
    fn from(way: OwnWay) -> Self {
        Self { id: way.id.to_string(), way: way.method.into(), name: way.name }
    }
}

/// What the directory said to the last attempt. Another can be handed in.
#[derive(Serialize, ToSchema)]
pub struct Refused {
    /// Why: `too_short`, `in_history`, `too_young`, `quality` or another word of the directory.
    reason: String,
}

/// What was changed.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A new password.
    PasswordSet,
    /// A lock was lifted.
    Unlocked,
    /// A way back in was added.
    FactorEnrolled,
    /// A way back in was ended.
    FactorRemoved,
    /// All sessions were ended.
    SignedOut,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub struct Done {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// What was changed.
    changes: Vec<Change>,
    /// The way back in that was added or ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    factor: Option<Factor>,
    /// How many addresses have been told of it.
    told: usize,
}

/// Why a case ended without going on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// Whoever asked took it back.
    Withdrawn,
    /// Time ran out.
    Expired,
    /// The people who were asked did not agree.
    Declined,
    /// Somebody said "not me".
    Contested,
    /// The account was changed after something had been proved.
    Superseded,
    /// The directory refused the change.
    DirectoryRefused,
    /// It could not be done.
    NotConfirmed,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
pub struct Happened {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// What.
    what: What,
    /// By which way, for a proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    way: Option<Way>,
}

/// What can happen, as far as the person is told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum What {
    /// The case was opened.
    Started,
    /// A proof was given.
    Shown,
    /// A proof did not hold.
    NotShown,
    /// A wait began.
    Held,
    /// Somebody agreed.
    Agreed,
    /// The change was made.
    Changed,
    /// It was looked at.
    Reviewed,
    /// Somebody said "not me".
    Contested,
    /// It ended.
    Ended,
}

/// A case. Fields that do not apply are absent.
#[derive(Serialize, ToSchema)]
#[schema(as = Case)]
pub struct CaseView {
    /// What people call it.
    #[schema(example = "KW-7Q4M-82XJ")]
    reference: String,
    /// Where it stands.
    state: State,
    /// What it is for: `set_password`, `unlock`, `remove_factor` or `enroll_factor`.
    action: &'static str,
    /// What is to be added, for `enroll_factor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    way: Option<Way>,
    /// When it was opened.
    #[schema(format = DateTime)]
    opened: String,
    /// When it ends by itself if nothing happens.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    deadline: Option<String>,
    /// Classify, verify, authorize, reissue, review: how far each is.
    bitting: [Cut; 5],
    /// The proofs that hold.
    shown: Vec<Way>,
    /// The ways worth trying now. Before a first proof holds it is the same list for every name.
    offered: Vec<Way>,
    /// What would open the gate, each way enough by itself. Absent until a first proof holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plan: Option<Vec<WayOn>>,
    /// The wait it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<Hold>,
    /// Other people who have to agree.
    #[serde(skip_serializing_if = "Option::is_none")]
    approvals: Option<Approvals>,
    /// What can be ended, when that is what the case is for and the gate is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    factors: Option<Vec<Factor>>,
    /// What the directory said to the last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Refused>,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<Done>,
    /// Why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Stop>,
    /// What happened, in order.
    happened: Vec<Happened>,
}

/// The case as it is at this moment.
pub async fn of(flow: &Flow, case: &Case, at: Timestamp) -> Result<CaseView, FlowError> {
    let state = State::of(case);
    let proving = matches!(state, State::Prove | State::Wait);
    let shown: Vec<Way> = case.counting(at).map(|proof| proof.method.into()).collect();
    // Without a proof the plan is not even asked for.
    let plan = if proving && !case.evidence().is_empty() { Some(flow.plan(case, at).await?) } else { None };
    let offered = match &plan {
        Some(plan) => Method::ALL.into_iter().filter(|method| plan.methods().contains(method)).map(Way::from).collect(),
        None if proving => FOR_EVERYONE.to_vec(),
        None => Vec::new(),
    };
    let told_of = flow.told(case.id()).await?;
    Ok(CaseView {
        reference: case.reference().to_string(),
        state,
        action: case.claim().action.word(),
        way: match case.claim().action {
            Action::EnrollFactor { method } => Some(method.into()),
            Action::SetPassword | Action::Unlock | Action::RemoveFactor => None,
        },
        opened: case.opened_at().to_string(),
        deadline: case.deadline().map(|at| at.to_string()),
        bitting: head(case).bitting.cuts.map(Cut::from),
        shown,
        offered,
        hold: case.hold().filter(|_| state == State::Wait).map(|hold| held(case, hold.until)),
        approvals: plan.as_ref().and_then(|plan| approvals(case, plan)),
        plan: plan.map(ways),
        factors: factors(flow, case, state).await?,
        refused: refused(flow, case).await?,
        done: done(flow, case).await?,
        stopped: (state == State::Stopped).then(|| stop(&told_of)),
        happened: told_of.iter().filter_map(|(at, event)| happened(*at, event)).collect(),
    })
}

fn ways(plan: Plan) -> Vec<WayOn> {
    let way = |way: keyward_core::plan::Way| WayOn {
        proofs: way.proofs.into_iter().map(Way::from).collect(),
        approvals: way.approvals,
        groups: way.groups,
        wait_until: way.wait_until.map(|at| at.to_string()),
    };
    plan.ways.into_iter().map(way).collect()
}

fn held(case: &Case, until: Timestamp) -> Hold {
    let reason = match hold_reason(case) {
        HoldReason::New => HoldWhy::New,
        HoldReason::Changed => HoldWhy::Changed,
        HoldReason::Hours => HoldWhy::Hours,
    };
    Hold { until: until.to_string(), reason }
}

fn approvals(case: &Case, plan: &Plan) -> Option<Approvals> {
    let Stage::Authorizing(_, had) = case.stage() else { return None };
    let given = u32::try_from(had.len()).unwrap_or(u32::MAX);
    let more = plan.ways.iter().map(|way| way.approvals).min()?;
    (given.saturating_add(more) > 0).then(|| Approvals { given, needed: given.saturating_add(more) })
}

async fn factors(flow: &Flow, case: &Case, state: State) -> Result<Option<Vec<Factor>>, FlowError> {
    if state != State::New || case.claim().action != Action::RemoveFactor {
        return Ok(None);
    }
    Ok(Some(flow.removable(case).await?.free.into_iter().map(Factor::from).collect()))
}

async fn refused(flow: &Flow, case: &Case) -> Result<Option<Refused>, FlowError> {
    let Stage::Reissuing(_, Attempt::Failed(_)) = case.stage() else { return Ok(None) };
    Ok(match flow.last_outcome(case.id()).await? {
        Some(Outcome::NotDone { reason }) => Some(Refused { reason }),
        _ => None,
    })
}

async fn done(flow: &Flow, case: &Case) -> Result<Option<Done>, FlowError> {
    let Some(reissued) = case.reissued() else { return Ok(None) };
    let mut changes = vec![match case.claim().action {
        Action::SetPassword => Change::PasswordSet,
        Action::Unlock => Change::Unlocked,
        Action::EnrollFactor { .. } => Change::FactorEnrolled,
        Action::RemoveFactor => Change::FactorRemoved,
    }];
    let ended = |check: &keyward_core::steps::reissue::Check| {
        check.what == CheckKind::SessionsEnded && check.result == CheckResult::Done
    };
    if reissued.recorded().checks.iter().any(ended) {
        changes.push(Change::SignedOut);
    }
    let factor = flow.changed_own_way(case).await?.map(Factor::from);
    Ok(Some(Done { at: reissued.at().to_string(), changes, factor, told: addresses_told(case) }))
}

fn stop(told: &[(Timestamp, Event)]) -> Stop {
    match why_ended(told) {
        StopReason::Withdrawn => Stop::Withdrawn,
        StopReason::Expired => Stop::Expired,
        StopReason::Declined => Stop::Declined,
        StopReason::Contested => Stop::Contested,
        StopReason::Superseded => Stop::Superseded,
        StopReason::DirectoryRefused => Stop::DirectoryRefused,
        _ => Stop::NotConfirmed,
    }
}

/// What an entry means for the person. What only the log needs to know is not told.
fn happened(at: Timestamp, event: &Event) -> Option<Happened> {
    let (what, way) = match event {
        Event::Opened(_) => (What::Started, None),
        Event::Presented(evidence) => (What::Shown, Some(evidence.method.into())),
        Event::Rejected(rejection) => (What::NotShown, Some(rejection.method.into())),
        Event::Held(_) => (What::Held, None),
        Event::Approved(_) => (What::Agreed, None),
        Event::Recorded(recorded) if recorded.outcome == Outcome::Done => (What::Changed, None),
        Event::Reviewed(_) => (What::Reviewed, None),
        Event::Contested { .. } | Event::Ended { reason: EndReason::Blocked } => (What::Contested, None),
        Event::Ended { .. } => (What::Ended, None),
        Event::Recorded(_)
        | Event::Classified(_)
        | Event::Unmatched { .. }
        | Event::Verified(_)
        | Event::Authorized { .. }
        | Event::Submitted(_)
        | Event::Reclassified(_)
        | Event::Started(_)
        | Event::CodeReplaced { .. }
        | Event::Noticed(_) => return None,
    };
    Some(Happened { at: at.to_string(), what, way })
}
