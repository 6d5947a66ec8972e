//! The ways back in of one person and what happened to them, as their pages show it. Reads, and says nothing about anybody else.

use keyward_core::{
    account::{Action, Method},
    case::Case,
    event::Door,
    ids::{CaseId, FactorId, PersonId, Reference},
    steps::verify::Source,
    time::{DAY_MS, Timestamp},
};

use super::{Flow, FlowError, is_from_directory};
use crate::{
    methods::known_device,
    store::{
        cases::{CaseRow, State},
        people::Factor,
    },
    token::{self, Token},
};

/// How far the history goes back.
const HISTORY_MS: i64 = 365 * DAY_MS;
/// How many lines it has at most.
const LINES: usize = 30;

/// A way back in, alive or ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnWay {
    /// Names it.
    pub id: FactorId,
    /// Which kind.
    pub method: Method,
    /// What its owner calls it; an address by itself.
    pub name: String,
    /// When it was made.
    pub made: Timestamp,
    /// From when on it counts.
    pub counts_from: Timestamp,
    /// When it last proved something.
    pub used: Option<Timestamp>,
    /// When it was ended.
    pub ended: Option<Timestamp>,
    /// Whether it was guessed at so often that it is of no use any more.
    pub alive: bool,
    /// Whether the directory holds it, and it is changed there.
    pub from_directory: bool,
    /// Codes that are left on a sheet.
    pub left: Option<u32>,
    /// Whether it is the browser that asks.
    pub this_browser: bool,
}

/// What may be ended in a case, and what may not because it proved something there.
#[derive(Clone, Debug, Default)]
pub struct Removable {
    /// May be ended.
    pub free: Vec<OwnWay>,
    /// Was used as a proof.
    pub used: Vec<OwnWay>,
}

/// Something that happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Past {
    /// A way back in was added.
    Added(Method),
    /// One was removed.
    Removed(Method),
    /// The password was changed by somebody who knew it.
    PasswordChanged,
    /// A recovery began.
    Started(Reference),
    /// One ended well.
    Done(Reference),
    /// One ended without a change.
    Stopped(Reference),
}

/// Something that happened, with when and, where it is known, from which network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PastLine {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Past,
    /// From where.
    pub network: Option<String>,
}

/// How far somebody has read in their history. What is new stands before it, and moves nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    /// The moment of the last line.
    pub at: Timestamp,
    /// How many lines of that very moment have been read.
    pub seen: usize,
}

impl Flow {
    /// All ways back in of a person, ended ones too, oldest first. `browser` is the key of the browser that asks, if it has one.
    pub async fn own_ways(&self, person: PersonId, browser: Option<&Token>) -> Result<Vec<OwnWay>, FlowError> {
        let mut ways = Vec::new();
        for factor in self.store.factors(person).await? {
            ways.push(self.own_way(&factor, browser).await?);
        }
        Ok(ways)
    }

    /// One of them, if it is theirs and lives and can be ended here.
    pub async fn own_removable(&self, person: PersonId, id: FactorId) -> Result<Option<OwnWay>, FlowError> {
        match self.store.factor(id).await? {
            Some(factor) if factor.person == person && is_removable(&factor) => {
                self.own_way(&factor, None).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    async fn own_way(&self, factor: &Factor, browser: Option<&Token>) -> Result<OwnWay, FlowError> {
        let left = match factor.method {
            Method::RecoveryCode => {
                let codes = self.store.recovery_codes(factor.id).await?;
                Some(u32::try_from(codes.iter().filter(|(_, used)| used.is_none()).count()).unwrap_or(u32::MAX))
            }
            _ => None,
        };
        let this_browser = match (factor.method, browser) {
            (Method::KnownDevice, Some(key)) => self.is_device(factor, key)?,
            _ => false,
        };
        Ok(OwnWay {
            id: factor.id,
            method: factor.method,
            name: if factor.method == Method::Email { self.address(factor)? } else { factor.label.clone() },
            made: factor.created,
            counts_from: factor.usable_from,
            // The code that showed that an app was set up is no use of it.
            used: factor.last_used.filter(|used| *used > factor.created),
            ended: factor.ended,
            alive: factor.is_alive(),
            from_directory: is_from_directory(factor),
            left,
            this_browser,
        })
    }

    /// Whether a key is the present one of a known browser. Proves nothing and uses nothing up.
    fn is_device(&self, factor: &Factor, key: &Token) -> Result<bool, FlowError> {
        let stored = self.unlock(factor)?;
        let record = known_device::Record::from_stored(stored.expose());
        let record = record.map_err(|error| FlowError::Broken(Box::new(error)))?;
        Ok(record.handle() == key.digest(token::Purpose::Device))
    }

    /// The ways back in that the subject of a case may end. What proves something in this case is no choice (core would refuse it), and what
    /// the directory holds is changed there.
    pub async fn removable(&self, case: &Case) -> Result<Removable, FlowError> {
        let Some(person) = case.subject() else { return Ok(Removable::default()) };
        let mut found = Removable::default();
        for factor in self.store.factors(person).await?.iter().filter(|factor| is_removable(factor)) {
            let source = Source::Factor { id: factor.id };
            let used = case.evidence().iter().any(|evidence| evidence.sources.contains(&source));
            let way = self.own_way(factor, None).await?;
            if used { found.used.push(way) } else { found.free.push(way) }
        }
        Ok(found)
    }

    /// The way back in that a case has added or removed, as its owner knows it.
    pub async fn changed_own_way(&self, case: &Case) -> Result<Option<OwnWay>, FlowError> {
        match self.changed_way(case).await? {
            Some(factor) => self.own_way(&factor, None).await.map(Some),
            None => Ok(None),
        }
    }

    /// What happened to a person's account here within a year, newest first, as far as one page shows it.
    pub async fn own_history(&self, person: PersonId) -> Result<Vec<PastLine>, FlowError> {
        self.own_history_after(person, None, LINES).await
    }

    /// The next `count` lines of it.
    pub async fn own_history_after(
        &self,
        person: PersonId,
        after: Option<Mark>,
        count: usize,
    ) -> Result<Vec<PastLine>, FlowError> {
        let since = self.ctx.now().plus_ms(-HISTORY_MS);
        let mut found = Vec::new();
        let factors = self.store.factors(person).await?;
        for factor in factors.iter().filter(|factor| !is_from_directory(factor)) {
            found.push((factor.created, Past::Added(factor.method), None));
            found.extend(factor.ended.map(|at| (at, Past::Removed(factor.method), None)));
        }
        for row in self.store.cases_of_person(person, since).await? {
            found.extend(past_of(&row).into_iter().map(|(at, what)| (at, what, Some(row.id))));
        }
        found.retain(|(at, ..)| *at >= since);
        // Stable: lines of one moment keep their order from page to page.
        found.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
        let begin = after.map_or(0, |mark| {
            let newer = found.partition_point(|(at, ..)| *at > mark.at);
            let same = found.iter().skip(newer).take_while(|(at, ..)| *at == mark.at).count();
            newer.saturating_add(same.min(mark.seen))
        });
        let mut lines = Vec::new();
        for (at, what, case) in found.into_iter().skip(begin).take(count) {
            lines.push(PastLine { at, what, network: self.network_of(case).await? });
        }
        Ok(lines)
    }

    async fn network_of(&self, case: Option<CaseId>) -> Result<Option<String>, FlowError> {
        let Some(case) = case else { return Ok(None) };
        let network = self.load(case).await?.claim().network;
        Ok(self.store.value(case, network).await?.map(|value| value.value))
    }
}

fn is_removable(factor: &Factor) -> bool {
    factor.ended.is_none() && !is_from_directory(factor)
}

/// What a case is in the history. One about a way back in shows as what it changed.
fn past_of(row: &CaseRow) -> Vec<(Timestamp, Past)> {
    let changed = matches!(row.state, State::Reviewing | State::Reviewed);
    match (row.action, row.door) {
        (Action::SetPassword, Door::Account) if changed => vec![(row.last, Past::PasswordChanged)],
        (Action::EnrollFactor { .. }, _) | (_, Door::Account) if changed => Vec::new(),
        _ => {
            let mut lines = vec![(row.opened, Past::Started(row.reference))];
            match row.state {
                State::Reviewing | State::Reviewed => lines.push((row.last, Past::Done(row.reference))),
                State::Ended | State::Contested => lines.push((row.last, Past::Stopped(row.reference))),
                _ => {}
            }
            lines
        }
    }
}
