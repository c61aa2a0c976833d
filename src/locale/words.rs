//! Dates and durations in words. Mail needs these two forms only, which does not warrant a library
//! with the calendars of the world.

use std::time::Duration;

use super::{Language, Zone};
use crate::clock::Timestamp;

type Months = [&'static str; 12];

const ENGLISH: Months = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const SPANISH: Months = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];
const FRENCH: Months = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const GERMAN: Months = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const PORTUGUESE: Months = [
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
];
const ITALIAN: Months = [
    "gennaio",
    "febbraio",
    "marzo",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
    "dicembre",
];
const DUTCH: Months = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];

/// A time as people of that language write it, with the clocks of `zone`: `24 November 2026, 09:00
/// CET`, `24 de noviembre de 2026, 09:00 (CET)`.
pub fn date_and_time(language: Language, zone: &Zone, time: Timestamp) -> String {
    let local = zone.at(time);
    let months = match language {
        Language::English => ENGLISH,
        Language::Spanish => SPANISH,
        Language::French => FRENCH,
        Language::German => GERMAN,
        Language::Portuguese => PORTUGUESE,
        Language::Italian => ITALIAN,
        Language::Dutch => DUTCH,
    };
    let month = usize::try_from(local.month() - 1)
        .ok()
        .and_then(|at| months.get(at))
        .copied()
        .unwrap_or_default();
    let (day, year) = (local.day(), local.year());
    let (clock, zone) = (local.strftime("%H:%M"), local.strftime("%Z"));
    match language {
        Language::English => format!("{day} {month} {year}, {clock} {zone}"),
        Language::Spanish | Language::Portuguese => {
            format!("{day} de {month} de {year}, {clock} ({zone})")
        }
        Language::French => {
            let first = if day == 1 { "er" } else { "" };
            format!("{day}{first} {month} {year} à {clock} ({zone})")
        }
        Language::German => format!("{day}. {month} {year}, {clock} Uhr ({zone})"),
        Language::Italian => {
            let first = if day == 1 { "º" } else { "" };
            format!("{day}{first} {month} {year}, ore {clock} ({zone})")
        }
        Language::Dutch => format!("{day} {month} {year}, {clock} uur ({zone})"),
    }
}

/// A unit alone and in the plural.
type Unit = (&'static str, &'static str);

/// Days, hours, minutes and seconds.
const fn units(language: Language) -> [Unit; 4] {
    match language {
        Language::English => [
            ("day", "days"),
            ("hour", "hours"),
            ("minute", "minutes"),
            ("second", "seconds"),
        ],
        Language::Spanish => [
            ("día", "días"),
            ("hora", "horas"),
            ("minuto", "minutos"),
            ("segundo", "segundos"),
        ],
        Language::French => [
            ("jour", "jours"),
            ("heure", "heures"),
            ("minute", "minutes"),
            ("seconde", "secondes"),
        ],
        Language::German => [
            ("Tag", "Tage"),
            ("Stunde", "Stunden"),
            ("Minute", "Minuten"),
            ("Sekunde", "Sekunden"),
        ],
        Language::Portuguese => [
            ("dia", "dias"),
            ("hora", "horas"),
            ("minuto", "minutos"),
            ("segundo", "segundos"),
        ],
        Language::Italian => [
            ("giorno", "giorni"),
            ("ora", "ore"),
            ("minuto", "minuti"),
            ("secondo", "secondi"),
        ],
        Language::Dutch => [
            ("dag", "dagen"),
            ("uur", "uur"),
            ("minuut", "minuten"),
            ("seconde", "seconden"),
        ],
    }
}

/// A duration as people say it: `1 hour`, `90 minutes`, `2 Tage` (in the nominative and accusative).
pub fn duration(language: Language, span: Duration) -> String {
    let [days, hours, minutes, seconds] = units(language);
    let (count, (one, many)) = match span.as_secs() {
        s if s >= 172_800 && s % 86_400 == 0 => (s / 86_400, days),
        s if s >= 3600 && s % 3600 == 0 => (s / 3600, hours),
        s if s >= 60 => (s / 60, minutes),
        s => (s, seconds),
    };
    format!("{count} {}", if count == 1 { one } else { many })
}
