//! Two processes on one database, SQLite or PostgreSQL, and thirty requests that start at the same moment, half of them at each.

use std::{sync::Arc, time::Duration};

use keyward::terms::{Guesses, Mails, Starts};
use keyward_core::{account::Method, event::Event};
use serde_json::Value;

use crate::{
    client::{Client, Got, Held},
    support::{self, postgres::postgres},
    world::{App, Ground, Person, World},
};

/// How many race.
pub const RACERS: usize = 30;
/// The address that another password opens.
pub const ELSEWHERE: &str = "elsewhere.test";

/// So many rounds of a race.
pub fn rounds() -> usize {
    support::rounds(2, 100)
}

/// Each race runs on both engines.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod sqlite { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::pair::Pair::on_sqlite().await).await
            }
        )* }
        mod postgres { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(pair) = crate::pair::Pair::on_postgres().await { super::$name(pair).await }
            }
        )* }
    };
}
pub(crate) use on_both;

/// Two processes.
pub struct Pair {
    pub one: World,
    pub other: World,
    engine: &'static str,
}

/// Somebody with every way back in that a race uses.
pub struct Racer {
    pub person: Person,
    pub app: App,
    pub codes: Vec<String>,
    pub home: String,
}

/// Nothing stops a round but the tries of its own case.
fn ground(url: Option<String>) -> Ground {
    let mut ground = Ground { url, ..Ground::default() };
    let many = 1_000_000;
    ground.terms.messages = many;
    ground.terms.starts = Starts { per_name_hour: many, per_network_hour: many };
    ground.terms.guesses = Guesses { per_day: many, per_year: many };
    ground.terms.mails = Mails { per_hour: many, per_day: many };
    ground
}

impl Pair {
    pub async fn on_sqlite() -> Self {
        Self::over(ground(None), "SQLite").await
    }
    pub async fn on_postgres() -> Option<Self> {
        Some(Self::over(ground(Some(postgres().await?)), "PostgreSQL").await)
    }
    async fn over(ground: Ground, engine: &'static str) -> Self {
        let one = World::on(ground).await;
        Self { other: one.replica().await, one, engine }
    }

    /// Which process a racer asks.
    pub fn process(&self, number: usize) -> &World {
        if number.is_multiple_of(2) { &self.one } else { &self.other }
    }
    /// A program that asks the first process.
    pub fn client(&self) -> Client {
        Client::new(&self.one)
    }
    /// One of them does what is due.
    pub async fn work(&self) {
        self.other.work().await;
    }

    /// Lets all start at the same moment. What they got, in their order.
    pub async fn race<T, F>(&self, ask: impl Fn(Arc<Client>, usize) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let clients = [Arc::new(Client::new(&self.one)), Arc::new(Client::new(&self.other))];
        let start = Arc::new(tokio::sync::Barrier::new(RACERS));
        let racers: Vec<_> = (0..RACERS)
            .map(|number| {
                let (start, asking) = (start.clone(), ask(clients[number % 2].clone(), number));
                tokio::spawn(async move {
                    start.wait().await;
                    asking.await
                })
            })
            .collect();
        let mut got = Vec::with_capacity(RACERS);
        for racer in racers {
            got.push(racer.await.unwrap());
        }
        got
    }

    /// Requests to one path by all, each about one of these cases and with one of these bodies.
    pub async fn race_in(&self, cases: &[Held], rest: &'static str, bodies: &[Value]) -> Vec<Got> {
        self.race(|client, number| {
            let (held, body) = (cases[number % cases.len()].clone(), bodies[number % bodies.len()].clone());
            async move { client.act(&held, rest, body).await }
        })
        .await
    }

    /// Somebody new, so that no round knows of another.
    pub async fn somebody(&self, round: usize) -> Racer {
        let person = self.one.somebody(&format!("mike{round}")).await;
        let (app, codes) = (self.one.give_app(&person).await, self.one.give_codes(&person).await);
        let home = format!("{}@{ELSEWHERE}", person.name);
        self.one.give_address(&person, &home).await;
        Racer { person, app, codes, home }
    }

    /// Cases of somebody, as far as the first proof.
    pub async fn cases(&self, racer: &Racer, count: usize) -> Vec<Held> {
        let client = self.client();
        let mut held = Vec::with_capacity(count);
        for _ in 0..count {
            held.push(client.open(&racer.person.name, "forgot").await);
        }
        self.work().await;
        held
    }

    /// In how many of these cases the log has an entry that fits.
    pub async fn logged(&self, cases: &[Held], fits: impl Fn(&Event) -> bool) -> usize {
        let mut found = 0;
        for held in cases {
            let case = self.one.case(&held.reference).await.id();
            found += self.one.flow.entries(case).await.unwrap().iter().filter(|entry| fits(&entry.event)).count();
        }
        found
    }

    /// One request won, and the log has one proof of that kind, in the case of the winner.
    pub async fn one_holds(&self, cases: &[Held], rest: &'static str, bodies: &[Value], method: Method) {
        let got = self.race_in(cases, rest, bodies).await;
        let winners: Vec<usize> = (0..RACERS).filter(|number| got[*number].status.is_success()).collect();
        assert_eq!(winners.len(), 1, "{:?}", got.iter().map(Got::short).collect::<Vec<_>>());
        let shown = |event: &Event| matches!(event, Event::Presented(proof) if proof.method == method);
        assert_eq!(self.logged(cases, shown).await, 1, "the log has one");
        let won = &cases[winners[0] % cases.len()];
        assert_eq!(self.logged(std::slice::from_ref(won), shown).await, 1, "and names the winner");
    }

    /// The figure, and a log that adds up.
    pub async fn end(self, what: &str, rounds: usize) {
        println!("FIGURE r14: {what}, {}: {rounds} rounds of {RACERS} over 2 processes, {rounds} winners", self.engine);
        self.other.flow.store.close().await;
        tokio::time::timeout(Duration::from_secs(60), self.one.end()).await.unwrap();
    }
}
