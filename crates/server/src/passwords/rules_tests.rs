//! The rules for new passwords, row by row. Deliberately tests no sentence: there is none here.

use keyward_core::secret::SecretText;
use proptest::prelude::*;
use tempfile::TempDir;
use unicode_normalization::UnicodeNormalization;

use super::breach::BreachList;
use super::breach_build::{Builder, Lines};
use super::password::Password;
use super::rules::{Feedback, MIN_CHARS, Rule, Rules, RulesError, scored};
use super::words::ContextWords;

const DECENT: &str = "plum ladder quiet harbor";

fn password(text: &str) -> Password {
    Password::new(SecretText::new(text.to_owned())).unwrap()
}

fn rules() -> Rules {
    let organization = ContextWords::new(["Northwind Traders", "Keyward"]);
    let person = ContextWords::new(["jokafor", "j.okafor@northwind.example", "Joy Okafor"]);
    Rules::new(MIN_CHARS).unwrap().with_words(&organization).with_words(&person)
}

fn check_by(rules: &Rules, text: &str) -> Feedback {
    rules.check(&password(text), None).unwrap()
}

fn check(text: &str) -> Feedback {
    check_by(&rules(), text)
}

fn met(feedback: &Feedback, rule: Rule) -> Option<bool> {
    feedback.checks.iter().find(|check| check.rule == rule).map(|check| check.met)
}

#[test]
fn n_40_fifteen_characters_are_the_least() {
    assert_eq!(check("plum ladder qu").cause(), Some(Rule::Length), "14");
    assert_eq!(check("plum ladder qui").cause(), None, "15");
}

#[test]
fn n_40_a_setting_below_the_hard_limit_is_refused() {
    for (min_chars, taken) in [(0, false), (14, false), (15, true), (64, true), (65, false)] {
        let refused = Rules::new(min_chars).err();
        assert_eq!(refused, (!taken).then_some(RulesError::MinChars { set: min_chars }));
    }
    for (bytes, taken) in [(72, false), (255, false), (256, true), (1024, true), (1025, false)] {
        assert_eq!(rules().with_max_bytes(bytes).is_ok(), taken, "{bytes}");
    }
}

#[test]
fn n_41_sixty_four_and_two_hundred_characters_are_taken() {
    for chars in [64, 200, 256] {
        let text: String = DECENT.chars().cycle().take(chars).collect();
        assert_eq!(check(&text).cause(), None, "{chars}");
    }
}

#[test]
fn n_42_each_code_point_counts_one_in_any_script() {
    for (text, long_enough) in [
        ("🔑".repeat(15), true),
        ("🔑".repeat(14), false),
        ("e\u{301}".repeat(15), true),
        ("e\u{301}".repeat(14), false),
        ("пароль из слов!".to_owned(), true),
        ("合言葉は長いほど良いと言われる".to_owned(), true),
    ] {
        assert_eq!(met(&check(&text), Rule::Length), Some(long_enough), "{text}");
    }
}

#[test]
fn n_42_fifteen_decomposed_accents_are_accepted_as_fifteen() {
    assert_eq!(check(&"e\u{301}".repeat(15)).cause(), None);
}

#[test]
fn n_43_there_are_no_composition_rules() {
    for text in [
        "correct horse battery",
        "83920174650391827465",
        "onlylowercaseletterswork",
        "ONLY CAPITALS AND BLANKS",
        "~^~ ¬¬ ~^~ ¦¦ ~^~ §§",
        "😀🎈🌵🚲🧲🪁🧦🪀🎻🧭🦉🪴🧩🛶🪩",
    ] {
        assert_eq!(check(text).cause(), None, "{text}");
    }
}

#[test]
fn n_43_a_weak_estimate_alone_refuses_nothing() {
    let feedback = check("monday tuesday wednesday");
    assert_eq!(feedback.cause(), None);
    let scores: Vec<u8> = ["", "aaaaaaaaaaaaaaaaaaaa", "éééééééééééééééé", DECENT]
        .iter()
        .map(|text| check(text).strength.score())
        .collect();
    assert!(scores[0] == 0 && scores[1] <= 1 && scores[2] <= 2 && scores[3] == 4, "{scores:?}");
}

#[test]
fn n_47_the_whole_password_is_compared_and_the_reason_given() {
    for (text, cause) in [
        ("password1234567", Some(Rule::Blocklisted)),
        ("Correct Horse Battery Staple", Some(Rule::Blocklisted)),
        ("xPassword123456x", None),
        ("password1234567 in the rain", None),
        ("keyward20262026", Some(Rule::ContextWord)),
        ("Northwind-Traders", Some(Rule::ContextWord)),
        ("jokafor jokafor jokafor", Some(Rule::ContextWord)),
        ("Joy.Okafor.1985!", Some(Rule::ContextWord)),
        ("northwind is where joy works", None),
    ] {
        assert_eq!(check(text).cause(), cause, "{text}");
    }
}

#[test]
fn n_47_the_same_few_keys_again_and_again_are_refused() {
    for text in [
        "               ",
        "aaaaaaaaaaaaaaa",
        "abababababababa",
        "123123123123123",
        "1234123412341234",
        "!@!@!@!@!@!@!@!@",
    ] {
        assert_eq!(check(text).cause(), Some(Rule::Repeats), "{text}");
    }
    for text in ["aaaaaaaaaaaaaab", "horse,horse,house", "ééééééééééééééé"] {
        assert_eq!(met(&check(text), Rule::Repeats), Some(true), "{text}");
    }
}

#[test]
fn t_f12_control_characters_are_refused_and_odd_ones_taken() {
    for text in [
        "\0plum ladder quiet",
        "plum ladder\0quiet",
        "plum ladder quiet\n",
        "plum\u{85}ladder quiet",
        "plum ladder\u{7f}quiet",
        "plum\tladder quiet",
    ] {
        assert_eq!(check(text).cause(), Some(Rule::ControlCharacters), "{text:?}");
    }
    for text in [
        " leading and trailing ",
        "{SSHA}plum ladder",
        "{CLEARTEXT}harbor",
        "plum \"ladder\" \\quiet",
        "plum 👩‍👩‍👧 ladder",
    ] {
        assert_eq!(check(text).cause(), None, "{text:?}");
    }
}

#[test]
fn t_f12_1024_bytes_are_taken_and_1025_are_too_long() {
    let longest: String = DECENT.chars().cycle().take(1024).collect();
    assert_eq!(check(&longest).cause(), None);
    assert!(Password::new(SecretText::new(longest + "x")).is_err());
    assert_eq!(Feedback::too_long().cause(), Some(Rule::TooLong));
    let small = rules().with_max_bytes(256).unwrap();
    let feedback = check_by(&small, &"plum ".repeat(60));
    assert_eq!(feedback.cause(), Some(Rule::TooLong));
    assert_eq!(met(&feedback, Rule::Blocklisted), None, "what was not looked at is not shown as kept");
}

#[test]
fn t_k01_the_estimate_sees_forty_characters_and_two_kinds_of_signs() {
    // The signs that stand for letters are the costly part: the first text as it is takes zxcvbn a tenth of a second.
    for (text, seen) in [
        ("4@8({[<3691!|70$5+%24@8({[<3691!|70$5+%2, and more", "4@8(~~~3691~~70~5~~24@8(~~~3691~~70~5~~2"),
        ("p@ssw0rd! p@ssw0rd!", "p@ssw0rd! p@ssw0rd!"),
        ("🔑 é ~ plain", "🔑 é ~ plain"),
        ("", ""),
    ] {
        assert_eq!(scored(text).as_str(), seen);
    }
}

fn breach_list(folder: &TempDir, lines: &str) -> BreachList {
    let path = folder.path().join("list");
    let mut builder = Builder::new(&path, "test").unwrap();
    builder.add(lines.as_bytes(), &Lines::Plain, &mut |_| {}).unwrap();
    builder.finish(&mut |_| {}).unwrap();
    BreachList::open(&path).unwrap()
}

#[test]
fn n_47_a_breached_password_is_refused_in_any_normal_form() {
    let folder = TempDir::new().unwrap();
    let breached = breach_list(&folder, "plum ladder quiet harbor\ncafe\u{301} am großen Platz\n");
    for (text, cause) in [
        (DECENT, Some(Rule::Breached)),
        ("caf\u{e9} am großen Platz", Some(Rule::Breached)),
        ("cafe\u{301} am großen Platz", Some(Rule::Breached)),
        ("plum ladder quiet harbors", None),
    ] {
        assert_eq!(rules().check(&password(text), Some(&breached)).unwrap().cause(), cause, "{text}");
    }
}

#[test]
fn n_47_nothing_is_accepted_while_the_breach_file_can_not_be_read() {
    let folder = TempDir::new().unwrap();
    let breached = breach_list(&folder, "one\ntwo\nthree\n");
    std::fs::OpenOptions::new().write(true).open(folder.path().join("list")).unwrap().set_len(10).unwrap();
    assert!(rules().check(&password(DECENT), Some(&breached)).is_err());
}

#[test]
fn ux_24_the_attribute_for_password_managers_comes_from_the_same_rules() {
    assert_eq!(rules().passwordrules(), "minlength: 15; maxlength: 256; allowed: ascii-printable;");
    let others = Rules::new(20).unwrap().with_max_bytes(512).unwrap();
    assert_eq!(others.passwordrules(), "minlength: 20; maxlength: 128; allowed: ascii-printable;");
}

#[test]
fn ux_28_codes_are_stable_and_feedback_holds_nothing_of_the_candidate() {
    let codes: Vec<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
    assert_eq!(
        codes,
        ["length", "too_long", "control_characters", "repeats", "blocklisted", "context_word", "breached"]
    );
    for rule in Rule::ALL {
        assert_eq!(serde_json::to_value(rule).unwrap(), rule.code());
    }
    let text =
        serde_json::to_string(&check("plum-canary-ladder")).unwrap() + &format!("{:?}", check("plum-canary-ladder"));
    assert!(!text.contains("canary") && text.contains("\"rule\":\"length\",\"met\":true"), "{text}");
}

proptest! {
    #[test]
    fn any_text_gets_an_answer(text in any::<String>()) {
        if let Ok(password) = Password::new(SecretText::new(text)) {
            let feedback = rules().check(&password, None).unwrap();
            prop_assert!(feedback.strength.score() <= 4);
        }
    }

    #[test]
    fn n_40_more_characters_never_break_the_length_rule(text in "[a-zA-Z0-9 éß🔑]{0,40}", more in "[a-z]{1,10}") {
        let (before, after) = (met(&check(&text), Rule::Length), met(&check(&(text + &more)), Rule::Length));
        prop_assert!(before <= after);
    }

    #[test]
    fn n_42_the_normal_form_makes_no_difference(text in "[a-zé ñ한ﬁ\u{301}\u{308}]{0,30}") {
        let (composed, decomposed): (String, String) = (text.nfc().collect(), text.nfd().collect());
        prop_assert_eq!(check(&composed), check(&decomposed));
    }

    #[test]
    fn n_47_what_surrounds_a_common_password_makes_it_another(before in "[b-y]{2,6} ", after in " [b-y]{2,6}") {
        let text = format!("{before}password1234567{after}");
        prop_assert_eq!(met(&check(&text), Rule::Blocklisted), Some(true));
    }
}
