//! Questions to the person at the terminal. On standard error, so that standard output stays the answer.

use keyward_core::secret::{Secret, SecretText};

use super::exit::CliError;

/// Refuses an answer, with the reason.
pub type Check<'a> = &'a dyn Fn(&str) -> Result<(), String>;

/// Somebody who can be asked.
pub trait Ask {
    /// A line of text. An empty answer is `None`, unless there is a default.
    fn line(&mut self, question: &str, default: Option<&str>, check: Check<'_>) -> Result<Option<String>, CliError>;
    /// One of several; gives its position.
    fn choice(&mut self, question: &str, choices: &[&str]) -> Result<usize, CliError>;
    /// A secret, which is not shown while it is typed.
    fn secret(&mut self, question: &str) -> Result<SecretText, CliError>;
}

/// Whether somebody is sure: asked, unless `yes` says so already. Where there is nobody to ask, nothing is done.
pub fn sure(ask: Option<&mut dyn Ask>, yes: bool, question: &str, choices: [&str; 2]) -> Result<bool, CliError> {
    match ask {
        _ if yes => Ok(true),
        Some(ask) => Ok(ask.choice(question, &choices)? == 1),
        None => Err(CliError::Usage("there is nobody to ask; --yes does it without asking".to_owned())),
    }
}

/// A person at a terminal.
pub struct Terminal;

fn broken(error: dialoguer::Error) -> CliError {
    CliError::Failed("the question was not answered".into(), error.into())
}

impl Ask for Terminal {
    fn line(&mut self, question: &str, default: Option<&str>, check: Check<'_>) -> Result<Option<String>, CliError> {
        let mut input = dialoguer::Input::<String>::new().with_prompt(question).allow_empty(true);
        if let Some(default) = default {
            input = input.default(default.to_owned());
        }
        let checked = |answer: &String| {
            if answer.is_empty() { Ok(()) } else { check(answer) }
        };
        let answer = input.validate_with(checked).interact_text().map_err(broken)?;
        Ok(Some(answer).filter(|answer| !answer.is_empty()))
    }

    fn choice(&mut self, question: &str, choices: &[&str]) -> Result<usize, CliError> {
        dialoguer::Select::new().with_prompt(question).items(choices).default(0).interact().map_err(broken)
    }

    fn secret(&mut self, question: &str) -> Result<SecretText, CliError> {
        dialoguer::Password::new().with_prompt(question).interact().map(Secret::new).map_err(broken)
    }
}
