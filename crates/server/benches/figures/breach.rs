//! P20: one look into the list of breached passwords, beside one random touch of memory of the same size.

use std::io::{self, Read};

use keyward::{
    bare::{clock::thread_ns, memory::Touched},
    passwords::{
        breach::BreachList,
        breach_build::{Builder, Lines},
    },
};

use crate::{
    Bench,
    judge::{Dice, Estimate, Goal, Pairs, Row, median, number},
};

/// Lines of a list with so many digests, drawn.
struct Drawn {
    dice: Dice,
    left: usize,
    line: Vec<u8>,
}

impl Read for Drawn {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.line.is_empty() {
            if self.left == 0 {
                return Ok(0);
            }
            self.left -= 1;
            let (one, two, three) = (self.dice.next(), self.dice.next(), self.dice.next() as u32);
            self.line = format!("{one:016X}{two:016X}{three:08X}\n").into_bytes();
        }
        let count = out.len().min(self.line.len());
        out[..count].copy_from_slice(&self.line[..count]);
        self.line.drain(..count);
        Ok(count)
    }
}

pub fn lookups(bench: &mut Bench) {
    let (keys, rounds, count) = (bench.of(10_000_000, 2000), bench.of(25, 1), bench.of(400, 10));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("breached.filter");
    let drawn = Drawn { dice: Dice::new(20), left: keys, line: Vec::new() };
    let mut builder = Builder::new(&file, "drawn").unwrap();
    builder.add(drawn, &Lines::Sha1, &mut |_| {}).unwrap();
    builder.finish(&mut |_| {}).unwrap();
    let bytes = std::fs::metadata(&file).unwrap().len() as usize;
    let list = BreachList::open(&file).unwrap();
    let (mut touched, mut dice) = (Touched::new(bytes), Dice::new(21));
    let (mut asked, mut wrong) = (0_u32, 0_u32);
    let touch = || {
        let began = thread_ns();
        std::hint::black_box(touched.many(100_000));
        (thread_ns() - began) as f64 / 1e5
    };
    let pairs = Pairs::of(rounds, touch, || {
        let began = thread_ns();
        for _ in 0..count {
            asked += 1;
            wrong += u32::from(list.contains_key(dice.next()).unwrap());
        }
        (thread_ns() - began) as f64 / count as f64
    });
    bench.found(
        Row::new("P20", "one look into the list of breached passwords", pairs.ratio(), Goal::AtMost(3.0))
            .seen(format!("{} ns", number(median(&pairs.product))))
            .beside(format!("random touch of memory {} ns", number(median(&pairs.limit))))
            .control(pairs.control()),
    );
    let size = Estimate::exact(bytes as f64 / 1e6 * 10_000_000.0 / keys as f64);
    bench.found(Row::new("P20", "size of a list of ten million, MB", size, Goal::AtMost(24.0)));
    let taken = Estimate::exact(f64::from(wrong) / f64::from(asked));
    bench.found(
        Row::new("P20", "passwords taken for breached that are not", taken, Goal::None)
            .seen(format!("{wrong} of {asked}; by construction 1 in 65536")),
    );
}
