//! One name that is made to mean two people, or a mailbox that is not on file. Whatever is typed, a message goes to stored addresses alone.

use serde_json::Value;

use crate::house::{FIRST, House, STRANGER, house, request};

/// To whom messages went for a request: nobody, mike, or not even a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Went {
    /// Refused with this status.
    Refused(u16),
    /// The answer that every name gets, and no message.
    Nowhere,
    /// To the addresses on file of mike, as they are on file.
    ToMike,
}
use Went::{Nowhere, Refused, ToMike};

async fn went(house: &House, line: &str, kind: &str, body: &str) -> Went {
    let answer = house.send(STRANGER, &request(line, &[("Content-Type", kind)], body)).await;
    assert!(!answer.whole().contains("attacker"), "{answer:?}");
    if answer.status != 303 {
        return Refused(answer.status);
    }
    let case = house.started(&answer).await;
    let mut to: Vec<String> = house.letters(&case).into_iter().map(|letter| letter.to).collect();
    to.sort();
    for received in house.received(&case) {
        let head = String::from_utf8(received.data.clone()).unwrap();
        let head = head.split("\r\n\r\n").next().unwrap().to_lowercase();
        for name in ["bcc:", "cc:"] {
            assert!(!head.lines().any(|line| line.starts_with(name)), "{head}");
        }
        assert_eq!(head.lines().filter(|line| line.starts_with("to:")).count(), 1, "{head}");
    }
    match to.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => Nowhere,
        ["mike@home.test", "mike@northwind.test"] => ToMike,
        other => panic!("{line} {body} went to {other:?}"),
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

async fn all_go(rows: &[(&str, &str, &str, Went)]) {
    let house = house().await;
    for (line, kind, body, where_to) in rows {
        assert_eq!(went(&house, line, kind, body).await, *where_to, "{line} {kind} {body}");
    }
    assert!(house.opens("mike", FIRST).await && house.opens("evil", FIRST).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_b01_a_list_of_recipients_is_no_name() {
    let json = r#"{"name":["mike@northwind.test","evil@home.test"]}"#;
    all_go(&[
        ("POST /recover", FORM, "name[]=mike&name[]=evil", Refused(400)),
        ("POST /recover", FORM, "name[0]=mike&name[1]=evil", Refused(400)),
        ("POST /recover", FORM, "user[email][]=mike@northwind.test&user[email][]=evil@home.test", Refused(400)),
        ("POST /recover", FORM, "name%5B%5D=mike", Refused(400)),
        ("POST /recover", FORM, "name=mike&name[]=evil&email=evil@home.test&to=evil@home.test", ToMike),
        ("POST /recover", "application/json", json, Refused(400)),
        ("POST /recover", "text/plain", "name=mike", Refused(400)),
        ("POST /api/v1/cases", "application/json", json, Refused(422)),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_b02_a_name_that_is_there_twice_is_refused_and_one_in_the_address_is_none() {
    let parts = "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nmike\r\n--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nevil\r\n--x--\r\n";
    all_go(&[
        ("POST /recover", FORM, "name=mike&name=evil", Refused(400)),
        ("POST /recover", FORM, "name=evil&name=mike", Refused(400)),
        ("POST /recover", FORM, "name=mike&for=forgot&name=mike", Refused(400)),
        ("POST /recover", FORM, "name=mike;name=evil", Nowhere),
        ("POST /recover?name=evil", FORM, "name=mike", ToMike),
        ("POST /recover?name=evil&name=mike", FORM, "for=forgot", Refused(400)),
        ("POST /recover", "multipart/form-data; boundary=x", parts, Refused(400)),
        ("POST /api/v1/cases", "application/json", r#"{"name":"mike","door":"forgot","name":"evil"}"#, Refused(400)),
        ("POST /api/v1/cases", "application/json", r#"{"name":"evil","door":"forgot","name":"mike"}"#, Refused(400)),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_b03_separators_name_nobody_and_bring_no_header_along() {
    all_go(&[
        ("POST /recover", FORM, "name=mike%40northwind.test%2Cevil%40home.test", Nowhere),
        ("POST /recover", FORM, "name=mike%40northwind.test+evil%40home.test", Nowhere),
        ("POST /recover", FORM, "name=mike%40northwind.test%3Bevil%40home.test", Nowhere),
        ("POST /recover", FORM, "name=mike%40northwind.test%7Cevil%40home.test", Nowhere),
        ("POST /recover", FORM, "name=mike%00", Nowhere),
        ("POST /recover", FORM, "name=mike%00evil", Nowhere),
        ("POST /recover", FORM, "name=mike%0aevil", Nowhere),
        ("POST /recover", FORM, "name=mike%40northwind.test%0d%0aBcc%3A+evil%40home.test", Nowhere),
        ("POST /recover", FORM, "name=%3Cmike%40northwind.test%3E", Nowhere),
        ("POST /recover", FORM, "name=Mike+%3Cevil%40home.test%3E", Nowhere),
        ("POST /recover", FORM, "name=mike%2Cevil", Nowhere),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_b04_b08_mail_goes_to_the_stored_address_or_nowhere_however_a_name_is_spelled() {
    all_go(&[
        ("POST /recover", FORM, "name=MIKE", ToMike),
        ("POST /recover", FORM, "name=mike%40northwind.TEST", ToMike),
        ("POST /recover", FORM, "name=MIKE%40northwind.test", ToMike),
        // A dotless i, a Kelvin sign, an estimated symbol, a Cyrillic letter, a mark that can not be seen, a direction mark.
        ("POST /recover", FORM, "name=m%C4%B1ke", Nowhere),
        ("POST /recover", FORM, "name=m%C4%B1ke%40northwind.test", Nowhere),
        ("POST /recover", FORM, "name=mi%E2%84%AAe", ToMike),
        ("POST /recover", FORM, "name=mik%E2%84%AE%40northwind.test", Nowhere),
        ("POST /recover", FORM, "name=mik%D0%B5", Nowhere),
        ("POST /recover", FORM, "name=mi%CC%81ke", Nowhere),
        ("POST /recover", FORM, "name=%E2%80%AEekim", Nowhere),
        ("POST /recover", FORM, "name=mike+", ToMike),
        ("POST /recover", FORM, "name=+mike", ToMike),
        ("POST /recover", FORM, "name=%09mike", ToMike),
        ("POST /recover", FORM, "name=mike%40northwind.test.", ToMike),
        ("POST /recover", FORM, "name=mike%40northwind.test%2520", Nowhere),
        ("POST /recover", FORM, "name=mi+ke", Nowhere),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_b10_fields_of_the_case_that_a_form_brings_along_change_nothing_of_it() {
    const MORE: &str = "class=admin&risk=0&state=authorised&stage=reissuing&approved_by=evil&evidence[]=totp&aal=3&skip_notify=true&ttl=999999&\
        tenant=other&policy_version=0&subject=id-evil&account=id-evil&email=evil%40home.test&action=enroll_factor&verified=true&usable_from=0";
    let house = house().await;
    let started = house.send(STRANGER, &request("POST /recover", &[], &format!("name=mike&for=forgot&{MORE}"))).await;
    let case = house.started(&started).await;
    assert_eq!(house.letters(&case).len(), 2, "both addresses of mike were told all the same");
    let list = |house: &House| {
        let list: Value =
            serde_json::from_str(&house.keyward(&["--output", "json", "case", "list"]).succeed()).unwrap();
        let rows = list["cases"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["reference"] == case.as_str()).expect("the case")
    };
    let before = list(&house);
    assert_eq!((&before["class"], &before["state"]), (&"standard".into(), &"verifying".into()), "{before:#}");
    assert_eq!(before["action"], "set_password", "{before:#}");
    let cookie = started.cookies();
    for (page, body, status) in [
        ("how", "way=app", 303),
        ("app", "code=000000", 422),
        ("recovery-code", "code=AAAAA-AAAAA-AAAAA-AAAAA-AAAAA-A", 422),
        ("new/password", "new-password=velvet+anchor+prairie+29", 303),
        ("device", "x=", 422),
    ] {
        let line = format!("POST /recover/{case}/{page}");
        let answer = house.send(STRANGER, &request(&line, &[("Cookie", &cookie)], &format!("{body}&{MORE}"))).await;
        assert_eq!(answer.status, status, "{line} {answer:?}");
    }
    let after = house.case(&case).await;
    assert!(after.evidence().is_empty(), "{:?}", after.evidence());
    let row = list(&house);
    for field in ["class", "state", "action", "subject", "opened"] {
        assert_eq!(row[field], before[field], "{field}");
    }
    assert!(house.opens("mike", FIRST).await);
}
