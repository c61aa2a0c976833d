//! Languages, times of day, and how each language says a date and a duration.

mod language;
mod words;
mod zone;

pub use self::language::{Language, Locale, LocaleError};
pub use self::words::{date_and_time, duration};
pub use self::zone::{Zone, ZoneError};
