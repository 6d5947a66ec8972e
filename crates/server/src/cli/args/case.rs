//! The words of `keyward case`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `keyward case …`
#[derive(Debug, Subcommand)]
pub enum CaseCommand {
    /// List cases, the newest first
    #[command(after_help = "\
Examples:
  keyward case list
  keyward case list --state reviewing --class admin
  keyward case list --open --behind KW-7Q4M-82XJ")]
    List(CaseListArgs),
    /// Print one case: where it stands, what happened in it, whether the log proves it
    #[command(after_help = "\
Examples:
  keyward case show KW-7Q4M-82XJ
  keyward --output json case show case_06gywnjy020hvwbhtxkwz065a8")]
    Show(CaseShowArgs),
    /// Write the evidence of a case into one file that anybody can check offline
    #[command(after_help = "\
Examples:
  keyward case export KW-7Q4M-82XJ
  keyward case export KW-7Q4M-82XJ --withhold network,browser -o /srv/evidence/7Q4M.json

The file is named after the case unless -o says otherwise, and one that exists is not replaced without --force. It holds the
personal values of the case; each that is withheld stays proved and unread. `keyward verify` checks the file.")]
    Export(CaseExportArgs),
    /// Erase the personal values of a case that is over; every proof stays valid
    #[command(after_help = "\
Examples:
  keyward case erase KW-7Q4M-82XJ
  keyward case erase KW-7Q4M-82XJ --yes

Names, addresses and where requests came from are deleted with their salts, here and for good. The log does not change. What was
exported before, and backups of the database, still have them.")]
    Erase(CaseEraseArgs),
}

/// `keyward case list`
#[derive(Debug, Args)]
pub struct CaseListArgs {
    /// Only this state: classifying, unmatched, verifying, authorizing, reissuing, running, unknown, reviewing, reviewed, ended, contested
    #[arg(long, value_name = "STATE")]
    pub state: Option<String>,
    /// Only this class: standard, finance, hr, executive, machine, admin
    #[arg(long, value_name = "CLASS")]
    pub class: Option<String>,
    /// Only cases about the account of this person, as the log names them
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// Only cases that are not over
    #[arg(long)]
    pub open: bool,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// Begin behind this case, the last one of the page before
    #[arg(long, value_name = "CASE")]
    pub behind: Option<String>,
}

/// `keyward case show`
#[derive(Debug, Args)]
pub struct CaseShowArgs {
    /// The case: its reference or its id
    #[arg(value_name = "CASE")]
    pub case: String,
}

/// `keyward case export`
#[derive(Debug, Args)]
pub struct CaseExportArgs {
    /// The case: its reference or its id
    #[arg(value_name = "CASE")]
    pub case: String,
    /// The file to write [default: the reference and .evidence.json, here]
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Personal values to leave out: name, network, browser, account, address, note, all
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    pub withhold: Vec<String>,
    /// Replace a file that exists
    #[arg(long)]
    pub force: bool,
}

/// `keyward case erase`
#[derive(Debug, Args)]
pub struct CaseEraseArgs {
    /// The case: its reference or its id
    #[arg(value_name = "CASE")]
    pub case: String,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}
