//! A change of one's own, by somebody who is signed in: it opens a case like any other, and the password that was shown is its first proof.

use keyward_core::{account::Action, event::Door, ledger::Durable};

use super::{Asked, Flow, FlowError, OpenedCase, Present};
use crate::store::guard::GuardKind;

/// A change that somebody wants to begin.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What for.
    pub action: Action,
    /// The network address it came from.
    pub network: String,
    /// What the browser says it is.
    pub browser: String,
    /// The language of the page, as a BCP 47 tag.
    pub language: String,
}

impl Flow {
    /// Opens the case of a change, if the password was shown a short time ago (V7.5.3) and the session is still alive when it is written down (T-E07).
    pub async fn begin_change(&self, present: &Present, wanted: Wanted) -> Result<Durable<OpenedCase>, FlowError> {
        let at = self.ctx.now();
        if !present.is_fresh(at) {
            return Err(FlowError::Stale);
        }
        let asked = Asked {
            name: present.name.clone(),
            door: Door::Account,
            action: wanted.action,
            network: wanted.network,
            browser: wanted.browser,
            language: wanted.language,
            signed_in: Some(present.signed_in()),
        };
        match self.open(asked).await {
            Err(FlowError::Lost(GuardKind::Token)) => Err(FlowError::Stale),
            other => other,
        }
    }
}
