//! Pages that explain: help, how we check, accessibility, privacy. They hold no data of anybody.

use askama::Template;
use keyward_core::time::Timestamp;
use serde::Deserialize;

use super::WayKind;
use crate::i18n::k;
use crate::web::shell::Shell;

/// `/help`.
#[derive(Template, Debug)]
#[template(path = "help.html")]
pub struct Help {
    /// What is around the page.
    pub shell: Shell,
}

/// `/how-we-check`.
#[derive(Template, Debug)]
#[template(path = "how_we_check.html")]
pub struct HowWeCheck {
    /// What is around the page.
    pub shell: Shell,
    /// The ways this site takes.
    pub ways: Vec<WayKind>,
}

/// What the accessibility tests of this build found (UX-62).
#[derive(Clone, Debug)]
pub struct Tested {
    /// When they ran.
    pub at: Timestamp,
    /// How many pages, each in two colors and two widths.
    pub pages: u32,
    /// What is known not to work yet, in the language of the page.
    pub gaps: Vec<String>,
}

impl Tested {
    /// What `e2e/` wrote down when it last looked at every page (`accessibility.json`). `None` if that was another version.
    pub fn of_this_version(shell: &Shell) -> Option<Self> {
        let file: Results = serde_json::from_str(RESULTS).ok()?;
        let at = Timestamp::from_millis(file.at_ms);
        let gaps = vec![shell.t(k("access-gap-by-hand")).to_string()];
        (file.version == shell.site.version).then_some(Self { at, pages: file.pages, gaps })
    }
}

const RESULTS: &str = include_str!("../../../accessibility.json");

#[derive(Deserialize)]
struct Results {
    version: String,
    at_ms: i64,
    pages: u32,
}

/// `/accessibility`.
#[derive(Template, Debug)]
#[template(path = "accessibility.html")]
pub struct Accessibility {
    /// What is around the page.
    pub shell: Shell,
    /// What was tested; `None` in a build without test results, which it then says.
    pub tested: Option<Tested>,
    /// Where to write.
    pub contact: String,
}

/// `/privacy`.
#[derive(Template, Debug)]
#[template(path = "privacy.html")]
pub struct Privacy {
    /// What is around the page.
    pub shell: Shell,
    /// How many days it is kept what was typed for a name that is no account. What belongs to an account is kept until somebody deletes it.
    pub unknown_days: i64,
    /// Who answers for it.
    pub contact: String,
}
