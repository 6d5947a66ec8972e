//! R20: clocks that jump, ahead and back, an hour and ten years, while somebody is on the way and while nothing runs. Nothing that has run out
//! comes back, and time in a case never goes back. How the clock of the process does that, without a machine around it, is a test of `ctx.rs`.

use crate::{
    entry::signs_in,
    house::{Clock, House, STEPS, Walk},
    is_campaign,
    people::Person,
    process::{Process, eventually},
};

/// A leap second, as Linux plays it: 23:59:59 comes twice.
const LEAP_S: i64 = 1;
const MINUTE_S: i64 = 60;
const HOUR_S: i64 = 60 * MINUTE_S;
const YEARS_S: i64 = 10 * 365 * 24 * HOUR_S;

struct Scene {
    house: House,
    clock: Clock,
    person: Person,
}

impl Scene {
    async fn new(name: &str) -> Option<Self> {
        let (house, clock, person) = House::kept(name).await?;
        Some(Self { house, clock, person })
    }
    /// A new process on the files as they were.
    fn serve(&self) -> Process {
        self.house.put_back();
        self.clock.set(0);
        self.house.serve_by(&self.clock).expect("faketime")
    }
    fn walk(&self, new: &str) -> Walk<'_> {
        Walk::new(&self.house, &self.clock, &self.person, new)
    }
    /// In every case each entry is at the time of the one before, or later; and the log is at none that is before any of them.
    fn times_never_go_back(&self) {
        let database = self.house.database();
        let back = "SELECT COUNT(*) FROM entries AS one JOIN entries AS next ON next.case_id = one.case_id
            AND next.seq = one.seq + 1 WHERE next.at_ms < one.at_ms";
        let behind = "SELECT COUNT(*) FROM entries, log_head WHERE entries.at_ms > log_head.at_ms";
        for query in [back, behind] {
            let found: i64 = database.query_row(query, [], |row| row.get(0)).unwrap();
            assert_eq!(found, 0, "{query}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r20_t_i06_a_clock_that_is_set_back_in_the_middle_stops_nobody_and_no_time_goes_back() {
    let Some(scene) = Scene::new("quin").await else { return };
    let all = [-HOUR_S, -YEARS_S, -2 * MINUTE_S, -LEAP_S];
    for by_s in if is_campaign() { &all[..] } else { &all[1..2] } {
        let process = scene.serve();
        let mut walk = scene.walk(&format!("maple badger tundra {}", -by_s));
        for (number, (step, _)) in STEPS.iter().enumerate() {
            walk.until(step).await;
            // Every step further back.
            scene.clock.turn_to(by_s * i64::try_from(number + 1).unwrap());
        }
        scene.house.reaches(&walk.case(), &["reviewed"]).await;
        assert!(signs_in(scene.house.slapd(), &scene.person.name, &walk.new).await);
        let is_said = process.said().contains("the clock of this machine was set back");
        assert_eq!(is_said, *by_s != -LEAP_S, "it is said, but for a leap second");
        scene.times_never_go_back();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r20_t_i06_a_clock_that_jumps_ahead_ends_what_was_open_and_gives_nobody_more_time() {
    let Some(scene) = Scene::new("rosa").await else { return };
    for ahead_s in [HOUR_S, YEARS_S] {
        let process = scene.serve();
        let before = scene.house.writes(&scene.person);
        let mut walk = scene.walk(&format!("cedar falcon harbor {ahead_s}"));
        walk.until("code").await;
        scene.clock.set(ahead_s);
        let page = walk.step().await.expect_err("the time for a new password is over");
        assert!(!page.status.is_server_error(), "{} {}", page.status, page.html);
        // Back again it stays over.
        scene.clock.set(0);
        let page = walk.step().await.expect_err("and stays over");
        assert!(!page.status.is_server_error(), "{} {}", page.status, page.html);
        assert_eq!(scene.house.writes(&scene.person), before, "nothing was changed");
        assert!(process.said().contains("the clock of this machine was set ahead"), "it is said");
        scene.times_never_go_back();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r20_t_i06_a_clock_that_was_set_back_while_nothing_ran_brings_nothing_back() {
    let Some(scene) = Scene::new("sven").await else { return };
    let mut process = scene.serve();
    let mut walk = scene.walk("cobalt heron orchard 83");
    walk.until("code").await;
    process.kill();

    for back_s in [2 * 24 * HOUR_S, HOUR_S, 11 * MINUTE_S] {
        scene.clock.set(-back_s);
        let call = scene.house.keyward(&["serve"]).later_by(&scene.house.path("clock")).expect("faketime");
        let mut refused = call.start(&scene.house.path("output"));
        assert_eq!(refused.ends(), Some(1), "{}", refused.said());
        assert!(refused.complaint().contains("behind what is in the database"), "{}", refused.complaint());
    }
    // As little as replicas may be apart: it goes on from what was seen, and not from before it.
    scene.clock.set(-5 * MINUTE_S);
    let process = scene.house.serve_by(&scene.clock).expect("faketime");
    let before = walk.page.clone().expect("a page");
    let page = walk.browser.get(&before.path).await;
    assert_eq!(page.path, before.path, "the time that was left is left");
    let another = eventually("another case", async || {
        let mut browser = scene.house.front.browser();
        let find = browser.get("/recover?for=forgot").await;
        let page = browser.fill(&find, &[("name", "nobody")]).await;
        page.status.is_success().then_some(page)
    })
    .await;
    let database = scene.house.database();
    let times =
        "SELECT MIN(at_ms) - (SELECT MAX(at_ms) FROM entries JOIN cases ON cases.id = case_id WHERE reference = ?2)
        FROM entries JOIN cases ON cases.id = case_id WHERE reference = ?1";
    let between = database.query_row(times, [another.reference(), walk.case()], |row| row.get::<_, i64>(0));
    assert!(between.unwrap() >= 0, "the new case is not before the old one");
    scene.times_never_go_back();
    drop(process);
}
