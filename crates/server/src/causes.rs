//! An error and what is behind it.

use std::error::Error;

/// The error, its cause, the cause of that, and so on.
pub fn of<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn Error + 'static)| (*error).source())
}

/// All of it in one line, outermost first. What an error has said of its cause already is not said again.
pub fn in_one_line(error: &(dyn Error + 'static)) -> String {
    of(error)
        .map(ToString::to_string)
        .reduce(|said, more| if said.contains(&more) { said } else { said + ": " + &more })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Told(&'static str, #[source] Option<Box<Self>>);

    #[test]
    fn each_cause_is_told_once() {
        let error = Told("cannot open", Some(Box::new(Told("no such file", Some(Box::new(Told("no such", None)))))));
        assert_eq!(of(&error).count(), 3);
        assert_eq!(in_one_line(&error), "cannot open: no such file");
    }
}
