//! Holds every message to the rules for messages, in every language.

use crate::i18n::Lang;
use crate::web::views::samples::{letters, letters_of, site, without_help};

/// The words of an HTML part.
fn words_of(html: &str) -> String {
    let body = &html[html.find("<body").expect("a body")..];
    let mut text = String::new();
    for part in body.split('<').skip(1) {
        text.push(' ');
        text.push_str(part.split_once('>').map_or("", |(_, after)| after));
    }
    unescaped(&text)
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&#38;", "&").replace("&#39;", "'").replace("&#34;", "\"");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn ux_72_text_and_html_say_the_same_and_load_nothing() {
    for lang in Lang::CHOICE {
        let letters = letters(*lang);
        assert_eq!(letters.len(), 24);
        for (name, mail) in letters {
            let html = words_of(&mail.html);
            for line in mail.text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                let (label, value) = line.split_once(": ").unwrap_or((line, ""));
                let label = label.trim_end_matches(':');
                assert!(html.contains(label), "{name} {lang:?}: {label}");
                assert!(html.contains(value), "{name} {lang:?}: {value}");
            }
            for remote in ["<img", "src=", "url(", "@import", "<link", "<script", "@font-face"] {
                assert!(!mail.html.contains(remote), "{name} has {remote}");
            }
            assert!(mail.html.contains("name=\"color-scheme\""));
            assert!(mail.html.len() + mail.text.len() < 20 * 1024, "{name}");
        }
    }
}

#[test]
fn ux_70_messages_say_when_with_zone_where_and_how_to_say_not_me() {
    for (name, mail) in letters(Lang::En) {
        let about_a_request = !name.starts_with("code-") && !name.starts_with("not-me");
        assert_eq!(mail.text.contains("/not-me/"), about_a_request, "{name}");
        if about_a_request {
            for fact in ["When: Friday 20 November, 14:02 GMT", "Where: Leeds", "Device: Firefox"] {
                assert!(mail.text.contains(fact), "{name}: {fact}");
            }
        }
    }
}

#[test]
fn ux_73_every_message_says_that_nobody_will_ask_for_a_link_or_a_code() {
    for (name, mail) in letters(Lang::En) {
        let said = "Nobody from the service desk will ever ask you for a link or a code";
        assert!(mail.text.contains(said) && mail.html.contains(said), "{name}");
    }
}

#[test]
fn ux_74_links_are_shown_with_their_whole_host() {
    for (name, mail) in letters(Lang::De) {
        for (at, _) in mail.html.match_indices("href=\"") {
            let rest = &mail.html[at + 6..];
            let url = &rest[..rest.find('"').expect("closed")];
            assert!(url.starts_with("https://keyward.northwind.example/"), "{name}: {url}");
            assert!(words_of(&mail.html).contains(url), "{name} hides {url}");
            assert!(mail.text.contains(url), "{name}: {url}");
        }
    }
}

#[test]
fn subjects_carry_no_code_no_name_and_no_hurry() {
    for lang in [Lang::En, Lang::De] {
        for (name, mail) in letters(lang) {
            assert!(!mail.subject.contains(char::is_numeric), "{name}");
            assert!(!mail.subject.contains("j.okafor"), "{name}");
            assert!(!mail.subject.contains(['!', '\n', '\r']), "{name}");
            for hurry in ["urgent", "now", "immediately", "sofort", "dringend", "jetzt"] {
                assert!(!mail.subject.to_lowercase().contains(hurry), "{name}");
            }
        }
    }
}

#[test]
fn ux_70_what_came_from_outside_is_written_as_text() {
    use super::*;
    use crate::web::views::samples::{NOW, site};
    let head = Letterhead { site: site(), lang: Lang::En, account: "<b>j</b>".to_owned(), at: NOW };
    let origin = Origin { at: NOW, place: Some("<img src=x>".to_owned()), device: None };
    let notice =
        Notice::PasswordChanged(ChangeLine { origin, not_me: "https://keyward.northwind.example/not-me/x".to_owned() });
    let mail = notice.write(&head).expect("written");
    assert!(!mail.html.contains("<img") && !mail.html.contains("<b>j"));
    assert!(mail.text.contains("<b>j</b>"));
}

#[test]
fn a_site_without_a_service_desk_names_no_number() {
    for lang in Lang::CHOICE {
        for (name, mail) in letters_of(without_help(&site()), *lang) {
            assert!(!mail.text.contains("555") && !mail.text.contains("none"), "{name}: {}", mail.text);
        }
    }
}
