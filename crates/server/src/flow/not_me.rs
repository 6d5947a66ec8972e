//! "This was not me", by the link of a notice: no sign-in, and the same for a case that is over.

use keyward_core::{
    actor::Actor,
    case::{Case, Command},
    event::ContestedFrom,
};

use super::{Flow, FlowError, With};
use crate::{
    store::tokens::{Purpose, Seen},
    token::Token,
};

/// What came of it.
pub struct Contested {
    /// The case as it is now.
    pub case: Case,
    /// Whether it was said just now. False: it had been said, or the time for it is over.
    pub now: bool,
}

impl Flow {
    /// The case that a notice speaks of, while its link lives.
    pub async fn case_of_notice(&self, link: &Token) -> Result<Option<Case>, FlowError> {
        let hash = link.digest(Purpose::Contest);
        let seen = Seen { purpose: Purpose::Contest, hash, browser: None, at: self.ctx.now() };
        match self.store.find_token(&seen).await?.and_then(|found| found.case) {
            Some(case) => self.load(case).await.map(Some),
            None => Ok(None),
        }
    }

    /// Says it. None: the link is not alive.
    pub async fn not_me(&self, link: &Token) -> Result<Option<Contested>, FlowError> {
        let Some(case) = self.case_of_notice(link).await? else { return Ok(None) };
        let command = Command::Contest(ContestedFrom::Notice);
        match self.act(case.id(), Actor::Requester, command, With::nothing()).await {
            Ok(acted) => Ok(Some(Contested { case: acted.into_inner().case, now: true })),
            Err(FlowError::Refused(_)) => Ok(Some(Contested { case, now: false })),
            Err(error) => Err(error),
        }
    }
}
