//! Guessing: by whatever case, address, header, process or clock it comes, an account has so many guesses, and guessing makes nothing easier
//! (T-D01, T-D02, T-D03, T-D08, T-D13, R9, R12).

use std::net::{Ipv4Addr, SocketAddr};

use axum::http::StatusCode;
use keyward::app::serve;
use keyward_core::{
    account::Method,
    event::Event,
    steps::verify::RejectionReason,
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket},
};
use tokio_util::sync::CancellationToken;

use crate::{
    client::{Client, Held},
    people::{linked, wrong},
    support::is_campaign,
    world::{App, FIRST, Person, World},
};

const HOME: &str = "mike@elsewhere.test";

/// Somebody with everything that can be guessed at.
async fn mike(world: &World) -> (Person, App, Vec<String>) {
    let mike = world.somebody("mike").await;
    let (app, codes) = (world.give_app(&mike).await, world.give_codes(&mike).await);
    world.give_address(&mike, HOME).await;
    (mike, app, codes)
}

/// How the tries of one kind at an account ended, by the log: compared and wrong, and not looked at.
async fn tried(world: &World, mike: &Person, method: Method) -> (usize, usize) {
    let (mut compared, mut refused) = (0, 0);
    for row in world.store().cases_of_person(mike.id, crate::world::START).await.unwrap() {
        for entry in world.flow.entries(row.id).await.unwrap() {
            match entry.event {
                Event::Rejected(one) if one.method == method && one.reason == RejectionReason::TooManyTries => {
                    refused += 1
                }
                Event::Rejected(one) if one.method == method => compared += 1,
                _ => {}
            }
        }
    }
    (compared, refused)
}

/// A network that nobody had before.
fn network(number: usize) -> [u8; 4] {
    let [_, _, high, low] = u32::try_from(number).unwrap().to_be_bytes();
    [10, high, low, 1]
}

/// A case of mike's, asked for by a stranger in a network of its own.
async fn stranger(world: &World, number: usize) -> (Client, Held) {
    let client = Client::from(world, network(number));
    let held = client.open("mike", "forgot").await;
    world.work().await;
    (client, held)
}

#[tokio::test]
async fn t_d01_r09_after_ten_guesses_in_a_day_the_right_code_is_no_longer_looked_at() {
    let world = World::new().await;
    let (mike, app, _) = mike(&world).await;
    let slip = wrong(&app, world.ctx.now());
    let mut told = 0;
    for number in 0..40 {
        let (client, held) = stranger(&world, number).await;
        for left in (0..5).rev() {
            let got = client.act(&held, "/proofs/totp", json!({ "code": slip })).await;
            assert_eq!((got.short(), got.at("/tries_left")), ((422, "not-confirmed".to_owned()), json!(left)));
            told += 1;
        }
    }
    let (compared, refused) = tried(&world, &mike, Method::Totp).await;
    assert_eq!((compared, compared + refused), (10, told), "each try is in the log, ten were compared");
    let (client, held) = stranger(&world, 99).await;
    let right = json!({ "code": app.code(world.ctx.now()) });
    let got = client.act(&held, "/proofs/totp", right).await;
    assert_eq!(got.short(), (422, "not-confirmed".to_owned()), "and the answer is that of a wrong one");
    let heard = world.mailbox.take(HOME);
    assert!(!heard.is_empty() && heard[0].text.contains("/not-me/"), "its owner was told");
    // It is for a day and no longer.
    world.hand.pass_ms(2 * DAY_MS);
    let (client, held) = stranger(&world, 100).await;
    let right = json!({ "code": app.code(world.ctx.now()) });
    assert_eq!(client.act(&held, "/proofs/totp", right).await.at("/shown"), json!(["totp"]));
    world.end().await;
}

#[tokio::test]
async fn n_30_an_app_that_was_bound_anew_has_its_own_guesses_in_the_year() {
    let world = World::with(|terms| terms.guesses.per_year = 5).await;
    let (mike, app, _) = mike(&world).await;
    let slip = wrong(&app, world.ctx.now());
    let (client, held) = stranger(&world, 0).await;
    for _ in 0..5 {
        client.act(&held, "/proofs/totp", json!({ "code": slip })).await;
    }
    world.hand.pass_ms(2 * DAY_MS);
    let (client, held) = stranger(&world, 1).await;
    let right = json!({ "code": app.code(world.ctx.now()) });
    assert_eq!(client.act(&held, "/proofs/totp", right).await.short(), (422, "not-confirmed".to_owned()));
    let newer = world.give_app(&mike).await;
    let (client, held) = stranger(&world, 2).await;
    let right = json!({ "code": newer.code(world.ctx.now()) });
    assert_eq!(client.act(&held, "/proofs/totp", right).await.at("/shown"), json!(["totp"]));
    world.end().await;
}

/// One request over a connection of its own, from that address. Status and body.
async fn knock(from: Ipv4Addr, to: SocketAddr, path: &str, headers: &str, body: &Value) -> (u16, Value) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let mut wire = socket.connect(to).await.unwrap();
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        crate::people::HOST,
        body.len()
    );
    wire.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    wire.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let start = answer.find("\r\n\r\n").unwrap() + 4;
    (status, serde_json::from_str(&answer[start..]).unwrap_or_default())
}

/// Every header in which a proxy says for whom it asks.
fn claims(number: usize) -> String {
    let [a, b, c, d] = network(number);
    let address = format!("{a}.{b}.{c}.{d}");
    let names =
        ["x-forwarded-for", "x-real-ip", "cf-connecting-ip", "true-client-ip", "x-client-ip", "x-cluster-client-ip"];
    let each: String = names.iter().map(|name| format!("{name}: {address}\r\n")).collect();
    format!("{each}forwarded: for={address}\r\n")
}

#[tokio::test]
async fn t_d02_no_header_and_no_source_address_gives_another_guess() {
    let world = World::new().await;
    let (mike, app, _) = mike(&world).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (server, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    tokio::spawn(serve::pages(listener, world.router.clone(), stop.clone()));
    let open = json!({ "name": "mike", "door": "forgot" });
    // From one address, with headers that name another each time: what is counted is the peer.
    let mut statuses = Vec::new();
    for number in 0..8 {
        let (status, _) = knock(Ipv4Addr::LOCALHOST, server, "/api/v1/cases", &claims(number), &open).await;
        statuses.push(status);
    }
    assert_eq!(statuses, [201, 201, 201, 201, 201, 429, 429, 429]);
    // From really different ones: each network may ask, and all together have the guesses of one.
    let networks = if is_campaign() { 200 } else { 24 };
    let slip = json!({ "code": wrong(&app, world.ctx.now()) });
    for number in 0..networks {
        let from = Ipv4Addr::new(127, 1, u8::try_from(number).unwrap(), 1);
        let (status, opened) = knock(from, server, "/api/v1/cases", &claims(number), &open).await;
        assert_eq!(status, 201, "{opened}");
        world.work().await;
        let path = format!("/api/v1/cases/{}/proofs/totp", opened["reference"].as_str().unwrap());
        let key = format!("authorization: Bearer {}\r\n", opened["key"].as_str().unwrap());
        for _ in 0..5 {
            assert_eq!(knock(from, server, &path, &(key.clone() + &claims(number)), &slip).await.0, 422);
        }
    }
    stop.cancel();
    let (compared, refused) = tried(&world, &mike, Method::Totp).await;
    assert_eq!((compared, refused), (10, networks * 5 - 10));
    println!("FIGURE t-d02: {} guesses from {networks} addresses, {compared} compared", networks * 5);
    world.end().await;
}

#[tokio::test]
async fn t_d03_n_31_a_new_code_and_a_new_case_give_no_new_guesses() {
    let world = World::new().await;
    let (mike, app, _) = mike(&world).await;
    for number in 0..30 {
        let (client, held) = stranger(&world, number).await;
        client.act(&held, "/proofs/email", json!({})).await;
        world.work().await;
        let sent = world.mailbox.take(HOME).into_iter().rfind(|mail| mail.text.contains("/l/")).map(|mail| mail.code());
        let slip = if sent.as_deref() == Some("000000") { "000001" } else { "000000" };
        for _ in 0..5 {
            client.act(&held, "/proofs/email_code", json!({ "code": slip })).await;
        }
        client.act(&held, "/withdraw", json!({})).await;
        world.work().await;
        world.hand.pass_ms(MINUTE_MS);
    }
    assert_eq!(tried(&world, &mike, Method::Email).await, (10, 140), "thirty codes, ten guesses");
    // The code is not looked at any more; the link of the same message can not be guessed, so it still is (T-D09).
    world.hand.pass_ms(2 * HOUR_MS);
    let (client, held) = stranger(&world, 99).await;
    world.mailbox.take(HOME);
    client.act(&held, "/proofs/email", json!({})).await;
    world.work().await;
    let (link, mail) = linked(&world.mailbox.take(HOME), "/l/");
    let got = client.act(&held, "/proofs/email_code", json!({ "code": mail.code() })).await;
    assert_eq!(got.short(), (422, "not-confirmed".to_owned()));
    assert_eq!(client.act(&held, "/proofs/email_link", json!({ "token": link })).await.at("/shown"), json!(["email"]));
    // Nor are those of an app used up by those of a mail.
    let right = json!({ "code": app.code(world.ctx.now()) });
    assert_eq!(client.act(&held, "/proofs/totp", right).await.status, StatusCode::OK);
    world.end().await;
}

#[tokio::test]
async fn t_d08_n_30_a_hundred_guesses_end_a_sheet_and_make_nothing_easier() {
    let world = World::new().await;
    let mike = world.somebody("mike").await;
    let codes = world.give_codes(&mike).await;
    for number in 0..20 {
        let (client, held) = stranger(&world, number).await;
        for _ in 0..5 {
            let got =
                client.act(&held, "/proofs/recovery_code", json!({ "code": "ABCDE-FGHJK-MNPQR-STVWX-YZ012-3" })).await;
            assert_eq!(got.short(), (422, "not-confirmed".to_owned()));
        }
    }
    let heard = world.mailbox.take(&mike.mail);
    assert_eq!(heard.len(), 3, "its owner was told, as often as can be borne");
    assert!(world.living(&mike, Method::RecoveryCode).await.is_empty());
    world.hand.pass_ms(2 * DAY_MS);
    let (client, held) = stranger(&world, 99).await;
    let right = client.act(&held, "/proofs/recovery_code", json!({ "code": codes[0] })).await;
    assert_eq!(right.short(), (422, "not-confirmed".to_owned()), "it has to be bound anew");
    // Whoever knows the password, and guessed the sheet to its end, is not where somebody is who never had one.
    let session = world.api_session(&client, "mike").await;
    for change in [json!({ "action": "set_password" }), json!({ "action": "enroll_factor", "way": "totp" })] {
        let got = client.post("/api/v1/me/changes").key(&session).json(change.clone()).send().await;
        let held = Held { reference: got.str("/reference"), key: got.str("/key") };
        world.work().await;
        client.act(&held, "/proofs/email", json!({})).await;
        world.work().await;
        if change["action"] == "enroll_factor" {
            let code =
                world.mailbox.take(&mike.mail).into_iter().rfind(|mail| mail.text.contains("/l/")).unwrap().code();
            client.act(&held, "/proofs/email_code", json!({ "code": code })).await;
        }
        assert_eq!(client.look(&held).await.str("/state"), "prove", "{change}");
    }
    world.end().await;
}

#[tokio::test]
async fn t_d13_a_code_of_an_app_counts_in_its_step_and_its_neighbors_and_once() {
    for (steps, holds) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
        let world = World::new().await;
        let (_, app, _) = mike(&world).await;
        let code = json!({ "code": app.code(world.ctx.now().plus_ms(steps * 30_000)) });
        let (client, held) = stranger(&world, 1).await;
        let got = client.act(&held, "/proofs/totp", code.clone()).await;
        assert_eq!(got.status == StatusCode::OK, holds, "{steps}: {}", got.text);
        let (client, held) = stranger(&world, 2).await;
        assert_eq!(client.act(&held, "/proofs/totp", code).await.status, 422, "{steps}: again, in another case");
        world.end().await;
    }
}

#[tokio::test]
async fn t_d13_what_only_looks_like_digits_is_none() {
    let world = World::new().await;
    let (_, app, _) = mike(&world).await;
    let code = app.code(world.ctx.now());
    let shifted =
        |zero: u32| code.bytes().map(|b| char::from_u32(zero + u32::from(b - b'0')).unwrap()).collect::<String>();
    let (client, held) = stranger(&world, 1).await;
    // Arabic-Indic, Devanagari, mathematical: digits to Unicode, none to an app.
    for other in
        [shifted(0x660), shifted(0x966), shifted(0x1d7ce), format!("0{code}"), format!("{code}0"), code[..5].to_owned()]
    {
        let got = client.act(&held, "/proofs/totp", json!({ "code": other })).await;
        assert!(got.status.is_client_error(), "{other}: {}", got.text);
    }
    let (client, held) = stranger(&world, 2).await;
    assert_eq!(client.act(&held, "/proofs/totp", json!({ "code": code })).await.status, StatusCode::OK);
    world.end().await;
}

/// A year of somebody who never stops, over two processes of which one is started anew, with clocks that jump.
#[tokio::test]
async fn r12_no_rotation_gives_more_than_ten_guesses_a_day_and_a_hundred_a_year() {
    let (days, cases) = if is_campaign() { (365, 8) } else { (14, 3) };
    let world = World::new().await;
    let (mike, app, _) = mike(&world).await;
    let mut other = world.replica().await;
    let (mut tries, mut before, mut most) = (0, [0, 0], 0);
    for day in 0..days {
        if day % 5 == 4 {
            other.flow.store.close().await;
            other = world.replica().await;
        }
        for number in 0..cases {
            let process = if number % 2 == 0 { &world } else { &other };
            let client = Client::from(process, network(day * cases + number));
            let held = client.open("mike", "forgot").await;
            world.work().await;
            client.act(&held, "/proofs/email", json!({})).await;
            world.work().await;
            world.mailbox.take(HOME);
            for _ in 0..5 {
                let slip = wrong(&app, world.ctx.now());
                client.act(&held, "/proofs/totp", json!({ "code": slip })).await;
                client.act(&held, "/proofs/email_code", json!({ "code": "000000" })).await;
                tries += 2;
            }
        }
        let now = [tried(&world, &mike, Method::Totp).await.0, tried(&world, &mike, Method::Email).await.0];
        most = most.max(now[0] - before[0]).max(now[1] - before[1]);
        before = now;
        // The clock jumps to another hour of the next day.
        let midnight = DAY_MS - world.ctx.now().millis().rem_euclid(DAY_MS);
        world.hand.pass_ms(midnight + i64::try_from(day * 7 % 23).unwrap() * HOUR_MS);
    }
    assert!(most <= 10, "{most} in a day");
    assert!(before.iter().all(|compared| *compared <= 100), "{before:?}");
    println!(
        "FIGURE r12: {days} days, {tries} guesses, at most {most} of a kind compared in a day, {} at an app and {} at mailed codes in all",
        before[0], before[1]
    );
    other.flow.store.close().await;
    assert!(world.signs_in(&mike, FIRST).await);
    world.end().await;
}
