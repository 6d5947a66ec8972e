//! Holds the catalog to its rules: complete in both languages, every text used, no banned word, easy to read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::*;

const MINUTE: i64 = MINUTE_MS;
/// Friday 20 November 2026, 14:02 UTC.
const NOW: Timestamp = Timestamp::from_millis(1_795_183_320_000);

/// Every text of a language by its key, as written, with the file it is in.
fn messages(files: &[(&'static str, &'static str)]) -> BTreeMap<String, (&'static str, String)> {
    let mut found: BTreeMap<String, (&'static str, String)> = BTreeMap::new();
    for (file, source) in files {
        let mut key = String::new();
        for line in source.lines() {
            if line.starts_with(char::is_alphabetic) {
                let (name, text) = line.split_once(" =").expect("a key and a text");
                key = name.to_owned();
                let old = found.insert(key.clone(), (file, text.trim().to_owned()));
                assert!(old.is_none(), "`{key}` is there twice");
            } else if line.starts_with(' ') {
                let (_, text) = found.get_mut(&key).expect("a key before its text");
                text.push('\n');
                text.push_str(line.trim());
            }
        }
    }
    found
}

/// What a person reads: each variant by itself, with a short word for each value.
fn readings(raw: &str) -> Vec<String> {
    let plain = |text: &str| {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (_, tail) = after.split_once('}').expect("closed");
            out.push_str(before);
            out.push_str("ten");
            rest = tail;
        }
        out.push_str(rest);
        out
    };
    if !raw.contains("->") {
        return vec![plain(raw)];
    }
    raw.lines()
        .filter_map(|line| line.trim_start_matches('*').strip_prefix('['))
        .filter_map(|line| line.split_once(']'))
        .map(|(_, text)| plain(text.trim()))
        .collect()
}

fn variables(raw: &str) -> BTreeSet<String> {
    raw.split('$').skip(1).map(|rest| rest.chars().take_while(|c| c.is_alphanumeric()).collect()).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '’' && c != '\'')
        .filter(|word| word.chars().any(char::is_alphabetic))
        .map(str::to_lowercase)
        .collect()
}

fn sources(dir: &str, ending: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(dir)];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(path).expect("a directory").flatten() {
            let path = entry.path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                open.push(path);
            } else if name.ends_with(ending) && !name.ends_with("tests.rs") {
                out.push((name, fs::read_to_string(&path).expect("text")));
            }
        }
    }
    out
}

/// Every key the source names: `t("…")`, `k("…")`, `say("…")` and the three of `words!("…")`.
fn named() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let files = sources("templates", ".html")
        .into_iter()
        .chain(sources("templates", ".txt"))
        .chain(sources("src/web", ".rs"))
        .chain(sources("src", "i18n.rs"));
    for (_, source) in files {
        for mark in ["t(\"", "k(\"", "say(\"", "words!(\""] {
            for (at, _) in source.match_indices(mark) {
                let before = source[..at].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                    continue;
                }
                let rest = &source[at + mark.len()..];
                let key = &rest[..rest.find('"').expect("closed")];
                if mark == "words!(\"" {
                    found.extend(["title", "why", "next"].map(|part| format!("{key}-{part}")));
                } else {
                    found.insert(key.to_owned());
                }
            }
        }
    }
    found
}

#[test]
fn ux_128_both_languages_parse_and_have_the_same_keys_and_values() {
    for (_, source) in EN.iter().chain(DE) {
        assert!(FluentResource::try_new((*source).to_owned()).is_ok());
    }
    let (en, de) = (messages(EN), messages(DE));
    let keys = |all: &BTreeMap<String, _>| all.keys().cloned().collect::<BTreeSet<String>>();
    assert_eq!(keys(&en), keys(&de));
    for (key, (_, text)) in &en {
        let (_, other) = &de[key];
        // The names of zones are German in German only; everything else takes the same values.
        assert_eq!(variables(text), variables(other), "`{key}`");
        assert!(!text.is_empty() && !other.is_empty(), "`{key}` is empty");
    }
}

#[test]
fn ux_128_every_key_that_is_named_exists_and_every_text_is_used() {
    let (named, en) = (named(), messages(EN));
    let missing: Vec<&String> = named.iter().filter(|key| !en.contains_key(*key)).collect();
    assert!(missing.is_empty(), "no text for {missing:?}");
    let inner = |key: &String| ["time-weekday", "time-month"].contains(&key.as_str());
    let unused: Vec<&String> = en.keys().filter(|key| !named.contains(*key) && !inner(key)).collect();
    assert!(unused.is_empty(), "nobody uses {unused:?}");
}

#[test]
fn ux_128_no_template_has_a_sentence_of_its_own() {
    for (name, source) in sources("templates", ".html") {
        let mut text = source.clone();
        // Inside out: what askama writes, then styles, then tags. What is left is text.
        for (open, close) in
            [("{#", "#}"), ("{{", "}}"), ("{%", "%}"), ("<style>", "</style>"), ("class=\"", "\""), ("<", ">")]
        {
            let mut left = String::new();
            let mut rest = text.as_str();
            while let Some(at) = rest.find(open) {
                left.push_str(&rest[..at]);
                let inside = at + open.len();
                let end = inside + rest[inside..].find(close).expect("closed") + close.len();
                rest = &rest[end..];
            }
            left.push_str(rest);
            text = left;
        }
        let words = words(&text);
        assert!(words.is_empty(), "{name} says {words:?}");
    }
}

#[test]
fn ux_43_banned_words_are_in_no_text() {
    let banned: [(&str, &[_], &[&str]); 2] = [
        (
            "en",
            EN,
            &[
                "invalid",
                "valid",
                "forbidden",
                "illegal",
                "please",
                "oops",
                "error occurred",
                "token",
                "tokens",
                "session",
                "sessions",
                "principal",
                "user",
                "users",
                "username",
                "failed",
                "fails",
                "failure",
            ],
        ),
        (
            "de",
            DE,
            &[
                "ungültig",
                "ungültige",
                "ungültiger",
                "gültig",
                "verboten",
                "illegal",
                "bitte",
                "hoppla",
                "token",
                "session",
                "sitzung",
                "benutzer",
                "nutzer",
                "benutzername",
                "fehlgeschlagen",
            ],
        ),
    ];
    for (lang, files, list) in banned {
        for (key, (_, raw)) in messages(files) {
            for text in readings(&raw) {
                let spoken = format!(" {} ", words(&text).join(" "));
                for word in list {
                    assert!(!spoken.contains(&format!(" {word} ")), "{lang} `{key}`: {word}");
                }
            }
        }
    }
}

#[test]
fn ux_20_no_text_asks_for_a_code_to_be_given_to_a_person() {
    let asks = |sentence: &str, verbs: &[&str], no: &[&str]| {
        let words = words(sentence);
        let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        words.iter().any(|word| word.starts_with("code")) && has(verbs) && !has(no)
    };
    let en = ["read", "tell", "give", "say", "share", "spell", "ask", "hand"];
    let de = ["nennen", "sagen", "geben", "vorlesen", "diktieren", "verraten", "mitteilen"];
    assert!(asks("Read the code to the agent", &en, &["never"]));
    for (files, verbs, no) in
        [(EN, &en[..], &["nobody", "never", "not"][..]), (DE, &de[..], &["niemand", "nie", "nicht", "ein"][..])]
    {
        for (key, (_, raw)) in messages(files) {
            for sentence in readings(&raw).iter().flat_map(|text| text.split(". ")) {
                assert!(!asks(sentence, verbs, no), "`{key}`: {sentence}");
            }
        }
    }
}

#[test]
fn ux_126_sentence_case_no_gendered_pronoun_and_american_spelling() {
    let gendered = ["he", "she", "him", "her", "his", "hers", "himself", "herself"];
    let british = [
        "authorise",
        "authorised",
        "authorisation",
        "organisation",
        "recognise",
        "colour",
        "cancelled",
        "enrol",
        "licence",
        "centre",
        "favourite",
        "judgement",
        "behaviour",
        "programme",
        "whilst",
        "apologise",
        "initialise",
        "catalogue",
    ];
    for (key, (_, raw)) in messages(EN) {
        for text in readings(&raw) {
            let words = words(&text);
            for word in gendered.iter().chain(&british) {
                assert!(!words.iter().any(|w| w == word), "`{key}`: {word}");
            }
            assert!(!text.contains('!'), "`{key}` shouts");
            assert!(!text.contains(['"', '\'']), "`{key}` has typewriter quotes");
        }
    }
}

#[test]
fn ux_126_sentence_case_means_that_only_names_and_first_words_begin_large() {
    let names = ["I", "WCAG", "AA", "KW", "USB", "English", "Keyward", "A", "S", "PGP", "Monday", "Friday", "Kerberos"];
    for (key, (_, raw)) in messages(EN) {
        if key.starts_with("time-") {
            continue;
        }
        for text in readings(&raw) {
            let mut first = true;
            for word in text.split_whitespace() {
                let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
                let large = bare.starts_with(char::is_uppercase) && !bare.chars().any(|c| c.is_ascii_digit());
                let named = names.contains(&bare) || bare.contains('-') && bare.starts_with("KW");
                // What is quoted begins as it stands elsewhere.
                let quoted = word.starts_with('“');
                assert!(!large || first || named || quoted, "`{key}`: {word} in {text}");
                first = word.ends_with(['.', '?', ':', ',']) || first && bare.is_empty() || word.starts_with('[');
            }
        }
    }
}

/// Syllables of an English word: groups of vowels, without a silent `e`.
fn syllables(word: &str) -> usize {
    let vowel = |c: char| "aeiouy".contains(c);
    let mut groups = 0;
    let mut inside = false;
    for c in word.chars() {
        if vowel(c) && !inside {
            groups += 1;
        }
        inside = vowel(c);
    }
    let silent = (word.ends_with('e') && !word.ends_with("le"))
        || word.ends_with("ed") && !word.ends_with("ted") && !word.ends_with("ded");
    if silent && groups > 1 {
        groups -= 1;
    }
    groups.max(1)
}

/// The Flesch-Kincaid grade of a text.
fn grade(text: &str) -> f64 {
    let words = words(text);
    let sentences = text.split(['.', '?', ':']).filter(|part| part.chars().any(char::is_alphabetic)).count().max(1);
    let spoken: usize = words.iter().map(|word| syllables(word)).sum();
    let count = words.len().max(1) as f64;
    0.39 * (count / sentences as f64) + 11.8 * (spoken as f64 / count) - 15.59
}

#[test]
fn ux_59_person_texts_read_at_grade_six_or_less() {
    let hard = "Authentication of the organizational identity necessitates verification documentation immediately.";
    assert!(grade(hard) > 12.0);
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    let mut above = Vec::new();
    for (key, (file, raw)) in messages(EN) {
        for text in readings(&raw) {
            let whole = files.entry(file).or_default();
            whole.push_str(text.trim_end_matches('.'));
            whole.push_str(". ");
            // Shorter texts are labels: one long word alone would decide.
            if words(&text).len() >= 10 && grade(&text) > 6.0 {
                above.push(format!("{:.1} `{key}`: {text}", grade(&text)));
            }
        }
    }
    assert!(above.is_empty(), "{}", above.join("\n"));
    for (file, text) in files {
        assert!(grade(&text) <= 6.0, "{file} reads at {:.1}", grade(&text));
    }
}

#[test]
fn ux_63_times_are_written_with_their_zone_in_both_languages() {
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    let later = NOW.plus_ms(19 * HOUR_MS + 10 * MINUTE);
    for (lang, clock, today, day, date) in [
        (Lang::En, "15:02 CET", "15:02 CET today", "Saturday 21 November, 10:12 CET", "21 November 2026"),
        (
            Lang::De,
            "15:02 Uhr (MEZ)",
            "heute, 15:02 Uhr (MEZ)",
            "Samstag, 21. November, 10:12 Uhr (MEZ)",
            "21. November 2026",
        ),
    ] {
        assert_eq!(lang.clock(NOW, &zone), clock);
        assert_eq!(lang.when(NOW, NOW, &zone), today);
        assert_eq!(lang.when(later, NOW, &zone), day);
        assert_eq!(lang.date(later, &zone), date);
    }
    let summer = NOW.plus_ms(-120 * DAY_MS);
    assert_eq!(Lang::De.day_time(summer, &zone), "Donnerstag, 23. Juli, 16:02 Uhr (MESZ)");
    assert_eq!(Lang::En.clock(summer, &TimeZone::UTC), "14:02 UTC");
}

#[test]
fn ux_11_durations_are_words_in_the_largest_unit_that_fits() {
    for (millis, en, de) in [
        (30_000, "30 seconds", "30 Sekunden"),
        (MINUTE, "1 minute", "1 Minute"),
        (10 * MINUTE, "10 minutes", "10 Minuten"),
        (90 * MINUTE, "90 minutes", "90 Minuten"),
        (19 * HOUR_MS + 10 * MINUTE, "19 hours", "19 Stunden"),
        (3 * DAY_MS, "3 days", "3 Tage"),
    ] {
        assert_eq!(Lang::En.duration(millis), en);
        assert_eq!(Lang::De.duration(millis), de);
    }
    for (away, en, de) in [
        (0, "now", "jetzt"),
        (21_000, "in 21 seconds", "in 21 Sekunden"),
        (-40 * MINUTE, "40 minutes ago", "vor 40 Minuten"),
        (3 * DAY_MS, "in 3 days", "in 3 Tagen"),
        (-3 * DAY_MS, "3 days ago", "vor 3 Tagen"),
    ] {
        assert_eq!(Lang::En.relative(NOW.plus_ms(away), NOW), en);
        assert_eq!(Lang::De.relative(NOW.plus_ms(away), NOW), de);
    }
}

#[test]
fn language_is_the_cookies_then_the_browsers_then_the_sites() {
    for (cookie, accept, want) in [
        (Some("en"), Some("de"), Lang::En),
        (Some("de"), Some("en"), Lang::De),
        (Some("tlh"), Some("de-AT, en;q=0.5"), Lang::De),
        (None, Some("fr, en;q=0.3, de;q=0.8"), Lang::De),
        (None, Some("en;q=0, de;q=0.1"), Lang::De),
        (None, Some("*"), Lang::De),
        (None, Some(";;q=,"), Lang::De),
        (None, None, Lang::De),
    ] {
        assert_eq!(Lang::choose(cookie, accept, Lang::De), want, "{accept:?}");
    }
    assert_eq!(Lang::from_tag("ar-XB"), Some(Lang::Pseudo));
    assert_eq!(Lang::Pseudo.dir(), "rtl");
}

#[test]
fn ux_53_the_pseudo_language_is_longer_and_marks_every_text() {
    let (plain, pseudo) = (Lang::En.t("continue").to_string(), Lang::Pseudo.t("continue").to_string());
    assert!(pseudo.chars().count() * 10 >= plain.chars().count() * 12, "{pseudo}");
    assert_ne!(plain, pseudo);
    let with_value = Lang::Pseudo.t("rule-length").with("min", 15u32).to_string();
    assert!(with_value.contains("15"), "{with_value}");
}
