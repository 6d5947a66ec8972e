//! Bits that change in the database while nobody looks: nothing is signed over them, and what rots under an old checkpoint is found (R18, T-I01).
//!
//! The published copy of the log is in `whole`.

use keyward::store::{
    Engine,
    check::Round,
    sign::{Memory, SignError},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::{World, cases::START, log::signer, on_both, support::is_campaign, whole::grow};

on_both! {
    r18_a_flipped_bit_is_noticed_before_a_checkpoint_over_it_is_signed
    r18_t_i01_who_takes_the_checkpoints_away_keeps_nobody_from_reading_on
    r18_t_i01_what_rots_under_an_old_checkpoint_is_found_by_the_worker_and_ends_the_signing
    t_i01_an_entry_that_no_commit_wrote_is_not_signed_around
}

#[derive(Clone, Copy)]
enum Kind {
    /// Any bit of any byte.
    Bytes,
    /// Any bit that leaves ASCII what it is; PostgreSQL keeps nothing else in a text.
    Text,
    /// One of these bits: those that the table itself does not refuse.
    Number(u8, u8),
}

/// A column of one row.
struct Spot {
    table: &'static str,
    column: &'static str,
    row: String,
    kind: Kind,
}

impl Spot {
    fn new(table: &'static str, column: &'static str, row: String, kind: Kind) -> Self {
        Self { table, column, row, kind }
    }

    /// What is there: a number, or bytes in hexadecimal.
    async fn read(&self, world: &World) -> String {
        let Self { table, column, row, kind } = self;
        let shown = match (kind, world.store.engine()) {
            (Kind::Number(..), _) => format!("CAST({column} AS TEXT)"),
            (_, Engine::Sqlite) => format!("hex({column})"),
            (Kind::Text, Engine::Postgres) => format!("encode(convert_to({column}, 'UTF8'), 'hex')"),
            (Kind::Bytes, Engine::Postgres) => format!("encode({column}, 'hex')"),
        };
        let sql = format!("SELECT {shown} FROM {table} WHERE {row}");
        match world.store.engine() {
            Engine::Sqlite => world.file().query_row(&sql, [], |row| row.get(0)).unwrap(),
            Engine::Postgres => {
                let mut raw = PgConnection::connect(&world.url).await.unwrap();
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut raw).await.unwrap()
            }
        }
    }

    /// Puts `new` where `old` is.
    async fn write(&self, world: &World, (old, new): (&str, &str)) {
        let Self { table, column, row, kind } = self;
        let value = match (kind, world.store.engine()) {
            (Kind::Number(..), _) => new.to_owned(),
            (Kind::Bytes, Engine::Sqlite) => format!("x'{new}'"),
            (Kind::Text, Engine::Sqlite) => format!("CAST(x'{new}' AS TEXT)"),
            (Kind::Bytes, Engine::Postgres) => format!("decode('{new}', 'hex')"),
            (Kind::Text, Engine::Postgres) => format!("convert_from(decode('{new}', 'hex'), 'UTF8')"),
        };
        // A row that was found by the number that has changed is found by the number it has now.
        let row = row.replace(&format!("{column} = {new}"), &format!("{column} = {old}"));
        world.sql(format!("UPDATE {table} SET {column} = {value} WHERE {row}")).await;
    }

    /// The value with one bit that is another one.
    fn flipped(&self, value: &str, random: u32) -> String {
        match self.kind {
            Kind::Number(from, to) => {
                let bit = u32::from(from) + random % u32::from(to - from);
                (value.parse::<i64>().unwrap() ^ (1 << bit)).to_string()
            }
            Kind::Bytes | Kind::Text => {
                let mut bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(value.as_bytes()).unwrap();
                let places: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii_alphanumeric()).collect();
                let place = match self.kind {
                    Kind::Text => places[random as usize / 8 % places.len()],
                    _ => random as usize / 8 % bytes.len(),
                };
                // No letter or digit becomes a zero byte by one of its lower five bits.
                let bit = if matches!(self.kind, Kind::Text) { random % 5 } else { random % 8 };
                bytes[place] ^= 1 << bit;
                data_encoding::HEXLOWER.encode(&bytes)
            }
        }
    }
}

/// The columns of an entry's row that the log and the cases rest on. `batch` is none: it is looked at once, after a commit without an answer.
fn columns_of(leaf: u64) -> Vec<Spot> {
    let row = || format!("leaf = {leaf}");
    vec![
        Spot::new("entries", "body", row(), Kind::Bytes),
        Spot::new("entries", "case_id", row(), Kind::Text),
        Spot::new("entries", "seq", row(), Kind::Number(2, 20)),
        Spot::new("entries", "at_ms", row(), Kind::Number(0, 40)),
        Spot::new("entries", "leaf", row(), Kind::Number(20, 40)),
    ]
}

/// A node, by its hash and by its place.
fn columns_of_node(level: u8, position: u64) -> Vec<Spot> {
    let row = || format!("level = {level} AND position = {position}");
    vec![
        Spot::new("log_nodes", "hash", row(), Kind::Bytes),
        Spot::new("log_nodes", "position", row(), Kind::Number(20, 40)),
        // No tree of a test is so high.
        Spot::new("log_nodes", "level", row(), Kind::Number(4, 5)),
    ]
}

/// Flips bits of a spot, one at a time. How many, and at how many of them `look` saw something.
async fn flip<E: std::fmt::Debug>(
    world: &World,
    spot: &Spot,
    rounds: u32,
    look: &impl AsyncFn() -> Result<(), E>,
) -> u32 {
    let before = spot.read(world).await;
    for _ in 0..rounds {
        let after = spot.flipped(&before, u32::from_be_bytes(world.ctx.bytes()));
        spot.write(world, (&before, &after)).await;
        let seen = look().await;
        assert!(seen.is_err(), "{} of {} where {}: {before} -> {after}", spot.column, spot.table, spot.row);
        spot.write(world, (&after, &before)).await;
    }
    rounds
}

async fn r18_a_flipped_bit_is_noticed_before_a_checkpoint_over_it_is_signed(world: World) {
    let (path, signer) = (world.dir.path().join("memory"), signer());
    let memory = Memory::new(path.clone());
    for _ in 0..3 {
        world.case("before").await;
    }
    world.store.sign_checkpoint(&signer, &memory, START).await.unwrap();
    for _ in 0..3 {
        world.case("new").await;
    }
    // Six entries were signed, six are new. Signing reads the new ones with the nodes over them, and the edge of what was signed.
    let mut spots: Vec<Spot> = (6..12).flat_map(columns_of).collect();
    spots.extend((6..12).flat_map(|position| columns_of_node(0, position)));
    for (level, position) in [(1, 3), (1, 4), (1, 5), (2, 1), (2, 2), (3, 0), (2, 0), (1, 2)] {
        spots.extend(columns_of_node(level, position));
    }
    spots.push(Spot::new("log_head", "size", "one = 1".to_owned(), Kind::Number(0, 40)));
    spots.push(Spot::new("log_head", "edge", "one = 1".to_owned(), Kind::Bytes));
    spots.push(Spot::new("checkpoints", "note", "size = 6".to_owned(), Kind::Text));
    spots.push(Spot::new("checkpoints", "size", "size = 6".to_owned(), Kind::Number(0, 40)));
    let remembered = std::fs::read(&path).unwrap();
    let sign = async || world.store.sign_checkpoint(&signer, &memory, START).await.map(drop);
    let mut flips = 0;
    for spot in &spots {
        flips += flip(&world, spot, if is_campaign() { 40 } else { 1 }, &sign).await;
    }
    assert_eq!(std::fs::read(&path).unwrap(), remembered, "nothing was signed meanwhile");
    // The file beside the key is stored bytes, too.
    let bits = if is_campaign() { 8 } else { 1 };
    for place in 0..remembered.len() {
        for bit in 0..bits {
            let mut changed = remembered.clone();
            changed[place] ^= 1 << ((place + bit) % 8);
            std::fs::write(&path, changed).unwrap();
            assert!(sign().await.is_err(), "byte {place} of the remembered checkpoint");
            flips += 1;
        }
    }
    std::fs::write(&path, remembered).unwrap();
    assert!(world.store.sign_checkpoint(&signer, &memory, START).await.unwrap().is_some(), "a false alarm");
    println!(
        "FIGURE r18: {:?}: {flips} bits flipped in what signing reads, 0 checkpoints signed",
        world.store.engine()
    );
}

async fn r18_t_i01_who_takes_the_checkpoints_away_keeps_nobody_from_reading_on(world: World) {
    let memory = Memory::new(world.dir.path().join("memory"));
    grow(&world, 50).await;
    world.store.sign_checkpoint(&signer(), &memory, START).await.unwrap();
    world.sql("DELETE FROM checkpoints").await;
    let round = Round::default();
    world.store.check_next(&round).await.unwrap();
    world.sql("UPDATE entries SET at_ms = at_ms + 1 WHERE leaf = 5").await;
    let mut found = false;
    for _ in 0..5 {
        found |= matches!(world.store.check_next(&round).await, Err(SignError::Changed { leaf: 5 }));
    }
    assert!(found);
}

async fn r18_t_i01_what_rots_under_an_old_checkpoint_is_found_by_the_worker_and_ends_the_signing(world: World) {
    let memory = Memory::new(world.dir.path().join("memory"));
    grow(&world, 150).await;
    world.store.sign_checkpoint(&signer(), &memory, START).await.unwrap();
    let round = Round::default();
    // As many pieces as this log has, and the first again: wherever the worker is, it comes by.
    let go_round = async || -> Result<(), SignError> {
        for _ in 0..5 {
            world.store.check_next(&round).await?;
        }
        Ok(())
    };
    go_round().await.unwrap();
    let mut spots = Vec::new();
    for leaf in [0, 63, 64, 131, 199] {
        spots.extend(columns_of(leaf));
        spots.extend(columns_of_node(0, leaf));
    }
    for (level, position) in [(1, 7), (3, 24), (6, 0), (7, 0)] {
        spots.extend(columns_of_node(level, position));
    }
    let mut flips = 0;
    for spot in &spots {
        flips += flip(&world, spot, if is_campaign() { 20 } else { 1 }, &go_round).await;
    }
    go_round().await.unwrap();
    println!("FIGURE r18: {:?}: {flips} bits flipped in what was signed long ago, all found", world.store.engine());
}

async fn t_i01_an_entry_that_no_commit_wrote_is_not_signed_around(world: World) {
    let memory = Memory::new(world.dir.path().join("memory"));
    let case = world.case("ada").await;
    world.store.sign_checkpoint(&signer(), &memory, START).await.unwrap();
    world.case("bob").await;
    // A third entry of the case, where no tree reaches: the case would be loaded with it.
    let body = case.clone().kept().withdrawn().new[0].bytes().unwrap();
    let body = data_encoding::HEXLOWER.encode(&body);
    let body = match world.store.engine() {
        Engine::Sqlite => format!("x'{body}'"),
        Engine::Postgres => format!("decode('{body}', 'hex')"),
    };
    let forged = format!(
        "INSERT INTO entries (leaf, case_id, seq, at_ms, body, batch) SELECT 900, case_id, 3, at_ms, {body}, batch FROM entries WHERE leaf = 1"
    );
    world.sql(forged).await;
    let loaded = world.store.load(case.case.id()).await.unwrap().unwrap();
    assert_eq!(loaded.case.seq(), 3, "it is believed by whoever only loads the case");
    let refused = world.store.sign_checkpoint(&signer(), &memory, START).await;
    assert!(matches!(refused, Err(SignError::Beyond { leaf: 900 })), "{refused:?}");
    assert!(world.store.check_log(signer().verifier(), &memory).await.is_err());
    world.sql("DELETE FROM entries WHERE leaf = 900").await;
    assert!(world.store.sign_checkpoint(&signer(), &memory, START).await.unwrap().is_some());
}
