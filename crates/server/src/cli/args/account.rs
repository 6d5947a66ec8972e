//! The words of `keyward account`.

use clap::{Args, Subcommand};

/// `keyward account …`
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make an account in Keyward's own directory
    #[command(after_help = "\
Examples:
  keyward account add j.okafor --mail joy@home.example --group staff
  head -n 1 first-password | keyward account add j.okafor --display 'Joy Okafor' --group staff --password-stdin

The first password is asked for at the terminal and held to the same rules as every other. It is good for one thing, choosing another,
unless --keep-password says otherwise. An account in no group that [classes] names is treated as an administrator's.")]
    Add(AccountAddArgs),
    /// List the accounts in the order of their names
    #[command(after_help = "\
Examples:
  keyward account list
  keyward --output json account list --limit 100 --behind j.okafor")]
    List(AccountListArgs),
    /// Print one account
    #[command(after_help = "\
Example:
  keyward account show j.okafor")]
    Show(AccountNameArgs),
    /// Let nobody into an account, whatever the password, and sign everybody in it out
    #[command(after_help = "\
Example:
  keyward account disable j.okafor")]
    Disable(AccountNameArgs),
    /// Let the owner of a disabled account in again
    #[command(after_help = "\
Example:
  keyward account enable j.okafor")]
    Enable(AccountNameArgs),
    /// Remove an account; its cases stay in the log
    #[command(after_help = "\
Examples:
  keyward account remove j.okafor
  keyward account remove j.okafor --yes

An account that is made later under the same name is another one: no way back in of the old one opens it.")]
    Remove(AccountRemoveArgs),
}

/// `keyward account add`
#[derive(Debug, Args)]
pub struct AccountAddArgs {
    /// The name to sign in with
    pub name: String,
    /// What people are called [default: the name]
    #[arg(long, value_name = "TEXT")]
    pub display: Option<String>,
    /// The mail address
    #[arg(long, value_name = "ADDRESS")]
    pub mail: Option<String>,
    /// A group it is in; may be given more than once
    #[arg(long = "group", value_name = "GROUP")]
    pub groups: Vec<String>,
    /// Read the first password from standard input, up to the end of the line
    #[arg(long)]
    pub password_stdin: bool,
    /// Do not make the owner choose another password at the first sign-in
    #[arg(long)]
    pub keep_password: bool,
}

/// `keyward account list`
#[derive(Debug, Args)]
pub struct AccountListArgs {
    /// At most so many [default: all]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub limit: Option<u32>,
    /// Begin behind this name, the last one of the page before
    #[arg(long, value_name = "NAME")]
    pub behind: Option<String>,
}

/// The commands about one account.
#[derive(Debug, Args)]
pub struct AccountNameArgs {
    /// The name to sign in with
    pub name: String,
}

/// `keyward account remove`
#[derive(Debug, Args)]
pub struct AccountRemoveArgs {
    /// The name to sign in with
    pub name: String,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}
