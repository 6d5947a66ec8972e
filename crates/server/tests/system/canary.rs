//! Everything that opens something is unlike anything else in the world, and after a whole recovery it is looked for wherever something is written (R15).

use std::{collections::BTreeMap, fs};

use data_encoding::{BASE32_NOPAD, BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};

use crate::{
    browser::Browser,
    entry::signs_in,
    people::{Letter, Person, somebody},
    recovery::{back_in, hand_in, open, show_app},
    stage::{Installation, SITE},
    support::{postgres::socket_and_database, slapd::SERVICE},
};

/// What must not be found, by a name for it.
#[derive(Default)]
struct Secrets(BTreeMap<String, Vec<Vec<u8>>>);

impl Secrets {
    /// In every form in which it could be written down.
    fn add(&mut self, name: &str, secret: &[u8]) {
        let numbers: Vec<String> = secret.iter().map(u8::to_string).collect();
        let mut forms = vec![secret.to_vec(), numbers.join(",").into_bytes()];
        for encoding in [BASE64, BASE64_NOPAD, BASE64URL_NOPAD, BASE32_NOPAD, HEXLOWER] {
            forms.push(encoding.encode(secret).into_bytes());
        }
        let form: String = url::form_urlencoded::byte_serialize(secret).collect();
        forms.push(form.into_bytes());
        self.0.insert(name.to_owned(), forms);
    }
    /// A code that people may type without its groups, or in another case.
    fn add_code(&mut self, name: &str, code: &str) {
        let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        for (form, text) in [("printed", code), ("plain", &plain), ("lower", &plain.to_lowercase())] {
            self.add(&format!("{name}, {form}"), text.as_bytes());
        }
    }
    /// Which of them are in there, also in what is written there in hexadecimal digits.
    fn found_in(&self, text: &[u8]) -> Vec<&str> {
        let plain = decoded(text);
        let inside = |form: &Vec<u8>| contains(text, form) || contains(&plain, form);
        self.0.iter().filter(|(_, forms)| forms.iter().any(inside)).map(|(name, _)| name.as_str()).collect()
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    // The first byte is looked for alone: most places end there.
    text.iter().enumerate().any(|(at, byte)| *byte == part[0] && text[at..].starts_with(part))
}

/// What stands in long runs of hexadecimal digits: PostgreSQL writes bytes so.
fn decoded(text: &[u8]) -> Vec<u8> {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    let runs = text.split(|byte| !is_digit(byte)).filter(|run| run.len() >= 16 && run.len() % 2 == 0);
    runs.flat_map(|run| HEXLOWER.decode(run).unwrap()).collect()
}

/// Six digits as a whole number, and not within a longer one or a digest.
fn has_number(text: &str, digits: &str) -> bool {
    let near = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let bytes = text.as_bytes();
    text.match_indices(digits).any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        !near(before) && !near(bytes.get(at + digits.len()))
    })
}

/// Everything that was written anywhere, by where.
async fn written(installation: &Installation, browser: &mut Browser, case: &str) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for file in fs::read_dir(installation.output()).unwrap() {
        let file = file.unwrap().path();
        all.insert(format!("output {}", file.display()), fs::read(&file).unwrap());
    }
    let file = installation.path("evidence.json");
    let exported = installation.keyward(&["case", "export", case, "--force", "-o", file.to_str().unwrap()]).succeed();
    all.insert("export".to_owned(), exported.into_bytes());
    all.insert("evidence".to_owned(), fs::read(&file).unwrap());
    for (name, args) in [
        ("show", vec!["case", "show", case]),
        ("list", vec!["case", "list"]),
        ("verify", vec!["verify", file.to_str().unwrap()]),
    ] {
        all.insert(name.to_owned(), installation.keyward(&args).succeed().into_bytes());
    }
    all.insert(
        "show of the configuration".to_owned(),
        installation.keyward(&["config", "show"]).succeed().into_bytes(),
    );
    all.insert("checkpoint file".to_owned(), fs::read(installation.path("last-checkpoint")).unwrap());
    let checkpoint = browser.get("/log/checkpoint").await.html;
    let size: u32 = checkpoint.lines().nth(1).unwrap().parse().unwrap();
    for tile in ["entries", "0"] {
        let page = browser.get(&format!("/log/tile/{tile}/000.p/{size}")).await;
        assert_eq!(page.status.as_u16(), 200, "{tile} {size}");
        all.insert(format!("tile {tile}"), page.html.into_bytes());
    }
    all.insert("checkpoint".to_owned(), checkpoint.into_bytes());
    all.insert("slapd".to_owned(), installation.slapd.log().into_bytes());
    let (socket, _) = socket_and_database(&installation.database);
    all.insert("postgres".to_owned(), fs::read(socket.with_file_name("log")).unwrap());
    all
}

/// Mailbox and app, with slips on the way, up to the field for the new password.
async fn prove(
    installation: &Installation,
    browser: &mut Browser,
    otto: &Person,
    secrets: &mut Secrets,
) -> (String, Letter) {
    let how = open(installation, browser, otto).await;
    let case = how.reference();
    let slip = browser.fill(&how, &[("way", "recovery-code")]).await;
    let wrong = "KWZQ7-XJM2P-9TRWV-C4HBN-6GDYF-3";
    secrets.add_code("a code that was typed wrongly", wrong);
    let slip = browser.fill(&slip, &[("code", wrong)]).await;
    assert!(slip.path.ends_with("/recovery-code") && !slip.html.contains("KWZQ7"), "{slip:?}");
    let how = browser.get(&format!("/recover/{case}/how")).await;
    let type_mail = browser.fill(&how, &[("way", "email")]).await;
    let letter = crate::process::eventually("a code by mail", async || {
        installation.letters().into_iter().find(|letter| letter.text.contains(&format!("{SITE}/l/kw_")))
    })
    .await;
    assert_eq!(letter.to, otto.addresses[1], "the mailbox that the password opens proves nothing");
    let how = browser.fill(&type_mail, &[("code", &letter.code().unwrap())]).await;
    assert!(how.says("You have shown 1 of 2 proofs"), "{}", how.html);
    let password = show_app(browser, &how, otto).await;
    assert!(password.path.ends_with("/new/password"), "{password:?}");
    (case, letter)
}

/// Every link key in the messages.
fn links(letters: &[Letter]) -> Vec<String> {
    let words = letters.iter().flat_map(|letter| letter.text.split_whitespace());
    words.filter_map(|word| Some(format!("kw_{}", word.strip_prefix(SITE)?.split_once("/kw_")?.1))).collect()
}

#[test]
fn r15_the_search_finds_a_secret_in_every_form_in_which_it_could_be_written() {
    let mut secrets = Secrets::default();
    secrets.add("it", b"Quartz ~ 4711");
    for form in [
        &b"[\"Quartz ~ 4711\"]"[..],
        b"{\"sealed\":[81,117,97,114,116,122,32,126,32,52,55,49,49]}",
        b"UXVhcnR6IH4gNDcxMQ==",
        b"UXVhcnR6IH4gNDcxMQ",
        b"\\x51756172747a207e2034373131",
        b"(1,\"\\\\x7b226b6579223a2251756172747a207e2034373131227d\")",
        b"KF2WC4TUPIQH4IBUG4YTC",
        b"password=Quartz+%7E+4711&more",
    ] {
        assert_eq!(secrets.found_in(form), ["it"], "{}", String::from_utf8_lossy(form));
    }
    assert!(secrets.found_in(b"Quartz ~ 4712, 81,117,97, 51756172747a").is_empty());
    assert!(
        has_number("the code 123456.", "123456")
            && !has_number("at 17951234567", "123456")
            && !has_number("a123456f", "123456")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r15_no_secret_of_a_whole_recovery_is_written_anywhere_but_where_it_belongs() {
    let Some(mut installation) = Installation::new().await else { return };
    // Whoever looks for a fault turns everything on.
    installation.verbosity = "trace";
    let otto = somebody(&installation, "otto").await;
    let (_web, front) = installation.web().await;
    let mut worker = installation.worker();
    let (mut browser, mut secrets) = (front.browser(), Secrets::default());
    let (new, refused) = ("Quartz-Saffron-Wombat-4711", "Zw1ebel!x");
    let (case, letter) = prove(&installation, &mut browser, &otto, &mut secrets).await;
    let password = browser.get(&format!("/recover/{case}/new/password")).await;
    let short = browser.fill(&password, &[("new-password", refused)]).await;
    assert!(short.says("15 characters or more") && !short.html.contains(refused), "{}", short.html);

    // While the worker is dead, what was handed in lies in the queue.
    worker.kill();
    let working = hand_in(&mut browser, &short, new).await;
    assert!(!working.html.contains(new));
    let mut before = installation.rows().await;
    let _worker = installation.worker();
    back_in(&mut browser, &working).await;
    assert!(signs_in(&installation.slapd, &otto.name, new).await);
    installation.reaches(&case, "reviewed").await;
    before.push_str(&installation.rows().await);

    secrets.add("the old password", otto.old.as_bytes());
    secrets.add("the new password", new.as_bytes());
    secrets.add("a password that was refused", refused.as_bytes());
    secrets.add("the seed of the app", otto.seed.to_stored().expose());
    secrets.add("the password of the bind account", SERVICE.1.as_bytes());
    for name in ["data.key", "seal.key", "log-signing.key"] {
        secrets.add(name, &fs::read(installation.path("worker/keys").join(name)).unwrap());
    }
    otto.codes.iter().for_each(|code| secrets.add_code("a printed code", code));
    for (name, value) in browser.cookies.iter().filter(|(_, value)| value.starts_with("kw_")) {
        secrets.add(&format!("the cookie {name}"), value.as_bytes());
    }
    assert!(browser.cookies.values().any(|value| value.starts_with("kw_")), "{:?}", browser.cookies.keys());

    let letters = installation.letters();
    let mails: Vec<u8> = installation.sink.received().into_iter().flat_map(|mail| mail.data).collect();
    assert_eq!(secrets.found_in(&mails), Vec::<&str>::new(), "in mails");
    let grouped = |code: String| format!("{} {}", &code[..3], &code[3..]);
    let with_code = letters.iter().filter(|other| has_number(&other.text, &grouped(letter.code().unwrap())));
    assert_eq!(with_code.count(), 1, "the code is in its own message alone");
    let keys = links(&letters);
    assert_eq!(keys.len(), 6, "two links in the letter with the code, one in each notice");
    for (number, key) in keys.iter().enumerate() {
        secrets.add(&format!("link {number}"), key.as_bytes());
    }
    let mut places = written(&installation, &mut browser, &case).await;
    places.insert("database".to_owned(), before.into_bytes());
    let digits = letter.code().unwrap();
    for (place, bytes) in &places {
        assert_eq!(secrets.found_in(bytes), Vec::<&str>::new(), "in {place}");
        assert!(!has_number(&String::from_utf8_lossy(bytes), &digits), "the mailed code {digits} in {place}");
    }
    // The search finds what is there, and everything was turned on.
    let verbose =
        places.iter().any(|(place, bytes)| place.starts_with("output") && contains(bytes, b"\"level\":\"DEBUG\""));
    assert!(verbose, "{:?}", places.iter().map(|(place, bytes)| (place, bytes.len())).collect::<Vec<_>>());
    let names: Vec<u8> = otto.name.clone().into_bytes();
    let mut known = Secrets::default();
    known.add("the name", &names);
    for place in ["database", "evidence", "show"] {
        assert_eq!(known.found_in(&places[place]), ["the name"], "in {place}");
    }
    let mut payload = Secrets::default();
    payload.add("the queue", b"\"work\":\"reissue\"");
    assert_eq!(payload.found_in(&places["database"]), ["the queue"], "what lay in the queue was looked at");
}
