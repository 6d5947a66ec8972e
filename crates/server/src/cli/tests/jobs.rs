//! What was tried too often waits for somebody, and they can say what becomes of it.

use keyward_core::time::Timestamp;

use super::played::Played;
use super::records::{Installed, later};
use super::*;
use crate::store::jobs::NewJob;

/// An installation with a job of a case that is dead, and one that waits.
fn with_a_dead_job() -> (Installed, String) {
    let played = Played::open(&later(0), "ada");
    let here = Installed::new().with(&[&played]);
    let (ctx, at) = (later(1), played.at);
    let new = |kind: &'static str, case, only_one: &str, due: Timestamp| NewJob {
        id: ctx.id(at),
        kind,
        case,
        only_one: Some(only_one.to_owned()),
        payload: Vec::new(),
        due,
        max_tries: 1,
        created: at,
    };
    let (send, expire) = (new("send", Some(played.case.id()), "one", at), new("expire", None, "other", at.plus_ms(1)));
    here.blocking(async |store| {
        assert!(store.put_job(&send).await.unwrap() && store.put_job(&expire).await.unwrap());
        let taken = store.take_job(at, at.plus_ms(1)).await.unwrap().unwrap();
        store.fail_job(&taken, at, "the mail server\u{1b}[2J refused it").await.unwrap();
    });
    (here, send.id.to_string())
}

#[test]
fn eco_10_what_failed_too_often_is_listed_tried_again_or_forgotten() {
    let (here, dead) = with_a_dead_job();
    let listed = |words: &[&str]| -> Vec<(String, String)> {
        let json = here.json(&[&["job", "list"], words].concat());
        let all = json["jobs"].as_array().unwrap().iter();
        all.map(|job| (job["kind"].as_str().unwrap().to_owned(), job["state"].as_str().unwrap().to_owned())).collect()
    };
    let job = |kind: &str, state: &str| (kind.to_owned(), state.to_owned());
    assert_eq!(listed(&[]), [job("send", "dead"), job("expire", "waiting")]);
    assert_eq!(listed(&["--dead"]), [job("send", "dead")]);
    let text = here.typed(&["job", "list", "--limit", "1"]).out;
    for part in ["KW-", "1 of 1", "the mail server", "There are more"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "what others wrote moves no cursor: {text:?}");

    let again = here.typed(&["job", "retry", &dead]);
    assert!(again.exit == Exit::Ok && again.out.contains("will be tried again"), "{}{}", again.out, again.err);
    assert_eq!(listed(&["--dead"]), []);
    assert!(here.typed(&["job", "list", "--dead"]).out.contains("No job is dead."));
    for words in [["job", "retry", &dead], ["job", "forget", &dead]] {
        let refused = here.typed(&words);
        assert_eq!(refused.exit, Exit::Failed, "it waits: {}", refused.out);
        assert!(
            refused.err.contains("nothing was done") && refused.err.contains("keyward job list"),
            "{}",
            refused.err
        );
    }
    assert_eq!(here.typed(&["job", "forget", "send"]).exit, Exit::Usage, "a kind is no job");
}

#[test]
fn eco_10_a_job_that_was_forgotten_is_gone() {
    let (here, dead) = with_a_dead_job();
    let forgotten = here.typed(&["job", "forget", &dead]);
    assert!(forgotten.exit == Exit::Ok && forgotten.out.contains("is not done"), "{}{}", forgotten.out, forgotten.err);
    assert_eq!(here.json(&["job", "list"])["jobs"].as_array().unwrap().len(), 1);
}

#[test]
fn eco_10_a_job_whose_work_waits_under_another_name_is_not_revived_beside_it() {
    let (here, dead) = with_a_dead_job();
    here.tampered("UPDATE jobs SET only_one = 'one' WHERE kind = 'expire'");
    assert_eq!(here.typed(&["job", "retry", &dead]).exit, Exit::Failed);
}
