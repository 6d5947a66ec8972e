//! The first pages: five doors, one name, and where to find help.

use axum_extra::extract::cookie::{Cookie, SameSite};
use keyward_core::{account::Action, event::Door, time::DAY_MS};
use serde::Deserialize;

use crate::{
    flow::{Asked, BROWSER_MS, UNKNOWN_DAYS},
    i18n::Lang,
    web::{
        answer::{Answer, Answered, again, go, show, with_cookie},
        filled::{Filled, InAddress},
        views::{
            Goal, WayKind,
            info::{Accessibility, Help, HowWeCheck, Privacy, Tested},
            start::{FindAccount, FindProblem, Start},
        },
        visit::{Visit, case_cookie},
    },
};

/// How long the language of a browser is remembered.
const LANGUAGE_MS: i64 = 365 * DAY_MS;

/// `/`.
pub async fn start(visit: Visit) -> Answer {
    show(&Start { shell: visit.shell() })
}

/// `?for=`.
#[derive(Default, Deserialize)]
pub struct For {
    #[serde(rename = "for")]
    goal: Option<String>,
}

/// `GET /recover`.
pub async fn find(visit: Visit, InAddress(said): InAddress<For>) -> Answer {
    let goal = said.goal.as_deref().and_then(Goal::from_value).unwrap_or(Goal::Password);
    if goal == Goal::Secure {
        // "Somebody else did this" needs no name: the notice has the link, and people have the desk.
        return show(&Help { shell: visit.shell() });
    }
    show(&FindAccount { shell: visit.shell(), goal, name: String::new(), problem: None })
}

/// The form of `/recover`.
#[derive(Deserialize)]
pub struct Named {
    name: String,
    #[serde(rename = "for")]
    goal: Option<String>,
}

/// `POST /recover`: opens a case, whoever was named.
pub async fn open(visit: Visit, Filled(form): Filled<Named>) -> Answered {
    let goal = form.goal.as_deref().and_then(Goal::from_value).unwrap_or(Goal::Password);
    let name = form.name.trim().to_owned();
    let problem = match name.chars().count() {
        0 => Some(FindProblem::Empty),
        n if n > crate::flow::LONGEST_NAME => Some(FindProblem::TooLong),
        _ => None,
    };
    if problem.is_some() {
        let name: String = name.chars().take(crate::flow::LONGEST_NAME).collect();
        return Ok(again(&FindAccount { shell: visit.shell(), goal, name, problem }));
    }
    let (door, action) = match goal {
        Goal::Password | Goal::Secure | Goal::Ways => (Door::Forgot, Action::SetPassword),
        Goal::Unlock => (Door::Locked, Action::Unlock),
        Goal::Replace => (Door::Lost, Action::RemoveFactor),
    };
    let asked = Asked {
        name,
        door,
        action,
        network: visit.network.clone(),
        browser: visit.agent.clone(),
        language: visit.lang.tag().to_owned(),
        signed_in: None,
    };
    let opened = visit.or_page(visit.portal.flow.open(asked).await)?.into_inner();
    let cookie = visit.cookie(&case_cookie(opened.reference), &opened.browser, BROWSER_MS);
    Ok(with_cookie(go(&format!("/recover/{}/how", opened.reference)), &cookie))
}

/// `/help`.
pub async fn help(visit: Visit) -> Answer {
    show(&Help { shell: visit.shell() })
}

/// `/how-we-check`.
pub async fn how_we_check(visit: Visit) -> Answer {
    let ways = vec![WayKind::Passkey, WayKind::AppCode, WayKind::RecoveryCode, WayKind::Email, WayKind::KnownDevice];
    show(&HowWeCheck { shell: visit.shell(), ways })
}

/// `/accessibility`.
pub async fn accessibility(visit: Visit) -> Answer {
    let contact = visit.portal.site.help.contact().to_owned();
    let shell = visit.shell();
    show(&Accessibility { tested: Tested::of_this_version(&shell), shell, contact })
}

/// `/privacy`.
pub async fn privacy(visit: Visit) -> Answer {
    let contact = visit.portal.site.help.contact().to_owned();
    show(&Privacy { shell: visit.shell(), unknown_days: UNKNOWN_DAYS, contact })
}

/// The language chooser.
#[derive(Deserialize)]
pub struct Chosen {
    lang: String,
    back: Option<String>,
}

/// A page of ours and nothing else (T-J11). Browsers pass over tabs and line ends, and take `\` for `/`: with either, a second slash can be hidden.
fn is_ours(back: &str) -> bool {
    back.starts_with('/') && !back.starts_with("//") && !back.contains(|c: char| c == '\\' || c.is_control())
}

/// `POST /language`.
pub async fn language(visit: Visit, Filled(form): Filled<Chosen>) -> Answer {
    let back = form.back.filter(|back| is_ours(back));
    let answer = go(back.as_deref().unwrap_or("/"));
    match Lang::from_tag(&form.lang) {
        None => answer,
        Some(lang) => {
            let mut cookie = Cookie::new("lang", lang.tag());
            cookie.set_path("/");
            cookie.set_same_site(SameSite::Lax);
            cookie.set_http_only(true);
            cookie.set_secure(visit.portal.secure);
            cookie.set_max_age(time::Duration::milliseconds(LANGUAGE_MS));
            with_cookie(answer, &cookie)
        }
    }
}
