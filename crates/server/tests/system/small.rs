//! A small installation: one process, SQLite, Keyward's own directory. And everything for which it does not start.

use std::{
    collections::BTreeMap,
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{
    browser::Browser,
    front::Front,
    people::{Inside, Letter, Person, account},
    process::{Call, Process, eventually},
    recovery::{ask, back_in, hand_in, show_both},
    smtp_sink::Sink,
    stage::SITE,
    support::second::second,
};

/// One process and its files.
pub struct Small {
    folder: TempDir,
    environment: BTreeMap<String, String>,
    sink: Sink,
}

impl Small {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let (file, database) = (at.join("keyward.toml"), format!("sqlite:{}", at.join("data/keyward.db").display()));
        for name in ["data", "output"] {
            fs::create_dir(at.join(name)).unwrap();
        }
        let init = ["config", "init", "--yes", "--public-url", SITE, "--organization", "Northwind Hospital"];
        let rest = ["--config", file.to_str().unwrap(), "--help-phone", "555 0199", "--database", &database];
        let mail = ["--mail-host", "127.0.0.1", "--mail-from", "recovery@northwind.test"];
        Call::new(&[&init[..], &rest, &mail].concat()).succeed();
        let sink = Sink::start(None, false).await.unwrap();
        let environment = [
            ("KEYWARD_LOG__LAST_CHECKPOINT_FILE", at.join("last-checkpoint").display().to_string()),
            ("KEYWARD_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
            ("KEYWARD_LOG__PUBLIC", "true".to_owned()),
            ("KEYWARD_SERVER__TRUSTED_PROXIES", "127.0.0.1".to_owned()),
            ("KEYWARD_CLASSES__STANDARD", "staff".to_owned()),
            ("KEYWARD_MAIL__TLS", "none".to_owned()),
            ("KEYWARD_MAIL__PORT", sink.address.port().to_string()),
        ];
        let environment = environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { folder, environment, sink }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    fn keyward(&self, args: &[&str]) -> Call {
        let file = self.path("keyward.toml");
        Call::new(&[&["--config", file.to_str().unwrap()], args].concat()).env(&self.environment)
    }
    async fn serve(&self) -> (Process, Browser) {
        self.started(&self.keyward(&["serve"])).await
    }
    /// The same, so many seconds from now. None where that can not be played.
    pub async fn serve_later(&self, seconds: u32) -> Option<(Process, Browser)> {
        Some(self.started(&self.keyward(&["serve"]).later(seconds)?).await)
    }
    async fn started(&self, call: &Call) -> (Process, Browser) {
        let mut process = call.start(&self.path("output"));
        let front = Front::before(process.address());
        (process, front.browser())
    }
    /// Every message so far.
    pub fn letters(&self) -> Vec<Letter> {
        self.sink.received().iter().map(Letter::read).collect()
    }
    pub async fn inside(&self) -> Inside {
        Inside::of(&self.path("keyward.toml"), &self.environment).await
    }

    /// It does not start: the code, and one message, in which these words are.
    fn refuses(&self, extra: &[(&str, &str)], code: i32, words: &str) {
        let extra = extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut process = self.keyward(&["serve"]).env(&extra).start(&self.path("output"));
        let ended = process.ends();
        let complaint = process.complaint();
        assert_eq!(ended, Some(code), "{words}: {}", process.said());
        assert!(complaint.contains(words), "`{words}` is not in: {complaint}");
        assert_eq!(complaint.matches("error: ").count(), 1, "{complaint}");
        assert!(!process.said().contains("\"serving\""), "{}", process.said());
    }
    /// The same with another file in the place of one of its own.
    fn refuses_file(&self, name: &str, bytes: &[u8], code: i32, words: &str) {
        let path = self.path(name);
        let kept = fs::read(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        self.refuses(&[], code, words);
        fs::write(&path, kept).unwrap();
    }
}

fn copy_all(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// Waits until so many entries are signed.
async fn signed(browser: &mut Browser, entries: u64) {
    let what = format!("a checkpoint of {entries} entries");
    eventually(&what, async || {
        let note = browser.get("/log/checkpoint").await.html;
        let size: u64 = note.lines().nth(1)?.parse().ok()?;
        (size >= entries).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m187_one_process_with_sqlite_and_its_own_directory_is_enough_for_a_recovery() {
    let small = Small::new().await;
    let (old, new) = ("three blue kettles sing", "velvet anchor prairie 29");
    let inside = small.inside().await;
    let there = account(&inside, "kai", old).await;
    let (seed, codes) = inside.set_up("id-kai", "kai@home.test").await;
    let addresses = ["kai@northwind.test".to_owned(), "kai@home.test".to_owned()];
    let kai = Person { name: "kai".to_owned(), old: old.to_owned(), addresses, codes, seed };
    assert!(there.opens(old).await);

    let (mut process, mut browser) = small.serve().await;
    let how = ask(&mut browser, &kai.name).await;
    let subjects = |letters: Vec<Letter>| letters.into_iter().map(|letter| letter.subject).collect::<Vec<_>>();
    eventually("two notices", async || (small.letters().len() == 2).then_some(())).await;
    let password = show_both(&mut browser, &how, &kai).await;
    let working = hand_in(&mut browser, &password, new).await;
    back_in(&mut browser, &working).await;
    assert!(there.opens(new).await && !there.opens(old).await);
    eventually("four notices", async || (small.letters().len() == 4).then_some(())).await;
    assert!(subjects(small.letters()).ends_with(&["Your Northwind Hospital password was changed".to_owned()]));
    // The last message is at the relay before the review is in the log.
    let list = small.keyward(&["--output", "json", "case", "list"]);
    eventually("the review", async || list.succeed().contains("\"reviewed\"").then_some(())).await;
    assert!(process.terminate().success(), "{}", process.said());

    let file = small.path("evidence.json");
    let file = file.to_str().unwrap();
    small.keyward(&["case", "export", &working.reference(), "-o", file]).succeed();
    let told = Call::new(&["verify", file]).offline().succeed();
    assert!(told.starts_with("This evidence is genuine and complete, as of a log of "), "{told}");
    if let Some(verdict) = second(&["bundle", file]) {
        assert!(verdict.holds, "{}", verdict.words);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r18_it_does_not_start_on_a_log_that_was_set_back_or_with_keys_that_are_not_its_own() {
    let small = Small::new().await;
    let inside = small.inside().await;
    inside.set_up("id-lea", "lea@home.test").await;
    inside.flow.store.close().await;
    let (mut process, mut browser) = small.serve().await;
    ask(&mut browser, "nobody").await;
    signed(&mut browser, 2).await;
    assert!(process.terminate().success());
    copy_all(&small.path("data"), &small.path("backup"));
    let (mut process, mut browser) = small.serve().await;
    ask(&mut browser, "nobody.else").await;
    signed(&mut browser, 4).await;
    assert!(process.terminate().success());

    copy_all(&small.path("data"), &small.path("newest"));
    copy_all(&small.path("backup"), &small.path("data"));
    small.refuses(&[], 4, "the log has 2 entries and was signed with 4: the database was set back");
    copy_all(&small.path("newest"), &small.path("data"));
    let other: [u8; 32] = std::array::from_fn(|byte| u8::try_from(byte).unwrap());
    small.refuses_file("keys/log-signing.key", &other, 4, "the log can not be continued");
    small.refuses_file("keys/seal.key", &other, 1, "`worker.seal_public_key` is not the public half");
    small.refuses_file("keys/data.key", &other, 1, "is not the key with which this database was closed");
    let memory = small.path("last-checkpoint");
    fs::rename(&memory, small.path("elsewhere")).unwrap();
    small.refuses(&[], 4, "the remembered checkpoint is gone");
    fs::rename(small.path("elsewhere"), &memory).unwrap();

    // With everything in its place again, it starts.
    let (mut process, mut browser) = small.serve().await;
    ask(&mut browser, "nobody.at.all").await;
    signed(&mut browser, 6).await;
    assert!(process.terminate().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eco_10_what_is_missing_or_wrong_ends_a_start_with_one_message_and_its_code() {
    let small = Small::new().await;
    let text = fs::read_to_string(small.path("keyward.toml")).unwrap();
    let without = text.replace("public_url = ", "# public_url = ");
    small.refuses_file("keyward.toml", without.as_bytes(), 2, "`server.public_url` is missing");
    small.refuses(
        &[("KEYWARD_SERVER__PUBLIC_URL", "http://reset.northwind.test")],
        2,
        "links in messages must be https",
    );
    for key in ["data.key", "seal.key", "log-signing.key"] {
        let name = format!("keys/{key}");
        small.refuses_file(&name, &[7; 31], 2, "has 31 bytes; a key has 32");
        fs::set_permissions(small.path(&name), fs::Permissions::from_mode(0o644)).unwrap();
        small.refuses(&[], 2, "others can read");
        fs::set_permissions(small.path(&name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    small.refuses(&[("KEYWARD_SERVER__ROLE", "web")], 2, "use PostgreSQL, or the role all");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    small.refuses(&[("KEYWARD_SERVER__LISTEN", &address)], 1, "cannot listen on");
    let nobody = "postgres://keyward@127.0.0.1:1/keyward";
    small.refuses(&[("KEYWARD_DATABASE__URL", nobody)], 3, "does not answer");
    let newer = small.path("policy.cedar");
    fs::write(&newer, "permit (principal, action,").unwrap();
    small.refuses(&[("KEYWARD_POLICY__FILE", newer.to_str().unwrap())], 1, "cannot use the policy");
}
