//! `keyward account add`: an account with its groups and its first password, which comes from the terminal or from standard input and never
//! from an argument, where every program of the machine could read it.

use std::io::{self, BufRead as _, BufReader, Read};
use std::sync::Arc;

use keyward_core::{
    account::Class,
    secret::{Secret, SecretText},
};
use zeroize::Zeroizing;

use super::super::args::AccountAddArgs;
use super::super::prompt::{Ask, Terminal};
use super::super::{CliContext, CliError, Exit, serve};
use super::{Line, named, opened};
use crate::causes::in_one_line;
use crate::flow::{Newcomer, TakenBy};
use crate::passwords::{Judged, hash::Hasher, password::Password, rules::Rule};

/// The longest line that is read; no password that is taken is as long.
const LONGEST: usize = 8192;

/// What somebody who makes such an account had better know before its owner comes.
const NOT_STANDARD: &str = "\
With a password alone, the owner of an account of this class can change nothing, not even that password: so says the policy that comes with Keyward. The class \
comes from the groups that [classes] of the configuration names; an account in none of them is treated as an administrator's.";

/// Makes an account.
pub async fn add(args: AccountAddArgs, ctx: &CliContext) -> Result<Exit, CliError> {
    let ask: Option<&mut dyn Ask> = if ctx.can_ask { Some(&mut Terminal) } else { None };
    add_with(args, ctx, ask, &mut io::stdin()).await
}

/// The same with somebody to ask, or nobody, and another standard input.
pub(in crate::cli) async fn add_with(
    args: AccountAddArgs,
    ctx: &CliContext,
    ask: Option<&mut dyn Ask>,
    input: &mut dyn Read,
) -> Result<Exit, CliError> {
    let display = args.display.as_deref().unwrap_or(&args.name);
    let new = Newcomer::read(&args.name, display, args.mail.as_deref());
    let new = new.and_then(|new| new.within(&args.groups));
    let new = new.map_err(|error| CliError::Usage(in_one_line(&error)))?;
    let (config, store) = opened(ctx).await?;
    // Before the password is asked for, and looked at once more when the account is made.
    if let Some(taken) = new.taken(&store).await? {
        return Err(is_taken(new.name(), taken));
    }
    let hasher = serve::hasher()?;
    let passwords = serve::passwords(&config, Arc::clone(hasher.pool()))?;
    let typed = first_password(&args, new.name(), ask, input)?;
    let password = match passwords.judge(typed, new.name()).await {
        Judged::Accepted(password) => password,
        Judged::Refused(rule) => return Err(refused(why(rule, passwords.min_chars()))),
        Judged::Busy => return Err(refused("the list of breached passwords could not be asked".to_owned())),
    };
    let hash = hashed(&hasher, password, ctx).await?;
    let (name, at) = (new.name().to_owned(), ctx.ctx.now());
    let begun = new.begun(ctx.ctx.bytes(), at, (hash, !args.keep_password));
    if !store.begin_account(&begun).await? {
        return Err(is_taken(&name, TakenBy::Name));
    }
    let line = Line::of(&config, &store, named(&store, &name).await?, at).await?;
    store.close().await;
    let report = line.report("account add");
    ctx.print(&if line.class == Class::Standard { report } else { report.text(NOT_STANDARD) })
}

fn is_taken(name: &str, taken: TakenBy) -> CliError {
    let (what, why) = match taken {
        TakenBy::Name => (format!("there is an account `{name}` already"), "nothing was changed"),
        TakenBy::Mail => (
            format!("the account `{name}` was not made"),
            "its mail address is the name or the address of another account, and nobody could say which is meant",
        ),
    };
    CliError::Failed(what, why.into())
}

fn refused(why: String) -> CliError {
    CliError::Failed("the first password is not taken, and no account was made".to_owned(), why.into())
}

/// A rule that was not kept, in words.
fn why(rule: Rule, min_chars: u32) -> String {
    match rule {
        Rule::Length => format!("it has fewer than {min_chars} characters"),
        Rule::TooLong => "it is longer than a password may be".to_owned(),
        Rule::ControlCharacters => "it has a character that does not show".to_owned(),
        Rule::Repeats => "it is the same few characters again and again".to_owned(),
        Rule::Blocklisted => "it is on the list of common passwords".to_owned(),
        Rule::ContextWord => "it is made of names and nothing else".to_owned(),
        Rule::Breached => "it has appeared in a known data breach".to_owned(),
    }
}

async fn hashed(hasher: &Hasher, password: SecretText, ctx: &CliContext) -> Result<String, CliError> {
    let failed = |cause: super::super::Cause| CliError::Failed("the first password was not hashed".to_owned(), cause);
    let password = Password::new(password).map_err(|error| failed(error.into()))?;
    hasher.hash(&password, ctx.ctx.bytes()).await.map_err(|error| failed(error.into()))
}

fn first_password(
    args: &AccountAddArgs,
    name: &str,
    ask: Option<&mut dyn Ask>,
    input: &mut dyn Read,
) -> Result<SecretText, CliError> {
    if args.password_stdin {
        return first_line(input);
    }
    let Some(ask) = ask else {
        let what =
            "there is no terminal to ask for the first password at; --password-stdin reads it from standard input";
        return Err(CliError::Usage(what.to_owned()));
    };
    let password = ask.secret(&format!("First password of {name}"))?;
    let again = ask.secret("The same once more")?;
    if password.expose() == again.expose() {
        Ok(password)
    } else {
        Err(CliError::Usage("the two passwords are not the same; no account was made".to_owned()))
    }
}

/// The first line, as it is but for its end. Nothing behind it is read, or waited for.
fn first_line(input: &mut dyn Read) -> Result<SecretText, CliError> {
    let failed = |error: io::Error| CliError::Failed("cannot read the first password".to_owned(), error.into());
    // The room is taken at once, and the buffer is one byte: growing and buffers would leave copies of a secret behind.
    let mut line = Zeroizing::new(Vec::<u8>::with_capacity(LONGEST));
    BufReader::with_capacity(1, input.take(LONGEST as u64)).read_until(b'\n', &mut line).map_err(failed)?;
    let line = std::str::from_utf8(&line).map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidData, error)))?;
    let line = line.strip_suffix('\n').unwrap_or(line);
    Ok(Secret::new(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}
