//! Messages as a proof: a link and a code go to a stored address, and count in the browser that asked and in its case alone.

use keyward_core::{
    case::Case,
    digest::Digest,
    ids::CaseId,
    steps::verify::RejectionReason,
    time::{DAY_MS, Timestamp},
};

use super::{
    Flow, FlowError, With,
    prove::{Checked, Good},
};
use crate::{
    jobs::Work,
    seal::Keyed,
    store::{
        change::Guard,
        limits::Limit,
        people::Person,
        tokens::{Purpose, Seen},
    },
    token::{self, Token},
};

/// Messages that one case may cause (UX-16).
const MESSAGES: Limit = Limit { name: "message", max: 3, window_ms: DAY_MS };

impl Flow {
    pub(super) async fn check_mail_code(
        &self,
        case: CaseId,
        person: &Person,
        browser: Digest,
        code: &str,
        at: Timestamp,
    ) -> Checked {
        let typed = self.mail_code_hash(case, browser, code);
        // All codes that are alive count the try, and none is looked at when its tries are spent.
        let tried = self.store.count_code_try(Purpose::Code, case, browser, at).await?;
        let Some(found) = tried.iter().find(|tried| tried.hash == typed) else {
            return Ok(Err(RejectionReason::Mismatch));
        };
        let seen = Seen { purpose: Purpose::Code, hash: found.hash, browser: Some(browser), at };
        self.mailed(person, &found.data, seen, at).await
    }

    pub(super) async fn check_mail_link(
        &self,
        case: CaseId,
        person: &Person,
        browser: Digest,
        link: &Token,
        at: Timestamp,
    ) -> Checked {
        let seen =
            Seen { purpose: Purpose::Link, hash: link.hash(token::Purpose::Link).digest(), browser: Some(browser), at };
        let Some(token) = self.store.find_token(&seen).await? else { return Ok(Err(RejectionReason::Expired)) };
        if token.case != Some(case) {
            return Ok(Err(RejectionReason::OtherCase));
        }
        self.mailed(person, &token.data, seen, at).await
    }

    /// An answer to a message: the address must still be the person's (T-A15), and the code or link is used up.
    async fn mailed(&self, person: &Person, data: &[u8], seen: Seen, at: Timestamp) -> Checked {
        let id = std::str::from_utf8(data).ok().and_then(|text| text.parse().ok());
        let Some(id) = id else { return Ok(Err(RejectionReason::Unsound)) };
        let alive = self.store.factor(id).await?.filter(|factor| factor.is_alive() && factor.person == person.id);
        let Some(factor) = alive else { return Ok(Err(RejectionReason::Expired)) };
        let sources = self.sources(person, &factor)?;
        let with =
            With::nothing().guard(Guard::ConsumeToken(seen)).guard(Guard::FactorActive { factor: factor.id, at });
        Ok(Ok(Good { factor, sources, with }))
    }

    /// What is stored of a mailed code: a digest under a key, with case and browser in it (R9).
    pub fn mail_code_hash(&self, case: CaseId, browser: Digest, code: &str) -> Digest {
        let digits: String =
            code.chars().filter_map(|c| c.to_digit(10)).filter_map(|d| char::from_digit(d, 10)).collect();
        self.digests.digest(Keyed::MailCode, &[case.to_string().as_bytes(), browser.bytes(), digits.as_bytes()])
    }

    /// Asks for a link and a code. The same is counted and answered for every name; whether anything is sent is the worker's business.
    pub async fn ask_for_mail(&self, case: &Case, browser: Digest) -> Result<bool, FlowError> {
        let at = self.ctx.now();
        let limit = Limit { max: self.terms.messages, ..MESSAGES };
        if !self.store.spend(limit, case.id().to_string().as_bytes(), at).await? {
            return Ok(false);
        }
        let work = Work::MailCode { case: case.id(), browser };
        self.store.put_job(&work.job(&self.ctx, at, at)).await?;
        self.bell.notify_waiters();
        Ok(true)
    }
}
