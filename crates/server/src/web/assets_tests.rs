//! Holds style and scripts to their budgets and to the content security policy, and every pair of colors to its contrast.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use super::*;

fn gzip(bytes: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory").len()
}

fn text(asset: &Asset) -> &str {
    std::str::from_utf8(&asset.bytes).expect("text")
}

fn of_type(content_type: &str) -> Vec<&'static Asset> {
    all().iter().filter(|asset| asset.content_type == content_type).collect()
}

fn style() -> &'static str {
    text(of_type(STYLE)[0])
}

#[test]
fn ux_131_style_is_at_most_8_kb_and_scripts_6_kb_in_all() {
    assert!(gzip(style().as_bytes()) <= 8 * 1024, "{}", gzip(style().as_bytes()));
    let scripts = of_type(SCRIPT);
    assert_eq!(scripts.len(), 6);
    let whole: usize = scripts.iter().map(|script| gzip(&script.bytes)).sum();
    assert!(whole <= 6 * 1024, "{whole}");
    for script in scripts {
        assert!(gzip(&script.bytes) <= 2 * 1024, "{}", script.name);
        assert!(text(script).lines().count() <= 150, "{}", script.name);
    }
}

#[test]
fn scripts_have_no_html_sink_no_eval_and_no_other_host() {
    for script in of_type(SCRIPT) {
        for bad in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "setAttribute('on",
            ".style",
            "http://",
            "https://",
            "import(",
        ] {
            assert!(!text(script).contains(bad), "{} has {bad}", script.name);
        }
    }
    // Typed passwords go nowhere but home, in a body and not in an address.
    let password = of_type(SCRIPT).into_iter().find(|script| script.name == "js/password.js");
    let password = text(password.expect("there"));
    assert!(password.contains("url.origin !== location.origin"));
    assert!(password.contains("method: 'POST'"));
    // Where a name is typed beside it, it is judged by that name, as it is when it is saved.
    assert!(password.contains("{ name: name.value }"));
}

#[test]
fn ux_42_and_ux_46_no_script_judges_on_leaving_a_field_or_disables_a_button() {
    for script in of_type(SCRIPT) {
        for bad in [
            "blur",
            "focusout",
            "'invalid'",
            "checkValidity",
            "reportValidity",
            "setCustomValidity",
            ".disabled",
            "'disabled'",
        ] {
            assert!(!text(script).contains(bad), "{} has {bad}", script.name);
        }
    }
}

#[test]
fn a_name_changes_with_its_bytes_and_the_answer_may_be_kept_for_ever() {
    assert_ne!(hashed("a.css", b"1"), hashed("a.css", b"2"));
    assert!(hashed("js/keyward.js", b"1").starts_with("/assets/keyward."));
    let css = find(&path("keyward.css")).expect("there");
    let response = css.response();
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    assert_eq!(header(header::CACHE_CONTROL), Some("public, max-age=31536000, immutable"));
    assert_eq!(header(header::CONTENT_TYPE), Some(STYLE));
    assert!(find("/assets/keyward.css").is_none());
    for asset in all() {
        assert_eq!(path(asset.name), asset.path);
    }
}

#[test]
fn ux_131_the_style_sheet_loads_only_our_own_hashed_files() {
    for (at, _) in style().match_indices("url(") {
        let rest = &style()[at + 4..];
        let address = &rest[..rest.find(')').expect("closed")];
        assert!(find(address).is_some(), "{address}");
    }
    assert!(style().contains("url(/assets/"));
    assert!(!style().contains("@import"));
}

#[test]
fn ux_129_the_style_sheet_mirrors_by_itself() {
    // `text-align:start`, `inset-inline-start`, … and never a side of the screen.
    for word in style().split(|c: char| !c.is_alphanumeric() && c != '-') {
        let sides = ["left", "right"];
        let names_a_side = word.split('-').any(|part| sides.contains(&part));
        assert!(!names_a_side, "`{word}`");
    }
    for side in ["margin-top", "margin-bottom", "padding-top", "padding-bottom", "border-top", "border-bottom"] {
        assert!(!style().contains(side), "{side}");
    }
}

/// Declarations `--name:value` of a block.
fn tokens(css: &str) -> BTreeMap<String, String> {
    css.split([';', '{', '}', '\n'])
        .filter_map(|declaration| declaration.trim().strip_prefix("--"))
        .filter_map(|declaration| declaration.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

/// The colors in light and in dark, and a check that the plain ones are the light ones.
fn schemes() -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let css = style();
    let start = css.find("@supports (color:light-dark").expect("there");
    let end = start + css[start..].find("}}").expect("closed");
    let plain = tokens(&css[..start]);
    let (mut light, mut dark) = (BTreeMap::new(), BTreeMap::new());
    for (name, value) in tokens(&css[start..end]) {
        let pair = value.strip_prefix("light-dark(").and_then(|v| v.strip_suffix(')'));
        let (l, d) = pair.expect("a pair").split_once(',').expect("two");
        assert_eq!(plain.get(&name).map(String::as_str), Some(l), "--{name}");
        light.insert(name.clone(), l.to_owned());
        dark.insert(name, d.to_owned());
    }
    let only_plain = plain.iter().filter(|(_, value)| value.starts_with('#'));
    for (name, value) in only_plain {
        light.entry(name.clone()).or_insert(value.clone());
        dark.entry(name.clone()).or_insert(value.clone());
    }
    (light, dark)
}

fn luminance(hex: &str) -> f64 {
    let channel = |at: usize| {
        let value = u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
        let c = f64::from(value) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

/// WCAG 2.2 contrast ratio.
fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn ux_50_every_pair_of_colors_has_its_contrast_in_both_schemes() {
    assert!((contrast("#FFFFFF", "#000000") - 21.0).abs() < 0.01);
    let grounds = ["paper", "surface", "sunken"];
    let mut pairs: Vec<(&str, &str, f64)> = Vec::new();
    for ground in grounds {
        pairs.extend([("ink", ground, 7.0), ("ink-2", ground, 7.0), ("ink-3", ground, 4.5)]);
        pairs.extend([("key", ground, 4.5), ("edge", ground, 3.0), ("focus", ground, 3.0)]);
    }
    for tint in ["key-tint", "wait-tint", "stop-tint", "done-tint", "info-tint"] {
        pairs.extend([("ink", tint, 7.0), ("ink-2", tint, 4.5), ("focus", tint, 3.0), ("key", tint, 4.5)]);
    }
    for color in ["wait", "stop", "done", "info"] {
        pairs.extend([(color, "paper", 4.5), (color, "surface", 4.5)]);
    }
    pairs.extend([
        ("key", "key-tint", 4.5),
        ("wait", "wait-tint", 4.5),
        ("stop", "stop-tint", 4.5),
        ("done", "done-tint", 4.5),
        ("info", "info-tint", 4.5),
        ("on-key", "key", 4.5),
        ("on-key", "key-hover", 4.5),
        ("on-stop", "stop-solid", 4.5),
        ("wait-edge", "surface", 3.0),
        ("wait-edge", "paper", 3.0),
        ("wait-edge", "wait-tint", 3.0),
        ("stop-solid", "paper", 3.0),
        ("stop-solid", "surface", 3.0),
    ]);
    let (light, dark) = schemes();
    for (scheme, colors) in [("light", light), ("dark", dark)] {
        for (front, back, need) in &pairs {
            let ratio = contrast(&colors[*front], &colors[*back]);
            assert!(ratio >= *need, "{front} on {back} in {scheme}: {ratio:.2} < {need}");
        }
    }
}

#[test]
fn ux_51_the_focus_ring_is_three_pixels_and_never_taken_away_from_a_control() {
    assert!(style().contains(":focus-visible{outline:3px solid var(--focus);outline-offset:2px"));
    let removed: Vec<&str> =
        style().lines().filter(|line| line.contains("outline:0") || line.contains("outline:none")).collect();
    // The page itself takes the focus from the skip link; a choice shows its ring around the whole card.
    assert_eq!(removed.len(), 2, "{removed:?}");
    assert!(removed.iter().any(|line| line.starts_with("main:")));
    assert!(removed.iter().any(|line| line.starts_with(".choice :")));
    assert!(style().contains(".choice:has(:focus-visible){outline:3px solid var(--focus)"));
}
