//! What an attacker can put into a message by the request that causes it: a host, a forwarded host, words in a header, a name.
//! And what a message gives away on the way back: its link in an address bar, its link or code in an answer.

use std::collections::BTreeSet;

use crate::{
    front,
    house::{Answer, House, NOT_AT_ALL, PROXY, STRANGER, house, request},
    people::Letter,
    stage::SITE,
};

/// What START sends.
const NAMED: &str = "name=mike&for=forgot";

/// Every address in a text.
fn addresses(text: &str) -> Vec<&str> {
    let starts = text.match_indices("://").map(|(at, _)| text[..at].rfind(|c: char| !c.is_alphabetic()));
    let start = |at: Option<usize>| at.map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    starts.map(|at| text[start(at)..].split(['"', ' ', '\n', '\r', '<', '>', ')']).next().unwrap()).collect()
}

/// Nothing in a message leads elsewhere or has the attacker's word in it.
fn leads_here_only(letter: &Letter, what: &str) {
    for part in [&letter.text, &letter.html] {
        assert!(!part.contains("attacker"), "{what}: {part}");
        for address in addresses(part) {
            assert!(address.starts_with(SITE), "{what}: {address}");
        }
    }
    assert!(!letter.subject.contains("attacker"), "{what}");
    assert!(!addresses(&letter.text).is_empty(), "there are addresses to look at");
}

/// What is typed into a form.
type Fields = &'static [(&'static str, &'static str)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_a01_a_request_for_another_host_is_refused_and_no_message_has_its_name() {
    const SENT: [(&str, Fields, u16); 14] = [
        ("POST /recover", &[("Host", "attacker.test")], 421),
        ("POST /recover", &[("Host", "reset.northwind.test:8443")], 421),
        ("POST /recover", &[("Host", "reset.northwind.test.attacker.test")], 421),
        ("POST /recover", &[("Host", "reset.northwind.test@attacker.test")], 421),
        ("POST /recover", &[("Host", "attacker.test#reset.northwind.test")], 421),
        ("POST /recover", &[("Host", "reset.northwind.test."), ("x", "attacker")], 421),
        ("POST /recover", &[("Host", "")], 421),
        ("POST /recover", &[("Host", NOT_AT_ALL)], 421),
        ("POST /recover", &[("Host", "reset.northwind.test"), ("Host", "attacker.test")], 421),
        ("POST /recover", &[("Host", "attacker.test"), ("Host", "reset.northwind.test")], 421),
        ("POST /recover", &[("Host", "reset.northwind.test"), ("Host ", "attacker.test")], 400),
        ("POST https://attacker.test/recover", &[], 421),
        ("POST https://attacker.test/recover", &[("Host", "attacker.test")], 421),
        ("POST https://reset.northwind.test/recover", &[("Host", "attacker.test")], 421),
    ];
    let house = house().await;
    for (line, headers, status) in SENT {
        for from in [STRANGER, PROXY] {
            let answer = house.send(from, &request(line, headers, NAMED)).await;
            assert_eq!(answer.status, status, "{line} {headers:?} {answer:?}");
            assert!(!answer.whole().contains("attacker"), "{answer:?}");
        }
    }
    // The right one, in any letters, is served; what leads elsewhere by its path is no page.
    let ours = request("POST /recover", &[("Host", "RESET.northwind.TEST")], NAMED);
    let case = house.started(&house.send(STRANGER, &ours).await).await;
    let letters = house.letters(&case);
    assert_eq!(letters.len(), 2, "one for each address of mike");
    letters.iter().for_each(|letter| leads_here_only(letter, "another spelling"));
    assert_eq!(house.send(STRANGER, &request("POST //attacker.test/recover", &[], NAMED)).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_a02_forwarding_headers_change_no_letter_of_a_message_whoever_sends_them() {
    const SENT: [(&str, &str); 13] = [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Host", "attacker.test"),
        ("Forwarded", "host=attacker.test;proto=http"),
        ("X-Host", "attacker.test"),
        ("X-Original-Host", "attacker.test"),
        ("X-Forwarded-Server", "attacker.test"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Port", "8443"),
        ("X-Forwarded-Prefix", "//attacker.test"),
        ("X-HTTP-Host-Override", "attacker.test"),
        ("X-Original-URL", "https://attacker.test/"),
        ("Origin", "https://attacker.test"),
        ("Referer", "https://attacker.test/"),
    ];
    let house = house().await;
    let mut cases = Vec::new();
    for from in [STRANGER, PROXY] {
        cases.push(("nothing", house.send(from, &request("POST /recover", &[], NAMED)).await));
        // The proxy says for whom it forwards, and a message names that one.
        for (name, value) in SENT.into_iter().filter(|(name, _)| from == STRANGER || *name != "X-Forwarded-For") {
            let answer = house.send(from, &request("POST /recover", &[(name, value)], NAMED)).await;
            assert!(!answer.whole().contains("attacker"), "{name}: {answer:?}");
            // A post that comes from another site is not one of ours (T-B14).
            if name == "Origin" {
                assert_eq!(answer.status, 403);
                continue;
            }
            cases.push((name, answer));
        }
    }
    let mut said = BTreeSet::new();
    for (name, answer) in &cases {
        let case = house.started(answer).await;
        let mut letters = house.letters(&case);
        letters.sort_by(|a, b| a.to.cmp(&b.to));
        assert_eq!(letters.len(), 2, "{name}");
        letters.iter().for_each(|letter| leads_here_only(letter, name));
        assert!(letters.iter().all(|letter| !letter.text.contains("203.0.113.9")), "{name}: not from where it says");
        said.extend(letters.iter().map(|letter| unchanging(letter, &case)));
    }
    assert_eq!(said.len(), 2, "one text for each address of mike: {said:#?}");
}

/// A message without what is another in each: reference, keys, times, addresses of the network.
fn unchanging(letter: &Letter, case: &str) -> String {
    let mut text = format!("{}\n{}\n{}\n{}", letter.to, letter.subject, letter.text, letter.html).replace(case, "CASE");
    while let Some(at) = text.find("kw_") {
        let end = text[at..].find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(text.len() - at);
        text.replace_range(at..at + end, "KEY");
    }
    text.replace(|c: char| c.is_ascii_digit(), "0")
}

/// The elements of a message, in their order.
fn tags(letter: &Letter) -> Vec<String> {
    let names =
        letter.html.split('<').skip(1).map(|tag| tag.split(|c: char| c.is_whitespace() || c == '>').next().unwrap());
    names.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_a05_nothing_that_a_requester_or_a_display_name_says_becomes_a_part_of_a_message() {
    const SENT: [(&str, &str); 6] = [
        ("User-Agent", r#""><img src='//attacker.test/?"#),
        ("User-Agent", r#"Firefox Linux <a href="https://attacker.test">see here</a>"#),
        ("User-Agent", "Firefox Linux https://attacker.test/help"),
        ("Accept-Language", r#"<a href="//attacker.test">en</a>"#),
        ("Cookie", r#"lang=<img src="//attacker.test">"#),
        ("Sec-CH-UA-Platform", r#""<b>attacker</b>""#),
    ];
    let house = house().await;
    let plain = house.started(&house.send(STRANGER, &request("POST /recover", &[], "name=ann&for=forgot")).await).await;
    let ours = tags(&house.letters(&plain)[0]);
    assert!(ours.len() > 10, "{ours:?}");
    for (name, value) in SENT {
        // `dora` is shown in the directory as a link to the attacker.
        let answer = house.send(STRANGER, &request("POST /recover", &[(name, value)], "name=dora&for=forgot")).await;
        let case = house.started(&answer).await;
        let letters = house.letters(&case);
        assert_eq!(letters.len(), 2, "{name} {value}");
        for letter in letters {
            leads_here_only(&letter, value);
            assert_eq!(tags(&letter), ours, "{value}: {}", letter.html);
            assert!(!letter.html.contains(" src="), "a message loads nothing");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_a07_an_opened_link_leaves_no_key_in_the_address_bar_and_asks_nobody_else() {
    let house = house().await;
    let mut browser = house.browser();
    let how = house.start(&mut browser, "ann").await;
    let letter = house.mailed(&mut browser, &how, "ann").await;
    for start in ["/l/", "/not-me/"] {
        let path =
            link(&letter.text, start).unwrap_or_else(|| link(&house.letters(&how.reference())[0].text, start).unwrap());
        let key = path.rsplit('/').next().unwrap();
        let cookie = browser.cookie();
        let opened = house.send(PROXY, &request(&format!("GET {path}"), &[("Cookie", &cookie)], "")).await;
        let to = opened.header("location")[0];
        assert!(
            to.starts_with(&format!("{}?of=", start.trim_end_matches('/'))) && !to.contains(&key[3..]),
            "{opened:?}"
        );
        assert_eq!(opened.status, 303, "{opened:?}");
        let set = opened.header("set-cookie")[0];
        for part in ["__Host-", "HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=900"] {
            assert!(set.contains(part), "{part} is not in {set}");
        }
        let both = format!("{cookie}; {}", opened.cookies());
        let page = house
            .send(PROXY, &request(&format!("GET {}", opened.header("location")[0]), &[("Cookie", &both)], ""))
            .await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(!page.whole().contains(key), "the key is in the page");
        for (answer, referrer) in [(&opened, "no-referrer"), (&page, "same-origin")] {
            assert_eq!(answer.header("referrer-policy"), [referrer], "{answer:?}");
            assert_eq!(answer.header("cache-control"), ["no-store"], "{answer:?}");
            assert!(answer.header("content-security-policy")[0].starts_with("default-src 'none'"), "{answer:?}");
        }
        for attribute in ["src=\"", "href=\"", "action=\""] {
            for rest in page.body.split(attribute).skip(1) {
                let to = rest.split('"').next().unwrap();
                let own =
                    to.starts_with("tel:") || to.starts_with('#') || (to.starts_with('/') && !to.starts_with("//"));
                assert!(own, "{attribute}{to}");
            }
        }
    }
}

/// The path of a link in a message.
pub fn link(text: &str, start: &str) -> Option<String> {
    let start = format!("{SITE}{start}");
    let found = text.split_whitespace().find(|word| word.starts_with(&start))?;
    Some(found.trim_start_matches(SITE).to_owned())
}

/// Everything that anybody can be told about a case: its pages, lists, numbers, what the program writes.
async fn told(house: &House, browser: &crate::browser::Browser, case: &str) -> String {
    let mut all = house.numbers().await + &house.said().await;
    let cookie = browser.cookie();
    for page in ["", "/how", "/email", "/app", "/recovery-code", "/wait", "/new/password", "/done", "/stop", "/nothing"]
    {
        let line = format!("GET /recover/{case}{page}");
        all += &house.send(PROXY, &request(&line, &[("Cookie", &cookie)], "")).await.whole();
    }
    for line in
        ["GET /status", "GET /l", "GET /not-me", "GET /me", "GET /api/v1/cases", "PUT /recover", "GET /log/checkpoint"]
    {
        all += &house.send(PROXY, &request(line, &[("Cookie", &cookie)], "")).await.whole();
    }
    let evidence = house.path(&format!("{case}.evidence.json"));
    let export = ["case", "export", case, "-o", evidence.to_str().unwrap()];
    for args in [&["--output", "json", "case", "list"][..], &["case", "show", case], &export] {
        let output = house.keyward(args).run();
        all += &String::from_utf8_lossy(&[output.stdout, output.stderr].concat());
    }
    all + &std::fs::read_to_string(evidence).expect("the evidence of the case")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_a08_no_answer_list_number_or_line_has_a_mailed_link_or_code_or_a_piece_of_one() {
    let house = house().await;
    let mut browser = house.browser();
    let how = house.start(&mut browser, "ann").await;
    let letter = house.mailed(&mut browser, &how, "ann").await;
    let (code, path) = (letter.code().unwrap(), link(&letter.text, "/l/").unwrap());
    let key = path.trim_start_matches("/l/kw_").to_owned();
    let all = told(&house, &browser, &how.reference()).await;
    assert!(all.len() > 50_000 && all.contains(&how.reference()), "there is something to look at");
    for piece in key.as_bytes().windows(8) {
        let piece = std::str::from_utf8(piece).unwrap();
        assert!(!all.contains(piece), "{piece} of the link");
    }
    for form in [code.clone(), format!("{} {}", &code[..3], &code[3..])] {
        let alone = |at: usize| {
            let around = [all[..at].chars().next_back(), all[at + form.len()..].chars().next()];
            !around.iter().flatten().any(|c| c.is_alphanumeric() || *c == '.')
        };
        let found = all.match_indices(&form).find(|(at, _)| alone(*at));
        assert!(found.is_none(), "the code {form}: {:?}", found.map(|(at, _)| &all[at.saturating_sub(80)..at + 20]));
    }
}

#[test]
fn addresses_are_found_wherever_they_stand() {
    let text = "see https://a.test/x and <a href=\"http://b.test\">, javascript://c";
    assert_eq!(addresses(text), ["https://a.test/x", "http://b.test", "javascript://c"]);
    let answer = front::parse(b"HTTP/1.1 303 See Other\r\nlocation: /recover/KW-7Q4M-82XJ/how\r\n\r\n");
    assert_eq!(answer.status(), 303);
    let head = "location: /recover/KW-7Q4M-82XJ/how\nset-cookie: a=b; Path=/\nset-cookie: c=d\n".to_owned();
    let answer = Answer { status: 303, head, body: String::new() };
    assert_eq!((answer.reference().as_deref(), answer.cookies().as_str()), (Some("KW-7Q4M-82XJ"), "a=b; c=d"));
}
