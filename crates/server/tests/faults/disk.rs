//! R2: a disk that fails at one of the program's writes and syncs, and from then on, or once. Nothing is acknowledged that is not kept; a request
//! is refused, reading goes on, and when the disk works again so does the program, without a restart.
//!
//! Which call fails is counted by strace, in the one thread that writes. A short write is one that writes nothing: strace can not write half.

use std::time::Instant;

use crate::{
    entry::signs_in,
    house::{Clock, House, STEPS, Walk, can_trace},
    is_campaign, p99,
    people::Person,
    process::{Process, eventually},
    tracer::{CALLS, Tracer},
};

/// Beyond the lease of a job that nobody could give back.
const LATER_S: i64 = 150;

/// What a call comes to.
const FAILURES: [(&str, bool); 4] =
    [("error=EIO", true), ("error=ENOSPC", true), ("error=EINTR", false), ("retval=0", false)];

/// One fault: the call, which of them, and what it comes to.
#[derive(Clone, Copy, Debug)]
struct Fault {
    call: &'static str,
    number: usize,
    failure: (&'static str, bool),
    /// Whether the process is killed then, or the disk works again.
    kill: bool,
}

impl Fault {
    fn inject(&self) -> String {
        let (failure, lasts) = self.failure;
        format!("inject={}:{failure}:when={}{}", self.call, self.number, if lasts { "+" } else { "" })
    }
}

/// What was seen of all faults.
#[derive(Default)]
struct Seen {
    struck: usize,
    beyond: usize,
    lost: usize,
    refused_ms: Vec<u128>,
}

struct Scene {
    house: House,
    clock: Clock,
    person: Person,
}

impl Scene {
    async fn new(name: &str) -> Option<Self> {
        if !can_trace() {
            return None;
        }
        let (house, clock, person) = House::kept(name).await?;
        Some(Self { house, clock, person })
    }
    fn serve(&self) -> Process {
        self.house.serve_by(&self.clock).expect("faketime")
    }
    fn tracer(&self, process: &Process, inject: &str) -> Tracer {
        Tracer::on_files(process.id(), &self.house.path("strace"), &self.house.path("data"), inject)
    }

    /// How many calls of each kind the whole of a recovery makes, with what its end brings: the checkpoint of SQLite.
    async fn count(&self) -> Vec<(&'static str, usize)> {
        self.house.put_back();
        let mut process = self.serve();
        let tracer = self.tracer(&process, "");
        let mut walk = Walk::new(&self.house, &self.clock, &self.person, "granite ferry lantern 60");
        walk.until("hand in").await;
        self.house.reaches(&walk.case(), &["reviewed"]).await;
        assert!(process.terminate().success(), "{}", process.said());
        let seen = tracer.seen();
        CALLS.iter().map(|call| (*call, seen.matches(&format!(" {call}(")).count())).collect()
    }

    /// Steps until the fault strikes or the case is over.
    async fn until_struck(&self, walk: &mut Walk<'_>, tracer: &Tracer) -> bool {
        while walk.acknowledged.len() < STEPS.len() {
            if walk.acknowledged.len() == 1 {
                let known = ["verifying"].as_slice();
                if self.struck_before(walk, tracer, known).await {
                    return true;
                }
            }
            if let Err(page) = walk.step().await {
                assert!(tracer.has_struck(), "{} {}", page.path, page.html);
                assert!(page.status == 503 || page.status.is_success(), "{} {}", page.status, page.html);
                return true;
            }
        }
        self.struck_before(walk, tracer, &["reviewed"]).await
    }
    async fn struck_before(&self, walk: &Walk<'_>, tracer: &Tracer, states: &[&str]) -> bool {
        let case = walk.case();
        eventually("the fault, or the step", async || {
            let there = states.contains(&self.house.state(&case).as_str());
            (tracer.has_struck() || there).then(|| tracer.has_struck())
        })
        .await
    }

    /// While the disk does not work: refused at once, and what there is can be read.
    async fn refuses(&self, walk: &mut Walk<'_>, fault: Fault, seen: &mut Seen) {
        let began = Instant::now();
        let mut other = self.house.front.browser();
        let find = other.get("/recover?for=forgot").await;
        assert_eq!(find.status, 200, "pages are there");
        let page = other.fill(&find, &[("name", "nobody")]).await;
        if fault.failure.1 {
            assert_eq!(page.status, 503, "{fault:?}: {}", page.html);
            seen.refused_ms.push(began.elapsed().as_millis());
        }
        if walk.page.is_some() {
            let path = format!("/recover/{}", walk.case());
            assert_eq!(walk.browser.get(&path).await.status, 200, "{fault:?}: reading goes on");
        }
    }

    async fn play(&self, number: usize, fault: Fault, seen: &mut Seen) {
        self.house.put_back();
        self.clock.set(0);
        let mut process = self.serve();
        let mut tracer = self.tracer(&process, &fault.inject());
        let mut walk = Walk::new(
            &self.house,
            &self.clock,
            &self.person,
            &format!("amber walnut harbor {number} {}", fault.number),
        );
        let before = self.house.writes(&self.person);
        if !self.until_struck(&mut walk, &tracer).await {
            seen.beyond += 1;
            return;
        }
        seen.struck += 1;
        if fault.failure.1 {
            // Calls are counted in each thread, and the next connection has a new one: from here on all of them fail.
            tracer.let_go();
            tracer = self.tracer(&process, &format!("inject=pwrite64,fsync,fdatasync:{}", fault.failure.0));
        }
        self.refuses(&mut walk, fault, seen).await;
        if fault.kill {
            process.kill();
            tracer.let_go();
            process = self.serve();
        } else {
            tracer.let_go();
        }
        if !walk.is_kept().await {
            seen.lost += 1;
        }
        self.clock.set(LATER_S);
        walk.until("hand in").await;
        let case = walk.case();
        let stands = eventually("the end", async || {
            let page = walk.browser.get(&format!("/recover/{case}")).await;
            (page.path.ends_with("/done")).then_some(page)
        })
        .await;
        assert_eq!(stands.status, 200);
        let events = self.house.events(&case);
        assert_eq!(events.iter().filter(|event| event.starts_with("done")).count(), 1, "{fault:?}: {events:?}");
        assert_eq!(self.house.writes(&self.person) - before, 1, "{fault:?}: {events:?}");
        assert!(signs_in(self.house.slapd(), &self.person.name, &walk.new).await, "{fault:?}");
        self.house.is_sound();
        drop(process);
    }
}

/// The faults of this run: few of them, or all.
fn faults(counts: &[(&'static str, usize)]) -> Vec<Fault> {
    let mut all = Vec::new();
    for (call, count) in counts {
        for number in 1..=*count {
            for failure in FAILURES {
                // No sync is short.
                if *call == "pwrite64" || !failure.0.starts_with("retval") {
                    all.push(Fault { call, number, failure, kill: (number + all.len() / 4) % 2 == 0 });
                }
            }
        }
    }
    if is_campaign() {
        // Every one, or every n-th where an hour has to do; from another on, the rest on another day.
        let said = |name| std::env::var(name).ok().and_then(|value| value.parse().ok());
        let from = said("KEYWARD_CAMPAIGN_FROM").unwrap_or(0);
        return all.into_iter().skip(from).step_by(said("KEYWARD_CAMPAIGN_STEP").unwrap_or(1)).collect();
    }
    // Chosen over the whole range, and the same in each run.
    let step = (all.len() / 4).max(1);
    all.into_iter().skip(step / 2).step_by(step).take(4).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_t_i11_a_disk_that_fails_at_any_write_or_sync_loses_nothing_that_was_acknowledged() {
    let Some(scene) = Scene::new("nina").await else { return };
    let counts = scene.count().await;
    let (mut seen, all) = (Seen::default(), faults(&counts));
    for (number, fault) in all.iter().enumerate() {
        scene.play(number, *fault, &mut seen).await;
    }
    println!(
        "FIGURE r2: calls of one recovery {counts:?}, {} faults played, {} struck, {} beyond the end, acknowledged and not kept {}, \
         refused while the disk was full p99 {} ms",
        all.len(),
        seen.struck,
        seen.beyond,
        seen.lost,
        p99(&mut seen.refused_ms)
    );
    assert_eq!(seen.lost, 0);
    assert!(seen.struck > 0);
}

/// The requests that change something, as they begin; a path may be read in two pieces.
const CHANGES: [&str; 4] = ["POST /recover?", "/app HTTP", "/recovery-code HTTP", "/new/password HTTP"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_no_answer_leaves_before_its_change_is_synced() {
    let Some(scene) = Scene::new("otto").await else { return };
    scene.house.put_back();
    let process = scene.serve();
    let calls = "trace=read,recvfrom,write,writev,sendto,fsync,fdatasync";
    let args = ["-y", "-s", "80", "-e", calls];
    let mut tracer = Tracer::attach(process.id(), &scene.house.path("strace"), &args);
    let mut walk = Walk::new(&scene.house, &scene.clock, &scene.person, "velvet anchor prairie 29");
    walk.until("hand in").await;
    tracer.let_go();
    let checked = in_order(&tracer.seen());
    println!("FIGURE r2 order: {} answers, each behind the sync of its change", checked.len());
    assert_eq!(checked, CHANGES);
}

/// The changes that were answered; each answer has to come behind a sync of the log of the database.
fn in_order(seen: &str) -> Vec<&'static str> {
    let (mut checked, mut request, mut synced, mut syncing) = (Vec::new(), None, false, Vec::new());
    for line in seen.lines() {
        let thread = line.split_whitespace().next().unwrap_or_default();
        let is_sync = (line.contains(" fsync(") || line.contains(" fdatasync(")) && line.contains("keyward.db-wal");
        let ends_sync = line.contains("sync resumed>") && syncing.contains(&thread);
        if line.contains("\"POST /recover") {
            (request, synced) = (Some(String::new()), false);
        }
        if is_sync && line.contains("<unfinished") {
            syncing.push(thread);
        } else if (is_sync || ends_sync) && line.trim_end().ends_with("= 0") {
            syncing.retain(|other| *other != thread);
            synced = true;
        }
        let Some(text) = &mut request else { continue };
        text.push_str(line);
        if line.contains("\"HTTP/1.1 303") {
            if let Some(change) = CHANGES.iter().find(|change| text.contains(**change)) {
                assert!(synced, "an answer before any sync: {text}");
                checked.push(*change);
            }
            request = None;
        }
    }
    checked
}
