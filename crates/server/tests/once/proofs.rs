//! Proofs that count once: thirty at a time with the same one, in one case and in thirty (T-E01, T-E02, R10, R14).

use keyward_core::account::Method;
use serde_json::json;

use crate::{
    pair::{Pair, RACERS, on_both, rounds},
    people::linked,
    world::{Key, START},
};

on_both! {
    t_e01_a_mailed_link_holds_once
    t_e02_a_typed_code_holds_once
    t_e02_a_code_of_an_app_holds_once
    t_e02_a_printed_code_holds_once
    t_e02_a_passkey_dialog_holds_once
    t_g08_of_a_passkey_and_its_copies_one_holds
    t_e02_the_key_of_a_known_browser_holds_once
}

/// One case in even rounds, one for each racer in odd ones.
const fn spread(round: usize) -> usize {
    if round.is_multiple_of(2) { 1 } else { RACERS }
}

/// A link or code counts in its own case alone, so all race in that one.
async fn mailed(pair: &Pair, round: usize, by_link: bool) {
    let mike = pair.somebody(round).await;
    let cases = pair.cases(&mike, 1).await;
    pair.client().act(&cases[0], "/proofs/email", json!({})).await;
    pair.one.mailbox.take(&mike.home);
    pair.work().await;
    let (link, mail) = linked(&pair.one.mailbox.take(&mike.home), "/l/");
    let (rest, body) = if by_link {
        ("/proofs/email_link", json!({ "token": link }))
    } else {
        ("/proofs/email_code", json!({ "code": mail.code() }))
    };
    pair.one_holds(&cases, rest, &[body], Method::Email).await;
}

async fn t_e01_a_mailed_link_holds_once(pair: Pair) {
    for round in 0..rounds() {
        mailed(&pair, round, true).await;
    }
    pair.end("link in a message", rounds()).await;
}

async fn t_e02_a_typed_code_holds_once(pair: Pair) {
    for round in 0..rounds() {
        mailed(&pair, round, false).await;
    }
    pair.end("code in a message", rounds()).await;
}

async fn t_e02_a_code_of_an_app_holds_once(pair: Pair) {
    for round in 0..rounds() {
        let mike = pair.somebody(round).await;
        let cases = pair.cases(&mike, spread(round)).await;
        let body = json!({ "code": mike.app.code(START) });
        pair.one_holds(&cases, "/proofs/totp", &[body], Method::Totp).await;
    }
    pair.end("time step of an app", rounds()).await;
}

async fn t_e02_a_printed_code_holds_once(pair: Pair) {
    for round in 0..rounds() {
        let mike = pair.somebody(round).await;
        let cases = pair.cases(&mike, spread(round)).await;
        let body = json!({ "code": mike.codes[3] });
        pair.one_holds(&cases, "/proofs/recovery_code", &[body], Method::RecoveryCode).await;
    }
    pair.end("printed code", rounds()).await;
}

async fn t_e02_a_passkey_dialog_holds_once(pair: Pair) {
    for round in 0..rounds() {
        let mike = pair.somebody(round).await;
        let key = pair.one.give_passkey(&mike.person).await;
        let cases = pair.cases(&mike, 1).await;
        let body = pair.client().answered(&cases[0], &key).await;
        pair.one_holds(&cases, "/proofs/passkey", &[body], Method::Passkey).await;
    }
    pair.end("passkey dialog", rounds()).await;
}

/// Each has counted as far as the others, and answers a dialog of its own.
async fn t_g08_of_a_passkey_and_its_copies_one_holds(pair: Pair) {
    for round in 0..rounds() {
        let mike = pair.somebody(round).await;
        let key = pair.one.give_key(&mike.person, Key::default()).await;
        let cases = pair.cases(&mike, RACERS).await;
        let mut answers = Vec::new();
        for held in &cases {
            answers.push(pair.client().answered(held, &key.copy()).await);
        }
        pair.one_holds(&cases, "/proofs/passkey", &answers, Method::Passkey).await;
    }
    pair.end("count of a copied passkey", rounds()).await;
}

async fn t_e02_the_key_of_a_known_browser_holds_once(pair: Pair) {
    for round in 0..rounds() {
        let mike = pair.somebody(round).await;
        let key = pair.one.give_device(&mike.person).await;
        let cases = pair.cases(&mike, spread(round)).await;
        pair.one_holds(&cases, "/proofs/known_device", &[json!({ "key": key })], Method::KnownDevice).await;
    }
    pair.end("key of a known browser", rounds()).await;
}
