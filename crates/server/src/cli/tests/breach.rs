//! What `keyward breach build` promises: each kind of list, the old file kept, progress only for somebody who watches.

use super::*;
use crate::passwords::breach::BreachList;

const PASSWORD: &str = "correct horse battery staple";
/// SHA-1 of it.
const SHA1: &str = "ABF7AAD6438836DBE526AA231ABDE2D0EEF74D42";

struct Lists(tempfile::TempDir);

impl Lists {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    fn put(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}

#[test]
fn n_47_each_kind_of_list_becomes_a_file_that_finds_its_passwords() {
    let lists = Lists::new();
    let sha1 = lists.put("sha1.txt", &format!("{SHA1}:42\n"));
    let plain = lists.put("plain.txt", &format!("{PASSWORD}\n\n"));
    lists.put(&format!("ranges/{}.txt", &SHA1[..5]), &format!("{}:3\r\n", &SHA1[5..]));
    let ranges = lists.path("ranges");
    for (words, note) in [
        (vec![sha1.as_str()], sha1.as_str()),
        (vec!["--plain", &plain], &plain),
        (vec![&ranges, "--note", "Ranges, 2026-10-01"], "Ranges, 2026-10-01"),
        (vec![&sha1, &ranges, "--seen-at-least", "40"], &format!("{sha1}, {ranges}")),
    ] {
        let to = lists.path("out.filter");
        let answer = typed(&[&["--output", "json", "breach", "build", "--to", &to], words.as_slice()].concat());
        assert_eq!((answer.exit, answer.err.as_str()), (Exit::Ok, ""), "{words:?}: {}", answer.out);
        let json = answer.json();
        assert_eq!((json["passwords"].as_u64(), json["note"].as_str()), (Some(1), Some(note)), "{words:?}");
        let list = BreachList::open(Path::new(&to)).unwrap();
        assert!(list.contains(PASSWORD).unwrap() && !list.contains("another one entirely").unwrap(), "{words:?}");
        assert_eq!(list.note(), note);
    }
}

#[test]
fn a_list_that_is_none_leaves_the_old_file_as_it_was() {
    let lists = Lists::new();
    let to = lists.put("out.filter", "the old file");
    let (text, folder) = (lists.put("text.txt", "not a digest\n"), lists.path("empty"));
    let sha1 = lists.put("sha1.txt", SHA1);
    lists.put("odd/names.txt", "x\n");
    fs::create_dir(&folder).unwrap();
    for (words, exit, told) in [
        (vec![text.as_str()], Exit::Failed, "line 1 is not a SHA-1"),
        (vec!["/nowhere.txt"], Exit::Failed, "cannot read `/nowhere.txt`"),
        (vec![&folder], Exit::Usage, "there is no file in"),
        (vec!["--plain", &folder], Exit::Usage, "--plain takes files"),
        (vec![&lists.path("odd")], Exit::Failed, "is not the first 5 digits of a SHA-1"),
        (vec![&sha1, "--note", &"x".repeat(2000)], Exit::Failed, "the source note is longer than"),
        (vec![], Exit::Usage, "required"),
    ] {
        let answer = typed(&[&["breach", "build", "--to", &to], words.as_slice()].concat());
        assert_eq!(answer.exit, exit, "{words:?}: {}", answer.err);
        assert!(answer.err.contains(told), "{words:?}: {}", answer.err);
        assert_eq!(fs::read_to_string(&to).unwrap(), "the old file", "{words:?}");
        assert!(!Path::new(&format!("{to}.partial")).exists(), "{words:?}");
    }
}

#[test]
fn progress_is_for_somebody_who_watches() {
    let lists = Lists::new();
    let sha1 = lists.put("sha1.txt", SHA1);
    let to = lists.path("out.filter");
    for watched in [false, true] {
        let (mut edge, _, err) = edge(&["breach", "build", &sha1, "--to", &to], &[]);
        edge.err_is_terminal = watched;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(run(edge)), Exit::Ok);
        assert_eq!(err.text().contains("\r1 lines read") && err.text().ends_with('\n'), watched, "{:?}", err.text());
    }
}
