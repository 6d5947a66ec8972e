//! One judge for the page that feeds back while somebody types and for the form that decides: same rules, same lists, same pool of threads.

use std::sync::Arc;

use keyward_core::secret::SecretText;

use super::{
    breach::BreachList,
    password::Password,
    pool::Pool,
    rules::{Feedback, Rule, Rules, Strength},
    words::ContextWords,
};

/// The rules of this site with what they compare against.
pub struct NewPasswords {
    rules: Rules,
    breached: Option<BreachList>,
    pool: Arc<Pool>,
}

/// What the form gets.
pub enum Judged {
    /// Good enough.
    Accepted(SecretText),
    /// Not, for this one cause (UX-28).
    Refused(Rule),
    /// Not now: all threads are at work, or the breach file can not be read. Nothing is accepted unseen.
    Busy,
}

/// What the page gets while somebody types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Live {
    /// Long enough, and not too long.
    pub length: bool,
    /// Not known to attackers.
    pub known: bool,
    /// Not made of names.
    pub you: bool,
    /// Of characters that a directory can take, and not one repeated.
    pub plain: bool,
    /// A hint; it refuses nothing.
    pub strength: Strength,
}

impl NewPasswords {
    /// Puts the judge together.
    pub const fn new(rules: Rules, breached: Option<BreachList>, pool: Arc<Pool>) -> Self {
        Self { rules, breached, pool }
    }
    /// Shortest password in code points.
    pub fn min_chars(&self) -> u32 {
        u32::try_from(self.rules.min_chars()).unwrap_or(u32::MAX)
    }
    /// How many characters always fit.
    pub fn max_chars(&self) -> u32 {
        u32::try_from(self.rules.max_bytes() / char::MAX_LEN_UTF8).unwrap_or(u32::MAX)
    }
    /// The rules as a browser's generator reads them (UX-24).
    pub fn passwordrules(&self) -> String {
        self.rules.passwordrules()
    }

    /// Decides about a new password of somebody with this name.
    pub async fn judge(self: &Arc<Self>, new: SecretText, name: &str) -> Judged {
        let Ok(password) = Password::new(new) else { return Judged::Refused(Rule::TooLong) };
        match self.feedback(password.share(), name).await {
            None => Judged::Busy,
            Some(feedback) => match feedback.cause() {
                Some(rule) => Judged::Refused(rule),
                None => Judged::Accepted(SecretText::new(password.text().expose().clone())),
            },
        }
    }

    /// Looks at what is typed so far. None: not now.
    pub async fn live(self: &Arc<Self>, typed: SecretText, name: &str) -> Option<Live> {
        let feedback = match Password::new(typed) {
            Err(_) => Feedback::too_long(),
            Ok(password) => self.feedback(password, name).await?,
        };
        let met = |rules: &[Rule]| feedback.checks.iter().all(|check| check.met || !rules.contains(&check.rule));
        Some(Live {
            length: met(&[Rule::Length, Rule::TooLong]),
            known: met(&[Rule::Blocklisted, Rule::Breached]),
            you: met(&[Rule::ContextWord]),
            plain: met(&[Rule::ControlCharacters, Rule::Repeats]),
            strength: feedback.strength,
        })
    }

    async fn feedback(self: &Arc<Self>, password: Password, name: &str) -> Option<Feedback> {
        let judge = Arc::clone(self);
        let words = ContextWords::new([name]);
        let run = self.pool.run(move || judge.rules.with_words(&words).check(&password, judge.breached.as_ref()));
        match run.await {
            Ok(Ok(feedback)) => Some(feedback),
            Ok(Err(error)) => {
                tracing::error!(%error, "the breach file can not be read: no new password is accepted");
                None
            }
            Err(error) => {
                tracing::warn!(%error, "a password was not judged");
                None
            }
        }
    }
}
