//! What the commands that read the database promise: a case from a real store becomes evidence that `keyward verify` believes; nothing
//! is given out once the log is not what it was; what can be rebuilt is, and what can not is left alone.

use keyward_core::{
    account::{Class, Method},
    policy::BASELINE,
    time::{MINUTE_MS, Timestamp},
};

use super::played::Played;
use super::*;
use crate::store::{Change, Store, With};

/// An installation with a database in its folder.
pub(super) struct Installed {
    pub(super) folder: tempfile::TempDir,
    pub(super) file: String,
    pub(super) url: String,
}

impl Installed {
    pub(super) fn new() -> Self {
        let (folder, file) = installed();
        let url = format!("sqlite:{}", folder.path().join("keyward.db").display());
        Self { folder, file, url }
    }

    pub(super) fn typed(&self, words: &[&str]) -> Answer {
        let remembered = self.folder.path().join("last-checkpoint");
        let environment = [
            ("KEYWARD_DATABASE__URL", self.url.as_str()),
            ("KEYWARD_LOG__LAST_CHECKPOINT_FILE", remembered.to_str().unwrap()),
        ];
        typed_with(&[&["--config", &self.file], words].concat(), &environment)
    }

    pub(super) fn json(&self, words: &[&str]) -> Value {
        self.typed(&[&["--output", "json"], words].concat()).json()
    }

    /// Commits whole cases, as the server would have.
    pub(super) fn with(self, cases: &[&Played]) -> Self {
        assert_eq!(self.typed(&["migrate"]).exit, Exit::Ok);
        self.blocking(async |store| {
            for played in cases {
                store.put_policy(BASELINE, played.at).await.unwrap();
                let values = played.values.iter();
                let with = values.fold(With::nothing(), |with, value| with.value(value.clone(), None));
                let change = Change::new(0, played.entries.clone(), &played.case, with);
                drop(store.commit(change).await.unwrap());
            }
        });
        self
    }

    pub(super) fn blocking(&self, work: impl AsyncFnOnce(&Store)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = Store::open(&self.url, &seeded()).await.unwrap();
            work(&store).await;
            store.close().await;
        });
    }

    /// What somebody with the file of the database could do.
    pub(super) fn tampered(&self, sql: &'static str) {
        let file = self.url.strip_prefix("sqlite:").unwrap();
        rusqlite::Connection::open(file).unwrap().execute_batch(sql).unwrap();
    }

    pub(super) fn out(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}

pub(super) fn later(minutes: i64) -> Ctx {
    let start = Timestamp::from_millis(1_795_000_000_000).plus_ms(minutes * MINUTE_MS);
    Ctx::by_hand(start, u64::try_from(minutes).unwrap() + 100).0
}

pub(super) fn done(minutes: i64) -> Played {
    Played::done(&later(minutes), "ada")
}

#[test]
fn m12_a_case_is_exported_and_its_evidence_is_believed_with_the_log_key() {
    let (played, other) = (done(0), done(1));
    let here = Installed::new().with(&[&other, &played]);
    let reference = played.case.reference().to_string();
    let out = here.out("evidence.json");
    let spoken = reference.to_lowercase().replace('-', " ");
    let answer = here.typed(&["case", "export", &spoken, "-o", &out]);
    assert_eq!((answer.exit, answer.err.as_str()), (Exit::Ok, ""), "{}", answer.err);
    assert_eq!(mode(Path::new(&out)), 0o600);
    let json = here.json(&["case", "export", &reference, "-o", &out, "--force"]);
    let key = json["log_key"].as_str().unwrap();
    assert!(answer.out.contains(key) && key.starts_with("reset.example.org+"), "{}", answer.out);
    let policy = here.out("baseline.cedar");
    fs::write(&policy, BASELINE).unwrap();
    let told = typed(&["verify", &out, "--log-key", key, "--policy", &policy]);
    assert_eq!(told.exit, Exit::Ok, "{}{}", told.out, told.err);
    assert!(told.out.starts_with("This evidence is genuine and complete, as of a log of "));
    assert!(told.out.contains(&format!("Case             {reference}")) && told.out.contains("5 shown, none withheld"));
    assert!(told.out.contains("reset.example.org, 22 entries"), "{}", told.out);
}

#[test]
fn x13_what_is_withheld_is_not_in_the_file() {
    let played = done(0);
    let here = Installed::new().with(&[&played]);
    let id = played.case.id().to_string();
    let out = here.out("some.json");
    for (fields, shown, gone) in [
        ("network,browser", "3 shown, 2 withheld or erased", ["192.0.2.7", "Firefox"]),
        ("all", "0 shown, 5 withheld or erased", ["ada", "embedded/0190"]),
    ] {
        assert_eq!(here.typed(&["case", "export", &id, "--withhold", fields, "-o", &out, "--force"]).exit, Exit::Ok);
        let text = fs::read_to_string(&out).unwrap();
        assert!(gone.iter().all(|value| !text.contains(&format!("\"{value}\""))), "{fields}: {text}");
        let told = typed(&["verify", &out]);
        assert!(told.exit == Exit::Ok && told.out.contains(shown), "{fields}: {}", told.out);
    }
    let erased = here.typed(&["case", "erase", &id, "--yes"]);
    assert!(erased.exit == Exit::Ok && erased.out.starts_with("5 values of KW-"), "{}{}", erased.out, erased.err);
    assert_eq!(here.typed(&["case", "export", &id, "-o", &out, "--force"]).exit, Exit::Ok);
    assert!(typed(&["verify", &out]).out.contains("0 shown, 5 withheld or erased"));
    let wrong = here.typed(&["case", "export", &id, "--withhold", "birthday", "-o", &out]);
    assert_eq!(wrong.exit, Exit::Usage);
    assert!(wrong.err.contains("`birthday` is not one of name, network"), "{}", wrong.err);
}

#[test]
fn x13_values_are_erased_when_the_case_is_over_and_somebody_is_sure() {
    let (played, open) = (done(0), Played::open(&later(1), "grace").classified(Class::Admin));
    let here = Installed::new().with(&[&played, &open]);
    let (over, id) = (played.case.id().to_string(), open.case.id().to_string());
    let unsure = here.typed(&["case", "erase", &over]);
    assert!(unsure.exit == Exit::Usage && unsure.err.contains("nobody to ask"), "{}", unsure.err);
    let early = here.typed(&["case", "erase", &id, "--yes"]);
    assert!(early.exit == Exit::Failed && early.err.contains("until it is over"), "{}", early.err);
    here.blocking(async |store| {
        assert_eq!(store.values_of_case(played.case.id()).await.unwrap().len(), 5);
        assert!(!store.values_of_case(open.case.id()).await.unwrap().is_empty());
    });
    assert_eq!(here.json(&["case", "erase", &over, "--yes"])["erased"], 5);
    assert!(here.typed(&["case", "erase", &over, "--yes"]).out.contains("nothing left to erase"));
    assert!(here.typed(&["case", "show", &over]).out.contains("withheld or erased"));
}

#[test]
fn an_export_never_replaces_a_file_unless_forced() {
    let played = done(0);
    let here = Installed::new().with(&[&played]);
    let id = played.case.id().to_string();
    let out = here.out("mine.json");
    fs::write(&out, "mine").unwrap();
    let refused = here.typed(&["case", "export", &id, "-o", &out]);
    assert_eq!(refused.exit, Exit::Usage);
    assert!(refused.err.contains("exists; --force replaces it"), "{}", refused.err);
    assert_eq!(fs::read_to_string(&out).unwrap(), "mine");
    assert_eq!(here.typed(&["case", "export", &id, "-o", &out, "--force"]).exit, Exit::Ok);
    assert_eq!((typed(&["verify", &out]).exit, mode(Path::new(&out))), (Exit::Ok, 0o600));
    assert!(!Path::new(&format!("{out}.new")).exists());
}

#[test]
fn t_i05_nothing_is_exported_from_a_log_that_was_set_back_or_changed() {
    for (sql, told) in [
        (
            "DELETE FROM checkpoints; DELETE FROM entries WHERE leaf >= 5; UPDATE log_head SET size = 5",
            "the log can not be signed",
        ),
        ("UPDATE entries SET body = replace(body, 'passkey', 'in_person') WHERE leaf = 3", "there is no evidence of"),
        ("UPDATE log_nodes SET hash = zeroblob(32) WHERE level = 0", "there is no evidence of"),
        ("DELETE FROM policies", "which was asked, is not in the database"),
    ] {
        let played = done(0);
        let here = Installed::new().with(&[&played]);
        let id = played.case.id().to_string();
        let out = here.out("first.json");
        assert_eq!(here.typed(&["case", "export", &id, "-o", &out]).exit, Exit::Ok, "{sql}");
        here.tampered(sql);
        let again = here.out("again.json");
        let answer = here.typed(&["case", "export", &id, "-o", &again]);
        let proofs = !sql.contains("policies");
        assert_eq!(answer.exit, if proofs { Exit::Unverified } else { Exit::Failed }, "{sql}: {}", answer.err);
        assert!(answer.err.contains(told) || answer.err.contains("can not be read"), "{sql}: {}", answer.err);
        assert!(!Path::new(&again).exists(), "{sql}");
    }
}

#[test]
fn a_case_is_found_by_its_reference_or_its_id_and_by_nothing_else() {
    let played = done(0);
    let here = Installed::new().with(&[&played]);
    for name in [played.case.reference().to_string(), played.case.id().to_string()] {
        let answer = here.typed(&["case", "show", &name]);
        assert_eq!(answer.exit, Exit::Ok, "{name}: {}", answer.err);
    }
    let absent = [done(7).case.reference().to_string(), done(7).case.id().to_string()];
    for (name, exit) in [(absent[0].as_str(), Exit::Failed), (&absent[1], Exit::Failed), ("ada", Exit::Usage)] {
        let answer = here.typed(&["case", "show", name]);
        assert_eq!(answer.exit, exit, "{name}: {}", answer.err);
    }
}

#[test]
fn case_show_tells_the_steps_and_whether_the_log_proves_them() {
    let done = done(0);
    let open = Played::open(&later(3), "grace").classified(Class::Admin).proved(Method::Passkey);
    let here = Installed::new().with(&[&done, &open]);
    let reference = done.case.reference().to_string();
    assert!(here.typed(&["case", "show", &reference]).out.contains("nothing was signed yet"));
    assert_eq!(here.typed(&["case", "export", &reference, "-o", &here.out("x")]).exit, Exit::Ok);
    let told = here.typed(&["case", "show", &reference]).out;
    for part in [
        "The change was made and reviewed.",
        "11 entries proved in the log of 15 entries, signed ",
        "Step 3, authorize: may it happen?\n2026-11-18 11:07:01  #5  The policy was asked: may it happen now? It said yes",
        "verify-standard-passkey: A passkey is enough",
        "name that was typed: ada",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let told = here.typed(&["case", "show", &open.case.reference().to_string()]).out;
    assert!(told.contains("Account         of class admin") && told.contains("Ends by itself  2026-11-18 "), "{told}");
    assert!(told.contains("it was not allowed yet. Nothing was changed."), "{told}");
    let json = here.json(&["case", "show", &reference]);
    assert_eq!((json["over"].as_bool(), json["class"].as_str()), (Some(true), Some("standard")));
    assert_eq!(json["entries"][0]["entry"]["event"]["type"], "opened");

    here.tampered("UPDATE log_nodes SET hash = zeroblob(32) WHERE level = 0");
    let disproved = here.typed(&["case", "show", &reference]);
    assert_eq!(disproved.exit, Exit::Unverified);
    assert!(disproved.out.contains("DOES NOT HOLD"), "{}", disproved.out);
}

#[test]
fn case_list_has_filters_and_pages() {
    let cases = [
        done(0),
        Played::open(&later(1), "grace").classified(Class::Admin).proved(Method::Passkey),
        Played::open(&later(2), "nobody").unmatched(),
        Played::open(&later(3), "joan").classified(Class::Finance).withdrawn(),
    ];
    let here = Installed::new().with(&[&cases[0], &cases[1], &cases[2], &cases[3]]);
    let listed = |words: &[&str]| -> Vec<usize> {
        let json = here.json(&[&["case", "list"], words].concat());
        assert_eq!(json["ok"], true, "{words:?} {json}");
        let found = json["cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap().to_owned());
        found.map(|id| cases.iter().position(|played| played.case.id().to_string() == id).unwrap()).collect()
    };
    assert_eq!(listed(&[]), [3, 2, 1, 0]);
    assert_eq!(listed(&["--open"]), [2, 1]);
    assert_eq!(listed(&["--class", "admin"]), [1]);
    assert_eq!(listed(&["--state", "reviewed"]), [0]);
    assert_eq!(listed(&["--person", &cases[1].case.subject().unwrap().to_string()]), [1]);
    assert_eq!(listed(&["--class", "hr"]), [0; 0]);
    let (first, second) = (["--limit", "3"], cases[1].case.reference().to_string());
    assert_eq!(listed(&first), [3, 2, 1]);
    assert_eq!(listed(&["--behind", &second]), [0]);
    let text = here.typed(&["case", "list", "--limit", "3"]).out;
    assert!(text.contains(&format!("keyward case list --behind {second}")), "{text}");
    assert!(text.contains("ended (withdrawn)") && text.contains("unmatched (unknown)"), "{text}");
    assert!(here.typed(&["case", "list", "--class", "hr"]).out.contains("There is no such case."));
    for wrong in [["--state", "gone"], ["--class", "boss"], ["--person", "ada"], ["--limit", "0"], ["--behind", "x"]] {
        assert_eq!(here.typed(&[&["case", "list"][..], &wrong].concat()).exit, Exit::Usage, "{wrong:?}");
    }
}

#[test]
fn eco_08_migrate_says_what_it_would_do_and_does_it_once() {
    let here = Installed::new();
    let none = here.typed(&["migrate", "--dry-run"]);
    assert!(none.exit == Exit::Ok && none.out.contains("There is no database at"), "{}{}", none.out, none.err);
    assert!(!here.folder.path().join("keyward.db").exists(), "a dry run made a database");
    let early = here.typed(&["case", "list"]);
    assert_eq!(early.exit, Exit::Failed);
    assert!(early.err.contains("`keyward migrate` makes one"), "{}", early.err);
    assert!(!here.folder.path().join("keyward.db").exists(), "reading made a database");

    let json = here.json(&["migrate"]);
    assert_eq!((json["ok"].as_bool(), json["migrations"][0].as_str()), (Some(true), Some("0001 first")));
    assert!(here.typed(&["migrate"]).out.contains("The database is up to date."));
    assert!(here.typed(&["migrate", "--dry-run"]).out.contains("The database is up to date."));
    here.tampered("DELETE FROM migrations");
    let behind = here.typed(&["case", "list"]);
    assert!(behind.exit == Exit::Failed && behind.err.contains("the database lacks 0001 first"), "{}", behind.err);
    here.tampered("INSERT INTO migrations (version, name, digest, at_ms) VALUES (99, 'later', 'x', 0)");
    let newer = here.typed(&["migrate"]);
    assert!(newer.exit == Exit::Failed && newer.err.contains("use the newer build"), "{}", newer.err);
}

#[test]
fn rebuild_makes_the_list_and_the_tree_anew_from_the_entries() {
    let cases = [done(0), Played::open(&later(1), "grace").classified(Class::Admin)];
    let here = Installed::new().with(&[&cases[0], &cases[1]]);
    let before = here.json(&["case", "list"]);
    assert_eq!(here.typed(&["rebuild", "--dry-run"]).exit, Exit::Ok);
    here.tampered("DELETE FROM log_nodes; UPDATE cases SET state = 'ended'; DELETE FROM cases WHERE class = 'admin'");
    let compared = here.typed(&["rebuild", "--dry-run"]);
    assert_eq!(compared.exit, Exit::Failed, "{}{}", compared.out, compared.err);
    assert!(compared.out.contains("2 of 2 differ from their entries"), "{}", compared.out);
    assert_ne!(here.json(&["case", "list"]), before, "a dry run repaired something");
    let json = here.json(&["rebuild"]);
    assert_eq!(
        (json["ok"].as_bool(), json["cases"].as_u64(), json["entries"].as_u64()),
        (Some(true), Some(2), Some(13))
    );
    assert_eq!(here.json(&["case", "list"]), before);
    assert_eq!(here.typed(&["rebuild", "--dry-run"]).exit, Exit::Ok);
}

#[test]
fn rebuild_finds_a_line_of_the_list_that_no_entry_made_and_takes_it_away() {
    let here = Installed::new().with(&[&done(0)]);
    here.tampered(
        "CREATE TEMP TABLE other AS SELECT * FROM cases; \
         UPDATE other SET id = 'another', reference = 'KW-0000-0000'; INSERT INTO cases SELECT * FROM other",
    );
    let compared = here.typed(&["rebuild", "--dry-run"]);
    assert_eq!(compared.exit, Exit::Failed, "{}{}", compared.out, compared.err);
    assert!(compared.out.contains("2 in the list, and 1 in the log"), "{}", compared.out);
    assert_eq!(here.typed(&["rebuild"]).exit, Exit::Ok);
    assert_eq!(here.typed(&["rebuild", "--dry-run"]).exit, Exit::Ok);
    assert_eq!(here.json(&["case", "list"])["cases"].as_array().unwrap().len(), 1);
}

#[test]
fn t_i01_rebuild_touches_nothing_if_the_entries_are_not_those_of_the_log() {
    let played = done(0);
    let here = Installed::new().with(&[&played]);
    here.tampered("UPDATE entries SET body = replace(body, 'passkey', 'in_person') WHERE leaf = 3; DELETE FROM cases");
    let compared = here.typed(&["rebuild", "--dry-run"]);
    assert_ne!(compared.exit, Exit::Ok, "{}", compared.out);
    let answer = here.typed(&["rebuild"]);
    assert_eq!(answer.exit, Exit::Failed);
    assert!(answer.err.contains("nothing was rebuilt"), "{}", answer.err);
    assert!(here.typed(&["case", "list"]).out.contains("There is no such case."));
}

#[test]
fn a_database_that_does_not_answer_ends_with_3() {
    let here = Installed { url: "postgres://keyward@localhost/keyward?host=%2Fnowhere".to_owned(), ..Installed::new() };
    for words in [&["case", "list"][..], &["migrate"], &["rebuild"], &["case", "show", "KW-7Q4M-82XJ"]] {
        let answer = here.typed(words);
        assert_eq!(answer.exit, Exit::Unreachable, "{words:?}: {}", answer.err);
    }
}
