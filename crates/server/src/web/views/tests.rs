//! Holds every page, in every language, to the rules that can be read off the page.

use std::collections::BTreeSet;
use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use super::samples::{self, Sample};
use crate::i18n::Lang;
use crate::web::shell::Theme;

fn every_page() -> Vec<(Lang, Sample)> {
    let pages = |lang: &Lang| {
        let lang = *lang;
        samples::all(lang, Theme::System).into_iter().map(move |sample| (lang, sample))
    };
    Lang::CHOICE.iter().flat_map(pages).collect()
}

/// The opening tags of a page with that name, as written.
fn tags<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!("<{name}");
    html.match_indices(&open)
        .map(|(at, _)| &html[at..])
        .filter(|rest| rest[open.len()..].starts_with([' ', '>', '\n']))
        .map(|rest| &rest[..rest.find('>').expect("closed") + 1])
        .collect()
}

/// The value of an attribute of a tag.
fn value<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let rest = &tag[start..];
    Some(&rest[..rest.find('"')?])
}

fn title(html: &str) -> &str {
    let start = html.find("<title>").expect("a title") + 7;
    &html[start..start + html[start..].find("</title>").expect("closed")]
}

#[test]
fn every_page_renders_with_every_value_filled_in() {
    let pages = every_page();
    assert_eq!(pages.len(), 158 * Lang::CHOICE.len());
    for (lang, page) in pages {
        assert!(page.html.ends_with("</html>"), "{} {lang:?}", page.name);
        for gap in ["{$", "{ $", "{{", "{%"] {
            assert!(!page.html.contains(gap), "{} {lang:?} has {gap}", page.name);
        }
    }
}

#[test]
fn ux_58_language_direction_skip_link_and_title_are_on_every_page() {
    for (lang, page) in every_page() {
        let html = &page.html;
        let open = tags(html, "html")[0];
        assert_eq!(value(open, "lang"), Some(lang.tag()));
        assert_eq!(value(open, "dir"), Some(lang.dir()));
        let first = html.find("<a ").expect("a link");
        assert!(html[first..].starts_with("<a class=\"skip\" href=\"#main\">"), "{}", page.name);
        let before = &html[..first];
        assert!(!before.contains("<button") && !before.contains("<input"));
        assert!(title(html).ends_with(" – Northwind Hospital"), "{}", page.name);
        assert!(title(html).len() > 25, "{}: {}", page.name, title(html));
    }
}

#[test]
fn ux_01_every_page_has_one_heading_of_the_first_order_and_one_solid_button_at_most() {
    for (lang, page) in every_page() {
        assert_eq!(tags(&page.html, "h1").len(), 1, "{} {lang:?}", page.name);
        let solid = page.html.matches("class=\"btn\"").count() + page.html.matches("class=\"btn stop\"").count();
        assert!(solid <= 1, "{}", page.name);
    }
}

#[test]
fn ux_41_an_error_is_in_the_title_in_a_summary_that_leads_to_the_field_and_at_the_field() {
    let mut seen = 0;
    for (_, page) in every_page().iter().filter(|(lang, _)| *lang == Lang::En) {
        let html = &page.html;
        let summary = html.find("class=\"problem\"");
        assert_eq!(summary.is_some(), title(html).starts_with("Error: "), "{}", page.name);
        let Some(at) = summary else { continue };
        seen += 1;
        let rest = &html[at..];
        let link = tags(rest, "a")[0];
        let field = value(link, "href").expect("a link").trim_start_matches('#');
        let fields = ["input", "button"].into_iter().flat_map(|name| tags(html, name));
        let takes_focus = fields.filter(|tag| value(tag, "type") != Some("hidden"));
        assert!(takes_focus.into_iter().any(|tag| value(tag, "id") == Some(field)), "{}: #{field}", page.name);
        assert!(html[at..].starts_with("class=\"problem\" role=\"alert\" tabindex=\"-1\" data-focus"));
        let words = &rest[rest.find(link).expect("there") + link.len()..];
        let words = &words[..words.find('<').expect("closed")];
        assert!(!words.ends_with('.'), "{}: {words}", page.name);
    }
    assert!(seen >= 25, "{seen}");
}

#[test]
fn the_content_security_policy_finds_nothing_inline() {
    for (_, page) in every_page() {
        let html = &page.html;
        for script in html.match_indices("<script") {
            let tag = &html[script.0..];
            assert!(tag.starts_with("<script type=\"module\" src=\"/assets/"), "{}", page.name);
        }
        assert!(!html.contains("<style") && !html.contains(" style="), "{}", page.name);
        for tag in html.split('<').filter_map(|part| part.split('>').next()) {
            let handlers = tag.split_whitespace().any(|word| word.starts_with("on") && word.contains("=\""));
            assert!(!handlers, "{}: <{tag}>", page.name);
        }
        for name in ["src", "href", "action"] {
            for (at, _) in html.match_indices(&format!(" {name}=\"http")) {
                // The only way out is by the links inside a caught message.
                assert!(html[at..].contains(".northwind.example"), "{}", page.name);
            }
        }
    }
}

#[test]
fn ux_131_pages_are_at_most_30_kb() {
    for (_, page) in every_page() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
        encoder.write_all(page.html.as_bytes()).expect("memory");
        let size = encoder.finish().expect("memory").len();
        assert!(size <= 30 * 1024, "{}: {size}", page.name);
    }
}

#[test]
fn ids_are_unique_and_every_reference_to_one_is_answered() {
    for (_, page) in every_page() {
        let html = &page.html;
        let mut ids = BTreeSet::new();
        for (at, _) in html.match_indices(" id=\"") {
            let rest = &html[at + 5..];
            let id = &rest[..rest.find('"').expect("closed")];
            assert!(ids.insert(id), "{}: {id} twice", page.name);
        }
        for name in ["for", "aria-describedby", "aria-labelledby"] {
            for (at, _) in html.match_indices(&format!(" {name}=\"")) {
                let rest = &html[at + name.len() + 3..];
                let list = &rest[..rest.find('"').expect("closed")];
                for id in list.split_whitespace() {
                    assert!(ids.contains(id), "{}: {name} {id}", page.name);
                }
            }
        }
    }
}

#[test]
fn every_field_has_a_label_and_every_form_posts() {
    for (_, page) in every_page() {
        let html = &page.html;
        for input in tags(html, "input") {
            if value(input, "type") == Some("hidden") {
                continue;
            }
            let id = value(input, "id").expect("an id");
            assert!(html.contains(&format!("for=\"{id}\"")), "{}: {id}", page.name);
        }
        for form in tags(html, "form") {
            assert_eq!(value(form, "method"), Some("post"), "{}: {form}", page.name);
        }
    }
}

#[test]
fn ux_45_every_form_that_changes_something_counts_once() {
    let shared = ["/language", "/sign-out", "/demo/sign-in/p.shah"];
    // A script holds back a second press; at a passkey, the window of the browser does.
    let counts = [" data-once", " data-passkey=\""];
    for (_, page) in every_page() {
        for form in tags(&page.html, "form") {
            let action = value(form, "action").unwrap_or("");
            if !shared.contains(&action) {
                assert!(counts.iter().any(|how| form.contains(*how)), "{} {action}", page.name);
            }
        }
    }
}

#[test]
fn ux_14_a_code_is_one_field_that_takes_a_paste() {
    let mut seen = 0;
    for (_, page) in every_page() {
        for input in tags(&page.html, "input") {
            assert!(value(input, "maxlength").is_none(), "{}", page.name);
            assert_ne!(value(input, "type"), Some("number"), "{}", page.name);
            if value(input, "inputmode") == Some("numeric") {
                assert_eq!(value(input, "autocomplete"), Some("one-time-code"));
                seen += 1;
            }
        }
    }
    assert!(seen > 20);
}

#[test]
fn ux_22_to_25_a_new_password_is_one_field_with_its_rules_first_and_the_name_beside() {
    let mut seen = 0;
    for (_, page) in every_page() {
        let html = &page.html;
        let new: Vec<&str> = tags(html, "input")
            .into_iter()
            .filter(|input| value(input, "autocomplete") == Some("new-password"))
            .collect();
        let Some(field) = new.first() else { continue };
        seen += 1;
        assert_eq!(new.len(), 1, "{}", page.name);
        assert_eq!(value(field, "id"), Some("new-password"));
        assert_eq!(value(field, "value"), None);
        assert!(value(field, "passwordrules").is_some_and(|rules| rules.contains("minlength: 15")));
        let described = value(field, "aria-describedby").expect("described");
        assert!(described.starts_with("new-password-rules"));
        let at = |what: &str| html.find(what).expect("there");
        assert!(at("id=\"new-password-rules\"") < at("id=\"new-password\""));
        assert!(html.contains("autocomplete=\"username\" value=\"j.okafor\""));
        assert!(html.contains("<button class=\"btn second\" type=\"button\" hidden data-reveal="));
    }
    assert!(seen >= 39, "{seen}");
}

#[test]
fn ux_05_the_name_field_takes_any_name() {
    let pages = every_page();
    let find = pages.iter().find(|(_, page)| page.name == "02-find");
    let html = &find.expect("there").1.html;
    let inputs = tags(html, "input");
    let name = inputs.iter().find(|input| value(input, "id") == Some("name"));
    let name = name.expect("there");
    assert_eq!(value(name, "autocomplete"), Some("username"));
    assert_eq!(value(name, "autocapitalize"), Some("none"));
    assert_eq!(value(name, "spellcheck"), Some("false"));
    assert_eq!(value(name, "type"), None);
}

#[test]
fn ux_02_the_start_has_five_doors_and_needs_no_sign_in() {
    let pages = every_page();
    let (_, start) = pages.iter().find(|(_, page)| page.name == "01-start").expect("there");
    let doors = start.html.split("class=\"doors\"").nth(1).expect("doors");
    let doors = &doors[..doors.find("</ul>").expect("closed")];
    let hrefs: Vec<&str> = tags(doors, "a").into_iter().filter_map(|a| value(a, "href")).collect();
    assert_eq!(
        hrefs,
        ["/recover?for=forgot", "/recover?for=locked", "/recover?for=lost", "/recover?for=someone-else", "/help"]
    );
}

#[test]
fn ux_08_help_is_the_same_and_in_the_same_order_on_every_page() {
    for lang in Lang::CHOICE {
        let foot = |page: &Sample| {
            let start = page.html.find("<p class=\"help\">").expect("help");
            let end = page.html[start..].find("</nav>").expect("closed");
            page.html[start..start + end].to_owned()
        };
        let pages = samples::all(*lang, Theme::System);
        // One page is of a site without a service desk.
        let feet: BTreeSet<String> = pages.iter().filter(|page| page.name != "15-help-none").map(foot).collect();
        assert_eq!(feet.len(), 1, "{lang:?}");
    }
}

#[test]
fn ux_04_before_a_first_proof_no_page_has_an_address_a_device_or_a_count() {
    let before = ["02-find", "03-how", "04-passkey", "04-device", "05-app", "05-email", "05-recovery-code"];
    for (_, page) in every_page() {
        if before.contains(&page.name.as_str()) {
            for told in ["@", "•", "Pixel", "Firefox", " of 2 "] {
                assert!(!page.html.contains(told), "{} has {told}", page.name);
            }
        }
    }
}

#[test]
fn ux_44_a_refusal_says_what_did_not_change_what_next_and_who_was_told() {
    let pages = every_page();
    for name in ["10-not-confirmed", "10-directory", "10-contested", "10-declined", "10-tries"] {
        let page = pages.iter().find(|(lang, page)| *lang == Lang::En && page.name == name);
        let html = &page.expect("there").1.html;
        for part in [
            "This request has changed nothing on the account.",
            "What you can do now",
            "we have told its owner",
            "KW-7Q4M-82XJ",
        ] {
            assert!(html.contains(part), "{name}: {part}");
        }
    }
}

#[test]
fn no_page_says_that_nothing_changed_when_something_did_or_when_nobody_knows() {
    // That the case has changed nothing is another thing: it is true of one that another one has overtaken.
    let unchanged = ["Nothing has changed", "nothing has changed", "You do not need to change", "has changed nothing"];
    let late = ["10-contested-late", "13-not-me-late", "13-not-me-open", "06-working", "06-working-looking", "09-done"];
    for (_, page) in every_page().iter().filter(|(lang, page)| *lang == Lang::En && page.name == "10-superseded") {
        assert!(unchanged[..3].iter().all(|text| !page.html.contains(text)), "{}", page.html);
    }
    let mut seen = 0;
    for (_, page) in every_page().iter().filter(|(lang, _)| *lang == Lang::En) {
        if late.contains(&page.name.as_str()) {
            seen += 1;
            for text in unchanged {
                assert!(!page.html.contains(text), "{}: {text}", page.name);
            }
        }
    }
    assert_eq!(seen, late.len());
}

#[test]
fn r7_done_says_that_nobody_is_signed_in() {
    let pages = every_page();
    let (_, done) = pages.iter().find(|(_, page)| page.name == "09-done").expect("there");
    assert!(done.html.contains("You are not signed in yet."));
    assert!(!done.html.contains("action=\"/sign-out\""));
}

#[test]
fn ux_132_only_passkey_pages_need_a_script_and_they_say_so() {
    for (_, page) in every_page() {
        let makes = page.html.contains("data-passkey=\"create\"") || page.html.contains("data-passkey=\"get\"");
        assert_eq!(makes, page.html.contains("data-no-passkey"), "{}", page.name);
        if makes {
            // The button stays away until a script shows it.
            assert!(page.html.contains("<button class=\"btn\" id=\"passkey\" hidden>"), "{}", page.name);
        }
    }
}

#[test]
fn ux_63_waits_are_followed_live_and_load_again_without_script() {
    let pages = every_page();
    let page = |name: &str| {
        let found = pages.iter().find(|(_, page)| page.name == name);
        found.expect("there").1.html.clone()
    };
    for name in ["06-hold", "06-needs-person", "06-working", "14-follow-held"] {
        let html = page(name);
        assert!(html.contains("<noscript><meta http-equiv=\"refresh\" content=\"60\"></noscript>"), "{name}");
        assert!(html.contains("data-live-url="), "{name}");
    }
    assert!(!page("06-hold-changed").contains("http-equiv=\"refresh\""));
    assert!(page("06-hold").contains("09:12 GMT</time> <span class=\"rest\">(in 19 hours)</span>"));
}

#[test]
fn every_text_of_the_catalog_is_on_some_page_or_in_some_message() {
    let mut seen = String::new();
    for page in samples::all(Lang::En, Theme::System) {
        seen.push_str(&page.html);
    }
    for (_, mail) in samples::letters(Lang::En) {
        seen.push_str(&mail.text);
        seen.push('\n');
    }
    let files = ["shell", "recover", "outcome", "link", "me", "info", "mail", "demo", "setup"];
    let mut unseen = Vec::new();
    for file in files {
        let path = format!("{}/locales/en/{file}.ftl", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(path).expect("a file");
        for line in source.lines().filter(|line| line.starts_with(char::is_alphabetic)) {
            let (key, text) = line.split_once(" = ").unwrap_or((line, ""));
            // Times have their own test, and the strength of a password is said while it is typed.
            let elsewhere = key.starts_with("time-") || key.starts_with("strength-");
            if !elsewhere && !text.is_empty() && !text.contains('{') && !seen.contains(text) {
                unseen.push(key.to_owned());
            }
        }
    }
    let elsewhere = ["help-hours-working", "cut-stopped"];
    unseen.retain(|key| !elsewhere.contains(&key.as_str()));
    assert!(unseen.is_empty(), "{unseen:?}");
}

/// The texts between the tags of a piece of HTML, joined with spaces.
fn words(html: &str) -> String {
    let parts = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    parts.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

#[test]
fn ux_06_and_ux_07_no_page_asks_for_a_puzzle_or_for_what_others_can_find_out() {
    // All that a person can ever be asked to type or choose. A new kind of question has to be put here, and be thought about.
    let asked = [
        "name",
        "username",
        "password",
        "new-password",
        "code",
        "reference",
        "way",
        "factor",
        "address",
        "display",
        "email",
    ];
    let mut seen = BTreeSet::new();
    for (_, page) in every_page() {
        for input in tags(&page.html, "input").into_iter().filter(|input| value(input, "type") != Some("hidden")) {
            let name = value(input, "name").unwrap_or_else(|| panic!("{}: {input} has no name", page.name));
            assert!(asked.contains(&name), "{} asks for `{name}`", page.name);
            seen.insert(name.to_owned());
        }
        for other in ["textarea", "select", "canvas", "audio", "video", "object", "embed", "img"] {
            let frames_of_the_demo = page.name.starts_with("16-") || other != "img";
            assert!(tags(&page.html, other).is_empty() || !frames_of_the_demo, "{} has <{other}>", page.name);
        }
    }
    assert!(seen.len() >= 8, "{seen:?}");
}

#[test]
fn ux_15_a_code_is_grouped_where_it_is_read_and_spaced_where_it_is_typed() {
    let mut seen = 0;
    for (name, mail) in samples::letters(Lang::En) {
        for code in mail.text.lines().filter_map(|line| line.rsplit_once(": ")).map(|(_, last)| last) {
            let digits = code.chars().filter(char::is_ascii_digit).count();
            if digits == 6 && code.chars().all(|c| c.is_ascii_digit() || c == ' ') {
                assert_eq!((code.len(), &code[3..4]), (7, " "), "{name}: {code}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 2, "{seen}");
    for (_, page) in every_page() {
        for input in tags(&page.html, "input").into_iter().filter(|i| value(i, "inputmode") == Some("numeric")) {
            assert_eq!(value(input, "class"), Some("input code"), "{}: monospace and spaced", page.name);
        }
    }
}

#[test]
fn ux_42_the_browser_never_judges_a_form_and_nothing_is_judged_on_leaving_a_field() {
    for (_, page) in every_page() {
        for form in page.html.split("<form ").skip(1).map(|rest| &rest[..rest.find("</form>").expect("closed")]) {
            let typed = tags(form, "input").into_iter().any(|input| value(input, "type") != Some("hidden"));
            assert!(!typed || form[..form.find('>').expect("closed")].contains(" novalidate"), "{}: {form}", page.name);
        }
        for input in tags(&page.html, "input") {
            for rule in [" required", " pattern=", " minlength=", " min=", " max=", "type=\"email\"", "type=\"url\""] {
                assert!(!input.contains(rule), "{}: {input}", page.name);
            }
        }
    }
}

#[test]
fn ux_46_no_button_is_ever_disabled() {
    for (_, page) in every_page() {
        for tag in tags(&page.html, "button").into_iter().chain(tags(&page.html, "input")) {
            assert!(!tag.contains("disabled"), "{}: {tag}", page.name);
        }
    }
}

#[test]
fn ux_47_an_outage_says_what_became_of_the_case_when_to_try_and_whom_to_call() {
    let pages = every_page();
    let (_, page) = pages.iter().find(|(lang, page)| *lang == Lang::En && page.name == "10-outage").expect("there");
    let main = words(&page.html[page.html.find("<main").expect("main")..]);
    for part in [
        "Your case is safe, and nothing is done twice.",
        "Try again in a minute",
        "Call the service desk on 555 0100",
        "KW-7Q4M-82XJ",
        "Go back to your case",
    ] {
        assert!(main.contains(part), "{part}: {main}");
    }
}

#[test]
fn ux_48_before_a_proof_nothing_is_called_sent_without_an_if() {
    let before = ["03-", "04-", "05-"];
    let mut seen = 0;
    for (_, page) in every_page().iter().filter(|(lang, _)| *lang == Lang::En) {
        if !before.iter().any(|start| page.name.starts_with(start)) {
            continue;
        }
        let main =
            words(&page.html[page.html.find("<main").expect("main")..page.html.find("</main>").expect("closed")]);
        for sentence in main.split(". ") {
            if ["on its way", "have sent", "was sent", "we sent"].iter().any(|sent| sentence.contains(sent)) {
                assert!(sentence.to_lowercase().contains("if there is a"), "{}: {sentence}", page.name);
                seen += 1;
            }
        }
    }
    assert!(seen >= 4, "{seen}");
}

#[test]
fn ux_55_every_state_has_words() {
    let mut seen = 0;
    for (_, page) in every_page() {
        for state in [
            "tag ", "tag\"", "note ", "panel ", "halt", "is-done", "is-now", "is-wait", "is-stop", "is-todo", "error\"",
        ] {
            for (at, _) in page.html.match_indices(&format!("class=\"{state}")) {
                let element = page.html[..at].rfind('<').expect("a tag") + 1;
                let name: String = page.html[element..].chars().take_while(char::is_ascii_alphanumeric).collect();
                let inner = &page.html[at..];
                let inner =
                    &inner[inner.find('>').expect("closed")..inner.find(&format!("</{name}>")).expect("closed")];
                assert!(words(inner).chars().any(char::is_alphabetic), "{}: <{name} {state}", page.name);
                seen += 1;
            }
        }
    }
    assert!(seen > 500, "{seen}");
}

#[test]
fn ux_56_one_polite_region_a_page() {
    for (_, page) in every_page() {
        let polite = page.html.matches("role=\"status\"").count() + page.html.matches("aria-live=").count();
        assert!(polite <= 1, "{}: {polite}", page.name);
    }
}

#[test]
fn ux_56_what_is_over_has_no_news_to_stop() {
    let pages = every_page();
    for (name, has_news) in [
        ("14-follow-yours", true),
        ("14-follow-held", true),
        ("14-follow-done", false),
        ("14-follow-reviewed", false),
        ("14-follow-ended", false),
        ("14-follow-contested", false),
    ] {
        let (_, page) = pages.iter().find(|(_, page)| page.name == name).expect("there");
        assert_eq!(page.html.contains("data-live-url"), has_news, "{name}");
    }
}

#[test]
fn ux_55_a_step_that_is_up_to_time_or_to_others_says_that_it_waits() {
    let pages = every_page();
    for (name, waits) in [
        ("03-how", false),
        ("06-hold", true),
        ("06-needs-person", true),
        ("06-working", false),
        ("09-done", true),
        ("14-follow-held", true),
        ("14-follow-others", true),
    ] {
        let (_, page) = pages.iter().find(|(_, page)| page.name == name).expect("there");
        assert_eq!(page.html.contains("<li class=\"is-wait\">"), waits, "{name}");
    }
}

#[test]
fn ux_62_the_accessibility_page_says_what_was_tested_when_and_what_was_not() {
    use crate::web::views::info::Tested;
    let tested = Tested::of_this_version(&samples::shell(Lang::En, Theme::System)).expect("results of this version");
    assert!(tested.pages >= 60, "{}", tested.pages);
    let mut other = samples::shell(Lang::En, Theme::System);
    other.site = std::sync::Arc::new(crate::web::shell::Site { version: "0.0.1", ..(*other.site).clone() });
    assert!(Tested::of_this_version(&other).is_none(), "results of another version are none");
    let pages = every_page();
    let (_, page) =
        pages.iter().find(|(lang, page)| *lang == Lang::En && page.name == "15-accessibility").expect("there");
    for part in
        ["Version", "0.1.0", "20 November 2026", "by machine (axe)", "screen reader yet", "access@northwind.example"]
    {
        assert!(page.html.contains(part), "{part}");
    }
}

#[test]
fn ux_126_what_a_button_says_is_what_it_does() {
    let verbs = [
        "Add", "Ask", "Choose", "Continue", "Copy", "Create", "Follow", "Go", "Hide", "Keep", "Let", "Look", "Make",
        "Print", "Remove", "Save", "Send", "Show", "Sign", "Start", "Stay", "Stop", "Unlock", "Use", "Confirm", "Set",
        "Prove",
    ];
    // An answer to the question of the page, which names what follows from it; and each language in its own words.
    let answers =
        ["Yes, go on", "It was not me. Stop it", "I have kept them", "I have kept it", "I have written it down"];
    let mut odd = BTreeSet::new();
    for (_, page) in every_page().iter().filter(|(lang, _)| *lang == Lang::En) {
        for button in page.html.split("<button").skip(1).filter(|button| !button.contains("name=\"lang\"")) {
            let text = words(&button[button.find('>').expect("closed")..button.find("</button>").expect("closed")]);
            let text = text.trim_start_matches('>').trim();
            let first = text.split(' ').next().expect("a word");
            if !text.is_empty() && !verbs.contains(&first) && !answers.contains(&text) {
                odd.insert(text.to_owned());
            }
        }
    }
    assert!(odd.is_empty(), "{odd:?}");
}
