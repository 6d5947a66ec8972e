//! The words of each command: its arguments, their help, and examples. No behaviour.
//!
//! Some belong to commands whose engine is not connected yet; they are complete, and a command appears in `--help` only once it works.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `keyward config …`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Write a first configuration and its keys, in six questions
    #[command(after_help = "\
Examples:
  keyward config init
  keyward config init --yes --public-url https://reset.example.org
  keyward config init --yes --public-url https://reset.example.org \\
      --ldap-url ldaps://ldap.example.org --ldap-base-dn dc=example,dc=org \\
      --ldap-bind-dn cn=keyward,dc=example,dc=org --ldap-password-file ./ldap-password

At a terminal it asks for what no flag says. Files are written with mode 0600. A key that exists is never replaced.")]
    Init(Box<InitArgs>),
    /// Read the configuration and say everything that is wrong with it
    #[command(after_help = "\
Examples:
  keyward config check
  keyward --config ./keyward.toml --output json config check

Ends with 0 if the configuration can be used and with 2 if not. It opens no connection.")]
    Check,
    /// Print every key with its value; secrets stay hidden
    #[command(after_help = "\
Examples:
  keyward config show --origin
  keyward config show limits
  keyward --output json config show server.public_url")]
    Show(ShowArgs),
    /// Print the JSON Schema of the file, for editors
    #[command(after_help = "\
Example:
  keyward config schema > keyward.schema.json")]
    Schema,
}

/// `keyward config show`
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Only this key or section: `mail`, `mail.port`
    pub key: Option<String>,
    /// Also print where each value comes from: flag, environment, credential, file and line, default
    #[arg(long)]
    pub origin: bool,
}

/// Which directory `config init` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DirectoryChoice {
    /// Keyward's own small directory
    Embedded,
    /// An OpenLDAP server
    Openldap,
}

/// `keyward config init`
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Ask nothing: take the defaults for what no flag says
    #[arg(long, short)]
    pub yes: bool,
    /// Replace a configuration that exists (never its keys)
    #[arg(long)]
    pub force: bool,
    /// Where keys and secrets are written [default: beside the configuration]
    #[arg(long, value_name = "FOLDER")]
    pub keys: Option<PathBuf>,
    /// The address people type
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Your organization as people know it
    #[arg(long, value_name = "NAME")]
    pub organization: Option<String>,
    /// The number of your service desk
    #[arg(long, value_name = "NUMBER")]
    pub help_phone: Option<String>,
    /// A database address: sqlite:PATH or postgres://… (the file it is written to has mode 0600)
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// The directory whose accounts are recovered
    #[arg(long, value_enum, value_name = "KIND")]
    pub directory: Option<DirectoryChoice>,
    /// The address of the OpenLDAP server
    #[arg(long, value_name = "URL")]
    pub ldap_url: Option<String>,
    /// Where its accounts are
    #[arg(long, value_name = "DN")]
    pub ldap_base_dn: Option<String>,
    /// The account Keyward signs in with
    #[arg(long, value_name = "DN")]
    pub ldap_bind_dn: Option<String>,
    /// A file with the password of that account
    #[arg(long, value_name = "FILE")]
    pub ldap_password_file: Option<PathBuf>,
    /// The name of the mail relay
    #[arg(long, value_name = "HOST")]
    pub mail_host: Option<String>,
    /// The sender of messages
    #[arg(long, value_name = "ADDRESS")]
    pub mail_from: Option<String>,
}

/// `keyward completions`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keyward completions bash > /etc/bash_completion.d/keyward
  keyward completions zsh > \"${fpath[1]}/_keyward\"
  keyward completions fish > ~/.config/fish/completions/keyward.fish")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `keyward man`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keyward man | man -l -
  keyward man /usr/local/share/man/man1")]
pub struct ManArgs {
    /// Write a page for each command into this folder, instead of printing the first one
    #[arg(value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
}

/// `keyward demo`
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  keyward demo

Everything is in memory and made up, and is gone when you press Ctrl-C. Not for real accounts.")]
pub struct DemoArgs {
    /// The address and port to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8440")]
    pub listen: SocketAddr,
    /// Let other machines in: anybody who can reach the port can then play every role
    #[arg(long)]
    pub expose: bool,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleChoice {
    /// Pages and jobs
    All,
    /// Pages only; it cannot change an account
    Web,
    /// Jobs only
    Worker,
}

impl RoleChoice {
    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Web => "web",
            Self::Worker => "worker",
        }
    }
}

/// When `serve` brings the database up to date (ECO-08).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MigrateChoice {
    /// Before it starts
    #[default]
    Auto,
    /// Never; it refuses to start on a database that is too old
    Off,
    /// Now, and then end
    Only,
}

/// `keyward serve`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keyward serve
  keyward serve --role web --migrate off")]
pub struct ServeArgs {
    /// What this process does [default: server.role]
    #[arg(long, value_enum, value_name = "ROLE")]
    pub role: Option<RoleChoice>,
    /// The address and port to listen on [default: server.listen]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// When to bring the database up to date
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub migrate: MigrateChoice,
}

/// `keyward worker`
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  keyward worker --threads 8

The same as `keyward serve --role worker`: it does the jobs and serves no page.")]
pub struct WorkerArgs {
    /// How many jobs run at once [default: worker.threads]
    #[arg(long, value_name = "NUMBER")]
    pub threads: Option<u32>,
}

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

/// `keyward doctor`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keyward doctor
  keyward doctor --only mail --mail-to you@example.org

Ends with 1 if a check failed and with 3 if something could not be reached.")]
pub struct DoctorArgs {
    /// Look only at these parts: clock, dns, tls, database, directory, mail, passkeys, log, disk, proxy
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Send a test message to this address
    #[arg(long, value_name = "ADDRESS")]
    pub mail_to: Option<String>,
}

/// `keyward verify`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keyward verify KW-7Q4M-82XJ.evidence.json
  keyward verify *.evidence.json --log-key reset.example.org+1a2b3c4d+AZ…
  keyward verify KW-7Q4M-82XJ.evidence.json --log-key log-keys.txt --policy policy.cedar

Needs no server, no network and no configuration. Every file is checked. Ends with 4 if one of them can not be relied on.")]
pub struct VerifyArgs {
    /// Evidence files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The key of the log as you were given it on another way, or a file with one key a line
    #[arg(long, value_name = "KEY|FILE")]
    pub log_key: Option<String>,
    /// Your own copy of the policy: every answer must have been given by exactly this text
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// `keyward case …`
#[derive(Debug, Subcommand)]
pub enum CaseCommand {
    /// List cases, the newest first
    #[command(after_help = "\
Example:
  keyward case list --stage reviewing --class admin")]
    List(CaseListArgs),
    /// Print one case: its steps, what is missing, its events
    #[command(after_help = "\
Example:
  keyward case show KW-7Q4M-82XJ")]
    Show(CaseShowArgs),
    /// Write the evidence bundle of a case
    #[command(after_help = "\
Example:
  keyward case export KW-7Q4M-82XJ --to KW-7Q4M-82XJ.keyward --disclose account")]
    Export(CaseExportArgs),
}

/// `keyward case list`
#[derive(Debug, Args)]
pub struct CaseListArgs {
    /// Only this stage: classifying, verifying, authorizing, reissuing, reviewing, closed
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<String>,
    /// Only this class: standard, finance, hr, executive, admin, machine
    #[arg(long, value_name = "CLASS")]
    pub class: Option<String>,
    /// Only cases started on or after this day (YYYY-MM-DD)
    #[arg(long, value_name = "DAY")]
    pub since: Option<String>,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    pub limit: u32,
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
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// Personal values to put in; without it there are none [possible: account, contact, network, text, all]
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    pub disclose: Vec<String>,
}

/// `keyward policy …`
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Read a policy, print what it says, and look for what is weak about it
    #[command(after_help = "\
Examples:
  keyward policy check
  keyward policy check /etc/keyward/policy.cedar

Ends with 1 if it can not be used, or if it leaves a class without a way.")]
    Check(PolicyFileArgs),
    /// Run the examples that go with a policy
    #[command(after_help = "\
Examples:
  keyward policy test
  keyward policy test /etc/keyward/policy.cedar --tests policy.tests.toml

Ends with 1 if an example has another answer than it expects.")]
    Test(PolicyTestArgs),
    /// Say what a policy answers in one situation, why, and what would open the gate
    #[command(after_help = "\
Examples:
  keyward policy explain --class finance
  keyward policy explain --class standard --proofs email,totp --risk new_network,recent_contest
  keyward policy explain --class admin --proofs passkey --approvals 2 --groups desk,security --hours off

Asks about a made-up case. Each proof comes from a thing of its own, and nothing was set up a moment ago.")]
    Explain(PolicyExplainArgs),
}

/// `keyward policy check`
#[derive(Debug, Args)]
pub struct PolicyFileArgs {
    /// The policy [default: policy.file, or the baseline]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// `keyward policy test`
#[derive(Debug, Args)]
pub struct PolicyTestArgs {
    /// The policy [default: policy.file, or the baseline]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The examples [default: the baseline's]
    #[arg(long, value_name = "FILE")]
    pub tests: Option<PathBuf>,
}

/// By which door somebody comes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DoorChoice {
    /// "I forgot my password"
    #[default]
    Forgot,
    /// "I am locked out"
    Locked,
    /// "I lost my phone or key"
    Lost,
    /// From "my ways back in", signed in
    Account,
}

/// Whether the organization is at work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum HoursChoice {
    /// Within business hours
    #[default]
    Work,
    /// Outside of them
    Off,
}

/// `keyward policy explain`
#[derive(Debug, Args)]
pub struct PolicyExplainArgs {
    /// The policy [default: policy.file, or the baseline]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// What the account can do: standard, finance, hr, executive, machine, admin
    #[arg(long, value_name = "CLASS", default_value = "standard")]
    pub class: String,
    /// What is asked for: set_password, unlock, enroll_factor, remove_factor
    #[arg(long, value_name = "ACTION", default_value = "set_password")]
    pub action: String,
    /// By which door
    #[arg(long, value_enum, value_name = "DOOR", default_value_t)]
    pub door: DoorChoice,
    /// Given already: passkey, in_person, totp, recovery_code, known_device, email, directory_password
    #[arg(long, value_name = "PROOF", value_delimiter = ',')]
    pub proofs: Vec<String>,
    /// What the person could still prove [default: everything]
    #[arg(long, value_name = "PROOF", value_delimiter = ',')]
    pub can: Vec<String>,
    /// Nothing strong is set up
    #[arg(long)]
    pub nothing_strong: bool,
    /// How many people agreed
    #[arg(long, value_name = "NUMBER")]
    pub approvals: Option<u32>,
    /// For which groups they stand [default: a different one each]
    #[arg(long, value_name = "GROUP", value_delimiter = ',')]
    pub groups: Vec<String>,
    /// What is unusual: recent_case, recent_failures, recent_change, recent_contest, new_network
    #[arg(long, value_name = "SIGNAL", value_delimiter = ',')]
    pub risk: Vec<String>,
    /// Whether the organization is at work
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub hours: HoursChoice,
    /// Minutes since the identity was proved
    #[arg(long, value_name = "MINUTES", default_value_t = 0)]
    pub waited: u32,
}

/// `keyward breach …`
#[derive(Debug, Subcommand)]
pub enum BreachCommand {
    /// Build the filter of breached passwords from a list of SHA-1 digests or of words
    #[command(after_help = "\
Example:
  keyward breach build pwned-passwords-sha1.txt --to /var/lib/keyward/breached.filter")]
    Build(BreachBuildArgs),
}

/// `keyward breach build`
#[derive(Debug, Args)]
pub struct BreachBuildArgs {
    /// The list: one SHA-1 digest in hex, or one password, a line
    #[arg(value_name = "LIST")]
    pub list: PathBuf,
    /// The filter to write
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
}

/// `keyward rebuild`
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  keyward rebuild --dry-run

Cases, lists and figures are computed anew from the events. The events and the log are only read.")]
pub struct RebuildArgs {
    /// Compare, say what differs, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `keyward health`
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  keyward health

For a container's health check: asks the server on this machine. Ends with 3 if it does not answer.")]
pub struct HealthArgs {
    /// The address to ask [default: server.listen]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// How long to wait
    #[arg(long, value_name = "SECONDS", default_value_t = 3)]
    pub timeout: u64,
}
