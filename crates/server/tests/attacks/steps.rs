//! Every state of a case against every route of the pages and every operation of the API, with the case's own key: what is not an arrow of the
//! machine changes nothing and causes nothing (T-B11).

use axum::http::{Method as Verb, Request, header};
use keyward_core::{
    case::{Case, Ending, Stage},
    steps::reissue::Attempt,
    time::DAY_MS,
};
use tower::ServiceExt as _;

use crate::{
    doors::routes,
    world::{App, Browser, FIRST, Person, World},
};

const NEW: &str = "copper violin harvest 71";

/// A case in a state, with everything with which its owner could go on.
struct Scene {
    world: World,
    ada: Person,
    app: App,
    codes: Vec<String>,
    browser: Browser,
    case: String,
}

/// The states, in the order of a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Nobody has looked the name up.
    Looking,
    /// The name is no account.
    Nobody,
    /// No proof, and one.
    Proving,
    OneProof,
    /// Proved, and told to wait.
    Held,
    /// The gate is open: for a new password, for opening a locked account again, and for an app.
    Open,
    Unlocking,
    Binding,
    /// Handed in, and no worker.
    Handed,
    Done,
    Withdrawn,
    Contested,
}
use State::{Binding, Contested, Done, Handed, Held, Looking, Nobody, OneProof, Open, Proving, Unlocking, Withdrawn};

/// What may be written, by the end of the path, in pages and in the API: the arrows. The rest is refused in each state.
const ARROWS: [(State, &[&str]); 12] = [
    // A proof waits for the look-up (`NotYet`), which is no arrow either; trying it takes five seconds each.
    (Looking, &["how", "email/again", "proofs/email", "PROOFS", "stop", "withdraw"]),
    (Nobody, &["how", "email/again", "proofs/email", "PROOFS", "stop", "withdraw"]),
    (Proving, &["how", "email/again", "proofs/email", "PROOFS", "stop", "withdraw"]),
    (OneProof, &["how", "email/again", "proofs/email", "PROOFS", "stop", "withdraw"]),
    (Held, &["how", "email/again", "proofs/email", "PROOFS", "stop", "withdraw"]),
    (Open, &["new/password", "submission", "stop", "withdraw"]),
    (Unlocking, &["new", "submission", "stop", "withdraw"]),
    (Binding, &["bind", "enrollment/totp", "enrollment/totp/seed", "stop", "withdraw"]),
    (Handed, &["stop", "withdraw"]),
    (Done, &["stop", "contest", "codes/replace", "enrollment/recovery_code/replacement"]),
    (Withdrawn, &["stop", "contest"]),
    (Contested, &[]),
];
const PROOFS: [&str; 12] = [
    // A dialog is begun for every name, and answers nothing by itself.
    "proofs/passkey/options",
    "passkey",
    "app",
    "recovery-code",
    "email",
    "device",
    "proofs/totp",
    "proofs/recovery_code",
    "proofs/email_code",
    "proofs/email_link",
    "proofs/passkey",
    "proofs/known_device",
];

fn is_arrow(state: State, rest: &str) -> bool {
    let (_, arrows) = ARROWS.iter().find(|(of, _)| *of == state).unwrap();
    arrows.contains(&rest) || (arrows.contains(&"PROOFS") && PROOFS.contains(&rest))
}

impl Scene {
    async fn new(state: State) -> Self {
        let world = World::with(|terms| (terms.starts.per_name_hour, terms.starts.per_network_hour) = (99, 99)).await;
        let ada = world.somebody("ada").await;
        let (app, codes) = (world.give_app(&ada).await, world.give_codes(&ada).await);
        let browser = world.browser();
        let mut scene = Self { world, ada, app, codes, browser, case: String::new() };
        if state == Held {
            scene.look_suspicious().await;
        }
        scene.reach(state).await;
        scene
    }

    /// An app that is not of use yet, and other cases: enough for the baseline policy to wait.
    async fn look_suspicious(&self) {
        self.world.give_app_from(&self.ada, self.world.ctx.now().plus_ms(DAY_MS)).await;
        for _ in 0..2 {
            let mut browser = self.world.browser();
            browser.post("/recover", &[("name", "ada"), ("for", "forgot")]).await;
        }
    }

    async fn post(&mut self, rest: &str, field: (&str, &str)) {
        let path = format!("/recover/{}/{rest}", self.case);
        self.browser.post(&path, &[field]).await;
    }

    async fn reach(&mut self, state: State) {
        if state == Binding {
            self.browser = self.world.signed_in(&self.ada, FIRST).await;
            let how = self.world.begin(&mut self.browser, "/me/app/add").await;
            self.case = how.reference();
            let code = self.codes[0].clone();
            return self.post("recovery-code", ("code", &code)).await;
        }
        let name = if state == Nobody { "nobody.here" } else { "ada" };
        let door = if state == Unlocking { "locked" } else { "forgot" };
        let how = self.browser.post("/recover", &[("name", name), ("for", door)]).await;
        self.case = how.reference();
        if state == Looking {
            return;
        }
        self.world.work().await;
        let (code, printed) = (self.app.code(self.world.ctx.now()), self.codes[0].clone());
        if state == Held {
            for _ in 0..3 {
                self.post("email", ("code", "000000")).await;
            }
        }
        if [OneProof, Held, Open, Unlocking, Handed, Done].contains(&state) {
            self.post("app", ("code", &code)).await;
        }
        if [Held, Open, Unlocking, Handed, Done].contains(&state) {
            self.post("recovery-code", ("code", &printed)).await;
        }
        if [Handed, Done].contains(&state) {
            self.post("new/password", ("new-password", NEW)).await;
        }
        if state == Done {
            self.world.work().await;
        }
        match state {
            Withdrawn => self.post("stop", ("x", "")).await,
            Contested => self.contest().await,
            _ => {}
        }
    }

    /// By the link of the first message.
    async fn contest(&mut self) {
        let notice = self.world.mailbox.newest(&self.ada.mail);
        let mut owner = self.world.browser();
        let page = owner.get(&notice.link("/not-me/")).await;
        owner.fill(&page, &[]).await;
    }

    /// What nothing but an arrow may change: the case, what is to be done, what is handed out, the ways back in.
    async fn standing(&self) -> String {
        let case = self.world.case(&self.case).await;
        let jobs = self.world.store().jobs(1_000).await.unwrap().len();
        let ways = self.world.store().factors(self.ada.id).await.unwrap().len();
        format!("{} {jobs} {ways} {:?}", case.seq(), case.stage())
    }

    /// With the key of the case, in a page's cookie or as the API takes it. The status.
    async fn try_it(&self, verb: &str, path: &str, body: &str) -> u16 {
        let key = &self.browser.cookies[&format!("__Host-kw-case-{}", self.case)];
        let kind = if path.starts_with("/api") { "application/json" } else { "application/x-www-form-urlencoded" };
        let request = Request::builder()
            .method(Verb::from_bytes(verb.as_bytes()).unwrap())
            .uri(path)
            .header(header::HOST, "reset.northwind.test")
            .header(header::CONTENT_TYPE, kind)
            .header(header::COOKIE, self.browser.cookie())
            .header(header::AUTHORIZATION, format!("Bearer {key}"));
        let request = request.body(axum::body::Body::from(body.to_owned())).unwrap();
        self.world.router.clone().oneshot(request).await.unwrap().status().as_u16()
    }

    /// What would be right in a form, wherever it is sent.
    fn form(&self) -> String {
        let (now, code) = (self.app.code(self.world.ctx.now().plus_ms(30_000)), self.codes[1].replace(' ', ""));
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs([("new-password", NEW), ("way", "app"), ("credential", "{}")]);
        body.extend_pairs([("code", now.as_str()), ("recovery-code", code.as_str())]);
        body.finish()
    }
    /// The same for an operation of the API.
    fn json(&self, rest: &str) -> String {
        let code = self.app.code(self.world.ctx.now().plus_ms(30_000));
        let value = match rest {
            "submission" | "password/check" => serde_json::json!({ "password": NEW }),
            "enrollment/email" => serde_json::json!({ "address": "x@elsewhere.test" }),
            "enrollment/known_device" => serde_json::json!({ "label": "here" }),
            _ if rest.ends_with("recovery_code") && rest.starts_with("proofs") => {
                serde_json::json!({ "code": self.codes[1] })
            }
            _ if rest.ends_with("code") || rest.ends_with("totp") => serde_json::json!({ "code": code }),
            _ => serde_json::json!({}),
        };
        value.to_string()
    }
}

/// Every way to act on a case: the verb, and what follows its address.
fn every_way() -> Vec<(&'static str, &'static str, String)> {
    let mut all = Vec::new();
    for route in routes().into_iter().filter(|route| route.path.starts_with("/recover/{case}")) {
        let rest = route.path.trim_start_matches("/recover/{case}").trim_start_matches('/').to_owned();
        // Streams do not end.
        let verbs = [("GET", route.get && !rest.ends_with("events")), ("POST", route.post)];
        all.extend(verbs.into_iter().filter(|(_, is)| *is).map(|(verb, _)| (verb, "/recover", rest.clone())));
    }
    let description = keyward::api::description();
    for (path, item) in description["paths"].as_object().unwrap() {
        let Some(rest) = path.strip_prefix("/api/v1/cases/{reference}") else { continue };
        let rest = rest.trim_start_matches('/').to_owned();
        for verb in item.as_object().unwrap().keys().filter(|_| rest != "events") {
            all.push((if verb == "get" { "GET" } else { "POST" }, "/api/v1/cases", rest.clone()));
        }
    }
    assert!(all.len() > 50, "{}", all.len());
    all
}

/// A state is what it is called.
fn is(state: State, case: &Case) -> bool {
    match (state, case.stage()) {
        (Looking, Stage::Classifying(_, None)) | (Nobody, Stage::Classifying(_, Some(_))) => true,
        (Proving, Stage::Verifying(_, evidence)) => evidence.is_empty(),
        (OneProof, Stage::Verifying(_, evidence)) => evidence.len() == 1,
        (Held, Stage::Authorizing(..)) => case.hold().is_some(),
        (Open | Unlocking | Binding, Stage::Reissuing(_, Attempt::None)) => true,
        (Handed, Stage::Reissuing(_, Attempt::Submitted(_))) => true,
        (Done, Stage::Closed(Ending::Reviewed(_))) | (Withdrawn, Stage::Closed(Ending::Ended(_))) => true,
        (Contested, Stage::Closed(Ending::Contested { .. })) => true,
        _ => false,
    }
}

#[tokio::test]
async fn t_b11_in_each_state_only_its_arrows_change_anything() {
    let (ways, mut tried) = (every_way(), 0);
    for (state, arrows) in ARROWS {
        let scene = Scene::new(state).await;
        let before = scene.standing().await;
        let case = scene.world.case(&scene.case).await;
        assert!(is(state, &case), "{state:?}: {:?}", case.stage());
        for (verb, base, rest) in &ways {
            if *verb == "POST" && is_arrow(state, rest) {
                continue;
            }
            let body = match (*verb, *base) {
                ("GET", _) => String::new(),
                (_, "/recover") => scene.form(),
                _ => scene.json(rest),
            };
            let path = format!("{base}/{}/{rest}", scene.case);
            let status = scene.try_it(verb, path.trim_end_matches('/'), &body).await;
            assert!(status < 500 && status != 201 && status != 401, "{state:?} {verb} {path}: {status}");
            assert_eq!(scene.standing().await, before, "{state:?} {verb} {path}: {status}");
            tried += 1;
        }
        for arrow in arrows.iter().filter(|arrow| **arrow != "PROOFS") {
            assert!(ways.iter().any(|(_, _, rest)| rest == arrow), "{arrow} is a route");
        }
        let password = if state == Done { NEW } else { FIRST };
        assert!(scene.world.signs_in(&scene.ada, password).await, "{state:?}");
    }
    println!("FIGURE T-B11: {} states, {tried} steps out of turn, none of them changed anything", ARROWS.len());
}
