//! Messages as a proof: a link and a code go to a stored address, and count in the browser that asked and in its case alone.

use keyward_core::{
    case::Case,
    digest::Digest,
    ids::CaseId,
    steps::verify::RejectionReason,
    time::{DAY_MS, HOUR_MS, Timestamp},
};

use super::{
    Flow, FlowError, With,
    prove::{Checked, Good, Trying, may_prove},
};
use crate::{
    jobs::Work,
    methods::{UsesUp, email},
    store::{
        guard::Guard,
        limits::Limit,
        people::Factor,
        tokens::{Purpose, Seen, Tried},
    },
    token::Token,
};

/// How long a link or a code is known as one that has expired (UX-17).
pub const LAPSED_MS: i64 = 2 * HOUR_MS;
/// Messages that one case may cause (UX-16).
const MESSAGES: Limit = Limit { name: "message", max: 3, window_ms: DAY_MS };

impl Flow {
    pub(super) async fn check_mail_code(&self, trying: &Trying<'_>, code: &str) -> Checked {
        // All codes that are alive count the try, and none is looked at when its tries are spent.
        let tried = self.store.count_code_try(Purpose::Code, trying.case, trying.browser, trying.at).await?;
        let mut sent = Vec::with_capacity(tried.len());
        for one in &tried {
            if let Some((_, mailbox)) = self.address_of(trying, &one.data).await? {
                sent.push(email::Sent { digest: one.hash, mailbox });
            }
        }
        match email::check_code(&self.digests, trying.door(), &sent, code) {
            Err(reason) => Ok(Err(reason)),
            Ok(proved) => {
                let used = |one: &&Tried| proved.uses_up == UsesUp::Token { purpose: Purpose::Code, hash: one.hash };
                let Some(found) = tried.iter().find(used) else { return Ok(Err(RejectionReason::Mismatch)) };
                self.mailed(trying, Purpose::Code, (found.hash, &found.data)).await
            }
        }
    }

    pub(super) async fn check_mail_link(&self, trying: &Trying<'_>, link: &Token) -> Checked {
        let hash = link.digest(Purpose::Link);
        let seen = Seen { purpose: Purpose::Link, hash, browser: Some(trying.browser), at: trying.at };
        let Some(token) = self.store.find_token(&seen).await? else { return Ok(Err(RejectionReason::Expired)) };
        if token.case != Some(trying.case) {
            return Ok(Err(RejectionReason::OtherCase));
        }
        self.mailed(trying, Purpose::Link, (hash, &token.data)).await
    }

    /// The address that a code or link went to, if it still is the person's (T-A15).
    async fn address_of(&self, trying: &Trying<'_>, data: &[u8]) -> Result<Option<(Factor, Digest)>, FlowError> {
        let id = std::str::from_utf8(data).ok().and_then(|text| text.parse().ok());
        let Some(id) = id else { return Ok(None) };
        let factor = self.store.factor(id).await?;
        let ours = |factor: &Factor| factor.is_alive() && factor.person == trying.person.id;
        let Some(factor) = factor.filter(ours) else { return Ok(None) };
        let mailbox = self.mailbox_tag(trying.person, &self.address(&factor)?);
        Ok(Some((factor, mailbox)))
    }

    async fn mailed(&self, trying: &Trying<'_>, purpose: Purpose, used: (Digest, &[u8])) -> Checked {
        let (hash, data) = used;
        let Some((factor, _)) = self.address_of(trying, data).await? else { return Ok(Err(RejectionReason::Expired)) };
        let sources = self.sources(trying.person, &factor)?;
        let seen = Seen { purpose, hash, browser: Some(trying.browser), at: trying.at };
        let with = With::nothing()
            .guard(Guard::ConsumeToken(seen))
            .guard(Guard::FactorActive { factor: factor.id, at: trying.at });
        Ok(Ok(Good { factor, sources, with, renewed: None }))
    }

    /// Asks for a link and a code. The same is counted and answered for every name; whether anything is sent is the worker's business.
    pub async fn ask_for_mail(&self, case: &Case, browser: Digest) -> Result<bool, FlowError> {
        may_prove(case)?;
        let at = self.ctx.now();
        let limit = Limit { max: self.terms.messages, ..MESSAGES };
        if !self.store.spend(limit, case.id().to_string().as_bytes(), at).await? {
            return Ok(false);
        }
        let work = Work::MailCode { case: case.id(), browser, to: None };
        self.store.put_job(&work.job(&self.ctx, at, at)).await?;
        self.bell.notify_waiters();
        Ok(true)
    }

    /// The case that a mailed link is for, whichever browser opened it. It allows nothing; that takes the browser's cookie too.
    pub async fn case_of_link(&self, link: &Token) -> Result<Option<Case>, FlowError> {
        let hash = link.digest(Purpose::Link);
        match self.store.case_of_token(Purpose::Link, hash, self.ctx.now()).await? {
            Some(case) => self.load(case).await.map(Some),
            None => Ok(None),
        }
    }

    /// The case of a mailed link whose time was over not long ago. For saying so; it allows nothing.
    pub async fn case_of_lapsed_link(&self, link: &Token) -> Result<Option<CaseId>, FlowError> {
        let hash = link.digest(Purpose::Link);
        Ok(self.store.case_of_token(Purpose::Link, hash, self.ctx.now().plus_ms(-LAPSED_MS)).await?)
    }

    /// Until when a mailed link is good in that browser (R13). None: it is not.
    pub async fn link_until(&self, link: &Token, browser: Digest) -> Result<Option<Timestamp>, FlowError> {
        let hash = link.digest(Purpose::Link);
        let seen = Seen { purpose: Purpose::Link, hash, browser: Some(browser), at: self.ctx.now() };
        Ok(self.store.find_token(&seen).await?.map(|found| found.expires))
    }
}
