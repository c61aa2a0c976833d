//! Configuration files and variables.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;
use readmit::config::{Config, ConfigFile, SAMPLE};

use super::damage::{Bytes, damaged};
use super::{Effort, attack};
use crate::judge::settings::{assert_comes_back, assert_helpful, judge};

/// What no message may show.
const SECRET: &str = "5up3r-s3cret";

/// Every key there is, and some that there are not.
static KEYS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let sample: toml::Table = SAMPLE.parse().expect("the sample");
    let mut keys = Vec::new();
    for (section, values) in &sample {
        for key in values.as_table().expect("a section").keys() {
            keys.push((section.clone(), key.clone()));
        }
    }
    for (section, key) in [
        ("smtp", "pasword"),
        ("htp", "listen"),
        ("http", "Listen"),
        ("limits", ""),
    ] {
        keys.push((section.to_owned(), key.to_owned()));
    }
    keys
});

/// Values as they stand in a file.
const VALUES: &[&str] = &[
    "\"\"",
    "0",
    "1",
    "5",
    "30",
    "-1",
    "9223372036854775807",
    "1.5",
    "inf",
    "nan",
    "true",
    "false",
    "[]",
    "[\"\"]",
    "[1]",
    "{ a = 1 }",
    "1979-05-27",
    "\"30s\"",
    "\"1h\"",
    "\"5M\"",
    "\"1m 30s\"",
    "\"0s\"",
    "\"99999999999d\"",
    "\"30/1m\"",
    "\"1000001/1m\"",
    "\"0/1m\"",
    "\"16KiB\"",
    "\"99999999999999999999MiB\"",
    "\"127.0.0.1:0\"",
    "\"[::1]:80\"",
    "\"https://id.example.com/\"",
    "\"http://user:5up3r-s3cret@id.example.com/\"",
    "\"javascript:alert(1)\"",
    "\"smtp://127.0.0.1:25\"",
    "\"smtp://jane:5up3r-s3cret@relay.example\"",
    "\"smtps://relay.example\"",
    "\"file:mails\"",
    "\"sendmail:\"",
    "[\"smtp://a.example\", \"smtp://b.example\"]",
    "\"readmit.db\"",
    "\"a\\u0000b\"",
    "\"Canal House <hello@example.com>\"",
    "\"hello@example.com\\r\\nBcc: eve@evil.test\"",
    "\"5up3r-s3cret\"",
    "[\"10.0.0.0/8\"]",
    "[\"10.0.0.0/33\"]",
    "[\"https://portal.example.com\"]",
    "[\"*\"]",
    "[\"orders:00\"]",
    "\"info,readmit=debug\"",
    "\"json\"",
    "\"pretty\"",
    "\"\u{202e}\"",
    "\"\\u001b[2J\"",
];

const PIECES: &[&[u8]] = &[
    b"[",
    b"]",
    b"[[",
    b"]]",
    b"=",
    b"\"",
    b"\"\"\"",
    b"'",
    b"#",
    b"\n",
    b"\r",
    b"\0",
    b".",
    b",",
    b"{",
    b"}",
    b"\\",
    b"\\u0000",
    b"\xff",
    b"\xef\xbb\xbf",
    b"[smtp]\n",
    b"1e999",
    b"0x",
    b"_",
];

/// A key, by its place in [`KEYS`], with its value.
type Setting = (usize, &'static str);

fn setting() -> impl Strategy<Value = Setting> + Clone {
    (0..KEYS.len(), select(VALUES)).prop_map(|(key, value)| {
        // Elsewhere it is no secret but a value like any other, which a message should show.
        let is_password = KEYS[key] == ("smtp".to_owned(), "password".to_owned());
        // What names a file has to be shown, so that it can be found.
        let names_file = ["file", "path", "dir"]
            .iter()
            .any(|end| KEYS[key].1.ends_with(end));
        let alone = value.trim_matches('"') == SECRET;
        let known = is_password || !(alone || names_file && value.contains(SECRET));
        (key, if known { value } else { "\"unknown\"" })
    })
}

fn settings() -> impl Strategy<Value = Vec<Setting>> + Clone {
    proptest::collection::vec(setting(), 0..4)
}

/// The file with these keys, each in its section; a key that is there twice is there twice.
fn file(settings: &[Setting]) -> String {
    let mut sections: Vec<(&str, String)> = Vec::new();
    for (key, value) in settings {
        let (section, key) = &KEYS[*key];
        let line = format!("{key} = {value}\n");
        match sections.iter_mut().find(|(known, _)| known == section) {
            Some((_, lines)) => lines.push_str(&line),
            None => sections.push((section, line)),
        }
    }
    let sections: Vec<_> = sections
        .iter()
        .map(|(section, lines)| format!("[{section}]\n{lines}"))
        .collect();
    sections.concat()
}

/// Whether the secret stands before a host wherever it stands. A damaged file may have it as the value of any
/// key, or in what is no address any more.
fn is_password_of_addresses(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    !text.replace(&format!("{SECRET}@"), "").contains(SECRET)
}

/// Fails if a message shows what must be shown nowhere.
fn assert_discreet(message: &str) {
    assert!(!message.contains(SECRET), "{message}");
}

/// Fails if the configuration that is printed shows it where it is the password.
fn assert_prints_no_password(config: &Config) {
    let printed = config.to_toml();
    assert!(
        !printed.contains(SECRET) || config.smtp.password.is_none(),
        "{printed}"
    );
}

/// Assertion 78, and that nothing is lost between a configuration and what is printed of it.
fn a_file_is_refused_by_its_place_or_comes_back(effort: Effort) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("readmit.toml");
    let whole = settings().prop_map(|settings| file(&settings).into_bytes());
    let files = prop_oneof![
        2 => whole.clone().prop_map(|text| (Bytes(text), true)),
        1 => damaged(whole, PIECES).prop_map(|text| (text, false)),
    ];
    attack(
        "configuration files",
        effort,
        &files,
        |(Bytes(text), is_whole)| match judge(&path, &text) {
            Ok(config) => assert_prints_no_password(&config),
            Err(message) => {
                if is_whole || is_password_of_addresses(&text) {
                    assert_discreet(&message);
                }
            }
        },
    );
}

#[test]
fn a_file_is_refused_by_its_place_or_comes_back_as_it_is() {
    a_file_is_refused_by_its_place_or_comes_back(Effort::Cases(1500));
}

#[test]
#[ignore = "takes a minute"]
fn configuration_files_for_a_minute() {
    a_file_is_refused_by_its_place_or_comes_back(Effort::Minute);
}

/// A variable says what a file says: both are taken, or both are refused for the same key.
#[test]
fn a_variable_is_refused_by_its_name_or_comes_back_as_it_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("readmit.toml");
    attack(
        "variables",
        Effort::Cases(1500),
        &setting(),
        |(key, value)| {
            let (section, key) = &KEYS[key];
            let name = format!("READMIT_{section}__{key}").to_ascii_uppercase();
            let text = value.trim_matches('"').to_owned();
            match Config::load(ConfigFile::None, [(name.clone(), text)]) {
                Ok(config) => {
                    assert_comes_back(&path, &config);
                    assert_prints_no_password(&config);
                }
                Err(error) => {
                    assert_helpful(&error.to_string(), &name);
                    assert_discreet(&error.to_string());
                }
            }
        },
    );
}
