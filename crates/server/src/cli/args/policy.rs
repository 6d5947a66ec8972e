//! The words of `keyward policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

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
  keyward policy explain --class standard --proofs email,totp --risk recent_change,recent_contest
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
    /// What is unusual: recent_case, recent_failures, recent_change, recent_contest; new_network, which nothing raises yet
    #[arg(long, value_name = "SIGNAL", value_delimiter = ',')]
    pub risk: Vec<String>,
    /// Whether the organization is at work
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub hours: HoursChoice,
    /// Minutes since the identity was proved
    #[arg(long, value_name = "MINUTES", default_value_t = 0)]
    pub waited: u32,
}
