//! R4, and R2 in earnest: no log, no change. At each step the database is made unwritable, read-only or blocked by somebody else; the step is
//! refused, the directory is not touched without a beginning in the log, and afterwards the case goes on. And a disk that is really full.

use std::{fs, path::Path, process::Command, time::Instant};

use rusqlite::Connection;

use crate::{
    entry::signs_in,
    house::{Clock, House, STEPS, Walk, can_trace, connect},
    is_campaign, p99,
    people::Person,
    process::{Process, eventually, until},
    support::{proxy::Wire, skip},
    tracer::Tracer,
};

const LATER_S: i64 = 150;

/// Why nothing can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Full,
    ReadOnly,
    Blocked,
}

/// What keeps the database from being written, as long as it is there.
enum Hindrance {
    Disk(Tracer),
    Writer(Connection),
}

impl Hindrance {
    async fn put(why: Why, house: &House, process: &Process) -> Self {
        let data = house.path("data");
        let disk = |inject| Self::Disk(Tracer::on_files(process.id(), &house.path("strace"), &data, inject));
        match why {
            Why::Full => disk("inject=pwrite64:error=ENOSPC"),
            Why::ReadOnly => disk("inject=pwrite64:error=EROFS"),
            Why::Blocked => {
                let writer = connect(&data.join("keyward.db"));
                eventually("the database is blocked", async || writer.execute_batch("BEGIN IMMEDIATE").ok()).await;
                Self::Writer(writer)
            }
        }
    }
    fn lift(self) {
        match self {
            Self::Disk(mut tracer) => tracer.let_go(),
            Self::Writer(writer) => writer.execute_batch("ROLLBACK").unwrap(),
        }
    }
}

/// Where it happens: at a step of the person, when the worker is about to begin, or when the directory is about to be changed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Step(&'static str),
    Start,
    Record,
}

struct Scene {
    house: House,
    clock: Clock,
    person: Person,
    unique: String,
    refused_ms: Vec<u128>,
}

impl Scene {
    async fn new(name: &str) -> Option<Self> {
        if !can_trace() {
            return None;
        }
        let (house, clock, person) = House::kept(name).await?;
        let unique = crate::entry::unique(house.slapd(), &person.name).await;
        Some(Self { house, clock, person, unique, refused_ms: Vec::new() })
    }

    async fn play(&mut self, number: usize, moment: Moment, why: Why) {
        self.house.put_back();
        self.clock.set(0);
        let (before, process) = (self.house.writes(&self.person), self.house.serve_by(&self.clock).expect("faketime"));
        let mut walk =
            Walk::new(&self.house, &self.clock, &self.person, &format!("copper violin harvest {number} {before}"));
        let what = format!("{moment:?} {why:?}");
        let (unique, new) = (self.unique.clone(), walk.new.clone());
        let hindrance = match moment {
            Moment::Step(name) => {
                let index = STEPS.iter().position(|(step, _)| *step == name).unwrap();
                if index > 0 {
                    walk.until(STEPS[index - 1].0).await;
                }
                if index == 1 {
                    walk.is_known().await;
                }
                let hindrance = Hindrance::put(why, &self.house, &process).await;
                let began = Instant::now();
                let page = walk.step().await.expect_err("nothing can be written");
                assert_eq!(page.status, 503, "{what}: {}", page.html);
                self.refused_ms.push(began.elapsed().as_millis());
                hindrance
            }
            Moment::Start => self.at_request(&mut walk, &process, why, &unique).await,
            Moment::Record => self.at_request(&mut walk, &process, why, &new).await,
        };
        // The directory is as it was, or the log said before that it begins.
        let changed = self.house.writes(&self.person) - before;
        assert_eq!(changed, usize::from(matches!(moment, Moment::Record)), "{what}");
        if matches!(moment, Moment::Record) {
            let events = self.house.events(&walk.case());
            assert_eq!(events.last().map(String::as_str), Some("started 1"), "{what}: {events:?}");
        }
        hindrance.lift();
        if matches!(moment, Moment::Record) {
            // What the directory answered was kept: it is written as it was, and nobody has to look.
            self.house.reaches(&walk.case(), &["reviewed"]).await;
            let events = self.house.events(&walk.case());
            assert!(
                events.contains(&"done 1".to_owned()) && !events.contains(&"unknown 1".to_owned()),
                "{what}: {events:?}"
            );
        }
        self.clock.set(LATER_S);
        walk.until("hand in").await;
        let case = walk.case();
        self.house.reaches(&case, &["reviewed"]).await;
        assert_eq!(self.house.writes(&self.person) - before, 1, "{what}: once");
        assert!(signs_in(self.house.slapd(), &self.person.name, &walk.new).await, "{what}");
        drop(process);
    }

    /// Hinders when the worker sends the first request with this word, until the worker has noticed.
    async fn at_request(&self, walk: &mut Walk<'_>, process: &Process, why: Why, word: &str) -> Hindrance {
        walk.until("code").await;
        self.house.wire().arm(Wire::Holds, word);
        walk.until("hand in").await;
        tokio::task::block_in_place(|| self.house.wire().wait_for_request());
        let hindrance = Hindrance::put(why, &self.house, process).await;
        self.house.wire().let_go();
        until("the worker notices", || process.said().contains("\"kind\":\"reissue\"").then_some(()));
        hindrance
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r4_t_i11_without_a_log_no_step_is_taken_and_no_directory_is_touched() {
    let Some(mut scene) = Scene::new("pia").await else { return };
    let moments = STEPS.map(|(name, _)| Moment::Step(name)).into_iter().chain([Moment::Start, Moment::Record]);
    let moments: Vec<_> = moments.collect();
    let mut all: Vec<_> =
        moments.iter().flat_map(|moment| [Why::Full, Why::ReadOnly, Why::Blocked].map(|why| (*moment, why))).collect();
    if !is_campaign() {
        // Each moment once, each reason twice.
        all = all
            .into_iter()
            .enumerate()
            .filter(|(number, _)| number % 3 == (number / 3) % 3)
            .map(|(_, one)| one)
            .collect();
    }
    for (number, (moment, why)) in all.iter().enumerate() {
        scene.play(number, *moment, *why).await;
    }
    println!(
        "FIGURE r4: {} faults at {} moments, changes without a beginning in the log 0, refused p99 {} ms",
        all.len(),
        moments.len(),
        p99(&mut scene.refused_ms)
    );
}

/// A file system of four megabytes, for as long as it is there.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn mount(at: &'a Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(at);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        if !mounted {
            skip("a small file system", "this user may not mount one");
        }
        mounted.then_some(Self(at))
    }
    fn fill(&self) {
        // The last write is a short one; an error says that nothing more goes in.
        let _ = fs::write(self.0.join("filler"), vec![0; 8 << 20]);
        let _ = fs::write(self.0.join("filler2"), vec![0; 1 << 16]);
    }
    fn make_room(&self) {
        for name in ["filler", "filler2"] {
            fs::remove_file(self.0.join(name)).unwrap();
        }
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_t_i11_a_disk_that_is_full_refuses_keeps_all_and_goes_on_when_there_is_room() {
    let house = House::alone().await;
    let data = house.path("data");
    let Some(disk) = Small::mount(&data) else { return };
    let (mut process, mut browser) = (house.serve(), house.front.browser());
    let mut opened = Vec::new();
    for round in 0..3 {
        let find = browser.get("/recover?for=forgot").await;
        opened.push(browser.fill(&find, &[("name", &format!("nobody-{round}"))]).await.reference());
        disk.fill();
        let began = Instant::now();
        let mut refused = 0;
        // What room is left in the files themselves takes a few more.
        let page = eventually("it is full", async || {
            let find = browser.get("/recover?for=forgot").await;
            let page = browser.fill(&find, &[("name", &format!("more-{round}"))]).await;
            refused += 1;
            if page.status.is_success() {
                opened.push(page.reference());
            }
            page.status.is_server_error().then_some(page)
        })
        .await;
        assert_eq!(page.status, 503, "{}", page.html);
        println!("FIGURE r2 full: refused after {refused} requests, {} ms", began.elapsed().as_millis());
        let kept = browser.get(&format!("/recover/{}", opened[0])).await;
        assert_eq!(kept.status, 200, "reading goes on");
        disk.make_room();
    }
    let find = browser.get("/recover?for=forgot").await;
    opened.push(browser.fill(&find, &[("name", "nobody-at-all")]).await.reference());
    assert!(process.terminate().success(), "{}", process.said());
    for reference in &opened {
        assert_eq!(house.events(reference)[0], "opened");
    }
    house.is_sound();
}
