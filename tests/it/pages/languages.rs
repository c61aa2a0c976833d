//! The languages of the pages.

use std::collections::{BTreeMap, BTreeSet};

use readmit::business::Changes;
use readmit::locale::{Language, Locale};

use super::JANE;
use crate::support::app::{PASSWORD, TestApp};
use crate::support::visitor::Visitor;

fn words(language: Language) -> BTreeMap<String, String> {
    let path = format!(
        "{}/assets/pages/words/{language}.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).expect("a file of words");
    toml::from_str(&text).expect("a table of texts")
}

fn places(text: &str) -> BTreeSet<&str> {
    let parts = text.split('{').skip(1);
    parts
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name)
        .collect()
}

/// Every language says everything, and has a place for the same values.
#[test]
fn every_language_is_complete() {
    let english = words(Language::English);
    assert!(english.len() > 80);
    for language in Language::ALL {
        let words = words(language);
        let keys =
            |words: &BTreeMap<String, String>| -> Vec<String> { words.keys().cloned().collect() };
        assert_eq!(keys(&words), keys(&english), "{language}");
        for (key, text) in &words {
            assert!(!text.trim().is_empty(), "{language}: {key}");
            assert_eq!(places(text), places(&english[key]), "{language}: {key}");
        }
        let same = words
            .iter()
            .filter(|(key, text)| english[*key] == **text)
            .count();
        assert!(
            language == Language::English || same <= 6,
            "{language}: {same} texts are English"
        );
    }
}

/// Every template finds all its words and values in each language: an unknown one would be a 500.
#[test]
fn every_page_renders_in_every_language() {
    let app = TestApp::hosted();
    for language in Language::ALL {
        let jane = Visitor::at(&app, 7).speaking(language.code());
        let said = words(language);
        let titled = |page: &str, title: &str| {
            let text = jane.read(page);
            assert!(
                text.contains(&format!("<html lang=\"{language}\">")),
                "{text}"
            );
            let escaped = said[title].replace('\'', "&#x27;");
            assert!(
                text.contains(&format!("<h1>{escaped}</h1>")),
                "{language} {page}: {text}"
            );
        };
        titled("sign-in", "sign_in_title");
        titled("forgot", "forgot_title");
        titled("sent", "sent_title");
        titled("signed-out", "signed_out_title");
        jane.sent(
            "sign-in",
            &[
                ("email", &format!("{language}@example.com")),
                ("by", "code"),
            ],
        );
        titled("code", "code_title");
        jane.sign_in(JANE, PASSWORD);
        titled("sessions", "sessions_title");
        titled("done", "done_title");
    }
}

/// What the browser likes best, then the business's language, then English.
#[test]
fn the_language_is_the_browsers_then_the_businesss() {
    let app = TestApp::hosted();
    let language = |accepted: &'static str| {
        let page = Visitor::at(&app, 7).speaking(accepted).read("sign-in");
        let (_, rest) = page.split_once("<html lang=\"").expect("a language");
        rest[..2].to_owned()
    };
    for (accepted, expected) in [
        ("fr", "fr"),
        ("de-CH, fr;q=0.9", "de"),
        ("en;q=0.2, pt-BR;q=0.8", "pt"),
        ("ja, it;q=0.5, *;q=0.1", "it"),
        ("nl;q=0, es;q=0.001", "es"),
        ("ES", "es"),
        ("de;q=2, nl", "nl"),
        ("ja", "en"),
        ("", "en"),
        ("*", "en"),
        (",;q=,,", "en"),
    ] {
        assert_eq!(language(accepted), expected, "{accepted}");
    }
    let changes = Changes {
        locale: Some(Some(Locale::from(Language::Dutch))),
        ..Changes::default()
    };
    app.change_business(7, changes);
    assert_eq!(language("ja"), "nl");
    assert_eq!(language("fr"), "fr");
}
