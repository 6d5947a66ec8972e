//! Sends one notice to one address and writes down that it went out. A mail server that is down delays a notice and loses none.

use keyward_core::{
    account::Method,
    actor::Actor,
    case::{Case, Command, Ending, Stage},
    digest::Field,
    ids::{CaseId, FactorId},
    steps::review::{Notice, NoticeAbout},
    time::{DAY_MS, HOUR_MS},
};

use super::{
    JobError, Ran, Worker,
    letters::{ChangedWay, Content, Letter, Occasion},
    settled,
};
use crate::{
    flow::With,
    seal::Keyed,
    store::{
        limits::Limit,
        people::Factor,
        tokens::{NewToken, Purpose},
    },
    token::Token,
};

/// How long "this was not me" can be said from a notice.
pub(super) const NOT_ME_MS: i64 = 7 * DAY_MS;

/// What somebody who has proved nothing can cause to be sent.
#[derive(Clone, Copy)]
pub(super) enum Caused {
    /// That a case began, or ended.
    Notice,
    /// A link and a code.
    Code,
}

/// Whether one more message of that kind may go to an address. Counted by the address in all cases, so that no number of them floods it (T-D10).
pub(super) async fn is_bearable(worker: &Worker, caused: Caused, to: FactorId) -> Result<bool, JobError> {
    let flow = &worker.flow;
    let (hour, day) = match caused {
        Caused::Notice => ("notice-hour", "notice-day"),
        Caused::Code => ("code-hour", "code-day"),
    };
    let (at, key, mails) = (flow.ctx.now(), to.to_string(), flow.terms.mails);
    let hour = Limit { name: hour, max: mails.per_hour, window_ms: HOUR_MS };
    let day = Limit { name: day, max: mails.per_day, window_ms: DAY_MS };
    let spent_up = flow.store.spend_each(&[(hour, key.as_bytes()), (day, key.as_bytes())], at).await?;
    Ok(spent_up.is_none())
}

/// Sends it.
pub async fn run(worker: &Worker, id: CaseId, about: NoticeAbout, to: FactorId) -> Ran {
    let flow = &worker.flow;
    let case = flow.load(id).await?;
    let Some(factor) = flow.store.factor(to).await? else { return Ok(()) };
    let address = flow.address(&factor)?;
    let occasion = occasion(worker, &case, about).await?;
    let content = Content::Notice(occasion);
    let delivered = deliver(worker, &case, (&address, seed(worker, &case, about, to)), content).await?;
    let (commitment, value) = flow.disclose(Field::Address, address);
    let notice = Notice { about, address: commitment, delivered };
    // Who has erased the values of a case does not get them back with a message that waited (T-I12). Its commitment is enough for every proof.
    let is_kept = flow.store.value(id, case.claim().name).await?.is_some();
    let with = if is_kept { With::nothing().value(value, case.subject()) } else { With::nothing() };
    settled(flow.act(id, Actor::Keyward, Command::Notice(notice), with).await.map(drop))
}

/// Names the message: the same each time it is tried, so that of an answer that was lost on the way nobody gets two, and another for another hold of the
/// case. Nobody can send something under that name before.
fn seed(worker: &Worker, case: &Case, about: NoticeAbout, to: FactorId) -> [u8; 16] {
    let until = case.hold().filter(|_| about == NoticeAbout::Held).map(|hold| hold.until);
    let notice = format!("{} {about:?} {to} {until:?}", case.id());
    let digest = worker.flow.digests.digest(Keyed::Notice, &[notice.as_bytes()]);
    std::array::from_fn(|place| digest.bytes().get(place).copied().unwrap_or_default())
}

async fn occasion(worker: &Worker, case: &Case, about: NoticeAbout) -> Result<Occasion, JobError> {
    let flow = &worker.flow;
    let way = match about {
        NoticeAbout::RecoveryDataChanged => flow.changed_way(case).await?.map(|factor| changed(worker, &factor)),
        _ => None,
    };
    let ended = match case.stage() {
        Stage::Closed(Ending::Ended(reason)) => Some(*reason),
        _ => None,
    };
    let until = match (about, case.subject()) {
        (NoticeAbout::Contested, Some(person)) => flow.store.person(person).await?.and_then(|p| p.blocked_until),
        _ => case.hold().map(|hold| hold.until),
    };
    let changed = matches!(case.stage(), Stage::Reviewing(_) | Stage::Closed(Ending::Contested { changed: true }));
    Ok(Occasion { about, until, ended, changed, way: way.transpose()? })
}

/// A way back in as a message names it. Of an address most is hidden: the message may lie open where its owner does not want it to.
fn changed(worker: &Worker, factor: &Factor) -> Result<ChangedWay, JobError> {
    let name = match factor.method {
        Method::Email => masked(&worker.flow.address(factor)?),
        _ => factor.label.clone(),
    };
    let counts_from = factor.ended.is_none().then_some(factor.usable_from);
    Ok(ChangedWay { method: factor.method, name, counts_from })
}

/// `j•••@example.org`.
fn masked(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}•••@{domain}")
}

/// Writes and sends one message of a case to an address, under a name made of the seed, with a link "this was not me" of its own. False: the address was
/// refused for good.
pub(super) async fn deliver(
    worker: &Worker,
    case: &Case,
    (address, seed): (&str, [u8; 16]),
    content: Content<'_>,
) -> Result<bool, JobError> {
    let flow = &worker.flow;
    let channel = worker.channel.as_ref();
    let channel = channel.ok_or_else(|| JobError::Later("there is no mail server in the configuration".to_owned()))?;
    let not_me = Token::new(flow.ctx.bytes());
    let person = flow.person_of_case(case).await?;
    let name = flow.store.value(case.id(), case.claim().name).await?;
    let network = flow.store.value(case.id(), case.claim().network).await?;
    let browser = flow.store.value(case.id(), case.claim().browser).await?;
    let own = person.as_ref().and_then(|person| person.language.as_deref());
    let message = worker.letters.write(
        &Letter {
            to: address,
            language: Some(own.unwrap_or(&case.claim().language)),
            reference: case.reference(),
            action: case.claim().action,
            door: case.claim().door,
            account: name.as_ref().map_or("", |name| name.value.as_str()),
            at: flow.ctx.now(),
            network: network.as_ref().map(|network| network.value.as_str()),
            browser: browser.as_ref().map(|browser| browser.value.as_str()),
            not_me: &not_me.reveal(),
            content,
        },
        seed,
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
    let hash = not_me.digest(Purpose::Contest);
    let token = NewToken::new(Purpose::Contest, hash, worker.flow.ctx.now(), NOT_ME_MS);
    Ok(worker.flow.store.put_token(&NewToken { case: Some(case.id()), ..token }).await?)
}
