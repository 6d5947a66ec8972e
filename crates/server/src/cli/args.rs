//! The words of each command: its arguments, their help, and examples. No behavior.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

mod account;
mod case;
mod job;
mod operate;
mod policy;

pub use account::{AccountAddArgs, AccountCommand, AccountListArgs, AccountNameArgs, AccountRemoveArgs};
pub use case::{CaseCommand, CaseEraseArgs, CaseExportArgs, CaseListArgs, CaseShowArgs};
pub use job::{JobArgs, JobCommand, JobListArgs};
pub use operate::{
    BenchCommand, BenchLimitsArgs, BreachBuildArgs, BreachCommand, DoctorArgs, HealthArgs, MigrateArgs, RebuildArgs,
};
pub use policy::{DoorChoice, HoursChoice, PolicyCommand, PolicyExplainArgs, PolicyFileArgs, PolicyTestArgs};

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

Ends with 2 if a value is wrong or a file that it names can not be read. It opens no connection; what is in the files is looked at
by `keyward doctor`.")]
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
    /// Listen for other machines too: anybody who can reach the port can then play every role. A browser there has to open it as localhost, through
    /// a tunnel or a published port
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
  keyward serve --role web --migrate off

Where there is no configuration at all it begins one in ~/.local/state/keyward ($STATE_DIRECTORY and $XDG_STATE_HOME come first), answers on
this machine alone, and prints one URL and one code for the first account. A real installation begins with `keyward config init`.")]
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

/// `keyward verify`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keyward verify KW-7Q4M-82XJ.evidence.json
  keyward verify *.evidence.json --log-key reset.example.org+1a2b3c4d+AZ…
  keyward verify KW-7Q4M-82XJ.evidence.json --log-key log-keys.txt --policy policy.cedar
  keyward verify ./copy-of-log --log-key log-keys.txt --since checkpoint-of-last-month

Needs no server, no network and no configuration. Every file is checked. A folder is a copy of the whole log, as it is served below /log/:
each entry and each tile is read, and the first that is wrong is named. Ends with 4 if something can not be relied on.")]
pub struct VerifyArgs {
    /// Evidence files, and folders with a copy of a log
    #[arg(required = true, value_name = "FILE|FOLDER")]
    pub files: Vec<PathBuf>,
    /// The key of the log as you were given it on another way, or a file with one key a line
    #[arg(long, value_name = "KEY|FILE")]
    pub log_key: Option<String>,
    /// A checkpoint that you kept from before: the log has to go on from it
    #[arg(long, value_name = "FILE", requires = "log_key")]
    pub since: Vec<PathBuf>,
    /// Your own copy of the policy: every answer must have been given by exactly this text
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}
