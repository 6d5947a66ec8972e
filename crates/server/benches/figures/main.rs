//! The figures of `docs/performance.md`: each measured beside the physical limit of the same machine in the same run, judged by its interval, and void
//! where the control says that the machine was too restless. `make bench` runs all, `make bench ONLY=p24` one, and `ONLY="p24 directory"` those rows
//! of it that have such a word in their name, where a row takes long.
//!
//! Run among the tests, each figure is taken once on little data and judged by nobody: that shows that it still can be measured, and nothing else.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement fails by panicking, and is about real time"
)]

mod append;
mod binary;
mod breach;
#[path = "../../tests/support/cases.rs"]
#[allow(missing_docs)]
mod cases;
mod evidence;
mod far;
mod growth;
#[path = "../../tests/support/inside.rs"]
#[allow(dead_code, missing_docs)]
mod inside;
mod judge;
mod log;
mod memory;
mod policy;
mod process;
#[path = "../../tests/support/proxy.rs"]
#[allow(dead_code, missing_docs)]
mod proxy;
mod resets;
#[path = "../../tests/support/slapd.rs"]
#[allow(dead_code, missing_docs)]
mod slapd;
#[path = "../../tests/support/smtp_sink.rs"]
#[allow(dead_code, missing_docs)]
mod smtp_sink;
mod stage;
mod timing;
mod wire;

use std::{cell::OnceCell, env, fs, path::Path};

use judge::Row;
use stage::Installation;

/// Everybody who recovers in a whole run; two of the figures are about a thousand accounts.
const PEOPLE: usize = 1200;

/// One run.
pub struct Bench {
    /// Everything, or a little of it.
    full: bool,
    /// Words in the names of rows; none: all rows.
    only: Vec<String>,
    main: OnceCell<(Installation, f64)>,
    rows: Vec<Row>,
}

impl Bench {
    /// How many, in a whole run and among the tests.
    pub fn of(&self, full: usize, little: usize) -> usize {
        if self.full { full } else { little }
    }
    /// Whether a row that takes long is to be taken.
    pub fn wants(&self, what: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|word| what.contains(word))
    }
    /// The installation that most figures share, with the bytes of its database before anybody recovered.
    pub fn main(&self) -> &(Installation, f64) {
        self.main.get_or_init(|| {
            let made = Installation::new(self.of(PEOPLE, 30));
            let bytes = growth::bytes(&made);
            (made, bytes)
        })
    }
    /// Says it at once, and keeps it for the table.
    pub fn found(&mut self, row: Row) {
        if self.full {
            println!("{}", judge::line(&row));
        }
        self.rows.push(row);
    }
}

type Figure = fn(&mut Bench);

const FIGURES: &[(&[u8], Figure)] = &[
    (&[29], binary::size),
    (&[7, 8], policy::decisions),
    (&[14], log::root),
    (&[20], breach::lookups),
    (&[9, 10], memory::idle_and_storm),
    (&[1, 2, 3], resets::resets),
    (&[13], growth::bytes_of_a_case),
    (&[16], evidence::bundle),
    (&[4, 5, 6], append::appends),
    (&[11, 12], growth::many_cases),
    (&[24], timing::names),
    (&[24], far::names),
];

/// Says that something real is missing, as the tests do.
fn skip(what: &str, why: &str) {
    assert!(env::var_os("KEYWARD_REQUIRE_REAL").is_none_or(|value| value != "1"), "{what} is required: {why}");
    println!("SKIP {what}: {why}");
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    // Cargo says so when it was asked for a measurement and not for tests.
    let full = arguments.iter().any(|argument| argument == "--bench");
    let words = || arguments.iter().filter(|word| !word.starts_with('-'));
    let wanted: Vec<u8> = words().filter_map(|word| number_of(word)).collect();
    let only: Vec<String> = words().filter(|word| full && number_of(word).is_none()).cloned().collect();
    assert!(only.is_empty() || !wanted.is_empty(), "a figure is called as in the table: p4");
    let mut bench = Bench { full, only, main: OnceCell::new(), rows: Vec::new() };
    let mut taken = 0;
    for (numbers, figure) in FIGURES {
        if wanted.is_empty() || numbers.iter().any(|number| wanted.contains(number)) {
            println!("== P{}", numbers.iter().map(u8::to_string).collect::<Vec<_>>().join(" P"));
            let began = keyward::bare::clock::wall();
            figure(&mut bench);
            println!("-- {:.0} s", began.elapsed().as_secs_f64());
            taken += 1;
        }
    }
    let table = judge::table(&bench.rows);
    if full {
        assert!(taken > 0 && !bench.rows.is_empty(), "no figure is called so");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("figures.md"), &table).unwrap();
        println!("\n{table}\nThe same is in {}.", folder.join("figures.md").display());
    } else {
        println!("test result: ok. {taken} passed; 0 failed; 0 ignored; a little of each figure, judged by nobody");
    }
}

/// The number in `p24` or `P4`. Whatever else cargo and its callers say to tests is not about figures.
fn number_of(word: &str) -> Option<u8> {
    word.strip_prefix(['p', 'P'])?.parse().ok()
}
