//! R5: one change, whatever the line to the directory does, and wherever the process is killed on the way. Nobody tells the program of the
//! fault: a proxy breaks the line, strace kills at a call.
//!
//! A case is told to be in one of three ways at every moment: changed and said so, not changed and said so, or begun and not answered. Begun
//! stands in the log before the directory is touched, blocks a second attempt, and is on the operator's list.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    entry::signs_in,
    house::{Clock, House, Walk, can_trace},
    is_campaign,
    people::Person,
    process::{Process, eventually},
    support::{proxy::Wire, skip},
    tracer::Tracer,
};

/// Beyond the lease of a job, and beyond the time after which a write can no longer arrive.
const LATER_S: i64 = 150;

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The line does this to the request that sets the password; the process lives.
    Line(Wire),
    /// The process is killed when the line has done this to a request that looks the account up after the hand-in, counted from 0; or, without a
    /// number, to the one that sets the password.
    KilledAtRequest(Option<usize>, Wire),
    /// The process is killed at a call to the database after the hand-in, counted from 1.
    KilledAtCall(&'static str, usize),
}

/// What could be seen of a case right after the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    /// Changed, and the log says so.
    Done,
    /// Not changed, and the log says so, or that nothing was begun.
    NotDone,
    /// Begun and not answered.
    InDoubt,
}

/// A house with somebody who stands before the field for a new password.
struct Scene {
    house: House,
    clock: Clock,
    person: Person,
    unique: String,
}

impl Scene {
    async fn new(name: &str) -> Option<Self> {
        let house = House::before_slapd().await?;
        let clock = Clock::new(&house);
        let person = house.somebody(name).await;
        let unique = crate::entry::unique(house.slapd(), &person.name).await;
        Some(Self { house, clock, person, unique })
    }
    /// As far as the field for a new password; then everything is kept as it is.
    async fn walk(&self) -> Option<Walk<'_>> {
        let Some(mut process) = self.house.serve_by(&self.clock) else {
            skip("faketime", "it is not installed");
            return None;
        };
        let mut walk = Walk::new(&self.house, &self.clock, &self.person, "");
        walk.until("code").await;
        assert!(process.terminate().success(), "{}", process.said());
        self.house.keep();
        Some(walk)
    }

    /// What the directory and the log say, which must not contradict each other.
    async fn seen(&self, walk: &Walk<'_>) -> Seen {
        let events = self.house.events(&walk.case());
        let opens = signs_in(self.house.slapd(), &self.person.name, &walk.new).await;
        let begun = events.iter().filter(|event| event.starts_with("started")).count();
        let answered = |answer: &str| events.iter().filter(|event| event.starts_with(answer)).count();
        let (done, not_done) = (answered("done"), answered("not_done"));
        match (begun - done - not_done, done) {
            (0, 1) => {
                assert!(opens, "the log says done: {events:?}");
                Seen::Done
            }
            (0, 0) => {
                assert!(!opens, "a change that nothing tells of: {events:?}");
                Seen::NotDone
            }
            (1, 0) => {
                let state = self.house.state(&walk.case());
                assert!(matches!(state.as_str(), "running" | "unknown"), "{state}: {events:?}");
                let list = self.house.keyward(&["--output", "json", "case", "list"]).succeed();
                let list: Value = serde_json::from_str(&list).unwrap();
                let shown = list["cases"].as_array().unwrap().iter().find(|row| row["reference"] == walk.case());
                assert_eq!(shown.expect("it is on the list")["state"], state.as_str());
                Seen::InDoubt
            }
            _ => panic!("begun twice without an answer: {events:?}"),
        }
    }

    /// Lets the fault happen. Whether the point was reached.
    async fn strike(&self, process: &mut Process, walk: &mut Walk<'_>, fault: Fault) -> bool {
        let wire = self.house.wire();
        match fault {
            Fault::Line(what) => {
                wire.arm(what, &walk.new);
                walk.until("hand in").await;
                if what == Wire::Holds {
                    tokio::task::block_in_place(|| wire.wait_for_request());
                    self.house.reaches(&walk.case(), &["unknown"]).await;
                    wire.let_go();
                } else {
                    let any = ["reviewing", "reviewed", "unknown", "reissuing"];
                    let states = if what == Wire::Twice { &any[..2] } else { &any[..] };
                    eventually("the fault", async || wire.has_come().then_some(())).await;
                    self.house.reaches(&walk.case(), states).await;
                }
                true
            }
            Fault::KilledAtRequest(spare, what) => {
                match spare {
                    Some(spare) => wire.arm_after(spare, what, &self.unique),
                    None => wire.arm(what, &walk.new),
                }
                walk.until("hand in").await;
                let case = walk.case();
                let reached = eventually("the request, or the end without it", async || {
                    let over = self.house.state(&case) == "reviewed";
                    (wire.has_come() || over).then(|| wire.has_come())
                })
                .await;
                process.kill();
                wire.let_go();
                reached
            }
            Fault::KilledAtCall(call, number) => {
                let data = self.house.path("data");
                let inject = format!("inject={call}:signal=KILL:when={number}");
                let mut tracer = Tracer::on_files(process.id(), &self.house.path("strace"), &data, &inject);
                // The answer may be lost with the process; then nothing was acknowledged.
                let _ = walk.step().await;
                let case = walk.case();
                let reached = eventually("the call, or the end without it", async || {
                    let over = self.house.state(&case) == "reviewed";
                    let ended = process.has_ended();
                    (ended || over).then_some(ended)
                })
                .await;
                tracer.let_go();
                process.kill();
                reached
            }
        }
    }

    /// One case from the hand-in to the end. What was seen right after the fault, or None if the case was over before.
    async fn play(&self, start: &Walk<'_>, number: usize, fault: Fault) -> Option<Seen> {
        self.house.put_back();
        self.clock.set(0);
        let before = self.house.writes(&self.person);
        let mut process = self.house.serve_by(&self.clock).expect("faketime");
        let mut walk =
            Walk::new(&self.house, &self.clock, &self.person, &format!("slate otter canyon {number} {before}"));
        (walk.browser, walk.page, walk.acknowledged) =
            (start.browser.clone(), start.page.clone(), start.acknowledged.clone());
        let reached = self.strike(&mut process, &mut walk, fault).await;
        let seen = self.seen(&walk).await;
        assert!(walk.is_kept().await, "what was acknowledged is kept");

        // The line is whole again, whoever was killed is back, and enough time passes for nothing to be on its way any more.
        self.house.wire().let_go();
        self.house.wire().arm(Wire::Whole, "");
        self.clock.set(LATER_S);
        if process.has_ended() {
            process = self.house.serve_by(&self.clock).expect("faketime");
        }
        self.to_the_end(&mut walk).await;
        let events = self.house.events(&walk.case());
        let done = events.iter().filter(|event| event.starts_with("done")).count();
        assert_eq!(done, 1, "{fault:?}: {events:?}");
        assert!(signs_in(self.house.slapd(), &self.person.name, &walk.new).await, "{fault:?}");
        // Each attempt is begun before it is sent, so there are never more writes than beginnings; but for the line that doubles one.
        let begun = events.iter().filter(|event| event.starts_with("started")).count();
        let doubled = usize::from(matches!(fault, Fault::Line(Wire::Twice)));
        let writes = self.house.writes(&self.person) - before;
        assert!((1..=begun + doubled).contains(&writes), "{fault:?}: {writes} writes, {events:?}");
        drop(process);
        reached.then_some(seen)
    }

    /// Until the case is over; where nothing was changed, the person hands the password in once more.
    async fn to_the_end(&self, walk: &mut Walk<'_>) {
        let case = walk.case();
        for _ in 0..3 {
            if !walk.acknowledged.contains(&"submitted") {
                walk.until("hand in").await;
            }
            let path = format!("/recover/{case}");
            let stands = eventually("the worker is done", async || {
                let page = walk.browser.get(&path).await;
                (!page.status.is_server_error() && !page.path.ends_with("/working")).then_some(page)
            })
            .await;
            if stands.path.ends_with("/new/password") {
                assert!(!signs_in(self.house.slapd(), &self.person.name, &walk.new).await, "nothing was changed");
                walk.acknowledged.pop();
                continue;
            }
            assert!(stands.path.ends_with("/done"), "{} {}", stands.path, stands.html);
            return;
        }
        panic!("it does not come to an end: {:?}", self.house.events(&case));
    }
}

/// Plays these, and says what was seen.
async fn play_all(row: &str, name: &str, faults: impl IntoIterator<Item = Fault>) {
    let Some(scene) = Scene::new(name).await else { return };
    let Some(walk) = scene.walk().await else { return };
    let mut counts: BTreeMap<Seen, usize> = BTreeMap::new();
    let (mut played, mut beyond) = (0, 0);
    for (number, fault) in faults.into_iter().enumerate() {
        played += 1;
        match scene.play(&walk, number, fault).await {
            Some(seen) => *counts.entry(seen).or_default() += 1,
            None => beyond += 1,
        }
    }
    println!(
        "FIGURE {row}: {played} cases, right after the fault {counts:?}, over before it {beyond}, silent 0, in the end all done once"
    );
    assert!(beyond < played, "no fault was reached: {counts:?}");
}

/// What a line does to the request that sets the password.
const LINES: [Wire; 8] = [
    Wire::LosesAnswer,
    Wire::Late,
    Wire::Twice,
    Wire::LosesRequest,
    Wire::SwallowsAnswer,
    Wire::SwallowsRequest,
    Wire::Holds,
    Wire::Lies,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r5_t_e10_a_line_that_drops_doubles_delays_or_lies_leaves_one_change_and_one_answer() {
    let lines = if is_campaign() { &LINES[..] } else { &LINES[..3] };
    play_all("r5 line", "ivo", lines.iter().map(|wire| Fault::Line(*wire))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r5_t_e09_a_process_killed_at_any_request_to_the_directory_leaves_one_change_and_one_answer() {
    let ways = [Wire::SwallowsRequest, Wire::Late, Wire::SwallowsAnswer];
    let all = (0..4).map(Some).chain([None]).flat_map(|spare| ways.map(|wire| Fault::KilledAtRequest(spare, wire)));
    let all: Vec<_> = all.collect();
    let few =
        [Fault::KilledAtRequest(Some(1), Wire::SwallowsRequest), Fault::KilledAtRequest(None, Wire::SwallowsAnswer)];
    play_all("r5 killed at a request", "jana", if is_campaign() { all } else { few.to_vec() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r5_t_e09_a_process_killed_at_any_write_to_its_database_leaves_one_change_and_one_answer() {
    if !can_trace() {
        return;
    }
    let few = [("fsync", 2), ("pwrite64", 20)].map(|(call, number)| Fault::KilledAtCall(call, number));
    let syncs = (1..=16).map(|number| Fault::KilledAtCall("fsync", number));
    let writes = (1..200).step_by(5).map(|number| Fault::KilledAtCall("pwrite64", number));
    let all: Vec<_> = syncs.chain(writes).collect();
    play_all("r5 killed at a write", "kai", if is_campaign() { all } else { few.to_vec() }).await;
}
