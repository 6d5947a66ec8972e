//! Floods and locks as weapons: what strangers do with somebody's name costs that person few messages, no sign-in and no way back
//! (T-D09, T-D10, R11, R13, R20, R24).

use std::collections::BTreeSet;

use axum::http::StatusCode;
use keyward_core::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};
use serde_json::json;

use crate::{
    client::{Client, Held},
    people::{NEW, wrong},
    support::is_campaign,
    world::{App, FIRST, Key, Person, World},
};

const HOME: &str = "mike@elsewhere.test";

struct Victim {
    mike: Person,
    app: App,
    codes: Vec<String>,
    key: Key,
}

async fn victim(world: &World) -> Victim {
    let mike = world.somebody("mike").await;
    let (app, codes, key) =
        (world.give_app(&mike).await, world.give_codes(&mike).await, world.give_passkey(&mike).await);
    world.give_address(&mike, HOME).await;
    Victim { mike, app, codes, key }
}

fn network(number: usize) -> [u8; 4] {
    [10, 0, u8::try_from(number).unwrap(), 1]
}

/// Everything that a stranger can use up of somebody's, from many networks.
async fn siege(world: &World, victim: &Victim) {
    for number in 0..16 {
        let client = Client::from(world, network(number));
        for _ in 0..6 {
            client.post("/api/v1/cases").json(json!({ "name": "mike", "door": "forgot" })).send().await;
        }
        let other = Client::from(world, network(100 + number));
        let held = other.open("mike", "forgot").await;
        world.work().await;
        for _ in 0..6 {
            other.act(&held, "/proofs/totp", json!({ "code": wrong(&victim.app, world.ctx.now()) })).await;
            other.act(&held, "/proofs/email", json!({})).await;
            other.act(&held, "/proofs/email_code", json!({ "code": "000000" })).await;
            other.post("/api/v1/sign-in").json(json!({ "name": "mike", "password": "wrong" })).send().await;
            world.work().await;
        }
    }
}

/// The person comes from a network of their own.
async fn arrives(world: &World) -> (Client, Held) {
    let client = Client::from(world, [192, 0, 2, 7]);
    let held = client.open("mike", "forgot").await;
    world.work().await;
    (client, held)
}

async fn finishes(world: &World, mike: &Person, client: &Client, held: &Held) {
    let taken = client.act(held, "/submission", json!({ "password": NEW })).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.text);
    world.work().await;
    assert_eq!(client.look(held).await.str("/state"), "done");
    assert!(world.signs_in(mike, NEW).await);
}

#[tokio::test]
async fn r13_t_d09_whoever_is_besieged_gets_back_in_by_a_passkey() {
    let world = World::new().await;
    let victim = victim(&world).await;
    siege(&world, &victim).await;
    let account = world.store().account(&victim.mike.account).await.unwrap().unwrap();
    assert!(account.locked_until.is_none() && world.signs_in(&victim.mike, FIRST).await, "the directory is as it was");
    let (client, held) = arrives(&world).await;
    let answer = client.answered(&held, &victim.key).await;
    let got = client.act(&held, "/proofs/passkey", answer).await;
    assert_eq!(got.str("/state"), "new", "at once, as without a siege: {}", got.text);
    finishes(&world, &victim.mike, &client, &held).await;
    world.end().await;
}

#[tokio::test]
async fn r13_t_d09_whoever_is_besieged_gets_back_in_by_a_printed_code_and_a_known_browser() {
    let world = World::new().await;
    let victim = victim(&world).await;
    let key = world.give_device(&victim.mike).await;
    siege(&world, &victim).await;
    let (client, held) = arrives(&world).await;
    let app = client.act(&held, "/proofs/totp", json!({ "code": victim.app.code(world.ctx.now()) })).await;
    assert_eq!(app.status, 422, "what can be guessed is shut for the day");
    client.act(&held, "/proofs/recovery_code", json!({ "code": victim.codes[0] })).await;
    let got = client.act(&held, "/proofs/known_device", json!({ "key": key })).await;
    assert_eq!(got.str("/case/state"), "new", "{}", got.text);
    finishes(&world, &victim.mike, &client, &held).await;
    world.end().await;
}

#[tokio::test]
async fn t_d10_r20_a_thousand_starts_for_a_name_are_ten_messages_and_one_answer() {
    let (rounds, networks) = if is_campaign() { (5, 200) } else { (2, 60) };
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    world.give_address(&mike, HOME).await;
    // A day is one of the calendar, from midnight to midnight in UTC.
    world.hand.pass_ms(DAY_MS - world.ctx.now().millis().rem_euclid(DAY_MS));
    let mut answers = BTreeSet::new();
    let mut sent = 0;
    for round in 0..rounds {
        for number in 0..networks {
            for name in ["mike", "nobody"] {
                let client = Client::from(&world, network(number));
                let got = client.post("/api/v1/cases").json(json!({ "name": name, "door": "forgot" })).send().await;
                answers.insert((got.status.as_u16(), format!("{:?}", got.headers.keys().collect::<Vec<_>>())));
            }
            world.work().await;
        }
        sent += world.mailbox.take(HOME).len();
        world.hand.pass_ms(2 * MINUTE_MS);
        assert_eq!(sent, 3, "round {round}");
    }
    assert_eq!(
        answers.into_iter().map(|(status, _)| status).collect::<Vec<_>>(),
        [201],
        "one answer, with the same headers"
    );
    // All day long, and by taking them back too.
    for hour in 0..22 {
        for number in 0..4 {
            let client = Client::from(&world, network(200 + number));
            let held = client.open("mike", "forgot").await;
            world.work().await;
            client.act(&held, "/withdraw", json!({})).await;
            world.work().await;
        }
        sent += world.mailbox.take(HOME).len();
        assert!(sent <= 10, "{sent} in {hour} hours");
        world.hand.pass_ms(HOUR_MS);
    }
    println!(
        "FIGURE t-d10: {} starts from {networks} networks, then 88 in 22 hours: {sent} messages to an address",
        rounds * networks
    );
    assert_eq!(sent, 10);
    world.end().await;
}

#[tokio::test]
async fn t_d10_codes_are_few_too_and_what_was_changed_is_always_told() {
    let world = World::new().await;
    let victim = victim(&world).await;
    siege(&world, &victim).await;
    let codes = world.mailbox.take(HOME).into_iter().filter(|mail| mail.text.contains("/l/")).count();
    assert_eq!(codes, 3, "in an hour, whoever asks");
    let (client, held) = arrives(&world).await;
    let answer = client.answered(&held, &victim.key).await;
    client.act(&held, "/proofs/passkey", answer).await;
    world.mailbox.take(HOME);
    finishes(&world, &victim.mike, &client, &held).await;
    assert_eq!(world.mailbox.subjects(HOME), ["Your Northwind Hospital password was changed"]);
    world.end().await;
}

#[tokio::test]
async fn t_d10_a_mail_server_that_is_down_uses_up_no_message() {
    let world = World::on(crate::world::Ground {
        channel: Some(std::sync::Arc::new(crate::shaped::NoMail(crate::shaped::Mood::Down))),
        ..crate::world::Ground::default()
    });
    let world = world.await;
    let mike = world.somebody("mike").await;
    world.give_address(&mike, HOME).await;
    let client = Client::new(&world);
    let held = client.open("mike", "forgot").await;
    world.work().await;
    client.act(&held, "/proofs/email", json!({})).await;
    // For as long as somebody waits for it.
    for _ in 0..16 {
        world.work().await;
        world.hand.pass_ms(30 * SECOND_MS);
    }
    let waiting =
        world.store().jobs(100).await.unwrap().into_iter().filter(|job| job.kind == "mail_code").collect::<Vec<_>>();
    assert!(waiting.len() == 1 && waiting[0].tries > 10, "it is tried until the server is back: {waiting:?}");
    assert_eq!(waiting[0].state, keyward::store::jobs::JobState::Waiting);
    // Each try made a code and a link. All that are alive could be guessed at.
    let file = rusqlite::Connection::open(world.dir.path().join("keyward.db")).unwrap();
    let alive = "SELECT COUNT(*) FROM tokens WHERE purpose IN ('code', 'link')";
    assert_eq!(file.query_row(alive, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[tokio::test]
async fn r11_a_stranger_who_asks_ends_nothing_of_the_owner() {
    let world = World::new().await;
    victim(&world).await;
    let (client, held) = arrives(&world).await;
    client.act(&held, "/proofs/email", json!({})).await;
    world.work().await;
    let code = world.mailbox.newest(HOME).code();
    for number in 0..8 {
        let stranger = Client::from(&world, network(number));
        let other = stranger.open("mike", "forgot").await;
        world.work().await;
        stranger.act(&other, "/proofs/email", json!({})).await;
        world.work().await;
        stranger.act(&other, "/withdraw", json!({})).await;
        world.work().await;
    }
    assert_eq!(client.act(&held, "/proofs/email_code", json!({ "code": code })).await.at("/shown"), json!(["email"]));
    world.end().await;
}

#[tokio::test]
async fn r24_whoever_is_nobody_here_gets_no_message() {
    let world = World::new().await;
    let client = Client::new(&world);
    for name in ["nobody", "nobody@home.test", "evil@attacker.test"] {
        let held = client.open(name, "forgot").await;
        world.work().await;
        client.act(&held, "/proofs/email", json!({})).await;
        world.work().await;
        client.act(&held, "/withdraw", json!({})).await;
        world.work().await;
    }
    assert_eq!(world.mailbox.unread(), 0);
    world.end().await;
}
