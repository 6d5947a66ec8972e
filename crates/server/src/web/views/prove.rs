//! Proving who one is: the choice of a way and one page a way. Before the first proof the pages are the same for every
//! name and carry no address, device, date or count of an account (UX-04).

use askama::Template;
use keyward_core::time::Timestamp;

use super::{CaseHead, Passkey, WayKind};
use crate::i18n::{Text, k};
use crate::web::shell::Shell;

/// `…/how`: which proof. Posts `way`.
#[derive(Template, Debug)]
#[template(path = "how.html")]
pub struct ChooseProof {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
    /// The ways to offer, best first. Before a first proof: the same list for everyone. [`WayKind::None`] is added by the page.
    pub ways: Vec<WayKind>,
    /// What was shown so far and counts; empty before a first proof.
    pub shown: Vec<WayKind>,
    /// What was shown so long ago that it counts no more.
    pub lapsed: Vec<WayKind>,
    /// What was shown and was set up so short a time ago that it does not count.
    pub too_new: Vec<WayKind>,
    /// How many proofs the gate wants on this road; only said after a first proof.
    pub needed: u32,
    /// The form was sent without a choice.
    pub nothing_chosen: bool,
}

impl ChooseProof {
    /// Whether nothing was shown yet.
    fn is_first(&self) -> bool {
        self.shown.is_empty() && self.lapsed.is_empty() && self.too_new.is_empty()
    }
    /// The field of the first choice.
    fn first(&self) -> &'static str {
        if self.ways.is_empty() { "way-none" } else { "way-1" }
    }
}

/// Why a passkey page says something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PasskeyProblem {
    /// The answer did not prove it.
    NotShown,
    /// Too much time passed.
    Expired,
}

impl PasskeyProblem {
    /// One sentence.
    pub fn text(&self, shell: &Shell) -> Text {
        shell.t(match self {
            Self::NotShown => k("passkey-not-shown"),
            Self::Expired => k("passkey-expired"),
        })
    }
}

/// `…/passkey`. Posts `credential`.
#[derive(Template, Debug)]
#[template(path = "prove_passkey.html")]
pub struct ProvePasskey {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
    /// The question to the authenticator. For an unknown name it has the same shape.
    pub passkey: Passkey,
    /// What was wrong.
    pub problem: Option<PasskeyProblem>,
}

/// Why a code was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeProblem {
    /// Nothing typed.
    Empty,
    /// Not all digits of a six-digit code.
    Short,
    /// Not the shape of a recovery code.
    RecoveryShape,
    /// It does not match; how many tries are left, if that may be said.
    DoesNotMatch(Option<u32>),
    /// The time of the message is over: a new one was asked for, or there can be none (UX-17). The same for every name.
    Expired(bool),
}

impl CodeProblem {
    /// One sentence.
    pub fn text(&self, shell: &Shell) -> Text {
        match self {
            Self::Empty => shell.t(k("code-empty")),
            Self::Short => shell.t(k("code-short")),
            Self::RecoveryShape => shell.t(k("code-recovery-shape")),
            Self::DoesNotMatch(None) => shell.t(k("code-wrong")),
            Self::DoesNotMatch(Some(left)) => shell.t(k("code-wrong-tries")).with("left", *left),
            Self::Expired(true) => shell.t(k("code-expired")),
            Self::Expired(false) => shell.t(k("code-expired-last")),
        }
    }
}

/// `…/app`: six digits from an app. Posts `code`.
#[derive(Template, Debug)]
#[template(path = "prove_app.html")]
pub struct ProveAppCode {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
    /// What was wrong.
    pub problem: Option<CodeProblem>,
}

/// `…/recovery-code`: one code from the sheet. Posts `code`.
#[derive(Template, Debug)]
#[template(path = "prove_recovery_code.html")]
pub struct ProveRecoveryCode {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
    /// What was wrong.
    pub problem: Option<CodeProblem>,
}

/// When a message can be sent again (UX-16).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resend {
    /// Now.
    Now,
    /// From this time on.
    From(Timestamp),
    /// Not any more in this case.
    NoMore,
}

/// `…/email`: a link and a code were asked for. Posts `code`, or to `…/email/again`.
#[derive(Template, Debug)]
#[template(path = "prove_email.html")]
pub struct ProveEmail {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
    /// What the page's own address says about the message: when it was asked for, or that there was none.
    pub mailed: String,
    /// When the link and the code end; `None` if no message was sent.
    pub until: Option<Timestamp>,
    /// How long they live in all, in milliseconds.
    pub life_ms: i64,
    /// Whether and when it can be sent again.
    pub resend: Resend,
    /// This answer comes after a second message was asked for.
    pub sent_again: bool,
    /// What was wrong.
    pub problem: Option<CodeProblem>,
}

/// `…/device`: this browser as a proof. Posts nothing but the cookie.
#[derive(Template, Debug)]
#[template(path = "prove_device.html")]
pub struct ProveDevice {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
    /// It was tried and this browser does not count; the same words for every name.
    pub does_not_count: bool,
}

/// `…/desk`: none of the ways works. Says what to say and where; gives no button that skips anything.
#[derive(Template, Debug)]
#[template(path = "get_help.html")]
pub struct GetHelp {
    /// What is around the page.
    pub shell: Shell,
    /// The case.
    pub case: CaseHead,
}
