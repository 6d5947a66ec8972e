//! Text of others, made safe to show: what would move the cursor, hide, reorder or break a line is shown as its number (T-I09).
//!
//! Every answer passes through here on its way out ([`super::report`]). Nothing is removed, so that what was there can be told.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a terminal would do something else with this character than show it, or show it in another place.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Invisible, or a line end of its own.
            '\u{ad}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            // Direction (UAX 9): what is read is not the order of what is there.
            | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            // Tags: a text within the text that nobody sees.
            | '\u{e0000}'..='\u{e007f}')
}

fn shown(text: &str, acts: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&acts) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if acts(c) {
            let _ = write!(safe, "{}", c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// For a cell, a label, a value: one line.
pub fn line(text: &str) -> Cow<'_, str> {
    shown(text, acts)
}

/// For a paragraph of our own, whose line breaks are meant. What is put into it from outside goes through [`line`] first.
pub fn paragraph(text: &str) -> Cow<'_, str> {
    shown(text, |c| c != '\n' && acts(c))
}

/// For a JSON text: the same characters as `\u` escapes, which are read back exactly. They can only stand within strings.
pub fn json(text: &str) -> Cow<'_, str> {
    let foreign = |c: char| c != '\n' && acts(c);
    if !text.contains(foreign) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if foreign(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}[2Jb\u{9b}31mc\u{202e}d\u{2066}e\nf\r\u{7}\u{0}g\u{2028}h\u{e0041}i\u{200b}j\u{7f}k";

    #[test]
    fn t_i09_a_line_shows_what_would_act_on_the_terminal() {
        assert_eq!(
            line(HOSTILE),
            "a\\u{1b}[2Jb\\u{9b}31mc\\u{202e}d\\u{2066}e\\u{a}f\\u{d}\\u{7}\\u{0}g\\u{2028}h\\u{e0041}i\\u{200b}j\\u{7f}k"
        );
        assert!(paragraph(HOSTILE).contains("e\nf\\u{d}"));
        for plain in ["", "Zoë Müller 王小明", "عمر", "👩‍🚀", "\"]|=%n'"] {
            assert!(matches!(line(plain), Cow::Borrowed(text) if text == plain), "{plain}");
        }
    }

    #[test]
    fn t_i09_json_is_safe_to_show_and_reads_back_exactly() {
        let text = json(&serde_json::to_string_pretty(&[HOSTILE]).unwrap()).into_owned();
        assert!(text.chars().all(|c| c == '\n' || !acts(c)), "{text}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), [HOSTILE]);
    }
}
