//! The set-up of a server that was started without a configuration (ECO-01): a code on the terminal, and for it the first account.
//!
//! The code is good once and for half an hour, and is kept as a digest alone. Whoever can read the terminal of the server may make the account;
//! as soon as there is one, there is nothing here any more. Not here: on which address the server listens.

use std::sync::Arc;

use keyward_core::{
    digest::Digest,
    secret::SecretText,
    time::{MINUTE_MS, Timestamp},
};
use zeroize::Zeroize;

use super::{Flow, FlowError, Newcomer};
use crate::{
    methods::recovery_code::{self, CODE_BYTES, Sheet},
    passwords::{hash::Hasher, password::Password},
    store::{
        limits::Limit,
        tokens::{NewToken, Purpose, Seen},
    },
    token::Token,
};

/// How long a code lives.
pub const SETUP_MS: i64 = 30 * MINUTE_MS;
/// The group of the first account. The configuration of a first start makes it one of ordinary staff.
pub const FIRST_GROUP: &str = "staff";
/// Tries of all browsers together: the server listens on this machine alone.
const TRIES: Limit = Limit { name: "set-up", max: 10, window_ms: 15 * MINUTE_MS };

/// The set-up of this server.
pub struct Setup {
    flow: Arc<Flow>,
    hasher: Arc<Hasher>,
}

/// A code for whoever started the server.
pub struct SetupCode {
    /// The code, in groups. Goes to the terminal and nowhere else.
    pub text: SecretText,
    /// When it ends.
    pub until: Timestamp,
}

/// What came of a try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetUp {
    /// There is a first account.
    Done,
    /// The code is not one, is used or is too old.
    WrongCode,
    /// All threads for passwords are at work.
    Busy,
}

impl Setup {
    /// Of the server with this flow.
    pub const fn new(flow: Arc<Flow>, hasher: Arc<Hasher>) -> Self {
        Self { flow, hasher }
    }

    /// Whether there is no account yet.
    pub async fn is_under_way(&self) -> Result<bool, FlowError> {
        Ok(self.flow.store.accounts("", 1).await?.is_empty())
    }

    /// A new code, as long as there is no account. The one before ends.
    pub async fn hand_out(&self) -> Result<Option<SetupCode>, FlowError> {
        let flow = &self.flow;
        if !self.is_under_way().await? {
            return Ok(None);
        }
        let mut random: [u8; CODE_BYTES] = flow.ctx.bytes();
        let (hash, printed) = (digest(&random), Sheet::one(&random).printed());
        random.zeroize();
        let Some(text) = printed.into_iter().next() else { return Ok(None) };
        let created = flow.ctx.now();
        let until = created.plus_ms(SETUP_MS);
        flow.store.end_tokens_of_nobody(Purpose::Invite).await?;
        flow.store.put_token(&NewToken::new(Purpose::Invite, hash, created, SETUP_MS)).await?;
        Ok(Some(SetupCode { text, until }))
    }

    /// Makes the first account for a code. The try is counted before the code is looked at (R12); nothing is hashed for a code that opens nothing.
    pub async fn make_first(&self, code: &str, new: Newcomer, password: &Password) -> Result<SetUp, FlowError> {
        let (flow, at) = (&self.flow, self.flow.ctx.now());
        flow.spend(&[(TRIES, b"")], at).await?;
        let Some(code) = recovery_code::parse(code) else { return Ok(SetUp::WrongCode) };
        let seen = Seen { purpose: Purpose::Invite, hash: digest(code.expose()), browser: None, at };
        if flow.store.find_token(&seen).await?.is_none() {
            return Ok(SetUp::WrongCode);
        }
        let hash = match self.hasher.hash(password, flow.ctx.bytes()).await {
            Ok(hash) => hash,
            Err(error) => {
                tracing::warn!(%error, "the first account was not made");
                return Ok(SetUp::Busy);
            }
        };
        let begun = new.begun(flow.ctx.bytes(), at, (hash, false));
        // The code is looked at once more by the statement that uses it up.
        let made = flow.store.begin_first_account(&begun, &seen).await?;
        Ok(if made { SetUp::Done } else { SetUp::WrongCode })
    }
}

/// What is kept of a code: as of any other token, and nothing at any other door.
fn digest(code: &[u8; CODE_BYTES]) -> Digest {
    Token::new(*Digest::of(code).bytes()).digest(Purpose::Invite)
}
