//! Reading code without parsing it: comments and strings blanked out, blocks, and paths.

use crate::tree::File;

/// The text with comments, strings and characters blanked out, line for line.
pub(crate) fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let blank = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if first == '"' {
            quoted(rest)
        } else if first == 'r' {
            raw_string(rest)
        } else if first == '\'' {
            character(rest)
        } else {
            0
        };
        if blank == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.extend(rest[..blank].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[blank..];
        }
    }
    code
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while let Some(next) = text[at..].find(['/', '*']) {
        at += next;
        match text.get(at..at + 2) {
            Some("/*") => depth += 1,
            Some("*/") => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn raw_string(text: &str) -> usize {
    let hashes = text[1..].len() - text[1..].trim_start_matches('#').len();
    if !text[1 + hashes..].starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let from = hashes + 2;
    text[from..].find(&end).map_or(text.len(), |at| from + at + end.len())
}

/// A character, and not a lifetime.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((after, _))) => text[after + 1..].find('\'').map_or(0, |at| after + 1 + at + 1),
        (Some(_), Some((end, '\''))) => end + 1,
        _ => 0,
    }
}

/// From the bracket at or after the start of `code` to the one that closes it.
pub(crate) fn block(code: &str) -> &str {
    let Some(open) = code.find('{') else { return "" };
    let mut depth = 0;
    for (at, c) in code[open..].char_indices() {
        depth += match c {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        if depth == 0 {
            return &code[open..=open + at];
        }
    }
    &code[open..]
}

/// The code without its `#[cfg(test)]` modules and functions, line for line.
pub(crate) fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    let mark = "#[cfg(test)]";
    let mut from = 0;
    while let Some(at) = out[from..].find(mark).map(|at| from + at) {
        let ends = out[at..].find([';', '{']).map_or(out.len(), |end| at + end);
        let end = if out[ends..].starts_with('{') { ends + block(&out[ends..]).len() } else { ends };
        let blank: String = out[at..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        out.replace_range(at..end, &blank);
        from = at + mark.len();
    }
    out
}

/// Every path with its line: `use a::{b, c::d};` gives `a::b` and `a::c::d`.
fn paths(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut groups: Vec<String> = Vec::new();
    let mut path = String::new();
    let mut line = 1;
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let word = rest.len() - rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').len();
        if word > 0 {
            if !path.is_empty() && !path.ends_with("::") {
                emit(&mut found, &groups, line, &mut path);
            }
            path.push_str(&rest[..word]);
            rest = &rest[word..];
            continue;
        }
        if rest.starts_with("::") {
            path.push_str("::");
            rest = &rest[2..];
            continue;
        }
        match c {
            '{' if path.ends_with("::") => {
                let outer = groups.last().cloned().unwrap_or_default();
                groups.push(outer + &std::mem::take(&mut path));
            }
            '{' => {
                emit(&mut found, &groups, line, &mut path);
                groups.push(String::new());
            }
            '}' => {
                emit(&mut found, &groups, line, &mut path);
                groups.pop();
            }
            '\n' => {
                emit(&mut found, &groups, line, &mut path);
                line += 1;
            }
            ' ' => {}
            _ => emit(&mut found, &groups, line, &mut path),
        }
        rest = &rest[c.len_utf8()..];
    }
    found
}

fn emit(found: &mut Vec<(usize, String)>, groups: &[String], line: usize, path: &mut String) {
    let one = std::mem::take(path);
    if !one.is_empty() && one != "::" {
        found.push((line, groups.last().cloned().unwrap_or_default() + one.trim_matches(':')));
    }
}

/// The paths that a shipped file names, with `crate`, `self` and `super` written out as `keyward::…` or `keyward_core::…`.
pub(crate) fn names(file: &File) -> Vec<(usize, String)> {
    let root = if file.path.starts_with("crates/core/") { "keyward_core" } else { "keyward" };
    let own = file.module();
    let full = |path: String| {
        let mut here = own.clone();
        let mut parts: Vec<&str> = path.split("::").collect();
        match parts[0] {
            "crate" => here.clear(),
            "self" => {}
            "super" => {
                while parts.get(1) == Some(&"super") {
                    parts.remove(1);
                    here.pop();
                }
                here.pop();
            }
            _ => return path,
        }
        [&[root], here.as_slice(), &parts[1..]].concat().join("::")
    };
    paths(&without_tests(&file.code)).into_iter().map(|(line, path)| (line, full(path))).collect()
}

pub(crate) fn is_or_in(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[test]
fn code_is_read_without_comments_and_strings() {
    for (text, code) in [
        ("a // b\nc", "a     \nc"),
        ("a /*/ /* b */ c */ d", "a                  d"),
        (r#"a("x\"y", 'c', '\'')"#, "a(      ,    ,     )"),
        (r###"r#"x " y"# z"###, "           z"),
        ("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}"),
    ] {
        assert_eq!(code_of(text), code, "{text}");
    }
    assert_eq!(without_tests("a\n#[cfg(test)]\nmod t {\n{b}\n}\nc"), "a\n            \n       \n   \n \nc");
}

#[test]
fn paths_are_read_out_of_groups_and_relative_ones_are_written_out() {
    let text = "use crate::{a::b, c::{d, e}};\nuse super::{g, super::h};\nfn x() { self::i::j(); k::l }";
    let file = File::new("crates/server/src/store/db.rs", text.to_owned());
    let full: Vec<String> = names(&file).into_iter().map(|(_, path)| path).filter(|path| path.contains("::")).collect();
    let expected = ["a::b", "c::d", "c::e", "store::g", "h", "store::db::i::j"].map(|path| format!("keyward::{path}"));
    assert_eq!(full, [&expected[..], &["k::l".to_owned()]].concat());
}
