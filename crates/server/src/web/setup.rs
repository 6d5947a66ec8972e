//! `/setup`: the first account of a server that was started without a configuration, for whoever holds the code from its terminal (ECO-01).
//!
//! These routes are there only in such a server, and answer as any unknown page does as soon as there is an account.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::FromRequestParts,
    http::request::Parts,
    routing::{get, post},
};
use keyward_core::secret::SecretText;
use serde::Deserialize;

use super::{
    answer::{Answer, Answered, again, show, stop},
    applicant::{field, judged_live, problem_of},
    filled::Filled,
    portal::Shared,
    views::{
        outcome::StopReason,
        reissue::PasswordProblem,
        setup::{SetUpDone, SetUpForm, SetupProblem},
    },
    visit::Visit,
};
use crate::{
    flow::{FIRST_GROUP, Newcomer, NotANewcomer, SetUp, Setup},
    passwords::{Judged, password::Password},
};

/// So much of what was typed is shown again.
const SHOWN: usize = 256;

/// The routes of a server with a set-up.
pub fn routes(setup: Arc<Setup>) -> Router<Shared> {
    Router::new()
        .route("/setup", get(ask).post(typed).fallback(unknown))
        .route("/setup/check", post(check).fallback(unknown))
        .layer(Extension(setup))
}

async fn unknown(visit: Visit) -> Answer {
    stop(&visit, StopReason::NotFound)
}

/// A request while the set-up is under way. Once it is over, there is no such page.
struct UnderWay {
    visit: Visit,
    setup: Arc<Setup>,
}

impl FromRequestParts<Shared> for UnderWay {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, portal: &Shared) -> Result<Self, Answer> {
        let Ok(visit) = Visit::from_request_parts(parts, portal).await;
        let Some(setup) = parts.extensions.get::<Arc<Setup>>().cloned() else {
            return Err(stop(&visit, StopReason::NotFound));
        };
        match visit.or_page(setup.is_under_way().await)? {
            true => Ok(Self { visit, setup }),
            false => Err(stop(&visit, StopReason::NotFound)),
        }
    }
}

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent {
    code: String,
    name: String,
    display: String,
    email: String,
    #[serde(rename = "new-password")]
    password: String,
}

fn form(visit: &Visit, sent: &Sent, problem: Option<SetupProblem>) -> SetUpForm {
    let shown = |text: &str| text.chars().take(SHOWN).collect::<String>();
    SetUpForm {
        shell: visit.shell(),
        name: shown(&sent.name),
        display: shown(&sent.display),
        email: shown(&sent.email),
        field: field(&visit.portal.passwords, shown(&sent.name), "/setup/check".to_owned()),
        problem,
    }
}

/// `GET /setup`.
async fn ask(UnderWay { visit, .. }: UnderWay) -> Answer {
    show(&form(&visit, &Sent::default(), None))
}

/// `POST /setup/check`: what is typed so far, judged by the code that decides.
async fn check(UnderWay { visit, .. }: UnderWay, Filled(sent): Filled<Sent>) -> Answer {
    judged_live(&visit, SecretText::new(sent.password), &sent.name).await
}

/// `POST /setup`.
async fn typed(UnderWay { visit, setup }: UnderWay, Filled(mut sent): Filled<Sent>) -> Answered {
    let password = SecretText::new(std::mem::take(&mut sent.password));
    let new = match newcomer(&sent) {
        Ok(new) => new,
        Err(problem) => return Ok(again(&form(&visit, &sent, Some(problem)))),
    };
    let password = match judged(&visit, &new, password).await {
        Ok(password) => password,
        Err(Some(problem)) => return Ok(again(&form(&visit, &sent, Some(SetupProblem::Password(problem))))),
        Err(None) => return Ok(stop(&visit, StopReason::Outage)),
    };
    let name = new.name().to_owned();
    Ok(match visit.or_page(setup.make_first(&sent.code, new, &password).await)? {
        SetUp::Done => show(&SetUpDone { shell: visit.shell(), name }),
        SetUp::WrongCode => again(&form(&visit, &sent, Some(SetupProblem::Code))),
        SetUp::Busy => stop(&visit, StopReason::Outage),
    })
}

fn newcomer(sent: &Sent) -> Result<Newcomer, SetupProblem> {
    let new = Newcomer::read(&sent.name, &sent.display, Some(&sent.email));
    new.and_then(|new| new.within(&[FIRST_GROUP])).map_err(|error| match error {
        NotANewcomer::Name(_) | NotANewcomer::Group => SetupProblem::Name,
        NotANewcomer::Display => SetupProblem::Display,
        NotANewcomer::Mail => SetupProblem::Mail,
    })
}

/// A password that the rules take; or why not, or nothing if it could not be judged.
async fn judged(visit: &Visit, new: &Newcomer, typed: SecretText) -> Result<Password, Option<PasswordProblem>> {
    let passwords = &visit.portal.passwords;
    if typed.expose().is_empty() {
        return Err(Some(PasswordProblem::Empty));
    }
    match passwords.judge(typed, new.name()).await {
        Judged::Busy => Err(None),
        Judged::Refused(cause) => Err(Some(problem_of(passwords, cause))),
        Judged::Accepted(password) => {
            Password::new(password).map_err(|_| Some(PasswordProblem::Long(passwords.max_chars())))
        }
    }
}
