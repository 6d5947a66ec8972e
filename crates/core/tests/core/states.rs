//! R7: every state of a case. A search, breadth first, through all that small alphabets of people, proofs, answers and moments can make of a case.
//! Two states are one when nothing that can follow tells them apart. What is not here: clocks that go back, which the random walks have.

use std::{
    collections::{HashMap, VecDeque},
    rc::Rc,
};

use keyward_core::{
    account::{Action, Class, Method},
    case::{Case, Command, Ending, Refusal, Stage, Surroundings},
    digest::{Digest, Field},
    event::{ContestedFrom, EndReason, Unmatched},
    ids::{EvidenceId, FactorId, PersonId},
    risk::{Risk, Signal},
    steps::{
        classify::Classification,
        reissue::{Attempt, Check, CheckKind, CheckResult, Outcome},
        review::{Finding, Item, Notice, NoticeAbout, Review, Status},
        verify::{Evidence, RejectionReason, Source},
    },
    time::{HOUR_MS, MINUTE_MS, Timestamp},
};

use crate::{
    fixture::{
        START, actor, approval, calm, campaign, classification, commitment, evidence, opened, person, policy_once,
        recorded, sheet, tag,
    },
    invariants::{Held, Watch, Write},
    walks::review,
};

/// The moments, in minutes from the start: fresh; proofs stale; the permission over; the first steps over; the wait for people over; a day, at which
/// a hold ends; some hours behind it; the day to come back in over; too late for "not me".
const MOMENTS: [i64; 9] = [0, 16, 31, 61, 4 * 60 + 2, 24 * 60, 29 * 60, 49 * 60, 122 * 60];

/// Of so many states that were reached again, one is compared with the first that was like it.
const COMPARED: usize = 97;

/// One small world to search.
struct World {
    name: &'static str,
    class: Class,
    /// What the account may turn out to be when it is looked at again.
    other: Class,
    action: Action,
    proofs: &'static [u8],
    approvers: &'static [u8],
    around: fn() -> [Surroundings; 2],
    rejects: &'static [Method],
    factors: &'static [Option<u8>],
}

/// A letter of the alphabet of proofs. Its number is its id.
fn proof(n: u8, at: Timestamp) -> Evidence {
    let method = match n {
        1 | 2 => Method::Totp,
        3 => Method::Email,
        4 => Method::RecoveryCode,
        5 | 9 => Method::Passkey,
        6 => Method::DirectoryPassword,
        7 => Method::InPerson,
        _ => Method::KnownDevice,
    };
    let mut proof = evidence(method, n, at);
    proof.id = EvidenceId::new(START, [n; 10]);
    match n {
        // The mailbox is read on the phone that has the app.
        3 => proof.sources.push(Source::Device { tag: tag(100 + 2) }),
        // Enrolled a moment ago.
        5 => proof.usable_from = at.plus_ms(1),
        // What is being recovered.
        6 => proof.sources = vec![Source::Password { directory: "embedded".into() }],
        10 => proof.subject = person(3),
        // Never counts.
        11 => proof.until = at,
        _ => {}
    }
    proof
}

fn usual_or_not() -> [Surroundings; 2] {
    [calm(), Surroundings { risk: Risk::of([Signal::RecentContest, Signal::RecentFailures]), ..calm() }]
}

fn day_or_night() -> [Surroundings; 2] {
    [calm(), Surroundings { business_hours: false, next_business: Some(START.plus_ms(24 * HOUR_MS)), ..calm() }]
}

const STANDARD: World = World {
    name: "standard",
    class: Class::Standard,
    other: Class::Admin,
    action: Action::SetPassword,
    proofs: &[1, 4, 5, 9],
    approvers: &[2],
    around: usual_or_not,
    rejects: &[],
    factors: &[None],
};
const ADMIN: World = World {
    name: "admin",
    class: Class::Admin,
    other: Class::Standard,
    proofs: &[1, 7, 9],
    approvers: &[1, 2, 4, 7],
    around: day_or_night,
    ..STANDARD
};
const INDEPENDENCE: World =
    World { name: "independence", other: Class::Finance, proofs: &[1, 2, 3, 6, 10, 11], approvers: &[], ..STANDARD };
const REMOVAL: World = World {
    name: "removal",
    action: Action::RemoveFactor,
    proofs: &[4, 8],
    approvers: &[],
    factors: &[None, Some(4), Some(99)],
    ..STANDARD
};
const TRIES: World = World { name: "tries", proofs: &[1, 4], approvers: &[], rejects: &[Method::Totp], ..STANDARD };
const MORE_TRIES: World =
    World { name: "more tries", proofs: &[1, 2, 4], rejects: &[Method::Totp, Method::Email], ..STANDARD };
const MANY: World = World { name: "many", proofs: &[1, 3, 4, 7, 8], approvers: &[2, 7], ..STANDARD };

impl World {
    fn account(&self, class: Class) -> Classification {
        classification(class)
    }

    /// Everything that anybody may try at this state.
    fn commands(&self, case: &Case, at: Timestamp) -> Vec<(String, Command)> {
        let mut all: Vec<(String, Command)> = Vec::new();
        let mut add = |label: String, command| all.push((label, command));
        add("classify".into(), Command::Classify(self.account(self.class)));
        add("unmatch".into(), Command::Unmatch(Unmatched::Unknown));
        for (n, around) in (self.around)().into_iter().enumerate() {
            for letter in self.proofs {
                add(format!("present {letter} in {n}"), Command::Present(proof(*letter, at), around.clone()));
            }
            for by in self.approvers {
                let yes = approval(*by, &[["desk", "security"][usize::from(by / 4) % 2]], case, at);
                let mut stale = yes.clone();
                stale.seen = Digest::of(b"another state");
                add(format!("approve {by} in {n}"), Command::Approve(yes, around.clone()));
                add(format!("approve {by} of another state"), Command::Approve(stale, around.clone()));
            }
            add(format!("ask in {n}"), Command::Ask(around));
        }
        for method in self.rejects {
            add(format!("reject {method}"), Command::Reject(*method, RejectionReason::Mismatch));
        }
        for factor in self.factors {
            let factor = factor.map(|n| if n == 4 { sheet() } else { FactorId::new(START, [n; 10]) });
            add(format!("submit {factor:?}"), Command::Submit { sealed: Some(tag(1)), factor });
        }
        all.extend(self.work(case).into_iter().map(|(label, command)| (label.to_owned(), command)));
        all.extend(endings().map(|(label, command)| (label.to_owned(), command)));
        all
    }

    /// What the worker may do: begin, crash and begin again, answer, answer the wrong attempt, look.
    fn work(&self, case: &Case) -> Vec<(&'static str, Command)> {
        let mut stranger = self.account(self.class);
        stranger.subject = person(3);
        let attempt = match case.stage() {
            Stage::Reissuing(_, Attempt::Running(submission) | Attempt::Unknown(submission)) => submission.attempt,
            _ => 1,
        };
        let mut half = recorded(attempt, Outcome::Done);
        half.checks.push(Check { what: CheckKind::OldRefused, result: CheckResult::Failed });
        let refused = || Outcome::NotDone { reason: "quality".into() };
        let unknown = || Outcome::Unknown { reason: "timeout".into() };
        vec![
            ("start", Command::Start(self.account(self.class))),
            ("start as another class", Command::Start(self.account(self.other))),
            ("start for another person", Command::Start(stranger)),
            ("record done", Command::Record(recorded(attempt, Outcome::Done))),
            ("record not done", Command::Record(recorded(attempt, refused()))),
            ("record unknown", Command::Record(recorded(attempt, unknown()))),
            ("record half a success", Command::Record(half)),
            ("record another attempt", Command::Record(recorded(attempt + 1, Outcome::Done))),
        ]
    }
}

fn endings() -> impl Iterator<Item = (&'static str, Command)> {
    let address = commitment(Field::Address, "a");
    let one = Review { findings: vec![Finding { item: Item::Change, status: Status::Clear }] };
    [
        ("notice", Command::Notice(Notice { about: NoticeAbout::Done, address, delivered: true })),
        ("review by keyward", Command::Review { review: review(false), by_human: false }),
        ("review a problem by keyward", Command::Review { review: review(true), by_human: false }),
        ("review a problem by a human", Command::Review { review: review(true), by_human: true }),
        ("review one line", Command::Review { review: one, by_human: true }),
        ("replace the code", Command::ReplaceCode { factor: sheet() }),
        ("replace another code", Command::ReplaceCode { factor: FactorId::new(START, [99; 10]) }),
        ("withdraw", Command::End(EndReason::Withdrawn)),
        ("deny", Command::End(EndReason::Denied)),
        ("expire", Command::End(EndReason::Expired)),
        ("contest", Command::Contest(ContestedFrom::Page)),
    ]
    .into_iter()
}

/// All that can make a difference to what follows. Forgotten: the digest and the number, which every entry changes; when a proof was given, beyond
/// whether it is fresh; what the gates said; notices; why a case ended; after the change, everything but the change and a code to replace.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    moment: usize,
    stage: (u8, u32),
    class: Option<Class>,
    proofs: Vec<(EvidenceId, bool, bool)>,
    approvals: Vec<PersonId>,
    times: [Option<Timestamp>; 4],
    rejected: Vec<usize>,
    write: Write,
    said: (bool, bool),
}

impl Key {
    fn of(node: &Node) -> Self {
        let (case, at) = (&node.case, node.at());
        let (mut verified, mut until) = (None, None);
        let stage = match case.stage() {
            Stage::Classifying(_, unmatched) => (0, unmatched.is_some().into()),
            Stage::Verifying(..) => (1, 0),
            Stage::Authorizing(now, _) => {
                verified = Some(now.at());
                (2, 0)
            }
            Stage::Reissuing(authorized, attempt) => {
                until = Some(authorized.until());
                match attempt {
                    Attempt::None => (3, 0),
                    Attempt::Submitted(s) => (4, s.attempt),
                    Attempt::Running(s) => (5, s.attempt),
                    Attempt::Failed(n) => (6, *n),
                    Attempt::Unknown(s) => (7, s.attempt),
                }
            }
            Stage::Reviewing(_) => (8, 0),
            Stage::Closed(Ending::Reviewed(_)) => (9, 0),
            Stage::Closed(Ending::Ended(_)) => (10, 0),
            Stage::Closed(Ending::Contested { changed }) => (11, (*changed).into()),
        };
        let made = stage.0 >= 8;
        let had = if made { &[] } else { case.evidence() };
        let counted = |proof: &Evidence| verified.is_some_and(|from| from < proof.until);
        let mut proofs: Vec<_> = had
            .iter()
            .map(|proof| (proof.id, at < proof.until, counted(proof)))
            .chain(case.unreplaced_code().map(|proof| (proof.id, false, false)))
            .collect();
        proofs.sort();
        let mut approvals: Vec<_> = match case.stage() {
            Stage::Authorizing(_, approvals) => approvals.iter().map(|yes| yes.by).collect(),
            _ => vec![],
        };
        approvals.sort();
        let hold = case.hold().map(|hold| hold.until).filter(|_| stage.0 == 2);
        Self {
            moment: node.moment,
            stage,
            class: case.class().filter(|_| stage.0 < 9),
            proofs,
            approvals,
            times: [verified, until, hold, (stage.0 == 9 || stage.0 == 10).then(|| case.last_at())],
            rejected: if made { vec![] } else { Method::ALL.iter().map(|method| case.rejections(*method)).collect() },
            write: if case.is_over() && !matches!(node.watch.write, Write::Done(_)) {
                Write::Nothing
            } else {
                node.watch.write
            },
            said: (node.watch.contested, node.watch.replaced),
        }
    }
}

/// How one came to a state.
struct Road {
    last: String,
    before: Option<Rc<Road>>,
}

impl Road {
    fn told(road: &Rc<Self>) -> String {
        let before = road.before.as_ref().map(Self::told).unwrap_or_default();
        format!("{before} > {}", road.last)
    }
}

#[derive(Clone)]
struct Node {
    case: Case,
    watch: Watch,
    moment: usize,
    road: Rc<Road>,
}

#[derive(Default)]
struct Count {
    states: usize,
    transitions: usize,
    refusals: usize,
    compared: usize,
}

impl Node {
    fn first(action: Action) -> Self {
        let entry = opened(action);
        let road = Rc::new(Road { last: "open".into(), before: None });
        Self { case: Case::opened(&entry).unwrap(), watch: Watch::new(&entry), moment: 0, road }
    }

    fn at(&self) -> Timestamp {
        START.plus_ms(MOMENTS[self.moment] * MINUTE_MS)
    }

    fn then(&self, label: String) -> Rc<Road> {
        Rc::new(Road { last: label, before: Some(self.road.clone()) })
    }

    /// The state after a command, if it may happen.
    fn follow(&self, label: &str, command: Command) -> Result<Result<Self, Refusal>, String> {
        let (by, at) = (actor(&command, person(8)), self.at());
        let events = match self.case.decide(command, policy_once(), at) {
            Ok(events) => events,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut next = Self { road: self.then(label.to_owned()), ..self.clone() };
        for event in events {
            let entry = next.case.entry(event, by, at);
            next.watch.see(&entry, next.case.digest(), policy_once())?;
            next.case =
                next.case.apply(&entry).map_err(|corrupt| format!("decide proposed what apply refuses: {corrupt}"))?;
        }
        next.watch.agrees(&next.case)?;
        Ok(Ok(next))
    }

    /// What can follow, as far as it can be seen from outside.
    fn outlook(&self, world: &World) -> Vec<String> {
        let follow = |(label, command): (String, Command)| match self.follow(&label, command) {
            Ok(Ok(next)) => format!("{label}: {:?}", std::mem::discriminant(next.case.stage())),
            Ok(Err(refusal)) => format!("{label}: {refusal}"),
            Err(broken) => format!("{label}: {broken}"),
        };
        world.commands(&self.case, self.at()).into_iter().map(follow).collect()
    }
}

struct Search<'a> {
    world: &'a World,
    known: HashMap<Key, Rc<Node>>,
    queue: VecDeque<Rc<Node>>,
    merges: usize,
    count: Count,
}

impl Search<'_> {
    fn run(world: &World) -> Result<Count, String> {
        let mut search =
            Search { world, known: HashMap::new(), queue: VecDeque::new(), merges: 0, count: Count::default() };
        search.reach(Node::first(world.action))?;
        while let Some(node) = search.queue.pop_front() {
            search
                .expand(&node)
                .map_err(|broken| format!("{}: {broken}, after{}", world.name, Road::told(&node.road)))?;
        }
        search.count.states = search.known.len();
        Ok(search.count)
    }

    fn expand(&mut self, node: &Node) -> Held {
        let before = node.case.clone();
        for (label, command) in self.world.commands(&node.case, node.at()) {
            match node.follow(&label, command).map_err(|broken| format!("{broken} ({label})"))? {
                Err(Refusal::WrongStep) if node.case.is_over() => {
                    return Err(format!("a case that is over does not say so ({label})"));
                }
                Err(_) => self.count.refusals += 1,
                Ok(next) => {
                    self.count.transitions += 1;
                    self.reach(next)?;
                }
            }
        }
        if before != node.case {
            return Err("deciding changed the case".into());
        }
        if node.moment + 1 < MOMENTS.len() {
            self.count.transitions += 1;
            self.reach(Node { moment: node.moment + 1, road: node.then("time passes".into()), ..node.clone() })?;
        }
        Ok(())
    }

    fn reach(&mut self, node: Node) -> Held {
        let key = Key::of(&node);
        if let Some(first) = self.known.get(&key) {
            self.merges += 1;
            if self.merges.is_multiple_of(COMPARED) {
                self.count.compared += 1;
                let (one, other) = (first.outlook(self.world), node.outlook(self.world));
                let differs = one.iter().zip(&other).find(|(a, b)| a != b);
                if let Some((a, b)) = differs {
                    let roads = (Road::told(&first.road), Road::told(&node.road));
                    return Err(format!(
                        "two states that are held for one differ: {a} after{}, {b} after{}",
                        roads.0, roads.1
                    ));
                }
            }
            return Ok(());
        }
        let node = Rc::new(node);
        self.known.insert(key, node.clone());
        self.queue.push_back(node);
        Ok(())
    }
}

#[test]
fn r7_every_state_of_a_case_keeps_every_invariant() {
    let mut worlds = vec![INDEPENDENCE, REMOVAL, TRIES, ADMIN, STANDARD];
    if campaign() {
        worlds.extend([MORE_TRIES, MANY]);
    }
    let mut all = Count::default();
    for world in &worlds {
        let count = Search::run(world).unwrap_or_else(|broken| panic!("{broken}"));
        println!("{}: {} states, {} transitions", world.name, count.states, count.transitions);
        all.states += count.states;
        all.transitions += count.transitions;
        all.refusals += count.refusals;
        all.compared += count.compared;
    }
    println!(
        "FIGURE r7: {} worlds, {} states, {} transitions, {} refusals, {} pairs of merged states compared, 0 invariants broken",
        worlds.len(),
        all.states,
        all.transitions,
        all.refusals,
        all.compared
    );
}
