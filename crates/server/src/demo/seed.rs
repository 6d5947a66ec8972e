//! Thirty days of cases, made by the real engine with a clock that is moved by hand: the same flow, worker, directory and log as in earnest.

use std::sync::Arc;

use keyward_core::{
    account::{AccountRef, Action, Class, Method},
    actor::Actor,
    case::{Case, Command},
    digest::Digest,
    event::{ContestedFrom, Door},
    ids::PersonId,
    secret::{Secret, SecretText},
    time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp},
};

use super::people::{ALL, MACHINES, Setup, Somebody, group};
use crate::{
    ctx::{Ctx, Hand},
    flow::{Asked, Flow, FlowError, Handed, NewRecord, Proof, With},
    jobs::{JobError, Work, Worker},
    methods::{recovery_code::Sheet, totp::Seed},
    store::{
        StoreError,
        accounts::{NewAccount, NewPassword},
        change::{Aside, Write},
        guard::Guard,
        people::{NewFactor, Person},
    },
    token::Token,
};

/// How many days are made up.
pub const DAYS: i64 = 30;
/// The day of the planted attack, and whose accounts it was about. The last of them says "not me".
const ATTACK_DAY: i64 = 26;
const ATTACKED: [&str; 4] = ["m.fischer", "s.klein", "p.oconnor", "b.vogel"];
/// How many cases a day has, by the day of the week of the clock that is moved.
const A_DAY: [u32; 7] = [3, 2, 3, 2, 3, 1, 0];

/// Somebody with what they have set up, for the pages of the demonstration.
pub struct Ready {
    /// Who.
    pub somebody: &'static Somebody,
    /// The seed of their app.
    pub app: Option<Seed>,
    /// Codes of their sheet that have not been used.
    pub codes: Vec<String>,
}

/// The demonstration could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A case did not go as it should.
    #[error("a case of the demonstration")]
    Flow(#[from] FlowError),
    /// The database.
    #[error("the database of the demonstration")]
    Store(#[from] StoreError),
    /// A commit.
    #[error("the database of the demonstration")]
    Commit(#[from] crate::store::CommitError),
    /// A job.
    #[error("a job of the demonstration")]
    Job(#[from] JobError),
}

/// Puts the people into the embedded directory, each with the hash of the one password.
pub async fn accounts(
    flow: &Flow,
    directory: &str,
    hash: &str,
) -> Result<Vec<(PersonId, &'static Somebody)>, SeedError> {
    let at = flow.ctx.now();
    let mut people = Vec::new();
    for (number, somebody) in ALL.iter().enumerate() {
        let id = format!("demo-{number:03}");
        let new = NewAccount {
            id: id.clone(),
            name: somebody.account.to_owned(),
            mail: Some(somebody.mail()),
            display: somebody.name.to_owned(),
            created: at,
        };
        flow.store.insert_account(&new).await?;
        flow.store.set_account_group(&id, somebody.group(), true).await?;
        set_password(flow, &id, hash, at).await?;
        let person = Person {
            id: flow.ctx.id(at),
            account: AccountRef { directory: directory.to_owned(), id },
            salt: flow.ctx.salt(),
            language: Some(somebody.language.to_owned()),
            blocked_until: None,
            created: at,
        };
        people.push((flow.store.ensure_person(&person).await?.id, somebody));
    }
    machines(flow).await?;
    Ok(people)
}

async fn machines(flow: &Flow) -> Result<(), SeedError> {
    let created = flow.ctx.now();
    for (name, what) in MACHINES {
        let (id, name, display) = (format!("demo-{name}"), (*name).to_owned(), (*what).to_owned());
        flow.store.insert_account(&NewAccount { id: id.clone(), name, mail: None, display, created }).await?;
        flow.store.set_account_group(&id, group(Class::Machine), true).await?;
    }
    Ok(())
}

async fn set_password(flow: &Flow, id: &str, hash: &str, at: Timestamp) -> Result<(), SeedError> {
    let Some(account) = flow.store.account(id).await? else { return Ok(()) };
    let new = NewPassword { hash: hash.to_owned(), expected: account.credential, must_change: false, keep: 1, at };
    flow.store.set_account_password(id, &new).await?;
    Ok(())
}

/// Gives everybody back the one password, after the cases of thirty days have set others.
pub async fn one_password(flow: &Flow, hash: &str) -> Result<(), SeedError> {
    let at = flow.ctx.now();
    for number in 0..ALL.len() {
        set_password(flow, &format!("demo-{number:03}"), hash, at).await?;
    }
    Ok(())
}

/// What everybody had set up long before.
pub async fn factors(flow: &Flow, people: &[(PersonId, &'static Somebody)]) -> Result<Vec<Ready>, SeedError> {
    let mut all = Vec::new();
    for (person, somebody) in people {
        let Some(known) = flow.store.person(*person).await? else { continue };
        all.push(set_up(flow, &known, somebody).await?);
    }
    Ok(all)
}

async fn set_up(flow: &Flow, person: &Person, somebody: &'static Somebody) -> Result<Ready, SeedError> {
    let at = flow.ctx.now();
    let mut ready = Ready { somebody, app: None, codes: Vec::new() };
    let mut aside = Aside::default();
    if let Some(address) = somebody.private_mail() {
        let mut record = NewRecord::new(flow.ctx.id(at), "private", address.as_bytes());
        record.handle = Some(flow.address_handle(person, &address));
        aside = aside.guard(bind(flow, person, Method::Email, &record, at)?);
    }
    if matches!(somebody.setup, Setup::Full | Setup::App) {
        let seed = Seed::new(flow.ctx.bytes());
        let record = NewRecord::new(flow.ctx.id(at), "phone", seed.to_stored().expose());
        aside = aside.guard(bind(flow, person, Method::Totp, &record, at)?);
        ready.app = Some(seed);
    }
    if matches!(somebody.setup, Setup::Full | Setup::Codes) {
        let sheet = Sheet::new(std::array::from_fn(|_| flow.ctx.bytes()));
        let id = flow.ctx.id(at);
        let record = NewRecord::new(id, "sheet", b"");
        aside = aside.guard(bind(flow, person, Method::RecoveryCode, &record, at)?);
        aside = aside.write(Write::PutRecoveryCodes { factor: id, codes: sheet.digests(&flow.digests, id) });
        ready.codes = sheet.printed().iter().map(|code| code.expose().clone()).collect();
    }
    flow.store.aside(aside).await?;
    Ok(ready)
}

fn bind(flow: &Flow, person: &Person, method: Method, record: &NewRecord, at: Timestamp) -> Result<Guard, FlowError> {
    Ok(Guard::NewFactor(NewFactor {
        id: record.id,
        person: person.id,
        method,
        label: record.label.clone(),
        data: flow.lock_away(record.id, &record.data())?,
        handle: record.handle,
        created: at,
        usable_from: at,
    }))
}

/// The cases of the days before today.
pub struct Past<'a> {
    /// The flow with the clock that is moved.
    pub flow: &'a Arc<Flow>,
    /// Its worker.
    pub worker: &'a Worker,
    /// Moves the clock.
    pub hand: &'a Hand,
}

impl Past<'_> {
    /// Makes the cases, and moves the clock up to now.
    pub async fn live(&self, people: &mut [Ready]) -> Result<u32, SeedError> {
        let mut made = 0;
        let begin = self.flow.ctx.now();
        for day in 0..DAYS {
            let weekday = usize::try_from(day.rem_euclid(7)).unwrap_or(0);
            let today = A_DAY.get(weekday).copied().unwrap_or(1);
            if day == ATTACK_DAY {
                made += self.attack().await?;
            }
            self.hand.pass_ms(8 * HOUR_MS);
            for _ in 0..today {
                self.one(people, made).await?;
                made += 1;
                self.hand.pass_ms(40 * MINUTE_MS);
            }
            // A case takes its own time; the past ends now and not later.
            let evening = begin.plus_ms((day + 1) * DAY_MS);
            self.hand.pass_ms(evening.since_ms(self.flow.ctx.now()).max(0));
            self.expire().await?;
        }
        Ok(made)
    }

    /// What a running server does every minute: cases that nobody finished end in their own time, not when the demonstration begins.
    async fn expire(&self) -> Result<(), SeedError> {
        let now = self.flow.ctx.now();
        self.flow.store.put_job(&Work::Expire.job(&self.flow.ctx, now, now)).await?;
        self.worker.run_due().await;
        Ok(())
    }

    /// In one night somebody tries the doors of those who move money, from one network. They guess, the owners are told, and one of them says
    /// that it was not them.
    async fn attack(&self) -> Result<u32, SeedError> {
        self.hand.pass_ms(3 * HOUR_MS);
        for name in ATTACKED {
            let (case, browser) = self.open_from(name, ("203.0.113.66", "Chrome on Linux"), false).await?;
            self.guess(&case, browser).await?;
            if Some(&name) == ATTACKED.last() {
                let contest = Command::Contest(ContestedFrom::Notice);
                drop(self.flow.act(case.id(), Actor::Requester, contest, With::nothing()).await?.into_inner());
                self.worker.run_due().await;
            }
            self.hand.pass_ms(MINUTE_MS);
        }
        Ok(u32::try_from(ATTACKED.len()).unwrap_or(0))
    }

    /// One case, of one of several kinds in turn.
    async fn one(&self, people: &mut [Ready], number: u32) -> Result<(), SeedError> {
        let Some(ready) = pick(people, number) else { return Ok(()) };
        let (case, browser) = self.open(ready.somebody.account, number).await?;
        match number % 8 {
            // Somebody opens a case and goes away.
            3 => Ok(()),
            // Somebody guesses, and is told by a notice that it is known.
            5 => self.guess(&case, browser).await,
            _ => self.recover(ready, &case, browser, number).await,
        }
    }

    async fn open(&self, name: &str, number: u32) -> Result<(Case, Digest), SeedError> {
        let network = format!("192.0.2.{}", number % 250 + 1);
        self.open_from(name, (&network, "Firefox on Windows"), number % 6 == 4).await
    }

    async fn open_from(
        &self,
        name: &str,
        (network, browser): (&str, &str),
        locked: bool,
    ) -> Result<(Case, Digest), SeedError> {
        let asked = Asked {
            name: name.to_owned(),
            door: if locked { Door::Locked } else { Door::Forgot },
            action: if locked { Action::Unlock } else { Action::SetPassword },
            network: network.to_owned(),
            browser: browser.to_owned(),
            language: "en".to_owned(),
            signed_in: None,
        };
        let opened = self.flow.open(asked).await?.into_inner();
        self.worker.run_due().await;
        let case = self.flow.load(opened.id).await?;
        Ok((case, browser_of(&opened.browser)))
    }

    async fn guess(&self, case: &Case, browser: Digest) -> Result<(), SeedError> {
        for code in ["000000", "123456", "654321"] {
            let case = self.flow.load(case.id()).await?;
            self.hand.pass_ms(MINUTE_MS);
            drop(self.flow.prove(&case, browser, Proof::Totp(code.to_owned())).await);
        }
        self.worker.run_due().await;
        Ok(())
    }

    async fn recover(&self, ready: &mut Ready, case: &Case, browser: Digest, number: u32) -> Result<(), SeedError> {
        self.hand.pass_ms(MINUTE_MS);
        let code = ready.app.as_ref().map(|seed| seed.code(self.flow.ctx.now()));
        if let Some(code) = code {
            drop(self.flow.prove(case, browser, Proof::Totp(code.expose().clone())).await);
        }
        // The last codes stay for whoever looks at the demonstration.
        if ready.codes.len() > 4
            && let Some(code) = ready.codes.pop()
        {
            let case = self.flow.load(case.id()).await?;
            drop(self.flow.prove(&case, browser, Proof::RecoveryCode(code)).await);
        }
        let case = self.flow.load(case.id()).await?;
        if !matches!(case.stage(), keyward_core::case::Stage::Reissuing(..)) {
            self.worker.run_due().await;
            return Ok(());
        }
        self.hand.pass_ms(MINUTE_MS);
        let handed = match case.claim().action {
            Action::SetPassword => Handed::Password(new_password(number)),
            _ => Handed::Nothing,
        };
        drop(self.flow.submit(&case, handed).await?.into_inner());
        self.worker.run_due().await;
        self.hand.pass_ms(MINUTE_MS);
        self.worker.run_due().await;
        Ok(())
    }
}

/// Mostly people who can help themselves; now and then anybody.
fn pick(people: &mut [Ready], number: u32) -> Option<&mut Ready> {
    let number = usize::try_from(number).ok()?;
    let able = |ready: &Ready| ready.somebody.class == Class::Standard && ready.somebody.setup == Setup::Full;
    let places: Vec<usize> =
        people.iter().enumerate().filter(|(_, ready)| number % 9 == 8 || able(ready)).map(|(place, _)| place).collect();
    // A stride that shares no factor with the number of places: everybody has their turn.
    let place = places.get(number * 11 % places.len().max(1))?;
    people.get_mut(*place)
}

fn browser_of(token: &Token) -> Digest {
    crate::flow::browser_digest(token)
}

fn new_password(number: u32) -> SecretText {
    Secret::new(format!("a password of day {number}"))
}

/// A clock that begins that many days before now, and the hand that moves it.
pub fn clock(real: &Ctx, seed: u64) -> (Ctx, Hand) {
    Ctx::by_hand(real.now().plus_ms(-DAYS * DAY_MS), seed)
}
