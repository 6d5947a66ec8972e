//! R20: two processes on one PostgreSQL, and the clock of one is wrong. What it would take for left behind, others are at.

use std::time::Duration;

use keyward_core::event::Event;
use serde_json::json;
use tokio::net::TcpStream;

use crate::{
    house::House,
    process::{eventually, set_clock},
    raced::{Pair, post},
    support::skip,
};

/// How far the clock is ahead: more than a job is held for.
const AHEAD_S: i64 = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r20_r5_whoevers_clock_is_not_that_of_the_database_begins_nothing() {
    let Some(house) = House::on_postgres().await else { return };
    let clock = house.path("clock");
    set_clock(&clock, 0);
    let Some(call) = house.keyward(&["serve"]).later_by(&clock) else { return skip("faketime", "it is not installed") };
    // Pages alone, whose clock is right, and everything, whose clock will not be.
    let pages = house.keyward(&["serve", "--role", "web"]);
    let mut pair = Pair::of(house, [&pages, &call]).await;
    let (person, _) = pair.somebody("mike".to_owned()).await;
    let before = pair.opened(&person).await;
    pair.is_looked_up(&before).await;

    set_clock(&clock, AHEAD_S);
    eventually("it says so", async || {
        pair.processes[1].said().contains("the clocks of this machine and of the database are apart").then_some(())
    })
    .await;
    let case = pair.opened(&person).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let looked_up = |event: &Event| matches!(event, Event::Classified(_));
    assert_eq!(pair.logged(case.id, looked_up).await, 0, "its worker takes nothing");
    let asked = json!({ "name": person.name, "door": "forgot" });
    let (status, problem) = post(TcpStream::connect(pair.to[1]).await.unwrap(), ("", ""), &asked).await;
    assert_eq!(status, 503, "{problem}");
    pair.house.front.turn_to(pair.to[1]);
    let mut browser = pair.house.front.browser();
    let ready = browser.get("/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(ready.html.contains("clock not ready"), "{}", ready.html);
    let find = browser.get("/recover?for=forgot").await;
    assert_eq!(find.status, 200, "what changes nothing can be read");
    let refused = browser.fill(&find, &[("name", &person.name)]).await;
    assert_eq!((refused.status.as_u16(), refused.heading().as_str()), (503, "Sorry, this service is not working"));

    // A clock that is wrong from the start.
    pair.processes[1].kill();
    let mut wrong = pair.house.beside(&call);
    assert_eq!(wrong.ends(), Some(1), "{}", wrong.said());
    assert!(wrong.complaint().contains("ahead of that of the database"), "{}", wrong.complaint());
    // And right again.
    set_clock(&clock, 0);
    let _right = pair.house.beside(&call);
    pair.is_looked_up(&case).await;
}
