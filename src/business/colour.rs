//! A business's colour, and what can be read on it.

use std::fmt;

use serde::Serialize;

use super::BrandError;

/// The contrast that what is no text must have with what is around it (WCAG 2.2, 1.4.11).
const ENOUGH: f64 = 3.0;

/// The contrast that text must have with what is behind it (WCAG 2.2, 1.4.3).
const LEGIBLE: f64 = 4.5;

/// A colour of sRGB, `#rrggbb`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Colour(String);

impl Colour {
    /// Accepts `#` and six hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, BrandError> {
        let text = text.trim().to_ascii_lowercase();
        let digits = text.strip_prefix('#').ok_or(BrandError::Colour)?;
        if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(text))
        } else {
            Err(BrandError::Colour)
        }
    }

    /// `#rrggbb`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Black or white, whichever is easier to read on this colour (WCAG 2.2, contrast ratio).
    pub fn text_on_it(&self) -> &'static str {
        if self.contrast(&Self::white()) >= self.contrast(&Self::black()) {
            "#ffffff"
        } else {
            "#000000"
        }
    }

    /// The contrast ratio between two colours (WCAG 2.2): from 1 for the same to 21 for black and white.
    pub fn contrast(&self, other: &Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// This colour, as light or dark as it must be for text of it to be read on `ground` (WCAG 2.2, 1.4.3).
    #[must_use]
    pub fn legible_on(&self, ground: &Self) -> Self {
        let end = Self(ground.text_on_it().to_owned());
        (0..=100)
            .map(|percent| self.mixed(&end, f64::from(percent) / 100.0))
            .find(|colour| colour.contrast(ground) >= LEGIBLE)
            .unwrap_or(end)
    }

    /// This colour with a part of the other, from 0 to 1, in it.
    fn mixed(&self, other: &Self, part: f64) -> Self {
        let (own, other) = (self.channels(), other.channels());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "what lies between two bytes is a byte"
        )]
        let mix = |at: usize| {
            (f64::from(own[at]) * (1.0 - part) + f64::from(other[at]) * part).round() as u8
        };
        Self(format!("#{:02x}{:02x}{:02x}", mix(0), mix(1), mix(2)))
    }

    /// What to say to somebody who chooses this colour: none, if a button of it can be told from a white
    /// page. Text upon it can always be read, since it is black or white, whichever suits.
    pub fn advice(&self) -> Option<String> {
        let ratio = self.contrast(&Self::white());
        let darker = (0..100)
            .map(|percent| self.scaled(f64::from(100 - percent) / 100.0))
            .find(|darker| darker.contrast(&Self::white()) >= ENOUGH)?;
        (ratio < ENOUGH).then(|| {
            format!(
                "a button of {self} is hard to see on a white page: its contrast is {ratio:.1}:1, where \
                 {ENOUGH}:1 is advised (WCAG 2.2, 1.4.11); {darker} is the same, dark enough"
            )
        })
    }

    fn white() -> Self {
        Self("#ffffff".to_owned())
    }

    fn black() -> Self {
        Self("#000000".to_owned())
    }

    /// Red, green and blue, from 0 to 255.
    fn channels(&self) -> [u8; 3] {
        let channel = |at: usize| {
            let hex = self.0.get(at..at + 2).unwrap_or_default();
            u8::from_str_radix(hex, 16).unwrap_or_default()
        };
        [channel(1), channel(3), channel(5)]
    }

    /// The same colour with less light.
    fn scaled(&self, factor: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a part of a byte is a byte"
        )]
        let [red, green, blue] = self
            .channels()
            .map(|channel| (f64::from(channel) * factor) as u8);
        Self(format!("#{red:02x}{green:02x}{blue:02x}"))
    }

    /// Relative luminance (WCAG 2.2): from 0 for black to 1 for white.
    fn luminance(&self) -> f64 {
        let [red, green, blue] = self.channels().map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl std::str::FromStr for Colour {
    type Err = BrandError;

    fn from_str(text: &str) -> Result<Self, BrandError> {
        Self::parse(text)
    }
}

impl Default for Colour {
    fn default() -> Self {
        Self("#1f6feb".to_owned())
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
