//! The set-up of a new server.

use super::{Samples, password_field};
use crate::web::shell::Shell;
use crate::web::views::reissue::PasswordProblem;
use crate::web::views::setup::{SetUpDone, SetUpForm, SetupProblem};

/// All of it.
pub fn all(shell: &Shell, out: &mut Samples) {
    let mut page = SetUpForm {
        shell: shell.clone(),
        name: "j.okafor".to_owned(),
        display: "June Okafor".to_owned(),
        email: "june@example.com".to_owned(),
        field: password_field(),
        problem: None,
    };
    out.add("25-setup", &page);
    for (name, problem) in [
        ("25-setup-code", SetupProblem::Code),
        ("25-setup-name", SetupProblem::Name),
        ("25-setup-display", SetupProblem::Display),
        ("25-setup-mail", SetupProblem::Mail),
        ("25-setup-password", SetupProblem::Password(PasswordProblem::Short(15))),
    ] {
        page.problem = Some(problem);
        out.add(name, &page);
    }
    out.add("25-setup-done", &SetUpDone { shell: shell.clone(), name: "j.okafor".to_owned() });
}
