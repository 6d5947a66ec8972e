//! The words of the commands for who runs a server: the database, the check-up, the list of breached passwords, the limits of the machine.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `keyward migrate`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keyward migrate --dry-run
  keyward migrate")]
pub struct MigrateArgs {
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `keyward rebuild`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keyward rebuild --dry-run
  keyward rebuild

The list of cases and the nodes of the log's tree are computed anew from the entries. The entries themselves are only read. If they do not
lead to the head of the log, nothing is touched: that is no case for repair.")]
pub struct RebuildArgs {
    /// Compare, say what differs, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `keyward health`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keyward health
  keyward health --url http://127.0.0.1:8440 --timeout 10

For a container's health check: asks the server on this machine whether it lives and whether it is ready. Ends with 1 if it is not
ready and with 3 if it does not answer.")]
pub struct HealthArgs {
    /// The address to ask [default: server.listen]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// How long to wait for each answer
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=300))]
    pub timeout: u64,
}

/// `keyward doctor`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keyward doctor
  keyward doctor --only database,log
  keyward doctor --only mail --test-mail you@example.org

Looks and changes nothing; --test-mail sends one message. Ends with 1 if something has to be repaired. Each line says what was looked at, what was found and what to do.")]
pub struct DoctorArgs {
    /// Look only at these parts: configuration, keys, clock, dns, tls, proxy, database, log, directory, mail, passkeys, disk, passwords, policy,
    /// languages
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Send a test message there
    #[arg(long, value_name = "ADDRESS")]
    pub test_mail: Option<String>,
}

/// `keyward breach …`
#[derive(Debug, Subcommand)]
pub enum BreachCommand {
    /// Build the list of breached passwords from published lists of SHA-1 digests, or from a list of passwords
    #[command(after_help = "\
Examples:
  keyward breach build pwned-passwords-sha1.txt --to /var/lib/keyward/breached.filter
  keyward breach build ranges/ --to breached.filter --seen-at-least 10 --note 'Pwned Passwords, 2026-10-01'
  keyward breach build --plain our-own-list.txt --to breached.filter

A list has one SHA-1 in hexadecimal digits a line, alone or with `:` and a count; a folder has range files, each named by the first five
digits. Nothing is downloaded. The old file stays until the new one is whole.")]
    Build(BreachBuildArgs),
}

/// `keyward breach build`
#[derive(Debug, Args)]
pub struct BreachBuildArgs {
    /// Lists, and folders of range files
    #[arg(required = true, value_name = "LIST")]
    pub lists: Vec<PathBuf>,
    /// The file to write; passwords.breach_file names it
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// The lists have one password a line, not digests
    #[arg(long)]
    pub plain: bool,
    /// Leave out what was seen less often
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seen_at_least: u64,
    /// Where the lists are from, for those who run the server [default: the names of the lists]
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// `keyward bench …`
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Argon2, SQLite, the disk, SHA-256, Cedar, memory and signatures, each alone
    #[command(after_help = "\
Examples:
  keyward bench limits
  keyward bench limits --folder /var/lib/keyward --seconds 3

Each program runs for so many seconds on its own and prints what one unit of its work takes. Reads no configuration and opens no
database of an installation; the folder gets files of its own for as long as it runs. What Keyward makes of these limits is in
docs/performance.md.")]
    Limits(BenchLimitsArgs),
}

/// `keyward bench limits`
#[derive(Debug, Args)]
pub struct BenchLimitsArgs {
    /// Where files are made and synced; measures the disk it is on [default: the folder for temporary files]
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// How long each program runs
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub seconds: u64,
}
