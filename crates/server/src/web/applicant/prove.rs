//! Proving who one is. Until a first proof holds, every page is the same for every name (UX-03, UX-04).

use keyward_core::{
    account::Method,
    case::{Case, Refusal, Stage},
    steps::verify::Evidence,
    time::{DAY_MS, Timestamp},
};
use serde::Deserialize;

use super::{Here, Place, head};
use crate::{
    flow::{CODE_CHARS, DIALOG_MS, FlowError, LAPSED_MS, Proof, Proved},
    web::{
        answer::{Answer, Answered, ask, go, show, with_cookie},
        filled::{Filled, InAddress},
        shell::{Shell, page},
        views::{
            Passkey, WayKind,
            outcome::{StopReason, Stopped, Told},
            prove::{
                ChooseProof, CodeProblem, GetHelp, PasskeyProblem, ProveAppCode, ProveDevice, ProveEmail, ProvePasskey,
                ProveRecoveryCode, Resend,
            },
        },
        visit::Visit,
    },
};

/// The ways that are offered before anything is known about the person: the same list for everyone.
const FOR_EVERYONE: [WayKind; 5] =
    [WayKind::Passkey, WayKind::AppCode, WayKind::RecoveryCode, WayKind::KnownDevice, WayKind::Email];
/// The cookie of a passkey dialog.
const DIALOG: &str = "dialog";
/// The cookie of a browser that is known.
pub const DEVICE: &str = "device";
/// How long a browser stays known.
pub const DEVICE_MS: i64 = 400 * DAY_MS;

/// `GET …/how`.
pub async fn how(here: Here) -> Answered {
    here.stands_at(Place::How)?;
    choice(&here, false).await
}

async fn choice(here: &Here, nothing_chosen: bool) -> Answered {
    let at = here.visit.at;
    let kinds = |proofs: Vec<&Evidence>| -> Vec<WayKind> { proofs.iter().map(|proof| proof.method.into()).collect() };
    let counting: Vec<&Evidence> = here.case.counting(at).collect();
    // Shown and of no use: said, or somebody would wait for what never counts.
    let of_no_use = here.case.evidence().iter().filter(|proof| !counting.iter().any(|one| one.method == proof.method));
    let (lapsed, too_new) = of_no_use.partition(|proof| proof.has_lapsed(at));
    let (shown, lapsed, too_new) = (kinds(counting), kinds(lapsed), kinds(too_new));
    let (mut ways, needed) = if here.case.evidence().is_empty() {
        (FOR_EVERYONE.to_vec(), 2)
    } else {
        let plan = here.or_page(here.visit.portal.flow.plan(&here.case, here.visit.at).await)?;
        let ways: Vec<WayKind> = plan.methods().into_iter().map(WayKind::from).collect();
        let more = plan.proofs_needed().unwrap_or(1);
        (ways, u32::try_from(shown.len() + more).unwrap_or(2))
    };
    ways.sort_by_key(|way| FOR_EVERYONE.iter().position(|kind| kind == way));
    let (shell, case) = (here.shell(), here.head());
    let view = ChooseProof { shell, case, ways, shown, lapsed, too_new, needed, nothing_chosen };
    Ok(ask(&view, nothing_chosen))
}

/// The chosen way.
#[derive(Deserialize)]
pub struct Chosen {
    way: Option<String>,
}

/// `POST …/how`.
pub async fn choose(here: Here, Filled(form): Filled<Chosen>) -> Answered {
    here.stands_at(Place::How)?;
    Ok(match form.way.as_deref().and_then(WayKind::from_value) {
        None => choice(&here, true).await?,
        Some(WayKind::None | WayKind::Desk | WayKind::InPerson) => go(&format!("{}/desk", here.base())),
        Some(WayKind::Email) => {
            // Asked for here, so that opening the page again sends nothing.
            match here.or_page(here.visit.portal.flow.ask_for_mail(&here.case, here.browser).await)? {
                true => go(&Mailed::page(&email_path(&here), here.visit.at, None)),
                false => go(&none_sent(&here, &Mailed::default())),
            }
        }
        Some(way) => go(&format!("{}/{}", here.base(), way.value())),
    })
}

/// What came of a proof, as an answer; `page` shows the form again when it did not hold.
async fn tried(here: &Here, proof: Proof, page: impl AsyncFnOnce() -> Answered) -> Answered {
    let flow = &here.visit.portal.flow;
    Ok(match flow.prove(&here.case, here.browser, proof).await {
        Ok(Proved::Held(case, None)) => here.onward(&case),
        Ok(Proved::Held(case, Some(key))) => {
            with_cookie(here.onward(&case), &here.visit.cookie(DEVICE, &key, DEVICE_MS))
        }
        Ok(Proved::NotHeld) => page().await?,
        Err(FlowError::Refused(Refusal::TooMany)) => too_many(here.shell(), &here.case),
        Err(FlowError::Refused(Refusal::Again)) => go(&format!("{}/how", here.base())),
        Err(error) => here.failed(error),
    })
}

/// This way is spent in this case; the others are not.
pub fn too_many(shell: Shell, case: &Case) -> Answer {
    let ways = vec![WayKind::Desk];
    let view = Stopped { shell, case: Some(head(case)), why: StopReason::NotConfirmed, ways, told: Told::Nobody };
    page(StopReason::NotConfirmed.status(), &view)
}

/// `GET …/passkey`.
pub async fn passkey(here: Here) -> Answered {
    here.stands_at(Place::How)?;
    passkey_page(&here, None).await
}

async fn passkey_page(here: &Here, problem: Option<PasskeyProblem>) -> Answered {
    let begun = here.or_page(here.visit.portal.flow.begin_proof(&here.case, here.browser).await)?;
    let view = ProvePasskey {
        shell: here.shell(),
        case: here.head(),
        passkey: Passkey { options: begun.options, action: format!("{}/passkey", here.base()) },
        problem,
    };
    Ok(with_cookie(ask(&view, problem.is_some()), &here.visit.cookie(DIALOG, &begun.key, DIALOG_MS)))
}

/// The answer of an authenticator.
#[derive(Deserialize)]
pub struct Credential {
    credential: String,
}

/// `POST …/passkey`.
pub async fn passkey_answer(here: Here, Filled(form): Filled<Credential>) -> Answered {
    here.stands_at(Place::How)?;
    // A dialog that is over, another browser's, or none: nothing here depends on whether the name is an account.
    let key = here.visit.token(DIALOG);
    let key = key.unwrap_or_else(|| crate::token::Token::new(here.visit.portal.flow.ctx.bytes()));
    let problem = Some(PasskeyProblem::NotShown);
    tried(&here, Proof::Passkey(key, form.credential), async || passkey_page(&here, problem).await).await
}

/// A typed code.
#[derive(Deserialize)]
pub struct Typed {
    #[serde(default)]
    code: String,
}

/// What is said of a code that does not hold.
fn wrong(here: &Here, method: Method) -> CodeProblem {
    CodeProblem::DoesNotMatch(Some(here.visit.portal.flow.tries_left(&here.case, method)))
}

/// Whether six typed digits have a shape that is worth a try. A slip of the keyboard costs none.
pub fn digits_problem(code: &str) -> Option<CodeProblem> {
    match code.chars().filter(|c| c.is_numeric()).count() {
        0 => Some(CodeProblem::Empty),
        n if n < 6 => Some(CodeProblem::Short),
        _ => None,
    }
}

/// `GET …/app`.
pub async fn app(here: Here) -> Answered {
    here.stands_at(Place::How)?;
    Ok(app_page(&here, None))
}

fn app_page(here: &Here, problem: Option<CodeProblem>) -> Answer {
    ask(&ProveAppCode { shell: here.shell(), case: here.head(), problem }, problem.is_some())
}

/// `POST …/app`.
pub async fn app_code(here: Here, Filled(form): Filled<Typed>) -> Answered {
    here.stands_at(Place::How)?;
    if let Some(problem) = digits_problem(&form.code) {
        return Ok(app_page(&here, Some(problem)));
    }
    tried(&here, Proof::Totp(form.code), async || Ok(app_page(&here, Some(wrong(&here, Method::Totp))))).await
}

/// `GET …/recovery-code`.
pub async fn recovery_code(here: Here) -> Answered {
    here.stands_at(Place::How)?;
    Ok(recovery_code_page(&here, None))
}

fn recovery_code_page(here: &Here, problem: Option<CodeProblem>) -> Answer {
    ask(&ProveRecoveryCode { shell: here.shell(), case: here.head(), problem }, problem.is_some())
}

/// `POST …/recovery-code`.
pub async fn recovery_code_typed(here: Here, Filled(form): Filled<Typed>) -> Answered {
    here.stands_at(Place::How)?;
    match form.code.chars().filter(|c| c.is_alphanumeric()).count() {
        0 => return Ok(recovery_code_page(&here, Some(CodeProblem::Empty))),
        n if n != CODE_CHARS => return Ok(recovery_code_page(&here, Some(CodeProblem::RecoveryShape))),
        _ => {}
    }
    let problem = wrong(&here, Method::RecoveryCode);
    tried(&here, Proof::RecoveryCode(form.code), async || Ok(recovery_code_page(&here, Some(problem)))).await
}

/// What the address of the page says about the message: when it was asked for, and whether that was again. It opens nothing; a reload and
/// another language find it there, so that no page promises more time than the code has (UX-11).
#[derive(Default, Deserialize)]
pub struct Mailed {
    asked: Option<i64>,
    again: Option<String>,
}

impl Mailed {
    /// Where none was sent, and when the last one was is not known.
    const NONE: &str = "again=no";

    /// Whether the page has a message to speak of.
    fn is_any(&self) -> bool {
        self.asked.is_some() || self.again.is_none()
    }
    /// When the message was asked for; never later than now.
    pub fn at(&self, now: Timestamp) -> Timestamp {
        self.asked.map_or(now, Timestamp::from_millis).min(now)
    }
    /// When another message can be asked for.
    pub fn resend(&self, visit: &Visit) -> Resend {
        match self.at(visit.at).plus_ms(visit.portal.flow.terms.resend_ms) {
            _ if self.again.as_deref() == Some("no") => Resend::NoMore,
            from if from > visit.at => Resend::From(from),
            _ => Resend::Now,
        }
    }
    /// The address of a page with what it says about its message.
    pub fn page(path: &str, asked: Timestamp, again: Option<bool>) -> String {
        let again = match again {
            None => "",
            Some(true) => "&again=yes",
            Some(false) => "&again=no",
        };
        format!("{path}?asked={}{again}", asked.millis())
    }
}

fn email_path(here: &Here) -> String {
    format!("{}/email", here.base())
}

/// The address of the page when there was no further message: with the time of the last one, if that is known.
fn none_sent(here: &Here, mailed: &Mailed) -> String {
    match mailed.asked {
        Some(_) => Mailed::page(&email_path(here), mailed.at(here.visit.at), Some(false)),
        None => format!("{}?{}", email_path(here), Mailed::NONE),
    }
}

/// `GET …/email`.
pub async fn email(here: Here, InAddress(mailed): InAddress<Mailed>) -> Answered {
    here.stands_at(Place::How)?;
    Ok(email_page(&here, &mailed, None))
}

fn email_page(here: &Here, mailed: &Mailed, problem: Option<CodeProblem>) -> Answer {
    let terms = &here.visit.portal.flow.terms;
    let asked = mailed.at(here.visit.at);
    let view = ProveEmail {
        shell: here.shell(),
        case: here.head(),
        mailed: if mailed.is_any() { format!("asked={}", asked.millis()) } else { Mailed::NONE.to_owned() },
        until: mailed.is_any().then(|| asked.plus_ms(terms.mail_ms)),
        life_ms: terms.mail_ms,
        resend: mailed.resend(&here.visit),
        sent_again: problem.is_none() && mailed.again.as_deref() == Some("yes"),
        problem,
    };
    ask(&view, problem.is_some())
}

/// `POST …/email`.
pub async fn email_code(here: Here, InAddress(mailed): InAddress<Mailed>, Filled(form): Filled<Typed>) -> Answered {
    here.stands_at(Place::How)?;
    if let Some(problem) = digits_problem(&form.code) {
        return Ok(email_page(&here, &mailed, Some(problem)));
    }
    tried(&here, Proof::MailCode(form.code), async || email_refused(&here, &mailed).await).await
}

/// A code that did not hold. Once the time of the message that the page speaks of is over, that is said and a new one asked for; long after it, the
/// code is just a wrong one (UX-17). Nothing here looks at the code or at the name, so it is the same for every name.
async fn email_refused(here: &Here, mailed: &Mailed) -> Answered {
    let flow = &here.visit.portal.flow;
    let over_ms = here.visit.at.since_ms(mailed.at(here.visit.at).plus_ms(flow.terms.mail_ms));
    let problem = wrong(here, Method::Email);
    if !(0..LAPSED_MS).contains(&over_ms) || problem == CodeProblem::DoesNotMatch(Some(0)) {
        return Ok(email_page(here, mailed, Some(problem)));
    }
    let is_sent = here.or_page(flow.ask_for_mail(&here.case, here.browser).await)?;
    let mailed = if is_sent { Mailed::default() } else { Mailed { again: Some("no".to_owned()), ..*mailed } };
    Ok(email_page(here, &mailed, Some(CodeProblem::Expired(is_sent))))
}

/// `POST …/email/again`. Counted and answered alike for every name; a reload of what follows asks for nothing.
pub async fn email_again(here: Here, InAddress(mailed): InAddress<Mailed>) -> Answered {
    here.stands_at(Place::How)?;
    let is_sent = here.or_page(here.visit.portal.flow.ask_for_mail(&here.case, here.browser).await)?;
    Ok(go(&match is_sent {
        true => Mailed::page(&email_path(&here), here.visit.at, Some(true)),
        false => none_sent(&here, &mailed),
    }))
}

/// `GET …/device`.
pub async fn device(here: Here) -> Answered {
    here.stands_at(Place::How)?;
    Ok(device_page(&here, false))
}

fn device_page(here: &Here, does_not_count: bool) -> Answer {
    ask(&ProveDevice { shell: here.shell(), case: here.head(), does_not_count }, does_not_count)
}

/// `POST …/device`.
pub async fn device_shown(here: Here) -> Answered {
    here.stands_at(Place::How)?;
    // Without a cookie the same is tried, with a key that opens nothing.
    let key = here.visit.token(DEVICE);
    let key = key.unwrap_or_else(|| crate::token::Token::new(here.visit.portal.flow.ctx.bytes()));
    tried(&here, Proof::Device(key), async || Ok(device_page(&here, true))).await
}

/// `GET …/desk`.
pub async fn desk(here: Here) -> Answer {
    if matches!(here.case.stage(), Stage::Closed(_)) {
        return here.onward(&here.case);
    }
    show(&GetHelp { shell: here.shell(), case: here.head() })
}
