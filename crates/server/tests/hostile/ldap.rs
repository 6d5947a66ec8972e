//! What is typed and a real slapd: searches as slapd's own log has them (T-J01), and a directory that is away or says nothing (T-K07).

use crate::{
    house::{House, ask, sign_in},
    process::eventually,
    support::{
        proxy::{Proxy, Wire},
        slapd,
    },
    wire::Request,
};

/// Names that are filters or parts of one, and the only filter in which slapd may see them; none where they are no name.
const NAMES: [(&str, Option<&str>); 12] = [
    ("*", Some("\\2a")),
    ("ada.abel)(uid=*", Some("ada.abel\\29\\28uid=\\2a")),
    ("*)(userpassword=a*", Some("\\2a\\29\\28userpassword=a\\2a")),
    ("(|(uid=*))", Some("\\28|\\28uid=\\2a\\29\\29")),
    ("ada.abe*", Some("ada.abe\\2a")),
    ("ada.abel)(&", Some("ada.abel\\29\\28&")),
    ("\\2a", None),
    ("ada.abel,ou=people", Some("ada.abel,ou=people")),
    ("#ada.abel", Some("#ada.abel")),
    ("ada.abel+cn=x", Some("ada.abel+cn=x")),
    ("ada.abel\0", None),
    ("ada\nabel", None),
];

/// The filters of every search for a name so far.
fn searches(slapd: &slapd::Slapd) -> Vec<String> {
    let log = slapd.log();
    let filters = log.lines().filter(|line| line.contains("SRCH base=")).filter_map(|line| line.split_once("filter="));
    filters
        .map(|(_, filter)| filter.to_lowercase())
        .filter(|filter| filter.contains("(uid=") && !filter.contains("keyward-looks"))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_j01_what_is_typed_at_any_door_is_one_escaped_value_of_one_search_and_matches_nobody() {
    let Some(slapd) = slapd::own() else { return };
    let house = House::before_slapd(slapd.port).await;
    let inside = house.inside().await;
    for (number, (name, escaped)) in NAMES.iter().enumerate() {
        let mut browser = house.browser();
        browser.address = [198, 51, 100 + u8::try_from(number).unwrap(), 7].into();
        let before = searches(&slapd).len();
        let refused = sign_in(&mut browser, name, "Start-ada.abel-1").await;
        assert!(refused.path.starts_with("/sign-in"), "{name}: {refused:?}");
        let how = ask(&mut browser, name).await;
        assert!(how.path.ends_with("/how"), "{name}: {how:?}");
        let reference = how.reference();
        eventually(&format!("`{name}` is looked up"), async || {
            let cases = inside.flow.store.cases(&Default::default(), None, 100).await.unwrap();
            let case = cases.into_iter().find(|case| case.reference.to_string() == reference).unwrap();
            let state = format!("{:?}", case.state).to_lowercase();
            assert!(!state.contains("verifying"), "`{name}` is somebody's");
            state.contains("unmatched").then_some(())
        })
        .await;
        let made = searches(&slapd).split_off(before);
        let Some(escaped) = escaped else { continue };
        assert_eq!(made.len(), 2, "one search at each door: {name}: {made:?}");
        for filter in made {
            assert!(filter.contains(&format!("(uid={escaped})")), "{name}: {filter}");
        }
    }
    // The same words open the account of whoever has it.
    let mut browser = house.browser();
    browser.address = [198, 51, 99, 7].into();
    assert_eq!(sign_in(&mut browser, "ada.abel", "Start-ada.abel-1").await.path, "/me");
}

/// Opens cases as many people do, and looks whether the process is well.
fn starts(house: &House, network: u8) {
    for number in 0..20 {
        let request = Request::form("/recover", &[("name", &format!("ben.abel{number}")), ("for", "forgot")]);
        let answer = request.from(&format!("10.{network}.{number}.1")).ask(house.at);
        assert_eq!(answer.status, 303, "{answer:?}");
    }
    assert_eq!(Request::new("GET /healthz").ask(house.at).status, 200);
    assert_eq!(Request::new("GET /").ask(house.at).status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_k07_while_the_directory_is_away_or_says_nothing_cases_open_and_wait_and_then_go_on() {
    let Some(slapd) = slapd::own() else { return };
    let wire = Proxy::before(slapd.port);
    wire.arm(Wire::Refuses, "");
    let house = House::before_slapd(wire.port).await;
    starts(&house, 21);
    // Half open: every question arrives and no answer comes back, so that each place of the worker waits as long as it may.
    wire.arm(Wire::SwallowsAnswer, "uid");
    starts(&house, 22);
    starts(&house, 23);
    let inside = house.inside().await;
    let states = async || {
        let cases = inside.flow.store.cases(&Default::default(), None, 1000).await.unwrap();
        assert_eq!(cases.len(), 60);
        cases.iter().filter(|case| format!("{:?}", case.state).contains("Classifying")).count()
    };
    assert_eq!(states().await, 60, "nobody knows yet whose they are, and none is lost");
    wire.arm(Wire::Whole, "");
    eventually("every case is looked up", async || (states().await == 0).then_some(())).await;
    let mut browser = house.browser();
    assert_eq!(sign_in(&mut browser, "ada.abel", "Start-ada.abel-1").await.path, "/me");
}
