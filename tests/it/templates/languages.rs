//! The built-in mails in every language.

use std::fmt::Write as _;
use std::time::Duration;

use readmit::clock::Timestamp;
use readmit::locale::{self, Language, Zone};
use readmit::templates::Kind;

use super::{MORNING, brand, builtin, wire};

/// Every kind in every language, as a person reads it.
#[test]
fn every_mail_reads_well_in_every_language() {
    let brand = brand("Canal House");
    for language in Language::ALL {
        let mut all = String::new();
        for kind in Kind::ALL {
            let mail = builtin(kind, language, &brand, "Jane Doe");
            writeln!(all, "=== {kind}: {}\n{}", mail.subject, mail.text).expect("text grows");
        }
        insta::assert_snapshot!(format!("mails_in_{language}"), all);
    }
}

/// Assertion 61. The HTML says the same as the text, in the language it claims to be in, and loads
/// nothing from anywhere.
#[test]
fn the_html_of_every_mail_is_whole_and_loads_nothing() {
    let brand = brand("Canal House");
    for language in Language::ALL {
        for kind in Kind::ALL {
            let mail = builtin(kind, language, &brand, "Jane Doe");
            let html = mail.html.replace("&#x2f;", "/");
            assert!(
                html.contains(&format!("<html lang=\"{language}\">")),
                "{html}"
            );
            for leftover in [
                "[[", "]]", "{{", "{%", "<img", "<link", "<script", "url(", "#0c0c0c", "#fdfdfd",
            ] {
                assert!(!html.contains(leftover), "{kind} {language}: {leftover}");
            }
            for kept in [
                "prefers-color-scheme: dark",
                "<meta name=\"color-scheme\"",
                "background: #1f6feb",
            ] {
                assert!(html.contains(kept), "{kind} {language}: {kept}");
            }
            // What the text says in so many words, the HTML says too.
            for paragraph in mail.text.split("\n\n").filter(|part| !part.contains("://")) {
                for line in paragraph
                    .lines()
                    .map(str::trim)
                    .filter(|line| *line != "--")
                {
                    let words = line.rsplit(": ").next().unwrap_or(line);
                    assert!(
                        html.contains(words) || line.ends_with(':'),
                        "{kind} {language}: {line}"
                    );
                }
            }
            let addresses: Vec<_> = html.match_indices("://").collect();
            let own = html.matches("https://id.readmit.test/").count();
            assert_eq!(addresses.len(), own, "{kind} {language}: a foreign address");
        }
    }
}

/// A logo is the only picture, and only where one is set.
#[test]
fn a_logo_is_shown_where_one_is_set() {
    let mut brand = brand("Canal House");
    brand.logo_url = Some("https://cdn.canal.test/logo.png".to_owned());
    let mail = builtin(Kind::Reset, Language::English, &brand, "Jane");
    let html = mail.html.replace("&#x2f;", "/");
    assert_eq!(html.matches("<img").count(), 1);
    assert!(html.contains("src=\"https://cdn.canal.test/logo.png\" alt=\"\""));
}

/// Whatever letters a language has, the mail is one that any relay can pass on, and says the same when
/// it is read.
#[test]
fn mails_in_every_language_survive_the_wire() {
    let brand = brand("Café São Jorge & Söhne");
    for language in Language::ALL {
        for kind in Kind::ALL {
            let mail = builtin(kind, language, &brand, "Zoë Müller-Núñez");
            let bytes = wire(&mail, &brand, "Zoë Müller-Núñez");
            assert!(bytes.is_ascii());
            for line in bytes.split(|&byte| byte == b'\n') {
                assert!(line.len() <= 999, "{kind} {language}");
            }
            let parsed = mail_parser::MessageParser::default()
                .parse(&bytes)
                .expect("a message");
            // A header knows plain blanks only.
            let subject = mail.subject.replace('\u{a0}', " ");
            assert_eq!(parsed.subject(), Some(subject.as_str()));
            let text = parsed.body_text(0).expect("a text").replace("\r\n", "\n");
            assert_eq!(text.trim_end(), mail.text.trim_end(), "{kind} {language}");
            let html = parsed.body_html(0).expect("HTML").replace("\r\n", "\n");
            assert_eq!(html.trim_end(), mail.html.trim_end(), "{kind} {language}");
        }
    }
}

/// Dates are written as each language writes them, with the clocks of the place: summer time too.
#[test]
fn dates_are_the_places_own_in_the_languages_own_form() {
    let madrid = Zone::parse("Europe/Madrid").expect("a time zone");
    let sao_paulo = Zone::parse("America/Sao_Paulo").expect("a time zone");
    let kathmandu = Zone::parse("asia/kathmandu").expect("a time zone");
    let winter = Timestamp::from_seconds(1_800_000_000);
    // Half an hour before midnight, UTC, on the last of June.
    let summer = Timestamp::from_seconds(1_814_398_200);
    for (language, zone, time, expected) in [
        (
            Language::English,
            &Zone::default(),
            winter,
            "15 January 2027, 08:00 UTC",
        ),
        (
            Language::English,
            &madrid,
            winter,
            "15 January 2027, 09:00 CET",
        ),
        (
            Language::Spanish,
            &madrid,
            summer,
            "1 de julio de 2027, 01:30 (CEST)",
        ),
        (
            Language::French,
            &madrid,
            summer,
            "1er juillet 2027 à 01:30 (CEST)",
        ),
        (
            Language::French,
            &madrid,
            winter,
            "15 janvier 2027 à 09:00 (CET)",
        ),
        (
            Language::German,
            &madrid,
            summer,
            "1. Juli 2027, 01:30 Uhr (CEST)",
        ),
        (
            Language::Portuguese,
            &sao_paulo,
            summer,
            "30 de junho de 2027, 20:30 (-03)",
        ),
        (
            Language::Italian,
            &madrid,
            summer,
            "1º luglio 2027, ore 01:30 (CEST)",
        ),
        (
            Language::Italian,
            &madrid,
            winter,
            "15 gennaio 2027, ore 09:00 (CET)",
        ),
        (
            Language::Dutch,
            &madrid,
            winter,
            "15 januari 2027, 09:00 uur (CET)",
        ),
        (
            Language::English,
            &kathmandu,
            winter,
            "15 January 2027, 13:45 +0545",
        ),
    ] {
        assert_eq!(locale::date_and_time(language, zone, time), expected);
    }
}

/// One of a thing, and many.
#[test]
fn durations_are_said_as_people_say_them() {
    let hours = Duration::from_hours;
    for (language, one, many, days) in [
        (Language::English, "1 hour", "2 hours", "3 days"),
        (Language::Spanish, "1 hora", "2 horas", "3 días"),
        (Language::French, "1 heure", "2 heures", "3 jours"),
        (Language::German, "1 Stunde", "2 Stunden", "3 Tage"),
        (Language::Portuguese, "1 hora", "2 horas", "3 dias"),
        (Language::Italian, "1 ora", "2 ore", "3 giorni"),
        (Language::Dutch, "1 uur", "2 uur", "3 dagen"),
    ] {
        assert_eq!(locale::duration(language, hours(1)), one);
        assert_eq!(locale::duration(language, hours(2)), many);
        assert_eq!(locale::duration(language, hours(72)), days);
    }
    let english = |span| locale::duration(Language::English, span);
    assert_eq!(english(Duration::from_mins(90)), "90 minutes");
    assert_eq!(english(Duration::from_secs(1)), "1 second");
    assert_eq!(english(hours(24)), "24 hours");
}

/// The time that stands in a mail is the location's.
#[test]
fn a_notice_shows_the_time_of_the_location() {
    let mail = builtin(
        Kind::Changed,
        Language::Spanish,
        &brand("Canal House"),
        "Jane",
    );
    assert_eq!(MORNING.to_string(), "2027-04-06T08:00:00Z");
    assert!(
        mail.text.contains("6 de abril de 2027, 10:00 (CEST)"),
        "{}",
        mail.text
    );
}
