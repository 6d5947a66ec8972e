//! Sends one notice to one address and writes down that it went out. A mail server that is down delays a notice and loses none.

use keyward_core::{
    actor::Actor,
    case::{Case, Command},
    digest::Field,
    ids::{CaseId, FactorId},
    secret::SecretText,
    steps::review::{Notice, NoticeAbout},
    time::DAY_MS,
};

use super::{
    JobError, Ran, Worker,
    letters::{Content, Letter},
    settled,
};
use crate::{
    flow::With,
    store::tokens::{NewToken, Purpose},
    token::{self, Token},
};

/// How long "this was not me" can be said from a notice.
pub(super) const NOT_ME_MS: i64 = 7 * DAY_MS;

/// Sends it.
pub async fn run(worker: &Worker, id: CaseId, about: NoticeAbout, to: FactorId) -> Ran {
    let flow = &worker.flow;
    let case = flow.load(id).await?;
    let Some(factor) = flow.store.factor(to).await? else { return Ok(()) };
    let address = flow.address(&factor)?;
    let until = case.hold().map(|hold| hold.until);
    let delivered = deliver(worker, &case, &address, Content::Notice { about, until }).await?;
    let (commitment, value) = flow.disclose(Field::Address, address);
    let notice = Notice { about, address: commitment, delivered };
    let with = With::nothing().value(value, case.subject());
    settled(flow.act(id, Actor::Keyward, Command::Notice(notice), with).await.map(drop))
}

/// Writes and sends one message of a case, with a link "this was not me" of its own. False: the address was refused for good.
pub(super) async fn deliver(
    worker: &Worker,
    case: &Case,
    address: &str,
    content: Content<'_>,
) -> Result<bool, JobError> {
    let flow = &worker.flow;
    let channel = worker.channel.as_ref();
    let channel = channel.ok_or_else(|| JobError::Later("there is no mail server in the configuration".to_owned()))?;
    let not_me = Token::new(flow.ctx.bytes());
    let person = match case.subject() {
        Some(person) => flow.store.person(person).await?,
        None => None,
    };
    let name = flow.store.value(case.claim().name).await?;
    let network = flow.store.value(case.claim().network).await?;
    let browser = flow.store.value(case.claim().browser).await?;
    let message = worker.letters.write(
        &Letter {
            to: address,
            language: person.as_ref().and_then(|person| person.language.as_deref()),
            reference: case.reference(),
            action: case.claim().action,
            account: name.as_ref().map_or("", |name| name.value.as_str()),
            at: flow.ctx.now(),
            network: network.as_ref().map(|network| network.value.as_str()),
            browser: browser.as_ref().map(|browser| browser.value.as_str()),
            not_me: &not_me.reveal(),
            content,
        },
        flow.ctx.bytes(),
    );
    put_not_me(worker, case, &not_me).await?;
    match channel.send(&message).await {
        Ok(_) => Ok(true),
        Err(error) if error.retry() => Err(JobError::Later(error.to_string())),
        Err(error) => {
            tracing::warn!(%error, "a message was refused for good");
            Ok(false)
        }
    }
}

async fn put_not_me(worker: &Worker, case: &Case, not_me: &Token) -> Result<(), JobError> {
    let at = worker.flow.ctx.now();
    let end = at.plus_ms(NOT_ME_MS);
    let token = NewToken {
        purpose: Purpose::Contest,
        hash: not_me.hash(token::Purpose::Contest).digest(),
        case: Some(case.id()),
        person: None,
        browser: None,
        data: Vec::new(),
        created: at,
        idle: end,
        expires: end,
        max_tries: 0,
    };
    Ok(worker.flow.store.put_token(&token).await?)
}

/// Six random digits.
pub(super) fn six_digits(random: [u8; 8]) -> SecretText {
    // 64 random bits modulo a million: the bias is below one in ten trillion.
    SecretText::new(format!("{:06}", u64::from_be_bytes(random) % 1_000_000))
}
