//! What a command answers: blocks of text for people, one JSON object for programs, built together so that both say the same.
//!
//! It prints to a writer it is given and knows neither the command nor the terminal. What it prints passes [`escape`]: nothing in an answer
//! can act on a terminal, wherever it came from; only [`Report::verbatim`] is as it is.

use std::io::{self, Write};

use clap::builder::styling::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Map, Value, json};

use super::escape;
use super::exit::{CliError, Exit};

/// How answers are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// One JSON object on standard output, whatever happens.
    Json,
}

/// How a report is drawn as text.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// With ANSI colors.
    pub color: bool,
    /// The width of the terminal in columns; `None` for lines of any length.
    pub width: Option<u16>,
}

/// How one thing that was looked at turned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// As it should be.
    Pass,
    /// It works and had better be different.
    Warn,
    /// Not as it should be.
    Fail,
    /// Not looked at, for the reason given.
    Skip,
}

impl Mark {
    /// The word, in text and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
            Self::Skip => "skip",
        }
    }
    fn style(self) -> Style {
        match self {
            Self::Pass => AnsiColor::Green.on_default(),
            Self::Warn => AnsiColor::Yellow.on_default().bold(),
            Self::Fail => AnsiColor::Red.on_default().bold(),
            Self::Skip => AnsiColor::BrightBlack.on_default(),
        }
    }
}

/// One line of a check-up: what, result, fix, where to read more (ECO-07).
#[derive(Clone, Debug)]
pub struct CheckLine {
    /// What was looked at: `mail`.
    pub what: String,
    /// How it turned out.
    pub mark: Mark,
    /// What was found: `SPF missing for northwind.example`.
    pub found: String,
    /// What to do.
    pub fix: Option<String>,
    /// The page that explains it.
    pub docs: Option<String>,
}

impl CheckLine {
    /// A line without a fix.
    pub fn new(what: impl Into<String>, mark: Mark, found: impl Into<String>) -> Self {
        Self { what: what.into(), mark, found: found.into(), fix: None, docs: None }
    }
    /// The same with what to do.
    pub fn fix(mut self, fix: Option<String>) -> Self {
        self.fix = fix;
        self
    }
    fn json(&self) -> Value {
        json!({"what": self.what, "result": self.mark.word().to_lowercase(), "found": self.found, "fix": self.fix, "docs": self.docs})
    }
}

#[derive(Debug)]
enum Block {
    Heading(String),
    Text(String),
    Joined(String),
    Rows(Vec<Vec<String>>),
    Verbatim(String),
    Table(Vec<String>, Vec<Vec<String>>),
    Facts(Vec<(String, String)>),
    Checks(Vec<CheckLine>),
    Next(Vec<(String, String)>),
}

/// The answer of a command.
#[derive(Debug)]
pub struct Report {
    exit: Exit,
    data: Map<String, Value>,
    blocks: Vec<Block>,
}

impl Report {
    /// The answer of this command, so far: done.
    pub fn new(command: &str) -> Self {
        let data = Map::from_iter([("command".to_owned(), json!(command))]);
        Self { exit: Exit::Ok, data, blocks: Vec::new() }
    }
    /// The answer for an error, in the shape of every other answer.
    pub fn of_error(command: &str, error: &CliError) -> Self {
        let mut report = Self::new(command);
        report.exit = error.exit();
        let mut chain = error.chain();
        let first = chain.remove(0);
        report = report.field("error", json!({"what": first.lines().next(), "causes": chain}));
        if let CliError::Config(error) = error
            && !error.problems().is_empty()
        {
            report = report.field("problems", json!(error.problems()));
        }
        report.blocks.push(Block::Text(std::iter::once(first).chain(chain).collect::<Vec<_>>().join(": ")));
        report
    }
    /// How the command ends.
    pub fn exit(&self) -> Exit {
        self.exit
    }
    /// Ends with this code.
    pub fn ending(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
    /// A field of the JSON object, and nothing in the text.
    pub fn field(mut self, name: &str, value: Value) -> Self {
        self.data.insert(name.to_owned(), value);
        self
    }
    /// A heading.
    pub fn heading(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Heading(text.into()));
        self
    }
    /// A paragraph.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Text(text.into()));
        self
    }
    /// A line right below a heading.
    pub fn joined(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Joined(text.into()));
        self
    }
    /// Columns without a title, right below a heading. For programs there is a field beside it.
    pub fn rows(mut self, rows: Vec<Vec<String>>) -> Self {
        self.blocks.push(Block::Rows(rows));
        self
    }
    /// Text for another program, byte by byte: a script, a schema, a page.
    pub fn verbatim(mut self, name: &str, text: String) -> Self {
        self.data.insert(name.to_owned(), json!(text));
        self.blocks.push(Block::Verbatim(text));
        self
    }
    /// A table; in JSON a list of objects under `name`, with the columns in lower case as their keys.
    pub fn table(mut self, name: &str, columns: &[&str], rows: Vec<Vec<String>>) -> Self {
        let keys: Vec<String> = columns.iter().map(|column| column.to_lowercase().replace(' ', "_")).collect();
        let object =
            |row: &Vec<String>| Value::Object(keys.iter().cloned().zip(row.iter().map(|cell| json!(cell))).collect());
        // A command with richer data sets the field itself, before.
        self.data.entry(name).or_insert_with(|| rows.iter().map(object).collect());
        self.blocks.push(Block::Table(columns.iter().map(|column| (*column).to_owned()).collect(), rows));
        self
    }
    /// Labels with values, and a field of the JSON object for each.
    pub fn facts(mut self, facts: &[(&str, String)]) -> Self {
        for (label, value) in facts {
            self.data.entry(label.to_lowercase().replace(' ', "_")).or_insert_with(|| json!(value));
        }
        self.blocks
            .push(Block::Facts(facts.iter().map(|(label, value)| ((*label).to_owned(), value.clone())).collect()));
        self
    }
    /// Lines of a check-up. One failure makes the answer a failure.
    pub fn checks(mut self, lines: Vec<CheckLine>) -> Self {
        self.data.insert("checks".into(), lines.iter().map(CheckLine::json).collect());
        if self.exit == Exit::Ok && lines.iter().any(|line| line.mark == Mark::Fail) {
            self.exit = Exit::Failed;
        }
        self.blocks.push(Block::Checks(lines));
        self
    }
    /// What to do next: a command, and what it is for.
    pub fn next(mut self, steps: &[(&str, &str)]) -> Self {
        self.data.insert(
            "next".into(),
            steps.iter().map(|(command, why)| json!({"command": command, "why": why})).collect(),
        );
        self.blocks
            .push(Block::Next(steps.iter().map(|(command, why)| ((*command).to_owned(), (*why).to_owned())).collect()));
        self
    }

    /// The JSON object: `command`, `ok`, `exit`, and the command's own fields.
    pub fn json(&self) -> Value {
        let mut object = self.data.clone();
        object.insert("ok".into(), json!(self.exit == Exit::Ok));
        object.insert("exit".into(), json!(self.exit.code()));
        Value::Object(object)
    }
    /// Writes the JSON object and a line break.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let text = serde_json::to_string_pretty(&self.json())?;
        writeln!(out, "{}", escape::json(&text))
    }
    /// Writes the text.
    pub fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        for (index, block) in self.blocks.iter().enumerate() {
            if index > 0 && !matches!(block, Block::Verbatim(_) | Block::Joined(_) | Block::Rows(_)) {
                writeln!(out)?;
            }
            block.write(out, look)?;
        }
        Ok(())
    }
}

fn painted(text: &str, style: Style, look: Look) -> String {
    if look.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

impl Block {
    fn write(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let bold = Style::new().bold();
        match self {
            Self::Heading(text) => writeln!(out, "{}", painted(&escape::line(text), bold, look)),
            Self::Text(text) => writeln!(out, "{}", escape::paragraph(text)),
            Self::Joined(text) => writeln!(out, "{}", escape::paragraph(text)),
            Self::Rows(rows) => grid(out, None, rows, look),
            Self::Verbatim(text) => out.write_all(text.as_bytes()),
            Self::Table(columns, rows) => grid(out, Some(columns), rows, look),
            Self::Facts(facts) => {
                let width = facts.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
                facts.iter().try_for_each(|(label, value)| {
                    writeln!(
                        out,
                        "{}{}  {}",
                        painted(label, bold, look),
                        " ".repeat(width - label.chars().count()),
                        escape::line(value)
                    )
                })
            }
            Self::Checks(lines) => checks(out, lines, look),
            Self::Next(steps) => {
                writeln!(out, "{}", painted("Next", bold, look))?;
                let rows: Vec<Vec<String>> =
                    steps.iter().map(|(command, why)| vec![format!("  {command}"), why.clone()]).collect();
                grid(out, None, &rows, look)
            }
        }
    }
}

fn grid(out: &mut dyn Write, columns: Option<&Vec<String>>, rows: &[Vec<String>], look: Look) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if let Some(width) = look.width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    if let Some(columns) = columns {
        table.set_header(columns.iter().map(|column| column.to_uppercase()));
    }
    table.add_rows(rows.iter().map(|row| row.iter().map(|cell| escape::line(cell).into_owned())));
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for (index, line) in table.lines().enumerate() {
        let line = line.trim_end();
        let header = index == 0 && columns.is_some();
        let line = if header { painted(line, Style::new().bold(), look) } else { line.to_owned() };
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn checks(out: &mut dyn Write, lines: &[CheckLine], look: Look) -> io::Result<()> {
    let width = lines.iter().map(|line| line.what.chars().count()).max().unwrap_or(0);
    for line in lines {
        let gap = " ".repeat(width - line.what.chars().count());
        let mark = painted(&format!("{:<4}", line.mark.word()), line.mark.style(), look);
        writeln!(out, "{mark}  {}{gap}  {}", escape::line(&line.what), escape::line(&line.found))?;
        let indent = " ".repeat(width + 8);
        if let Some(fix) = &line.fix {
            writeln!(out, "{indent}{}", escape::line(fix))?;
        }
        if let Some(docs) = &line.docs {
            writeln!(out, "{indent}{docs}")?;
        }
    }
    Ok(())
}
