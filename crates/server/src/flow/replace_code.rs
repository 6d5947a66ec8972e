//! A new recovery code in the place of one that was a proof (NIST SP 800-63B-4, 4.2.1.1; N-05): after the change, once, on the pages of the case.
//!
//! Not before: somebody who has shown one code and nothing else would otherwise get another one for it.

use keyward_core::{
    actor::Actor,
    case::{Case, Command, Refusal},
    digest::Digest,
    steps::verify::Source,
};
use zeroize::Zeroize;

use super::{BoundCodes, Draft, Flow, FlowError, With};
use crate::{methods::recovery_code::CODE_BYTES, store::guard::Guard, token::Token};

impl Flow {
    /// Makes it. The key of the draft in which it lies goes into a cookie, as that of a sheet does; and what lies there, for who has no page to show.
    pub async fn replace_code(&self, case: &Case, browser: Digest) -> Result<(Token, BoundCodes), FlowError> {
        let used = case.unreplaced_code().ok_or(FlowError::Refused(Refusal::NothingNew))?;
        let factor = used.sources.iter().find_map(Source::factor).ok_or(FlowError::Refused(Refusal::NothingNew))?;
        let mut random: [u8; CODE_BYTES] = self.ctx.bytes();
        let draft = Draft::codes(factor, &random, self.ctx.now());
        random.zeroize();
        let nothing = || FlowError::Refused(Refusal::NothingNew);
        let sheet = draft.sheet().ok_or_else(nothing)?;
        let new = sheet.digests(&self.digests, factor).first().copied().ok_or_else(nothing)?;
        // Kept before it counts, and whatever comes of that: a code that opens something can be shown, and another never is.
        let key = self.keep_draft(case.id(), browser, &draft).await?;
        let with = With::nothing().guard(Guard::ReplaceRecoveryCode { factor, used: used.at, new });
        let by = case.subject().map_or(Actor::Requester, |id| Actor::Person { id });
        drop(self.act(case.id(), by, Command::ReplaceCode { factor }, with).await?.into_inner());
        Ok((key, BoundCodes { printed: sheet.printed(), made: self.ctx.now() }))
    }
}
